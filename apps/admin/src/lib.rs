//! The admin: a Leptos application in the browser, talking typed GraphQL to the shop that it runs.
//!
//! Reading order: [`logic`] holds the rules, [`gql`] the documents (checked against `apps/server/schema.graphql` when
//! this crate is built); the rest exists in the browser only: `api` is the transport, `session` who is signed in,
//! `shell` the frame, `parts` what several screens share, `screens` one module for each.

pub mod gql;
pub mod logic;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod parts;
#[cfg(target_arch = "wasm32")]
mod place;
#[cfg(target_arch = "wasm32")]
mod screens;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod shell;

/// Mounts the application; called by the generated script.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::Admin);
}
