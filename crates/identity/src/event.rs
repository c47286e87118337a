//! What this module says has happened. Ids and facts only: no names, no addresses.

use crate::roles::RoleKey;
use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::{Currency, InvitationId, Locale, SessionId, TenantId, UserId};
use serde::Serialize;

/// Something that has happened to a tenant or to a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the contract")]
pub enum IdentityEvent {
    TenantCreated { tenant_id: TenantId, slug: String, currency: Currency, locale: Locale },
    TenantUpdated { tenant_id: TenantId, changed: Vec<&'static str> },
    TenantSuspended { tenant_id: TenantId, reason: String },
    TenantResumed { tenant_id: TenantId },
    UserRegistered { user_id: UserId, locale: Locale },
    UserInvited { invitation_id: InvitationId, roles: Vec<RoleKey> },
    UserVerified { user_id: UserId },
    UserUpdated { user_id: UserId, changed: Vec<&'static str> },
    UserRoleChanged { user_id: UserId, old: Vec<RoleKey>, new: Vec<RoleKey> },
    UserPasswordChanged { user_id: UserId },
    UserDeleted { user_id: UserId },
    UserLoggedIn { user_id: UserId, kind: &'static str },
    UserNewDevice { user_id: UserId, session_id: SessionId },
    UserTokenReused { user_id: UserId, session_id: SessionId },
}

impl DomainEvent for IdentityEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::TenantCreated { .. } => "tenant.created",
            Self::TenantUpdated { .. } => "tenant.updated",
            Self::TenantSuspended { .. } => "tenant.suspended",
            Self::TenantResumed { .. } => "tenant.resumed",
            Self::UserRegistered { .. } => "user.registered",
            Self::UserInvited { .. } => "user.invited",
            Self::UserVerified { .. } => "user.verified",
            Self::UserUpdated { .. } => "user.updated",
            Self::UserRoleChanged { .. } => "user.role_changed",
            Self::UserPasswordChanged { .. } => "user.password_changed",
            Self::UserDeleted { .. } => "user.deleted",
            Self::UserLoggedIn { .. } => "user.logged_in",
            Self::UserNewDevice { .. } => "user.new_device",
            Self::UserTokenReused { .. } => "user.token_reused",
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::TenantCreated { tenant_id, .. }
            | Self::TenantUpdated { tenant_id, .. }
            | Self::TenantSuspended { tenant_id, .. }
            | Self::TenantResumed { tenant_id } => Aggregate::new("tenant", *tenant_id),
            Self::UserInvited { invitation_id, .. } => Aggregate::new("invitation", *invitation_id),
            Self::UserRegistered { user_id, .. }
            | Self::UserVerified { user_id }
            | Self::UserUpdated { user_id, .. }
            | Self::UserRoleChanged { user_id, .. }
            | Self::UserPasswordChanged { user_id }
            | Self::UserDeleted { user_id }
            | Self::UserLoggedIn { user_id, .. }
            | Self::UserNewDevice { user_id, .. }
            | Self::UserTokenReused { user_id, .. } => Aggregate::new("user", *user_id),
        }
    }

