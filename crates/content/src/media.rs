//! Pictures: asked for by address or uploaded, rendered to WebP in several widths, shown by id.
//!
//! A picture is `pending` until its file was fetched, then `ready` for ever or `failed` with a reason.
//! Whoever shows one asks [`pictures`] and draws the placeholder for what is missing there, so a product is
//! complete without its pictures. Files are named after their content and never change.

mod fetch;
mod http;
mod render;
mod store;

pub use fetch::Fetcher;
pub use http::routes;
pub use render::{MAX_PIXELS, PictureError, Rendered, WIDTHS, content_hash, render, widths_for};

use crate::entity::{media, media_fetch};
use crate::event::MediaEvent;
use events::Emit;
use platform::{App, Context, Ctx, Error, Result, TenantDb, Tx};
use primitives::{MediaId, Permission, TenantId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, QueryResult, sea_query::Expr};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use store::Folder;
use tokio::sync::Semaphore;
use url::Url;

/// Longest address of a picture, bytes.
pub const MAX_SOURCE_URL: usize = 2_000;
/// Name of the wake-up signal of the fetcher.
pub(crate) const SIGNAL: &str = "media";
/// Longest time that one picture may take to be decoded and encoded.
const RENDER_TIMEOUT: Duration = Duration::from_secs(20);

/// A picture with its renditions at `{url_base}-{w}.webp` for every `w` of `widths`, ascending.
/// Empty `widths` means that there is nothing to show yet: use the placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Address without width and ending, for example `/media/hearth/ab12…`.
    pub url_base: String,
    /// Widths in pixels, ascending.
    pub widths: Vec<u32>,
    /// Width of the original in pixels.
    pub width: u32,
    /// Height of the original in pixels.
    pub height: u32,
    /// Text for those who do not see it; empty for decoration.
    pub alt: String,
}

impl Picture {
    /// The smallest rendition that is at least `width` pixels wide, else the largest.
    pub fn url(&self, width: u32) -> Option<String> {
        let chosen = self.widths.iter().find(|w| width <= **w).or_else(|| self.widths.last())?;
        Some(format!("{}-{chosen}.webp", self.url_base))
    }

    /// The `srcset` attribute; empty without renditions.
    pub fn srcset(&self) -> String {
        let parts: Vec<String> =
            self.widths.iter().map(|w| format!("{}-{w}.webp {w}w", self.url_base)).collect();
        parts.join(", ")
    }
}

/// How far a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    /// Its file is still to be fetched.
    Pending,
    /// It can be shown.
    Ready,
    /// Its file could not be fetched or is no picture.
    Failed,
}

/// A picture as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaView {
    /// The picture.
    pub id: MediaId,
    /// How far it is.
    pub state: MediaState,
    /// Where it came from; empty for uploads.
    pub source_url: String,
    /// What can be shown, when it is ready.
    pub picture: Option<Picture>,
    /// Why it failed, or why the last attempt did; may be empty.
    pub error: String,
}

/// A picture that lies ready under a public address, such as those of the demo shops.
#[derive(Clone, Debug)]
pub struct ReadyPicture<'p> {
    /// Where it is said to come from; asking for this address again gives the same picture.
    pub source_url: &'p str,
    /// Address of the renditions without width and ending.
    pub url_base: &'p str,
    /// Widths that exist, ascending.
    pub widths: &'p [u32],
    /// Width of the original in pixels.
    pub width: u32,
    /// Height of the original in pixels.
    pub height: u32,
    /// Text for those who do not see it.
    pub alt: &'p str,
}

/// Asks for the picture at an address, once per tenant and address; see [`request_fetch_many`].
pub async fn request_fetch(tx: &Tx, source_url: &str, alt: &str) -> Result<MediaId> {
    let ids = request_fetch_many(tx, &[(source_url, alt)]).await?;
    ids.first().copied().ok_or_else(|| Error::not_found("media"))
}

