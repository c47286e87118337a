//! GraphQL: inviting people to work for the shop, and accepting.

use crate::graphql::visit_of;
use crate::invitation::{self, InvitationInput};
use crate::roles::RoleKey;
use crate::view;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure, parse_id};

/// Who was invited.
#[derive(Default)]
pub struct InvitationQuery;

/// Inviting and accepting.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationQuery {
    /// The newest 200 invitations, newest first.
    async fn invitations(&self, context: &Context<'_>) -> Result<Vec<Invitation>> {
        let now = ctx_of(context)?.now();
        let invitations = invitation::list(ctx_of(context)?).await.map_err(failure)?;
        Ok(invitations.into_iter().map(|invitation| Invitation::new(invitation, now)).collect())
    }

    /// The invitation behind the token of a link.
    async fn invited(&self, context: &Context<'_>, #[graphql(secret)] token: String) -> Result<Invited> {
        Ok(invitation::find(ctx_of(context)?, &token).await.map_err(failure)?.into())
    }
}

#[Object]
impl InvitationMutation {
    /// Invites somebody to work for the shop; nobody gives a role with more than they hold themselves.
    async fn invite_staff(
        &self,
        context: &Context<'_>,
        input: InviteStaffInput,
    ) -> Result<InvitationPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let InviteStaffInput { email, name, locale, roles } = input;
        let roles = RoleKey::parse_all("roles", &roles).map_err(failure)?;
        let input = InvitationInput { email, name, locale, roles };
        let invited = invitation::invite_staff(ctx, input, visit).await.map_err(failure)?;
        Ok(InvitationPayload { invitation: Invitation::new(invited, ctx.now()) })
    }

    /// Sends the letter again with a new link; the old one is good no more.
    async fn resend_invitation(
        &self,
        context: &Context<'_>,
        input: ResendInvitationInput,
    ) -> Result<InvitationPayload> {
        let (ctx, id) = (ctx_of(context)?, parse_id(&input.id, "invitation")?);
        let sent = invitation::resend(ctx, id, visit_of(context)?).await.map_err(failure)?;
        Ok(InvitationPayload { invitation: Invitation::new(sent, ctx.now()) })
    }

    /// Takes an invitation back.
    async fn revoke_invitation(
        &self,
        context: &Context<'_>,
        input: RevokeInvitationInput,
    ) -> Result<InvitationPayload> {
        let (ctx, id) = (ctx_of(context)?, parse_id(&input.id, "invitation")?);
        let revoked = invitation::revoke(ctx, id).await.map_err(failure)?;
        Ok(InvitationPayload { invitation: Invitation::new(revoked, ctx.now()) })
    }

    /// Accepts an invitation with the token of its link: name and password of the account. Does not sign in.
    async fn accept_invitation(
        &self,
        context: &Context<'_>,
        input: AcceptInvitationInput,
    ) -> Result<AcceptInvitationPayload> {
        let AcceptInvitationInput { token, name, password } = input;
        let accepted =
            invitation::accept(ctx_of(context)?, &token, &name, &password).await.map_err(failure)?;
        Ok(AcceptInvitationPayload { invited: accepted.into() })
    }
}

/// Somebody who was asked to work for the shop.
#[derive(SimpleObject)]
struct Invitation {
    /// Key.
    id: ID,
    /// Address.
    email: String,
    /// Name, as far as it is known.
    name: String,
    /// Names of the roles.
    roles: Vec<String>,
    /// What became of it.
    state: InvitationState,
    /// Who invited; null when the shop was made with this invitation.
    invited_by: Option<String>,
    /// When it was made.
    created_at: DateTime,
    /// When the letter was last sent.
    sent_at: DateTime,
    /// When the link ends.
    expires_at: DateTime,
}

impl Invitation {
    fn new(invitation: view::InvitationView, now: primitives::Timestamp) -> Self {
        Self {
            state: match (invitation.accepted_at, invitation.revoked_at) {
                (Some(_), _) => InvitationState::Accepted,
                (None, Some(_)) => InvitationState::Revoked,
                (None, None) if invitation.expires_at <= now => InvitationState::Expired,
                (None, None) => InvitationState::Open,
            },
            id: ID(invitation.id.to_string()),
            email: invitation.email,
            name: invitation.name,
            roles: invitation.roles,
            invited_by: invitation.invited_by,
            created_at: DateTime(invitation.created_at),
            sent_at: DateTime(invitation.sent_at),
            expires_at: DateTime(invitation.expires_at),
        }
    }
}

/// What became of an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum InvitationState {
    /// Its link can be used.
    Open,
    /// Its link has ended.
    Expired,
    /// Somebody works here now.
    Accepted,
    /// It was taken back, or another one took its place.
    Revoked,
}

/// What whoever has the link may know.
#[derive(SimpleObject)]
struct Invited {
    /// Address of the account.
    email: String,
    /// Name, as far as it is known.
    name: String,
    /// Names of the roles.
    roles: Vec<String>,
}

impl From<view::InvitationView> for Invited {
    fn from(invitation: view::InvitationView) -> Self {
        Self { email: invitation.email, name: invitation.name, roles: invitation.roles }
    }
}

/// Whom to invite.
#[derive(InputObject)]
struct InviteStaffInput {
    /// Address.
    email: String,
    /// May be empty.
    #[graphql(default)]
    name: String,
    /// Language of the letter; the shop's when not given.
    locale: Option<String>,
    /// Keys of the roles, ten at most.
    roles: Vec<String>,
}

/// Which invitation.
#[derive(InputObject)]
struct ResendInvitationInput {
    /// Key.
    id: ID,
}

/// Which invitation.
#[derive(InputObject)]
struct RevokeInvitationInput {
    /// Key.
    id: ID,
}

/// The invitation as it is now.
#[derive(SimpleObject)]
struct InvitationPayload {
    /// With the change.
    invitation: Invitation,
}

/// The token of a link, and the account.
#[derive(InputObject)]
struct AcceptInvitationInput {
    /// From the link.
    #[graphql(secret)]
    token: String,
    /// May be empty.
    #[graphql(default)]
    name: String,
    /// 8 to 1,024 bytes.
    #[graphql(secret)]
    password: String,
}

/// The account can be signed in to.
#[derive(SimpleObject)]
struct AcceptInvitationPayload {
    /// Its address and roles.
    invited: Invited,
}
