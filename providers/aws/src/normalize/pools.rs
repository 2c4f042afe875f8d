//! The groups of machines of a cluster: managed node groups, Fargate profiles, Auto Mode, and whatever else joined.

mod machinery;

use super::{
    cluster::Known,
    endpoint::vpc_of,
    exposure::{Evaluator, public_addresses},
    machine,
    region::{Region, route_table},
    route::{Target, default_routes},
    trail::{Trail, conclude},
    upkeep,
};
use crate::record::{
    compute::Instance,
    eks::{Cluster, Nodegroup},
    network::SecurityGroup,
};
use palisade_model::{
    DefaultRoute, Egress, Filters, Gap, Interactive, Machinery, Metadata, Node, NodeId, Observed, OpenRule, PodAccess,
    Pool, PoolHealth, PoolId, PoolKind, PublicAddresses, Repair, SubnetFilter, Surge, Upkeep,
};
use palisade_reach::{AddrSet, Bounds, Family};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

pub(super) use machinery::addresses;

/// How a machine came to be in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    NodeGroup(String),
    Fargate(String),
    AutoMode(String),
    Karpenter(String),
    SelfManaged(String),
    /// Machines outside AWS.
    Hybrid,
}

impl Origin {
    fn pool(&self) -> (PoolId, &str, PoolKind) {
        let (family, name, kind) = match self {
            Self::NodeGroup(name) => ("nodegroup", name, PoolKind::Managed),
            Self::Fargate(name) => ("fargate", name, PoolKind::Serverless),
            Self::AutoMode(name) => ("auto", name, PoolKind::Automatic),
            Self::Karpenter(name) => ("karpenter", name, PoolKind::Automatic),
            Self::SelfManaged(name) => ("self-managed", name, PoolKind::SelfManaged),
            Self::Hybrid => return (PoolId::new("hybrid/nodes"), "hybrid nodes", PoolKind::SelfManaged),
        };
        (PoolId::new(format!("{family}/{name}")), name, kind)
    }
}

/// The pools of a cluster.
pub(super) fn pools(region: &Region<'_>, known: &Known<'_>) -> Observed<Vec<Pool>> {
    known.conclude("/cluster", |trail, cluster| {
        if cluster.connector_config.is_some() {
            return Err(Gap::Unsupported { what: "AWS does not know the machines of a connected cluster".to_owned() });
        }
        let groups = trail.read(&known.node_groups)?;
        let profiles = trail.read(&known.fargate)?;
        let instances = trail.read(&region.instances)?;
        let mut members: BTreeMap<Origin, Vec<&Instance>> = BTreeMap::new();
        for (name, _) in groups {
            members.entry(Origin::NodeGroup(name.clone())).or_default();
        }
        for (name, _) in profiles {
            members.entry(Origin::Fargate(name.clone())).or_default();
        }
        for name in automatic_pools(cluster) {
            members.entry(Origin::AutoMode(name.clone())).or_default();
        }
        // Machines outside AWS join from networks that the cluster names (EKS user guide, hybrid nodes).
        if cluster.remote_network_config.as_ref().is_some_and(|remote| !remote.remote_node_networks.is_empty()) {
            members.entry(Origin::Hybrid).or_default();
        }
        for instance in region.instances_of(known.name, instances) {
            members.entry(origin(instance)).or_default().push(instance);
        }
        let config = cluster.resources_vpc_config.as_ref();
        let vpc = config.and_then(|config| vpc_of(region, config, trail).ok()).unwrap_or_default();
        let own_groups = own_groups(cluster, members.values().flatten().copied());
        let mut evaluator = Evaluator::new(region, own_groups.clone());
        Ok(members
            .iter()
            .map(|(origin, instances)| {
                let group = match origin {
                    Origin::NodeGroup(name) => groups.iter().find(|(other, _)| other == name).map(|(_, group)| group),
                    Origin::Fargate(_)
                    | Origin::AutoMode(_)
                    | Origin::Karpenter(_)
                    | Origin::SelfManaged(_)
                    | Origin::Hybrid => None,
                };
                let context =
                    Context { region, known, cluster, group, origin, instances, own_groups: &own_groups, vpc: &vpc };
                context.pool(&mut evaluator)
            })
            .collect())
    })
}

