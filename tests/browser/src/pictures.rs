//! The pictures of the documentation.

use crate::Scene;
use crate::browser::{Browser, Kind};
use crate::scenes;
use serde_json::json;
use std::path::Path;
use std::process::Command;

/// A start, in the table of operations.
const OPERATION: &str = "#operations tbody tr:nth-child(3) button";

/// Takes all pictures, as wide as WIDTH says, or 1440 points.
pub async fn take(directory: &Path) {
    let width = std::env::var("WIDTH").ok().and_then(|text| text.parse().ok()).unwrap_or(1440);
    std::fs::create_dir_all(directory).expect("the directory");
    let one = Scene::new(&scenes::one_host(), &["--title", "Guests in May 2026"]);
    let three = Scene::new(&scenes::three_hosts(), &[]);
    let crowded = Scene::new(&scenes::crowded(), &[]);
    let operations = Scene::new(&scenes::three_hosts(), &["--operations"]);
    for (name, scene, dark, choose, height) in [
        ("page-light", &one, false, "[data-finding=failed] [data-session]", 1400),
        ("page-dark", &one, true, "[data-finding=down] [data-session]", 1400),
        ("page-three-hosts", &three, false, "[data-finding=overlap] [data-session]", 1400),
        ("page-crowded", &crowded, false, "", 1100),
        ("page-operations", &operations, false, OPERATION, 1250),
    ] {
        let browser = Browser::start(Kind::Chromium, width, height).await;
        browser.open(&scene.page()).await;
        if dark {
            browser.click("#theme").await;
        }
        if !choose.is_empty() {
            browser.click(choose).await;
        }
        browser.run("document.activeElement.blur()").await;
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
        // The top of the page, or what is chosen with the table below it.
        let top = if choose == OPERATION { "'.columns'" } else { "'body'" };
        browser.run(&format!("document.querySelector({top}).scrollIntoView()")).await;
        browser.frame().await;
        let file = directory.join(format!("{name}.png"));
        browser.picture(&file).await;
        browser.end().await;
        compress(&file);
    }
}

/// Fewer colours, where pngquant is installed.
fn compress(file: &Path) {
    let _ = Command::new("pngquant").args(["--force", "--ext", ".png", "128"]).arg(file).status();
}
