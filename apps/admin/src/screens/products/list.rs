//! The table of products.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::{
    AdminProductFilter, AdminProductRow, AdminProductSort, AvailabilityState, ProductArchive,
    ProductArchiveVariables, ProductMoveInput, ProductPublish, ProductPublishVariables, ProductStatus,
    ProductUnpublish, ProductUnpublishVariables, Products as Page, ProductsVariables, StockFilter,
};
use crate::gql::collections::CollectionNames;
use crate::logic::list::PAGE;
use crate::parts::dialog::Confirm;
use crate::parts::list::{FilterChip, FilterSelect, List, Search, Tab};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, count, grouped, icon, status, thumb};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 5] = ["q", "status", "collection", "stock", "vendor"];
const COLUMNS: [Column; 7] = [
    Column::new("Product").sorts("title"),
    Column::new("Status"),
    Column::number("Stock").sorts("stock"),
    Column::number("Price").sorts("price"),
    Column::new("Collection").prio("3"),
    Column::new("Maker").prio("4"),
    Column::new("Changed").sorts("updated").prio("3").falling(),
];

/// A thing done to many products.
#[derive(Clone, Copy, PartialEq)]
enum Bulk {
    Publish,
    Unpublish,
    Archive,
}

impl Bulk {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Publish => ("Publish", "published"),
            Self::Unpublish => ("Take out of the shop", "taken out of the shop"),
            Self::Archive => ("Archive", "archived"),
        }
    }

    async fn run(self, id: cynic::Id, version: i32) -> Result<(), Failure> {
        let input = ProductMoveInput { id, version };
        match self {
            Self::Publish => {
                api::ask(ProductPublish::build(ProductPublishVariables { input })).await.map(drop)
            }
            Self::Unpublish => {
                api::ask(ProductUnpublish::build(ProductUnpublishVariables { input })).await.map(drop)
            }
            Self::Archive => {
                api::ask(ProductArchive::build(ProductArchiveVariables { input })).await.map(drop)
            }
        }
    }
}

