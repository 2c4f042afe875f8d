//! What machines are made from, and what their metadata service gives away.

use super::{endpoint::take, region::Region, trail::Trail};
use crate::{
    calls,
    record::{
        Ec2,
        compute::{Instance, LaunchTemplateData, LaunchTemplateVersions, MetadataOptions},
        eks::Nodegroup,
    },
};
use palisade_model::{Gap, Metadata, Observed, PodAccess};

/// The launch template of a node group, when it names one. Empty for pools without a template of the customer's.
pub(super) fn template(
    region: &Region<'_>,
    group: Option<&Observed<Nodegroup>>,
    trail: &mut Trail,
) -> Result<Vec<LaunchTemplateData>, Gap> {
    let Some(group) = group else { return Ok(Vec::new()) };
    let Some(template) = trail.read(group)?.launch_template.as_ref() else { return Ok(Vec::new()) };
    let (Some(id), Some(version)) = (template.id.as_deref(), template.version.as_deref()) else {
        return Err(Gap::Unsettled { what: "the node group names a launch template without id or version".to_owned() });
    };
    let call = &calls::DESCRIBE_LAUNCH_TEMPLATE_VERSIONS;
    let questions = region.snapshot.asked(call, region.scope);
    let params = questions.into_iter().find(|params| {
        params.get("template").is_some_and(|asked| asked == id)
            && params.get("versions").is_some_and(|asked| asked.split(',').any(|one| one == version))
    });
    let Some(params) = params else {
        let what = format!("launch template {id} version {version} was not asked for in `{}`", region.scope);
        return Err(Gap::NotCollected { what });
    };
    let pairs = super::trail::pairs(params);
    let answer =
        region.snapshot.list(call, region.scope, &pairs, |Ec2(page): Ec2<LaunchTemplateVersions>| page.versions);
    trail.rest_on(answer.sources());
    let mut versions = take(answer)?;
    // `$Latest` and `$Default` come back under their number: then the answer holds that one alone.
    let exact = versions.iter().any(|one| one.version_number.as_deref() == Some(version));
    versions.retain(|one| !exact || one.version_number.as_deref() == Some(version));
    let data: Vec<_> = versions.into_iter().filter_map(|one| one.launch_template_data).collect();
    if data.is_empty() {
        return Err(Gap::Unsettled { what: format!("launch template {id} has no version {version}") });
    }
    Ok(data)
}

/// What is in front of the credentials of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Service {
    on: bool,
    tokens: bool,
    hops: i64,
}

impl Service {
    /// Defaults when absent: the service is on, tokens are optional, one hop (EC2 API reference,
    /// `LaunchTemplateInstanceMetadataOptionsRequest`).
    fn of(options: &MetadataOptions) -> Self {
        Self {
            on: options.http_endpoint.as_deref() != Some("disabled"),
            tokens: options.http_tokens.as_deref() == Some("required"),
            hops: options.http_put_response_hop_limit.unwrap_or(1),
        }
    }

    fn hardened(self) -> bool {
        !self.on || self.tokens
    }

    /// The hop limit holds back the token, so it protects only where a token is needed.
    fn blocks_pods(self) -> bool {
        !self.on || (self.tokens && self.hops <= 1)
    }

    fn mode(self) -> String {
        if !self.on {
            return "off".to_owned();
        }
        format!("HttpTokens {}, hop limit {}", if self.tokens { "required" } else { "optional" }, self.hops)
    }
}

