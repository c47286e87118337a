//! A shop as a file: who owns it, what it looks like, how it sends, and what it sells.
//!
//! Prices are minor units of the tenant's currency. Pictures are named by their base name; their renditions lie
//! ready below `pictures.base`. A fixture is checked whole before anything is written.

use anyhow::{Context as _, bail};
use catalog::view::StockPolicy;
use commerce::promotion::PromotionDraft;
use commerce::settings::{CommerceSettings, DeliveryTax, PaymentSettings, ShippingMethod, TaxRule};
use primitives::{Country, Currency, Email, Rate, Slug, SystemRole, TenantSlug};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A whole shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The tenant itself.
    pub tenant: Tenant,
    /// People who can sign in.
    #[serde(default)]
    pub people: Vec<Person>,
    /// People who have bought things; nobody knows their passwords.
    #[serde(default)]
    pub customers: Vec<Customer>,
    /// What they say about products; published.
    #[serde(default)]
    pub reviews: Vec<Review>,
    /// Taxes, deliveries, ways to pay; the country's usual ones when absent.
    pub commerce: Option<Commerce>,
    /// Announcement, menus and blocks, as `storefront::settings` reads them.
    #[serde(default)]
    pub storefront: Value,
    /// Where the pictures lie.
    pub pictures: Pictures,
    /// Collections, in order.
    #[serde(default)]
    pub collections: Vec<Collection>,
    /// Products; the first counts as the newest.
    pub products: Vec<Product>,
    /// Where things lie beside the place that every shop has.
    #[serde(default)]
    pub locations: Vec<Place>,
}

/// A location with what lies there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Name.
    pub name: String,
    /// ISO 3166-1 code.
    pub country: String,
    /// Address in words.
    #[serde(default)]
    pub address: String,
    /// Pieces of every variant of a product, by the product's address.
    #[serde(default)]
    pub stock: HashMap<String, i64>,
}

/// The tenant itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Name in addresses.
    pub slug: String,
    /// Name that shoppers see.
    pub name: String,
    /// Language tag.
    pub locale: String,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 3166-1 code.
    pub country: String,
    /// Whether prices below include tax.
    pub prices_include_tax: bool,
    /// Theme name.
    pub theme: String,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Password in the clear: fixtures are for trying things out.
    pub password: String,
    /// A system role.
    pub role: String,
}

/// Somebody who has bought things.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Address.
    pub email: String,
    /// Name.
    pub name: String,
}

/// What a customer says about a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The product's address.
    pub product: String,
    /// The customer's e-mail.
    pub by: String,
    /// The name that others read.
    pub author: String,
    /// 1 to 5.
    pub stars: i64,
    /// In a few words.
    pub title: String,
    /// 10 to 4,000 characters.
    pub body: String,
    /// What the shop says to it.
    #[serde(default)]
    pub answer: String,
}

/// Taxes, deliveries, ways to pay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commerce {
    /// One rate per country.
    pub taxes: Vec<Tax>,
    /// Deliveries, in the order in which they are offered.
    pub shipping: Vec<Shipping>,
    /// Ways to pay.
    pub payment: PaymentSettings,
    /// What is taken off, for whom.
    #[serde(default)]
    pub promotions: Vec<Offer>,
}

/// A promotion that is switched on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What shoppers see.
    pub name: String,
    /// Codes that open it; none: no code needed.
    #[serde(default)]
    pub codes: Vec<String>,
    /// All have to hold.
    #[serde(default)]
    pub conditions: Vec<pricing::Condition>,
    /// What it does.
    pub action: pricing::Action,
    /// Most orders of one customer.
    pub shopper_limit: Option<i64>,
}

