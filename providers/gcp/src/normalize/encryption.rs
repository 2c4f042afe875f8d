//! What protects the content of a cluster's database above the disk.

use crate::record::{
    container::{Cluster, DatabaseEncryption},
    word::{ENCRYPTION_CURRENT_STATE, ENCRYPTION_STATE},
};
use palisade_model::{Coverage, Encryption, Gap, KeyOwner, Progress};

/// The statement of Google that etcd is its own.
pub(crate) const ETCD: &str = "Google runs the control plane of GKE, its etcd or Spanner database included, in a project of its own: \
https://cloud.google.com/kubernetes-engine/docs/concepts/control-plane-security";

/// `state` is the wish, `currentState` the fact. Clusters that were last changed before `currentState` existed have only
/// the wish; a cluster without either has never been encrypted by a key of the customer's.
pub(crate) fn encryption(cluster: &Cluster) -> Result<Encryption, Gap> {
    let none = DatabaseEncryption::default();
    let record = cluster.database_encryption.as_ref().unwrap_or(&none);
    let wish = record.state.as_ref().map(|state| state.name(ENCRYPTION_STATE));
    let fact = record
        .current_state
        .as_ref()
        .map(|state| state.name(ENCRYPTION_CURRENT_STATE))
        .filter(|state| state != "CURRENT_STATE_UNSPECIFIED");
    let pending = |state: &str| Progress::Pending { state: state.to_owned(), since: None };
    let failed = || Progress::Failed { why: last_error(record) };
    let (coverage, progress) = match (fact.as_deref(), wish.as_deref()) {
        (Some("CURRENT_STATE_ENCRYPTED"), _) | (None, Some("ENCRYPTED")) => (Coverage::Secrets, Progress::Settled),
        (Some("CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED"), _) | (None, Some("ALL_OBJECTS_ENCRYPTION_ENABLED")) => {
            (Coverage::AllObjects, Progress::Settled)
        }
        (Some("CURRENT_STATE_DECRYPTED"), _) | (None, None | Some("DECRYPTED")) => {
            (Coverage::Nothing, Progress::Settled)
        }
        // Under way in either direction nothing is promised of an object that was not rewritten yet.
        (
            Some(
                state @ ("CURRENT_STATE_ENCRYPTION_PENDING"
                | "CURRENT_STATE_DECRYPTION_PENDING"
                | "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_PENDING"),
            ),
            _,
        ) => (Coverage::Nothing, pending(state)),
        (
            Some(
                "CURRENT_STATE_ENCRYPTION_ERROR"
                | "CURRENT_STATE_DECRYPTION_ERROR"
                | "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ERROR",
            ),
            _,
        ) => (Coverage::Nothing, failed()),
        (Some(other), _) | (None, Some(other)) => {
            return Err(Gap::Unsettled { what: format!("this version does not know the encryption state `{other}`") });
        }
    };
    let key = record.key_name.as_deref().filter(|key| !key.is_empty());
    let owner = match (coverage, &progress, key) {
        (Coverage::Nothing, Progress::Settled, _) | (Coverage::Nothing, _, None) => KeyOwner::Nobody,
        // Whatever has come of it so far: the key that is configured is the customer's.
        (_, _, Some(key)) => KeyOwner::Customer { key: key.to_owned() },
        (Coverage::Secrets | Coverage::AllObjects, _, None) => KeyOwner::Provider,
    };
    let because = format!(
        "databaseEncryption: state `{}`, currentState `{}`",
        wish.as_deref().unwrap_or("unset"),
        fact.as_deref().unwrap_or("unset"),
    );
    // Google rewrites by itself and says when it is done; a former key that is still needed for reading says it is not.
    let rewritten = match (&progress, coverage) {
        (Progress::Settled, Coverage::Secrets | Coverage::AllObjects) => {
            Some(record.decryption_keys.iter().all(|former| key == Some(former.as_str())))
        }
        (Progress::Settled, Coverage::Nothing) => None,
        (Progress::Pending { .. } | Progress::Failed { .. }, _) => Some(false),
    };
    Ok(Encryption { coverage, owner, progress, rewritten, because })
}

