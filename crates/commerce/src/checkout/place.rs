//! The steps of placing: check and price outside, then one short transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalog::event::CatalogEvent;
use catalog::stock::{self, Promised};
use catalog::view::Picture;
use events::{Aggregate, DomainEvent, Emit, EventError};
use platform::{Access, Ctx, Error, Tx, failpoint};
use pricing::{Outcome, Promotion, Quote, ShippingMethod, Verdict};
use primitives::{
    CartId, CustomerId, Email, Exchange, FieldError, Money, OrderId, OrderLineId, PaymentId, ProductId,
    Quantity, TenantId, Timestamp, UserId, VariantId,
};
use sea_orm::DbBackend;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::{CheckoutInput, rows};
use crate::address::{self, CheckedAddress, Needs};
use crate::cart::{self, Basket, Buyer, Past};
use crate::currency;
use crate::customer;
use crate::entity::{order_line, orders, payment as payment_row};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::jobs;
use crate::order::{Facts, Order, OrderFact, PlacedOrder};
use crate::payment::{self, gateway};
use crate::promotion::usage::{self, Use};
use crate::settings::{self, CaptureMode, CommerceSettings, Versioned};
use crate::stream;
use crate::tender::chosen::Chosen;
use crate::tender::order as tenders;
use crate::view::{CartLineView, CartView, GiftView, LineProblem};
use crate::who::{Who, new_token};

/// How often a cart that changes under us is looked at again.
pub(super) const ATTEMPTS: usize = 4;

/// A checked order, ready to be stored.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(super) order: OrderId,
    pub(super) token: String,
    pub(super) cart: Uuid,
    pub(super) cart_version: i64,
    pub(super) view: CartView,
    pub(super) quote: Quote,
    /// From the shop's currency into that of the order.
    pub(super) exchange: Exchange,
    pub(super) uses: Vec<Use>,
    pub(super) tenders: Vec<Chosen>,
    /// What they leave to the payment, minor units.
    pub(super) due: i64,
    /// The caller takes from the tenders when the order is stored.
    pub(super) tenders_wait: bool,
    /// Whose record it goes into; `None`: that of the account, or of the address.
    pub(super) customer: Option<CustomerId>,
    pub(super) user: Option<UserId>,
    pub(super) principal: Vec<u8>,
    pub(super) fingerprint: [u8; 32],
    pub(super) key: String,
    pub(super) email: Email,
    pub(super) address: CheckedAddress,
    pub(super) method: Way,
    pub(super) provider: (String, String),
    /// Whether staff takes the money.
    pub(super) manual: bool,
    pub(super) hold: Duration,
    /// What the shop tells the customer.
    pub(super) note: String,
    /// What is told of the order when it has been placed.
    pub(super) told: Vec<CommerceEvent>,
}

/// What was stored.
pub(crate) struct Stored {
    pub order: orders::Model,
    pub lines: Vec<order_line::Model>,
    /// None when there is nothing to pay.
    pub payment: Option<payment_row::Model>,
    /// Whether the gateway has to be asked for the payment now.
    pub asked: bool,
}

/// Changes with everything that the shopper decided.
pub(super) fn fingerprint(input: &CheckoutInput) -> [u8; 32] {
    let address = &input.address;
    let parts = [
        input.email.trim(),
        &address.name,
        &address.company,
        &address.line1,
        &address.line2,
        &address.postal_code,
        &address.city,
        &address.region,
        &address.country,
        &address.phone,
        &input.shipping_method,
        &input.payment_provider,
        &input.expected_total.to_string(),
    ];
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    if let Some(due) = input.expected_due {
        hasher.update(due.to_be_bytes());
    }
    if let Some(currency) = input.expected_currency {
        hasher.update(currency.code());
    }
    hasher.finalize().into()
}

/// Who buys what.
pub(super) struct Buys<'w> {
    pub who: &'w Who,
    pub basket: Basket,
    /// What promotions ask of whoever buys.
    pub past: Past,
}

