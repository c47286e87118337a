//! Rich text: the only HTML that templates accept as it is.

use ammonia::Builder;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

/// Text longer than this (in bytes) is cut before it is cleaned: no description needs it.
pub const MAX_HTML: usize = 512 * 1024;
/// Text with more tags than this loses all of them.
const MAX_TAGS: usize = 20_000;
/// So does text from which a parser could make more elements than this.
const MAX_ELEMENTS: usize = 1_000_000;

/// HTML that was cleaned by us: structure and links, no scripts, styles, forms or pictures from elsewhere.
///
/// Reading it back (serde) cleans again, so that a stored document cannot smuggle anything in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

static RICH_TEXT: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ];
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from(tags))
        .generic_attributes(HashSet::from(["lang", "dir", "title"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan", "scope"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        // What stands inside these is code or another document, never text to keep.
        .clean_content_tags(HashSet::from(["script", "style", "template", "iframe", "object", "svg", "math"]))
        .strip_comments(true);
    builder
});

static NOTHING: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder.clean_content_tags(HashSet::from([
        "script", "style", "template", "iframe", "object", "svg", "math",
    ]));
    builder
});

impl SafeHtml {
    /// Cleans HTML from anywhere. Cleaning what is clean changes nothing.
    pub fn clean(html: &str) -> SafeHtml {
        let html = cut(html, MAX_HTML);
        if is_bomb(html) {
            return SafeHtml(strip(html).replace('>', "&gt;"));
        }
        if !html.contains(['<', '&', '>', '\0']) {
            // Plain text is a common description; the parser would give back the same.
            return SafeHtml(html.replace('\u{a0}', "&nbsp;"));
        }
        SafeHtml(RICH_TEXT.clean(html).to_string())
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The HTML, owned.
    pub fn into_string(self) -> String {
        self.0
    }

    /// The text before the first `<h3>` that stands on its own, and then each such heading, as text, with what
    /// follows it: how a long description becomes panels that open one by one.
    pub fn sections(&self) -> (SafeHtml, Vec<(String, SafeHtml)>) {
        let html = self.0.as_str();
        let mut starts = Vec::new();
        let (mut depth, mut at) = (0_usize, 0);
        // The cleaner writes well-formed HTML: every `<` opens or closes a tag, and attributes hold no `>`
        // that is not escaped inside quotes.
        while let Some(open) = html[at..].find('<').map(|offset| at + offset) {
            let tag = &html[open + 1..];
            let closing = tag.starts_with('/');
            let name_end = tag.find(|c: char| c == '>' || c.is_whitespace()).unwrap_or(tag.len());
            let name = tag[..name_end].trim_start_matches('/');
            if depth == 0 && !closing && name == "h3" {
                starts.push(open);
            }
            match (closing, matches!(name, "br" | "hr")) {
                (_, true) => {}
                (true, _) => depth = depth.saturating_sub(1),
                (false, _) => depth += 1,
            }
            at = tag_end(html, open);
        }
        let Some(first) = starts.first() else { return (self.clone(), Vec::new()) };
        let intro = SafeHtml(html[..*first].trim().to_owned());
        let ends = starts.iter().skip(1).copied().chain([html.len()]);
        let sections = starts.iter().zip(ends).map(|(start, end)| {
            let (heading, body) = html[*start..end].split_once("</h3>").unwrap_or((&html[*start..end], ""));
            (plain_text(heading), SafeHtml(body.trim().to_owned()))
        });
        (intro, sections.collect())
    }

    /// Whether there is nothing to read in it.
    pub fn is_blank(&self) -> bool {
        self.0.is_empty() || plain_text(&self.0).is_empty()
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SafeHtml {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<SafeHtml, D::Error> {
        Ok(SafeHtml::clean(&String::deserialize(deserializer)?))
    }
}

/// The words of an HTML text, one space between them, without any mark-up: for search, for
/// descriptions in `<meta>`, for cards. The result is text, not HTML: it must be escaped where it is shown.
pub fn plain_text(html: &str) -> String {
    let html = cut(html, MAX_HTML);
    let stripped = if is_bomb(html) { Some(strip(html)) } else { None };
    let html = stripped.as_deref().unwrap_or(html);
    // Words of two blocks must not run together: "<li>one</li><li>two</li>" reads "one two".
    let spaced = html.replace('<', " <");
    let text = unescape(&NOTHING.clean(&spaced).to_string());
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        // A closing tag before punctuation, "<b>new</b>.", must not leave a space behind.
        let clings = word.starts_with(['.', ',', ';', ':', '!', '?', ')']);
        if !words.is_empty() && !clings {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

/// The first words of an HTML text, at most `limit` characters, with an ellipsis when it was cut.
pub fn excerpt(html: &str, limit: usize) -> String {
    let text = plain_text(html);
    if text.chars().count() <= limit {
        return text;
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    let end = kept.rfind(' ').unwrap_or(kept.len());
    format!("{}…", kept[..end].trim_end_matches([',', ';', ':', '-', '–', ' ']))
}

/// Whether a parser that follows the HTML standard would run out of memory or time over this.
///
/// Elements such as `<b>` that are left open are opened again in every block that follows, so a thousand of them and
/// ten thousand blocks are ten million elements; of equal ones without attributes at most three are (the standard's
/// "Noah's Ark clause"), and of links one. Every open element is also looked at for each further tag.
/// No description is near these limits.
fn is_bomb(html: &str) -> bool {
    const REOPENED: [&str; 13] =
        ["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    let (mut tags, mut plain, mut different) = (0_usize, [0_usize; REOPENED.len()], 1_usize);
    for (at, _) in html.match_indices('<') {
        tags += 1;
        let tag = &html.as_bytes()[at + 1..];
        let end = tag.iter().take(7).position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(0);
        let name = &tag[..end];
        if let Some(which) = REOPENED.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(name)) {
            match tag[end] {
                b'>' => plain[which] = (plain[which] + 1).min(3),
                _ => different += 1,
            }
        }
    }
    tags > MAX_TAGS || tags * (different + plain.iter().sum::<usize>()) > MAX_ELEMENTS
}

/// The text between the tags, found without parsing. What is left holds no `<`.
fn strip(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        text.push(' ');
        rest = &rest[tag_end(rest, open)..];
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The place after the `>` that ends the tag at `open`; a `>` inside quotes ends nothing.
fn tag_end(html: &str, open: usize) -> usize {
    let mut quote = None;
    for (offset, byte) in html.as_bytes()[open..].iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return open + offset + 1,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open_quote), byte) if open_quote == *byte => quote = None,
            _ => {}
        }
    }
    html.len()
}

fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
    &text[..end]
}

/// Undoes the escapes that the cleaner writes into text.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        SafeHtml::clean(html).into_string()
    }

