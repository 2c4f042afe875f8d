//! What the head of platform reads first: one sentence, what to do first, and every cluster at a glance.

use super::is_open;
use crate::{
    Report, plain,
    table::{of_clusters, percent},
};
use palisade_engine::{Concern, Finding, Severity, State};
use palisade_model::Provider;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Groups that are told under "what to do first".
const FIRST: usize = 8;
/// Rows of the overview; with more clusters it has a row for each scope, and with more scopes one for each provider.
const ROWS: usize = 40;

/// The first page of the report.
pub(super) struct Summary<'a> {
    pub(super) headline: String,
    pub(super) clusters: String,
    pub(super) clouds: String,
    pub(super) coverage: String,
    pub(super) gaps: String,
    pub(super) figures: Vec<Figure>,
    pub(super) unknown: usize,
    pub(super) passed: usize,
    pub(super) first: Vec<Group<'a>>,
    pub(super) glance: Glance,
}

/// How many open findings of one severity there are.
pub(super) struct Figure {
    pub(super) severity: &'static str,
    pub(super) count: usize,
}

/// Findings that one kind of change closes.
pub(super) struct Group<'a> {
    pub(super) severity: &'static str,
    pub(super) control: &'static str,
    pub(super) title: &'static str,
    pub(super) provider: &'static str,
    pub(super) effort: &'static str,
    pub(super) todo: Vec<Part<'a>>,
    pub(super) named: Vec<Named>,
    pub(super) told: String,
    pub(super) more: usize,
}

/// A piece of a sentence: what stands between backquotes is code.
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) is_code: bool,
}

/// A cluster that is linked to.
pub(super) struct Named {
    pub(super) place: usize,
    pub(super) name: String,
}

/// The overview.
pub(super) struct Glance {
    pub(super) of: &'static str,
    pub(super) concerns: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) note: String,
}

/// One cluster, or more of them together.
pub(super) struct Row {
    pub(super) link: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) cells: Vec<Cell>,
}

/// What one concern comes to.
pub(super) struct Cell {
    pub(super) class: &'static str,
    pub(super) letter: &'static str,
    pub(super) said: &'static str,
}

impl<'a> Summary<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let clouds: BTreeSet<Provider> = report.clusters.iter().map(|cluster| cluster.provider).collect();
        let own = || of_clusters(report);
        let figures = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].map(|severity| Figure {
            severity: severity.name(),
            count: own().filter(|finding| is_open(finding) && finding.severity == severity).count(),
        });
        let unknown =
            |finding: &&Finding| matches!(finding.state, State::Unknown | State::AttestMissing | State::AttestExpired);
        Self {
            headline: headline(report),
            clusters: counted(report.clusters.len(), "cluster", "clusters"),
            clouds: listed(&clouds.into_iter().map(Provider::service).collect::<Vec<_>>()),
            coverage: percent(report),
            gaps: if report.gaps.is_empty() { String::new() } else { counted(report.gaps.len(), "gap", "gaps") },
            figures: figures.into(),
            unknown: own().filter(unknown).count(),
            passed: own().filter(|finding| finding.state == State::Pass).count(),
            first: first(report),
            glance: glance(report),
        }
    }
}

/// The worst thing there is, in a sentence.
fn headline(report: &Report) -> String {
    if report.findings.is_empty() {
        return "Nothing was judged.".to_owned();
    }
    let open: Vec<&Finding> = of_clusters(report).filter(|finding| is_open(finding)).collect();
    let named = |control: &str| open.iter().filter(|finding| finding.control.id == control).count();
    let everywhere = named("CP-01");
    let worst = open.iter().filter(|finding| finding.severity == Severity::Critical).count();
    match (everywhere, worst, open.len()) {
        (0, 0, 0) => "Nothing that was read is open.".to_owned(),
        (0, 0, count) => format!("{} open, none of them critical.", counted(count, "finding is", "findings are")),
        (0, count, _) => {
            format!("{} to be closed first.", counted(count, "critical finding is", "critical findings are"))
        }
        (count, _, _) => format!("{} the whole internet.", counted(count, "API server answers", "API servers answer")),
    }
}

fn first(report: &Report) -> Vec<Group<'_>> {
    let places: BTreeMap<(&str, &str), usize> =
        report.clusters.iter().map(|one| (one.scope.as_str(), one.id.as_str())).zip(0..).collect();
    let mut groups: BTreeMap<(&str, Provider), Vec<&Finding>> = BTreeMap::new();
    for finding in of_clusters(report).filter(|finding| is_open(finding)) {
        groups.entry((finding.control.id, finding.provider)).or_default().push(finding);
    }
    let mut groups: Vec<Vec<&Finding>> = groups.into_values().collect();
    let worst = |group: &[&Finding]| group.iter().map(|finding| finding.severity).max();
    groups.sort_by_key(|group| {
        let control = group.first().map(|finding| (finding.control.effort, finding.control.id));
        (Reverse(worst(group)), Reverse(group.len()), control)
    });
    let told = groups.into_iter().take(FIRST).filter_map(|mut group| {
        group.sort_by(|a, b| (b.severity, &a.cluster_name).cmp(&(a.severity, &b.cluster_name)));
        let (one, severity) = (*group.first()?, worst(&group)?);
        let named = group.iter().take(4).filter_map(|finding| {
            let place = *places.get(&(finding.scope.as_str(), finding.cluster.as_str()))?;
            Some(Named { place, name: name(&finding.cluster_name) })
        });
        Some(Group {
            severity: severity.name(),
            control: one.control.id,
            title: one.control.title,
            provider: one.provider.service(),
            effort: one.control.effort.name(),
            todo: (0..)
                .zip(one.remediation.split('`'))
                .map(|(place, text)| Part { text, is_code: place % 2 == 1 })
                .collect(),
            named: named.collect(),
            told: counted(group.len(), "cluster", "clusters"),
            more: group.len().saturating_sub(4),
        })
    });
    told.collect()
}

