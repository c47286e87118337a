//! Places where stock lies and from which orders are sent.

use events::Emit;
use platform::{Context, Ctx, Error, Tx};
use primitives::{Country, LocationId, Permission, Timestamp};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QuerySelect};
use uuid::Uuid;

use crate::entity::{location, stock_level};
use crate::error::{CatalogError, Result};
use crate::event::CatalogEvent;
use crate::product::spec::Check;

/// Locations that one shop may have.
pub const MAX_LOCATIONS: u64 = 100;

/// A place where stock lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Identity; the shop's own id for the one that it always has.
    pub id: LocationId,
    /// Name, unique in the shop.
    pub name: String,
    /// Where it is, which decides what is near.
    pub country: Country,
    /// Address in words, may be empty.
    pub address: String,
    /// Whether orders are sent from here. What lies at one that is switched off is counted, but not sold.
    pub active: bool,
    /// Its place among the others, from 0; the first is asked first.
    pub priority: i32,
    /// Whether it is the one that every shop has: always active, and where new variants lie.
    pub is_default: bool,
    /// For optimistic changes.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A location to make.
#[derive(Clone, Debug)]
pub struct NewLocation {
    /// Name, 1 to 100 characters.
    pub name: String,
    /// Country.
    pub country: Country,
    /// Address in words, at most 500 characters.
    pub address: String,
}

/// What of a location changes.
#[derive(Clone, Debug, Default)]
pub struct LocationEdit {
    /// Name.
    pub name: Option<String>,
    /// Country.
    pub country: Option<Country>,
    /// Address in words.
    pub address: Option<String>,
    /// Whether orders are sent from there.
    pub active: Option<bool>,
}

/// All locations, in the order in which they are asked.
pub async fn locations(ctx: &Ctx) -> Result<Vec<Location>> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let rows = db
        .find::<location::Entity>()
        .order_by_asc(location::Column::Priority)
        .order_by_asc(location::Column::Id)
        .all()
        .await?;
    rows.iter().map(view).collect()
}

/// One location.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn location(ctx: &Ctx, id: LocationId) -> Result<Location> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    view(&db.get::<location::Entity>(id.uuid()).await?)
}

/// Makes a location, behind the others. Nothing lies there yet.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `CONFLICT` when the name is taken or the shop has [`MAX_LOCATIONS`].
pub async fn create_location(ctx: &Ctx, input: &NewLocation) -> Result<Location> {
    let mut check = Check::default();
    let name = check.name("name", &input.name, 100);
    let address = check.line("address", &input.address, 500);
    let (name, address) = check.finish((name, address))?;
    let now = ctx.now().millis();
    ctx.write(Permission::INVENTORY_CREATE, async |tx| {
        let there = all(tx).await?;
        if MAX_LOCATIONS <= there.len() as u64 {
            return Err(Error::conflict(format!("a shop has at most {MAX_LOCATIONS} locations")).into());
        }
        name_is_free(&there, None, &name)?;
        let last = there.iter().map(|row| row.priority).max().unwrap_or(-1);
        let row = tx
            .insert(location::ActiveModel {
                id: Set(LocationId::new().uuid()),
                name: Set(name.clone()),
                country: Set(input.country.as_str().to_owned()),
                address: Set(address.clone()),
                active: Set(true),
                priority: Set(last.saturating_add(1)),
                is_default: Set(false),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            })
            .await?;
        let location_id = LocationId::from_uuid(row.id);
        tx.emit(CatalogEvent::LocationCreated { location_id }).await?;
        view(&row)
    })
    .await
}

/// Changes what a location says about itself, or switches it on or off.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `CONFLICT` when the name is taken, `version` is not the present one, or it cannot be
/// switched off: the default one never, another while orders in progress hold pieces there.
pub async fn update_location(
    ctx: &Ctx,
    id: LocationId,
    version: i64,
    edit: &LocationEdit,
) -> Result<Location> {
    let mut check = Check::default();
    let name = edit.name.as_ref().map(|name| check.name("name", name, 100));
    let address = edit.address.as_ref().map(|address| check.line("address", address, 500));
    let (name, address) = check.finish((name, address))?;
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let there = all(tx).await?;
        let row = there.iter().find(|row| row.id == id.uuid());
        let row = row.ok_or_else(|| Error::not_found(LocationId::KIND))?.clone();
        if row.version != version {
            return Err(CatalogError::Changed { kind: LocationId::KIND, version: row.version });
        }
        let mut after = row.clone();
        let mut changed = Vec::new();
        if let Some(name) = name.as_ref().filter(|name| **name != row.name) {
            name_is_free(&there, Some(row.id), name)?;
            after.name.clone_from(name);
            changed.push("name".to_owned());
        }
        if let Some(country) = edit.country.filter(|country| country.as_str() != row.country) {
            country.as_str().clone_into(&mut after.country);
            changed.push("country".to_owned());
        }
        if let Some(address) = address.as_ref().filter(|address| **address != row.address) {
            after.address.clone_from(address);
            changed.push("address".to_owned());
        }
        if let Some(active) = edit.active.filter(|active| *active != row.active) {
            if row.is_default {
                let error = Error::conflict("the default location is always active");
                return Err(error.with_field("active", "cannot be switched off").into());
            }
            switch(tx, id, active).await?;
            after.active = active;
            changed.push("active".to_owned());
        }
        if changed.is_empty() {
            return view(&row);
        }
        after.version += 1;
        after.updated_at = now.millis();
        let after = tx.update(after.into_active_model().reset_all()).await?;
        tx.emit(CatalogEvent::LocationUpdated { location_id: id, changed }).await?;
        view(&after)
    })
    .await
}

