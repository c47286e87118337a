//! What a tenant sets about its storefront: words, menus, blocks of the home page. Never markup, never CSS.
//!
//! Stored as JSON in [`platform::TenantInfo::storefront`]. Every key is optional and unknown keys are ignored, so an
//! older or newer document still renders a whole shop.

use crate::reach::leads;
use platform::TenantInfo;
use platform::module::Switches;
use primitives::TenantId;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// The storefront section of a tenant's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Drawing beside the name: `arch`, `peak`, or nothing.
    pub mark: String,
    /// Follows the shop's name in the title of the home page.
    pub tagline: String,
    /// Description of the shop for search engines.
    pub description: String,
    /// One line above the header.
    pub announcement: Option<Announcement>,
    /// Entries of the main menu, in order.
    pub menu: Vec<MenuEntry>,
    /// Blocks of the home page, in order.
    pub home: Vec<Block>,
    /// Promises of the shop, shown by the `promises` block.
    pub promises: Vec<Promise>,
    /// Promises beside the buy button.
    pub assurances: Vec<Promise>,
    /// Lines of "Delivery and returns" on the product page.
    pub delivery_notes: Vec<String>,
    /// Words after "free delivery", such as "within Belgium".
    pub free_delivery_note: String,
    /// Small print under a price, such as "VAT included."
    pub price_note: String,
    /// The footer.
    pub footer: Footer,
    /// Words of the page of all products.
    pub list: ListWords,
    /// Heading of related products.
    pub related_title: String,
    /// Words of the page for addresses that lead nowhere.
    pub not_found: NotFoundWords,
    /// Colour of the dot beside an option value, by the value in lower case.
    pub swatches: BTreeMap<String, String>,
}

/// A link inside the shop.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Link {
    /// Words of the link.
    pub label: String,
    /// Path inside the shop, starting with one `/`; see [`is_inside`].
    pub href: String,
}

/// One line above the header.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Announcement {
    /// The words.
    pub text: String,
    /// Where to read more.
    pub link: Option<Link>,
}

/// One entry of the main menu: a link, or a panel when it has groups.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MenuEntry {
    /// Words of the entry.
    pub label: String,
    /// Where the entry, or the "all of it" line of its panel, leads.
    pub href: String,
    /// Columns of the panel.
    pub groups: Vec<LinkGroup>,
    /// The picture at the end of the panel.
    pub card: Option<MenuCard>,
}

/// A titled list of links.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LinkGroup {
    /// The title.
    pub title: String,
    /// The links.
    pub links: Vec<Link>,
}

/// The picture at the end of a menu panel.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MenuCard {
    /// The title, a link.
    pub title: String,
    /// One sentence.
    pub text: String,
    /// Where it leads.
    pub href: String,
    /// The picture.
    pub picture: Option<Picture>,
}

/// A picture of the shop itself; renditions lie at `{src}-{w}.webp`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Picture {
    /// Address without the width and the ending.
    pub src: String,
    /// Widths that exist, in pixels.
    pub widths: Vec<u32>,
    /// Width of the original in pixels.
    pub width: u32,
    /// Height of the original in pixels.
    pub height: u32,
    /// What it shows, empty when it only decorates.
    pub alt: String,
}

/// One block of the home page.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum Block {
    /// A big picture with words.
    Hero(Hero),
    /// A row of collections.
    Collections(Collections),
    /// A shelf of products.
    Products(Products),
    /// A picture and a story beside it.
    Story(Story),
    /// The shop's promises.
    Promises,
    /// A block of a newer version; not shown.
    #[serde(other)]
    Unknown,
}

/// A big picture with words.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Hero {
    /// `notch` (paper cut into the picture) or `overlay` (words on the picture).
    pub layout: String,
    /// Small words above the title.
    pub eyebrow: String,
    /// The title; a line feed breaks the line.
    pub title: String,
    /// One or two sentences.
    pub text: String,
    /// The picture, 16:9.
    pub picture: Option<Picture>,
    /// The one next act.
    pub action: Option<Link>,
    /// A second way on.
    pub link: Option<Link>,
}

/// A row of collections.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Collections {
    /// Heading.
    pub title: String,
    /// Link beside the heading.
    pub link: Option<Link>,
    /// Slugs, in order; unknown ones are left out. The first is shown wide.
    pub collections: Vec<String>,
    /// Pictures to use instead of the collection's own, by slug.
    pub pictures: BTreeMap<String, Picture>,
}

/// A shelf of products.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Products {
    /// Heading.
    pub title: String,
    /// Words beside the heading.
    pub note: String,
    /// Link beside the heading.
    pub link: Option<Link>,
    /// Slug of the collection to take them from; all products when empty.
    pub collection: String,
    /// Sort key as in the address of a list.
    pub sort: String,
    /// How many, 1 to 24.
    pub limit: u32,
}

impl Default for Products {
    fn default() -> Self {
        Self {
            title: String::new(),
            note: String::new(),
            link: None,
            collection: String::new(),
            sort: String::new(),
            limit: 8,
        }
    }
}

