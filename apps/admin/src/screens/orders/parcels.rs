//! What leaves in which parcel, how it is followed, and what has arrived.

use leptos::prelude::*;

use super::moves::{Act, number};
use crate::api::{self, Data};
use crate::gql::Document;
use crate::gql::order_moves::{
    FulfilmentDeliver, FulfilmentDeliverInput, FulfilmentDeliverVariables, FulfilmentTrack,
    FulfilmentTrackInput, FulfilmentTrackVariables, OrderPieceInput, OrderShip, OrderShipInput,
    OrderShipVariables,
};
use crate::gql::orders::{Discount, Fulfilment, Order, OrderLine, OrderState};
use crate::logic::order::variant_of;
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::{count, icon, pill, thumb};
use crate::place;
use crate::session::use_session;

/// Lines, grouped by where they are: on the shelf or on their way; and the parcels.
#[component]
pub fn Parcels(
    /// The order.
    order: Data<Order>,
    /// The order after a move.
    on_change: Callback<Order>,
    /// Fetches it again.
    reload: Callback<()>,
) -> impl IntoView {
    let (tracking, arriving) = (Act::new(order, on_change, reload), Act::new(order, on_change, reload));
    // The parcel that one of the two is about.
    let chosen = RwSignal::new(None::<Fulfilment>);
    view! {
        <section class="card">
            {move || order.get().map(head)}
            {move || order.get().map(|order| parcels(order, tracking, arriving, chosen))}
        </section>
        <Track act=tracking chosen/>
        <Arrive act=arriving chosen/>
    }
}

fn head(order: Order) -> impl IntoView {
    let sum = |pieces: fn(&OrderLine) -> i32| order.lines.iter().map(pieces).sum::<i32>();
    let (items, to_send) = (sum(|line| line.quantity), sum(|line| line.to_send));
    let things = count(items.into(), "item", "items");
    let fetched = order.pickup_place.is_some();
    let (tone, words, title) = match order.state {
        OrderState::Paid if fetched && order.partly_shipped => {
            ("warning", "Partly ready", format!("{to_send} of {things} still to be made ready"))
        }
        OrderState::Paid if fetched => ("warning", "To be made ready", things),
        OrderState::Shipped if fetched => ("info", "Ready to be fetched", things),
        OrderState::Delivered if fetched => ("good", "Fetched", things),
        OrderState::Draft | OrderState::PendingPayment => {
            ("warning", "Reserved", format!("{things}, waiting for the payment"))
        }
        OrderState::Paid if order.partly_shipped => {
            ("warning", "Partly sent", format!("{to_send} of {things} still to be sent"))
        }
        OrderState::Paid => ("warning", "Waiting to be sent", things),
        OrderState::Shipped => ("info", "On its way", things),
        OrderState::Delivered => ("good", "Delivered", things),
        OrderState::Cancelled => ("off", "Not sent", format!("{things}, back in stock")),
        OrderState::Refunded => {
            let (tone, words) = order.words();
            (tone, words, things)
        }
    };
    let partly = order.partly_shipped;
    let rows = order.lines.into_iter().map(|it| line(it, partly)).collect_view();
    view! {
        <header>{pill(tone, words)} <h2>{title}</h2><span class="meta end">{order.shipping_name}</span></header>
        <div class="tight"><table class="table lines" data-static=""><tbody>{rows}</tbody></table></div>
    }
}

/// A variant as it is called.
fn line(line: OrderLine, partly: bool) -> impl IntoView {
    let session = use_session();
    let variant = variant_of(&line);
    let title = if session.may("products:read") {
        view! { <a class="key" href=place::to(&format!("/products/{}", line.product_id.inner()))>{line.title}</a> }.into_any()
    } else {
        view! { <b>{line.title}</b> }.into_any()
    };
    let gift = line.gift.then(|| view! { " " {pill("good", "Gift")} });
    let full = (line.full.minor != line.total.minor).then(
        || view! { <s class="dim"><span class="vh">"Instead of "</span>{line.full.formatted}</s> <br/> },
    );
    let discounts = line.discounts.iter().map(taken_off).collect_view();
    let sent = partly.then(|| {
        let words = match line.to_send {
            0 => "sent".to_owned(),
            left => format!("{left} to send"),
        };
        view! { <br/> <span class="meta">{words}</span> }
    });
    view! {
        <tr>
            <td class="pick">{thumb(line.picture.as_ref())}</td>
            <td>{title} {gift} <br/> <span class="meta">{variant}</span> {discounts}</td>
            <td class="num">{line.quantity} " × " {line.unit.formatted} {sent}</td>
            <td class="num">{full} <b>{line.total.formatted}</b></td>
        </tr>
    }
}

