//! The tags of an order: words for colleagues.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Data, remote};
use crate::gql::Document;
use crate::gql::order_moves::{OrderTagsSet, OrderTagsSetInput, OrderTagsSetVariables};
use crate::gql::orders::{Order, OrderTags};
use crate::parts::tags::Tags as Words;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

/// The tags that orders of the shop have; none until the answer is there.
pub fn known() -> Signal<Vec<String>> {
    let known = remote(|| api::ask(OrderTags::build(())));
    place::derived(move || {
        known.data.with(|known| {
            let known = known.as_ref().map(|known| known.order_tags.iter().map(|one| one.tag.clone()));
            known.map(Iterator::collect).unwrap_or_default()
        })
    })
}

/// The card. A word that is added or taken away is saved at once.
#[component]
pub fn TagsCard(
    /// The order.
    order: Data<Order>,
    /// The order with other tags.
    on_change: Callback<Order>,
    /// Somebody else was faster.
    #[prop(into)]
    reload: Callback<()>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    // What is not saved yet.
    let wanted = RwSignal::new(None::<Vec<String>>);
    let busy = RwSignal::new(false);
    let saved =
        move || order.with(|order| order.as_ref().map(|order| order.tags.clone()).unwrap_or_default());
    let tags = place::derived(move || wanted.get().unwrap_or_else(saved));
    let save = move |next: Vec<String>| {
        wanted.set(Some(next));
        if busy.get_untracked() {
            return;
        }
        let Some(id) = order.with_untracked(|order| order.as_ref().map(|order| order.id.clone())) else {
            return;
        };
        busy.set(true);
        spawn_local(async move {
            // What is typed while an answer is awaited goes after it, with the version that the answer names.
            while let Some(Some(next)) = wanted.try_get_untracked() {
                let seen = order.try_with_untracked(|order| {
                    order.as_ref().filter(|order| order.id == id).map(|order| order.version)
                });
                let Some(Some(version)) = seen else { break };
                let input = OrderTagsSetInput { id: id.clone(), version: Some(version), tags: next.clone() };
                match api::ask(OrderTagsSet::build(OrderTagsSetVariables { input })).await {
                    Ok(answer) => on_change.run(answer.order_tags_set.order),
                    Err(failure) => {
                        let _ = wanted.try_set(None);
                        toaster.failure("The tags were not saved", &failure);
                        if failure.code == "CONFLICT" {
                            reload.run(());
                        }
                        break;
                    }
                }
                let _ = wanted.try_update(|wanted| {
                    if wanted.as_ref() == Some(&next) {
                        *wanted = None;
                    }
                });
            }
            let _ = wanted.try_set(None);
            let _ = busy.try_set(false);
        });
    };
    let body = move || match session.may("orders:update") {
        true => view! {
            <label class="vh" for="order-tags">"Tags"</label>
            <Words id="order-tags" tags on_change=save placeholder="Add a tag" known=known()/>
        }
        .into_any(),
        false => {
            let words = move || {
                tags.get().into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()
            };
            view! { <div class="flex wrap gap-s">{words}</div> }.into_any()
        }
    };
    let none = move || tags.with(Vec::is_empty) && !session.may("orders:update");
    view! {
        <section class="card" hidden=none>
            <header><h2>"Tags"</h2></header>
            <div class="body" aria-busy=move || busy.get().to_string()>{body}</div>
        </section>
    }
}
