//! Reading facts, and adding them up.

use std::collections::HashMap;

use platform::{Context, Result, TenantDb};
use primitives::{EventId, Timestamp};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use super::{Broken, Fact, Fold, Folded, Recorded, upcast};
use crate::event::Aggregate;
use crate::store;

/// Facts in memory at a time while a stream is added up.
const PAGE: u64 = 500;

const COLUMNS: &str =
    "stream_id, version, kind, schema_version, payload, event_id, actor_kind, actor_id, occurred_at";

/// Facts of a stream behind version `after` (0: from its beginning), oldest first, at most `limit`.
///
/// The caller has passed a door that allows reading the thing itself.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` for a fact that cannot be read; those of the database.
pub async fn read<F: Fact>(
    rows: &TenantDb,
    stream: Aggregate,
    after: i64,
    limit: u64,
) -> Result<Vec<Recorded<F>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM stream_event WHERE tenant_id = {{tenant}} AND stream_type = ? AND stream_id = ? \
         AND version > ? ORDER BY version LIMIT ?"
    );
    let values: Vec<Value> = vec![stream.kind.into(), stream.id.into(), after.into(), store::limit(limit)];
    let found = rows.raw_all(&sql, values).await.context("reading a stream")?;
    found.iter().map(|row| Ok(recorded(row)?.1?)).collect()
}

/// As [`read`] from the beginning, without facts that were stored under one of these kinds: for stories, in which not
/// everything is worth telling.
///
/// # Errors
/// As [`read`].
pub async fn story<F: Fact>(
    rows: &TenantDb,
    stream: Aggregate,
    untold: &[&str],
    limit: u64,
) -> Result<Vec<Recorded<F>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM stream_event WHERE tenant_id = {{tenant}} AND stream_type = ? AND stream_id = ? \
         AND kind NOT IN ({}) ORDER BY version LIMIT ?",
        platform::db::holes(untold.len())
    );
    let mut values: Vec<Value> = vec![stream.kind.into(), stream.id.into()];
    values.extend(untold.iter().map(|kind| Value::from(*kind)));
    values.push(store::limit(limit));
    let found = rows.raw_all(&sql, values).await.context("reading a stream")?;
    found.iter().map(|row| Ok(recorded(row)?.1?)).collect()
}

