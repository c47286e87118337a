//! Rows of carts.

use events::Emit;
use platform::{Error, TenantDb, Tx};
use primitives::{CartId, CartLineId, Money, Quantity, Timestamp, UserId, VariantId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, FromQueryResult, IntoActiveModel, Value, sea_query::Expr,
};
use uuid::Uuid;

use super::read::seen_in;
use crate::entity::{cart, cart_line};
use crate::error::{CommerceError, Result};
use crate::jobs;
use crate::who::{Who, hash};

/// The open cart of `who`: the account's own; else a guest cart under the token.
///
/// A token never opens a cart that has become an account's: whoever signed out is a guest again.
pub(crate) async fn locate(rows: &TenantDb, who: &Who) -> Result<Option<cart::Model>> {
    // One after the other, each by its own index; an OR over both has the database look at every cart.
    if let Some(user) = who.user {
        let own = rows.find::<cart::Entity>().filter(cart::Column::UserId.eq(user.uuid()));
        if let Some(cart) = own.filter(Expr::cust(OPEN)).one().await? {
            return Ok(Some(cart));
        }
    }
    let Some(hash) = who.token_hash else { return Ok(None) };
    let guest = rows.find::<cart::Entity>().filter(cart::Column::TokenHash.eq(hash.to_vec()));
    Ok(guest.filter(cart::Column::UserId.is_null()).filter(Expr::cust(OPEN)).one().await?)
}

/// A cart that was read with what is in it.
pub(super) struct Filled {
    pub cart: cart::Model,
    /// As [`lines`] gives them.
    pub lines: Vec<cart_line::Model>,
    /// Whether anything lies beside it.
    pub aside: bool,
}

/// As [`locate`], with its lines, in one statement.
pub(super) async fn locate_filled(rows: &TenantDb, who: &Who) -> Result<Option<Filled>> {
    if let Some(user) = who.user
        && let Some(own) = filled(rows, "c.user_id = ?", "s.user_id = c.user_id", user.uuid().into()).await?
    {
        return Ok(Some(own));
    }
    let Some(hash) = who.token_hash else { return Ok(None) };
    let whose = "c.token_hash = ? AND c.user_id IS NULL";
    filled(rows, whose, "s.cart_id = c.id", hash.to_vec().into()).await
}

async fn filled(rows: &TenantDb, whose: &str, aside: &str, value: Value) -> Result<Option<Filled>> {
    let sql = format!(
        "SELECT c.tenant_id AS c_tenant_id, c.id AS c_id, c.token_hash AS c_token_hash, c.user_id AS c_user_id, \
           c.state AS c_state, c.version AS c_version, c.created_at AS c_created_at, c.updated_at AS c_updated_at, \
           c.abandoned_at AS c_abandoned_at, c.codes AS c_codes, c.tenders AS c_tenders, \
           l.tenant_id AS l_tenant_id, l.id AS l_id, l.cart_id AS l_cart_id, l.variant_id AS l_variant_id, \
           l.quantity AS l_quantity, l.unit_seen_minor AS l_unit_seen_minor, l.seen_currency AS l_seen_currency, \
           l.created_at AS l_created_at, CASE WHEN EXISTS (SELECT 1 FROM saved_line s \
             WHERE s.tenant_id = c.tenant_id AND {aside}) THEN 1 ELSE 0 END AS aside \
         FROM cart c LEFT JOIN cart_line l ON l.tenant_id = c.tenant_id AND l.cart_id = c.id \
         WHERE c.tenant_id = {{tenant}} AND {whose} AND c.{OPEN} ORDER BY l.id"
    );
    let found = rows.raw_all(&sql, vec![value]).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let cart = cart::Model::from_query_result(first, "c_").map_err(Error::from)?;
    // A cart without lines is one row without a line.
    let lines =
        found.iter().filter_map(|row| cart_line::Model::from_query_result_optional(row, "l_").transpose());
    let lines = lines.collect::<std::result::Result<_, _>>().map_err(Error::from)?;
    let aside: i32 = first.try_get("", "aside").map_err(Error::from)?;
    Ok(Some(Filled { cart, lines, aside: aside != 0 }))
}

/// Written out, not bound: only then may the index of open carts answer.
const OPEN: &str = "state = 'open'";

