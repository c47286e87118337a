//! Files: the built storefront and admin, pictures of the demo, the admin's page, GraphiQL.

use super::{Host, header_value};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, Response};
use axum::routing::get;
use leptos::prelude::LeptosOptions;
use platform::{Config, nonce};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower_http::services::{ServeDir, ServeFile};

const ADMIN_PAGE: &str = include_str!("../../../admin/index.html");
const FOREVER: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";

/// Where the built front ends lie.
pub struct Sites {
    storefront: PathBuf,
    admin: PathBuf,
}

impl Sites {
    /// Looks in the configured folders, then beside the binary, then in `target`.
    pub fn find(config: &Config) -> Self {
        Self {
            storefront: site(config.server.site_dir.as_deref(), "site"),
            admin: site(config.server.admin_dir.as_deref(), "admin-site"),
        }
    }

    /// What Leptos has to know about the storefront's files.
    pub fn leptos_options(&self) -> LeptosOptions {
        let hashes = self.storefront.join("hash.txt");
        // `cargo leptos watch` builds files without hashes beside those of an earlier release.
        let watched = std::env::var("LEPTOS_HASH_FILES").is_ok_and(|hashed| hashed == "false");
        LeptosOptions::builder()
            .output_name("rustok")
            .site_root(Arc::<str>::from(self.storefront.to_string_lossy()))
            .site_pkg_dir("pkg")
            .hash_files(!watched && hashes.is_file())
            .hash_file(Arc::<str>::from(hashes.to_string_lossy()))
            .build()
    }

    /// Every file of both front ends, precompressed where the build did so.
    pub fn files(&self) -> Router<Host> {
        let router = mount(Router::new(), "", &self.storefront);
        mount(router, "/admin", &self.admin).layer(axum::middleware::from_fn(keep))
    }

    /// The admin's one page, the same for every address below `/admin`.
    pub fn admin_pages(&self) -> Router {
        let page: Arc<str> = Arc::from(admin_page(&self.admin));
        let answer = move || {
            let page = page.clone();
            async move { ([(header::CACHE_CONTROL, "no-cache")], Html(page.to_string())) }
        };
        Router::new()
            .route("/admin", get(answer.clone()))
            .route("/admin/", get(answer.clone()))
            .route("/admin/{*path}", get(answer))
    }
}

/// One route for every file and folder that a build left in `site`.
fn mount(mut router: Router<Host>, below: &str, site: &Path) -> Router<Host> {
    let Ok(entries) = std::fs::read_dir(site) else {
        tracing::warn!(folder = %site.display(), "a front end is not built, run cargo x web");
        return router;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() {
            router = router.nest_service(&format!("{below}/{name}"), folder(&path));
        } else if !is_inward(&name) {
            let file = ServeFile::new(path).precompressed_br().precompressed_gzip();
            router = router.route_service(&format!("{below}/{name}"), file);
        }
    }
    router
}

/// What the build left for us alone, compressed forms, and what each shop has its own of.
fn is_inward(name: &str) -> bool {
    let compressed = name.ends_with(".br") || name.ends_with(".gz");
    compressed || matches!(name, "hash.txt" | "index.html" | "robots.txt" | "sitemap.xml")
}

/// Fills the names of the built files into the admin's page.
fn admin_page(site: &Path) -> String {
    let hashes = std::fs::read_to_string(site.join("hash.txt")).unwrap_or_default();
    let hash = |kind: &str| {
        hashes
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.trim() == kind)
            .map(|(_, hash)| format!(".{}", hash.trim()))
            .unwrap_or_default()
    };
    ["css", "js", "wasm"].iter().fold(ADMIN_PAGE.replace("{nonce}", nonce::mark()), |page, kind| {
        page.replace(&format!("/admin/pkg/rustok.{kind}"), &format!("/admin/pkg/rustok{}.{kind}", hash(kind)))
    })
}

/// The folder of a built front end: configured, beside the binary, or in `target`.
pub fn site(configured: Option<&Path>, name: &str) -> PathBuf {
    let folder = configured.map_or_else(|| usual_site(name), Path::to_owned);
    // Leptos takes relative names from the folder of the binary, everybody else from the working directory.
    std::path::absolute(&folder).unwrap_or(folder)
}

fn usual_site(name: &str) -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(name)));
    let mut places = beside.into_iter().chain([PathBuf::from("target").join(name)]);
    places.find(|folder| folder.is_dir()).unwrap_or_else(|| PathBuf::from("target").join(name))
}

fn folder(path: &Path) -> ServeDir {
    ServeDir::new(path).precompressed_br().precompressed_gzip()
}

/// Files whose name carries a hash never change; the others are asked for again after a day.
async fn keep(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let rule = match (has_hash(path), path.contains("/pkg/")) {
        (true, _) => FOREVER,
        // Another build of the same name, with `cargo leptos watch`.
        (false, true) => "no-cache",
        (false, false) => A_DAY,
    };
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, header_value(rule));
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        );
        // Which of the compressed forms it is depends on who asks; pictures made of pixels have none.
        let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if !kind.starts_with(b"image/") || kind.starts_with(b"image/svg") {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
    }
    response
}

fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // cargo-leptos writes MD5 in base64url; names of our own have no capitals.
    name.split('.').any(|part| {
        part.len() == 22
            && part.bytes().any(|b| b.is_ascii_uppercase())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    })
}

/// `GET /api/graphiql`, when it is switched on.
pub fn graphiql(on: bool) -> Router {
    if !on {
        return Router::new();
    }
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    let page: Arc<str> = include_str!("graphiql/page.html").replace("{nonce}", nonce::mark()).into();
    let page = get(move || async move { Html(page.to_string()) });
    Router::new()
        .route("/graphiql", page)
        .route("/graphiql/app.css", file("text/css; charset=utf-8", include_str!("graphiql/app.css")))
        .route("/graphiql/app.js", file("text/javascript; charset=utf-8", include_str!("graphiql/app.js")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_leptos_a_place_that_does_not_depend_on_the_binary() {
        let sites = Sites { storefront: site(Some(Path::new("somewhere")), "site"), admin: PathBuf::new() };
        let options = sites.leptos_options();
        assert!(Path::new(&*options.hash_file).is_absolute(), "{}", options.hash_file);
        assert!(Path::new(&*options.site_root).ends_with("somewhere"));
    }

    #[test]
    fn tells_names_with_a_hash() {
        assert!(has_hash("/pkg/rustok.Zk3yX8aQpL2mN4vB7cR1tw.wasm"));
        assert!(has_hash("/pkg/rustok.EX8yn-iXJRo61-93DWhKGg.js"));
        assert!(!has_hash("/demo/linen-cushion-sage-480.webp"));
        assert!(!has_hash("/demo/stoneware-mug--sage-480.webp"));
        assert!(!has_hash("/pkg/rustok.css"));
    }
}