fn automatic_pools(cluster: &Cluster) -> &[String] {
    cluster
        .compute_config
        .as_ref()
        .filter(|compute| compute.enabled == Some(true))
        .map_or(&[], |compute| &compute.node_pools)
}

/// Where a machine comes from, by the tags its maker puts on it.
fn origin(instance: &Instance) -> Origin {
    let tag = |wanted: &str| instance.tag(wanted).map(str::to_owned);
    if let Some(name) = tag("eks:nodegroup-name") {
        return Origin::NodeGroup(name);
    }
    if tag("eks:eks-cluster-name").is_some() {
        let name = tag("eks:kubernetes-node-pool-name").or_else(|| tag("karpenter.sh/nodepool"));
        return Origin::AutoMode(name.unwrap_or_else(|| "unnamed".to_owned()));
    }
    if let Some(name) = tag("karpenter.sh/nodepool").or_else(|| tag("karpenter.sh/provisioner-name")) {
        return Origin::Karpenter(name);
    }
    Origin::SelfManaged(tag("aws:autoscaling:groupName").unwrap_or_else(|| "unnamed".to_owned()))
}

/// The groups that a cluster and its machines carry.
fn own_groups<'a>(cluster: &Cluster, instances: impl Iterator<Item = &'a Instance>) -> BTreeSet<String> {
    let config = cluster.resources_vpc_config.as_ref();
    let of_cluster = config.into_iter().flat_map(|config| config.cluster_security_group_id.iter());
    let of_nodes = instances.flat_map(|instance| &instance.network_interface_set).flat_map(|one| &one.group_set);
    of_cluster.cloned().chain(of_nodes.filter_map(|group| group.group_id.clone())).collect()
}

/// One pool while it is translated.
struct Context<'a, 'b> {
    region: &'b Region<'a>,
    known: &'b Known<'a>,
    cluster: &'b Cluster,
    group: Option<&'b Observed<Nodegroup>>,
    origin: &'b Origin,
    instances: &'b [&'b Instance],
    own_groups: &'b BTreeSet<String>,
    vpc: &'b str,
}

impl Context<'_, '_> {
    fn pool(&self, evaluator: &mut Evaluator<'_>) -> Pool {
        let (id, name, kind) = self.origin.pool();
        if kind == PoolKind::Serverless {
            return self.serverless(id, name);
        }
        if *self.origin == Origin::Hybrid {
            return outside(id, name);
        }
        Pool {
            id,
            name: name.to_owned(),
            kind,
            nodes: self.conclude(|trail| Ok(self.members(trail)?.iter().map(|instance| node(instance)).collect())),
            public_addresses: self.conclude(|trail| self.public_addresses(trail)),
            exposure: self.conclude(|trail| {
                let members = self.members(trail)?;
                evaluator.exposures(&members, trail)
            }),
            filters: self.conclude(|trail| self.filters(trail)),
            default_route: self.conclude(|trail| self.default_route(trail)),
            egress: self.conclude(|trail| self.egress(trail)),
            interactive: self.conclude(|trail| self.interactive(trail)),
            metadata: self.conclude(|trail| self.metadata(trail)),
            machinery: self.machinery(),
            upkeep: self.upkeep(),
        }
    }

