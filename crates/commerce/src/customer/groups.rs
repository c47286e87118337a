//! Groups of customers: what staff puts together, and what promotions and prices ask for.

use std::collections::{BTreeSet, HashMap};

use events::Emit;
use platform::{Ctx, Error, TenantDb, Tx};
use primitives::{CustomerGroupId, CustomerId, FieldError, Permission, PromotionId, Timestamp};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryResult};
use uuid::Uuid;

use crate::entity::{customer, customer_group, customer_group_member};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::price;
use crate::promotion::book;
use crate::view::GroupName;

/// Most groups of a shop: all of them are offered in one list.
pub const MAX_GROUPS: u64 = 200;
/// Most customers that one call puts into a group or takes out.
pub const MAX_MEMBERS_AT_ONCE: usize = 500;
/// Most characters of a name.
const MAX_NAME: usize = 60;

/// A group as staff writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupDraft {
    /// What staff calls it, 1 to 60 characters; once per shop, whatever the case of its letters.
    pub name: String,
    /// Its members pay no tax.
    pub tax_exempt: bool,
    /// Why they do not, up to 200 characters; shoppers read it. Needed with `tax_exempt`.
    pub tax_reason: String,
}

/// A group with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Identity.
    pub id: CustomerGroupId,
    /// What staff calls it.
    pub name: String,
    /// Its members pay no tax.
    pub tax_exempt: bool,
    /// Why they do not; empty for a group that is taxed as usual.
    pub tax_reason: String,
    /// How many customers are in it.
    pub n_members: u64,
    /// The promotions that name it, by their names: as long as there are any, it stays.
    pub promotions: Vec<(PromotionId, String)>,
    /// For the next change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Every group of the shop, by name.
pub async fn groups(ctx: &Ctx) -> Result<Vec<GroupView>> {
    let rows = ctx.read(Permission::CUSTOMERS_LIST).await?;
    let found = rows.find::<customer_group::Entity>().order_by_asc(customer_group::Column::NameKey);
    let found = found.order_by_asc(customer_group::Column::Id).limit(MAX_GROUPS).all().await?;
    views(&rows, found).await
}

/// One group.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn group(ctx: &Ctx, id: CustomerGroupId) -> Result<GroupView> {
    load(&*ctx.read(Permission::CUSTOMERS_READ).await?, id).await
}

