//! The list of transfers, and planning one.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::picker::Picker;
use super::{all_locations, called, pieces};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::stock::{
    InventoryItem, Location, StockQuantityInput, StockTransfer, StockTransferCreateInput, StockTransferState,
    TransferCreate, TransferCreateVariables, Transfers as Page, TransfersVariables,
};
use crate::logic::list::PAGE;
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::list::{List, Tabs};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

const COLUMNS: [Column; 4] = [
    Column::new("From and to"),
    Column::new("State"),
    Column::number("Pieces"),
    Column::new("Planned").prio("2"),
];

/// The list of transfers.
#[component]
pub fn Transfers() -> impl IntoView {
    place::title(|| "Transfers".to_owned());
    let session = use_session();
    let list = List::here();
    let locations = all_locations();
    let planning = RwSignal::new(false);
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = TransfersVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            states: StockTransferState::of_tab(state.get("state")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.stock_transfers) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let plan = move || {
        session.may("inventory:create").then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=move |_| planning.set(true)>
                    {icon("plus")}
                    "Plan a transfer"
                </button>
            }
        })
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row locations/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty symbol="truck" title="No transfers" text="A transfer takes pieces from the shelves of one location and puts them onto those of another when they have arrived.">
                {plan}
            </Empty>
        }
    };
    view! {
        <div class="page">
            <PageHead title="Transfers".to_owned() back=(place::to("/inventory"), "Inventory")>{plan}</PageHead>
            <Table label="Transfers" list rows columns=&COLUMNS grey=5 words=("Newer", "Older") body empty>
                <Tabs list label="State" name="state" all=&[("", "All"), ("open", "Open"), ("done", "Done")]/>
            </Table>
            <Plan open=planning locations/>
        </div>
    }
}

#[component]
fn Row(row: StockTransfer, locations: Remote<Vec<Location>>) -> impl IntoView {
    let (tone, word) = row.state.words();
    let n_pieces: i64 = row.lines.iter().map(|line| i64::from(line.quantity)).sum();
    let (from, to) = (row.from_id, row.to_id);
    let name = move || format!("{} → {}", called(locations, &from), called(locations, &to));
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a href=place::to(&format!("/inventory/transfers/{}", row.id.inner()))>{name}</a>
                        <small>{row.note}</small>
                    </span>
                </span>
            </td>
            <td data-slot="state">{status(tone, word)}</td>
            <td class="num" data-slot="value">{count(n_pieces, "piece", "pieces")}</td>
            <td data-prio="2" class="nowrap dim">{place::reader().moment(&row.created_at.0)}</td>
        </tr>
    }
}

/// Plans a transfer.
#[component]
fn Plan(open: RwSignal<bool>, locations: Remote<Vec<Location>>) -> impl IntoView {
    let (from, to) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let lines = RwSignal::new(Vec::<(InventoryItem, RwSignal<String>)>::new());
    let note = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let navigate = StoredValue::new(use_navigate());
    place::effect(move |_| {
        let all = locations.data.get().unwrap_or_default();
        if open.get() && from.get_untracked().is_empty() {
            let id = |at: usize| all.get(at).map(|it| it.id.inner().to_owned()).unwrap_or_default();
            from.set(id(0));
            to.set(id(1));
        }
    });
    let choice = move |id: &'static str, label: &'static str, value: RwSignal<String>| {
        view! {
            <div class="field">
                <label for=id>{label}</label>
                <select id=id class="input" on:change=move |event| value.set(event_target_value(&event))>
                    {move || {
                        let now = value.get();
                        locations.data.get().unwrap_or_default().into_iter().map(|location| {
                            let chosen = location.id.inner() == now;
                            view! { <option value=location.id.inner().to_owned() selected=chosen>{location.name}</option> }
                        }).collect_view()
                    }}
                </select>
            </div>
        }
    };
    let pick = move |item: InventoryItem| {
        lines.update(|lines| {
            if lines.iter().all(|(line, _)| line.variant_id != item.variant_id) {
                lines.push((item, RwSignal::new("1".to_owned())));
            }
        });
    };
    let chosen = move || {
        lines
            .get()
            .into_iter()
            .map(|(item, typed)| {
                let name = item.called();
                let (label, id) = (format!("Pieces of {name}"), item.variant_id);
                let remove = format!("Take {name} off");
                view! {
                    <p class="flex">
                        <span class="grow">{name}</span>
                        <input class="input" style=("inline-size", "6rem") inputmode="numeric" maxlength="9" aria-label=label
                            aria-invalid=move || pieces(&typed.get()).is_none_or(|n| n < 1).to_string()
                            prop:value=move || typed.get()
                            on:input=move |event| typed.set(event_target_value(&event))/>
                        <button class="btn" type="button" data-kind="quiet" data-icon="" aria-label=remove on:click=move |_| lines.update(|lines| lines.retain(|(line, _)| line.variant_id != id))>{icon("x")}</button>
                    </p>
                }
            })
            .collect_view()
    };
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        let quantity = |(item, typed): (InventoryItem, RwSignal<String>)| {
            let quantity = pieces(&typed.get_untracked())?;
            Some(StockQuantityInput { variant_id: item.variant_id, quantity })
        };
        let Some(given) = lines.get_untracked().into_iter().map(quantity).collect::<Option<Vec<_>>>() else {
            return;
        };
        busy.set(true);
        failure.set(None);
        let input = StockTransferCreateInput {
            from_id: cynic::Id::new(from.get_untracked()),
            to_id: cynic::Id::new(to.get_untracked()),
            lines: given,
            note: Some(note.get_untracked()).filter(|note| !note.trim().is_empty()),
        };
        spawn_local(async move {
            match api::ask(TransferCreate::build(TransferCreateVariables { input })).await {
                Ok(answer) => {
                    let id = answer.stock_transfer_create.transfer.id.into_inner();
                    open.set(false);
                    let path = place::to(&format!("/inventory/transfers/{id}"));
                    let options = NavigateOptions { resolve: false, ..Default::default() };
                    navigate.with_value(|go| go(&path, options));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let at = place::derived(move || Some(from.get()).filter(|it| !it.is_empty()).map(cynic::Id::new));
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get() || lines.with(Vec::is_empty)>
                "Plan it"
            </button>
        }
    };
    view! {
        <Drawer open title="Plan a transfer".to_owned() footer=footer on_submit=submit>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            {choice("transfer-from", "From", from)}
            {choice("transfer-to", "To", to)}
            {chosen}
            <Picker at on_pick=pick/>
            <TextField id="transfer-note" label="Note" value=note on_input=move |text| note.set(text) optional=true most=500/>
        </Drawer>
    }
}
