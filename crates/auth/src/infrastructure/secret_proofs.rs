//! One-time codes and authenticator apps.

use jiff::Timestamp;
use platform::signing;
use secrecy::SecretString;
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use crate::application::Proofs;
use crate::domain::Email;

/// Without letters and digits that are mistaken for one another (after Crockford's base32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 of 32 letters are 130 bits.
const LONG: usize = 26;
const ISSUER: &str = "Doktolib";
/// 160 bits, as RFC 4226, section 4 recommends.
const SECRET: usize = 20;

/// Makes codes, keeps HMACs of them.
#[derive(Clone)]
pub struct SecretProofs {
    key: [u8; 32],
}

impl SecretProofs {
    /// For an installation with this secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self { key: signing::derive(secret, "one-time-codes") }
    }
}

impl Proofs for SecretProofs {
    fn code(&self) -> String {
        // The thread's generator is a cryptographic one, seeded by the system.
        format!("{:06}", rand::random_range(0..1_000_000_u32))
    }

    fn long_code(&self) -> String {
        let bytes: [u8; LONG] = rand::random();
        bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31))).map(|byte| char::from(*byte)).collect()
    }

    fn digest(&self, of: Uuid, code: &str) -> [u8; 32] {
        let plain: String =
            code.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_lowercase).collect();
        signing::mac(&self.key, &[of.as_bytes(), plain.as_bytes()])
    }

    fn no_digest(&self) -> [u8; 32] {
        rand::random()
    }

    fn totp_secret(&self) -> Vec<u8> {
        let secret: [u8; SECRET] = rand::random();
        secret.to_vec()
    }

    fn totp_shown(&self, secret: &[u8], email: &Email) -> (String, String) {
        let text = Secret::new(secret.into()).to_base32();
        let address = format!(
            "otpauth://totp/{ISSUER}:{}?secret={text}&issuer={ISSUER}&algorithm=SHA1&digits=6&period=30",
            percent(email.as_str())
        );
        (text, address)
    }

    fn totp_step(&self, secret: &[u8], code: &str, at: Timestamp) -> Option<i64> {
        let seconds = u64::try_from(at.as_second()).ok()?;
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        totp(secret)?.check(&digits, seconds).and_then(|step| i64::try_from(step).ok())
    }
}

/// SHA-1, six digits, 30 seconds, one step to either side: what every authenticator app understands.
fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(Secret::new(secret.into())).with_skew(1).build().ok()
}

/// The code that an authenticator app with this secret (base32) shows at that time: for demonstrations and tests.
#[must_use]
pub fn totp_code(secret: &str, at: Timestamp) -> Option<String> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let totp = Builder::new().with_secret(secret).build().ok()?;
    Some(totp.generate(u64::try_from(at.as_second()).ok()?).to_string())
}

/// Percent-encoding of all but unreserved characters (RFC 3986, section 2.3).
fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proofs() -> SecretProofs {
        SecretProofs::new(&SecretString::from("a"))
    }

    #[test]
    fn codes_have_six_digits_and_long_ones_26_letters() {
        let (code, long) = (proofs().code(), proofs().long_code());
        assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        assert!(long.len() == LONG && long.bytes().all(|b| ALPHABET.contains(&b)), "{long}");
        assert_ne!(proofs().long_code(), long);
    }

    #[test]
    fn a_digest_belongs_to_its_request_and_its_installation_and_overlooks_dashes() {
        let of = Uuid::now_v7();
        assert_eq!(proofs().digest(of, "ABC-def"), proofs().digest(of, "abc def"));
        assert_ne!(proofs().digest(of, "abcdef"), proofs().digest(Uuid::now_v7(), "abcdef"));
        assert_ne!(proofs().digest(of, "abcdef"), SecretProofs::new(&SecretString::from("b")).digest(of, "abcdef"));
    }

    /// RFC 6238, appendix B, the last six digits of the SHA-1 column.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let at = Timestamp::from_second(seconds).unwrap();
            assert_eq!(proofs().totp_step(secret, code, at), Some(seconds / 30));
            let (shown, _) = proofs().totp_shown(secret, &Email::parse("a@b.c").unwrap());
            assert_eq!(totp_code(&shown, at).as_deref(), Some(code));
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_to_either_side_and_no_more() {
        let secret = b"12345678901234567890";
        let step = |seconds| proofs().totp_step(secret, "287082", Timestamp::from_second(seconds).unwrap());
        assert_eq!((step(29), step(30), step(60), step(89), step(90)), (Some(1), Some(1), Some(1), Some(1), None));
        assert_eq!(proofs().totp_step(secret, "28708", Timestamp::from_second(59).unwrap()), None);
        assert_eq!(proofs().totp_step(secret, "2870822", Timestamp::from_second(59).unwrap()), None);
    }

    #[test]
    fn an_app_is_told_all_it_needs() {
        let (secret, address) = proofs().totp_shown(&[7; 20], &Email::parse("ada+x@example.org").unwrap());
        assert_eq!(
            address,
            format!(
                "otpauth://totp/Doktolib:ada%2Bx%40example.org?secret={secret}&issuer=Doktolib&algorithm=SHA1&digits=6&period=30"
            )
        );
    }
}
