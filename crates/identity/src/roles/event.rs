//! What has happened to the shop's own roles. Ids and permissions only.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::{PermissionSet, RoleId};
use serde::Serialize;

/// Something that has happened to a role.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RoleEvent {
    Created { role_id: RoleId, permissions: PermissionSet },
    Updated { role_id: RoleId, changed: Vec<&'static str>, old: PermissionSet, new: PermissionSet },
    Deleted { role_id: RoleId, permissions: PermissionSet },
}

impl DomainEvent for RoleEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "role.created",
            Self::Updated { .. } => "role.updated",
            Self::Deleted { .. } => "role.deleted",
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::Created { role_id, .. } | Self::Updated { role_id, .. } | Self::Deleted { role_id, .. } => {
                Aggregate::new("role", *role_id)
            }
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
    use primitives::Permission;

    #[test]
    fn the_wire_form_is_pinned() {
        let role_id = RoleId::from_uuid(uuid::Uuid::from_u128(7));
        let seven = "00000000-0000-0000-0000-000000000007";
        let old = PermissionSet::EMPTY.with_own(Permission::ORDERS_READ);
        let new = PermissionSet::EMPTY.with(Permission::ORDERS_READ);
        for (event, kind, json) in [
            (
                RoleEvent::Created { role_id, permissions: old },
                "role.created",
                format!(r#"{{"roleId":"{seven}","permissions":["orders:read:own"]}}"#),
            ),
            (
                RoleEvent::Updated { role_id, changed: vec!["permissions"], old, new },
                "role.updated",
                format!(
                    r#"{{"roleId":"{seven}","changed":["permissions"],"old":["orders:read:own"],"new":["orders:read"]}}"#
                ),
            ),
            (
                RoleEvent::Deleted { role_id, permissions: new },
                "role.deleted",
                format!(r#"{{"roleId":"{seven}","permissions":["orders:read"]}}"#),
            ),
        ] {
            assert_eq!((event.kind(), serde_json::to_string(&event).unwrap()), (kind, json));
            assert_eq!(event.validate(), Ok(()));
        }
        assert!(RoleEvent::Updated { role_id, changed: vec![], old, new }.validate().is_err());
    }
}
