//! A file into a tenant of its own.
//!
//! First the whole file is looked through; nothing is written before that has gone well. Then a hidden tenant is filled, some
//! rows at a time; shown it is when everything is there. Until then whatever goes wrong takes all of it away again, at
//! once, or after a crash by the job that deletes tenants.

use super::archive::{self, Checked};
use super::copy::Mapping;
use super::shape::{self, Shape};
use super::{Progress, export, schema_name, sql};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::directory::Directory;
use identity::tenant::{NewOwner, filling, purge};
use platform::{Access, App, Ctx, Error, TenantInfo, Tx};
use primitives::{ErrorCode, SystemRole, TenantId, TenantSlug};
use sea_orm::DbBackend;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A tenant that an import left half filled is taken away after this long.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Events that may wait for their consumers in a file.
const MOST_WAITING: usize = 1_000_000;

/// What becomes of a file.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Another slug than the file's. When the tenant of the file is here, too, this makes a copy of it with ids of its own.
    pub slug: Option<String>,
    /// Makes a copy even where the original is not.
    pub copy: bool,
    /// A first person for the shop; a copy has nobody else.
    pub owner: Option<NewOwner>,
}

/// Looks a file through.
///
/// # Errors
/// What is wrong with it; nothing was written.
pub async fn check(app: &App, path: &Path) -> anyhow::Result<Checked> {
    let shapes = shape::shapes(app.db().tenant_tables().await?, true);
    let known: HashMap<String, Shape> =
        shapes.into_iter().map(|shape| (shape.table.name.clone(), shape)).collect();
    let most = app.config().tenants.import_mib.saturating_mul(1024 * 1024);
    let path = path.to_owned();
    let checked = tokio::task::spawn_blocking(move || {
        archive::check(&path, most, |table, n, row| {
            let shape = known.get(table).with_context(|| format!("there is no table {table} here"))?;
            check_row(shape, row).with_context(|| format!("row {n} of {table}"))
        })
    });
    let checked = checked.await.context("looking the file through")??;
    let (theirs, ours) = (&checked.manifest.schema, schema_name());
    ensure!(
        *theirs == ours,
        "the file was made where the last migration is {theirs}, here it is {ours}: bring both to the same version"
    );
    ensure!(
        checked.manifest.tables.get("tenant").is_some_and(|one| one.rows == 1),
        "the file holds no tenant"
    );
    Ok(checked)
}

fn check_row(shape: &Shape, row: &Map<String, Value>) -> anyhow::Result<()> {
    for (name, value) in row {
        if shape.table.name == "outbox" && name == "waiting" {
            ensure!(value.is_boolean(), "waiting is neither true nor false");
            continue;
        }
        let column = shape.column(name).with_context(|| format!("there is no column {name} here"))?;
        if let Some(wrong) = sql::wrong(column.kind, column.required, value) {
            bail!("{name} {wrong}");
        }
    }
    match shape.columns.iter().find(|column| column.required && !row.contains_key(&column.name)) {
        Some(column) => bail!("{} is missing", column.name),
        None => Ok(()),
    }
}

