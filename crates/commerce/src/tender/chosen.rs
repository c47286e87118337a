//! What a cart is to be paid from: gift cards whose codes were typed, and the store credit of whoever is signed in.
//!
//! The cart keeps the accounts, never a code. What each pays is said anew at every look, and decided when the order is
//! placed.

use std::collections::HashMap;
use std::net::IpAddr;

use identity::Guesses;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{CartId, Currency, GiftCardId, Money, Timestamp};
use sea_orm::{ColumnTrait, QueryResult};
use uuid::Uuid;

use super::code;
use super::view::{TenderChoice, TenderKind};
use crate::cart::{locate, store};
use crate::currency;
use crate::entity::{cart, customer, tender_account};
use crate::error::{CommerceError, Result};
use crate::who::Who;

/// Most gift cards in one cart.
pub const MAX_CARDS: usize = 5;
/// What an outsider is told of every code that pays nothing: unknown, over, empty and switched off sound alike.
const CANNOT: &str = "this gift card cannot be used: look at its code, or ask whoever gave it to you";

/// An account that a cart is to be paid from, and what it pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub account: Uuid,
    pub kind: TenderKind,
    pub name: String,
    /// Minor units; zero when it cannot be used now.
    pub balance: i64,
    /// What it pays, minor units.
    pub amount: i64,
    /// It is in another currency than the cart, and pays nothing of it.
    pub foreign: bool,
}

/// The accounts of a cart with what each pays of `total`, the first as much as it can, then the next.
///
/// Costs nothing for a cart without any.
pub(crate) async fn of_cart(
    rows: &TenantDb,
    who: &Who,
    cart: Option<&cart::Model>,
    total: Money,
    now: Timestamp,
) -> Result<Vec<Chosen>> {
    let wanted = cart.map(read).transpose()?.unwrap_or_default();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT a.id, a.kind, a.last_four, a.balance_minor, a.currency, c.user_id, \
           CASE WHEN a.enabled AND a.currency = ? AND (a.expires_at IS NULL OR a.expires_at > ?) THEN 1 ELSE 0 END \
             AS usable \
         FROM tender_account a LEFT JOIN customer c ON c.tenant_id = a.tenant_id AND c.id = a.customer_id \
         WHERE a.tenant_id = {{tenant}} AND a.id IN ({})",
        platform::db::holes(wanted.len())
    );
    let mut values = vec![total.currency.code().into(), now.millis().into()];
    values.extend(wanted.iter().map(|id| (*id).into()));
    let found = rows.raw_all(&sql, values).await?;
    let read = |row: &QueryResult| -> Result<(Option<Uuid>, Chosen), sea_orm::DbErr> {
        let (kind, last_four): (String, String) = (row.try_get("", "kind")?, row.try_get("", "last_four")?);
        let kind = TenderKind::parse(&kind);
        let usable = row.try_get::<i32>("", "usable")? == 1;
        let currency: String = row.try_get("", "currency")?;
        let chosen = Chosen {
            foreign: currency != total.currency.code(),
            account: row.try_get("", "id")?,
            kind,
            name: kind.name(&last_four),
            balance: if usable { row.try_get("", "balance_minor")? } else { 0 },
            amount: 0,
        };
        Ok((row.try_get("", "user_id")?, chosen))
    };
    let mut known: HashMap<Uuid, Chosen> = HashMap::new();
    for row in &found {
        let (owner, one) = read(row).map_err(Error::from)?;
        let own = owner.is_some() && owner == who.user.map(|user| user.uuid());
        // Store credit is its owner's alone, whoever else has come to the cart.
        if one.kind == TenderKind::GiftCard || own {
            known.insert(one.account, one);
        }
    }
    let mut left = total.minor;
    let mut chosen: Vec<Chosen> = wanted.iter().filter_map(|id| known.remove(id)).collect();
    for one in &mut chosen {
        one.amount = one.balance.min(left);
        left -= one.amount;
    }
    Ok(chosen)
}

