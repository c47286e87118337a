//! The bar that appears with unsaved changes.

use leptos::prelude::*;

use super::guard::Guard;
use crate::place;

/// Says what is unsaved, saves with its button or Ctrl+S, and guards the page.
#[component]
pub fn SaveBar(
    /// What changed, in words; empty: nothing.
    #[prop(into)]
    changes: Signal<Vec<String>>,
    /// While saving.
    #[prop(into)]
    busy: Signal<bool>,
    /// Fields that are wrong.
    #[prop(into, optional)]
    wrong: Signal<usize>,
    /// Saves.
    #[prop(into)]
    on_save: Callback<()>,
    /// Goes back to what was.
    #[prop(into)]
    on_discard: Callback<()>,
) -> impl IntoView {
    let dirty = place::memo(move || changes.with(|changes| !changes.is_empty()));
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("s") {
            event.prevent_default();
            if dirty.get_untracked() && !busy.get_untracked() {
                on_save.run(());
            }
        }
    });
    on_cleanup(move || keys.remove());
    let title = move || match changes.with(Vec::len) {
        1 => "1 unsaved change".to_owned(),
        n => format!("{n} unsaved changes"),
    };
    view! {
        <Guard dirty/>
        <Show when=move || dirty.get()>
            <div class="savebar" role="region" aria-label="Unsaved changes">
                <span class="grow clip">
                    <b>{title}</b>
                    " "
                    <span class="dim">{move || changes.with(|changes| changes.join(", "))}</span>
                </span>
                {move || {
                    (wrong.get() > 0)
                        .then(|| view! { <span class="wrong">{super::count(wrong.get() as i64, "error", "errors")}</span> })
                }}
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    disabled=move || busy.get()
                    on:click=move |_| on_discard.run(())
                >
                    "Discard"
                </button>
                <button
                    class="btn"
                    type="button"
                    data-kind="primary"
                    aria-busy=move || busy.get().to_string()
                    aria-keyshortcuts="Control+S"
                    disabled=move || busy.get()
                    on:click=move |_| on_save.run(())
                >
                    "Save"
                    <span class="hintkey">"Ctrl S"</span>
                </button>
            </div>
        </Show>
    }
}
