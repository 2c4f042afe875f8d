//! What is exported.

use crate::{Earlier, Hub, OcsfVersion};
use palisade_engine::{Entry, Finding, Fingerprint, Mapping, Meta, Policy, mappings};
use palisade_report::{Outlook, Report};
use std::{collections::BTreeMap, fmt};

/// The bundle of evidence that an export belongs to.
#[derive(Clone, Copy)]
pub struct Bundled<'a> {
    /// What leads from OSCAL's files to the bundle's folder: `../../` inside it. Empty for an export that stands elsewhere, whose
    /// links are then read as if they stood in the bundle's folder.
    pub base: &'a str,
    /// The SHA-256 of its manifest, where it is known: inside the bundle it cannot be.
    pub manifest_sha256: Option<&'a str>,
    /// Whether its answers are closed with the key of a period: then links lead to what is closed, which has another digest.
    pub closed: bool,
    /// The calls of its ledger that a finding rests on, as numbers and ranges.
    pub calls: Option<&'a dyn Fn(&Finding) -> String>,
}

impl fmt::Debug for Bundled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundled")
            .field("base", &self.base)
            .field("manifest_sha256", &self.manifest_sha256)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// A framework of a user's own.
#[derive(Clone, Debug)]
pub struct OwnFramework {
    /// Its id.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// Its requirements that controls speak to.
    pub requirements: Vec<OwnRequirement>,
}

/// A requirement of a user's own framework.
#[derive(Clone, Debug)]
pub struct OwnRequirement {
    /// Its id.
    pub id: String,
    /// The controls that speak to it.
    pub controls: Vec<&'static Meta>,
}

/// One run, and what its forms need to know besides.
#[derive(Debug)]
pub struct Record<'a> {
    pub(crate) report: &'a Report,
    pub(crate) controls: &'a [Entry],
    pub(crate) policy: &'a Policy,
    pub(crate) outlook: Option<&'a Outlook>,
    pub(crate) bundle: Option<Bundled<'a>>,
    pub(crate) ocsf: OcsfVersion,
    pub(crate) hub: Option<Hub>,
    pub(crate) since: Option<&'a Earlier<'a>>,
    pub(crate) frameworks: &'a [OwnFramework],
    /// Of the findings whose fingerprint came before: how often, by their places.
    again: BTreeMap<usize, u32>,
    /// The requirements that each control speaks to: read once and not for each of its verdicts.
    maps: BTreeMap<&'static str, Vec<Mapping>>,
}

impl<'a> Record<'a> {
    /// Of a report, the controls it was judged by, and the policy.
    pub fn new(report: &'a Report, controls: &'a [Entry], policy: &'a Policy) -> Self {
        let mut prints: Vec<(Fingerprint, usize)> =
            report.findings.iter().enumerate().map(|(place, finding)| (finding.fingerprint, place)).collect();
        prints.sort_unstable();
        let mut again = BTreeMap::new();
        for same in prints.chunk_by(|a, b| a.0 == b.0) {
            again.extend((1..).zip(same.iter().skip(1)).map(|(times, (_, place))| (*place, times)));
        }
        let maps = controls.iter().map(|entry| (entry.meta.id, mappings(entry.meta))).collect();
        Self {
            report,
            controls,
            policy,
            outlook: None,
            bundle: None,
            ocsf: OcsfVersion::default(),
            hub: None,
            since: None,
            frameworks: &[],
            again,
            maps,
        }
    }

    /// With the plan: OSCAL's plan of action is made of it.
    #[must_use]
    pub fn with_outlook(self, outlook: &'a Outlook) -> Self {
        Self { outlook: Some(outlook), ..self }
    }

    /// With links to the answers in a bundle of evidence.
    #[must_use]
    pub fn in_bundle(self, bundle: Bundled<'a>) -> Self {
        Self { bundle: Some(bundle), ..self }
    }

    /// With what OCSF's events say of their version.
    #[must_use]
    pub fn as_ocsf(self, version: OcsfVersion) -> Self {
        Self { ocsf: version, ..self }
    }

    /// With frameworks of a user's own, which OSCAL's component definition then maps our checks to.
    #[must_use]
    pub fn with_frameworks(self, frameworks: &'a [OwnFramework]) -> Self {
        Self { frameworks, ..self }
    }

    /// With what an earlier run said: OCSF's events tell what became of each verdict since.
    #[must_use]
    pub fn since(self, earlier: &'a Earlier<'a>) -> Self {
        Self { since: Some(earlier), ..self }
    }

    /// With the AWS account and region whose Security Hub takes everything.
    #[must_use]
    pub fn to_hub(self, hub: Hub) -> Self {
        Self { hub: Some(hub), ..self }
    }

    /// The verdicts, without those that sum up others, each with a name that no other one of the run has: its fingerprint, and
    /// a number where a cluster was judged twice.
    pub(crate) fn verdicts(&self) -> impl Iterator<Item = (usize, &'a Finding)> {
        self.report.findings.iter().enumerate().filter(|(_, finding)| !finding.rolled_up)
    }

    /// The requirements that a control speaks to.
    pub(crate) fn mappings(&self, meta: &Meta) -> &[Mapping] {
        self.maps.get(meta.id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The name of the finding at a place.
    pub(crate) fn name(&self, place: usize, finding: &Finding) -> String {
        match self.again.get(&place) {
            None => finding.fingerprint.to_string(),
            Some(times) => format!("{}-{times}", finding.fingerprint),
        }
    }
}
