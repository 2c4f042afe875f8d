//! The keys that encrypt the clusters, each once however many clusters share it.

use super::{
    ask::{Paging, Wire, sending},
    boxed,
    cluster::Described,
    region::Place,
};
use crate::calls;
use futures::future::join_all;
use serde_json::Value;
use std::collections::BTreeSet;

/// Reads every key that a cluster of the region names.
pub(super) async fn keys(place: &Place<'_>, clusters: &[Described]) {
    let configured = clusters.iter().flat_map(|described| &described.cluster.encryption_config);
    let keys: BTreeSet<&str> =
        configured.filter_map(|encryption| encryption.provider.as_ref()?.key_arn.as_deref()).collect();
    if keys.is_empty() {
        return;
    }
    let kms = &place.context.session.kms(place.region);
    join_all(keys.iter().map(|key| boxed(read(place, kms, key)))).await;
}

async fn read(place: &Place<'_>, kms: &aws_sdk_kms::Client, key: &str) {
    let context = place.context;
    let host = place.host("kms");
    let params = [("key", key)];
    let describe = place.question(&calls::DESCRIBE_KEY, &params, Wire::Json, None);
    let rotation = place.question(&calls::GET_KEY_ROTATION_STATUS, &params, Wire::Json, None);
    let policy = place.question(&calls::GET_KEY_POLICY, &params, Wire::Json, None);
    let grants = place.question(&calls::LIST_GRANTS, &params, Wire::Json, Some(Paging::TRUNCATED));
    let describe = context.ask::<Value>(&host, &describe, sending!(|_| kms.describe_key().key_id(key)));
    let rotation = context.ask::<Value>(&host, &rotation, sending!(|_| kms.get_key_rotation_status().key_id(key)));
    // The only policy a key has is called `default`; an emulator may insist on its name.
    let policy =
        context.ask::<Value>(&host, &policy, sending!(|_| kms.get_key_policy().key_id(key).policy_name("default")));
    let grants =
        context.ask::<Value>(&host, &grants, sending!(|token| kms.list_grants().key_id(key).set_marker(token)));
    futures::join!(boxed(describe), boxed(rotation), boxed(policy), boxed(grants));
}
