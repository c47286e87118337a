//! Customers: the table and one of them.

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
    SpentDesc,
    SpentAsc,
    OrdersDesc,
    OrdersAsc,
}

impl CustomerSort {
    /// Column and direction in the address.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::CreatedDesc, "-created"),
        (Self::CreatedAsc, "created"),
        (Self::NameAsc, "name"),
        (Self::NameDesc, "-name"),
        (Self::SpentDesc, "-spent"),
        (Self::SpentAsc, "spent"),
        (Self::OrdersDesc, "-orders"),
        (Self::OrdersAsc, "orders"),
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
    pub group_id: Option<cynic::Id>,
    pub marketing: Option<bool>,
    pub sort: CustomerSort,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "CustomersVariables")]
pub struct Customers {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, q: $q, groupId: $group_id, marketing: $marketing, sort: $sort)]
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
    pub groups: Vec<GroupName>,
}

/// A group that a customer is in.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerGroupName")]
#[allow(missing_docs)]
pub struct GroupName {
    pub id: cynic::Id,
    pub name: String,
}

/// An answer to whether letters are wanted.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerConsent")]
#[allow(missing_docs)]
pub struct Consent {
    pub given: bool,
    pub source: String,
    pub at: DateTime,
}

/// What the staff wrote down.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerNote")]
#[allow(missing_docs)]
pub struct Note {
    pub author: String,
    pub text: String,
    pub at: DateTime,
}

/// Variables of [`CustomersCsv`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct CustomersCsvVariables {
    pub q: String,
    pub group_id: Option<cynic::Id>,
    pub marketing: Option<bool>,
}

/// The list as a file.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "CustomersCsvVariables")]
pub struct CustomersCsv {
    /// The file.
    #[arguments(q: $q, groupId: $group_id, marketing: $marketing)]
    pub customers_export: CustomersFile,
}

/// A file of customers.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct CustomersFile {
    pub filename: String,
    pub csv: String,
    pub customers: i32,
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
    pub average: Option<Money>,
    pub last_order_at: Option<DateTime>,
    pub created_at: DateTime,
    pub marketing: bool,
    pub consents: Vec<Consent>,
    pub notes: Vec<Note>,
    pub groups: Vec<GroupName>,
    pub erased_at: Option<DateTime>,
    pub tax_exempt: bool,
    pub tax_number: String,
    pub tax_reason: String,
    pub addresses: Vec<Address>,
}
