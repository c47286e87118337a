//! The editor of a draft.

use leptos::prelude::*;

use super::acts::{Delete, Send};
use super::contact::{Contact, Notes, Where};
use super::form::Form;
use super::lines::Lines;
use super::place_it::{Became, PlaceIt};
use super::promotions::Promotions;
use super::sums::{DeliveryAndPayment, Sums, WholeDiscount};
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::drafts::{
    DraftById, DraftCreate, DraftCreateVariables, DraftOrder, DraftOrderInput, DraftOrderState, DraftUpdate,
    DraftUpdateVariables, PlacedOrderById,
};
use crate::gql::orders::OrderState;
use crate::logic::draft_order::Draft;
use crate::parts::dialog::Wrong;
use crate::parts::editor::{Saved, Saving, note, screen};
use crate::parts::guard::LeaveGuard;
use crate::parts::savebar::SaveBar;
use crate::parts::tags::Tags;
use crate::parts::{PageHead, icon, pill};
use crate::place;
use crate::screens::orders::tags::known;
use crate::screens::promotions::editor::focus_first_fault;
use crate::session::use_session;

async fn send(before: Option<DraftOrder>, input: DraftOrderInput) -> Result<DraftOrder, Failure> {
    match before {
        None => {
            Ok(api::ask(DraftCreate::build(DraftCreateVariables { input })).await?.draft_order_create.draft)
        }
        Some(before) => {
            let variables = DraftUpdateVariables { id: before.id, version: before.version, input };
            Ok(api::ask(DraftUpdate::build(variables)).await?.draft_order_update.draft)
        }
    }
}

/// The screen of one draft.
#[component]
pub fn DraftScreen() -> impl IntoView {
    let id = place::id();
    let draft = remote(move || {
        let variables = IdVariables { id: cynic::Id::new(id.get()) };
        async move { api::ask(DraftById::build(variables)).await.map(|answer| answer.draft_order) }
    });
    screen(draft, "Draft", ("/drafts", "Drafts"), &[&[5, 7]], move |it| {
        view! { <Editor draft=Some(it) on_reload=move |()| draft.reload()/> }.into_any()
    })
}

/// The screen of a new draft.
#[component]
pub fn NewDraft() -> impl IntoView {
    view! { <Editor draft=None on_reload=|()| ()/> }
}

