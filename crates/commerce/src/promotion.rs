//! Promotions: what staff sets up, how often it was used, and what it would have cost.
//!
//! How a promotion takes money off a cart is the crate `pricing`. What is counted is decided by statements in [`usage`];
//! the copies in [`book`] are for prices that nobody has paid yet.

pub(crate) mod book;
mod trial;
pub(crate) mod usage;

pub use trial::{MAX_TRIAL_DAYS, Trial, TrialOrder, trial};

use platform::{Context, Ctx, Error, TenantDb, Tx};
use pricing::{Action, Condition, Group, Promotion, Usage};
use primitives::{
    Currency, Cursor, CustomerGroupId, Direction, FieldError, Money, PageArgs, Permission, ProductId,
    PromotionId, Timestamp, VariantId,
};
use sea_orm::sea_query::Query;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition as Where, IntoActiveModel, Order};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

use events::Emit;

use crate::customer;
use crate::entity::{promotion, promotion_code, promotion_group, promotion_use};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::page::{Page, contains, escape_like, place_after, searched};

/// Most promotions of a shop that are switched on: each is looked at with every cart.
pub const MAX_ACTIVE: u64 = 100;
/// Most codes of one promotion.
pub const MAX_CODES: usize = 1_000;
/// Most characters of a code.
pub const MAX_CODE: usize = 40;

/// A promotion as staff writes it. Amounts are minor units of the shop's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionDraft {
    /// What shoppers read beside the discount, 1 to 100 characters.
    pub name: String,
    /// Switched on.
    pub active: bool,
    /// From then on; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Until then, exclusive; `None`: for good.
    pub until: Option<Timestamp>,
    /// Higher comes first.
    pub priority: i32,
    /// Applies alone.
    pub exclusive: bool,
    /// Only one of a group applies.
    pub group: Option<Group>,
    /// One of them has to be in the cart; none: no code needed.
    pub codes: Vec<String>,
    /// All have to hold.
    pub conditions: Vec<Condition>,
    /// What it does.
    pub action: Action,
    /// Most orders.
    pub use_limit: Option<i64>,
    /// Most orders of one customer.
    pub shopper_limit: Option<i64>,
    /// Most that it may take off in all.
    pub budget_minor: Option<i64>,
}

/// How a promotion stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromotionState {
    /// Switched off.
    Off,
    /// Begins later.
    Scheduled,
    /// Counts now.
    Running,
    /// Its time is over.
    Over,
    /// Its uses or its budget are used up.
    UsedUp,
}

/// A promotion with what it has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionView {
    /// Identity.
    pub id: PromotionId,
    /// What staff wrote.
    pub draft: PromotionDraft,
    /// How it stands now.
    pub state: PromotionState,
    /// What it gives away, as it is called now; `None` when it gives nothing, or when that is gone.
    pub gift: Option<GiftName>,
    /// Orders that used it and were not given up.
    pub uses: i64,
    /// What it took off them.
    pub spent: Money,
    /// For the next change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// What a promotion gives away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiftName {
    /// Its product.
    pub product: ProductId,
    /// Name of the product.
    pub title: String,
    /// Name of the variant, empty for a product without options.
    pub variant_title: String,
}

