//! What becomes of an order, fact by fact, and the order that the facts add up to. Ids and amounts only: address, mail
//! and name stand in the order's row.

mod edited;
#[cfg(test)]
mod tests;

pub use edited::{Content, EditedOrder, LineChange, Sums};

use events::stream::{Fact, Fold, Recorded};
use primitives::{
    CartId, CustomerId, DisputeId, DraftOrderId, FulfilmentId, OrderId, PaymentId, ProductId, ReturnId,
    UserId, VariantId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::desk::state_of;
use crate::entity::{order_line, orders};
use crate::event::CommerceEvent;
use crate::payment::dispute::DisputeState;
use crate::returns::ReturnState;
use crate::tender::TenderKind;
use crate::view::OrderState;

/// Something that happened to an order; amounts in minor units, times in milliseconds since 1970. The stored form is
/// pinned by a test: what changes it needs an upcaster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrderFact {
    /// It was placed.
    Placed(PlacedOrder),
    /// It stands like this, for reasons from before there were facts, or where nobody wrote them.
    Adopted {
        /// As it was placed.
        placed: PlacedOrder,
        /// As it stands now.
        standing: Standing,
    },
    /// The money is promised.
    PaymentAuthorised {
        /// By which payment.
        payment_id: PaymentId,
        /// How much.
        amount: i64,
    },
    /// Money came in.
    PaymentCaptured {
        /// By which payment.
        payment_id: PaymentId,
        /// How much.
        amount: i64,
    },
    /// The gateway said no.
    PaymentFailed {
        /// By which payment.
        payment_id: PaymentId,
        /// To which call.
        step: String,
        /// Why.
        reason: String,
    },
    /// Money went back, or with an amount of 0 an authorisation.
    PaymentRefunded {
        /// By which payment.
        payment_id: PaymentId,
        /// How much.
        amount: i64,
        /// Why.
        reason: String,
    },
    /// A gift card or store credit paid a part when it was placed.
    TenderTaken {
        /// Which.
        account_id: Uuid,
        /// What it is.
        tender: TenderKind,
        /// How much.
        amount: i64,
    },
    /// A gift card or store credit got a part back.
    TenderReturned {
        /// Which.
        account_id: Uuid,
        /// What it is.
        tender: TenderKind,
        /// How much.
        amount: i64,
        /// Why.
        reason: String,
    },
    /// The shop forgoes what was not taken.
    PaymentReleased {
        /// Of which payment.
        payment_id: PaymentId,
        /// How much.
        amount: i64,
        /// Why.
        reason: String,
    },
    /// The customer's bank wants money back.
    PaymentDisputed {
        /// Of which payment.
        payment_id: PaymentId,
        /// Which dispute.
        dispute_id: DisputeId,
        /// Where it stands.
        state: DisputeState,
        /// How much.
        amount: i64,
        /// What of it counts as given back now.
        taken_back: i64,
        /// Why, as the gateway says it.
        reason: String,
    },
    /// What it costs is here.
    Paid {
        /// What came in last.
        amount: i64,
    },
    /// A parcel with all of it, or with the rest of it, has left.
    Shipped {
        /// The parcel.
        fulfilment_id: FulfilmentId,
        /// Who brings it; may be empty.
        carrier: String,
    },
    /// All of it arrived.
    Delivered {
        /// The last parcel.
        fulfilment_id: Option<FulfilmentId>,
    },
    /// A parcel with a part of it has left.
    ParcelSent {
        /// The parcel.
        fulfilment_id: FulfilmentId,
        /// Who brings it; may be empty.
        carrier: String,
    },
    /// A parcel arrived, and it was not the last one.
    ParcelArrived {
        /// The parcel.
        fulfilment_id: FulfilmentId,
    },
    /// A parcel is followed in another way than before.
    ParcelTracked {
        /// The parcel.
        fulfilment_id: FulfilmentId,
        /// Who brings it; may be empty.
        carrier: String,
    },
    /// Something of it comes back, or does not.
    ReturnMoved {
        /// The return.
        return_id: ReturnId,
        /// Counts the returns of the order, from 1.
        number: i64,
        /// Where it stands now.
        state: ReturnState,
    },
    /// It was given up before it was paid.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// Everything went back.
    Refunded {
        /// What went back last.
        amount: i64,
        /// Why.
        reason: String,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// The note.
        note_id: Uuid,
    },
    /// Staff has given it other tags.
    Tagged {
        /// How many it has now.
        n_tags: i64,
    },
    /// Staff wrote it for the customer.
    Drafted {
        /// Which draft it was.
        draft_id: DraftOrderId,
    },
    /// Pieces of it came back, and paid a part of another order.
    Exchanged {
        /// The return.
        return_id: ReturnId,
        /// Counts the returns of the order, from 1.
        number: i64,
        /// The other order.
        order_id: OrderId,
        /// Its number.
        order_number: i64,
        /// How much.
        amount: i64,
    },
    /// It was placed for what came back of another order.
    InExchange {
        /// The return.
        return_id: ReturnId,
        /// Counts the returns of the other order, from 1.
        number: i64,
        /// The other order.
        order_id: OrderId,
        /// Its number.
        order_number: i64,
        /// What that paid.
        amount: i64,
    },
    /// A person has to look.
    AttentionAsked {
        /// Why.
        why: String,
    },
    /// Somebody has looked.
    AttentionCleared {},
    /// It may be paid until then.
    WaitsUntil {
        /// The deadline; `None` is none.
        until: Option<i64>,
    },
    /// Staff has changed what it is about.
    Edited(EditedOrder),
    /// It stands like this by a change that has no name of its own.
    Corrected {
        /// As it stands now.
        standing: Standing,
    },
}

