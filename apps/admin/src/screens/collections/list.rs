//! The list of collections.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::collections::{CollectionRow, Collections as Page, CollectionsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::List;
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, icon, thumb};
use crate::place;
use crate::session::use_session;

const COLUMNS: [Column; 4] = [
    Column::new("Collection"),
    Column::number("Products"),
    Column::new("Address").prio("3"),
    Column::new("Changed").prio("3"),
];

/// The list of collections.
#[component]
pub fn Collections() -> impl IntoView {
    place::title(|| "Collections".to_owned());
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
    let may_create = place::memo(move || session.may("categories:create"));
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty
                symbol="collections"
                title="No collections yet"
                text="A collection is a page of the shop with products that you choose: a season, a room, a use."
            >
                {may_create
                    .get()
                    .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/collections/new")>"Make a collection"</a> })}
            </Empty>
        }
    };
    let about = rows.about("collection", "collections");
    view! {
        <div class="page">
            <PageHead title="Collections".to_owned() about>
                {move || {
                    may_create
                        .get()
                        .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/collections/new")>{icon("plus")} "Make a collection"</a> })
                }}
            </PageHead>
            <Table label="Collections" list rows columns=&COLUMNS grey=5 body empty/>
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
