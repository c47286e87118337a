//! From cells to product specifications, every error with its line and column.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};
use pricing::TaxCategory;
use primitives::Currency;

use super::layout::{Header, TAX_CODE, default_of};
use super::{Problem, Severity};
use crate::error::{CatalogError, Result};
use crate::product::input::{PLAIN_VALUE, check_url};
use crate::product::spec::{
    Check, ImageSpec, MAX_GRAMS, MAX_IMAGES, MAX_ON_HAND, MAX_OPTIONS, MAX_VARIANTS, PLAIN_OPTION,
    ProductSpec, SourceColumns, VariantSpec, description,
};
use crate::view::StockPolicy;

/// Problems that are listed; a file with more is wrong altogether.
const MAX_PROBLEMS: usize = 1_000;
/// Rows of one file.
const MAX_ROWS: u64 = 500_000;

/// One product of the file; without a specification when something in it is wrong.
#[derive(Debug)]
pub(super) struct Parsed {
    pub line: u64,
    pub handle: String,
    pub title: String,
    pub published: bool,
    pub variants: u64,
    pub images: u64,
    pub spec: Option<ProductSpec>,
}

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub rows: u64,
    pub products: Vec<Parsed>,
    pub problems: Vec<Problem>,
}

/// One row as text.
struct Row {
    line: u64,
    cells: Vec<String>,
}

/// Reads the file.
///
/// # Errors
/// When it has no usable header, or cannot be read at all.
pub(super) fn parse(reader: impl Read, currency: Currency) -> Result<File> {
    let mut csv = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
    let mut record = ByteRecord::new();
    let broken = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        CatalogError::File { line, message: format!("the file cannot be read: {error}") }
    };
    if !csv.read_byte_record(&mut record).map_err(broken)? {
        return Err(CatalogError::File { line: 1, message: "the file is empty".to_owned() });
    }
    let cells = text(&record).map_err(|message| CatalogError::File { line: 1, message })?;
    let header = Header::read(cells.iter().map(String::as_str))
        .map_err(|message| CatalogError::File { line: 1, message })?;
    let handle_at = header.place("Handle").unwrap_or(0);
    let mut file = File::default();
    let mut order: Vec<String> = Vec::new();
    let mut rows: HashMap<String, Vec<Row>> = HashMap::new();
    let mut spoiled: HashSet<String> = HashSet::new();
    while csv.read_byte_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        file.rows += 1;
        if MAX_ROWS < file.rows {
            return Err(CatalogError::File {
                line,
                message: format!("the file has more than {MAX_ROWS} rows"),
            });
        }
        let cells = match text(&record) {
            Ok(cells) => cells,
            Err(message) => {
                // Whose row it is can still be told when the handle itself is readable.
                let handle = record
                    .get(handle_at)
                    .and_then(|cell| std::str::from_utf8(cell).ok())
                    .unwrap_or("")
                    .trim();
                note(&mut file.problems, line, "", handle, message, Severity::Error);
                spoiled.insert(handle.to_owned());
                continue;
            }
        };
        let handle = cells.get(handle_at).map(|cell| cell.trim().to_owned()).unwrap_or_default();
        if cells.len() != header.width {
            let message =
                format!("has {} cells, the header has {}; is a quote missing?", cells.len(), header.width);
            note(&mut file.problems, line, "", &handle, message, Severity::Error);
            spoiled.insert(handle.clone());
        }
        if handle.is_empty() {
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                note(&mut file.problems, line, "Handle", "", "must not be empty".to_owned(), Severity::Error);
            }
            continue;
        }
        rows.entry(handle.clone()).or_insert_with(|| {
            order.push(handle.clone());
            Vec::new()
        });
        if let Some(group) = rows.get_mut(&handle) {
            group.push(Row { line, cells });
        }
    }
    for handle in order {
        let group = rows.remove(&handle).unwrap_or_default();
        let whole = !spoiled.contains(&handle);
        let product =
            Group { header: &header, handle, rows: group, currency }.read(&mut file.problems, whole);
        file.products.push(product);
    }
    Ok(file)
}

