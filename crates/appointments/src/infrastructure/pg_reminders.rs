//! Who was reminded of what.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Bool, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, AppointmentId, DomainEvent, PatientId, PortFailure, Recorded, UserId};
use metrics::counter;
use platform::letters::post;
use platform::pg::{self, Abort};
use platform::texts;
use uuid::Uuid;

use super::letters;
use super::pg_appointments::PgAppointments;
use crate::application::{
    AppointmentDetails, DueReminder, ManyVisits as _, RemindBy, Reminded, Reminder, ReminderStore,
};
use crate::domain::{AppointmentEvent, LeadWindow};

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    told_at: DbTimestamp,
    #[diesel(sql_type = Text)]
    time_zone: String,
}

#[derive(QueryableByName)]
struct Account {
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    version: i32,
}

const DUE: &str = "
    SELECT a.id, a.patient_id, a.starts_at, coalesce(a.told_at, a.created_at) AS told_at, a.time_zone
      FROM appointments.appointment a
     WHERE a.status = 'booked' AND a.starts_at > $1 AND a.starts_at <= $2 AND (a.starts_at, a.id) > ($3, $4)
       AND NOT EXISTS (SELECT FROM appointments.reminder r
                        WHERE r.appointment_id = a.id AND r.lead_hours = $5 AND r.starts_at = a.starts_at)
       AND (NOT $7 OR EXISTS (SELECT FROM appointments.patient p WHERE p.id = a.patient_id AND p.phone IS NOT NULL))
     ORDER BY a.starts_at, a.id LIMIT $6";

const ACCOUNTS: &str = "
    SELECT DISTINCT ON (patient_id) patient_id, user_id FROM appointments.caretaker
     WHERE patient_id = ANY ($1) ORDER BY patient_id, since, user_id";

/// Days of other wall clocks begin up to 26 hours away, and last up to 25.
const THEIR_DAYS: &str = "
    SELECT DISTINCT b.id FROM appointments.appointment a
      JOIN appointments.appointment b ON b.patient_id = a.patient_id
       AND b.starts_at > a.starts_at - interval '52 hours' AND b.starts_at < a.starts_at + interval '52 hours'
       AND (b.starts_at AT TIME ZONE b.time_zone)::date = (a.starts_at AT TIME ZONE a.time_zone)::date
     WHERE a.id = ANY ($1) AND a.status = 'booked' AND b.status = 'booked' AND b.starts_at > $3 AND a.starts_at > $3
       AND NOT EXISTS (SELECT FROM appointments.reminder r
                        WHERE r.appointment_id = a.id AND r.lead_hours = $2 AND r.starts_at = a.starts_at)
       AND NOT EXISTS (SELECT FROM appointments.reminder r
                        WHERE r.appointment_id = b.id AND r.lead_hours = $2 AND r.starts_at = b.starts_at)";

/// Holds the visits until the commit: who moves or calls off one waits, and who reminds of it as well.
const LOCK: &str = "
    SELECT a.id, a.version FROM appointments.appointment a
     WHERE a.id = ANY ($1) AND a.status = 'booked' ORDER BY a.id FOR NO KEY UPDATE";

const REMINDED: &str = "
    SELECT r.appointment_id AS id FROM appointments.reminder r
      JOIN appointments.appointment a ON a.id = r.appointment_id AND a.starts_at = r.starts_at
     WHERE r.appointment_id = ANY ($1) AND r.lead_hours = $2";

#[async_trait]
impl ReminderStore for PgAppointments {
    async fn due(
        &self,
        window: LeadWindow,
        by_phone: bool,
        after: Option<(Timestamp, AppointmentId)>,
        limit: u32,
    ) -> Result<Vec<DueReminder>, PortFailure> {
        let (after_at, after_id) = after.map_or((window.after, Uuid::nil()), |(at, id)| (at, id.as_uuid()));
        let rows: Vec<Due> = pg::read(&self.pool, "look for due reminders", async |mut conn| {
            diesel::sql_query(DUE)
                .bind::<Timestamptz, _>(window.after.to_diesel())
                .bind::<Timestamptz, _>(window.until.to_diesel())
                .bind::<Timestamptz, _>(after_at.to_diesel())
                .bind::<SqlUuid, _>(after_id)
                .bind::<SmallInt, _>(hours(window.lead))
                .bind::<BigInt, _>(i64::from(limit))
                .bind::<Bool, _>(by_phone)
                .load(&mut conn)
                .await
        })
        .await?;
        let due = rows.into_iter().map(|row| DueReminder {
            visit: AppointmentId::from_uuid(row.id),
            patient: PatientId::from_uuid(row.patient_id),
            starts_at: row.starts_at.to_jiff(),
            told_at: row.told_at.to_jiff(),
            time_zone: row.time_zone,
        });
        Ok(due.collect())
    }

    async fn accounts_of(&self, patients: &[PatientId]) -> Result<HashMap<PatientId, UserId>, PortFailure> {
        let ids: Vec<Uuid> = patients.iter().map(|id| id.as_uuid()).collect();
        let rows: Vec<Account> = pg::read(&self.pool, "read who looks after patients", async |mut conn| {
            diesel::sql_query(ACCOUNTS).bind::<Array<SqlUuid>, _>(&ids).load(&mut conn).await
        })
        .await?;
        let pair = |row: Account| (PatientId::from_uuid(row.patient_id), UserId::from_uuid(row.user_id));
        Ok(rows.into_iter().map(pair).collect())
    }

