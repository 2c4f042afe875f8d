//! What a principal may do: role assignments add up, deny assignments take away.

use super::{
    assignments::{Allowed, Assignments, Denied, Held, may_meet},
    capabilities::ASSIGN_ROLES,
    condition::{Asked, Condition},
};
use crate::{GROUP_MEMBERS, arm};
use palisade_authority::{Authority, Case, Glob, Grant, Layer, LayerKind, Selector, Truth};

/// The principal that stands for everybody in a deny assignment.
/// <https://learn.microsoft.com/azure/role-based-access-control/deny-assignments>
const EVERYBODY: &str = "00000000-0000-0000-0000-000000000000";

impl Assignments<'_> {
    /// The authority of a principal, by its object id: what it was given itself, and what the groups were given that it is
    /// known to be in. What groups were given whose members were not read is told apart, once for everybody.
    pub(super) fn authority(&self, principal: &str) -> Authority {
        self.authority_by(principal, |_| true)
    }

    /// What of it comes from some of the assignments.
    pub(super) fn authority_by(&self, principal: &str, counts: impl Fn(&Held) -> bool) -> Authority {
        let mut grants = Vec::new();
        for held in self.of(principal).filter(|held| counts(held)) {
            self.give(held, name(held), &mut grants);
        }
        for held in self.through_groups(principal).filter(|held| counts(held)) {
            self.give(held, format!("{} through group {}", name(held), held.principal), &mut grants);
        }
        let mut layers = vec![Layer::new("role assignments", LayerKind::Grants, grants)];
        // Every cluster may come with a denial for everybody; one that meets nothing given here changes nothing.
        let all = self.of(principal).chain(self.through_groups(principal));
        let given: Vec<String> = all.map(|held| arm::key(&held.scope)).collect();
        let met = |denied: &&Denied| given.iter().any(|scope| may_meet(scope, &denied.scope_key));
        let denials: Vec<Grant> =
            self.denied().iter().filter(met).flat_map(|denied| self.take(denied, principal)).collect();
        if !denials.is_empty() {
            layers.push(Layer::new("deny assignments", LayerKind::Denials, denials));
        }
        Authority::new(layers).over(self.everywhere())
    }

    fn give(&self, held: &Held, id: String, grants: &mut Vec<Grant>) {
        let resources = self.reach(&held.scope, true);
        match &held.allows {
            // What an undefined role gives is unknown, but not where it gives it.
            Err(gap) => {
                grants.push(Grant::allow(id, Selector::everything(), resources).when(Truth::unknown(gap.to_string())));
            }
            Ok(allowed) => {
                let given = |allowed: &Allowed| {
                    let when = condition(allowed.condition.as_deref());
                    Grant::allow(id.clone(), allowed.actions.clone(), resources.clone()).when(when)
                };
                match &held.limit {
                    Some(limit) if can_split(limit) => {
                        grants.extend(allowed.iter().flat_map(|allowed| limited(&given(allowed), limit, held)));
                    }
                    Some(_) | None => {
                        let when = || condition(held.condition.as_deref());
                        grants.extend(allowed.iter().map(|allowed| given(allowed).when(when())));
                    }
                }
            }
        }
    }

    fn take(&self, denied: &Denied, principal: &str) -> Vec<Grant> {
        let principal = principal.to_ascii_lowercase();
        let concerns = |people: &[(String, bool)]| {
            Truth::any(people.iter().map(|(id, group)| match id {
                _ if id == EVERYBODY || *id == principal => Truth::True,
                _ if id.is_empty() => Truth::unknown("a principal of a deny assignment has no id"),
                _ if *group => match self.members().of(id) {
                    Some(members) => members.contains(&principal).into(),
                    None => Truth::unknown(membership(id)),
                },
                _ => Truth::False,
            }))
        };
        let applies = concerns(&denied.principals)
            .and(concerns(&denied.excluded).not())
            .and(condition(denied.condition.as_deref()));
        if applies == Truth::False {
            return Vec::new();
        }
        let resources = self.reach(&denied.scope, !denied.not_below);
        let id = format!("deny assignment {} at {}", denied.name, denied.scope);
        let deny = |denied: &Allowed| {
            let when = applies.clone().and(condition(denied.condition.as_deref()));
            Grant::deny(id.clone(), denied.actions.clone(), resources.clone()).when(when)
        };
        denied.actions.iter().map(deny).collect()
    }
}

/// The types of principals that roles are given to; those of the identities here come first.
const RECIPIENTS: [&str; 5] = [OWN, "User", "Group", "ForeignGroup", "Device"];

