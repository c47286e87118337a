//! What clients send.

use async_graphql::{Enum, ID, InputObject, Result};
use platform::Error;
use platform::graphql::{DateTime, Long, failure, parse_id};
use pricing::{Measure, Step, TaxCategory};
use primitives::{CartId, Country, Currency, CustomerId, FieldError, Money, Rate};

use super::order::{OrderState, PaymentState};
use super::parcel::OrderPieceInput;
use super::staff::{DeliveryTax, PaymentCapture, ShippingMeasure, TaxRounding};
use crate::order::{OrderFilter as Filter, Target};
use crate::settings::{CommerceSettings, PaymentSettings, ShippingMethod, TaxRule};
use crate::{checkout, view};

/// Pieces to add.
#[derive(InputObject)]
pub struct CartLinesAddInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// What to add.
    pub lines: Vec<CartLineInput>,
}

/// So many pieces of a variant.
#[derive(InputObject)]
pub struct CartLineInput {
    /// The variant.
    pub variant_id: ID,
    /// 1 to 10,000.
    #[graphql(default = 1)]
    pub quantity: i32,
}

/// New quantities.
#[derive(InputObject)]
pub struct CartLinesUpdateInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// Lines to change.
    pub lines: Vec<CartLineUpdateInput>,
}

/// The new quantity of a line.
#[derive(InputObject)]
pub struct CartLineUpdateInput {
    /// The line.
    pub id: ID,
    /// 0 removes it.
    pub quantity: i32,
}

/// Codes of a cart.
#[derive(InputObject)]
pub struct CartCodesSetInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// All of them, at most 10; none takes them out.
    pub codes: Vec<String>,
}

/// A line of a cart, or something that was put aside.
#[derive(InputObject)]
pub struct CartSavedInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// Which one.
    pub id: ID,
}

/// Lines to take out.
#[derive(InputObject)]
pub struct CartLinesRemoveInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// The lines.
    pub ids: Vec<ID>,
}

/// A postal address.
#[derive(InputObject)]
pub struct AddressInput {
    /// Full name of whoever receives it.
    name: String,
    /// Company.
    #[graphql(default)]
    company: String,
    /// Street and number.
    line1: String,
    /// Flat, floor.
    #[graphql(default)]
    line2: String,
    /// Postal code.
    #[graphql(default)]
    postal_code: String,
    /// Town.
    city: String,
    /// State or province.
    #[graphql(default)]
    region: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Phone.
    #[graphql(default)]
    phone: String,
}

impl AddressInput {
    pub(super) fn read(self) -> view::Address {
        let Self { name, company, line1, line2, postal_code, city, region, country, phone } = self;
        view::Address { name, company, line1, line2, postal_code, city, region, country, phone }
    }
}

/// Everything that placing an order needs.
#[derive(InputObject)]
pub struct CheckoutPlaceInput {
    /// Key of a guest's cart.
    pub token: Option<String>,
    /// The cart that the shopper saw; left out: the caller's open one.
    cart: Option<ID>,
    /// E-mail address.
    email: String,
    /// Where it goes.
    address: AddressInput,
    /// Id of the chosen delivery.
    shipping_method: String,
    /// `manual` or `http`; empty when nothing is left to pay.
    payment_provider: String,
    /// The total that the shopper saw, in minor units.
    expected_total: Long,
    /// The currency of what the shopper saw, which the order is then in; left out: that of the session.
    pub currency: Option<String>,
    /// What gift cards and store credit had left to pay, in minor units; left out: all of the total.
    expected_due: Option<Long>,
    /// 1 to 100 visible ASCII characters, fresh for each order.
    idempotency_key: String,
}

pub(super) fn checkout_input(
    input: CheckoutPlaceInput,
    token: Option<String>,
    expected_currency: Option<Currency>,
) -> Result<checkout::CheckoutInput> {
    let address = input.address.read();
    Ok(checkout::CheckoutInput {
        token,
        cart: input.cart.map(|id| parse_id(&id, CartId::KIND)).transpose()?,
        email: input.email,
        address,
        shipping_method: input.shipping_method,
        payment_provider: input.payment_provider,
        expected_total: input.expected_total.0,
        expected_currency,
        expected_due: input.expected_due.map(|due| due.0),
        idempotency_key: input.idempotency_key,
    })
}

