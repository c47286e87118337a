//! Price lists: what staff sets up, which of them holds for a shopper, and what pages show of it.
//!
//! Which price holds is decided by [`pricing::choose`]. [`ask`] puts the question for carts, [`shown`] for pages and lists
//! of products; [`rows`] are the prices of a list. The lists that count now lie in `promotion::book`.

pub(crate) mod ask;
mod explain;
pub(crate) mod rows;
mod shown;

pub use explain::{Explained, ExplainedList, Question, explain};
pub use rows::{MAX_AT_ONCE, MAX_PRICES, PriceEntry, PriceRowView, prices, set_prices};
pub use shown::{Shown, cards, may_be_kept, of_group, of_variants, pages};

use std::collections::{BTreeMap, BTreeSet};

use platform::{Context, Ctx, Error, TenantDb, Tx};
use pricing::PriceList;
use primitives::{
    Country, Currency, Cursor, CustomerGroupId, Direction, FieldError, PageArgs, Permission, PriceListId,
    Timestamp,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition as Where, IntoActiveModel, Order};
use uuid::Uuid;

use events::Emit;

use crate::customer;
use crate::entity::{price_list, price_list_group, price_list_price};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::page::{Page, contains, escape_like, place_after, searched};
use crate::promotion::book;
use crate::view::GroupName;

/// Most price lists of a shop that are not archived: each is looked at with every price.
pub const MAX_LISTS: u64 = 100;

/// A price list as staff writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceListDraft {
    /// What it is called, 1 to 100 characters; shoppers read it beside a price of it.
    pub name: String,
    /// The currency of its prices. One with prices keeps it.
    pub currency: Currency,
    /// Whether its prices include tax. They are shown as the shop shows prices.
    pub includes_tax: bool,
    /// Only for members of one of these groups; `None`: for everybody.
    pub groups: Option<BTreeSet<CustomerGroupId>>,
    /// Only for these countries of destination; `None`: for all.
    pub countries: Option<BTreeSet<Country>>,
    /// From then on; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Until then, exclusive; `None`: for good.
    pub until: Option<Timestamp>,
    /// The higher one wins.
    pub priority: i32,
    /// Switched on.
    pub active: bool,
}

/// A price list with how much is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceListView {
    /// Identity.
    pub id: PriceListId,
    /// What staff wrote.
    pub draft: PriceListDraft,
    /// The groups by name.
    pub groups: Vec<GroupName>,
    /// How many prices are in it.
    pub n_prices: u64,
    /// Since when it counts for nobody, for good.
    pub archived_at: Option<Timestamp>,
    /// For the next change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it or a price in it was changed.
    pub updated_at: Timestamp,
}

