//! What a gateway has promised for an order: taking it, letting it go, asking again; and what is disputed.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::moves::{Act, Reason};
use crate::api::{self, Data};
use crate::gql::Document;
use crate::gql::orders::{Order, OrderState};
use crate::gql::payments::{
    OrderCapture, OrderCaptureInput, OrderCaptureVariables, OrderRelease, OrderReleaseInput,
    OrderReleaseVariables, PaymentCheck, PaymentCheckInput, PaymentCheckVariables,
};
use crate::logic::amount;
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::toast::use_toaster;
use crate::parts::{icon, status};
use crate::place;
use crate::session::use_session;

/// The card, for orders that are paid through a gateway.
#[component]
pub fn Payment(
    /// The order.
    order: Data<Order>,
    /// The order after a change.
    on_change: Callback<Order>,
    /// Fetches it again.
    reload: Callback<()>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let act = move || Act::new(order, on_change, reload);
    let (take, release) = (act(), act());
    let checking = RwSignal::new(false);
    let is = move |what: fn(&Order) -> bool| {
        place::memo(move || order.with(|order| order.as_ref().is_some_and(what)))
    };
    let here = is(Order::through_gateway);
    let may = place::memo(move || session.may("payments:update"));
    let (can_take, can_release) = (is(|order| 0 < order.capturable.minor.0), is(Order::can_release));
    let check = move |_| {
        let id = order.with_untracked(|order| order.as_ref().map(|order| order.id.clone()));
        let Some(id) = id.filter(|_| !checking.get_untracked()) else { return };
        checking.set(true);
        spawn_local(async move {
            let input = PaymentCheckInput { id };
            match api::ask(PaymentCheck::build(PaymentCheckVariables { input })).await {
                Ok(answer) => {
                    toaster.done("Compared with the gateway");
                    on_change.run(answer.payment_check.order);
                }
                Err(failure) => toaster.failure("The gateway was not asked", &failure),
            }
            let _ = checking.try_set(false);
        });
    };
    let buttons = move || {
        view! {
            <div class="body">
                <div class="flex wrap gap-s">
                    <Show when=move || can_take.get()>
                        <button class="btn" type="button" data-kind="primary" on:click=move |_| take.begin()>{icon("card")} "Take the payment"</button>
                    </Show>
                    <Show when=move || can_release.get()>
                        <button class="btn" type="button" on:click=move |_| release.begin()>"Forgo the rest"</button>
                    </Show>
                    <button
                        class="btn"
                        type="button"
                        disabled=move || checking.get()
                        aria-busy=move || checking.get().to_string()
                        on:click=check
                    >
                        {icon("refresh")}
                        "Check with the gateway"
                    </button>
                </div>
            </div>
        }
    };
    view! {
        <Show when=move || here.get()>
            <section class="card" id="payment">
                <header><h2>"Payment"</h2><span class="meta">{move || order.get().map(|order| order.payment_name)}</span></header>
                {move || order.get().map(promised)}
                <Show when=move || may.get()>{buttons}</Show>
                {move || order.get().map(disputes)}
            </section>
        </Show>
        <Take act=take/>
        <Release act=release/>
    }
}

/// What is promised, and what is here.
fn promised(order: Order) -> impl IntoView {
    let until = order.pay_until.filter(|_| order.state == OrderState::PendingPayment);
    let until = until.map(|at| {
        view! { <dt>"Given up unless it is paid until"</dt><dd>{place::moment(&at.0)}</dd> }
    });
    let promised = (0 < order.capturable.minor.0).then(|| {
        view! { <dt>"Promised, not taken"</dt><dd><b>{order.capturable.formatted.clone()}</b></dd> }
    });
    view! {
        <div class="body">
            <dl class="dl">
                {promised}
                <dt>"Here so far"</dt>
                <dd>{order.paid.formatted}</dd>
                {until}
            </dl>
        </div>
    }
}

/// What the customer's bank wants back.
fn disputes(order: Order) -> impl IntoView {
    let rows = order
        .disputes
        .into_iter()
        .map(|one| {
            let (tone, word) = one.state.words();
            let reason = if one.reason.is_empty() { "no reason given".to_owned() } else { one.reason };
            let when = match one.closed_at {
                Some(at) => format!("ended {}", place::moment(&at.0)),
                None => format!("opened {}", place::moment(&one.opened_at.0)),
            };
            view! {
                <div>
                    <span class="grow"><b>"Dispute over " {one.amount.formatted}</b><small>{reason} ", " {when}</small></span>
                    {status(tone, word)}
                </div>
            }
        })
        .collect::<Vec<_>>();
    (!rows.is_empty()).then(|| view! { <div class="list">{rows}</div> })
}

