use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Date as SqlDate, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_diesel::{Date as DbDate, ToDiesel as _};
use kernel::{AppointmentId, ClinicId, DoctorId, DomainEvent as _, Once, PatientId, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::letters::{Letter, post};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::rows::{NEWEST, Row, SELECT};
use super::stored::{code_key, seal, search_keys};
use super::writing::{forget, insert, insert_version, raise};
use crate::application::{
    Ended, Figures, Filter, InsertError, Page, PrescriptionStore, ReadyLetter, StoreError, Within,
};
use crate::domain::{CheckCode, Prescription, PrescriptionEvent, PrescriptionId, Signature, State};

/// Prescriptions in PostgreSQL, everything medical and every name sealed.
#[derive(Clone)]
pub struct PgPrescriptions {
    /// Works through it.
    pub pool: PgPool,
    /// Events go there.
    pub journal: Journal,
    /// Seals.
    pub keys: Keyring,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    patients: i64,
    #[diesel(sql_type = BigInt)]
    medications: i64,
    #[diesel(sql_type = BigInt)]
    recent: i64,
}

#[derive(QueryableByName)]
struct EndedRow {
    #[diesel(sql_type = SqlDate)]
    last_valid_day: DbDate,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    appointment_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = Integer)]
    newest: i32,
}

impl PgPrescriptions {
    fn letter(&self, about: &Prescription, letter: Option<ReadyLetter>) -> Option<Letter> {
        let ReadyLetter { to, doctor } = letter?;
        let url = format!("{}/api/v1/prescriptions/{}/pdf", self.public_url, about.id);
        Some(Letter::new("prescription-ready", to.email, to.language).with("doctor", doctor).with("url", url))
    }

    /// Those of one id or hash, by a condition over `$1`.
    async fn of<B>(&self, condition: &str, by: B) -> Result<Vec<Prescription>, PortFailure>
    where
        B: Into<Key>,
    {
        let sql = format!("{SELECT} WHERE {condition} ORDER BY p.id, v.number");
        let key = by.into();
        pg::read(&self.pool, "read prescriptions", async |mut conn| {
            let query = diesel::sql_query(&sql);
            let rows: Vec<Row> = match &key {
                Key::Id(id) => query.bind::<SqlUuid, _>(id).load(&mut conn).await?,
                Key::Hash(hash) => query.bind::<Binary, _>(hash.as_slice()).load(&mut conn).await?,
            };
            rows.into_iter().map(|row| row.open(&self.keys)).collect()
        })
        .await
    }
}

/// By what something is found.
enum Key {
    Id(Uuid),
    Hash([u8; 32]),
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<[u8; 32]> for Key {
    fn from(hash: [u8; 32]) -> Self {
        Self::Hash(hash)
    }
}

/// The condition of a state at the instant `$9`, which is a parameter in any case.
const fn in_state(state: Option<State>) -> &'static str {
    match state {
        None => "$9 IS NOT NULL",
        Some(State::Withdrawn) => "$9 IS NOT NULL AND p.withdrawn_at IS NOT NULL",
        Some(State::Valid) => "p.withdrawn_at IS NULL AND v.valid_until >= ($9 AT TIME ZONE p.time_zone)::date",
        Some(State::Expired) => "p.withdrawn_at IS NULL AND v.valid_until < ($9 AT TIME ZONE p.time_zone)::date",
        // Of each prescription the newest version is listed, which nothing has replaced.
        Some(State::Replaced) => "$9 IS NULL",
    }
}

