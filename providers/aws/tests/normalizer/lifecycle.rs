//! How a cluster is kept and who gets into it: what EKS answers, and what is said of it.

use super::scene::*;
use palisade_engine::State::{self, AttestMissing, Fail, Inherited, NotApplicable, Pass, Unknown};
use palisade_model::{ClusterCa, Gap, Phase};
use serde_json::{Value, json};

/// A change to the tidy world, the control that sees it, and what that control says then.
type Row = (&'static str, &'static str, fn(&mut World), State);

fn node_group(world: &mut World) -> &mut Value {
    &mut world.body("eks:DescribeNodegroup")["nodegroup"]
}

fn addon(world: &mut World) -> &mut Value {
    &mut world.body("eks:DescribeAddon")["addon"]
}

fn entry(world: &mut World, principal: &str, policy: &str, scope: &str) {
    let (body, of) =
        (json!({ "accessEntry": { "type": "STANDARD" } }), [("cluster", "shop"), ("principal", principal)]);
    let arn = format!("arn:aws:eks::aws:cluster-access-policy/{policy}");
    let policies = json!([{ "policyArn": arn, "accessScope": { "type": scope, "namespaces": [] } }]);
    let list = json!({ "accessEntries": [principal], "nextToken": null });
    world
        .put("eks:ListAccessEntries", PLACE, &[("cluster", "shop")], list)
        .put("eks:DescribeAccessEntry", PLACE, &of, body)
        .put("eks:ListAssociatedAccessPolicies", PLACE, &of, json!({ "associatedAccessPolicies": policies }));
}

const ROLE: &str = "arn:aws:iam::111122223333:role/platform";
const USER: &str = "arn:aws:iam::111122223333:user/bob";

const ROWS: &[Row] = &[
    ("no static administrator to have", "CP-10", |_| (), Inherited),
    ("no other authorization to have", "CP-11", |_| (), Inherited),
    ("access entries of roles", "CP-12", |_| (), Pass),
    ("no mode at all", "CP-12", |world| world.cluster_body()["accessConfig"] = Value::Null, Fail),
    ("the config map beside", "CP-12", |world| mode(world, "API_AND_CONFIG_MAP"), Unknown),
    ("a user with an entry", "CP-12", |world| entry(world, USER, "AmazonEKSViewPolicy", "namespace"), Fail),
    ("a role as administrator", "CP-13", |world| entry(world, ROLE, "AmazonEKSClusterAdminPolicy", "cluster"), Pass),
    ("a user as administrator", "CP-13", |world| entry(world, USER, "AmazonEKSAdminPolicy", "cluster"), Fail),
    ("a user in a namespace", "CP-13", |world| entry(world, USER, "AmazonEKSClusterAdminPolicy", "namespace"), Pass),
    ("nobody knows who made it", "CP-13", |world| mode(world, "CONFIG_MAP"), Unknown),
    ("an authority with ten years", "CP-14", |_| (), Pass),
    ("no authority", "CP-14", |world| world.cluster_body()["certificateAuthority"] = Value::Null, Unknown),
    (
        "an authority nobody can read",
        "CP-14",
        |world| world.cluster_body()["certificateAuthority"]["data"] = json!("AA"),
        Unknown,
    ),
    ("protection", "BK-05", |_| (), Pass),
    ("no protection", "BK-05", |world| world.cluster_body()["deletionProtection"] = json!(false), Fail),
    ("no word of protection", "BK-05", |world| world.cluster_body()["deletionProtection"] = Value::Null, Unknown),
    ("audit in the first entry", "OB-01", |_| (), Pass),
    ("audit in the second entry", "OB-01", |world| logs(world, &json!([off(&["api"]), on(&["audit"])])), Pass),
    ("audit off", "OB-01", |world| logs(world, &json!([on(&["api"]), off(&["audit"])])), Fail),
    ("no logs at all", "OB-01", |world| logs(world, &json!([])), Fail),
    ("no word of logs", "OB-01", |world| world.cluster_body()["logging"] = Value::Null, Unknown),
    ("well, and repaired", "OB-06", |_| (), Pass),
    (
        "an issue",
        "OB-06",
        |world| world.cluster_body()["health"] = json!({ "issues": [{ "code": "Ec2SubnetNotFound" }] }),
        Fail,
    ),
    ("failed", "OB-06", |world| world.cluster_body()["status"] = json!("FAILED"), Fail),
    ("being changed", "OB-06", |world| world.cluster_body()["status"] = json!("UPDATING"), Unknown),
    ("a degraded group", "OB-06", |world| node_group(world)["status"] = json!("DEGRADED"), Fail),
    ("repair by default", "OB-06", |world| node_group(world)["nodeRepairConfig"] = Value::Null, Fail),
    ("a level of service", "SC-04", |_| (), Pass),
    ("standard support", "AR-01", |_| (), Pass),
    ("extended support", "AR-01", |world| world.cluster_body()["version"] = json!("1.31"), Fail),
    ("no support", "AR-01", |world| world.cluster_body()["version"] = json!("1.29"), Fail),
    ("a version nobody lists", "AR-01", |world| world.cluster_body()["version"] = json!("1.99"), Unknown),
    (
        "no list of versions",
        "AR-01",
        |world| {
            world.deny("eks:DescribeClusterVersions");
        },
        Unknown,
    ),
    ("in step", "AR-02", |_| (), Pass),
    ("three behind", "AR-02", |world| node_group(world)["version"] = json!("1.31"), Fail),
    ("ahead", "AR-02", |world| node_group(world)["version"] = json!("1.35"), Fail),
    ("no version", "AR-02", |world| node_group(world)["version"] = Value::Null, Unknown),
    ("no channel to have", "AR-03", |_| (), AttestMissing),
    ("one zone", "AR-04", |_| (), Fail),
    ("two zones", "AR-04", two_zones, Pass),
    (
        "two zones on spot",
        "AR-04",
        |world| {
            two_zones(world);
            node_group(world)["capacityType"] = json!("SPOT");
        },
        Fail,
    ),
    ("insights that pass", "AR-05", |_| (), Pass),
    ("an insight that fails", "AR-05", |world| insight(world, "ERROR"), Fail),
    ("an insight that warns", "AR-05", |world| insight(world, "WARNING"), Fail),
    ("an insight that does not know", "AR-05", |world| insight(world, "UNKNOWN"), Unknown),
    ("no insight yet", "AR-05", |world| world.body("eks:ListInsights")["insights"] = json!([]), Unknown),
    ("new machines first", "AR-06", |_| (), Pass),
    (
        "old machines first",
        "AR-06",
        |world| node_group(world)["updateConfig"] = json!({ "updateStrategy": "MINIMAL" }),
        Fail,
    ),
    ("add-ons that fit", "AR-07", |_| (), Pass),
    ("an add-on that is too old", "AR-07", |world| addon(world)["addonVersion"] = json!("v0"), Fail),
    ("an add-on that is degraded", "AR-07", |world| addon(world)["status"] = json!("DEGRADED"), Fail),
    (
        "no list of versions of add-ons",
        "AR-07",
        |world| {
            world.deny("eks:DescribeAddonVersions");
        },
        Unknown,
    ),
    ("no alpha to have", "AR-08", |_| (), NotApplicable),
    ("an owner and nothing else", "GV-01", |_| (), Fail),
    (
        "all three tags",
        "GV-01",
        |world| {
            world.cluster_body()["tags"] = json!({ "Owner": "shop", "env": "prod", "data-class": "internal" });
        },
        Pass,
    ),
    ("everything answered", "GV-04", |_| (), Pass),
    (
        "a call denied",
        "GV-04",
        |world| {
            world.deny("eks:ListInsights");
        },
        Fail,
    ),
];