/// Checks everything that can be checked without writing; all wrong fields at once.
pub(super) async fn plan(
    ctx: &Ctx,
    buys: Buys<'_>,
    principal: Vec<u8>,
    fingerprint: [u8; 32],
    input: &CheckoutInput,
) -> Result<Plan> {
    let Buys { who, basket, past } = buys;
    let tenant = ctx.tenant();
    let current = settings::current(ctx).await?;
    let settings = &current.settings;
    let mut errors = Vec::new();
    let key = input.idempotency_key.as_str();
    if key.is_empty() || 100 < key.len() || !key.bytes().all(|b| b.is_ascii_graphic()) {
        errors.push(FieldError::new("idempotencyKey", "use 1 to 100 visible characters"));
    }
    let needs = needs(settings, &input.shipping_method);
    let checked = address::check(&input.email, &input.address, &settings.countries(tenant.country), needs);
    let checked = checked.map_err(|wrong| errors.extend(wrong)).ok();
    let mut sent = None;
    if let Some((_, address)) = &checked {
        let buyer = Buyer { destination: address.destination(), past };
        match delivered(ctx, &current, &basket, &buyer, (&input.shipping_method, false))? {
            Ok(priced) => sent = Some(priced),
            Err(wrong) => errors.push(wrong),
        }
    }
    let payments = super::payments(ctx, &current);
    let tenders = match &sent {
        Some((_, (view, _))) => super::tenders(ctx, &basket, who, view.totals.total).await?.chosen,
        None => Vec::new(),
    };
    let tendered: i64 = tenders.iter().map(|one| one.amount).sum();
    let seen = input.expected_due.unwrap_or(input.expected_total);
    let covered =
        sent.as_ref().is_some_and(|(_, (view, _))| 0 < tendered && view.totals.total.minor == tendered);
    let chosen = payments.into_iter().find(|choice| choice.id == input.payment_provider);
    let provider = match chosen {
        _ if covered => Some((payment::TENDER.to_owned(), names(&tenders))),
        Some(choice) => Some((choice.id, choice.name)),
        // What is wrong elsewhere keeps us from knowing whether anything is left to pay.
        None if sent.is_none() && basket.has_tenders() => None,
        // Whoever saw nothing left to pay chose nothing: what is left is said below.
        None if sent.as_ref().is_some_and(|(_, (view, _))| view.totals.total.minor - tendered != seen) => {
            Some((String::new(), String::new()))
        }
        None => {
            errors.push(FieldError::new("paymentProvider", "choose one of the ways to pay"));
            None
        }
    };
    let (Some((email, address)), Some((method, (view, quote))), Some(provider), true) =
        (checked, sent, provider, errors.is_empty())
    else {
        return Err(CommerceError::Invalid(errors));
    };
    refuse_unready(&view)?;
    let Some(cart) = basket.cart else { return Err(CommerceError::not_found(CartId::KIND)) };
    let actual = view.totals.total;
    // The same number in another currency is another total.
    let shown = input.expected_currency.unwrap_or(actual.currency);
    if actual != Money::new(input.expected_total, shown) {
        return Err(CommerceError::TotalChanged {
            expected: Money::new(input.expected_total, shown),
            actual,
            changes: changes(&view),
        });
    }
    let due = actual.minor - tendered;
    if due != seen {
        let money = |minor| Money::new(minor, actual.currency);
        return Err(CommerceError::DueChanged { expected: money(seen), actual: money(due) });
    }
    let config = &ctx.app().config().orders;
    let by_hand = provider.0 == payment::MANUAL;
    let hold = if by_hand { config.manual_reservation_seconds } else { config.reservation_seconds };
    Ok(Plan {
        order: OrderId::new(),
        token: new_token(),
        cart: cart.id,
        cart_version: cart.version,
        uses: uses(&quote, &[], &basket.exchange)?,
        exchange: basket.exchange,
        view,
        quote,
        tenders_wait: false,
        customer: None,
        user: who.user,
        principal,
        fingerprint,
        key: key.to_owned(),
        email,
        address,
        method,
        provider,
        manual: settings.payment.capture == CaptureMode::Manual,
        tenders,
        due,
        hold: Duration::from_secs(hold),
        note: String::new(),
        told: Vec::new(),
    })
}

