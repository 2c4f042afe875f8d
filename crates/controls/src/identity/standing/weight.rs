//! How much a capability counts against an identity.

use palisade_authority::{Capability, Certainty, Glob, GrantId, Held, Standing};
use palisade_engine::Severity;
use palisade_model::IdentityKind;
use std::collections::{BTreeMap, BTreeSet};

/// The one right of EKS' pod network policy that is in the vocabulary: it changes a machine's own network interfaces.
const NETWORK_INTERFACE: &str = "ec2:ModifyNetworkInterfaceAttribute";

/// Whether it is known what such an identity needs, so that the rest is excess. What an application needs only its owner
/// knows; of an application counts what none should hold.
pub(super) fn has_known_need(kind: IdentityKind) -> bool {
    match kind {
        IdentityKind::ControlPlane | IdentityKind::Node | IdentityKind::Controller => true,
        IdentityKind::Workload => false,
    }
}

/// How much a capability counts against an identity, if it does.
pub(super) fn of(kind: IdentityKind, standing: &Standing, held: &Held) -> Option<Severity> {
    let counts = if has_known_need(kind) {
        is_beyond_need(standing, &held.actions, &held.by)
    } else {
        counts_against_application(held.capability, held.everywhere)
    };
    counts.then_some(match held.capability {
        Capability::Administrator
        | Capability::ClusterAdmin
        | Capability::AssumeAnyIdentity
        | Capability::EscalatePrivilege => Severity::Critical,
        Capability::ModifyNetwork if held.actions == [NETWORK_INTERFACE] => Severity::Medium,
        Capability::ReadClusterSecrets
        | Capability::RunWorkloads
        | Capability::OpenControlPlane
        | Capability::ReadCloudSecrets
        | Capability::DecryptKms
        | Capability::ExfiltrateStorage
        | Capability::DestroyStorage
        | Capability::DeleteBackups
        | Capability::ModifyNetwork
        | Capability::NodeCodeExecution
        | Capability::ExposeMetadata
        | Capability::PullAnyImage
        | Capability::PushImage
        | Capability::BlindAudit
        | Capability::DeleteCluster
        | Capability::WeakenGuardrails => Severity::High,
    })
}

/// Whether no application should hold it: power over others, and whole stores of secrets and data.
pub(in crate::identity) fn counts_against_application(capability: Capability, everywhere: bool) -> bool {
    match capability {
        Capability::Administrator
        | Capability::ClusterAdmin
        | Capability::AssumeAnyIdentity
        | Capability::EscalatePrivilege => true,
        Capability::ReadClusterSecrets
        | Capability::ReadCloudSecrets
        | Capability::DecryptKms
        | Capability::ExfiltrateStorage
        | Capability::DestroyStorage
        | Capability::DeleteBackups => everywhere,
        Capability::RunWorkloads
        | Capability::OpenControlPlane
        | Capability::ModifyNetwork
        | Capability::NodeCodeExecution
        | Capability::ExposeMetadata
        | Capability::PullAnyImage
        | Capability::PushImage
        | Capability::BlindAudit
        | Capability::DeleteCluster
        | Capability::WeakenGuardrails => false,
    }
}

/// Whether one of the actions is given by a grant in a way that the need does not contain.
///
/// What no action or no grant gives, for example a place on the cluster's list of administrators, is beyond every need; so
/// is what may stand in the part of a long grant that is not spelled out.
pub(super) fn is_beyond_need(standing: &Standing, actions: &[String], by: &[GrantId]) -> bool {
    let mut outside = standing.outside_need.iter().filter(|outside| by.contains(&outside.grant));
    let mut wide = standing.wildcards.iter().filter(|wildcard| by.contains(&wildcard.grant));
    let covers = |pattern: &String| {
        let pattern = Glob::insensitive(pattern);
        actions.iter().any(|action| pattern.matches(action))
    };
    actions.is_empty()
        || by.is_empty()
        || outside.any(|outside| outside.more > 0 || outside.actions.iter().any(covers))
        || wide.any(|wildcard| covers(&wildcard.pattern))
}

