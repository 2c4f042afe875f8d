//! ECR near a cluster: whether it scans, and whom it lets in.

use super::{
    cluster::Known,
    iam::{
        condition::holds,
        policy::{actions, has_variables},
        request::Request,
    },
    region::Region,
    trail::{Trail, conclude},
};
use crate::{
    calls,
    record::{
        document::{Principal, Statement, Texts},
        safeguards::{RegistryScanning, Repositories, Repository, RepositoryPolicy, ScanningConfiguration},
    },
};
use palisade_authority::{Glob, Truth};
use palisade_model::{Gap, ImageAdmission, ImageScanning, Observed, Registry, RegistryOpening, ScanMode};

fn repositories(region: &Region<'_>) -> Observed<Vec<Repository>> {
    region.snapshot.list(&calls::DESCRIBE_REPOSITORIES, region.scope, &[], |page: Repositories| page.repositories)
}

fn name(repository: &Repository) -> Result<&str, Gap> {
    let nameless = || Gap::Unsettled { what: "a repository has no name".to_owned() };
    repository.repository_name.as_deref().ok_or_else(nameless)
}

/// How the region's repositories are scanned.
pub(super) fn scanning(region: &Region<'_>, known: &Known<'_>) -> Observed<Vec<ImageScanning>> {
    conclude(|rests| {
        rests.rest_on(&known.evidence("/cluster/arn"));
        let repositories = repositories(region);
        let repositories = rests.read(&repositories)?;
        if repositories.is_empty() {
            return Ok(Vec::new());
        }
        let registry = region.snapshot.one::<RegistryScanning>(&calls::GET_REGISTRY_SCANNING, region.scope, &[]);
        let registry = rests.read(&registry)?.scanning_configuration.as_ref();
        repositories
            .iter()
            .map(|one| Ok(ImageScanning { registry: name(one)?.to_owned(), mode: mode(registry, one)? }))
            .collect()
    })
}

/// The registry's rules decide; a repository's own setting counts where the registry scans in the basic way alone.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>
fn mode(registry: Option<&ScanningConfiguration>, repository: &Repository) -> Result<ScanMode, Gap> {
    let name = name(repository)?;
    let kind = registry.and_then(|one| one.scan_type.as_deref()).unwrap_or("BASIC");
    let by = if kind == "ENHANCED" { "Amazon Inspector" } else { "ECR" }.to_owned();
    let rules = registry.map(|one| one.rules.as_slice()).unwrap_or_default();
    let frequencies = rules.iter().filter(|rule| {
        let mut filters = rule.repository_filters.iter().filter_map(|filter| filter.filter.as_deref());
        // A filter without a wildcard means names that hold it.
        filters.any(
            |filter| if filter.contains('*') { Glob::sensitive(filter).matches(name) } else { name.contains(filter) },
        )
    });
    let frequencies: Vec<&str> = frequencies.filter_map(|rule| rule.scan_frequency.as_deref()).collect();
    if frequencies.contains(&"CONTINUOUS_SCAN") {
        return Ok(ScanMode::Continuous { by });
    }
    let own = repository.image_scanning_configuration.as_ref().is_some_and(|own| own.scan_on_push == Some(true));
    if frequencies.contains(&"SCAN_ON_PUSH") || (own && kind == "BASIC") {
        return Ok(ScanMode::OnPush { by });
    }
    Ok(ScanMode::Off { because: "no rule of the registry means it, and it does not scan on push itself".to_owned() })
}

/// EKS has no admission of images: what verifies them runs inside the cluster.
pub(super) fn admission(known: &Known<'_>) -> Observed<ImageAdmission> {
    known.conclude("/cluster/arn", |_, _| {
        let what =
            "EKS verifies no images itself, and admission controllers inside the cluster are not read".to_owned();
        Ok(ImageAdmission::Inside { what })
    })
}

/// Whom the region's repositories let in.
pub(super) fn registries(region: &Region<'_>, known: &Known<'_>) -> Observed<Vec<Registry>> {
    conclude(|rests| {
        rests.rest_on(&known.evidence("/cluster/arn"));
        let repositories = repositories(region);
        rests.read(&repositories)?.iter().map(|one| Ok(registry(region, name(one)?, rests))).collect()
    })
}

