//! One transfer: what it moves, and sending, receiving, calling off.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{all_locations, called, pieces};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::stock::{
    Location, StockQuantityInput, StockTransfer, StockTransferMoveInput, StockTransferReceiveInput,
    StockTransferState, TransferById, TransferCancel, TransferCancelVariables, TransferReceive,
    TransferReceiveVariables, TransferShip, TransferShipVariables,
};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::editor::screen;
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, count, grouped, pill};
use crate::place;
use crate::session::use_session;

/// The screen of one transfer.
#[component]
pub fn TransferScreen() -> impl IntoView {
    place::title(|| "Transfer".to_owned());
    let id = place::id();
    let locations = all_locations();
    let transfer = remote(move || {
        let id = cynic::Id::new(id.get());
        async move { api::ask(TransferById::build(IdVariables { id })).await.map(|answer| answer.stock_transfer) }
    });
    screen(transfer, "Transfer", ("/inventory/transfers", "Transfers"), &[&[5]], move |seen| {
        view! { <Seen seen transfer locations/> }.into_any()
    })
}

#[component]
fn Seen(
    seen: StockTransfer,
    transfer: Remote<StockTransfer>,
    locations: Remote<Vec<Location>>,
) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let (receiving, cancelling) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let state = seen.state;
    let may = place::memo(move || session.may("inventory:update"));
    let which = StoredValue::new(StockTransferMoveInput { id: seen.id.clone(), version: seen.version });
    let done = move |answer: Result<StockTransfer, Failure>, text: &'static str| {
        match answer {
            Ok(_) => {
                toaster.done(text);
                cancelling.set(false);
                transfer.reload();
            }
            Err(wrong) => {
                if wrong.is_conflict() {
                    transfer.reload();
                }
                let _ = failure.try_set(Some(wrong));
            }
        }
        let _ = busy.try_set(false);
    };
    let ship = move |_| {
        busy.set(true);
        failure.set(None);
        let input = which.get_value();
        spawn_local(async move {
            let answer = api::ask(TransferShip::build(TransferShipVariables { input })).await;
            done(answer.map(|answer| answer.stock_transfer_ship.transfer), "It is on its way");
        });
    };
    let cancel = move |()| {
        busy.set(true);
        failure.set(None);
        let input = which.get_value();
        spawn_local(async move {
            let answer = api::ask(TransferCancel::build(TransferCancelVariables { input })).await;
            done(answer.map(|answer| answer.stock_transfer_cancel.transfer), "The transfer is called off");
        });
    };
    let (from, to) = (seen.from_id.clone(), seen.to_id.clone());
    let title = place::derived(move || format!("{} → {}", called(locations, &from), called(locations, &to)));
    let (tone, word) = state.words();
    let actions = move || {
        may.get().then(|| {
            view! {
                {matches!(state, StockTransferState::Draft | StockTransferState::InTransit).then(|| view! {
                    <button class="btn" type="button" disabled=move || busy.get() on:click=move |_| cancelling.set(true)>"Call off"</button>
                })}
                {(state == StockTransferState::Draft).then(|| view! {
                    <button class="btn" type="button" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get() on:click=ship>"Send it off"</button>
                })}
                {(state == StockTransferState::InTransit).then(|| view! {
                    <button class="btn" type="button" data-kind="primary" on:click=move |_| receiving.set(true)>"Receive"</button>
                })}
            }
        })
    };
    let lines = seen.lines.clone();
    let rows = lines
        .into_iter()
        .map(|line| {
            let (name, sku) = line.variant.map_or_else(
                || ("A variant that is gone".to_owned(), String::new()),
                |label| (label.title, label.sku),
            );
            view! {
                <tr>
                    <td class="fill" data-slot="title"><span class="name"><span>{name}<small>{sku}</small></span></span></td>
                    <td class="num" data-slot="value">{grouped(line.quantity.into())}</td>
                    <td class="num" data-slot="sub">{format!("{} arrived", grouped(line.received.into()))}</td>
                </tr>
            }
        })
        .collect_view();
    let planned = place::reader().moment(&seen.created_at.0);
    let about = Signal::stored(match seen.note.as_str() {
        "" => format!("Planned {planned}"),
        note => format!("{note} · planned {planned}"),
    });
    let question = Signal::stored("Call this transfer off?".to_owned());
    let act = Signal::stored("Call it off".to_owned());
    let open_pieces: i64 = seen.lines.iter().map(|line| i64::from(line.quantity - line.received)).sum();
    let consequence = move || match state {
        StockTransferState::Draft => "Nothing has left yet; nothing moves.".to_owned(),
        _ => format!("{} are put back on the shelf that they left.", count(open_pieces, "piece", "pieces")),
    };
    view! {
        <div class="page">
            <PageHead title about back=(place::to("/inventory/transfers"), "Transfers") beside=move || pill(tone, word)>
                {actions}
            </PageHead>
            {move || (!cancelling.get()).then(|| failure.get().map(|failure| view! { <Wrong failure/> }))}
            <section class="tablecard" aria-label="What it moves">
                <table class="table" data-stack="">
                    <thead>
                        <tr>
                            <th scope="col">"Variant"</th>
                            <th scope="col" class="num">"Pieces"</th>
                            <th scope="col" class="num">"Arrived"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
            <Receive open=receiving seen transfer/>
            <Confirm open=cancelling title=question act busy failure on_yes=cancel>
                <p>{consequence}</p>
            </Confirm>
        </div>
    }
}

