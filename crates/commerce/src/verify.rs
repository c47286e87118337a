//! Whether orders, payments, their streams, parcels, the ledger and the reservations agree: part of `rustok verify`. It looks,
//! page by page, while the shop serves, and changes nothing. Each page is looked at as of one moment.

mod dispute;
mod exchange;
mod page;
mod papers;
mod parcel;
mod returns;
mod tender;
mod whole;

use std::time::Duration;

use platform::verify::Report;
use platform::{Access, Context, Ctx, Result};
use uuid::Uuid;

/// Orders in memory at a time.
const PAGE: usize = 100;
/// Things that one statement names.
const NAMED: i64 = 100;

/// Looks at everything that the caller's tenant has sold: the ledger sums to zero and agrees with the orders, rows of
/// orders and payments are what their streams rebuild, what had to be told was told, orders that wait to be sent hold
/// their pieces and others none, what counts as sent lies in parcels, what counts as come back in returns, no call-back
/// has waited for longer than `patience`, what disputes lost is in the ledger, gateways said the same of payments when they
/// were asked last, promotions count what their orders have used, orders in other currencies keep their rate, gift cards and
/// store credit hold what moved on them, exchanges and drafts are what their orders say, and orders and papers are
/// numbered without a gap.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; those of the database.
pub async fn verify(ctx: &Ctx, patience: Duration) -> Result<Report> {
    let mut report = Report::default();
    let mut after = Some(Uuid::nil());
    while let Some(from) = after {
        let db = ctx.snapshot(Access::System).await?;
        after = page::verify(&db, from, &mut report).await.context("verifying orders")?;
    }
    let db = ctx.snapshot(Access::System).await?;
    whole::ledger(&db, &mut report).await.context("verifying the ledger")?;
    whole::numbers(&db, &mut report).await.context("verifying numbers of orders")?;
    whole::rates(&db, ctx.tenant().currency, &mut report).await.context("verifying rates")?;
    whole::orphans(&db, &mut report).await.context("verifying streams")?;
    whole::call_backs(&db, ctx.now() - patience, &mut report).await.context("verifying call-backs")?;
    dispute::ledger(&db, &mut report).await.context("verifying disputes")?;
    dispute::discrepancies(&db, &mut report).await.context("verifying what gateways say")?;
    whole::promotions(&db, &mut report).await.context("verifying promotions")?;
    tender::accounts(&db, &mut report).await.context("verifying gift cards and store credit")?;
    tender::orders(&db, &mut report).await.context("verifying what orders took")?;
    exchange::exchanges(&db, &mut report).await.context("verifying exchanges")?;
    exchange::drafts(&db, &mut report).await.context("verifying drafts")?;
    papers::papers(&db, &mut report).await.context("verifying papers")?;
    drop(db);
    whole::holders(ctx, &mut report).await.context("verifying reservations")?;
    Ok(report)
}
