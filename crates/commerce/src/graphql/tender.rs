//! Gift cards and store credit: for staff, and as what shoppers pay with.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use identity::Authenticated;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use platform::{Ctx, Error};
use primitives::{Currency, CustomerId, GiftCardId};

use super::checkout::Checkout;
use super::{cart_token, connection, nodes, page_args};
use crate::checkout::{self, Wish};
use crate::tender::{
    self, CreditChange, GiftCardChange, GiftCardDraft, GiftCardFilter, GiftCardView, StoreCreditView,
};

/// Gift cards and store credit.
#[derive(Default)]
pub struct TenderQuery;

#[Object]
impl TenderQuery {
    /// Gift cards of the shop, newest first. `q` is the end or the whole of a code, or a part of a recipient or note.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection and its filter")]
    async fn gift_cards(
        &self,
        context: &Context<'_>,
        #[graphql(default)] q: String,
        state: Option<GiftCardState>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<GiftCardConnection> {
        let ctx = ctx_of(context)?;
        let page = page_args(first, after, last, before)?;
        let filter = GiftCardFilter { q, state: state.map(Into::into) };
        let found = tender::list(ctx, &filter, &page).await.map_err(failure)?;
        Ok(GiftCardConnection::of(found, |card| GiftCard::of(card, ctx)))
    }

    /// One gift card with its movements.
    async fn gift_card(&self, context: &Context<'_>, id: ID) -> Result<GiftCard> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, GiftCardId::KIND)?;
        Ok(GiftCard::of(tender::get(ctx, id).await.map_err(failure)?, ctx))
    }

    /// The store credit of a customer in a currency; in the shop's own, if there is any, when it is left out.
    async fn store_credit(
        &self,
        context: &Context<'_>,
        customer_id: ID,
        currency: Option<String>,
    ) -> Result<StoreCredit> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&customer_id, CustomerId::KIND)?;
        let currency = currency.as_deref().map(named).transpose()?;
        Ok(StoreCredit::of(tender::of_customer(ctx, id, currency).await.map_err(failure)?, ctx))
    }

    /// The caller's own store credit.
    async fn my_store_credit(&self, context: &Context<'_>) -> Result<StoreCredit> {
        let ctx = ctx_of(context)?;
        Ok(StoreCredit::of(tender::mine(ctx).await.map_err(failure)?, ctx))
    }
}

/// Issuing and using gift cards and store credit.
#[derive(Default)]
pub struct TenderMutation;

#[Object]
impl TenderMutation {
    /// Issues a gift card. Its code is in this answer and nowhere else afterwards. The same key gives the first card again.
    async fn gift_card_issue(
        &self,
        context: &Context<'_>,
        input: GiftCardIssueInput,
    ) -> Result<GiftCardIssuePayload> {
        let ctx = ctx_of(context)?;
        let draft = GiftCardDraft {
            amount: minor(&input.amount, ctx)?,
            expires_at: input.expires_at.map(|at| at.0),
            recipient: input.recipient,
            note: input.note,
        };
        let issued = Box::pin(tender::issue(ctx, &input.idempotency_key, &draft)).await.map_err(failure)?;
        Ok(GiftCardIssuePayload { gift_card: GiftCard::of(issued.card, ctx), code: issued.code })
    }