/// How something comes to whoever bought it; with nothing in it where nothing is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub id: String,
    pub name: String,
    /// Where it is fetched, and when; `None` when it is sent.
    pub fetched_at: Option<String>,
}

/// What has to be known of whoever chose the delivery of this id.
pub(super) fn needs(settings: &CommerceSettings, method: &str) -> Needs {
    if settings.fetched_at(method).is_some() { Needs::Name } else { Needs::Address }
}

/// A delivery, and the basket as it is priced with it.
pub(super) type Delivered = (Way, (CartView, Quote));

/// What a basket costs with the delivery of this id, or why that cannot be had. `free` says that the shop pays for it.
pub(super) fn delivered(
    ctx: &Ctx,
    current: &Versioned,
    basket: &Basket,
    buyer: &Buyer,
    (wanted, free): (&str, bool),
) -> Result<Result<Delivered, FieldError>> {
    let bare = basket.price(ctx, current, buyer, None)?;
    let country = buyer.destination.country;
    let methods = basket.methods(current, country)?;
    let method = methods.iter().map(|method| &**method).find(|method| method.id == wanted);
    let measures = basket.measures(&bare.1, country);
    Ok(match method.map(|method| (method, method.price_or_reason(&measures))) {
        // Nothing is sent.
        _ if !bare.0.lines.is_empty() && !bare.1.requires_shipping => Ok((Way::default(), bare)),
        Some((method, Ok(_))) => {
            let fetched_at = current.settings.fetched_at(&method.id).map(str::to_owned);
            let way = Way { id: method.id.clone(), name: method.name.clone(), fetched_at };
            let method =
                ShippingMethod { free_from: free.then_some(0).or(method.free_from), ..method.clone() };
            Ok((way, basket.price(ctx, current, buyer, Some(&method))?))
        }
        Some((_, Err(reason))) => Err(FieldError::new("shippingMethod", format!("this delivery {reason}"))),
        None => Err(FieldError::new("shippingMethod", "choose one of the deliveries")),
    })
}

