//! GraphQL: parse, call, map. Access is decided by [`crate::surface`] and by the doors behind the use cases.

mod editor;
mod input;
mod mutation;
mod price;
mod product;
mod shop;
mod staff;
mod stock;

pub use mutation::{MAX_CSV, ProductMutation};
pub use price::PriceQuery;
pub use product::Picture;
pub use shop::ShopQuery;
pub use staff::StaffQuery;
pub use stock::{StockMutation, StockQuery};

use async_graphql::MergedObject;
use platform::Error;
use platform::graphql::{Boxed, failure};
use primitives::PageArgs;

/// Everything the catalogue answers.
#[derive(MergedObject, Default)]
pub struct CatalogQuery(Boxed<ShopQuery>, Boxed<StaffQuery>, Boxed<StockQuery>, Boxed<PriceQuery>);

/// The catalogue's part of the mutation root.
#[derive(MergedObject, Default)]
pub struct CatalogMutation(Boxed<ProductMutation>, Boxed<StockMutation>);

/// The arguments of a connection, checked.
fn page_args(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> async_graphql::Result<PageArgs> {
    PageArgs::new(first, after, last, before)
        .map_err(|error| failure(Error::invalid_fields(vec![error.into()])))
}

/// How many nodes a connection may hold, for the cost of a document.
fn nodes(first: Option<i32>, last: Option<i32>) -> usize {
    first.or(last).and_then(|n| usize::try_from(n).ok()).unwrap_or(PageArgs::DEFAULT as usize).min(100)
}

/// Declares a Relay connection over cheap nodes.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty) => {
        /// A page of nodes with their places.
        pub struct $connection {
            items: Vec<(String, $node)>,
            total: u64,
            has_next: bool,
            has_previous: bool,
        }

        /// A node with its place.
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// The node.
            node: $node,
            /// Its place, for `after` and `before`.
            cursor: String,
        }

        /// A page of a list.
        #[async_graphql::Object]
        impl $connection {
            /// Nodes with their places.
            async fn edges(&self) -> Vec<$edge> {
                let edge =
                    |(cursor, node): &(String, $node)| $edge { node: node.clone(), cursor: cursor.clone() };
                self.items.iter().map(edge).collect()
            }

            /// The nodes alone.
            async fn nodes(&self) -> Vec<&$node> {
                self.items.iter().map(|(_, node)| node).collect()
            }

            /// Where this page stands.
            async fn page_info(&self) -> platform::graphql::PageInfo {
                platform::graphql::PageInfo {
                    has_next_page: self.has_next,
                    has_previous_page: self.has_previous,
                    start_cursor: self.items.first().map(|(cursor, _)| cursor.clone()),
                    end_cursor: self.items.last().map(|(cursor, _)| cursor.clone()),
                }
            }

            /// Nodes on all pages.
            async fn total_count(&self) -> u64 {
                self.total
            }
        }

        impl $connection {
            pub(super) fn of<T>(slice: &$crate::query::Slice<T>, node: impl Fn(&T) -> $node) -> Self {
                Self {
                    items: slice.items.iter().map(|(at, item)| (at.to_string(), node(item))).collect(),
                    total: slice.total,
                    has_next: slice.has_next,
                    has_previous: slice.has_previous,
                }
            }
        }
    };
}
use connection;
