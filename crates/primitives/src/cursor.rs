//! Keyset cursors and the arguments of a Relay connection.

use crate::FieldError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most nodes that one page can hold.
pub const MAX_PAGE: u32 = 100;
/// Longer texts are no cursors of ours.
const MAX_CURSOR: usize = 2048;
/// Cursors of another version of the format are refused.
const VERSION: u8 = 1;

/// The text is no cursor of this list: cut, changed, of another order or of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cursor is not valid for this list")]
pub struct CursorError;

/// A place in a sorted list: the sort key of a row, opaque to clients.
///
/// It carries a checksum against accidents, not a signature: whatever it holds is only ever
/// compared with sort keys inside the tenant's own rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Packs the key of a row in the list called `order`, such as `("created_at", &(millis, id))`.
    /// Keys are tuples of numbers, texts and UUIDs; anything that cannot be JSON is an error.
    pub fn encode<K: Serialize>(order: &str, key: &K) -> Result<Cursor, CursorError> {
        let body = serde_json::to_vec(&(order, key)).map_err(|_| CursorError)?;
        let mut bytes = Vec::with_capacity(body.len() + 9);
        bytes.push(VERSION);
        bytes.extend(checksum(&body).to_be_bytes());
        bytes.extend(body);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        if text.len() > MAX_CURSOR { Err(CursorError) } else { Ok(Cursor(text)) }
    }

    /// Unpacks the key; an error when the cursor was changed or belongs to another order.
    pub fn decode<K: DeserializeOwned>(&self, order: &str) -> Result<K, CursorError> {
        if self.0.len() > MAX_CURSOR {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| CursorError)?;
        let (head, body) = bytes.split_at_checked(9).ok_or(CursorError)?;
        if head[0] != VERSION || head[1..] != checksum(body).to_be_bytes() {
            return Err(CursorError);
        }
        let (found, key): (String, K) = serde_json::from_slice(body).map_err(|_| CursorError)?;
        if found == order { Ok(key) } else { Err(CursorError) }
    }

    /// Takes a client's text; `decode` judges it.
    pub fn from_text(text: impl Into<String>) -> Cursor {
        Cursor(text.into())
    }

    /// The opaque text, safe in URLs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// FNV-1a, 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Which way a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `first`/`after`.
    Forward,
    /// `last`/`before`: the page before the cursor, still shown in the list's order.
    Backward,
}

/// Why the arguments of a connection cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Both ways at once.
    #[error("use first and after, or last and before, not both")]
    BothWays,
    /// `first` or `last` outside 1 to 100.
    #[error("must be between 1 and {MAX_PAGE}")]
    Size(&'static str),
}

impl From<PageError> for FieldError {
    fn from(error: PageError) -> FieldError {
        let field = match error {
            PageError::BothWays => "first",
            PageError::Size(field) => field,
        };
        FieldError::new(field, error.to_string())
    }
}

/// The checked arguments `first, after, last, before` of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageArgs {
    limit: u32,
    direction: Direction,
    cursor: Option<Cursor>,
}

impl PageArgs {
    /// How many nodes come when nobody says.
    pub const DEFAULT: u32 = 24;

    /// Checks sizes and direction. Without any argument it is the first page of 24.
    pub fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<PageArgs, PageError> {
        let size = |count: i32, field| match u32::try_from(count) {
            Ok(limit) if (1..=MAX_PAGE).contains(&limit) => Ok(limit),
            _ => Err(PageError::Size(field)),
        };
        match (first, after, last, before) {
            (first, after, None, None) => Ok(PageArgs {
                limit: first.map_or(Ok(PageArgs::DEFAULT), |count| size(count, "first"))?,
                direction: Direction::Forward,
                cursor: after.map(Cursor),
            }),
            (None, None, last, before) => Ok(PageArgs {
                limit: last.map_or(Ok(PageArgs::DEFAULT), |count| size(count, "last"))?,
                direction: Direction::Backward,
                cursor: before.map(Cursor),
            }),
            _ => Err(PageError::BothWays),
        }
    }

    /// The first page of so many nodes, at least 1 and at most 100.
    pub fn first(limit: u32) -> PageArgs {
        PageArgs { limit: limit.clamp(1, MAX_PAGE), direction: Direction::Forward, cursor: None }
    }

    /// How many nodes; ask the database for one more to know whether there is a next page.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Which way to read.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// `after` or `before`, by direction.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let cursor = Cursor::encode("created_at", &(5_i64, Uuid::nil())).unwrap();
        assert_eq!(cursor.decode("created_at"), Ok((5_i64, Uuid::nil())));
        assert_eq!(cursor.decode::<(i64, Uuid)>("title"), Err(CursorError));
        assert_eq!(cursor.decode::<(String, Uuid)>("created_at"), Err(CursorError));
        for bad in ["", "x", "AAAA", "%%%", &"A".repeat(5000)] {
            assert_eq!(Cursor::from_text(bad).decode::<(i64, Uuid)>("created_at"), Err(CursorError));
        }
    }

    #[test]
    fn page_arguments_are_checked() {
        let text = || Some("c".to_owned());
        let args = PageArgs::new(None, None, None, None).unwrap();
        assert_eq!((args.limit(), args.direction()), (24, Direction::Forward));
        let args = PageArgs::new(None, None, Some(100), text()).unwrap();
        assert_eq!(
            (args.limit(), args.direction(), args.cursor().is_some()),
            (100, Direction::Backward, true)
        );
        for bad in [0, -1, 101, i32::MAX, i32::MIN] {
            assert_eq!(PageArgs::new(Some(bad), None, None, None), Err(PageError::Size("first")));
            assert_eq!(PageArgs::new(None, None, Some(bad), None), Err(PageError::Size("last")));
        }
        assert_eq!(PageArgs::new(Some(1), None, Some(1), None), Err(PageError::BothWays));
        assert_eq!(PageArgs::new(None, text(), None, text()), Err(PageError::BothWays));
        assert_eq!(FieldError::from(PageError::Size("last")).message, "must be between 1 and 100");
    }

    proptest! {
        #[test]
        fn keys_read_back(number: i64, text in "\\PC{0,60}", bytes: [u8; 16]) {
            let key = (number, text, Uuid::from_bytes(bytes));
            let cursor = Cursor::encode("title", &key).unwrap();
            prop_assert_eq!(cursor.decode("title"), Ok(key));
        }

        #[test]
        fn a_changed_cursor_is_refused(number: i64, at in 0..1000_usize, letter in "[A-Za-z0-9_-]") {
            let cursor = Cursor::encode("price", &(number, Uuid::nil())).unwrap();
            let mut text = cursor.as_str().to_owned();
            let at = at % text.len();
            text.replace_range(at..=at, &letter);
            let changed = Cursor::from_text(text);
            let unpacked = changed.decode::<(i64, Uuid)>("price");
            prop_assert!(changed == cursor || unpacked == Err(CursorError));
        }

        #[test]
        fn any_text_is_refused_without_panic(text in "\\PC{0,100}") {
            let _ = Cursor::from_text(text).decode::<(i64, Uuid)>("price");
        }
    }
}