/// Which orders.
#[derive(InputObject, Default)]
pub struct OrderFilter {
    /// Number, or part of the e-mail or of the name.
    #[graphql(default)]
    q: String,
    /// Any of these.
    #[graphql(default)]
    state: Vec<OrderState>,
    /// Any of these.
    #[graphql(default)]
    payment: Vec<PaymentState>,
    /// Only those that somebody has to look at.
    #[graphql(default)]
    attention: bool,
    /// Of one customer.
    customer_id: Option<ID>,
    /// Placed at this moment or later.
    placed_from: Option<DateTime>,
    /// Placed before this moment.
    placed_to: Option<DateTime>,
    /// With this tag of the staff.
    #[graphql(default)]
    tag: String,
}

impl OrderFilter {
    pub(super) fn read(self) -> Result<Filter> {
        Ok(Filter {
            q: self.q,
            states: self.state.into_iter().map(Into::into).collect(),
            payments: self.payment.into_iter().map(Into::into).collect(),
            attention: self.attention,
            customer: self.customer_id.map(|id| parse_id(&id, CustomerId::KIND)).transpose()?,
            placed_from: self.placed_from.map(|at| at.0),
            placed_to: self.placed_to.map(|at| at.0),
            tag: self.tag,
        })
    }
}

/// An order to move.
#[derive(InputObject)]
pub struct OrderMoveInput {
    /// The order.
    pub id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    pub version: Option<Long>,
}

/// An order to send.
#[derive(InputObject)]
pub struct OrderShipInput {
    /// The order.
    pub id: ID,
    /// The version that was seen; needed with `lines`.
    pub version: Option<Long>,
    /// Who brings it.
    #[graphql(default)]
    pub carrier: String,
    /// Number of the parcel.
    #[graphql(default)]
    pub tracking_number: String,
    /// Where to follow it.
    #[graphql(default)]
    pub tracking_url: String,
    /// What lies in the parcel; left out: everything that is left to send.
    pub lines: Option<Vec<OrderPieceInput>>,
}

/// An order to call off.
#[derive(InputObject)]
pub struct OrderCancelInput {
    /// The order.
    pub id: ID,
    /// The version that was seen.
    pub version: Option<Long>,
    /// Why, up to 500 characters; the customer sees it.
    pub reason: String,
}

/// A note for an order.
#[derive(InputObject)]
pub struct OrderNoteAddInput {
    /// The order.
    pub id: ID,
    /// Up to 4,000 characters.
    pub text: String,
}

/// Where money goes back to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::order::BackTo")]
pub enum RefundTo {
    /// Where it came from: the payment first, then gift cards and store credit.
    Original,
    /// All of it to the customer's store credit.
    StoreCredit,
}

/// Money of an order to give back.
#[derive(InputObject)]
pub struct OrderRefundInput {
    /// The order.
    pub id: ID,
    /// The version that was seen; needed with `amount`.
    pub version: Option<Long>,
    /// Decimal text in the order's currency; left out: everything that is not back yet.
    pub amount: Option<String>,
    /// Where to.
    #[graphql(default_with = "RefundTo::Original")]
    pub to: RefundTo,
    /// Why, up to 500 characters.
    pub reason: String,
}

/// As [`target`], for what would be done twice by somebody who sends it again: the version is what keeps it from that.
pub(super) fn target_seen(id: &ID, version: Option<Long>, part: bool) -> Result<Target> {
    match (part, version) {
        (true, None) => Err(failure(Error::invalid("version", "say which version of the order was seen"))),
        (_, version) => target(id, version),
    }
}

pub(super) fn target(id: &ID, version: Option<Long>) -> Result<Target> {
    Ok(Target { id: parse_id(id, "order")?, version: version.map(|version| version.0) })
}

/// Changed settings; what is left out stays.
#[derive(InputObject)]
pub struct CommerceSettingsInput {
    /// The version that was seen.
    pub version: Long,
    /// Rates by place and kind of goods.
    taxes: Option<Vec<TaxRuleInput>>,
    /// Where tax is rounded.
    rounding: Option<TaxRounding>,
    /// How delivery is taxed.
    delivery_tax: Option<DeliveryTax>,
    /// Deliveries, in the order in which they are offered.
    shipping: Option<Vec<ShippingMethodInput>>,
    /// Ways to pay.
    payment: Option<PaymentSettingsInput>,
    /// Days after its last parcel arrived in which something of an order can be sent back; 0: not at all.
    return_days: Option<u32>,
}

