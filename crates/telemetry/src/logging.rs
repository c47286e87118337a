//! The tracing subscriber: readable lines on a terminal, one JSON object per line everywhere else.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt};

/// Target of the line that the host writes about each request, at `info`.
pub const REQUESTS: &str = "requests";

/// The filter when nothing is configured: our own news, only warnings of the libraries, and no line per request.
pub const DEFAULT_FILTER: &str =
    "info,requests=warn,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,tower_http=warn,hyper=warn";

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// [`LogFormat::Readable`] when standard error is a terminal, otherwise [`LogFormat::Json`].
    #[default]
    Automatic,
    /// One line for people, with colours on a terminal.
    Readable,
    /// One JSON object per line for log collectors.
    Json,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `RUSTOK_LOG` is no filter.
    #[error(
        "RUSTOK_LOG `{filter}` is not a log filter ({reason}); allowed is for example `info,events=debug`"
    )]
    Filter {
        /// The text that was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There can be one subscriber and one recorder per process.
    #[error("telemetry is already set up in this process: {0}")]
    AlreadySet(String),
}

/// Installs the subscriber for the whole process. Lines go to standard error, because standard output
/// belongs to commands whose answer a program reads.
///
/// `filter` is what `RUSTOK_LOG` says, for example `info,events=debug`; empty or missing means
/// [`DEFAULT_FILTER`]. A filter that cannot be read is refused rather than ignored.
pub fn init(filter: Option<&str>, format: LogFormat) -> Result<(), TelemetryError> {
    let terminal = std::io::stderr().is_terminal();
    subscriber(filter, format, terminal, std::io::stderr)?
        .try_init()
        .map_err(|error| TelemetryError::AlreadySet(error.to_string()))
}

/// What [`init`] installs, with another place for the lines; `terminal` says whether somebody looks at them there.
///
/// # Errors
/// A filter that cannot be read.
pub fn subscriber<W>(
    filter: Option<&str>,
    format: LogFormat,
    terminal: bool,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = parse_filter(filter)?;
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format.choose(terminal) {
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
        LogFormat::Readable | LogFormat::Automatic => tracing_subscriber::fmt::layer()
            .compact()
            .with_target(true)
            .with_ansi(terminal)
            .with_writer(writer)
            .boxed(),
    };
    Ok(tracing_subscriber::registry().with(layer.with_filter(filter)))
}

impl LogFormat {
    /// The format in use, given whether standard error is a terminal.
    pub fn choose(self, terminal: bool) -> LogFormat {
        match self {
            LogFormat::Automatic if terminal => LogFormat::Readable,
            LogFormat::Automatic => LogFormat::Json,
            chosen => chosen,
        }
    }
}

fn parse_filter(filter: Option<&str>) -> Result<EnvFilter, TelemetryError> {
    let text = filter.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(DEFAULT_FILTER);
    EnvFilter::try_new(text)
        .map_err(|error| TelemetryError::Filter { filter: text.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_readable_lines_and_a_pipe_gets_json() {
        assert_eq!(LogFormat::Automatic.choose(true), LogFormat::Readable);
        assert_eq!(LogFormat::Automatic.choose(false), LogFormat::Json);
        assert_eq!(LogFormat::Readable.choose(false), LogFormat::Readable);
    }

    #[test]
    fn refuses_a_filter_it_cannot_read() {
        assert!(parse_filter(Some("info,events=debug")).is_ok());
        assert!(parse_filter(Some("  ")).is_ok());
        assert!(parse_filter(None).is_ok());
        let error = parse_filter(Some("events=verbose")).expect_err("no such level");
        assert!(error.to_string().contains("events=verbose"), "{error}");
    }
}
