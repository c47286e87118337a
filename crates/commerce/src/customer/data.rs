//! Everything that the shop holds about a customer, as one document. Notes and tags of the staff are the shop's own and
//! left out.

mod shape;

use std::collections::HashMap;

use identity::erase::AccountData;
use platform::{Access, Ctx, Error, TenantDb};
use primitives::{CustomerId, Money, Permission, Rate, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::entity::{
    cart, cart_line, customer, customer_address, draft_line, draft_order, fulfilment, money_ledger,
    order_line, orders, paper, return_line, return_request, review, saved_line, tender_account,
    tender_movement,
};
use crate::error::{CommerceError, Result};
use crate::order::read::currency_of;
use crate::papers;
use crate::tender::{TenderKind, credit};
use crate::view::DiscountView;
use crate::wish;

pub use shape::{
    Account, BackPiece, BillData, CardData, CartPiece, Consent, Credit, CreditMoved, CustomerData, DraftData,
    LineData, OrderData, ParcelData, PaymentData, Record, ReturnData, ReviewData, SignIn, UsedAddress,
    Wished,
};

/// Orders that are read at a time.
const PAGE: usize = 200;

impl CustomerData {
    /// The document as it goes into a file.
    pub fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self).map_err(Error::internal)?)
    }
}

/// What is held about a customer, for staff that may export.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn data(ctx: &Ctx, id: CustomerId) -> Result<CustomerData> {
    let rows = ctx.read(Permission::CUSTOMERS_EXPORT).await?;
    let row = rows.get::<customer::Entity>(id.uuid()).await?;
    let user = row.user_id.map(UserId::from_uuid);
    gather(ctx, &rows, (Some(row), true), user).await
}

/// What is held about the caller.
///
/// # Errors
/// `UNAUTHENTICATED` for nobody.
pub async fn own_data(ctx: &Ctx) -> Result<CustomerData> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let rows = ctx.read(Access::SignedIn).await?;
    let own = rows.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid())).one().await?;
    // What guests have ordered with an address is whose mailbox it is.
    let whole = super::proven(&rows, user).await?.is_some();
    gather(ctx, &rows, (own, whole), Some(user)).await
}

/// `whole`: also what the record has learnt from whoever ordered with its address.
async fn gather(
    ctx: &Ctx,
    rows: &TenantDb,
    (record, whole): (Option<customer::Model>, bool),
    user: Option<UserId>,
) -> Result<CustomerData> {
    let account = match user {
        Some(user) => identity::erase::data_of(rows, user).await?,
        None => None,
    };
    let mailed: Vec<String> = account
        .iter()
        .filter(|account| account.email_verified_at.is_some())
        .map(|account| account.email.to_lowercase())
        // Staff answers for the record: its address was shown to be whoever's asks for the file.
        .chain(record.as_ref().filter(|_| whole).map(|row| row.email.clone()))
        .collect();
    let mut theirs = Condition::any();
    if let Some(row) = record.as_ref().filter(|_| whole) {
        theirs = theirs.add(orders::Column::CustomerId.eq(row.id));
    }
    if let Some(user) = user {
        theirs = theirs.add(orders::Column::UserId.eq(user.uuid()));
    }
    let found =
        rows.find::<orders::Entity>().filter(theirs).order_by_asc(orders::Column::Number).all().await?;
    let mut orders = Vec::with_capacity(found.len());
    for some in found.chunks(PAGE) {
        orders.extend(order_data(rows, some).await?);
    }
    let drafts = drafts_of(rows, record.as_ref().map(|row| row.id), &mailed).await?;
    let (mut addresses, mut known, mut credits) = (Vec::new(), None, Vec::new());
    if let Some(row) = record {
        for account in credit::accounts_of(rows, row.id, ctx.tenant().currency).await? {
            credits.push(credit_of(rows, account).await?);
        }
        if whole {
            addresses = addresses_of(rows, row.id).await?;
        }
        let groups = super::groups::of_customers(rows, vec![row.id]).await?;
        let consents = super::consent::of(rows, row.id).await?.into_iter().map(|one| Consent {
            given: one.given,
            asked_at: one.source,
            at: one.at.rfc3339(),
        });
        known = Some(Record {
            id: row.id.to_string(),
            email: row.email,
            name: row.name,
            since: time(row.created_at),
            groups: groups.into_values().flatten().map(|group| group.name).collect(),
            tax_exempt: row.tax_exempt,
            tax_number: row.tax_number,
            tax_reason: row.tax_reason,
            wants_letters: row.marketing,
            consents: consents.collect(),
        });
    }
    let mut credits = credits.into_iter();
    Ok(CustomerData {
        shop: ctx.tenant().name.clone(),
        written_at: ctx.now().rfc3339(),
        account: account.map(account_data),
        customer: known,
        addresses,
        orders,
        drafts,
        cart: match user {
            Some(user) => cart_of(rows, user).await?,
            None => Vec::new(),
        },
        saved_for_later: match user {
            Some(user) => saved_of(rows, user).await?,
            None => Vec::new(),
        },
        wishlist: match user {
            Some(user) => wish::of_user(rows, user).await?.into_iter().map(wished).collect(),
            None => Vec::new(),
        },
        reviews: match user {
            Some(user) => reviews_of(rows, user).await?,
            None => Vec::new(),
        },
        store_credit: credits.next(),
        store_credit_elsewhere: credits.collect(),
        gift_cards: cards_of(rows, mailed).await?,
    })
}