/// The name of a cluster, harmless. It may be called nothing at all; a link needs words.
fn name(text: &str) -> String {
    let name = plain(text);
    if name.trim().is_empty() { "(no name)".to_owned() } else { name }
}

/// How the clusters are put together in the overview.
type Key<'a> = (Provider, &'a str, &'a str);

fn glance(report: &Report) -> Glance {
    let scopes: BTreeSet<&str> = report.clusters.iter().map(|cluster| cluster.scope.as_str()).collect();
    let (of, note) = match (report.clusters.len() <= ROWS, scopes.len() <= ROWS) {
        (true, _) => ("Cluster", "One row for each cluster."),
        (false, true) => {
            ("Scope", "One row for each account, subscription or project: there are too many clusters for one each.")
        }
        (false, false) => ("Provider", "One row for each provider: there are too many clusters for one each."),
    };
    let key = |provider, scope, cluster| -> Key<'_> {
        match of {
            "Cluster" => (provider, scope, cluster),
            "Scope" => (provider, scope, ""),
            _ => (provider, "", ""),
        }
    };
    let mut cells: BTreeMap<Key<'_>, BTreeMap<&str, Worst>> = BTreeMap::new();
    let mut concerns: BTreeSet<&'static str> = BTreeSet::new();
    for finding in of_clusters(report) {
        let concern = title(finding.control.concern);
        concerns.insert(concern);
        let row = cells.entry(key(finding.provider, finding.scope.as_str(), finding.cluster.as_str())).or_default();
        let worst = row.entry(concern).or_insert(Worst::Nothing);
        *worst = (*worst).max(Worst::of(finding));
    }
    let concerns: Vec<&'static str> =
        Concern::ALL.iter().map(|one| title(*one)).filter(|one| concerns.contains(one)).collect();
    let mut rows: Vec<(Vec<Worst>, Row)> = Vec::new();
    let mut seen: BTreeSet<Key<'_>> = BTreeSet::new();
    for (place, cluster) in report.clusters.iter().enumerate() {
        let own = key(cluster.provider, &cluster.scope, &cluster.id);
        if !seen.insert(own) {
            continue;
        }
        let found: Vec<Worst> = concerns
            .iter()
            .map(|concern| cells.get(&own).and_then(|row| row.get(concern)).copied().unwrap_or(Worst::Nothing))
            .collect();
        let service = cluster.provider.service();
        let (link, name, place) = match of {
            "Cluster" => {
                (format!("#/cluster/{place}"), name(&cluster.name), format!("{service} · {}", plain(&cluster.scope)))
            }
            "Scope" => (String::new(), plain(&cluster.scope), service.to_owned()),
            _ => (String::new(), service.to_owned(), String::new()),
        };
        rows.push((found.clone(), Row { link, name, place, cells: found.into_iter().map(Worst::cell).collect() }));
    }
    // The row with the worst cells comes first.
    rows.sort_by_key(|(found, _)| {
        let mut worst = found.clone();
        worst.sort_unstable_by(|a, b| b.cmp(a));
        Reverse(worst)
    });
    Glance { of, concerns, rows: rows.into_iter().map(|(_, row)| row).collect(), note: note.to_owned() }
}

/// What findings come to together, the worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worst {
    Nothing,
    Holds,
    Accepted,
    Unknown,
    Open(Severity),
}

impl Worst {
    fn of(finding: &Finding) -> Self {
        match finding.state {
            State::NotApplicable => Self::Nothing,
            State::Inherited | State::Pass | State::Mitigated => Self::Holds,
            State::AttestMissing | State::AttestExpired | State::Unknown => Self::Unknown,
            // Accepted, and still bad: it holds no more than before, whatever else does.
            State::Fail if finding.waived => Self::Accepted,
            State::Fail => Self::Open(finding.severity),
        }
    }

    fn cell(self) -> Cell {
        let (class, letter, said) = match self {
            Self::Nothing => ("nothing", "–", "does not apply"),
            Self::Holds => ("pass", "✓", "holds"),
            Self::Accepted => ("nothing", "A", "bad and accepted"),
            Self::Unknown => ("unknown", "?", "not read"),
            Self::Open(Severity::Critical) => ("critical", "C", "critical"),
            Self::Open(Severity::High) => ("high", "H", "high"),
            Self::Open(Severity::Medium) => ("medium", "M", "medium"),
            Self::Open(Severity::Low | Severity::Info) => ("low", "L", "low"),
        };
        Cell { class, letter, said }
    }
}

/// How people call a concern.
pub(super) fn title(concern: Concern) -> &'static str {
    match concern {
        Concern::ApiServerNetwork => "API server network",
        Concern::NodeNetwork => "Node network",
        Concern::CloudApiIam => "Cloud API access",
        Concern::EtcdAccess => "etcd access",
        Concern::EtcdEncryption => "etcd encryption",
        Concern::None => "Other",
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => "no cloud".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
