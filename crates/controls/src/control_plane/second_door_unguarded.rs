//! CP-06.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Door, DoorKind, FactKind};

guide! {
    /// # Second front door stands open
    ///
    /// ## What is checked
    /// Ways to the API server, or to an interface that controls the cluster, to which no address list applies: a name
    /// on the provider's front end, a public name of a private cluster, a hosted GitOps interface.
    ///
    /// ## Why it matters
    /// Whoever closes the main door believes the house closed. Here identity is the only lock, and where the door also
    /// takes cluster tokens or client certificates, a token leaked from any pod is enough.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | a DNS endpoint answers from outside and takes service account tokens or client certificates |
    /// | fail, medium | a hosted interface is not limited to named networks |
    /// | fail, low | a private cluster publishes its name: the name leaks, the address does not answer |
    /// | pass | there is no second door, or each is closed to the outside or guarded by the cloud's IAM alone |
    /// | unknown | the settings were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// Tie the Argo CD capability to your networks; its public address then stops answering: `aws eks update-capability
    /// --cluster-name NAME --capability-name CAPABILITY --configuration
    /// '{"argoCd":{"networkAccess":{"vpceIds":["VPCE"]}}}'`
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --disable-public-fqdn`
    /// ### GKE
    /// Turn tokens and certificates over DNS off (`enableK8sTokensViaDns`, `enableK8sCertsViaDns`), or the whole door:
    /// `gcloud container clusters update NAME --no-enable-dns-access`. Where it must stay, put a VPC Service Controls
    /// perimeter around `container.googleapis.com`.
    ///
    /// ## Limits
    /// The name of the GKE DNS endpoint always exists; what counts is whether it answers from outside. Perimeters and
    /// conditions on the permission that opens it are not read: where policy demands them, a person has to look.
    pub struct SecondDoorUnguarded;
}

impl Control for SecondDoorUnguarded {
    const META: Meta = Meta {
        id: "CP-06",
        name: "second-door-unguarded",
        title: "Every second front door (DNS endpoint, public FQDN, gateway) is decided and guarded",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::Doors],
        maps: "CIS-EKS-2.0.0:5.4.2; CIS-EKS-1.8.0:5.4.2; CIS-AKS-1.8.0:5.4.2; CIS-GKE-1.9.0:5.6.4; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:AC-17(3),SC-7(4); PCI-DSS-4.0.1:1.4.4; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20,A.8.21",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.doors;
            let mut looks: Vec<Look> = fact.get()?.iter().map(look).collect();
            looks.sort_unstable();
            let open: Vec<&Look> = looks.iter().filter(|look| look.fault.is_some()).collect();
            let verdict = match open.iter().filter_map(|look| look.fault).max() {
                Some(severity) => Verdict::fail(sentence(&open)).severity(severity),
                None if looks.is_empty() => Verdict::pass("there is no second door"),
                None => Verdict::pass(sentence(&looks.iter().collect::<Vec<_>>())),
            };
            Ok(verdict.seen_in(fact))
        })
    }
}

/// What one door looks like, and how bad that is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    said: String,
    fault: Option<Severity>,
}

fn look(door: &Door) -> Look {
    let name = &door.name;
    let (said, fault) = match &door.kind {
        DoorKind::DnsEndpoint { external: false, .. } => (format!("`{name}` does not answer from outside"), None),
        DoorKind::DnsEndpoint { external: true, cluster_tokens, client_certificates, gate } => {
            match (cluster_tokens, client_certificates) {
                (false, false) => (format!("`{name}` answers from anywhere; only `{gate}` opens it"), None),
                (true, false) => takes(name, gate, "service account tokens"),
                (false, true) => takes(name, gate, "client certificates"),
                (true, true) => takes(name, gate, "service account tokens and client certificates"),
            }
        }
        DoorKind::PublicName => (format!("`{name}` is a public name of the private address"), Some(Severity::Low)),
        DoorKind::HostedInterface { network_limited: false } => {
            (format!("`{name}` controls the cluster and answers from anywhere"), Some(Severity::Medium))
        }
        DoorKind::HostedInterface { network_limited: true } => {
            (format!("`{name}` controls the cluster and answers named networks only"), None)
        }
    };
    Look { said, fault }
}

fn takes(name: &str, gate: &str, what: &str) -> (String, Option<Severity>) {
    (format!("`{name}` answers from anywhere and takes {what}, not only `{gate}`"), Some(Severity::Medium))
}

fn sentence(looks: &[&Look]) -> String {
    looks.iter().map(|look| look.said.as_str()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(doors: Observed<Vec<Door>>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.api.doors = doors;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = SecondDoorUnguarded::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn door(kind: DoorKind) -> Door {
        Door { kind, name: "gke-1.example".to_owned() }
    }

    fn dns(external: bool, cluster_tokens: bool, client_certificates: bool) -> Door {
        let gate = "container.clusters.connect";
        door(DoorKind::DnsEndpoint { external, cluster_tokens, client_certificates, gate })
    }

    #[test]
    fn a_dns_endpoint_fails_when_it_answers_outside_and_takes_tokens_or_certificates() {
        for (tokens, certificates) in [(true, false), (false, true), (true, true)] {
            let verdict = judge(known(vec![dns(true, tokens, certificates)]));
            assert_eq!(verdict, Ok((State::Fail, Some(Severity::Medium))));
        }
    }

    #[test]
    fn the_name_always_exists_and_only_traffic_from_outside_counts() {
        assert_eq!(judge(known(vec![dns(false, true, true)])), Ok((State::Pass, None)));
        assert_eq!(judge(known(vec![dns(true, false, false)])), Ok((State::Pass, None)));
        assert_eq!(judge(known(Vec::new())), Ok((State::Pass, None)));
    }

    #[test]
    fn a_leaking_name_is_low_and_the_worst_door_decides() {
        let leak = || door(DoorKind::PublicName);
        let limited = || door(DoorKind::HostedInterface { network_limited: true });
        assert_eq!(judge(known(vec![leak(), limited()])), Ok((State::Fail, Some(Severity::Low))));
        let interface = door(DoorKind::HostedInterface { network_limited: false });
        assert_eq!(judge(known(vec![leak(), interface])), Ok((State::Fail, Some(Severity::Medium))));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
