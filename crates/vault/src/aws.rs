//! AWS Secrets Manager.

use crate::Read;
use aws_config::{Region, SdkConfig};
use aws_sdk_secretsmanager::{
    Client,
    error::{DisplayErrorContext, SdkError},
};
use tokio::sync::OnceCell;

/// The secret manager, asked with the process's own credentials.
#[derive(Debug, Default)]
pub(crate) struct Manager(OnceCell<SdkConfig>);

impl Manager {
    /// Reads the current version of a secret, in this region or that of the process.
    pub(crate) async fn read(&self, id: &str, region: Option<&str>) -> Read {
        let config = self.0.get_or_init(palisade_aws::own_access).await;
        let mut builder = aws_sdk_secretsmanager::config::Builder::from(config);
        if let Some(region) = region {
            builder = builder.region(Region::new(region.to_owned()));
        }
        let answer = Client::from_conf(builder.build()).get_secret_value().secret_id(id).send().await;
        let answer = answer.map_err(|error| match &error {
            // The service's message names who asked and for what, and no secret.
            SdkError::ServiceError(said) => {
                let meta = said.err().meta();
                let words = [meta.code(), meta.message()];
                words.into_iter().flatten().collect::<Vec<_>>().join(": ")
            }
            SdkError::ConstructionFailure(_)
            | SdkError::TimeoutError(_)
            | SdkError::DispatchFailure(_)
            | SdkError::ResponseError(_)
            | _ => DisplayErrorContext(&error).to_string(),
        })?;
        match (answer.secret_string, answer.secret_binary) {
            (Some(text), _) => Ok(text.into_bytes()),
            (None, Some(bytes)) => Ok(bytes.into_inner()),
            (None, None) => Err("the answer holds no secret".to_owned()),
        }
    }
}
