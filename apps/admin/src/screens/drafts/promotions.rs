//! What became of the shop's promotions in a draft: which apply, and why the others do not.

use leptos::prelude::*;

use super::form::Form;
use crate::gql::drafts::CartPromotion;
use crate::logic::draft_order;
use crate::parts::status;
use crate::place;
use crate::session::use_session;

/// The promotions that run now; nothing where there are none, or where they do not count.
#[component]
pub fn Promotions(
    /// The draft.
    form: Form,
) -> impl IntoView {
    let promotions = place::memo(move || {
        form.foretold
            .data
            .with(|seen| seen.iter().flatten().next().map(|seen| seen.promotions.clone()).unwrap_or_default())
    });
    let n_applied = move || {
        promotions.with(|all| {
            let applied = all.iter().filter(|one| one.why_not.is_none()).count();
            format!("{applied} of {} apply", all.len())
        })
    };
    view! {
        <Show when=move || promotions.with(|all| !all.is_empty())>
            <section class="tablecard" aria-label="The shop's promotions">
                <header class="cardhead"><h2>"The shop's promotions"</h2><span class="meta end">{n_applied}</span></header>
                <table class="table" data-stack="" data-static="">
                    <thead><tr><th>"Promotion"</th><th>"Here"</th><th class="num">"Taken off"</th></tr></thead>
                    <tbody>{move || promotions.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        </Show>
    }
}

fn row(one: CartPromotion) -> impl IntoView {
    let (tone, words) = draft_order::became(&one);
    let name = if use_session().may("promotions:read") {
        let href = place::to(&format!("/promotions/{}", one.id.inner()));
        view! { <a class="key" href=href>{one.name}</a> }.into_any()
    } else {
        view! { <b>{one.name}</b> }.into_any()
    };
    let amount = one.amount.map(|amount| format!("− {}", amount.formatted));
    view! {
        <tr>
            <td data-slot="title">{name}</td>
            <td data-slot="sub">{status(tone, words)}</td>
            <td class="num" data-slot="value">{amount}</td>
        </tr>
    }
}