/// What pays, in words: `Gift card •••• ABCD, Store credit`.
fn names(tenders: &[Chosen]) -> String {
    let paying = tenders.iter().filter(|one| 0 < one.amount);
    paying.map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The promotions that take something off, with what that is in the shop's currency, in which budgets are; what was
/// `agreed` is nobody's to count.
pub(super) fn uses(quote: &Quote, agreed: &[Promotion], exchange: &Exchange) -> Result<Vec<Use>> {
    let counted = |outcome: &&Outcome| agreed.iter().all(|promotion| promotion.id != outcome.promotion);
    let mut applied = Vec::new();
    for outcome in quote.promotions.iter().filter(counted) {
        if let Verdict::Applied { amount } = outcome.verdict {
            let (promotion, name) = (outcome.promotion, outcome.name.clone());
            applied.push(Use { promotion, name, amount: exchange.back(amount)? });
        }
    }
    Ok(applied)
}

pub(super) fn refuse_unready(view: &CartView) -> Result<()> {
    if view.lines.is_empty() {
        return Err(CommerceError::CartNotReady {
            message: "the cart is empty".to_owned(),
            lines: Vec::new(),
        });
    }
    if view.ready {
        return Ok(());
    }
    let lines = view.lines.iter().filter(|line| line.blocks());
    let lines = lines.map(|line| FieldError::new(format!("lines.{}", line.id), problem(line)));
    Err(CommerceError::CartNotReady {
        message: "some things in the cart cannot be had any more".to_owned(),
        lines: lines.collect(),
    })
}

pub(crate) fn problem(line: &CartLineView) -> String {
    let title = &line.title;
    match line.problems.iter().find(|problem| !matches!(problem, LineProblem::PriceChanged { .. })) {
        Some(LineProblem::SoldOut) => format!("{title} is sold out"),
        Some(LineProblem::OnlyLeft { left }) => format!("only {left} of {title} left"),
        _ => format!("{title} is no longer sold"),
    }
}

fn changes(view: &CartView) -> Vec<FieldError> {
    let changed = view.lines.iter().filter_map(|line| {
        line.problems.iter().find_map(|problem| match problem {
            LineProblem::PriceChanged { was } => Some(FieldError::new(
                format!("lines.{}", line.id),
                format!("{} costs {} now, it was {was}", line.title, line.unit),
            )),
            _ => None,
        })
    });
    changed.collect()
}

/// The first transaction: freeze the cart, reserve, write the order and its payment, tell everybody.
///
/// `None` when the cart is not as we read it any more.
pub(super) async fn store(ctx: &Ctx, plan: &Plan) -> Result<Option<Stored>> {
    let _place = Counters::place(ctx).await;
    failpoint!("checkout.checked");
    let stored = ctx.write(Access::Public, async |tx| {
        // Whoever comes next need not wait at the counter for the disk.
        tx.let_go_early();
        if !freeze(tx, plan, ctx.now().millis()).await? {
            return Ok(None);
        }
        failpoint!("checkout.frozen");
        let stored = take(ctx, tx, plan).await?;
        failpoint!("checkout.written");
        Ok::<_, CommerceError>(Some(stored))
    });
    let stored = stored.await?;
    failpoint!("checkout.committed");
    Ok(stored)
}

/// Reserves the pieces and writes the order of a cart that is frozen.
pub(super) async fn take(ctx: &Ctx, tx: &Tx, plan: &Plan) -> Result<Stored> {
    let customer = match plan.customer {
        Some(known) => customer::hold(tx, known).await?,
        None => customer::of_order(tx, plan.user, &plan.email, &plan.address.address.name, ctx.now()).await?,
    };
    let mut reserved = Vec::with_capacity(plan.view.lines.len());
    for line in &plan.view.lines {
        let quantity = Quantity::new(i64::from(line.quantity)).map_err(Error::internal)?;
        reserved.push((line.variant, quantity));
    }
    for gift in &plan.view.gifts {
        let quantity = Quantity::new(i64::from(gift.quantity)).map_err(Error::internal)?;
        reserved.push((gift.variant, quantity));
    }
    // The order's own deadline ends the reservation, together with the order.
    let country = Some(plan.address.country);
    let promised = stock::promise(tx, plan.order.uuid(), &reserved, country, None, ctx.now()).await?;
    failpoint!("checkout.reserved");
    write(ctx, tx, plan, customer, promised).await
}

/// Orders of one shop that this process has under way at once.
///
/// They all end at the shop's counter, whose row the database locks until the commit. More of them would only wait there,
/// each with a connection that somebody who looks at a cart could use. Which number an order gets is decided by the row.
const UNDER_WAY: usize = 3;
/// Counters from which on the ones that nobody stands at are taken away.
const REMEMBERED: usize = 1_000;

/// Places at the counters of the shops that sell in this process.
#[derive(Default)]
pub(super) struct Counters(Mutex<HashMap<TenantId, Arc<Semaphore>>>);

impl Counters {
    /// Waits for a place at the counter of the caller's shop. SQLite needs none: its writers wait without a connection.
    pub async fn place(ctx: &Ctx) -> Option<OwnedSemaphorePermit> {
        if ctx.app().db().backend() != DbBackend::Postgres {
            return None;
        }
        let counters = ctx.app().state(Self::default);
        let counter = {
            let mut shops = counters.0.lock().unwrap_or_else(PoisonError::into_inner);
            if shops.len() >= REMEMBERED {
                // Shops at whose counter nobody stands get another one when somebody comes.
                shops.retain(|_, counter| Arc::strong_count(counter) > 1);
            }
            shops.entry(ctx.tenant_id()).or_insert_with(|| Arc::new(Semaphore::new(UNDER_WAY))).clone()
        };
        // Nobody closes it; without a place it is the database alone that has orders wait.
        counter.acquire_owned().await.ok()
    }
}

/// From open to ordered, unless somebody changed or ordered the cart since we read it.
async fn freeze(tx: &Tx, plan: &Plan, now: i64) -> Result<bool> {
    let frozen = tx
        .raw_exec(
            "UPDATE cart SET state = 'ordered', version = version + 1, updated_at = ? \
             WHERE tenant_id = {tenant} AND id = ? AND state = 'open' AND version = ?",
            vec![now.into(), plan.cart.into(), plan.cart_version.into()],
        )
        .await?;
    Ok(frozen == 1)
}

async fn write(ctx: &Ctx, tx: &Tx, plan: &Plan, customer: CustomerId, promised: Promised) -> Result<Stored> {
    let now = ctx.now();
    let totals = &plan.view.totals;
    let total = totals.total;
    let exemption = totals.exemption.as_ref();
    let relief = exemption.map_or(0, |it| it.relief.minor);
    let tendered = total.minor - plan.due;
    let facts = Facts { total: total.minor, paid: tendered, tendered, ..Facts::default() };
    let pending = Order::draft(facts).place()?;
    // Nothing to pay, or nothing left: paid the moment it is placed.
    let free = plan.due == 0;
    let taken: Vec<&Chosen> = plan.tenders.iter().filter(|one| 0 < one.amount).collect();
    let state = if free { pending.pay()?.state() } else { pending.state() };
    let currency = total.currency.code().to_owned();
    let mut order = orders::Model {
        tenant_id: ctx.tenant_id().uuid(),
        id: plan.order.uuid(),
        // Given by the shop's counter when it is stored.
        number: 0,
        token: plan.token.clone(),
        cart_id: plan.cart,
        principal: plan.principal.clone(),
        checkout_key: plan.key.clone(),
        fingerprint: plan.fingerprint.to_vec(),
        state: state.as_str().to_owned(),
        // That of its last fact, below.
        version: 1 + i64::try_from(plan.told.len() + taken.len()).map_err(Error::internal)? + i64::from(free),
        customer_id: customer.uuid(),
        user_id: plan.user.map(UserId::uuid),
        email: plan.email.as_str().to_owned(),
        name: plan.address.address.name.clone(),
        address: serde_json::to_string(&plan.address.address).map_err(Error::internal)?,
        country: plan.address.country.as_str().to_owned(),
        shipping_method: plan.method.id.clone(),
        shipping_name: plan.method.name.clone(),
        provider: plan.provider.0.clone(),
        provider_name: plan.provider.1.clone(),
        currency: currency.clone(),
        includes_tax: totals.includes_tax,
        n_items: plan.quote.lines.iter().map(|line| i64::from(line.quantity)).sum(),
        n_sent: 0,
        subtotal_minor: totals.subtotal.minor,
        // What an exempt customer saves counts among what is taken off, so that the sums of an order add up.
        discount_minor: totals.discount.minor.saturating_add(relief),
        shipping_minor: totals.shipping.map_or(0, |shipping| shipping.minor),
        tax_minor: totals.tax.minor,
        taxes: serde_json::to_string(&totals.taxes).map_err(Error::internal)?,
        discounts: serde_json::to_string(&totals.discounts).map_err(Error::internal)?,
        total_minor: total.minor,
        paid_minor: tendered,
        refunded_minor: 0,
        tendered_minor: tendered,
        attention: None,
        cancel_reason: String::new(),
        hold_until: (!free).then(|| (now + plan.hold).millis()),
        placed_at: now.millis(),
        paid_at: free.then(|| now.millis()),
        updated_at: now.millis(),
        relief_minor: relief,
        tax_number: exemption.map(|it| it.number.clone()).unwrap_or_default(),
        exempt_reason: exemption.map(|it| it.reason.clone()).unwrap_or_default(),
        released_minor: 0,
        customer_note: plan.note.clone(),
        edited_minor: 0,
        exchange_rate: currency::kept(&plan.exchange),
        pickup_place: plan.method.fetched_at.clone(),
    };
    let lines = lines(ctx, plan)?;
    let row = (!free).then(|| payment(ctx, plan, currency.clone(), now));
    jobs::plan(tx, order.hold_until).await?;
    jobs::plan(tx, row.as_ref().and_then(|row| row.next_at)).await?;
    rows::store(tx, &mut order, &lines, row.as_ref()).await?;
    usage::take(tx, plan.order, customer, &plan.uses, now).await?;
    if !plan.tenders_wait {
        tenders::take(tx, plan.order, &plan.tenders, &currency, now).await?;
    }
    let order_id = plan.order;
    let mut together = tx.together();
    promised.write(&mut together);
    let mut events: Vec<Told> = promised.events.into_iter().map(Told::Stock).collect();
    let n_promised = events.len();
    events.push(Told::Shop(CommerceEvent::OrderPlaced {
        order_id,
        number: order.number,
        cart_id: CartId::from_uuid(plan.cart),
        customer_id: customer,
        total: total.minor,
        currency: currency.clone(),
    }));
    let mut more = plan.told.clone();
    more.extend(taken.iter().map(|one| tenders::taken(one, order_id, &currency)));
    if free {
        more.push(CommerceEvent::OrderPaid { order_id, amount: tendered, currency });
    }
    let mut facts = vec![OrderFact::Placed(PlacedOrder::of(&order, &lines))];
    facts.extend(more.iter().filter_map(OrderFact::told_by));
    events.extend(more.into_iter().map(Told::Shop));
    let told = tx.tell(&mut together, &events)?;
    let facts: Vec<_> = facts.into_iter().zip(told.into_iter().skip(n_promised).map(Some)).collect();
    let begun = stream::begin(tx, &mut together, now, (&order, &facts), row.as_ref())?;
    let met = together.send().await?;
    if !begun.stored(&met)? {
        return Err(Error::internal("the facts of a new order were not stored").into());
    }
    let asked = row.is_some() && plan.provider.0 != payment::MANUAL;
    Ok(Stored { order, lines, payment: row, asked })
}

/// What one placing tells, of two modules, in one statement; each event as its own module writes it.
#[derive(Serialize)]
#[serde(untagged)]
enum Told {
    Stock(CatalogEvent),
    Shop(CommerceEvent),
}

impl DomainEvent for Told {
    fn kind(&self) -> &'static str {
        match self {
            Self::Stock(event) => event.kind(),
            Self::Shop(event) => event.kind(),
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::Stock(event) => event.aggregate(),
            Self::Shop(event) => event.aggregate(),
        }
    }

    fn validate(&self) -> std::result::Result<(), EventError> {
        match self {
            Self::Stock(event) => event.validate(),
            Self::Shop(event) => event.validate(),
        }
    }

    fn schema_version(&self) -> u16 {
        match self {
            Self::Stock(event) => event.schema_version(),
            Self::Shop(event) => event.schema_version(),
        }
    }
}