/// What a promotion took off a line, and how that came about.
fn taken_off(discount: &Discount) -> impl IntoView + use<> {
    let text = format!("{}, −{}", discount.words, discount.amount.formatted);
    view! { <br/> <span class="meta">{text}</span> }
}

fn parcels(
    order: Order,
    tracking: Act,
    arriving: Act,
    chosen: RwSignal<Option<Fulfilment>>,
) -> impl IntoView {
    let may = use_session().may("orders:update");
    let goes = matches!(order.state, OrderState::Paid | OrderState::Shipped);
    let several = order.fulfilments.len() > 1 || order.partly_shipped;
    let lines = order.lines;
    let fetched = order.pickup_place.is_some();
    let parcel = move |parcel: Fulfilment| {
        let holds = several.then(|| view! { <p class="meta">{holds(&parcel, &lines)}</p> });
        let about = followed(&parcel, fetched);
        let button = |act: Act, label: &'static str| {
            let parcel = StoredValue::new(parcel.clone());
            view! {
                <button class="btn" type="button" data-size="sm" on:click=move |_| {
                    chosen.set(Some(parcel.get_value()));
                    act.begin();
                }>{label}</button>
            }
        };
        let edit = (may && !fetched).then(|| button(tracking, "Edit"));
        let there = if fetched { "Fetched" } else { "Arrived" };
        let arrived = (may && goes && parcel.delivered_at.is_none()).then(|| button(arriving, there));
        view! { <footer>{icon(if fetched { "check" } else { "truck" })} <div class="grow">{about} {holds}</div> {edit} {arrived}</footer> }
    };
    order.fulfilments.into_iter().map(parcel).collect_view()
}

/// What lies in a parcel, in words.
fn holds(parcel: &Fulfilment, lines: &[OrderLine]) -> String {
    let piece = |it: &crate::gql::orders::FulfilmentLine| {
        let line = lines.iter().find(|line| line.id == it.line_id)?;
        Some(format!("{} × {}", it.quantity, line.title))
    };
    parcel.lines.iter().filter_map(piece).collect::<Vec<_>>().join(", ")
}

/// Who brings a parcel, how to follow it, and where it is.
fn followed(parcel: &Fulfilment, fetched: bool) -> impl IntoView + use<> {
    let reader = place::reader();
    if fetched {
        let moment = match &parcel.delivered_at {
            Some(at) => format!("Fetched: {}", reader.moment(&at.0)),
            None => format!("Ready: {}", reader.moment(&parcel.shipped_at.0)),
        };
        return view! { <span>{moment}</span> }.into_any();
    }
    let carrier = if parcel.carrier.is_empty() { "Sent".to_owned() } else { parcel.carrier.clone() };
    let (number, url) = (parcel.tracking_number.clone(), parcel.tracking_url.clone());
    // Only web addresses become links, whatever was typed.
    let web = url.starts_with("https://") || url.starts_with("http://");
    let tracking = match (number.is_empty(), web) {
        (true, false) => view! { <span>"without a tracking number"</span> }.into_any(),
        (_, true) => {
            let text = if number.is_empty() { "Follow the parcel".to_owned() } else { number };
            view! { <a href=url target="_blank" rel="noopener noreferrer">{text}</a> }.into_any()
        }
        (false, false) => view! { <code>{number}</code> }.into_any(),
    };
    let moment = match &parcel.delivered_at {
        Some(at) => format!("Arrived: {}", reader.moment(&at.0)),
        None => format!("Left: {}", reader.moment(&parcel.shipped_at.0)),
    };
    view! { <span>{carrier} " "</span> {tracking} <span class="meta">" " {moment}</span> }.into_any()
}

/// How a parcel can be followed, as it is typed.
#[derive(Clone, Copy)]
struct Typed {
    carrier: RwSignal<String>,
    number: RwSignal<String>,
    url: RwSignal<String>,
    bad_url: RwSignal<bool>,
}

impl Typed {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self { carrier: text(), number: text(), url: text(), bad_url: RwSignal::new(false) }
    }

    fn show(self, parcel: &Fulfilment) {
        self.carrier.set(parcel.carrier.clone());
        self.number.set(parcel.tracking_number.clone());
        self.url.set(parcel.tracking_url.clone());
        self.bad_url.set(false);
    }

    /// Carrier, number and address, unless the address is none.
    fn read(self) -> Option<[Option<String>; 3]> {
        let some = |text: RwSignal<String>| {
            Some(text.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
        };
        let url = some(self.url);
        let wrong =
            url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://"));
        self.bad_url.set(wrong);
        (!wrong).then(|| [some(self.carrier), some(self.number), url])
    }
}

