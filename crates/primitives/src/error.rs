//! The codes by which programs tell failures apart, the same in REST and GraphQL.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)*) => {
        /// Why a request failed, for programs. Texts for people come from the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name),*];

            /// The name outside, such as `NOT_FOUND`.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $text),* }
            }

            /// The HTTP status of a REST answer with this code.
            pub const fn http_status(self) -> u16 {
                match self { $(ErrorCode::$name => $status),* }
            }

            /// Reads a name as `as_str` gives it.
            pub fn parse(text: &str) -> Option<ErrorCode> {
                match text { $($text => Some(ErrorCode::$name),)* _ => None }
            }
        }
    };
}

codes! {
    /// The input breaks a rule; fields say which. A form that comes back uses 422 instead.
    BadUserInput = "BAD_USER_INPUT", 400;
    /// Nobody is signed in.
    Unauthenticated = "UNAUTHENTICATED", 401;
    /// Somebody is signed in and may not.
    Forbidden = "FORBIDDEN", 403;
    /// There is no such thing, or it belongs to another tenant.
    NotFound = "NOT_FOUND", 404;
    /// The thing has moved on since it was read.
    Conflict = "CONFLICT", 409;
    /// The first request with this idempotency key still runs.
    IdempotencyInProgress = "IDEMPOTENCY_IN_PROGRESS", 409;
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 422;
    /// There are fewer pieces than asked for.
    OutOfStock = "OUT_OF_STOCK", 422;
    /// The feature is switched off; 403 to staff.
    FeatureNotEnabled = "FEATURE_NOT_ENABLED", 404;
    /// The module is switched off; 403 to staff.
    ModuleDisabled = "MODULE_DISABLED", 404;
    /// The GraphQL document costs more than is allowed.
    QueryTooComplex = "QUERY_TOO_COMPLEX", 400;
    /// Too many requests; `Retry-After` says when.
    RateLimitExceeded = "RATE_LIMIT_EXCEEDED", 429;
    /// A dependency is away; `Retry-After` says when to come back.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", 503;
    /// Our fault; the answer holds nothing but the trace id.
    Internal = "INTERNAL_SERVER_ERROR", 500;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with one field of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Path of the field, dots between parts: `variants.2.price`.
    pub field: String,
    /// What is wrong, lower case, without a full stop.
    pub message: String,
}

impl FieldError {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
        }
        assert_eq!(ErrorCode::ALL.len(), 14);
    }
}
