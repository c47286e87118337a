//! The table of tenants.

use cynic::QueryBuilder;
use leptos::prelude::*;

use super::bring::Bring;
use crate::api::{self, remote};
use crate::gql::tenants::{TenantRow, TenantStatus, Tenants as Page, TenantsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterSelect, List, Pager, RowSkeleton, Search, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, grouped, icon, status};
use crate::place;
use crate::session::use_session;

/// The table of tenants.
#[component]
pub fn Tenants() -> impl IntoView {
    place::title(|| "Tenants".to_owned());
    row_keys();
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
    let may_create = Memo::new(move |_| session.may("tenants:create"));
    let bringing = RwSignal::new(false);
    let narrowed = move || !list.value("q").is_empty() || !list.value("status").is_empty();
    let about = Signal::derive(move || {
        page.data.with(|page| match page {
            Some(page) if !narrowed() => count(page.total_count.into(), "shop", "shops"),
            Some(page) => format!("{} found", grouped(page.total_count.into())),
            None => " ".to_owned(),
        })
    });
    let states = Signal::derive(|| {
        TenantStatus::ALL
            .into_iter()
            .map(|(status, key)| (key.to_owned(), status.words().1.to_owned()))
            .collect::<Vec<_>>()
    });
    let body = move || {
        match (page.data.get(), page.failure.get()) {
        (_, Some(failure)) => view! {
            <tr class="whole"><td colspan="5" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
        }
        .into_any(),
        (None, None) => view! { <RowSkeleton columns=5/> }.into_any(),
        (Some(page), None) if page.nodes.is_empty() => view! {
            <tr class="whole">
                <td colspan="5" data-slot="title">
                    <Empty symbol="search" title="No shop fits" text="The search looks in names and slugs, in the chosen state.">
                        <button class="btn" type="button" on:click=move |_| list.go(list.get().without(&["q", "status"]))>"See all shops"</button>
                    </Empty>
                </td>
            </tr>
        }
        .into_any(),
        (Some(page), None) => page.nodes.into_iter().map(|row| view! { <Row row/> }).collect_view().into_any(),
    }
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
            <section class="tablecard" aria-label="Tenants" aria-busy=move || page.busy.get().to_string()>
                <div class="filters">
                    <FilterSelect list name="status" label="Any state" options=states/>
                    <span class="end"><Search list label="Name or slug"/></span>
                </div>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <th>"Shop"</th>
                            <th>"State"</th>
                            <th data-prio="2">"Domain"</th>
                            <th data-prio="3">"Currency"</th>
                            <th data-prio="3">"Since"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
                <Pager
                    list
                    page=Signal::derive(move || page.data.with(|page| page.as_ref().map(|page| page.page_info.clone())))
                    rows=Signal::derive(move || page.data.with(|page| page.as_ref().map_or((0, 0), |page| (page.nodes.len(), page.total_count))))
                />
            </section>
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
