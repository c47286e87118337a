//! The same unsafe request twice does its work once.
//!
//! A request of the API names its key in the header `Idempotency-Key`: [`Once::begin`] takes the key, the first change that
//! the request commits says so in the same transaction, and [`Once::end`] keeps the answer. A server that dies before the
//! first change leaves a key that is free again after a minute; one that dies after it leaves a key that says so.
//!
//! A use case that takes a key of its own does as follows.
//! Inside `ctx.write`: [`begin`], do the work, [`complete`]. The row is part of the transaction, so the answer is
//! kept exactly when the work is.
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

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use platform::{Access, Context, Ctx, Error, Mark, Result, TenantDb, Tx};
use primitives::{ErrorCode, TenantId, Timestamp};
use sea_orm::DbBackend;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::security::keys::Keys;

/// How long a running request keeps its key when its process dies.
const LEASE: Duration = Duration::from_secs(60);
/// Shorter keys of visitors without an account might be drawn by two of them.
const GUESSABLE: usize = 16;
/// Status of a request that is done and whose answer is not there yet.
const NOT_YET: u16 = 0;
/// What answers are sealed for.
const PURPOSE: &[u8] = b"idempotent answer";

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
        let principal = match (ctx.user_id(), ctx.api_key(), guest) {
            (Some(user), ..) => format!("user:{user}"),
            (None, Some(key), _) => format!("key:{key}"),
            (None, None, Some(guest)) => format!("guest:{}", hex(&Sha256::digest(guest.as_bytes())[..16])),
            (None, None, None) => "guest".to_owned(),
        };
        Ok(Self { principal, key: text.to_owned() })
    }

    /// Reads the key of a request's header, which has nothing to do with keys inside of requests.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` on `Idempotency-Key`; visitors without an account share their keys, and have to draw long ones.
    pub fn of_request(ctx: &Ctx, text: &str) -> Result<Self> {
        let named = |_| Error::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
        let Self { principal, key } = Self::new(ctx, None, text).map_err(named)?;
        if matches!(ctx.actor(), platform::Actor::Anonymous) && key.len() < GUESSABLE {
            let text = format!("draw it at random, with {GUESSABLE} characters or more");
            return Err(Error::invalid("Idempotency-Key", text));
        }
        Ok(Self { principal: format!("request of {principal}"), key })
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
        Some(answer) if answer.status == NOT_YET => Err(unanswered(row.completed_at, now)),
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

/// A request under the key of its header.
pub struct Once {
    tenant: TenantId,
    key: Key,
    /// Of the row that is ours: whoever takes the key over writes another one.
    lease_until: i64,
    closed: AtomicBool,
}

/// What a request was answered.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct Said {
    /// HTTP status.
    pub status: u16,
    /// Its `Content-Type`.
    pub kind: String,
    /// The body.
    pub body: String,
}

impl Once {
    /// Takes the key for a request, or gives back what it was answered the first time.
    ///
    /// # Errors
    /// Those of [`begin`]; `CONFLICT` when it was done and its answer is lost.
    pub async fn begin(
        ctx: &Ctx,
        key: Key,
        print: &Fingerprint,
    ) -> Result<std::result::Result<Arc<Self>, Said>> {
        let begun = bookkeeper(ctx)
            .write(Access::Public, async |tx| {
                let begun = begin(tx, &key, print).await?;
                // Only now is the row there, or there again, with the lease that is ours.
                let lease = find(tx, &key).await?.map(|row| row.lease_until);
                Ok::<_, Error>((begun, lease))
            })
            .await?;
        match begun {
            (Begun::Replay(answer), _) => {
                let sealed = answer.body.as_str().and_then(|text| BASE64.decode(text).ok());
                let place = place(ctx.tenant_id(), &key);
                let opened = sealed.and_then(|sealed| Keys::of(ctx.app()).open(PURPOSE, &place, &sealed));
                let said = opened.and_then(|opened| serde_json::from_slice(&opened.plain).ok());
                said.map(Err).ok_or_else(lost)
            }
            (Begun::Started, lease) => {
                let lease_until = lease.ok_or_else(in_progress)?;
                let closed = AtomicBool::new(false);
                Ok(Ok(Arc::new(Self { tenant: ctx.tenant_id(), key, lease_until, closed })))
            }
        }
    }

