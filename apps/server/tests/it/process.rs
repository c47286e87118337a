//! The process itself, started as an operator starts it.

use sea_orm::ConnectionTrait;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::TestDb;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long anything may take that is not measured; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);
const KEY: &str = "the secret key of a process under test";

/// `rustok serve` with the demo shops; dropping it kills it.
struct Process {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    async fn start(database: &TestDb, more: &[(&str, &str)]) -> Self {
        let seed = command(database).args(["seed", "--demo"]).output().expect("rustok seed");
        assert!(seed.status.success(), "{}", String::from_utf8_lossy(&seed.stderr));
        let mut serve = command(database);
        serve.arg("serve").envs(more.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = serve.spawn().expect("rustok serve");
        let said = BufReader::new(child.stderr.take().expect("its log"));
        let log = Arc::<Mutex<Vec<String>>>::default();
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                kept.lock().expect("the log").push(line);
            }
        });
        let mut process = Self { child, address: ([127, 0, 0, 1], 0).into(), log };
        let started = Instant::now();
        loop {
            let ready = process.lines().into_iter().find_map(|line| line["address"].as_str()?.parse().ok());
            if let Some(address) = ready {
                process.address = address;
                return process;
            }
            let ended = process.child.try_wait().expect("asking for the process");
            assert!(ended.is_none() && started.elapsed() < PATIENCE, "it does not start: {:?}", process.log);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has logged, each line read as JSON.
    fn lines(&self) -> Vec<Value> {
        let log = self.log.lock().expect("the log");
        log.iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect()
    }

    /// The first line of the log of which this is so; it may take a moment to come through the pipe.
    async fn told(&self, of: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            if let Some(line) = self.lines().into_iter().find(&of) {
                return line;
            }
            assert!(since.elapsed() < PATIENCE, "the log does not say so: {:?}", self.log);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn says(&self, message: &str) {
        self.told(|line| line["message"].as_str().is_some_and(|text| text.contains(message))).await;
    }

    fn terminate(&self) -> Instant {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill").success());
        Instant::now()
    }

    async fn ended(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("asking for the process") {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "it does not end: {:?}", self.log);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A request on a connection of its own; `None` when nobody takes it.
    async fn get(&self, path: &str) -> Option<(u16, String)> {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        let answer = http.get(format!("http://{}{path}", self.address)).header("accept", "text/html").send();
        let answer = answer.await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Begins a request whose body comes later, and waits until it is being worked on.
    async fn begin(&self) -> (TcpStream, &'static str) {
        let (body, rest) = (r#"{"query":"{ shop "#, r#"{ name } }"}"#);
        let head = format!(
            "POST /api/graphql HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len() + rest.len()
        );
        let mut line = TcpStream::connect(self.address).await.expect("a connection");
        line.write_all(head.as_bytes()).await.expect("writing");
        let started = Instant::now();
        // The one that asks counts, too.
        while !self.get("/metrics").await.is_some_and(|(_, text)| text.contains("\nrustok_http_inflight 2\n"))
        {
            assert!(started.elapsed() < PATIENCE, "the request does not arrive");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (line, rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(database: &TestDb) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rustok"));
    command
        .current_dir(database.folder())
        .env_remove("RUSTOK_LOG")
        .env("RUSTOK_DATABASE_URL", database.url())
        .env("RUSTOK_DATABASE__DURABLE", "false")
        .env("RUSTOK_LISTEN", "127.0.0.1:0")
        .env("RUSTOK_MEDIA__DIR", database.folder().join("media"))
        .env("RUSTOK_MEDIA__FETCH", "false")
        .env("RUSTOK_SECRET_KEY", KEY)
        .stdin(Stdio::null());
    command
}

async fn finishes_what_runs_when_it_is_asked_to_stop(database: TestDb) {
    let mut process = Process::start(&database, &[]).await;
    assert_eq!(process.get("/health/ready").await.map(|(status, _)| status), Some(200));
    let mut idle = TcpStream::connect(process.address).await.expect("a connection");
    let (mut line, rest) = process.begin().await;
    let asked = process.terminate();
    // Who asks for readiness is told, then nobody new is let in.
    let mut answers = Vec::new();
    while let Some((status, body)) = process.get("/health/ready").await {
        answers.push(status);
        assert!(status == 200 || (status == 503 && body.contains("stopping")), "{status} {body}");
        assert!(asked.elapsed() < Duration::from_secs(5), "connections are still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(answers.last(), Some(&503), "{answers:?}");
    assert_eq!(idle.read(&mut [0; 16]).await.expect("the end of an idle connection"), 0);
    // The one in flight takes its time, and is answered.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(process.child.try_wait().expect("asking for the process").is_none(), "{:?}", process.log);
    line.write_all(rest.as_bytes()).await.expect("writing");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("a whole answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.contains("Hearth"), "{answer}");
    let status = process.ended().await;
    assert!(status.success() && asked.elapsed() < Duration::from_secs(10), "{status} {:?}", asked.elapsed());
    process.says("stopped").await;
    let late = process
        .lines()
        .into_iter()
        .find(|line| line["message"].as_str().is_some_and(|text| text.contains("did not")));
    assert_eq!(late, None);
    let rows = database.owner().await;
    let sql = "SELECT count(*) FROM relay_lease WHERE expires_at > 0";
    let statement = sea_orm::Statement::from_string(rows.get_database_backend(), sql);
    let held = rows.query_one_raw(statement).await.expect("a row").expect("a row");
    assert_eq!(held.try_get_by_index::<i64>(0).expect("a number"), 0, "a lease was kept");
    rows.close().await.expect("closing");
}

async fn ends_in_time_when_a_request_does_not(database: TestDb) {
    let most = Duration::from_secs(3);
    let more = [("RUSTOK_SERVER__SHUTDOWN_TIMEOUT_MS", "3000")];
    let mut process = Process::start(&database, &more).await;
    let (_line, _) = process.begin().await;
    let asked = process.terminate();
    let status = process.ended().await;
    assert!(status.success() && asked.elapsed() < most, "{status} {:?}", asked.elapsed());
    process.says("requests were still running").await;
}

async fn a_database_that_fails_shows_the_page_for_it_and_stands_in_the_log(database: TestDb) {
    let process = Process::start(&database, &[]).await;
    let rows = database.owner().await;
    rows.execute_unprepared("ALTER TABLE product_doc RENAME TO elsewhere").await.expect("renaming");
    rows.close().await.expect("closing");
    let (status, page) = process.get("/products?sort=newest").await.expect("an answer");
    assert_eq!(status, 500);
    assert!(page.contains("<h1>Something broke on our side</h1>") && !page.contains("product_doc"), "{page}");
    let (_, id) = page.split_once("<code>").expect("the number");
    let (id, _) = id.split_once("</code>").expect("the number");
    let told = process.told(|line| line["span"]["request_id"] == id).await;
    assert_eq!((&told["level"], &told["span"]["tenant"]), (&Value::from("ERROR"), &Value::from("hearth")));
    assert_eq!(
        (&told["span"]["method"], &told["span"]["path"]),
        (&Value::from("GET"), &Value::from("/products"))
    );
    assert!(told["message"].as_str().is_some_and(|text| text.contains("product_doc")), "{told}");
    // The log is quiet about requests until somebody asks.
    assert!(process.lines().iter().all(|line| line["target"] != "requests"), "{:?}", process.log);
}

testkit::on_both!(
    finishes_what_runs_when_it_is_asked_to_stop,
    ends_in_time_when_a_request_does_not,
    a_database_that_fails_shows_the_page_for_it_and_stands_in_the_log,
);
