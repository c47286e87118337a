//! Secrets that are handed out: 32 random bytes in base64url outside, their SHA-256 inside.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// Something that opens something to whoever shows it; never printed, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// A fresh one.
    pub(crate) fn draw() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// From bytes that are as good as random.
    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Reads what was shown; anything but 32 bytes in base64url is nobody's.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // 43 letters hold 32 bytes: nothing longer is worth decoding.
        if text.len() != 43 {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// What is handed out.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    /// What is stored.
    pub(crate) fn hash(&self) -> [u8; 32] {
        digest(&*self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let secret = Secret::draw();
        let text = secret.text();
        assert_eq!(Secret::parse(&text).unwrap().hash(), secret.hash());
        assert_ne!(secret.hash(), Secret::draw().hash());
        for nonsense in ["", "x", &text[1..], &format!("{text}A"), &"!".repeat(43), &"é".repeat(43)] {
            assert!(Secret::parse(nonsense).is_none(), "{nonsense}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
