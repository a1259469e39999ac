use std::sync::Arc;

use jiff::Timestamp;
use kernel::{PortFailure, Recorded};

use super::{AccountPorts, Change, Decide, Entered, RecoveryCodes, Refusal, StoreError, TryError, Visitor, limits};
use crate::domain::{Account, AccountEvent, Email, SecondFactor, SessionExtent, SessionKind, Totp};

/// Signs in by password, and second factor where the role is asked for one.
#[derive(Clone)]
pub struct SignInByPassword {
    /// From outside.
    pub ports: AccountPorts,
}

/// What is shown besides the password.
#[derive(Clone, PartialEq, Eq)]
pub enum SecondProof {
    /// Nothing.
    None,
    /// The code of an authenticator app.
    Totp(String),
    /// One of the codes for the day on which the app is lost.
    Recovery(String),
}

/// Why nobody is in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown address, wrong password, wrong second factor, closed account: nobody is told which.
    #[error("these are not the credentials")]
    WrongCredentials,
    /// The password is right, and a second factor is asked for.
    #[error("a second factor is needed")]
    SecondFactorRequired,
    /// Too many failures.
    #[error("too many tries")]
    TooMany {
        /// Seconds.
        retry_after: u32,
    },
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<TryError> for SignInError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::Refused(_)
            | StoreError::EmailTaken
            | StoreError::ProfileTaken
            | StoreError::LastAdmin
            | StoreError::Once(_) => Self::WrongCredentials,
        }
    }
}

impl SignInByPassword {
    /// Opens a session of that kind. An address without account, or an account without password, costs as much as
    /// any other.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn run(
        &self,
        email: &str,
        password: &str,
        second: SecondProof,
        kind: SessionKind,
        visitor: &Visitor,
    ) -> Result<Entered, SignInError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        // What cannot be an address is nobody's.
        let Ok(email) = Email::parse(email) else { return Err(SignInError::WrongCredentials) };
        let pair = limits::sign_in(&email, visitor);
        let counted = ports.tries.count(&[pair.clone(), limits::sign_in_from(visitor)], now).await?;
        let known = ports.users.by_email(&email).await?;
        let hash = known.as_ref().and_then(|account| account.password_hash.clone());
        let right = ports.passwords.is(password, hash).await?;
        let Some(account) = known.filter(|account| right && account.is_active()) else {
            return Err(SignInError::WrongCredentials);
        };
        let (account, extent) = match (account.second_factor(), second) {
            (SecondFactor::NotAsked, _) => (account, SessionExtent::Full),
            (SecondFactor::Missing, _) => (account, SessionExtent::SecondFactorSetup),
            (SecondFactor::SetUp, SecondProof::None) => {
                // No failure; but it does not wipe out those before it either, or guesses at the second factor
                // would have no end.
                ports.tries.take_back(&counted).await?;
                return Err(SignInError::SecondFactorRequired);
            }
            (SecondFactor::SetUp, second) => {
                let guess = ports.tries.count(&[limits::second_factor(account.id)], now).await?;
                let account = self.second_factor(&account, second, visitor, now).await?;
                ports.tries.take_back(&guess).await?;
                (account, SessionExtent::Full)
            }
        };
        ports.tries.take_back(&counted).await?;
        ports.tries.forget(&pair).await?;
        Ok(ports.enter(account, kind, extent, visitor, now).await?)
    }

    async fn second_factor(
        &self,
        account: &Account,
        second: SecondProof,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Account, StoreError> {
        let (proofs, request_id) = (Arc::clone(&self.ports.proofs), visitor.request_id.clone());
        let decide: Decide = Arc::new(move |account: &Account| {
            let proved = |by| {
                let event = AccountEvent::Proved { user_id: account.id, by };
                Recorded::new(event, account.caller().actor(), now).caused_by(request_id.clone())
            };
            match &second {
                SecondProof::None => Err(Refusal::WrongProof),
                SecondProof::Totp(code) => {
                    let step = |secret: &[u8]| proofs.totp_step(secret, code, now);
                    Ok(Change::new(with_step(account, step)?, proved("totp")))
                }
                SecondProof::Recovery(code) => {
                    let digest = proofs.digest(account.id.as_uuid(), code);
                    let change = Change::new(account.clone(), proved("recovery_code"));
                    Ok(Change { recovery: RecoveryCodes::Use(digest), ..change })
                }
            }
        });
        self.ports.users.change(account.id, decide).await
    }
}

/// The account after a code of its authenticator app; each time step is taken once. Its version stays: nothing that
/// anybody reads has changed.
pub(super) fn with_step(account: &Account, step: impl Fn(&[u8]) -> Option<i64>) -> Result<Account, Refusal> {
    let totp = account.totp.as_ref().filter(|totp| totp.confirmed_at.is_some()).ok_or(Refusal::WrongProof)?;
    let step = step(&totp.secret).ok_or(Refusal::WrongProof)?;
    if totp.last_step.is_some_and(|last| step <= last) {
        return Err(Refusal::WrongProof);
    }
    Ok(Account { totp: Some(Totp { last_step: Some(step), ..totp.clone() }), ..account.clone() })
}

#[cfg(test)]
mod tests {
    use kernel::Role;

