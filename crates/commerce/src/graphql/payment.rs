//! What staff does with payments.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use primitives::Permission;

use super::input::target;
use super::staff::OrderPayload;
use super::{connection, nodes, page_args};
use crate::payment::{dispute, provider, reconcile};
use crate::{order, view};

/// What becomes of payments, for staff.
#[derive(Default)]
pub struct PaymentsQuery;

#[Object]
impl PaymentsQuery {
    /// The providers of payments that the shop has keys at.
    async fn payment_providers(&self, context: &Context<'_>) -> Result<Vec<PaymentProvider>> {
        let list = provider::list(ctx_of(context)?).await.map_err(failure)?;
        Ok(list.into_iter().map(PaymentProvider::from).collect())
    }

    /// Money that customers' banks want back, the newest dispute first; `open`: those alone that wait for an end.
    #[graphql(complexity = "5 + nodes(first, last) * child_complexity")]
    async fn payment_disputes(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        #[graphql(default)] open: bool,
    ) -> Result<DisputeConnection> {
        let ctx = ctx_of(context)?;
        let page = page_args(first, after, last, before)?;
        let page = dispute::list(ctx, open, &page).await.map_err(failure)?;
        Ok(DisputeConnection::of(page, |one| Dispute::of(one, ctx)))
    }

    /// Payments of which the gateway says something else than we do, those that were compared last first.
    #[graphql(complexity = "5 + nodes(first, last) * child_complexity")]
    async fn payment_discrepancies(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<PaymentDiscrepancyConnection> {
        let ctx = ctx_of(context)?;
        let page = page_args(first, after, last, before)?;
        let page = reconcile::discrepancies(ctx, &page).await.map_err(failure)?;
        Ok(PaymentDiscrepancyConnection::of(page, |one| PaymentDiscrepancy::of(one, ctx)))
    }
}

/// A payment of which the gateway says something else than we do.
#[derive(SimpleObject, Clone)]
pub struct PaymentDiscrepancy {
    /// The payment.
    payment_id: ID,
    /// The order.
    order_id: ID,
    /// Its number.
    order_number: Long,
    /// How it is paid.
    provider: String,
    /// Taken by our books.
    captured: Money,
    /// Given back through the gateway by our books.
    refunded: Money,
    /// Taken by the gateway's.
    gateway_captured: Money,
    /// Given back by the gateway's.
    gateway_refunded: Money,
    /// When they were compared.
    checked_at: DateTime,
}

impl PaymentDiscrepancy {
    fn of(one: view::DiscrepancyView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            payment_id: ID(one.payment.to_string()),
            order_id: ID(one.order.to_string()),
            order_number: Long(one.order_number),
            provider: one.provider,
            captured: money(one.captured),
            refunded: money(one.refunded),
            gateway_captured: money(one.gateway_captured),
            gateway_refunded: money(one.gateway_refunded),
            checked_at: DateTime(one.checked_at),
        }
    }
}

connection!(PaymentDiscrepancyConnection, PaymentDiscrepancyEdge, PaymentDiscrepancy);

/// Where a dispute stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "dispute::DisputeState")]
pub enum DisputeState {
    /// Waits for an answer.
    Open,
    /// The money stays here.
    Won,
    /// The money is gone.
    Lost,
}

/// Money that a customer's bank wants back.
#[derive(SimpleObject, Clone)]
pub struct Dispute {
    /// Identity.
    id: ID,
    /// The order.
    order_id: ID,
    /// Its number.
    order_number: Long,
    /// What the gateway calls it.
    gateway_id: String,
    /// Where it stands.
    state: DisputeState,
    /// How much.
    amount: Money,
    /// Why, as the gateway says it; may be empty.
    reason: String,
    /// When the gateway told of it first.
    opened_at: DateTime,
    /// When it ended.
    closed_at: Option<DateTime>,
}

impl Dispute {
    pub(super) fn of(one: view::DisputeView, ctx: &Ctx) -> Self {
        Self {
            id: ID(one.id.to_string()),
            order_id: ID(one.order.to_string()),
            order_number: Long(one.order_number),
            gateway_id: one.gateway_id,
            state: one.state.into(),
            amount: Money::of(one.amount, ctx.locale()),
            reason: one.reason,
            opened_at: DateTime(one.opened_at),
            closed_at: one.closed_at.map(DateTime),
        }
    }
}