    fn validate(&self) -> Result<(), EventError> {
        match self {
            Self::TenantCreated { currency, locale, .. } => {
                validate::currency("currency", currency.as_str())?;
                validate::locale("locale", locale.as_str())
            }
            Self::TenantSuspended { reason, .. } => validate::reason("reason", reason),
            Self::TenantUpdated { changed, .. } | Self::UserUpdated { changed, .. } => {
                validate::changed("changed", &0, &changed.len())
            }
            Self::UserRegistered { locale, .. } => validate::locale("locale", locale.as_str()),
            Self::UserRoleChanged { old, new, .. } => validate::changed("roles", old, new),
            Self::TenantResumed { .. }
            | Self::UserInvited { .. }
            | Self::UserVerified { .. }
            | Self::UserPasswordChanged { .. }
            | Self::UserDeleted { .. }
            | Self::UserLoggedIn { .. }
            | Self::UserNewDevice { .. }
            | Self::UserTokenReused { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::{RoleId, SystemRole};

    #[test]
    fn the_wire_form_is_pinned() {
        let (tenant_id, user_id) =
            (TenantId::from_uuid(uuid::Uuid::from_u128(7)), UserId::from_uuid(uuid::Uuid::from_u128(9)));
        let session_id = SessionId::from_uuid(uuid::Uuid::from_u128(7));
        let seven = "00000000-0000-0000-0000-000000000007";
        let nine = "00000000-0000-0000-0000-000000000009";
        let (eur, locale) = (Currency::parse("EUR").unwrap(), Locale::EN);
        for (event, kind, json) in [
            (
                IdentityEvent::TenantCreated { tenant_id, slug: "hearth".into(), currency: eur, locale },
                "tenant.created",
                format!(r#"{{"tenantId":"{seven}","slug":"hearth","currency":"EUR","locale":"en"}}"#),
            ),
            (
                IdentityEvent::TenantUpdated { tenant_id, changed: vec!["name"] },
                "tenant.updated",
                format!(r#"{{"tenantId":"{seven}","changed":["name"]}}"#),
            ),
            (
                IdentityEvent::TenantSuspended { tenant_id, reason: "unpaid".into() },
                "tenant.suspended",
                format!(r#"{{"tenantId":"{seven}","reason":"unpaid"}}"#),
            ),
            (
                IdentityEvent::TenantResumed { tenant_id },
                "tenant.resumed",
                format!(r#"{{"tenantId":"{seven}"}}"#),
            ),
            (
                IdentityEvent::UserRegistered { user_id, locale },
                "user.registered",
                format!(r#"{{"userId":"{nine}","locale":"en"}}"#),
            ),
            (
                IdentityEvent::UserInvited {
                    invitation_id: InvitationId::from_uuid(user_id.uuid()),
                    roles: vec![SystemRole::Editor.into()],
                },
                "user.invited",
                format!(r#"{{"invitationId":"{nine}","roles":["editor"]}}"#),
            ),
            (IdentityEvent::UserVerified { user_id }, "user.verified", format!(r#"{{"userId":"{nine}"}}"#)),
            (
                IdentityEvent::UserRoleChanged {
                    user_id,
                    old: vec![SystemRole::Customer.into()],
                    new: vec![SystemRole::Owner.into(), RoleId::from_uuid(uuid::Uuid::from_u128(7)).into()],
                },
                "user.role_changed",
                format!(r#"{{"userId":"{nine}","old":["customer"],"new":["owner","{seven}"]}}"#),
            ),
            (
                IdentityEvent::UserPasswordChanged { user_id },
                "user.password_changed",
                format!(r#"{{"userId":"{nine}"}}"#),
            ),
            (IdentityEvent::UserDeleted { user_id }, "user.deleted", format!(r#"{{"userId":"{nine}"}}"#)),
            (
                IdentityEvent::UserLoggedIn { user_id, kind: "browser" },
                "user.logged_in",
                format!(r#"{{"userId":"{nine}","kind":"browser"}}"#),
            ),
            (
                IdentityEvent::UserNewDevice { user_id, session_id },
                "user.new_device",
                format!(r#"{{"userId":"{nine}","sessionId":"{seven}"}}"#),
            ),
            (
                IdentityEvent::UserTokenReused { user_id, session_id },
                "user.token_reused",
                format!(r#"{{"userId":"{nine}","sessionId":"{seven}"}}"#),
            ),
        ] {
            assert_eq!((event.kind(), serde_json::to_string(&event).unwrap()), (kind, json));
            assert_eq!(event.validate(), Ok(()));
        }
    }

    #[test]
    fn a_change_that_changes_nothing_is_refused() {
        let (tenant_id, user_id) = (TenantId::new(), UserId::new());
        assert!(IdentityEvent::TenantUpdated { tenant_id, changed: vec![] }.validate().is_err());
        assert!(IdentityEvent::UserRoleChanged { user_id, old: vec![], new: vec![] }.validate().is_err());
        assert!(IdentityEvent::TenantSuspended { tenant_id, reason: "x".repeat(501) }.validate().is_err());
    }
}
