//! Whose cart it is: an account's, or that of whoever holds a random token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::Ctx;
use primitives::UserId;
use sha2::{Digest, Sha256};

/// Characters of a token: 32 random bytes in base64url.
const TOKEN_LENGTH: usize = 43;

/// The holder of a cart. Tokens are kept as SHA-256 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    pub user: Option<UserId>,
    pub token_hash: Option<[u8; 32]>,
}

impl Who {
    /// The caller; a text that is no token of ours is nobody's.
    pub fn of(ctx: &Ctx, token: Option<&str>) -> Self {
        Self { user: ctx.user_id(), token_hash: token.filter(|t| t.len() == TOKEN_LENGTH).map(hash) }
    }

    /// What idempotency keys are unique for; `None` for somebody without account and token.
    pub fn principal(&self) -> Option<Vec<u8>> {
        match (self.user, self.token_hash) {
            (Some(user), _) => Some([b"user:", user.uuid().as_bytes().as_slice()].concat()),
            (None, Some(hash)) => Some([b"cart:", hash.as_slice()].concat()),
            (None, None) => None,
        }
    }
}

/// A fresh random token of 256 bits.
pub(crate) fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a token.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (a, b) = (new_token(), new_token());
        assert_eq!(a.len(), TOKEN_LENGTH);
        assert_ne!(a, b);
        assert_ne!(hash(&a), hash(&b));
    }

    #[test]
    fn an_account_and_a_guest_never_share_keys() {
        let guest = Who { user: None, token_hash: Some(hash("x")) };
        let user = Who { user: Some(UserId::new()), ..guest };
        assert_ne!(guest.principal(), user.principal());
        assert_eq!(Who { user: None, token_hash: None }.principal(), None);
    }
}
