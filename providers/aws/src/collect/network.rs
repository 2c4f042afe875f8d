//! The networks of the clusters of a region: every table once, however many clusters stand in it.

use super::{
    ask::{Paging, Wire, sending},
    balancing::{self, Balancing},
    boxed,
    cluster::Described,
    region::Place,
};
use crate::{
    calls,
    record::{
        Ec2,
        compute::Reservations,
        eks::Nodegroup,
        network::{RouteTables, SecurityGroups, Subnets},
    },
};
use aws_sdk_ec2::types::{Filter, VpcAttributeName};
use futures::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most values one filter of EC2 takes.
const FILTER_VALUES: usize = 200;

/// Most names one question for auto scaling groups takes.
const GROUP_NAMES: usize = 50;

/// What belongs to the region and to no network.
pub(super) async fn of_region(place: &Place<'_>) {
    let context = place.context;
    let ec2 = &context.session.ec2(place.region);
    let options = place.question(&calls::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS, &[], Wire::Ec2, None);
    let exclusions = &calls::DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS;
    let exclusions = place.question(exclusions, &[], Wire::Ec2, Some(Paging::NEXT_TOKEN));
    let host = place.host("ec2");
    let options = context.ask::<Value>(&host, &options, sending!(|_| ec2.describe_vpc_block_public_access_options()));
    let exclusions = context.ask::<Value>(
        &host,
        &exclusions,
        sending!(|token| ec2.describe_vpc_block_public_access_exclusions().max_results(1000).set_next_token(token)),
    );
    let by_default = place.question(&calls::GET_EBS_ENCRYPTION_BY_DEFAULT, &[], Wire::Ec2, None);
    let by_default = context.ask::<Value>(&host, &by_default, sending!(|_| ec2.get_ebs_encryption_by_default()));
    let logs = place.question(&calls::DESCRIBE_FLOW_LOGS, &[], Wire::Ec2, Some(Paging::NEXT_TOKEN));
    let logs = context.ask::<Value>(
        &host,
        &logs,
        sending!(|token| ec2.describe_flow_logs().max_results(1000).set_next_token(token)),
    );
    futures::join!(boxed(options), boxed(exclusions), boxed(by_default), boxed(logs));
}

/// The tables of the clusters' networks. Returns the instance profiles that machines of clusters carry.
pub(super) async fn tables(place: &Place<'_>, clusters: &[Described], balancing: &Balancing) -> BTreeSet<String> {
    let ec2 = &place.context.session.ec2(place.region);
    let vpcs: Vec<String> = networks(place, ec2, clusters).await.into_iter().collect();
    if vpcs.is_empty() {
        return BTreeSet::new();
    }
    let attributes = vpcs.iter().flat_map(|vpc| {
        [VpcAttributeName::EnableDnsSupport, VpcAttributeName::EnableDnsHostnames]
            .map(|attribute| boxed(attribute_of(place, ec2, vpc, attribute)))
    });
    let chunks = vpcs.chunks(FILTER_VALUES).map(|vpcs| boxed(chunk(place, ec2, vpcs)));
    let targets = boxed(balancing::targets(place, balancing, &vpcs));
    let (found, _, ()) = futures::join!(join_all(chunks), join_all(attributes), targets);
    let mut named = Named::default();
    for one in found {
        named.lists.extend(one.lists);
        named.profiles.extend(one.profiles);
        named.images.extend(one.images);
        named.types.extend(one.types);
        named.machines.extend(one.machines);
    }
    let Named { lists, profiles, images, types, machines } = named;
    futures::join!(prefix_lists(place, ec2, lists), machinery(place, ec2, (images, types, machines)));
    profiles
}

/// What the tables name and other calls are about.
#[derive(Debug, Default)]
struct Named {
    /// Prefix lists of rules and routes.
    lists: BTreeSet<String>,
    /// What the clusters' machines carry, run and are, and the machines themselves.
    profiles: BTreeSet<String>,
    images: BTreeSet<String>,
    types: BTreeSet<String>,
    machines: BTreeSet<String>,
}

