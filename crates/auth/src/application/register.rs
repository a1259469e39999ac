use kernel::{Actor, PortFailure};

use super::account_ports::{Sending, minutes};
use super::{AccountPorts, CODE_LASTS, CodeDetails, CodePurpose, CodeSent, Notice, TryError, Visitor, limits};
use crate::domain::password::{self, WeakPassword};
use crate::domain::{Email, PersonError, person};
use kernel::Role;

/// Takes the wish of a patient to have an account, and mails a code. The account is made when the code is shown.
#[derive(Clone)]
pub struct Register {
    /// From outside.
    pub ports: AccountPorts,
}

/// Who wants to sign up.
pub struct Registration {
    /// Where mail reaches the person.
    pub email: String,
    /// As the person writes it.
    pub name: String,
    /// BCP 47 tag; `en` where none is given.
    pub language: Option<String>,
    /// None where the person wants to sign in by code alone.
    pub password: Option<String>,
    /// Documents agreed to, and their versions.
    pub consents: Vec<(String, String)>,
}

/// Why no code was mailed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Name, address or language cannot be one.
    #[error(transparent)]
    BadPerson(#[from] PersonError),
    /// The password is not good enough.
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

impl From<TryError> for RegisterError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany { retry_after } => Self::TooMany { retry_after },
            TryError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl Register {
    /// Says the same, and does the same work, whether the address has an account or not; only its owner hears, by
    /// mail.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn run(&self, wish: Registration, visitor: &Visitor) -> Result<CodeSent, RegisterError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let email = Email::parse(&wish.email)?;
        let name = person::name(&wish.name)?;
        let language = person::language(wish.language.as_deref().unwrap_or("en"))?;
        if let Some(password) = &wish.password {
            password::check(password, password::ALONE, &[&name, email.as_str()]).map_err(RegisterError::Weak)?;
        }
        ports.tries.count(&[limits::codes_to(&email), limits::sign_ups_from(visitor)], now).await?;
        let password_hash = match &wish.password {
            Some(password) => Some(ports.passwords.hash(password).await?),
            None => None,
        };
        let known = ports.users.by_email(&email).await?;
        let (template, usable) = match &known {
            None => ("register-code", true),
            Some(account) if account.signs_in_by_code() => ("register-known", true),
            Some(account) if account.is_active() && account.role != Role::Patient => ("staff-sign-in", false),
            Some(_) => ("no-account", false),
        };
        let reader = known.as_ref().map_or(language.clone(), |account| account.language.clone());
        let notice = |_, code: &str| match template {
            "register-code" => Notice::new(template, &email, &reader)
                .with("code", code)
                .with("minutes", minutes(CODE_LASTS))
                .with("name", name.as_str()),
            "register-known" => {
                Notice::new(template, &email, &reader).with("code", code).with("minutes", minutes(CODE_LASTS))
            }
            _ => Notice::new(template, &email, &reader),
        };
        let details = CodeDetails {
            email: email.as_str().to_owned(),
            name: name.clone(),
            language: language.clone(),
            password_hash,
            consents: wish.consents,
        };
        let sending = Sending {
            purpose: CodePurpose::Register,
            email: &email,
            // Found again by its address: naming it here would cost a look at it, which an unknown one does not cost.
            account: None,
            details,
            notice: &notice,
            usable,
            lasts: CODE_LASTS,
            actor: Actor::Guest,
        };
        Ok(ports.send(sending, visitor.request_id.clone(), now).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::user_test_data::{Mocks, account, visitor};

    fn wish() -> Registration {
        Registration {
            email: "ada@example.org".into(),
            name: "Ada Lovelace".into(),
            language: Some("fr".into()),
            password: None,
            consents: vec![("terms".into(), "1".into())],
        }
    }

    /// Template of the mail and whether its code can be shown.
    async fn mailed(known: Option<crate::domain::Account>) -> (&'static str, bool) {
        let mut mocks = Mocks::new();
        mocks.users.expect_by_email().returning(move |_| Ok(known.clone()));
        let (sent, heard) = std::sync::mpsc::channel();
        mocks.users.expect_issue().times(1).returning(move |code, notice, _| {
            sent.send((notice.template, code.digest == [1; 32])).unwrap();
            Ok(())
        });
        Register { ports: mocks.ports() }.run(wish(), &visitor()).await.unwrap();
        heard.recv().unwrap()
    }

    #[tokio::test]
    async fn only_the_mail_tells_whether_the_address_has_an_account() {
        assert_eq!(mailed(None).await, ("register-code", true));
        assert_eq!(mailed(Some(account(Role::Patient))).await, ("register-known", true));
        assert_eq!(mailed(Some(account(Role::Admin))).await, ("staff-sign-in", false));
        let disabled =
            crate::domain::Account { state: crate::domain::AccountState::Disabled, ..account(Role::Patient) };
        assert_eq!(mailed(Some(disabled)).await, ("no-account", false));
    }

    #[tokio::test]
    async fn who_is_over_the_limit_costs_no_hash_and_no_look() {
        let mut mocks = Mocks::new().over_the_limit(90);
        mocks.passwords.expect_hash().never();
        mocks.users.expect_by_email().never();
        let refused = Register { ports: mocks.ports() }.run(wish(), &visitor()).await;
        assert!(matches!(refused, Err(RegisterError::TooMany { retry_after: 90 })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_weak_password_and_a_bad_name_are_refused_before_anything_is_counted() {
        let mut mocks = Mocks::uncounted();
        mocks.users.expect_issue().never();
        let register = Register { ports: mocks.ports() };
        let weak = Registration { password: Some("adalovelace1815".into()), ..wish() };
        assert!(matches!(register.run(weak, &visitor()).await, Err(RegisterError::Weak(WeakPassword::Common))));
        let nameless = Registration { name: " ".into(), ..wish() };
        let refused = register.run(nameless, &visitor()).await;
        assert!(matches!(refused, Err(RegisterError::BadPerson(PersonError::BadName))));
    }
}
