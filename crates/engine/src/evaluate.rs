//! Runs controls over clusters.

use crate::{
    Concern, Context, Coverage, Dimension, Entry, Finding, Grounds, Judgement, Modifier, Policy, Severity, State,
    Subject, SubjectKind, Verdict, environments, fingerprint::Fingerprints, remediation,
};
use palisade_model::{Cluster, Inventory};
use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

/// The control whose failure means that the internet knocks at the API server.
const EXPOSED: &str = "CP-01";

/// What the controls say of one cluster.
#[derive(Clone, Debug)]
pub struct Judged {
    /// In the order of the registry, roll-ups before their parts.
    pub findings: Vec<Finding>,
    /// How much of the cluster was seen.
    pub coverage: Coverage,
}

/// Runs controls over one cluster.
pub fn evaluate(cluster: &Cluster, controls: &[Entry], context: &Context<'_>) -> Judged {
    let judged: Vec<(&Entry, Vec<Judgement>)> =
        controls.iter().map(|control| (control, (control.judge)(cluster, context))).collect();
    let exposed = judged.iter().any(|(control, judgements)| {
        control.meta.id == EXPOSED
            && judgements.iter().any(|judgement| judgement.verdict.as_ref().is_ok_and(|v| v.state == State::Fail))
    });
    let surroundings = Surroundings { exposed, production: is_production(cluster, context.policy) };
    let mut names = Names::default();
    let cluster_name = names.shared(cluster.name.as_str().into());
    let mut findings = Vec::with_capacity(judged.iter().map(|(_, judgements)| judgements.len() + 1).sum());
    for (control, judgements) in judged {
        let asking = Asking {
            cluster,
            cluster_name: &cluster_name,
            control,
            context,
            surroundings,
            fingerprints: Fingerprints::of(control.meta.id, &cluster.id),
            remediation: OnceCell::new(),
        };
        let first = findings.len();
        findings.extend(judgements.into_iter().map(|judgement| asking.finding(judgement, &mut names)));
        let parts = findings.get(first..).unwrap_or_default();
        if let Some(sum) = asking.roll_up(parts, &mut names) {
            findings.insert(first, sum);
        }
    }
    Judged { findings, coverage: cluster_coverage(cluster) }
}

/// How much of an inventory was seen. A place nobody could look at counts as one missing fact.
pub fn coverage(inventory: &Inventory) -> Coverage {
    let unseen = Coverage { known: 0, total: inventory.unseen.len() as u64 };
    inventory.clusters.iter().map(cluster_coverage).fold(unseen, Coverage::and)
}

fn cluster_coverage(cluster: &Cluster) -> Coverage {
    let facts = cluster.facts();
    let known = facts.iter().filter(|fact| fact.gap.is_none()).count() as u64;
    Coverage { known, total: facts.len() as u64 }
}

/// The names met in one cluster, each kept once: dozens of findings are about the same thing.
#[derive(Default)]
struct Names(BTreeSet<Arc<str>>);

impl Names {
    fn shared(&mut self, name: Arc<str>) -> Arc<str> {
        if let Some(known) = self.0.get(&name) {
            return Arc::clone(known);
        }
        self.0.insert(Arc::clone(&name));
        name
    }

    fn of(&mut self, subject: Subject) -> Subject {
        Subject { kind: subject.kind, id: self.shared(subject.id), name: self.shared(subject.name) }
    }
}

#[derive(Clone, Copy)]
struct Surroundings {
    exposed: bool,
    production: bool,
}

/// One control and one cluster, with what all findings of the two have in common.
struct Asking<'a> {
    cluster: &'a Cluster,
    cluster_name: &'a Arc<str>,
    control: &'a Entry,
    context: &'a Context<'a>,
    surroundings: Surroundings,
    fingerprints: Fingerprints,
    /// Looked up in the guide when something is to be done.
    remediation: OnceCell<&'static str>,
}

