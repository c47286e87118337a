//! GraphQL of this room: parse, call, map.

use super::{refresh, sessions, two_step};
use crate::graphql::{Session, SignInPayload, visit_of};
use crate::signin::{self, Credentials, Step};
use crate::view::TokenView;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure, parse_id};

/// Questions about sign-in.
#[derive(Default)]
pub struct SecurityQuery;

/// Second step, tokens, sessions.
#[derive(Default)]
pub struct SecurityMutation;

#[Object]
impl SecurityQuery {
    /// The open sessions of a person, newest first.
    async fn user_sessions(&self, context: &Context<'_>, user_id: ID) -> Result<Vec<Session>> {
        let user = parse_id(&user_id, "user")?;
        let sessions =
            sessions::list_of(ctx_of(context)?, user, visit_of(context)?).await.map_err(failure)?;
        Ok(sessions.into_iter().map(Session::from).collect())
    }

    /// My second step of signing in.
    async fn two_step(&self, context: &Context<'_>) -> Result<TwoStep> {
        Ok(two_step::status(ctx_of(context)?).await.map_err(failure)?.into())
    }
}

#[Object]
impl SecurityMutation {
    /// Takes the code that `signIn` asked for; the cookie comes with the answer.
    async fn sign_in_second_step(
        &self,
        context: &Context<'_>,
        input: SignInSecondStepInput,
    ) -> Result<SignInPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let signed_in = signin::second_step(ctx, &input.token, &input.code, visit).await.map_err(failure)?;
        Ok(SignInPayload::answer(context, Step::In(Box::new(signed_in))))
    }

    /// Tokens for a program.
    async fn create_token(&self, context: &Context<'_>, input: CreateTokenInput) -> Result<TokenPayload> {
        let CreateTokenInput { email, password, code } = input;
        let shown = Credentials { email, password, code };
        let token = signin::token(ctx_of(context)?, &shown, visit_of(context)?).await.map_err(failure)?;
        Ok(token.into())
    }

    /// The next pair of tokens. A refresh token is good once: used again, later than some seconds, it ends its session.
    async fn refresh_token(&self, context: &Context<'_>, input: RefreshTokenInput) -> Result<TokenPayload> {
        Ok(refresh::refresh(ctx_of(context)?, &input.refresh_token).await.map_err(failure)?.into())
    }

    /// Ends all my sessions.
    async fn sign_out_everywhere(
        &self,
        context: &Context<'_>,
        input: SignOutEverywhereInput,
    ) -> Result<RevokeSessionsPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let (ended, cookie) =
            sessions::sign_out_everywhere(ctx, input.except_here, visit).await.map_err(failure)?;
        if let Some(cookie) = cookie {
            context.append_http_header("set-cookie", cookie);
        }
        Ok(RevokeSessionsPayload::of(ended))
    }

    /// Ends a session of a person.
    async fn revoke_user_session(
        &self,
        context: &Context<'_>,
        input: RevokeUserSessionInput,
    ) -> Result<RevokeSessionsPayload> {
        let (user, id) = (parse_id(&input.user_id, "user")?, parse_id(&input.id, "session")?);
        sessions::revoke_of(ctx_of(context)?, user, id).await.map_err(failure)?;
        Ok(RevokeSessionsPayload::of(1))
    }

    /// Ends all sessions of a person.
    async fn revoke_user_sessions(
        &self,
        context: &Context<'_>,
        input: RevokeUserSessionsInput,
    ) -> Result<RevokeSessionsPayload> {
        let user = parse_id(&input.user_id, "user")?;
        let ended = sessions::revoke_all_of(ctx_of(context)?, user).await.map_err(failure)?;
        Ok(RevokeSessionsPayload::of(ended))
    }

    /// Draws a secret for my authenticator application; `confirmTwoStep` switches it on.
    async fn start_two_step(
        &self,
        context: &Context<'_>,
        input: StartTwoStepInput,
    ) -> Result<StartTwoStepPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let drawn = two_step::start(ctx, &input.password, visit).await.map_err(failure)?;
        Ok(StartTwoStepPayload { secret: drawn.secret, uri: drawn.uri, qr: drawn.qr })
    }

    /// Switches my second step on, with a code of the application.
    async fn confirm_two_step(
        &self,
        context: &Context<'_>,
        input: ConfirmTwoStepInput,
    ) -> Result<RecoveryCodesPayload> {
        let recovery_codes = two_step::confirm(ctx_of(context)?, &input.code).await.map_err(failure)?;
        Ok(RecoveryCodesPayload { recovery_codes })
    }

    /// Switches my second step off.
    async fn disable_two_step(
        &self,
        context: &Context<'_>,
        input: PasswordAndCodeInput,
    ) -> Result<DisableTwoStepPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        two_step::disable(ctx, &input.password, &input.code, visit).await.map_err(failure)?;
        Ok(DisableTwoStepPayload { disabled: true })
    }

    /// Replaces my recovery codes.
    async fn renew_recovery_codes(
        &self,
        context: &Context<'_>,
        input: PasswordAndCodeInput,
    ) -> Result<RecoveryCodesPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let recovery_codes = two_step::renew_recovery_codes(ctx, &input.password, &input.code, visit).await;
        Ok(RecoveryCodesPayload { recovery_codes: recovery_codes.map_err(failure)? })
    }

    /// Switches off the second step of a person who has lost application and recovery codes.
    async fn reset_user_two_step(
        &self,
        context: &Context<'_>,
        input: ResetUserTwoStepInput,
    ) -> Result<DisableTwoStepPayload> {
        let user = parse_id(&input.user_id, "user")?;
        two_step::reset(ctx_of(context)?, user).await.map_err(failure)?;
        Ok(DisableTwoStepPayload { disabled: true })
    }
}

