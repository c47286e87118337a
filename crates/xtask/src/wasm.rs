//! What `wasm-opt` is asked for here: take names and tool versions out of a bundle, and nothing else.
//!
//! Debian's binaryen 108 cannot rewrite what wasm-bindgen emits today: it exports the table of references under the
//! index of the table of functions, and no browser starts the result. Taking the names out is worth almost all of the
//! size (storefront, as brotli: 85.7 kB against 84.3 kB with binaryen), so this program does it itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// A folder with a `wasm-opt` that calls this program; it goes first on the path of cargo-leptos.
pub fn tool_folder() -> Result<PathBuf> {
    let folder = crate::process::root().join("target/x/bin");
    fs::create_dir_all(&folder)?;
    let program = folder.join("wasm-opt");
    let myself = std::env::current_exe()?;
    fs::write(&program, format!("#!/bin/sh\nexec '{}' strip-wasm \"$@\"\n", myself.display()))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// Called as `wasm-opt` is: options, input, `-o`, output.
pub fn strip(arguments: &[String]) -> Result<()> {
    let [.., input, flag, output] = arguments else { bail!("strip-wasm wants: INPUT -o OUTPUT") };
    if flag != "-o" {
        bail!("strip-wasm wants: INPUT -o OUTPUT");
    }
    let module = fs::read(input).with_context(|| format!("reading {input}"))?;
    let stripped = without_names(&module).with_context(|| format!("{input} is not a WASM module"))?;
    fs::write(output, stripped).with_context(|| format!("writing {output}"))
}

/// The module without the custom sections `name` and `producers`.
fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = module.split_at_checked(8)?;
    if !head.starts_with(b"\0asm") {
        return None;
    }
    let mut out = head.to_vec();
    while let Some((id, after_id)) = rest.split_first() {
        let (size, body) = number(after_id)?;
        let (body, next) = body.split_at_checked(size)?;
        let name = if *id == 0 { number(body).and_then(|(length, text)| text.get(..length)) } else { None };
        if !matches!(name, Some(b"name" | b"producers")) {
            out.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(out)
}

/// An unsigned LEB128 number and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::without_names;

    #[test]
    fn takes_names_out_and_leaves_the_rest() {
        let head = b"\0asm\x01\0\0\0".as_slice();
        let types = b"\x01\x04\x01\x60\0\0".as_slice();
        let names = b"\0\x07\x04name\x01\0".as_slice();
        let features = b"\0\x12\x0ftarget_features\0\0".as_slice();
        let module = [head, types, names, features].concat();
        assert_eq!(without_names(&module).unwrap(), [head, types, features].concat());
    }

    #[test]
    fn refuses_what_is_cut_off() {
        assert_eq!(without_names(b"\0asm\x01\0\0\0\x01\x7f\0"), None);
        assert_eq!(without_names(b"<html></html>"), None);
    }
}
