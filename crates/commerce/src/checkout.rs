//! Checkout: what its page shows, and the one use case that turns a cart into an order.

mod place;
mod rows;
pub(crate) mod staff;

pub(crate) use place::{Plan, Stored, problem};
pub(crate) use rows::FIRST_NUMBER;

use platform::{Access, Ctx, TenantDb};
use pricing::{Destination, Measures, ShippingMethod};
use primitives::{CartId, Country, Currency, ErrorCode, Money};
use sea_orm::ColumnTrait;

use crate::cart::{Basket, Buyer, Past, basket, basket_in};
use crate::currency;
use crate::customer;
use crate::entity::{cart, orders};
use crate::error::{CommerceError, Result};
use crate::order;
use crate::payment::{self, gateway};
use crate::promotion::book::{self, Book};
use crate::settings::{self, CommerceSettings, Versioned};
use crate::tender::chosen::{self, Chosen};
use crate::view::{
    Address, CheckoutView, ContactView, NextStep, OrderState, OrderView, PaymentChoice, Placed,
    ShippingChoice,
};
use crate::who::{Who, new_token};

/// What a shopper sends to buy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckoutInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// The cart that the shopper saw; `None`: the caller's open one.
    pub cart: Option<CartId>,
    /// E-mail address.
    pub email: String,
    /// Where it goes.
    pub address: Address,
    /// Id of the chosen delivery.
    pub shipping_method: String,
    /// `manual`, `http` or `stripe`; whatever it is when nothing is left to pay.
    pub payment_provider: String,
    /// The total that the shopper saw, minor units.
    pub expected_total: i64,
    /// The currency of what the shopper saw; `None`: that of the call.
    pub expected_currency: Option<Currency>,
    /// What gift cards and store credit had left to pay, minor units; `None`: all of the total.
    pub expected_due: Option<i64>,
    /// 1 to 100 visible ASCII characters; the same key and input give the first answer again.
    pub idempotency_key: String,
}

/// What somebody has typed into the checkout page so far; what is missing or unknown counts as not typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// Where it goes.
    pub country: Option<&'a str>,
    /// State or province.
    pub region: Option<&'a str>,
    /// Postal code.
    pub postal_code: Option<&'a str>,
    /// Id of the delivery.
    pub method: Option<&'a str>,
    /// E-mail address: some promotions are for first orders, or for so many orders of one customer.
    pub email: Option<&'a str>,
}

/// The checkout page for the caller's cart.
///
/// An unknown country or delivery falls back to the first one that is offered.
pub async fn view(ctx: &Ctx, token: Option<&str>, wish: Wish<'_>) -> Result<CheckoutView> {
    let who = Who::of(ctx, token);
    let basket = basket(ctx, &who).await?;
    let current = settings::current(ctx).await?;
    let settings = &current.settings;
    let home = ctx.tenant().country;
    let contact = match who.user {
        Some(user) => customer::last_contact(&*ctx.read(Access::SignedIn).await?, user).await?,
        None => ContactView::default(),
    };
    let countries = settings.countries(home);
    let wanted = wish.country.unwrap_or(&contact.address.country);
    let country = Country::parse(wanted)
        .ok()
        .filter(|country| countries.contains(country))
        .or_else(|| countries.first().copied())
        .unwrap_or(home);
    let some = |typed: Option<&str>| typed.map(str::to_owned).filter(|text| !text.trim().is_empty());
    let destination = Destination { country, region: some(wish.region), postal_code: some(wish.postal_code) };
    let past = match asks_for_past(&basket.book, &who, wish.email) {
        true => customer::past::of_buyer(&*ctx.read(Access::Public).await?, who.user, wish.email).await?,
        false => Past::default(),
    };
    let buyer = Buyer { destination, past };
    let (bare, quote) = basket.price(ctx, &current, &buyer, None)?;
    let measures = basket.measures(&quote, country);
    let needs_delivery = quote.requires_shipping || bare.lines.is_empty();
    let all = basket.methods(&current, country)?;
    let offered: Vec<&ShippingMethod> = match needs_delivery {
        true => all.iter().map(|method| &**method).filter(|it| it.price_for(&measures).is_some()).collect(),
        false => Vec::new(),
    };
    let chosen = offered.iter().find(|offered| Some(offered.id.as_str()) == wish.method).or(offered.first());
    let cart = match chosen {
        Some(method) => basket.price(ctx, &current, &buyer, Some(method))?.0,
        None => bare,
    };
    let tenders = tenders(ctx, &basket, &who, cart.totals.total).await?;
    let currency = basket.exchange.to();
    let money = |minor| Money::new(minor, currency);
    Ok(CheckoutView {
        methods: choices(settings, currency, &offered, &measures),
        needs_delivery,
        method: chosen.map(|method| method.id.clone()),
        due: money(cart.totals.total.minor - tenders.chosen.iter().map(|one| one.amount).sum::<i64>()),
        store_credit: tenders.unused.map(money),
        tenders: tenders.chosen.iter().map(|one| chosen::view(one, currency)).collect(),
        cart,
        countries,
        country,
        payments: payments(ctx, &current),
        contact,
        signed_in: who.user.is_some(),
        idempotency_key: new_token(),
    })
}

