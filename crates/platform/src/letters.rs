//! Mail to people, put into the outbox with the change that causes it.
//!
//! A letter names a template and the values it wants; the slice `notifications` makes mail of it and sends it after
//! the commit. Address and values lie sealed, because they are personal and may hold a one-time code.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::EventId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::crypto::{CannotOpen, Keyring};
use crate::schema::outbox;

/// The outbox topic of letters.
pub const TOPIC: &str = "mail";
pub(crate) const PLACE: &str = "journal.outbox.sealed";

/// Something to be told to somebody by mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Name of the template, e.g. `sign-in-code`.
    pub template: String,
    /// E-mail address.
    pub to: String,
    /// BCP 47 tag of the reader's language; `en` where the templates do not know it.
    pub language: String,
    /// What the template shows, by name.
    pub values: BTreeMap<String, String>,
    /// A file for the reader's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarPart>,
}

/// A calendar file (RFC 5545) that goes with a letter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarPart {
    /// What is to be done with it (RFC 5546), the same word as in the file: `REQUEST` or `CANCEL`.
    pub method: String,
    /// The file.
    pub text: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("template", &self.template).finish_non_exhaustive()
    }
}

impl Letter {
    /// A letter without values.
    #[must_use]
    pub fn new(template: impl Into<String>, to: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            template: template.into(),
            to: to.into(),
            language: language.into(),
            values: BTreeMap::new(),
            calendar: None,
        }
    }

    /// With one value more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// With a file for the reader's calendar; an empty one is none.
    #[must_use]
    pub fn calendar(mut self, method: &str, text: &str) -> Self {
        let part = || CalendarPart { method: method.to_owned(), text: text.to_owned() };
        self.calendar = (!text.is_empty()).then(part);
        self
    }

    /// Opens a letter that lies sealed in the outbox under `id`.
    ///
    /// # Errors
    /// See [`CannotOpen`].
    pub fn open(keys: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, CannotOpen> {
        serde_json::from_slice(&keys.open(PLACE, id, sealed)?).map_err(|_| CannotOpen::Malformed)
    }
}

/// Puts a letter into the outbox, in the caller's transaction. `subject` is the record it is about.
///
/// # Errors
/// Of the database.
pub async fn post(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    letter: &Letter,
    subject: Uuid,
    at: Timestamp,
) -> Result<EventId, DieselError> {
    let id = EventId::mint();
    post_as(conn, keys, id, letter, subject, at).await?;
    Ok(id)
}

/// [`post`] under an id that is known before.
///
/// # Errors
/// Of the database.
pub async fn post_as(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    id: EventId,
    letter: &Letter,
    subject: Uuid,
    at: Timestamp,
) -> Result<(), DieselError> {
    put(conn, keys, TOPIC, id, letter, subject, at).await
}

/// Puts something sealed into the outbox.
pub(crate) async fn put<T: Serialize + Sync>(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    topic: &str,
    id: EventId,
    told: &T,
    subject: Uuid,
    at: Timestamp,
) -> Result<(), DieselError> {
    let plain = serde_json::to_vec(told).map_err(|error| DieselError::SerializationError(error.into()))?;
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id.as_uuid()),
            outbox::topic.eq(topic),
            outbox::subject.eq(subject),
            outbox::payload.eq("{}"),
            outbox::sealed.eq(keys.seal(PLACE, id.as_uuid(), &plain)),
            outbox::created_at.eq(at.to_diesel()),
            outbox::available_at.eq(at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
