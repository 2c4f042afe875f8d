//! An accepted risk: somebody owns it, says why, and it ends.

use crate::{Finding, Fingerprint, State};
use jiff::Timestamp;
use palisade_model::Cluster;
use std::collections::BTreeSet;

/// An accepted risk. It changes how a finding is shown, never its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The control it is about.
    pub control: String,
    /// The cluster's id or name.
    pub cluster: String,
    /// The subject's id or name; `None` for everything the control says of the cluster.
    pub subject: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// Why it is accepted.
    pub reason: String,
    /// When it ends.
    pub until: Timestamp,
    /// For which findings it was approved, if the file lists them: it covers no others, whatever else it selects.
    pub approved: Option<BTreeSet<Fingerprint>>,
    /// For how many findings it was approved, if the file says so: while it selects more that are bad, it covers none,
    /// because nobody can say which of them were meant.
    pub covers: Option<u64>,
}

/// A waiver that selects more than it was approved for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grown {
    /// Which.
    pub waiver: Waiver,
    /// How many bad findings it selects.
    pub selects: u64,
    /// For how many it was approved and still covers any.
    pub approved: u64,
}

/// Who accepted a finding, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// Why it is accepted.
    pub reason: String,
    /// When it ends, or ended.
    pub until: Timestamp,
}

impl Waiver {
    /// Whether it names this control, cluster and subject, the last two by id or by name.
    pub fn names(&self, control: &str, cluster: (&str, &str), subject: (&str, &str)) -> bool {
        self.control == control
            && is_called(cluster, &self.cluster)
            && self.subject.as_deref().is_none_or(|wanted| is_called(subject, wanted))
    }

    /// Whether it names this cluster, by its id or its name.
    pub fn is_for(&self, cluster: &Cluster) -> bool {
        is_called((cluster.id.as_str(), &cluster.name), &self.cluster)
    }

    /// Whether its control, cluster and subject are those of this finding.
    pub fn selects(&self, finding: &Finding) -> bool {
        let Finding { control, cluster, cluster_name, subject, .. } = finding;
        self.names(control.id, (cluster.as_str(), cluster_name), (&subject.id, &subject.name))
    }

    /// Whether it was approved for a finding that it selects.
    pub fn is_approved_for(&self, fingerprint: Fingerprint) -> bool {
        self.approved.as_ref().is_none_or(|approved| approved.contains(&fingerprint))
    }

    /// Whether it is about this finding, expired or not.
    pub fn matches(&self, finding: &Finding) -> bool {
        self.is_approved_for(finding.fingerprint) && self.selects(finding)
    }

    /// Whether it covers this finding now.
    pub fn covers(&self, finding: &Finding, now: Timestamp) -> bool {
        now < self.until && self.matches(finding)
    }

    /// What a finding keeps of it.
    pub(crate) fn acceptance(&self) -> Acceptance {
        Acceptance {
            owner: self.owner.clone(),
            approver: self.approver.clone(),
            reason: self.reason.clone(),
            until: self.until,
        }
    }
}

/// Whether something is what a file means, by its id or by its name.
pub(crate) fn is_called((id, name): (&str, &str), wanted: &str) -> bool {
    wanted == id || wanted == name
}

/// Takes back what waivers gave that select more bad findings than they were approved for by number, and names all that
/// select more than they were approved for. Needs the findings of a whole run, roll-ups before their parts: a name may
/// select clusters in several accounts. `now` is when it was judged.
pub fn hold_to_approval(findings: &mut [Finding], waivers: &[Waiver], now: Timestamp) -> Vec<Grown> {
    let mut approvals = Approvals::new(waivers);
    approvals.take(findings);
    let grown = approvals.grown();
    withdraw(findings, waivers, &grown, now);
    grown
}

/// Counts what waivers select that were approved for a number of findings or for listed ones, over the findings of a run as
/// they come.
#[derive(Clone, Debug)]
pub struct Approvals<'a> {
    limited: Vec<Limited<'a>>,
}

