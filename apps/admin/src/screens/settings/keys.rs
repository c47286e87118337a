//! The shop's keys at Stripe: written, never shown.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::payments::{
    PaymentProvider, PaymentProviderRemove, PaymentProviderSet, PaymentProviderSetInput,
    PaymentProviderSetVariables,
};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::Field;
use crate::parts::toast::use_toaster;
use crate::parts::{copied, pill};
use crate::place;

/// The card.
#[component]
pub fn Keys(
    /// The keys that are there.
    known: Option<PaymentProvider>,
    /// Whether they can be changed.
    editable: Signal<bool>,
) -> impl IntoView {
    let toaster = use_toaster();
    let known = RwSignal::new(known);
    let (open, asking, busy) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let [secret, webhook] = [(); 2].map(|()| RwSignal::new(String::new()));
    let forget = move || {
        for typed in [secret, webhook] {
            let _ = typed.try_set(String::new());
        }
    };
    // What was typed and not saved does not stay behind a closed drawer.
    place::effect(move |_| {
        if !open.get() {
            forget();
        }
    });
    let save = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = PaymentProviderSetInput {
            secret_key: secret.get_untracked().trim().to_owned(),
            webhook_secret: webhook.get_untracked().trim().to_owned(),
        };
        spawn_local(async move {
            match api::ask(PaymentProviderSet::build(PaymentProviderSetVariables { input })).await {
                Ok(answer) => {
                    toaster.done("The keys are kept");
                    let _ = open.try_set(false);
                    let _ = known.try_set(answer.payment_provider_set.provider);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let remove = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::ask(PaymentProviderRemove::build(())).await {
                Ok(answer) => {
                    toaster.done("The keys are gone");
                    let _ = asking.try_set(false);
                    let _ = known.try_set(answer.payment_provider_remove.provider);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let begin = move |what: RwSignal<bool>| {
        failure.set(None);
        what.set(true);
    };
    let state = move || match known.get() {
        None => pill("off", "Not set"),
        Some(known) if known.usable => pill("good", "Set"),
        Some(_) => pill("danger", "Cannot be opened"),
    };
    let copy = move |address: String| {
        spawn_local(async move {
            if copied(&address).await {
                toaster.done("Copied");
            }
        });
    };
    let facts = move || {
        match known.get() {
        None => view! {
            <p class="dim">
                "With the secret key of the shop's Stripe account and the signing secret of its webhook, shoppers can pay through Stripe. Both are kept sealed and never shown again."
            </p>
        }
        .into_any(),
        Some(known) => {
            let address = known.webhook_address.clone();
            let broken = (!known.usable).then(|| {
                view! { <p class="odd">"The keys cannot be opened with the key of this server. Write them again."</p> }
            });
            view! {
                {broken}
                <dl class="dl" data-start="">
                    <dt>"Secret key"</dt>
                    <dd><code>"••••" {known.key_hint}</code></dd>
                    <dt>"Signing secret"</dt>
                    <dd><code>"••••"</code></dd>
                    <dt>"Written"</dt>
                    <dd>{place::moment(&known.updated_at.0)}</dd>
                    <dt>"Webhook"</dt>
                    <dd>
                        <code>{known.webhook_address}</code>
                        " "
                        <button class="btn" type="button" data-kind="link" on:click=move |_| copy(address.clone())>"Copy"</button>
                    </dd>
                </dl>
                <p class="meta">"Enter the address as an endpoint for events at Stripe."</p>
            }
            .into_any()
        }
    }
    };
    let is_set = place::memo(move || known.with(Option::is_some));
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Keep the keys"
            </button>
            <span class="meta">"Payments from now on go through them."</span>
        }
    };
    view! {
        <section class="card" id="stripe">
            <header>
                <h2>"Keys at Stripe"</h2>
                {state}
                <Show when=move || editable.get()>
                    <span class="end flex gap-s">
                        <Show when=move || is_set.get()>
                            <button class="btn" type="button" data-size="sm" on:click=move |_| begin(asking)>"Forget"</button>
                        </Show>
                        <button class="btn" type="button" data-size="sm" on:click=move |_| begin(open)>
                            {move || if is_set.get() { "Replace" } else { "Set" }}
                        </button>
                    </span>
                </Show>
            </header>
            <div class="body">{facts}</div>
        </section>
        <Drawer open title="Keys at Stripe".to_owned() on_submit=save footer>
            {move || failure.get().filter(|it| it.fields.is_empty()).map(|failure| view! { <Wrong failure/> })}
            <Secret id="stripe-key" label="Secret key" field="secretKey" hint="sk_… or, better, a restricted key: rk_…" value=secret failure/>
            <Secret id="stripe-webhook" label="Signing secret of the webhook" field="webhookSecret" hint="whsec_…" value=webhook failure/>
        </Drawer>
        <Confirm open=asking title="Forget the keys at Stripe?".to_owned() act="Forget the keys".to_owned() busy failure on_yes=remove>
            <p>
                "Shoppers are not offered Stripe any more. Payments that are under way cannot be settled, and nothing can be given back through Stripe, until keys are here again."
            </p>
        </Confirm>
    }
}

/// A secret that is typed or pasted.
#[component]
fn Secret(
    id: &'static str,
    label: &'static str,
    /// As the server names it.
    field: &'static str,
    hint: &'static str,
    value: RwSignal<String>,
    failure: RwSignal<Option<Failure>>,
) -> impl IntoView {
    let error = place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))));
    view! {
        <Field id label error hint=Signal::stored(hint.to_owned())>
            <input
                class="input"
                type="password"
                id=id
                autocomplete="off"
                maxlength="255"
                aria-invalid=move || error.get().is_some().to_string()
                aria-describedby=format!("{id}-note")
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </Field>
    }
}