    /// A Fargate profile: AWS runs each pod on a machine of its own that nobody sees (EKS user guide, Fargate).
    fn serverless(&self, id: PoolId, name: &str) -> Pool {
        fn said<T>(context: &Context<'_, '_>, value: T) -> Observed<T> {
            Observed::known(value, context.known.fargate.sources().to_vec())
        }
        let because = || "AWS runs each pod of a Fargate profile on a machine of its own".to_owned();
        Pool {
            id,
            name: name.to_owned(),
            kind: PoolKind::Serverless,
            nodes: said(self, Vec::new()),
            public_addresses: said(
                self,
                PublicAddresses { setting: Some(false), because: because(), held_by: Vec::new() },
            ),
            exposure: said(self, Vec::new()),
            filters: said(self, Filters { subnet: SubnetFilter::NotOffered, open: Vec::new() }),
            default_route: said(self, DefaultRoute::ProviderManaged),
            egress: said(
                self,
                Egress { unrestricted: None, forced_through: None, control_plane: self.control_plane() },
            ),
            interactive: said(self, Interactive::Off { because: because() }),
            metadata: said(
                self,
                Metadata {
                    hardened: true,
                    mode: "no instance metadata service".to_owned(),
                    pods: PodAccess::Blocked { because: because() },
                },
            ),
            machinery: self.machinery_of_fargate(),
            upkeep: Upkeep {
                surge: said(self, Surge::ByProvider { because: because() }),
                health: said(self, PoolHealth { issues: Vec::new(), repair: Repair::On { because: because() } }),
                ..Upkeep::unread(&Gap::Unsupported { what: because() })
            },
        }
    }

    /// How the machines are kept: of a managed group EKS says it; of others only their machines speak.
    fn upkeep(&self) -> Upkeep {
        if let (Origin::NodeGroup(name), Some(group)) = (self.origin, self.group) {
            return Upkeep {
                version: self.conclude(|_| upkeep::version(group.get()?, name)),
                zones: self.conclude(|trail| {
                    let (group, table) = (group.get()?, trail.read(&self.region.subnets)?);
                    let subnets: BTreeSet<String> = group.subnets.iter().cloned().collect();
                    if subnets.is_empty() {
                        let what = format!("the subnets of node group {name} are not in the answer");
                        return Err(Gap::Unsettled { what });
                    }
                    let is_spot = group.capacity_type.as_deref() == Some("SPOT");
                    upkeep::zones(&subnets, table, is_spot, "by the subnets of the node group")
                }),
                surge: self.conclude(|_| Ok(upkeep::surge(group.get()?))),
                health: self.conclude(|_| Ok(upkeep::health(group.get()?))),
            };
        }
        let is_automatic = matches!(self.origin, Origin::AutoMode(_));
        let untold = |what: &str| Gap::Unsupported { what: format!("AWS does not tell {what}") };
        Upkeep {
            version: Observed::missing(untold("the version of machines outside managed node groups")),
            zones: self.conclude(|trail| {
                let machines = self.members(trail)?;
                let (subnets, table) = (self.subnets(&machines)?, trail.read(&self.region.subnets)?);
                let zones = upkeep::zones(&subnets, table, upkeep::are_spot(&machines), "by its machines today")?;
                // Where its next machine may start is written inside the cluster or in a scaling group.
                if zones.zones.len() < 2 {
                    let what = format!("its machines stand in one zone today; {}", untold("where the next one starts"));
                    return Err(Gap::Unsettled { what });
                }
                Ok(zones)
            }),
            surge: if is_automatic {
                let because = "Auto Mode replaces machines within the disruption budgets of its node pools".to_owned();
                self.conclude(|_| Ok(Surge::ByProvider { because }))
            } else {
                Observed::missing(untold("how machines outside managed node groups are replaced"))
            },
            health: if is_automatic {
                let because = "Auto Mode replaces machines that are unwell".to_owned();
                self.conclude(|_| Ok(PoolHealth { issues: Vec::new(), repair: Repair::On { because } }))
            } else {
                Observed::missing(untold("how machines outside managed node groups are"))
            },
        }
    }

    fn conclude<T>(&self, draw: impl FnOnce(&mut Trail) -> Result<T, Gap>) -> Observed<T> {
        conclude(|trail| {
            if let Some(group) = self.group {
                trail.read(group)?;
            }
            draw(trail)
        })
    }

