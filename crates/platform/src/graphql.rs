//! What every module's GraphQL shares: scalars, money, errors, the way from a resolver to its [`Ctx`].

use crate::{Ctx, Error};
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ErrorExtensions, InputValueError, InputValueResult,
    OutputType, Positioned, Scalar, ScalarType, ServerResult, SimpleObject, Value,
};
use primitives::{ErrorCode, Money as Amount, Timestamp};
use std::borrow::Cow;
use std::pin::Pin;

/// The call that a resolver serves.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` when the host forgot to put it there.
pub fn ctx_of<'a>(context: &Context<'a>) -> async_graphql::Result<&'a Ctx> {
    context.data::<Ctx>().map_err(|_| failure(Error::internal("no Ctx in the GraphQL context")))
}

/// Maps an error to GraphQL: `extensions.code`, `extensions.fields` and, where waiting helps,
/// `extensions.retry_after_seconds`; causes stay in the log.
pub fn failure(error: impl Into<Error>) -> async_graphql::Error {
    let error: Error = error.into();
    match (error.code(), error.cause()) {
        (ErrorCode::Internal, _) => tracing::error!(report = %error.report(), "a resolver failed"),
        (ErrorCode::ServiceUnavailable, Some(_)) => {
            tracing::warn!(report = %error.report(), "a resolver could not be served");
        }
        _ => {}
    }
    async_graphql::Error::new(error.message().to_owned()).extend_with(|_, extensions| {
        extensions.set("code", error.code().as_str());
        if let Some(seconds) = error.retry_after_seconds() {
            extensions.set("retry_after_seconds", seconds);
        }
        if !error.fields().is_empty() {
            let fields = error
                .fields()
                .iter()
                .map(|field| {
                    Value::Object(
                        [
                            (async_graphql::Name::new("field"), Value::from(field.field.clone())),
                            (async_graphql::Name::new("message"), Value::from(field.message.clone())),
                        ]
                        .into_iter()
                        .collect(),
                    )
                })
                .collect();
            extensions.set("fields", Value::List(fields));
        }
    })
}

/// Parses an `ID` argument; a text that is no id is answered like an id that does not exist.
pub fn parse_id<T: std::str::FromStr>(id: &async_graphql::ID, kind: &str) -> async_graphql::Result<T> {
    id.parse().map_err(|_| failure(Error::not_found(kind)))
}

/// A whole number beyond 32 bits, as a JSON number; amounts are in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long(pub i64);

#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => {
                number.as_i64().map(Long).ok_or_else(|| InputValueError::custom("must be a whole number"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

/// A moment, RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Timestamp::parse(text)
                .map(DateTime)
                .map_err(|_| InputValueError::custom("must be a date and time such as 2026-11-21T09:30:00Z")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.rfc3339())
    }
}

/// An amount of money.
#[derive(Clone, Debug, SimpleObject)]
pub struct Money {
    /// In minor units: 1299 is 12.99 EUR.
    pub minor: Long,
    /// ISO 4217 code.
    pub currency: String,
    /// Exact decimal text: `12.99`.
    pub decimal: String,
    /// For people, in the shop's language: `€12.99`.
    pub formatted: String,
}

impl Money {
    /// The amount, written for the caller's language.
    pub fn of(amount: Amount, locale: &primitives::Locale) -> Self {
        Self {
            minor: Long(amount.minor),
            currency: amount.currency.code().to_owned(),
            decimal: amount.decimal(),
            formatted: amount.format(locale),
        }
    }
}

/// Where a page of a Relay connection stands.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct PageInfo {
    /// Whether there is more after `endCursor`.
    pub has_next_page: bool,
    /// Whether there is more before `startCursor`.
    pub has_previous_page: bool,
    /// Cursor of the first edge.
    pub start_cursor: Option<String>,
    /// Cursor of the last edge.
    pub end_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn errors_say_when_to_come_back() {
        let extensions = |error: Error| {
            let answer = async_graphql::Response::from_errors(vec![
                failure(error).into_server_error(async_graphql::Pos::default()),
            ]);
            serde_json::to_value(answer).unwrap()["errors"][0]["extensions"].clone()
        };
        assert_eq!(
            extensions(Error::rate_limited(Duration::from_millis(7_001))),
            serde_json::json!({"code": "RATE_LIMIT_EXCEEDED", "retry_after_seconds": 8})
        );
        assert_eq!(extensions(Error::unavailable("busy"))["retry_after_seconds"], 2);
        assert_eq!(extensions(Error::conflict("no")), serde_json::json!({"code": "CONFLICT"}));
    }
}

/// A part of a merged object whose calls live on the heap.
///
/// What is being answered is as large as the largest of all resolvers, and a merged object holds it once for each of its
/// parts, on the stack: thirty parts of 35 kB each do not fit beside what the resolver itself needs.
#[derive(Default)]
pub struct Boxed<T>(T);

/// What a part is asked, of one size whatever it is.
type Answer<'a> = Pin<Box<dyn Future<Output = ServerResult<Option<Value>>> + Send + 'a>>;

impl<T: ContainerType> ContainerType for Boxed<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let answer: Answer<'_> = Box::pin(self.0.resolve_field(ctx));
        answer.await
    }

    async fn find_entity(&self, ctx: &Context<'_>, params: &Value) -> ServerResult<Option<Value>> {
        let answer: Answer<'_> = Box::pin(self.0.find_entity(ctx, params));
        answer.await
    }
}

impl<T: OutputType> OutputType for Boxed<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}
