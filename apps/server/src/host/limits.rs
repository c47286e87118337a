//! Says how much may still be asked (draft-ietf-httpapi-ratelimit-headers).

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use identity::Allowance;
use platform::Error;
use std::time::Duration;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The refusal of a request that the allowance does not admit.
pub fn refusal(allowance: &Allowance) -> Option<Error> {
    (!allowance.admitted).then(|| Error::rate_limited(allowance.reset))
}

/// Writes the allowance into an answer; the error's own `Retry-After` stays.
pub fn fields(allowance: &Allowance, headers: &mut HeaderMap) {
    let policy = format!("\"{}\";q={};w={}", allowance.policy, allowance.limit, allowance.window.as_secs());
    let limit = format!("\"{}\";r={};t={}", allowance.policy, allowance.remaining, whole(allowance.reset));
    for (name, text) in [(POLICY, policy), (LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

/// Writes into the refusal of a guess that one more is taken after so many seconds: that is the rule once the free ones
/// are used up. What is said already stays.
pub fn one_attempt(seconds: u64, headers: &mut HeaderMap) {
    for (name, text) in
        [(POLICY, format!("\"attempts\";q=1;w={seconds}")), (LIMIT, format!("\"attempts\";r=0;t={seconds}"))]
    {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.entry(name).or_insert(value);
        }
    }
}

/// As [`one_attempt`], for a page that refuses with 429 and says when to come back.
pub fn of_refusal(response: &mut Response) {
    if response.status() != StatusCode::TOO_MANY_REQUESTS {
        return;
    }
    let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    if let Some(seconds) = after.and_then(|text| text.parse().ok()) {
        one_attempt(seconds, response.headers_mut());
    }
}

/// Whole seconds, rounded up.
fn whole(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_reads_as_the_draft_says() {
        let mut allowance = Allowance {
            policy: "api-key",
            limit: 600,
            window: Duration::from_secs(60),
            remaining: 599,
            reset: Duration::from_millis(100),
            admitted: true,
        };
        let mut headers = HeaderMap::new();
        fields(&allowance, &mut headers);
        assert_eq!(headers[POLICY], "\"api-key\";q=600;w=60");
        assert_eq!(headers[LIMIT], "\"api-key\";r=599;t=1");
        assert!(refusal(&allowance).is_none());
        allowance.admitted = false;
        assert_eq!(refusal(&allowance).and_then(|error| error.retry_after_seconds()), Some(1));
    }
}
