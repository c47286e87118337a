//! French.

use super::{Labels, Words, bill_and_note, change, span};
use crate::letter::{Letter, MoneyChange};
use std::time::Duration;

fn lasts(life: Duration) -> String {
    let span = span(life, ("heure", "heures"), ("jour", "jours"));
    format!("Le lien sert une seule fois et reste valable {span}.")
}

const LABELS: Labels = Labels {
    discount: "Remise :",
    exempt: "Taxe non facturée :",
    tax: "Taxe :",
    tax_inside: "Dont taxe :",
    total: "Total :",
    more: |n| format!("et {n} de plus"),
};

pub(super) fn words(letter: &Letter, shop: &str) -> Words {
    let blank = |subject: String, lines: Vec<String>| Words {
        subject,
        greeting: "Bonjour,",
        lines,
        button: None,
        copy: "Si le bouton ne fonctionne pas, ouvrez cette adresse :",
        notes: Vec::new(),
        sender: format!("{shop} vous écrit au sujet de votre compte."),
    };
    let not_you =
        "Si ce n’était pas vous, quelqu’un connaît peut-être votre mot de passe. Changez-le maintenant :"
            .to_owned();
    match letter {
        Letter::VerifyEmail { link, life } => Words {
            button: Some(("Confirmer cette adresse".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Si vous n’avez pas ouvert de compte, ne faites rien : sans vous, il n’est pas confirmé."
                    .into(),
            ],
            ..blank(
                format!("Confirmez votre adresse pour {shop}"),
                vec![
                    format!("Un compte chez {shop} a été ouvert avec cette adresse."),
                    "Confirmez qu’elle est à vous, pour que personne d’autre ne l’utilise.".into(),
                ],
            )
        },
        Letter::HasAccount { sign_in, forgotten } => Words {
            button: Some(("Se connecter".into(), sign_in.as_str().into())),
            notes: vec![
                format!("Mot de passe oublié ? {}", forgotten.as_str()),
                "Si vous n’avez rien demandé, ne faites rien : votre compte n’a pas changé.".into(),
            ],
            ..blank(
                format!("Vous avez un compte chez {shop}"),
                vec![format!(
                    "Quelqu’un a demandé à {shop} un compte avec cette adresse. Il y en a déjà un, et c’est le vôtre."
                )],
            )
        },
        Letter::ResetPassword { link, life } => Words {
            button: Some(("Choisir un nouveau mot de passe".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Si vous n’avez rien demandé, ne faites rien : votre mot de passe reste le même.".into(),
            ],
            ..blank(
                format!("Un nouveau mot de passe pour {shop}"),
                vec![format!("Quelqu’un a demandé un nouveau mot de passe pour votre compte chez {shop}.")],
            )
        },
        Letter::PasswordChanged { forgotten } => Words {
            button: Some(("Choisir un nouveau mot de passe".into(), forgotten.as_str().into())),
            ..blank(
                format!("Votre mot de passe pour {shop} a changé"),
                vec![
                    format!(
                        "Le mot de passe de votre compte chez {shop} vient d’être changé. Si c’était vous, tout va bien."
                    ),
                    not_you,
                ],
            )
        },
        Letter::ConfirmAddress { link, life } => Words {
            button: Some(("Utiliser cette adresse".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "Si vous n’avez rien demandé, ne faites rien : rien ne change sans vous.".into(),
            ],
            ..blank(
                format!("Confirmez votre nouvelle adresse pour {shop}"),
                vec![format!("Cette adresse doit devenir celle d’un compte chez {shop}.")],
            )
        },
        Letter::AddressChangeAsked { new, forgotten } => Words {
            button: Some(("Choisir un nouveau mot de passe".into(), forgotten.as_str().into())),
            ..blank(
                format!("Une nouvelle adresse pour votre compte chez {shop}"),
                vec![
                    format!(
                        "Quelqu’un a demandé que l’adresse de votre compte chez {shop} devienne {new}. Elle change dès que cette adresse est confirmée. Si c’était vous, tout va bien."
                    ),
                    not_you,
                ],
            )
        },
        Letter::AddressChanged { new } => blank(
            format!("Votre adresse pour {shop} a changé"),
            vec![
                format!(
                    "L’adresse de votre compte chez {shop} est désormais {new}. Connectez-vous avec elle."
                ),
                "Si ce n’était pas vous, écrivez à la boutique.".into(),
            ],
        ),
        Letter::Invitation { link, life, inviter, roles } => Words {
            button: Some(("Accepter".into(), link.as_str().into())),
            notes: vec![lasts(*life), "Si vous ne savez pas de quoi il s’agit, ne faites rien.".into()],
            sender: format!("{shop} vous écrit parce que quelqu’un y connaît votre adresse."),
            ..blank(
                format!("Travaillez avec {shop}"),
                vec![
                    match inviter {
                        Some(name) => format!("{name} vous invite à travailler pour {shop}."),
                        None => format!("Vous êtes invité à travailler pour {shop}."),
                    },
                    format!("Votre rôle : {}.", roles.join(", ")),
                ],
            )
        },
        Letter::GiftCard { code, amount, until, shop: address } => Words {
            button: Some(("Visiter la boutique".into(), address.as_str().into())),
            notes: vec!["Gardez ce message pour vous : qui connaît le code peut l’utiliser.".into()],
            sender: format!("{shop} vous écrit parce que quelqu’un y connaît votre adresse."),
            ..blank(
                format!("Une carte cadeau pour {shop}"),
                [
                    Some(format!("Vous avez reçu une carte cadeau de {amount} pour {shop}.")),
                    Some(format!("Son code : {}", code.as_str())),
                    Some(
                        "Saisissez-le au moment de payer. Ce qui reste ensuite reste sur la carte."
                            .to_owned(),
                    ),
                    until.map(|at| {
                        format!(
                            "Elle est valable jusqu’avant le {} (UTC).",
                            at.date_time().format("%Y-%m-%d %H:%M")
                        )
                    }),
                ]
                .into_iter()
                .flatten()
                .collect(),
            )
        },
        Letter::OrderEdited { number, changes, moved, total, money, link } => Words {
            button: Some(("Voir la commande".into(), link.as_str().into())),
            sender: format!("{shop} vous écrit à cause de votre commande."),
            ..blank(
                format!("Votre commande {number} chez {shop} a été modifiée"),
                [format!("{shop} a modifié votre commande {number}.")]
                    .into_iter()
                    .chain(changes.iter().map(change))
                    .chain(moved.then(|| "Elle part maintenant à une autre adresse.".to_owned()))
                    .chain([format!("Elle coûte maintenant {total}.")])
                    .chain(match money {
                        MoneyChange::None => None,
                        MoneyChange::Back(amount) => {
                            Some(format!("{amount} vous sont rendus par le moyen de paiement utilisé."))
                        }
                        MoneyChange::Due(amount) => Some(format!(
                            "Merci de payer {amount} : la page de votre commande indique comment."
                        )),
                    })
                    .collect(),
            )
        },
        Letter::Quote { bill, note, link } => Words {
            button: Some(("Visiter la boutique".into(), link.as_str().into())),
            notes: vec!["Rien n’est encore commandé ni réservé. Les prix sont ceux d’aujourd’hui.".into()],
            sender: format!("{shop} vous écrit parce que quelqu’un y a préparé un devis pour vous."),
            ..blank(
                format!("Votre devis de {shop}"),
                [format!("{shop} a préparé ce devis pour vous.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain([
                        "Répondez à ce message pour l’accepter ou pour y changer quelque chose.".to_owned()
                    ])
                    .collect(),
            )
        },
        Letter::PaymentAsked { number, bill, note, due, link } => Words {
            button: Some(("Voir la commande et payer".into(), link.as_str().into())),
            sender: format!("{shop} vous écrit à cause de votre commande."),
            ..blank(
                format!("Votre commande {number} chez {shop} attend son paiement"),
                [format!("{shop} a passé la commande {number} pour vous.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain([format!("Merci de payer {due} : la page de votre commande indique comment.")])
                    .collect(),
            )
        },
        Letter::NewDevice { device, at, forgotten } => Words {
            button: Some(("Choisir un nouveau mot de passe".into(), forgotten.as_str().into())),
            ..blank(
                format!("Connexion depuis un nouvel appareil chez {shop}"),
                vec![
                    format!(
                        "Quelqu’un s’est connecté à votre compte chez {shop} depuis un appareil que nous ne connaissions pas. Si c’était vous, tout va bien."
                    ),
                    format!("{} · {}", at.date_time().format("%d/%m/%Y %H:%M UTC"), device),
                    not_you,
                ],
            )
        },
    }
}
