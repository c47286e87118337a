//! The returns of an order: yes or no, what has arrived, and the money or other goods for it.

use leptos::prelude::*;

use super::exchange::{Exchange, became, is_at_home};
use super::moves::Act;
use super::parcels::act_button;
use crate::api::{self, Data, Failure};
use crate::gql::Document;
use crate::gql::orders::{Order, OrderExchange};
use crate::gql::returns::{
    Return, ReturnAnswerInput, ReturnApprove, ReturnApproveVariables, ReturnArrivedInput, ReturnClose,
    ReturnCloseVariables, ReturnDecline, ReturnDeclineVariables, ReturnLine, ReturnReceive,
    ReturnReceiveInput, ReturnReceiveVariables, ReturnRefund, ReturnRefundInput, ReturnRefundVariables,
};
use crate::gql::stock::{Location, Locations};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::{icon, pill};
use crate::place;
use crate::session::use_session;

/// What one word for the customer goes with.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Approve,
    Decline,
    Close,
}

/// What the drawers of all returns share.
#[derive(Clone, Copy)]
struct Desk {
    answer: Act,
    receive: Act,
    refund: Act,
    exchange: Act,
    /// What an answer goes with.
    word: RwSignal<Word>,
    /// The return that one of them is about.
    chosen: RwSignal<Option<Return>>,
}

/// The card; nothing while there are no returns.
#[component]
pub fn Returns(
    /// The order.
    order: Data<Order>,
    /// The order after a move.
    on_change: Callback<Order>,
    /// Fetches it again.
    reload: Callback<()>,
) -> impl IntoView {
    let act = move || Act::new(order, on_change, reload);
    let desk = Desk {
        answer: act(),
        receive: act(),
        refund: act(),
        exchange: act(),
        word: RwSignal::new(Word::Approve),
        chosen: RwSignal::new(None::<Return>),
    };
    let list = move || {
        let (returns, exchanges) = order.with(|order| {
            order.as_ref().map(|order| (order.returns.clone(), order.exchanges.clone())).unwrap_or_default()
        });
        let at_home = is_at_home(order);
        let one = |found: Return| {
            let into = exchanges.iter().find(|it| it.return_id == found.id);
            one_return(desk, &found, into, at_home)
        };
        (!returns.is_empty()).then(|| {
            view! {
                <section class="card" id="returns">
                    <header><h2>"Returns"</h2></header>
                    {returns.into_iter().map(one).collect_view()}
                </section>
            }
        })
    };
    view! {
        {list}
        <Answer act=desk.answer chosen=desk.chosen word=desk.word/>
        <Receive act=desk.receive chosen=desk.chosen/>
        <Refund act=desk.refund chosen=desk.chosen/>
        <Exchange act=desk.exchange chosen=desk.chosen/>
    }
}

fn one_return(
    desk: Desk,
    found: &Return,
    into: Option<&OrderExchange>,
    at_home: bool,
) -> impl IntoView + use<> {
    let Desk { answer, receive, refund, exchange, word, chosen } = desk;
    let session = use_session();
    let (tone, state) = found.state.words();
    let this = StoredValue::new(found.clone());
    let begin = move |act: Act| {
        chosen.set(Some(this.get_value()));
        act.begin();
    };
    let button = move |name: &'static str,
                       permission: &'static str,
                       label: &'static str,
                       act: Act,
                       says: Option<Word>| {
        let can = session.may(permission) && this.with_value(|found| found.can(name));
        can.then(|| {
            view! {
                <button class="btn" type="button" data-size="sm" on:click=move |_| {
                    if let Some(says) = says {
                        word.set(says);
                    }
                    begin(act);
                }>{label}</button>
            }
        })
    };
    let lines = found.lines.iter().map(line).collect_view();
    let money = match (&found.refunded, &found.offer) {
        (Some(refunded), _) => Some(format!("{} went back", refunded.formatted)),
        (None, _) if found.money_is_coming => Some("The gateway is asked for the money".to_owned()),
        (None, Some(offer)) => Some(format!("Up to {} to give back", offer.formatted)),
        _ => None,
    };
    let wish = found.exchange_wished.then_some(match at_home {
        true => "The customer would rather have other goods than money",
        false => {
            "The customer would rather have other goods than money. Only orders in the shop's own currency are exchanged: give the money back instead"
        }
    });
    view! {
        <div class="body">
            <div class="flex">
                <b class="grow">{found.number.clone()}</b>
                {pill(tone, state)}
            </div>
            <p class="meta">{found.reason.words()} ", " {place::reader().moment(&found.requested_at.0)}</p>
            {(!found.words.is_empty()).then(|| view! { <div class="quote">{found.words.clone()}</div> })}
            {wish.map(|wish| view! { <p class="flex">{icon("returns")} <span>{wish}</span></p> })}
            <dl class="dl">{lines}</dl>
            {(!found.answer.is_empty()).then(|| view! { <p class="meta">"You wrote: " {found.answer.clone()}</p> })}
            {money.map(|money| view! { <p>{money}</p> })}
            {into.map(became)}
            <div class="flex">
                {button("approve", "orders:update", "Approve", answer, Some(Word::Approve))}
                {button("decline", "orders:update", "Decline", answer, Some(Word::Decline))}
                {button("receive", "orders:update", "It has arrived", receive, None)}
                {button("refund", "orders:refund", "Refund", refund, None)}
                {at_home.then(|| button("refund", "orders:refund", "Exchange", exchange, None))}
                {button("close", "orders:update", "Close", answer, Some(Word::Close))}
            </div>
        </div>
    }
}

