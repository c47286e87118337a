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
use primitives::{Permission, TenantId};
use serde::Deserialize;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::io::ReaderStream;

/// Transfers that a process works on at once: each reads or writes a whole shop.
const AT_ONCE: usize = 1;
/// How long one that comes in between waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a file is kept for whoever reads it.
const READ_WITHIN: Duration = Duration::from_secs(3600);

/// Routes under `/api/v1`.
pub fn rest() -> Router<App> {
    let turns = Turns::new();
    Router::new()
        .route("/shop/export", get(export_own))
        .route("/tenants/{slug}/export", get(export_any))
        .route("/tenants/import", post(import).layer(DefaultBodyLimit::disable()))
        .layer(Extension(turns))
}

/// Whose turn it is.
#[derive(Clone)]
struct Turns {
    work: Arc<Semaphore>,
    readers: Arc<Mutex<HashSet<TenantId>>>,
}

impl Turns {
    fn new() -> Self {
        Self { work: Arc::new(Semaphore::new(AT_ONCE)), readers: Arc::default() }
    }

    async fn work(&self) -> Result<OwnedSemaphorePermit, Error> {
        match tokio::time::timeout(PATIENCE, self.work.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(busy()),
        }
    }

    /// One file of each shop at a time, however slowly it is read: nobody keeps other shops waiting.
    fn reader(&self, tenant: TenantId) -> Result<Reader, Error> {
        if locked(&self.readers).insert(tenant) {
            Ok(Reader { readers: self.readers.clone(), tenant })
        } else {
            Err(busy())
        }
    }
}

/// Somebody who has a shop's file made and reads it.
struct Reader {
    readers: Arc<Mutex<HashSet<TenantId>>>,
    tenant: TenantId,
}

impl Drop for Reader {
    fn drop(&mut self) {
        locked(&self.readers).remove(&self.tenant);
    }
}

fn locked(readers: &Mutex<HashSet<TenantId>>) -> MutexGuard<'_, HashSet<TenantId>> {
    readers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn busy() -> Error {
    Error::rate_limited(Duration::from_secs(60))
}

/// The own shop as one file, without passwords and other secrets.
async fn export_own(
    Extension(ctx): Extension<Ctx>,
    Extension(turns): Extension<Turns>,
) -> Result<Response, Error> {
    exported(&ctx, &turns).await
}

/// Any shop of the platform as one file.
async fn export_any(
    Extension(ctx): Extension<Ctx>,
    Extension(turns): Extension<Turns>,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    // Not `TENANTS_EXPORT`: the owner of the platform's own shop holds that one for this shop alone.
    exported(&life::of_tenant(&ctx, Permission::TENANTS_MANAGE, &slug).await?, &turns).await
}

async fn exported(ctx: &Ctx, turns: &Turns) -> Result<Response, Error> {
    let reader = turns.reader(ctx.tenant_id())?;
    let (folder, path) = space()?;
    {
        let _turn = turns.work().await?;
        transfer::export(ctx, &path, false, |_| {}).await.map_err(plain)?;
    }
    let file = tokio::fs::File::open(&path).await.map_err(Error::internal)?;
    let length = file.metadata().await.map_err(Error::internal)?.len();
    let day = ctx.now().to_string();
    let name = format!("{}-{}.zip", ctx.tenant().slug, day.get(..10).unwrap_or(&day));
    // The folder is held as long as somebody reads, and no longer than that may take.
    let chunks = ReaderStream::new(file).take_until(tokio::time::sleep(READ_WITHIN)).map(move |chunk| {
        let _held = (&folder, &reader);
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
    Extension(turns): Extension<Turns>,
    wishes: Result<Query<Wishes>, QueryRejection>,
    body: Body,
) -> Result<Response, Error> {
    let Query(wishes) = wishes.map_err(|error| Error::invalid("query", error.body_text()))?;
    life::of_the_platform(&ctx, Permission::TENANTS_IMPORT).await?;
    let (folder, path) = space()?;
    received(&app, body, &path).await?;
    let turn = turns.work().await?;
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = given(wishes.owner_name).unwrap_or_default();
    let owner = given(wishes.owner_email).map(|email| NewOwner { email, name, password: None });
    let into = ImportOptions { slug: given(wishes.slug), copy: false, owner };
    // On its own: whoever goes away leaves no half a shop.
    let filling = tokio::spawn(async move {
        let _held = (folder, turn);
        let file = transfer::check(&app, &path).await.map_err(unreadable)?;
        let made = transfer::import(&app, &file, into, |info| ctx.at(info), |_| {}).await.map_err(plain)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_slowly_keeps_only_the_own_shop_waiting() {
        let (turns, one, other) = (Turns::new(), TenantId::new(), TenantId::new());
        let reading = turns.reader(one).ok();
        drop(turns.work().await.unwrap());
        assert!(turns.reader(one).is_err() && turns.reader(other).is_ok());
        assert!(turns.work().await.is_ok(), "the work is done while the file is read");
        drop(reading);
        assert!(turns.reader(one).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_transfer_is_worked_on_and_the_next_waits_and_then_gives_up() {
        let turns = Turns::new();
        let working = turns.work().await.unwrap();
        let refused = turns.work().await.unwrap_err();
        assert_eq!(refused.code(), primitives::ErrorCode::RateLimitExceeded);
        let (waiting, ()) = tokio::join!(turns.work(), async { drop(working) });
        drop(waiting.unwrap());
    }
}
