//! What suppliers are to bring: announcing it, receiving all or part of it, calling it off.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::announce::Announce;
use super::{all_locations, called, fault, pieces};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::deliveries::{
    Deliveries as Page, DeliveriesVariables, DeliveryCancel, DeliveryCancelVariables, DeliveryReceive,
    DeliveryReceiveVariables, DeliveryRows, StockDelivery, StockDeliveryMoveInput, StockDeliveryReceiveInput,
};
use crate::gql::stock::Location;
use crate::logic::list::PAGE;
use crate::logic::stock::{pieces_words, status as standing, to_come};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::list::{FilterChip, List, Tabs};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

const COLUMNS: [Column; 6] = [
    Column::new("Variant"),
    Column::new("State"),
    Column::number("Pieces"),
    Column::new("Location").prio("3"),
    Column::new("Expected").prio("2"),
    Column::heard("Actions"),
];

/// A delivery that somebody is about to receive or to call off.
type Doing = RwSignal<Option<StockDelivery>>;

/// The list of deliveries.
#[component]
pub fn Deliveries() -> impl IntoView {
    place::title(|| "Deliveries".to_owned());
    let session = use_session();
    let list = List::here();
    let locations = all_locations();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variant = state.get("variant");
        let variables = DeliveriesVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            variant_id: (!variant.is_empty()).then(|| cynic::Id::new(variant)),
            all: state.get("state") == "all",
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.stock_deliveries) }
    });
    let (announcing, chosen) = (RwSignal::new(false), RwSignal::new(None::<(String, String)>));
    let (receiving, cancelling): (Doing, Doing) = (RwSignal::new(None), RwSignal::new(None));
    let may = place::memo(move || session.may("inventory:update"));
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let name = move || {
        page.data.with(|page| {
            let label = page.iter().flat_map(|page| &page.nodes).find_map(|row| row.variant.as_ref());
            label.map(|label| label.title.clone())
        })
    };
    let begin = move |_| {
        // In the list of one variant it is that one.
        let of = Some(list.value("variant")).filter(|it| !it.is_empty());
        chosen.set(of.zip(untrack(name)));
        announcing.set(true);
    };
    let announce = move || {
        session.may("inventory:create").then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=begin>
                    {icon("plus")}
                    "Announce a delivery"
                </button>
            }
        })
    };
    let chip = move || {
        (!list.value("variant").is_empty()).then(|| {
            let value = name().unwrap_or_else(|| "this variant".to_owned());
            view! { <div class="filters"><FilterChip list name="variant" field="Variant" value/></div> }
        })
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row locations receiving cancelling may/> }).collect_view()
    };
    let empty = move || {
        let title = if list.value("state") == "all" { "No deliveries" } else { "Nothing is to come" };
        let text = "Announce what you have ordered, and everybody sees how many come and when. What came or was called off is listed under “All”.";
        view! { <Empty symbol="truck" title text>{announce}</Empty> }
    };
    view! {
        <div class="page">
            <PageHead title="Deliveries".to_owned() back=(place::to("/inventory"), "Inventory")>{announce}</PageHead>
            <Table label="Deliveries" list rows columns=&COLUMNS grey=5 words=("Newer", "Older") body empty>
                <Tabs list label="State" name="state" all=&[("", "To come"), ("all", "All")]/>
                {chip}
            </Table>
            <Announce open=announcing chosen at=Signal::stored(String::new()) locations on_done=move |()| page.reload()/>
            <Receive of=receiving page/>
            <CallOff of=cancelling page/>
        </div>
    }
}

fn titled(delivery: &StockDelivery) -> String {
    let label = delivery.variant.as_ref().map(|label| label.title.clone());
    label.unwrap_or_else(|| "a variant that is gone".to_owned())
}

#[component]
fn Row(
    row: StockDelivery,
    locations: Remote<Vec<Location>>,
    receiving: Doing,
    cancelling: Doing,
    may: Memo<bool>,
) -> impl IntoView {
    let (tone, word) = standing(&row, place::reader());
    let name = titled(&row);
    let about = row.variant.iter().map(|label| label.sku.as_str()).chain([row.note.as_str()]);
    let about = about.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    let title = match &row.variant {
        Some(label) => {
            let href = place::to(&format!("/products/{}", label.product_id.inner()));
            view! { <a href=href>{name.clone()}</a> }.into_any()
        }
        None => view! { <span class="dim">"A variant that is gone"</span> }.into_any(),
    };
    let expected = row.expected_at.as_ref().map_or_else(|| "–".to_owned(), |at| place::day(&at.0));
    let pieces = pieces_words(&row);
    let location = row.location_id.clone();
    let open = 0 < to_come(&row);
    let labels = [format!("Receive {name}"), format!("Call off {name}")];
    let kept = StoredValue::new(row);
    let actions = move || {
        let [receive, cancel] = labels.clone();
        (open && may.get()).then(|| {
            view! {
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=receive on:click=move |_| receiving.set(Some(kept.get_value()))>
                    "Receive"
                </button>
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=cancel on:click=move |_| cancelling.set(Some(kept.get_value()))>
                    "Call off"
                </button>
            }
        })
    };
    view! {
        <tr>
            <td class="fill" data-slot="title"><span class="name"><span>{title}<small>{about}</small></span></span></td>
            <td data-slot="state">{status(tone, word)}</td>
            <td class="num" data-slot="value">{pieces}</td>
            <td data-prio="3">{move || called(locations, &location)}</td>
            <td data-prio="2" data-slot="sub" class="nowrap dim">{expected}</td>
            <td data-slot="more" class="nowrap">{actions}</td>
        </tr>
    }
}

