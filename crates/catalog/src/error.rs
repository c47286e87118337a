//! What can go wrong here, each with one code for programs.

use platform::Error;
use primitives::{ErrorCode, FieldError, VariantId};

use crate::view::ProductStatus;

/// Result with [`CatalogError`].
pub type Result<T, E = CatalogError> = std::result::Result<T, E>;

/// A variant of which less is left than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which one.
    pub variant: VariantId,
    /// How many were asked for.
    pub wanted: i64,
    /// How many can be had now, not below 0.
    pub available: i64,
}

/// Why a use case of the catalogue refused.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A door, the database or another module.
    #[error(transparent)]
    Platform(#[from] Error),
    /// The input is wrong, each error at its field.
    #[error("{}", first(.0))]
    Invalid(Vec<FieldError>),
    /// Somebody else saved first.
    #[error("this {kind} was changed by somebody else, it is now at version {version}")]
    Changed {
        /// Kind of thing.
        kind: &'static str,
        /// The version it has now.
        version: i64,
    },
    /// The address belongs to another one.
    #[error("the address {slug} is taken")]
    SlugTaken {
        /// The address.
        slug: String,
    },
    /// The state does not allow the move.
    #[error("a product that is {} cannot be {verb}", .from.as_str())]
    IllegalMove {
        /// State it is in.
        from: ProductStatus,
        /// What was asked for.
        verb: &'static str,
    },
    /// Less is there than was asked for.
    #[error("not enough in stock")]
    OutOfStock(Vec<Shortage>),
    /// The count on the shelf would fall under what is promised.
    #[error("{reserved} pieces are promised to orders, so {on_hand} cannot be all there is")]
    Promised {
        /// Field of the input, such as `items.0.onHand`.
        field: String,
        /// Promised pieces.
        reserved: i64,
        /// The count that was refused.
        on_hand: i64,
    },
    /// Pieces of it are promised to orders in progress.
    #[error("orders in progress hold pieces of this, it cannot be deleted now")]
    Held,
    /// The file cannot be read as the Shopify layout at all.
    #[error("line {line}: {message}")]
    File {
        /// Line of the file, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
}

fn first(fields: &[FieldError]) -> String {
    fields.first().map_or_else(|| "input is not valid".to_owned(), |f| format!("{}: {}", f.field, f.message))
}

impl CatalogError {
    /// One wrong field.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }
}

impl From<CatalogError> for Error {
    fn from(error: CatalogError) -> Self {
        let text = error.to_string();
        match error {
            CatalogError::Platform(error) => error,
            CatalogError::Invalid(fields) => Error::invalid_fields(fields),
            CatalogError::Changed { .. } => {
                Error::conflict(text).with_field("version", "somebody else saved first")
            }
            CatalogError::SlugTaken { .. } => Error::conflict(text.clone()).with_field("slug", text),
            CatalogError::IllegalMove { .. } | CatalogError::Held => Error::conflict(text),
            CatalogError::OutOfStock(short) => {
                let error = Error::new(ErrorCode::OutOfStock, text);
                short.iter().fold(error, |error, s| {
                    error.with_field(
                        s.variant.to_string(),
                        format!("{} left, {} wanted", s.available, s.wanted),
                    )
                })
            }
            CatalogError::Promised { ref field, .. } => Error::invalid(field.clone(), text),
            CatalogError::File { .. } => Error::invalid("csv", text),
        }
    }
}
