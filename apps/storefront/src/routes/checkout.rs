//! The checkout: one page, guest first, and it keeps what was typed.

use crate::data;
use crate::islands::{Live, PART};
use crate::page::{self, Frame, Head, Page};
use crate::parts::form::{self, Field, Problems};
use crate::parts::{icon, lines, tender};
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use commerce::checkout::Wish;
use commerce::view::{Address, CheckoutView, ContactView, PaymentChoice, ShippingChoice};
use leptos::prelude::*;
use platform::Ctx;
use primitives::{CartId, Country, Currency};

/// What was typed into the form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// E-mail and address.
    pub contact: ContactView,
    /// Id of the delivery.
    pub method: String,
    /// Id of the payment.
    pub payment: String,
    /// Wants letters about offers; nobody is asked twice by a box that is ticked already.
    pub letters: bool,
    /// Hidden: names this attempt, so that a second click places no second order.
    pub key: String,
    /// Hidden: the cart that the shopper saw.
    pub cart: Option<CartId>,
    /// Hidden: the total that the shopper saw, in minor units.
    pub expected_total: Option<i64>,
    /// Hidden: the currency of both.
    pub expected_currency: Option<Currency>,
    /// Hidden: what was left to pay, in minor units.
    pub expected_due: Option<i64>,
}

impl Typed {
    /// Reads the posted form.
    pub fn from_pairs(pairs: &[(String, String)]) -> Self {
        let mut typed = Self::default();
        let address: &mut Address = &mut typed.contact.address;
        for (key, value) in pairs {
            let value: String = value.trim().chars().take(500).collect();
            match key.as_str() {
                "email" => typed.contact.email = value,
                "name" => address.name = value,
                "company" => address.company = value,
                "line1" => address.line1 = value,
                "line2" => address.line2 = value,
                "postal_code" => address.postal_code = value,
                "city" => address.city = value,
                "region" => address.region = value,
                "country" => address.country = value,
                "phone" => address.phone = value,
                "delivery" => typed.method = value,
                "payment" => typed.payment = value,
                "letters" => typed.letters = value == "1",
                "key" => typed.key = value,
                "cart" => typed.cart = value.parse().ok(),
                "expected_total" => typed.expected_total = value.parse().ok(),
                "expected_currency" => typed.expected_currency = Currency::parse(&value).ok(),
                "expected_due" => typed.expected_due = value.parse().ok(),
                _ => {}
            }
        }
        typed
    }
}

