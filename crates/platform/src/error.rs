//! One error for everything that leaves a module: a code for programs, a text for people, fields for forms.

use primitives::{ErrorCode, FieldError};
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the terms of CONTRACT's error table.
///
/// Cheap to clone, so that one failed load can answer every caller that waited for it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    /// Innermost first: what we were doing when it happened.
    doing: Vec<Cow<'static, str>>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    retryable: bool,
    retry_after: Option<Duration>,
    /// Instead of the status of the code.
    status: Option<u16>,
}

impl Error {
    /// An error with a code and a text that may be shown to whoever asked.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            code,
            message: message.into(),
            fields: Vec::new(),
            doing: Vec::new(),
            source: None,
            retryable: false,
            retry_after: None,
            status: None,
        }))
    }

    /// `NOT_FOUND`: there is no such thing, or it belongs to somebody else.
    pub fn not_found(kind: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("{kind} not found"))
    }

    /// `BAD_USER_INPUT` on one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// `BAD_USER_INPUT` on several fields; the text is the first field's.
    pub fn invalid_fields(fields: Vec<FieldError>) -> Self {
        let message = fields
            .first()
            .map_or_else(|| "input is not valid".to_owned(), |f| format!("{}: {}", f.field, f.message));
        let mut error = Self::new(ErrorCode::BadUserInput, message);
        error.edit().fields = fields;
        error
    }

    /// `CONFLICT`: the thing changed under the caller, or a unique name is taken.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// `FORBIDDEN`: the caller is known and may not.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Forbidden, message)
    }

    /// `UNAUTHENTICATED`: sign in first.
    pub fn unauthenticated() -> Self {
        Self::new(ErrorCode::Unauthenticated, "sign in to do this")
    }

    /// `SERVICE_UNAVAILABLE`: try again later.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ServiceUnavailable, message)
    }

    /// `RATE_LIMIT_EXCEEDED`: the same request is let through after `wait`, no sooner.
    pub fn rate_limited(wait: Duration) -> Self {
        let mut error = Self::new(ErrorCode::RateLimitExceeded, "");
        error.edit().retry_after = Some(wait);
        let seconds = error.retry_after_seconds().unwrap_or_default();
        error.edit().message = format!("too many attempts, try again in {seconds} s").into();
        error
    }

    /// `INTERNAL_SERVER_ERROR`; the cause is logged, never shown.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(ErrorCode::Internal, "something went wrong on our side");
        error.edit().source = Some(Arc::from(source.into()));
        error
    }

    /// The code for programs.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The status of an HTTP answer with this error: that of its code, unless [`Error::with_status`] said otherwise.
    pub fn status(&self) -> u16 {
        self.0.status.unwrap_or_else(|| self.code().http_status())
    }

    /// The same error with another HTTP status: what is 404 to shoppers may be 403 to staff.
    pub fn with_status(mut self, status: u16) -> Self {
        self.edit().status = Some(status);
        self
    }

    /// The text for people, safe to show.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Errors at their fields; empty unless the input was wrong.
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The same error with one more field in its list.
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.edit().fields.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    /// The cause, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Everything there is to know, for the log: what we were doing, the text, the cause.
    pub fn report(&self) -> String {
        let mut text = String::new();
        for doing in self.0.doing.iter().rev() {
            text.push_str(doing);
            text.push_str(": ");
        }
        text.push_str(&self.0.message);
        if let Some(source) = &self.0.source {
            text.push_str(": ");
            text.push_str(&source.to_string());
        }
        text
    }

    /// Whether the database asks for the transaction to be run again (PostgreSQL 40001, 40P01).
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// When to come back, in whole seconds, at least one: what was said when the request was refused, else a moment
    /// where coming back helps at all, else nothing.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let whole = |wait: Duration| wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let usual = match self.code() {
            ErrorCode::ServiceUnavailable | ErrorCode::RateLimitExceeded => Some(2),
            _ => None,
        };
        self.0.retry_after.map(|wait| whole(wait).max(1)).or(usual)
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            let mut conflict = Self::conflict("this already exists");
            conflict.edit().source = Some(Arc::new(error));
            return conflict;
        }
        let code = sqlstate(&error);
        let retryable = matches!(code.as_deref(), Some("40001" | "40P01"));
        let mut mapped = match &error {
            DbErr::RecordNotUpdated | DbErr::RecordNotFound(_) => Self::not_found("record"),
            _ if retryable => {
                Self::unavailable("somebody else changed the same thing at the same time, try again")
            }
            _ if is_away(&error, code.as_deref()) => Self::unavailable("the database is busy, try again"),
            _ => Self::new(ErrorCode::Internal, "something went wrong on our side"),
        };
        mapped.edit().retryable = retryable;
        mapped.edit().source = Some(Arc::new(error));
        mapped
    }
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn sqlstate(error: &DbErr) -> Option<String> {
    sqlx_error(error)?.as_database_error()?.code().map(|code| code.into_owned())
}

/// Whether the connection under a statement is gone.
pub(crate) fn is_lost(error: &DbErr) -> bool {
    matches!(sqlx_error(error), Some(sqlx::Error::Io(_))) || sqlstate(error).as_deref() == Some("57P01")
}

/// Whether the database did not get to the statement or not to its end: it is down, restarting, full, locked, or too
/// slow. What was asked is not to blame and may well work later.
fn is_away(error: &DbErr, code: Option<&str>) -> bool {
    use sqlx::Error as E;
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return true;
    }
    match (sqlx_error(error), code) {
        (Some(E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed), _) => true,
        // PostgreSQL: connection, resources, time-outs, shutdown, system.
        (Some(_), Some(code)) if code.len() == 5 => {
            matches!(&code[..2], "08" | "53" | "57" | "58") || matches!(code, "55P03" | "25P03" | "25P04")
        }
        // SQLite's extended codes hold the primary one in their low byte: busy, locked, I/O, full, cannot open.
        (Some(_), Some(code)) => {
            code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
        }
        _ => false,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.report())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn std::error::Error + 'static))
    }
}

/// Runs `work` again, at most four times, while the database asks for it (PostgreSQL 40001, 40P01).
///
/// # Errors
/// Whatever the last run gave.
pub async fn retry<T, F: Future<Output = Result<T>>>(mut work: impl FnMut() -> F) -> Result<T> {
    for attempt in 1..=4_u64 {
        match work().await {
            Err(error) if error.is_retryable() => {
                let wait = rand::random_range(1..=20 * attempt);
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            result => return result,
        }
    }
    work().await
}

/// Says what we were doing, for whoever reads the log.
pub trait Context<T> {
    /// Adds `doing` ("reserving stock for order") in front of the error's report.
    fn context(self, doing: impl Into<Cow<'static, str>>) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl Into<Cow<'static, str>>) -> Result<T> {
        self.map_err(|error| {
            let mut error: Error = error.into();
            error.edit().doing.push(doing.into());
            error
        })
    }
}