/// Lines of a cart in the order in which they were added.
pub(super) async fn lines(rows: &TenantDb, cart: Uuid) -> Result<Vec<cart_line::Model>> {
    let lines = rows.find::<cart_line::Entity>().filter(cart_line::Column::CartId.eq(cart));
    Ok(lines.order_by_asc(cart_line::Column::Id).all().await?)
}

/// The open cart of `who`, made under `token` when there is none; the flag says whether it was made.
pub(super) async fn open(tx: &Tx, who: &Who, token: &str, now: Timestamp) -> Result<(cart::Model, bool)> {
    if let Some(cart) = locate(tx, who).await? {
        return Ok((cart, false));
    }
    let cart = empty(tx, who, token, now);
    let made = own(tx, &cart, now).await?;
    match made {
        Some(there) => Ok((there, false)),
        None => Ok((cart, true)),
    }
}

/// A cart under `token` that nobody knows of yet.
fn empty(tx: &Tx, who: &Who, token: &str, now: Timestamp) -> cart::Model {
    cart::Model {
        tenant_id: tx.tenant_id().uuid(),
        id: CartId::new().uuid(),
        token_hash: who.user.is_none().then(|| hash(token).to_vec()),
        user_id: who.user.map(UserId::uuid),
        state: "open".to_owned(),
        version: 1,
        created_at: now.millis(),
        updated_at: now.millis(),
        abandoned_at: None,
        codes: "[]".to_owned(),
        tenders: "[]".to_owned(),
    }
}

/// Stores a cart, unless another tab of the same account was faster: then that one.
async fn own(tx: &Tx, cart: &cart::Model, now: Timestamp) -> Result<Option<cart::Model>> {
    if 0 < tx.insert_new(vec![cart.clone().into_active_model().reset_all()]).await? {
        jobs::plan_carts(tx, now).await?;
        return Ok(None);
    }
    let there = locate(tx, &Who { user: cart.user_id.map(UserId::from_uuid), token_hash: None }).await?;
    Ok(Some(there.ok_or_else(|| Error::not_found(CartId::KIND))?))
}

/// What became of the wish for a new cart.
pub(super) enum Begun {
    /// It was made, with its first lines.
    New(cart::Model, Vec<cart_line::Model>),
    /// There is one already.
    There(cart::Model),
}

/// A new cart under `token` with its first lines, unless `who` has one: stored and told of at once.
pub(super) async fn begin(
    tx: &Tx,
    who: &Who,
    token: &str,
    wanted: &[(VariantId, Quantity, Money)],
    now: Timestamp,
) -> Result<Begun> {
    if let Some(cart) = locate(tx, who).await? {
        return Ok(Begun::There(cart));
    }
    let cart = empty(tx, who, token, now);
    let mut together = tx.together();
    if who.user.is_some() {
        if let Some(there) = own(tx, &cart, now).await? {
            return Ok(Begun::There(there));
        }
    } else {
        // A token that was just made is nobody else's.
        together.insert::<cart::Entity>(std::slice::from_ref(&cart))?;
        jobs::plan_carts(tx, now).await?;
    }
    let lines = first_lines(tx, cart.id, wanted, now)?;
    together.insert::<cart_line::Entity>(&lines)?;
    tx.tell(&mut together, &super::news(cart.id, true, &lines))?;
    together.send().await?;
    Ok(Begun::New(cart, lines))
}

/// Marks the cart as changed, and makes sure that it is still open.
pub(crate) async fn touch(tx: &Tx, cart: &cart::Model, now: Timestamp) -> Result<()> {
    set_state(tx, cart, "open", now).await?;
    Ok(jobs::plan_carts(tx, now).await?)
}

/// Ends an open cart and frees its token.
pub(super) async fn close(tx: &Tx, cart: &cart::Model, state: &str, now: Timestamp) -> Result<()> {
    set_state(tx, cart, state, now).await?;
    tx.update_many::<cart::Entity>()
        .set(cart::Column::TokenHash, None::<Vec<u8>>)
        .filter(cart::Column::Id.eq(cart.id))
        .exec()
        .await?;
    Ok(())
}