/// My second step of signing in.
#[derive(SimpleObject)]
struct TwoStep {
    /// Since when signing in asks for a code; null when it does not.
    enabled_at: Option<DateTime>,
    /// Recovery codes that are left.
    recovery_codes_left: i32,
    /// Whether this host can have it at all: it needs a lasting key.
    available: bool,
}

impl From<two_step::TwoStepView> for TwoStep {
    fn from(view: two_step::TwoStepView) -> Self {
        Self {
            enabled_at: view.enabled_at.map(DateTime),
            recovery_codes_left: i32::try_from(view.recovery_codes_left).unwrap_or(i32::MAX),
            available: view.available,
        }
    }
}

/// The challenge of `signIn` and the code.
#[derive(InputObject)]
struct SignInSecondStepInput {
    /// What `signIn` gave.
    #[graphql(secret)]
    token: String,
    /// Six digits of the application, or a recovery code.
    #[graphql(secret)]
    code: String,
}

/// Address and password of a program's account.
#[derive(InputObject)]
struct CreateTokenInput {
    /// Address.
    email: String,
    /// Password.
    #[graphql(secret)]
    password: String,
    /// Code of the second step, for who has one.
    #[graphql(secret)]
    code: Option<String>,
}

/// A refresh token.
#[derive(InputObject)]
struct RefreshTokenInput {
    /// The token.
    #[graphql(secret)]
    refresh_token: String,
}

/// Tokens for a program.
#[derive(SimpleObject)]
struct TokenPayload {
    /// For the header `Authorization: Bearer …`.
    access_token: String,
    /// Seconds.
    expires_in: i32,
    /// Gets the next pair, once.
    refresh_token: String,
    /// Seconds until that has to be done.
    refresh_expires_in: i32,
}

impl From<TokenView> for TokenPayload {
    fn from(view: TokenView) -> Self {
        let seconds = |seconds: u64| i32::try_from(seconds).unwrap_or(i32::MAX);
        Self {
            access_token: view.access_token,
            expires_in: seconds(view.expires_in),
            refresh_token: view.refresh_token,
            refresh_expires_in: seconds(view.refresh_expires_in),
        }
    }
}

/// Which of my sessions to end.
#[derive(InputObject)]
struct SignOutEverywhereInput {
    /// Whether the session of this very request goes on.
    #[graphql(default)]
    except_here: bool,
}

/// Which session of whom to end.
#[derive(InputObject)]
struct RevokeUserSessionInput {
    /// The person.
    user_id: ID,
    /// The session.
    id: ID,
}

/// Whose sessions to end.
#[derive(InputObject)]
struct RevokeUserSessionsInput {
    /// The person.
    user_id: ID,
}

/// The sessions are over.
#[derive(SimpleObject)]
struct RevokeSessionsPayload {
    /// How many were open.
    ended: i32,
}

impl RevokeSessionsPayload {
    fn of(ended: u64) -> Self {
        Self { ended: i32::try_from(ended).unwrap_or(i32::MAX) }
    }
}

/// My password.
#[derive(InputObject)]
struct StartTwoStepInput {
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// What an authenticator application needs; nobody sees it again.
#[derive(SimpleObject)]
struct StartTwoStepPayload {
    /// The secret in base 32, for typing.
    secret: String,
    /// `otpauth://…`
    uri: String,
    /// The same as a QR code: an SVG picture as a `data:` address.
    qr: String,
}

/// A code of the application.
#[derive(InputObject)]
struct ConfirmTwoStepInput {
    /// Six digits.
    #[graphql(secret)]
    code: String,
}

/// My password and a code.
#[derive(InputObject)]
struct PasswordAndCodeInput {
    /// The password.
    #[graphql(secret)]
    password: String,
    /// Six digits of the application, or a recovery code.
    #[graphql(secret)]
    code: String,
}

/// Codes that stand in for the application, each once; nobody sees them again.
#[derive(SimpleObject)]
struct RecoveryCodesPayload {
    /// The codes.
    recovery_codes: Vec<String>,
}

/// The second step is off.
#[derive(SimpleObject)]
struct DisableTwoStepPayload {
    /// Always true.
    disabled: bool,
}

/// Whose second step to switch off.
#[derive(InputObject)]
struct ResetUserTwoStepInput {
    /// The person.
    user_id: ID,
}
