//! Cloud Asset Inventory: which projects hold clusters, in one question for all below an organisation or folder.
//!
//! It is the one call of its service, so no client library of it is built: what all official clients send with sends this one
//! too, with their credentials, deadlines and repetitions.

use super::ask::{Asker, host::ASSETS};
use crate::{calls::ASSETS_SEARCH, record::asset::Found, settings::Settings};
use google_cloud_auth::credentials::Credentials;
use google_cloud_gax::options::{RequestOptions, internal::RequestBuilder};
use google_cloud_gax_internal::{
    http::{NoBody, ReqwestClient, reqwest::Method},
    options::ClientConfig,
};
use palisade_provider::{Failure, FailureReason};
use serde_json::Value;

/// Where it answers.
const ENDPOINT: &str = "https://cloudasset.googleapis.com";

/// What is looked for. <https://cloud.google.com/asset-inventory/docs/asset-types>
const CLUSTERS: &str = "container.googleapis.com/Cluster";

/// The most results that a page may have.
const PAGE: &str = "500";

/// A client of Cloud Asset Inventory.
#[derive(Clone, Debug)]
pub(crate) struct Assets(ReqwestClient);

impl Assets {
    /// Ready to ask; nothing is sent yet.
    pub(crate) async fn new(settings: &Settings, credentials: &Credentials) -> Result<Self, String> {
        let mut config = ClientConfig::default();
        config.cred = Some(credentials.clone());
        config.endpoint.clone_from(&settings.endpoint_url);
        ReqwestClient::new(config, ENDPOINT).await.map(Self).map_err(|error| error.to_string())
    }
}

/// One page of a search.
#[derive(Debug)]
struct Search {
    client: ReqwestClient,
    parent: String,
    token: String,
    options: RequestOptions,
}

impl RequestBuilder for Search {
    fn request_options(&mut self) -> &mut RequestOptions {
        &mut self.options
    }
}

impl Search {
    async fn send(self) -> google_cloud_gax::Result<Value> {
        let request = self.client.builder(Method::GET, format!("/v1/{}:searchAllResources", self.parent));
        let request = request.query(&[("assetTypes", CLUSTERS), ("pageSize", PAGE), ("pageToken", &self.token)]);
        let answer = self.client.execute::<NoBody, Value>(request, None, self.options).await?;
        Ok(answer.into_body())
    }
}

/// The projects that hold clusters below an organisation or folder; `None` when that was not answered to the end.
pub(crate) async fn below(asker: &Asker<'_>, parent: &str) -> Option<Found> {
    let client = &asker.clients.assets.0;
    let mut pages = Vec::new();
    let asked = asker
        .pages(
            (&ASSETS_SEARCH, ASSETS),
            parent,
            &[],
            |token| Search {
                client: client.clone(),
                parent: parent.to_owned(),
                token,
                options: RequestOptions::default(),
            },
            |search| search.send(),
            |page| pages.push(page.clone()),
        )
        .await;
    asked.ok()?;
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let found = Found::of(pages.iter());
    if found.is_none() {
        let failure = Failure::new(FailureReason::Malformed, "a result names no project");
        asker.recorder.failed(&ASSETS_SEARCH, parent, &[], count, failure, None);
    }
    found
}
