//! What the types of the keys cannot say.

use super::{Config, ConfigError};
use primitives::{Email, TenantSlug};
use std::fmt::Debug;
use std::ops::RangeInclusive;
use url::{Host, Url};

type Checked = Result<(), ConfigError>;

const YEAR: u64 = 365 * 24 * 3600;
const MIB: usize = 1024 * 1024;

impl Config {
    /// Checks what types cannot say. (Host names and networks of `server` are checked by `identity::check_config`.)
    ///
    /// # Errors
    /// Names the key, the value and what is allowed.
    pub fn check(&self) -> Checked {
        self.check_database()?;
        self.check_server()?;
        self.check_security()?;
        self.check_events()?;
        self.check_limits()?;
        self.check_mail()?;
        self.check_outside()
    }

    fn check_database(&self) -> Checked {
        let database = &self.database;
        let postgres = |url: &str| url.starts_with("postgres:") || url.starts_with("postgresql:");
        // An address may hold a password: of a wrong one only the beginning is shown.
        let shown =
            |url: &str| url.split(':').next().unwrap_or_default().chars().take(20).collect::<String>() + ":…";
        one_of(
            "database.url",
            &shown(&database.url),
            "an address that begins with sqlite: or postgres:",
            |_| database.url.starts_with("sqlite:") || postgres(&database.url),
        )?;
        if let Some(replica) = &database.replica_url {
            one_of(
                "database.replica_url",
                &shown(replica),
                "an address that begins with postgres:, beside a database.url that does",
                |_| postgres(replica) && postgres(&database.url),
            )?;
        }
        within("database.max_connections", database.max_connections, 1..=500)?;
        within("database.statement_timeout_ms", database.statement_timeout_ms, 100..=600_000)?;
        within("database.write_timeout_ms", database.write_timeout_ms, 100..=600_000)
    }

    fn check_server(&self) -> Checked {
        let server = &self.server;
        one_of("server.listen", &server.listen, "an address and port such as 127.0.0.1:3000", |listen| {
            listen.parse::<std::net::SocketAddr>().is_ok()
        })?;
        address("server.public_url", server.public_url.as_deref(), &["http", "https"])?;
        if let Some(slug) = &server.default_tenant {
            one_of("server.default_tenant", slug, "the slug of a tenant", |slug| {
                TenantSlug::parse(slug).is_ok()
            })?;
        }
        within("server.body_limit", server.body_limit, 1024..=64 * MIB)?;
        within("server.upload_limit", server.upload_limit, 1024..=1024 * MIB)?;
        within("server.request_timeout_ms", server.request_timeout_ms, 100..=600_000)?;
        within("server.import_timeout_ms", server.import_timeout_ms, 1_000..=3_600_000)?;
        within("server.max_inflight", server.max_inflight, 1..=1_000_000)?;
        within("server.shutdown_timeout_ms", server.shutdown_timeout_ms, 0..=600_000)
    }

