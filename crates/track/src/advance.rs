//! From what was remembered and what a run saw to what is remembered then, and what is worth telling.

use crate::{
    Event, EventKind, FLAPPING, GOOD_READS, KnownCluster, Lineage, Memory, Place, Print, Remembered, Reminders, Said,
    Sighting, Standing, Summary, Topic, Tracked, Unread,
    cause::{Cause, Turn},
    coverage::{self, Coverages},
    memory::{is_bad, is_good, pair},
    waivers,
};
use jiff::Timestamp;
use palisade_engine::{Finding, Fingerprint, Meta, Severity, State, SubjectKind, Waiver};
use palisade_model::{ClusterId, Provider};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// What is worth telling, in a stable order.
    pub events: Vec<Event>,
    /// What is said otherwise than before, in the order of fingerprints.
    pub turns: Vec<Turn>,
    /// What the run read and found.
    pub summary: Summary,
}

/// Remembers a run.
///
/// A run that was the last one remembered of its schedule changes nothing and says nothing. What it says of a cluster
/// counts only if it ended after the cluster was last read: a run that is remembered late has nothing to say of it.
///
/// When it is the first run, or judged by other rules than the last run of its schedule, what happened to findings is
/// told as one digest instead of one by one; the digest is as severe as the worst of what it stands for.
pub fn advance(memory: &mut Memory, run: &Sighting<'_>, waivers: &[Waiver]) -> Advanced {
    if memory.lineages.get(run.lineage()).is_some_and(|last| last.run == run.run) {
        return Advanced::default();
    }
    let as_one = as_one(memory, run);
    let step = Step::of(memory, run);
    let turns = step.say(memory);
    let mut transitions = BTreeMap::new();
    step.observe(memory, &mut transitions);
    step.remember_places(memory);
    let told_of_waivers = waivers::apply(memory, waivers, run.at, Some(run));
    let mut events = tell(memory, run, transitions);
    let coverages = coverage::compare(memory.lineages.get(run.lineage()), run);
    let summary = summary(memory, run, &coverages);
    if let Some(why) = as_one {
        events = digest(&events, memory.is_empty(), why, run, &summary);
    }
    events.extend(told_of_waivers);
    events.extend(remind(memory, &run.reminders, run.at, Some(run)));
    events.extend(coverages.event(run, &summary));
    events.push(scan_event(run, &summary));
    let rules = run.rules.clone();
    let Coverages { reference, listed, lost, dropped, .. } = coverages;
    let lineage = Lineage {
        run: run.run.clone(),
        at: run.at,
        rules,
        facts: pair(run.coverage()),
        reference,
        listed,
        lost,
        dropped,
    };
    memory.lineages.insert(run.lineage().to_owned(), lineage);
    Advanced { events, turns, summary }
}

/// What time brings by itself: reminders, and waivers that end.
///
/// Call it when runs are far apart. What is told here is not told again by the next run.
pub fn tick(memory: &mut Memory, waivers: &[Waiver], reminders: &Reminders, now: Timestamp) -> Vec<Event> {
    let mut events = waivers::apply(memory, waivers, now, None);
    events.extend(told_openings(memory, now, None));
    events.extend(remind(memory, reminders, now, None));
    events
}

/// Why what happened to findings is told as one, if it is.
fn as_one(memory: &Memory, run: &Sighting<'_>) -> Option<String> {
    if memory.is_empty() {
        return Some("the first run".to_owned());
    }
    match memory.lineages.get(run.lineage()) {
        Some(last) => run.rules.changed_since(&last.rules),
        // Another schedule may have judged by the same rules for a year.
        None if memory.lineages.values().any(|other| other.rules == run.rules) => None,
        None => Some("the first run by these rules".to_owned()),
    }
}

/// What happened to one finding in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transition {
    Worsened(Severity),
    Closed(EventKind),
}

/// What is no longer judged, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nobody can say: it is kept as of when it was last read.
    Kept,
    /// A complete list lacks it.
    Gone,
    /// It exists, everything the control needs was read, and the control does not speak of it.
    Unconcerned,
}

