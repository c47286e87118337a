//! What is hashed and what is signed.

use super::entity::entry;
use hmac::{Hmac, KeyInit, Mac};
use platform::{App, Error, Result};
use primitives::TenantId;
use sha2::{Digest, Sha256};

/// A link of the chain.
pub(super) type Hash = [u8; 32];

/// What the first entry follows.
pub(super) const NOTHING: Hash = [0; 32];

/// Name of the key of a process without `security.secret_key`.
pub(super) const NO_KEY: &str = "none";

/// `SHA-256(previous ‖ entry)`. The entry is a JSON array of everything that it says, with the number of this format
/// first; its own position is part of it, so that no entry can stand elsewhere.
pub(super) fn hash(previous: &Hash, position: i64, entry: &entry::Model) -> Result<Hash> {
    let said = serde_json::to_vec(&(
        (1, position, entry.tenant_id, entry.id, entry.at),
        (&entry.actor_kind, entry.actor_id, &entry.actor_part),
        (&entry.action, &entry.subject_kind, entry.subject_id, &entry.changes),
        (&entry.address, &entry.user_agent, &entry.request_id),
    ))
    .map_err(Error::internal)?;
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(said);
    Ok(hasher.finalize().into())
}

/// A stored hash; one of another length is none of ours.
pub(super) fn stored(bytes: &[u8]) -> Hash {
    bytes.try_into().unwrap_or([0xff; 32])
}

/// What a signature is for; one cannot stand for the other.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// The chain stood there.
    Checkpoint,
    /// The chain begins behind it.
    Start,
}

/// Whether a signature is that of this shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Yes,
    No,
    /// By a key that we do not have.
    Elsewhere,
}

/// The keys that marks are signed with: derived from `security.secret_key`, and those from before it was changed.
pub(super) struct Keys {
    keys: Vec<([u8; 32], String)>,
}

impl Keys {
    pub fn of(app: &App) -> Result<Self> {
        let config = app.config();
        let present = match config.security.secret_key.as_deref() {
            Some(secret) => derived(secret)?,
            // Nothing is proved by this signature, and its name says so.
            None => (NOTHING, NO_KEY.to_owned()),
        };
        let former = config.security.previous_secret_keys.0.iter().map(|secret| derived(secret));
        let mut keys = vec![present];
        keys.append(&mut former.collect::<Result<_>>()?);
        Ok(Self { keys })
    }

    /// Name of the key that signs.
    pub fn present(&self) -> &str {
        self.keys.first().map_or(NO_KEY, |(_, id)| id.as_str())
    }

    pub fn sign(&self, mark: Mark, tenant: TenantId, position: i64, hash: &Hash, at: i64) -> Result<Hash> {
        let (key, _) = self.keys.first().ok_or_else(|| Error::internal("no key for the audit log"))?;
        Ok(mac(key, mark, tenant, position, hash, at)?.finalize().into_bytes().into())
    }

    pub fn check(
        &self,
        (mark, tenant): (Mark, TenantId),
        (position, hash, at): (i64, &Hash, i64),
        key_id: &str,
        signature: &[u8],
    ) -> Result<Signed> {
        let Some((key, _)) = self.keys.iter().find(|(_, id)| id == key_id) else {
            return Ok(Signed::Elsewhere);
        };
        let fits = mac(key, mark, tenant, position, hash, at)?.verify_slice(signature).is_ok();
        Ok(if fits { Signed::Yes } else { Signed::No })
    }
}

fn derived(secret: &str) -> Result<([u8; 32], String)> {
    let derive = |secret: &[u8], purpose: &[u8]| -> Result<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
        mac.update(purpose);
        Ok(mac.finalize().into_bytes().into())
    };
    let key = derive(secret.as_bytes(), b"rustok audit log v1")?;
    let id = derive(&key, b"key id")?;
    Ok((key, id[..8].iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn mac(
    key: &[u8],
    mark: Mark,
    tenant: TenantId,
    position: i64,
    hash: &Hash,
    at: i64,
) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Error::internal)?;
    mac.update(match mark {
        Mark::Checkpoint => b"checkpoint",
        Mark::Start => b"start     ",
    });
    mac.update(tenant.uuid().as_bytes());
    mac.update(&position.to_be_bytes());
    mac.update(hash);
    mac.update(&at.to_be_bytes());
    Ok(mac)
}

/// A hash for people.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
