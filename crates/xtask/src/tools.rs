//! Tools that the builds and tests need: what is on `PATH` first, then a folder of this machine outside the repository.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, command, quiet_output, root, run, tools_folder, which};

const CARGO_LEPTOS: &str = "0.3.10";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Everything that building the front ends takes.
pub fn for_front_ends() -> Result<()> {
    wasm_target()?;
    wasm_bindgen()?;
    cargo_leptos()
}

/// The test runner.
pub fn nextest() -> Result<()> {
    if which("cargo-nextest").is_some() {
        return Ok(());
    }
    install(
        "cargo-nextest",
        "the test runner, about eight minutes on two cores",
        &["--locked", "cargo-nextest"],
        &[],
    )
}

/// Debian packages by a program that each of them brings; installs what is missing when this is root.
pub fn debian(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<_> =
        packages.iter().filter(|(program, _)| !installed(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root() || which("apt-get").is_none() {
        bail!("install what the tests need with: sudo apt-get install -y --no-install-recommends {list}");
    }
    eprintln!("      installing Debian packages: {list}");
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get", arguments);
        apt.env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null());
        apt
    };
    let install: Vec<_> =
        ["install", "-y", "-q", "--no-install-recommends"].iter().chain(&missing).copied().collect();
    if run(&mut apt(&install)).is_err() {
        run(&mut apt(&["update", "-q"]))?;
        run(&mut apt(&install))?;
    }
    if missing.contains(&"postgresql") {
        stop_packaged_postgres();
    }
    Ok(())
}

/// Whether this process may do everything on this machine.
pub fn is_root() -> bool {
    quiet_output(&mut command("id", ["-u"])).as_deref() == Some("0")
}

/// Installing the package starts a cluster of its own on the usual port; the tests never use it.
fn stop_packaged_postgres() {
    for version in crate::postgres::versions() {
        quiet_output(&mut command("pg_ctlcluster", ["--skip-systemctl-redirect", &version, "main", "stop"]));
    }
}

fn installed(program: &str) -> bool {
    if program == "initdb" { crate::postgres::programs().is_some() } else { which(program).is_some() }
}

/// The standard library for browsers.
pub fn wasm_target() -> Result<()> {
    let folder = quiet_output(&mut command("rustc", ["--print", "target-libdir", "--target", WASM_TARGET]));
    if folder.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    eprintln!("      adding the target {WASM_TARGET} to this toolchain");
    run(&mut command("rustup", ["target", "add", WASM_TARGET]))
}

/// The generator must be exactly as old as the library in the lock file: they share a private format.
fn wasm_bindgen() -> Result<()> {
    let wanted = locked_version("wasm-bindgen")?;
    let have = quiet_output(&mut command("wasm-bindgen", ["--version"]));
    if have.as_deref() == Some(&format!("wasm-bindgen {wanted}")) {
        return Ok(());
    }
    let package = format!("wasm-bindgen-cli@{wanted}");
    // Without --locked: its lock file names a crate that registries do not serve.
    install("wasm-bindgen", "about a minute and a half on two cores", &[&package], &[])?;
    let have = quiet_output(&mut command("wasm-bindgen", ["--version"])).unwrap_or_default();
    if have != format!("wasm-bindgen {wanted}") {
        bail!(
            "the first wasm-bindgen on PATH is {have:?}, the project needs {wanted}: run `cargo install {package}`"
        );
    }
    Ok(())
}

fn cargo_leptos() -> Result<()> {
    let have = quiet_output(&mut command("cargo-leptos", ["--version"])).unwrap_or_default();
    if have.contains(" 0.3.") {
        return Ok(());
    }
    let package = format!("cargo-leptos@{CARGO_LEPTOS}");
    // Built for a quick build: it only starts other programs.
    let quick = [
        ("CARGO_PROFILE_RELEASE_LTO", "off"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ];
    install(
        "cargo-leptos",
        "about ten minutes on two cores",
        &["--locked", &package, "--features", "no_downloads"],
        &quick,
    )
}

fn install(program: &str, how_long: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let folder = tools_folder().context("neither XDG_CACHE_HOME nor HOME is set")?;
    eprintln!("      installing {program} into {} ({how_long}, once per machine)", folder.display());
    let mut cargo = cargo(["install", "--force", "--root"]);
    cargo.arg(&folder).args(arguments).envs(environment.iter().copied());
    // Kept apart from the project's own artefacts, and away when the tool is there.
    let build = folder.join("build");
    cargo.env("CARGO_TARGET_DIR", &build);
    let result = run(&mut cargo);
    if result.is_ok() {
        let _ = std::fs::remove_dir_all(&build);
    }
    result.with_context(|| format!("installing {program}"))
}

/// Version of a package in `Cargo.lock`.
fn locked_version(package: &str) -> Result<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).with_context(|| format!("Cargo.lock names no {package}"))
}