/// A picture and a story beside it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Story {
    /// Small words above the title.
    pub eyebrow: String,
    /// The title.
    pub title: String,
    /// A paragraph.
    pub text: String,
    /// The picture, 4:5.
    pub picture: Option<Picture>,
    /// Where to go on.
    pub link: Option<Link>,
}

/// One promise with its drawing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Promise {
    /// Name of the drawing: `truck`, `return`, `repair`, `people`, `lock`, `check`, `chat`.
    pub icon: String,
    /// The promise.
    pub title: String,
    /// What it means.
    pub text: String,
}

/// The footer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Footer {
    /// About the shop.
    pub about: String,
    /// Columns of links.
    pub menus: Vec<LinkGroup>,
    /// Last line: who, where, what prices include.
    pub legal: String,
}

/// Words of the page of all products.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ListWords {
    /// Heading; "All products" when empty.
    pub title: String,
    /// A sentence under it.
    pub text: String,
    /// What one piece is called; "product" when empty.
    pub one: String,
    /// What several are called; "products" when empty.
    pub many: String,
}

impl ListWords {
    /// "1 thing", "47 things".
    pub fn count(&self, n: u64) -> String {
        let word = match (n, self.one.as_str(), self.many.as_str()) {
            (1, "", _) => "product",
            (1, one, _) => one,
            (_, _, "") => "products",
            (_, _, many) => many,
        };
        format!("{n} {word}")
    }
}

/// Words of the page for addresses that lead nowhere.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NotFoundWords {
    /// Heading.
    pub title: String,
    /// What to do.
    pub text: String,
    /// A picture.
    pub picture: Option<Picture>,
}

impl Settings {
    /// Reads the document; a part that cannot be read falls back to nothing rather than taking the shop down.
    ///
    /// Links that do not stay inside the shop, and menu entries and groups that end up empty, are dropped.
    pub fn from_json(value: &Value) -> Self {
        Self::for_shop(value, &Switches::default())
    }

    /// As [`Settings::from_json`]; links to what the shop has switched off, and blocks that would show it, are dropped,
    /// too.
    pub fn for_shop(value: &Value, switches: &Switches) -> Self {
        let mut settings = Self::deserialize(value).unwrap_or_else(|_| Self::lenient(value));
        settings.prune(&|href| is_inside(href) && leads(switches, href));
        if !switches.module("catalog") {
            settings.home.retain(|block| !matches!(block, Block::Collections(_) | Block::Products(_)));
        }
        settings
    }

    /// Reads key by key, so that one wrong key does not cost the others.
    fn lenient(value: &Value) -> Self {
        let Some(object) = value.as_object() else { return Self::default() };
        let mut good = serde_json::Map::new();
        for (key, part) in object {
            let mut alone = serde_json::Map::new();
            alone.insert(key.clone(), part.clone());
            if Self::deserialize(Value::Object(alone)).is_ok() {
                good.insert(key.clone(), part.clone());
            }
        }
        Self::deserialize(Value::Object(good)).unwrap_or_default()
    }

    fn prune(&mut self, leads: &dyn Fn(&str) -> bool) {
        let keep = |link: &Link| leads(&link.href) && !link.label.is_empty();
        for entry in &mut self.menu {
            entry.groups.iter_mut().for_each(|group| group.links.retain(keep));
            entry.groups.retain(|group| !group.links.is_empty());
            entry.card = entry.card.take().filter(|card| leads(&card.href));
        }
        self.menu.retain(|entry| leads(&entry.href) || !entry.groups.is_empty());
        self.footer.menus.iter_mut().for_each(|group| group.links.retain(keep));
        self.footer.menus.retain(|group| !group.links.is_empty());
        if let Some(announcement) = &mut self.announcement {
            announcement.link = announcement.link.take().filter(keep);
        }
        for block in &mut self.home {
            match block {
                Block::Hero(hero) => {
                    hero.action = hero.action.take().filter(keep);
                    hero.link = hero.link.take().filter(keep);
                }
                Block::Collections(block) => block.link = block.link.take().filter(keep),
                Block::Products(block) => {
                    block.link = block.link.take().filter(keep);
                    block.limit = block.limit.clamp(1, 24);
                }
                Block::Story(block) => block.link = block.link.take().filter(keep),
                Block::Promises | Block::Unknown => {}
            }
        }
        self.home.retain(|block| *block != Block::Unknown);
        self.swatches.retain(|_, colour| is_colour(colour));
    }

    /// The dot's colour of an option value: the merchant's, else what the catalogue knows of the word.
    pub fn swatch(&self, value: &str, own: Option<&str>) -> Option<String> {
        let known = || own.filter(|colour| is_colour(colour)).map(str::to_owned);
        self.swatches.get(&value.to_lowercase()).cloned().or_else(known)
    }
}

