use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jiff_diesel::{Date as DbDate, NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, Once, PortFailure, Recorded, UserId};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::jobs::{NewJob, enqueue};
use platform::journal::Journal;
use platform::letters::{Letter, post};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::jobs::{PRINT_REPORT, PrintOrder, REPORT_QUEUE};
use crate::application::{Reach, ReadyLetter, ReportStore, StoreReportError};
use crate::domain::{Printed, Report, ReportEvent, ReportId, ReportState, object_keys};

/// Reports in PostgreSQL.
#[derive(Clone)]
pub struct PgReports {
    /// Works through it.
    pub pool: PgPool,
    /// Events go there.
    pub journal: Journal,
    /// Seals letters and kept answers.
    pub keys: Keyring,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = Array<SqlUuid>)]
    clinic_ids: Vec<Uuid>,
    #[diesel(sql_type = SqlDate)]
    first_day: DbDate,
    #[diesel(sql_type = SqlDate)]
    last_day: DbDate,
    #[diesel(sql_type = SqlUuid)]
    asked_by: Uuid,
    #[diesel(sql_type = Timestamptz)]
    asked_at: DbTimestamp,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    object_key: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    size: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    sha256: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ready_at: NullableTimestamp,
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

const SELECT: &str =
    "SELECT id, doctor_id, clinic_ids, first_day, last_day, asked_by, asked_at, state, object_key, size,
    sha256, ready_at FROM reports.report";

