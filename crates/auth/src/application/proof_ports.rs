use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, PortFailure, UserId};
use uuid::Uuid;

use crate::domain::Email;

/// Turns passwords into hashes and compares them; slow on purpose, and never on a thread that serves requests.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Passwords: Send + Sync {
    /// A hash to be kept.
    async fn hash(&self, password: &str) -> Result<String, PortFailure>;

    /// Is it the password of this hash? Without a hash the answer is no, and takes as long.
    async fn is(&self, password: &str, hash: Option<String>) -> Result<bool, PortFailure>;
}

/// Makes and checks what proves somebody.
#[cfg_attr(test, mockall::automock)]
pub trait Proofs: Send + Sync {
    /// Six digits from a secure source.
    fn code(&self) -> String;

    /// 130 bits or more from a secure source, in letters and digits that are not mistaken for one another.
    fn long_code(&self) -> String;

    /// What is kept of a code of this request or account.
    fn digest(&self, of: Uuid, code: &str) -> [u8; 32];

    /// A digest that no code has.
    fn no_digest(&self) -> [u8; 32];

    /// A new secret for an authenticator app, 160 bits.
    fn totp_secret(&self) -> Vec<u8>;

    /// What an authenticator app reads: base32 (RFC 4648) and the `otpauth` address of it.
    fn totp_shown(&self, secret: &[u8], email: &Email) -> (String, String);

    /// The time step of a code (RFC 6238), where it is one of now or a step to either side.
    fn totp_step(&self, secret: &[u8], code: &str, at: Timestamp) -> Option<i64>;
}

/// Those who want to know when a patient has proved who he or she is.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PatientRecords: Send + Sync {
    /// Makes sure that the user's own record is there, guests of the same verified address included. May be called
    /// any number of times.
    async fn welcome(&self, user: UserId) -> Result<(), PortFailure>;
}

/// Knows clinics and profiles.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Practices: Send + Sync {
    /// Is there such a clinic?
    async fn has_clinic(&self, clinic: ClinicId) -> Result<bool, PortFailure>;

    /// Is there such a doctor?
    async fn has_doctor(&self, doctor: DoctorId) -> Result<bool, PortFailure>;
}