/// Asks for pictures at addresses and alternative texts, in a constant number of statements.
///
/// Gives back one id per request, in order; the same address always has the same id. What failed before is
/// tried again. An address that can never be fetched gives a picture that has failed already: whatever shows
/// it stays usable.
pub async fn request_fetch_many(tx: &Tx, requests: &[(&str, &str)]) -> Result<Vec<MediaId>> {
    let Some(ctx) = tx.ctx() else { return Err(Error::internal("pictures are asked for in a tenant")) };
    let now = ctx.now().millis();
    let addresses: Vec<String> = requests.iter().map(|(url, _)| cut(url.trim(), MAX_SOURCE_URL)).collect();
    if addresses.iter().any(String::is_empty) {
        return Err(Error::invalid("sourceUrl", "must not be empty"));
    }
    let mut known = by_address(tx, &addresses).await?;
    let (mut rows, mut jobs, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for (address, (_, alt)) in addresses.iter().zip(requests) {
        if !seen.insert(address.as_str()) {
            continue;
        }
        let problem = fetchable(address).err();
        match known.get(address.as_str()) {
            Some((id, MediaState::Failed)) if problem.is_none() => jobs.push(*id),
            Some(_) => {}
            None => {
                let id = MediaId::new();
                if problem.is_none() {
                    jobs.push(id);
                }
                let state = if problem.is_none() { MediaState::Pending } else { MediaState::Failed };
                rows.push(media::ActiveModel {
                    state: Set(state.as_str().to_owned()),
                    source_url: Set(address.clone()),
                    alt: Set(cut(alt, 1000)),
                    error: Set(problem.unwrap_or_default().to_owned()),
                    ..blank(id, now)
                });
            }
        }
    }
    if !rows.is_empty() {
        // Somebody else may have asked for the same address meanwhile: theirs stays, ours is not stored.
        tx.insert_new(rows).await?;
        known = by_address(tx, &addresses).await?;
        let stored: HashSet<MediaId> = known.values().map(|(id, _)| *id).collect();
        jobs.retain(|id| stored.contains(id));
    }
    enqueue(tx, &jobs, now).await?;
    addresses
        .iter()
        .map(|address| known.get(address.as_str()).map(|(id, _)| *id))
        .collect::<Option<Vec<MediaId>>>()
        .ok_or_else(|| Error::internal("a picture that was just stored is not there"))
}

/// Stores a picture from somebody's own file and makes its renditions; it is ready when this returns.
///
/// # Errors
/// `BAD_USER_INPUT` at `file` for what is no picture, is damaged, or is too large; permission `media:create`.
pub async fn store_upload(ctx: &Ctx, bytes: Vec<u8>, file_name: &str, alt: &str) -> Result<MediaView> {
    ctx.require(Permission::MEDIA_CREATE)?;
    let limit = ctx.app().config().server.upload_limit;
    if bytes.len() > limit {
        return Err(Error::invalid("file", format!("is larger than {limit} bytes")));
    }
    let rendered = Pipeline::of(ctx.app()).run(ctx.app(), ctx.tenant_id(), bytes).await?;
    let (file_name, alt) = (cut(last_part(file_name), 255), cut(alt, 1000));
    let (id, now) = (MediaId::new(), ctx.now().millis());
    let stored: Result<MediaView> = ctx
        .write(Permission::MEDIA_CREATE, async |tx| {
            let row = media::ActiveModel {
                file_name: Set(file_name),
                alt: Set(alt),
                ..ready(id, &url_base(ctx.tenant_id(), &rendered.hash), &rendered, now)
            };
            let row = tx.insert(row).await?;
            tx.emit(uploaded(id, &rendered)).await?;
            Ok(view(row))
        })
        .await;
    stored.context("storing an uploaded picture")
}

/// Takes note of pictures whose renditions lie ready under public addresses; known addresses stay as they are.
pub async fn register_ready(tx: &Tx, pictures: &[ReadyPicture<'_>]) -> Result<Vec<MediaId>> {
    let Some(ctx) = tx.ctx() else { return Err(Error::internal("pictures belong to a tenant")) };
    let now = ctx.now().millis();
    let row = |picture: &ReadyPicture<'_>| media::ActiveModel {
        state: Set(MediaState::Ready.as_str().to_owned()),
        source_url: Set(cut(picture.source_url, MAX_SOURCE_URL)),
        mime: Set("image/webp".to_owned()),
        url_base: Set(picture.url_base.to_owned()),
        width: Set(pixels(picture.width)),
        height: Set(pixels(picture.height)),
        widths: Set(widths_text(picture.widths)),
        alt: Set(cut(picture.alt, 1000)),
        ..blank(MediaId::new(), now)
    };
    tx.insert_new(pictures.iter().map(row).collect()).await?;
    let addresses: Vec<String> =
        pictures.iter().map(|picture| cut(picture.source_url, MAX_SOURCE_URL)).collect();
    let known = by_address(tx, &addresses).await?;
    Ok(addresses.iter().filter_map(|address| known.get(address.as_str()).map(|(id, _)| *id)).collect())
}

/// The pictures among `ids` that can be shown, with one statement.
pub async fn pictures(db: &TenantDb, ids: &[MediaId]) -> Result<HashMap<MediaId, Picture>> {
    let found = views(db, ids).await?;
    Ok(found.into_iter().filter_map(|view| view.picture.map(|picture| (view.id, picture))).collect())
}

/// What is known of each of `ids`, with one statement; unknown ones are left out.
pub async fn views(db: &TenantDb, ids: &[MediaId]) -> Result<Vec<MediaView>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(1_000) {
        let ids = ids.iter().map(|id| id.uuid());
        let rows = db.find::<media::Entity>().filter(media::Column::Id.is_in(ids)).all().await?;
        found.extend(rows.into_iter().map(view));
    }
    Ok(found)
}

