use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Actor, PortFailure, Recorded, Role, UserId};
use uuid::Uuid;

use super::{
    AccountPorts, Change, CodePurpose, ConsentGiven, DecideByCode, Entered, NewUser, Outcome, Redeemed, Refusal,
    ShownCode, StoreError, TryError, Visitor, limits,
};
use crate::domain::{Account, AccountEvent, AccountState, Email, SessionExtent, SessionKind};

/// Signs in a patient by a code that was mailed; makes the account where the code is of a sign-up.
#[derive(Clone)]
pub struct SignInByCode {
    /// From outside.
    pub ports: AccountPorts,
}

/// Why nobody is in.
#[derive(Debug, thiserror::Error)]
pub enum SignInByCodeError {
    /// Wrong, used, too old, or of another request: nobody is told which.
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

impl From<TryError> for SignInByCodeError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<StoreError> for SignInByCodeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::Refused(_)
            | StoreError::EmailTaken
            | StoreError::ProfileTaken
            | StoreError::LastAdmin
            | StoreError::Once(_) => Self::WrongCode,
        }
    }
}

impl SignInByCode {
    /// Uses the code up and opens a session of that kind.
    ///
    /// # Errors
    /// See [`SignInByCodeError`].
    pub async fn run(
        &self,
        request: Uuid,
        code: &str,
        kind: SessionKind,
        visitor: &Visitor,
    ) -> Result<Entered, SignInByCodeError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let counted = ports.tries.count(&[limits::codes_from(visitor)], now).await?;
        let shown = ShownCode {
            request,
            digest: ports.proofs.digest(request, code),
            purposes: vec![CodePurpose::SignIn, CodePurpose::Register],
        };
        let (id, request_id) = (UserId::mint(), visitor.request_id.clone());
        let decide: DecideByCode = Arc::new(move |redeemed| decide(redeemed, id, request_id.clone(), now));
        let account = ports.users.redeem(&shown, decide, now).await?;
        ports.tries.take_back(&counted).await?;
        Ok(ports.enter(account, kind, SessionExtent::Full, visitor, now).await?)
    }
}

fn decide(redeemed: &Redeemed, id: UserId, request_id: Option<String>, now: Timestamp) -> Result<Outcome, Refusal> {
    let email = Email::parse(&redeemed.details.email).map_err(|_| Refusal::WrongProof)?;
    match &redeemed.account {
        // Whose address has changed since the code was mailed no longer reads that mail.
        Some(account) if account.signs_in_by_code() && account.email.key() == email.key() => {
            let first = account.email_verified_at.is_none();
            let after = if first { account.changed(now) } else { account.clone() };
            let event = AccountEvent::Proved { user_id: account.id, by: "code" };
            let event = Recorded::new(event, Actor::Patient(account.id), now).caused_by(request_id);
            Ok(Outcome::Change(Box::new(Change::new(Account { email_verified_at: Some(now), ..after }, event))))
        }
        None if redeemed.purpose == CodePurpose::Register => {
            let details = &redeemed.details;
            let account = Account {
                id,
                role: Role::Patient,
                state: AccountState::Active,
                name: details.name.clone(),
                email,
                email_verified_at: Some(now),
                language: details.language.clone(),
                doctor: None,
                clinics: Vec::new(),
                password_hash: details.password_hash.clone(),
                totp: None,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let consent = |(document, version): &(String, String)| ConsentGiven {
                document: document.clone(),
                version: version.clone(),
                given: true,
            };
            let event = AccountEvent::Registered { user_id: id };
            Ok(Outcome::Create(Box::new(NewUser {
                account,
                event: Recorded::new(event, Actor::Patient(id), now).caused_by(request_id),
                consents: details.consents.iter().map(consent).collect(),
                invitation: None,
                once: None,
            })))
        }
        Some(_) | None => Err(Refusal::WrongProof),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::CodeDetails;
    use crate::application::user_test_data::{Mocks, account, now, visitor};

    fn code(purpose: CodePurpose, account: Option<Account>) -> Redeemed {
        let details = CodeDetails {
            email: "ada@example.org".into(),
            name: "Ada Lovelace".into(),
            language: "fr".into(),
            password_hash: Some("hash".into()),
            consents: vec![("terms".into(), "1".into())],
        };
        Redeemed { purpose, account, details }
    }

    async fn shown(redeemed: Redeemed, code: &str) -> Result<Entered, SignInByCodeError> {
        let mocks = Mocks::new().redeeming(redeemed);
        SignInByCode { ports: mocks.ports() }.run(Uuid::nil(), code, SessionKind::Bearer, &visitor()).await
    }

    #[tokio::test]
    async fn the_code_of_a_sign_up_makes_the_account_that_was_asked_for() {
        let Entered { account, extent, .. } = shown(code(CodePurpose::Register, None), "123456").await.unwrap();
        assert_eq!((account.role, account.version, extent), (Role::Patient, 1, SessionExtent::Full));
        assert_eq!((account.name.as_str(), account.language.as_str()), ("Ada Lovelace", "fr"));
        assert_eq!((account.password_hash.as_deref(), account.email_verified_at), (Some("hash"), Some(now())));
    }

    #[tokio::test]
    async fn the_code_of_a_sign_up_signs_in_where_there_is_an_account_and_changes_nothing_of_it() {
        let known = account(Role::Patient);
        let entered = shown(code(CodePurpose::Register, Some(known.clone())), "123456").await.unwrap();
        assert_eq!(entered.account.id, known.id);
        assert_eq!(entered.account.password_hash, known.password_hash);
        assert_eq!(entered.account.language, "en");
    }

    #[tokio::test]
    async fn no_code_opens_an_account_that_is_closed_or_sees_others_or_has_moved_to_another_address() {
        let disabled = Account { state: AccountState::Disabled, ..account(Role::Patient) };
        let moved = Account { email: Email::parse("new@example.org").unwrap(), ..account(Role::Patient) };
        for known in [Some(disabled), Some(moved), Some(account(Role::Admin)), Some(account(Role::Doctor)), None] {
            let refused = shown(code(CodePurpose::SignIn, known), "123456").await;
            assert!(matches!(refused, Err(SignInByCodeError::WrongCode)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_wrong_code_and_one_of_another_purpose_open_nothing_and_stay_counted() {
        for (purpose, text) in [(CodePurpose::SignIn, "000000"), (CodePurpose::PasswordReset, "123456")] {
            let mut mocks = Mocks::uncounted().redeeming(code(purpose, Some(account(Role::Patient))));
            mocks.tries.expect_count().returning(|_, _| Ok(crate::application::Counted::default()));
            mocks.tries.expect_take_back().never();
            let ports = mocks.ports();
            let refused = SignInByCode { ports }.run(Uuid::nil(), text, SessionKind::Bearer, &visitor()).await;
            assert!(matches!(refused, Err(SignInByCodeError::WrongCode)), "{refused:?}");
        }
    }
}
