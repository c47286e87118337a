//! Currencies that the shop offers beside its own: what staff keeps of them, and the one that a session's prices are in.
//!
//! [`exchange`] is the one door through which an amount of the shop becomes one of the session: prices of pieces in
//! `price::ask` and `price::shown`, promotions in [`promotions`], deliveries in [`method`].

mod choose;

pub use choose::{CURRENCY_HEADER, Choice, choice, cookie, header_wish, named, switch};

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use catalog::projection::CATALOG;
use identity::directory::SETTINGS;
use moka::future::Cache;
use platform::hub::Key;
use platform::{Access, Context, Ctx, Error, TenantDb};
use pricing::{Action, Condition, Measure, Promotion, ShippingMethod, Step};
use primitives::{
    Currency, Exchange, ExchangeRate, FieldError, Money, MoneyError, Permission, PriceStep, TenantId,
    Timestamp,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel};

use crate::entity::currency_rate;
use crate::error::{CommerceError, Result};

/// Most currencies of a shop beside its own.
pub const MAX_CURRENCIES: u64 = 50;
/// The largest step of prices: a million of the currency's units would be a slip.
const MAX_STEP: i64 = 1_000_000;
/// A change that nobody has told this process of is seen after that.
const LIFE: Duration = Duration::from_secs(20);

/// A currency as staff writes it; amounts are decimal texts in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrencyDraft {
    /// ISO 4217.
    pub currency: String,
    /// Units of it for one of the shop's currency, exact: `1.0842`.
    pub rate: String,
    /// What prices are rounded to: `0.05`, `1`. `None`: as they come out.
    pub step: Option<String>,
    /// What every price ends in, below the step: `0.99`. `None`: nothing.
    pub ending: Option<String>,
}

/// A currency that the shop offers beside its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyView {
    /// From the shop's own into it.
    pub exchange: Exchange,
    /// For the next change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl CurrencyView {
    /// What prices are rounded to.
    pub fn step(&self) -> Money {
        Money::new(self.exchange.step().step(), self.exchange.to())
    }

    /// What every price ends in.
    pub fn ending(&self) -> Money {
        Money::new(self.exchange.step().ending(), self.exchange.to())
    }
}

/// The currencies of a shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currencies {
    home: Currency,
    /// Beside its own, by code.
    others: Vec<Exchange>,
}

impl Currencies {
    /// The shop's own.
    pub fn home(&self) -> Currency {
        self.home
    }

    /// What can be chosen, the shop's own first, the others by code.
    pub fn all(&self) -> impl Iterator<Item = Currency> + '_ {
        std::iter::once(self.home).chain(self.others.iter().map(Exchange::to))
    }

    /// From the shop's own into this one; `None` for one that the shop does not offer.
    pub fn find(&self, currency: Currency) -> Option<Exchange> {
        if currency == self.home {
            return Some(Exchange::none(self.home));
        }
        self.others.iter().find(|one| one.to() == currency).copied()
    }

    /// For a session that wants this; the shop's own when it is not offered.
    pub fn wanted(&self, currency: Option<Currency>) -> Exchange {
        currency.and_then(|currency| self.find(currency)).unwrap_or(Exchange::none(self.home))
    }
}

/// What the caller's amounts are in, and how they come about. One row set per shop, kept in memory.
pub async fn exchange(ctx: &Ctx) -> Result<Exchange> {
    match ctx.wanted_currency() {
        Some(wanted) if wanted != ctx.tenant().currency => Ok(current(ctx).await?.wanted(Some(wanted))),
        _ => Ok(Exchange::none(ctx.tenant().currency)),
    }
}

