//! CP-02.

use crate::control_plane::list::{self, Line};
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, EntryKind, FactKind, Gap, PublicAccess, PublicDoor};
use palisade_reach::{AddrSet, Family};

guide! {
    /// # Public allow-list is long or wide
    ///
    /// ## What is checked
    /// How many outside addresses each line of the API server's allow-list lets in, how many lines there are, and
    /// whether the organisation approved every address. Lines are measured by what they admit, so a tag or a prefix
    /// list counts like the ranges behind it. Private ranges and the cluster's own outgoing addresses do not count.
    ///
    /// ## Why it matters
    /// A list that holds a `/8` or a whole access provider keeps out almost nobody who means harm, and a list that
    /// nobody can read through grows lines that nobody owns.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | a line lets in more than a /24 (IPv4) or a /48 (IPv6), or an address outside the approved ranges; both limits are the policy's |
    /// | fail, low | every line is narrow and approved, and there are more than 20 of them |
    /// | pass | the list is short, every line is narrow, and every address is approved; or nobody outside is let in |
    /// | unknown | the list was not read, holds a name whose addresses are not known, or is short and narrow and the policy names no approved ranges |
    /// | not applicable | there is no public endpoint, or the provider does not run this control plane |
    ///
    /// ## Remediation
    /// ### EKS
    /// Name the addresses people and pipelines really come from: `aws eks update-cluster-config --name NAME
    /// --resources-vpc-config publicAccessCidrs=RANGE,RANGE`. While the private endpoint is off, the list must also
    /// hold the addresses that nodes leave from.
    /// ### AKS
    /// Name the addresses people and pipelines really come from:
    /// `az aks update --resource-group GROUP --name NAME --api-server-authorized-ip-ranges RANGE,RANGE`
    /// ### GKE
    /// Name the addresses people and pipelines really come from: `gcloud container clusters update NAME
    /// --enable-master-authorized-networks --master-authorized-networks RANGE,RANGE`
    ///
    /// ## Limits
    /// Whether an approved address is still yours is not known: a released cloud address belongs to the next customer.
    pub struct AllowListWide;
}

impl Control for AllowListWide {
    const META: Meta = Meta {
        id: "CP-02",
        name: "allow-list-wide",
        title: "Public allow-list is short and narrow",
        concern: Concern::ApiServerNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::PublicAccess],
        maps: "CIS-EKS-2.0.0:5.4.1; CIS-EKS-1.8.0:5.4.1; CIS-AKS-1.8.0:5.4.1; CIS-GKE-1.9.0:5.6.3; NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-7(5),AC-4; PCI-DSS-4.0.1:1.2.5,1.3.1; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.20",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.api.public;
            Ok(match fact.get()? {
                PublicAccess::NotApplicable { because } | PublicAccess::Closed { because } => {
                    Verdict::not_applicable(format!("there is no public list: {because}"))
                }
                PublicAccess::Open(door) => judge_door(door, context.policy)?,
            }
            .seen_in(fact))
        })
    }
}

