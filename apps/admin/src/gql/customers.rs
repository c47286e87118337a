//! Customers, to look at.

use super::catalog::IdVariablesFields;
use super::orders::Address;
use super::{DateTime, Money, PageInfo, schema};

/// Order of the table.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CustomerSort {
    CreatedDesc,
    CreatedAsc,
    NameAsc,
    NameDesc,
}

impl CustomerSort {
    /// Column and direction in the address.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::CreatedDesc, "-created"),
        (Self::CreatedAsc, "created"),
        (Self::NameAsc, "name"),
        (Self::NameDesc, "-name"),
    ];

    /// The order that the address names; the newest first when it names none.
    pub fn from_key(key: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == key).map_or(Self::CreatedDesc, |(sort, _)| *sort)
    }
}

/// Variables of [`Customers`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct CustomersVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub q: String,
    pub sort: CustomerSort,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "CustomersVariables")]
pub struct Customers {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, q: $q, sort: $sort)]
    pub customers: CustomerRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "CustomerConnection")]
pub struct CustomerRows {
    /// In order.
    pub nodes: Vec<CustomerRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit the search.
    pub total_count: i32,
}

/// One line of the table.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Customer")]
#[allow(missing_docs)]
pub struct CustomerRow {
    pub id: cynic::Id,
    pub user_id: Option<cynic::Id>,
    pub email: String,
    pub name: String,
    pub n_orders: i32,
    pub spent: Money,
    pub last_order_at: Option<DateTime>,
    pub created_at: DateTime,
}

/// One customer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct CustomerById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub customer: Option<Customer>,
}

/// A customer with addresses.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Customer {
    pub id: cynic::Id,
    pub user_id: Option<cynic::Id>,
    pub email: String,
    pub name: String,
    pub n_orders: i32,
    pub spent: Money,
    pub last_order_at: Option<DateTime>,
    pub created_at: DateTime,
    pub addresses: Vec<Address>,
}