/// One run against what was remembered before it.
struct Step<'r, 'a> {
    run: &'r Sighting<'a>,
    rules: Print,
    metas: BTreeMap<&'static str, &'static Meta>,
    /// Clusters that were read and not read later already.
    read: BTreeSet<&'r ClusterId>,
    /// Clusters that a complete list of their scope lacks.
    gone: BTreeSet<ClusterId>,
    /// Controls and places of the schedule's last run, to tell a rule that is new from a world that is.
    known_controls: Option<BTreeSet<String>>,
    known_clusters: BTreeSet<&'r ClusterId>,
}

impl<'r, 'a> Step<'r, 'a> {
    fn of(memory: &Memory, run: &'r Sighting<'a>) -> Self {
        let is_news = |id: &ClusterId| memory.clusters.get(id).is_none_or(|known| run.at > known.last_read);
        let missing = memory.clusters.iter().filter(|(id, known)| {
            !run.clusters.contains_key(*id) && run.at > known.last_read && run.is_listed(known.provider, &known.scope)
        });
        let last = memory.lineages.get(run.lineage());
        Self {
            run,
            rules: run.rules.print(),
            metas: run.answers().map(|finding| (finding.control.id, finding.control)).collect(),
            read: run.clusters.keys().filter(|id| is_news(id)).collect(),
            gone: missing.map(|(id, _)| id.clone()).collect(),
            known_controls: last.map(|last| last.rules.controls.clone()),
            known_clusters: run.clusters.keys().filter(|id| memory.clusters.contains_key(id)).collect(),
        }
    }

