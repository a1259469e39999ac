use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel as _};
use kernel::{Actor, AppointmentId, PatientId, PortFailure, UserId};
use metrics::counter;
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::letters::post;
use platform::pg::{self, Abort, PgPool};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::CalendarWatch;
use super::held::{self, Claimed, Farewell, Gone, Own};
use super::held_row::{HeldRow, keep_time};
use super::inserting::outdated;
use super::letters;
use super::patient_row::unreadable;
use super::schema::{held as held_table, hold as hold_table};
use super::sealed::{client_index, email_index, places};
use crate::application::{
    Claim, Draft, GuestHold, HeldBy, HoldOwner, HoldStore, MOST_HOLDS, NewHold, OpenError, Proven, ReleasedBy,
};
use crate::domain::HoldKind;

/// Wrong tries after which a code is dead.
const MOST_TRIES: i16 = 5;

/// Counts a wrong try, one with a dead code and one too late alike, in one statement; the right one it leaves alone.
const PROVE: &str = "UPDATE appointments.hold h
    SET tries = least(h.tries + CASE WHEN h.digest = $2 AND h.tries < $3 AND a.held_until > $4 THEN 0 ELSE 1 END, 100)
   FROM appointments.appointment a
  WHERE h.id = $1 AND a.id = h.id AND h.kind = 'guest' AND a.status = 'held'
  RETURNING coalesce(h.digest = $2 AND h.tries < $3 AND a.held_until > $4, false) AS proven, h.draft";

/// How many open holds an address and a client have, and when the first of them ends.
const COUNT: &str = "SELECT count(*) FILTER (WHERE h.email_key = $1) AS of_email,
        count(*) FILTER (WHERE h.client_key = $2) AS of_client, min(a.held_until) AS first_ends
   FROM appointments.hold h JOIN appointments.appointment a ON a.id = h.id
  WHERE (h.email_key = $1 OR h.client_key = $2) AND a.status = 'held' AND a.held_until > $3";

/// Holds in PostgreSQL, among the visits.
///
/// The order of locks is that of visits; before it come the locks of the address and of the client, whose holds are
/// counted.
#[derive(Clone)]
pub struct PgHolds {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
    watch: Arc<dyn CalendarWatch>,
}

#[derive(QueryableByName)]
struct Tried {
    #[diesel(sql_type = Bool)]
    proven: bool,
    #[diesel(sql_type = Nullable<Binary>)]
    draft: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    of_email: i64,
    #[diesel(sql_type = BigInt)]
    of_client: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first_ends: NullableTimestamp,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

impl PgHolds {
    /// Works through `pool`, writes to `journal`, seals with `keys`, tells `watch`.
    #[must_use]
    pub fn new(pool: PgPool, journal: Journal, keys: Keyring, watch: Arc<dyn CalendarWatch>) -> Self {
        Self { pool, journal, keys, watch }
    }

    /// Clears away up to `limit` holds that are over, and tells the neighbour; gives how many. Nothing waits for it:
    /// it keeps little of people, and tells those who watch a calendar.
    ///
    /// # Errors
    /// Of the database.
    pub async fn clear(&self, limit: i64, now: Timestamp) -> Result<usize, PortFailure> {
        pg::transaction(&self.pool, "clear away holds", async |conn| {
            let mut gone = held::clear_old(conn, limit, now).await?;
            held::claimed(conn, &*self.watch, None, &gone, now).await?;
            held::told(conn, &self.journal, &mut gone, Actor::System, now, None).await?;
            Ok::<_, Abort<PortFailure>>(gone.len())
        })
        .await
    }

    /// The earlier holds of the same owner that a new one takes the place of.
    async fn earlier(&self, conn: &mut AsyncPgConnection, new: &NewHold) -> Result<Vec<Gone>, DieselError> {
        let mut ids: Vec<Uuid> = Vec::new();
        if let HoldOwner::User(user) = &new.owner
            && new.hold.kind == HoldKind::Form
        {
            let own: Vec<Id> =
                diesel::sql_query("SELECT id FROM appointments.hold WHERE user_id = $1 AND kind = 'form' ORDER BY id")
                    .bind::<SqlUuid, _>(user.as_uuid())
                    .load(conn)
                    .await?;
            ids.extend(own.into_iter().map(|row| row.id));
        }
        if let Some(id) = new.instead_of {
            let form: Vec<Id> = diesel::sql_query("SELECT id FROM appointments.hold WHERE id = $1 AND kind = 'form'")
                .bind::<SqlUuid, _>(id.as_uuid())
                .load(conn)
                .await?;
            ids.extend(form.into_iter().map(|row| row.id));
        }
        held::give_up(conn, &ids).await
    }

