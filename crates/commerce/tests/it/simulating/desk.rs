//! What staff does with orders: takes money, all of it or a part; edits; sends; gives back; and writes orders for customers.

use commerce::draft::{self, Completion};
use commerce::order::edit::{self, Changes, LineDiscount, LineQuantity, NewLine, Why};
use commerce::order::{self, BackTo, Capture, Refund, Target, Tracking};
use commerce::payment::reconcile;
use platform::Access;
use primitives::{DraftOrderId, OrderId};

use super::books::{number, word};
use super::{Fate, Play, expected};
use crate::drafting::{line, written};

/// An order that staff writes for a customer, and what has become of it.
pub(super) struct Written {
    id: DraftOrderId,
    key: String,
    mark_paid: bool,
    order: Option<OrderId>,
}

/// What staff does with an order.
#[derive(Clone, Copy)]
enum Deed {
    Refund,
    RefundPart,
    Cancel,
    MarkPaid,
    Ship,
    Deliver,
    Capture,
    Release,
    Edit,
    Check,
    TakeBack,
}

impl Deed {
    const ALL: [Self; 11] = [
        Self::Refund,
        Self::RefundPart,
        Self::Cancel,
        Self::MarkPaid,
        Self::Ship,
        Self::Deliver,
        Self::Capture,
        Self::Release,
        Self::Edit,
        Self::Check,
        Self::TakeBack,
    ];
}

