//! Ways up that rest on who trusts whom outside the project's own roles.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::ACCOUNT_POLICY;
use world::{World, policy};

const NODE: &str = "n@p.iam.gserviceaccount.com";
const APP: &str = "a@p.iam.gserviceaccount.com";

/// The ways of the machines' account when it rules the project's pools and the owner trusts this member.
fn way(trusted: &str) -> Vec<String> {
    let mut world = World::tidy();
    let role = "projects/p/roles/pools";
    world.role(role, &["iam.workloadIdentityPoolProviders.update"]);
    world.bind(&[(role, &format!("serviceAccount:{NODE}")), ("roles/owner", &format!("serviceAccount:{APP}"))]);
    let bound = policy(&[("roles/iam.workloadIdentityUser", trusted)]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], bound);
    let cluster = world.only();
    let node = cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == NODE).unwrap();
    let way = node.standing.get().unwrap().escalation.clone().unwrap_or_default();
    way.iter().map(|hop| hop.method.name().to_owned()).collect()
}

#[test]
fn who_rules_a_pool_of_the_project_signs_in_as_whoever_the_pool_may_be() {
    let pool = "principalSet://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/ci/*";
    assert_eq!(way(pool), ["forge-federated-identity", "set-project-policy"]);
}

#[test]
fn the_pools_of_other_projects_and_those_that_google_keeps_for_clusters_are_not_theirs_to_rule() {
    for member in [
        "principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/ci/*",
        "principalSet://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog/*",
        "user:somebody@x.example",
    ] {
        assert!(way(member).is_empty(), "{member}");
    }
}