    fn check_security(&self) -> Checked {
        let security = &self.security;
        within("security.access_token_seconds", security.access_token_seconds, 60..=600)?;
        within("security.session_seconds", security.session_seconds, 60..=YEAR)?;
        within("security.api_key_requests_per_minute", security.api_key_requests_per_minute, 1..=1_000_000)?;
        within("security.hash_workers", security.hash_workers, 1..=64)?;
        within("audit.keep_days", self.audit.keep_days, 0..=36_500)?;
        within("audit.seal_ms", self.audit.seal_ms, 10..=60_000)?;
        within("security.hash_memory_kib", security.hash_memory_kib, 19 * 1024..=1024 * 1024)?;
        within("security.hash_passes", security.hash_passes, 2..=16)?;
        within("security.refresh_end_seconds", security.refresh_end_seconds, 600..=YEAR)?;
        let end = security.refresh_end_seconds;
        within("security.refresh_token_seconds", security.refresh_token_seconds, 600..=end)?;
        within("security.refresh_grace_seconds", security.refresh_grace_seconds, 0..=60)?;
        for key in &security.previous_secret_keys.0 {
            one_of("security.previous_secret_keys", &Hidden, "keys of at least 32 characters", |_| {
                key.chars().count() >= 32
            })?;
        }
        match &security.secret_key {
            Some(key) => one_of("security.secret_key", &Hidden, "at least 32 characters", |_| {
                key.chars().count() >= 32
            }),
            None if self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https:")) => {
                Err(ConfigError(
                    "security.secret_key is not set: a shop on https needs one of at least 32 characters \
                     (RUSTOK_SECRET_KEY)"
                        .to_owned(),
                ))
            }
            None => Ok(()),
        }
    }

    fn check_events(&self) -> Checked {
        let events = &self.events;
        one_of("events.transport", &events.transport, "memory, outbox, iggy or nats", |transport| {
            matches!(transport.as_str(), "memory" | "outbox" | "iggy" | "nats")
        })?;
        if matches!(events.transport.as_str(), "iggy" | "nats") {
            return Err(ConfigError(format!(
                "events.transport is {:?}: this build carries memory and outbox only",
                events.transport
            )));
        }
        within("events.batch", events.batch, 1..=500)?;
        within("events.poll_ms", events.poll_ms, 1..=60_000)?;
        within("events.queue", events.queue, 10..=10_000_000)?;
        within("events.critical_percent", events.critical_percent, 2..=100)?;
        one_of(
            "events.warning_percent",
            &events.warning_percent,
            "1 to 99, below events.critical_percent",
            |percent| (1..events.critical_percent).contains(percent),
        )
    }

    fn check_limits(&self) -> Checked {
        let (cache, graphql, orders) = (&self.cache, &self.graphql, &self.orders);
        within("cache.pages_mib", cache.pages_mib, 0..=65_536)?;
        within("cache.documents", cache.documents, 0..=10_000_000)?;
        within("cache.tenant_seconds", cache.tenant_seconds, 0..=86_400)?;
        within("cache.tenant_missing_seconds", cache.tenant_missing_seconds, 0..=86_400)?;
        within("cache.tenants", cache.tenants, 1..=1_000_000)?;
        within("graphql.depth", graphql.depth, 1..=100)?;
        within("graphql.complexity", graphql.complexity, 1..=10_000_000)?;
        within("graphql.document_bytes", graphql.document_bytes, 256..=MIB)?;
        within("graphql.aliases", graphql.aliases, 0..=10_000)?;
        within("graphql.root_fields", graphql.root_fields, 1..=10_000)?;
        within("graphql.directives", graphql.directives, 0..=10_000)?;
        within("orders.reservation_seconds", orders.reservation_seconds, 1..=YEAR)?;
        within("orders.authorisation_seconds", orders.authorisation_seconds, 1..=YEAR)?;
        within("orders.manual_reservation_seconds", orders.manual_reservation_seconds, 1..=YEAR)?;
        within("orders.guest_cart_days", orders.guest_cart_days, 1..=3_650)?;
        within("orders.sweep_ms", orders.sweep_ms, 10..=600_000)?;
        let tenants = &self.tenants;
        within("tenants.grace_days", tenants.grace_days, 0..=3_650)?;
        within("tenants.import_mib", tenants.import_mib, 1..=16 * 1024 * 1024)?;
        if let Some(server) = &tenants.nameserver {
            one_of("tenants.nameserver", server, "an address and port such as 127.0.0.1:53", |server| {
                server.parse::<std::net::SocketAddr>().is_ok()
            })?;
        }
        one_of("log.format", &self.log.format, "auto, json or text", |format| {
            matches!(format.as_str(), "auto" | "json" | "text")
        })
    }

    fn check_mail(&self) -> Checked {
        let mail = &self.mail;
        within("mail.mailbox_messages", mail.mailbox_messages, 1..=10_000)?;
        within("mail.parallel", mail.parallel, 1..=64)?;
        within("mail.queue", mail.queue, 1..=1_000_000)?;
        within("mail.timeout_ms", mail.timeout_ms, 100..=600_000)?;
        within("mail.retry_seconds", mail.retry_seconds, 1..=86_400)?;
        within("mail.give_up_seconds", mail.give_up_seconds, 60..=30 * 86_400)?;
        let from = mail.from.as_deref();
        if let Some(from) = from {
            one_of("mail.from", from, "an e-mail address", |from| Email::parse(from).is_ok())?;
        }
        let https = self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
        if mail.mailbox == Some(true) && (https || mail.smtp_url.is_some()) {
            return Err(ConfigError(
                "mail.mailbox is true: the development mailbox shows what was written to others, so it takes neither \
                 https in server.public_url nor a mail.smtp_url beside it"
                    .to_owned(),
            ));
        }
        let Some(server) = &mail.smtp_url else { return Ok(()) };
        address("mail.smtp_url", Some(server), &["smtp", "smtps"])?;
        if Url::parse(server).is_ok_and(|url| is_open_secret(&url)) {
            return Err(ConfigError(
                "mail.smtp_url sends a password unencrypted: allowed is smtps://, or smtp:// with ?tls=required"
                    .to_owned(),
            ));
        }
        match from {
            Some(_) => Ok(()),
            None => Err(ConfigError(
                "mail.from is not set: mail.smtp_url needs the address that mails come from".to_owned(),
            )),
        }
    }

    fn check_outside(&self) -> Checked {
        let (payments, media) = (&self.payments, &self.media);
        if self.cache.redis_url.is_some() {
            return Err(ConfigError(
                "cache.redis_url is set: this build keeps its caches in the process, leave it out".to_owned(),
            ));
        }
        address("payments.stripe_url", Some(payments.stripe_url.as_str()), &["http", "https"])?;
        address("payments.gateway_url", payments.gateway_url.as_deref(), &["http", "https"])?;
        if let Some(secret) = &payments.webhook_secret {
            one_of("payments.webhook_secret", &Hidden, "at least 16 characters", |_| secret.len() >= 16)?;
        }
        within("payments.timeout_ms", payments.timeout_ms, 100..=15_000)?;
        within("payments.lease_margin_ms", payments.lease_margin_ms, 100..=600_000)?;
        for network in &self.outbound.allow_cidrs.0 {
            one_of("outbound.allow_cidrs", network, "networks such as 127.0.0.0/8", |network| {
                network.parse::<ipnet::IpNet>().is_ok() || network.parse::<std::net::IpAddr>().is_ok()
            })?;
        }
        one_of("media.dir", &media.dir, "a folder", |dir| !dir.as_os_str().is_empty())?;
        within("media.fetch_limit", media.fetch_limit, 1024..=256 * MIB)
    }
}