    #[test]
    fn keeps_structure_and_drops_what_acts() {
        assert_eq!(clean("<p>A <b>warm</b> lamp</p>"), "<p>A <b>warm</b> lamp</p>");
        for (dirty, safe) in [
            ("<script>alert(1)</script>hi", "hi"),
            ("<p onclick=\"x()\" style=\"color:red\" class=\"a\" id=\"b\">hi</p>", "<p>hi</p>"),
            ("<img src=x onerror=alert(1)>hi", "hi"),
            ("<svg><script>alert(1)</script></svg>hi", "hi"),
            ("<iframe src=\"//evil.example\">x</iframe>hi", "hi"),
            ("<style>p{}</style>hi", "hi"),
            ("<form action=/x><input name=a>hi</form>", "hi"),
            ("<h1>hi</h1>", "hi"),
            ("<!-- a --><p>hi", "<p>hi</p>"),
            ("<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">", ""),
        ] {
            assert_eq!(clean(dirty), safe, "{dirty}");
        }
    }

    #[test]
    fn links_are_safe_and_give_nothing_away() {
        assert_eq!(
            clean("<a href=\"https://x.example\" target=_blank>x</a>"),
            "<a href=\"https://x.example\" rel=\"noopener noreferrer nofollow\">x</a>"
        );
        for href in
            ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x", "JaVaScRiPt:x"]
        {
            assert!(!clean(&format!("<a href=\"{href}\">x</a>")).contains("href"), "{href}");
        }
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        for html in ["a < b & c", "<p>x<p>y", "&lt;script&gt;", "<table><tr><td>1", "a\u{a0}b", "plain"] {
            let once = clean(html);
            assert_eq!(clean(&once), once, "{html}");
        }
    }

    #[test]
    fn text_that_looks_like_code_stays_text() {
        assert_eq!(clean("'; DROP TABLE product; --"), "'; DROP TABLE product; --");
        assert_eq!(clean("1 < 2"), "1 &lt; 2");
        assert_eq!(plain_text("&lt;b&gt; is bold"), "<b> is bold");
    }

    #[test]
    fn plain_text_has_one_space_between_words() {
        assert_eq!(plain_text("<ul><li>one</li><li>two</li></ul>"), "one two");
        assert_eq!(
            plain_text("<p>It is <b>new</b>.</p>\n<p>Really &amp; truly</p>"),
            "It is new. Really & truly"
        );
        assert_eq!(plain_text("<script>x</script>"), "");
        assert!(SafeHtml::clean("<p>&nbsp;</p>").is_blank());
        assert_eq!(excerpt("<p>one two three four</p>", 12), "one two…");
        assert_eq!(excerpt("<p>one two</p>", 12), "one two");
    }

    #[test]
    fn a_description_falls_into_sections_at_its_headings() {
        let html = SafeHtml::clean(
            "<p>Soft.</p><h3>Size &amp; <b>make</b></h3><dl><dt>Wool</dt><dd>All</dd></dl>\
             <blockquote><h3>Not this one</h3></blockquote><h3>Care</h3><p>Air it.<br>Often.</p>",
        );
        let (intro, sections) = html.sections();
        assert_eq!(intro.as_str(), "<p>Soft.</p>");
        let sections: Vec<(&str, &str)> =
            sections.iter().map(|(title, body)| (title.as_str(), body.as_str())).collect();
        assert_eq!(
            sections,
            [
                (
                    "Size & make",
                    "<dl><dt>Wool</dt><dd>All</dd></dl><blockquote><h3>Not this one</h3></blockquote>"
                ),
                ("Care", "<p>Air it.<br>Often.</p>"),
            ]
        );
        let plain = SafeHtml::clean("<p title=\"a > b\">No heading</p>");
        assert_eq!(plain.sections(), (plain.clone(), Vec::new()));
    }

    #[test]
    fn an_endless_description_is_cut() {
        let html = "ä".repeat(MAX_HTML);
        assert!(clean(&html).len() <= MAX_HTML);
    }

    #[test]
    fn html_that_explodes_in_a_parser_becomes_text() {
        let different: String = (0..4_000).map(|n| format!("<b title={n}>")).collect();
        let mixed: String = (0..4_000).map(|n| format!("<FONT\nsize={n}>")).collect();
        let plain = "<b><i><u><s><em><tt><big><code><font><small><strike><strong><nobr>".repeat(3);
        for bomb in [
            format!("{different}{}", "<p>x".repeat(15_000)),
            format!("{mixed}{}", "<p>x".repeat(15_000)),
            format!("{plain}{}", "<p>x".repeat(120_000)),
            "<div>".repeat(100_000),
            "<".repeat(MAX_HTML),
            format!("{}<script>alert(1)</script>", "<p>x</p>".repeat(20_000)),
        ] {
            let started = std::time::Instant::now();
            let html = SafeHtml::clean(&bomb);
            assert!(!html.as_str().contains(['<', '>']), "{}", &html.as_str()[..40]);
            plain_text(&bomb);
            excerpt(&bomb, 100);
            assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
        }
        // Many links, paragraphs and words in bold are none.
        let long = "<p><a href=\"https://x.example/\">a</a> <strong>b</strong> <em>c</em></p>".repeat(2_000);
        assert!(clean(&long).contains("<strong>b</strong>"));
    }

    #[test]
    fn reading_back_cleans_again() {
        let html: SafeHtml = serde_json::from_str("\"<script>x</script><p>ok</p>\"").unwrap();
        assert_eq!(html.as_str(), "<p>ok</p>");
    }
}
