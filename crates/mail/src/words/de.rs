//! German.

use super::{Labels, Words, bill_and_note, change, span};
use crate::letter::{Letter, MoneyChange};
use std::time::Duration;

fn lasts(life: Duration) -> String {
    let span = span(life, ("Stunde", "Stunden"), ("Tag", "Tage"));
    format!("Der Link gilt einmal und {span} lang.")
}

const LABELS: Labels = Labels {
    discount: "Rabatt:",
    exempt: "Nicht berechnete Steuer:",
    tax: "Steuer:",
    tax_inside: "Darin enthaltene Steuer:",
    total: "Gesamt:",
    more: |n| format!("und {n} weitere"),
};

pub(super) fn words(letter: &Letter, shop: &str) -> Words {
    let blank = |subject: String, lines: Vec<String>| Words {
        subject,
        greeting: "Guten Tag,",
        lines,
        button: None,
        copy: "Falls der Knopf nicht geht, öffnen Sie diese Adresse:",
        notes: Vec::new(),
        sender: format!("{shop} schreibt Ihnen wegen Ihres Kontos."),
    };
    let not_you =
        "Falls Sie es nicht waren, kennt vielleicht jemand Ihr Passwort. Setzen Sie gleich ein neues:"
            .to_owned();
    match letter {
        Letter::VerifyEmail { link, life } => Words {
            button: Some(("Adresse bestätigen".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Falls Sie kein Konto eröffnet haben, tun Sie nichts: Ohne Sie wird es nicht bestätigt."
                    .into(),
            ],
            ..blank(
                format!("Bestätigen Sie Ihre Adresse für {shop}"),
                vec![
                    format!("Mit dieser Adresse wurde ein Konto bei {shop} eröffnet."),
                    "Bestätigen Sie, dass sie Ihnen gehört, damit niemand sonst sie benutzen kann.".into(),
                ],
            )
        },
        Letter::HasAccount { sign_in, forgotten } => Words {
            button: Some(("Anmelden".into(), sign_in.as_str().into())),
            notes: vec![
                format!("Passwort vergessen? {}", forgotten.as_str()),
                "Falls Sie um nichts gebeten haben, tun Sie nichts: Ihr Konto ist unverändert.".into(),
            ],
            ..blank(
                format!("Sie haben ein Konto bei {shop}"),
                vec![format!(
                    "Jemand hat {shop} um ein Konto mit dieser Adresse gebeten. Es gibt schon eines, und es gehört Ihnen."
                )],
            )
        },
        Letter::ResetPassword { link, life } => Words {
            button: Some(("Neues Passwort setzen".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Falls Sie nicht darum gebeten haben, tun Sie nichts: Ihr Passwort bleibt, wie es ist."
                    .into(),
            ],
            ..blank(
                format!("Ein neues Passwort für {shop}"),
                vec![format!("Jemand hat um ein neues Passwort für Ihr Konto bei {shop} gebeten.")],
            )
        },
        Letter::PasswordChanged { forgotten } => Words {
            button: Some(("Neues Passwort setzen".into(), forgotten.as_str().into())),
            ..blank(
                format!("Ihr Passwort für {shop} wurde geändert"),
                vec![
                    format!(
                        "Das Passwort Ihres Kontos bei {shop} wurde gerade geändert. Waren Sie es, ist alles in Ordnung."
                    ),
                    not_you,
                ],
            )
        },
        Letter::ConfirmAddress { link, life } => Words {
            button: Some(("Diese Adresse benutzen".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Falls Sie nicht darum gebeten haben, tun Sie nichts: Ohne Sie ändert sich nichts.".into(),
            ],
            ..blank(
                format!("Bestätigen Sie Ihre neue Adresse für {shop}"),
                vec![format!("Dies soll die neue Adresse eines Kontos bei {shop} werden.")],
            )
        },
        Letter::AddressChangeAsked { new, forgotten } => Words {
            button: Some(("Neues Passwort setzen".into(), forgotten.as_str().into())),
            ..blank(
                format!("Eine neue Adresse für Ihr Konto bei {shop}"),
                vec![
                    format!(
                        "Jemand möchte die Adresse Ihres Kontos bei {shop} in {new} ändern. Sie ändert sich, sobald diese bestätigt ist. Waren Sie es, ist alles in Ordnung."
                    ),
                    not_you,
                ],
            )
        },
        Letter::AddressChanged { new } => blank(
            format!("Ihre Adresse für {shop} wurde geändert"),
            vec![
                format!(
                    "Die Adresse Ihres Kontos bei {shop} ist jetzt {new}. Melden Sie sich von nun an damit an."
                ),
                "Falls Sie es nicht waren, schreiben Sie dem Shop.".into(),
            ],
        ),
        Letter::Invitation { link, life, inviter, roles } => Words {
            button: Some(("Annehmen".into(), link.as_str().into())),
            notes: vec![lasts(*life), "Falls Sie nicht wissen, worum es geht, tun Sie nichts.".into()],
            sender: format!("{shop} schreibt Ihnen, weil dort jemand Ihre Adresse kennt."),
            ..blank(
                format!("Arbeiten Sie mit {shop}"),
                vec![
                    match inviter {
                        Some(name) => format!("{name} lädt Sie ein, für {shop} zu arbeiten."),
                        None => format!("Sie sind eingeladen, für {shop} zu arbeiten."),
                    },
                    format!("Ihre Aufgabe: {}.", roles.join(", ")),
                ],
            )
        },
        Letter::GiftCard { code, amount, until, shop: address } => Words {
            button: Some(("Zum Laden".into(), address.as_str().into())),
            notes: vec!["Behalten Sie diese E-Mail für sich: Wer den Code kennt, kann ihn einlösen.".into()],
            sender: format!("{shop} schreibt Ihnen, weil dort jemand Ihre Adresse kennt."),
            ..blank(
                format!("Ein Gutschein für {shop}"),
                [
                    Some(format!("Sie haben einen Gutschein über {amount} für {shop} bekommen.")),
                    Some(format!("Der Code: {}", code.as_str())),
                    Some(
                        "Geben Sie ihn beim Bezahlen ein. Was übrig bleibt, bleibt auf dem Gutschein."
                            .to_owned(),
                    ),
                    until.map(|at| {
                        format!("Er gilt bis vor dem {} (UTC).", at.date_time().format("%Y-%m-%d %H:%M"))
                    }),
                ]
                .into_iter()
                .flatten()
                .collect(),
            )
        },
        Letter::OrderEdited { number, changes, moved, total, money, link } => Words {
            button: Some(("Bestellung ansehen".into(), link.as_str().into())),
            sender: format!("{shop} schreibt Ihnen wegen Ihrer Bestellung."),
            ..blank(
                format!("Ihre Bestellung {number} bei {shop} wurde geändert"),
                [format!("{shop} hat Ihre Bestellung {number} geändert.")]
                    .into_iter()
                    .chain(changes.iter().map(change))
                    .chain(moved.then(|| "Sie geht jetzt an eine andere Adresse.".to_owned()))
                    .chain([format!("Sie kostet jetzt {total}.")])
                    .chain(match money {
                        MoneyChange::None => None,
                        MoneyChange::Back(amount) => Some(format!(
                            "Sie bekommen {amount} auf dem Weg zurück, auf dem Sie bezahlt haben."
                        )),
                        MoneyChange::Due(amount) => Some(format!(
                            "Bitte bezahlen Sie {amount}: Auf der Seite Ihrer Bestellung steht, wie."
                        )),
                    })
                    .collect(),
            )
        },
        Letter::Quote { bill, note, link } => Words {
            button: Some(("Zum Laden".into(), link.as_str().into())),
            notes: vec![
                "Noch ist nichts bestellt und nichts zurückgelegt. Die Preise sind die von heute.".into(),
            ],
            sender: format!("{shop} schreibt Ihnen, weil dort jemand ein Angebot für Sie geschrieben hat."),
            ..blank(
                format!("Ihr Angebot von {shop}"),
                [format!("{shop} hat dieses Angebot für Sie geschrieben.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain(["Antworten Sie auf diese E-Mail, um es anzunehmen oder etwas daran zu ändern."
                        .to_owned()])
                    .collect(),
            )
        },
        Letter::PaymentAsked { number, bill, note, due, link } => Words {
            button: Some(("Bestellung ansehen und bezahlen".into(), link.as_str().into())),
            sender: format!("{shop} schreibt Ihnen wegen Ihrer Bestellung."),
            ..blank(
                format!("Ihre Bestellung {number} bei {shop} wartet auf ihre Zahlung"),
                [format!("{shop} hat die Bestellung {number} für Sie aufgegeben.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain([format!("Bitte bezahlen Sie {due}: Auf der Seite Ihrer Bestellung steht, wie.")])
                    .collect(),
            )
        },
        Letter::NewDevice { device, at, forgotten } => Words {
            button: Some(("Neues Passwort setzen".into(), forgotten.as_str().into())),
            ..blank(
                format!("Anmeldung von einem neuen Gerät bei {shop}"),
                vec![
                    format!(
                        "Jemand hat sich von einem Gerät, das wir noch nicht kannten, bei Ihrem Konto bei {shop} angemeldet. Waren Sie es, ist alles in Ordnung."
                    ),
                    format!("{} · {}", at.date_time().format("%d.%m.%Y %H:%M UTC"), device),
                    not_you,
                ],
            )
        },
    }
}
