//! Access tokens of API clients: JWT, HS256 only, at most ten minutes, every claim required.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use platform::{App, Error, Result};
use primitives::{SessionId, TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
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
    key_id: String,
    signing: EncodingKey,
    reading: DecodingKey,
    life: Duration,
}

impl Tokens {
    /// Of this process: the key comes from `security.secret_key`; without one it is drawn for this run.
    pub fn of(app: &App) -> Arc<Self> {
        let security = &app.config().security;
        app.state(|| {
            let drawn = rand::random::<[u8; 32]>();
            let secret = security.secret_key.as_deref().map_or(&drawn[..], str::as_bytes);
            Self::new(secret, Duration::from_secs(security.access_token_seconds.min(LONGEST)))
        })
    }

    fn new(secret: &[u8], life: Duration) -> Self {
        let key = derive(secret, b"rustok access token v1");
        let key_id = derive(&key, b"key id");
        Self {
            key_id: key_id[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
            signing: EncodingKey::from_secret(&key),
            reading: DecodingKey::from_secret(&key),
            life,
        }
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
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::HS256) };
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
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Time is our own clock's, below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let read = jsonwebtoken::decode::<Claims>(token, &self.reading, &validation).ok()?;
        let claims = read.claims;
        let of_now = claims.nbf.saturating_sub(LEEWAY) <= now
            && claims.iat.saturating_sub(LEEWAY) <= now
            && now < claims.exp;
        let short = claims.exp.checked_sub(claims.iat).is_some_and(|life| life <= LONGEST);
        let ours =
            read.header.kid.as_ref() == Some(&self.key_id) && claims.typ == KIND && claims.tid == tenant;
        (of_now && short && ours).then_some(claims)
    }
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.millis()).unwrap_or(0) / 1_000
}

fn derive(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; an all-zero key would be no secret.
    match Hmac::<Sha256>::new_from_slice(secret) {
        Ok(mut mac) => {
            mac.update(purpose);
            mac.finalize().into_bytes().into()
        }
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn tokens() -> Tokens {
        Tokens::new(SECRET, Duration::from_secs(600))
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
        assert!(
            Tokens::new(b"another secret of 32 characters!", tokens.life)
                .read(&token, tenant, at(1))
                .is_err()
        );
    }

    /// A token with changed header and claims, signed with the right key.
    fn forged(tokens: &Tokens, header: Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let body = format!("{}.{}", part(&header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(body.as_bytes(), &tokens.signing, Algorithm::HS256).unwrap();
        format!("{body}.{signature}")
    }

    #[test]
    fn every_claim_is_required_and_has_to_be_ours() {
        let (tokens, tenant) = (tokens(), TenantId::new());
        let now = seconds(at(0));
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": tokens.key_id});
        let whole = json!({
            "exp": now + 600, "nbf": now, "iat": now, "iss": ISSUER, "aud": AUDIENCE,
            "sub": UserId::new(), "tid": tenant, "sid": SessionId::new(), "typ": KIND,
        });
        assert!(tokens.read(&forged(&tokens, header.clone(), &whole), tenant, at(0)).is_ok());
        for claim in whole.as_object().unwrap().keys() {
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(claim);
            assert!(
                tokens.read(&forged(&tokens, header.clone(), &without), tenant, at(0)).is_err(),
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
            ("sub", json!("x")),
            ("admin", json!(true)),
        ] {
            let mut other = whole.clone();
            other[claim] = value;
            assert!(tokens.read(&forged(&tokens, header.clone(), &other), tenant, at(0)).is_err(), "{claim}");
        }
        for header in [
            json!({"alg": "HS256", "typ": "JWT"}),
            json!({"alg": "HS256", "typ": "JWT", "kid": "other"}),
            json!({"alg": "HS512", "typ": "JWT", "kid": tokens.key_id}),
            json!({"alg": "none", "typ": "JWT", "kid": tokens.key_id}),
        ] {
            assert!(
                tokens.read(&forged(&tokens, header.clone(), &whole), tenant, at(0)).is_err(),
                "{header}"
            );
        }
        let unsigned = forged(&tokens, header, &whole);
        let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
        assert!(tokens.read(unsigned, tenant, at(0)).is_err());
    }
}
