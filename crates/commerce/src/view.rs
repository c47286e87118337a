//! What readers get: plain values that carry no row, no token of somebody else and no way to write.

mod cart;
mod checkout;
mod customer;
mod dashboard;
mod order;

use primitives::FieldError;

pub use cart::{
    CartLineView, CartOutcome, CartPromotionView, CartView, CodeView, DiscountView, ExemptionView,
    FreeShipping, GiftView, HintView, LineProblem, ListedPrice, SavedLineView, TaxShare, Totals, WhyNot,
};
pub use checkout::{Address, CheckoutView, ContactView, NextStep, PaymentChoice, Placed, ShippingChoice};
pub use customer::{ConsentView, CustomerNoteView, CustomerView, GroupName, OwnAddress};
pub use dashboard::{DashboardView, SalesDay, TopProduct};
pub use order::{
    DiscrepancyView, DisputeView, ExchangeView, FulfilmentLineView, FulfilmentView, MoveView, NoteView,
    OrderLineView, OrderRowView, OrderState, OrderView, PaymentState, ReturnLineView, ReturnView,
    TimelineEntry,
};

pub use pricing::Reason as PromotionReason;

/// Errors of a form at its fields, for a page that comes back with 422.
pub type FormErrors = Vec<FieldError>;
