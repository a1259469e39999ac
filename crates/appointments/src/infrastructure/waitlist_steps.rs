//! Steps on the waitlist inside a transaction.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Date as SqlDate, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel as _;
use kernel::{AppointmentId, ClinicId, DoctorId, PatientId, Recorded, VisitTypeId};
use platform::journal::Journal;
use uuid::Uuid;

use super::held::Gone;
use crate::domain::{MOST_SILENT, Outcome, WaitlistEntry, WaitlistEntryId, WaitlistEvent, Wanted};

/// An offer that has just ended.
#[derive(QueryableByName)]
pub(super) struct Ended {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub(super) entry_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(super) outcome: String,
}

impl Ended {
    pub(super) fn event(&self) -> WaitlistEvent {
        WaitlistEvent::Ended {
            entry_id: WaitlistEntryId::from_uuid(self.entry_id),
            hold_id: AppointmentId::from_uuid(self.id),
            clinic_id: ClinicId::from_uuid(self.clinic_id),
            outcome: Outcome::from_word(&self.outcome).unwrap_or(Outcome::Withdrawn),
        }
    }
}

#[derive(QueryableByName)]
struct BackInLine {
    #[diesel(sql_type = Text)]
    state: String,
}

/// Puts who waited back in line, in the old place, or lets the entry lapse; gives its state.
pub(super) async fn back_in_line(conn: &mut AsyncPgConnection, ended: &Ended) -> Result<Option<String>, DieselError> {
    let back: Option<BackInLine> = diesel::sql_query(
        "UPDATE appointments.waitlist_entry
            SET state = CASE WHEN $2 = 'expired' AND silent + 1 >= $3 THEN 'lapsed' ELSE 'waiting' END,
                silent = CASE $2 WHEN 'expired' THEN silent + 1 WHEN 'refused' THEN 0 ELSE silent END
          WHERE id = $1 AND state = 'offered' RETURNING state",
    )
    .bind::<SqlUuid, _>(ended.entry_id)
    .bind::<Text, _>(&ended.outcome)
    .bind::<SmallInt, _>(i16::try_from(MOST_SILENT).unwrap_or(i16::MAX))
    .get_result(conn)
    .await
    .optional()?;
    Ok(back.map(|back| back.state))
}

/// `false` when the patient waits for the same already.
pub(super) async fn insert_entry(conn: &mut AsyncPgConnection, entry: &WaitlistEntry) -> Result<bool, DieselError> {
    let (doctor, visit_type, specialty, city) = match &entry.wanted {
        Wanted::Doctor { doctor, visit_type } => (Some(*doctor), *visit_type, None, None),
        Wanted::Specialty { specialty, city } => (None, None, Some(specialty), Some(city)),
    };
    let clinics: Vec<Uuid> = entry.clinics.iter().map(|clinic| clinic.as_uuid()).collect();
    let minute = |minute: u16| i16::try_from(minute).unwrap_or(i16::MAX);
    let inserted = diesel::sql_query(
        "INSERT INTO appointments.waitlist_entry (id, patient_id, doctor_id, visit_type_id, specialty, city, clinic_ids,
                first_day, last_day, weekdays, from_minute, until_minute, state, silent, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(entry.id.as_uuid())
    .bind::<SqlUuid, _>(entry.patient.as_uuid())
    .bind::<Nullable<SqlUuid>, _>(doctor.map(DoctorId::as_uuid))
    .bind::<Nullable<SqlUuid>, _>(visit_type.map(VisitTypeId::as_uuid))
    .bind::<Nullable<Text>, _>(specialty)
    .bind::<Nullable<Text>, _>(city)
    .bind::<Array<SqlUuid>, _>(&clinics)
    .bind::<SqlDate, _>(entry.window.first_day.to_diesel())
    .bind::<SqlDate, _>(entry.window.last_day.to_diesel())
    .bind::<SmallInt, _>(entry.window.weekdays.bits())
    .bind::<SmallInt, _>(minute(entry.window.from_minute))
    .bind::<SmallInt, _>(minute(entry.window.until_minute))
    .bind::<Text, _>(entry.state.word())
    .bind::<SmallInt, _>(minute(entry.silent))
    .bind::<Timestamptz, _>(entry.created_at.to_diesel())
    .execute(conn)
    .await?;
    Ok(inserted == 1)
}

/// What a booking has done on the waitlist, to be written down after it.
pub(super) struct ServedBy(Vec<Recorded<WaitlistEvent>>);

impl ServedBy {
    pub(super) async fn append(&self, conn: &mut AsyncPgConnection, journal: &Journal) -> Result<(), DieselError> {
        for event in &self.0 {
            journal.append(conn, event).await?;
        }
        Ok(())
    }
}

/// Ends the offers of this patient among the holds that a booking has taken up: whoever books an offered time, by
/// whatever way, has taken the offer.
pub(super) async fn taken_up<E>(
    conn: &mut AsyncPgConnection,
    gone: &[Gone],
    by: &Recorded<E>,
    patient: PatientId,
) -> Result<ServedBy, DieselError> {
    let ids: Vec<Uuid> = gone.iter().filter(|hold| hold.was_open(by.at)).map(|hold| hold.id).collect();
    if ids.is_empty() {
        return Ok(ServedBy(Vec::new()));
    }
    let ended: Vec<Ended> = diesel::sql_query(
        "WITH served AS (
             UPDATE appointments.waitlist_entry e SET state = 'served' FROM appointments.waitlist_offer o
              WHERE o.id = ANY ($1) AND o.outcome = 'open' AND e.id = o.entry_id AND e.patient_id = $2 RETURNING e.id)
         UPDATE appointments.waitlist_offer o SET outcome = 'accepted', ended_at = $3 FROM served
          WHERE o.id = ANY ($1) AND o.outcome = 'open' AND o.entry_id = served.id
          RETURNING o.id, o.entry_id, o.clinic_id, o.outcome",
    )
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<SqlUuid, _>(patient.as_uuid())
    .bind::<Timestamptz, _>(by.at.to_diesel())
    .load(conn)
    .await?;
    let event = |ended: &Ended| Recorded::new(ended.event(), by.actor, by.at).caused_by(by.request_id.clone());
    Ok(ServedBy(ended.iter().map(event).collect()))
}
