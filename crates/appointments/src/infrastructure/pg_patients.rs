use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PatientId, PortFailure, Recorded, UserId};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::patient_row::PatientRow;
use super::schema::{appointment, caretaker, emergency_access, patient};
use super::sealed::email_index;
use crate::application::{
    Found, NewRelative, OwnRecord, PatientStore, PatientStoreError, PatientTies, Relative, Welcome,
};
use crate::domain::{Patient, PatientEvent, Relation};

/// No address has more records than a list shows.
const MOST_OF_ADDRESS: i64 = 100;

/// Patients, and who looks after them, in PostgreSQL.
#[derive(Clone)]
pub struct PgPatients {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgPatients {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }

    fn relative(&self, (row, relation, since): (PatientRow, String, DbTimestamp)) -> Result<Relative, DieselError> {
        let unknown = || DieselError::DeserializationError("unknown relation".into());
        Ok(Relative {
            patient: row.into_patient(&self.keys)?,
            relation: Relation::from_word(&relation).ok_or_else(unknown)?,
            since: since.to_jiff(),
        })
    }
}

#[async_trait]
impl PatientTies for PgPatients {
    async fn looks_after(&self, user: UserId, patient: PatientId) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "read who looks after a patient", async |mut conn| {
            diesel::select(exists(caretaker::table.find((user.as_uuid(), patient.as_uuid()))))
                .get_result(&mut conn)
                .await
        })
        .await
    }

    async fn care_link(&self, doctor: DoctorId, patient: PatientId) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "read a care link", async |mut conn| {
            let visits = appointment::table
                .filter(appointment::patient_id.eq(patient.as_uuid()))
                .filter(appointment::doctor_id.eq(doctor.as_uuid()))
                .filter(appointment::status.ne("cancelled"));
            diesel::select(exists(visits)).get_result(&mut conn).await
        })
        .await
    }

    async fn seen_at(&self, clinics: &[ClinicId], person: PatientId) -> Result<bool, PortFailure> {
        let clinics: Vec<Uuid> = clinics.iter().map(|clinic| clinic.as_uuid()).collect();
        pg::read(&self.pool, "read where a patient is seen", async |mut conn| {
            let visits = appointment::table
                .filter(appointment::patient_id.eq(person.as_uuid()))
                .filter(appointment::clinic_id.eq_any(&clinics));
            let taken_down =
                patient::table.filter(patient::id.eq(person.as_uuid())).filter(patient::taken_down_at.eq_any(&clinics));
            diesel::select(exists(visits).or(exists(taken_down))).get_result(&mut conn).await
        })
        .await
    }

    async fn in_emergency(&self, doctor: DoctorId, patient: PatientId, at: Timestamp) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "read emergency accesses", async |mut conn| {
            let open = emergency_access::table
                .filter(emergency_access::patient_id.eq(patient.as_uuid()))
                .filter(emergency_access::doctor_id.eq(doctor.as_uuid()))
                .filter(emergency_access::granted_at.le(at.to_diesel()))
                .filter(emergency_access::ends_at.gt(at.to_diesel()));
            diesel::select(exists(open)).get_result(&mut conn).await
        })
        .await
    }
}

#[async_trait]
impl PatientStore for PgPatients {
    async fn relatives(&self, user: UserId) -> Result<Vec<Relative>, PortFailure> {
        pg::read(&self.pool, "read relatives", async |mut conn| {
            let rows: Vec<(PatientRow, String, DbTimestamp)> = caretaker::table
                .inner_join(patient::table)
                .filter(caretaker::user_id.eq(user.as_uuid()))
                .order((caretaker::relation.eq("self").desc(), caretaker::since, caretaker::patient_id))
                .limit(MOST_OF_ADDRESS)
                .select((PatientRow::as_select(), caretaker::relation, caretaker::since))
                .load(&mut conn)
                .await?;
            rows.into_iter().map(|row| self.relative(row)).collect()
        })
        .await
    }