/// The grants of which everything that is known hangs on a condition, with one that it hangs on.
pub(super) fn conditional_grants(standing: &Standing) -> BTreeMap<&GrantId, &Certainty> {
    let administrator = standing.administrator.iter().map(|(certainty, by)| (certainty, by));
    let held = standing.held.iter().map(|held| (&held.certainty, &held.by));
    let (certain, conditional): (Vec<_>, Vec<_>) =
        administrator.chain(held).partition(|(certainty, _)| certainty.is_certain());
    let certain: BTreeSet<&GrantId> = certain.into_iter().flat_map(|(_, by)| by).collect();
    let conditional =
        conditional.into_iter().flat_map(|(certainty, by)| by.iter().map(move |grant| (grant, certainty)));
    let mut hanging: BTreeMap<&GrantId, &Certainty> = BTreeMap::new();
    for (grant, certainty) in conditional.filter(|(grant, _)| !certain.contains(grant)) {
        let known = hanging.entry(grant).or_insert(certainty);
        *known = certainty.min(known);
    }
    hanging
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{OutsideNeed, Wildcard};

    fn held(capability: Capability, action: &str, everywhere: bool) -> Held {
        let (actions, by) = (vec![action.to_owned()], vec![GrantId::from("grant")]);
        Held { capability, certainty: Certainty::Certain, actions, by, everywhere }
    }

    fn outside(pattern: &str, more: usize) -> Standing {
        let outside = OutsideNeed { grant: GrantId::from("grant"), actions: vec![pattern.to_owned()], more };
        Standing { outside_need: vec![outside], ..Standing::default() }
    }

    #[test]
    fn what_the_need_itself_gives_is_inherent_and_counts_nothing() {
        let routes = held(Capability::ModifyNetwork, "ec2:CreateRoute", true);
        assert_eq!(of(IdentityKind::ControlPlane, &Standing::default(), &routes), None);
        assert_eq!(of(IdentityKind::ControlPlane, &outside("s3:*", 0), &routes), None);
        assert_eq!(of(IdentityKind::ControlPlane, &outside("EC2:Create*", 0), &routes), Some(Severity::High));
    }

    #[test]
    fn a_need_of_an_action_does_not_excuse_the_whole_service() {
        let wildcard = Wildcard { grant: GrantId::from("grant"), pattern: "ec2:*".to_owned() };
        let standing = Standing { wildcards: vec![wildcard], ..Standing::default() };
        let routes = held(Capability::ModifyNetwork, "ec2:CreateRoute", true);
        assert_eq!(of(IdentityKind::ControlPlane, &standing, &routes), Some(Severity::High));
    }

    #[test]
    fn a_role_too_long_to_spell_out_may_hold_the_action_in_the_rest() {
        let read = held(Capability::ExfiltrateStorage, "storage.objects.get", true);
        assert_eq!(of(IdentityKind::Node, &outside("compute.disks.get", 11_900), &read), Some(Severity::High));
    }

    #[test]
    fn the_pod_network_policy_on_a_node_is_medium_and_a_firewall_right_high() {
        let interface = held(Capability::ModifyNetwork, NETWORK_INTERFACE, true);
        assert_eq!(of(IdentityKind::Node, &outside("ec2:*", 0), &interface), Some(Severity::Medium));
        let firewall = held(Capability::ModifyNetwork, "ec2:AuthorizeSecurityGroupIngress", true);
        assert_eq!(of(IdentityKind::Node, &outside("ec2:*", 0), &firewall), Some(Severity::High));
    }

    #[test]
    fn an_application_may_read_its_own_bucket_and_not_every_bucket() {
        let weight = |everywhere| {
            let read = held(Capability::ExfiltrateStorage, "s3:GetObject", everywhere);
            of(IdentityKind::Workload, &Standing::default(), &read)
        };
        assert_eq!((weight(false), weight(true)), (None, Some(Severity::High)));
    }
}
