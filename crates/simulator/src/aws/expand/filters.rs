//! Security groups, network access control lists, prefix lists and the switch against the internet.

use super::network::push;
use super::{Build, kinds, tag_set};
use crate::aws::description::Tags;
use crate::aws::description::network::{Acl, PrefixList, SecurityGroup, Vpc};
use crate::aws::description::rules::{AclRule, GroupRule, Peer, Traffic};
use crate::aws::item::Kind;
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::aws::tree::{Fields, Tree, fields};

/// An entry of a prefix list cannot be searched for.
const ENTRY: Kind = Kind { id: "cidr", filters: &[("cidr", "cidr")], tags: "", not_found: "" };

pub(super) fn expand(build: &mut Build<'_>) {
    let region = build.region;
    for vpc in &region.vpcs {
        let default = SecurityGroup {
            name: "default".to_owned(),
            description: "default VPC security group".to_owned(),
            inbound: vec![GroupRule { traffic: everything(), peers: vec![Peer::Itself], note: None }],
            outbound: None,
            tags: Tags::new(),
        };
        let own_default = vpc.security_groups.iter().any(|group| group.name == "default");
        for group in (!own_default).then_some(&default).into_iter().chain(&vpc.security_groups) {
            let id = build.place.group(&vpc.name, &group.name);
            let tree = group_tree(build.place, vpc, group, &id);
            push(&mut build.fabric.security_groups, &kinds::SECURITY_GROUP, tree);
        }
        expand_acls(build, vpc);
    }
    for list in &region.prefix_lists {
        expand_prefix_list(build, list);
    }
    expand_exclusions(build);
}

pub(super) fn everything() -> Traffic {
    Traffic { protocol: "-1".to_owned(), ports: None }
}

/// A security group. Its id is given because EKS names its groups by itself.
pub(super) fn group_tree(place: &Place, vpc: &Vpc, group: &SecurityGroup, id: &str) -> Fields {
    let everywhere = |vpc: &Vpc| {
        let mut peers = vec![Peer::Ipv4("0.0.0.0/0".to_owned())];
        peers.extend(vpc.ipv6.is_some().then(|| Peer::Ipv6("::/0".to_owned())));
        vec![GroupRule { traffic: everything(), peers, note: None }]
    };
    let outbound = group.outbound.clone().unwrap_or_else(|| everywhere(vpc));
    fields()
        .put("groupId", id)
        .put("securityGroupArn", place.arn("ec2", &format!("security-group/{id}")))
        .put("groupName", &group.name)
        .put("groupDescription", &group.description)
        .put("ownerId", &place.account)
        .put("vpcId", place.vpc(&vpc.name))
        .put("ipPermissions", permissions(place, vpc, id, &group.inbound))
        .put("ipPermissionsEgress", permissions(place, vpc, id, &outbound))
        .put("tagSet", tag_set("", &group.tags))
}

/// Rules as EC2 lists them: one permission for all rules about the same traffic.
fn permissions(place: &Place, vpc: &Vpc, id: &str, rules: &[GroupRule]) -> Tree {
    let mut traffics: Vec<&Traffic> = Vec::new();
    for rule in rules {
        if !traffics.contains(&&rule.traffic) {
            traffics.push(&rule.traffic);
        }
    }
    let permission = |traffic: &Traffic| {
        let (mut groups, mut ipv4, mut ipv6, mut lists) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for rule in rules.iter().filter(|rule| rule.traffic == *traffic) {
            for peer in &rule.peers {
                let noted = fields().maybe("description", rule.note.as_deref());
                match peer {
                    Peer::Ipv4(range) => ipv4.push(noted.put("cidrIp", range)),
                    Peer::Ipv6(range) => ipv6.push(noted.put("cidrIpv6", range)),
                    Peer::Itself => groups.push(noted.put("userId", &place.account).put("groupId", id)),
                    Peer::Group(name) => {
                        groups.push(noted.put("userId", &place.account).put("groupId", place.group(&vpc.name, name)));
                    }
                    Peer::PrefixList(name) => lists.push(noted.put("prefixListId", place.prefix_list(name))),
                }
            }
        }
        let ports = match (traffic.ports, traffic.protocol.as_str()) {
            (Some(ports), _) => Some(ports),
            (None, "tcp" | "udp") => Some((0, 65535)),
            (None, "icmp" | "icmpv6") => Some((-1, -1)),
            (None, _) => None,
        };
        fields()
            .put("ipProtocol", &traffic.protocol)
            .maybe("fromPort", ports.map(|(first, _)| first))
            .maybe("toPort", ports.map(|(_, last)| last))
            .put("groups", groups)
            .put("ipRanges", ipv4)
            .put("ipv6Ranges", ipv6)
            .put("prefixListIds", lists)
    };
    traffics.into_iter().map(permission).collect::<Vec<_>>().into()
}

