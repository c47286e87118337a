//! Codes of gift cards: random, in groups of four, kept as SHA-256 only.

use sha2::{Digest, Sha256};

/// Without those that people mix up: no 0, O, 1, I, L. 31 of them: 16 are 79 bits.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Characters of a code without its dashes.
const LENGTH: usize = 16;

/// A fresh code, `ABCD-EFGH-JKMN-PQRS`.
pub(crate) fn fresh() -> String {
    let mut code = String::with_capacity(LENGTH + 3);
    let mut drawn = 0;
    while drawn < LENGTH {
        for byte in rand::random::<[u8; 32]>() {
            // Five bits; of the 32 values one is drawn again, so that all characters are alike.
            let Some(character) = ALPHABET.get(usize::from(byte & 31)) else { continue };
            if drawn == LENGTH {
                break;
            }
            if 0 < drawn && drawn % 4 == 0 {
                code.push('-');
            }
            code.push(char::from(*character));
            drawn += 1;
        }
    }
    code
}

/// A code as it is compared: upper case, without dashes and blanks; `None` for a text that cannot be one.
pub(crate) fn normal(typed: &str) -> Option<String> {
    if 100 < typed.len() {
        return None;
    }
    let plain = typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '‐'));
    let code: String = plain.map(|c| c.to_ascii_uppercase()).collect();
    let fits = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
    fits.then_some(code)
}

/// What is kept of a code that [`normal`] made.
pub(crate) fn hash(normal: &str) -> [u8; 32] {
    Sha256::digest(normal.as_bytes()).into()
}

/// The characters that are shown.
pub(crate) fn last_four(normal: &str) -> String {
    normal.get(LENGTH - 4..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_grouped_unambiguous_and_never_the_same() {
        let (one, other) = (fresh(), fresh());
        assert_ne!(one, other);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
        let normal = normal(&one).unwrap();
        assert_eq!((normal.len(), one.ends_with(&last_four(&normal))), (16, true));
        for _ in 0..200 {
            assert!(!fresh().contains(['0', 'O', '1', 'I', 'L']));
        }
    }

    #[test]
    fn case_dashes_and_blanks_do_not_matter() {
        let code = "ABCD-EFGH-JKMN-PQRS";
        for typed in ["abcdefghjkmnpqrs", " ABCD EFGH JKMN PQRS ", "abcd–efgh–jkmn–pqrs", code] {
            assert_eq!(normal(typed).as_deref(), Some("ABCDEFGHJKMNPQRS"), "{typed}");
        }
        for wrong in ["", "ABCD", "ABCD-EFGH-JKMN-PQRO", "ABCD-EFGH-JKMN-PQRS-2", "ÄBCD-EFGH-JKMN-PQRS"] {
            assert_eq!(normal(wrong), None, "{wrong}");
        }
    }
}
