//! One region of an account: the tables its clusters share, read once.

use super::{
    balancing::{self, Fronts},
    exposure::Balancer,
    filter::{self, Acl, Group, PrefixList, PrefixLists},
    trail::{conclude, table},
};
use crate::{
    calls,
    record::{
        Ec2, Query,
        balancing::{ClassicLoadBalancer, LoadBalancer, TargetGroup},
        compute::{AutoScalingGroups, GroupInstance, Instance, Interface, Interfaces, Reservations},
        machinery::{
            EncryptionByDefault, FlowLog, FlowLogs, Image, Images, InstanceType, InstanceTypes, Volume, Volumes,
            VpcEndpoint, VpcEndpoints,
        },
        network::{
            BlockPublicAccess, BlockPublicAccessExclusions, BlockPublicAccessOptions, Exclusion, NetworkAcl,
            NetworkAcls, PrefixListEntries, RouteTable, RouteTableAssociation, RouteTables, SecurityGroup,
            SecurityGroups, Subnet, Subnets, Vpc, Vpcs,
        },
    },
};
use ipnet::IpNet;
use palisade_model::{Gap, Observed};
use palisade_provider::{Call, Snapshot};
use palisade_reach::{AddrSet, Bounds, Certainty, PacketSet, Sessions, parse_net};
use serde::de::DeserializeOwned;
use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

/// The tables of one region, and what was derived from them so far.
#[derive(Debug)]
pub(super) struct Region<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// `ACCOUNT/REGION`.
    pub(super) scope: &'a str,
    pub(super) account: &'a str,
    pub(super) name: &'a str,
    pub(super) instances: Observed<Vec<Instance>>,
    pub(super) interfaces: Observed<Vec<Interface>>,
    pub(super) security_groups: Observed<Vec<SecurityGroup>>,
    pub(super) acls: Observed<Vec<NetworkAcl>>,
    pub(super) route_tables: Observed<Vec<RouteTable>>,
    pub(super) subnets: Observed<Vec<Subnet>>,
    pub(super) vpcs: Observed<Vec<Vpc>>,
    pub(super) block_mode: Observed<Option<String>>,
    pub(super) block_exclusions: Observed<Vec<Exclusion>>,
    /// Of both generations, those of the first behind the others.
    pub(super) load_balancers: Observed<Vec<LoadBalancer>>,
    pub(super) classics: Observed<Vec<ClassicLoadBalancer>>,
    pub(super) target_groups: Observed<Vec<TargetGroup>>,
    /// The machines of each auto scaling group that was listed, by the group's name.
    pub(super) scaling: Observed<HashMap<String, Vec<GroupInstance>>>,
    pub(super) prefix_lists: PrefixLists,
    pub(super) images: Observed<Vec<Image>>,
    pub(super) volumes: Observed<Vec<Volume>>,
    /// Whether disks of new machines are encrypted without being asked.
    pub(super) encrypts_by_default: Observed<bool>,
    pub(super) flow_logs: Observed<Vec<FlowLog>>,
    pub(super) vpc_endpoints: Observed<Vec<VpcEndpoint>>,
    pub(super) instance_types: Observed<Vec<InstanceType>>,
    /// Where the instances of each cluster stand in the table, by the cluster's name.
    by_cluster: HashMap<String, Vec<usize>>,
    group_index: HashMap<String, usize>,
    groups: RefCell<HashMap<String, Rc<Group>>>,
    filters: RefCell<HashMap<String, Rc<Acl>>>,
    fronts: OnceCell<Fronts>,
    pub(super) balancers: RefCell<HashMap<String, Rc<Balancer>>>,
    pub(super) sessions: RefCell<HashMap<Place, Rc<Sessions>>>,
    members: RefCell<HashMap<String, Bounds<AddrSet>>>,
    relays: RefCell<HashMap<String, Rc<BTreeSet<&'static str>>>>,
}

/// Where an interface stands and what its groups admit: interfaces that agree in this are reached by the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) vpc: String,
    pub(super) subnet: String,
    pub(super) held: (Certainty, Certainty),
    pub(super) admitted: Bounds<PacketSet>,
}

