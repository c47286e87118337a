#![allow(clippy::unwrap_used, reason = "a test that cannot set up its world stops")]

use crate::face::Faces;
use crate::pages::{HEIGHT, Mark, WIDTH, pages};
use crate::*;
use primitives::{Currency, Locale, Rate, Timestamp};

fn bill(locale: &str, n_lines: usize) -> Bill {
    let line = |n: usize| BillLine {
        title: format!("Handgeworfene Tasse „Żółć“ <b> № {n}"),
        variant: "Größe L, Синяя глина".into(),
        sku: format!("MUG-{n}"),
        quantity: 2,
        unit: 1210,
        discount: if n == 0 { 242 } else { 0 },
        total: if n == 0 { 2178 } else { 2420 },
        rate: Rate::from_ppm(210_000),
        tax: 420,
    };
    Bill {
        what: BillKind::Invoice,
        number: 7,
        issued_at: Timestamp::from_millis(1_767_323_045_000),
        locale: Locale::parse(locale).unwrap(),
        currency: Currency::EUR,
        order: 1042,
        ordered_at: Timestamp::from_millis(1_767_123_045_000),
        sent_at: None,
        seller: Party {
            lines: vec!["Hearth & Home BV".into(), "Oude Beestenmarkt 6".into(), "9000 Ghent".into()],
            tax_number: "BE 0123.456.749".into(),
        },
        includes_tax: true,
        lines: (0..n_lines).map(line).collect(),
        subtotal: 2178,
        deductions: vec![Deduction { name: "Free delivery".into(), amount: 500 }],
        delivery: "To your door".into(),
        delivery_amount: 500,
        taxes: vec![TaxPart { name: "VAT".into(), rate: Rate::from_ppm(210_000), net: 1800, tax: 378 }],
        exemption: String::new(),
        relief: 0,
        total: 2178,
        tenders: vec![Paid { name: "Gift card •••• ABCD".into(), amount: 1000 }],
        due: 1178,
        payment: "Bank transfer".into(),
        footer: "IBAN BE68 5390 0754 7034\nRPR Ghent".into(),
    }
}

fn buyer() -> Party {
    Party {
        lines: vec![
            "Мария Иванова".into(),
            "ul. Łączna 3/5".into(),
            "50-001 Wrocław".into(),
            "Poland".into(),
        ],
        tax_number: String::new(),
    }
}

#[test]
fn an_invoice_as_a_page() {
    let page = html(&bill("en", 1).sheet(&buyer()), "invoice.pdf", &[("C-1".into(), "credit-note-1".into())]);
    insta::assert_snapshot!("invoice_html", page.replace("><", ">\n<"));
}

#[test]
fn every_language_has_its_own_words() {
    let titles = ["en", "de", "fr", "nl", "ru"].map(|tag| bill(tag, 1).sheet(&buyer()).title);
    assert_eq!(titles, ["Invoice 7", "Rechnung 7", "Facture 7", "Factuur 7", "Invoice 7"]);
    let credit = Bill { what: BillKind::CreditNote { invoice: 7, reason: String::new() }, ..bill("de", 0) };
    assert_eq!(
        (credit.sheet(&buyer()).title.as_str(), credit.file_name().as_str()),
        ("Gutschrift C-7", "credit-note-7")
    );
}

#[test]
fn a_long_bill_takes_several_pages_and_stays_inside_them() {
    let faces = Faces::load().unwrap();
    let long = Bill { footer: "terms ".repeat(200), ..bill("de", 120) };
    let long = long.sheet(&Party { lines: vec!["x".repeat(400)], tax_number: String::new() });
    let pages = pages(&long, &faces);
    assert!(4 < pages.len(), "{} pages", pages.len());
    let mut titles = 0;
    for mark in pages.iter().flatten() {
        let (x, y, end) = match mark {
            Mark::Text { x, y, size, bold, text, .. } => {
                titles += usize::from(text == "Einzelpreis");
                (*x, *y, x + faces.of(*bold).width(text, *size))
            }
            Mark::Rule { x, y, width, .. } => (*x, *y, x + width),
        };
        assert!(
            (40.0..WIDTH).contains(&x) && end < WIDTH - 40.0 && (40.0..HEIGHT - 20.0).contains(&y),
            "{mark:?}"
        );
    }
    assert_eq!(
        titles,
        pages.len() - usize::from(titles < pages.len()),
        "the heading stands on each page of the table"
    );
}

#[test]
fn the_file_is_the_same_each_time_and_holds_its_letters() {
    let sheet = bill("en", 40).sheet(&buyer());
    let file = pdf(&sheet).unwrap();
    assert!(file.starts_with(b"%PDF-") && file.len() < 120_000, "{} bytes", file.len());
    assert_eq!(pdf(&sheet).unwrap(), file);
    let has = |text: &[u8]| file.windows(text.len()).any(|part| part == text);
    assert!(has(b"LiberationSans") && has(b"FontFile2") && has(b"ToUnicode"));
    if let Some(path) = std::env::var_os("PAPER_TO") {
        std::fs::write(path, &file).unwrap();
    }
}

#[test]
fn what_no_letter_is_there_for_and_what_cannot_be_seen_break_nothing() {
    let odd = Party {
        lines: vec!["日本 😀 \u{0}\u{7f}\u{202e} a\tb\n".into(), String::new()],
        tax_number: "\r".into(),
    };
    assert!(pdf(&bill("en", 2).sheet(&odd)).is_ok());
    assert!(!html(&bill("en", 2).sheet(&odd), "\"><script>", &[]).contains("<script>"));
    let faces = Faces::load().unwrap();
    for text in ["äöüßÄÖÜ", "éèêçœ’", "ąćęłńóśźżŻ", "Привет, мир № 5", "€ £ − „“ ·"]
    {
        assert_eq!(faces.regular.missing(text), "", "{text}");
        assert_eq!(faces.bold.missing(text), "", "{text}");
    }
}
