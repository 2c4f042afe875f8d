//! What `palisade reach` and `palisade authority` show.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use insta::assert_snapshot;
use palisade_authority::{
    AccessLevel, Capability, Certainty, GrantId, Held, Hop, Method, Node, OutsideNeed, Standing, Universe, Wildcard,
};
use palisade_controls::node::unwelcome;
use palisade_model::{Cluster, IdentityKind, Observed, Provider, UnreadGroup};
use palisade_reach::Protocol;
use palisade_report::{Options, authority, authority_json, reach, reach_fix, reach_json, reach_why, who, who_json};
use palisade_testkit::{gap, known, sloppy, tidy, walled};
use std::collections::BTreeSet;

fn options() -> Options {
    Options { colour: false, width: 80, next: Vec::new(), ..Options::default() }
}

fn why(source: &str, port: Option<u16>) -> String {
    reach_why(&walled(Provider::Aws), source.parse().unwrap(), Protocol::TCP, port, &options())
}

#[test]
fn each_answer_is_told_once_with_its_size_and_the_rules_that_admit_it() {
    assert_snapshot!("reach", reach(&walled(Provider::Aws), None, &options()));
    assert_snapshot!("reach_port", reach(&walled(Provider::Aws), Some(22), &options()));
}

#[test]
fn without_ways_in_the_sets_alone_answer_and_what_was_not_read_is_unknown() {
    let text = reach(&sloppy(Provider::Gcp), Some(22), &options());
    assert!(text.contains("tcp/22 reachable from any IPv4 address and any IPv6 address"), "{text}");
    let mut dark = walled(Provider::Aws);
    dark.pools.hide(gap());
    dark.api.public.hide(gap());
    for text in
        [reach(&dark, None, &options()), reach_why(&dark, [192, 0, 2, 1].into(), Protocol::TCP, Some(22), &options())]
    {
        assert!(text.contains("nodes: unknown:") && text.contains("`test:Permission`"), "{text}");
        assert!(!text.contains("nobody") && !text.contains("stopped"), "{text}");
    }
}

#[test]
fn one_packet_is_followed_to_the_first_layer_that_stops_it() {
    assert_snapshot!("why_arrives", why("203.0.113.7", Some(22)));
    assert_snapshot!("why_stopped_by_a_rule", why("203.0.113.200", Some(22)));
    assert_snapshot!("why_stopped_for_want_of_a_rule", why("192.0.2.1", Some(22)));
    assert_snapshot!("why_untold", why("192.0.2.1", Some(5432)));
    assert!(why("192.0.2.1", None).contains("nodes: not asked: name the port"), "{}", why("192.0.2.1", None));
}

#[test]
fn the_smallest_change_of_each_layer_is_told_with_what_else_it_closes() {
    // Google Cloud's are in `gcloud.rs`.
    for provider in [Provider::Aws, Provider::Azure] {
        let unwanted = |exposure: &palisade_model::Exposure| unwelcome(provider, exposure);
        assert_snapshot!(format!("fix_{provider}"), reach_fix(&walled(provider), &unwanted, &options()));
    }
}

#[test]
fn programs_get_the_same_answers() {
    let value = reach_json(&walled(Provider::Aws), Some(22));
    assert_eq!(value["schema"], "palisade.reach/v1");
    let proof = &value["pools"][0]["exposures"][0]["proofs"][0];
    assert_eq!(proof["packets"][0]["sources"], serde_json::json!(["203.0.113.0/25"]));
    assert_eq!(proof["through"][4]["by"], serde_json::json!(["sg-1: tcp 22 from 203.0.113.0/24"]));
}

