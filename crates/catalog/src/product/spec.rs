//! What a product shall be: input, checked and put into one form for editor and import.

use std::collections::{BTreeMap, HashSet};

use content::SafeHtml;
use pricing::TaxCategory;
use primitives::{Currency, FieldError, ImageId, MediaId, Money, Sku, Slug, VariantId};

use crate::view::StockPolicy;

/// Options that one product may have.
pub const MAX_OPTIONS: usize = 3;
/// Variants that one product may have.
pub const MAX_VARIANTS: usize = 5_000;
/// Pictures that one product may have.
pub const MAX_IMAGES: usize = 250;
/// Tags that one product may have.
pub const MAX_TAGS: usize = 250;
/// The most pieces that a shelf holds, either way.
pub const MAX_ON_HAND: i64 = 1_000_000_000;
/// The highest price in minor units: what JavaScript can count exactly, with room for quantities.
pub const MAX_PRICE: i64 = 100_000_000_000;
/// The heaviest thing, in grams: a thousand tonnes.
pub const MAX_GRAMS: i64 = 1_000_000_000;

/// A product without options has one option of this name and one value, as in the files of Shopify.
pub const PLAIN_OPTION: &str = "Title";

/// Columns of a file that have no place of their own here, kept so that an export gives them back.
pub(crate) type SourceColumns = BTreeMap<String, String>;

/// A whole product, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProductSpec {
    pub slug: Slug,
    pub title: String,
    pub body: SafeHtml,
    pub vendor: String,
    pub product_type: String,
    pub tags: Vec<String>,
    pub seo_title: String,
    pub seo_description: String,
    pub option_names: Vec<String>,
    pub variants: Vec<VariantSpec>,
    pub images: Vec<ImageSpec>,
    pub source_columns: SourceColumns,
}

/// A whole variant, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VariantSpec {
    /// Which one it is, when that is known.
    pub id: Option<VariantId>,
    pub option_values: Vec<String>,
    pub sku: String,
    pub barcode: String,
    pub price: Money,
    pub compare_at: Option<Money>,
    pub weight_grams: i64,
    pub weight_unit: String,
    pub requires_shipping: bool,
    pub taxable: bool,
    /// What it is for the tax office; `None` leaves it alone, or has it be what goods are unless said otherwise.
    pub tax_category: Option<TaxCategory>,
    pub tracked: bool,
    pub policy: StockPolicy,
    /// The count; `None` leaves it alone.
    pub on_hand: Option<i64>,
    /// Pieces kept back; `None` leaves it alone.
    pub threshold: Option<i64>,
    /// Index into the product's pictures.
    pub image: Option<usize>,
    pub source_columns: SourceColumns,
}

/// A picture: one that is there, an uploaded file, or an address to fetch from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ImageSpec {
    /// Which place in the gallery it is, when that is known.
    pub id: Option<ImageId>,
    /// The file, when there is one.
    pub media: Option<MediaId>,
    /// Where it comes from; empty for an upload.
    pub url: String,
    pub alt: String,
}

/// A description from anywhere, cleaned and without space around it: what a file gives back is then the same.
pub(crate) fn description(html: &str) -> SafeHtml {
    let clean = SafeHtml::clean(html.trim());
    match clean.as_str().trim() {
        whole if whole.len() == clean.as_str().len() => clean,
        trimmed => SafeHtml::clean(trimmed),
    }
}

/// Collects errors at their fields.
#[derive(Debug, Default)]
pub(crate) struct Check {
    pub errors: Vec<FieldError>,
}

impl Check {
    pub fn fail(&mut self, field: &str, message: impl Into<String>) {
        // A file with a million wrong cells is told about the first hundred.
        if self.errors.len() < 100 {
            self.errors.push(FieldError::new(field, message));
        }
    }

