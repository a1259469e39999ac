//! Keys derived from the installation's one secret, and signatures made with them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

type HmacSha256 = Hmac<Sha256>;

/// HMAC-SHA256 (RFC 2104) over the parts, each with its length in front so that no two lists of parts look alike.
#[must_use]
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is taken by HMAC; the other arm is never reached.
    let Ok(mut mac) = HmacSha256::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Derives a key for one purpose; what leaks of one tells nothing of the others.
#[must_use]
pub fn derive(secret: &SecretString, purpose: &str) -> [u8; 32] {
    use sha2::Digest as _;
    let master: [u8; 32] = Sha256::digest(secret.expose_secret().as_bytes()).into();
    mac(&master, &[b"doktolib", purpose.as_bytes()])
}

/// Signs links that open one record for whoever holds them.
#[derive(Clone)]
pub struct LinkSigner {
    key: [u8; 32],
}

impl LinkSigner {
    /// A signer for links of one sort, e.g. `"appointment"`.
    #[must_use]
    pub fn new(secret: &SecretString, sort: &str) -> Self {
        Self { key: derive(secret, &format!("link:{sort}")) }
    }

    /// The token that opens `id`: 192 bits, base64url.
    #[must_use]
    pub fn token(&self, id: Uuid) -> String {
        let full = mac(&self.key, &[id.as_bytes()]);
        URL_SAFE_NO_PAD.encode(full.get(..24).unwrap_or_default())
    }

    /// Does `token` open `id`? Takes the same time whatever it is.
    #[must_use]
    pub fn opens(&self, token: &str, id: Uuid) -> bool {
        self.token(id).as_bytes().ct_eq(token.as_bytes()).into()
    }
}

impl std::fmt::Debug for LinkSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSigner")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> LinkSigner {
        LinkSigner::new(&SecretString::from(secret), "appointment")
    }

    #[test]
    fn a_token_opens_its_own_record_and_no_other() {
        let (ours, theirs) = (Uuid::now_v7(), Uuid::now_v7());
        let token = signer("a").token(ours);
        assert!(signer("a").opens(&token, ours));
        assert!(!signer("a").opens(&token, theirs));
        assert!(!signer("b").opens(&token, ours));
        assert!(!signer("a").opens("", ours));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(mac(&[1; 32], &[b"ab", b"c"]), mac(&[1; 32], &[b"a", b"bc"]));
    }
}
