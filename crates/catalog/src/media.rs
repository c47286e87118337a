//! The only file here that asks `content` for pictures.

use std::collections::HashMap;

use content::media::{self, MediaState};
pub(crate) use content::media::{PICTURE_COLUMNS, picture_of};
use platform::{Context, Error, TenantDb, Tx};
use primitives::MediaId;
use uuid::Uuid;

use crate::error::Result;
use crate::view::{ImageState, Picture};

/// What is known of one file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub state: ImageState,
    picture: Option<Picture>,
}

impl File {
    /// The picture with this text, or with the file's own when there is none.
    pub fn picture(&self, alt: &str) -> Option<Picture> {
        let picture = self.picture.clone()?;
        let alt = if alt.is_empty() { picture.alt } else { alt.to_owned() };
        Some(Picture { alt, ..picture })
    }
}

/// Asks for the pictures at these addresses; the same address has the same file.
pub(crate) async fn request(tx: &Tx, urls: &[String]) -> Result<Vec<MediaId>> {
    if urls.is_empty() {
        return Ok(Vec::new());
    }
    let requests: Vec<(&str, &str)> = urls.iter().map(|url| (url.as_str(), "")).collect();
    Ok(media::request_fetch_many(tx, &requests).await.context("asking for pictures")?)
}

/// The files among `ids`, in one statement.
pub(crate) async fn pictures(db: &TenantDb, ids: &[Uuid]) -> Result<HashMap<Uuid, File>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut ids: Vec<MediaId> = ids.iter().map(|id| MediaId::from_uuid(*id)).collect();
    ids.sort();
    ids.dedup();
    let files = media::views(db, &ids).await.context("loading pictures")?.into_iter().map(|view| {
        let state = match view.state {
            MediaState::Pending => ImageState::Pending,
            MediaState::Ready => ImageState::Ready,
            MediaState::Failed => ImageState::Failed,
        };
        (view.id.uuid(), File { state, picture: view.picture })
    });
    Ok(files.collect())
}

/// `NOT_FOUND` when one of these files is not this tenant's.
pub(crate) async fn must_exist(db: &TenantDb, ids: impl IntoIterator<Item = MediaId>) -> Result<()> {
    let ids: Vec<Uuid> = ids.into_iter().map(MediaId::uuid).collect();
    let found = pictures(db, &ids).await?;
    match ids.iter().all(|id| found.contains_key(id)) {
        true => Ok(()),
        false => Err(Error::not_found(MediaId::KIND).into()),
    }
}
