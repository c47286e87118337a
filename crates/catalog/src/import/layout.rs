//! The columns of Shopify's product file.

use std::collections::HashMap;

/// The columns in the order in which Shopify writes them.
pub(crate) const COLUMNS: [&str; 43] = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Tracker",
    "Variant Inventory Qty",
    "Variant Inventory Policy",
    "Variant Fulfillment Service",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Requires Shipping",
    "Variant Taxable",
    "Variant Barcode",
    "Image Src",
    "Image Alt Text",
    "Gift Card",
    "SEO Title",
    "SEO Description",
    "Google Shopping / Google Product Category",
    "Google Shopping / Gender",
    "Google Shopping / Age Group",
    "Google Shopping / MPN",
    "Google Shopping / AdWords Grouping",
    "Google Shopping / AdWords Labels",
    "Google Shopping / Condition",
    "Google Shopping / Custom Product",
    "Google Shopping / Custom Label 0",
    "Google Shopping / Custom Label 1",
    "Google Shopping / Custom Label 2",
    "Google Shopping / Custom Label 3",
    "Google Shopping / Custom Label 4",
    "Variant Image",
];

/// The last column; apart, because the list above is as long as a sentence should be.
pub(crate) const WEIGHT_UNIT: &str = "Variant Weight Unit";

/// Shopify writes it only for shops with tax codes; so does an export.
pub(crate) const TAX_CODE: &str = "Variant Tax Code";

/// Columns that have a place of their own here; all others are kept beside the product and given back by an export.
const OURS: [&str; 29] = [
    "handle",
    "title",
    "body (html)",
    "vendor",
    "type",
    "tags",
    "published",
    "option1 name",
    "option1 value",
    "option2 name",
    "option2 value",
    "option3 name",
    "option3 value",
    "variant sku",
    "variant grams",
    "variant inventory tracker",
    "variant inventory qty",
    "variant inventory policy",
    "variant price",
    "variant compare at price",
    "variant requires shipping",
    "variant taxable",
    "variant barcode",
    "image src",
    "image alt text",
    "seo title",
    "seo description",
    "variant image",
    "variant weight unit",
];

/// What an empty cell of a kept column means, and what an export writes for it.
pub(crate) fn default_of(column: &str) -> &'static str {
    match column {
        "Gift Card" => "false",
        "Variant Fulfillment Service" => "manual",
        _ => "",
    }
}

/// Where each column of one file is.
#[derive(Debug)]
pub(super) struct Header {
    places: HashMap<String, usize>,
    /// Columns to keep: place, name as written, whether it belongs to the variant.
    pub kept: Vec<(usize, String, bool)>,
    /// Number of columns.
    pub width: usize,
}

impl Header {
    /// Reads the first row; the error is for people.
    pub fn read<'c>(cells: impl IntoIterator<Item = &'c str>) -> Result<Self, String> {
        let mut places = HashMap::new();
        let mut kept = Vec::new();
        let mut width = 0;
        for (at, cell) in cells.into_iter().enumerate() {
            width = at + 1;
            let name = cell.trim_start_matches('\u{feff}').trim();
            let key = name.to_lowercase();
            if key.is_empty() {
                continue;
            }
            if !OURS.contains(&key.as_str()) {
                let of_variant = key.starts_with("variant ") || key == "cost per item";
                kept.push((at, name.to_owned(), of_variant));
            }
            if places.insert(key, at).is_some() {
                return Err(format!("the column {name} is there twice"));
            }
        }
        let header = Self { places, kept, width };
        for needed in ["Handle", "Title", "Variant Price"] {
            if header.place(needed).is_none() {
                return Err(format!(
                    "the column {needed} is missing; is this a product file in the Shopify layout?"
                ));
            }
        }
        Ok(header)
    }

    /// Where a column is, if it is.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.places.get(&column.to_lowercase()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_columns_whatever_their_case_and_order() {
        let header =
            Header::read(["\u{feff}title", "HANDLE", "Variant Price", "Cost per item", "Gift Card"]).unwrap();
        assert_eq!(header.place("Handle"), Some(1));
        assert_eq!(header.place("Title"), Some(0));
        assert_eq!(header.kept, [(3, "Cost per item".to_owned(), true), (4, "Gift Card".to_owned(), false)]);
    }

    #[test]
    fn a_file_without_the_needed_columns_is_refused() {
        assert!(Header::read(["name", "price"]).unwrap_err().contains("Handle"));
        assert!(Header::read(["Handle", "Title", "title", "Variant Price"]).unwrap_err().contains("twice"));
    }

    #[test]
    fn columns_with_a_place_are_columns_of_the_layout() {
        for ours in OURS {
            let known = COLUMNS.iter().any(|column| column.to_lowercase() == ours);
            assert!(known || ours == WEIGHT_UNIT.to_lowercase(), "{ours}");
            assert_ne!(ours, TAX_CODE.to_lowercase(), "a code that says nothing here is kept");
        }
    }
}
