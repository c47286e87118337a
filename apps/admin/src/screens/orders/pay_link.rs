//! Where a customer sees an order and pays it, to be passed on.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::parts::copied;
use crate::parts::toast::use_toaster;
use crate::place;

/// The address, with a button that copies it.
#[component]
pub fn PayLink(
    /// Of the order.
    token: String,
) -> impl IntoView {
    let toaster = use_toaster();
    let origin = window().location().origin().unwrap_or_default();
    let address = format!("{origin}{}", place::shop(&format!("/orders/{token}")));
    let text = StoredValue::new(address.clone());
    let copy = move |_| {
        spawn_local(async move {
            if copied(&text.get_value()).await {
                toaster.done("Copied");
            }
        });
    };
    view! {
        <div class="flex">
            <code class="grow clip" title=address.clone()>{address.clone()}</code>
            <button class="btn" type="button" data-size="sm" aria-label="Copy the payment link" on:click=copy>"Copy"</button>
        </div>
    }
}
