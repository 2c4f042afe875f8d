//! Who we are. The SDK has no default chain, so this is ours: what is configured on purpose wins and is final; what is
//! merely there is tried in turn.

use super::pipeline::{Patience, transport};
use crate::{Cloud, CredentialSource, Limits, Settings};
use async_trait::async_trait;
use azure_core::{
    Error,
    cloud::CloudConfiguration,
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{ClientOptions, RetryOptions, Transport},
    time::{Duration, OffsetDateTime},
};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, DeveloperToolsCredential,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// How long a managed identity may take to answer before we conclude that there is none.
const PROBE: std::time::Duration = std::time::Duration::from_secs(3);

/// What the settings ask to sign in with.
pub(super) fn of(settings: &Settings, transport: &Transport) -> Arc<dyn TokenCredential> {
    match &settings.credential {
        CredentialSource::Token(token) => Arc::new(Fixed(Secret::new(token.expose().to_owned()))),
        CredentialSource::Chain => Arc::new(Chain {
            tenant: settings.tenant.clone(),
            cloud: settings.cloud,
            limits: settings.limits,
            transport: transport.clone(),
            chosen: OnceCell::new(),
        }),
    }
}

/// What this process signs in with, and how it connects, as a target of this cloud without settings has them: for whoever
/// asks Azure for something that is no part of a scan. Fails where no connection can be made at all.
pub fn own_access(cloud: Cloud) -> Result<(Arc<dyn TokenCredential>, ClientOptions), String> {
    let settings = Settings { cloud, ..Settings::new("palisade") };
    let transport = transport(&settings.limits, false)?;
    let chain = Chain { tenant: None, cloud, limits: settings.limits, transport, chosen: OnceCell::new() };
    let options = chain.options();
    Ok((Arc::new(chain), options))
}

/// A token as it is.
#[derive(Debug)]
struct Fixed(Secret);

#[async_trait]
impl TokenCredential for Fixed {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(self.0.clone(), OffsetDateTime::now_utc() + Duration::hours(1)))
    }
}

/// What the environment offers.
#[derive(Debug)]
struct Chain {
    tenant: Option<String>,
    cloud: Cloud,
    limits: Limits,
    transport: Transport,
    chosen: OnceCell<Arc<dyn TokenCredential>>,
}

/// What somebody set on purpose.
#[derive(Debug, PartialEq, Eq)]
enum Purpose {
    /// An application's secret.
    Secret { tenant: String, client: String, secret: String },
    /// A token file that a cluster or a pipeline keeps fresh.
    Federated { tenant: Option<String> },
    /// Nothing.
    None,
}

/// Reads the purpose out of the environment, which is an argument so that it can be tested.
fn purpose(tenant: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Purpose, String> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let tenant = tenant.map(str::to_owned).or_else(|| variable("AZURE_TENANT_ID"));
    if let Some(secret) = variable("AZURE_CLIENT_SECRET") {
        let missing = |name| format!("`AZURE_CLIENT_SECRET` is set and `{name}` is not");
        return Ok(Purpose::Secret {
            tenant: tenant.ok_or_else(|| missing("AZURE_TENANT_ID"))?,
            client: variable("AZURE_CLIENT_ID").ok_or_else(|| missing("AZURE_CLIENT_ID"))?,
            secret,
        });
    }
    if variable("AZURE_FEDERATED_TOKEN_FILE").is_some() {
        return Ok(Purpose::Federated { tenant });
    }
    Ok(Purpose::None)
}

impl Chain {
    async fn choose(&self, scopes: &[&str]) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let environment = |name: &str| std::env::var(name).ok();
        match purpose(self.tenant.as_deref(), environment).map_err(credential_error)? {
            Purpose::Secret { tenant, client, secret } => {
                let options = ClientSecretCredentialOptions { client_options: self.options() };
                Ok(ClientSecretCredential::new(&tenant, client, Secret::new(secret), Some(options))?)
            }
            Purpose::Federated { tenant } => {
                let credential_options = ClientAssertionCredentialOptions { client_options: self.options() };
                let options = WorkloadIdentityCredentialOptions {
                    credential_options,
                    tenant_id: tenant,
                    ..WorkloadIdentityCredentialOptions::default()
                };
                Ok(WorkloadIdentityCredential::new(Some(options))?)
            }
            Purpose::None => self.whatever_is_there(scopes, environment("AZURE_CLIENT_ID")).await,
        }
    }

    /// A managed identity, or a developer who is signed in.
    async fn whatever_is_there(
        &self,
        scopes: &[&str],
        client: Option<String>,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let mut tried = Vec::new();
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client.map(UserAssignedId::ClientId),
            client_options: ClientOptions { retry: RetryOptions::none(), ..self.options() },
        };
        let managed = ManagedIdentityCredential::new(Some(options));
        match managed {
            Ok(managed) => match tokio::time::timeout(PROBE, managed.get_token(scopes, None)).await {
                Ok(Ok(_)) => return Ok(managed),
                Ok(Err(error)) => tried.push(format!("managed identity: {error}")),
                Err(_) => tried.push("managed identity: no answer".to_owned()),
            },
            Err(error) => tried.push(format!("managed identity: {error}")),
        }
        match DeveloperToolsCredential::new(None) {
            Ok(tools) => match tools.get_token(scopes, None).await {
                Ok(_) => return Ok(tools),
                Err(error) => tried.push(format!("developer tools: {error}")),
            },
            Err(error) => tried.push(format!("developer tools: {error}")),
        }
        tracing::debug!(?tried, "no Azure credentials");
        Err(credential_error(
            "no Azure credentials: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, run with a workload \
             identity or a managed identity, or sign in with `az login`"
                .to_owned(),
        ))
    }

    fn options(&self) -> ClientOptions {
        let cloud = match self.cloud {
            Cloud::Public => CloudConfiguration::AzurePublic,
            Cloud::UsGovernment => CloudConfiguration::AzureGovernment,
            Cloud::China => CloudConfiguration::AzureChina,
        };
        ClientOptions {
            retry: RetryOptions::custom(Arc::new(Patience::of(&self.limits))),
            transport: Some(self.transport.clone()),
            cloud: Some(Arc::new(cloud)),
            ..ClientOptions::default()
        }
    }
}