/// Makes a group without members.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, and for one more than [`MAX_GROUPS`]; `CONFLICT` for a name that another
/// group has.
pub async fn create_group(ctx: &Ctx, draft: &GroupDraft) -> Result<GroupView> {
    let draft = checked(draft)?;
    let (id, now) = (CustomerGroupId::new(), ctx.now().millis());
    let view = ctx
        .write(Permission::CUSTOMERS_CREATE, async |tx| {
            if MAX_GROUPS <= tx.find::<customer_group::Entity>().count().await? {
                let message = format!("there are {MAX_GROUPS} groups already: delete one that is not needed");
                return Err(CommerceError::field("name", message));
            }
            let row = customer_group::Model {
                tenant_id: tx.tenant_id().uuid(),
                id: id.uuid(),
                name_key: draft.name.to_lowercase(),
                name: draft.name,
                tax_exempt: draft.tax_exempt,
                tax_reason: draft.tax_reason,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            if tx.insert_new(vec![row.into_active_model().reset_all()]).await? == 0 {
                return Err(taken());
            }
            tx.about("customer_group", id.uuid());
            load(tx, id).await
        })
        .await?;
    book::forget(ctx).await;
    Ok(view)
}

/// Gives a group another name or another say about taxes.
///
/// # Errors
/// As [`create_group`]; `NOT_FOUND`; `CONFLICT` when `version` is not the present one.
pub async fn update_group(
    ctx: &Ctx,
    id: CustomerGroupId,
    version: i64,
    draft: &GroupDraft,
) -> Result<GroupView> {
    let draft = checked(draft)?;
    let key = draft.name.to_lowercase();
    let view = ctx
        .write(Permission::CUSTOMERS_UPDATE, async |tx| {
            hold(tx, &BTreeSet::from([id]), ctx.now()).await?;
            let named = tx.find::<customer_group::Entity>();
            let named = named.filter(customer_group::Column::NameKey.eq(key.as_str()));
            if named.one().await?.is_some_and(|other| other.id != id.uuid()) {
                return Err(taken());
            }
            let changed = tx
                .update_many::<customer_group::Entity>()
                .set(customer_group::Column::Name, draft.name.as_str())
                .set(customer_group::Column::NameKey, key.as_str())
                .set(customer_group::Column::TaxExempt, draft.tax_exempt)
                .set(customer_group::Column::TaxReason, draft.tax_reason.as_str())
                .set(customer_group::Column::Version, version.saturating_add(1))
                .filter(customer_group::Column::Id.eq(id.uuid()))
                .filter(customer_group::Column::Version.eq(version))
                .exec()
                .await?;
            if changed == 0 {
                return Err(stale());
            }
            tx.about("customer_group", id.uuid());
            load(tx, id).await
        })
        .await?;
    book::forget(ctx).await;
    Ok(view)
}

/// Deletes a group that no promotion and no price list names; its members stay customers.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when `version` is not the present one, and with the names of the promotions or price lists that name it.
pub async fn delete_group(ctx: &Ctx, id: CustomerGroupId, version: i64) -> Result<()> {
    ctx.write(Permission::CUSTOMERS_DELETE, async |tx| {
        // Held first: a promotion that is being written names it before or finds it gone.
        hold(tx, &BTreeSet::from([id]), ctx.now()).await?;
        let view = load(tx, id).await?;
        if view.version != version {
            return Err(stale());
        }
        if !view.promotions.is_empty() {
            let names: Vec<&str> = view.promotions.iter().map(|(_, name)| name.as_str()).collect();
            let message =
                format!("these promotions are for {}: {}; change them first", view.name, names.join(", "));
            return Err(Error::conflict(message).into());
        }
        let lists = price::of_customer_group(tx, id).await?;
        if !lists.is_empty() {
            let message =
                format!("these price lists are for {}: {}; change them first", view.name, lists.join(", "));
            return Err(Error::conflict(message).into());
        }
        let members = members_of(tx, id).await?;
        tx.delete_many::<customer_group_member::Entity>()
            .filter(customer_group_member::Column::GroupId.eq(id.uuid()))
            .exec()
            .await?;
        tx.delete_many::<customer_group::Entity>()
            .filter(customer_group::Column::Id.eq(id.uuid()))
            .exec()
            .await?;
        tx.about("customer_group", id.uuid());
        updated(tx, &members).await
    })
    .await?;
    book::forget(ctx).await;
    Ok(())
}

/// Puts customers into a group; gives back how many were not in it before.
///
/// # Errors
/// `NOT_FOUND` for a group or a customer that the shop does not have: then nobody was put into it. `CONFLICT` when one of
/// them is forgotten. `BAD_USER_INPUT` for none or more than [`MAX_MEMBERS_AT_ONCE`].
pub async fn add_members(ctx: &Ctx, id: CustomerGroupId, customers: &[CustomerId]) -> Result<u64> {
    let wanted = some(customers)?;
    let now = ctx.now();
    let added = ctx
        .write(Permission::CUSTOMERS_UPDATE, async |tx| {
            hold(tx, &BTreeSet::from([id]), now).await?;
            must_exist(tx, &wanted).await?;
            let there = members_among(tx, id, &wanted).await?;
            let new: Vec<Uuid> = wanted.iter().copied().filter(|one| !there.contains(one)).collect();
            let rows = new.iter().map(|customer| customer_group_member::ActiveModel {
                group_id: Set(id.uuid()),
                customer_id: Set(*customer),
                at: Set(now.millis()),
                ..Default::default()
            });
            tx.insert_many(rows.collect()).await?;
            tx.about("customer_group", id.uuid());
            updated(tx, &new).await?;
            Ok::<_, CommerceError>(new.len() as u64)
        })
        .await?;
    book::forget(ctx).await;
    Ok(added)
}

/// Takes customers out of a group; gives back how many were in it.
///
/// # Errors
/// As [`add_members`].
pub async fn remove_members(ctx: &Ctx, id: CustomerGroupId, customers: &[CustomerId]) -> Result<u64> {
    let wanted = some(customers)?;
    let removed = ctx
        .write(Permission::CUSTOMERS_UPDATE, async |tx| {
            hold(tx, &BTreeSet::from([id]), ctx.now()).await?;
            must_exist(tx, &wanted).await?;
            let there: Vec<Uuid> = members_among(tx, id, &wanted).await?.into_iter().collect();
            tx.delete_many::<customer_group_member::Entity>()
                .filter(customer_group_member::Column::GroupId.eq(id.uuid()))
                .filter(customer_group_member::Column::CustomerId.is_in(there.iter().copied()))
                .exec()
                .await?;
            tx.about("customer_group", id.uuid());
            updated(tx, &there).await?;
            Ok::<_, CommerceError>(there.len() as u64)
        })
        .await?;
    book::forget(ctx).await;
    Ok(removed)
}

/// Locks groups until the end of the transaction: whoever names one and whoever deletes it come one after the other.
///
/// # Errors
/// `NOT_FOUND` when one of them does not exist.
pub(crate) async fn hold(tx: &Tx, ids: &BTreeSet<CustomerGroupId>, now: Timestamp) -> Result<()> {
    // In the order of their ids: nobody waits for somebody who waits for him.
    for id in ids {
        let held = tx
            .raw_exec(
                "UPDATE customer_group SET updated_at = ? WHERE tenant_id = {tenant} AND id = ?",
                vec![now.millis().into(), id.uuid().into()],
            )
            .await?;
        if held == 0 {
            return Err(CommerceError::not_found(CustomerGroupId::KIND));
        }
    }
    Ok(())
}

/// Refuses a group that the shop does not have.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn all_there(rows: &TenantDb, ids: &BTreeSet<CustomerGroupId>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let known = rows.find::<customer_group::Entity>();
    let known = known.filter(customer_group::Column::Id.is_in(ids.iter().map(|id| id.uuid()))).count();
    if known.await? != ids.len() as u64 {
        return Err(CommerceError::not_found(CustomerGroupId::KIND));
    }
    Ok(())
}

