//! The waitlist as it is served.

use std::collections::HashMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, DoctorId, DomainEvent as _, PortFailure, Recorded};
use metrics::counter;
use platform::letters::post;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::PgWaitlist;
use super::held::{self, Claimed, Farewell, Gone};
use super::held_row::keep_time;
use super::inserting::outdated;
use super::letters;
use super::waitlist_rows::{ENTRY, EntryRow};
use crate::application::{EntryPosition, InLine, NewOffer, OfferError, WaitlistLine};
use crate::domain::{WaitlistEvent, WaitlistOffer};

#[derive(QueryableByName)]
struct Before {
    #[diesel(sql_type = SqlUuid)]
    entry_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[async_trait]
impl WaitlistLine for PgWaitlist {
    async fn waiting(&self, after: Option<EntryPosition>, limit: u32) -> Result<Vec<InLine>, PortFailure> {
        let (at, id) = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.as_uuid()));
        pg::read(&self.pool, "read who waits", async |mut conn| {
            let rows: Vec<EntryRow> = diesel::sql_query(format!(
                "SELECT {ENTRY} FROM appointments.waitlist_entry e
                  WHERE e.state = 'waiting' AND (e.created_at, e.id) > ($1, $2)
                  ORDER BY e.created_at, e.id LIMIT $3"
            ))
            .bind::<Timestamptz, _>(at.to_diesel())
            .bind::<SqlUuid, _>(id)
            .bind::<BigInt, _>(i64::from(limit))
            .load(&mut conn)
            .await?;
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let before: Vec<Before> = diesel::sql_query(
                "SELECT entry_id, doctor_id, starts_at FROM appointments.waitlist_offer WHERE entry_id = ANY ($1)",
            )
            .bind::<Array<SqlUuid>, _>(&ids)
            .load(&mut conn)
            .await?;
            let mut offered: HashMap<Uuid, Vec<(DoctorId, Timestamp)>> = HashMap::new();
            for Before { entry_id, doctor_id, starts_at } in before {
                offered.entry(entry_id).or_default().push((DoctorId::from_uuid(doctor_id), starts_at.to_jiff()));
            }
            let in_line = |row: EntryRow| {
                let offered = offered.remove(&row.id).unwrap_or_default();
                Ok(InLine { entry: row.into_entry()?, offered })
            };
            rows.into_iter().map(in_line).collect()
        })
        .await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<AppointmentId>, PortFailure> {
        pg::read(&self.pool, "read which offers are over", async |mut conn| {
            let due: Vec<Id> = diesel::sql_query(
                "SELECT o.id FROM appointments.waitlist_offer o WHERE o.outcome = 'open'
                    AND (o.until <= $1 OR NOT EXISTS (SELECT FROM appointments.appointment a
                                                       WHERE a.id = o.id AND a.status = 'held'))
                  ORDER BY o.until, o.id LIMIT $2",
            )
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<BigInt, _>(i64::from(limit))
            .load(&mut conn)
            .await?;
            Ok(due.into_iter().map(|row| AppointmentId::from_uuid(row.id)).collect())
        })
        .await
    }

