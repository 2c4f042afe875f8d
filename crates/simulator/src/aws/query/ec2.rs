//! EC2: networks, instances and what guards them.

use super::{element, invalid_action, rendered, response};
use crate::aws::World;
use crate::aws::call::Call;
use crate::aws::error::Failure;
use crate::aws::expand::{Estate, Fabric, kinds};
use crate::aws::item::{Item, Kind, filters};
use crate::aws::moment::Moment;
use crate::aws::page::Paging;
use crate::aws::tree::{Dialect, Fields, Tree, fields};
use crate::http::Reply;

/// A call that lists things of one kind.
struct Listing {
    action: &'static str,
    /// The parameter with the ids, without its number.
    ids: &'static str,
    /// The element around the items.
    set: &'static str,
    kind: &'static Kind,
    /// The bounds of a page; some calls have no pages.
    pages: Option<(usize, usize)>,
    items: fn(&Fabric) -> &[Item],
}

const LISTINGS: [Listing; 18] = [
    listing("DescribeVpcs", "VpcId", "vpcSet", &kinds::VPC, Some((5, 1000)), |fabric| &fabric.vpcs),
    listing("DescribeSubnets", "SubnetId", "subnetSet", &kinds::SUBNET, Some((5, 1000)), |fabric| &fabric.subnets),
    listing(
        "DescribeSecurityGroups",
        "GroupId",
        "securityGroupInfo",
        &kinds::SECURITY_GROUP,
        Some((5, 1000)),
        |fabric| &fabric.security_groups,
    ),
    listing("DescribeNetworkAcls", "NetworkAclId", "networkAclSet", &kinds::ACL, Some((5, 1000)), |fabric| {
        &fabric.acls
    }),
    listing("DescribeRouteTables", "RouteTableId", "routeTableSet", &kinds::ROUTE_TABLE, Some((5, 100)), |fabric| {
        &fabric.route_tables
    }),
    listing(
        "DescribeInternetGateways",
        "InternetGatewayId",
        "internetGatewaySet",
        &kinds::INTERNET_GATEWAY,
        Some((5, 1000)),
        |fabric| &fabric.internet_gateways,
    ),
    listing("DescribeNatGateways", "NatGatewayId", "natGatewaySet", &kinds::NAT_GATEWAY, Some((5, 1000)), |fabric| {
        &fabric.nat_gateways
    }),
    listing("DescribeAddresses", "AllocationId", "addressesSet", &kinds::ADDRESS, None, |fabric| &fabric.addresses),
    listing(
        "DescribeNetworkInterfaces",
        "NetworkInterfaceId",
        "networkInterfaceSet",
        &kinds::INTERFACE,
        Some((5, 1000)),
        |fabric| &fabric.interfaces,
    ),
    listing("DescribeInstances", "InstanceId", "reservationSet", &kinds::INSTANCE, Some((5, 1000)), |fabric| {
        &fabric.instances
    }),
    listing(
        "DescribeManagedPrefixLists",
        "PrefixListId",
        "prefixListSet",
        &kinds::PREFIX_LIST,
        Some((1, 100)),
        |fabric| &fabric.prefix_lists,
    ),
    listing(
        "DescribeVpcBlockPublicAccessExclusions",
        "ExclusionId",
        "vpcBlockPublicAccessExclusionSet",
        &kinds::EXCLUSION,
        Some((5, 1000)),
        |fabric| &fabric.exclusions,
    ),
    listing(
        "DescribeLaunchTemplateVersions",
        "",
        "launchTemplateVersionSet",
        &kinds::TEMPLATE,
        Some((1, 200)),
        |fabric| &fabric.templates,
    ),
    listing("DescribeImages", "ImageId", "imagesSet", &kinds::IMAGE, Some((1, 1000)), |fabric| &fabric.images),
    listing("DescribeVolumes", "VolumeId", "volumeSet", &kinds::VOLUME, Some((5, 1000)), |fabric| &fabric.volumes),
    listing(
        "DescribeInstanceTypes",
        "InstanceType",
        "instanceTypeSet",
        &kinds::INSTANCE_TYPE,
        Some((5, 100)),
        |fabric| &fabric.instance_types,
    ),
    listing("DescribeFlowLogs", "FlowLogId", "flowLogSet", &kinds::FLOW_LOG, Some((1, 1000)), |fabric| {
        &fabric.flow_logs
    }),
    listing(
        "DescribeVpcEndpoints",
        "VpcEndpointId",
        "vpcEndpointSet",
        &kinds::VPC_ENDPOINT,
        Some((1, 1000)),
        |fabric| &fabric.vpc_endpoints,
    ),
];

const fn listing(
    action: &'static str,
    ids: &'static str,
    set: &'static str,
    kind: &'static Kind,
    pages: Option<(usize, usize)>,
    items: fn(&Fabric) -> &[Item],
) -> Listing {
    Listing { action, ids, set, kind, pages, items }
}

/// The pages of an EC2 call with the given bounds.
const fn paging(bounds: (usize, usize)) -> Paging {
    Paging {
        size: "MaxResults",
        token: "NextToken",
        smallest: bounds.0,
        largest: bounds.1,
        // Without a size, EC2 answers with everything.
        usual: usize::MAX,
        bad_size: "InvalidParameterValue",
        bad_token: "InvalidNextToken",
    }
}

