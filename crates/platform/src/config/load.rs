//! From defaults, file and environment to a [`Config`].

use super::{Config, SHORT_NAMES};
use figment::Figment;
use figment::error::{Actual, Kind};
use figment::providers::{Format, Serialized, Toml};
use std::fmt;
use std::path::Path;

/// Keys whose values are never shown.
pub(super) const SECRET: [&str; 4] =
    ["security.secret_key", "security.previous_secret_keys", "payments.webhook_secret", "mail.smtp_url"];
/// Variables of ours that configure something else: the log, tests and tools.
const NO_KEYS: [&str; 4] = ["RUSTOK_LOG", "RUSTOK_BIN", "RUSTOK_TEST_", "RUSTOK_BENCH_"];
/// What Kubernetes tells every container about a service called `rustok`.
const KUBERNETES: [&str; 2] = ["RUSTOK_SERVICE_", "RUSTOK_PORT"];

/// A configuration that cannot be started with: the key, its value, and what is allowed.
#[derive(Debug)]
pub struct ConfigError(pub(super) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the defaults, `file` (when given it must exist; else `rustok.toml` if there is one) and the environment.
    ///
    /// # Errors
    /// Names the key, the value and what is allowed.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        // What is no Unicode is no value of ours; the name alone is reported when it is no key either.
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self::read(file, std::env::vars_os().map(|(name, value)| (text(name), text(value))))
    }

    /// As [`Config::load`], with the environment as a parameter. An empty variable counts as none.
    pub(super) fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        if let Some(file) = file
            && !file.is_file()
        {
            return Err(ConfigError(format!("--config {}: there is no such file", file.display())));
        }
        let mut figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file.unwrap_or(Path::new("rustok.toml"))));
        let mut ours: Vec<(String, String)> = environment
            .into_iter()
            .filter(|(name, value)| name.starts_with("RUSTOK_") && !value.is_empty())
            .filter(|(name, _)| !NO_KEYS.iter().chain(&KUBERNETES).any(|start| name.starts_with(start)))
            .collect();
        // The long names first, so that a short one wins whatever the order of the environment.
        ours.sort_by_key(|(name, _)| !name.contains("__"));
        for (name, value) in ours {
            figment = figment.merge((key_of(&name)?, value));
        }
        // Everything from the environment is text; what it means, the key's type says.
        let config: Self = figment.extract_lossy().map_err(|error| ConfigError(describe(&error)))?;
        config.check()?;
        Ok(config)
    }
}

fn key_of(name: &str) -> Result<String, ConfigError> {
    if let Some((_, key)) = SHORT_NAMES.iter().find(|(short, _)| *short == name) {
        return Ok((*key).to_owned());
    }
    let long = name.strip_prefix("RUSTOK_").and_then(|rest| rest.split_once("__"));
    match long {
        Some((section, key)) => Ok(format!("{}.{}", section.to_ascii_lowercase(), key.to_ascii_lowercase())),
        None => {
            let short: Vec<&str> = SHORT_NAMES.iter().map(|(short, _)| *short).collect();
            Err(ConfigError(format!(
                "{name} is no key: allowed are RUSTOK_LOG, {} and RUSTOK_SECTION__KEY",
                short.join(", ")
            )))
        }
    }
}

fn describe(error: &figment::Error) -> String {
    let key = error.path.join(".");
    match &error.kind {
        Kind::UnknownField(name, allowed) => {
            let path = if key.is_empty() || key.ends_with(name.as_str()) {
                if key.is_empty() { name.clone() } else { key }
            } else {
                format!("{key}.{name}")
            };
            let what = if allowed.contains(&"database") { "sections" } else { "keys of this section" };
            format!("{path} is no key: the {what} are {}", allowed.join(", "))
        }
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            let shown = if SECRET.contains(&key.as_str()) { "(hidden)".to_owned() } else { shown(actual) };
            format!("{key} is {shown}: allowed is {}", in_words(expected))
        }
        kind if key.is_empty() => kind.to_string(),
        kind => format!("{key}: {kind}"),
    }
}

fn shown(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Char(value) => format!("{value:?}"),
        Actual::Str(value) => format!("{value:?}"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a section".to_owned(),
        other => other.to_string(),
    }
}

