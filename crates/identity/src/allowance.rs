//! How much somebody may ask in a minute: a program with an API key, and a visitor who changes things.

use crate::door::Resolved;
use axum::http::Method;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;
use platform::App;
use primitives::{ApiKeyId, TenantId};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// What limits speak of.
const WINDOW: Duration = Duration::from_secs(60);
/// Askers that are remembered; whoever is forgotten begins anew.
const REMEMBERED: u64 = 100_000;

/// How much may still be asked, for the fields `RateLimit` and `RateLimit-Policy`
/// (draft-ietf-httpapi-ratelimit-headers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whose it is: `api-key` or `visitor`.
    pub policy: &'static str,
    /// Requests per window.
    pub limit: u32,
    /// The window.
    pub window: Duration,
    /// Requests that are left now.
    pub remaining: u32,
    /// When all of `limit` are there again, if nothing is asked until then; for a refused request when the next one
    /// is let through.
    pub reset: Duration,
    /// Whether this request is let through.
    pub admitted: bool,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asker {
    Key(ApiKeyId),
    /// A network in one shop.
    Visitor(TenantId, IpAddr),
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, AppClock, StateInformationMiddleware>;

/// One per process; limits are each process's own.
struct Limits(Cache<Asker, Arc<Limiter>>);

/// Counts a request under an API key.
pub(crate) fn of_key(app: &App, key: ApiKeyId) -> Allowance {
    let limit = app.config().security.api_key_requests_per_minute;
    count(app, "api-key", Asker::Key(key), NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN))
}

/// Counts a request that may change something, by whoever shows no API key; `None` where nobody counts: reading, and
/// whoever asks from this machine, because behind a proxy whose headers are not believed that would be everybody.
pub fn of_visitor(app: &App, resolved: &Resolved, method: &Method) -> Option<Allowance> {
    let network = network(resolved.origin.client);
    if method.is_safe() || network.is_loopback() {
        return None;
    }
    let limit = NonZeroU32::new(app.config().security.visitor_requests_per_minute)?;
    Some(count(app, "visitor", Asker::Visitor(resolved.tenant.id, network), limit))
}

/// Whoever has one address of version 6 has all that begin like it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(own) if !own.is_loopback() => {
            let [a, b, c, d, ..] = own.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other,
    }
}

fn count(app: &App, policy: &'static str, asker: Asker, limit: NonZeroU32) -> Allowance {
    let limits =
        app.state(|| Limits(Cache::builder().max_capacity(REMEMBERED).time_to_idle(2 * WINDOW).build()));
    let each = WINDOW / limit.get();
    let limiter = limits.0.get_with(asker, || {
        let quota = Quota::with_period(each).unwrap_or(Quota::per_minute(limit)).allow_burst(limit);
        Arc::new(RateLimiter::direct_with_clock(quota, AppClock(app.clone())).with_middleware())
    });
    let (remaining, reset, admitted) = match limiter.check() {
        Ok(state) => {
            let remaining = state.remaining_burst_capacity();
            (remaining, each * limit.get().saturating_sub(remaining), true)
        }
        Err(until) => (0, until.wait_time_from(AppClock(app.clone()).now()), false),
    };
    Allowance { policy, limit: limit.get(), window: WINDOW, remaining, reset, admitted }
}

/// The process's own clock, which tests turn.
struct AppClock(App);

impl Clock for AppClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.clock().now().millis()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_version_six_is_one_asker() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::7"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_eq!(of("::ffff:203.0.113.7"), of("203.0.113.7"));
        assert!(of("::1").is_loopback() && of("::ffff:127.0.0.1").is_loopback());
    }
}
