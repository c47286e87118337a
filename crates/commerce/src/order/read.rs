//! Orders as people see them: always the rows as they were when the order was placed, and the story of their streams.

use std::collections::HashMap;

use events::stream::{self, Recorded};
use platform::{Access, Ctx, Error, TenantDb};
use primitives::{
    Currency, CustomerId, FulfilmentId, Money, OrderId, OrderLineId, Permission, ProductId, Rate, Timestamp,
    UserId, VariantId,
};
use sea_orm::ColumnTrait;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::desk::{facts_of, state_of};
use super::fact::OrderFact;
use super::state::{Command, transition};
use super::{list, tag, timeline};
use crate::entity::{fulfilment, fulfilment_line, order_line, order_note, orders, payment};
use crate::error::{CommerceError, Result};
use crate::payment::{MANUAL, Step, dispute, state_of as payment_state};
use crate::returns;
use crate::settings::{self, CommerceSettings};
use crate::stream as streams;
use crate::tender;
use crate::view::{
    DisputeView, ExchangeView, ExemptionView, FulfilmentLineView, FulfilmentView, MoveView, NoteView,
    OrderLineView, OrderRowView, OrderState, OrderView, Totals,
};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The customer, or whoever holds the token.
    Shopper,
    /// Staff sees notes, tags, attention, customer and moves too.
    Staff,
}

/// An order for staff. Whoever may see the own orders alone sees them as their shopper does.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn by_id(ctx: &Ctx, id: OrderId) -> Result<OrderView> {
    let access = Access::Owned(Permission::ORDERS_READ);
    ctx.require(access)?;
    match ctx.only_own(Permission::ORDERS_READ) {
        Some(user) => of_user(ctx, id, user, access).await,
        None => view(ctx, id.uuid(), access, Audience::Staff).await,
    }
}

/// The order that a tracking link leads to.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn by_token(ctx: &Ctx, token: &str) -> Result<OrderView> {
    let settings = settings::current(ctx).await?;
    let rows = ctx.read(Access::Public).await?;
    let found = match is_token(token) {
        true => rows.find::<orders::Entity>().filter(orders::Column::Token.eq(token)).one().await?,
        false => None,
    };
    let row = found.ok_or_else(|| CommerceError::not_found(OrderId::KIND))?;
    show(&rows, &settings.settings, row, Audience::Shopper, ctx.now()).await
}