fn line(line: &ReturnLine) -> impl IntoView + use<> {
    let came = match (line.received, line.restocked) {
        (0, _) => format!("{} ×", line.quantity),
        (came, back) => format!("{came} of {} arrived, {back} back in stock", line.quantity),
    };
    view! { <dt>{line.title.clone()} <span class="meta">" " {line.variant_title.clone()}</span></dt><dd>{came}</dd> }
}

/// The order with everything, after one of its returns has moved.
fn then_order(act: Act, done: &'static str, request: impl Future<Output = Result<(), Failure>> + 'static) {
    let Some(stamp) = act.stamp() else { return };
    act.run(done, async move {
        request.await?;
        super::detail::fetch(stamp.id.inner().to_owned()).await
    });
}

#[component]
fn Answer(act: Act, chosen: RwSignal<Option<Return>>, word: RwSignal<Word>) -> impl IntoView {
    let words = RwSignal::new(String::new());
    place::effect(move |_| {
        if act.open.get() {
            words.set(String::new());
        }
    });
    let save = move |()| {
        let Some(found) = chosen.get_untracked() else { return };
        let text = words.get_untracked().trim().to_owned();
        let input = ReturnAnswerInput { id: found.id, version: Some(found.version), words: Some(text) };
        match word.get_untracked() {
            Word::Approve => then_order(act, "Approved: the customer sees it now", async move {
                api::ask(ReturnApprove::build(ReturnApproveVariables { input })).await.map(drop)
            }),
            Word::Decline => then_order(act, "Declined: the customer sees it now", async move {
                api::ask(ReturnDecline::build(ReturnDeclineVariables { input })).await.map(drop)
            }),
            Word::Close => then_order(act, "Closed", async move {
                api::ask(ReturnClose::build(ReturnCloseVariables { input })).await.map(drop)
            }),
        }
    };
    let verb = move || match word.get() {
        Word::Approve => "Approve",
        Word::Decline => "Decline",
        Word::Close => "Close",
    };
    let hint = place::derived(move || match word.get() {
        Word::Approve => {
            "Where to send it, for instance. The customer reads it on the order's page".to_owned()
        }
        Word::Decline => "Why not. The customer reads it on the order's page".to_owned(),
        Word::Close => "The customer reads it on the order's page. No money goes back".to_owned(),
    });
    let error =
        place::derived(move || act.failure.with(|failure| failure.as_ref().and_then(|it| it.at("words"))));
    let number =
        move || chosen.with(|found| found.as_ref().map(|found| found.number.clone()).unwrap_or_default());
    let title = place::derived(move || format!("{} {}", verb(), number()));
    let footer = move || act_button(act, title, "");
    view! {
        <Drawer open=act.open title on_submit=save footer>
            {move || act.failure.get().filter(|it| it.at("words").is_none()).map(|failure| view! { <Wrong failure/> })}
            <Field id="return-words" label="To the customer" error hint>
                <textarea
                    class="input"
                    id="return-words"
                    rows="4"
                    maxlength="500"
                    aria-invalid=move || error.get().is_some().to_string()
                    prop:value=move || words.get()
                    on:input=move |event| words.set(event_target_value(&event))
                ></textarea>
            </Field>
        </Drawer>
    }
}

/// A line that is being received: pieces as they are typed, and whether they can be sold again.
type Came = (ReturnLine, RwSignal<String>, RwSignal<bool>);

