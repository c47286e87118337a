//! Names in addresses: of products, collections and pages, and of tenants.

use crate::text_value;

/// Why a text is no slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Nothing but space.
    #[error("slug is empty")]
    Empty,
    /// More than 200 characters.
    #[error("slug is longer than 200 characters")]
    TooLong,
    /// Something else than letters a to z, digits, `-` and `_`, or a `-` or `_` at an end.
    #[error(
        "slug may hold only the letters a to z, digits, - and _, and must begin and end with a letter or digit"
    )]
    Malformed,
}

/// The last part of a page's address: 1 to 200 of `a–z 0–9 - _`, with a letter or digit at both ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// The longest slug, in characters.
    pub const MAX: usize = 200;

    /// Trims and checks; capitals are refused, since two addresses would then name one page.
    pub fn parse(text: &str) -> Result<Slug, SlugError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if text.len() > Slug::MAX {
            return Err(SlugError::TooLong);
        }
        let inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !text.bytes().all(inner) || !edge(text.bytes().next()) || !edge(text.bytes().next_back()) {
            return Err(SlugError::Malformed);
        }
        Ok(Slug(text.to_owned()))
    }

    /// Makes a slug from a title: letters are transliterated to a–z, everything else becomes `-`.
    /// Nothing when no letter or digit is left, as in a title of emoji.
    pub fn slugify(title: &str) -> Option<Slug> {
        let mut slug = String::with_capacity(title.len());
        let mut gap = false;
        for letter in title.chars().flat_map(char::to_lowercase) {
            let mut ascii = [0; 4];
            let text = if letter.is_ascii_alphanumeric() {
                letter.encode_utf8(&mut ascii)
            } else {
                match transliterate(letter) {
                    Some(text) => text,
                    None => {
                        gap = gap || !matches!(letter, '\'' | '’' | '\u{300}'..='\u{36f}');
                        continue;
                    }
                }
            };
            if text.is_empty() {
                continue;
            }
            let needed = text.len() + usize::from(gap);
            if slug.len() + needed > Slug::MAX {
                break;
            }
            if gap && !slug.is_empty() {
                slug.push('-');
            }
            gap = false;
            slug.push_str(text);
        }
        Slug::parse(&slug).ok()
    }

    /// The same slug with a number behind it, for a second thing of the same name.
    pub fn numbered(&self, number: u32) -> Slug {
        let suffix = format!("-{number}");
        let kept = self.0.get(..Slug::MAX - suffix.len()).unwrap_or(&self.0).trim_end_matches(['-', '_']);
        Slug(format!("{kept}{suffix}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
text_value!(Slug, SlugError);

/// Lower-case letters of European languages as a–z.
fn transliterate(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' | 'а' => "a",
        'ä' | 'æ' => "ae",
        'б' => "b",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'ч' => "ch",
        'ď' | 'đ' | 'ð' | 'д' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'е' | 'э' => "e",
        'ф' => "f",
        'ğ' | 'ĝ' | 'ġ' | 'ģ' | 'г' => "g",
        'ĥ' | 'ħ' | 'х' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'и' => "i",
        'ĵ' => "j",
        'ķ' | 'к' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' | 'л' => "l",
        'м' => "m",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'н' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'о' => "o",
        'ö' | 'œ' => "oe",
        'п' => "p",
        'ŕ' | 'ŗ' | 'ř' | 'р' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'с' => "s",
        'ß' => "ss",
        'ш' => "sh",
        'щ' => "shch",
        'ţ' | 'ť' | 'ŧ' | 'ț' | 'т' => "t",
        'þ' => "th",
        'ц' => "ts",
        'ù' | 'ú' | 'û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'у' => "u",
        'ü' => "ue",
        'в' => "v",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' | 'й' | 'ы' => "y",
        'я' => "ya",
        'ё' => "yo",
        'ю' => "yu",
        'ź' | 'ż' | 'ž' | 'з' => "z",
        'ж' => "zh",
        'ъ' | 'ь' => "",
        '&' => "and",
        _ => return None,
    })
}

/// Why a text is no tenant slug. Each of these is HTTP 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantSlugError {
    /// Nothing but space.
    #[error("tenant slug is empty")]
    Empty,
    /// More than 63 characters.
    #[error("tenant slug is longer than 63 characters")]
    TooLong,
    /// A character outside ASCII.
    #[error(
        "tenant slug may hold only the letters a to z, digits and -; a letter that only looks like one of these is another"
    )]
    NotAscii,
    /// Something else than letters, digits and `-`, or a `-` at an end.
    #[error("tenant slug may hold only letters, digits and -, and must begin and end with a letter or digit")]
    Malformed,
    /// A name that we keep for ourselves.
    #[error("tenant slug is reserved, choose another one")]
    Reserved,
}

/// The name of a tenant in addresses, `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$` and not reserved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantSlug(String);

