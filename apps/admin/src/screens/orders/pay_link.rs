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
    let field = NodeRef::<leptos::html::Input>::new();
    let select = move || {
        if let Some(input) = field.get_untracked() {
            input.select();
        }
    };
    let copy = move |_| {
        select();
        spawn_local(async move {
            toaster.done(match copied(&text.get_value()).await {
                true => "Copied",
                false => "The browser does not let us copy: the address is selected, press Ctrl C",
            });
        });
    };
    view! {
        <div class="flex">
            <input class="input grow" node_ref=field readonly aria-label="The payment link" value=address on:focus=move |_| select()/>
            <button class="btn" type="button" data-size="sm" aria-label="Copy the payment link" on:click=copy>"Copy"</button>
        </div>
    }
}
