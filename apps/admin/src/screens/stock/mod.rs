//! Stock: what lies where, its history, locations, transfers, deliveries and counts.

mod announce;
pub mod count;
pub mod counts;
pub mod deliveries;
pub mod history;
pub mod inventory;
mod kept;
pub mod locations;
pub mod picker;
pub mod transfer;
pub mod transfers;

use leptos::prelude::*;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::stock::{Location, Locations};
use crate::logic::stock::pieces;
use crate::place;

/// Asks for all locations.
pub fn all_locations() -> Remote<Vec<Location>> {
    remote(|| async { api::ask(Locations::build(())).await.map(|answer| answer.locations) })
}

/// What a location is called; a dash while nobody knows.
pub fn called(locations: Remote<Vec<Location>>, id: &cynic::Id) -> String {
    locations.data.with(|all| {
        let found = all.iter().flatten().find(|location| location.id == *id);
        found.map_or_else(|| "–".to_owned(), |location| location.name.clone())
    })
}

/// Values and names of the locations, for a choice.
fn options(locations: Remote<Vec<Location>>) -> Signal<Vec<(String, String)>> {
    place::derived(move || {
        locations.data.with(|all| {
            let option = |location: &Location| (location.id.inner().to_owned(), location.name.clone());
            all.iter().flatten().map(option).collect()
        })
    })
}

/// What the server says about a field.
fn fault(failure: RwSignal<Option<Failure>>, field: &'static str) -> Signal<Option<String>> {
    place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
}
