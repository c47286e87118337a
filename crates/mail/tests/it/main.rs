//! Mails on SQLite and PostgreSQL, and a mail server that the tests start.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod delivery;
mod server;
