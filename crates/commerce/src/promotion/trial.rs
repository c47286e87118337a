//! What a promotion would have cost: tried on orders of the past, changing nothing.

use std::collections::{BTreeSet, HashMap};

use platform::{Ctx, Error, TenantDb};
use pricing::{
    Destination, Line, Measure, Request, Rounding, ShippingMethod, Shopper, Step, Table, TaxCategory, Usage,
    Verdict,
};
use primitives::{
    CollectionId, Country, Currency, CustomerGroupId, CustomerId, Exchange, Money, OrderId, Permission,
    ProductId, PromotionId, Quantity, Timestamp, VariantId,
};
use sea_orm::{ColumnTrait, QueryResult};
use std::time::Duration;
use uuid::Uuid;

use super::{PromotionDraft, book, checked, names_goods_there_are};
use crate::currency;
use crate::customer;
use crate::entity::order_line;
use crate::error::{CommerceError, Result};

/// Farthest look back.
pub const MAX_TRIAL_DAYS: u32 = 365;
/// Most orders that are looked at, the newest.
const MAX_ORDERS: usize = 1_000;
/// Orders that are named.
const NAMED: usize = 20;

/// What a promotion would have done. Amounts are as the shop writes prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Orders that were looked at: placed in that time and not given up, at most the newest 1,000.
    pub n_orders: u32,
    /// Orders that would have been cheaper.
    pub n_applied: u32,
    /// Goods of all orders that were looked at, before any discount.
    pub goods: Money,
    /// What it would have taken off.
    pub discount: Money,
    /// Why it would not have applied, and how often; most frequent first.
    pub reasons: Vec<(String, u32)>,
    /// Up to 20 orders that would have been cheaper, newest first.
    pub orders: Vec<TrialOrder>,
}

/// An order that would have been cheaper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialOrder {
    /// Identity.
    pub id: OrderId,
    /// Number that people say.
    pub number: i64,
    /// Goods before any discount.
    pub goods: Money,
    /// What it would have taken off.
    pub discount: Money,
    /// When it was placed.
    pub placed_at: Timestamp,
}

struct Past {
    id: Uuid,
    number: i64,
    customer: CustomerId,
    country: Country,
    includes_tax: bool,
    before: u32,
    /// By somebody who had signed in, which is whom groups count for.
    signed_in: bool,
    placed_at: Timestamp,
    /// From the shop's currency into that of the order.
    exchange: Exchange,
    /// Id of its delivery, empty where nothing was sent, and what that cost before any discount, as the order has it.
    delivery: (String, i64),
}

impl Past {
    /// Its delivery at the price that it had.
    fn shipping(&self) -> Result<Option<ShippingMethod>> {
        let (id, price) = &self.delivery;
        if id.is_empty() {
            return Ok(None);
        }
        let steps = vec![Step { from: 0, price: self.exchange.back(*price)? }];
        Ok(Some(ShippingMethod {
            id: id.clone(),
            name: String::new(),
            window: String::new(),
            countries: None,
            table: Table { by: Measure::Price, steps, up_to: None },
            free_from: None,
            pickup: false,
            tax_category: None,
            active: true,
        }))
    }
}

