//! What staff do to an order. Each act says what it will do before it does it.

use std::pin::Pin;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::edit::Edit;
use super::parcels::Ship;
use crate::api::{self, Data, Failure};
use crate::gql::Document;
use crate::gql::order_moves::{
    OrderCancel, OrderCancelInput, OrderCancelVariables, OrderDeliver, OrderDeliverVariables, OrderMarkPaid,
    OrderMarkPaidVariables, OrderMoveInput, OrderRefund, OrderRefundInput, OrderRefundVariables, RefundTo,
};
use crate::gql::orders::Order;
use crate::logic::amount;
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::toast::{Toaster, use_toaster};
use crate::parts::{count, icon};
use crate::place;
use crate::session::use_session;

/// What has to be known before a reason is written that the order's page shows.
pub(super) const READ: &str =
    "The customer can read it, and it stays in the order's story for good: write no names";

/// What one open dialog or drawer needs.
#[derive(Clone, Copy)]
pub(crate) struct Act {
    pub open: RwSignal<bool>,
    pub busy: RwSignal<bool>,
    pub failure: RwSignal<Option<Failure>>,
    pub order: Data<Order>,
    on_change: Callback<Order>,
    reload: Callback<()>,
    toaster: Toaster,
}

impl Act {
    pub fn new(order: Data<Order>, on_change: Callback<Order>, reload: Callback<()>) -> Self {
        let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
        Self { open, busy, failure: RwSignal::new(None), order, on_change, reload, toaster: use_toaster() }
    }

    pub fn begin(self) {
        self.failure.set(None);
        self.open.set(true);
    }

    /// Id and version of the order on the screen.
    pub fn stamp(self) -> Option<OrderMoveInput> {
        self.order.with_untracked(|order| {
            order.as_ref().map(|order| OrderMoveInput { id: order.id.clone(), version: Some(order.version) })
        })
    }

    pub fn run(self, done: &'static str, request: impl Future<Output = Result<Order, Failure>> + 'static) {
        self.go(done, Box::pin(request), false);
    }

    /// The same for a form in which much is typed: it stays open whatever the answer is.
    pub fn run_form(
        self,
        done: &'static str,
        request: impl Future<Output = Result<Order, Failure>> + 'static,
    ) {
        self.go(done, Box::pin(request), true);
    }

