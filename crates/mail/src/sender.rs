//! The loop that sends what waits.

mod smtp;

use crate::entity::{job, queue};
use crate::outbox::SIGNAL;
use events::TenantSource;
use futures::StreamExt as _;
use platform::{Access, App, Context, Ctx, Error, Result};
use primitives::{MailId, TenantId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use smtp::{Smtp, Trouble};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Mails that are taken from the queue at once.
const BATCH: u64 = 32;
/// Wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// Longest sleep without a wake-up.
const POLL: Duration = Duration::from_secs(5);

/// A named piece of background work.
pub type Job = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

/// What runs beside the host until `stop`: sending.
///
/// # Errors
/// When `mail.smtp_url` cannot be used.
pub fn jobs(app: &App, tenants: impl TenantSource, stop: CancellationToken) -> Result<Vec<Job>> {
    let sender = Sender::new(app.clone(), Arc::new(tenants))?;
    Ok(vec![("mail-send", Box::pin(sender.run(stop)))])
}

/// Sends what waits, some at a time, with growing waits after failures.
pub struct Sender {
    app: App,
    tenants: Arc<dyn TenantSource>,
    way: Way,
}

/// Where mails go.
enum Way {
    /// To the mail server.
    Smtp(Box<Smtp>),
    /// Into the development mailbox.
    Mailbox,
    /// Nowhere: they wait until somebody configures a server.
    Nowhere,
}

impl Sender {
    /// A sender for all tenants of the process.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when `mail.smtp_url` cannot be used.
    pub fn new(app: App, tenants: Arc<dyn TenantSource>) -> Result<Self> {
        let way = match (Smtp::of(app.config())?, app.config().keeps_mail()) {
            (Some(smtp), _) => Way::Smtp(Box::new(smtp)),
            (None, true) => Way::Mailbox,
            (None, false) => Way::Nowhere,
        };
        Ok(Self { app, tenants, way })
    }

    /// Works until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        if matches!(self.way, Way::Nowhere) {
            tracing::warn!(
                "mails wait: set mail.smtp_url and mail.from (RUSTOK_MAIL__SMTP_URL, RUSTOK_MAIL__FROM)"
            );
        }
        let signal = self.app.hub().signal(SIGNAL);
        loop {
            // What was begun is finished when the host stops: a mail that was sent and not noted is sent twice.
            match self.send_due().await {
                Ok(taken) if taken > 0 && !stop.is_cancelled() => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(report = %error.report(), "looking for mails to send failed, trying again");
                }
            }
            tokio::select! {
                () = signal.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Takes what is due from the queue and tries it; gives back how many were taken.
    ///
    /// # Errors
    /// When the queue cannot be read; what happens to single mails is kept with them.
    pub async fn send_due(&self) -> Result<usize> {
        let taken = self.take().await?;
        let count = taken.len();
        // The mailbox lets the oldest go, which several at once would do without seeing each other's newest.
        let parallel = match self.way {
            Way::Mailbox => 1,
            Way::Smtp(_) | Way::Nowhere => self.app.config().mail.parallel,
        };
        futures::stream::iter(taken)
            .for_each_concurrent(parallel, |place| async move {
                let (tenant, mail) = (TenantId::from_uuid(place.tenant_id), MailId::from_uuid(place.mail_id));
                if let Err(error) = self.attempt(tenant, mail, place.attempts).await {
                    // The lease runs out and the mail is tried again.
                    tracing::warn!(%tenant, %mail, report = %error.report(), "sending mail {mail} failed");
                }
            })
            .await;
        Ok(count)
    }

    /// After this long a taken mail is free again: whoever took it has died.
    fn lease(&self) -> Duration {
        // Every mail of a batch may take as long as the server may.
        let turns = BATCH.div_ceil(self.app.config().mail.parallel.max(1) as u64);
        Duration::from_millis(self.app.config().mail.timeout_ms) * u32::try_from(turns).unwrap_or(u32::MAX)
            + Duration::from_secs(60)
    }

    /// Leases due mails. The attempt counts from here, so that a mail that takes the process down is not tried for ever.
    #[expect(clippy::disallowed_methods, reason = "the queue spans tenants; nothing of theirs is read here")]
    async fn take(&self) -> Result<Vec<queue::Model>> {
        let now = self.app.clock().now();
        let due = queue::Entity::find()
            .filter(queue::Column::NextAt.lte(now.millis()))
            .order_by_asc(queue::Column::NextAt)
            .limit(BATCH)
            .all(self.app.db().global_current())
            .await?;
        if due.is_empty() {
            return Ok(due);
        }
        let tx = self.app.db().begin_global().await?;
        let mut taken = Vec::with_capacity(due.len());
        for mut place in due {
            let leased = queue::Entity::update_many()
                .set(queue::ActiveModel {
                    attempts: Set(place.attempts.saturating_add(1)),
                    next_at: Set((now + self.lease()).millis()),
                    ..Default::default()
                })
                .filter(queue::Column::TenantId.eq(place.tenant_id))
                .filter(queue::Column::MailId.eq(place.mail_id))
                .filter(queue::Column::NextAt.eq(place.next_at))
                .filter(queue::Column::Attempts.eq(place.attempts))
                .exec(tx.global())
                .await?;
            if leased.rows_affected == 1 {
                place.attempts = place.attempts.saturating_add(1);
                taken.push(place);
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    async fn attempt(&self, tenant: TenantId, id: MailId, attempts: i32) -> Result<()> {
        let tenant = self.tenants.tenant(&self.app, tenant).await.context("finding the mail's tenant")?;
        let ctx = Ctx::system(&self.app, tenant, "mail");
        // A replica may not have a mail that was just written.
        let row = ctx.write(Access::System, async |tx| tx.find_by_id::<job::Entity>(id.uuid()).await).await?;
        let Some(row) = row else { return dequeue(&ctx, id).await };
        match row.state.as_str() {
            "void" => forget(&ctx, id).await,
            "waiting" => {
                let outcome = match &self.way {
                    Way::Smtp(smtp) => smtp.send(&ctx, id, &row).await.map(|()| "sent"),
                    Way::Mailbox => Ok("kept"),
                    Way::Nowhere => {
                        Err(Trouble { reason: "there is no mail server".to_owned(), temporary: true })
                    }
                };
                match outcome {
                    Ok(state) => done(&ctx, id, &row, state).await,
                    Err(trouble) => self.failed(&ctx, id, &row, attempts, trouble).await,
                }
            }
            _ => dequeue(&ctx, id).await,
        }
    }

    /// Notes the failure and when to try again; the last one is final.
    async fn failed(
        &self,
        ctx: &Ctx,
        id: MailId,
        row: &job::Model,
        attempts: i32,
        trouble: Trouble,
    ) -> Result<()> {
        let config = &self.app.config().mail;
        let (now, born) = (ctx.now(), Timestamp::from_millis(row.created_at));
        let wait = wait_after(attempts, Duration::from_secs(config.retry_seconds));
        let in_time = (now + wait).since(born) < Duration::from_secs(config.give_up_seconds);
        if trouble.temporary && in_time {
            tracing::info!(mail.id = %id, kind = row.kind, attempts, "mail {id} was not sent and is tried again");
            metrics::counter!("rustok_mail_total", "result" => "retry").increment(1);
            let error: String = trouble.reason.chars().take(300).collect();
            return ctx
                .write(Access::System, async |tx| {
                    tx.update_many::<job::Entity>()
                        .set(job::Column::Error, error)
                        .filter(job::Column::Id.eq(id.uuid()))
                        .exec()
                        .await?;
                    tx.update_many::<queue::Entity>()
                        .set(queue::Column::NextAt, (now + wait).millis())
                        .filter(queue::Column::MailId.eq(id.uuid()))
                        .exec()
                        .await
                        .map(|_| ())
                })
                .await;
        }
        tracing::warn!(mail.id = %id, kind = row.kind, attempts, "mail {id} was given up");
        finish(ctx, id, "failed", &trouble.reason, false).await
    }
}

/// How long to wait after so many attempts, with a little chance in it so that many do not come back at once.
fn wait_after(attempts: i32, longest: Duration) -> Duration {
    let doubled = FIRST_WAIT * 2_u32.saturating_pow(u32::try_from(attempts - 1).unwrap_or(0).min(20));
    let wait = doubled.min(longest);
    wait.mul_f64(rand::random_range(0.9..1.1)).min(longest)
}

async fn done(ctx: &Ctx, id: MailId, row: &job::Model, state: &'static str) -> Result<()> {
    tracing::info!(mail.id = %id, kind = row.kind, "mail {id} is {state}");
    finish(ctx, id, state, "", state == "kept").await
}

/// Takes a mail out of the queue. Its words go unless somebody shall read them here.
async fn finish(ctx: &Ctx, id: MailId, state: &'static str, error: &str, words: bool) -> Result<()> {
    metrics::counter!("rustok_mail_total", "result" => state).increment(1);
    let error: String = error.chars().take(300).collect();
    let most = i64::try_from(ctx.app().config().mail.mailbox_messages).unwrap_or(i64::MAX);
    ctx.write(Access::System, async |tx| {
        let mut change = tx
            .update_many::<job::Entity>()
            .set(job::Column::State, state)
            .set(job::Column::Error, error)
            .set(job::Column::FinishedAt, ctx.now().millis())
            .filter(job::Column::Id.eq(id.uuid()));
        if !words {
            change = change.set(job::Column::Text, "").set(job::Column::Html, "");
        }
        change.exec().await?;
        tx.delete_many::<queue::Entity>().filter(queue::Column::MailId.eq(id.uuid())).exec().await?;
        if words {
            // The oldest make room.
            tx.raw_exec(
                "DELETE FROM mail_job WHERE tenant_id = {tenant} AND state = 'kept' AND id NOT IN \
                 (SELECT id FROM mail_job WHERE tenant_id = {tenant} AND state = 'kept' \
                  ORDER BY created_at DESC, id DESC LIMIT ?)",
                vec![most.into()],
            )
            .await?;
        }
        Ok::<_, Error>(())
    })
    .await
}

async fn dequeue(ctx: &Ctx, id: MailId) -> Result<()> {
    ctx.write(Access::System, async |tx| {
        tx.delete_many::<queue::Entity>().filter(queue::Column::MailId.eq(id.uuid())).exec().await.map(|_| ())
    })
    .await
}

/// A mail to nobody leaves nothing behind; its place in the queue goes with it.
async fn forget(ctx: &Ctx, id: MailId) -> Result<()> {
    ctx.write(Access::System, async |tx| {
        tx.delete_many::<job::Entity>().filter(job::Column::Id.eq(id.uuid())).exec().await.map(|_| ())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_after_each_attempt_and_never_too_long() {
        let longest = Duration::from_secs(1_800);
        for (attempts, seconds) in
            [(1, 5.0), (2, 10.0), (5, 80.0), (9, 1_280.0), (10, 1_800.0), (i32::MAX, 1_800.0)]
        {
            let wait = wait_after(attempts, longest).as_secs_f64();
            assert!(
                (seconds * 0.89..=seconds * 1.11).contains(&wait) && wait <= 1_800.0,
                "{attempts}: {wait}"
            );
        }
    }
}