/// Notes what has arrived, line by line.
#[component]
fn Receive(open: RwSignal<bool>, seen: StockTransfer, transfer: Remote<StockTransfer>) -> impl IntoView {
    let toaster = use_toaster();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let lines: Vec<_> = seen
        .lines
        .iter()
        .filter(|line| line.received < line.quantity)
        .map(|line| {
            let name =
                line.variant.as_ref().map_or_else(|| "A variant".to_owned(), |label| label.title.clone());
            (line.variant_id.clone(), name, RwSignal::new((line.quantity - line.received).to_string()))
        })
        .collect();
    let lines = StoredValue::new(lines);
    let which = StoredValue::new((seen.id, seen.version));
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        let given = lines.with_value(|lines| {
            let given = lines.iter().map(|(id, _, typed)| {
                let quantity = pieces(&typed.get_untracked())?;
                Some(StockQuantityInput { variant_id: id.clone(), quantity })
            });
            given.collect::<Option<Vec<_>>>()
        });
        let Some(mut given) = given else { return };
        given.retain(|line| line.quantity != 0);
        busy.set(true);
        failure.set(None);
        let (id, version) = which.get_value();
        let input = StockTransferReceiveInput { id, version, lines: Some(given) };
        spawn_local(async move {
            match api::ask(TransferReceive::build(TransferReceiveVariables { input })).await {
                Ok(_) => {
                    toaster.done("It lies on the shelf");
                    open.set(false);
                    transfer.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let fields = move || {
        lines.with_value(|lines| {
            let field = |(_, name, typed): &(cynic::Id, String, RwSignal<String>)| {
                let (name, typed) = (name.clone(), *typed);
                let label = format!("Pieces of {name} that have arrived");
                view! {
                    <p class="flex">
                        <span class="grow">{name}</span>
                        <input class="input" style=("inline-size", "6rem") inputmode="numeric" maxlength="9" aria-label=label
                            aria-invalid=move || pieces(&typed.get()).is_none_or(|n| n < 0).to_string()
                            prop:value=move || typed.get()
                            on:input=move |event| typed.set(event_target_value(&event))/>
                    </p>
                }
            };
            lines.iter().map(field).collect_view()
        })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Put it on the shelf"
            </button>
        }
    };
    view! {
        <Drawer open title="What has arrived".to_owned() footer=footer on_submit=submit>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            {fields}
        </Drawer>
    }
}
