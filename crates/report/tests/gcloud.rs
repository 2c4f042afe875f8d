//! Fixes on Google Cloud: commands that can be pasted, with the names of what is there and whatever those names hold.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use palisade_model::{Cluster, Exposure, Observed, PoolKind, Provider};
use palisade_reach::{
    Action, AddrSet, Bounds, Gate, Layer, PacketSet, Path, Ports, Protocols, Rule, Tier, internet, parse_net,
};
use palisade_report::{Options, reach_fix};
use palisade_testkit::{everyone, known, packets, sloppy};
use std::{process::Command, sync::Arc};

const WAY: &str = "external IPv4 address in network host-1/prod, europe-west1";

fn any() -> AddrSet {
    AddrSet::from_net(parse_net("0.0.0.0/0").unwrap())
}

fn rule(id: &str, packets: PacketSet) -> Rule {
    Rule::new(id, Action::Allow, Bounds::exact(packets))
}

/// A cluster whose one way in passes a door and one tier with one rule that allows.
fn cluster(way: &str, door: &str, tier: &str, rule: Rule) -> Cluster {
    let outside = PacketSet::of(Protocols::Any, &Ports::full(), internet());
    let tier = Tier { name: tier.into(), rules: vec![rule], default: Action::Pass };
    let implied = Tier { name: "implied rules".into(), rules: Vec::new(), default: Action::Deny };
    let path = Path::new(
        way,
        vec![
            Layer::new(door, Gate::Fixed { id: "door".into(), passes: Bounds::exact(outside) }),
            Layer::new("firewalls", Gate::Tiers(vec![tier, implied])),
        ],
    );
    let internet = path.sessions().any_port;
    let mut cluster = sloppy(Provider::Gcp);
    "shop".clone_into(&mut cluster.name);
    let mut pools = cluster.pools.get().unwrap().clone();
    pools.truncate(1);
    for pool in &mut pools {
        "workers".clone_into(&mut pool.name);
        pool.kind = PoolKind::Managed;
        pool.exposure = known(vec![Exposure {
            nodes: Vec::new(),
            ordinary: internet.clone(),
            internet: internet.clone(),
            inside: Bounds::exact(PacketSet::empty()),
            local: AddrSet::empty(),
            layers: Arc::from([]),
            paths: Arc::from(vec![path.clone()]),
            limits: Vec::new(),
            mitigation: None,
        }]);
    }
    cluster.pools = Observed::known(pools, Vec::new());
    cluster
}

/// The commands that close SSH from the internet.
fn commands(cluster: &Cluster) -> Vec<String> {
    let unwanted = |_: &Exposure| packets(22, &everyone().intersect(internet()));
    let text =
        reach_fix(cluster, &unwanted, &Options { colour: false, width: 60, next: Vec::new(), ..Options::default() });
    text.lines().map(str::trim).filter(|line| line.starts_with("gcloud ")).map(str::to_owned).collect()
}

/// What a shell makes of a command.
fn words(command: &str) -> Vec<String> {
    let script = format!("gcloud() {{ printf '%s\\0' \"$@\"; }}; {command}");
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn find<'a>(commands: &'a [String], start: &str) -> &'a str {
    commands.iter().find(|one| one.starts_with(start)).unwrap_or_else(|| panic!("{start}: {commands:#?}"))
}

#[test]
fn a_rule_of_the_network_is_removed_or_narrowed_by_its_name_in_the_networks_project() {
    let ssh = rule("VPC firewall rule ssh (priority 900)", packets(22, &any().intersect(internet())));
    let told = commands(&cluster(WAY, "external address", "VPC firewall rules", ssh));
    assert_eq!(find(&told, "gcloud compute firewall"), "gcloud compute firewall-rules delete ssh --project=host-1");
    let both = packets(22, &any()).union(&packets(443, &any()));
    let told = commands(&cluster(
        WAY,
        "external address",
        "VPC firewall rules",
        rule("VPC firewall rule ssh (priority 900)", both),
    ));
    // What is left are two kinds of packets, which one rule cannot say: a denial of the same priority comes before it.
    let deny = words(find(&told, "gcloud compute firewall"));
    assert_eq!(deny[..4], ["compute", "firewall-rules", "create", "palisade-deny-1"]);
    for flag in [
        "--network=prod",
        "--project=host-1",
        "--direction=INGRESS",
        "--action=DENY",
        "--priority=900",
        "--rules=tcp:22",
    ] {
        assert!(deny.iter().any(|word| word == flag), "{flag}: {deny:?}");
    }
    let ranges = deny.iter().find_map(|word| word.strip_prefix("--source-ranges=")).unwrap();
    let denied: AddrSet = ranges.split(',').map(|range| parse_net(range).unwrap()).collect();
    assert_eq!(denied, any().intersect(internet()));
}

