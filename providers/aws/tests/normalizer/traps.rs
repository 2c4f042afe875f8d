//! Traps seen in other people's recordings, each with the recording that shows it (see `recordings/MANIFEST.json`).

use super::scene::*;
use palisade_model::{Coverage, IdentityKind, KeyOwner, KeyState, PoolKind, PublicAccess};
use palisade_provider::xml_to_json;
use palisade_reach::{Family, Protocol, internet};
use serde_json::{Value, json};

macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/", $name))
    };
}

/// The reply in a recording of boto3.
fn reply(text: &str) -> Value {
    let mut recording: Value = serde_json::from_str(text).unwrap();
    recording["data"].take()
}

/// The world with a recorded cluster in the place of ours.
fn with_cluster(recorded: &str) -> World {
    let mut world = world();
    *world.cluster_body() = reply(recorded)["cluster"].take();
    world
}

#[test]
fn trap_15_policy_documents_are_read_decoded_as_the_command_line_prints_them() {
    let text = recording!("cloudsplaining-iam-GetAccountAuthorizationDetails.json");
    let details: Value = serde_json::from_str(text).unwrap();
    assert!(details["UserDetailList"][1]["UserPolicyList"][0]["PolicyDocument"].is_object());
    let mut world = world();
    let mut body = details.clone();
    body["IsTruncated"] = json!("false");
    world.put("iam:GetAccountAuthorizationDetails", ACCOUNT, &[], json!({ "AnyResponse": { "RResult": body } }));
    let cluster = world.cluster();
    let minters: Vec<&str> = cluster.minters.get().unwrap().iter().map(|minter| minter.principal.as_str()).collect();
    assert!(
        minters.contains(&"arn:aws:iam::012345678901:user/obama"),
        "an administrator can make credentials: {minters:?}"
    );
    assert!(minters.contains(&"arn:aws:iam::012345678901:user/userwithlotsofpermissions"), "by a group");
    assert!(!minters.contains(&"arn:aws:iam::012345678901:user/biden"), "one who runs functions and databases cannot");
    // The same documents with percent signs, as the wire has them, say the same.
    encode_documents(&mut world.body("iam:GetAccountAuthorizationDetails")["R"]["RResult"]);
    assert_eq!(world.cluster().minters.get().unwrap(), cluster.minters.get().unwrap());
}

