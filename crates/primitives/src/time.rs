//! Moments as Unix milliseconds, which is also how both databases store them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The text is not an RFC 3339 date and time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 date and time")]
pub struct TimestampError(pub String);

/// A moment in UTC, in milliseconds since 1970. Serialised as that number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes Unix milliseconds.
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis)
    }

    /// Takes the operating system's time; before 1970 counts as 1970.
    pub fn from_system_time(time: SystemTime) -> Timestamp {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Unix milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// RFC 3339 in UTC with milliseconds, `2026-07-31T09:30:00.000Z`.
    pub fn rfc3339(self) -> String {
        self.date_time().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The UTC day, `2026-07-31`.
    pub fn date(self) -> String {
        self.date_time().format("%Y-%m-%d").to_string()
    }

    /// As chrono's type; moments beyond its range become its ends.
    pub fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Result<Timestamp, TimestampError> {
        DateTime::parse_from_rfc3339(text.trim())
            .map(|moment| Timestamp(moment.timestamp_millis()))
            .map_err(|_| TimestampError(text.chars().take(64).collect()))
    }

    /// How much later this is than `earlier`; zero when it is not later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        Timestamp::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_rfc_3339() {
        let moment = Timestamp::from_millis(1_785_490_200_123);
        assert_eq!(moment.rfc3339(), "2026-07-31T09:30:00.123Z");
        assert_eq!(Timestamp::parse("2026-07-31T11:30:00.123+02:00"), Ok(moment));
        assert_eq!(moment.date(), "2026-07-31");
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn adding_never_wraps() {
        assert_eq!(Timestamp::from_millis(i64::MAX) + Duration::MAX, Timestamp::from_millis(i64::MAX));
        assert_eq!(Timestamp::from_millis(1) + Duration::from_secs(2), Timestamp::from_millis(2001));
        assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(9)), Duration::ZERO);
    }
}
