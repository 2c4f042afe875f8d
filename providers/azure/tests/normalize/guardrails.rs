//! What Azure Policy refuses around a cluster, from assignments and their definitions.

use crate::scene::{SUBSCRIPTION, Scene, cluster_id};
use palisade_azure::{POLICY_ASSIGNMENTS, POLICY_DEFINITION, POLICY_EXEMPTIONS, POLICY_SET, TENANT, normalize};
use palisade_model::{Gap, Stance, WorstSetting};
use palisade_provider::{Failure, FailureReason};
use serde_json::{Value, json};

const PRIVATE: &str = "/providers/Microsoft.Authorization/policyDefinitions/040732e8-d947-40b8-95d6-854c95024bf8";
const GROUP: &str = "/providers/Microsoft.Management/managementGroups/acme";

/// What holds in the scene's subscription.
struct World {
    assignments: Value,
    exemptions: Value,
    /// By id; what is not there was denied.
    definitions: Vec<(&'static str, Value)>,
}

/// Azure's own rule against clusters that are not private.
fn private() -> Value {
    rule("apiServerAccessProfile.enablePrivateCluster", "[parameters('effect')]")
}

fn rule(field: &str, effect: &str) -> Value {
    let kind = "Microsoft.ContainerService/managedClusters";
    json!({ "properties": {
        "parameters": { "effect": { "type": "String", "defaultValue": "Audit" } },
        "policyRule": {
            "if": { "allOf": [{ "field": "type", "equals": kind },
                { "field": format!("{kind}/{field}"), "notEquals": true }] },
            "then": { "effect": effect },
        },
    } })
}

fn assigned(scope: &str, definition: &str, effect: &str) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/policyAssignments/no-public"), "name": "no-public",
        "properties": { "policyDefinitionId": definition, "parameters": { "effect": { "value": effect } } },
    })
}

impl World {
    fn of(assignment: Value) -> Self {
        Self { assignments: json!([assignment]), exemptions: json!([]), definitions: vec![(PRIVATE, private())] }
    }

    fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.assignments[0]["properties"]);
        self
    }

    fn exempting(mut self, scope: &str, more: Value) -> Self {
        let mut properties = more;
        properties["policyAssignmentId"] = self.assignments[0]["id"].clone();
        self.exemptions = json!([{
            "id": format!("{scope}/providers/Microsoft.Authorization/policyExemptions/e"), "properties": properties,
        }]);
        self
    }

    fn all(&self) -> Vec<Result<Stance, Gap>> {
        let mut builder = Scene::with_properties(json!({}))
            .builder()
            .answer(&POLICY_ASSIGNMENTS, SUBSCRIPTION, &[], json!({ "value": self.assignments }))
            .answer(&POLICY_EXEMPTIONS, SUBSCRIPTION, &[], json!({ "value": self.exemptions }));
        for (id, body) in &self.definitions {
            let key = id.to_lowercase();
            let (call, what) =
                if key.contains("policyset") { (&POLICY_SET, "set") } else { (&POLICY_DEFINITION, "definition") };
            builder = builder.answer(call, TENANT, &[(what, &key)], body.clone());
        }
        let cluster = normalize(&builder.build()).clusters.into_iter().next().unwrap();
        let all = cluster.guardrails.get().unwrap();
        let kinds: Vec<WorstSetting> = all.iter().map(|one| one.against).collect();
        assert_eq!(kinds, [WorstSetting::PublicControlPlane, WorstSetting::LocalCredential]);
        all.iter().map(|one| one.stance.clone()).collect()
    }

    /// What is said of public control planes, in a word.
    fn says(&self) -> &'static str {
        match &self.all()[0] {
            Ok(Stance::Refused { by }) => {
                assert_eq!(by, "policy assignment no-public");
                "refused"
            }
            Ok(Stance::Allowed { because }) if because.contains("audits") => "audited",
            Ok(Stance::Allowed { .. }) => "allowed",
            Err(_) => "unknown",
        }
    }
}

#[test]
fn an_assignment_refuses_where_it_holds_with_the_effect_it_was_given() {
    let here = format!("/subscriptions/{SUBSCRIPTION}");
    let cluster = cluster_id();
    let group = cluster.split("/providers/").next().unwrap().to_owned();
    let elsewhere = format!("{here}/resourceGroups/other");
    let deny = |scope: &str| World::of(assigned(scope, PRIVATE, "Deny"));
    let plain = |properties: &mut Value, field: &str, value: Value| properties[field] = value;
    for (name, world, expected) in [
        ("a group above", deny(GROUP), "refused"),
        ("the subscription", deny(&here), "refused"),
        ("the resource group, in other letters", deny(&group.to_uppercase()), "refused"),
        ("another resource group", deny(&elsewhere), "allowed"),
        ("audit", World::of(assigned(&here, PRIVATE, "Audit")), "audited"),
        ("disabled", World::of(assigned(&here, PRIVATE, "Disabled")), "allowed"),
        ("its default", deny(&here).with(|all| plain(all, "parameters", json!({}))), "audited"),
        ("not enforced", deny(&here).with(|all| plain(all, "enforcementMode", json!("DoNotEnforce"))), "audited"),
        ("a mode nobody knows", deny(&here).with(|all| plain(all, "enforcementMode", json!("Perhaps"))), "unknown"),
        ("not here", deny(GROUP).with(|all| plain(all, "notScopes", json!([group]))), "allowed"),
        ("not there", deny(GROUP).with(|all| plain(all, "notScopes", json!([elsewhere]))), "refused"),
        ("not in a group", deny(GROUP).with(|all| plain(all, "notScopes", json!([format!("{GROUP}x")]))), "unknown"),
        ("overrides", deny(&here).with(|all| plain(all, "overrides", json!([{ "kind": "policyEffect" }]))), "unknown"),
        ("selectors", deny(&here).with(|all| plain(all, "resourceSelectors", json!([{ "name": "x" }]))), "unknown"),
        ("let off", deny(&here).exempting(&cluster, json!({})), "allowed"),
        ("another is let off", deny(&here).exempting(&elsewhere, json!({})), "refused"),
        (
            "let off for a while",
            deny(&here).exempting(&here, json!({ "expiresOn": "2026-01-01T00:00:00Z" })),
            "unknown",
        ),
        ("an assignment nobody can read", World { assignments: json!([7]), ..deny(&here) }, "unknown"),
        ("an exemption nobody can read", World { exemptions: json!([7]), ..deny(&here) }, "unknown"),
        ("nothing", World { assignments: json!([]), ..deny(&here) }, "allowed"),
        ("a definition nobody could read", World { definitions: Vec::new(), ..deny(&here) }, "unknown"),
    ] {
        assert_eq!(world.says(), expected, "{name}");
    }
}

