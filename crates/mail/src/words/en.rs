//! English.

use super::{Labels, Words, bill_and_note, change, span};
use crate::letter::{Letter, MoneyChange};
use std::time::Duration;

fn lasts(life: Duration) -> String {
    let span = span(life, ("hour", "hours"), ("day", "days"));
    format!("The link works once and for {span}.")
}

const LABELS: Labels = Labels {
    discount: "Discount:",
    exempt: "Tax that is not asked for:",
    tax: "Tax:",
    tax_inside: "Tax in it:",
    total: "Total:",
    more: |n| format!("and {n} more"),
};

pub(super) fn words(letter: &Letter, shop: &str) -> Words {
    let blank = |subject: String, lines: Vec<String>| Words {
        subject,
        greeting: "Hello,",
        lines,
        button: None,
        copy: "If the button does not work, open this address:",
        notes: Vec::new(),
        sender: format!("{shop} wrote this because of your account there."),
    };
    let not_you = "If it was not you, somebody else may know your password. Set a new one now:".to_owned();
    match letter {
        Letter::VerifyEmail { link, life } => Words {
            button: Some(("Confirm this address".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "If you did not open an account, do nothing: without you it is not confirmed.".into(),
            ],
            ..blank(
                format!("Confirm your address for {shop}"),
                vec![
                    format!("An account at {shop} was opened with this address."),
                    "Confirm that it is yours, so that nobody else can use it.".into(),
                ],
            )
        },
        Letter::HasAccount { sign_in, forgotten } => Words {
            button: Some(("Sign in".into(), sign_in.as_str().into())),
            notes: vec![
                format!("You forgot the password? {}", forgotten.as_str()),
                "If you did not ask for anything, do nothing: your account has not changed.".into(),
            ],
            ..blank(
                format!("You have an account at {shop}"),
                vec![format!(
                    "Somebody asked {shop} for an account with this address. There is one already, and it is yours."
                )],
            )
        },
        Letter::ResetPassword { link, life } => Words {
            button: Some(("Set a new password".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "If you did not ask for it, do nothing: your password stays as it is.".into(),
            ],
            ..blank(
                format!("A new password for {shop}"),
                vec![format!("Somebody asked for a new password for your account at {shop}.")],
            )
        },
        Letter::PasswordChanged { forgotten } => Words {
            button: Some(("Set a new password".into(), forgotten.as_str().into())),
            ..blank(
                format!("Your password for {shop} was changed"),
                vec![
                    format!(
                        "The password of your account at {shop} was changed just now. If it was you, all is well."
                    ),
                    not_you,
                ],
            )
        },
        Letter::ConfirmAddress { link, life } => Words {
            button: Some(("Use this address".into(), link.as_str().into())),
            notes: vec![
                lasts(*life),
                "If you did not ask for it, do nothing: nothing changes without you.".into(),
            ],
            ..blank(
                format!("Confirm your new address for {shop}"),
                vec![format!("This shall be the new address of an account at {shop}.")],
            )
        },
        Letter::AddressChangeAsked { new, forgotten } => Words {
            button: Some(("Set a new password".into(), forgotten.as_str().into())),
            ..blank(
                format!("A new address for your account at {shop}"),
                vec![
                    format!(
                        "Somebody asked to change the address of your account at {shop} to {new}. It changes once that address is confirmed. If it was you, all is well."
                    ),
                    not_you,
                ],
            )
        },
        Letter::AddressChanged { new } => blank(
            format!("Your address for {shop} was changed"),
            vec![
                format!("The address of your account at {shop} is now {new}. Sign in with it from now on."),
                "If it was not you, write to the shop.".into(),
            ],
        ),
        Letter::Invitation { link, life, inviter, roles } => Words {
            button: Some(("Accept".into(), link.as_str().into())),
            notes: vec![lasts(*life), "If you do not know why you got this, do nothing.".into()],
            sender: format!("{shop} wrote this because somebody there knows your address."),
            ..blank(
                format!("Work with {shop}"),
                vec![
                    match inviter {
                        Some(name) => format!("{name} invites you to work for {shop}."),
                        None => format!("You are invited to work for {shop}."),
                    },
                    format!("Your part: {}.", roles.join(", ")),
                ],
            )
        },
        Letter::GiftCard { code, amount, until, shop: address } => Words {
            button: Some(("Look around".into(), address.as_str().into())),
            notes: vec!["Keep this mail to yourself: whoever knows the code can use it.".into()],
            sender: format!("{shop} wrote this because somebody there knows your address."),
            ..blank(
                format!("A gift card for {shop}"),
                [
                    Some(format!("You have been given a gift card of {amount} for {shop}.")),
                    Some(format!("Its code: {}", code.as_str())),
                    Some("Type it where you pay. What is left afterwards stays on the card.".to_owned()),
                    until.map(|at| {
                        format!("It pays before {} (UTC).", at.date_time().format("%Y-%m-%d %H:%M"))
                    }),
                ]
                .into_iter()
                .flatten()
                .collect(),
            )
        },
        Letter::OrderEdited { number, changes, moved, total, money, link } => Words {
            button: Some(("Look at the order".into(), link.as_str().into())),
            sender: format!("{shop} wrote this because of your order there."),
            ..blank(
                format!("Your order {number} at {shop} was changed"),
                [format!("{shop} has changed your order {number}.")]
                    .into_iter()
                    .chain(changes.iter().map(change))
                    .chain(moved.then(|| "It goes to another address now.".to_owned()))
                    .chain([format!("It costs {total} now.")])
                    .chain(match money {
                        MoneyChange::None => None,
                        MoneyChange::Back(amount) => Some(format!("You get {amount} back the way you paid.")),
                        MoneyChange::Due(amount) => {
                            Some(format!("Please pay {amount}: the page of your order says how."))
                        }
                    })
                    .collect(),
            )
        },
        Letter::Quote { bill, note, link } => Words {
            button: Some(("Look around".into(), link.as_str().into())),
            notes: vec!["Nothing is ordered or kept for you yet. The prices are those of today.".into()],
            sender: format!("{shop} wrote this because somebody there has written a quote for you."),
            ..blank(
                format!("Your quote from {shop}"),
                [format!("{shop} has written this quote for you.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain(["Answer this letter to order it, or to have something changed.".to_owned()])
                    .collect(),
            )
        },
        Letter::PaymentAsked { number, bill, note, due, link } => Words {
            button: Some(("Look at the order and pay".into(), link.as_str().into())),
            sender: format!("{shop} wrote this because of your order there."),
            ..blank(
                format!("Your order {number} at {shop} waits for its payment"),
                [format!("{shop} has placed order {number} for you.")]
                    .into_iter()
                    .chain(bill_and_note(bill, note, &LABELS))
                    .chain([format!("Please pay {due}: the page of your order says how.")])
                    .collect(),
            )
        },
        Letter::NewDevice { device, at, forgotten } => Words {
            button: Some(("Set a new password".into(), forgotten.as_str().into())),
            ..blank(
                format!("A new device signed in at {shop}"),
                vec![
                    format!(
                        "Somebody signed in to your account at {shop} from a device that we had not seen before. If it was you, all is well."
                    ),
                    format!("{} · {}", at.date_time().format("%Y-%m-%d %H:%M UTC"), device),
                    not_you,
                ],
            )
        },
    }
}
