use std::sync::Arc;

use kernel::{Caller, PortFailure, Recorded, UserId};

use super::{AccountPorts, Change, Consent, ConsentGiven, Decide, Refusal, StoreError};
use crate::domain::{Account, AccountEvent, PersonError, person};

/// Shows and edits one's own account.
#[derive(Clone)]
pub struct MyAccount {
    /// From outside.
    pub ports: AccountPorts,
}

/// What is to be another; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// As the person writes it.
    pub name: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
}

/// Why it cannot be shown, or stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum MyAccountError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Another version than the caller insists on.
    #[error("the account has changed")]
    VersionChanged,
    /// Name or language cannot be one.
    #[error(transparent)]
    BadPerson(#[from] PersonError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<StoreError> for MyAccountError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::Refused(Refusal::VersionChanged) => Self::VersionChanged,
            StoreError::Refused(_)
            | StoreError::EmailTaken
            | StoreError::ProfileTaken
            | StoreError::LastAdmin
            | StoreError::Once(_) => Self::NotFound,
        }
    }
}

fn own(caller: &Caller) -> Result<UserId, MyAccountError> {
    caller.user().ok_or(MyAccountError::NotFound)
}

impl MyAccount {
    /// The caller's account.
    ///
    /// # Errors
    /// See [`MyAccountError`].
    pub async fn show(&self, caller: &Caller) -> Result<Account, MyAccountError> {
        self.ports.users.find(own(caller)?).await?.ok_or(MyAccountError::NotFound)
    }

    /// Gives the caller another name or language.
    ///
    /// # Errors
    /// See [`MyAccountError`].
    pub async fn edit(
        &self,
        caller: &Caller,
        edit: Edit,
        versions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<Account, MyAccountError> {
        let name = edit.name.as_deref().map(person::name).transpose()?;
        let language = edit.language.as_deref().map(person::language).transpose()?;
        let (now, actor) = (self.ports.clock.now(), caller.actor());
        let decide: Decide = Arc::new(move |account: &Account| {
            if !account.is_one_of(versions.as_deref()) {
                return Err(Refusal::VersionChanged);
            }
            let after = Account {
                name: name.clone().unwrap_or_else(|| account.name.clone()),
                language: language.clone().unwrap_or_else(|| account.language.clone()),
                ..account.changed(now)
            };
            let event = Recorded::new(AccountEvent::Edited { user_id: account.id }, actor, now);
            Ok(Change::new(after, event.caused_by(request_id.clone())))
        });
        Ok(self.ports.users.change(own(caller)?, decide).await?)
    }

    /// The caller's account, and answers to documents, the newest first.
    ///
    /// # Errors
    /// See [`MyAccountError`].
    pub async fn consents(&self, caller: &Caller) -> Result<(Account, Vec<Consent>), MyAccountError> {
        let account = self.show(caller).await?;
        let consents = self.ports.users.consents(account.id).await?;
        Ok((account, consents))
    }

    /// Takes down answers to documents; those before stay on record.
    ///
    /// # Errors
    /// See [`MyAccountError`].
    pub async fn answer(
        &self,
        caller: &Caller,
        given: Vec<ConsentGiven>,
        versions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<(Account, Vec<Consent>), MyAccountError> {
        let (now, actor) = (self.ports.clock.now(), caller.actor());
        let decide: Decide = Arc::new(move |account: &Account| {
            if !account.is_one_of(versions.as_deref()) {
                return Err(Refusal::VersionChanged);
            }
            let event = Recorded::new(AccountEvent::ConsentsChanged { user_id: account.id }, actor, now);
            let event = event.caused_by(request_id.clone());
            Ok(Change { consents: given.clone(), ..Change::new(account.changed(now), event) })
        });
        let account = self.ports.users.change(own(caller)?, decide).await?;
        let consents = self.ports.users.consents(account.id).await?;
        Ok((account, consents))
    }
}

#[cfg(test)]
mod tests {
    use kernel::Role;

    use super::*;
    use crate::application::user_test_data::{Mocks, account};

    #[tokio::test]
    async fn an_edit_changes_what_it_names_and_raises_the_version() {
        let of = account(Role::Patient);
        let mine = MyAccount { ports: Mocks::new().with(of.clone()).ports() };
        let edit = Edit { language: Some("fr".into()), name: None };
        let after = mine.edit(&of.caller(), edit, Some(vec![3]), None).await.unwrap();
        assert_eq!((after.language.as_str(), after.name.as_str(), after.version), ("fr", "Ada Lovelace", 4));
    }

    #[tokio::test]
    async fn a_version_that_was_not_read_is_not_edited() {
        let of = account(Role::Patient);
        let mine = MyAccount { ports: Mocks::new().with(of.clone()).ports() };
        let stale = mine.edit(&of.caller(), Edit::default(), Some(vec![2]), None).await;
        assert!(matches!(stale, Err(MyAccountError::VersionChanged)), "{stale:?}");
        let stale = mine.answer(&of.caller(), Vec::new(), Some(vec![2]), None).await;
        assert!(matches!(stale, Err(MyAccountError::VersionChanged)), "{stale:?}");
    }

    #[tokio::test]
    async fn who_is_not_signed_in_has_no_account() {
        let mine = MyAccount { ports: Mocks::new().ports() };
        assert!(matches!(mine.show(&Caller::guest()).await, Err(MyAccountError::NotFound)));
    }

    #[tokio::test]
    async fn answers_to_documents_are_stored_with_the_account_s_next_version() {
        let of = account(Role::Patient);
        let mut mocks = Mocks::new();
        let locked = of.clone();
        mocks.users.expect_change().times(1).returning(move |_, decide| {
            let change = decide(&locked)?;
            assert_eq!(change.consents.len(), 1);
            Ok(change.account)
        });
        mocks.users.expect_consents().returning(|_| Ok(Vec::new()));
        let mine = MyAccount { ports: mocks.ports() };
        let given = ConsentGiven { document: "reminders".into(), version: "1".into(), given: false };
        let (after, _) = mine.answer(&of.caller(), vec![given], None, None).await.unwrap();
        assert_eq!(after.version, 4);
    }
}
