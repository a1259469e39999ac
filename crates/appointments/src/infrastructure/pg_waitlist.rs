use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{AppointmentId, DoctorId, DomainEvent as _, KeptAnswer, PortFailure, Recorded};
use metrics::counter;
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::CalendarWatch;
use super::held::{self, Gone};
use super::held_row::kept;
use super::http::WaitlistLinks;
use super::waitlist_rows::{ENTRY, EntryRow, OFFER, OfferRow};
use super::waitlist_steps::{Ended, back_in_line, insert_entry};
use crate::application::{
    Ending, EndingError, EntryError, EntryPosition, EntryView, MOST_ENTRIES, NewEntry, WaitlistStore, Within,
};
use crate::domain::{EntryState, Hold, HoldKind, WaitlistEntry, WaitlistEntryId, WaitlistEvent, WaitlistOffer};

/// The waitlist in PostgreSQL.
///
/// The order of locks is that of visits: holds come before entries and offers, these before the doctor's first free
/// time. An offer is made under the lock of its entry, which waits and so has no hold that anybody could be giving up.
#[derive(Clone)]
pub struct PgWaitlist {
    pub(super) pool: PgPool,
    pub(super) journal: Journal,
    pub(super) keys: Keyring,
    pub(super) links: WaitlistLinks,
    pub(super) watch: Arc<dyn CalendarWatch>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    open: i64,
}

impl PgWaitlist {
    /// Works through `pool`, writes to `journal`, seals with `keys`, writes `links` into letters, tells `watch`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        journal: Journal,
        keys: Keyring,
        links: WaitlistLinks,
        watch: Arc<dyn CalendarWatch>,
    ) -> Self {
        Self { pool, journal, keys, links, watch }
    }
}

