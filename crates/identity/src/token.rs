//! Access tokens of API clients: JWT, HS256 only, at most ten minutes, every claim required.
//!
//! A token names its key. It is signed with the one of `security.secret_key` and read with that or one of
//! `security.previous_secret_keys`, so a key is replaced without signing anybody out.

use crate::security::keys::{self, Key, Keys};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use platform::{App, Error, Result};
use primitives::{SessionId, TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Who issues the tokens.
const ISSUER: &str = "rustok";
/// What they open.
const AUDIENCE: &str = "rustok:api";
/// What they are; other kinds of token get other names.
const KIND: &str = "access";
/// Longest life that is believed, whatever a token says.
const LONGEST: u64 = 600;
/// How far the clocks of two of our processes may differ, seconds.
const LEEWAY: u64 = 5;

/// What a token says. There are no optional claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    exp: u64,
    nbf: u64,
    iat: u64,
    iss: String,
    aud: String,
    /// The person.
    pub sub: UserId,
    /// The tenant whose requests it opens.
    pub tid: TenantId,
    /// The session that can be revoked.
    pub sid: SessionId,
    typ: String,
}

/// Signs and reads tokens; one per process.
pub struct Tokens {
    signing: EncodingKey,
    /// Everything that is read, the key that signs first.
    reading: Vec<Reading>,
    life: Duration,
}

/// A key that tokens may be signed with, and the one algorithm that goes with it.
struct Reading {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Tokens {
    /// Of this process: the keys come from the configuration; without any one is drawn for this run.
    pub fn of(app: &App) -> Arc<Self> {
        let life = Duration::from_secs(app.config().security.access_token_seconds.min(LONGEST));
        let keys = Keys::of(app);
        app.state(|| Self::new(&keys, life))
    }

    fn new(keys: &Keys, life: Duration) -> Self {
        let keys: Vec<Key> = keys.for_purpose(b"rustok access token v1").collect();
        let signing = keys.first().map_or(&[][..], |key| &key[..]);
        let reading = keys.iter().map(|key| Reading {
            id: keys::name(key).iter().map(|byte| format!("{byte:02x}")).collect(),
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(&key[..]),
        });
        Self { signing: EncodingKey::from_secret(signing), reading: reading.collect(), life }
    }

    /// How long a token lives.
    pub fn life(&self) -> Duration {
        self.life
    }

    /// A token for one session.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR` when signing fails.
    pub fn sign(&self, tenant: TenantId, user: UserId, session: SessionId, now: Timestamp) -> Result<String> {
        let now = seconds(now);
        let claims = Claims {
            exp: now + self.life.as_secs(),
            nbf: now,
            iat: now,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            tid: tenant,
            sid: session,
            typ: KIND.to_owned(),
        };
        let current = self.reading.first().ok_or_else(|| Error::internal("there is no key for tokens"))?;
        let header = Header { kid: Some(current.id.clone()), ..Header::new(current.algorithm) };
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(Error::internal)
    }

    /// What a token says, when it is ours, whole, of this tenant and of this moment.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, without saying why.
    pub fn read(&self, token: &str, tenant: TenantId, now: Timestamp) -> Result<Claims> {
        self.checked(token, tenant, seconds(now)).ok_or_else(Error::unauthenticated)
    }

    fn checked(&self, token: &str, tenant: TenantId, now: u64) -> Option<Claims> {
        // The header only chooses among our keys; which algorithm counts, the key says.
        let named = jsonwebtoken::decode_header(token).ok()?.kid?;
        let reading = self.reading.iter().find(|reading| reading.id == named)?;
        let mut validation = Validation::new(reading.algorithm);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Time is our own clock's, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &reading.key, &validation).ok()?.claims;
        let of_now = claims.nbf.saturating_sub(LEEWAY) <= now
            && claims.iat.saturating_sub(LEEWAY) <= now
            && now < claims.exp;
        let short = claims.exp.checked_sub(claims.iat).is_some_and(|life| life <= LONGEST);
        (of_now && short && claims.typ == KIND && claims.tid == tenant).then_some(claims)
    }
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.millis()).unwrap_or(0) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use platform::config::{List, SecurityConfig};
    use serde_json::{Value, json};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens() -> Tokens {
        with_keys(SECRET, &[])
    }

