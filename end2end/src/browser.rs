//! A headless Chromium: what a person does in it, and what goes wrong in it.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::Host;

/// Longest wait for anything on a page; a debug server on two busy cores is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// A phone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 768, 1280];

/// What sticks out of the page, when it can be scrolled sideways.
const TOO_WIDE: &str = "
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > root.clientWidth);
    return [root.scrollWidth + ' of ' + root.clientWidth, ...out.map(e => e.outerHTML.slice(0, 120))].slice(0, 8);";

/// Runs in every page before its own scripts: what the content security policy refuses is said on the console, also
/// where the browser itself says nothing.
const TELL_VIOLATIONS: &str = "
    addEventListener('securitypolicyviolation', violation => console.error(
        'Content Security Policy', violation.effectiveDirective, violation.blockedURI, violation.sample,
        violation.documentURI, violation.sourceFile, violation.lineNumber));";

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// As most people browse.
    On,
    /// Every page has to work all the same.
    Off,
}

/// A browser with one window; dropping it ends it.
pub struct Browser {
    client: Client,
    driver: Child,
    port: u16,
    base: String,
    shots: RefCell<u32>,
    // Chromium's profile.
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser for `host`.
    ///
    /// # Panics
    /// When there is no `chromedriver` or no Chromium.
    pub async fn start(host: &Host, scripts: Scripts) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: apt-get install chromium-driver");
        let port = port_of(&mut driver);
        let profile =
            tempfile::Builder::new().prefix("rustok-chromium-").tempdir().expect("a temporary folder");
        let connector = HttpConnector::new();
        let capabilities = capabilities(profile.path(), scripts);
        let client = Client::with_capabilities_and_connector(
            &format!("http://127.0.0.1:{port}"),
            &capabilities,
            connector,
        )
        .await
        .expect("starting Chromium");
        let browser =
            Self { client, driver, port, base: host.url(""), shots: RefCell::new(0), _profile: profile };
        browser.resize(1280).await;
        let source = json!({ "source": TELL_VIOLATIONS });
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
        browser
    }

    /// Opens a path of the default shop and waits until all of it is there.
    pub async fn open(&self, path: &str) {
        // The driver now and then takes the end of the page before for that of this one.
        self.run("window.isLeft = true").await;
        self.client
            .goto(&format!("{}{path}", self.base))
            .await
            .unwrap_or_else(|error| panic!("opening {path}: {error}"));
        self.wait_until("return !window.isLeft && document.readyState === 'complete'").await;
    }

    /// Path and query of the page in the window.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("the address of the page");
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Waits until the path begins like this.
    pub async fn arrive(&self, path: &str) {
        let started = Instant::now();
        while !self.path().await.starts_with(path) {
            if started.elapsed() > PATIENCE {
                self.give_up(&format!("still at {} instead of {path}", self.path().await)).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The first element for a CSS selector, as soon as there is one.
    pub async fn find(&self, css: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => self.give_up(&format!("no {css:?} at {}: {error}", self.path().await)).await,
        }
    }

    /// How many elements a CSS selector finds now.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.map_or(0, |elements| elements.len())
    }

    /// Clicks the first element for a selector, once it can be clicked.
    pub async fn click(&self, css: &str) {
        let started = Instant::now();
        loop {
            // Covered by something that is on its way out, or replaced while being looked at: both pass.
            let element = self.find(css).await;
            self.bring_into_sight(&element).await;
            let error = match element.click().await {
                Ok(()) => return,
                Err(error) => error,
            };
            if started.elapsed() > PATIENCE {
                self.give_up(&format!("clicking {css:?}: {error}")).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Clicks the first link or button with this text.
    pub async fn press(&self, text: &str) {
        let started = Instant::now();
        let xpath = format!(
            "//*[self::a or self::button or self::summary or self::label][normalize-space(.)={text:?}]"
        );
        loop {
            for element in self.client.find_all(Locator::XPath(&xpath)).await.unwrap_or_default() {
                if element.is_displayed().await.unwrap_or(false) {
                    self.bring_into_sight(&element).await;
                    if element.click().await.is_ok() {
                        return;
                    }
                }
            }
            if started.elapsed() > PATIENCE {
                self.give_up(&format!("nothing to press says {text:?}")).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Puts text into a field, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let started = Instant::now();
        loop {
            // Of a page that goes away meanwhile: the next one has it, too.
            let field = self.find(css).await;
            let cleared = field.clear().await;
            let error = match if cleared.is_ok() { field.send_keys(text).await } else { cleared } {
                Ok(()) => return,
                Err(error) => error,
            };
            if started.elapsed() > PATIENCE {
                self.give_up(&format!("typing into {css:?}: {error}")).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Chooses an option of a select by its value.
    pub async fn choose(&self, css: &str, value: &str) {
        self.find(css)
            .await
            .select_by_value(value)
            .await
            .unwrap_or_else(|error| panic!("choosing in {css:?}: {error}"));
    }

    /// The visible text of the first element for a selector.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap_or_else(|error| panic!("reading {css:?}: {error}"))
    }

    /// Waits until the page says so.
    pub async fn see(&self, text: &str) {
        let started = Instant::now();
        // Asked of the page and not of an element, which may go away meanwhile.
        let says = |page: &Value| page.as_str().is_some_and(|page| page.contains(text));
        while !says(&self.run("return document.body ? document.body.innerText : ''").await) {
            if started.elapsed() > PATIENCE {
                self.give_up(&format!("{} never says {text:?}", self.path().await)).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a condition of the page holds; `script` is the body of a function.
    pub async fn wait_until(&self, script: &str) {
        let started = Instant::now();
        while self.run(script).await != Value::Bool(true) {
            if started.elapsed() > PATIENCE {
                self.give_up(&format!("never: {script}")).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until WebAssembly has taken over the islands of the page.
    pub async fn wait_until_awake(&self) {
        self.wait_until("return 'awake' in document.documentElement.dataset").await;
    }

    /// Runs the body of a function in the page, past whatever the page may run itself.
    pub async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("running {script:?}: {error}"))
    }

    /// Keeps pictures of the whole page at three widths and one in the dark, and checks that it never scrolls
    /// sideways.
    pub async fn shoot(&self, name: &str) {
        let number = self.shots.replace_with(|number| *number + 1);
        let folder = shots();
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        for width in WIDTHS {
            self.resize(width).await;
            let file = folder.join(format!("{}-{number:02}-{name}-{width}.png", journey()));
            std::fs::write(&file, self.picture().await).expect("keeping a picture");
            let wide = self.run(TOO_WIDE).await;
            assert_eq!(wide, json!([]), "{name} scrolls sideways at {width} px: {}", file.display());
        }
        self.resize(1280).await;
        self.scheme("dark").await;
        let file = folder.join(format!("{}-{number:02}-{name}-dark.png", journey()));
        std::fs::write(&file, self.picture().await).expect("keeping a picture");
        self.scheme("light").await;
    }

    /// Fails when the browser has reported an error: a script that threw, a file that was not there.
    pub async fn expect_no_errors(&self) {
        let errors = self.take_errors().await;
        assert!(
            errors.is_empty(),
            "the browser's console has errors at {}:\n{}",
            self.path().await,
            errors.join("\n")
        );
    }

    /// The errors so far, which are then forgotten; for pages that answer with an error on purpose. No page does anything
    /// that its policy refuses on purpose: that fails here.
    pub async fn take_errors(&self) -> Vec<String> {
        let said = self.console().await;
        let is_refused = |text: &String| text.contains("Content Security Policy");
        let refused: Vec<&String> =
            said.iter().map(|(_, text)| text).filter(|text| is_refused(text)).collect();
        assert!(refused.is_empty(), "violations before {}:\n{refused:#?}", self.path().await);
        said.into_iter().filter(|(severe, _)| *severe).map(|(_, text)| text).collect()
    }

    /// What the console has said since it was last asked, and whether each is severe.
    async fn console(&self) -> Vec<(bool, String)> {
        let log = self.client.issue_cmd(Vendor { path: "se/log", body: json!({ "type": "browser" }) }).await;
        let log = log.expect("the browser's log");
        let entries = log.as_array().cloned().unwrap_or_default();
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| (entry["level"] == "SEVERE", text(entry))).collect()
    }

    /// The driver's own scrolling is not waited for where a page scrolls smoothly.
    async fn bring_into_sight(&self, element: &Element) {
        let Ok(reference) = serde_json::to_value(element) else { return };
        let script = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        // Gone meanwhile: clicking will say so.
        let _ = self.client.execute(script, vec![reference]).await;
    }

    async fn resize(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    async fn scheme(&self, value: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    async fn picture(&self) -> Vec<u8> {
        let answer = self
            .devtools("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }))
            .await;
        let data = answer["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(data).expect("a picture in base64")
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let answer = self.client.issue_cmd(Vendor { path: "goog/cdp/execute", body }).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    async fn give_up(&self, why: &str) -> ! {
        let file = shots().join(format!("{}-failed.png", journey()));
        let _ = std::fs::create_dir_all(shots());
        let _ = std::fs::write(&file, self.picture().await);
        let errors: Vec<String> = self.console().await.into_iter().map(|(_, text)| text).collect();
        panic!("{why}\nthe page: {}\nthe console: {}", file.display(), errors.join("\n"));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to stop, chromedriver takes Chromium with it; killed at once, it would leave it behind.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ =
                stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A command that chromedriver knows beyond the standard.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

fn capabilities(profile: &Path, scripts: Scripts) -> Capabilities {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en",
        &profile,
    ];
    let mut options = json!({ "args": arguments });
    if scripts == Scripts::Off {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
    capabilities
}

fn port_of(driver: &mut Child) -> u16 {
    let output = BufReader::new(driver.stdout.take().expect("chromedriver's output"));
    for line in output.lines().map_while(Result::ok) {
        if let Some((_, port)) = line.rsplit_once("on port ")
            && line.contains("successfully")
        {
            return port.trim_end_matches('.').parse().expect("a port");
        }
    }
    panic!("chromedriver did not start");
}

fn shots() -> PathBuf {
    crate::here().join("../target/e2e-shots")
}

/// Name of the running test.
fn journey() -> String {
    std::thread::current().name().unwrap_or("journey").replace("::", "-")
}
