use std::collections::HashMap;

use appointments::application::{ReminderWish, Wishes};
use appointments::domain::Quiet;
use async_trait::async_trait;
use kernel::{PortFailure, UserId};
use notifications::application::PreferenceStore as _;
use notifications::infrastructure::PgPreferences;

/// The slice of messages knows how people wish to be reminded.
pub struct NotificationsForAppointments {
    pub(crate) preferences: PgPreferences,
}

#[async_trait]
impl Wishes for NotificationsForAppointments {
    async fn of(&self, users: &[UserId]) -> Result<HashMap<UserId, ReminderWish>, PortFailure> {
        let found = self.preferences.of(users).await?;
        let wish = |quiet: notifications::domain::QuietHours| Quiet { from: quiet.from(), until: quiet.until() };
        Ok(found
            .into_iter()
            .map(|told| {
                let by = ReminderWish {
                    by_mail: told.email_reminders,
                    by_text: told.sms_reminders,
                    quiet: wish(told.quiet),
                };
                (told.user, by)
            })
            .collect())
    }
}
