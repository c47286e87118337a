//! The places where a crash is tried out.

use platform::failpoint::NAMES;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Sources of everything that the server is made of.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace");
    let mut folders: Vec<PathBuf> = Vec::new();
    for group in ["apps", "crates"] {
        let members = std::fs::read_dir(root.join(group)).expect("members").flatten();
        folders.extend(members.map(|member| member.path().join("src")).filter(|folder| folder.is_dir()));
    }
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.retain(|file| !file.ends_with("platform/src/failpoint.rs"));
    files
}

#[test]
fn every_name_stands_at_exactly_one_place() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for file in sources() {
        let text = std::fs::read_to_string(&file).expect("a source");
        for use_ in text.split("failpoint!(").skip(1) {
            let name = use_.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(name, _)| name);
            let name = name.unwrap_or_else(|| panic!("{}: a failpoint without a name", file.display()));
            *found.entry(name.to_owned()).or_default() += 1;
        }
    }
    let listed: BTreeMap<String, usize> = NAMES.iter().map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(found, listed);
}

#[test]
fn the_surface_lists_them_in_every_build() {
    let output = Command::new(env!("CARGO_BIN_EXE_rustok"))
        .args(["surface", "--json"])
        .env("FAILPOINTS", "of somebody else")
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(listed["failpoints"], serde_json::json!(&NAMES[..]));
}
