//! The event store: everything that has become of a thing, fact by fact, and the state that the facts add up to.
//!
//! A module writes one enum of facts per kind of thing ([`Fact`]) and one state ([`Fold`]). [`append`] stores facts in
//! the transaction of the row that shows the state; the version that the writer expects is the lock: whoever is slower
//! gets a `CONFLICT`. Facts are never changed. One that was written in an older form is lifted to today's when it is read.
//!
//! ```
//! use events::stream::{Fact, Fold, Recorded};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! #[serde(tag = "kind", rename_all = "snake_case")]
//! enum Happened {
//!     Opened { name: String },
//!     Paid { amount: i64 },
//! }
//!
//! impl Fact for Happened {}
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct Account {
//!     name: String,
//!     balance: i64,
//! }
//!
//! impl Fold for Account {
//!     type Fact = Happened;
//!     const STREAM: &'static str = "account";
//!     const STATE_VERSION: u16 = 1;
//!
//!     fn begin(first: &Recorded<Happened>) -> Option<Self> {
//!         match &first.fact {
//!             Happened::Opened { name } => Some(Self { name: name.clone(), balance: 0 }),
//!             Happened::Paid { .. } => None,
//!         }
//!     }
//!
//!     fn apply(&mut self, next: &Recorded<Happened>) {
//!         if let Happened::Paid { amount } = &next.fact {
//!             self.balance += amount;
//!         }
//!     }
//! }
//! ```

mod append;
mod read;
mod snapshot;
mod upcast;

pub use append::{Appended, Batch, append, say, try_append};
pub use read::{fold, head, of_many, read, rebuild, story};
pub use snapshot::{Cached, cached, cached_many, forget, keep, load};

use platform::Error;
use primitives::{EventId, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Lifts a fact from one schema version to the next, with its `kind` among the fields; an error says in words what is
/// wrong with it.
pub type Upcaster = fn(&mut Map<String, Value>) -> Result<(), String>;

/// What happens to one kind of thing: an enum with `#[serde(tag = "kind")]`. It holds ids and facts, no personal data.
pub trait Fact: Serialize + DeserializeOwned + Send + Sync {
    /// How older forms are read: the first lifts schema version 1 to 2, the second 2 to 3, and so on. Empty while
    /// there has been one form only. A form that was ever written keeps its upcaster for ever.
    const UPCASTERS: &'static [Upcaster] = &[];
}

/// Version of the form in which facts are written now, from 1.
pub fn schema_version<F: Fact>() -> u16 {
    u16::try_from(F::UPCASTERS.len()).unwrap_or(u16::MAX).saturating_add(1)
}

/// The state that the facts of a stream add up to. The same facts always give the same state: no clock, no chance.
pub trait Fold: Clone + Serialize + DeserializeOwned + Send + Sync {
    /// What happens to it.
    type Fact: Fact;
    /// Name of this kind of stream, 1 to 64 letters, digits, `-`, `_`.
    const STREAM: &'static str;
    /// Grows whenever the state, or what [`Fold::apply`] makes of a fact, changes: older snapshots are worthless then.
    const STATE_VERSION: u16;

    /// The state after a fact that begins a stream, or begins it anew; `None` when it is none of those.
    fn begin(first: &Recorded<Self::Fact>) -> Option<Self>;

    /// Goes on with a fact that begins nothing.
    fn apply(&mut self, next: &Recorded<Self::Fact>);
}

/// What a snapshot must carry to be believed: it changes with the forms of the facts and of the state.
pub fn schema_hash<S: Fold>() -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(S::STREAM.as_bytes());
    hasher.update([0]);
    hasher.update(schema_version::<S::Fact>().to_be_bytes());
    hasher.update(S::STATE_VERSION.to_be_bytes());
    hasher.finalize().into()
}

/// A fact as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded<F> {
    /// Place in its stream, from 1.
    pub version: i64,
    /// What happened.
    pub fact: F,
    /// The event that told others about it, if one did.
    pub event: Option<EventId>,
    /// Who: `anonymous`, `customer`, `staff`, `api_key` or `system`.
    pub actor_kind: String,
    /// The account or key.
    pub actor: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

/// A state with the place in its stream up to which it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded<S> {
    /// The state.
    pub state: S,
    /// Version of the last fact in it.
    pub version: i64,
    /// When that one happened.
    pub at: Timestamp,
}

/// Why a stream cannot be folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Facts are missing.
    #[error("after fact {after} comes fact {found}")]
    Gap {
        /// The last one that is there.
        after: i64,
        /// The next one.
        found: i64,
    },
    /// The first fact begins nothing.
    #[error("fact {version} stands at the beginning and begins nothing")]
    NoBeginning {
        /// Its version.
        version: i64,
    },
    /// A fact is not in a form that this program can read.
    #[error("fact {version} cannot be read: {why}")]
    Unreadable {
        /// Its version.
        version: i64,
        /// What is wrong.
        why: String,
    },
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        Self::internal(broken)
    }
}
