//! The checkout as clients see it, and what became of it.

use async_graphql::{Enum, SimpleObject};
use platform::Ctx;
use platform::graphql::Money;

use super::cart::Cart;
use super::order::{Address, Order};
use super::tender::CheckoutTender;
use crate::view;

/// What a checkout page needs.
#[derive(SimpleObject)]
pub struct Checkout {
    /// What is bought, with the chosen delivery in its totals.
    cart: Cart,
    /// Where the shop sends.
    countries: Vec<Country>,
    /// The country that deliveries and totals are for.
    country: String,
    /// Whether anything has to be sent.
    needs_delivery: bool,
    /// Deliveries into it.
    methods: Vec<ShippingChoice>,
    /// The chosen delivery.
    method: Option<String>,
    /// What gift cards and store credit pay of the total, in the order in which they were chosen.
    tenders: Vec<CheckoutTender>,
    /// What is left to pay: `expectedDue` of the order.
    due: Money,
    /// Store credit that whoever is signed in has and this cart does not use.
    store_credit: Option<Money>,
    /// Ways to pay; none has to be chosen when nothing is left.
    payments: Vec<PaymentChoice>,
    /// What the form starts with.
    contact: Contact,
    /// A fresh key.
    idempotency_key: String,
}

impl Checkout {
    pub(super) fn of(checkout: view::CheckoutView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            cart: Cart::of(checkout.cart, ctx),
            countries: checkout
                .countries
                .into_iter()
                .map(|country| Country { code: country.as_str().to_owned(), name: country.name().to_owned() })
                .collect(),
            country: checkout.country.as_str().to_owned(),
            needs_delivery: checkout.needs_delivery,
            methods: checkout.methods.into_iter().map(|method| ShippingChoice::of(method, ctx)).collect(),
            method: checkout.method,
            tenders: checkout.tenders.into_iter().map(|one| CheckoutTender::of(one, ctx)).collect(),
            due: money(checkout.due),
            store_credit: checkout.store_credit.map(money),
            payments: checkout.payments.into_iter().map(PaymentChoice::from).collect(),
            contact: Contact { email: checkout.contact.email, address: checkout.contact.address.into() },
            idempotency_key: checkout.idempotency_key,
        }
    }
}

/// A country.
#[derive(SimpleObject)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    code: String,
    /// English name.
    name: String,
}

/// A delivery that can be chosen.
#[derive(SimpleObject)]
pub struct ShippingChoice {
    /// What is sent back.
    id: String,
    /// Name.
    name: String,
    /// Words on when it comes.
    note: String,
    /// Price for this cart.
    price: Money,
    /// Price before "free from".
    full_price: Money,
    /// Free from this sum on.
    free_from: Option<Money>,
    /// Where the shopper fetches it, and when; then street, postal code and town may be left out. Null: it is sent.
    pickup_place: Option<String>,
}

impl ShippingChoice {
    pub(super) fn of(choice: view::ShippingChoice, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            id: choice.id,
            name: choice.name,
            note: choice.note,
            price: money(choice.price),
            full_price: money(choice.full_price),
            free_from: choice.free_from.map(money),
            pickup_place: choice.pickup_place,
        }
    }
}

/// A way to pay.
#[derive(SimpleObject)]
pub struct PaymentChoice {
    /// What is sent back.
    id: String,
    /// Name.
    name: String,
    /// What happens next.
    note: String,
}

impl From<view::PaymentChoice> for PaymentChoice {
    fn from(choice: view::PaymentChoice) -> Self {
        Self { id: choice.id, name: choice.name, note: choice.note }
    }
}

/// Contact and address.
#[derive(SimpleObject)]
pub struct Contact {
    /// E-mail address.
    email: String,
    /// Postal address.
    address: Address,
}

/// A placed order.
#[derive(SimpleObject)]
pub struct CheckoutPlacePayload {
    /// The order.
    pub(super) order: Order,
    /// Opens its tracking page.
    pub(super) token: String,
    /// What happens now.
    pub(super) next: NextStep,
    /// An earlier call placed it.
    pub(super) replayed: bool,
}

/// What happens after an order was placed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "view::NextStep")]
pub enum NextStep {
    /// Paid.
    Done,
    /// Show how to pay by hand.
    PayByHand,
    /// Send the shopper to the order's `payUrl`.
    Pay,
    /// The gateway has not decided; it settles by itself.
    Wait,
    /// Declined: the cart is back.
    TryAgain,
}
