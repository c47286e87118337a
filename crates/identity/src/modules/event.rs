//! What a shop has switched.

use events::{Aggregate, DomainEvent, EventError, validate};
use platform::module::Feature;
use primitives::TenantId;
use serde::Serialize;

/// A shop has switched something on or off.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the contract")]
pub enum SwitchEvent {
    ModuleToggled { tenant_id: TenantId, module: &'static str, enabled: bool },
    FeatureToggled { tenant_id: TenantId, feature: Feature, enabled: bool },
}

impl DomainEvent for SwitchEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::ModuleToggled { .. } => "tenant.module_toggled",
            Self::FeatureToggled { .. } => "tenant.feature_toggled",
        }
    }

    fn aggregate(&self) -> Aggregate {
        let (Self::ModuleToggled { tenant_id, .. } | Self::FeatureToggled { tenant_id, .. }) = self;
        Aggregate::new("tenant", *tenant_id)
    }

    fn validate(&self) -> Result<(), EventError> {
        match self {
            Self::ModuleToggled { module, .. } => validate::kind("module", module),
            Self::FeatureToggled { feature, .. } => validate::kind("feature", feature.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_pinned() {
        let tenant_id = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        let seven = "00000000-0000-0000-0000-000000000007";
        for (event, kind, json) in [
            (
                SwitchEvent::ModuleToggled { tenant_id, module: "commerce", enabled: false },
                "tenant.module_toggled",
                format!(r#"{{"tenantId":"{seven}","module":"commerce","enabled":false}}"#),
            ),
            (
                SwitchEvent::FeatureToggled { tenant_id, feature: Feature::AdvancedSearch, enabled: true },
                "tenant.feature_toggled",
                format!(r#"{{"tenantId":"{seven}","feature":"advanced_search","enabled":true}}"#),
            ),
        ] {
            assert_eq!((event.kind(), serde_json::to_string(&event).unwrap()), (kind, json));
            assert_eq!(event.validate(), Ok(()));
        }
    }
}
