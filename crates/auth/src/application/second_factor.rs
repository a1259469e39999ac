use std::sync::Arc;

use kernel::{PortFailure, Recorded, Role, UserId};

use super::sign_in_by_password::with_step;
use super::{AccountPorts, Change, Decide, Entered, RecoveryCodes, Refusal, StoreError, TryError, Visitor, limits};
use crate::domain::{Account, AccountEvent, SecondFactor, Secret, SessionExtent, SessionKind, Totp};

/// So many codes for the day on which the app is lost.
const RECOVERY_CODES: usize = 10;

/// Sets up an authenticator app, and makes the codes for the day on which it is lost.
#[derive(Clone)]
pub struct SetUpSecondFactor {
    /// From outside.
    pub ports: AccountPorts,
}

/// What an authenticator app is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpOffer {
    /// Base32 (RFC 4648).
    pub secret: Secret,
    /// The same as an `otpauth` address, for a QR code.
    pub otpauth: Secret,
}

/// Why it stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// Patients are not asked for one.
    #[error("this role is not asked for a second factor")]
    NotAsked,
    /// There is one; an administrator can take it off.
    #[error("a second factor is set up")]
    Exists,
    /// The code is not right, or was taken before.
    #[error("this is not the code")]
    WrongCode,
    /// Too often.
    #[error("too many tries")]
    TooMany {
        /// Seconds.
        retry_after: u32,
    },
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<TryError> for SecondFactorError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<StoreError> for SecondFactorError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::Refused(Refusal::SecondFactorExists) => Self::Exists,
            StoreError::Refused(Refusal::NotFound) => Self::NotAsked,
            StoreError::Refused(_)
            | StoreError::EmailTaken
            | StoreError::ProfileTaken
            | StoreError::LastAdmin
            | StoreError::Once(_) => Self::WrongCode,
        }
    }
}

impl SetUpSecondFactor {
    /// Makes a secret; it proves nothing until a code of it is shown to [`Self::confirm`].
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn begin(&self, user: UserId, request_id: Option<String>) -> Result<TotpOffer, SecondFactorError> {
        let now = self.ports.clock.now();
        let secret = self.ports.proofs.totp_secret();
        let fresh = secret.clone();
        let decide: Decide = Arc::new(move |account: &Account| {
            match account.second_factor() {
                SecondFactor::NotAsked => return Err(Refusal::NotFound),
                SecondFactor::SetUp => return Err(Refusal::SecondFactorExists),
                SecondFactor::Missing => {}
            }
            let totp = Totp { secret: fresh.clone(), confirmed_at: None, last_step: None };
            let event = AccountEvent::SecondFactorBegun { user_id: account.id };
            let event = Recorded::new(event, account.caller().actor(), now).caused_by(request_id.clone());
            Ok(Change::new(Account { totp: Some(totp), ..account.changed(now) }, event))
        });
        let account = self.ports.users.change(user, decide).await?;
        let (text, address) = self.ports.proofs.totp_shown(&secret, &account.email);
        Ok(TotpOffer { secret: Secret::new(text), otpauth: Secret::new(address) })
    }