/// Deliveries with what each costs.
pub(crate) fn choices(
    settings: &CommerceSettings,
    currency: Currency,
    offered: &[&ShippingMethod],
    measures: &Measures,
) -> Vec<ShippingChoice> {
    let money = |minor| Money::new(minor, currency);
    // What it costs somebody who has not reached the sum from which on it is free.
    let unreached = Measures { goods: i64::MIN, ..*measures };
    let choice = |method: &&ShippingMethod| ShippingChoice {
        id: method.id.clone(),
        name: method.name.clone(),
        note: method.window.clone(),
        price: money(method.price_for(measures).unwrap_or_default()),
        full_price: money(method.price_for(&unreached).unwrap_or_default()),
        free_from: method.free_from.map(money),
        pickup_place: settings.fetched_at(&method.id).map(str::to_owned),
    };
    offered.iter().map(choice).collect()
}

/// Whether any promotion asks for it, and anybody is named.
fn asks_for_past(book: &Book, who: &Who, email: Option<&str>) -> bool {
    let named = who.user.is_some() || email.is_some_and(|email| !email.trim().is_empty());
    named && (book.first_order || !book.shopper_limits.is_empty())
}

/// What pays beside a payment.
#[derive(Default)]
struct Tenders {
    chosen: Vec<Chosen>,
    /// Store credit that could pay, too.
    unused: Option<i64>,
}

async fn tenders(ctx: &Ctx, basket: &Basket, who: &Who, total: Money) -> Result<Tenders> {
    if who.user.is_none() && !basket.has_tenders() {
        return Ok(Tenders::default());
    }
    let rows = ctx.read(Access::Public).await?;
    let chosen = chosen::of_cart(&rows, who, basket.cart.as_ref(), total, ctx.now()).await?;
    let own = chosen::own_credit(&rows, who, total.currency).await?;
    let unused = own.filter(|(account, _)| chosen.iter().all(|one| one.account != *account));
    Ok(Tenders { chosen, unused: unused.map(|(_, balance)| balance) })
}

/// Ways to pay that are offered now.
pub(crate) fn payments(ctx: &Ctx, current: &Versioned) -> Vec<PaymentChoice> {
    let payment = &current.settings.payment;
    let mut choices = Vec::new();
    if payment.stripe && current.stripe_is_set {
        choices.push(PaymentChoice {
            id: payment::STRIPE.to_owned(),
            name: payment.stripe_name.clone(),
            note: "You pay on the next page.".to_owned(),
        });
    }
    if payment.http && gateway::is_configured(ctx.app()) {
        choices.push(PaymentChoice {
            id: payment::HTTP.to_owned(),
            name: payment.http_name.clone(),
            note: "You pay now; nothing is taken when something goes wrong.".to_owned(),
        });
    }
    if payment.manual {
        choices.push(PaymentChoice {
            id: payment::MANUAL.to_owned(),
            name: payment.manual_name.clone(),
            note: payment.manual_instructions.clone(),
        });
    }
    choices
}

