//! What variants have cost: every change is written down in the transaction that makes it, with the answer to what a
//! reduction has to be compared with.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use platform::db::holes;
use platform::{Context, Ctx, Error, TenantDb, Tx};
use primitives::{Currency, Money, Permission, Timestamp, UserId, VariantId};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryResult};
use uuid::Uuid;

use crate::entity::{price_change, variant};
use crate::error::Result;

/// How far back prices count (Directive 98/6/EC, article 6a).
const WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Variants of one statement.
const AT_ONCE: usize = 500;
/// Changes that a history shows at most.
const MAX_SHOWN: u64 = 100;

/// A change of a variant's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// What it cost from then on.
    pub price: Money,
    /// What that was compared with, as it was typed in.
    pub compare_at: Option<Money>,
    /// The lowest price at which it was offered in the 30 days before its reduction began; none where the price was not
    /// reduced, or where it was not offered in that time.
    pub lowest_before: Option<Money>,
    /// Whether shoppers saw it.
    pub offered: bool,
    /// Since when.
    pub at: Timestamp,
    /// What whoever changed it is called today; nothing where it was no account, or one that is gone.
    pub by: Option<String>,
}

/// The changes of a variant's price, newest first, at most 100.
///
/// # Errors
/// `NOT_FOUND` for a variant that does not exist.
pub async fn history(ctx: &Ctx, id: VariantId, limit: u64) -> Result<Vec<PriceChange>> {
    let db = ctx.read(Permission::PRODUCTS_READ).await?;
    db.get::<variant::Entity>(id.uuid()).await?;
    let rows = db
        .find::<price_change::Entity>()
        .filter(price_change::Column::VariantId.eq(id.uuid()))
        .order_by_desc(price_change::Column::Seq)
        .limit(limit.min(MAX_SHOWN))
        .all()
        .await
        .context("loading a history of prices")?;
    let actors: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.actor_id).collect();
    let actors: Vec<UserId> = actors.into_iter().map(UserId::from_uuid).collect();
    let people = identity::user::people(&db, &actors).await?;
    let by = |actor: Uuid| people.get(&UserId::from_uuid(actor)).map(|person| person.name.clone());
    rows.into_iter()
        .map(|row| {
            let currency = Currency::parse(&row.currency).map_err(Error::internal)?;
            let money = |minor| Money::new(minor, currency);
            Ok(PriceChange {
                price: money(row.price_minor),
                compare_at: row.compare_at_minor.map(money),
                lowest_before: row.prior_minor.map(money),
                offered: row.offered,
                at: Timestamp::from_millis(row.at),
                by: row.actor_id.and_then(by),
            })
        })
        .collect()
}

/// A variant as it is sold from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sold {
    pub variant: Uuid,
    pub currency: String,
    pub price: i64,
    pub compare_at: Option<i64>,
    /// Whether shoppers see it.
    pub offered: bool,
    /// What it cost until now, as its row said.
    pub was: Option<i64>,
}

impl Sold {
    /// The variant of this row, which cost `was` until now.
    pub fn of(row: &variant::Model, offered: bool, was: Option<i64>) -> Self {
        Self {
            variant: row.id,
            currency: row.currency.clone(),
            price: row.price_minor,
            compare_at: row.compare_at_minor,
            offered,
            was,
        }
    }

    fn reduced(&self) -> bool {
        self.compare_at.is_some_and(|compared| self.price < compared)
    }

    /// Whether its last change says the same.
    fn is_as(&self, last: &price_change::Model) -> bool {
        self.currency == last.currency
            && self.price == last.price_minor
            && self.compare_at == last.compare_at_minor
            && self.offered == last.offered
    }

    /// Whether the reduction of the last change goes on. One that was out of the shop for as long as prices count has
    /// ended.
    fn goes_on(&self, last: &price_change::Model, at: Timestamp) -> bool {
        self.currency == last.currency
            && self.price == last.price_minor
            && last.compare_at_minor.is_some_and(|compared| last.price_minor < compared)
            && (last.offered || at.since(Timestamp::from_millis(last.at)) < WINDOW)
    }

