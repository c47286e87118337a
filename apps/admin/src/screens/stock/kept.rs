//! What each location keeps back of a variant.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::called;
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::deliveries::Shelves;
use crate::gql::stock::{
    InventoryItem, InventoryRows, InventorySet, InventorySetInput, InventorySetVariables, Location,
};
use crate::logic::stock::{KeptBack, kept_items, row_of};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::list::focus;
use crate::parts::toast::use_toaster;
use crate::parts::{FailureView, icon};
use crate::place;

/// The drawer with a number for each location where the variant lies.
#[component]
pub(super) fn Kept(
    of: RwSignal<Option<InventoryItem>>,
    locations: Remote<Vec<Location>>,
    page: Remote<InventoryRows>,
) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let rows = RwSignal::new(Vec::<KeptBack>::new());
    // The rows of the last request, to which its faults belong.
    let sent = RwSignal::new(Vec::<usize>::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let shelves = remote(move || {
        let id = of.with(|of| of.as_ref().map(|item| item.variant_id.clone()));
        async move {
            let Some(id) = id else { return Ok(Vec::new()) };
            api::ask(Shelves::build(IdVariables { id })).await.map(|answer| answer.stock_shelves)
        }
    });
    place::effect(move |_| {
        if of.with(Option::is_some) {
            rows.set(Vec::new());
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
    place::effect(move |_| {
        let mut all = shelves.data.get().unwrap_or_default();
        // In the order in which locations are asked.
        locations.data.with(|known| {
            all.sort_by_key(|shelf| known.iter().flatten().position(|it| it.id == shelf.location_id));
        });
        // What was typed stays when the names of the locations come later.
        if rows.with_untracked(|rows| rows.len() != all.len()) {
            rows.set(all.into_iter().map(KeptBack::of).collect());
        }
    });
    let fault = move |at: usize| {
        let own = rows.with(|rows| rows.get(at).is_some_and(|row| row.threshold().is_none()));
        if own {
            return Some("A whole number; below zero for how far it may be sold into".to_owned());
        }
        failure.with(|failure| {
            let mut faults = failure.iter().flat_map(|failure| &failure.fields);
            let found = faults.find(|fault| sent.with(|sent| row_of(&fault.field, sent)) == Some(at));
            found.map(|fault| fault.message.clone())
        })
    };
    let submit = move |()| {
        let Some(item) = of.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        let wanted = rows.with_untracked(|rows| kept_items(&item.variant_id, rows));
        let Some((items, which)) = wanted else {
            let bad = rows.with_untracked(|rows| rows.iter().position(|row| row.threshold().is_none()));
            focus(&format!("kept-{}", bad.unwrap_or_default()));
            return;
        };
        if items.is_empty() {
            open.set(false);
            return;
        }
        busy.set(true);
        failure.set(None);
        sent.set(which);
        let input = InventorySetInput { items, note: None };
        spawn_local(async move {
            match api::ask(InventorySet::build(InventorySetVariables { input })).await {
                Ok(_) => {
                    toaster.done("Stored: what is kept back is not sold");
                    let _ = open.try_set(false);
                    page.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || {
        of.get().map_or_else(|| "Keep back".to_owned(), |item| format!("Keep back {}", item.called()))
    });
    let above = move || {
        let rest = failure
            .get()
            .and_then(|failure| failure.above(|field| sent.with(|sent| row_of(field, sent).is_some())));
        rest.map(|failure| view! { <Wrong failure/> })
    };
    let line = move |at: usize| {
        let id = format!("kept-{at}");
        let note = format!("{id}-note");
        let described = note.clone();
        let of_row =
            move |what: fn(&KeptBack) -> String| rows.with(|rows| rows.get(at).map(what).unwrap_or_default());
        let name =
            move || rows.with(|rows| rows.get(at).map(|row| called(locations, &row.shelf.location_id)));
        view! {
            <div class="field">
                <label for=id.clone()>{name}</label>
                <input
                    id=id
                    class="input"
                    autocomplete="off"
                    maxlength="12"
                    aria-invalid=move || fault(at).is_some().to_string()
                    aria-describedby=described
                    prop:value=move || of_row(|row| row.typed.clone())
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        rows.update(|rows| if let Some(row) = rows.get_mut(at) { row.typed = text });
                    }
                />
                <span id=note>
                    {move || match fault(at) {
                        Some(text) => view! { <span class="error">{icon("stop")} <span>{text}</span></span> }.into_any(),
                        None => view! { <span class="hint">{of_row(KeptBack::effect)}</span> }.into_any(),
                    }}
                </span>
            </div>
        }
    };
    // Apart from what is typed, so that the fields stay while somebody types.
    let waiting = place::memo(move || rows.with(Vec::is_empty));
    let body = move || {
        if let Some(failure) = shelves.failure.get() {
            return view! { <FailureView failure again=move |()| shelves.reload()/> }.into_any();
        }
        if waiting.get() {
            return view! { <p class="late"><span class="skel" style=("--w", "60%")></span></p> }.into_any();
        }
        view! { <For each=move || 0..rows.with(Vec::len) key=|at| *at children=line/> }.into_any()
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get() || waiting.get()>
                "Store it"
            </button>
        }
    };
    view! {
        <Drawer open title footer=footer on_submit=submit>
            {above}
            <p>"Pieces that are kept back lie on the shelf and are not sold: for the window, for a fair, against counts that are off. A number below zero lets that many more be sold than there are."</p>
            {body}
        </Drawer>
    }
}
