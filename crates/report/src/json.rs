//! Everything, as `palisade.evaluation/v1`.

mod answers;
mod calls;
mod controls;

use crate::lines::Lines;
use crate::{ApiRow, ClusterRow, Gate, IdentityRow, NodeRows, PacketRow, Report, ToldRow};
use palisade_authority::{Certainty, Node, Standing};
use palisade_engine::{Finding, GapRow};
use palisade_reach::Family;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::{
    collections::BTreeSet,
    io::{self, Write},
};

/// The name of the schema; a new one when something is taken away or changes its meaning.
const SCHEMA: &str = "palisade.evaluation/v1";

pub(crate) fn json(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let mut to = io::BufWriter::new(to);
    Evaluation::of(report).serialize(&mut serde_json::Serializer::with_formatter(&mut to, Lines::default()))?;
    to.write_all(b"\n")?;
    to.flush()
}

/// The JSON Schema of the form, as published in `docs/reference/`.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Evaluation<'static>).to_value()
}

/// What one run has to say about the clusters it read.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "palisade.evaluation/v1")]
struct Evaluation<'a> {
    /// Always `palisade.evaluation/v1`.
    schema: &'static str,
    /// Which run it was.
    run: Run<'a>,
    /// How much was seen.
    coverage: Coverage<'a>,
    /// The clusters, in the order of provider, scope and id.
    #[schemars(with = "Vec<Cluster<'static>>")]
    clusters: Lazy<'a, ClusterRow>,
    /// The controls that findings name, with the requirements they speak to.
    controls: Vec<controls::ControlJson>,
    /// The findings, in the order of clusters, then controls.
    #[schemars(with = "Vec<FindingJson<'static>>")]
    findings: Lazy<'a, Finding>,
    /// The calls that failed, those that hide most first.
    #[schemars(with = "Vec<Gap<'static>>")]
    gaps: Lazy<'a, GapRow>,
    /// What was asked of the clouds.
    calls: calls::Asked<'a>,
    /// Waivers that match nothing that was found: mistyped, or about something that is gone.
    unused_waivers: Vec<WaiverJson<'a>>,
    /// Waivers that select more bad findings than they were approved for; the rest is not waived.
    grown_waivers: Vec<GrownWaiver<'a>>,
    /// What people were asked that no API tells, and what they said.
    answers: answers::AnswersJson<'a>,
    /// The files that it was judged by, beside the answers of the clouds.
    parameters: answers::ParametersJson,
}

/// A waiver that selects more than it was approved for.
#[derive(Serialize, JsonSchema)]
struct GrownWaiver<'a> {
    /// The waiver.
    #[serde(flatten)]
    waiver: WaiverJson<'a>,
    /// How many bad findings it selects.
    selects: u64,
    /// For how many it was approved.
    approved: u64,
}

/// A waiver, as its file says it.
#[derive(Serialize, JsonSchema)]
struct WaiverJson<'a> {
    /// The control it names.
    control: &'a str,
    /// The cluster it names.
    cluster: &'a str,
    /// The subject it names, if it does.
    subject: Option<&'a str>,
    /// Who answers for it.
    owner: &'a str,
    /// When it ends or ended, RFC 3339.
    until: String,
}

/// Which run it was.
#[derive(Serialize, JsonSchema)]
struct Run<'a> {
    /// Made from the answers that were read, so that a replay has the same.
    id: &'a str,
    /// When the first call was made, RFC 3339.
    started_at: String,
    /// When the last answer was there, RFC 3339. Judgements use this moment as now.
    finished_at: String,
    /// The version of the program that judged.
    palisade: &'a str,
}

/// How much was seen.
#[derive(Serialize, JsonSchema)]
struct Coverage<'a> {
    /// Facts that are known.
    facts_known: u64,
    /// Facts that there are. A scope nobody could look at counts as one.
    facts_total: u64,
    /// `facts_known` / `facts_total`, rounded down to four digits; 1 when there was nothing to know.
    ratio: f64,
    /// Where an inventory of the cloud told which places hold clusters: a cluster that it does not know was not seen.
    told: Vec<Told<'a>>,
}

/// What an inventory of a cloud told of where clusters are.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Told<'a> {
    /// The target, as it is configured.
    target: &'a str,
    /// What told it, for people.
    by: &'a str,
    /// When it was asked, RFC 3339. It knows what it has recorded by then.
    at: String,
    /// How many places it named.
    places: usize,
    /// How many other places were looked at all the same; 0 without `cross_checked`: of other places nothing is known.
    checked: usize,
    /// `true` when every place was asked all the same, so that `checked` counts every other one that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_checked: Option<bool>,
    /// Places that hold clusters and that it did not name.
    missed: &'a [String],
}

