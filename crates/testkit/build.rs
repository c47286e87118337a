//! Names the state of the migrations that this build was made with, so that no test copies the template of another.

use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let folder = Path::new("../../migrations/src");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    gather(folder, &mut files)?;
    files.sort();
    // FNV-1a over names and texts.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for file in files {
        let name = file.to_string_lossy().into_owned().into_bytes();
        for byte in name.into_iter().chain(std::fs::read(&file)?) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=MIGRATIONS_FINGERPRINT={hash:016x}");
    Ok(())
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { gather(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
