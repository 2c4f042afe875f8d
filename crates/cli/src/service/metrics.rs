//! Health and metrics, for those on this machine.

use anyhow::Context as _;
use axum::{Router, http::StatusCode, routing::get};
use jiff::Timestamp;
use palisade_service::{Posted, Record};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    ready: bool,
    schedules: BTreeMap<String, Of>,
    posted: Posted,
}

#[derive(Debug, Default)]
struct Of {
    runs: u64,
    failures: u64,
    last_success: Option<Timestamp>,
    overdue: bool,
    clusters: u64,
    facts_known: u64,
    facts_total: u64,
}

impl Metrics {
    pub(crate) fn ready(&self) {
        self.with(|counts| counts.ready = true);
    }

    pub(crate) fn ran(&self, schedule: &str, record: &Record, at: Timestamp) {
        self.with(|counts| {
            let of = counts.schedules.entry(schedule.to_owned()).or_default();
            of.runs += 1;
            if !record.is_lost() {
                of.last_success = Some(at);
            }
            of.clusters = record.summary.clusters;
            (of.facts_known, of.facts_total) = (record.summary.facts_known, record.summary.facts_total);
            add(&mut counts.posted, record.posted);
        });
    }

    pub(crate) fn failed(&self, schedule: &str) {
        self.with(|counts| counts.schedules.entry(schedule.to_owned()).or_default().failures += 1);
    }

    /// What the memory says, whichever instance has run it.
    pub(crate) fn watched(&self, schedule: &str, last_success: Option<Timestamp>, overdue: bool) {
        self.with(|counts| {
            let of = counts.schedules.entry(schedule.to_owned()).or_default();
            of.last_success = of.last_success.max(last_success);
            of.overdue = overdue;
        });
    }

    pub(crate) fn posted(&self, posted: Posted) {
        self.with(|counts| add(&mut counts.posted, posted));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// In the text format of Prometheus.
    fn text(&self) -> String {
        self.with(|counts| {
            let mut text = String::new();
            let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Of) -> Option<i128>| {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
                for (schedule, of) in &counts.schedules {
                    if let Some(value) = value(of) {
                        let _ = writeln!(text, "{name}{{schedule=\"{schedule}\"}} {value}");
                    }
                }
            };
            family("palisade_runs_total", "counter", "Runs that were recorded.", &|of| Some(of.runs.into()));
            family("palisade_run_failures_total", "counter", "Runs that could not be recorded.", &|of| {
                Some(of.failures.into())
            });
            family(
                "palisade_last_success_timestamp_seconds",
                "gauge",
                "When a run that read something was last recorded, in seconds since 1970.",
                &|of| of.last_success.map(|at| at.as_second().into()),
            );
            family("palisade_overdue", "gauge", "Whether a run should have succeeded since and did not.", &|of| {
                Some(of.overdue.into())
            });
            family("palisade_clusters", "gauge", "Clusters that the last run read.", &|of| Some(of.clusters.into()));
            family("palisade_facts_known", "gauge", "Facts that the last run knew.", &|of| Some(of.facts_known.into()));
            family("palisade_facts_total", "gauge", "Facts that the last run asked for.", &|of| {
                Some(of.facts_total.into())
            });
            let Posted { delivered, retried, dead } = counts.posted;
            let _ = writeln!(
                text,
                "# HELP palisade_messages_total Attempts at messages, by how they ended.\n\
                 # TYPE palisade_messages_total counter\n\
                 palisade_messages_total{{outcome=\"delivered\"}} {delivered}\n\
                 palisade_messages_total{{outcome=\"retried\"}} {retried}\n\
                 palisade_messages_total{{outcome=\"dead\"}} {dead}"
            );
            text
        })
    }
}

fn add(to: &mut Posted, more: Posted) {
    to.delivered += more.delivered;
    to.retried += more.retried;
    to.dead += more.dead;
}

/// Answers at an address of this machine until the process ends.
pub(crate) async fn listen(address: SocketAddr, metrics: Arc<Metrics>) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("could not listen on `{address}`, which `service.listen` asks for"))?;
    let (for_ready, for_text) = (Arc::clone(&metrics), metrics);
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(move || {
                let ready = for_ready.with(|counts| counts.ready);
                async move {
                    if ready { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not yet\n") }
                }
            }),
        )
        .route(
            "/metrics",
            get(move || {
                let text = for_text.text();
                async move { ([("content-type", "text/plain; version=0.0.4")], text) }
            }),
        );
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "health and metrics are not answered any more");
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_in_the_text_format() {
        let metrics = Metrics::default();
        metrics.failed("nightly-full");
        metrics.posted(Posted { delivered: 2, retried: 1, dead: 0 });
        let text = metrics.text();
        assert!(text.contains("palisade_run_failures_total{schedule=\"nightly-full\"} 1\n"), "{text}");
        assert!(text.contains("palisade_messages_total{outcome=\"delivered\"} 2\n"), "{text}");
        assert!(!text.contains("last_success_timestamp_seconds{"), "no success is told before there was one: {text}");
    }
}
