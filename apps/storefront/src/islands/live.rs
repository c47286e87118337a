//! A part of a page that is replaced by the server's answer instead of loading the whole page again.

use super::{CART_EVENT, dom};
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Element, Event, HtmlButtonElement, HtmlElement, HtmlFormElement};

/// On a form that the browser itself is to post.
const PLAINLY: &str = "data-plainly";

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
    // Counts what was sent. An answer that something has been sent after is not shown any more.
    let sent = StoredValue::new(0_u32);
    let submit = move |event: leptos::ev::SubmitEvent| {
        let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        let number = sent.get_value().wrapping_add(1);
        sent.set_value(number);
        let submitter = event.submitter();
        let live = match &submitter {
            Some(button) if button.has_attribute("formaction") => button.has_attribute("data-live"),
            _ => form.has_attribute("data-live"),
        };
        if !live || form.has_attribute(PLAINLY) {
            return;
        }
        let Ok((action, data)) = dom::posted(&form, submitter.as_ref()) else { return };
        event.prevent_default();
        let typed = contents.get_untracked().map(|contents| dom::Typed::of(&contents)).unwrap_or_default();
        if let Some(button) = &submitter {
            let _ = button.set_attribute("aria-busy", "true");
        }
        let part = part.clone();
        leptos::task::spawn_local(async move {
            let answer = dom::ask(&action, &part, Some(data)).await;
            if sent.try_get_value() != Some(number) {
                return;
            }
            match (answer, contents.get_untracked()) {
                (Ok(answer), Some(contents)) if matches!(answer.status, 200 | 422) => {
                    let later = typed.changes(&contents);
                    dom::replace(&contents, &answer.text);
                    later.put_into(&contents);
                    dom::tell(CART_EVENT, &JsValue::NULL);
                }
                _ => post_plainly(&form, submitter.as_ref()),
            }
        });
    };
    view! {
        <div class="contents" node_ref=contents on:submit=submit on:change=move |event| refresh(&event)>
            {children()}
        </div>
    }
}

/// Has the browser post a form as if there were no scripts, by the button that was pressed: without it the form would
/// go where its main button leads, which is to order.
fn post_plainly(form: &HtmlFormElement, submitter: Option<&HtmlElement>) {
    let _ = form.set_attribute(PLAINLY, "");
    let _ = form.request_submit_with_submitter(submitter);
    let _ = form.remove_attribute(PLAINLY);
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
