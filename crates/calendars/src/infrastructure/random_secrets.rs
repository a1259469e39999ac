use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::application::{MintedSecret, Secrets};

/// 32 bytes in base64url without padding.
const LENGTH: usize = 43;

/// Secrets of 256 random bits.
pub struct RandomSecrets;

impl Secrets for RandomSecrets {
    fn mint(&self) -> MintedSecret {
        let bytes: [u8; 32] = rand::random();
        let secret = URL_SAFE_NO_PAD.encode(bytes);
        let digest = Sha256::digest(secret.as_bytes()).into();
        MintedSecret { secret, digest }
    }

    fn digest(&self, shown: &str) -> Option<[u8; 32]> {
        let ours = shown.len() == LENGTH && URL_SAFE_NO_PAD.decode(shown).is_ok();
        ours.then(|| Sha256::digest(shown.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_and_nothing_else_could_be_one() {
        let minted = RandomSecrets.mint();
        assert_eq!(RandomSecrets.digest(&minted.secret), Some(minted.digest));
        assert_ne!(RandomSecrets.mint().secret, minted.secret);
        for shown in ["", "abc", &minted.secret[1..], &format!("{}=", &minted.secret[1..])] {
            assert_eq!(RandomSecrets.digest(shown), None, "{shown}");
        }
    }
}
