//! How it is said, by language.

mod de;
mod en;
mod fr;
mod nl;

use crate::letter::{Letter, LineChanged};
use crate::render::one_line;
use primitives::Locale;
use std::time::Duration;

/// A letter in one language, not yet laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub subject: String,
    pub greeting: &'static str,
    pub lines: Vec<String>,
    /// What the button says, and where it leads.
    pub button: Option<(String, String)>,
    /// In front of the address that the button leads to.
    pub copy: &'static str,
    pub notes: Vec<String>,
    /// Who writes, and why.
    pub sender: String,
}

/// The letter in the person's language, or in English.
pub(crate) fn words(letter: &Letter, shop: &str, locale: Locale) -> Words {
    match locale.as_str().split('-').next() {
        Some("de") => de::words(letter, shop),
        Some("fr") => fr::words(letter, shop),
        Some("nl") => nl::words(letter, shop),
        _ => en::words(letter, shop),
    }
}

/// `Mug: 3 → 2`: the same in every language.
fn change(line: &LineChanged) -> String {
    format!("{}: {} → {}", one_line(&line.title), line.before, line.after)
}

/// "1 hour", "3 days": whole days from two days on, else whole hours.
fn span(life: Duration, hour: (&str, &str), day: (&str, &str)) -> String {
    let hours = life.as_secs().div_ceil(3600);
    let (n, (one, many)) = if hours >= 48 { (hours / 24, day) } else { (hours, hour) };
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_long_in_whole_hours_and_days() {
        let said = |seconds| span(Duration::from_secs(seconds), ("hour", "hours"), ("day", "days"));
        assert_eq!(
            [3600, 7200, 24 * 3600, 3 * 24 * 3600].map(said),
            ["1 hour", "2 hours", "24 hours", "3 days"]
        );
    }
}