/// The worst of the machines that run, and of what new ones would get.
pub(super) fn metadata(
    members: &[&Instance],
    template: &[LaunchTemplateData],
    group: Option<&Nodegroup>,
    automatic: bool,
) -> Result<Metadata, Gap> {
    let mut services = Vec::new();
    for instance in members {
        let options = instance.metadata_options.as_ref().ok_or_else(|| Gap::Unsettled {
            what: format!(
                "the metadata options of {} are not in the answer",
                instance.instance_id.as_deref().unwrap_or("?")
            ),
        })?;
        services.push(Service::of(options));
    }
    let options: Vec<&MetadataOptions> = template.iter().filter_map(|one| one.metadata_options.as_ref()).collect();
    let configured: Vec<Service> = options.iter().map(|options| Service::of(options)).collect();
    // An image that asks for tokens brings two hops of its own (EC2 user guide, IMDS defaults of images), so a template
    // that leaves the limit out decides nothing; the machines it started tell, where there are any.
    let untold = options.iter().any(|options| options.http_put_response_hop_limit.is_none());
    if untold && members.is_empty() && configured.iter().all(|service| service.blocks_pods() && service.on) {
        return Err(Gap::Unsettled {
            what: "no machine runs, and the launch template leaves the hop limit to the image and the account"
                .to_owned(),
        });
    }
    let configures = !configured.is_empty();
    services.extend(configured);
    if services.is_empty() || (members.is_empty() && !configures) {
        services.push(default_service(template, group, automatic)?);
    }
    let worst = |service: &&Service| (service.blocks_pods(), service.hardened(), std::cmp::Reverse(service.hops));
    let Some(service) = services.iter().min_by_key(worst).copied() else {
        return Err(Gap::Unsettled { what: "no machine and no setting".to_owned() });
    };
    let mode = service.mode();
    let pods = if service.blocks_pods() {
        PodAccess::Blocked { because: mode.clone() }
    } else {
        PodAccess::Reachable { because: mode.clone() }
    };
    Ok(Metadata { hardened: services.iter().all(|one| one.hardened()), mode, pods })
}

/// What a machine gets that nobody configured.
fn default_service(
    template: &[LaunchTemplateData],
    group: Option<&Nodegroup>,
    automatic: bool,
) -> Result<Service, Gap> {
    // Auto Mode enforces tokens and one hop (EKS user guide, Auto Mode security).
    if automatic {
        return Ok(Service { on: true, tokens: true, hops: 1 });
    }
    let image = group.and_then(|group| group.ami_type.as_deref()).unwrap_or_default();
    match image {
        // Managed AL2023 groups require tokens and allow one hop (EKS user guide, AL2023).
        image if image.starts_with("AL2023") && template.is_empty() => Ok(Service { on: true, tokens: true, hops: 1 }),
        // Managed groups without a template get two hops (EKS user guide, launch templates); AL2 leaves tokens optional.
        image if image.starts_with("AL2_") && template.is_empty() => Ok(Service { on: true, tokens: false, hops: 2 }),
        _ => Err(Gap::Unsettled {
            what: "no machine runs, and what new ones get depends on the image and the account's defaults".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(tokens: &str, hops: i64) -> Instance {
        Instance {
            instance_id: Some("i-1".to_owned()),
            metadata_options: Some(MetadataOptions {
                http_tokens: Some(tokens.to_owned()),
                http_put_response_hop_limit: Some(hops),
                http_endpoint: Some("enabled".to_owned()),
            }),
            ..Instance::default()
        }
    }

    #[test]
    fn the_hop_limit_protects_only_where_tokens_are_required() {
        let pods = |tokens, hops| metadata(&[&options(tokens, hops)], &[], None, false).unwrap().pods;
        assert!(matches!(pods("optional", 1), PodAccess::Reachable { .. }));
        assert!(matches!(pods("required", 1), PodAccess::Blocked { .. }));
        assert!(matches!(pods("required", 2), PodAccess::Reachable { .. }));
    }

    #[test]
    fn one_soft_machine_makes_the_pool_soft() {
        let (hard, soft) = (options("required", 1), options("optional", 2));
        let found = metadata(&[&hard, &soft], &[], None, false).unwrap();
        assert!(!found.hardened);
        assert!(found.mode.contains("optional"), "{}", found.mode);
    }

    #[test]
    fn an_empty_pool_of_an_unknown_image_is_not_guessed() {
        let group = Nodegroup { ami_type: Some("CUSTOM".to_owned()), ..Nodegroup::default() };
        assert!(metadata(&[], &[], Some(&group), false).is_err());
        let group = Nodegroup { ami_type: Some("AL2023_x86_64_STANDARD".to_owned()), ..Nodegroup::default() };
        assert!(metadata(&[], &[], Some(&group), false).unwrap().hardened);
    }
}
