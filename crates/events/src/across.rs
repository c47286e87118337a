//! Caches of several processes on one PostgreSQL: what one of them marks as stale, all of them do.
//!
//! `NOTIFY` carries the names; it is sent outside of any business transaction and gathered for a moment, so it
//! slows nobody down. Whoever may have missed something marks everything as stale.
#![expect(clippy::disallowed_methods, reason = "processes talk about all tenants")]

use std::{collections::BTreeSet, time::Duration};

use platform::{App, Result};
use primitives::TenantId;
use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::postgres::{PgListener, PgNotification},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use uuid::Uuid;

const CHANNEL: &str = "rustok_hub";
/// How long names are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(5);
/// Wait before the next try while the database is away.
const RETRY: Duration = Duration::from_secs(1);
/// Names in one message; PostgreSQL takes messages of up to 8,000 bytes.
const MOST: usize = 40;
/// Longest name that is sent by itself.
const LONGEST: usize = 60;

/// What one process tells the others.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Message {
    from: Uuid,
    /// Tenant and name of what is stale; `None` is everything.
    stale: Option<Vec<(TenantId, String)>>,
}

/// Shares `Hub::bump` with the other processes on this database, until `stop`. On SQLite, which one process
/// serves, there is nobody to share with and this only waits.
pub async fn share_bumps(app: App, stop: CancellationToken) {
    if app.db().backend() != DbBackend::Postgres {
        return stop.cancelled().await;
    }
    let Some(told) = app.hub().tell() else {
        warn!("this process shares its invalidations already");
        return stop.cancelled().await;
    };
    let me = Uuid::now_v7();
    tokio::select! {
        () = stop.cancelled() => {}
        () = send_all(&app, me, told) => {}
        () = hear_all(&app, me) => {}
    }
}

async fn send_all(app: &App, me: Uuid, mut told: Receiver<(TenantId, String)>) {
    let mut everything = false;
    while let Some(first) = told.recv().await {
        tokio::time::sleep(GATHER).await;
        let mut stale = BTreeSet::from([first]);
        while let Ok(next) = told.try_recv() {
            stale.insert(next);
        }
        everything |= app.hub().take_untold() || stale.iter().any(|(_, name)| name.len() > LONGEST);
        while let Err(error) = send(app, me, &stale, everything).await {
            warn!(error = error.report(), "other processes could not be told what is stale, trying again");
            everything = true;
            tokio::time::sleep(RETRY).await;
        }
        everything = false;
    }
}

async fn send(app: &App, me: Uuid, stale: &BTreeSet<(TenantId, String)>, everything: bool) -> Result<()> {
    let names: Vec<_> = stale.iter().cloned().collect();
    let parts: Vec<Option<Vec<_>>> =
        if everything { vec![None] } else { names.chunks(MOST).map(|part| Some(part.to_vec())).collect() };
    for stale in parts {
        let message =
            serde_json::to_string(&Message { from: me, stale }).map_err(platform::Error::internal)?;
        let values = [CHANNEL.into(), message.into()];
        let notify = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
        app.db().global().execute_raw(notify).await?;
    }
    Ok(())
}

async fn hear_all(app: &App, me: Uuid) {
    loop {
        if let Err(error) = hear(app, me).await {
            debug!(%error, "listening to other processes failed, trying again");
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Hears until the connection is lost.
async fn hear(app: &App, me: Uuid) -> Result<(), sea_orm::sqlx::Error> {
    let mut listener = PgListener::connect_with(app.db().global().get_postgres_connection_pool()).await?;
    listener.listen(CHANNEL).await?;
    // Whatever was said before we listened is lost.
    app.hub().bump_everything_here();
    while let Some(notification) = listener.try_recv().await? {
        take(app, me, &notification);
    }
    Ok(())
}

fn take(app: &App, me: Uuid, notification: &PgNotification) {
    match serde_json::from_str::<Message>(notification.payload()) {
        Ok(message) if message.from == me => {}
        Ok(Message { stale: Some(stale), .. }) => {
            for (tenant, name) in stale {
                app.hub().bump_here(tenant, &name);
            }
        }
        // Everything, or something that a newer version says: caution costs a reload.
        Ok(Message { stale: None, .. }) | Err(_) => app.hub().bump_everything_here(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_message_fits_into_a_notification() {
        let stale = vec![(TenantId::new(), "\"".repeat(LONGEST)); MOST];
        let message = Message { from: Uuid::now_v7(), stale: Some(stale) };
        let text = serde_json::to_string(&message).expect("json");
        assert!(text.len() < 8_000, "{}", text.len());
    }
}
