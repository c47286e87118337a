//! Slows guessing down: the wait between attempts grows with every attempt that did not succeed.
//!
//! Attempts count before the password is looked at, so a thousand at once are a thousand; one that is refused counts
//! nowhere. Nobody is locked out: a wait ends by itself, the longest after five minutes.
//!
//! There are places that one guesser fills alone: an account from an address, an address, and with IPv6 the /48 around
//! it. And there are places that others fill too: an account, a shop, the process. Whoever has to share those with
//! guessers still gets in:
//! - on a device that the owner has used before, which is counted apart from everything else;
//! - from an address that has not failed for a quarter of an hour, for which each shared place keeps a reserve;
//! - with a session, for the own password and codes: these are counted by person and session.
//!
//! What remains: an address that has not failed takes one place of a reserve, then it has failed. An account's reserve
//! is back after four seconds, so 225 addresses, each again after a quarter of an hour, keep it empty all the time, and
//! fewer a part of it: a hundred for less than seven minutes of the fifteen. A shop's takes 4,500; each a /48 if they
//! are IPv6. While a reserve is empty the owner gets in on a known device only, and elsewhere by coming first when a
//! place is back. The reserve is also what such a guesser gains: at most some 32,000 guesses a day at an account instead
//! of 11,000. A greater one would take more addresses to empty, and give more guesses.

use moka::sync::Cache;
use platform::{App, Error, Result};
use primitives::{Email, SessionId, TenantId, Timestamp, UserId};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// Somebody who is signed in and shows the own password or code.
const OWN: Patience = Patience { free: 10, longest: Duration::from_secs(300) };
/// Codes of the second step by address; per account they are counted in the database.
const CODES: Patience = Patience { free: 60, longest: Duration::from_secs(60) };
/// Who failed at all; nobody waits for this.
const ENDLESS: Patience = Patience { free: u32::MAX, longest: Duration::ZERO };
/// Sign-ins through providers by address: what is guessed there is guessed at the provider.
const PROVIDERS: Patience = Patience { free: 200, longest: Duration::from_secs(60) };
/// Codes of gift cards by address: long enough that nobody finds one, short of what a script would try.
const GIFT_CARDS: Patience = Patience { free: 20, longest: Duration::from_secs(60) };
const REGISTRATIONS: Patience = Patience { free: 200, longest: Duration::from_secs(60) };

/// How many failures are taken at once, and how fast they drain.
#[derive(Clone, Copy)]
struct Basin {
    free: f64,
    a_second: f64,
}

/// Failures of a /48 of IPv6, which one customer of a provider may have: 65,536 times what is one address to us.
const NEIGHBOURHOOD: Basin = Basin { free: 120.0, a_second: 0.5 };
/// What an account takes from addresses that have not failed, once it takes no more from others.
const ACCOUNT_RESERVE: Basin = Basin { free: 10.0, a_second: 0.25 };
/// Failures of a whole shop.
const SHOP: Basin = Basin { free: 500.0, a_second: 5.0 };
const SHOP_RESERVE: Basin = Basin { free: 100.0, a_second: 5.0 };
/// Failures of all shops of this process.
const PROCESS: Basin = Basin { free: 5_000.0, a_second: 50.0 };
const PROCESS_RESERVE: Basin = Basin { free: 1_000.0, a_second: 50.0 };

/// Attempts that have not succeeded, by account, by address and by both. One per process.
pub struct Guesses {
    counts: Cache<u64, Arc<Mutex<Count>>>,
    levels: Cache<u64, Arc<Mutex<Level>>>,
    shops: Cache<TenantId, Shared>,
    process: Shared,
    /// One attempt at a time is looked at in all its places and then counted in all of them.
    turn: Mutex<()>,
}

/// Where everybody's failures meet, and what is kept for those who have not failed.
#[derive(Clone, Default)]
struct Shared {
    failures: Arc<Mutex<Level>>,
    reserve: Arc<Mutex<Level>>,
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

/// A place in which an attempt counts.
#[derive(Clone)]
enum Place {
    Count(Arc<Mutex<Count>>, Patience),
    Level(Arc<Mutex<Level>>, Basin),
}

/// An attempt that was let through; [`Attempt::succeeded`] forgives the ones before it.
pub struct Attempt {
    /// Start afresh when it succeeds.
    forgotten: Vec<Place>,
    /// Are forgiven this one attempt.
    forgiven: Vec<Place>,
}

impl Guesses {
    /// The counts of this process.
    pub fn of(app: &App) -> Arc<Self> {
        app.state(Self::new)
    }