    /// The answers that count.
    fn answers(&self) -> impl Iterator<Item = &'a Finding> {
        self.run.answers().filter(|finding| self.read.contains(&finding.cluster))
    }

    fn answered(&self, fingerprint: &Fingerprint) -> Option<&'a Finding> {
        self.run.answers.get(fingerprint).copied().filter(|finding| self.read.contains(&finding.cluster))
    }

    /// What became of something that the run does not speak of.
    fn fate(&self, control: &str, cluster: &ClusterId, kind: SubjectKind, subject: &str) -> Fate {
        if self.gone.contains(cluster) {
            return Fate::Gone;
        }
        let Some(seen) = self.run.clusters.get(cluster).filter(|_| self.read.contains(cluster)) else {
            return Fate::Kept;
        };
        let Some(meta) = self.metas.get(control).filter(|_| self.run.rules.controls.contains(control)) else {
            return Fate::Kept;
        };
        if seen.lacks(kind, subject) {
            return Fate::Gone;
        }
        // A control may leave out what it cannot judge, and say so at another place or by saying less.
        let is_doubtful = meta.needs.iter().any(|need| seen.missing.contains(need))
            || self.run.unknown.contains(&(cluster.clone(), meta.id));
        if is_doubtful { Fate::Kept } else { Fate::Unconcerned }
    }

    /// Brings what was said up to date. Returns what is said otherwise than before.
    fn say(&self, memory: &mut Memory) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (fingerprint, said) in &mut memory.said {
            if said.state.is_none() || self.answered(fingerprint).is_some() {
                continue;
            }
            let fate = self.fate(&said.control, &said.cluster, said.kind, &said.subject);
            if fate == Fate::Kept {
                continue;
            }
            let rule = fate == Fate::Unconcerned && said.rules != self.rules;
            turns.push(Turn {
                fingerprint: *fingerprint,
                is_first: false,
                before: said.state.map(|state| (state, said.severity)),
                after: None,
                cause: if rule { Cause::Both } else { Cause::World },
            });
            said.state = None;
            said.rules = self.rules;
        }
        for finding in self.answers() {
            let evidence = Print::of_grounds(&finding.evidence);
            let now = (finding.state, finding.severity);
            let Some(said) = memory.said.get_mut(&finding.fingerprint) else {
                turns.push(Turn {
                    fingerprint: finding.fingerprint,
                    is_first: true,
                    before: None,
                    after: Some(now),
                    cause: self.cause_of_first(finding),
                });
                let said = Said {
                    control: Arc::from(finding.control.id),
                    cluster: finding.cluster.clone(),
                    kind: finding.subject.kind,
                    subject: Arc::clone(&finding.subject.id),
                    state: Some(finding.state),
                    severity: finding.severity,
                    evidence,
                    rules: self.rules,
                };
                memory.said.insert(finding.fingerprint, said);
                continue;
            };
            let before = said.state.map(|state| (state, said.severity));
            if before != Some(now) {
                let cause = Cause::between(said, finding, evidence, self.rules);
                let fingerprint = finding.fingerprint;
                turns.push(Turn { fingerprint, is_first: false, before, after: Some(now), cause });
            }
            (said.state, said.severity) = (Some(finding.state), finding.severity);
            // What is unknown rests on nothing: the records of the last answer are the ones to compare with.
            if finding.state != State::Unknown {
                said.evidence = evidence;
            }
            said.rules = self.rules;
        }
        turns.sort_unstable_by_key(|turn| turn.fingerprint);
        turns
    }

    /// Why something is judged for the first time.
    fn cause_of_first(&self, finding: &Finding) -> Cause {
        if finding.state == State::Unknown {
            return Cause::Coverage;
        }
        let is_new_control =
            self.known_controls.as_ref().is_some_and(|controls| !controls.contains(finding.control.id));
        if is_new_control && self.known_clusters.contains(&finding.cluster) { Cause::Rule } else { Cause::World }
    }

    /// Moves findings. The transitions worth telling are added; openings are found by not being told yet.
    fn observe(&self, memory: &mut Memory, transitions: &mut BTreeMap<Fingerprint, Transition>) {
        let at = self.run.at;
        for (fingerprint, remembered) in &mut memory.findings {
            prune(remembered, at);
            self.rename(&mut remembered.tracked);
            if self.answered(fingerprint).is_some() {
                continue;
            }
            let of = &remembered.tracked;
            let kind = match self.fate(&of.control, &of.cluster, of.subject_kind, &of.subject) {
                Fate::Kept => continue,
                Fate::Gone => EventKind::Gone,
                Fate::Unconcerned => EventKind::Resolved,
            };
            if kind == EventKind::Resolved && of.standing.is_open() {
                remembered.tracked.verdict = State::NotApplicable;
                "everything it needs was read, and the control no longer concerns it"
                    .clone_into(&mut remembered.tracked.because);
                remembered.tracked.brief = None;
                remembered.tracked.remediation.clear();
            }
            self.good(remembered, kind, transitions);
        }
        for finding in self.answers() {
            if is_bad(finding.state) {
                self.bad(memory, finding, transitions);
            } else if is_good(finding.state)
                && let Some(remembered) = memory.findings.get_mut(&finding.fingerprint)
            {
                if remembered.tracked.standing.is_open() {
                    describe(&mut remembered.tracked, finding);
                    self.rename(&mut remembered.tracked);
                }
                self.good(remembered, EventKind::Resolved, transitions);
            }
        }
    }

    fn bad(&self, memory: &mut Memory, finding: &Finding, transitions: &mut BTreeMap<Fingerprint, Transition>) {
        let at = self.run.at;
        let remembered = memory.findings.entry(finding.fingerprint).or_insert_with(|| Remembered {
            tracked: opened(finding, at),
            told: None,
            worst: finding.severity,
            turns: vec![at],
        });
        let tracked = &mut remembered.tracked;
        if tracked.standing.is_open() {
            if finding.severity > remembered.worst {
                remembered.worst = finding.severity;
                transitions.insert(finding.fingerprint, Transition::Worsened(tracked.severity));
            }
        } else {
            tracked.standing = Standing::Open;
            tracked.generation = tracked.generation.saturating_add(1);
            tracked.turned = at;
            remembered.turns.push(at);
            (remembered.told, remembered.worst) = (None, finding.severity);
        }
        describe(tracked, finding);
        tracked.severity = finding.severity;
        (tracked.last_seen, tracked.as_of, tracked.good_reads) = (at, at, 0);
        self.rename(tracked);
        prune(remembered, at);
    }

    fn good(&self, remembered: &mut Remembered, kind: EventKind, transitions: &mut BTreeMap<Fingerprint, Transition>) {
        let at = self.run.at;
        let tracked = &mut remembered.tracked;
        tracked.as_of = at;
        if !tracked.standing.is_open() {
            return;
        }
        tracked.good_reads = tracked.good_reads.saturating_add(1);
        let is_flapping = tracked.generation > 1 && at.duration_since(tracked.turned) < FLAPPING;
        if is_flapping && tracked.good_reads < GOOD_READS {
            return;
        }
        tracked.standing = match kind {
            EventKind::Gone => Standing::Gone { at },
            _ => Standing::Resolved { at },
        };
        tracked.good_reads = 0;
        tracked.turned = at;
        remembered.turns.push(at);
        if remembered.told.take().is_some() {
            transitions.insert(tracked.fingerprint, Transition::Closed(kind));
        }
        prune(remembered, at);
    }

    /// Names and owners change, and are shown as they are.
    fn rename(&self, tracked: &mut Tracked) {
        if let Some(seen) = self.run.clusters.get(&tracked.cluster).filter(|seen| self.read.contains(&seen.id)) {
            if tracked.cluster_name != seen.name {
                tracked.cluster_name.clone_from(&seen.name);
            }
            if tracked.owner != seen.owner {
                tracked.owner.clone_from(&seen.owner);
            }
            if tracked.scope != seen.scope {
                tracked.scope.clone_from(&seen.scope);
            }
        }
    }

    fn remember_places(&self, memory: &mut Memory) {
        let at = self.run.at;
        for id in &self.read {
            let Some(seen) = self.run.clusters.get(*id) else { continue };
            let known = memory.clusters.entry((*id).clone()).or_insert_with(|| KnownCluster {
                provider: seen.provider,
                scope: seen.scope.clone(),
                name: seen.name.clone(),
                owner: None,
                reached_by: None,
                first_seen: at,
                last_read: at,
                gone: None,
            });
            (known.last_read, known.gone) = (at, None);
            known.scope.clone_from(&seen.scope);
            known.name.clone_from(&seen.name);
            known.owner.clone_from(&seen.owner);
            known.reached_by.clone_from(&seen.reached_by);
        }
        for id in &self.gone {
            if let Some(known) = memory.clusters.get_mut(id) {
                known.last_read = at;
                known.gone = known.gone.or(Some(at));
            }
        }
        for (provider, scope) in self.run.listed() {
            memory.places.insert((provider, scope.clone()), Place { listed: Some(at), dark: None });
        }
        for (provider, scope, why) in self.run.dark() {
            let place = memory.places.entry((provider, scope.clone())).or_default();
            place.dark = Some(Unread { as_of: place.listed, ..why.clone() });
        }
    }
}

