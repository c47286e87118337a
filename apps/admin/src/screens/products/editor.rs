//! The editor of a product.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::draft::Draft;
use super::media::Media;
use super::past_prices::PastPrices;
use super::texts::{Organisation, SearchTexts, TitleAndBody, shop_address};
use super::variants::Variants;
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::{
    AdminProduct, IdVariables, ProductArchive, ProductArchiveVariables, ProductById, ProductMoveInput,
    ProductPublish, ProductPublishVariables, ProductRestore, ProductRestoreVariables, ProductStatus,
    ProductUnpublish, ProductUnpublishVariables, ProductUpdate, ProductUpdateVariables, ProductVariantsSave,
    ProductVariantsSaveVariables,
};
use crate::gql::collections::CollectionNames;
use crate::logic::product::{CellFault, cell};
use crate::parts::dialog::Confirm;
use crate::parts::editor::screen;
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, icon, pill};
use crate::place;
use crate::session::use_session;

/// Fetches a product; a missing one is a failure like any other.
async fn fetch(id: String) -> Result<AdminProduct, Failure> {
    let answer = api::ask(ProductById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer
        .admin_product
        .ok_or_else(|| Failure::new("NOT_FOUND", "This product does not exist, or not any more."))
}

/// The screen of one product.
#[component]
pub fn ProductScreen() -> impl IntoView {
    let id = place::id();
    let product = remote(move || fetch(id.get()));
    screen(product, "Product", ("/products", "Products"), &[&[6, 5, 5], &[3, 5]], |product| {
        view! { <Editor product/> }.into_any()
    })
}

#[component]
fn Editor(product: AdminProduct) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let draft = Draft::new(product);
    place::title(move || draft.product.with(|product| product.title.clone()));
    let editable = place::memo(move || session.may("products:update"));
    let changes = place::derived(move || draft.changes());
    let failure = RwSignal::new(None::<Failure>);
    let busy = RwSignal::new(false);
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
    let wrong = place::derived(move || {
        let cells = draft.faults.with(Vec::len);
        let fields = failure.with(|failure| failure.as_ref().map_or(0, |it| it.fields.len()));
        cells.max(fields)
    });

    let save = move |()| {
        let faults = draft.grid_untracked().faults(draft.exponent());
        let untitled = draft.texts.with_untracked(|texts| texts.title.trim().is_empty());
        if !faults.is_empty() || untitled {
            let jump = if untitled { "title" } else { "variants" };
            draft.faults.set(faults);
            reveal(jump);
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match send(draft).await {
                Ok(()) => toaster.done("Saved"),
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                    reveal("product-failure");
                }
            }
            let _ = busy.try_set(false);
        });
    };
    // Somebody else saved first: go on from theirs, with what was changed here on top or without.
    let take_theirs = move |keep_mine: bool| {
        let id = draft.product.with_untracked(|product| product.id.inner().to_owned());
        busy.set(true);
        spawn_local(async move {
            match fetch(id).await {
                Ok(newer) => {
                    draft.rebase(newer);
                    failure.set(None);
                    if keep_mine {
                        toaster.done("Your changes are on top of theirs now. Look them over, then save");
                    } else {
                        draft.discard();
                    }
                }
                Err(wrong) => toaster.failure("The newer state could not be loaded", &wrong),
            }
            let _ = busy.try_set(false);
        });
    };
    let banner = move || {
        failure.get().map(|failure| {
            if failure.is_conflict() {
                return view! {
                    <div class="banner" data-tone="warning" role="alert" id="product-failure" tabindex="-1">
                        {icon("warn")}
                        <div class="grow">
                            <b>"Somebody else saved this product first"</b>
                            <p>"Nothing of yours was saved, and nothing of it is lost. Put your changes on top of theirs, or see theirs alone."</p>
                        </div>
                        <button class="btn" type="button" data-size="sm" data-kind="primary" on:click=move |_| take_theirs(true)>
                            "Keep my changes"
                        </button>
                        <button class="btn" type="button" data-size="sm" on:click=move |_| take_theirs(false)>"Show theirs"</button>
                    </div>
                }
                .into_any();
            }
            let listed = failure.fields.iter().map(|fault| view! { <p>{fault.message.clone()}</p> }).collect_view();
            view! {
                <div class="banner" data-tone="danger" role="alert" id="product-failure" tabindex="-1">
                    {icon("stop")}
                    <div class="grow">
                        <b>"Not saved: " {failure.headline()}</b>
                        {listed}
                        {failure.trace.clone().map(|trace| view! { <p class="meta">"Reference " <code>{trace}</code></p> })}
                    </div>
                </div>
            }
            .into_any()
        })
    };
    let status_pill =
        move || draft.product.with(|product| pill(product.status.tone(), product.status.label()));
    view! {
        <div class="page">
            <PageHead
                title=place::derived(move || draft.product.with(|product| product.title.clone()))
                back=(place::to("/products"), "Products")
                beside=status_pill
            >
                <Moves draft changes/>
            </PageHead>
            {banner}
            <div class="cols">
                <div class="stack">
                    <fieldset class="stack bare" disabled=move || !editable.get()>
                        <TitleAndBody texts=draft.texts failure turn=draft.turn editable/>
                        <Media draft editable/>
                        <Variants draft editable/>
                        <SearchTexts
                            texts=draft.texts
                            failure
                            old_slugs=place::derived(move || draft.product.with(|product| product.old_slugs.clone()))
                        />
                    </fieldset>
                    <PastPrices draft/>
                </div>
                <aside class="stack">
                    <fieldset class="stack bare" disabled=move || !editable.get()>
                        <Organisation texts=draft.texts failure collections=collection_options/>
                    </fieldset>
                    <Dates draft/>
                </aside>
            </div>
            <SaveBar changes busy wrong on_save=save on_discard=move |()| {
                failure.set(None);
                draft.discard();
            }/>
        </div>
    }
}

