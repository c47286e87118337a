//! Buying the same again, for shoppers.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{ctx_of, failure};

use super::cart::Cart;
use super::cart_token;
use super::returns::door;
use crate::cart;

/// Buying the same again.
#[derive(Default)]
pub struct AgainMutation;

#[Object]
impl AgainMutation {
    /// Puts what an order holds into the caller's cart, as much of it as is sold today and at today's prices; makes the cart
    /// when there is none.
    async fn order_again(&self, context: &Context<'_>, input: OrderAgainInput) -> Result<OrderAgainPayload> {
        let ctx = ctx_of(context)?;
        let door = door(input.token.as_ref(), input.order_id.as_ref())?;
        let key = cart_token(context, ctx, input.cart_token);
        let again = Box::pin(cart::again(ctx, key.as_deref(), door)).await.map_err(failure)?;
        let (cart, token) = match again.change {
            Some(change) => (change.cart, change.token),
            None => (cart::view(ctx, key.as_deref()).await.map_err(failure)?, None),
        };
        let missing = again.missing.into_iter().map(OrderAgainMissing::from).collect();
        Ok(OrderAgainPayload { cart: Cart::of(cart, ctx), token, missing })
    }
}

/// An order to buy again.
#[derive(InputObject)]
pub struct OrderAgainInput {
    /// The key of the order's tracking link; or `orderId`.
    token: Option<String>,
    /// One of the caller's own orders; or `token`.
    order_id: Option<ID>,
    /// Key of a guest's cart.
    cart_token: Option<String>,
}

/// What came of it.
#[derive(SimpleObject)]
pub struct OrderAgainPayload {
    /// The cart; as it was when nothing of the order is sold now.
    cart: Cart,
    /// Only when this call made a guest's cart: the key to it, to be kept and sent as `cartToken` or `X-Cart-Token`.
    token: Option<String>,
    /// What of the order is not in the cart.
    missing: Vec<OrderAgainMissing>,
}

/// Something of an order that cannot be bought again.
#[derive(SimpleObject)]
pub struct OrderAgainMissing {
    /// Name when it was bought.
    title: String,
    /// Name of the variant then; may be empty.
    variant_title: String,
    /// It is sold, and just used up; otherwise it is not sold any more.
    sold_out: bool,
}

impl From<cart::Missing> for OrderAgainMissing {
    fn from(missing: cart::Missing) -> Self {
        let cart::Missing { title, variant_title, sold_out } = missing;
        Self { title, variant_title, sold_out }
    }
}
