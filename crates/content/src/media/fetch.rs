//! The background job that fetches pictures by address.

use super::{MediaState, Pipeline, SIGNAL, cut, fetchable, next_attempt, ready, uploaded, url_base};
use crate::entity::{media, media_fetch};
use events::{Emit, TenantSource};
use futures::StreamExt as _;
use outbound::{Call, Outbound};
use platform::{Access, App, Context, Ctx, Error, Result};
use primitives::{ErrorCode, MediaId, TenantId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Pictures that are fetched side by side.
const PARALLEL: usize = 4;
/// Pictures that are taken from the queue at once.
const BATCH: u64 = 16;
/// Attempts that end without a verdict (a crash, a full disk) until it is enough.
const MOST_ATTEMPTS: i32 = 6;
/// After this long a taken picture is free again: whoever took it has died.
const LEASE: Duration = Duration::from_secs(120);
/// Longest sleep without a wake-up.
const POLL: Duration = Duration::from_secs(5);

/// Fetches the pictures that were asked for, some at a time, with growing waits after failures.
pub struct Fetcher {
    app: App,
    tenants: Arc<dyn TenantSource>,
    outbound: Arc<Outbound>,
}

/// How one attempt failed.
struct Failure {
    reason: String,
    temporary: bool,
}

impl Fetcher {
    /// A fetcher for all tenants of the process.
    ///
    /// # Errors
    /// When `outbound.allow_cidrs` holds something else than networks.
    pub fn new(app: App, tenants: Arc<dyn TenantSource>) -> Result<Fetcher> {
        let outbound = Outbound::of(&app)?;
        Ok(Fetcher { app, tenants, outbound })
    }

    /// Works until told to stop; does nothing when `media.fetch` is off.
    pub async fn run(self, shutdown: CancellationToken) {
        if !self.app.config().media.fetch {
            return;
        }
        let signal = self.app.hub().signal(SIGNAL);
        loop {
            let round = tokio::select! {
                round = self.fetch_due() => round,
                () = shutdown.cancelled() => return,
            };
            match round {
                Ok(taken) if taken > 0 => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = %error.report(), "fetching pictures failed, trying again")
                }
            }
            tokio::select! {
                () = signal.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Takes what is due from the queue and tries it; gives back how many were taken.
    ///
    /// # Errors
    /// When the queue cannot be read; what happens to single pictures is kept with them.
    pub async fn fetch_due(&self) -> Result<usize> {
        let taken = self.take().await?;
        let count = taken.len();
        futures::stream::iter(taken)
            .for_each_concurrent(PARALLEL, |job| async move {
                let (tenant, media) = (TenantId::from_uuid(job.tenant_id), MediaId::from_uuid(job.media_id));
                if let Err(error) = self.attempt(tenant, media, job.attempts).await {
                    // The lease runs out and the picture is tried again.
                    tracing::warn!(%tenant, %media, error = %error.report(), "fetching picture {media} failed");
                }
            })
            .await;
        Ok(count)
    }

    /// Leases due jobs. The attempt counts from here, so that a picture that takes the process down is not
    /// tried for ever.
    #[expect(clippy::disallowed_methods, reason = "the queue spans tenants; nothing of theirs is read here")]
    async fn take(&self) -> Result<Vec<media_fetch::Model>> {
        let now = self.app.clock().now();
        let due = media_fetch::Entity::find()
            .filter(media_fetch::Column::NextAt.lte(now.millis()))
            .order_by_asc(media_fetch::Column::NextAt)
            .limit(BATCH)
            .all(self.app.db().global_current())
            .await?;
        if due.is_empty() {
            return Ok(due);
        }
        let tx = self.app.db().begin_global().await?;
        let mut taken = Vec::with_capacity(due.len());
        for mut job in due {
            let leased = media_fetch::Entity::update_many()
                .set(media_fetch::ActiveModel {
                    attempts: Set(job.attempts.saturating_add(1)),
                    next_at: Set((now + LEASE).millis()),
                    ..Default::default()
                })
                .filter(media_fetch::Column::TenantId.eq(job.tenant_id))
                .filter(media_fetch::Column::MediaId.eq(job.media_id))
                .filter(media_fetch::Column::NextAt.eq(job.next_at))
                .filter(media_fetch::Column::Attempts.eq(job.attempts))
                .exec(tx.global())
                .await?;
            if leased.rows_affected == 1 {
                job.attempts = job.attempts.saturating_add(1);
                taken.push(job);
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    async fn attempt(&self, tenant: TenantId, id: MediaId, attempts: i32) -> Result<()> {
        let tenant = self.tenants.tenant(&self.app, tenant).await.context("finding the picture's tenant")?;
        let ctx = Ctx::system(&self.app, tenant, "media");
        let row = ctx.read(Access::System).await?.find_by_id::<media::Entity>(id.uuid()).await?;
        let Some(row) = row.filter(|row| row.state == MediaState::Pending.as_str()) else {
            return finish(&ctx, id).await;
        };
        if attempts > MOST_ATTEMPTS {
            let reason = "picture could not be processed, however often it was tried".to_owned();
            return fail(&ctx, id, attempts, &Failure { reason, temporary: false }).await;
        }
        match self.fetch(&ctx, &row.source_url).await {
            Ok(bytes) => match Pipeline::of(&self.app).run(&self.app, ctx.tenant_id(), bytes).await {
                Ok(rendered) => {
                    let base = url_base(ctx.tenant_id(), &rendered.hash);
                    let shown = media::ActiveModel {
                        source_url: Set(row.source_url),
                        file_name: Set(row.file_name),
                        alt: Set(row.alt),
                        created_at: Set(row.created_at),
                        ..ready(id, &base, &rendered, ctx.now().millis())
                    };
                    ctx.write(Access::System, async |tx| {
                        tx.update(shown).await?;
                        dequeue(tx, id).await?;
                        tx.emit(uploaded(id, &rendered)).await?;
                        Ok(())
                    })
                    .await
                }
                // What is no picture today will be none tomorrow.
                Err(error) if error.code() == ErrorCode::BadUserInput => {
                    let reason = error.fields().first().map_or(error.message(), |field| &field.message);
                    fail(&ctx, id, attempts, &Failure { reason: reason.to_owned(), temporary: false }).await
                }
                Err(error) => Err(error),
            },
            Err(failure) => fail(&ctx, id, attempts, &failure).await,
        }
    }

    async fn fetch(&self, ctx: &Ctx, address: &str) -> std::result::Result<Vec<u8>, Failure> {
        let permanent = |reason: &str| Failure { reason: reason.to_owned(), temporary: false };
        let url = fetchable(address).map_err(permanent)?;
        let limit = ctx.app().config().media.fetch_limit;
        let answer = self
            .outbound
            .send(Call { limit, ..Call::get(url) })
            .await
            .map_err(|error| Failure { reason: error.to_string(), temporary: error.is_temporary() })?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let status = answer.status.as_u16();
        let temporary = answer.status.is_server_error() || matches!(status, 408 | 425 | 429);
        Err(Failure { reason: format!("server answered {status}"), temporary })
    }
}

/// Notes the failure; the last one is final.
async fn fail(ctx: &Ctx, id: MediaId, attempts: i32, failure: &Failure) -> Result<()> {
    let now = ctx.now();
    let again = if failure.temporary { next_attempt(now, attempts) } else { None };
    let state = if again.is_some() { MediaState::Pending } else { MediaState::Failed };
    tracing::info!(media.id = %id, attempts, again = again.is_some(), "picture {id} was not fetched: {}", failure.reason);
    ctx.write(Access::System, async |tx| {
        tx.update_many::<media::Entity>()
            .set(media::Column::State, state.as_str())
            .set(media::Column::Error, cut(&failure.reason, 500))
            .set(media::Column::UpdatedAt, now.millis())
            .filter(media::Column::Id.eq(id.uuid()))
            .filter(media::Column::State.eq(MediaState::Pending.as_str()))
            .exec()
            .await?;
        match again {
            Some(at) => {
                tx.update_many::<media_fetch::Entity>()
                    .set(media_fetch::Column::NextAt, at.millis())
                    .filter(media_fetch::Column::MediaId.eq(id.uuid()))
                    .exec()
                    .await?;
                Ok(())
            }
            None => dequeue(tx, id).await,
        }
    })
    .await
}

async fn finish(ctx: &Ctx, id: MediaId) -> Result<()> {
    ctx.write(Access::System, async |tx| dequeue(tx, id).await).await
}

async fn dequeue(tx: &platform::Tx, id: MediaId) -> Result<(), Error> {
    tx.delete_many::<media_fetch::Entity>().filter(media_fetch::Column::MediaId.eq(id.uuid())).exec().await?;
    Ok(())
}