connection!(DisputeConnection, DisputeEdge, Dispute);

/// Taking and letting go what gateways have promised, for staff.
#[derive(Default)]
pub struct PaymentsMutation;

#[Object]
impl PaymentsMutation {
    /// Keeps the shop's keys at Stripe, over those that are there. They are sealed, and never shown again.
    async fn payment_provider_set(
        &self,
        context: &Context<'_>,
        input: PaymentProviderSetInput,
    ) -> Result<PaymentProviderPayload> {
        let set = provider::set(ctx_of(context)?, &input.secret_key, &input.webhook_secret).await;
        Ok(PaymentProviderPayload { provider: Some(set.map_err(failure)?.into()) })
    }

    /// Forgets the shop's keys at Stripe. Payments that are under way cannot be settled until they are back.
    async fn payment_provider_remove(&self, context: &Context<'_>) -> Result<PaymentProviderPayload> {
        provider::remove(ctx_of(context)?).await.map_err(failure)?;
        Ok(PaymentProviderPayload { provider: None })
    }

    /// Takes what the gateway has promised, or a part of it.
    async fn order_capture(&self, context: &Context<'_>, input: OrderCaptureInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target(&input.id, input.version)?;
        let amount = match &input.amount {
            Some(text) => {
                let amount = order::amount(ctx, Permission::PAYMENTS_UPDATE, at.id, text).await;
                Some(amount.map_err(failure)?)
            }
            None => None,
        };
        let capture = order::Capture { amount, key: &input.idempotency_key };
        Ok(OrderPayload::of(Box::pin(order::capture(ctx, at, capture)).await.map_err(failure)?, ctx))
    }

    /// Asks the gateway now what became of the payment of an order, and compares what it has of it.
    async fn payment_check(&self, context: &Context<'_>, input: PaymentCheckInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, "order")?;
        Ok(OrderPayload::of(Box::pin(reconcile::check(ctx, id)).await.map_err(failure)?, ctx))
    }

    /// Forgoes what was not taken: the order counts as paid with what is here.
    async fn order_release(&self, context: &Context<'_>, input: OrderReleaseInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target(&input.id, input.version)?;
        Ok(OrderPayload::of(Box::pin(order::release(ctx, at, &input.reason)).await.map_err(failure)?, ctx))
    }
}

/// A provider of payments that the shop has keys at.
#[derive(SimpleObject)]
pub struct PaymentProvider {
    /// `stripe`.
    provider: String,
    /// The last four characters of its key.
    key_hint: String,
    /// Whether the keys can be opened; else write them again.
    usable: bool,
    /// The address to enter as an endpoint for events at the provider.
    webhook_address: String,
    /// When they were written.
    updated_at: DateTime,
}

impl From<provider::ProviderView> for PaymentProvider {
    fn from(view: provider::ProviderView) -> Self {
        let provider::ProviderView { provider, key_hint, usable, webhook_address, updated_at } = view;
        Self { provider, key_hint, usable, webhook_address, updated_at: DateTime(updated_at) }
    }
}

/// The shop's keys at Stripe.
#[derive(InputObject)]
pub struct PaymentProviderSetInput {
    /// A secret or restricted key: `sk_…`, `rk_…`.
    pub secret_key: String,
    /// The signing secret of the endpoint for events: `whsec_…`.
    pub webhook_secret: String,
}

/// A provider after a change.
#[derive(SimpleObject)]
pub struct PaymentProviderPayload {
    /// The provider; nothing when its keys are gone.
    provider: Option<PaymentProvider>,
}

/// An order whose payment is to be looked at.
#[derive(InputObject)]
pub struct PaymentCheckInput {
    /// The order.
    pub id: ID,
}

/// Money to take.
#[derive(InputObject)]
pub struct OrderCaptureInput {
    /// The order.
    pub id: ID,
    /// The version that was seen.
    pub version: Option<Long>,
    /// Decimal text in the order's currency; left out: all that is promised.
    pub amount: Option<String>,
    /// 1 to 255 visible ASCII characters, fresh for each capture: the second time nothing is taken again.
    pub idempotency_key: String,
}

/// What is not taken.
#[derive(InputObject)]
pub struct OrderReleaseInput {
    /// The order.
    pub id: ID,
    /// The version that was seen.
    pub version: Option<Long>,
    /// Why, up to 500 characters.
    pub reason: String,
}
