//! Keyed hashes by which patients are found, though all that is told of them is sealed.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::PortFailure;
use platform::crypto::Keyring;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::patient_row::PatientRow;
use super::schema::patient;
use crate::domain::{Patient, SearchTerm};

/// What one batch holds.
const BATCH: i64 = 500;

/// The hash of a term.
pub(super) fn key_of(keys: &Keyring, (kind, text): &SearchTerm) -> i64 {
    keys.blind_number(&format!("appointments.patient.search_keys.{kind}"), text)
}

/// Those of all terms by which this person is found.
pub(super) fn keys_of(keys: &Keyring, person: &Patient) -> Vec<i64> {
    person.search_terms().iter().map(|term| key_of(keys, term)).collect()
}

/// Makes the keys of at most 500 patients that have none yet; gives how many there were.
///
/// # Errors
/// Of the database, or when a name cannot be opened.
pub async fn index_patients(pool: &PgPool, keys: &Keyring) -> Result<usize, PortFailure> {
    pg::transaction(pool, "index patients", async |conn| {
        let rows: Vec<PatientRow> = patient::table
            .filter(patient::search_keys.is_null())
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("octet_length(name) > 0"))
            .limit(BATCH)
            .for_update()
            .skip_locked()
            .select(PatientRow::as_select())
            .load(conn)
            .await?;
        let count = rows.len();
        for row in rows {
            let id: Uuid = row.id;
            let person = row.into_patient(keys)?;
            diesel::update(patient::table.find(id))
                .set(patient::search_keys.eq(Some(keys_of(keys, &person))))
                .execute(conn)
                .await?;
        }
        Ok::<_, Abort<PortFailure>>(count)
    })
    .await
}
