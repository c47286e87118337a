//! What has happened to providers of sign-in. Ids and names of fields only.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::OidcProviderId;
use serde::Serialize;

/// Something that has happened to a provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum OidcEvent {
    Created { provider_id: OidcProviderId },
    Updated { provider_id: OidcProviderId, changed: Vec<&'static str> },
    Deleted { provider_id: OidcProviderId },
}

impl DomainEvent for OidcEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "oidc_provider.created",
            Self::Updated { .. } => "oidc_provider.updated",
            Self::Deleted { .. } => "oidc_provider.deleted",
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::Created { provider_id }
            | Self::Updated { provider_id, .. }
            | Self::Deleted { provider_id } => Aggregate::new("oidc_provider", *provider_id),
        }
    }

    fn validate(&self) -> Result<(), EventError> {
        match self {
            Self::Updated { changed, .. } => validate::changed("changed", &0, &changed.len()),
            Self::Created { .. } | Self::Deleted { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_pinned() {
        let provider_id = OidcProviderId::from_uuid(uuid::Uuid::from_u128(7));
        let seven = "00000000-0000-0000-0000-000000000007";
        for (event, kind, json) in [
            (
                OidcEvent::Created { provider_id },
                "oidc_provider.created",
                format!(r#"{{"providerId":"{seven}"}}"#),
            ),
            (
                OidcEvent::Updated { provider_id, changed: vec!["secret"] },
                "oidc_provider.updated",
                format!(r#"{{"providerId":"{seven}","changed":["secret"]}}"#),
            ),
            (
                OidcEvent::Deleted { provider_id },
                "oidc_provider.deleted",
                format!(r#"{{"providerId":"{seven}"}}"#),
            ),
        ] {
            assert_eq!((event.kind(), serde_json::to_string(&event).unwrap()), (kind, json));
            assert_eq!(event.validate(), Ok(()));
        }
        assert!(OidcEvent::Updated { provider_id, changed: vec![] }.validate().is_err());
    }
}
