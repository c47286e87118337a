//! Whether the shelves and their history agree: part of `rustok verify`. It looks, page by page, while the shop serves,
//! and changes nothing.

use std::collections::{BTreeMap, HashMap};

use platform::verify::{Finding, Report};
use platform::{Access, Context, Ctx, Result, TenantDb};
use primitives::{Timestamp, VariantId};
use sea_orm::{ColumnTrait, Value};
use uuid::Uuid;

use crate::entity::stock_reservation;

/// Shelves in memory at a time.
const PAGE: usize = 500;

/// Looks at the stock of the caller's tenant: what is on hand is the sum of its movements, what is reserved the sum of
/// the reservations.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; those of the database.
pub async fn verify(ctx: &Ctx) -> Result<Report> {
    let mut report = Report::default();
    stock(ctx, &mut report).await.context("verifying stock")?;
    Ok(report)
}

async fn stock(ctx: &Ctx, report: &mut Report) -> Result<()> {
    // One statement sees one moment: nobody buys between the count and its movements.
    const SQL: &str = "SELECT s.variant_id, s.location_id, v.sku, l.name, \
           CAST(sum(s.on_hand) AS bigint), CAST(sum(s.reserved) AS bigint), \
           (SELECT CAST(coalesce(sum(m.delta), 0) AS bigint) FROM stock_movement m \
             WHERE m.tenant_id = s.tenant_id AND m.variant_id = s.variant_id AND m.location_id = s.location_id), \
           (SELECT CAST(coalesce(sum(r.quantity), 0) AS bigint) FROM stock_reservation r \
             WHERE r.tenant_id = s.tenant_id AND r.variant_id = s.variant_id AND r.location_id = s.location_id) \
         FROM stock_level s JOIN variant v ON v.tenant_id = s.tenant_id AND v.id = s.variant_id \
         JOIN location l ON l.tenant_id = s.tenant_id AND l.id = s.location_id \
         WHERE s.tenant_id = {tenant} AND (s.variant_id > ? OR (s.variant_id = ? AND s.location_id > ?)) \
         GROUP BY s.tenant_id, s.variant_id, s.location_id, v.sku, l.name \
         ORDER BY s.variant_id, s.location_id LIMIT ?";
    let (mut after, mut place) = (Uuid::nil(), Uuid::nil());
    loop {
        let rows = {
            let db = ctx.read(Access::System).await?;
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
            db.raw_all(SQL, vec![after.into(), after.into(), place.into(), limit.into()]).await?
        };
        for row in &rows {
            (after, place) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let (sku, location): (String, String) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            let (on_hand, reserved): (i64, i64) = (row.try_get_by_index(4)?, row.try_get_by_index(5)?);
            let (moved, promised): (i64, i64) = (row.try_get_by_index(6)?, row.try_get_by_index(7)?);
            let about = if sku.is_empty() {
                format!("variant {after} at {location}")
            } else {
                format!("variant {sku} ({after}) at {location}")
            };
            if on_hand != moved {
                report.find(Finding {
                    check: "stock.movements",
                    about: about.clone(),
                    text: format!("{on_hand} pieces are on hand, its movements add up to {moved}"),
                    remedy: "set on_hand to that sum in the database, then count the shelf and store the count",
                });
            }
            if reserved != promised {
                report.find(Finding {
                    check: "stock.reserved",
                    about,
                    text: format!("{reserved} pieces are reserved, its reservations add up to {promised}"),
                    remedy: "restore the reservations from a backup, or set reserved to their sum",
                });
            }
        }
        report.looked("stock", rows.len());
        if rows.len() < PAGE {
            return Ok(());
        }
    }
}

/// Pieces reserved for some holders, by variant, for whoever knows what they ought to hold.
///
/// # Errors
/// Those of the database.
pub async fn reserved_for(
    db: &TenantDb,
    holders: &[Uuid],
) -> Result<HashMap<Uuid, BTreeMap<VariantId, i64>>> {
    let mut reserved: HashMap<Uuid, BTreeMap<VariantId, i64>> = HashMap::new();
    if holders.is_empty() {
        return Ok(reserved);
    }
    let rows = db
        .find::<stock_reservation::Entity>()
        .filter(stock_reservation::Column::Holder.is_in(holders.iter().copied()))
        .all()
        .await?;
    for row in rows {
        let of = reserved.entry(row.holder).or_default();
        // From several places, perhaps.
        *of.entry(VariantId::from_uuid(row.variant_id)).or_default() += row.quantity;
    }
    Ok(reserved)
}

/// Whoever holds something for good, or something that has run out before `now`, in the order of their ids, after `after`, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn holders(db: &TenantDb, now: Timestamp, after: Uuid, limit: usize) -> Result<Vec<Uuid>> {
    let sql = "SELECT DISTINCT holder FROM stock_reservation WHERE tenant_id = {tenant} AND holder > ? \
               AND (expires_at IS NULL OR expires_at < ?) ORDER BY holder LIMIT ?";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values: Vec<Value> = vec![after.into(), now.millis().into(), limit.into()];
    db.raw_all(sql, values).await?.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}