fn wished(row: crate::entity::wish::Model) -> Wished {
    Wished { variant_id: row.variant_id.to_string(), kept_at: time(row.at) }
}

fn account_data(account: AccountData) -> Account {
    Account {
        id: account.id.to_string(),
        email: account.email,
        email_confirmed_at: account.email_verified_at.map(|at| at.rfc3339()),
        name: account.name,
        language: account.locale,
        opened_at: account.created_at.rfc3339(),
        last_sign_in_at: account.last_sign_in_at.map(|at| at.rfc3339()),
        sign_ins: account
            .sessions
            .into_iter()
            .map(|(at, browser)| SignIn { at: at.rfc3339(), browser })
            .collect(),
        linked_accounts: account.linked,
    }
}

async fn addresses_of(rows: &TenantDb, customer: Uuid) -> Result<Vec<UsedAddress>> {
    let found = rows
        .find::<customer_address::Entity>()
        .filter(customer_address::Column::CustomerId.eq(customer))
        .order_by_asc(customer_address::Column::UsedAt)
        .order_by_asc(customer_address::Column::Id)
        .all()
        .await?;
    let read = |row: customer_address::Model| -> Result<UsedAddress> {
        let address = serde_json::from_str(&row.document).map_err(Error::internal)?;
        Ok(UsedAddress { address, used_at: time(row.used_at) })
    };
    found.into_iter().map(read).collect()
}

async fn saved_of(rows: &TenantDb, user: UserId) -> Result<Vec<CartPiece>> {
    let aside = rows.find::<saved_line::Entity>().filter(saved_line::Column::UserId.eq(user.uuid()));
    let aside = aside.order_by_asc(saved_line::Column::CreatedAt).all().await?;
    let piece = |line: saved_line::Model| CartPiece {
        variant_id: line.variant_id.to_string(),
        quantity: line.quantity,
        added_at: time(line.created_at),
    };
    Ok(aside.into_iter().map(piece).collect())
}

async fn cart_of(rows: &TenantDb, user: UserId) -> Result<Vec<CartPiece>> {
    let open = rows.find::<cart::Entity>().filter(cart::Column::UserId.eq(user.uuid()));
    let Some(open) = open.filter(cart::Column::State.eq("open")).one().await? else { return Ok(Vec::new()) };
    let lines = rows.find::<cart_line::Entity>().filter(cart_line::Column::CartId.eq(open.id));
    let lines = lines.order_by_asc(cart_line::Column::CreatedAt).all().await?;
    let piece = |line: cart_line::Model| CartPiece {
        variant_id: line.variant_id.to_string(),
        quantity: line.quantity,
        added_at: time(line.created_at),
    };
    Ok(lines.into_iter().map(piece).collect())
}

/// What staff has written for somebody; the notes of the staff are its own.
async fn drafts_of(rows: &TenantDb, customer: Option<Uuid>, mailed: &[String]) -> Result<Vec<DraftData>> {
    let email = Expr::expr(Func::lower(Expr::col(draft_order::Column::Email)));
    let mut theirs = Condition::any().add(email.is_in(mailed.iter().cloned()));
    if let Some(customer) = customer {
        theirs = theirs.add(draft_order::Column::CustomerId.eq(customer));
    }
    let found = rows.find::<draft_order::Entity>().filter(theirs);
    let found = found.order_by_asc(draft_order::Column::Id).all().await?;
    let mut lines: HashMap<Uuid, Vec<draft_line::Model>> = HashMap::new();
    if !found.is_empty() {
        let of = draft_line::Column::DraftId.is_in(found.iter().map(|row| row.id));
        let of = rows.find::<draft_line::Entity>().filter(of).order_by_asc(draft_line::Column::Position);
        for line in of.all().await? {
            lines.entry(line.draft_id).or_default().push(line);
        }
    }
    let data = |row: draft_order::Model| {
        let pieces = lines.remove(&row.id).unwrap_or_default().into_iter().map(|line| CartPiece {
            variant_id: line.variant_id.to_string(),
            quantity: line.quantity,
            added_at: time(row.created_at),
        });
        Ok(DraftData {
            begun_at: time(row.created_at),
            state: row.state,
            email: row.email,
            address: serde_json::from_str(&row.address).map_err(Error::internal)?,
            note: row.customer_note,
            pieces: pieces.collect(),
        })
    };
    found.into_iter().map(data).collect()
}

