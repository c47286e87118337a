//! Sets of words: free ones, and ones from a list.

use leptos::prelude::*;

use super::icon;
use crate::logic::matrix;

/// Free words; Enter or a comma adds, Backspace in the empty field takes the last one away.
#[component]
pub fn Tags(
    /// Id of the input.
    #[prop(into)]
    id: String,
    /// The words.
    #[prop(into)]
    tags: Signal<Vec<String>>,
    /// New words.
    #[prop(into)]
    on_change: Callback<Vec<String>>,
    /// Grey words while there are none.
    #[prop(default = "Type a word, then Enter")]
    placeholder: &'static str,
    /// Words that others have used, to choose from.
    #[prop(optional, into)]
    known: Signal<Vec<String>>,
) -> impl IntoView {
    let known_id = format!("{id}-known");
    let typed = RwSignal::new(String::new());
    let add = move || {
        let mut next = tags.get_untracked();
        for word in matrix::values(&typed.get_untracked()) {
            if !next.iter().any(|known| known.eq_ignore_ascii_case(&word)) {
                next.push(word);
            }
        }
        typed.set(String::new());
        if next != tags.get_untracked() {
            on_change.run(next);
        }
    };
    let remove = move |word: String| {
        on_change.run(tags.get_untracked().into_iter().filter(|known| *known != word).collect());
    };
    let key = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Enter" | "," => {
            event.prevent_default();
            add();
        }
        "Backspace" if typed.with_untracked(String::is_empty) => {
            if let Some(last) = tags.get_untracked().pop() {
                remove(last);
            }
        }
        _ => {}
    };
    // Those that are chosen already are not offered.
    let offered = move || {
        let rest =
            tags.with(|tags| known.get().into_iter().filter(|word| !tags.contains(word)).collect::<Vec<_>>());
        rest.into_iter().map(|word| view! { <option value=word></option> }).collect_view()
    };
    view! {
        <div class="input taginput">
            <For each=move || tags.get() key=Clone::clone let:tag>
                <span class="tag">
                    {tag.clone()}
                    <button
                        type="button"
                        aria-label=format!("Remove {tag}")
                        on:click={
                            let tag = tag.clone();
                            move |_| remove(tag.clone())
                        }
                    >
                        {icon("x")}
                    </button>
                </span>
            </For>
            <input
                id=id
                list=known_id.clone()
                autocomplete="off"
                maxlength="255"
                placeholder=move || if tags.with(Vec::is_empty) { placeholder } else { "" }
                prop:value=move || typed.get()
                on:input=move |event| typed.set(event_target_value(&event))
                on:keydown=key
                on:blur=move |_| add()
            />
            <datalist id=known_id>{offered}</datalist>
        </div>
    }
}

/// Things from a list, by id and name.
#[component]
pub fn Pick(
    /// The chosen ones.
    #[prop(into)]
    chosen: Signal<Vec<(String, String)>>,
    /// All of them.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// A new choice.
    #[prop(into)]
    on_change: Callback<Vec<(String, String)>>,
    /// Words of the empty choice.
    label: &'static str,
) -> impl IntoView {
    let rest = move || {
        let chosen = chosen.get();
        options
            .get()
            .into_iter()
            .filter(move |(id, _)| !chosen.iter().any(|(known, _)| known == id))
            .collect::<Vec<_>>()
    };
    let add = move |event: web_sys::Event| {
        let id = event_target_value(&event);
        let found = options.with_untracked(|options| options.iter().find(|(known, _)| *known == id).cloned());
        if let Some(found) = found {
            let mut next = chosen.get_untracked();
            next.push(found);
            on_change.run(next);
        }
    };
    let remove = move |id: String| {
        on_change.run(chosen.get_untracked().into_iter().filter(|(known, _)| *known != id).collect());
    };
    view! {
        <div class="flex wrap gap-s">
            // By name too, which may come later than the id.
            <For each=move || chosen.get() key=Clone::clone let:entry>
                <span class="tag">
                    <span class="clip">{entry.1.clone()}</span>
                    <button
                        type="button"
                        aria-label=format!("Remove {}", entry.1)
                        on:click={
                            let id = entry.0.clone();
                            move |_| remove(id.clone())
                        }
                    >
                        {icon("x")}
                    </button>
                </span>
            </For>
        </div>
        <Show when=move || !rest().is_empty()>
            <select class="input" aria-label=label prop:value="" on:change=add>
                <option value="" selected>{label} "…"</option>
                <For each=rest key=|(id, _)| id.clone() let:entry>
                    <option value=entry.0>{entry.1}</option>
                </For>
            </select>
        </Show>
    }
}
