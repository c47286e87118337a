//! Slows guessing down: the wait between attempts grows with every attempt that did not succeed.
//!
//! Attempts count before the password is looked at, so a thousand at once are a thousand. Nobody is locked out: a
//! wait ends by itself, the longest after five minutes, and what an address does to an account does not keep the
//! account's owner out from elsewhere, apart from the short wait per account; on a device that the owner has used
//! before there is not even that. Above the limits for accounts and addresses stands one for everything: a shop, and the
//! process, take a number of failures at once and then so many a second, whoever makes them.

use moka::sync::Cache;
use platform::{App, Error, Result};
use primitives::{Email, TenantId, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many keys are remembered at most; the least used go first.
const REMEMBERED: u64 = 20_000;
/// After so much silence an account or address starts afresh.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);

/// How patient we are with one key: so many attempts are free, then the wait doubles up to a limit.
#[derive(Clone, Copy)]
struct Patience {
    free: u32,
    longest: Duration,
}

const ACCOUNT_AND_ADDRESS: Patience = Patience { free: 5, longest: Duration::from_secs(300) };
const ACCOUNT: Patience = Patience { free: 20, longest: Duration::from_secs(8) };
const ADDRESS: Patience = Patience { free: 60, longest: Duration::from_secs(60) };
const LETTERS: Patience = Patience { free: 3, longest: Duration::from_secs(300) };
const LETTERS_FROM: Patience = Patience { free: 30, longest: Duration::from_secs(60) };
/// A device of the owner, whatever others do to the account.
const DEVICE: Patience = Patience { free: 10, longest: Duration::from_secs(300) };
/// Codes of the second step by address; per account they are counted in the database.
const CODES: Patience = Patience { free: 60, longest: Duration::from_secs(60) };
/// Failures of a whole shop.
const SHOP: Basin = Basin { free: 500.0, a_second: 5.0 };
/// Failures of all shops of this process.
const PROCESS: Basin = Basin { free: 5_000.0, a_second: 50.0 };
const REGISTRATIONS: Patience = Patience { free: 200, longest: Duration::from_secs(60) };

/// Attempts that have not succeeded, by account, by address and by both. One per process.
pub struct Guesses {
    counts: Cache<u64, Arc<Mutex<Count>>>,
    shops: Cache<TenantId, Arc<Mutex<Level>>>,
    process: Arc<Mutex<Level>>,
}

/// How many failures are taken at once, and how fast they drain.
#[derive(Clone, Copy)]
struct Basin {
    free: f64,
    a_second: f64,
}

/// Failures that have not drained.
#[derive(Clone, Copy, Default)]
struct Level {
    failures: f64,
    at: Timestamp,
}

#[derive(Clone, Copy, Default)]
struct Count {
    attempts: u32,
    last: Timestamp,
}

/// An attempt that was let through; [`Attempt::succeeded`] forgives the ones before it.
pub struct Attempt<'g> {
    guesses: &'g Guesses,
    /// Start afresh when it succeeds.
    forgotten: [Option<u64>; 2],
    /// Forgiven this one attempt.
    address: Option<u64>,
    levels: [Arc<Mutex<Level>>; 2],
}

impl Guesses {
    /// The counts of this process.
    pub fn of(app: &App) -> Arc<Self> {
        app.state(Self::new)
    }

