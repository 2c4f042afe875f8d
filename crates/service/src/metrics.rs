//! What is counted while schedules are served, each under a name that is documented beside it.

use crate::{Posted, Record};
use jiff::Timestamp;
use palisade_model::{CallCount, CallRow};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

/// A metric, as it is published: what stands at `/metrics` and in the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name. It never changes its meaning.
    pub name: &'static str,
    /// What may become of its value.
    pub kind: MetricKind,
    /// The names of its labels, in their order.
    pub labels: &'static [&'static str],
    /// What it says, with its unit.
    pub help: &'static str,
}

/// What may become of a metric's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It grows until the process ends.
    Counter,
    /// It is as it is now.
    Gauge,
}

impl MetricKind {
    /// In the words of Prometheus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// Every metric, in the order in which they are published.
pub fn metrics() -> impl Iterator<Item = Metric> {
    FAMILIES.iter().map(|family| family.metric)
}

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    palisade: &'static str,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    palisade: &'static str,
    schedules: BTreeMap<String, Of>,
    calls: BTreeMap<[String; 3], CallCount>,
    posted: Posted,
}

/// What is counted of one schedule.
#[derive(Debug, Default)]
struct Of {
    runs: u64,
    failures: u64,
    last_success: Option<Timestamp>,
    overdue: bool,
    last: Option<Last>,
}

/// What the last run said.
#[derive(Debug)]
struct Last {
    clusters: u64,
    facts_known: u64,
    facts_total: u64,
    seconds: i64,
    gaps: usize,
    targets_lost: usize,
    open: BTreeMap<String, u64>,
}

impl Metrics {
    /// Nothing is counted yet. `palisade` is the version of the program.
    pub fn new(palisade: &'static str) -> Self {
        Self { palisade, counts: Mutex::default() }
    }

    /// These operations may be asked: each is published with what was counted so far, so that the first run is seen to
    /// add to it. What is first published with a value has not grown for those who watch.
    pub fn may_ask(&self, rows: &[CallRow]) {
        self.with(|counts| add_calls(&mut counts.calls, rows));
    }

    /// A run was recorded.
    pub fn ran(&self, schedule: &str, record: &Record, at: Timestamp) {
        let (report, summary) = (&record.report, &record.summary);
        self.with(|counts| {
            let of = counts.schedules.entry(schedule.to_owned()).or_default();
            of.runs += 1;
            if !record.is_lost() {
                of.last_success = Some(at);
            }
            of.last = Some(Last {
                clusters: summary.clusters,
                facts_known: summary.facts_known,
                facts_total: summary.facts_total,
                seconds: report.run.finished_at.as_second() - report.run.started_at.as_second(),
                gaps: report.gaps.len(),
                targets_lost: record.outcomes.iter().filter(|outcome| outcome.is_lost()).count(),
                open: summary.open.iter().map(|(severity, count)| (severity.to_string(), *count)).collect(),
            });
            add(&mut counts.posted, record.posted);
            add_calls(&mut counts.calls, &report.calls);
        });
    }

    /// A run could not be recorded.
    pub fn failed(&self, schedule: &str) {
        self.with(|counts| counts.schedules.entry(schedule.to_owned()).or_default().failures += 1);
    }

    /// What the memory says, whichever instance has run it.
    pub fn watched(&self, schedule: &str, last_success: Option<Timestamp>, overdue: bool) {
        self.with(|counts| {
            let of = counts.schedules.entry(schedule.to_owned()).or_default();
            of.last_success = of.last_success.max(last_success);
            of.overdue = overdue;
        });
    }

    /// Messages went out, or not.
    pub fn posted(&self, posted: Posted) {
        self.with(|counts| add(&mut counts.posted, posted));
    }

