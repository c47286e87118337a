//! The list of collections.

use cynic::QueryBuilder;
use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::collections::{CollectionRow, Collections as Page, CollectionsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Pager, RowSkeleton, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, icon, thumb};
use crate::place;
use crate::session::use_session;

/// The list of collections.
#[component]
pub fn Collections() -> impl IntoView {
    place::title(|| "Collections".to_owned());
    row_keys();
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let keys = list.get().page(PAGE);
        let variables = CollectionsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.admin_collections) }
    });
    let may_create = Memo::new(move |_| session.may("categories:create"));
    let about = Signal::derive(move || {
        page.data.with(|page| {
            page.as_ref().map_or_else(
                || " ".to_owned(),
                |page| count(page.total_count.into(), "collection", "collections"),
            )
        })
    });
    let body = move || {
        match (page.data.get(), page.failure.get()) {
        (_, Some(failure)) => view! {
            <tr class="whole"><td colspan="4" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
        }
        .into_any(),
        (None, None) => view! { <RowSkeleton columns=4 rows=5/> }.into_any(),
        (Some(page), None) if page.nodes.is_empty() => view! {
            <tr class="whole">
                <td colspan="4" data-slot="title">
                    <Empty
                        symbol="collections"
                        title="No collections yet"
                        text="A collection is a page of the shop with products that you choose: a season, a room, a use."
                    >
                        {may_create
                            .get()
                            .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/collections/new")>"Make a collection"</a> })}
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
            <PageHead title="Collections".to_owned() about>
                {move || {
                    may_create
                        .get()
                        .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/collections/new")>{icon("plus")} "Make a collection"</a> })
                }}
            </PageHead>
            <section class="tablecard" aria-label="Collections" aria-busy=move || page.busy.get().to_string()>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <th>"Collection"</th>
                            <th class="num">"Products"</th>
                            <th data-prio="3">"Address"</th>
                            <th data-prio="3">"Changed"</th>
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
fn Row(row: CollectionRow) -> impl IntoView {
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    {thumb(row.picture.as_ref())}
                    <span><a href=place::to(&format!("/collections/{}", row.id.inner()))>{row.title}</a></span>
                </span>
            </td>
            <td class="num" data-slot="value">{row.product_count}</td>
            <td data-prio="3" class="dim">{format!("/collections/{}", row.slug)}</td>
            <td data-prio="3" class="nowrap dim">{place::reader().moment(&row.updated_at.0)}</td>
        </tr>
    }
}
