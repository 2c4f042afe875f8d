//! Who watches a scan: people, while it takes its time, and whoever takes its trace.

use crate::exit::WrongUsage;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use palisade_provider::{Event, Progress, Snapshot};
use palisade_trace::{Flushed, Settings, Tracer};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// Who watches one run.
#[derive(Debug)]
pub(crate) struct Watch {
    line: Line,
    tracer: Option<Tracer>,
}

impl Watch {
    /// Begins to watch, and the trace if the environment names a collector.
    pub(crate) fn begin(interactive: bool) -> anyhow::Result<Self> {
        let variables = |name: &str| std::env::var(name).ok();
        let settings = Settings::of(variables).map_err(|error| WrongUsage(error.to_string()))?;
        let tracer = settings
            .map(|settings| Tracer::begin(settings, env!("CARGO_PKG_VERSION"), Timestamp::now()))
            .transpose()
            .map_err(|why| anyhow::anyhow!("no trace can be sent: {why}"))?;
        Ok(Self { line: Line::new(interactive), tracer })
    }

    /// Takes the line away, and sends what is left of the trace.
    pub(crate) async fn end(&self, schedule: Option<&str>) {
        self.line.clear();
        if let Some(tracer) = &self.tracer {
            let Flushed { lost } = tracer.finish(Timestamp::now(), schedule).await;
            if lost > 0 {
                tracing::warn!(lost, "the collector did not take every span of this run");
            }
        }
    }
}

impl Progress for Watch {
    fn tell(&self, event: Event) {
        self.line.tell(event);
    }

    fn read(&self, snapshot: &Snapshot) {
        if let Some(tracer) = &self.tracer {
            tracer.read(snapshot);
        }
    }
}

/// A line on stderr: parts done, clusters, calls, failures, throttles. Silent when stderr is no terminal.
#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    clusters: AtomicUsize,
    calls: AtomicUsize,
    failed: AtomicUsize,
    throttled: AtomicUsize,
}

impl Line {
    fn new(interactive: bool) -> Self {
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
    fn clear(&self) {
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
