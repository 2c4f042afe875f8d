//! From what the controls say to how each requirement of an edition stands.

use crate::{
    Counts, Edition, Heard, Requirement, Standing, Status, Unseen,
    edition::count,
    never_fails,
    standing::{ClusterKey, Place, Said},
};
use jiff::Timestamp;
use palisade_engine::{Finding, Meta};
use palisade_model::Provider;
use std::collections::{BTreeMap, BTreeSet};

/// How every requirement of an edition stands.
#[derive(Clone, Debug)]
pub struct RolledUp<'a> {
    /// The edition.
    pub edition: &'a Edition,
    /// The moment of judgement.
    pub now: Timestamp,
    /// The clusters that were read and that it is about, in order.
    pub clusters: Vec<ClusterKey<'a>>,
    /// Places where such clusters may be and that nobody could look at.
    pub unseen: usize,
    /// The requirements, in the order of the edition: those of which nothing is checked too.
    pub requirements: Vec<RequirementResult<'a>>,
    /// Each control that speaks to any of them, once, by its id.
    pub controls: BTreeMap<&'static str, ControlResult<'a>>,
}

/// How a requirement stands.
#[derive(Clone, Debug)]
pub struct RequirementResult<'a> {
    /// The requirement.
    pub requirement: &'a Requirement,
    /// How it stands, over everything.
    pub status: Status,
    /// Clusters by how it stands with each. Empty where it is only asked of people.
    pub clusters: Counts,
    /// Why, in our words: no text from a cloud or of a person is in it.
    pub because: Vec<String>,
    /// What each of its questions is worth now, in their order.
    pub heard: Vec<Heard>,
}

/// What a control says of the clusters that an edition is about.
#[derive(Clone, Debug)]
pub struct ControlResult<'a> {
    /// The control.
    pub meta: &'static Meta,
    /// Clusters by how it stands with each.
    pub clusters: Counts,
    /// Findings that it rests on, worst first: at most [`ControlResult::SHOWN`] of each status. Text from clouds.
    pub shown: Vec<(Status, &'a Finding)>,
    /// Why it is no test on some of the clusters.
    pub never_fails: BTreeSet<&'static str>,
}

impl ControlResult<'_> {
    /// Findings of each status that are named; the verdicts of the run have all.
    pub const SHOWN: usize = 10;

    /// How many findings are not named.
    pub fn more(&self) -> u64 {
        self.clusters.total().saturating_sub(self.shown.len() as u64)
    }
}

impl RolledUp<'_> {
    /// The requirements of which something is checked or asked, by how they stand.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for one in self.checked() {
            counts.add(one.status);
        }
        counts
    }

    /// The requirements of which something is checked or asked.
    pub fn checked(&self) -> impl Iterator<Item = &RequirementResult<'_>> {
        self.requirements.iter().filter(|one| one.requirement.is_checked())
    }

    /// The requirements of which nothing is checked.
    pub fn unchecked(&self) -> impl Iterator<Item = &RequirementResult<'_>> {
        self.requirements.iter().filter(|one| !one.requirement.is_checked())
    }
}

/// How every requirement of an edition stands. `unseen` are the places nobody could look at, `now` the moment of judgement.
pub fn roll_up<'a>(edition: &'a Edition, standing: &'a Standing, unseen: &Unseen, now: Timestamp) -> RolledUp<'a> {
    let is_about = |(provider, _, _): &ClusterKey<'_>| edition.providers.contains(provider);
    let places = standing.places(&edition.providers);
    let dark =
        unseen.iter().filter(|(provider, _)| edition.providers.contains(provider)).map(|(_, places)| places).sum();
    let scope = Scope { standing, providers: &edition.providers, places: &places, unseen: dark, now };
    let mut controls = BTreeMap::new();
    for meta in edition.requirements.iter().flat_map(|one| &one.controls) {
        controls.entry(meta.id).or_insert_with(|| scope.control(meta));
    }
    RolledUp {
        edition,
        now,
        clusters: standing.clusters().filter(is_about).collect(),
        unseen: dark,
        requirements: edition.requirements.iter().map(|one| scope.requirement(one)).collect(),
        controls,
    }
}

/// The clusters that an edition is about.
struct Scope<'s, 'a> {
    standing: &'a Standing,
    providers: &'s [Provider],
    places: &'s [Place],
    unseen: usize,
    now: Timestamp,
}

