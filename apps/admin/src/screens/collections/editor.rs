//! The editor of a collection: texts, and its products in their order.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::{AdminProductRow, IdVariables};
use crate::gql::collections::{
    AdminCollection, CollectionById, CollectionCreate, CollectionCreateInput, CollectionCreateVariables,
    CollectionDelete, CollectionDeleteInput, CollectionDeleteVariables, CollectionProductsSet,
    CollectionProductsSetInput, CollectionProductsSetVariables, CollectionUpdate, CollectionUpdateInput,
    CollectionUpdateVariables,
};
use crate::logic::product::Texts;
use crate::parts::dialog::Confirm;
use crate::parts::editor::{Refused, Saved, Saving, screen};
use crate::parts::guard::LeaveGuard;
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, count, icon, status, thumb};
use crate::place;
use crate::screens::products::find::FindProducts;
use crate::screens::products::texts::{SearchTexts, TitleAndBody};
use crate::session::use_session;

async fn fetch(id: String) -> Result<AdminCollection, Failure> {
    let answer = api::ask(CollectionById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer
        .admin_collection
        .ok_or_else(|| Failure::new("NOT_FOUND", "This collection does not exist, or not any more."))
}

fn texts_of(collection: &AdminCollection) -> Texts {
    Texts {
        title: collection.title.clone(),
        slug: collection.slug.clone(),
        body: collection.body_html.clone(),
        seo_title: collection.seo_title.clone(),
        seo_description: collection.seo_description.clone(),
        ..Texts::default()
    }
}

/// The screen of one collection.
#[component]
pub fn CollectionScreen() -> impl IntoView {
    let id = place::id();
    let collection = remote(move || fetch(id.get()));
    screen(collection, "Collection", ("/collections", "Collections"), &[&[5, 7], &[]], move |it| {
        view! { <Editor collection=Some(it) on_reload=move |()| collection.reload()/> }.into_any()
    })
}

/// The screen of a new collection.
#[component]
pub fn NewCollection() -> impl IntoView {
    view! { <Editor collection=None on_reload=|()| ()/> }
}

#[component]
fn Editor(
    /// Nothing: a new one.
    collection: Option<AdminCollection>,
    #[prop(into)] on_reload: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let saved = RwSignal::new(collection);
    let saved_texts = move || saved.with(|saved| saved.as_ref().map(texts_of).unwrap_or_default());
    let saved_products =
        move || saved.with(|saved| saved.as_ref().map(|it| it.products.clone()).unwrap_or_default());
    let texts = RwSignal::new(untrack(saved_texts));
    let products = RwSignal::new(untrack(saved_products));
    let turn = RwSignal::new(0_u32);
    let failure = RwSignal::new(None::<Failure>);
    let saving = Saving::new(failure);
    let title = place::derived(move || {
        saved.with(|saved| {
            saved.as_ref().map_or_else(|| "New collection".to_owned(), |saved| saved.title.clone())
        })
    });
    place::title(move || title.get());
    let ids = |rows: &[AdminProductRow]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    let changes = place::derived(move || {
        if saving.done.get() {
            return Vec::new();
        }
        let mut changes = texts.with(|texts| texts.changes(&saved_texts()));
        if ids(&products.get()) != ids(&saved_products()) {
            changes.push("products".to_owned());
        }
        changes
    });
    let editable = place::memo(move || {
        session.may(if saved.with(Option::is_none) { "categories:create" } else { "categories:update" })
    });
    let save = move |()| {
        if texts.with_untracked(|texts| texts.title.trim().is_empty()) {
            failure.set(Some(Failure::new("BAD_USER_INPUT", "A collection needs a title.")));
            crate::parts::list::focus("title");
            return;
        }
        saving.run(async move {
            let mine = texts.get_untracked();
            let chosen = ids(&products.get_untracked());
            let before = saved.get_untracked();
            let new = before.is_none();
            let collection = match before {
                None => create(mine, chosen).await?,
                Some(before) => update(before, mine, chosen).await?,
            };
            let path = place::to(&format!("/collections/{}", collection.id.inner()));
            texts.set(texts_of(&collection));
            products.set(collection.products.clone());
            saved.set(Some(collection));
            Ok(Saved("Saved", new.then_some(path)))
        });
    };
    let discard = move |()| {
        failure.set(None);
        texts.set(untrack(saved_texts));
        products.set(untrack(saved_products));
        turn.update(|turn| *turn += 1);
    };
    let open_in_shop = move || {
        saved.with(|saved| {
            saved.as_ref().map(|saved| {
                let href = place::shop(&format!("/collections/{}", saved.slug));
                view! { <a class="btn" href=href target="_blank" rel="noopener">{icon("eye")} "View in the shop"</a> }
            })
        })
    };
    view! {
        <div class="page">
            <PageHead title back=(place::to("/collections"), "Collections")>
                {open_in_shop}
                <Delete saved/>
            </PageHead>
            <Refused failure what="collection" on_reload/>
            <fieldset class="stack bare" disabled=move || !editable.get()>
                <TitleAndBody texts failure turn editable/>
                <Members products editable/>
                <SearchTexts texts failure old_slugs=Signal::stored(Vec::new()) path="/collections/"/>
            </fieldset>
            <SaveBar changes busy=saving.busy on_save=save on_discard=discard/>
        </div>
    }
}

async fn create(texts: Texts, product_ids: Vec<cynic::Id>) -> Result<AdminCollection, Failure> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let input = CollectionCreateInput {
        title: texts.title.trim().to_owned(),
        slug: some(&texts.slug),
        body_html: some(&texts.body),
        seo_title: some(&texts.seo_title),
        seo_description: some(&texts.seo_description),
        product_ids: Some(product_ids),
    };
    let answer = api::ask(CollectionCreate::build(CollectionCreateVariables { input })).await?;
    Ok(answer.collection_create.collection)
}

