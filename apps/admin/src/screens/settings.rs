//! Settings: the shop, taxes, shipping, ways to pay, currencies, who sells.

mod currencies;
mod keys;
mod payment;
mod seller;
mod shipping;
mod tax;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::Long;
use crate::gql::identity::{UpdateShop, UpdateShopInput, UpdateShopVariables};
use crate::gql::payments::MoneySettings;
use crate::gql::settings::{
    CommerceSettings, DeliveryTax, PaymentSettings, Settings as Answer, SettingsUpdate,
    SettingsUpdateVariables, TaxRounding,
};
use crate::logic::settings::Form;
use crate::parts::dialog::Wrong;
use crate::parts::editor::cards;
use crate::parts::field::{Field, TextField};
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, icon};
use crate::place;
use crate::session::{Session, use_session};
use currencies::Currencies;
use keys::Keys;
use payment::PaymentCard;
use seller::SellerCard;
use shipping::MethodLine;
use tax::{TaxLine, TaxRules};

/// The screen.
#[component]
pub fn Settings() -> impl IntoView {
    place::title(|| "Settings".to_owned());
    let session = use_session();
    let settings = remote(move || {
        let selling = session.has_module("commerce");
        async move {
            match selling {
                true => api::ask(Answer::build(())).await.map(|answer| answer.commerce_settings),
                false => Ok(nothing_sold()),
            }
        }
    });
    view! {
        <div class="page" data-narrow="">
            <PageHead title="Settings".to_owned()/>
            {cards(settings, &[5, 5, 5], |settings| view! { <Editor settings/> }.into_any())}
        </div>
    }
}

/// What stands in the form of a shop that sells nothing; never sent.
fn nothing_sold() -> CommerceSettings {
    CommerceSettings {
        version: Long(0),
        taxes: Vec::new(),
        rounding: TaxRounding::Line,
        delivery_tax: DeliveryTax::Standard,
        shipping: Vec::new(),
        payment: PaymentSettings::none(),
        return_days: 0,
    }
}

fn form_of(session: Session, settings: &CommerceSettings) -> Form {
    let shop = untrack(|| session.shop());
    let (name, country, inclusive) =
        shop.map(|shop| (shop.name, shop.country, shop.prices_include_tax)).unwrap_or_default();
    Form::of(name, country, inclusive, settings)
}

async fn send(session: Session, version: i64, form: Form, saved: Form) -> Result<CommerceSettings, Failure> {
    if (&form.name, &form.country, form.inclusive) != (&saved.name, &saved.country, saved.inclusive) {
        let input = UpdateShopInput {
            name: (form.name != saved.name).then(|| form.name.trim().to_owned()),
            country: (form.country != saved.country).then(|| form.country.clone()),
            prices_include_tax: (form.inclusive != saved.inclusive).then_some(form.inclusive),
        };
        let answer = api::ask(UpdateShop::build(UpdateShopVariables { input })).await?;
        session.set_shop(answer.update_shop.shop);
    }
    if !untrack(|| session.has_module("commerce")) {
        return Ok(nothing_sold());
    }
    let exponent = untrack(|| session.exponent());
    match form.input(version, &saved, exponent) {
        Some(input) => {
            let answer = api::ask(SettingsUpdate::build(SettingsUpdateVariables { input })).await?;
            Ok(answer.commerce_settings_update.settings)
        }
        None => api::ask(Answer::build(())).await.map(|answer| answer.commerce_settings),
    }
}