#[component]
fn Receive(act: Act, chosen: RwSignal<Option<Return>>) -> impl IntoView {
    let came = RwSignal::new(Vec::<Came>::new());
    let locations = RwSignal::new(Vec::<Location>::new());
    let place_of = RwSignal::new(String::new());
    place::effect(move |_| {
        if !act.open.get() {
            return;
        }
        let lines = chosen.with_untracked(|found| found.as_ref().map(|found| found.lines.clone()));
        let line = |line: ReturnLine| {
            let typed = RwSignal::new(line.quantity.to_string());
            (line, typed, RwSignal::new(true))
        };
        came.set(lines.unwrap_or_default().into_iter().map(line).collect());
        place_of.set(String::new());
        leptos::task::spawn_local(async move {
            // Who may not see the locations puts everything into the first.
            let Ok(found) = api::ask(Locations::build(())).await else { return };
            let all = found.locations;
            let first =
                all.iter().find(|it| it.is_default).or(all.first()).map(|it| it.id.inner().to_owned());
            let _ = locations.try_set(all);
            let _ = place_of.try_update(|place| {
                if place.is_empty() {
                    *place = first.unwrap_or_default();
                }
            });
        });
    });
    let pieces = |typed: &str| typed.trim().parse::<i32>().ok().filter(|n| *n >= 0);
    let save = move |()| {
        let Some(found) = chosen.get_untracked() else { return };
        let location = Some(place_of.get_untracked()).filter(|id| !id.is_empty()).map(cynic::Id::new);
        let lines: Option<Vec<_>> = came.with_untracked(|came| {
            let one = |(line, typed, restock): &Came| {
                Some(ReturnArrivedInput {
                    line_id: line.line_id.clone(),
                    quantity: pieces(&typed.get_untracked())?,
                    restock: Some(restock.get_untracked()),
                    location_id: location.clone(),
                })
            };
            came.iter().map(one).collect()
        });
        let Some(lines) = lines else { return };
        let input = ReturnReceiveInput { id: found.id, version: Some(found.version), lines };
        then_order(act, "Received", async move {
            api::ask(ReturnReceive::build(ReturnReceiveVariables { input })).await.map(drop)
        });
    };
    let row = move |(line, typed, restock): Came| {
        let most = line.quantity;
        let name = format!("{} {}", line.title, line.variant_title);
        view! {
            <div class="flex">
                <span class="grow">{name.clone()}</span>
                <input class="input" style=("inline-size", "5rem") inputmode="numeric" maxlength="5" autocomplete="off"
                    aria-label=format!("Pieces of {name}")
                    aria-invalid=move || pieces(&typed.get()).is_none_or(|n| n > most).to_string()
                    prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event))/>
                <label class="meta nowrap">
                    <input type="checkbox" prop:checked=move || restock.get() on:change=move |event| restock.set(event_target_checked(&event))/>
                    " Can be sold again"
                </label>
            </div>
        }
    };
    let footer = move || {
        act_button(
            act,
            Signal::stored("Receive".to_owned()),
            "What can be sold again goes on the shelf. Pieces that did not come can be part of another return.",
        )
    };
    view! {
        <Drawer open=act.open title="What has arrived?".to_owned() on_submit=save footer>
            {move || act.failure.get().map(|failure| view! { <Wrong failure/> })}
            {move || came.get().into_iter().map(row).collect_view()}
            {move || {
                let all = locations.get();
                (all.len() > 1).then(|| view! {
                    <Field id="return-place" label="On the shelves of">
                        <select class="input" id="return-place" prop:value=move || place_of.get() on:change=move |event| place_of.set(event_target_value(&event))>
                            {all.into_iter().map(|it| {
                                let id = it.id.into_inner();
                                let chosen = id.clone();
                                view! { <option value=id selected=move || place_of.with(|place| *place == chosen)>{it.name}</option> }
                            }).collect_view()}
                        </select>
                    </Field>
                })
            }}
        </Drawer>
    }
}

#[component]
fn Refund(act: Act, chosen: RwSignal<Option<Return>>) -> impl IntoView {
    let amount = RwSignal::new(String::new());
    place::effect(move |_| {
        if act.open.get() {
            let offer = chosen.with_untracked(|found| found.as_ref().and_then(|found| found.offer.clone()));
            amount.set(offer.map(|offer| offer.decimal).unwrap_or_default());
        }
    });
    let save = move |()| {
        let Some(found) = chosen.get_untracked() else { return };
        let amount = Some(amount.get_untracked().trim().to_owned());
        let input = ReturnRefundInput { id: found.id, version: Some(found.version), amount };
        then_order(act, "Refunded", async move {
            api::ask(ReturnRefund::build(ReturnRefundVariables { input })).await.map(drop)
        });
    };
    let error =
        place::derived(move || act.failure.with(|failure| failure.as_ref().and_then(|it| it.at("amount"))));
    let offer = move || chosen.with(|found| found.as_ref().and_then(|found| found.offer.clone()));
    let hint = place::derived(move || {
        let most = offer().map(|offer| offer.formatted).unwrap_or_default();
        format!("At most {most}, what the pieces have cost after discounts")
    });
    let footer = move || {
        act_button(
            act,
            Signal::stored("Refund".to_owned()),
            "The money goes back the way it came, and the return ends as refunded. This cannot be undone.",
        )
    };
    let number =
        move || chosen.with(|found| found.as_ref().map(|found| found.number.clone()).unwrap_or_default());
    view! {
        <Drawer open=act.open title=place::derived(move || format!("Refund {}", number())) on_submit=save footer>
            {move || act.failure.get().filter(|it| it.at("amount").is_none()).map(|failure| view! { <Wrong failure/> })}
            <TextField id="return-amount" label="Amount" value=amount on_input=move |typed| amount.set(typed) mode="decimal" error hint most=20/>
        </Drawer>
    }
}
