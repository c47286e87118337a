//! The checkout, and what comes after it.

use primitives::{Country, Money};
use serde::{Deserialize, Serialize};

use super::{CartView, OrderView};
use crate::tender::TenderChoice;

/// The checkout page: cart, choices, and what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutView {
    /// What is bought; `cart.totals` holds the chosen delivery.
    pub cart: CartView,
    /// Where the shop sends, in the order of their names; the shop's own country first.
    pub countries: Vec<Country>,
    /// The country that `methods` and totals are for.
    pub country: Country,
    /// Whether anything has to be sent. If not, there is no delivery to choose.
    pub needs_delivery: bool,
    /// Deliveries into `country`; one of them is chosen whenever there is one.
    pub methods: Vec<ShippingChoice>,
    /// The id of the chosen delivery.
    pub method: Option<String>,
    /// What gift cards and store credit pay of the total, in the order in which they were chosen.
    pub tenders: Vec<TenderChoice>,
    /// What is left to pay; zero: no way to pay has to be chosen.
    pub due: Money,
    /// Store credit that whoever is signed in has and this cart does not use.
    pub store_credit: Option<Money>,
    /// Ways to pay.
    pub payments: Vec<PaymentChoice>,
    /// What the form starts with: contact and address of the account's last order, else what the account knows; empty
    /// for guests.
    pub contact: ContactView,
    /// Whether an account is buying.
    pub signed_in: bool,
    /// A fresh idempotency key for the hidden field.
    pub idempotency_key: String,
}

/// A delivery that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingChoice {
    /// What the form posts.
    pub id: String,
    /// Name such as "To your door".
    pub name: String,
    /// Words on when it comes, may be empty.
    pub note: String,
    /// As the shop writes prices; zero when free.
    pub price: Money,
    /// Price before "free from" was applied.
    pub full_price: Money,
    /// Free from this sum on.
    pub free_from: Option<Money>,
    /// Where the shopper fetches it, and when; `None` when it is sent.
    pub pickup_place: Option<String>,
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentChoice {
    /// What the form posts: `manual` or `http`.
    pub id: String,
    /// Name such as "Bank transfer".
    pub name: String,
    /// What happens next, in one sentence.
    pub note: String,
}

/// Contact and address as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// E-mail address.
    pub email: String,
    /// Address.
    pub address: Address,
}

/// A postal address. Free text, checked by [`crate::address`] before it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Full name of whoever receives it.
    pub name: String,
    /// Company, may be empty.
    pub company: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor; may be empty.
    pub line2: String,
    /// Postal code in the country's own writing.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// State or province, may be empty.
    pub region: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// May be empty.
    pub phone: String,
}

impl Address {
    /// As it is written in its country, line by line, the country last; what is not known is left out.
    pub fn lines(&self) -> Vec<String> {
        let Self { name, company, line1, line2, postal_code, city, region, country, .. } = self;
        let named = Country::parse(country).map_or_else(|_| country.clone(), |known| known.name().to_owned());
        let joined = |parts: [&str; 2], between: &str| {
            let known: Vec<&str> = parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
            known.join(between)
        };
        let town = match country.as_str() {
            "US" | "CA" | "AU" => joined([city, &joined([region, postal_code], " ")], ", "),
            _ => joined([postal_code, city], " "),
        };
        let lines: [&String; 6] = [name, company, line1, line2, &town, &named];
        lines.into_iter().map(|line| line.trim()).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

/// What a shopper is told after placing, and what the page does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The order; its timeline may be left out.
    pub order: OrderView,
    /// Opens `/orders/{token}`.
    pub token: String,
    /// What happens now.
    pub next: NextStep,
    /// An earlier call placed it; this call changed nothing.
    pub replayed: bool,
}

/// What happens after an order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Paid: show the confirmation.
    Done,
    /// Show how to pay by hand.
    PayByHand,
    /// Send the shopper to [`OrderView::pay_url`].
    Pay,
    /// The gateway has not decided, or its answer was lost: show the order and look again; it settles by itself.
    Wait,
    /// The order is cancelled. After a declined payment the cart is back, so that the shopper can try again.
    TryAgain,
}
