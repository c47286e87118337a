//! The editor of a promotion.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::action::WhatItDoes;
use super::conditions::Conditions;
use super::form::Form;
use super::names::Names;
use super::remove::Remove;
use super::rules::{Codes, Limits, NameAndTime, Others};
use super::trial::Trial;
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::promotions::{
    Promotion, PromotionById, PromotionCreate, PromotionCreateVariables, PromotionInput, PromotionUpdate,
    PromotionUpdateVariables,
};
use crate::logic::promotion::Draft;
use crate::parts::dialog::Wrong;
use crate::parts::guard::LeaveGuard;
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{CardSkeleton, FailureCard, PageHead, count, icon, pill};
use crate::place;
use crate::session::use_session;

async fn fetch(id: String) -> Result<Promotion, Failure> {
    let answer = api::ask(PromotionById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    Ok(answer.promotion)
}

async fn send(before: Option<Promotion>, input: PromotionInput) -> Result<Promotion, Failure> {
    match before {
        None => {
            let answer = api::ask(PromotionCreate::build(PromotionCreateVariables { input })).await?;
            Ok(answer.promotion_create.promotion)
        }
        Some(before) => {
            let variables = PromotionUpdateVariables { id: before.id, version: before.version, input };
            Ok(api::ask(PromotionUpdate::build(variables)).await?.promotion_update.promotion)
        }
    }
}

/// The screen of one promotion.
#[component]
pub fn PromotionScreen() -> impl IntoView {
    let params = use_params_map();
    let id = place::memo(move || params.with(|params| params.get("id").unwrap_or_default()));
    let promotion = remote(move || fetch(id.get()));
    move || match (promotion.data.get(), promotion.failure.get()) {
        (_, Some(failure)) => view! {
            <div class="page">
                <PageHead title="Promotion".to_owned() back=(place::to("/promotions"), "Promotions")/>
                <FailureCard failure again=move |()| promotion.reload()/>
            </div>
        }
        .into_any(),
        (None, None) => view! {
            <div class="page" aria-busy="true">
                <PageHead title=" ".to_owned() back=(place::to("/promotions"), "Promotions")/>
                <div class="cols">
                    <div class="stack"><CardSkeleton/><CardSkeleton lines=7/><CardSkeleton lines=3/></div>
                    <div class="stack"><CardSkeleton/></div>
                </div>
            </div>
        }
        .into_any(),
        (Some(it), None) => {
            view! { <Editor promotion=Some(it) on_reload=move |()| promotion.reload()/> }.into_any()
        }
    }
}

/// The screen of a new promotion.
#[component]
pub fn NewPromotion() -> impl IntoView {
    view! { <Editor promotion=None on_reload=|()| ()/> }
}

#[component]
fn Editor(
    /// Nothing: a new one.
    promotion: Option<Promotion>,
    #[prop(into)] on_reload: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let navigate = use_navigate();
    let guard = expect_context::<LeaveGuard>();
    let names = Names::new();
    if let Some(promotion) = &promotion
        && let (Some(variant), Some(gift)) = (&promotion.action.variant_id, &promotion.gift)
    {
        names.learn_variant(variant.inner(), gift.name());
    }
    provide_context(names);
    let draft_of = |saved: Option<&Promotion>| saved.map_or_else(Draft::new, |it| Draft::of(it, place::zone));
    let form = Form::new(draft_of(promotion.as_ref()));
    let saved = RwSignal::new(promotion);
    let saved_draft = place::memo(move || saved.with(|saved| draft_of(saved.as_ref())));
    let (busy, done) = (RwSignal::new(false), RwSignal::new(false));
    let title = place::derived(move || {
        saved.with(|saved| {
            saved.as_ref().map_or_else(|| "New promotion".to_owned(), |saved| saved.name.clone())
        })
    });
    place::title(move || title.get());
    let editable = place::memo(move || {
        session.may(if saved.with(Option::is_none) { "promotions:create" } else { "promotions:update" })
    });
    let changes = place::derived(move || {
        if done.get() || !editable.get() {
            return Vec::new();
        }
        form.draft.with(|draft| saved_draft.with(|saved| draft.changes(saved)))
    });
    let save = move |()| {
        if !form.can_be_sent() {
            focus_first_fault();
            return;
        }
        busy.set(true);
        form.failure.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let before = saved.get_untracked();
            let new = before.is_none();
            match send(before, form.input()).await {
                Ok(promotion) => {
                    toaster.done("Saved: the next cart counts with it");
                    let path = place::to(&format!("/promotions/{}", promotion.id.inner()));
                    form.asked.set(false);
                    form.draft.set(Draft::of(&promotion, place::zone));
                    saved.set(Some(promotion));
                    if new {
                        done.set(true);
                        guard.clear();
                        let options = NavigateOptions { resolve: false, replace: true, ..Default::default() };
                        navigate(&path, options);
                    }
                }
                Err(wrong) => {
                    let _ = form.failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let discard = move |()| {
        form.asked.set(false);
        form.failure.set(None);
        form.draft.set(saved_draft.get_untracked());
    };
    let switched_off = move |promotion: Promotion| {
        form.draft.update(|draft| draft.active = promotion.active);
        saved.set(Some(promotion));
    };
    let wrong = move || {
        form.failure.get().map(|failure| {
            // A code that opens another promotion is a conflict too; it stands at its field.
            if failure.is_conflict() && failure.fields.is_empty() {
                view! {
                    <div class="banner" data-tone="warning" role="alert">
                        {icon("warn")}
                        <div class="grow">
                            <b>"Somebody else saved this promotion first"</b>
                            <p>"Nothing of yours was saved. Load theirs to go on; what you typed here is then gone."</p>
                        </div>
                        <button class="btn" type="button" data-size="sm" on:click=move |_| on_reload.run(())>"Load theirs"</button>
                    </div>
                }
                .into_any()
            } else {
                view! { <Wrong failure/> }.into_any()
            }
        })
    };
    let state = move || {
        saved
            .with(|saved| saved.as_ref().map(|saved| saved.state.words()))
            .map(|(tone, word)| pill(tone, word))
    };
    let note = move || {
        (!editable.get()).then(|| {
            let words = match saved.with(Option::is_none) {
                true => "You may look at promotions, but not make them.",
                false => "You may look at this promotion, but not change it.",
            };
            view! { <div class="banner" data-tone="info" role="note">{icon("info")}<p class="grow">{words}</p></div> }
        })
    };
    let may_try = place::memo(move || session.may("promotions:read"));
    view! {
        <div class="page">
            <PageHead title back=(place::to("/promotions"), "Promotions") beside=state>
                <Remove saved on_off=switched_off/>
            </PageHead>
            {note}
            {wrong}
            <div class="cols">
                <div class="stack">
                    <fieldset class="stack bare" disabled=move || !editable.get()>
                        <NameAndTime form/>
                        <WhatItDoes form/>
                        <Conditions form/>
                        <Codes form/>
                        <Limits form/>
                        <Others form/>
                    </fieldset>
                    <Show when=move || may_try.get()><Trial form/></Show>
                </div>
                <aside class="stack"><InWords form saved/></aside>
            </div>
            <SaveBar changes busy wrong=form.wrong() on_save=save on_discard=discard/>
        </div>
    }
}

/// Puts the focus into the first field that is wrong, once the page shows it.
pub fn focus_first_fault() {
    request_animation_frame(|| {
        let field = document().query_selector(".field:has(> .error)").ok().flatten();
        let control = field.and_then(|field| field.query_selector("input, select, button").ok().flatten());
        if let Some(control) = control.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = control.focus();
        }
    });
}

/// What it does in words, and what it has done.
#[component]
fn InWords(form: Form, saved: RwSignal<Option<Promotion>>) -> impl IntoView {
    let figures = move || {
        saved.get().map(|saved| {
            let of = |limit: Option<String>| limit.map_or_else(String::new, |limit| format!(" of {limit}"));
            let used = count(saved.uses.0, "order", "orders");
            let used = format!("{used}{}", of(saved.use_limit.map(|limit| crate::parts::grouped(limit.0))));
            let spent =
                format!("{}{}", saved.spent.formatted, of(saved.budget.map(|budget| budget.formatted)));
            view! {
                <div class="body">
                    <dl class="dl">
                        <dt>"Used by"</dt>
                        <dd>{used}</dd>
                        <dt>"Taken off"</dt>
                        <dd>{spent}</dd>
                        <dt>"Made"</dt>
                        <dd>{place::moment(&saved.created_at.0)}</dd>
                        <dt>"Changed"</dt>
                        <dd>{place::moment(&saved.updated_at.0)}</dd>
                    </dl>
                </div>
            }
        })
    };
    view! {
        <section class="card">
            <header><h2>"In words"</h2></header>
            <div class="body"><p>{move || form.said()} "."</p></div>
            {figures}
        </section>
    }
}
