//! The page of `viraudit report --format html` in a real browser.
//!
//!     viraudit-browser-tests check BROWSER    runs the tests in chromium or firefox
//!     viraudit-browser-tests pictures DIR     takes the pictures of the documentation
//!     viraudit-browser-tests figures          measures how fast pages are
//!     viraudit-browser-tests log SCENE        prints a log: one-host, three-hosts or crowded

mod browser;
mod checks;
mod figures;
mod lists;
mod log;
mod pictures;
mod scenes;

use browser::Kind;
use std::path::{Path, PathBuf};

/// A page of a log, in a directory of its own.
pub struct Scene {
    directory: tempfile::TempDir,
}

impl Scene {
    /// Writes the page of a log.
    pub fn new(log: &str, args: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let scene = Self { directory };
        std::fs::write(scene.log(), log).expect("the log");
        let page = browser::report(
            &scene.log(),
            &[&["--format", "html", "--timezone", "UTC"], args].concat(),
        );
        std::fs::write(scene.page(), page).expect("the page");
        scene
    }

    pub fn log(&self) -> PathBuf {
        self.directory.path().join("audit.log")
    }

    pub fn page(&self) -> PathBuf {
        self.directory.path().join("page.html")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match args.as_slice() {
        ["check", "chromium"] => runtime.block_on(checks::run(Kind::Chromium)),
        ["check", "firefox"] => runtime.block_on(checks::run(Kind::Firefox)),
        ["pictures", directory] => runtime.block_on(pictures::take(Path::new(directory))),
        ["figures"] => runtime.block_on(figures::measure()),
        ["log", "one-host"] => print!("{}", scenes::one_host()),
        ["log", "three-hosts"] => print!("{}", scenes::three_hosts()),
        ["log", "crowded"] => print!("{}", scenes::crowded()),
        _ => {
            eprintln!(
                "usage: viraudit-browser-tests check BROWSER | pictures DIR | figures | log SCENE"
            );
            std::process::exit(2);
        }
    }
}
