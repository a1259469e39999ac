//! The codes that prove guests' addresses.

use kernel::AppointmentId;
use platform::signing;
use secrecy::SecretString;

use crate::application::HoldCodes;

/// Six digits: with five tries for each hold, and three holds for each address, nobody guesses one.
const CODES: u32 = 1_000_000;

/// Makes codes, keeps HMACs of them.
#[derive(Clone)]
pub struct SecretHoldCodes {
    key: [u8; 32],
}

impl SecretHoldCodes {
    /// For an installation with this secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self { key: signing::derive(secret, "hold-codes") }
    }
}

impl HoldCodes for SecretHoldCodes {
    fn code(&self) -> String {
        // The thread's generator is a cryptographic one, seeded by the system.
        format!("{:06}", rand::random_range(0..CODES))
    }

    fn digest(&self, of: AppointmentId, code: &str) -> [u8; 32] {
        let plain: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        signing::mac(&self.key, &[of.as_uuid().as_bytes(), plain.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(secret: &str) -> SecretHoldCodes {
        SecretHoldCodes::new(&SecretString::from(secret))
    }

    #[test]
    fn a_code_has_six_digits() {
        let code = codes("a").code();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    }

    #[test]
    fn a_digest_belongs_to_its_hold_and_its_installation_and_overlooks_spaces() {
        let of = AppointmentId::mint();
        assert_eq!(codes("a").digest(of, "123 456"), codes("a").digest(of, "123-456"));
        assert_ne!(codes("a").digest(of, "123456"), codes("a").digest(of, "123457"));
        assert_ne!(codes("a").digest(of, "123456"), codes("a").digest(AppointmentId::mint(), "123456"));
        assert_ne!(codes("a").digest(of, "123456"), codes("b").digest(of, "123456"));
    }
}
