//! A small fleet whose truth is known, and looks at it that see more or less of it.

use jiff::{SignedDuration, Timestamp};
use palisade_engine::{
    Concern, Dimension, Effort, Finding, Fingerprint, Grounds, Layer, Meta, Severity, State, Subject, SubjectKind,
    Verdict,
};
use palisade_model::{
    Cluster, ClusterId, Digest, Evidence, FactKind, Inventory, Observed, PoolId, Provider, Scope, Unseen,
};
use palisade_testkit::{gap, tidy};
use palisade_track::{Event, EventKind, Memory, Rules, Sighting, Topic, Tracked};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(crate) static DOOR: Meta = meta("CP-01", "endpoint-open", Severity::Critical, &[FactKind::PublicAccess]);
pub(crate) static POOL: Meta = meta("NP-01", "pool-open", Severity::High, &[FactKind::Pools, FactKind::Exposure]);

const fn meta(id: &'static str, name: &'static str, severity: Severity, needs: &'static [FactKind]) -> Meta {
    Meta {
        id,
        name,
        title: "it is good",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity,
        effort: Effort::S,
        needs,
        maps: "",
    }
}

/// A cluster as it is.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) scope: &'static str,
    pub(crate) name: String,
    pub(crate) door: State,
    pub(crate) pools: BTreeMap<&'static str, State>,
    pub(crate) severity: Option<Severity>,
}

/// How much of a cluster a look shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sight {
    #[default]
    Whole,
    /// The list of pools is not readable.
    NoPools,
    /// Something beside the lists is not readable, and what is good is left out instead of being called unknown.
    OnlyFailures,
    /// What is good is replaced by one unknown for all of it.
    InDoubt,
    /// Its name is known and nothing else.
    Nothing,
}

/// The fleet as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleet {
    pub(crate) clusters: BTreeMap<&'static str, Shape>,
}

/// One look at it.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) run: String,
    pub(crate) schedule: Option<&'static str>,
    pub(crate) at: Timestamp,
    pub(crate) palisade: &'static str,
    pub(crate) controls: Vec<&'static str>,
    pub(crate) listed: Vec<&'static str>,
    pub(crate) dark: Vec<&'static str>,
    pub(crate) sight: BTreeMap<&'static str, Sight>,
    /// What the records of every answer are, when it matters.
    pub(crate) records: u8,
    /// The call that gave them.
    pub(crate) call: &'static str,
}

/// What a look shows, to borrow from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) units: Vec<(Inventory, Vec<Finding>, Vec<Scope>)>,
}

pub(crate) const EAST: &str = "111111111111/us-east-1";
pub(crate) const WEST: &str = "222222222222/eu-west-1";

pub(crate) fn start() -> Timestamp {
    palisade_testkit::now()
}

pub(crate) fn hours(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

pub(crate) fn shape(scope: &'static str, door: State, pools: &[(&'static str, State)]) -> Shape {
    Shape { scope, name: "shop".to_owned(), door, pools: pools.iter().copied().collect(), severity: None }
}

impl Fleet {
    pub(crate) fn of(clusters: &[(&'static str, Shape)]) -> Self {
        Self { clusters: clusters.iter().cloned().collect() }
    }

    /// One cluster with one pool, in the east.
    pub(crate) fn one(door: State, pool: State) -> Self {
        Self::of(&[("shop", shape(EAST, door, &[("web", pool)]))])
    }

    pub(crate) fn shown(&self, look: &Look) -> Shown {
        let scopes: BTreeSet<&str> = look.listed.iter().chain(&look.dark).copied().collect();
        let unit = |scope: &str| {
            let mut inventory = Inventory::default();
            let mut findings = Vec::new();
            if look.dark.contains(&scope) {
                inventory.unseen.push(Unseen { scope: Scope::new(scope), gap: gap() });
            } else {
                for (id, shape) in self.clusters.iter().filter(|(_, shape)| shape.scope == scope) {
                    let (cluster, said) = see(id, shape, look);
                    inventory.clusters.push(cluster);
                    findings.extend(said);
                }
            }
            let listed = look.listed.iter().filter(|listed| **listed == scope).map(|scope| Scope::new(*scope));
            (inventory, findings, listed.collect())
        };
        Shown { units: scopes.into_iter().map(unit).collect() }
    }

    /// Whether something is bad in truth.
    pub(crate) fn is_bad(&self, finding: &Tracked) -> bool {
        let Some(shape) = self.clusters.get(finding.cluster.as_str()) else { return false };
        let state = match finding.subject_kind {
            SubjectKind::Cluster => Some(&shape.door),
            _ => shape.pools.get(finding.subject.as_str()),
        };
        state.is_some_and(|state| palisade_track::is_bad(*state))
    }
}

impl Look {
    /// A whole look at both scopes, some hours after the start.
    pub(crate) fn at(hour: i64) -> Self {
        Self {
            run: format!("run-{hour}"),
            schedule: None,
            at: hours(hour),
            palisade: "0.1.0",
            controls: vec![DOOR.id, POOL.id],
            listed: vec![EAST, WEST],
            dark: Vec::new(),
            sight: BTreeMap::new(),
            records: 1,
            call: "test:Call",
        }
    }

    pub(crate) fn sighting<'a>(&self, shown: &'a Shown) -> Sighting<'a> {
        let rules = Rules {
            palisade: self.palisade.to_owned(),
            controls: self.controls.iter().map(|id| (*id).to_owned()).collect(),
            policy: palisade_track::Print::default(),
        };
        let mut sighting =
            Sighting::new(&self.run, self.schedule, (self.at - SignedDuration::from_mins(5), self.at), rules);
        for (inventory, findings, listed) in &shown.units {
            sighting.take(Provider::Aws, inventory, findings, listed.clone());
        }
        sighting
    }
}