pub(crate) fn answer(world: &World, estate: &Estate, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    if call.is_true("DryRun") {
        return Err(Failure::new(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
    }
    if let Some(listing) = LISTINGS.iter().find(|listing| listing.action == call.action) {
        return list(world, fabric, call, listing);
    }
    match call.action.as_str() {
        "DescribeRegions" => Ok(regions(estate, call)),
        "DescribeVpcAttribute" => vpc_attribute(fabric, call),
        "GetManagedPrefixListEntries" => prefix_entries(world, fabric, call),
        "DescribeVpcBlockPublicAccessOptions" => Ok(block_public_access(fabric, call)),
        "GetEbsEncryptionByDefault" => {
            Ok(response(call, fields().put("ebsEncryptionByDefault", fabric.encrypts_by_default)))
        }
        _ => Err(invalid_action(call)),
    }
}

fn list(world: &World, fabric: &Fabric, call: &Call, listing: &Listing) -> Result<Reply, Failure> {
    let mut filters = filters(call, "Filter", "Value");
    let mut ids = call.list(listing.ids);
    if call.parameter("MaxResults").is_some() && !ids.is_empty() {
        let message = format!("The parameter {} cannot be used with the parameter maxResults", listing.ids);
        return Err(Failure::client("InvalidParameterCombination", message));
    }
    if listing.action == "DescribeLaunchTemplateVersions" {
        ids.extend(call.parameter("LaunchTemplateId").map(str::to_owned));
        if let Some(name) = call.parameter("LaunchTemplateName") {
            filters.insert("launch-template-name".to_owned(), vec![name.to_owned()]);
        }
        let versions = call.list("LaunchTemplateVersion");
        if !versions.is_empty() {
            // Every template has one version, so both words mean that one.
            let number = |version: String| if version.starts_with('$') { "1".to_owned() } else { version };
            filters.insert("version".to_owned(), versions.into_iter().map(number).collect());
        }
    }
    let items = listing.kind.select((listing.items)(fabric), &ids, &filters)?;
    let Some(bounds) = listing.pages else {
        return Ok(rendered(call, &set(listing.set, &items)));
    };
    let page = paging(bounds).page(call, items.len(), world.page_limit)?;
    let next = page.next.as_deref().map(|token| element("nextToken", token)).unwrap_or_default();
    Ok(rendered(call, &format!("{}{next}", set(listing.set, page.of(&items)))))
}

fn set(name: &str, items: &[&Item]) -> String {
    let items: String = items.iter().map(|item| element("item", &item.body)).collect();
    element(name, &items)
}

fn regions(estate: &Estate, call: &Call) -> Reply {
    let wanted = call.list("RegionName");
    let states = estate.region_states().into_iter().filter(|(name, state)| {
        (call.is_true("AllRegions") || *state != "not-opted-in") && (wanted.is_empty() || wanted.contains(name))
    });
    let domain = call.place().domain();
    let one = |(name, state): (String, &'static str)| {
        fields().put("regionEndpoint", format!("ec2.{name}.{domain}")).put("regionName", name).put("optInStatus", state)
    };
    response(call, fields().put("regionInfo", states.map(one).collect::<Vec<Fields>>()))
}

fn vpc_attribute(fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    let vpc = call.required("VpcId")?;
    let attribute = call.required("Attribute")?;
    let not_found = || Failure::client("InvalidVpcID.NotFound", format!("The vpc ID '{vpc}' does not exist"));
    let (support, hostnames) = fabric.dns.get(vpc).copied().ok_or_else(not_found)?;
    let (name, value) = match attribute {
        "enableDnsSupport" => ("enableDnsSupport", support),
        "enableDnsHostnames" => ("enableDnsHostnames", hostnames),
        "enableNetworkAddressUsageMetrics" => ("enableNetworkAddressUsageMetrics", false),
        other => {
            return Err(Failure::client(
                "InvalidParameterValue",
                format!("Value ({other}) for parameter attribute is invalid"),
            ));
        }
    };
    Ok(response(call, fields().put("vpcId", vpc).put(name, fields().put("value", value))))
}

fn prefix_entries(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    let list = call.required("PrefixListId")?;
    let not_found =
        || Failure::client("InvalidPrefixListID.NotFound", format!("The prefix list ID '{list}' does not exist"));
    let entries = fabric.prefix_entries.get(list).ok_or_else(not_found)?;
    let page = Paging { usual: 100, ..paging((1, 100)) }.page(call, entries.len(), world.page_limit)?;
    let items: Vec<&Item> = page.of(entries).iter().collect();
    let next = page.next.as_deref().map(|token| element("nextToken", token)).unwrap_or_default();
    Ok(rendered(call, &format!("{}{next}", set("entrySet", &items))))
}

fn block_public_access(fabric: &Fabric, call: &Call) -> Reply {
    let is_off = fabric.block_mode == "off";
    let options = fields()
        .put("awsAccountId", &call.account)
        .put("awsRegion", &call.region)
        .put("state", if is_off { "default-state" } else { "update-complete" })
        .put("internetGatewayBlockMode", &fabric.block_mode)
        .maybe("lastUpdateTimestamp", (!is_off).then(|| Moment::long_ago().iso_millis()))
        .put("managedBy", "account")
        .put("exclusionsAllowed", "allowed");
    rendered(call, &Tree::from(fields().put("vpcBlockPublicAccessOptions", options)).xml(Dialect::Item))
}