async fn credit_of(rows: &TenantDb, account: tender_account::Model) -> Result<Credit> {
    let balance = Money::new(account.balance_minor, currency_of(&account.currency)?);
    let since = time(account.created_at);
    let moved = rows.find::<tender_movement::Entity>();
    let moved = moved.filter(tender_movement::Column::AccountId.eq(account.id));
    let moved = moved.order_by_asc(tender_movement::Column::At).order_by_asc(tender_movement::Column::Id);
    let movement = |row: tender_movement::Model| CreditMoved {
        amount: Money::new(row.amount_minor, balance.currency).decimal(),
        balance: Money::new(row.balance_minor, balance.currency).decimal(),
        kind: row.kind,
        reason: row.reason,
        at: time(row.at),
    };
    let movements = moved.all().await?.into_iter().map(movement).collect();
    Ok(Credit { balance: balance.decimal(), currency: account.currency, since, movements })
}

async fn cards_of(rows: &TenantDb, mailed: Vec<String>) -> Result<Vec<CardData>> {
    let found = rows.find::<tender_account::Entity>();
    let found = found.filter(tender_account::Column::Kind.eq(TenderKind::GiftCard.as_str()));
    let found = found.filter(tender_account::Column::Recipient.is_in(mailed));
    let found = found.order_by_asc(tender_account::Column::CreatedAt).all().await?;
    let card = |row: tender_account::Model| {
        let issued = Money::new(row.issued_minor, currency_of(&row.currency)?);
        Ok(CardData {
            last_four: row.last_four,
            issued: issued.decimal(),
            currency: row.currency,
            issued_at: time(row.created_at),
        })
    };
    found.into_iter().map(card).collect()
}

async fn reviews_of(rows: &TenantDb, user: UserId) -> Result<Vec<ReviewData>> {
    let written = rows.find::<review::Entity>().filter(review::Column::UserId.eq(user.uuid()));
    let written = written.order_by_asc(review::Column::Id).all().await?;
    let said = |row: review::Model| ReviewData {
        product_id: row.product_id.to_string(),
        stars: row.rating,
        title: row.title,
        text: row.body,
        name: row.author,
        state: row.state,
        answer: row.answer,
        written_at: time(row.written_at),
    };
    Ok(written.into_iter().map(said).collect())
}

/// Some orders with what belongs to them, in six statements.
async fn order_data(rows: &TenantDb, found: &[orders::Model]) -> Result<Vec<OrderData>> {
    let ids = || found.iter().map(|order| order.id);
    let mut lines: HashMap<Uuid, Vec<order_line::Model>> = HashMap::new();
    let of = rows.find::<order_line::Entity>().filter(order_line::Column::OrderId.is_in(ids()));
    for row in of.order_by_asc(order_line::Column::Position).all().await? {
        lines.entry(row.order_id).or_default().push(row);
    }
    let mut moved: HashMap<Uuid, Vec<money_ledger::Model>> = HashMap::new();
    let of = rows.find::<money_ledger::Entity>().filter(money_ledger::Column::OrderId.is_in(ids()));
    let of = of.order_by_asc(money_ledger::Column::At).order_by_asc(money_ledger::Column::Id);
    for row in of.all().await? {
        let Some(order) = row.order_id else { continue };
        moved.entry(order).or_default().push(row);
    }
    let mut parcels: HashMap<Uuid, Vec<fulfilment::Model>> = HashMap::new();
    let of = rows.find::<fulfilment::Entity>().filter(fulfilment::Column::OrderId.is_in(ids()));
    for row in of.order_by_asc(fulfilment::Column::ShippedAt).all().await? {
        parcels.entry(row.order_id).or_default().push(row);
    }
    let mut back: HashMap<Uuid, Vec<return_request::Model>> = HashMap::new();
    let of = rows.find::<return_request::Entity>().filter(return_request::Column::OrderId.is_in(ids()));
    for row in of.order_by_asc(return_request::Column::Number).all().await? {
        back.entry(row.order_id).or_default().push(row);
    }
    let mut pieces: HashMap<Uuid, Vec<return_line::Model>> = HashMap::new();
    let all = back.values().flatten().map(|row| row.id);
    let of = rows.find::<return_line::Entity>().filter(return_line::Column::ReturnId.is_in(all));
    for row in of.order_by_asc(return_line::Column::OrderLineId).all().await? {
        pieces.entry(row.return_id).or_default().push(row);
    }
    let mut papers = papers::of_orders(rows, ids().collect()).await?;
    let read = found.iter().map(|order| {
        let papers = papers.remove(&order.id).unwrap_or_default();
        let moved = moved.remove(&order.id).unwrap_or_default();
        let parcels = parcels.remove(&order.id).unwrap_or_default();
        let returns = back.remove(&order.id).unwrap_or_default();
        let lines = lines.remove(&order.id).unwrap_or_default();
        let returns = returns.into_iter().map(|row| {
            let pieces = pieces.remove(&row.id).unwrap_or_default();
            return_data(row, pieces, &lines)
        });
        let returns = returns.collect();
        Ok(OrderData {
            parcels: parcels.into_iter().map(parcel_data).collect(),
            returns,
            papers: papers.iter().map(bill_data).collect::<Result<_>>()?,
            ..one(order, lines, moved)?
        })
    });
    read.collect()
}

