//! Serving renditions. Their names follow their content, so every cache may keep them for ever.

use super::store::Folder;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use platform::App;
use primitives::TenantId;

/// `GET /media/{tenant}/{hash}-{w}.webp`, outside tenant resolution: the address says everything.
pub fn routes(app: &App) -> Router {
    let folder = Folder::new(&app.config().media.dir);
    Router::new().route("/media/{tenant}/{file}", get(rendition)).with_state(folder)
}

async fn rendition(
    State(folder): State<Folder>,
    Path((tenant, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    // Only what we could have written is looked for: no dots, no slashes, no surprises.
    let (Ok(tenant), Some((hash, width))) = (TenantId::parse(&tenant), parse(&file)) else {
        return missing();
    };
    let etag = format!("\"{hash}-{width}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let path = folder.path(tenant, hash, width);
    let fresh =
        known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let answer = if fresh && tokio::fs::try_exists(&path).await.unwrap_or(false) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match tokio::fs::read(&path).await {
            Ok(bytes) => ([(header::CONTENT_TYPE, "image/webp")], bytes).into_response(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return missing(),
            Err(error) => {
                tracing::error!(%error, "reading rendition {} failed", path.display());
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        }
    };
    let (mut parts, body) = answer.into_parts();
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    parts.headers.insert(header::CACHE_CONTROL, kept);
    parts.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        parts.headers.insert(header::ETAG, etag);
    }
    Response::from_parts(parts, body)
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

/// `{hash}-{w}.webp` with 32 lower-case hexadecimal digits and a width of one to five digits.
fn parse(file: &str) -> Option<(&str, u32)> {
    let (hash, width) = file.strip_suffix(".webp")?.split_once('-')?;
    let hash_ok = hash.len() == 32 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let width_ok = (1..=5).contains(&width.len())
        && width.bytes().all(|byte| byte.is_ascii_digit())
        && !width.starts_with('0');
    if hash_ok && width_ok { Some((hash, width.parse().ok()?)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::render::{self, render};
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    async fn ask(folder: &Folder, uri: &str, etag: Option<&str>) -> Response {
        let router = Router::new().route("/media/{tenant}/{file}", get(rendition)).with_state(folder.clone());
        let mut request = Request::get(uri);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn serves_what_was_rendered_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        let tenant = TenantId::new();
        let rendered = render(&render::tests::png(300, 200)).unwrap();
        folder.put(tenant, &rendered).unwrap();
        folder.put(tenant, &rendered).unwrap();
        assert_eq!(std::fs::read_dir(dir.path().join(tenant.to_string())).unwrap().count(), 2);

        let uri = format!("/media/{tenant}/{}-240.webp", rendered.hash);
        let answer = ask(&folder, &uri, None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/webp");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let etag = answer.headers()[header::ETAG].to_str().unwrap().to_owned();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert_eq!(body, rendered.renditions[0].1);
        assert_eq!(ask(&folder, &uri, Some(&etag)).await.status(), StatusCode::NOT_MODIFIED);

        // Another tenant's folder does not hold it.
        let foreign = format!("/media/{}/{}-240.webp", TenantId::new(), rendered.hash);
        assert_eq!(ask(&folder, &foreign, Some(&etag)).await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn only_names_of_renditions_are_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        let folder = Folder::new(dir.path());
        let tenant = TenantId::new();
        for uri in [
            "/media/../secret".to_owned(),
            "/media/%2e%2e/secret".to_owned(),
            format!("/media/{tenant}/..%2fsecret"),
            format!("/media/{tenant}/secret"),
            format!("/media/{tenant}/{}-0.webp", "a".repeat(32)),
            format!("/media/{tenant}/{}-999999.webp", "a".repeat(32)),
            format!("/media/{tenant}/{}-240.png", "a".repeat(32)),
            format!("/media/{tenant}/{}-240.webp", "A".repeat(32)),
        ] {
            assert_eq!(ask(&folder, &uri, None).await.status(), StatusCode::NOT_FOUND, "{uri}");
        }
    }
}