fn expand_acls(build: &mut Build<'_>, vpc: &Vpc) {
    let mut open = vec![AclRule { number: 100, allow: true, traffic: everything(), cidr: "0.0.0.0/0".to_owned() }];
    if vpc.ipv6.is_some() {
        open.push(AclRule { number: 101, allow: true, traffic: everything(), cidr: "::/0".to_owned() });
    }
    let default = Acl { name: "default".to_owned(), inbound: open.clone(), outbound: open, tags: Tags::new() };
    let own_default = vpc.acls.iter().any(|acl| acl.name == "default");
    for acl in (!own_default).then_some(&default).into_iter().chain(&vpc.acls) {
        let tree = acl_tree(build.place, vpc, acl);
        push(&mut build.fabric.acls, &kinds::ACL, tree);
    }
}

fn acl_tree(place: &Place, vpc: &Vpc, acl: &Acl) -> Fields {
    let id = place.id("acl", &[&vpc.name, &acl.name]);
    let mine = vpc.subnets.iter().filter(|subnet| subnet.acl.as_deref().unwrap_or("default") == acl.name);
    let associations = mine.map(|subnet| {
        fields()
            .put("networkAclAssociationId", place.id("aclassoc", &[&vpc.name, &subnet.name]))
            .put("networkAclId", &id)
            .put("subnetId", place.subnet(&vpc.name, &subnet.name))
    });
    let last = |cidr: &str| AclRule { number: 32767, allow: false, traffic: everything(), cidr: cidr.to_owned() };
    let mut entries = Vec::new();
    for (egress, rules) in [(true, &acl.outbound), (false, &acl.inbound)] {
        // AWS adds the final denial, once per address family.
        let finals = std::iter::once(last("0.0.0.0/0")).chain(vpc.ipv6.is_some().then(|| last("::/0")));
        entries.extend(rules.iter().cloned().chain(finals).map(|rule| entry_tree(&rule, egress)));
    }
    fields()
        .put("networkAclId", &id)
        .put("vpcId", place.vpc(&vpc.name))
        .put("ownerId", &place.account)
        .put("default", acl.name == "default")
        .put("entrySet", entries)
        .put("associationSet", associations.collect::<Vec<_>>())
        .put("tagSet", tag_set("", &acl.tags))
}

fn entry_tree(rule: &AclRule, egress: bool) -> Fields {
    let ports = rule
        .traffic
        .ports
        .filter(|_| !rule.traffic.is_icmp())
        .map(|(first, last)| fields().put("from", first).put("to", last));
    let icmp = rule.traffic.is_icmp().then(|| {
        let (kind, code) = rule.traffic.ports.unwrap_or((-1, -1));
        fields().put("code", code).put("type", kind)
    });
    let range = if rule.cidr.contains(':') { "ipv6CidrBlock" } else { "cidrBlock" };
    fields()
        .put("ruleNumber", rule.number)
        .put("protocol", rule.traffic.number())
        .put("ruleAction", if rule.allow { "allow" } else { "deny" })
        .put("egress", egress)
        .put(range, &rule.cidr)
        .maybe("icmpTypeCode", icmp)
        .maybe("portRange", ports)
}

fn expand_prefix_list(build: &mut Build<'_>, list: &PrefixList) {
    let place = build.place;
    let id = place.prefix_list(&list.name);
    let owner = if list.aws_managed { "AWS" } else { place.account.as_str() };
    let arn_owner = if list.aws_managed { "aws" } else { place.account.as_str() };
    let tree = fields()
        .put("prefixListId", &id)
        .put("addressFamily", &list.family)
        .put("state", "create-complete")
        .put("prefixListArn", format!("arn:{}:ec2:{}:{arn_owner}:prefix-list/{id}", place.partition, place.region))
        .put("prefixListName", &list.name)
        .put("maxEntries", u32::try_from(list.entries.len()).unwrap_or(u32::MAX))
        .put("version", list.version)
        .put("ownerId", owner)
        .put("tagSet", Tree::nothing());
    push(&mut build.fabric.prefix_lists, &kinds::PREFIX_LIST, tree);
    let mut entries = Vec::new();
    for cidr in &list.entries {
        push(&mut entries, &ENTRY, fields().put("cidr", cidr));
    }
    build.fabric.prefix_entries.insert(id, entries);
}

fn expand_exclusions(build: &mut Build<'_>) {
    let place = build.place;
    let setting = &build.region.block_public_access;
    build.fabric.block_mode.clone_from(&setting.mode);
    for exclusion in &setting.exclusions {
        let subnet = exclusion.subnet.as_deref().unwrap_or_default();
        let resource = match &exclusion.subnet {
            Some(subnet) => format!("subnet/{}", place.subnet(&exclusion.vpc, subnet)),
            None => format!("vpc/{}", place.vpc(&exclusion.vpc)),
        };
        let tree = fields()
            .put("exclusionId", place.id("vpcbpa-exclude", &[&exclusion.vpc, subnet]))
            .put("internetGatewayExclusionMode", &exclusion.mode)
            .put("resourceArn", place.arn("ec2", &resource))
            .put("state", "create-complete")
            .put("creationTimestamp", Moment::long_ago().iso_millis())
            .put("lastUpdateTimestamp", Moment::long_ago().iso_millis())
            .put("tagSet", Tree::nothing());
        push(&mut build.fabric.exclusions, &kinds::EXCLUSION, tree);
    }
}
