//! Rows, and what they hold.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use jiff_diesel::Timestamp as DbTimestamp;
use kernel::ClinicId;
use platform::crypto::{CannotOpen, Keyring};
use uuid::Uuid;

use super::schema::{attempt, delivery, endpoint};
use crate::domain::{
    Delivery, DeliveryId, DeliveryState, Disabled, Endpoint, EndpointId, EventType, Secret, SigningKeys, Standing, Try,
    Wanted,
};

pub(super) const URL: &str = "webhooks.endpoint.url";
pub(super) const SECRET: &str = "webhooks.endpoint.secret";
pub(super) const PREVIOUS: &str = "webhooks.endpoint.previous_secret";

#[derive(Queryable, Selectable)]
#[diesel(table_name = endpoint)]
pub(super) struct EndpointRow {
    pub(super) id: Uuid,
    pub(super) clinic_id: Uuid,
    url: Vec<u8>,
    event_types: Option<Vec<String>>,
    secret: Vec<u8>,
    previous_secret: Option<Vec<u8>>,
    previous_until: Option<DbTimestamp>,
    pub(super) disabled_reason: Option<String>,
    pub(super) failing_since: Option<DbTimestamp>,
    pub(super) version: i32,
    created_at: DbTimestamp,
    updated_at: DbTimestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = delivery)]
pub(super) struct DeliveryRow {
    pub(super) id: Uuid,
    pub(super) endpoint_id: Uuid,
    pub(super) event_id: Uuid,
    pub(super) event_type: String,
    pub(super) payload: String,
    pub(super) state: String,
    pub(super) attempts: i32,
    pub(super) replayed_after: i32,
    next_at: Option<DbTimestamp>,
    pub(super) begun_at: Option<DbTimestamp>,
    response_status: Option<i16>,
    duration_ms: Option<i32>,
    last_error: Option<String>,
    created_at: DbTimestamp,
    done_at: Option<DbTimestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attempt)]
pub(super) struct TryRow {
    number: i32,
    begun_at: DbTimestamp,
    duration_ms: i32,
    response_status: Option<i16>,
    error: Option<String>,
}

/// What an endpoint wants, by the column. A name that is not known any more is left out.
pub(super) fn wanted(types: Option<&[String]>) -> Wanted {
    match types {
        None => Wanted::All,
        Some(words) => Wanted::These(words.iter().filter_map(|word| EventType::from_word(word)).collect()),
    }
}

/// The column of what an endpoint wants.
pub(super) fn types(wanted: &Wanted) -> Option<Vec<&'static str>> {
    match wanted {
        Wanted::All => None,
        Wanted::These(_) => Some(wanted.words()),
    }
}

pub(super) const fn reason(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Enabled => None,
        Standing::Disabled(reason) => Some(reason.word()),
    }
}

impl EndpointRow {
    pub(super) fn open(self, keys: &Keyring) -> Result<Endpoint, DieselError> {
        let sealed = |error: CannotOpen| DieselError::DeserializationError(error.into());
        let secret = |place: &str, sealed_secret: &[u8]| keys.open(place, self.id, sealed_secret).map(Secret::new);
        let previous = match (&self.previous_secret, self.previous_until) {
            (Some(before), Some(until)) => Some((secret(PREVIOUS, before).map_err(sealed)?, until.to_jiff())),
            (None, _) | (_, None) => None,
        };
        let standing = match &self.disabled_reason {
            None => Standing::Enabled,
            Some(word) => Standing::Disabled(Disabled::from_word(word).unwrap_or(Disabled::ByHand)),
        };
        Ok(Endpoint {
            id: EndpointId::from_uuid(self.id),
            clinic: ClinicId::from_uuid(self.clinic_id),
            url: keys.open_text(URL, self.id, &self.url).map_err(sealed)?,
            wanted: wanted(self.event_types.as_deref()),
            standing,
            keys: SigningKeys { current: secret(SECRET, &self.secret).map_err(sealed)?, previous },
            failing_since: self.failing_since.map(DbTimestamp::to_jiff),
            version: self.version,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: DeliveryId::from_uuid(row.id),
            endpoint: EndpointId::from_uuid(row.endpoint_id),
            event_id: row.event_id,
            event_type: row.event_type,
            payload: row.payload,
            state: DeliveryState::from_word(&row.state).unwrap_or(DeliveryState::Failed),
            attempts: row.attempts.unsigned_abs(),
            next_at: row.next_at.map(DbTimestamp::to_jiff),
            response_status: row.response_status.map(i16::unsigned_abs),
            duration_ms: row.duration_ms.map(i32::unsigned_abs),
            error: row.last_error,
            created_at: row.created_at.to_jiff(),
            done_at: row.done_at.map(DbTimestamp::to_jiff),
        }
    }
}

impl From<TryRow> for Try {
    fn from(row: TryRow) -> Self {
        Self {
            number: row.number.unsigned_abs(),
            begun_at: row.begun_at.to_jiff(),
            duration_ms: row.duration_ms.unsigned_abs(),
            response_status: row.response_status.map(i16::unsigned_abs),
            error: row.error,
        }
    }
}