impl<'a> Scope<'_, 'a> {
    /// What a control says of each of the clusters, in their order; `None` where it says nothing.
    fn of_control(&self, control: &str) -> impl Iterator<Item = (Place, Option<Said>)> {
        self.places.iter().copied().zip(self.standing.of_control(control, self.places))
    }

    fn control(&self, meta: &'static Meta) -> ControlResult<'a> {
        let mut clusters = Counts::default();
        let mut excused = BTreeSet::new();
        for (place, said) in self.of_control(meta.id) {
            clusters.add(said.map_or(Status::Unknown, |said| said.status));
            if said.is_some() {
                excused.extend(never_fails(meta.id, place.provider));
            }
        }
        let worst_first = Status::ALL.into_iter().rev();
        let shown = worst_first
            .flat_map(|status| self.standing.named(meta.id, self.providers, status).map(move |one| (status, one)))
            .collect();
        ControlResult { meta, clusters, shown, never_fails: excused }
    }

    fn requirement(&self, requirement: &'a Requirement) -> RequirementResult<'a> {
        let mut because = Because::default();
        let mut whole = None;
        let mut take = |status: Status| whole = whole.max(Some(status));
        let mut clusters = Counts::default();
        if !requirement.controls.is_empty() {
            let each = self.clusters(requirement, &mut because);
            for status in each {
                clusters.add(status);
                take(status);
            }
            if self.places.is_empty() {
                because.say("no cluster that it is about was read".to_owned());
                take(Status::Unknown);
            }
            if self.unseen > 0 {
                because.say(format!("{} where clusters may be could not be looked at", count(self.unseen, "place")));
                take(Status::Unknown);
            }
        }
        let heard: Vec<Heard> = requirement.questions.iter().map(|question| question.heard(self.now)).collect();
        for (question, heard) in requirement.questions.iter().zip(&heard) {
            take(question.status(self.now));
            match heard {
                Heard::Nothing => because.say("a question of it has no answer".to_owned()),
                Heard::Expired => because.say("an answer to it counts no more".to_owned()),
                Heard::Counts(word) => because.say(format!("somebody has answered {}", word.name())),
            }
        }
        if !requirement.unread.is_empty() {
            let ids: Vec<&str> = requirement.unread.iter().map(|one| one.id).collect();
            because.say(format!(
                "{} {} to it, and this version does not check that",
                ids.join(", "),
                if ids.len() == 1 { "speaks" } else { "speak" }
            ));
            take(Status::Unknown);
        }
        RequirementResult {
            requirement,
            status: whole.unwrap_or(Status::Unknown),
            clusters,
            because: because.told(self.places.len()),
            heard,
        }
    }

    /// How it stands with each cluster.
    fn clusters(&self, requirement: &Requirement, because: &mut Because) -> Vec<Status> {
        let mut each: Vec<Option<Status>> = vec![None; self.places.len()];
        for meta in &requirement.controls {
            for (each, (place, said)) in each.iter_mut().zip(self.of_control(meta.id)) {
                let status = match said {
                    // A control that says nothing of a cluster was not asked.
                    None => Status::Unknown,
                    // A good word where no bad one is possible is no evidence.
                    Some(said)
                        if said.status == Status::Satisfied && never_fails(meta.id, place.provider).is_some() =>
                    {
                        continue;
                    }
                    Some(said) => said.status,
                };
                because.take(meta.id, status, said);
                because.ends(self.standing.until(meta.id, place));
                *each = (*each).max(Some(status));
            }
        }
        for (each, place) in each.iter().zip(self.places) {
            // All that speaks to it here are controls that could not have said anything else.
            if each.is_none() {
                because.says_nothing(requirement, *place);
            }
        }
        each.into_iter().map(|status| status.unwrap_or(Status::Unknown)).collect()
    }
}

/// Why a requirement stands as it does.
#[derive(Default)]
struct Because {
    /// Clusters by control and status.
    controls: BTreeMap<Status, BTreeMap<&'static str, usize>>,
    /// Controls that wait for an answer of people.
    asked: BTreeSet<&'static str>,
    /// Clusters of which controls alone speak that cannot fail there: by control and why it cannot.
    no_evidence: BTreeMap<(&'static str, &'static str), usize>,
    /// The first day on which an accepted risk ends.
    until: Option<Timestamp>,
    said: Vec<String>,
}

impl Because {
    fn take(&mut self, control: &'static str, status: Status, said: Option<Said>) {
        *self.controls.entry(status).or_default().entry(control).or_default() += 1;
        if status == Status::Unknown && said.is_some_and(|said| said.waits) {
            self.asked.insert(control);
        }
    }

    fn says_nothing(&mut self, requirement: &Requirement, place: Place) {
        for meta in &requirement.controls {
            if let Some(why) = never_fails(meta.id, place.provider) {
                *self.no_evidence.entry((meta.id, why)).or_default() += 1;
            }
        }
    }

    fn ends(&mut self, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.until = Some(self.until.map_or(until, |first| first.min(until)));
        }
    }

    fn say(&mut self, text: String) {
        if !self.said.contains(&text) {
            self.said.push(text);
        }
    }

    /// Worst first.
    fn told(self, clusters: usize) -> Vec<String> {
        let all = count(clusters, "cluster");
        let list = |status: Status| -> Option<String> {
            let found = self.controls.get(&status)?.iter();
            let each = (0..).zip(found).map(|(place, (id, number))| match place {
                0 => format!("{id} on {number} of {all}"),
                _ => format!("{id} on {number}"),
            });
            Some(each.collect::<Vec<_>>().join(", "))
        };
        let mut told = Vec::new();
        if let Some(list) = list(Status::NotSatisfied) {
            told.push(format!("does not hold: {list}"));
        }
        if let Some(list) = list(Status::Unknown) {
            told.push(format!("not known: {list}"));
        }
        for ((id, why), number) in &self.no_evidence {
            told.push(format!(
                "the good word of {id} is no evidence on {number} of {all}, where it cannot fail: {why}"
            ));
        }
        if !self.asked.is_empty() {
            let ids: Vec<&str> = self.asked.iter().copied().collect();
            told.push(format!("people have not answered, or too long ago: {}", ids.join(", ")));
        }
        if let Some(list) = list(Status::Accepted) {
            let until = self
                .until
                .map_or_else(String::new, |until| format!("; the first ends on {}", until.strftime("%Y-%m-%d")));
            told.push(format!("does not hold and is accepted: {list}{until}"));
        }
        told.extend(self.said);
        if told.is_empty() {
            told.extend(list(Status::Satisfied).map(|list| format!("holds: {list}")));
            told.extend(list(Status::Inherited).map(|list| format!("the provider's: {list}")));
            told.extend(list(Status::NotApplicable).map(|list| format!("nothing to check: {list}")));
        }
        told
    }
}