#[derive(Clone, Debug)]
struct Limited<'a> {
    waiver: &'a Waiver,
    selects: u64,
    listed: u64,
}

impl<'a> Approvals<'a> {
    /// Of these waivers. Those that were approved for whatever they select are not counted.
    pub fn new(waivers: &'a [Waiver]) -> Self {
        let limited = waivers.iter().filter(|waiver| waiver.approved.is_some() || waiver.covers.is_some());
        Self { limited: limited.map(|waiver| Limited { waiver, selects: 0, listed: 0 }).collect() }
    }

    /// Whether there is anything to count.
    pub fn is_empty(&self) -> bool {
        self.limited.is_empty()
    }

    /// Counts findings that were not counted before.
    pub fn take(&mut self, findings: &[Finding]) {
        for limited in &mut self.limited {
            for finding in findings.iter().filter(|finding| is_open(finding) && limited.waiver.selects(finding)) {
                limited.selects += 1;
                limited.listed += u64::from(limited.waiver.is_approved_for(finding.fingerprint));
            }
        }
    }

    /// The waivers that select more than they were approved for.
    pub fn grown(&self) -> Vec<Grown> {
        let grown = |Limited { waiver, selects, listed }: &Limited<'_>| {
            let approved = waiver.covers.unwrap_or(*listed);
            (*selects > approved).then(|| Grown { waiver: (*waiver).clone(), selects: *selects, approved })
        };
        self.limited.iter().filter_map(grown).collect()
    }
}

/// Takes back what those of the waivers gave that have grown beyond the number they were approved for. The findings are those
/// of whole clusters, each cluster's together and roll-ups before their parts. `now` is when the run was judged.
pub fn withdraw(findings: &mut [Finding], waivers: &[Waiver], grown: &[Grown], now: Timestamp) {
    let withdrawn: Vec<&Waiver> = grown.iter().map(|one| &one.waiver).filter(|one| one.covers.is_some()).collect();
    if withdrawn.is_empty() {
        return;
    }
    let stays = |finding: &Finding| {
        let about_it = waivers.iter().filter(|waiver| waiver.matches(finding) && !withdrawn.contains(waiver));
        about_it.max_by_key(|waiver| waiver.until)
    };
    // What sums up is approved as long as its parts are: see `waive`.
    let own = |finding: &Finding| {
        let by_itself = |waiver: &&Waiver| !finding.rolled_up || waiver.approved.is_none();
        stays(finding).filter(by_itself).is_some_and(|waiver| waiver.covers(finding, now))
    };
    let mut touched = BTreeSet::new();
    for finding in findings.iter_mut().filter(|finding| withdrawn.iter().any(|waiver| waiver.matches(finding))) {
        finding.waived = own(finding);
        finding.acceptance = stays(finding).map(|waiver| Box::new(waiver.acceptance()));
        touched.insert((finding.cluster.clone(), finding.control.id));
    }
    for at in 0..findings.len() {
        let Some((sum, parts)) = findings.get_mut(at..).and_then(<[Finding]>::split_first_mut) else { continue };
        if !sum.rolled_up || !touched.contains(&(sum.cluster.clone(), sum.control.id)) {
            continue;
        }
        let is_part =
            |part: &&Finding| !part.rolled_up && part.control.id == sum.control.id && part.cluster == sum.cluster;
        let worst: Vec<&Finding> = parts.iter().take_while(is_part).filter(|part| part.state == sum.state).collect();
        let by_parts = worst.iter().all(|part| part.waived);
        sum.waived = own(sum) || by_parts;
        if by_parts {
            sum.acceptance = worst.first().and_then(|part| part.acceptance.clone());
        } else if !sum.waived && sum.acceptance.as_ref().is_some_and(|one| now < one.until) {
            sum.acceptance = None;
        }
    }
}

/// Whether it counts: it is bad, and it is no sum of others.
fn is_open(finding: &Finding) -> bool {
    !finding.rolled_up && matches!(finding.state, State::Fail | State::AttestMissing | State::AttestExpired)
}