/// Takes a part or all of what is promised.
#[component]
fn Take(act: Act) -> impl IntoView {
    let (typed, bad) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let key = RwSignal::new(api::fresh_key());
    let rest = move || act.order.with(|order| order.as_ref().map(|order| order.capturable.clone()));
    // All that is promised, until somebody types something else.
    let value =
        place::derived(move || typed.get().or_else(|| rest().map(|rest| rest.decimal)).unwrap_or_default());
    let send = move |()| {
        let Some((stamp, rest)) = act.stamp().zip(untrack(rest)) else { return };
        let amount = match amount::parse(&value.get_untracked(), amount::exponent(&rest.currency)) {
            Ok(minor) if !(1..=rest.minor.0).contains(&minor) => {
                return bad.set(Some(format!("Write more than zero and at most {}", rest.formatted)));
            }
            Ok(minor) => amount::text(minor, amount::exponent(&rest.currency)),
            Err(error) => return bad.set(Some(error.to_string())),
        };
        let input = OrderCaptureInput {
            id: stamp.id,
            version: stamp.version,
            amount: Some(amount),
            idempotency_key: key.get_untracked(),
        };
        act.run("The gateway was asked for the money", async move {
            let answer = api::ask(OrderCapture::build(OrderCaptureVariables { input })).await;
            if let Err(wrong) = &answer {
                api::renew(key, wrong);
            }
            let order = answer?.order_capture.order;
            // Only now: whoever was refused, or heard nothing, tries the same once more.
            let _ = key.try_set(api::fresh_key());
            let _ = typed.try_set(None);
            Ok(order)
        });
    };
    let refused = move || act.failure.with(|failure| failure.as_ref().and_then(|it| it.at("amount")));
    let error = place::derived(move || bad.get().or_else(refused));
    let symbol = untrack(rest).map(|rest| amount::symbol(&rest.currency)).unwrap_or_default();
    let hint = place::derived(move || match rest() {
        Some(rest) => format!("{} is promised", rest.formatted),
        None => String::new(),
    });
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || act.busy.get().to_string()
                disabled=move || act.busy.get()
            >
                "Take it"
            </button>
            <span class="meta">"When all that the order costs is here, it is paid and ready to send."</span>
        }
    };
    view! {
        <Drawer open=act.open title="Take the payment".to_owned() on_submit=send footer>
            {move || act.failure.get().filter(|it| it.at("amount").is_none()).map(|failure| view! { <Wrong failure/> })}
            <TextField
                id="capture-amount"
                label="Amount"
                mode="decimal"
                most=20
                prefix=symbol.clone()
                hint
                value
                on_input=move |text| {
                    bad.set(None);
                    typed.set(Some(text));
                }
                error
            />
            <p class="dim">
                "Less than all is a part. Where the gateway takes several parts, the rest stays promised; most let it go with the first one, and the order then waits until you forgo the rest or it is paid otherwise."
            </p>
        </Drawer>
    }
}

/// Forgoes what was not taken.
#[component]
fn Release(act: Act) -> impl IntoView {
    let (reason, missing) = (RwSignal::new(String::new()), RwSignal::new(false));
    let yes = move |()| {
        let Some(stamp) = act.stamp() else { return };
        let words = reason.get_untracked().trim().to_owned();
        if words.is_empty() {
            missing.set(true);
            return;
        }
        let input = OrderReleaseInput { id: stamp.id, version: stamp.version, reason: words };
        act.run("The rest is forgone", async move {
            let answer = api::ask(OrderRelease::build(OrderReleaseVariables { input })).await?;
            Ok(answer.order_release.order)
        });
    };
    let said =
        move |say: fn(&Order) -> String| act.order.with(|order| order.as_ref().map(say).unwrap_or_default());
    let lost = |order: &Order| {
        let Some(minor) = order.totals.total.minor.0.checked_sub(order.paid.minor.0) else {
            return String::new();
        };
        let exponent = amount::exponent(&order.paid.currency);
        format!("{}{}", amount::symbol(&order.paid.currency), amount::text(minor, exponent))
    };
    view! {
        <Confirm
            open=act.open
            title=place::derived(move || format!("Forgo {}?", said(lost)))
            act=place::derived(move || format!("Forgo {}", said(lost)))
            refuse="Keep waiting for it"
            busy=act.busy
            failure=act.failure
            on_yes=yes
        >
            <p>
                <b>{said(|order| order.paid.formatted.clone())}</b>
                " is here. What is still promised goes back to the customer, and the order counts as paid with what is here. This cannot be taken back."
            </p>
            <Reason act reason missing id="release-reason"/>
        </Confirm>
    }
}
