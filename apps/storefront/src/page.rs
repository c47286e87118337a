//! From a view to an answer: the document around a page, and rendering without a reactive runtime left behind.

use crate::assets::Assets;
use crate::parts::{icon, shell};
use crate::shop::Shop;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use std::fmt::Write;
use std::sync::Arc;

/// Names what a page was computed from, so that the host may keep it; a page without it is never kept.
pub const DEPENDENCIES: HeaderName = HeaderName::from_static("x-rustok-deps");

/// What stands in the head of a document.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Title without the shop's name.
    pub title: String,
    /// Description for search engines.
    pub description: String,
    /// Path inside the shop that search engines should use; none for pages that are nobody else's business.
    pub canonical: Option<String>,
    /// Pages before and after this one in a list.
    pub neighbours: (Option<String>, Option<String>),
    /// Keep this page out of search engines.
    pub hidden: bool,
    /// Kind for Open Graph; `website` when empty.
    pub kind: &'static str,
    /// Picture for whoever shares the page: path or address.
    pub picture: Option<String>,
    /// JSON-LD documents.
    pub data: Vec<serde_json::Value>,
}

/// Which furniture surrounds a page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Frame {
    /// Header with menu and search, footer.
    #[default]
    Shop,
    /// Checkout: nothing to wander off to.
    Checkout,
}

/// A page on its way out.
pub struct Page {
    /// The document's head.
    pub head: Head,
    /// The furniture.
    pub frame: Frame,
    /// Status of the answer.
    pub status: StatusCode,
    /// Names of what it was computed from; empty for pages that belong to one visitor.
    pub dependencies: Vec<String>,
    /// What stands in `main`.
    pub view: AnyView,
    /// Path of the page inside the shop: marks the current entry of the menu, and is where the visitor comes back to from
    /// the answer to a form. Empty for a page that cannot be asked for.
    pub path: String,
    /// Number of things in the cart, when the page belongs to one visitor anyway.
    pub cart_count: Option<u32>,
}

impl Page {
    /// A page in the shop's usual frame.
    pub fn new(head: Head, path: impl Into<String>, view: AnyView) -> Self {
        Self {
            head,
            frame: Frame::Shop,
            status: StatusCode::OK,
            dependencies: Vec::new(),
            view,
            path: path.into(),
            cart_count: None,
        }
    }

    /// The same for everybody, or for its visitor only.
    pub fn kept(mut self, kept: bool) -> Self {
        if !kept {
            self.dependencies.clear();
        }
        self
    }

    /// The page as an answer; only inside [`scene`].
    pub fn into_response(self, shop: &Shop) -> Response {
        let status = self.status;
        let dependencies = self.dependencies.join(",");
        let mut response = (status, html_headers(), self.into_html(shop)).into_response();
        let headers = response.headers_mut();
        match HeaderValue::try_from(dependencies) {
            Ok(names) if !names.is_empty() => {
                headers.insert(DEPENDENCIES, names);
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            }
            _ => {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
            }
        }
        response
    }

    /// The whole document; only inside [`scene`].
    pub fn into_html(self, shop: &Shop) -> String {
        let mut html = String::with_capacity(48 * 1024);
        open(&mut html, shop, &self.head);
        let (frame, path, count, view) = (self.frame, self.path, self.cart_count, self.view);
        let (before, after) = match frame {
            Frame::Shop => {
                (shell::header(shop, &path, count), shell::footer(shop, shop.here().unwrap_or(&path)))
            }
            Frame::Checkout => (shell::checkout_header(shop), shell::checkout_footer(shop)),
        };
        let drawer = (frame == Frame::Shop && shop.sells()).then(|| shell::drawer(shop));
        let body = view! {
            {icon::sprite()}
            <a class="skip-link" href="#main">"Skip to content"</a>
            {before}
            <main id="main" tabindex="-1">{view}</main>
            {after}
            {drawer}
        };
        html.push_str(&body.to_html());
        html.push_str("</body></html>");
        html
    }
}

/// Builds a page and answers with it.
pub fn answer(shop: &Shop, build: impl FnOnce() -> Page) -> Response {
    scene(|| build().into_response(shop))
}

/// Where views are built and rendered: islands run while they are built, so both must happen inside.
/// Everything reactive about them is gone when this returns.
pub fn scene<T>(play: impl FnOnce() -> T) -> T {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let outcome = owner.with(play);
    owner.unset_with_forced_cleanup();
    outcome
}

/// A part of a page, for the islands that asked for it.
pub fn fragment<V: IntoView + 'static>(status: StatusCode, view: impl FnOnce() -> V) -> Response {
    let html = scene(|| view().into_view().to_html());
    let mut response = (status, html_headers(), html).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

