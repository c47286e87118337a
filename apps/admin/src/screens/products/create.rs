//! A new product: the texts, one price; options and pictures follow in the editor.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::texts::{Organisation, SearchTexts, TitleAndBody};
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::{ProductCreate, ProductCreateInput, ProductCreateVariables};
use crate::gql::collections::CollectionNames;
use crate::logic::amount;
use crate::logic::product::{CellFault, Selling, Texts, VariantDraft, cell};
use crate::parts::PageHead;
use crate::parts::dialog::Wrong;
use crate::parts::field::{Field, TextField};
use crate::parts::guard::{Guard, LeaveGuard};
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

/// The screen.
#[component]
pub fn NewProduct() -> impl IntoView {
    place::title(|| "New product".to_owned());
    let session = use_session();
    let toaster = use_toaster();
    let navigate = use_navigate();
    let texts = RwSignal::new(Texts::default());
    let empty = VariantDraft { on_hand: "0".to_owned(), ..VariantDraft::default() };
    let variant = RwSignal::new(empty.clone());
    let faults = RwSignal::new(Vec::<CellFault>::new());
    let failure = RwSignal::new(None::<Failure>);
    let busy = RwSignal::new(false);
    let done = RwSignal::new(false);
    let dirty = place::derived(move || {
        !done.get() && (texts.with(|texts| *texts != Texts::default()) || variant.with(|it| *it != empty))
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
    let error = move |column: &'static str| {
        place::derived(move || {
            faults.with(|faults| {
                faults.iter().find(|fault| fault.column == column).map(|fault| fault.message.clone())
            })
        })
    };
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        failure.set(None);
        let first = variant.with_untracked(|variant| variant.first_input(session.exponent()));
        let words = texts.get_untracked();
        if words.title.trim().is_empty() {
            // Typing nothing is a change as well: the field then says what it needs.
            texts.update(|texts| texts.title.clear());
            failure.set(Some(Failure::new("BAD_USER_INPUT", "A product needs a title.")));
            crate::parts::list::focus("title");
            return;
        }
        let first = match first {
            Ok(first) => first,
            Err(wrong) => {
                faults.set(wrong);
                return;
            }
        };
        faults.set(Vec::new());
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let input = ProductCreateInput {
            title: words.title.trim().to_owned(),
            slug: some(&words.slug),
            body_html: some(&words.body),
            vendor: some(&words.vendor),
            product_type: some(&words.kind),
            tags: Some(words.tags.clone()),
            seo_title: some(&words.seo_title),
            seo_description: some(&words.seo_description),
            options: None,
            variants: Some(vec![first]),
            collection_ids: Some(
                words.collections.iter().map(|(id, _)| cynic::Id::new(id.clone())).collect(),
            ),
        };
        busy.set(true);
        let navigate = navigate.clone();
        let guard = expect_context::<LeaveGuard>();
        spawn_local(async move {
            match api::ask(ProductCreate::build(ProductCreateVariables { input })).await {
                Ok(answer) => {
                    done.set(true);
                    guard.clear();
                    toaster.done("Added as a draft");
                    let path = place::to(&format!("/products/{}", answer.product_create.product.id.inner()));
                    navigate(&path, NavigateOptions { resolve: false, replace: true, ..Default::default() });
                }
                Err(wrong) => {
                    let cells = wrong.fields.iter().filter_map(|fault| {
                        cell(&fault.field).map(|(row, column)| CellFault {
                            row,
                            column,
                            message: fault.message.clone(),
                        })
                    });
                    faults.set(cells.collect());
                    failure.set(Some(wrong));
                    let _ = busy.try_set(false);
                }
            }
        });
    };
    let selling = move || {
        let now = variant.with(|it| it.selling);
        Selling::ALL
            .into_iter()
            .map(|(choice, key, text)| view! { <option value=key selected=choice == now>{text}</option> })
            .collect_view()
    };
    let read =
        move |pick: fn(&VariantDraft) -> &String| place::derived(move || variant.with(|it| pick(it).clone()));
    let write = move |put: fn(&mut VariantDraft, String)| {
        Callback::new(move |typed| variant.update(|it| put(it, typed)))
    };
    let symbol = amount::symbol(&session.currency());
    view! {
        <form class="page" novalidate on:submit=create>
            <Guard dirty/>
            <PageHead
                title="New product".to_owned()
                about=Signal::stored("Options, more variants and pictures follow in the next step".to_owned())
                back=(place::to("/products"), "Products")
            >
                <a class="btn" href=place::to("/products")>"Cancel"</a>
                <button
                    class="btn"
                    type="submit"
                    data-kind="primary"
                    aria-busy=move || busy.get().to_string()
                    disabled=move || busy.get()
                >
                    "Add as a draft"
                </button>
            </PageHead>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            <div class="cols">
                <div class="stack">
                    <TitleAndBody texts failure turn=Signal::stored(0)/>
                    <section class="card">
                        <header><h2>"Price and stock"</h2></header>
                        <div class="body">
                            <div class="row">
                                <TextField
                                    id="price"
                                    label="Price"
                                    prefix=symbol.clone()
                                    mode="decimal"
                                    value=read(|it| &it.price)
                                    on_input=write(|it, typed| it.price = typed)
                                    error=error("price")
                                />
                                <TextField
                                    id="was"
                                    label="Was"
                                    optional=true
                                    prefix=symbol
                                    mode="decimal"
                                    value=read(|it| &it.was)
                                    on_input=write(|it, typed| it.was = typed)
                                    error=error("was")
                                />
                                <TextField
                                    id="sku"
                                    label="SKU"
                                    optional=true
                                    value=read(|it| &it.sku)
                                    on_input=write(|it, typed| it.sku = typed)
                                    error=error("sku")
                                />
                            </div>
                            <div class="row">
                                <Field id="selling" label="At zero">
                                    <select
                                        class="input"
                                        id="selling"
                                        on:change=move |event| {
                                            let choice = Selling::from_key(&event_target_value(&event));
                                            variant.update(|it| it.selling = choice);
                                        }
                                    >
                                        {selling}
                                    </select>
                                </Field>
                                <TextField
                                    id="on-hand"
                                    label="In stock"
                                    mode="numeric"
                                    value=read(|it| &it.on_hand)
                                    on_input=write(|it, typed| it.on_hand = typed)
                                    error=error("on_hand")
                                />
                                <TextField
                                    id="grams"
                                    label="Weight in grams"
                                    optional=true
                                    mode="numeric"
                                    value=read(|it| &it.grams)
                                    on_input=write(|it, typed| it.grams = typed)
                                    error=error("grams")
                                />
                            </div>
                            <label class="check">
                                <input
                                    type="checkbox"
                                    prop:checked=move || variant.with(|it| it.ships)
                                    on:change=move |event| {
                                        let ships = event_target_checked(&event);
                                        variant.update(|it| it.ships = ships);
                                    }
                                />
                                <span>
                                    "Needs to be sent"
                                    <small>"Not for vouchers, courses and files: a cart of these alone asks for no delivery."</small>
                                </span>
                            </label>
                        </div>
                    </section>
                    <SearchTexts texts failure old_slugs=Signal::stored(Vec::new())/>
                </div>
                <aside class="stack"><Organisation texts failure collections=collection_options/></aside>
            </div>
        </form>
    }
}
