//! Computes the whole chain again and says where it does not hold.

use super::chain::{self, Hash, Keys, Mark, NOTHING, Signed, hex, stored};
use super::entity::{checkpoint, entry, start};
use platform::{Access, Ctx, Result, TenantDb};
use primitives::Timestamp;
use sea_orm::ColumnTrait;
use serde::Serialize;
use std::collections::HashMap;

/// Entries in memory at a time.
const CHUNK: u64 = 1_000;
/// Findings that are listed; the rest is counted.
const LISTED: usize = 50;

/// What a chain looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The shop.
    pub tenant: String,
    /// Sealed entries that were looked at.
    pub entries: u64,
    /// Entries that wait to be sealed.
    pub waiting: u64,
    /// Signed checkpoints that were looked at.
    pub checkpoints: u64,
    /// Where the chain ends; write it down elsewhere, and a later look can be held to it.
    pub head: Option<Head>,
    /// Whether checkpoints are signed with a key of this installation.
    pub signed: bool,
    /// What does not hold, by position; at most 50.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Position of the last entry.
    pub position: i64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, when it has a place in the chain.
    pub position: Option<i64>,
    /// What kind.
    pub kind: Kind,
    /// What is wrong, in words.
    pub text: String,
}

/// What can be wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An entry says something else than it did, or stands elsewhere.
    Changed,
    /// Entries are gone from the middle.
    Removed,
    /// Entries are gone from the end.
    CutOff,
    /// An entry that no sealer has seen.
    Inserted,
    /// The chain is another one than was signed.
    Rewritten,
    /// A mark is not signed by this installation.
    Unsigned,
}

/// Looks at the whole log of the caller's shop, in chunks. `head`, when given, is an end that was written down before.
///
/// Entries that come meanwhile do no harm; they are looked at the next time.
///
/// # Errors
/// Those of the database.
pub async fn verify(ctx: &Ctx, head: Option<&Head>) -> Result<Report> {
    let keys = Keys::of(ctx.app())?;
    let db = ctx.read(Access::System).await?;
    let mut walk = Walk::new(ctx, &keys);
    walk.unsealed(&db).await?;
    // Whatever the chain is by now, it must reach this far.
    let promised = last_checkpoint(&db).await?;
    walk.start(&db).await?;
    loop {
        let rows = db
            .find::<entry::Entity>()
            .filter(entry::Column::Position.gt(walk.position))
            .order_by_asc(entry::Column::Position)
            .limit(CHUNK)
            .all()
            .await?;
        let (Some(from), Some(to)) =
            (rows.first().and_then(|row| row.position), rows.last().and_then(|row| row.position))
        else {
            break;
        };
        // A gap in front hides checkpoints that tell what stood there.
        let marks = db
            .find::<checkpoint::Entity>()
            .filter(checkpoint::Column::Position.between(walk.position.min(from), to))
            .order_by_asc(checkpoint::Column::Position)
            .limit(2 * CHUNK)
            .all()
            .await?;
        walk.links(&rows, &marks, head)?;
    }
    let covered = last_checkpoint(&db).await?;
    walk.end(promised.as_ref(), covered.as_ref(), head)?;
    Ok(walk.report)
}

async fn last_checkpoint(db: &TenantDb) -> Result<Option<checkpoint::Model>> {
    db.find::<checkpoint::Entity>().order_by_desc(checkpoint::Column::Position).limit(1).one().await
}

/// How far the look has come.
struct Walk<'w> {
    ctx: &'w Ctx,
    keys: &'w Keys,
    position: i64,
    /// Hash of the entry at `position`.
    previous: Hash,
    report: Report,
}

impl<'w> Walk<'w> {
    fn new(ctx: &'w Ctx, keys: &'w Keys) -> Self {
        let report = Report {
            tenant: ctx.tenant().slug.clone(),
            entries: 0,
            waiting: 0,
            checkpoints: 0,
            head: None,
            signed: keys.present() != chain::NO_KEY,
            findings: Vec::new(),
            more: 0,
        };
        Self { ctx, keys, position: 0, previous: NOTHING, report }
    }

    fn find(&mut self, position: Option<i64>, kind: Kind, text: String) {
        if self.report.findings.len() < LISTED {
            self.report.findings.push(Finding { position, kind, text });
        } else {
            self.report.more += 1;
        }
    }

    /// Entries and their places in the queue belong together.
    async fn unsealed(&mut self, db: &TenantDb) -> Result<()> {
        const COUNT: &str = "SELECT \
             (SELECT count(*) FROM audit_waiting w WHERE w.tenant_id = {tenant}) AS waiting, \
             (SELECT count(*) FROM audit_waiting w WHERE w.tenant_id = {tenant} AND NOT EXISTS \
               (SELECT 1 FROM audit_entry e WHERE e.tenant_id = w.tenant_id AND e.id = w.id)) AS gone, \
             (SELECT count(*) FROM audit_entry e WHERE e.tenant_id = {tenant} AND e.position IS NULL AND NOT EXISTS \
               (SELECT 1 FROM audit_waiting w WHERE w.tenant_id = e.tenant_id AND w.id = e.id)) AS stray";
        let rows = db.raw_all(COUNT, Vec::new()).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let count = |name: &str| row.try_get::<i64>("", name);
        let (waiting, gone, stray) = (count("waiting")?, count("gone")?, count("stray")?);
        self.report.waiting = u64::try_from(waiting - gone).unwrap_or(0);
        if gone > 0 {
            self.find(None, Kind::Removed, format!("{gone} entries are gone that were not sealed yet"));
        }
        if stray > 0 {
            self.find(None, Kind::Inserted, format!("{stray} entries were kept from being sealed"));
        }
        Ok(())
    }

