//! What people see while a scan takes its time.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use palisade_provider::{Event, Progress};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// A line on stderr: parts done, clusters, calls, failures, throttles. Silent when stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Line {
    bar: ProgressBar,
    clusters: AtomicUsize,
    calls: AtomicUsize,
    failed: AtomicUsize,
    throttled: AtomicUsize,
}

impl Line {
    pub(crate) fn new(interactive: bool) -> Self {
        let target = if interactive { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_message("looking for accounts, subscriptions and projects");
        if interactive {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self {
            bar,
            clusters: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            throttled: AtomicUsize::new(0),
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let parts = match self.bar.length() {
            Some(all) => format!("{}/{all} scopes, ", self.bar.position()),
            None => String::new(),
        };
        let failed = count(&self.failed);
        let throttled = count(&self.throttled);
        let trouble = match (failed, throttled) {
            (0, 0) => String::new(),
            (failed, throttled) => format!(", {failed} failed, {throttled} throttled"),
        };
        self.bar.set_message(format!(
            "{parts}{} clusters, {} calls{trouble}",
            count(&self.clusters),
            count(&self.calls)
        ));
    }
}

impl Progress for Line {
    fn tell(&self, event: Event) {
        match event {
            Event::Answered { .. } => {
                self.calls.fetch_add(1, Ordering::Relaxed);
            }
            Event::Failed { .. } => {
                self.calls.fetch_add(1, Ordering::Relaxed);
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            Event::Throttled => {
                self.throttled.fetch_add(1, Ordering::Relaxed);
            }
            Event::Units(count) => self.bar.set_length(count as u64),
            Event::UnitDone => self.bar.inc(1),
            Event::Clusters(count) => {
                self.clusters.fetch_add(count, Ordering::Relaxed);
            }
        }
        self.show();
    }
}
