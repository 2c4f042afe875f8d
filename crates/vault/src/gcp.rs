//! Google Secret Manager.

use crate::Read;
use google_cloud_auth::credentials::{self, Credentials};
use google_cloud_gax::retry_policy::{AlwaysRetry, RetryPolicyExt as _};
use google_cloud_secretmanager_v1::client::SecretManagerService;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The secret manager, asked with the process's own credentials.
#[derive(Debug, Default)]
pub(crate) struct Manager(OnceCell<Credentials>);

/// How long one secret may take.
const PATIENCE: Duration = Duration::from_secs(20);

impl Manager {
    /// Reads a version of a secret, global or of a location.
    pub(crate) async fn read(&self, version: &str, location: Option<&str>) -> Read {
        let sign_in = || std::future::ready(credentials::Builder::default().build());
        let credentials = self.0.get_or_try_init(sign_in).await.map_err(|_| {
            "no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS or run with a service account".to_owned()
        })?;
        let endpoint = match location {
            None => "https://secretmanager.googleapis.com".to_owned(),
            Some(location) => format!("https://secretmanager.{location}.rep.googleapis.com"),
        };
        with(credentials.clone(), endpoint, version).await
    }
}

async fn with(credentials: Credentials, endpoint: String, version: &str) -> Read {
    let client = SecretManagerService::builder()
        .with_credentials(credentials)
        .with_endpoint(endpoint)
        .with_retry_policy(AlwaysRetry.with_attempt_limit(3).with_time_limit(PATIENCE))
        .build()
        .await
        .map_err(|error| error.to_string())?;
    let answer = client.access_secret_version().set_name(version).send().await.map_err(|error| {
        error.status().map_or_else(|| error.to_string(), |status| format!("{}: {}", status.code, status.message))
    })?;
    Ok(answer.payload.ok_or_else(|| "the answer holds no secret".to_owned())?.data.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::StatusCode, routing::get};
    use google_cloud_auth::credentials::anonymous;
    use serde_json::json;

    /// The service as its REST reference describes it.
    async fn answers() -> String {
        let service = Router::new().route(
            "/v1/{*name}",
            get(async |path: axum::extract::Path<String>| {
                if path.as_str() == "projects/acme/secrets/slack/versions/latest:access" {
                    let said = json!({
                        "name": "projects/7/secrets/slack/versions/4",
                        "payload": { "data": "eG94Yi1mcm9tLWdvb2dsZQ==", "dataCrc32c": "1" },
                    });
                    return (StatusCode::OK, said.to_string());
                }
                let said = json!({ "error": {
                    "code": 403,
                    "message": "Permission 'secretmanager.versions.access' denied",
                    "status": "PERMISSION_DENIED",
                }});
                (StatusCode::FORBIDDEN, said.to_string())
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn a_secret_comes_as_its_bytes_and_a_refusal_as_the_services_words() {
        let url = answers().await;
        let nobody = || anonymous::Builder::new().build();
        let read = with(nobody(), url.clone(), "projects/acme/secrets/slack/versions/latest").await;
        assert_eq!(read.as_deref(), Ok(b"xoxb-from-google".as_slice()));
        let refused = with(nobody(), url, "projects/acme/secrets/teams/versions/latest").await.unwrap_err();
        assert!(refused.contains("secretmanager.versions.access"), "{refused}");
    }
}
