//! Which doctor was told of which day.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, Interval, PortFailure};
use platform::letters::post;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::letters;
use super::pg_appointments::PgAppointments;
use crate::application::{DaySummary, DaySummaryStore, DayVisit};
use crate::domain::VisitMode;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DbTimestamp,
    #[diesel(sql_type = Text)]
    mode: String,
}

const DAYS: &str = "
    WITH visit AS (
        SELECT a.doctor_id, a.clinic_id, a.starts_at, a.ends_at, a.mode FROM appointments.appointment a
         WHERE a.time_zone = $1 AND a.status IN ('booked', 'arrived') AND a.starts_at >= $2 AND a.starts_at < $3
           AND ($5 IS NULL OR a.doctor_id > $5)
           AND NOT EXISTS (SELECT FROM appointments.day_summary s
                            WHERE s.doctor_id = a.doctor_id AND s.day = $4 AND s.time_zone = a.time_zone)),
    page AS (SELECT DISTINCT doctor_id FROM visit ORDER BY doctor_id LIMIT $6)
    SELECT v.* FROM visit v JOIN page USING (doctor_id) ORDER BY v.doctor_id, v.starts_at";

#[async_trait]
impl DaySummaryStore for PgAppointments {
    async fn days(
        &self,
        time_zone: &str,
        day: Date,
        span: Interval,
        after: Option<DoctorId>,
        doctors: u32,
    ) -> Result<Vec<(DoctorId, DayVisit)>, PortFailure> {
        let rows: Vec<Row> = pg::read(&self.pool, "read the days of doctors", async |mut conn| {
            diesel::sql_query(DAYS)
                .bind::<Text, _>(time_zone)
                .bind::<Timestamptz, _>(span.start.to_diesel())
                .bind::<Timestamptz, _>(span.end.to_diesel())
                .bind::<SqlDate, _>(day.to_diesel())
                .bind::<Nullable<SqlUuid>, _>(after.map(|doctor| doctor.as_uuid()))
                .bind::<BigInt, _>(i64::from(doctors))
                .load(&mut conn)
                .await
        })
        .await?;
        rows.into_iter().map(Row::into_visit).collect()
    }

    async fn post(
        &self,
        summaries: &[DaySummary],
        day: Date,
        time_zone: &str,
        at: Timestamp,
    ) -> Result<usize, PortFailure> {
        pg::transaction(&self.pool, "post summaries of a day", async |conn| {
            let mut posted = 0;
            for summary in summaries {
                // Whoever else writes to this doctor now waits here, and then finds it done.
                let first = diesel::sql_query(
                    "INSERT INTO appointments.day_summary (doctor_id, day, time_zone, sent_at)
                     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                )
                .bind::<SqlUuid, _>(summary.doctor.as_uuid())
                .bind::<SqlDate, _>(day.to_diesel())
                .bind::<Text, _>(time_zone)
                .bind::<Timestamptz, _>(at.to_diesel())
                .execute(conn)
                .await?;
                if first == 1 {
                    let letter = letters::day_summary(summary, day, time_zone);
                    post(conn, &self.keys, &letter, summary.doctor.as_uuid(), at).await?;
                    posted += 1;
                }
            }
            diesel::sql_query("DELETE FROM appointments.day_summary WHERE day < $1::date - 90")
                .bind::<SqlDate, _>(day.to_diesel())
                .execute(conn)
                .await?;
            Ok::<_, Abort<PortFailure>>(posted)
        })
        .await
    }
}

impl Row {
    fn into_visit(self) -> Result<(DoctorId, DayVisit), PortFailure> {
        let unreadable = || PortFailure::new("read the days of doctors", "a visit that cannot be read");
        let visit = Interval::new(self.starts_at.to_jiff(), self.ends_at.to_jiff()).ok_or_else(unreadable)?;
        let mode = VisitMode::from_word(&self.mode).ok_or_else(unreadable)?;
        let visit = DayVisit { visit, clinic: ClinicId::from_uuid(self.clinic_id), mode };
        Ok((DoctorId::from_uuid(self.doctor_id), visit))
    }
}