    /// Takes the first code of the app: the account has a second factor from now on, and this is a full sign-in; those
    /// for setting it up end. The recovery codes are shown this once.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn confirm(
        &self,
        user: UserId,
        code: &str,
        kind: SessionKind,
        visitor: &Visitor,
    ) -> Result<(Vec<Secret>, Entered), SecondFactorError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let counted = ports.tries.count(&[limits::second_factor(user)], now).await?;
        let (codes, digests) = self.recovery_codes(user);
        let (proofs, code, request_id) = (Arc::clone(&ports.proofs), code.to_owned(), visitor.request_id.clone());
        let decide: Decide = Arc::new(move |account: &Account| {
            match account.second_factor() {
                SecondFactor::NotAsked => return Err(Refusal::NotFound),
                SecondFactor::SetUp => return Err(Refusal::SecondFactorExists),
                SecondFactor::Missing => {}
            }
            let totp = account.totp.as_ref().ok_or(Refusal::WrongProof)?;
            let step = proofs.totp_step(&totp.secret, &code, now).ok_or(Refusal::WrongProof)?;
            let totp = Totp { secret: totp.secret.clone(), confirmed_at: Some(now), last_step: Some(step) };
            let event = AccountEvent::SecondFactorSetUp { user_id: account.id };
            let event = Recorded::new(event, account.caller().actor(), now).caused_by(request_id.clone());
            Ok(Change {
                recovery: RecoveryCodes::Replace(digests.clone()),
                end_sessions: Some((None, "second_factor_set_up")),
                ..Change::new(Account { totp: Some(totp), ..account.changed(now) }, event)
            })
        });
        let account = ports.users.change(user, decide).await?;
        ports.tries.take_back(&counted).await?;
        Ok((codes, ports.enter(account, kind, SessionExtent::Full, visitor, now).await?))
    }

    /// Makes new recovery codes, shown this once; the old ones are void. Wants a fresh code of the app.
    ///
    /// # Errors
    /// See [`SecondFactorError`].
    pub async fn new_codes(
        &self,
        user: UserId,
        code: &str,
        request_id: Option<String>,
    ) -> Result<Vec<Secret>, SecondFactorError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let counted = ports.tries.count(&[limits::second_factor(user)], now).await?;
        let (codes, digests) = self.recovery_codes(user);
        let (proofs, code) = (Arc::clone(&ports.proofs), code.to_owned());
        let decide: Decide = Arc::new(move |account: &Account| {
            if account.role == Role::Patient {
                return Err(Refusal::NotFound);
            }
            let after = with_step(account, |secret| proofs.totp_step(secret, &code, now))?;
            let event = AccountEvent::RecoveryCodesMade { user_id: account.id };
            let event = Recorded::new(event, account.caller().actor(), now).caused_by(request_id.clone());
            Ok(Change { recovery: RecoveryCodes::Replace(digests.clone()), ..Change::new(after, event) })
        });
        ports.users.change(user, decide).await?;
        ports.tries.take_back(&counted).await?;
        Ok(codes)
    }

    /// Codes of 80 bits, in groups of four, and what is kept of them.
    fn recovery_codes(&self, user: UserId) -> (Vec<Secret>, Vec<[u8; 32]>) {
        let make = || {
            let letters: Vec<char> = self.ports.proofs.long_code().chars().take(16).collect();
            letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
        };
        (0..RECOVERY_CODES)
            .map(|_| make())
            .map(|code| {
                let digest = self.ports.proofs.digest(user.as_uuid(), &code);
                (Secret::new(code), digest)
            })
            .unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::user_test_data::{Mocks, account, now, visitor};

    fn without(role: Role) -> Account {
        Account { totp: None, ..account(role) }
    }

    fn pending() -> Account {
        Account {
            totp: Some(Totp { secret: vec![8; 20], confirmed_at: None, last_step: None }),
            ..account(Role::Admin)
        }
    }

    fn set_up(of: Account) -> SetUpSecondFactor {
        SetUpSecondFactor { ports: Mocks::new().with(of).ports() }
    }

    #[tokio::test]
    async fn a_secret_is_offered_where_one_is_missing_and_never_over_one_that_is_there() {
        for role in [Role::Doctor, Role::Staff, Role::Admin] {
            let of = without(role);
            let id = of.id;
            assert_eq!(set_up(of).begin(id, None).await.unwrap().secret.expose(), "SECRET");
        }
        let there = account(Role::Admin);
        assert!(matches!(set_up(there.clone()).begin(there.id, None).await, Err(SecondFactorError::Exists)));
        let patient = account(Role::Patient);
        assert!(matches!(set_up(patient.clone()).begin(patient.id, None).await, Err(SecondFactorError::NotAsked)));
    }

    #[tokio::test]
    async fn the_first_code_confirms_it_and_gives_ten_recovery_codes_and_a_full_sign_in() {
        let of = pending();
        let (codes, entered) = set_up(of.clone()).confirm(of.id, "42", SessionKind::Bearer, &visitor()).await.unwrap();
        assert_eq!((codes.len(), entered.extent), (10, SessionExtent::Full));
        assert_eq!(codes[0].expose(), "abcd-efgh-jkmn-pqrs");
        let totp = entered.account.totp.unwrap();
        assert_eq!((totp.confirmed_at, totp.last_step), (Some(now()), Some(42)));
        let wrong = set_up(of.clone()).confirm(of.id, "nonsense", SessionKind::Bearer, &visitor()).await;
        assert!(matches!(wrong, Err(SecondFactorError::WrongCode)), "{wrong:?}");
    }

    #[tokio::test]
    async fn new_recovery_codes_want_a_code_that_was_not_taken_before() {
        let of = account(Role::Doctor);
        assert_eq!(set_up(of.clone()).new_codes(of.id, "42", None).await.unwrap().len(), 10);
        let again = set_up(of.clone()).new_codes(of.id, "41", None).await;
        assert!(matches!(again, Err(SecondFactorError::WrongCode)), "{again:?}");
    }
}
