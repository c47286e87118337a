//! Store credit: an account per customer and currency, which staff fills and empties with a reason.

use events::Emit;
use identity::idempotency::{self, Answer, Begun, Key};
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{Currency, CustomerId, Money, OrderId, Permission, Timestamp, UserId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryResult, QuerySelect};
use uuid::Uuid;

use super::account::{self, Moving};
use super::view::{MovementKind, MovementView, StoreCreditView, TenderKind};
use super::{MAX_AMOUNT, MAX_NOTE};
use crate::currency;
use crate::entity::{customer, tender_account};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::checked_text;

/// Why store credit of a customer is gone that was forgotten.
const ERASED: &str = "erased";

/// The store credit of a customer in a currency, for staff; `None`: in the shop's own, or in another one as long as there is
/// none in that.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn of_customer(ctx: &Ctx, id: CustomerId, currency: Option<Currency>) -> Result<StoreCreditView> {
    let rows = ctx.read(Permission::PAYMENTS_READ).await?;
    let looks = Looks { home: ctx.tenant().currency, wanted: currency, staff: true };
    view(&rows, id.uuid(), looks).await
}

/// The caller's own store credit; nothing on it for somebody who never had any.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub async fn mine(ctx: &Ctx) -> Result<StoreCreditView> {
    ctx.require(Access::SignedIn)?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let rows = ctx.read(Access::SignedIn).await?;
    let own = rows.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid())).one().await?;
    let home = ctx.tenant().currency;
    match own {
        Some(own) => view(&rows, own.id, Looks { home, wanted: None, staff: false }).await,
        None => Ok(StoreCreditView::none(home, true)),
    }
}

/// Store credit to add, or to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditChange<'a> {
    /// 1 to 255 visible ASCII characters, fresh for each change: the second time it changes nothing.
    pub key: &'a str,
    /// In which currency, and how much; below zero takes it.
    pub amount: Money,
    /// Why, 1 to [`MAX_NOTE`] characters; the customer sees it.
    pub reason: &'a str,
}

/// Adds store credit, or takes it with an amount below zero.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `amount` (zero, or more than is there), at `currency` for one that the shop does not
/// offer and the customer has nothing in, at `reason`, at `idempotencyKey`, and at `customerId` for somebody without an
/// account, who could not use it; `IDEMPOTENCY_KEY_REUSED` for a key of another change.
pub async fn change(ctx: &Ctx, id: CustomerId, change: &CreditChange<'_>) -> Result<StoreCreditView> {
    let CreditChange { key, amount: Money { minor: amount, currency }, reason } = *change;
    let reason = checked_text("reason", reason, MAX_NOTE, true)?;
    if amount == 0 || !(-MAX_AMOUNT..=MAX_AMOUNT).contains(&amount) {
        return Err(CommerceError::field("amount", "must not be zero, and not more than anybody has"));
    }
    let key = Key::new(ctx, None, key)?;
    let print =
        idempotency::fingerprint("storeCreditChange", &(id.uuid(), amount, currency.code(), &reason))?;
    let offered = currency::named(ctx, currency.code()).await;
    let looks = Looks { home: ctx.tenant().currency, wanted: Some(currency), staff: true };
    let now = ctx.now();
    ctx.write(Permission::PAYMENTS_UPDATE, async |tx| {
        if let Begun::Replay(_) = idempotency::begin(tx, &key, &print).await? {
            return view(tx, id.uuid(), looks).await;
        }
        let account = match known_account(tx, id, currency).await? {
            // What a return has put there can be taken and paid by hand, also of somebody without an account.
            Some(account) if amount < 0 => account,
            Some(_) => account_of(tx, id, currency, now).await?,
            None => {
                offered?;
                account_of(tx, id, currency, now).await?
            }
        };
        let moving = Moving {
            account,
            kind: TenderKind::StoreCredit,
            what: if amount < 0 { MovementKind::Debit } else { MovementKind::Credit },
            amount: amount.saturating_abs(),
            currency: currency.code(),
            order: None,
            reason: &reason,
        };
        if 0 < amount {
            account::give(tx, &moving, now).await?;
        } else if !account::take(tx, &moving, now).await? {
            return Err(CommerceError::field("amount", "is more than this customer's store credit"));
        }
        let currency_code = currency.code().to_owned();
        let event = CommerceEvent::StoreCreditUpdated {
            account_id: account,
            customer_id: id,
            amount,
            currency: currency_code,
        };
        tx.emit(event).await?;
        idempotency::complete(tx, &key, &Answer::ok(&())?).await?;
        view(tx, id.uuid(), looks).await
    })
    .await
}

