//! Running other programs, and saying so.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The workspace.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        // What cargo says now comes before what it said when this was built: clones may share what they build.
        let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let own = own.filter(|own| own.ends_with("crates/xtask"));
        let own = own.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        // Two levels below the root.
        own.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
    });
    &ROOT
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// This machine's folder for tools that cargo installed for the project, outside the repository.
pub fn tools_folder() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("rustok").join("tools"))
}

/// `PATH` with the project's own tools behind everything else.
pub fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(tools_folder().map(|folder| folder.join("bin"))).collect()
}

/// A program with arguments, run at the root.
pub fn command<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    if let Ok(path) = std::env::join_paths(search_path()) {
        command.env("PATH", path);
    }
    command
}

/// Cargo with the toolchain that built this program.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), arguments);
    // What `cargo run` tells this program must not reach another cargo, or everything depends on it.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    command
}

/// Runs it; anything but success is an error that names the program.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs it and returns what it printed, trimmed; its messages go through.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("starting {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", shown(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What it prints, or nothing when it cannot be run or fails.
pub fn quiet_output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The program as somebody would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Where a program lies, on `PATH` or among the project's own tools.
pub fn which(program: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Says what happens, out of how many steps, and how long each took.
pub struct Steps {
    total: usize,
    done: usize,
    started: Instant,
    current: Option<Instant>,
}

impl Steps {
    /// Starts counting.
    pub fn new(total: usize) -> Self {
        Self { total, done: 0, started: Instant::now(), current: None }
    }

    /// The next step begins.
    pub fn next(&mut self, text: &str) {
        self.finish_current();
        self.done += 1;
        self.current = Some(Instant::now());
        eprintln!("\x1b[1m[{}/{}] {text}\x1b[0m", self.done, self.total);
    }

    /// The last step is over; returns the time of all.
    pub fn finish(&mut self) -> Duration {
        self.finish_current();
        self.started.elapsed()
    }

    fn finish_current(&mut self) {
        if let Some(current) = self.current.take() {
            let took = current.elapsed();
            if took > Duration::from_secs(2) {
                eprintln!("      took {:.0} s", took.as_secs_f64());
            }
        }
    }
}