#[component]
fn TrackingFields(act: Act, typed: Typed) -> impl IntoView {
    let Typed { carrier, number, url, bad_url } = typed;
    let refused = move |name: &'static str| {
        place::derived(move || act.failure.with(|failure| failure.as_ref().and_then(|it| it.at(name))))
    };
    let url_error = place::derived(move || {
        let typed = bad_url.get().then(|| "An address begins with https://".to_owned());
        typed.or_else(|| refused("trackingUrl").get())
    });
    view! {
        <Field id="carrier" label="Carrier" optional=true>
            <input
                class="input"
                id="carrier"
                list="carriers"
                maxlength="100"
                prop:value=move || carrier.get()
                on:input=move |event| carrier.set(event_target_value(&event))
            />
            <datalist id="carriers">
                {["bpost", "DHL", "DPD", "FedEx", "GLS", "PostNL", "UPS", "USPS"].map(|name| view! { <option value=name></option> }).collect_view()}
            </datalist>
        </Field>
        <TextField
            id="tracking"
            label="Tracking number"
            optional=true
            value=number
            on_input=move |typed| number.set(typed)
            error=refused("trackingNumber")
            most=100
        />
        <TextField
            id="tracking-url"
            label="Address to follow it"
            optional=true
            mode="url"
            most=500
            value=url
            on_input=move |typed| url.set(typed)
            error=url_error
        />
    }
}

/// The button of a drawer, and what it does.
pub(super) fn act_button(act: Act, label: Signal<String>, says: &'static str) -> impl IntoView {
    view! {
        <button
            class="btn"
            type="submit"
            data-kind="primary"
            data-block=""
            aria-busy=move || act.busy.get().to_string()
            disabled=move || act.busy.get()
        >
            {label}
        </button>
        <span class="meta">{says}</span>
    }
}

/// A parcel with pieces that somebody chooses.
#[component]
pub(super) fn Ship(act: Act) -> impl IntoView {
    let typed = Typed::new();
    // Pieces of each line that is not sent completely, as they are typed.
    let picked = RwSignal::new(Vec::<(cynic::Id, String)>::new());
    place::effect(move |_| {
        if act.open.get() {
            let left = act.order.with_untracked(|order| {
                let lines = order.iter().flat_map(|order| &order.lines).filter(|line| line.to_send > 0);
                lines.map(|line| (line.id.clone(), line.to_send.to_string())).collect()
            });
            picked.set(left);
        }
    });
    let fetched = place::derived(move || {
        act.order.with(|order| order.as_ref().is_some_and(|order| order.pickup_place.is_some()))
    });
    let pieces = |typed: &str| typed.trim().parse::<i32>().ok().filter(|n| *n >= 0);
    let sum = move || picked.with(|all| all.iter().filter_map(|(_, typed)| pieces(typed)).sum::<i32>());
    let send = move |()| {
        let Some(stamp) = act.stamp() else { return };
        let wrong = picked.with_untracked(|all| all.iter().any(|(_, typed)| pieces(typed).is_none()));
        let Some([carrier, tracking_number, tracking_url]) = typed.read().filter(|_| !wrong) else { return };
        let lines = picked.with_untracked(|all| {
            let some =
                all.iter().filter_map(|(id, typed)| Some((id, pieces(typed)?))).filter(|(_, n)| *n > 0);
            some.map(|(id, quantity)| OrderPieceInput { line_id: id.clone(), quantity }).collect()
        });
        let input = OrderShipInput {
            id: stamp.id,
            version: stamp.version,
            carrier,
            tracking_number,
            tracking_url,
            lines: Some(lines),
        };
        let done = if fetched.get_untracked() {
            "Ready: the customer sees it now"
        } else {
            "Sent: the customer sees the parcel now"
        };
        act.run(done, async move {
            let answer = api::ask(OrderShip::build(OrderShipVariables { input })).await?;
            Ok(answer.order_ship.order)
        });
    };
    let number = number(act);
    let verb = move || if fetched.get() { "Make ready:" } else { "Send" };
    let label = place::derived(move || format!("{} {}", verb(), count(sum().into(), "item", "items")));
    let footer = move || {
        let says = match fetched.get() {
            true => {
                "The stock of these items leaves the shelf, and the customer sees on the order's page that they can be \
                 fetched."
            }
            false => {
                "The stock of these items leaves the shelf, and the customer sees the parcel on the order's page. What is \
                 not in it stays reserved."
            }
        };
        act_button(act, label, says)
    };
    let fields = move || {
        let line = |line: OrderLine| {
            let (id, most) = (StoredValue::new(line.id.clone()), line.to_send);
            let typed = move || {
                picked.with(|all| {
                    let found = all.iter().find(|(it, _)| id.with_value(|id| id == it));
                    found.map(|(_, typed)| typed.clone()).unwrap_or_default()
                })
            };
            let name = format!("{} {}", line.title, variant_of(&line));
            view! {
                <p class="flex">
                    <span class="grow">{line.title.clone()} <br/> <span class="meta">{variant_of(&line)}</span></span>
                    <input class="input" style=("inline-size", "5rem") inputmode="numeric" maxlength="5" autocomplete="off"
                        aria-label=format!("Pieces of {name}")
                        aria-invalid=move || pieces(&typed()).is_none_or(|n| n > most).to_string()
                        prop:value=typed
                        on:input=move |event| {
                            let text = event_target_value(&event);
                            picked.update(|all| {
                                if let Some(one) = all.iter_mut().find(|(it, _)| id.with_value(|id| id == it)) {
                                    one.1 = text;
                                }
                            });
                        }/>
                    <span class="meta nowrap">{format!("of {most}")}</span>
                </p>
            }
        };
        act.order.get().map(|order| {
            let lines = order.lines.into_iter().filter(|line| line.to_send > 0).map(line).collect_view();
            let to = match &order.pickup_place {
                Some(place) => view! { <div><h3>"Fetched at"</h3><p>{place.clone()}</p></div> }.into_any(),
                None => view! { <div><h3>"To"</h3>{super::detail::address(&order.address)}</div> }.into_any(),
            };
            view! { {lines} {to} }
        })
    };
    view! {
        <Drawer open=act.open title=place::derived(move || format!("{} {}", verb(), number())) on_submit=send footer>
            {move || act.failure.get().map(|failure| view! { <Wrong failure/> })}
            {fields}
            <Show when=move || !fetched.get()><TrackingFields act typed/></Show>
        </Drawer>
    }
}