/// A tax rate of a place.
#[derive(InputObject)]
pub struct TaxRuleInput {
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Only this state or province of it.
    #[graphql(default)]
    region: String,
    /// Only where the postal code begins with this.
    #[graphql(default)]
    postal: String,
    /// For which goods: 1 to 40 of a-z, 0-9, - and _.
    #[graphql(default = "standard")]
    category: String,
    /// What it is called.
    name: String,
    /// Per cent as text: `21` or `10.75`.
    rate: String,
    /// Its first moment.
    from: Option<DateTime>,
    /// The first moment after it.
    until: Option<DateTime>,
}

/// A price of a delivery from some measure on.
#[derive(InputObject)]
pub struct ShippingStepInput {
    /// From this measure on: grams or pieces as a whole number, an amount as decimal text.
    from: String,
    /// Decimal text in the shop's currency.
    price: String,
}

/// A delivery.
#[derive(InputObject)]
pub struct ShippingMethodInput {
    /// Stays the same over changes; left out: made of the name.
    id: Option<String>,
    /// Name.
    name: String,
    /// Words on when it comes.
    #[graphql(default)]
    note: String,
    /// Where it goes.
    countries: Vec<String>,
    /// Decimal text in the shop's currency, up to the first of the steps.
    price: String,
    /// What decides about the steps.
    by: Option<ShippingMeasure>,
    /// Other prices from some measure on, ascending.
    #[graphql(default)]
    steps: Vec<ShippingStepInput>,
    /// The most that it takes, included; written as in the steps.
    up_to: Option<String>,
    /// Fetched by the shopper.
    #[graphql(default)]
    pickup: bool,
    /// Where it is fetched, and when; needed for what is fetched.
    #[graphql(default)]
    pickup_place: String,
    /// How it is taxed, a kind of goods; left out: as all deliveries.
    tax_category: Option<String>,
    /// Free from this sum on.
    free_from: Option<String>,
    /// Offered now.
    #[graphql(default = true)]
    active: bool,
}

/// Ways to pay.
#[derive(InputObject)]
pub struct PaymentSettingsInput {
    /// Whether paying by hand is offered.
    manual: bool,
    /// Its name.
    manual_name: String,
    /// What the shopper has to do.
    manual_instructions: String,
    /// Whether the gateway is offered.
    http: bool,
    /// Its name.
    http_name: String,
    /// Who takes the money that a gateway has promised; left out: as it is.
    capture: Option<PaymentCapture>,
    /// Whether Stripe is offered; left out: as it is.
    stripe: Option<bool>,
    /// Its name; left out: as it is.
    stripe_name: Option<String>,
}

impl CommerceSettingsInput {
    /// The settings as they shall be; every unreadable field at once.
    pub(super) fn over(self, settings: &CommerceSettings, currency: Currency) -> Result<CommerceSettings> {
        let mut errors = Vec::new();
        let mut next = settings.clone();
        if let Some(taxes) = self.taxes {
            next.taxes =
                taxes.into_iter().enumerate().filter_map(|(i, tax)| tax.read(i, &mut errors)).collect();
        }
        if let Some(rounding) = self.rounding {
            next.rounding = rounding.into();
        }
        if let Some(delivery_tax) = self.delivery_tax {
            next.delivery_tax = delivery_tax.into();
        }
        if let Some(shipping) = self.shipping {
            let read = |(i, method): (usize, ShippingMethodInput)| method.read(i, currency, &mut errors);
            next.shipping = shipping.into_iter().enumerate().filter_map(read).collect();
        }
        if let Some(days) = self.return_days {
            next.return_days = days;
        }
        if let Some(payment) = self.payment {
            next.payment = PaymentSettings {
                manual: payment.manual,
                manual_name: payment.manual_name,
                manual_instructions: payment.manual_instructions,
                http: payment.http,
                http_name: payment.http_name,
                capture: payment.capture.map_or(settings.payment.capture, Into::into),
                stripe: payment.stripe.unwrap_or(settings.payment.stripe),
                stripe_name: payment.stripe_name.unwrap_or_else(|| settings.payment.stripe_name.clone()),
            };
        }
        if errors.is_empty() { Ok(next) } else { Err(failure(Error::invalid_fields(errors))) }
    }
}

