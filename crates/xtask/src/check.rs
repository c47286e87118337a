//! `cargo x check` and `cargo x schema`: what has to hold before anything runs.

use std::fs;

use anyhow::{Context, Result};

use crate::process::{Steps, cargo, output, root, run, target};
use crate::test::{BUNDLES, workspace};
use crate::tools;

/// Formatting, lints, arrows.
pub fn run_all() -> Result<()> {
    let mut steps = Steps::new(3 + BUNDLES.len());
    steps.next("Formatting");
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    steps.next("Lints of everything that runs on the server");
    run(cargo(["clippy", "--quiet", "--all-targets"]).args(workspace()).args(["--", "-D", "warnings"]))?;
    tools::wasm_target()?;
    for package in BUNDLES {
        // One at a time: leptos is rendered by one and hydrated by the other.
        steps.next(&format!("Lints of {package} in the browser"));
        let target = ["--target", "wasm32-unknown-unknown"];
        run(cargo(["clippy", "--quiet", "-p", package]).args(target).args(["--", "-D", "warnings"]))?;
    }
    steps.next("Arrows between crates");
    run(&mut cargo(["test", "--quiet", "-p", "xtask", "--test", "architecture"]))?;
    steps.finish();
    Ok(())
}

/// Writes the GraphQL schema that clients and the admin are checked against.
pub fn write_schema() -> Result<()> {
    run(&mut cargo(["build", "-p", "server"]))?;
    let rustok = target().join("debug").join("rustok");
    let schema = output(&mut crate::process::command(&rustok.to_string_lossy(), ["schema"]))?;
    let file = root().join("apps/server/schema.graphql");
    fs::write(&file, schema + "\n").with_context(|| format!("writing {}", file.display()))?;
    eprintln!("wrote {}", file.display());
    Ok(())
}