impl Offer {
    /// As staff would write it.
    pub fn draft(&self) -> PromotionDraft {
        PromotionDraft {
            name: self.name.clone(),
            active: true,
            from: None,
            until: None,
            priority: 0,
            exclusive: false,
            group: None,
            codes: self.codes.clone(),
            conditions: self.conditions.clone(),
            action: self.action.clone(),
            use_limit: None,
            shopper_limit: self.shopper_limit,
            budget_minor: None,
        }
    }
}

/// The tax of a country.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// Where it applies.
    pub country: String,
    /// What shoppers see.
    pub name: String,
    /// Per cent as text, `6.875`.
    pub percent: String,
}

/// A flat-rate delivery.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// Stable name.
    pub id: String,
    /// What shoppers see.
    pub name: String,
    /// When it comes.
    pub note: String,
    /// Where it goes.
    pub countries: Vec<String>,
    /// Minor units.
    pub price: i64,
    /// Free from this subtotal on.
    pub free_from: Option<i64>,
    /// Where shoppers fetch it; nothing is sent then.
    pub pickup_place: Option<String>,
}

/// Where the pictures lie, and in which sizes: `{base}/{name}-{width}.webp`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// Address of their folder.
    pub base: String,
    /// Widths of every picture, ascending.
    pub widths: Vec<u32>,
    /// Width of the originals.
    pub width: u32,
    /// Height of the originals.
    pub height: u32,
}

/// A collection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Address.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Description.
    pub html: String,
    /// Description for search engines.
    #[serde(default)]
    pub seo_description: String,
    /// Its own picture.
    pub picture: Option<String>,
    /// Slugs of its products, in order.
    pub products: Vec<String>,
}

/// A product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Address.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Maker.
    pub vendor: String,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it is, in a paragraph.
    pub intro: String,
    /// What is told below, each part under its heading.
    #[serde(default)]
    pub details: Vec<Detail>,
    /// Description for search engines.
    #[serde(default)]
    pub seo_description: String,
    /// Pictures, in order.
    #[serde(default)]
    pub pictures: Vec<Picture>,
    /// Names of its options; none for one plain variant.
    #[serde(default)]
    pub options: Vec<String>,
    /// Its variants, in order.
    pub variants: Vec<Variant>,
}

/// A part of the description: facts, or words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// Heading.
    pub title: String,
    /// Pairs of a word and what it is.
    #[serde(default)]
    pub facts: Vec<(String, String)>,
    /// Words.
    #[serde(default)]
    pub html: String,
}

/// A picture of a product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Base name of its files.
    pub name: String,
    /// Text for those who do not see it.
    pub alt: String,
}

/// A variant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// One per option.
    #[serde(default)]
    pub values: Vec<String>,
    /// Stock keeping unit.
    pub sku: String,
    /// Minor units.
    pub price: i64,
    /// What it cost before, minor units.
    pub compare_at: Option<i64>,
    /// Pieces on the shelf.
    pub stock: i64,
    /// Weight.
    #[serde(default)]
    pub grams: i64,
    /// Base name of the picture that shows it.
    pub picture: Option<String>,
    /// What happens when the stock is used up.
    #[serde(default)]
    pub policy: StockPolicy,
}

impl Fixture {
    /// Reads and checks a fixture.
    ///
    /// # Errors
    /// The line that is not JSON or not a fixture, or everything that does not fit together.
    pub fn parse(text: &str) -> anyhow::Result<Fixture> {
        let fixture: Fixture = serde_json::from_str(text)?;
        fixture.check()?;
        Ok(fixture)
    }

