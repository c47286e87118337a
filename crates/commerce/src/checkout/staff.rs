//! Orders that staff places for customers: priced, reserved and stored as those that shoppers place.

use std::time::Duration;

use platform::{Ctx, Tx};
use pricing::Destination;
use primitives::{CustomerId, FieldError, OrderId, UserId};
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

use super::place::{self, Counters, Plan, Stored};
use super::{answer, payments};
use crate::address;
use crate::cart::{Basket, Buyer, Past};
use crate::customer;
use crate::entity::{cart, orders};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order;
use crate::payment::{self, settle as payments_settle};
use crate::settings::{self, CaptureMode};
use crate::tender::chosen::Chosen;
use crate::tender::{TenderKind, order as tenders};
use crate::view::{Address, Placed};
use crate::who::new_token;

/// How the principal of an order begins that staff has placed.
const PRINCIPAL: &[u8] = b"staff:";

/// What staff sells, to whom.
pub(crate) struct Sale<'s> {
    pub basket: Basket,
    /// Becomes the id of the order's cart: one order for each.
    pub cart: Uuid,
    /// The record that staff has chosen; `None`: that of the address.
    pub customer: Option<CustomerId>,
    /// Whose account sees the order.
    pub user: Option<UserId>,
    pub email: &'s str,
    pub address: &'s Address,
    /// Id of the delivery.
    pub method: &'s str,
    /// The shop pays for the delivery.
    pub free_delivery: bool,
    /// Empty: by hand where the shop offers that, else its first way to pay.
    pub provider: &'s str,
    /// Staff has the money, or will see to it: whatever the shop offers its shoppers.
    pub by_hand: bool,
    /// The total that staff saw, minor units.
    pub expected_total: Option<i64>,
    pub key: &'s str,
    /// What exactly was asked for.
    pub asked: [u8; 32],
    /// For the customer.
    pub note: &'s str,
}

/// Whether staff has placed it.
pub(crate) fn has_placed(order: &orders::Model) -> bool {
    order.principal.starts_with(PRINCIPAL)
}

/// Checks a key that somebody drew for one order.
///
/// # Errors
/// `BAD_USER_INPUT` at `idempotencyKey`.
pub(crate) fn key(text: &str) -> Result<()> {
    let fits = !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_graphic());
    match fits {
        true => Ok(()),
        false => Err(CommerceError::field("idempotencyKey", "use 1 to 100 visible ASCII characters")),
    }
}

/// What promotions have to know of a customer whom staff knows.
pub(crate) async fn buyer(
    ctx: &Ctx,
    basket: &Basket,
    customer: Option<CustomerId>,
    email: &str,
    destination: Destination,
) -> Result<Buyer> {
    let mut past = Past::default();
    let book = &basket.book;
    if book.first_order || !book.shopper_limits.is_empty() {
        let rows = ctx.read(platform::Access::Public).await?;
        past = match customer {
            Some(customer) => customer::past::of_record(&rows, customer).await?,
            None => customer::past::of_buyer(&rows, None, Some(email)).await?,
        };
    }
    Ok(Buyer { destination, past })
}

