//! The two front ends: built by cargo-leptos, weighed against their budgets.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{command, root, run, shown, which};
use crate::tools;

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
    "crates/ui",
    "public",
    "style",
];

/// A bundle, where it lies below the target folder, and how much of it may be sent, in bytes.
const BUNDLES: [(&str, &str, u64); 2] =
    [("storefront", "site/pkg", 100_000), ("admin", "admin-site/pkg", 900_000)];

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
    for mut command in commands() {
        run(&mut command)?;
    }
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
    let log = built().join("x").join("front.log");
    fs::create_dir_all(built().join("x"))?;
    let output = fs::File::create(&log)?;
    let [admin, storefront] = commands();
    // One after the other, because both write to the same folder of artefacts.
    let mut both = command("sh", ["-c", &format!("{} && {}", shown(&admin), shown(&storefront))]);
    both.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output);
    let child = both.spawn().context("starting cargo-leptos")?;
    Ok(Some(Building { child, log, stamp }))
}

/// Both front ends in the making.
pub struct Building {
    child: std::process::Child,
    log: PathBuf,
    stamp: Stamp,
}

impl Building {
    /// Waits for the end.
    pub fn finish(mut self) -> Result<()> {
        if !self.child.wait()?.success() {
            bail!("building the front ends failed:\n{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
        self.stamp.keep()
    }
}

/// Prints what both weigh and fails when one is over its budget.
pub fn weigh() -> Result<()> {
    if !build()? {
        eprintln!("nothing has changed since the last build");
    }
    let mut heavy = vec![];
    for (name, folder, budget) in BUNDLES {
        let (mut plain, mut sent) = (0, 0);
        for entry in fs::read_dir(built().join(folder))?.flatten() {
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

/// The admin first: both projects name the server as their binary, and only front ends are built here.
fn commands() -> [Command; 2] {
    ["admin", "storefront"].map(|project| {
        command(
            "cargo-leptos",
            ["leptos", "build", "--release", "--precompress", "--frontend-only", "-p", project],
        )
    })
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
        which("wasm-opt").hash(&mut hasher);
        let text = format!("{:016x}", hasher.finish());
        Ok(Self { file: built().join("x").join("front.stamp"), text })
    }

    fn is_kept(&self) -> bool {
        let complete = BUNDLES.iter().all(|(_, folder, _)| built().join(folder).is_dir());
        complete && fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.text)
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
