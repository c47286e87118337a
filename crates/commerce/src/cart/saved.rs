//! What a shopper has put aside: beside the cart, in no total, no limit and no stock.
//!
//! A guest's lies with the open cart and goes with it; an account's lies with the account and outlives its carts.

use std::collections::HashMap;

use catalog::view::Offer;
use platform::{Access, Context, Ctx, Error, TenantDb, Tx};
use primitives::{CartLineId, ProductId, Quantity, SavedLineId, Timestamp, UserId, VariantId};
use sea_orm::{ColumnTrait, QueryResult, Value};
use uuid::Uuid;

use super::{CartChange, announce_changed, basket, locate, read, store};
use crate::entity::{cart, saved_line};
use crate::error::{CommerceError, Result};
use crate::price::ask::Asking;
use crate::view::SavedLineView;
use crate::who::{Who, new_token};

/// Most different things that lie aside.
pub const MAX_SAVED: usize = 100;

/// Puts a line of the caller's cart aside, with its pieces.
///
/// # Errors
/// `NOT_FOUND` for a line that is not in the caller's cart; `BAD_USER_INPUT` when [`MAX_SAVED`] things lie aside already;
/// then the line stays in the cart.
pub async fn save_for_later(ctx: &Ctx, token: Option<&str>, line: CartLineId) -> Result<CartChange> {
    let (who, now) = (Who::of(ctx, token), ctx.now());
    ctx.write(Access::Public, async |tx| {
        let Some(cart) = locate(tx, &who).await? else {
            return Err(CommerceError::not_found(CartLineId::KIND));
        };
        store::touch(tx, &cart, now).await?;
        let taken = tx
            .raw_all(
                "DELETE FROM cart_line WHERE tenant_id = {tenant} AND cart_id = ? AND id = ? \
                 RETURNING variant_id, quantity, unit_seen_minor, seen_currency",
                vec![cart.id.into(), line.uuid().into()],
            )
            .await?;
        let taken = taken.first().ok_or_else(|| CommerceError::not_found(CartLineId::KIND))?;
        let owner = Owner::of(&who, Some(&cart)).ok_or_else(|| CommerceError::not_found(CartLineId::KIND))?;
        put(tx, owner, &Piece::read(taken)?, now).await?;
        if MAX_SAVED < of(tx, owner).await?.len() {
            let words = format!("at most {MAX_SAVED} things can be saved for later: remove one first");
            return Err(CommerceError::field("id", words));
        }
        announce_changed(tx, cart.id).await?;
        Ok(())
    })
    .await?;
    Ok(CartChange { cart: basket(ctx, &who).await?.view(ctx).await?, token: None })
}

/// Puts what lies aside back into the caller's cart. The price that counts as seen stays the one of when it was put aside.
///
/// # Errors
/// `NOT_FOUND` for what the caller has not put aside; `BAD_USER_INPUT` when it is not sold any more, or when the cart would
/// hold too much of it or too many different things; then it stays aside.
pub async fn take_back(ctx: &Ctx, token: Option<&str>, line: SavedLineId) -> Result<CartChange> {
    let (who, now) = (Who::of(ctx, token), ctx.now());
    let fresh = new_token();
    ctx.write(Access::Public, async |tx| {
        let piece = take(tx, &who, line).await?;
        let variant = VariantId::from_uuid(piece.variant);
        let offers = read::offers(tx, &[variant]).await?;
        if !offers.get(&variant).is_some_and(|offer| offer.published) {
            return Err(CommerceError::field("id", "this is not sold any more: remove it"));
        }
        // A guest has one, or nothing would lie aside.
        let (cart, made) = store::open(tx, &who, &fresh, now).await?;
        if !made {
            store::touch(tx, &cart, now).await?;
        }
        let quantity = Quantity::new(piece.quantity).map_err(Error::internal)?;
        let seen = (piece.seen_minor, piece.seen_currency.as_str());
        store::add_line(tx, cart.id, variant, quantity, seen, now).await?;
        announce_changed(tx, cart.id).await?;
        Ok(())
    })
    .await?;
    Ok(CartChange { cart: basket(ctx, &who).await?.view(ctx).await?, token: None })
}