fn judge_door(door: &PublicDoor, policy: &Policy) -> Result<Verdict, Gap> {
    let lines = list::lines(door);
    if lines.is_empty() {
        return Ok(Verdict::pass("the list lets in nobody outside"));
    }
    let named = |fits: &dyn Fn(&Line<'_>) -> bool| quoted(lines.iter().filter(|line| fits(line)).map(|line| line.text));
    let said = format!("the list lets in {}{}", list::said(door), list::share(door.sources.lower()));

    let wide = named(&|line| is_everyone(line) || is_wide(line.covers.lower(), policy));
    let unapproved = named(&|line| is_unapproved(line.covers.lower(), policy));
    let long = lines.len() > policy.short_list;
    let mut faults = Vec::new();
    if !wide.is_empty() {
        faults.push(format!("wider than /{} in IPv4 or /{} in IPv6: {wide}", policy.narrow_v4, policy.narrow_v6));
    }
    if !unapproved.is_empty() {
        faults.push(format!("not within the approved ranges: {unapproved}"));
    }
    if long {
        faults.push(format!("{} lines, more than {}", lines.len(), policy.short_list));
    }
    if !faults.is_empty() {
        let severity = if wide.is_empty() && unapproved.is_empty() { Severity::Low } else { Severity::High };
        return Ok(Verdict::fail(format!("{said}; {}", faults.join("; "))).severity(severity));
    }

    let unread = named(&|line| is_wide(line.covers.upper(), policy) || is_unapproved(line.covers.upper(), policy));
    if !unread.is_empty() {
        return Err(Gap::Unsettled { what: format!("{said}; which addresses stand behind {unread} was not read") });
    }
    if policy.approved_ranges.is_none() {
        return Err(Gap::Unsettled {
            what: format!("{said}; it is short and narrow, and the policy names no approved ranges"),
        });
    }
    Ok(Verdict::pass(format!("{said}; every line is narrow and approved")))
}

/// Whether the line is wide by what it is, whatever is known of its addresses.
fn is_everyone(line: &Line<'_>) -> bool {
    match line.kind {
        Some(EntryKind::Everyone | EntryKind::EveryCustomer { .. }) => true,
        Some(EntryKind::Range(_) | EntryKind::Named | EntryKind::OwnEgress) | None => false,
    }
}

fn is_wide(covers: &AddrSet, policy: &Policy) -> bool {
    let widest = |bits: u8, prefix: u8| 1_u128.checked_shl(u32::from(bits.saturating_sub(prefix))).unwrap_or(u128::MAX);
    covers.count(Family::V4) > widest(32, policy.narrow_v4) || covers.count(Family::V6) > widest(128, policy.narrow_v6)
}

fn is_unapproved(covers: &AddrSet, policy: &Policy) -> bool {
    policy.approved_ranges.as_ref().is_some_and(|approved| !covers.is_subset(approved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Entry, Provider};
    use palisade_reach::Bounds;
    use palisade_testkit::{everyone, gap, known, nets, now, tidy};

    fn judge(texts: &[&str], policy: &Policy) -> Result<Verdict, Gap> {
        judge_entries(texts.iter().map(|text| entry(text)).collect(), policy)
    }

    fn judge_entries(entries: Vec<Entry>, policy: &Policy) -> Result<Verdict, Gap> {
        let sources = entries.iter().fold(Bounds::default(), |all: Bounds<AddrSet>, entry| all.union(&entry.covers));
        let mut cluster = tidy(Provider::Aws);
        let own = AddrSet::empty();
        cluster.api.public = known(PublicAccess::Open(PublicDoor { sources, entries, own, port: 443 }));
        AllowListWide::judge(&cluster, &Context { policy, now: now() }).remove(0).verdict
    }

    fn entry(text: &str) -> Entry {
        Entry {
            text: text.to_owned(),
            covers: Bounds::exact(nets(&[text])),
            kind: EntryKind::Range(text.parse().unwrap()),
        }
    }

    fn approving(texts: &[&str]) -> Policy {
        Policy { approved_ranges: Some(nets(texts)), ..Policy::default() }
    }

    #[test]
    fn forty_eighths_fail_as_high_and_say_how_much_of_the_internet_that_is() {
        let texts: Vec<String> = (128..168).map(|first| format!("{first}.0.0.0/8")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let verdict = judge(&texts, &Policy::default()).unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, Some(Severity::High)));
        assert!(verdict.because.contains("18.13% of the IPv4 internet"), "{}", verdict.because);
    }

    #[test]
    fn one_address_is_unknown_until_somebody_approves_it() {
        assert!(matches!(judge(&["198.51.100.7/32"], &Policy::default()), Err(Gap::Unsettled { .. })));
        let approved = judge(&["198.51.100.7/32"], &approving(&["198.51.100.0/24"])).unwrap();
        assert_eq!(approved.state, State::Pass);
        let elsewhere = judge(&["198.51.100.7/32"], &approving(&["203.0.113.0/24"])).unwrap();
        assert_eq!((elsewhere.state, elsewhere.severity), (State::Fail, Some(Severity::High)));
    }

    #[test]
    fn twenty_one_narrow_and_approved_lines_are_too_long_and_only_that() {
        let texts: Vec<String> = (0..21).map(|last| format!("198.51.100.{last}/32")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let verdict = judge(&texts, &approving(&["198.51.100.0/24"])).unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, Some(Severity::Low)));
    }

    #[test]
    fn a_private_range_in_a_public_list_lets_in_nobody() {
        assert_eq!(judge(&["10.0.0.0/8"], &Policy::default()).unwrap().state, State::Pass);
    }

    #[test]
    fn a_tag_of_unknown_size_is_unknown_and_a_tag_for_every_customer_fails() {
        let tag = |kind| Entry { text: "tag".to_owned(), covers: Bounds::unknown_within(everyone()), kind };
        let named = judge_entries(vec![tag(EntryKind::Named)], &Policy::default());
        assert!(matches!(named, Err(Gap::Unsettled { .. })));
        let customers = tag(EntryKind::EveryCustomer { of: "Azure".to_owned() });
        assert_eq!(judge_entries(vec![customers], &Policy::default()).unwrap().state, State::Fail);
    }

    #[test]
    fn no_endpoint_has_no_list_and_an_unread_one_is_a_gap() {
        let mut cluster = tidy(Provider::Azure);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = AllowListWide::judge(&cluster, &context).remove(0).verdict.unwrap();
        assert_eq!(verdict.state, State::NotApplicable);
        cluster.api.public.hide(gap());
        assert_eq!(AllowListWide::judge(&cluster, &context).remove(0).verdict, Err(gap()));
    }
}