    /// Keeps the answer, sealed: answers may hold what is shown once. `keep` is whether an answer without a change is worth
    /// keeping; a request that changed nothing and is not frees its key.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn end(&self, ctx: &Ctx, said: &Said, keep: bool) -> Result<()> {
        if !keep && !self.closed.load(Ordering::Acquire) {
            let sql = "DELETE FROM idempotency_key WHERE tenant_id = {tenant} AND principal = ? AND key = ? \
                       AND state = 'running' AND lease_until = ?";
            let values =
                vec![self.key.principal.clone().into(), self.key.key.clone().into(), self.lease_until.into()];
            let freed = async |tx: &Tx| tx.raw_exec(sql, values).await.map(|_| ());
            return bookkeeper(ctx).write(Access::Public, freed).await;
        }
        let plain = serde_json::to_vec(said).map_err(Error::internal)?;
        let sealed = Keys::of(ctx.app()).seal(PURPOSE, &place(self.tenant, &self.key), &plain)?;
        let answer = serde_json::Value::String(BASE64.encode(sealed)).to_string();
        let values = vec![
            i32::from(said.status).into(),
            answer.into(),
            ctx.now().millis().into(),
            self.key.principal.clone().into(),
            self.key.key.clone().into(),
            self.lease_until.into(),
        ];
        let sql = "UPDATE idempotency_key SET state = 'done', status = ?, answer = ?, completed_at = ? \
                   WHERE tenant_id = {tenant} AND principal = ? AND key = ? AND lease_until = ?";
        let kept = async |tx: &Tx| tx.raw_exec(sql, values).await.map(|_| ());
        bookkeeper(ctx).write(Access::Public, kept).await
    }
}

impl Mark for Once {
    fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Acquire)
    }

    fn write<'t>(&'t self, tx: &'t Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>> {
        Box::pin(async move {
            let now = tx.ctx().map(Ctx::now).ok_or_else(|| Error::internal("a mark needs a tenant"))?;
            let ours = tx
                .raw_exec(
                    "UPDATE idempotency_key SET state = 'done', status = ?, answer = 'null', completed_at = ? \
                     WHERE tenant_id = {tenant} AND principal = ? AND key = ? AND state = 'running' \
                     AND lease_until = ?",
                    vec![
                        i32::from(NOT_YET).into(),
                        now.millis().into(),
                        self.key.principal.clone().into(),
                        self.key.key.clone().into(),
                        self.lease_until.into(),
                    ],
                )
                .await
                .context("marking a request as done")?;
            // Somebody took the key over after a minute, and does the work.
            if ours == 1 { Ok(()) } else { Err(in_progress()) }
        })
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// Keys are nobody's business in the audit log.
fn bookkeeper(ctx: &Ctx) -> Ctx {
    Ctx::system(ctx.app(), ctx.tenant().clone(), "idempotency")
}

/// What a sealed answer belongs to.
fn place(tenant: TenantId, key: &Key) -> Vec<u8> {
    format!("{tenant}\n{}\n{}", key.principal, key.key).into_bytes()
}

/// Of a request that is done and not answered.
fn unanswered(completed_at: Option<i64>, now: Timestamp) -> Error {
    match completed_at {
        Some(at)
            if now.millis() < at.saturating_add(i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)) =>
        {
            in_progress()
        }
        _ => lost(),
    }
}

fn lost() -> Error {
    Error::conflict(
        "this request was done, and its answer was lost: look at what it changed before you ask again under another key",
    )
}

struct Row {
    completed_at: Option<i64>,
    fingerprint: Vec<u8>,
    lease_until: i64,
    answer: Option<Answer>,
}

async fn find(db: &TenantDb, key: &Key) -> Result<Option<Row>> {
    let rows = db
        .raw_all(
            "SELECT fingerprint, lease_until, status, answer, completed_at FROM idempotency_key \
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
        completed_at: row.try_get("", "completed_at")?,
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
