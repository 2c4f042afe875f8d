//! AR-05.

use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Blocker, Cluster, FactKind};

guide! {
    /// # Something blocks the next upgrade
    ///
    /// ## What is checked
    /// What the provider itself has found in the way of the next upgrade: deprecated APIs that are still asked for, and
    /// whatever else it looks at.
    ///
    /// ## Why it matters
    /// A workload that asks for an API which the next version no longer serves stops working on the day of the upgrade.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | the provider says that the upgrade will fail or is held up |
    /// | fail, medium | the provider warns |
    /// | pass | it has looked and found nothing |
    /// | unknown | its findings were not read, or the provider offers none, or it does not know itself |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks list-insights --cluster-name NAME --filter categories=UPGRADE_READINESS`, and `aws eks describe-insight` for
    /// who asks; then change the manifests.
    /// ### AKS
    /// `az aks upgrade` refuses when deprecated APIs were asked for in the last twelve hours, and says which; then change the
    /// manifests.
    /// ### GKE
    /// `gcloud container clusters get-upgrade-info NAME`; the deprecation insights of the project say who asks; then change
    /// the manifests.
    ///
    /// ## Limits
    /// Providers look back some days or hours: what asks once a month is missed. AKS has no call that says it beforehand.
    pub struct UpgradeBlocked;
}

impl Control for UpgradeBlocked {
    const META: Meta = Meta {
        id: "AR-05",
        name: "upgrade-blocked",
        title: "No deprecated APIs block the next upgrade",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::Blockers],
        maps: "CIS-GKE-1.9.0:5.5.4; NSA-CISA-1.2:Upgrading; NIST-800-53r5:CM-3,SA-22; PCI-DSS-4.0.1:6.5.1; SOC2-TSC:CC8.1; ISO-27001-2022:A.8.32",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.blockers;
        whole(cluster, || Ok(judge_blockers(fact.get()?).seen_in(fact)))
    }
}

fn judge_blockers(blockers: &[Blocker]) -> Verdict {
    let (certain, possible): (Vec<&Blocker>, Vec<&Blocker>) = blockers.iter().partition(|blocker| blocker.certain);
    let named = |list: &[&Blocker]| quoted(list.iter().map(|blocker| &blocker.what));
    if !certain.is_empty() {
        Verdict::fail(format!("in the way of the next upgrade: {}", named(&certain))).severity(Severity::High)
    } else if !possible.is_empty() {
        Verdict::fail(format!("perhaps in the way of the next upgrade: {}", named(&possible)))
            .severity(Severity::Medium)
    } else {
        Verdict::pass("the provider has found nothing in the way of the next upgrade")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<Vec<Blocker>>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.lifecycle.blockers = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = UpgradeBlocked::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    #[test]
    fn an_error_is_worse_than_a_warning_and_silence_was_asked_for() {
        let blocker = |certain| Blocker { what: "Deprecated APIs removed in Kubernetes v1.36".to_owned(), certain };
        let both = vec![blocker(false), blocker(true)];
        assert_eq!(judge(known(both)), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(judge(known(vec![blocker(false)])), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(judge(known(Vec::new())), Ok((State::Pass, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