/// Giving away one role and no other.
pub(super) fn assigning(role: &str) -> String {
    format!("{ASSIGN_ROLES}?role={}", role.to_ascii_lowercase())
}

/// Whether a condition names its actions one by one.
fn can_split(limit: &Condition) -> bool {
    !limit.named().0.iter().any(|action| action.contains(['*', '?']))
}

/// A grant under a condition, action by action: those it does not name, and each of those it does.
///
/// Whoever may give away some roles only has what these roles give, because it may give them to itself; it may not give
/// away roles as such.
fn limited(grant: &Grant, limit: &Condition, held: &Held) -> Vec<Grant> {
    let (actions, roles) = limit.named();
    let holds = |action, role, recipient| limit.holds(Asked { action, role, recipient });
    let of = |actions: Selector, when: Truth| Grant { actions, ..grant.clone() }.when(when);
    let none_of = grant.actions.none_of().iter().cloned().chain(actions.iter().map(|text| Glob::insensitive(text)));
    let rest = Selector::of_except(grant.actions.any_of().iter().cloned(), none_of);
    let mut found = vec![of(rest, holds(None, None, OWN))];
    for action in actions.into_iter().filter(|action| grant.actions.matches(action)) {
        let this = || Selector::of([Glob::insensitive(action)]);
        let to_others = |role| Truth::any(RECIPIENTS.into_iter().map(|recipient| holds(Some(action), role, recipient)));
        if !action.eq_ignore_ascii_case(ASSIGN_ROLES) {
            // Which role is taken away is up to whoever asks.
            found.push(of(this(), Truth::any(roles.iter().map(|role| Some(*role)).chain([None]).map(to_others))));
            continue;
        }
        let perhaps = |own: Truth, others: Truth| match (own, others) {
            (Truth::False, Truth::False) => Truth::False,
            (Truth::False, _) => Truth::unknown(OTHERS),
            (own, _) => own,
        };
        let any_role = perhaps(holds(Some(action), None, OWN), to_others(None));
        let is_limited = any_role == Truth::False;
        found.push(of(this(), any_role));
        for named in held.named.iter().filter(|_| is_limited) {
            let role = Some(named.guid.as_str());
            found.push(of(Selector::of([Glob::exactly(Case::Insensitive, &assigning(&named.guid))]), to_others(role)));
            let when = perhaps(holds(Some(action), role, OWN), to_others(role));
            let id = format!("{} by giving itself {}", grant.id, named.role);
            let itself = |actions: &Selector| Grant { id: id.clone().into(), ..of(actions.clone(), when.clone()) };
            match &named.allows {
                Ok(allowed) => found.extend(allowed.iter().map(|one| itself(&one.actions))),
                Err(gap) => found.push(itself(&Selector::everything()).when(Truth::unknown(gap.to_string()))),
            }
        }
    }
    found.retain(|grant| grant.when != Truth::False);
    found
}

/// The type of the identities here.
const OWN: &str = "ServicePrincipal";

const OTHERS: &str = "it may give roles to other types of principals only, and whether it controls one is not known";

fn membership(group: &str) -> String {
    format!("whether it is in group {group} ({} of Microsoft Graph would tell)", GROUP_MEMBERS.permission)
}

/// A grant as people look it up: the role and where it is assigned.
pub(super) fn name(held: &Held) -> String {
    format!("{} at {}", held.role, held.scope)
}