fn text(record: &ByteRecord) -> Result<Vec<String>, String> {
    record
        .iter()
        .enumerate()
        .map(|(n, cell)| match std::str::from_utf8(cell) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(format!("cell {} is not UTF-8 text", n + 1)),
        })
        .collect()
}

fn note(
    problems: &mut Vec<Problem>,
    line: u64,
    column: &str,
    handle: &str,
    message: String,
    severity: Severity,
) {
    if problems.len() < MAX_PROBLEMS {
        problems.push(Problem {
            line,
            column: column.to_owned(),
            handle: handle.to_owned(),
            message,
            severity,
        });
    }
}

/// All rows of one handle.
struct Group<'h> {
    header: &'h Header,
    handle: String,
    rows: Vec<Row>,
    currency: Currency,
}

impl Group<'_> {
    fn read(self, problems: &mut Vec<Problem>, mut whole: bool) -> Parsed {
        let first = &self.rows[0];
        let mut images = Vec::new();
        let mut places = HashMap::new();
        let mut variants = Vec::new();
        let mut own = Check::default();
        let slug = own.slug("Handle", &self.handle);
        let title = own.name("Title", self.cell(first, "Title"), 255);
        let vendor = own.line("Vendor", self.cell(first, "Vendor"), 255);
        let product_type = own.line("Type", self.cell(first, "Type"), 255);
        let tags = own.tags("Tags", self.cell(first, "Tags").split(','));
        let seo_title = own.line("SEO Title", self.cell(first, "SEO Title"), 255);
        let seo_description = own.line("SEO Description", self.cell(first, "SEO Description"), 1_000);
        let published = self.flag(&mut own, first, "Published", true);
        let option_names = self.option_names(&mut own);
        whole &= self.settle(own, first.line, problems);
        // The gallery comes first, in the order of its rows; what only a variant shows comes behind.
        let mut checks: Vec<Check> = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let mut check = Check::default();
            self.picture(&mut check, row, "Image Src", &mut images, &mut places);
            checks.push(check);
        }
        for (row, mut check) in self.rows.iter().zip(checks) {
            if self.is_variant(row) {
                let picture = self.picture(&mut check, row, "Variant Image", &mut images, &mut places);
                variants.push((row.line, self.variant(&mut check, row, &option_names, picture)));
            }
            whole &= self.settle(check, row.line, problems);
        }
        let mut shape = Check::default();
        if variants.is_empty() {
            shape.fail("Variant Price", "a product needs at least one row with a price");
        }
        if MAX_VARIANTS < variants.len() {
            shape.fail("Option1 Value", format!("a product has at most {MAX_VARIANTS} variants"));
        }
        if MAX_IMAGES < images.len() {
            shape.fail("Image Src", format!("a product has at most {MAX_IMAGES} pictures"));
        }
        whole &= self.settle(shape, first.line, problems);
        whole &= self.distinct(&variants, problems);
        let counts = (variants.len() as u64, images.len() as u64);
        let source_columns = self.kept(first, false);
        if source_columns.get("Gift Card").is_some_and(|cell| cell.eq_ignore_ascii_case("true")) {
            let message = "gift cards are imported as ordinary products".to_owned();
            note(problems, first.line, "Gift Card", &self.handle, message, Severity::Warning);
        }
        let spec = slug.filter(|_| whole).map(|slug| ProductSpec {
            slug,
            title: title.clone(),
            body: description(self.cell(first, "Body (HTML)")),
            vendor,
            product_type,
            tags,
            seo_title,
            seo_description,
            option_names,
            variants: variants.into_iter().map(|(_, variant)| variant).collect(),
            images,
            source_columns,
        });
        Parsed {
            line: first.line,
            title,
            published,
            variants: counts.0,
            images: counts.1,
            spec,
            handle: self.handle,
        }
    }

    /// Turns errors at columns into problems of a line; gives back whether there were none.
    fn settle(&self, check: Check, line: u64, problems: &mut Vec<Problem>) -> bool {
        let fine = check.errors.is_empty();
        for error in check.errors {
            note(problems, line, &error.field, &self.handle, error.message, Severity::Error);
        }
        fine
    }

    fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        self.header.place(column).and_then(|at| row.cells.get(at)).map_or("", |cell| cell.trim())
    }

    fn flag(&self, check: &mut Check, row: &Row, column: &str, default: bool) -> bool {
        match self.cell(row, column).to_ascii_lowercase().as_str() {
            "" => default,
            "true" | "yes" | "1" => true,
            "false" | "no" | "0" => false,
            other => {
                let other: String = other.chars().take(20).collect();
                check.fail(column, format!("must be true or false, not {other}"));
                default
            }
        }
    }

    fn number(&self, check: &mut Check, row: &Row, column: &str, low: i64, high: i64) -> Option<i64> {
        let cell = self.cell(row, column);
        if cell.is_empty() {
            return None;
        }
        // Some tools write 100.0 for a whole number.
        let whole = cell
            .split_once('.')
            .filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0'))
            .map_or(cell, |(w, _)| w);
        match whole.parse::<i64>() {
            Ok(number) => Some(check.within(column, number, low, high)),
            Err(_) => {
                check.fail(column, format!("must be a whole number between {low} and {high}"));
                None
            }
        }
    }

    fn option_names(&self, check: &mut Check) -> Vec<String> {
        let first = &self.rows[0];
        let mut names = Vec::new();
        for n in 1..=MAX_OPTIONS {
            let column = format!("Option{n} Name");
            let name = self.cell(first, &column);
            if name.is_empty() {
                let value = format!("Option{n} Value");
                if 1 < n && self.rows.iter().any(|row| !self.cell(row, &value).is_empty()) {
                    check.fail(&column, "has values but no name");
                }
                break;
            }
            names.push(check.name(&column, name, 255));
        }
        let mut seen = HashSet::new();
        for (n, name) in names.iter().enumerate() {
            if !seen.insert(name.to_lowercase()) {
                check.fail(&format!("Option{} Name", n + 1), format!("the option {name} is named twice"));
            }
        }
        if names.is_empty() { vec![PLAIN_OPTION.to_owned()] } else { names }
    }

    fn is_variant(&self, row: &Row) -> bool {
        ["Variant Price", "Option1 Value", "Variant SKU"]
            .iter()
            .any(|column| !self.cell(row, column).is_empty())
    }

    /// Takes note of a picture once; gives back its place in the gallery.
    fn picture(
        &self,
        check: &mut Check,
        row: &Row,
        column: &str,
        images: &mut Vec<ImageSpec>,
        places: &mut HashMap<String, usize>,
    ) -> Option<usize> {
        let url = self.cell(row, column);
        if url.is_empty() {
            return None;
        }
        if let Some(at) = places.get(url) {
            return Some(*at);
        }
        check_url(check, column, url);
        let alt = if column == "Image Src" {
            check.line("Image Alt Text", self.cell(row, "Image Alt Text"), 512)
        } else {
            String::new()
        };
        places.insert(url.to_owned(), images.len());
        images.push(ImageSpec { id: None, media: None, url: url.to_owned(), alt });
        Some(images.len() - 1)
    }

    fn variant(&self, check: &mut Check, row: &Row, options: &[String], image: Option<usize>) -> VariantSpec {
        let mut option_values = Vec::with_capacity(options.len());
        for n in 1..=options.len() {
            let column = format!("Option{n} Value");
            let value = self.cell(row, &column);
            let plain = value.is_empty() && options == [PLAIN_OPTION];
            option_values.push(if plain { PLAIN_VALUE.to_owned() } else { check.name(&column, value, 255) });
        }
        for n in options.len() + 1..=MAX_OPTIONS {
            let column = format!("Option{n} Value");
            if 1 < n && !self.cell(row, &column).is_empty() {
                check.fail(&column, "the product has no option of this number");
            }
        }
        let price = match self.cell(row, "Variant Price") {
            "" => {
                check.fail("Variant Price", "a variant needs a price");
                None
            }
            text => check.price("Variant Price", text, self.currency),
        };
        let compare_at = match self.cell(row, "Variant Compare At Price") {
            "" => None,
            text => check.price("Variant Compare At Price", text, self.currency),
        };
        let policy = match self.cell(row, "Variant Inventory Policy").to_ascii_lowercase().as_str() {
            "" | "deny" => StockPolicy::Deny,
            "continue" => StockPolicy::Continue,
            _ => {
                check.fail("Variant Inventory Policy", "must be deny or continue");
                StockPolicy::Deny
            }
        };
        let unit = match self.cell(row, "Variant Weight Unit").to_ascii_lowercase() {
            unit if unit.is_empty() => "g".to_owned(),
            unit if ["g", "kg", "lb", "oz"].contains(&unit.as_str()) => unit,
            _ => {
                check.fail("Variant Weight Unit", "must be g, kg, lb or oz");
                "g".to_owned()
            }
        };
        let tracker = self.cell(row, "Variant Inventory Tracker");
        let mut source_columns = self.kept(row, true);
        if !tracker.is_empty() && tracker != "shopify" {
            source_columns.insert("Variant Inventory Tracker".to_owned(), tracker.chars().take(64).collect());
        }
        // A code that is no category of ours is kept as it is, as all that belongs to other programs.
        let tax_category = match (self.header.place(TAX_CODE), self.cell(row, TAX_CODE)) {
            (None, _) => None,
            (Some(_), "") => Some(TaxCategory::STANDARD),
            (Some(_), code) => TaxCategory::parse(code).ok(),
        };
        if tax_category.is_some() {
            source_columns.retain(|name, _| !name.eq_ignore_ascii_case(TAX_CODE));
        }
        // Spreadsheets are kept from reading a bar code as a number by an apostrophe in front of it.
        let barcode = self.cell(row, "Variant Barcode").trim_start_matches('\'');
        VariantSpec {
            id: None,
            option_values,
            sku: check.sku("Variant SKU", self.cell(row, "Variant SKU")),
            barcode: check.line("Variant Barcode", barcode, 64),
            price: price.unwrap_or(primitives::Money::zero(self.currency)),
            compare_at,
            weight_grams: self.number(check, row, "Variant Grams", 0, MAX_GRAMS).unwrap_or(0),
            weight_unit: unit,
            requires_shipping: self.flag(check, row, "Variant Requires Shipping", true),
            taxable: self.flag(check, row, "Variant Taxable", true),
            tax_category,
            tracked: !tracker.is_empty(),
            policy,
            on_hand: self.number(check, row, "Variant Inventory Qty", -MAX_ON_HAND, MAX_ON_HAND),
            threshold: None,
            image,
            source_columns,
        }
    }

    /// The cells that have no place of their own here and say something.
    fn kept(&self, row: &Row, of_variant: bool) -> SourceColumns {
        let cells = self.header.kept.iter().filter(|(_, _, variant)| *variant == of_variant);
        let cells = cells.filter_map(|(at, name, _)| {
            let cell = row.cells.get(*at).map_or("", |cell| cell.trim());
            let says = !cell.is_empty() && !cell.eq_ignore_ascii_case(default_of(name));
            says.then(|| (name.clone(), cell.chars().take(1_000).collect::<String>()))
        });
        cells.collect::<BTreeMap<_, _>>()
    }

    fn distinct(&self, variants: &[(u64, VariantSpec)], problems: &mut Vec<Problem>) -> bool {
        let mut seen = HashMap::new();
        let mut fine = true;
        for (line, variant) in variants {
            let key: Vec<String> = variant.option_values.iter().map(|value| value.to_lowercase()).collect();
            if let Some(before) = seen.insert(key, *line) {
                let message =
                    format!("{} is the variant of line {before} already", variant.option_values.join(" / "));
                note(problems, *line, "Option1 Value", &self.handle, message, Severity::Error);
                fine = false;
            }
        }
        fine
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
