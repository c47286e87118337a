//! What this module announces. The wire form of each event is pinned by a test.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::{CartId, CustomerId, FulfilmentId, OrderId, PaymentId, PromotionId};
use serde::{Deserialize, Serialize};

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
    /// `order.cancelled`
    OrderCancelled { order_id: OrderId, reason: String },
    /// `order.refunded`: all that was received went back.
    OrderRefunded { order_id: OrderId, amount: i64, currency: String, reason: String },
    /// `order.note_added`
    OrderNoteAdded { order_id: OrderId, note_id: uuid::Uuid },
    /// `order.edited`: its place on the attention list.
    OrderEdited { order_id: OrderId, attention: Option<String> },
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
    /// `fulfilment.created`
    FulfilmentCreated { fulfilment_id: FulfilmentId, order_id: OrderId, n_items: i64 },
    /// `fulfilment.shipped`
    FulfilmentShipped { fulfilment_id: FulfilmentId, order_id: OrderId, carrier: String },
    /// `fulfilment.delivered`
    FulfilmentDelivered { fulfilment_id: FulfilmentId, order_id: OrderId },
    /// `customer.created`
    CustomerCreated { customer_id: CustomerId },
    /// `promotion.created`
    PromotionCreated { promotion_id: PromotionId },
    /// `promotion.updated`, also when it was deleted.
    PromotionUpdated { promotion_id: PromotionId },
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
            Self::OrderCancelled { .. } => "order.cancelled",
            Self::OrderRefunded { .. } => "order.refunded",
            Self::OrderNoteAdded { .. } => "order.note_added",
            Self::OrderEdited { .. } => "order.edited",
            Self::PaymentAuthorised { .. } => "payment.authorised",
            Self::PaymentCaptured { .. } => "payment.captured",
            Self::PaymentFailed { .. } => "payment.failed",
            Self::PaymentRefunded { .. } => "payment.refunded",
            Self::FulfilmentCreated { .. } => "fulfilment.created",
            Self::FulfilmentShipped { .. } => "fulfilment.shipped",
            Self::FulfilmentDelivered { .. } => "fulfilment.delivered",
            Self::CustomerCreated { .. } => "customer.created",
            Self::PromotionCreated { .. } => "promotion.created",
            Self::PromotionUpdated { .. } => "promotion.updated",
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
            | Self::OrderCancelled { order_id, .. }
            | Self::OrderRefunded { order_id, .. }
            | Self::OrderNoteAdded { order_id, .. }
            | Self::OrderEdited { order_id, .. } => Aggregate::new("order", *order_id),
            Self::PaymentAuthorised { payment_id, .. }
            | Self::PaymentCaptured { payment_id, .. }
            | Self::PaymentFailed { payment_id, .. }
            | Self::PaymentRefunded { payment_id, .. } => Aggregate::new("payment", *payment_id),
            Self::FulfilmentCreated { fulfilment_id, .. }
            | Self::FulfilmentShipped { fulfilment_id, .. }
            | Self::FulfilmentDelivered { fulfilment_id, .. } => Aggregate::new("fulfilment", *fulfilment_id),
            Self::CustomerCreated { customer_id } => Aggregate::new("customer", *customer_id),
            Self::PromotionCreated { promotion_id } | Self::PromotionUpdated { promotion_id } => {
                Aggregate::new("promotion", *promotion_id)
            }
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
            Self::PaymentAuthorised { order_id, amount, currency, .. }
            | Self::PaymentCaptured { order_id, amount, currency, .. } => {
                validate::id("order_id", *order_id)?;
                money("amount", *amount, currency)
            }
            Self::PaymentRefunded { order_id, amount, currency, reason, .. } => {
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
            Self::FulfilmentShipped { order_id, .. } | Self::FulfilmentDelivered { order_id, .. } => {
                validate::id("order_id", *order_id)
            }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ProductId;

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
        let d = r#""customer_id":"00000000-0000-0000-0000-000000000004""#;
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
                FulfilmentShipped { fulfilment_id, order_id, carrier: "DHL".into() },
                "fulfilment.shipped",
                format!(r#"{{{f},{o},"carrier":"DHL"}}"#),
            ),
            (FulfilmentDelivered { fulfilment_id, order_id }, "fulfilment.delivered", format!("{{{f},{o}}}")),
            (CustomerCreated { customer_id }, "customer.created", format!("{{{d}}}")),
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
        let event = CommerceEvent::FulfilmentDelivered { fulfilment_id: FulfilmentId::new(), order_id };
        let touched: Touched = serde_json::from_value(serde_json::to_value(event).unwrap()).unwrap();
        assert_eq!(touched.order_id, Some(order_id));
        let other: Touched =
            serde_json::from_value(serde_json::json!({"product_id": ProductId::new()})).unwrap();
        assert_eq!(other.order_id, None);
    }
}
