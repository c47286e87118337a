//! The editor of a promotion.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

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
use crate::parts::editor::{Refused, Saved, Saving, note, screen};
use crate::parts::savebar::SaveBar;
use crate::parts::{PageHead, count, pill};
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
    let id = place::id();
    let promotion = remote(move || fetch(id.get()));
    screen(promotion, "Promotion", ("/promotions", "Promotions"), &[&[5, 7, 3], &[5]], move |it| {
        view! { <Editor promotion=Some(it) on_reload=move |()| promotion.reload()/> }.into_any()
    })
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
    let saving = Saving::new(form.failure);
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
        if saving.done.get() || !editable.get() {
            return Vec::new();
        }
        form.draft.with(|draft| saved_draft.with(|saved| draft.changes(saved)))
    });
    let save = move |()| {
        if !form.can_be_sent() {
            focus_first_fault();
            return;
        }
        saving.run(async move {
            let before = saved.get_untracked();
            let new = before.is_none();
            let promotion = send(before, form.input()).await?;
            let path = place::to(&format!("/promotions/{}", promotion.id.inner()));
            form.asked.set(false);
            form.draft.set(Draft::of(&promotion, place::zone));
            saved.set(Some(promotion));
            Ok(Saved("Saved: the next cart counts with it", new.then_some(path)))
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
            note(words)
        })
    };
    let may_try = place::memo(move || session.may("promotions:read"));
    view! {
        <div class="page">
            <PageHead title back=(place::to("/promotions"), "Promotions") beside=state>
                <Remove saved on_off=switched_off/>
            </PageHead>
            {note}
            // A code that opens another promotion is a conflict too; it stands at its field.
            <Refused failure=form.failure late=Failure::is_stale what="promotion" on_reload/>
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
            <SaveBar changes busy=saving.busy wrong=form.wrong() on_save=save on_discard=discard/>
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
