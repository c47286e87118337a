//! The table of what people did.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::DateTime;
use crate::gql::Document;
use crate::gql::audit::{AuditLog as Page, AuditLogFilter, AuditLogVariables, AuditRow};
use crate::logic::audit as words;
use crate::logic::list::PAGE;
use crate::logic::moment::Date;
use crate::parts::list::{FilterChip, FilterSelect, List, Search};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{Empty, PageHead};
use crate::place;

const FILTERS: [&str; 5] = ["q", "about", "days", "person", "thing"];
const COLUMNS: [Column; 5] = [
    Column::new("What"),
    Column::new("Who"),
    Column::new("About"),
    Column::new("From").prio("3"),
    Column::new("When"),
];
const DAYS: [(&str, &str); 4] =
    [("1", "today"), ("7", "the last 7 days"), ("30", "the last 30 days"), ("90", "the last 90 days")];
const KINDS: [&str; 10] =
    ["product", "category", "variant", "order", "user", "customer", "role", "api_key", "tenant", "settings"];

/// Midnight at the reader's place, `days` days with today ago.
fn since(days: &str) -> Option<DateTime> {
    let days: i64 = days.parse().ok().filter(|days| (1..=366).contains(days))?;
    let reader = place::reader();
    let start = reader.today().days() - (days - 1);
    let minutes = start * 24 * 60 - reader.offset;
    let date = Date::from_days(minutes.div_euclid(24 * 60));
    let minutes = minutes.rem_euclid(24 * 60);
    Some(DateTime(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:00Z",
        date.year,
        date.month,
        date.day,
        minutes / 60,
        minutes % 60
    )))
}

/// The table of what people did.
#[component]
pub fn AuditLog() -> impl IntoView {
    place::title(|| "Audit log".to_owned());
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let text = |key: &str| Some(state.get(key).to_owned()).filter(|it| !it.is_empty());
        let variables = AuditLogVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            filter: AuditLogFilter {
                actor_id: text("person").map(cynic::Id::new),
                action: text("q"),
                subject_kind: state.one_of("about", &KINDS).map(str::to_owned),
                subject_id: text("thing").map(cynic::Id::new),
                from: since(state.get("days")),
                to: None,
            },
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.audit_log) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let about = rows.found(list, &FILTERS, "entry", "entries");
    // The person of the filter by name, once a row says it.
    let person = move || {
        page.data.with(|page| {
            let row = page.as_ref().and_then(|page| page.nodes.first());
            row.map_or_else(|| "this person".to_owned(), |row| row.actor.called())
        })
    };
    let chips = move || {
        let days = DAYS.into_iter().find(|(key, _)| *key == list.value("days"));
        let kind = KINDS.into_iter().find(|kind| *kind == list.value("about"));
        view! {
            {(!list.value("person").is_empty()).then(|| view! { <FilterChip list name="person" field="Who" value=person()/> })}
            {(!list.value("thing").is_empty()).then(|| view! { <FilterChip list name="thing" field="About" value="one thing"/> })}
            {kind.map(|kind| view! { <FilterChip list name="about" field="About" verb="a" value=words::kind(kind)/> })}
            {days.map(|(_, text)| view! { <FilterChip list name="days" field="When" verb="is within" value=text/> })}
        }
    };
    let day_options: Vec<(String, String)> =
        DAYS.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
    let kind_options: Vec<(String, String)> =
        KINDS.into_iter().map(|kind| (kind.to_owned(), words::kind(kind))).collect();
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row list row/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Audit log".to_owned() about/>
            <Table label="Audit log" list rows columns=&COLUMNS words=("Newer", "Older") body empty=move || nothing(list)>
                <div class="filters">
                    {chips}
                    {move || {
                        let options = kind_options.clone();
                        list.value("about").is_empty().then(|| view! { <FilterSelect list name="about" label="About" options/> })
                    }}
                    {move || {
                        let options = day_options.clone();
                        list.value("days").is_empty().then(|| view! { <FilterSelect list name="days" label="When" options/> })
                    }}
                    <span class="end"><Search list label="What was done"/></span>
                </div>
            </Table>
        </div>
    }
}

#[component]
fn Row(list: List, row: AuditRow) -> impl IntoView {
    let who = row.actor.called();
    let who = match row.actor.id.clone() {
        Some(id) => {
            let id = id.into_inner();
            let label = format!("Only what {who} did");
            view! { <a href=move || list.href(|state| state.with("person", &id)) title=label>{who}</a> }
                .into_any()
        }
        None => who.into_any(),
    };
    let about = match &row.subject_id {
        Some(id) => match words::screen(&row.subject_kind, id.inner()) {
            Some(screen) => {
                view! { <a href=place::to(&screen)>{words::kind(&row.subject_kind)}</a> }.into_any()
            }
            None => words::kind(&row.subject_kind).into_any(),
        },
        None => "–".into_any(),
    };
    let from = if row.address.is_empty() { "this machine".to_owned() } else { row.address };
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <a class="key" href=place::to(&format!("/audit/{}", row.id.inner()))>{words::action(&row.action)}</a>
            </td>
            <td data-slot="sub">{who}</td>
            <td data-slot="state">{about}</td>
            <td data-prio="3" class="nowrap dim">{from}</td>
            <td class="nowrap dim" data-slot="value">{place::reader().moment(&row.at.0)}</td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let text = "Every filter narrows the list. Take one off, or see all entries.";
        return view! { <Narrowed list keys=&FILTERS title="No entry fits" text all="See all entries"/> }
            .into_any();
    }
    view! {
        <Empty
            symbol="list"
            title="Nothing yet"
            text="Whatever your team and signed-in customers change is written down here: who, what, before, after and from where."
        />
    }
    .into_any()
}