/// Promotions of the shop, newest first; `q` looks in names and codes.
pub async fn list(ctx: &Ctx, q: &str, active: Option<bool>, page: &PageArgs) -> Result<Page<PromotionView>> {
    const ORDER: &str = "promotions";
    use promotion::Column::{Active, CreatedAt, Id, Name};
    let rows = ctx.read(Permission::PROMOTIONS_LIST).await?;
    let mut wanted = Where::all();
    if let Some(active) = active {
        wanted = wanted.add(Active.eq(active));
    }
    let q = searched(q);
    if !q.is_empty() {
        let pattern = format!("%{}%", escape_like(&q));
        let coded = Query::select()
            .column(promotion_code::Column::PromotionId)
            .from(promotion_code::Entity)
            .and_where(promotion_code::Column::TenantId.eq(rows.tenant_id().uuid()))
            .and_where(promotion_code::Column::Code.eq(normal(&q)))
            .to_owned();
        wanted = wanted.add(Where::any().add(contains(Name, &pattern)).add(Id.in_subquery(coded)));
    }
    let total = rows.find::<promotion::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (at, id): (i64, Uuid) = cursor.decode(ORDER).map_err(crate::page::bad_cursor)?;
        wanted = wanted.add(place_after(CreatedAt, at.into(), Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<promotion::Entity>()
        .filter(wanted)
        .order_by(CreatedAt, order.clone())
        .order_by(Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of = |row: &promotion::Model| Cursor::encode(ORDER, &(row.created_at, row.id));
    let (found, cursors, more) = crate::page::cut(found, page, cursor_of)?;
    let views = views(&rows, found, ctx.tenant().currency, ctx.now()).await?;
    Ok(Page::new(views, cursors, page, more, total))
}

/// One promotion.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, id: PromotionId) -> Result<PromotionView> {
    let rows = ctx.read(Permission::PROMOTIONS_READ).await?;
    load(&rows, id, ctx).await
}

/// Makes a promotion.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field; `CONFLICT` for a code that opens another promotion; `NOT_FOUND` for a product,
/// variant, collection or group of customers that the shop does not have.
pub async fn create(ctx: &Ctx, draft: &PromotionDraft) -> Result<PromotionView> {
    let id = PromotionId::new();
    let (checked, now) = (checked(id, draft)?, ctx.now());
    let document = serde_json::to_string(&checked).map_err(Error::internal)?;
    let view = ctx
        .write(Permission::PROMOTIONS_CREATE, async |tx| {
            room_for_one_more(tx, draft.active, None).await?;
            names_what_there_is(tx, &checked, now).await?;
            let row = promotion::Model {
                tenant_id: tx.tenant_id().uuid(),
                id: id.uuid(),
                name: checked.name.clone(),
                document: document.clone(),
                currency: ctx.tenant().currency.code().to_owned(),
                active: draft.active,
                starts_at: draft.from.map(Timestamp::millis),
                ends_at: draft.until.map(Timestamp::millis),
                priority: draft.priority.into(),
                use_limit: draft.use_limit,
                shopper_limit: draft.shopper_limit,
                budget_minor: draft.budget_minor,
                uses: 0,
                spent_minor: 0,
                version: 1,
                created_at: now.millis(),
                updated_at: now.millis(),
            };
            tx.insert(row.into_active_model().reset_all()).await.context("writing a promotion")?;
            claim_codes(tx, id, &checked.codes).await?;
            name_groups(tx, id, &checked).await?;
            tx.emit(CommerceEvent::PromotionCreated { promotion_id: id }).await?;
            load(tx, id, ctx).await
        })
        .await?;
    book::forget(ctx).await;
    Ok(view)
}

/// Changes a promotion. What it has done stays counted.
///
/// # Errors
/// As [`create`]; `NOT_FOUND`; `CONFLICT` when `version` is not the present one.
pub async fn update(
    ctx: &Ctx,
    id: PromotionId,
    version: i64,
    draft: &PromotionDraft,
) -> Result<PromotionView> {
    let (checked, now) = (checked(id, draft)?, ctx.now());
    let document = serde_json::to_string(&checked).map_err(Error::internal)?;
    let view = ctx
        .write(Permission::PROMOTIONS_UPDATE, async |tx| {
            let before = tx.get::<promotion::Entity>(id.uuid()).await?;
            if before.version != version {
                return Err(stale());
            }
            room_for_one_more(tx, draft.active, Some(id)).await?;
            names_what_there_is(tx, &checked, now).await?;
            let changed = tx
                .update_many::<promotion::Entity>()
                .set(promotion::Column::Name, checked.name.as_str())
                .set(promotion::Column::Document, document.as_str())
                .set(promotion::Column::Currency, ctx.tenant().currency.code())
                .set(promotion::Column::Active, draft.active)
                .set(promotion::Column::StartsAt, draft.from.map(Timestamp::millis))
                .set(promotion::Column::EndsAt, draft.until.map(Timestamp::millis))
                .set(promotion::Column::Priority, i64::from(draft.priority))
                .set(promotion::Column::UseLimit, draft.use_limit)
                .set(promotion::Column::ShopperLimit, draft.shopper_limit)
                .set(promotion::Column::BudgetMinor, draft.budget_minor)
                .set(promotion::Column::Version, version.saturating_add(1))
                .set(promotion::Column::UpdatedAt, now.millis())
                .filter(promotion::Column::Id.eq(id.uuid()))
                .filter(promotion::Column::Version.eq(version))
                .exec()
                .await?;
            if changed == 0 {
                return Err(stale());
            }
            tx.delete_many::<promotion_code::Entity>()
                .filter(promotion_code::Column::PromotionId.eq(id.uuid()))
                .exec()
                .await?;
            claim_codes(tx, id, &checked.codes).await?;
            name_groups(tx, id, &checked).await?;
            tx.emit(CommerceEvent::PromotionUpdated { promotion_id: id }).await?;
            load(tx, id, ctx).await
        })
        .await?;
    book::forget(ctx).await;
    Ok(view)
}

/// Deletes a promotion that no order has used.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` for one that was used: its orders name it, it can be switched off.
pub async fn delete(ctx: &Ctx, id: PromotionId, version: i64) -> Result<()> {
    ctx.write(Permission::PROMOTIONS_DELETE, async |tx| {
        let row = tx.get::<promotion::Entity>(id.uuid()).await?;
        if row.version != version {
            return Err(stale());
        }
        let used = tx.find::<promotion_use::Entity>();
        if used.filter(promotion_use::Column::PromotionId.eq(id.uuid())).limit(1).one().await?.is_some() {
            return Err(Error::conflict("orders have used this promotion: switch it off instead").into());
        }
        tx.delete_many::<promotion::Entity>().filter(promotion::Column::Id.eq(id.uuid())).exec().await?;
        tx.emit(CommerceEvent::PromotionUpdated { promotion_id: id }).await?;
        Ok(())
    })
    .await?;
    book::forget(ctx).await;
    Ok(())
}

/// A code as it is kept and compared.
pub(crate) fn normal(code: &str) -> String {
    code.trim().to_uppercase()
}

/// What is wrong with a code that somebody typed; nothing when it can be one.
pub(crate) fn wrong_code(code: &str) -> Option<String> {
    let count = code.chars().count();
    if count == 0 || MAX_CODE < count {
        return Some(format!("use 1 to {MAX_CODE} characters"));
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '%' | '+');
    (!code.chars().all(plain)).then(|| "use letters, digits and - _ . % +".to_owned())
}

/// The promotion that a draft makes, with every wrong field.
fn checked(id: PromotionId, draft: &PromotionDraft) -> Result<Promotion> {
    let mut errors = Vec::new();
    let codes: Vec<String> = draft.codes.iter().map(|code| normal(code)).collect();
    for (i, code) in codes.iter().enumerate() {
        if let Some(wrong) = wrong_code(code) {
            errors.push(FieldError::new(format!("codes.{i}"), wrong));
        } else if codes[..i].contains(code) {
            errors.push(FieldError::new(format!("codes.{i}"), "is there twice"));
        }
    }
    if MAX_CODES < codes.len() {
        errors.push(FieldError::new("codes", format!("use at most {MAX_CODES} codes")));
    }
    for (field, limit) in
        [("useLimit", draft.use_limit), ("shopperLimit", draft.shopper_limit), ("budget", draft.budget_minor)]
    {
        if limit.is_some_and(|limit| limit <= 0) {
            errors.push(FieldError::new(field, "must be more than zero; leave it out for no limit"));
        }
    }
    let promotion = Promotion {
        id,
        name: draft.name.trim().to_owned(),
        active: draft.active,
        from: draft.from,
        until: draft.until,
        priority: draft.priority,
        exclusive: draft.exclusive,
        group: draft.group.clone(),
        codes,
        conditions: draft.conditions.clone(),
        action: draft.action.clone(),
        usage: Usage::default(),
    };
    let own = promotion.errors().into_iter();
    errors.extend(own.map(|error| FieldError::new(field_of(&error.field, &promotion), error.message)));
    if errors.is_empty() { Ok(promotion) } else { Err(CommerceError::Invalid(errors)) }
}

/// The field that staff fills in, for a field of the promotion as prices see it.
fn field_of(field: &str, promotion: &Promotion) -> String {
    let parts: Vec<&str> = field.split('.').collect();
    let named = match parts.as_slice() {
        ["until"] => "endsAt",
        ["from"] => "startsAt",
        ["group", ..] => "group",
        ["action", "off"] => match &promotion.action {
            Action::Fixed { .. } | Action::OrderFixed { .. } => "action.amount",
            _ => "action.percent",
        },
        ["action", "price"] => "action.amount",
        ["action", "of_each"] => "action.buy",
        ["action", "most"] if matches!(promotion.action, Action::FreeShipping { .. }) => "action.amount",
        ["action", "quantity"] => "action.get",
        ["action", "variant"] => "action.variantId",
        ["conditions", at, "at_least"] => {
            let of = at.parse().ok().and_then(|at: usize| promotion.conditions.get(at));
            let name = if matches!(of, Some(Condition::Has { .. })) { "pieces" } else { "amount" };
            return format!("conditions.{at}.{name}");
        }
        ["conditions", at, "any_of", ..] => {
            let of = at.parse().ok().and_then(|at: usize| promotion.conditions.get(at));
            let groups = matches!(of, Some(Condition::Groups { .. }));
            return format!("conditions.{at}.{}", if groups { "groups" } else { "countries" });
        }
        _ => {
            let renamed = parts.iter().map(|part| match *part {
                "buy_of" => "of",
                "get_of" => "getOf",
                "not_products" => "notProducts",
                "not_collections" => "notCollections",
                "not_tags" => "notTags",
                other => other,
            });
            return renamed.collect::<Vec<_>>().join(".");
        }
    };
    named.to_owned()
}

async fn room_for_one_more(tx: &Tx, active: bool, own: Option<PromotionId>) -> Result<()> {
    if !active {
        return Ok(());
    }
    let mut others = tx.find::<promotion::Entity>().filter(promotion::Column::Active.eq(true));
    if let Some(own) = own {
        others = others.filter(promotion::Column::Id.ne(own.uuid()));
    }
    if others.count().await? < MAX_ACTIVE {
        return Ok(());
    }
    let message = format!("{MAX_ACTIVE} promotions are switched on: switch one off first");
    Err(CommerceError::field("active", message))
}

/// A promotion speaks of things of this shop only.
async fn names_what_there_is(tx: &Tx, promotion: &Promotion, now: Timestamp) -> Result<()> {
    names_goods_there_are(tx, promotion).await?;
    // Held until the commit: none of them can be deleted in between.
    customer::hold_groups(tx, &book::groups(promotion).collect(), now).await
}

async fn names_goods_there_are(rows: &TenantDb, promotion: &Promotion) -> Result<()> {
    let (mut products, mut variants, mut collections) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for selector in book::selectors(promotion) {
        products.extend(selector.products.iter().chain(&selector.not_products));
        variants.extend(selector.variants.iter().chain(&selector.not_variants));
        collections.extend(selector.collections.iter().chain(&selector.not_collections));
    }
    if let Action::FreeGift { variant, .. } = &promotion.action {
        variants.insert(*variant);
    }
    Ok(catalog::query::must_exist(rows, &products, &variants, &collections).await?)
}

/// Keeps which groups a promotion names, so that none of them is deleted.
async fn name_groups(tx: &Tx, id: PromotionId, promotion: &Promotion) -> Result<()> {
    tx.delete_many::<promotion_group::Entity>()
        .filter(promotion_group::Column::PromotionId.eq(id.uuid()))
        .exec()
        .await?;
    let named: BTreeSet<CustomerGroupId> = book::groups(promotion).collect();
    let rows = named.into_iter().map(|group| promotion_group::ActiveModel {
        promotion_id: Set(id.uuid()),
        group_id: Set(group.uuid()),
        ..Default::default()
    });
    tx.insert_many(rows.collect()).await?;
    Ok(())
}

async fn claim_codes(tx: &Tx, id: PromotionId, codes: &[String]) -> Result<()> {
    for (i, code) in codes.iter().enumerate() {
        let row = promotion_code::ActiveModel {
            code: Set(code.clone()),
            promotion_id: Set(id.uuid()),
            ..Default::default()
        };
        if tx.insert_new(vec![row]).await? == 0 {
            let message = format!("{code} opens another promotion");
            return Err(Error::conflict(message.clone()).with_field(format!("codes.{i}"), message).into());
        }
    }
    Ok(())
}

fn stale() -> CommerceError {
    Error::conflict("somebody else changed this promotion, load it again").into()
}

async fn load(rows: &TenantDb, id: PromotionId, ctx: &Ctx) -> Result<PromotionView> {
    let row = rows.get::<promotion::Entity>(id.uuid()).await?;
    let mut views = views(rows, vec![row], ctx.tenant().currency, ctx.now()).await?;
    views.pop().ok_or_else(|| CommerceError::not_found(PromotionId::KIND))
}

async fn views(
    rows: &TenantDb,
    found: Vec<promotion::Model>,
    currency: Currency,
    now: Timestamp,
) -> Result<Vec<PromotionView>> {
    let codes = codes_of(rows, found.iter().map(|row| row.id).collect()).await?;
    let none = Vec::new();
    let read = found.iter().map(|row| view(row, codes.get(&row.id).unwrap_or(&none), currency, now));
    let mut views: Vec<PromotionView> = read.collect::<Result<_>>()?;
    let given = |view: &PromotionView| match &view.draft.action {
        Action::FreeGift { variant, .. } => Some(*variant),
        _ => None,
    };
    let gifts: Vec<VariantId> = views.iter().filter_map(given).collect();
    if !gifts.is_empty() {
        let offers = catalog::query::offers(rows, &gifts).await?;
        for view in &mut views {
            let offer = given(view).and_then(|variant| offers.get(&variant));
            view.gift = offer.map(|offer| GiftName {
                product: offer.product,
                title: offer.title.clone(),
                variant_title: offer.variant_title.clone(),
            });
        }
    }
    Ok(views)
}

/// The codes of promotions, in their order.
async fn codes_of(rows: &TenantDb, promotions: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<String>>> {
    let mut codes: HashMap<Uuid, Vec<String>> = HashMap::new();
    if promotions.is_empty() {
        return Ok(codes);
    }
    let found = rows
        .find::<promotion_code::Entity>()
        .filter(promotion_code::Column::PromotionId.is_in(promotions))
        .order_by_asc(promotion_code::Column::Code)
        .all()
        .await?;
    for row in found {
        codes.entry(row.promotion_id).or_default().push(row.code);
    }
    Ok(codes)
}

/// A stored promotion with its codes and with what is left of its limits.
fn promotion_of(row: &promotion::Model, codes: &[String]) -> Result<Promotion> {
    let stored: Promotion = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let left = |limit: Option<i64>, used: i64| limit.map(|limit| limit.saturating_sub(used).max(0));
    Ok(Promotion {
        id: PromotionId::from_uuid(row.id),
        active: row.active,
        codes: codes.to_vec(),
        usage: Usage {
            left: left(row.use_limit, row.uses).map(i64::unsigned_abs),
            left_for_shopper: None,
            budget_left: left(row.budget_minor, row.spent_minor),
        },
        ..stored
    })
}

fn view(
    row: &promotion::Model,
    codes: &[String],
    currency: Currency,
    now: Timestamp,
) -> Result<PromotionView> {
    let promotion = promotion_of(row, codes)?;
    let used_up = promotion.usage.left == Some(0) || promotion.usage.budget_left == Some(0);
    let state = match (&promotion.from, &promotion.until) {
        _ if !promotion.active => PromotionState::Off,
        (_, Some(until)) if *until <= now => PromotionState::Over,
        _ if used_up => PromotionState::UsedUp,
        (Some(from), _) if now < *from => PromotionState::Scheduled,
        _ => PromotionState::Running,
    };
    Ok(PromotionView {
        id: promotion.id,
        state,
        gift: None,
        uses: row.uses,
        spent: Money::new(row.spent_minor, currency),
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        draft: PromotionDraft {
            name: promotion.name,
            active: promotion.active,
            from: promotion.from,
            until: promotion.until,
            priority: promotion.priority,
            exclusive: promotion.exclusive,
            group: promotion.group,
            codes: promotion.codes,
            conditions: promotion.conditions,
            action: promotion.action,
            use_limit: row.use_limit,
            shopper_limit: row.shopper_limit,
            budget_minor: row.budget_minor,
        },
    })
}
