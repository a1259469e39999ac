use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use kernel::{PortFailure, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::token_keys::TokenKeys;

/// For whom access tokens are meant.
const AUDIENCE: &str = "doktolib-api";
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Ours have about 400 characters; what is longer is not looked at.
const LONGEST: usize = 1024;
/// Servers whose clocks differ by so many seconds still understand each other.
const CLOCKS_DIFFER: i64 = 5;

/// What an access token says. What its owner may do is not in it: that is looked up each time.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The header of our tokens, and nothing else: one that names its key by an address, brings it along, or wants
/// something understood that we do not know (RFC 7515, section 4.1) is none of ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OurHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// Makes and checks access tokens: JWT (RFC 7519), always HS256.
#[derive(Clone)]
pub struct AccessTokens {
    keys: TokenKeys,
    issuer: String,
    validation: Validation,
}

/// Whose and which session's a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The account.
    pub account: UserId,
    /// The session.
    pub session: SessionId,
}

impl AccessTokens {
    /// Of the installation that clients reach at `issuer`.
    #[must_use]
    pub fn new(keys: TokenKeys, issuer: String) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
        // Times are compared below, with our own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { keys, issuer, validation }
    }

    pub(super) fn make(&self, bearer: Bearer, at: Timestamp, until: Timestamp) -> Result<String, PortFailure> {
        let key = self.keys.signing().ok_or_else(|| PortFailure::new("sign an access token", "there is no key"))?;
        let header = Header { kid: Some(key.id.clone()), ..Header::new(ALGORITHM) };
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.account,
            sid: bearer.session,
            iat: at.as_second(),
            nbf: at.as_second(),
            exp: until.as_second(),
        };
        encode(&header, &claims, &key.signs).map_err(|error| PortFailure::new("sign an access token", error))
    }

    /// Whose token is it? `None` for everything that is not a good one of ours; why is nobody's business.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        if token.len() > LONGEST {
            return None;
        }
        let key = self.keys.by_id(&our_header(token)?.kid)?;
        let claims = decode::<Claims>(token, &key.verifies, &self.validation).ok()?.claims;
        let now = now.as_second();
        let timely = claims.nbf <= now + CLOCKS_DIFFER && claims.iat <= now + CLOCKS_DIFFER && now < claims.exp;
        timely.then_some(Bearer { account: claims.sub, session: claims.sid })
    }
}

fn our_header(token: &str) -> Option<OurHeader> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (first, _) = token.split_once('.')?;
    let header: OurHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(first).ok()?).ok()?;
    (header.alg == "HS256" && header.typ == "JWT").then_some(header)
}
