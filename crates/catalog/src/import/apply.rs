//! Writing a plan: some products per transaction, each whole or not at all.

use std::collections::HashMap;
use std::fmt;

use platform::{Ctx, TenantDb, Tx};
use primitives::{Permission, Slug};
use sea_orm::ColumnTrait;
use serde::Serialize;
use uuid::Uuid;

use super::{Action, Plan, Planned, Problem, Severity};
use crate::entity::{product, product_slug};
use crate::error::{CatalogError, Result};
use crate::export::exported_address;
use crate::product::change::{self, Changes, Missing};
use crate::product::spec::ProductSpec;
use crate::product::state::Move;
use crate::product::store::{self, Snapshot};
use crate::stock::Reason;
use crate::view::ProductStatus;

/// Products in one transaction.
const CHUNK: usize = 25;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows without the header.
    pub rows: u64,
    /// Products made.
    pub created: u64,
    /// Products changed.
    pub updated: u64,
    /// Products that were as the file says.
    pub unchanged: u64,
    /// Products left out.
    pub failed: u64,
    /// Pictures in the file.
    pub images: u64,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

impl Report {
    /// What kept products out; the other problems are warnings.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows: {} products new, {} changed, {} the same, {} left out",
            self.rows, self.created, self.updated, self.unchanged, self.failed
        )?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

/// Writes a plan, telling `progress` how many products are done. A product whose rows are wrong, or that the database refuses, is left out whole; the others go in.
/// Importing the same file again changes nothing and tells nobody anything.
pub async fn apply(ctx: &Ctx, plan: Plan, mut progress: impl FnMut(usize) + Send) -> Result<Report> {
    ctx.require(Permission::PRODUCTS_IMPORT)?;
    let mut report = plan.report();
    (report.created, report.updated) = (0, 0);
    let total = plan.products.len();
    let todo: Vec<&Planned> =
        plan.products.iter().filter(|p| matches!(p.action, Action::Create | Action::Update)).collect();
    let mut done = total - todo.len();
    progress(done);
    for chunk in todo.chunks(CHUNK) {
        let actions = match Box::pin(write(ctx, chunk)).await {
            Ok(actions) => actions,
            // One of them is to blame: each on its own, so that the others go in.
            Err(_) if 1 < chunk.len() => {
                let mut actions = Vec::with_capacity(chunk.len());
                for planned in chunk {
                    actions.push(Box::pin(alone(ctx, planned, &mut report.problems)).await?);
                }
                actions
            }
            Err(error) => vec![failed(chunk[0], error, &mut report.problems)?],
        };
        for action in actions {
            match action {
                Action::Create => report.created += 1,
                Action::Update => report.updated += 1,
                Action::Unchanged => report.unchanged += 1,
                Action::Failed => report.failed += 1,
            }
        }
        done += chunk.len();
        progress(done);
    }
    Ok(report)
}

async fn alone(ctx: &Ctx, planned: &Planned, problems: &mut Vec<Problem>) -> Result<Action> {
    match Box::pin(write(ctx, &[planned])).await {
        Ok(actions) => Ok(actions.first().copied().unwrap_or(Action::Failed)),
        Err(error) => failed(planned, error, problems),
    }
}

/// A refusal becomes a problem of the product; a broken database stops the import.
fn failed(planned: &Planned, error: CatalogError, problems: &mut Vec<Problem>) -> Result<Action> {
    let error: platform::Error = error.into();
    if matches!(error.code(), primitives::ErrorCode::Internal | primitives::ErrorCode::ServiceUnavailable) {
        return Err(error.into());
    }
    problems.push(Problem {
        line: planned.line,
        column: String::new(),
        handle: planned.handle.clone(),
        message: error.message().to_owned(),
        severity: Severity::Error,
    });
    Ok(Action::Failed)
}

async fn write(ctx: &Ctx, chunk: &[&Planned]) -> Result<Vec<Action>> {
    let now = ctx.now();
    ctx.write(Permission::PRODUCTS_IMPORT, async |tx: &Tx| {
        let specs: Vec<&ProductSpec> = chunk.iter().filter_map(|planned| planned.spec.as_ref()).collect();
        let before = Box::pin(existing(tx, &specs)).await?;
        let media = media_of(tx, before.values()).await?;
        let mut all = Vec::with_capacity(specs.len());
        let mut moves = Vec::new();
        let mut actions = Vec::with_capacity(specs.len());
        for (spec, planned) in specs.into_iter().zip(chunk) {
            let snapshot = before.get(spec.slug.as_str());
            let mut changes = compare(ctx, snapshot, spec, &media)?;
            let (action, wanted) = classified(snapshot, &changes, planned.published);
            match snapshot {
                None if planned.published => changes = changes.published(now)?,
                None => {}
                Some(_) => moves.push((changes.id, wanted)),
            }
            actions.push(action);
            all.push(changes);
        }
        Box::pin(change::write(tx, all, Reason::Import, now)).await?;
        for (id, wanted) in moves {
            for wanted in wanted {
                let row = tx.get::<product::Entity>(id.uuid()).await?;
                Box::pin(crate::product::shift(tx, id, row.version, *wanted)).await?;
            }
        }
        Ok(actions)
    })
    .await
}

