//! What the machines of a pool are made from, how they are kept, and how many there may be.

use super::pool::{PoolContext, Subject};
use crate::record::{
    compute::Subnetwork,
    container::{Cluster, NodeConfig, NodePool},
    names::last,
    nodes::is_autopilot,
    word::{SANDBOX, TAINT_EFFECT},
};
use palisade_model::{
    Boot, DiskKey, Disks, Evidence, FlowLogs, Gap, Image, ImageAge, Isolation, Machinery, Newest, Observed, Patching,
    Room, Scaling,
};

/// <https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-overview>
const AUTOPILOT: &str = "Autopilot chooses, upgrades and replaces the nodes (GKE documentation, Autopilot overview)";

/// What is known of a pool's machines beside where they stand.
pub(super) fn machinery(
    context: &PoolContext<'_>,
    subject: &Subject<'_>,
    record: Option<&NodePool>,
    machines: Result<usize, Gap>,
) -> Machinery {
    let subnetwork = subnetwork(context, subject, record);
    let flow_logs = subnetwork.map(|subnet| flow_logs(&subnet)).resting_on(subject.evidence);
    let Some(record) = record else {
        let what = "the cluster does not list this pool, and what its machines are made from is not told".to_owned();
        return Machinery { flow_logs, ..Machinery::unread(&Gap::Unsettled { what }) };
    };
    let cluster = subject.cluster;
    let evidence = subject.evidence;
    let seen = context.machines.sources();
    Machinery {
        image: told(image(cluster, record), evidence),
        image_age: told(image_age(cluster, record), evidence),
        newest: told(newest(cluster, record), evidence),
        patching: told(Ok(patching(cluster, record)), evidence),
        boot: told(boot(cluster, record), evidence),
        disks: told(Ok(disks(cluster, record)), evidence),
        isolation: told(isolation(cluster, record), evidence),
        scaling: told(Ok(scaling(cluster, record)), evidence),
        room: told(room(cluster, record, machines), evidence).resting_on(seen),
        flow_logs,
    }
}

fn told<T>(read: Result<T, Gap>, evidence: &[Evidence]) -> Observed<T> {
    Observed::from_result(read, evidence.to_vec())
}

/// The subnetwork of a pool, or of the cluster where the pool names none.
pub(super) fn subnetwork(
    context: &PoolContext<'_>,
    subject: &Subject<'_>,
    record: Option<&NodePool>,
) -> Observed<Subnetwork> {
    let of_pool = record.and_then(|record| record.network_config.as_ref()?.subnetwork.as_deref());
    let of_cluster = subject.cluster.network_config.as_ref().and_then(|config| config.subnetwork.as_deref());
    let named = of_pool.or(of_cluster).or(subject.cluster.subnetwork.as_deref());
    let untold = || Gap::Unsettled { what: "the cluster names no subnetwork".to_owned() };
    match (subject.network(context.project), named) {
        (Err(gap), _) => Observed::missing(gap),
        (Ok(_), None) => Observed::missing(untold()),
        (Ok((host, _, region)), Some(named)) => context.networks.subnetwork(host, region, last(named)),
    }
}

/// Off unless it is switched on. <https://cloud.google.com/vpc/docs/using-flow-logs>
fn flow_logs(subnet: &Subnetwork) -> FlowLogs {
    let name = subnet.name.clone().unwrap_or_default();
    let on = subnet.log_config.as_ref().and_then(|config| config.enable).or(subnet.enable_flow_logs);
    if on == Some(true) { FlowLogs::On { by: vec![name] } } else { FlowLogs::Off { subnets: vec![name] } }
}

fn config(record: &NodePool) -> Result<&NodeConfig, Gap> {
    record.config.as_ref().ok_or_else(|| Gap::Unsettled { what: "the pool has no node configuration".to_owned() })
}

fn image(cluster: &Cluster, record: &NodePool) -> Result<Image, Gap> {
    if is_autopilot(cluster) {
        return Ok(Image::Provider { reference: AUTOPILOT });
    }
    let untold = || Gap::Unsettled { what: "`imageType` is not in the answer".to_owned() };
    let word = config(record)?.image_type.as_deref().filter(|word| !word.is_empty()).ok_or_else(untold)?;
    // Old pools have it in lower case.
    Ok(Image::Family { word: word.to_ascii_uppercase(), because: "`imageType` of the pool".to_owned() })
}

