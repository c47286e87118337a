//! Configuration: defaults, then `rustok.toml`, then environment; checked once, at start.
//!
//! Every key is `RUSTOK_SECTION__KEY` in the environment; the common ones have short names ([`SHORT_NAMES`]).
//! A key that does not exist and a value that is not allowed stop the start.

mod check;
mod load;

pub use load::ConfigError;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Short names of common keys, as CONTRACT fixes them.
pub const SHORT_NAMES: [(&str, &str); 12] = [
    ("RUSTOK_DATABASE_URL", "database.url"),
    ("RUSTOK_REPLICA_URL", "database.replica_url"),
    ("RUSTOK_REDIS_URL", "cache.redis_url"),
    ("RUSTOK_LISTEN", "server.listen"),
    ("RUSTOK_PUBLIC_URL", "server.public_url"),
    ("RUSTOK_BASE_DOMAINS", "server.base_domains"),
    ("RUSTOK_TRUSTED_PROXIES", "server.trusted_proxies"),
    ("RUSTOK_EVENT_TRANSPORT", "events.transport"),
    ("RUSTOK_EVENT_URL", "events.url"),
    ("RUSTOK_PAYMENT_GATEWAY_URL", "payments.gateway_url"),
    ("RUSTOK_OUTBOUND_ALLOW_CIDRS", "outbound.allow_cidrs"),
    ("RUSTOK_SECRET_KEY", "security.secret_key"),
];

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Databases.
    pub database: DatabaseConfig,
    /// The host.
    pub server: ServerConfig,
    /// Keys and limits of sign-in.
    pub security: SecurityConfig,
    /// Who did what.
    pub audit: AuditConfig,
    /// Outbox and relay.
    pub events: EventsConfig,
    /// Caches.
    pub cache: CacheConfig,
    /// Payment gateway.
    pub payments: PaymentsConfig,
    /// Mail.
    pub mail: MailConfig,
    /// Calls to the outside.
    pub outbound: OutboundConfig,
    /// Pictures.
    pub media: MediaConfig,
    /// Limits of GraphQL documents.
    pub graphql: GraphqlConfig,
    /// Orders and reservations.
    pub orders: OrdersConfig,
    /// Tenants.
    pub tenants: TenantsConfig,
    /// Logging.
    pub log: LogConfig,
}

macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $key:ident: $type:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$doc])* pub $key: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }
    };
}

section! {
    /// Databases.
    DatabaseConfig {
        /// `sqlite://path` or `postgres://user:password@host/name`.
        url: String = "sqlite://./data/rustok.db".to_owned(),
        /// PostgreSQL read replica.
        replica_url: Option<String> = None,
        /// Connections for tenants' rows, to the database and to its replica each, 1 to 500. On PostgreSQL up to six more are
        /// for platform-wide tables and notifications.
        max_connections: u32 = 12,
        /// Longest run of one statement, milliseconds.
        statement_timeout_ms: u64 = 10_000,
        /// Longest run of one writing transaction, milliseconds; after that it is undone.
        write_timeout_ms: u64 = 30_000,
        /// Whether a commit waits for the disk; `false` only for throw-away databases (tests).
        durable: bool = true,
    }
}

section! {
    /// The host.
    ServerConfig {
        /// Address and port.
        listen: String = "127.0.0.1:3000".to_owned(),
        /// Address that links in mails and feeds begin with; default: the address of the request.
        public_url: Option<String> = None,
        /// Domains whose subdomains are tenants, separated by commas.
        base_domains: List = List::default(),
        /// Networks (CIDR) whose forwarded headers are believed, separated by commas.
        trusted_proxies: List = List::default(),
        /// Ways to find the tenant of a request, in order: `domain`, `subdomain`, `header` (API only), `path`.
        tenant_resolution: List = List(["domain", "subdomain", "header", "path"].map(str::to_owned).to_vec()),
        /// Slug of the tenant that answers on `localhost` and bare addresses; default: the oldest.
        default_tenant: Option<String> = None,
        /// Largest request body, bytes; imports have their own.
        body_limit: usize = 2 * 1024 * 1024,
        /// Largest upload, bytes.
        upload_limit: usize = 20 * 1024 * 1024,
        /// Longest run of one request, milliseconds.
        request_timeout_ms: u64 = 30_000,
        /// The same for whoever may import whole catalogues.
        import_timeout_ms: u64 = 600_000,
        /// Requests in flight before the host sheds load.
        max_inflight: usize = 2_048,
        /// How long stopping may take in all, milliseconds; most of it is for requests that still run.
        shutdown_timeout_ms: u64 = 10_000,
        /// Folder with the built storefront (`pkg`, pictures); default: beside the binary or `target/site`.
        site_dir: Option<PathBuf> = None,
        /// Folder with the built admin; default: beside the binary or `target/admin-site`.
        admin_dir: Option<PathBuf> = None,
    }
}

