//! CP-01.

use crate::control_plane::list;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, PublicAccess, PublicDoor};

guide! {
    /// # API server answers the whole internet
    ///
    /// ## What is checked
    /// From how much of the internet the API server's public endpoint can be reached, as a set of addresses: the
    /// allow-list, its default, service tags and flags composed. It is not a search for `0.0.0.0/0`: two halves are a
    /// whole, and so is an empty list where the provider takes that for everybody.
    ///
    /// ## Why it matters
    /// Any leaked credential and any flaw of the API server is then usable from anywhere, one request away.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | at least half of all internet-side IPv4 or IPv6 addresses are let in |
    /// | pass | there is no public endpoint, or less than half of each family is let in |
    /// | unknown | the endpoint was not read, or it may let in addresses that no line of the list explains and that could be half |
    /// | not applicable | the provider does not run this control plane |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-cluster-config --name NAME --resources-vpc-config
    /// endpointPublicAccess=true,publicAccessCidrs=YOUR_RANGE,endpointPrivateAccess=true`
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --api-server-authorized-ip-ranges YOUR_RANGE`
    /// ### GKE
    /// `gcloud container clusters update NAME --enable-master-authorized-networks --master-authorized-networks
    /// YOUR_RANGE`
    ///
    /// ## Limits
    /// A wide but smaller list is CP-02's; the mere existence of a public endpoint is CP-03's; every customer of one
    /// cloud is far from half of the internet and CP-05's; names served by the provider's own front end and guarded by
    /// IAM alone are CP-06's.
    pub struct EndpointOpenToTheInternet;
}

impl Control for EndpointOpenToTheInternet {
    const META: Meta = Meta {
        id: "CP-01",
        name: "endpoint-open-to-the-internet",
        title: "API server does not answer the whole internet",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::S,
        needs: &[FactKind::PublicAccess],
        maps: "CIS-EKS-2.0.0:5.4.1; CIS-EKS-1.8.0:5.4.1; CIS-AKS-1.8.0:5.4.1; CIS-GKE-1.9.0:5.6.3; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-7,SC-7(3),SC-7(4),AC-4,AC-17(3); PCI-DSS-4.0.1:1.3.1,1.4.2,1.4.4; SOC2-TSC:CC6.1,CC6.6; ISO-27001-2022:A.8.20,A.8.22; AWS-FSBP:EKS.1; NIST-800-190:4.3.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.public;
            Ok(match fact.get()? {
                PublicAccess::NotApplicable { because } => Verdict::not_applicable(because.clone()),
                PublicAccess::Closed { because } => Verdict::pass(because.clone()),
                PublicAccess::Open(door) => judge_door(door)?,
            }
            .seen_in(fact))
        })
    }
}

fn judge_door(door: &PublicDoor) -> Result<Verdict, Gap> {
    let said = list::said(door);
    if list::is_whole_internet(door.sources.lower()) {
        return Ok(Verdict::fail(format!("the public endpoint answers {said} on port {}", door.port)));
    }
    if list::is_whole_internet(&list::widest(door)) {
        return Err(Gap::Unsettled {
            what: format!("the public endpoint answers {said}: that could be half of the internet"),
        });
    }
    Ok(Verdict::pass(format!("the public endpoint answers only {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Entry, EntryKind, Observed, Provider};
    use palisade_reach::{AddrSet, Bounds};
    use palisade_testkit::{everyone, gap, known, nets, now, tidy};

    fn judge(public: Observed<PublicAccess>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.api.public = public;
        let judgements =
            EndpointOpenToTheInternet::judge(&cluster, &Context { policy: &Policy::default(), now: now() });
        judgements.into_iter().next().unwrap().verdict.map(|verdict| verdict.state)
    }

    fn open(sources: Bounds<AddrSet>) -> Observed<PublicAccess> {
        known(PublicAccess::Open(PublicDoor { sources, entries: Vec::new(), own: AddrSet::empty(), port: 443 }))
    }

    #[test]
    fn two_halves_are_as_open_as_the_whole_in_both_families() {
        for texts in [["0.0.0.0/1", "128.0.0.0/1"], ["2000::/4", "3000::/4"]] {
            assert_eq!(judge(open(Bounds::exact(nets(&texts)))), Ok(State::Fail), "{texts:?}");
        }
    }

    #[test]
    fn a_narrow_list_and_no_endpoint_pass() {
        assert_eq!(judge(open(Bounds::exact(nets(&["203.0.113.7/32", "10.0.0.0/8"])))), Ok(State::Pass));
        assert_eq!(judge(known(PublicAccess::Closed { because: "off".to_owned() })), Ok(State::Pass));
    }

    #[test]
    fn every_customer_of_one_cloud_is_not_half_of_the_internet() {
        let office = nets(&["203.0.113.0/28"]);
        let customers = Entry {
            text: "gcpPublicCidrsAccessEnabled".to_owned(),
            covers: Bounds::unknown_within(everyone()),
            kind: EntryKind::EveryCustomer { of: "Google Cloud".to_owned() },
        };
        let door = PublicDoor {
            sources: Bounds::between(office, everyone()),
            entries: vec![customers],
            own: AddrSet::empty(),
            port: 443,
        };
        assert_eq!(judge(known(PublicAccess::Open(door))), Ok(State::Pass));
    }

    #[test]
    fn a_cluster_that_the_provider_does_not_run_is_not_asked() {
        let public = PublicAccess::NotApplicable { because: "the cluster is only registered".to_owned() };
        assert_eq!(judge(known(public)), Ok(State::NotApplicable));
    }

    #[test]
    fn an_unexplained_rest_that_could_be_half_the_internet_is_unknown() {
        assert!(matches!(judge(open(Bounds::unknown_within(nets(&["0.0.0.0/0"])))), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
