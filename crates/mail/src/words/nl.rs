//! Dutch.

use super::{Labels, Words, bill_and_note, change, span};
use crate::letter::{Letter, MoneyChange};
use std::time::Duration;

fn lasts(life: Duration) -> String {
    let span = span(life, ("uur", "uur"), ("dag", "dagen"));
    format!("De link werkt één keer en is {span} geldig.")
}

const LABELS: Labels = Labels {
    discount: "Korting:",
    exempt: "Niet aangerekende belasting:",
    tax: "Belasting:",
    tax_inside: "Waarvan belasting:",
    total: "Totaal:",
    more: |n| format!("en nog {n}"),
};

pub(super) fn words(letter: &Letter, shop: &str) -> Words {
    let blank = |subject: String, lines: Vec<String>| Words {
        subject,
        greeting: "Hallo,",
        lines,
        button: None,
        copy: "Werkt de knop niet, open dan dit adres:",
        notes: Vec::new(),
        sender: format!("{shop} schrijft je over je account."),
    };
    let not_you =
        "Was jij het niet, dan kent misschien iemand anders je wachtwoord. Kies nu een nieuw:".to_owned();
    match letter {
        Letter::VerifyEmail { link, life } => Words {
            button: Some(("Adres bevestigen".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Heb je geen account geopend, doe dan niets: zonder jou wordt het niet bevestigd.".into(),
            ],
            ..blank(
                format!("Bevestig je adres voor {shop}"),
                vec![
                    format!("Met dit adres is een account bij {shop} geopend."),
                    "Bevestig dat het van jou is, zodat niemand anders het kan gebruiken.".into(),
                ],
            )
        },
        Letter::HasAccount { sign_in, forgotten } => Words {
            button: Some(("Inloggen".into(), sign_in.as_str().into())),
            notes: vec![
                format!("Wachtwoord vergeten? {}", forgotten.as_str()),
                "Heb je nergens om gevraagd, doe dan niets: je account is niet veranderd.".into(),
            ],
            ..blank(
                format!("Je hebt een account bij {shop}"),
                vec![format!(
                    "Iemand vroeg {shop} om een account met dit adres. Er is er al een, en die is van jou."
                )],
            )
        },
        Letter::ResetPassword { link, life } => Words {
            button: Some(("Nieuw wachtwoord kiezen".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Heb je er niet om gevraagd, doe dan niets: je wachtwoord blijft zoals het is.".into(),
            ],
            ..blank(
                format!("Een nieuw wachtwoord voor {shop}"),
                vec![format!("Iemand vroeg om een nieuw wachtwoord voor je account bij {shop}.")],
            )
        },
        Letter::PasswordChanged { forgotten } => Words {
            button: Some(("Nieuw wachtwoord kiezen".into(), forgotten.as_str().into())),
            ..blank(
                format!("Je wachtwoord voor {shop} is veranderd"),
                vec![
                    format!(
                        "Het wachtwoord van je account bij {shop} is zojuist veranderd. Was jij het, dan is alles in orde."
                    ),
                    not_you,
                ],
            )
        },
        Letter::ConfirmAddress { link, life } => Words {
            button: Some(("Dit adres gebruiken".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Heb je er niet om gevraagd, doe dan niets: zonder jou verandert er niets.".into(),
            ],
            ..blank(
                format!("Bevestig je nieuwe adres voor {shop}"),
                vec![format!("Dit moet het nieuwe adres van een account bij {shop} worden.")],
            )
        },
        Letter::AddressChangeAsked { new, forgotten } => Words {
            button: Some(("Nieuw wachtwoord kiezen".into(), forgotten.as_str().into())),
            ..blank(
                format!("Een nieuw adres voor je account bij {shop}"),
                vec![
                    format!(
                        "Iemand vroeg om het adres van je account bij {shop} te veranderen in {new}. Het verandert zodra dat adres is bevestigd. Was jij het, dan is alles in orde."
                    ),
                    not_you,
                ],
            )
        },
        Letter::AddressChanged { new } => blank(
            format!("Je adres voor {shop} is veranderd"),
            vec![
                format!("Het adres van je account bij {shop} is nu {new}. Log voortaan daarmee in."),
                "Was jij het niet, schrijf dan naar de winkel.".into(),
            ],
        ),
        Letter::Invitation { link, life, inviter, roles } => Words {
            button: Some(("Aannemen".into(), link.as_str().into())),
            notes: vec![lasts(*life), "Weet je niet waar dit over gaat, doe dan niets.".into()],
            sender: format!("{shop} schrijft je omdat iemand daar je adres kent."),
            ..blank(
                format!("Werk mee aan {shop}"),
                vec![
                    match inviter {
                        Some(name) => format!("{name} nodigt je uit om voor {shop} te werken."),
                        None => format!("Je bent uitgenodigd om voor {shop} te werken."),
                    },
                    format!("Je rol: {}.", roles.join(", ")),
                ],
            )
        },
        Letter::GiftCard { code, amount, until, shop: address } => Words {
            button: Some(("Naar de winkel".into(), address.as_str().into())),
            notes: vec!["Houd deze mail voor jezelf: wie de code kent, kan hem gebruiken.".into()],
            sender: format!("{shop} schrijft je omdat iemand daar je adres kent."),
            ..blank(
                format!("Een cadeaubon voor {shop}"),
                [
                    Some(format!("Je hebt een cadeaubon van {amount} voor {shop} gekregen.")),
                    Some(format!("De code: {}", code.as_str())),
                    Some("Vul hem in bij het betalen. Wat overblijft, blijft op de bon staan.".to_owned()),
                    until.map(|at| {
                        format!("Hij is geldig tot vóór {} (UTC).", at.date_time().format("%Y-%m-%d %H:%M"))
                    }),
                ]
                .into_iter()
                .flatten()
                .collect(),
            )
        },
        Letter::OrderEdited { number, changes, moved, total, money, link } => Words {
            button: Some(("Bestelling bekijken".into(), link.as_str().into())),
            sender: format!("{shop} schrijft je vanwege je bestelling daar."),
            ..blank(
                format!("Je bestelling {number} bij {shop} is gewijzigd"),
                [format!("{shop} heeft je bestelling {number} gewijzigd.")]
                    .into_iter()
                    .chain(changes.iter().map(change))
                    .chain(moved.then(|| "Ze gaat nu naar een ander adres.".to_owned()))
                    .chain([format!("Ze kost nu {total}.")])
                    .chain(match money {
                        MoneyChange::None => None,
                        MoneyChange::Back(amount) => {
                            Some(format!("Je krijgt {amount} terug zoals je hebt betaald."))
                        }
                        MoneyChange::Due(amount) => Some(format!(
                            "Betaal alsjeblieft {amount}: op de pagina van je bestelling staat hoe."
                        )),
                    })
                    .collect(),
            )
        },
        Letter::Quote { bill, note, link } => Words {
            button: Some(("Naar de winkel".into(), link.as_str().into())),
            notes: vec!["Er is nog niets besteld of opzijgelegd. De prijzen zijn die van vandaag.".into()],
            sender: format!("{shop} schrijft je omdat iemand daar een offerte voor je heeft geschreven."),
            ..blank(
                format!("Je offerte van {shop}"),
                [format!("{shop} heeft deze offerte voor je geschreven.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain([
                        "Beantwoord deze mail om ze aan te nemen of er iets aan te veranderen.".to_owned()
                    ])
                    .collect(),
            )
        },
        Letter::PaymentAsked { number, bill, note, due, link } => Words {
            button: Some(("Bestelling bekijken en betalen".into(), link.as_str().into())),
            sender: format!("{shop} schrijft je vanwege je bestelling daar."),
            ..blank(
                format!("Je bestelling {number} bij {shop} wacht op haar betaling"),
                [format!("{shop} heeft bestelling {number} voor je geplaatst.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain([format!("Betaal alsjeblieft {due}: op de pagina van je bestelling staat hoe.")])
                    .collect(),
            )
        },
        Letter::NewDevice { device, at, forgotten } => Words {
            button: Some(("Nieuw wachtwoord kiezen".into(), forgotten.as_str().into())),
            ..blank(
                format!("Inloggen vanaf een nieuw apparaat bij {shop}"),
                vec![
                    format!(
                        "Iemand heeft vanaf een apparaat dat we nog niet kenden ingelogd op je account bij {shop}. Was jij het, dan is alles in orde."
                    ),
                    format!("{} · {}", at.date_time().format("%d-%m-%Y %H:%M UTC"), device),
                    not_you,
                ],
            )
        },
    }
}