fn in_words(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "path string" => "a text".to_owned(),
        other if other.contains("Written") => "a list, or a text with commas".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(None, environment).map_err(|error| error.to_string())
    }

    fn read_file(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rustok.toml");
        std::fs::write(&file, text).unwrap();
        Config::read(Some(&file), []).map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_of_the_wrong_type_names_the_key_the_value_and_what_is_allowed() {
        for (name, value, told) in [
            (
                "RUSTOK_DATABASE__MAX_CONNECTIONS",
                "many",
                "database.max_connections is \"many\": allowed is a whole number, not negative",
            ),
            (
                "RUSTOK_DATABASE__MAX_CONNECTIONS",
                "-1",
                "database.max_connections is -1: allowed is a whole number, not negative",
            ),
            ("RUSTOK_CACHE__PAGES", "maybe", "cache.pages is \"maybe\": allowed is true or false"),
            (
                "RUSTOK_EVENTS__WARNING_PERCENT",
                "300",
                "events.warning_percent is 300: allowed is a whole number from 0 to 255",
            ),
            ("RUSTOK_EVENTS__BATCH", "501", "events.batch is 501: allowed is 1 to 500"),
            (
                "RUSTOK_EVENT_TRANSPORT",
                "pigeon",
                "events.transport is \"pigeon\": allowed is memory, outbox, iggy or nats",
            ),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err(), told, "{name}={value}");
        }
        for (text, told) in [
            (
                "[server]\nbody_limit = \"big\"",
                "server.body_limit is \"big\": allowed is a whole number, not negative",
            ),
            ("[cache]\npages = 7.5", "cache.pages is 7.5: allowed is true or false"),
            ("[database]\nurl = [1]", "database.url is a list: allowed is a text"),
            ("[security]\nsecret_key = [\"hush\"]", "security.secret_key is (hidden): allowed is a text"),
        ] {
            assert_eq!(read_file(text).unwrap_err(), told, "{text}");
        }
    }

    #[test]
    fn a_key_that_does_not_exist_is_reported_wherever_it_stands() {
        let told = read(&[("RUSTOK_LISTN", "127.0.0.1:1")]).unwrap_err();
        assert!(
            told.starts_with("RUSTOK_LISTN is no key: allowed are RUSTOK_LOG, RUSTOK_DATABASE_URL, "),
            "{told}"
        );
        let told = read(&[("RUSTOK_SERVER__LISTN", "127.0.0.1:1")]).unwrap_err();
        assert!(told.starts_with("server.listn is no key: the keys of this section are listen, "), "{told}");
        let told = read(&[("RUSTOK_SERVR__LISTEN", "127.0.0.1:1")]).unwrap_err();
        assert!(told.starts_with("servr is no key: the sections are database, server, "), "{told}");
        let told = read_file("[database]\nulr = \"sqlite://x\"").unwrap_err();
        assert!(told.starts_with("database.ulr is no key: the keys of this section are url, "), "{told}");
    }

    #[test]
    fn variables_of_others_are_none_of_our_business() {
        let others = [
            ("RUSTOK_LOG", "debug"),
            ("RUSTOK_TEST_PG", "postgres://x"),
            ("RUSTOK_PORT_3000_TCP_ADDR", "10.0.0.1"),
            ("RUSTOK_SERVICE_HOST", "10.0.0.1"),
            ("RUSTOKIO", "x"),
            ("RUSTOK_LISTEN", ""),
        ];
        assert_eq!(read(&others).unwrap().server.listen, "127.0.0.1:3000");
    }

    #[test]
    fn the_environment_is_text_whatever_it_looks_like() {
        let digits = "01234567890123456789012345678901";
        let config = read(&[
            ("RUSTOK_SECURITY__SECRET_KEY", digits),
            ("RUSTOK_LISTEN", "127.0.0.1:4000"),
            ("RUSTOK_SERVER__LISTEN", "127.0.0.1:5000"),
            ("RUSTOK_BASE_DOMAINS", "a.example, b.example"),
            ("RUSTOK_DATABASE__MAX_CONNECTIONS", "7"),
            ("RUSTOK_MEDIA__FETCH", "false"),
        ])
        .unwrap();
        assert_eq!(config.security.secret_key.as_deref(), Some(digits));
        assert_eq!(config.server.listen, "127.0.0.1:4000", "the short name wins");
        assert_eq!(config.server.base_domains.0, ["a.example", "b.example"]);
        assert_eq!((config.database.max_connections, config.media.fetch), (7, false));
    }

    #[test]
    fn a_named_file_must_exist() {
        let told = Config::read(Some(Path::new("/nowhere/rustok.toml")), []).unwrap_err().to_string();
        assert_eq!(told, "--config /nowhere/rustok.toml: there is no such file");
    }
}