/// What people see of it.
pub(crate) fn view(one: &Chosen, currency: Currency) -> TenderChoice {
    TenderChoice {
        id: (one.kind == TenderKind::GiftCard).then(|| GiftCardId::from_uuid(one.account)),
        kind: one.kind,
        name: one.name.clone(),
        balance: Money::new(one.balance, currency),
        amount: Money::new(one.amount, currency),
        problem: match (one.foreign, one.balance) {
            (true, _) => Some(format!("is in another currency than {currency} and cannot be used in it")),
            (false, 0) => Some("cannot be used now".to_owned()),
            (false, _) => None,
        },
    }
}

/// The account of the caller's store credit and what is on it, when there is something.
pub(crate) async fn own_credit(
    rows: &TenantDb,
    who: &Who,
    currency: Currency,
) -> Result<Option<(Uuid, i64)>> {
    let Some(user) = who.user else { return Ok(None) };
    let found = rows
        .raw_all(
            "SELECT a.id, a.balance_minor FROM tender_account a \
             JOIN customer c ON c.tenant_id = a.tenant_id AND c.id = a.customer_id \
             WHERE a.tenant_id = {tenant} AND c.user_id = ? AND a.currency = ? AND a.enabled \
             AND a.balance_minor > 0",
            vec![user.uuid().into(), currency.code().into()],
        )
        .await?;
    let read = |row: &QueryResult| Ok((row.try_get("", "id")?, row.try_get("", "balance_minor")?));
    Ok(found.first().map(read).transpose().map_err(|error: sea_orm::DbErr| Error::from(error))?)
}

/// Puts a gift card to the caller's cart, by its code as somebody typed it. The second time nothing changes.
///
/// # Errors
/// `BAD_USER_INPUT` at `code`, the same for every code that pays nothing, and for more than [`MAX_CARDS`] cards;
/// `RATE_LIMIT_EXCEEDED` for somebody who tries many; `NOT_FOUND` without a cart.
pub async fn add_gift_card(ctx: &Ctx, token: Option<&str>, typed: &str, from: IpAddr) -> Result<()> {
    let attempt = Guesses::of(ctx.app()).gift_card(ctx.tenant_id(), from, ctx.now())?;
    let cannot = || CommerceError::field("code", CANNOT);
    let normal = code::normal(typed).ok_or_else(cannot)?;
    let rows = ctx.read(Access::Public).await?;
    let found = rows
        .find::<tender_account::Entity>()
        .filter(tender_account::Column::CodeHash.eq(code::hash(&normal).to_vec()))
        .one()
        .await?;
    drop(rows);
    let pays = |card: &tender_account::Model| {
        card.enabled && 0 < card.balance_minor && card.expires_at.is_none_or(|at| ctx.now().millis() < at)
    };
    let card = found.filter(pays).ok_or_else(cannot)?;
    attempt.succeeded();
    // Whoever knows the code of a card that pays may know what it pays in.
    let currency = currency::exchange(ctx).await?.to();
    if card.currency != currency.code() {
        return Err(CommerceError::field("code", other_currency("this gift card", &card.currency, currency)));
    }
    change(ctx, token, Wish::Add(card.id)).await
}

/// Takes a gift card from the caller's cart again; what is on it stays.
///
/// # Errors
/// `NOT_FOUND` for a card that the cart does not have.
pub async fn remove_gift_card(ctx: &Ctx, token: Option<&str>, id: GiftCardId) -> Result<()> {
    change(ctx, token, Wish::Drop(id.uuid())).await
}

/// Pays from the caller's store credit, after the gift cards that are there.
///
/// # Errors
/// `UNAUTHENTICATED`; `BAD_USER_INPUT` at `storeCredit` when there is none; `NOT_FOUND` without a cart.
pub async fn use_store_credit(ctx: &Ctx, token: Option<&str>) -> Result<()> {
    ctx.require(Access::SignedIn)?;
    change(ctx, token, Wish::Credit).await
}

/// Leaves the caller's store credit alone again.
///
/// # Errors
/// `UNAUTHENTICATED`; `NOT_FOUND` without a cart.
pub async fn leave_store_credit(ctx: &Ctx, token: Option<&str>) -> Result<()> {
    ctx.require(Access::SignedIn)?;
    change(ctx, token, Wish::NoCredit).await
}

/// What somebody wants of a cart.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Add(Uuid),
    Drop(Uuid),
    Credit,
    NoCredit,
}

