//! Short messages at the foot of the page.

use std::time::Duration;

use leptos::prelude::*;

use super::icon;
use crate::api::Failure;

#[derive(Clone, PartialEq)]
struct Toast {
    key: u32,
    tone: &'static str,
    text: String,
}

/// Shows messages; a context of the application.
#[derive(Clone, Copy)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toaster {
    /// Without a message.
    pub fn new() -> Self {
        Self { toasts: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Something worked.
    pub fn done(self, text: impl Into<String>) {
        self.show("good", text.into(), Duration::from_secs(5));
    }

    /// Something did not; says what and why.
    pub fn failure(self, what: &str, failure: &Failure) {
        self.show(
            "danger",
            format!("{what}. {}", failure.fields.first().map_or(&failure.message, |fault| &fault.message)),
            Duration::from_secs(12),
        );
    }

    fn show(self, tone: &'static str, text: String, time: Duration) {
        let key = self.next.get_value();
        self.next.set_value(key + 1);
        self.toasts.update(|toasts| {
            if toasts.len() > 2 {
                toasts.remove(0);
            }
            toasts.push(Toast { key, tone, text });
        });
        set_timeout(move || self.close(key), time);
    }

    fn close(self, key: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.key != key));
    }
}

/// The messages of the application.
pub fn use_toaster() -> Toaster {
    expect_context::<Toaster>()
}

/// Where they appear.
#[component]
pub fn Toasts() -> impl IntoView {
    let toaster = use_toaster();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toaster.toasts.get() key=|toast| toast.key let:toast>
                <div class="toast" data-tone=toast.tone>
                    {icon(if toast.tone == "good" { "check" } else { "stop" })}
                    <span>{toast.text}</span>
                    <button
                        class="btn"
                        type="button"
                        data-kind="quiet"
                        data-size="sm"
                        data-icon=""
                        aria-label="Close the message"
                        on:click=move |_| toaster.close(toast.key)
                    >
                        {icon("x")}
                    </button>
                </div>
            </For>
        </div>
    }
}
