//! What there is to say.

use primitives::{Email, Timestamp};
use std::fmt;
use std::time::Duration;

/// An address that opens something; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// A link to `address`.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(…)")
    }
}

/// What became of a line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChanged {
    /// What it is called.
    pub title: String,
    /// Pieces before; 0 when it is new.
    pub before: i64,
    /// Pieces after; 0 when it was taken away.
    pub after: i64,
}

/// What a change of an order does to its money; amounts are written for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoneyChange {
    /// Nothing that the customer has to know.
    None,
    /// So much goes back.
    Back(String),
    /// So much is to be paid.
    Due(String),
}

/// What something costs; amounts are written for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// What is bought.
    pub lines: Vec<BillLine>,
    /// Taken off all of it, if anything is.
    pub discount: Option<String>,
    /// Name and price of the delivery, if there is one.
    pub delivery: Option<(String, String)>,
    /// Tax that is not asked for, if prices hold it.
    pub exempt: Option<String>,
    /// Tax in or on the total, if there is any.
    pub tax: Option<String>,
    /// Whether the prices of the lines hold the tax.
    pub includes_tax: bool,
    /// What is to be paid.
    pub total: String,
}

/// One line of a [`Bill`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillLine {
    /// What it is called.
    pub title: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of all of them.
    pub total: String,
}

/// What is written to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// To somebody who opened an account: confirm that the address is yours.
    VerifyEmail {
        /// Confirms it.
        link: Link,
        /// How long it does.
        life: Duration,
    },
    /// To somebody whose address has an account, when somebody tried to open another one or to move one there.
    HasAccount {
        /// Signs in.
        sign_in: Link,
        /// Asks for a new password.
        forgotten: Link,
    },
    /// To somebody who has forgotten the password.
    ResetPassword {
        /// Sets a new one.
        link: Link,
        /// How long it does.
        life: Duration,
    },
    /// The password was changed.
    PasswordChanged {
        /// Asks for a new one.
        forgotten: Link,
    },
    /// To the new address of an account: confirm that it is yours.
    ConfirmAddress {
        /// Confirms it.
        link: Link,
        /// How long it does.
        life: Duration,
    },
    /// To the old address of an account: somebody asked to change it.
    AddressChangeAsked {
        /// The new address.
        new: Email,
        /// Asks for a new password.
        forgotten: Link,
    },
    /// To both: the address of the account is another one now.
    AddressChanged {
        /// The new address.
        new: Email,
    },
    /// To somebody who shall work for the shop.
    Invitation {
        /// Accepts.
        link: Link,
        /// How long it does.
        life: Duration,
        /// Name of whoever invites; nobody when the process itself does.
        inviter: Option<String>,
        /// Names of the roles.
        roles: Vec<String>,
    },
    /// To somebody who gets a gift card.
    GiftCard {
        /// Pays.
        code: Link,
        /// How much, written for people.
        amount: String,
        /// Until when; `None`: for good.
        until: Option<Timestamp>,
        /// Where it pays.
        shop: Link,
    },
    /// To whoever has ordered: the shop has changed the order.
    OrderEdited {
        /// Number that people say.
        number: i64,
        /// What became of its lines.
        changes: Vec<LineChanged>,
        /// Whether it goes to another address.
        moved: bool,
        /// What it costs now, written for people.
        total: String,
        /// What that does to the money.
        money: MoneyChange,
        /// Shows the order.
        link: Link,
    },
    /// To whom the shop offers something: what it would cost. Whoever answers the letter reaches the shop.
    Quote {
        /// What it is about, at the prices of now.
        bill: Bill,
        /// What the shop has to say; may be empty.
        note: String,
        /// The shop.
        link: Link,
    },
    /// To whom the shop has placed an order for: it is to be paid.
    PaymentAsked {
        /// Number that people say.
        number: i64,
        /// What it is about.
        bill: Bill,
        /// What the shop has to say; may be empty.
        note: String,
        /// What is still to be paid, written for people.
        due: String,
        /// Shows the order, and how it is paid.
        link: Link,
    },
    /// The account was signed in to from a device that was not seen before.
    NewDevice {
        /// What the browser calls itself.
        device: String,
        /// When.
        at: Timestamp,
        /// Asks for a new password.
        forgotten: Link,
    },
}

impl Letter {
    /// Name of the kind, as it is stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::HasAccount { .. } => "has_account",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AddressChangeAsked { .. } => "address_change_asked",
            Self::AddressChanged { .. } => "address_changed",
            Self::Invitation { .. } => "invitation",
            Self::GiftCard { .. } => "gift_card",
            Self::OrderEdited { .. } => "order_edited",
            Self::Quote { .. } => "quote",
            Self::PaymentAsked { .. } => "payment_asked",
            Self::NewDevice { .. } => "new_device",
        }
    }
}