    use super::*;
    use crate::application::Counted;
    use crate::application::user_test_data::{Mocks, account, visitor};
    use crate::domain::AccountState;

    async fn tried(mocks: Mocks, password: &str, second: SecondProof) -> Result<Entered, SignInError> {
        let sign_in = SignInByPassword { ports: mocks.ports() };
        sign_in.run("ada@example.org", password, second, SessionKind::Bearer, &visitor()).await
    }

    fn totp(code: &str) -> SecondProof {
        SecondProof::Totp(code.into())
    }

    #[tokio::test]
    async fn a_patient_needs_the_password_alone_and_is_welcomed() {
        let mut mocks = Mocks::uncounted().with(account(Role::Patient));
        mocks.tries.expect_count().returning(|_, _| Ok(Counted::default()));
        mocks.tries.expect_take_back().times(1).returning(|_| Ok(()));
        mocks.tries.expect_forget().times(1).returning(|_| Ok(()));
        mocks.records.expect_welcome().times(1).returning(|_| Ok(()));
        let entered = tried(mocks, "right", SecondProof::None).await.unwrap();
        assert_eq!(entered.extent, SessionExtent::Full);
    }

    #[tokio::test]
    async fn whoever_sees_other_people_s_data_needs_a_second_factor() {
        for role in [Role::Doctor, Role::Staff, Role::Admin] {
            let mocks = || Mocks::new().with(account(role));
            let missing = tried(mocks(), "right", SecondProof::None).await;
            assert!(matches!(missing, Err(SignInError::SecondFactorRequired)), "{role} {missing:?}");
            let entered = tried(mocks(), "right", totp("42")).await.unwrap();
            assert_eq!(entered.account.totp.unwrap().last_step, Some(42));
            assert_eq!(entered.extent, SessionExtent::Full);
        }
    }

    #[tokio::test]
    async fn a_code_of_an_earlier_or_the_last_step_is_not_taken_again() {
        for step in ["41", "40", "nonsense"] {
            let refused = tried(Mocks::new().with(account(Role::Admin)), "right", totp(step)).await;
            assert!(matches!(refused, Err(SignInError::WrongCredentials)), "{step} {refused:?}");
        }
    }

    #[tokio::test]
    async fn a_recovery_code_is_used_up_by_its_digest() {
        let mut mocks = Mocks::new();
        let known = account(Role::Doctor);
        let (found, locked) = (known.clone(), known.clone());
        mocks.users.expect_by_email().returning(move |_| Ok(Some(found.clone())));
        mocks.users.expect_change().times(1).returning(move |_, decide| {
            let change = decide(&locked)?;
            assert_eq!(change.recovery, RecoveryCodes::Use([1; 32]));
            Ok(change.account)
        });
        tried(mocks, "right", SecondProof::Recovery("abcd".into())).await.unwrap();
    }

    #[tokio::test]
    async fn without_a_second_factor_so_far_the_sign_in_is_good_for_setting_it_up() {
        let fresh = Account { totp: None, ..account(Role::Staff) };
        let entered = tried(Mocks::new().with(fresh), "right", SecondProof::None).await.unwrap();
        assert_eq!(entered.extent, SessionExtent::SecondFactorSetup);
        let pending = Totp { secret: vec![1], confirmed_at: None, last_step: None };
        let pending = Account { totp: Some(pending), ..account(Role::Staff) };
        let entered = tried(Mocks::new().with(pending), "right", totp("42")).await.unwrap();
        assert_eq!(entered.extent, SessionExtent::SecondFactorSetup);
    }

    #[tokio::test]
    async fn everything_that_is_wrong_is_told_alike_and_stays_counted() {
        let closed = Account { state: AccountState::Disabled, ..account(Role::Patient) };
        let without = Account { password_hash: None, ..account(Role::Patient) };
        for (known, password) in [
            (Some(account(Role::Patient)), "wrong"),
            (Some(closed), "right"),
            (Some(without), "right"),
            (None, "right"),
            (Some(account(Role::Admin)), "wrong"),
        ] {
            let mut mocks = Mocks::uncounted();
            mocks.users.expect_by_email().returning(move |_| Ok(known.clone()));
            mocks.tries.expect_count().times(1).returning(|_, _| Ok(Counted::default()));
            mocks.tries.expect_take_back().never();
            let refused = tried(mocks, password, SecondProof::None).await;
            assert!(matches!(refused, Err(SignInError::WrongCredentials)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_missing_second_factor_does_not_wipe_out_wrong_ones() {
        let mut mocks = Mocks::uncounted().with(account(Role::Admin));
        mocks.tries.expect_count().returning(|_, _| Ok(Counted::default()));
        mocks.tries.expect_take_back().times(1).returning(|_| Ok(()));
        mocks.tries.expect_forget().never();
        assert!(tried(mocks, "right", SecondProof::None).await.is_err());
    }

    #[tokio::test]
    async fn who_is_locked_costs_no_hash() {
        let mut mocks = Mocks::new().over_the_limit(9);
        mocks.passwords = crate::application::MockPasswords::new();
        let refused = tried(mocks, "right", SecondProof::None).await;
        assert!(matches!(refused, Err(SignInError::TooMany { retry_after: 9 })), "{refused:?}");
    }
}
