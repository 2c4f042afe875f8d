//! The verdicts, one line for each, and what is different between two such files.

use crate::Broken;
use palisade_engine::{Acceptance, Finding, Fingerprint, digest_of};
use palisade_model::{Digest, Evidence, Provider};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

/// The numbers that the answers of one part of a target have in the ledger. A verdict rests on answers of its own part alone,
/// also where another account has answered the same.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    first: BTreeMap<Digest, BTreeMap<Arc<str>, u64>>,
}

impl Numbers {
    pub(crate) fn take(&mut self, operation: &Arc<str>, digest: Digest, number: u64) {
        self.first.entry(digest).or_default().entry(Arc::clone(operation)).or_insert(number);
    }

    fn of(&self, operation: &str, digest: Digest) -> Option<u64> {
        self.first.get(&digest)?.get(operation).copied()
    }

    /// The calls of the ledger whose answers a verdict rests on, as numbers and ranges: `3,7-9`.
    pub fn calls_of(&self, finding: &Finding) -> String {
        ranges(finding.evidence.records().iter().filter_map(|record| self.of(&record.call, record.digest)).collect())
    }
}

/// The calls of the ledger that verdicts of a run rest on, by their fingerprints.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    of: BTreeMap<Fingerprint, Vec<Box<str>>>,
}

impl Calls {
    /// Takes a verdict, with the numbers of its part. Of a cluster that is in two parts of a run each is taken.
    pub fn take(&mut self, finding: &Finding, numbers: &Numbers) {
        self.of.entry(finding.fingerprint).or_default().push(numbers.calls_of(finding).into());
    }

    /// The calls of a verdict, as numbers and ranges. Nothing of one that was not taken.
    pub fn of(&self, finding: &Finding) -> String {
        self.of.get(&finding.fingerprint).and_then(|all| all.first()).map_or_else(String::new, ToString::to_string)
    }
}

/// A verdict as it stands in the file. Text fields are the clouds' or the users'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerdictLine {
    fingerprint: String,
    pub(crate) control: String,
    name: String,
    pub(crate) provider: Provider,
    pub(crate) scope: String,
    pub(crate) cluster: String,
    pub(crate) cluster_name: String,
    subject: SubjectLine,
    pub(crate) verdict: String,
    severity: String,
    waived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiver: Option<WaiverLine>,
    rolled_up: bool,
    because: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gap: Option<String>,
    /// The calls of the ledger whose answers it rests on: numbers and ranges.
    calls: String,
    /// What it rests on that people said: files of the bundle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    said_in: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectLine {
    kind: String,
    id: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverLine {
    owner: String,
    approver: String,
    reason: String,
    until: String,
}

impl VerdictLine {
    pub(crate) fn of(finding: &Finding, calls: String) -> Self {
        let waiver = finding.acceptance.as_deref().map(|Acceptance { owner, approver, reason, until }| WaiverLine {
            owner: owner.clone(),
            approver: approver.clone(),
            reason: reason.clone(),
            until: until.to_string(),
        });
        let records = finding.evidence.records();
        let said_in: BTreeSet<&str> = records.iter().filter_map(|record| said_in(record)).collect();
        let said_in = said_in.into_iter().map(str::to_owned).collect();
        Self {
            fingerprint: finding.fingerprint.to_string(),
            control: finding.control.id.to_owned(),
            name: finding.control.name.to_owned(),
            provider: finding.provider,
            scope: finding.scope.to_string(),
            cluster: finding.cluster.to_string(),
            cluster_name: finding.cluster_name.to_string(),
            subject: SubjectLine {
                kind: finding.subject.kind.name().to_owned(),
                id: finding.subject.id.to_string(),
                name: finding.subject.name.to_string(),
            },
            verdict: finding.state.name().to_owned(),
            severity: finding.severity.name().to_owned(),
            waived: finding.waived,
            waiver,
            rolled_up: finding.rolled_up,
            because: finding.because.to_string(),
            gap: finding.gap.as_ref().map(ToString::to_string),
            calls,
            said_in,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string(self).map(|text| text + "\n").unwrap_or_default()
    }

    pub(crate) fn read(file: &str, number: u64, text: &str) -> Result<Self, Broken> {
        let broken = |fact: String| Broken::new(file, format!("line {number} {fact}"));
        let line: Self = serde_json::from_str(text).map_err(|error| broken(format!("is no verdict: {error}")))?;
        if line.to_text() == text {
            Ok(line)
        } else {
            Err(broken("is written in another way than verdicts are".to_owned()))
        }
    }
}

/// Where in a bundle that stands which people said.
fn said_in(record: &Evidence) -> Option<&'static str> {
    // Silence is the record of an empty text: there is no file to look into.
    let is_silence = record.digest == digest_of("");
    match &*record.call {
        palisade_engine::ANSWERS | palisade_engine::WAIVERS if is_silence => None,
        palisade_engine::ANSWERS => Some(crate::write::ANSWERS),
        palisade_engine::WAIVERS => Some(crate::write::POLICY),
        _ => None,
    }
}