async fn set_state(tx: &Tx, cart: &cart::Model, state: &str, now: Timestamp) -> Result<()> {
    let changed = tx
        .raw_exec(
            "UPDATE cart SET state = ?, version = version + 1, updated_at = ?, abandoned_at = NULL \
             WHERE tenant_id = {tenant} AND id = ? AND state = 'open'",
            vec![state.into(), now.millis().into(), cart.id.into()],
        )
        .await?;
    if changed == 0 { Err(Error::conflict("this cart was ordered in the meantime").into()) } else { Ok(()) }
}

/// Makes a guest's cart the account's.
pub(super) async fn adopt(tx: &Tx, cart: &cart::Model, user: UserId, now: Timestamp) -> Result<()> {
    touch(tx, cart, now).await?;
    tx.update_many::<cart::Entity>()
        .set(cart::Column::UserId, user.uuid())
        .set(cart::Column::TokenHash, None::<Vec<u8>>)
        .filter(cart::Column::Id.eq(cart.id))
        .exec()
        .await?;
    Ok(())
}

/// Writes the codes of a cart, a JSON list.
pub(super) async fn put_codes(tx: &Tx, cart: Uuid, codes: &str) -> Result<()> {
    tx.update_many::<cart::Entity>()
        .set(cart::Column::Codes, codes)
        .filter(cart::Column::Id.eq(cart))
        .exec()
        .await?;
    Ok(())
}

/// Writes what a cart is to be paid from, a JSON list.
pub(crate) async fn put_tenders(tx: &Tx, cart: Uuid, tenders: &str) -> Result<()> {
    tx.update_many::<cart::Entity>()
        .set(cart::Column::Tenders, tenders)
        .filter(cart::Column::Id.eq(cart))
        .exec()
        .await?;
    Ok(())
}

/// Adds pieces to the line of `variant`, or makes the line; with the price that was seen, as it is kept.
pub(super) async fn add_line(
    tx: &Tx,
    cart: Uuid,
    variant: VariantId,
    quantity: Quantity,
    (price, currency): (i64, &str),
    now: Timestamp,
) -> Result<()> {
    let changed = tx
        .raw_exec(
            "INSERT INTO cart_line \
               (tenant_id, id, cart_id, variant_id, quantity, unit_seen_minor, seen_currency, created_at) \
             VALUES ({tenant}, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (tenant_id, cart_id, variant_id) DO UPDATE \
             SET quantity = cart_line.quantity + excluded.quantity, unit_seen_minor = excluded.unit_seen_minor, \
               seen_currency = excluded.seen_currency \
             WHERE cart_line.quantity + excluded.quantity <= ?",
            vec![
                CartLineId::new().uuid().into(),
                cart.into(),
                variant.uuid().into(),
                i64::from(quantity).into(),
                price.into(),
                currency.into(),
                now.millis().into(),
                i64::from(Quantity::MAX).into(),
            ],
        )
        .await?;
    if changed == 0 { Err(too_many()) } else { Ok(()) }
}

/// The first lines of a new cart. Pieces of one variant are added up.
fn first_lines(
    tx: &Tx,
    cart: Uuid,
    wanted: &[(VariantId, Quantity, Money)],
    now: Timestamp,
) -> Result<Vec<cart_line::Model>> {
    let ctx = tx.ctx().ok_or_else(|| Error::internal("a cart belongs to a shop"))?;
    let mut lines: Vec<cart_line::Model> = Vec::with_capacity(wanted.len());
    for (variant, quantity, price) in wanted {
        let quantity = i64::from(*quantity);
        match lines.iter_mut().find(|line| line.variant_id == variant.uuid()) {
            Some(line) if i64::from(Quantity::MAX) < line.quantity + quantity => return Err(too_many()),
            Some(line) => line.quantity += quantity,
            None => lines.push(cart_line::Model {
                tenant_id: tx.tenant_id().uuid(),
                id: CartLineId::new().uuid(),
                cart_id: cart,
                variant_id: variant.uuid(),
                quantity,
                unit_seen_minor: price.minor,
                seen_currency: seen_in(*price, ctx.tenant()).to_owned(),
                created_at: now.millis(),
            }),
        }
    }
    Ok(lines)
}

fn too_many() -> CommerceError {
    let message = format!("the cart would hold more than {} of this", Quantity::MAX);
    CommerceError::field("lines.0.quantity", message)
}

