//! What there is of every variant, in the whole shop or at one location.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::announce::Announce;
use super::kept::Kept;
use super::{all_locations, called, options, pieces};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::stock::{
    Inventory as Page, InventoryHotSet, InventoryHotSetInput, InventoryHotSetVariables, InventoryItem,
    InventoryRows, InventorySet, InventorySetInput, InventorySetItem, InventorySetVariables,
    InventoryVariables, Location,
};
use crate::logic::list::PAGE;
use crate::logic::stock::kept_words;
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::list::{FilterChip, FilterSelect, List, Search};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, grouped, icon};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 2] = ["q", "at"];
const COLUMNS: [Column; 6] = [
    Column::new("Variant"),
    Column::number("On hand"),
    Column::number("Promised").prio("2"),
    Column::number("Available"),
    Column::number("To come").prio("3"),
    Column::heard("Actions"),
];

/// Which variant somebody is about to do something with.
#[derive(Clone, Copy)]
struct Doing {
    counting: RwSignal<Option<InventoryItem>>,
    keeping: RwSignal<Option<InventoryItem>>,
    announcing: RwSignal<bool>,
    announced: RwSignal<Option<(String, String)>>,
}

/// The table of the inventory.
#[component]
pub fn Inventory() -> impl IntoView {
    place::title(|| "Inventory".to_owned());
    let session = use_session();
    let list = List::here();
    let locations = all_locations();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let text = |key: &str| Some(state.get(key).to_owned()).filter(|it| !it.is_empty());
        let variables = InventoryVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            location_id: text("at").map(cynic::Id::new),
            q: text("q"),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.inventory) }
    });
    let doing = Doing {
        counting: RwSignal::new(None),
        keeping: RwSignal::new(None),
        announcing: RwSignal::new(false),
        announced: RwSignal::new(None),
    };
    let may = place::memo(move || session.may("inventory:update"));
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let about = rows.found(list, &FILTERS, "variant", "variants");
    let here = move || Some(list.value("at")).filter(|it| !it.is_empty()).map(cynic::Id::new);
    let filter = move || match here() {
        Some(id) => {
            view! { <FilterChip list name="at" field="Location" value=called(locations, &id)/> }.into_any()
        }
        None => view! { <FilterSelect list name="at" label="All locations" options=options(locations)/> }
            .into_any(),
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row list row doing may rows=page/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Inventory".to_owned() about>
                <a class="btn" href=place::to("/inventory/history")>"History"</a>
                <a class="btn" href=place::to("/inventory/transfers")>"Transfers"</a>
                <a class="btn" href=place::to("/inventory/deliveries")>"Deliveries"</a>
                <a class="btn" href=place::to("/inventory/counts")>"Stock counts"</a>
                <a class="btn" href=place::to("/inventory/locations")>"Locations"</a>
            </PageHead>
            <Table label="Inventory" list rows columns=&COLUMNS body empty=move || nothing(list)>
                <div class="filters">
                    {filter}
                    <span class="end"><Search list label="Product, SKU or barcode"/></span>
                </div>
            </Table>
            <Count of=doing.counting list locations page/>
            <Kept of=doing.keeping locations page/>
            <Announce
                open=doing.announcing
                chosen=doing.announced
                at=place::derived(move || list.value("at"))
                locations
                on_done=move |()| page.reload()
            />
        </div>
    }
}