    /// One line of text: trimmed, no control characters, at most `max` characters.
    pub fn line(&mut self, field: &str, text: &str, max: usize) -> String {
        let text = text.trim();
        if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
            self.fail(field, "must not hold control characters");
        }
        if max < text.chars().count() {
            self.fail(field, format!("must be at most {max} characters"));
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// As [`Check::line`], not empty.
    pub fn name(&mut self, field: &str, text: &str, max: usize) -> String {
        let line = self.line(field, text, max);
        if line.is_empty() {
            self.fail(field, "must not be empty");
        }
        line
    }

    /// An address.
    pub fn slug(&mut self, field: &str, text: &str) -> Option<Slug> {
        match Slug::parse(text) {
            Ok(slug) => Some(slug),
            Err(error) => {
                self.fail(field, error.to_string());
                None
            }
        }
    }

    /// A stock keeping unit; may be empty.
    pub fn sku(&mut self, field: &str, text: &str) -> String {
        if text.trim().is_empty() {
            return String::new();
        }
        match Sku::parse(text) {
            Ok(sku) => sku.as_str().to_owned(),
            Err(error) => {
                self.fail(field, error.to_string());
                String::new()
            }
        }
    }

    /// A price as decimal text in the shop's currency.
    pub fn price(&mut self, field: &str, text: &str, currency: Currency) -> Option<Money> {
        match Money::parse_decimal(text, currency) {
            Ok(price) if price.minor < 0 => {
                self.fail(field, "must not be negative");
                None
            }
            Ok(price) if MAX_PRICE < price.minor => {
                self.fail(field, "is too high");
                None
            }
            Ok(price) => Some(price),
            Err(error) => {
                self.fail(field, error.to_string());
                None
            }
        }
    }

    /// What something is for the tax office.
    pub fn tax_category(&mut self, field: &str, text: &str) -> Option<TaxCategory> {
        match TaxCategory::parse(text) {
            Ok(category) => Some(category),
            Err(error) => {
                self.fail(field, error.to_string());
                None
            }
        }
    }

    /// A whole number within bounds.
    pub fn within(&mut self, field: &str, value: i64, low: i64, high: i64) -> i64 {
        if value < low || high < value {
            self.fail(field, format!("must be between {low} and {high}"));
        }
        value.clamp(low, high)
    }

    /// Tags: trimmed, each once whatever its case, sorted.
    pub fn tags<'t>(&mut self, field: &str, tags: impl IntoIterator<Item = &'t str>) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut kept: Vec<String> = Vec::new();
        for tag in tags {
            let tag = self.line(field, tag, 255);
            if !tag.is_empty() && seen.insert(tag.to_lowercase()) {
                kept.push(tag);
            }
        }
        if MAX_TAGS < kept.len() {
            self.fail(field, format!("must be at most {MAX_TAGS} tags"));
        }
        if kept.iter().any(|tag| tag.contains(',')) {
            self.fail(field, "a tag must not hold a comma");
        }
        kept.sort();
        kept
    }

    /// Names of options: up to three, each once whatever its case.
    pub fn option_names<'t>(&mut self, field: &str, names: impl IntoIterator<Item = &'t str>) -> Vec<String> {
        let mut seen = HashSet::new();
        let names: Vec<String> = names
            .into_iter()
            .enumerate()
            .map(|(n, name)| self.name(&format!("{field}.{n}"), name, 255))
            .collect();
        if MAX_OPTIONS < names.len() {
            self.fail(field, format!("a product has at most {MAX_OPTIONS} options"));
        }
        for name in &names {
            if !seen.insert(name.to_lowercase()) {
                self.fail(field, format!("the option {name} is named twice"));
            }
        }
        names
    }

    /// The values of one variant, one per option.
    pub fn option_values(&mut self, field: &str, values: &[String], options: usize) -> Vec<String> {
        if values.len() != options {
            self.fail(field, format!("needs {options} option values, {} given", values.len()));
        }
        values.iter().enumerate().map(|(n, value)| self.name(&format!("{field}.{n}"), value, 255)).collect()
    }

    /// Whether any two variants have the same values; names the second one.
    pub fn distinct<'v>(&mut self, variants: impl IntoIterator<Item = (String, &'v [String])>) {
        let mut seen = HashSet::new();
        for (field, values) in variants {
            let key: Vec<String> = values.iter().map(|value| value.to_lowercase()).collect();
            if !seen.insert(key) {
                self.fail(&field, format!("another variant is {} already", values.join(" / ")));
            }
        }
    }

    /// The value when nothing was wrong.
    pub fn finish<T>(self, value: T) -> crate::error::Result<T> {
        if self.errors.is_empty() { Ok(value) } else { Err(crate::CatalogError::Invalid(self.errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(run: impl FnOnce(&mut Check)) -> Vec<String> {
        let mut check = Check::default();
        run(&mut check);
        check.errors.into_iter().map(|e| format!("{}: {}", e.field, e.message)).collect()
    }

    #[test]
    fn names_the_field_of_what_is_wrong() {
        assert_eq!(
            errors(|check| {
                check.price("variants.0.price", "-1", Currency::EUR);
                check.price("variants.1.price", "99999999999999", Currency::EUR);
                check.name("title", "  ", 255);
                check.option_names("options", ["A", "b", "B", "D"]);
                check.within("onHand", i64::MAX, -MAX_ON_HAND, MAX_ON_HAND);
            }),
            [
                "variants.0.price: must not be negative",
                "variants.1.price: is too high",
                "title: must not be empty",
                "options: a product has at most 3 options",
                "options: the option B is named twice",
                "onHand: must be between -1000000000 and 1000000000",
            ]
        );
        assert_eq!(
            errors(|check| {
                check.price("price", "1.005", Currency::EUR);
            })
            .len(),
            1
        );
        assert_eq!(errors(|check| drop(check.slug("slug", "🚲"))).len(), 1);
    }

    #[test]
    fn descriptions_have_no_space_around_them() {
        let once = description(" <p>One</p>\n<iframe src=x></iframe><!-- end --> ");
        assert_eq!(once.as_str(), "<p>One</p>");
        assert_eq!(description(once.as_str()), once);
    }

    #[test]
    fn tags_are_kept_once_and_sorted() {
        let mut check = Check::default();
        assert_eq!(check.tags("tags", [" Wool", "wool", "", "Home  made"]), ["Home made", "Wool"]);
        assert!(check.errors.is_empty());
    }

    #[test]
    fn two_variants_with_the_same_values_are_one_too_many() {
        let (a, b) = (vec!["Red".to_owned()], vec!["red".to_owned()]);
        let found =
            errors(|check| check.distinct([("variants.0".into(), &a[..]), ("variants.1".into(), &b[..])]));
        assert_eq!(found, ["variants.1: another variant is red already"]);
    }
}