    async fn relative(&self, user: UserId, patient: PatientId) -> Result<Option<Relative>, PortFailure> {
        pg::read(&self.pool, "read a relative", async |mut conn| {
            let row: Option<(PatientRow, String, DbTimestamp)> = caretaker::table
                .inner_join(patient::table)
                .filter(caretaker::user_id.eq(user.as_uuid()).and(caretaker::patient_id.eq(patient.as_uuid())))
                .select((PatientRow::as_select(), caretaker::relation, caretaker::since))
                .first(&mut conn)
                .await
                .optional()?;
            row.map(|row| self.relative(row)).transpose()
        })
        .await
    }

    async fn own(&self, user: UserId) -> Result<Option<Patient>, PortFailure> {
        pg::read(&self.pool, "read a user's own record", async |mut conn| {
            let row: Option<PatientRow> = caretaker::table
                .inner_join(patient::table)
                .filter(caretaker::user_id.eq(user.as_uuid()).and(caretaker::relation.eq("self")))
                .select(PatientRow::as_select())
                .first(&mut conn)
                .await
                .optional()?;
            row.map(|row| row.into_patient(&self.keys)).transpose()
        })
        .await
    }

    async fn caretakers(&self, patient: PatientId) -> Result<Vec<UserId>, PortFailure> {
        pg::read(&self.pool, "read who looks after a patient", async |mut conn| {
            let users: Vec<Uuid> = caretaker::table
                .filter(caretaker::patient_id.eq(patient.as_uuid()))
                .order((caretaker::since, caretaker::user_id))
                .limit(MOST_OF_ADDRESS)
                .select(caretaker::user_id)
                .load(&mut conn)
                .await?;
            Ok(users.into_iter().map(UserId::from_uuid).collect())
        })
        .await
    }

    async fn patient(&self, id: PatientId) -> Result<Option<Patient>, PortFailure> {
        pg::read(&self.pool, "read a patient", async |mut conn| {
            let row: Option<PatientRow> =
                patient::table.find(id.as_uuid()).select(PatientRow::as_select()).first(&mut conn).await.optional()?;
            row.map(|row| row.into_patient(&self.keys)).transpose()
        })
        .await
    }

    async fn of_address(&self, email: &str) -> Result<Vec<Found>, PortFailure> {
        let key = email_index(&self.keys, email);
        pg::read(&self.pool, "look for the records of an address", async |mut conn| {
            let care = caretaker::table.filter(caretaker::patient_id.eq(patient::id));
            let rows: Vec<(PatientRow, bool)> = patient::table
                .filter(patient::email_key.eq(key.as_slice()))
                .order((patient::created_at, patient::id))
                .limit(MOST_OF_ADDRESS)
                .select((PatientRow::as_select(), exists(care)))
                .load(&mut conn)
                .await?;
            let found = |(row, looked_after): (PatientRow, bool)| {
                Ok(Found { patient: row.into_patient(&self.keys)?, looked_after })
            };
            rows.into_iter().map(found).collect()
        })
        .await
    }

    async fn welcome(&self, welcome: &Welcome) -> Result<(), PatientStoreError> {
        let user = welcome.user.as_uuid();
        let mut taken: Vec<Uuid> = welcome.adopted.iter().map(|id| id.as_uuid()).collect();
        if welcome.own_is == OwnRecord::Adopted {
            taken.push(welcome.own.id.as_uuid());
        }
        taken.sort_unstable();
        pg::transaction(&self.pool, "welcome a patient", async |conn| {
            lock_user(conn, user).await?;
            let locked: Vec<Uuid> = patient::table
                .filter(patient::id.eq_any(&taken))
                .order(patient::id)
                .select(patient::id)
                .for_update()
                .load(conn)
                .await?;
            let others: bool = diesel::select(exists(caretaker::table.filter(caretaker::patient_id.eq_any(&taken))))
                .get_result(conn)
                .await?;
            if locked.len() != taken.len() || others {
                return pg::refuse(PatientStoreError::Stale);
            }
            if welcome.own_is == OwnRecord::New {
                let inserted = diesel::insert_into(patient::table)
                    .values(PatientRow::sealed(&welcome.own, &self.keys))
                    .on_conflict_do_nothing()
                    .execute(conn)
                    .await?;
                if inserted == 0 {
                    return pg::refuse(PatientStoreError::Stale);
                }
            }
            let since = welcome.event.at;
            let own = (welcome.own.id, Relation::Oneself);
            let own = (welcome.own_is != OwnRecord::Theirs).then_some(own);
            let others = welcome.adopted.iter().map(|id| (*id, Relation::Other));
            for (id, relation) in own.into_iter().chain(others) {
                if !look_after(conn, user, id, relation, since.to_diesel()).await? {
                    return pg::refuse(PatientStoreError::Stale);
                }
            }
            self.journal.append(conn, &welcome.event).await?;
            Ok::<_, Abort<PatientStoreError>>(())
        })
        .await
    }

