//! Price lists: the list, the editor, the prices in one, and why somebody pays what.

use super::catalog::IdVariablesFields;
use super::{DateTime, Long, Money, PageInfo, schema};

/// Variables of [`PriceLists`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct PriceListsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub q: String,
    pub archived: Option<bool>,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "PriceListsVariables")]
pub struct PriceLists {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, q: $q, archived: $archived)]
    pub price_lists: PriceListConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PriceListConnection {
    /// In order.
    pub nodes: Vec<PriceList>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// One list, to edit.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct PriceListById {
    /// The list.
    #[arguments(id: $id)]
    pub price_list: PriceList,
}

/// A list of prices for some customers, countries or days.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PriceList {
    pub id: cynic::Id,
    pub name: String,
    pub currency: String,
    pub includes_tax: bool,
    pub groups: Vec<PriceListGroup>,
    pub countries: Vec<String>,
    pub starts_at: Option<DateTime>,
    pub ends_at: Option<DateTime>,
    pub priority: i32,
    pub active: bool,
    pub n_prices: i32,
    pub archived_at: Option<DateTime>,
    pub version: Long,
    pub updated_at: DateTime,
}

/// A group that a list is for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct PriceListGroup {
    /// The group.
    pub id: cynic::Id,
    /// What staff calls it.
    pub name: String,
}

/// A list as it shall be.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PriceListInput {
    pub name: String,
    pub currency: Option<String>,
    pub includes_tax: Option<bool>,
    pub group_ids: Option<Vec<cynic::Id>>,
    pub countries: Option<Vec<String>>,
    pub starts_at: Option<DateTime>,
    pub ends_at: Option<DateTime>,
    pub priority: i32,
    pub active: bool,
}

/// The list as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PriceListPayload {
    /// With its new version.
    pub price_list: PriceList,
}

super::mutations! {
    /// Makes a list.
    PriceListCreate("PriceListCreateVariables", PriceListCreateVariables: PriceListInput)
        -> price_list_create: PriceListPayload;
    /// Puts prices into a list and takes others out.
    PriceListPricesSet("PriceListPricesSetVariables", PriceListPricesSetVariables: PriceListPricesSetInput)
        -> price_list_prices_set: PriceListPricesPayload;
}

/// Variables of [`PriceListUpdate`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct PriceListUpdateVariables {
    pub id: cynic::Id,
    pub version: Long,
    pub input: PriceListInput,
}

/// Changes a list; its prices stay.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PriceListUpdateVariables")]
pub struct PriceListUpdate {
    /// What came of it.
    #[arguments(id: $id, version: $version, input: $input)]
    pub price_list_update: PriceListPayload,
}

/// Variables of [`PriceListArchive`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct PriceListArchiveVariables {
    pub id: cynic::Id,
    pub version: Long,
}

/// Puts a list away for good.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PriceListArchiveVariables")]
pub struct PriceListArchive {
    /// What came of it.
    #[arguments(id: $id, version: $version)]
    pub price_list_archive: PriceListPayload,
}

/// Variables of [`ListedPrices`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct ListedPricesVariables {
    pub id: cynic::Id,
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// One page of the prices of a list.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "ListedPricesVariables")]
pub struct ListedPrices {
    /// The rows.
    #[arguments(id: $id, first: $first, after: $after, last: $last, before: $before)]
    pub price_list_prices: ListedPriceRowConnection,
}

/// The prices of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ListedPriceRowConnection {
    /// By variant and number of pieces.
    pub nodes: Vec<ListedPriceRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// All of them.
    pub total_count: i32,
}

/// A price of a list.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ListedPriceRow {
    pub variant_id: cynic::Id,
    pub title: String,
    pub variant_title: String,
    pub sku: String,
    pub min_quantity: i32,
    pub price: Money,
    pub compare_at_price: Option<Money>,
    pub base_price: Money,
}

impl ListedPriceRow {
    /// Product and variant in one line.
    pub fn called(&self) -> String {
        match self.variant_title.as_str() {
            "" => self.title.clone(),
            variant => format!("{}, {variant}", self.title),
        }
    }
}

/// Prices to put into a list and to take out of it.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct PriceListPricesSetInput {
    pub id: cynic::Id,
    pub prices: Vec<ListPriceInput>,
}

/// A price of a list; one without `price` is taken out.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ListPriceInput {
    pub variant_id: cynic::Id,
    pub min_quantity: i32,
    pub price: Option<String>,
    pub compare_at_price: Option<String>,
}

/// How many prices a list has after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PriceListPricesPayload {
    /// So many.
    pub n_prices: i32,
}

/// Who would buy what.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct PriceExplainInput {
    pub variant_id: cynic::Id,
    pub quantity: i32,
    pub country: Option<String>,
    pub group_ids: Vec<cynic::Id>,
    pub at: Option<DateTime>,
    pub currency: Option<String>,
}

/// Variables of [`PriceExplained`].
#[derive(cynic::QueryVariables)]
pub struct PriceExplainedVariables {
    /// The question.
    pub input: PriceExplainInput,
}

/// Why somebody pays what.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "PriceExplainedVariables")]
pub struct PriceExplained {
    /// The price with every list.
    #[arguments(input: $input)]
    pub price_explain: PriceExplanation,
}

/// What one piece costs somebody, and why.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PriceExplanation {
    pub price: Money,
    pub compare_at_price: Option<Money>,
    pub min_quantity: Option<i32>,
    pub converted: Option<String>,
    pub lists: Vec<ExplainedList>,
}

/// What became of one list.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ExplainedList {
    pub list_id: cynic::Id,
    pub name: String,
    pub chosen: bool,
    pub words: String,
}
