//! One key after another.

use crate::{KeyError, PublicKey, Signer, signer::signature};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// One key says who comes after it, and the other one agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    schema: String,
    old_key: String,
    new_key: String,
    old_signature: String,
    new_signature: String,
}

const ROTATION: &str = "palisade.rotation/v1";

impl Rotation {
    /// Both keys sign that the new one follows the old one.
    pub fn new(old: &dyn Signer, new: &dyn Signer) -> Result<Self, KeyError> {
        let (old_key, new_key) = (old.public().to_pem(), new.public().to_pem());
        let message = rotation_message(&old_key, &new_key);
        Ok(Self {
            schema: ROTATION.to_owned(),
            old_signature: STANDARD.encode(signature(old, &message)?),
            new_signature: STANDARD.encode(signature(new, &message)?),
            old_key,
            new_key,
        })
    }

    /// The old key and the new one, when both have signed.
    pub fn keys(&self) -> Result<(PublicKey, PublicKey), KeyError> {
        if self.schema != ROTATION {
            return Err(KeyError::Rotation("its schema is not `palisade.rotation/v1`"));
        }
        let (old, new) = (PublicKey::from_pem(&self.old_key)?, PublicKey::from_pem(&self.new_key)?);
        let message = rotation_message(&self.old_key, &self.new_key);
        let holds = |key: PublicKey, text: &str| {
            STANDARD.decode(text).is_ok_and(|signature| key.has_signed(&message, &signature))
        };
        if !holds(old, &self.old_signature) {
            return Err(KeyError::Rotation("the old key did not sign it"));
        }
        if !holds(new, &self.new_signature) {
            return Err(KeyError::Rotation("the new key did not sign it"));
        }
        Ok((old, new))
    }
}

fn rotation_message(old: &str, new: &str) -> Vec<u8> {
    format!("{ROTATION}\n{old}{new}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    #[test]
    fn a_rotation_holds_when_both_keys_signed_it_and_not_otherwise() {
        let [old, new, other] = [(); 3].map(|()| SigningKey::generate().unwrap().0);
        let good = Rotation::new(&old, &new).unwrap();
        assert_eq!(good.keys().unwrap(), (old.public(), new.public()));
        let stolen = Rotation { new_key: other.public().to_pem(), ..good.clone() };
        assert_eq!(stolen.keys().unwrap_err(), KeyError::Rotation("the old key did not sign it"));
        let one_sided = Rotation { new_signature: good.old_signature.clone(), ..good };
        assert_eq!(one_sided.keys().unwrap_err(), KeyError::Rotation("the new key did not sign it"));
    }
}
