//! Whole tenants over HTTP, which GraphQL is not made for: a file out, a file in.

use super::plain;
use crate::transfer::{self, ImportOptions};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures::StreamExt;
use identity::tenant::{self, NewOwner, life};
use platform::{App, Ctx, Error};
use primitives::Permission;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::io::ReaderStream;

/// Transfers at once in a process: each reads or writes a whole shop.
const AT_ONCE: usize = 1;

/// Routes under `/api/v1`.
pub fn rest() -> Router<App> {
    let turn = Turn(Arc::new(Semaphore::new(AT_ONCE)));
    Router::new()
        .route("/shop/export", get(export_own))
        .route("/tenants/{slug}/export", get(export_any))
        .route("/tenants/import", post(import).layer(DefaultBodyLimit::disable()))
        .layer(Extension(turn))
}

/// Whose turn it is.
#[derive(Clone)]
struct Turn(Arc<Semaphore>);

impl Turn {
    fn take(&self) -> Result<OwnedSemaphorePermit, Error> {
        let busy = |_| Error::rate_limited(Duration::from_secs(60));
        self.0.clone().try_acquire_owned().map_err(busy)
    }
}

/// The own shop as one file, without passwords and other secrets.
async fn export_own(
    Extension(ctx): Extension<Ctx>,
    Extension(turn): Extension<Turn>,
) -> Result<Response, Error> {
    exported(&ctx, &turn).await
}

/// Any shop of the platform as one file.
async fn export_any(
    Extension(ctx): Extension<Ctx>,
    Extension(turn): Extension<Turn>,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    // Not `TENANTS_EXPORT`: the owner of the platform's own shop holds that one for this shop alone.
    exported(&life::of_tenant(&ctx, Permission::TENANTS_MANAGE, &slug).await?, &turn).await
}

async fn exported(ctx: &Ctx, turn: &Turn) -> Result<Response, Error> {
    let turn = turn.take()?;
    let (folder, path) = space()?;
    transfer::export(ctx, &path, false, |_| {}).await.map_err(plain)?;
    let file = tokio::fs::File::open(&path).await.map_err(Error::internal)?;
    let length = file.metadata().await.map_err(Error::internal)?.len();
    let day = ctx.now().to_string();
    let name = format!("{}-{}.zip", ctx.tenant().slug, day.get(..10).unwrap_or(&day));
    // The folder and the turn are held as long as somebody reads.
    let chunks = ReaderStream::new(file).map(move |chunk| {
        let _held = (&folder, &turn);
        chunk
    });
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// What becomes of an uploaded file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wishes {
    /// Another slug than the file's.
    slug: Option<String>,
    /// Address of a first owner, who gets an invitation.
    owner_email: Option<String>,
    /// The owner's name.
    owner_name: Option<String>,
}

/// Makes a shop of a file; the whole body is the file.
async fn import(
    State(app): State<App>,
    Extension(ctx): Extension<Ctx>,
    Extension(turn): Extension<Turn>,
    wishes: Result<Query<Wishes>, QueryRejection>,
    body: Body,
) -> Result<Response, Error> {
    let Query(wishes) = wishes.map_err(|error| Error::invalid("query", error.body_text()))?;
    life::of_the_platform(&ctx, Permission::TENANTS_IMPORT).await?;
    let turn = turn.take()?;
    let (folder, path) = space()?;
    received(&app, body, &path).await?;
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = given(wishes.owner_name).unwrap_or_default();
    let owner = given(wishes.owner_email).map(|email| NewOwner { email, name, password: None });
    let into = ImportOptions { slug: given(wishes.slug), copy: false, owner };
    // On its own: whoever goes away leaves no half a shop.
    let filling = tokio::spawn(async move {
        let _held = (folder, turn);
        let file = transfer::check(&app, &path).await.map_err(unreadable)?;
        let made = transfer::import(&app, &file, into, |_| {}).await.map_err(plain)?;
        life::view(&tenant::system(&app, &made.slug).await?).await
    });
    let view = filling.await.map_err(Error::internal)??;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Writes the body down, as far as it is allowed to go.
async fn received(app: &App, body: Body, path: &std::path::Path) -> Result<(), Error> {
    let most = app.config().tenants.import_mib.saturating_mul(1024 * 1024);
    let mut file = tokio::fs::File::create_new(path).await.map_err(Error::internal)?;
    let (mut chunks, mut length) = (body.into_data_stream(), 0_u64);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Error::invalid("body", format!("broke off: {error}")))?;
        length = length.saturating_add(chunk.len() as u64);
        if length > most {
            let mib = app.config().tenants.import_mib;
            let text = format!(
                "is larger than {mib} MiB (tenants.import_mib); use `rustok tenant import` on the host"
            );
            return Err(Error::invalid("body", text));
        }
        file.write_all(&chunk).await.map_err(Error::internal)?;
    }
    file.flush().await.map_err(Error::internal)
}

/// What is wrong with a file is its sender's to know.
fn unreadable(error: anyhow::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(other) => Error::invalid("body", format!("{other:#}")),
    }
}

/// Where a file lies in between; it goes with the folder.
fn space() -> Result<(tempfile::TempDir, PathBuf), Error> {
    let folder = tempfile::Builder::new().prefix("rustok-transfer-").tempdir().map_err(Error::internal)?;
    let path = folder.path().join("shop.zip");
    Ok((folder, path))
}
