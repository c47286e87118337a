//! From words to a mail: a text, and the same as HTML in the shop's colours.

use crate::words::Words;
use primitives::Locale;
use std::fmt::Write;

/// Longest subject and name in a header, characters.
const LONGEST: usize = 150;

/// A mail as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What a header may hold: one line, and not a long one.
pub(crate) fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    let text: String = text.chars().map(plain).take(LONGEST).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Background and text of buttons, as the storefront's themes have them (`style/shop/tokens.css`).
fn accent(theme: &str) -> (&'static str, &'static str) {
    match theme {
        "hearth" => ("#a4452a", "#fffaf4"),
        "northbound" => ("#0b5a3e", "#ffffff"),
        _ => ("#2f5bd0", "#ffffff"),
    }
}

/// Lays a letter out.
pub(crate) fn render(words: &Words, shop: &str, theme: &str, locale: Locale) -> Rendered {
    Rendered { subject: one_line(&words.subject), text: text(words), html: html(words, shop, theme, locale) }
}

fn text(words: &Words) -> String {
    let mut parts = vec![words.greeting.to_owned()];
    parts.extend(words.lines.iter().cloned());
    if let Some((label, address)) = &words.button {
        parts.push(format!("{label}:\n{address}"));
    }
    parts.extend(words.notes.iter().cloned());
    parts.push(format!("-- \n{}", words.sender));
    parts.join("\n\n") + "\n"
}

fn html(words: &Words, shop: &str, theme: &str, locale: Locale) -> String {
    const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif";
    let (accent, on_accent) = accent(theme);
    let mut html = String::with_capacity(4 * 1024);
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light\"><title>{}</title></head>\
         <body style=\"margin:0;padding:24px 12px;background:#f4f4f2;color:#1c1c1a;{FONT};font-size:16px;line-height:26px\">\
         <div style=\"max-width:560px;margin:0 auto\">\
         <p style=\"margin:0 0 12px;padding:0 24px;font-weight:600;color:{accent}\">{}</p>\
         <div style=\"background:#ffffff;border-radius:12px;border-top:4px solid {accent};padding:24px\">\
         <p style=\"margin:0 0 16px\">{}</p>",
        escape(locale.as_str()),
        escape(&one_line(&words.subject)),
        escape(shop),
        escape(words.greeting),
    );
    for line in &words.lines {
        let line = line.lines().map(escape).collect::<Vec<_>>().join("<br>");
        let _ = write!(html, "<p style=\"margin:0 0 16px\">{line}</p>");
    }
    if let Some((label, address)) = &words.button {
        let _ = write!(
            html,
            "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"display:inline-block;padding:12px 24px;border-radius:6px;\
             background:{accent};color:{on_accent};text-decoration:none;font-weight:600\">{}</a></p>\
             <p style=\"margin:0 0 16px;font-size:14px;line-height:20px;color:#5c5c57\">{}<br>\
             <span style=\"word-break:break-all\">{}</span></p>",
            escape(address),
            escape(label),
            escape(words.copy),
            escape(address),
        );
    }
    for note in &words.notes {
        let _ = write!(
            html,
            "<p style=\"margin:0 0 8px;font-size:14px;line-height:20px;color:#5c5c57;word-break:break-word\">{}</p>",
            escape(note)
        );
    }
    let _ = write!(
        html,
        "</div><p style=\"margin:12px 0 0;padding:0 24px;font-size:14px;line-height:20px;color:#5c5c57\">{}</p>\
         </div></body></html>",
        escape(&words.sender)
    );
    html
}