/// A finding that opens for the first time.
fn opened(finding: &Finding, at: Timestamp) -> Tracked {
    Tracked {
        fingerprint: finding.fingerprint,
        control: finding.control.id.to_owned(),
        control_name: finding.control.name.to_owned(),
        provider: finding.provider,
        scope: finding.scope.clone(),
        cluster: finding.cluster.clone(),
        cluster_name: finding.cluster_name.to_string(),
        subject_kind: finding.subject.kind,
        subject: finding.subject.id.to_string(),
        subject_name: finding.subject.name.to_string(),
        owner: None,
        standing: Standing::Open,
        verdict: finding.state,
        severity: finding.severity,
        because: String::new(),
        brief: None,
        remediation: String::new(),
        first_seen: at,
        last_seen: at,
        as_of: at,
        generation: 1,
        turned: at,
        recent_turns: 1,
        good_reads: 0,
        waived_until: None,
    }
}

/// What was said when it was last read.
fn describe(tracked: &mut Tracked, finding: &Finding) {
    finding.control.name.clone_into(&mut tracked.control_name);
    tracked.scope.clone_from(&finding.scope);
    tracked.subject_name = finding.subject.name.to_string();
    tracked.verdict = finding.state;
    tracked.because = finding.because.to_string();
    tracked.brief = finding.brief.as_deref().map(str::to_owned);
    finding.remediation.clone_into(&mut tracked.remediation);
}

