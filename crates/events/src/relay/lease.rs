//! One relay at a time per database: a lease row with an owner, a fence and an expiry.
//!
//! A relay that lost its lease without noticing does no harm: its marks carry an old fence and change nothing.
#![expect(clippy::disallowed_methods, reason = "the lease is the relay's, of no tenant")]

use std::{sync::OnceLock, time::Duration};

use platform::{App, Result};
use primitives::ErrorCode;
use uuid::Uuid;

use crate::store::{self, Fence};

/// Name of the row.
pub(crate) const NAME: &str = "relay";
/// How long a lease holds without being renewed.
pub(super) const LIFE: Duration = Duration::from_secs(15);
/// How often it is renewed.
pub(super) const RENEW: Duration = Duration::from_secs(5);

/// Takes or renews the lease; `None` while somebody else holds it.
pub(super) async fn acquire(app: &App, owner: &str) -> Result<Option<Fence>> {
    let tx = app.db().begin_global().await?;
    let now = app.clock().now();
    let lock = if app.db().backend() == sea_orm::DbBackend::Postgres { "FOR UPDATE" } else { "" };
    let sql = format!("SELECT owner, fence, expires_at FROM relay_lease WHERE name = ? {lock}");
    let held = match store::query(tx.global(), &sql, vec![NAME.into()]).await?.first() {
        None => None,
        Some(row) => {
            let held: (String, i64, i64) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            Some(held)
        }
    };
    let expires_at = (now + LIFE).millis();
    let number = match held {
        None => {
            let sql = "INSERT INTO relay_lease (name, owner, fence, expires_at) VALUES (?, ?, 1, ?)";
            match store::execute(tx.global(), sql, vec![NAME.into(), owner.into(), expires_at.into()]).await {
                Ok(_) => 1,
                // Another process wrote the first row between our look and our insert.
                Err(error) if error.code() == ErrorCode::Conflict => {
                    tx.rollback().await;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Some((holder, number, expiry)) => {
            let mine = holder == owner;
            if !mine && expiry > now.millis() && !holder_is_gone(&holder) {
                tx.rollback().await;
                return Ok(None);
            }
            let number = if mine { number } else { number + 1 };
            let sql = "UPDATE relay_lease SET owner = ?, fence = ?, expires_at = ? WHERE name = ?";
            let values = vec![owner.into(), number.into(), expires_at.into(), NAME.into()];
            store::execute(tx.global(), sql, values).await?;
            number
        }
    };
    tx.commit().await?;
    Ok(Some(Fence { name: NAME, owner: owner.to_owned(), number }))
}

/// Gives the lease back, so that the next relay need not wait for its expiry.
pub(super) async fn release(app: &App, fence: &Fence) -> Result<()> {
    let tx = app.db().begin_global().await?;
    let sql = "UPDATE relay_lease SET expires_at = 0 WHERE name = ? AND owner = ? AND fence = ?";
    let values = vec![fence.name.into(), fence.owner.as_str().into(), fence.number.into()];
    store::execute(tx.global(), sql, values).await?;
    tx.commit().await
}

/// A name for one relay: where its process runs, and a random part.
pub(super) fn owner() -> String {
    format!("{}|{}", process().unwrap_or("unknown"), Uuid::now_v7().simple())
}

/// Whether the holder ran on this machine and has ended, so that nobody will renew its lease. After a crash
/// the next start takes over at once instead of waiting for the expiry.
fn holder_is_gone(owner: &str) -> bool {
    let (Some((theirs, _)), Some(ours)) = (owner.rsplit_once('|'), process()) else { return false };
    let (Some((their_place, pid_and_start)), Some((our_place, _))) =
        (theirs.split_once('|'), ours.split_once('|'))
    else {
        return false;
    };
    let Some((pid, start)) = pid_and_start.split_once('.') else { return false };
    their_place == our_place && start_of(pid).is_none_or(|now_at_pid| now_at_pid != start)
}

/// `boot and pid namespace | pid.start`, unique to one run of one process; Linux only.
fn process() -> Option<&'static str> {
    static PROCESS: OnceLock<Option<String>> = OnceLock::new();
    PROCESS
        .get_or_init(|| {
            let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
            let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
            let pid = std::process::id().to_string();
            let start = start_of(&pid)?;
            Some(format!("{} {}|{pid}.{start}", boot.trim(), namespace.display()))
        })
        .as_deref()
}

/// When the process with this id started, in the kernel's ticks.
fn start_of(pid: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_that_runs_is_not_gone_and_one_that_ended_is() {
        assert!(!holder_is_gone(&owner()));
        let (place, _) = process().expect("linux").split_once('|').expect("two parts");
        assert!(holder_is_gone(&format!("{place}|4194999.1|x")), "no such process");
        assert!(holder_is_gone(&format!("{place}|{}.1|x", std::process::id())), "another run under our id");
        assert!(!holder_is_gone("other-boot pid:[1]|4194999.1|x"), "another machine is judged by time only");
        assert!(!holder_is_gone("unknown|x"));
    }
}