fn payment(ctx: &Ctx, plan: &Plan, currency: String, now: Timestamp) -> payment_row::Model {
    let by_hand = plan.provider.0 == payment::MANUAL;
    let key = || Uuid::new_v4().to_string();
    payment_row::Model {
        tenant_id: ctx.tenant_id().uuid(),
        id: PaymentId::new().uuid(),
        order_id: plan.order.uuid(),
        provider: plan.provider.0.clone(),
        step: if by_hand { "by_hand" } else { "authorize" }.to_owned(),
        status: "due".to_owned(),
        amount_minor: plan.due,
        currency,
        authorize_key: key(),
        capture_key: key(),
        back_key: String::new(),
        back_minor: 0,
        back_reason: String::new(),
        back_id: String::new(),
        gateway_id: String::new(),
        attempt: 0,
        // Should this process die before it has asked, the job asks.
        next_at: (!by_hand).then(|| (now + gateway::patience(ctx.app())).millis()),
        last_error: String::new(),
        manual: !by_hand && plan.manual,
        take_key: String::new(),
        take_minor: 0,
        rest_minor: 0,
        pay_url: String::new(),
        again_minor: 0,
        version: 1,
        created_at: now.millis(),
        updated_at: now.millis(),
    }
}

/// The lines of the cart and what is given away, with what each costs.
fn lines(ctx: &Ctx, plan: &Plan) -> Result<Vec<order_line::Model>> {
    let bought = plan.view.lines.iter().map(Piece::of_line);
    let given = plan.view.gifts.iter().map(Piece::of_gift);
    let mut rows = Vec::with_capacity(plan.quote.lines.len());
    for (position, (piece, quoted)) in bought.chain(given).zip(&plan.quote.lines).enumerate() {
        if piece.variant != quoted.variant {
            return Err(Error::internal("the lines of an order are not those that were priced").into());
        }
        let json = |value: &Option<Picture>| value.as_ref().map(serde_json::to_string).transpose();
        let discounts = cart::discounts(quoted.discounts.iter(), plan.view.totals.total.currency);
        rows.push(order_line::Model {
            tenant_id: ctx.tenant_id().uuid(),
            id: OrderLineId::new().uuid(),
            order_id: plan.order.uuid(),
            position: i64::try_from(position).unwrap_or(i64::MAX),
            variant_id: piece.variant.uuid(),
            product_id: piece.product.uuid(),
            slug: piece.slug.to_owned(),
            title: piece.title.to_owned(),
            variant_title: piece.variant_title.to_owned(),
            sku: piece.sku.to_owned(),
            picture: json(piece.picture).map_err(Error::internal)?,
            quantity: i64::from(quoted.quantity),
            unit_minor: quoted.unit,
            net_minor: quoted.taxed.net,
            tax_minor: quoted.taxed.tax,
            gross_minor: quoted.taxed.gross,
            rate_ppm: quoted.rate.ppm(),
            discount_minor: quoted.amount - quoted.left,
            discounts: serde_json::to_string(&discounts).map_err(Error::internal)?,
            gift: quoted.gift,
            relief_minor: quoted.relief,
            sent: 0,
            returned: 0,
            refunded: 0,
        });
    }
    Ok(rows)
}