    fn with_keys(current: &str, previous: &[&str]) -> Tokens {
        let keys = Keys::new(&SecurityConfig {
            secret_key: Some(current.to_owned()),
            previous_secret_keys: List(previous.iter().map(|key| (*key).to_owned()).collect()),
            ..SecurityConfig::default()
        });
        Tokens::new(&keys, Duration::from_secs(600))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1_000)
    }

    #[test]
    fn a_token_lives_ten_minutes_in_its_tenant() {
        let (tokens, tenant, user, session) = (tokens(), TenantId::new(), UserId::new(), SessionId::new());
        let token = tokens.sign(tenant, user, session, at(0)).unwrap();
        let claims = tokens.read(&token, tenant, at(599)).unwrap();
        assert_eq!((claims.sub, claims.tid, claims.sid), (user, tenant, session));
        assert!(tokens.read(&token, tenant, at(600)).is_err());
        assert!(tokens.read(&token, tenant, at(-10)).is_err());
        assert!(tokens.read(&token, TenantId::new(), at(1)).is_err());
        let stranger = with_keys("another secret of 32 characters!", &[]);
        assert!(stranger.read(&token, tenant, at(1)).is_err());
    }

    #[test]
    fn a_key_that_was_replaced_reads_but_does_not_sign() {
        const NEXT: &str = "the next secret of 32 characters";
        let (before, tenant) = (tokens(), TenantId::new());
        let sign = |tokens: &Tokens| tokens.sign(tenant, UserId::new(), SessionId::new(), at(0)).unwrap();
        let old = sign(&before);
        let after = with_keys(NEXT, &[SECRET]);
        assert!(after.read(&old, tenant, at(1)).is_ok());
        let new = sign(&after);
        assert!(after.read(&new, tenant, at(1)).is_ok());
        assert!(before.read(&new, tenant, at(1)).is_err(), "signed with the key that came after");
        // Once the old key is gone from the configuration, so are its tokens.
        assert!(with_keys(NEXT, &[]).read(&old, tenant, at(1)).is_err());
        assert!(with_keys(NEXT, &[]).read(&new, tenant, at(1)).is_ok());
        // A key may not pass for another one: the name of one, the signature of the other.
        let claims = claims_of(&new);
        for (named, signing) in [(&after.reading[0], &before.signing), (&after.reading[1], &after.signing)] {
            let header = json!({"alg": "HS256", "typ": "JWT", "kid": named.id});
            assert!(after.read(&forged(signing, header, &claims), tenant, at(1)).is_err());
        }
    }

    fn claims_of(token: &str) -> Value {
        let claims = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
    }

    /// A token with any header and claims, signed with the key.
    fn forged(key: &EncodingKey, header: Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let body = format!("{}.{}", part(&header), part(claims));
        let signature = jsonwebtoken::crypto::sign(body.as_bytes(), key, Algorithm::HS256).unwrap();
        format!("{body}.{signature}")
    }

    #[test]
    fn every_claim_is_required_and_has_to_be_ours() {
        let (tokens, tenant) = (tokens(), TenantId::new());
        let now = seconds(at(0));
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": tokens.reading[0].id});
        let whole = json!({
            "exp": now + 600, "nbf": now, "iat": now, "iss": ISSUER, "aud": AUDIENCE,
            "sub": UserId::new(), "tid": tenant, "sid": SessionId::new(), "typ": KIND,
        });
        assert!(tokens.read(&forged(&tokens.signing, header.clone(), &whole), tenant, at(0)).is_ok());
        for claim in whole.as_object().unwrap().keys() {
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(claim);
            assert!(
                tokens.read(&forged(&tokens.signing, header.clone(), &without), tenant, at(0)).is_err(),
                "without {claim}"
            );
        }
        for (claim, value) in [
            ("iss", json!("other")),
            ("aud", json!("other")),
            ("typ", json!("refresh")),
            ("exp", json!(now + 601)),
            ("exp", json!((now + 600).to_string())),
            ("exp", json!(f64::MAX)),
            ("exp", json!(-1)),
            ("aud", json!([AUDIENCE, "other"])),
            ("tid", json!(TenantId::new())),
            ("nbf", json!(now + 60)),
            ("iat", json!(now + 60)),
            // Of a minute ago.
            ("exp", json!(now)),
            ("exp", json!(now - 60)),
            ("exp", json!(null)),
            ("sub", json!("x")),
            ("admin", json!(true)),
        ] {
            let mut other = whole.clone();
            other[claim] = value;
            assert!(
                tokens.read(&forged(&tokens.signing, header.clone(), &other), tenant, at(0)).is_err(),
                "{claim}"
            );
        }
        for header in [
            json!({"alg": "HS256", "typ": "JWT"}),
            json!({"alg": "HS256", "typ": "JWT", "kid": "other"}),
            json!({"alg": "HS512", "typ": "JWT", "kid": tokens.reading[0].id}),
            json!({"alg": "none", "typ": "JWT", "kid": tokens.reading[0].id}),
        ] {
            assert!(
                tokens.read(&forged(&tokens.signing, header.clone(), &whole), tenant, at(0)).is_err(),
                "{header}"
            );
        }
        // No signature at all, whatever the header claims about it.
        let none = json!({"alg": "none", "typ": "JWT", "kid": tokens.reading[0].id});
        for header in [header, none] {
            let unsigned = forged(&tokens.signing, header, &whole);
            let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
            assert!(tokens.read(unsigned, tenant, at(0)).is_err());
        }
    }
}
