//! Requests as the host sees them, and what they left in the database.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, header};
use identity::{Authenticated, Resolved, Visit};
use platform::{App, Ctx, Result};
use sea_orm::{ConnectionTrait, Statement};
use std::net::{IpAddr, Ipv4Addr};
use testkit::TestApp;

pub const PASSWORD: &str = "correct horse battery";

/// A request to `localhost:3000` unless `headers` name another host.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost:3000");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap().into_parts().0
}

pub async fn resolve(app: &App, path: &str, headers: &[(&str, &str)]) -> Result<Resolved> {
    identity::resolve(app, &request("GET", path, headers), Some(IpAddr::V4(Ipv4Addr::LOCALHOST))).await
}

/// Who a request with these headers is in the tenant `slug`.
pub async fn who(app: &App, slug: &str, headers: &[(&str, &str)]) -> Result<Authenticated> {
    let parts = request("GET", &format!("/t/{slug}/"), headers);
    let resolved = identity::resolve(app, &parts, None).await.unwrap();
    identity::authenticate(app, &resolved, &parts.headers).await
}

/// `name=value` of a `Set-Cookie` header.
pub fn cookie_pair(set_cookie: &str) -> &str {
    set_cookie.split(';').next().unwrap()
}

pub fn visit_from(address: [u8; 4]) -> Visit {
    Visit { client: IpAddr::V4(Ipv4Addr::from(address)), ..Visit::local() }
}

/// The number that a statement past all doors counts.
pub async fn count(app: &TestApp, sql: &str) -> i64 {
    let owner = app.database().owner().await;
    let statement = Statement::from_string(owner.get_database_backend(), sql);
    let row = owner.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Events of one kind in the outbox.
pub async fn events(app: &TestApp, kind: &str) -> i64 {
    count(app, &format!("SELECT count(*) FROM outbox WHERE kind = '{kind}'")).await
}

/// Opens a customer's account in the caller's tenant.
pub async fn register(ctx: &Ctx, email: &str, password: &str) -> Result<()> {
    let new = identity::Registration {
        email: email.to_owned(),
        password: password.to_owned(),
        name: "Anna".to_owned(),
        locale: None,
    };
    identity::register(ctx, new, &Visit::local()).await
}
