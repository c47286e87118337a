//! The few things islands need from the browser.

use super::PART;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{
    CustomEvent, CustomEventInit, Element, FormData, HtmlButtonElement, HtmlDocument, HtmlElement,
    HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, Request, RequestInit,
    Response, UrlSearchParams,
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

/// What the fields of a part of the page hold at one moment, by what finds them.
#[derive(Default)]
pub struct Typed(Vec<(String, Held)>);

/// Text of a field or value of a select, or whether a box is ticked.
#[derive(PartialEq)]
enum Held {
    Text(String),
    Tick(bool),
}

impl Typed {
    /// The fields inside `container`, as they are.
    pub fn of(container: &Element) -> Self {
        let Ok(fields) = container.query_selector_all("input[name], select[name], textarea[name]") else {
            return Self::default();
        };
        let fields = (0..fields.length()).filter_map(|at| fields.item(at)?.dyn_into::<Element>().ok());
        Self(fields.filter_map(|field| Some((key_of(&field), Held::by(&field)?))).collect())
    }

    /// What is different in `container` by now.
    pub fn changes(&self, container: &Element) -> Self {
        let mut now = Self::of(container);
        now.0.retain(|(key, held)| self.0.iter().any(|(known, before)| known == key && before != held));
        now
    }

    /// Fills those fields that are in `container`.
    pub fn put_into(&self, container: &Element) {
        for (key, held) in &self.0 {
            if let Some(field) = container.query_selector(key).ok().flatten() {
                held.put_into(&field);
            }
        }
    }
}

impl Held {
    /// Nothing for what nobody types.
    fn by(field: &Element) -> Option<Self> {
        if let Some(field) = field.dyn_ref::<HtmlInputElement>() {
            return match field.type_().as_str() {
                "hidden" => None,
                "checkbox" | "radio" => Some(Self::Tick(field.checked())),
                _ => Some(Self::Text(field.value())),
            };
        }
        if let Some(field) = field.dyn_ref::<HtmlSelectElement>() {
            return Some(Self::Text(field.value()));
        }
        field.dyn_ref::<HtmlTextAreaElement>().map(|field| Self::Text(field.value()))
    }

    fn put_into(&self, field: &Element) {
        match (self, field.dyn_ref::<HtmlInputElement>()) {
            (Self::Tick(on), Some(field)) => field.set_checked(*on),
            (Self::Text(text), Some(field)) => field.set_value(text),
            (Self::Text(text), None) => {
                if let Some(field) = field.dyn_ref::<HtmlSelectElement>() {
                    field.set_value(text);
                } else if let Some(field) = field.dyn_ref::<HtmlTextAreaElement>() {
                    field.set_value(text);
                }
            }
            (Self::Tick(_), None) => {}
        }
    }
}

/// A selector that finds this field or button again in other markup.
fn key_of(element: &Element) -> String {
    let name = element.get_attribute("name").unwrap_or_default();
    let ticks = || element.get_attribute("type").is_some_and(|kind| kind == "radio" || kind == "checkbox");
    match (element.id(), element.get_attribute("value")) {
        (id, _) if !id.is_empty() => format!("[id=\"{id}\"]"),
        (_, Some(value)) if element.tag_name() == "BUTTON" || ticks() => {
            format!("[name=\"{name}\"][value=\"{value}\"]")
        }
        _ => format!("[name=\"{name}\"]"),
    }
}

/// Puts new markup into `container` and the focus back to where it was, or to the container's first heading.
pub fn replace(container: &Element, html: &str) {
    let key = document()
        .active_element()
        .filter(|element| container.contains(Some(element)))
        .map(|element| key_of(&element));
    container.set_inner_html(html);
    let Some(key) = key else { return };
    let find = |selector: &str| container.query_selector(selector).ok().flatten();
    if let Some(element) = find("[data-focus]").or_else(|| find(&key)).or_else(|| find("[tabindex=\"-1\"]"))
        && let Some(element) = element.dyn_ref::<HtmlElement>()
    {
        let _ = element.focus();
    }
}
