//! What readers of people and sessions get.

use crate::entity::{invitation, session, user};
use crate::roles::{CustomRole, Held};
use crate::session::actor_of;
use platform::{Actor, Error, Result};
use primitives::{Grant, InvitationId, Locale, SessionId, SystemRole, Timestamp, UserId};
use serde::Serialize;

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserView {
    /// Key.
    pub id: UserId,
    /// Address, lower case.
    pub email: String,
    /// Name as the person wrote it; may be empty.
    pub name: String,
    /// Language.
    pub locale: Locale,
    /// Whether the person may sign in.
    pub active: bool,
    /// Roles, the mightiest first.
    pub roles: Vec<SystemRole>,
    /// Roles that the shop has made, by name.
    pub custom_roles: Vec<CustomRole>,
    /// When the account was opened.
    pub created_at: Timestamp,
    /// When the person last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When the person showed that the address is her own.
    pub email_verified_at: Option<Timestamp>,
}

impl UserView {
    pub(crate) fn new(row: user::Model, held: impl Into<Held>) -> Result<Self> {
        let held = held.into();
        Ok(Self {
            id: UserId::from_uuid(row.id),
            locale: Locale::parse(&row.locale).map_err(Error::internal)?,
            email: row.email,
            name: row.name,
            active: row.status == "active",
            roles: held.system,
            custom_roles: held.custom,
            created_at: Timestamp::from_millis(row.created_at),
            last_sign_in_at: row.last_sign_in_at.map(Timestamp::from_millis),
            email_verified_at: row.email_verified_at.map(Timestamp::from_millis),
        })
    }

    /// The roles, to ask what they add up to.
    pub fn held(&self) -> Held {
        Held { system: self.roles.clone(), custom: self.custom_roles.clone() }
    }
}

/// Whoever asks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeView {
    /// The account.
    pub user: UserView,
    /// `staff` or `customer`.
    pub kind: MeKind,
    /// What it may do; `manage` stands for every action on its resource, `:own` at the end for the own things alone.
    /// Empty for customers, who reach their own things without.
    pub permissions: Vec<Grant>,
}

/// Which of the two doors somebody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MeKind {
    /// Works for the shop.
    Staff,
    /// Buys in the shop.
    Customer,
}

impl MeView {
    pub(crate) fn new(user: UserView) -> Self {
        match actor_of(user.id, user.held().permissions()) {
            Actor::Staff { permissions, .. } => {
                Self { user, kind: MeKind::Staff, permissions: permissions.grants().collect() }
            }
            _ => Self { user, kind: MeKind::Customer, permissions: Vec::new() },
        }
    }

    /// Whether the admin opens for this person.
    pub fn is_staff(&self) -> bool {
        self.kind == MeKind::Staff
    }
}

/// A signed-in browser or API client.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionView {
    /// Key.
    pub id: SessionId,
    /// Whether it is a browser; else an API client.
    pub browser: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Whether this very request belongs to it.
    pub current: bool,
}

impl SessionView {
    pub(crate) fn new(row: session::Model, current: Option<SessionId>) -> Self {
        let id = SessionId::from_uuid(row.id);
        Self {
            id,
            browser: row.kind == "browser",
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            user_agent: row.user_agent,
            current: current == Some(id),
        }
    }
}

/// Somebody who was asked to work for the shop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InvitationView {
    /// Key.
    pub id: InvitationId,
    /// Address.
    pub email: String,
    /// Name, as far as it is known.
    pub name: String,
    /// Language of the letter.
    pub locale: Locale,
    /// Names of the roles, the mightiest first.
    pub roles: Vec<String>,
    /// Who invited; nobody when the process itself did.
    pub invited_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the letter was last sent.
    pub sent_at: Timestamp,
    /// When the link ends.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl InvitationView {
    pub(crate) fn new(row: invitation::Model, roles: &Held, invited_by: Option<String>) -> Result<Self> {
        Ok(Self {
            id: InvitationId::from_uuid(row.id),
            locale: Locale::parse(&row.locale).map_err(Error::internal)?,
            email: row.email,
            name: row.name,
            roles: roles.names(),
            invited_by,
            created_at: Timestamp::from_millis(row.created_at),
            sent_at: Timestamp::from_millis(row.sent_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            accepted_at: row.accepted_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        })
    }
}

/// An access token with its refresh token, in the words of RFC 6749.
#[derive(Clone, Serialize)]
pub struct TokenView {
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u64,
    /// Opens the next pair, once.
    pub refresh_token: String,
    /// Seconds until that has to be done.
    pub refresh_expires_in: u64,
}