impl<'a> Region<'a> {
    /// Reads the tables of a scope.
    pub(super) fn read(snapshot: &'a Snapshot, scope: &'a str) -> Self {
        let (account, name) = scope.split_once('/').unwrap_or((scope, ""));
        let instances = table(snapshot, &calls::DESCRIBE_INSTANCES, scope, |Ec2(page): Ec2<Reservations>| {
            page.reservation_set.into_iter().flat_map(|reservation| reservation.instances_set).collect()
        });
        let security_groups: Observed<Vec<SecurityGroup>> =
            ec2(snapshot, &calls::DESCRIBE_SECURITY_GROUPS, scope, |page: SecurityGroups| page.security_group_info);
        let by_cluster = instances.get().map(|instances| of_clusters(instances)).unwrap_or_default();
        let classics = balancing::classics(snapshot, scope);
        let group_index = security_groups.get().map(|groups| by_id(groups)).unwrap_or_default();
        Self {
            interfaces: ec2(snapshot, &calls::DESCRIBE_NETWORK_INTERFACES, scope, |page: Interfaces| {
                page.network_interface_set
            }),
            acls: ec2(snapshot, &calls::DESCRIBE_NETWORK_ACLS, scope, |page: NetworkAcls| page.network_acl_set),
            route_tables: ec2(snapshot, &calls::DESCRIBE_ROUTE_TABLES, scope, |page: RouteTables| page.route_table_set),
            subnets: ec2(snapshot, &calls::DESCRIBE_SUBNETS, scope, |page: Subnets| page.subnet_set),
            vpcs: ec2(snapshot, &calls::DESCRIBE_VPCS, scope, |page: Vpcs| page.vpc_set),
            block_mode: snapshot
                .one::<Ec2<BlockPublicAccess>>(&calls::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS, scope, &[])
                .map(|Ec2(page)| block_mode(page.vpc_block_public_access_options?)),
            block_exclusions: ec2(
                snapshot,
                &calls::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS,
                scope,
                |page: BlockPublicAccessExclusions| page.exclusions,
            ),
            load_balancers: of_both_generations(balancing::load_balancers(snapshot, scope), &classics),
            classics,
            target_groups: balancing::target_groups(snapshot, scope),
            fronts: OnceCell::new(),
            balancers: RefCell::default(),
            sessions: RefCell::default(),
            members: RefCell::default(),
            relays: RefCell::default(),
            scaling: scaling(snapshot, scope),
            prefix_lists: prefix_lists(snapshot, scope),
            images: ec2(snapshot, &calls::DESCRIBE_IMAGES, scope, |page: Images| page.images_set),
            volumes: ec2(snapshot, &calls::DESCRIBE_VOLUMES, scope, |page: Volumes| page.volume_set),
            encrypts_by_default: encrypts_by_default(snapshot, scope),
            flow_logs: ec2(snapshot, &calls::DESCRIBE_FLOW_LOGS, scope, |page: FlowLogs| page.flow_log_set),
            vpc_endpoints: ec2(snapshot, &calls::DESCRIBE_VPC_ENDPOINTS, scope, |page: VpcEndpoints| {
                page.vpc_endpoint_set
            }),
            instance_types: ec2(snapshot, &calls::DESCRIBE_INSTANCE_TYPES, scope, |page: InstanceTypes| {
                page.instance_type_set
            }),
            groups: RefCell::default(),
            filters: RefCell::default(),
            snapshot,
            scope,
            account,
            name,
            instances,
            security_groups,
            by_cluster,
            group_index,
        }
    }

