//! The image registries of the subscription: whether they are scanned, and whom they let in.

use super::{cluster::Read, logging::plan, observe::observe, surroundings::Surroundings, table::Table};
use crate::{REGISTRIES, arm, record::ContainerRegistry};
use palisade_model::{Gap, ImageAdmission, ImageScanning, Observed, Registry, RegistryOpening, ScanMode};

/// The part of the plan that looks into registries.
const ASSESSMENT: &str = "ContainerRegistriesVulnerabilityAssessments";

/// How the registries are scanned: Defender for Containers does it for the whole subscription, or nobody does.
/// <https://learn.microsoft.com/azure/defender-for-cloud/agentless-vulnerability-assessment-azure>
pub(super) fn scanning(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<ImageScanning>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let registries = Table::<ContainerRegistry>::read(around.snapshot, &REGISTRIES, around.subscription, &[])?;
        seen.extend_from_slice(registries.pages());
        if registries.rows().is_empty() {
            return Ok(Vec::new());
        }
        let mode = match plan(around, ASSESSMENT, seen)? {
            (true, None | Some(true)) => ScanMode::Continuous { by: "Defender for Containers".to_owned() },
            (true, Some(false)) => {
                ScanMode::Off { because: format!("`{ASSESSMENT}` of Defender for Containers is off") }
            }
            (false, _) => ScanMode::Off { because: "the plan Defender for Containers is off".to_owned() },
        };
        let named = registries.rows().iter().map(|row| arm::name(&row.id).to_owned());
        Ok(named.map(|registry| ImageScanning { registry, mode: mode.clone() }).collect())
    })
}

/// Gated deployment turns images away; where it is off, Ratify under Azure Policy may do it inside the cluster.
/// <https://learn.microsoft.com/azure/defender-for-cloud/runtime-gated-overview>
pub(super) fn admission(read: &Read<'_, '_>) -> Observed<ImageAdmission> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/securityProfile"));
        if read.properties.security_profile.defender.security_gating.enabled == Some(true) {
            let by = "gated deployment of Defender (`securityProfile.defender.securityGating`)".to_owned();
            return Ok(ImageAdmission::Enforced { by });
        }
        let what = "gated deployment is off, and admission controllers inside the cluster are not read".to_owned();
        Ok(ImageAdmission::Inside { what })
    })
}

/// Whom the registries let in.
pub(super) fn registries(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Registry>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let registries = Table::<ContainerRegistry>::read(around.snapshot, &REGISTRIES, around.subscription, &[])?;
        seen.extend_from_slice(registries.pages());
        Ok(registries.rows().iter().map(|row| registry(arm::name(&row.id), row.get())).collect())
    })
}

/// Absent switches are off, and the public network is on. <https://learn.microsoft.com/azure/container-registry/>
fn registry(name: &str, read: Result<&ContainerRegistry, Gap>) -> Registry {
    let properties = match read {
        Ok(registry) => &registry.properties,
        Err(gap) => return Registry { name: name.to_owned(), openings: Vec::new(), unread: Some(gap) },
    };
    let mut openings = Vec::new();
    if properties.anonymous_pull_enabled == Some(true) {
        openings.push(RegistryOpening::AnyonePulls { by: "`anonymousPullEnabled`".to_owned() });
    }
    if properties.admin_user_enabled == Some(true) {
        openings.push(RegistryOpening::SharedPassword { by: "the admin user is on".to_owned() });
    }
    let is = |text: &Option<String>, word: &str| text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(word));
    let public = !is(&properties.public_network_access, "Disabled")
        && !is(&properties.public_network_access, "SecuredByPerimeter");
    if public && !is(&properties.network_rule_set.default_action, "Deny") {
        openings.push(RegistryOpening::PublicNetwork { by: "`publicNetworkAccess` is on without rules".to_owned() });
    }
    Registry { name: name.to_owned(), openings, unread: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openings(properties: &str) -> Vec<RegistryOpening> {
        let text = format!(r#"{{"id": "/r", "properties": {{{properties}}}}}"#);
        registry("r", Ok(&serde_json::from_str(&text).unwrap())).openings
    }

    #[test]
    fn an_admin_user_and_anonymous_pulls_open_a_registry_and_a_firewall_closes_its_network() {
        let closed = r#""publicNetworkAccess": "Disabled""#;
        assert_eq!(openings(closed), []);
        assert_eq!(openings(r#""networkRuleSet": {"defaultAction": "Deny"}"#), []);
        assert!(matches!(openings("")[..], [RegistryOpening::PublicNetwork { .. }]));
        let both = format!(r#"{closed}, "anonymousPullEnabled": true, "adminUserEnabled": true"#);
        assert!(matches!(
            openings(&both)[..],
            [RegistryOpening::AnyonePulls { .. }, RegistryOpening::SharedPassword { .. }]
        ));
    }

    #[test]
    fn a_registry_that_could_not_be_read_may_be_open() {
        let gap = Gap::NotCollected { what: "not read".to_owned() };
        assert_eq!(registry("r", Err(gap.clone())).unread, Some(gap));
    }
}
