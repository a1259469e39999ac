use async_trait::async_trait;
use auth::application::{Found, PartErasure, PersonalRecords, RecordFile};
use kernel::{PortFailure, UserId};
use notifications::infrastructure::PgPreferences;
use platform::crypto::Keyring;

/// How somebody wishes to be reminded is in the copy of what is stored about them, and goes with the account.
pub struct NotificationsForAuth {
    pub(crate) preferences: PgPreferences,
    pub(crate) keys: Keyring,
}

#[async_trait]
impl PersonalRecords for NotificationsForAuth {
    async fn of(&self, user: UserId) -> Result<Found, PortFailure> {
        let rows = self.preferences.records(&self.keys, user).await?;
        let file = RecordFile {
            name: "notification-preferences.json",
            about: "How you wish to be reminded of visits.",
            json: serde_json::to_string_pretty(&rows).unwrap_or_default(),
        };
        Ok(Found { files: vec![file], subjects: Vec::new() })
    }
}

#[async_trait]
impl PartErasure for NotificationsForAuth {
    async fn erase(&self, user: UserId) -> Result<(), PortFailure> {
        self.preferences.erase(user).await
    }
}