/// Changes what the caller's open cart is to be paid from.
async fn change(ctx: &Ctx, token: Option<&str>, wish: Wish) -> Result<()> {
    let (who, currency) = (Who::of(ctx, token), currency::exchange(ctx).await?.to());
    ctx.write(Access::Public, async |tx| {
        let cart = locate(tx, &who).await?.ok_or_else(|| CommerceError::not_found(CartId::KIND))?;
        let mut chosen = read(&cart)?;
        match wish {
            Wish::Add(card) if !chosen.contains(&card) => {
                if MAX_CARDS <= chosen.len() - credits(tx, &chosen).await?.len() {
                    let why = format!("use at most {MAX_CARDS} gift cards for one order");
                    return Err(CommerceError::field("code", why));
                }
                chosen.push(card);
            }
            Wish::Drop(card) if !chosen.contains(&card) => {
                return Err(CommerceError::not_found(GiftCardId::KIND));
            }
            Wish::Drop(card) => chosen.retain(|one| *one != card),
            Wish::Credit => {
                let credit = own_credit(tx, &who, currency).await?;
                let Some((account, _)) = credit else {
                    let accounts = credit_accounts(tx, &who).await?;
                    let other = accounts
                        .iter()
                        .find(|other| 0 < other.balance_minor && other.currency != currency.code());
                    let words = match other {
                        Some(other) => other_currency("your store credit", &other.currency, currency),
                        None => "there is no store credit to use".to_owned(),
                    };
                    return Err(CommerceError::field("storeCredit", words));
                };
                if !chosen.contains(&account) {
                    chosen.push(account);
                }
            }
            Wish::NoCredit => {
                let accounts = credit_accounts(tx, &who).await?;
                chosen.retain(|one| accounts.iter().all(|account| account.id != *one));
            }
            Wish::Add(_) => {}
        }
        let chosen = serde_json::to_string(&chosen).map_err(Error::internal)?;
        if chosen != cart.tenders {
            store::touch(tx, &cart, ctx.now()).await?;
            store::put_tenders(tx, cart.id, &chosen).await?;
        }
        Ok(())
    })
    .await
}

/// The accounts of the caller's store credit, whatever is on them.
async fn credit_accounts(tx: &Tx, who: &Who) -> Result<Vec<tender_account::Model>> {
    let Some(user) = who.user else { return Ok(Vec::new()) };
    let own = tx.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
    let Some(own) = own.one().await? else { return Ok(Vec::new()) };
    let accounts = tx.find::<tender_account::Entity>();
    Ok(accounts.filter(tender_account::Column::CustomerId.eq(own.id)).all().await?)
}

/// Why it pays nothing of this cart, and the way out.
fn other_currency(what: &str, issued: &str, cart: Currency) -> String {
    format!("{what} is in {issued} and your cart in {cart}: it can be used when you buy in {issued}")
}

fn read(cart: &cart::Model) -> Result<Vec<Uuid>> {
    Ok(serde_json::from_str(&cart.tenders).map_err(Error::internal)?)
}

/// Which of these are store credit; nobody looks while there are so few that it does not matter.
async fn credits(rows: &TenantDb, accounts: &[Uuid]) -> Result<Vec<Uuid>> {
    if accounts.len() < MAX_CARDS {
        return Ok(Vec::new());
    }
    let found = rows.find::<tender_account::Entity>();
    let found = found.filter(tender_account::Column::Id.is_in(accounts.iter().copied()));
    let found = found.filter(tender_account::Column::Kind.eq(TenderKind::StoreCredit.as_str()));
    let found: Vec<(Uuid,)> = found.columns([tender_account::Column::Id]).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What two carts that become one are to be paid from, the own first.
pub(crate) async fn joined(rows: &TenantDb, own: &cart::Model, other: &cart::Model) -> Result<String> {
    let mut accounts = read(own)?;
    for account in read(other)? {
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    let credits = credits(rows, &accounts).await?;
    let mut n_cards = 0;
    accounts.retain(|account| {
        n_cards += usize::from(!credits.contains(account));
        credits.contains(account) || n_cards <= MAX_CARDS
    });
    Ok(serde_json::to_string(&accounts).map_err(Error::internal)?)
}
