//! Keys for everything that this process signs, seals or derives, each made from `security.secret_key` for one purpose.
//!
//! New things are made with the current key. What was made with one of `security.previous_secret_keys` is still read.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use platform::config::SecurityConfig;
use platform::{App, Error, Result};
use sha2::Sha256;
use std::sync::Arc;
use zeroize::Zeroizing;

/// First byte of everything sealed, so that another way can follow.
const VERSION: u8 = 1;
/// Bytes of a key's name.
const NAME: usize = 8;
/// Bytes of a nonce; so many that drawing them never repeats one.
const NONCE: usize = 24;

/// A key for one purpose.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The secrets of this process; see [`Keys::of`].
pub(crate) struct Keys {
    /// The current one first.
    secrets: Vec<Zeroizing<Vec<u8>>>,
    lasting: bool,
}

/// What was sealed.
pub(crate) struct Opened {
    /// The plain bytes.
    pub(crate) plain: Zeroizing<Vec<u8>>,
    /// Whether it was sealed with the current key; else it should be sealed again.
    pub(crate) current: bool,
}

impl Keys {
    /// Of this process. Without `security.secret_key` the key is drawn for this run.
    pub(crate) fn of(app: &App) -> Arc<Self> {
        app.state(|| Self::new(&app.config().security))
    }

    pub(crate) fn new(security: &SecurityConfig) -> Self {
        let kept = |text: &String| Zeroizing::new(text.as_bytes().to_vec());
        let current = match &security.secret_key {
            Some(key) => kept(key),
            None => Zeroizing::new(rand::random::<[u8; 32]>().to_vec()),
        };
        let mut secrets = vec![current];
        for key in &security.previous_secret_keys.0 {
            let key = kept(key);
            if !secrets.contains(&key) {
                secrets.push(key);
            }
        }
        Self { secrets, lasting: security.secret_key.is_some() }
    }

    /// Whether what is sealed now can be opened after a restart.
    pub(crate) fn lasting(&self) -> bool {
        self.lasting
    }

    /// The keys for one purpose, the current one first.
    pub(crate) fn for_purpose(&self, purpose: &[u8]) -> impl Iterator<Item = Key> {
        self.secrets.iter().map(move |secret| mac(secret, &[purpose]))
    }

    /// Seals `plain`; it opens for the same purpose and context only.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR` when the cipher fails, which it does for gigabytes only.
    pub(crate) fn seal(&self, purpose: &[u8], context: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.for_purpose(purpose).next().ok_or_else(|| Error::internal("there is no key"))?;
        let nonce = rand::random::<[u8; NONCE]>();
        let sealed = cipher(&key)
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context })
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok([&[VERSION][..], &name(&key), &nonce, &sealed].concat())
    }

    /// What was sealed; `None` when it is none of ours, was moved elsewhere, or its key is gone.
    pub(crate) fn open(&self, purpose: &[u8], context: &[u8], sealed: &[u8]) -> Option<Opened> {
        let (version, rest) = sealed.split_first()?;
        let (named, rest) = rest.split_at_checked(NAME)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        if *version != VERSION {
            return None;
        }
        let (place, key) =
            self.for_purpose(purpose).enumerate().find(|(_, key)| name(key).as_slice() == named)?;
        let plain = cipher(&key).decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: context }).ok()?;
        Some(Opened { plain: Zeroizing::new(plain), current: place == 0 })
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

/// The public name of a key: it says which key was used and nothing about it.
pub(crate) fn name(key: &Key) -> [u8; NAME] {
    let whole = mac(&**key, &[b"key id"]);
    let mut name = [0; NAME];
    name.copy_from_slice(&whole[..NAME]);
    name
}

/// HMAC-SHA-256 over the parts; callers see to it that no two lists of parts run together alike.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> Key {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            parts.iter().for_each(|part| mac.update(part));
            Zeroizing::new(mac.finalize().into_bytes().into())
        }
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::config::List;

    fn keys(current: &str, previous: &[&str]) -> Keys {
        let previous = previous.iter().map(|key| (*key).to_owned()).collect();
        Keys::new(&SecurityConfig {
            secret_key: Some(current.to_owned()),
            previous_secret_keys: List(previous),
            ..SecurityConfig::default()
        })
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let ours = keys("one", &[]);
        let sealed = ours.seal(b"purpose", b"row 1", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, ours.seal(b"purpose", b"row 1", b"secret").unwrap());
        let opened = ours.open(b"purpose", b"row 1", &sealed).unwrap();
        assert_eq!((opened.plain.as_slice(), opened.current), (&b"secret"[..], true));
        assert!(ours.open(b"purpose", b"row 2", &sealed).is_none());
        assert!(ours.open(b"another", b"row 1", &sealed).is_none());
        assert!(keys("two", &[]).open(b"purpose", b"row 1", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(ours.open(b"purpose", b"row 1", &bent).is_none(), "byte {at}");
            assert!(ours.open(b"purpose", b"row 1", &sealed[..at]).is_none(), "{at} bytes");
        }
    }

    #[test]
    fn a_key_that_was_replaced_still_opens() {
        let sealed = keys("one", &[]).seal(b"purpose", b"", b"secret").unwrap();
        let later = keys("three", &["two", "one", "three"]);
        assert_eq!(later.secrets.len(), 3);
        let opened = later.open(b"purpose", b"", &sealed).unwrap();
        assert_eq!((opened.plain.as_slice(), opened.current), (&b"secret"[..], false));
        let fresh = later.seal(b"purpose", b"", b"secret").unwrap();
        assert!(keys("three", &[]).open(b"purpose", b"", &fresh).is_some());
    }
}
