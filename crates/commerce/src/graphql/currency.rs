//! The currencies of a shop, and the one that a session has chosen.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure};

use super::cart::Cart;
use super::cart_token;
use crate::currency::{self, CurrencyDraft, CurrencyView};

/// Currencies, for shoppers and staff.
#[derive(Default)]
pub struct CurrenciesQuery;

#[Object]
impl CurrenciesQuery {
    /// What the caller can choose, and has: by the cookie of `currencySet`, or the header `x-currency`.
    async fn currencies(&self, context: &Context<'_>) -> Result<CurrencyChoice> {
        let ctx = ctx_of(context)?;
        Ok(CurrencyChoice::of(currency::choice(ctx).await.map_err(failure)?))
    }

    /// What the shop offers beside its own currency, by code.
    async fn currency_rates(&self, context: &Context<'_>) -> Result<Vec<CurrencyRate>> {
        let ctx = ctx_of(context)?;
        let found = currency::list(ctx).await.map_err(failure)?;
        Ok(found.into_iter().map(|one| CurrencyRate::of(one, ctx)).collect())
    }
}

/// Choosing and offering currencies.
#[derive(Default)]
pub struct CurrenciesMutation;

#[Object]
impl CurrenciesMutation {
    /// Chooses the currency of the session; browsers get a cookie. Lines of the cart whose price is another one now say what
    /// it was.
    async fn currency_set(
        &self,
        context: &Context<'_>,
        input: CurrencySetInput,
    ) -> Result<CurrencySetPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let (ctx, cart) =
            Box::pin(currency::switch(ctx, token.as_deref(), &input.currency)).await.map_err(failure)?;
        let choice = currency::choice(&ctx).await.map_err(failure)?;
        let chosen = Some(choice.current).filter(|current| *current != ctx.tenant().currency);
        let secure = context.data_opt::<identity::Authenticated>().is_some_and(|who| who.visit.secure);
        context.append_http_header("set-cookie", currency::cookie(&ctx.tenant().slug, secure, chosen));
        Ok(CurrencySetPayload { currencies: CurrencyChoice::of(choice), cart: Cart::of(cart, &ctx) })
    }

    /// Offers a currency, or changes its rate or step. Placed orders keep theirs.
    async fn currency_rate_set(
        &self,
        context: &Context<'_>,
        input: CurrencyRateInput,
    ) -> Result<CurrencyRatePayload> {
        let ctx = ctx_of(context)?;
        let CurrencyRateInput { currency, rate, step, ending, version } = input;
        let draft = CurrencyDraft { currency, rate, step, ending };
        let view = Box::pin(currency::set(ctx, version.0, &draft)).await.map_err(failure)?;
        Ok(CurrencyRatePayload { currency_rate: CurrencyRate::of(view, ctx) })
    }

    /// Offers a currency no longer: sessions in it go on in the shop's own.
    async fn currency_rate_remove(
        &self,
        context: &Context<'_>,
        currency: String,
        version: Long,
    ) -> Result<CurrencyRateRemovePayload> {
        let ctx = ctx_of(context)?;
        Box::pin(currency::remove(ctx, &currency, version.0)).await.map_err(failure)?;
        Ok(CurrencyRateRemovePayload { currency })
    }
}

/// The caller, in the currency that an argument names for this call; without one in that of the session.
pub(super) async fn in_currency(context: &Context<'_>, named: Option<String>) -> Result<Ctx> {
    let ctx = ctx_of(context)?;
    match named {
        Some(code) => currency::named(ctx, &code).await.map_err(failure),
        None => Ok(ctx.clone()),
    }
}

/// What a session can choose, and has.
#[derive(SimpleObject)]
pub struct CurrencyChoice {
    /// What its prices are in.
    current: String,
    /// What can be chosen, the shop's own first.
    offered: Vec<String>,
    /// Why its prices are not in what it wanted.
    notice: Option<String>,
}

impl CurrencyChoice {
    fn of(choice: currency::Choice) -> Self {
        Self {
            current: choice.current.code().to_owned(),
            notice: choice.notice(),
            offered: choice.offered.iter().map(|one| one.code().to_owned()).collect(),
        }
    }
}

/// A currency that the shop offers beside its own.
#[derive(SimpleObject)]
pub struct CurrencyRate {
    /// ISO 4217.
    currency: String,
    /// Units of it for one of the shop's currency, exact decimal text.
    rate: String,
    /// What prices are rounded to; the smallest unit where they are as they come out.
    step: Money,
    /// What every price ends in, below the step.
    ending: Money,
    /// For the next change.
    version: Long,
    /// When it was last changed.
    updated_at: DateTime,
}

impl CurrencyRate {
    fn of(view: CurrencyView, ctx: &Ctx) -> Self {
        Self {
            currency: view.exchange.to().code().to_owned(),
            rate: view.exchange.rate().to_string(),
            step: Money::of(view.step(), ctx.locale()),
            ending: Money::of(view.ending(), ctx.locale()),
            version: Long(view.version),
            updated_at: DateTime(view.updated_at),
        }
    }
}

/// How the amounts of an order came from the shop's currency.
#[derive(SimpleObject)]
pub struct OrderRate {
    /// Units of the order's currency for one of the shop's, as it was when it was placed.
    rate: String,
    /// The total in the shop's currency.
    total: Money,
}

impl OrderRate {
    pub(super) fn of(rate: &str, total: primitives::Money, ctx: &Ctx) -> Option<Self> {
        let home = ctx.tenant().currency;
        let exchange = currency::of_order(home, total.currency.code(), rate).ok();
        let total = exchange.filter(|exchange| !exchange.is_none())?.back(total.minor).ok()?;
        let total = Money::of(primitives::Money::new(total, home), ctx.locale());
        Some(Self { rate: rate.to_owned(), total })
    }
}

/// The currency that a session wants.
#[derive(InputObject)]
pub struct CurrencySetInput {
    /// Key of a guest's cart.
    token: Option<String>,
    /// ISO 4217; one that the shop offers.
    currency: String,
}

/// A currency as staff writes it.
#[derive(InputObject)]
pub struct CurrencyRateInput {
    /// ISO 4217; not the shop's own.
    currency: String,
    /// Units of it for one of the shop's currency, exact decimal text: `1.0842`.
    rate: String,
    /// What prices are rounded to, decimal text: `0.05`, `1`; left out: as they come out.
    step: Option<String>,
    /// What every price ends in, below the step: `0.99`; left out: nothing.
    ending: Option<String>,
    /// The present version of a currency that is offered already, 0 for one that is not.
    version: Long,
}

/// The session after a choice.
#[derive(SimpleObject)]
pub struct CurrencySetPayload {
    /// What can be chosen, and is.
    currencies: CurrencyChoice,
    /// The caller's cart in it.
    cart: Cart,
}

/// A currency after a change.
#[derive(SimpleObject)]
pub struct CurrencyRatePayload {
    /// The currency.
    currency_rate: CurrencyRate,
}

/// A currency that is offered no longer.
#[derive(SimpleObject)]
pub struct CurrencyRateRemovePayload {
    /// Which.
    currency: String,
}