#[component]
fn Editor(
    /// Nothing: a new one.
    draft: Option<DraftOrder>,
    #[prop(into)] on_reload: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let guard = expect_context::<LeaveGuard>();
    let exponent = untrack(|| session.exponent());
    let form = Form::new(draft.as_ref(), exponent);
    let order = draft.as_ref().and_then(|draft| draft.order_id.clone());
    let saved = RwSignal::new(draft);
    let saved_draft = place::memo(move || saved.with(|it| it.as_ref().map_or_else(Draft::new, Draft::of)));
    let saving = Saving::new(form.failure);
    let is_new = place::memo(move || saved.with(Option::is_none));
    let title = place::derived(move || {
        let name = form.draft.with(|draft| {
            let names = [&draft.address.name, &draft.email];
            names.into_iter().map(|name| name.trim()).find(|name| !name.is_empty()).map(str::to_owned)
        });
        match (is_new.get(), name) {
            (true, _) => "New draft".to_owned(),
            (false, Some(name)) => format!("Draft for {name}"),
            (false, None) => "Draft for nobody yet".to_owned(),
        }
    });
    place::title(move || title.get());
    let placed = place::memo(move || {
        saved.with(|it| it.as_ref().is_some_and(|it| it.state == DraftOrderState::Completed))
    });
    let editable = place::memo(move || {
        let permission = if is_new.get() { "orders:create" } else { "orders:update" };
        session.may(permission) && !placed.get()
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
            let sent = send(before, form.draft.with_untracked(|draft| draft.input(exponent))).await;
            let draft = sent.inspect_err(|_| focus_first_fault())?;
            let path = place::to(&format!("/drafts/{}", draft.id.inner()));
            form.asked.set(false);
            form.draft.set(Draft::of(&draft));
            saved.set(Some(draft));
            Ok(Saved("Saved", new.then_some(path)))
        });
    };
    let discard = move |()| {
        form.asked.set(false);
        form.failure.set(None);
        form.draft.set(saved_draft.get_untracked());
    };
    let wrong = move || {
        form.failure.get().map(|failure| {
            if !failure.is_conflict() {
                return view! { <Wrong failure/> }.into_any();
            }
            view! {
                <div class="banner" data-tone="warning" role="alert">
                    {icon("warn")}
                    <div class="grow">
                        <b>{failure.message}</b>
                        <p>"Nothing of yours was saved or sent. Load it again to go on; what you typed here is then gone."</p>
                    </div>
                    <button
                        class="btn"
                        type="button"
                        data-size="sm"
                        on:click=move |_| {
                            guard.clear();
                            on_reload.run(());
                        }
                    >
                        "Load it again"
                    </button>
                </div>
            }
            .into_any()
        })
    };
    let state = move || {
        saved.with(|it| {
            it.as_ref().map(|it| {
                let (tone, word) = it.state.words();
                pill(tone, word)
            })
        })
    };
    let about = place::derived(move || {
        saved.with(|it| {
            let Some(it) = it else { return String::new() };
            let Some(at) = &it.sent_at else { return String::new() };
            let at = place::moment(&at.0);
            match it.sent_version == Some(it.version) {
                true => format!("Sent {at}"),
                false => format!("Sent {at}, changed since"),
            }
        })
    });
    let why_not = place::derived(move || {
        let dirty = changes.with(|changes| !changes.is_empty());
        let asking = form.foretold.asking();
        let unready = form
            .foretold
            .data
            .with(|seen| seen.iter().flatten().next().is_none_or(|preview| !preview.problems.is_empty()));
        match () {
            () if dirty => Some("Save it first"),
            () if asking.busy.get() => Some("Its price is being counted"),
            () if unready || asking.failure.with(Option::is_some) => {
                Some("Something is still missing: see the sum")
            }
            () => None,
        }
    });
    let made = remote(move || {
        let order = order.clone();
        async move {
            let Some(id) = order else { return Ok(None) };
            api::ask(PlacedOrderById::build(IdVariables { id })).await.map(|answer| answer.order)
        }
    });
    let waits = place::memo(move || {
        made.data.with(|order| {
            let waits = |state| state == OrderState::PendingPayment;
            order.iter().flatten().any(|order| waits(order.state) && order.balance_due.minor.0 > 0)
        })
    });
    let may_send = place::derived(move || if placed.get() { None } else { why_not.get() });
    let note = move || {
        let words = "You may look at drafts, but not change them.";
        (!editable.get() && !placed.get()).then(|| note(words))
    };
    let tags = place::derived(move || form.draft.with(|draft| draft.tags.clone()));
    let fixed = move || !editable.get();
    view! {
        <div class="page">
            <PageHead title about back=(place::to("/drafts"), "Drafts") beside=state>
                <Delete form saved/>
                <Send form saved why_not=may_send waits/>
                <PlaceIt form saved why_not/>
            </PageHead>
            {note}
            {wrong}
            <div class="cols">
                <div class="stack">
                    <Show when=move || placed.get()><Became order=made/></Show>
                    <Lines form editable/>
                    <fieldset class="stack bare" disabled=fixed>
                        <WholeDiscount form/>
                        <Show when=move || !placed.get()><Promotions form/></Show>
                        <Notes form/>
                    </fieldset>
                </div>
                <aside class="stack">
                    <Show when=move || !placed.get()><Sums form/></Show>
                    <fieldset class="stack bare" disabled=fixed>
                        <Contact form/>
                        <Where form new=is_new/>
                        <Show when=move || !placed.get()><DeliveryAndPayment form/></Show>
                        <section class="card">
                            <header><h2>"Tags"</h2></header>
                            <div class="body">
                                <label class="vh" for="draft-tags">"Tags"</label>
                                <Tags
                                    id="draft-tags"
                                    tags
                                    on_change=move |next| form.draft.update(|draft| draft.tags = next)
                                    placeholder="Add a tag of the order"
                                    known=known()
                                />
                                {super::form::error_line(form.fault("tags"))}
                            </div>
                        </section>
                    </fieldset>
                </aside>
            </div>
            <SaveBar changes busy=saving.busy wrong=form.wrong() on_save=save on_discard=discard/>
        </div>
    }
}
