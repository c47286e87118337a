//! Deletes a promotion; one that orders have used is switched off instead.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::promotions::{
    Promotion, PromotionById, PromotionDelete, PromotionDeleteVariables, PromotionUpdate,
    PromotionUpdateVariables,
};
use crate::logic::promotion::Draft;
use crate::parts::dialog::Confirm;
use crate::parts::guard::LeaveGuard;
use crate::parts::toast::use_toaster;
use crate::parts::{count, icon};
use crate::place;
use crate::session::use_session;

/// Button and dialog.
#[component]
pub fn Remove(
    /// As it is saved; nothing while it is new.
    saved: RwSignal<Option<Promotion>>,
    /// It was switched off.
    #[prop(into)]
    on_off: Callback<Promotion>,
) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let navigate = StoredValue::new(use_navigate());
    let guard = expect_context::<LeaveGuard>();
    let (asking, busy, failure) =
        (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Failure>));
    // The server knows of orders that the figure does not count any more, because they were given up.
    let refused = RwSignal::new(false);
    let may = place::memo(move || session.may("promotions:delete") && saved.with(Option::is_some));
    let uses = move || saved.with(|saved| saved.as_ref().map_or(0, |saved| saved.uses.0));
    let kept = place::memo(move || uses() > 0 || refused.get());
    let active = place::memo(move || saved.with(|saved| saved.as_ref().is_some_and(|saved| saved.active)));
    let may_switch = place::memo(move || session.may("promotions:update"));
    let delete = move |promotion: Promotion| {
        spawn_local(async move {
            let variables = PromotionDeleteVariables { id: promotion.id.clone(), version: promotion.version };
            match api::ask(PromotionDelete::build(variables)).await {
                Ok(_) => {
                    guard.clear();
                    toaster.done("The promotion is gone");
                    let options = NavigateOptions { resolve: false, ..Default::default() };
                    let _ = navigate.try_with_value(|go| go(&place::to("/promotions"), options));
                    return;
                }
                Err(wrong) if wrong.is_conflict() => {
                    // Either orders have used it, or somebody saved it in between; its version tells.
                    let now = api::ask(PromotionById::build(IdVariables { id: promotion.id.clone() })).await;
                    let same = now.is_ok_and(|answer| answer.promotion.version == promotion.version);
                    let _ = refused.try_set(same);
                    let _ = failure.try_set((!same).then_some(wrong));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let switch_off = move |promotion: Promotion| {
        let exponent = untrack(|| session.exponent());
        spawn_local(async move {
            let mut draft = Draft::of(&promotion, place::zone);
            draft.active = false;
            let input = draft.input(exponent, place::zone);
            let variables = PromotionUpdateVariables { id: promotion.id, version: promotion.version, input };
            match api::ask(PromotionUpdate::build(variables)).await {
                Ok(answer) => {
                    toaster.done("Switched off: the next cart counts without it");
                    on_off.run(answer.promotion_update.promotion);
                    let _ = asking.try_set(false);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let yes = move |()| {
        let Some(promotion) = saved.get_untracked() else { return };
        match (kept.get_untracked(), active.get_untracked() && may_switch.get_untracked()) {
            (true, false) => asking.set(false),
            (kept, _) => {
                busy.set(true);
                failure.set(None);
                if kept { switch_off(promotion) } else { delete(promotion) }
            }
        }
    };
    let name = move || saved.with(|saved| saved.as_ref().map(|saved| saved.name.clone()).unwrap_or_default());
    let title = place::derived(move || match kept.get() {
        true => format!("“{}” cannot be deleted", name()),
        false => format!("Delete “{}”?", name()),
    });
    let act = place::derived(move || match (kept.get(), active.get() && may_switch.get()) {
        (false, _) => "Delete the promotion".to_owned(),
        (true, true) => "Switch it off".to_owned(),
        (true, false) => "All right".to_owned(),
    });
    let words = move || {
        if !kept.get() {
            return view! {
                <p>"No order has used it. Carts that have it now lose it with their next change. This cannot be undone."</p>
            }
            .into_any();
        }
        let who = match uses() {
            0 => "Orders have used it, also if they were given up later".to_owned(),
            n => format!("{} used it", count(n, "order has", "orders have")),
        };
        let then = match (active.get(), may_switch.get()) {
            (true, true) => "Switched off, it takes nothing off any more, and the figures stay.",
            (true, false) => "Somebody who may change promotions can switch it off.",
            (false, _) => "It is switched off already and takes nothing off.",
        };
        view! { <p>{who} ", and they say so. " {then}</p> }.into_any()
    };
    view! {
        <Show when=move || may.get()>
            <button
                class="btn"
                type="button"
                on:click=move |_| {
                    failure.set(None);
                    refused.set(false);
                    asking.set(true);
                }
            >
                {icon("trash")}
                "Delete"
            </button>
        </Show>
        <Confirm open=asking title act busy failure on_yes=yes>{words}</Confirm>
    }
}
