//! The few things islands need from the browser.

use super::PART;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{
    CustomEvent, CustomEventInit, Element, FormData, HtmlButtonElement, HtmlDocument, HtmlElement,
    HtmlFormElement, Request, RequestInit, Response, UrlSearchParams,
};
use wasm_bindgen_futures::JsFuture;

/// A whole number in a cookie; 0 when there is none.
pub fn count_in_cookie(name: &str) -> u32 {
    let Ok(cookies) = document().unchecked_into::<HtmlDocument>().cookie() else { return 0 };
    cookies
        .split("; ")
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .and_then(|value| value.parse().ok())
        .unwrap_or(0)
}

/// Tells whoever listens on the window.
pub fn tell(name: &str, detail: &JsValue) {
    let init = CustomEventInit::new();
    init.set_detail(detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        let _ = window().dispatch_event(&event);
    }
}

/// What the server said.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// Asks for a part of a page; with `form` the request posts it.
pub async fn ask(url: &str, part: &str, form: Option<UrlSearchParams>) -> Result<Answer, JsValue> {
    let init = RequestInit::new();
    if let Some(form) = &form {
        init.set_method("POST");
        init.set_body(form);
    }
    let request = Request::new_with_str_and_init(url, &init)?;
    request.headers().set(PART, part)?;
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.unchecked_into();
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Answer { status: response.status(), text })
}

/// Where and what a form would post when this button is pressed.
pub fn posted(
    form: &HtmlFormElement,
    submitter: Option<&HtmlElement>,
) -> Result<(String, UrlSearchParams), JsValue> {
    let data = FormData::new_with_form(form)?;
    let mut action = form.action();
    if let Some(button) = submitter.and_then(|element| element.dyn_ref::<HtmlButtonElement>()) {
        if !button.name().is_empty() {
            data.append_with_str(&button.name(), &button.value())?;
        }
        if button.has_attribute("formaction") {
            action = button.form_action();
        }
    }
    Ok((action, UrlSearchParams::new_with_str_sequence_sequence(&data)?))
}

/// Puts new markup into `container` and the focus back to where it was, or to the container's first heading.
pub fn replace(container: &Element, html: &str) {
    let key =
        document().active_element().filter(|element| container.contains(Some(element))).map(|element| {
            let name = element.get_attribute("name").unwrap_or_default();
            match (element.id(), name, element.get_attribute("value")) {
                (id, ..) if !id.is_empty() => format!("[id=\"{id}\"]"),
                (_, name, Some(value)) if element.tag_name() == "BUTTON" => {
                    format!("[name=\"{name}\"][value=\"{value}\"]")
                }
                (_, name, _) => format!("[name=\"{name}\"]"),
            }
        });
    container.set_inner_html(html);
    let Some(key) = key else { return };
    let find = |selector: &str| container.query_selector(selector).ok().flatten();
    if let Some(element) = find("[data-focus]").or_else(|| find(&key)).or_else(|| find("[tabindex=\"-1\"]"))
        && let Some(element) = element.dyn_ref::<HtmlElement>()
    {
        let _ = element.focus();
    }
}
