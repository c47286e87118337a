//! What the index tells.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::TenantId;
use serde::Serialize;

/// Events of the read side; their aggregate is the tenant's index as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum IndexEvent {
    /// Somebody asked for a projection to be computed afresh.
    ReindexRequested {
        /// Whose index.
        tenant_id: TenantId,
        /// Name of the projection.
        projection: String,
    },
    /// A projection has been computed afresh.
    Updated {
        /// Whose index.
        tenant_id: TenantId,
        /// Name of the projection.
        projection: String,
        /// Documents written.
        documents: i64,
    },
}

impl DomainEvent for IndexEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::ReindexRequested { .. } => "index.reindex_requested",
            Self::Updated { .. } => "index.updated",
        }
    }

    fn aggregate(&self) -> Aggregate {
        let (Self::ReindexRequested { tenant_id, .. } | Self::Updated { tenant_id, .. }) = self;
        Aggregate::new("index", *tenant_id)
    }

    fn validate(&self) -> Result<(), EventError> {
        match self {
            Self::ReindexRequested { projection, .. } => validate::kind("projection", projection),
            Self::Updated { projection, documents, .. } => {
                validate::kind("projection", projection)?;
                validate::not_negative("documents", *documents)
            }
        }
    }
}
