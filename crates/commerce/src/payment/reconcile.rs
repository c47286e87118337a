//! Payments that have not moved for long, and those about which the gateway says something else than we do.
//!
//! Whoever promised to call back and did not is asked, under the key of the call. Once a day, some at a time, the payments
//! of the last weeks are walked through: the gateway tells what it has of each, what can be settled is settled by the same
//! door as call-backs, and what still differs is kept for a person to see.

use std::time::Duration;

use platform::{Access, Ctx, TenantDb};
use primitives::{Cursor, Direction, Money, OrderId, PageArgs, PaymentId, Permission, Timestamp};
use sea_orm::sea_query::Order;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, IntoActiveModel};
use tracing::warn;
use uuid::Uuid;

use super::gateway::{self, Held};
use super::{MANUAL, Outcome, Status, Step, apply, settle};
use crate::entity::{orders, payment, payment_check, payment_round};
use crate::error::{CommerceError, Result};
use crate::order::desk::Desk;
use crate::order::read::{self, currency_of};
use crate::page::{Page, bad_cursor, cut, place_after};
use crate::view::{DiscrepancyView, OrderView};

/// How long a gateway that promised to call back is left alone.
pub(crate) const CALLS_BACK: Duration = Duration::from_secs(15 * 60);
/// How long nothing has to happen to a payment before it is compared.
const QUIET: Duration = Duration::from_secs(3600);
/// From one round to the next.
const ROUND: Duration = Duration::from_secs(24 * 3600);
/// How far back a round goes.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a payment that agreed is taken to agree.
const BELIEVED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Name of the list's cursors.
const NAME: &str = "discrepancies";

/// What one look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// Gateways that were asked because they did not call back.
    pub asked: usize,
    /// Payments that were compared.
    pub compared: usize,
}

/// One look at one tenant: overdue call-backs, then the next payments of a round that is due; at most `limit` of each.
pub(crate) async fn due(ctx: &Ctx, limit: u64) -> Result<Looked> {
    let asked = overdue(ctx, limit).await?;
    let compared = round(ctx, limit).await?;
    Ok(Looked { asked, compared })
}

/// Asks about payments whose gateways had promised to call back.
async fn overdue(ctx: &Ctx, limit: u64) -> Result<usize> {
    let rows = ctx.read(Access::System).await?;
    let overdue = rows
        .find::<payment::Entity>()
        .filter(sea_orm::sea_query::Expr::cust("status = 'pending'"))
        .filter(payment::Column::UpdatedAt.lte((ctx.now() - CALLS_BACK).millis()))
        .order_by_asc(payment::Column::UpdatedAt)
        .limit(limit)
        .all()
        .await?;
    drop(rows);
    let mut asked = 0;
    for payment in overdue {
        asked += usize::from(settle::ask(ctx, payment, Access::System).await?);
    }
    Ok(asked)
}

/// The next payments of the shop's round; the first look only says when it begins.
async fn round(ctx: &Ctx, limit: u64) -> Result<usize> {
    let now = ctx.now();
    let rows = ctx.read(Access::System).await?;
    let Some(at) = rows.find::<payment_round::Entity>().one().await? else {
        let any = rows.find::<payment::Entity>().filter(payment::Column::Provider.ne(MANUAL)).limit(1);
        let any = any.one().await?.is_some();
        drop(rows);
        if any {
            keep(ctx, (0, Uuid::nil()), now + ROUND).await?;
        }
        return Ok(0);
    };
    if now.millis() < at.next_at {
        return Ok(0);
    }
    let place = (at.after_at.max((now - WINDOW).millis()), at.after_id);
    let next = after(&rows, place, (now - QUIET).millis(), limit).await?;
    let unsure = unsure(&rows, &next, now).await?;
    drop(rows);
    let mut compared = 0;
    for payment in unsure {
        match gateway::held(ctx, &payment).await {
            Ok(held) => compared += usize::from(compare(ctx, &payment, held.as_ref()).await?),
            Err(error) => {
                // It answers nobody now: the round goes on where it stands.
                warn!(payment.id = %payment.id, error, "a gateway does not tell what it has of a payment");
                keep(ctx, (at.after_at, at.after_id), now + CALLS_BACK).await?;
                return Ok(compared);
            }
        }
    }
    match next.last() {
        Some(last) if next.len() as u64 == limit => keep(ctx, (last.created_at, last.id), now).await?,
        _ => keep(ctx, (0, Uuid::nil()), now + ROUND).await?,
    }
    Ok(compared)
}

