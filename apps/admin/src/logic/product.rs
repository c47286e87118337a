//! A product as it is being edited: what changed, what to send, and how to go on when somebody else saved first.

use crate::gql::catalog::{
    AdminProduct, AdminVariant, ProductUpdateInput, ProductVariantsSaveInput, StockPolicy, VariantInput,
};
use crate::logic::amount;

/// What is never taxed.
const UNTAXED: &str = "none";

/// Longest SEO texts before a search page cuts them, in characters.
pub const SEO: (usize, usize) = (60, 155);

/// The texts and places of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Texts {
    pub title: String,
    pub slug: String,
    pub body: String,
    pub vendor: String,
    pub kind: String,
    pub tags: Vec<String>,
    pub seo_title: String,
    pub seo_description: String,
    /// Ids and names.
    pub collections: Vec<(String, String)>,
}

impl Texts {
    /// As they are saved.
    pub fn of(product: &AdminProduct) -> Self {
        Self {
            title: product.title.clone(),
            slug: product.slug.clone(),
            body: product.body_html.clone(),
            vendor: product.vendor.clone(),
            kind: product.product_type.clone(),
            tags: product.tags.clone(),
            seo_title: product.seo_title.clone(),
            seo_description: product.seo_description.clone(),
            collections: product
                .collections
                .iter()
                .map(|link| (link.id.inner().to_owned(), link.title.clone()))
                .collect(),
        }
    }

    fn collection_ids(&self) -> Vec<cynic::Id> {
        self.collections.iter().map(|(id, _)| cynic::Id::new(id.clone())).collect()
    }

    /// Names of what differs.
    pub fn changes(&self, saved: &Self) -> Vec<String> {
        let fields = [
            ("title", self.title != saved.title),
            ("description", self.body != saved.body),
            ("address", self.slug != saved.slug),
            ("maker", self.vendor != saved.vendor),
            ("type", self.kind != saved.kind),
            ("tags", self.tags != saved.tags),
            ("collections", self.collections != saved.collections),
            (
                "search texts",
                (&self.seo_title, &self.seo_description) != (&saved.seo_title, &saved.seo_description),
            ),
        ];
        fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }

    /// What to send; nothing when nothing differs.
    pub fn input(&self, id: &cynic::Id, version: i32, saved: &Self) -> Option<ProductUpdateInput> {
        let text = |mine: &String, theirs: &String| (mine != theirs).then(|| mine.trim().to_owned());
        (self != saved).then(|| ProductUpdateInput {
            id: id.clone(),
            version,
            title: text(&self.title, &saved.title),
            slug: text(&self.slug, &saved.slug),
            body_html: text(&self.body, &saved.body),
            vendor: text(&self.vendor, &saved.vendor),
            product_type: text(&self.kind, &saved.kind),
            tags: (self.tags != saved.tags).then(|| self.tags.clone()),
            seo_title: text(&self.seo_title, &saved.seo_title),
            seo_description: text(&self.seo_description, &saved.seo_description),
            collection_ids: (self.collections != saved.collections).then(|| self.collection_ids()),
        })
    }

    /// Takes over what somebody else saved, wherever nothing was changed here.
    pub fn rebase(&mut self, before: &Self, theirs: &Self) {
        macro_rules! take {
            ($($field:ident),*) => {$(
                if self.$field == before.$field {
                    self.$field = theirs.$field.clone();
                }
            )*};
        }
        take!(title, slug, body, vendor, kind, tags, seo_title, seo_description, collections);
    }
}

/// What happens to a variant's stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selling {
    /// Counted; stops at zero.
    #[default]
    Counted,
    /// Counted; sells on at zero.
    Backorder,
    /// Not counted.
    Uncounted,
}