fn image_age(cluster: &Cluster, record: &NodePool) -> Result<ImageAge, Gap> {
    if is_autopilot(cluster) {
        return Ok(ImageAge::Provider { reference: AUTOPILOT });
    }
    let untold = || Gap::Unsettled { what: "the pool's version is not in the answer".to_owned() };
    let image = record.version.clone().ok_or_else(untold)?;
    Ok(ImageAge::Undated { image, because: "Google publishes no day for its versions".to_owned() })
}

/// Nodes are never newer than the control plane, so one that differs from it is behind. Whether Google offers something
/// newer than both is not asked.
fn newest(cluster: &Cluster, record: &NodePool) -> Result<Newest, Gap> {
    let untold = |what: &str| Gap::Unsettled { what: format!("{what} is not in the answer") };
    let control_plane =
        cluster.current_master_version.as_deref().ok_or_else(|| untold("the control plane's version"))?;
    let own = record.version.as_deref().ok_or_else(|| untold("the pool's version"))?;
    if own != control_plane && !is_autopilot(cluster) {
        return Ok(Newest::Behind { newest: control_plane.to_owned() });
    }
    let because = "which versions Google offers for nodes is not read".to_owned();
    Ok(Newest::Unpublished { because })
}

/// The service leaves `false` out.
fn patching(cluster: &Cluster, record: &NodePool) -> Patching {
    if is_autopilot(cluster) {
        return Patching::Automatic { how: AUTOPILOT.to_owned() };
    }
    match record.management.as_ref().and_then(|management| management.auto_upgrade) {
        Some(true) => Patching::Automatic { how: "`management.autoUpgrade` is on".to_owned() },
        Some(false) | None => Patching::Manual { because: "`management.autoUpgrade` is off".to_owned() },
    }
}

/// Without a configuration of its own a pool monitors its integrity and does not boot securely; in one that is there,
/// what is left out is off. <https://cloud.google.com/kubernetes-engine/docs/how-to/shielded-gke-nodes>
fn boot(cluster: &Cluster, record: &NodePool) -> Result<Boot, Gap> {
    if is_autopilot(cluster) {
        return Ok(Boot::Verified { by: "Autopilot runs shielded nodes with secure boot".to_owned() });
    }
    let shielded = config(record)?.shielded_instance_config.as_ref();
    let mut missing = Vec::new();
    if shielded.is_none_or(|config| config.enable_secure_boot != Some(true)) {
        missing.push("secure boot is off".to_owned());
    }
    if shielded.is_some_and(|config| config.enable_integrity_monitoring != Some(true)) {
        missing.push("integrity monitoring is off".to_owned());
    }
    match &cluster.shielded_nodes {
        Some(switch) if switch.enabled != Some(true) => missing.push("the cluster's shielded nodes are off".to_owned()),
        // Answers from before 2020 do not have the field.
        None if missing.is_empty() => {
            return Err(Gap::Unsettled { what: "`shieldedNodes` is not in the answer".to_owned() });
        }
        Some(_) | None => (),
    }
    Ok(if missing.is_empty() {
        Boot::Verified { by: "shielded nodes with secure boot and integrity monitoring".to_owned() }
    } else {
        Boot::Unverified { missing }
    })
}

/// Google encrypts every disk. <https://cloud.google.com/docs/security/encryption/default-encryption>
fn disks(cluster: &Cluster, record: &NodePool) -> Disks {
    let defaults =
        cluster.autoscaling.as_ref().and_then(|autoscaling| autoscaling.autoprovisioning_node_pool_defaults.as_ref());
    let key = if is_autopilot(cluster) {
        defaults.and_then(|defaults| defaults.boot_disk_kms_key.as_deref())
    } else {
        record.config.as_ref().and_then(|config| config.boot_disk_kms_key.as_deref())
    };
    let key = match key.filter(|key| !key.is_empty()) {
        Some(key) => DiskKey::Own { keys: vec![key.to_owned()] },
        None => DiskKey::Provider,
    };
    Disks {
        plain: Vec::new(),
        key,
        because: "Google encrypts every disk; `bootDiskKmsKey` names another key".to_owned(),
    }
}