impl Fact for OrderFact {}

/// An order as it was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    /// Its number in the shop.
    pub number: i64,
    /// The cart that it was.
    pub cart_id: CartId,
    /// The customer's record.
    pub customer_id: CustomerId,
    /// The customer's account.
    pub user_id: Option<UserId>,
    /// How it is sent.
    pub shipping_method: String,
    /// How it is paid.
    pub provider: String,
    /// Of all its amounts.
    pub currency: String,
    /// Units of that for one of the shop's currency; empty for an order in the shop's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exchange_rate: String,
    /// Whether prices include tax.
    pub includes_tax: bool,
    /// Pieces over all lines.
    pub n_items: i64,
    /// Lines at their prices.
    pub subtotal: i64,
    /// What was taken off.
    pub discount: i64,
    /// What the delivery costs.
    pub shipping: i64,
    /// Tax.
    pub tax: i64,
    /// What is to be paid.
    pub total: i64,
    /// What of that gift cards and store credit paid.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tendered: i64,
    /// When.
    pub placed_at: i64,
    /// Until when it may be paid, at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<i64>,
    /// What is bought, in order.
    pub lines: Vec<PlacedLine>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

/// One line of an order as it was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedLine {
    /// What exactly.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// Stock keeping unit.
    pub sku: String,
    /// Pieces.
    pub quantity: i64,
    /// Price of a piece.
    pub unit: i64,
    /// Without tax.
    pub net: i64,
    /// Tax.
    pub tax: i64,
    /// With tax.
    pub gross: i64,
    /// Rate of the tax, millionths.
    pub rate_ppm: i64,
}

/// How an order stands: everything about it that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// State.
    pub state: OrderState,
    /// Received so far.
    pub paid: i64,
    /// Given back so far.
    pub refunded: i64,
    /// Why a person has to look.
    pub attention: Option<String>,
    /// Why it was given up; empty when it was not.
    pub cancel_reason: String,
    /// Until when it may be paid.
    pub hold_until: Option<i64>,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// What the shop forgoes of the total.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub released: i64,
    /// By how much edits have changed the total since its payment was asked for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub edited: i64,
}

/// An order as its facts tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStory {
    /// As it was placed.
    pub placed: PlacedOrder,
    /// As it stands.
    pub standing: Standing,
    /// What its last edit made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Content>,
}

impl OrderStory {
    /// What was placed, with what edits have made of it.
    pub fn now(&self) -> PlacedOrder {
        let Some(Content { sums, lines }) = &self.edited else { return self.placed.clone() };
        let Sums { n_items, subtotal, discount, shipping, tax, total } = *sums;
        let lines = lines.clone();
        PlacedOrder { n_items, subtotal, discount, shipping, tax, total, lines, ..self.placed.clone() }
    }
}