impl Selling {
    /// Every choice with its key and its words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Counted, "counted", "Stops at 0"),
        (Self::Backorder, "backorder", "Sells on at 0"),
        (Self::Uncounted, "uncounted", "Not counted"),
    ];

    /// The choice of a key.
    pub fn from_key(key: &str) -> Self {
        Self::ALL.iter().find(|(_, known, _)| *known == key).map_or(Self::Counted, |(choice, ..)| *choice)
    }

    /// Its key.
    pub fn key(self) -> &'static str {
        Self::ALL.iter().find(|(choice, ..)| *choice == self).map_or("counted", |(_, key, _)| *key)
    }

    fn of(variant: &AdminVariant) -> Self {
        match (variant.tracked, variant.policy) {
            (false, _) => Self::Uncounted,
            (true, StockPolicy::Continue) => Self::Backorder,
            (true, StockPolicy::Deny) => Self::Counted,
        }
    }
}

/// A variant as it stands in the grid; figures are what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct VariantDraft {
    /// Nothing: a new one.
    pub id: Option<String>,
    pub options: Vec<String>,
    pub sku: String,
    pub barcode: String,
    pub price: String,
    pub was: String,
    pub on_hand: String,
    pub grams: String,
    /// Whether it needs to be sent; a voucher or a course does not.
    pub ships: bool,
    pub selling: Selling,
    /// What it is for the tax office; `none` where no tax applies.
    pub tax: String,
    pub picture: Option<String>,
}

impl Default for VariantDraft {
    fn default() -> Self {
        Self {
            id: None,
            options: Vec::new(),
            sku: String::new(),
            barcode: String::new(),
            price: String::new(),
            was: String::new(),
            on_hand: String::new(),
            grams: String::new(),
            // Goods are sent unless said otherwise.
            ships: true,
            selling: Selling::default(),
            tax: String::new(),
            picture: None,
        }
    }
}

/// A cell of the grid that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault {
    /// Row, from 0.
    pub row: usize,
    /// Column: `sku`, `price`, `was`, `on_hand`, `grams`, `options`.
    pub column: &'static str,
    /// The cure.
    pub message: String,
}

impl VariantDraft {
    /// As it is saved.
    pub fn of(variant: &AdminVariant, exponent: u32) -> Self {
        let decimal = |minor: i64| amount::text(minor, exponent);
        Self {
            id: Some(variant.id.inner().to_owned()),
            options: variant.option_values.clone(),
            sku: variant.sku.clone(),
            barcode: variant.barcode.clone(),
            price: decimal(variant.price.minor.0),
            was: variant.compare_at_price.as_ref().map(|was| decimal(was.minor.0)).unwrap_or_default(),
            on_hand: variant.on_hand.to_string(),
            grams: if variant.weight_grams == 0 { String::new() } else { variant.weight_grams.to_string() },
            ships: variant.requires_shipping,
            selling: Selling::of(variant),
            tax: if variant.taxable { variant.tax_category.clone() } else { UNTAXED.to_owned() },
            picture: variant.image_id.as_ref().map(|id| id.inner().to_owned()),
        }
    }

    /// A new one beside others: it costs the same and weighs the same.
    pub fn beside(other: Option<&Self>, options: Vec<String>) -> Self {
        let like = other.cloned().unwrap_or_default();
        Self {
            options,
            price: like.price,
            was: like.was,
            grams: like.grams,
            ships: like.ships,
            selling: like.selling,
            tax: like.tax,
            ..Self::default()
        }
    }

