//! The one place that moves a balance: a statement under conditions, a movement, and a row of the ledger.

use platform::{Context, Tx};
use primitives::{Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition};
use uuid::Uuid;

use super::view::{MovementKind, TenderKind};
use crate::entity::tender_account::{
    self,
    Column::{BalanceMinor, Currency, Enabled, ExpiresAt, Id, UpdatedAt},
};
use crate::entity::{money_ledger, tender_movement};
use crate::error::{CommerceError, Result};

/// The shop's own side of the ledger.
const SHOP: &str = "shop";

/// An amount that moves between the shop and an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moving<'a> {
    pub account: Uuid,
    pub kind: TenderKind,
    pub what: MovementKind,
    /// Minor units, above zero.
    pub amount: i64,
    pub currency: &'a str,
    pub order: Option<Uuid>,
    pub reason: &'a str,
}

/// Takes it out of the account; `false` when less is there, or when it must not be used now.
///
/// An order is paid with an account that is switched on and not over; staff takes whatever is there.
pub(crate) async fn take(tx: &Tx, moving: &Moving<'_>, now: Timestamp) -> Result<bool> {
    let mut taking = tx
        .update_many::<tender_account::Entity>()
        .col_expr(BalanceMinor, Expr::col(BalanceMinor).sub(moving.amount))
        .set(UpdatedAt, now.millis())
        .filter(Id.eq(moving.account))
        .filter(Currency.eq(moving.currency))
        .filter(BalanceMinor.gte(moving.amount));
    if moving.what == MovementKind::Redeem {
        let lasts = Condition::any().add(ExpiresAt.is_null()).add(ExpiresAt.gt(now.millis()));
        taking = taking.filter(Enabled.eq(true)).filter(lasts);
    }
    if taking.exec().await.context("taking from an account")? == 0 {
        return Ok(false);
    }
    let after = tx.get::<tender_account::Entity>(moving.account).await?;
    write_down(tx, moving, -moving.amount, after.balance_minor, now).await?;
    Ok(true)
}

/// Puts it on the account, whether or not that may be used now: which of the two is said.
///
/// # Errors
/// `NOT_FOUND` for an account that is not there, or is of another currency.
pub(crate) async fn give(tx: &Tx, moving: &Moving<'_>, now: Timestamp) -> Result<bool> {
    let given = tx
        .update_many::<tender_account::Entity>()
        .col_expr(BalanceMinor, Expr::col(BalanceMinor).add(moving.amount))
        .set(UpdatedAt, now.millis())
        .filter(Id.eq(moving.account))
        .filter(Currency.eq(moving.currency))
        .exec()
        .await
        .context("giving to an account")?;
    if given == 0 {
        return Err(CommerceError::not_found("account"));
    }
    let after = tx.get::<tender_account::Entity>(moving.account).await?;
    write_down(tx, moving, moving.amount, after.balance_minor, now).await?;
    Ok(after.enabled && after.expires_at.is_none_or(|at| now.millis() < at))
}

/// The first movement of an account that was made with this balance.
pub(crate) async fn opened(tx: &Tx, moving: &Moving<'_>, now: Timestamp) -> Result<()> {
    write_down(tx, moving, moving.amount, moving.amount, now).await
}

async fn write_down(tx: &Tx, moving: &Moving<'_>, signed: i64, balance: i64, now: Timestamp) -> Result<()> {
    let id = Uuid::now_v7();
    let user = tx.ctx().and_then(|ctx| ctx.user_id()).map(UserId::uuid);
    tx.insert_many(vec![tender_movement::ActiveModel {
        id: Set(id),
        account_id: Set(moving.account),
        order_id: Set(moving.order),
        kind: Set(moving.what.as_str().to_owned()),
        amount_minor: Set(signed),
        balance_minor: Set(balance),
        currency: Set(moving.currency.to_owned()),
        reason: Set(moving.reason.to_owned()),
        user_id: Set(user),
        at: Set(now.millis()),
        ..Default::default()
    }])
    .await
    .context("writing a movement down")?;
    let (from, to) = if signed < 0 { (moving.kind.as_str(), SHOP) } else { (SHOP, moving.kind.as_str()) };
    tx.insert_many(vec![money_ledger::ActiveModel {
        id: Set(id),
        order_id: Set(moving.order),
        payment_id: Set(None),
        kind: Set(moving.what.as_str().to_owned()),
        from_account: Set(from.to_owned()),
        to_account: Set(to.to_owned()),
        amount_minor: Set(moving.amount),
        currency: Set(moving.currency.to_owned()),
        fact: Set(id.to_string()),
        at: Set(now.millis()),
        ..Default::default()
    }])
    .await
    .context("writing a movement into the ledger")?;
    Ok(())
}