/// Numbers in few characters: `3,7-9`.
fn ranges(mut numbers: Vec<u64>) -> String {
    numbers.sort_unstable();
    numbers.dedup();
    let mut text = String::new();
    for chunk in numbers.chunk_by(|a, b| a + 1 == *b) {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = match chunk {
            [] => Ok(()),
            [one] => write!(text, "{comma}{one}"),
            [first, .., last] => write!(text, "{comma}{first}-{last}"),
        };
    }
    text
}

/// The verdicts of a run as they stand in a bundle, a line for each, in the order of the findings.
pub fn verdict_lines<'a>(findings: &'a [Finding], calls: &'a Calls) -> impl Iterator<Item = String> + 'a {
    // Of those that came twice, how often they were written.
    let mut written: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    findings.iter().map(move |finding| {
        let of = match calls.of.get(&finding.fingerprint).map(Vec::as_slice) {
            None | Some([]) => None,
            Some([one]) => Some(one),
            Some(several) => {
                let place = written.entry(finding.fingerprint).or_default();
                *place += 1;
                several.get(*place - 1)
            }
        };
        VerdictLine::of(finding, of.map_or_else(String::new, ToString::to_string)).to_text()
    })
}

/// A verdict that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The control.
    pub control: String,
    /// The cluster. Text from a cloud.
    pub cluster: String,
    /// What it is about. Text from a cloud.
    pub subject: String,
    /// The verdict, severity and reason before; `None` when there was none.
    pub before: Option<(String, String, String)>,
    /// The same now.
    pub after: Option<(String, String, String)>,
}

/// What is different between the verdicts of a bundle and other ones, in the order of fingerprints.
pub fn differences(before: &str, after: &str) -> Result<Vec<Difference>, Broken> {
    let read = |name: &str, text: &str| -> Result<BTreeMap<String, VerdictLine>, Broken> {
        let lines = (1..).zip(text.split_inclusive('\n'));
        lines
            .map(|(number, line)| VerdictLine::read(name, number, line).map(|line| (line.fingerprint.clone(), line)))
            .collect()
    };
    let mut before = read(crate::VERDICTS, before)?;
    let mut after = read("the new verdicts", after)?;
    let prints: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let said = |line: &VerdictLine| (line.verdict.clone(), line.severity.clone(), line.because.clone());
    let mut found = Vec::new();
    for print in prints {
        let (was, is) = (before.remove(&print), after.remove(&print));
        if was == is {
            continue;
        }
        let Some(one) = was.as_ref().or(is.as_ref()) else { continue };
        found.push(Difference {
            control: one.control.clone(),
            cluster: one.cluster_name.clone(),
            subject: one.subject.name.clone(),
            before: was.as_ref().map(said),
            after: is.as_ref().map(said),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        for (numbers, text) in [(vec![], ""), (vec![4], "4"), (vec![9, 3, 8, 7, 3], "3,7-9"), (vec![1, 2], "1-2")] {
            assert_eq!(ranges(numbers), text);
        }
    }
}