/// Version of the last fact of a stream, 0 when it has none.
///
/// # Errors
/// Those of the database.
pub async fn head(rows: &TenantDb, stream: Aggregate) -> Result<i64> {
    let sql = "SELECT coalesce(max(version), 0) FROM stream_event \
               WHERE tenant_id = {tenant} AND stream_type = ? AND stream_id = ?";
    let found = rows.raw_all(sql, vec![stream.kind.into(), stream.id.into()]).await?;
    Ok(found.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

/// The whole streams of some things of one kind, by their ids; what has no stream is left out. A stream with a fact that
/// cannot be read says so in place of its facts.
///
/// # Errors
/// Those of the database.
pub async fn of_many<F: Fact>(
    rows: &TenantDb,
    kind: &'static str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Result<Vec<Recorded<F>>, Broken>>> {
    let mut streams: HashMap<Uuid, Result<Vec<Recorded<F>>, Broken>> = HashMap::new();
    if ids.is_empty() {
        return Ok(streams);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM stream_event WHERE tenant_id = {{tenant}} AND stream_type = ? AND stream_id IN ({}) \
         ORDER BY stream_id, version",
        platform::db::holes(ids.len())
    );
    let mut values: Vec<Value> = vec![kind.into()];
    values.extend(ids.iter().map(|id| Value::from(*id)));
    for row in &rows.raw_all(&sql, values).await.context("reading streams")? {
        let (id, fact) = recorded(row)?;
        let stream = streams.entry(id).or_insert_with(|| Ok(Vec::new()));
        match (stream.as_mut(), fact) {
            (Ok(facts), Ok(fact)) => facts.push(fact),
            (Ok(_), Err(broken)) => *stream = Err(broken),
            (Err(_), _) => {}
        }
    }
    Ok(streams)
}

/// The state of a thing from its facts alone; `None` when it has none.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` when facts are missing or cannot be read; those of the database.
pub async fn rebuild<S: Fold>(rows: &TenantDb, id: Uuid) -> Result<Option<Folded<S>>> {
    go_on(rows, id, None).await
}

/// From a state to the end of its stream.
pub(super) async fn go_on<S: Fold>(
    rows: &TenantDb,
    id: Uuid,
    mut state: Option<Folded<S>>,
) -> Result<Option<Folded<S>>> {
    loop {
        let after = state.as_ref().map_or(0, |folded| folded.version);
        let facts = read::<S::Fact>(rows, Aggregate { kind: S::STREAM, id }, after, PAGE).await?;
        let last = (facts.len() as u64) < PAGE;
        state = fold(state, &facts)?;
        if last {
            return Ok(state);
        }
    }
}

/// Adds facts to a state, or begins one with them; `None` without either.
///
/// # Errors
/// When facts are missing in between, or the first one begins nothing.
pub fn fold<S: Fold>(
    state: Option<Folded<S>>,
    facts: &[Recorded<S::Fact>],
) -> Result<Option<Folded<S>>, Broken> {
    let mut folded = state;
    for fact in facts {
        let (version, at) = (fact.version, fact.at);
        folded = Some(match (S::begin(fact), folded) {
            // What begins anew may stand behind a gap: whoever wrote it had seen the row.
            (Some(state), _) => Folded { state, version, at },
            (None, None) => return Err(Broken::NoBeginning { version }),
            (None, Some(before)) if before.version + 1 != version => {
                return Err(Broken::Gap { after: before.version, found: version });
            }
            (None, Some(mut before)) => {
                before.state.apply(fact);
                Folded { version, at, ..before }
            }
        });
    }
    Ok(folded)
}

/// The stream's id and the fact; what cannot be read of it is no error of the database.
fn recorded<F: Fact>(row: &QueryResult) -> Result<(Uuid, Result<Recorded<F>, Broken>)> {
    let (version, kind): (i64, String) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    let written = u16::try_from(row.try_get_by_index::<i32>(3)?).unwrap_or(u16::MAX);
    let payload: String = row.try_get_by_index(4)?;
    let event = row.try_get_by_index::<Option<Uuid>>(5)?.map(EventId::from_uuid);
    let (actor_kind, actor) = (row.try_get_by_index(6)?, row.try_get_by_index(7)?);
    let at = Timestamp::from_millis(row.try_get_by_index(8)?);
    let fact = upcast::read(&kind, written, &payload)
        .map(|fact| Recorded { version, fact, event, actor_kind, actor, at })
        .map_err(|why| Broken::Unreadable { version, why: format!("{kind}: {why}") });
    Ok((row.try_get_by_index(0)?, fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Step {
        Start { at: i64 },
        Add { n: i64 },
    }

    impl Fact for Step {}

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sum(i64);

    impl Fold for Sum {
        type Fact = Step;
        const STREAM: &'static str = "sum";
        const STATE_VERSION: u16 = 1;

        fn begin(first: &Recorded<Step>) -> Option<Self> {
            match first.fact {
                Step::Start { at } => Some(Self(at)),
                Step::Add { .. } => None,
            }
        }

        fn apply(&mut self, next: &Recorded<Step>) {
            if let Step::Add { n } = next.fact {
                self.0 += n;
            }
        }
    }

    fn facts(facts: Vec<(i64, Step)>) -> Vec<Recorded<Step>> {
        let recorded = |(version, fact)| Recorded {
            version,
            fact,
            event: None,
            actor_kind: "system".into(),
            actor: None,
            at: Timestamp::from_millis(version * 10),
        };
        facts.into_iter().map(recorded).collect()
    }

    #[test]
    fn adds_facts_up_in_parts_or_at_once() {
        let all = facts(vec![(1, Step::Start { at: 5 }), (2, Step::Add { n: 1 }), (3, Step::Add { n: 2 })]);
        let whole = fold::<Sum>(None, &all).unwrap().unwrap();
        assert_eq!((whole.state.clone(), whole.version, whole.at.millis()), (Sum(8), 3, 30));
        let first = fold::<Sum>(None, &all[..2]).unwrap();
        assert_eq!(fold(first, &all[2..]).unwrap(), Some(whole));
        assert_eq!(fold::<Sum>(None, &[]).unwrap(), None);
    }

    #[test]
    fn says_what_is_missing() {
        let headless = facts(vec![(1, Step::Add { n: 1 })]);
        assert_eq!(fold::<Sum>(None, &headless), Err(Broken::NoBeginning { version: 1 }));
        let torn = facts(vec![(1, Step::Start { at: 5 }), (3, Step::Add { n: 1 })]);
        assert_eq!(fold::<Sum>(None, &torn), Err(Broken::Gap { after: 1, found: 3 }));
    }

    #[test]
    fn what_begins_anew_counts_from_there() {
        let taken_over =
            facts(vec![(1, Step::Start { at: 5 }), (4, Step::Start { at: 40 }), (5, Step::Add { n: 1 })]);
        let folded = fold::<Sum>(None, &taken_over).unwrap().unwrap();
        assert_eq!((folded.state, folded.version), (Sum(41), 5));
    }
}
