//! What comes back, and what is given for it: money, other goods, or nothing.

use commerce::order::{self, Piece, Tracking};
use commerce::returns::{self, Arrived, Ask, Door, Exchange, ReturnReason, ReturnState};
use commerce::view::OrderState;
use primitives::{OrderId, ReturnId, VariantId};

use super::{Fate, Play, expected};

/// Goods that somebody gets for what came back, and their order.
pub(super) struct Swap {
    id: ReturnId,
    key: String,
    lines: Vec<(VariantId, i64)>,
    provider: &'static str,
    order: Option<OrderId>,
}

impl Play<'_> {
    /// Pieces of an order come back, which happens as it should; what is given for them may go wrong.
    pub(super) async fn take_back(&mut self, id: OrderId, fate: Fate) {
        let Some(came) = self.come_back(id).await else { return };
        match self.dice(8) {
            0 => drop(fate.befalls("close a return", || returns::close(&self.boss, came, "")).await),
            1 => drop(
                fate.befalls("refund a return in part", || returns::refund(&self.boss, came, Some(500)))
                    .await,
            ),
            2 | 3 => drop(fate.befalls("refund a return", || returns::refund(&self.boss, came, None)).await),
            _ => {
                let thing = self.town.things[usize::from(self.dice(3) == 0)];
                let lines = vec![(thing, 1 + i64::from(self.dice(2) == 0))];
                let (key, provider) = (self.key(), self.pick(["", "http"]));
                self.swaps.push(Swap { id: came, key, lines, provider, order: None });
                self.swap(self.swaps.len() - 1, fate).await;
            }
        }
    }

    /// A return of this order whose pieces are here.
    async fn come_back(&mut self, id: OrderId) -> Option<ReturnId> {
        let mut seen = expected(order::by_id(&self.boss, id).await)?;
        if let Some(here) = seen.returns.iter().find(|one| one.state == ReturnState::Received) {
            return Some(here.id);
        }
        match seen.state {
            OrderState::Paid => {
                seen = expected(order::ship(&self.boss, id, &Tracking::default()).await)?;
            }
            OrderState::Shipped | OrderState::Delivered => {}
            _ => return None,
        }
        let pieces = |line: &commerce::view::OrderLineView| Piece {
            line: line.id,
            quantity: i64::from(line.quantity),
        };
        let ask = Ask {
            key: self.key(),
            lines: seen.lines.iter().take(1).map(pieces).collect(),
            reason: ReturnReason::DoesNotFit,
            words: "too small".into(),
            exchange: false,
        };
        let (shopper, restock) = (self.town.shop.anonymous(), self.dice(2) == 0);
        let asked = expected(returns::request(&shopper, Door::Token(&seen.token), &ask).await)?;
        expected(returns::approve(&self.boss, asked.id, "").await)?;
        let arrived: Vec<_> = ask
            .lines
            .iter()
            .map(|piece| Arrived { line: piece.line, quantity: piece.quantity, restock, location: None })
            .collect();
        expected(returns::receive(&self.boss, asked.id, &arrived).await).map(|came| came.id)
    }

    /// Exchanges what came back; the second time that is the same order.
    pub(super) async fn swap(&mut self, one: usize, fate: Fate) {
        let Swap { id, key, lines, provider, .. } = &self.swaps[one];
        let wanted =
            Exchange { key, lines: lines.clone(), payment_provider: provider, ..Exchange::default() };
        let done = fate.befalls("exchange", || returns::exchange(&self.boss, *id, &wanted)).await;
        assert!(
            !done.is_empty() || fate.polls != u32::MAX || self.swaps[one].order.is_none(),
            "an exchange that was made is lost"
        );
        for done in done {
            let order = done.placed.order.id;
            let known = *self.swaps[one].order.get_or_insert(order);
            assert_eq!(known, order, "one return, two exchanges");
            self.know(known);
        }
    }
}