#[component]
fn Editor(settings: CommerceSettings) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let version = RwSignal::new(settings.version.0);
    let saved = RwSignal::new(form_of(session, &settings));
    let form = RwSignal::new(saved.get_untracked());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let faults = place::memo(move || {
        let exponent = session.exponent();
        form.with(|form| form.faults(exponent))
    });
    let asked = RwSignal::new(false);
    let fault = move |path: String| {
        place::derived(move || {
            let mine = asked.get().then(|| faults.with(|faults| faults.get(&path).cloned())).flatten();
            mine.or_else(|| failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(&path))))
        })
    };
    let editable = place::memo(move || session.may("settings:update"));
    let changes = place::derived(move || form.with(|form| saved.with(|saved| form.changes(saved))));
    let save = move |()| {
        asked.set(true);
        if faults.with_untracked(|faults| !faults.is_empty()) {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match send(session, version.get_untracked(), form.get_untracked(), saved.get_untracked()).await {
                Ok(settings) => {
                    asked.set(false);
                    version.set(settings.version.0);
                    let now = form_of(session, &settings);
                    saved.set(now.clone());
                    form.set(now);
                    toaster.done("Saved: the next cart counts with it");
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let discard = move |()| {
        asked.set(false);
        failure.set(None);
        form.set(saved.get_untracked());
    };
    let tax_keys =
        place::memo(move || form.with(|form| form.taxes.iter().map(|tax| tax.key).collect::<Vec<_>>()));
    let method_keys =
        place::memo(move || form.with(|form| form.methods.iter().map(|it| it.key).collect::<Vec<_>>()));
    let cards = if untrack(|| session.has_module("commerce")) {
        view! {
            <section class="card clip-x">
                <header>
                    <h2>"Tax"</h2>
                    <span class="meta">"rates by country, or a part of one; elsewhere the rates of the shop's own country count"</span>
                    <button
                        class="btn end"
                        type="button"
                        data-size="sm"
                        on:click=move |_| form.update(Form::add_tax)
                    >
                        {icon("plus")}
                        "Add a rate"
                    </button>
                </header>
                {move || {
                    tax_keys
                        .with(Vec::is_empty)
                        .then(|| view! { <Empty symbol="globe" title="No tax is charged" text="Add the country of the shop to begin."/> })
                }}
                <div class="body rowsets">
                    <For each=move || tax_keys.get() key=|key| *key let:key><TaxLine form row=key fault/></For>
                </div>
                <TaxRules form/>
            </section>
            <section class="card clip-x">
                <header>
                    <h2>"Shipping"</h2>
                    <span class="meta">"what a shopper can choose at the checkout"</span>
                    <button
                        class="btn end"
                        type="button"
                        data-size="sm"
                        on:click=move |_| form.update(Form::add_method)
                    >
                        {icon("plus")}
                        "Add a way to send"
                    </button>
                </header>
                {move || {
                    method_keys
                        .with(Vec::is_empty)
                        .then(|| view! { <Empty symbol="truck" title="Nothing can be sent" text="Without a way to send, nobody can check out."/> })
                }}
                <For each=move || method_keys.get() key=|key| *key let:key><MethodLine form row=key fault/></For>
            </section>
            <PaymentCard form fault/>
            <ReturnsCard form fault/>
        }
        .into_any()
    } else {
        view! {
            <section class="card">
                <Empty symbol="info" title="Taxes, shipping and payment are kept" text="They belong to the module Commerce, which is switched off in this shop."/>
            </section>
        }
        .into_any()
    };
    view! {
        {move || failure.get().map(|failure| view! { <Wrong failure/> })}
        <fieldset class="stack bare" disabled=move || !editable.get()>
            <ShopCard form fault/>
            {cards}
        </fieldset>
        <Show when=move || session.has_module("commerce")>
            <Currencies editable/>
            <Apart editable/>
        </Show>
        <WholeShop/>
        <SaveBar
            changes
            busy
            wrong=place::derived(move || if asked.get() { faults.with(|faults| faults.len()) } else { 0 })
            on_save=save
            on_discard=discard
        />
    }
}

/// What is saved by itself: keys at Stripe, and who sells.
#[component]
fn Apart(#[prop(into)] editable: Signal<bool>) -> impl IntoView {
    let both = remote(|| api::ask(MoneySettings::build(())));
    cards(both, &[5, 5], move |MoneySettings { payment_providers, seller }| {
        view! {
            <Keys known=payment_providers.into_iter().next() editable/>
            <SellerCard seller editable/>
        }
        .into_any()
    })
}

/// The shop as one file.
#[component]
fn WholeShop() -> impl IntoView {
    let session = use_session();
    let may = place::memo(move || session.may("tenants:export"));
    view! {
        <Show when=move || may.get()>
            <section class="card">
                <header><h2>"The whole shop"</h2></header>
                <div class="body stack">
                    <p>
                        "Everything that the shop knows in one file: products, pictures, orders, customers, settings. Passwords and keys are not in it. Keep it as you keep the shop's books."
                    </p>
                    <div>
                        <a class="btn" href=place::shop("/api/v1/shop/export") download="">{icon("download")} "Download"</a>
                    </div>
                </div>
            </section>
        </Show>
    }
}

/// Gives the fault of a field by its path.
pub(super) trait Faults: Fn(String) -> Signal<Option<String>> + Copy + Send + Sync + 'static {}
impl<F: Fn(String) -> Signal<Option<String>> + Copy + Send + Sync + 'static> Faults for F {}

#[component]
fn ShopCard(form: RwSignal<Form>, fault: impl Faults) -> impl IntoView {
    let countries = move || {
        let now = form.with(|form| form.country.clone());
        primitives::Country::all()
            .map(|country| {
                view! { <option value=country.as_str() selected=country.as_str() == now>{country.name()}</option> }
            })
            .collect_view()
    };
    view! {
        <section class="card">
            <header><h2>"Shop"</h2></header>
            <div class="body">
                <div class="row">
                    <TextField
                        id="shop-name"
                        label="Name"
                        most=100
                        value=place::derived(move || form.with(|form| form.name.clone()))
                        on_input=move |typed| form.update(|form| form.name = typed)
                        error=fault("name".to_owned())
                    />
                    <Field id="shop-country" label="Country" error=fault("country".to_owned())>
                        <select
                            class="input"
                            id="shop-country"
                            on:change=move |event| {
                                let code = event_target_value(&event);
                                form.update(|form| form.country = code);
                            }
                        >
                            {countries}
                        </select>
                    </Field>
                </div>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || form.with(|form| form.inclusive)
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.update(|form| form.inclusive = on);
                        }
                    />
                    <span>
                        "Prices include the tax"
                        <small>"A change does not touch the prices: the same figure then stands for the amount with tax, or without."</small>
                    </span>
                </label>
            </div>
        </section>
    }
}

#[component]
fn ReturnsCard(form: RwSignal<Form>, fault: impl Faults) -> impl IntoView {
    view! {
        <section class="card">
            <header><h2>"Returns"</h2></header>
            <div class="body">
                <TextField
                    id="return-days"
                    label="Days to send something back"
                    mode="numeric"
                    most=3
                    value=place::derived(move || form.with(|form| form.return_days.clone()))
                    on_input=move |typed| form.update(|form| form.return_days = typed)
                    error=fault("returnDays".to_owned())
                    hint=Signal::stored("Counted from the day on which the last parcel arrived. 0 takes nothing back".to_owned())
                />
            </div>
        </section>
    }
}
