//! Edits of placed orders: what they would do, and doing it.

use super::order_moves::OrderPayload;
use super::orders::Totals;
use super::{Long, schema};

/// What shall be different about an order.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditChangesInput {
    pub quantities: Vec<OrderEditQuantityInput>,
    pub add: Vec<OrderEditAddInput>,
    pub discounts: Vec<OrderEditDiscountInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    pub rest_received: bool,
}

impl OrderEditChangesInput {
    /// Nothing is different.
    pub fn none(rest_received: bool) -> Self {
        Self {
            quantities: Vec::new(),
            add: Vec::new(),
            discounts: Vec::new(),
            shipping: None,
            address: None,
            email: None,
            phone: None,
            rest_received,
        }
    }
}

/// Where it goes.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AddressInput {
    pub name: String,
    pub company: String,
    pub line1: String,
    pub line2: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub phone: String,
}

/// The new quantity of a line.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditQuantityInput {
    pub line_id: cynic::Id,
    pub quantity: i32,
}

/// A line to add.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditAddInput {
    pub variant_id: cynic::Id,
    pub quantity: i32,
}

/// What is taken off a line by hand.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditDiscountInput {
    pub line_id: cynic::Id,
    pub amount: String,
}

/// An edit.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderEditInput {
    pub id: cynic::Id,
    pub version: Long,
    pub changes: OrderEditChangesInput,
    pub reason: String,
    pub notify: bool,
    pub idempotency_key: String,
}

/// Variables of [`OrderEditForetold`].
#[derive(cynic::QueryVariables, Debug)]
pub struct OrderEditForetoldVariables {
    /// The order.
    pub id: cynic::Id,
    /// What shall be different.
    pub changes: OrderEditChangesInput,
}

/// What an edit would do.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "OrderEditForetoldVariables")]
pub struct OrderEditForetold {
    /// All of it.
    #[arguments(id: $id, changes: $changes)]
    pub order_edit_preview: OrderEditPreview,
}

/// What an edit would do.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditPreview {
    pub before: Totals,
    pub after: Totals,
    pub money: OrderEditMoney,
    pub stock: Vec<OrderEditStock>,
    pub problems: Vec<OrderEditProblem>,
}

/// What becomes of the money.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct OrderEditMoney {
    /// In words.
    pub text: String,
}

/// What an edit does to the stock of a variant.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditStock {
    pub title: String,
    pub taken: i32,
}

/// Why an edit cannot be done.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderEditProblem {
    pub field: String,
    pub message: String,
}

super::mutations! {
    /// An order is about something else now.
    OrderEdit("OrderEditVariables", OrderEditVariables: OrderEditInput) -> order_edit: OrderPayload;
}