#[component]
fn Track(act: Act, chosen: RwSignal<Option<Fulfilment>>) -> impl IntoView {
    let typed = Typed::new();
    place::effect(move |_| {
        if act.open.get() {
            chosen.with_untracked(|parcel| parcel.iter().for_each(|parcel| typed.show(parcel)));
        }
    });
    let save = move |()| {
        let (Some(stamp), Some(parcel)) = (act.stamp(), chosen.get_untracked()) else { return };
        let Some([carrier, tracking_number, tracking_url]) = typed.read() else { return };
        let version = stamp.version;
        let input = FulfilmentTrackInput { id: parcel.id, version, carrier, tracking_number, tracking_url };
        act.run("Saved: the customer sees it now", async move {
            let answer = api::ask(FulfilmentTrack::build(FulfilmentTrackVariables { input })).await?;
            Ok(answer.fulfilment_track.order)
        });
    };
    let label = Signal::stored("Save".to_owned());
    let footer =
        move || act_button(act, label, "The customer follows the parcel on the order's page with this.");
    view! {
        <Drawer open=act.open title="How to follow the parcel".to_owned() on_submit=save footer>
            {move || act.failure.get().map(|failure| view! { <Wrong failure/> })}
            <TrackingFields act typed/>
        </Drawer>
    }
}

#[component]
fn Arrive(act: Act, chosen: RwSignal<Option<Fulfilment>>) -> impl IntoView {
    let yes = move |()| {
        let (Some(stamp), Some(parcel)) = (act.stamp(), chosen.get_untracked()) else { return };
        let input = FulfilmentDeliverInput { id: parcel.id, version: stamp.version };
        act.run("Marked as arrived", async move {
            let answer = api::ask(FulfilmentDeliver::build(FulfilmentDeliverVariables { input })).await?;
            Ok(answer.fulfilment_deliver.order)
        });
    };
    let what = move || {
        chosen.with(|parcel| {
            act.order.with(|order| {
                let (parcel, order) = parcel.as_ref().zip(order.as_ref())?;
                Some(holds(parcel, &order.lines))
            })
        })
    };
    view! {
        <Confirm
            open=act.open
            title="Has this parcel arrived?".to_owned()
            act="Mark as arrived".to_owned()
            kind="primary"
            refuse="Not yet"
            busy=act.busy
            failure=act.failure
            on_yes=yes
        >
            <p>{what}</p>
            <p>"The customer sees it as arrived. The order is delivered with its last parcel. This cannot be taken back."</p>
        </Confirm>
    }
}
