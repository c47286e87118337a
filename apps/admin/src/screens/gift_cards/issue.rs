//! Issuing a gift card; its code is shown once.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure};
use crate::gql::DateTime;
use crate::gql::Document;
use crate::gql::gift_cards::{
    GiftCardIssue, GiftCardIssueInput, GiftCardIssuePayload, GiftCardIssueVariables,
};
use crate::logic::{amount, moment};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::icon;
use crate::place;
use crate::session::use_session;

/// The drawer, and after it the code.
#[component]
pub fn Issue(
    /// Whether the drawer is there.
    open: RwSignal<bool>,
    /// One was issued.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let [typed, until, recipient, note] = [(); 4].map(|()| RwSignal::new(String::new()));
    let issued = RwSignal::new(None::<GiftCardIssuePayload>);
    let bad = RwSignal::new(None::<String>);
    let key = RwSignal::new(api::fresh_key());
    let send = move |()| {
        let amount = match amount::wire(&typed.get_untracked(), untrack(|| session.exponent())) {
            Ok(amount) => amount,
            Err(error) => return bad.set(Some(error.to_string())),
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = GiftCardIssueInput {
            idempotency_key: key.get_untracked(),
            amount,
            expires_at: moment::from_local(&until.get_untracked(), place::zone).map(DateTime),
            recipient: recipient.get_untracked(),
            note: note.get_untracked(),
        };
        spawn_local(async move {
            match api::ask(GiftCardIssue::build(GiftCardIssueVariables { input })).await {
                Ok(answer) => {
                    for field in [typed, until, recipient, note] {
                        let _ = field.try_set(String::new());
                    }
                    let _ = key.try_set(api::fresh_key());
                    let _ = open.try_set(false);
                    let _ = issued.try_set(Some(answer.gift_card_issue));
                    on_done.run(());
                }
                Err(wrong) => {
                    api::renew(key, &wrong);
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" data-block="" disabled=move || busy.get()>"Issue the gift card"</button>
            <span class="meta">"Its code is shown once, after this, and mailed when you name somebody."</span>
        }
    };
    let shown = move || {
        issued.get().map(|GiftCardIssuePayload { gift_card, code }| {
            let mailed = match gift_card.recipient.as_str() {
                "" => String::new(),
                to => format!(" It is on its way to {to}."),
            };
            let advice = match code {
                Some(_) => "Write the code down now: nobody can look at it again.",
                None => "It was issued the first time already, and its code went lost on the way: switch it off and issue another one.",
            };
            view! {
                <div class="banner" data-tone="good" role="status">
                    {icon("check")}
                    <div class="grow">
                        <b>"Gift card of " {gift_card.balance.formatted} ": " <code>{code}</code></b>
                        <p>{advice} {mailed}</p>
                    </div>
                    <button class="btn" type="button" data-size="sm" on:click=move |_| issued.set(None)>"I have it"</button>
                </div>
            }
        })
    };
    view! {
        {shown}
        <Drawer open title="Issue a gift card".to_owned() on_submit=send footer>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            <TextField
                id="gift-amount"
                label="Amount"
                mode="decimal"
                prefix=amount::symbol(&session.currency())
                value=typed
                on_input=move |text| {
                    bad.set(None);
                    typed.set(text);
                }
                error=bad
            />
            <Field id="gift-until" label="Pays until" optional=true>
                <input
                    class="input"
                    id="gift-until"
                    type="datetime-local"
                    prop:value=move || until.get()
                    on:input=move |event| until.set(event_target_value(&event))
                />
            </Field>
            <TextField id="gift-to" label="Mail the code to" optional=true mode="email" value=recipient on_input=move |text| recipient.set(text)/>
            <TextField id="gift-note" label="Note for colleagues" hint=Signal::stored("Stays for good: write no names".to_owned()) optional=true most=500 value=note on_input=move |text| note.set(text)/>
        </Drawer>
    }
}