impl Row {
    fn read(self) -> Report {
        let printed = || {
            let sha256 = self.sha256.as_ref()?.as_slice().try_into().ok()?;
            Some(Printed { size: u64::try_from(self.size?).ok()?, sha256, at: self.ready_at.to_jiff()? })
        };
        let state = match (self.state.as_str(), printed()) {
            ("ready", Some(printed)) => ReportState::Ready(printed),
            ("failed", _) => ReportState::Failed,
            _ => ReportState::Waiting,
        };
        Report {
            id: ReportId::from_uuid(self.id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            clinics: self.clinic_ids.into_iter().map(ClinicId::from_uuid).collect(),
            from: self.first_day.to_jiff(),
            to: self.last_day.to_jiff(),
            asked_by: UserId::from_uuid(self.asked_by),
            asked_at: self.asked_at.to_jiff(),
            state,
            object_key: self.object_key,
        }
    }
}

fn ids(clinics: &[ClinicId]) -> Vec<Uuid> {
    clinics.iter().map(|clinic| clinic.as_uuid()).collect()
}

/// The usual place of the day's report, or one of its own where another one has that.
async fn place(conn: &mut AsyncPgConnection, report: &Report) -> Result<String, DieselError> {
    // Two at once must not both take the usual one.
    pg::lock(conn, pg::lock_number(report.doctor.as_uuid())).await?;
    let today = report.asked_at.to_zoned(TimeZone::UTC).date();
    let [usual, own] = object_keys(report.doctor, today, report.id);
    let found: Taken = diesel::sql_query("SELECT EXISTS (SELECT FROM reports.report WHERE object_key = $1) AS taken")
        .bind::<Text, _>(&usual)
        .get_result(conn)
        .await?;
    Ok(if found.taken { own } else { usual })
}

#[async_trait]
impl ReportStore for PgReports {
    async fn request(
        &self,
        report: &Report,
        requested: &Recorded<ReportEvent>,
        once: Option<Once<Report>>,
    ) -> Result<Report, StoreReportError> {
        pg::transaction(&self.pool, "ask for a report", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let placed = Report { object_key: place(conn, report).await?, ..report.clone() };
            diesel::sql_query(
                "INSERT INTO reports.report
                    (id, doctor_id, clinic_ids, first_day, last_day, asked_by, asked_at, state, object_key)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8)",
            )
            .bind::<SqlUuid, _>(placed.id.as_uuid())
            .bind::<SqlUuid, _>(placed.doctor.as_uuid())
            .bind::<Array<SqlUuid>, _>(ids(&placed.clinics))
            .bind::<SqlDate, _>(placed.from.to_diesel())
            .bind::<SqlDate, _>(placed.to.to_diesel())
            .bind::<SqlUuid, _>(placed.asked_by.as_uuid())
            .bind::<Timestamptz, _>(placed.asked_at.to_diesel())
            .bind::<Text, _>(&placed.object_key)
            .execute(conn)
            .await?;
            let job = NewJob::new(REPORT_QUEUE, PRINT_REPORT, &PrintOrder { report_id: placed.id })?;
            enqueue(conn, &job, placed.asked_at).await?;
            self.journal.append(conn, requested).await?;
            if let Some(once) = &once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&placed), requested.at).await?;
            }
            Ok::<_, Abort<StoreReportError>>(placed)
        })
        .await
    }

    async fn find(&self, id: ReportId) -> Result<Option<Report>, PortFailure> {
        let found: Vec<Row> = pg::read(&self.pool, "read a report", async |mut conn| {
            diesel::sql_query(format!("{SELECT} WHERE id = $1")).bind::<SqlUuid, _>(id.as_uuid()).load(&mut conn).await
        })
        .await?;
        Ok(found.into_iter().next().map(Row::read))
    }

    async fn list(&self, reach: &Reach, after: Option<ReportId>, limit: u32) -> Result<Vec<Report>, PortFailure> {
        let (clinics, doctor) = match reach {
            Reach::All => (None, None),
            Reach::Clinics(own) => (Some(ids(own)), None),
            Reach::Doctor(own) => (None, Some(own.as_uuid())),
            Reach::Nothing => return Ok(Vec::new()),
        };
        let within = clinics.as_ref().map_or("$2::uuid[] IS NULL", |_| "clinic_ids <@ $2");
        let about = doctor.map_or("$3::uuid IS NULL", |_| "doctor_id = $3");
        let sql = format!("{SELECT} WHERE id < $1 AND {within} AND {about} ORDER BY id DESC LIMIT $4");
        let rows: Vec<Row> = pg::read(&self.pool, "list reports", async |mut conn| {
            diesel::sql_query(&sql)
                .bind::<SqlUuid, _>(after.map_or(Uuid::max(), ReportId::as_uuid))
                .bind::<Nullable<Array<SqlUuid>>, _>(&clinics)
                .bind::<Nullable<SqlUuid>, _>(doctor)
                .bind::<BigInt, _>(i64::from(limit))
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(Row::read).collect())
    }

    async fn ready(
        &self,
        report: &Report,
        printed: &Printed,
        event: &Recorded<ReportEvent>,
        letter: Option<ReadyLetter>,
    ) -> Result<bool, PortFailure> {
        let id = report.id.as_uuid();
        let letter = letter.map(|letter| {
            Letter::new("report-ready", letter.to.email, letter.to.language)
                .with("doctor", letter.doctor_name)
                .with("from", report.from.to_string())
                .with("to", report.to.to_string())
                .with("url", format!("{}/api/v1/reports/{id}/file", self.public_url))
        });
        pg::transaction(&self.pool, "note that a report is there", async |conn| {
            let changed = diesel::sql_query(
                "UPDATE reports.report SET state = 'ready', size = $2, sha256 = $3, ready_at = $4
                  WHERE id = $1 AND state <> 'ready'",
            )
            .bind::<SqlUuid, _>(id)
            .bind::<BigInt, _>(i64::try_from(printed.size).unwrap_or(i64::MAX))
            .bind::<Binary, _>(printed.sha256.as_slice())
            .bind::<Timestamptz, _>(printed.at.to_diesel())
            .execute(conn)
            .await?;
            if changed == 1 {
                self.journal.append(conn, event).await?;
                if let Some(letter) = &letter {
                    post(conn, &self.keys, letter, id, event.at).await?;
                }
            }
            Ok::<_, Abort<PortFailure>>(changed == 1)
        })
        .await
    }

    async fn failed(&self, id: ReportId) -> Result<(), PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        diesel::sql_query("UPDATE reports.report SET state = 'failed' WHERE id = $1 AND state = 'waiting'")
            .bind::<SqlUuid, _>(id.as_uuid())
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure("note that a report failed", error))?;
        Ok(())
    }

    async fn asked_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Report>, PortFailure> {
        let sql = format!("{SELECT} WHERE asked_at < $1 ORDER BY asked_at, id LIMIT $2");
        let rows: Vec<Row> = pg::read(&self.pool, "look for old reports", async |mut conn| {
            diesel::sql_query(&sql)
                .bind::<Timestamptz, _>(before.to_diesel())
                .bind::<BigInt, _>(i64::from(limit))
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(Row::read).collect())
    }

    async fn remove(&self, removed: &Recorded<ReportEvent>) -> Result<(), PortFailure> {
        use kernel::DomainEvent as _;
        let id = removed.event.subject();
        pg::transaction(&self.pool, "remove a report", async |conn| {
            let gone = diesel::sql_query("DELETE FROM reports.report WHERE id = $1")
                .bind::<SqlUuid, _>(id)
                .execute(conn)
                .await?;
            if gone == 1 {
                self.journal.append(conn, removed).await?;
            }
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}