/// Checks everything that can be checked without writing; all wrong fields at once.
///
/// # Errors
/// As [`super::place_order`], with the fields of a draft.
pub(crate) async fn plan(ctx: &Ctx, sale: Sale<'_>) -> Result<Plan> {
    key(sale.key)?;
    let tenant = ctx.tenant();
    let current = settings::current(ctx).await?;
    let settings = &current.settings;
    let mut errors = Vec::new();
    let basket = &sale.basket;
    let needs = place::needs(settings, sale.method);
    let checked = address::check(sale.email, sale.address, &settings.countries(tenant.country), needs);
    let checked = checked.map_err(|wrong| errors.extend(wrong)).ok();
    let mut sent = None;
    if let Some((email, address)) = &checked {
        let buyer = buyer(ctx, basket, sale.customer, email.as_str(), address.destination()).await?;
        match place::delivered(ctx, &current, basket, &buyer, (sale.method, sale.free_delivery))? {
            Ok(priced) => sent = Some(priced),
            Err(wrong) => errors.push(wrong),
        }
    }
    let offered = payments(ctx, &current);
    let provider = match sale.provider {
        _ if sale.by_hand => Some((payment::MANUAL.to_owned(), settings.payment.manual_name.clone())),
        "" => {
            let by_hand = offered.iter().find(|choice| choice.id == payment::MANUAL);
            by_hand.or(offered.first()).map(|choice| (choice.id.clone(), choice.name.clone()))
        }
        wanted => {
            let choice = offered.into_iter().find(|choice| choice.id == wanted);
            choice.map(|choice| (choice.id, choice.name))
        }
    };
    if provider.is_none() {
        errors.push(FieldError::new("paymentProvider", "choose one of the ways to pay"));
    }
    let (Some((email, address)), Some((method, (view, quote))), Some(provider), true) =
        (checked, sent, provider, errors.is_empty())
    else {
        return Err(CommerceError::Invalid(errors));
    };
    place::refuse_unready(&view)?;
    let total = view.totals.total;
    if let Some(expected) = sale.expected_total.filter(|expected| *expected != total.minor) {
        return Err(CommerceError::TotalChanged {
            expected: primitives::Money::new(expected, total.currency),
            actual: total,
            // Nobody wrote down what each line has cost.
            changes: Vec::new(),
        });
    }
    Ok(Plan {
        order: OrderId::new(),
        token: new_token(),
        cart: sale.cart,
        cart_version: 1,
        uses: place::uses(&quote, &basket.agreed.discounts, &basket.exchange)?,
        exchange: basket.exchange,
        view,
        quote,
        tenders: Vec::new(),
        due: total.minor,
        tenders_wait: true,
        customer: sale.customer,
        user: sale.user,
        principal: [PRINCIPAL, sale.cart.as_bytes().as_slice()].concat(),
        fingerprint: sale.asked,
        key: sale.key.to_owned(),
        email,
        address,
        method,
        provider,
        manual: settings.payment.capture == CaptureMode::Manual,
        // Nobody stands at the counter: the customer reads the letter some day.
        hold: Duration::from_secs(ctx.app().config().orders.manual_reservation_seconds),
        note: sale.note.to_owned(),
        told: Vec::new(),
    })
}

impl Plan {
    /// The order as it will be.
    pub(crate) fn order(&self) -> OrderId {
        self.order
    }

    /// What it costs, minor units.
    pub(crate) fn total(&self) -> i64 {
        self.view.totals.total.minor
    }

    /// Has something told of the order, right after that it was placed.
    pub(crate) fn tell(&mut self, event: CommerceEvent) {
        self.told.push(event);
    }

    /// Pays `amount` minor units of it from store credit; [`settle`] takes them.
    pub(crate) fn pay_from(&mut self, account: Uuid, name: &str, amount: i64) {
        self.due -= amount;
        if self.due == 0 {
            self.provider = (payment::TENDER.to_owned(), name.to_owned());
        }
        let (kind, name) = (TenderKind::StoreCredit, name.to_owned());
        self.tenders.push(Chosen { account, kind, name, balance: amount, amount, foreign: false });
    }
}

/// Stores the order with its cart, and reserves its pieces; nothing of it is there when the transaction is rolled back.
///
/// # Errors
/// `OUT_OF_STOCK` with the lines that are short, and what may have been used up since it was priced.
pub(crate) async fn store(ctx: &Ctx, tx: &Tx, plan: &Plan) -> Result<Stored> {
    let now = ctx.now().millis();
    // Nobody's: neither a token nor an account leads to it.
    tx.insert_many(vec![cart::ActiveModel {
        id: Set(plan.cart),
        token_hash: Set(None),
        user_id: Set(None),
        state: Set("ordered".to_owned()),
        version: Set(plan.cart_version),
        created_at: Set(now),
        updated_at: Set(now),
        abandoned_at: Set(None),
        codes: Set("[]".to_owned()),
        tenders: Set("[]".to_owned()),
        ..Default::default()
    }])
    .await?;
    place::take(ctx, tx, plan).await
}

/// Takes from store credit what the plan says; what is taken is there.
pub(crate) async fn settle(ctx: &Ctx, tx: &Tx, plan: &Plan) -> Result<()> {
    let currency = plan.view.totals.total.currency;
    tenders::take(tx, plan.order, &plan.tenders, currency.code(), ctx.now()).await
}

/// Has the gateway asked, when it is one that pays, and gives the order back as staff sees it.
pub(crate) async fn finish(ctx: &Ctx, stored: Stored) -> Result<Placed> {
    metrics::counter!("rustok_orders_placed_total").increment(1);
    let Stored { order, payment, asked, .. } = stored;
    if let (Some(payment), true) = (payment, asked) {
        Box::pin(payments_settle::pay(ctx, &order, &payment)).await;
    }
    let view = Box::pin(order::read::after(ctx, OrderId::from_uuid(order.id))).await?;
    Ok(answer(view, false))
}

/// Waits for a place at the counter of the shop, see [`Counters`].
pub(crate) async fn place_at_counter(ctx: &Ctx) -> Option<tokio::sync::OwnedSemaphorePermit> {
    Counters::place(ctx).await
}
