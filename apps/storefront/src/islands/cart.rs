//! The number beside the cart symbol, and the cart as a dialog.

use super::{CART_EVENT, DRAWER_EVENT, dom};
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{CustomEvent, Element, HtmlElement, HtmlFormElement, MouseEvent};

/// How many things are in the cart, in words for screen readers and as a number beside the symbol.
///
/// Pages are kept for everybody, so they hold no number of their own (`initial` is 0); the cookie does.
#[island]
pub fn CartCount(
    /// Name of the cookie that holds the number.
    cookie: String,
    /// The number, on pages that belong to one visitor.
    initial: u32,
) -> impl IntoView {
    let count = RwSignal::new(initial);
    Effect::new(move |_| {
        count.set(dom::count_in_cookie(&cookie));
        let cookie = cookie.clone();
        let heard =
            window_event_listener_untyped(CART_EVENT, move |_| count.set(dom::count_in_cookie(&cookie)));
        on_cleanup(move || heard.remove());
    });
    let words = move || match count.get() {
        0 => "Cart".to_owned(),
        1 => "Cart, 1 item".to_owned(),
        n => format!("Cart, {n} items"),
    };
    view! {
        <span class="visually-hidden">{words}</span>
        <span class="cart-count" aria-hidden="true" hidden=move || count.get() == 0>{move || count.get()}</span>
    }
}

/// The cart as a dialog. Its contents are the server's markup, fetched when it opens and after every change.
#[island]
pub fn CartDrawer(
    /// Prefix of the shop's addresses.
    base: String,
    /// Name of the cookie that holds the number of things.
    cookie: String,
) -> impl IntoView {
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let contents = NodeRef::<leptos::html::Div>::new();
    let status = RwSignal::new(String::new());
    let show = move |html: &str| {
        let (Some(dialog), Some(contents)) = (dialog.get_untracked(), contents.get_untracked()) else {
            return;
        };
        dom::replace(&contents, html);
        if !dialog.open() {
            let _ = dialog.show_modal();
        }
        status.set(match dom::count_in_cookie(&cookie) {
            0 => "Your cart is empty".to_owned(),
            1 => "1 item in your cart".to_owned(),
            n => format!("{n} items in your cart"),
        });
        dom::tell(CART_EVENT, &JsValue::NULL);
    };
    let page = format!("{base}/cart");
    let fetch = {
        let (show, page) = (show.clone(), page.clone());
        move || {
            let (show, page) = (show.clone(), page.clone());
            leptos::task::spawn_local(async move {
                match dom::ask(&page, "drawer", None).await {
                    Ok(answer) if answer.status == 200 => show(&answer.text),
                    _ => go(&page),
                }
            });
        }
    };
    Effect::new({
        let (show, fetch) = (show.clone(), fetch.clone());
        move |_| {
            let (show, fetch) = (show.clone(), fetch.clone());
            let asked = window_event_listener_untyped(DRAWER_EVENT, {
                let fetch = fetch.clone();
                move |event| match event.unchecked_ref::<CustomEvent>().detail().as_string() {
                    Some(html) => show(&html),
                    None => fetch(),
                }
            });
            let clicked = window_event_listener(leptos::ev::click, move |event| {
                if opens_drawer(&event) {
                    event.prevent_default();
                    fetch();
                }
            });
            on_cleanup(move || {
                asked.remove();
                clicked.remove();
            });
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        if !form.has_attribute("data-live") {
            return;
        }
        let Ok((action, data)) = dom::posted(&form, event.submitter().as_ref()) else { return };
        event.prevent_default();
        let (show, page) = (show.clone(), page.clone());
        leptos::task::spawn_local(async move {
            match dom::ask(&action, "drawer", Some(data)).await {
                Ok(answer) if matches!(answer.status, 200 | 422) => show(&answer.text),
                _ => go(&page),
            }
        });
    };
    let change = move |event: leptos::ev::Event| super::live::refresh(&event);
    let press = move |event: MouseEvent| {
        if let Some(dialog) = dialog.get_untracked()
            && is_beside(&event, &dialog)
        {
            dialog.close();
        }
    };
    view! {
        <dialog
            class="sheet cart-drawer"
            id="cart-drawer"
            aria-labelledby="cart-title"
            node_ref=dialog
            on:submit=submit
            on:change=change
            on:click=press
        >
            <p class="visually-hidden" role="status">{status}</p>
            <div class="contents" node_ref=contents></div>
        </dialog>
    }
}

/// A plain click on something that opens the drawer.
fn opens_drawer(event: &MouseEvent) -> bool {
    let plain = event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    plain
        && !event.default_prevented()
        && event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("[data-opens=\"cart-drawer\"]").ok().flatten())
            .is_some()
}

/// A click on the backdrop of the dialog.
fn is_beside(event: &MouseEvent, dialog: &HtmlElement) -> bool {
    let frame = dialog.get_bounding_client_rect();
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    let on_dialog = event.target().is_some_and(|target| target == *dialog.unchecked_ref());
    on_dialog && !(frame.left() <= x && x <= frame.right() && frame.top() <= y && y <= frame.bottom())
}

/// Falls back to the page.
fn go(page: &str) {
    let _ = window().location().set_href(page);
}
