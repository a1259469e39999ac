//! Signatures as the Standard Webhooks specification 1.0 wants them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::application::Secrets;
use crate::domain::Secret;

const PREFIX: &str = "whsec_";

/// Secrets of 256 random bits.
pub struct RandomSecrets;

impl Secrets for RandomSecrets {
    fn mint(&self) -> Secret {
        Secret::new(rand::random::<[u8; 32]>().to_vec())
    }
}

/// A secret as receivers are told it.
#[must_use]
pub fn secret_text(secret: &Secret) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret.octets()))
}

/// The value of `webhook-signature`: a signature by each secret, with spaces between them.
#[must_use]
pub fn signature(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let by = |secret: &Secret| {
        // A key of any length is taken by HMAC; a signature less is what a defect would make.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.octets()).ok()?;
        mac.update(signed.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(by).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the specification's own libraries.
    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn a_message_of_the_specification_is_signed_as_there() {
        let secret = Secret::new(STANDARD.decode(SECRET).unwrap());
        assert_eq!(secret_text(&secret), format!("whsec_{SECRET}"));
        let body = r#"{"test": 2432232314}"#;
        let signed = |secrets: &[Secret]| signature(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed(std::slice::from_ref(&secret)), SIGNED);
        let two = signed(&[Secret::new(vec![1; 24]), secret]);
        let (first, second) = two.split_once(' ').unwrap();
        assert!(second == SIGNED && first.starts_with("v1,") && first != second, "{two}");
    }

    #[test]
    fn secrets_are_of_the_specified_length_and_differ() {
        let (one, other) = (RandomSecrets.mint(), RandomSecrets.mint());
        assert!((24..=64).contains(&one.octets().len()) && one != other);
    }
}