    /// The row that comes after `known`, its changes of the window and the last one before it in their order; nothing
    /// when nothing changes.
    fn next(&self, known: &[price_change::Model], now: Timestamp) -> Option<price_change::Model> {
        let last = known.last();
        if last.is_some_and(|last| self.is_as(last)) {
            return None;
        }
        // A clock that goes back does not turn the order around.
        let at = last.map_or(now, |last| now.max(Timestamp::from_millis(last.at)));
        let prior = match last {
            _ if !self.reduced() => None,
            Some(last) if self.goes_on(last, at) => last.prior_minor,
            _ => self.lowest_before(known, at),
        };
        Some(price_change::Model {
            tenant_id: Uuid::nil(),
            variant_id: self.variant,
            seq: last.map_or(1, |last| last.seq.saturating_add(1)),
            currency: self.currency.clone(),
            price_minor: self.price,
            compare_at_minor: self.compare_at,
            prior_minor: prior,
            offered: self.offered,
            at: at.millis(),
            actor_id: None,
        })
    }

    /// The lowest price at which it was offered in the 30 days before `at`.
    fn lowest_before(&self, known: &[price_change::Model], at: Timestamp) -> Option<i64> {
        // What nobody could buy, or not for this money, is no price: it counts as the highest there is.
        const NONE: i64 = i64::MAX;
        let mut history: Vec<(Timestamp, i64)> = known
            .iter()
            .map(|row| {
                let counts = row.offered && row.currency == self.currency;
                (Timestamp::from_millis(row.at), if counts { row.price_minor } else { NONE })
            })
            .collect();
        // A process of an older version has changed it since and written nothing down.
        if let (Some(was), Some(last)) = (self.was, known.last())
            && last.offered
            && last.currency == self.currency
            && last.price_minor != was
        {
            history.push((at - Duration::from_millis(1), was));
        }
        pricing::lowest_of_30_days(&history, at).filter(|lowest| *lowest != NONE)
    }
}

/// Writes down what variants cost from now on; those of which nothing changes are left out.
///
/// # Errors
/// Those of the database; of two who change one variant at once, one.
pub(crate) async fn note(tx: &Tx, sold: &[Sold], now: Timestamp) -> Result<()> {
    let actor_id = tx.ctx().and_then(Ctx::user_id).map(|user| user.uuid());
    for some in sold.chunks(AT_ONCE) {
        let mut known: HashMap<Uuid, Vec<price_change::Model>> = HashMap::new();
        for row in recent(tx, some, now - WINDOW).await? {
            known.entry(row.variant_id).or_default().push(row);
        }
        let next = some.iter().filter_map(|sold| {
            let known = known.get(&sold.variant).map_or(&[][..], Vec::as_slice);
            let next = sold.next(known, now)?;
            Some(price_change::Model { actor_id, ..next }.into_active_model().reset_all())
        });
        tx.insert_many(next.collect()).await.context("writing down prices")?;
    }
    Ok(())
}

/// The changes after `begin` and the last one before it, of each variant in their order.
async fn recent(tx: &Tx, sold: &[Sold], begin: Timestamp) -> Result<Vec<price_change::Model>> {
    if sold.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT variant_id, seq, currency, price_minor, compare_at_minor, prior_minor, offered, at \
         FROM price_change c WHERE tenant_id = {{tenant}} AND variant_id IN ({}) \
         AND NOT EXISTS (SELECT 1 FROM price_change n WHERE n.tenant_id = c.tenant_id \
           AND n.variant_id = c.variant_id AND n.seq = c.seq + 1 AND n.at <= ?) ORDER BY variant_id, seq",
        holes(sold.len())
    );
    let mut values: Vec<sea_orm::Value> = sold.iter().map(|sold| sold.variant.into()).collect();
    values.push(begin.millis().into());
    let rows = tx.raw_all(&sql, values).await.context("loading what variants cost")?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>().map_err(Error::from)?)
}

fn read(row: &QueryResult) -> Result<price_change::Model, sea_orm::DbErr> {
    Ok(price_change::Model {
        tenant_id: Uuid::nil(),
        variant_id: row.try_get("", "variant_id")?,
        seq: row.try_get("", "seq")?,
        currency: row.try_get("", "currency")?,
        price_minor: row.try_get("", "price_minor")?,
        compare_at_minor: row.try_get("", "compare_at_minor")?,
        prior_minor: row.try_get("", "prior_minor")?,
        offered: row.try_get("", "offered")?,
        at: row.try_get("", "at")?,
        // Whose it was changes no price.
        actor_id: None,
    })
}