/// Tries a draft on the orders of the last `days`: as if it had been switched on alone, with its code given wherever it
/// needs one, in the order in which they were placed, until its limits were reached. Products count in the collections
/// and with the tags that they have today; deliveries cost what they cost then. Orders in other currencies are looked at in the shop's,
/// at the rate that they keep.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field of the draft, and for `days` outside 1 to 365; `NOT_FOUND` for a product,
/// variant, collection or group of customers that the shop does not have.
pub async fn trial(ctx: &Ctx, draft: &PromotionDraft, days: u32) -> Result<Trial> {
    if !(1..=MAX_TRIAL_DAYS).contains(&days) {
        return Err(CommerceError::field("days", format!("look back 1 to {MAX_TRIAL_DAYS} days")));
    }
    let mut promotion = checked(PromotionId::new(), draft)?;
    (promotion.active, promotion.from, promotion.until) = (true, None, None);
    let codes: Vec<String> = promotion.codes.iter().take(1).cloned().collect();
    let rows = ctx.read(Permission::PROMOTIONS_READ).await?;
    names_goods_there_are(&rows, &promotion).await?;
    customer::groups_all_there(&rows, &book::groups(&promotion).collect()).await?;
    let since = ctx.now() - Duration::from_secs(u64::from(days) * 86_400);
    let past = orders(&rows, since, ctx.tenant().currency).await?;
    let lines = lines(&rows, &past).await?;
    let members = members(&rows, &promotion, since).await?;
    drop(rows);
    let currency = ctx.tenant().currency;
    let mut found = Trial {
        n_orders: u32::try_from(past.len()).unwrap_or(u32::MAX),
        n_applied: 0,
        goods: Money::zero(currency),
        discount: Money::zero(currency),
        reasons: Vec::new(),
        orders: Vec::new(),
    };
    let mut used: HashMap<CustomerId, i64> = HashMap::new();
    let mut reasons: HashMap<String, u32> = HashMap::new();
    let left = |limit: Option<i64>, used: i64| limit.map(|limit| limit.saturating_sub(used).max(0));
    for order in &past {
        let theirs = used.get(&order.customer).copied().unwrap_or_default();
        promotion.usage = Usage {
            left: left(draft.use_limit, i64::from(found.n_applied)).map(i64::unsigned_abs),
            left_for_shopper: left(draft.shopper_limit, theirs).map(i64::unsigned_abs),
            budget_left: left(draft.budget_minor, found.discount.minor),
        };
        let goods = lines.get(&order.id).cloned().unwrap_or_default();
        let gifts = gift(&promotion, &goods).into_iter().collect();
        let shipping = order.shipping()?;
        let quote = pricing::quote(&Request {
            currency,
            includes_tax: order.includes_tax,
            rounding: Rounding::Line,
            at: order.placed_at,
            destination: Destination::country(order.country),
            shopper: Shopper {
                groups: members.get(&order.customer).filter(|_| order.signed_in).cloned().unwrap_or_default(),
                orders_before: order.before,
                exempt: false,
            },
            lines: goods,
            gifts,
            codes: codes.clone(),
            zone: None,
            promotions: std::slice::from_ref(&promotion),
            shipping: shipping.as_ref(),
        })?;
        let own = quote.lines.iter().filter(|line| !line.gift).map(|line| line.amount);
        let goods = own.fold(0_i64, i64::saturating_add);
        found.goods.minor = found.goods.minor.saturating_add(goods);
        match quote.promotions.first().map(|outcome| &outcome.verdict) {
            Some(Verdict::Applied { amount }) => {
                found.n_applied += 1;
                found.discount.minor = found.discount.minor.saturating_add(*amount);
                *used.entry(order.customer).or_default() += 1;
                found.orders.push(TrialOrder {
                    id: OrderId::from_uuid(order.id),
                    number: order.number,
                    goods: Money::new(goods, currency),
                    discount: Money::new(*amount, currency),
                    placed_at: order.placed_at,
                });
            }
            Some(Verdict::Not(reason)) => *reasons.entry(kind(reason)).or_default() += 1,
            None => {}
        }
    }
    found.orders.reverse();
    found.orders.truncate(NAMED);
    found.reasons = reasons.into_iter().collect();
    found.reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(found)
}

/// A reason without its figures, so that like ones are counted together.
fn kind(reason: &pricing::Reason) -> String {
    match reason {
        pricing::Reason::Missing { .. } => "too small an amount".to_owned(),
        pricing::Reason::Pieces { .. } => "too few pieces".to_owned(),
        other => other.to_string(),
    }
}

/// What it gives away, at the price that it had on the order; as free of charge where the order does not know it.
fn gift(promotion: &pricing::Promotion, goods: &[Line]) -> Option<Line> {
    let pricing::Action::FreeGift { variant, .. } = &promotion.action else { return None };
    let known = goods.iter().find(|line| line.variant == *variant).cloned();
    Some(known.unwrap_or_else(|| Line {
        variant: *variant,
        product: ProductId::from_uuid(Uuid::nil()),
        collections: Vec::new(),
        tags: Vec::new(),
        unit: 0,
        unit_includes_tax: false,
        quantity: Quantity::ONE,
        tax_category: TaxCategory::NONE,
        grams: 0,
        requires_shipping: false,
        discountable: true,
    }))
}