impl Asking<'_> {
    fn finding(&self, judgement: Judgement, names: &mut Names) -> Finding {
        let Self { cluster, control, context, surroundings, .. } = *self;
        let Judgement { subject, verdict } = judgement;
        let subject = names.of(subject);
        let (verdict, gap) = match verdict {
            Ok(verdict) => (verdict, None),
            Err(gap) => (
                Verdict {
                    state: State::Unknown,
                    because: gap.to_string(),
                    severity: None,
                    evidence: Grounds::default(),
                    brief: None,
                },
                Some(gap),
            ),
        };
        let base_severity = verdict.severity.unwrap_or(control.meta.severity);
        let (severity, modifiers) = severity(control, &verdict, base_severity, context, surroundings);
        let remediation = match verdict.state {
            State::Fail | State::Mitigated | State::AttestMissing | State::AttestExpired => {
                self.remediation.get_or_init(|| remediation(control.guide, cluster.provider))
            }
            State::Pass | State::NotApplicable | State::Inherited | State::Unknown => "",
        };
        waive(
            Finding {
                fingerprint: self.fingerprints.about(&subject),
                control: control.meta,
                severity,
                base_severity,
                modifiers,
                state: verdict.state,
                waived: false,
                acceptance: None,
                provider: cluster.provider,
                scope: cluster.scope.clone(),
                cluster: cluster.id.clone(),
                cluster_name: Arc::clone(self.cluster_name),
                subject,
                rolled_up: false,
                because: verdict.because.into(),
                brief: verdict.brief.map(Into::into),
                remediation,
                evidence: verdict.evidence,
                gap: gap.map(Box::new),
            },
            context,
        )
    }

    /// Sums up the parts of a cluster: the worst wins, and among equals what nobody has accepted. `None` when the only
    /// finding is the cluster's own.
    fn roll_up(&self, parts: &[Finding], names: &mut Names) -> Option<Finding> {
        let Self { cluster, context, .. } = *self;
        let worst = parts
            .iter()
            .max_by_key(|part| (part.state, !part.waived, part.severity, std::cmp::Reverse(&part.subject.id)))?;
        if parts.iter().all(|part| part.subject.kind == SubjectKind::Cluster) {
            return None;
        }
        let alike = parts.iter().filter(|part| part.state == worst.state).count();
        let (because, brief) = match (parts.len(), worst.state) {
            (1, _) => (worst.because.clone(), worst.brief.clone()),
            (all, state) => {
                let noun = worst.subject.kind.several();
                let told = worst.brief.as_ref().unwrap_or(&worst.because);
                (
                    format!(
                        "{alike} of {all} {noun}: {state}; the worst is `{}`: {}",
                        worst.subject.name, worst.because
                    )
                    .into(),
                    Some(format!("{alike} of {all} {noun}: {told}").into()),
                )
            }
        };
        let subject = names.of(Subject::cluster(cluster));
        let alike = parts.iter().filter(|part| part.state == worst.state);
        let evidence = Grounds::together(alike.map(|part| &part.evidence));
        Some(waive(
            Finding {
                fingerprint: self.fingerprints.about(&subject),
                subject,
                rolled_up: true,
                because,
                brief,
                waived: parts.iter().filter(|part| part.state == worst.state).all(|part| part.waived),
                evidence,
                ..worst.clone()
            },
            context,
        ))
    }
}

/// The severity here, and what made it so: the organisation's own word, or the base changed by the published modifiers.
fn severity(
    control: &Entry,
    verdict: &Verdict,
    base: Severity,
    context: &Context<'_>,
    surroundings: Surroundings,
) -> (Severity, Vec<Modifier>) {
    if let Some(own) = context.policy.severities.get(control.meta.id) {
        return (*own, vec![Modifier::Policy]);
    }
    let about_nodes_or_identities = matches!(control.meta.concern, Concern::NodeNetwork | Concern::CloudApiIam);
    let about_availability = matches!(
        control.meta.dimension,
        Dimension::Scalability | Dimension::StorageAndBackup | Dimension::DisasterRecovery
    );
    let wanted = [
        (surroundings.exposed && about_nodes_or_identities, Modifier::Exposed),
        (surroundings.production && about_availability, Modifier::Production),
        (verdict.state == State::Mitigated, Modifier::Mitigated),
    ];
    let (mut severity, mut modifiers) = (base, Vec::new());
    for (_, modifier) in wanted.into_iter().filter(|(holds, _)| *holds) {
        let changed = modifier.apply(severity);
        // What is critical already gets no worse: a step that changes nothing is not told.
        if changed != severity {
            modifiers.push(modifier);
        }
        severity = changed;
    }
    (severity, modifiers)
}

/// Whether a cluster's labels name production, by the policy's words for it.
pub fn is_production(cluster: &Cluster, policy: &Policy) -> bool {
    environments(cluster).any(|value| policy.production.contains(&value.to_ascii_lowercase()))
}

fn waive(mut finding: Finding, context: &Context<'_>) -> Finding {
    let about_it = context.policy.waivers.iter().filter(|waiver| waiver.matches(&finding));
    if let Some(last) = about_it.max_by_key(|waiver| waiver.until) {
        // What sums up is approved as long as its parts are: another part may be bad today.
        let by_itself = !finding.rolled_up || last.approved.is_none();
        finding.waived |= by_itself && last.covers(&finding, context.now);
        if by_itself || finding.waived {
            finding.acceptance = Some(Box::new(last.acceptance()));
        }
    }
    finding
}