/// The table of products.
#[component]
pub fn Products() -> impl IntoView {
    place::title(|| "Products".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let text = |key: &str| Some(state.get(key).to_owned()).filter(|it| !it.is_empty());
        let status = ProductStatus::ALL.into_iter().find(|it| it.key() == state.get("status"));
        let stock = StockFilter::ALL.into_iter().find(|(_, key, _)| *key == state.get("stock"));
        let filter = AdminProductFilter {
            q: text("q"),
            status: status.map(|status| vec![status]),
            collection_id: text("collection").map(cynic::Id::new),
            vendor: text("vendor"),
            stock: stock.map(|(stock, ..)| stock),
            tag: None,
        };
        let variables = ProductsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            filter: Some(filter),
            sort: AdminProductSort::from_key(state.get("sort")),
        };
        api::ask(Page::build(variables))
    });
    let collections = remote(move || {
        let allowed = session.may("categories:list");
        async move {
            if !allowed {
                return Ok(Vec::new());
            }
            api::ask(CollectionNames::build(())).await.map(|answer| answer.admin_collections.nodes)
        }
    });
    let collection_options = place::derived(move || {
        let rows = collections.data.get().unwrap_or_default();
        rows.into_iter().map(|row| (row.id.inner().to_owned(), row.title)).collect::<Vec<_>>()
    });

    let chosen = RwSignal::new(BTreeMap::<String, i32>::new());
    // Another page or filter is another selection.
    place::effect(move |_| {
        list.get();
        chosen.update(BTreeMap::clear);
    });
    let can_publish = place::memo(move || session.may("products:publish"));
    let can_update = place::memo(move || session.may("products:update"));
    let selects = place::memo(move || can_publish.get() || can_update.get());

    let rows = Rows::of(page, |Page { admin_products, .. }| {
        Shown::page(admin_products.nodes.len(), admin_products.total_count, &admin_products.page_info)
    });
    let tally = move |pick: fn(&crate::gql::catalog::AdminProductCounts) -> i32| {
        place::derived(move || {
            page.data.with(|page| page.as_ref().map(|page| pick(&page.admin_product_counts)))
        })
    };
    let about = place::derived(move || {
        page.data.with(|page| match page {
            Some(page) => {
                let counts = &page.admin_product_counts;
                let products = count(counts.all.into(), "product", "products");
                format!("{products}, {}", count(counts.variants.into(), "variant", "variants"))
            }
            None => " ".to_owned(),
        })
    });
    let chips = move || {
        let collection = list.value("collection");
        let title =
            collection_options.get().into_iter().find(|(id, _)| *id == collection).map(|(_, title)| title);
        let stock = StockFilter::ALL.into_iter().find(|(_, key, _)| *key == list.value("stock"));
        let vendor = list.value("vendor");
        view! {
            {(!collection.is_empty())
                .then(|| view! { <FilterChip list name="collection" field="Collection" value=title.unwrap_or_else(|| "one".into())/> })}
            {stock.map(|(_, _, text)| view! { <FilterChip list name="stock" field="Stock" value=text/> })}
            {(!vendor.is_empty()).then(|| view! { <FilterChip list name="vendor" field="Maker" value=vendor/> })}
        }
    };
    let stock_options: Vec<(String, String)> =
        StockFilter::ALL.into_iter().map(|(_, key, text)| (key.to_owned(), text.to_owned())).collect();
    let all_chosen = move || {
        page.data.with(|page| {
            let rows = page.as_ref().map(|page| &page.admin_products.nodes);
            rows.is_some_and(|rows| {
                !rows.is_empty()
                    && chosen.with(|chosen| rows.iter().all(|row| chosen.contains_key(row.id.inner())))
            })
        })
    };
    let choose_all = move |event| {
        let checked = event_target_checked(&event);
        let rows =
            page.data.with_untracked(|page| page.as_ref().map(|page| page.admin_products.nodes.clone()));
        chosen.update(|chosen| {
            chosen.clear();
            for row in rows.unwrap_or_default().into_iter().filter(|_| checked) {
                chosen.insert(row.id.inner().to_owned(), row.version);
            }
        });
    };
    let pick = move || {
        selects.get().then(|| {
            view! {
                <th class="pick">
                    <input type="checkbox" aria-label="Select all on this page" prop:checked=all_chosen on:change=choose_all/>
                </th>
            }
        })
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.admin_products.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row chosen selects=selects.get()/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Products".to_owned() about>
                {move || {
                    session
                        .may("products:import")
                        .then(|| view! { <a class="btn" href=place::to("/products/import")>{icon("import")} "Import"</a> })
                }}
                {move || session.may("products:export").then(|| view! { <ExportButton/> })}
                {move || {
                    session
                        .may("products:create")
                        .then(|| {
                            view! {
                                <a class="btn" data-kind="primary" href=place::to("/products/new")>{icon("plus")} "Add product"</a>
                            }
                        })
                }}
            </PageHead>
            <Table label="Products" list rows columns=&COLUMNS sort="-updated" pick body empty=move || nothing(list)>
                <nav class="tabs" aria-label="Status">
                    <Tab list name="status" value="" label="All" count=tally(|counts| counts.all)/>
                    <Tab list name="status" value="published" label="Published" count=tally(|counts| counts.published)/>
                    <Tab list name="status" value="draft" label="Drafts" count=tally(|counts| counts.draft)/>
                    <Tab list name="status" value="archived" label="Archived" count=tally(|counts| counts.archived)/>
                </nav>
                <div class="filters">
                    {chips}
                    {move || {
                        (list.value("collection").is_empty() && !collection_options.with(Vec::is_empty))
                            .then(|| view! { <FilterSelect list name="collection" label="Collection" options=collection_options/> })
                    }}
                    {
                        let options = stock_options;
                        move || {
                            let options = options.clone();
                            list.value("stock")
                                .is_empty()
                                .then(|| view! { <FilterSelect list name="stock" label="Stock" options/> })
                        }
                    }
                    <span class="end"><Search list label="Find products"/></span>
                </div>
            </Table>
            <BulkBar chosen can_publish can_update on_done=move |()| page.reload()/>
        </div>
    }
}

