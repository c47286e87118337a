//! Figures of the first page.

use super::orders::OrderRow;
use super::{Money, schema};

/// Variables of [`Figures`].
#[derive(cynic::QueryVariables)]
pub struct FiguresVariables {
    /// How many days with today.
    pub days: i32,
}

/// Sales of the last days.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "FiguresVariables")]
pub struct Figures {
    /// The figures.
    #[arguments(days: $days)]
    pub dashboard: Dashboard,
}

/// Sales of a period, and what needs a hand.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Dashboard {
    pub days: Vec<SalesDay>,
    pub revenue: Money,
    pub n_orders: i32,
    pub average: Money,
    pub revenue_before: Money,
    pub n_orders_before: i32,
    pub n_to_ship: i32,
    pub n_unpaid: i32,
    pub top_products: Vec<TopProduct>,
    pub attention: Vec<OrderRow>,
    pub latest: Vec<OrderRow>,
}

/// One day.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct SalesDay {
    /// `2026-11-21`, in UTC.
    pub date: String,
    /// Money of the day.
    pub revenue: Money,
    /// Orders of the day.
    pub n_orders: i32,
}

/// A product that sells.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TopProduct {
    pub product_id: cynic::Id,
    pub title: String,
    pub quantity: i32,
    pub revenue: Money,
}

/// Variants that run out.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct LowStock {
    /// Fewest first.
    #[arguments(first: 6)]
    pub low_stock: Vec<LowStockItem>,
}

/// A variant that runs out.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct LowStockItem {
    pub product_id: cynic::Id,
    pub product_title: String,
    pub variant_title: String,
    pub sku: String,
    pub reserved: i32,
    pub available: i32,
}
