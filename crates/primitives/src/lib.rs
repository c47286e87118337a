//! Values that every layer shares: typed ids, money, names, permissions, error codes, cursors.
//!
//! Nothing here knows a database, a runtime or a clock, so all of it compiles to WASM.
//! Text from outside is parsed once, by the `parse` of its type, and trusted afterwards.
// MONEY rule 1: no floating point near an amount.
#![deny(clippy::float_arithmetic)]

mod contact;
mod country;
mod currency;
mod cursor;
mod error;
mod exchange;
mod id;
mod locale;
mod money;
mod permission;
mod quantity;
mod slug;
pub mod tax;
mod time;

pub use contact::{Email, EmailError, HostName, HostNameError};
pub use country::{Country, CountryError};
pub use currency::{Currency, CurrencyError};
pub use cursor::{Cursor, CursorError, Direction, MAX_PAGE, PageArgs, PageError};
pub use error::{ErrorCode, FieldError};
pub use exchange::{Exchange, ExchangeRate, ExchangeRateError, PriceStep};
pub use id::*;
pub use locale::{Locale, LocaleError};
pub use money::{Money, MoneyError, Rate, distribute, distribute_capped, round_half_away};
pub use permission::{Action, Grant, Permission, PermissionSet, Resource, Scope, SystemRole, UnknownName};
pub use quantity::{Quantity, QuantityError, Sku, SkuError};
pub use slug::{Slug, SlugError, TenantSlug, TenantSlugError};
pub use time::{Timestamp, TimestampError};

/// Implements text conversions for a type that has `parse`, `as_str` and a `String` inside.
macro_rules! text_value {
    ($name:ident, $error:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_value;
