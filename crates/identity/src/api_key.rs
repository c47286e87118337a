//! API keys: a program's way in, for as much as its maker may do and no more.
//!
//! A key is `rk_<prefix>_<secret>`: the prefix tells keys apart for people, the secret is 32 random bytes of which only
//! the SHA-256 is stored, so a key is shown once. What a key may do is its own scope cut by what its maker may do at
//! that moment: a maker who loses a permission, or the account, takes it from the key too, and gives it back.
//! [`admission`] lets them in.

pub mod admission;
mod entity;
pub mod event;
pub mod graphql;

use crate::roles::{Held, may_grant, read_set};
use crate::session;
use crate::user;
use crate::view::UserView;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::api_key;
use event::ApiKeyEvent;
use events::Emit;
use platform::{Ctx, Error, Result, TenantDb};
use primitives::{ApiKeyId, FieldError, Permission, PermissionSet, Timestamp, UserId};
use sea_orm::{ColumnTrait, Condition, QuerySelect, Set};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// Keys of one shop that open something.
const MOST: u64 = 100;
/// Keys that a list shows.
const SHOWN: u64 = 200;
/// What every key begins with.
const MARK: &str = "rk_";
/// Characters of a prefix.
const PREFIX: usize = 8;

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKeyView {
    /// Key of the key.
    pub id: ApiKeyId,
    /// For people.
    pub name: String,
    /// How the key begins, with `rk_`.
    pub prefix: String,
    /// What it was made for.
    pub permissions: PermissionSet,
    /// What it may do now.
    pub effective: PermissionSet,
    /// Who made it.
    pub created_by: UserId,
    /// That person's name, or address when there is none.
    pub creator: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, up to a minute late.
    pub last_used_at: Option<Timestamp>,
    /// Whether it opens anything.
    pub state: KeyState,
}

/// Whether a key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Active,
    /// Its time is up.
    Expired,
    /// Somebody has revoked it.
    Revoked,
    /// Its maker's account is closed.
    Suspended,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// 1 to 100 characters on one line.
    pub name: String,
    /// At least one, each held by the caller.
    pub permissions: Vec<Permission>,
    /// When it ends by itself; never when not given.
    pub expires_at: Option<Timestamp>,
}

/// Makes a key; gives it back with its full text, which nobody sees again.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `FORBIDDEN` for what the caller does not hold, and for API keys;
/// `CONFLICT` when the shop has too many keys.
pub async fn create(ctx: &Ctx, new: NewApiKey) -> Result<(ApiKeyView, String)> {
    ctx.require(Permission::API_KEYS_CREATE)?;
    let permissions: PermissionSet = new.permissions.iter().copied().collect();
    let name = name(&new.name);
    let mut wrong: Vec<FieldError> = name.as_ref().err().cloned().into_iter().collect();
    if permissions.is_empty() {
        wrong.push(FieldError::new("permissions", "must be at least one"));
    }
    for (n, permission) in new.permissions.iter().enumerate().filter(|(_, it)| it.scopes().is_empty()) {
        let text = format!("{permission} is the platform's, no shop gives it");
        wrong.push(FieldError::new(format!("permissions.{n}"), text));
    }
    if new.expires_at.is_some_and(|at| at <= ctx.now()) {
        wrong.push(FieldError::new("expiresAt", "must be in the future"));
    }
    let (Ok(name), true) = (name, wrong.is_empty()) else { return Err(Error::invalid_fields(wrong)) };
    may_grant(ctx, &permissions)?;
    let maker = ctx.user_id().ok_or_else(|| Error::forbidden("a key is made by a person"))?;
    let document = serde_json::to_string(&permissions).map_err(Error::internal)?;
    let (prefix, secret) = (new_prefix(), rand::random::<[u8; 32]>());
    let id = ApiKeyId::new();
    let (row, creator) = ctx
        .write(Permission::API_KEYS_CREATE, async |tx| {
            let now = ctx.now().millis();
            let open = Condition::any()
                .add(api_key::Column::ExpiresAt.is_null())
                .add(api_key::Column::ExpiresAt.gt(now));
            let live = tx.find::<api_key::Entity>().filter(api_key::Column::RevokedAt.is_null()).filter(open);
            if live.count().await? >= MOST {
                return Err(Error::conflict(format!("a shop has at most {MOST} keys: revoke one first")));
            }
            let row = tx
                .insert(api_key::ActiveModel {
                    id: Set(id.uuid()),
                    name: Set(name.clone()),
                    prefix: Set(prefix.clone()),
                    secret_hash: Set(digest(&secret).to_vec()),
                    permissions: Set(document.clone()),
                    created_by: Set(maker.uuid()),
                    created_at: Set(now),
                    expires_at: Set(new.expires_at.map(Timestamp::millis)),
                    revoked_at: Set(None),
                    revoked_by: Set(None),
                    last_used_at: Set(None),
                    ..Default::default()
                })
                .await?;
            tx.emit(ApiKeyEvent::Created { api_key_id: id, permissions }).await?;
            let creator = user::people(tx, &[maker]).await?.remove(&maker);
            Ok::<_, Error>((row, creator))
        })
        .await?;
    let text = format!("{MARK}{prefix}_{}", URL_SAFE_NO_PAD.encode(secret));
    Ok((view(row, creator.as_ref(), ctx.now()), text))
}