/// Whether a path stays inside the shop: one leading slash, no scheme, no host, no control characters.
pub fn is_inside(href: &str) -> bool {
    href.starts_with('/')
        && !href.starts_with("//")
        && !href.contains('\\')
        && !href.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// `#rgb` or `#rrggbb`.
fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Settings parsed once per document, not once per request.
#[derive(Default)]
pub struct SettingsCache(RwLock<HashMap<TenantId, Parsed>>);

/// What they were made of, and they.
type Parsed = (Arc<Value>, Arc<Switches>, Arc<Settings>);

/// Those of every shop that has set nothing: without a link there is nothing that a switch could take away.
static PLAIN: LazyLock<Arc<Settings>> = LazyLock::new(Arc::default);

impl SettingsCache {
    /// The typed settings of `tenant`; parsed again when the tenant's document or switches are others.
    pub fn of(&self, tenant: &TenantInfo) -> Arc<Settings> {
        if tenant.storefront.as_object().is_none_or(serde_json::Map::is_empty) {
            return PLAIN.clone();
        }
        if let Some((document, switches, settings)) =
            self.0.read().unwrap_or_else(PoisonError::into_inner).get(&tenant.id)
            && Arc::ptr_eq(document, &tenant.storefront)
            && Arc::ptr_eq(switches, &tenant.switches)
        {
            return settings.clone();
        }
        let settings = Arc::new(Settings::for_shop(&tenant.storefront, &tenant.switches));
        let mut parsed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= Self::MOST {
            parsed.clear();
        }
        parsed.insert(tenant.id, (tenant.storefront.clone(), tenant.switches.clone(), settings.clone()));
        settings
    }

    const MOST: usize = 2_000;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_an_empty_document_as_a_plain_shop() {
        assert_eq!(Settings::from_json(&json!({})), Settings::default());
        assert_eq!(Settings::from_json(&json!(null)), Settings::default());
    }

    #[test]
    fn keeps_the_good_keys_when_one_is_wrong() {
        let settings = Settings::from_json(&json!({"tagline": "things", "menu": "oops"}));
        assert_eq!(settings.tagline, "things");
        assert!(settings.menu.is_empty());
    }

    #[test]
    fn drops_links_that_leave_the_shop_and_blocks_it_does_not_know() {
        let settings = Settings::from_json(&json!({
            "menu": [
                {"label": "Out", "href": "https://example.com"},
                {"label": "Sneaky", "href": "//example.com"},
                {"label": "In", "href": "/products"}
            ],
            "home": [{"block": "carousel"}, {"block": "promises"}, {"block": "products", "limit": 900}],
            "swatches": {"oat": "#d9cbb2", "bad": "red; x"}
        }));
        assert_eq!(settings.menu.len(), 1);
        assert_eq!(settings.home.len(), 2);
        let Block::Products(products) = &settings.home[1] else { panic!("a products block") };
        assert_eq!(products.limit, 24);
        assert_eq!(settings.swatch("Oat", None).as_deref(), Some("#d9cbb2"));
        assert_eq!(settings.swatch("Oat", Some("#fff")).as_deref(), Some("#d9cbb2"));
        assert_eq!(settings.swatch("Bad", None), None);
        assert_eq!(settings.swatch("Bad", Some("#fff")).as_deref(), Some("#fff"));
    }

    #[test]
    fn drops_what_leads_to_modules_that_the_shop_has_switched_off() {
        let document = json!({
            "announcement": {"text": "New", "link": {"label": "Look", "href": "/products"}},
            "menu": [
                {"label": "New in", "href": "/products?sort=newest"},
                {"label": "Cart", "href": "/cart"},
                {"label": "Kitchen", "href": "/collections/kitchen", "groups": [
                    {"title": "Cook", "links": [{"label": "Pan", "href": "/products/pan"}]}
                ]}
            ],
            "home": [{"block": "products"}, {"block": "collections"}, {"block": "promises"}],
            "footer": {"menus": [{"title": "Help", "links": [{"label": "Sign in", "href": "/sign-in"}]}]}
        });
        let off = |names: &[&str]| Switches::new(names.iter().map(|name| ((*name).to_owned(), false)), []);
        let labels = |settings: &Settings| -> Vec<String> {
            settings.menu.iter().map(|entry| entry.label.clone()).collect()
        };
        let showroom = Settings::for_shop(&document, &off(&["commerce"]));
        assert_eq!(labels(&showroom), ["New in", "Kitchen"]);
        assert_eq!(showroom.home.len(), 3);
        let bare = Settings::for_shop(&document, &off(&["commerce", "catalog"]));
        assert_eq!(labels(&bare), Vec::<String>::new());
        assert_eq!((bare.home.as_slice(), bare.footer.menus.len()), ([Block::Promises].as_slice(), 1));
        assert_eq!(bare.announcement.and_then(|line| line.link), None);
    }

    #[test]
    fn counts_in_the_shops_own_words() {
        let words = ListWords { one: "thing".into(), many: "things".into(), ..Default::default() };
        assert_eq!(words.count(1), "1 thing");
        assert_eq!(words.count(0), "0 things");
        assert_eq!(ListWords::default().count(47), "47 products");
    }
}
