//! CP-04.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, PrivatePath};

guide! {
    /// # Nodes reach the API server over its public address
    ///
    /// ## What is checked
    /// Whether nodes and clients inside the network have a private way to the API server that also works: a setting
    /// whose name resolution is broken counts as no way.
    ///
    /// ## Why it matters
    /// Without it every request of every node leaves the network, and the nodes' outgoing addresses have to stand in
    /// the public allow-list: the list can never become short, and the public endpoint can never be closed.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | there is no private way, or it is configured and cannot work |
    /// | pass | a private way exists |
    /// | unknown | the settings it rests on were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-cluster-config --name NAME --resources-vpc-config endpointPrivateAccess=true`. The VPC needs
    /// both DNS attributes: `aws ec2 modify-vpc-attribute --vpc-id VPC --enable-dns-support` and then
    /// `--enable-dns-hostnames`.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-apiserver-vnet-integration --apiserver-subnet-id
    /// SUBNET`; restart the cluster afterwards. Private clusters have the way already.
    /// ### GKE
    /// Nothing to do: nodes use the control plane's internal endpoint from the start.
    ///
    /// ## Limits
    /// Own DNS servers (DHCP options) can break the way and are not asked. EKS hybrid nodes resolve the public address
    /// as long as both endpoints are on.
    pub struct PrivatePathMissing;
}

impl Control for PrivatePathMissing {
    const META: Meta = Meta {
        id: "CP-04",
        name: "private-path-missing",
        title: "Nodes and in-VPC clients reach the API server on a private path",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::PrivatePath],
        maps: "CIS-EKS-2.0.0:5.4.1; CIS-EKS-1.8.0:5.4.1; CIS-AKS-1.8.0:5.4.2; CIS-GKE-1.9.0:5.6.4; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-7,SC-8; PCI-DSS-4.0.1:1.4.2; SOC2-TSC:CC6.6,CC6.7; ISO-27001-2022:A.8.20",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.private_path;
            Ok(match fact.get()? {
                PrivatePath::Present { because } => Verdict::pass(because.clone()),
                PrivatePath::Absent { because } => Verdict::fail(format!("nodes have no private way: {because}")),
                PrivatePath::Broken { because } => {
                    Verdict::fail(format!("the private way is configured and cannot work: {because}"))
                }
            }
            .seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(private_path: Observed<PrivatePath>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.api.private_path = private_path;
        let context = Context { policy: &Policy::default(), now: now() };
        PrivatePathMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_private_endpoint_without_name_resolution_is_no_way() {
        let because = || "enableDnsSupport is false".to_owned();
        assert_eq!(judge(known(PrivatePath::Broken { because: because() })), Ok(State::Fail));
        assert_eq!(judge(known(PrivatePath::Absent { because: because() })), Ok(State::Fail));
    }

    #[test]
    fn a_private_way_passes_and_an_unread_one_is_a_gap() {
        assert_eq!(judge(known(PrivatePath::Present { because: "on".to_owned() })), Ok(State::Pass));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
