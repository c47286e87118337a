//! The list of promotions.

use cynic::QueryBuilder;
use leptos::prelude::*;

use super::form::money;
use crate::api::{self, remote};
use crate::gql::promotions::{Promotion, Promotions as Page, PromotionsVariables};
use crate::logic::list::PAGE;
use crate::logic::promotion::{Draft, words};
use crate::parts::list::{List, Pager, RowSkeleton, Search, Tab, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, grouped, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 2] = ["q", "tab"];

/// The list of promotions.
#[component]
pub fn Promotions() -> impl IntoView {
    place::title(|| "Promotions".to_owned());
    row_keys();
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = PromotionsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            q: state.get("q").to_owned(),
            active: match state.get("tab") {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            },
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.promotions) }
    });
    let may_create = Memo::new(move |_| session.may("promotions:create"));
    let about = Signal::derive(move || {
        page.data.with(|page| {
            page.as_ref().map_or_else(
                || " ".to_owned(),
                |page| count(page.total_count.into(), "promotion", "promotions"),
            )
        })
    });
    let make = move || {
        may_create.get().then(|| {
            view! { <a class="btn" data-kind="primary" href=place::to("/promotions/new")>{icon("plus")} "Make a promotion"</a> }
        })
    };
    let body = move || {
        if let Some(failure) = page.failure.get() {
            return view! {
                <tr class="whole"><td colspan="7" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
            }
            .into_any();
        }
        match page.data.get() {
            None => view! { <RowSkeleton columns=7/> }.into_any(),
            Some(page) if page.nodes.is_empty() => {
                let narrowed = list.get().narrowed_by(&FILTERS);
                view! { <tr class="whole"><td colspan="7" data-slot="title"><Nothing list narrowed/></td></tr> }.into_any()
            }
            Some(page) => page.nodes.into_iter().map(|row| view! { <Row row/> }).collect_view().into_any(),
        }
    };
    view! {
        <div class="page">
            <PageHead title="Promotions".to_owned() about>{make}</PageHead>
            <section class="tablecard" aria-label="Promotions" aria-busy=move || page.busy.get().to_string()>
                <nav class="tabs" aria-label="Switched on or off">
                    <Tab list name="tab" value="" label="All" count=Signal::stored(None)/>
                    <Tab list name="tab" value="on" label="Switched on" count=Signal::stored(None)/>
                    <Tab list name="tab" value="off" label="Switched off" count=Signal::stored(None)/>
                </nav>
                <div class="filters"><span class="end"><Search list label="Name or whole code"/></span></div>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <th>"Promotion"</th>
                            <th>"What it does"</th>
                            <th>"State"</th>
                            <th data-prio="3">"Codes"</th>
                            <th data-prio="4">"Time"</th>
                            <th>"Used"</th>
                            <th class="num">"Taken off"</th>
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

#[component]
fn Row(row: Promotion) -> impl IntoView {
    let session = use_session();
    let said = words::said(&Draft::of(&row, place::zone), &money(session));
    let (tone, state) = row.state.words();
    let time = |say: fn(&str) -> String| match (&row.starts_at, &row.ends_at) {
        (None, None) => "Always".to_owned(),
        (Some(from), None) => format!("From {}", say(&from.0)),
        (None, Some(until)) => format!("Until {}", say(&until.0)),
        (Some(from), Some(until)) => format!("{} – {}", say(&from.0), say(&until.0)),
    };
    let (days, moments) = (time(place::day), time(place::moment));
    let used = match row.uses.0 {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{} times", grouped(n)),
    };
    view! {
        <tr>
            <td data-slot="title">
                <a class="key" href=place::to(&format!("/promotions/{}", row.id.inner()))>{row.name}</a>
            </td>
            <td class="fill" data-slot="sub">{said}</td>
            <td data-slot="state">{status(tone, state)}</td>
            <td data-prio="3" class=if row.codes.is_empty() { "dim nowrap" } else { "nowrap" }>{words::codes(&row.codes)}</td>
            <td data-prio="4" class="nowrap dim" title=moments>{days}</td>
            <td data-slot="more" class="nowrap dim">{used}</td>
            <td class="num" data-slot="value">{row.spent.formatted}</td>
        </tr>
    }
}

#[component]
fn Nothing(list: List, narrowed: bool) -> impl IntoView {
    if narrowed {
        let title = match (list.value("q").as_str(), list.value("tab").as_str()) {
            ("", "on") => "Nothing is switched on".to_owned(),
            ("", _) => "Nothing is switched off".to_owned(),
            (asked, _) => format!("Nothing for “{asked}”"),
        };
        return view! {
            <Empty symbol="search" title text="A code is found when it is typed in full. Take the filter off, or see all promotions.">
                <button class="btn" type="button" on:click=move |_| list.go(list.get().without(&FILTERS))>"See all promotions"</button>
            </Empty>
        }
        .into_any();
    }
    let may_create = use_session().may("promotions:create");
    view! {
        <Empty
            symbol="prices"
            title="No promotions yet"
            text="A coupon code, a sale on a collection, three for two, free delivery from an amount: each is made here, and can be tried on past orders first."
        >
            {may_create
                .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/promotions/new")>"Make a promotion"</a> })}
        </Empty>
    }
    .into_any()
}
