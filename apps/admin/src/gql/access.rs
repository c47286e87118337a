//! Forgotten passwords and invitations: links from mails, and who was invited.

use super::{DateTime, schema};

mutations! {
    /// Sends a link that sets a new password, if the address has an account.
    RequestPasswordReset("RequestPasswordResetVariables", RequestPasswordResetVariables: RequestPasswordResetInput) -> request_password_reset: Accepted;
    /// Sets a new password.
    ResetPassword("ResetPasswordVariables", ResetPasswordVariables: ResetPasswordInput) -> reset_password: ResetPasswordPayload;
    /// Opens the account of an invitation.
    AcceptInvitation("AcceptInvitationVariables", AcceptInvitationVariables: AcceptInvitationInput) -> accept_invitation: AcceptInvitationPayload;
    /// Invites somebody.
    InviteStaff("InviteStaffVariables", InviteStaffVariables: InviteStaffInput) -> invite_staff: InvitationPayload;
    /// Sends the letter again.
    ResendInvitation("ResendInvitationVariables", ResendInvitationVariables: ResendInvitationInput) -> resend_invitation: InvitationPayload;
    /// Takes an invitation back.
    RevokeInvitation("RevokeInvitationVariables", RevokeInvitationVariables: RevokeInvitationInput) -> revoke_invitation: InvitationPayload;
}

/// Whose password is forgotten.
#[derive(cynic::InputObject)]
pub struct RequestPasswordResetInput {
    /// Address of the account.
    pub email: String,
}

/// The request is accepted, whatever came of it.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "AcceptedPayload")]
pub struct Accepted {
    /// Always true.
    pub accepted: bool,
}

/// The token of a link, and the new password.
#[derive(cynic::InputObject)]
pub struct ResetPasswordInput {
    /// From the link.
    pub token: String,
    /// In clear; sent over TLS only outside of localhost.
    pub password: String,
}

/// The password is another one now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ResetPasswordPayload {
    /// Whether the account works for the shop.
    pub staff: bool,
}

/// The token of a link, and the account.
#[derive(cynic::InputObject)]
pub struct AcceptInvitationInput {
    /// From the link.
    pub token: String,
    /// May be empty.
    pub name: String,
    /// In clear; sent over TLS only outside of localhost.
    pub password: String,
}

/// The account can be signed in to.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct AcceptInvitationPayload {
    /// Its address and roles.
    pub invited: Invited,
}

/// What whoever has the link may know.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Address of the account.
    pub email: String,
    /// Name, as far as it is known.
    pub name: String,
    /// Names of the roles.
    pub roles: Vec<String>,
}

/// Variables of [`FindInvited`].
#[derive(cynic::QueryVariables)]
pub struct FindInvitedVariables {
    /// From the link.
    pub token: String,
}

/// The invitation behind a link.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "FindInvitedVariables")]
pub struct FindInvited {
    /// Who it is for.
    #[arguments(token: $token)]
    pub invited: Invited,
}

/// Whom to invite.
#[derive(cynic::InputObject)]
pub struct InviteStaffInput {
    /// Address.
    pub email: String,
    /// May be empty.
    pub name: String,
    /// Names of the roles.
    pub roles: Vec<String>,
}

/// Which invitation.
#[derive(cynic::InputObject)]
pub struct ResendInvitationInput {
    /// Key.
    pub id: cynic::Id,
}

/// Which invitation.
#[derive(cynic::InputObject)]
pub struct RevokeInvitationInput {
    /// Key.
    pub id: cynic::Id,
}

/// The invitation as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct InvitationPayload {
    /// With the change.
    pub invitation: Invitation,
}

/// What became of an invitation.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum InvitationState {
    Open,
    Expired,
    Accepted,
    Revoked,
}

/// Somebody who was asked to work for the shop.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Invitation {
    pub id: cynic::Id,
    pub email: String,
    pub name: String,
    pub roles: Vec<String>,
    pub state: InvitationState,
    pub invited_by: Option<String>,
    pub sent_at: DateTime,
    pub expires_at: DateTime,
}

/// The invitations.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Invitations {
    /// Newest first.
    pub invitations: Vec<Invitation>,
}

/// The roles that exist.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct RolesToGive {
    /// The mightiest first.
    pub roles: Vec<RoleToGive>,
}

/// A role and what it allows.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "Role")]
pub struct RoleToGive {
    /// Key.
    pub id: cynic::Id,
    /// Name.
    pub name: String,
    /// Whether every shop has it.
    pub system: bool,
    /// Whether it is the reader's to give.
    pub grantable: bool,
}
