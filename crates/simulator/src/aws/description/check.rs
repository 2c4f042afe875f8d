//! Whether a description makes sense: every name it uses is described, every range can be read.

use std::fmt;

use ipnet::IpNet;

use super::cluster::{Cluster, DEFAULT_CLUSTER_ROLE, DEFAULT_NODE_ROLE, NodeGroup};
use super::identity::Trust;
use super::network::Vpc;
use super::rules::{GroupRule, Peer, Route};
use super::{Account, Description, Region};
use crate::aws::expand::identity::is_published;

/// What is wrong with a description, each with the place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mistakes(Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("; "))
    }
}

impl Mistakes {
    /// Every mistake of the description.
    pub(crate) fn of(description: &Description) -> Self {
        let mut mistakes = Self::default();
        mistakes.organization(description);
        for account in &description.accounts {
            let is_id = account.id.len() == 12 && account.id.bytes().all(|byte| byte.is_ascii_digit());
            mistakes.unless(is_id, || format!("account `{}`: an account id has twelve digits", account.id));
            mistakes.identities(account);
            for (name, region) in &account.regions {
                let place = format!("account `{}`, region `{name}`", account.id);
                region.vpcs.iter().for_each(|vpc| mistakes.vpc(&place, region, vpc));
                region.clusters.iter().for_each(|cluster| mistakes.cluster(&place, account, region, cluster));
            }
        }
        mistakes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn unless(&mut self, good: bool, message: impl FnOnce() -> String) {
        if !good {
            self.0.push(message());
        }
    }

    fn organization(&mut self, description: &Description) {
        let is_unit = |name: &String| description.units.iter().any(|unit| unit.name == *name);
        let stands = |name: &String| {
            name == "root" || is_unit(name) || description.accounts.iter().any(|account| account.id == *name)
        };
        let above = description.units.iter().filter_map(|unit| unit.parent.as_ref());
        for name in above.chain(description.accounts.iter().filter_map(|account| account.unit.as_ref())) {
            self.unless(is_unit(name), || format!("no unit is called `{name}`"));
        }
        let attached = description.policies.iter().flat_map(|policy| &policy.attached);
        for name in attached.chain(&description.without_full_access) {
            self.unless(stands(name), || format!("no unit or account is called `{name}`"));
        }
    }

    fn identities(&mut self, account: &Account) {
        let place = format!("account `{}`", account.id);
        let of_roles = account.roles.iter().flat_map(|role| role.policies.iter().chain(&role.boundary));
        let of_users = account.users.iter().flat_map(|user| user.policies.iter().chain(&user.boundary));
        let of_groups = account.groups.iter().flat_map(|group| &group.policies);
        for name in of_roles.chain(of_users).chain(of_groups) {
            let known = name.starts_with("arn:")
                || is_published(name)
                || account.policies.iter().any(|policy| policy.name == *name);
            self.unless(known, || format!("{place}: no policy is called `{name}`"));
        }
        for user in &account.users {
            for name in &user.groups {
                let known = account.groups.iter().any(|group| group.name == *name);
                self.unless(known, || format!("{place}, user `{}`: no group is called `{name}`", user.name));
            }
        }
        for role in &account.roles {
            if let Trust::ServiceAccounts(irsa) = &role.trust {
                let region = account.regions.get(&irsa.region);
                let known =
                    region.is_some_and(|region| region.clusters.iter().any(|cluster| cluster.name == irsa.cluster));
                self.unless(known, || {
                    format!("{place}, role `{}`: no cluster `{}` in `{}`", role.name, irsa.cluster, irsa.region)
                });
            }
        }
    }

    fn vpc(&mut self, place: &str, region: &Region, vpc: &Vpc) {
        let place = format!("{place}, vpc `{}`", vpc.name);
        let of_subnets = vpc.subnets.iter().flat_map(|subnet| std::iter::once(&subnet.cidr).chain(&subnet.ipv6));
        for range in std::iter::once(&vpc.cidr).chain(&vpc.more_cidrs).chain(&vpc.ipv6).chain(of_subnets) {
            self.range(&place, range);
        }
        for subnet in &vpc.subnets {
            let built_in = ["public", "private", "isolated", "main"].contains(&subnet.routes.as_str());
            let known = built_in || vpc.route_tables.iter().any(|table| table.name == subnet.routes);
            self.unless(known, || {
                format!("{place}, subnet `{}`: no route table is called `{}`", subnet.name, subnet.routes)
            });
            if let Some(name) = &subnet.acl {
                let known = vpc.acls.iter().any(|acl| acl.name == *name);
                self.unless(known, || format!("{place}, subnet `{}`: no acl is called `{name}`", subnet.name));
            }
        }
        for Route { destination, target, .. } in vpc.route_tables.iter().flat_map(|table| &table.routes) {
            match destination.strip_prefix("pl:") {
                Some(list) => self.prefix_list(&place, region, list),
                None => self.range(&place, destination),
            }
            let known = ["igw", "nat", "eigw", "local"].contains(&target.as_str()) || target.contains('-');
            self.unless(known, || format!("{place}: `{target}` is no target of a route"));
        }
        vpc.acls
            .iter()
            .flat_map(|acl| acl.inbound.iter().chain(&acl.outbound))
            .for_each(|rule| self.range(&place, &rule.cidr));
        for group in &vpc.security_groups {
            group
                .inbound
                .iter()
                .chain(group.outbound.iter().flatten())
                .for_each(|rule| self.rule(&place, region, vpc, rule));
        }
        for balancer in &vpc.load_balancers {
            balancer.subnets.iter().for_each(|name| self.subnet(&place, vpc, name));
            balancer.security_groups.iter().for_each(|name| self.group(&place, region, vpc, name));
            for target in balancer.forwards.iter().flat_map(|forward| &forward.targets) {
                let known = target.split_once('/').is_some_and(|(cluster, group)| {
                    let cluster = region.clusters.iter().find(|one| one.name == cluster);
                    cluster.is_some_and(|cluster| cluster.node_groups.iter().any(|one| one.name == group))
                });
                let name = &balancer.name;
                self.unless(known, || format!("{place}, load balancer `{name}`: no node group is called `{target}`"));
            }
        }
    }

    fn rule(&mut self, place: &str, region: &Region, vpc: &Vpc, rule: &GroupRule) {
        for peer in &rule.peers {
            match peer {
                Peer::Ipv4(range) | Peer::Ipv6(range) => self.range(place, range),
                Peer::Group(name) => self.group(place, region, vpc, name),
                Peer::PrefixList(name) => self.prefix_list(place, region, name),
                Peer::Itself => {}
            }
        }
    }

    fn cluster(&mut self, place: &str, account: &Account, region: &Region, cluster: &Cluster) {
        let place = format!("{place}, cluster `{}`", cluster.name);
        let Some(vpc) = region.vpcs.iter().find(|vpc| vpc.name == cluster.vpc) else {
            self.0.push(format!("{place}: no vpc is called `{}`", cluster.vpc));
            return;
        };
        let mut subnets: Vec<&String> = cluster.subnets.iter().collect();
        subnets.extend(cluster.node_groups.iter().flat_map(|group| &group.subnets));
        subnets.extend(cluster.fargate.iter().flat_map(|profile| &profile.subnets));
        subnets.extend(cluster.auto_mode.iter().flat_map(|auto| &auto.subnets));
        for name in subnets {
            self.subnet(&place, vpc, name);
        }

        let mut roles: Vec<&String> = vec![&cluster.role];
        roles.extend(&cluster.creator);
        roles.extend(cluster.node_groups.iter().map(|group| &group.role));
        roles.extend(cluster.fargate.iter().map(|profile| &profile.role));
        roles.extend(cluster.auto_mode.iter().map(|auto| &auto.role));
        roles.extend(cluster.access.iter().map(|entry| &entry.principal));
        roles.extend(
            cluster
                .pod_identities
                .iter()
                .flat_map(|identity| std::iter::once(&identity.role).chain(&identity.target_role)),
        );
        roles.extend(cluster.addons.iter().filter_map(|addon| addon.role.as_ref()));
        roles.extend(cluster.capabilities.iter().map(|capability| &capability.role));
        for name in roles {
            let known = name.starts_with("arn:")
                || [DEFAULT_CLUSTER_ROLE, DEFAULT_NODE_ROLE].contains(&name.as_str())
                || account.roles.iter().any(|role| role.name == *name);
            self.unless(known, || format!("{place}: no role is called `{name}`"));
        }
        if let Some(name) = &cluster.encryption {
            let known = name.starts_with("arn:") || region.keys.iter().any(|key| key.name == *name);
            self.unless(known, || format!("{place}: no key is called `{name}`"));
        }
        let known = ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"].contains(&cluster.authentication.as_str());
        self.unless(known, || format!("{place}: `{}` is no way to authenticate", cluster.authentication));
        cluster.endpoint.cidrs.iter().for_each(|range| self.range(&place, range));
        cluster.security_groups.iter().for_each(|name| self.group(&place, region, vpc, name));
        cluster.node_groups.iter().for_each(|group| self.node_group(&place, region, vpc, group));
    }

    fn node_group(&mut self, place: &str, region: &Region, vpc: &Vpc, group: &NodeGroup) {
        let place = format!("{place}, node group `{}`", group.name);
        let known = ["managed", "self-managed", "karpenter"].contains(&group.kind.as_str());
        self.unless(known, || format!("{place}: `{}` is no kind of node group", group.kind));
        self.unless(group.count == 0 || !group.subnets.is_empty(), || format!("{place}: nodes need a subnet"));
        let sources = group.remote_access.iter().flat_map(|access| &access.security_groups);
        let groups = group.security_groups.iter().filter(|name| *name != "cluster");
        groups.chain(sources).for_each(|name| self.group(&place, region, vpc, name));
    }

    fn range(&mut self, place: &str, range: &str) {
        self.unless(range.parse::<IpNet>().is_ok(), || format!("{place}: `{range}` is not a range of addresses"));
    }

    fn subnet(&mut self, place: &str, vpc: &Vpc, name: &str) {
        let known = vpc.subnets.iter().any(|subnet| subnet.name == name);
        self.unless(known, || format!("{place}: no subnet is called `{name}`"));
    }

    fn group(&mut self, place: &str, region: &Region, vpc: &Vpc, name: &str) {
        let known = match name.strip_prefix("eks/") {
            Some(cluster) => region.clusters.iter().any(|known| known.name == cluster),
            None => {
                name == "default"
                    || name.starts_with("sg-")
                    || vpc.security_groups.iter().any(|group| group.name == name)
            }
        };
        self.unless(known, || format!("{place}: no security group is called `{name}`"));
    }

    fn prefix_list(&mut self, place: &str, region: &Region, name: &str) {
        let known = name.starts_with("pl-") || region.prefix_lists.iter().any(|list| list.name == name);
        self.unless(known, || format!("{place}: no prefix list is called `{name}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(story: &str) -> String {
        Mistakes::of(&serde_saphyr::from_str(story).unwrap()).to_string()
    }

    #[test]
    fn the_story_of_acme_makes_sense() {
        assert_eq!(mistakes(include_str!("../../../worlds/acme/aws.yaml")), "");
    }

    #[test]
    fn every_name_that_nobody_described_is_told_with_its_place() {
        let story = r#"
accounts:
  - id: "222222222222"
    name: shop
    roles: [{ name: node, trust: ec2, policies: [AmazonEverything] }]
    regions:
      eu-west-1:
        vpcs:
          - name: shop
            cidr: 10.0.0.0/99
            subnets: [{ name: a, cidr: 10.0.0.0/24, acl: closed }]
            security_groups: [{ name: nodes, inbound: ["tcp 22 from pl:offices"] }]
        clusters:
          - name: prod
            vpc: shop
            encryption: etcd
            node_groups: [{ name: web, subnets: [b], role: nobody }]
"#;
        let expected = [
            "account `222222222222`: no policy is called `AmazonEverything`",
            "account `222222222222`, region `eu-west-1`, vpc `shop`: `10.0.0.0/99` is not a range of addresses",
            "account `222222222222`, region `eu-west-1`, vpc `shop`, subnet `a`: no acl is called `closed`",
            "account `222222222222`, region `eu-west-1`, vpc `shop`: no prefix list is called `offices`",
            "account `222222222222`, region `eu-west-1`, cluster `prod`: no subnet is called `b`",
            "account `222222222222`, region `eu-west-1`, cluster `prod`: no role is called `nobody`",
            "account `222222222222`, region `eu-west-1`, cluster `prod`: no key is called `etcd`",
        ];
        assert_eq!(mistakes(story), expected.join("; "));
    }
}
