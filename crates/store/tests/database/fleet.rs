//! A fleet of any size whose findings can be turned one by one.

use jiff::{SignedDuration, Timestamp};
use palisade_engine::{
    Concern, Dimension, Effort, Finding, Fingerprint, Layer, Meta, Severity, State, Subject, Verdict,
};
use palisade_model::{
    Cluster, ClusterId, Digest, Evidence, FactKind, Gap, Inventory, Observed, PoolId, Provider, Scope, Unseen,
};
use palisade_testkit::{now, tidy};
use palisade_track::{Print, Rules, Sighting};
use std::{collections::BTreeSet, sync::Arc};

pub(crate) const NAMES: [&str; 8] = ["NP-01", "NP-02", "NP-03", "NP-04", "NP-05", "NP-06", "NP-07", "NP-08"];
const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

static CONTROLS: [Meta; 8] = [
    meta(NAMES[0], SEVERITIES[0]),
    meta(NAMES[1], SEVERITIES[1]),
    meta(NAMES[2], SEVERITIES[2]),
    meta(NAMES[3], SEVERITIES[3]),
    meta(NAMES[4], SEVERITIES[2]),
    meta(NAMES[5], SEVERITIES[2]),
    meta(NAMES[6], SEVERITIES[2]),
    meta(NAMES[7], SEVERITIES[3]),
];

const fn meta(id: &'static str, severity: Severity) -> Meta {
    Meta {
        id,
        name: "pool-open-to-somebody-outside",
        title: "it is good",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity,
        effort: Effort::S,
        needs: &[FactKind::Pools],
        maps: "",
    }
}

/// As long as what a real guide says.
const REMEDIATION: &str = "Put the pool into a subnet whose route table has no way to an internet gateway, and give its \
machines no public address. Existing machines keep theirs until they are replaced: drain them pool by pool, and watch \
the workloads that talk to addresses outside, which go through the network's NAT from then on. Then remove the rule that \
lets in the range from the pool's security group, and look for other pools that use the group before.";

/// A fleet: clusters in accounts, pools in clusters, a finding for every pool and control.
pub(crate) struct Fleet {
    pub(crate) units: Vec<(Scope, Inventory)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) dark: BTreeSet<usize>,
    pub(crate) palisade: &'static str,
}

impl Fleet {
    /// Ten clusters in an account. Everything is good.
    pub(crate) fn of(clusters: usize, pools: usize, controls: usize) -> Self {
        let example = tidy(Provider::Aws);
        let mut units: Vec<(Scope, Inventory)> = Vec::new();
        let mut findings = Vec::new();
        for number in 0..clusters {
            let scope = Scope::new(format!("{:012}/eu-west-1", number / 10));
            let mut cluster = example.clone();
            cluster.id = ClusterId::new(format!("arn:aws:eks:eu-west-1:{:012}:cluster/shop-{number}", number / 10));
            cluster.scope = scope.clone();
            cluster.name = format!("shop-{number}");
            let pool = example.pools.get().unwrap()[0].clone();
            let pools = (0..pools).map(|place| {
                let mut pool = pool.clone();
                pool.id = PoolId::new(format!("{}/nodegroup/pool-{place}", cluster.id));
                pool.name = format!("pool-{place}");
                pool
            });
            cluster.pools = Observed::known(pools.collect(), Vec::new());
            for pool in cluster.pools.get().unwrap() {
                for control in CONTROLS.iter().take(controls) {
                    findings.push(finding(control, &cluster, Subject::pool(pool)));
                }
            }
            match units.last_mut().filter(|(unit, _)| *unit == scope) {
                Some((_, inventory)) => inventory.clusters.push(cluster),
                None => units.push((scope, Inventory { clusters: vec![cluster], unseen: Vec::new() })),
            }
        }
        Self { units, findings, dark: BTreeSet::new(), palisade: "0.1.0" }
    }

    pub(crate) fn set(&mut self, number: usize, state: State) {
        let finding = &mut self.findings[number];
        finding.state = state;
        finding.because = match state {
            State::Fail => {
                "node pool `workers` accepts TCP port 10250 from `203.0.113.0/24` through `sgr-0a1b2c3d4e5f60718`"
            }
            _ => "nobody outside reaches it",
        }
        .into();
        finding.remediation = if state == State::Fail { REMEDIATION } else { "" };
    }

    /// What the answers rest on from now on.
    pub(crate) fn rest_on(&mut self, record: u8) {
        let evidence = grounds(record);
        self.findings.iter_mut().for_each(|finding| finding.evidence = evidence.clone());
    }

    /// What is seen when some accounts are dark.
    pub(crate) fn shown(&self) -> Vec<(Scope, Inventory, Vec<Finding>)> {
        let unit = |(place, (scope, inventory)): (usize, &(Scope, Inventory))| {
            if self.dark.contains(&place) {
                let gap = Gap::Denied {
                    call: "eks:ListClusters".to_owned(),
                    scope: scope.to_string(),
                    permission: "eks:ListClusters".to_owned(),
                };
                let unseen = vec![Unseen { scope: scope.clone(), gap }];
                return (scope.clone(), Inventory { clusters: Vec::new(), unseen }, Vec::new());
            }
            let of_it = self.findings.iter().filter(|finding| finding.scope == *scope).cloned().collect();
            (scope.clone(), inventory.clone(), of_it)
        };
        self.units.iter().enumerate().map(unit).collect()
    }

    pub(crate) fn rules(&self) -> Rules {
        let controls = self.findings.iter().map(|finding| finding.control.id.to_owned()).collect();
        Rules { palisade: self.palisade.to_owned(), controls, policy: Print::default() }
    }
}

/// A run of what is shown.
pub(crate) fn sighting<'a>(
    run: &str,
    schedule: Option<&str>,
    at: Timestamp,
    rules: Rules,
    shown: &'a [(Scope, Inventory, Vec<Finding>)],
) -> Sighting<'a> {
    let mut sighting = Sighting::new(run, schedule, (at - SignedDuration::from_mins(5), at), rules);
    for (scope, inventory, findings) in shown {
        sighting.take(Provider::Aws, inventory, findings, [scope.clone()]);
    }
    sighting
}

pub(crate) fn day(day: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * day)
}

fn grounds(record: u8) -> palisade_engine::Grounds {
    let record = Evidence {
        digest: Digest::from_bytes([record; 32]),
        call: Arc::from("ec2:DescribeSecurityGroupRules"),
        pointer: Arc::from("/securityGroupRules/0"),
    };
    Verdict::pass("").seen_in(&Observed::known((), vec![record])).evidence
}

fn finding(control: &'static Meta, cluster: &Cluster, subject: Subject) -> Finding {
    Finding {
        fingerprint: Fingerprint::of(control.id, &cluster.id, &subject),
        control,
        severity: control.severity,
        base_severity: control.severity,
        modifiers: Vec::new(),
        state: State::Pass,
        waived: false,
        acceptance: None,
        provider: cluster.provider,
        scope: cluster.scope.clone(),
        cluster: cluster.id.clone(),
        cluster_name: cluster.name.as_str().into(),
        subject,
        rolled_up: false,
        because: "nobody outside reaches it".into(),
        brief: None,
        remediation: "",
        evidence: grounds(1),
        gap: None,
    }
}
