//! Money that is no gateway's: gift cards and store credit.
//!
//! Both are accounts with a balance, which only [`account`] changes, by statements under conditions; each change is a
//! movement and a row of the ledger under the same id. [`card`] and [`credit`] are what staff and shoppers do with them,
//! [`chosen`] what a cart is to be paid from, [`order`] what an order takes and gets back.

pub(crate) mod account;
mod card;
pub(crate) mod chosen;
pub mod code;
pub(crate) mod credit;
pub(crate) mod order;
mod view;

pub use card::{GiftCardChange, GiftCardDraft, GiftCardFilter, Issued, get, issue, list, update};
pub use chosen::{MAX_CARDS, add_gift_card, leave_store_credit, remove_gift_card, use_store_credit};
pub(crate) use credit::end_credit;
pub use credit::{CreditChange, change, mine, of_customer};
pub use view::{
    GiftCardState, GiftCardView, MovementKind, MovementView, OrderTenderView, StoreCreditView, TenderChoice,
    TenderKind,
};

/// Most minor units of a gift card, or of one change of store credit.
pub const MAX_AMOUNT: i64 = 1_000_000_000_000;
/// Longest note of a gift card and reason of a change, characters.
pub const MAX_NOTE: usize = 500;
