//! A variant that everybody wants at once.
//!
//! Whoever is promised pieces keeps the row until the transaction ends, so the next buyer of the same variant waits for
//! a whole order to be written and brought to disk. A hot variant therefore has [`BUCKETS`] rows at each location, its
//! pieces spread over them, and a buyer takes from a row that nobody else has. Each row is decided by the same statement
//! and stands behind the same wall as a single one, so nothing is sold twice; the last pieces are looked for in all rows.

use events::Emit;
use platform::{Context, Ctx, Error};
use primitives::{LocationId, Permission, ProductId, Timestamp, VariantId};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, QuerySelect};
use uuid::Uuid;

use super::shelf::{self, spread};
use super::{Level, Stock};
use crate::entity::{stock_level, stock_reservation, variant};
use crate::error::Result;
use crate::event::CatalogEvent;

/// Rows that a hot variant has at each location: at least as many as PostgreSQL connections that take from it.
pub const BUCKETS: i32 = 32;

/// Spreads a variant for many buyers at once, or puts it together again; gives back whether it was otherwise. No piece
/// and no promise is lost either way, also while people buy.
///
/// # Errors
/// `NOT_FOUND` for a variant that does not exist.
pub async fn set(ctx: &Ctx, variant: VariantId, hot: bool) -> Result<bool> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_MANAGE, async |tx| {
        let row = tx.get::<variant::Entity>(variant.uuid()).await?;
        if !hot {
            // Whoever gives promises back has those first and the shelves then, and so do we.
            tx.find::<stock_reservation::Entity>()
                .filter(stock_reservation::Column::VariantId.eq(variant.uuid()))
                .order_by_asc(stock_reservation::Column::Holder)
                .map(|select| select.lock(LockType::Update))
                .columns::<(Uuid,)>([stock_reservation::Column::Holder])
                .await
                .context("waiting for those who give pieces back")?;
        }
        let stock = shelf::lock(tx, [variant]).await?.remove(&variant);
        let stock = stock.ok_or_else(|| Error::not_found(VariantId::KIND))?;
        if stock.is_hot() == hot {
            return Ok(false);
        }
        if hot {
            shelf::store(tx, &stock, &spread_out(&stock, now)).await?;
        } else {
            let together = together(&stock, now);
            gather(tx, variant, &together).await?;
            shelf::store(tx, &stock, &together).await?;
            tx.delete_many::<stock_level::Entity>()
                .filter(stock_level::Column::VariantId.eq(variant.uuid()))
                .filter(stock_level::Column::Bucket.gt(0))
                .exec()
                .await?;
        }
        let product_id = ProductId::from_uuid(row.product_id);
        tx.emit(CatalogEvent::VariantUpdated { product_id, variant_id: variant }).await?;
        Ok(true)
    })
    .await
}

/// Every shelf in equal parts.
fn spread_out(stock: &Stock, now: Timestamp) -> Stock {
    let mut after = Stock::default();
    for row in stock.rows() {
        let mut reserved = vec![0; usize::try_from(BUCKETS).unwrap_or(1)];
        reserved[0] = row.reserved;
        let parts = spread(row.on_hand, row.threshold, &reserved);
        for ((bucket, on_hand), reserved) in (0..).zip(parts).zip(reserved) {
            let threshold = if bucket == 0 { row.threshold } else { 0 };
            let updated_at = now.millis();
            after.push(stock_level::Model {
                bucket,
                on_hand,
                reserved,
                threshold,
                updated_at,
                ..row.clone()
            });
        }
    }
    after
}

/// Every shelf in one row.
fn together(stock: &Stock, now: Timestamp) -> Stock {
    let mut after = Stock::default();
    for location in stock.places().into_keys() {
        let first = stock.rows().iter().find(|row| row.location_id == location.uuid());
        if let (Some(first), Some(level)) = (first, stock.at(location)) {
            let Level { on_hand, reserved, threshold, .. } = level;
            let updated_at = now.millis();
            let row =
                stock_level::Model { bucket: 0, on_hand, reserved, threshold, updated_at, ..first.clone() };
            after.push(row);
        }
    }
    after
}

/// Has the promises say the first bucket. Rows are changed in place, so that whoever waits for one finds it afterwards.
async fn gather(tx: &platform::Tx, variant: VariantId, together: &Stock) -> Result<()> {
    let same = "o.tenant_id = stock_reservation.tenant_id AND o.holder = stock_reservation.holder \
                AND o.variant_id = stock_reservation.variant_id AND o.location_id = stock_reservation.location_id";
    let first = format!("(SELECT MIN(o.bucket) FROM stock_reservation o WHERE {same})");
    let several = format!("1 < (SELECT COUNT(*) FROM stock_reservation o WHERE {same})");
    let of = "WHERE tenant_id = {tenant} AND variant_id = ?";
    for sql in [
        format!(
            "UPDATE stock_reservation SET \
               quantity = (SELECT CAST(SUM(o.quantity) AS bigint) FROM stock_reservation o WHERE {same}), \
               expires_at = (SELECT CASE WHEN COUNT(*) = COUNT(o.expires_at) THEN MAX(o.expires_at) END \
                 FROM stock_reservation o WHERE {same}) \
             {of} AND {several} AND bucket = {first}"
        ),
        format!("DELETE FROM stock_reservation {of} AND {several} AND bucket > {first}"),
    ] {
        tx.raw_exec(&sql, vec![variant.uuid().into()]).await.context("gathering promises")?;
    }
    for location in together.places().into_keys().map(LocationId::uuid) {
        let sql = format!("UPDATE stock_reservation SET bucket = 0 {of} AND location_id = ? AND bucket > 0");
        let values = vec![variant.uuid().into(), location.into()];
        tx.raw_exec(&sql, values).await.context("gathering promises")?;
    }
    Ok(())
}
