//! What this module says has happened.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::MediaId;
use serde::Serialize;

/// Events of pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum MediaEvent {
    /// A picture can be shown now: it was uploaded, or fetched.
    Uploaded {
        /// The picture.
        media_id: MediaId,
        /// Type of the original.
        mime: String,
        /// Width of the original in pixels.
        width: u32,
        /// Height of the original in pixels.
        height: u32,
    },
}

impl DomainEvent for MediaEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Uploaded { .. } => "media.uploaded",
        }
    }

    fn aggregate(&self) -> Aggregate {
        let Self::Uploaded { media_id, .. } = self;
        Aggregate::new("media", *media_id)
    }

    fn validate(&self) -> Result<(), EventError> {
        let Self::Uploaded { mime, .. } = self;
        validate::mime("mime", mime)
    }
}
