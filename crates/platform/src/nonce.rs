//! Nonces of the content security policy: a new one for every answer.
//!
//! Whoever writes HTML puts [`mark`] where a script's nonce belongs; the host puts the answer's own nonce in its place,
//! also into pages that were rendered and compressed long before. The mark is drawn when the process starts and never
//! leaves it, so nobody's text can hold it.

use std::sync::OnceLock;

/// Length of a nonce and of the mark, ASCII characters: 128 random bits in hexadecimal.
pub const LENGTH: usize = 32;

/// What the scripts of one answer carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce([u8; LENGTH]);

impl Nonce {
    /// A new one, from the operating system's randomness by way of the thread's generator.
    pub fn draw() -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; LENGTH];
        for (pair, byte) in text.chunks_exact_mut(2).zip(rand::random::<[u8; LENGTH / 2]>()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self(text)
    }

    /// As it stands in an attribute or in the policy.
    pub fn as_str(&self) -> &str {
        // Digits only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The same as bytes.
    pub fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

/// What stands in HTML where the nonce of the answer belongs.
pub fn mark() -> &'static str {
    static MARK: OnceLock<Nonce> = OnceLock::new();
    MARK.get_or_init(Nonce::draw).as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_the_mark_stays() {
        assert_ne!(Nonce::draw(), Nonce::draw());
        assert_eq!(mark(), mark());
        assert_ne!(Nonce::draw().as_str(), mark());
        assert_eq!(mark().len(), LENGTH);
        assert!(Nonce::draw().as_str().bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