    fn new() -> Self {
        let shops = Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGOTTEN_AFTER).build();
        let counts = Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGOTTEN_AFTER).build();
        Self { counts, shops, process: Arc::default() }
    }

    /// Counts an attempt, or says how long to wait.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`, the same whether or not the account exists.
    pub fn attempt(
        &self,
        tenant: TenantId,
        account: &Email,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt<'_>> {
        let from = network(from);
        let (pair, address) = (key((tenant, account, from)), key((tenant, from)));
        let account = key((tenant, account));
        for (key, patience) in [(pair, ACCOUNT_AND_ADDRESS), (address, ADDRESS), (account, ACCOUNT)] {
            self.count(key, patience, now).map_err(Error::rate_limited)?;
        }
        let levels = [self.shops.get_with(tenant, Arc::default), self.process.clone()];
        for (level, basin) in levels.iter().zip([SHOP, PROCESS]) {
            basin.pour(level, now).map_err(Error::rate_limited)?;
        }
        Ok(Attempt { guesses: self, forgotten: [Some(pair), Some(account)], address: Some(address), levels })
    }

    /// Counts an attempt on a device from which the owner has signed in before, apart from everybody else's: for when
    /// [`Guesses::attempt`] has refused it.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED` after too many on this device itself.
    pub(crate) fn at_device(
        &self,
        tenant: TenantId,
        account: &Email,
        device: &[u8; 32],
        now: Timestamp,
    ) -> Result<Attempt<'_>> {
        let key = key(("device", tenant, account, device));
        self.count(key, DEVICE, now).map_err(Error::rate_limited)?;
        let levels = [Arc::default(), Arc::default()];
        Ok(Attempt { guesses: self, forgotten: [Some(key), None], address: None, levels })
    }

    /// Counts somebody who sends a code of the second step.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub(crate) fn code(&self, tenant: TenantId, from: IpAddr, now: Timestamp) -> Result<()> {
        self.count(key(("code", tenant, network(from))), CODES, now).map_err(Error::rate_limited)
    }

    /// Counts somebody who opens an account, by what was given and never by what is known.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub fn registration(
        &self,
        tenant: TenantId,
        account: &Email,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<()> {
        let from = network(from);
        self.count(key(("register", tenant, account, from)), ACCOUNT_AND_ADDRESS, now)
            .map_err(Error::rate_limited)?;
        self.count(key(("register", tenant, from)), REGISTRATIONS, now).map_err(Error::rate_limited)
    }

    /// Counts a letter to an address, by what was given and never by what is known: nobody's mailbox is filled through
    /// us, whoever asks and from wherever.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub fn letter(&self, tenant: TenantId, to: &Email, from: IpAddr, now: Timestamp) -> Result<()> {
        self.count(key(("letter", tenant, network(from))), LETTERS_FROM, now).map_err(Error::rate_limited)?;
        self.count(key(("letter", tenant, to)), LETTERS, now).map_err(Error::rate_limited)
    }

    fn count(&self, key: u64, patience: Patience, now: Timestamp) -> std::result::Result<(), Duration> {
        let count = self.counts.get_with(key, Arc::default);
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.since(count.last);
        if since >= FORGOTTEN_AFTER {
            *count = Count::default();
        }
        let wait = patience.wait_after(count.attempts);
        if since < wait {
            return Err(wait - since);
        }
        *count = Count { attempts: count.attempts.saturating_add(1), last: now };
        Ok(())
    }
}

impl Attempt<'_> {
    /// It was the owner: the account starts afresh. The address is only forgiven this one attempt, or one good account
    /// would pay for guessing at all others.
    pub fn succeeded(self) {
        for key in self.forgotten.into_iter().flatten() {
            self.guesses.counts.invalidate(&key);
        }
        if let Some(count) = self.address.and_then(|key| self.guesses.counts.get(&key)) {
            let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
            count.attempts = count.attempts.saturating_sub(1);
        }
        for level in self.levels {
            let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
            level.failures = (level.failures - 1.0).max(0.0);
        }
    }
}

impl Basin {
    /// Takes one failure in, or says how long to wait until there is room.
    fn pour(self, level: &Mutex<Level>, now: Timestamp) -> std::result::Result<(), Duration> {
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        let drained = now.since(level.at).as_secs_f64() * self.a_second;
        *level = Level { failures: (level.failures - drained).max(0.0), at: now };
        let above = level.failures + 1.0 - self.free;
        if above > 0.0 {
            return Err(Duration::from_secs_f64(above / self.a_second));
        }
        level.failures += 1.0;
        Ok(())
    }
}

impl Patience {
    fn wait_after(self, attempts: u32) -> Duration {
        match attempts.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(beyond) => Duration::from_secs(1_u64 << beyond.min(20)).min(self.longest),
        }
    }
}

/// One household has a /64 of IPv6 addresses to guess from.
fn network(from: IpAddr) -> u128 {
    match from.to_canonical() {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6) >> 64 << 64,
    }
}

