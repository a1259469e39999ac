use async_trait::async_trait;
use auth::application::{Found, PersonalRecords, RecordFile};
use calendars::infrastructure::PgCalendarRecords;
use kernel::{PortFailure, UserId};
use serde_json::Value;

/// Calendars that people subscribe to, and those that they have read, are in the copy of what is stored about them.
pub struct CalendarsForAuth {
    pub(crate) records: PgCalendarRecords,
}

#[async_trait]
impl PersonalRecords for CalendarsForAuth {
    async fn of(&self, user: UserId) -> Result<Found, PortFailure> {
        let found = self.records.of(user).await?;
        let ids = |rows: &[Value]| rows.iter().filter_map(|row| row["id"].as_str()?.parse().ok()).collect::<Vec<_>>();
        let file = |name, about, rows: &[Value]| RecordFile {
            name,
            about,
            json: serde_json::to_string_pretty(rows).unwrap_or_default(),
        };
        Ok(Found {
            subjects: [ids(&found.feeds), ids(&found.externals)].concat(),
            files: vec![
                file(
                    "calendar-feeds.json",
                    "Addresses by which calendar programs show your visits, without the secrets in them.",
                    &found.feeds,
                ),
                file(
                    "external-calendars.json",
                    "Calendars elsewhere that you have added; of their addresses the hosts.",
                    &found.externals,
                ),
            ],
        })
    }
}