/// Conditions look at the request, which nobody has made yet.
fn condition(text: Option<&str>) -> Truth {
    match text {
        None => Truth::True,
        Some(text) => Truth::unknown(format!("condition: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))),
    }
}

/// The vectors B2 of the semantics that are about single decisions; those about identities are in `tests/normalize`.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        DENY_ASSIGNMENTS, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS,
        normalize::{groups::Members, table::Table},
    };
    use palisade_authority::{Decision, DenyReason};
    use palisade_model::Provider;
    use palisade_testkit::SnapshotBuilder;
    use serde_json::{Value, json};

    const S: &str = "/subscriptions/s";
    const G: &str = "/subscriptions/s/resourceGroups/g";
    const OTHER: &str = "/subscriptions/s/resourceGroups/other";
    const VM_WRITE: &str = "Microsoft.Compute/virtualMachines/write";
    const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";

    fn role(name: &str, actions: &[&str], not: &[&str], data: &[&str]) -> Value {
        json!({ "id": format!("/providers/x/roleDefinitions/{name}"), "properties": { "roleName": name, "permissions": [
            { "actions": actions, "notActions": not, "dataActions": data, "notDataActions": null }
        ] } })
    }

    fn roles() -> Vec<Value> {
        vec![
            role("reader", &["*/read"], &[], &[]),
            role("owner", &["*"], &[], &[]),
            role(
                "contributor",
                &["*"],
                &[
                    "Microsoft.Authorization/*/Delete",
                    "Microsoft.Authorization/*/Write",
                    "Microsoft.Authorization/elevateAccess/Action",
                ],
                &[],
            ),
            role("access-administrator", &["*/read", "Microsoft.Authorization/*"], &[], &[]),
            role("all-but-access", &["*"], &["Microsoft.Authorization/*/Write"], &[]),
            role("assigner", &["Microsoft.Authorization/roleAssignments/write"], &[], &[]),
            role("acr-pull", &["Microsoft.ContainerRegistry/registries/pull/read"], &[], &[]),
            role("identity-operator", &["Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"], &[], &[]),
            role(
                "aks-writer",
                &["Microsoft.Authorization/*/read"],
                &[],
                &[
                    "Microsoft.ContainerService/managedClusters/secrets/*",
                    "Microsoft.ContainerService/managedClusters/pods/*",
                ],
            ),
        ]
    }

    fn held(principal: &str, role: &str, scope: &str) -> Value {
        json!({ "id": format!("{scope}/{principal}/{role}"), "properties": {
            "principalId": principal, "principalType": "ServicePrincipal", "scope": scope,
            "roleDefinitionId": format!("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{}", role.to_uppercase()),
        } })
    }

    fn of(assignments: Vec<Value>, denials: Vec<Value>) -> Authority {
        let list = |items: Vec<Value>| json!({ "value": items });
        let snapshot = SnapshotBuilder::new(Provider::Azure, "s")
            .answer(&ROLE_ASSIGNMENTS, "s", &[], list(assignments))
            .answer(&ROLE_DEFINITIONS, "s", &[], list(roles()))
            .answer(&DENY_ASSIGNMENTS, "s", &[], list(denials))
            .build();
        let read = Assignments::new(
            "s",
            Table::read(&snapshot, &ROLE_ASSIGNMENTS, "s", &[]).unwrap(),
            Table::read(&snapshot, &ROLE_DEFINITIONS, "s", &[]).unwrap(),
            &Table::read(&snapshot, &DENY_ASSIGNMENTS, "s", &[]).unwrap(),
            Members::read(&snapshot),
        );
        read.unwrap().authority("ID")
    }

    fn under(scope: &str) -> String {
        format!("{scope}/providers/Microsoft.Compute/virtualMachines/vm")
    }

    fn deny(scope: &str, fields: &Value) -> Value {
        let mut properties = json!({
            "denyAssignmentName": "lockdown", "scope": scope, "permissions": [{ "actions": ["*/write", "*/delete"] }],
            "principals": [{ "id": EVERYBODY, "type": "SystemDefined" }],
        });
        for (name, value) in fields.as_object().unwrap() {
            properties[name] = value.clone();
        }
        json!({ "id": format!("{scope}/deny"), "properties": properties })
    }

    #[test]
    fn b2_01_roles_hold_where_they_are_assigned_and_below() {
        let id = of(vec![held("id", "reader", S), held("id", "contributor", G)], vec![]);
        assert!(id.decide(VM_WRITE, &under(&G.to_uppercase())).is_allow());
        assert!(id.decide(VM_WRITE, &under(OTHER)).is_deny());
        assert!(id.decide("Microsoft.Compute/virtualMachines/read", &under(OTHER)).is_allow());
    }

    #[test]
    fn b2_02_what_one_role_leaves_out_another_gives() {
        let id = of(vec![held("id", "contributor", S), held("id", "access-administrator", G)], vec![]);
        assert!(id.decide(ASSIGN, G).is_allow());
        assert!(id.decide(ASSIGN, S).is_deny());
    }

    #[test]
    fn b2_03_left_out_is_not_denied() {
        let id = of(vec![held("id", "all-but-access", S), held("id", "assigner", S)], vec![]);
        assert!(id.decide(ASSIGN, S).is_allow());
    }

    #[test]
    fn b2_04_a_deny_assignment_wins_unless_one_is_excluded() {
        let write = "Microsoft.Network/networkSecurityGroups/write";
        let lockdown = |excluded: &Value| {
            of(vec![held("id", "contributor", G)], vec![deny(G, &json!({ "excludePrincipals": excluded }))])
        };
        let stopped = lockdown(&json!([{ "id": "aks", "type": "ServicePrincipal" }])).decide(write, &under(G));
        assert!(matches!(stopped, Decision::Deny { by: DenyReason::Explicit(_) }), "{stopped:?}");
        assert!(lockdown(&json!([{ "id": "iD", "type": "ServicePrincipal" }])).decide(write, &under(G)).is_allow());
        let perhaps = lockdown(&json!([{ "id": "ops", "type": "Group" }])).decide(write, &under(G));
        assert!(matches!(perhaps, Decision::Conditional { .. }), "{perhaps:?}");
    }

    #[test]
    fn b2_05_a_deny_assignment_may_stop_at_its_scope() {
        let id = of(vec![held("id", "contributor", S)], vec![deny(S, &json!({ "doNotApplyToChildScopes": true }))]);
        assert!(id.decide("Microsoft.Resources/subscriptions/write", S).is_deny());
        assert!(id.decide(VM_WRITE, &under(G)).is_allow());
    }

    #[test]
    fn b2_06_the_control_plane_gives_no_data_but_the_keys_to_it() {
        let id = of(vec![held("id", "owner", S)], vec![]);
        let blob = "data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
        assert!(id.decide(blob, &under(G)).is_deny());
        assert!(id.decide("Microsoft.Storage/storageAccounts/listKeys/action", &under(G)).is_allow());
    }

    #[test]
    fn b2_13_data_actions_hold_in_their_namespace_only() {
        let cluster = format!("{G}/providers/Microsoft.ContainerService/managedClusters/k");
        let id = of(vec![held("id", "aks-writer", &format!("{cluster}/namespaces/a"))], vec![]);
        let read = "data:Microsoft.ContainerService/managedClusters/secrets/read";
        assert!(id.decide(read, &format!("{cluster}/namespaces/a")).is_allow());
        assert!(id.decide(read, &format!("{cluster}/namespaces/b")).is_deny());
    }

    #[test]
    fn a_condition_that_is_not_read_is_an_unknown_and_never_a_yes() {
        let mut limited = held("id", "assigner", S);
        limited["properties"]["condition"] = json!("@Request[...RoleDefinitionId] GuidEquals {7f951dda}");
        let decision = of(vec![limited], vec![]).decide(ASSIGN, S);
        let Decision::Conditional { on, .. } = decision else { panic!("{decision:?}") };
        assert!(on.iter().any(|one| one.contains("7f951dda")), "{on:?}");
    }

    /// The template of the portal for delegating with limits.
    fn limited_to(role: &str, types: &str) -> String {
        let limit = |source: &str| {
            format!(
                "@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{role}}}
                 AND @{source}[Microsoft.Authorization/roleAssignments:PrincipalType]
                 ForAnyOfAnyValues:StringEqualsIgnoreCase {{{types}}}"
            )
        };
        let one = |action: &str, source| {
            format!("((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR ({}))", limit(source))
        };
        format!("{}\n AND\n {}", one("write", "Request"), one("delete", "Resource"))
    }

    fn delegating(role: &str, types: &str) -> Authority {
        let mut limited = held("id", "assigner", S);
        limited["properties"]["condition"] = json!(limited_to(role, types));
        of(vec![limited], vec![])
    }

    #[test]
    fn b2_14_a_delegation_limited_to_one_role_gives_that_role_and_no_other() {
        let id = delegating("acr-pull", "'ServicePrincipal', 'User'");
        assert!(id.decide(&assigning("acr-pull"), &under(G)).is_allow());
        assert!(id.decide(&assigning("owner"), &under(G)).is_deny());
        assert!(id.decide(ASSIGN, S).is_deny() && id.decide_any_resource(ASSIGN).is_deny());
        // It may give itself the role, and so it has what the role gives.
        assert!(id.decide("Microsoft.ContainerRegistry/registries/pull/read", &under(G)).is_allow());
        assert!(of(vec![held("id", "owner", S)], vec![]).decide(&assigning("acr-pull"), S).is_allow());
    }

    #[test]
    fn a_delegation_that_includes_an_owners_role_is_an_owners() {
        assert!(delegating("owner", "'ServicePrincipal'").decide(ASSIGN, S).is_allow());
        let to_people = delegating("owner", "'User'").decide(ASSIGN, S);
        assert!(matches!(to_people, Decision::Conditional { .. }), "{to_people:?}");
    }

    #[test]
    fn a_role_above_the_subscription_holds_in_it() {
        let own = held("id", "contributor", "/providers/Microsoft.Management/managementGroups/root");
        assert!(of(vec![own], vec![]).decide(VM_WRITE, &under(G)).is_allow());
    }

    #[test]
    fn a_role_that_is_not_defined_may_give_anything_where_it_is_assigned() {
        let id = of(vec![held("id", "vanished", G)], vec![]);
        assert!(matches!(id.decide(VM_WRITE, &under(G)), Decision::Conditional { .. }));
        assert!(id.decide(VM_WRITE, &under(OTHER)).is_deny());
    }
}
