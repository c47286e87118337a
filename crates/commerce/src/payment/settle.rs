//! Asking the gateway, outside every transaction, and writing down what it said.

use platform::{Access, Ctx};
use primitives::OrderId;
use sea_orm::ColumnTrait;
use tracing::warn;

use super::{Outcome, Step, apply, gateway};
use crate::entity::payment;
use crate::error::Result;
use crate::order::desk::Desk;

/// How far one round goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// The shopper waits and the order was placed a moment ago: authorise and capture, then write both down.
    Eager,
    /// Later: write every answer down before the next question, because the order may have been given up.
    Careful,
}

/// Makes the call that the payment stands at and records the outcome.
///
/// It never fails: what cannot be recorded now is asked again in the background, under the same keys.
pub(crate) async fn advance(ctx: &Ctx, payment: payment::Model, pace: Pace) {
    let outcomes = ask(ctx, &payment, pace).await;
    if let Err(error) = record(ctx, &payment, &outcomes).await {
        let error: platform::Error = error.into();
        warn!(payment.id = %payment.id, report = %error.report(), "an answer of the gateway was not recorded");
    }
}

async fn ask(ctx: &Ctx, payment: &payment::Model, pace: Pace) -> Vec<(Step, Outcome)> {
    let first = payment.step();
    let outcome = gateway::call(ctx.app(), payment, first, &payment.gateway_id).await;
    let go_on = match (&outcome, pace) {
        (Outcome::Succeeded(id), Pace::Eager) if first == Step::Authorize => Some(id.clone()),
        _ => None,
    };
    let mut outcomes = vec![(first, outcome)];
    if let Some(id) = go_on {
        outcomes.push((Step::Capture, gateway::call(ctx.app(), payment, Step::Capture, &id).await));
    }
    outcomes
}

async fn record(ctx: &Ctx, payment: &payment::Model, outcomes: &[(Step, Outcome)]) -> Result<()> {
    ctx.write(Access::Public, async |tx| {
        let mut desk = Desk::open(tx, OrderId::from_uuid(payment.order_id), ctx.now()).await?;
        for (step, outcome) in outcomes {
            apply(&mut desk, *step, outcome).await?;
        }
        desk.save().await?;
        Ok(())
    })
    .await
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
        if claim(ctx, &payment).await? {
            asked += 1;
            advance(ctx, payment, Pace::Careful).await;
        }
    }
    Ok(asked)
}

/// Takes the payment for as long as a call can last, so that no other process asks at the same time.
async fn claim(ctx: &Ctx, payment: &payment::Model) -> Result<bool> {
    let until = (ctx.now() + gateway::patience(ctx.app())).millis();
    ctx.write(Access::System, async |tx| {
        let claimed = tx
            .update_many::<payment::Entity>()
            .set(payment::Column::NextAt, until)
            .set(payment::Column::Version, payment.version + 1)
            .filter(payment::Column::Id.eq(payment.id))
            .filter(payment::Column::Version.eq(payment.version))
            .exec()
            .await?;
        Ok(claimed == 1)
    })
    .await
}

/// Calls after which a payment without a verdict counts as stuck.
const STUCK_AFTER: i64 = 6;

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