impl Fold for OrderStory {
    type Fact = OrderFact;
    const STREAM: &'static str = "order";
    const STATE_VERSION: u16 = 3;

    fn begin(first: &Recorded<OrderFact>) -> Option<Self> {
        match &first.fact {
            OrderFact::Placed(placed) => {
                let standing = Standing {
                    state: OrderState::PendingPayment,
                    paid: 0,
                    refunded: 0,
                    attention: None,
                    cancel_reason: String::new(),
                    hold_until: placed.hold_until,
                    paid_at: None,
                    released: 0,
                    edited: 0,
                };
                Some(Self { placed: placed.clone(), standing, edited: None })
            }
            OrderFact::Adopted { placed, standing } => {
                Some(Self { placed: placed.clone(), standing: standing.clone(), edited: None })
            }
            _ => None,
        }
    }

    fn apply(&mut self, next: &Recorded<OrderFact>) {
        if let OrderFact::Edited(edit) = &next.fact {
            self.edited = Some(Content { sums: edit.after, lines: edit.lines.clone() });
        }
        self.standing.apply(&next.fact, next.at.millis());
    }
}

impl Standing {
    pub(crate) fn of(row: &orders::Model) -> Self {
        Self {
            state: state_of(row),
            paid: row.paid_minor,
            refunded: row.refunded_minor,
            attention: row.attention.clone(),
            cancel_reason: row.cancel_reason.clone(),
            hold_until: row.hold_until,
            paid_at: row.paid_at,
            released: row.released_minor,
            edited: row.edited_minor,
        }
    }

    fn apply(&mut self, fact: &OrderFact, at: i64) {
        match fact {
            OrderFact::Placed(_)
            | OrderFact::Adopted { .. }
            | OrderFact::PaymentAuthorised { .. }
            | OrderFact::PaymentFailed { .. }
            | OrderFact::ParcelSent { .. }
            | OrderFact::ParcelArrived { .. }
            | OrderFact::ParcelTracked { .. }
            | OrderFact::ReturnMoved { .. }
            | OrderFact::NoteAdded { .. }
            | OrderFact::Drafted { .. }
            | OrderFact::Exchanged { .. }
            | OrderFact::InExchange { .. }
            | OrderFact::Tagged { .. } => {}
            OrderFact::PaymentCaptured { amount, .. } | OrderFact::TenderTaken { amount, .. } => {
                self.paid = self.paid.saturating_add(*amount);
            }
            OrderFact::TenderReturned { amount, .. }
            | OrderFact::PaymentDisputed { taken_back: amount, .. } => {
                self.refunded = self.refunded.saturating_add(*amount);
            }
            OrderFact::PaymentRefunded { amount, .. } => {
                self.refunded = self.refunded.saturating_add(*amount);
                self.attention = None;
            }
            OrderFact::PaymentReleased { amount, .. } => {
                self.released = self.released.saturating_add(*amount);
            }
            OrderFact::Paid { .. } => {
                self.state = OrderState::Paid;
                self.paid_at = Some(at);
                self.hold_until = None;
            }
            OrderFact::Shipped { .. } => self.state = OrderState::Shipped,
            OrderFact::Delivered { .. } => self.state = OrderState::Delivered,
            OrderFact::Cancelled { reason } => {
                self.state = OrderState::Cancelled;
                self.cancel_reason.clone_from(reason);
                self.hold_until = None;
            }
            OrderFact::Refunded { .. } => self.state = OrderState::Refunded,
            OrderFact::AttentionAsked { why } => self.attention = Some(why.clone()),
            OrderFact::AttentionCleared {} => self.attention = None,
            OrderFact::WaitsUntil { until } => self.hold_until = *until,
            OrderFact::Edited(edit) => {
                self.edited = edit.edited;
                if edit.shipped {
                    self.state = OrderState::Shipped;
                }
            }
            OrderFact::Corrected { standing } => self.clone_from(standing),
        }
    }
}

