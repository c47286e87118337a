//! What every module's REST shares: routes return `Result<_, Error>`, the host gives the error its outer form.

use crate::Error;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The error travels to the host in the response's extensions; the host answers with a problem document
/// (RFC 9457) or, to browsers, with a page. The plain body is what remains without a host, in a module's own tests.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.message().to_owned()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// For routes that take `Result<Json<T>, JsonRejection>`.
impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(primitives::ErrorCode::BadUserInput, rejection.body_text())
    }
}
