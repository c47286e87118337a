//! Carts: found by a random token or by the account, priced anew at every look.

mod again;
pub(crate) mod codes;
mod read;
mod saved;
pub(crate) mod store;
mod verdicts;

pub use again::{Again, Missing, again, missing};
pub use codes::{MAX_CODES, set_codes};
pub(crate) use read::{Agreed, Basket, Buyer, Past, basket, basket_in, discounts, filled};
pub use saved::{MAX_SAVED, forget, save_for_later, take_back};
pub(crate) use store::{locate, restore};

use std::collections::HashMap;

use platform::{Access, Ctx, Tx};
use pricing::Destination;
use primitives::{CartId, CartLineId, Money, Quantity, VariantId};
use uuid::Uuid;

use events::Emit;

use crate::currency::exchange;
use crate::customer;
use crate::entity::cart_line;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::price::ask::Asking;
use crate::promotion::book;
use crate::settings;
use crate::tender::chosen;
use crate::view::CartView;
use crate::who::{Who, new_token};
use store::Begun;

/// Most different things in one cart.
pub const MAX_LINES: usize = 100;

/// A cart after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartChange {
    /// The cart.
    pub cart: CartView,
    /// Only when this change made a new guest cart: the key to it, which is not kept here.
    pub token: Option<String>,
}

/// The caller's cart at today's prices; an empty one when there is none.
pub async fn view(ctx: &Ctx, token: Option<&str>) -> Result<CartView> {
    let basket = basket(ctx, &Who::of(ctx, token)).await?;
    basket.view(ctx).await
}

/// Adds pieces; makes the cart when there is none.
///
/// # Errors
/// `NOT_FOUND` for a variant that is unknown, unpublished or another shop's; `BAD_USER_INPUT` for a quantity outside
/// 1 to 10,000 (what is there already included) and for more than [`MAX_LINES`] lines.
pub async fn add(ctx: &Ctx, token: Option<&str>, lines: &[(VariantId, i64)]) -> Result<CartChange> {
    let mut wanted = Vec::with_capacity(lines.len());
    for (i, (variant, quantity)) in lines.iter().enumerate() {
        let quantity = Quantity::new(*quantity)
            .map_err(|error| CommerceError::field(format!("lines.{i}.quantity"), error.to_string()))?;
        wanted.push((*variant, quantity));
    }
    if wanted.is_empty() || MAX_LINES < wanted.len() {
        return Err(CommerceError::field("lines", format!("name 1 to {MAX_LINES} lines")));
    }
    let ids: Vec<VariantId> = wanted.iter().map(|(variant, _)| *variant).collect();
    let (book, exchange) = (book::current(ctx).await?, exchange(ctx).await?);
    let rows = ctx.read(Access::Public).await?;
    let offers = read::offers(&rows, &ids).await?;
    let prices = read::listed(&rows, &book, &ids).await?;
    drop(rows);
    let who = Who::of(ctx, token);
    // What a piece costs is a question of how many there are then, and of who asks.
    let before = match prices.is_empty() {
        true => None,
        false => Some((basket(ctx, &who).await?, settings::current(ctx).await?)),
    };
    let home = Destination::country(ctx.tenant().country);
    let mut priced = Vec::with_capacity(wanted.len());
    for (variant, quantity) in wanted {
        let Some(offer) = offers.get(&variant).filter(|offer| offer.published) else {
            return Err(CommerceError::not_found(VariantId::KIND));
        };
        let seen = match &before {
            None => exchange.price(offer.price)?,
            Some((before, settings)) => {
                let asking = Asking { prices: &prices, ..before.asking(ctx, settings, &home) };
                let there = before.lines.iter().find(|line| line.variant_id == variant.uuid());
                let all = i64::from(quantity).saturating_add(there.map_or(0, |line| line.quantity));
                asking.unit(offer, quantity_of(all))?.shown
            }
        };
        priced.push((variant, quantity, seen));
    }
    let fresh = new_token();
    let (cart, made, lines, saved) = ctx
        .write(Access::Public, async |tx| {
            let (cart, made, lines) = match store::begin(tx, &who, &fresh, &priced, ctx.now()).await? {
                Begun::New(cart, lines) => (cart, true, lines),
                Begun::There(cart) => {
                    store::touch(tx, &cart, ctx.now()).await?;
                    for (variant, quantity, price) in &priced {
                        let seen = (price.minor, read::seen_in(*price, ctx.tenant()));
                        store::add_line(tx, cart.id, *variant, *quantity, seen, ctx.now()).await?;
                    }
                    let lines = announce_changed(tx, cart.id).await?;
                    (cart, false, lines)
                }
            };
            // Beside a new guest's cart lies nothing.
            let saved = match made && who.user.is_none() {
                true => Vec::new(),
                false => saved::load(tx, &who, Some(&cart)).await?,
            };
            Ok::<_, CommerceError>((cart, made, lines, saved))
        })
        .await?;
    // In a new cart there is nothing that was not looked up above.
    let known = lines.iter().all(|line| offers.contains_key(&VariantId::from_uuid(line.variant_id)));
    let anybody = who.user.is_none() || !book.standing;
    let basket = if known && saved.is_empty() && anybody && !book.collections && book.gifts.is_empty() {
        let standing = customer::Standing::default();
        let mut basket = Basket {
            cart: Some(cart),
            lines,
            offers,
            collections: HashMap::new(),
            book,
            prices,
            standing,
            exchange,
            aside: false,
            saved: Vec::new(),
            agreed: Agreed::default(),
            ended: Vec::new(),
        };
        let unknown = basket.unknown_codes()?;
        if !unknown.is_empty() {
            let rows = ctx.read(Access::Public).await?;
            basket.ended = verdicts::ended(&rows, &unknown, ctx.now()).await?;
        }
        basket
    } else {
        let own = if made && who.user.is_none() { Who::of(ctx, Some(&fresh)) } else { who };
        basket(ctx, &own).await?
    };
    let token = (made && who.user.is_none()).then_some(fresh);
    Ok(CartChange { cart: basket.view(ctx).await?, token })
}