    /// Switches a gift card on or off, or gives it another end; what is on it stays.
    async fn gift_card_update(
        &self,
        context: &Context<'_>,
        input: GiftCardUpdateInput,
    ) -> Result<GiftCardPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, GiftCardId::KIND)?;
        let expires_at = match input.expires_at {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(at) => Some(Some(at.0)),
        };
        let change = GiftCardChange { enabled: input.enabled, expires_at };
        let card = Box::pin(tender::update(ctx, id, input.version.0, &change)).await;
        Ok(GiftCardPayload { gift_card: GiftCard::of(card.map_err(failure)?, ctx) })
    }

    /// Adds store credit, or takes it with an amount below zero. The second time the same key changes nothing.
    async fn store_credit_change(
        &self,
        context: &Context<'_>,
        input: StoreCreditChangeInput,
    ) -> Result<StoreCreditPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.customer_id, CustomerId::KIND)?;
        let currency = input.currency.as_deref().map_or(Ok(ctx.tenant().currency), named)?;
        let amount = decimal(&input.amount, currency)?;
        let change = CreditChange { key: &input.idempotency_key, amount, reason: &input.reason };
        let credit = Box::pin(tender::change(ctx, id, &change)).await;
        Ok(StoreCreditPayload { store_credit: StoreCredit::of(credit.map_err(failure)?, ctx) })
    }

    /// Pays the cart from a gift card as far as it goes. Every code that pays nothing gets the same answer.
    async fn cart_gift_card_add(
        &self,
        context: &Context<'_>,
        input: CartGiftCardAddInput,
    ) -> Result<CheckoutPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let who = context.data::<Authenticated>();
        let who = who.map_err(|_| failure(Error::internal("no Authenticated in the GraphQL context")))?;
        let added = tender::add_gift_card(ctx, token.as_deref(), &input.code, who.visit.client);
        Box::pin(added).await.map_err(failure)?;
        CheckoutPayload::now(ctx, token.as_deref()).await
    }

    /// Leaves a gift card alone again.
    async fn cart_gift_card_remove(
        &self,
        context: &Context<'_>,
        input: CartGiftCardRemoveInput,
    ) -> Result<CheckoutPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        let id = parse_id(&input.id, GiftCardId::KIND)?;
        Box::pin(tender::remove_gift_card(ctx, token.as_deref(), id)).await.map_err(failure)?;
        CheckoutPayload::now(ctx, token.as_deref()).await
    }

    /// Pays the cart from the caller's store credit as far as it goes, or leaves that alone again.
    async fn cart_store_credit_set(
        &self,
        context: &Context<'_>,
        input: CartStoreCreditSetInput,
    ) -> Result<CheckoutPayload> {
        let ctx = ctx_of(context)?;
        let token = cart_token(context, ctx, input.token);
        match input.wanted {
            true => Box::pin(tender::use_store_credit(ctx, token.as_deref())).await,
            false => Box::pin(tender::leave_store_credit(ctx, token.as_deref())).await,
        }
        .map_err(failure)?;
        CheckoutPayload::now(ctx, token.as_deref()).await
    }
}

/// An amount as decimal text in the shop's currency.
fn minor(text: &str, ctx: &Ctx) -> Result<i64> {
    decimal(text, ctx.tenant().currency).map(|money| money.minor)
}

fn decimal(text: &str, currency: Currency) -> Result<primitives::Money> {
    let money = primitives::Money::parse_decimal(text.trim(), currency);
    money.map_err(|error| failure(Error::invalid("amount", error.to_string())))
}

fn named(code: &str) -> Result<Currency> {
    let currency = Currency::parse(&code.trim().to_uppercase());
    currency.map_err(|error| failure(Error::invalid("currency", error.to_string())))
}

/// A gift card to issue.
#[derive(InputObject)]
pub struct GiftCardIssueInput {
    /// 1 to 255 visible ASCII characters, fresh for each card: the second time it gives the first card again.
    idempotency_key: String,
    /// Decimal text in the shop's currency.
    amount: String,
    /// The first moment at which it pays no more; left out: it pays for good.
    expires_at: Option<DateTime>,
    /// Whom its code is mailed to; empty: nobody.
    #[graphql(default)]
    recipient: String,
    /// For the staff, up to 500 characters.
    #[graphql(default)]
    note: String,
}

/// A gift card to change.
#[derive(InputObject)]
pub struct GiftCardUpdateInput {
    /// The gift card.
    id: ID,
    /// The version that was seen.
    version: Long,
    /// Whether it pays; left out: as before.
    enabled: Option<bool>,
    /// The first moment at which it pays no more; null: it pays for good; left out: as before.
    expires_at: MaybeUndefined<DateTime>,
}