    /// In the text format of Prometheus.
    pub fn text(&self) -> String {
        self.with(|counts| {
            counts.palisade = self.palisade;
            let mut text = String::new();
            for Family { metric, samples } in FAMILIES {
                let Metric { name, kind, labels, help } = metric;
                // Writing to a string cannot fail.
                let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", kind.name());
                for (values, value) in samples(counts) {
                    let pairs =
                        labels.iter().zip(&values).map(|(label, value)| format!("{label}=\"{}\"", escaped(value)));
                    let pairs = pairs.collect::<Vec<_>>().join(",");
                    let _ = writeln!(text, "{name}{{{pairs}}} {value}");
                }
            }
            text
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The values of a sample's labels, and its own.
type Sample = (Vec<String>, i128);

struct Family {
    metric: Metric,
    samples: fn(&Counts) -> Vec<Sample>,
}

const SCHEDULE: &[&str] = &["schedule"];
const OPERATION: &[&str] = &["provider", "service", "operation"];

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, labels, help }
}

const FAMILIES: &[Family] = &[
    Family {
        metric: gauge("palisade_build_info", &["version"], "Always 1; the label says which version runs."),
        samples: |counts| vec![(vec![counts.palisade.to_owned()], 1)],
    },
    Family {
        metric: counter("palisade_runs_total", SCHEDULE, "Runs that were recorded."),
        samples: |counts| of_each(counts, |of| Some(of.runs.into())),
    },
    Family {
        metric: counter("palisade_run_failures_total", SCHEDULE, "Runs that could not be recorded."),
        samples: |counts| of_each(counts, |of| Some(of.failures.into())),
    },
    Family {
        metric: gauge(
            "palisade_last_success_timestamp_seconds",
            SCHEDULE,
            "When a run that read something was last recorded, in seconds since 1970.",
        ),
        samples: |counts| of_each(counts, |of| of.last_success.map(|at| at.as_second().into())),
    },
    Family {
        metric: gauge(
            "palisade_overdue",
            SCHEDULE,
            "Whether a run should have succeeded since and did not: 1 when it should.",
        ),
        samples: |counts| of_each(counts, |of| Some(of.overdue.into())),
    },
    Family {
        metric: gauge(
            "palisade_run_duration_seconds",
            SCHEDULE,
            "From the first question of the last run to its last answer, in seconds.",
        ),
        samples: |counts| of_last(counts, |last| last.seconds.into()),
    },
    Family {
        metric: gauge("palisade_clusters", SCHEDULE, "Clusters that the last run read."),
        samples: |counts| of_last(counts, |last| last.clusters.into()),
    },
    Family {
        metric: gauge("palisade_targets_lost", SCHEDULE, "Targets of which the last run could read nothing at all."),
        samples: |counts| of_last(counts, |last| last.targets_lost as i128),
    },
    Family {
        metric: gauge("palisade_facts_known", SCHEDULE, "Facts that the last run knew."),
        samples: |counts| of_last(counts, |last| last.facts_known.into()),
    },
    Family {
        metric: gauge("palisade_facts_total", SCHEDULE, "Facts that the last run asked for."),
        samples: |counts| of_last(counts, |last| last.facts_total.into()),
    },
    Family {
        metric: gauge(
            "palisade_gaps",
            SCHEDULE,
            "Calls that were not answered in the last run, by scope and reason, and facts that nobody offers.",
        ),
        samples: |counts| of_last(counts, |last| last.gaps as i128),
    },
    Family {
        metric: gauge(
            "palisade_open_findings",
            &["schedule", "severity"],
            "Findings that are open after the last run.",
        ),
        samples: |counts| {
            let of = |(schedule, of): (&String, &Of)| {
                let open = of.last.iter().flat_map(|last| last.open.clone());
                open.map(|(severity, count)| (vec![schedule.clone(), severity], count.into())).collect::<Vec<_>>()
            };
            counts.schedules.iter().flat_map(of).collect()
        },
    },
    Family {
        metric: counter(
            "palisade_calls_total",
            OPERATION,
            "Questions that recorded runs sent to a cloud; each page of a list is one.",
        ),
        samples: |counts| of_calls(counts, |count| count.calls),
    },
    Family {
        metric: counter("palisade_calls_retried_total", OPERATION, "Requests that repeated a question."),
        samples: |counts| of_calls(counts, |count| count.retried),
    },
    Family {
        metric: counter(
            "palisade_calls_throttled_total",
            OPERATION,
            "Requests that a cloud answered with \"slow down\".",
        ),
        samples: |counts| of_calls(counts, |count| count.throttled),
    },
    Family {
        metric: counter("palisade_calls_failed_total", OPERATION, "Questions that got no answer in the end."),
        samples: |counts| of_calls(counts, |count| count.failed),
    },
    Family {
        metric: counter(
            "palisade_calls_unasked_total",
            OPERATION,
            "Questions that were not sent since the run's budget was used up.",
        ),
        samples: |counts| of_calls(counts, |count| count.unasked),
    },
    Family {
        metric: counter(
            "palisade_messages_total",
            &["outcome"],
            "Attempts at messages, by how they ended: delivered, retried or dead.",
        ),
        samples: |counts| {
            let Posted { delivered, retried, dead } = counts.posted;
            let told = [("delivered", delivered), ("retried", retried), ("dead", dead)];
            told.map(|(outcome, count)| (vec![outcome.to_owned()], i128::from(count))).to_vec()
        },
    },
];

fn of_each(counts: &Counts, value: impl Fn(&Of) -> Option<i128>) -> Vec<Sample> {
    let samples = counts.schedules.iter().filter_map(|(schedule, of)| Some((vec![schedule.clone()], value(of)?)));
    samples.collect()
}

fn of_last(counts: &Counts, value: impl Fn(&Last) -> i128) -> Vec<Sample> {
    of_each(counts, |of| of.last.as_ref().map(&value))
}

fn of_calls(counts: &Counts, value: impl Fn(&CallCount) -> u64) -> Vec<Sample> {
    counts.calls.iter().map(|(operation, count)| (operation.to_vec(), value(count).into())).collect()
}

fn add(to: &mut Posted, more: Posted) {
    to.delivered += more.delivered;
    to.retried += more.retried;
    to.dead += more.dead;
}

fn add_calls(to: &mut BTreeMap<[String; 3], CallCount>, rows: &[CallRow]) {
    for CallRow { provider, service, operation, count } in rows {
        let of = to.entry([provider.name().to_owned(), service.clone(), operation.clone()]).or_default();
        *of = of.and(*count);
    }
}

/// A label's value, as the text format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_model::Provider;
    use std::collections::BTreeSet;

    #[test]
    fn every_metric_is_published_with_its_help_and_its_kind_before_anything_happens() {
        let text = Metrics::new("1.2.3").text();
        for Metric { name, kind, help, .. } in metrics() {
            let head = format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.name());
            assert!(text.contains(&head), "{head}");
        }
        assert!(text.contains("palisade_build_info{version=\"1.2.3\"} 1\n"), "{text}");
    }

