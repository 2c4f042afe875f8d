//! Network interfaces, whoever they belong to.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::network::push;
use super::{Build, kinds, tag_set};
use crate::aws::description::Tags;
use crate::aws::description::network::{Subnet, Vpc};
use crate::aws::moment::Moment;
use crate::aws::tree::{Fields, Tree, fields};

/// An interface that somebody needs.
#[derive(Debug, Default)]
pub(crate) struct Wanted<'name> {
    /// What makes it different from every other in the region.
    pub(crate) name: Vec<&'name str>,
    pub(crate) description: String,
    /// `interface` when empty.
    pub(crate) kind: &'static str,
    /// The service that made it, if it was not the account.
    pub(crate) requester: Option<&'static str>,
    /// Ids and names of its security groups.
    pub(crate) groups: Vec<(String, String)>,
    pub(crate) public_ip: Option<String>,
    pub(crate) ipv6: bool,
    /// The instance it belongs to, and its place there.
    pub(crate) instance: Option<(String, u32)>,
    /// How many private addresses it has besides the first.
    pub(crate) more_ips: u32,
    pub(crate) tags: Tags,
}

/// An interface as far as others need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) private_ip: String,
    pub(crate) ipv6: Option<String>,
    /// How it looks inside its instance.
    pub(crate) inside: Tree,
}

/// Adds an interface to the subnet.
pub(crate) fn add(build: &mut Build<'_>, vpc: &Vpc, subnet: &Subnet, wanted: &Wanted<'_>) -> Interface {
    let place = build.place;
    let id = place.id("eni", &wanted.name);
    let subnet_id = place.subnet(&vpc.name, &subnet.name);
    let first = build.taken.entry(subnet_id.clone()).or_insert(9);
    let start = *first + 1;
    *first = start + wanted.more_ips;
    let private_ips: Vec<String> = (start..=*first).map(|host| ipv4(&subnet.cidr, host)).collect();
    let private_ip = private_ips.first().cloned().unwrap_or_default();
    let ipv6 = subnet.ipv6.as_deref().filter(|_| wanted.ipv6).map(|range| ipv6(range, start));
    let requester = wanted.requester;
    let owner = if requester.is_none() && wanted.instance.is_some() { "amazon" } else { place.account.as_str() };
    let association = wanted.public_ip.as_ref().map(|ip| {
        let name = format!("ec2-{}.{}.compute.{}", ip.replace('.', "-"), place.region, place.domain());
        fields().put("publicIp", ip).put("publicDnsName", name).put("ipOwnerId", owner)
    });
    let groups: Vec<Fields> =
        wanted.groups.iter().map(|(id, name)| fields().put("groupId", id).put("groupName", name)).collect();
    let addresses: Vec<Fields> = private_ips
        .iter()
        .enumerate()
        .map(|(index, ip)| {
            let address = fields().put("privateIpAddress", ip).put("primary", index == 0);
            address.maybe("association", association.clone().filter(|_| index == 0))
        })
        .collect();
    let addresses6: Vec<Fields> =
        ipv6.iter().map(|ip| fields().put("ipv6Address", ip).put("isPrimaryIpv6", false)).collect();
    let attachment = |outside: bool| {
        let attachment = fields()
            .put("attachmentId", place.id("eni-attach", &wanted.name))
            .put("deviceIndex", wanted.instance.as_ref().map_or(1, |(_, index)| *index))
            .put("status", "attached")
            .put("attachTime", Moment::long_ago().iso_millis())
            .put("deleteOnTermination", wanted.instance.is_some());
        if !outside {
            return attachment;
        }
        let instance = wanted.instance.as_ref().map(|(id, _)| id);
        attachment
            .maybe("instanceId", instance)
            .put("instanceOwnerId", requester.map_or(place.account.as_str(), |_| "amazon-aws"))
    };
    let mac: Vec<String> = place
        .hex("mac", &wanted.name, 10)
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    let common = fields()
        .put("networkInterfaceId", &id)
        .put("subnetId", &subnet_id)
        .put("vpcId", place.vpc(&vpc.name))
        .put("description", &wanted.description)
        .put("ownerId", &place.account)
        .put("status", "in-use")
        .put("macAddress", format!("06:{}", mac.join(":")))
        .put("privateIpAddress", &private_ip)
        .put("sourceDestCheck", wanted.kind != "nat_gateway")
        .put("interfaceType", if wanted.kind.is_empty() { "interface" } else { wanted.kind })
        .put("groupSet", groups)
        .maybe("association", association)
        .put("privateIpAddressesSet", addresses)
        .put("ipv6AddressesSet", addresses6);
    let outside = common
        .clone()
        .put("availabilityZone", place.zone(&subnet.zone))
        .maybe("requesterId", requester)
        .put("requesterManaged", requester.is_some())
        .put("attachment", attachment(true))
        .put("tagSet", tag_set("", &wanted.tags));
    push(&mut build.fabric.interfaces, &kinds::INTERFACE, outside);
    Interface { id, private_ip, ipv6, inside: common.put("attachment", attachment(false)).into() }
}

/// The address of a host in a subnet; the subnet's own address when the range cannot be read.
fn ipv4(range: &str, host: u32) -> String {
    let Ok(range) = range.parse::<Ipv4Net>() else { return range.to_owned() };
    Ipv4Addr::from(u32::from(range.network()).saturating_add(host)).to_string()
}

fn ipv6(range: &str, host: u32) -> String {
    let Ok(range) = range.parse::<Ipv6Net>() else { return range.to_owned() };
    Ipv6Addr::from(u128::from(range.network()).saturating_add(u128::from(host))).to_string()
}
