//! What `wasm-opt` is asked for here: pack a bundle for the way to the browser, and change nothing that it does.
//!
//! Debian's binaryen 108 cannot rewrite what wasm-bindgen emits today: it exports the table of references under the
//! index of the table of functions, and no browser starts the result. Taking the names out is worth almost all of the
//! size (storefront, as brotli: 85.7 kB against 84.3 kB with binaryen), so this program does it itself. It also keeps
//! only one of functions that are the same, and puts those side by side that are alike: generic code is thousands of
//! copies with small differences, and brotli makes 7 % less of them that way.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef,
};

/// A folder with a `wasm-opt` that calls this program; it goes first on the path of cargo-leptos.
pub fn tool_folder() -> Result<PathBuf> {
    let folder = crate::process::root().join("target/x/bin");
    fs::create_dir_all(&folder)?;
    let program = folder.join("wasm-opt");
    let myself = std::env::current_exe()?;
    fs::write(&program, format!("#!/bin/sh\nexec '{}' pack-wasm \"$@\"\n", myself.display()))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// Called as `wasm-opt` is: options, input, `-o`, output.
pub fn pack(arguments: &[String]) -> Result<()> {
    let [.., input, flag, output] = arguments else { bail!("pack-wasm wants: INPUT -o OUTPUT") };
    if flag != "-o" {
        bail!("pack-wasm wants: INPUT -o OUTPUT");
    }
    let module = fs::read(input).with_context(|| format!("reading {input}"))?;
    let packed = packed(&module).with_context(|| format!("packing {input}"))?;
    fs::write(output, packed).with_context(|| format!("writing {output}"))
}

/// The same module without the custom sections `name` and `producers`, with its functions in another order.
fn packed(module: &[u8]) -> Result<Vec<u8>> {
    let (imported, functions) = functions(module)?;
    let stand_in = stand_ins(imported, &functions);
    let mut order: Vec<_> = (imported..stand_in.len()).filter(|index| stand_in[*index] == *index).collect();
    order.sort_by_key(|index| {
        let function = &functions[index - imported];
        (function.kind, &function.shape)
    });
    let mut numbers: Vec<_> = (0..stand_in.len()).collect();
    for (at, index) in order.iter().enumerate() {
        numbers[*index] = imported + at;
    }
    let numbers = stand_in.iter().map(|index| numbers[*index] as u32).collect();
    let order = order.into_iter().map(|index| &functions[index - imported]).collect();
    let mut packed = Module::new();
    Packer { numbers, order }.parse_core_module(&mut packed, Parser::new(0), module)?;
    Ok(packed.finish())
}

/// A function of the module.
struct Function<'m> {
    /// Index of its type.
    kind: u32,
    body: FunctionBody<'m>,
    /// Its code with nothing in the place of every function that it names.
    shape: Vec<u8>,
    /// The functions that it names.
    named: Vec<u32>,
}

/// How many functions are imported, and those that the module brings.
fn functions(module: &[u8]) -> Result<(usize, Vec<Function<'_>>)> {
    let (mut imported, mut kinds, mut functions) = (0, vec![], vec![]);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::FunctionSection(section) => kinds = section.into_iter().collect::<Result<_, _>>()?,
            Payload::CodeSectionEntry(body) => {
                let mut names = Names(vec![]);
                let mut code = names.new_function_with_parsed_locals(&body)?;
                let mut instructions = body.get_operators_reader()?;
                while !instructions.eof() {
                    code.instruction(&names.parse_instruction(&mut instructions)?);
                }
                let kind = *kinds.get(functions.len()).context("a function without a type")?;
                functions.push(Function { kind, body, shape: code.into_raw_body(), named: names.0 });
            }
            _ => {}
        }
    }
    Ok((imported, functions))
}

/// For every function the first one that does the same.
fn stand_ins(imported: usize, functions: &[Function]) -> Vec<usize> {
    let mut stand_in: Vec<_> = (0..imported + functions.len()).collect();
    loop {
        let (mut first, mut next) = (HashMap::new(), stand_in.clone());
        for (index, function) in (imported..).zip(functions) {
            let named: Vec<_> = function.named.iter().map(|index| stand_in[*index as usize]).collect();
            next[index] = *first.entry((function.kind, &function.shape, named)).or_insert(index);
        }
        // Whoever called two that are one now may have become one as well.
        if next == stand_in {
            return stand_in;
        }
        stand_in = next;
    }
}

/// Notes the functions that are named.
struct Names(Vec<u32>);

impl Reencode for Names {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        self.0.push(index);
        Ok(0)
    }
}

/// Writes the functions in their new order.
struct Packer<'m> {
    /// The new index of every function.
    numbers: Vec<u32>,
    order: Vec<&'m Function<'m>>,
}

impl Reencode for Packer<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        Ok(self.numbers[index as usize])
    }

    fn parse_function_section(
        &mut self,
        section: &mut FunctionSection,
        _: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        for function in &self.order {
            section.function(function.kind);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, _: CodeSectionReader<'_>) -> Result<(), Error> {
        for function in std::mem::take(&mut self.order) {
            self.parse_function_body(code, function.body.clone())?;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        if matches!(section.name(), "name" | "producers") {
            return Ok(());
        }
        utils::parse_custom_section(self, module, section)
    }
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    fn takes_names_out_and_leaves_the_rest() {
        let head = b"\0asm\x01\0\0\0".as_slice();
        let types = b"\x01\x04\x01\x60\0\0".as_slice();
        let names = b"\0\x07\x04name\x01\0".as_slice();
        let features = b"\0\x12\x0ftarget_features\0\0".as_slice();
        let module = [head, types, names, features].concat();
        assert_eq!(packed(&module).unwrap(), [head, types, features].concat());
    }

    #[test]
    fn keeps_one_of_the_same_and_sorts_what_stays() {
        // (import "" "f" (func)), then: calls 5 · nothing · calls 6 · calls 0 · nothing · nothing
        let module = |functions: &[u8], export: u8, start: u8, bodies: &[u8]| {
            let head = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x06\x01\0\x01f\0\0".as_slice();
            let export = &[7, 5, 1, 1, b'e', 0, export];
            let size = |bytes: &[u8]| bytes.len() as u8;
            let (functions, bodies) = ([&[3, size(functions)], functions], [&[10, size(bodies)], bodies]);
            [head, &functions.concat(), export, &[8, 1, start], &bodies.concat()].concat()
        };
        let nothing = b"\x02\0\x0b".as_slice();
        let calls = |index| [4, 0, 0x10, index, 0x0b];
        let bodies = [&[6], &calls(5)[..], nothing, &calls(6), &calls(0), nothing, nothing].concat();
        let plain = module(&[6, 0, 0, 0, 0, 0, 0], 3, 4, &bodies);
        let bodies = [&[3], nothing, &calls(1)[..], &calls(0)].concat();
        assert_eq!(packed(&plain).unwrap(), module(&[3, 0, 0, 0], 2, 3, &bodies));
    }

    #[test]
    fn refuses_what_is_cut_off() {
        assert!(packed(b"\0asm\x01\0\0\0\x01\x7f\0").is_err());
        assert!(packed(b"<html></html>").is_err());
    }
}
