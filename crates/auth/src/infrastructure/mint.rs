use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kernel::{PortFailure, SessionId, UserId};
use platform::signing;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::access_token::{AccessTokens, Bearer};
use crate::application::{Digest, Minted, TokenMint};
use crate::domain::Secret;

/// 32 bytes in base64url without padding.
const OPAQUE_LENGTH: usize = 43;

/// Makes and recognises what clients hold.
#[derive(Clone)]
pub struct Mint {
    access: AccessTokens,
    csrf: [u8; 32],
}

impl Mint {
    /// Access tokens by `access`; tokens against forgery are derived from the installation's secret.
    #[must_use]
    pub fn new(access: AccessTokens, secret: &SecretString) -> Self {
        Self { access, csrf: signing::derive(secret, "csrf") }
    }

    pub(super) fn read_access(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        self.access.read(token, now)
    }

    /// Does a page of that session show this? Takes the same time whatever it is.
    pub(super) fn is_csrf(&self, session: SessionId, shown: &str) -> bool {
        self.csrf(session).expose().as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl TokenMint for Mint {
    fn access(
        &self,
        account: UserId,
        session: SessionId,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<Secret, PortFailure> {
        self.access.make(Bearer { account, session }, at, until).map(Secret::new)
    }

    fn opaque(&self) -> Minted {
        let bytes: [u8; 32] = rand::random();
        let secret = URL_SAFE_NO_PAD.encode(bytes);
        let digest = Sha256::digest(secret.as_bytes()).into();
        Minted { secret: Secret::new(secret), digest }
    }

    fn digest(&self, shown: &str) -> Option<Digest> {
        let ours = shown.len() == OPAQUE_LENGTH && URL_SAFE_NO_PAD.decode(shown).is_ok();
        ours.then(|| Sha256::digest(shown.as_bytes()).into())
    }

    fn csrf(&self, session: SessionId) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(signing::mac(&self.csrf, &[session.as_uuid().as_bytes()])))
    }
}
