//! The table of reviews, which is also the queue of those that nobody has read yet.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::rules::Rules;
use super::verdict::{BulkBar, OneReview};
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::reviews::{
    ReviewCounts, ReviewFilterInput, ReviewState, Reviews as Page, ReviewsVariables, StaffReview,
};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterSelect, List, Search, Tab};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 4] = ["q", "tab", "stars", "buyers"];
const COLUMNS: [Column; 6] = [
    Column::pick("Selected"),
    Column::new("Review"),
    Column::new("Stars"),
    Column::new("Product").prio("2"),
    Column::new("State"),
    Column::new("Written").prio("3"),
];

/// Selected reviews by id, in the versions that somebody has seen.
pub type Chosen = RwSignal<BTreeMap<String, i64>>;

/// The table of reviews.
#[component]
pub fn Reviews() -> impl IntoView {
    place::title(|| "Reviews".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let filter = ReviewFilterInput {
            q: state.get("q").to_owned(),
            state: ReviewState::ALL
                .into_iter()
                .find(|(_, key)| *key == state.get("tab"))
                .map(|(state, _)| state),
            rating: state.get("stars").parse().ok().filter(|stars| (1..=5).contains(stars)),
            verified: match state.get("buyers") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            answered: None,
            product_id: None,
        };
        let (first, after, last, before) = (keys.first, keys.after, keys.last, keys.before);
        let filter = Some(filter);
        api::ask(Page::build(ReviewsVariables { first, after, last, before, filter }))
    });
    let rows = Rows::of(page, |Page { reviews, .. }| {
        Shown::page(reviews.nodes.len(), reviews.total_count, &reviews.page_info)
    });
    let tally = move |pick: fn(&ReviewCounts) -> i32| {
        place::derived(move || page.data.with(|page| page.as_ref().map(|page| pick(&page.review_counts))))
    };
    let about = place::derived(move || {
        page.data.with(|page| match page {
            Some(page) if page.review_counts.pending > 0 => {
                count(page.review_counts.pending.into(), "review to read", "reviews to read")
            }
            Some(_) => "Everything is read".to_owned(),
            None => " ".to_owned(),
        })
    });
    let chosen: Chosen = RwSignal::new(BTreeMap::new());
    let open = RwSignal::new(None::<StaffReview>);
    // Another page or filter is another selection.
    place::effect(move |_| {
        list.get();
        chosen.update(BTreeMap::clear);
    });
    let stars: Vec<(String, String)> = (1..=5)
        .rev()
        .map(|n| (n.to_string(), if n == 1 { "1 star".to_owned() } else { format!("{n} stars") }))
        .collect();
    let buyers = vec![
        ("yes".to_owned(), "Has bought it".to_owned()),
        ("no".to_owned(), "Has not bought it".to_owned()),
    ];
    let body = move || {
        let nodes = page.data.get().map(|page| page.reviews.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row chosen open/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Reviews".to_owned() about>
                {move || session.may("settings:read").then(|| view! { <Rules/> })}
            </PageHead>
            <Table label="Reviews" list rows columns=&COLUMNS words=("Newer", "Older") body empty=move || nothing(list)>
                <nav class="tabs" aria-label="Where they stand">
                    <Tab list name="tab" value="" label="All" count=Signal::stored(None)/>
                    <Tab list name="tab" value="pending" label="To read" count=tally(|counts| counts.pending)/>
                    <Tab list name="tab" value="published" label="Published" count=tally(|counts| counts.published)/>
                    <Tab list name="tab" value="rejected" label="Turned down" count=tally(|counts| counts.rejected)/>
                </nav>
                <div class="filters">
                    <FilterSelect list name="stars" label="Stars" options=stars/>
                    <FilterSelect list name="buyers" label="Buyers" options=buyers/>
                    <span class="end"><Search list label="Title, text or name"/></span>
                </div>
            </Table>
            <BulkBar chosen on_done=move |()| page.reload()/>
            <OneReview open on_done=move |()| page.reload()/>
        </div>
    }
}

/// "★★★★☆"; said aloud as a number.
fn stars_of(rating: i32) -> impl IntoView {
    let drawn: String = (1..=5).map(|n| if n <= rating { '★' } else { '☆' }).collect();
    view! { <span class="nowrap"><span aria-hidden="true">{drawn}</span><span class="vh">{rating} " of 5 stars"</span></span> }
}

#[component]
fn Row(row: StaffReview, chosen: Chosen, open: RwSignal<Option<StaffReview>>) -> impl IntoView {
    let (id, version) = (row.id.inner().to_owned(), row.version.0);
    let checked = {
        let id = id.clone();
        place::derived(move || chosen.with(|chosen| chosen.contains_key(&id)))
    };
    let toggle = move |event| {
        let on = event_target_checked(&event);
        chosen.update(|chosen| match on {
            true => drop(chosen.insert(id.clone(), version)),
            false => drop(chosen.remove(&id)),
        });
    };
    let (tone, word) = row.state.words();
    let begin: String = row.body.chars().take(120).collect();
    let begin = if begin.len() < row.body.len() { format!("{begin}…") } else { begin };
    let who = if row.verified { format!("{}, has bought it", row.author) } else { row.author.clone() };
    let shown = StoredValue::new(row.clone());
    view! {
        <tr aria-selected=move || checked.get().to_string()>
            <td class="pick">
                <input type="checkbox" aria-label=format!("Select {}", row.title) prop:checked=checked on:change=toggle/>
            </td>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a
                            href="#"
                            on:click=move |event| {
                                event.prevent_default();
                                open.set(Some(shown.get_value()));
                            }
                        >
                            {row.title}
                        </a>
                        <small>{begin}</small>
                        <small>{who}</small>
                    </span>
                </span>
            </td>
            <td data-slot="value">{stars_of(row.rating)}</td>
            <td data-prio="2">{row.product_title}</td>
            <td data-slot="state">
                {status(tone, word)}
                {row.answer.is_some().then(|| view! { <span class="dim" title="Answered">{icon("note")}<span class="vh">"Answered"</span></span> })}
            </td>
            <td data-prio="3" class="nowrap dim">{place::reader().day(&row.written_at.0)}</td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let title = match (list.value("q").as_str(), list.value("tab").as_str()) {
            ("", "pending") => "Nothing to read".to_owned(),
            ("", _) => "No review fits".to_owned(),
            (asked, _) => format!("Nothing for “{asked}”"),
        };
        let text = "Every filter narrows the list. Take one off, or see all reviews.";
        return view! { <Narrowed list keys=&FILTERS title text all="See all reviews"/> }.into_any();
    }
    view! {
        <Empty symbol="quote" title="No reviews yet" text="Customers write them from the page of a product, with the account that they ordered with."/>
    }
    .into_any()
}
