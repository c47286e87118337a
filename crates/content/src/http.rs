//! REST: uploading a picture.

use crate::media::{self, MediaView};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::routing::post;
use axum::{Extension, Json, Router};
use multer::{Constraints, Multipart, SizeLimit};
use platform::surface::Entry;
use platform::{Access, App, Ctx, Error, Result};
use primitives::Permission;

/// The fields of a form besides the file are small.
const TEXT_LIMIT: u64 = 16 * 1024;

/// Routes below `/api/v1`.
pub fn rest() -> Router<App> {
    Router::new().route("/media", post(upload))
}

/// What the outside can reach of this module, and who may.
pub fn surface() -> Vec<Entry> {
    vec![
        Entry::rest("POST", "/api/v1/media", Permission::MEDIA_CREATE),
        Entry::rest("GET", "/media/{tenant}/{file}", Access::Public),
    ]
}

/// `multipart/form-data` with `file` and, if wanted, `alt`; answers 201 with the picture, ready to be shown.
async fn upload(Extension(ctx): Extension<Ctx>, request: Request) -> Result<(StatusCode, Json<MediaView>)> {
    // Whoever may not is told so before anything large is read.
    ctx.require(Permission::MEDIA_CREATE)?;
    let form = read(&ctx, request).await?;
    let Some((file_name, bytes)) = form.file else {
        return Err(Error::invalid("file", "is missing"));
    };
    let view = media::store_upload(&ctx, bytes, &file_name, &form.alt).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

#[derive(Default)]
struct Form {
    file: Option<(String, Vec<u8>)>,
    alt: String,
}

async fn read(ctx: &Ctx, request: Request) -> Result<Form> {
    let limit = ctx.app().config().server.upload_limit;
    let limits = SizeLimit::new()
        .whole_stream(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(4 * TEXT_LIMIT))
        .for_field("file", u64::try_from(limit).unwrap_or(u64::MAX))
        .per_field(TEXT_LIMIT);
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type
        .and_then(|value| multer::parse_boundary(value).ok())
        .ok_or_else(|| Error::invalid("file", "send it as multipart/form-data"))?;
    let body = request.into_body().into_data_stream();
    let mut parts = Multipart::with_constraints(body, boundary, Constraints::new().size_limit(limits));
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(|error| refused(&error, limit))? {
        match part.name() {
            Some("file") if form.file.is_none() => {
                let name = part.file_name().unwrap_or_default().to_owned();
                let bytes = part.bytes().await.map_err(|error| refused(&error, limit))?;
                form.file = Some((name, bytes.to_vec()));
            }
            Some("alt") => form.alt = part.text().await.map_err(|error| refused(&error, limit))?,
            // Whatever else the form holds is none of ours; the limits above still count for it.
            _ => {}
        }
    }
    Ok(form)
}

fn refused(error: &multer::Error, limit: usize) -> Error {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            Error::invalid("file", format!("is larger than {limit} bytes"))
        }
        _ => Error::invalid("file", "did not arrive whole"),
    }
}
