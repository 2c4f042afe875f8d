//! KMS keys.

use serde_json::{Value, json};

use crate::aws::description::{Key, Region};
use crate::aws::kms::compact;
use crate::aws::moment::Moment;
use crate::aws::place::Place;

/// A key as KMS describes it.
#[derive(Clone, Debug)]
pub(crate) struct KeyFacts {
    id: String,
    arn: String,
    alias: String,
    pub(crate) metadata: Value,
    pub(crate) rotation: Value,
    pub(crate) policy: String,
    pub(crate) grants: Vec<Value>,
}

/// The id of a key; multi-Region keys are known by their prefix.
fn id_of(place: &Place, name: &str) -> String {
    place.uuid("key", &[name])
}

/// The ARN of a key, by its name in the region. What is an ARN already stays as it is.
pub(super) fn arn_of(place: &Place, name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { place.arn("kms", &format!("key/{}", id_of(place, name))) }
}

impl KeyFacts {
    pub(super) fn expand(place: &Place, region: &Region, key: &Key) -> Self {
        let (id, arn) = (id_of(place, &key.name), arn_of(place, &key.name));
        let deletion = (key.state == "PendingDeletion").then(|| key.deletion.unwrap_or(Moment::STORY.plus_days(7)));
        let metadata = json!({
            "AWSAccountId": place.account,
            "KeyId": id,
            "Arn": arn,
            "CreationDate": key.created.epoch(),
            "Enabled": key.state == "Enabled",
            "Description": format!("{} ({})", key.name, place.region),
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": key.state,
            "DeletionDate": deletion.map(Moment::epoch),
            "Origin": "AWS_KMS",
            "KeyManager": key.manager,
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": key.multi_region,
        });
        let rotates = key.rotation && key.state == "Enabled";
        let rotation = json!({
            "KeyId": arn,
            "KeyRotationEnabled": rotates,
            "RotationPeriodInDays": rotates.then_some(365),
            "NextRotationDate": rotates.then(|| Moment::STORY.plus_days(90).epoch()),
        });
        let policy = key.policy.clone().unwrap_or_else(|| usual_policy(place));
        let users = region.clusters.iter().filter(|cluster| cluster.encryption.as_deref() == Some(key.name.as_str()));
        let of_clusters = users.map(|cluster| {
            grant(
                place,
                &id,
                &format!("eks-{}", cluster.name),
                &place.iam("role", &cluster.role),
                &["Encrypt", "Decrypt", "DescribeKey"],
            )
        });
        let others = key.grants.iter().map(|given| grant(place, &id, &given.name, &given.grantee, &given.operations));
        let grants = of_clusters.chain(others).collect();
        Self {
            id,
            arn,
            alias: key.name.clone(),
            metadata: compact(metadata),
            rotation: compact(rotation),
            policy: policy.to_string(),
            grants,
        }
    }

    /// Whether the text names this key: by id, ARN, alias or the alias' ARN.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        let alias = text.split_once("alias/").map(|(_, alias)| alias);
        text == self.id || text == self.arn || alias == Some(self.alias.as_str())
    }
}

fn grant<T: AsRef<str>>(place: &Place, key: &str, name: &str, grantee: &str, operations: &[T]) -> Value {
    let id = format!(
        "{}{}",
        place.hex("grant", &[key, name, grantee], 32),
        place.hex("grant-more", &[key, name, grantee], 32)
    );
    let operations: Vec<&str> = operations.iter().map(AsRef::as_ref).collect();
    json!({
        "KeyId": place.arn("kms", &format!("key/{key}")),
        "GrantId": id,
        "Name": name,
        "CreationDate": Moment::long_ago().epoch(),
        "GranteePrincipal": grantee,
        "IssuingAccount": root(place),
        "Operations": operations,
    })
}

/// The policy that hands the decision to the account's own IAM policies.
fn usual_policy(place: &Place) -> Value {
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": root(place) },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
}

/// The account itself, as a principal.
fn root(place: &Place) -> String {
    format!("arn:{}:iam::{}:root", place.partition, place.account)
}