    /// The machines: by their tags, and for managed groups also by the auto scaling groups EKS names.
    fn members(&self, trail: &mut Trail) -> Result<Vec<&Instance>, Gap> {
        let all = trail.read(&self.region.instances)?;
        let mut members: Vec<&Instance> = self.instances.to_vec();
        let scaling: Vec<&str> = self
            .group
            .and_then(|group| group.get().ok())
            .and_then(|group| group.resources.as_ref())
            .into_iter()
            .flat_map(|resources| &resources.auto_scaling_groups)
            .filter_map(|group| group.name.as_deref())
            .collect();
        for name in scaling {
            let groups = trail.read(&self.region.scaling)?;
            let group = groups.get(name).ok_or_else(|| unlisted("auto scaling group", name))?;
            for member in group.iter().filter(|member| !member.is_leaving()) {
                let id = member.instance_id.as_deref().unwrap_or("?");
                let is_it = |instance: &&Instance| instance.instance_id.as_deref() == Some(id);
                let instance = all.iter().find(is_it).ok_or_else(|| unlisted("machine", id))?;
                if instance.is_up() && !members.iter().any(is_it) {
                    members.push(instance);
                }
            }
        }
        members.sort_by(|one, other| one.instance_id.cmp(&other.instance_id));
        Ok(members)
    }

    /// The subnets new machines go to, and those that machines stand in with any of their interfaces. There is always one.
    fn subnets(&self, members: &[&Instance]) -> Result<BTreeSet<String>, Gap> {
        let configured = self.group.and_then(|group| group.get().ok()).map(|group| group.subnets.clone());
        let mut all: BTreeSet<String> = configured.unwrap_or_default().into_iter().collect();
        for instance in members {
            let id = instance.instance_id.as_deref().unwrap_or("?");
            let untold = || Gap::Unsettled { what: format!("the subnet of {id} is not in the answer") };
            all.insert(instance.subnet_id.clone().ok_or_else(untold)?);
            all.extend(instance.network_interface_set.iter().filter_map(|one| one.subnet_id.clone()));
        }
        // A pool of Auto Mode without machines would start them in the cluster's own subnets, unless a node class says
        // otherwise inside the cluster (EKS user guide, Auto Mode).
        if all.is_empty() && matches!(self.origin, Origin::AutoMode(_)) {
            all.extend(self.cluster.resources_vpc_config.iter().flat_map(|config| config.subnet_ids.iter().cloned()));
        }
        if all.is_empty() {
            return Err(Gap::Unsettled {
                what: "in which subnets its machines stand is not in the answers".to_owned(),
            });
        }
        Ok(all)
    }

    fn control_plane(&self) -> Option<String> {
        self.cluster.resources_vpc_config.as_ref()?.control_plane_egress_mode.clone()
    }

    /// The template's word, else the subnets'. Machines that somebody starts by hand have no setting of a pool.
    fn public_addresses(&self, trail: &mut Trail) -> Result<PublicAddresses, Gap> {
        let members = self.members(trail)?;
        let held = members
            .iter()
            .filter(|one| one.network_interface_set.iter().any(|one| public_addresses(one).next().is_some()));
        let held_by = held.map(|one| NodeId::new(one.instance_id.clone().unwrap_or_default())).collect();
        let template = machine::template(self.region, self.group, trail)?;
        let by_template =
            template.iter().flat_map(|one| &one.network_interface_set).find_map(|one| one.associate_public_ip_address);
        let subnets = trail.read(&self.region.subnets)?;
        let (mut giving, mut untold) = (Vec::new(), None);
        let needs_subnets = by_template.is_none() && self.origin.pool().2 != PoolKind::SelfManaged;
        for id in if needs_subnets { self.subnets(&members)? } else { BTreeSet::new() } {
            let subnet = subnets.iter().find(|subnet| subnet.subnet_id.as_deref() == Some(&id));
            match subnet.and_then(|subnet| subnet.map_public_ip_on_launch) {
                Some(true) => giving.push(id),
                Some(false) => (),
                None => untold = untold.or(Some(id)),
            }
        }
        // A subnet that gives addresses is proof; without one, a subnet that says nothing could give them.
        if let (true, Some(id)) = (giving.is_empty(), untold) {
            return Err(unlisted("what is given in subnet", &id));
        }
        let (setting, because) = match (by_template, self.group) {
            (Some(said), _) => (Some(said), format!("the launch template says `AssociatePublicIpAddress` {said}")),
            (None, None) if self.origin.pool().2 == PoolKind::SelfManaged => {
                (None, "machines that joined by themselves have no setting of a pool".to_owned())
            }
            (None, _) if giving.is_empty() => (Some(false), "no subnet has `MapPublicIpOnLaunch`".to_owned()),
            (None, _) => (Some(true), format!("`MapPublicIpOnLaunch` of {}", giving.join(", "))),
        };
        Ok(PublicAddresses { setting, because, held_by })
    }