fn isolation(cluster: &Cluster, record: &NodePool) -> Result<Isolation, Gap> {
    if is_autopilot(cluster) {
        let system_only = Some("Autopilot decides where the system's pods run".to_owned());
        return Ok(Isolation { system_only, ..Isolation::default() });
    }
    let config = config(record)?;
    let mut found = Isolation::default();
    if config
        .sandbox_config
        .as_ref()
        .and_then(|sandbox| sandbox.kind.as_ref())
        .is_some_and(|kind| kind.is(SANDBOX, "GVISOR"))
    {
        found.sandbox = Some("GKE Sandbox (gVisor)".to_owned());
    }
    for taint in &config.taints {
        let keeps_off = taint
            .effect
            .as_ref()
            .is_some_and(|effect| effect.is(TAINT_EFFECT, "NO_SCHEDULE") || effect.is(TAINT_EFFECT, "NO_EXECUTE"));
        let Some(key) = taint.key.as_deref().filter(|_| keeps_off) else { continue };
        if ["CriticalAddonsOnly", "components.gke.io/gke-managed-components"].contains(&key) {
            found.system_only = Some(format!("taint `{key}` of the pool"));
        } else {
            found.taints.push(match taint.value.as_deref() {
                Some(value) if !value.is_empty() => format!("{key}={value}"),
                Some(_) | None => key.to_owned(),
            });
        }
    }
    Ok(found)
}

fn scaling(cluster: &Cluster, record: &NodePool) -> Scaling {
    if is_autopilot(cluster) {
        return Scaling::Automatic { how: "Autopilot adds nodes as pods need them".to_owned() };
    }
    if record.autoscaling.as_ref().is_some_and(|scaling| scaling.enabled == Some(true)) {
        return Scaling::Automatic { how: "`autoscaling.enabled` of the pool is on".to_owned() };
    }
    if cluster.autoscaling.as_ref().is_some_and(|scaling| scaling.enable_node_autoprovisioning == Some(true)) {
        return Scaling::Automatic { how: "node auto-provisioning adds pools beside it".to_owned() };
    }
    Scaling::Fixed { because: "`autoscaling.enabled` of the pool is off".to_owned() }
}

fn room(cluster: &Cluster, record: &NodePool, machines: Result<usize, Gap>) -> Result<Vec<Room>, Gap> {
    let mut rooms = Vec::new();
    if is_autopilot(cluster) {
        return Ok(rooms);
    }
    if let Some(scaling) = record.autoscaling.as_ref().filter(|scaling| scaling.enabled == Some(true)) {
        let zones = u64::try_from(record.locations.len()).unwrap_or(1).max(1);
        let whole = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok()).filter(|most| *most > 0);
        let most = whole(scaling.total_max_node_count)
            .or_else(|| whole(scaling.max_node_count).map(|most| most.saturating_mul(zones)));
        let untold = || Gap::Unsettled { what: "the most nodes of the pool are not in the answer".to_owned() };
        let used = u64::try_from(machines?).unwrap_or(u64::MAX);
        rooms.push(Room { what: "machines".to_owned(), used, limit: most.ok_or_else(untold)? });
    }
    if let Some(used) = record.network_config.as_ref().and_then(|config| config.pod_ipv4_range_utilization) {
        rooms.push(of_pods(used)?);
    }
    Ok(rooms)
}

