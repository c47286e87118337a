//! The table of tenants.

use leptos::prelude::*;

use super::bring::Bring;
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::tenants::{TenantRow, TenantStatus, Tenants as Page, TenantsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterSelect, List, Search};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{PageHead, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 2] = ["q", "status"];
const COLUMNS: [Column; 5] = [
    Column::new("Shop"),
    Column::new("State"),
    Column::new("Domain").prio("2"),
    Column::new("Currency").prio("3"),
    Column::new("Since").prio("3"),
];

/// The table of tenants.
#[component]
pub fn Tenants() -> impl IntoView {
    place::title(|| "Tenants".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let variables = TenantsVariables {
            first: Some(PAGE),
            after: state.page(PAGE).after,
            query: some(state.get("q")),
            status: TenantStatus::from_key(state.get("status")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.tenants) }
    });
    let may_create = place::memo(move || session.may("tenants:create"));
    let bringing = RwSignal::new(false);
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let about = rows.found(list, &FILTERS, "shop", "shops");
    let states = place::derived(|| {
        TenantStatus::ALL
            .into_iter()
            .map(|(status, key)| (key.to_owned(), status.words().1.to_owned()))
            .collect::<Vec<_>>()
    });
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row/> }).collect_view()
    };
    let empty = move || {
        let text = "The search looks in names and slugs, in the chosen state.";
        view! { <Narrowed list keys=&FILTERS title="No shop fits" text all="See all shops"/> }
    };
    view! {
        <div class="page">
            <PageHead title="Tenants".to_owned() about>
                {move || {
                    may_create
                        .get()
                        .then(|| {
                            view! {
                                <button class="btn" type="button" on:click=move |_| bringing.set(true)>
                                    {icon("import")}
                                    "Import"
                                </button>
                                <a class="btn" data-kind="primary" href=place::to("/tenants/new")>{icon("plus")} "Open a shop"</a>
                            }
                        })
                }}
            </PageHead>
            <Bring open=bringing/>
            <Table label="Tenants" list rows columns=&COLUMNS body empty>
                <div class="filters">
                    <FilterSelect list name="status" label="Any state" options=states/>
                    <span class="end"><Search list label="Name or slug"/></span>
                </div>
            </Table>
        </div>
    }
}

#[component]
fn Row(row: TenantRow) -> impl IntoView {
    let (tone, word) = row.status.words();
    let reader = place::reader();
    let until = row.purge_at.map(|at| format!("{word}, until {}", reader.day(&at.0)));
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span><a href=place::to(&format!("/tenants/{}", row.slug))>{row.name}</a><small>{row.slug.clone()}</small></span>
                </span>
            </td>
            <td data-slot="state">{status(tone, until.unwrap_or_else(|| word.to_owned()))}</td>
            <td data-prio="2" class="dim">{row.hosts.into_iter().next().unwrap_or_else(|| "–".to_owned())}</td>
            <td data-prio="3" class="dim">{row.currency}</td>
            <td data-prio="3" class="nowrap dim">{reader.day(&row.created_at.0)}</td>
        </tr>
    }
}