/// Forgets what lies aside.
///
/// # Errors
/// `NOT_FOUND` for what the caller has not put aside.
pub async fn forget(ctx: &Ctx, token: Option<&str>, line: SavedLineId) -> Result<CartChange> {
    let who = Who::of(ctx, token);
    ctx.write(Access::Public, async |tx| take(tx, &who, line).await.map(drop)).await?;
    Ok(CartChange { cart: basket(ctx, &who).await?.view(ctx).await?, token: None })
}

/// Whose it is.
#[derive(Clone, Copy)]
enum Owner {
    User(UserId),
    Cart(Uuid),
}

impl Owner {
    fn of(who: &Who, cart: Option<&cart::Model>) -> Option<Self> {
        match (who.user, cart) {
            (Some(user), _) => Some(Self::User(user)),
            (None, Some(cart)) => Some(Self::Cart(cart.id)),
            (None, None) => None,
        }
    }

    /// Its column with its value.
    fn key(self) -> (&'static str, Value) {
        match self {
            Self::User(user) => ("user_id", user.uuid().into()),
            Self::Cart(cart) => ("cart_id", cart.into()),
        }
    }
}

/// So many pieces of a variant, and what one cost when its shopper last looked.
struct Piece {
    variant: Uuid,
    quantity: i64,
    seen_minor: i64,
    /// Empty for the shop's own.
    seen_currency: String,
}

impl Piece {
    fn read(row: &QueryResult) -> Result<Self> {
        let column = |name| row.try_get("", name).map_err(Error::from);
        let variant = row.try_get("", "variant_id").map_err(Error::from)?;
        let seen_currency = row.try_get("", "seen_currency").map_err(Error::from)?;
        let (quantity, seen_minor) = (column("quantity")?, column("unit_seen_minor")?);
        Ok(Self { variant, quantity, seen_minor, seen_currency })
    }
}

/// What lies aside of whoever holds `cart`, in the order in which it was put there.
pub(super) async fn load(
    rows: &TenantDb,
    who: &Who,
    cart: Option<&cart::Model>,
) -> Result<Vec<saved_line::Model>> {
    match Owner::of(who, cart) {
        Some(owner) => of(rows, owner).await,
        None => Ok(Vec::new()),
    }
}

async fn of(rows: &TenantDb, owner: Owner) -> Result<Vec<saved_line::Model>> {
    let aside = rows.find::<saved_line::Entity>();
    let aside = match owner {
        Owner::User(user) => aside.filter(saved_line::Column::UserId.eq(user.uuid())),
        Owner::Cart(cart) => aside.filter(saved_line::Column::CartId.eq(cart)),
    };
    Ok(aside.order_by_asc(saved_line::Column::Id).all().await?)
}

/// Adds pieces to what lies aside; they stop at the largest number that a line may have.
async fn put(tx: &Tx, owner: Owner, piece: &Piece, now: Timestamp) -> Result<()> {
    let (column, whose) = owner.key();
    let max = i64::from(Quantity::MAX);
    tx.raw_exec(
        &format!(
            "INSERT INTO saved_line \
               (tenant_id, id, {column}, variant_id, quantity, unit_seen_minor, seen_currency, created_at) \
             VALUES ({{tenant}}, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (tenant_id, {column}, variant_id) DO UPDATE SET quantity = \
               CASE WHEN ? < saved_line.quantity + excluded.quantity THEN ? \
               ELSE saved_line.quantity + excluded.quantity END"
        ),
        vec![
            SavedLineId::new().uuid().into(),
            whose,
            piece.variant.into(),
            piece.quantity.into(),
            piece.seen_minor.into(),
            piece.seen_currency.as_str().into(),
            now.millis().into(),
            max.into(),
            max.into(),
        ],
    )
    .await
    .context("putting something aside")?;
    Ok(())
}

