//! The arrows between crates point down, the browser's trees stay light, the root stays small.
#![allow(clippy::unwrap_used, reason = "a test that cannot read the workspace stops")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Every crate of ours and its layer; an arrow may only lead to a lower one.
/// Crates of one layer know each other only where [`SAME_LAYER`] says so.
const LAYERS: &[(&str, u8)] = &[
    ("primitives", 0),
    ("pricing", 0),
    ("paper", 0),
    ("platform", 1),
    ("telemetry", 1),
    ("migrations", 2),
    ("events", 2),
    ("index", 2),
    ("mail", 2),
    ("outbound", 2),
    ("identity", 3),
    ("content", 3),
    ("catalog", 3),
    ("commerce", 4),
    ("storefront", 5),
    ("storefront-wasm", 6),
    ("admin", 6),
    ("server", 6),
    // Tools: nothing that is shipped may lead to them.
    ("testkit", 3),
    ("xtask", 7),
    ("bench", 7),
    ("crash", 7),
    ("end2end", 7),
    ("oracle", 7),
];

/// Arrows inside one layer, each with its reason.
const SAME_LAYER: &[(&str, &str)] = &[
    ("pricing", "primitives"), // amounts, rates, ids
    ("paper", "primitives"),   // amounts, languages, times
    ("index", "events"),       // projections read events
    ("mail", "events"),        // finds tenants as the relay does
    ("content", "identity"),   // authors are accounts
    ("catalog", "identity"),   // tenants and their settings
    ("catalog", "content"),    // product texts and pictures
];

/// What must never reach a browser.
const SERVER_ONLY: [&str; 6] = ["sea-orm", "sqlx", "sqlx-core", "tokio", "axum", "platform"];

/// What lies at the root.
const ROOT: [&str; 8] =
    ["Cargo.toml", "apps", "crates", "style", "public", "end2end", "migrations", "README.md"];

/// What the schema counts in floats, none of it money.
const FLOATS: [&str; 1] = [
    "ProductRating.average", // stars
];

fn root() -> PathBuf {
    // What the runner says: clones may share what they build.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&own).ancestors().nth(2).unwrap().to_owned()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn packages() -> Vec<Value> {
    let metadata = run(env!("CARGO"), &["metadata", "--format-version", "1", "--no-deps", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn layer(name: &str) -> u8 {
    let found = LAYERS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name} has no layer yet: give it one in LAYERS")).1
}

#[test]
fn arrows_point_down() {
    let packages = packages();
    let ours: BTreeSet<_> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let known: BTreeSet<_> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, known, "LAYERS names exactly the crates of the workspace");
    let mut upward = vec![];
    for package in &packages {
        let from = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            let for_tests = dependency["kind"] == "dev";
            if !ours.contains(to) || for_tests && (to == "testkit" || layer(to) <= layer(from)) {
                continue;
            }
            if layer(to) >= layer(from) && !SAME_LAYER.contains(&(from, to)) || to == "testkit" {
                upward.push(format!("{from} -> {to}"));
            }
        }
    }
    assert_eq!(upward, Vec::<String>::new(), "arrows that do not point down");
}

#[test]
fn browsers_get_no_database_and_no_runtime() {
    for package in ["storefront-wasm", "admin"] {
        let tree = run(
            env!("CARGO"),
            &[
                "tree",
                "--locked",
                "-p",
                package,
                "--target",
                "wasm32-unknown-unknown",
                "-e",
                "normal",
                "--prefix",
                "none",
            ],
        );
        let names: BTreeSet<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let found: Vec<_> = SERVER_ONLY.iter().filter(|name| names.contains(**name)).collect();
        assert_eq!(found, Vec::<&&str>::new(), "in the tree of {package}");
    }
}

#[test]
fn the_root_holds_only_what_was_agreed() {
    let tracked = run("git", &["ls-files"]);
    let names: BTreeSet<_> = tracked.lines().filter_map(|path| path.split('/').next()).collect();
    let visible: Vec<_> =
        names.into_iter().filter(|name| !name.starts_with('.') && *name != "Cargo.lock").collect();
    let surprising: Vec<_> = visible.iter().filter(|name| !ROOT.contains(name)).collect();
    assert_eq!(surprising, Vec::<&&str>::new());
}

#[test]
fn no_amount_in_the_schema_is_a_float() {
    let schema = std::fs::read_to_string(root().join("apps/server/schema.graphql")).unwrap();
    let (mut of, mut in_text, mut found) = (String::new(), false, vec![]);
    for line in schema.lines() {
        in_text ^= line.trim() == "\"\"\"";
        if in_text || line.trim_start().starts_with('"') {
            continue;
        }
        let mut words =
            line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default();
        if !line.starts_with(char::is_whitespace) {
            of = words.next().unwrap_or_default().to_owned();
        } else if words.any(|word| word == "Float") {
            found.push(format!("{of}.{first}"));
        }
    }
    assert_eq!(found, FLOATS, "an amount is minor units or decimal text");
}

#[test]
fn every_crate_inherits_the_lints_and_the_versions_of_the_workspace() {
    let mut own_ways = vec![];
    for package in packages() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        let name = package["name"].as_str().unwrap();
        if !manifest.contains("[lints]\nworkspace = true") {
            own_ways.push(format!("{name}: lints"));
        }
        for line in manifest.lines() {
            // A dependency with a version of its own, `x = "1"` or `x = { version = "1" }`.
            let key = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
            if let Some((key, value)) = key
                && (value.starts_with('{') && value.contains("version =")
                    || ["version", "edition"].contains(&key))
            {
                own_ways.push(format!("{name}: {line}"));
            }
        }
    }
    assert_eq!(own_ways, Vec::<String>::new());
}
