//! How a shop proves that a host is its own: a text that only whoever runs the host's name server can put there.

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{ResolverBuilder, TokioResolver};
use platform::{App, Config, Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for one answer of the name server.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest wait for all of it.
const ALTOGETHER: Duration = Duration::from_secs(8);

/// Where texts about a host are looked up.
#[async_trait::async_trait]
pub trait Texts: Send + Sync {
    /// Every TXT record of `name`; none when there is no such name.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE` when nobody answers.
    async fn texts(&self, name: &str) -> Result<Vec<String>>;
}

/// The name that holds the proof of `host`.
pub fn record_name(host: &str) -> String {
    format!("_rustok.{host}")
}

/// The text of the proof.
pub fn record_value(token: &str) -> String {
    format!("rustok-verify={token}")
}

/// What this process looks texts up with.
pub(super) struct Source(Arc<dyn Texts>);

impl Source {
    /// The name server of the configuration or of the system, unless [`look_up_with`] said otherwise.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE` when the system names no name server.
    pub(super) fn of(app: &App) -> Result<Arc<dyn Texts>> {
        struct Slot(Result<Arc<dyn Texts>>);
        if let Some(chosen) = app.state(Chosen::default).0.get() {
            return Ok(chosen.0.clone());
        }
        let slot = app.state(|| Slot(Dns::new(app.config()).map(|dns| Arc::new(dns) as Arc<dyn Texts>)));
        slot.0.clone()
    }
}

#[derive(Default)]
struct Chosen(std::sync::OnceLock<Source>);

/// Has this process look texts up somewhere else than in the DNS; for tests and closed networks. The first one stays.
pub fn look_up_with(app: &App, texts: Arc<dyn Texts>) {
    let _ = app.state(Chosen::default).0.set(Source(texts));
}

/// The DNS.
struct Dns(TokioResolver);

impl Dns {
    fn new(config: &Config) -> Result<Self> {
        let trouble = |error: &dyn std::fmt::Display| {
            Error::unavailable(format!(
                "domains cannot be looked up: {error} (tenants.nameserver names a server)"
            ))
        };
        let builder: ResolverBuilder<TokioRuntimeProvider> = match &config.tenants.nameserver {
            Some(server) => {
                let server: SocketAddr = server.parse().map_err(Error::internal)?;
                let mut named = NameServerConfig::udp_and_tcp(server.ip());
                named.connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
                    .into_iter()
                    .map(|mut connection| {
                        connection.port = server.port();
                        connection
                    })
                    .collect();
                let servers = ResolverConfig::from_name_servers(vec![named]);
                TokioResolver::builder_with_config(servers, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(|error| trouble(&error))?,
        };
        let mut builder = builder;
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        options.attempts = 2;
        // Whoever has just put the record there wants to hear of it now.
        options.cache_size = 0;
        Ok(Self(builder.build().map_err(|error| trouble(&error))?))
    }
}

#[async_trait::async_trait]
impl Texts for Dns {
    async fn texts(&self, name: &str) -> Result<Vec<String>> {
        // With the dot at the end no search list of this machine is tried.
        let asked = self.0.lookup(format!("{name}."), RecordType::TXT);
        let away = || Error::unavailable(format!("no name server told about {name}, try again later"));
        let found = match tokio::time::timeout(ALTOGETHER, asked).await.map_err(|_| away())? {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => {
                tracing::info!(%error, name, "a domain could not be looked up");
                return Err(away());
            }
        };
        let texts = found.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(text) => {
                let bytes: Vec<u8> = text.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => None,
        });
        Ok(texts.collect())
    }
}
