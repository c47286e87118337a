//! A small provider of sign-in (OpenID Connect) on 127.0.0.1: it describes itself, signs everybody in at once as the person
//! that the test has put there, and lies where the test wants it to.

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use primitives::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Our account at every such provider.
pub const CLIENT_ID: &str = "rustok-test";
/// What proves that it is us.
pub const CLIENT_SECRET: &str = "the secret of the client: a+b/c=%20";

/// How ID tokens are wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    /// They are not.
    #[default]
    None,
    /// The nonce of another sign-in.
    OtherNonce,
    /// No nonce.
    NoNonce,
    /// Made for another client.
    OtherAudience,
    /// Made for us and for somebody else.
    TwoAudiences,
    /// Made for us, on behalf of another client.
    OtherParty,
    /// From another issuer.
    OtherIssuer,
    /// Not signed: `alg: none`.
    Unsigned,
    /// Signed with the client's secret.
    Shared,
    /// Signed with a key that is not the provider's, under the name of one that is.
    OtherKey,
    /// Signed with a key whose name nobody knows.
    UnknownKey,
    /// Changed after it was signed.
    Changed,
    /// Over since a second.
    Expired,
    /// No ID token at all.
    Nothing,
}

/// What the provider says and does.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Who signs in.
    pub subject: String,
    /// The address; no claim when empty.
    pub email: String,
    /// Whether it is verified; no claim when nothing.
    pub verified: Option<bool>,
    /// How its tokens are wrong.
    pub lie: Lie,
    /// Keys of its description that are other than usual; `null` takes one away.
    pub description: Value,
    /// Whether it answers nothing but 503.
    pub silent: bool,
    /// Whether people say no.
    pub denies: bool,
    /// From whom its answers say that they are (RFC 9207).
    pub iss: Option<String>,
}

/// A provider that a test has started; it stops with the test's runtime.
pub struct OidcProvider {
    /// Its name in the protocol.
    pub issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    state: Mutex<Inside>,
}

struct Inside {
    behaviour: Behaviour,
    now: i64,
    key: Key,
    codes: HashMap<String, Waiting>,
    descriptions: usize,
    key_sets: usize,
    exchanges: usize,
}

/// What a code was given for.
#[derive(Clone)]
struct Waiting {
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

#[derive(Clone)]
struct Key {
    name: String,
    algorithm: Algorithm,
    private: EncodingKey,
}

impl Key {
    /// A fresh key for ES256.
    fn draw() -> Self {
        // PKCS #8 around the bare scalar of a P-256 key (RFC 5915); all but one in 2^32 of the texts of 32 bytes are one.
        const HEAD: [u8; 35] = [
            0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
            0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
            0x01, 0x04, 0x20,
        ];
        let scalar = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let der = [HEAD.as_slice(), &scalar].concat();
        let name = Uuid::new_v4().simple().to_string();
        Self { name, algorithm: Algorithm::ES256, private: EncodingKey::from_ec_der(&der) }
    }

    /// The one key for RS256: making one takes too long for a test.
    fn rsa() -> Self {
        let der = STANDARD.decode(RSA.concat()).expect("base64");
        let private = EncodingKey::from_rsa_der(&der);
        Self { name: "rsa".to_owned(), algorithm: Algorithm::RS256, private }
    }

    fn public(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.private, self.algorithm).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.name);
        jwk["use"] = json!("sig");
        jwk
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.name.clone()), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &self.private).expect("a token")
    }
}

impl OidcProvider {
    /// Starts one whose clock stands at `now`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(now: Timestamp) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let issuer = format!("http://127.0.0.1:{port}");
        let behaviour = Behaviour {
            subject: "subject-1".to_owned(),
            email: String::new(),
            verified: Some(true),
            lie: Lie::None,
            description: json!({}),
            silent: false,
            denies: false,
            iss: None,
        };
        let inside = Inside {
            behaviour,
            now: now.millis() / 1_000,
            key: Key::draw(),
            codes: HashMap::new(),
            descriptions: 0,
            key_sets: 0,
            exchanges: 0,
        };
        let inner = Arc::new(Inner { issuer: issuer.clone(), state: Mutex::new(inside) });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, inner }
    }

    /// Changes what it says and does.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.inner.lock().behaviour);
    }

    /// Sets its clock.
    pub fn set_now(&self, now: Timestamp) {
        self.inner.lock().now = now.millis() / 1_000;
    }

    /// Signs with another key from now on; the old one is shown no more.
    pub fn rotate(&self) {
        self.inner.lock().key = Key::draw();
    }

    /// Signs with RS256 from now on.
    pub fn use_rsa(&self) {
        self.inner.lock().key = Key::rsa();
    }

    /// How often its description, its keys and a token were asked for.
    pub fn asked(&self) -> (usize, usize, usize) {
        let inside = self.inner.lock();
        (inside.descriptions, inside.key_sets, inside.exchanges)
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn description(State(inner): State<Arc<Inner>>) -> Response {
    let issuer = inner.issuer.clone();
    let mut inside = inner.lock();
    inside.descriptions += 1;
    if inside.behaviour.silent {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256"],
        "code_challenge_methods_supported": ["S256"],
    });
    for (name, value) in inside.behaviour.description.as_object().into_iter().flatten() {
        if value.is_null() {
            document.as_object_mut().expect("an object").remove(name);
        } else {
            document[name] = value.clone();
        }
    }
    Json(document).into_response()
}