/// The images, types and disks of the clusters' machines. They are asked for by filters: an id that is gone would fail a
/// question that names it.
async fn machinery(
    place: &Place<'_>,
    ec2: &aws_sdk_ec2::Client,
    (images, types, machines): (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>),
) {
    let context = place.context;
    let host = &place.host("ec2");
    let [images, types, machines] = [images, types, machines].map(|all| all.into_iter().collect::<Vec<String>>());
    macro_rules! each {
        ($values:ident, $call:ident, $param:literal, $filter:literal, $operation:ident, $size:literal $(, $more:ident($value:expr))?) => {
            join_all($values.chunks(FILTER_VALUES).map(|values| {
                boxed(async move {
                    let joined = values.join(",");
                    let params = [($param, joined.as_str())];
                    let question = place.question(&calls::$call, &params, Wire::Ec2, Some(Paging::NEXT_TOKEN));
                    let filter = Filter::builder().name($filter).set_values(Some(values.to_vec())).build();
                    let send = sending!(|token| ec2
                        .$operation()
                        $(.$more($value))?
                        .filters(filter.clone())
                        .max_results($size)
                        .set_next_token(token));
                    context.ask::<Value>(host, &question, send).await;
                })
            }))
        };
    }
    futures::join!(
        // Amazon marks images as deprecated after two years: machines run them all the same.
        each!(images, DESCRIBE_IMAGES, "images", "image-id", describe_images, 1000, include_deprecated(true)),
        each!(types, DESCRIBE_INSTANCE_TYPES, "types", "instance-type", describe_instance_types, 100),
        each!(machines, DESCRIBE_VOLUMES, "machines", "attachment.instance-id", describe_volumes, 500),
    );
}

/// The networks of the clusters. A description without one still names subnets, and those know their network.
async fn networks(place: &Place<'_>, ec2: &aws_sdk_ec2::Client, clusters: &[Described]) -> BTreeSet<String> {
    let (mut vpcs, mut subnets) = (BTreeSet::new(), BTreeSet::new());
    for config in clusters.iter().filter_map(|described| described.cluster.resources_vpc_config.as_ref()) {
        match &config.vpc_id {
            Some(vpc) => drop(vpcs.insert(vpc.clone())),
            None => subnets.extend(config.subnet_ids.iter().cloned()),
        }
    }
    let subnets: Vec<String> = subnets.into_iter().collect();
    for subnets in subnets.chunks(FILTER_VALUES) {
        let joined = subnets.join(",");
        let params = [("subnets", joined.as_str())];
        let question = place.question(&calls::DESCRIBE_SUBNETS, &params, Wire::Ec2, Some(Paging::NEXT_TOKEN));
        let filter = Filter::builder().name("subnet-id").set_values(Some(subnets.to_vec())).build();
        let send =
            sending!(|token| ec2.describe_subnets().filters(filter.clone()).max_results(1000).set_next_token(token));
        let pages = place.context.ask::<Ec2<Subnets>>(&place.host("ec2"), &question, send).await;
        let found = pages.into_iter().flatten().flat_map(|Ec2(page)| page.subnet_set);
        vpcs.extend(found.filter_map(|subnet| subnet.vpc_id));
    }
    vpcs
}

async fn attribute_of(place: &Place<'_>, ec2: &aws_sdk_ec2::Client, vpc: &str, attribute: VpcAttributeName) {
    let params = [("attribute", attribute.as_str()), ("vpc", vpc)];
    let question = place.question(&calls::DESCRIBE_VPC_ATTRIBUTE, &params, Wire::Ec2, None);
    let send = sending!(|_| ec2.describe_vpc_attribute().vpc_id(vpc).attribute(attribute.clone()));
    place.context.ask::<Value>(&place.host("ec2"), &question, send).await;
}

