//! Orders that nobody has paid in time.

use std::time::Duration;

use platform::{Access, Ctx, Error, failpoint};
use primitives::OrderId;
use tracing::warn;

use super::desk::Desk;
use super::state::AnyOrder;
use crate::error::Result;
use crate::payment::Status;

/// How long an order whose payment has an unknown outcome outlives its deadline before a person is asked.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What the person reads; it is taken off once the gateway has told.
pub(crate) const SILENT: &str = "the gateway does not tell what became of the payment";

/// Cancels orders past their deadline and frees their stock, at most `limit`; gives back how many were cancelled.
///
/// An order whose gateway has yet to tell what became of the money is not cancelled: it is settled first, and after a
/// day it needs attention.
pub(crate) async fn due(ctx: &Ctx, limit: u64) -> Result<usize> {
    let rows = ctx.read(Access::System).await?;
    // The state stands in the text, not among the values: only then may the index of waiting orders answer.
    let due = rows
        .raw_all(
            "SELECT id FROM orders WHERE tenant_id = {tenant} AND state = 'pending_payment' AND hold_until <= ? \
             ORDER BY hold_until LIMIT ?",
            vec![ctx.now().millis().into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        )
        .await?;
    let due: Vec<uuid::Uuid> =
        due.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>().map_err(Error::from)?;
    drop(rows);
    let mut cancelled = 0;
    for id in due {
        failpoint!("expiry.due");
        let expired = expire(ctx, OrderId::from_uuid(id)).await;
        failpoint!("expiry.committed");
        match expired {
            Ok(true) => cancelled += 1,
            Ok(false) => {}
            Err(error) => {
                let error: Error = error.into();
                warn!(order.id = %id, report = %error.report(), "an unpaid order could not be cancelled");
            }
        }
    }
    Ok(cancelled)
}

async fn expire(ctx: &Ctx, id: OrderId) -> Result<bool> {
    ctx.write(Access::System, async |tx| {
        let mut desk = Desk::open(tx, id, ctx.now()).await?;
        let (AnyOrder::PendingPayment(order), Some(deadline)) = (desk.order(), desk.row().hold_until) else {
            return Ok(false);
        };
        if ctx.now().millis() < deadline {
            return Ok(false);
        }
        let asking = desk.payment().is_ok_and(|payment| {
            payment.provider != crate::payment::MANUAL
                && matches!(payment.status(), Status::Due | Status::Unknown)
        });
        if asking {
            let tries_until = primitives::Timestamp::from_millis(desk.row().placed_at) + PATIENCE;
            desk.row_mut().hold_until = Some((ctx.now() + Duration::from_secs(60)).millis());
            if tries_until < ctx.now() {
                desk.attention(SILENT);
            }
            desk.save().await?;
            return Ok(false);
        }
        let cancelled = order.cancel()?;
        desk.cancel(cancelled.state(), "not paid in time").await?;
        desk.save().await?;
        failpoint!("expiry.written");
        Ok(true)
    })
    .await
}
