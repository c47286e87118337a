//! A part of a page that is replaced by the server's answer instead of loading the whole page again.

use super::{CART_EVENT, dom};
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Element, Event, HtmlButtonElement, HtmlElement, HtmlFormElement};

/// Posts the forms (and buttons) marked `data-live` inside it in the background and shows the answer in place.
///
/// A change of anything marked `data-refresh-on-change` presses the form's button marked `data-refresh`.
#[island]
pub fn Live(
    /// What the server is asked for.
    part: String,
    /// The part as the page was rendered.
    children: Children,
) -> impl IntoView {
    let contents = NodeRef::<leptos::html::Div>::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        let submitter = event.submitter();
        let live = match &submitter {
            Some(button) if button.has_attribute("formaction") => button.has_attribute("data-live"),
            _ => form.has_attribute("data-live"),
        };
        if !live {
            return;
        }
        let Ok((action, data)) = dom::posted(&form, submitter.as_ref()) else { return };
        event.prevent_default();
        let part = part.clone();
        leptos::task::spawn_local(async move {
            match (dom::ask(&action, &part, Some(data)).await, contents.get_untracked()) {
                (Ok(answer), Some(contents)) if matches!(answer.status, 200 | 422) => {
                    dom::replace(&contents, &answer.text);
                    dom::tell(CART_EVENT, &JsValue::NULL);
                }
                _ => {
                    let _ = form.submit();
                }
            }
        });
    };
    view! {
        <div class="contents" node_ref=contents on:submit=submit on:change=move |event| refresh(&event)>
            {children()}
        </div>
    }
}

/// Presses the refresh button of the form in which something marked so has changed.
pub fn refresh(event: &Event) {
    let changed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(changed) = changed.filter(|element| element.has_attribute("data-refresh-on-change")) else {
        return;
    };
    let Some(form) = changed.closest("form").ok().flatten() else { return };
    let button = form.query_selector("[data-refresh]").ok().flatten();
    if let (Some(form), Some(button)) = (form.dyn_ref::<HtmlFormElement>(), button) {
        let button: &HtmlElement = button.unchecked_ref::<HtmlButtonElement>();
        let _ = form.request_submit_with_submitter(Some(button));
    }
}
