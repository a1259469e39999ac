//! How people wish to be reminded, in PostgreSQL.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Bool, Integer, SmallInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff_diesel::ToDiesel as _;
use kernel::{PortFailure, Recorded, UserId};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use platform::records::{self, Wanted};
use serde_json::Value;
use uuid::Uuid;

use super::schema::preference;
use crate::application::{PreferenceStore, SavePreferencesError};
use crate::domain::{Preferences, PreferencesChanged, QuietHours};

/// Follows upon the version before, or is the first.
const SAVE: &str = "
    INSERT INTO notifications.preference AS p
           (id, email_reminders, sms_reminders, quiet_from, quiet_until, version, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO UPDATE
       SET email_reminders = $2, sms_reminders = $3, quiet_from = $4, quiet_until = $5, version = $6, updated_at = $7
     WHERE p.version = $6 - 1";

/// Preferences by account.
#[derive(Clone)]
pub struct PgPreferences {
    pool: PgPool,
    journal: Journal,
}

impl PgPreferences {
    /// Works through `pool`, writes to `journal`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal) -> Self {
        Self { pool, journal }
    }

    /// What is stored about a user, for a copy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn records(&self, keys: &Keyring, user: UserId) -> Result<Vec<Value>, PortFailure> {
        let wanted = Wanted { table: "notifications.preference", of: "t.id = ANY ($1)", but: &[] };
        let mut conn = pg::conn(&self.pool).await?;
        let rows = records::rows(&mut conn, keys, wanted, &[user.as_uuid()]).await;
        rows.map_err(|error| pg::failure("copy preferences", error))
    }

    /// Forgets what the user wished. Once more finds nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase(&self, user: UserId) -> Result<(), PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let gone = diesel::delete(preference::table.find(user.as_uuid())).execute(&mut conn).await;
        gone.map_err(|error| pg::failure("erase preferences", error))?;
        Ok(())
    }
}

#[async_trait]
impl PreferenceStore for PgPreferences {
    async fn of(&self, users: &[UserId]) -> Result<Vec<Preferences>, PortFailure> {
        let ids: Vec<Uuid> = users.iter().map(|user| user.as_uuid()).collect();
        pg::read(&self.pool, "read preferences", async |mut conn| {
            let rows: Vec<Row> =
                preference::table.filter(preference::id.eq_any(&ids)).select(Row::as_select()).load(&mut conn).await?;
            rows.into_iter().map(Row::into_preferences).collect()
        })
        .await
    }

    async fn save(
        &self,
        after: &Preferences,
        event: &Recorded<PreferencesChanged>,
    ) -> Result<(), SavePreferencesError> {
        let minutes = |minutes: u16| i16::try_from(minutes).unwrap_or(0);
        pg::transaction(&self.pool, "store preferences", async |conn| {
            let stored = diesel::sql_query(SAVE)
                .bind::<SqlUuid, _>(after.user.as_uuid())
                .bind::<Bool, _>(after.email_reminders)
                .bind::<Bool, _>(after.sms_reminders)
                .bind::<SmallInt, _>(minutes(after.quiet.from()))
                .bind::<SmallInt, _>(minutes(after.quiet.until()))
                .bind::<Integer, _>(after.version)
                .bind::<Timestamptz, _>(event.at.to_diesel())
                .execute(conn)
                .await?;
            if stored == 0 {
                return pg::refuse(SavePreferencesError::Stale);
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<SavePreferencesError>>(())
        })
        .await
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = preference)]
struct Row {
    id: Uuid,
    email_reminders: bool,
    sms_reminders: bool,
    quiet_from: i16,
    quiet_until: i16,
    version: i32,
}

impl Row {
    fn into_preferences(self) -> Result<Preferences, DieselError> {
        let minutes = |minutes: i16| u16::try_from(minutes).unwrap_or(u16::MAX);
        let quiet = QuietHours::new(minutes(self.quiet_from), minutes(self.quiet_until));
        Ok(Preferences {
            user: UserId::from_uuid(self.id),
            email_reminders: self.email_reminders,
            sms_reminders: self.sms_reminders,
            quiet: quiet.map_err(|error| DieselError::DeserializationError(error.into()))?,
            version: self.version,
        })
    }
}
