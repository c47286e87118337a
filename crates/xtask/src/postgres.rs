//! A private PostgreSQL in a temporary folder that ends with this process, however that ends.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{command, quiet_output};
use crate::tools;

/// Name of the variable that tells the tests where the cluster is.
pub const ENV: &str = "RUSTOK_TEST_PG";

/// Whether a commit waits for the disk.
#[derive(Clone, Copy)]
pub enum Disk {
    /// As in production.
    Waited,
    /// Nothing that tests write outlives a crash of the machine.
    NotWaited,
}

/// A running cluster; dropping it stops it and removes its files.
pub struct Cluster {
    url: String,
    guard: Child,
}

impl Cluster {
    /// Starts one on a free port of this machine.
    pub fn start(disk: Disk) -> Result<Self> {
        tools::debian(&[("initdb", "postgresql")])?;
        let programs = programs().context("PostgreSQL is not installed: apt-get install postgresql")?;
        let folder = folder()?;
        let data = folder.join("data");
        if tools::is_root() {
            quiet_output(&mut command("chown", ["postgres", &folder.to_string_lossy()]))
                .context("PostgreSQL refuses to run as root and there is no user postgres")?;
        }
        let mut initdb = as_server(programs.join("initdb"));
        initdb
            .args(["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-D"])
            .arg(&data);
        checked(&mut initdb)?;
        // From here on, whatever happens to this process, the guard clears up.
        let guard = guard(&programs, &folder, &data)?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
        let cluster = Self { url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), guard };
        let mut pg_ctl = as_server(programs.join("pg_ctl"));
        let disk = match disk {
            // As an operator sets it up: a quarter of a small machine's memory keeps the rows of a thousand shops.
            Disk::Waited => "-c shared_buffers=1GB",
            Disk::NotWaited => {
                "-c shared_buffers=128MB -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
            }
        };
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=400 \
             {disk}"
        );
        pg_ctl
            .args(["-w", "-s", "-o", &settings, "-l"])
            .arg(folder.join("log"))
            .arg("-D")
            .arg(&data)
            .arg("start");
        checked(&mut pg_ctl).with_context(|| fs::read_to_string(folder.join("log")).unwrap_or_default())?;
        Ok(cluster)
    }

    /// Address of its superuser.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// The cluster that `RUSTOK_TEST_PG` names already, or a fresh one.
pub fn for_tests() -> Result<(String, Option<Cluster>)> {
    match std::env::var(ENV) {
        Ok(url) if !url.is_empty() => Ok((url, None)),
        _ => {
            let cluster = Cluster::start(Disk::NotWaited)?;
            Ok((cluster.url().to_owned(), Some(cluster)))
        }
    }
}

/// Keeps a cluster until somebody ends this process.
pub fn keep() -> Result<()> {
    let cluster = Cluster::start(Disk::NotWaited)?;
    println!("export {ENV}={}", cluster.url());
    eprintln!(
        "PostgreSQL runs until Ctrl-C; in another terminal paste the line above, then `cargo nextest run -p …`"
    );
    loop {
        std::thread::park();
    }
}

/// Folder of the newest server programs.
pub fn programs() -> Option<PathBuf> {
    let version = versions().pop()?;
    Some(Path::new("/usr/lib/postgresql").join(version).join("bin"))
}

/// Installed versions of Debian's packages, oldest first.
pub fn versions() -> Vec<String> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = entries
        .filter(|entry| entry.path().join("bin/initdb").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    versions.sort_by_key(|version| version.parse::<u32>().unwrap_or(0));
    versions
}

fn folder() -> Result<PathBuf> {
    for number in 0..100 {
        let folder = std::env::temp_dir().join(format!("rustok-pg-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("creating {}", folder.display())),
        }
    }
    bail!("a hundred folders of earlier clusters are in the way in {}", std::env::temp_dir().display())
}

/// PostgreSQL refuses to run as root, so root runs it as its package's own user.
fn as_server(program: PathBuf) -> Command {
    let mut words = vec![];
    if tools::is_root() {
        words.extend(["runuser", "-u", "postgres", "--"].map(PathBuf::from));
    }
    words.push(program);
    let mut server = command(&words[0].to_string_lossy(), &words[1..]);
    server.current_dir("/");
    server
}

fn checked(command: &mut Command) -> Result<()> {
    // Not piped: the server inherits the streams of pg_ctl and would keep a pipe open.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    crate::process::run(command)
}

/// A shell in a process group of its own that waits for this process to end, then stops the server and removes it.
fn guard(programs: &Path, folder: &Path, data: &Path) -> Result<Child> {
    let mut stop = as_server(programs.join("pg_ctl"));
    stop.args(["-s", "-m", "immediate", "-D"]).arg(data).arg("stop");
    let script = "cat >/dev/null; \"$@\" >/dev/null 2>&1; rm -rf \"$FOLDER\"";
    let mut guard = command("sh", ["-c", script, "guard"]);
    guard.arg(stop.get_program()).args(stop.get_args()).env("FOLDER", folder).current_dir("/");
    guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null());
    guard.spawn().context("starting the shell that clears up after PostgreSQL")
}
