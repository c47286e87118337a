//! What can go wrong here, each with one code for programs.

use catalog::CatalogError;
use platform::Error;
use primitives::{ErrorCode, FieldError, Money, MoneyError};

use crate::order::Refusal;

/// Result with [`CommerceError`].
pub type Result<T, E = CommerceError> = std::result::Result<T, E>;

/// Why a use case refused.
#[derive(Debug, thiserror::Error)]
pub enum CommerceError {
    /// A door, the database or another module.
    #[error(transparent)]
    Platform(#[from] Error),
    /// The catalogue, such as too little stock.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The input is wrong, each error at its field.
    #[error("{}", first(.0))]
    Invalid(Vec<FieldError>),
    /// The cart has nothing to buy, or a line that has to be mended first.
    #[error("{message}")]
    CartNotReady {
        /// In words.
        message: String,
        /// The lines that stand in the way.
        lines: Vec<FieldError>,
    },
    /// The total is not the one that the shopper saw.
    #[error("the total is now {actual}, you saw {expected}")]
    TotalChanged {
        /// What the shopper saw.
        expected: Money,
        /// What it is now.
        actual: Money,
        /// What made the difference.
        changes: Vec<FieldError>,
    },
    /// Somebody else was faster to take the last use of a promotion.
    #[error("{name} has just been used up: look at the new total")]
    PromotionGone {
        /// What shoppers call it.
        name: String,
    },
    /// What gift cards and store credit leave to pay is not what the shopper saw.
    #[error("what is left to pay is now {actual}, you saw {expected}")]
    DueChanged {
        /// What the shopper saw.
        expected: Money,
        /// What it is now.
        actual: Money,
    },
    /// Somebody else was faster to take what was on a gift card or of store credit.
    #[error("less is left on {name} than a moment ago: look at what is left to pay")]
    TenderGone {
        /// How shoppers know it.
        name: String,
    },
    /// The idempotency key belongs to another request.
    #[error("this idempotency key was used for another order")]
    KeyReused,
    /// Somebody else changed the order first.
    #[error("this order was changed by somebody else, it is now at version {version}")]
    Changed {
        /// The version it has now.
        version: i64,
    },
    /// The state of the order does not allow the move.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The gateway cannot be asked now, or has not answered.
    #[error("{0}")]
    Gateway(String),
    /// An amount left the range of minor units.
    #[error("the amount is too large")]
    Amount(#[from] MoneyError),
}

fn first(fields: &[FieldError]) -> String {
    fields.first().map_or_else(|| "input is not valid".to_owned(), |f| format!("{}: {}", f.field, f.message))
}

impl CommerceError {
    /// One wrong field.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    pub(crate) fn not_found(kind: &str) -> Self {
        Self::Platform(Error::not_found(kind))
    }
}

impl From<CommerceError> for Error {
    fn from(error: CommerceError) -> Self {
        let text = error.to_string();
        match error {
            CommerceError::Platform(error) => error,
            CommerceError::Catalog(error) => error.into(),
            CommerceError::Invalid(fields) => Self::invalid_fields(fields),
            CommerceError::CartNotReady { lines, .. } => {
                let soldout = lines.iter().any(|line| line.field.starts_with("lines."));
                let code = if soldout { ErrorCode::OutOfStock } else { ErrorCode::BadUserInput };
                with_fields(Self::new(code, text), lines)
            }
            CommerceError::TotalChanged { changes, .. } => {
                with_fields(Self::conflict(text.clone()).with_field("expectedTotal", text), changes)
            }
            CommerceError::PromotionGone { .. } => {
                Self::conflict(text.clone()).with_field("expectedTotal", text)
            }
            CommerceError::DueChanged { .. } | CommerceError::TenderGone { .. } => {
                Self::conflict(text.clone()).with_field("expectedDue", text)
            }
            CommerceError::KeyReused => Self::new(ErrorCode::IdempotencyKeyReused, text),
            CommerceError::Changed { .. } | CommerceError::Refused(_) => Self::conflict(text),
            CommerceError::Gateway(_) => Self::unavailable(text),
            CommerceError::Amount(_) => Self::new(ErrorCode::BadUserInput, text),
        }
    }
}

fn with_fields(error: Error, fields: Vec<FieldError>) -> Error {
    fields.into_iter().fold(error, |error, field| error.with_field(field.field, field.message))
}
