//! What the slice holds about somebody, for a copy.

use kernel::{PortFailure, UserId};
use platform::crypto::Keyring;
use platform::pg::{self, PgPool};
use platform::records::{self, Wanted};
use serde_json::Value;

use crate::domain::host_of;

/// Reads what is stored about a user.
#[derive(Clone)]
pub struct PgCalendarRecords {
    pool: PgPool,
    keys: Keyring,
}

/// Calendars of a user, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRecords {
    /// Addresses for calendar programs, without the secrets in them.
    pub feeds: Vec<Value>,
    /// Calendars elsewhere; of their addresses the hosts alone, since the rest opens them.
    pub externals: Vec<Value>,
}

impl PgCalendarRecords {
    /// Reads through `pool`, opens by `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, keys: Keyring) -> Self {
        Self { pool, keys }
    }

    /// Everything that the user has, opened or added.
    ///
    /// # Errors
    /// When the store fails, or a value cannot be opened.
    pub async fn of(&self, user: UserId) -> Result<CalendarRecords, PortFailure> {
        let failed = |error| pg::failure("copy what is stored of calendars", error);
        let mut conn = pg::conn(&self.pool).await?;
        let user = [user.as_uuid()];
        let feeds = Wanted {
            table: "calendars.feed",
            of: "t.user_id = ANY ($1) OR t.opened_by = ANY ($1)",
            but: &["secret_digest"],
        };
        let added = Wanted {
            table: "calendars.external_calendar",
            of: "t.added_by = ANY ($1)",
            but: &["etag", "whole_read_at", "next_read_at"],
        };
        let feeds = records::rows(&mut conn, &self.keys, feeds, &user).await.map_err(failed)?;
        let mut externals = records::rows(&mut conn, &self.keys, added, &user).await.map_err(failed)?;
        for calendar in externals.iter_mut().filter_map(Value::as_object_mut) {
            let address = calendar.remove("address");
            let host = address.as_ref().and_then(Value::as_str).map(host_of);
            calendar.insert("host".to_owned(), host.into());
        }
        Ok(CalendarRecords { feeds, externals })
    }
}