    /// The machines of a cluster that run or start.
    pub(super) fn instances_of<'b>(&'b self, cluster: &str, all: &'b [Instance]) -> impl Iterator<Item = &'b Instance> {
        let places = self.by_cluster.get(cluster).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| all.get(*place))
    }

    /// The addresses of a group's members, gathered once.
    pub(super) fn members(&self, group: &str, gather: impl FnOnce() -> Bounds<AddrSet>) -> Bounds<AddrSet> {
        self.members.borrow_mut().entry(group.to_owned()).or_insert_with(gather).clone()
    }

    /// The services that stand in a network and may bring in clients, looked for once.
    pub(super) fn relays(
        &self,
        vpc: &str,
        look: impl FnOnce() -> BTreeSet<&'static str>,
    ) -> Rc<BTreeSet<&'static str>> {
        Rc::clone(self.relays.borrow_mut().entry(vpc.to_owned()).or_insert_with(|| Rc::new(look())))
    }

    /// What load balancers forward, followed once.
    pub(super) fn fronts(&self) -> &Fronts {
        self.fronts.get_or_init(|| {
            let networks =
                self.vpcs.get().ok().map(|vpcs| vpcs.iter().filter_map(|vpc| vpc.vpc_id.as_deref()).collect());
            let balancers = (&self.load_balancers, &self.classics);
            Fronts::read(self.snapshot, self.scope, balancers, &self.target_groups, networks.as_ref())
        })
    }

    /// A security group, translated once. `None` when the table does not hold it.
    pub(super) fn group(&self, id: &str, table: &[SecurityGroup]) -> Option<Rc<Group>> {
        if let Some(known) = self.groups.borrow().get(id) {
            return Some(Rc::clone(known));
        }
        let record = table.get(*self.group_index.get(id)?)?;
        let group = Rc::new(filter::group(record, &self.prefix_lists));
        self.groups.borrow_mut().insert(id.to_owned(), Rc::clone(&group));
        Some(group)
    }

    /// The network ACL of a subnet, translated once: the one it is associated with, else the network's default. Nothing
    /// when the list does not tell.
    pub(super) fn acl(&self, subnet: &str, vpc: &str, table: &[NetworkAcl]) -> Option<Rc<Acl>> {
        let associated = |acl: &&NetworkAcl| {
            acl.association_set.iter().any(|association| association.subnet_id.as_deref() == Some(subnet))
        };
        let here = |acl: &&NetworkAcl| acl.vpc_id.as_deref() == Some(vpc);
        let default = |acl: &&NetworkAcl| acl.is_default == Some(true) && here(acl);
        // An association that names no subnet may be this one's.
        let untold = |acl: &NetworkAcl| acl.association_set.iter().any(|association| association.subnet_id.is_none());
        let told = || !table.iter().filter(here).any(untold);
        let found = table.iter().find(associated);
        let record = found.or_else(|| table.iter().find(default).filter(|_| told()))?;
        let id = record.network_acl_id.clone().unwrap_or_default();
        if let Some(known) = self.filters.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let acl = Rc::new(filter::acl(record));
        self.filters.borrow_mut().insert(id, Rc::clone(&acl));
        Some(acl)
    }
}

fn of_both_generations(
    second: Observed<Vec<LoadBalancer>>,
    first: &Observed<Vec<ClassicLoadBalancer>>,
) -> Observed<Vec<LoadBalancer>> {
    conclude(|trail| {
        trail.rest_on(second.sources());
        trail.rest_on(first.sources());
        // One that is not listed is still seen by its interfaces.
        let first = first.get().ok().into_iter().flatten();
        let mut all = super::endpoint::take(second)?;
        all.extend(first.map(ClassicLoadBalancer::as_load_balancer));
        Ok(all)
    })
}

fn encrypts_by_default(snapshot: &Snapshot, scope: &str) -> Observed<bool> {
    let call = &calls::GET_EBS_ENCRYPTION_BY_DEFAULT;
    snapshot.one::<Ec2<EncryptionByDefault>>(call, scope, &[]).and_then(|Ec2(answer)| {
        let untold = || Gap::Unsettled { what: format!("`{}` did not say", call.name) };
        answer.ebs_encryption_by_default.ok_or_else(untold)
    })
}

/// The mode that is in force; while it changes, both may be.
fn block_mode(options: BlockPublicAccessOptions) -> Option<String> {
    let mode = options.internet_gateway_block_mode?;
    if options.state.as_deref() == Some("update-in-progress") {
        return Some(format!("{mode} (being changed)"));
    }
    Some(mode)
}