    #[test]
    fn names_follow_the_rules_of_prometheus_and_are_there_once() {
        let names: BTreeSet<&str> = metrics().map(|metric| metric.name).collect();
        assert_eq!(names.len(), metrics().count());
        for Metric { name, kind, help, .. } in metrics() {
            assert!(name.starts_with("palisade_"), "{name}");
            assert_eq!(
                name.ends_with("_total"),
                kind == MetricKind::Counter || name == "palisade_facts_total",
                "{name}"
            );
            assert!(help.ends_with('.') && !help.contains('\n'), "{name}: {help}");
        }
    }

    #[test]
    fn what_happened_is_counted_under_its_labels() {
        let metrics = Metrics::new("1.2.3");
        metrics.failed("nightly-full");
        metrics.posted(Posted { delivered: 2, retried: 1, dead: 0 });
        let row = CallRow {
            provider: Provider::Aws,
            service: "eks".to_owned(),
            operation: "ListClusters".to_owned(),
            count: CallCount { calls: 5, retried: 2, throttled: 1, failed: 0, unasked: 0 },
        };
        metrics.with(|counts| {
            add_calls(&mut counts.calls, std::slice::from_ref(&row));
            add_calls(&mut counts.calls, &[row]);
        });
        let text = metrics.text();
        for line in [
            "palisade_run_failures_total{schedule=\"nightly-full\"} 1\n",
            "palisade_messages_total{outcome=\"delivered\"} 2\n",
            "palisade_calls_total{provider=\"aws\",service=\"eks\",operation=\"ListClusters\"} 10\n",
            "palisade_calls_throttled_total{provider=\"aws\",service=\"eks\",operation=\"ListClusters\"} 2\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("last_success_timestamp_seconds{"), "no success is told before there was one: {text}");
        assert!(!text.contains("palisade_clusters{"), "nothing is told of a run before there was one: {text}");
    }

    #[test]
    fn what_may_be_asked_is_published_at_nothing_before_it_is_asked() {
        let metrics = Metrics::new("1.2.3");
        let row = |count| CallRow {
            provider: Provider::Gcp,
            service: "compute".to_owned(),
            operation: "firewalls.list".to_owned(),
            count,
        };
        metrics.may_ask(&[row(CallCount::default())]);
        let said = |name: &str, value: u64| {
            let line = format!("{name}{{provider=\"gcp\",service=\"compute\",operation=\"firewalls.list\"}} {value}\n");
            let text = metrics.text();
            assert!(text.contains(&line), "{line}: {text}");
        };
        for name in ["calls", "calls_retried", "calls_throttled", "calls_failed", "calls_unasked"] {
            said(&format!("palisade_{name}_total"), 0);
        }
        let asked = row(CallCount { calls: 5, retried: 0, throttled: 2, failed: 1, unasked: 1 });
        metrics.with(|counts| add_calls(&mut counts.calls, &[asked]));
        said("palisade_calls_throttled_total", 2);
        said("palisade_calls_unasked_total", 1);
    }

    #[test]
    fn a_label_says_what_it_says_and_nothing_more() {
        assert_eq!(escaped("a\"} 1\nb\\"), "a\\\"} 1\\nb\\\\");
    }
}