impl PlacedOrder {
    pub(crate) fn of(row: &orders::Model, lines: &[order_line::Model]) -> Self {
        Self {
            number: row.number,
            cart_id: CartId::from_uuid(row.cart_id),
            customer_id: CustomerId::from_uuid(row.customer_id),
            user_id: row.user_id.map(UserId::from_uuid),
            shipping_method: row.shipping_method.clone(),
            provider: row.provider.clone(),
            currency: row.currency.clone(),
            exchange_rate: row.exchange_rate.clone(),
            includes_tax: row.includes_tax,
            n_items: row.n_items,
            subtotal: row.subtotal_minor,
            discount: row.discount_minor,
            shipping: row.shipping_minor,
            tax: row.tax_minor,
            total: row.total_minor,
            tendered: row.tendered_minor,
            placed_at: row.placed_at,
            hold_until: row.hold_until,
            lines: lines.iter().map(PlacedLine::of).collect(),
        }
    }
}

impl PlacedLine {
    pub(crate) fn of(row: &order_line::Model) -> Self {
        Self {
            variant_id: VariantId::from_uuid(row.variant_id),
            product_id: ProductId::from_uuid(row.product_id),
            sku: row.sku.clone(),
            quantity: row.quantity,
            unit: row.unit_minor,
            net: row.net_minor,
            tax: row.tax_minor,
            gross: row.gross_minor,
            rate_ppm: row.rate_ppm,
        }
    }
}