/// The route table of a subnet: the one it is associated with, else the network's main one; never both. Nothing when the
/// list does not tell.
pub(super) fn route_table<'a>(subnet: &str, vpc: &str, tables: &'a [RouteTable]) -> Option<&'a RouteTable> {
    let associated = |table: &&RouteTable| {
        table.association_set.iter().any(|association| association.subnet_id.as_deref() == Some(subnet))
    };
    let here = |table: &&RouteTable| table.vpc_id.as_deref() == Some(vpc);
    let main = |table: &&RouteTable| {
        here(table) && table.association_set.iter().any(|association| association.main == Some(true))
    };
    // An association that names neither subnet nor gateway and is not the main one may be this subnet's.
    let untold = |table: &RouteTable| {
        let of_nobody =
            |one: &RouteTableAssociation| one.subnet_id.is_none() && one.gateway_id.is_none() && one.main != Some(true);
        table.association_set.iter().any(of_nobody)
    };
    let told = || !tables.iter().filter(here).any(untold);
    tables.iter().find(associated).or_else(|| tables.iter().find(main).filter(|_| told()))
}

/// The network's own address ranges.
pub(super) fn own_ranges(vpc: &Vpc) -> AddrSet {
    let associated = vpc.cidr_block_association_set.iter().filter_map(|block| block.cidr_block.as_deref());
    let v6 = vpc.ipv6_blocks.iter().filter_map(|block| block.ipv6_cidr_block.as_deref());
    vpc.cidr_block.as_deref().into_iter().chain(associated).chain(v6).filter_map(|text| parse_net(text).ok()).collect()
}

fn ec2<T: DeserializeOwned, U>(
    snapshot: &Snapshot,
    call: &Call,
    scope: &str,
    members: impl Fn(T) -> Vec<U>,
) -> Observed<Vec<U>> {
    table(snapshot, call, scope, |Ec2(page): Ec2<T>| members(page))
}

/// Where the machines of each cluster stand in the table.
fn of_clusters(instances: &[Instance]) -> HashMap<String, Vec<usize>> {
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, instance) in instances.iter().enumerate().filter(|(_, instance)| instance.is_up()) {
        for name in instance.clusters() {
            found.entry(name.to_owned()).or_default().push(place);
        }
    }
    found
}

fn by_id(groups: &[SecurityGroup]) -> HashMap<String, usize> {
    let ids = groups.iter().enumerate();
    ids.filter_map(|(place, group)| Some((group.group_id.clone()?, place))).collect()
}

fn scaling(snapshot: &Snapshot, scope: &str) -> Observed<HashMap<String, Vec<GroupInstance>>> {
    let groups =
        table(snapshot, &calls::DESCRIBE_AUTO_SCALING_GROUPS, scope, |Query(page): Query<AutoScalingGroups>| {
            page.auto_scaling_groups
        });
    // A group without a name is missing where a node group names it.
    groups.map(|groups| {
        groups.into_iter().filter_map(|group| Some((group.auto_scaling_group_name?, group.instances))).collect()
    })
}

/// Every prefix list that was asked for. One that could not be read may hold anything of both families.
fn prefix_lists(snapshot: &Snapshot, scope: &str) -> PrefixLists {
    let mut lists = PrefixLists::new();
    for params in snapshot.asked(&calls::GET_MANAGED_PREFIX_LIST_ENTRIES, scope) {
        let Some(id) = params.get("list") else { continue };
        let entries = snapshot.list(
            &calls::GET_MANAGED_PREFIX_LIST_ENTRIES,
            scope,
            &[("list", id)],
            |Ec2(page): Ec2<PrefixListEntries>| page.entry_set,
        );
        let nets = conclude(|trail| {
            let entries = trail.read(&entries)?;
            let nets: Option<Vec<IpNet>> = entries.iter().map(|entry| parse_net(entry.cidr.as_deref()?).ok()).collect();
            Ok(nets)
        });
        let entries = nets.get().ok().cloned().flatten();
        let covers = match &entries {
            Some(nets) => Bounds::exact(nets.iter().copied().collect()),
            None => Bounds::unknown_within(AddrSet::all()),
        };
        lists.insert(id.clone(), PrefixList { covers, entries });
    }
    lists
}
