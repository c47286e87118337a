//! What this module announces. The wire form of each event is pinned by a test.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::{
    CartId, CustomerId, DisputeId, DraftOrderId, FulfilmentId, GiftCardId, OrderId, PaymentId, PriceListId,
    ProductId, PromotionId, ReturnId, ReviewId,
};
use serde::{Deserialize, Serialize};

use crate::payment::dispute::DisputeState;
use crate::returns::ReturnState;

/// Something that happened while buying. Amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the field names are the documentation of the wire form")]
pub enum CommerceEvent {
    /// `cart.created`
    CartCreated { cart_id: CartId },
    /// `cart.updated`
    CartUpdated { cart_id: CartId, n_items: i64 },
    /// `cart.abandoned`
    CartAbandoned { cart_id: CartId, idle_ms: i64 },
    /// `order.placed`
    OrderPlaced {
        order_id: OrderId,
        number: i64,
        cart_id: CartId,
        customer_id: CustomerId,
        total: i64,
        currency: String,
    },
    /// `order.paid`
    OrderPaid { order_id: OrderId, amount: i64, currency: String },
    /// `order.shipped`
    OrderShipped { order_id: OrderId, fulfilment_id: FulfilmentId },
    /// `order.delivered`
    OrderDelivered { order_id: OrderId, fulfilment_id: Option<FulfilmentId> },
    /// `order.completed`: all of it is paid and has arrived; what comes back later does not change that.
    OrderCompleted { order_id: OrderId, total: i64, currency: String },
    /// `order.cancelled`
    OrderCancelled { order_id: OrderId, reason: String },
    /// `order.refunded`: all that was received went back.
    OrderRefunded { order_id: OrderId, amount: i64, currency: String, reason: String },
    /// `order.note_added`
    OrderNoteAdded { order_id: OrderId, note_id: uuid::Uuid },
    /// `order.edited`: its place on the attention list.
    OrderEdited { order_id: OrderId, attention: Option<String> },
    /// `order.edited`, too: staff has changed what it is about. `refund` goes back, `due` is to be paid still, `received`
    /// came in with it.
    OrderChanged {
        order_id: OrderId,
        edit_id: uuid::Uuid,
        total_before: i64,
        total: i64,
        refund: i64,
        due: i64,
        received: i64,
        currency: String,
        reason: String,
    },
    /// `order.tagged`: how many tags it has now. Which, the order says: they may name a person, and events stay.
    OrderTagged { order_id: OrderId, n_tags: i64 },
    /// `order.drafted`: staff wrote it for the customer.
    OrderDrafted { order_id: OrderId, draft_id: DraftOrderId },
    /// `order.exchanged`: pieces of it came back, and paid `amount` of another order. `number` counts its returns.
    OrderExchanged {
        order_id: OrderId,
        return_id: ReturnId,
        number: i64,
        into_order_id: OrderId,
        into_number: i64,
        amount: i64,
        currency: String,
    },
    /// `order.in_exchange`: it was placed for what came back of another order, which paid `amount` of it.
    OrderInExchange {
        order_id: OrderId,
        return_id: ReturnId,
        number: i64,
        from_order_id: OrderId,
        from_number: i64,
        amount: i64,
        currency: String,
    },
    /// `payment.authorised`
    PaymentAuthorised { payment_id: PaymentId, order_id: OrderId, amount: i64, currency: String },
    /// `payment.captured`
    PaymentCaptured { payment_id: PaymentId, order_id: OrderId, amount: i64, currency: String },
    /// `payment.failed`
    PaymentFailed { payment_id: PaymentId, order_id: OrderId, step: String, reason: String },
    /// `payment.refunded`
    PaymentRefunded {
        payment_id: PaymentId,
        order_id: OrderId,
        amount: i64,
        currency: String,
        reason: String,
    },
    /// `payment.released`: the shop forgoes what was not taken.
    PaymentReleased {
        payment_id: PaymentId,
        order_id: OrderId,
        amount: i64,
        currency: String,
        reason: String,
    },
    /// `payment.disputed`: the customer's bank wants it back; `taken_back` of it counts as given back now.
    PaymentDisputed {
        payment_id: PaymentId,
        order_id: OrderId,
        dispute_id: DisputeId,
        state: DisputeState,
        amount: i64,
        taken_back: i64,
        currency: String,
        reason: String,
    },
    /// `fulfilment.created`
    FulfilmentCreated { fulfilment_id: FulfilmentId, order_id: OrderId, n_items: i64 },
    /// `fulfilment.shipped`; with the last one nothing of the order is left to send.
    FulfilmentShipped { fulfilment_id: FulfilmentId, order_id: OrderId, carrier: String, last: bool },
    /// `fulfilment.delivered`; with the last one all of the order has arrived.
    FulfilmentDelivered { fulfilment_id: FulfilmentId, order_id: OrderId, last: bool },
    /// `fulfilment.updated`: how it can be followed.
    FulfilmentUpdated { fulfilment_id: FulfilmentId, order_id: OrderId, carrier: String },
    /// `return.requested`, `.approved`, `.declined`, `.withdrawn`, `.received`, `.refunded`, `.closed`; `number` counts the
    /// returns of the order.
    ReturnMoved { return_id: ReturnId, order_id: OrderId, number: i64, state: ReturnState },
    /// `customer.created`
    CustomerCreated { customer_id: CustomerId },
    /// `customer.updated`: groups, taxes, contact, addresses or consents.
    CustomerUpdated { customer_id: CustomerId },
    /// `customer.erased`: nothing says any more who it was. Whoever keeps something about the customer forgets it now.
    CustomerErased { customer_id: CustomerId },
    /// `promotion.created`
    PromotionCreated { promotion_id: PromotionId },
    /// `promotion.updated`, also when it was deleted.
    PromotionUpdated { promotion_id: PromotionId },
    /// `price_list.created`
    PriceListCreated { price_list_id: PriceListId },
    /// `price_list.updated`: it, or prices in it; also when it was archived.
    PriceListUpdated { price_list_id: PriceListId },
    /// `review.created`
    ReviewCreated { review_id: ReviewId, product_id: ProductId },
    /// `review.updated`: its author wrote it anew.
    ReviewUpdated { review_id: ReviewId, product_id: ProductId },
    /// `review.moderated`: it is `published` or `rejected` now.
    ReviewModerated { review_id: ReviewId, product_id: ProductId, state: String },
    /// `review.answered`, also when the answer was taken away.
    ReviewAnswered { review_id: ReviewId, product_id: ProductId },
    /// `review.deleted`
    ReviewDeleted { review_id: ReviewId, product_id: ProductId },
    /// `gift_card.issued`
    GiftCardIssued { gift_card_id: GiftCardId, amount: i64, currency: String },
    /// `gift_card.updated`: switched on or off.
    GiftCardUpdated { gift_card_id: GiftCardId, enabled: bool },
    /// `gift_card.redeemed`: an order was paid with it.
    GiftCardRedeemed { gift_card_id: GiftCardId, order_id: OrderId, amount: i64, currency: String },
    /// `gift_card.returned`: an order gave it back.
    GiftCardReturned {
        gift_card_id: GiftCardId,
        order_id: OrderId,
        amount: i64,
        currency: String,
        reason: String,
    },
    /// `store_credit.updated`: staff has added it, or taken it with an amount below zero.
    StoreCreditUpdated { account_id: uuid::Uuid, customer_id: CustomerId, amount: i64, currency: String },
    /// `store_credit.redeemed`: an order was paid with it.
    StoreCreditRedeemed { account_id: uuid::Uuid, order_id: OrderId, amount: i64, currency: String },
    /// `store_credit.returned`: an order gave it back, or its refund went there.
    StoreCreditReturned {
        account_id: uuid::Uuid,
        order_id: OrderId,
        amount: i64,
        currency: String,
        reason: String,
    },
}