#[component]
fn Row(
    list: List,
    row: InventoryItem,
    doing: Doing,
    may: Memo<bool>,
    rows: Remote<InventoryRows>,
) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let name = row.called();
    let hot = row.hot;
    let turn = move |variant_id: cynic::Id| {
        spawn_local(async move {
            let input = InventoryHotSetInput { variant_id, hot: !hot };
            match api::ask(InventoryHotSet::build(InventoryHotSetVariables { input })).await {
                Ok(_) if hot => toaster.done("It is kept as everything else again"),
                Ok(_) => toaster.done("It is ready for a rush"),
                Err(failure) => toaster.failure("It stays as it is", &failure),
            }
            rows.reload();
        });
    };
    let word = if hot { "End the rush" } else { "Ready for a rush" };
    let (rush_label, own) = (format!("{word}: {name}"), row.variant_id.clone());
    let rush = move || {
        let (label, own) = (rush_label.clone(), own.clone());
        session.may("inventory:manage").then(move || {
            view! {
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=label on:click=move |_| turn(own.clone())>{word}</button>
            }
        })
    };
    let at = list.value("at");
    let history = format!("/inventory/history?variant={}", row.variant_id.inner());
    let history = if at.is_empty() { history } else { format!("{history}&at={at}") };
    let number = move |n: i32, tracked: bool| if tracked { grouped(n.into()) } else { "–".to_owned() };
    let shared = StoredValue::new(row.clone());
    let labels = [format!("Count {name}"), format!("Keep back {name}")];
    let count_it = move || {
        let [count, keep] = labels.clone();
        may.get().then(move || {
            view! {
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=count on:click=move |_| doing.counting.set(Some(shared.get_value()))>
                    "Count"
                </button>
                {row.tracked.then(|| view! {
                    <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=keep on:click=move |_| doing.keeping.set(Some(shared.get_value()))>
                        "Keep back"
                    </button>
                })}
            }
        })
    };
    let announce_label = format!("Announce a delivery of {name}");
    let announce = move || {
        let label = announce_label.clone();
        let begin = move |_| {
            let item = shared.get_value();
            doing.announced.set(Some((item.variant_id.inner().to_owned(), item.called())));
            doing.announcing.set(true);
        };
        session.may("inventory:create").then(move || {
            view! {
                <button class="btn" type="button" data-kind="quiet" data-size="sm" data-icon="" aria-label=label on:click=begin>
                    {icon("plus")}
                </button>
            }
        })
    };
    let deliveries = place::to(&format!("/inventory/deliveries?variant={}", row.variant_id.inner()));
    let incoming = match row.incoming {
        0 => view! { "0" }.into_any(),
        n => {
            let label = format!("{} to come of {name}", grouped(n.into()));
            view! { <a href=deliveries aria-label=label>{grouped(n.into())}</a> }.into_any()
        }
    };
    let kept = kept_words(row.threshold).filter(|_| row.tracked);
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a href=place::to(&format!("/products/{}", row.product_id.inner()))>{name.clone()}</a>
                        <small>{row.sku} {hot.then_some(" · ready for a rush")}</small>
                    </span>
                </span>
            </td>
            <td class="num" data-slot="sub">{number(row.on_hand, row.tracked)} <span class="stacked">" on hand"</span></td>
            <td class="num" data-prio="2">{grouped(row.reserved.into())}</td>
            <td class="num" data-slot="value">{number(row.available, row.tracked)} <span class="stacked">" available"</span>{kept.map(|kept| view! { <br/><span class="meta">{kept}</span> })}</td>
            <td class="num" data-prio="3">{incoming} {announce}</td>
            <td data-slot="more">
                {count_it}
                {rush}
                <a class="btn" data-kind="quiet" data-size="sm" aria-label=format!("History of {name}") href=place::to(&history)>"History"</a>
            </td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let text = "Nothing of that name lies there. Take a filter off, or see everything.";
        return view! { <Narrowed list keys=&FILTERS title="Nothing fits" text all="See everything"/> }
            .into_any();
    }
    view! {
        <Empty symbol="stock" title="No stock yet" text="Every variant of a product is listed here, with what lies where.">
            <a class="btn" data-kind="primary" href=place::to("/products/new")>"Make a product"</a>
        </Empty>
    }
    .into_any()
}

/// Stores what somebody counted: of the chosen location, or of the whole shop.
#[component]
fn Count(
    of: RwSignal<Option<InventoryItem>>,
    list: List,
    locations: Remote<Vec<Location>>,
    page: Remote<InventoryRows>,
) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (typed, note) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        if let Some(item) = of.get() {
            typed.set(item.on_hand.to_string());
            note.set(String::new());
            failure.set(None);
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
    let wrong = place::derived(move || {
        let said = failure.with(|failure| failure.as_ref().and_then(|failure| failure.at("items.0.onHand")));
        said.or_else(|| pieces(&typed.get()).is_none().then(|| "A whole number".to_owned()))
    });
    let submit = move |()| {
        let (Some(item), Some(on_hand)) = (of.get_untracked(), pieces(&typed.get_untracked())) else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let at = Some(list.value("at")).filter(|it| !it.is_empty()).map(cynic::Id::new);
        let counted = InventorySetItem {
            variant_id: item.variant_id,
            location_id: at,
            on_hand: Some(on_hand),
            expected: Some(item.on_hand),
            threshold: None,
        };
        let note = Some(note.get_untracked()).filter(|note| !note.trim().is_empty());
        let input = InventorySetInput { items: vec![counted], note };
        spawn_local(async move {
            match api::ask(InventorySet::build(InventorySetVariables { input })).await {
                Ok(_) => {
                    toaster.done("The count is stored");
                    open.set(false);
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
        of.get().map_or_else(|| "Count".to_owned(), |item| format!("Count {}", item.called()))
    });
    let hint = place::derived(move || match list.value("at").as_str() {
        "" => "Of the whole shop. What differs is put on the shelf of the default location.".to_owned(),
        at => format!("On the shelf of {}.", called(locations, &cynic::Id::new(at))),
    });
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Store the count"
            </button>
        }
    };
    view! {
        <Drawer open title footer=footer on_submit=submit>
            {move || failure.get().filter(|it| it.at("items.0.onHand").is_none()).map(|failure| view! { <Wrong failure/> })}
            <TextField id="counted" label="Pieces on the shelf" value=typed on_input=move |text| typed.set(text) error=wrong hint mode="numeric" most=12/>
            <TextField id="count-note" label="Note" value=note on_input=move |text| note.set(text) optional=true most=500/>
        </Drawer>
    }
}