/// Whether a mail server's password would travel unencrypted, other than within this machine.
fn is_open_secret(url: &Url) -> bool {
    let encrypted =
        url.scheme() == "smtps" || url.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    let here = match url.host() {
        // In addresses of other schemes than the web's, numbers are names.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.password().is_some() && !encrypted && !here
}

struct Hidden;

impl Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

fn one_of<T: Debug + ?Sized>(key: &str, value: &T, allowed: &str, holds: impl FnOnce(&T) -> bool) -> Checked {
    if holds(value) { Ok(()) } else { Err(ConfigError(format!("{key} is {value:?}: allowed is {allowed}"))) }
}

fn within<T: Debug + PartialOrd>(key: &str, value: T, allowed: RangeInclusive<T>) -> Checked {
    let words = format!("{:?} to {:?}", allowed.start(), allowed.end());
    one_of(key, &value, &words, |value| allowed.contains(value))
}

fn address(key: &str, value: Option<&str>, schemes: &[&str]) -> Checked {
    let Some(text) = value else { return Ok(()) };
    let fits = Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host());
    let starts: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
    let allowed = format!("an address that begins with {}", starts.join(" or "));
    // User and password are not for the terminal.
    let shown = text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"));
    one_of(key, shown.as_str(), &allowed, |_| fits)
}

#[cfg(test)]
mod tests {
    use super::super::List;
    use super::*;

    #[test]
    fn defaults_are_allowed() {
        Config::default().check().unwrap();
    }

