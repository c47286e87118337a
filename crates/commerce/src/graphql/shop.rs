//! What shoppers ask and do: carts, checkouts, their own orders.

use async_graphql::{Context, ID, Object, Result};
use platform::graphql::{ctx_of, failure, parse_id};
use primitives::{CartLineId, SavedLineId, VariantId};

use super::cart::{Cart, CartPayload};
use super::checkout::{Checkout, CheckoutPlacePayload};
use super::currency::in_currency;
use super::input::{
    CartCodesSetInput, CartLinesAddInput, CartLinesRemoveInput, CartLinesUpdateInput, CartSavedInput,
    CheckoutPlaceInput, checkout_input,
};
use super::order::{Order, OrderRow, OrderRowConnection};
use super::{cart_token, nodes, page_args};
use crate::{cart, checkout, order};

/// Carts, checkouts and the caller's own orders.
#[derive(Default)]
pub struct CartQuery;

#[Object]
impl CartQuery {
    /// The caller's cart at today's prices; an empty one when there is none.
    async fn cart(
        &self,
        context: &Context<'_>,
        token: Option<String>,
        #[graphql(desc = "Instead of the currency of the session")] currency: Option<String>,
    ) -> Result<Cart> {
        let ctx = &in_currency(context, currency).await?;
        let token = cart_token(context, ctx, token);
        Ok(Cart::of(cart::view(ctx, token.as_deref()).await.map_err(failure)?, ctx))
    }

    /// Countries, deliveries, ways to pay and totals for a checkout of the caller's cart.
    #[expect(clippy::too_many_arguments, reason = "what somebody has typed so far")]
    async fn checkout(
        &self,
        context: &Context<'_>,
        token: Option<String>,
        country: Option<String>,
        region: Option<String>,
        postal_code: Option<String>,
        shipping_method: Option<String>,
        #[graphql(
            desc = "What was typed so far: some promotions are for first orders, or for so many of one customer"
        )]
        email: Option<String>,
        #[graphql(desc = "Instead of the currency of the session")] currency: Option<String>,
    ) -> Result<Checkout> {
        let ctx = &in_currency(context, currency).await?;
        let token = cart_token(context, ctx, token);
        let wish = checkout::Wish {
            country: country.as_deref(),
            region: region.as_deref(),
            postal_code: postal_code.as_deref(),
            method: shipping_method.as_deref(),
            email: email.as_deref(),
        };
        let view = checkout::view(ctx, token.as_deref(), wish);
        Ok(Checkout::of(view.await.map_err(failure)?, ctx))
    }

    /// The order that a tracking link leads to.
    async fn order_by_token(&self, context: &Context<'_>, token: String) -> Result<Order> {
        let ctx = ctx_of(context)?;
        Ok(Order::of(order::by_token(ctx, &token).await.map_err(failure)?, ctx))
    }

    /// The caller's own orders, newest first.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    async fn my_orders(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<OrderRowConnection> {
        let ctx = ctx_of(context)?;
        let page = order::my_orders(ctx, &page_args(first, after, last, before)?).await.map_err(failure)?;
        Ok(OrderRowConnection::of(page, |row| OrderRow::of(row, ctx)))
    }

    /// One of the caller's own orders.
    async fn my_order(&self, context: &Context<'_>, id: ID) -> Result<Order> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, "order")?;
        Ok(Order::of(order::my_order(ctx, id).await.map_err(failure)?, ctx))
    }
}

/// Changing carts and buying.
#[derive(Default)]
pub struct CartMutation;

#[Object]
impl CartMutation {
    /// Adds pieces; makes the cart when there is none.
    async fn cart_lines_add(&self, context: &Context<'_>, input: CartLinesAddInput) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let lines = input.lines.iter().map(|line| {
            Ok((parse_id::<VariantId>(&line.variant_id, VariantId::KIND)?, i64::from(line.quantity)))
        });
        let lines = lines.collect::<Result<Vec<_>>>()?;
        Ok(CartPayload::of(Box::pin(cart::add(ctx, token.as_deref(), &lines)).await.map_err(failure)?, ctx))
    }

    /// Sets quantities; 0 removes.
    async fn cart_lines_update(
        &self,
        context: &Context<'_>,
        input: CartLinesUpdateInput,
    ) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let lines = input
            .lines
            .iter()
            .map(|line| Ok((parse_id::<CartLineId>(&line.id, CartLineId::KIND)?, i64::from(line.quantity))));
        let lines = lines.collect::<Result<Vec<_>>>()?;
        Ok(CartPayload::of(
            Box::pin(cart::update(ctx, token.as_deref(), &lines)).await.map_err(failure)?,
            ctx,
        ))
    }

    /// Puts exactly these codes into the cart; makes the cart when there is none. What each does is said by the cart.
    async fn cart_codes_set(&self, context: &Context<'_>, input: CartCodesSetInput) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let change = Box::pin(cart::set_codes(ctx, token.as_deref(), &input.codes)).await;
        Ok(CartPayload::of(change.map_err(failure)?, ctx))
    }

    /// Puts a line aside, for later; it is in no total then.
    async fn cart_line_save(&self, context: &Context<'_>, input: CartSavedInput) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let line = parse_id(&input.id, CartLineId::KIND)?;
        let change = Box::pin(cart::save_for_later(ctx, token.as_deref(), line)).await;
        Ok(CartPayload::of(change.map_err(failure)?, ctx))
    }

    /// Puts back into the cart what lies aside.
    async fn cart_saved_take_back(
        &self,
        context: &Context<'_>,
        input: CartSavedInput,
    ) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let line = parse_id(&input.id, SavedLineId::KIND)?;
        let change = Box::pin(cart::take_back(ctx, token.as_deref(), line)).await;
        Ok(CartPayload::of(change.map_err(failure)?, ctx))
    }

    /// Forgets what lies aside.
    async fn cart_saved_remove(&self, context: &Context<'_>, input: CartSavedInput) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let line = parse_id(&input.id, SavedLineId::KIND)?;
        let change = Box::pin(cart::forget(ctx, token.as_deref(), line)).await;
        Ok(CartPayload::of(change.map_err(failure)?, ctx))
    }

    /// Takes lines out.
    async fn cart_lines_remove(
        &self,
        context: &Context<'_>,
        input: CartLinesRemoveInput,
    ) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let ids = input.ids.iter().map(|id| parse_id::<CartLineId>(id, CartLineId::KIND));
        let ids = ids.collect::<Result<Vec<_>>>()?;
        Ok(CartPayload::of(Box::pin(cart::remove(ctx, token.as_deref(), &ids)).await.map_err(failure)?, ctx))
    }

    /// Places the order and pays it. The same key and input give the first answer again.
    async fn checkout_place(
        &self,
        context: &Context<'_>,
        input: CheckoutPlaceInput,
    ) -> Result<CheckoutPlacePayload> {
        let ctx = &in_currency(context, input.currency.clone()).await?;
        let token = cart_token(context, ctx, input.token.clone());
        let expected = input.currency.as_ref().and(ctx.wanted_currency());
        let mut placed = Box::pin(checkout::place_order(ctx, checkout_input(input, token, expected)?))
            .await
            .map_err(failure)?;
        if context.look_ahead().field("order").field("timeline").exists() {
            placed.order = order::read::by_token(ctx, &placed.token).await.map_err(failure)?;
        }
        Ok(CheckoutPlacePayload {
            order: Order::of(placed.order, ctx),
            token: placed.token,
            next: placed.next.into(),
            replayed: placed.replayed,
        })
    }
}
