//! Who may do what: the team, roles, API keys.

mod grid;
pub mod keys;
pub mod person;
pub mod role;
pub mod roles;
pub mod team;

use crate::api::Failure;

/// The answer to an address with an id that leads nowhere.
fn missing(what: &str) -> Failure {
    Failure::new("NOT_FOUND", format!("This {what} does not exist, or not any more."))
}
