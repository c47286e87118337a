//! Pictures of a product. They are saved at once, apart from the save bar.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use super::draft::Draft;
use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::catalog::{
    AdminProduct, ImageState, MediaInput, ProductMediaAlt, ProductMediaAltInput, ProductMediaAltVariables,
    ProductMediaAttach, ProductMediaAttachInput, ProductMediaAttachVariables, ProductMediaReorder,
    ProductMediaReorderInput, ProductMediaReorderVariables,
};
use crate::parts::dialog::Confirm;
use crate::parts::pictures::{Act, Pictures, Shown};
use crate::parts::toast::use_toaster;
use crate::place;

/// Largest picture that the shop takes, in bytes.
const LARGEST: f64 = 20.0 * 1024.0 * 1024.0;

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

async fn upload(file: &web_sys::File) -> Result<String, Failure> {
    let offline = |_| Failure::new("OFFLINE", "The file could not be read.");
    let form = web_sys::FormData::new().map_err(offline)?;
    form.append_with_blob_and_filename("file", file, &file.name()).map_err(offline)?;
    api::send_form::<Uploaded>("/api/v1/media", form).await.map(|uploaded| uploaded.id)
}

/// The card with the pictures.
#[component]
pub fn Media(
    /// The edited product.
    draft: Draft,
    /// Whether it may be changed.
    #[prop(into)]
    editable: Signal<bool>,
) -> impl IntoView {
    let toaster = use_toaster();
    let (busy, uploading) = (RwSignal::new(false), RwSignal::new(Vec::<String>::new()));
    let describing = RwSignal::new(None::<String>);
    let (asking, words) = (RwSignal::new(false), RwSignal::new(String::new()));
    let pictures = place::derived(move || {
        draft.product.with(|product| {
            let shown = product.images.iter().map(|image| Shown {
                id: image.id.inner().to_owned(),
                picture: image.picture.clone(),
                alt: image.alt.clone(),
                note: match image.state {
                    ImageState::Ready => None,
                    ImageState::Pending => Some("Being fetched"),
                    ImageState::Failed => Some("Could not be fetched"),
                },
            });
            shown.collect::<Vec<_>>()
        })
    });
    // The answer of every act is the whole product, with its new version.
    let settle = move |what: &'static str, answer: Result<AdminProduct, Failure>| {
        match answer {
            Ok(product) => draft.rebase(product),
            Err(failure) => toaster.failure(what, &failure),
        }
        let _ = busy.try_set(false);
    };
    let stamp = move || draft.product.with_untracked(|product| (product.id.clone(), product.version));
    let reorder = move |ids: Vec<String>| {
        busy.set(true);
        let (product_id, version) = stamp();
        let image_ids = ids.into_iter().map(cynic::Id::new).collect();
        let input = ProductMediaReorderInput { product_id, version, image_ids };
        spawn_local(async move {
            let answer = api::ask(ProductMediaReorder::build(ProductMediaReorderVariables { input })).await;
            settle(
                "The pictures were not changed",
                answer.map(|answer| answer.product_media_reorder.product),
            );
        });
    };
    let act = move |act: Act| {
        if busy.get_untracked() {
            return;
        }
        let mut ids: Vec<String> =
            pictures.with_untracked(|pictures| pictures.iter().map(|shown| shown.id.clone()).collect());
        match act {
            Act::Move(id, by) => {
                let Some(from) = ids.iter().position(|known| *known == id) else { return };
                let to = (from as i32 + by).clamp(0, ids.len() as i32 - 1) as usize;
                let id = ids.remove(from);
                ids.insert(to, id);
                reorder(ids);
            }
            Act::Remove(id) => {
                ids.retain(|known| *known != id);
                reorder(ids);
            }
            Act::Describe(id) => {
                let alt =
                    pictures.with_untracked(|all| all.iter().find(|it| it.id == id).map(|it| it.alt.clone()));
                words.set(alt.unwrap_or_default());
                describing.set(Some(id));
                asking.set(true);
            }
        }
    };
    let describe = move |()| {
        let Some(image_id) = describing.get_untracked() else { return };
        busy.set(true);
        let (product_id, version) = stamp();
        let alt = words.get_untracked().trim().to_owned();
        let input = ProductMediaAltInput { product_id, version, image_id: cynic::Id::new(image_id), alt };
        spawn_local(async move {
            let answer = api::ask(ProductMediaAlt::build(ProductMediaAltVariables { input })).await;
            let _ = asking.try_set(false);
            settle("The description was not saved", answer.map(|answer| answer.product_media_alt.product));
        });
    };
    let add = move |files: Vec<web_sys::File>| {
        let (fitting, others): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.type_().starts_with("image/") && file.size() <= LARGEST);
        for file in others {
            let message = format!("{} is not a picture, or larger than 20 MB.", file.name());
            let failure = Failure::new("BAD_USER_INPUT", message);
            toaster.failure("Not uploaded", &failure);
        }
        uploading.update(|names| names.extend(fitting.iter().map(web_sys::File::name)));
        spawn_local(async move {
            for file in fitting {
                let answer = match upload(&file).await {
                    Ok(media_id) => {
                        let (product_id, version) = stamp();
                        let media = vec![MediaInput { media_id: Some(cynic::Id::new(media_id)), alt: None }];
                        let input = ProductMediaAttachInput { product_id, version, media };
                        let answer =
                            api::ask(ProductMediaAttach::build(ProductMediaAttachVariables { input })).await;
                        answer.map(|answer| answer.product_media_attach.product)
                    }
                    Err(failure) => Err(failure),
                };
                let name = file.name();
                let _ = uploading.try_update(|names| {
                    if let Some(at) = names.iter().position(|known| *known == name) {
                        names.remove(at);
                    }
                });
                settle("A picture was not added", answer);
            }
        });
    };
    let about = move || match pictures.with(Vec::len) {
        0 => "none yet".to_owned(),
        n => format!("{n}, the first is the cover"),
    };
    view! {
        <section class="card">
            <header><h2>"Pictures"</h2><span class="meta">{about}</span></header>
            <div class="body">
                <Pictures pictures uploading busy editable on_act=act on_files=Callback::new(add)/>
            </div>
        </section>
        <Confirm
            open=asking
            title="Describe the picture".to_owned()
            act="Save the description".to_owned()
            kind="primary"
            refuse="Cancel"
            busy
            on_yes=describe
        >
            <div class="field">
                <label for="alt">"What the picture shows"</label>
                <input
                    class="input"
                    id="alt"
                    maxlength="500"
                    prop:value=move || words.get()
                    on:input=move |event| words.set(event_target_value(&event))
                    on:keydown=move |event| {
                        if event.key() == "Enter" {
                            event.prevent_default();
                            describe(());
                        }
                    }
                />
                <span class="hint">"Read aloud to those who do not see it, and shown while it loads."</span>
            </div>
        </Confirm>
    }
}
