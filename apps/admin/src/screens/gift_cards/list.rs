//! The list of gift cards.

use cynic::QueryBuilder;
use leptos::prelude::*;

use super::issue::Issue;
use crate::api::{self, remote};
use crate::gql::gift_cards::{GiftCard, GiftCardState, GiftCards as Page, GiftCardsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Pager, RowSkeleton, Search, Tab, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

/// The screen.
#[component]
pub fn GiftCards() -> impl IntoView {
    place::title(|| "Gift cards".to_owned());
    row_keys();
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
    let about = Signal::derive(move || {
        page.data.with(|page| {
            page.as_ref().map_or_else(
                || " ".to_owned(),
                |page| count(page.total_count.into(), "gift card", "gift cards"),
            )
        })
    });
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
        match (page.data.get(), page.failure.get()) {
        (_, Some(failure)) => view! {
            <tr class="whole"><td colspan="5" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
        }
        .into_any(),
        (None, None) => view! { <RowSkeleton columns=5/> }.into_any(),
        (Some(page), None) if page.nodes.is_empty() => {
            let (title, text) = match list.get().narrowed_by(&["q", "tab"]) {
                true => ("Nothing like that", "A code is found by its last four characters, or in full."),
                false => (
                    "No gift cards yet",
                    "A gift card has a code that pays at the checkout, once or bit by bit, until nothing is left on it.",
                ),
            };
            view! {
                <tr class="whole"><td colspan="5" data-slot="title"><Empty symbol="card" title text>{issue}</Empty></td></tr>
            }
            .into_any()
        }
        (Some(page), None) => page.nodes.into_iter().map(row).collect_view().into_any(),
    }
    };
    view! {
        <div class="page">
            <PageHead title="Gift cards".to_owned() about>{issue}</PageHead>
            <Issue open=issuing on_done=move |()| page.reload()/>
            <section class="tablecard" aria-label="Gift cards" aria-busy=move || page.busy.get().to_string()>
                <nav class="tabs" aria-label="State">
                    <Tab list name="tab" value="" label="All" count=None/>
                    <Tab list name="tab" value="active" label="Pay" count=None/>
                    <Tab list name="tab" value="empty" label="Empty" count=None/>
                    <Tab list name="tab" value="expired" label="Over" count=None/>
                    <Tab list name="tab" value="off" label="Switched off" count=None/>
                </nav>
                <div class="filters"><span class="end"><Search list label="Code, recipient or note"/></span></div>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <th>"Code"</th>
                            <th>"For"</th>
                            <th>"State"</th>
                            <th data-prio="3">"Issued"</th>
                            <th class="num">"Left"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
                <Pager
                    list
                    words=("Newer", "Older")
                    page=Signal::derive(move || page.data.with(|page| page.as_ref().map(|page| page.page_info.clone())))
                    rows=Signal::derive(move || page.data.with(|page| page.as_ref().map_or((0, 0), |page| (page.nodes.len(), page.total_count))))
                />
            </section>
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
