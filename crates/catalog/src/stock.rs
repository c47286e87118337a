//! Pieces on the shelves of the shop's locations, promised pieces, and the conditional statement that never promises one
//! twice.
//!
//! A reservation belongs to a holder (a checkout, an order): [`reserve`] before asking for money, [`keep`] when it is
//! paid, [`ship`] when it leaves, [`release`] when it is called off, [`expire_due`] when nobody came back. Which
//! location the pieces come from is decided when they are promised (`choose`).
//!
//! A variant has a row per location where it lies, in the one whose id is the tenant's always; a hot one has
//! [`hot::BUCKETS`] rows there, from which as many buyers take at once. Whether pieces are counted at all and what happens
//! when they are used up is the variant's, the same in all of its rows, because a shopper buys from the shop and not from
//! a shelf. How many pieces are kept back is each location's: what a showroom keeps for its window says nothing about
//! the warehouse.

mod back;
mod choose;
mod count;
pub mod hot;
mod incoming;
mod inventory;
mod location;
mod movement;
mod promised;
mod reserve;
mod session;
mod shelf;
mod transfer;

pub use back::{knows, take_back};
pub use count::{CountItem, Place, adjust, set_on_hand, variants};
pub(crate) use count::{count, part};
pub use incoming::{Delivery, DeliveryState, NewDelivery, announce, deliveries, receive_delivery};
pub use incoming::{cancel_delivery, delivery};
pub use inventory::{InventoryRow, Label, LowItem, inventory, low, shelves};
pub use location::{
    Location, LocationEdit, NewLocation, create_location, location, locations, order_locations,
    update_location,
};
pub use movement::{Movement, MovementFilter, Reason, movements};
pub(crate) use movement::{first_movement, note_movement};
pub use promised::{Held, expire_due, extend, give_up, held, keep, release, ship};
pub(crate) use reserve::must_be_free;
pub use reserve::{Promised, hold, promise, reserve};
pub use session::{
    CountLine, CountState, StockCount, apply_count, begin_count, cancel_count, counts, record_count,
    stock_count,
};
pub(crate) use shelf::{Stock, default_location, lock};
pub use transfer::{
    NewTransfer, Transfer, TransferLine, TransferState, cancel_transfer, create_transfer, receive_transfer,
    ship_transfer, transfer, transfers, update_transfer,
};

use crate::entity::stock_level;
use crate::view::{Availability, StockPolicy};

/// From this many pieces on downwards, pages say how many are left.
pub const LOW_MARK: i64 = 10;

/// What can be sold of one variant, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub on_hand: i64,
    pub reserved: i64,
    pub threshold: i64,
    pub tracked: bool,
    pub policy: StockPolicy,
}

impl Level {
    pub fn of(row: &stock_level::Model) -> Self {
        Self {
            on_hand: row.on_hand,
            reserved: row.reserved,
            threshold: row.threshold,
            tracked: row.tracked,
            policy: row.policy.parse().unwrap_or_default(),
        }
    }

    /// No pieces, tracked as `row` is.
    pub fn none(row: Option<&stock_level::Model>) -> Self {
        let (tracked, policy) = match row {
            Some(row) => (row.tracked, row.policy.parse().unwrap_or_default()),
            None => (true, StockPolicy::Deny),
        };
        Self { on_hand: 0, reserved: 0, threshold: 0, tracked, policy }
    }

    /// Pieces that can be promised now; may be negative.
    pub fn free(&self) -> i64 {
        self.on_hand.saturating_sub(self.reserved).saturating_sub(self.threshold)
    }

    /// Whether the count limits what can be sold.
    pub fn limited(&self) -> bool {
        self.tracked && self.policy == StockPolicy::Deny
    }

    /// How many of `wanted` pieces can be had (MONEY, "stock 3, asked 5").
    #[cfg(test)]
    pub fn offered(&self, wanted: i64) -> i64 {
        if self.limited() { wanted.min(self.free().max(0)) } else { wanted }
    }

    /// The word for it.
    pub fn availability(&self) -> Availability {
        let free = self.free();
        match (self.tracked, self.policy) {
            (false, _) => Availability::InStock,
            (true, StockPolicy::Continue) if free <= 0 => Availability::Backorder,
            (true, StockPolicy::Continue) => Availability::InStock,
            (true, StockPolicy::Deny) if free <= 0 => Availability::SoldOut,
            (true, StockPolicy::Deny) if free <= LOW_MARK => Availability::Low { left: free },
            (true, StockPolicy::Deny) => Availability::InStock,
        }
    }

    /// Whether going from `before` to this crosses the low mark downwards.
    pub fn fell_low(&self, before_free: i64) -> bool {
        self.limited() && LOW_MARK < before_free && self.free() <= LOW_MARK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(on_hand: i64, threshold: i64) -> Level {
        Level { on_hand, reserved: 0, threshold, tracked: true, policy: StockPolicy::Deny }
    }

    #[test]
    fn offers_what_the_worked_cases_say() {
        assert_eq!(level(3, 0).offered(5), 3);
        assert_eq!(level(3, 2).offered(5), 1);
        assert_eq!(level(3, -5).offered(5), 5);
        assert_eq!(Level { policy: StockPolicy::Continue, ..level(-4, 0) }.offered(5), 5);
        assert_eq!(level(-4, 0).offered(5), 0);
    }

    #[test]
    fn words_follow_what_is_left() {
        assert_eq!(level(11, 0).availability(), Availability::InStock);
        assert_eq!(level(10, 0).availability(), Availability::Low { left: 10 });
        assert_eq!(level(0, 0).availability(), Availability::SoldOut);
        assert_eq!(
            Level { policy: StockPolicy::Continue, ..level(0, 0) }.availability(),
            Availability::Backorder
        );
        assert_eq!(Level { tracked: false, ..level(0, 0) }.availability(), Availability::InStock);
    }

    #[test]
    fn the_low_mark_is_crossed_once() {
        assert!(level(10, 0).fell_low(11));
        assert!(!level(9, 0).fell_low(10));
    }
}
