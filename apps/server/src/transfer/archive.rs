//! The file: a zip with one NDJSON entry per table, the pictures, and a manifest that counts and hashes the rows.
//!
//! Reading and writing block, so each runs on a thread of its own; what goes between it and the database is bounded.

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What the manifest calls itself.
const FORMAT: &str = "rustok-tenant";
/// Layout of the file.
const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// Largest manifest, bytes.
const MOST_MANIFEST: u64 = 4 * 1024 * 1024;
/// Longest row, bytes.
const MOST_LINE: u64 = 8 * 1024 * 1024;
/// Largest picture, bytes.
const MOST_FILE: u64 = 64 * 1024 * 1024;
/// So many times its size a file may unpack to, once it unpacks to more than [`SMALL`].
const RATIO: u64 = 200;
const SMALL: u64 = 64 * 1024 * 1024;
/// Parts that wait between thread and database.
const AHEAD: usize = 4;
/// Rows that are handed on together at most, and bytes.
const ROWS: usize = 200;
const BYTES: usize = 2 * 1024 * 1024;

/// What a file says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    /// The last migration of the place that the file is from.
    pub schema: String,
    /// When it was made, Unix milliseconds.
    pub made_at: i64,
    /// Whether password hashes and other secrets are in it.
    pub credentials: bool,
    /// Whose file it is.
    pub tenant: Whose,
    /// Rows by table.
    pub tables: BTreeMap<String, Counted>,
    /// Pictures.
    pub files: u64,
}

/// The tenant of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// Key.
    pub id: uuid::Uuid,
    /// Name in addresses.
    pub slug: String,
    /// Name that shoppers see.
    pub name: String,
}

/// The rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// How many.
    pub rows: u64,
    /// SHA-256 of the entry, hexadecimal.
    pub sha256: String,
}

/// What the database hands to the writing thread.
pub enum Part {
    /// The rows of this table follow.
    Table(String),
    /// Lines of the table.
    Rows(Vec<u8>, u64),
    /// A picture, by the path that it lies at.
    File(PathBuf),
}

/// Makes a file on a thread of its own, beside its place until it is whole.
pub struct Writing {
    parts: mpsc::Sender<Part>,
    done: tokio::task::JoinHandle<anyhow::Result<Manifest>>,
}

impl Writing {
    /// Begins; `path` must not be there yet.
    pub fn begin(
        path: &Path,
        schema: &str,
        made_at: i64,
        credentials: bool,
        tenant: Whose,
    ) -> anyhow::Result<Self> {
        ensure!(!path.exists(), "{} is there already", path.display());
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            schema: schema.to_owned(),
            made_at,
            credentials,
            tenant,
            tables: BTreeMap::new(),
            files: 0,
        };
        let (parts, received) = mpsc::channel(AHEAD);
        let path = path.to_owned();
        let done = tokio::task::spawn_blocking(move || write(&path, manifest, received));
        Ok(Self { parts, done })
    }

    /// Hands a part on; waits while the disk is behind.
    pub async fn send(&self, part: Part) -> anyhow::Result<()> {
        self.parts.send(part).await.map_err(|_| anyhow::anyhow!("the file could not be written"))
    }

    /// Ends the file and puts it into its place.
    pub async fn finish(self) -> anyhow::Result<Manifest> {
        let Self { parts, done } = self;
        parts.send(Part::Table(String::new())).await.ok();
        drop(parts);
        done.await.context("writing the file")?
    }

    /// Why the thread has ended before its time.
    pub async fn failure(self) -> anyhow::Error {
        drop(self.parts);
        match self.done.await {
            Ok(Err(error)) => error,
            _ => anyhow::anyhow!("the file was not finished"),
        }
    }
}