/// One cluster.
#[derive(Serialize, JsonSchema)]
struct Cluster<'a> {
    /// The provider's own name of it.
    id: &'a str,
    /// `aws`, `azure`, `gcp` or `kubernetes`.
    provider: &'static str,
    /// The account and region, subscription or project.
    scope: &'a str,
    /// Its region or zone.
    location: &'a str,
    /// As people know it. Text from the cloud: escape it where it is shown.
    name: &'a str,
    /// Who can reach it.
    exposure: Exposure<'a>,
    /// Who it is towards the cloud's API.
    identities: Vec<Identity<'a>>,
}

/// Who can reach a cluster.
#[derive(Serialize, JsonSchema)]
struct Exposure<'a> {
    /// Ways to the API server.
    api: Vec<Api<'a>>,
    /// Ways to its machines.
    nodes: Vec<Machine<'a>>,
}

/// A way to the API server.
#[derive(Serialize, JsonSchema)]
struct Api<'a> {
    #[serde(flatten)]
    packets: Packets<'a>,
    /// `none`: the API server's own authentication stands alone. `iam`: the provider's IAM decides first.
    gate: &'static str,
}

/// Sources that get through to one range of ports.
#[derive(Serialize, JsonSchema)]
struct Packets<'a> {
    /// `ipv4` or `ipv6`.
    family: &'static str,
    /// `tcp`, `udp`, another name or `protocol N`; `any` for all; `portless` for all without ports.
    protocol: &'a str,
    /// A port or `FIRST-LAST`; for ICMP type x 256 + code.
    ports: &'a str,
    /// Ranges that certainly get through.
    lower: &'a [String],
    /// Ranges outside of which nothing gets through. Equal to `lower` when the answer is exact.
    upper: &'a [String],
    /// How many addresses `upper` holds, as decimal text.
    addresses: String,
    /// Whether `lower` is every address outside the network.
    any: bool,
}

/// A way to a machine.
#[derive(Serialize, JsonSchema)]
struct Machine<'a> {
    /// The pool's name.
    pool: &'a str,
    /// The provider's id of the machine.
    node: &'a str,
    #[serde(flatten)]
    packets: Packets<'a>,
    /// The rules that let them in, of every layer.
    via: &'a [String],
    /// What is not modelled and widened the bounds.
    limits: &'a [String],
}

/// Who a cluster is towards the cloud's API.
#[derive(Serialize, JsonSchema)]
struct Identity<'a> {
    /// The provider's id.
    id: &'a str,
    /// `control-plane`, `node`, `workload` or `controller`.
    kind: &'static str,
    /// What it certainly may do, in the neutral vocabulary, and `administrator`.
    capabilities: Vec<&'static str>,
    /// What it may do if something holds that cannot be known.
    conditional: Vec<Conditional<'a>>,
    /// Whom it can become, and `administrator` or `cluster-admin` where a path ends there.
    escalates_to: Vec<&'a str>,
    /// How, hop by hop.
    path: Vec<String>,
}

/// A capability that hangs on something.
#[derive(Serialize, JsonSchema)]
struct Conditional<'a> {
    /// The capability.
    capability: &'static str,
    /// The condition keys or unread documents it hangs on.
    #[schemars(with = "Vec<String>")]
    on: &'a BTreeSet<String>,
}

/// One verdict for one subject.
#[derive(Serialize, JsonSchema)]
struct FindingJson<'a> {
    /// The same subject and control have the same one in every run.
    fingerprint: String,
    /// The control's id, for example `CP-01`.
    control: &'static str,
    /// The control's name: the bad state.
    name: &'static str,
    /// Which of the five concerns, or `none`.
    concern: &'static str,
    /// Which of the four layers.
    layer: &'static str,
    /// Which of the eight dimensions.
    dimension: &'static str,
    /// `info`, `low`, `medium`, `high` or `critical`, everything considered.
    severity: &'static str,
    /// The same before the modifiers: what the control or its verdict says by itself.
    base_severity: &'static str,
    /// What made `base_severity` into `severity`, in the order of application. One step up for controls of nodes and
    /// identities where the API server answers the internet (CP-01 fails), and for controls of availability where the
    /// labels name production; one step down for what is mitigated; or the policy's own word.
    severity_because: Vec<&'static str>,
    /// `pass`, `fail`, `unknown`, `not-applicable`, `inherited`, `mitigated`, `attest-missing` or `attest-expired`.
    verdict: &'static str,
    /// Whether a valid waiver covers it. The verdict stays what it is.
    waived: bool,
    /// The waiver that covers it, or the last one that did before it ended.
    waiver: Option<Acceptance<'a>>,
    /// Whether it sums up findings of the cluster's parts.
    rolled_up: bool,
    /// What it is about.
    subject: Subject<'a>,
    /// The reason with its value.
    because: &'a str,
    /// What to do; empty when there is nothing to do.
    remediation: &'a str,
    /// The records it rests on.
    evidence: Vec<Evidence<'a>>,
    /// What was not known, when the verdict is `unknown`.
    gap: Option<FindingGap<'a>>,
}