/// The currencies of the caller's shop: of now, as far as this process has been told, and never older than 20 seconds.
pub async fn current(ctx: &Ctx) -> Result<Arc<Currencies>> {
    let cache = ctx.app().state(RateCache::default);
    let tenant = ctx.tenant_id();
    let generation = ctx.app().hub().generation(Key::new(tenant, SETTINGS));
    let loaded = cache.0.try_get_with((tenant, generation), async {
        let rows = ctx.read(Access::Public).await?;
        let home = ctx.tenant().currency;
        let others = load(&rows, home).await.map_err(Error::from)?;
        let others = others.into_iter().map(|one| one.exchange).collect();
        Ok::<_, Error>(Arc::new(Currencies { home, others }))
    });
    loaded.await.map_err(|error| CommerceError::Platform((*error).clone()))
}

/// What the shop offers beside its own currency, by code; for staff.
pub async fn list(ctx: &Ctx) -> Result<Vec<CurrencyView>> {
    load(&*ctx.read(Permission::SETTINGS_READ).await?, ctx.tenant().currency).await
}

/// Offers a currency, or changes its rate or its step. Orders that were placed keep the rate that they were placed at.
///
/// `version` is the present one of a currency that is offered already; 0 for one that is not.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field: a code that is none or the shop's own, a rate that is none, a step that is not
/// above zero, an ending that is not below it, one currency more than [`MAX_CURRENCIES`]; `CONFLICT` when somebody else
/// changed it since `version` was read.
pub async fn set(ctx: &Ctx, version: i64, draft: &CurrencyDraft) -> Result<CurrencyView> {
    let home = ctx.tenant().currency;
    let exchange = checked(home, draft).map_err(CommerceError::Invalid)?;
    let now = ctx.now();
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let row = currency_rate::Model {
            tenant_id: tx.tenant_id().uuid(),
            currency: exchange.to().code().to_owned(),
            rate: exchange.rate().to_string(),
            step_minor: exchange.step().step(),
            ending_minor: exchange.step().ending(),
            version: version.saturating_add(1),
            created_at: now.millis(),
            updated_at: now.millis(),
        };
        let changed = if version == 0 {
            if MAX_CURRENCIES <= tx.find::<currency_rate::Entity>().count().await? {
                let message = format!("there are {MAX_CURRENCIES} currencies already: remove one first");
                return Err(CommerceError::field("currency", message));
            }
            tx.insert_new(vec![row.clone().into_active_model().reset_all()])
                .await
                .context("offering a currency")?
        } else {
            tx.update_many::<currency_rate::Entity>()
                .set(currency_rate::Column::Rate, row.rate.as_str())
                .set(currency_rate::Column::StepMinor, row.step_minor)
                .set(currency_rate::Column::EndingMinor, row.ending_minor)
                .set(currency_rate::Column::Version, row.version)
                .set(currency_rate::Column::UpdatedAt, row.updated_at)
                .filter(currency_rate::Column::Currency.eq(row.currency.as_str()))
                .filter(currency_rate::Column::Version.eq(version))
                .exec()
                .await
                .context("changing a currency")?
        };
        if changed == 0 {
            return Err(stale());
        }
        bump(tx);
        Ok(CurrencyView { exchange, version: row.version, updated_at: now })
    })
    .await
}

/// Offers a currency no longer. Sessions in it go on in the shop's own and are told so; orders in it stay as they are.
///
/// # Errors
/// `NOT_FOUND` for one that is not offered; `CONFLICT` when somebody else changed it since `version` was read.
pub async fn remove(ctx: &Ctx, code: &str, version: i64) -> Result<()> {
    let code = code.trim().to_uppercase();
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let known = tx.find::<currency_rate::Entity>();
        let known = known.filter(currency_rate::Column::Currency.eq(code.as_str())).one().await?;
        known.ok_or_else(|| CommerceError::not_found("currency"))?;
        let gone = tx
            .delete_many::<currency_rate::Entity>()
            .filter(currency_rate::Column::Currency.eq(code.as_str()))
            .filter(currency_rate::Column::Version.eq(version))
            .exec()
            .await?;
        if gone == 0 {
            return Err(stale());
        }
        bump(tx);
        Ok(())
    })
    .await
}

