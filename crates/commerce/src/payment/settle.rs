//! Asking the gateway, outside every transaction, and writing down what it said.

use platform::{Access, Ctx, failpoint};
use primitives::OrderId;
use sea_orm::ColumnTrait;
use tracing::warn;

use super::{Outcome, PaymentFact, Status, Step, apply, brief, gateway};
use crate::entity::{orders, payment};
use crate::error::{CommerceError, Result};
use crate::jobs;
use crate::order::desk::Desk;
use crate::stream::{self, Change};
use crate::view::OrderState;

/// Pays an order that was placed a moment ago, while the shopper waits: authorise and capture, then write both down.
/// Gives back the rows as they stand then, unless somebody else has changed them meanwhile.
///
/// It never fails: what cannot be recorded now is asked again in the background, under the same keys.
pub(crate) async fn pay(
    ctx: &Ctx,
    order: &orders::Model,
    payment: &payment::Model,
) -> Option<(orders::Model, Option<payment::Model>)> {
    let authorised = gateway::call(ctx, payment, Step::Authorize, "").await;
    let mut outcomes = vec![(Step::Authorize, authorised)];
    if let (_, Outcome::Succeeded(id)) = &outcomes[0]
        && !payment.manual
    {
        let captured = gateway::call(ctx, payment, Step::Capture, id).await;
        outcomes.push((Step::Capture, captured));
    }
    // As it was stored, nobody else has touched it since: compare-and-set says whether that is true.
    let known = ctx.write(Access::Public, async |tx| {
        let mut desk = Desk::known(tx, order.clone(), payment.clone(), ctx.now());
        write_down(&mut desk, &outcomes).await?;
        desk.save_rows().await
    });
    match known.await {
        Ok(rows) => return Some(rows),
        Err(CommerceError::Changed { .. }) => log(payment, record(ctx, payment, &outcomes).await),
        Err(error) => log(payment, Err(error)),
    }
    None
}

/// Makes the call that the payment stands at and records the outcome, before anything else is asked: the order may
/// have been given up in the meantime.
///
/// It never fails, as [`pay`].
pub(crate) async fn advance(ctx: &Ctx, payment: payment::Model) {
    let step = payment.step();
    let outcome = match unwanted(ctx, &payment).await {
        Ok(false) => gateway::call(ctx, &payment, step, &payment.gateway_id).await,
        Ok(true) => Outcome::Expired("the order was given up before it was taken".to_owned()),
        Err(unknown) => Outcome::Unknown(unknown),
    };
    log(&payment, record(ctx, &payment, &[(step, outcome)]).await);
}

/// Whether it stands at a capture that nobody wants any more and that has not happened: to ask for it would take the money
/// for an order that is given up. Where the gateway does not tell what it has, only asking brings to light what it took.
///
/// # Errors
/// Why nobody knows, in words.
async fn unwanted(ctx: &Ctx, payment: &payment::Model) -> std::result::Result<bool, String> {
    if payment.step() != Step::Capture {
        return Ok(false);
    }
    let order = async { ctx.read(Access::Public).await?.get::<orders::Entity>(payment.order_id).await };
    let order = order.await.map_err(|error| brief(&error.to_string(), 300))?;
    if order.state == OrderState::PendingPayment.as_str() {
        return Ok(false);
    }
    let held = gateway::held(ctx, payment).await?;
    Ok(held.is_some_and(|held| held.captured <= order.paid_minor - order.tendered_minor))
}

fn log(payment: &payment::Model, result: Result<()>) {
    if let Err(error) = result {
        let error: platform::Error = error.into();
        warn!(payment.id = %payment.id, report = %error.report(), "an answer of the gateway was not recorded");
    }
}

