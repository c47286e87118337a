//! Sign-in through other providers: the buttons at the door, what the shop trusts, what the person has linked.

pub mod door;
pub mod links;
pub mod settings;