impl MediaState {
    /// The name in rows and APIs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    fn of(text: &str) -> MediaState {
        match text {
            "pending" => Self::Pending,
            "ready" => Self::Ready,
            _ => Self::Failed,
        }
    }
}

impl From<PictureError> for Error {
    fn from(error: PictureError) -> Error {
        Error::invalid("file", error.to_string())
    }
}

/// Renders one picture at a time: decoding is all memory and processor, and a shop has better uses for both.
pub(crate) struct Pipeline {
    places: Arc<Semaphore>,
}

impl Pipeline {
    pub fn of(app: &App) -> Arc<Pipeline> {
        app.state(|| Pipeline { places: Arc::new(Semaphore::new(1)) })
    }

    /// Renders and stores on a blocking thread. Past the deadline the caller goes on; the thread keeps its
    /// place until it is done, so that slow pictures cannot pile up.
    pub async fn run(&self, app: &App, tenant: TenantId, bytes: Vec<u8>) -> Result<Rendered> {
        let folder = Folder::new(&app.config().media.dir);
        let place = self.places.clone().acquire_owned().await.map_err(Error::internal)?;
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let rendered = render(&bytes)?;
            folder.put(tenant, &rendered).map_err(Error::internal).context("writing renditions")?;
            Ok(rendered)
        });
        match tokio::time::timeout(RENDER_TIMEOUT, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Error::internal(panic)).context("rendering a picture"),
            Err(_) => Err(Error::invalid("file", "picture takes too long to decode")),
        }
    }
}