    fn filters(&self, trail: &mut Trail) -> Result<Filters, Gap> {
        let members = self.members(trail)?;
        let table = trail.read(&self.region.security_groups)?;
        trail.read(&self.region.interfaces)?;
        let acls = trail.read(&self.region.acls)?;
        let mut names = BTreeSet::new();
        let mut missing = None;
        for subnet in self.subnets(&members)? {
            match self.region.acl(&subnet, self.vpc, acls) {
                Some(acl) => drop(names.insert(acl.id.clone())),
                None => missing = missing.or(Some(subnet)),
            }
        }
        let subnet = match missing {
            // Every subnet has an ACL, so a missing one was not listed.
            Some(subnet) => {
                return Err(Gap::Unsettled { what: format!("the network ACL of subnet {subnet} is not in the list") });
            }
            None => SubnetFilter::Attached(names.into_iter().collect::<Vec<_>>().join(", ")),
        };
        let mut open: Vec<OpenRule> = Vec::new();
        for id in group_ids(&members)? {
            let Some(group) = self.region.group(&id, table) else { return Err(unlisted("security group", &id)) };
            for rule in group.rules.iter().filter(|rule| rule.shape.is_everything()) {
                let found =
                    OpenRule { rule: rule.rule.id.to_string(), sources: rule.sources.clone(), text: rule.text.clone() };
                open.push(found);
            }
            let from_others = group
                .references
                .iter()
                .filter(|one| one.shape.is_everything() && !self.own_groups.contains(&one.group));
            for reference in from_others {
                let sources = super::exposure::members_of(self.region, &reference.group)?;
                open.push(OpenRule { rule: reference.id.to_string(), sources, text: reference.group.clone() });
            }
        }
        Ok(Filters { subnet, open })
    }

    fn default_route(&self, trail: &mut Trail) -> Result<DefaultRoute, Gap> {
        let members = self.members(trail)?;
        let tables = trail.read(&self.region.route_tables)?;
        let (mut worst, mut untold) = (DefaultRoute::None, None);
        for subnet in self.subnets(&members)? {
            let Some(table) = route_table(&subnet, self.vpc, tables) else {
                untold = untold.or(Some(unlisted("the route table of subnet", &subnet)));
                continue;
            };
            for family in Family::ALL {
                let leading = match default_routes(table, &self.region.prefix_lists, family) {
                    Ok(leading) => leading,
                    Err(what) => {
                        untold = untold.or(Some(Gap::Unsettled { what }));
                        continue;
                    }
                };
                for one in leading {
                    let via = |target: &str| format!("{}: {} to {target}", name_of(table), one.destinations);
                    match &one.target {
                        // The way straight out is proof, whatever else is not known.
                        Target::InternetGateway(gateway) => return Ok(DefaultRoute::Internet { via: via(gateway) }),
                        Target::Other(other) => worst = DefaultRoute::Brokered { via: via(other) },
                        Target::Unknown => {
                            let what = format!("{} has a kind of target that is not known", via("?"));
                            untold = untold.or(Some(Gap::Unsettled { what }));
                        }
                        Target::Local | Target::Blackhole => (),
                    }
                }
            }
        }
        untold.map_or(Ok(worst), Err)
    }

