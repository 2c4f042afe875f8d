//! ET-01.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Etcd, FactKind, Gap};

guide! {
    /// # Others than the control plane reach etcd
    ///
    /// ## What is checked
    /// Whether etcd runs where no network of yours reaches, by the provider's own statement, or in your network, where your
    /// filters decide.
    ///
    /// ## Why it matters
    /// Whoever talks to etcd directly reads and writes every object of the cluster, past every permission and past the audit
    /// log.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | inherited | the provider runs etcd outside your networks; the reason carries its statement |
    /// | unknown | it runs in your network (EKS local clusters on Outposts), or how it runs was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// In the region, nothing to do. On Outposts, let TCP 2379 to 2381 in from the control-plane group alone: `aws ec2
    /// revoke-security-group-ingress --group-id GROUP --security-group-rule-ids RULE`
    /// ### AKS
    /// Nothing to do: etcd is part of the control plane that Microsoft hosts.
    /// ### GKE
    /// Nothing to do: the database is part of the control plane in Google's own project.
    ///
    /// ## Limits
    /// Who reaches 2379 to 2381 on control-plane hosts in your own network is not computed in this version, so such a
    /// cluster stays unknown. etcd itself is never contacted.
    pub struct EtcdInReach;
}

impl Control for EtcdInReach {
    const META: Meta = Meta {
        id: "ET-01",
        name: "etcd-in-reach",
        title: "etcd answers only the control plane",
        concern: Concern::EtcdAccess,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::S,
        needs: &[FactKind::Etcd],
        maps: "CIS-K8S-2.0.1:2.2; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-7,SC-7(5),AC-3; PCI-DSS-4.0.1:1.2.5,1.4.2,1.4.4; SOC2-TSC:CC6.1,CC6.6; ISO-27001-2022:A.8.20,A.8.22",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.etcd;
            match fact.get()? {
                Etcd::ProviderManaged { reference } => Ok(Verdict::inherited(*reference).seen_in(fact)),
                Etcd::CustomerNetwork { because } => Err(Gap::Unsettled {
                    what: format!("etcd runs in your network ({because}); who reaches it there is not computed"),
                }),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(etcd: Observed<Etcd>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.etcd = etcd;
        let context = Context { policy: &Policy::default(), now: now() };
        EtcdInReach::judge(&cluster, &context).remove(0).verdict
    }

    #[test]
    fn what_the_provider_runs_is_inherited_with_its_statement_and_no_silent_pass() {
        let verdict = judge(known(Etcd::ProviderManaged { reference: "etcd runs in an AWS network" })).unwrap();
        assert_eq!((verdict.state, verdict.because.as_str()), (State::Inherited, "etcd runs in an AWS network"));
    }

    #[test]
    fn an_outpost_is_unknown_as_long_as_nobody_computes_who_reaches_it() {
        let because = "outpostConfig".to_owned();
        assert!(matches!(judge(known(Etcd::CustomerNetwork { because })), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