/// Gives a key another name.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `name`.
pub async fn rename(ctx: &Ctx, id: ApiKeyId, text: &str) -> Result<ApiKeyView> {
    let name = name(text).map_err(|error| Error::invalid_fields(vec![error]))?;
    ctx.write(Permission::API_KEYS_UPDATE, async |tx| {
        let row = tx.get::<api_key::Entity>(id.uuid()).await?;
        if row.name != name {
            tx.update_many::<api_key::Entity>()
                .set(api_key::Column::Name, name.clone())
                .filter(api_key::Column::Id.eq(id.uuid()))
                .exec()
                .await?;
            tx.emit(ApiKeyEvent::Renamed { api_key_id: id }).await?;
        }
        let maker = UserId::from_uuid(row.created_by);
        let creator = user::people(tx, &[maker]).await?.remove(&maker);
        Ok(view(api_key::Model { name, ..row }, creator.as_ref(), ctx.now()))
    })
    .await
}

/// Ends a key, for good: here at once, elsewhere within 5 s. Ending it again changes nothing.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn revoke(ctx: &Ctx, id: ApiKeyId) -> Result<ApiKeyView> {
    ctx.write(Permission::API_KEYS_DELETE, async |tx| {
        let row = tx.find::<api_key::Entity>().filter(api_key::Column::Id.eq(id.uuid()));
        let row = row.map(|select| select.lock_exclusive()).one().await?;
        let mut row = row.ok_or_else(|| Error::not_found(ApiKeyId::KIND))?;
        if row.revoked_at.is_none() {
            row.revoked_at = Some(ctx.now().millis());
            row.revoked_by = ctx.user_id().map(UserId::uuid);
            tx.update_many::<api_key::Entity>()
                .set(api_key::Column::RevokedAt, row.revoked_at)
                .set(api_key::Column::RevokedBy, row.revoked_by)
                .filter(api_key::Column::Id.eq(id.uuid()))
                .exec()
                .await?;
            tx.emit(ApiKeyEvent::Revoked { api_key_id: id }).await?;
            session::forget(tx)?;
        }
        let maker = UserId::from_uuid(row.created_by);
        let creator = user::people(tx, &[maker]).await?.remove(&maker);
        Ok(view(row, creator.as_ref(), ctx.now()))
    })
    .await
}