/// The tables of some networks, and what they name.
async fn chunk(place: &Place<'_>, ec2: &aws_sdk_ec2::Client, vpcs: &[String]) -> Named {
    let context = place.context;
    let host = &place.host("ec2");
    let joined = vpcs.join(",");
    let params = &[("vpcs", joined.as_str())];
    let filter = |name: &str| Filter::builder().name(name).set_values(Some(vpcs.to_vec())).build();
    let in_vpcs = &filter("vpc-id");
    macro_rules! table {
        ($call:ident, $kind:ty, $operation:ident, $size:expr) => {{
            let question = place.question(&calls::$call, params, Wire::Ec2, Some(Paging::NEXT_TOKEN));
            boxed(async move {
                let send = sending!(|token| ec2
                    .$operation()
                    .filters(in_vpcs.clone())
                    .max_results($size)
                    .set_next_token(token));
                context.ask::<$kind>(host, &question, send).await
            })
        }};
    }
    let (groups, tables, instances, ..) = futures::join!(
        table!(DESCRIBE_SECURITY_GROUPS, Ec2<SecurityGroups>, describe_security_groups, 1000),
        // 100 is the most that this one gives at a time.
        table!(DESCRIBE_ROUTE_TABLES, Ec2<RouteTables>, describe_route_tables, 100),
        table!(DESCRIBE_INSTANCES, Ec2<Reservations>, describe_instances, 1000),
        table!(DESCRIBE_NETWORK_INTERFACES, Value, describe_network_interfaces, 1000),
        table!(DESCRIBE_NETWORK_ACLS, Value, describe_network_acls, 1000),
        table!(DESCRIBE_SUBNETS, Value, describe_subnets, 1000),
        table!(DESCRIBE_VPCS, Value, describe_vpcs, 1000),
        table!(DESCRIBE_VPC_ENDPOINTS, Value, describe_vpc_endpoints, 1000),
    );
    let groups = groups.into_iter().flatten().flat_map(|Ec2(page)| page.security_group_info);
    let permissions = groups.flat_map(|group| group.ip_permissions.into_iter().chain(group.ip_permissions_egress));
    let named = permissions.flat_map(|permission| permission.prefix_list_ids).filter_map(|list| list.prefix_list_id);
    let tables = tables.into_iter().flatten().flat_map(|Ec2(page)| page.route_table_set);
    let routed = tables.flat_map(|table| table.route_set).filter_map(|route| route.destination_prefix_list_id);
    let reservations = instances.into_iter().flatten().flat_map(|Ec2(page)| page.reservation_set);
    let machines = reservations.flat_map(|reservation| reservation.instances_set);
    let mut found = Named { lists: named.chain(routed).collect(), ..Named::default() };
    for instance in machines.filter(|instance| instance.is_up() && !instance.clusters().is_empty()) {
        found.profiles.extend(instance.iam_instance_profile.and_then(|profile| profile.arn));
        found.images.extend(instance.image_id);
        found.types.extend(instance.instance_type);
        found.machines.extend(instance.instance_id);
    }
    found
}

async fn prefix_lists(place: &Place<'_>, ec2: &aws_sdk_ec2::Client, lists: BTreeSet<String>) {
    let context = place.context;
    let host = &place.host("ec2");
    let entries = lists.iter().map(|list| {
        boxed(async move {
            let params = [("list", list.as_str())];
            let call = &calls::GET_MANAGED_PREFIX_LIST_ENTRIES;
            let question = place.question(call, &params, Wire::Ec2, Some(Paging::NEXT_TOKEN));
            let send = sending!(|token| ec2
                .get_managed_prefix_list_entries()
                .prefix_list_id(list)
                .max_results(100)
                .set_next_token(token));
            context.ask::<Value>(host, &question, send).await;
        })
    });
    join_all(entries).await;
}

/// Launch templates and auto scaling groups of node groups.
pub(super) async fn machines(place: &Place<'_>, groups: &[Nodegroup]) {
    let mut templates: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for template in groups.iter().filter_map(|group| group.launch_template.as_ref()) {
        if let (Some(id), Some(version)) = (&template.id, &template.version) {
            templates.entry(id).or_default().insert(version);
        }
    }
    let names: BTreeSet<&str> = groups
        .iter()
        .filter_map(|group| group.resources.as_ref())
        .flat_map(|resources| &resources.auto_scaling_groups)
        .filter_map(|group| group.name.as_deref())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let context = place.context;
    let ec2 = &context.session.ec2(place.region);
    let autoscaling = &context.session.autoscaling(place.region);
    let templates = templates.iter().map(|(id, versions)| {
        boxed(async move {
            let versions: Vec<String> = versions.iter().map(|version| (*version).to_owned()).collect();
            let joined = versions.join(",");
            let params = [("template", *id), ("versions", joined.as_str())];
            let call = &calls::DESCRIBE_LAUNCH_TEMPLATE_VERSIONS;
            let question = place.question(call, &params, Wire::Ec2, Some(Paging::NEXT_TOKEN));
            let send = sending!(|token| ec2
                .describe_launch_template_versions()
                .launch_template_id(*id)
                .set_versions(Some(versions.clone()))
                .set_next_token(token));
            context.ask::<Value>(&place.host("ec2"), &question, send).await;
        })
    });
    let scaling = names.chunks(GROUP_NAMES).map(|names| {
        boxed(async move {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let joined = names.join(",");
            let params = [("groups", joined.as_str())];
            let call = &calls::DESCRIBE_AUTO_SCALING_GROUPS;
            let question = place.question(call, &params, Wire::Query, Some(Paging::NEXT_TOKEN_PASCAL));
            let send = sending!(|token| autoscaling
                .describe_auto_scaling_groups()
                .set_auto_scaling_group_names(Some(names.clone()))
                .max_records(100)
                .set_next_token(token));
            context.ask::<Value>(&place.host("autoscaling"), &question, send).await;
        })
    });
    futures::join!(join_all(templates), join_all(scaling));
}
