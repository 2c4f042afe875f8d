//! CP-05.

use crate::control_plane::list;
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, EntryKind, FactKind, Gap, PublicAccess, PublicDoor};
use palisade_reach::{AddrSet, Family};

guide! {
    /// # Every customer of a cloud is let in
    ///
    /// ## What is checked
    /// Whether the API server's allow-list admits a cloud provider's own addresses in bulk: a service tag for a whole
    /// cloud, a flag that adds it, or a range wide enough to hold one of its blocks.
    ///
    /// ## Why it matters
    /// Anybody can rent such an address within a minute. A list with it in looks closed and is open to every attacker
    /// who has a credit card.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a tag or flag in the list admits every customer of a cloud |
    /// | pass | no line does, or there is no public endpoint |
    /// | unknown | the list was not read, may let in more than its lines say (GKE: the flag is absent), or holds a range wider than a /16 (IPv4) or a /32 (IPv6) that the policy has not approved |
    /// | not applicable | everybody is let in anyway (CP-01 fails), or the provider does not run this control plane |
    ///
    /// ## Remediation
    /// ### EKS
    /// Take the range out: `aws eks update-cluster-config --name NAME --resources-vpc-config
    /// publicAccessCidrs=YOUR_RANGE`
    /// ### AKS
    /// Take the tag out by naming only your ranges:
    /// `az aks update --resource-group GROUP --name NAME --api-server-authorized-ip-ranges YOUR_RANGE`
    /// ### GKE
    /// `gcloud container clusters update NAME --no-enable-google-cloud-access`. Cloud Shell and Cloud Build then need
    /// another way in, for example the DNS endpoint or a private pool. Where the flag is absent, run the same command
    /// once: it writes the flag.
    ///
    /// ## Limits
    /// The providers' published ranges are not part of this version. Ranges are therefore judged by width alone: one
    /// narrower than a provider's usual block passes although it may be rented out to others.
    pub struct CloudCustomersAdmitted;
}

impl Control for CloudCustomersAdmitted {
    const META: Meta = Meta {
        id: "CP-05",
        name: "cloud-customers-admitted",
        title: "No blanket admission of a cloud provider's own addresses",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::PublicAccess],
        maps: "CIS-EKS-2.0.0:5.4.1; CIS-EKS-1.8.0:5.4.1; CIS-AKS-1.8.0:5.4.1; CIS-GKE-1.9.0:5.6.3; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-7(5),AC-4; PCI-DSS-4.0.1:1.3.1; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.public;
            Ok(match fact.get()? {
                PublicAccess::NotApplicable { because } => Verdict::not_applicable(because.clone()),
                PublicAccess::Closed { because } => Verdict::pass(because.clone()),
                PublicAccess::Open(door) => judge_door(door, context.policy)?,
            }
            .seen_in(fact))
        })
    }
}

fn judge_door(door: &PublicDoor, policy: &Policy) -> Result<Verdict, Gap> {
    let customers: Vec<String> = door
        .entries
        .iter()
        .filter_map(|entry| match &entry.kind {
            EntryKind::EveryCustomer { of } => Some(format!("every customer of `{of}` through `{}`", entry.text)),
            EntryKind::Range(_) | EntryKind::Everyone | EntryKind::Named | EntryKind::OwnEgress => None,
        })
        .collect();
    if !customers.is_empty() {
        return Ok(Verdict::fail(format!("the list lets in {}", sentence(customers))));
    }
    if list::is_whole_internet(door.sources.lower()) {
        return Ok(Verdict::not_applicable("the list lets in everybody, not only a cloud's customers: CP-01 fails"));
    }
    let lines = list::lines(door);
    if lines.iter().any(|line| line.kind.is_none()) {
        return Err(Gap::Unsettled {
            what: "the list may let in more than its lines say, a cloud's customers among them".to_owned(),
        });
    }
    let wide = quoted(
        lines.iter().filter(|line| could_hold_a_block(line.kind, line.covers.upper(), policy)).map(|line| line.text),
    );
    if wide.is_empty() {
        return Ok(Verdict::pass("no line of the list stands for every customer of a cloud"));
    }
    Err(Gap::Unsettled {
        what: format!("{wide}: wide enough to hold a cloud provider's block, and published ranges are not compared"),
    })
}

