//! GraphQL: confirming an address, forgetting the password, changing the address.

use crate::graphql::visit_of;
use crate::recovery;
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use platform::graphql::{ctx_of, failure};

/// Confirming an address, a new password, a new address.
#[derive(Default)]
pub struct RecoveryMutation;

#[Object]
impl RecoveryMutation {
    /// Sends me a link that confirms the address of my account; nothing when it is confirmed.
    async fn request_email_verification(&self, context: &Context<'_>) -> Result<AcceptedPayload> {
        recovery::request_verification(ctx_of(context)?, visit_of(context)?).await.map_err(failure)?;
        Ok(AcceptedPayload { accepted: true })
    }

    /// Confirms the address of an account with the token of a link.
    async fn verify_email(
        &self,
        context: &Context<'_>,
        input: VerifyEmailInput,
    ) -> Result<VerifyEmailPayload> {
        recovery::verify(ctx_of(context)?, &input.token).await.map_err(failure)?;
        Ok(VerifyEmailPayload { verified: true })
    }

    /// Sends a link that sets a new password; the same answer whether or not the address has an account.
    async fn request_password_reset(
        &self,
        context: &Context<'_>,
        input: RequestPasswordResetInput,
    ) -> Result<AcceptedPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        recovery::request_reset(ctx, &input.email, visit).await.map_err(failure)?;
        Ok(AcceptedPayload { accepted: true })
    }

    /// Sets a new password with the token of a link and ends all sessions. Does not sign in.
    async fn reset_password(
        &self,
        context: &Context<'_>,
        input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload> {
        let ResetPasswordInput { token, password } = input;
        let staff = recovery::reset_password(ctx_of(context)?, &token, &password).await.map_err(failure)?;
        Ok(ResetPasswordPayload { changed: true, staff })
    }

    /// Sends a link to the new address that moves my account there, and a notice to the old one; the same answer
    /// whether or not the new address has an account.
    async fn request_address_change(
        &self,
        context: &Context<'_>,
        input: RequestAddressChangeInput,
    ) -> Result<AcceptedPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let RequestAddressChangeInput { email, password } = input;
        recovery::request_address_change(ctx, &email, &password, visit).await.map_err(failure)?;
        Ok(AcceptedPayload { accepted: true })
    }

    /// Moves an account to the address that the link went to; both addresses are told.
    async fn confirm_address_change(
        &self,
        context: &Context<'_>,
        input: ConfirmAddressChangeInput,
    ) -> Result<ConfirmAddressChangePayload> {
        recovery::confirm_address_change(ctx_of(context)?, &input.token).await.map_err(failure)?;
        Ok(ConfirmAddressChangePayload { changed: true })
    }
}

/// The request is accepted, whatever came of it.
#[derive(SimpleObject)]
struct AcceptedPayload {
    /// Always true.
    accepted: bool,
}

/// The token of a link.
#[derive(InputObject)]
struct VerifyEmailInput {
    /// From the link.
    #[graphql(secret)]
    token: String,
}

/// The address is confirmed.
#[derive(SimpleObject)]
struct VerifyEmailPayload {
    /// Always true.
    verified: bool,
}

/// Whose password is forgotten.
#[derive(InputObject)]
struct RequestPasswordResetInput {
    /// Address of the account.
    email: String,
}

/// The token of a link, and the new password.
#[derive(InputObject)]
struct ResetPasswordInput {
    /// From the link.
    #[graphql(secret)]
    token: String,
    /// 8 to 1,024 bytes.
    #[graphql(secret)]
    password: String,
}

/// The password is another one now.
#[derive(SimpleObject)]
struct ResetPasswordPayload {
    /// Always true.
    changed: bool,
    /// Whether the account works for the shop.
    staff: bool,
}

/// The new address, and the password again.
#[derive(InputObject)]
struct RequestAddressChangeInput {
    /// New address.
    email: String,
    /// The present password.
    #[graphql(secret)]
    password: String,
}

/// The token of a link.
#[derive(InputObject)]
struct ConfirmAddressChangeInput {
    /// From the link.
    #[graphql(secret)]
    token: String,
}

/// The address is another one now.
#[derive(SimpleObject)]
struct ConfirmAddressChangePayload {
    /// Always true.
    changed: bool,
}
