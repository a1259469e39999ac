use std::sync::Arc;

use kernel::{Caller, PortFailure, Recorded, Role};
use uuid::Uuid;

use super::account_ports::{Sending, minutes};
use super::{
    AccountPorts, CODE_LASTS, Change, CodeDetails, CodePurpose, CodeSent, DecideByCode, Notice, Outcome, Redeemed,
    Refusal, ShownCode, StoreError, TryError, Visitor, limits,
};
use crate::domain::{Account, AccountEvent, Email, PersonError};

/// Gives an account another e-mail address, once its owner has proved to read that mail.
#[derive(Clone)]
pub struct ChangeEmail {
    /// From outside.
    pub ports: AccountPorts,
}

/// What shows that it is the owner who asks, and not somebody at a forgotten screen.
#[derive(Clone, PartialEq, Eq)]
pub enum OwnersProof {
    /// The password.
    Password(String),
    /// A code to sign in, mailed to the present address: for patients.
    Code {
        /// The request that it belongs to.
        request: Uuid,
        /// Six digits.
        code: String,
    },
}

/// Why the address stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// The address cannot be one.
    #[error(transparent)]
    BadPerson(#[from] PersonError),
    /// Password or code are not right.
    #[error("this proves nothing")]
    WrongProof,
    /// Another account has it. Told only to who has proved to read its mail.
    #[error("the address has an account")]
    EmailTaken,
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

impl From<TryError> for ChangeEmailError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<StoreError> for ChangeEmailError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::Refused(_) | StoreError::ProfileTaken | StoreError::LastAdmin | StoreError::Once(_) => {
                Self::WrongProof
            }
        }
    }
}