    #[test]
    fn every_wrong_value_names_the_key_the_value_and_what_is_allowed() {
        type Change = fn(&mut Config);
        let wrong: [(Change, &str); 21] = [
            (
                |c| c.database.url = "mysql://u:p@h/d".into(),
                "database.url is \"mysql:…\": allowed is an address that begins with sqlite: or postgres:",
            ),
            (
                |c| c.database.replica_url = Some("postgres://u:p@h/d".into()),
                "database.replica_url is \"postgres:…\": allowed is an address that begins with postgres:, beside a \
                 database.url that does",
            ),
            (|c| c.database.max_connections = 0, "database.max_connections is 0: allowed is 1 to 500"),
            (
                |c| c.database.statement_timeout_ms = 0,
                "database.statement_timeout_ms is 0: allowed is 100 to 600000",
            ),
            (
                |c| c.server.listen = "3000".into(),
                "server.listen is \"3000\": allowed is an address and port such as 127.0.0.1:3000",
            ),
            (
                |c| c.server.public_url = Some("shop.example".into()),
                "server.public_url is \"shop.example\": allowed is an address that begins with http:// or https://",
            ),
            (
                |c| c.server.default_tenant = Some("\u{212a}iosk".into()),
                "server.default_tenant is \"\u{212a}iosk\": allowed is the slug of a tenant",
            ),
            (|c| c.server.max_inflight = 0, "server.max_inflight is 0: allowed is 1 to 1000000"),
            (
                |c| c.security.secret_key = Some("short".into()),
                "security.secret_key is (hidden): allowed is at least 32 characters",
            ),
            (
                |c| c.security.session_seconds = u64::MAX,
                "security.session_seconds is 18446744073709551615: allowed is 60 to 31536000",
            ),
            (
                |c| c.events.warning_percent = 90,
                "events.warning_percent is 90: allowed is 1 to 99, below events.critical_percent",
            ),
            (
                |c| c.security.previous_secret_keys = List(vec!["short".into()]),
                "security.previous_secret_keys is (hidden): allowed is keys of at least 32 characters",
            ),
            (
                |c| c.security.refresh_token_seconds = 91 * 24 * 3600,
                "security.refresh_token_seconds is 7862400: allowed is 600 to 7776000",
            ),
            (
                |c| c.security.hash_memory_kib = 64,
                "security.hash_memory_kib is 64: allowed is 19456 to 1048576",
            ),
            (|c| c.events.poll_ms = 0, "events.poll_ms is 0: allowed is 1 to 60000"),
            (|c| c.cache.tenants = 0, "cache.tenants is 0: allowed is 1 to 1000000"),
            (
                |c| c.payments.gateway_url = Some("ftp://me:secret@pay.example".into()),
                "payments.gateway_url is \"…@pay.example\": allowed is an address that begins with http:// or https://",
            ),
            (
                |c| c.outbound.allow_cidrs = List(vec!["127.0.0.1/99".into()]),
                "outbound.allow_cidrs is \"127.0.0.1/99\": allowed is networks such as 127.0.0.0/8",
            ),
            (|c| c.graphql.depth = 0, "graphql.depth is 0: allowed is 1 to 100"),
            (|c| c.orders.sweep_ms = 0, "orders.sweep_ms is 0: allowed is 10 to 600000"),
            (|c| c.log.format = "xml".into(), "log.format is \"xml\": allowed is auto, json or text"),
        ];
        for (change, told) in wrong {
            let mut config = Config::default();
            change(&mut config);
            assert_eq!(config.check().unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn https_needs_a_secret_key() {
        let mut config = Config::default();
        config.server.public_url = Some("https://shop.example".to_owned());
        assert!(config.check().unwrap_err().to_string().starts_with("security.secret_key is not set"));
        config.security.secret_key = Some("0123456789abcdef0123456789abcdef".to_owned());
        config.check().unwrap();
    }

    #[test]
    fn a_mail_server_needs_a_sender_and_keeps_its_password_to_itself() {
        let told = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check().err().map(|error| error.to_string())
        };
        let server = |config: &mut Config, url: &str| {
            config.mail.smtp_url = Some(url.to_owned());
            config.mail.from = Some("shop@x.example".to_owned());
        };
        for url in [
            "smtps://me:secret@mail.example",
            "smtp://me:secret@mail.example:587?tls=required",
            "smtp://me:secret@127.0.0.1:2525",
            "smtp://mail.internal:25",
        ] {
            let mut config = Config::default();
            server(&mut config, url);
            config.check().unwrap();
        }
        for url in ["smtp://me:secret@mail.example", "smtp://me:secret@mail.example?tls=opportunistic"] {
            let mut config = Config::default();
            server(&mut config, url);
            let told = config.check().unwrap_err().to_string();
            assert!(told.starts_with("mail.smtp_url sends a password unencrypted"), "{told}");
        }
        let lonely = told(|c| c.mail.smtp_url = Some("smtps://mail.example".into()));
        assert!(lonely.unwrap().starts_with("mail.from is not set"));
        let shown = told(|c| c.mail.smtp_url = Some("http://me:secret@mail.example".into())).unwrap();
        assert!(
            shown.starts_with("mail.smtp_url is \"…@mail.example\"") && !shown.contains("secret"),
            "{shown}"
        );
        let from = told(|c| c.mail.from = Some("a@b.c\r\nBcc: d@e.f".into())).unwrap();
        assert!(from.starts_with("mail.from is "), "{from}");
    }

    #[test]
    fn the_development_mailbox_is_for_development() {
        let mut config = Config::default();
        assert!(config.keeps_mail());
        config.mail.mailbox = Some(true);
        config.check().unwrap();
        config.server.public_url = Some("https://shop.example".to_owned());
        config.security.secret_key = Some("0123456789abcdef0123456789abcdef".to_owned());
        assert!(config.check().unwrap_err().to_string().starts_with("mail.mailbox is true"));
        config.mail.mailbox = None;
        config.check().unwrap();
        assert!(!config.keeps_mail(), "on https mails wait for a server");
        config.server.public_url = None;
        config.mail.smtp_url = Some("smtp://127.0.0.1:2525".to_owned());
        config.mail.from = Some("shop@x.example".to_owned());
        config.check().unwrap();
        assert!(!config.keeps_mail());
        config.mail.mailbox = Some(true);
        assert!(config.check().unwrap_err().to_string().starts_with("mail.mailbox is true"));
    }

    #[test]
    fn a_shared_cache_that_this_build_does_not_have_stops_the_start() {
        let mut config = Config::default();
        config.cache.redis_url = Some("redis://me:secret@cache.example".to_owned());
        let told = config.check().unwrap_err().to_string();
        assert_eq!(told, "cache.redis_url is set: this build keeps its caches in the process, leave it out");
    }

    #[test]
    fn lists_are_written_with_commas_or_as_arrays() {
        let list: List = serde_json::from_str("\"a, b,,c\"").unwrap();
        assert_eq!(list, serde_json::from_str("[\"a\", \"b\", \"c\"]").unwrap());
    }
}
