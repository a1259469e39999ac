use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Actor, Caller, Clock, PortFailure, Recorded, UserId};

use crate::domain::{Preferences, PreferencesChanged, QuietHours};

/// What somebody wishes from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wished {
    /// Reminders by mail.
    pub email_reminders: bool,
    /// Reminders by text.
    pub sms_reminders: bool,
    /// When not.
    pub quiet: QuietHours,
}

/// Why preferences were not stored.
#[derive(Debug, thiserror::Error)]
pub enum SavePreferencesError {
    /// They have changed meanwhile.
    #[error("the preferences have changed meanwhile")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps how people wish to be reminded.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PreferenceStore: Send + Sync {
    /// What these users have told; nothing of those who have told nothing.
    async fn of(&self, users: &[UserId]) -> Result<Vec<Preferences>, PortFailure>;

    /// Stores what follows upon the version before.
    async fn save(&self, after: &Preferences, event: &Recorded<PreferencesChanged>)
    -> Result<(), SavePreferencesError>;
}

/// Why preferences were neither told nor changed.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// Patients alone are reminded.
    #[error("not a patient")]
    NotAPatient,
    /// They have changed since they were read.
    #[error("the preferences have changed")]
    Stale,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Tells and changes how patients wish to be reminded.
pub struct ManagePreferences {
    /// Where it is kept.
    pub store: Arc<dyn PreferenceStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ManagePreferences {
    /// The caller's own.
    ///
    /// # Errors
    /// See [`PreferencesError`].
    pub async fn read(&self, caller: &Caller) -> Result<Preferences, PreferencesError> {
        let Actor::Patient(user) = caller.actor() else { return Err(PreferencesError::NotAPatient) };
        let found = self.store.of(&[user]).await?;
        Ok(found.into_iter().next().unwrap_or_else(|| Preferences::unsaid(user)))
    }

    /// Replaces them, if they are of one of these versions, where some are named. The same again changes nothing.
    ///
    /// # Errors
    /// See [`PreferencesError`].
    pub async fn replace(
        &self,
        caller: &Caller,
        wished: Wished,
        versions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<Preferences, PreferencesError> {
        let before = self.read(caller).await?;
        if versions.is_some_and(|versions| !versions.contains(&before.version)) {
            return Err(PreferencesError::Stale);
        }
        let Wished { email_reminders, sms_reminders, quiet } = wished;
        let after = Preferences { email_reminders, sms_reminders, quiet, ..before };
        if after == before && before.version > 0 {
            return Ok(before);
        }
        let after = Preferences { version: before.version + 1, ..after };
        let event = PreferencesChanged { user_id: after.user, email_reminders, sms_reminders };
        let event = Recorded::new(event, caller.actor(), self.clock.now()).caused_by(request_id);
        match self.store.save(&after, &event).await {
            Ok(()) => Ok(after),
            Err(SavePreferencesError::Stale) => Err(PreferencesError::Stale),
            Err(SavePreferencesError::Failed(failure)) => Err(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kernel::StoppedClock;

    use super::*;

    fn manage(store: MockPreferenceStore) -> ManagePreferences {
        ManagePreferences { store: Arc::new(store), clock: Arc::new(StoppedClock::at(Timestamp::UNIX_EPOCH)) }
    }

    fn no_texts() -> Wished {
        Wished { email_reminders: true, sms_reminders: false, quiet: QuietHours::default() }
    }

    fn storing(found: Vec<Preferences>) -> MockPreferenceStore {
        let mut store = MockPreferenceStore::new();
        store.expect_of().returning(move |_| Ok(found.clone()));
        store
    }

    #[tokio::test]
    async fn who_has_told_nothing_has_the_usual_and_the_first_change_is_of_version_0() {
        let user = UserId::mint();
        let caller = Caller::patient(user);
        assert_eq!(manage(storing(vec![])).read(&caller).await.unwrap(), Preferences::unsaid(user));
        let mut store = storing(vec![]);
        store
            .expect_save()
            .once()
            .withf(move |after, event| {
                (after.version, after.sms_reminders) == (1, false) && event.event.user_id == user
            })
            .returning(|_, _| Ok(()));
        let after = manage(store).replace(&caller, no_texts(), Some(vec![0]), None).await.unwrap();
        assert_eq!(after.version, 1);
    }

    #[tokio::test]
    async fn an_older_version_changes_nothing_and_neither_does_the_same_again() {
        let user = UserId::mint();
        let caller = Caller::patient(user);
        let there = Preferences { sms_reminders: false, version: 3, ..Preferences::unsaid(user) };
        let stale = manage(storing(vec![there])).replace(&caller, no_texts(), Some(vec![2]), None).await;
        assert!(matches!(stale, Err(PreferencesError::Stale)), "{stale:?}");
        assert_eq!(manage(storing(vec![there])).replace(&caller, no_texts(), None, None).await.unwrap(), there);
    }

    #[tokio::test]
    async fn only_patients_have_some() {
        for caller in [Caller::staff(UserId::mint(), vec![]), Caller::admin(UserId::mint()), Caller::guest()] {
            let refused = manage(MockPreferenceStore::new()).read(&caller).await;
            assert!(matches!(refused, Err(PreferencesError::NotAPatient)), "{refused:?}");
        }
    }
}
