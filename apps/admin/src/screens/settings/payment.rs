//! Ways to pay of the settings.

use leptos::prelude::*;

use super::Faults;
use crate::gql::settings::{PaymentCapture, PaymentSettings};
use crate::logic::settings::Form;
use crate::parts::field::{Field, TextField};
use crate::place;

/// The card.
#[component]
pub fn PaymentCard(form: RwSignal<Form>, fault: impl Faults) -> impl IntoView {
    let text = move |pick: fn(&PaymentSettings) -> &String| {
        place::derived(move || form.with(|form| pick(&form.payment).clone()))
    };
    let put = move |put: fn(&mut PaymentSettings, String)| {
        Callback::new(move |typed| form.update(|form| put(&mut form.payment, typed)))
    };
    let switch = move |label: &'static str,
                       about: &'static str,
                       read: fn(&PaymentSettings) -> bool,
                       write: fn(&mut PaymentSettings, bool)| {
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || form.with(|form| read(&form.payment))
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        form.update(|form| write(&mut form.payment, on));
                    }
                />
                <span>{label}<small>{about}</small></span>
            </label>
        }
    };
    let manual = move || form.with(|form| form.payment.manual);
    let http = move || form.with(|form| form.payment.http);
    let stripe = move || form.with(|form| form.payment.stripe);
    let by_staff = move |value: PaymentCapture| form.with(|form| form.payment.capture == value);
    view! {
        <section class="card">
            <header><h2>"Ways to pay"</h2></header>
            <div class="body">
                {switch(
                    "By hand",
                    "Bank transfer or cash: you mark the order as paid when the money is there",
                    |it| it.manual,
                    |it, on| it.manual = on,
                )}
                <Show when=manual>
                    <TextField
                        id="manual-name"
                        label="Name at the checkout"
                        most=100
                        value=text(|it| &it.manual_name)
                        on_input=put(|it, typed| it.manual_name = typed)
                        error=fault("payment.manualName".to_owned())
                    />
                    <Field id="manual-text" label="What the shopper has to do" error=fault("payment.manualInstructions".to_owned())>
                        <textarea
                            class="input"
                            id="manual-text"
                            rows="3"
                            maxlength="1000"
                            prop:value=text(|it| &it.manual_instructions)
                            on:input=move |event| {
                                let typed = event_target_value(&event);
                                form.update(|form| form.payment.manual_instructions = typed);
                            }
                        ></textarea>
                    </Field>
                </Show>
            </div>
            <div class="body">
                {switch(
                    "Through the payment gateway",
                    "Card payments; the gateway's address is part of the server's configuration",
                    |it| it.http,
                    |it, on| it.http = on,
                )}
                <Show when=http>
                    <TextField
                        id="http-name"
                        label="Name at the checkout"
                        most=100
                        value=text(|it| &it.http_name)
                        on_input=put(|it, typed| it.http_name = typed)
                        error=fault("payment.httpName".to_owned())
                    />
                </Show>
            </div>
            <div class="body">
                {switch(
                    "Through Stripe",
                    "Needs the shop's own keys, further down; without them it is not offered",
                    |it| it.stripe,
                    |it, on| it.stripe = on,
                )}
                <Show when=stripe>
                    <TextField
                        id="stripe-name"
                        label="Name at the checkout"
                        most=100
                        value=text(|it| &it.stripe_name)
                        on_input=put(|it, typed| it.stripe_name = typed)
                        error=fault("payment.stripeName".to_owned())
                    />
                </Show>
            </div>
            <Show when=move || http() || stripe()>
                <div class="body">
                    <Field
                        id="capture"
                        label="The money that a card promises is taken"
                        hint=Signal::stored("By staff: on the page of each order, in one go or in parts, before the promise ends".to_owned())
                    >
                        <select
                            class="input"
                            id="capture"
                            on:change=move |event| {
                                let chosen = match event_target_value(&event).as_str() {
                                    "manual" => PaymentCapture::Manual,
                                    _ => PaymentCapture::Automatic,
                                };
                                form.update(|form| form.payment.capture = chosen);
                            }
                        >
                            <option value="automatic" selected=move || by_staff(PaymentCapture::Automatic)>"at once, all of it"</option>
                            <option value="manual" selected=move || by_staff(PaymentCapture::Manual)>"by staff"</option>
                        </select>
                    </Field>
                </div>
            </Show>
        </section>
    }
}