impl OrderFact {
    /// The fact that an event tells others about; none for one that only goes along with another.
    pub(crate) fn told_by(event: &CommerceEvent) -> Option<Self> {
        Some(match event.clone() {
            CommerceEvent::OrderPaid { amount, .. } => Self::Paid { amount },
            CommerceEvent::FulfilmentShipped { fulfilment_id, carrier, last: true, .. } => {
                Self::Shipped { fulfilment_id, carrier }
            }
            CommerceEvent::FulfilmentShipped { fulfilment_id, carrier, last: false, .. } => {
                Self::ParcelSent { fulfilment_id, carrier }
            }
            CommerceEvent::FulfilmentDelivered { fulfilment_id, last: false, .. } => {
                Self::ParcelArrived { fulfilment_id }
            }
            CommerceEvent::FulfilmentUpdated { fulfilment_id, carrier, .. } => {
                Self::ParcelTracked { fulfilment_id, carrier }
            }
            CommerceEvent::ReturnMoved { return_id, number, state, .. } => {
                Self::ReturnMoved { return_id, number, state }
            }
            CommerceEvent::OrderDelivered { fulfilment_id, .. } => Self::Delivered { fulfilment_id },
            CommerceEvent::OrderCancelled { reason, .. } => Self::Cancelled { reason },
            CommerceEvent::OrderRefunded { amount, reason, .. } => Self::Refunded { amount, reason },
            CommerceEvent::OrderNoteAdded { note_id, .. } => Self::NoteAdded { note_id },
            CommerceEvent::OrderTagged { n_tags, .. } => Self::Tagged { n_tags },
            CommerceEvent::OrderDrafted { draft_id, .. } => Self::Drafted { draft_id },
            CommerceEvent::OrderExchanged {
                return_id, number, into_order_id, into_number, amount, ..
            } => Self::Exchanged {
                return_id,
                number,
                order_id: into_order_id,
                order_number: into_number,
                amount,
            },
            CommerceEvent::OrderInExchange {
                return_id, number, from_order_id, from_number, amount, ..
            } => Self::InExchange {
                return_id,
                number,
                order_id: from_order_id,
                order_number: from_number,
                amount,
            },
            CommerceEvent::OrderEdited { attention: Some(why), .. } => Self::AttentionAsked { why },
            CommerceEvent::OrderEdited { attention: None, .. } => Self::AttentionCleared {},
            CommerceEvent::PaymentAuthorised { payment_id, amount, .. } => {
                Self::PaymentAuthorised { payment_id, amount }
            }
            CommerceEvent::PaymentCaptured { payment_id, amount, .. } => {
                Self::PaymentCaptured { payment_id, amount }
            }
            CommerceEvent::PaymentFailed { payment_id, step, reason, .. } => {
                Self::PaymentFailed { payment_id, step, reason }
            }
            CommerceEvent::PaymentRefunded { payment_id, amount, reason, .. } => {
                Self::PaymentRefunded { payment_id, amount, reason }
            }
            CommerceEvent::PaymentReleased { payment_id, amount, reason, .. } => {
                Self::PaymentReleased { payment_id, amount, reason }
            }
            CommerceEvent::PaymentDisputed {
                payment_id, dispute_id, state, amount, taken_back, reason, ..
            } => Self::PaymentDisputed { payment_id, dispute_id, state, amount, taken_back, reason },
            CommerceEvent::GiftCardRedeemed { gift_card_id, amount, .. } => Self::TenderTaken {
                account_id: gift_card_id.uuid(),
                tender: TenderKind::GiftCard,
                amount,
            },
            CommerceEvent::StoreCreditRedeemed { account_id, amount, .. } => {
                Self::TenderTaken { account_id, tender: TenderKind::StoreCredit, amount }
            }
            CommerceEvent::GiftCardReturned { gift_card_id, amount, reason, .. } => Self::TenderReturned {
                account_id: gift_card_id.uuid(),
                tender: TenderKind::GiftCard,
                amount,
                reason,
            },
            CommerceEvent::StoreCreditReturned { account_id, amount, reason, .. } => {
                Self::TenderReturned { account_id, tender: TenderKind::StoreCredit, amount, reason }
            }
            // These facts need the lines.
            CommerceEvent::OrderPlaced { .. }
            | CommerceEvent::OrderChanged { .. }
            // Each of these goes along with one of the above.
            | CommerceEvent::OrderShipped { .. }
            | CommerceEvent::OrderCompleted { .. }
            | CommerceEvent::FulfilmentCreated { .. }
            | CommerceEvent::FulfilmentDelivered { last: true, .. }
            | CommerceEvent::CartCreated { .. }
            | CommerceEvent::CartUpdated { .. }
            | CommerceEvent::CartAbandoned { .. }
            | CommerceEvent::CustomerCreated { .. }
            | CommerceEvent::CustomerUpdated { .. }
            | CommerceEvent::CustomerErased { .. }
            | CommerceEvent::PromotionCreated { .. }
            | CommerceEvent::PriceListCreated { .. }
            | CommerceEvent::PriceListUpdated { .. }
            | CommerceEvent::PromotionUpdated { .. }
            | CommerceEvent::ReviewCreated { .. }
            | CommerceEvent::ReviewUpdated { .. }
            | CommerceEvent::ReviewModerated { .. }
            | CommerceEvent::ReviewAnswered { .. }
            | CommerceEvent::ReviewDeleted { .. }
            | CommerceEvent::GiftCardIssued { .. }
            | CommerceEvent::GiftCardUpdated { .. }
            | CommerceEvent::StoreCreditUpdated { .. } => return None,
        })
    }

    /// Whether somebody has to be told of it: such a fact names the event that did.
    pub(crate) fn must_be_told(&self) -> bool {
        !matches!(self, Self::Adopted { .. } | Self::WaitsUntil { .. } | Self::Corrected { .. })
            && !matches!(self, Self::AttentionAsked { .. } | Self::AttentionCleared {})
    }

    /// What `facts` leave unsaid on the way from one standing to another.
    pub(crate) fn unsaid<'f>(
        before: &Standing,
        facts: impl Iterator<Item = &'f Self>,
        after: &Standing,
        at: i64,
    ) -> Vec<Self> {
        let mut standing = before.clone();
        facts.for_each(|fact| standing.apply(fact, at));
        let mut more = Vec::new();
        if standing.attention != after.attention {
            more.push(match &after.attention {
                Some(why) => Self::AttentionAsked { why: why.clone() },
                None => Self::AttentionCleared {},
            });
        }
        if standing.hold_until != after.hold_until {
            more.push(Self::WaitsUntil { until: after.hold_until });
        }
        more.iter().for_each(|fact| standing.apply(fact, at));
        if standing != *after {
            more.push(Self::Corrected { standing: after.clone() });
        }
        more
    }
}