#[test]
fn the_rules_that_people_wrote_are_computed() {
    const OWN: &str =
        "/providers/Microsoft.Management/managementGroups/acme/providers/Microsoft.Authorization/policyDefinitions/own";
    let of = |definition: Value| {
        World { definitions: vec![(OWN, definition)], ..World::of(assigned(GROUP, OWN, "Deny")) }.says()
    };
    assert_eq!(of(private()), "refused");
    assert_eq!(of(rule("apiServerAccessProfile.enablePrivateCluster", "deny")), "refused");
    assert_eq!(of(rule("apiServerAccessProfile.enablePrivateCluster", "modify")), "allowed");
    assert_eq!(of(rule("apiServerAccessProfile.enablePrivateCluster", "[if(true(), 'deny', 'audit')]")), "unknown");
    assert_eq!(of(rule("networkProfile.networkPolicy", "deny")), "allowed", "it is about something else");
    let mut some = private();
    let only = json!({ "field": "tags['env']", "equals": "prod" });
    some["properties"]["policyRule"]["if"]["allOf"].as_array_mut().unwrap().push(only);
    assert_eq!(of(some.clone()), "unknown", "of some clusters");
    some["properties"]["policyRule"]["if"]["allOf"][0]["equals"] = json!("Microsoft.Storage/storageAccounts");
    assert_eq!(of(some), "allowed");
    assert_eq!(of(json!({ "properties": {} })), "unknown");
}

#[test]
fn the_members_of_a_set_say_it_together_and_one_that_nobody_read_may_deny() {
    const SET: &str = "/providers/Microsoft.Authorization/policySetDefinitions/baseline";
    const OTHER: &str = "/providers/Microsoft.Authorization/policyDefinitions/0e246bcf-5f6f-4f87-bc6f-775d4712c7ea";
    let set = |members: Value| {
        json!({ "properties": {
        "parameters": { "aks": { "defaultValue": "Audit" } }, "policyDefinitions": members,
    } })
    };
    let passed_on = json!({ "effect": { "value": "[parameters('aks')]" } });
    let member = |id: &str| json!({ "policyDefinitionId": id, "parameters": passed_on });
    let of = |body: Option<Value>, effect: Option<&str>| {
        let mut assignment = assigned(GROUP, SET, "");
        assignment["properties"]["parameters"] =
            effect.map_or(json!({}), |effect| json!({ "aks": { "value": effect } }));
        let mut world = World::of(assignment);
        world.definitions.extend(body.map(|body| (SET, body)));
        world.says()
    };
    let both = || Some(set(json!([member(OTHER), member(PRIVATE)])));
    assert_eq!(of(both(), Some("Deny")), "refused");
    assert_eq!(of(both(), None), "audited");
    assert_eq!(of(Some(set(json!([member(OTHER)]))), Some("Deny")), "allowed", "it cannot deny");
    assert_eq!(of(None, Some("Deny")), "unknown");
    assert_eq!(of(Some(json!({ "properties": {} })), None), "unknown");
    let own = "/subscriptions/s/providers/Microsoft.Authorization/policyDefinitions/unread";
    assert_eq!(of(Some(set(json!([member(own)]))), None), "unknown");
    assert_eq!(of(Some(set(json!([member(own), member(PRIVATE)]))), Some("Deny")), "refused");
}

#[test]
fn lists_that_were_denied_are_a_gap() {
    for call in [&POLICY_ASSIGNMENTS, &POLICY_EXEMPTIONS] {
        let mut builder = Scene::with_properties(json!({})).builder();
        for other in [&POLICY_ASSIGNMENTS, &POLICY_EXEMPTIONS] {
            builder = if other.name == call.name {
                builder.failure(other, SUBSCRIPTION, &[], Failure::new(FailureReason::Denied, "no"))
            } else {
                builder.answer(other, SUBSCRIPTION, &[], json!({ "value": [] }))
            };
        }
        let cluster = normalize(&builder.build()).clusters.into_iter().next().unwrap();
        assert_eq!(cluster.guardrails.gap().and_then(Gap::permission), Some(call.permission));
    }
}