/// Who accepted a finding.
#[derive(Serialize, JsonSchema)]
struct Acceptance<'a> {
    /// Who answers for it.
    owner: &'a str,
    /// Who approved it.
    approver: &'a str,
    /// Why.
    reason: &'a str,
    /// When it ends or ended, RFC 3339.
    until: String,
}

/// What a finding is about.
#[derive(Serialize, JsonSchema)]
struct Subject<'a> {
    /// Who runs the cluster.
    provider: &'static str,
    /// Where it lives.
    scope: &'a str,
    /// The cluster's id.
    cluster: &'a str,
    /// `cluster`, `node-pool`, `identity`, `trust` or `controller`.
    kind: &'static str,
    /// Stable when machines are replaced.
    id: &'a str,
    /// As people know it.
    name: &'a str,
}

/// One place in one stored answer.
#[derive(Serialize, JsonSchema)]
struct Evidence<'a> {
    /// `sha256:` and the digest of the stored body.
    digest: String,
    /// The call that was answered.
    call: &'a str,
    /// A JSON pointer into the body; empty for the whole.
    pointer: &'a str,
}

/// Why something was not known.
#[derive(Serialize, JsonSchema)]
struct FindingGap<'a> {
    /// `denied`, `throttled`, `unreachable`, `malformed`, `unsupported` or `not-collected`.
    reason: &'static str,
    /// The call that failed, if one did.
    call: Option<&'a str>,
    /// The permission that would close it, if one would.
    permission: Option<&'a str>,
    /// The whole in a sentence.
    text: String,
}

/// A call that failed.
#[derive(Serialize, JsonSchema)]
struct Gap<'a> {
    /// Where it was asked.
    scope: &'a str,
    /// The call.
    call: &'a str,
    /// `denied`, `throttled`, `unreachable`, `malformed`, `unsupported` or `not-collected`.
    reason: &'static str,
    /// The permission that would close it, if one would.
    permission: Option<&'a str>,
    /// The controls that cannot be answered without it.
    hides: &'a [&'static str],
    /// How many times it failed there.
    times: usize,
    /// The provider's own words. Text from the cloud.
    message: &'a str,
}

/// A list that is turned into its form one by one, so that a fleet is never held twice.
struct Lazy<'a, T>(&'a [T]);

impl Serialize for Lazy<'_, ClusterRow> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Cluster::of))
    }
}

impl Serialize for Lazy<'_, Finding> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(FindingJson::of))
    }
}

impl Serialize for Lazy<'_, GapRow> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Gap::of))
    }
}

impl<'a> Evaluation<'a> {
    fn of(report: &'a Report) -> Self {
        Self {
            schema: SCHEMA,
            run: Run {
                id: &report.run.id,
                started_at: report.run.started_at.to_string(),
                finished_at: report.run.finished_at.to_string(),
                palisade: report.run.palisade,
            },
            coverage: Coverage {
                facts_known: report.coverage.known,
                facts_total: report.coverage.total,
                ratio: (report.coverage.ratio() * 10_000.0).floor() / 10_000.0,
                told: report.told.iter().map(Told::of).collect(),
            },
            clusters: Lazy(&report.clusters),
            controls: controls::of(report),
            findings: Lazy(&report.findings),
            gaps: Lazy(&report.gaps),
            calls: calls::Asked::of(report),
            unused_waivers: report.unused_waivers.iter().map(WaiverJson::of).collect(),
            grown_waivers: report.grown_waivers.iter().map(GrownWaiver::of).collect(),
            answers: answers::AnswersJson::of(&report.answers),
            parameters: answers::ParametersJson::of(report),
        }
    }
}

impl<'a> Told<'a> {
    pub(crate) fn of(row: &'a ToldRow) -> Self {
        let ToldRow { target, by, at, places, checked, cross_checked, missed } = row;
        let cross_checked = cross_checked.then_some(true);
        Self { target, by, at: at.to_string(), places: *places, checked: *checked, cross_checked, missed }
    }
}

impl<'a> WaiverJson<'a> {
    fn of(waiver: &'a palisade_engine::Waiver) -> Self {
        Self {
            control: &waiver.control,
            cluster: &waiver.cluster,
            subject: waiver.subject.as_deref(),
            owner: &waiver.owner,
            until: waiver.until.to_string(),
        }
    }
}

impl<'a> GrownWaiver<'a> {
    fn of(grown: &'a palisade_engine::Grown) -> Self {
        Self { waiver: WaiverJson::of(&grown.waiver), selects: grown.selects, approved: grown.approved }
    }
}