fn write(path: &Path, mut manifest: Manifest, mut parts: mpsc::Receiver<Part>) -> anyhow::Result<Manifest> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("{} cannot be written to", folder.display()))?;
    let mut zip = ZipWriter::new(BufWriter::new(aside.reopen()?));
    let packed =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
    // Pictures are packed already.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    let mut table: Option<(String, u64, Sha256)> = None;
    let mut whole = false;
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::Table(name) => {
                if let Some((name, rows, hash)) = table.take() {
                    manifest.tables.insert(name, Counted { rows, sha256: hex(hash) });
                }
                if name.is_empty() {
                    whole = true;
                    break;
                }
                zip.start_file(entry_of(&name), packed)?;
                table = Some((name, 0, Sha256::new()));
            }
            Part::Rows(lines, n) => {
                let Some((_, rows, hash)) = &mut table else { bail!("rows without a table") };
                *rows += n;
                hash.update(&lines);
                zip.write_all(&lines).context("writing rows")?;
            }
            Part::File(from) => {
                if let Some((name, rows, hash)) = table.take() {
                    manifest.tables.insert(name, Counted { rows, sha256: hex(hash) });
                }
                let name =
                    from.file_name().and_then(|name| name.to_str()).context("a picture without a name")?;
                // It may have been replaced or deleted since the folder was listed.
                let mut file = match File::open(&from) {
                    Ok(file) => file,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error).with_context(|| format!("reading {}", from.display())),
                };
                zip.start_file(format!("files/{name}"), stored)?;
                std::io::copy(&mut file, &mut zip).with_context(|| format!("writing {}", from.display()))?;
                manifest.files += 1;
            }
        }
    }
    ensure!(whole, "the file was given up");
    zip.start_file(MANIFEST, packed)?;
    zip.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    let written = zip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    written.sync_all()?;
    aside.persist_noclobber(path).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(manifest)
}

fn entry_of(table: &str) -> String {
    format!("tables/{table}.ndjson")
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file that was looked through: whole, as its manifest says, and no larger than allowed.
#[derive(Clone, Debug)]
pub struct Checked {
    path: PathBuf,
    /// What it says about itself.
    pub manifest: Manifest,
}

/// Looks a whole file through without keeping any of it; `row` sees each row with its table and its number.
///
/// # Errors
/// What is wrong with the file, in words for whoever brought it.
pub fn check(
    path: &Path,
    most: u64,
    mut row: impl FnMut(&str, u64, &Map<String, Value>) -> anyhow::Result<()>,
) -> anyhow::Result<Checked> {
    let mut zip = open(path)?;
    let manifest = manifest(&mut zip)?;
    let size = std::fs::metadata(path)?.len();
    let most = most.min(size.saturating_mul(RATIO).max(SMALL));
    let mut left = most;
    let mut files = 0;
    let mut tables = 0;
    for index in 0..zip.len() {
        let entry = zip.by_index(index).context("the file is damaged")?;
        let name = entry.name().context("the file is damaged")?.into_owned();
        if name == MANIFEST {
            continue;
        }
        if let Some(table) = name.strip_prefix("tables/").and_then(|name| name.strip_suffix(".ndjson")) {
            let Some(told) = manifest.tables.get(table) else {
                bail!("the file holds {name}, which its manifest does not name");
            };
            tables += 1;
            let mut hash = Sha256::new();
            let mut rows = 0;
            lines(entry, &mut left, most, |line| {
                hash.update(line);
                rows += 1;
                let parsed = parse(table, rows, line)?;
                row(table, rows, &parsed)
            })
            .with_context(|| format!("{name} cannot be read"))?;
            ensure!(
                rows == told.rows && hex(hash) == told.sha256,
                "{name} is not what the manifest says: it was changed or damaged"
            );
        } else if let Some(file) = name.strip_prefix("files/") {
            ensure!(is_picture(file), "the file holds {name}, which is no picture of a shop");
            files += 1;
            let read = std::io::copy(&mut entry.take(MOST_FILE.min(left) + 1), &mut std::io::sink());
            let read = read.with_context(|| format!("{name} is damaged"))?;
            ensure!(read <= MOST_FILE, "{name} is larger than {} MiB", MOST_FILE >> 20);
            left = left.checked_sub(read).with_context(|| too_large(most))?;
        } else {
            bail!("the file holds {name}, which is nothing of a shop");
        }
    }
    ensure!(tables == manifest.tables.len(), "a table of the manifest is not in the file");
    ensure!(files == manifest.files, "the file holds {files} pictures and should hold {}", manifest.files);
    Ok(Checked { path: path.to_owned(), manifest })
}

impl Checked {
    /// The rows of a table in parts, read on a thread of its own; the last part says whether all went well.
    pub fn rows(&self, table: &str) -> mpsc::Receiver<anyhow::Result<Vec<Map<String, Value>>>> {
        let (send, receive) = mpsc::channel(AHEAD);
        let (path, table) = (self.path.clone(), table.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut part = Vec::new();
            let mut bytes = 0;
            let read = || -> anyhow::Result<()> {
                let mut zip = open(&path)?;
                let entry = zip.by_name(&entry_of(&table)).context("the file was changed meanwhile")?;
                let mut left = u64::MAX;
                let mut row = 0;
                lines(entry, &mut left, u64::MAX, |line| {
                    row += 1;
                    bytes += line.len();
                    part.push(parse(&table, row, line)?);
                    if part.len() >= ROWS || bytes >= BYTES {
                        bytes = 0;
                        send.blocking_send(Ok(std::mem::take(&mut part))).context("nobody reads on")?;
                    }
                    Ok(())
                })?;
                if !part.is_empty() {
                    send.blocking_send(Ok(std::mem::take(&mut part))).context("nobody reads on")?;
                }
                Ok(())
            };
            let mut read = read;
            if let Err(error) = read() {
                let _ = send.blocking_send(Err(error));
            }
        });
        receive
    }

    /// Unpacks the pictures into a folder, telling how many are done. Blocks.
    pub fn unpack(&self, folder: &Path, mut done: impl FnMut(u64)) -> anyhow::Result<()> {
        let mut zip = open(&self.path)?;
        let mut n = 0;
        for index in 0..zip.len() {
            let entry = zip.by_index(index).context("the file was changed meanwhile")?;
            let name = entry.name().context("the file was changed meanwhile")?.into_owned();
            let Some(name) = name.strip_prefix("files/").map(str::to_owned) else { continue };
            ensure!(is_picture(&name), "the file was changed meanwhile");
            std::fs::create_dir_all(folder)?;
            let mut file = File::create(folder.join(&name)).with_context(|| format!("writing {name}"))?;
            let written = std::io::copy(&mut entry.take(MOST_FILE), &mut file);
            written.with_context(|| format!("writing {name}"))?;
            file.sync_all()?;
            n += 1;
            done(n);
        }
        Ok(())
    }
}

