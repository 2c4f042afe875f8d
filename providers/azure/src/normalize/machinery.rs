//! What the machines of a pool are made from, how they are kept, and how many there may be.

use super::{
    cluster::Read,
    observe::observe,
    pools::PoolRead,
    surroundings::{Surroundings, elsewhere},
    table::{Table, table},
};
use crate::{
    FLOW_LOGS, NETWORK_WATCHERS, NETWORKS, UPGRADE_PROFILE, arm,
    record::{self, AgentPool, Subnet, UpgradeProfile, Watcher},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_model::{
    Boot, DiskKey, Disks, Evidence, Gap, Image, ImageAge, Isolation, Machinery, Newest, Observed, Patching, Room,
    Scaling,
};
use palisade_provider::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// Addresses that Azure keeps for itself in every subnet.
/// <https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq>
const KEPT_BY_AZURE: u64 = 5;

/// The records of traffic of a subscription: which ids they cover, and by what.
#[derive(Debug)]
pub(super) struct FlowLogs {
    by_target: BTreeMap<String, String>,
    sources: Vec<Evidence>,
}

impl FlowLogs {
    /// Reads them, region by region. A region that could not be read may hold any of them.
    pub(super) fn read(snapshot: &Snapshot, subscription: &str) -> Result<Self, Gap> {
        let watchers = Table::<Watcher>::read(snapshot, &NETWORK_WATCHERS, subscription, &[])?;
        let mut found = Self { by_target: BTreeMap::new(), sources: watchers.pages().to_vec() };
        for row in watchers.rows() {
            row.get()?;
            let key = arm::key(&row.id);
            let logs =
                Table::<record::FlowLog>::read(snapshot, &FLOW_LOGS, subscription, &[("watcher", key.as_str())])?;
            found.sources.extend_from_slice(logs.pages());
            for log in logs.all()? {
                let target = log.properties.target_resource_id.as_deref();
                if let (Some(target), Some(true)) = (target, log.properties.enabled) {
                    let name = log.name.clone().unwrap_or_default();
                    found.by_target.insert(arm::key(target), name);
                }
            }
        }
        Ok(found)
    }
}

/// What is known of a pool's machines beside where they stand.
pub(super) fn machinery(pool: &PoolRead<'_, '_>, around: &Surroundings<'_>) -> Machinery {
    let flow_logs = observe(|seen| flow_logs(pool, around, seen));
    let Some(agent) = pool.agent else {
        let what = "AKS does not list the pool, and what its machines are made from is not read".to_owned();
        return Machinery { flow_logs, ..Machinery::unread(&Gap::NotCollected { what }) };
    };
    let properties = pool.cluster.properties;
    Machinery {
        image: observe(|seen| {
            seen.extend(pool.evidence("nodeImageVersion"));
            seen.extend(pool.evidence("osSKU"));
            image(agent)
        }),
        image_age: observe(|seen| {
            seen.extend(pool.evidence("nodeImageVersion"));
            image_age(agent)
        }),
        newest: newest(pool, agent, around),
        patching: observe(|seen| {
            seen.extend(pool.cluster.row.evidence("/properties/autoUpgradeProfile"));
            patching(properties)
        }),
        boot: observe(|seen| {
            seen.extend(pool.evidence("securityProfile"));
            Ok(boot(agent))
        }),
        disks: observe(|seen| {
            seen.extend(pool.evidence("enableEncryptionAtHost"));
            Ok(disks(agent, properties))
        }),
        isolation: observe(|seen| {
            seen.extend(pool.evidence("nodeTaints"));
            Ok(isolation(agent))
        }),
        scaling: observe(|seen| {
            seen.extend(pool.evidence("enableAutoScaling"));
            Ok(scaling(agent, properties))
        }),
        room: observe(|seen| room(pool, agent, around, seen)),
        flow_logs,
    }
}

/// Machines of node auto-provisioning are made as pods need them and replaced when a newer image is there.
/// <https://learn.microsoft.com/azure/aks/node-autoprovision-upgrade-image>
pub(super) fn provisioned(read: &Read<'_, '_>, gap: &Gap) -> Machinery {
    let said = || "node auto-provisioning makes machines as pods need them and replaces old ones".to_owned();
    Machinery {
        patching: observe(|seen| {
            seen.extend(read.row.evidence("/properties/nodeProvisioningProfile"));
            Ok(Patching::Automatic { how: said() })
        }),
        scaling: observe(|seen| {
            seen.extend(read.row.evidence("/properties/nodeProvisioningProfile"));
            Ok(Scaling::Automatic { how: said() })
        }),
        ..Machinery::unread(gap)
    }
}

/// Versions name their system: `AKSUbuntu-2204gen2containerd-202610.28.0`, `AKSAzureLinux-V3gen2-202610.12.0`. Without one
/// only the SKU is known, and some of those mean different systems on different versions of Kubernetes.
fn image(agent: &AgentPool) -> Result<Image, Gap> {
    if let Some(version) = agent.node_image_version.as_deref().filter(|version| !version.is_empty()) {
        let because = format!("`nodeImageVersion` is `{version}`");
        let word = family(version).map_or_else(|| version.to_owned(), str::to_owned);
        return Ok(Image::Family { word, because });
    }
    let sku = agent.os_sku.as_deref().unwrap_or_default();
    let word = match sku.to_ascii_lowercase().as_str() {
        "ubuntu2204" => "Ubuntu 22.04",
        "ubuntu2404" => "Ubuntu 24.04",
        "azurelinux3" => "Azure Linux 3",
        "cblmariner" | "mariner" => "Azure Linux 2",
        "azurelinuxosguard" => "Azure Linux OS Guard",
        "flatcar" => "Flatcar",
        "windows2019" => "Windows Server 2019",
        "windows2022" => "Windows Server 2022",
        "windows2025" => "Windows Server 2025",
        "windowsannual" => "Windows Server annual",
        _ => {
            let what = format!("`osSKU` is `{sku}`, which does not tell the version, and there is no image version");
            return Err(Gap::Unsettled { what });
        }
    };
    Ok(Image::Family { word: word.to_owned(), because: format!("`osSKU` is `{sku}`") })
}

fn family(version: &str) -> Option<&'static str> {
    const FAMILIES: &[(&str, &str)] = &[
        ("AKSUbuntu-1804", "Ubuntu 18.04"),
        ("AKSUbuntu-2004", "Ubuntu 20.04"),
        ("AKSUbuntu-2204", "Ubuntu 22.04"),
        ("AKSUbuntu-2404", "Ubuntu 24.04"),
        ("AKSAzureLinux-V2", "Azure Linux 2"),
        ("AKSAzureLinux-V3", "Azure Linux 3"),
        ("AKSAzureLinux-OSGuard", "Azure Linux OS Guard"),
        ("AKSCBLMariner", "Azure Linux 2"),
        ("AKSFlatcar", "Flatcar"),
        ("AKSWindows-2019", "Windows Server 2019"),
        ("AKSWindows-2022", "Windows Server 2022"),
        ("AKSWindows-2025", "Windows Server 2025"),
        ("AKSWindows-23H2", "Windows Server annual"),
    ];
    let lower = version.to_ascii_lowercase();
    FAMILIES.iter().find(|(start, _)| lower.starts_with(&start.to_ascii_lowercase())).map(|(_, word)| *word)
}

