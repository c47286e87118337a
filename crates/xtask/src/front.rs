//! The two front ends: built by cargo-leptos, weighed against their budgets.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use anyhow::{Context, Result, bail};

use crate::process::{command, root, run, search_path};
use crate::{tools, wasm};

/// What a front end consists of: any change here means building again.
const SOURCES: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "apps/admin",
    "apps/storefront",
    "apps/storefront-wasm",
    "apps/server/schema.graphql",
    "crates/primitives",
    "crates/xtask/src/wasm.rs",
    "public",
    "style",
];

/// A leptos project, its site below the target folder, and how much script and WASM it may send, in bytes.
const BUNDLES: [(&str, &str, u64); 2] = [("admin", "admin-site", 900_000), ("storefront", "site", 100_000)];

/// Where the leptos sections of `Cargo.toml` put what they build, whatever `CARGO_TARGET_DIR` says.
fn built() -> PathBuf {
    root().join("target")
}

/// Builds both in release mode unless nothing has changed; `true` when there was something to do.
pub fn build() -> Result<bool> {
    let stamp = Stamp::now()?;
    if stamp.is_kept() {
        return Ok(false);
    }
    tools::for_front_ends()?;
    build_all(|command| Ok(command))?;
    stamp.keep()?;
    Ok(true)
}

/// Starts building both beside other work, with the output in a file; `None` when nothing has changed.
pub fn build_beside() -> Result<Option<Building>> {
    let stamp = Stamp::now()?;
    if stamp.is_kept() {
        return Ok(None);
    }
    tools::for_front_ends()?;
    fs::create_dir_all(built().join("x"))?;
    let log = built().join("x").join("front.log");
    let output = fs::File::create(&log)?;
    let thread = std::thread::spawn(move || {
        build_all(|command| {
            Ok(command.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output.try_clone()?))
        })
    });
    Ok(Some(Building { thread, log, stamp }))
}

/// Both front ends in the making.
pub struct Building {
    thread: JoinHandle<Result<()>>,
    log: PathBuf,
    stamp: Stamp,
}

impl Building {
    /// Waits for the end.
    pub fn finish(self) -> Result<()> {
        let result = self.thread.join().unwrap_or_else(|_| bail!("the build of the front ends panicked"));
        result.with_context(|| fs::read_to_string(&self.log).unwrap_or_default())?;
        self.stamp.keep()
    }
}

/// One after the other, because both write to the same folder of artefacts.
fn build_all(prepare: impl for<'c> Fn(&'c mut Command) -> Result<&'c mut Command>) -> Result<()> {
    let path = std::env::join_paths([wasm::tool_folder()?].into_iter().chain(search_path()))?;
    for (project, site, _) in BUNDLES {
        let site = built().join(site);
        let mut command = command(
            "cargo-leptos",
            ["leptos", "build", "--release", "--precompress", "--frontend-only", "-p", project],
        );
        // Names with hashes, so that browsers may keep the files for ever; not in Cargo.toml, because `watch` needs
        // names that stay.
        command.env("LEPTOS_HASH_FILES", "true").env("LEPTOS_HASH_FILE_NAME", site.join("hash.txt"));
        command.env("PATH", &path);
        run(prepare(&mut command)?)?;
        drop_useless_twins(&site)?;
    }
    Ok(())
}

/// cargo-leptos packs every file, and a packed picture is larger than the picture.
fn drop_useless_twins(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            drop_useless_twins(&path)?;
        } else if ["webp", "png", "jpg", "woff2"].iter().any(|kind| is_packed(&path, kind)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn is_packed(path: &Path, kind: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(&format!(".{kind}.br")) || name.ends_with(&format!(".{kind}.gz"))
}

/// Prints what both weigh and fails when one is over its budget.
pub fn weigh() -> Result<()> {
    if !build()? {
        eprintln!("nothing has changed since the last build");
    }
    let mut heavy = vec![];
    for (name, site, budget) in BUNDLES {
        let (mut plain, mut sent) = (0, 0);
        for entry in fs::read_dir(built().join(site).join("pkg"))?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
                plain += entry.metadata()?.len();
                let packed = PathBuf::from(format!("{}.br", path.display()));
                sent +=
                    fs::metadata(&packed).with_context(|| format!("{} is missing", packed.display()))?.len();
            }
        }
        let kb = |bytes: u64| bytes as f64 / 1000.0;
        println!(
            "{name:<11} {:>8.1} kB, {:>7.1} kB as brotli, of {:.0} kB allowed",
            kb(plain),
            kb(sent),
            kb(budget)
        );
        if sent > budget {
            heavy.push(name);
        }
    }
    if !heavy.is_empty() {
        bail!("over budget: {}", heavy.join(", "));
    }
    Ok(())
}

/// Whether every file is there that the list of hashes names; `cargo leptos watch` clears files of a release away.
fn is_complete(site: &Path) -> bool {
    let Ok(hashes) = fs::read_to_string(site.join("hash.txt")) else { return false };
    let mut names = hashes.lines().filter_map(|line| line.split_once(": "));
    names.all(|(kind, hash)| site.join("pkg").join(format!("rustok.{}.{kind}", hash.trim())).is_file())
}

/// What the sources looked like when they were built.
struct Stamp {
    file: PathBuf,
    text: String,
}

impl Stamp {
    fn now() -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for source in SOURCES {
            hash_files(&root().join(source), &mut hasher)?;
        }
        let text = format!("{:016x}", hasher.finish());
        Ok(Self { file: built().join("x").join("front.stamp"), text })
    }

    fn is_kept(&self) -> bool {
        let complete = |(_, site, _): &(_, &str, _)| is_complete(&built().join(site));
        BUNDLES.iter().all(complete) && fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.text)
    }

    fn keep(&self) -> Result<()> {
        fs::create_dir_all(built().join("x"))?;
        fs::write(&self.file, &self.text).with_context(|| format!("writing {}", self.file.display()))
    }
}

fn hash_files(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    if metadata.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path)?.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for entry in entries {
            hash_files(&entry, hasher)?;
        }
        return Ok(());
    }
    // Contents, not times: a fresh clone of the same sources has nothing to build.
    path.strip_prefix(root()).unwrap_or(path).hash(hasher);
    fs::read(path).with_context(|| format!("reading {}", path.display()))?.hash(hasher);
    Ok(())
}