    /// Reads a fixture from a file.
    ///
    /// # Errors
    /// As [`Fixture::parse`], with the file's name.
    pub fn read(path: &Path) -> anyhow::Result<Fixture> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Fixture::parse(&text).with_context(|| format!("{} is no fixture", path.display()))
    }

    /// The currency of every price.
    pub fn currency(&self) -> anyhow::Result<Currency> {
        Ok(Currency::parse(&self.tenant.currency)?)
    }

    /// Taxes, deliveries and ways to pay as the shop keeps them.
    pub fn commerce(&self) -> anyhow::Result<Option<CommerceSettings>> {
        let Some(commerce) = &self.commerce else { return Ok(None) };
        let tax = |tax: &Tax| {
            let (country, rate) = (Country::parse(&tax.country)?, Rate::parse_percent(&tax.percent)?);
            Ok(TaxRule::of_country(country, tax.name.as_str(), rate))
        };
        let method = |method: &Shipping| {
            Ok(ShippingMethod {
                id: method.id.clone(),
                name: method.name.clone(),
                note: method.note.clone(),
                countries: method
                    .countries
                    .iter()
                    .map(|code| Country::parse(code))
                    .collect::<Result<_, _>>()?,
                price_minor: method.price,
                by: pricing::Measure::Price,
                steps: Vec::new(),
                up_to: None,
                pickup: method.pickup_place.is_some(),
                pickup_place: method.pickup_place.clone().unwrap_or_default(),
                tax_category: None,
                free_from_minor: method.free_from,
                active: true,
            })
        };
        Ok(Some(CommerceSettings {
            taxes: commerce.taxes.iter().map(tax).collect::<anyhow::Result<_>>().context("commerce.taxes")?,
            rounding: pricing::Rounding::Line,
            delivery_tax: DeliveryTax::Standard,
            shipping: commerce
                .shipping
                .iter()
                .map(method)
                .collect::<anyhow::Result<_>>()
                .context("commerce.shipping")?,
            payment: commerce.payment.clone(),
            return_days: commerce::settings::RETURN_DAYS,
        }))
    }

    /// Every picture that is named anywhere, with the text of its first use.
    pub fn pictures(&self) -> Vec<(&str, &str)> {
        let of_products = self.products.iter().flat_map(|product| &product.pictures);
        let of_collections = self.collections.iter().filter_map(|collection| collection.picture.as_deref());
        let mut seen = HashSet::new();
        of_products
            .map(|picture| (picture.name.as_str(), picture.alt.as_str()))
            .chain(of_collections.map(|name| (name, "")))
            .filter(|(name, _)| seen.insert(*name))
            .collect()
    }

    fn check(&self) -> anyhow::Result<()> {
        let mut wrong = Vec::new();
        if let Err(error) = TenantSlug::parse(&self.tenant.slug) {
            wrong.push(format!("tenant.slug {:?}: {error}", self.tenant.slug));
        }
        if let Err(error) = self.currency() {
            wrong.push(format!("tenant.currency: {error}"));
        }
        if let Err(error) = self.commerce() {
            wrong.push(format!("{error:#}"));
        }
        for place in &self.locations {
            if let Err(error) = Country::parse(&place.country) {
                wrong.push(format!("location {:?}: {error}", place.name));
            }
            for slug in place.stock.keys().filter(|slug| self.products.iter().all(|p| p.slug != **slug)) {
                wrong.push(format!("location {:?}: there is no product {slug:?}", place.name));
            }
        }
        if !self.storefront.is_object() && !self.storefront.is_null() {
            wrong.push("storefront: must be an object".to_owned());
        }
        for person in &self.people {
            if let Err(error) = Email::parse(&person.email) {
                wrong.push(format!("people {:?}: {error}", person.email));
            }
            if let Err(error) = SystemRole::parse(&person.role) {
                wrong.push(format!("people {:?}: {error}", person.email));
            }
        }
        let mut slugs = HashMap::new();
        for product in &self.products {
            if slugs.insert(product.slug.as_str(), product).is_some() {
                wrong.push(format!("product {:?} is there twice", product.slug));
            }
            product.check(&mut wrong);
        }
        for review in &self.reviews {
            if !slugs.contains_key(review.product.as_str()) {
                wrong.push(format!("review {:?}: there is no product {:?}", review.title, review.product));
            }
            if self.customers.iter().all(|customer| customer.email != review.by) {
                wrong.push(format!("review {:?}: there is no customer {:?}", review.title, review.by));
            }
        }
        let mut skus = HashSet::new();
        for variant in self.products.iter().flat_map(|product| &product.variants) {
            if !variant.sku.is_empty() && !skus.insert(variant.sku.as_str()) {
                wrong.push(format!("SKU {:?} is there twice", variant.sku));
            }
        }
        for collection in &self.collections {
            if let Err(error) = Slug::parse(&collection.slug) {
                wrong.push(format!("collection {:?}: {error}", collection.slug));
            }
            for slug in collection.products.iter().filter(|slug| !slugs.contains_key(slug.as_str())) {
                wrong.push(format!(
                    "collection {:?} shows {slug:?}, which is no product here",
                    collection.slug
                ));
            }
        }
        match wrong.len() {
            0 => Ok(()),
            1 => bail!("{}", wrong[0]),
            n => bail!("{n} mistakes:\n  {}", wrong.join("\n  ")),
        }
    }
}