    /// The variant that shares most option values with a new one; the first one where several do.
    pub fn nearest<'a>(rows: &'a [Self], options: &[String]) -> Option<&'a Self> {
        let shared =
            |row: &Self| row.options.iter().zip(options).filter(|(mine, theirs)| mine == theirs).count();
        rows.iter().rev().max_by_key(|row| shared(row))
    }

    /// Name in the grid.
    pub fn name(&self) -> String {
        if self.options.is_empty() { "The product itself".to_owned() } else { self.options.join(", ") }
    }

    /// All but what has a word of its own in the save bar.
    fn others(&self) -> impl PartialEq {
        let Self { sku, barcode, grams, ships, options, picture, tax, .. } = self;
        (sku, barcode, grams, ships, options, picture, tax)
    }

    fn faults(&self, row: usize, exponent: u32) -> Vec<CellFault> {
        let mut faults = Vec::new();
        let mut fault = |column, message: String| faults.push(CellFault { row, column, message });
        let price = amount::parse(&self.price, exponent);
        match &price {
            Err(_) if self.price.trim().is_empty() => fault("price", "Write a price; 0 is one".to_owned()),
            Err(error) => fault("price", error.to_string()),
            Ok(_) => {}
        }
        if !self.was.trim().is_empty() {
            match (amount::parse(&self.was, exponent), &price) {
                (Err(error), _) => fault("was", error.to_string()),
                (Ok(was), Ok(price)) if was <= *price => {
                    fault("was", "The earlier price is above the price, or empty".to_owned());
                }
                _ => {}
            }
        }
        if self.selling != Selling::Uncounted && whole(&self.on_hand, 9_999_999).is_none() {
            fault("on_hand", "Write how many there are, as a whole number".to_owned());
        }
        if whole(&self.grams, 9_999_999).is_none() {
            fault("grams", "Write the weight in whole grams".to_owned());
        }
        if self.sku.chars().count() > 64 {
            fault("sku", "A SKU has at most 64 characters".to_owned());
        }
        faults
    }

    fn input(&self, saved: Option<&Self>, exponent: u32) -> VariantInput {
        let differs = |pick: fn(&Self) -> &String| saved.is_none_or(|saved| pick(saved) != pick(self));
        let money = |typed: &str| amount::wire(typed, exponent).unwrap_or_default();
        let new_options = saved.is_none_or(|saved| saved.options != self.options);
        let new_selling = saved.is_none_or(|saved| saved.selling != self.selling);
        let counted = self.selling != Selling::Uncounted;
        // Nothing chosen is what goods are unless said otherwise.
        let taxed = (differs(|it| &it.tax) && !self.tax.is_empty()).then(|| self.tax.clone());
        VariantInput {
            id: self.id.clone().map(cynic::Id::new),
            option_values: new_options.then(|| self.options.clone()),
            sku: differs(|it| &it.sku).then(|| self.sku.trim().to_owned()),
            barcode: differs(|it| &it.barcode).then(|| self.barcode.trim().to_owned()),
            price: differs(|it| &it.price).then(|| money(&self.price)),
            compare_at_price: differs(|it| &it.was).then(|| money(&self.was)),
            weight_grams: differs(|it| &it.grams).then(|| whole(&self.grams, 9_999_999).unwrap_or_default()),
            requires_shipping: saved.is_none_or(|saved| saved.ships != self.ships).then_some(self.ships),
            taxable: taxed.as_deref().map(|tax| tax != UNTAXED),
            tax_category: taxed.filter(|tax| tax != UNTAXED),
            tracked: new_selling.then_some(counted),
            policy: (new_selling && counted).then_some(match self.selling {
                Selling::Backorder => StockPolicy::Continue,
                _ => StockPolicy::Deny,
            }),
            on_hand: (counted && differs(|it| &it.on_hand))
                .then(|| whole(&self.on_hand, 9_999_999))
                .flatten(),
            image_id: match (&self.picture, saved.map(|saved| &saved.picture)) {
                (mine, Some(theirs)) if mine == theirs => None,
                (mine, _) => mine.clone().map(cynic::Id::new),
            },
        }
    }

    /// The input of the only variant of a new product.
    pub fn first_input(&self, exponent: u32) -> Result<VariantInput, Vec<CellFault>> {
        let faults = self.faults(0, exponent);
        if faults.is_empty() { Ok(self.input(None, exponent)) } else { Err(faults) }
    }
}

/// A whole number from 0 to `most`; the empty text is 0.
fn whole(text: &str, most: i32) -> Option<i32> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return Some(0);
    }
    text.parse().ok().filter(|number| (0..=most).contains(number))
}

/// The variants of a product with their option names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Names of the options.
    pub options: Vec<String>,
    /// In order.
    pub rows: Vec<VariantDraft>,
}

impl Grid {
    /// As they are saved.
    pub fn of(product: &AdminProduct, exponent: u32) -> Self {
        // A product without options has one variant, whatever its value is called.
        let options: Vec<String> = product.options.iter().map(|option| option.name.clone()).collect();
        let rows = product.variants.iter().map(|variant| {
            let mut draft = VariantDraft::of(variant, exponent);
            if options.is_empty() {
                draft.options.clear();
            }
            draft
        });
        Self { rows: rows.collect(), options }
    }