/// The shop's keys, newest first, at most 200; revoked ones on request. Four statements.
///
/// # Errors
/// `FORBIDDEN` without `api_keys:list`.
pub async fn list(ctx: &Ctx, revoked: bool) -> Result<Vec<ApiKeyView>> {
    let db = ctx.read(Permission::API_KEYS_LIST).await?;
    let mut rows = db.find::<api_key::Entity>();
    if !revoked {
        rows = rows.filter(api_key::Column::RevokedAt.is_null());
    }
    let rows = rows
        .order_by_desc(api_key::Column::CreatedAt)
        .order_by_desc(api_key::Column::Id)
        .limit(SHOWN)
        .all()
        .await?;
    let mut makers: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.created_by)).collect();
    makers.sort_unstable();
    makers.dedup();
    let people = user::people(&db, &makers).await?;
    let of = |row: api_key::Model| {
        let maker = people.get(&UserId::from_uuid(row.created_by));
        view(row, maker, ctx.now())
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Names of keys by id; none asks nothing.
pub(crate) async fn names(db: &TenantDb, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        db.find::<api_key::Entity>().filter(api_key::Column::Id.is_in(ids.iter().copied())).all().await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

fn view(row: api_key::Model, creator: Option<&UserView>, now: Timestamp) -> ApiKeyView {
    let permissions = read_set(&row.permissions);
    let expires_at = row.expires_at.map(Timestamp::from_millis);
    let state = match creator {
        _ if row.revoked_at.is_some() => KeyState::Revoked,
        _ if expires_at.is_some_and(|at| at <= now) => KeyState::Expired,
        Some(person) if person.active => KeyState::Active,
        _ => KeyState::Suspended,
    };
    let held = creator.map(UserView::held).as_ref().map(Held::permissions).unwrap_or_default();
    ApiKeyView {
        id: ApiKeyId::from_uuid(row.id),
        name: row.name,
        prefix: format!("{MARK}{}", row.prefix),
        effective: if state == KeyState::Active {
            permissions.intersection(&held)
        } else {
            PermissionSet::EMPTY
        },
        permissions,
        created_by: UserId::from_uuid(row.created_by),
        creator: creator.map_or_else(String::new, |person| {
            if person.name.is_empty() { person.email.clone() } else { person.name.clone() }
        }),
        created_at: Timestamp::from_millis(row.created_at),
        expires_at,
        revoked_at: row.revoked_at.map(Timestamp::from_millis),
        last_used_at: row.last_used_at.map(Timestamp::from_millis),
        state,
    }
}

fn name(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
        return Err(FieldError::new("name", "must have 1 to 100 characters on one line"));
    }
    Ok(text.to_owned())
}

fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Letters and digits that are not taken for each other.
fn new_prefix() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let random = rand::random::<[u8; PREFIX]>();
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// A key as a request shows it: its prefix and the SHA-256 of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown<'t> {
    prefix: &'t str,
    hash: [u8; 32],
}

impl<'t> Shown<'t> {
    /// Reads `rk_<prefix>_<secret>`; anything else is nobody's.
    fn read(text: &'t str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(MARK)?.split_once('_')?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?;
        (prefix.len() == PREFIX && secret.len() == 32).then(|| Self { prefix, hash: digest(&secret) })
    }
}

/// Whether a bearer token is to be an API key.
pub(crate) fn is_key(token: &str) -> bool {
    token.starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_does() {
        let secret = [0xfb; 32];
        let encoded = URL_SAFE_NO_PAD.encode(secret);
        assert!(encoded.contains('-') || encoded.contains('_'), "the secret may hold the separator");
        let text = format!("rk_abcdefgh_{encoded}");
        assert_eq!(Shown::read(&text), Some(Shown { prefix: "abcdefgh", hash: digest(&secret) }));
        for bad in [
            "",
            "rk_",
            "rk_abcdefgh",
            "rk_abcdefgh_",
            &format!("rk_abc_{encoded}"),
            &format!("RK_abcdefgh_{encoded}"),
            &format!("rk_abcdefgh_{encoded}="),
            &format!("rk_abcdefgh_{}", &encoded[1..]),
            &format!("rk_abcdefgh_{encoded}{encoded}"),
            &"rk_".repeat(100_000),
        ] {
            assert_eq!(Shown::read(bad), None, "{}", &bad[..bad.len().min(40)]);
        }
    }

    #[test]
    fn prefixes_are_plain_and_differ() {
        let (one, two) = (new_prefix(), new_prefix());
        assert_ne!(one, two);
        assert!(one.len() == PREFIX && one.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{one}");
    }
}
