//! Routes that are not GraphQL: call-backs of payment gateways.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Path};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use platform::{App, Ctx, Result};

use crate::payment::webhook::{self, MAX_BODY, Receipt};

/// `POST /webhooks/payments/{provider}`, outside `/api`; needs the [`Ctx`] of the tenant as an extension.
pub fn webhooks() -> Router<App> {
    Router::new().route("/webhooks/payments/{provider}", post(receive)).layer(DefaultBodyLimit::max(MAX_BODY))
}

async fn receive(
    Extension(ctx): Extension<Ctx>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse> {
    let receipt = webhook::receive(&ctx, &provider, &headers, &body).await?;
    Ok(Json(serde_json::json!({ "received": true, "duplicate": receipt == Receipt::Duplicate })))
}