/// Ids and states of the pictures from these addresses.
async fn by_address(db: &TenantDb, addresses: &[String]) -> Result<HashMap<String, (MediaId, MediaState)>> {
    let mut known = HashMap::with_capacity(addresses.len());
    for addresses in addresses.chunks(1_000) {
        let rows: Vec<(String, uuid::Uuid, String)> = db
            .find::<media::Entity>()
            .filter(media::Column::SourceUrl.is_in(addresses.iter().map(String::as_str)))
            // Says what the values cannot: that the index of addresses, which leaves empty ones out, has them all.
            .filter(Expr::cust("source_url <> ''"))
            .columns([media::Column::SourceUrl, media::Column::Id, media::Column::State])
            .await?;
        known.extend(
            rows.into_iter().map(|(url, id, state)| (url, (MediaId::from_uuid(id), MediaState::of(&state)))),
        );
    }
    Ok(known)
}

async fn enqueue(tx: &Tx, ids: &[MediaId], now: i64) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let retried = ids.iter().map(|id| id.uuid());
    tx.update_many::<media::Entity>()
        .set(media::Column::State, MediaState::Pending.as_str())
        .filter(media::Column::Id.is_in(retried))
        .filter(media::Column::State.eq(MediaState::Failed.as_str()))
        .exec()
        .await?;
    let job = |id: &MediaId| media_fetch::ActiveModel {
        media_id: Set(id.uuid()),
        attempts: Set(0),
        next_at: Set(now),
        ..Default::default()
    };
    tx.insert_new(ids.iter().map(job).collect()).await?;
    if let Some(ctx) = tx.ctx() {
        let signal = ctx.app().hub().signal(SIGNAL);
        tx.after_commit(move || signal.notify_one());
    }
    Ok(())
}

/// Whether an address can be fetched at all; the reason when it cannot.
fn fetchable(address: &str) -> std::result::Result<Url, &'static str> {
    if address.len() >= MAX_SOURCE_URL {
        return Err("address is too long");
    }
    let url = Url::parse(address).map_err(|_| "address is not a URL")?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err("address is not http or https")
    }
}