impl Play<'_> {
    pub(super) async fn staff(&mut self) {
        if self.dice(10) == 0 {
            return self.write().await;
        }
        if self.orders.is_empty() {
            return;
        }
        let one = self.dice(self.orders.len());
        let id = self.orders[one];
        // A no to giving money back is for a person to see to; in the end somebody tries again.
        self.moods(&["capture", "refund", "void", "authorize"]);
        // Mostly what fits the order as somebody saw it, and now and then anything at all.
        let deed = match self.dice(5) {
            0 => self.pick(Deed::ALL),
            _ => self.fits(id).await,
        };
        let fate = self.fate();
        match deed {
            Deed::Refund => {
                drop(fate.befalls("refund", || order::refund(&self.boss, id, "changed my mind")).await)
            }
            Deed::RefundPart => self.refund_part(id, fate).await,
            Deed::Cancel => {
                drop(fate.befalls("cancel", || order::cancel(&self.boss, id, "called off")).await)
            }
            Deed::MarkPaid => drop(fate.befalls("mark paid", || order::mark_paid(&self.boss, id)).await),
            Deed::Ship => {
                let parcel = Tracking::default();
                fate.befalls("ship", || order::ship(&self.boss, id, &parcel)).await;
            }
            Deed::Deliver => drop(fate.befalls("deliver", || order::deliver(&self.boss, id)).await),
            Deed::Capture => self.capture(id, fate).await,
            Deed::Release => {
                fate.befalls("release", || order::release(&self.boss, id, "no more of it")).await;
            }
            Deed::Edit => self.edit(id, fate).await,
            Deed::Check => {
                self.moods(&["status"]);
                fate.befalls("check", || reconcile::check(&self.boss, id)).await;
            }
            Deed::TakeBack => self.take_back(id, fate).await,
        }
    }

    /// Something that makes sense for an order in its state.
    async fn fits(&mut self, id: OrderId) -> Deed {
        use Deed::{
            Cancel, Capture, Check, Deliver, Edit, MarkPaid, Refund, RefundPart, Release, Ship, TakeBack,
        };
        let sql = "SELECT o.state, o.provider, coalesce(p.rest_minor, 0), o.paid_minor - o.tendered_minor FROM orders o \
                   LEFT JOIN payment p ON p.tenant_id = o.tenant_id AND p.order_id = o.id \
                   WHERE o.tenant_id = {tenant} AND o.id = ?";
        let rows = self.system.read(Access::System).await.unwrap();
        let rows = rows.raw_all(sql, vec![id.uuid().into()]).await.unwrap();
        let (state, provider, rest, taken) =
            (word(&rows[0], 0), word(&rows[0], 1), number(&rows[0], 2), number(&rows[0], 3));
        match (state.as_str(), provider.as_str()) {
            ("pending_payment", "http") if 0 < taken => {
                self.pick([Capture, Release, Release, RefundPart, Edit])
            }
            ("pending_payment", "http") if 0 < rest => self.pick([Capture, Capture, Capture, Edit, Cancel]),
            ("pending_payment", "http") => self.pick([Check, Cancel, Edit]),
            ("pending_payment", _) => self.pick([MarkPaid, MarkPaid, Edit, Cancel]),
            ("paid", _) => self.pick([Ship, Ship, Edit, Edit, RefundPart, Refund, TakeBack, TakeBack, Check]),
            ("shipped", _) => self.pick([Deliver, Deliver, TakeBack, TakeBack, RefundPart, Refund]),
            ("delivered", _) => self.pick([TakeBack, TakeBack, RefundPart, Refund]),
            _ => self.pick(Deed::ALL),
        }
    }

    async fn refund_part(&mut self, id: OrderId, fate: Fate) {
        let amount = Some(self.pick([100, 700, 1_250]));
        let to = if self.dice(4) == 0 { BackTo::StoreCredit } else { BackTo::Original };
        let refund = Refund { amount, to, reason: "a scratch" };
        fate.befalls("refund in part", || order::refund_part(&self.boss, id, &refund)).await;
    }

    /// A part of what is promised, or all that is left of it.
    async fn capture(&mut self, id: OrderId, fate: Fate) {
        let (amount, key) = (self.pick([None, Some(300), Some(1_000)]), self.key());
        fate.befalls("capture", || order::capture(&self.boss, id, Capture { amount, key: &key })).await;
    }

    /// Fewer pieces, more, others, or something taken off.
    async fn edit(&mut self, id: OrderId, fate: Fate) {
        let Some(seen) = expected(order::by_id(&self.boss, id).await) else { return };
        let first = seen.lines[0].id;
        let mut changes = Changes { rest_received: self.dice(2) == 0, ..Changes::default() };
        match self.dice(8) {
            0 => changes.discounts.push(LineDiscount { line: first, amount: "1.00".into() }),
            1 => changes.add.push(NewLine { variant: self.town.things[0], quantity: 1 }),
            2 => changes.shipping = Some("0".into()),
            3 => {
                changes.quantities.push(LineQuantity { line: first, quantity: 0 });
                changes.add.push(NewLine { variant: self.town.things[1], quantity: 1 });
            }
            _ => {
                let quantity = self.pick([1, 2, 3]);
                changes.quantities.push(LineQuantity { line: first, quantity });
            }
        }
        let (at, key) = (Target { id, version: Some(seen.version) }, self.key());
        let why = Why { reason: "the customer called", notify: false, key: &key };
        let edited = fate.befalls("edit", || edit::edit(&self.boss, at, &changes, why)).await;
        assert!(edited.iter().all(|one| seen.version < one.version), "an edit that changed nothing");
    }

    /// Somebody orders by telephone.
    async fn write(&mut self) {
        let thing = self.town.things[usize::from(self.dice(4) == 0)];
        let mut wanted = written(vec![line(thing, 1 + i64::from(self.dice(3) == 0))]);
        wanted.shipping_method.clone_from(&self.town.delivery);
        let mark_paid = self.dice(4) == 0;
        let provider = if mark_paid || self.dice(3) == 0 { "manual" } else { "http" };
        wanted.payment_provider = provider.into();
        let fate = self.fate();
        let Some(id) =
            fate.befalls("draft", || draft::create(&self.boss, &wanted)).await.first().map(|draft| draft.id)
        else {
            return;
        };
        self.moods(&["authorize", "capture"]);
        let (key, fate) = (self.key(), self.fate());
        self.written.push(Written { id, key, mark_paid, order: None });
        self.complete(self.written.len() - 1, fate).await;
    }

    /// Places what staff has written; the second time that is the same order.
    pub(super) async fn complete(&mut self, one: usize, fate: Fate) {
        let Written { id, key, mark_paid, .. } = &self.written[one];
        let completion = Completion { key, mark_paid: *mark_paid, expected_total: None };
        let placed = fate.befalls("place a draft", || draft::complete(&self.boss, *id, &completion)).await;
        assert!(
            !placed.is_empty() || fate.polls != u32::MAX || self.written[one].order.is_none(),
            "an order that was placed is lost"
        );
        for placed in placed {
            let known = *self.written[one].order.get_or_insert(placed.order.id);
            assert_eq!(known, placed.order.id, "one draft, two orders");
            self.know(known);
        }
    }
}
