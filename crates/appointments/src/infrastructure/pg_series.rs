//! Series in PostgreSQL: many visits in one transaction.
//!
//! The locks come in the order of a move: the client's key, the doctor's and the patient's lock, holds that are given
//! up, the visits' rows by start, the doctor's first free time, the audit chains by clinic. Two series of one doctor or
//! one patient, and a series and a move, so never wait in a circle; a single booking holds one row and waits for nobody
//! who wants it.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{
    AppointmentId, DoctorId, DomainEvent, Interval, Once, OnceError, PatientId, PortFailure, Recorded, UserId,
};
use platform::idempotency::{self, Answers};
use platform::letters::post;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::busy::entry;
use super::held::{self, Claimed};
use super::inserting::{outdated, put, refusal};
use super::letters;
use super::patient_row::PatientRow;
use super::pg_appointments::{PgAppointments, count, move_locks};
use super::rows::Row;
use super::schema::{appointment, patient, series};
use super::series_rows::SeriesRow;
use super::waitlist_steps::taken_up;
use crate::application::{
    AppointmentDetails, Change, HeldTime, InsertError, NewSeries, NewSeriesError, OwnTimes, SeriesCut, SeriesCutError,
    SeriesDetails, SeriesStore,
};
use crate::domain::{Appointment, AppointmentEvent, SeriesEvent, SeriesId};

#[derive(QueryableByName)]
struct Own {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    hold: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    from: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    until: DbTimestamp,
}

#[async_trait]
impl SeriesStore for PgAppointments {
    async fn find_series(&self, id: SeriesId) -> Result<Option<SeriesDetails>, PortFailure> {
        let doing = "read a series";
        let found = pg::read(&self.pool, doing, async |mut conn| {
            let row: Option<SeriesRow> =
                series::table.find(id.as_uuid()).select(SeriesRow::as_select()).first(&mut conn).await.optional()?;
            let Some(row) = row else { return Ok(None) };
            let visits: Vec<(Row, PatientRow)> = appointment::table
                .inner_join(patient::table)
                .filter(appointment::series_id.eq(id.as_uuid()))
                .order((appointment::starts_at, appointment::id))
                .select((Row::as_select(), PatientRow::as_select()))
                .load(&mut conn)
                .await?;
            Ok(Some((row, visits)))
        });
        let Some((row, visits)) = found.await? else { return Ok(None) };
        let opened = |(row, patient): (Row, PatientRow)| {
            Ok::<_, DieselError>(AppointmentDetails {
                appointment: row.into_appointment(&self.keys)?,
                patient: patient.into_patient(&self.keys)?,
            })
        };
        let visits = visits.into_iter().map(opened).collect::<Result<_, _>>();
        let visits = visits.map_err(|error| pg::failure(doing, error))?;
        Ok(Some(SeriesDetails { series: row.into_series(), visits }))
    }

    async fn own_times(
        &self,
        patient: PatientId,
        user: Option<UserId>,
        doctor: DoctorId,
        span: Interval,
        now: Timestamp,
    ) -> Result<OwnTimes, PortFailure> {
        let rows: Vec<Own> = pg::read(&self.pool, "read a patient's times", async |mut conn| {
            // Visits with the same doctor are among what is taken there.
            diesel::sql_query(
                r#"SELECT NULL::uuid AS hold, starts_at AS "from", ends_at AS until FROM appointments.appointment
                    WHERE patient_id = $1 AND doctor_id <> $3 AND status IN ('booked', 'arrived')
                      AND starts_at > $6 AND starts_at < $5 AND ends_at > $4
                   UNION ALL
                   SELECT a.id, a.blocked_from, a.blocked_until
                     FROM appointments.appointment a JOIN appointments.hold h USING (id)
                    WHERE a.doctor_id = $3 AND a.status = 'held' AND a.held_until > $7
                      AND a.blocked_from > $6 AND a.blocked_from < $5 AND a.blocked_until > $4
                      AND (h.kind = 'form' AND h.user_id = $2 OR h.kind = 'waitlist' AND h.patient_id = $1)"#,
            )
            .bind::<SqlUuid, _>(patient.as_uuid())
            .bind::<Nullable<SqlUuid>, _>(user.map(UserId::as_uuid))
            .bind::<SqlUuid, _>(doctor.as_uuid())
            .bind::<Timestamptz, _>(span.start.to_diesel())
            .bind::<Timestamptz, _>(span.end.to_diesel())
            .bind::<Timestamptz, _>(entry(span).to_diesel())
            .bind::<Timestamptz, _>(now.to_diesel())
            .load(&mut conn)
            .await
        })
        .await?;
        let mut own = OwnTimes::default();
        for row in rows {
            let stretch = Interval { start: row.from.to_jiff(), end: row.until.to_jiff() };
            match row.hold {
                Some(id) => own.held.push(HeldTime { id: AppointmentId::from_uuid(id), blocked: stretch }),
                None => own.elsewhere.push(stretch),
            }
        }
        Ok(own)
    }

