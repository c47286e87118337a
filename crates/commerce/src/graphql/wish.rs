//! What customers wish for.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use catalog::graphql::Picture;
use platform::graphql::{DateTime, Money, ctx_of, failure};
use platform::{Ctx, Error};
use primitives::{ProductId, VariantId};

use super::cart::CartPayload;
use super::cart_token;
use crate::wish;

/// Reading wishes.
#[derive(Default)]
pub struct WishQuery;

#[Object]
impl WishQuery {
    /// What the caller wishes for, the newest first; at most 200.
    async fn my_wishlist(&self, context: &Context<'_>) -> Result<Vec<Wish>> {
        list(ctx_of(context)?).await
    }

    /// Staff: how many customers wish for a product or a variant of it.
    async fn product_wishes(&self, context: &Context<'_>, product_id: ID) -> Result<u64> {
        let product: ProductId =
            product_id.parse().map_err(|_| failure(Error::not_found(ProductId::KIND)))?;
        wish::wishing(ctx_of(context)?, product).await.map_err(failure)
    }
}

/// Wishing.
#[derive(Default)]
pub struct WishMutation;

#[Object]
impl WishMutation {
    /// Keeps a variant on the caller's wishlist; the second time nothing changes.
    async fn wish_keep(&self, context: &Context<'_>, variant_id: ID) -> Result<Vec<Wish>> {
        let ctx = ctx_of(context)?;
        wish::keep(ctx, variant(&variant_id)?).await.map_err(failure)?;
        list(ctx).await
    }

    /// Takes a variant from the caller's wishlist.
    async fn wish_drop(&self, context: &Context<'_>, variant_id: ID) -> Result<Vec<Wish>> {
        let ctx = ctx_of(context)?;
        wish::drop(ctx, variant(&variant_id)?).await.map_err(failure)?;
        list(ctx).await
    }

    /// Puts a piece of something from the wishlist into the caller's cart and takes it from the list.
    async fn wish_to_cart(
        &self,
        context: &Context<'_>,
        variant_id: ID,
        token: Option<String>,
    ) -> Result<CartPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, token);
        let change = Box::pin(wish::to_cart(ctx, token.as_deref(), variant(&variant_id)?)).await;
        Ok(CartPayload::of(change.map_err(failure)?, ctx))
    }
}

async fn list(ctx: &Ctx) -> Result<Vec<Wish>> {
    let wishes = wish::mine(ctx).await.map_err(failure)?;
    Ok(wishes.into_iter().map(|one| Wish::of(one, ctx)).collect())
}

fn variant(id: &ID) -> Result<VariantId> {
    id.parse().map_err(|_| failure(Error::not_found(VariantId::KIND)))
}

/// Something that somebody wishes for, as it is sold today.
#[derive(SimpleObject)]
pub struct Wish {
    /// What exactly.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// The product's address; empty when it is not sold any more.
    slug: String,
    /// The product's name.
    title: String,
    /// The variant's values; may be empty.
    variant_title: String,
    /// What it looks like.
    picture: Option<Picture>,
    /// What a piece costs today; nothing when it is not sold any more.
    price: Option<Money>,
    /// It is sold, and just used up.
    sold_out: bool,
    /// Since when it is wished for.
    at: DateTime,
}

impl Wish {
    fn of(wish: wish::WishView, ctx: &Ctx) -> Self {
        Self {
            variant_id: ID(wish.variant.to_string()),
            product_id: ID(wish.product.to_string()),
            slug: wish.slug,
            title: wish.title,
            variant_title: wish.variant_title,
            picture: wish.picture.as_ref().map(Picture::of),
            price: wish.price.map(|price| Money::of(price, ctx.locale())),
            sold_out: wish.sold_out,
            at: DateTime(wish.at),
        }
    }
}