    async fn add_relative(&self, new: &NewRelative) -> Result<(), PatientStoreError> {
        let (user, relative) = (new.user.as_uuid(), &new.relative);
        pg::transaction(&self.pool, "add a relative", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            lock_user(conn, user).await?;
            let others: i64 = caretaker::table
                .filter(caretaker::user_id.eq(user).and(caretaker::relation.ne("self")))
                .count()
                .get_result(conn)
                .await?;
            if others >= new.at_most {
                return pg::refuse(PatientStoreError::TooMany);
            }
            diesel::insert_into(patient::table)
                .values(PatientRow::sealed(&relative.patient, &self.keys))
                .execute(conn)
                .await?;
            look_after(conn, user, relative.patient.id, relative.relation, relative.since.to_diesel()).await?;
            self.journal.append(conn, &new.event).await?;
            if let Some(once) = &new.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(relative), new.event.at).await?;
            }
            Ok::<_, Abort<PatientStoreError>>(())
        })
        .await
    }

    async fn correct(
        &self,
        user: UserId,
        after: &Relative,
        event: &Recorded<PatientEvent>,
    ) -> Result<(), PatientStoreError> {
        let (id, before) = (after.patient.id.as_uuid(), after.patient.version - 1);
        pg::transaction(&self.pool, "correct a patient", async |conn| {
            let tie = caretaker::table.find((user.as_uuid(), id));
            let still = diesel::update(tie).set(caretaker::relation.eq(after.relation.word())).execute(conn).await?;
            let updated = diesel::update(patient::table.find(id))
                .filter(patient::version.eq(before))
                .set(PatientRow::sealed(&after.patient, &self.keys))
                .execute(conn)
                .await;
            match updated {
                Ok(1) if still == 1 => {}
                Ok(_) | Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                    return pg::refuse(PatientStoreError::Stale);
                }
                Err(error) => return Err(Abort::Database(error)),
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PatientStoreError>>(())
        })
        .await
    }

    async fn release(
        &self,
        user: UserId,
        patient: PatientId,
        event: &Recorded<PatientEvent>,
    ) -> Result<(), PatientStoreError> {
        pg::transaction(&self.pool, "release a relative", async |conn| {
            let tie = caretaker::table.find((user.as_uuid(), patient.as_uuid()));
            let released = diesel::delete(tie.filter(caretaker::relation.ne("self"))).execute(conn).await?;
            if released == 0 {
                return pg::refuse(PatientStoreError::Stale);
            }
            let ahead = appointment::table
                .filter(appointment::patient_id.eq(patient.as_uuid()))
                .filter(appointment::status.eq("booked").or(appointment::status.eq("arrived")))
                .filter(appointment::starts_at.gt(event.at.to_diesel()));
            if diesel::select(exists(ahead)).get_result(conn).await? {
                return pg::refuse(PatientStoreError::VisitsAhead);
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PatientStoreError>>(())
        })
        .await
    }
}

/// Two requests of one user about relatives go one after the other.
async fn lock_user(conn: &mut AsyncPgConnection, user: Uuid) -> Result<(), DieselError> {
    pg::lock(conn, pg::lock_number(user)).await?;
    Ok(())
}

/// `false` when the user looks after them already, or has another record as the own one.
async fn look_after(
    conn: &mut AsyncPgConnection,
    user: Uuid,
    patient: PatientId,
    relation: Relation,
    since: DbTimestamp,
) -> Result<bool, DieselError> {
    let inserted = diesel::insert_into(caretaker::table)
        .values((
            caretaker::user_id.eq(user),
            caretaker::patient_id.eq(patient.as_uuid()),
            caretaker::relation.eq(relation.word()),
            caretaker::since.eq(since),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}