impl DomainEvent for CommerceEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::CartCreated { .. } => "cart.created",
            Self::CartUpdated { .. } => "cart.updated",
            Self::CartAbandoned { .. } => "cart.abandoned",
            Self::OrderPlaced { .. } => "order.placed",
            Self::OrderPaid { .. } => "order.paid",
            Self::OrderShipped { .. } => "order.shipped",
            Self::OrderDelivered { .. } => "order.delivered",
            Self::OrderCompleted { .. } => "order.completed",
            Self::OrderCancelled { .. } => "order.cancelled",
            Self::OrderRefunded { .. } => "order.refunded",
            Self::OrderNoteAdded { .. } => "order.note_added",
            Self::OrderEdited { .. } | Self::OrderChanged { .. } => "order.edited",
            Self::OrderTagged { .. } => "order.tagged",
            Self::OrderDrafted { .. } => "order.drafted",
            Self::OrderExchanged { .. } => "order.exchanged",
            Self::OrderInExchange { .. } => "order.in_exchange",
            Self::PaymentAuthorised { .. } => "payment.authorised",
            Self::PaymentCaptured { .. } => "payment.captured",
            Self::PaymentFailed { .. } => "payment.failed",
            Self::PaymentRefunded { .. } => "payment.refunded",
            Self::PaymentReleased { .. } => "payment.released",
            Self::PaymentDisputed { .. } => "payment.disputed",
            Self::FulfilmentCreated { .. } => "fulfilment.created",
            Self::FulfilmentShipped { .. } => "fulfilment.shipped",
            Self::FulfilmentDelivered { .. } => "fulfilment.delivered",
            Self::FulfilmentUpdated { .. } => "fulfilment.updated",
            Self::ReturnMoved { state, .. } => match state {
                ReturnState::Requested => "return.requested",
                ReturnState::Approved => "return.approved",
                ReturnState::Declined => "return.declined",
                ReturnState::Withdrawn => "return.withdrawn",
                ReturnState::Received => "return.received",
                ReturnState::Refunded => "return.refunded",
                ReturnState::Closed => "return.closed",
            },
            Self::CustomerCreated { .. } => "customer.created",
            Self::CustomerUpdated { .. } => "customer.updated",
            Self::CustomerErased { .. } => "customer.erased",
            Self::PromotionCreated { .. } => "promotion.created",
            Self::PromotionUpdated { .. } => "promotion.updated",
            Self::PriceListCreated { .. } => "price_list.created",
            Self::PriceListUpdated { .. } => "price_list.updated",
            Self::ReviewCreated { .. } => "review.created",
            Self::ReviewUpdated { .. } => "review.updated",
            Self::ReviewModerated { .. } => "review.moderated",
            Self::ReviewAnswered { .. } => "review.answered",
            Self::ReviewDeleted { .. } => "review.deleted",
            Self::GiftCardIssued { .. } => "gift_card.issued",
            Self::GiftCardUpdated { .. } => "gift_card.updated",
            Self::GiftCardRedeemed { .. } => "gift_card.redeemed",
            Self::GiftCardReturned { .. } => "gift_card.returned",
            Self::StoreCreditUpdated { .. } => "store_credit.updated",
            Self::StoreCreditRedeemed { .. } => "store_credit.redeemed",
            Self::StoreCreditReturned { .. } => "store_credit.returned",
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::CartCreated { cart_id }
            | Self::CartUpdated { cart_id, .. }
            | Self::CartAbandoned { cart_id, .. } => Aggregate::new("cart", *cart_id),
            Self::OrderPlaced { order_id, .. }
            | Self::OrderPaid { order_id, .. }
            | Self::OrderShipped { order_id, .. }
            | Self::OrderDelivered { order_id, .. }
            | Self::OrderCompleted { order_id, .. }
            | Self::OrderCancelled { order_id, .. }
            | Self::OrderRefunded { order_id, .. }
            | Self::OrderNoteAdded { order_id, .. }
            | Self::OrderEdited { order_id, .. }
            | Self::OrderDrafted { order_id, .. }
            | Self::OrderExchanged { order_id, .. }
            | Self::OrderInExchange { order_id, .. }
            | Self::OrderChanged { order_id, .. }
            | Self::OrderTagged { order_id, .. } => Aggregate::new("order", *order_id),
            Self::PaymentAuthorised { payment_id, .. }
            | Self::PaymentCaptured { payment_id, .. }
            | Self::PaymentFailed { payment_id, .. }
            | Self::PaymentRefunded { payment_id, .. }
            | Self::PaymentReleased { payment_id, .. }
            | Self::PaymentDisputed { payment_id, .. } => Aggregate::new("payment", *payment_id),
            Self::FulfilmentCreated { fulfilment_id, .. }
            | Self::FulfilmentShipped { fulfilment_id, .. }
            | Self::FulfilmentDelivered { fulfilment_id, .. }
            | Self::FulfilmentUpdated { fulfilment_id, .. } => Aggregate::new("fulfilment", *fulfilment_id),
            Self::ReturnMoved { return_id, .. } => Aggregate::new("return", *return_id),
            Self::CustomerCreated { customer_id }
            | Self::CustomerUpdated { customer_id }
            | Self::CustomerErased { customer_id } => Aggregate::new("customer", *customer_id),
            Self::PromotionCreated { promotion_id } | Self::PromotionUpdated { promotion_id } => {
                Aggregate::new("promotion", *promotion_id)
            }
            Self::PriceListCreated { price_list_id } | Self::PriceListUpdated { price_list_id } => {
                Aggregate::new("price_list", *price_list_id)
            }
            Self::ReviewCreated { review_id, .. }
            | Self::ReviewUpdated { review_id, .. }
            | Self::ReviewModerated { review_id, .. }
            | Self::ReviewAnswered { review_id, .. }
            | Self::ReviewDeleted { review_id, .. } => Aggregate::new("review", *review_id),
            Self::GiftCardIssued { gift_card_id, .. }
            | Self::GiftCardUpdated { gift_card_id, .. }
            | Self::GiftCardRedeemed { gift_card_id, .. }
            | Self::GiftCardReturned { gift_card_id, .. } => Aggregate::new("gift_card", *gift_card_id),
            Self::StoreCreditUpdated { account_id, .. }
            | Self::StoreCreditRedeemed { account_id, .. }
            | Self::StoreCreditReturned { account_id, .. } => Aggregate::new("store_credit", *account_id),
        }
    }

    fn is_audited(&self) -> bool {
        !matches!(self, Self::CartCreated { .. } | Self::CartUpdated { .. } | Self::CartAbandoned { .. })
    }

    fn validate(&self) -> Result<(), EventError> {
        match self {
            Self::CartUpdated { n_items, .. } => validate::not_negative("n_items", *n_items),
            Self::OrderPlaced { cart_id, customer_id, total, currency, .. } => {
                validate::id("cart_id", *cart_id)?;
                validate::id("customer_id", *customer_id)?;
                money("total", *total, currency)
            }
            Self::OrderPaid { amount, currency, .. } => money("amount", *amount, currency),
            Self::OrderCancelled { reason, .. } => validate::reason("reason", reason),
            Self::OrderRefunded { amount, currency, reason, .. } => {
                validate::reason("reason", reason)?;
                money("amount", *amount, currency)
            }
            Self::OrderEdited { attention: Some(attention), .. } => validate::reason("attention", attention),
            Self::OrderChanged {
                edit_id,
                total_before,
                total,
                refund,
                due,
                received,
                currency,
                reason,
                ..
            } => {
                validate::id("edit_id", *edit_id)?;
                validate::reason("reason", reason)?;
                for (field, amount) in
                    [("total_before", total_before), ("refund", refund), ("due", due), ("received", received)]
                {
                    validate::not_negative(field, *amount)?;
                }
                money("total", *total, currency)
            }
            Self::OrderCompleted { total, currency, .. } => money("total", *total, currency),
            Self::OrderTagged { n_tags, .. } => validate::not_negative("n_tags", *n_tags),
            Self::PaymentAuthorised { order_id, amount, currency, .. }
            | Self::PaymentCaptured { order_id, amount, currency, .. } => {
                validate::id("order_id", *order_id)?;
                money("amount", *amount, currency)
            }
            Self::GiftCardIssued { amount, currency, .. } => money("amount", *amount, currency),
            Self::StoreCreditUpdated { currency, .. } => validate::currency("currency", currency),
            Self::GiftCardRedeemed { order_id, amount, currency, .. }
            | Self::OrderExchanged { order_id, amount, currency, .. }
            | Self::OrderInExchange { order_id, amount, currency, .. }
            | Self::StoreCreditRedeemed { order_id, amount, currency, .. } => {
                validate::id("order_id", *order_id)?;
                money("amount", *amount, currency)
            }
            Self::GiftCardReturned { order_id, amount, currency, reason, .. }
            | Self::StoreCreditReturned { order_id, amount, currency, reason, .. }
            | Self::PaymentReleased { order_id, amount, currency, reason, .. }
            | Self::PaymentDisputed { order_id, amount, currency, reason, .. }
            | Self::PaymentRefunded { order_id, amount, currency, reason, .. } => {
                validate::id("order_id", *order_id)?;
                validate::reason("reason", reason)?;
                money("amount", *amount, currency)
            }
            Self::PaymentFailed { order_id, step, reason, .. } => {
                validate::id("order_id", *order_id)?;
                validate::kind("step", step)?;
                validate::reason("reason", reason)
            }
            Self::FulfilmentCreated { order_id, n_items, .. } => {
                validate::id("order_id", *order_id)?;
                validate::not_negative("n_items", *n_items)
            }
            Self::FulfilmentShipped { order_id, .. }
            | Self::FulfilmentDelivered { order_id, .. }
            | Self::FulfilmentUpdated { order_id, .. }
            | Self::ReturnMoved { order_id, .. } => validate::id("order_id", *order_id),
            _ => Ok(()),
        }
    }
}

