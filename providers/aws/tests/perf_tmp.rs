//! Temporary.
#[allow(dead_code, unused)]
#[path = "normalizer/scene.rs"]
mod scene;
use palisade_provider::Provider;
#[test]
fn perf() {
    let mut world = scene::world();
    scene::with_key(&mut world);
    scene::node_rules(&mut world, scene::ssh_from_everybody());
    // five nodes, and the managed policies as they are
    let inst = world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0].clone();
    let mut all = vec![];
    for i in 0..5 { let mut one = inst.clone(); one["instanceId"] = format!("i-{i}").into(); all.push(one); }
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"] = all.into();
    let docs: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"),"/../../crates/simulator/src/aws/managed_policies.json")).unwrap()).unwrap();
    let g = world.body("iam:GetAccountAuthorizationDetails");
    let list = g["GetAccountAuthorizationDetailsResponse"]["GetAccountAuthorizationDetailsResult"].clone();
    let mut pols = vec![];
    for (name, v) in docs.as_object().unwrap() {
        let doc = v.get("document").unwrap_or(v);
        pols.push(serde_json::json!({"Arn": format!("arn:aws:iam::aws:policy/{name}"), "PolicyName": name, "PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":"true","Document": doc.to_string()}]}));
    }
    let mut list = list; list["Policies"] = pols.into();
    g["GetAccountAuthorizationDetailsResponse"]["GetAccountAuthorizationDetailsResult"] = list;
    let snapshot = world.snapshot();
    let aws = palisade_aws::Aws::new(palisade_aws::Settings::new("x"));
    let n = 300;
    let t = std::time::Instant::now();
    for _ in 0..n { std::hint::black_box(aws.normalize(&snapshot)); }
    println!("one cluster alone: {:?}", t.elapsed() / n);
}