/// Price lists of the shop, newest first; `q` looks in names, `archived` chooses those that are or are not.
pub async fn list(
    ctx: &Ctx,
    q: &str,
    archived: Option<bool>,
    page: &PageArgs,
) -> Result<Page<PriceListView>> {
    const ORDER: &str = "price-lists";
    use price_list::Column::{ArchivedAt, CreatedAt, Id, Name};
    let rows = ctx.read(Permission::PRICES_LIST).await?;
    let mut wanted = Where::all();
    if let Some(archived) = archived {
        wanted = wanted.add(if archived { ArchivedAt.is_not_null() } else { ArchivedAt.is_null() });
    }
    let q = searched(q);
    if !q.is_empty() {
        wanted = wanted.add(contains(Name, &format!("%{}%", escape_like(&q))));
    }
    let total = rows.find::<price_list::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (at, id): (i64, Uuid) = cursor.decode(ORDER).map_err(crate::page::bad_cursor)?;
        wanted = wanted.add(place_after(CreatedAt, at.into(), Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<price_list::Entity>()
        .filter(wanted)
        .order_by(CreatedAt, order.clone())
        .order_by(Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of = |row: &price_list::Model| Cursor::encode(ORDER, &(row.created_at, row.id));
    let (found, cursors, more) = crate::page::cut(found, page, cursor_of)?;
    Ok(Page::new(views(&rows, found).await?, cursors, page, more, total))
}

/// One price list.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, id: PriceListId) -> Result<PriceListView> {
    load(&*ctx.read(Permission::PRICES_READ).await?, id).await
}

/// Makes a price list without prices.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, and for one more than [`MAX_LISTS`]; `NOT_FOUND` for a group that the shop does
/// not have.
pub async fn create(ctx: &Ctx, draft: &PriceListDraft) -> Result<PriceListView> {
    let id = PriceListId::new();
    let (checked, now) = (checked(id, draft)?, ctx.now());
    ctx.write(Permission::PRICES_CREATE, async |tx| {
        room_for_one_more(tx).await?;
        let row = price_list::Model {
            tenant_id: tx.tenant_id().uuid(),
            id: id.uuid(),
            name: checked.name.clone(),
            currency: checked.currency.code().to_owned(),
            includes_tax: checked.includes_tax,
            countries: countries_text(&checked)?,
            starts_at: checked.from.map(Timestamp::millis),
            ends_at: checked.until.map(Timestamp::millis),
            priority: checked.priority,
            active: checked.active,
            archived_at: None,
            version: 1,
            created_at: now.millis(),
            updated_at: now.millis(),
        };
        tx.insert(row.into_active_model().reset_all()).await.context("writing a price list")?;
        name_groups(tx, id, &checked, now).await?;
        tx.emit(CommerceEvent::PriceListCreated { price_list_id: id }).await?;
        book::bump(tx);
        load(tx, id).await
    })
    .await
}

/// Changes a price list; its prices stay.
///
/// # Errors
/// As [`create`]; `NOT_FOUND`; `CONFLICT` when `version` is not the present one, and for one that is archived.
pub async fn update(
    ctx: &Ctx,
    id: PriceListId,
    version: i64,
    draft: &PriceListDraft,
) -> Result<PriceListView> {
    let (checked, now) = (checked(id, draft)?, ctx.now());
    ctx.write(Permission::PRICES_UPDATE, async |tx| {
        let before = open(tx, id).await?;
        let changed = tx
            .update_many::<price_list::Entity>()
            .set(price_list::Column::Name, checked.name.as_str())
            .set(price_list::Column::Currency, checked.currency.code())
            .set(price_list::Column::IncludesTax, checked.includes_tax)
            .set(price_list::Column::Countries, countries_text(&checked)?)
            .set(price_list::Column::StartsAt, checked.from.map(Timestamp::millis))
            .set(price_list::Column::EndsAt, checked.until.map(Timestamp::millis))
            .set(price_list::Column::Priority, checked.priority)
            .set(price_list::Column::Active, checked.active)
            .set(price_list::Column::Version, version.saturating_add(1))
            .set(price_list::Column::UpdatedAt, now.millis())
            .filter(price_list::Column::Id.eq(id.uuid()))
            .filter(price_list::Column::Version.eq(version))
            .filter(price_list::Column::ArchivedAt.is_null())
            .exec()
            .await?;
        if changed == 0 {
            return Err(stale());
        }
        // The list is held by now: nobody puts a price into it in between.
        let priced = tx.find::<price_list_price::Entity>();
        let priced = priced.filter(price_list_price::Column::ListId.eq(id.uuid())).limit(1).one().await?;
        if priced.is_some() && before.currency != checked.currency.code() {
            let message = format!("its prices are in {}: make another list for others", before.currency);
            return Err(CommerceError::field("currency", message));
        }
        tx.delete_many::<price_list_group::Entity>()
            .filter(price_list_group::Column::ListId.eq(id.uuid()))
            .exec()
            .await?;
        name_groups(tx, id, &checked, now).await?;
        tx.emit(CommerceEvent::PriceListUpdated { price_list_id: id }).await?;
        book::bump(tx);
        load(tx, id).await
    })
    .await
}

/// Puts a price list away for good: it counts for nobody any more, and can be read.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when `version` is not the present one, and for one that is archived already.
pub async fn archive(ctx: &Ctx, id: PriceListId, version: i64) -> Result<PriceListView> {
    let now = ctx.now().millis();
    ctx.write(Permission::PRICES_DELETE, async |tx| {
        open(tx, id).await?;
        let changed = tx
            .update_many::<price_list::Entity>()
            .set(price_list::Column::ArchivedAt, Some(now))
            .set(price_list::Column::Active, false)
            .set(price_list::Column::Version, version.saturating_add(1))
            .set(price_list::Column::UpdatedAt, now)
            .filter(price_list::Column::Id.eq(id.uuid()))
            .filter(price_list::Column::Version.eq(version))
            .filter(price_list::Column::ArchivedAt.is_null())
            .exec()
            .await?;
        if changed == 0 {
            return Err(stale());
        }
        // What is put away holds no group.
        tx.delete_many::<price_list_group::Entity>()
            .filter(price_list_group::Column::ListId.eq(id.uuid()))
            .exec()
            .await?;
        tx.emit(CommerceEvent::PriceListUpdated { price_list_id: id }).await?;
        book::bump(tx);
        load(tx, id).await
    })
    .await
}

/// The names of the lists that are for a group, for whoever wants to delete it.
pub(crate) async fn of_customer_group(tx: &Tx, group: CustomerGroupId) -> Result<Vec<String>> {
    let found = tx
        .raw_all(
            "SELECT l.name FROM price_list_group g \
             JOIN price_list l ON l.tenant_id = g.tenant_id AND l.id = g.list_id \
             WHERE g.tenant_id = {tenant} AND g.group_id = ? ORDER BY l.name",
            vec![group.uuid().into()],
        )
        .await?;
    found.iter().map(|row| Ok(row.try_get_by_index(0).map_err(Error::from)?)).collect()
}

/// The lists that are not archived, with their groups; only those that may count at `now` where it is given. Two statements.
pub(crate) async fn lists(rows: &TenantDb, now: Option<Timestamp>) -> Result<Vec<PriceList>> {
    use price_list::Column::{Active, ArchivedAt, EndsAt, Id};
    let mut wanted = rows.find::<price_list::Entity>().filter(ArchivedAt.is_null());
    if let Some(now) = now {
        let running = Where::any().add(EndsAt.is_null()).add(EndsAt.gt(now.millis()));
        wanted = wanted.filter(Active.eq(true)).filter(running);
    }
    let found = wanted.order_by_asc(Id).limit(MAX_LISTS).all().await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let groups = groups_of(rows, &found).await?;
    found
        .iter()
        .map(|row| {
            let named = groups.get(&row.id).map(|named| named.iter().map(|group| group.id).collect());
            let draft = draft_of(row, named)?;
            Ok(as_priced(PriceListId::from_uuid(row.id), &draft))
        })
        .collect()
}

/// The list that a draft makes, with every wrong field.
fn checked(id: PriceListId, draft: &PriceListDraft) -> Result<PriceListDraft> {
    let draft = PriceListDraft { name: draft.name.trim().to_owned(), ..draft.clone() };
    let errors = as_priced(id, &draft).errors().into_iter();
    let errors: Vec<FieldError> = errors
        .map(|error| {
            let field = match error.field.as_str() {
                "groups" => "groupIds",
                "until" => "endsAt",
                other => other,
            };
            FieldError::new(field, error.message)
        })
        .collect();
    if errors.is_empty() { Ok(draft) } else { Err(CommerceError::Invalid(errors)) }
}

fn as_priced(id: PriceListId, draft: &PriceListDraft) -> PriceList {
    PriceList {
        id,
        name: draft.name.clone(),
        currency: draft.currency,
        includes_tax: draft.includes_tax,
        groups: draft.groups.clone(),
        countries: draft.countries.clone(),
        from: draft.from,
        until: draft.until,
        priority: draft.priority,
        active: draft.active,
    }
}

fn countries_text(draft: &PriceListDraft) -> Result<String> {
    let countries: Vec<Country> = draft.countries.iter().flatten().copied().collect();
    Ok(serde_json::to_string(&countries).map_err(Error::internal)?)
}

fn draft_of(row: &price_list::Model, groups: Option<BTreeSet<CustomerGroupId>>) -> Result<PriceListDraft> {
    let countries: BTreeSet<Country> = serde_json::from_str(&row.countries).map_err(Error::internal)?;
    Ok(PriceListDraft {
        name: row.name.clone(),
        currency: Currency::parse(&row.currency).map_err(Error::internal)?,
        includes_tax: row.includes_tax,
        groups,
        countries: (!countries.is_empty()).then_some(countries),
        from: row.starts_at.map(Timestamp::from_millis),
        until: row.ends_at.map(Timestamp::from_millis),
        priority: row.priority,
        active: row.active,
    })
}

async fn room_for_one_more(tx: &Tx) -> Result<()> {
    let there = tx.find::<price_list::Entity>().filter(price_list::Column::ArchivedAt.is_null());
    if there.count().await? < MAX_LISTS {
        return Ok(());
    }
    let message = format!("there are {MAX_LISTS} price lists already: archive one first");
    Err(CommerceError::field("name", message))
}

/// Keeps which groups a list names, so that none of them is deleted.
async fn name_groups(tx: &Tx, id: PriceListId, draft: &PriceListDraft, now: Timestamp) -> Result<()> {
    let Some(groups) = &draft.groups else { return Ok(()) };
    customer::hold_groups(tx, groups, now).await?;
    let rows = groups.iter().map(|group| price_list_group::ActiveModel {
        list_id: Set(id.uuid()),
        group_id: Set(group.uuid()),
        ..Default::default()
    });
    tx.insert_many(rows.collect()).await?;
    Ok(())
}

/// A list that is not archived.
async fn open(tx: &Tx, id: PriceListId) -> Result<price_list::Model> {
    let row = tx.get::<price_list::Entity>(id.uuid()).await?;
    match row.archived_at {
        None => Ok(row),
        Some(_) => Err(Error::conflict("this price list is archived: make another one").into()),
    }
}

fn stale() -> CommerceError {
    Error::conflict("somebody else changed this price list, load it again").into()
}

async fn load(rows: &TenantDb, id: PriceListId) -> Result<PriceListView> {
    let row = rows.get::<price_list::Entity>(id.uuid()).await?;
    views(rows, vec![row]).await?.pop().ok_or_else(|| CommerceError::not_found(PriceListId::KIND))
}

async fn groups_of(rows: &TenantDb, found: &[price_list::Model]) -> Result<BTreeMap<Uuid, Vec<GroupName>>> {
    let mut groups: BTreeMap<Uuid, Vec<GroupName>> = BTreeMap::new();
    let sql = format!(
        "SELECT n.list_id, g.id, g.name FROM price_list_group n \
         JOIN customer_group g ON g.tenant_id = n.tenant_id AND g.id = n.group_id \
         WHERE n.tenant_id = {{tenant}} AND n.list_id IN ({}) ORDER BY g.name_key, g.id",
        platform::db::holes(found.len())
    );
    for row in rows.raw_all(&sql, found.iter().map(|row| row.id.into()).collect()).await? {
        let list: Uuid = row.try_get_by_index(0).map_err(Error::from)?;
        let id = CustomerGroupId::from_uuid(row.try_get_by_index(1).map_err(Error::from)?);
        let name = row.try_get_by_index(2).map_err(Error::from)?;
        groups.entry(list).or_default().push(GroupName { id, name });
    }
    Ok(groups)
}

async fn views(rows: &TenantDb, found: Vec<price_list::Model>) -> Result<Vec<PriceListView>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut groups = groups_of(rows, &found).await?;
    let counts = rows
        .raw_all(
            &format!(
                "SELECT list_id, CAST(COUNT(*) AS bigint) FROM price_list_price \
                 WHERE tenant_id = {{tenant}} AND list_id IN ({}) GROUP BY list_id",
                platform::db::holes(found.len())
            ),
            found.iter().map(|row| row.id.into()).collect(),
        )
        .await?;
    let mut prices: BTreeMap<Uuid, i64> = BTreeMap::new();
    for row in counts {
        let list: Uuid = row.try_get_by_index(0).map_err(Error::from)?;
        prices.insert(list, row.try_get_by_index(1).map_err(Error::from)?);
    }
    found
        .into_iter()
        .map(|row| {
            let groups = groups.remove(&row.id);
            let named = groups.as_ref().map(|named| named.iter().map(|group| group.id).collect());
            Ok(PriceListView {
                id: PriceListId::from_uuid(row.id),
                draft: draft_of(&row, named)?,
                groups: groups.unwrap_or_default(),
                n_prices: prices.get(&row.id).copied().unwrap_or_default().unsigned_abs(),
                archived_at: row.archived_at.map(Timestamp::from_millis),
                version: row.version,
                created_at: Timestamp::from_millis(row.created_at),
                updated_at: Timestamp::from_millis(row.updated_at),
            })
        })
        .collect()
}