/// Places the order and, with a gateway, pays it.
///
/// The order, its reservation and its events are one transaction; the gateway is called after it, with keys that the
/// transaction has stored, and what it says is recorded in a second one. A lost answer is settled in the background.
/// Each cart becomes one order: the second completion gives back the first one and changes nothing.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, `OUT_OF_STOCK` with the lines that are short, `CONFLICT` when the total is
/// not the expected one, `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND` without a cart. Then nothing has changed.
pub async fn place_order(ctx: &Ctx, input: CheckoutInput) -> Result<Placed> {
    let ctx = &ctx.shopping();
    let who = Who::of(ctx, input.token.as_deref());
    let Some(principal) = who.principal() else {
        return Err(CommerceError::not_found(CartId::KIND));
    };
    let fingerprint = place::fingerprint(&input);
    for attempt in 0..place::ATTEMPTS {
        let (book, exchange) = (book::current(ctx).await?, currency::exchange(ctx).await?);
        let rows = ctx.read(Access::Public).await?;
        // The cart first: when it is seen as ordered here, its order is there to be found below.
        let basket = basket_in(&rows, &who, book, exchange).await?;
        let open = basket.cart.as_ref().map(|cart| cart.id);
        let shown = input.cart.is_none_or(|shown| open == Some(shown.uuid()));
        // An open cart has no order yet, and a key that was used stands in its way when the order is stored.
        let fresh = attempt == 0 && shown && open.is_some();
        let first = if fresh { None } else { earlier(&rows, &who, &principal, &fingerprint, &input).await? };
        let past = match first.is_none() && asks_for_past(&basket.book, &who, Some(&input.email)) {
            true => customer::past::of_buyer(&rows, who.user, Some(&input.email)).await?,
            false => Past::default(),
        };
        // One connection at a time: what follows opens its own.
        drop(rows);
        if let Some(order) = first {
            return placed(ctx, order.id, true).await;
        }
        // The form shows a cart that is somebody else's, or was merged into another one.
        if !shown {
            return Err(CommerceError::not_found(CartId::KIND));
        }
        let buys = place::Buys { who: &who, basket, past };
        let plan = match Box::pin(place::plan(ctx, buys, principal.clone(), fingerprint, &input)).await {
            Ok(plan) => plan,
            Err(error) => return first_or(ctx, &who, &principal, &fingerprint, &input, error).await,
        };
        match Box::pin(place::store(ctx, &plan)).await {
            Ok(Some(stored)) => {
                metrics::counter!("rustok_orders_placed_total").increment(1);
                let Stored { order, lines, payment, asked } = stored;
                let (order, payment) = match payment {
                    Some(payment) if asked => {
                        let paid = Box::pin(payment::settle::pay(ctx, &order, &payment)).await;
                        let Some(rows) = paid else { return placed(ctx, order.id, false).await };
                        rows
                    }
                    payment => (order, payment),
                };
                let view = Box::pin(order::read::just_placed(ctx, order, lines, payment)).await?;
                return Ok(answer(view, false));
            }
            // Somebody else ordered or changed this cart since we read it: look again.
            Ok(None) => {}
            Err(CommerceError::Platform(error)) if error.code() == ErrorCode::Conflict => {}
            // Two who took pieces of the same things stood in each other's way, and the database chose this one to begin anew.
            Err(CommerceError::Platform(error)) if error.is_retryable() => {}
            Err(error) => {
                if matches!(error, CommerceError::PromotionGone { .. }) {
                    // The next price knows.
                    book::forget(ctx).await;
                }
                return first_or(ctx, &who, &principal, &fingerprint, &input, error).await;
            }
        }
    }
    Err(CommerceError::Platform(platform::Error::conflict("this cart keeps changing, try again")))
}

/// The order that an earlier call made, perhaps a moment ago; else why this one could make none.
async fn first_or(
    ctx: &Ctx,
    who: &Who,
    principal: &[u8],
    fingerprint: &[u8; 32],
    input: &CheckoutInput,
    error: CommerceError,
) -> Result<Placed> {
    let rows = ctx.read(Access::Public).await?;
    let first = earlier(&rows, who, principal, fingerprint, input).await?;
    drop(rows);
    match first {
        Some(order) => placed(ctx, order.id, true).await,
        None => Err(error),
    }
}

/// The order that an earlier call made with this key, or of this cart.
async fn earlier(
    rows: &TenantDb,
    who: &Who,
    principal: &[u8],
    fingerprint: &[u8; 32],
    input: &CheckoutInput,
) -> Result<Option<orders::Model>> {
    let by_key = rows
        .find::<orders::Entity>()
        .filter(orders::Column::Principal.eq(principal.to_vec()))
        .filter(orders::Column::CheckoutKey.eq(input.idempotency_key.as_str()))
        .one()
        .await?;
    if let Some(order) = by_key {
        return if order.fingerprint == fingerprint {
            Ok(Some(order))
        } else {
            Err(CommerceError::KeyReused)
        };
    }
    // Without saying which cart, a new key of an account means the open one.
    let mut carts = Vec::with_capacity(2);
    if let (Some(user), Some(cart)) = (who.user, input.cart) {
        let own = rows.find::<cart::Entity>().filter(cart::Column::Id.eq(cart.uuid()));
        carts.push(own.filter(cart::Column::UserId.eq(user.uuid())));
    }
    if let Some(hash) = who.token_hash {
        let guest = rows.find::<cart::Entity>().filter(cart::Column::TokenHash.eq(hash.to_vec()));
        carts.push(guest.filter(cart::Column::UserId.is_null()));
    }
    for cart in carts {
        let Some(cart) = cart.filter(cart::Column::State.eq("ordered")).one().await? else { continue };
        return Ok(rows.find::<orders::Entity>().filter(orders::Column::CartId.eq(cart.id)).one().await?);
    }
    Ok(None)
}

async fn placed(ctx: &Ctx, order: uuid::Uuid, replayed: bool) -> Result<Placed> {
    let order =
        Box::pin(order::read::view(ctx, order, Access::Public, order::read::Audience::Shopper)).await?;
    Ok(answer(order, replayed))
}

pub(crate) fn answer(order: OrderView, replayed: bool) -> Placed {
    let next = match order.state {
        OrderState::PendingPayment if order.payment_provider == payment::MANUAL => NextStep::PayByHand,
        OrderState::PendingPayment if order.promised => NextStep::Done,
        OrderState::PendingPayment if order.pay_url.is_some() => NextStep::Pay,
        OrderState::PendingPayment => NextStep::Wait,
        OrderState::Cancelled => NextStep::TryAgain,
        _ => NextStep::Done,
    };
    Placed { token: order.token.clone(), order, next, replayed }
}