/// What an order keeps of a thing, so that it can be shown when the thing is gone.
struct Piece<'a> {
    variant: VariantId,
    product: ProductId,
    slug: &'a str,
    title: &'a str,
    variant_title: &'a str,
    sku: &'a str,
    picture: &'a Option<Picture>,
}

impl<'a> Piece<'a> {
    fn of_line(line: &'a CartLineView) -> Self {
        let CartLineView { variant, product, slug, title, variant_title, sku, picture, .. } = line;
        Self { variant: *variant, product: *product, slug, title, variant_title, sku, picture }
    }

    fn of_gift(gift: &'a GiftView) -> Self {
        let GiftView { variant, product, slug, title, variant_title, sku, picture, .. } = gift;
        Self { variant: *variant, product: *product, slug, title, variant_title, sku, picture }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_changes_with_every_decision() {
        let input = CheckoutInput { email: "a@example.com".into(), ..CheckoutInput::default() };
        let first = fingerprint(&input);
        assert_eq!(first, fingerprint(&CheckoutInput { email: " a@example.com ".into(), ..input.clone() }));
        let shifted = CheckoutInput { email: "a@example.co".into(), ..input.clone() };
        assert_ne!(first, fingerprint(&shifted));
        assert_ne!(first, fingerprint(&CheckoutInput { expected_total: 1, ..input.clone() }));
        let dollars = Some(primitives::Currency::USD);
        assert_ne!(first, fingerprint(&CheckoutInput { expected_currency: dollars, ..input.clone() }));
        assert_ne!(first, fingerprint(&CheckoutInput { expected_due: Some(0), ..input }));
    }
}
