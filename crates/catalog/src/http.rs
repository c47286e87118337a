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
    rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    images: u64,
    problems: Vec<ProblemAnswer>,
}

/// Something that is wrong in a file.
#[derive(Debug, Serialize)]
struct ProblemAnswer {
    line: u64,
    column: String,
    handle: String,
    message: String,
    severity: &'static str,
}

async fn import_shopify(
    Extension(ctx): Extension<Ctx>,
    Query(options): Query<ImportOptions>,
    body: Bytes,
) -> Result<Json<ImportAnswer>, Error> {
    let dry_run = matches!(options.dry_run.as_deref(), Some("" | "1" | "true"));
    let plan = import::plan(&ctx, &body[..]).await?;
    let report = if dry_run {
        let counts = plan.counts();
        import::Report {
            rows: counts.rows,
            created: counts.create,
            updated: counts.update,
            unchanged: counts.unchanged,
            failed: counts.failed,
            images: counts.images,
            problems: plan.problems().to_vec(),
        }
    } else {
        import::apply(&ctx, plan, |_| {}).await?
    };
    let problem = |problem: import::Problem| ProblemAnswer {
        line: problem.line,
        column: problem.column,
        handle: problem.handle,
        message: problem.message,
        severity: if problem.severity == import::Severity::Error { "error" } else { "warning" },
    };
    Ok(Json(ImportAnswer {
        dry_run,
        rows: report.rows,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        failed: report.failed,
        images: report.images,
        problems: report.problems.into_iter().map(problem).collect(),
    }))
}

async fn export_shopify(Extension(ctx): Extension<Ctx>) -> Result<Response, Error> {
    let file = export::shopify(&ctx).await?;
    let name = format!("attachment; filename=\"{}\"", file.name);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, file.csv).into_response())
}