    fn new() -> Self {
        Self {
            counts: remembering(),
            levels: remembering(),
            shops: remembering(),
            process: Shared::default(),
            turn: Mutex::default(),
        }
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
    ) -> Result<Attempt> {
        let (near, wide) = (network(from, 64), network(from, 48));
        let pair = self.count(key((tenant, account, near)), ACCOUNT_AND_ADDRESS);
        let by_all = self.count(key((tenant, account)), ACCOUNT);
        let seen = self.count(key(("seen", tenant, wide)), ENDLESS);
        let shop = self.shops.get_with(tenant, Shared::default);
        // Whoever has not failed does not wait for those who have.
        let (_turn, fresh) = (self.turn(), seen.is_unused(now));
        let shared = |usual: Place, reserve: Place| {
            if fresh && reserve.wait(now) < usual.wait(now) { reserve } else { usual }
        };
        let forgiven = vec![
            self.count(key((tenant, near)), ADDRESS),
            self.level(key(("around", tenant, wide)), NEIGHBOURHOOD),
            shared(by_all.clone(), self.level(key(("reserve", tenant, account)), ACCOUNT_RESERVE)),
            shared(Place::Level(shop.failures, SHOP), Place::Level(shop.reserve, SHOP_RESERVE)),
            shared(
                Place::Level(self.process.failures.clone(), PROCESS),
                Place::Level(self.process.reserve.clone(), PROCESS_RESERVE),
            ),
            seen,
        ];
        take(forgiven.iter().chain([&pair]), now)?;
        Ok(Attempt { forgotten: vec![pair, by_all], forgiven })
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
    ) -> Result<Attempt> {
        self.alone(key(("device", tenant, account, device)), DEVICE, now)
    }

    /// Counts somebody who is signed in and shows the own password or a code: what strangers do to the account keeps
    /// nobody from changing the own password.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED` after too many in this session.
    pub(crate) fn own(
        &self,
        tenant: TenantId,
        user: UserId,
        session: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Attempt> {
        self.alone(key(("own", tenant, user, session)), OWN, now)
    }

    /// Counts somebody who sends a code of the second step.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub(crate) fn code(&self, tenant: TenantId, from: IpAddr, now: Timestamp) -> Result<Attempt> {
        let place = self.count(key(("code", tenant, network(from, 64))), CODES);
        let _turn = self.turn();
        take([&place], now)?;
        Ok(Attempt { forgotten: Vec::new(), forgiven: vec![place] })
    }

    /// Counts somebody who types the code of a gift card, by where it comes from; a right one is forgiven.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub fn gift_card(&self, tenant: TenantId, from: IpAddr, now: Timestamp) -> Result<Attempt> {
        let places = vec![
            self.count(key(("gift card", tenant, network(from, 64))), GIFT_CARDS),
            self.level(key(("gift card around", tenant, network(from, 48))), NEIGHBOURHOOD),
        ];
        let _turn = self.turn();
        take(places.iter(), now)?;
        Ok(Attempt { forgotten: Vec::new(), forgiven: places })
    }

    /// Counts somebody who begins a sign-in through a provider.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub(crate) fn provider(&self, tenant: TenantId, from: IpAddr, now: Timestamp) -> Result<()> {
        let place = self.count(key(("provider", tenant, network(from, 64))), PROVIDERS);
        let _turn = self.turn();
        take([&place], now)
    }

    /// Counts somebody who comes back from a provider.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub(crate) fn answer(&self, tenant: TenantId, from: IpAddr, now: Timestamp) -> Result<()> {
        let place = self.count(key(("answer", tenant, network(from, 64))), PROVIDERS);
        let _turn = self.turn();
        take([&place], now)
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
        let from = network(from, 64);
        let pair = self.count(key(("register", tenant, account, from)), ACCOUNT_AND_ADDRESS);
        let address = self.count(key(("register", tenant, from)), REGISTRATIONS);
        let _turn = self.turn();
        take([&pair, &address], now)
    }

    /// Counts a letter to an address, by what was given and never by what is known: nobody's mailbox is filled through
    /// us, whoever asks and from wherever.
    ///
    /// # Errors
    /// `RATE_LIMIT_EXCEEDED`.
    pub fn letter(&self, tenant: TenantId, to: &Email, from: IpAddr, now: Timestamp) -> Result<()> {
        let sender = self.count(key(("letter", tenant, network(from, 64))), LETTERS_FROM);
        let recipient = self.count(key(("letter", tenant, to)), LETTERS);
        let _turn = self.turn();
        take([&sender, &recipient], now)
    }

    /// Counts an attempt in one place that nobody else fills.
    fn alone(&self, key: u64, patience: Patience, now: Timestamp) -> Result<Attempt> {
        let place = self.count(key, patience);
        let _turn = self.turn();
        take([&place], now)?;
        Ok(Attempt { forgotten: vec![place], forgiven: Vec::new() })
    }

    fn count(&self, key: u64, patience: Patience) -> Place {
        Place::Count(self.counts.get_with(key, Arc::default), patience)
    }

    fn level(&self, key: u64, basin: Basin) -> Place {
        Place::Level(self.levels.get_with(key, Arc::default), basin)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        locked(&self.turn)
    }
}

