//! The same unsafe request twice does its work once.
//!
//! Inside `ctx.write`: [`begin`], do the work, [`complete`]. The row is part of the transaction, so the answer is
//! kept exactly when the work is. Work of several transactions [`claim`]s its key first and completes it in the last.
//!
//! ```ignore
//! let key = idempotency::Key::new(&ctx, guest, header)?;
//! let print = idempotency::fingerprint("checkout", &input)?;
//! ctx.write(Access::Public, async |tx| {
//!     if let Begun::Replay(answer) = idempotency::begin(tx, &key, &print).await? {
//!         return Ok(answer);
//!     }
//!     let answer = Answer::ok(&place_order(tx, &input).await?)?;
//!     idempotency::complete(tx, &key, &answer).await?;
//!     Ok(answer)
//! })
//! ```

use platform::{Access, Context, Ctx, Error, Result, TenantDb, Tx};
use primitives::ErrorCode;
use sea_orm::DbBackend;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long a running request keeps its key when its process dies.
const LEASE: Duration = Duration::from_secs(60);

/// Who asks, and the key that they drew for this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    principal: String,
    key: String,
}

impl Key {
    /// Reads a key of 1 to 255 visible ASCII characters.
    ///
    /// `guest` tells visitors without an account apart, such as the id of their cart; without one all of them share
    /// their keys, which is right for keys that cannot be guessed only.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` on `idempotencyKey`.
    pub fn new(ctx: &Ctx, guest: Option<&str>, text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty()
            || text.len() > 255
            || !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            return Err(Error::invalid("idempotencyKey", "must be 1 to 255 visible ASCII characters"));
        }
        let principal = match (ctx.user_id(), guest) {
            (Some(user), _) => format!("user:{user}"),
            (None, Some(guest)) => format!("guest:{}", hex(&Sha256::digest(guest.as_bytes())[..16])),
            (None, None) => "guest".to_owned(),
        };
        Ok(Self { principal, key: text.to_owned() })
    }
}

/// What exactly was asked, as 32 bytes.
pub type Fingerprint = [u8; 32];

/// The fingerprint of an operation and its input.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` when the input cannot be written as JSON.
pub fn fingerprint(operation: &str, input: &impl Serialize) -> Result<Fingerprint> {
    let mut hash = Sha256::new();
    hash.update(operation.as_bytes());
    hash.update([0]);
    hash.update(serde_json::to_vec(input).map_err(Error::internal)?);
    Ok(hash.finalize().into())
}

/// What the first request was answered, and every repetition will be.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: serde_json::Value,
}

impl Answer {
    /// Status 200 and a body.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR` when the body cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Ok(Self { status: 200, body: serde_json::to_value(body).map_err(Error::internal)? })
    }

    /// The body as a type.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR` when it has another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.body).map_err(Error::internal).context("reading a stored answer")
    }
}

/// Whether to work or to repeat.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// The key is ours: do the work, then [`complete`].
    Started,
    /// It was done before: answer this, with `Idempotency-Replayed: true`.
    Replay(Answer),
}

/// Takes the key in the transaction of the work.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` when the key was used for another request, `IDEMPOTENCY_IN_PROGRESS` while the first
/// request still runs.
pub async fn begin(tx: &Tx, key: &Key, fingerprint: &Fingerprint) -> Result<Begun> {
    let now = tx.ctx().ok_or_else(|| Error::internal("an idempotency key needs a tenant"))?.now();
    let lease = (now + LEASE).millis();
    if !lock(tx, key).await? {
        return Err(in_progress());
    }
    let new = tx
        .raw_exec(
            "INSERT INTO idempotency_key (tenant_id, principal, key, fingerprint, state, lease_until, created_at) \
             VALUES ({tenant}, ?, ?, ?, 'running', ?, ?) ON CONFLICT DO NOTHING",
            vec![
                key.principal.clone().into(),
                key.key.clone().into(),
                fingerprint.to_vec().into(),
                lease.into(),
                now.millis().into(),
            ],
        )
        .await
        .context("taking an idempotency key")?;
    if new == 1 {
        return Ok(Begun::Started);
    }
    let Some(row) = find(tx, key).await? else {
        return Err(in_progress());
    };
    if row.fingerprint != fingerprint {
        return Err(Error::new(
            ErrorCode::IdempotencyKeyReused,
            "this idempotency key was used for another request",
        ));
    }
    match row.answer {
        Some(answer) => Ok(Begun::Replay(answer)),
        None if row.lease_until > now.millis() => Err(in_progress()),
        None => {
            // Whoever ran it has died; of those who notice, one takes over.
            let taken = tx
                .raw_exec(
                    "UPDATE idempotency_key SET lease_until = ? WHERE tenant_id = {tenant} AND principal = ? \
                     AND key = ? AND state = 'running' AND lease_until = ?",
                    vec![
                        lease.into(),
                        key.principal.clone().into(),
                        key.key.clone().into(),
                        row.lease_until.into(),
                    ],
                )
                .await?;
            if taken == 1 { Ok(Begun::Started) } else { Err(in_progress()) }
        }
    }
}

