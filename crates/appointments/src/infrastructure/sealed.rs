//! Where the slice's sealed values lie, and the sealing of those that an earlier version has left in the clear.

use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use kernel::PortFailure;
use platform::crypto::Keyring;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::{clear_appointment, clear_patient};
use super::search_keys::keys_of;
use crate::domain::Patient;

/// Places of sealed values: schema, table and column.
pub(super) mod places {
    pub(crate) const NAME: &str = "appointments.patient.name";
    pub(crate) const EMAIL: &str = "appointments.patient.email";
    pub(crate) const PHONE: &str = "appointments.patient.phone";
    pub(crate) const BIRTH_DATE: &str = "appointments.patient.birth_date";
    pub(crate) const NOTES: &str = "appointments.appointment.notes";
    pub(crate) const EMERGENCY_REASON: &str = "appointments.emergency_access.reason";
    pub(crate) const DRAFT: &str = "appointments.hold.draft";
    pub(crate) const CANCEL_REASON: &str = "appointments.appointment.cancel_reason";
    pub(crate) const CORRECT_REASON: &str = "appointments.appointment.correct_reason";
    pub(crate) const OUTSIDE_REASON: &str = "appointments.appointment.outside_reason";
}

/// What one batch holds.
const BATCH: i64 = 1000;

/// By what a patient of this name and of this address is found: blind indexes of name and address. Nobody is found
/// without an address.
pub(super) fn blind_keys(keys: &Keyring, person: &Patient) -> Option<([u8; 32], [u8; 32])> {
    let email = person.email_key()?;
    Some((keys.blind(NAME_INDEX, &person.name_key()), keys.blind(EMAIL_INDEX, &email)))
}

/// By what all patients of this address are found.
pub(super) fn email_index(keys: &Keyring, email: &str) -> [u8; 32] {
    keys.blind(EMAIL_INDEX, &email.trim().to_lowercase())
}

/// By what the holds of who is not signed in are counted: where they were asked for.
pub(super) fn client_index(keys: &Keyring, client: &str) -> [u8; 32] {
    keys.blind("appointments.hold.client_key", client)
}

/// Purpose of the blind index over names in lower case.
const NAME_INDEX: &str = "appointments.patient.name_key";
/// Purpose of the blind index over addresses in lower case.
const EMAIL_INDEX: &str = "appointments.patient.email_key";

/// A patient's columns as they are stored, for those who load many rows at once.
#[derive(Debug)]
pub struct SealedPatient {
    /// `name`.
    pub name: Vec<u8>,
    /// `email`.
    pub email: Vec<u8>,
    /// `name_key`, of the name in lower case.
    pub name_key: [u8; 32],
    /// `email_key`, of the address in lower case.
    pub email_key: [u8; 32],
    /// `search_keys`, of name and address.
    pub search_keys: Vec<i64>,
}

impl SealedPatient {
    /// Seals a patient's name and address.
    #[must_use]
    pub fn new(keys: &Keyring, id: Uuid, name: &str, email: &str) -> Self {
        Self {
            name: keys.seal_text(places::NAME, id, name),
            email: keys.seal_text(places::EMAIL, id, email),
            name_key: keys.blind(NAME_INDEX, &name.to_lowercase()),
            email_key: keys.blind(EMAIL_INDEX, &email.to_lowercase()),
            search_keys: Patient::enrol(name, email, Timestamp::UNIX_EPOCH)
                .map(|person| keys_of(keys, &person))
                .unwrap_or_default(),
        }
    }
}

/// A visit's notes as they are stored.
#[must_use]
pub fn sealed_notes(keys: &Keyring, id: Uuid, notes: &str) -> Vec<u8> {
    keys.seal_text(places::NOTES, id, notes)
}

/// The reason of a visit's cancellation as it is stored.
#[must_use]
pub fn sealed_cancel_reason(keys: &Keyring, id: Uuid, reason: &str) -> Vec<u8> {
    keys.seal_text(places::CANCEL_REASON, id, reason)
}

/// Seals at most 1,000 patients that an earlier version has left in the clear; gives how many there were.
///
/// # Errors
/// Of the database.
pub async fn seal_clear_patients(pool: &PgPool, keys: &Keyring) -> Result<usize, PortFailure> {
    pg::transaction(pool, "seal patients", async |conn| {
        let clear: Vec<(Uuid, String, String)> =
            clear_patient::table.limit(BATCH).for_update().skip_locked().load(conn).await?;
        if clear.is_empty() {
            // Deleted rows stay in the table's file until this.
            diesel::sql_query("TRUNCATE appointments.clear_patient").execute(conn).await?;
            return Ok(0);
        }
        let ids: Vec<Uuid> = clear.iter().map(|(id, ..)| *id).collect();
        let sealed: Vec<SealedPatient> =
            clear.iter().map(|(id, name, email)| SealedPatient::new(keys, *id, name, email)).collect();
        let all = |part: fn(&SealedPatient) -> &[u8]| sealed.iter().map(part).collect::<Vec<_>>();
        diesel::sql_query(
            "UPDATE appointments.patient p
                SET name = c.name, email = c.email, name_key = c.name_key, email_key = c.email_key
               FROM unnest($1, $2, $3, $4, $5) AS c (id, name, email, name_key, email_key) WHERE p.id = c.id",
        )
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Binary>, _>(all(|row| &row.name))
        .bind::<Array<Binary>, _>(all(|row| &row.email))
        .bind::<Array<Binary>, _>(all(|row| &row.name_key))
        .bind::<Array<Binary>, _>(all(|row| &row.email_key))
        .execute(conn)
        .await?;
        diesel::delete(clear_patient::table.filter(clear_patient::id.eq_any(&ids))).execute(conn).await?;
        Ok::<_, Abort<PortFailure>>(ids.len())
    })
    .await
}

/// Seals notes and reasons of at most 1,000 visits, as [`seal_clear_patients`] does.
///
/// # Errors
/// Of the database.
pub async fn seal_clear_visits(pool: &PgPool, keys: &Keyring) -> Result<usize, PortFailure> {
    pg::transaction(pool, "seal notes", async |conn| {
        let clear: Vec<(Uuid, Option<String>, Option<String>)> =
            clear_appointment::table.limit(BATCH).for_update().skip_locked().load(conn).await?;
        if clear.is_empty() {
            diesel::sql_query("TRUNCATE appointments.clear_appointment").execute(conn).await?;
            return Ok(0);
        }
        let ids: Vec<Uuid> = clear.iter().map(|(id, ..)| *id).collect();
        let notes: Vec<Option<Vec<u8>>> =
            clear.iter().map(|(id, notes, _)| notes.as_ref().map(|text| sealed_notes(keys, *id, text))).collect();
        let reasons: Vec<Option<Vec<u8>>> = clear
            .iter()
            .map(|(id, _, reason)| reason.as_ref().map(|text| sealed_cancel_reason(keys, *id, text)))
            .collect();
        diesel::sql_query(
            "UPDATE appointments.appointment a SET notes = c.notes, cancel_reason = c.cancel_reason
               FROM unnest($1, $2, $3) AS c (id, notes, cancel_reason) WHERE a.id = c.id",
        )
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Nullable<Binary>>, _>(notes)
        .bind::<Array<Nullable<Binary>>, _>(reasons)
        .execute(conn)
        .await?;
        diesel::delete(clear_appointment::table.filter(clear_appointment::id.eq_any(&ids))).execute(conn).await?;
        Ok::<_, Abort<PortFailure>>(ids.len())
    })
    .await
}
