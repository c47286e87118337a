//! Codes that shoppers put into their carts.

use platform::{Access, Ctx, Error};

use super::{CartChange, announce_changed, basket, locate, store};
use crate::entity::cart;
use crate::error::{CommerceError, Result};
use crate::promotion::{normal, wrong_code};
use crate::who::{Who, new_token};

/// Most codes in one cart.
pub const MAX_CODES: usize = 10;

/// The codes of a cart, in the order in which they were given.
pub(crate) fn read(cart: &cart::Model) -> Result<Vec<String>> {
    Ok(serde_json::from_str(&cart.codes).map_err(Error::internal)?)
}

/// Puts exactly these codes into the caller's cart; makes the cart when there is none. Whether a code does anything is
/// said by the cart: one that does nothing now may do so later.
///
/// # Errors
/// `BAD_USER_INPUT` for a text that cannot be a code, and for more than [`MAX_CODES`].
pub async fn set_codes(ctx: &Ctx, token: Option<&str>, codes: &[String]) -> Result<CartChange> {
    let mut wanted: Vec<String> = Vec::with_capacity(codes.len());
    for (i, code) in codes.iter().enumerate() {
        let code = normal(code);
        if let Some(wrong) = wrong_code(&code) {
            return Err(CommerceError::field(format!("codes.{i}"), wrong));
        }
        if !wanted.contains(&code) {
            wanted.push(code);
        }
    }
    if MAX_CODES < wanted.len() {
        return Err(CommerceError::field("codes", format!("use at most {MAX_CODES} codes in one cart")));
    }
    let who = Who::of(ctx, token);
    let fresh = new_token();
    let document = serde_json::to_string(&wanted).map_err(Error::internal)?;
    let made = ctx
        .write(Access::Public, async |tx| {
            let cart = match locate(tx, &who).await? {
                Some(cart) => Some((cart, false)),
                None if wanted.is_empty() => None,
                None => Some(store::open(tx, &who, &fresh, ctx.now()).await?),
            };
            let Some((cart, made)) = cart else { return Ok(false) };
            if !made {
                store::touch(tx, &cart, ctx.now()).await?;
            }
            store::put_codes(tx, cart.id, &document).await?;
            announce_changed(tx, cart.id).await?;
            Ok::<_, CommerceError>(made)
        })
        .await?;
    let kept = if made && who.user.is_none() { Who::of(ctx, Some(&fresh)) } else { who };
    let cart = basket(ctx, &kept).await?.view(ctx).await?;
    Ok(CartChange { cart, token: (made && who.user.is_none()).then_some(fresh) })
}

/// The codes of two carts that become one, the own first.
pub(super) fn joined(own: &cart::Model, other: &cart::Model) -> Result<String> {
    let mut codes = read(own)?;
    for code in read(other)? {
        if codes.len() < MAX_CODES && !codes.contains(&code) {
            codes.push(code);
        }
    }
    Ok(serde_json::to_string(&codes).map_err(Error::internal)?)
}
