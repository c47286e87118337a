//! A short run against the server that is built beside this program, on both databases.

use std::path::Path;
use std::process::Command;

#[test]
fn the_shop_survives_a_quick_run() {
    let program = Path::new(env!("CARGO_BIN_EXE_crash"));
    let server = program.with_file_name("rustok");
    // Its table goes to this test's output, which the runner shows when it fails.
    let status = Command::new(program)
        .args(["--quick", "--server"])
        .arg(&server)
        .status()
        .expect("starting the program that strikes the server down");
    assert!(status.success(), "{} --quick --server {}: {status}", program.display(), server.display());
}