impl TenantSlug {
    /// Names that no tenant can take.
    pub const RESERVED: &'static [&'static str] = &[
        "api",
        "admin",
        "www",
        "app",
        "cdn",
        "assets",
        "static",
        "health",
        "metrics",
        "docs",
        "swagger",
        "mail",
        "smtp",
        "pop",
        "imap",
        "ftp",
        "sftp",
        "ssh",
        "vpn",
        "auth",
        "login",
        "logout",
        "register",
        "signup",
        "signin",
        "dev",
        "test",
        "staging",
        "prod",
        "production",
        "localhost",
        "db",
        "database",
        "cache",
        "redis",
        "postgres",
        "root",
        "system",
        "internal",
        "private",
        "public",
    ];

    /// Trims, checks that it is ASCII, lower-cases, then checks the rule and the reserved names.
    /// The order matters: `K` (Kelvin sign) lower-cases to an ASCII `k`.
    pub fn parse(text: &str) -> Result<TenantSlug, TenantSlugError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TenantSlugError::Empty);
        }
        if !text.is_ascii() {
            return Err(TenantSlugError::NotAscii);
        }
        if text.len() > 63 {
            return Err(TenantSlugError::TooLong);
        }
        let text = text.to_ascii_lowercase();
        let inner =
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !inner || text.starts_with('-') || text.ends_with('-') {
            return Err(TenantSlugError::Malformed);
        }
        if TenantSlug::RESERVED.contains(&text.as_str()) {
            return Err(TenantSlugError::Reserved);
        }
        Ok(TenantSlug(text))
    }

    /// The text, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
text_value!(TenantSlug, TenantSlugError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_come_from_titles() {
        let made = |title: &str| Slug::slugify(title).map(|slug| slug.as_str().to_owned());
        assert_eq!(made("Stoneware Mug, 350 ml").as_deref(), Some("stoneware-mug-350-ml"));
        assert_eq!(made("  Größe & Weiß  ").as_deref(), Some("groesse-and-weiss"));
        assert_eq!(made("Crème brûlée").as_deref(), Some("creme-brulee"));
        assert_eq!(made("Cre\u{300}me").as_deref(), Some("creme"));
        assert_eq!(made("Baker’s peel").as_deref(), Some("bakers-peel"));
        assert_eq!(made("Объект №1").as_deref(), Some("obekt-1"));
        assert_eq!(made("🎉🎉"), None);
        assert_eq!(made("---"), None);
        assert_eq!(made(&"long ".repeat(100)).map(|slug| slug.len()), Some(199));
    }

    #[test]
    fn slugs_are_checked() {
        assert_eq!(Slug::parse(" linen_apron-2 ").unwrap().as_str(), "linen_apron-2");
        assert_eq!(Slug::parse(""), Err(SlugError::Empty));
        assert_eq!(Slug::parse(&"a".repeat(201)), Err(SlugError::TooLong));
        for bad in ["A", "-a", "a-", "_a", "a b", "a/b", "é", "🎉", "..", "a.b", "%41"] {
            assert_eq!(Slug::parse(bad), Err(SlugError::Malformed), "{bad}");
        }
        assert_eq!(Slug::parse("mug").unwrap().numbered(2).as_str(), "mug-2");
        assert_eq!(Slug::parse(&"a".repeat(200)).unwrap().numbered(12).as_str().len(), 200);
    }

    #[test]
    fn tenant_slugs_follow_the_contract() {
        assert_eq!(TenantSlug::parse(" Hearth ").unwrap().as_str(), "hearth");
        for good in ["a", "7", "a-b", "a--b", &"x".repeat(63)] {
            assert!(TenantSlug::parse(good).is_ok(), "{good}");
        }
        assert_eq!(TenantSlug::parse("  "), Err(TenantSlugError::Empty));
        assert_eq!(TenantSlug::parse(&"x".repeat(64)), Err(TenantSlugError::TooLong));
        for bad in ["-a", "a-", "-", "a_b", "a.b", "a b", "a\0b", "a/b"] {
            assert_eq!(TenantSlug::parse(bad), Err(TenantSlugError::Malformed), "{bad}");
        }
        // The Kelvin sign lower-cases to k, the dotted capital I to i.
        for bad in ["\u{212a}iosk", "İstanbul", "café", "🎉", "ｓhop"] {
            assert_eq!(TenantSlug::parse(bad), Err(TenantSlugError::NotAscii), "{bad}");
        }
        for name in TenantSlug::RESERVED {
            assert_eq!(
                TenantSlug::parse(&name.to_ascii_uppercase()),
                Err(TenantSlugError::Reserved),
                "{name}"
            );
        }
        assert_eq!(TenantSlug::RESERVED.len(), 41);
    }

    /// The rule as the contract writes it, without our shortcuts.
    fn contract_allows(text: &str) -> bool {
        let edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        match text.trim().to_ascii_lowercase().as_bytes() {
            [only] => edge(only),
            [first, inner @ .., last] => {
                edge(first)
                    && edge(last)
                    && inner.len() <= 61
                    && inner.iter().all(|byte| edge(byte) || *byte == b'-')
            }
            [] => false,
        }
    }

    proptest! {
        #[test]
        fn tenant_slugs_are_exactly_those_of_the_rule(text in prop_oneof!["[ a-zA-Z0-9-]{0,70}", "\\PC{0,70}"]) {
            let reserved = TenantSlug::RESERVED.contains(&text.trim().to_ascii_lowercase().as_str());
            let parsed = TenantSlug::parse(&text);
            prop_assert_eq!(parsed.is_ok(), contract_allows(&text) && !reserved);
            if let Ok(slug) = parsed {
                prop_assert_eq!(TenantSlug::parse(slug.as_str()), Ok(slug));
            }
        }

        #[test]
        fn whatever_slugify_makes_is_a_slug(title in "\\PC{0,300}") {
            if let Some(slug) = Slug::slugify(&title) {
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
                prop_assert_eq!(Slug::slugify(slug.as_str()).map(|again| again.as_str().replace('_', "-")),
                    Some(slug.as_str().to_owned()));
            }
        }
    }
}
