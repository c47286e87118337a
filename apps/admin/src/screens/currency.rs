//! A choice among the currencies of the shop.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::currencies::Currencies;
use crate::parts::field::Field;

/// A choice, where there is one: nothing in shops with one currency.
#[component]
pub fn CurrencyField(
    /// Id of the control.
    id: &'static str,
    /// Above it.
    label: &'static str,
    /// Its code; empty is the shop's own.
    value: RwSignal<String>,
    /// Others that can be chosen, whether or not the shop offers them.
    #[prop(into, optional)]
    also: Signal<Vec<String>>,
) -> impl IntoView {
    let offered =
        remote(|| async { api::ask(Currencies::build(())).await.map(|answer| answer.currencies.offered) });
    move || {
        let mut codes = offered.data.get()?;
        let more: Vec<String> = also.get().into_iter().filter(|code| !codes.contains(code)).collect();
        codes.extend(more);
        let home = codes.first().cloned()?;
        (1 < codes.len()).then(|| {
            let option = |code: String| {
                let (key, own) = (if code == home { String::new() } else { code.clone() }, value.get_untracked());
                view! { <option value=key.clone() selected={key == own}>{code}</option> }
            };
            let options = codes.iter().cloned().map(option).collect_view();
            view! {
                <Field id label>
                    <select class="input" id=id on:change=move |event| value.set(event_target_value(&event))>{options}</select>
                </Field>
            }
        })
    }
}