    /// Refuses one hold too many of an address or a client.
    async fn count(&self, conn: &mut AsyncPgConnection, row: &HoldRow, now: Timestamp) -> Result<(), Abort<OpenError>> {
        if row.email_key.is_none() && row.client_key.is_none() {
            return Ok(());
        }
        let counted: Counted = diesel::sql_query(COUNT)
            .bind::<Nullable<Binary>, _>(row.email_key.as_deref())
            .bind::<Nullable<Binary>, _>(row.client_key.as_deref())
            .bind::<Timestamptz, _>(now.to_diesel())
            .get_result(conn)
            .await?;
        match counted.first_ends.to_jiff() {
            Some(until) if counted.of_email >= MOST_HOLDS || counted.of_client >= MOST_HOLDS => {
                pg::refuse(OpenError::TooMany { until })
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl HoldStore for PgHolds {
    async fn open(&self, new: &NewHold) -> Result<(), OpenError> {
        let NewHold { hold, opened, .. } = new;
        let now = opened.at;
        let row = HoldRow::sealed(new, &self.keys);
        let own = Own::of(opened.actor, new.instead_of.map(Claim::GivenUp), None);
        // In a rush for one time most come too late; they need not queue for the constraint to hear it.
        let free = pg::read(&self.pool, "read what is booked", async |conn| {
            held::own_in_the_way(conn, hold.doctor, hold.blocked, own, now).await
        });
        if free.await?.is_none() {
            return Err(OpenError::SlotTaken);
        }
        pg::transaction(&self.pool, "hold a time", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            for lock in row.locks() {
                pg::lock(conn, lock).await?;
            }
            let mut gone = self.earlier(conn, new).await?;
            self.count(conn, &row, now).await?;
            let Some(room) = keep_time(conn, hold, &mut gone, now).await? else {
                return pg::refuse(OpenError::SlotTaken);
            };
            diesel::insert_into(hold_table::table).values(&row).execute(conn).await?;
            let rooms = room.taken().map(|one| (one.id, hold.blocked)).into_iter().collect();
            let taken = Claimed { doctor: hold.doctor, stretches: &[hold.blocked], rooms };
            let edition = held::claimed(conn, &*self.watch, Some(taken), &gone, now).await?;
            if outdated(Some(new.edition), edition) {
                return pg::refuse(OpenError::RulesChanged);
            }
            if let Some(guest) = &new.guest {
                let letter = letters::guest_code(guest, hold, now);
                post(conn, &self.keys, &letter, hold.id.as_uuid(), now).await?;
            }
            Farewell::new(&gone, None, hold.clinic, opened).append(conn, &self.journal, opened).await?;
            if let Some(once) = &new.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(hold), now).await?;
            }
            Ok::<_, Abort<OpenError>>(())
        })
        .await?;
        counter!("holds_total", "kind" => hold.kind.word()).increment(1);
        Ok(())
    }

    async fn prove(&self, id: AppointmentId, digest: [u8; 32], now: Timestamp) -> Result<Option<Proven>, PortFailure> {
        pg::transaction(&self.pool, "try a code", async |conn| {
            let tried: Option<Tried> = diesel::sql_query(PROVE)
                .bind::<SqlUuid, _>(id.as_uuid())
                .bind::<Binary, _>(digest.to_vec())
                .bind::<SmallInt, _>(MOST_TRIES)
                .bind::<Timestamptz, _>(now.to_diesel())
                .get_result(conn)
                .await
                .optional()?;
            let Some(draft) = tried.filter(|tried| tried.proven).and_then(|tried| tried.draft) else {
                return Ok(None);
            };
            let plain = self.keys.open(places::DRAFT, id.as_uuid(), &draft).map_err(unreadable)?;
            let draft: DraftText =
                serde_json::from_slice(&plain).map_err(|error| DieselError::DeserializationError(error.into()))?;
            let row: HeldRow = held_table::table.find(id.as_uuid()).select(HeldRow::as_select()).first(conn).await?;
            let DraftText { name, email, notes } = draft;
            let hold = row.into_hold(HoldKind::Guest)?;
            Ok::<_, Abort<PortFailure>>(Some(Proven { hold, draft: Draft { name, email, notes } }))
        })
        .await
    }

    async fn release(&self, id: AppointmentId, by: HeldBy, event: &ReleasedBy) -> Result<bool, PortFailure> {
        let (user, patient) = match by {
            HeldBy::User(user) => (Some(user), None),
            HeldBy::Patient(patient) => (None, Some(patient)),
            HeldBy::Token => (None, None),
        };
        pg::transaction(&self.pool, "end a hold", async |conn| {
            let own: Vec<Id> = diesel::sql_query(
                "SELECT a.id FROM appointments.appointment a JOIN appointments.hold h ON h.id = a.id
                  WHERE a.id = $1 AND a.status = 'held' AND a.held_until > $4 AND CASE h.kind
                        WHEN 'form' THEN $2 = h.user_id OR $2 IS NULL AND $3 IS NULL
                        WHEN 'waitlist' THEN $3 = h.patient_id ELSE false END
                  FOR UPDATE OF a",
            )
            .bind::<SqlUuid, _>(id.as_uuid())
            .bind::<Nullable<SqlUuid>, _>(user.map(UserId::as_uuid))
            .bind::<Nullable<SqlUuid>, _>(patient.map(PatientId::as_uuid))
            .bind::<Timestamptz, _>(event.at.to_diesel())
            .load(conn)
            .await?;
            let ids: Vec<Uuid> = own.into_iter().map(|row| row.id).collect();
            let mut gone = held::give_up(conn, &ids).await?;
            held::claimed(conn, &*self.watch, None, &gone, event.at).await?;
            held::told(conn, &self.journal, &mut gone, event.actor, event.at, event.request_id.as_deref()).await?;
            Ok::<_, Abort<PortFailure>>(!gone.is_empty())
        })
        .await
    }
}

/// What a guest has told, as it is sealed.
#[derive(Serialize, Deserialize)]
struct DraftText {
    name: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = hold_table, treat_none_as_default_value = false)]
struct HoldRow {
    id: Uuid,
    kind: &'static str,
    user_id: Option<Uuid>,
    patient_id: Option<Uuid>,
    email_key: Option<Vec<u8>>,
    client_key: Option<Vec<u8>>,
    draft: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
}

impl HoldRow {
    fn sealed(new: &NewHold, keys: &Keyring) -> Self {
        let id = new.hold.id.as_uuid();
        let (mut user_id, mut patient_id, mut client_key) = (None, None, None);
        match &new.owner {
            HoldOwner::User(user) => user_id = Some(user.as_uuid()),
            HoldOwner::Client(client) => client_key = Some(client_index(keys, client).to_vec()),
            HoldOwner::Patient(patient) => patient_id = Some(patient.as_uuid()),
        }
        let sealed = |guest: &GuestHold| {
            let Draft { name, email, notes } = guest.draft.clone();
            // A struct of texts is always JSON.
            let plain = serde_json::to_vec(&DraftText { name, email, notes }).unwrap_or_default();
            keys.seal(places::DRAFT, id, &plain)
        };
        Self {
            id,
            kind: new.hold.kind.word(),
            user_id,
            patient_id,
            email_key: new.guest.as_ref().map(|guest| email_index(keys, &guest.draft.email).to_vec()),
            client_key,
            draft: new.guest.as_ref().map(sealed),
            digest: new.guest.as_ref().map(|guest| guest.digest.to_vec()),
        }
    }

    /// Numbers of the locks under which the holds of the address and of the client are counted, the smaller first.
    fn locks(&self) -> Vec<i64> {
        let first = |key: &Vec<u8>| key.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        let mut locks: Vec<i64> = [&self.email_key, &self.client_key].into_iter().flatten().map(first).collect();
        locks.sort_unstable();
        locks
    }
}