/// Store credit to add or to take.
#[derive(InputObject)]
pub struct StoreCreditChangeInput {
    /// 1 to 255 visible ASCII characters, fresh for each change: the second time it changes nothing.
    idempotency_key: String,
    /// Whose.
    customer_id: ID,
    /// Decimal text; below zero takes it.
    amount: String,
    /// In which currency; the shop's own when it is left out.
    currency: Option<String>,
    /// Why, up to 500 characters; the customer sees it.
    reason: String,
}

/// A gift card for a cart.
#[derive(InputObject)]
pub struct CartGiftCardAddInput {
    /// Key of a guest's cart.
    token: Option<String>,
    /// Its code; case, blanks and dashes do not matter.
    code: String,
}

/// A gift card to take from a cart.
#[derive(InputObject)]
pub struct CartGiftCardRemoveInput {
    /// Key of a guest's cart.
    token: Option<String>,
    /// The gift card.
    id: ID,
}

/// Store credit for a cart.
#[derive(InputObject)]
pub struct CartStoreCreditSetInput {
    /// Key of the cart.
    token: Option<String>,
    /// Whether the cart is paid from it.
    wanted: bool,
}

/// How a gift card stands now.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tender::GiftCardState")]
pub enum GiftCardState {
    /// It pays.
    Active,
    /// Nothing is left on it.
    Empty,
    /// Its time is over.
    Expired,
    /// Staff has switched it off.
    Disabled,
}

/// What pays beside a payment.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tender::TenderKind")]
pub enum TenderKind {
    /// Whoever knows its code may use it.
    GiftCard,
    /// One customer's.
    StoreCredit,
}

/// What a movement was.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "tender::MovementKind")]
pub enum TenderMovementKind {
    /// A gift card was issued.
    Issue,
    /// Staff added store credit.
    Credit,
    /// Staff took store credit.
    Debit,
    /// An order was paid with it.
    Redeem,
    /// An order gave it back.
    Return,
}

/// A gift card. Its code is nowhere.
#[derive(SimpleObject, Clone)]
pub struct GiftCard {
    /// Identity.
    id: ID,
    /// The last characters of its code.
    last_four: String,
    /// How it stands now.
    state: GiftCardState,
    /// What was put on it.
    issued: Money,
    /// What is left.
    balance: Money,
    /// Whether it is switched on.
    enabled: bool,
    /// The first moment at which it pays no more.
    expires_at: Option<DateTime>,
    /// Whom it was mailed to.
    recipient: String,
    /// What staff wrote down.
    note: String,
    /// For the next change.
    version: Long,
    /// When it was issued.
    created_at: DateTime,
    /// Newest first, at most 200; empty in lists.
    movements: Vec<TenderMovement>,
}

impl GiftCard {
    fn of(card: GiftCardView, ctx: &Ctx) -> Self {
        Self {
            id: ID(card.id.to_string()),
            last_four: card.last_four,
            state: card.state.into(),
            issued: Money::of(card.issued, ctx.locale()),
            balance: Money::of(card.balance, ctx.locale()),
            enabled: card.enabled,
            expires_at: card.expires_at.map(DateTime),
            recipient: card.recipient,
            note: card.note,
            version: Long(card.version),
            created_at: DateTime(card.created_at),
            movements: card.movements.into_iter().map(|one| TenderMovement::of(one, ctx)).collect(),
        }
    }
}

connection!(GiftCardConnection, GiftCardEdge, GiftCard);

/// One movement of a gift card or of store credit.
#[derive(SimpleObject, Clone)]
pub struct TenderMovement {
    /// What it was.
    kind: TenderMovementKind,
    /// Below zero when it went out.
    amount: Money,
    /// What was there afterwards.
    balance: Money,
    /// The order that it belongs to.
    order_id: Option<ID>,
    /// Number of that order.
    order_number: Option<Long>,
    /// Why; may be empty.
    reason: String,
    /// Staff: who it was.
    user_id: Option<ID>,
    /// When.
    at: DateTime,
}

