//! What a module says has happened.

use platform::Error;
use primitives::FieldError;
use serde::Serialize;
use uuid::Uuid;

/// Something that has happened to one aggregate, typed by the module that owns it.
///
/// Modules keep one enum with `#[serde(untagged)]`, or one struct per event, so that the payload holds the
/// fields alone; the name stands in the envelope. A payload carries ids and facts, never personal data.
///
/// ```
/// use events::{Aggregate, DomainEvent, EventError, validate};
/// use primitives::ProductId;
///
/// #[derive(serde::Serialize)]
/// #[serde(untagged, rename_all_fields = "camelCase")]
/// enum CatalogEvent {
///     PriceUpdated { product_id: ProductId, old: i64, new: i64 },
/// }
///
/// impl DomainEvent for CatalogEvent {
///     fn kind(&self) -> &'static str {
///         "price.updated"
///     }
///     fn aggregate(&self) -> Aggregate {
///         let Self::PriceUpdated { product_id, .. } = self;
///         Aggregate::new("product", *product_id)
///     }
///     fn validate(&self) -> Result<(), EventError> {
///         let Self::PriceUpdated { old, new, .. } = self;
///         validate::not_negative("new", *new)?;
///         validate::changed("price", old, new)
///     }
/// }
/// ```
pub trait DomainEvent: Serialize + Send + Sync {
    /// The name in the contract, such as `product.updated`.
    fn kind(&self) -> &'static str;

    /// What it happened to. Events of one aggregate reach every consumer in the order of their commits.
    fn aggregate(&self) -> Aggregate;

    /// The rules of this event; checked before it is stored, and a refusal rolls the whole write back.
    /// Ids, names and the payload's size are checked for every event without being asked.
    fn validate(&self) -> Result<(), EventError>;

    /// Whether the write that says this leaves an entry in the audit log when a person does it. What is only intended,
    /// as by filling a cart, does not.
    fn is_audited(&self) -> bool {
        true
    }

    /// Version of the payload's shape; grows when a reader of the old shape could not read the new one.
    fn schema_version(&self) -> u16 {
        1
    }
}

/// The thing that an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// What it is: `product`, `order`.
    pub kind: &'static str,
    /// Which one.
    pub id: Uuid,
}

impl Aggregate {
    /// Names an aggregate by its kind and typed id.
    pub fn new(kind: &'static str, id: impl Into<Uuid>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// Why an event is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// An id is all zeros.
    #[error("{field} is the nil id")]
    NilId {
        /// The field.
        field: &'static str,
    },
    /// A value does not have the form that the contract asks for.
    #[error("{field} {value:?} must be {rule}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What was given, cut to 64 characters.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// A quantity or total is below zero.
    #[error("{field} is {value} and must not be negative")]
    Negative {
        /// The field.
        field: &'static str,
        /// What was given.
        value: i64,
    },
    /// A change from a value to the same value.
    #[error("{field} is the same before and after")]
    Unchanged {
        /// The field.
        field: &'static str,
    },
    /// A text is longer than allowed.
    #[error("{field} has {length} characters, allowed are {max}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Characters given.
        length: usize,
        /// Characters allowed.
        max: usize,
    },
    /// The payload is larger than allowed.
    #[error("payload has {bytes} bytes, allowed are {max}")]
    PayloadTooLarge {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The payload cannot be written as JSON.
    #[error("payload cannot be written as JSON: {0}")]
    Unwritable(String),
}

impl EventError {
    /// The field that the refusal is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NilId { field }
            | Self::Malformed { field, .. }
            | Self::Negative { field, .. }
            | Self::Unchanged { field }
            | Self::TooLong { field, .. } => field,
            Self::PayloadTooLarge { .. } | Self::Unwritable(_) => "payload",
        }
    }
}

impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        match error {
            // Only our own code can write these; whoever asked cannot mend them.
            EventError::NilId { .. } | EventError::Unwritable(_) => Error::internal(error),
            _ => Error::invalid_fields(vec![FieldError::new(error.field(), error.to_string())]),
        }
    }
}