async fn keys(State(inner): State<Arc<Inner>>) -> Response {
    let mut inside = inner.lock();
    inside.key_sets += 1;
    if inside.behaviour.silent {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Json(json!({ "keys": [inside.key.public()] })).into_response()
}

async fn authorize(
    State(inner): State<Arc<Inner>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let right = text("response_type") == "code"
        && text("client_id") == CLIENT_ID
        && text("code_challenge_method") == "S256"
        && text("scope").split(' ').any(|scope| scope == "openid");
    if !right {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    }
    let mut inside = inner.lock();
    let mut answer = vec![("state", text("state"))];
    if inside.behaviour.denies {
        answer.push(("error", "access_denied".to_owned()));
    } else {
        let code = Uuid::new_v4().simple().to_string();
        let waiting = Waiting {
            nonce: text("nonce"),
            challenge: text("code_challenge"),
            redirect_uri: text("redirect_uri"),
        };
        inside.codes.insert(code.clone(), waiting);
        answer.push(("code", code));
    }
    answer.extend(inside.behaviour.iss.clone().map(|iss| ("iss", iss)));
    let mut location = url::Url::parse(&text("redirect_uri")).expect("an address to go back to");
    location.query_pairs_mut().extend_pairs(answer);
    (StatusCode::FOUND, [(header::LOCATION, location.to_string())]).into_response()
}

async fn token(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Form(asked): Form<HashMap<String, String>>,
) -> Response {
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let refuse = |status: StatusCode, error: &str| (status, Json(json!({ "error": error }))).into_response();
    let mut inside = inner.lock();
    inside.exchanges += 1;
    let in_body = (text("client_id"), text("client_secret"));
    if basic(&headers).unwrap_or(in_body) != (CLIENT_ID.to_owned(), CLIENT_SECRET.to_owned()) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let Some(waiting) = inside.codes.remove(&text("code")) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(text("code_verifier")));
    let right = text("grant_type") == "authorization_code"
        && challenge == waiting.challenge
        && text("redirect_uri") == waiting.redirect_uri;
    if !right {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let mut answer = json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 300 });
    if inside.behaviour.lie != Lie::Nothing {
        answer["id_token"] = json!(inside.id_token(&inner.issuer, &waiting));
    }
    Json(answer).into_response()
}

impl Inside {
    fn id_token(&self, issuer: &str, waiting: &Waiting) -> String {
        let Behaviour { subject, email, verified, lie, .. } = &self.behaviour;
        let mut claims = json!({
            "iss": issuer,
            "sub": subject,
            "aud": CLIENT_ID,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": waiting.nonce,
        });
        if !email.is_empty() {
            claims["email"] = json!(email);
        }
        if let Some(verified) = verified {
            claims["email_verified"] = json!(verified);
        }
        match lie {
            Lie::OtherNonce => claims["nonce"] = json!("another"),
            Lie::NoNonce => claims["nonce"] = Value::Null,
            Lie::OtherAudience => claims["aud"] = json!("another"),
            Lie::TwoAudiences => claims["aud"] = json!([CLIENT_ID, "another"]),
            Lie::OtherParty => claims["azp"] = json!("another"),
            Lie::OtherIssuer => claims["iss"] = json!("https://another.example"),
            Lie::Expired => claims["exp"] = json!(self.now - 1),
            _ => {}
        }
        match lie {
            Lie::Unsigned => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims))
            }
            Lie::Shared => {
                let key = EncodingKey::from_secret(CLIENT_SECRET.as_bytes());
                jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).expect("a token")
            }
            Lie::OtherKey => Key { name: self.key.name.clone(), ..Key::draw() }.sign(&claims),
            Lie::UnknownKey => Key::draw().sign(&claims),
            Lie::Changed => {
                let honest = self.key.sign(&claims);
                claims["sub"] = json!("somebody else");
                let changed = URL_SAFE_NO_PAD.encode(claims.to_string());
                let mut parts: Vec<&str> = honest.split('.').collect();
                parts[1] = &changed;
                parts.join(".")
            }
            _ => self.key.sign(&claims),
        }
    }
}

