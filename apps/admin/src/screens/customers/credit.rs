//! The store credit of a customer.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::gift_cards::{
    StoreCreditChange, StoreCreditChangeInput, StoreCreditChangeVariables, StoreCreditOf,
    StoreCreditOfVariables,
};
use crate::gql::{Document, Money};
use crate::logic::amount;
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::screens::currency::CurrencyField;
use crate::screens::gift_cards::movements;
use crate::session::use_session;

/// What is there, how it came about, and a change of it.
#[component]
pub fn Credit(id: cynic::Id) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let id = StoredValue::new(id);
    // That in the shop's own, until another one is looked at.
    let looked = RwSignal::new(None::<String>);
    let credit = remote(move || {
        let variables = StoreCreditOfVariables { customer_id: id.get_value(), currency: looked.get() };
        async move { api::ask(StoreCreditOf::build(variables)).await.map(|answer| answer.store_credit) }
    });
    let (open, busy, failure) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Failure>));
    let (typed, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (bad, currency) = (RwSignal::new(None::<String>), RwSignal::new(String::new()));
    let chosen = move || match currency.get() {
        own if own.is_empty() => session.currency(),
        other => other,
    };
    let there = place::derived(move || {
        credit.data.with(|credit| {
            let balances = credit.iter().flat_map(|credit| &credit.balances);
            balances.map(|one| one.currency.clone()).collect::<Vec<_>>()
        })
    });
    let key = RwSignal::new(api::fresh_key());
    let send = move |()| {
        let text = typed.get_untracked().trim().replace('−', "-");
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let paid_in = untrack(chosen);
        let amount = match amount::wire(digits, amount::exponent(&paid_in)) {
            Ok(amount) => format!("{sign}{amount}"),
            Err(error) => return bad.set(Some(error.to_string())),
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = StoreCreditChangeInput {
            idempotency_key: key.get_untracked(),
            customer_id: id.get_value(),
            amount,
            currency: Some(paid_in.clone()),
            reason: reason.get_untracked(),
        };
        spawn_local(async move {
            match api::ask(StoreCreditChange::build(StoreCreditChangeVariables { input })).await {
                Ok(answer) => {
                    credit.data.set(Some(answer.store_credit_change.store_credit));
                    let _ = looked.try_update_untracked(|looked| *looked = Some(paid_in));
                    for field in [typed, reason] {
                        let _ = field.try_set(String::new());
                    }
                    let _ = key.try_set(api::fresh_key());
                    let _ = open.try_set(false);
                    toaster.done("The store credit was changed");
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
            <button class="btn" type="submit" data-kind="primary" data-block="" disabled=move || busy.get()>"Change the store credit"</button>
            <span class="meta">"The customer sees amount and reason in the account."</span>
        }
    };
    view! {
        {move || credit.data.get().map(|credit| {
            let change = (credit.usable && session.may("payments:update")).then(|| view! {
                <button class="btn" type="button" data-size="sm" on:click=move |_| open.set(true)>"Add or take"</button>
            });
            let none = (!credit.usable).then(|| view! { <p class="dim cardnote">"Only customers with an account can use store credit."</p> });
            let some = !credit.movements.is_empty();
            let shown = credit.balance.currency.clone();
            let balances = match credit.balances.len() {
                0 | 1 => view! { <b>{credit.balance.formatted}</b> }.into_any(),
                _ => {
                    let one = |balance: Money| {
                        let code = balance.currency.clone();
                        let pressed = (code == shown).to_string();
                        view! { <button type="button" aria-pressed=pressed on:click=move |_| looked.set(Some(code.clone()))>{balance.formatted}</button> }
                    };
                    let all = credit.balances.into_iter().map(one).collect_view();
                    view! { <span class="seg" data-size="sm" role="group" aria-label="Currency">{all}</span> }.into_any()
                }
            };
            view! {
                <section class="tablecard" aria-label="Store credit">
                    <header class="cardhead"><h2>"Store credit"</h2>{balances}<span class="end">{change}</span></header>
                    {none}
                    {some.then(|| movements(credit.movements))}
                </section>
            }
        })}
        <Drawer open title="Store credit".to_owned() on_submit=send footer>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            <CurrencyField id="credit-currency" label="Currency" value=currency also=there/>
            {move || view! {
                <TextField
                    id="credit-amount"
                    label="Amount"
                    hint=Signal::stored("With a minus in front it is taken".to_owned())
                    prefix=amount::symbol(&chosen())
                    value=typed
                    on_input=move |text| {
                        bad.set(None);
                        typed.set(text);
                    }
                    error=bad
                />
            }}
            <TextField id="credit-reason" label="Reason" hint=Signal::stored("Stays for good: write no names".to_owned()) most=500 value=reason on_input=move |text| reason.set(text)/>
        </Drawer>
    }
}
