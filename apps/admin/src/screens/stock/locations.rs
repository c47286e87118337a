//! Locations: where stock lies and from where orders are sent, in the order in which they are asked.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{all_locations, fault};
use crate::api::{self, Failure, Remote};
use crate::gql::Document;
use crate::gql::stock::{
    Location, LocationCreate, LocationCreateInput, LocationCreateVariables, LocationUpdate,
    LocationUpdateInput, LocationUpdateVariables, LocationsOrder, LocationsOrderInput,
    LocationsOrderVariables,
};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, icon, status};
use crate::place;
use crate::session::use_session;

/// What is being edited.
#[derive(Clone, PartialEq)]
enum Editing {
    New,
    Old(Location),
}

const COLUMNS: [Column; 4] = [
    Column::new("Location"),
    Column::new("State"),
    Column::new("Country").prio("2"),
    Column::heard("Actions"),
];

/// The screen.
#[component]
pub fn Locations() -> impl IntoView {
    place::title(|| "Locations".to_owned());
    let session = use_session();
    let all = all_locations();
    let editing = RwSignal::new(None::<Editing>);
    let may = place::memo(move || session.may("inventory:update"));
    let add = move || {
        session.may("inventory:create").then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=move |_| editing.set(Some(Editing::New))>
                    {icon("plus")}
                    "Add a location"
                </button>
            }
        })
    };
    let rows = Rows::of(all, |all| Shown::all(all.len()));
    let body = move || {
        let rows = all.data.get().unwrap_or_default();
        let ids: Vec<cynic::Id> = rows.iter().map(|row| row.id.clone()).collect();
        let ids = StoredValue::new(ids);
        let line = |(at, row)| view! { <Line row at ids all editing may/> };
        rows.into_iter().enumerate().map(line).collect_view()
    };
    view! {
        <div class="page">
            <PageHead
                title="Locations".to_owned()
                back=(place::to("/inventory"), "Inventory")
                about=Signal::stored(
                    "An order comes from one location that has all of it, if there is one: the nearest first, then in this order."
                        .to_owned(),
                )
            >
                {add}
            </PageHead>
            <Table label="Locations" rows columns=&COLUMNS grey=2 body empty=|| ()/>
            <Edit editing all/>
        </div>
    }
}

#[component]
fn Line(
    row: Location,
    at: usize,
    ids: StoredValue<Vec<cynic::Id>>,
    all: Remote<Vec<Location>>,
    editing: RwSignal<Option<Editing>>,
    may: Memo<bool>,
) -> impl IntoView {
    let toaster = use_toaster();
    let shared = StoredValue::new(row.clone());
    let (name, active, is_default) = (row.name.clone(), row.active, row.is_default);
    let up = move |_| {
        let mut ids = ids.get_value();
        if 0 < at && at < ids.len() {
            ids.swap(at - 1, at);
        }
        spawn_local(async move {
            let input = LocationsOrderInput { ids };
            if let Err(failure) = api::ask(LocationsOrder::build(LocationsOrderVariables { input })).await {
                toaster.failure("The order stays as it is", &failure);
            }
            all.reload();
        });
    };
    let switch = move |_| {
        let location = shared.get_value();
        spawn_local(async move {
            let input = LocationUpdateInput {
                id: location.id,
                version: location.version,
                name: None,
                country: None,
                address: None,
                active: Some(!location.active),
            };
            match api::ask(LocationUpdate::build(LocationUpdateVariables { input })).await {
                Ok(_) if location.active => toaster.done("Nothing is sold from there now"),
                Ok(_) => toaster.done("Orders are sent from there now"),
                Err(failure) => toaster.failure("The location stays as it is", &failure),
            }
            all.reload();
        });
    };
    let actions = move || {
        let name = name.clone();
        may.get().then(move || {
            view! {
                {(0 < at).then(|| view! {
                    <button class="btn" type="button" data-kind="quiet" data-size="sm" data-icon="" aria-label=format!("Ask {name} earlier") on:click=up>{icon("up")}</button>
                })}
                {(!is_default).then(|| view! {
                    <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Switch {name} {}", if active { "off" } else { "on" }) on:click=switch>
                        {if active { "Switch off" } else { "Switch on" }}
                    </button>
                })}
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Edit {name}") on:click=move |_| editing.set(Some(Editing::Old(shared.get_value())))>
                    "Edit"
                </button>
            }
        })
    };
    let state = match (active, is_default) {
        (true, true) => status("good", "Default"),
        (true, false) => status("good", "Sends orders"),
        (false, _) => status("neutral", "Off"),
    };
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a href=place::to(&format!("/inventory?at={}", row.id.inner()))>{row.name}</a>
                        <small>{row.address}</small>
                    </span>
                </span>
            </td>
            <td data-slot="state">{state}</td>
            <td data-prio="2" data-slot="sub">{row.country}</td>
            <td data-slot="more" class="nowrap">{actions}</td>
        </tr>
    }
}

/// Adds a location, or changes one.
#[component]
fn Edit(editing: RwSignal<Option<Editing>>, all: Remote<Vec<Location>>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (name, country, address) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        let old = match editing.get() {
            None => return,
            Some(Editing::New) => None,
            Some(Editing::Old(location)) => Some(location),
        };
        let text = |pick: fn(&Location) -> &String| old.as_ref().map(pick).cloned().unwrap_or_default();
        name.set(text(|it| &it.name));
        country.set(text(|it| &it.country));
        address.set(text(|it| &it.address));
        failure.set(None);
        open.set(true);
    });
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            editing.set(None);
        }
        now
    });
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        let Some(what) = editing.get_untracked() else { return };
        busy.set(true);
        failure.set(None);
        let (name, country, address) =
            (name.get_untracked(), country.get_untracked(), address.get_untracked());
        spawn_local(async move {
            let done = match what {
                Editing::New => {
                    let input = LocationCreateInput { name, country, address: Some(address) };
                    let answer = api::ask(LocationCreate::build(LocationCreateVariables { input })).await;
                    answer.map(|_| "The location is added")
                }
                Editing::Old(location) => {
                    let input = LocationUpdateInput {
                        id: location.id,
                        version: location.version,
                        name: Some(name),
                        country: Some(country),
                        address: Some(address),
                        active: None,
                    };
                    let answer = api::ask(LocationUpdate::build(LocationUpdateVariables { input })).await;
                    answer.map(|_| "The location is changed")
                }
            };
            match done {
                Ok(text) => {
                    toaster.done(text);
                    open.set(false);
                    all.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || match editing.get() {
        Some(Editing::Old(location)) => format!("Edit {}", location.name),
        _ => "New location".to_owned(),
    });
    let known = ["name", "country", "address"];
    let other = move || {
        let unknown = |it: &Failure| !it.fields.iter().any(|fault| known.contains(&fault.field.as_str()));
        failure.get().filter(unknown).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Save"
            </button>
        }
    };
    view! {
        <Drawer open title footer=footer on_submit=submit>
            {other}
            <TextField id="location-name" label="Name" value=name on_input=move |text| name.set(text) error=fault(failure, "name") most=100/>
            <TextField id="location-country" label="Country" value=country on_input=move |text| country.set(text) error=fault(failure, "country") hint=Signal::stored("Two letters, such as BE: orders to that country come from there first.".to_owned()) most=2/>
            <TextField id="location-address" label="Address" value=address on_input=move |text| address.set(text) error=fault(failure, "address") optional=true most=500/>
        </Drawer>
    }
}
