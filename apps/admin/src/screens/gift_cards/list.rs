//! The list of gift cards.

use leptos::prelude::*;

use super::issue::Issue;
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::gift_cards::{GiftCard, GiftCardState, GiftCards as Page, GiftCardsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Search, Tabs};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, icon, status};
use crate::place;
use crate::session::use_session;

const TABS: [(&str, &str); 5] =
    [("", "All"), ("active", "Pay"), ("empty", "Empty"), ("expired", "Over"), ("off", "Switched off")];
const COLUMNS: [Column; 5] = [
    Column::new("Code"),
    Column::new("For"),
    Column::new("State"),
    Column::new("Issued").prio("3"),
    Column::number("Left"),
];

/// The screen.
#[component]
pub fn GiftCards() -> impl IntoView {
    place::title(|| "Gift cards".to_owned());
    let session = use_session();
    let list = List::here();
    let issuing = RwSignal::new(false);
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = GiftCardsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            q: state.get("q").to_owned(),
            state: GiftCardState::of_tab(state.get("tab")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.gift_cards) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let issue = move || {
        session.may("payments:create").then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=move |_| issuing.set(true)>
                    {icon("plus")}
                    "Issue a gift card"
                </button>
            }
        })
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(row).collect_view()
    };
    let empty = move || {
        let (title, text) = match list.get().narrowed_by(&["q", "tab"]) {
            true => ("Nothing like that", "A code is found by its last four characters, or in full."),
            false => (
                "No gift cards yet",
                "A gift card has a code that pays at the checkout, once or bit by bit, until nothing is left on it.",
            ),
        };
        view! { <Empty symbol="card" title text>{issue}</Empty> }
    };
    view! {
        <div class="page">
            <PageHead title="Gift cards".to_owned() about=rows.about("gift card", "gift cards")>{issue}</PageHead>
            <Issue open=issuing on_done=move |()| page.reload()/>
            <Table label="Gift cards" list rows columns=&COLUMNS words=("Newer", "Older") body empty>
                <Tabs list label="State" all=&TABS/>
                <div class="filters"><span class="end"><Search list label="Code, recipient or note"/></span></div>
            </Table>
        </div>
    }
}

fn row(card: GiftCard) -> impl IntoView {
    let (tone, word) = card.state.words();
    let about = if card.recipient.is_empty() { card.note } else { card.recipient };
    let issued = format!("{}, {}", card.issued.formatted, place::day(&card.created_at.0));
    view! {
        <tr>
            <td data-slot="title">
                <a class="key" href=place::to(&format!("/gift-cards/{}", card.id.inner()))>"•••• " {card.last_four}</a>
            </td>
            <td class="fill dim" data-slot="sub">{about}</td>
            <td data-slot="state">{status(tone, word)}</td>
            <td data-prio="3" class="nowrap dim">{issued}</td>
            <td class="num" data-slot="value">{card.balance.formatted}</td>
        </tr>
    }
}
