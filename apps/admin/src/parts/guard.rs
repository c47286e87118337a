//! Unsaved work: asks before leaving a screen, by link or by closing the page.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::dialog::Confirm;
use crate::place;

/// Whether the screen holds unsaved work, where it lives, and where the person wanted to go.
#[derive(Clone, Copy)]
pub struct LeaveGuard {
    dirty: RwSignal<bool>,
    own: StoredValue<String>,
    asking: RwSignal<bool>,
    target: RwSignal<String>,
}

impl LeaveGuard {
    /// With nothing to lose. Has to be made before the router: browsers call listeners of the window in the order in
    /// which they came, and this one must be the first to hear of a step in the history.
    pub fn new() -> Self {
        let guard = Self {
            dirty: RwSignal::new(false),
            own: StoredValue::new(String::new()),
            asking: RwSignal::new(false),
            target: RwSignal::new(String::new()),
        };
        // A step in the history cannot be stopped, so the address is put back and the person is asked.
        let handle = window_event_listener_untyped("popstate", move |event| {
            let there = address();
            if !guard.dirty.get_untracked() || guard.own.with_value(|own| *own == there) {
                return;
            }
            event.stop_immediate_propagation();
            if let Ok(history) = window().history() {
                let back =
                    |own: &String| history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(own));
                let _ = guard.own.with_value(back);
            }
            guard.ask(there);
        });
        on_cleanup(move || handle.remove());
        guard
    }

    /// Everything is saved: the next navigation asks nothing.
    pub fn clear(self) {
        self.dirty.set(false);
    }

    fn ask(self, target: String) {
        self.target.set(target);
        self.asking.set(true);
    }
}

/// Path and query of the page.
fn address() -> String {
    let location = window().location();
    format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

/// Puts the guard on this screen for as long as it lives; place the view anywhere in it.
#[component]
pub fn Guard(
    /// Whether there is unsaved work.
    #[prop(into)]
    dirty: Signal<bool>,
) -> impl IntoView {
    let guard = expect_context::<LeaveGuard>();
    // The address of the screen is final by the time that somebody types on it.
    place::effect(move |_| {
        let dirty = dirty.get();
        if dirty {
            guard.own.set_value(address());
        }
        guard.dirty.set(dirty);
    });
    on_cleanup(move || {
        guard.dirty.set(false);
        guard.asking.set(false);
    });

    let unload = window_event_listener(leptos::ev::beforeunload, move |event| {
        if guard.dirty.get_untracked() {
            event.prevent_default();
        }
    });
    on_cleanup(move || unload.remove());

    // In the capture phase, so that the router does not see the click.
    let listener = Closure::<dyn Fn(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
        let plain = event.button() == 0
            && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if !plain || !guard.dirty.get_untracked() {
            return;
        }
        let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = element.and_then(|element| element.closest("a[href]:not([target])").ok().flatten());
        let href = link.and_then(|link| link.get_attribute("href")).filter(|href| href.starts_with('/'));
        if let Some(href) = href {
            event.prevent_default();
            event.stop_propagation();
            guard.ask(href);
        }
    });
    let function = listener.as_ref().clone().unchecked_into::<js_sys::Function>();
    let _ = document().add_event_listener_with_callback_and_bool("click", &function, true);
    let kept = StoredValue::new_local((listener, function));
    on_cleanup(move || {
        kept.with_value(|(_, function)| {
            let _ = document().remove_event_listener_with_callback_and_bool("click", function, true);
        });
    });

    let navigate = use_navigate();
    let leave = move |()| {
        guard.dirty.set(false);
        guard.asking.set(false);
        navigate(&guard.target.get_untracked(), NavigateOptions { resolve: false, ..Default::default() });
    };
    view! {
        <Confirm
            open=guard.asking
            title="Leave without saving?".to_owned()
            act="Leave and discard".to_owned()
            refuse="Stay here"
            on_yes=leave
        >
            <p>"Your changes on this page are not saved. If you leave now, they are lost."</p>
        </Confirm>
    }
}