section! {
    /// Keys and limits of sign-in.
    SecurityConfig {
        /// At least 32 characters; signs tokens. Without one the host makes a key of its own for this run, and refuses
        /// to start when `server.public_url` is https.
        secret_key: Option<String> = None,
        /// Keys that were `secret_key` before, each at least 32 characters: what they signed or sealed is still read,
        /// nothing new is made with them.
        previous_secret_keys: List = List::default(),
        /// Life of an API access token, seconds, at most 600.
        access_token_seconds: u64 = 600,
        /// Life of a refresh token that is not used, seconds; every use begins it anew.
        refresh_token_seconds: u64 = 14 * 24 * 3600,
        /// End of an API session however often it was refreshed, seconds after signing in.
        refresh_end_seconds: u64 = 90 * 24 * 3600,
        /// How long a refresh token that was used is answered with its successor, for tabs that ask at once, seconds.
        refresh_grace_seconds: u64 = 10,
        /// Life of a browser session, seconds.
        session_seconds: u64 = 30 * 24 * 3600,
        /// Requests that one API key may make in a minute, in each process.
        api_key_requests_per_minute: u32 = 600,
        /// Requests that may change something, of one address in one shop in a minute, in each process: forms, and whatever
        /// is sent to the API without a key. 0: nobody counts. Addresses of this machine are not counted.
        visitor_requests_per_minute: u32 = 1_200,
        /// Password hashes that are computed at once.
        hash_workers: usize = 2,
        /// Memory that Argon2id takes for one password, KiB.
        hash_memory_kib: u32 = 19 * 1024,
        /// How often Argon2id passes over it.
        hash_passes: u32 = 2,
    }
}

section! {
    /// Who did what.
    AuditConfig {
        /// How long entries are kept, days; 0 for ever.
        keep_days: u64 = 0,
        /// Longest time until entries of other processes are sealed, milliseconds.
        seal_ms: u64 = 1_000,
    }
}

section! {
    /// Outbox and relay.
    EventsConfig {
        /// `memory`, `outbox`, `iggy` or `nats`. This build stores every event in the outbox, which promises more than
        /// `memory` asks for, and does not start with `iggy` or `nats`.
        transport: String = "outbox".to_owned(),
        /// Address of the broker, for `iggy` and `nats`.
        url: Option<String> = None,
        /// Events in one batch, 1 to 500.
        batch: u64 = 500,
        /// Longest sleep of the relay without a wake-up, milliseconds.
        poll_ms: u64 = 100,
        /// Places in the queue.
        queue: usize = 10_000,
        /// Share of the queue, in percent, at which it warns.
        warning_percent: u8 = 70,
        /// Share of the queue, in percent, that is never passed.
        critical_percent: u8 = 90,
    }
}

section! {
    /// Caches.
    CacheConfig {
        /// Shared second level; this build has none and does not start with one.
        redis_url: Option<String> = None,
        /// Whether anonymous pages are kept.
        pages: bool = true,
        /// Memory for pages, MiB.
        pages_mib: u64 = 32,
        /// Documents of the catalogue kept in process.
        documents: u64 = 4_000,
        /// Life of a found tenant, seconds.
        tenant_seconds: u64 = 300,
        /// Life of a tenant that was not found, seconds.
        tenant_missing_seconds: u64 = 60,
        /// Tenants kept.
        tenants: u64 = 1_000,
    }
}

section! {
    /// Payment gateway.
    PaymentsConfig {
        /// Base address of the gateway of provider `http`; without one the provider is not offered.
        gateway_url: Option<String> = None,
        /// Secret that signs its call-backs (Standard Webhooks, `whsec_…`).
        webhook_secret: Option<String> = None,
        /// Base address of Stripe's API, for shops that have keys there; another one for tests.
        stripe_url: String = "https://api.stripe.com".to_owned(),
        /// Longest wait for an answer, milliseconds.
        timeout_ms: u64 = 15_000,
        /// How much longer than that a payment is left to whoever asks about it, milliseconds; then its process counts
        /// as gone and another one asks, under the same key.
        lease_margin_ms: u64 = 8_000,
    }
}

