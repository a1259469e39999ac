//! Text messages to phones, put into the outbox with the change that causes them, as [`crate::letters`] are.

use std::collections::BTreeMap;

use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use jiff::Timestamp;
use kernel::EventId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::crypto::{CannotOpen, Keyring};
use crate::letters::{PLACE, put};

/// The outbox topic of texts.
pub const TOPIC: &str = "sms";

/// Something to be told to somebody by a text message. Number and values lie sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Name of the template, e.g. `reminder`.
    pub template: String,
    /// Phone number in international form (E.164).
    pub to: String,
    /// BCP 47 tag of the reader's language; `en` where the templates do not know it.
    pub language: String,
    /// What the template shows, by name.
    pub values: BTreeMap<String, String>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("template", &self.template).finish_non_exhaustive()
    }
}

impl Text {
    /// A text without values.
    #[must_use]
    pub fn new(template: impl Into<String>, to: impl Into<String>, language: impl Into<String>) -> Self {
        Self { template: template.into(), to: to.into(), language: language.into(), values: BTreeMap::new() }
    }

    /// With one value more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Opens a text that lies sealed in the outbox under `id`.
    ///
    /// # Errors
    /// See [`CannotOpen`].
    pub fn open(keys: &Keyring, id: Uuid, sealed: &[u8]) -> Result<Self, CannotOpen> {
        serde_json::from_slice(&keys.open(PLACE, id, sealed)?).map_err(|_| CannotOpen::Malformed)
    }
}

/// Puts a text into the outbox, in the caller's transaction. `subject` is the record it is about.
///
/// # Errors
/// Of the database.
pub async fn post(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    text: &Text,
    subject: Uuid,
    at: Timestamp,
) -> Result<EventId, DieselError> {
    let id = EventId::mint();
    post_as(conn, keys, id, text, subject, at).await?;
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
    text: &Text,
    subject: Uuid,
    at: Timestamp,
) -> Result<(), DieselError> {
    put(conn, keys, TOPIC, id, text, subject, at).await
}

/// Can a text be sent to this number? It has to be in international form (ITU-T E.164): a `+`, then 8 to 15 digits of
/// which the first is no zero. Which country another number belongs to, nobody knows.
#[must_use]
pub fn is_international(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_in_international_form_can_be_sent_to() {
        for number in ["+12125550100", "+33612345678", "+4912345678", "+123456789012345"] {
            assert!(is_international(number), "{number}");
        }
        for number in ["2125550100", "0033612345678", "+0612345678", "+1234567", "+1234567890123456", "+1 212", "+", ""]
        {
            assert!(!is_international(number), "{number}");
        }
    }
}
