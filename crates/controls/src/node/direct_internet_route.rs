//! ND-05.

use crate::node::{has_public_addresses, per_pool_of_machines};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, DefaultRoute, FactKind, Gap, Pool};

guide! {
    /// # Node subnets route straight to the internet
    ///
    /// ## What is checked
    /// Where the pool's traffic to the internet goes: straight out, through translation or a firewall, through an
    /// implicit address that the provider lends, or nowhere.
    ///
    /// ## Why it matters
    /// With a straight route, any public address that a machine gets by accident works at once, and what leaves the
    /// network passes no place where somebody could look.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | the default route is an internet gateway, or machines leave through an implicit address |
    /// | fail, low | the default route is an internet gateway, and the machines surely have no public address |
    /// | pass | the route goes through translation, a firewall or another network, or nowhere |
    /// | inherited | the provider runs the machines' network |
    /// | unknown | the routes were not read |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make a node group in subnets whose route table sends `0.0.0.0/0` (and `::/0`) to a NAT gateway, an egress-only
    /// gateway or a firewall: `aws eks create-nodegroup --cluster-name NAME --nodegroup-name NEW --subnets
    /// PRIVATE_SUBNET --node-role ROLE`, then drain the old one.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --outbound-type userAssignedNATGateway` or
    /// `userDefinedRouting`; not every change of the type is possible in place.
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --enable-private-nodes`, and Cloud NAT for the subnet:
    /// `gcloud compute routers nats create NAT --router ROUTER --region REGION --auto-allocate-nat-external-ips
    /// --nat-all-subnet-ip-ranges`
    ///
    /// ## Limits
    /// What the firewall or appliance at the end of the route lets out is not read (ND-06).
    pub struct DirectInternetRoute;
}

impl Control for DirectInternetRoute {
    const META: Meta = Meta {
        id: "ND-05",
        name: "direct-internet-route",
        title: "Node subnets have no direct internet route",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::DefaultRoute, FactKind::PublicAddresses],
        maps: "CIS-EKS-2.0.0:5.4.3; CIS-EKS-1.8.0:5.4.3; CIS-AKS-1.8.0:5.4.3; CIS-GKE-1.9.0:5.6.5; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7,SC-7(3); PCI-DSS-4.0.1:1.4.1,1.4.4; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.22",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(pool)?.seen_in(&pool.default_route)))
    }
}

fn judge_pool(pool: &Pool) -> Result<Verdict, Gap> {
    let name = &pool.name;
    Ok(match pool.default_route.get()? {
        DefaultRoute::Internet { via } => {
            let (severity, why) = match has_public_addresses(pool) {
                Ok(false) => (Severity::Low, "; its machines have no public address to use it with"),
                Ok(true) => (Severity::Medium, ""),
                Err(_) => (Severity::Medium, "; whether its machines have public addresses is not known"),
            };
            Verdict::fail(format!("pool `{name}` routes straight to the internet through `{via}`{why}"))
                .severity(severity)
                .seen_in(&pool.public_addresses)
        }
        DefaultRoute::Implicit { via } => {
            Verdict::fail(format!("pool `{name}` leaves through an address that the provider lends: {via}"))
        }
        DefaultRoute::Brokered { via } => Verdict::pass(format!("pool `{name}` routes through `{via}`")),
        DefaultRoute::None => Verdict::pass(format!("pool `{name}` has no route to the internet")),
        DefaultRoute::ProviderManaged => Verdict::inherited(format!("the provider runs the network of pool `{name}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, sloppy, tidy};

    fn judge(mut pool: Pool, route: Observed<DefaultRoute>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        pool.default_route = route;
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = DirectInternetRoute::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn private() -> Pool {
        tidy(Provider::Aws).pools.get().unwrap()[0].clone()
    }

    fn via() -> String {
        "igw-1".to_owned()
    }

    #[test]
    fn a_public_subnet_with_private_machines_is_still_a_fail_but_low() {
        let straight = || known(DefaultRoute::Internet { via: via() });
        assert_eq!(judge(private(), straight()), Ok((State::Fail, Some(Severity::Low))));
        let public = sloppy(Provider::Aws).pools.get().unwrap()[0].clone();
        assert_eq!(judge(public, straight()), Ok((State::Fail, Some(Severity::Medium))));
        let mut unread = private();
        unread.public_addresses.hide(gap());
        assert_eq!(judge(unread, straight()), Ok((State::Fail, Some(Severity::Medium))));
    }

    #[test]
    fn an_address_the_provider_lends_fails() {
        assert_eq!(judge(private(), known(DefaultRoute::Implicit { via: via() })), Ok((State::Fail, None)));
    }

    #[test]
    fn translation_and_no_route_pass_and_the_providers_network_is_inherited() {
        assert_eq!(judge(private(), known(DefaultRoute::Brokered { via: via() })), Ok((State::Pass, None)));
        assert_eq!(judge(private(), known(DefaultRoute::None)), Ok((State::Pass, None)));
        assert_eq!(judge(private(), known(DefaultRoute::ProviderManaged)), Ok((State::Inherited, None)));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(private(), Observed::missing(gap())), Err(gap()));
    }
}