fn open(path: &Path) -> anyhow::Result<ZipArchive<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    ZipArchive::new(BufReader::new(file))
        .with_context(|| format!("{} is no export of a shop, or was cut off", path.display()))
}

fn manifest(zip: &mut ZipArchive<BufReader<File>>) -> anyhow::Result<Manifest> {
    let entry = zip.by_name(MANIFEST).context("the file is no export of a shop: it has no manifest")?;
    let mut text = String::new();
    entry.take(MOST_MANIFEST + 1).read_to_string(&mut text).context("the manifest is damaged")?;
    ensure!(text.len() as u64 <= MOST_MANIFEST, "the manifest is larger than {} MiB", MOST_MANIFEST >> 20);
    let head: Value = serde_json::from_str(&text).context("the manifest is damaged")?;
    ensure!(head["format"] == FORMAT, "the file is no export of a shop: its manifest is another program's");
    ensure!(
        head["version"] == VERSION,
        "the file has the layout {}, this program reads {VERSION}",
        head["version"]
    );
    serde_json::from_value(head).context("the manifest is damaged")
}

/// Every line of an entry with its end, none longer than [`MOST_LINE`], all together no longer than `left`.
fn lines(
    entry: impl Read,
    left: &mut u64,
    most: u64,
    mut line: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut reader = BufReader::new(entry);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let limit = MOST_LINE.min(*left) + 1;
        let read =
            reader.by_ref().take(limit).read_until(b'\n', &mut buffer).context("the file is damaged")? as u64;
        if read == 0 {
            return Ok(());
        }
        *left = left.checked_sub(read).with_context(|| too_large(most))?;
        ensure!(read <= MOST_LINE, "a row is longer than {} MiB", MOST_LINE >> 20);
        line(&buffer)?;
    }
}

fn too_large(most: u64) -> String {
    format!(
        "the file unpacks to more than {} MiB, which is more than its size or tenants.import_mib allows",
        most >> 20
    )
}

fn parse(table: &str, row: u64, line: &[u8]) -> anyhow::Result<Map<String, Value>> {
    serde_json::from_slice(line).with_context(|| format!("row {row} of {table} is no object"))
}

/// A name that the pipeline of pictures gives: no folders, nothing hidden.
pub fn is_picture(name: &str) -> bool {
    name.strip_suffix(".webp").is_some_and(|stem| {
        (1..=64).contains(&stem.len()) && stem.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    })
}
