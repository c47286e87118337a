//! The card "Try it on past orders": what the draft would have taken off.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::form::Form;
use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::promotions::{
    PromotionActionKind as Kind, PromotionTrial, PromotionTried, PromotionTriedVariables, TrialOrder,
    TrialReason,
};
use crate::logic::promotion::{Draft, share};
use crate::parts::dialog::Wrong;
use crate::parts::{Empty, count, icon};
use crate::place;
use crate::session::use_session;

const DAYS: [i32; 3] = [7, 30, 90];

/// An answer, and what it is the answer to.
#[derive(Clone)]
struct Tried {
    days: i32,
    draft: Draft,
    trial: PromotionTrial,
}

/// The card.
#[component]
pub fn Trial(form: Form) -> impl IntoView {
    let days = RwSignal::new(30);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let unready = RwSignal::new(false);
    let found = RwSignal::new(None::<Tried>);
    let latest = StoredValue::new(0_u32);
    let delivery = place::memo(move || form.draft.with(|draft| draft.action.kind == Kind::FreeShipping));
    let ask = move || {
        failure.set(None);
        unready.set(!form.can_be_tried());
        if unready.get_untracked() {
            return;
        }
        let (draft, days) = (form.draft.get_untracked(), days.get_untracked());
        let mut input = form.input();
        if input.name.is_empty() {
            // It is not stored, and nobody reads it.
            input.name.push('–');
        }
        let mine = latest.get_value() + 1;
        latest.set_value(mine);
        busy.set(true);
        spawn_local(async move {
            let answer = api::ask(PromotionTried::build(PromotionTriedVariables { input, days })).await;
            if latest.try_get_value() != Some(mine) {
                return;
            }
            match answer {
                Ok(answer) => found.set(Some(Tried { days, draft, trial: answer.promotion_trial })),
                Err(wrong) => {
                    if !wrong.fields.is_empty() {
                        form.failure.set(Some(wrong.clone()));
                    }
                    failure.set(Some(wrong));
                }
            }
            busy.set(false);
        });
    };
    let choices = DAYS
        .into_iter()
        .map(|n| {
            view! {
                <label>
                    <input
                        type="radio"
                        name="trial-days"
                        prop:checked=move || days.get() == n
                        on:change=move |_| {
                            days.set(n);
                            if found.with_untracked(Option::is_some) {
                                ask();
                            }
                        }
                    />
                    {n}
                    " days"
                </label>
            }
        })
        .collect_view();
    let stale = move || {
        found.with(|found| {
            found
                .as_ref()
                .is_some_and(|found| form.draft.with(|draft| !found.draft.changes(draft).is_empty()))
        })
    };
    let body = move || {
        if delivery.get() {
            return view! {
                <div class="body"><p class="dim">"What a delivery cost is not counted again, so this kind cannot be tried."</p></div>
            }
            .into_any();
        }
        let wrong = failure.get().map(|failure| view! { <div class="body"><Wrong failure/></div> });
        let unready = unready.get().then(|| {
            view! { <div class="body"><p class="dim" role="alert">"Mend the fields that are marked first."</p></div> }
        });
        let result = found.get().map(|tried| view! { <Result tried busy/> });
        let first = (wrong.is_none() && unready.is_none() && result.is_none()).then(|| {
            view! {
                <div class="body">
                    <p class="dim">
                        "Counts the orders of the last days again, as if this promotion, as it stands above and alone, had been switched on, with its code given. Nothing changes."
                    </p>
                </div>
            }
        });
        view! { {wrong} {unready} {first} {result} }.into_any()
    };
    view! {
        <section class="card clip-x" aria-busy=move || busy.get().to_string()>
            <header>
                <h2>"Try it on past orders"</h2>
                <span class="end flex wrap">
                    <span class="seg" data-size="sm" role="radiogroup" aria-label="How far back">{choices}</span>
                    <button
                        class="btn"
                        type="button"
                        data-size="sm"
                        aria-busy=move || busy.get().to_string()
                        disabled=move || busy.get() || delivery.get()
                        on:click=move |_| ask()
                    >
                        "Try it"
                    </button>
                </span>
            </header>
            <Show when=move || stale() && !busy.get() && !delivery.get()>
                <div class="body">
                    <div class="banner" data-tone="info" role="status">
                        {icon("info")}
                        <p class="grow">"You have changed the promotion since this was counted."</p>
                    </div>
                </div>
            </Show>
            {body}
        </section>
    }
}

/// What came of it.
#[component]
fn Result(tried: Tried, #[prop(into)] busy: Signal<bool>) -> impl IntoView {
    let Tried { days, trial, .. } = tried;
    let dim = move || busy.get().then_some("");
    if trial.n_orders == 0 {
        let text = format!("Nobody ordered in the last {days} days. Look farther back.");
        return view! { <Empty symbol="orders" title="No orders to try it on" text/> }.into_any();
    }
    let all = count(trial.n_orders.into(), "order", "orders");
    let headline = format!("{} of {all} of the last {days} days would have been cheaper", trial.n_applied);
    let part = share(trial.discount.minor.0, trial.goods.minor.0);
    let (n_reasons, n_named) = (trial.reasons.len(), trial.orders.len());
    let reasons = trial.reasons.into_iter().map(reason).collect_view();
    let orders = trial.orders.into_iter().map(row).collect_view();
    let more = (n_named < trial.n_applied as usize)
        .then(|| view! { <footer>{format!("The newest {n_named} of {}", trial.n_applied)}</footer> });
    view! {
        <div class="body" role="status" data-dim=dim>
            <p class="strong">{headline}</p>
            <dl class="dl">
                <dt>"Taken off in all"</dt>
                <dd>{trial.discount.formatted}</dd>
                <dt>"Of what the goods cost"</dt>
                <dd>{part}</dd>
                <dt>"Goods of all these orders"</dt>
                <dd>{trial.goods.formatted}</dd>
            </dl>
        </div>
        {(n_reasons > 0)
            .then(|| view! { <div class="body" data-dim=dim><h3>"Why not for the others"</h3><dl class="dl">{reasons}</dl></div> })}
        {(n_named > 0)
            .then(|| {
                view! {
                    <table class="table" data-static="" data-fit="" data-dim=dim aria-label="Orders that would have been cheaper">
                        <thead>
                            <tr>
                                <th>"Order"</th>
                                <th data-prio="2">"Placed"</th>
                                <th class="num">"Goods"</th>
                                <th class="num">"Taken off"</th>
                            </tr>
                        </thead>
                        <tbody>{orders}</tbody>
                    </table>
                }
            })}
        {more}
    }
    .into_any()
}

fn reason(reason: TrialReason) -> impl IntoView {
    let mut letters = reason.reason.chars();
    let text: String =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    view! {
        <dt>{text}</dt>
        <dd>{count(reason.orders.into(), "order", "orders")}</dd>
    }
}

fn row(order: TrialOrder) -> impl IntoView {
    let number = format!("#{}", order.number.0);
    let number = if use_session().may("orders:read") {
        view! { <a class="key" href=place::to(&format!("/orders/{}", order.id.inner()))>{number}</a> }
            .into_any()
    } else {
        view! { <b>{number}</b> }.into_any()
    };
    view! {
        <tr>
            <td>{number}</td>
            <td class="nowrap dim" data-prio="2">{place::moment(&order.placed_at.0)}</td>
            <td class="num">{order.goods.formatted}</td>
            <td class="num"><b>"−" {order.discount.formatted}</b></td>
        </tr>
    }
}
