//! Whether a plan is on track: done, late, blocked.

use crate::{
    calendar::{Calendar, Quarter},
    initiative::{Initiative, InitiativeId},
    plan_file::{FileItem, PlanFile},
    surroundings::{Owner, Surroundings},
};
use palisade_engine::{Finding, Fingerprint, State};
use palisade_model::{ClusterId, Version};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How an initiative of a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Everything it was to close is closed.
    Done,
    /// Its quarter is over and it is not done.
    Late,
    /// What must come before it is late or will not be done.
    Blocked,
    /// What it was to close was not read in this run. That is no success.
    Unseen,
    /// Its time is still to come, or it is its time now.
    Planned,
}

impl ItemState {
    /// The name used in reports and in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::Blocked => "blocked",
            Self::Unseen => "unseen",
            Self::Planned => "planned",
        }
    }
}

/// How an initiative of a plan stands, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Which.
    pub initiative: InitiativeId,
    /// When it was to be done; `None`: not this year.
    pub quarter: Option<Quarter>,
    /// How it stands.
    pub state: ItemState,
    /// Findings closed, of those it was to close.
    pub closed: usize,
    /// Findings it was to close.
    pub of: usize,
    /// Why it is said to stand so.
    pub because: String,
}

/// What a run says of a finding of the plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Closed,
    Open,
    Unseen,
}

/// How the initiatives of a plan stand after a run: what is in the file, in its order.
pub fn progress(
    file: &PlanFile,
    calendar: &Calendar,
    initiatives: &[Initiative],
    findings: &[Finding],
    surroundings: &[Surroundings],
) -> Vec<Progress> {
    let run = Run::of(findings, surroundings);
    let fates: Vec<(&FileItem, Vec<Fate>)> = file.items.iter().map(|item| (item, run.fates(item))).collect();
    let planned: BTreeMap<&InitiativeId, &FileItem> = file.items.iter().map(|item| (&item.id, item)).collect();
    let open: BTreeMap<&InitiativeId, &Initiative> = initiatives.iter().map(|one| (&one.id, one)).collect();
    let in_the_way = |item: &FileItem| -> Option<String> {
        let firsts = open.get(&item.id)?.requires.iter().filter(|first| open.contains_key(&first.initiative));
        firsts.into_iter().find_map(|first| {
            let said = match planned.get(&first.initiative) {
                Some(first) if first.exclude.is_some() => "is excluded",
                Some(FileItem { quarter: Some(quarter), .. }) if calendar.is_past(*quarter) => "is late",
                Some(FileItem { quarter: None, .. }) | None => "is in no quarter",
                Some(FileItem { quarter: Some(_), .. }) => return None,
            };
            Some(format!("`{}` comes first and {said}: {}", first.initiative, first.because))
        })
    };
    fates.into_iter().map(|(item, fates)| stand(item, &fates, calendar, in_the_way(item))).collect()
}

fn stand(item: &FileItem, fates: &[Fate], calendar: &Calendar, in_the_way: Option<String>) -> Progress {
    let count = |wanted: Fate| fates.iter().filter(|fate| **fate == wanted).count();
    let (closed, open, unseen) = (count(Fate::Closed), count(Fate::Open), count(Fate::Unseen));
    let (state, because) = if open == 0 && unseen == 0 {
        (ItemState::Done, "everything it was to close is closed".to_owned())
    } else if open == 0 {
        (ItemState::Unseen, format!("{unseen} of {} findings were not read in this run", fates.len()))
    } else if let (Some(because), Some(_)) = (in_the_way, item.quarter) {
        (ItemState::Blocked, because)
    } else if let Some(quarter) = item.quarter.filter(|quarter| calendar.is_past(*quarter)) {
        (ItemState::Late, format!("quarter {quarter} is over and {open} of {} findings are open", fates.len()))
    } else {
        (ItemState::Planned, format!("{open} of {} findings are open", fates.len()))
    };
    Progress { initiative: item.id.clone(), quarter: item.quarter, state, closed, of: fates.len(), because }
}

/// What a run saw.
struct Run<'a> {
    answers: BTreeMap<Fingerprint, &'a Finding>,
    /// The (control, account) pairs of which every answer is known: what is missing there is gone.
    complete: BTreeSet<(&'a str, &'a str)>,
    surroundings: &'a [Surroundings],
}

impl<'a> Run<'a> {
    fn of(findings: &'a [Finding], surroundings: &'a [Surroundings]) -> Self {
        let account: BTreeMap<&ClusterId, &str> =
            surroundings.iter().map(|around| (&around.cluster, around.account())).collect();
        let (mut complete, mut incomplete) = (BTreeSet::new(), BTreeSet::new());
        for finding in findings.iter().filter(|finding| !finding.rolled_up) {
            let Some(account) = account.get(&finding.cluster).copied() else { continue };
            let place = (finding.control.id, account);
            if finding.state == State::Unknown {
                incomplete.insert(place)
            } else {
                complete.insert(place)
            };
        }
        Self {
            answers: findings.iter().filter(|one| !one.rolled_up).map(|one| (one.fingerprint, one)).collect(),
            complete: complete.difference(&incomplete).copied().collect(),
            surroundings,
        }
    }

    fn fates(&self, item: &FileItem) -> Vec<Fate> {
        let (kind, rest) = item.id.as_str().split_once('/').unwrap_or_default();
        // From the end: a permission has slashes of its own.
        let mut parts = rest.rsplitn(4, '/');
        let (owner, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let what = parts.nth(1).unwrap_or_default();
        if kind == "upgrade" {
            return vec![self.upgraded(what, account, owner)];
        }
        item.closes
            .iter()
            .map(|print| match self.answers.get(print) {
                Some(finding) if kind == "read" => match finding.state {
                    State::Unknown => Fate::Open,
                    State::Pass
                    | State::Fail
                    | State::NotApplicable
                    | State::Inherited
                    | State::Mitigated
                    | State::AttestMissing
                    | State::AttestExpired => Fate::Closed,
                },
                Some(finding) => fate(finding),
                None if self.complete.contains(&(what, account)) => Fate::Closed,
                None => Fate::Unseen,
            })
            .collect()
    }

    fn upgraded(&self, to: &str, account: &str, owner: &str) -> Fate {
        let owner = Owner::new(owner);
        let mut here = self.surroundings.iter().filter(|one| one.account() == account && one.owner == owner).peekable();
        let Some(to) = Version::parse(to).filter(|_| here.peek().is_some()) else { return Fate::Unseen };
        let versions: Vec<Option<Version>> = here.map(|one| one.version).collect();
        if versions.iter().flatten().any(|version| *version < to) {
            Fate::Open
        } else if versions.contains(&None) {
            Fate::Unseen
        } else {
            Fate::Closed
        }
    }
}

fn fate(finding: &Finding) -> Fate {
    match finding.state {
        State::Pass | State::Inherited | State::NotApplicable => Fate::Closed,
        State::Unknown => Fate::Unseen,
        // Accepted is a decision, and it is made.
        State::Fail | State::Mitigated | State::AttestMissing | State::AttestExpired if finding.waived => Fate::Closed,
        State::Fail | State::Mitigated | State::AttestMissing | State::AttestExpired => Fate::Open,
    }
}