/// Decides for each product of a part of the file what would happen.
pub(super) async fn classify(
    ctx: &Ctx,
    db: &TenantDb,
    chunk: &mut [Planned],
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let specs: Vec<&ProductSpec> = chunk.iter().filter_map(|planned| planned.spec.as_ref()).collect();
    let before = Box::pin(existing(db, &specs)).await?;
    let media = media_of(db, before.values()).await?;
    for planned in chunk {
        let Some(spec) = &planned.spec else { continue };
        let snapshot = before.get(spec.slug.as_str());
        match compare(ctx, snapshot, spec, &media) {
            Ok(changes) => planned.action = classified(snapshot, &changes, planned.published).0,
            Err(error) => planned.action = failed(planned, error, problems)?,
        }
    }
    Ok(())
}

/// Products at these addresses, also at addresses that they had before; by the address of the file.
async fn existing(db: &TenantDb, specs: &[&ProductSpec]) -> Result<HashMap<String, Snapshot>> {
    let slugs: Vec<&str> = specs.iter().map(|spec| spec.slug.as_str()).collect();
    let mut found = store::load_by_slug(db, &slugs).await?;
    let others: Vec<&str> = slugs.into_iter().filter(|slug| !found.contains_key(*slug)).collect();
    if others.is_empty() {
        return Ok(found);
    }
    let moved = db
        .find::<product_slug::Entity>()
        .filter(product_slug::Column::Slug.is_in(others.iter().copied()))
        .all()
        .await?;
    let ids: Vec<Uuid> = moved.iter().map(|row| row.product_id).collect();
    let products = store::load(db, &ids).await?;
    for row in moved {
        if let Some(snapshot) = products.get(&row.product_id) {
            found.insert(row.slug, snapshot.clone());
        }
    }
    Ok(found)
}

/// Addresses that an export gives to pictures that were uploaded, so that they are known again.
async fn media_of<'s>(
    db: &TenantDb,
    snapshots: impl Iterator<Item = &'s Snapshot>,
) -> Result<HashMap<Uuid, crate::media::File>> {
    let uploads = snapshots.flat_map(|s| &s.images).filter(|image| image.source_url.is_empty());
    let ids: Vec<Uuid> = uploads.map(|image| image.media_id).collect();
    crate::media::pictures(db, &ids).await
}

fn compare(
    ctx: &Ctx,
    snapshot: Option<&Snapshot>,
    spec: &ProductSpec,
    media: &HashMap<Uuid, crate::media::File>,
) -> Result<Changes> {
    let (currency, now) = (ctx.tenant().currency, ctx.now());
    let Some(snapshot) = snapshot else { return change::compare(None, spec, Missing::Keep, currency, now) };
    let mut spec = spec.clone();
    spec.slug = Slug::parse(&snapshot.product.slug).map_err(platform::Error::internal)?;
    for image in &mut spec.images {
        let upload = snapshot.images.iter().filter(|row| row.source_url.is_empty()).find(|row| {
            media.get(&row.media_id).and_then(|file| exported_address(ctx, file)).as_ref() == Some(&image.url)
        });
        image.media = upload.map(|row| primitives::MediaId::from_uuid(row.media_id));
    }
    change::compare(Some(snapshot), &spec, Missing::Keep, currency, now)
}

/// What happens to a product, and which moves bring it to the state that the file says. An archived product that the
/// file does not publish stays archived.
fn classified(snapshot: Option<&Snapshot>, changes: &Changes, published: bool) -> (Action, &'static [Move]) {
    let Some(snapshot) = snapshot else { return (Action::Create, &[]) };
    let moves: &'static [Move] = match (snapshot.product.status.parse(), published) {
        (Ok(ProductStatus::Draft), true) => &[Move::Publish],
        (Ok(ProductStatus::Archived), true) => &[Move::Restore, Move::Publish],
        (Ok(ProductStatus::Published), false) => &[Move::Unpublish],
        _ => &[],
    };
    if changes.is_empty() && moves.is_empty() { (Action::Unchanged, moves) } else { (Action::Update, moves) }
}
