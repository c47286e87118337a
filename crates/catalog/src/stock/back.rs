//! Pieces that customers have sent back.

use std::collections::BTreeMap;

use platform::{Error, TenantDb, Tx};
use primitives::{LocationId, Timestamp, VariantId};
use uuid::Uuid;

use super::transfer::put_down;
use super::{Reason, default_location, shelf};
use crate::entity::location;
use crate::error::Result;

/// Puts pieces that came back on the shelves of a location, the shop's first when none is named. Those of variants that
/// are not counted lie nowhere. `reference` is the return that they belong to.
///
/// # Errors
/// `NOT_FOUND` for a location or a variant that is not there any more; the caller's transaction must then be rolled back.
pub async fn take_back(
    tx: &Tx,
    location: Option<LocationId>,
    pieces: &BTreeMap<VariantId, i64>,
    reference: Uuid,
    now: Timestamp,
) -> Result<()> {
    let location = location.unwrap_or_else(|| default_location(tx));
    let stocks = shelf::lock(tx, pieces.keys().copied()).await?;
    let mut counted = BTreeMap::new();
    for (variant, quantity) in pieces {
        let stock = stocks.get(variant).ok_or_else(|| Error::not_found(VariantId::KIND))?;
        if stock.total().tracked {
            counted.insert(*variant, *quantity);
        }
    }
    put_down(tx, location, &counted, Reason::Return, reference, "", now).await
}

/// Whether the shop has this location.
///
/// # Errors
/// Those of the database.
pub async fn knows(db: &TenantDb, location: LocationId) -> Result<bool> {
    Ok(db.find_by_id::<location::Entity>(location.uuid()).await?.is_some())
}
