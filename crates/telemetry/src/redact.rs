//! Keeping secrets out of logs: passwords, tokens, card data and e-mail bodies never appear in them.

use std::fmt;

/// What stands where a secret stood.
pub const MASK: &str = "[redacted]";

/// A value that never shows itself in logs or debug output.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Redacted<T>(pub T);

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// An address without its password, query and fragment: `postgres://shop:[redacted]@db/rustok`.
/// Text that is no address comes back unchanged.
pub fn redact_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let authority_end = rest.find('/').unwrap_or(rest.len());
    // A password may hold an `@`; the last one before the path ends the user part.
    let Some(at) = rest[..authority_end].rfind('@') else { return format!("{scheme}://{rest}") };
    let (user, host) = (&rest[..at], &rest[at..]);
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:{MASK}{host}"),
        None => format!("{scheme}://{user}{host}"),
    }
}

/// Words before `=` or `:` whose value is a secret.
const SECRET_KEYS: &[&str] =
    &["password", "passwd", "secret", "token", "authorization", "cookie", "api_key", "apikey", "card", "cvc"];

/// Masks the values of well-known secret keys (`password=…`, `"token": "…"`), bearer tokens and long runs
/// of digits that could be card numbers, in text that comes from somewhere else and goes to the log.
pub fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut secret_next = false;
    for piece in pieces(text) {
        let bare = piece.trim_matches(|c: char| c == '"' || c == '\'');
        if piece.chars().all(|c| is_break(c) || c == '"' || c == '\'') {
            out.push_str(piece);
            continue;
        }
        let lower = bare.to_ascii_lowercase();
        if secret_next && lower != "bearer" && lower != "basic" {
            out.push_str(MASK);
            secret_next = false;
        } else if digits(bare) >= 12 && bare.chars().all(|c| c.is_ascii_digit() || c == '-') {
            out.push_str(MASK);
        } else {
            out.push_str(piece);
            secret_next = lower == "bearer" || SECRET_KEYS.iter().any(|key| lower.ends_with(key));
        }
    }
    out
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

fn is_break(c: char) -> bool {
    c.is_whitespace() || matches!(c, '=' | ':' | ',' | '&' | ';' | '{' | '}' | '(' | ')')
}

/// Words and the breaks between them, in order; joined they are the text again.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let kind = is_break(first);
        let end = rest.find(|c| is_break(c) != kind).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_the_value_and_keeps_the_rest() {
        assert_eq!(format!("{:?} {}", Redacted("hunter2"), Redacted(7)), "[redacted] [redacted]");
        assert_eq!(
            scrub("login failed password=hunter2 user=ann"),
            "login failed password=[redacted] user=ann"
        );
        assert_eq!(scrub("{\"token\": \"abc\", \"id\": 4}"), "{\"token\": [redacted], \"id\": 4}");
        assert_eq!(scrub("Authorization: Bearer abc.def"), "Authorization: Bearer [redacted]");
        assert_eq!(scrub("card 4242424242424242 refused"), "card [redacted] refused");
        assert_eq!(scrub("paid with 4242-4242-4242-4242"), "paid with [redacted]");
        assert_eq!(scrub("order 1042 shipped"), "order 1042 shipped");
    }

    #[test]
    fn hides_the_password_of_an_address() {
        assert_eq!(
            redact_url("postgres://shop:p@ss@db:5432/rustok?sslmode=require"),
            "postgres://shop:[redacted]@db:5432/rustok"
        );
        assert_eq!(redact_url("sqlite://./data/rustok.db"), "sqlite://./data/rustok.db");
        assert_eq!(redact_url("https://example.org/a@b"), "https://example.org/a@b");
        assert_eq!(redact_url("not an address"), "not an address");
    }
}