/// Sends texts, then variants; each with the version that the one before gave back.
async fn send(draft: Draft) -> Result<(), Failure> {
    let stamp = || draft.product.with_untracked(|product| (product.id.clone(), product.version));
    let (id, version) = stamp();
    let saved = untrack(|| draft.saved_texts());
    let input = draft.texts.with_untracked(|texts| texts.input(&id, version, &saved));
    if let Some(input) = input {
        let answer = api::ask(ProductUpdate::build(ProductUpdateVariables { input })).await?;
        draft.texts_saved(answer.product_update.product);
    }
    let (id, version) = stamp();
    let saved = untrack(|| draft.saved_grid());
    let Some((input, rows)) = draft.grid_untracked().input(&id, version, &saved, draft.exponent()) else {
        return Ok(());
    };
    match api::ask(ProductVariantsSave::build(ProductVariantsSaveVariables { input })).await {
        Ok(answer) => {
            draft.grid_saved(answer.product_variants_save.product);
            Ok(())
        }
        Err(failure) => {
            let cells = failure.fields.iter().filter_map(|fault| {
                let (sent, column) = cell(&fault.field)?;
                Some(CellFault { row: *rows.get(sent)?, column, message: fault.message.clone() })
            });
            draft.faults.set(cells.collect());
            Err(failure)
        }
    }
}

/// Brings a part of the page into sight and the focus to it.
fn reveal(id: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(id) {
            element.scroll_into_view();
            crate::parts::list::focus(id);
        }
    });
}

