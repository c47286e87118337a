//! Products: the table, a new one, the editor.

pub mod create;
pub mod draft;
pub mod editor;
pub mod find;
pub mod list;
pub mod media;
pub mod options;
mod past_prices;
pub mod texts;
pub mod variants;