/// Text as it stands in HTML, also between double quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::{Bill, BillLine, Letter, LineChanged, Link, MoneyChange};
    use crate::words::words;
    use primitives::{Email, Timestamp};
    use std::time::Duration;

    fn bill(includes_tax: bool) -> Bill {
        let line = |title: &str, quantity, total: &str| BillLine {
            title: title.into(),
            quantity,
            total: total.into(),
        };
        Bill {
            lines: vec![line("Mug, <b>blue</b>", 2, "€20.00"), line("Bowl", 1, "€20.00")],
            discount: Some("€7.00".into()),
            delivery: Some(("Standard".into(), "€5.00".into())),
            exempt: None,
            tax: Some("€6.59".into()),
            includes_tax,
            total: "€38.00".into(),
        }
    }

    fn every_letter() -> Vec<Letter> {
        let link = || Link::new("https://hearth.example/open?token=SECRET&x=1");
        let life = Duration::from_secs(3600);
        let new = Email::parse("new@x.example").unwrap();
        vec![
            Letter::VerifyEmail { link: link(), life: Duration::from_secs(3 * 24 * 3600) },
            Letter::HasAccount { sign_in: link(), forgotten: link() },
            Letter::ResetPassword { link: link(), life },
            Letter::PasswordChanged { forgotten: link() },
            Letter::ConfirmAddress { link: link(), life: Duration::from_secs(24 * 3600) },
            Letter::AddressChangeAsked { new: new.clone(), forgotten: link() },
            Letter::AddressChanged { new },
            Letter::Invitation {
                link: link(),
                life: Duration::from_secs(7 * 24 * 3600),
                inviter: Some("Olga <b>".into()),
                roles: vec!["manager".into(), "editor".into()],
            },
            Letter::GiftCard {
                code: Link::new("ABCD-EFGH-JKMN-PQRS"),
                amount: "€25.00".into(),
                until: Some(Timestamp::from_millis(1_767_323_045_000)),
                shop: link(),
            },
            Letter::OrderEdited {
                number: 1_001,
                changes: vec![
                    LineChanged { title: "Mug, <b>blue</b>".into(), before: 3, after: 2 },
                    LineChanged { title: "Bowl".into(), before: 0, after: 1 },
                ],
                moved: true,
                total: "€25.00".into(),
                money: MoneyChange::Back("€5.00".into()),
                link: link(),
            },
            Letter::Quote {
                bill: bill(true),
                note: "Thank you for calling, <b>Maud</b>.\r\nWe keep it until Friday.".into(),
                link: link(),
            },
            Letter::PaymentAsked {
                number: 1_001,
                bill: bill(false),
                note: String::new(),
                due: "€38.00".into(),
                link: link(),
            },
            Letter::NewDevice {
                device: "Firefox on Linux".into(),
                at: Timestamp::from_millis(1_767_323_045_000),
                forgotten: link(),
            },
        ]
    }

    fn rendered(letter: &Letter, shop: &str, locale: &str) -> Rendered {
        let locale = Locale::parse(locale).unwrap();
        render(&words(letter, shop, locale), shop, "hearth", locale)
    }

    #[test]
    fn letters_in_english() {
        let letters: Vec<String> = every_letter()
            .iter()
            .map(|letter| {
                let mail = rendered(letter, "Hearth & Home", "en");
                format!("[{}] {}\n\n{}", letter.kind(), mail.subject, mail.text)
            })
            .collect();
        insta::assert_snapshot!("letters_en", letters.join("\n=====\n\n"));
    }

    #[test]
    fn a_letter_as_html() {
        insta::assert_snapshot!(
            "reset_password_html",
            rendered(&every_letter()[2], "Hearth & Home", "en").html
        );
    }

    #[test]
    fn every_language_says_every_letter_in_its_own_words_and_with_its_link() {
        for letter in every_letter() {
            let subjects: Vec<String> =
                ["en", "de", "fr", "nl"].map(|locale| rendered(&letter, "Hearth", locale).subject).to_vec();
            let mut different = subjects.clone();
            different.dedup();
            assert_eq!(different.len(), 4, "{subjects:?}");
            for locale in ["en", "de-AT", "fr", "nl-BE", "ru"] {
                let mail = rendered(&letter, "Hearth", locale);
                assert!(mail.subject.contains("Hearth"), "{}", mail.subject);
                if !matches!(letter, Letter::AddressChanged { .. }) {
                    assert!(
                        mail.text.contains("https://hearth.example/open?token=SECRET&x=1"),
                        "{}",
                        mail.text
                    );
                    assert!(mail.html.contains("href=\"https://hearth.example/open?token=SECRET&amp;x=1\""));
                }
                assert!(mail.subject.chars().count() <= LONGEST && mail.html.len() < 10_000);
            }
            assert!(!format!("{letter:?}").contains("SECRET"), "{letter:?}");
        }
    }

    #[test]
    fn a_note_keeps_its_lines() {
        let letter =
            |note: &str| Letter::Quote { bill: bill(true), note: note.into(), link: Link::new("https://x") };
        let mail = rendered(&letter("Thank you.\n\n<b>Maud</b>\r\nHearth"), "Hearth", "en");
        assert!(
            mail.html.contains(">Thank you.<br><br>&lt;b&gt;Maud&lt;/b&gt;<br>Hearth</p>"),
            "{}",
            mail.html
        );
        assert!(mail.text.contains("\n\nThank you.\n\n<b>Maud</b>\nHearth\n\n"), "{}", mail.text);
    }

    #[test]
    fn a_long_bill_fits_into_a_mail() {
        let line = BillLine { title: "\"".repeat(250), quantity: 10_000, total: "€1,000,000.00".into() };
        let letter = Letter::Quote {
            bill: Bill { lines: vec![line; 100], ..bill(true) },
            note: "\"".repeat(2_000),
            link: Link::new("https://hearth.example"),
        };
        let mail = rendered(&letter, "Hearth", "en");
        assert!(mail.text.contains("and 50 more") && mail.text.chars().count() < 20_000);
        assert!(mail.html.chars().count() < 60_000, "{}", mail.html.len());
    }

    #[test]
    fn what_people_wrote_stays_text_and_on_its_line() {
        let shop = "Hearth\r\nBcc: victim@x.example\u{2028}<script>alert(1)</script>\0";
        for letter in every_letter() {
            let mail = rendered(&letter, shop, "en");
            assert!(!mail.subject.contains(['\r', '\n', '\0', '\u{2028}']), "{:?}", mail.subject);
            assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>"), "{}", mail.html);
        }
        assert_eq!(one_line(" a\r\n\tb "), "a b");
        assert_eq!(one_line(&"x".repeat(1_000)).len(), LONGEST);
    }

    #[test]
    fn the_colours_are_those_of_the_themes() {
        let css = include_str!("../../../style/shop/tokens.css");
        for theme in ["hearth", "northbound", "default"] {
            let (accent, on_accent) = accent(theme);
            let from = css.find(&format!("[data-theme=\"{theme}\"]")).unwrap_or_default();
            let rules = &css[from..];
            assert!(rules.contains(&format!("--accent: light-dark({accent}")), "{theme}");
            assert!(rules.contains(&format!("--on-accent: light-dark({on_accent}")), "{theme}");
        }
    }
}