/// Remembers a look and says what it told, without how the run itself ended.
pub(crate) fn remember(memory: &mut Memory, fleet: &Fleet, look: &Look) -> Vec<Event> {
    remember_with(memory, fleet, look, &[])
}

pub(crate) fn remember_with(
    memory: &mut Memory,
    fleet: &Fleet,
    look: &Look,
    waivers: &[palisade_engine::Waiver],
) -> Vec<Event> {
    let shown = fleet.shown(look);
    let mut events = palisade_track::advance(memory, &look.sighting(&shown), waivers).events;
    events.retain(|event| {
        !matches!(event.kind, EventKind::ScanCompleted | EventKind::ScanPartial | EventKind::ScanFailed)
    });
    events
}

/// Events as `kind subject`, to compare.
pub(crate) fn told(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| match &event.topic {
            Topic::Finding { finding, .. } => format!("{} {}", event.kind.name(), finding.subject_name),
            Topic::Waiver { selector, covers, .. } => format!("{} {selector}: {covers}", event.kind.name()),
            Topic::Run(summary) => match &summary.why {
                Some(why) => format!("{} {why}", event.kind.name()),
                None => event.kind.name().to_owned(),
            },
            Topic::Channel { name, .. } => format!("{} {name}", event.kind.name()),
        })
        .collect()
}

pub(crate) fn standing(memory: &Memory, subject: &str) -> &'static str {
    of(memory, subject).map_or("never", |finding| finding.standing.name())
}

pub(crate) fn of<'m>(memory: &'m Memory, subject: &str) -> Option<&'m Tracked> {
    let mut found = memory.findings.values().map(|remembered| &remembered.tracked);
    found.find(|finding| finding.subject_name == subject)
}

fn see(id: &'static str, shape: &Shape, look: &Look) -> (Cluster, Vec<Finding>) {
    let sight = look.sight.get(id).copied().unwrap_or_default();
    let mut cluster = tidy(Provider::Aws);
    cluster.id = ClusterId::new(id);
    cluster.scope = Scope::new(shape.scope);
    cluster.name.clone_from(&shape.name);
    let mut pools = cluster.pools.get().unwrap().clone();
    let example = pools.remove(0);
    let pools = shape.pools.keys().map(|name| {
        let mut pool = example.clone();
        (pool.id, pool.name) = (PoolId::new(*name), (*name).to_owned());
        if sight == Sight::OnlyFailures {
            pool.exposure.hide(gap());
        }
        pool
    });
    cluster.pools = Observed::known(pools.collect(), cluster.pools.sources().to_vec());
    match sight {
        Sight::NoPools => cluster.pools.hide(gap()),
        Sight::Nothing => {
            for (_, fact) in cluster.facts_mut() {
                fact.hide(gap());
            }
            for (_, list) in cluster.lists_mut() {
                list.hide(gap());
            }
        }
        Sight::Whole | Sight::OnlyFailures | Sight::InDoubt => (),
    }
    let mut findings = Vec::new();
    if look.controls.contains(&DOOR.id) {
        let state = if sight == Sight::Nothing { State::Unknown } else { shape.door };
        findings.push(finding(&DOOR, &cluster, Subject::cluster(&cluster), state, shape, look));
    }
    if look.controls.contains(&POOL.id) {
        let judged: Vec<(Subject, State)> = match cluster.pools.get() {
            Err(_) => vec![(Subject::cluster(&cluster), State::Unknown)],
            Ok(pools) if pools.is_empty() => vec![(Subject::cluster(&cluster), State::NotApplicable)],
            Ok(pools) => pools
                .iter()
                .filter_map(|pool| Some((Subject::pool(pool), *shape.pools.get(pool.id.as_str())?)))
                .filter(|(_, state)| {
                    sight == Sight::Whole || palisade_track::is_bad(*state) || *state == State::Unknown
                })
                .collect(),
        };
        findings
            .extend(judged.into_iter().map(|(subject, state)| finding(&POOL, &cluster, subject, state, shape, look)));
        if sight == Sight::InDoubt {
            let doubt = Subject { kind: SubjectKind::NodePool, id: "doubt".into(), name: "doubt".into() };
            findings.push(finding(&POOL, &cluster, doubt, State::Unknown, shape, look));
        }
    }
    (cluster, findings)
}

fn finding(
    meta: &'static Meta,
    cluster: &Cluster,
    subject: Subject,
    state: State,
    shape: &Shape,
    look: &Look,
) -> Finding {
    let record =
        Evidence { digest: Digest::from_bytes([look.records; 32]), call: Arc::from(look.call), pointer: Arc::from("") };
    let evidence = if state == State::Unknown {
        Grounds::default()
    } else {
        Verdict::pass("").seen_in(&Observed::known((), vec![record])).evidence
    };
    let severity = shape.severity.unwrap_or(meta.severity);
    Finding {
        fingerprint: Fingerprint::of(meta.id, &cluster.id, &subject),
        control: meta,
        severity,
        base_severity: severity,
        modifiers: Vec::new(),
        state,
        waived: false,
        acceptance: None,
        provider: cluster.provider,
        scope: cluster.scope.clone(),
        cluster: cluster.id.clone(),
        cluster_name: cluster.name.as_str().into(),
        subject,
        rolled_up: false,
        because: format!("it is {state}").into(),
        brief: None,
        remediation: "mend it",
        evidence,
        gap: None,
    }
}