#[async_trait]
impl PrescriptionStore for PgPrescriptions {
    async fn insert(
        &self,
        new: &Prescription,
        written: &Recorded<PrescriptionEvent>,
        letter: Option<ReadyLetter>,
        once: Option<Once<Prescription>>,
    ) -> Result<(), InsertError> {
        let letter = self.letter(new, letter);
        let (row, version) = seal(&self.keys, new);
        pg::transaction(&self.pool, "write a prescription", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            if let Some(there) = insert(conn, new, &row).await? {
                return pg::refuse(InsertError::Exists(there));
            }
            insert_version(conn, new, &version).await?;
            self.journal.append(conn, written).await?;
            if let Some(letter) = &letter {
                post(conn, &self.keys, letter, new.id.as_uuid(), written.at).await?;
            }
            if let Some(once) = &once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(new), written.at).await?;
            }
            Ok::<_, Abort<InsertError>>(())
        })
        .await
    }

    async fn change(
        &self,
        changed: &Prescription,
        event: &Recorded<PrescriptionEvent>,
        letter: Option<ReadyLetter>,
    ) -> Result<(), StoreError> {
        let letter = self.letter(changed, letter);
        let (row, version) = seal(&self.keys, changed);
        pg::transaction(&self.pool, "change a prescription", async |conn| {
            if !raise(conn, changed, &row).await? {
                return pg::refuse(StoreError::Stale);
            }
            insert_version(conn, changed, &version).await?;
            self.journal.append(conn, event).await?;
            if let Some(letter) = &letter {
                post(conn, &self.keys, letter, changed.id.as_uuid(), event.at).await?;
            }
            Ok::<_, Abort<StoreError>>(())
        })
        .await
    }

    async fn withdraw(
        &self,
        withdrawn: &Prescription,
        event: &Recorded<PrescriptionEvent>,
        once: Option<Once<Prescription>>,
    ) -> Result<(), StoreError> {
        let (row, _) = seal(&self.keys, withdrawn);
        pg::transaction(&self.pool, "withdraw a prescription", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let stored = diesel::sql_query(
                "UPDATE prescriptions.prescription
                    SET revision = $3, withdrawn_at = $4, withdraw_reason = $5, updated_at = $4
                  WHERE id = $1 AND revision = $2",
            )
            .bind::<SqlUuid, _>(withdrawn.id.as_uuid())
            .bind::<Integer, _>(withdrawn.revision - 1)
            .bind::<Integer, _>(withdrawn.revision)
            .bind::<Nullable<Timestamptz>, _>(row.withdrawn_at.map(|at| at.to_diesel()))
            .bind::<Nullable<Binary>, _>(&row.withdraw_reason)
            .execute(conn)
            .await?;
            if stored == 0 {
                return pg::refuse(StoreError::Stale);
            }
            self.journal.append(conn, event).await?;
            if let Some(once) = &once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(withdrawn), event.at).await?;
            }
            Ok::<_, Abort<StoreError>>(())
        })
        .await
    }

    async fn find(&self, id: PrescriptionId) -> Result<Option<Prescription>, PortFailure> {
        Ok(self.of(&format!("p.id = $1 AND {NEWEST}"), id.as_uuid()).await?.pop())
    }

    async fn versions(&self, id: PrescriptionId) -> Result<Vec<Prescription>, PortFailure> {
        self.of("p.id = $1", id.as_uuid()).await
    }

    async fn of_code(&self, code: CheckCode) -> Result<Option<Prescription>, PortFailure> {
        Ok(self.of("v.code_key = $1", code_key(&self.keys, code)).await?.pop())
    }

    async fn of_signature(&self, signature: Signature) -> Result<Option<Prescription>, PortFailure> {
        Ok(self.of("v.signature = $1", *signature.octets()).await?.pop())
    }

    async fn list(
        &self,
        within: &Within,
        filter: &Filter,
        after: Option<PrescriptionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Page, PortFailure> {
        let (by, whose) = match within {
            Within::Doctor(own) => ("doctor_id", vec![own.as_uuid()]),
            Within::Patients(own) => ("patient_id", own.iter().map(|one| one.as_uuid()).collect()),
        };
        // A search without a word finds nothing; HTTP refuses it before.
        let Ok(terms) = filter.search.terms() else { return Ok(Page { prescriptions: Vec::new(), next: None }) };
        let keys = (!terms.is_empty()).then(|| search_keys(&self.keys, &terms));
        let sql = format!(
            "{SELECT} WHERE {NEWEST} AND p.{by} = ANY($1) AND p.id < $2
                AND ($3::uuid IS NULL OR p.doctor_id = $3) AND ($4::uuid IS NULL OR p.patient_id = $4)
                AND ($5::bigint[] IS NULL OR p.search_keys @> $5)
                AND ($6::date IS NULL OR v.issued_on >= $6) AND ($7::date IS NULL OR v.issued_on <= $7)
                AND {}
              ORDER BY p.id DESC LIMIT $8",
            in_state(filter.state)
        );
        let mut found: Vec<Prescription> = pg::read(&self.pool, "list prescriptions", async |mut conn| {
            let rows: Vec<Row> = diesel::sql_query(&sql)
                .bind::<Array<SqlUuid>, _>(&whose)
                .bind::<SqlUuid, _>(after.map_or(Uuid::max(), PrescriptionId::as_uuid))
                .bind::<Nullable<SqlUuid>, _>(filter.doctor.map(DoctorId::as_uuid))
                .bind::<Nullable<SqlUuid>, _>(filter.patient.map(PatientId::as_uuid))
                .bind::<Nullable<Array<BigInt>>, _>(&keys)
                .bind::<Nullable<SqlDate>, _>(filter.from.map(|date| date.to_diesel()))
                .bind::<Nullable<SqlDate>, _>(filter.to.map(|date| date.to_diesel()))
                .bind::<BigInt, _>(i64::from(limit) + 1)
                .bind::<Timestamptz, _>(now.to_diesel())
                .load(&mut conn)
                .await?;
            rows.into_iter().map(|row| row.open(&self.keys)).collect()
        })
        .await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| last.id);
        found.retain(|one| filter.search.fits(&one.version.content, &one.version.heads));
        Ok(Page { prescriptions: found, next })
    }

    async fn figures(&self, doctor: DoctorId, since: Timestamp) -> Result<Figures, PortFailure> {
        let found: Counted = pg::read(&self.pool, "count prescriptions", async |mut conn| {
            diesel::sql_query(
                "SELECT count(*) AS total, count(DISTINCT patient_id) AS patients,
                    (SELECT count(DISTINCT key) FROM prescriptions.prescription q, unnest(q.medicine_keys) key
                      WHERE q.doctor_id = $1) AS medications,
                    count(*) FILTER (WHERE created_at >= $2) AS recent
                   FROM prescriptions.prescription WHERE doctor_id = $1",
            )
            .bind::<SqlUuid, _>(doctor.as_uuid())
            .bind::<Timestamptz, _>(since.to_diesel())
            .get_result(&mut conn)
            .await
        })
        .await?;
        Ok(Figures {
            total: found.total.unsigned_abs(),
            patients: found.patients.unsigned_abs(),
            medications: found.medications.unsigned_abs(),
            last_30_days: found.recent.unsigned_abs(),
        })
    }

    async fn of_patient(&self, patient: PatientId) -> Result<Vec<Prescription>, PortFailure> {
        self.of(&format!("p.patient_id = $1 AND {NEWEST}"), patient.as_uuid()).await
    }

    async fn forget_name(&self, event: &Recorded<PrescriptionEvent>) -> Result<bool, PortFailure> {
        pg::transaction(&self.pool, "forget whom a prescription is for", async |conn| {
            let named = forget(conn, &self.keys, event.event.subject()).await?;
            if named {
                self.journal.append(conn, event).await?;
            }
            Ok::<_, Abort<PortFailure>>(named)
        })
        .await
    }

    async fn ended_before(
        &self,
        day: Date,
        after: Option<(Date, PrescriptionId)>,
        limit: u32,
    ) -> Result<Vec<Ended>, PortFailure> {
        let (after_day, after_id) =
            after.map_or((Date::constant(1900, 1, 1), Uuid::nil()), |(day, id)| (day, id.as_uuid()));
        let rows: Vec<EndedRow> = pg::read(&self.pool, "look for old prescriptions", async |mut conn| {
            diesel::sql_query(
                "SELECT last_valid_day, id, appointment_id, doctor_id, patient_id, clinic_id, newest
                   FROM prescriptions.prescription
                  WHERE last_valid_day < $1 AND (last_valid_day, id) > ($2, $3) ORDER BY last_valid_day, id LIMIT $4",
            )
            .bind::<SqlDate, _>(day.to_diesel())
            .bind::<SqlDate, _>(after_day.to_diesel())
            .bind::<SqlUuid, _>(after_id)
            .bind::<BigInt, _>(i64::from(limit))
            .load(&mut conn)
            .await
        })
        .await?;
        let ended = |row: EndedRow| Ended {
            last_valid_day: row.last_valid_day.to_jiff(),
            id: PrescriptionId::from_uuid(row.id),
            appointment: AppointmentId::from_uuid(row.appointment_id),
            doctor: DoctorId::from_uuid(row.doctor_id),
            patient: PatientId::from_uuid(row.patient_id),
            clinic: ClinicId::from_uuid(row.clinic_id),
            versions: row.newest,
        };
        Ok(rows.into_iter().map(ended).collect())
    }

    async fn purge(&self, day: Date, event: &Recorded<PrescriptionEvent>) -> Result<bool, PortFailure> {
        pg::transaction(&self.pool, "purge a prescription", async |conn| {
            let gone =
                diesel::sql_query("DELETE FROM prescriptions.prescription WHERE id = $1 AND last_valid_day < $2")
                    .bind::<SqlUuid, _>(event.event.subject())
                    .bind::<SqlDate, _>(day.to_diesel())
                    .execute(conn)
                    .await?;
            if gone == 1 {
                self.journal.append(conn, event).await?;
            }
            Ok::<_, Abort<PortFailure>>(gone == 1)
        })
        .await
    }
}
