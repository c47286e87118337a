//! The states of a product as types: a move that is not allowed does not compile.
//!
//! ```text
//! Draft ──publish──► Published ──archive──► Archived
//!   ▲ ◄──unpublish────┘   │                    │
//!   └──────archive────────┼────────────────────┤
//!   └──────────────────restore─────────────────┘
//! ```
//!
//! What is archived has to be restored first:
//!
//! ```compile_fail,E0599
//! use catalog::product::state::{Archived, Product, Published};
//! use primitives::Timestamp;
//!
//! fn publish(product: Product<Archived>, now: Timestamp) -> Product<Published> {
//!     product.publish(1, now).unwrap()
//! }
//! ```
//!
//! ```
//! use catalog::product::state::{Archived, Product, Published};
//! use primitives::Timestamp;
//!
//! fn publish(product: Product<Archived>, now: Timestamp) -> Product<Published> {
//!     product.restore().publish(1, now).unwrap()
//! }
//! ```

use primitives::{ProductId, Timestamp};

use crate::entity::product;
use crate::error::{CatalogError, Result};
use crate::view::ProductStatus;

/// Being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft;

/// Visible in the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Since when.
    pub at: Timestamp,
}

/// Put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived;

/// A product in a state; which moves it has depends on the state's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product<S> {
    id: ProductId,
    version: i64,
    state: S,
}

impl<S> Product<S> {
    /// Identity.
    pub fn id(&self) -> ProductId {
        self.id
    }

    /// The version it was loaded with.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Its state.
    pub fn state(&self) -> &S {
        &self.state
    }

    fn into<T>(self, state: T) -> Product<T> {
        Product { id: self.id, version: self.version, state }
    }
}

impl Product<Draft> {
    /// A product that was just thought of.
    pub fn draft(id: ProductId) -> Self {
        Self { id, version: 1, state: Draft }
    }

    /// Shows it in the shop. A shopper must have something to buy: it needs a variant.
    pub fn publish(self, variant_count: usize, now: Timestamp) -> Result<Product<Published>> {
        if variant_count == 0 {
            return Err(CatalogError::field(
                "variants",
                "a product needs at least one variant to be published",
            ));
        }
        Ok(self.into(Published { at: now }))
    }

    /// Puts it away.
    pub fn archive(self) -> Product<Archived> {
        self.into(Archived)
    }
}

impl Product<Published> {
    /// Takes it out of the shop to be worked on.
    pub fn unpublish(self) -> Product<Draft> {
        self.into(Draft)
    }

    /// Puts it away.
    pub fn archive(self) -> Product<Archived> {
        self.into(Archived)
    }
}

impl Product<Archived> {
    /// Takes it out of the archive, not yet visible.
    pub fn restore(self) -> Product<Draft> {
        self.into(Draft)
    }
}

/// A product as it was stored, its state known at run time only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// See [`Draft`].
    Draft(Product<Draft>),
    /// See [`Published`].
    Published(Product<Published>),
    /// See [`Archived`].
    Archived(Product<Archived>),
}

impl Stored {
    pub(crate) fn load(row: &product::Model) -> Result<Self> {
        let (id, version) = (ProductId::from_uuid(row.id), row.version);
        match row.status.parse() {
            Ok(ProductStatus::Draft) => Ok(Self::Draft(Product { id, version, state: Draft })),
            Ok(ProductStatus::Published) => {
                let at = Timestamp::from_millis(row.published_at.unwrap_or(row.updated_at));
                Ok(Self::Published(Product { id, version, state: Published { at } }))
            }
            Ok(ProductStatus::Archived) => Ok(Self::Archived(Product { id, version, state: Archived })),
            Err(()) => {
                Err(platform::Error::internal(format!("product {id} has the state {:?}", row.status)).into())
            }
        }
    }

    /// The state as a word.
    pub fn status(&self) -> ProductStatus {
        match self {
            Self::Draft(_) => ProductStatus::Draft,
            Self::Published(_) => ProductStatus::Published,
            Self::Archived(_) => ProductStatus::Archived,
        }
    }
}

/// What people ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Draft to published.
    Publish,
    /// Published to draft.
    Unpublish,
    /// Draft or published to archived.
    Archive,
    /// Archived to draft.
    Restore,
}

impl Move {
    /// Every move, for tables of what is possible.
    pub const ALL: [Self; 4] = [Self::Publish, Self::Unpublish, Self::Archive, Self::Restore];

    fn verb(self) -> &'static str {
        match self {
            Self::Publish => "published",
            Self::Unpublish => "unpublished",
            Self::Archive => "archived",
            Self::Restore => "restored",
        }
    }
}

/// Where a stored product gets by a move, or why it does not.
pub fn decide(from: Stored, wanted: Move, variant_count: usize, now: Timestamp) -> Result<Stored> {
    Ok(match (from, wanted) {
        (Stored::Draft(product), Move::Publish) => Stored::Published(product.publish(variant_count, now)?),
        (Stored::Draft(product), Move::Archive) => Stored::Archived(product.archive()),
        (Stored::Published(product), Move::Unpublish) => Stored::Draft(product.unpublish()),
        (Stored::Published(product), Move::Archive) => Stored::Archived(product.archive()),
        (Stored::Archived(product), Move::Restore) => Stored::Draft(product.restore()),
        (from, wanted) => {
            return Err(CatalogError::IllegalMove { from: from.status(), verb: wanted.verb() });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_five_moves_are_possible() {
        let now = Timestamp::from_millis(1);
        let id = ProductId::new();
        let draft = Product::draft(id);
        let states = [
            Stored::Draft(draft),
            Stored::Published(draft.into(Published { at: now })),
            Stored::Archived(draft.into(Archived)),
        ];
        let mut possible = Vec::new();
        for from in states {
            for wanted in Move::ALL {
                if let Ok(to) = decide(from, wanted, 1, now) {
                    possible.push((from.status(), to.status()));
                }
            }
        }
        let [draft, published, archived] =
            [ProductStatus::Draft, ProductStatus::Published, ProductStatus::Archived];
        assert_eq!(
            possible,
            [
                (draft, published),
                (draft, archived),
                (published, draft),
                (published, archived),
                (archived, draft)
            ]
        );
    }

    #[test]
    fn nothing_without_a_variant_is_published() {
        let draft = Stored::Draft(Product::draft(ProductId::new()));
        let error = decide(draft, Move::Publish, 0, Timestamp::from_millis(1)).unwrap_err();
        assert!(matches!(error, CatalogError::Invalid(fields) if fields[0].field == "variants"));
    }
}