impl<'a> Cluster<'a> {
    fn of(row: &'a ClusterRow) -> Self {
        Self {
            id: &row.id,
            provider: row.provider.name(),
            scope: &row.scope,
            location: &row.location,
            name: &row.name,
            exposure: Exposure {
                api: row.api.iter().map(Api::of).collect(),
                nodes: row.nodes.iter().flat_map(Machine::each).collect(),
            },
            identities: row.identities.iter().map(Identity::of).collect(),
        }
    }
}

impl<'a> Api<'a> {
    fn of(row: &'a ApiRow) -> Self {
        let gate = match row.gate {
            Gate::None => "none",
            Gate::Iam => "iam",
        };
        Self { packets: Packets::of(&row.packets), gate }
    }
}

impl<'a> Packets<'a> {
    fn of(row: &'a PacketRow) -> Self {
        Self {
            family: match row.family {
                Family::V4 => "ipv4",
                Family::V6 => "ipv6",
            },
            protocol: &row.protocol,
            ports: &row.ports,
            lower: &row.lower,
            upper: &row.upper,
            addresses: row.addresses.to_string(),
            any: row.any,
        }
    }
}

impl<'a> Machine<'a> {
    fn each(rows: &'a NodeRows) -> impl Iterator<Item = Self> {
        rows.nodes.iter().flat_map(move |node| {
            rows.packets.iter().map(move |packets| Self {
                pool: &rows.pool,
                node,
                packets: Packets::of(packets),
                via: &rows.via,
                limits: &rows.limits,
            })
        })
    }
}

impl<'a> Identity<'a> {
    fn of(row: &'a IdentityRow) -> Self {
        let standing = row.standing.as_deref();
        let mut capabilities = Vec::new();
        let mut conditional = Vec::new();
        for (capability, certainty) in standing.into_iter().flat_map(capabilities_of) {
            match certainty {
                Certainty::Certain if capabilities.contains(&capability) => (),
                Certainty::Certain => capabilities.push(capability),
                Certainty::Conditional(on) => conditional.push(Conditional { capability, on }),
            }
        }
        let way = standing.and_then(|standing| standing.escalation.as_deref());
        Self {
            id: row.id.as_str(),
            kind: row.kind,
            capabilities,
            conditional,
            escalates_to: way.into_iter().flatten().map(|hop| end(&hop.to)).collect(),
            path: way.map(palisade_authority::explain).unwrap_or_default(),
        }
    }
}

/// What an identity may do, the administrator's right first, and how sure that is.
fn capabilities_of(standing: &Standing) -> impl Iterator<Item = (&'static str, &Certainty)> {
    let administrator = standing.administrator.iter().map(|(certainty, _)| ("administrator", certainty));
    administrator.chain(standing.held.iter().map(|held| (held.capability.name(), &held.certainty)))
}

fn end(node: &Node) -> &str {
    match node {
        Node::Identity(identity) => identity.as_str(),
        Node::Administrator => "administrator",
        Node::ClusterAdmin => "cluster-admin",
    }
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding) -> Self {
        let meta = finding.control;
        Self {
            fingerprint: finding.fingerprint.to_string(),
            control: meta.id,
            name: meta.name,
            concern: meta.concern.name(),
            layer: meta.layer.name(),
            dimension: meta.dimension.name(),
            severity: finding.severity.name(),
            base_severity: finding.base_severity.name(),
            severity_because: finding.modifiers.iter().map(|modifier| modifier.reason()).collect(),
            verdict: finding.state.name(),
            waived: finding.waived,
            waiver: finding.acceptance.as_ref().map(|one| Acceptance {
                owner: &one.owner,
                approver: &one.approver,
                reason: &one.reason,
                until: one.until.to_string(),
            }),
            rolled_up: finding.rolled_up,
            subject: Subject {
                provider: finding.provider.name(),
                scope: finding.scope.as_str(),
                cluster: finding.cluster.as_str(),
                kind: finding.subject.kind.name(),
                id: &finding.subject.id,
                name: &finding.subject.name,
            },
            because: &finding.because,
            remediation: finding.remediation,
            evidence: finding
                .evidence
                .records()
                .into_iter()
                .map(|evidence| Evidence {
                    digest: evidence.digest.to_string(),
                    call: &evidence.call,
                    pointer: &evidence.pointer,
                })
                .collect(),
            gap: finding.gap.as_ref().map(|gap| FindingGap {
                reason: gap.reason().name(),
                call: gap.call(),
                permission: gap.permission(),
                text: gap.to_string(),
            }),
        }
    }
}

impl<'a> Gap<'a> {
    fn of(row: &'a GapRow) -> Self {
        Self {
            scope: &row.scope,
            call: &row.call,
            reason: row.reason.name(),
            permission: row.permission.as_deref(),
            hides: &row.hides,
            times: row.times,
            message: &row.message,
        }
    }
}