fn image_age(agent: &AgentPool) -> Result<ImageAge, Gap> {
    let untold = || Gap::Unsettled { what: "the pool names no image version".to_owned() };
    let image = agent.node_image_version.clone().filter(|version| !version.is_empty()).ok_or_else(untold)?;
    match day_of_version(&image) {
        Some(published) => Ok(ImageAge::Dated { image, published }),
        None => Ok(ImageAge::Undated { image, because: "the image version holds no day".to_owned() }),
    }
}

/// Linux images end in `-202610.28.0`, those of Windows in `-20348.2762.241009`.
fn day_of_version(version: &str) -> Option<Timestamp> {
    let (_, last) = version.rsplit_once('-')?;
    let parts: Vec<&str> = last.split('.').collect();
    let digits = match parts.as_slice() {
        [month, day, _] if month.len() == 6 && day.len() == 2 => format!("{month}{day}"),
        [_, _, day] if day.len() == 6 => format!("20{day}"),
        _ => return None,
    };
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?);
    let date = Date::new(number(0, 4)?, month, day).ok()?;
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The newest image of the pool's family, as AKS would upgrade it to.
fn newest(pool: &PoolRead<'_, '_>, agent: &AgentPool, around: &Surroundings<'_>) -> Observed<Newest> {
    let cluster = arm::key(pool.cluster.id());
    let name = agent.name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let params = [("cluster", cluster.as_str()), ("pool", name.as_str())];
    let profile: Observed<UpgradeProfile> = around.snapshot.one(&UPGRADE_PROFILE, around.subscription, &params);
    let own: Vec<Evidence> = pool.evidence("nodeImageVersion").into_iter().collect();
    let read = profile.and_then(|profile| {
        let untold = |what: &str| Gap::Unsettled { what: format!("{what} is not in the answer") };
        let newest = profile.properties.latest_node_image_version.ok_or_else(|| untold("the newest image"))?;
        let image = agent.node_image_version.clone().ok_or_else(|| untold("the image in use"))?;
        Ok(if newest.eq_ignore_ascii_case(&image) { Newest::Current { image } } else { Newest::Behind { newest } })
    });
    read.resting_on(&own)
}

