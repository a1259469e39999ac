use kernel::{Actor, PortFailure, Role};
use uuid::Uuid;

use super::account_ports::{Sending, minutes};
use super::{
    AccountPorts, CODE_LASTS, CodeDetails, CodePurpose, CodeSent, Notice, RESET_LASTS, TryError, Visitor, limits,
};
use crate::domain::{Account, Email, PersonError};

/// Mails a code to somebody who wants to sign in, or has forgotten the password.
#[derive(Clone)]
pub struct RequestCode {
    /// From outside.
    pub ports: AccountPorts,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A code of six digits, which signs a patient in.
    SignIn,
    /// The code of a link, which sets a new password.
    NewPassword,
}

/// Why no code was mailed.
#[derive(Debug, thiserror::Error)]
pub enum RequestCodeError {
    /// The address cannot be one.
    #[error(transparent)]
    BadPerson(#[from] PersonError),
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

impl From<TryError> for RequestCodeError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl RequestCode {
    /// Says the same, and does the same work, whether the address has an account or not.
    ///
    /// # Errors
    /// See [`RequestCodeError`].
    pub async fn run(&self, email: &str, asked: Asked, visitor: &Visitor) -> Result<CodeSent, RequestCodeError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let email = Email::parse(email)?;
        ports.tries.count(&[limits::codes_to(&email)], now).await?;
        let known = ports.users.by_email(&email).await?;
        let (template, usable) = template(known.as_ref(), asked);
        let language = known.as_ref().map_or("en", |account| account.language.as_str());
        let notice = |request: Uuid, code: &str| {
            let notice = Notice::new(template, &email, language);
            match template {
                "sign-in-code" => notice.with("code", code).with("minutes", minutes(CODE_LASTS)),
                "password-reset" => notice
                    .with("link_code", code)
                    .with("minutes", minutes(RESET_LASTS))
                    .with("url", set_password_url(&ports.public_url, request, code)),
                _ => notice,
            }
        };
        let (purpose, lasts) = match asked {
            Asked::SignIn => (CodePurpose::SignIn, CODE_LASTS),
            Asked::NewPassword => (CodePurpose::PasswordReset, RESET_LASTS),
        };
        let sending = Sending {
            purpose,
            email: &email,
            // Found again by its address: naming it here would cost a look at it, which an unknown one does not cost.
            account: None,
            details: CodeDetails::of(&email),
            notice: &notice,
            usable,
            lasts,
            actor: Actor::Guest,
        };
        Ok(ports.send(sending, visitor.request_id.clone(), now).await?)
    }
}

fn template(known: Option<&Account>, asked: Asked) -> (&'static str, bool) {
    match (known, asked) {
        (Some(account), Asked::SignIn) if account.signs_in_by_code() => ("sign-in-code", true),
        (Some(account), Asked::SignIn) if account.is_active() && account.role != Role::Patient => {
            ("staff-sign-in", false)
        }
        (Some(account), Asked::NewPassword) if account.is_active() => ("password-reset", true),
        (None | Some(_), _) => ("no-account", false),
    }
}

/// Where a password is set. The code stands behind `#`: that part is sent to no server and stands in no log.
pub(super) fn set_password_url(public_url: &str, request: Uuid, code: &str) -> String {
    format!("{public_url}/set-password#request_id={request}&code={code}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::user_test_data::{Mocks, account, visitor};

    async fn mailed(known: Option<Account>, asked: Asked) -> (&'static str, bool, usize) {
        let mut mocks = Mocks::new();
        mocks.users.expect_by_email().returning(move |_| Ok(known.clone()));
        let (sent, heard) = std::sync::mpsc::channel();
        mocks.users.expect_issue().times(1).returning(move |code, notice, event| {
            assert_eq!(event.actor, Actor::Guest);
            sent.send((notice.template, code.digest == [1; 32], notice.values.len())).unwrap();
            Ok(())
        });
        let told = RequestCode { ports: mocks.ports() }.run("ada@example.org", asked, &visitor()).await.unwrap();
        assert_eq!(told.expires_in, if asked == Asked::SignIn { 600 } else { 1800 });
        heard.recv().unwrap()
    }

    #[tokio::test]
    async fn a_code_signs_in_patients_and_nobody_else() {
        assert_eq!(mailed(Some(account(Role::Patient)), Asked::SignIn).await, ("sign-in-code", true, 2));
        assert_eq!(mailed(None, Asked::SignIn).await, ("no-account", false, 0));
        for role in [Role::Doctor, Role::Staff, Role::Admin] {
            assert_eq!(mailed(Some(account(role)), Asked::SignIn).await, ("staff-sign-in", false, 0));
        }
    }

    #[tokio::test]
    async fn a_new_password_is_for_every_account_that_may_be_used() {
        for role in Role::ALL {
            assert_eq!(mailed(Some(account(role)), Asked::NewPassword).await, ("password-reset", true, 3));
        }
        let disabled = Account { state: crate::domain::AccountState::Disabled, ..account(Role::Admin) };
        assert_eq!(mailed(Some(disabled), Asked::NewPassword).await, ("no-account", false, 0));
    }
}