fn registry(region: &Region<'_>, name: &str, rests: &mut Trail) -> Registry {
    let (snapshot, params) = (region.snapshot, [("repository", name)]);
    let closed = |unread| Registry { name: name.to_owned(), openings: Vec::new(), unread };
    let policy = snapshot.one::<RepositoryPolicy>(&calls::GET_REPOSITORY_POLICY, region.scope, &params);
    // A repository without a policy lets its own account in and nobody else.
    if policy.get().is_ok_and(|policy| policy.error.as_deref() == Some(RepositoryPolicy::NONE)) {
        rests.rest_on(policy.sources());
        return closed(None);
    }
    let document = rests.read(&policy).and_then(|policy| {
        let malformed = |why: String| Gap::Malformed {
            call: calls::GET_REPOSITORY_POLICY.name.to_owned(),
            scope: region.scope.to_owned(),
            pointer: "/policyText".to_owned(),
            why,
        };
        policy
            .policy_text
            .as_ref()
            .ok_or_else(|| malformed("there is no policy".to_owned()))?
            .parse()
            .map_err(malformed)
    });
    let document = match document {
        Ok(document) => document,
        Err(gap) => return closed(Some(gap)),
    };
    let (mut openings, mut unread) = (Vec::new(), None);
    for (place, statement) in document.statement.iter().enumerate() {
        if statement.effect.as_deref() != Some("Allow") || !is_for_everybody(statement) {
            continue;
        }
        let by = format!("policy statement {}", statement.sid.clone().unwrap_or_else(|| place.to_string()));
        let does = |action: &str| actions(statement).is_some_and(|actions| actions.matches(action));
        let (pushes, pulls) = (does("ecr:PutImage"), does("ecr:BatchGetImage"));
        match holds(&statement.condition, &Request::default(), has_variables(&document)) {
            Truth::True if pushes => openings.push(RegistryOpening::AnyonePushes { by }),
            Truth::True if pulls => openings.push(RegistryOpening::AnyonePulls { by }),
            Truth::Unknown(on) if pushes || pulls => {
                // A condition on the organisation or the network keeps strangers out; which one it is nobody evaluated.
                let narrow = on.iter().all(|key| is_of_ours(key));
                if !narrow {
                    let on: Vec<&str> = on.iter().map(String::as_str).collect();
                    let what = format!("{by} of `{name}` is for everybody, if {} allows", on.join(", "));
                    unread = Some(Gap::Unsettled { what });
                }
            }
            Truth::True | Truth::False | Truth::Unknown(_) => (),
        }
    }
    // What is denied takes nothing from a certain opening that this version could see.
    if document.statement.iter().any(|one| one.effect.as_deref() == Some("Deny")) && !openings.is_empty() {
        let what = format!("`{name}` is open to everybody, and its policy also denies something");
        return Registry { name: name.to_owned(), openings: Vec::new(), unread: Some(Gap::Unsettled { what }) };
    }
    Registry { name: name.to_owned(), openings, unread }
}

/// Conditions that a stranger cannot meet: the organisation, the account, the network's own endpoint.
fn is_of_ours(key: &str) -> bool {
    const OURS: &[&str] =
        &["aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:sourcevpc", "aws:sourcevpce"];
    let key = key.to_lowercase();
    OURS.iter().any(|ours| key.contains(ours))
}

fn is_for_everybody(statement: &Statement) -> bool {
    match (&statement.principal, &statement.not_principal) {
        (Some(Principal::Everyone), _) | (None, Some(_)) => true,
        (Some(Principal::Named(kinds)), _) => kinds.get("AWS").is_some_and(|Texts(ids)| ids.iter().any(|id| id == "*")),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(registry: &str, repository: &str) -> ScanMode {
        let registry: RegistryScanning = serde_json::from_str(registry).unwrap();
        mode(registry.scanning_configuration.as_ref(), &serde_json::from_str(repository).unwrap()).unwrap()
    }

    #[test]
    fn a_rule_of_the_registry_overrides_the_flag_of_a_repository() {
        let rule = |kind: &str, frequency: &str, filter: &str| {
            format!(
                r#"{{"scanningConfiguration": {{"scanType": "{kind}", "rules": [{{"scanFrequency": "{frequency}",
                    "repositoryFilters": [{{"filter": "{filter}", "filterType": "WILDCARD"}}]}}]}}}}"#
            )
        };
        let (on, off) = (
            r#"{"repositoryName": "shop/web", "imageScanningConfiguration": {"scanOnPush": true}}"#,
            r#"{"repositoryName": "shop/web", "imageScanningConfiguration": {"scanOnPush": false}}"#,
        );
        let is = |registry: String, repository: &str, wanted: &str| {
            let mode = format!("{:?}", scanned(&registry, repository));
            assert!(mode.starts_with(wanted), "{registry} {repository}: {mode}");
        };
        is(rule("ENHANCED", "CONTINUOUS_SCAN", "*"), off, "Continuous");
        is(rule("ENHANCED", "CONTINUOUS_SCAN", "pay/*"), on, "Off");
        is(rule("BASIC", "SCAN_ON_PUSH", "shop"), off, "OnPush");
        is(r#"{"scanningConfiguration": {"scanType": "BASIC", "rules": []}}"#.to_owned(), on, "OnPush");
        is(r#"{"scanningConfiguration": {"scanType": "BASIC", "rules": []}}"#.to_owned(), off, "Off");
    }
}