    /// The chain begins at nothing, or behind what was cleared away.
    async fn start(&mut self, db: &TenantDb) -> Result<()> {
        let Some(start) = db.find::<start::Entity>().one().await? else { return Ok(()) };
        let hash = stored(&start.hash);
        let signed = self.keys.check(
            (Mark::Start, self.ctx.tenant_id()),
            (start.position, &hash, start.at),
            &start.key_id,
            &start.signature,
        )?;
        if signed != Signed::Yes {
            let text = format!(
                "the entries up to {} were cleared away, but that is not signed by this installation",
                start.position
            );
            self.find(Some(start.position), Kind::Unsigned, text);
        }
        (self.position, self.previous) = (start.position, hash);
        Ok(())
    }

    fn links(
        &mut self,
        rows: &[entry::Model],
        marks: &[checkpoint::Model],
        head: Option<&Head>,
    ) -> Result<()> {
        let mut known: HashMap<i64, Vec<&checkpoint::Model>> = HashMap::new();
        for mark in marks {
            known.entry(mark.position).or_default().push(mark);
        }
        for row in rows {
            let Some(position) = row.position else { continue };
            let there = stored(row.hash.as_deref().unwrap_or_default());
            if self.position + 1 < position {
                self.gap(position);
                // What the entry followed is known where a checkpoint stood.
                self.previous = known
                    .get(&(position - 1))
                    .and_then(|marks| marks.first())
                    .map_or(there, |mark| stored(&mark.hash));
            }
            let follows = self.previous != there || self.position + 1 == position;
            if follows && chain::hash(&self.previous, position, row)? != there {
                let at = Timestamp::from_millis(row.at).rfc3339();
                let text = format!(
                    "entry {position} ({} at {at}) was changed, or stands where another one stood",
                    row.action
                );
                self.find(Some(position), Kind::Changed, text);
            }
            (self.position, self.previous) = (position, there);
            self.report.entries += 1;
            for mark in known.get(&position).map(Vec::as_slice).unwrap_or_default() {
                self.mark(mark)?;
            }
            if let Some(head) = head.filter(|head| head.position == position)
                && head.hash != hex(&there)
            {
                let text = format!("entry {position} is not the one that was written down");
                self.find(Some(position), Kind::Rewritten, text);
            }
        }
        Ok(())
    }

    fn gap(&mut self, next: i64) {
        let first = self.position + 1;
        let text = match next - first {
            1 => format!("entry {first} is gone"),
            count => format!("{count} entries are gone, {first} to {}", next - 1),
        };
        self.find(Some(first), Kind::Removed, text);
    }

    /// A checkpoint over the entry where the look stands.
    fn mark(&mut self, mark: &checkpoint::Model) -> Result<()> {
        self.report.checkpoints += 1;
        let at = Timestamp::from_millis(mark.at).rfc3339();
        if stored(&mark.hash) != self.previous {
            let text = format!("entry {} is not the one that was signed at {at}", mark.position);
            self.find(Some(mark.position), Kind::Rewritten, text);
        }
        if self.signed(mark)? == Signed::No {
            let text = format!("the checkpoint of entry {} has a false signature", mark.position);
            self.find(Some(mark.position), Kind::Unsigned, text);
        }
        Ok(())
    }

    fn signed(&self, mark: &checkpoint::Model) -> Result<Signed> {
        self.keys.check(
            (Mark::Checkpoint, self.ctx.tenant_id()),
            (mark.position, &stored(&mark.hash), mark.at),
            &mark.key_id,
            &mark.signature,
        )
    }

    fn end(
        &mut self,
        promised: Option<&checkpoint::Model>,
        covered: Option<&checkpoint::Model>,
        head: Option<&Head>,
    ) -> Result<()> {
        let last = self.position;
        let reached = promised.map(|mark| mark.position).max(head.map(|head| head.position));
        if let Some(reached) = reached.filter(|reached| last < *reached) {
            let first = last + 1;
            let text = format!("the end is gone: entries {first} to {reached}");
            self.find(Some(first), Kind::CutOff, text);
        }
        let signed_up_to = covered.map_or(0, |mark| mark.position);
        if 0 < self.report.entries && signed_up_to < last {
            let first = signed_up_to + 1;
            let text = format!("no checkpoint covers the entries from {first}: they came past the sealer");
            self.find(Some(first), Kind::Inserted, text);
        }
        if let Some(mark) = covered
            && self.signed(mark)? == Signed::Elsewhere
        {
            let text = format!(
                "the last checkpoint, of entry {}, is signed with a key that is not known here: name the former \
                 security.secret_key in security.previous_secret_keys",
                mark.position
            );
            self.find(Some(mark.position), Kind::Unsigned, text);
        }
        if 0 < last {
            self.report.head = Some(Head { position: last, hash: hex(&self.previous) });
        }
        Ok(())
    }
}
