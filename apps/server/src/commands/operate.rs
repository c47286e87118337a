//! `index …`, `events …`, `schema`, `surface`.

use super::{say, say_json, tenant_ctx};
use crate::surface::Surface;
use platform::App;
use platform::failpoint::NAMES;
use primitives::Timestamp;

/// Read models.
#[derive(clap::Subcommand, Debug)]
pub enum Index {
    /// How far each read model is.
    Status {
        /// Only this shop.
        #[arg(long)]
        tenant: Option<String>,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Makes read models anew while the shop serves.
    Rebuild {
        /// Only this shop.
        #[arg(long)]
        tenant: Option<String>,
        /// Only this read model.
        projection: Option<String>,
    },
}

impl Index {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Status { tenant, json } => {
                let mut all = Vec::new();
                for tenant in tenants(app, tenant).await? {
                    let ctx = tenant_ctx(app, &tenant).await?;
                    for status in index::status(&ctx, &crate::projections()).await? {
                        if !json {
                            say(format_args!(
                                "{tenant:<20} {:<28} {:>8} applied {:>6} waiting {:>6} ms behind",
                                status.projection, status.events, status.pending, status.lag_ms
                            ));
                        }
                        all.push(serde_json::json!({ "tenant": tenant, "status": status }));
                    }
                }
                if json { say_json(&all) } else { Ok(()) }
            }
            Self::Rebuild { tenant, projection } => {
                for tenant in tenants(app, tenant).await? {
                    let ctx = tenant_ctx(app, &tenant).await?;
                    for built in crate::projections() {
                        if projection.as_deref().is_some_and(|name| name != built.name()) {
                            continue;
                        }
                        let rebuilt = index::rebuild(&ctx, &*built).await?;
                        say(format_args!(
                            "{tenant:<20} {:<28} {:>8} documents in {} ms",
                            built.name(),
                            rebuilt.documents,
                            rebuilt.took.as_millis()
                        ));
                    }
                }
                Ok(())
            }
        }
    }
}

async fn tenants(app: &App, only: Option<String>) -> anyhow::Result<Vec<String>> {
    match only {
        Some(slug) => Ok(vec![slug]),
        None => Ok(identity::tenant::list(app).await?.into_iter().map(|tenant| tenant.slug).collect()),
    }
}

/// The event desk.
#[derive(clap::Subcommand, Debug)]
pub enum Events {
    /// How many events wait, how old the oldest is, how many are dead.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Events that no consumer could take, with their errors.
    Dead {
        /// For programs.
        #[arg(long)]
        json: bool,
        /// Gives them another try.
        #[arg(long)]
        revive: bool,
    },
    /// Hands events to a consumer again that it may have missed.
    Replay {
        /// The shop.
        #[arg(long)]
        tenant: String,
        /// The consumer's name.
        consumer: String,
        /// From when on, such as 2026-11-21T00:00:00Z.
        #[arg(long)]
        since: String,
    },
}

impl Events {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Status { json } => {
                let status = events::desk::status(app).await?;
                if json {
                    return say_json(&status);
                }
                say(format_args!(
                    "waiting   {} (oldest {} ms, {} being retried)",
                    status.pending, status.oldest_age_ms, status.retrying
                ));
                say(format_args!("dead      {}", status.dead));
                say(format_args!(
                    "relay     {}",
                    if status.relay { "holds the lease" } else { "nobody relays" }
                ));
                Ok(())
            }
            Self::Dead { json, revive } => {
                if revive {
                    let revived = events::desk::revive(app, None, None).await?;
                    say(format_args!("{revived} events are tried again"));
                    return Ok(());
                }
                let dead = events::desk::dead(app, None, 100).await?;
                if json {
                    return say_json(&dead);
                }
                for letter in &dead {
                    say(format_args!(
                        "{} {} {} after {} tries by {}: {}",
                        letter.dead_at.rfc3339(),
                        letter.event.id,
                        letter.event.kind,
                        letter.attempts,
                        letter.consumer,
                        letter.error
                    ));
                }
                if dead.is_empty() {
                    say("no dead letters");
                }
                Ok(())
            }
            Self::Replay { tenant, consumer, since } => {
                let ctx = tenant_ctx(app, &tenant).await?;
                let since = Timestamp::parse(&since).map_err(|_| {
                    anyhow::anyhow!("--since {since}: write a time such as 2026-11-21T00:00:00Z")
                })?;
                let known = crate::consumers();
                let Some(found) = known.iter().find(|known| known.name() == consumer) else {
                    let names: Vec<&str> = known.iter().map(|known| known.name()).collect();
                    anyhow::bail!("there is no consumer {consumer:?}; there are {}", names.join(", "));
                };
                let replayed = events::desk::replay(&ctx, found, since).await?;
                say(format_args!("{replayed} events were taken"));
                Ok(())
            }
        }
    }
}

/// Lists everything that the outside can reach, with its permission.
#[derive(clap::Args, Debug)]
pub struct SurfaceArgs {
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn surface(args: &SurfaceArgs) -> anyhow::Result<()> {
    let surface = Surface::new();
    if args.json {
        return say_json(&serde_json::json!({ "entries": surface.entries(), "failpoints": &NAMES[..] }));
    }
    for entry in surface.entries() {
        say(format_args!(
            "{:<10} {:<12} {:<28} {}",
            entry.module,
            format!("{:?}", entry.kind),
            entry.access.name(),
            entry.name
        ));
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the same shape as every command")]
pub(super) fn schema() -> anyhow::Result<()> {
    say(crate::graphql::sdl());
    Ok(())
}
