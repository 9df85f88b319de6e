//! A browser, driven by its own driver, and what it logs.

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Which browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Debian's chromium with chromedriver. Only it has a console that can be read, and numbers of pages on
    /// paper; it is the one that takes pictures.
    Chromium,
    /// Debian's firefox-esr with geckodriver.
    Firefox,
}

/// A browser with one window.
pub struct Browser {
    pub kind: Kind,
    driver: Driver,
    client: Client,
}

/// The driver's process. A browser doesn't end with its driver, but is in its process group, which ends with the
/// test, also with one that fails.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// A command of WebDriver.
#[derive(Debug)]
struct Request {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Request {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Starts a browser with a window of this size.
    pub async fn start(kind: Kind, width: u32, height: u32) -> Self {
        let port = free_port();
        let name = match kind {
            Kind::Chromium => "chromedriver",
            Kind::Firefox => "geckodriver",
        };
        let process = Command::new(name)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let driver = Driver(process);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let capabilities = match kind {
            Kind::Chromium => chromium(width, height),
            Kind::Firefox => firefox(width, height),
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a session");
        Self { kind, driver, client }
    }

    /// Ends the browser.
    pub async fn end(self) {
        let _ = self.client.close().await;
        drop(self.driver);
    }

    async fn post(&self, path: &'static str, body: Value) -> Value {
        let request = Request { path, body };
        self.client.issue_cmd(request).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Opens a page, and waits until its script has drawn it.
    pub async fn open(&self, page: &Path) {
        self.client.goto(&format!("file://{}", page.display())).await.expect("the page opens");
        for _ in 0..600 {
            if self.run("return document.documentElement.classList.contains('ready')").await == true
            {
                self.frame().await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} never became ready: {:?}", page.display(), self.console().await);
    }

    /// Waits until a frame is drawn.
    pub async fn frame(&self) {
        let script = "const done = arguments[0]; \
                      requestAnimationFrame(() => requestAnimationFrame(() => done()));";
        self.client.execute_async(script, vec![]).await.expect("a frame");
    }

    /// Runs a script, and returns what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The text of the first element of a selector.
    pub async fn text(&self, selector: &str) -> String {
        let text = self
            .run(&format!("return document.querySelector({}).textContent", json!(selector)))
            .await;
        text.as_str().expect("a text").to_owned()
    }

    /// Clicks on the first element of a selector, as a person does.
    pub async fn click(&self, selector: &str) {
        let script = format!(
            "const e = document.querySelector({}); e.scrollIntoView({{block: 'center'}}); \
             const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]",
            json!(selector)
        );
        let place = self.run(&script).await;
        self.click_at(place[0].as_f64().expect("x"), place[1].as_f64().expect("y")).await;
    }

    pub async fn click_at(&self, x: f64, y: f64) {
        self.drag((x, y), (x, y)).await;
    }

    /// Presses the button of the mouse at one place, and releases it at another.
    pub async fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        let at = |(x, y): (f64, f64)| json!({"type": "pointerMove", "duration": 0, "x": x as i64, "y": y as i64});
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let actions = json!([
            at(from), {"type": "pointerDown", "button": 0}, at(middle), at(to), {"type": "pointerUp", "button": 0},
        ]);
        let mouse = json!({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions});
        self.post("actions", json!({ "actions": [mouse] })).await;
        self.frame().await;
    }

    /// Presses keys, one after the other.
    pub async fn keys(&self, keys: &[&str]) {
        let pressed = keys.iter().flat_map(|key| {
            [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
        });
        let keyboard = json!({"type": "key", "id": "keys", "actions": pressed.collect::<Vec<_>>()});
        self.post("actions", json!({ "actions": [keyboard] })).await;
        self.frame().await;
    }

    /// The page as a PDF.
    pub async fn pdf(&self, file: &Path) {
        let printed = self.post("print", json!({ "background": true, "shrinkToFit": false })).await;
        let coded = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(coded.path(), printed.as_str().expect("base64")).expect("written");
        decode(coded.path(), file);
    }

    /// A picture of the whole page, or of the window.
    pub async fn picture(&self, file: &Path) {
        let body = json!({ "cmd": "Page.captureScreenshot", "params": { "format": "png" } });
        let picture = self.post("goog/cdp/execute", body).await;
        let coded = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(coded.path(), picture["data"].as_str().expect("base64")).expect("written");
        decode(coded.path(), file);
    }

    /// A command of the browser's own protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await;
    }

    /// The lines of the console since the last call: in Firefox, only what the page says if its script failed.
    pub async fn console(&self) -> Vec<String> {
        if self.kind == Kind::Firefox {
            let script =
                "return [...document.querySelectorAll('body > p.note')].map((p) => p.textContent)";
            let notes = self.run(script).await;
            return notes.as_array().into_iter().flatten().map(Value::to_string).collect();
        }
        let lines = self.post("se/log", json!({ "type": "browser" })).await;
        lines.as_array().into_iter().flatten().map(|line| line["message"].to_string()).collect()
    }

    /// What was requested since the last call, but for the scripts of the driver.
    pub async fn requests(&self) -> Vec<String> {
        if self.kind == Kind::Firefox {
            let script = "return [location.href, ...performance.getEntriesByType('resource').map(({name}) => name)]";
            let names = self.run(script).await;
            return serde_json::from_value(names).expect("addresses");
        }
        let lines = self.post("se/log", json!({ "type": "performance" })).await;
        let message = |line: &Value| -> Option<String> {
            let message: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            let message = &message["message"];
            (message["method"] == "Network.requestWillBeSent").then(|| {
                message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()
            })
        };
        lines.as_array().into_iter().flatten().filter_map(message).collect()
    }
}

fn chromium(width: u32, height: u32) -> Value {
    let args = [
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--force-device-scale-factor=1".to_owned(),
        format!("--window-size={width},{height}"),
    ];
    json!({
        "goog:chromeOptions": { "args": args },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    })
}

fn firefox(width: u32, height: u32) -> Value {
    let args = ["-headless".to_owned(), format!("--width={width}"), format!("--height={height}")];
    // The theme of a desktop that has none.
    let preferences = json!({ "ui.systemUsesDarkTheme": 0, "layout.css.devPixelsPerPx": "1.0" });
    json!({ "moz:firefoxOptions": { "binary": "firefox-esr", "args": args, "prefs": preferences } })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its number").port()
}

/// Decodes base64 with the tool for it.
fn decode(coded: &Path, file: &Path) {
    let output = Command::new("base64").arg("-d").arg(coded).output().expect("base64");
    assert!(output.status.success());
    std::fs::write(file, output.stdout).expect("written");
}

/// The program that is tested.
pub fn viraudit() -> PathBuf {
    std::env::var_os("VIRAUDIT").map(PathBuf::from).expect("VIRAUDIT, the program")
}

/// Runs `viraudit report` and returns its output.
pub fn report(log: &Path, args: &[&str]) -> String {
    let output =
        Command::new(viraudit()).arg("report").arg(log).args(args).output().expect("viraudit");
    assert!(output.status.code() <= Some(1), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
