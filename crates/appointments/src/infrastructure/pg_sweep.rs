//! Visits that are over and unmarked.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, PortFailure};
use platform::pg;
use uuid::Uuid;

use super::pg_appointments::PgAppointments;
use crate::application::UnmarkedVisits;

#[derive(QueryableByName)]
struct Over {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
}

const UNMARKED: &str = "
    SELECT a.id, a.starts_at FROM appointments.appointment a
     WHERE a.status = 'booked' AND a.time_zone = $1 AND a.starts_at < $2 AND a.ends_at <= $2
       AND (a.starts_at, a.id) > ($3, $4)
     ORDER BY a.starts_at, a.id LIMIT $5";

#[async_trait]
impl UnmarkedVisits for PgAppointments {
    async fn unmarked(
        &self,
        time_zone: &str,
        ended_by: Timestamp,
        after: Option<(Timestamp, AppointmentId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, AppointmentId)>, PortFailure> {
        let (after_at, after_id) = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.as_uuid()));
        let rows: Vec<Over> = pg::read(&self.pool, "look for unmarked visits", async |mut conn| {
            diesel::sql_query(UNMARKED)
                .bind::<Text, _>(time_zone)
                .bind::<Timestamptz, _>(ended_by.to_diesel())
                .bind::<Timestamptz, _>(after_at.to_diesel())
                .bind::<SqlUuid, _>(after_id)
                .bind::<BigInt, _>(i64::from(limit))
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(|row| (row.starts_at.to_jiff(), AppointmentId::from_uuid(row.id))).collect())
    }
}