/// Counts in all places, or in none when one of them asks to wait.
fn take<'p>(places: impl IntoIterator<Item = &'p Place, IntoIter: Clone>, now: Timestamp) -> Result<()> {
    let places = places.into_iter();
    let wait = places.clone().map(|place| place.wait(now)).max().unwrap_or_default();
    if !wait.is_zero() {
        return Err(Error::rate_limited(wait));
    }
    places.for_each(|place| place.take(now));
    Ok(())
}

impl Attempt {
    /// It was the owner: the account starts afresh. The address is only forgiven this one attempt, or one good account
    /// would pay for guessing at all others.
    pub fn succeeded(self) {
        self.forgotten.iter().for_each(Place::forget);
        self.forgiven.iter().for_each(Place::give_back);
    }
}

impl Place {
    /// How long until there is room for one more.
    fn wait(&self, now: Timestamp) -> Duration {
        match self {
            Self::Count(count, patience) => {
                let count = locked(count).at(now);
                patience.wait_after(count.attempts).saturating_sub(now.since(count.last))
            }
            Self::Level(level, basin) => {
                let above = locked(level).drained(*basin, now) + 1.0 - basin.free;
                Duration::from_secs_f64((above / basin.a_second).max(0.0))
            }
        }
    }

    fn take(&self, now: Timestamp) {
        match self {
            Self::Count(count, _) => {
                let mut count = locked(count);
                *count = Count { attempts: count.at(now).attempts.saturating_add(1), last: now };
            }
            Self::Level(level, basin) => {
                let mut level = locked(level);
                *level = Level { failures: level.drained(*basin, now) + 1.0, at: now };
            }
        }
    }

    fn give_back(&self) {
        match self {
            Self::Count(count, _) => {
                let mut count = locked(count);
                count.attempts = count.attempts.saturating_sub(1);
            }
            Self::Level(level, _) => {
                let mut level = locked(level);
                level.failures = (level.failures - 1.0).max(0.0);
            }
        }
    }

    fn forget(&self) {
        match self {
            Self::Count(count, _) => *locked(count) = Count::default(),
            Self::Level(level, _) => *locked(level) = Level::default(),
        }
    }

    /// Whether nothing failed here lately.
    fn is_unused(&self, now: Timestamp) -> bool {
        match self {
            Self::Count(count, _) => locked(count).at(now).attempts == 0,
            Self::Level(level, basin) => locked(level).drained(*basin, now) <= 0.0,
        }
    }
}

impl Count {
    /// What is left of it.
    fn at(self, now: Timestamp) -> Self {
        if now.since(self.last) >= FORGOTTEN_AFTER { Self::default() } else { self }
    }
}