fn mode(world: &mut World, mode: &str) {
    world.cluster_body()["accessConfig"]["authenticationMode"] = json!(mode);
}

fn on(types: &[&str]) -> Value {
    json!({ "types": types, "enabled": true })
}

fn off(types: &[&str]) -> Value {
    json!({ "types": types, "enabled": false })
}

fn logs(world: &mut World, entries: &Value) {
    world.cluster_body()["logging"] = json!({ "clusterLogging": entries });
}

fn insight(world: &mut World, status: &str) {
    world.body("eks:ListInsights")["insights"][0]["insightStatus"] = json!({ "status": status });
}

fn two_zones(world: &mut World) {
    let subnets = &mut world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"];
    let mut other = subnets[0].clone();
    (other["subnetId"], other["availabilityZone"]) = (json!("subnet-2"), json!("eu-west-1b"));
    subnets.as_array_mut().unwrap().push(other);
    node_group(world)["subnets"] = json!(["subnet-1", "subnet-2"]);
}

#[test]
fn each_answer_of_eks_makes_the_verdict_that_the_catalogue_gives_it() {
    let mut wrong = Vec::new();
    for (what, control, change, expected) in ROWS {
        let mut world = world();
        with_key(&mut world);
        change(&mut world);
        let said = verdict(&world.cluster(), control);
        if said != [*expected] {
            wrong.push(format!("{control}, {what}: {said:?} and not {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_dates_are_those_of_the_list_and_extended_ones_count_only_where_they_are_paid_for() {
    let mut world = world();
    let support = |world: &World| world.cluster().lifecycle.support.get().unwrap().clone();
    let before = support(&world);
    assert_eq!(
        (before.phase, before.standard_until.unwrap().to_string().as_str()),
        (Phase::Standard, "2027-06-01T00:00:00Z")
    );
    assert_eq!(before.extended_until.unwrap().to_string(), "2028-06-01T00:00:00Z");
    world.cluster_body()["upgradePolicy"] = json!({ "supportType": "STANDARD" });
    assert_eq!(support(&world).extended_until, None);
}

#[test]
fn the_certificate_is_taken_out_of_its_two_wrappings() {
    let mut world = world();
    let authority = world.cluster().access.authority;
    assert!(
        matches!(authority.get(), Ok(ClusterCa::Known { not_after, .. }) if not_after.to_string() == "2036-11-26T06:06:58Z")
    );
    world.cluster_body()["certificateAuthority"]["data"] = json!("AA==");
    let gap = world.cluster().access.authority.gap().cloned();
    assert!(matches!(gap, Some(Gap::Malformed { pointer, .. }) if pointer == "/cluster/certificateAuthority/data"));
}
