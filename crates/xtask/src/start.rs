//! `cargo x start`: from nothing to a shop in the browser.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::front;
use crate::process::{Steps, cargo, command, output, run, target};

/// What the demo data brings; `apps/server/src/seed` is where the accounts are made.
const SIGN_INS: [(&str, &str, &str); 2] = [
    ("hearth", "owner@hearth.example", "customer@hearth.example"),
    ("northbound", "owner@northbound.example", "customer@northbound.example"),
];
const PASSWORD: &str = "demo-password";
const SECRET_KEY: &str = "RUSTOK_SECRET_KEY";

/// Options of `cargo x start`.
#[derive(clap::Args)]
pub struct Start {
    /// Address and port to serve on
    #[arg(long, env = "RUSTOK_LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
}

impl Start {
    /// Builds what has changed and becomes the server.
    pub fn run(self) -> Result<()> {
        if TcpStream::connect_timeout(&self.listen, Duration::from_millis(200)).is_ok() {
            bail!(
                "something serves on {} already: stop it, or choose another port with --listen 127.0.0.1:3001",
                self.listen
            );
        }
        let mut steps = Steps::new(4);
        steps.next("Building storefront and admin (WASM, release; a few minutes the first time)");
        if !front::build()? {
            eprintln!("      nothing has changed");
        }
        steps.next("Building the server (release; about twenty minutes the first time on two cores)");
        run(&mut cargo(["build", "--release", "-p", "server"]))?;
        let rustok = target().join("release").join("rustok");
        let rustok = rustok.to_string_lossy();
        steps.next("Migrating the database, loading demo data when it is empty");
        run(&mut command(&rustok, ["migrate", "up"]))?;
        let tenants = output(&mut command(&rustok, ["tenant", "list", "--json"]))?;
        if wants_demo(&tenants) {
            run(&mut command(&rustok, ["seed", "--demo"]))?;
        }
        steps.next("Starting");
        let built = steps.finish();
        self.announce_later(built)?;
        // This process becomes the server, so that Ctrl-C and signals reach it and nobody is left behind.
        let mut serve = command(&rustok, ["serve"]);
        serve.env("RUSTOK_LISTEN", self.listen.to_string());
        if let Some(key) = kept_key()? {
            serve.env(SECRET_KEY, key);
        }
        Err(serve.exec()).context("starting the server")
    }

    /// A process of its own says so when the server answers; through a shell, so that init takes care of its end.
    fn announce_later(&self, built: Duration) -> Result<()> {
        let myself = std::env::current_exe()?;
        let mut later = Command::new("sh");
        later.args(["-c", "\"$0\" \"$@\" &"]).arg(myself).arg("announce").arg(self.listen.to_string());
        later.arg(built.as_secs().to_string());
        run(later.stdin(Stdio::null()))
    }
}

/// A key of this machine's own, so that sessions outlast a restart and the second step of the sign-in can be tried out;
/// nothing where the environment or a configuration file may name one.
fn kept_key() -> Result<Option<String>> {
    if std::env::var_os(SECRET_KEY).is_some() || Path::new("rustok.toml").exists() {
        return Ok(None);
    }
    let path = Path::new("data").join("development.key");
    if let Some(key) = fs::read_to_string(&path).ok().filter(|key| key.len() == 64) {
        return Ok(Some(key));
    }
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("drawing a key")?;
    let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::create_dir_all("data")?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(key.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
    Ok(Some(key))
}

/// Whether there is no shop yet, or only demo shops, whose data a run that was cut off may not have finished; the
/// command knows what is missing and leaves the rest alone.
fn wants_demo(tenants: &str) -> bool {
    // A slug is plain ASCII without quotes, so the list need not be parsed.
    let mut slugs = tenants.split("\"slug\"").skip(1).map(|rest| rest.split('"').nth(1));
    slugs.all(|slug| SIGN_INS.iter().any(|(demo, ..)| slug == Some(*demo)))
}

/// Options of the hidden command that waits for the server.
#[derive(clap::Args)]
pub struct Announce {
    listen: SocketAddr,
    built_seconds: u64,
}

impl Announce {
    /// Waits until the server is ready, then prints where it is and who may sign in.
    pub fn run(self) -> Result<()> {
        let started = Instant::now();
        while !is_ready(self.listen) {
            if started.elapsed() > Duration::from_secs(60) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let ready = started.elapsed();
        let site = match self.listen {
            SocketAddr::V4(v4) if v4.ip().is_loopback() => format!("http://localhost:{}", v4.port()),
            other => format!("http://{other}"),
        };
        println!(
            "\nReady in {:.2} s, after {} s of building and migrating.\n\n  \
             Storefront  {site}\n  \
             Second shop {site}/t/northbound\n  \
             Admin       {site}/admin\n  \
             GraphQL     {site}/api/graphiql\n  \
             Mailbox     {site}/dev/mailbox\n  \
             Health      {site}/health/ready\n\n\
             Demo sign-ins, all with the password {PASSWORD:?}:",
            ready.as_secs_f64(),
            self.built_seconds,
        );
        for (tenant, owner, customer) in SIGN_INS {
            println!("  {tenant:<11} {owner} (admin), {customer} (shop)");
        }
        println!("\nCtrl-C stops it.");
        Ok(())
    }
}

/// Whether `/health/ready` answers 200.
fn is_ready(address: SocketAddr) -> bool {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.take(64).read_to_string(&mut text)?;
        Ok(text)
    };
    answer().is_ok_and(|text| text.starts_with("HTTP/1.1 200"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_data_is_for_empty_databases_and_for_demos_that_were_cut_off() {
        assert!(wants_demo("[]"));
        assert!(wants_demo(r#"[{"id": "7", "slug": "hearth", "name": "Hearth"}]"#));
        assert!(wants_demo(r#"[{"slug": "hearth"}, {"slug": "northbound"}]"#));
        assert!(!wants_demo(r#"[{"slug": "hearth"}, {"slug":"my-shop"}]"#));
    }
}
