//! Passwords: Argon2id (19 MiB, 2 passes, 1 lane, or what is configured beyond) on a small pool of its own.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use platform::{App, Context, Error, Result};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Callers that may wait for a place in the pool; more are told to come back.
const QUEUE: usize = 64;

/// A password of 8 to 1,024 bytes; never printed, wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Fewest bytes.
    pub const MIN: usize = 8;
    /// Most bytes.
    pub const MAX: usize = 1_024;

    /// Checks the length in bytes; every character counts, space included.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` on `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        match text.len() {
            Self::MIN..=Self::MAX => Ok(Self(Zeroizing::new(text.to_owned()))),
            0..Self::MIN => {
                Err(Error::invalid(field, format!("must have at least {} characters", Self::MIN)))
            }
            _ => Err(Error::invalid(field, format!("must have at most {} bytes", Self::MAX))),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The pool; one per process, see [`Hasher::of`].
pub struct Hasher {
    places: Arc<Semaphore>,
    queue: Semaphore,
    strength: Strength,
    /// What the password of somebody unknown is compared with: it costs what a real one costs, from the first time on.
    unknown: String,
    computed: AtomicU64,
}

/// What one password costs; the configuration allows 19 MiB and two passes or more.
#[derive(Clone, Copy)]
struct Strength {
    memory_kib: u32,
    passes: u32,
}

impl Hasher {
    /// The pool of this process, `security.hash_workers` wide.
    pub fn of(app: &App) -> Arc<Self> {
        let security = &app.config().security;
        let strength = Strength { memory_kib: security.hash_memory_kib, passes: security.hash_passes };
        app.state(|| Self::new(security.hash_workers, strength))
    }

    fn new(workers: usize, strength: Strength) -> Self {
        let Strength { memory_kib, passes } = strength;
        Self {
            places: Arc::new(Semaphore::new(workers.max(1))),
            queue: Semaphore::new(workers.max(1) + QUEUE),
            strength,
            unknown: format!(
                "$argon2id$v=19$m={memory_kib},t={passes},p=1$c29tZXNhbHRzb21lc2FsdA$\
                 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            ),
            computed: AtomicU64::new(0),
        }
    }

    /// How many passwords have been hashed or compared so far.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// The PHC text to store for a password, with a salt of its own.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE` when too many callers wait.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let (password, strength) = (password.clone(), self.strength);
        self.run(move || hash(password.0.as_bytes(), strength)).await?
    }

    /// Whether the password belongs to the stored text.
    ///
    /// Without a stored text, for a person who is not known, it takes as long and says no; so it does for a text that
    /// is no hash, such as that of somebody who was imported without a password.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE` when too many callers wait.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<bool> {
        let (stored, unknown) = (stored.map(str::to_owned), self.unknown.clone());
        let password = password.clone();
        self.run(move || {
            let fits = stored.and_then(|stored| verify(password.0.as_bytes(), &stored));
            fits.unwrap_or_else(|| {
                // Whatever it finds: nobody has this one.
                let _ = verify(password.0.as_bytes(), &unknown);
                false
            })
        })
        .await
    }

    /// Whether a stored text costs less to guess than what is stored today: it was made before the cost was raised.
    pub fn is_weak(&self, stored: &str) -> bool {
        let hash = PasswordHash::new(stored).ok();
        let params = hash.and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            params.m_cost() < self.strength.memory_kib || params.t_cost() < self.strength.passes
        })
    }

    /// Runs on a blocking thread once there is a place. A caller that goes away leaves the place taken until the
    /// thread is done, so the pool is never wider than it says.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _waiting = self
            .queue
            .try_acquire()
            .map_err(|_| Error::unavailable("too many people are signing in, try again"))?;
        let place = self.places.clone().acquire_owned().await.map_err(Error::internal)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        })
        .await
        .map_err(Error::internal)
        .context("hashing a password")
    }
}

