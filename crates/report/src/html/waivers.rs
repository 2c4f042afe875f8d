//! What was accepted: by whom, why, until when, and which waivers do not do what they were written for.

use super::moment;
use crate::{Report, plain};
use palisade_engine::{Finding, Waiver};
use std::{collections::BTreeMap, fmt::Write as _};

/// Names of clusters that are told.
const NAMES: usize = 12;

/// What the page shows of waivers.
pub(super) struct WaiversView {
    pub(super) holding: Vec<Accepted>,
    pub(super) ended: Vec<Accepted>,
    pub(super) grown: Vec<Grown>,
    pub(super) unused: Vec<Written>,
}

/// One acceptance, and what it is about.
pub(super) struct Accepted {
    pub(super) control: &'static str,
    pub(super) title: &'static str,
    pub(super) owner: String,
    pub(super) approver: String,
    pub(super) reason: String,
    pub(super) until: String,
    pub(super) findings: usize,
    pub(super) clusters: String,
}

/// A waiver that selects more than it was approved for.
pub(super) struct Grown {
    pub(super) waiver: Written,
    pub(super) selects: u64,
    pub(super) approved: u64,
}

/// A waiver as it was written.
pub(super) struct Written {
    pub(super) control: String,
    pub(super) cluster: String,
    pub(super) owner: String,
    pub(super) until: String,
}

impl WaiversView {
    pub(super) fn of(report: &Report) -> Self {
        Self {
            holding: accepted(&report.findings, true),
            ended: accepted(&report.findings, false),
            grown: report
                .grown_waivers
                .iter()
                .map(|one| Grown { waiver: written(&one.waiver), selects: one.selects, approved: one.approved })
                .collect(),
            unused: report.unused_waivers.iter().map(written).collect(),
        }
    }

    /// Whether nobody accepted anything.
    pub(super) fn is_empty(&self) -> bool {
        self.holding.is_empty() && self.ended.is_empty() && self.grown.is_empty() && self.unused.is_empty()
    }
}

/// The acceptances that hold, or those that ended, each once; the next to end first.
fn accepted(findings: &[Finding], holds: bool) -> Vec<Accepted> {
    let mut found: BTreeMap<_, (&Finding, usize, Vec<&str>)> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.waived == holds) {
        let Some(one) = &finding.acceptance else { continue };
        let key = (one.until, finding.control.id, &one.owner, &one.approver, &one.reason);
        let (_, count, clusters) = found.entry(key).or_insert((finding, 0, Vec::new()));
        *count += 1;
        if !clusters.contains(&&*finding.cluster_name) {
            clusters.push(&finding.cluster_name);
        }
    }
    let row =
        |((until, control, owner, approver, reason), (finding, findings, clusters)): (_, (&Finding, _, Vec<&str>))| {
            let (until, control): (jiff::Timestamp, &'static str) = (until, control);
            let (owner, approver, reason): (&String, &String, &String) = (owner, approver, reason);
            let more = clusters.len().saturating_sub(NAMES);
            let mut told = clusters.iter().take(NAMES).map(|name| plain(name)).collect::<Vec<_>>().join(", ");
            if more > 0 {
                // Writing to a string cannot fail.
                let _ = write!(told, " and {more} more");
            }
            Accepted {
                control,
                title: finding.control.title,
                owner: plain(owner),
                approver: plain(approver),
                reason: plain(reason),
                until: moment(until),
                findings,
                clusters: told,
            }
        };
    found.into_iter().map(row).collect()
}

fn written(waiver: &Waiver) -> Written {
    Written {
        control: plain(&waiver.control),
        cluster: plain(&waiver.cluster),
        owner: plain(&waiver.owner),
        until: moment(waiver.until),
    }
}
