//! GraphQL of API keys: parse, call, map.

use super::{ApiKeyView, KeyState, NewApiKey};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure, parse_id};
use platform::{Ctx, Error};
use primitives::{ApiKeyId, Grant, Permission};

/// Which keys there are.
#[derive(Default)]
pub struct ApiKeyQuery;

/// Makes and ends keys.
#[derive(Default)]
pub struct ApiKeyMutation;

#[Object]
impl ApiKeyQuery {
    /// The shop's API keys, newest first, at most 200.
    #[graphql(complexity = "50 + 20 * child_complexity")]
    async fn api_keys(
        &self,
        context: &Context<'_>,
        #[graphql(default)] revoked: bool,
    ) -> Result<Vec<ApiKey>> {
        let keys = super::list(ctx_of(context)?, revoked).await.map_err(failure)?;
        Ok(keys.into_iter().map(ApiKey::from).collect())
    }
}

#[Object]
impl ApiKeyMutation {
    /// Makes a key. `secret` is the whole key and comes with this answer only.
    async fn create_api_key(
        &self,
        context: &Context<'_>,
        input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload> {
        let ctx: &Ctx = ctx_of(context)?;
        let permissions = input.permissions.iter().enumerate().map(|(n, name)| {
            Permission::parse(name)
                .map_err(|error| Error::invalid(format!("permissions.{n}"), error.to_string()))
        });
        let new = NewApiKey {
            name: input.name,
            permissions: permissions.collect::<platform::Result<_>>().map_err(failure)?,
            expires_at: input.expires_at.map(|at| at.0),
        };
        let (api_key, secret) = super::create(ctx, new).await.map_err(failure)?;
        Ok(CreateApiKeyPayload { api_key: api_key.into(), secret })
    }

    /// Gives a key another name.
    async fn rename_api_key(&self, context: &Context<'_>, input: RenameApiKeyInput) -> Result<ApiKeyPayload> {
        let id = parse_id(&input.id, ApiKeyId::KIND)?;
        let api_key = super::rename(ctx_of(context)?, id, &input.name).await.map_err(failure)?;
        Ok(ApiKeyPayload { api_key: api_key.into() })
    }

    /// Ends a key, for good.
    async fn revoke_api_key(&self, context: &Context<'_>, input: RevokeApiKeyInput) -> Result<ApiKeyPayload> {
        let id = parse_id(&input.id, ApiKeyId::KIND)?;
        let api_key = super::revoke(ctx_of(context)?, id).await.map_err(failure)?;
        Ok(ApiKeyPayload { api_key: api_key.into() })
    }
}

/// A key of a program, without its secret.
#[derive(SimpleObject)]
struct ApiKey {
    /// Key of the key.
    id: ID,
    /// For people.
    name: String,
    /// How the key begins.
    prefix: String,
    /// What it was made for, as `resource:action`.
    permissions: Vec<String>,
    /// What it may do now: no more than its maker may. `:own` at the end means the maker's own things alone.
    effective_permissions: Vec<String>,
    /// Whether it opens anything.
    state: ApiKeyState,
    /// Who made it.
    created_by_id: ID,
    /// That person's name, or address when there is none.
    created_by: String,
    /// When it was made.
    created_at: DateTime,
    /// When it ends by itself.
    expires_at: Option<DateTime>,
    /// When it was revoked.
    revoked_at: Option<DateTime>,
    /// When it was last used, up to a minute late.
    last_used_at: Option<DateTime>,
}

impl From<ApiKeyView> for ApiKey {
    fn from(key: ApiKeyView) -> Self {
        Self {
            id: ID(key.id.to_string()),
            name: key.name,
            prefix: key.prefix,
            permissions: key.permissions.grants().map(Grant::name).collect(),
            effective_permissions: key.effective.grants().map(Grant::name).collect(),
            state: match key.state {
                KeyState::Active => ApiKeyState::Active,
                KeyState::Expired => ApiKeyState::Expired,
                KeyState::Revoked => ApiKeyState::Revoked,
                KeyState::Suspended => ApiKeyState::Suspended,
            },
            created_by_id: ID(key.created_by.to_string()),
            created_by: key.creator,
            created_at: DateTime(key.created_at),
            expires_at: key.expires_at.map(DateTime),
            revoked_at: key.revoked_at.map(DateTime),
            last_used_at: key.last_used_at.map(DateTime),
        }
    }
}

/// Whether a key opens anything.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ApiKeyState {
    /// It does.
    Active,
    /// Its time is up.
    Expired,
    /// Somebody has revoked it.
    Revoked,
    /// Its maker's account is closed.
    Suspended,
}

/// A new key.
#[derive(InputObject)]
struct CreateApiKeyInput {
    /// 1 to 100 characters.
    name: String,
    /// At least one that I hold, as `resource:action`.
    permissions: Vec<String>,
    /// When it ends by itself; never when not given.
    expires_at: Option<DateTime>,
}

/// A key and what opens with it.
#[derive(SimpleObject)]
struct CreateApiKeyPayload {
    /// The key, without its secret.
    api_key: ApiKey,
    /// The whole key, for the header `Authorization: Bearer …`. It cannot be shown again.
    secret: String,
}

/// Another name for a key.
#[derive(InputObject)]
struct RenameApiKeyInput {
    /// Key of the key.
    id: ID,
    /// 1 to 100 characters.
    name: String,
}

/// A key that ends.
#[derive(InputObject)]
struct RevokeApiKeyInput {
    /// Key of the key.
    id: ID,
}

/// The key as it is now.
#[derive(SimpleObject)]
struct ApiKeyPayload {
    /// With the change.
    api_key: ApiKey,
}
