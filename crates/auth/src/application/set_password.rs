use std::sync::Arc;

use kernel::{Caller, PortFailure, Recorded, SessionId};
use uuid::Uuid;

use super::{
    AccountPorts, Change, CodePurpose, Decide, DecideByCode, Notice, Outcome, Redeemed, Refusal, ShownCode, StoreError,
    TryError, Visitor, limits,
};
use crate::domain::password::{self, WeakPassword};
use crate::domain::{Account, AccountEvent};

/// Sets a new password: by a code that was mailed, or by the present one.
#[derive(Clone)]
pub struct SetPassword {
    /// From outside.
    pub ports: AccountPorts,
}

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// Code or present password are not right.
    #[error("this proves nothing")]
    WrongProof,
    /// The new one is not good enough.
    #[error("the password {0}")]
    Weak(WeakPassword),
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

impl From<TryError> for SetPasswordError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<StoreError> for SetPasswordError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::Refused(Refusal::Weak(weak)) => Self::Weak(weak),
            StoreError::Refused(_)
            | StoreError::EmailTaken
            | StoreError::ProfileTaken
            | StoreError::LastAdmin
            | StoreError::Once(_) => Self::WrongProof,
        }
    }
}

fn about(account: &Account) -> [&str; 2] {
    [&account.name, account.email.as_str()]
}