impl ChangeEmail {
    /// Mails a code to the new address. Where that has an account, its owner hears what a sign-up would tell, and the
    /// answer is the same.
    ///
    /// # Errors
    /// See [`ChangeEmailError`].
    pub async fn ask(
        &self,
        caller: &Caller,
        email: &str,
        proof: OwnersProof,
        visitor: &Visitor,
    ) -> Result<CodeSent, ChangeEmailError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let new = Email::parse(email)?;
        let user = caller.user().ok_or(ChangeEmailError::WrongProof)?;
        let account = ports.users.find(user).await?.ok_or(ChangeEmailError::WrongProof)?;
        self.prove(&account, proof, visitor).await?;
        ports.tries.count(&[limits::codes_to(&new)], now).await?;
        let other = ports.users.by_email(&new).await?.filter(|other| other.id != user);
        let (template, language) = match &other {
            None => ("email-change-code", account.language.clone()),
            Some(other) if other.role == Role::Patient => ("register-known", other.language.clone()),
            Some(other) => ("staff-sign-in", other.language.clone()),
        };
        let notice = |_, code: &str| match template {
            "staff-sign-in" => Notice::new(template, &new, &language),
            _ => Notice::new(template, &new, &language).with("code", code).with("minutes", minutes(CODE_LASTS)),
        };
        let sending = Sending {
            purpose: CodePurpose::EmailChange,
            email: &new,
            account: Some(&account),
            details: CodeDetails::of(&new),
            notice: &notice,
            usable: other.is_none(),
            lasts: CODE_LASTS,
            actor: caller.actor(),
        };
        Ok(ports.send(sending, visitor.request_id.clone(), now).await?)
    }

    async fn prove(&self, account: &Account, proof: OwnersProof, visitor: &Visitor) -> Result<(), ChangeEmailError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let counted = ports.tries.count(&[limits::current_password(account.id)], now).await?;
        match proof {
            OwnersProof::Password(password) => {
                if !ports.passwords.is(&password, account.password_hash.clone()).await? {
                    return Err(ChangeEmailError::WrongProof);
                }
            }
            OwnersProof::Code { request, code } => {
                let (id, request_id) = (account.id, visitor.request_id.clone());
                let decide: DecideByCode = Arc::new(move |redeemed: &Redeemed| {
                    let account = redeemed.account.as_ref().filter(|account| {
                        account.id == id
                            && account.signs_in_by_code()
                            && account.email.key() == redeemed.details.email.to_lowercase()
                    });
                    let account = account.ok_or(Refusal::WrongProof)?;
                    let event = AccountEvent::Proved { user_id: id, by: "code" };
                    let event = Recorded::new(event, account.caller().actor(), now).caused_by(request_id.clone());
                    Ok(Outcome::Change(Box::new(Change::new(account.clone(), event))))
                });
                let digest = ports.proofs.digest(request, &code);
                let shown = ShownCode { request, digest, purposes: vec![CodePurpose::SignIn] };
                ports.users.redeem(&shown, decide, now).await?;
            }
        }
        ports.tries.take_back(&counted).await?;
        Ok(())
    }

    /// Takes the code that went to the new address; the old one hears of it.
    ///
    /// # Errors
    /// See [`ChangeEmailError`].
    pub async fn confirm(
        &self,
        caller: &Caller,
        request: Uuid,
        code: &str,
        visitor: &Visitor,
    ) -> Result<Account, ChangeEmailError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let user = caller.user().ok_or(ChangeEmailError::WrongProof)?;
        let counted = ports.tries.count(&[limits::codes_from(visitor)], now).await?;
        let (actor, request_id) = (caller.actor(), visitor.request_id.clone());
        let decide: DecideByCode = Arc::new(move |redeemed: &Redeemed| {
            let account = redeemed.account.as_ref().filter(|account| account.id == user && account.is_active());
            let account = account.ok_or(Refusal::WrongProof)?;
            let email = Email::parse(&redeemed.details.email).map_err(|_| Refusal::WrongProof)?;
            let event = Recorded::new(AccountEvent::EmailChanged { user_id: user }, actor, now);
            let after = Account { email, email_verified_at: Some(now), ..account.changed(now) };
            Ok(Outcome::Change(Box::new(Change {
                notices: vec![Notice::new("email-changed", &account.email, &account.language)],
                ..Change::new(after, event.caused_by(request_id.clone()))
            })))
        });
        let digest = ports.proofs.digest(request, code);
        let shown = ShownCode { request, digest, purposes: vec![CodePurpose::EmailChange] };
        let account = ports.users.redeem(&shown, decide, now).await?;
        ports.tries.take_back(&counted).await?;
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::user_test_data::{Mocks, account, visitor};

    async fn asked(mut mocks: Mocks, of: &Account, proof: OwnersProof) -> Result<&'static str, ChangeEmailError> {
        let found = of.clone();
        mocks.users.expect_find().returning(move |_| Ok(Some(found.clone())));
        let (sent, heard) = std::sync::mpsc::channel();
        mocks.users.expect_issue().returning(move |code, notice, _| {
            assert_eq!(notice.to.as_str(), "new@example.org");
            assert_eq!(code.digest == [1; 32], notice.template == "email-change-code");
            sent.send(notice.template).unwrap();
            Ok(())
        });
        let change = ChangeEmail { ports: mocks.ports() };
        change.ask(&of.caller(), "new@example.org", proof, &visitor()).await?;
        Ok(heard.recv().unwrap())
    }

    fn password(text: &str) -> OwnersProof {
        OwnersProof::Password(text.into())
    }

    #[tokio::test]
    async fn the_new_address_gets_a_code_once_the_owner_is_sure() {
        let mut mocks = Mocks::new();
        mocks.users.expect_by_email().returning(|_| Ok(None));
        assert_eq!(asked(mocks, &account(Role::Admin), password("right")).await.unwrap(), "email-change-code");
        let refused = asked(Mocks::new(), &account(Role::Admin), password("wrong")).await;
        assert!(matches!(refused, Err(ChangeEmailError::WrongProof)), "{refused:?}");
    }

    #[tokio::test]
    async fn an_address_that_has_an_account_gets_no_code_that_works_here() {
        for (role, template) in [(Role::Patient, "register-known"), (Role::Staff, "staff-sign-in")] {
            let mut mocks = Mocks::new();
            mocks.users.expect_by_email().returning(move |_| Ok(Some(account(role))));
            assert_eq!(asked(mocks, &account(Role::Patient), password("right")).await.unwrap(), template);
        }
    }

    #[tokio::test]
    async fn a_patient_without_password_proves_by_a_code_to_the_old_address() {
        let of = Account { password_hash: None, ..account(Role::Patient) };
        let code = |code: &str| OwnersProof::Code { request: Uuid::nil(), code: code.into() };
        let redeemed = |account: &Account| Redeemed {
            purpose: CodePurpose::SignIn,
            account: Some(account.clone()),
            details: CodeDetails::of(&account.email),
        };
        let mocks = |of: &Account| {
            let mut mocks = Mocks::new().redeeming(redeemed(of));
            mocks.users.expect_by_email().returning(|_| Ok(None));
            mocks
        };
        assert_eq!(asked(mocks(&of), &of, code("123456")).await.unwrap(), "email-change-code");
        assert!(asked(mocks(&of), &of, code("000000")).await.is_err());
        let stranger = account(Role::Patient);
        assert!(asked(mocks(&stranger), &of, code("123456")).await.is_err(), "the code of somebody else");
    }

    #[tokio::test]
    async fn the_code_moves_the_address_of_its_own_account_alone() {
        let of = account(Role::Patient);
        let details = CodeDetails::of(&Email::parse("new@example.org").unwrap());
        let redeemed = Redeemed { purpose: CodePurpose::EmailChange, account: Some(of.clone()), details };
        let change = ChangeEmail { ports: Mocks::new().redeeming(redeemed).ports() };
        let after = change.confirm(&of.caller(), Uuid::nil(), "123456", &visitor()).await.unwrap();
        assert_eq!((after.email.as_str(), after.version), ("new@example.org", of.version + 1));
        let other = account(Role::Patient).caller();
        let refused = change.confirm(&other, Uuid::nil(), "123456", &visitor()).await;
        assert!(matches!(refused, Err(ChangeEmailError::WrongProof)), "{refused:?}");
    }
}