/// Sets quantities of lines; 0 removes the line. The price that the shopper sees now counts as seen.
///
/// # Errors
/// `NOT_FOUND` for a line that is not in the caller's cart, `BAD_USER_INPUT` for a quantity outside 0 to 10,000.
pub async fn update(ctx: &Ctx, token: Option<&str>, lines: &[(CartLineId, i64)]) -> Result<CartChange> {
    let mut wanted = Vec::with_capacity(lines.len());
    for (i, (line, quantity)) in lines.iter().enumerate() {
        let quantity =
            match quantity {
                0 => None,
                other => Some(Quantity::new(*other).map_err(|error| {
                    CommerceError::field(format!("lines.{i}.quantity"), error.to_string())
                })?),
            };
        wanted.push((*line, quantity));
    }
    change(ctx, token, &wanted).await
}

/// Takes lines out.
///
/// # Errors
/// `NOT_FOUND` for a line that is not in the caller's cart.
pub async fn remove(ctx: &Ctx, token: Option<&str>, lines: &[CartLineId]) -> Result<CartChange> {
    let wanted: Vec<_> = lines.iter().map(|line| (*line, None)).collect();
    change(ctx, token, &wanted).await
}

async fn change(
    ctx: &Ctx,
    token: Option<&str>,
    lines: &[(CartLineId, Option<Quantity>)],
) -> Result<CartChange> {
    if lines.is_empty() || MAX_LINES < lines.len() {
        return Err(CommerceError::field("lines", format!("name 1 to {MAX_LINES} lines")));
    }
    let who = Who::of(ctx, token);
    let before = basket(ctx, &who).await?;
    let (settings, home) = (settings::current(ctx).await?, Destination::country(ctx.tenant().country));
    let asking = before.asking(ctx, &settings, &home);
    let seen = |(line, quantity): &(CartLineId, Option<Quantity>)| {
        let (Some(offer), Some(quantity)) = (before.offer_of(*line), quantity) else { return Ok(None) };
        Ok(Some(asking.unit(offer, quantity.get())?.shown))
    };
    let prices: Vec<Option<Money>> = lines.iter().map(seen).collect::<Result<_>>()?;
    ctx.write(Access::Public, async |tx| {
        let Some(cart) = locate(tx, &who).await? else {
            return Err(CommerceError::not_found(CartLineId::KIND));
        };
        store::touch(tx, &cart, ctx.now()).await?;
        for ((line, quantity), price) in lines.iter().zip(&prices) {
            let seen = price.map(|price| (price.minor, read::seen_in(price, ctx.tenant())));
            store::set_line(tx, cart.id, *line, *quantity, seen).await?;
        }
        announce_changed(tx, cart.id).await
    })
    .await?;
    Ok(CartChange { cart: basket(ctx, &who).await?.view(ctx).await?, token: None })
}