/// The groups of some customers, by name, in one statement.
pub(super) async fn of_customers(
    rows: &TenantDb,
    customers: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<GroupName>>> {
    let mut groups: HashMap<Uuid, Vec<GroupName>> = HashMap::new();
    if customers.is_empty() {
        return Ok(groups);
    }
    let found = rows
        .raw_all(
            &format!(
                "SELECT m.customer_id, g.id, g.name FROM customer_group_member m \
                 JOIN customer_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id \
                 WHERE m.tenant_id = {{tenant}} AND m.customer_id IN ({}) ORDER BY g.name_key, g.id",
                platform::db::holes(customers.len())
            ),
            customers.into_iter().map(Into::into).collect(),
        )
        .await?;
    for row in found {
        let id = CustomerGroupId::from_uuid(row.try_get_by_index(1).map_err(Error::from)?);
        let name = row.try_get_by_index(2).map_err(Error::from)?;
        let customer: Uuid = row.try_get_by_index(0).map_err(Error::from)?;
        groups.entry(customer).or_default().push(GroupName { id, name });
    }
    Ok(groups)
}

/// The draft with trimmed texts, or every wrong field.
fn checked(draft: &GroupDraft) -> Result<GroupDraft> {
    let mut errors = Vec::new();
    let name = draft.name.trim();
    if name.is_empty() || MAX_NAME < name.chars().count() || name.chars().any(char::is_control) {
        errors.push(FieldError::new("name", format!("use 1 to {MAX_NAME} visible characters")));
    }
    let tax_reason = super::standing::reason(draft.tax_exempt, "taxReason", &draft.tax_reason, &mut errors);
    if errors.is_empty() {
        Ok(GroupDraft { name: name.to_owned(), tax_exempt: draft.tax_exempt, tax_reason })
    } else {
        Err(CommerceError::Invalid(errors))
    }
}

fn taken() -> CommerceError {
    let message = "another group has this name";
    Error::conflict(message).with_field("name", message).into()
}

fn stale() -> CommerceError {
    Error::conflict("somebody else changed this group, load it again").into()
}

fn some(customers: &[CustomerId]) -> Result<BTreeSet<Uuid>> {
    let wanted: BTreeSet<Uuid> = customers.iter().map(|id| id.uuid()).collect();
    if wanted.is_empty() || MAX_MEMBERS_AT_ONCE < wanted.len() {
        let message = format!("name 1 to {MAX_MEMBERS_AT_ONCE} customers");
        return Err(CommerceError::field("customerIds", message));
    }
    Ok(wanted)
}

async fn must_exist(tx: &Tx, wanted: &BTreeSet<Uuid>) -> Result<()> {
    let known = tx.find::<customer::Entity>().filter(customer::Column::Id.is_in(wanted.iter().copied()));
    // Held, so that nobody is put into a group who is being forgotten.
    let known = super::held(known.order_by_asc(customer::Column::Id)).all().await?;
    if known.len() != wanted.len() {
        return Err(CommerceError::not_found(CustomerId::KIND));
    }
    match known.iter().any(|row| row.erased_at.is_some()) {
        true => Err(Error::conflict("this customer is forgotten").into()),
        false => Ok(()),
    }
}

async fn members_among(tx: &Tx, id: CustomerGroupId, wanted: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>> {
    let found = tx
        .find::<customer_group_member::Entity>()
        .filter(customer_group_member::Column::GroupId.eq(id.uuid()))
        .filter(customer_group_member::Column::CustomerId.is_in(wanted.iter().copied()))
        .all()
        .await?;
    Ok(found.into_iter().map(|row| row.customer_id).collect())
}

async fn members_of(tx: &Tx, id: CustomerGroupId) -> Result<Vec<Uuid>> {
    let found = tx.find::<customer_group_member::Entity>();
    let found = found.filter(customer_group_member::Column::GroupId.eq(id.uuid())).all().await?;
    Ok(found.into_iter().map(|row| row.customer_id).collect())
}

async fn updated(tx: &Tx, customers: &[Uuid]) -> Result<()> {
    let events =
        customers.iter().map(|id| CommerceEvent::CustomerUpdated { customer_id: CustomerId::from_uuid(*id) });
    tx.emit_all(events.collect()).await?;
    Ok(())
}

async fn load(rows: &TenantDb, id: CustomerGroupId) -> Result<GroupView> {
    let row = rows.get::<customer_group::Entity>(id.uuid()).await?;
    views(rows, vec![row]).await?.pop().ok_or_else(|| CommerceError::not_found(CustomerGroupId::KIND))
}

async fn views(rows: &TenantDb, found: Vec<customer_group::Model>) -> Result<Vec<GroupView>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let marks = platform::db::holes(found.len());
    let ids = || found.iter().map(|row| row.id.into()).collect();
    let members = rows
        .raw_all(
            &format!(
                "SELECT group_id, CAST(COUNT(*) AS bigint) FROM customer_group_member \
                 WHERE tenant_id = {{tenant}} AND group_id IN ({marks}) GROUP BY group_id"
            ),
            ids(),
        )
        .await?;
    let read = |row: &QueryResult| -> Result<(Uuid, i64), sea_orm::DbErr> {
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
    };
    let members: HashMap<Uuid, i64> =
        members.iter().map(read).collect::<Result<_, _>>().map_err(Error::from)?;
    let named = rows
        .raw_all(
            &format!(
                "SELECT n.group_id, p.id, p.name FROM promotion_group n \
                 JOIN promotion p ON p.tenant_id = n.tenant_id AND p.id = n.promotion_id \
                 WHERE n.tenant_id = {{tenant}} AND n.group_id IN ({marks}) ORDER BY p.name, p.id"
            ),
            ids(),
        )
        .await?;
    let mut promotions: HashMap<Uuid, Vec<(PromotionId, String)>> = HashMap::new();
    for row in named {
        let of: Uuid = row.try_get_by_index(0).map_err(Error::from)?;
        let id = PromotionId::from_uuid(row.try_get_by_index(1).map_err(Error::from)?);
        promotions.entry(of).or_default().push((id, row.try_get_by_index(2).map_err(Error::from)?));
    }
    let views = found.into_iter().map(|row| GroupView {
        n_members: members.get(&row.id).copied().unwrap_or_default().unsigned_abs(),
        promotions: promotions.remove(&row.id).unwrap_or_default(),
        id: CustomerGroupId::from_uuid(row.id),
        name: row.name,
        tax_exempt: row.tax_exempt,
        tax_reason: row.tax_reason,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
    });
    Ok(views.collect())
}
