//! A server with demo data on a free port, as a process of its own.

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Gateway;

/// A running server; dropping it stops it and removes its data.
pub struct Host {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Host {
    /// Migrates and seeds a database of its own, serves it, waits until it is ready. With a gateway shoppers can pay by
    /// card, else by hand alone.
    ///
    /// # Panics
    /// When the server does not come up; the message holds what it said.
    pub async fn start(gateway: Option<&Gateway>) -> Self {
        let folder = tempfile::Builder::new().prefix("rustok-e2e-").tempdir().expect("a temporary folder");
        let address =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        for arguments in [&["migrate", "up"][..], &["seed", "--demo"]] {
            let output = rustok(folder.path(), address).args(arguments).output().expect("starting rustok");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "rustok {arguments:?}: {said}");
        }
        let log = File::create(folder.path().join("server.log")).expect("a log file");
        let mut serve = rustok(folder.path(), address);
        if let Some(gateway) = gateway {
            serve.env("RUSTOK_PAYMENT_GATEWAY_URL", gateway.url());
            serve.env("RUSTOK_OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8");
        }
        serve.arg("serve").stdout(log.try_clone().expect("the log file")).stderr(log);
        let mut host = Self { child: serve.spawn().expect("starting rustok serve"), address, folder };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = host.child.try_wait().expect("asking for the server");
            assert!(ended.is_none(), "rustok serve ended: {}", host.log());
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "rustok serve does not listen: {}",
                host.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        host
    }

    /// Address of a path of the default shop.
    pub fn url(&self, path: &str) -> String {
        // A name, because browsers treat it as a secure place and bare addresses not.
        format!("http://localhost:{}{path}", self.address.port())
    }

    /// Runs a command on the host's data while it serves, with a line on its standard input.
    ///
    /// # Panics
    /// When the command fails; the message holds what it said.
    pub fn run(&self, arguments: &[&str], input: &str) {
        let mut child = rustok(self.folder.path(), self.address)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starting rustok");
        writeln!(child.stdin.take().expect("its standard input"), "{input}").expect("writing to rustok");
        let output = child.wait_with_output().expect("waiting for rustok");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rustok {arguments:?}: {said}");
    }

    /// What the server has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            eprintln!(
                "--- the server's last words ---\n{}",
                lines[lines.len().saturating_sub(40)..].join("\n")
            );
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rustok(folder: &Path, address: SocketAddr) -> Command {
    let program = program();
    assert!(program.is_file(), "{} is not there: run `cargo x e2e`, which builds it", program.display());
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("RUSTOK_DATABASE_URL", format!("sqlite://{}", folder.join("rustok.db").display()))
        .env("RUSTOK_MEDIA__DIR", folder.join("media"))
        .env("RUSTOK_MEDIA__FETCH", "false")
        .env("RUSTOK_DATABASE__DURABLE", "false")
        .env("RUSTOK_SERVER__SITE_DIR", root().join("target/site"))
        .env("RUSTOK_SERVER__ADMIN_DIR", root().join("target/admin-site"))
        .env("RUSTOK_LISTEN", address.to_string())
        // Lasting, as the second step asks for.
        .env("RUSTOK_SECRET_KEY", "a key of the journeys, long enough for everybody")
        .env("RUSTOK_LOG", "info,requests=warn");
    command
}

/// The server beside this test among the artefacts, or what `RUSTOK_BIN` names.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("RUSTOK_BIN") {
        return PathBuf::from(program);
    }
    let test = std::env::current_exe().expect("the path of this test");
    // target/debug/deps/journeys-… stands two below target/debug/rustok.
    test.ancestors().nth(2).expect("a folder of artefacts").join("rustok")
}

fn root() -> &'static Path {
    crate::here().parent().expect("the workspace")
}