/// Takes something that the caller has put aside away from there; whoever is faster has it.
async fn take(tx: &Tx, who: &Who, line: SavedLineId) -> Result<Piece> {
    let cart = if who.user.is_some() { None } else { locate(tx, who).await? };
    let gone = || CommerceError::not_found(SavedLineId::KIND);
    let (column, whose) = Owner::of(who, cart.as_ref()).ok_or_else(gone)?.key();
    let taken = tx
        .raw_all(
            &format!(
                "DELETE FROM saved_line WHERE tenant_id = {{tenant}} AND id = ? AND {column} = ? \
                 RETURNING variant_id, quantity, unit_seen_minor, seen_currency"
            ),
            vec![line.uuid().into(), whose],
        )
        .await?;
    Piece::read(taken.first().ok_or_else(gone)?)
}

/// What a guest has put aside becomes the account's; the oldest first, what does not fit any more is left out.
pub(super) async fn adopt(tx: &Tx, cart: Uuid, user: UserId, now: Timestamp) -> Result<()> {
    let guest = of(tx, Owner::Cart(cart)).await?;
    if guest.is_empty() {
        return Ok(());
    }
    let own = of(tx, Owner::User(user)).await?;
    let mut room = MAX_SAVED.saturating_sub(own.len());
    for row in &guest {
        if own.iter().all(|known| known.variant_id != row.variant_id) {
            if room == 0 {
                continue;
            }
            room -= 1;
        }
        let piece = Piece {
            variant: row.variant_id,
            quantity: row.quantity,
            seen_minor: row.unit_seen_minor,
            seen_currency: row.seen_currency.clone(),
        };
        put(tx, Owner::User(user), &piece, now).await?;
    }
    tx.delete_many::<saved_line::Entity>().filter(saved_line::Column::CartId.eq(cart)).exec().await?;
    Ok(())
}

/// What lies beside an ordered guest's cart goes on to the one that was made of it.
pub(super) async fn hand_on(tx: &Tx, from: Uuid, to: Uuid) -> Result<()> {
    tx.update_many::<saved_line::Entity>()
        .set(saved_line::Column::CartId, to)
        .filter(saved_line::Column::CartId.eq(from))
        .exec()
        .await?;
    Ok(())
}

/// As shoppers see it, at today's price.
pub(super) fn view(
    row: &saved_line::Model,
    offers: &HashMap<VariantId, Offer>,
    asking: &Asking<'_>,
) -> Result<SavedLineView> {
    let variant = VariantId::from_uuid(row.variant_id);
    let seen = read::seen_price(row.unit_seen_minor, &row.seen_currency, asking.tenant)?;
    let quantity = u32::try_from(row.quantity).unwrap_or(u32::MAX);
    let offer = offers.get(&variant);
    let sold = offer.filter(|offer| offer.published);
    let unit = sold.map(|offer| asking.unit(offer, quantity)).transpose()?.map(|unit| unit.shown);
    Ok(SavedLineView {
        id: SavedLineId::from_uuid(row.id),
        variant,
        product: offer.map_or(ProductId::from_uuid(Uuid::nil()), |offer| offer.product),
        slug: sold.map(|offer| offer.slug.clone()).unwrap_or_default(),
        title: offer.map_or_else(|| "No longer available".to_owned(), |offer| offer.title.clone()),
        variant_title: offer.map(|offer| offer.variant_title.clone()).unwrap_or_default(),
        picture: offer.and_then(|offer| offer.picture.clone()),
        quantity,
        unit: unit.unwrap_or(seen),
        was: unit.filter(|unit| *unit != seen).map(|_| seen),
        gone: sold.is_none(),
        sold_out: sold.is_some_and(|offer| offer.available.is_some_and(|left| left <= 0)),
    })
}