fn blank(id: MediaId, now: i64) -> media::ActiveModel {
    let empty = || Set(String::new());
    media::ActiveModel {
        id: Set(id.uuid()),
        state: Set(MediaState::Pending.as_str().to_owned()),
        source_url: empty(),
        file_name: empty(),
        hash: Set(None),
        mime: empty(),
        url_base: empty(),
        width: Set(0),
        height: Set(0),
        widths: Set("[]".to_owned()),
        alt: empty(),
        error: empty(),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
}

fn ready(id: MediaId, url_base: &str, rendered: &Rendered, now: i64) -> media::ActiveModel {
    let widths: Vec<u32> = rendered.renditions.iter().map(|(width, _)| *width).collect();
    media::ActiveModel {
        state: Set(MediaState::Ready.as_str().to_owned()),
        hash: Set(Some(rendered.hash.clone())),
        mime: Set(rendered.mime.to_owned()),
        url_base: Set(url_base.to_owned()),
        width: Set(pixels(rendered.width)),
        height: Set(pixels(rendered.height)),
        widths: Set(widths_text(&widths)),
        ..blank(id, now)
    }
}

fn uploaded(media_id: MediaId, rendered: &Rendered) -> MediaEvent {
    MediaEvent::Uploaded {
        media_id,
        mime: rendered.mime.to_owned(),
        width: rendered.width,
        height: rendered.height,
    }
}

fn view(row: media::Model) -> MediaView {
    let state = MediaState::of(&row.state);
    let shown = Shown {
        url_base: row.url_base,
        widths: row.widths,
        width: row.width,
        height: row.height,
        alt: row.alt,
    };
    let picture = shown.picture(state);
    MediaView { id: MediaId::from_uuid(row.id), state, source_url: row.source_url, picture, error: row.error }
}

/// Columns of `media` for a statement that joins it as `m`; [`picture_of`] reads them.
pub const PICTURE_COLUMNS: &str = "m.state AS media_state, m.url_base, m.widths, m.width, m.height, m.alt";

/// The picture in a row with [`PICTURE_COLUMNS`], if there is one and it can be shown.
pub fn picture_of(row: &QueryResult) -> Result<Option<Picture>, DbErr> {
    let Some(state) = row.try_get::<Option<String>>("", "media_state")? else { return Ok(None) };
    let shown = Shown {
        url_base: row.try_get("", "url_base")?,
        widths: row.try_get("", "widths")?,
        width: row.try_get("", "width")?,
        height: row.try_get("", "height")?,
        alt: row.try_get("", "alt")?,
    };
    Ok(shown.picture(MediaState::of(&state)))
}

/// What a row says of its renditions.
struct Shown {
    url_base: String,
    widths: String,
    width: i32,
    height: i32,
    alt: String,
}

impl Shown {
    fn picture(self, state: MediaState) -> Option<Picture> {
        let widths: Vec<u32> = serde_json::from_str(&self.widths).unwrap_or_default();
        (state == MediaState::Ready && !widths.is_empty()).then(|| Picture {
            url_base: self.url_base,
            widths,
            width: u32::try_from(self.width).unwrap_or(0),
            height: u32::try_from(self.height).unwrap_or(0),
            alt: self.alt,
        })
    }
}

/// Where the renditions of a content of a tenant are served.
fn url_base(tenant: TenantId, hash: &str) -> String {
    format!("/media/{tenant}/{hash}")
}

fn widths_text(widths: &[u32]) -> String {
    serde_json::to_string(widths).unwrap_or_else(|_| "[]".to_owned())
}

fn pixels(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Without control characters, at most so many bytes, cut between characters.
fn cut(text: &str, limit: usize) -> String {
    let mut kept: String = text.chars().filter(|c| !c.is_control()).collect();
    if kept.len() > limit {
        let end = (0..=limit).rev().find(|at| kept.is_char_boundary(*at)).unwrap_or(0);
        kept.truncate(end);
    }
    kept
}

/// A file name without the folders that some browsers send.
fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// When to try again after so many attempts; nothing when it is enough.
fn next_attempt(now: Timestamp, attempts: i32) -> Option<Timestamp> {
    const WAITS: [u64; 5] = [30, 120, 600, 3_600, 6 * 3_600];
    let index = usize::try_from(attempts).ok()?.checked_sub(1)?;
    WAITS.get(index).map(|seconds| now + Duration::from_secs(*seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_fetched() {
        assert!(fetchable("https://cdn.example/a.jpg?v=1").is_ok());
        for bad in ["", "a.jpg", "/demo/a.webp", "file:///etc/passwd", "ftp://x/a", "data:image/png;base64,x"]
        {
            assert!(fetchable(bad).is_err(), "{bad}");
        }
        assert!(fetchable(&format!("https://x.example/{}", "a".repeat(MAX_SOURCE_URL))).is_err());
    }

    #[test]
    fn picks_the_smallest_rendition_that_is_wide_enough() {
        let picture = Picture {
            url_base: "/media/a".into(),
            widths: vec![320, 640, 1280],
            width: 1600,
            height: 2000,
            alt: String::new(),
        };
        assert_eq!(picture.url(400).as_deref(), Some("/media/a-640.webp"));
        assert_eq!(picture.url(640).as_deref(), Some("/media/a-640.webp"));
        assert_eq!(picture.url(4000).as_deref(), Some("/media/a-1280.webp"));
        assert_eq!(
            picture.srcset(),
            "/media/a-320.webp 320w, /media/a-640.webp 640w, /media/a-1280.webp 1280w"
        );
        assert_eq!(Picture { widths: vec![], ..picture }.url(1), None);
    }

    #[test]
    fn waits_grow_and_end() {
        let now = Timestamp::from_millis(0);
        let waits: Vec<Option<i64>> =
            (1..=6).map(|n| next_attempt(now, n).map(|at| at.millis() / 1000)).collect();
        assert_eq!(waits, [Some(30), Some(120), Some(600), Some(3600), Some(21_600), None]);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("a\0b\n", 9), "ab");
        assert_eq!(last_part("C:\\photos\\vase.jpg"), "vase.jpg");
    }
}
