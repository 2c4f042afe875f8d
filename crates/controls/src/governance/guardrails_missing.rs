//! GV-02.

use crate::quoted::listed;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Guardrail, Stance};

guide! {
    /// # Nothing refuses the worst settings
    ///
    /// ## What is checked
    /// Whether the organisation refuses, for everybody and before it happens, the settings that open a cluster:
    ///
    /// | Setting | EKS | AKS | GKE |
    /// |---|---|---|---|
    /// | a control plane on the internet | organisation policies that deny creating and changing a cluster with `eks:endpointPublicAccess` | a policy with the effect `Deny` on clusters that are not private | `container.managed.enableControlPlaneDNSOnlyAccess` |
    /// | credentials that the cluster hands out itself | - | a policy with the effect `Deny` on local accounts | `container.managed.disableLegacyClientCertificateIssuance` |
    /// | nodes with public addresses | - | - | `container.managed.enablePrivateNodes` |
    ///
    /// ## Why it matters
    /// A check finds what is wrong after it was reachable for hours. A guardrail is the same rule, earlier, and for the
    /// clusters that nobody has told us of.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | one of the settings is proven to be free to choose: nothing refuses it, or it is only audited |
    /// | pass | each of them is refused |
    /// | unknown | one may be free: policies of the organisation, or a rule among them, could not be read or computed |
    ///
    /// ## Remediation
    /// ### EKS
    /// Attach a service control policy to the unit of the account: `Deny` on `eks:CreateCluster` and `eks:UpdateClusterConfig`
    /// under the condition `"Bool": {"eks:endpointPublicAccess": "true"}`.
    /// ### AKS
    /// `az policy assignment create --policy 040732e8-d947-40b8-95d6-854c95024bf8 --params '{"effect":{"value":"Deny"}}'
    /// --scope SCOPE`, and the same with `993c2fcd-2b29-49d2-9eb0-df2c3a730c32`
    /// ### GKE
    /// `gcloud org-policies set-policy` with `spec: {rules: [{enforce: true}]}` for each of the constraints above.
    ///
    /// ## Limits
    /// On AWS a policy may exempt roles by name: it counts when it refuses every role that it does not name. The management
    /// account of an organisation, and an account in none, is under no such policy. On Azure the rules of people's own policies
    /// are computed like Azure's, over the type of the resource and the field in question; a rule that hangs on other fields (tags,
    /// places), an expression other than a parameter, overrides, selectors, and exemptions with an end make it unknown. A rule that
    /// refuses the whole internet and lets some addresses in is not counted. On GKE the constraint leaves the DNS endpoint, which IAM
    /// guards. What was built before a guardrail stays as it was: other controls judge that.
    pub struct GuardrailsMissing;
}

impl Control for GuardrailsMissing {
    const META: Meta = Meta {
        id: "GV-02",
        name: "guardrails-missing",
        title: "Organisation guardrails prevent the worst settings",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::Guardrails],
        maps: "NIST-800-53r5:CM-6,CM-7,AC-3; PCI-DSS-4.0.1:2.2.1; SOC2-TSC:CC5.2,CC8.1; ISO-27001-2022:A.5.36,A.8.9",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.guardrails;
        whole(cluster, || Ok(judge_guardrails(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_guardrails(all: &[Guardrail]) -> Result<Verdict, Gap> {
    let (mut free, mut refused, mut unread) = (Vec::new(), Vec::new(), None);
    for one in all {
        match &one.stance {
            Ok(Stance::Allowed { because }) => free.push(format!("{}: {because}", one.against)),
            Ok(Stance::Refused { by }) => refused.push(format!("{} (by {by})", one.against)),
            Err(gap) => unread = unread.or(Some(gap)),
        }
    }
    match unread {
        _ if !free.is_empty() => Ok(Verdict::fail(format!("free to choose: {}", listed(free, "; ")))),
        Some(gap) => Err(gap.clone()),
        None if refused.is_empty() => {
            Err(Gap::NotCollected { what: "no setting was looked for that could be refused".to_owned() })
        }
        None => Ok(Verdict::pass(format!("refused: {}", listed(refused, "; ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider, WorstSetting};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(guardrails: Observed<Vec<Guardrail>>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.guardrails = guardrails;
        let context = Context { policy: &Policy::default(), now: now() };
        GuardrailsMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn against(against: WorstSetting, stance: Result<Stance, Gap>) -> Guardrail {
        Guardrail { against, stance }
    }

    fn refused() -> Stance {
        Stance::Refused { by: "the constraint".to_owned() }
    }

    fn allowed() -> Stance {
        Stance::Allowed { because: "it is only audited".to_owned() }
    }

    #[test]
    fn it_passes_only_when_every_setting_is_refused() {
        use WorstSetting::{PublicControlPlane, PublicNodes};
        let cases = [
            (Ok(refused()), Ok(refused()), Ok(State::Pass)),
            (Ok(refused()), Ok(allowed()), Ok(State::Fail)),
            (Ok(refused()), Err(gap()), Err(gap())),
            (Err(gap()), Ok(allowed()), Ok(State::Fail)),
        ];
        for (first, second, expected) in cases {
            let both = vec![against(PublicControlPlane, first), against(PublicNodes, second)];
            assert_eq!(judge(known(both.clone())), expected, "{both:?}");
            assert_eq!(judge(known(both.into_iter().rev().collect())), expected);
        }
    }

    #[test]
    fn unread_policies_are_a_gap_and_a_provider_without_settings_passes_nothing() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
        assert!(matches!(judge(known(Vec::new())), Err(Gap::NotCollected { .. })));
    }
}
