//! How it is said, by language.

mod de;
mod en;
mod fr;
mod nl;

use crate::letter::{Bill, Letter, LineChanged};
use crate::render::one_line;
use primitives::Locale;
use std::time::Duration;

/// A letter in one language, not yet laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub subject: String,
    pub greeting: &'static str,
    /// Paragraphs; what the shop wrote itself keeps its line breaks.
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

/// Most lines of a bill that are written; an order can have more.
const MOST_LINES: usize = 50;
/// Longest title of such a line, characters.
const LONGEST_TITLE: usize = 100;

/// What stands in front of the sums of a bill, with its colon.
struct Labels {
    discount: &'static str,
    exempt: &'static str,
    /// Tax that comes on top.
    tax: &'static str,
    /// Tax that the total holds.
    tax_inside: &'static str,
    total: &'static str,
    /// So many lines are not written.
    more: fn(usize) -> String,
}

/// The lines and the sums: `2 × Mug: €25.00`, the same in every language but for the labels.
fn bill(bill: &Bill, labels: &Labels) -> Vec<String> {
    let title = |text: &str| one_line(text).chars().take(LONGEST_TITLE).collect::<String>();
    let line = |line: &crate::letter::BillLine| {
        format!("{} × {}: {}", line.quantity, title(&line.title), line.total)
    };
    let labelled = |label: &str, amount: &String| format!("{label} {amount}");
    let rest = bill.lines.len().saturating_sub(MOST_LINES);
    let (inside, on_top) = match bill.includes_tax {
        true => (bill.tax.as_ref(), None),
        false => (None, bill.tax.as_ref()),
    };
    bill.lines
        .iter()
        .take(MOST_LINES)
        .map(line)
        .chain((rest > 0).then(|| (labels.more)(rest)))
        .chain(bill.discount.as_ref().map(|off| format!("{} −{off}", labels.discount)))
        .chain(bill.delivery.as_ref().map(|(name, price)| format!("{}: {price}", title(name))))
        .chain(bill.exempt.as_ref().map(|off| format!("{} −{off}", labels.exempt)))
        .chain(on_top.map(|tax| labelled(labels.tax, tax)))
        .chain([labelled(labels.total, &bill.total)])
        .chain(inside.map(|tax| labelled(labels.tax_inside, tax)))
        .collect()
}

/// The bill, then what the shop has to say about it, if anything.
fn bill_and_note(of: &Bill, note: &str, labels: &Labels) -> impl Iterator<Item = String> {
    let note = note.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let note = Some(note).filter(|note| !note.is_empty());
    bill(of, labels).into_iter().chain(note)
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