/// <https://learn.microsoft.com/azure/aks/auto-upgrade-node-os-image>
fn patching(properties: &record::ClusterProperties) -> Result<Patching, Gap> {
    let profile = &properties.auto_upgrade_profile;
    let automatic = |how: String| Ok(Patching::Automatic { how });
    if profile.upgrade_channel.as_deref().is_some_and(|channel| channel.eq_ignore_ascii_case("node-image")) {
        return automatic("`upgradeChannel` is `node-image`".to_owned());
    }
    // The default changed with api-version 2023-06-01, and old clusters keep what they were made with.
    let Some(channel) = profile.node_os_upgrade_channel.as_deref() else {
        let what = "`nodeOSUpgradeChannel` is not set, which means `NodeImage` on clusters made since 2023-06-01 only";
        return Err(Gap::Unsettled { what: what.to_owned() });
    };
    match channel.to_ascii_lowercase().as_str() {
        "securitypatch" | "nodeimage" => automatic(format!("`nodeOSUpgradeChannel` is `{channel}`")),
        "none" | "unmanaged" => Ok(Patching::Manual { because: format!("`nodeOSUpgradeChannel` is `{channel}`") }),
        _ => Err(Gap::Unsettled { what: format!("`nodeOSUpgradeChannel` is `{channel}`, a word we do not know") }),
    }
}

/// Both are off unless they are switched on. <https://learn.microsoft.com/azure/aks/use-trusted-launch>
fn boot(agent: &AgentPool) -> Boot {
    let security = &agent.security_profile;
    let switches = [("secure boot", security.enable_secure_boot), ("the virtual TPM", security.enable_vtpm)];
    let off = switches.iter().filter(|(_, switch)| *switch != Some(true));
    let missing: Vec<String> = off.map(|(name, _)| format!("{name} is off")).collect();
    if missing.is_empty() {
        return Boot::Verified { by: "Trusted Launch with secure boot and a virtual TPM".to_owned() };
    }
    Boot::Unverified { missing }
}

/// Managed disks are always encrypted; temporary disks and caches of the host only when that is switched on.
/// <https://learn.microsoft.com/azure/aks/enable-host-encryption>
fn disks(agent: &AgentPool, properties: &record::ClusterProperties) -> Disks {
    let at_host = agent.enable_encryption_at_host == Some(true);
    let plain = if at_host {
        Vec::new()
    } else {
        vec!["temporary disks and caches of the host (`enableEncryptionAtHost` is off)".to_owned()]
    };
    let key = match properties.disk_encryption_set_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => DiskKey::Own { keys: vec![arm::name(id).to_owned()] },
        None => DiskKey::Provider,
    };
    Disks { plain, key, because: "`enableEncryptionAtHost` and `diskEncryptionSetID`".to_owned() }
}

