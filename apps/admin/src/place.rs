//! Where the application lives: the shop's base path, the clock, the document's title.

use js_sys::Date;
use leptos::prelude::*;
use leptos::reactive::graph::Observer;
use leptos_router::hooks::use_params_map;

use crate::logic::moment::{self, Reader};

/// Everything in front of `/admin`: empty, or `/t/{slug}` when the shop is reached by path.
pub fn shop_base() -> String {
    let path = window().location().pathname().unwrap_or_default();
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some("t"), Some(slug)) if !slug.is_empty() => format!("/t/{slug}"),
        _ => String::new(),
    }
}

/// Base of the admin's own addresses.
pub fn admin_base() -> String {
    format!("{}/admin", shop_base())
}

/// An address inside the admin, with its base.
pub fn to(path: &str) -> String {
    format!("{}{path}", admin_base())
}

/// An address of the shop itself.
pub fn shop(path: &str) -> String {
    format!("{}{path}", shop_base())
}

/// The reader's clock and zone.
pub fn reader() -> Reader {
    let now = Date::new_0();
    Reader { now: now.get_time() as i64, offset: -(now.get_timezone_offset() as i64) }
}

/// The reader's minutes east of UTC at a moment, which is given in milliseconds since 1970.
pub fn zone(millis: i64) -> i64 {
    -(Date::new(&wasm_bindgen::JsValue::from_f64(millis as f64)).get_timezone_offset() as i64)
}

/// A moment in words, on the clock that the reader has then.
pub fn moment(text: &str) -> String {
    reader_at(text).moment(text)
}

/// The day of a moment in words, on the calendar that the reader has then.
pub fn day(text: &str) -> String {
    reader_at(text).day(text)
}

fn reader_at(text: &str) -> Reader {
    let here = reader();
    let offset = moment::millis(text).map_or(here.offset, zone);
    Reader { offset, ..here }
}

/// Runs now and whenever a signal that it reads changes; given what it gave back the time before.
///
/// In a box, because an effect brings a copy of the machine that runs it for every kind of closure.
pub fn effect<T: 'static>(act: impl FnMut(Option<T>) -> T + 'static) {
    boxed_effect(Box::new(act));
}

fn boxed_effect<T: 'static>(mut act: Box<dyn FnMut(Option<T>) -> T>) {
    Effect::new(move |before: Option<T>| act(before));
}

/// A value that is passed on only when it differs from the one before; in a box, like an effect.
pub fn memo<T: PartialEq + Send + Sync + 'static>(read: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    boxed_memo(Box::new(read))
}

fn boxed_memo<T: PartialEq + Send + Sync + 'static>(read: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| read())
}

/// A value that is read anew from other signals whenever it is asked for; in a box, like an effect.
pub fn derived<T: Send + Sync + 'static>(read: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    boxed_derived(Box::new(read))
}

fn boxed_derived<T: Send + Sync + 'static>(read: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
    Signal::derive(read)
}

/// What the address of the screen says about which thing it shows.
pub fn id() -> Memo<String> {
    let params = use_params_map();
    memo(move || params.with(|params| params.get("id").unwrap_or_default()))
}

/// Names the page in the browser's title.
pub fn title(text: impl Fn() -> String + 'static) {
    boxed_title(Box::new(text));
}

fn boxed_title(text: Box<dyn Fn() -> String>) {
    let shop = use_context::<crate::session::Session>();
    effect(move |_| {
        let shop = shop.map(|session| session.shop_name()).unwrap_or_default();
        document().set_title(&format!("{} · {shop} admin", text()));
    });
}

/// Reads a signal: followed inside of effects and views, once and quietly outside of them.
pub fn read<S, T: 'static, U>(signal: S, pick: impl FnOnce(&T) -> U) -> U
where
    S: With<Value = T> + WithUntracked<Value = T>,
{
    if Observer::get().is_some() { signal.with(pick) } else { signal.with_untracked(pick) }
}

/// Reads a choice that the person made on this device.
pub fn remembered(name: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(&format!("rustok-admin-{name}")).ok().flatten()
}

/// Keeps a choice on this device and shows it at the root; the empty value forgets it.
pub fn remember(name: &str, value: &str) {
    let key = format!("rustok-admin-{name}");
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = if value.is_empty() { storage.remove_item(&key) } else { storage.set_item(&key, value) };
    }
    if let Some(root) = document().document_element() {
        let attribute = format!("data-{name}");
        let _ = if value.is_empty() {
            root.remove_attribute(&attribute)
        } else {
            root.set_attribute(&attribute, value)
        };
    }
}