fn take<T, E: std::fmt::Display>(
    read: Result<T, E>,
    field: String,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    read.map_err(|error| errors.push(FieldError::new(field, error.to_string()))).ok()
}

impl TaxRuleInput {
    fn read(self, i: usize, errors: &mut Vec<FieldError>) -> Option<TaxRule> {
        let country = take(Country::parse(&self.country), format!("taxes.{i}.country"), errors);
        let rate = take(Rate::parse_percent(&self.rate), format!("taxes.{i}.rate"), errors);
        let category = take(TaxCategory::parse(&self.category), format!("taxes.{i}.category"), errors);
        Some(TaxRule {
            country: country?,
            region: self.region.trim().to_owned(),
            postal: self.postal.trim().to_owned(),
            category: category?,
            name: self.name.trim().to_owned(),
            rate: rate?,
            from: self.from.map(|at| at.0),
            until: self.until.map(|at| at.0),
        })
    }
}

/// A measure as text; see [`ShippingStepInput::from`].
fn measure(
    by: Measure,
    text: &str,
    currency: Currency,
    field: String,
    errors: &mut Vec<FieldError>,
) -> Option<i64> {
    match by {
        Measure::Price => take(Money::parse_decimal(text, currency), field, errors).map(|money| money.minor),
        Measure::Weight | Measure::Quantity => {
            take(text.trim().parse().map_err(|_| "write a whole number"), field, errors)
        }
    }
}

impl ShippingMethodInput {
    fn read(self, i: usize, currency: Currency, errors: &mut Vec<FieldError>) -> Option<ShippingMethod> {
        let at = |field: &str| format!("shipping.{i}.{field}");
        let price = take(Money::parse_decimal(&self.price, currency), at("price"), errors);
        let free_from = self.free_from.filter(|text| !text.trim().is_empty());
        let free_from = match free_from {
            None => Some(None),
            Some(text) => take(Money::parse_decimal(&text, currency), at("freeFrom"), errors).map(Some),
        };
        let by: Measure = self.by.map_or(Measure::Price, Into::into);
        let mut steps = Vec::with_capacity(self.steps.len());
        for (n, step) in self.steps.iter().enumerate() {
            let from = measure(by, &step.from, currency, at(&format!("steps.{n}.from")), errors);
            let price = Money::parse_decimal(&step.price, currency);
            let price = take(price, at(&format!("steps.{n}.price")), errors);
            if let (Some(from), Some(price)) = (from, price) {
                steps.push(Step { from, price: price.minor });
            }
        }
        let up_to = self.up_to.filter(|text| !text.trim().is_empty());
        let up_to = match up_to {
            None => Some(None),
            Some(text) => measure(by, &text, currency, at("upTo"), errors).map(Some),
        };
        let category = self.tax_category.filter(|text| !text.trim().is_empty());
        let tax_category = match category {
            None => Some(None),
            Some(text) => take(TaxCategory::parse(&text), at("taxCategory"), errors).map(Some),
        };
        let countries: Vec<Country> = self
            .countries
            .iter()
            .filter_map(|code| take(Country::parse(code), at("countries"), errors))
            .collect();
        let name = self.name.trim().to_owned();
        let id = self.id.filter(|id| !id.is_empty());
        let id = match id {
            Some(id) => Some(id),
            None => take(
                primitives::Slug::slugify(&name).ok_or("give it a name with letters"),
                at("name"),
                errors,
            )
            .map(|slug| slug.to_string()),
        };
        Some(ShippingMethod {
            id: id?,
            name,
            note: self.note.trim().to_owned(),
            countries,
            price_minor: price?.minor,
            by,
            steps,
            up_to: up_to?,
            pickup: self.pickup,
            pickup_place: if self.pickup { self.pickup_place.trim().to_owned() } else { String::new() },
            tax_category: tax_category?,
            free_from_minor: free_from?.map(|from| from.minor),
            active: self.active,
        })
    }
}