/// What the reduced variants of these products have to be compared with, in minor units of their currency; those of which
/// it is not known are left out. One statement.
pub(crate) async fn lowest_of(db: &TenantDb, products: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT c.variant_id, c.prior_minor FROM variant v \
         JOIN price_change c ON c.tenant_id = v.tenant_id AND c.variant_id = v.id \
         WHERE v.tenant_id = {{tenant}} AND v.product_id IN ({}) AND v.compare_at_minor > v.price_minor \
           AND c.price_minor = v.price_minor AND c.currency = v.currency AND c.prior_minor IS NOT NULL \
           AND NOT EXISTS (SELECT 1 FROM price_change n WHERE n.tenant_id = c.tenant_id \
             AND n.variant_id = c.variant_id AND n.seq = c.seq + 1)",
        holes(products.len())
    );
    let rows = db.raw_all(&sql, products.iter().map(|id| (*id).into()).collect()).await;
    let rows = rows.context("loading lowest prices")?;
    let pair = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    Ok(rows.iter().map(pair).collect::<Result<_, sea_orm::DbErr>>().map_err(Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn sold(price: i64, compare_at: Option<i64>, offered: bool) -> Sold {
        Sold { variant: Uuid::nil(), currency: "EUR".to_owned(), price, compare_at, offered, was: None }
    }

    /// What the last of these changes, each at its day, has to be compared with.
    fn prior(changes: &[(i64, i64, Option<i64>, bool)]) -> Option<i64> {
        let mut known: Vec<price_change::Model> = Vec::new();
        for (day, price, compare_at, offered) in changes {
            let next = sold(*price, *compare_at, *offered).next(&known, Timestamp::from_millis(day * DAY));
            known.extend(next);
        }
        known.last().and_then(|row| row.prior_minor)
    }

    #[test]
    fn a_reduction_is_compared_with_the_lowest_price_of_the_30_days_before_it() {
        assert_eq!(prior(&[(0, 100, None, true), (50, 80, Some(100), true)]), Some(100));
        // 90 ended 31 and 29 days before.
        let two = |day| prior(&[(0, 90, None, true), (40, 120, None, true), (day, 80, Some(120), true)]);
        assert_eq!((two(71), two(69)), (Some(120), Some(90)));
        // Nothing is compared where nothing is reduced.
        assert_eq!(prior(&[(0, 100, None, true), (50, 80, None, true)]), None);
        assert_eq!(prior(&[(0, 80, Some(100), true)]), None);
        // A higher price to compare with makes no reduction of an old price.
        assert_eq!(prior(&[(0, 80, None, true), (50, 80, Some(100), true)]), Some(80));
    }

    #[test]
    fn a_reduction_that_goes_on_keeps_what_it_is_compared_with() {
        let begun = [(0, 100, None, true), (50, 80, Some(100), true)];
        let and = |more: &[(i64, i64, Option<i64>, bool)]| prior(&[&begun[..], more].concat());
        assert_eq!(and(&[(100, 80, Some(110), true)]), Some(100));
        // Reduced further: the first reduction was a price, too.
        assert_eq!(and(&[(60, 70, Some(100), true)]), Some(80));
        // Out of the shop for a day, and for longer than prices count.
        assert_eq!(and(&[(60, 80, Some(100), false), (61, 80, Some(100), true)]), Some(100));
        assert_eq!(and(&[(60, 80, Some(100), false), (91, 80, Some(100), true)]), None);
    }

    #[test]
    fn what_nobody_could_buy_is_no_price() {
        assert_eq!(prior(&[(0, 0, None, false), (1, 100, None, true), (2, 80, Some(100), true)]), Some(100));
        assert_eq!(prior(&[(0, 50, None, false), (1, 80, Some(100), true)]), None);
        let mut dollars = sold(80, Some(100), true);
        let euros = sold(60, None, true).next(&[], Timestamp::from_millis(0)).unwrap();
        dollars.currency = "USD".to_owned();
        let known = [euros];
        assert_eq!(dollars.next(&known, Timestamp::from_millis(DAY)).unwrap().prior_minor, None);
    }

    #[test]
    fn counts_what_an_older_process_has_changed() {
        let known = [sold(100, None, true).next(&[], Timestamp::from_millis(0)).unwrap()];
        let next = Sold { was: Some(70), ..sold(60, Some(100), true) };
        let row = next.next(&known, Timestamp::from_millis(DAY)).unwrap();
        assert_eq!((row.seq, row.prior_minor, row.at), (2, Some(70), DAY));
        // Nothing new is nothing, and a clock that goes back keeps the order.
        assert_eq!(next.next(std::slice::from_ref(&row), Timestamp::from_millis(2 * DAY)), None);
        let back = sold(90, None, true).next(&[row], Timestamp::from_millis(0)).unwrap();
        assert_eq!((back.seq, back.at), (3, DAY));
    }
}