/// Puts the locations into this order; `ids` names each once.
///
/// # Errors
/// `BAD_USER_INPUT` at `ids` when one is missing or named twice, `NOT_FOUND` for one that does not exist.
pub async fn order_locations(ctx: &Ctx, ids: &[LocationId]) -> Result<Vec<Location>> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let mut there = all(tx).await?;
        for id in ids {
            if there.iter().all(|row| row.id != id.uuid()) {
                return Err(Error::not_found(LocationId::KIND).into());
            }
        }
        let named: std::collections::BTreeSet<_> = ids.iter().collect();
        if named.len() != ids.len() || named.len() != there.len() {
            return Err(CatalogError::field("ids", "must name every location once"));
        }
        for row in &mut there {
            let place = ids.iter().position(|id| id.uuid() == row.id);
            let priority = place.and_then(|place| i32::try_from(place).ok()).unwrap_or(i32::MAX);
            if priority == row.priority {
                continue;
            }
            row.priority = priority;
            row.version += 1;
            row.updated_at = now.millis();
            *row = tx.update(row.clone().into_active_model().reset_all()).await?;
            let location_id = LocationId::from_uuid(row.id);
            let changed = vec!["priority".to_owned()];
            tx.emit(CatalogEvent::LocationUpdated { location_id, changed }).await?;
        }
        there.sort_by_key(|row| row.priority);
        there.iter().map(view).collect()
    })
    .await
}

/// All rows, kept as they are: two people who change locations wait for each other.
async fn all(tx: &Tx) -> Result<Vec<location::Model>> {
    let rows = tx
        .find::<location::Entity>()
        .order_by_asc(location::Column::Id)
        .map(|select| select.lock(LockType::NoKeyUpdate))
        .all()
        .await
        .context("looking at the locations")?;
    Ok(rows)
}

fn name_is_free(there: &[location::Model], own: Option<Uuid>, name: &str) -> Result<()> {
    let key = name.to_lowercase();
    if there.iter().any(|row| Some(row.id) != own && row.name.to_lowercase() == key) {
        let error = Error::conflict(format!("another location is called {name}"));
        return Err(error.with_field("name", "is taken").into());
    }
    Ok(())
}

/// Has the shelves of a location be sold from, or not any more. Buyers who are taking are waited for, the next ones find
/// that the row does not sell.
async fn switch(tx: &Tx, id: LocationId, sells: bool) -> Result<()> {
    // In the one order that every writer keeps.
    let rows = tx
        .find::<stock_level::Entity>()
        .filter(stock_level::Column::LocationId.eq(id.uuid()))
        .order_by_asc(stock_level::Column::VariantId)
        .order_by_asc(stock_level::Column::Bucket)
        .map(|select| select.lock(LockType::NoKeyUpdate))
        .columns::<(i64,)>([stock_level::Column::Reserved])
        .await
        .context("looking at the shelves of a location")?;
    let promised = rows.iter().fold(0_i64, |sum, (reserved,)| sum.saturating_add(*reserved));
    if !sells && 0 < promised {
        let error = Error::conflict(format!("orders in progress hold {promised} pieces there"));
        return Err(error.with_field("active", "orders in progress hold pieces there").into());
    }
    tx.raw_exec(
        "UPDATE stock_level SET sells = ? WHERE tenant_id = {tenant} AND location_id = ?",
        vec![sells.into(), id.uuid().into()],
    )
    .await
    .context("switching the shelves of a location")?;
    Ok(())
}

fn view(row: &location::Model) -> Result<Location> {
    Ok(Location {
        id: LocationId::from_uuid(row.id),
        name: row.name.clone(),
        country: Country::parse(&row.country).map_err(Error::internal)?,
        address: row.address.clone(),
        active: row.active,
        priority: row.priority,
        is_default: row.is_default,
        version: row.version,
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}
