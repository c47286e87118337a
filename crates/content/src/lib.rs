//! What people write and show: cleaned rich text, pictures with renditions, and the one guarded way out
//! to other people's servers.
//!
//! Read [`html`] for rich text, [`media`] for pictures, [`outbound`] for requests to the outside.

mod html;

pub use html::{MAX_HTML, SafeHtml, excerpt, plain_text};
