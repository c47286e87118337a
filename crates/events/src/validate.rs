//! The rules that CONTRACT sets for events, each usable on its own in [`crate::DomainEvent::validate`].

use primitives::{Currency, Locale};
use uuid::Uuid;

use crate::event::{DomainEvent, EventError};

/// Longest reason, in characters.
pub const MAX_REASON: usize = 500;
/// Largest payload, in bytes of JSON.
pub const MAX_PAYLOAD: usize = 256 * 1024;
/// Longest kind, in characters.
pub const MAX_KIND: usize = 64;
/// Longest MIME type, in characters.
pub const MAX_MIME: usize = 255;

/// An id that names something.
pub fn id(field: &'static str, id: impl Into<Uuid>) -> Result<(), EventError> {
    if id.into().is_nil() { Err(EventError::NilId { field }) } else { Ok(()) }
}

/// An optional id: missing, or naming something.
pub fn optional_id(field: &'static str, optional: Option<impl Into<Uuid>>) -> Result<(), EventError> {
    optional.map_or(Ok(()), |present| id(field, present))
}

/// A kind (of node, comment, media …): 1 to 64 of letters, digits, `-`, `_`.
pub fn kind(field: &'static str, kind: &str) -> Result<(), EventError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = !kind.is_empty() && kind.len() <= MAX_KIND && kind.bytes().all(allowed);
    check(good, field, kind, "1 to 64 of letters, digits, - and _")
}

/// The name of an event: kinds joined by single dots, 64 characters in all.
pub fn event_type(name: &str) -> Result<(), EventError> {
    let good = name.len() <= MAX_KIND && name.split('.').all(|part| kind("type", part).is_ok());
    check(good, "type", name, "kinds joined by dots, at most 64 characters")
}

/// A BCP 47 tag of at most 10 characters, in its usual case.
pub fn locale(field: &'static str, tag: &str) -> Result<(), EventError> {
    let good = Locale::parse(tag).is_ok_and(|locale| locale.as_str() == tag);
    check(good, field, tag, "a BCP 47 language tag of at most 10 characters")
}

/// `type/subtype`, at most 255 characters.
pub fn mime(field: &'static str, mime: &str) -> Result<(), EventError> {
    let visible = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
    let good = mime.len() <= MAX_MIME && mime.split_once('/').is_some_and(|(a, b)| visible(a) && visible(b));
    check(good, field, mime, "a MIME type such as image/webp, at most 255 characters")
}

/// An ISO 4217 code: three upper-case letters that name a currency.
pub fn currency(field: &'static str, code: &str) -> Result<(), EventError> {
    let upper = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    check(upper && Currency::parse(code).is_ok(), field, code, "a currency code of three upper-case letters")
}

/// A quantity or total of zero or more.
pub fn not_negative(field: &'static str, value: i64) -> Result<(), EventError> {
    if value < 0 { Err(EventError::Negative { field, value }) } else { Ok(()) }
}

/// A change that changes something.
pub fn changed<T: PartialEq + ?Sized>(field: &'static str, old: &T, new: &T) -> Result<(), EventError> {
    if old == new { Err(EventError::Unchanged { field }) } else { Ok(()) }
}

/// A reason given by a person: at most 500 characters.
pub fn reason(field: &'static str, text: &str) -> Result<(), EventError> {
    text_up_to(field, text, MAX_REASON)
}

/// A text of at most `max` characters.
pub fn text_up_to(field: &'static str, text: &str, max: usize) -> Result<(), EventError> {
    let length = text.chars().count();
    if length > max { Err(EventError::TooLong { field, length, max }) } else { Ok(()) }
}

/// Everything that holds for every event, then the event's own rules. Gives back the payload as JSON.
pub(crate) fn payload_of<E: DomainEvent>(event: &E) -> Result<String, EventError> {
    event_type(event.kind())?;
    let aggregate = event.aggregate();
    kind("aggregate_type", aggregate.kind)?;
    id("aggregate_id", aggregate.id)?;
    event.validate()?;
    let payload = serde_json::to_string(event).map_err(|error| EventError::Unwritable(error.to_string()))?;
    if payload.len() > MAX_PAYLOAD {
        return Err(EventError::PayloadTooLarge { bytes: payload.len(), max: MAX_PAYLOAD });
    }
    Ok(payload)
}

fn check(good: bool, field: &'static str, value: &str, rule: &'static str) -> Result<(), EventError> {
    if good {
        Ok(())
    } else {
        Err(EventError::Malformed { field, value: value.chars().take(64).collect(), rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_something() {
        assert_eq!(id("order_id", Uuid::nil()), Err(EventError::NilId { field: "order_id" }));
        assert_eq!(id("order_id", Uuid::from_u128(1)), Ok(()));
        assert_eq!(optional_id("parent_id", None::<Uuid>), Ok(()));
        assert!(optional_id("parent_id", Some(Uuid::nil())).is_err());
    }

    #[test]
    fn kinds_have_one_to_sixty_four_plain_characters() {
        for good in ["product", "order_line", "a", "B-2", &"x".repeat(64)] {
            assert_eq!(kind("kind", good), Ok(()), "{good}");
        }
        for bad in ["", "order line", "a.b", "größe", "😀", &"x".repeat(65), "a\n"] {
            assert!(kind("kind", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn event_types_are_kinds_joined_by_dots() {
        for good in ["order.placed", "tenant.module_toggled", "index.reindex_requested", "x"] {
            assert_eq!(event_type(good), Ok(()), "{good}");
        }
        for bad in
            ["", ".", "order.", ".placed", "order..placed", "order placed", &format!("a.{}", "x".repeat(63))]
        {
            assert!(event_type(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn locales_are_canonical_tags() {
        for good in ["en", "de-AT", "zh-Hant-TW", "es-419"] {
            assert_eq!(locale("locale", good), Ok(()), "{good}");
        }
        for bad in ["", "e", "english", "de_AT", "EN", "zh-Hant-TW-x"] {
            assert!(locale("locale", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn mime_types_have_a_slash_between_two_names() {
        let long = format!("image/{}", "x".repeat(249));
        for good in ["image/webp", "application/vnd.api+json", long.as_str()] {
            assert_eq!(mime("mime", good), Ok(()), "{good}");
        }
        for bad in ["", "image", "/", "image/", "/webp", "image/we bp", &format!("{long}x")] {
            assert!(mime("mime", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn currencies_are_three_upper_case_letters() {
        assert_eq!(currency("currency", "EUR"), Ok(()));
        for bad in ["", "eur", "EU", "EURO", "E1R", "€€€", "QQQ"] {
            assert!(currency("currency", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_changes_and_reasons_have_bounds() {
        assert_eq!(not_negative("total", 0), Ok(()));
        assert_eq!(not_negative("total", -1), Err(EventError::Negative { field: "total", value: -1 }));
        assert_eq!(changed("status", "draft", "published"), Ok(()));
        assert_eq!(changed("status", "draft", "draft"), Err(EventError::Unchanged { field: "status" }));
        assert_eq!(reason("reason", &"ü".repeat(500)), Ok(()));
        assert_eq!(
            reason("reason", &"ü".repeat(501)),
            Err(EventError::TooLong { field: "reason", length: 501, max: 500 })
        );
    }
}
