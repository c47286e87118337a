//! Signing in safely: the second step, sessions, the password.

use super::{DateTime, schema};

/// Somebody who has shown the password and owes the code.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub struct SignInChallenge {
    /// For the second step.
    pub token: String,
}

/// The challenge and the code.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct SignInSecondStepInput {
    pub token: String,
    pub code: String,
}

/// What holds a session.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A browser.
    Browser,
    /// A program.
    Api,
}

/// A signed-in browser or program.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Session")]
#[allow(missing_docs)]
pub struct OpenSession {
    pub id: cynic::Id,
    pub kind: SessionKind,
    pub created_at: DateTime,
    pub expires_at: DateTime,
    pub user_agent: String,
    pub current: bool,
}

/// My second step.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct TwoStep {
    /// Since when; nothing when it is off.
    pub enabled_at: Option<DateTime>,
    /// Recovery codes that are left.
    pub recovery_codes_left: i32,
    /// Whether the host can have it.
    pub available: bool,
}

/// My open sessions.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct MySessions {
    /// Newest first.
    pub my_sessions: Vec<OpenSession>,
}

/// My second step.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct MyTwoStep {
    /// How it stands.
    pub two_step: TwoStep,
}

/// Variables of [`UserSessions`].
#[derive(cynic::QueryVariables)]
pub struct UserSessionsVariables {
    /// The person.
    pub user_id: cynic::Id,
}

/// The open sessions of a person.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "UserSessionsVariables")]
pub struct UserSessions {
    /// Newest first.
    #[arguments(userId: $user_id)]
    pub user_sessions: Vec<OpenSession>,
}

/// Which session of mine.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct RevokeSessionInput {
    pub id: cynic::Id,
}

/// It is over.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct RevokeSessionPayload {
    pub revoked: bool,
}

/// Which session of whom.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct RevokeUserSessionInput {
    pub user_id: cynic::Id,
    pub id: cynic::Id,
}

/// Whose sessions.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct RevokeUserSessionsInput {
    pub user_id: cynic::Id,
}

/// Which of mine.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct SignOutEverywhereInput {
    pub except_here: bool,
}

/// They are over.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct RevokeSessionsPayload {
    pub ended: i32,
}

/// My password.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct StartTwoStepInput {
    pub password: String,
}

/// What an application needs.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct StartTwoStepPayload {
    pub secret: String,
    pub uri: String,
    pub qr: String,
}

/// A code of the application.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct ConfirmTwoStepInput {
    pub code: String,
}

/// My password and a code.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct PasswordAndCodeInput {
    pub password: String,
    pub code: String,
}

/// Shown once.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct RecoveryCodesPayload {
    pub recovery_codes: Vec<String>,
}

/// It is off.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct DisableTwoStepPayload {
    pub disabled: bool,
}

/// Whose second step.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct ResetUserTwoStepInput {
    pub user_id: cynic::Id,
}

/// The old and the new password.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct ChangePasswordInput {
    pub current: String,
    pub new: String,
}

/// It is changed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct ChangePasswordPayload {
    pub changed: bool,
}

/// The new address, and who says so.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct RequestAddressChangeInput {
    pub email: String,
    pub password: String,
}

super::mutations! {
    /// Takes the code that signing in asked for.
    SecondStep("SecondStepVariables", SecondStepVariables: SignInSecondStepInput) -> sign_in_second_step: super::identity::SignInPayload;
    /// Ends one of my sessions.
    RevokeSession("RevokeSessionVariables", RevokeSessionVariables: RevokeSessionInput) -> revoke_session: RevokeSessionPayload;
    /// Ends my sessions.
    SignOutEverywhere("SignOutEverywhereVariables", SignOutEverywhereVariables: SignOutEverywhereInput) -> sign_out_everywhere: RevokeSessionsPayload;
    /// Ends a session of a person.
    RevokeUserSession("RevokeUserSessionVariables", RevokeUserSessionVariables: RevokeUserSessionInput) -> revoke_user_session: RevokeSessionsPayload;
    /// Ends all sessions of a person.
    RevokeUserSessions("RevokeUserSessionsVariables", RevokeUserSessionsVariables: RevokeUserSessionsInput) -> revoke_user_sessions: RevokeSessionsPayload;
    /// Draws a secret for the application.
    StartTwoStep("StartTwoStepVariables", StartTwoStepVariables: StartTwoStepInput) -> start_two_step: StartTwoStepPayload;
    /// Switches the second step on.
    ConfirmTwoStep("ConfirmTwoStepVariables", ConfirmTwoStepVariables: ConfirmTwoStepInput) -> confirm_two_step: RecoveryCodesPayload;
    /// Switches it off.
    DisableTwoStep("DisableTwoStepVariables", DisableTwoStepVariables: PasswordAndCodeInput) -> disable_two_step: DisableTwoStepPayload;
    /// Draws recovery codes anew.
    RenewRecoveryCodes("RenewRecoveryCodesVariables", RenewRecoveryCodesVariables: PasswordAndCodeInput) -> renew_recovery_codes: RecoveryCodesPayload;
    /// Switches the second step of a person off.
    ResetUserTwoStep("ResetUserTwoStepVariables", ResetUserTwoStepVariables: ResetUserTwoStepInput) -> reset_user_two_step: DisableTwoStepPayload;
    /// Asks for a link that moves my account to another address.
    RequestAddressChange("RequestAddressChangeVariables", RequestAddressChangeVariables: RequestAddressChangeInput) -> request_address_change: super::access::Accepted;
    /// Changes my password.
    ChangePassword("ChangePasswordVariables", ChangePasswordVariables: ChangePasswordInput) -> change_password: ChangePasswordPayload;
}
