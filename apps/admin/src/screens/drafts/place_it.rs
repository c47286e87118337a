//! Making an order of a draft, and what became of it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::acts::Ask;
use super::form::Form;
use super::sums::act_button;
use crate::api::{self, Remote};
use crate::gql::Document;
use crate::gql::Long;
use crate::gql::drafts::{
    DraftComplete, DraftCompleteVariables, DraftOrder, DraftOrderCompleteInput, DraftOrderState, PlacedOrder,
};
use crate::gql::orders::OrderState;
use crate::parts::dialog::Confirm;
use crate::parts::guard::LeaveGuard;
use crate::parts::toast::use_toaster;
use crate::parts::{FailureView, count, pill};
use crate::place;
use crate::screens::orders::pay_link::PayLink;
use crate::session::use_session;

/// Makes an order of it.
#[component]
pub fn PlaceIt(
    /// The draft.
    form: Form,
    /// As it is saved; nothing while it is new.
    saved: RwSignal<Option<DraftOrder>>,
    /// Why it cannot be placed now.
    why_not: Signal<Option<&'static str>>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let guard = expect_context::<LeaveGuard>();
    let navigate = use_navigate();
    let ask = Ask::new(form);
    let paid = RwSignal::new(false);
    let key = RwSignal::new(api::fresh_key());
    place::effect(move |_| ask.failure.with(|failure| failure.iter().for_each(|it| api::renew(key, it))));
    let may = place::memo(move || {
        let open = saved.with(|it| it.as_ref().is_some_and(|it| it.state == DraftOrderState::Open));
        open && session.may("orders:create")
    });
    let may_pay = place::memo(move || session.may("payments:update"));
    let total = move || form.total().map(|(total, _)| total).unwrap_or_default();
    let yes = move |()| {
        let (Some(draft), Some((_, total))) = (saved.get_untracked(), untrack(|| form.total())) else {
            return;
        };
        let input = DraftOrderCompleteInput {
            id: draft.id,
            version: Some(draft.version),
            idempotency_key: key.get_untracked(),
            mark_paid: paid.get_untracked() && may_pay.get_untracked(),
            expected_total: Some(Long(total)),
        };
        let navigate = navigate.clone();
        ask.run(async move {
            let answer = api::ask(DraftComplete::build(DraftCompleteVariables { input })).await?;
            let order = answer.draft_order_complete.order;
            toaster.done(format!("Order #{} is placed", order.number.0));
            guard.clear();
            let options = NavigateOptions { resolve: false, ..Default::default() };
            navigate(&place::to(&format!("/orders/{}", order.id.inner())), options);
            Ok(())
        });
    };
    let pieces = move || count(form.draft.with(|draft| draft.n_pieces()), "piece", "pieces");
    let way = move |value: bool, label: &'static str, about: &'static str| {
        view! {
            <label class="check">
                <input type="radio" name="draft-paid" prop:checked=move || paid.get() == value on:change=move |_| paid.set(value)/>
                <span>{label}<small>{about}</small></span>
            </label>
        }
    };
    view! {
        <Show when=move || may.get()>
            {act_button(Some("primary"), "check", "Place the order", why_not, move || ask.begin())}
        </Show>
        <Confirm
            open=ask.open
            title=place::derived(move || format!("Place the order for {}?", total()))
            act=place::derived(move || format!("Place it for {}", total()))
            kind="primary"
            refuse="Not yet"
            busy=ask.busy
            failure=ask.failure
            on_yes=yes
        >
            <p><b>{pieces}</b> " are reserved, and the order is written for " <b>{total}</b> ". The draft can then not be changed any more."</p>
            <div class="stack" role="radiogroup" aria-label="Payment">
                {way(false, "It waits for its payment", "The order then has a link for the customer to pay")}
                <Show when=move || may_pay.get()>
                    {way(true, "It is paid already", "It counts as paid by hand at once")}
                </Show>
            </div>
        </Confirm>
    }
}

/// The order that was made of it: where it stands, and how its customer pays.
#[component]
pub fn Became(
    /// The order.
    order: Remote<Option<PlacedOrder>>,
) -> impl IntoView {
    let shown = move || {
        if let Some(failure) = order.failure.get() {
            return view! { <FailureView failure again=move |()| order.reload()/> }.into_any();
        }
        let Some(order) = order.data.get().flatten() else { return ().into_any() };
        let (tone, word) = order.state.words();
        let waits = order.state == OrderState::PendingPayment;
        let due = waits.then(|| {
            view! {
                <p><b>{order.balance_due.formatted.clone()}</b> " is still to be paid. The customer does that here:"</p>
                <PayLink token=order.token.clone()/>
            }
        });
        view! {
            <p class="flex">
                <a href=place::to(&format!("/orders/{}", order.id.inner()))>{format!("Order #{}", order.number.0)}</a>
                {pill(tone, word)}
            </p>
            {due}
            <p class="meta">"A draft that was placed cannot be changed. What it cost then stands on the order."</p>
        }
        .into_any()
    };
    view! {
        <section class="card">
            <header><h2>"What became of it"</h2></header>
            <div class="body">{shown}</div>
        </section>
    }
}