async fn update(
    before: AdminCollection,
    texts: Texts,
    product_ids: Vec<cynic::Id>,
) -> Result<AdminCollection, Failure> {
    let mut now = before.clone();
    if let Some(change) = texts.input(&before.id, before.version, &texts_of(&before)) {
        let input = CollectionUpdateInput {
            id: before.id.clone(),
            version: before.version,
            title: change.title,
            slug: change.slug,
            body_html: change.body_html,
            seo_title: change.seo_title,
            seo_description: change.seo_description,
        };
        let answer = api::ask(CollectionUpdate::build(CollectionUpdateVariables { input })).await?;
        now = answer.collection_update.collection;
    }
    if before.products.iter().map(|row| &row.id).ne(product_ids.iter()) {
        let input = CollectionProductsSetInput { id: now.id.clone(), version: now.version, product_ids };
        let answer = api::ask(CollectionProductsSet::build(CollectionProductsSetVariables { input })).await?;
        now = answer.collection_products_set.collection;
    }
    Ok(now)
}

/// The products, in the order of the shop.
#[component]
fn Members(products: RwSignal<Vec<AdminProductRow>>, #[prop(into)] editable: Signal<bool>) -> impl IntoView {
    let step = move |id: cynic::Id, by: i32| {
        products.update(|rows| {
            let Some(from) = rows.iter().position(|row| row.id == id) else { return };
            let to = (from as i32 + by).clamp(0, rows.len() as i32 - 1) as usize;
            let row = rows.remove(from);
            rows.insert(to, row);
        });
    };
    let row = move |at: usize, row: AdminProductRow| {
        let (id, up, down) = (row.id.clone(), row.id.clone(), row.id.clone());
        let title = row.title.clone();
        let last = place::derived(move || products.with(Vec::len) == at + 1);
        let button = move |symbol: &'static str, label: String, off: Signal<bool>, act: Callback<()>| {
            view! {
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    data-icon=""
                    aria-label=label
                    disabled=move || off.get()
                    on:click=move |_| act.run(())
                >
                    {icon(symbol)}
                </button>
            }
        };
        view! {
            <div>
                {thumb(row.picture.as_ref())}
                <span class="grow clip"><a href=place::to(&format!("/products/{}", row.id.inner()))>{row.title.clone()}</a></span>
                {status(row.status.tone(), row.status.label())}
                <span class="dim nowrap">{row.price.formatted.clone()}</span>
                {button("up", format!("Move {title} up"), Signal::stored(at == 0), Callback::new(move |()| step(up.clone(), -1)))}
                {button("dn", format!("Move {title} down"), last, Callback::new(move |()| step(down.clone(), 1)))}
                {button("x", format!("Take {title} out"), Signal::stored(false), Callback::new(move |()| products.update(|rows| rows.retain(|it| it.id != id))))}
            </div>
        }
    };
    view! {
        <section class="card">
            <header>
                <h2>"Products"</h2>
                <span class="meta">{move || count(products.with(Vec::len) as i64, "product", "products")}</span>
            </header>
            {move || {
                products
                    .with(Vec::is_empty)
                    .then(|| view! { <Empty symbol="products" title="Nothing in it yet" text="Find products below; they appear in the shop in this order."/> })
            }}
            <div class="list">
                <For each=move || products.get().into_iter().enumerate() key=|(at, row)| (*at, row.id.inner().to_owned()) let:entry>
                    {row(entry.0, entry.1)}
                </For>
            </div>
            <Show when=move || editable.get()>
                <div class="body">
                    <FindProducts
                        label="Find products to add"
                        taken=place::derived(move || products.with(|rows| rows.iter().map(|row| row.id.inner().to_owned()).collect()))
                        on_pick=move |row: AdminProductRow| products.update(|rows| rows.push(row))
                    />
                </div>
            </Show>
        </section>
    }
}

/// Removes the collection.
#[component]
fn Delete(saved: RwSignal<Option<AdminCollection>>) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let navigate = use_navigate();
    let guard = expect_context::<LeaveGuard>();
    let (asking, busy, failure) =
        (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Failure>));
    let may = place::memo(move || session.may("categories:delete") && saved.with(Option::is_some));
    let yes = move |()| {
        let Some(input) = saved.with_untracked(|saved| {
            saved.as_ref().map(|saved| CollectionDeleteInput { id: saved.id.clone(), version: saved.version })
        }) else {
            return;
        };
        busy.set(true);
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::ask(CollectionDelete::build(CollectionDeleteVariables { input })).await {
                Ok(_) => {
                    guard.clear();
                    toaster.done("The collection is gone, its products are not");
                    navigate(
                        &place::to("/collections"),
                        NavigateOptions { resolve: false, ..Default::default() },
                    );
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                    let _ = busy.try_set(false);
                }
            }
        });
    };
    let size = move || saved.with(|saved| saved.as_ref().map_or(0, |saved| saved.products.len()) as i64);
    view! {
        <Show when=move || may.get()>
            <button class="btn" type="button" on:click=move |_| asking.set(true)>{icon("trash")} "Delete"</button>
        </Show>
        <Confirm
            open=asking
            title=place::derived(move || format!("Delete “{}”?", saved.with(|it| it.as_ref().map(|it| it.title.clone()).unwrap_or_default())))
            act="Delete the collection".to_owned()
            busy
            failure
            on_yes=yes
        >
            <p>"Its page leaves the shop. " {move || count(size(), "product stays", "products stay")} " in the catalogue. This cannot be undone."</p>
        </Confirm>
    }
}