fn one(
    order: &orders::Model,
    lines: Vec<order_line::Model>,
    moved: Vec<money_ledger::Model>,
) -> Result<OrderData> {
    let currency = currency_of(&order.currency)?;
    let money = |minor: i64| Money::new(minor, currency).decimal();
    let discounts: Vec<DiscountView> = serde_json::from_str(&order.discounts).map_err(Error::internal)?;
    let payments = moved.into_iter().map(|row| {
        let amount = Money::new(row.amount_minor, currency_of(&row.currency)?).decimal();
        Ok::<_, CommerceError>(PaymentData {
            kind: row.kind,
            amount,
            currency: row.currency,
            at: time(row.at),
        })
    });
    Ok(OrderData {
        number: order.number,
        placed_at: time(order.placed_at),
        paid_at: order.paid_at.map(time),
        state: order.state.clone(),
        email: order.email.clone(),
        address: serde_json::from_str(&order.address).map_err(Error::internal)?,
        delivery: order.shipping_name.clone(),
        payment_by: order.provider_name.clone(),
        currency: order.currency.clone(),
        subtotal: money(order.subtotal_minor),
        discount: money(order.discount_minor.saturating_sub(order.relief_minor)),
        tax_relief: money(order.relief_minor),
        shipping: money(order.shipping_minor),
        tax: money(order.tax_minor),
        total: money(order.total_minor),
        tax_number: order.tax_number.clone(),
        tax_exemption: order.exempt_reason.clone(),
        cancelled_because: order.cancel_reason.clone(),
        note: order.customer_note.clone(),
        discounts: discounts.into_iter().map(|discount| discount.words).collect(),
        lines: lines
            .into_iter()
            .map(|line| LineData {
                title: line.title,
                variant: line.variant_title,
                sku: line.sku,
                quantity: line.quantity,
                unit_price: money(line.unit_minor),
                net: money(line.net_minor),
                tax: money(line.tax_minor),
                gross: money(line.gross_minor),
                tax_rate_percent: Rate::from_ppm(line.rate_ppm).percent_text(),
                gift: line.gift,
            })
            .collect(),
        payments: payments.collect::<Result<_, _>>()?,
        parcels: Vec::new(),
        returns: Vec::new(),
        papers: Vec::new(),
    })
}

fn bill_data(row: &paper::Model) -> Result<BillData> {
    let buyer = papers::buyer(row)?;
    Ok(BillData {
        kind: row.kind.clone(),
        number: row.number,
        total: Money::new(row.total_minor, currency_of(&row.currency)?).decimal(),
        currency: row.currency.clone(),
        issued_at: time(row.issued_at),
        addressed_to: buyer.lines,
    })
}

fn parcel_data(row: fulfilment::Model) -> ParcelData {
    ParcelData {
        carrier: row.carrier,
        tracking_number: row.tracking_number,
        sent_at: time(row.shipped_at),
        arrived_at: row.delivered_at.map(time),
    }
}

fn return_data(
    row: return_request::Model,
    pieces: Vec<return_line::Model>,
    lines: &[order_line::Model],
) -> ReturnData {
    let piece = |piece: return_line::Model| {
        let line = lines.iter().find(|line| line.id == piece.order_line_id);
        BackPiece {
            title: line.map(|line| line.title.clone()).unwrap_or_default(),
            variant: line.map(|line| line.variant_title.clone()).unwrap_or_default(),
            quantity: piece.quantity,
            arrived: piece.received,
        }
    };
    ReturnData {
        pieces: pieces.into_iter().map(piece).collect(),
        number: row.number,
        state: row.state,
        reason: row.reason,
        words: row.words,
        answer: row.answer,
        asked_at: time(row.requested_at),
    }
}

fn time(millis: i64) -> String {
    Timestamp::from_millis(millis).rfc3339()
}