    async fn insert_series(&self, new: &NewSeries) -> Result<SeriesDetails, NewSeriesError> {
        let now = new.event.at;
        let ([first, ..], [cause, ..]) = (&new.details.visits[..], &new.booked[..]) else {
            return Ok(new.details.clone());
        };
        let (doctor, patient) = (first.appointment.doctor, first.appointment.patient);
        let stored = pg::transaction(&self.pool, "insert a series", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            for key in locks_of(new.details.visits.iter().map(|visit| &visit.appointment)) {
                pg::lock(conn, key).await?;
            }
            let given_up: Vec<Uuid> = new.given_up.iter().map(|id| id.as_uuid()).collect();
            let mut gone = held::give_up(conn, &given_up).await?;
            let row = SeriesRow::new(&new.details.series);
            diesel::insert_into(series::table).values(row).execute(conn).await?;
            let (mut taken, mut busy) = (Vec::new(), Vec::new());
            let mut stored = new.details.clone();
            for AppointmentDetails { appointment: visit, .. } in &mut stored.visits {
                let mut room = put(conn, &self.keys, visit, now).await?;
                if room.is_none() {
                    let expired = held::clear_expired(conn, visit.doctor, &visit.room, visit.blocked, now).await?;
                    if !expired.is_empty() {
                        room = put(conn, &self.keys, visit, now).await?;
                    }
                    gone.extend(expired);
                }
                match room {
                    Some(room) => visit.room = room,
                    None => match refusal(conn, visit, now).await? {
                        InsertError::PatientBusy => busy.push(visit.visit.start),
                        _ => taken.push(visit.visit.start),
                    },
                }
            }
            if !taken.is_empty() {
                return pg::refuse(NewSeriesError::SlotTaken(taken));
            }
            if !busy.is_empty() {
                return pg::refuse(NewSeriesError::PatientBusy(busy));
            }
            let served = taken_up(conn, &gone, cause, patient).await?;
            let blocked: Vec<Interval> = new.details.visits.iter().map(|visit| visit.appointment.blocked).collect();
            let rooms = stored.visits.iter().filter_map(|visit| visit.appointment.room_taken()).collect();
            let claimed = Claimed { doctor, stretches: &blocked, rooms };
            let edition = held::claimed(conn, &*self.watch, Some(claimed), &gone, now).await?;
            if outdated(Some(new.edition), edition) {
                return pg::refuse(NewSeriesError::RulesChanged);
            }
            if let Some(letter) = &new.letter {
                let letter = letters::series_confirmed(letter, &new.details.visits, &self.links);
                post(conn, &self.keys, &letter, new.details.series.id.as_uuid(), now).await?;
            }
            self.tell(conn, &new.booked, &new.event, &gone).await?;
            served.append(conn, &self.journal).await?;
            keep(conn, self, new.once.as_ref(), &stored, now).await?;
            Ok::<_, Abort<NewSeriesError>>(stored)
        })
        .await?;
        new.booked.iter().for_each(|booked| count(&booked.event));
        Ok(stored)
    }

    async fn cut_series(&self, cut: &SeriesCut) -> Result<(), SeriesCutError> {
        let now = cut.event.at;
        let [Change { before: first, .. }, ..] = &cut.changes[..] else { return Ok(()) };
        let events: Vec<Recorded<AppointmentEvent>> = cut.changes.iter().map(|change| change.event.clone()).collect();
        pg::transaction(&self.pool, "cut a series", async |conn| {
            if let Some(once) = &cut.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            for key in locks_of(cut.changes.iter().map(|change| &change.before)) {
                pg::lock(conn, key).await?;
            }
            let changes: Vec<&Change> = cut.changes.iter().collect();
            let Some(written) = self.write_all(conn, &changes).await? else {
                return pg::refuse(SeriesCutError::Stale);
            };
            let freed: Vec<Interval> = cut.changes.iter().map(|change| change.before.blocked).collect();
            if !written.rooms.is_empty() {
                self.watch.rooms_changed(conn, &[first.doctor], &written.rooms).await?;
            }
            self.watch.changed(conn, first.doctor, &freed, now).await?;
            if let Some(letter) = &cut.letter {
                let told: Vec<&AppointmentDetails> = cut.changes.iter().map(|change| &change.after).collect();
                let letter = letters::series_cancelled(letter, &told);
                post(conn, &self.keys, &letter, cut.after.series.id.as_uuid(), now).await?;
            }
            self.tell(conn, &events, &cut.event, &[]).await?;
            keep(conn, self, cut.once.as_ref(), &cut.after, now).await?;
            Ok::<_, Abort<SeriesCutError>>(())
        })
        .await?;
        events.iter().for_each(|event| count(&event.event));
        Ok(())
    }

    async fn keep_series_answer(
        &self,
        unchanged: &SeriesDetails,
        once: &Once<SeriesDetails>,
        at: Timestamp,
    ) -> Result<Result<(), OnceError>, PortFailure> {
        Answers::new(self.pool.clone(), self.keys.clone()).keep(once, &(once.answer)(unchanged), at).await
    }
}