async fn record(ctx: &Ctx, payment: &payment::Model, outcomes: &[(Step, Outcome)]) -> Result<()> {
    ctx.write(Access::Public, async |tx| {
        let mut desk = Desk::open(tx, OrderId::from_uuid(payment.order_id), ctx.now()).await?;
        // The key is the fence: an answer that comes so late that the money is being given back by another call is
        // about a call that has its verdict already, and none about the new one.
        let now = desk.payment()?;
        if outcomes.iter().any(|(step, _)| now.key(*step) != payment.key(*step)) {
            warn!(payment.id = %payment.id, "an answer of the gateway came after its call was over");
            return Ok(());
        }
        write_down(&mut desk, outcomes).await?;
        desk.save().await
    })
    .await
}

async fn write_down(desk: &mut Desk<'_>, outcomes: &[(Step, Outcome)]) -> Result<()> {
    failpoint!("payment.record.begun");
    for (step, outcome) in outcomes {
        apply(desk, *step, outcome).await?;
    }
    failpoint!("payment.record.applied");
    desk.tx().after_commit(|| failpoint!("payment.record.committed"));
    Ok(())
}

/// Asks about every payment of the tenant that is due; gives back how many there were.
pub(crate) async fn due(ctx: &Ctx, limit: u64) -> Result<usize> {
    let rows = ctx.read(Access::System).await?;
    let due = rows
        .find::<payment::Entity>()
        .filter(payment::Column::NextAt.lte(ctx.now().millis()))
        .order_by_asc(payment::Column::NextAt)
        .limit(limit)
        .all()
        .await?;
    drop(rows);
    let mut asked = 0;
    for payment in due {
        asked += usize::from(ask(ctx, payment, Access::System).await?);
    }
    Ok(asked)
}

/// Takes a payment and asks about it; `false` when somebody else has it.
pub(crate) async fn ask(ctx: &Ctx, payment: payment::Model, access: impl Into<Access>) -> Result<bool> {
    if !claim(ctx, &payment, access.into()).await? {
        return Ok(false);
    }
    failpoint!("payment.claim.committed");
    advance(ctx, payment).await;
    Ok(true)
}

/// Takes the payment for as long as a call can last, so that no other process asks at the same time.
///
/// From here on nobody knows what became of the call until its answer is written down: an order that is given up
/// meanwhile waits for it instead of calling a payment off that may just have been taken.
async fn claim(ctx: &Ctx, payment: &payment::Model, access: Access) -> Result<bool> {
    let now = ctx.now();
    let asked = payment::Model {
        status: Status::Unknown.as_str().to_owned(),
        next_at: Some((now + gateway::patience(ctx.app())).millis()),
        version: payment.version + 1,
        updated_at: now.millis(),
        ..payment.clone()
    };
    ctx.write(access, async |tx| {
        let claimed = tx
            .update_many::<payment::Entity>()
            .set(payment::Column::NextAt, asked.next_at)
            .set(payment::Column::Status, asked.status.as_str())
            .set(payment::Column::Version, asked.version)
            .set(payment::Column::UpdatedAt, asked.updated_at)
            .filter(payment::Column::Id.eq(payment.id))
            .filter(payment::Column::Version.eq(payment.version))
            .exec()
            .await?;
        if claimed != 1 {
            return Ok(false);
        }
        let change = Change { order: None, payment: Some((payment, PaymentFact::asked(&asked))) };
        stream::append(tx, now, &change).await?;
        jobs::plan(tx, asked.next_at).await?;
        failpoint!("payment.claim.written");
        Ok(true)
    })
    .await
}

/// Calls after which a payment without a verdict counts as stuck.
pub(super) const STUCK_AFTER: i64 = 6;

/// How many payments of the tenant have been asked about for minutes and still have no verdict.
pub(crate) async fn stuck(ctx: &Ctx) -> Result<u64> {
    let rows = ctx.read(Access::System).await?;
    let stuck = rows
        .find::<payment::Entity>()
        .filter(payment::Column::NextAt.is_not_null())
        .filter(payment::Column::Attempt.gte(STUCK_AFTER))
        .count()
        .await?;
    Ok(stuck)
}