fn deployer() -> Standing {
    let policy = || vec![GrantId::from("policy deploy statement 1")];
    let held = |capability, certainty, action: &str| Held {
        capability,
        certainty,
        actions: vec![action.to_owned()],
        by: policy(),
        everywhere: capability != Capability::PushImage,
    };
    let on = Certainty::Conditional(["aws:SourceVpce".to_owned()].into());
    Standing {
        held: vec![
            held(Capability::DecryptKms, on, "kms:Decrypt"),
            held(Capability::PushImage, Certainty::Certain, "ecr:PutImage"),
        ],
        escalation: Some(vec![Hop {
            from: Node::Identity("deployer".into()),
            to: Node::Administrator,
            method: Method::new("pass-role-to-instance", "It starts a machine that carries the role."),
            permissions: vec!["iam:PassRole".to_owned(), "ec2:RunInstances".to_owned()],
            by: policy(),
            certainty: Certainty::Certain,
        }]),
        wildcards: vec![Wildcard { grant: "policy deploy statement 2".into(), pattern: "s3:*".to_owned() }],
        outside_need: vec![OutsideNeed {
            grant: "policy deploy statement 1".into(),
            actions: vec!["kms:Decrypt".to_owned(), "ecr:PutImage".to_owned()],
            more: 0,
        }],
        assumptions: vec!["no organisation policy".to_owned()],
        ..Standing::default()
    }
}

fn with(standing: Observed<Standing>) -> Cluster {
    let mut cluster = tidy(Provider::Aws);
    let mut identities = cluster.identities.get().unwrap().clone();
    identities[1].standing = standing.map(std::sync::Arc::new);
    cluster.identities = known(identities);
    cluster
}

fn universe() -> Universe {
    let action = |name: &str, level| (name.to_owned(), level);
    Universe::new(
        "a test",
        [
            action("s3:GetObject", AccessLevel::Read),
            action("s3:PutObject", AccessLevel::Write),
            action("ecr:PutImage", AccessLevel::Write),
            action("kms:Decrypt", AccessLevel::Write),
        ],
    )
}

#[test]
fn an_identity_is_told_capability_by_capability_and_hop_by_hop() {
    let cluster = with(known(deployer()));
    let identity = &cluster.identities.get().unwrap()[1];
    assert_snapshot!("authority", authority(&cluster, identity, Some(&universe()), &options()));
    let value = authority_json(&cluster, identity);
    assert_eq!(value["standing"]["held"][1]["capability"], "push-image");
    let dark = with(Observed::missing(gap()));
    let identity = &dark.identities.get().unwrap()[1];
    assert!(authority(&dark, identity, None, &options()).contains("may do         unknown:"));
    assert!(authority_json(&dark, identity)["unknown"].as_str().unwrap().contains("test:Permission"));
}

#[test]
fn who_holds_something_or_can_come_to_is_told_over_every_cloud() {
    let mut azure = tidy(Provider::Azure);
    azure.unread_groups = known(
        vec![UnreadGroup {
            group: "ops".to_owned(),
            by: vec!["Owner at /subscriptions/s".into()],
            adds: BTreeSet::from([Capability::Administrator]),
            everywhere: BTreeSet::new(),
            wildcards: Vec::new(),
            readable_with: "GroupMember.Read.All",
        }]
        .into(),
    );
    let mut dark = tidy(Provider::Gcp);
    dark.identities.hide(gap());
    let clusters = vec![with(known(deployer())), sloppy(Provider::Aws), azure, dark];
    assert_snapshot!("who_decrypts", who(&clusters, Capability::DecryptKms, &options()));
    assert_snapshot!("who_is_cluster_admin", who(&clusters, Capability::ClusterAdmin, &options()));
    let value = who_json(&clusters, Capability::PushImage);
    let holds: Vec<_> =
        value["holders"].as_array().unwrap().iter().filter(|one| one["id"] == "node-identity").collect();
    assert_eq!((holds.len(), &holds[0]["certain"]), (1, &serde_json::json!(true)));
    assert_eq!(value["unknown"].as_array().unwrap().len(), 1);
}

#[test]
fn nobody_is_not_said_where_nothing_was_read() {
    let mut dark = tidy(Provider::Aws);
    dark.identities.hide(gap());
    let text = who(&[dark], Capability::DeleteBackups, &options());
    assert!(text.contains("nobody that was read") && text.contains("not known"), "{text}");
    assert!(tidy(Provider::Aws).identities.get().unwrap().iter().any(|one| one.kind == IdentityKind::Node));
}
