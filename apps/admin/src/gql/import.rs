//! Product files: the dry run, the import, the export.

use super::schema;

/// A file's text.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ImportInput {
    /// In the Shopify product layout.
    pub csv: String,
    /// For the record.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
}

/// What the file would do.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ImportPreview {
    pub rows: i32,
    pub products: i32,
    pub variants: i32,
    pub images: i32,
    pub create: i32,
    pub update: i32,
    pub unchanged: i32,
    pub failed: i32,
    pub problems: Vec<ImportProblem>,
    pub items: Vec<ImportItem>,
}

/// What the file did.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ImportResult {
    pub rows: i32,
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub failed: i32,
    pub images: i32,
    pub problems: Vec<ImportProblem>,
}

/// What is wrong in the file, and where.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct ImportProblem {
    /// Line of the file, from 1.
    pub line: i32,
    /// Head of the column.
    pub column: String,
    /// Product that the row belongs to.
    pub handle: String,
    /// In words.
    pub message: String,
    /// Whether it stops the product.
    pub severity: ImportSeverity,
}

/// Whether a problem stops its product.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportSeverity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// One product of the file.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ImportItem {
    pub line: i32,
    pub handle: String,
    pub title: String,
    pub variants: i32,
    pub action: ImportAction,
}

/// What happens to a product of the file.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ImportAction {
    Create,
    Update,
    Unchanged,
    Failed,
}

/// The catalogue as a file.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Export {
    /// In the layout that the import takes.
    pub product_export: ProductExport,
}

/// The catalogue as a file.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct ProductExport {
    pub filename: String,
    pub csv: String,
    pub products: i32,
}

super::mutations! {
    /// Says what the file would do, and changes nothing.
    Preview("PreviewVariables", PreviewVariables: ImportInput) -> import_preview: ImportPreview;
    /// Takes the file over.
    Apply("ApplyVariables", ApplyVariables: ImportInput) -> import_apply: ImportResult;
}
