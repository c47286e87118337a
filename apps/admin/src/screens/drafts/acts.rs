//! Throwing a draft away, and writing to its customer.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::form::Form;
use super::sums::act_button;
use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::drafts::{DraftDelete, DraftOrder, DraftOrderState, DraftSeenVariables, DraftSend};
use crate::parts::count;
use crate::parts::dialog::Confirm;
use crate::parts::guard::LeaveGuard;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

/// What one open dialog needs.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub open: RwSignal<bool>,
    pub busy: RwSignal<bool>,
    pub failure: RwSignal<Option<Failure>>,
    form: Form,
}

impl Ask {
    pub fn new(form: Form) -> Self {
        Self { open: RwSignal::new(false), busy: RwSignal::new(false), failure: RwSignal::new(None), form }
    }

    pub fn begin(self) {
        self.failure.set(None);
        self.open.set(true);
    }

    /// Does it once at a time. Somebody else having changed the draft is said on the page, with the way on.
    pub fn run(self, act: impl Future<Output = Result<(), Failure>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            match act.await {
                Ok(()) => {
                    let _ = self.open.try_set(false);
                }
                Err(wrong) if wrong.is_stale() => {
                    let _ = self.open.try_set(false);
                    let _ = self.form.failure.try_set(Some(wrong));
                }
                Err(wrong) => {
                    // The sum has moved: the next look is at the new one.
                    if wrong.is_conflict() {
                        self.form.foretold.reload();
                    }
                    let _ = self.failure.try_set(Some(wrong));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// Throws the draft away.
#[component]
pub fn Delete(
    /// The draft.
    form: Form,
    /// As it is saved; nothing while it is new.
    saved: RwSignal<Option<DraftOrder>>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let guard = expect_context::<LeaveGuard>();
    let navigate = use_navigate();
    let ask = Ask::new(form);
    let may = place::memo(move || {
        let open = saved.with(|it| it.as_ref().is_some_and(|it| it.state == DraftOrderState::Open));
        open && session.may("orders:delete")
    });
    let yes = move |()| {
        let Some(draft) = saved.get_untracked() else { return };
        let navigate = navigate.clone();
        ask.run(async move {
            let variables = DraftSeenVariables { id: draft.id, version: draft.version };
            api::ask(DraftDelete::build(variables)).await?;
            toaster.done("The draft is gone");
            guard.clear();
            let options = NavigateOptions { resolve: false, replace: true, ..Default::default() };
            navigate(&place::to("/drafts"), options);
            Ok(())
        });
    };
    let pieces = move || count(form.draft.with(|draft| draft.n_pieces()), "piece", "pieces");
    view! {
        <Show when=move || may.get()>{act_button(None, "trash", "Delete", Signal::stored(None), move || ask.begin())}</Show>
        <Confirm open=ask.open title="Delete this draft?".to_owned() act="Delete the draft".to_owned() busy=ask.busy failure=ask.failure on_yes=yes>
            <p><b>{pieces}</b> " with everything that was agreed about them are gone. Nothing was reserved for it. This cannot be taken back."</p>
        </Confirm>
    }
}

/// Writes to the customer: a quote, or what is to be paid.
#[component]
pub fn Send(
    /// The draft.
    form: Form,
    /// As it is saved; nothing while it is new.
    saved: RwSignal<Option<DraftOrder>>,
    /// Why it cannot be sent now.
    why_not: Signal<Option<&'static str>>,
    /// The order waits for its payment.
    #[prop(into)]
    waits: Signal<bool>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let ask = Ask::new(form);
    let open = move || saved.with(|it| it.as_ref().is_some_and(|it| it.state == DraftOrderState::Open));
    let may = place::memo(move || session.may("orders:update") && (open() || waits.get()));
    let was_sent = place::derived(move || {
        saved.with(|it| it.as_ref().is_some_and(|it| it.sent_version == Some(it.version)))
    });
    let why_not = place::derived(move || match was_sent.get() {
        true => Some("This version was sent already"),
        false => why_not.get(),
    });
    let yes = move |()| {
        let Some(draft) = saved.get_untracked() else { return };
        ask.run(async move {
            let variables = DraftSeenVariables { id: draft.id, version: draft.version };
            let answer = api::ask(DraftSend::build(variables)).await?;
            toaster.done("The letter is on its way");
            let _ = saved.try_set(Some(answer.draft_order_send.draft));
            Ok(())
        });
    };
    let to = move || saved.with(|it| it.as_ref().map(|it| it.email.clone()).unwrap_or_default());
    let title = place::derived(move || format!("Write to {}?", to()));
    let words = move || match open() {
        true => {
            let pieces = count(form.draft.with(|draft| draft.n_pieces()), "piece", "pieces");
            let total = form.total().map(|(total, _)| total).unwrap_or_default();
            format!(
                "The letter names {pieces} and the total of {total}, at the prices of now. It reserves nothing. Whoever answers it writes to you, at {}.",
                session.email()
            )
        }
        false => format!(
            "The letter names what is to be paid and leads to the page where that is done. Whoever answers it writes to you, at {}.",
            session.email()
        ),
    };
    let label = move || if open() { "Send a quote" } else { "Send the payment link" };
    view! {
        <Show when=move || may.get()>{move || act_button(None, "mail", label(), why_not, move || ask.begin())}</Show>
        <Confirm
            open=ask.open
            title
            act="Send the letter".to_owned()
            kind="primary"
            refuse="Not now"
            busy=ask.busy
            failure=ask.failure
            on_yes=yes
        >
            <p>{words}</p>
        </Confirm>
    }
}
