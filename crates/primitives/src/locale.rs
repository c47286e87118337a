//! Languages and regions of the interface.

use crate::text_value;
use std::fmt;

/// The text is not a language tag that we can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language tag of at most 10 characters, such as en or de-AT")]
pub struct LocaleError(pub String);

/// A BCP 47 tag of at most 10 characters: language, perhaps script, perhaps region. Cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale {
    bytes: [u8; 10],
    len: u8,
}

impl Locale {
    /// English, the fall-back.
    pub const EN: Locale = Locale::known("en");
    /// German.
    pub const DE: Locale = Locale::known("de");
    /// Spanish.
    pub const ES: Locale = Locale::known("es");
    /// French.
    pub const FR: Locale = Locale::known("fr");
    /// Russian.
    pub const RU: Locale = Locale::known("ru");
    /// Chinese.
    pub const ZH: Locale = Locale::known("zh");
    /// The locales that the interface is translated to.
    pub const INTERFACE: [Locale; 6] =
        [Locale::EN, Locale::DE, Locale::ES, Locale::FR, Locale::RU, Locale::ZH];

    const fn known(tag: &str) -> Locale {
        let mut bytes = [0; 10];
        let mut at = 0;
        while at < tag.len() && at < 10 {
            bytes[at] = tag.as_bytes()[at];
            at += 1;
        }
        Locale { bytes, len: at as u8 }
    }

    /// Trims, checks and brings the parts into their usual case: `DE_at` is read as `de-AT`.
    pub fn parse(text: &str) -> Result<Locale, LocaleError> {
        let error = || LocaleError(text.chars().take(20).collect());
        let tag = text.trim();
        if tag.is_empty() || tag.len() > 10 || !tag.is_ascii() {
            return Err(error());
        }
        let mut bytes = [0; 10];
        let mut at = 0;
        let mut last_rank = 0;
        for (index, part) in tag.split(['-', '_']).enumerate() {
            let alphabetic = part.bytes().all(|byte| byte.is_ascii_alphabetic());
            let numeric = part.bytes().all(|byte| byte.is_ascii_digit());
            let (rank, part) = match (index, part.len()) {
                (0, 2 | 3) if alphabetic => (1, part.to_ascii_lowercase()),
                (1.., 4) if alphabetic => {
                    (2, part[..1].to_ascii_uppercase() + &part[1..].to_ascii_lowercase())
                }
                (1.., 2) if alphabetic => (3, part.to_ascii_uppercase()),
                (1.., 3) if numeric => (3, part.to_owned()),
                _ => return Err(error()),
            };
            if rank <= last_rank {
                return Err(error());
            }
            last_rank = rank;
            if index > 0 {
                bytes[at] = b'-';
                at += 1;
            }
            bytes[at..at + part.len()].copy_from_slice(part.as_bytes());
            at += part.len();
        }
        Ok(Locale { bytes, len: at as u8 })
    }

    /// The tag, `de-AT`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("en")
    }

    /// The language alone, `de`.
    pub fn language(&self) -> &str {
        let tag = self.as_str();
        tag.split_once('-').map_or(tag, |(language, _)| language)
    }

    /// Whether text runs from right to left.
    pub fn is_right_to_left(&self) -> bool {
        matches!(self.language(), "ar" | "dv" | "fa" | "he" | "ps" | "ur" | "yi")
    }
}
text_value!(Locale, LocaleError);

impl Default for Locale {
    fn default() -> Locale {
        Locale::EN
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locale({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_their_usual_case() {
        for (text, tag, language) in [
            ("en", "en", "en"),
            ("DE_at", "de-AT", "de"),
            ("zh-hant-tw", "zh-Hant-TW", "zh"),
            ("es-419", "es-419", "es"),
        ] {
            let locale = Locale::parse(text).unwrap();
            assert_eq!((locale.as_str(), locale.language()), (tag, language));
        }
        for bad in ["", "e", "english", "en-", "en-GB-US", "en-GB-Latn", "en-GB-oxendict", "рус", "12"] {
            assert!(Locale::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Locale::parse("en"), Ok(Locale::EN));
        assert!(Locale::parse("ar-EG").unwrap().is_right_to_left());
    }
}