fn prune(remembered: &mut Remembered, at: Timestamp) {
    remembered.turns.retain(|turn| at.duration_since(*turn) < FLAPPING);
    remembered.tracked.recent_turns = u32::try_from(remembered.turns.len()).unwrap_or(u32::MAX);
}

/// What happened to findings and nobody has accepted, one by one.
fn tell(memory: &mut Memory, run: &Sighting<'_>, transitions: BTreeMap<Fingerprint, Transition>) -> Vec<Event> {
    let mut events = told_openings(memory, run.at, Some(run));
    for (fingerprint, transition) in transitions {
        let Some(remembered) = memory.findings.get_mut(&fingerprint) else { continue };
        let (kind, before) = match transition {
            Transition::Closed(kind) => (kind, None),
            // One that opens in the same run is told as it is now.
            Transition::Worsened(before) => {
                let is_silent =
                    remembered.tracked.waived_until.is_some() || remembered.told.is_none_or(|told| told == run.at);
                if is_silent {
                    continue;
                }
                remembered.told = Some(run.at);
                (EventKind::Worsened, Some(before))
            }
        };
        events.push(finding_event(kind, remembered, before, &memory.clusters, run.at, Some(run)));
    }
    events.sort_by(|a, b| (a.kind, b.severity, subject_of(a)).cmp(&(b.kind, a.severity, subject_of(b))));
    events
}

/// Findings that are open and that nobody was told of: new ones, and ones whose waiver has ended.
fn told_openings(memory: &mut Memory, at: Timestamp, run: Option<&Sighting<'_>>) -> Vec<Event> {
    let mut events = Vec::new();
    for remembered in memory.findings.values_mut() {
        let tracked = &remembered.tracked;
        if remembered.told.is_some() || !tracked.standing.is_open() || tracked.waived_until.is_some() {
            continue;
        }
        (remembered.told, remembered.worst) = (Some(at), tracked.severity);
        let kind = if remembered.tracked.generation > 1 { EventKind::Reopened } else { EventKind::Opened };
        events.push(finding_event(kind, remembered, None, &memory.clusters, at, run));
    }
    events
}

/// Reminds of what is open, told, and taken on by nobody.
fn remind(memory: &mut Memory, reminders: &Reminders, at: Timestamp, run: Option<&Sighting<'_>>) -> Vec<Event> {
    let mut events = Vec::new();
    for remembered in memory.findings.values_mut() {
        let tracked = &remembered.tracked;
        let Some(told) = remembered.told else { continue };
        let waits =
            matches!(tracked.standing, Standing::Open) && tracked.waived_until.is_none() && tracked.good_reads == 0;
        let event = || finding_event(EventKind::Reminder, remembered, None, &memory.clusters, at, run);
        if let Some(event) = waits.then(|| reminders.due(at.duration_since(told), event)).flatten() {
            remembered.told = Some(at);
            events.push(event);
        }
    }
    events
}

fn finding_event(
    kind: EventKind,
    remembered: &Remembered,
    before: Option<Severity>,
    clusters: &BTreeMap<ClusterId, KnownCluster>,
    at: Timestamp,
    run: Option<&Sighting<'_>>,
) -> Event {
    let finding = remembered.tracked.clone();
    // Who reaches the API server says nothing about a node or an identity.
    let is_about_the_door = finding.control.starts_with("CP-") && finding.subject_kind == SubjectKind::Cluster;
    let known = clusters.get(&finding.cluster).filter(|_| is_about_the_door);
    let seen = run.and_then(|run| run.clusters.get(&finding.cluster)).filter(|_| is_about_the_door);
    let reached_by = match (seen, known) {
        (Some(seen), _) => seen.reached_by.clone(),
        (None, known) => known.and_then(|known| known.reached_by.clone()),
    };
    Event {
        kind,
        at,
        run: run.map(|run| run.run.clone()),
        schedule: run.and_then(|run| run.schedule.clone()),
        severity: finding.severity,
        topic: Topic::Finding { finding: Box::new(finding), before, reached_by },
    }
}