/// Whether a text can be the token of an order; no other is looked for.
pub(crate) fn is_token(text: &str) -> bool {
    (22..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One of the caller's own orders.
///
/// # Errors
/// `NOT_FOUND`, also for an order of somebody else.
pub async fn my_order(ctx: &Ctx, id: OrderId) -> Result<OrderView> {
    ctx.require(Access::SignedIn)?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    of_user(ctx, id, user, Access::SignedIn).await
}

async fn of_user(ctx: &Ctx, id: OrderId, user: UserId, access: Access) -> Result<OrderView> {
    let settings = settings::current(ctx).await?;
    let rows = ctx.read(access).await?;
    let found = rows
        .find::<orders::Entity>()
        .filter(orders::Column::Id.eq(id.uuid()))
        .filter(orders::Column::UserId.eq(user.uuid()))
        .one()
        .await?;
    let row = found.ok_or_else(|| CommerceError::not_found(OrderId::KIND))?;
    show(&rows, &settings.settings, row, Audience::Shopper, ctx.now()).await
}

/// An amount of an order as somebody typed it, decimal text in the order's currency; in its minor units. `door` is that of
/// the move which it is for: nobody else learns whether there is such an order.
///
/// # Errors
/// `NOT_FOUND` for the order; `BAD_USER_INPUT` at `amount`.
pub async fn amount(ctx: &Ctx, door: Permission, id: OrderId, text: &str) -> Result<i64> {
    let order = ctx.read(door).await?.get::<orders::Entity>(id.uuid()).await?;
    let money = Money::parse_decimal(text.trim(), currency_of(&order.currency)?);
    money.map(|money| money.minor).map_err(|error| CommerceError::field("amount", error.to_string()))
}

/// The order after a move of the staff, who have passed that move's door.
pub(crate) async fn after(ctx: &Ctx, id: OrderId) -> Result<OrderView> {
    view(ctx, id.uuid(), Access::Public, Audience::Staff).await
}

pub(crate) async fn view(ctx: &Ctx, id: Uuid, access: Access, audience: Audience) -> Result<OrderView> {
    ctx.require(access)?;
    // Before the door opens: nobody waits for a second connection while holding one.
    let settings = settings::current(ctx).await?;
    let rows = ctx.read(access).await?;
    let row = rows.get::<orders::Entity>(id).await?;
    show(&rows, &settings.settings, row, audience, ctx.now()).await
}

async fn show(
    rows: &TenantDb,
    settings: &CommerceSettings,
    row: orders::Model,
    audience: Audience,
    now: Timestamp,
) -> Result<OrderView> {
    let lines = rows
        .find::<order_line::Entity>()
        .filter(order_line::Column::OrderId.eq(row.id))
        .order_by_asc(order_line::Column::Position)
        .all()
        .await?;
    let payment = rows.find::<payment::Entity>().filter(payment::Column::OrderId.eq(row.id)).one().await?;
    let parcels = match state_of(&row) {
        OrderState::Paid if row.n_sent == 0 => Vec::new(),
        OrderState::Paid | OrderState::Shipped | OrderState::Delivered | OrderState::Refunded => {
            parcels(rows, row.id).await?
        }
        OrderState::Draft | OrderState::PendingPayment | OrderState::Cancelled => Vec::new(),
    };
    let returns = match parcels.is_empty() {
        true => Vec::new(),
        false => returns::of_order(rows, row.id).await?,
    };
    let notes = match audience {
        Audience::Shopper => Vec::new(),
        Audience::Staff => {
            rows.find::<order_note::Entity>()
                .filter(order_note::Column::OrderId.eq(row.id))
                .order_by_asc(order_note::Column::Id)
                .all()
                .await?
        }
    };
    let tags = match audience {
        Audience::Shopper => Vec::new(),
        Audience::Staff => tag::of(rows, row.id).await?,
    };
    let disputes = match audience {
        Audience::Shopper => Vec::new(),
        Audience::Staff => dispute::of_order(rows, &row).await?,
    };
    let tenders = match row.tendered_minor {
        0 => Vec::new(),
        _ => tender::order::parts(rows, row.id).await?,
    };
    let exchanges = match returns.is_empty() && row.tendered_minor == 0 {
        true => Vec::new(),
        false => returns::exchange::of_order(rows, row.id).await?,
    };
    let history = stream::story(rows, streams::order(row.id), &timeline::UNTOLD, timeline::MOST).await?;
    let kept =
        Kept { row, lines, payment, disputes, tenders, parcels, returns, exchanges, notes, tags, history };
    compose(settings, kept, audience, Some(now))
}

/// The order as its customer sees it, inside a transaction that holds it.
pub(crate) async fn held(
    rows: &TenantDb,
    settings: &CommerceSettings,
    row: orders::Model,
    now: Timestamp,
) -> Result<OrderView> {
    show(rows, settings, row, Audience::Shopper, now).await
}

/// A parcel with what lies in it.
pub(crate) type Parcel = (fulfilment::Model, Vec<fulfilment_line::Model>);

pub(crate) async fn parcels(rows: &TenantDb, order: Uuid) -> Result<Vec<Parcel>> {
    let parcels = rows
        .find::<fulfilment::Entity>()
        .filter(fulfilment::Column::OrderId.eq(order))
        .order_by_asc(fulfilment::Column::Id)
        .all()
        .await?;
    let ids: Vec<Uuid> = parcels.iter().map(|parcel| parcel.id).collect();
    let mut lines: HashMap<Uuid, Vec<fulfilment_line::Model>> = HashMap::new();
    if !ids.is_empty() {
        let found = rows.find::<fulfilment_line::Entity>();
        for line in found.filter(fulfilment_line::Column::FulfilmentId.is_in(ids)).all().await? {
            lines.entry(line.fulfilment_id).or_default().push(line);
        }
    }
    let with_lines = |parcel: fulfilment::Model| {
        let lines = lines.remove(&parcel.id).unwrap_or_default();
        (parcel, lines)
    };
    Ok(parcels.into_iter().map(with_lines).collect())
}

/// An order that this process has stored a moment ago, from the very rows and without its timeline: nothing is
/// read, unless gift cards or store credit paid a part.
pub(crate) async fn just_placed(
    ctx: &Ctx,
    row: orders::Model,
    lines: Vec<order_line::Model>,
    payment: Option<payment::Model>,
) -> Result<OrderView> {
    if row.tendered_minor != 0 {
        return view(ctx, row.id, Access::Public, Audience::Shopper).await;
    }
    let settings = settings::current(ctx).await?;
    let (disputes, tenders, parcels, returns, exchanges, notes, tags, history) = Default::default();
    let kept =
        Kept { row, lines, payment, disputes, tenders, parcels, returns, exchanges, notes, tags, history };
    compose(&settings.settings, kept, Audience::Shopper, None)
}

/// Everything that is kept of one order.
struct Kept {
    row: orders::Model,
    lines: Vec<order_line::Model>,
    payment: Option<payment::Model>,
    disputes: Vec<DisputeView>,
    tenders: Vec<tender::order::Part>,
    parcels: Vec<Parcel>,
    returns: Vec<returns::Back>,
    exchanges: Vec<ExchangeView>,
    notes: Vec<order_note::Model>,
    tags: Vec<String>,
    history: Vec<Recorded<OrderFact>>,
}

/// `now` says until when something can be sent back; nothing of an order that was just placed can.
fn compose(
    settings: &CommerceSettings,
    kept: Kept,
    audience: Audience,
    now: Option<Timestamp>,
) -> Result<OrderView> {
    let Kept { row, lines, payment, disputes, tenders, parcels, returns, exchanges, notes, tags, history } =
        kept;
    let instructions = match state_of(&row) {
        OrderState::PendingPayment if row.provider == MANUAL => settings.payment.manual_instructions.clone(),
        _ => String::new(),
    };
    let currency = currency_of(&row.currency)?;
    let money = |minor| Money::new(minor, currency);
    let staff = audience == Audience::Staff;
    let timeline = timeline::of(&history, &row, currency, staff);
    let goes_back = matches!(state_of(&row), OrderState::Paid | OrderState::Shipped | OrderState::Delivered);
    let return_until = returns::until(&parcels, settings.return_days)
        .filter(|until| goes_back && now.is_some_and(|now| now <= *until));
    let known = returns::Known { order: &row, lines: &lines, payment: payment.as_ref(), staff };
    let come_back = returns.iter().map(|(found, back)| known.view(found, back)).collect::<Result<_>>()?;
    let whole = parcels.iter().any(|(_, lines)| lines.is_empty());
    let under_way = parcels.iter().any(|(parcel, _)| parcel.delivered_at.is_none());
    Ok(OrderView {
        id: OrderId::from_uuid(row.id),
        number: row.number,
        token: row.token.clone(),
        state: state_of(&row),
        payment: payment_state(&row, payment.as_ref()),
        payment_provider: row.provider.clone(),
        payment_name: row.provider_name.clone(),
        payment_instructions: instructions,
        email: row.email.clone(),
        address: json(&row.address)?,
        shipping_name: row.shipping_name.clone(),
        pickup_place: row.pickup_place.clone(),
        fulfilments: parcels.iter().map(|parcel| parcel_view(parcel, &lines)).collect(),
        partly_shipped: partly_shipped(&row),
        returns: come_back,
        return_until,
        lines: lines
            .into_iter()
            .map(|line| line_view(line, &row, currency, whole, return_until.is_some()))
            .collect::<Result<_>>()?,
        totals: Totals {
            subtotal: money(row.subtotal_minor),
            discount: money(row.discount_minor.saturating_sub(row.relief_minor)),
            discounts: json(&row.discounts)?,
            shipping: Some(money(row.shipping_minor)),
            tax: money(row.tax_minor),
            taxes: json(&row.taxes)?,
            total: money(row.total_minor),
            includes_tax: row.includes_tax,
            exemption: exemption(&row, currency),
        },
        paid: money(row.paid_minor),
        refunded: money(row.refunded_minor),
        tenders: tenders.iter().map(|part| tender::order::view(part, currency)).collect(),
        due: money(row.total_minor - row.tendered_minor),
        // Of a total that edits have made smaller, less is forgone.
        released: money(row.released_minor.min((row.total_minor - row.paid_minor).max(0))),
        balance_due: money(balance_due(&row)),
        exchange_rate: row.exchange_rate.clone(),
        disputes,
        promised: payment.as_ref().is_some_and(|it| it.manual && it.is_promised() && !it.is_under_way()),
        pay_url: payment
            .as_ref()
            .filter(|payment| state_of(&row) == OrderState::PendingPayment && !payment.pay_url.is_empty())
            .map(|payment| payment.pay_url.clone()),
        capturable: money(match &payment {
            Some(payment) if staff => super::capture::most(&row, payment).unwrap_or(0),
            _ => 0,
        }),
        timeline,
        placed_at: Timestamp::from_millis(row.placed_at),
        pay_until: row.hold_until.map(Timestamp::from_millis),
        cancel_reason: row.cancel_reason.clone(),
        note: row.customer_note.clone(),
        exchanges,
        attention: row.attention.clone().filter(|_| staff),
        notes: notes.into_iter().map(note_view).collect(),
        tags,
        customer: staff.then(|| CustomerId::from_uuid(row.customer_id)),
        moves: if staff { moves(&row, payment.as_ref(), under_way) } else { Vec::new() },
        version: row.version,
    })
}

/// What is still to come in, minor units.
fn balance_due(row: &orders::Model) -> i64 {
    match state_of(row) {
        OrderState::PendingPayment => (row.total_minor - row.paid_minor - row.released_minor).max(0),
        _ => 0,
    }
}

/// What can be done now, and why the rest cannot.
fn moves(row: &orders::Model, payment: Option<&payment::Model>, under_way: bool) -> Vec<MoveView> {
    let state = state_of(row);
    let check = |command: Command| -> Result<(), String> {
        if command == Command::Refund {
            return refundable(row, payment).map_err(str::to_owned);
        }
        // A parcel arrives also while other pieces are still to be sent.
        if command == Command::Deliver && under_way && state == OrderState::Paid {
            return Ok(());
        }
        let found = transition(state, command).map_err(|refusal| refusal.to_string())?;
        match command {
            // The guards of these ask for what they are about to do.
            Command::Ship | Command::Deliver => Ok(()),
            // Its guard asks for the money that this move is about to write down.
            Command::Pay if row.provider == MANUAL => Ok(()),
            Command::Pay => Err("the gateway decides whether this order is paid".to_owned()),
            _ => found.check(&facts_of(row)).map_err(|refusal| refusal.to_string()),
        }
    };
    let moves = [Command::Pay, Command::Ship, Command::Deliver, Command::Cancel, Command::Refund];
    let moves = moves.into_iter().map(|command| (command.name(), check(command)));
    let edit = super::edit::editable(row, payment).map_err(str::to_owned);
    moves
        .chain([("edit", edit)])
        .map(|(name, verdict)| MoveView {
            name: name.to_owned(),
            possible: verdict.is_ok(),
            why_not: verdict.err().unwrap_or_default(),
        })
        .collect()
}

fn refundable(row: &orders::Model, payment: Option<&payment::Model>) -> Result<(), &'static str> {
    let going =
        payment.is_some_and(|p| matches!(p.step(), Step::Refund | Step::Void) && p.status().is_open());
    if going {
        return Err("the money is being given back already");
    }
    let something = 0 < super::refund::left_of(row) || payment.is_some_and(payment::Model::is_promised);
    if something { Ok(()) } else { Err("there is nothing to give back") }
}

/// Whether some pieces have left and some are still to be sent.
fn partly_shipped(row: &orders::Model) -> bool {
    state_of(row) == OrderState::Paid && 0 < row.n_sent
}

/// `whole` says that a parcel carries everything: it was sent before parcels had lines.
fn line_view(
    row: order_line::Model,
    order: &orders::Model,
    currency: Currency,
    whole: bool,
    goes_back: bool,
) -> Result<OrderLineView> {
    let returnable = if goes_back { returns::returnable(&row, whole) } else { 0 };
    let includes_tax = order.includes_tax;
    let sent = if whole { row.quantity } else { row.sent };
    let to_send = match state_of(order) {
        OrderState::PendingPayment | OrderState::Paid => row.quantity - sent,
        _ => 0,
    };
    let money = |minor| Money::new(minor, currency);
    let picture = row.picture.as_deref().map(json).transpose()?;
    // What an exempt customer does not pay of it is said once, with the sums.
    let left = if includes_tax { row.gross_minor } else { row.net_minor }.saturating_add(row.relief_minor);
    Ok(OrderLineView {
        id: OrderLineId::from_uuid(row.id),
        variant: VariantId::from_uuid(row.variant_id),
        product: ProductId::from_uuid(row.product_id),
        slug: row.slug,
        title: row.title,
        variant_title: row.variant_title,
        sku: row.sku,
        picture,
        quantity: u32::try_from(row.quantity).unwrap_or(u32::MAX),
        unit: money(row.unit_minor),
        full: money(row.discount_minor.saturating_add(left)),
        total: money(left),
        discounts: json(&row.discounts)?,
        gift: row.gift,
        net: money(row.net_minor),
        tax: money(row.tax_minor),
        gross: money(row.gross_minor),
        rate: Rate::from_ppm(row.rate_ppm),
        sent: count(sent),
        to_send: count(to_send),
        returnable: count(returnable),
    })
}

fn exemption(row: &orders::Model, currency: Currency) -> Option<ExemptionView> {
    (!row.exempt_reason.is_empty()).then(|| ExemptionView {
        reason: row.exempt_reason.clone(),
        number: row.tax_number.clone(),
        relief: Money::new(row.relief_minor, currency),
    })
}

fn parcel_view((row, lies_in): &Parcel, lines: &[order_line::Model]) -> FulfilmentView {
    let pieces = |line: &order_line::Model| match lies_in.is_empty() {
        true => line.quantity,
        false => lies_in.iter().find(|here| here.order_line_id == line.id).map_or(0, |here| here.quantity),
    };
    let in_order = lines.iter().map(|line| (line, pieces(line))).filter(|(_, pieces)| 0 < *pieces);
    let line = |(line, pieces): (&order_line::Model, i64)| FulfilmentLineView {
        line: OrderLineId::from_uuid(line.id),
        quantity: count(pieces),
    };
    FulfilmentView {
        id: FulfilmentId::from_uuid(row.id),
        carrier: row.carrier.clone(),
        tracking_number: row.tracking_number.clone(),
        tracking_url: row.tracking_url.clone(),
        shipped_at: Timestamp::from_millis(row.shipped_at),
        delivered_at: row.delivered_at.map(Timestamp::from_millis),
        lines: in_order.map(line).collect(),
    }
}

fn count(pieces: i64) -> u32 {
    u32::try_from(pieces.max(0)).unwrap_or(u32::MAX)
}

fn note_view(row: order_note::Model) -> NoteView {
    NoteView {
        author: row.user_id.map(UserId::from_uuid),
        text: row.body,
        at: Timestamp::from_millis(row.at),
    }
}

/// Rows for the caller's own list, straight from the orders: what was placed a moment ago is there.
pub(super) async fn own_rows(rows: &TenantDb, found: Vec<orders::Model>) -> Result<Vec<OrderRowView>> {
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let payments = match ids.is_empty() {
        true => Vec::new(),
        false => rows.find::<payment::Entity>().filter(payment::Column::OrderId.is_in(ids)).all().await?,
    };
    let payments: HashMap<Uuid, payment::Model> = payments.into_iter().map(|p| (p.order_id, p)).collect();
    let views = found.into_iter().map(|row| {
        Ok(OrderRowView {
            id: OrderId::from_uuid(row.id),
            number: row.number,
            state: state_of(&row),
            payment: payment_state(&row, payments.get(&row.id)),
            n_items: u32::try_from(row.n_items).unwrap_or(u32::MAX),
            partly_shipped: partly_shipped(&row),
            exchanged: false,
            total: Money::new(row.total_minor, currency_of(&row.currency)?),
            attention: None,
            placed_at: Timestamp::from_millis(row.placed_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            email: row.email,
            name: row.name,
            country: row.country,
            shipping_name: row.shipping_name,
            payment_provider: row.provider,
        })
    });
    let mut views = views.collect::<Result<Vec<_>>>()?;
    list::mark_exchanged(rows, views.iter_mut()).await?;
    Ok(views)
}

pub(crate) fn currency_of(code: &str) -> Result<Currency, Error> {
    Currency::parse(code).map_err(Error::internal)
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text).map_err(Error::internal)?)
}
