use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use kernel::{PatientId, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::patient_row::PatientRow;
use super::schema::{caretaker, patient};
use super::search_keys::key_of;
use crate::application::{DeskError, Known, NewPatient, PatientDesk};
use crate::domain::{Patient, PatientEvent, PatientSearch, SearchTerm};

/// So many are opened and looked at.
const MOST_LOOKED_AT: i64 = 100;

const FOUND: &str = "SELECT p.id FROM appointments.patient p
      WHERE p.search_keys @> $1 AND p.purge_after IS NULL
        AND ($2::uuid IS NULL OR EXISTS (SELECT FROM appointments.appointment a
              WHERE a.patient_id = p.id AND a.doctor_id = $2 AND a.status <> 'cancelled'))
        AND ($3::uuid[] IS NULL OR p.taken_down_at = ANY ($3) OR EXISTS (SELECT FROM appointments.appointment a
              WHERE a.patient_id = p.id AND a.clinic_id = ANY ($3)))
      ORDER BY p.id DESC LIMIT $4";

/// Patients as front desks find and keep them, in PostgreSQL.
#[derive(Clone)]
pub struct PgDesk {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgDesk {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[async_trait]
impl PatientDesk for PgDesk {
    async fn search(
        &self,
        known: &Known,
        search: &PatientSearch,
        terms: &[SearchTerm],
        limit: usize,
    ) -> Result<Vec<Patient>, PortFailure> {
        let keys: Vec<i64> = terms.iter().map(|term| key_of(&self.keys, term)).collect();
        let (doctor, clinics) = match known {
            Known::ToDoctor(doctor) => (Some(doctor.as_uuid()), None),
            Known::AtClinics(clinics) => (None, Some(clinics.iter().map(|id| id.as_uuid()).collect::<Vec<_>>())),
        };
        pg::read(&self.pool, "search patients", async |mut conn| {
            let ids: Vec<Id> = diesel::sql_query(FOUND)
                .bind::<Array<BigInt>, _>(&keys)
                .bind::<Nullable<SqlUuid>, _>(doctor)
                .bind::<Nullable<Array<SqlUuid>>, _>(clinics.as_ref())
                .bind::<BigInt, _>(MOST_LOOKED_AT)
                .load(&mut conn)
                .await?;
            let ids: Vec<Uuid> = ids.into_iter().map(|row| row.id).collect();
            let rows: Vec<PatientRow> = patient::table
                .filter(patient::id.eq_any(&ids))
                .order(patient::id.desc())
                .select(PatientRow::as_select())
                .load(&mut conn)
                .await?;
            let mut found = Vec::new();
            for row in rows {
                let person = row.into_patient(&self.keys)?;
                if found.len() < limit && search.fits(&person) {
                    found.push(person);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn take_down(&self, new: &NewPatient) -> Result<(), DeskError> {
        pg::transaction(&self.pool, "take down a patient", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let id = new.patient.id.as_uuid();
            diesel::insert_into(patient::table)
                .values(PatientRow::sealed(&new.patient, &self.keys))
                .execute(conn)
                .await?;
            diesel::update(patient::table.find(id))
                .set(patient::taken_down_at.eq(Some(new.clinic.as_uuid())))
                .execute(conn)
                .await?;
            self.journal.append(conn, &new.event).await?;
            if let Some(once) = &new.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&new.patient), new.event.at).await?;
            }
            Ok::<_, Abort<DeskError>>(())
        })
        .await
    }

    async fn correct(&self, after: &Patient, event: &Recorded<PatientEvent>) -> Result<(), DeskError> {
        pg::transaction(&self.pool, "correct a patient", async |conn| {
            let updated = diesel::update(patient::table.find(after.id.as_uuid()))
                .filter(patient::version.eq(after.version - 1))
                .set(PatientRow::sealed(after, &self.keys))
                .execute(conn)
                .await;
            match updated {
                Ok(1) => {}
                Ok(_) | Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                    return pg::refuse(DeskError::Stale);
                }
                Err(error) => return Err(Abort::Database(error)),
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<DeskError>>(())
        })
        .await
    }

    async fn has_account(&self, patient: PatientId) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "read who looks after a patient", async |mut conn| {
            let care = caretaker::table.filter(caretaker::patient_id.eq(patient.as_uuid()));
            diesel::select(exists(care)).get_result(&mut conn).await
        })
        .await
    }
}