    async fn make(&self, new: &NewOffer) -> Result<(), OfferError> {
        let NewOffer { offer, hold, offered, .. } = new;
        pg::transaction(&self.pool, "offer a time", async |conn| {
            // Whoever else serves this entry waits here, and sees then that it waits no longer: it must not go on to
            // the next in line with a time that this one could have.
            let waits = diesel::sql_query(
                "UPDATE appointments.waitlist_entry SET state = 'offered' WHERE id = $1 AND state = 'waiting'",
            )
            .bind::<SqlUuid, _>(offer.entry.as_uuid())
            .execute(conn)
            .await?;
            if waits == 0 {
                return pg::refuse(OfferError::NotWaiting);
            }
            if is_busy(conn, offer).await? {
                return pg::refuse(OfferError::PatientBusy);
            }
            let mut gone: Vec<Gone> = Vec::new();
            let Some(room) = keep_time(conn, hold, &mut gone, offered.at).await? else {
                return pg::refuse(OfferError::SlotTaken);
            };
            diesel::sql_query("INSERT INTO appointments.hold (id, kind, patient_id) VALUES ($1, $2, $3)")
                .bind::<SqlUuid, _>(hold.id.as_uuid())
                .bind::<Text, _>(hold.kind.word())
                .bind::<SqlUuid, _>(offer.patient.as_uuid())
                .execute(conn)
                .await?;
            if !insert_offer(conn, offer).await? {
                return pg::refuse(OfferError::OfferedBefore);
            }
            let rooms = room.taken().map(|one| (one.id, hold.blocked)).into_iter().collect();
            let taken = Claimed { doctor: hold.doctor, stretches: &[hold.blocked], rooms };
            let edition = held::claimed(conn, &*self.watch, Some(taken), &gone, offered.at).await?;
            if outdated(Some(new.edition), edition) {
                return pg::refuse(OfferError::RulesChanged);
            }
            if let Some(letter) = &new.letter {
                let letter = letters::waitlist_offer(letter, offer, &self.links);
                post(conn, &self.keys, &letter, offer.id.as_uuid(), offered.at).await?;
            }
            Farewell::new(&gone, None, hold.clinic, &new.opened).append(conn, &self.journal, &new.opened).await?;
            self.journal.append(conn, offered).await?;
            Ok::<_, Abort<OfferError>>(())
        })
        .await?;
        counter!("holds_total", "kind" => hold.kind.word()).increment(1);
        counter!("waitlist_offers_total", "outcome" => "open").increment(1);
        Ok(())
    }

    async fn lapse(&self, lapsed: &Recorded<WaitlistEvent>) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "let an entry lapse", async |conn| {
            let changed = diesel::sql_query(
                "UPDATE appointments.waitlist_entry SET state = 'lapsed' WHERE id = $1 AND state = 'waiting'",
            )
            .bind::<SqlUuid, _>(lapsed.event.subject())
            .execute(conn)
            .await?;
            if changed == 1 {
                self.journal.append(conn, lapsed).await?;
            }
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}

/// Has the patient a visit at that time, or another offer for it? Not the last word: the constraint has that, when the
/// offer is taken.
async fn is_busy(conn: &mut AsyncPgConnection, offer: &WaitlistOffer) -> Result<bool, DieselError> {
    let busy: Vec<Id> = diesel::sql_query(
        "SELECT id FROM appointments.appointment
          WHERE patient_id = $1 AND status IN ('booked', 'arrived') AND starts_at < $3 AND ends_at > $2
         UNION ALL
         SELECT o.id FROM appointments.waitlist_entry e JOIN appointments.waitlist_offer o ON o.entry_id = e.id
          WHERE e.patient_id = $1 AND o.outcome = 'open' AND o.starts_at < $3 AND o.ends_at > $2
          LIMIT 1",
    )
    .bind::<SqlUuid, _>(offer.patient.as_uuid())
    .bind::<Timestamptz, _>(offer.starts_at.to_diesel())
    .bind::<Timestamptz, _>(offer.ends_at.to_diesel())
    .load(conn)
    .await?;
    Ok(!busy.is_empty())
}

/// `false` when it was offered before.
async fn insert_offer(conn: &mut AsyncPgConnection, offer: &WaitlistOffer) -> Result<bool, DieselError> {
    let inserted = diesel::sql_query(
        "INSERT INTO appointments.waitlist_offer (id, entry_id, doctor_id, clinic_id, visit_type_id, starts_at, ends_at,
                time_zone, offered_at, until, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(offer.id.as_uuid())
    .bind::<SqlUuid, _>(offer.entry.as_uuid())
    .bind::<SqlUuid, _>(offer.doctor.as_uuid())
    .bind::<SqlUuid, _>(offer.clinic.as_uuid())
    .bind::<SqlUuid, _>(offer.visit_type.as_uuid())
    .bind::<Timestamptz, _>(offer.starts_at.to_diesel())
    .bind::<Timestamptz, _>(offer.ends_at.to_diesel())
    .bind::<Text, _>(&offer.time_zone)
    .bind::<Timestamptz, _>(offer.offered_at.to_diesel())
    .bind::<Timestamptz, _>(offer.until.to_diesel())
    .bind::<Text, _>(offer.outcome.word())
    .execute(conn)
    .await?;
    Ok(inserted == 1)
}