fn subject_of(event: &Event) -> Option<Fingerprint> {
    match &event.topic {
        Topic::Finding { finding, .. } => Some(finding.fingerprint),
        Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => None,
    }
}

/// One event in place of many.
fn digest(events: &[Event], is_first: bool, why: String, run: &Sighting<'_>, summary: &Summary) -> Vec<Event> {
    if events.is_empty() && !is_first {
        return Vec::new();
    }
    let told = [
        (EventKind::Opened, "opened"),
        (EventKind::Reopened, "reopened"),
        (EventKind::Worsened, "worsened"),
        (EventKind::Resolved, "resolved"),
        (EventKind::Gone, "gone"),
    ];
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    let counted: Vec<String> = told
        .into_iter()
        .map(|(kind, word)| (count(kind), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let why = if counted.is_empty() { why } else { format!("{why}: {}", counted.join(", ")) };
    let is_bad_news =
        |event: &&Event| matches!(event.kind, EventKind::Opened | EventKind::Reopened | EventKind::Worsened);
    let severity = events.iter().filter(is_bad_news).map(|event| event.severity).max().unwrap_or(Severity::Info);
    vec![run_event(EventKind::Baseline, severity, run, Summary { why: Some(why), ..summary.clone() })]
}

pub(crate) fn run_event(kind: EventKind, severity: Severity, run: &Sighting<'_>, summary: Summary) -> Event {
    Event {
        kind,
        at: run.at,
        run: Some(run.run.clone()),
        schedule: run.schedule.clone(),
        severity,
        topic: Topic::Run(summary),
    }
}

/// How a run ended. It failed when it read nothing at all, and is partial when anything was not read.
fn scan_event(run: &Sighting<'_>, summary: &Summary) -> Event {
    let (kind, severity) = if run.clusters.is_empty() && run.listed().next().is_none() {
        (EventKind::ScanFailed, Severity::High)
    } else if summary.unread.is_empty() && summary.facts_known == summary.facts_total {
        (EventKind::ScanCompleted, Severity::Info)
    } else {
        (EventKind::ScanPartial, Severity::Low)
    };
    run_event(kind, severity, run, summary.clone())
}

fn summary(memory: &Memory, run: &Sighting<'_>, coverages: &Coverages) -> Summary {
    let mut open: BTreeMap<Severity, u64> = BTreeMap::new();
    let mut by_provider: BTreeMap<Provider, u64> = BTreeMap::new();
    let standing = memory.findings.values().map(|remembered| &remembered.tracked);
    for tracked in standing.filter(|tracked| tracked.standing.is_open() && tracked.waived_until.is_none()) {
        *open.entry(tracked.severity).or_default() += 1;
        *by_provider.entry(tracked.provider).or_default() += 1;
    }
    let coverage = run.coverage();
    let dark = run.dark().map(|(provider, scope, why)| {
        let known = memory.places.get(&(provider, scope.clone()));
        Unread { as_of: known.and_then(|place| place.listed), ..why.clone() }
    });
    let unasked = coverages.unasked.iter().map(|(provider, scope)| Unread {
        scope: scope.to_string(),
        reason: "it was looked at before, and this run did not come to it".to_owned(),
        permission: None,
        as_of: memory.places.get(&(*provider, scope.clone())).and_then(|place| place.listed),
    });
    Summary {
        clusters: run.clusters.len() as u64,
        facts_known: coverage.known,
        facts_total: coverage.total,
        before: memory.lineages.get(run.lineage()).map(|last| last.facts),
        unread: dark.chain(unasked).collect(),
        open: open.into_iter().rev().collect(),
        by_provider: by_provider.into_iter().collect(),
        why: None,
    }
}
