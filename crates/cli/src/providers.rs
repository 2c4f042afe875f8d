//! From configuration to providers. A new provider adds its lines here and nowhere else in this crate.

use crate::arguments::Cloud;
use palisade_config::{AzureCloud, Config, Discovery, Limits, TargetConfig, TargetKind};
use palisade_model::DataFile;
use palisade_provider::{Call, CallLimits, Collect, Provider, Search};
use palisade_runner::Target;
use std::sync::Arc;

/// The dated lists of the world that facts of any provider rest on.
pub(crate) fn data() -> Vec<DataFile> {
    let all = [palisade_model::Provider::Aws, palisade_model::Provider::Azure, palisade_model::Provider::Gcp];
    all.into_iter().filter_map(normalizer).flat_map(|provider| provider.data()).collect()
}

/// What a run may ask of the clouds at most.
pub(crate) fn limits(config: &Config) -> CallLimits {
    let Limits { max_calls, share_of_quota } = config.limits;
    CallLimits { max_calls: max_calls.map(u64::from), share_of_quota }
}

/// The targets of a configuration, ready to be read.
pub(crate) fn targets(configs: &[TargetConfig]) -> Vec<Target> {
    configs
        .iter()
        .map(|config| Target { name: config.name.clone(), provider: provider(config), scopes: None })
        .collect()
}

fn provider(config: &TargetConfig) -> Arc<dyn Collect> {
    match &config.kind {
        TargetKind::Aws(aws) => {
            use palisade_aws::{Accounts, Aggregator, Aws, Regions, Settings};
            use palisade_config::{Accounts as Said, Regions as SaidRegions};
            Arc::new(Aws::new(Settings {
                accounts: match &aws.accounts {
                    Said::Own => Accounts::Own,
                    Said::Organization => Accounts::Organization,
                    Said::List(ids) => Accounts::List(ids.clone()),
                },
                role: aws.role.clone(),
                external_id: aws.external_id.clone(),
                regions: match &aws.regions {
                    SaidRegions::Enabled => Regions::Enabled,
                    SaidRegions::List(names) => Regions::List(names.clone()),
                },
                aggregator: match &aws.discovery {
                    Discovery::Lists => None,
                    Discovery::Inventory { aggregator, region, cross_check } => Some(Aggregator {
                        name: aggregator.clone().unwrap_or_default(),
                        region: region.clone(),
                        cross_check: *cross_check,
                    }),
                },
                endpoint_url: aws.endpoint_url.clone(),
                ..Settings::new(config.name.as_str())
            }))
        }
        TargetKind::Azure(azure) => {
            use palisade_azure::{Azure, Cloud, CredentialSource, Secret, Settings, Subscriptions};
            use palisade_config::Subscriptions as Said;
            Arc::new(Azure::new(Settings {
                subscriptions: match &azure.subscriptions {
                    Said::All => Subscriptions::All,
                    Said::List(ids) => Subscriptions::List(ids.clone()),
                    Said::ManagementGroups(groups) => Subscriptions::ManagementGroups(groups.clone()),
                },
                search: search(&azure.discovery),
                tenant: azure.tenant.clone(),
                cloud: match azure.cloud {
                    AzureCloud::Public => Cloud::Public,
                    AzureCloud::UsGovernment => Cloud::UsGovernment,
                    AzureCloud::China => Cloud::China,
                },
                credential: if is_emulator(azure.endpoint_url.as_deref()) {
                    CredentialSource::Token(Secret::new("simulated"))
                } else {
                    CredentialSource::Chain
                },
                endpoint_url: azure.endpoint_url.clone(),
                ..Settings::new(config.name.as_str())
            }))
        }
        TargetKind::Gcp(gcp) => {
            use palisade_config::Projects as Said;
            use palisade_gcp::{Credential, Gcp, Projects, Settings};
            Arc::new(Gcp::new(Settings {
                projects: match &gcp.projects {
                    Said::All => Projects::All,
                    Said::List(ids) => Projects::List(ids.clone()),
                    Said::Folders(ids) => Projects::Folders(ids.clone()),
                    Said::Organization(id) => Projects::Organization(id.clone()),
                },
                search: search(&gcp.discovery),
                quota_project: gcp.quota_project.clone(),
                credential: if is_emulator(gcp.endpoint_url.as_deref()) {
                    Credential::Anonymous
                } else {
                    Credential::Default
                },
                endpoint_url: gcp.endpoint_url.clone(),
                ..Settings::new(config.name.as_str())
            }))
        }
    }
}

fn search(discovery: &Discovery) -> Search {
    match discovery {
        Discovery::Lists => Search::Lists,
        Discovery::Inventory { cross_check: false, .. } => Search::Inventory,
        Discovery::Inventory { cross_check: true, .. } => Search::Both,
    }
}

/// Whether an endpoint is an emulator on this machine. Plain http is accepted on loopback only, and no real token is
/// ever sent over it.
fn is_emulator(endpoint_url: Option<&str>) -> bool {
    endpoint_url.is_some_and(|url| url.starts_with("http://"))
}

/// The three simulated clouds at these addresses.
pub(crate) fn simulated(aws: &str, azure: &str, gcp: &str) -> Vec<Target> {
    let aws = palisade_aws::Aws::new(palisade_aws::Settings {
        accounts: palisade_aws::Accounts::Organization,
        role: Some("PalisadeReader".to_owned()),
        external_id: Some("acme-7d1f".to_owned()),
        endpoint_url: Some(aws.to_owned()),
        base_region: Some("us-east-1".to_owned()),
        credentials: palisade_aws::Credentials::Static {
            access_key_id: "AKIAPALISADE00000000".to_owned(),
            secret_access_key: "simulated".to_owned(),
            session_token: None,
        },
        ..palisade_aws::Settings::new("acme-aws")
    });
    let azure = palisade_azure::Azure::new(palisade_azure::Settings {
        endpoint_url: Some(azure.to_owned()),
        credential: palisade_azure::CredentialSource::Token(palisade_azure::Secret::new("simulated")),
        ..palisade_azure::Settings::new("acme-azure")
    });
    let gcp = palisade_gcp::Gcp::new(palisade_gcp::Settings {
        endpoint_url: Some(gcp.to_owned()),
        credential: palisade_gcp::Credential::Anonymous,
        ..palisade_gcp::Settings::new("acme-gcp")
    });
    let named = |name: &str, provider: Arc<dyn Collect>| Target { name: name.to_owned(), provider, scopes: None };
    vec![named("acme-aws", Arc::new(aws)), named("acme-azure", Arc::new(azure)), named("acme-gcp", Arc::new(gcp))]
}

/// What can normalize the snapshots of a provider.
pub(crate) fn normalizer(provider: palisade_model::Provider) -> Option<Box<dyn Provider>> {
    match provider {
        palisade_model::Provider::Aws => Some(Box::new(palisade_aws::Aws::new(palisade_aws::Settings::new("replay")))),
        palisade_model::Provider::Azure => {
            Some(Box::new(palisade_azure::Azure::new(palisade_azure::Settings::new("replay"))))
        }
        palisade_model::Provider::Gcp => Some(Box::new(palisade_gcp::Gcp::new(palisade_gcp::Settings::new("replay")))),
        palisade_model::Provider::Kubernetes => None,
    }
}

/// Every call this binary may make to a cloud.
pub(crate) fn calls(cloud: Cloud) -> &'static [Call] {
    match cloud {
        Cloud::Aws => palisade_aws::CALLS,
        Cloud::Azure => palisade_azure::CALLS,
        Cloud::Gcp => palisade_gcp::CALLS,
    }
}