/// From the shop's currency into that of an order, at the rate that the order keeps.
pub(crate) fn of_order(home: Currency, currency: &str, rate: &str) -> Result<Exchange, Error> {
    let currency = Currency::parse(currency).map_err(Error::internal)?;
    if rate.is_empty() {
        return Ok(Exchange::none(currency));
    }
    let rate = ExchangeRate::parse(rate).map_err(Error::internal)?;
    Ok(Exchange::new(home, currency, rate, PriceStep::EXACT))
}

/// The rate as an order keeps it: empty for one in the shop's own currency.
pub(crate) fn kept(exchange: &Exchange) -> String {
    if exchange.is_none() { String::new() } else { exchange.rate().to_string() }
}

/// A delivery as it costs in the session: each of its prices and thresholds once.
pub(crate) fn method<'a>(
    exchange: &Exchange,
    method: &'a ShippingMethod,
) -> Result<Cow<'a, ShippingMethod>, MoneyError> {
    if exchange.is_none() {
        return Ok(Cow::Borrowed(method));
    }
    let mut method = method.clone();
    let by_price = method.table.by == Measure::Price;
    let from = |from: i64| if by_price { exchange.amount(from) } else { Ok(from) };
    let steps = method.table.steps.iter();
    let steps = steps.map(|step| Ok(Step { from: from(step.from)?, price: exchange.amount(step.price)? }));
    method.table.steps = steps.collect::<Result<_, MoneyError>>()?;
    method.table.up_to = method.table.up_to.map(from).transpose()?;
    method.free_from = method.free_from.map(|minor| exchange.amount(minor)).transpose()?;
    Ok(Cow::Owned(method))
}

/// Promotions as they work in the session: each fixed amount and each threshold once, budgets so that what is counted of
/// them never passes what is left.
pub(crate) fn promotions(exchange: &Exchange, promotions: &mut [Promotion]) -> Result<(), MoneyError> {
    for promotion in promotions {
        for condition in &mut promotion.conditions {
            if let Condition::Subtotal { at_least, .. } = condition {
                *at_least = exchange.amount(*at_least)?;
            }
        }
        match &mut promotion.action {
            Action::Fixed { off, .. } | Action::OrderFixed { off } => *off = exchange.off(*off)?,
            Action::FixedPrice { price, .. } => {
                *price = exchange.price(Money::new(*price, exchange.from()))?.minor;
            }
            Action::FreeShipping { most: Some(most), .. } => *most = exchange.amount(*most)?,
            Action::Percent { .. }
            | Action::BuyGet { .. }
            | Action::CheapestFree { .. }
            | Action::OrderPercent { .. }
            | Action::FreeGift { .. }
            | Action::FreeShipping { most: None, .. } => {}
        }
        let usage = &mut promotion.usage;
        usage.budget_left = usage.budget_left.map(|left| exchange.most_within(left));
    }
    Ok(())
}

fn checked(home: Currency, draft: &CurrencyDraft) -> Result<Exchange, Vec<FieldError>> {
    let mut errors = Vec::new();
    let currency = Currency::parse(&draft.currency.trim().to_uppercase())
        .map_err(|error| errors.push(FieldError::new("currency", error.to_string())))
        .ok();
    if currency == Some(home) {
        let message = format!("{home} is the shop's own currency: it is always offered, at 1");
        errors.push(FieldError::new("currency", message));
    }
    let rate = ExchangeRate::parse(&draft.rate)
        .map_err(|error| errors.push(FieldError::new("rate", error.to_string())))
        .ok();
    let mut amount = |field: &str, text: &Option<String>| {
        let (Some(currency), Some(text)) = (currency, text.as_deref().filter(|text| !text.trim().is_empty()))
        else {
            return None;
        };
        match Money::parse_decimal(text, currency) {
            Ok(money) => Some(money.minor),
            Err(error) => {
                errors.push(FieldError::new(field, error.to_string()));
                None
            }
        }
    };
    let (step, ending) =
        (amount("step", &draft.step).unwrap_or(1), amount("ending", &draft.ending).unwrap_or(0));
    let most = currency.map_or(i64::MAX, |currency| MAX_STEP * 10_i64.pow(u32::from(currency.exponent())));
    if !(1..=most).contains(&step) {
        errors
            .push(FieldError::new("step", "must be above 0 and at most 1000000: prices are multiples of it"));
    } else if !(0..step).contains(&ending) {
        errors.push(FieldError::new(
            "ending",
            "must not be negative, and below the step: 0.99 with a step of 1",
        ));
    }
    match (currency, rate, PriceStep::new(step, ending)) {
        (Some(currency), Some(rate), Some(step)) if errors.is_empty() => {
            Ok(Exchange::new(home, currency, rate, step))
        }
        _ => Err(errors),
    }
}

