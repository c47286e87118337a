//! A whole tenant into one file, as it was at one moment.

use super::archive::{Manifest, Part, Whose, Writing, is_picture};
use super::{Progress, schema_name, shape, sql};
use anyhow::Context as _;
use platform::Ctx;
use primitives::Permission;
use std::path::Path;

/// Writes the tenant of `ctx` to `path`, which must not be there; secrets such as password hashes only on request.
///
/// # Errors
/// When the file cannot be written, and those of the database; then there is no file.
pub async fn export(
    ctx: &Ctx,
    path: &Path,
    credentials: bool,
    mut told: impl FnMut(Progress),
) -> anyhow::Result<Manifest> {
    ctx.require(Permission::TENANTS_EXPORT)?;
    let shapes = shape::shapes(ctx.app().db().tenant_tables().await?, credentials);
    let backend = ctx.app().db().backend();
    let tenant = ctx.tenant();
    let whose = Whose { id: tenant.id.uuid(), slug: tenant.slug.clone(), name: tenant.name.clone() };
    let db = ctx.snapshot(Permission::TENANTS_EXPORT).await?;
    let file = Writing::begin(path, &schema_name(), ctx.now().millis(), credentials, whose)?;
    let written = async {
        let mut done = Progress::default();
        for shape in &shapes {
            file.send(Part::Table(shape.table.name.clone())).await?;
            let mut key = Vec::new();
            loop {
                let statement = sql::select(shape, backend, key.is_empty());
                let rows = sql::rows(&db, &statement, key).await;
                let mut rows = rows.with_context(|| format!("reading {}", shape.table.name))?;
                let last = match rows.last_mut() {
                    Some(row) => sql::key_of(shape, row)?,
                    None => break,
                };
                let n = rows.len();
                let mut lines = Vec::new();
                for row in &mut rows {
                    row.retain(|name, _| !name.starts_with('='));
                    if !credentials {
                        for (name, value) in row.iter_mut() {
                            if let Some(hidden) = shape.hidden(name) {
                                *value = hidden.into();
                            }
                        }
                    }
                    serde_json::to_writer(&mut lines, row)?;
                    lines.push(b'\n');
                }
                file.send(Part::Rows(lines, n as u64)).await?;
                done.rows += n as u64;
                told(done);
                // A table with one row per tenant has no key to go on with.
                if n < sql::PAGE || last.is_empty() {
                    break;
                }
                key = last;
            }
        }
        drop(db);
        let folder = ctx.app().config().media.dir.join(tenant.id.to_string());
        let mut entries = match tokio::fs::read_dir(&folder).await {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("reading {}", folder.display())),
        };
        while let Some(entries) = &mut entries
            && let Some(entry) = entries.next_entry().await?
        {
            if entry.file_name().to_str().is_some_and(is_picture) {
                file.send(Part::File(entry.path())).await?;
                done.files += 1;
                told(done);
            }
        }
        Ok(())
    };
    match written.await {
        Ok(()) => file.finish().await,
        Err(error) => {
            // The thread knows better why it has stopped.
            let failure = file.failure().await;
            Err(if error.to_string().contains("could not be written") { failure } else { error })
        }
    }
}
