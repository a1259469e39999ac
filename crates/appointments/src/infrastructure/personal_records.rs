//! What the slice holds about somebody: copied, erased, and forgotten when its time is over.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{Timestamp, ToSpan as _};
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, DomainEvent, PatientId, PortFailure, Recorded, UserId};
use platform::crypto::Keyring;
use platform::http::context;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use platform::records::{self, Wanted};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::sealed::places;

/// How long records of treatment are kept after the last visit, as the law asks.
const KEEP_YEARS: i32 = 7;
/// How long an entry of the waitlist that is over stays, after the last day that was waited for.
const KEEP_WAITS: i64 = 90;
/// In place of the name of who was erased.
const NOBODY: &str = "Erased person";
/// Patients that are purged at a time.
const BATCH: i64 = 100;

/// What became of a patient's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum RecordEvent {
    /// Who it is, is gone.
    Erased {
        patient_id: Uuid,
        /// The rest goes then; nothing is left when there is no such instant.
        #[serde(skip_serializing_if = "Option::is_none")]
        purge_after: Option<Timestamp>,
    },
    /// The rest is gone as well.
    Purged { patient_id: Uuid, visits: usize },
}

impl DomainEvent for RecordEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Erased { .. } => "patient.erased",
            Self::Purged { .. } => "patient.purged",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Erased { patient_id, .. } | Self::Purged { patient_id, .. } => *patient_id,
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}

/// Records about a user and those the user looks after.
#[derive(Debug, Clone, Default)]
pub struct VisitRecords {
    /// Patients, each with the user's relation to them.
    pub patients: Vec<Value>,
    /// Their visits.
    pub appointments: Vec<Value>,
    /// How their records were opened in emergencies.
    pub emergencies: Vec<Value>,
    /// Who has read of them; of a front desk the clinic alone.
    pub accesses: Vec<Value>,
    /// Times that are held for the user, signed in or as a guest of the same address.
    pub holds: Vec<Value>,
    /// What they have waited for.
    pub waitlist: Vec<Value>,
    /// What was offered to them.
    pub offers: Vec<Value>,
    /// Ids of patients and visits.
    pub subjects: Vec<Uuid>,
}

/// Visits lie ahead that only this user could cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StillBooked;

/// Copies and erases records in PostgreSQL.
#[derive(Clone)]
pub struct PgVisitRecords {
    pool: PgPool,
    keys: Keyring,
    journal: Journal,
}

#[derive(QueryableByName)]
struct Sole {
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_visit: NullableTimestamp,
    #[diesel(sql_type = BigInt)]
    ahead: i64,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

impl PgVisitRecords {
    /// Works through `pool`, opens with `keys`, writes to `journal`.
    #[must_use]
    pub const fn new(pool: PgPool, keys: Keyring, journal: Journal) -> Self {
        Self { pool, keys, journal }
    }

