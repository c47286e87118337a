//! A grid of pictures: drop or choose files, order, describe, remove.

use leptos::html;
use leptos::prelude::*;

use super::icon;
use crate::gql::Picture;
use crate::place;

/// A picture in the grid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// Nothing while it is not ready.
    pub picture: Option<Picture>,
    /// Its description.
    pub alt: String,
    /// Words while it is not ready.
    pub note: Option<&'static str>,
}

/// What a person did to a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// One place towards the front, or the end.
    Move(String, i32),
    /// Taken off the product.
    Remove(String),
    /// Described anew.
    Describe(String),
}

/// The grid.
#[component]
pub fn Pictures(
    /// In order; the first is the cover.
    #[prop(into)]
    pictures: Signal<Vec<Shown>>,
    /// Names of files on their way.
    #[prop(into)]
    uploading: Signal<Vec<String>>,
    /// While an act is under way.
    #[prop(into)]
    busy: Signal<bool>,
    /// Whether they may be changed.
    #[prop(into)]
    editable: Signal<bool>,
    /// An act.
    #[prop(into)]
    on_act: Callback<Act>,
    /// Files to add.
    #[prop(into)]
    on_files: Callback<Vec<web_sys::File>, ()>,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let chooser = NodeRef::<html::Input>::new();
    let take = move |files: Option<web_sys::FileList>| {
        let files = files.map(|files| (0..files.length()).filter_map(|at| files.get(at)).collect::<Vec<_>>());
        if let Some(files) = files.filter(|files| !files.is_empty()) {
            on_files.run(files);
        }
    };
    let drop_files = move |event: web_sys::DragEvent| {
        event.prevent_default();
        over.set(false);
        take(event.data_transfer().and_then(|data| data.files()));
    };
    let last = move || pictures.with(Vec::len).saturating_sub(1);
    view! {
        <ul class="mediagrid" data-busy=move || busy.get().then_some("")>
            <For each=move || pictures.get().into_iter().enumerate() key=|(at, shown)| (*at, shown.clone()) let:entry>
                <Tile at=entry.0 shown=entry.1 last=place::derived(last) editable on_act/>
            </For>
            <For each=move || uploading.get() key=Clone::clone let:name>
                <li data-loading="" aria-busy="true"><span class="skel"></span><span class="cap">{name}</span></li>
            </For>
            <Show when=move || editable.get()>
                <li>
                    <button
                        type="button"
                        class="drop"
                        data-over=move || over.get().then_some("")
                        on:click=move |_| if let Some(chooser) = chooser.get_untracked() { chooser.click() }
                        on:dragover=move |event| {
                            event.prevent_default();
                            over.set(true);
                        }
                        on:dragleave=move |_| over.set(false)
                        on:drop=drop_files
                    >
                        {icon("upload")}
                        <span>"Drop pictures"<small>"or choose files"</small></span>
                    </button>
                    <input
                        type="file"
                        class="vh"
                        tabindex="-1"
                        aria-label="Choose pictures"
                        accept="image/jpeg,image/png,image/webp,image/gif"
                        multiple
                        node_ref=chooser
                        on:change=move |_| {
                            if let Some(chooser) = chooser.get_untracked() {
                                take(chooser.files());
                                chooser.set_value("");
                            }
                        }
                    />
                </li>
            </Show>
        </ul>
    }
}

#[component]
fn Tile(
    at: usize,
    shown: Shown,
    last: Signal<usize>,
    editable: Signal<bool>,
    on_act: Callback<Act>,
) -> impl IntoView {
    let name = if shown.alt.is_empty() { format!("picture {}", at + 1) } else { shown.alt.clone() };
    let act = move |symbol: &'static str, label: String, act: Act| {
        view! {
            <button
                class="btn"
                type="button"
                data-size="sm"
                data-icon=""
                aria-label=label.clone()
                title=label
                on:click=move |_| on_act.run(act.clone())
            >
                {icon(symbol)}
            </button>
        }
    };
    let id = shown.id.clone();
    let caption = match (&shown.note, at, shown.alt.is_empty()) {
        (Some(note), ..) => (*note).to_owned(),
        (None, _, true) => "No description".to_owned(),
        (None, 0, false) => format!("Cover: {}", shown.alt),
        (None, _, false) => shown.alt.clone(),
    };
    let image = match shown.picture.as_ref().and_then(|it| it.at_least(if at == 0 { 480 } else { 240 })) {
        Some(src) => {
            // The caption says it.
            view! { <img src=src alt="" loading="lazy" width="240" height="300"/> }.into_any()
        }
        None => view! { <span class="noimage">{icon("media")}</span> }.into_any(),
    };
    let tools = move || {
        editable.get().then(|| {
            view! {
                <span class="tiletools">
                    {(at > 0).then(|| act("left", format!("Move {name} forward"), Act::Move(id.clone(), -1)))}
                    {(at < last.get()).then(|| act("right", format!("Move {name} back"), Act::Move(id.clone(), 1)))}
                    {act("draft", format!("Describe {name}"), Act::Describe(id.clone()))}
                    {act("trash", format!("Remove {name}"), Act::Remove(id.clone()))}
                </span>
            }
        })
    };
    view! {
        <li data-cover=(at == 0).then_some("")>
            {image}
            <span class="cap" data-missing=shown.alt.is_empty().then_some("")>{caption}</span>
            {tools}
        </li>
    }
}