    fn egress(&self, trail: &mut Trail) -> Result<Egress, Gap> {
        let members = self.members(trail)?;
        let table = trail.read(&self.region.security_groups)?;
        let unrestricted = self.unrestricted(&group_ids(&members)?, table)?;
        let tables = trail.read(&self.region.route_tables)?;
        let subnets = trail.read(&self.region.subnets)?;
        let mut forced = BTreeSet::new();
        let mut free = false;
        for subnet in self.subnets(&members)? {
            let Some(table) = route_table(&subnet, self.vpc, tables) else {
                return Err(unlisted("the route table of subnet", &subnet));
            };
            let record = subnets.iter().find(|one| one.subnet_id.as_deref() == Some(&subnet));
            for family in Family::ALL {
                // Without addresses of its own in the subnet nothing leaves by IPv6.
                if family == Family::V6 && record.is_some_and(|subnet| subnet.ipv6_blocks.is_empty()) {
                    continue;
                }
                let leading = default_routes(table, &self.region.prefix_lists, family);
                let leading = leading.map_err(|what| Gap::Unsettled { what })?;
                if leading.is_empty() {
                    forced.insert(format!("{} has no default route", name_of(table)));
                }
                for one in leading {
                    match one.target {
                        Target::Other(next) if is_inspected(&next) => drop(forced.insert(next)),
                        Target::Blackhole => drop(forced.insert(format!("{} has no default route", name_of(table)))),
                        Target::InternetGateway(_) | Target::Other(_) | Target::Local | Target::Unknown => free = true,
                    }
                }
            }
        }
        let forced_through = (!free && !forced.is_empty()).then(|| forced.into_iter().collect::<Vec<_>>().join(", "));
        Ok(Egress { unrestricted, forced_through, control_plane: self.control_plane() })
    }

    /// The rules of the groups that together let everything out everywhere. That is proof whatever else is not listed;
    /// without it, an unlisted group or an unread prefix list could be what is missing.
    fn unrestricted(&self, ids: &BTreeSet<String>, table: &[SecurityGroup]) -> Result<Option<String>, Gap> {
        let groups: Vec<_> = ids.iter().map(|id| (id, self.region.group(id, table))).collect();
        let mut to = Bounds::exact(AddrSet::empty());
        let mut texts = Vec::new();
        for (text, addresses) in groups.iter().filter_map(|(_, group)| group.as_ref()).flat_map(|group| &group.egress) {
            if addresses.lower().covers_any(Family::V4, &AddrSet::empty()) {
                return Ok(Some(text.clone()));
            }
            to = to.union(addresses);
            texts.push(text.as_str());
        }
        if to.lower().covers_any(Family::V4, &AddrSet::empty()) {
            return Ok(Some(texts.join(", ")));
        }
        if let Some((id, _)) = groups.iter().find(|(_, group)| group.is_none()) {
            return Err(unlisted("security group", id));
        }
        if to.upper().covers_any(Family::V4, &AddrSet::empty()) {
            return Err(Gap::Unsettled { what: format!("not every address in {} is known", texts.join(", ")) });
        }
        Ok(None)
    }

    fn interactive(&self, trail: &mut Trail) -> Result<Interactive, Gap> {
        let members = self.members(trail)?;
        if let Origin::AutoMode(_) = self.origin {
            return Ok(Interactive::Off {
                because: "machines of Auto Mode have no SSH (EKS user guide, Auto Mode)".to_owned(),
            });
        }
        let remote = self.group.and_then(|group| group.get().ok()).and_then(|group| group.remote_access.as_ref());
        if let Some((remote, key)) = remote.and_then(|remote| Some((remote, remote.ec2_ssh_key.as_ref()?))) {
            // A key without source groups makes EKS open port 22 to everybody (EKS API reference, RemoteAccessConfig).
            let opened_to_everyone = remote.source_security_groups.is_empty();
            return Ok(Interactive::Keys {
                because: format!("`remoteAccess` names the key {key}"),
                opened_to_everyone,
            });
        }
        let template = machine::template(self.region, self.group, trail)?;
        let by_template = template
            .iter()
            .find_map(|one| one.key_name.clone())
            .map(|key| format!("the launch template names the key {key}"));
        let on_machines =
            members.iter().find_map(|one| one.key_name.clone()).map(|key| format!("machines carry the key {key}"));
        Ok(match by_template.or(on_machines) {
            Some(because) => Interactive::Keys { because, opened_to_everyone: false },
            None => Interactive::Off { because: "no SSH key is set".to_owned() },
        })
    }