    fn go(
        self,
        done: &'static str,
        request: Pin<Box<dyn Future<Output = Result<Order, Failure>>>>,
        stays: bool,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            match request.await {
                Ok(order) => {
                    let _ = self.open.try_set(false);
                    self.toaster.done(done);
                    self.on_change.run(order);
                }
                Err(failure) if failure.is_conflict() => {
                    // Somebody was faster: show what the order is now, and leave the decision to the person.
                    self.reload.run(());
                    if stays {
                        let _ = self.failure.try_set(Some(failure));
                    } else {
                        let _ = self.open.try_set(false);
                        self.toaster
                            .failure("Nothing was changed: somebody else changed this order first", &failure);
                    }
                }
                Err(failure) => {
                    let _ = self.failure.try_set(Some(failure));
                }
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// The buttons of the page's head.
#[component]
pub fn Moves(
    /// The order.
    order: Data<Order>,
    /// The order after a move.
    on_change: Callback<Order>,
    /// Fetches it again.
    reload: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let act = move || Act::new(order, on_change, reload);
    let (pay, ship, deliver, cancel, refund, edit) = (act(), act(), act(), act(), act(), act());
    let can = move |name: &'static str, permission: &'static str| {
        place::memo(move || {
            session.may(permission) && order.with(|order| order.as_ref().is_some_and(|order| order.can(name)))
        })
    };
    let can_pay = can("mark_paid", "payments:update");
    let can_ship = can("ship", "orders:update");
    let can_deliver = can("deliver", "orders:update");
    let can_cancel = can("cancel", "orders:update");
    let can_refund = can("refund", "orders:refund");
    let can_edit = can("edit", "orders:update");
    let button = move |when: Memo<bool>,
                       act: Act,
                       kind: Option<&'static str>,
                       symbol: &'static str,
                       label: &'static str| {
        view! {
            <Show when=move || when.get()>
                <button class="btn" type="button" data-kind=kind on:click=move |_| act.begin()>{icon(symbol)} {label}</button>
            </Show>
        }
    };
    view! {
        {button(can_edit, edit, None, "note", "Edit")}
        {button(can_cancel, cancel, None, "x", "Cancel the order")}
        {button(can_refund, refund, None, "returns", "Refund")}
        {button(can_pay, pay, Some("primary"), "card", "Mark as paid")}
        {button(can_ship, ship, Some("primary"), "truck", "Send")}
        {button(can_deliver, deliver, Some("primary"), "check", "Mark as delivered")}
        <Pay act=pay/>
        <Ship act=ship/>
        <Deliver act=deliver/>
        <Cancel act=cancel/>
        <Refund act=refund/>
        <Edit act=edit/>
    }
}

pub(super) fn number(act: Act) -> impl Fn() -> String + Copy + Send + Sync {
    move || {
        act.order
            .with(|order| order.as_ref().map_or_else(String::new, |order| format!("#{}", order.number.0)))
    }
}

fn total(act: Act) -> impl Fn() -> String + Copy + Send + Sync {
    move || {
        act.order.with(|order| {
            order.as_ref().map_or_else(String::new, |order| order.totals.total.formatted.clone())
        })
    }
}

fn items(act: Act) -> impl Fn() -> String + Copy + Send + Sync {
    move || {
        let items: i32 = act
            .order
            .with(|order| order.iter().flat_map(|order| &order.lines).map(|line| line.quantity).sum());
        count(items.into(), "item", "items")
    }
}

#[component]
fn Pay(act: Act) -> impl IntoView {
    let yes = move |()| {
        let Some(input) = act.stamp() else { return };
        act.run("Marked as paid", async move {
            let answer = api::ask(OrderMarkPaid::build(OrderMarkPaidVariables { input })).await?;
            Ok(answer.order_mark_paid.order)
        });
    };
    let (number, total) = (number(act), total(act));
    view! {
        <Confirm
            open=act.open
            title=place::derived(move || format!("Is {} here?", total()))
            act=place::derived(move || format!("Mark {} as paid", total()))
            kind="primary"
            refuse="Not yet"
            busy=act.busy
            failure=act.failure
            on_yes=yes
        >
            <p>"Order " {number} " becomes ready to send, and the customer sees it as paid. This cannot be taken back, only refunded."</p>
        </Confirm>
    }
}

#[component]
fn Deliver(act: Act) -> impl IntoView {
    let yes = move |()| {
        let Some(input) = act.stamp() else { return };
        act.run("Marked as delivered", async move {
            let answer = api::ask(OrderDeliver::build(OrderDeliverVariables { input })).await?;
            Ok(answer.order_deliver.order)
        });
    };
    let number = number(act);
    view! {
        <Confirm
            open=act.open
            title=place::derived(move || format!("Has everything of {} arrived?", number()))
            act="Mark as delivered".to_owned()
            kind="primary"
            refuse="Not yet"
            busy=act.busy
            failure=act.failure
            on_yes=yes
        >
            <p>"The customer sees every parcel that is on its way as arrived. This cannot be taken back."</p>
        </Confirm>
    }
}

/// What went wrong with a form that stays open, as far as it does not stand at its fields.
pub(super) fn above(act: Act, has_field: impl Fn(&str) -> bool) -> Option<impl IntoView> {
    let failure = act.failure.get()?;
    let kept = failure.is_conflict().then(|| {
        view! { <p>"Nothing was changed. The order is shown as it is now, and what you typed is kept: look at it once more, then send it again."</p> }
    });
    let failure = failure.above(has_field)?;
    Some(view! { <Wrong failure/> {kept} })
}

/// A reason of up to 500 characters.
#[component]
pub(super) fn Reason(
    act: Act,
    reason: RwSignal<String>,
    missing: RwSignal<bool>,
    id: &'static str,
    #[prop(default = "Stays in the order's story for good: write no names")] hint: &'static str,
) -> impl IntoView {
    let error = place::derived(move || {
        let refused = act.failure.with(|failure| failure.as_ref().and_then(|it| it.at("reason")));
        refused.or_else(|| missing.get().then(|| "Say why, in a few words".to_owned()))
    });
    view! {
        <Field id label="Reason" error hint=Signal::stored(hint.to_owned())>
            <textarea
                class="input"
                id=id
                rows="2"
                maxlength="500"
                aria-invalid=move || error.get().is_some().to_string()
                aria-describedby=format!("{id}-note")
                prop:value=move || reason.get()
                on:input=move |event| {
                    missing.set(false);
                    reason.set(event_target_value(&event));
                }
            ></textarea>
        </Field>
    }
}

#[component]
fn Cancel(act: Act) -> impl IntoView {
    let (reason, missing) = (RwSignal::new(String::new()), RwSignal::new(false));
    let yes = move |()| {
        let Some(stamp) = act.stamp() else { return };
        let words = reason.get_untracked().trim().to_owned();
        if words.is_empty() {
            missing.set(true);
            return;
        }
        let input = OrderCancelInput { id: stamp.id, version: stamp.version, reason: words };
        act.run("Cancelled", async move {
            let answer = api::ask(OrderCancel::build(OrderCancelVariables { input })).await?;
            Ok(answer.order_cancel.order)
        });
    };
    let (number, items, total) = (number(act), items(act), total(act));
    view! {
        <Confirm
            open=act.open
            title=place::derived(move || format!("Cancel order {}?", number()))
            act=place::derived(move || format!("Cancel {}", number()))
            refuse="Keep the order"
            busy=act.busy
            failure=act.failure
            on_yes=yes
        >
            <p>
                <b>{items}</b> " go back into stock, " <b>{total}</b>
                " will not be collected, and the customer sees the order as cancelled. The order stays in the list. This cannot be taken back."
            </p>
            <Reason act reason missing id="cancel-reason" hint=READ/>
        </Confirm>
    }
}

#[component]
fn Refund(act: Act) -> impl IntoView {
    let (reason, missing) = (RwSignal::new(String::new()), RwSignal::new(false));
    let (typed, bad, credit) =
        (RwSignal::new(String::new()), RwSignal::new(None::<String>), RwSignal::new(false));
    let currency =
        move || act.order.with(|order| order.as_ref().map(|it| it.currency().to_owned())).unwrap_or_default();
    let sent =
        move || act.order.with(|order| order.as_ref().is_some_and(|order| !order.fulfilments.is_empty()));
    // Shown for the person; the server decides from its ledger.
    let rest = move || {
        act.order.with(|order| {
            order.as_ref().map_or_else(String::new, |order| match order.refunded.minor.0 {
                0 => order.paid.formatted.clone(),
                given => {
                    let exponent = amount::exponent(&order.paid.currency);
                    let left = amount::text(order.paid.minor.0 - given, exponent);
                    format!("{}{left}", amount::symbol(&order.paid.currency))
                }
            })
        })
    };
    let send = move |()| {
        let Some(stamp) = act.stamp() else { return };
        let words = reason.get_untracked().trim().to_owned();
        if words.is_empty() {
            missing.set(true);
            return;
        }
        let amount = match typed.get_untracked().trim() {
            "" => None,
            text => match amount::wire(text, amount::exponent(&untrack(currency))) {
                Ok(amount) => Some(amount),
                Err(error) => return bad.set(Some(error.to_string())),
            },
        };
        let to = if credit.get_untracked() { RefundTo::StoreCredit } else { RefundTo::Original };
        let input = OrderRefundInput { id: stamp.id, version: stamp.version, amount, to, reason: words };
        act.run("Refunded", async move {
            let answer = api::ask(OrderRefund::build(OrderRefundVariables { input })).await?;
            // Only now: empty means all of it, and whoever was refused tries the same once more.
            let _ = typed.try_set(String::new());
            Ok(answer.order_refund.order)
        });
    };
    let number = number(act);
    let refused = move || act.failure.with(|failure| failure.as_ref().and_then(|it| it.at("amount")));
    let error = place::derived(move || bad.get().or_else(refused));
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="danger"
                data-block=""
                aria-busy=move || act.busy.get().to_string()
                disabled=move || act.busy.get()
            >
                "Refund"
            </button>
            <span class="meta">"When everything is back, the order ends as refunded. A refund cannot be undone."</span>
        }
    };
    view! {
        <Drawer open=act.open title=place::derived(move || format!("Refund for {}", number())) on_submit=send footer>
            {move || act.failure.get().filter(|it| it.at("amount").is_none()).map(|failure| view! { <Wrong failure/> })}
            {move || {
                act.order
                    .get()
                    .map(|order| {
                        let given = (order.refunded.minor.0 > 0)
                            .then(|| view! { <dt>"Given back already"</dt><dd>"−" {order.refunded.formatted.clone()}</dd> });
                        view! {
                            <dl class="dl">
                                <dt>"Paid, " {order.payment_name.clone()}</dt>
                                <dd>{order.paid.formatted.clone()}</dd>
                                {given}
                                <dt class="sum">"Can go back"</dt>
                                <dd class="sum">{rest()}</dd>
                            </dl>
                        }
                    })
            }}
            <TextField
                id="refund-amount"
                label="Amount"
                optional=true
                mode="decimal"
                hint=Signal::stored("Empty: all of it".to_owned())
                prefix=amount::symbol(&untrack(currency))
                value=typed
                on_input=move |text| {
                    bad.set(None);
                    typed.set(text);
                }
                error
            />
            <label class="check">
                <input type="checkbox" prop:checked=move || credit.get() on:change=move |event| credit.set(event_target_checked(&event))/>
                <span>"As store credit, instead of where it came from"</span>
            </label>
            <Reason act reason missing id="refund-reason"/>
            <p class="dim">
                "What was not sent yet is free for others again. "
                {move || sent().then_some("What was sent does not come back into stock by this: count it in the product's stock when it returns.")}
            </p>
        </Drawer>
    }
}