    /// What differs, in words with numbers.
    pub fn changes(&self, saved: &Self) -> Vec<String> {
        if self.options != saved.options {
            return vec!["options and variants".to_owned()];
        }
        let (mut prices, mut stock, mut others, mut new) = (0, 0, 0, 0);
        for row in &self.rows {
            match saved.rows.iter().find(|it| it.id == row.id && it.id.is_some()) {
                None => new += 1,
                Some(it) if it == row => {}
                Some(it) => {
                    prices += usize::from((&it.price, &it.was) != (&row.price, &row.was));
                    stock += usize::from((&it.on_hand, it.selling) != (&row.on_hand, row.selling));
                    others += usize::from(it.others() != row.others());
                }
            }
        }
        let gone = self.gone(saved).len();
        let said = [
            (prices, "price", "prices"),
            (stock, "stock count", "stock counts"),
            (others, "variant", "variants"),
            (new, "new variant", "new variants"),
            (gone, "removed variant", "removed variants"),
        ];
        let words = |(n, one, many): (usize, &str, &str)| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        };
        said.into_iter().filter_map(words).collect()
    }

    fn gone(&self, saved: &Self) -> Vec<cynic::Id> {
        let kept = |id: &Option<String>| self.rows.iter().any(|row| row.id == *id);
        saved
            .rows
            .iter()
            .filter(|row| !kept(&row.id))
            .filter_map(|row| row.id.clone().map(cynic::Id::new))
            .collect()
    }

    /// Cells that cannot be sent.
    pub fn faults(&self, exponent: u32) -> Vec<CellFault> {
        let mut faults: Vec<CellFault> =
            self.rows.iter().enumerate().flat_map(|(at, row)| row.faults(at, exponent)).collect();
        let mut seen = std::collections::BTreeMap::new();
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| !row.sku.trim().is_empty()) {
            if let Some(first) = seen.insert(row.sku.trim().to_owned(), at) {
                let message = format!("{} belongs to {} already", row.sku.trim(), self.rows[first].name());
                faults.push(CellFault { row: at, column: "sku", message });
            }
        }
        faults
    }

    /// What to send, with the rows that it is about in their order; nothing when nothing differs.
    ///
    /// Only changed variants are sent, except with new options: those come with the full set.
    pub fn input(
        &self,
        product: &cynic::Id,
        version: i32,
        saved: &Self,
        exponent: u32,
    ) -> Option<(ProductVariantsSaveInput, Vec<usize>)> {
        if self == saved {
            return None;
        }
        let everything = self.options != saved.options;
        let (mut variants, mut rows) = (Vec::new(), Vec::new());
        for (at, row) in self.rows.iter().enumerate() {
            let before = saved.rows.iter().find(|it| it.id.is_some() && it.id == row.id);
            if everything || before != Some(row) {
                let mut input = row.input(before, exponent);
                if everything {
                    input.option_values = Some(row.options.clone());
                }
                variants.push(input);
                rows.push(at);
            }
        }
        let remove = Some(self.gone(saved)).filter(|gone| !gone.is_empty());
        let options = everything.then(|| self.options.clone());
        Some((
            ProductVariantsSaveInput { product_id: product.clone(), version, options, variants, remove },
            rows,
        ))
    }

    /// Takes over what somebody else saved, wherever nothing was changed here.
    pub fn rebase(&mut self, before: &Self, theirs: &Self) {
        if self == before {
            *self = theirs.clone();
            return;
        }
        let find = |grid: &Self, id: &Option<String>| {
            grid.rows.iter().find(|row| row.id.is_some() && row.id == *id).cloned()
        };
        // Gone at the other side: gone here too. A new one there joins unless the options were changed here.
        self.rows.retain(|row| row.id.is_none() || find(theirs, &row.id).is_some());
        for row in &mut self.rows {
            if let (Some(before), Some(theirs)) = (find(before, &row.id), find(theirs, &row.id)) {
                macro_rules! take {
                    ($($field:ident),*) => {$(
                        if row.$field == before.$field {
                            row.$field = theirs.$field.clone();
                        }
                    )*};
                }
                take!(options, sku, barcode, price, was, on_hand, grams, ships, selling, tax, picture);
            }
        }
        if self.options == before.options {
            self.options = theirs.options.clone();
            for row in &theirs.rows {
                if find(before, &row.id).is_none() {
                    self.rows.push(row.clone());
                }
            }
        }
    }
}

