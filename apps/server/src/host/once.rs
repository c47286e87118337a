//! An unsafe request of the API under an `Idempotency-Key` is done once: whoever asks again gets the first answer.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use identity::idempotency::{self, Key, Once, Said};
use platform::{Ctx, Error};
use primitives::ErrorCode;
use sha2::{Digest, Sha256};
use tracing::Instrument as _;

/// The header of the key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Bytes of an answer that is kept. Longer ones are lost to whoever asks again; what was done is not done again.
const KEPT: usize = 256 << 10;

/// Requests with a key are read into memory, up to this many bytes.
#[derive(Clone, Copy)]
pub struct Longest(pub usize);

/// Passes requests without a key.
pub async fn once(
    State(Longest(longest)): State<Longest>,
    Extension(ctx): Extension<Ctx>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let graphql = request.uri().path().ends_with("/graphql");
    match keyed(&ctx, longest, request, next).await {
        Ok(response) => response,
        Err(error) if graphql => crate::graphql::refused(StatusCode::OK, error, ctx.request_id()),
        Err(error) => error.into_response(),
    }
}

async fn keyed(ctx: &Ctx, longest: usize, request: Request, next: Next) -> Result<Response, Error> {
    let typed = request.headers().get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let key = Key::of_request(ctx, typed)?;
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, longest).await.map_err(|_| {
        let text = format!("a request under an Idempotency-Key has at most {longest} bytes");
        Error::new(ErrorCode::BadUserInput, text)
    })?;
    let print = idempotency::fingerprint(
        "request",
        &(parts.method.as_str(), parts.uri.to_string(), kind(&parts.headers), hash(&body)),
    )?;
    let once = match Once::begin(ctx, key, &print).await? {
        Ok(once) => once,
        Err(said) => return replay(said),
    };
    parts.extensions.insert(ctx.marked(once.clone()));
    // What is done goes on when the client goes away, and its answer is there when it asks again.
    let call = ctx.clone();
    let work = async move {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        answered(&call, &once, response).await
    };
    tokio::spawn(work.in_current_span()).await.map_err(Error::internal)?
}

/// Keeps the answer, and gives it.
async fn answered(ctx: &Ctx, once: &Once, response: Response) -> Result<Response, Error> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
    let worked = parts.status.is_success() && !body.starts_with(b"{\"data\":null");
    if let Ok(text) = std::str::from_utf8(&body)
        && text.len() <= KEPT
    {
        let said = Said { status: parts.status.as_u16(), kind: kind(&parts.headers), body: text.to_owned() };
        // The work is done, and its answer is at hand: that it is not kept is for whoever asks again.
        if let Err(error) = once.end(ctx, &said, worked).await {
            tracing::warn!(request_id = ctx.request_id(), %error, "the answer of an idempotent request is lost");
        }
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(said: Said) -> Result<Response, Error> {
    let status = StatusCode::from_u16(said.status).map_err(Error::internal)?;
    let mut response = (status, said.body).into_response();
    let kind = HeaderValue::from_str(&said.kind).map_err(Error::internal)?;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn kind(headers: &HeaderMap) -> String {
    headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned()
}

fn hash(body: &Bytes) -> [u8; 32] {
    Sha256::digest(body).into()
}