/// The newest of the errors.
fn last_error(record: &DatabaseEncryption) -> String {
    let newest = record.last_operation_errors.iter().max_by(|a, b| a.timestamp.cmp(&b.timestamp));
    newest.and_then(|error| error.error_message.clone()).unwrap_or_else(|| "Google gives no reason".to_owned())
}

/// The customer's key, whether or not it is in use yet.
pub(crate) fn key_name(cluster: &Cluster) -> Option<&str> {
    cluster.database_encryption.as_ref()?.key_name.as_deref().filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(record: &serde_json::Value) -> Result<Encryption, Gap> {
        encryption(&serde_json::from_value(json!({ "databaseEncryption": record })).unwrap())
    }

    #[test]
    fn every_state_is_read_by_name_and_by_number() {
        let key = "projects/k/locations/l/keyRings/r/cryptoKeys/c";
        for (name, number, coverage, settled) in [
            ("CURRENT_STATE_ENCRYPTED", 7, Coverage::Secrets, true),
            ("CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED", 8, Coverage::AllObjects, true),
            ("CURRENT_STATE_DECRYPTED", 2, Coverage::Nothing, true),
            ("CURRENT_STATE_ENCRYPTION_PENDING", 3, Coverage::Nothing, false),
            ("CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ERROR", 10, Coverage::Nothing, false),
        ] {
            let by_name = read(&json!({ "state": "ENCRYPTED", "currentState": name, "keyName": key })).unwrap();
            let by_number = read(&json!({ "state": 1, "currentState": number, "keyName": key })).unwrap();
            assert_eq!(by_name, by_number, "{name}");
            assert_eq!((by_name.coverage, by_name.progress == Progress::Settled), (coverage, settled), "{name}");
        }
    }

    #[test]
    fn a_configured_key_is_the_customers_until_the_cluster_is_done_with_it() {
        let key = || Some("projects/k/locations/l/keyRings/r/cryptoKeys/c".to_owned());
        let customer = || KeyOwner::Customer { key: key().unwrap() };
        let owner =
            |state: i32, key: Option<String>| read(&json!({ "currentState": state, "keyName": key })).unwrap().owner;
        // Encrypted, under way and failed, in either direction.
        for state in [3, 4, 5, 6, 7, 8, 9, 10] {
            assert_eq!(owner(state, key()), customer(), "{state}");
        }
        assert_eq!(owner(2, key()), KeyOwner::Nobody);
        for state in [2, 3, 4, 5, 6, 9, 10] {
            assert_eq!(owner(state, None), KeyOwner::Nobody, "{state}");
        }
        for state in [7, 8] {
            assert_eq!(owner(state, None), KeyOwner::Provider, "{state}");
        }
    }

    #[test]
    fn the_fact_outranks_the_wish_and_the_wish_serves_where_there_is_no_fact() {
        let wished = read(&json!({ "state": "ENCRYPTED", "currentState": "CURRENT_STATE_DECRYPTED" })).unwrap();
        assert_eq!(wished.coverage, Coverage::Nothing);
        assert_eq!(read(&json!({ "state": 3 })).unwrap().coverage, Coverage::AllObjects);
        assert_eq!(read(&json!({})).unwrap().coverage, Coverage::Nothing);
    }

    #[test]
    fn a_state_nobody_knows_is_not_taken_for_encrypted_or_not() {
        assert!(matches!(read(&json!({ "currentState": 99 })), Err(Gap::Unsettled { .. })));
        assert!(matches!(read(&json!({ "state": "UNKNOWN" })), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn a_former_key_that_is_still_needed_says_that_not_everything_was_rewritten() {
        let record = |keys: &[&str]| {
            read(&json!({ "currentState": 7, "keyName": "new", "decryptionKeys": keys })).unwrap().rewritten
        };
        assert_eq!(record(&["new"]), Some(true));
        assert_eq!(record(&["new", "old"]), Some(false));
    }
}