/// `GET /checkout`
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor) -> Response {
    match data::checkout(&ctx, &visitor, Wish::default()).await {
        Ok(view) if view.cart.lines.is_empty() || !view.cart.ready => {
            Redirect::to(&shop.href("/cart")).into_response()
        }
        Ok(view) => {
            let typed = Typed { contact: view.contact.clone(), ..Typed::default() };
            answer(&shop, &HeaderMap::new(), StatusCode::OK, &view, &typed, &Problems::default())
        }
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// The checkout in the form that was asked for: the page, or its contents for the island.
pub fn answer(
    shop: &Shop,
    headers: &HeaderMap,
    status: StatusCode,
    view: &CheckoutView,
    typed: &Typed,
    problems: &Problems,
) -> Response {
    if headers.get(PART).is_some_and(|part| part == "checkout") {
        return page::fragment(status, || contents(shop, view, typed, problems));
    }
    page::answer(shop, || Page { status, ..page(shop, view, typed, problems) })
}

/// The page.
pub fn page(shop: &Shop, view: &CheckoutView, typed: &Typed, problems: &Problems) -> Page {
    let title = if problems.is_empty() { "Check out" } else { "Something needs another look" };
    let head = Head { title: title.into(), hidden: true, ..Head::default() };
    let contents = contents(shop, view, typed, problems);
    let mut page =
        Page::new(head, "/checkout", view! { <Live part="checkout".to_owned()>{contents}</Live> }.into_any());
    page.frame = Frame::Checkout;
    page
}

fn contents(shop: &Shop, view: &CheckoutView, typed: &Typed, problems: &Problems) -> AnyView {
    let due = shop.amount(view.due);
    let key = if typed.key.is_empty() { view.idempotency_key.as_str() } else { typed.key.as_str() };
    let refresh = shop.href("/checkout/refresh");
    let email = Field {
        name: "email",
        label: "E-mail",
        kind: "email",
        autocomplete: "email",
        value: &typed.contact.email,
        hint: "For the receipt and the parcel. Nothing else unless you ask.",
        ..Field::default()
    };
    view! {
        <div class="shell checkout-page">
            {summary(shop, view)}
            <form action=shop.href("/checkout") method="post" novalidate="" data-once="">
                <div class="stack">
                    <h1>"Check out"</h1>
                    {form::error_summary(problems, "Nothing has been charged, and everything you typed is kept.")}
                </div>
                {form::hidden("key", key)}
                {view.cart.id.map(|id| form::hidden("cart", &id.to_string()))}
                {form::hidden("expected_total", &view.cart.totals.total.minor.to_string())}
                {form::hidden("expected_due", &view.due.minor.to_string())}
                {form::hidden("expected_currency", view.due.currency.code())}
                // Enter presses the first button of a form: it pays, after everything has been checked.
                <button class="visually-hidden" tabindex="-1" aria-hidden="true">{format!("Pay {due}")}</button>

                <section class="step" aria-labelledby="s-contact">
                    <div class="step-head">
                        <h2 id="s-contact">"Contact"</h2>
                        {(!view.signed_in).then(|| view! { <p>"Have an account? "<a href=shop.href("/sign-in?to=checkout")>"Sign in"</a></p> })}
                    </div>
                    <div class="form-grid">{email.view(problems)}</div>
                    <label class="small">
                        <input type="checkbox" name="letters" value="1" checked=typed.letters/>
                        " Write to me about offers. I can stop that at any time."
                    </label>
                </section>

                <section class="step" aria-labelledby="s-address">
                    <h2 id="s-address">{if place(view).is_some() { "Who fetches it" } else { "Delivery address" }}</h2>
                    {address_fields(view, &typed.contact.address, problems)}
                </section>

                <fieldset class="step" aria-labelledby="s-delivery">
                    <h2 id="s-delivery">"Delivery"</h2>
                    {form::group_error(problems, "delivery")}
                    {methods(shop, view)}
                    <p class="refresh">
                        <button class="button" data-kind="secondary" data-size="small" formaction=refresh.clone() formnovalidate="" data-live="" data-refresh="" name="refresh" value="1">
                            "Update delivery and total"
                        </button>
                    </p>
                </fieldset>

                <section class="step" aria-labelledby="s-code">
                    <h2 id="s-code">"Discount code"</h2>
                    {code(shop, view, problems)}
                    <p>
                        <button class="button" data-kind="secondary" data-size="small" formaction=refresh.clone() formnovalidate="" data-live="" name="apply" value="1">
                            "Apply code"
                        </button>
                    </p>
                </section>

                {tender::section(shop, view, &refresh, problems)}

                <fieldset class="step" aria-labelledby="s-payment">
                    <h2 id="s-payment">"Payment"</h2>
                    {form::group_error(problems, "payment")}
                    {payments(view, typed)}
                </fieldset>

                <div class="pay">
                    <button class="button" data-wide="">{icon::lock()}{pay_words(view, typed, &due)}</button>
                    <p class="small muted">"This total will not change after you press the button."</p>
                </div>
            </form>
        </div>
    }
    .into_any()
}

/// One way to pay by hand means: the button orders, it does not charge.
fn pay_words(view: &CheckoutView, typed: &Typed, total: &str) -> String {
    if view.due.minor == 0 && !view.tenders.is_empty() {
        return "Place order".to_owned();
    }
    let only_by_hand =
        view.payments.iter().all(|payment| payment.id == "manual") || typed.payment == "manual";
    if only_by_hand { format!("Place order for {total}") } else { format!("Pay {total}") }
}

fn summary(shop: &Shop, view: &CheckoutView) -> AnyView {
    let cart = &view.cart;
    let total = shop.amount(view.due);
    let things = shop.settings.list.count(u64::from(cart.n_items));
    let name = view.methods.iter().find(|m| Some(&m.id) == view.method.as_ref()).map(|m| m.name.as_str());
    let counted = cart.lines.iter().filter(|line| line.counted()).map(Into::into);
    let shown = counted.chain(cart.gifts.iter().map(Into::into));
    view! {
        <aside class="sticky" aria-label="Your order">
            <details class="summary-fold">
                <summary>
                    <span class="label">{icon::bag()}{format!("Your order, {things} ")}{icon::chevron()}</span>
                    <span>{total}</span>
                </summary>
                <div class="order-summary">
                    <h2>"Your order"</h2>
                    {lines::summary_lines(shop, shown)}
                    {lines::totals(shop, &cart.totals, name)}
                    {tender::rest(shop, view)}
                </div>
            </details>
        </aside>
    }
    .into_any()
}

fn address_fields(view: &CheckoutView, typed: &Address, problems: &Problems) -> AnyView {
    let field =
        |name, label, autocomplete, value| Field { name, label, autocomplete, value, ..Field::default() };
    let has_regions = matches!(view.country.as_str(), "US" | "CA" | "AU" | "BR" | "MX" | "IN" | "JP" | "CN");
    let region_label = if view.country.as_str() == "US" { "State" } else { "State or province" };
    let region = Field {
        optional: !has_regions || place(view).is_some(),
        ..field("region", region_label, "address-level1", &typed.region)
    };
    let region = (has_regions || !typed.region.is_empty()).then(|| region.view(problems));
    let postal = if view.country.as_str() == "US" { "ZIP code" } else { "Postal code" };
    let fetched = place(view).is_some();
    let country = countries(view, problems);
    let name = field("name", "Full name", "name", &typed.name).view(problems);
    let hint = match fetched {
        true => "In case something about it is unclear.",
        false => "Only the driver sees it, only on the day.",
    };
    let phone = Field { kind: "tel", optional: true, hint, ..field("phone", "Phone", "tel", &typed.phone) };
    let phone = phone.view(problems);
    let address = view! {
        {Field { optional: true, ..field("company", "Company", "organization", &typed.company) }.view(problems)}
        {Field { optional: fetched, ..field("line1", "Street and number", "address-line1", &typed.line1) }.view(problems)}
        {Field { optional: true, ..field("line2", "Flat, floor", "address-line2", &typed.line2) }.view(problems)}
        {Field { span: "2", optional: fetched, ..field("postal_code", postal, "postal-code", &typed.postal_code) }.view(problems)}
        {Field { span: "4", optional: fetched, ..field("city", "Town", "address-level2", &typed.city) }.view(problems)}
        {region}
    };
    if !fetched {
        return view! { <div class="form-grid">{country}{name}{address}{phone}</div> }.into_any();
    }
    let known = !typed.line1.is_empty() || !typed.company.is_empty();
    let open = known || ["line1", "postal_code", "city"].iter().any(|field| problems.at(field).is_some());
    view! {
        <div class="form-grid">{country}{name}{phone}</div>
        <details class="fold" open=open>
            <summary>"An address for the invoice"</summary>
            <div class="form-grid">{address}</div>
        </details>
    }
    .into_any()
}

/// Where the chosen delivery is fetched, if it is not sent.
fn place(view: &CheckoutView) -> Option<&str> {
    let chosen = view.methods.iter().find(|method| Some(&method.id) == view.method.as_ref())?;
    chosen.pickup_place.as_deref()
}

fn countries(view: &CheckoutView, problems: &Problems) -> AnyView {
    let error = problems.at("country").map(form::sentence);
    let described = error.as_ref().map(|_| "country-error");
    let options = view.countries.iter().map(|country| country_option(*country, view.country)).collect_view();
    view! {
        <div class="field">
            <label for="country">"Country"</label>
            <select
                class="input"
                id="country"
                name="country"
                autocomplete="country"
                aria-describedby=described
                aria-invalid=error.is_some().then_some("true")
                data-refresh-on-change=""
            >
                {options}
            </select>
            {error.map(|error| view! { <p class="error" id="country-error">{icon::alert()}{error}</p> })}
        </div>
    }
    .into_any()
}

fn country_option(country: Country, chosen: Country) -> AnyView {
    view! { <option value=country.as_str() selected=country == chosen>{country.name()}</option> }.into_any()
}

fn methods(shop: &Shop, view: &CheckoutView) -> AnyView {
    if !view.needs_delivery {
        return form::notice("info", "Nothing has to be sent.".to_owned());
    }
    if view.methods.is_empty() {
        let words = format!("We do not send to {} yet. Choose another country above.", view.country.name());
        return form::notice("warning", words);
    }
    let cards = view
        .methods
        .iter()
        .map(|method| {
            let ShippingChoice { id, name, note, price, pickup_place, .. } = method;
            let pickup_place = pickup_place.clone().filter(|place| place != note && place != name);
            let chosen = view.method.as_ref() == Some(id);
            let amount = if price.minor == 0 { "Free".to_owned() } else { shop.amount(*price) };
            view! {
                <label class="choice-card">
                    <input type="radio" id=format!("delivery-{id}") name="delivery" value=id.clone() checked=chosen data-refresh-on-change="" />
                    <span class="name">{name.clone()}</span>
                    <span class="amount">{amount}</span>
                    {(!note.is_empty()).then(|| view! { <span class="hint">{note.clone()}</span> })}
                    {pickup_place.map(|place| view! { <span class="hint">{place}</span> })}
                </label>
            }
        })
        .collect_view();
    view! { <div>{cards}</div> }.into_any()
}

/// A field for a code, and what those that were given do.
fn code(shop: &Shop, view: &CheckoutView, problems: &Problems) -> AnyView {
    let given = view.cart.codes.iter().map(|code| view! { <li>{lines::code_status(shop, code)}</li> });
    let given =
        (!view.cart.codes.is_empty()).then(|| view! { <ul class="plain codes">{given.collect_view()}</ul> });
    let field = Field { name: "code", label: "Code", optional: true, ..Field::default() };
    view! { {given}<div class="form-grid">{field.view(problems)}</div> }.into_any()
}

fn payments(view: &CheckoutView, typed: &Typed) -> AnyView {
    if view.due.minor == 0 && !view.tenders.is_empty() {
        return tender::covered();
    }
    let chosen = match typed.payment.as_str() {
        "" => view.payments.first().map(|payment| payment.id.as_str()),
        id => Some(id),
    };
    let cards = view
        .payments
        .iter()
        .map(|payment| {
            let PaymentChoice { id, name, note } = payment;
            let mark = (id != "manual").then(icon::lock);
            view! {
                <label class="choice-card">
                    <input type="radio" id=format!("payment-{id}") name="payment" value=id.clone() checked=chosen == Some(id.as_str()) />
                    <span class="name">{name.clone()}</span>
                    <span class="amount">{mark}</span>
                    {(!note.is_empty()).then(|| view! { <span class="hint">{note.clone()}</span> })}
                </label>
            }
        })
        .collect_view();
    view! { <div>{cards}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    #[test]
    fn reads_what_was_typed_and_nothing_else() {
        let pairs = query::pairs(
            "email=+maud%40example.com+&name=Maud&country=BE&delivery=home&payment=manual&key=k&expected_total=15400&role=owner",
        );
        let typed = Typed::from_pairs(&pairs);
        assert_eq!(typed.contact.email, "maud@example.com");
        assert_eq!(typed.contact.address.country, "BE");
        assert_eq!((typed.method.as_str(), typed.payment.as_str()), ("home", "manual"));
        assert_eq!(typed.expected_total, Some(15_400));
        assert_eq!(Typed::from_pairs(&query::pairs("expected_total=lots")).expected_total, None);
    }
}
