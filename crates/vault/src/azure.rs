//! Azure Key Vault.

use crate::{Read, azure_cloud};
use azure_core::{credentials::TokenCredential, error::ErrorKind, http::ClientOptions};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions, models::SecretClientGetSecretOptions};
use std::sync::Arc;

/// Reads a secret of a vault: this version, or the current one. The SDK asks for a token only when the vault names its own
/// cloud as the one to sign in for.
pub(crate) async fn read(host: &str, name: &str, version: Option<&str>) -> Read {
    let (credential, client_options) = palisade_azure::own_access(azure_cloud(host))?;
    with(credential, client_options, host, (name, version)).await
}

async fn with(
    credential: Arc<dyn TokenCredential>,
    client_options: ClientOptions,
    host: &str,
    (name, version): (&str, Option<&str>),
) -> Read {
    let options = SecretClientOptions { client_options, ..SecretClientOptions::default() };
    let client =
        SecretClient::new(&format!("https://{host}"), credential, Some(options)).map_err(|error| error.to_string())?;
    let options = SecretClientGetSecretOptions {
        secret_version: version.map(str::to_owned),
        ..SecretClientGetSecretOptions::default()
    };
    let answer = client.get_secret(name, Some(options)).await.map_err(|error| match error.kind() {
        ErrorKind::HttpResponse { error_code: Some(code), .. } => format!("{code}: {error}"),
        _ => error.to_string(),
    })?;
    let secret = answer.into_model().map_err(|_| "the answer is none of a vault".to_owned())?;
    secret.value.map(String::into_bytes).ok_or_else(|| "the answer holds no secret".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::{
        credentials::{AccessToken, Secret, TokenRequestOptions},
        http::{
            AsyncRawResponse, HttpClient, Request, RetryOptions, StatusCode, Transport,
            headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE},
        },
        time::{Duration, OffsetDateTime},
    };
    use std::sync::Mutex;

    #[derive(Debug)]
    struct Somebody;

    #[async_trait::async_trait]
    impl TokenCredential for Somebody {
        async fn get_token(
            &self,
            scopes: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let token = format!("token for {}", scopes.join(" "));
            Ok(AccessToken::new(Secret::new(token), OffsetDateTime::now_utc() + Duration::hours(1)))
        }
    }

    /// A vault as it answers: first the challenge, then by the path.
    #[derive(Debug)]
    struct Answers {
        resource: &'static str,
        asked: Mutex<Vec<String>>,
    }

    #[async_trait::async_trait]
    impl HttpClient for Answers {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            let mut headers = Headers::new();
            let (status, body) = match request.headers().get_optional_str(&AUTHORIZATION) {
                None => {
                    let challenge = format!(
                        r#"Bearer authorization="https://login.microsoftonline.com/t", resource="{}""#,
                        self.resource
                    );
                    headers.insert(WWW_AUTHENTICATE, challenge);
                    (StatusCode::Unauthorized, String::new())
                }
                Some(token) => {
                    self.asked.lock().unwrap().push(format!("{token} {}", request.url()));
                    match request.url().path().trim_end_matches('/') {
                        "/secrets/slack" | "/secrets/slack/0a1b" => (
                            StatusCode::Ok,
                            r#"{"value": "xoxb-from-vault", "id": "https://acme.vault.azure.net/secrets/slack/0a1b"}"#
                                .to_owned(),
                        ),
                        _ => {
                            let said = r#"{"error": {"code": "SecretNotFound", "message": "A secret with (name/id) teams was not found"}}"#;
                            (StatusCode::NotFound, said.to_owned())
                        }
                    }
                }
            };
            Ok(AsyncRawResponse::from_bytes(status, headers, body))
        }
    }

    async fn read(answers: &Arc<Answers>, host: &str, what: (&str, Option<&str>)) -> Read {
        let transport = Transport::new(Arc::clone(answers) as Arc<dyn HttpClient>);
        let options =
            ClientOptions { transport: Some(transport), retry: RetryOptions::none(), ..ClientOptions::default() };
        with(Arc::new(Somebody), options, host, what).await
    }

    #[tokio::test]
    async fn a_vault_gives_the_current_version_or_the_one_that_is_named() {
        let answers = Arc::new(Answers { resource: "https://vault.azure.net", asked: Mutex::default() });
        let current = read(&answers, "acme.vault.azure.net", ("slack", None)).await;
        assert_eq!(current.as_deref(), Ok(b"xoxb-from-vault".as_slice()));
        let named = read(&answers, "acme.vault.azure.net", ("slack", Some("0a1b"))).await;
        assert_eq!(named.as_deref(), Ok(b"xoxb-from-vault".as_slice()));
        let asked = answers.asked.lock().unwrap();
        assert!(
            asked[0].starts_with(
                "Bearer token for https://vault.azure.net/.default https://acme.vault.azure.net/secrets/slack"
            ),
            "{asked:?}"
        );
        assert!(asked[1].contains("/secrets/slack/0a1b?api-version="), "{asked:?}");
    }

    #[tokio::test]
    async fn what_the_vault_does_not_have_is_said_in_its_words() {
        let answers = Arc::new(Answers { resource: "https://vault.azure.net", asked: Mutex::default() });
        let refused = read(&answers, "acme.vault.azure.net", ("teams", None)).await.unwrap_err();
        assert_eq!(refused, "SecretNotFound: A secret with (name/id) teams was not found");
    }

    #[tokio::test]
    async fn no_token_goes_to_a_vault_that_wants_one_for_somebody_else() {
        let answers = Arc::new(Answers { resource: "https://graph.microsoft.com", asked: Mutex::default() });
        assert!(read(&answers, "acme.vault.azure.net", ("slack", None)).await.is_err());
        assert_eq!(*answers.asked.lock().unwrap(), Vec::<String>::new());
    }
}
