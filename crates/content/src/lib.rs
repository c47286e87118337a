//! What people write and show: cleaned rich text, pictures with renditions.
//!
//! Reading order: [`SafeHtml`] for rich text, [`media`] for pictures.

mod entity;
mod event;
mod html;
mod http;
mod jobs;
pub mod media;
mod module;

pub use event::MediaEvent;
pub use html::{MAX_HTML, SafeHtml, excerpt, plain_text};
pub use http::{rest, surface};
pub use jobs::{Job, jobs};
pub use media::Picture;
pub use module::module;
