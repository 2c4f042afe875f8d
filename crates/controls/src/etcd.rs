//! Controls of access to etcd and the encryption of its content.

use palisade_engine::Entry;

pub mod customer_key_missing;
pub mod encryption_key_in_danger;
pub mod encryption_key_not_rotated;
pub mod encryption_key_widely_held;
pub mod etcd_in_reach;
pub mod etcd_volumes_unencrypted;
pub mod old_objects_not_rewritten;
pub mod only_secrets_encrypted;
pub mod secrets_unencrypted;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<etcd_in_reach::EtcdInReach>(),
    Entry::of::<secrets_unencrypted::SecretsUnencrypted>(),
    Entry::of::<customer_key_missing::CustomerKeyMissing>(),
    Entry::of::<only_secrets_encrypted::OnlySecretsEncrypted>(),
    Entry::of::<encryption_key_in_danger::EncryptionKeyInDanger>(),
    Entry::of::<encryption_key_not_rotated::EncryptionKeyNotRotated>(),
    Entry::of::<encryption_key_widely_held::EncryptionKeyWidelyHeld>(),
    Entry::of::<etcd_volumes_unencrypted::EtcdVolumesUnencrypted>(),
    Entry::of::<old_objects_not_rewritten::OldObjectsNotRewritten>(),
];
