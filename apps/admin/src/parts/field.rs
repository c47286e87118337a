//! Fields: label above, hint below, the error in place of the hint.

use leptos::prelude::*;

use super::icon;

/// A labelled control. The control itself is the child; it carries `id`, and `aria-describedby` is `{id}-note`.
#[component]
pub fn Field(
    /// Id of the control.
    #[prop(into)]
    id: String,
    /// Above it.
    label: &'static str,
    /// Below it, while nothing is wrong.
    #[prop(into, optional)]
    hint: Option<Signal<String>>,
    /// What is wrong, naming the cure.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// It may stay empty.
    #[prop(optional)]
    optional: bool,
    /// The control.
    children: Children,
) -> impl IntoView {
    let note = format!("{id}-note");
    view! {
        <div class="field">
            <label for=id>{label} {optional.then(|| view! { <span class="opt">"optional"</span> })}</label>
            {children()}
            {move || match error.get() {
                Some(text) => {
                    view! { <span class="error" id=note.clone()>{icon("stop")} <span>{text}</span></span> }
                        .into_any()
                }
                None => {
                    hint.map(|hint| view! { <span class="hint" id=note.clone()>{move || hint.get()}</span> })
                        .into_any()
                }
            }}
        </div>
    }
}

/// A field of one line.
#[component]
pub fn TextField(
    /// Id of the input.
    #[prop(into)]
    id: String,
    /// Above it.
    label: &'static str,
    /// What is in it.
    #[prop(into)]
    value: Signal<String>,
    /// What was typed.
    #[prop(into)]
    on_input: Callback<String>,
    /// Below it.
    #[prop(into, optional)]
    hint: Option<Signal<String>>,
    /// What is wrong.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// It may stay empty.
    #[prop(optional)]
    optional: bool,
    /// In front of the value, like a currency.
    #[prop(into, optional)]
    prefix: String,
    /// `inputmode` for phones.
    #[prop(default = "text")]
    mode: &'static str,
    /// Grey words while it is empty.
    #[prop(into, optional)]
    placeholder: String,
    /// Characters that fit.
    #[prop(default = 255)]
    most: u32,
) -> impl IntoView {
    let invalid = move || error.get().is_some().to_string();
    let input = view! {
        <input
            id=id.clone()
            class=if prefix.is_empty() { "input" } else { "" }
            inputmode=mode
            autocomplete="off"
            maxlength=most.to_string()
            placeholder=placeholder
            aria-invalid=invalid
            aria-describedby=format!("{id}-note")
            prop:value=move || value.get()
            on:input=move |event| on_input.run(event_target_value(&event))
        />
    };
    let control = if prefix.is_empty() {
        input.into_any()
    } else {
        view! { <span class="input"><span class="affix">{prefix}</span>{input}</span> }.into_any()
    };
    match hint {
        Some(hint) => view! { <Field id label error optional hint>{control}</Field> }.into_any(),
        None => view! { <Field id label error optional>{control}</Field> }.into_any(),
    }
}