    /// All records about the user, and about those the user looks after.
    ///
    /// # Errors
    /// Of the database, or when a value cannot be opened.
    pub async fn of(&self, user: UserId) -> Result<VisitRecords, PortFailure> {
        const PATIENTS: Wanted = Wanted {
            table: "appointments.patient",
            of: "t.id IN (SELECT c.patient_id FROM appointments.caretaker c WHERE c.user_id = ANY($1))",
            but: &["search_keys"],
        };
        const HOLDS: Wanted = Wanted {
            table: "appointments.hold",
            of: "t.user_id = ANY($1) OR t.email_key IN (
                    SELECT p.email_key FROM appointments.patient p JOIN appointments.caretaker c ON c.patient_id = p.id
                     WHERE c.user_id = ANY($1) AND c.relation = 'self')",
            but: &["digest"],
        };
        const VISITS: Wanted = Wanted {
            table: "appointments.appointment",
            of: "t.patient_id IN (SELECT c.patient_id FROM appointments.caretaker c WHERE c.user_id = ANY($1))",
            but: &[],
        };
        const EMERGENCIES: Wanted = Wanted {
            table: "appointments.emergency_access",
            of: "t.patient_id IN (SELECT c.patient_id FROM appointments.caretaker c WHERE c.user_id = ANY($1))",
            but: &["user_id"],
        };
        const ACCESSES: Wanted = Wanted {
            table: "appointments.access_log",
            of: "t.patient_id IN (SELECT c.patient_id FROM appointments.caretaker c WHERE c.user_id = ANY($1))",
            but: &["actor_id"],
        };
        const WAITLIST: Wanted = Wanted {
            table: "appointments.waitlist_entry",
            of: "t.patient_id IN (SELECT c.patient_id FROM appointments.caretaker c WHERE c.user_id = ANY($1))",
            but: &[],
        };
        const OFFERS: Wanted = Wanted {
            table: "appointments.waitlist_offer",
            of: "t.entry_id IN (SELECT e.id FROM appointments.waitlist_entry e
                  JOIN appointments.caretaker c ON c.patient_id = e.patient_id WHERE c.user_id = ANY($1))",
            but: &[],
        };
        let failed = |error| pg::failure("read records of visits", error);
        let mut conn = pg::conn(&self.pool).await?;
        let id = [user.as_uuid()];
        let patients = records::rows(&mut conn, &self.keys, PATIENTS, &id).await.map_err(failed)?;
        let appointments = records::rows(&mut conn, &self.keys, VISITS, &id).await.map_err(failed)?;
        let holds = records::rows(&mut conn, &self.keys, HOLDS, &id).await.map_err(failed)?;
        let emergencies = records::rows(&mut conn, &self.keys, EMERGENCIES, &id).await.map_err(failed)?;
        let accesses = records::rows(&mut conn, &self.keys, ACCESSES, &id).await.map_err(failed)?;
        let waitlist = records::rows(&mut conn, &self.keys, WAITLIST, &id).await.map_err(failed)?;
        let offers = records::rows(&mut conn, &self.keys, OFFERS, &id).await.map_err(failed)?;
        let ids =
            |rows: &[Value]| -> Vec<Uuid> { rows.iter().filter_map(|row| row["id"].as_str()?.parse().ok()).collect() };
        let subjects = [ids(&patients), ids(&appointments), ids(&holds)].concat();
        Ok(VisitRecords { patients, appointments, emergencies, accesses, holds, waitlist, offers, subjects })
    }

    /// The patients whom this user looks after, oneself included.
    ///
    /// # Errors
    /// Of the database.
    pub async fn cared_for(&self, user: UserId) -> Result<Vec<PatientId>, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let found: Vec<Id> = diesel::sql_query(
            "SELECT patient_id AS id FROM appointments.caretaker WHERE user_id = $1 ORDER BY patient_id",
        )
        .bind::<SqlUuid, _>(user.as_uuid())
        .load(&mut conn)
        .await
        .map_err(|error| pg::failure("look whom somebody looks after", error))?;
        Ok(found.into_iter().map(|row| PatientId::from_uuid(row.id)).collect())
    }

    /// Erases the patients whom this user alone looks after, and ends the user's care for all; gives ids of what there
    /// was. Patients without visits go, of the others nothing is left but the visits. Nothing is changed when a visit
    /// is booked from `now` on.
    ///
    /// # Errors
    /// Of the database.
    pub async fn erase(&self, user: UserId, now: Timestamp) -> Result<Result<Vec<Uuid>, StillBooked>, PortFailure> {
        enum Stop {
            Booked,
            Failed(PortFailure),
        }
        impl From<PortFailure> for Stop {
            fn from(failure: PortFailure) -> Self {
                Self::Failed(failure)
            }
        }
        let actor = Actor::Patient(user);
        let erased = pg::transaction(&self.pool, "erase patients", async |conn| {
            // A booking under way holds on to its patient; it is waited for, and seen.
            diesel::sql_query(
                "SELECT p.id FROM appointments.patient p JOIN appointments.caretaker c ON c.patient_id = p.id
                  WHERE c.user_id = $1 ORDER BY p.id FOR UPDATE OF p",
            )
            .bind::<SqlUuid, _>(user.as_uuid())
            .load::<Id>(conn)
            .await?;
            let sole: Vec<Sole> = diesel::sql_query(
                "SELECT c.patient_id, max(a.ends_at) AS last_visit,
                        count(*) FILTER (WHERE a.status IN ('booked', 'arrived') AND a.ends_at > $2) AS ahead
                   FROM appointments.caretaker c LEFT JOIN appointments.appointment a ON a.patient_id = c.patient_id
                  WHERE c.user_id = $1 AND NOT EXISTS (SELECT FROM appointments.caretaker o
                                                        WHERE o.patient_id = c.patient_id AND o.user_id <> $1)
                  GROUP BY c.patient_id ORDER BY c.patient_id",
            )
            .bind::<SqlUuid, _>(user.as_uuid())
            .bind::<Timestamptz, _>(now.to_diesel())
            .load(conn)
            .await?;
            if sole.iter().any(|patient| patient.ahead > 0) {
                return pg::refuse(Stop::Booked);
            }
            // What is held stays so for its ten minutes, but for nobody: no code opens it any more.
            let holds: Vec<Id> = diesel::sql_query(
                "UPDATE appointments.hold
                    SET user_id = NULL, email_key = NULL, client_key = NULL, draft = NULL, digest = NULL
                  WHERE user_id = $1 OR email_key IN (
                        SELECT p.email_key FROM appointments.patient p
                          JOIN appointments.caretaker c ON c.patient_id = p.id
                         WHERE c.user_id = $1 AND c.relation = 'self')
                  RETURNING id",
            )
            .bind::<SqlUuid, _>(user.as_uuid())
            .load(conn)
            .await?;
            diesel::sql_query("DELETE FROM appointments.caretaker WHERE user_id = $1")
                .bind::<SqlUuid, _>(user.as_uuid())
                .execute(conn)
                .await?;
            let ids: Vec<Uuid> = sole.iter().map(|patient| patient.patient_id).collect();
            let visits: Vec<Id> =
                diesel::sql_query("SELECT id FROM appointments.appointment WHERE patient_id = ANY($1)")
                    .bind::<Array<SqlUuid>, _>(&ids)
                    .load(conn)
                    .await?;
            for Sole { patient_id, last_visit, .. } in &sole {
                let purge_after = last_visit.to_jiff().map(years_later);
                self.erase_one(conn, *patient_id, purge_after, now).await?;
                let event = RecordEvent::Erased { patient_id: *patient_id, purge_after };
                let recorded = Recorded::new(event, actor, now).caused_by(context::request_id());
                self.journal.append(conn, &recorded).await?;
            }
            let others = visits.into_iter().chain(holds).map(|row| row.id);
            Ok::<_, Abort<Stop>>(ids.into_iter().chain(others).collect())
        })
        .await;
        match erased {
            Ok(ids) => Ok(Ok(ids)),
            Err(Stop::Booked) => Ok(Err(StillBooked)),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }

    async fn erase_one(
        &self,
        conn: &mut AsyncPgConnection,
        patient: Uuid,
        purge_after: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), diesel::result::Error> {
        // What is kept for them is free from now on; it is cleared away as everything held that is over.
        diesel::sql_query(
            "UPDATE appointments.appointment SET held_until = least(held_until, $2) WHERE status = 'held' AND id IN (
                 SELECT o.id FROM appointments.waitlist_offer o JOIN appointments.waitlist_entry e ON e.id = o.entry_id
                  WHERE e.patient_id = $1 AND o.outcome = 'open')",
        )
        .bind::<SqlUuid, _>(patient)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(conn)
        .await?;
        diesel::sql_query("DELETE FROM appointments.waitlist_entry WHERE patient_id = $1")
            .bind::<SqlUuid, _>(patient)
            .execute(conn)
            .await?;
        let Some(purge_after) = purge_after else {
            diesel::sql_query("DELETE FROM appointments.patient WHERE id = $1")
                .bind::<SqlUuid, _>(patient)
                .execute(conn)
                .await?;
            return Ok(());
        };
        // Why a record was opened tells of who it was; that it was opened stays in the audit trail.
        diesel::sql_query("DELETE FROM appointments.emergency_access WHERE patient_id = $1")
            .bind::<SqlUuid, _>(patient)
            .execute(conn)
            .await?;
        diesel::sql_query(
            "UPDATE appointments.patient
                SET name = $2, email = NULL, name_key = NULL, email_key = NULL, phone = NULL, birth_date = NULL, search_keys = '{}',
                    version = version + 1, purge_after = $3
              WHERE id = $1",
        )
        .bind::<SqlUuid, _>(patient)
        .bind::<diesel::sql_types::Binary, _>(self.keys.seal_text(places::NAME, patient, NOBODY))
        .bind::<Timestamptz, _>(purge_after.to_diesel())
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Deletes entries of the waitlist that are over, with what was offered, 90 days after the last day that was waited
    /// for; at most 100 at a time. Gives how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_waits(&self, now: Timestamp) -> Result<usize, PortFailure> {
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let before = today.checked_sub(KEEP_WAITS.days()).unwrap_or(today);
        pg::transaction(&self.pool, "forget who waited", async |conn| {
            let gone = diesel::sql_query(
                "DELETE FROM appointments.waitlist_entry WHERE id IN (
                    SELECT id FROM appointments.waitlist_entry
                     WHERE last_day < $1 AND state IN ('served', 'left', 'lapsed')
                     ORDER BY last_day LIMIT $2 FOR UPDATE SKIP LOCKED)",
            )
            .bind::<diesel::sql_types::Date, _>(before.to_diesel())
            .bind::<BigInt, _>(BATCH)
            .execute(conn)
            .await?;
            Ok::<_, Abort<PortFailure>>(gone)
        })
        .await
    }

    /// Deletes what is left of erased patients whose time is over, 100 at most; gives how many.
    ///
    /// # Errors
    /// Of the database.
    pub async fn purge(&self, now: Timestamp) -> Result<usize, PortFailure> {
        pg::transaction(&self.pool, "purge erased patients", async |conn| {
            let due: Vec<Id> = diesel::sql_query(
                "SELECT id FROM appointments.patient WHERE purge_after < $1 ORDER BY purge_after LIMIT $2
                    FOR UPDATE SKIP LOCKED",
            )
            .bind::<Timestamptz, _>(DbTimestamp::from(now))
            .bind::<BigInt, _>(BATCH)
            .load(conn)
            .await?;
            for Id { id } in &due {
                let visits = diesel::sql_query("DELETE FROM appointments.appointment WHERE patient_id = $1")
                    .bind::<SqlUuid, _>(id)
                    .execute(conn)
                    .await?;
                diesel::sql_query("DELETE FROM appointments.patient WHERE id = $1")
                    .bind::<SqlUuid, _>(id)
                    .execute(conn)
                    .await?;
                let event = RecordEvent::Purged { patient_id: *id, visits };
                self.journal.append(conn, &Recorded::new(event, Actor::System, now)).await?;
            }
            Ok::<_, Abort<PortFailure>>(due.len())
        })
        .await
    }
}

fn years_later(last: Timestamp) -> Timestamp {
    let later = last.to_zoned(jiff::tz::TimeZone::UTC).checked_add(KEEP_YEARS.years());
    later.map_or(Timestamp::MAX, |later| later.timestamp())
}
