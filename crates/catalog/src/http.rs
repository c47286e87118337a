//! REST, only what GraphQL is not made for: large files.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use platform::{App, Ctx, Error};
use serde::{Deserialize, Serialize};

use crate::{export, import};

/// Largest product file, bytes.
pub const MAX_FILE: usize = 20 * 1024 * 1024;

/// Routes under `/api/v1`.
pub fn rest() -> Router<App> {
    Router::new()
        .route("/import/shopify", post(import_shopify).layer(DefaultBodyLimit::max(MAX_FILE)))
        .route("/export/shopify", get(export_shopify))
}

/// How to import.
#[derive(Debug, Default, Deserialize)]
struct ImportOptions {
    /// `1` or `true`: say what would happen.
    #[serde(default)]
    dry_run: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize)]
struct ImportAnswer {
    dry_run: bool,
    #[serde(flatten)]
    report: import::Report,
}

async fn import_shopify(
    Extension(ctx): Extension<Ctx>,
    Query(options): Query<ImportOptions>,
    body: Bytes,
) -> Result<Json<ImportAnswer>, Error> {
    let dry_run = matches!(options.dry_run.as_deref(), Some("" | "1" | "true"));
    let plan = import::plan(&ctx, &body[..]).await?;
    let report = if dry_run { plan.report() } else { import::apply(&ctx, plan, |_| {}).await? };
    Ok(Json(ImportAnswer { dry_run, report }))
}

async fn export_shopify(Extension(ctx): Extension<Ctx>) -> Result<Response, Error> {
    let mut csv = Vec::new();
    export::products(&ctx, &mut csv).await?;
    let name = format!("attachment; filename=\"{}\"", export::file_name(&ctx));
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, csv).into_response())
}