fn money(field: &'static str, amount: i64, currency: &str) -> Result<(), EventError> {
    validate::not_negative(field, amount)?;
    validate::currency("currency", currency)
}

/// What readers of our events need of any payload.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Touched {
    /// The order, in every event of an order, a payment and a fulfilment.
    pub order_id: Option<OrderId>,
    /// The review, in every event of one.
    pub review_id: Option<ReviewId>,
    /// The edit, in the event that tells of one.
    pub edit_id: Option<uuid::Uuid>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_negative_totals_and_long_reasons() {
        let (order_id, payment_id) = (OrderId::new(), PaymentId::new());
        let captured =
            |amount| CommerceEvent::PaymentCaptured { payment_id, order_id, amount, currency: "EUR".into() };
        assert_eq!(captured(1).validate(), Ok(()));
        assert!(captured(-1).validate().is_err());
        let cancelled = |n| CommerceEvent::OrderCancelled { order_id, reason: "x".repeat(n) }.validate();
        assert_eq!(cancelled(500), Ok(()));
        assert!(cancelled(501).is_err());
    }

    #[test]
    fn the_wire_form_stays_as_it_is() {
        let id = |n: u128| uuid::Uuid::from_u128(n);
        let (order_id, payment_id) = (OrderId::from_uuid(id(1)), PaymentId::from_uuid(id(2)));
        let (cart_id, customer_id) = (CartId::from_uuid(id(3)), CustomerId::from_uuid(id(4)));
        let fulfilment_id = FulfilmentId::from_uuid(id(5));
        let (currency, reason) = (|| "EUR".to_owned(), || "why".to_owned());
        let (o, p, c, f) = (
            r#""order_id":"00000000-0000-0000-0000-000000000001""#,
            r#""payment_id":"00000000-0000-0000-0000-000000000002""#,
            r#""cart_id":"00000000-0000-0000-0000-000000000003""#,
            r#""fulfilment_id":"00000000-0000-0000-0000-000000000005""#,
        );
        let (gift_card_id, account_id) = (GiftCardId::from_uuid(id(7)), id(8));
        let g = r#""gift_card_id":"00000000-0000-0000-0000-000000000007""#;
        let a = r#""account_id":"00000000-0000-0000-0000-000000000008""#;
        let d = r#""customer_id":"00000000-0000-0000-0000-000000000004""#;
        let (review_id, product_id) = (ReviewId::from_uuid(id(7)), ProductId::from_uuid(id(8)));
        let r = r#""review_id":"00000000-0000-0000-0000-000000000007","product_id":"00000000-0000-0000-0000-000000000008""#;
        let price_list_id = PriceListId::from_uuid(id(9));
        let l = r#""price_list_id":"00000000-0000-0000-0000-000000000009""#;
        let money = r#""amount":5,"currency":"EUR""#;
        let why = r#""reason":"why""#;
        use CommerceEvent::*;
        let pinned = [
            (CartCreated { cart_id }, "cart.created", format!("{{{c}}}")),
            (CartUpdated { cart_id, n_items: 5 }, "cart.updated", format!(r#"{{{c},"n_items":5}}"#)),
            (CartAbandoned { cart_id, idle_ms: 5 }, "cart.abandoned", format!(r#"{{{c},"idle_ms":5}}"#)),
            (
                OrderPlaced { order_id, number: 5, cart_id, customer_id, total: 5, currency: currency() },
                "order.placed",
                format!(r#"{{{o},"number":5,{c},{d},"total":5,"currency":"EUR"}}"#),
            ),
            (
                OrderPaid { order_id, amount: 5, currency: currency() },
                "order.paid",
                format!("{{{o},{money}}}"),
            ),
            (OrderShipped { order_id, fulfilment_id }, "order.shipped", format!("{{{o},{f}}}")),
            (
                OrderDelivered { order_id, fulfilment_id: Some(fulfilment_id) },
                "order.delivered",
                format!("{{{o},{f}}}"),
            ),
            (
                OrderCompleted { order_id, total: 5, currency: currency() },
                "order.completed",
                format!(r#"{{{o},"total":5,"currency":"EUR"}}"#),
            ),
            (OrderCancelled { order_id, reason: reason() }, "order.cancelled", format!("{{{o},{why}}}")),
            (
                OrderRefunded { order_id, amount: 5, currency: currency(), reason: reason() },
                "order.refunded",
                format!("{{{o},{money},{why}}}"),
            ),
            (
                OrderNoteAdded { order_id, note_id: id(6) },
                "order.note_added",
                format!(r#"{{{o},"note_id":"00000000-0000-0000-0000-000000000006"}}"#),
            ),
            (
                OrderEdited { order_id, attention: None },
                "order.edited",
                format!(r#"{{{o},"attention":null}}"#),
            ),
            (
                OrderDrafted { order_id, draft_id: DraftOrderId::from_uuid(id(7)) },
                "order.drafted",
                format!(r#"{{{o},"draft_id":"{}"}}"#, id(7)),
            ),
            (
                OrderExchanged {
                    order_id,
                    return_id: ReturnId::from_uuid(id(7)),
                    number: 1,
                    into_order_id: OrderId::from_uuid(id(8)),
                    into_number: 2,
                    amount: 5,
                    currency: currency(),
                },
                "order.exchanged",
                format!(
                    r#"{{{o},"return_id":"{}","number":1,"into_order_id":"{}","into_number":2,{money}}}"#,
                    id(7),
                    id(8)
                ),
            ),
            (
                OrderInExchange {
                    order_id,
                    return_id: ReturnId::from_uuid(id(7)),
                    number: 1,
                    from_order_id: OrderId::from_uuid(id(8)),
                    from_number: 2,
                    amount: 5,
                    currency: currency(),
                },
                "order.in_exchange",
                format!(
                    r#"{{{o},"return_id":"{}","number":1,"from_order_id":"{}","from_number":2,{money}}}"#,
                    id(7),
                    id(8)
                ),
            ),
            (OrderTagged { order_id, n_tags: 5 }, "order.tagged", format!(r#"{{{o},"n_tags":5}}"#)),
            (
                OrderChanged {
                    order_id,
                    edit_id: id(6),
                    total_before: 9,
                    total: 5,
                    refund: 4,
                    due: 0,
                    received: 0,
                    currency: currency(),
                    reason: reason(),
                },
                "order.edited",
                format!(
                    r#"{{{o},"edit_id":"00000000-0000-0000-0000-000000000006","total_before":9,"total":5,"refund":4,"due":0,"received":0,"currency":"EUR",{why}}}"#
                ),
            ),
            (
                PaymentAuthorised { payment_id, order_id, amount: 5, currency: currency() },
                "payment.authorised",
                format!("{{{p},{o},{money}}}"),
            ),
            (
                PaymentCaptured { payment_id, order_id, amount: 5, currency: currency() },
                "payment.captured",
                format!("{{{p},{o},{money}}}"),
            ),
            (
                PaymentFailed { payment_id, order_id, step: "capture".into(), reason: reason() },
                "payment.failed",
                format!(r#"{{{p},{o},"step":"capture",{why}}}"#),
            ),
            (
                PaymentRefunded { payment_id, order_id, amount: 5, currency: currency(), reason: reason() },
                "payment.refunded",
                format!("{{{p},{o},{money},{why}}}"),
            ),
            (
                FulfilmentCreated { fulfilment_id, order_id, n_items: 5 },
                "fulfilment.created",
                format!(r#"{{{f},{o},"n_items":5}}"#),
            ),
            (
                FulfilmentShipped { fulfilment_id, order_id, carrier: "DHL".into(), last: true },
                "fulfilment.shipped",
                format!(r#"{{{f},{o},"carrier":"DHL","last":true}}"#),
            ),
            (
                FulfilmentDelivered { fulfilment_id, order_id, last: false },
                "fulfilment.delivered",
                format!(r#"{{{f},{o},"last":false}}"#),
            ),
            (
                FulfilmentUpdated { fulfilment_id, order_id, carrier: "DHL".into() },
                "fulfilment.updated",
                format!(r#"{{{f},{o},"carrier":"DHL"}}"#),
            ),
            (
                ReturnMoved {
                    return_id: ReturnId::from_uuid(id(7)),
                    order_id,
                    number: 2,
                    state: ReturnState::Approved,
                },
                "return.approved",
                format!(
                    r#"{{"return_id":"00000000-0000-0000-0000-000000000007",{o},"number":2,"state":"approved"}}"#
                ),
            ),
            (CustomerCreated { customer_id }, "customer.created", format!("{{{d}}}")),
            (ReviewCreated { review_id, product_id }, "review.created", format!("{{{r}}}")),
            (ReviewUpdated { review_id, product_id }, "review.updated", format!("{{{r}}}")),
            (
                ReviewModerated { review_id, product_id, state: "published".into() },
                "review.moderated",
                format!(r#"{{{r},"state":"published"}}"#),
            ),
            (ReviewAnswered { review_id, product_id }, "review.answered", format!("{{{r}}}")),
            (ReviewDeleted { review_id, product_id }, "review.deleted", format!("{{{r}}}")),
            (CustomerUpdated { customer_id }, "customer.updated", format!("{{{d}}}")),
            (CustomerErased { customer_id }, "customer.erased", format!("{{{d}}}")),
            (
                GiftCardIssued { gift_card_id, amount: 5, currency: currency() },
                "gift_card.issued",
                format!("{{{g},{money}}}"),
            ),
            (
                GiftCardUpdated { gift_card_id, enabled: false },
                "gift_card.updated",
                format!(r#"{{{g},"enabled":false}}"#),
            ),
            (
                GiftCardRedeemed { gift_card_id, order_id, amount: 5, currency: currency() },
                "gift_card.redeemed",
                format!("{{{g},{o},{money}}}"),
            ),
            (
                GiftCardReturned {
                    gift_card_id,
                    order_id,
                    amount: 5,
                    currency: currency(),
                    reason: reason(),
                },
                "gift_card.returned",
                format!("{{{g},{o},{money},{why}}}"),
            ),
            (
                PaymentReleased { payment_id, order_id, amount: 5, currency: currency(), reason: reason() },
                "payment.released",
                format!("{{{p},{o},{money},{why}}}"),
            ),
            (
                PaymentDisputed {
                    payment_id,
                    order_id,
                    dispute_id: DisputeId::from_uuid(id(8)),
                    state: DisputeState::Lost,
                    amount: 5,
                    taken_back: 4,
                    currency: currency(),
                    reason: reason(),
                },
                "payment.disputed",
                format!(
                    r#"{{{p},{o},"dispute_id":"{}","state":"lost","amount":5,"taken_back":4,"currency":"EUR",{why}}}"#,
                    id(8)
                ),
            ),
            (
                StoreCreditUpdated { account_id, customer_id, amount: -5, currency: currency() },
                "store_credit.updated",
                format!(r#"{{{a},{d},"amount":-5,"currency":"EUR"}}"#),
            ),
            (
                StoreCreditRedeemed { account_id, order_id, amount: 5, currency: currency() },
                "store_credit.redeemed",
                format!("{{{a},{o},{money}}}"),
            ),
            (
                StoreCreditReturned {
                    account_id,
                    order_id,
                    amount: 5,
                    currency: currency(),
                    reason: reason(),
                },
                "store_credit.returned",
                format!("{{{a},{o},{money},{why}}}"),
            ),
            (PriceListCreated { price_list_id }, "price_list.created", format!("{{{l}}}")),
            (PriceListUpdated { price_list_id }, "price_list.updated", format!("{{{l}}}")),
        ];
        for (event, kind, json) in pinned {
            assert_eq!(event.kind(), kind);
            assert_eq!(event.validate(), Ok(()), "{kind}");
            assert_eq!(serde_json::to_string(&event).unwrap(), json, "{kind}");
        }
    }

    #[test]
    fn every_event_of_an_order_names_it() {
        let order_id = OrderId::new();
        let event =
            CommerceEvent::FulfilmentDelivered { fulfilment_id: FulfilmentId::new(), order_id, last: false };
        let touched: Touched = serde_json::from_value(serde_json::to_value(event).unwrap()).unwrap();
        assert_eq!(touched.order_id, Some(order_id));
        let other: Touched =
            serde_json::from_value(serde_json::json!({"product_id": ProductId::new()})).unwrap();
        assert_eq!(other.order_id, None);
    }
}
