use platform::signing::{derive, mac};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use crate::application::Seals;
use crate::domain::{CheckCode, Signature};

/// Signs with a key made of the installation's secret: whoever writes to the database alone cannot sign.
#[derive(Clone)]
pub struct SecretSeals {
    key: [u8; 32],
}

impl SecretSeals {
    /// Of this installation.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self { key: derive(secret, "prescription-signature") }
    }
}

impl std::fmt::Debug for SecretSeals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSeals")
    }
}

impl Seals for SecretSeals {
    fn code(&self) -> CheckCode {
        CheckCode::new(rand::random())
    }

    fn sign(&self, parts: &[Vec<u8>]) -> Signature {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Signature::new(mac(&self.key, &parts))
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
        let (ours, theirs) = (SecretSeals::new(&"a".into()), SecretSeals::new(&"b".into()));
        let parts = [b"ab".to_vec(), b"c".to_vec()];
        let signature = ours.sign(&parts);
        assert!(ours.is_of(&signature, &parts));
        assert!(!theirs.is_of(&signature, &parts));
        assert!(!ours.is_of(&signature, &[b"a".to_vec(), b"bc".to_vec()]));
        assert!(ours.code() != ours.code());
    }
}