/// The account of a customer in a currency; made when there is none.
///
/// Whoever has an order open has held its customer before.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `customerId` for somebody who has no account to use it with.
pub(crate) async fn account_of(tx: &Tx, id: CustomerId, currency: Currency, now: Timestamp) -> Result<Uuid> {
    if hold_owner(tx, id).await?.user_id.is_none() {
        let why = "has no account here to use store credit with: issue a gift card instead";
        return Err(CommerceError::field("customerId", why));
    }
    account_for(tx, id, currency, now).await
}

/// A customer, held so that nothing is put on the account of somebody who is being forgotten.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn hold_owner(tx: &Tx, id: CustomerId) -> Result<customer::Model> {
    let owner = tx.find::<customer::Entity>().filter(customer::Column::Id.eq(id.uuid()));
    let owner = owner.map(|select| select.lock(LockType::KeyShare)).one().await?;
    owner.ok_or_else(|| CommerceError::not_found(CustomerId::KIND))
}

async fn known_account(tx: &Tx, id: CustomerId, currency: Currency) -> Result<Option<Uuid>> {
    let found = tx.find::<tender_account::Entity>();
    let found = found.filter(tender_account::Column::CustomerId.eq(id.uuid()));
    let found = found.filter(tender_account::Column::Currency.eq(currency.code())).one().await?;
    Ok(found.map(|account| account.id))
}

/// The account of a customer in a currency, also of one who has no account here to use it with: for what the shop owes.
pub(crate) async fn account_for(tx: &Tx, id: CustomerId, currency: Currency, now: Timestamp) -> Result<Uuid> {
    if let Some(account) = known_account(tx, id, currency).await? {
        return Ok(account);
    }
    let row = tender_account::Model {
        tenant_id: tx.tenant_id().uuid(),
        id: Uuid::now_v7(),
        kind: TenderKind::StoreCredit.as_str().to_owned(),
        code_hash: None,
        last_four: String::new(),
        customer_id: Some(id.uuid()),
        currency: currency.code().to_owned(),
        issued_minor: 0,
        balance_minor: 0,
        enabled: true,
        expires_at: None,
        recipient: String::new(),
        note: String::new(),
        version: 1,
        created_at: now.millis(),
        updated_at: now.millis(),
    };
    let account = row.id;
    if 0 < tx.insert_new(vec![row.into_active_model().reset_all()]).await? {
        return Ok(account);
    }
    // Somebody else made it at the same moment.
    let made = known_account(tx, id, currency).await?;
    made.ok_or_else(|| Error::conflict("the store credit is being made, try again").into())
}

/// Takes out what is left on the accounts of a customer who is forgotten: nobody could use it any more.
pub(crate) async fn end_credit(tx: &Tx, id: CustomerId, now: Timestamp) -> Result<()> {
    let found = tx.find::<tender_account::Entity>();
    let found = found.filter(tender_account::Column::CustomerId.eq(id.uuid()));
    let found = found.order_by_asc(tender_account::Column::Id);
    for account in found.map(|select| select.lock(LockType::Update)).all().await? {
        if 0 < account.balance_minor {
            end(tx, id, &account, now).await?;
        }
    }
    Ok(())
}

