//! What is written down of edits.

use primitives::VariantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PlacedLine;
use crate::entity::orders;

/// What an edit made of an order. Whom and where it goes to is said nowhere here, only that it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedOrder {
    /// Tells edits apart.
    pub edit_id: Uuid,
    /// Why, as staff says it.
    pub reason: String,
    /// Of all its amounts.
    pub currency: String,
    /// Its sums before.
    pub before: Sums,
    /// Its sums since then.
    pub after: Sums,
    /// What is bought since then, in order.
    pub lines: Vec<PlacedLine>,
    /// What changed about which thing.
    pub changes: Vec<LineChange>,
    /// Another address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub address: bool,
    /// Another mail address or phone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contact: bool,
    /// What goes back because of it.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub refund: i64,
    /// What is to be paid still.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub due: i64,
    /// What came in with it by hand.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub received: i64,
    /// By how much edits have changed the total since its payment was asked for.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub edited: i64,
    /// What was left to send was taken away: all of it has left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shipped: bool,
}

/// The sums of an order, minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Pieces over all lines.
    pub n_items: i64,
    /// Lines at their prices.
    pub subtotal: i64,
    /// What was taken off.
    pub discount: i64,
    /// What the delivery costs.
    pub shipping: i64,
    /// Tax.
    pub tax: i64,
    /// What is to be paid.
    pub total: i64,
}

/// What an edit changed about a line; a quantity of 0 before is a new one, after a removed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineChange {
    /// What exactly.
    pub variant_id: VariantId,
    /// What it was called.
    pub title: String,
    /// Pieces before.
    pub before: i64,
    /// Pieces after.
    pub after: i64,
    /// What is taken off by hand after, where that changed, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<i64>,
}

/// What an order is about since it was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its sums.
    pub sums: Sums,
    /// What is bought, in order.
    pub lines: Vec<PlacedLine>,
}

impl Sums {
    pub(crate) fn of(row: &orders::Model) -> Self {
        Self {
            n_items: row.n_items,
            subtotal: row.subtotal_minor,
            discount: row.discount_minor,
            shipping: row.shipping_minor,
            tax: row.tax_minor,
            total: row.total_minor,
        }
    }
}
