//! What has happened to API keys. Ids and permissions only.

use events::{Aggregate, DomainEvent, EventError};
use primitives::{ApiKeyId, PermissionSet};
use serde::Serialize;

/// Something that has happened to a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ApiKeyEvent {
    Created { api_key_id: ApiKeyId, permissions: PermissionSet },
    Renamed { api_key_id: ApiKeyId },
    Revoked { api_key_id: ApiKeyId },
}

impl DomainEvent for ApiKeyEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "api_key.created",
            Self::Renamed { .. } => "api_key.updated",
            Self::Revoked { .. } => "api_key.revoked",
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::Created { api_key_id, .. }
            | Self::Renamed { api_key_id }
            | Self::Revoked { api_key_id } => Aggregate::new("api_key", *api_key_id),
        }
    }

    fn validate(&self) -> Result<(), EventError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Permission;

    #[test]
    fn the_wire_form_is_pinned() {
        let api_key_id = ApiKeyId::from_uuid(uuid::Uuid::from_u128(7));
        let seven = "00000000-0000-0000-0000-000000000007";
        let permissions = PermissionSet::EMPTY.with(Permission::ORDERS_READ);
        for (event, kind, json) in [
            (
                ApiKeyEvent::Created { api_key_id, permissions },
                "api_key.created",
                format!(r#"{{"apiKeyId":"{seven}","permissions":["orders:read"]}}"#),
            ),
            (ApiKeyEvent::Renamed { api_key_id }, "api_key.updated", format!(r#"{{"apiKeyId":"{seven}"}}"#)),
            (ApiKeyEvent::Revoked { api_key_id }, "api_key.revoked", format!(r#"{{"apiKeyId":"{seven}"}}"#)),
        ] {
            assert_eq!((event.kind(), serde_json::to_string(&event).unwrap()), (kind, json));
            assert_eq!(event.validate(), Ok(()));
        }
    }
}
