//! The ways in which machines of a cluster are found (semantics 2.5, (a) to (g)): each by itself, without the others.

use super::scene::*;
use palisade_model::{GapReason, Pool, PoolKind};
use serde_json::{Value, json};

fn machines(world: &mut World) -> &mut Vec<Value> {
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"]
        .as_array_mut()
        .unwrap()
}

fn scaling(world: &mut World, instances: &Value) {
    world.body("autoscaling:DescribeAutoScalingGroups")["DescribeAutoScalingGroupsResponse"]["DescribeAutoScalingGroupsResult"]
        ["AutoScalingGroups"][0]["Instances"] = instances.clone();
}

/// The scene with one machine more that carries some tags and nothing else.
fn with(tags: &[(&str, &str)]) -> World {
    let mut world = world();
    let mut machine = machines(&mut world)[0].clone();
    machine["instanceId"] = json!("i-2");
    let tags = tags.iter().map(|(key, value)| json!({ "key": key, "value": value }));
    machine["tagSet"] = json!(tags.collect::<Vec<_>>());
    machines(&mut world).push(machine);
    world
}

/// The pools a machine is found in, each with its kind.
fn found_in(world: &World, machine: &str) -> Vec<(String, PoolKind)> {
    let holds =
        |pool: &&Pool| pool.nodes.get().is_ok_and(|nodes| nodes.iter().any(|node| node.id.to_string() == machine));
    let cluster = world.cluster();
    let pools = cluster.pools.get().unwrap().iter().filter(holds);
    pools.map(|pool| (pool.id.to_string(), pool.kind)).collect()
}

fn one(pool: &str, kind: PoolKind) -> Vec<(String, PoolKind)> {
    vec![(pool.to_owned(), kind)]
}

#[test]
fn a_a_machine_without_tags_belongs_to_the_node_group_whose_auto_scaling_group_holds_it() {
    let mut world = with(&[]);
    assert_eq!(found_in(&world, "i-2"), []);
    scaling(&mut world, &json!([{ "InstanceId": "i-1" }, { "InstanceId": "i-2" }]));
    assert_eq!(found_in(&world, "i-2"), one("nodegroup/general", PoolKind::Managed));
}

#[test]
fn b_a_machine_that_the_cluster_owns_joined_by_itself() {
    let own = [("kubernetes.io/cluster/shop", "owned"), ("aws:autoscaling:groupName", "by-hand")];
    assert_eq!(found_in(&with(&own), "i-2"), one("self-managed/by-hand", PoolKind::SelfManaged));
    assert_eq!(found_in(&with(&own[..1]), "i-2"), one("self-managed/unnamed", PoolKind::SelfManaged));
    assert_eq!(
        found_in(&with(&[("kubernetes.io/cluster/shop", "shared")]), "i-2"),
        [],
        "something the cluster may use"
    );
    assert_eq!(found_in(&with(&[("kubernetes.io/cluster/other", "owned")]), "i-2"), [], "another cluster's");
}

#[test]
fn c_a_machine_that_takes_part_is_tagged_by_eks_however_it_was_started() {
    assert_eq!(
        found_in(&with(&[("aws:eks:cluster-name", "shop")]), "i-2"),
        one("self-managed/unnamed", PoolKind::SelfManaged)
    );
    let karpenter = [("aws:eks:cluster-name", "shop"), ("karpenter.sh/nodepool", "burst")];
    assert_eq!(found_in(&with(&karpenter), "i-2"), one("karpenter/burst", PoolKind::Automatic));
    let before = [("aws:eks:cluster-name", "shop"), ("karpenter.sh/provisioner-name", "old")];
    assert_eq!(found_in(&with(&before), "i-2"), one("karpenter/old", PoolKind::Automatic));
}

#[test]
fn d_a_machine_of_a_managed_group_names_cluster_and_group() {
    let tags = [("eks:cluster-name", "shop"), ("eks:nodegroup-name", "general")];
    assert_eq!(found_in(&with(&tags), "i-2"), one("nodegroup/general", PoolKind::Managed));
    // A group that is gone from the list while its machines still run.
    let gone = [("eks:cluster-name", "shop"), ("eks:nodegroup-name", "gone")];
    assert_eq!(found_in(&with(&gone), "i-2"), one("nodegroup/gone", PoolKind::Managed));
}

#[test]
fn e_a_machine_of_auto_mode_names_cluster_and_pool() {
    let tags = [("eks:eks-cluster-name", "shop"), ("eks:kubernetes-node-pool-name", "general-purpose")];
    assert_eq!(found_in(&with(&tags), "i-2"), one("auto/general-purpose", PoolKind::Automatic));
}

#[test]
fn f_a_fargate_profile_is_a_pool_without_machines() {
    let mut world = world();
    world.body("eks:ListFargateProfiles")["fargateProfileNames"] = json!(["jobs"]);
    let role = "arn:aws:iam::111122223333:role/eks-node";
    world.put(
        "eks:DescribeFargateProfile",
        PLACE,
        &[("cluster", "shop"), ("profile", "jobs")],
        json!({ "fargateProfile": {
        "fargateProfileName": "jobs", "podExecutionRoleArn": role, "subnets": ["subnet-1"],
    } }),
    );
    let cluster = world.cluster();
    let pool = cluster.pools.get().unwrap().iter().find(|pool| pool.kind == PoolKind::Serverless).unwrap().clone();
    assert_eq!((pool.id.as_str(), pool.nodes.get().unwrap().len()), ("fargate/jobs", 0));
    assert!(
        cluster.identities.get().unwrap().iter().any(|one| one.used_by.contains(&"Fargate profile jobs".to_owned()))
    );
}

#[test]
fn g_machines_outside_aws_are_told_and_not_taken_for_none() {
    let mut world = world();
    world.cluster_body()["remoteNetworkConfig"] = json!({ "remoteNodeNetworks": [{ "cidrs": ["192.168.7.0/24"] }] });
    let cluster = world.cluster();
    let pool = cluster.pools.get().unwrap().iter().find(|pool| pool.id.as_str() == "hybrid/nodes").unwrap().clone();
    let gap = pool.exposure.gap().unwrap();
    assert_eq!(
        (gap.reason(), gap.to_string()),
        (GapReason::Unsupported, "hybrid nodes stand outside AWS, which does not describe them".to_owned())
    );
    assert_eq!(pool.nodes.gap(), Some(gap));
    assert!(verdict(&cluster, "ND-02").contains(&palisade_engine::State::Unknown));
    world.cluster_body()["remoteNetworkConfig"] = json!({ "remotePodNetworks": [] });
    assert_eq!(world.cluster().pools.get().unwrap().len(), 1, "no network for nodes, no such nodes");
}

#[test]
fn a_machine_that_is_going_is_no_node_any_more() {
    let mut world = with(&[("eks:cluster-name", "shop"), ("eks:nodegroup-name", "general")]);
    machines(&mut world)[1]["instanceState"] = json!({ "code": "32", "name": "shutting-down" });
    assert_eq!(found_in(&world, "i-2"), []);
}
