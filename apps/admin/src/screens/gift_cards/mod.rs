//! Gift cards, and what moved on them and on store credit.

pub mod detail;
pub mod issue;
pub mod list;

use leptos::prelude::*;

use crate::gql::gift_cards::TenderMovement;
use crate::place;

/// Movements as a table, the newest first.
pub fn movements(all: Vec<TenderMovement>) -> impl IntoView {
    let rows = all
        .into_iter()
        .map(|one| {
            let order = one.order_id.zip(one.order_number).map(|(id, number)| {
                view! { <a class="key" href=place::to(&format!("/orders/{}", id.inner()))>"#" {number.0}</a> " " }
            });
            view! {
                <tr>
                    <td data-slot="title">{one.kind.word()} " " {order} <span class="meta">{one.reason}</span></td>
                    <td class="nowrap dim" data-slot="sub">{place::reader().moment(&one.at.0)}</td>
                    <td class="num" data-slot="value">{one.amount.formatted}</td>
                    <td class="num dim" data-slot="more">{one.balance.formatted}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table" data-stack="" data-static="">
            <thead>
                <tr><th>"Movement"</th><th>"When"</th><th class="num">"Amount"</th><th class="num">"Then left"</th></tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
