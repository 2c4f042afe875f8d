//! Signed access to one account: credentials, one connection pool, a client for each service and region.

use crate::{
    partition::{base_region_of, partition_of},
    settings::{Credentials, Settings},
};
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::{http::SharedHttpClient, runtime_components::RuntimeComponents};

/// Signed access to one account.
#[derive(Clone, Debug)]
pub(super) struct Session {
    config: SdkConfig,
    pub(super) account: String,
    pub(super) base_region: String,
}

impl Session {
    /// Access with the target's own credentials; the account is not known yet.
    pub(super) async fn open(settings: &Settings) -> Self {
        let limits = settings.limits;
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(limits.attempt).operation_timeout(limits.call).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(limits.attempts.max(1)))
            .timeout_config(timeouts)
            .http_client(connections());
        if let Some(url) = &settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Some(region) = &settings.base_region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Credentials::Static { access_key_id, secret_access_key, session_token } = &settings.credentials {
            loader = loader.credentials_provider(fixed(access_key_id, secret_access_key, session_token.as_deref()));
        }
        let config = loader.load().await;
        let base_region = config.region().map_or_else(|| base_region_of("aws").to_owned(), ToString::to_string);
        let config = config.to_builder().region(Region::new(base_region.clone())).build();
        Self { config, account: String::new(), base_region }
    }

    /// What every client of this session is made of.
    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same credentials, now that the account and its partition are known.
    pub(super) fn of_account(&self, account: &str, partition: &str) -> Self {
        // Credentials of another partition than the base region's: only an endpoint of its own answers both.
        let base_region = if partition_of(&self.base_region) == partition {
            self.base_region.clone()
        } else {
            base_region_of(partition).to_owned()
        };
        Self { config: self.config.clone(), account: account.to_owned(), base_region }
    }

    /// Access to another account with the credentials of an assumed role.
    pub(super) fn assuming(&self, account: &str, (key, secret, token): (&str, &str, &str)) -> Self {
        let credentials = SharedCredentialsProvider::new(fixed(key, secret, Some(token)));
        let config = self.config.to_builder().credentials_provider(credentials).build();
        Self { config, account: account.to_owned(), base_region: self.base_region.clone() }
    }
}

/// The process's own credentials, region, time limits and connections, as a target without settings has them: for whoever
/// asks AWS for something that is no part of a scan.
pub async fn own_access() -> SdkConfig {
    Session::open(&Settings::new("palisade")).await.config
}

fn fixed(key: &str, secret: &str, token: Option<&str>) -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new(key, secret, token.map(str::to_owned), None, "palisade")
}

fn connections() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = ConnectorBuilder::default().tls_provider(provider);
        connector.set_connector_settings(settings.cloned());
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

/// A client of one service in one region. Every account and region keeps its own retry budget: one that is throttled
/// must not slow the others down (sdk-notes 1.3).
macro_rules! client {
    ($name:ident, $sdk:ident) => {
        impl Session {
            #[doc = concat!("A client of `", stringify!($sdk), "`.")]
            pub(super) fn $name(&self, region: &str) -> $sdk::Client {
                let partition = $sdk::config::retry::RetryPartition::new(format!("{}/{region}", self.account));
                let config = $sdk::config::Builder::from(&self.config)
                    .region(Region::new(region.to_owned()))
                    .retry_partition(partition)
                    .build();
                $sdk::Client::from_conf(config)
            }
        }
    };
}

client!(sts, aws_sdk_sts);
client!(organizations, aws_sdk_organizations);
client!(eks, aws_sdk_eks);
client!(ec2, aws_sdk_ec2);
client!(autoscaling, aws_sdk_autoscaling);
client!(load_balancing, aws_sdk_elasticloadbalancingv2);
client!(classic_load_balancing, aws_sdk_elasticloadbalancing);
client!(iam, aws_sdk_iam);
client!(kms, aws_sdk_kms);
client!(cloudtrail, aws_sdk_cloudtrail);
client!(logs, aws_sdk_cloudwatchlogs);
client!(backup, aws_sdk_backup);
client!(ecr, aws_sdk_ecr);
client!(guardduty, aws_sdk_guardduty);
client!(inspector, aws_sdk_inspector2);
