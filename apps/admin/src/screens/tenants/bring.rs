//! Makes a shop of an exported file.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde::Deserialize;

use crate::api::{self, Failure};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::toast::use_toaster;
use crate::place;

/// The shop that was made.
#[derive(Deserialize)]
struct Made {
    slug: String,
}

/// The drawer: a file, perhaps another slug, perhaps an owner.
#[component]
pub fn Bring(
    /// Whether it is there.
    open: RwSignal<bool>,
) -> impl IntoView {
    let toaster = use_toaster();
    let navigate = use_navigate();
    let (slug, email) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let chooser = NodeRef::<html::Input>::new();
    let missing = RwSignal::new(false);
    place::effect(move |_| {
        open.track();
        failure.set(None);
        missing.set(false);
    });
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        let file = chooser.get_untracked().and_then(|chooser| chooser.files()).and_then(|files| files.get(0));
        missing.set(file.is_none());
        let Some(file) = file else { return };
        busy.set(true);
        failure.set(None);
        let navigate = navigate.clone();
        let wishes: Vec<(&str, String)> =
            [("slug", slug.get_untracked()), ("ownerEmail", email.get_untracked())]
                .into_iter()
                .filter(|(_, value)| !value.trim().is_empty())
                .collect();
        spawn_local(async move {
            match api::send_file::<Made>("/api/v1/tenants/import", &wishes, file).await {
                Ok(made) => {
                    toaster.done("The shop is here");
                    let path = place::to(&format!("/tenants/{}", made.slug));
                    navigate(&path, NavigateOptions { resolve: false, ..Default::default() });
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let fault = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
    };
    let file_error = place::derived(move || match missing.get() {
        true => Some("Choose the file".to_owned()),
        false => fault("body").get(),
    });
    let footer = move || {
        view! {
            <button class="btn" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                {move || if busy.get() { "Importing…" } else { "Import the shop" }}
            </button>
        }
    };
    let elsewhere = move || {
        let fields = ["body", "slug", "owner.email"];
        failure
            .get()
            .filter(|failure| fields.iter().all(|field| failure.at(field).is_none()))
            .map(|failure| view! { <Wrong failure/> })
    };
    view! {
        <Drawer open title="Import a shop".to_owned() footer on_submit=submit>
            <div class="stack">
                {elsewhere}
                <Field id="shop-file" label="File" error=file_error hint="A .zip file that “Export” has made, here or elsewhere.".to_owned()>
                    <input
                        class="input"
                        id="shop-file"
                        type="file"
                        accept=".zip,application/zip"
                        node_ref=chooser
                        aria-describedby="shop-file-note"
                        aria-invalid=move || file_error.get().is_some().to_string()
                        on:change=move |_| missing.set(false)
                    />
                </Field>
                <TextField
                    id="shop-slug"
                    label="Slug"
                    value=slug
                    on_input=move |text| slug.set(text)
                    error=fault("slug")
                    hint="Empty: the one in the file. With another one the same shop becomes a copy beside itself.".to_owned()
                    optional=true
                    most=63
                />
                <TextField
                    id="shop-owner"
                    label="E-mail of an owner"
                    value=email
                    on_input=move |text| email.set(text)
                    error=fault("owner.email")
                    hint="Gets an invitation. The file brings its people along, without their passwords.".to_owned()
                    mode="email"
                    optional=true
                    most=254
                />
            </div>
        </Drawer>
    }
}