#[async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.chosen.get_or_try_init(|| self.choose(scopes)).await?.get_token(scopes, options).await
    }
}

fn credential_error(message: String) -> Error {
    Error::with_message(ErrorKind::Credential, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::{AsyncRawResponse, HttpClient, Request};
    use std::sync::Mutex;

    /// A network that is not there, and remembers who was asked.
    #[derive(Debug, Default)]
    struct Nowhere(Mutex<Vec<String>>);

    #[async_trait]
    impl HttpClient for Nowhere {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            self.0.lock().unwrap().push(request.url().to_string());
            Err(Error::with_message(ErrorKind::Other, "there is no network"))
        }
    }

    #[tokio::test]
    async fn every_cloud_signs_in_with_its_own_authority() {
        for (cloud, authority) in [
            (Cloud::Public, "https://login.microsoftonline.com/tenant/"),
            (Cloud::UsGovernment, "https://login.microsoftonline.us/tenant/"),
            (Cloud::China, "https://login.chinacloudapi.cn/tenant/"),
        ] {
            let network = Arc::new(Nowhere::default());
            let chain = Chain {
                tenant: Some("tenant".to_owned()),
                cloud,
                limits: Limits { attempts: 1, ..Limits::default() },
                transport: Transport::new(Arc::clone(&network) as Arc<dyn HttpClient>),
                chosen: OnceCell::new(),
            };
            let options = ClientSecretCredentialOptions { client_options: chain.options() };
            let secret = Secret::new("s".to_owned());
            let credential = ClientSecretCredential::new("tenant", "client".to_owned(), secret, Some(options)).unwrap();
            for audience in [cloud.audience(), cloud.graph_audience()] {
                assert!(credential.get_token(&[audience], None).await.is_err());
            }
            let asked = network.0.lock().unwrap();
            assert!(!asked.is_empty() && asked.iter().all(|url| url.starts_with(authority)), "{cloud:?}: {asked:?}");
        }
    }

    fn of(variables: &[(&str, &str)]) -> Result<Purpose, String> {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        purpose(None, find)
    }

    #[test]
    fn a_secret_outranks_a_token_file_and_names_what_it_lacks() {
        let whole = [
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "s"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/f"),
        ];
        let secret = Purpose::Secret { tenant: "t".to_owned(), client: "c".to_owned(), secret: "s".to_owned() };
        assert_eq!(of(&whole), Ok(secret));
        assert!(of(&[("AZURE_CLIENT_SECRET", "s")]).unwrap_err().contains("AZURE_TENANT_ID"));
        assert!(of(&[("AZURE_CLIENT_SECRET", "s"), ("AZURE_TENANT_ID", "t")]).unwrap_err().contains("AZURE_CLIENT_ID"));
    }

    #[test]
    fn a_token_file_is_enough_and_an_empty_variable_is_none() {
        assert_eq!(of(&[("AZURE_FEDERATED_TOKEN_FILE", "/f")]), Ok(Purpose::Federated { tenant: None }));
        assert_eq!(of(&[("AZURE_FEDERATED_TOKEN_FILE", "")]), Ok(Purpose::None));
    }

    #[test]
    fn the_settings_tenant_outranks_the_environment() {
        let variables =
            |name: &str| (name == "AZURE_TENANT_ID" || name == "AZURE_FEDERATED_TOKEN_FILE").then(|| "env".to_owned());
        assert_eq!(purpose(Some("own"), variables), Ok(Purpose::Federated { tenant: Some("own".to_owned()) }));
    }
}