    async fn with_their_days(
        &self,
        visits: &[AppointmentId],
        lead: u16,
        now: Timestamp,
    ) -> Result<Vec<AppointmentDetails>, PortFailure> {
        let ids: Vec<Uuid> = visits.iter().map(|id| id.as_uuid()).collect();
        let rows: Vec<Id> = pg::read(&self.pool, "read days of due reminders", async |mut conn| {
            diesel::sql_query(THEIR_DAYS)
                .bind::<Array<SqlUuid>, _>(&ids)
                .bind::<SmallInt, _>(hours(lead))
                .bind::<Timestamptz, _>(now.to_diesel())
                .load(&mut conn)
                .await
        })
        .await?;
        let ids: Vec<AppointmentId> = rows.into_iter().map(|row| AppointmentId::from_uuid(row.id)).collect();
        self.find_all(&ids).await
    }

    async fn post(&self, reminders: &[Reminder], at: Timestamp) -> Result<Reminded, PortFailure> {
        let reminded = pg::transaction(&self.pool, "post reminders", async |conn| {
            let ids: Vec<Uuid> = reminders.iter().flat_map(ids_of).collect();
            let locked: Vec<Version> = diesel::sql_query(LOCK).bind::<Array<SqlUuid>, _>(&ids).load(conn).await?;
            let versions: HashMap<Uuid, i32> = locked.into_iter().map(|row| (row.id, row.version)).collect();
            // Whoever has posted one of them meanwhile held its row until then, so this look sees it.
            let done = reminded_of(conn, &ids, reminders).await?;
            let (mut reminded, mut events) = (Reminded::default(), Vec::new());
            for reminder in reminders {
                let as_read = reminder.visits.iter().all(|(details, _)| {
                    let visit = &details.appointment;
                    let id = visit.id.as_uuid();
                    versions.get(&id) == Some(&visit.version) && !done.contains(&(id, reminder.lead))
                });
                if as_read {
                    self.post_one(conn, reminder, at).await?;
                    events.extend(reminder.visits.iter().map(|(details, _)| event(details, reminder.lead)));
                    reminded.messages += 1;
                    reminded.visits += reminder.visits.len();
                }
            }
            // The trails of several clinics, in the order that everybody takes them.
            events.sort_by_key(DomainEvent::clinic);
            for event in events {
                self.journal.append(conn, &Recorded::new(event, Actor::System, at)).await?;
            }
            Ok::<_, Abort<PortFailure>>(reminded)
        })
        .await?;
        counter!("reminders_total").increment(u64::try_from(reminded.visits).unwrap_or(0));
        Ok(reminded)
    }

    async fn letters_about(&self, visit: AppointmentId) -> Result<Vec<Uuid>, PortFailure> {
        let rows: Vec<Id> = pg::read(&self.pool, "look for the reminders of a visit", async |mut conn| {
            diesel::sql_query("SELECT DISTINCT letter_id AS id FROM appointments.reminder WHERE appointment_id = $1")
                .bind::<SqlUuid, _>(visit.as_uuid())
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

impl PgAppointments {
    async fn post_one(
        &self,
        conn: &mut AsyncPgConnection,
        reminder: &Reminder,
        at: Timestamp,
    ) -> Result<(), DieselError> {
        let ids: Vec<Uuid> = ids_of(reminder).collect();
        let Some(subject) = ids.iter().copied().next() else { return Ok(()) };
        let letter_id = match &reminder.to {
            RemindBy::Mail(to) => {
                let letter = letters::reminder(to, &reminder.visits, &self.links);
                post(conn, &self.keys, &letter, subject, at).await?
            }
            RemindBy::Text { number, language } => {
                let text = letters::reminder_text(number, language, &reminder.visits);
                texts::post(conn, &self.keys, &text, subject, at).await?
            }
        };
        diesel::sql_query(
            "WITH told AS (
                UPDATE appointments.appointment SET reminder_sent = true, version = version + 1, updated_at = $4
                 WHERE id = ANY ($1) RETURNING id, starts_at)
             INSERT INTO appointments.reminder (appointment_id, lead_hours, starts_at, letter_id, sent_at)
             SELECT id, $2, starts_at, $3, $4 FROM told",
        )
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<SmallInt, _>(hours(reminder.lead))
        .bind::<SqlUuid, _>(letter_id.as_uuid())
        .bind::<Timestamptz, _>(at.to_diesel())
        .execute(conn)
        .await?;
        Ok(())
    }
}

fn event(details: &AppointmentDetails, lead: u16) -> AppointmentEvent {
    let visit = &details.appointment;
    AppointmentEvent::Reminded {
        appointment_id: visit.id,
        clinic_id: visit.clinic,
        doctor_id: visit.doctor,
        patient_id: visit.patient,
        lead_hours: lead,
        starts_at: visit.visit.start,
    }
}

fn ids_of(reminder: &Reminder) -> impl Iterator<Item = Uuid> {
    reminder.visits.iter().map(|(details, _)| details.appointment.id.as_uuid())
}

async fn reminded_of(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    reminders: &[Reminder],
) -> Result<HashSet<(Uuid, u16)>, DieselError> {
    let leads: HashSet<u16> = reminders.iter().map(|reminder| reminder.lead).collect();
    let mut done = HashSet::new();
    for lead in leads {
        let rows: Vec<Id> = diesel::sql_query(REMINDED)
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<SmallInt, _>(hours(lead))
            .load(conn)
            .await?;
        done.extend(rows.into_iter().map(|row| (row.id, lead)));
    }
    Ok(done)
}

fn hours(lead: u16) -> i16 {
    i16::try_from(lead).unwrap_or(i16::MAX)
}