/// The newest orders since then, oldest first.
async fn orders(rows: &TenantDb, since: Timestamp, home: Currency) -> Result<Vec<Past>> {
    let found = rows
        .raw_all(
            "SELECT o.id, o.number, o.customer_id, o.country, o.includes_tax, o.placed_at, o.user_id, \
               o.currency, o.exchange_rate, o.shipping_method, o.shipping_minor, \
               (SELECT CAST(COUNT(*) AS bigint) FROM orders p WHERE p.tenant_id = o.tenant_id \
                AND p.customer_id = o.customer_id AND p.number < o.number AND p.state <> 'cancelled') AS earlier \
             FROM orders o WHERE o.tenant_id = {tenant} AND o.placed_at >= ? AND o.state <> 'cancelled' \
             ORDER BY o.number DESC LIMIT ?",
            vec![since.millis().into(), i64::try_from(MAX_ORDERS).unwrap_or(i64::MAX).into()],
        )
        .await?;
    let read = |row: &QueryResult| -> Result<Past, sea_orm::DbErr> {
        let country: String = row.try_get("", "country")?;
        let earlier: i64 = row.try_get("", "earlier")?;
        let (currency, rate): (String, String) =
            (row.try_get("", "currency")?, row.try_get("", "exchange_rate")?);
        Ok(Past {
            id: row.try_get("", "id")?,
            number: row.try_get("", "number")?,
            customer: CustomerId::from_uuid(row.try_get("", "customer_id")?),
            country: Country::parse(&country).map_err(|error| sea_orm::DbErr::Type(error.to_string()))?,
            includes_tax: row.try_get("", "includes_tax")?,
            before: u32::try_from(earlier).unwrap_or(u32::MAX),
            signed_in: row.try_get::<Option<Uuid>>("", "user_id")?.is_some(),
            placed_at: Timestamp::from_millis(row.try_get("", "placed_at")?),
            delivery: (row.try_get("", "shipping_method")?, row.try_get("", "shipping_minor")?),
            exchange: currency::of_order(home, &currency, &rate)
                .map_err(|error| sea_orm::DbErr::Type(error.to_string()))?,
        })
    };
    Ok(found.iter().rev().map(read).collect::<Result<_, _>>().map_err(Error::from)?)
}

/// The groups that the promotion names, as they are today, of everybody who has ordered since then.
async fn members(
    rows: &TenantDb,
    promotion: &pricing::Promotion,
    since: Timestamp,
) -> Result<HashMap<CustomerId, BTreeSet<CustomerGroupId>>> {
    let mut members: HashMap<CustomerId, BTreeSet<CustomerGroupId>> = HashMap::new();
    let named: BTreeSet<CustomerGroupId> = book::groups(promotion).collect();
    if named.is_empty() {
        return Ok(members);
    }
    let mut values: Vec<sea_orm::Value> = named.iter().map(|group| group.uuid().into()).collect();
    values.push(since.millis().into());
    let found = rows
        .raw_all(
            &format!(
                "SELECT m.customer_id, m.group_id FROM customer_group_member m \
                 WHERE m.tenant_id = {{tenant}} AND m.group_id IN ({}) AND m.customer_id IN \
                 (SELECT o.customer_id FROM orders o WHERE o.tenant_id = m.tenant_id AND o.placed_at >= ?)",
                platform::db::holes(named.len())
            ),
            values,
        )
        .await?;
    for row in found {
        let customer = CustomerId::from_uuid(row.try_get_by_index(0).map_err(Error::from)?);
        let group = CustomerGroupId::from_uuid(row.try_get_by_index(1).map_err(Error::from)?);
        members.entry(customer).or_default().insert(group);
    }
    Ok(members)
}

/// The lines of these orders, by order; what was given away is left out.
async fn lines(rows: &TenantDb, past: &[Past]) -> Result<HashMap<Uuid, Vec<Line>>> {
    let mut found: Vec<order_line::Model> = Vec::new();
    for some in past.chunks(200) {
        let of = rows.find::<order_line::Entity>();
        let of = of.filter(order_line::Column::OrderId.is_in(some.iter().map(|order| order.id)));
        let of = of.filter(order_line::Column::Gift.eq(false));
        found.extend(of.order_by_asc(order_line::Column::Position).all().await?);
    }
    let mut products: Vec<ProductId> =
        found.iter().map(|line| ProductId::from_uuid(line.product_id)).collect();
    products.sort_unstable();
    products.dedup();
    let (mut collections, mut tags) = (HashMap::new(), HashMap::new());
    for some in products.chunks(500) {
        collections.extend(catalog::query::collections_of(rows, some).await?);
        tags.extend(catalog::query::tags_of(rows, some).await?);
    }
    let rates: HashMap<Uuid, Exchange> = past.iter().map(|order| (order.id, order.exchange)).collect();
    let mut lines: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for row in found {
        let Some(exchange) = rates.get(&row.order_id) else { continue };
        let product = ProductId::from_uuid(row.product_id);
        let of: Option<&Vec<CollectionId>> = collections.get(&product);
        lines.entry(row.order_id).or_default().push(Line {
            variant: VariantId::from_uuid(row.variant_id),
            product,
            collections: of.cloned().unwrap_or_default(),
            tags: tags.get(&product).cloned().unwrap_or_default(),
            unit: exchange.back(row.unit_minor)?,
            unit_includes_tax: false,
            quantity: Quantity::new(row.quantity).map_err(Error::internal)?,
            tax_category: TaxCategory::NONE,
            grams: 0,
            requires_shipping: true,
            discountable: true,
        });
    }
    Ok(lines)
}
