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
    /// `1`, `true` or nothing after the name: say what would happen.
    #[serde(default)]
    dry_run: Option<String>,
}

impl ImportOptions {
    /// Whoever asks for a dry run in other words must not get a real one.
    fn is_dry_run(&self) -> Result<bool, Error> {
        match self.dry_run.as_deref() {
            None | Some("0" | "false") => Ok(false),
            Some("" | "1" | "true") => Ok(true),
            Some(_) => Err(Error::invalid("dry_run", "must be true or false")),
        }
    }
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
    let dry_run = options.is_dry_run()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_asked_for_in_words_that_are_known() {
        let asked =
            |dry_run: Option<&str>| ImportOptions { dry_run: dry_run.map(str::to_owned) }.is_dry_run().ok();
        assert_eq!(
            (asked(None), asked(Some("false")), asked(Some("0"))),
            (Some(false), Some(false), Some(false))
        );
        assert_eq!(
            (asked(Some("")), asked(Some("true")), asked(Some("1"))),
            (Some(true), Some(true), Some(true))
        );
        assert_eq!((asked(Some("yes")), asked(Some("True"))), (None, None));
    }
}