/// The delivery as the list has it by now: somebody else may have received some of it.
fn by_now(of: Doing, page: Remote<DeliveryRows>) -> Option<StockDelivery> {
    let seen = of.get()?;
    let newer = page
        .data
        .with(|page| page.iter().flat_map(|page| &page.nodes).find(|row| row.id == seen.id).cloned());
    newer.or(Some(seen))
}

/// Follows what is done to a delivery with the dialog in which it is done.
fn opened(of: Doing, begin: impl Fn(&StockDelivery) + 'static) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    place::effect(move |_| {
        if let Some(delivery) = of.get() {
            begin(&delivery);
            open.set(true);
        }
    });
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            of.set(None);
        }
        now
    });
    open
}

/// Puts what has come on the shelf.
#[component]
fn Receive(of: Doing, page: Remote<DeliveryRows>) -> impl IntoView {
    let toaster = use_toaster();
    let (typed, last) = (RwSignal::new(String::new()), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let open = opened(of, move |delivery| {
        typed.set(to_come(delivery).to_string());
        last.set(false);
        failure.set(None);
    });
    let most = move || by_now(of, page).map_or(0, |delivery| to_come(&delivery));
    let number = move || pieces(&typed.get()).filter(|n| (1..=most()).contains(n));
    let refused = fault(failure, "quantity");
    let wrong = place::derived(move || {
        let own = (0 < most() && number().is_none()).then(|| format!("A whole number from 1 to {}", most()));
        own.or_else(|| refused.get())
    });
    let part = place::memo(move || number().is_some_and(|n| n < most()));
    let submit = move |()| {
        let (Some(delivery), Some(quantity)) = untrack(|| (by_now(of, page), number())) else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let last = last.get_untracked() && part.get_untracked();
        let StockDelivery { id, version, .. } = delivery;
        let input = StockDeliveryReceiveInput { id, version, quantity: Some(quantity), last };
        spawn_local(async move {
            match api::ask(DeliveryReceive::build(DeliveryReceiveVariables { input })).await {
                Ok(_) => {
                    let lie = if quantity == 1 { "lies" } else { "lie" };
                    toaster.done(format!("{} {lie} on the shelf", count(quantity.into(), "piece", "pieces")));
                    let _ = open.try_set(false);
                    page.reload();
                }
                Err(wrong) => {
                    if wrong.is_conflict() {
                        page.reload();
                    }
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || {
        of.get().map_or_else(|| "Receive".to_owned(), |delivery| format!("Receive {}", titled(&delivery)))
    });
    let hint = place::derived(move || format!("{} to come", count(most().into(), "piece is", "pieces are")));
    let above = move || {
        let rest = failure.get().and_then(|failure| failure.above(|field| field == "quantity"));
        rest.map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Put on the shelf"
            </button>
        }
    };
    view! {
        <Drawer open title footer=footer on_submit=submit>
            {above}
            <TextField id="received" label="Pieces that have come" value=typed on_input=move |text| typed.set(text) error=wrong hint mode="numeric" most=12/>
            <Show when=move || part.get()>
                <label class="check">
                    <input type="checkbox" prop:checked=move || last.get() on:change=move |event| last.set(event_target_checked(&event))/>
                    <span>
                        "No more of it comes"
                        <small>{move || format!("{} off what is to come", count(i64::from(most() - number().unwrap_or_default()), "piece is taken", "pieces are taken"))}</small>
                    </span>
                </label>
            </Show>
        </Drawer>
    }
}

/// Calls off what is still to come.
#[component]
fn CallOff(of: Doing, page: Remote<DeliveryRows>) -> impl IntoView {
    let toaster = use_toaster();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let open = opened(of, move |_| failure.set(None));
    let cancel = move |()| {
        let Some(StockDelivery { id, version, .. }) = untrack(|| by_now(of, page)) else { return };
        busy.set(true);
        failure.set(None);
        let input = StockDeliveryMoveInput { id, version };
        spawn_local(async move {
            match api::ask(DeliveryCancel::build(DeliveryCancelVariables { input })).await {
                Ok(_) => {
                    toaster.done("The delivery is called off");
                    let _ = open.try_set(false);
                    page.reload();
                }
                Err(wrong) => {
                    if wrong.is_conflict() {
                        page.reload();
                    }
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let consequence = move || {
        by_now(of, page).map(|delivery| {
            let gone = count(to_come(&delivery).into(), "piece does", "pieces do");
            let stays = match delivery.received {
                0 => String::new(),
                1 => " The one that came stays on the shelf.".to_owned(),
                came => format!(" The {came} that came stay on the shelf."),
            };
            format!("{gone} not come any more.{stays}")
        })
    };
    let title = place::derived(move || {
        let name = of.get().map(|delivery| titled(&delivery)).unwrap_or_default();
        format!("Call off what is to come of {name}?")
    });
    view! {
        <Confirm open title act=Signal::stored("Call it off".to_owned()) busy failure on_yes=cancel>
            <p>{consequence}</p>
        </Confirm>
    }
}
