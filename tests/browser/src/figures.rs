//! How fast pages are: docs/performance.md has the figures.

use crate::Scene;
use crate::browser::{Browser, Kind};
use crate::scenes;
use serde_json::Value;

/// Prints a line for each page.
pub async fn measure() {
    for (name, log, args) in [
        ("one host, 201 sessions", scenes::one_host(), &[][..]),
        ("40 hosts, 19,577 sessions", scenes::crowded(), &[]),
        ("100,000 sessions", scenes::many(100_000), &[]),
        ("100,000 sessions and 100,000 operations", scenes::many(100_000), &["--operations"]),
    ] {
        let scene = Scene::new(&log, args);
        let bytes = std::fs::metadata(scene.page()).expect("the page").len();
        let browser = Browser::start(Kind::Chromium, 1440, 1000).await;
        browser.open(&scene.page()).await;
        let times = browser.run("return JSON.parse(document.documentElement.dataset.times)").await;
        println!(
            "{name}: {bytes} bytes, ready after {} ms, redraw {} ms",
            ms(&times[0]),
            redraw(&browser).await
        );
        browser.end().await;
    }
}

fn ms(value: &Value) -> String {
    format!("{:.0}", value.as_f64().unwrap_or_default())
}

/// The longest redraw of twenty while zooming, between two frames.
async fn redraw(browser: &Browser) -> String {
    let mut longest: f64 = 0.0;
    for at in 0..20 {
        let button = if at % 2 == 0 { "zoom-in" } else { "later" };
        browser.run(&format!("document.getElementById('{button}').click()")).await;
        browser.frame().await;
        let times = browser.run("return JSON.parse(document.documentElement.dataset.times)").await;
        longest = longest.max(times[1].as_f64().unwrap_or_default());
    }
    format!("{longest:.1}")
}