fn key(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ErrorCode;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(seconds)
    }

    #[test]
    fn the_wait_grows_and_ends() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), email("anna@x.example"));
        let attempt = |second| guesses.attempt(tenant, &anna, HOME, at(second)).is_ok();
        assert!((0..5).all(|_| attempt(0)), "five are free");
        assert!(!attempt(0));
        assert!(attempt(1), "the first wait is one second");
        assert!(!attempt(2), "the second is two");
        assert!(attempt(3));
        assert!(!attempt(6));
        assert!(attempt(7));
        let error = guesses.attempt(tenant, &anna, HOME, at(7)).err().unwrap();
        assert_eq!(error.code(), ErrorCode::RateLimitExceeded);
        assert_eq!(error.message(), "too many attempts, try again in 8 s");
        assert_eq!(error.retry_after_seconds(), Some(8));
        // A part of a second counts as a whole one: who comes back then is let through.
        let later = guesses.attempt(tenant, &anna, HOME, at(7) + Duration::from_millis(500)).err().unwrap();
        assert_eq!(later.retry_after_seconds(), Some(8));
        assert!(attempt(7 + 900), "silence is forgiven");
    }

    #[test]
    fn somebody_elses_guessing_keeps_the_owner_out_for_seconds_only() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), email("anna@x.example"));
        for second in 0..600 {
            let _ = guesses.attempt(tenant, &anna, HOME, at(second));
        }
        assert!(guesses.attempt(tenant, &anna, AWAY, at(608)).is_ok());
    }

    #[test]
    fn success_forgives_the_account_but_not_the_address() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), email("anna@x.example"));
        for _ in 0..5 {
            guesses.attempt(tenant, &anna, HOME, at(0)).unwrap();
        }
        assert!(guesses.attempt(tenant, &anna, HOME, at(0)).is_err());
        guesses.attempt(tenant, &anna, HOME, at(1)).unwrap().succeeded();
        assert!(guesses.attempt(tenant, &anna, HOME, at(1)).is_ok());
        for n in 0..100 {
            let _ = guesses.attempt(tenant, &email(&format!("a{n}@x.example")), HOME, at(1));
        }
        assert!(guesses.attempt(tenant, &email("fresh@x.example"), HOME, at(1)).is_err());
        assert!(guesses.attempt(tenant, &email("fresh@x.example"), AWAY, at(1)).is_ok());
        assert!(guesses.attempt(TenantId::new(), &email("fresh@x.example"), HOME, at(1)).is_ok());
    }

    #[test]
    fn a_device_of_the_owner_has_patience_of_its_own() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), email("anna@x.example"));
        for n in 0..1_000_u32 {
            let from = IpAddr::V4(std::net::Ipv4Addr::from(n));
            let _ = guesses.attempt(tenant, &anna, from, at(0));
        }
        assert!(guesses.attempt(tenant, &anna, AWAY, at(0)).is_err());
        assert!(guesses.at_device(tenant, &anna, &[1; 32], at(0)).is_ok());
        // Whoever has stolen it guesses no faster with it.
        assert_eq!((0..100).filter(|_| guesses.at_device(tenant, &anna, &[1; 32], at(0)).is_ok()).count(), 9);
        assert!(guesses.at_device(tenant, &anna, &[2; 32], at(0)).is_ok());
        guesses.at_device(tenant, &anna, &[1; 32], at(1)).unwrap().succeeded();
        assert!(guesses.at_device(tenant, &anna, &[1; 32], at(1)).is_ok());
    }

    #[test]
    fn a_shop_takes_so_many_failures_whoever_makes_them() {
        let (guesses, tenant) = (Guesses::new(), TenantId::new());
        // Every attempt another account from another address.
        let attempt = |n: u32, second: u64| {
            let from = IpAddr::V4(std::net::Ipv4Addr::from(n));
            guesses.attempt(tenant, &email(&format!("a{n}@x.example")), from, at(second))
        };
        let passed = (0..10_000).filter(|n| attempt(*n, 0).is_ok()).count();
        assert_eq!(passed, 500);
        let error = attempt(10_001, 0).err().unwrap();
        assert_eq!((error.code(), error.retry_after_seconds()), (ErrorCode::RateLimitExceeded, Some(1)));
        assert_eq!((20_000..30_000).filter(|n| attempt(*n, 10).is_ok()).count(), 50, "five a second");
        assert!(
            guesses.attempt(TenantId::new(), &email("a@x.example"), HOME, at(10)).is_ok(),
            "another shop"
        );
        // Who is right takes no room.
        let free = || attempt(40_000, 60).map(Attempt::succeeded).is_ok();
        assert!((0..1_000).all(|_| free()));
    }

    #[test]
    fn memory_is_bounded() {
        let (guesses, tenant) = (Guesses::new(), TenantId::new());
        for n in 0..30_000_u32 {
            let from = IpAddr::V4(std::net::Ipv4Addr::from(n));
            let _ = guesses.attempt(tenant, &email(&format!("a{n}@x.example")), from, at(0));
        }
        guesses.counts.run_pending_tasks();
        assert!(guesses.counts.entry_count() <= REMEMBERED);
    }
}