/// Publishing, taking back, putting away.
#[component]
fn Moves(draft: Draft, changes: Signal<Vec<String>>) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let busy = RwSignal::new(false);
    let archiving = RwSignal::new(false);
    let status = place::memo(move || draft.product.with(|product| product.status));
    let go = move |target: ProductStatus| {
        if busy.get_untracked() {
            return;
        }
        if changes.with_untracked(|changes| !changes.is_empty()) && target == ProductStatus::Published {
            let failure = Failure::new(
                "CONFLICT",
                "Save or discard your changes first, so that shoppers see what you see.",
            );
            toaster.failure("Not published", &failure);
            return;
        }
        busy.set(true);
        archiving.set(false);
        let was = status.get_untracked();
        spawn_local(async move {
            let input = draft.product.with_untracked(|product| ProductMoveInput {
                id: product.id.clone(),
                version: product.version,
            });
            let answer = match (was, target) {
                (ProductStatus::Archived, _) => {
                    api::ask(ProductRestore::build(ProductRestoreVariables { input }))
                        .await
                        .map(|answer| answer.product_restore.product)
                }
                (_, ProductStatus::Published) => {
                    api::ask(ProductPublish::build(ProductPublishVariables { input }))
                        .await
                        .map(|answer| answer.product_publish.product)
                }
                (_, ProductStatus::Draft) => {
                    api::ask(ProductUnpublish::build(ProductUnpublishVariables { input }))
                        .await
                        .map(|answer| answer.product_unpublish.product)
                }
                (_, ProductStatus::Archived) => {
                    api::ask(ProductArchive::build(ProductArchiveVariables { input }))
                        .await
                        .map(|answer| answer.product_archive.product)
                }
            };
            match answer {
                Ok(product) => {
                    toaster.done(match product.status {
                        ProductStatus::Published => "Published: shoppers see it now",
                        ProductStatus::Draft => "A draft now: shoppers do not see it",
                        ProductStatus::Archived => "Archived",
                    });
                    draft.rebase(product);
                }
                Err(failure) => toaster.failure("The status was not changed", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    let publish = place::memo(move || session.may("products:publish"));
    let update = place::memo(move || session.may("products:update"));
    let button = move |label: &'static str, kind: Option<&'static str>, target: ProductStatus| {
        view! {
            <button class="btn" type="button" data-kind=kind disabled=move || busy.get() on:click=move |_| go(target)>
                {label}
            </button>
        }
    };
    let reserved = move || {
        draft
            .product
            .with(|product| product.variants.iter().map(|variant| i64::from(variant.reserved)).sum::<i64>())
    };
    view! {
        {move || {
            (status.get() == ProductStatus::Published)
                .then(|| {
                    let href = draft.product.with(|product| shop_address(&product.slug));
                    view! {
                        <a class="btn" href=href target="_blank" rel="noopener">{icon("eye")} "View in the shop"</a>
                    }
                })
        }}
        {move || {
            (update.get() && status.get() != ProductStatus::Archived)
                .then(|| view! {
                    <button class="btn" type="button" disabled=move || busy.get() on:click=move |_| archiving.set(true)>"Archive"</button>
                })
        }}
        {move || match status.get() {
            ProductStatus::Draft if publish.get() => button("Publish", Some("primary"), ProductStatus::Published).into_any(),
            ProductStatus::Published if publish.get() => {
                button("Take out of the shop", None, ProductStatus::Draft).into_any()
            }
            ProductStatus::Archived if update.get() => button("Bring back as a draft", None, ProductStatus::Draft).into_any(),
            _ => ().into_any(),
        }}
        <Confirm
            open=archiving
            title=place::derived(move || format!("Archive “{}”?", draft.product.with(|product| product.title.clone())))
            act="Archive".to_owned()
            kind="primary"
            on_yes=move |()| go(ProductStatus::Archived)
        >
            <p>"It leaves the shop, its collections' pages and the search at once. Texts, pictures, stock and past orders stay; it can be brought back as a draft."</p>
            {move || {
                (reserved() > 0)
                    .then(|| view! {
                        <p><b>{reserved()} " reserved"</b> " in open orders; those orders are not touched."</p>
                    })
            }}
        </Confirm>
    }
}

#[component]
fn Dates(draft: Draft) -> impl IntoView {
    let reader = place::reader();
    let rows = move || {
        draft.product.with(|product| {
            view! {
                <dt>"Added"</dt>
                <dd>{reader.moment(&product.created_at.0)}</dd>
                <dt>"Changed"</dt>
                <dd>{reader.moment(&product.updated_at.0)}</dd>
                <dt>"Published"</dt>
                <dd>{product.published_at.as_ref().map_or_else(|| "not yet".to_owned(), |at| reader.moment(&at.0))}</dd>
            }
        })
    };
    view! {
        <section class="card">
            <header><h2>"Dates"</h2></header>
            <div class="body"><dl class="dl">{rows}</dl></div>
        </section>
    }
}
