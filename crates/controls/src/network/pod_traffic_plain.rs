//! NW-05.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Transit};

guide! {
    /// # Traffic between nodes is not encrypted, and the policy demands it
    ///
    /// ## What is checked
    /// Whether the cluster's network or its machines encrypt traffic between nodes, against what the policy's
    /// `require_encrypted_pod_traffic` demands.
    ///
    /// ## Why it matters
    /// Inside a cluster most services speak plainly. Who can listen on the network between two machines, or put a machine of their
    /// own into it, reads along.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the policy demands encryption and it is off |
    /// | pass | traffic between nodes is encrypted, or the policy says that it need not be |
    /// | unknown | the setting was not read, or it does not settle the question |
    /// | not applicable | it is off, and nobody has said whether it must be on |
    ///
    /// ## Remediation
    /// ### EKS
    /// Use instance types that encrypt traffic among themselves (`aws ec2 describe-instance-types --filters
    /// Name=network-info.encryption-in-transit-supported,Values=true`), or a service mesh.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-acns --acns-transit-encryption-type WireGuard` (needs the Cilium
    /// data plane).
    /// ### GKE
    /// `gcloud container clusters update NAME --in-transit-encryption inter-node-transparent` (needs Dataplane V2)
    ///
    /// ## Limits
    /// Traffic that stays on one machine is not covered by any of these. What a service mesh encrypts is not read: accept the
    /// finding with a reason where one does. One demand holds for every cluster of a run.
    pub struct PodTrafficPlain;
}

impl Control for PodTrafficPlain {
    const META: Meta = Meta {
        id: "NW-05",
        name: "pod-traffic-plain",
        title: "Pod traffic between nodes is encrypted where data class needs it",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Low,
        effort: Effort::M,
        needs: &[FactKind::Transit],
        maps: "NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-8,SC-8(1); PCI-DSS-4.0.1:4.2.1; SOC2-TSC:CC6.7; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.network.transit;
            let verdict = match (fact.get()?, context.policy.encrypt_pod_traffic) {
                (Transit::Encrypted { by }, _) => Verdict::pass(format!("traffic between nodes is encrypted by {by}")),
                (Transit::Plain { because }, Some(true)) => Verdict::fail(format!(
                    "traffic between nodes is plain, and the policy demands encryption: {because}"
                )),
                (Transit::Plain { because }, Some(false)) => {
                    Verdict::pass(format!("traffic between nodes is plain, which the policy says suffices: {because}"))
                }
                (Transit::Plain { because }, None) => Verdict::not_applicable(format!(
                    "traffic between nodes is plain, and nobody has said whether it must be encrypted: {because}"
                )),
            };
            Ok(verdict.seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(transit: Option<Transit>, encrypt_pod_traffic: Option<bool>) -> Result<State, palisade_model::Gap> {
        let mut cluster = tidy(Provider::Azure);
        match transit {
            Some(transit) => cluster.network.transit = known(transit),
            None => cluster.network.transit.hide(gap()),
        }
        let policy = Policy { encrypt_pod_traffic, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        PodTrafficPlain::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn plain_traffic_is_judged_by_what_was_demanded() {
        let plain = || Some(Transit::Plain { because: "off".to_owned() });
        for (demanded, state) in [(None, State::NotApplicable), (Some(false), State::Pass), (Some(true), State::Fail)] {
            assert_eq!(judge(plain(), demanded), Ok(state));
        }
    }

    #[test]
    fn encryption_passes_and_an_unread_setting_is_a_gap_whatever_is_demanded() {
        for demanded in [None, Some(false), Some(true)] {
            assert_eq!(judge(Some(Transit::Encrypted { by: "WireGuard".to_owned() }), demanded), Ok(State::Pass));
            assert_eq!(judge(None, demanded), Err(gap()));
        }
    }
}
