//! GraphQL: parse, call, map. Access is decided by [`crate::surface`] and by the doors behind the use cases.

mod addresses;
mod again;
mod cart;
mod checkout;
mod currency;
mod draft;
mod edit;
mod exchange;
mod input;
mod order;
mod papers;
mod parcel;
mod payment;
mod people;
mod price;
mod promotion;
mod returns;
mod review;
mod shop;
mod staff;
mod tag;
mod tax;
mod tender;
mod verdict;
mod wish;

pub use addresses::{AddressesMutation, AddressesQuery};
pub use again::AgainMutation;
pub use currency::{CurrenciesMutation, CurrenciesQuery};
pub use draft::{DraftsMutation, DraftsQuery};
pub use edit::{EditsMutation, EditsQuery};
pub use exchange::ExchangeMutation;
pub use papers::{PapersMutation, PapersQuery};
pub use parcel::ParcelsMutation;
pub use payment::{PaymentsMutation, PaymentsQuery};
pub use people::{CustomersMutation, CustomersQuery};
pub use price::{PriceListsMutation, PriceListsQuery};
pub use promotion::{PromotionsMutation, PromotionsQuery};
pub use returns::{ReturnsMutation, ReturnsQuery};
pub use review::{ReviewsMutation, ReviewsQuery};
pub use shop::{CartMutation, CartQuery};
pub use staff::{OrdersMutation, OrdersQuery};
pub use tag::{TagsMutation, TagsQuery};
pub use tax::TaxQuery;
pub use tender::{TenderMutation, TenderQuery};
pub use wish::{WishMutation, WishQuery};

use async_graphql::{Context, MergedObject};
use axum::http::HeaderMap;
use platform::graphql::{Boxed, failure};
use platform::{Ctx, Error};
use primitives::PageArgs;

/// Everything that can be asked about buying.
#[derive(MergedObject, Default)]
pub struct CommerceQuery(
    Boxed<CartQuery>,
    Boxed<OrdersQuery>,
    Boxed<PapersQuery>,
    Boxed<TagsQuery>,
    Boxed<PaymentsQuery>,
    Boxed<ReturnsQuery>,
    Boxed<PromotionsQuery>,
    Boxed<ReviewsQuery>,
    Boxed<CustomersQuery>,
    Boxed<AddressesQuery>,
    Boxed<TenderQuery>,
    Boxed<TaxQuery>,
    Boxed<PriceListsQuery>,
    Boxed<WishQuery>,
    Boxed<DraftsQuery>,
    Boxed<EditsQuery>,
    Boxed<CurrenciesQuery>,
);

/// Everything that can be done about buying.
#[derive(MergedObject, Default)]
pub struct CommerceMutation(
    Boxed<CartMutation>,
    Boxed<AgainMutation>,
    Boxed<OrdersMutation>,
    Boxed<TagsMutation>,
    Boxed<ParcelsMutation>,
    Boxed<PaymentsMutation>,
    Boxed<PapersMutation>,
    Boxed<ReturnsMutation>,
    Boxed<PromotionsMutation>,
    Boxed<ReviewsMutation>,
    Boxed<CustomersMutation>,
    Boxed<AddressesMutation>,
    Boxed<TenderMutation>,
    Boxed<PriceListsMutation>,
    Boxed<WishMutation>,
    Boxed<DraftsMutation>,
    Boxed<ExchangeMutation>,
    Boxed<EditsMutation>,
    Boxed<CurrenciesMutation>,
);

/// Header in which clients without cookies send the key to their cart.
pub const CART_HEADER: &str = "x-cart-token";

/// The key to the caller's cart: the argument, else the header, else the browser's cookie.
fn cart_token(context: &Context<'_>, ctx: &Ctx, argument: Option<String>) -> Option<String> {
    argument.or_else(|| cart_token_of(context.data_opt::<HeaderMap>()?, &ctx.tenant().slug))
}

/// The key to a cart in the headers of a request to the shop called `slug`.
pub fn cart_token_of(headers: &HeaderMap, slug: &str) -> Option<String> {
    if let Some(token) = headers.get(CART_HEADER).and_then(|value| value.to_str().ok()) {
        return Some(token.to_owned());
    }
    let name = format!("rustok_cart_{slug}");
    let cookies = headers.get_all("cookie").into_iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name || key.strip_prefix("__Host-") == Some(&name)).then(|| value.to_owned())
    })
}

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

/// Declares a Relay connection; its nodes were loaded with the page.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ident) => {
        #[doc = concat!("A page of ", stringify!($node), "s.")]
        #[derive(async_graphql::SimpleObject)]
        pub struct $connection {
            /// Nodes with their places.
            edges: Vec<$edge>,
            /// The nodes alone.
            nodes: Vec<$node>,
            /// Where this page stands.
            page_info: platform::graphql::PageInfo,
            /// Nodes on all pages.
            total_count: u64,
        }

        /// A node with its place.
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// The node.
            node: $node,
            /// Its place, for `after` and `before`.
            cursor: String,
        }

        impl $connection {
            pub(in crate::graphql) fn of<T>(page: $crate::Page<T>, node: impl Fn(T) -> $node) -> Self {
                let nodes: Vec<$node> = page.items.into_iter().map(node).collect();
                let pairs = nodes.iter().cloned().zip(page.cursors.iter().cloned());
                Self {
                    edges: pairs.map(|(node, cursor)| $edge { node, cursor }).collect(),
                    page_info: platform::graphql::PageInfo {
                        has_next_page: page.has_next,
                        has_previous_page: page.has_previous,
                        start_cursor: page.cursors.first().cloned(),
                        end_cursor: page.cursors.last().cloned(),
                    },
                    total_count: page.total,
                    nodes,
                }
            }
        }
    };
}
use connection;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn finds_the_key_to_the_cart() {
        let cookie = headers(&[("cookie", "a=b; rustok_cart_hearth=one; rustok_cart_other=two")]);
        assert_eq!(cart_token_of(&cookie, "hearth").as_deref(), Some("one"));
        assert_eq!(cart_token_of(&cookie, "hear"), None);
        let secure = headers(&[("cookie", "__Host-rustok_cart_hearth=one")]);
        assert_eq!(cart_token_of(&secure, "hearth").as_deref(), Some("one"));
        let both = headers(&[("cookie", "rustok_cart_hearth=one"), ("x-cart-token", "two")]);
        assert_eq!(cart_token_of(&both, "hearth").as_deref(), Some("two"));
    }
}