/// Sets the quantity of a line of this cart; `None` removes it. `price` is what the shopper sees now.
pub(super) async fn set_line(
    tx: &Tx,
    cart: Uuid,
    line: CartLineId,
    quantity: Option<Quantity>,
    price: Option<(i64, &str)>,
) -> Result<()> {
    let changed = match quantity {
        None => {
            tx.delete_many::<cart_line::Entity>()
                .filter(cart_line::Column::CartId.eq(cart))
                .filter(cart_line::Column::Id.eq(line.uuid()))
                .exec()
                .await?
        }
        Some(quantity) => {
            let update =
                tx.update_many::<cart_line::Entity>().set(cart_line::Column::Quantity, i64::from(quantity));
            let update = match price {
                Some((price, currency)) => update
                    .set(cart_line::Column::UnitSeenMinor, price)
                    .set(cart_line::Column::SeenCurrency, currency),
                None => update,
            };
            update
                .filter(cart_line::Column::CartId.eq(cart))
                .filter(cart_line::Column::Id.eq(line.uuid()))
                .exec()
                .await?
        }
    };
    if changed == 0 { Err(CommerceError::not_found(CartLineId::KIND)) } else { Ok(()) }
}

/// Adds copies of `lines` to a cart; quantities stop at the largest that is allowed.
pub(super) async fn move_lines(
    tx: &Tx,
    cart: Uuid,
    lines: &[cart_line::Model],
    now: Timestamp,
) -> Result<()> {
    for line in lines {
        let max = i64::from(Quantity::MAX);
        tx.raw_exec(
            "INSERT INTO cart_line \
               (tenant_id, id, cart_id, variant_id, quantity, unit_seen_minor, seen_currency, created_at) \
             VALUES ({tenant}, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (tenant_id, cart_id, variant_id) DO UPDATE SET quantity = \
             CASE WHEN ? < cart_line.quantity + excluded.quantity THEN ? \
             ELSE cart_line.quantity + excluded.quantity END",
            vec![
                CartLineId::new().uuid().into(),
                cart.into(),
                line.variant_id.into(),
                line.quantity.into(),
                line.unit_seen_minor.into(),
                line.seen_currency.as_str().into(),
                now.millis().into(),
                max.into(),
                max.into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Gives an ordered cart back to its shopper, under the same token or account, as a new open cart: the order that was
/// made of it keeps the old one.
pub(crate) async fn restore(tx: &Tx, ordered: Uuid, now: Timestamp) -> Result<()> {
    let cart = tx.get::<cart::Entity>(ordered).await?;
    // What staff has sold belongs to nobody's shopping.
    if cart.state != "ordered" || (cart.user_id.is_none() && cart.token_hash.is_none()) {
        return Ok(());
    }
    tx.update_many::<cart::Entity>()
        .set(cart::Column::State, "restored")
        .set(cart::Column::TokenHash, None::<Vec<u8>>)
        .filter(cart::Column::Id.eq(ordered))
        .exec()
        .await?;
    let lines = lines(tx, ordered).await?;
    let own = match cart.user_id {
        // Whoever went on shopping in the meantime keeps that, with these lines added.
        Some(user) => locate(tx, &Who { user: Some(UserId::from_uuid(user)), token_hash: None }).await?,
        None => None,
    };
    let id = match own {
        Some(own) => {
            put_codes(tx, own.id, &super::codes::joined(&own, &cart)?).await?;
            put_tenders(tx, own.id, &crate::tender::chosen::joined(tx, &own, &cart).await?).await?;
            own.id
        }
        None => {
            let id = CartId::new().uuid();
            tx.insert_many(vec![cart::ActiveModel {
                id: Set(id),
                token_hash: Set(cart.token_hash),
                user_id: Set(cart.user_id),
                state: Set("open".to_owned()),
                version: Set(1),
                created_at: Set(now.millis()),
                updated_at: Set(now.millis()),
                codes: Set(cart.codes),
                tenders: Set(cart.tenders),
                ..Default::default()
            }])
            .await?;
            super::saved::hand_on(tx, ordered, id).await?;
            jobs::plan_carts(tx, now).await?;
            id
        }
    };
    move_lines(tx, id, &lines, now).await
}
