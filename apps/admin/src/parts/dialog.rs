//! Dialogs and drawers on the native element: it keeps the focus inside, closes on Esc, gives the focus back.

use leptos::html;
use leptos::prelude::*;

use super::icon;
use crate::api::Failure;
use crate::place;

/// Opens and closes a native dialog with a signal.
fn follow(node: NodeRef<html::Dialog>, open: RwSignal<bool>) {
    place::effect(move |_| {
        let wanted = open.get();
        if let Some(dialog) = node.get() {
            if wanted && !dialog.open() {
                let _ = dialog.show_modal();
            } else if !wanted && dialog.open() {
                dialog.close();
            }
        }
    });
}

/// A short edit, from the end edge. Its content exists only while it is open.
#[component]
pub fn Drawer(
    /// Whether it is there.
    open: RwSignal<bool>,
    /// What it is about.
    #[prop(into)]
    title: Signal<String>,
    /// The form.
    children: ChildrenFn,
    /// The button, and what it does.
    #[prop(into)]
    footer: ViewFn,
    /// What Enter and the button do.
    #[prop(into)]
    on_submit: Callback<()>,
) -> impl IntoView {
    let node = NodeRef::new();
    follow(node, open);
    let children = StoredValue::new(children);
    let footer = StoredValue::new(footer);
    view! {
        <dialog class="drawer" node_ref=node on:close=move |_| open.set(false) aria-label=title>
            <Show when=move || open.get()>
                <form
                    novalidate
                    on:submit=move |event| {
                        event.prevent_default();
                        on_submit.run(());
                    }
                >
                    <header>
                        <h2>{title}</h2>
                        <span class="end"><kbd class="kbd">"Esc"</kbd></span>
                        <button
                            class="btn"
                            type="button"
                            data-kind="quiet"
                            data-icon=""
                            aria-label="Close"
                            on:click=move |_| open.set(false)
                        >
                            {icon("x")}
                        </button>
                    </header>
                    <div class="body">{children.with_value(|children| children())}</div>
                    <footer>{footer.with_value(ViewFn::run)}</footer>
                </form>
            </Show>
        </dialog>
    }
}

/// Asks before something that cannot be taken back; says in numbers what will happen.
#[component]
pub fn Confirm(
    /// Whether it asks.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// What will happen, and what stays.
    children: ChildrenFn,
    /// Words on the button: the act, not "OK".
    #[prop(into)]
    act: Signal<String>,
    /// Kind of the button.
    #[prop(default = "danger")]
    kind: &'static str,
    /// Words on the other button.
    #[prop(default = "Keep it as it is")]
    refuse: &'static str,
    /// While the act is under way.
    #[prop(into, optional)]
    busy: Signal<bool>,
    /// Why it did not work.
    #[prop(into, optional)]
    failure: Signal<Option<Failure>>,
    /// The act.
    #[prop(into)]
    on_yes: Callback<()>,
) -> impl IntoView {
    let node = NodeRef::new();
    follow(node, open);
    let children = StoredValue::new(children);
    view! {
        <dialog class="dialog" node_ref=node on:close=move |_| open.set(false) aria-label=title>
            <Show when=move || open.get()>
                <header><h2>{title}</h2></header>
                <div class="body">
                    {children.with_value(|children| children())}
                    {move || failure.get().map(|failure| view! { <Wrong failure/> })}
                </div>
                <footer>
                    <button class="btn" type="button" on:click=move |_| open.set(false)>{refuse}</button>
                    <button
                        class="btn"
                        type="button"
                        data-kind=kind
                        aria-busy=move || busy.get().to_string()
                        disabled=move || busy.get()
                        on:click=move |_| on_yes.run(())
                    >
                        {act}
                    </button>
                </footer>
            </Show>
        </dialog>
    }
}

/// A failure inside a form.
#[component]
pub fn Wrong(
    /// What happened.
    failure: Failure,
) -> impl IntoView {
    let headline = failure.headline();
    let faults = failure.fields.into_iter().map(|fault| view! { <p>{fault.message}</p> }).collect_view();
    view! {
        <div class="banner" data-tone="danger" role="alert">
            {icon("stop")}
            <div class="grow">
                <b>{headline}</b>
                {faults}
                {failure.trace.map(|trace| view! { <p class="meta">"Reference " <code>{trace}</code></p> })}
            </div>
        </div>
    }
}
