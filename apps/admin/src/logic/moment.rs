//! Times in words. The API writes RFC 3339; people read "Today 14:21".

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400_000;

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year of the common era.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

impl Date {
    /// The date of a day counted from 1 January 1970.
    pub fn from_days(days: i64) -> Self {
        // Howard Hinnant's civil_from_days.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        Self { year: yoe + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Days since 1 January 1970.
    pub fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let yoe = year.rem_euclid(400);
        let mp = i64::from(if self.month > 2 { self.month - 3 } else { self.month + 9 });
        let doy = (153 * mp + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
    }

    /// Reads `2026-11-21`, also as the beginning of a longer text.
    pub fn parse(text: &str) -> Option<Self> {
        let year = text.get(..4)?.parse().ok()?;
        let month = text.get(5..7)?.parse().ok().filter(|month| (1..=12).contains(month))?;
        let day = text.get(8..10)?.parse().ok().filter(|day| (1..=31).contains(day))?;
        (text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-').then_some(Self { year, month, day })
    }

    /// `21 Nov`.
    pub fn short(self) -> String {
        format!("{} {}", self.day, MONTHS[self.month as usize - 1])
    }

    /// `21 Nov 2026`.
    pub fn long(self) -> String {
        format!("{} {}", self.short(), self.year)
    }
}

/// Milliseconds since 1970 of an RFC 3339 text.
pub fn millis(text: &str) -> Option<i64> {
    let date = Date::parse(text)?;
    let clock = text.get(11..19)?;
    let hour: i64 = clock.get(..2)?.parse().ok()?;
    let minute: i64 = clock.get(3..5)?.parse().ok()?;
    let second: i64 = clock.get(6..8)?.parse().ok()?;
    let rest = &text[19..];
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let millis: i64 = match fraction.strip_prefix('.') {
        Some(digits) => format!("{digits:0<3}").get(..3)?.parse().ok()?,
        None => 0,
    };
    let offset: i64 = match zone.as_bytes()[0] {
        b'Z' | b'z' => 0,
        sign => {
            let hours: i64 = zone.get(1..3)?.parse().ok()?;
            let minutes: i64 = zone.get(4..6)?.parse().ok()?;
            (hours * 60 + minutes) * if sign == b'-' { -1 } else { 1 }
        }
    };
    Some(date.days() * DAY + ((hour * 60 + minute - offset) * 60 + second) * 1000 + millis)
}

/// RFC 3339 text of milliseconds since 1970, in UTC and to the second.
pub fn rfc3339(millis: i64) -> String {
    let Date { year, month, day } = Date::from_days(millis.div_euclid(DAY));
    let seconds = millis.rem_euclid(DAY) / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Minutes east of UTC at a moment, which is given in milliseconds since 1970.
pub type Zone = fn(i64) -> i64;

/// What a `datetime-local` field shows of an RFC 3339 text; the seconds only when they are not zero.
pub fn to_local(text: &str, zone: Zone) -> Option<String> {
    let at = millis(text)?;
    let local = rfc3339(at + zone(at) * 60_000);
    let local = local.trim_end_matches('Z');
    Some(local.strip_suffix(":00").unwrap_or(local).to_owned())
}

/// RFC 3339 text of what somebody typed into a `datetime-local` field; nothing for anything else.
///
/// A clock time that a change of the clocks skips or repeats is read as one of the two moments that it can mean.
pub fn from_local(text: &str, zone: Zone) -> Option<String> {
    let seconds = if text.len() == 16 { ":00Z" } else { "Z" };
    let clock = millis(&format!("{text}{seconds}"))?;
    let near = clock - zone(clock) * 60_000;
    Some(rfc3339(clock - zone(near) * 60_000))
}

/// Where the reader is in time: now, and minutes east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Milliseconds since 1970.
    pub now: i64,
    /// Minutes to add to UTC.
    pub offset: i64,
}

impl Reader {
    /// The reader's date of a moment.
    pub fn date(&self, millis: i64) -> Date {
        Date::from_days((millis + self.offset * 60_000).div_euclid(DAY))
    }

    /// The reader's today.
    pub fn today(&self) -> Date {
        self.date(self.now)
    }

    /// `14:21`.
    pub fn clock(&self, text: &str) -> String {
        let Some(at) = millis(text) else { return String::new() };
        let minutes = (at + self.offset * 60_000).rem_euclid(DAY) / 60_000;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `Today`, `Yesterday`, `17 Nov`, `17 Nov 2025`. A text that is no time is given back as it is.
    pub fn day(&self, text: &str) -> String {
        let Some(at) = millis(text) else { return text.to_owned() };
        let (date, today) = (self.date(at), self.today());
        match today.days() - date.days() {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ if date.year == today.year => date.short(),
            _ => date.long(),
        }
    }

    /// `Today 14:21`, `17 Nov 14:21`, `17 Nov 2025`.
    pub fn moment(&self, text: &str) -> String {
        let same_year = millis(text).is_some_and(|at| self.date(at).year == self.today().year);
        match self.clock(text) {
            clock if same_year || self.day(text) == "Yesterday" => format!("{} {clock}", self.day(text)),
            _ => self.day(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-21T14:32:00Z";

    fn reader(offset: i64) -> Reader {
        Reader { now: millis(NOW).unwrap(), offset }
    }

    #[test]
    fn counts_days_both_ways() {
        for days in [-800_000, -1, 0, 59, 60, 11_016, 20_778, 400_000] {
            assert_eq!(Date::from_days(days).days(), days);
        }
        assert_eq!(Date::from_days(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(Date::parse("2024-02-29T").map(Date::days), Some(19_782));
        assert_eq!(Date::parse("2024-13-01"), None);
        assert_eq!(Date::parse("yesterday."), None);
    }

    #[test]
    fn reads_rfc_3339() {
        assert_eq!(millis("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(millis("1970-01-01T01:00:00.5+01:00"), Some(500));
        assert_eq!(millis("2026-11-21T14:32:00.123456Z"), Some(millis(NOW).unwrap() + 123));
        assert_eq!(millis("2026-11-21"), None);
        assert_eq!(millis(""), None);
    }

    #[test]
    fn takes_the_clock_on_the_readers_wall() {
        // One hour more from the last Sunday of March 2026, 01:00 UTC, as in Brussels.
        let zone: Zone = |at| if 1_774_746_000_000 <= at { 120 } else { 60 };
        assert_eq!(to_local("2026-03-28T22:30:00Z", zone).as_deref(), Some("2026-03-28T23:30"));
        assert_eq!(to_local("2026-07-01T22:00:05.5Z", zone).as_deref(), Some("2026-07-02T00:00:05"));
        assert_eq!(to_local("soon", zone), None);
        for moment in
            ["2026-03-28T22:30:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-07-01T22:00:05Z"]
        {
            let local = to_local(moment, zone).unwrap();
            assert_eq!(from_local(&local, zone).as_deref(), Some(moment), "{local}");
        }
        for wrong in ["", "2026-03-28", "12026-03-28T10:00", "2026-13-28T10:00", "tomorrow at noon"] {
            assert_eq!(from_local(wrong, zone), None, "{wrong}");
        }
        assert_eq!(rfc3339(-1000), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn speaks_of_today_in_the_readers_zone() {
        assert_eq!(reader(0).moment("2026-11-21T09:05:00Z"), "Today 09:05");
        assert_eq!(reader(60).moment("2026-11-20T23:30:00Z"), "Today 00:30");
        assert_eq!(reader(0).moment("2026-11-20T23:30:00Z"), "Yesterday 23:30");
        assert_eq!(reader(0).moment("2026-11-17T08:00:00Z"), "17 Nov 08:00");
        assert_eq!(reader(0).moment("2025-11-17T08:00:00Z"), "17 Nov 2025");
        assert_eq!(reader(0).moment("soon"), "soon");
    }
}