    fn metadata(&self, trail: &mut Trail) -> Result<Metadata, Gap> {
        let members = self.members(trail)?;
        let template = machine::template(self.region, self.group, trail)?;
        let automatic = matches!(self.origin, Origin::AutoMode(_));
        let group = self.group.and_then(|group| group.get().ok());
        machine::metadata(&members, &template, group, automatic)
    }
}

/// Machines that AWS does not know: whether there are any, and how they are reached, it cannot say.
fn outside(id: PoolId, name: &str) -> Pool {
    fn gap() -> Gap {
        Gap::Unsupported { what: "hybrid nodes stand outside AWS, which does not describe them".to_owned() }
    }
    fn unknown<T>() -> Observed<T> {
        Observed::missing(gap())
    }
    Pool {
        id,
        name: name.to_owned(),
        kind: PoolKind::SelfManaged,
        nodes: unknown(),
        public_addresses: unknown(),
        exposure: unknown(),
        filters: unknown(),
        default_route: unknown(),
        egress: unknown(),
        interactive: unknown(),
        metadata: unknown(),
        machinery: Machinery::unread(&gap()),
        upkeep: Upkeep { version: unknown(), zones: unknown(), surge: unknown(), health: unknown() },
    }
}

/// The groups of the machines. Every interface carries one (EC2 user guide, security groups), so one without was left out.
fn group_ids(members: &[&Instance]) -> Result<BTreeSet<String>, Gap> {
    let mut ids = BTreeSet::new();
    for instance in members {
        let untold = |what| Gap::Unsettled {
            what: format!("the {what} of {} are not in the answer", instance.instance_id.as_deref().unwrap_or("?")),
        };
        if instance.network_interface_set.is_empty() {
            return Err(untold("interfaces"));
        }
        for interface in &instance.network_interface_set {
            if interface.group_set.is_empty() || interface.group_set.iter().any(|group| group.group_id.is_none()) {
                return Err(untold("security groups"));
            }
            ids.extend(interface.group_set.iter().filter_map(|group| group.group_id.clone()));
        }
    }
    Ok(ids)
}

/// Next hops that inspect or that lead to a network which can: gateway load balancer endpoints, appliances, transit.
fn is_inspected(next: &str) -> bool {
    ["vpce-", "eni-", "i-", "tgw-", "arn:"].iter().any(|prefix| next.starts_with(prefix))
}

fn name_of(table: &crate::record::network::RouteTable) -> String {
    table.route_table_id.clone().unwrap_or_else(|| "the route table".to_owned())
}

fn node(instance: &Instance) -> Node {
    let mut public = BTreeSet::new();
    for interface in &instance.network_interface_set {
        public.extend(public_addresses(interface));
        let v6 = interface.ipv6_addresses.iter().filter_map(|one| one.ipv6_address.as_deref()?.parse::<IpAddr>().ok());
        public.extend(v6);
    }
    let addresses = |interface: &crate::record::compute::Interface| {
        interface
            .private_ip_addresses_set
            .iter()
            .filter_map(|one| one.private_ip_address.as_deref()?.parse().ok())
            .collect::<Vec<_>>()
    };
    Node {
        id: NodeId::new(instance.instance_id.clone().unwrap_or_default()),
        name: instance.private_dns_name.clone().unwrap_or_default(),
        private: instance.network_interface_set.iter().flat_map(addresses).collect(),
        public: public.into_iter().collect(),
    }
}

/// What a machine refers to and the list does not hold could say anything: it belongs to another account, or came late.
fn unlisted(what: &str, id: &str) -> Gap {
    Gap::Unsettled { what: format!("{what} {id} is not in the list") }
}
