use platform::crypto::Keyring;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::application::Seals;
use crate::domain::{CheckCode, Signature};

/// Signs with a key made of the installation's secret: whoever writes to the database alone cannot sign.
#[derive(Debug, Clone)]
pub struct KeyedSeals {
    /// Holds it.
    pub keys: Keyring,
}

impl Seals for KeyedSeals {
    fn code(&self) -> CheckCode {
        CheckCode::new(rand::random())
    }

    fn sign(&self, parts: &[Vec<u8>]) -> Signature {
        let mut hash = Sha256::new();
        for part in parts {
            // With its length in front, so that no two lists of parts look alike.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = Signature::new(hash.finalize().into());
        Signature::new(self.keys.blind("prescriptions.version.signature", &digest.to_string()))
    }

    fn is_of(&self, signature: &Signature, parts: &[Vec<u8>]) -> bool {
        self.sign(parts).octets().ct_eq(signature.octets()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_parts_and_its_installation() {
        let seals = |secret: &str| KeyedSeals { keys: Keyring::derived(&secret.into()) };
        let (ours, theirs) = (seals("a"), seals("b"));
        let parts = [b"ab".to_vec(), b"c".to_vec()];
        let signature = ours.sign(&parts);
        assert!(ours.is_of(&signature, &parts));
        assert!(!theirs.is_of(&signature, &parts));
        assert!(!ours.is_of(&signature, &[b"a".to_vec(), b"bc".to_vec()]), "parts do not run into each other");
        assert!(ours.code() != ours.code());
    }
}
