//! The figures of a shop.

use primitives::{Money, ProductId};
use serde::{Deserialize, Serialize};

use super::OrderRowView;

/// The figures of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DashboardView {
    /// One entry per day, oldest first, days without sales included; UTC.
    pub days: Vec<SalesDay>,
    /// Received minus given back over `days`. All sums are in the shop's currency; orders in others count at the rate that
    /// they keep.
    pub revenue: Money,
    /// Paid orders over `days`.
    pub n_orders: u64,
    /// `revenue / n_orders`, rounded once; zero without orders.
    pub average: Money,
    /// Revenue of the same number of days before.
    pub revenue_before: Money,
    /// Paid orders of the same number of days before.
    pub n_orders_before: u64,
    /// Paid and not sent.
    pub n_to_ship: u64,
    /// Placed and not paid.
    pub n_unpaid: u64,
    /// Most revenue first, at most ten.
    pub top_products: Vec<TopProduct>,
    /// Orders that somebody has to look at, oldest first, at most twenty.
    pub attention: Vec<OrderRowView>,
    /// The newest orders, at most ten.
    pub latest: Vec<OrderRowView>,
}

/// Sales of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesDay {
    /// `2026-11-21`, UTC.
    pub date: String,
    /// Received minus given back.
    pub revenue: Money,
    /// Orders that were paid.
    pub n_orders: u64,
    /// Pieces in them.
    pub n_items: u64,
}

/// A product that sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopProduct {
    /// Identity.
    pub product: ProductId,
    /// Name when it was last sold.
    pub title: String,
    /// Pieces.
    pub quantity: u64,
    /// Line totals, as the shop writes prices.
    pub revenue: Money,
}