#[test]
fn the_commands_stand_whole_below_the_words() {
    let both = packets(22, &any()).union(&packets(443, &any()));
    let label = "VPC firewall rule web (priority 1000)";
    let cluster = cluster(WAY, "external address", "VPC firewall rules", rule(label, both));
    let unwanted = |_: &Exposure| packets(22, &palisade_testkit::nets(&["203.0.113.0/24"]));
    let options = Options { colour: false, width: 60, next: Vec::new(), ..Options::default() };
    insta::assert_snapshot!("fix_gcp", reach_fix(&cluster, &unwanted, &options));
}

#[test]
fn a_pool_that_gives_addresses_is_told_to_give_none() {
    let ssh = rule("VPC firewall rule ssh (priority 900)", packets(22, &any()));
    let cluster = cluster(WAY, "external address", "VPC firewall rules", ssh);
    let told = commands(&cluster);
    let expected = format!(
        "gcloud container node-pools update workers --cluster=shop --location={} --project={} --enable-private-nodes",
        cluster.location, cluster.scope
    );
    assert_eq!(find(&told, "gcloud container"), expected);
}

#[test]
fn policies_are_found_by_number_by_name_and_by_region() {
    for (tier, label, expected) in [
        (
            "hierarchical firewall policy baseline (471100)",
            "hierarchical firewall policy baseline (471100) rule 50 (let in)",
            "gcloud compute firewall-policies rules delete 50 --firewall-policy=471100",
        ),
        (
            "network firewall policy edge",
            "network firewall policy edge rule 7",
            "gcloud compute network-firewall-policies rules delete 7 --firewall-policy=edge --global-firewall-policy --project=host-1",
        ),
        (
            "regional network firewall policy near",
            "regional network firewall policy near rule 8",
            "gcloud compute network-firewall-policies rules delete 8 --firewall-policy=near \
             --firewall-policy-region=europe-west1 --project=host-1",
        ),
    ] {
        let told =
            commands(&cluster(WAY, "external address", tier, rule(label, packets(22, &any().intersect(internet())))));
        assert!(told.iter().any(|one| one == expected), "{expected}: {told:#?}");
    }
}

#[test]
fn a_load_balancer_is_deleted_where_it_is() {
    let way = "forwarding rule a1b2 (IPv4) of europe-west4 in network host-1/prod, europe-west4";
    let ssh = rule("VPC firewall rule ssh (priority 900)", packets(22, &any()));
    let cluster = cluster(way, "load balancer", "VPC firewall rules", ssh);
    let expected =
        format!("gcloud compute forwarding-rules delete a1b2 --region=europe-west4 --project={}", cluster.scope);
    assert_eq!(find(&commands(&cluster), "gcloud compute forwarding"), expected);
}

#[test]
fn what_google_keeps_or_nobody_read_has_no_command() {
    for (tier, label) in [
        ("system firewall policy google", "system firewall policy google rule 1"),
        (
            "firewall policies of the network, which were not read",
            "firewall policies of the network, which were not read",
        ),
        ("VPC firewall rules", "VPC firewall rules that were not read"),
    ] {
        let told =
            commands(&cluster(WAY, "external address", tier, rule(label, packets(22, &any().intersect(internet())))));
        assert!(told.iter().all(|one| one.starts_with("gcloud container")), "{label}: {told:#?}");
    }
}

#[test]
fn names_that_mean_something_to_a_shell_stay_names() {
    for name in ["$(touch /tmp/owned)", "x; reboot", "it's", "`id`", "a b", "x\u{202e}y", "a\nb"] {
        let label = format!("VPC firewall rule {name} (priority 900)");
        let mut cluster = cluster(
            WAY,
            "external address",
            "VPC firewall rules",
            rule(&label, packets(22, &any().intersect(internet()))),
        );
        name.clone_into(&mut cluster.name);
        let told = commands(&cluster);
        assert_eq!(words(find(&told, "gcloud compute"))[3], name, "{told:?}");
        assert!(words(find(&told, "gcloud container")).contains(&format!("--cluster={name}")), "{told:?}");
        assert!(told.iter().all(|one| !one.contains('\u{202e}')));
    }
}

#[test]
fn a_name_that_looks_like_a_flag_makes_no_command() {
    let label = "VPC firewall rule --project=other (priority 900)";
    let ssh = rule(label, packets(22, &any().intersect(internet())));
    let told = commands(&cluster(WAY, "external address", "VPC firewall rules", ssh));
    assert!(told.iter().all(|one| one.starts_with("gcloud container")), "{told:#?}");
}
