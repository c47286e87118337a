//! Names of the built files, looked up once, and the small module that wakes the islands.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::LeptosOptions;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

const BOOT: &str = include_str!("islands/boot.js");

/// Addresses of style, script and WASM, with their hashes when the build gave them hashes.
#[derive(Clone, Debug, PartialEq)]
pub struct Assets {
    /// The stylesheet.
    pub css: String,
    /// The glue that wasm-bindgen wrote.
    pub js: String,
    /// The islands.
    pub wasm: String,
    /// File name of the module that loads them, below `/assets`.
    pub boot: String,
    boot_source: String,
}

impl Assets {
    /// Reads the hash file that cargo-leptos puts beside the binary, when file names carry hashes.
    pub fn new(options: &LeptosOptions) -> Self {
        let hashes = if options.hash_files { read_hashes(options) } else { Vec::new() };
        let name = |kind: &str| {
            let hash = hashes.iter().find(|(key, _)| key == kind).map(|(_, hash)| format!(".{hash}"));
            format!("/{}/{}{}.{kind}", options.site_pkg_dir, options.output_name, hash.unwrap_or_default())
        };
        let (css, js, wasm) = (name("css"), name("js"), name("wasm"));
        let boot_source = BOOT.replace("__JS__", &js).replace("__WASM__", &wasm);
        let mut hasher = DefaultHasher::new();
        boot_source.hash(&mut hasher);
        Self { css, js, wasm, boot: format!("boot.{:016x}.js", hasher.finish()), boot_source }
    }

    /// The module, cached for ever under a name that carries its hash.
    pub fn boot_response(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        ];
        (headers, self.boot_source.clone()).into_response()
    }
}

fn read_hashes(options: &LeptosOptions) -> Vec<(String, String)> {
    let file: PathBuf = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.join(options.hash_file.as_ref())))
        .unwrap_or_else(|| PathBuf::from(options.hash_file.as_ref()));
    let Ok(text) = std::fs::read_to_string(&file) else {
        tracing::warn!(file = %file.display(), "file names should carry hashes, but there is no hash file");
        return Vec::new();
    };
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_files_without_hashes() {
        let assets = Assets::new(&LeptosOptions::builder().output_name("rustok").build());
        assert_eq!(assets.css, "/pkg/rustok.css");
        assert_eq!(assets.js, "/pkg/rustok.js");
        assert_eq!(assets.wasm, "/pkg/rustok.wasm");
        assert!(assets.boot_source.contains("const JS = \"/pkg/rustok.js\""));
        assert!(!assets.boot_source.contains("__WASM__"));
    }
}