impl TenderMovement {
    fn of(one: tender::MovementView, ctx: &Ctx) -> Self {
        Self {
            kind: one.kind.into(),
            amount: Money::of(one.amount, ctx.locale()),
            balance: Money::of(one.balance, ctx.locale()),
            order_id: one.order.map(|(id, _)| ID(id.to_string())),
            order_number: one.order.map(|(_, number)| Long(number)),
            reason: one.reason,
            user_id: one.user.map(|id| ID(id.to_string())),
            at: DateTime(one.at),
        }
    }
}

/// Store credit of a customer in one currency.
#[derive(SimpleObject)]
pub struct StoreCredit {
    /// What is there.
    balance: Money,
    /// What is there in every currency that anything ever moved in, the shop's own first.
    balances: Vec<Money>,
    /// Whether the customer has an account to use it with.
    usable: bool,
    /// Newest first, at most 200.
    movements: Vec<TenderMovement>,
}

impl StoreCredit {
    fn of(credit: StoreCreditView, ctx: &Ctx) -> Self {
        Self {
            balance: Money::of(credit.balance, ctx.locale()),
            balances: credit.balances.into_iter().map(|one| Money::of(one, ctx.locale())).collect(),
            usable: credit.usable,
            movements: credit.movements.into_iter().map(|one| TenderMovement::of(one, ctx)).collect(),
        }
    }
}

/// Something that a cart is paid from.
#[derive(SimpleObject)]
pub struct CheckoutTender {
    /// The gift card; left out for store credit.
    id: Option<ID>,
    /// Which of the two it is.
    kind: TenderKind,
    /// How shoppers know it.
    name: String,
    /// What is on it; zero when it cannot be used now.
    balance: Money,
    /// What it pays of this cart.
    amount: Money,
    /// Why it pays nothing although it was chosen.
    problem: Option<String>,
}

impl CheckoutTender {
    pub(super) fn of(one: tender::TenderChoice, ctx: &Ctx) -> Self {
        Self {
            id: one.id.map(|id| ID(id.to_string())),
            kind: one.kind.into(),
            name: one.name,
            balance: Money::of(one.balance, ctx.locale()),
            amount: Money::of(one.amount, ctx.locale()),
            problem: one.problem,
        }
    }
}

/// What an order took from a gift card or from store credit.
#[derive(SimpleObject)]
pub struct OrderTender {
    /// The gift card; left out for store credit.
    gift_card_id: Option<ID>,
    /// Which of the two it is.
    kind: TenderKind,
    /// How shoppers know it.
    name: String,
    /// What it paid.
    amount: Money,
    /// What of that was given back, to it or elsewhere.
    returned: Money,
}

impl OrderTender {
    pub(super) fn of(one: tender::OrderTenderView, ctx: &Ctx) -> Self {
        Self {
            gift_card_id: one.id.map(|id| ID(id.to_string())),
            kind: one.kind.into(),
            name: one.name,
            amount: Money::of(one.amount, ctx.locale()),
            returned: Money::of(one.returned, ctx.locale()),
        }
    }
}

/// A gift card a moment after it was issued.
#[derive(SimpleObject)]
pub struct GiftCardIssuePayload {
    /// The card.
    gift_card: GiftCard,
    /// Its code, in the first answer and never again.
    code: Option<String>,
}

/// A gift card after a change.
#[derive(SimpleObject)]
pub struct GiftCardPayload {
    /// With its new version.
    gift_card: GiftCard,
}

/// Store credit after a change.
#[derive(SimpleObject)]
pub struct StoreCreditPayload {
    /// With the new movement.
    store_credit: StoreCredit,
}

/// A checkout after a change of what pays.
#[derive(SimpleObject)]
pub struct CheckoutPayload {
    /// For the shop's first country and delivery.
    checkout: Checkout,
}

impl CheckoutPayload {
    async fn now(ctx: &Ctx, token: Option<&str>) -> Result<Self> {
        let view = Box::pin(checkout::view(ctx, token, Wish::default())).await.map_err(failure)?;
        Ok(Self { checkout: Checkout::of(view, ctx) })
    }
}
