//! The state of a list, kept in the address: filters, sort and keyset page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rows asked for at once.
pub const PAGE: i32 = 50;

const AFTER: &str = "after";
const BEFORE: &str = "before";

/// What one list shows, read from the query string and written back to it.
///
/// Unknown keys are kept, empty values are not; a list asks only for the keys that it knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListState {
    pairs: BTreeMap<String, String>,
}

/// One keyset page, in the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Rows from the start or after `after`.
    pub first: Option<i32>,
    /// Cursor in front of the page.
    pub after: Option<String>,
    /// Rows towards the end before `before`.
    pub last: Option<i32>,
    /// Cursor behind the page.
    pub before: Option<String>,
}

impl ListState {
    /// Reads a query string, with or without its question mark.
    pub fn parse(search: &str) -> Self {
        let pairs = search
            .trim_start_matches('?')
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (decode(key), decode(value)))
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .collect();
        Self { pairs }
    }

    /// The value of a key; an absent one is the empty string.
    pub fn get(&self, key: &str) -> &str {
        self.pairs.get(key).map_or("", String::as_str)
    }

    /// The value of a key if it is one that the list knows.
    pub fn one_of<'a>(&self, key: &str, known: &[&'a str]) -> Option<&'a str> {
        let value = self.get(key);
        known.iter().copied().find(|known| *known == value)
    }

    /// The same list with one key changed, on its first page again. An empty value removes the key.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        let mut next = self.first_page();
        if value.is_empty() {
            next.pairs.remove(key);
        } else {
            next.pairs.insert(key.to_owned(), value.to_owned());
        }
        next
    }

    /// The same list without the given keys, on its first page.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        let mut next = self.first_page();
        next.pairs.retain(|key, _| !keys.contains(&key.as_str()));
        next
    }

    /// The page behind a cursor.
    #[must_use]
    pub fn after(&self, cursor: &str) -> Self {
        let mut next = self.first_page();
        next.pairs.insert(AFTER.to_owned(), cursor.to_owned());
        next
    }

    /// The page in front of a cursor.
    #[must_use]
    pub fn before(&self, cursor: &str) -> Self {
        let mut next = self.first_page();
        next.pairs.insert(BEFORE.to_owned(), cursor.to_owned());
        next
    }

    /// The page to ask for. `before` wins over `after`, because only one of them can be meant.
    pub fn page(&self, size: i32) -> Page {
        match (self.get(AFTER), self.get(BEFORE)) {
            (_, before) if !before.is_empty() => {
                Page { last: Some(size), before: Some(before.to_owned()), ..Page::default() }
            }
            (after, _) => Page {
                first: Some(size),
                after: Some(after.to_owned()).filter(|it| !it.is_empty()),
                ..Page::default()
            },
        }
    }

    /// Whether any of the keys narrows the list.
    pub fn narrowed_by(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| !self.get(key).is_empty())
    }

    /// The query string with its question mark, or nothing at all.
    pub fn search(&self) -> String {
        let mut text = String::new();
        for (key, value) in &self.pairs {
            text.push(if text.is_empty() { '?' } else { '&' });
            encode(key, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }

    fn first_page(&self) -> Self {
        let mut next = self.clone();
        next.pairs.remove(AFTER);
        next.pairs.remove(BEFORE);
        next
    }
}

/// Percent-encodes everything outside of RFC 3986's unreserved characters.
pub fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Undoes `encode`, forgiving: a broken sequence stays as it is, broken UTF-8 is replaced.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (hex, bytes[at]) {
            (Some(byte), _) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (None, b'+') => out.push(b' '),
            (None, byte) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote() {
        let state = ListState::parse("").with("q", "mug & bowl 50 % é").with("status", "DRAFT");
        assert_eq!(state.search(), "?q=mug%20%26%20bowl%2050%20%25%20%C3%A9&status=DRAFT");
        assert_eq!(ListState::parse(&state.search()), state);
    }

    #[test]
    fn forgives_a_broken_address() {
        let state = ListState::parse("?q=%zz%4&&=x&empty=&plus=a+b&%F0%9F%98=1");
        assert_eq!(state.get("q"), "%zz%4");
        assert_eq!(state.get("plus"), "a b");
        assert_eq!(state.get("empty"), "");
        assert_eq!(state.get("missing"), "");
    }

    #[test]
    fn returns_to_the_first_page_when_a_filter_changes() {
        let state = ListState::parse("?after=abc&q=x");
        assert_eq!(state.with("q", "y").search(), "?q=y");
        assert_eq!(state.with("q", "").search(), "");
        assert_eq!(state.without(&["q"]).search(), "");
    }

    #[test]
    fn asks_for_the_page_that_the_address_names() {
        let first = Page { first: Some(50), ..Page::default() };
        assert_eq!(ListState::parse("").page(50), first);
        let next = ListState::parse("?before=b").after("a");
        assert_eq!(next.search(), "?after=a");
        assert_eq!(next.page(50), Page { first: Some(50), after: Some("a".into()), ..Page::default() });
        let back = next.before("c");
        assert_eq!(back.page(50), Page { last: Some(50), before: Some("c".into()), ..Page::default() });
        assert_eq!(ListState::parse("?after=a&before=b").page(9).last, Some(9));
    }

    #[test]
    fn knows_only_listed_values() {
        let state = ListState::parse("?sort=DROP+TABLE&status=DRAFT");
        assert_eq!(state.one_of("sort", &["TITLE_ASC"]), None);
        assert_eq!(state.one_of("status", &["DRAFT", "PUBLISHED"]), Some("DRAFT"));
        assert!(state.narrowed_by(&["q", "status"]));
        assert!(!state.narrowed_by(&["q"]));
    }
}
