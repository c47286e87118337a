//! The documents that the admin sends, typed against the checked-in schema when this crate is built.

use std::collections::HashSet;
use std::marker::PhantomData;

use cynic::queries::{OperationType, build_executable_document};
use cynic::{QueryFragment, QueryVariables};
use serde::Serialize;

#[cynic::schema("rustok")]
pub(crate) mod schema {}

/// A document with its variables, ready to be sent.
pub struct Question<T> {
    /// The document.
    pub query: String,
    /// Name of its operation.
    pub name: String,
    /// The variables as JSON.
    pub variables: serde_json::Result<String>,
    answer: PhantomData<fn() -> T>,
}

/// A document: what is asked of the root of queries or of mutations.
pub trait Document: QueryFragment {
    /// Puts the variables to it.
    fn build<V>(variables: V) -> Question<Self>
    where
        V: QueryVariables<Fields = Self::VariablesFields> + Serialize;
}

impl<T: QueryFragment> Document for T {
    fn build<V>(variables: V) -> Question<Self>
    where
        V: QueryVariables<Fields = Self::VariablesFields> + Serialize,
    {
        let kind = const {
            match T::TYPE {
                Some(root) => match root.as_bytes() {
                    b"Query" => OperationType::Query,
                    b"Mutation" => OperationType::Mutation,
                    _ => panic!("only the roots can be asked"),
                },
                None => panic!("only the roots can be asked"),
            }
        };
        let name = T::name().unwrap_or_default().into_owned();
        let query = build_executable_document::<T, V>(kind, Some(&name), HashSet::new(), None);
        Question { query, name, variables: serde_json::to_string(&variables), answer: PhantomData }
    }
}

/// Declares mutations that take one input and give a payload back.
macro_rules! mutations {
    ($($(#[$doc:meta])* $name:ident($named:literal, $variables:ident: $type:ty) -> $field:ident: $payload:ty;)*) => {$(
        /// Variables of the mutation of the same name.
        #[derive(cynic::QueryVariables)]
        pub struct $variables {
            /// Its input.
            pub input: $type,
        }

        $(#[$doc])*
        #[derive(cynic::QueryFragment, Clone, Debug)]
        #[cynic(graphql_type = "Mutation", variables = $named)]
        pub struct $name {
            /// What came of it.
            #[arguments(input: $input)]
            pub $field: $payload,
        }
    )*};
}

pub(crate) use mutations;

pub mod access;
pub mod audit;
pub mod catalog;
pub mod collections;
pub mod currencies;
pub mod customers;
pub mod dashboard;
pub mod deliveries;
pub mod drafts;
pub mod gift_cards;
pub mod groups;
pub mod identity;
pub mod import;
pub mod modules;
pub mod oidc;
pub mod order_edit;
pub mod order_moves;
pub mod orders;
pub mod payments;
pub mod people;
pub mod prices;
pub mod promotions;
pub mod returns;
pub mod reviews;
pub mod security;
pub mod settings;
pub mod stock;
pub mod tenants;

/// A whole number of 64 bits, such as minor units.
#[derive(cynic::Scalar, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long(pub i64);

/// RFC 3339 text.
#[derive(cynic::Scalar, Clone, Debug, PartialEq, Eq)]
pub struct DateTime(pub String);

/// An amount with its currency, already formatted for the shop's locale.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Money {
    /// Minor units.
    pub minor: Long,
    /// ISO 4217 code.
    pub currency: String,
    /// Decimal text without a sign for the currency.
    pub decimal: String,
    /// For people.
    pub formatted: String,
}

/// Where a page of a list stands.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct PageInfo {
    /// There are rows behind.
    pub has_next_page: bool,
    /// There are rows in front.
    pub has_previous_page: bool,
    /// Cursor of the first row.
    pub start_cursor: Option<String>,
    /// Cursor of the last row.
    pub end_cursor: Option<String>,
}

/// A picture with its renditions at `{url_base}-{width}.webp`.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Picture {
    /// Address without width and ending.
    pub url_base: String,
    /// Widths that exist, ascending; none: show the placeholder.
    pub widths: Vec<i32>,
    /// Description for those who do not see it.
    pub alt: String,
}

impl Picture {
    /// Address of the smallest rendition of at least this width.
    pub fn at_least(&self, width: i32) -> Option<String> {
        let fitting = self.widths.iter().find(|it| **it >= width).or_else(|| self.widths.last())?;
        Some(format!("{}-{fitting}.webp", self.url_base))
    }
}
