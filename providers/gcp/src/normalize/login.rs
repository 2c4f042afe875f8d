//! How people get onto machines, and what pods get from them.

use super::pool::{PoolContext, Subject};
use crate::record::{
    compute::{Instance, Metadata as MetadataItems},
    container::{Cluster, NodePool},
    nodes::is_autopilot,
    word::METADATA_MODE,
};
use palisade_model::{Evidence, Gap, Interactive, Metadata, Observed, PodAccess};

/// How people log in to the machines.
pub(crate) fn interactive(
    context: &PoolContext<'_>,
    subject: &Subject<'_>,
    record: Option<&NodePool>,
    (machines, doubt): (&[&Instance], Option<&Gap>),
    sources: Vec<Evidence>,
) -> Observed<Interactive> {
    if is_autopilot(subject.cluster) {
        let because = "Autopilot lets nobody log in to nodes".to_owned();
        return Observed::known(Interactive::Off { because }, subject.evidence.to_vec());
    }
    let judged = (|| {
        context.machines.get()?;
        let nothing = MetadataItems::default();
        let project = context.compute_project.get()?.common_instance_metadata.as_ref().unwrap_or(&nothing);
        let of_pool = record.and_then(|record| record.config.as_ref()).and_then(|config| config.metadata.as_ref());
        let in_pool = |key: &str| of_pool.and_then(|metadata| metadata.get(key)).map(String::as_str);
        if machines.is_empty() && doubt.is_none() {
            let has_key = in_pool("ssh-keys").is_some() || in_pool("sshKeys").is_some();
            return Ok(login(&in_pool, has_key, project));
        }
        let mut worst: Option<Interactive> = None;
        for machine in machines {
            let own = machine.metadata.as_ref().unwrap_or(&nothing);
            let value = |key: &str| own.value(key).or_else(|| in_pool(key));
            let has_key = own.has("ssh-keys") || own.has("sshKeys");
            let this = login(&value, has_key, project);
            worst = Some(match (worst, this) {
                (Some(keys @ Interactive::Keys { .. }), _) | (_, keys @ Interactive::Keys { .. }) => keys,
                (Some(brokered @ Interactive::Brokered { .. }), _) => brokered,
                (_, this) => this,
            });
        }
        // A machine that was not read may hold a key.
        match (worst, doubt) {
            (Some(keys @ Interactive::Keys { .. }), _) => Ok(keys),
            (_, Some(gap)) => Err(gap.clone()),
            (worst, None) => Ok(worst.unwrap_or(Interactive::Off { because: "the pool has no machine".to_owned() })),
        }
    })();
    Observed::from_result(judged, sources)
}

/// One machine's login. What a machine says of itself outranks what its project says.
fn login<'a>(own: &impl Fn(&str) -> Option<&'a str>, has_own_key: bool, project: &MetadataItems) -> Interactive {
    let is_on = |value: Option<&str>| {
        value.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "y" | "yes"))
    };
    let os_login =
        own("enable-oslogin").map_or_else(|| is_on(project.value("enable-oslogin")), |value| is_on(Some(value)));
    if os_login {
        // With OS Login on, keys in metadata are ignored.
        return Interactive::Brokered { by: "OS Login".to_owned() };
    }
    let keys = |because: &str| Interactive::Keys { because: because.to_owned(), opened_to_everyone: false };
    if has_own_key {
        return keys("the machine's own metadata holds `ssh-keys`");
    }
    let blocked = is_on(own("block-project-ssh-keys"));
    if !blocked && (project.has("ssh-keys") || project.has("sshKeys")) {
        return keys("the project's metadata holds `ssh-keys`, which reach every machine that does not block them");
    }
    let because =
        if blocked { "project-wide SSH keys are blocked and the machine has none" } else { "no SSH key is set" };
    Interactive::Off { because: because.to_owned() }
}

/// What the metadata service of the pool's machines gives to pods. Autopilot always runs GKE's.
pub(crate) fn metadata(cluster: &Cluster, record: Option<&NodePool>) -> Metadata {
    if is_autopilot(cluster) {
        return hardened("GKE_METADATA", "Autopilot always serves pods their own identity");
    }
    let config = record.and_then(|record| record.config.as_ref());
    let mode = config
        .and_then(|config| config.workload_metadata_config.as_ref())
        .and_then(|config| config.mode.as_ref())
        .map(|mode| mode.name(METADATA_MODE).into_owned());
    match mode.as_deref() {
        Some("GKE_METADATA") => hardened("GKE_METADATA", "pods get their own identity, not the machine's"),
        Some(mode) if mode != "MODE_UNSPECIFIED" => reachable(mode),
        Some(_) | None => reachable("unset"),
    }
}

fn hardened(mode: &str, because: &str) -> Metadata {
    Metadata { hardened: true, mode: mode.to_owned(), pods: PodAccess::Blocked { because: because.to_owned() } }
}

fn reachable(mode: &str) -> Metadata {
    let because = format!("`workloadMetadataConfig.mode` is {mode}: pods get the machine's tokens");
    Metadata { hardened: false, mode: mode.to_owned(), pods: PodAccess::Reachable { because } }
}