/// Row and column of a field that the server refused, like `variants.0.compareAtPrice` or `variants[0].sku`.
pub fn cell(field: &str) -> Option<(usize, &'static str)> {
    let path = field.replace('[', ".").replace(']', "");
    let rest = path.strip_prefix("input.").unwrap_or(&path).strip_prefix("variants.")?;
    let (row, name) = rest.split_once('.')?;
    let column = match name {
        "sku" => "sku",
        "price" => "price",
        "compareAtPrice" | "compare_at_price" => "was",
        "onHand" | "on_hand" => "on_hand",
        "weightGrams" | "weight_grams" => "grams",
        _ => "options",
    };
    row.parse().ok().map(|row| (row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, price: &str) -> VariantDraft {
        VariantDraft {
            id: Some(id.to_owned()),
            options: vec![id.to_owned()],
            price: price.to_owned(),
            on_hand: "3".to_owned(),
            ..VariantDraft::default()
        }
    }

    fn grid(rows: &[VariantDraft]) -> Grid {
        Grid { options: vec!["Size".to_owned()], rows: rows.to_vec() }
    }

    fn product() -> cynic::Id {
        cynic::Id::new("p")
    }

    #[test]
    fn sends_only_what_changed() {
        let saved = grid(&[row("S", "10.00"), row("M", "10.00"), row("L", "10.00")]);
        let mut mine = saved.clone();
        mine.rows[1].price = "12,5".to_owned();
        mine.rows.remove(2);
        let (input, rows) = mine.input(&product(), 7, &saved, 2).unwrap();
        assert_eq!(rows, [1]);
        let expected = VariantInput {
            id: Some(cynic::Id::new("M")),
            price: Some("12.50".to_owned()),
            ..VariantInput::default()
        };
        assert_eq!(input.variants, [expected]);
        assert_eq!(input.remove, Some(vec![cynic::Id::new("L")]));
        assert_eq!(input.options, None);
        assert_eq!(mine.changes(&saved), ["1 price", "1 removed variant"]);
        assert!(saved.input(&product(), 7, &saved, 2).is_none());
    }

    #[test]
    fn sends_the_full_set_with_new_options() {
        let saved = grid(&[row("S", "10.00")]);
        let mut mine = saved.clone();
        mine.options.push("Colour".to_owned());
        mine.rows[0].options.push("Red".to_owned());
        mine.rows.push(VariantDraft::beside(Some(&mine.rows[0]), vec!["S".into(), "Blue".into()]));
        let (input, rows) = mine.input(&product(), 1, &saved, 2).unwrap();
        assert_eq!(rows, [0, 1]);
        assert_eq!(input.options, Some(vec!["Size".to_owned(), "Colour".to_owned()]));
        assert_eq!(input.variants[0].option_values, Some(vec!["S".to_owned(), "Red".to_owned()]));
        assert_eq!(input.variants[0].price, None);
        assert_eq!(input.variants[1].price.as_deref(), Some("10.00"));
        assert_eq!(input.variants[1].id, None);
    }

    #[test]
    fn says_what_needs_to_be_sent_when_that_changes() {
        let saved = grid(&[row("S", "10.00"), row("M", "10.00")]);
        let mut mine = saved.clone();
        mine.rows[1].ships = false;
        assert_eq!(mine.changes(&saved), ["1 variant"]);
        let (input, rows) = mine.input(&product(), 1, &saved, 2).unwrap();
        assert_eq!(rows, [1]);
        let expected = VariantInput {
            id: Some(cynic::Id::new("M")),
            requires_shipping: Some(false),
            ..VariantInput::default()
        };
        assert_eq!(input.variants, [expected]);
        // A new variant is as the one beside it; one that stands alone needs to be sent.
        assert!(!VariantDraft::beside(Some(&mine.rows[1]), vec!["L".into()]).ships);
        let alone = VariantDraft { price: "1".into(), ..VariantDraft::beside(None, Vec::new()) };
        assert_eq!(alone.first_input(2).unwrap().requires_shipping, Some(true));
        // Somebody else's answer is taken over where mine was none.
        let mut theirs = saved.clone();
        theirs.rows[0].ships = false;
        mine.rebase(&saved, &theirs);
        assert_eq!(mine.rows.iter().map(|row| row.ships).collect::<Vec<_>>(), [false, false]);
    }

    #[test]
    fn prices_a_new_variant_like_its_nearest() {
        let sized = |size: &str, price: &str| VariantDraft { options: vec![size.into()], ..row(size, price) };
        let rows = [sized("S", "10.00"), sized("L", "14.00")];
        let price = |options: &[&str]| {
            let options: Vec<String> = options.iter().map(ToString::to_string).collect();
            VariantDraft::nearest(&rows, &options).map(|row| row.price.as_str())
        };
        assert_eq!(price(&["L", "Gloss"]), Some("14.00"));
        assert_eq!(price(&["XL", "Gloss"]), Some("10.00"));
        assert!(VariantDraft::nearest(&[], &[]).is_none());
    }

    #[test]
    fn names_every_cell_that_is_wrong() {
        let mut bad = row("S", "1.234");
        bad.was = "1".to_owned();
        bad.on_hand = "-2".to_owned();
        bad.grams = "heavy".to_owned();
        bad.sku = "A".to_owned();
        let mut twin = row("M", "5");
        twin.sku = "A".to_owned();
        twin.was = "5".to_owned();
        let faults = grid(&[bad, twin]).faults(2);
        let cells: Vec<_> = faults.iter().map(|fault| (fault.row, fault.column)).collect();
        assert_eq!(cells, [(0, "price"), (0, "on_hand"), (0, "grams"), (1, "was"), (1, "sku")]);
        assert_eq!(faults[4].message, "A belongs to S already");
        let mut empty = row("S", " ");
        empty.selling = Selling::Uncounted;
        empty.on_hand = "many".to_owned();
        assert_eq!(grid(&[empty]).faults(2)[0].message, "Write a price; 0 is one");
    }

    #[test]
    fn keeps_my_changes_on_top_of_theirs() {
        let before = grid(&[row("S", "10.00"), row("M", "10.00"), row("L", "10.00")]);
        let mut mine = before.clone();
        mine.rows[0].price = "11.00".to_owned();
        let mut theirs = before.clone();
        theirs.rows[0].on_hand = "1".to_owned();
        theirs.rows.remove(1);
        theirs.rows.push(row("XL", "14.00"));
        mine.rebase(&before, &theirs);
        let names: Vec<_> = mine.rows.iter().map(VariantDraft::name).collect();
        assert_eq!(names, ["S", "L", "XL"]);
        assert_eq!((mine.rows[0].price.as_str(), mine.rows[0].on_hand.as_str()), ("11.00", "1"));

        let before = Texts { title: "A".into(), slug: "a".into(), ..Texts::default() };
        let mut mine = Texts { title: "B".into(), ..before.clone() };
        let theirs = Texts { title: "C".into(), slug: "c".into(), ..before.clone() };
        mine.rebase(&before, &theirs);
        assert_eq!((mine.title.as_str(), mine.slug.as_str()), ("B", "c"));
        assert_eq!(mine.changes(&theirs), ["title"]);
        let input = mine.input(&product(), 4, &theirs).unwrap();
        assert_eq!((input.title.as_deref(), input.slug, input.version), (Some("B"), None, 4));
    }

    #[test]
    fn finds_the_cell_of_a_refused_field() {
        assert_eq!(cell("variants.3.sku"), Some((3, "sku")));
        assert_eq!(cell("input.variants[12].compareAtPrice"), Some((12, "was")));
        assert_eq!(cell("variants.0.optionValues"), Some((0, "options")));
        assert_eq!(cell("title"), None);
        assert_eq!(cell("variants.x.sku"), None);
    }
}
