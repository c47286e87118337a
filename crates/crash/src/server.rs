//! The server under test: real processes of `rustok serve` that are started, aborted and killed.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use platform::{App, Config, Ctx, Db, SystemClock};
use serde_json::Value;

use crate::gateway::SECRET;

/// How long an order waits for its money, seconds.
pub const HOLD_SECONDS: u64 = 3;

/// One shop with its data and the programs that serve it.
pub struct Site {
    /// The `rustok` binary, built with the feature `failpoints`.
    pub program: PathBuf,
    /// For database, media and the log.
    pub folder: tempfile::TempDir,
    /// `sqlite:` or `postgres:` address.
    pub database: String,
    /// Where the first process listens.
    pub address: SocketAddr,
    /// Address of the gateway.
    pub gateway: String,
}

/// A port that nobody has now.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Site {
    /// Runs a subcommand to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<()> {
        let output = self.command().args(arguments).output().context("starting rustok")?;
        if !output.status.success() {
            bail!("rustok {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// Starts a process on `address`, with failpoints to end at.
    pub fn spawn(&self, address: SocketAddr, failpoints: &str) -> Result<Server> {
        let log = std::fs::File::options().create(true).append(true).open(self.log_file())?;
        let mut command = self.command();
        command.arg("serve").env("RUSTOK_LISTEN", address.to_string());
        command.env("FAILPOINTS", failpoints).stdout(log.try_clone()?).stderr(log);
        Ok(Server { child: command.spawn().context("starting rustok serve")?, address })
    }

    /// Starts a process that nothing ends, and waits until it is ready.
    pub async fn start(&self, address: SocketAddr) -> Result<Server> {
        let mut server = self.spawn(address, "")?;
        let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
        let started = Instant::now();
        loop {
            let ready = client.get(format!("http://{address}/health/ready")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(server);
            }
            if let Some(status) = server.ended()? {
                bail!("rustok serve ended ({status}): {}", self.log());
            }
            if started.elapsed() > Duration::from_secs(60) {
                bail!("rustok serve is not ready after a minute: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What a start with a wrong `FAILPOINTS` says: nothing when the server was built without the feature.
    pub fn refusal(&self) -> Result<String> {
        let output =
            self.command().args(["migrate", "status"]).env("FAILPOINTS", "nowhere=abort").output()?;
        Ok(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// What `rustok verify` finds; one line for each thing.
    pub fn verify(&self) -> Result<Vec<String>> {
        let output = self.command().args(["verify", "--json"]).output().context("starting rustok verify")?;
        let all: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("rustok verify: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
        let shops = all.as_array().map(Vec::as_slice).unwrap_or_default();
        let findings = shops.iter().flat_map(|shop| shop["findings"].as_array().into_iter().flatten());
        let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let mut found: Vec<String> = findings
            .map(|one| format!("{}: {}: {}", word(one, "check"), word(one, "about"), word(one, "text")))
            .collect();
        if found.is_empty() && !output.status.success() {
            found.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(found)
    }

    /// A look at the tables, past the server.
    pub async fn look(&self) -> Result<Ctx> {
        let mut config = Config::default();
        config.database.url.clone_from(&self.database);
        config.database.max_connections = 4;
        let db = Db::connect(&config.database).await?;
        let app = App::new(db, Arc::new(SystemClock), Arc::new(config));
        let tenant = identity::tenant::find(&app, crate::shop::TENANT).await?.info.clone();
        Ok(Ctx::system(&app, tenant, "crash"))
    }

    /// The last lines of the server's log.
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        text.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder.path())
            .env_remove("FAILPOINTS")
            .env("RUSTOK_DATABASE_URL", &self.database)
            .env("RUSTOK_MEDIA__DIR", self.folder.path().join("media"))
            .env("RUSTOK_MEDIA__FETCH", "false")
            .env("RUSTOK_SECRET_KEY", "the secret key of a shop that crashes a lot")
            .env("RUSTOK_PAYMENT_GATEWAY_URL", &self.gateway)
            .env("RUSTOK_PAYMENTS__WEBHOOK_SECRET", SECRET)
            .env("RUSTOK_PAYMENTS__TIMEOUT_MS", "1000")
            .env("RUSTOK_PAYMENTS__LEASE_MARGIN_MS", "500")
            .env("RUSTOK_ORDERS__RESERVATION_SECONDS", HOLD_SECONDS.to_string())
            .env("RUSTOK_ORDERS__SWEEP_MS", "200")
            .env("RUSTOK_OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8")
            .env("RUSTOK_LOG", "warn")
            .stdin(Stdio::null());
        command
    }
}

/// A running process; dropping it kills it.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends it as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop; it has to be gone within ten seconds, with success.
    pub async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if !asked.success() {
            bail!("the server could not be asked to stop");
        }
        let since = Instant::now();
        loop {
            match self.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("asked to stop, the server ended with {status}"),
                None if since.elapsed() > Duration::from_secs(12) => {
                    bail!("the server is still there 12 s after it was asked to stop")
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