/// <https://learn.microsoft.com/azure/aks/use-system-pools>
fn isolation(agent: &AgentPool) -> Isolation {
    let mut found = Isolation::default();
    for taint in agent.node_taints.iter().filter(|taint| !taint.ends_with(":PreferNoSchedule")) {
        if taint.starts_with("CriticalAddonsOnly") {
            found.system_only = Some(format!("taint `{taint}`"));
        } else {
            found.taints.push(taint.clone());
        }
    }
    let runtime = agent.workload_runtime.as_deref().unwrap_or_default();
    if runtime.to_ascii_lowercase().starts_with("kata") {
        found.sandbox = Some(format!("`workloadRuntime` is `{runtime}`"));
    }
    found
}

/// Off unless it is switched on. <https://learn.microsoft.com/azure/aks/cluster-autoscaler>
fn scaling(agent: &AgentPool, properties: &record::ClusterProperties) -> Scaling {
    let provisions = properties.node_provisioning_profile.mode.as_deref();
    if agent.enable_auto_scaling == Some(true) {
        return Scaling::Automatic { how: "`enableAutoScaling` is on".to_owned() };
    }
    if provisions.is_some_and(|mode| mode.eq_ignore_ascii_case("Auto")) {
        return Scaling::Automatic { how: "node auto-provisioning adds machines beside the pool".to_owned() };
    }
    Scaling::Fixed { because: "`enableAutoScaling` is off".to_owned() }
}