fn sentence(mut parts: Vec<String>) -> String {
    parts.sort_unstable();
    parts.join(" and ")
}

/// Providers publish blocks of /16 and narrower for one region's customers, wider ones are theirs as a whole.
fn could_hold_a_block(kind: Option<&EntryKind>, covers: &AddrSet, policy: &Policy) -> bool {
    let written = match kind {
        Some(EntryKind::Range(_) | EntryKind::Everyone) | None => true,
        Some(EntryKind::Named | EntryKind::OwnEgress | EntryKind::EveryCustomer { .. }) => false,
    };
    let strange = policy.approved_ranges.as_ref().map_or_else(|| covers.clone(), |approved| covers.subtract(approved));
    written && (strange.count(Family::V4) > 1 << (32 - 16) || strange.count(Family::V6) > 1 << (128 - 32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Entry, Observed, Provider};
    use palisade_reach::Bounds;
    use palisade_testkit::{everyone, gap, known, nets, now, tidy};

    fn judge(public: Observed<PublicAccess>, policy: &Policy) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.api.public = public;
        let context = Context { policy, now: now() };
        CloudCustomersAdmitted::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn door(entries: Vec<Entry>, unexplained: AddrSet) -> Observed<PublicAccess> {
        let listed = entries.iter().fold(Bounds::default(), |all: Bounds<AddrSet>, entry| all.union(&entry.covers));
        let sources = listed.union(&Bounds::unknown_within(unexplained));
        known(PublicAccess::Open(PublicDoor { sources, entries, own: AddrSet::empty(), port: 443 }))
    }

    fn range(text: &str) -> Entry {
        let (covers, kind) = (Bounds::exact(nets(&[text])), EntryKind::Range(text.parse().unwrap()));
        Entry { text: text.to_owned(), covers, kind }
    }

    fn customers() -> Entry {
        Entry {
            text: "gcpPublicCidrsAccessEnabled".to_owned(),
            covers: Bounds::unknown_within(everyone()),
            kind: EntryKind::EveryCustomer { of: "Google Cloud".to_owned() },
        }
    }

    #[test]
    fn a_flag_that_admits_every_customer_fails_beside_a_narrow_list() {
        let public = door(vec![range("203.0.113.0/28"), customers()], AddrSet::empty());
        assert_eq!(judge(public, &Policy::default()), Ok(State::Fail));
    }

    #[test]
    fn the_flag_is_moot_while_everybody_is_let_in() {
        let public = door(vec![range("0.0.0.0/1"), range("128.0.0.0/1")], AddrSet::empty());
        assert_eq!(judge(public, &Policy::default()), Ok(State::NotApplicable));
    }

    #[test]
    fn a_narrow_list_and_no_endpoint_pass() {
        assert_eq!(judge(door(vec![range("203.0.113.0/28")], AddrSet::empty()), &Policy::default()), Ok(State::Pass));
        let closed = PublicAccess::Closed { because: "off".to_owned() };
        assert_eq!(judge(known(closed), &Policy::default()), Ok(State::Pass));
    }

    #[test]
    fn a_range_that_could_be_a_providers_block_is_unknown_until_it_is_approved() {
        let wide = || door(vec![range("52.0.0.0/11")], AddrSet::empty());
        assert!(matches!(judge(wide(), &Policy::default()), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(door(vec![range("52.1.0.0/16")], AddrSet::empty()), &Policy::default()), Ok(State::Pass));
        let ours = Policy { approved_ranges: Some(nets(&["52.0.0.0/11"])), ..Policy::default() };
        assert_eq!(judge(wide(), &ours), Ok(State::Pass));
    }

    #[test]
    fn an_absent_flag_is_unknown_and_not_a_pass() {
        let public = door(vec![range("203.0.113.0/28")], everyone());
        assert!(matches!(judge(public, &Policy::default()), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Observed::missing(gap()), &Policy::default()), Err(gap()));
    }
}
