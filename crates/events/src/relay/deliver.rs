//! One tenant's events through all consumers: together when all goes well, ever smaller parts when not.

use std::collections::HashSet;

use platform::{Access, Ctx, Error, Result, Tx, failpoint};
use primitives::ErrorCode;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use tracing::{error, warn};

use super::{Inner, aggregate_of};
use crate::{
    Consumer, Envelope,
    store::{self, Claims, Failure, Fence, Waiting},
};

/// Why delivery stops altogether.
pub(super) enum Stop {
    /// Another relay has taken over.
    LeaseLost,
    /// The database is in trouble; no event is to blame.
    Trouble(Error),
}

/// How a transaction of the relay ends without success.
enum Refusal {
    LeaseLost,
    /// A consumer has some of the events already: they must go one by one.
    AppliedBefore,
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Inner {
    /// Delivers events of one tenant, oldest first; gives back how many reached every consumer.
    pub(super) async fn deliver(
        &self,
        ctx: &Ctx,
        events: Vec<Waiting>,
        fence: &Fence,
    ) -> Result<usize, Stop> {
        let mut held_back = HashSet::new();
        let mut delivered = 0;
        // Parts still to do, the earliest on top.
        let mut parts = vec![events];
        while let Some(mut part) = parts.pop() {
            part.retain(|waiting| !held_back.contains(&aggregate_of(&waiting.envelope)));
            if part.is_empty() {
                continue;
            }
            let retried = part.iter().any(|waiting| waiting.attempts > 0);
            if part.len() == 1 && retried {
                delivered += self.deliver_alone(ctx, &part[0], fence, &mut held_back).await?;
                continue;
            }
            // Events that have failed before are looked at on their own, so that they spoil no batch.
            let outcome = if retried {
                Err(Refusal::AppliedBefore)
            } else {
                self.deliver_together(ctx, &part, fence).await
            };
            match outcome {
                Ok(()) => delivered += part.len(),
                Err(Refusal::LeaseLost) => return Err(Stop::LeaseLost),
                Err(Refusal::Failed(error)) if is_trouble(&error) => return Err(Stop::Trouble(error)),
                Err(_) if part.len() == 1 => {
                    delivered += self.deliver_alone(ctx, &part[0], fence, &mut held_back).await?;
                }
                Err(refusal) => {
                    if let Refusal::Failed(error) = refusal {
                        warn!(
                            error = error.report(),
                            "a batch of {} events failed, trying smaller ones",
                            part.len()
                        );
                    }
                    let later = part.split_off(part.len() / 2);
                    parts.push(later);
                    parts.push(part);
                }
            }
        }
        Ok(delivered)
    }

    /// All events to all consumers in one transaction.
    async fn deliver_together(&self, ctx: &Ctx, part: &[Waiting], fence: &Fence) -> Result<(), Refusal> {
        let all: Vec<Envelope> = part.iter().map(|waiting| waiting.envelope.clone()).collect();
        let plan: Vec<(&dyn Consumer, Vec<Envelope>)> = self
            .consumers
            .iter()
            .map(|consumer| (&**consumer, wanted_by(&**consumer, &all)))
            .filter(|(_, events)| !events.is_empty())
            .collect();
        let mut claims = Claims::default();
        for (consumer, events) in &plan {
            events.iter().for_each(|event| claims.add(consumer.name(), event));
        }
        let (all, plan_in_write, claims) = (&all, &plan, &claims);
        ctx.write(Access::System, async |tx: &Tx| -> Result<(), Refusal> {
            dequeue_all(tx, all, fence).await?;
            failpoint!("relay.taken");
            if claims.write(tx, ctx.now()).await? < claims.count() {
                return Err(Refusal::AppliedBefore);
            }
            failpoint!("relay.claimed");
            for (consumer, events) in plan_in_write {
                consumer.apply(tx, events).await?;
            }
            failpoint!("relay.applied");
            Ok(())
        })
        .await?;
        failpoint!("relay.committed");
        for (consumer, events) in &plan {
            consumer.after_commit(ctx, events);
        }
        Ok(())
    }

    /// One event to each consumer in a transaction of its own, so that one that refuses it stops no other.
    /// Gives back 1 when all have it.
    async fn deliver_alone(
        &self,
        ctx: &Ctx,
        waiting: &Waiting,
        fence: &Fence,
        held_back: &mut HashSet<(String, uuid::Uuid)>,
    ) -> Result<usize, Stop> {
        let event = &waiting.envelope;
        let mut refused = None;
        for consumer in self.consumers.iter().filter(|consumer| consumer.wants(&event.kind)) {
            match apply_once(ctx, &**consumer, event).await {
                Ok(()) => {}
                Err(error) if is_trouble(&error) => return Err(Stop::Trouble(error)),
                Err(error) => refused = refused.or(Some((consumer.name(), error))),
            }
        }
        let Some((consumer, error)) = refused else {
            let alone = std::slice::from_ref(event);
            let result = ctx
                .write(Access::System, async |tx: &Tx| -> Result<(), Refusal> {
                    dequeue_all(tx, alone, fence).await?;
                    store::clear_failure(tx, event).await?;
                    Ok(())
                })
                .await;
            return match result {
                Ok(()) => Ok(1),
                Err(Refusal::Failed(error)) => Err(Stop::Trouble(error)),
                Err(Refusal::LeaseLost | Refusal::AppliedBefore) => Err(Stop::LeaseLost),
            };
        };
        held_back.insert(aggregate_of(event));
        self.note_refusal(ctx, waiting, consumer, &error).await.map_err(Stop::Trouble)?;
        Ok(0)
    }

    async fn note_refusal(&self, ctx: &Ctx, waiting: &Waiting, consumer: &str, error: &Error) -> Result<()> {
        let event = &waiting.envelope;
        let attempts = waiting.attempts.saturating_add(1);
        let dead = attempts >= self.options.attempts;
        let report = error.report();
        let failure = Failure {
            consumer,
            attempts,
            next_at: ctx.now() + self.options.wait(attempts.unsigned_abs()),
            dead_at: dead.then(|| ctx.now()),
            error: &report,
        };
        store::record_failure(&self.app, event, &failure).await?;
        if dead {
            metrics::counter!("rustok_outbox_dead_total").increment(1);
            error!(
                event.id = %event.id, event.kind, consumer, error = report,
                "event {} is a dead letter after {attempts} attempts; its {} {} is paused",
                event.id, event.aggregate_type, event.aggregate_id
            );
        } else {
            warn!(
                event.id = %event.id, event.kind, consumer, error = report,
                "event {} failed ({attempts} of {} attempts)", event.id, self.options.attempts
            );
        }
        Ok(())
    }
}

/// Applies one event to one consumer, unless its inbox has it.
pub(crate) async fn apply_once(ctx: &Ctx, consumer: &dyn Consumer, event: &Envelope) -> Result<()> {
    let mut claims = Claims::default();
    claims.add(consumer.name(), event);
    let alone = std::slice::from_ref(event);
    let applied = ctx
        .write(Access::System, async |tx: &Tx| -> Result<bool> {
            if claims.write(tx, ctx.now()).await? == 0 {
                return Ok(false);
            }
            consumer.apply(tx, alone).await?;
            Ok(true)
        })
        .await?;
    if applied {
        consumer.after_commit(ctx, alone);
    }
    Ok(())
}

/// Takes all of `events` out of the queue or fails: fewer mean that another relay was here.
async fn dequeue_all(tx: &Tx, events: &[Envelope], fence: &Fence) -> Result<(), Refusal> {
    if store::dequeue(tx, events, fence).await? < events.len() as u64 {
        return Err(Refusal::LeaseLost);
    }
    Ok(())
}

fn wanted_by(consumer: &dyn Consumer, events: &[Envelope]) -> Vec<Envelope> {
    events.iter().filter(|event| consumer.wants(&event.kind)).cloned().collect()
}

/// Whether the database, and no event, is to blame: connection lost, disk full, shutting down. Such trouble is
/// waited for, for ever; everything else counts against the event.
fn is_trouble(error: &Error) -> bool {
    if error.code() == ErrorCode::ServiceUnavailable {
        return true;
    }
    let cause = error.cause().and_then(|cause| cause.downcast_ref::<DbErr>());
    let Some(cause) = cause else { return false };
    let (DbErr::Exec(inner) | DbErr::Query(inner) | DbErr::Conn(inner)) = cause else {
        return matches!(cause, DbErr::ConnectionAcquire(_));
    };
    let RuntimeErr::SqlxError(error) = inner else { return matches!(cause, DbErr::Conn(_)) };
    match &**error {
        sqlx::Error::Database(database) => database.code().is_some_and(|code| is_trouble_code(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// PostgreSQL: connection, resources, operator, system classes, read-only, and transactions to be run again,
/// but not a statement that took too long. SQLite: busy, locked, read-only, input/output, full, cannot open.
fn is_trouble_code(code: &str) -> bool {
    if code.len() == 5 {
        let class = &code[..2];
        return (matches!(class, "08" | "53" | "57" | "58") && code != "57014")
            || matches!(code, "25006" | "40001" | "40P01" | "55P03");
    }
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_of_the_database_is_told_from_bad_events() {
        assert!(is_trouble(&Error::unavailable("the database is busy")));
        assert!(is_trouble(&Error::from(DbErr::Conn(RuntimeErr::Internal("refused".into())))));
        assert!(is_trouble(&Error::from(DbErr::Exec(RuntimeErr::SqlxError(sqlx::Error::PoolClosed.into())))));
        assert!(!is_trouble(&Error::internal("payload has another shape")));
        assert!(!is_trouble(&Error::not_found("product")));
        assert!(!is_trouble(&Error::from(DbErr::Custom("no".into()))));
        for code in ["08006", "53300", "57P01", "40P01", "5", "261", "10", "13"] {
            assert!(is_trouble_code(code), "{code}");
        }
        for code in ["57014", "23505", "22P02", "1", "19", "787"] {
            assert!(!is_trouble_code(code), "{code}");
        }
    }
}