fn encode_documents(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(encode_documents),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let is_document = name.ends_with("Document") && field.is_object();
                if is_document {
                    let text = field.to_string();
                    let encoded: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
                    *field = Value::from(encoded.concat());
                } else {
                    encode_documents(field);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[test]
fn trap_16_dates_written_as_objects_hide_nothing() {
    let recorded = recording!("c7n-eks-DescribeCluster-2026.json");
    assert!(reply(recorded)["cluster"]["createdAt"].is_object());
    let mut world = with_cluster(recorded);
    let cluster = world.cluster();
    assert_eq!(cluster.version.get().unwrap().to_string(), "1.35");
    let PublicAccess::Open(door) = cluster.api.public.get().unwrap() else { panic!("{:?}", cluster.api.public) };
    assert_eq!(door.sources, exactly(internet().family(Family::V4)));
    // Its machines are AWS' business: two pools without a node group, each with a role of its own.
    let pools: Vec<(&str, PoolKind)> = cluster
        .pools
        .get()
        .unwrap()
        .iter()
        .map(|pool| (pool.id.as_str(), pool.kind))
        .filter(|(_, kind)| *kind == PoolKind::Automatic)
        .collect();
    assert_eq!(pools, [("auto/general-purpose", PoolKind::Automatic), ("auto/system", PoolKind::Automatic)]);
    let nodes = cluster.identities.get().unwrap().iter().filter(|one| one.kind == IdentityKind::Node);
    assert!(nodes.map(|one| one.name.as_str()).any(|name| name == "AmazonEKSAutoNodeRole"));
    // The wire has epoch numbers; they change nothing.
    world.cluster_body()["createdAt"] = json!(1_774_872_151.891);
    assert_eq!(world.cluster().api, cluster_api(recorded));
}

fn cluster_api(recorded: &str) -> palisade_model::Api {
    let mut world = with_cluster(recorded);
    world.cluster_body()["createdAt"] = json!(1_774_872_151.891);
    world.cluster().api
}

#[test]
fn trap_17_a_cluster_from_before_2023_has_no_access_settings_and_no_access_entries() {
    let mut world = with_cluster(recording!("c7n-eks-DescribeCluster-kms-2022.json"));
    assert_eq!(world.cluster_body()["accessConfig"], Value::Null);
    world.forget("eks:ListAccessEntries").forget("eks:DescribeAccessEntry").forget("eks:ListAssociatedAccessPolicies");
    let cluster = world.cluster();
    assert!(cluster.minters.gap().is_none(), "{:?}", cluster.minters.gap());
    assert!(cluster.identities.gap().is_none(), "{:?}", cluster.identities.gap());
    let encryption = cluster.encryption.get().unwrap();
    assert_eq!(encryption.coverage, Coverage::Secrets);
    let KeyOwner::Customer { key } = &encryption.owner else { panic!("{:?}", encryption.owner) };
    let described = reply(recording!("c7n-kms-DescribeKey.json"));
    assert_eq!(described["KeyMetadata"]["Arn"], json!(key));
    world.put("kms:DescribeKey", PLACE, &[("key", key)], described);
    assert_eq!(world.cluster().key.state.get().unwrap(), &KeyState::Live { protected: None, expires: None });
    assert!(world.cluster().key.rotation.gap().is_some(), "nobody asked whether it rotates");
}

#[test]
fn a_recorded_node_group_without_a_template_says_what_new_machines_get() {
    let mut world = world();
    let mut recorded = reply(recording!("c7n-eks-DescribeNodegroup.json"));
    recorded["nodegroup"]["resources"]["autoScalingGroups"] = json!([]);
    world.put("eks:DescribeNodegroup", PLACE, &[("cluster", "shop"), ("nodegroup", "general")], recorded);
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"] = Value::Null;
    let cluster = world.cluster();
    let metadata = pool(&cluster).metadata.get().unwrap();
    assert!(!metadata.hardened, "AL2 leaves tokens optional: {metadata:?}");
    assert_eq!(pool(&cluster).nodes.get().unwrap(), &[]);
}

#[test]
fn somebody_elses_wire_text_composes_to_the_exact_answer() {
    let mut world = world();
    let of = [("vpcs", "vpc-1")];
    for (call, xml) in [
        ("ec2:DescribeSecurityGroups", recording!("botocore-ec2-describe-security-groups.xml")),
        ("ec2:DescribeNetworkAcls", recording!("botocore-ec2-describe-network-acls.xml")),
        ("ec2:DescribeRouteTables", recording!("botocore-ec2-describe-route-tables.xml")),
    ] {
        world.put(call, PLACE, &of, xml_to_json(xml).unwrap());
    }
    let expected: Value = serde_json::from_str(recording!("botocore-ec2-describe-security-groups.json")).unwrap();
    let groups = expected["SecurityGroups"].as_array().unwrap();
    assert_eq!(groups.len(), 5);
    for group in groups {
        let id = group["GroupId"].as_str().unwrap();
        let instance = &mut world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"]
            [0];
        instance["subnetId"] = json!("subnet-812910e8");
        instance["vpcId"] = json!("vpc-8d2910e4");
        let interface = &mut instance["networkInterfaceSet"][0];
        interface["subnetId"] = json!("subnet-812910e8");
        interface["vpcId"] = json!("vpc-8d2910e4");
        interface["groupSet"] = json!([{ "groupId": id }]);
        for port in [22, 80, 3389] {
            let open = group["IpPermissions"].as_array().unwrap().iter().any(|permission| {
                let (from, to) = (permission["FromPort"].as_u64(), permission["ToPort"].as_u64());
                let all = permission["IpProtocol"] == json!("-1");
                let on_port = permission["IpProtocol"] == json!("tcp")
                    && from.is_some_and(|from| from <= port)
                    && to.is_some_and(|to| to >= port);
                let everybody = permission["IpRanges"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|range| range["CidrIp"] == json!("0.0.0.0/0"));
                (all || on_port) && everybody
            });
            let found = reach_of(&world, Protocol::TCP, u16::try_from(port).unwrap());
            let is_open = found.lower().covers_any(Family::V4, &palisade_reach::AddrSet::empty());
            assert_eq!(is_open, open, "{id} port {port}: {found:?}");
            assert!(found.is_exact());
        }
    }
}