impl PgAppointments {
    /// Appends the events of a series, of its visits and of the holds that made room, by clinic.
    async fn tell(
        &self,
        conn: &mut AsyncPgConnection,
        visits: &[Recorded<AppointmentEvent>],
        series: &Recorded<SeriesEvent>,
        gone: &[held::Gone],
    ) -> Result<(), DieselError> {
        let mut clinics: Vec<Option<Uuid>> = visits.iter().map(|visit| visit.event.clinic()).collect();
        clinics.push(series.event.clinic());
        clinics.extend(gone.iter().map(|hold| Some(hold.clinic())));
        clinics.sort_unstable();
        clinics.dedup();
        for clinic in clinics {
            for hold in gone.iter().filter(|hold| Some(hold.clinic()) == clinic) {
                self.journal.append(conn, &hold.ended(series)).await?;
            }
            if series.event.clinic() == clinic {
                self.journal.append(conn, series).await?;
            }
            for visit in visits.iter().filter(|visit| visit.event.clinic() == clinic) {
                self.journal.append(conn, visit).await?;
            }
        }
        Ok(())
    }
}

/// Numbers of the locks of a move for all of these visits, the smallest first.
fn locks_of<'a>(visits: impl Iterator<Item = &'a Appointment>) -> Vec<i64> {
    let mut locks: Vec<i64> = visits.flat_map(move_locks).collect();
    locks.sort_unstable();
    locks.dedup();
    locks
}

async fn keep(
    conn: &mut AsyncPgConnection,
    store: &PgAppointments,
    once: Option<&Once<SeriesDetails>>,
    outcome: &SeriesDetails,
    at: Timestamp,
) -> Result<(), DieselError> {
    match once {
        Some(once) => idempotency::keep(conn, &store.keys, once, &(once.answer)(outcome), at).await,
        None => Ok(()),
    }
}
