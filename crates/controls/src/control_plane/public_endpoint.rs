//! CP-03.

use crate::control_plane::list;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, PublicAccess};

guide! {
    /// # API server has a public endpoint
    ///
    /// ## What is checked
    /// Whether any public address answers for the API server, however well its list is kept.
    ///
    /// ## Why it matters
    /// A list of addresses is one edit away from being open, and the addresses in it are shared by everybody behind
    /// them. Without a public address the internet is no longer part of the way to an attack.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | a public address answers somebody outside |
    /// | fail, low | a public address exists, and its list lets in nobody outside the cluster |
    /// | pass | no public address answers: only private ways, or a name guarded by IAM (CP-06) |
    /// | unknown | the endpoint was not read |
    /// | not applicable | the provider does not run this control plane |
    ///
    /// Where policy allows a well-kept list instead (test clusters, say), accept the finding with a waiver; it does not
    /// become a pass.
    ///
    /// ## Remediation
    /// ### EKS
    /// Give people and pipelines a private route first: VPN, a bastion, runners inside the network. Then `aws eks
    /// update-cluster-config --name NAME --resources-vpc-config endpointPrivateAccess=true,endpointPublicAccess=false`
    /// ### AKS
    /// Give people and pipelines a private route first. With API Server VNet Integration: `az aks update
    /// --resource-group GROUP --name NAME --enable-private-cluster`. Without it the cluster has to be created anew with
    /// `--enable-private-cluster`.
    /// ### GKE
    /// `gcloud container clusters update NAME --enable-private-endpoint`, once people and pipelines have a private
    /// route; or leave IP addresses behind altogether, with IAM as the gate: `gcloud container clusters update NAME
    /// --enable-dns-access --no-enable-ip-access`
    ///
    /// ## Limits
    /// Second front doors are CP-06's, command tunnels CP-07's, the private endpoint's own filter CP-08's.
    pub struct PublicEndpoint;
}

impl Control for PublicEndpoint {
    const META: Meta = Meta {
        id: "CP-03",
        name: "public-endpoint",
        title: "No public control-plane endpoint",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::PublicAccess],
        maps: "CIS-EKS-2.0.0:5.4.2; CIS-EKS-1.8.0:5.4.2; CIS-AKS-1.8.0:5.4.2; CIS-GKE-1.9.0:5.6.4; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-7,SC-7(3),SC-7(21); PCI-DSS-4.0.1:1.4.4; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20,A.8.22; AWS-FSBP:EKS.1",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.public;
            Ok(match fact.get()? {
                PublicAccess::NotApplicable { because } => Verdict::not_applicable(because.clone()),
                PublicAccess::Closed { because } => Verdict::pass(because.clone()),
                PublicAccess::Open(door) if list::lines(door).is_empty() => {
                    let because = format!("a public endpoint exists on port {}; it answers nobody outside", door.port);
                    Verdict::fail(because).severity(Severity::Low)
                }
                PublicAccess::Open(door) => {
                    Verdict::fail(format!("a public endpoint answers {} on port {}", list::said(door), door.port))
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
    use palisade_model::{Gap, Observed, Provider, PublicDoor};
    use palisade_reach::{AddrSet, Bounds};
    use palisade_testkit::{gap, known, nets, now, tidy};

    fn judge(public: Observed<PublicAccess>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.api.public = public;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = PublicEndpoint::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn open(sources: AddrSet) -> Observed<PublicAccess> {
        let (sources, own) = (Bounds::exact(sources), nets(&["192.0.2.0/28"]));
        known(PublicAccess::Open(PublicDoor { sources, entries: Vec::new(), own, port: 443 }))
    }

    #[test]
    fn one_listed_address_is_still_a_public_endpoint() {
        assert_eq!(judge(open(nets(&["203.0.113.7/32"]))), Ok((State::Fail, None)));
    }

    #[test]
    fn an_endpoint_that_answers_only_the_clusters_own_addresses_is_a_lesser_fault() {
        assert_eq!(judge(open(nets(&["192.0.2.4/32"]))), Ok((State::Fail, Some(Severity::Low))));
        assert_eq!(judge(open(AddrSet::empty())), Ok((State::Fail, Some(Severity::Low))));
    }

    #[test]
    fn no_public_address_passes_whatever_else_the_list_says() {
        let closed = PublicAccess::Closed { because: "only the DNS name answers".to_owned() };
        assert_eq!(judge(known(closed)), Ok((State::Pass, None)));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_a_foreign_control_plane_is_not_asked() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
        let foreign = PublicAccess::NotApplicable { because: "only registered".to_owned() };
        assert_eq!(judge(known(foreign)), Ok((State::NotApplicable, None)));
    }
}