impl Product {
    /// The description: the introduction, then each part under its heading.
    pub fn body(&self) -> String {
        let mut body = self.intro.clone();
        for detail in &self.details {
            body.push_str(&format!("<h3>{}</h3>", escaped(&detail.title)));
            if !detail.facts.is_empty() {
                body.push_str("<dl>");
                for (word, fact) in &detail.facts {
                    body.push_str(&format!("<dt>{}</dt><dd>{}</dd>", escaped(word), escaped(fact)));
                }
                body.push_str("</dl>");
            }
            body.push_str(&detail.html);
        }
        body
    }

    fn check(&self, wrong: &mut Vec<String>) {
        let mut fail = |what: String| wrong.push(format!("product {:?}: {what}", self.slug));
        if let Err(error) = Slug::parse(&self.slug) {
            fail(error.to_string());
        }
        if self.variants.is_empty() {
            fail("has no variant".to_owned());
        }
        let mut seen = HashSet::new();
        for variant in &self.variants {
            if variant.values.len() != self.options.len() {
                fail(format!(
                    "{:?} has {} values for {} options",
                    variant.sku,
                    variant.values.len(),
                    self.options.len()
                ));
            }
            if !seen.insert(&variant.values) {
                fail(format!("{:?} repeats the values {:?}", variant.sku, variant.values));
            }
            if variant.price < 0 || variant.stock < 0 || variant.grams < 0 {
                fail(format!("{:?} has a negative price, stock or weight", variant.sku));
            }
            if variant.compare_at.is_some_and(|was| was <= variant.price) {
                fail(format!("{:?} was not dearer before", variant.sku));
            }
            if let Some(name) = &variant.picture
                && self.picture(name).is_none()
            {
                fail(format!("{:?} is shown by {name:?}, which is no picture of it", variant.sku));
            }
        }
    }

