//! A progress bar for reading long logs.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use viraudit_trail::input::Sources;

/// The smallest size with a bar; shorter logs are read too fast for one.
const LONG: u64 = 64 * 1024 * 1024;

/// A progress bar on standard error, for long logs on a terminal.
pub(crate) struct Bar {
    count: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    drawer: Option<JoinHandle<()>>,
}

impl Bar {
    /// Starts a bar for these logs.
    pub(crate) fn new(sources: &Sources) -> Self {
        let count = Arc::new(AtomicU64::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let size = sources.size().filter(|&size| size >= LONG);
        let drawer = size.filter(|_| std::io::stderr().is_terminal()).map(|size| {
            let (count, done) = (Arc::clone(&count), Arc::clone(&done));
            thread::spawn(move || draw(size, &count, &done))
        });
        Self { count, done, drawer }
    }

    /// The number of bytes read so far; the reader updates it.
    pub(crate) fn count(&self) -> &Arc<AtomicU64> {
        &self.count
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        self.done.store(true, Ordering::Release);
        if let Some(drawer) = self.drawer {
            drawer.thread().unpark();
            // A failure to draw is ignored.
            let _ = drawer.join();
        }
    }
}

fn draw(size: u64, count: &AtomicU64, done: &AtomicBool) {
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.tick();
    while !done.load(Ordering::Acquire) {
        bar.set_position(count.load(Ordering::Relaxed));
        thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}