#[component]
fn Row(row: AdminProductRow, chosen: RwSignal<BTreeMap<String, i32>>, selects: bool) -> impl IntoView {
    let id = row.id.inner().to_owned();
    let version = row.version;
    let checked = {
        let id = id.clone();
        move || chosen.with(|chosen| chosen.contains_key(&id))
    };
    let toggle = {
        let id = id.clone();
        move |event| {
            let on = event_target_checked(&event);
            chosen.update(|chosen| {
                if on {
                    chosen.insert(id.clone(), version);
                } else {
                    chosen.remove(&id);
                }
            });
        }
    };
    let price = if row.price == row.price_max {
        row.price.formatted
    } else {
        format!("from {}", row.price.formatted)
    };
    let stock = match (row.stock, row.availability.state) {
        (None, _) => view! { <span class="dim">"not counted"</span> }.into_any(),
        (Some(_), AvailabilityState::SoldOut) => status("danger", "Sold out").into_any(),
        (Some(left), AvailabilityState::Low) => {
            status("warning", format!("{} left", grouped(left.into()))).into_any()
        }
        (Some(left), AvailabilityState::Backorder) => {
            status("info", format!("{}, sells on", grouped(left.into()))).into_any()
        }
        (Some(left), AvailabilityState::InStock) => grouped(left.into()).into_any(),
    };
    let collections: Vec<String> = row.collections.into_iter().map(|collection| collection.title).collect();
    let variants = if row.variant_count > 1 {
        count(row.variant_count.into(), "variant", "variants")
    } else {
        String::new()
    };
    view! {
        <tr aria-selected=selects.then(|| checked.clone()).map(|checked| move || checked().to_string())>
            {selects
                .then(|| {
                    view! {
                        <td class="pick">
                            <input
                                type="checkbox"
                                aria-label=format!("Select {}", row.title)
                                prop:checked=checked.clone()
                                on:change=toggle
                            />
                        </td>
                    }
                })}
            <td class="fill" data-slot="title">
                <span class="name">
                    {thumb(row.picture.as_ref())}
                    <span>
                        <a href=place::to(&format!("/products/{id}"))>{row.title.clone()}</a>
                        <small>{variants}</small>
                    </span>
                </span>
            </td>
            <td data-slot="sub">{status(row.status.tone(), row.status.label())}</td>
            <td class="num" data-slot="state">{stock}</td>
            <td class="num" data-slot="value">{price}</td>
            <td data-prio="3" class="clip cap">{collections.join(", ")}</td>
            <td data-prio="4" class="clip cap">{row.vendor}</td>
            <td data-prio="3" class="nowrap dim">{place::reader().moment(&row.updated_at.0)}</td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    let session = use_session();
    if list.get().narrowed_by(&FILTERS) {
        let asked = list.value("q");
        let title = if asked.is_empty() {
            "No product fits".to_owned()
        } else {
            format!("Nothing for “{asked}”")
        };
        let text = "Every filter narrows the list. Take one off, or begin again.";
        return view! { <Narrowed list keys=&FILTERS title text all="Clear the filters"/> }.into_any();
    }
    view! {
        <Empty
            symbol="products"
            title="No products yet"
            text="Add the first one by hand, or bring a whole catalogue from a Shopify product file."
        >
            {session
                .may("products:create")
                .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/products/new")>"Add a product"</a> })}
            {session
                .may("products:import")
                .then(|| view! { <a class="btn" href=place::to("/products/import")>"Import a file"</a> })}
        </Empty>
    }
    .into_any()
}

/// Gives the catalogue as a file.
#[component]
fn ExportButton() -> impl IntoView {
    let toaster = use_toaster();
    let busy = RwSignal::new(false);
    let export = move |_| {
        busy.set(true);
        spawn_local(async move {
            match api::ask(crate::gql::import::Export::build(())).await {
                Ok(answer) => {
                    let export = answer.product_export;
                    crate::screens::import::download(&export.filename, &export.csv);
                    toaster
                        .done(format!("{} exported", count(export.products.into(), "product", "products")));
                }
                Err(failure) => toaster.failure("The export did not work", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <button class="btn" type="button" aria-busy=move || busy.get().to_string() disabled=move || busy.get() on:click=export>
            {icon("download")}
            "Export"
        </button>
    }
}

#[component]
fn BulkBar(
    chosen: RwSignal<BTreeMap<String, i32>>,
    can_publish: Memo<bool>,
    can_update: Memo<bool>,
    #[prop(into)] on_done: Callback<()>,
) -> impl IntoView {
    let toaster = use_toaster();
    let busy = RwSignal::new(None::<Bulk>);
    let asking = RwSignal::new(false);
    let n = place::memo(move || chosen.with(BTreeMap::len));
    let run = move |bulk: Bulk| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some(bulk));
        asking.set(false);
        spawn_local(async move {
            let (mut done, mut last) = (0, None);
            for (id, version) in chosen.get_untracked() {
                match bulk.run(cynic::Id::new(id.clone()), version).await {
                    Ok(()) => {
                        done += 1;
                        let _ = chosen.try_update(|chosen| chosen.remove(&id));
                    }
                    Err(failure) => last = Some(failure),
                }
            }
            let (_, past) = bulk.words();
            if done > 0 {
                toaster.done(format!("{} {past}", count(done, "product", "products")));
            }
            if let Some(failure) = last {
                let left = chosen.try_with(BTreeMap::len).unwrap_or_default() as i64;
                toaster.failure(
                    &format!("{} not {past}", count(left, "product was", "products were")),
                    &failure,
                );
            }
            let _ = busy.try_set(None);
            on_done.run(());
        });
    };
    let button = move |bulk: Bulk| {
        view! {
            <button
                class="btn"
                type="button"
                data-size="sm"
                aria-busy=move || (busy.get() == Some(bulk)).to_string()
                disabled=move || busy.get().is_some()
                on:click=move |_| if bulk == Bulk::Archive { asking.set(true) } else { run(bulk) }
            >
                {bulk.words().0}
            </button>
        }
    };
    let escape = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" && !asking.get_untracked() && n.get_untracked() > 0 {
            chosen.update(BTreeMap::clear);
        }
    });
    on_cleanup(move || escape.remove());
    view! {
        <Show when=move || n.get() != 0>
            <div class="bulkbar" role="toolbar" aria-label="Selected products">
                <b>{n} " selected"</b>
                <span class="sep"></span>
                {move || can_publish.get().then(|| view! { {button(Bulk::Publish)} {button(Bulk::Unpublish)} })}
                {move || can_update.get().then(|| button(Bulk::Archive))}
                <span class="sep"></span>
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    data-icon=""
                    aria-label="Clear the selection (Esc)"
                    on:click=move |_| chosen.update(BTreeMap::clear)
                >
                    {icon("x")}
                </button>
            </div>
        </Show>
        <Confirm
            open=asking
            title=place::derived(move || format!("Archive {}?", count(n.get() as i64, "product", "products")))
            act=place::derived(move || format!("Archive {}", n.get()))
            kind="primary"
            on_yes=move |()| run(Bulk::Archive)
        >
            <p>"They leave the shop and its search at once. Orders, texts and pictures stay, and each can be brought back as a draft."</p>
        </Confirm>
    }
}