fn room(
    pool: &PoolRead<'_, '_>,
    agent: &AgentPool,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Vec<Room>, Gap> {
    let mut rooms = Vec::new();
    seen.extend(pool.evidence("count"));
    let number = |number: Option<i64>, name: &str| {
        let untold = || Gap::Unsettled { what: format!("`{name}` of the pool is not in the answer") };
        number.and_then(|number| u64::try_from(number).ok()).ok_or_else(untold)
    };
    if agent.enable_auto_scaling == Some(true) {
        let used = number(agent.count, "count")?;
        rooms.push(Room { what: "machines".to_owned(), used, limit: number(agent.max_count, "maxCount")? });
    }
    if agent.pod_subnet_id.as_deref().is_some_and(|id| !id.is_empty()) {
        let what = "how many addresses of a subnet for pods are in use is not in the answer".to_owned();
        return Err(Gap::Unsupported { what });
    }
    let id = pool.space(around, seen)?.key.clone();
    rooms.push(addresses(pool.cluster, &id, around)?);
    Ok(rooms)
}

/// The addresses of a subnet: those in use, or those the cluster's pools take, whichever is more.
fn addresses(read: &Read<'_, '_>, id: &str, around: &Surroundings<'_>) -> Result<Room, Gap> {
    let subnet = subnet(id, around)?;
    let prefixes = subnet.properties.address_prefix.iter().chain(&subnet.properties.address_prefixes);
    let ranges: BTreeSet<ipnet::Ipv4Net> = prefixes.filter_map(|text| text.parse().ok()).collect();
    let size = |range: &ipnet::Ipv4Net| 1_u64.checked_shl(u32::from(32 - range.prefix_len())).unwrap_or(u64::MAX);
    let limit = ranges.iter().map(size).fold(0, u64::saturating_add).saturating_sub(KEPT_BY_AZURE);
    let properties = read.properties;
    // Without an overlay every pod takes an address of the subnet, kept for it from the start.
    let is_flat = properties.network_profile.network_plugin.as_deref() == Some("azure")
        && properties.network_profile.network_plugin_mode.as_deref() != Some("overlay");
    let here = properties
        .agent_pool_profiles
        .iter()
        .filter(|agent| agent.vnet_subnet_id.as_deref().is_some_and(|own| arm::same(own, id)));
    let taken = here.map(|agent| {
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        let each = if is_flat { number(agent.max_pods).saturating_add(1) } else { 1 };
        number(agent.count).saturating_mul(each)
    });
    let taken = taken.fold(0, u64::saturating_add);
    let used = u64::try_from(subnet.properties.ip_configurations.len()).unwrap_or(u64::MAX);
    Ok(Room { what: format!("addresses of subnet {}", arm::name(id)), used: used.max(taken), limit })
}

fn subnet<'t>(id: &str, around: &'t Surroundings<'_>) -> Result<&'t Subnet, Gap> {
    let missing = || elsewhere(&NETWORKS, "subnet", id);
    let (network, _) = id.split_once("/subnets/").ok_or_else(missing)?;
    let row = table(&around.networks)?.find(network).ok_or_else(missing)?;
    let is_it = |subnet: &&Subnet| subnet.id.as_deref().is_some_and(|own| arm::same(own, id));
    row.get()?.properties.subnets.iter().find(is_it).ok_or_else(missing)
}

/// A log of the network, of the subnet or of the security group on it covers the subnet.
/// <https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview>
fn flow_logs(
    pool: &PoolRead<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<palisade_model::FlowLogs, Gap> {
    let space = pool.space(around, seen)?;
    let logs = around.flow_logs.as_ref().map_err(Clone::clone)?;
    seen.extend_from_slice(&logs.sources);
    let network = space.key.split_once("/subnets/").map(|(network, _)| network.to_owned());
    let guard = space.security_group.as_deref().map(arm::key);
    let found = [Some(space.key.clone()), network, guard].into_iter().flatten().find_map(|id| logs.by_target.get(&id));
    Ok(match found {
        Some(name) => palisade_model::FlowLogs::On { by: vec![name.clone()] },
        None => palisade_model::FlowLogs::Off { subnets: vec![space.name.clone()] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_version_tells_its_system_and_its_day() {
        for (version, word, day) in [
            ("AKSUbuntu-2204gen2containerd-202610.28.0", Some("Ubuntu 22.04"), Some("2026-10-28T00:00:00Z")),
            ("AKSAzureLinux-V3gen2-202610.12.0", Some("Azure Linux 3"), Some("2026-10-12T00:00:00Z")),
            ("AKSCBLMariner-V2gen2-202503.21.0", Some("Azure Linux 2"), Some("2025-03-21T00:00:00Z")),
            ("AKSWindows-2022-containerd-20348.2762.241009", Some("Windows Server 2022"), Some("2024-10-09T00:00:00Z")),
            ("AKSPlan9-1-202613.40.0", None, None),
            ("odd", None, None),
        ] {
            assert_eq!(family(version), word, "{version}");
            assert_eq!(day_of_version(version).map(|day| day.to_string()).as_deref(), day, "{version}");
        }
    }

    #[test]
    fn a_sku_that_means_several_systems_is_not_guessed() {
        let agent = |sku: &str| AgentPool { os_sku: Some(sku.to_owned()), ..AgentPool::default() };
        assert!(image(&agent("AzureLinux")).is_err());
        assert!(image(&AgentPool::default()).is_err());
        assert!(matches!(image(&agent("AzureLinux3")), Ok(Image::Family { word, .. }) if word == "Azure Linux 3"));
    }

    #[test]
    fn an_unset_channel_is_neither_on_nor_off() {
        let with = |upgrade: Option<&str>, node: Option<&str>| record::ClusterProperties {
            auto_upgrade_profile: serde_json::from_value(serde_json::json!({
                "upgradeChannel": upgrade, "nodeOSUpgradeChannel": node,
            }))
            .unwrap(),
            ..record::ClusterProperties::default()
        };
        assert!(patching(&with(None, None)).is_err());
        assert!(patching(&with(None, Some("Sometimes"))).is_err());
        assert!(matches!(patching(&with(None, Some("None"))), Ok(Patching::Manual { .. })));
        assert!(matches!(patching(&with(None, Some("SecurityPatch"))), Ok(Patching::Automatic { .. })));
        assert!(matches!(patching(&with(Some("node-image"), None)), Ok(Patching::Automatic { .. })));
    }

    #[test]
    fn only_a_taint_of_the_system_keeps_a_pool_for_it() {
        let agent = AgentPool {
            node_taints: vec!["team=shop:NoSchedule".to_owned(), "spot=true:PreferNoSchedule".to_owned()],
            workload_runtime: Some("KataMshvVmIsolation".to_owned()),
            ..AgentPool::default()
        };
        let found = isolation(&agent);
        assert_eq!((found.system_only, found.taints), (None, vec!["team=shop:NoSchedule".to_owned()]));
        assert!(found.sandbox.is_some());
        let agent = AgentPool { node_taints: vec!["CriticalAddonsOnly=true:NoSchedule".to_owned()], ..agent };
        assert!(isolation(&agent).system_only.is_some());
    }
}