/// Fills a tenant from a file that was looked through, and shows it. `within` says who does it: the entry of the tenant's
/// audit log that names them is made when it is shown.
///
/// # Errors
/// `CONFLICT` in words when the tenant or the slug is here already; those of the database. Nothing is left behind.
pub async fn import(
    app: &App,
    file: &Checked,
    into: ImportOptions,
    within: impl FnOnce(Arc<TenantInfo>) -> Ctx,
    mut told: impl FnMut(Progress),
) -> anyhow::Result<Arc<TenantInfo>> {
    let whose = &file.manifest.tenant;
    let slug = match &into.slug {
        Some(slug) => TenantSlug::parse(slug).map_err(|error| Error::invalid("slug", error.to_string()))?,
        None => TenantSlug::parse(&whose.slug).context("the slug of the file")?,
    };
    let here = match identity::tenant::find(app, &whose.id.to_string()).await {
        Ok(_) => true,
        Err(error) if error.code() == ErrorCode::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    ensure!(
        !here || into.slug.is_some(),
        "the tenant {} of the file is here already: say --slug NEW for a copy of it",
        whose.slug
    );
    match identity::tenant::find(app, slug.as_str()).await {
        Ok(_) => bail!("the slug {slug} is taken: say --slug NEW for another one"),
        Err(error) if error.code() == ErrorCode::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let copy = here || into.copy;
    let id = if copy { TenantId::new() } else { TenantId::from_uuid(whose.id) };
    let shapes = shape::shapes(app.db().tenant_tables().await?, true);
    let shapes = if copy { shape::copied(shapes) } else { shapes };
    let shapes: Vec<Shape> =
        shapes.into_iter().filter(|shape| file.manifest.tables.contains_key(&shape.table.name)).collect();
    let hidden = Filling {
        ctx: begin(app, file, &shapes, id, &slug, copy).await?,
        mapping: copy.then(|| Mapping::new(whose.id, id.uuid())),
    };
    let filled = async {
        hidden.fill(file, &shapes, into.owner, &mut told).await?;
        Ok(filling::show(&within(identity::tenant_of(app.clone(), id).await?)).await?)
    };
    match filled.await {
        Ok(()) => Ok(identity::tenant::find(app, &id.to_string()).await?.info.clone()),
        Err(error) => {
            if let Err(left) = purge::purge(app, id).await {
                tracing::warn!(tenant = %id, report = %left.report(), "a tenant that was not filled stays until it is deleted");
            }
            Err(error)
        }
    }
}

/// A copy of a tenant beside it, under another slug, made by whoever calls; `folder` is for the file in between.
///
/// # Errors
/// As [`import`] and [`export`].
pub async fn clone_tenant(ctx: &Ctx, folder: &Path, into: ImportOptions) -> anyhow::Result<Arc<TenantInfo>> {
    ensure!(into.slug.is_some(), "a copy needs a slug of its own");
    let folder = tempfile::Builder::new()
        .prefix("rustok-clone-")
        .tempdir_in(folder)
        .context("a folder for the copy")?;
    let path = folder.path().join("shop.zip");
    export(ctx, &path, false, |_| {}).await?;
    let file = check(ctx.app(), &path).await?;
    import(ctx.app(), &file, ImportOptions { copy: true, ..into }, |info| ctx.at(info), |_| {}).await
}

/// The hidden tenant.
async fn begin(
    app: &App,
    file: &Checked,
    shapes: &[Shape],
    id: TenantId,
    slug: &TenantSlug,
    copy: bool,
) -> anyhow::Result<Ctx> {
    let shape =
        shapes.iter().find(|shape| shape.table.name == "tenant").context("the file holds no tenant")?;
    let mut rows = file.rows("tenant");
    let mut row = match rows.recv().await {
        Some(part) => part?.pop().context("the file holds no tenant")?,
        None => bail!("the file holds no tenant"),
    };
    row.insert("slug".to_owned(), slug.as_str().into());
    if copy {
        Mapping::new(file.manifest.tenant.id, id.uuid()).row(shape, &mut row);
    }
    let backend = app.db().backend();
    let purge_at = (app.clock().now() + GIVEN_UP_AFTER).millis().to_string();
    let statement = sql::insert(shape, backend, &[("life", "'filling'"), ("purge_at", &purge_at)]);
    let ctx = filling::before(app, id, slug)?;
    let stored = ctx.write(Access::System, async |tx| tx.raw_exec(&statement, vec![array(&[row])]).await);
    match stored.await {
        Err(error) if error.code() == ErrorCode::Conflict => {
            bail!("the slug {slug} is taken, or the tenant is here")
        }
        result => result.context("making the tenant")?,
    };
    // Somebody has asked for this id and this slug before there was anything to find.
    Directory::of(app)?.invalidate();
    let info = identity::tenant_of(app.clone(), id).await?;
    Ok(Ctx::system(app, info, "tenant-import"))
}

struct Filling {
    ctx: Ctx,
    mapping: Option<Mapping>,
}

impl Filling {
    async fn fill(
        &self,
        file: &Checked,
        shapes: &[Shape],
        owner: Option<NewOwner>,
        told: &mut impl FnMut(Progress),
    ) -> anyhow::Result<()> {
        let ctx = &self.ctx;
        let mut done = Progress { rows: 1, files: 0 };
        let mut waiting = BTreeSet::new();
        for shape in shapes.iter().filter(|shape| shape.table.name != "tenant") {
            let statement = sql::insert(shape, ctx.app().db().backend(), &[]);
            let mut parts = file.rows(&shape.table.name);
            while let Some(part) = parts.recv().await {
                let mut rows = part?;
                let n = rows.len() as u64;
                rows.retain_mut(|row| self.adapt(shape, row, &mut waiting));
                ensure!(
                    waiting.len() <= MOST_WAITING,
                    "more than {MOST_WAITING} events of the file wait for delivery"
                );
                if !rows.is_empty() {
                    let stored = ctx.write(Access::System, async |tx| {
                        tx.raw_exec(&statement, vec![array(&rows)]).await?;
                        if shape.table.name == "outbox" { unqueue(tx).await } else { Ok::<_, Error>(()) }
                    });
                    stored.await.map_err(|error| {
                        anyhow::anyhow!(
                            "rows of {} do not fit together: {}",
                            shape.table.name,
                            error.report()
                        )
                    })?;
                }
                done.rows += n;
                told(done);
            }
        }
        let folder = ctx.app().config().media.dir.join(ctx.tenant_id().to_string());
        let (file, files) = (file.clone(), file.manifest.files);
        tokio::task::spawn_blocking(move || file.unpack(&folder, |_| {}))
            .await
            .context("unpacking pictures")??;
        done.files = files;
        told(done);
        if let Some(owner) = owner {
            filling::add_owner(ctx, owner).await?;
        }
        count_on(ctx).await?;
        for projection in crate::projections() {
            index::rebuild(ctx, &*projection)
                .await
                .with_context(|| format!("making {} anew", projection.name()))?;
        }
        queue(ctx, &waiting).await?;
        // What does not wait any more was heard where the file was made.
        events::verify::had_elsewhere(ctx, &crate::consumers()).await?;
        commerce::jobs::plan_all(ctx).await?;
        Ok(())
    }

    /// A row as it is here; `false` when it stays away.
    fn adapt(&self, shape: &Shape, row: &mut Map<String, Value>, waiting: &mut BTreeSet<String>) -> bool {
        if let Some(mapping) = &self.mapping {
            mapping.row(shape, row);
        }
        match shape.table.name.as_str() {
            // The platform's people are made by this platform's command line.
            "user_role" => row.get("role").and_then(Value::as_str) != Some(SystemRole::SuperAdmin.as_str()),
            "tenant_domain" => {
                // It was proved somewhere else.
                row.insert("verified_at".to_owned(), Value::Null);
                if row.get("token").and_then(Value::as_str).is_none_or(|token| token.len() < 22) {
                    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
                    row.insert("token".to_owned(), token.into());
                }
                true
            }
            "outbox" => {
                let waits = row.remove("waiting") == Some(Value::Bool(true));
                if waits && let Some(id) = row.get("id").and_then(Value::as_str) {
                    waiting.insert(id.to_owned());
                }
                true
            }
            _ => true,
        }
    }
}

fn array(rows: &[Map<String, Value>]) -> sea_orm::Value {
    serde_json::to_string(rows).unwrap_or_else(|_| "[]".to_owned()).into()
}

/// Events of a file wait when everything else is there; on SQLite storing one has queued it.
async fn unqueue(tx: &Tx) -> platform::Result<()> {
    tx.raw_exec("DELETE FROM outbox_waiting WHERE tenant_id = {tenant}", Vec::new()).await.map(|_| ())
}

/// Has the events of each thing counted on from its last one in the file; SQLite looks for that one itself.
async fn count_on(ctx: &Ctx) -> platform::Result<()> {
    if ctx.app().db().backend() == DbBackend::Postgres {
        ctx.write(Access::System, async |tx| {
            let sql = "INSERT INTO outbox_head (tenant_id, aggregate_id, aggregate_type, version) \
                       SELECT tenant_id, aggregate_id, aggregate_type, max(aggregate_version) FROM outbox \
                       WHERE tenant_id = {tenant} GROUP BY tenant_id, aggregate_id, aggregate_type \
                       ON CONFLICT (tenant_id, aggregate_id, aggregate_type) \
                       DO UPDATE SET version = greatest(excluded.version, outbox_head.version)";
            tx.raw_exec(sql, Vec::new()).await
        })
        .await?;
    }
    Ok(())
}

/// Has events wait again that waited where the file was made.
async fn queue(ctx: &Ctx, waiting: &BTreeSet<String>) -> platform::Result<()> {
    let among = if ctx.app().db().backend() == DbBackend::Postgres {
        "(SELECT value::uuid FROM jsonb_array_elements_text(?::jsonb) AS x (value))"
    } else {
        "(SELECT unhex(value) FROM json_each(?))"
    };
    let sql = format!(
        "INSERT INTO outbox_waiting (position, tenant_id) SELECT position, tenant_id FROM outbox \
         WHERE tenant_id = {{tenant}} AND id IN {among}"
    );
    let ids: Vec<&String> = waiting.iter().collect();
    for chunk in ids.chunks(500) {
        let ids = serde_json::to_string(chunk).map_err(Error::internal)?;
        ctx.write(Access::System, async |tx| tx.raw_exec(&sql, vec![ids.into()]).await).await?;
    }
    Ok(())
}
