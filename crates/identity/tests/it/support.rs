//! Requests as the host sees them, and what they left in the database.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, header};
use identity::security::two_step;
use identity::tenant::domain;
use identity::tenant::proof::{Texts, look_up_with};
use identity::{Authenticated, Resolved, Visit};
use platform::{App, Clock, Ctx, Db, Result};
use primitives::Timestamp;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::{Backend, TestApp};

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

/// Runs `work` while somebody else has changed rows by `sql`, past all doors, and not committed yet; that is committed
/// once `work` waits for it, or after a second when it does not.
pub async fn meanwhile<T>(app: &TestApp, sql: &str, work: impl Future<Output = T>) -> T {
    let owner = app.database().owner().await;
    let other = owner.begin().await.unwrap();
    other.execute_unprepared(sql).await.unwrap();
    let commit = async {
        let begun = Instant::now();
        let postgres = app.database().backend() == Backend::Postgres;
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while begun.elapsed() < Duration::from_secs(1) && !(postgres && count(app, waits).await > 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        other.commit().await.unwrap();
    };
    tokio::join!(work, commit).0
}

/// Switches the second step of somebody on.
pub async fn enrol(app: &TestApp, person: &Ctx, password: &str) {
    let drawn = two_step::start(person, password, &Visit::local()).await.unwrap();
    let secret = totp_rs::Secret::try_from_base32(&drawn.secret).unwrap();
    let application = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let code = application.generate(u64::try_from(app.now().millis()).unwrap() / 1_000);
    two_step::confirm(person, &code.to_string()).await.unwrap();
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

/// A second process on the same database.
pub async fn second_process(app: &TestApp) -> App {
    struct Still(Timestamp);
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            self.0
        }
    }
    let config = app.app().config().clone();
    let db = Db::connect(&config.database).await.unwrap();
    App::new(db, Arc::new(Still(app.now())), Arc::new(config))
}

/// A name server in memory: texts by name.
#[derive(Default)]
pub struct Names(pub Mutex<HashMap<String, Vec<String>>>);

#[async_trait::async_trait]
impl Texts for Names {
    async fn texts(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.0.lock().unwrap().get(name).cloned().unwrap_or_default())
    }
}

/// The name server that this application asks.
pub fn names(app: &TestApp) -> Arc<Names> {
    let names = app.app().state(Names::default);
    look_up_with(app.app(), names.clone());
    names
}

/// Names a domain, puts the proof where it belongs and has it looked at.
pub async fn proved_domain(app: &TestApp, owner: &Ctx, host: &str) {
    let added = domain::add(owner, host).await.unwrap();
    names(app).0.lock().unwrap().insert(added.record_name, vec![added.record_value]);
    domain::verify(owner, host).await.unwrap();
}
