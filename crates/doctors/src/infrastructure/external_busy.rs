//! Time that calendars elsewhere block; another slice reads them and says what is blocked.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{DoctorId, Interval, PortFailure};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::{clinic, doctor, soonest, time_off};

/// The zone of the clinic a doctor is listed under; nothing when there is no such doctor.
///
/// # Errors
/// Of the database.
pub async fn home_zone(mut conn: &AsyncPgConnection, id: DoctorId) -> Result<Option<String>, DieselError> {
    doctor::table
        .inner_join(clinic::table.on(clinic::id.eq(doctor::clinic_id)))
        .filter(doctor::id.eq(id.as_uuid()))
        .select(clinic::time_zone)
        .first(&mut conn)
        .await
        .optional()
}

/// Lets these spans, and no others, be blocked by one calendar; what is so already is not touched, so that the edition
/// of the rules changes only with them.
///
/// They count like time off from the commit on: a booking that was offered one of these times before finds another
/// edition and asks again.
///
/// # Errors
/// Of the database.
pub async fn replace_external_busy(
    pool: &PgPool,
    id: DoctorId,
    calendar: Uuid,
    spans: &[Interval],
) -> Result<(), PortFailure> {
    pg::transaction(pool, "block what a calendar says", async |conn| {
        let there: Vec<(Uuid, DbTimestamp, DbTimestamp)> = time_off::table
            .filter(time_off::calendar_id.eq(calendar))
            .select((time_off::id, time_off::starts_at, time_off::ends_at))
            .load(conn)
            .await?;
        let span = |(_, start, end): &(Uuid, DbTimestamp, DbTimestamp)| Interval {
            start: start.to_jiff(),
            end: end.to_jiff(),
        };
        let gone: Vec<Uuid> = there.iter().filter(|row| !spans.contains(&span(row))).map(|row| row.0).collect();
        let known: Vec<Interval> = there.iter().map(span).collect();
        let new: Vec<_> = spans
            .iter()
            .filter(|span| !known.contains(span))
            .map(|span| {
                (
                    time_off::id.eq(Uuid::now_v7()),
                    time_off::doctor_id.eq(id.as_uuid()),
                    time_off::starts_at.eq(span.start.to_diesel()),
                    time_off::ends_at.eq(span.end.to_diesel()),
                    time_off::calendar_id.eq(Some(calendar)),
                )
            })
            .collect();
        if gone.is_empty() && new.is_empty() {
            return Ok(());
        }
        // In the order of every change of rules: the doctor, then the first free time, from which on nobody books.
        let of_doctor = doctor::table.filter(doctor::id.eq(id.as_uuid())).select(doctor::id);
        of_doctor.for_no_key_update().load::<Uuid>(conn).await?;
        let first_free = soonest::table.filter(soonest::doctor_id.eq(id.as_uuid())).select(soonest::doctor_id);
        first_free.for_update().load::<Uuid>(conn).await?;
        diesel::delete(time_off::table.filter(time_off::id.eq_any(&gone))).execute(conn).await?;
        diesel::insert_into(time_off::table).values(new).execute(conn).await?;
        Ok::<_, Abort<PortFailure>>(())
    })
    .await
}