impl Level {
    fn drained(self, basin: Basin, now: Timestamp) -> f64 {
        (self.failures - now.since(self.at).as_secs_f64() * basin.a_second).max(0.0)
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remembering<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder().max_capacity(REMEMBERED).time_to_idle(FORGOTTEN_AFTER).build()
}

/// What is one place to us: an address of IPv4, or so many bits of one of IPv6. One household has a /64 to guess from,
/// one customer of a provider often a /48.
fn network(from: IpAddr, bits: u32) -> u128 {
    match from.to_canonical() {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6) >> (128 - bits) << (128 - bits),
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
    fn an_address_that_has_not_failed_does_not_wait_for_those_that_have() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), email("anna@x.example"));
        let from = |n: u32| IpAddr::V4(std::net::Ipv4Addr::from(n));
        let mut looked_at = 0;
        for second in 0..900 {
            // A hundred addresses that never stop, more than it takes to leave no room for others at this account.
            for n in 0..100 {
                looked_at += u64::from(guesses.attempt(tenant, &anna, from(n), at(second)).is_ok());
            }
            // Once all of them have failed; until then they compete with the owner.
            if second >= 600 && second % 60 == 0 {
                let owner = from(1_000_000 + u32::try_from(second).unwrap());
                assert!(guesses.attempt(tenant, &anna, owner, at(second)).is_ok(), "{second}");
            }
        }
        assert!(looked_at < 20 + 900 / 8 + 100, "{looked_at}");
    }

    #[test]
    fn a_refused_attempt_counts_nowhere() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), email("anna@x.example"));
        for n in 0..1_000_u32 {
            let _ = guesses.attempt(tenant, &anna, IpAddr::V4(std::net::Ipv4Addr::from(n)), at(0));
        }
        // However often somebody comes while the account has no room, then the first try is a first try.
        for _ in 0..100 {
            assert!(guesses.attempt(tenant, &anna, AWAY, at(0)).is_err());
        }
        assert!(guesses.attempt(tenant, &anna, AWAY, at(8)).is_ok());
        let elsewhere = |n: u32| guesses.attempt(tenant, &email(&format!("a{n}@x.example")), AWAY, at(8));
        assert!((0..59).all(|n| elsewhere(n).is_ok()), "sixty are free at an address");
        assert!(elsewhere(59).is_err());
    }

    #[test]
    fn a_block_of_addresses_leaves_the_shop_to_others() {
        let (guesses, tenant) = (Guesses::new(), TenantId::new());
        let v6 = |text: &str| IpAddr::V6(text.parse().unwrap());
        let attempt = |n: u32, from: IpAddr, second: u64| {
            guesses.attempt(tenant, &email(&format!("a{n}@x.example")), from, at(second)).is_ok()
        };
        // One /64 after the other of a /48, another account each time.
        let net = |n: u32| v6(&format!("2001:db8:1:{n:x}::1"));
        assert_eq!((0..10_000).filter(|n| attempt(*n, net(*n), 0)).count(), 120);
        assert_eq!((0..10_000).filter(|n| attempt(*n, net(*n), 60)).count(), 30, "one in two seconds");
        assert!(attempt(1, v6("2001:db8:2::1"), 60) && attempt(1, HOME, 60));
    }

    #[test]
    fn a_full_shop_has_room_for_whoever_has_not_failed() {
        let (guesses, tenant) = (Guesses::new(), TenantId::new());
        let from = |n: u32| IpAddr::V4(std::net::Ipv4Addr::from(n));
        // Two hundred addresses that never stop, at ever other accounts.
        for second in 0..300 {
            for n in 0..200_u32 {
                let account = email(&format!("a{second}-{n}@x.example"));
                let _ = guesses.attempt(tenant, &account, from(n), at(second));
            }
        }
        let late = email("late@x.example");
        assert!(guesses.attempt(tenant, &late, from(7), at(299)).is_err());
        assert!(guesses.attempt(tenant, &late, HOME, at(299)).is_ok());
        assert!(guesses.attempt(tenant, &late, AWAY, at(299)).is_ok());
    }

    #[test]
    fn the_own_password_is_counted_by_session() {
        let (guesses, tenant, anna) = (Guesses::new(), TenantId::new(), UserId::new());
        let (here, there) = (Some(SessionId::new()), Some(SessionId::new()));
        assert_eq!((0..100).filter(|_| guesses.own(tenant, anna, here, at(0)).is_ok()).count(), 10);
        guesses.own(tenant, anna, there, at(0)).unwrap();
        guesses.own(tenant, anna, here, at(1)).unwrap().succeeded();
        assert!((0..10).all(|_| guesses.own(tenant, anna, here, at(1)).is_ok()));
    }

    #[test]
    fn right_codes_are_forgiven() {
        let (guesses, tenant) = (Guesses::new(), TenantId::new());
        for _ in 0..1_000 {
            guesses.code(tenant, HOME, at(0)).unwrap().succeeded();
        }
        assert_eq!((0..100).filter(|_| guesses.code(tenant, HOME, at(0)).is_ok()).count(), 60);
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
        assert_eq!(passed, 600, "a hundred are the reserve for addresses that have not failed");
        let error = attempt(10_001, 0).err().unwrap();
        assert_eq!((error.code(), error.retry_after_seconds()), (ErrorCode::RateLimitExceeded, Some(1)));
        assert_eq!((20_000..30_000).filter(|n| attempt(*n, 10).is_ok()).count(), 100, "five a second, twice");
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
