//! A running host over a fresh database with both demo shops, and people who talk to it over HTTP.

use identity::api_key::NewApiKey;
use identity::roles::RoleKey;
use identity::roles::edit::RoleInput;
use platform::config::List;
use platform::{App, Config, Db, SystemClock};
use primitives::{Grant, Permission, SystemRole, UserId};
use reqwest::header::{COOKIE, SET_COOKIE};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use server::host;
use std::net::SocketAddr;
use std::process::{Command, Output};
use std::sync::Arc;
use testkit::{Backend, Fixture, TestDb};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The password of everybody whom [`World::sign_in`] knows.
pub const PASSWORD: &str = "correct horse battery staple";

/// A host that serves `hearth` on `localhost` and `northbound` on `northbound.localhost`.
pub struct World {
    pub app: App,
    pub address: SocketAddr,
    pub database: TestDb,
    stop: CancellationToken,
}

impl Fixture for World {
    async fn create(backend: Backend) -> Self {
        Self::configured(backend, |_| {}).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    /// A host with a changed configuration.
    pub async fn configured(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDb::create(backend).await;
        let mut config = Config::default();
        config.database.url = database.url().to_owned();
        config.database.durable = false;
        config.media.dir = database.folder().join("media");
        config.media.fetch = false;
        config.outbound.allow_cidrs = List(vec!["127.0.0.0/8".to_owned()]);
        config.security.secret_key = Some("the secret key of every test host".to_owned());
        // As weak as the algorithm goes: the host is not started the way that checks it.
        config.security.hash_memory_kib = 8;
        config.security.hash_passes = 1;
        change(&mut config);
        let metrics = telemetry::Metrics::install().expect("a recorder");
        let db = Db::connect(&config.database).await.expect("connecting");
        let app = App::new(db, Arc::new(SystemClock), Arc::new(config));
        server::seed::demo(&app).await.expect("seeding the demo shops");
        let relay = events::Relay::new(app.clone(), identity::tenant_of, server::consumers());
        relay.drain().await.expect("projecting the demo shops");
        let stop = CancellationToken::new();
        tokio::spawn({
            let stop = stop.clone();
            async move { relay.run(stop).await }
        });
        server::modules::install(&app).expect("modules").start(&app).await.expect("starting the modules");
        let address = listen(&app, metrics, &stop).await;
        Self { app, address, database, stop }
    }

    /// Another process on the same database, that watches what this one does; gives back where it listens.
    pub async fn neighbour(&self) -> SocketAddr {
        let db = Db::connect(&self.app.config().database).await.expect("connecting");
        let app = App::new(db, Arc::new(SystemClock), Arc::new(self.app.config().clone()));
        for (_, job) in server::modules::watches(&app, &self.stop) {
            tokio::spawn(job);
        }
        listen(&app, telemetry::Metrics::install().expect("a recorder"), &self.stop).await
    }

    /// Somebody without any cookie, at the shop `tenant`.
    pub fn visitor(&self, tenant: &str) -> Visitor {
        let host = match tenant {
            "hearth" => format!("localhost:{}", self.address.port()),
            other => format!("{other}.localhost:{}", self.address.port()),
        };
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Visitor { http, address: self.address, host, cookies: Vec::new(), key: None }
    }

    /// A program with an API key.
    pub fn program(&self, tenant: &str, key: &str) -> Visitor {
        Visitor { key: Some(key.to_owned()), ..self.visitor(tenant) }
    }

    /// The books of both shops agree, once everything that was told has arrived: to be said at the end of a story.
    pub async fn holds(&self) {
        for tenant in ["hearth", "northbound"] {
            self.holds_in(tenant).await;
        }
    }

    /// As [`World::holds`], for one shop.
    pub async fn holds_in(&self, tenant: &str) {
        let begun = std::time::Instant::now();
        while self.number("SELECT count(*) FROM outbox_waiting").await > 0 {
            assert!(begun.elapsed().as_secs() < 60, "events are stuck");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let report = server::modules::verify(&self.system(tenant).await, || ()).await.expect("a report");
        assert!(report.holds(), "{tenant}: {:#?} and {} more", report.findings, report.more);
    }

    async fn system(&self, tenant: &str) -> platform::Ctx {
        let record = identity::tenant::find(&self.app, tenant).await.expect("the tenant");
        platform::Ctx::system(&self.app, record.info.clone(), "test")
    }

    /// Makes a role that allows exactly this.
    pub async fn role(&self, tenant: &str, grants: &[Grant]) -> RoleKey {
        let input = RoleInput {
            name: format!("Role {}", Uuid::new_v4().simple()),
            description: String::new(),
            permissions: grants.to_vec(),
        };
        identity::roles::edit::create(&self.system(tenant).await, input).await.expect("a role").key
    }

    /// Makes an account with a role of the shop's own and signs it in.
    pub async fn sign_in_with(&self, tenant: &str, role: RoleKey) -> Visitor {
        let (visitor, id) = self.account(tenant, "customer").await;
        let roles = vec![role];
        identity::roles::assign(&self.system(tenant).await, id, roles).await.expect("the role");
        visitor
    }

    /// Makes an API key that allows exactly this, of a fresh account with all permissions of an owner.
    pub async fn api_key(&self, tenant: &str, permissions: &[Permission]) -> String {
        let ctx = self.system(tenant).await;
        let email = format!("maker-{}@example.com", Uuid::new_v4().simple());
        let maker =
            identity::people::create(&ctx, &email, "Maker", PASSWORD, "owner").await.expect("a maker");
        let permissions_of_owner = SystemRole::Owner.permissions();
        let actor = platform::Actor::Staff { user: maker.id, permissions: permissions_of_owner };
        let new =
            NewApiKey { name: "Program".to_owned(), permissions: permissions.to_vec(), expires_at: None };
        identity::api_key::create(&ctx.with_actor(actor), new).await.expect("a key").1
    }

    /// Makes an account with `role` and signs it in.
    pub async fn sign_in(&self, tenant: &str, role: &str) -> Visitor {
        self.account(tenant, role).await.0
    }

    async fn account(&self, tenant: &str, role: &str) -> (Visitor, UserId) {
        let ctx = self.system(tenant).await;
        let email = format!("{role}-{}@example.com", Uuid::new_v4().simple());
        let person =
            identity::people::create(&ctx, &email, "Somebody", PASSWORD, role).await.expect("an account");
        let mut visitor = self.visitor(tenant);
        let answer = visitor
            .graphql(
                "mutation S($input: SignInInput!) { signIn(input: $input) { __typename } }",
                json!({ "input": { "email": email, "password": PASSWORD } }),
            )
            .await;
        assert_eq!(answer["data"]["signIn"]["__typename"], "SignInPayload", "{answer}");
        (visitor, person.id)
    }

    /// What an operator's command says, beside the host.
    pub async fn rustok(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rustok"));
        command.args(arguments);
        command.current_dir(self.database.folder()).env("RUSTOK_DATABASE_URL", self.database.url());
        tokio::task::spawn_blocking(move || command.output().expect("the command runs"))
            .await
            .expect("an end")
    }

    /// A plain connection past every door.
    pub async fn rows(&self) -> DatabaseConnection {
        self.database.owner().await
    }

    /// An id as SQL writes it.
    pub fn literal(&self, id: Uuid) -> String {
        match self.database.backend() {
            Backend::Sqlite => format!("x'{}'", id.simple()),
            Backend::Postgres => format!("'{id}'"),
        }
    }

    /// One UUID that a statement selects.
    pub async fn id(&self, sql: &str) -> Option<Uuid> {
        let rows = self.rows().await;
        let statement = Statement::from_string(rows.get_database_backend(), sql.to_owned());
        let row = rows.query_one_raw(statement).await.expect("a row");
        rows.close().await.expect("closing");
        row.map(|row| row.try_get_by_index(0).expect("an id"))
    }

    /// One number that a statement selects.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = self.rows().await;
        let statement = Statement::from_string(rows.get_database_backend(), sql.to_owned());
        let row = rows.query_one_raw(statement).await.expect("a row").expect("a row");
        rows.close().await.expect("closing");
        row.try_get_by_index(0).expect("a number")
    }
}

async fn listen(app: &App, metrics: telemetry::Metrics, stop: &CancellationToken) -> SocketAddr {
    let router = host::router(app, host::health::Health::new(metrics)).expect("a router");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let closing = stop.clone();
    tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move { closing.cancelled().await })
            .await
    });
    address
}

/// A browser or a client: keeps cookies, sends no redirect on.
#[derive(Clone)]
pub struct Visitor {
    http: reqwest::Client,
    address: SocketAddr,
    pub host: String,
    cookies: Vec<(String, String)>,
    /// Sent with every request, as a program does.
    key: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header as text, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Visitor {
    /// The same person at another process.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// `GET path`.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// `POST path` with a form, as a browser on the same page does.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self
            .request(reqwest::Method::POST, path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(serde_urlencoded::to_string(form).expect("a form"));
        self.send(request).await
    }

    /// A GraphQL request; the answer's body.
    pub async fn graphql(&mut self, query: &str, variables: Value) -> Value {
        let request = self
            .request(reqwest::Method::POST, "/api/graphql")
            .header("sec-fetch-site", "same-origin")
            .json(&json!({ "query": query, "variables": variables }));
        self.send(request).await.json()
    }

    /// A request that still can be changed.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            self.http.request(method, format!("http://{}{path}", self.address)).header("host", &self.host);
        let request = match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    /// Sends it and keeps the cookies.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        for cookie in headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            let (name, value) =
                text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Answer { status, headers, body: response.text().await.expect("a body") }
    }
}