/// Takes the key in a transaction of its own, for work that spans several. Frees itself after a minute.
///
/// # Errors
/// As [`begin`].
pub async fn claim(ctx: &Ctx, key: &Key, fingerprint: &Fingerprint) -> Result<Begun> {
    ctx.write(Access::Public, async |tx| begin(tx, key, fingerprint).await).await
}

/// Gives a claimed key back without an answer: the work failed before it changed anything and may be tried again.
///
/// # Errors
/// Those of the database.
pub async fn release(ctx: &Ctx, key: &Key) -> Result<()> {
    ctx.write(Access::Public, async |tx| {
        tx.raw_exec(
            "DELETE FROM idempotency_key WHERE tenant_id = {tenant} AND principal = ? AND key = ? AND state = 'running'",
            vec![key.principal.clone().into(), key.key.clone().into()],
        )
        .await
        .map(|_| ())
    })
    .await
}

/// Stores the answer, in the transaction of the work.
///
/// # Errors
/// `IDEMPOTENCY_IN_PROGRESS` when the key is no longer ours: the work must roll back.
pub async fn complete(tx: &Tx, key: &Key, answer: &Answer) -> Result<()> {
    let now = tx.ctx().ok_or_else(|| Error::internal("an idempotency key needs a tenant"))?.now();
    let done = tx
        .raw_exec(
            "UPDATE idempotency_key SET state = 'done', status = ?, answer = ?, completed_at = ? \
             WHERE tenant_id = {tenant} AND principal = ? AND key = ? AND state = 'running'",
            vec![
                i32::from(answer.status).into(),
                answer.body.to_string().into(),
                now.millis().into(),
                key.principal.clone().into(),
                key.key.clone().into(),
            ],
        )
        .await
        .context("storing the answer of an idempotent request")?;
    if done == 1 { Ok(()) } else { Err(in_progress()) }
}

/// PostgreSQL would let the second request wait for the first one's commit; the answer is to come back instead.
/// SQLite has one writer, so whoever is here is alone.
async fn lock(tx: &Tx, key: &Key) -> Result<bool> {
    if tx.backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended({tenant}::uuid::text || ? || chr(10) || ?, 0)) AS free";
    let rows = tx.raw_all(sql, vec![key.principal.clone().into(), key.key.clone().into()]).await?;
    Ok(match rows.first() {
        Some(row) => row.try_get::<bool>("", "free")?,
        None => false,
    })
}

struct Row {
    fingerprint: Vec<u8>,
    lease_until: i64,
    answer: Option<Answer>,
}

async fn find(db: &TenantDb, key: &Key) -> Result<Option<Row>> {
    let rows = db
        .raw_all(
            "SELECT fingerprint, lease_until, state, status, answer FROM idempotency_key \
             WHERE tenant_id = {tenant} AND principal = ? AND key = ?",
            vec![key.principal.clone().into(), key.key.clone().into()],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let answer = match row.try_get::<Option<String>>("", "answer")? {
        Some(body) => Some(Answer {
            status: row
                .try_get::<Option<i32>>("", "status")?
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or(200),
            body: serde_json::from_str(&body).map_err(Error::internal).context("reading a stored answer")?,
        }),
        None => None,
    };
    Ok(Some(Row {
        fingerprint: row.try_get("", "fingerprint")?,
        lease_until: row.try_get("", "lease_until")?,
        answer,
    }))
}

fn in_progress() -> Error {
    Error::new(ErrorCode::IdempotencyInProgress, "the first request with this idempotency key still runs")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
