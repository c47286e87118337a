//! Which things are meant: everything, or products, collections and tags by name; and what is left out.

use leptos::prelude::*;

use super::form::error_line;
use super::names::Names;
use crate::gql::catalog::AdminProductRow;
use crate::logic::promotion::{Choice, Things};
use crate::parts::count;
use crate::parts::icon;
use crate::parts::tags::{Pick, Tags};
use crate::place;
use crate::screens::products::find::FindProducts;
use crate::session::use_session;

/// Products that are named at once; the others are counted.
const SHOWN: usize = 50;

/// The choice between everything and some things, with its exceptions.
#[component]
pub fn Which(
    /// Begins the ids of its fields.
    #[prop(into)]
    id: String,
    /// Above it.
    label: &'static str,
    /// Words for "all of them".
    #[prop(default = "Everything")]
    all: &'static str,
    /// What is chosen.
    #[prop(into)]
    choice: Signal<Choice>,
    /// A new choice.
    #[prop(into)]
    on_change: Callback<Choice>,
    /// What is wrong with it.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let some = place::memo(move || choice.with(|choice| choice.some));
    let take = move |some: bool| on_change.run(Choice { some, ..choice.get_untracked() });
    let excludes = choice.with_untracked(Choice::excludes);
    let n_excluded = move || {
        choice.with(|choice| {
            let sets = [Things::NotProducts, Things::NotCollections, Things::NotTags];
            sets.into_iter().map(|set| choice.list(set).len()).sum::<usize>()
        })
    };
    let (inside, outside) = (StoredValue::new(format!("{id}-of")), format!("{id}-not"));
    let radio = |words: &'static str, value: bool| {
        view! {
            <label>
                <input
                    type="radio"
                    name=id.clone()
                    prop:checked=move || some.get() == value
                    on:change=move |_| take(value)
                />
                {words}
            </label>
        }
    };
    view! {
        <div class="field" role="group" aria-label=label>
            <span class="label">{label}</span>
            <div class="seg" role="radiogroup" aria-label=label>{radio(all, false)} {radio("Only what is chosen", true)}</div>
            {error_line(error)}
        </div>
        <Show when=move || some.get()>
            <Sets
                id=inside.get_value()
                choice
                on_change
                sets=(Things::Products, Things::Collections, Things::Tags)
                words=("Find products to take in", "Take in a collection", "Tags to take in")
            />
        </Show>
        <details class="astable" prop:open=excludes>
            <summary>
                "Leave out"
                {move || match n_excluded() {
                    0 => " some things".to_owned(),
                    n => format!(": {}", count(n as i64, "thing", "things")),
                }}
            </summary>
            <div class="stack">
                <Sets
                    id=outside
                    choice
                    on_change
                    sets=(Things::NotProducts, Things::NotCollections, Things::NotTags)
                    words=("Find products to leave out", "Leave out a collection", "Tags to leave out")
                />
            </div>
        </details>
    }
}

/// Products, collections and tags of a choice.
#[component]
fn Sets(
    id: String,
    choice: Signal<Choice>,
    on_change: Callback<Choice>,
    sets: (Things, Things, Things),
    words: (&'static str, &'static str, &'static str),
) -> impl IntoView {
    let session = use_session();
    let names = expect_context::<Names>();
    let (products, collections, tags) = sets;
    let read = move |set: Things| place::derived(move || choice.with(|choice| choice.list(set).clone()));
    let write = Callback::new(move |(set, list): (Things, Vec<String>)| {
        on_change.run(choice.get_untracked().with(set, list))
    });
    let chosen_collections =
        place::derived(move || choice.with(|choice| names.named_collections(choice.list(collections))));
    let set_collections = Callback::new(move |chosen: Vec<(String, String)>| {
        write.run((collections, chosen.into_iter().map(|(id, _)| id).collect()));
    });
    let may_find = place::memo(move || session.may("products:list"));
    let n_variants = move || choice.with(|choice| choice.list(Things::Variants).len());
    let tags_id = format!("{id}-tags");
    view! {
        <div class="field">
            <span class="label">"Products"</span>
            <Products ids=read(products) on_change=move |list| write.run((products, list))/>
            {move || {
                (products == Things::Products && n_variants() > 0)
                    .then(|| {
                        view! {
                            <div class="flex wrap gap-s">
                                <span class="tag">
                                    {count(n_variants() as i64, "single variant", "single variants")}
                                    <button
                                        type="button"
                                        aria-label="Remove the single variants"
                                        on:click=move |_| write.run((Things::Variants, Vec::new()))
                                    >
                                        {icon("x")}
                                    </button>
                                </span>
                            </div>
                        }
                    })
            }}
            <Show when=move || may_find.get()>
                <FindProducts
                    label=words.0
                    taken=read(products)
                    on_pick=move |row: AdminProductRow| {
                        let id = row.id.inner().to_owned();
                        names.learn_product(&id, row.title);
                        let mut list = choice.with_untracked(|choice| choice.list(products).clone());
                        list.push(id);
                        write.run((products, list));
                    }
                />
            </Show>
        </div>
        <div class="field">
            <span class="label">"Collections"</span>
            <Pick
                chosen=chosen_collections
                options=place::derived(move || names.collections())
                on_change=set_collections
                label=words.1
            />
        </div>
        <div class="field">
            <label for=tags_id.clone()>{words.2}</label>
            <Tags id=tags_id tags=read(tags) on_change=move |list| write.run((tags, list))/>
        </div>
    }
}

/// Chosen products by name; of very many the first.
#[component]
fn Products(ids: Signal<Vec<String>>, #[prop(into)] on_change: Callback<Vec<String>>) -> impl IntoView {
    let names = expect_context::<Names>();
    let whole = RwSignal::new(false);
    let shown = place::memo(move || {
        let most = if whole.get() { usize::MAX } else { SHOWN };
        ids.with(|ids| ids.iter().take(most).cloned().collect::<Vec<_>>())
    });
    place::effect(move |_| shown.with(|shown| names.need(shown)));
    let hidden = move || ids.with(Vec::len) - shown.with(Vec::len);
    let remove = move |id: &str| {
        on_change.run(ids.get_untracked().into_iter().filter(|known| known != id).collect());
    };
    let tag = move |id: String| {
        let (shown_id, said_id) = (id.clone(), id.clone());
        view! {
            <span class="tag">
                <span class="clip">{move || names.product(&shown_id)}</span>
                <button
                    type="button"
                    aria-label=move || format!("Remove {}", names.product(&said_id))
                    on:click=move |_| remove(&id)
                >
                    {icon("x")}
                </button>
            </span>
        }
    };
    view! {
        <div class="flex wrap gap-s">
            <For each=move || shown.get() key=Clone::clone let:id>{tag(id)}</For>
            <Show when=move || { hidden() > 0 }>
                <button class="btn" type="button" data-kind="link" on:click=move |_| whole.set(true)>
                    {move || format!("and {} more", hidden())}
                </button>
            </Show>
        </div>
    }
}
