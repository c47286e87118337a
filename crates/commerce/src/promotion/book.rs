//! The promotions and price lists that count now, in memory for a second; price lists alone, which is all that pages ask for,
//! until somebody changes one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use catalog::projection::CATALOG;
use moka::future::Cache;
use platform::hub::Key;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use pricing::{Action, Condition, PriceList, Promotion, Selector};
use primitives::{Currency, CustomerGroupId, PromotionId, TenantId, Timestamp, VariantId};
use sea_orm::{ColumnTrait, Condition as Where};

use crate::customer;
use crate::entity::promotion;
use crate::error::{CommerceError, Result};
use crate::price;

/// Hub key of the price lists.
const PRICES: &str = "prices";

/// Longest time that price lists are believed when another process cannot tell of a change.
const LIFE: Duration = Duration::from_secs(20);

/// Promotions that are switched on and not over, and what they have to know of a cart.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// With what is left of their limits, at most a second old.
    pub promotions: Vec<Promotion>,
    /// Whether a code can open anything.
    pub coded: bool,
    /// Whether it matters in which collections a product is.
    pub collections: bool,
    /// Whether it matters how often a shopper has bought before.
    pub first_order: bool,
    /// Whether it matters in which groups a customer is, or whether anybody pays no tax.
    pub standing: bool,
    /// Most orders of one customer.
    pub shopper_limits: HashMap<PromotionId, i64>,
    /// What may be given away.
    pub gifts: Vec<VariantId>,
    /// Price lists that are switched on and not over.
    pub lists: Vec<PriceList>,
}

/// The promotions of the caller's shop.
pub(crate) async fn current(ctx: &Ctx) -> Result<Arc<Book>> {
    let cache = ctx.app().state(BookCache::default);
    let tenant = ctx.tenant_id();
    let generation = ctx.app().hub().generation(Key::new(tenant, PRICES));
    let loaded = cache.0.try_get_with((tenant, generation), async {
        let rows = ctx.read(Access::Public).await?;
        let book = load(&rows, ctx.tenant().currency, ctx.now()).await.map_err(Error::from)?;
        Ok::<_, Error>(Arc::new(book))
    });
    loaded.await.map_err(|error| CommerceError::Platform((*error).clone()))
}

/// The price lists of the caller's shop that are switched on and not over: of now, as far as this process has been told, and
/// never older than [`LIFE`]. Pages need no promotions, whose limits change with every order.
pub(crate) async fn lists(ctx: &Ctx) -> Result<Arc<Vec<PriceList>>> {
    let cache = ctx.app().state(ListCache::default);
    let tenant = ctx.tenant_id();
    let generation = ctx.app().hub().generation(Key::new(tenant, PRICES));
    let loaded = cache.0.try_get_with((tenant, generation), async {
        let rows = ctx.read(Access::Public).await?;
        let lists = price::lists(&rows, Some(ctx.now())).await.map_err(Error::from)?;
        Ok::<_, Error>(Arc::new(lists))
    });
    loaded.await.map_err(|error| CommerceError::Platform((*error).clone()))
}

/// Has the next price look at the database again.
pub(crate) async fn forget(ctx: &Ctx) {
    let tenant = ctx.tenant_id();
    let generation = ctx.app().hub().generation(Key::new(tenant, PRICES));
    ctx.app().state(BookCache::default).0.invalidate(&(tenant, generation)).await;
}

/// Once this is committed, the next price looks at the database again, and no page that was made before is shown.
pub(crate) fn bump(tx: &Tx) {
    let Some(ctx) = tx.ctx().cloned() else { return };
    tx.after_commit(move || {
        let (hub, tenant) = (ctx.app().hub(), ctx.tenant_id());
        // Pages last: those that are made from now on are made of what is known now.
        hub.bump(tenant, PRICES);
        hub.bump(tenant, CATALOG);
    });
}

async fn load(rows: &TenantDb, currency: Currency, now: Timestamp) -> Result<Book> {
    use promotion::Column::{self, Active, EndsAt, Id};
    let found = rows
        .find::<promotion::Entity>()
        .filter(Active.eq(true))
        // Amounts of another currency than carts are counted in mean nothing.
        .filter(Column::Currency.eq(currency.code()))
        .filter(Where::any().add(EndsAt.is_null()).add(EndsAt.gt(now.millis())))
        .order_by_asc(Id)
        .limit(super::MAX_ACTIVE)
        .all()
        .await?;
    let codes = super::codes_of(rows, found.iter().map(|row| row.id).collect()).await?;
    let none = Vec::new();
    let lists = price::lists(rows, Some(now)).await?;
    let standing = customer::anybody_is_exempt(rows).await? || lists.iter().any(|list| list.groups.is_some());
    let mut book = Book { standing, lists, ..Book::default() };
    for row in &found {
        let promotion = super::promotion_of(row, codes.get(&row.id).unwrap_or(&none))?;
        if let Some(limit) = row.shopper_limit {
            book.shopper_limits.insert(promotion.id, limit);
        }
        book.add(promotion);
    }
    Ok(book)
}

impl Book {
    fn add(&mut self, promotion: Promotion) {
        self.coded |= !promotion.codes.is_empty();
        self.first_order |= promotion.conditions.contains(&Condition::FirstOrder);
        self.standing |= groups(&promotion).next().is_some();
        self.collections |= selectors(&promotion)
            .any(|selector| !selector.collections.is_empty() || !selector.not_collections.is_empty());
        if let Action::FreeGift { variant, .. } = &promotion.action {
            self.gifts.push(*variant);
        }
        self.promotions.push(promotion);
    }
}

/// Everything that a promotion says about which things it means.
pub(super) fn selectors(promotion: &Promotion) -> impl Iterator<Item = &Selector> {
    let conditions = promotion.conditions.iter().filter_map(|condition| match condition {
        Condition::Has { of, .. } | Condition::Subtotal { of, .. } => Some(of),
        _ => None,
    });
    let action = match &promotion.action {
        Action::Percent { of, .. }
        | Action::Fixed { of, .. }
        | Action::FixedPrice { of, .. }
        | Action::CheapestFree { of, .. } => vec![of],
        Action::BuyGet { buy_of, get_of, .. } => vec![buy_of, get_of],
        _ => Vec::new(),
    };
    conditions.chain(action)
}

/// The groups of customers that a promotion names.
pub(super) fn groups(promotion: &Promotion) -> impl Iterator<Item = CustomerGroupId> {
    let named = promotion.conditions.iter().filter_map(|condition| match condition {
        Condition::Groups { any_of } => Some(any_of.iter().copied()),
        _ => None,
    });
    named.flatten()
}

/// Tenant and generation of its price lists.
struct BookCache(Cache<(TenantId, u64), Arc<Book>>);

impl Default for BookCache {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(1)).build())
    }
}

/// As [`BookCache`].
struct ListCache(Cache<(TenantId, u64), Arc<Vec<PriceList>>>);

impl Default for ListCache {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(LIFE).build())
    }
}