/// Payments of gateways after a place of the round, at which nothing has happened since `quiet`.
async fn after(
    rows: &TenantDb,
    (at, id): (i64, Uuid),
    quiet: i64,
    limit: u64,
) -> Result<Vec<payment::Model>> {
    use payment::Column;
    Ok(rows
        .find::<payment::Entity>()
        .filter(place_after(Column::CreatedAt, at.into(), Column::Id, id, true))
        .filter(Column::CreatedAt.lte(quiet))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all()
        .await?)
}

/// Those of `found` that nobody has compared since they changed, or not for long.
async fn unsure(rows: &TenantDb, found: &[payment::Model], now: Timestamp) -> Result<Vec<payment::Model>> {
    let ids = found.iter().map(|row| row.id);
    let checks = match found.is_empty() {
        true => Vec::new(),
        false => {
            let checks = rows.find::<payment_check::Entity>();
            checks.filter(payment_check::Column::PaymentId.is_in(ids)).all().await?
        }
    };
    let sure = |row: &payment::Model| {
        checks.iter().any(|check| {
            let believed = if check.differs { ROUND / 2 } else { BELIEVED };
            check.payment_id == row.id
                && row.updated_at <= check.checked_at
                && (now - believed).millis() < check.checked_at
        })
    };
    let quiet = (now - QUIET).millis();
    let unsure = found.iter().filter(|row| {
        row.provider != MANUAL && !row.status().is_open() && row.updated_at <= quiet && !sure(row)
    });
    Ok(unsure.cloned().collect())
}

/// Remembers where the round stands, and when it goes on.
async fn keep(ctx: &Ctx, (after_at, after_id): (i64, Uuid), next: Timestamp) -> Result<()> {
    let row = payment_round::ActiveModel {
        id: Set(ctx.tenant_id().uuid()),
        after_at: Set(after_at),
        after_id: Set(after_id),
        next_at: Set(next.millis()),
        ..Default::default()
    };
    ctx.write(Access::System, async |tx| {
        use payment_round::Column;
        let (key, columns) =
            ([Column::TenantId, Column::Id], [Column::AfterAt, Column::AfterId, Column::NextAt]);
        tx.upsert_many(vec![row], &key, &columns).await?;
        Ok(crate::jobs::plan(tx, Some(next.millis())).await?)
    })
    .await
}

/// Compares a payment with what its gateway has of it; settles what it can. `false` when the payment has changed since.
async fn compare(ctx: &Ctx, payment: &payment::Model, held: Option<&Held>) -> Result<bool> {
    ctx.write(Access::Public, async |tx| {
        let now = ctx.now();
        let mut desk = Desk::open(tx, OrderId::from_uuid(payment.order_id), now).await?;
        if desk.payment()?.version != payment.version {
            return Ok(false);
        }
        if let Some(held) = held
            && was_taken(&desk, held)?
        {
            apply(&mut desk, Step::Capture, &Outcome::Succeeded(payment.gateway_id.clone())).await?;
        }
        let ours = Held {
            captured: desk.row().paid_minor - desk.row().tendered_minor,
            refunded: given_back(tx, payment).await?,
            currency: payment.currency.clone(),
        };
        desk.save().await?;
        let theirs = held.unwrap_or(&ours);
        let row = payment_check::Model {
            tenant_id: payment.tenant_id,
            payment_id: payment.id,
            differs: theirs != &ours,
            currency: payment.currency.clone(),
            ours_captured_minor: ours.captured,
            ours_refunded_minor: ours.refunded,
            theirs_captured_minor: theirs.captured,
            theirs_refunded_minor: theirs.refunded,
            // Behind what this look itself has changed.
            checked_at: now.millis(),
        };
        use payment_check::Column;
        let columns = [
            Column::Differs,
            Column::OursCapturedMinor,
            Column::OursRefundedMinor,
            Column::TheirsCapturedMinor,
            Column::TheirsRefundedMinor,
            Column::CheckedAt,
        ];
        let key = [Column::TenantId, Column::PaymentId];
        tx.upsert_many(vec![row.into_active_model().reset_all()], &key, &columns).await?;
        Ok(true)
    })
    .await
}

/// Whether the gateway has all of a payment that we know nothing of: it took the money, and nobody heard.
fn was_taken(desk: &Desk<'_>, held: &Held) -> Result<bool> {
    let payment = desk.payment()?;
    let nothing_here = desk.row().paid_minor == desk.row().tendered_minor && !payment.takes_a_part();
    let at = matches!(
        (payment.step(), payment.status()),
        (Step::Authorize | Step::Void, Status::Done) | (Step::Capture | Step::Void, Status::Declined)
    );
    let all = (held.captured, held.refunded) == (payment.amount_minor, 0)
        && held.currency.eq_ignore_ascii_case(&payment.currency);
    Ok(nothing_here && at && all)
}