async fn load(rows: &TenantDb, home: Currency) -> Result<Vec<CurrencyView>> {
    let found = rows
        .find::<currency_rate::Entity>()
        .order_by_asc(currency_rate::Column::Currency)
        .limit(MAX_CURRENCIES)
        .all()
        .await?;
    let read = |row: &currency_rate::Model| -> Result<CurrencyView> {
        let currency = Currency::parse(&row.currency).map_err(Error::internal)?;
        let rate = ExchangeRate::parse(&row.rate).map_err(Error::internal)?;
        let step = PriceStep::new(row.step_minor, row.ending_minor);
        let step = step.ok_or_else(|| Error::internal("a currency has no step"))?;
        Ok(CurrencyView {
            exchange: Exchange::new(home, currency, rate, step),
            version: row.version,
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    };
    found.iter().map(read).collect()
}

/// Once this is committed nobody is shown a price, or a page, of before.
fn bump(tx: &platform::Tx) {
    let Some(ctx) = tx.ctx().cloned() else { return };
    tx.after_commit(move || {
        let (hub, tenant) = (ctx.app().hub(), ctx.tenant_id());
        // Pages last: those that are made from now on are made of what is known now.
        hub.bump(tenant, SETTINGS);
        hub.bump(tenant, CATALOG);
    });
}

fn stale() -> CommerceError {
    Error::conflict("somebody else changed this currency, load the currencies again").into()
}

/// Tenant and generation of its settings: what was loaded before a change never answers after it.
struct RateCache(Cache<(TenantId, u64), Arc<Currencies>>);

impl Default for RateCache {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(LIFE).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_every_wrong_field() {
        let draft = |currency: &str, rate: &str, step: &str, ending: &str| CurrencyDraft {
            currency: currency.into(),
            rate: rate.into(),
            step: Some(step.into()),
            ending: Some(ending.into()),
        };
        let wrong = |draft: CurrencyDraft| -> Vec<String> {
            checked(Currency::EUR, &draft).unwrap_err().into_iter().map(|error| error.field).collect()
        };
        assert_eq!(wrong(draft("euros", "nothing", "", "")), ["currency", "rate"]);
        assert_eq!(wrong(draft("EUR", "1", "", "")), ["currency"]);
        assert_eq!(wrong(draft("USD", "0", "0.001", "")), ["rate", "step"]);
        assert_eq!(wrong(draft("USD", "1.1", "0", "")), ["step"]);
        assert_eq!(wrong(draft("USD", "1.1", "1", "1.00")), ["ending"]);
        assert_eq!(wrong(draft("JPY", "160", "0.5", "")), ["step"]);
        let swiss = checked(Currency::EUR, &draft(" chf ", "0.94", "0.05", "")).unwrap();
        assert_eq!((swiss.to().code(), swiss.step().step(), swiss.step().ending()), ("CHF", 5, 0));
        let dollars = checked(Currency::EUR, &draft("USD", "1.1", "1", "0.99")).unwrap();
        assert_eq!((dollars.step().step(), dollars.step().ending()), (100, 99));
    }
}
