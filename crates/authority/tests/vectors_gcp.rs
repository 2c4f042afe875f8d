//! The GCP vectors of the specification, said in the neutral vocabulary. Each test is named for its vector.

use palisade_authority::{Authority, Certainty, Decision, DenyReason, Glob, Grant, Layer, LayerKind, Selector, Truth};

const EXPLICIT: fn(&str) -> Decision = |id| Decision::Deny { by: DenyReason::Explicit(id.into()) };
const IMPLICIT: Decision = Decision::Deny { by: DenyReason::Implicit };
const STOPPED: fn(&str) -> Decision = |layer| Decision::Deny { by: DenyReason::Guard(layer.into()) };

fn allowed(by: &str) -> Decision {
    Decision::Allow { by: vec![by.into()] }
}

const P: &str = "//cloudresourcemanager.googleapis.com/projects/p";

fn permissions<const N: usize>(names: [&str; N]) -> Selector {
    Selector::of(names.map(Glob::sensitive))
}

fn on(resource: &str) -> Selector {
    Selector::of([Glob::sensitive(resource), Glob::sensitive(&format!("{resource}/*"))])
}

fn bindings(grants: Vec<Grant>) -> Layer {
    Layer::new("allow policies", LayerKind::Grants, grants)
}

fn owner() -> Selector {
    permissions(["resourcemanager.projects.setIamPolicy", "iam.serviceAccountKeys.create", "storage.objects.get"])
}

#[test]
fn b3_01_node_scopes_clip_what_the_token_carries() {
    let scopes = permissions(["storage.objects.get", "logging.logEntries.create"]);
    let token = Authority::new(vec![
        bindings(vec![Grant::allow(
            "editor on p",
            permissions(["compute.instances.create", "logging.logEntries.create", "iam.serviceAccounts.actAs"]),
            on(P),
        )]),
        Layer::new("node scopes", LayerKind::Guard, [Grant::allow("scopes", scopes, Selector::everything())]),
    ]);
    assert_eq!(token.decide("storage.objects.get", P), IMPLICIT);
    assert_eq!(token.decide("compute.instances.create", P), STOPPED("node scopes"));
    assert_eq!(token.decide("logging.logEntries.create", P), allowed("editor on p"));
}

#[test]
fn b3_05_a_binding_at_the_folder_reaches_the_project() {
    // What a folder grants is granted on everything below it: the provider writes the project as its resource.
    let node = Authority::new(vec![
        bindings(vec![Grant::allow("editor at folder", permissions(["compute.instances.create"]), on(P))]),
        Layer::new("policy of p", LayerKind::Grants, []),
    ]);
    assert_eq!(node.decide("compute.instances.create", P), allowed("editor at folder"));
}

#[test]
fn b3_06_a_deny_rule_takes_one_permission_from_an_owner_and_leaves_the_rest() {
    let rule = |excepted: Truth| {
        Grant::deny("org rule", permissions(["iam.serviceAccountKeys.create"]), Selector::everything())
            .when(excepted.not())
    };
    let node = |excepted| {
        Authority::new(vec![
            bindings(vec![Grant::allow("owner on p", owner(), on(P))]),
            Layer::new("deny policies", LayerKind::Denials, [rule(excepted)]),
        ])
    };
    let outsider = node(Truth::False);
    assert_eq!(outsider.decide("iam.serviceAccountKeys.create", P), EXPLICIT("org rule"));
    assert_eq!(outsider.decide("resourcemanager.projects.setIamPolicy", P), allowed("owner on p"));
    let member_of_g = node(Truth::True);
    assert_eq!(member_of_g.decide("iam.serviceAccountKeys.create", P), allowed("owner on p"));
    // Nobody read who is in the group: the answer hangs on that.
    let maybe = node(Truth::unknown("members of group g")).decide("iam.serviceAccountKeys.create", P);
    assert_eq!(maybe.certainty(), Some(Certainty::Conditional(["members of group g".to_owned()].into())));
}

#[test]
fn b3_07_an_excepted_permission_is_not_denied() {
    let denied = Selector::of_except([Glob::sensitive("iam.*")], [Glob::sensitive("iam.serviceAccountKeys.create")]);
    let node = Authority::new(vec![
        bindings(vec![Grant::allow("owner on p", owner(), on(P))]),
        Layer::new("deny policies", LayerKind::Denials, [Grant::deny("rule", denied, Selector::everything())]),
    ]);
    assert_eq!(node.decide("iam.serviceAccountKeys.create", P), allowed("owner on p"));
}

#[test]
fn b3_08_a_binding_on_a_name_prefix_gives_those_names_only() {
    let app = Selector::of([Glob::sensitive("projects/42/secrets/app-*")]);
    let node = Authority::new(vec![bindings(vec![Grant::allow(
        "accessor",
        permissions(["secretmanager.versions.access"]),
        app,
    )])]);
    let access = |secret: &str| node.decide("secretmanager.versions.access", secret);
    assert_eq!(access("projects/42/secrets/app-db"), allowed("accessor"));
    assert_eq!(access("projects/42/secrets/other"), IMPLICIT);
}
