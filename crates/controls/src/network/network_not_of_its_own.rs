//! NW-04.

use crate::{flaws::Flaws, quoted::quoted};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, DefaultRoute, FactKind, Gap, PrivateApis};

guide! {
    /// # The cluster stands in a network that was made for nothing in particular
    ///
    /// ## What is checked
    /// Whether the cluster's network is the one that every account or project starts with, whether pods take their addresses from
    /// routes instead of the network, and whether machines without a way to the internet reach the cloud's services privately.
    ///
    /// ## Why it matters
    /// A default network comes with rules that nobody chose and is shared by whatever else was made in a hurry. Machines that reach
    /// neither the internet nor private endpoints cannot pull an image.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the network is the default one, pods are routed, or machines have no way to the cloud's services |
    /// | pass | the network is your own, and machines without a way to the internet reach the services privately |
    /// | unknown | the network, its routes or its private endpoints were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// A cluster stays in its network: plan a VPC of its own for the next one. Private access: `aws ec2 create-vpc-endpoint --vpc-id
    /// VPC --service-name com.amazonaws.REGION.SERVICE` for `ecr.api`, `ecr.dkr`, `sts` and (as a gateway) `s3`.
    /// ### AKS
    /// Networks that AKS makes are the cluster's own. Without a way out, use a private registry: `az aks update --resource-group
    /// GROUP --name NAME --bootstrap-artifact-source Cache --bootstrap-container-registry-resource-id ID`.
    /// ### GKE
    /// A cluster stays in its network: plan a VPC-native cluster in a network of its own. Private access: `gcloud compute networks
    /// subnets update SUBNET --region REGION --enable-private-ip-google-access`.
    ///
    /// ## Limits
    /// Endpoints that another network lends through peering or a gateway are not followed.
    pub struct NetworkNotOfItsOwn;
}

impl Control for NetworkNotOfItsOwn {
    const META: Meta = Meta {
        id: "NW-04",
        name: "network-not-of-its-own",
        title: "Cluster sits in a purpose-built network with private access to cloud APIs",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Architecture,
        severity: Severity::Low,
        effort: Effort::Xl,
        needs: &[FactKind::NetworkPlace, FactKind::PrivateApis, FactKind::Pools, FactKind::DefaultRoute],
        maps: "CIS-GKE-1.9.0:5.6.2; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7,PL-8; PCI-DSS-4.0.1:1.2.5; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20,A.8.27",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let network = &cluster.network;
            let mut verdict = judge_place(cluster)?.seen_in(&network.place).seen_in(&network.private_apis);
            for pool in cluster.pools.get().ok().into_iter().flatten() {
                verdict = verdict.seen_in(&pool.default_route);
            }
            Ok(verdict.seen_in(&cluster.pools))
        })
    }
}

fn judge_place(cluster: &Cluster) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    let mut name = "";
    match cluster.network.place.get() {
        Ok(place) => {
            name = &place.name;
            for because in place.default.iter().chain(&place.routes_based) {
                flaws.prove(Severity::Low, because.clone());
            }
        }
        Err(gap) => flaws.doubt(gap),
    }
    let by = private_access(cluster, &mut flaws);
    flaws.settle(|| Ok(Verdict::pass(format!("the network `{name}` was made for its use, and {by}"))))
}

/// How machines reach the cloud's services. Only those without a way to the internet need private endpoints.
fn private_access(cluster: &Cluster, flaws: &mut Flaws) -> String {
    let apis = cluster.network.private_apis.get();
    if let Ok(PrivateApis::Offered { by }) = apis {
        return format!("machines reach the cloud's services through {by}");
    }
    let pools = match cluster.pools.get() {
        Ok(pools) => pools,
        Err(gap) => {
            flaws.doubt(gap);
            return String::new();
        }
    };
    for pool in pools {
        match (pool.default_route.get(), &apis) {
            (Err(gap), _) => flaws.doubt(gap),
            (Ok(DefaultRoute::None), Err(gap)) => flaws.doubt(gap.clone()),
            (Ok(DefaultRoute::None), Ok(PrivateApis::Missing { what })) => flaws.prove(
                Severity::Low,
                format!("pool `{}` has no way to the internet, and the network lacks {}", pool.name, quoted(what)),
            ),
            (Ok(DefaultRoute::None), Ok(PrivateApis::Offered { .. }))
            | (
                Ok(
                    DefaultRoute::Internet { .. }
                    | DefaultRoute::Brokered { .. }
                    | DefaultRoute::Implicit { .. }
                    | DefaultRoute::ProviderManaged,
                ),
                _,
            ) => (),
        }
    }
    "machines reach the cloud's services through the internet".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{NetworkPlace, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Cluster)) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        change(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        NetworkNotOfItsOwn::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn route(cluster: &mut Cluster, route: Observed<DefaultRoute>) {
        let mut pools = cluster.pools.get().unwrap().clone();
        pools[0].default_route = route;
        cluster.pools = known(pools);
    }

    fn missing() -> Observed<PrivateApis> {
        known(PrivateApis::Missing { what: vec!["ecr.api".to_owned()] })
    }

    #[test]
    fn a_default_network_and_a_routed_one_fail() {
        let place = |default: bool, routed: bool| NetworkPlace {
            name: "vpc-1".to_owned(),
            default: default.then(|| "`isDefault`".to_owned()),
            routes_based: routed.then(|| "`useIpAliases` is off".to_owned()),
        };
        for (default, routed, state) in
            [(true, false, State::Fail), (false, true, State::Fail), (false, false, State::Pass)]
        {
            assert_eq!(judge(|cluster| cluster.network.place = known(place(default, routed))), Ok(state));
        }
    }

    #[test]
    fn machines_that_reach_nothing_fail_and_those_with_a_way_out_need_no_endpoints() {
        let closed = |cluster: &mut Cluster| {
            route(cluster, known(DefaultRoute::None));
            cluster.network.private_apis = missing();
        };
        assert_eq!(judge(closed), Ok(State::Fail));
        assert_eq!(judge(|cluster| cluster.network.private_apis = missing()), Ok(State::Pass));
        assert_eq!(judge(|cluster| cluster.network.private_apis.hide(gap())), Ok(State::Pass));
    }

    #[test]
    fn what_was_not_read_could_be_the_proof() {
        assert_eq!(judge(|cluster| cluster.network.place.hide(gap())), Err(gap()));
        let routes_unread = |cluster: &mut Cluster| {
            route(cluster, Observed::missing(gap()));
            cluster.network.private_apis = missing();
        };
        assert_eq!(judge(routes_unread), Err(gap()));
        let endpoints_unread = |cluster: &mut Cluster| {
            route(cluster, known(DefaultRoute::None));
            cluster.network.private_apis.hide(gap());
        };
        assert_eq!(judge(endpoints_unread), Err(gap()));
    }
}