fn html_headers() -> [(HeaderName, HeaderValue); 1] {
    [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))]
}

/// Writes everything up to the opening `body` tag.
///
/// The head never hydrates and every value in it is an attribute or a text, so it is written directly.
fn open(html: &mut String, shop: &Shop, head: &Head) {
    let tenant = shop.tenant();
    let locale = shop.locale().as_str();
    let name = &tenant.name;
    let title = if head.title.is_empty() { name.clone() } else { format!("{} · {name}", head.title) };
    let Assets { css, js, wasm, boot, .. } = &*shop.assets;
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"{}\" dir=\"{}\" data-theme=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>",
        escape(locale),
        if right_to_left(locale) { "rtl" } else { "ltr" },
        escape(&tenant.theme),
        escape(&title),
    );
    let mut meta = |key: &str, name: &str, content: &str| {
        if !content.is_empty() {
            let _ = write!(html, "<meta {key}=\"{name}\" content=\"{}\">", escape(content));
        }
    };
    meta("name", "description", &head.description);
    if head.hidden || head.canonical.is_none() {
        meta("name", "robots", "noindex");
    }
    if let Some(path) = &head.canonical {
        meta("property", "og:site_name", name);
        meta("property", "og:type", if head.kind.is_empty() { "website" } else { head.kind });
        meta("property", "og:title", if head.title.is_empty() { name } else { &head.title });
        meta("property", "og:description", &head.description);
        meta("property", "og:url", &shop.absolute(path));
        if let Some(picture) = &head.picture {
            meta("property", "og:image", &shop.absolute_file(picture));
            meta("name", "twitter:card", "summary_large_image");
        }
    }
    meta("name", "color-scheme", "light dark");
    let mut link = |rel: &str, href: &str, more: &str| {
        let _ = write!(html, "<link rel=\"{rel}\" href=\"{}\"{more}>", escape(href));
    };
    if let Some(path) = &head.canonical {
        link("canonical", &shop.absolute(path), "");
    }
    if let Some(path) = &head.neighbours.0 {
        link("prev", &shop.href(path), "");
    }
    if let Some(path) = &head.neighbours.1 {
        link("next", &shop.href(path), "");
    }
    link("stylesheet", css, "");
    link("icon", "/favicon.svg", " type=\"image/svg+xml\"");
    let nonce = format!(" nonce=\"{}\"", platform::nonce::mark());
    link("modulepreload", js, &nonce);
    link("preload", wasm, " as=\"fetch\" type=\"application/wasm\" crossorigin");
    let _ = write!(
        html,
        "<script type=\"module\" src=\"{}\"{nonce}></script>",
        escape(&shop.href(&format!("/assets/{boot}")))
    );
    for data in &head.data {
        let _ = write!(html, "<script type=\"application/ld+json\">{}</script>", json_in_html(data));
    }
    html.push_str("</head><body>");
}

/// JSON that cannot end the element it stands in.
fn json_in_html(data: &serde_json::Value) -> String {
    data.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn right_to_left(locale: &str) -> bool {
    matches!(locale.split('-').next(), Some("ar" | "fa" | "he" | "ur"))
}

/// Text as it stands in HTML, also between double quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::tests::shop_with;
    use serde_json::json;

    fn page(head: Head) -> String {
        scene(|| Page::new(head, "/", ().into_any()).into_html(&shop_with(json!({}), "")))
    }

    #[test]
    fn writes_no_inline_script_and_no_inline_style() {
        let html = page(Head { canonical: Some("/".into()), ..Head::default() });
        for part in html.split("<script").skip(1) {
            assert!(part.starts_with(" type=\"module\" src="), "inline script: {part:.60}");
        }
        assert!(!html.contains("style=\"") && !html.contains("<style"));
    }

    #[test]
    fn escapes_what_people_wrote() {
        let html = page(Head {
            title: "</title><script>alert(1)</script>".into(),
            description: "\"><script>".into(),
            canonical: Some("/".into()),
            data: vec![json!({"name": "</script><b>\u{2028}"})],
            ..Head::default()
        });
        assert!(
            !html.contains("<script>alert") && !html.contains("</script><b>") && !html.contains('\u{2028}')
        );
        assert!(html.contains("&lt;/title&gt;"));
    }

    #[test]
    fn keeps_pages_without_a_canonical_address_out_of_search_engines() {
        assert!(page(Head::default()).contains("<meta name=\"robots\" content=\"noindex\">"));
        assert!(!page(Head { canonical: Some("/".into()), ..Head::default() }).contains("noindex"));
    }
}