impl SetPassword {
    /// By the code of a reset or an invitation. All sessions end.
    ///
    /// # Errors
    /// See [`SetPasswordError`]. A code that was right stays good when the password is too weak.
    pub async fn by_code(
        &self,
        request: Uuid,
        code: &str,
        new: &str,
        visitor: &Visitor,
    ) -> Result<(), SetPasswordError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        // What is too weak for everybody is told before the code is looked at; the rest when it was right.
        password::check(new, password::WITH_SECOND_FACTOR, &[]).map_err(SetPasswordError::Weak)?;
        let counted = ports.tries.count(&[limits::codes_from(visitor)], now).await?;
        let hash = ports.passwords.hash(new).await?;
        let (new, request_id) = (new.to_owned(), visitor.request_id.clone());
        let decide: DecideByCode = Arc::new(move |redeemed: &Redeemed| {
            let account = redeemed.account.as_ref().filter(|account| account.is_active()).ok_or(Refusal::WrongProof)?;
            if account.email.key() != redeemed.details.email.to_lowercase() {
                return Err(Refusal::WrongProof);
            }
            password::check(&new, account.least_password(), &about(account)).map_err(Refusal::Weak)?;
            let by = if redeemed.purpose == CodePurpose::Invitation { "invitation" } else { "reset" };
            let event = AccountEvent::PasswordChanged { user_id: account.id, by };
            let event = Recorded::new(event, account.caller().actor(), now).caused_by(request_id.clone());
            let after =
                Account { password_hash: Some(hash.clone()), email_verified_at: Some(now), ..account.changed(now) };
            let told = Notice::new("password-changed", &account.email, &account.language);
            Ok(Outcome::Change(Box::new(Change {
                notices: if account.password_hash.is_some() { vec![told] } else { Vec::new() },
                end_sessions: Some((None, "password_changed")),
                ..Change::new(after, event)
            })))
        });
        let shown = ShownCode {
            request,
            digest: ports.proofs.digest(request, code),
            purposes: vec![CodePurpose::PasswordReset, CodePurpose::Invitation],
        };
        let account = ports.users.redeem(&shown, decide, now).await?;
        ports.tries.take_back(&counted).await?;
        // Who has proved to read the mail need not wait for the lock that wrong passwords have made.
        ports.tries.forget(&limits::sign_in(&account.email, visitor)).await?;
        Ok(())
    }

    /// By the present password. All other sessions end.
    ///
    /// # Errors
    /// See [`SetPasswordError`].
    pub async fn by_password(
        &self,
        caller: &Caller,
        session: SessionId,
        current: &str,
        new: &str,
        request_id: Option<String>,
    ) -> Result<(), SetPasswordError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let user = caller.user().ok_or(SetPasswordError::WrongProof)?;
        let account = ports.users.find(user).await?.ok_or(SetPasswordError::WrongProof)?;
        password::check(new, account.least_password(), &about(&account)).map_err(SetPasswordError::Weak)?;
        let counted = ports.tries.count(&[limits::current_password(user)], now).await?;
        let compared = account.password_hash.clone();
        if !ports.passwords.is(current, compared.clone()).await? {
            return Err(SetPasswordError::WrongProof);
        }
        let hash = ports.passwords.hash(new).await?;
        let actor = caller.actor();
        let decide: Decide = Arc::new(move |account: &Account| {
            // Somebody else has changed it since it was compared.
            if account.password_hash != compared {
                return Err(Refusal::WrongProof);
            }
            let event = AccountEvent::PasswordChanged { user_id: account.id, by: "change" };
            let event = Recorded::new(event, actor, now).caused_by(request_id.clone());
            let after = Account { password_hash: Some(hash.clone()), ..account.changed(now) };
            Ok(Change {
                notices: vec![Notice::new("password-changed", &account.email, &account.language)],
                end_sessions: Some((Some(session), "password_changed")),
                ..Change::new(after, event)
            })
        });
        ports.users.change(user, decide).await?;
        ports.tries.take_back(&counted).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::Role;

    use super::*;
    use crate::application::CodeDetails;
    use crate::application::user_test_data::{Mocks, account, visitor};

    const GOOD: &str = "vexing quilt over";

    async fn reset(purpose: CodePurpose, of: Account, code: &str, new: &str) -> Result<(), SetPasswordError> {
        let details = CodeDetails::of(&of.email);
        let mocks = Mocks::new().redeeming(Redeemed { purpose, account: Some(of), details });
        SetPassword { ports: mocks.ports() }.by_code(Uuid::nil(), code, new, &visitor()).await
    }

    #[tokio::test]
    async fn a_right_code_sets_the_password_of_any_role() {
        for role in Role::ALL {
            reset(CodePurpose::PasswordReset, account(role), "123456", GOOD).await.unwrap();
        }
        reset(CodePurpose::Invitation, account(Role::Staff), "123456", GOOD).await.unwrap();
    }

    #[tokio::test]
    async fn how_long_it_must_be_depends_on_whose_it_is() {
        let short = "vexing quilt";
        let told = reset(CodePurpose::PasswordReset, account(Role::Patient), "123456", short).await;
        assert!(matches!(told, Err(SetPasswordError::Weak(WeakPassword::TooShort(15)))), "{told:?}");
        reset(CodePurpose::PasswordReset, account(Role::Doctor), "123456", short).await.unwrap();
        let told = reset(CodePurpose::PasswordReset, account(Role::Doctor), "123456", "vexing").await;
        assert!(matches!(told, Err(SetPasswordError::Weak(WeakPassword::TooShort(12)))), "{told:?}");
    }

    #[tokio::test]
    async fn a_code_to_sign_in_or_a_wrong_one_sets_no_password() {
        for (purpose, code) in [(CodePurpose::SignIn, "123456"), (CodePurpose::PasswordReset, "000000")] {
            let refused = reset(purpose, account(Role::Patient), code, GOOD).await;
            assert!(matches!(refused, Err(SetPasswordError::WrongProof)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_change_ends_the_other_sessions_and_tells_the_owner() {
        let (known, session) = (account(Role::Patient), SessionId::mint());
        let (found, locked) = (known.clone(), known.clone());
        let mut mocks = Mocks::new();
        mocks.users.expect_find().returning(move |_| Ok(Some(found.clone())));
        mocks.users.expect_change().times(1).returning(move |_, decide| {
            let change = decide(&locked)?;
            assert_eq!(change.end_sessions, Some((Some(session), "password_changed")));
            assert_eq!(change.notices[0].template, "password-changed");
            Ok(change.account)
        });
        let set = SetPassword { ports: mocks.ports() };
        set.by_password(&known.caller(), session, "right", GOOD, None).await.unwrap();
        let refused = set.by_password(&known.caller(), session, "wrong", GOOD, None).await;
        assert!(matches!(refused, Err(SetPasswordError::WrongProof)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_password_that_was_changed_since_it_was_compared_proves_nothing() {
        let (known, mut other) = (account(Role::Patient), account(Role::Patient));
        other.password_hash = Some("hash of another".into());
        let found = known.clone();
        let mut mocks = Mocks::new();
        mocks.users.expect_find().returning(move |_| Ok(Some(found.clone())));
        mocks.users.expect_change().returning(move |_, decide| Ok(decide(&other)?.account));
        let set = SetPassword { ports: mocks.ports() };
        let refused = set.by_password(&known.caller(), SessionId::mint(), "right", GOOD, None).await;
        assert!(matches!(refused, Err(SetPasswordError::WrongProof)), "{refused:?}");
    }
}
