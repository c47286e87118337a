//! What customers wish for: variants that an account keeps, in no cart and no stock.

use std::collections::HashMap;

use catalog::view::{Offer, Picture};
use platform::{Access, Context, Ctx, Error, TenantDb, Tx};
use primitives::{Exchange, Money, Permission, ProductId, Timestamp, UserId, VariantId};
use sea_orm::ColumnTrait;

use crate::cart::{self, CartChange};
use crate::currency;
use crate::entity::wish;
use crate::error::{CommerceError, Result};

/// Most things that an account wishes for.
pub const MAX_WISHES: u64 = 200;

/// Something that somebody wishes for, as it is sold today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishView {
    /// What exactly.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// The product's address; empty when it is not sold any more.
    pub slug: String,
    /// The product's name.
    pub title: String,
    /// The variant's values; may be empty.
    pub variant_title: String,
    /// What it looks like.
    pub picture: Option<Picture>,
    /// What a piece costs today; `None` when it is not sold any more.
    pub price: Option<Money>,
    /// It is sold, and just used up.
    pub sold_out: bool,
    /// Since when it is wished for.
    pub at: Timestamp,
}

/// What the caller wishes for, the newest first.
///
/// # Errors
/// `UNAUTHENTICATED` for nobody.
pub async fn mine(ctx: &Ctx) -> Result<Vec<WishView>> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let exchange = currency::exchange(ctx).await?;
    let rows = ctx.read(Access::SignedIn).await?;
    let kept = of_user(&rows, user).await?;
    let variants: Vec<VariantId> = kept.iter().map(|row| VariantId::from_uuid(row.variant_id)).collect();
    let offers = match variants.is_empty() {
        true => HashMap::new(),
        false => catalog::query::offers(&rows, &variants).await?,
    };
    kept.iter().map(|row| view(row, &offers, &exchange)).collect()
}

/// Keeps a variant; the second time nothing changes.
///
/// # Errors
/// `UNAUTHENTICATED` for nobody; `NOT_FOUND` for what is not sold; `BAD_USER_INPUT` at `variantId` when [`MAX_WISHES`]
/// things are kept already.
pub async fn keep(ctx: &Ctx, variant: VariantId) -> Result<()> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let now = ctx.now();
    ctx.write(Access::SignedIn, async |tx| {
        let offers = catalog::query::offers(tx, &[variant]).await?;
        let offer = offers.get(&variant).filter(|offer| offer.published);
        let offer = offer.ok_or_else(|| CommerceError::not_found(VariantId::KIND))?;
        put(tx, user, variant, offer.product, now).await
    })
    .await
}

/// Keeps it no longer; what was not kept is as it should be.
///
/// # Errors
/// `UNAUTHENTICATED` for nobody.
pub async fn drop(ctx: &Ctx, variant: VariantId) -> Result<()> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    ctx.write(Access::SignedIn, async |tx| {
        tx.delete_many::<wish::Entity>()
            .filter(wish::Column::UserId.eq(user.uuid()))
            .filter(wish::Column::VariantId.eq(variant.uuid()))
            .exec()
            .await?;
        Ok(())
    })
    .await
}

/// Puts a piece of what is kept into the caller's cart, and keeps it no longer.
///
/// # Errors
/// `NOT_FOUND` for what is not kept or not sold any more; as [`cart::add`], and then it stays kept.
pub async fn to_cart(ctx: &Ctx, token: Option<&str>, variant: VariantId) -> Result<CartChange> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let rows = ctx.read(Access::SignedIn).await?;
    let kept = rows
        .find::<wish::Entity>()
        .filter(wish::Column::UserId.eq(user.uuid()))
        .filter(wish::Column::VariantId.eq(variant.uuid()))
        .one()
        .await?;
    std::mem::drop(rows);
    kept.ok_or_else(|| CommerceError::not_found(VariantId::KIND))?;
    let change = cart::add(ctx, token, &[(variant, 1)]).await?;
    drop(ctx, variant).await?;
    Ok(change)
}

/// How many accounts wish for a product, or for a variant of it; each counts once.
///
/// # Errors
/// `FORBIDDEN` to all but staff of the catalogue.
pub async fn wishing(ctx: &Ctx, product: ProductId) -> Result<u64> {
    let rows = ctx.read(Permission::PRODUCTS_READ).await?;
    let counted = rows
        .raw_all(
            "SELECT count(DISTINCT user_id) AS n FROM wish WHERE tenant_id = {tenant} AND product_id = ?",
            vec![product.uuid().into()],
        )
        .await?;
    let n: i64 = match counted.first() {
        Some(row) => row.try_get("", "n").map_err(Error::from)?,
        None => 0,
    };
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(crate) async fn of_user(rows: &TenantDb, user: UserId) -> Result<Vec<wish::Model>> {
    Ok(rows
        .find::<wish::Entity>()
        .filter(wish::Column::UserId.eq(user.uuid()))
        .order_by_desc(wish::Column::At)
        .order_by_desc(wish::Column::VariantId)
        .all()
        .await?)
}

/// Nobody has wished for anything.
pub(crate) async fn forget(tx: &Tx, user: UserId) -> Result<()> {
    tx.delete_many::<wish::Entity>().filter(wish::Column::UserId.eq(user.uuid())).exec().await?;
    Ok(())
}

async fn put(tx: &Tx, user: UserId, variant: VariantId, product: ProductId, now: Timestamp) -> Result<()> {
    let added = tx
        .raw_exec(
            "INSERT INTO wish (tenant_id, user_id, variant_id, product_id, at) VALUES ({tenant}, ?, ?, ?, ?) \
             ON CONFLICT (tenant_id, user_id, variant_id) DO NOTHING",
            vec![user.uuid().into(), variant.uuid().into(), product.uuid().into(), now.millis().into()],
        )
        .await
        .context("keeping a wish")?;
    let kept = tx.find::<wish::Entity>().filter(wish::Column::UserId.eq(user.uuid())).count().await?;
    if 0 < added && MAX_WISHES < kept {
        let words = format!("at most {MAX_WISHES} things fit on the wishlist: remove one first");
        return Err(CommerceError::field("variantId", words));
    }
    Ok(())
}

fn view(row: &wish::Model, offers: &HashMap<VariantId, Offer>, exchange: &Exchange) -> Result<WishView> {
    let variant = VariantId::from_uuid(row.variant_id);
    let offer = offers.get(&variant);
    let sold = offer.filter(|offer| offer.published);
    Ok(WishView {
        variant,
        product: ProductId::from_uuid(row.product_id),
        slug: sold.map(|offer| offer.slug.clone()).unwrap_or_default(),
        title: offer.map_or_else(|| "No longer available".to_owned(), |offer| offer.title.clone()),
        variant_title: offer.map(|offer| offer.variant_title.clone()).unwrap_or_default(),
        picture: offer.and_then(|offer| offer.picture.clone()),
        price: sold.map(|offer| exchange.price(offer.price)).transpose()?,
        sold_out: sold.is_some_and(|offer| offer.available.is_some_and(|left| left <= 0)),
        at: Timestamp::from_millis(row.at),
    })
}