section! {
    /// Mail.
    MailConfig {
        /// Mail server: `smtps://user:password@host`, or `smtp://host:587?tls=required` with STARTTLS. Without one
        /// nothing leaves the machine: mails are kept in the development mailbox, or wait when there is none.
        smtp_url: Option<String> = None,
        /// Address that mails come from, beside the shop's name; `mail.smtp_url` needs one.
        from: Option<String> = None,
        /// Whether mails are kept for `/dev/mailbox` instead of being sent. By itself it is there when there is no
        /// `mail.smtp_url` and `server.public_url` is not https, and opens to this machine's own browsers only
        /// (`localhost`); `true` opens it to everybody who reaches the shop, for development in containers, and is
        /// refused on https.
        mailbox: Option<bool> = None,
        /// Mails that the development mailbox keeps for each shop.
        mailbox_messages: u64 = 200,
        /// Mails that are sent at once.
        parallel: usize = 4,
        /// Mails of one shop that may wait; more are refused.
        queue: u64 = 10_000,
        /// Longest wait for the mail server, milliseconds.
        timeout_ms: u64 = 30_000,
        /// Longest wait between two attempts, seconds.
        retry_seconds: u64 = 1_800,
        /// How long a mail is tried, seconds.
        give_up_seconds: u64 = 24 * 3600,
    }
}

impl Config {
    /// Whether mails are kept for the development mailbox instead of being sent.
    pub fn keeps_mail(&self) -> bool {
        let https = self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
        self.mail.mailbox.unwrap_or(self.mail.smtp_url.is_none() && !https)
    }
}

section! {
    /// Calls to the outside.
    OutboundConfig {
        /// Networks (CIDR) that may be called although they are not global; for tests.
        allow_cidrs: List = List::default(),
    }
}

section! {
    /// Pictures.
    MediaConfig {
        /// Folder of the stored pictures.
        dir: PathBuf = PathBuf::from("./data/media"),
        /// Whether pictures of imported products are fetched.
        fetch: bool = true,
        /// Largest picture that is fetched, bytes.
        fetch_limit: usize = 15 * 1024 * 1024,
    }
}

section! {
    /// Limits of GraphQL documents.
    GraphqlConfig {
        /// Nesting.
        depth: usize = 12,
        /// Cost, with page sizes multiplied in.
        complexity: usize = 20_000,
        /// Document size, bytes.
        document_bytes: usize = 16 * 1024,
        /// Aliases in one document.
        aliases: usize = 30,
        /// Root fields in one document.
        root_fields: usize = 20,
        /// Directives in one document.
        directives: usize = 30,
        /// Whether `/api/graphiql` and introspection are served.
        graphiql: bool = true,
    }
}

section! {
    /// Orders and reservations.
    OrdersConfig {
        /// How long stock is kept for an order whose payment runs through a gateway, seconds.
        reservation_seconds: u64 = 1_800,
        /// How long stock is kept for an order that is paid by hand, seconds.
        manual_reservation_seconds: u64 = 7 * 24 * 3600,
        /// How long an order whose payment is authorised waits for staff to take the money, seconds: shorter than
        /// gateways keep a promise, which is about seven days.
        authorisation_seconds: u64 = 6 * 24 * 3600,
        /// Days after which a guest's cart that nobody has touched is forgotten.
        guest_cart_days: u64 = 30,
        /// How often unsettled payments and expired reservations are looked at, milliseconds.
        sweep_ms: u64 = 1_000,
    }
}

section! {
    /// Tenants.
    TenantsConfig {
        /// Days during which a deleted tenant can be had back; then it is gone.
        grace_days: u64 = 30,
        /// Name server that proofs of domains are asked of, address and port; default: the system's.
        nameserver: Option<String> = None,
        /// Largest file that a tenant is imported from, unpacked, MiB.
        import_mib: u64 = 64 * 1024,
    }
}

section! {
    /// Logging.
    LogConfig {
        /// Filter such as `info,commerce=debug`; `RUSTOK_LOG` wins. Empty: news, warnings of libraries, no line per request.
        filter: String = String::new(),
        /// `auto`, `json` or `text`.
        format: String = "auto".to_owned(),
    }
}

/// A list that may be written as a TOML array or as a text separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct List(pub Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Items(Vec<String>),
        }
        let items = match Written::deserialize(deserializer)? {
            Written::Text(text) => text.split(',').map(str::to_owned).collect(),
            Written::Items(items) => items,
        };
        Ok(Self(items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()))
    }
}