async fn end(tx: &Tx, id: CustomerId, account: &tender_account::Model, now: Timestamp) -> Result<()> {
    let moving = Moving {
        account: account.id,
        kind: TenderKind::StoreCredit,
        what: MovementKind::Debit,
        amount: account.balance_minor,
        currency: &account.currency,
        order: None,
        reason: ERASED,
    };
    if !account::take(tx, &moving, now).await? {
        return Err(Error::conflict("the store credit has just changed, try again").into());
    }
    tx.emit(CommerceEvent::StoreCreditUpdated {
        account_id: account.id,
        customer_id: id,
        amount: -account.balance_minor,
        currency: account.currency.clone(),
    })
    .await?;
    Ok(())
}

/// The accounts of a customer, that in the shop's currency first, then the oldest.
pub(crate) async fn accounts_of(
    rows: &TenantDb,
    id: Uuid,
    home: Currency,
) -> Result<Vec<tender_account::Model>> {
    let found = rows.find::<tender_account::Entity>();
    let found = found.filter(tender_account::Column::CustomerId.eq(id));
    let mut found = found.order_by_asc(tender_account::Column::Id).all().await?;
    found.sort_by_key(|account| account.currency != home.code());
    Ok(found)
}

/// Which of somebody's accounts is looked at, and by whom.
#[derive(Clone, Copy)]
struct Looks {
    /// The shop's own.
    home: Currency,
    /// `None`: the first that there is, in the shop's own before all others.
    wanted: Option<Currency>,
    staff: bool,
}

async fn view(rows: &TenantDb, id: Uuid, looks: Looks) -> Result<StoreCreditView> {
    let owner = rows.get::<customer::Entity>(id).await?;
    let found = accounts_of(rows, id, looks.home).await?;
    let usable = owner.user_id.is_some();
    let mut balances = Vec::with_capacity(found.len());
    for account in &found {
        let currency = Currency::parse(&account.currency).map_err(Error::internal)?;
        balances.push(Money::new(account.balance_minor, currency));
    }
    let chosen = found.iter().zip(&balances).find(|(_, balance)| match looks.wanted {
        Some(wanted) => balance.currency == wanted,
        None => true,
    });
    let Some((account, balance)) = chosen else {
        let none = StoreCreditView::none(looks.wanted.unwrap_or(looks.home), usable);
        return Ok(StoreCreditView { balances, ..none });
    };
    let movements = movements(rows, account.id, balance.currency, looks.staff).await?;
    Ok(StoreCreditView { balance: *balance, balances, usable, movements })
}

/// The last movements of an account, newest first.
pub(super) async fn movements(
    rows: &TenantDb,
    account: Uuid,
    currency: Currency,
    staff: bool,
) -> Result<Vec<MovementView>> {
    let found = rows
        .raw_all(
            "SELECT m.kind, m.amount_minor, m.balance_minor, m.order_id, o.number, m.reason, m.user_id, m.at \
             FROM tender_movement m \
             LEFT JOIN orders o ON o.tenant_id = m.tenant_id AND o.id = m.order_id \
             WHERE m.tenant_id = {tenant} AND m.account_id = ? ORDER BY m.at DESC, m.id DESC LIMIT 200",
            vec![account.into()],
        )
        .await?;
    let read = |row: &QueryResult| -> Result<MovementView, sea_orm::DbErr> {
        let kind: String = row.try_get("", "kind")?;
        let order: Option<Uuid> = row.try_get("", "order_id")?;
        let number: Option<i64> = row.try_get("", "number")?;
        let user: Option<Uuid> = row.try_get("", "user_id")?;
        Ok(MovementView {
            kind: MovementKind::parse(&kind),
            amount: Money::new(row.try_get("", "amount_minor")?, currency),
            balance: Money::new(row.try_get("", "balance_minor")?, currency),
            order: order.map(OrderId::from_uuid).zip(number),
            reason: row.try_get("", "reason")?,
            user: user.filter(|_| staff).map(UserId::from_uuid),
            at: Timestamp::from_millis(row.try_get("", "at")?),
        })
    };
    Ok(found.iter().map(read).collect::<Result<_, _>>().map_err(Error::from)?)
}
