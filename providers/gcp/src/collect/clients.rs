//! The official clients, built once for a target.

use super::{assets::Assets, failure::not_signed_in};
use crate::settings::{Credential, Settings};
use google_cloud_api_serviceusage_v1::client::ServiceUsage;
use google_cloud_artifactregistry_v1::client::ArtifactRegistry;
use google_cloud_auth::{
    credentials::{self, CacheableResource, Credentials, CredentialsProvider, EntityTag, anonymous},
    errors::CredentialsError,
};
use google_cloud_binaryauthorization_v1::client::BinauthzManagementServiceV1;
use google_cloud_compute_v1::client::{
    Firewalls, ForwardingRules, Instances, Networks, Projects as ComputeProjects, RegionNetworkFirewallPolicies,
    Routers, Routes, Subnetworks, TargetPools,
};
use google_cloud_container_v1::client::ClusterManager;
use google_cloud_gkebackup_v1::client::BackupForGKE;
use google_cloud_grafeas_v1::client::Grafeas;
use google_cloud_iam_admin_v1::client::Iam;
use google_cloud_iam_v2::client::Policies;
use google_cloud_kms_v1::client::KeyManagementService;
use google_cloud_logging_v2::client::ConfigServiceV2;
use google_cloud_orgpolicy_v2::client::OrgPolicy;
use google_cloud_recommender_v1::client::Recommender;
use google_cloud_resourcemanager_v3::client::{Folders, Organizations, Projects};
use http::{Extensions, HeaderMap, HeaderValue, header::AUTHORIZATION};
use palisade_provider::{Failure, FailureReason};

/// One client for each service.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(crate) clusters: ClusterManager,
    pub(crate) projects: Projects,
    pub(crate) folders: Folders,
    pub(crate) organizations: Organizations,
    pub(crate) compute_projects: ComputeProjects,
    pub(crate) instances: Instances,
    pub(crate) forwarding_rules: ForwardingRules,
    pub(crate) target_pools: TargetPools,
    pub(crate) firewalls: Firewalls,
    pub(crate) networks: Networks,
    pub(crate) subnetworks: Subnetworks,
    pub(crate) routes: Routes,
    pub(crate) routers: Routers,
    pub(crate) region_policies: RegionNetworkFirewallPolicies,
    pub(crate) iam: Iam,
    pub(crate) deny_policies: Policies,
    pub(crate) keys: KeyManagementService,
    pub(crate) recommender: Recommender,
    pub(crate) logs: ConfigServiceV2,
    pub(crate) services: ServiceUsage,
    pub(crate) backups: BackupForGKE,
    pub(crate) artifacts: ArtifactRegistry,
    pub(crate) attestation: BinauthzManagementServiceV1,
    pub(crate) constraints: OrgPolicy,
    pub(crate) analysis: Grafeas,
    pub(crate) assets: Assets,
}

macro_rules! built {
    ($client:ty, $settings:expr, $credentials:expr) => {{
        let builder = <$client>::builder().with_credentials($credentials.clone());
        let builder = match &$settings.endpoint_url {
            Some(url) => builder.with_endpoint(url.clone()),
            None => builder,
        };
        builder.build().await.map_err(|error| unusable(&error.to_string()))?
    }};
}

impl Clients {
    /// Builds them. Nothing is sent yet.
    pub(crate) async fn build(settings: &Settings) -> Result<Self, Failure> {
        if let Some(url) = &settings.endpoint_url
            && !is_trustworthy(url)
        {
            return Err(unusable("an endpoint without TLS is accepted on a loopback address only"));
        }
        let credentials = credentials(&settings.credential)?;
        Ok(Self {
            clusters: built!(ClusterManager, settings, credentials),
            projects: built!(Projects, settings, credentials),
            folders: built!(Folders, settings, credentials),
            organizations: built!(Organizations, settings, credentials),
            compute_projects: built!(ComputeProjects, settings, credentials),
            instances: built!(Instances, settings, credentials),
            forwarding_rules: built!(ForwardingRules, settings, credentials),
            target_pools: built!(TargetPools, settings, credentials),
            firewalls: built!(Firewalls, settings, credentials),
            networks: built!(Networks, settings, credentials),
            subnetworks: built!(Subnetworks, settings, credentials),
            routes: built!(Routes, settings, credentials),
            routers: built!(Routers, settings, credentials),
            region_policies: built!(RegionNetworkFirewallPolicies, settings, credentials),
            iam: built!(Iam, settings, credentials),
            deny_policies: built!(Policies, settings, credentials),
            keys: built!(KeyManagementService, settings, credentials),
            recommender: built!(Recommender, settings, credentials),
            logs: built!(ConfigServiceV2, settings, credentials),
            services: built!(ServiceUsage, settings, credentials),
            backups: built!(BackupForGKE, settings, credentials),
            artifacts: built!(ArtifactRegistry, settings, credentials),
            attestation: built!(BinauthzManagementServiceV1, settings, credentials),
            constraints: built!(OrgPolicy, settings, credentials),
            analysis: built!(Grafeas, settings, credentials),
            assets: Assets::new(settings, &credentials).await.map_err(|error| unusable(&error))?,
        })
    }
}

fn unusable(why: &str) -> Failure {
    Failure::new(FailureReason::Unreachable, &format!("the clients could not be made: {why}"))
}

/// Whether credentials may be sent there: over TLS, or to this machine.
fn is_trustworthy(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return true };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn credentials(credential: &Credential) -> Result<Credentials, Failure> {
    match credential {
        Credential::Default => credentials::Builder::default().build().map_err(|_| not_signed_in(None)),
        Credential::Anonymous => Ok(anonymous::Builder::new().build()),
        Credential::Token(secret) => {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", secret.expose()))
                .map_err(|_| unusable("the token holds characters no header can carry"))?;
            value.set_sensitive(true);
            Ok(Credentials::from(FixedToken { value, tag: EntityTag::new() }))
        }
    }
}

/// A token somebody else made and renews.
#[derive(Debug)]
struct FixedToken {
    /// Marked sensitive: it is not printed.
    value: HeaderValue,
    tag: EntityTag,
}

impl CredentialsProvider for FixedToken {
    async fn headers(&self, extensions: Extensions) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        if extensions.get::<EntityTag>() == Some(&self.tag) {
            return Ok(CacheableResource::NotModified);
        }
        let data = HeaderMap::from_iter([(AUTHORIZATION, self.value.clone())]);
        Ok(CacheableResource::New { entity_tag: self.tag.clone(), data })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_trusted_on_this_machine_only() {
        for good in ["http://127.0.0.1:9000", "http://[::1]:9000/x", "http://localhost", "https://example.com"] {
            assert!(is_trustworthy(good), "{good}");
        }
        for bad in ["http://example.com", "http://127.0.0.1.example.com", "http://10.0.0.1:80"] {
            assert!(!is_trustworthy(bad), "{bad}");
        }
    }
}