#[async_trait]
impl WaitlistStore for PgWaitlist {
    async fn join(&self, new: &NewEntry) -> Result<(), EntryError> {
        pg::transaction(&self.pool, "join the waitlist", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            // Two wishes of one patient at once shall not both be the last that is allowed.
            pg::lock(conn, pg::lock_number(new.entry.patient.as_uuid())).await?;
            let counted: Counted = diesel::sql_query(
                "SELECT count(*) AS open FROM appointments.waitlist_entry
                  WHERE patient_id = $1 AND state IN ('waiting', 'offered')",
            )
            .bind::<SqlUuid, _>(new.entry.patient.as_uuid())
            .get_result(conn)
            .await?;
            if counted.open >= MOST_ENTRIES {
                return pg::refuse(EntryError::TooMany);
            }
            if !insert_entry(conn, &new.entry).await? {
                return pg::refuse(EntryError::Already);
            }
            self.journal.append(conn, &new.joined).await?;
            if let Some(once) = &new.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&new.entry), new.joined.at).await?;
            }
            Ok::<_, Abort<EntryError>>(())
        })
        .await?;
        counter!("waitlist_entries_total").increment(1);
        Ok(())
    }

    async fn entry(&self, id: WaitlistEntryId) -> Result<Option<WaitlistEntry>, PortFailure> {
        pg::read(&self.pool, "read an entry of the waitlist", async |mut conn| {
            let row: Option<EntryRow> =
                diesel::sql_query(format!("SELECT {ENTRY} FROM appointments.waitlist_entry e WHERE e.id = $1"))
                    .bind::<SqlUuid, _>(id.as_uuid())
                    .get_result(&mut conn)
                    .await
                    .optional()?;
            row.map(EntryRow::into_entry).transpose()
        })
        .await
    }

    async fn entries(
        &self,
        within: &Within,
        doctor: Option<DoctorId>,
        after: Option<EntryPosition>,
        limit: u32,
    ) -> Result<Vec<EntryView>, PortFailure> {
        let (mut patients, mut own, mut clinics) = (None, None, None);
        match within {
            Within::Patients(ids) => patients = Some(ids.iter().map(|id| id.as_uuid()).collect::<Vec<_>>()),
            Within::Calendar(id) => own = Some(id.as_uuid()),
            Within::Clinics(ids) => clinics = Some(ids.iter().map(|id| id.as_uuid()).collect::<Vec<_>>()),
            Within::All => {}
        }
        let (at, id) = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.as_uuid()));
        pg::read(&self.pool, "read the waitlist", async |mut conn| {
            let rows: Vec<EntryRow> = diesel::sql_query(format!(
                "SELECT {ENTRY} FROM appointments.waitlist_entry e
                  WHERE (e.created_at, e.id) > ($1, $2) AND ($3::uuid[] IS NULL OR e.patient_id = ANY ($3))
                    AND ($4::uuid IS NULL OR e.doctor_id = $4) AND ($5::uuid[] IS NULL OR e.clinic_ids && $5)
                    AND ($6::uuid IS NULL OR e.doctor_id = $6)
                  ORDER BY e.created_at, e.id LIMIT $7"
            ))
            .bind::<Timestamptz, _>(at.to_diesel())
            .bind::<SqlUuid, _>(id)
            .bind::<Nullable<Array<SqlUuid>>, _>(patients.as_ref())
            .bind::<Nullable<SqlUuid>, _>(own)
            .bind::<Nullable<Array<SqlUuid>>, _>(clinics.as_ref())
            .bind::<Nullable<SqlUuid>, _>(doctor.map(DoctorId::as_uuid))
            .bind::<BigInt, _>(i64::from(limit) + 1)
            .load(&mut conn)
            .await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let open: Vec<OfferRow> = diesel::sql_query(format!(
                "SELECT {OFFER} FROM appointments.waitlist_offer o
                   JOIN appointments.waitlist_entry e ON e.id = o.entry_id
                  WHERE o.entry_id = ANY ($1) AND o.outcome = 'open'"
            ))
            .bind::<Array<SqlUuid>, _>(&ids)
            .load(&mut conn)
            .await?;
            let mut open: Vec<WaitlistOffer> = open.into_iter().map(OfferRow::into_offer).collect::<Result<_, _>>()?;
            let view = |row: EntryRow| {
                let entry = row.into_entry()?;
                let place = open.iter().position(|offer| offer.entry == entry.id);
                Ok(EntryView { entry, offer: place.map(|place| open.swap_remove(place)) })
            };
            rows.into_iter().map(view).collect()
        })
        .await
    }

    async fn leave(&self, left: &Recorded<WaitlistEvent>) -> Result<(), PortFailure> {
        let entry = left.event.subject();
        pg::transaction(&self.pool, "leave the waitlist", async |conn| {
            let open: Vec<Id> = diesel::sql_query(
                "SELECT id FROM appointments.waitlist_offer WHERE entry_id = $1 AND outcome = 'open'",
            )
            .bind::<SqlUuid, _>(entry)
            .load(conn)
            .await?;
            let open: Vec<Uuid> = open.into_iter().map(|row| row.id).collect();
            let mut gone = held::give_up(conn, &open).await?;
            let changed = diesel::sql_query(
                "UPDATE appointments.waitlist_entry SET state = 'left'
                  WHERE id = $1 AND state IN ('waiting', 'offered')",
            )
            .bind::<SqlUuid, _>(entry)
            .execute(conn)
            .await?;
            let ended: Vec<Ended> = diesel::sql_query(
                "UPDATE appointments.waitlist_offer SET outcome = 'withdrawn', ended_at = $2
                  WHERE entry_id = $1 AND outcome = 'open' RETURNING id, entry_id, clinic_id, outcome",
            )
            .bind::<SqlUuid, _>(entry)
            .bind::<Timestamptz, _>(left.at.to_diesel())
            .load(conn)
            .await?;
            // An offer that was made between the look and now.
            let new: Vec<Uuid> = ended.iter().map(|offer| offer.id).filter(|id| !open.contains(id)).collect();
            gone.extend(held::give_up(conn, &new).await?);
            let recorded =
                |offer: &Ended| Recorded::new(offer.event(), left.actor, left.at).caused_by(left.request_id.clone());
            let endings: Vec<_> = ended.iter().map(recorded).collect();
            self.tell(conn, &mut gone, &endings, left).await?;
            if changed == 1 {
                self.journal.append(conn, left).await?;
            }
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    async fn offer(&self, id: AppointmentId) -> Result<Option<WaitlistOffer>, PortFailure> {
        pg::read(&self.pool, "read an offer of the waitlist", async |mut conn| {
            let row: Option<OfferRow> = diesel::sql_query(format!(
                "SELECT {OFFER} FROM appointments.waitlist_offer o
                   JOIN appointments.waitlist_entry e ON e.id = o.entry_id WHERE o.id = $1"
            ))
            .bind::<SqlUuid, _>(id.as_uuid())
            .get_result(&mut conn)
            .await
            .optional()?;
            row.map(OfferRow::into_offer).transpose()
        })
        .await
    }

    async fn hold(&self, id: AppointmentId) -> Result<Option<Hold>, PortFailure> {
        pg::read(&self.pool, "read a hold", async |conn| kept(conn, id, HoldKind::Waitlist).await).await
    }

    async fn end(&self, ending: &Ending) -> Result<(), EndingError> {
        let ended = pg::transaction(&self.pool, "end an offer", async |conn| {
            if let Some(once) = &ending.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let mut gone = held::give_up(conn, &[ending.id.as_uuid()]).await?;
            // Who refuses in time is heard; what merely lost its hold is withdrawn, not left unanswered.
            let ended: Option<Ended> = diesel::sql_query(
                "UPDATE appointments.waitlist_offer SET ended_at = $3,
                        outcome = CASE WHEN $2 = 'expired' AND until > $3 THEN 'withdrawn' ELSE $2 END
                  WHERE id = $1 AND outcome = 'open' AND ($2 <> 'refused' OR until > $3)
                  RETURNING id, entry_id, clinic_id, outcome",
            )
            .bind::<SqlUuid, _>(ending.id.as_uuid())
            .bind::<Text, _>(ending.outcome.word())
            .bind::<Timestamptz, _>(ending.at.to_diesel())
            .get_result(conn)
            .await
            .optional()?;
            let Some(ended) = ended else { return pg::refuse(EndingError::Over) };
            let back = back_in_line(conn, &ended).await?;
            let recorded = |event| Recorded::new(event, ending.actor, ending.at).caused_by(ending.request_id.clone());
            let event = recorded(ended.event());
            self.tell(conn, &mut gone, std::slice::from_ref(&event), &event).await?;
            if back.is_some_and(|state| state == EntryState::Lapsed.word()) {
                let entry_id = WaitlistEntryId::from_uuid(ended.entry_id);
                self.journal.append(conn, &recorded(WaitlistEvent::Lapsed { entry_id })).await?;
            }
            if let Some(once) = &ending.once {
                let answer: KeptAnswer = (once.answer)(&());
                idempotency::keep(conn, &self.keys, once, &answer, ending.at).await?;
            }
            Ok::<_, Abort<EndingError>>(ended.outcome)
        })
        .await?;
        counter!("waitlist_offers_total", "outcome" => ended).increment(1);
        Ok(())
    }
}

impl PgWaitlist {
    /// Tells the neighbour of freed time, and the journal of holds and offers that have ended.
    async fn tell(
        &self,
        conn: &mut AsyncPgConnection,
        gone: &mut [Gone],
        endings: &[Recorded<WaitlistEvent>],
        cause: &Recorded<WaitlistEvent>,
    ) -> Result<(), DieselError> {
        held::claimed(conn, &*self.watch, None, gone, cause.at).await?;
        held::told(conn, &self.journal, gone, cause.actor, cause.at, cause.request_id.as_deref()).await?;
        for ending in endings {
            self.journal.append(conn, ending).await?;
        }
        Ok(())
    }
}