/// Puts the guest's cart into the account's, for whoever just signed in; the guest's token is used up.
///
/// Quantities of the same variant are added up, to at most 10,000; what was put aside comes along. Without a guest cart
/// nothing happens.
pub async fn merge(ctx: &Ctx, token: &str) -> Result<()> {
    let who = Who::of(ctx, Some(token));
    let (Some(user), Some(token_hash)) = (who.user, who.token_hash) else { return Ok(()) };
    let guest = Who { user: None, token_hash: Some(token_hash) };
    if locate(&*ctx.read(Access::SignedIn).await?, &guest).await?.is_none() {
        return Ok(());
    }
    ctx.write(Access::SignedIn, async |tx| {
        let Some(cart) = locate(tx, &guest).await? else { return Ok(()) };
        saved::adopt(tx, cart.id, user, ctx.now()).await?;
        let own = locate(tx, &Who { user: Some(user), token_hash: None }).await?;
        let kept = match own {
            None => {
                store::adopt(tx, &cart, user, ctx.now()).await?;
                cart.id
            }
            Some(own) => {
                store::close(tx, &cart, "merged", ctx.now()).await?;
                store::touch(tx, &own, ctx.now()).await?;
                let lines = store::lines(tx, cart.id).await?;
                store::move_lines(tx, own.id, &lines, ctx.now()).await?;
                store::put_codes(tx, own.id, &codes::joined(&own, &cart)?).await?;
                store::put_tenders(tx, own.id, &chosen::joined(tx, &own, &cart).await?).await?;
                own.id
            }
        };
        announce_changed(tx, kept).await?;
        Ok(())
    })
    .await
}

/// A number of pieces as prices are asked for it.
fn quantity_of(pieces: i64) -> u32 {
    u32::try_from(pieces.clamp(1, i64::from(Quantity::MAX))).unwrap_or(Quantity::MAX)
}

/// Says that a cart is another one now; gives back its lines.
async fn announce_changed(tx: &Tx, cart: Uuid) -> Result<Vec<cart_line::Model>> {
    let lines = store::lines(tx, cart).await?;
    if MAX_LINES < lines.len() {
        let message = format!("a cart holds at most {MAX_LINES} different things");
        return Err(CommerceError::field("lines", message));
    }
    tx.emit_all(news(cart, false, &lines)).await?;
    Ok(lines)
}

/// What others hear of a cart with these lines.
fn news(cart: Uuid, made: bool, lines: &[cart_line::Model]) -> Vec<CommerceEvent> {
    let cart_id = CartId::from_uuid(cart);
    let n_items = lines.iter().map(|line| line.quantity).sum();
    let created = made.then_some(CommerceEvent::CartCreated { cart_id });
    created.into_iter().chain([CommerceEvent::CartUpdated { cart_id, n_items }]).collect()
}
