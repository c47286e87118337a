//! The server under test: a release build on a fresh data folder, as a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http::{Connection, get};

/// Where data and settings of one server are.
pub struct Setup {
    /// The `rustok` binary.
    pub program: PathBuf,
    /// Folder for database and media.
    pub folder: PathBuf,
    /// `sqlite:` or `postgres:` address.
    pub database: String,
    /// The payment gateway.
    pub gateway: SocketAddr,
}

fn done(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed ({status})");
    }
    Ok(())
}

impl Setup {
    /// Runs a subcommand to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<()> {
        done(self.command().args(arguments).stdout(Stdio::null()))
    }

    /// Has the server and the machine finish with what was generated, so that nothing of it is measured: entries of the audit
    /// log to be sealed, statistics, dirty pages.
    pub async fn settle(&self) -> Result<()> {
        self.serve(false).await?.quiet().await?;
        if self.database.starts_with("postgres") {
            let tidy = ["-c", "VACUUM (ANALYZE)", "-c", "CHECKPOINT"];
            done(Command::new("psql").args(["-q", "-X", &self.database]).args(tidy))?;
        }
        done(&mut Command::new("sync"))
    }

    /// Starts serving and waits until it is ready.
    pub async fn serve(&self, cache_pages: bool) -> Result<Host> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = std::fs::File::create(self.folder.join("server.log"))?;
        let mut command = self.command();
        command.arg("serve").env("RUSTOK_LISTEN", address.to_string()).stdout(log.try_clone()?).stderr(log);
        command.env("RUSTOK_CACHE__PAGES", cache_pages.to_string());
        let started = Instant::now();
        let mut child = command.spawn().context("starting rustok serve")?;
        loop {
            if let Ok(mut connection) = Connection::open(address).await
                && connection.exchange(&get("/health/ready")).await.is_ok_and(|status| status == 200)
            {
                break;
            }
            if let Some(status) = child.try_wait()? {
                bail!("rustok serve ended ({status}): {}", self.log());
            }
            if started.elapsed() > Duration::from_secs(30) {
                let _ = child.kill();
                bail!("rustok serve is not ready after 30 s: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(Host { child, address, ready: started.elapsed() })
    }

    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        text.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("RUSTOK_DATABASE_URL", &self.database)
            .env("RUSTOK_MEDIA__DIR", self.folder.join("media"))
            .env("RUSTOK_MEDIA__FETCH", "false")
            .env("RUSTOK_PAYMENT_GATEWAY_URL", format!("http://{}", self.gateway))
            .env("RUSTOK_OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8")
            .env("RUSTOK_LOG", "warn");
        command
    }
}

/// A running server; dropping it stops it.
pub struct Host {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start until it said that it was ready.
    pub ready: Duration,
}

impl Host {
    /// Waits until the process has nothing left to do: until it has used less than a twentieth of a core for a second.
    async fn quiet(&self) -> Result<()> {
        const LONGEST: Duration = Duration::from_mins(5);
        let started = Instant::now();
        let mut before = self.ticks()?;
        while started.elapsed() < LONGEST {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.ticks()?;
            if now - before < 5 {
                return Ok(());
            }
            before = now;
        }
        bail!("rustok serve still works after {} s without a request", LONGEST.as_secs())
    }

    /// Hundredths of a second that the process has computed.
    fn ticks(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("a name in brackets")?;
        // User and system time: fields 14 and 15, the name being the second.
        fields.split_whitespace().skip(11).take(2).map(|ticks| Ok(ticks.parse::<u64>()?)).sum()
    }

    /// Resident memory in MiB: now, and the most it ever was.
    pub fn memory(&self) -> (f64, f64) {
        let status =
            std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"));
        let status = status.unwrap_or_default();
        let mib = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
        };
        (mib("VmRSS:"), mib("VmHWM:"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Nothing of a bench is worth a graceful stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