/// What the gateway has given back of a payment by the ledger, minor units. What banks have taken back is no refund.
async fn given_back(rows: &TenantDb, payment: &payment::Model) -> Result<i64> {
    let sql = "SELECT CAST(coalesce(sum(amount_minor), 0) AS bigint) FROM money_ledger \
               WHERE tenant_id = {tenant} AND order_id = ? AND payment_id = ? AND kind = 'refund'";
    let rows = rows.raw_all(sql, vec![payment.order_id.into(), payment.id.into()]).await?;
    let sum = rows.first().map_or(Ok(0), |row| row.try_get_by_index(0));
    Ok(sum.map_err(platform::Error::from)?)
}

/// Asks the gateway about the payment of an order now: what became of the call that it stands at, or what it has of it.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when no gateway knows of it, `SERVICE_UNAVAILABLE` when it does not answer.
pub async fn check(ctx: &Ctx, order: OrderId) -> Result<OrderView> {
    let rows = ctx.read(Permission::PAYMENTS_UPDATE).await?;
    rows.get::<orders::Entity>(order.uuid()).await?;
    let payment =
        rows.find::<payment::Entity>().filter(payment::Column::OrderId.eq(order.uuid())).one().await?;
    drop(rows);
    let Some(payment) = payment.filter(|payment| payment.provider != MANUAL) else {
        return Err(crate::order::Refusal::Guard("no gateway knows of this order").into());
    };
    if payment.status().is_open() {
        settle::ask(ctx, payment, Permission::PAYMENTS_UPDATE).await?;
    } else {
        let held = gateway::held(ctx, &payment).await.map_err(CommerceError::Gateway)?;
        compare(ctx, &payment, held.as_ref()).await?;
    }
    read::after(ctx, order).await
}

/// Payments of which the gateway says something else than we do, those that were looked at last first.
///
/// # Errors
/// `BAD_USER_INPUT` for a cursor of another list.
pub async fn discrepancies(ctx: &Ctx, page: &PageArgs) -> Result<Page<DiscrepancyView>> {
    use payment_check::Column;
    let rows = ctx.read(Permission::PAYMENTS_LIST).await?;
    let mut wanted = Condition::all().add(Column::Differs.eq(true));
    let total = rows.find::<payment_check::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (at, id): (i64, Uuid) = cursor.decode(NAME).map_err(bad_cursor)?;
        wanted = wanted.add(place_after(Column::CheckedAt, at.into(), Column::PaymentId, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<payment_check::Entity>()
        .filter(wanted)
        .order_by(Column::CheckedAt, order.clone())
        .order_by(Column::PaymentId, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let (found, cursors, more) =
        cut(found, page, |row| Cursor::encode(NAME, &(row.checked_at, row.payment_id)))?;
    let named = named(&rows, &found).await?;
    let nodes = found.into_iter().filter_map(|row| {
        let (_, order, number, provider) = named.iter().find(|(id, ..)| *id == row.payment_id)?;
        Some(view(&row, *order, *number, provider))
    });
    Ok(Page::new(nodes.collect::<Result<_>>()?, cursors, page, more, total))
}

/// Order, number and provider of payments.
async fn named(rows: &TenantDb, found: &[payment_check::Model]) -> Result<Vec<(Uuid, Uuid, i64, String)>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT p.id, o.id, o.number, p.provider FROM payment p \
         JOIN orders o ON o.tenant_id = p.tenant_id AND o.id = p.order_id \
         WHERE p.tenant_id = {{tenant}} AND p.id IN ({})",
        platform::db::holes(found.len())
    );
    let rows = rows.raw_all(&sql, found.iter().map(|row| row.payment_id.into()).collect()).await?;
    let read = |row: &sea_orm::QueryResult| -> Result<_, sea_orm::DbErr> {
        let at = |n| row.try_get_by_index::<Uuid>(n);
        Ok((at(0)?, at(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?))
    };
    Ok(rows.iter().map(read).collect::<Result<_, _>>().map_err(platform::Error::from)?)
}

fn view(row: &payment_check::Model, order: Uuid, number: i64, provider: &str) -> Result<DiscrepancyView> {
    let currency = currency_of(&row.currency)?;
    let money = |minor| Money::new(minor, currency);
    Ok(DiscrepancyView {
        payment: PaymentId::from_uuid(row.payment_id),
        order: OrderId::from_uuid(order),
        order_number: number,
        provider: provider.to_owned(),
        captured: money(row.ours_captured_minor),
        refunded: money(row.ours_refunded_minor),
        gateway_captured: money(row.theirs_captured_minor),
        gateway_refunded: money(row.theirs_refunded_minor),
        checked_at: Timestamp::from_millis(row.checked_at),
    })
}