    /// The place of a picture among the product's, by its base name.
    pub fn picture(&self, name: &str) -> Option<usize> {
        self.pictures.iter().position(|picture| picture.name == name)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo(slug: &str) -> Fixture {
        let (_, text) = super::super::DEMO.iter().find(|(name, _)| *name == slug).unwrap();
        Fixture::parse(text).unwrap()
    }

    #[test]
    fn both_demo_shops_are_whole() {
        for (slug, currency, inclusive) in [("hearth", "EUR", true), ("northbound", "USD", false)] {
            let shop = demo(slug);
            assert_eq!(shop.tenant.slug, slug);
            assert_eq!(
                (shop.tenant.currency.as_str(), shop.tenant.prices_include_tax),
                (currency, inclusive)
            );
            assert!(shop.products.len() >= 24 && shop.collections.len() >= 6, "{slug}");
            assert!(shop.commerce().unwrap().is_some());
            let shown: HashSet<&String> =
                shop.collections.iter().flat_map(|collection| &collection.products).collect();
            assert_eq!(shown.len(), shop.products.len(), "{slug}: every product is in a collection");
            let variants = || shop.products.iter().flat_map(|product| &product.variants);
            assert!(variants().any(|variant| variant.stock == 0));
            assert!(variants().any(|variant| (1..=3).contains(&variant.stock)));
            assert!(variants().any(|variant| variant.compare_at.is_some()));
            for product in &shop.products {
                let about = format!("{slug}/{}", product.slug);
                assert!(!product.pictures.is_empty(), "{about}");
                assert!(product.pictures.iter().all(|picture| !picture.alt.is_empty()), "{about}");
                assert!((20..=160).contains(&product.seo_description.chars().count()), "{about}");
                let body = content::SafeHtml::clean(&product.body());
                assert_eq!(content::SafeHtml::clean(body.as_str()), body, "{about}");
                assert!(product.details.len() >= 2, "{about}");
            }
        }
    }

    #[test]
    fn every_picture_of_the_demo_is_there_in_every_width() {
        let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public");
        for (slug, text) in super::super::DEMO {
            let shop = demo(slug);
            let mut bases: Vec<(String, Vec<u32>)> = shop
                .pictures()
                .into_iter()
                .map(|(name, _)| (format!("{}/{name}", shop.pictures.base), shop.pictures.widths.clone()))
                .collect();
            collect_sources(&serde_json::from_str::<Value>(text).unwrap()["storefront"], &mut bases);
            assert!(bases.len() > 24);
            for (base, widths) in bases {
                for width in widths {
                    let file = public.join(format!("{}-{width}.webp", base.trim_start_matches('/')));
                    assert!(file.is_file(), "{slug}: {}", file.display());
                }
            }
        }
    }

    #[test]
    fn every_link_of_the_demo_leads_somewhere() {
        for (slug, text) in super::super::DEMO {
            let shop = demo(slug);
            let mut links = Vec::new();
            collect_links(&serde_json::from_str::<Value>(text).unwrap()["storefront"], &mut links);
            assert!(links.len() > 20);
            for link in links {
                let path = link.split('?').next().unwrap_or_default();
                let there = match path.split('/').collect::<Vec<_>>().as_slice() {
                    ["", "products", product] => shop.products.iter().any(|known| known.slug == *product),
                    ["", "collections", name] => shop.collections.iter().any(|known| known.slug == *name),
                    ["", page] => ["products", "cart", "account", "sign-in", "register"].contains(page),
                    _ => false,
                };
                assert!(there, "{slug}: {link}");
            }
        }
    }

    #[test]
    fn mistakes_are_named_together() {
        let text = super::super::DEMO[0].1.replace("\"slug\": \"bud-vase\"", "\"slug\": \"Bud vase\"");
        let error = Fixture::parse(&text).unwrap_err().to_string();
        assert!(error.contains("product \"Bud vase\": slug may hold only"), "{error}");
        assert!(error.contains("shows \"bud-vase\", which is no product here"), "{error}");
        assert!(Fixture::parse("{\"tenant\": 3}").unwrap_err().to_string().contains("line 1"));
    }

    fn collect_sources(value: &Value, into: &mut Vec<(String, Vec<u32>)>) {
        if let (Some(src), Some(widths)) = (value["src"].as_str(), value["widths"].as_array()) {
            let widths = widths.iter().map(|width| u32::try_from(width.as_u64().unwrap()).unwrap());
            into.push((src.to_owned(), widths.collect()));
        }
        children(value, |child| collect_sources(child, into));
    }

    fn collect_links(value: &Value, into: &mut Vec<String>) {
        into.extend(value["href"].as_str().map(str::to_owned));
        children(value, |child| collect_links(child, into));
    }

    fn children(value: &Value, mut each: impl FnMut(&Value)) {
        match value {
            Value::Array(items) => items.iter().for_each(each),
            Value::Object(fields) => fields.values().for_each(&mut each),
            _ => {}
        }
    }
}