/// A share of the pods' range, in whole percent.
pub(super) fn of_pods(share: f64) -> Result<Room, Gap> {
    if !(0.0..=1.0).contains(&share) {
        return Err(Gap::Unsettled { what: format!("`{share}` is no share of a range") });
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
    let used = (share * 100.0).ceil() as u64;
    Ok(Room { what: "percent of the range for pods".to_owned(), used, limit: 100 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster(value: serde_json::Value) -> Cluster {
        serde_json::from_value(value).unwrap()
    }

    fn pool(value: serde_json::Value) -> NodePool {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_false_switch_is_left_out_and_an_absent_configuration_is_not_the_same() {
        let shielded = cluster(json!({ "shieldedNodes": { "enabled": true } }));
        let missing = |config: serde_json::Value| match boot(&shielded, &pool(json!({ "config": config }))) {
            Ok(Boot::Unverified { missing }) => missing,
            Ok(Boot::Verified { .. }) => Vec::new(),
            Err(gap) => panic!("{gap}"),
        };
        assert_eq!(missing(json!({})), ["secure boot is off"]);
        let on = json!({ "shieldedInstanceConfig": { "enableSecureBoot": true, "enableIntegrityMonitoring": true } });
        assert_eq!(missing(on), [""; 0]);
        let half = json!({ "shieldedInstanceConfig": { "enableSecureBoot": true } });
        assert_eq!(missing(half), ["integrity monitoring is off"]);
    }

    #[test]
    fn an_answer_without_shielded_nodes_is_no_pass_and_an_empty_one_is_off() {
        let on = pool(json!({ "config": {
            "shieldedInstanceConfig": { "enableSecureBoot": true, "enableIntegrityMonitoring": true },
        } }));
        assert!(boot(&cluster(json!({})), &on).is_err());
        assert!(matches!(boot(&cluster(json!({ "shieldedNodes": {} })), &on), Ok(Boot::Unverified { .. })));
    }

    #[test]
    fn autopilot_ignores_what_a_pool_says() {
        let autopilot = cluster(json!({ "autopilot": { "enabled": true } }));
        let odd = pool(json!({ "config": { "imageType": "COS" }, "management": {} }));
        assert!(matches!(image(&autopilot, &odd), Ok(Image::Provider { .. })));
        assert!(matches!(patching(&autopilot, &odd), Patching::Automatic { .. }));
        assert!(matches!(scaling(&autopilot, &odd), Scaling::Automatic { .. }));
        assert!(matches!(patching(&cluster(json!({})), &odd), Patching::Manual { .. }));
    }

    #[test]
    fn a_pool_behind_its_control_plane_is_not_the_newest_and_one_level_with_it_may_be() {
        let of = |version: serde_json::Value| {
            let cluster = cluster(json!({ "currentMasterVersion": "1.34.3-gke.2" }));
            newest(&cluster, &pool(json!({ "version": version })))
        };
        assert_eq!(of(json!("1.33.9-gke.1")), Ok(Newest::Behind { newest: "1.34.3-gke.2".to_owned() }));
        assert!(matches!(of(json!("1.34.3-gke.2")), Ok(Newest::Unpublished { .. })));
        assert!(of(json!(null)).is_err());
    }

    #[test]
    fn bounds_hold_in_each_zone_unless_they_are_for_all() {
        let most = |scaling: serde_json::Value| {
            let pool = pool(json!({ "locations": ["a", "b", "c"], "autoscaling": scaling }));
            room(&cluster(json!({})), &pool, Ok(5)).map(|rooms| rooms.first().map(|room| room.limit))
        };
        assert_eq!(most(json!({ "enabled": true, "maxNodeCount": 4 })), Ok(Some(12)));
        assert_eq!(most(json!({ "enabled": true, "totalMaxNodeCount": 7 })), Ok(Some(7)));
        assert_eq!(most(json!({})), Ok(None));
        assert!(most(json!({ "enabled": true })).is_err());
    }

    #[test]
    fn a_share_is_whole_percent_rounded_up() {
        assert_eq!(of_pods(0.801).map(|room| room.used), Ok(81));
        assert!(of_pods(1.5).is_err());
        assert!(of_pods(f64::NAN).is_err());
    }

    #[test]
    fn taints_that_only_prefer_keep_nobody_off() {
        let found = isolation(
            &cluster(json!({})),
            &pool(json!({ "config": { "sandboxConfig": { "type": 1 }, "taints": [
                { "key": "a", "effect": "PREFER_NO_SCHEDULE" },
                { "key": "team", "value": "x", "effect": "NO_EXECUTE" },
                { "key": "CriticalAddonsOnly", "value": "true", "effect": 1 },
            ] } })),
        )
        .unwrap();
        assert_eq!(found.taints, ["team=x"]);
        assert!(found.system_only.is_some() && found.sandbox.is_some());
    }
}