/// Client and secret of the `Authorization` header (RFC 6749, 2.3.1: both form-encoded).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let plain = String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    let (id, secret) = plain.split_once(':')?;
    let decode = |text: &str| {
        let pair = format!("v={text}");
        url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

/// A key of 2,048 bits that signs for tests and for nothing else: PKCS #1 in base 64.
const RSA: &[&str] = &[
    "MIIEowIBAAKCAQEAoGBk9k3NPOWW1BxAFJSYMsoNm+Cg4Iwrs+Bo3EUyzxEm88oqDr7d57dFwAW45qKi1j92zIXoHL0zkWTs46Zt",
    "etvErsq/K0FU+wfvdqstmoQ07Vq7tzGN7jYipk3wmel8kgPXuc5ozmkNrHtI+fvOqfmtqZ6KKAE8foAueEohY/WHmBxCqVTyLj9W",
    "RkNrAci662T2IhcLqDvOKXLTVJ83PIcYTxcRzv8N1L8P286TdC3Qi14iTKnosBkTvyEhiOtwAzxs52x0IsfPP39EQFuTKuxsxT7K",
    "c2fVapYnrIuPYWTVY45u+vlsVDuTFWNX+UGm3Qk80AjHEdkGZ1W8dw/VJwIDAQABAoIBABnNneY5uwAa7xCDgb/jRIrvaA8grgxS",
    "y86YwuZQb+NRntMclMsN5IVylFNX2FmrPch7f4av3ho5oBa62+5TXvakbgRddIfmGWEmSV3uHrE8p4iveiz4WR3u3ID7YJmy2lW3",
    "2TlOP3NDrcKG4hqZFrV8XszqnXngRmESszysA1ah74aGBZP3qCSMW+2F0HcCre6gY5Uq6WLfTugw2hBWW7C/0wiaCttPirHazAT9",
    "bx+WTyN76J2fbuFRpvpLHyOWVPHKV5gNekmfg/BFLOmep98Wubo5u7cPpKYkuthFIEbZXixNThyQ9G2onNFtysb8nfpSeOlPdzg9",
    "RIvJPd3pJKECgYEA0ma4u/NOWUAxiCsuzMuWcONjQwranBe1sgBScLFysD6dkTf8sLfElbZFejA5w4wIeGVncLA2AC7UMEUNO7Ze",
    "GZpZ/gE4cEBKnnwtsk6hRQHqbhILXLiGVhty926ANpc+C3xm4ssLiV1TSvXVTZ7O1Ef29vFBHJ8Xa6u5CzXbFHcCgYEAwyJAAR+K",
    "0r1vsTvGD7WnnsWUw+TlFa7Sm9AL8dwEBahwiYxXgFIHeewV0cnxT2y+hhBYukxK0R9sERjt3gD4Gem3FCk+CK5qot5nC0KwzwEF",
    "3BJxL7QdWceja1xBaOUb9b/u5V11MtVxTDWJSwUwcjj/ILSIzdyKsyv+emwU4NECgYEAtGtNYi4jMzluv/t3qDm0CZ2TUrwN9egG",
    "8FqCVwxy8lrfNtWxo8ARnOet8DdGcT61TLh32RPhWorNfY7Y6Clby8yl+sAFK4yV8A1ACjSO6ePYqQZkI+A/obrr/O0OmMFcfPDy",
    "MOw4OlSCxjbD8EmLxlDnn54FXYu2w6d/h/Nop8UCgYBdc1ensg1v451MCc5O07ZUyVb3gfVcLv9Z84bk63NZqlNK7FUzdRVzhGbm",
    "s4nHedK8rbNwdP0Xra65eXDhcyFed5lgJGg7DByxp0U+FVBLsre1r3dZWy77Qiq3TdVdgOulA6hLXDi2gZXi43i+3ttWuIkmho9F",
    "16rtJ9KVmpFdIQKBgHLssrofFMTmkL8uzoBeVh3xOHQtzw/Ch+bNqbvtNuXvkhFst34dtDm3t68LklpGEBQSj7UtjnB/UpWYP+Hx",
    "tYFFEkh0y3cv+rATdOcdmwZtamPgPNBSrygpkc2TVlXeFwFoUQaXWtVbZXchKVXgc+pq0LCaMa6n/32tGNsCXztX",
];
