//! What shoppers do: they come, fill carts, choose what to pay with, and press the button.

use std::net::{IpAddr, Ipv4Addr};

use commerce::tender::{self, CreditChange, GiftCardDraft, Issued};
use commerce::{CheckoutInput, cart, checkout};
use primitives::{Currency, Money, OrderId};

use super::{Play, expected};
use crate::shop::Guest;

/// Somebody who wants to buy, and what has become of it.
pub(super) struct Buyer {
    guest: Guest,
    form: CheckoutInput,
    order: Option<OrderId>,
}

/// A gift card that staff wants to be there, and its code once somebody knows it.
pub(super) struct Card {
    pub key: String,
    amount: i64,
    code: Option<String>,
    there: bool,
}

/// Store credit that staff gives or takes.
pub(super) struct Credit {
    pub key: String,
    pub amount: i64,
    /// It was told that it is done.
    pub done: bool,
}

/// Minor units of the shop's currency.
pub fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

impl Card {
    pub(super) fn draft(&self) -> GiftCardDraft {
        GiftCardDraft { amount: self.amount, ..GiftCardDraft::default() }
    }

    /// The code is in the first answer alone.
    pub(super) fn issued(&mut self, issued: Issued) {
        self.there = true;
        self.code = issued.code.or(self.code.take());
    }

    /// What it has put into the world, minor units.
    pub(super) fn issues(&self) -> i64 {
        if self.there { self.amount } else { 0 }
    }
}

impl Play<'_> {
    /// Somebody comes and buys.
    pub(super) async fn come(&mut self) {
        // Of somebody with an account there is one cart.
        let waits = self.buyers.iter().any(|one| one.order.is_none() && one.guest.token.is_empty());
        let member = self.dice(5) == 0 && !waits;
        let scarce = self.dice(3) == 0 && !member;
        let quantity = 1 + i64::from(self.dice(4) == 0);
        let ctx = if member { self.town.member.0.clone() } else { self.town.shop.anonymous() };
        let added = cart::add(&ctx, None, &[(self.town.things[usize::from(scarce)], quantity)]).await;
        let Some(change) = expected(added) else { return };
        let guest = Guest { ctx, token: change.token.unwrap_or_default() };
        let token = Some(guest.token.as_str()).filter(|token| !token.is_empty());
        if self.dice(4) == 0 {
            if self.cards.is_empty() {
                self.issue().await;
            }
            let codes: Vec<_> = self.cards.iter().filter_map(|card| card.code.clone()).collect();
            if !codes.is_empty() {
                let code = &codes[self.dice(codes.len())];
                let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
                expected(tender::add_gift_card(&guest.ctx, token, code, here).await);
            }
        }
        if member && self.dice(2) == 0 {
            expected(tender::use_store_credit(&guest.ctx, token).await);
        }
        let provider = if self.dice(5) == 0 { "manual" } else { "http" };
        // What is sold out is sent nowhere: the page offers no delivery, and whoever came goes away.
        let Some(form) = expected(guest.offered(provider).await).flatten() else { return };
        self.buyers.push(Buyer { guest, form, order: None });
        self.click(self.buyers.len() - 1).await;
    }

    pub(super) async fn click_again(&mut self) {
        if !self.buyers.is_empty() {
            let buyer = self.dice(self.buyers.len());
            self.click(buyer).await;
        }
    }

    /// The button, once or twice at the same moment, perhaps by somebody who goes away.
    async fn click(&mut self, buyer: usize) {
        self.moods(&["authorize", "capture"]);
        let fate = self.fate();
        let who = &self.buyers[buyer];
        let answers = fate.befalls("place", || checkout::place_order(&who.guest.ctx, who.form.clone())).await;
        for placed in answers {
            let known = *self.buyers[buyer].order.get_or_insert(placed.order.id);
            assert_eq!(known, placed.order.id, "one click, two orders");
            self.know(known);
        }
    }

    pub(super) async fn click_calmly(&mut self, buyer: usize) {
        let who = &self.buyers[buyer];
        let placed = checkout::place_order(&who.guest.ctx, who.form.clone()).await;
        match (expected(placed), who.order) {
            (Some(placed), Some(order)) => {
                assert_eq!((placed.order.id, placed.replayed), (order, true), "the first click, again");
            }
            (Some(placed), None) => self.buyers[buyer].order = Some(placed.order.id),
            (None, known) => assert_eq!(known, None, "an order that was acknowledged is lost"),
        }
    }

    /// Somebody was told of this order.
    pub(super) fn know(&mut self, order: OrderId) {
        if !self.orders.contains(&order) {
            self.orders.push(order);
        }
    }

    /// Staff makes a gift card, or gives the one with the account store credit, or takes it.
    pub(super) async fn give_something(&mut self) {
        if self.dice(2) == 0 {
            return self.issue().await;
        }
        let amount = self.pick([500, 1_500, -400]);
        let (key, fate) = (self.key(), self.fate());
        let change = CreditChange { key: &key, amount: euros(amount), reason: "for the wait" };
        let done = fate.befalls("credit", || tender::change(&self.boss, self.town.member.1, &change)).await;
        let done = !done.is_empty();
        self.credits.push(Credit { key, amount, done });
    }

    async fn issue(&mut self) {
        let amount = self.pick([300, 1_000, 5_000]);
        let (key, fate) = (self.key(), self.fate());
        let mut card = Card { key, amount, code: None, there: false };
        let draft = card.draft();
        let issued = fate.befalls("gift card", || tender::issue(&self.boss, &card.key, &draft)).await;
        issued.into_iter().for_each(|issued| card.issued(issued));
        self.cards.push(card);
    }
}