fn hash(password: &[u8], strength: Strength) -> Result<String> {
    let params = Params::new(strength.memory_kib, strength.passes, 1, None).map_err(Error::internal)?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = hasher.hash_password(password).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// Whether a password fits; `None` when the stored text is no hash that could be computed.
fn verify(password: &[u8], stored: &str) -> Option<bool> {
    let hash = PasswordHash::new(stored).ok().filter(|hash| hash.salt.is_some() && hash.hash.is_some())?;
    match Argon2::default().verify_password(password, &hash) {
        Ok(()) => Some(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Some(false),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::config::SecurityConfig;
    use primitives::ErrorCode;

    /// What a host uses that was not configured.
    fn usual() -> Strength {
        let security = SecurityConfig::default();
        Strength { memory_kib: security.hash_memory_kib, passes: security.hash_passes }
    }

    fn password(text: &str) -> Password {
        Password::parse("password", text).unwrap()
    }

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_fits_its_password_only() {
        let pool = Hasher::new(2, usual());
        let stored = pool.hash(&password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, pool.hash(&password("correct horse")).await.unwrap());
        assert!(pool.verify(&password("correct horse"), Some(&stored)).await.unwrap());
        assert!(!pool.verify(&password("correct horsf"), Some(&stored)).await.unwrap());
        assert!(!pool.verify(&password("correct horse"), Some("!")).await.unwrap());
        assert!(!pool.verify(&password("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_no_hash_costs_what_a_hash_costs() {
        let pool = Hasher::new(1, Strength { memory_kib: 64 * 1_024, passes: 4 });
        let stored = pool.hash(&password("correct horse")).await.unwrap();
        let spent = async |stored: Option<&str>| {
            let begun = std::time::Instant::now();
            assert!(!pool.verify(&password("wrong horse"), stored).await.unwrap(), "{stored:?}");
            begun.elapsed()
        };
        // Ten times less would be nothing computed: 64 MiB are not gone through in no time on any machine.
        let least = spent(Some(&stored)).await / 10;
        let other =
            "$scrypt$ln=16,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let bad = stored.replace("p=1", "p=0");
        let cut = &stored[..stored.rfind('$').unwrap()];
        for none in [None, Some("!"), Some(""), Some("hunter2"), Some(other), Some(&bad), Some(cut)] {
            assert!(spent(none).await > least, "{none:?}");
        }
    }

    #[tokio::test]
    async fn knows_what_was_made_when_it_cost_less() {
        let of = |memory_kib, passes| Hasher::new(1, Strength { memory_kib, passes });
        let stored = of(64, 2).hash(&password("correct horse")).await.unwrap();
        for (memory_kib, passes, weak) in [(64, 2, false), (65, 2, true), (64, 3, true), (32, 1, false)] {
            assert_eq!(of(memory_kib, passes).is_weak(&stored), weak, "{memory_kib} {passes}");
        }
        assert!(of(8, 1).is_weak("!"));
    }

    #[tokio::test]
    async fn somebody_unknown_costs_what_somebody_known_costs() {
        let pool = Hasher::new(1, usual());
        let stored = pool.hash(&password("correct horse")).await.unwrap();
        let (real, none) = (PasswordHash::new(&stored).unwrap(), PasswordHash::new(&pool.unknown).unwrap());
        assert_eq!(
            (none.algorithm, none.version, &none.params),
            (real.algorithm, real.version, &real.params)
        );
        let lengths = |hash: &PasswordHash| (hash.salt.map(|s| s.len()), hash.hash.map(|h| h.len()));
        assert_eq!(lengths(&none), lengths(&real));
    }

    #[test]
    fn a_password_has_8_to_1024_bytes() {
        for (length, allowed) in [(0, false), (7, false), (8, true), (1_024, true), (1_025, false)] {
            assert_eq!(Password::parse("password", &"a".repeat(length)).is_ok(), allowed, "{length}");
        }
        assert!(Password::parse("password", "пароль").is_ok());
        let error = Password::parse("new", "short").unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "new"));
        assert_eq!(format!("{:?}", password("correct horse")), "Password(…)");
    }

    #[tokio::test]
    async fn the_pool_is_bounded_and_so_is_its_queue() {
        let pool = Arc::new(Hasher::new(1, usual()));
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || hold.recv().is_ok()).await }
        });
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting: Vec<_> = (0..QUEUE)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.run(|| ()).await })
            })
            .collect();
        while pool.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| ()).await.unwrap_err().code(), ErrorCode::ServiceUnavailable);
        release.send(()).unwrap();
        assert!(first.await.unwrap().unwrap());
        for waiter in waiting {
            waiter.await.unwrap().unwrap();
        }
        assert_eq!(pool.queue.available_permits(), 1 + QUEUE);
    }
}
