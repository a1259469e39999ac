use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{DoctorId, Once, PortFailure, Recorded, UserId};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::external_calendar;
use crate::application::{Due, ExternalStore, Outcome, StoreExternalError};
use crate::domain::{ExternalCalendar, ExternalEvent, ExternalId, MOST_EXTERNAL, ReadState};

const ADDRESS: &str = "calendars.external_calendar.address";

/// Calendars elsewhere in PostgreSQL, their addresses sealed.
#[derive(Clone)]
pub struct PgExternals {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgExternals {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }
}

#[derive(QueryableByName)]
struct DueId {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[async_trait]
impl ExternalStore for PgExternals {
    async fn add(
        &self,
        new: &ExternalCalendar,
        added: &Recorded<ExternalEvent>,
        once: Option<Once<ExternalCalendar>>,
    ) -> Result<(), StoreExternalError> {
        pg::transaction(&self.pool, "add a calendar elsewhere", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            // Two at once must not both be the last that fits.
            pg::lock(conn, pg::lock_number(new.doctor.as_uuid())).await?;
            let there: i64 = external_calendar::table
                .filter(external_calendar::doctor_id.eq(new.doctor.as_uuid()))
                .filter(external_calendar::removed_at.is_null())
                .count()
                .get_result(conn)
                .await?;
            if usize::try_from(there).unwrap_or(usize::MAX) >= MOST_EXTERNAL {
                return pg::refuse(StoreExternalError::TooMany);
            }
            let id = new.id.as_uuid();
            diesel::insert_into(external_calendar::table)
                .values((
                    external_calendar::id.eq(id),
                    external_calendar::doctor_id.eq(new.doctor.as_uuid()),
                    external_calendar::address.eq(self.keys.seal_text(ADDRESS, id, &new.address)),
                    external_calendar::time_zone.eq(&new.time_zone),
                    external_calendar::added_by.eq(new.added_by.as_uuid()),
                    external_calendar::created_at.eq(new.created_at.to_diesel()),
                    external_calendar::next_read_at.eq(new.created_at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            self.journal.append(conn, added).await?;
            if let Some(once) = &once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(new), added.at).await?;
            }
            Ok::<_, Abort<StoreExternalError>>(())
        })
        .await
    }

    async fn of(&self, doctor: DoctorId) -> Result<Vec<ExternalCalendar>, PortFailure> {
        pg::read(&self.pool, "list calendars elsewhere", async |mut conn| {
            let rows: Vec<Row> = external_calendar::table
                .filter(external_calendar::doctor_id.eq(doctor.as_uuid()))
                .filter(external_calendar::removed_at.is_null())
                .order(external_calendar::id)
                .select(Row::as_select())
                .load(&mut conn)
                .await?;
            rows.into_iter().map(|row| row.open(&self.keys)).collect()
        })
        .await
    }

    async fn remove(
        &self,
        doctor: DoctorId,
        id: ExternalId,
        removed: &Recorded<ExternalEvent>,
    ) -> Result<bool, PortFailure> {
        pg::transaction(&self.pool, "take a calendar elsewhere away", async |conn| {
            let changed = diesel::update(external_calendar::table.find(id.as_uuid()))
                .filter(external_calendar::doctor_id.eq(doctor.as_uuid()))
                .filter(external_calendar::removed_at.is_null())
                .set((
                    external_calendar::removed_at.eq(removed.at.to_diesel()),
                    external_calendar::next_read_at.eq(removed.at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            if changed == 1 {
                self.journal.append(conn, removed).await?;
            }
            Ok::<_, Abort<PortFailure>>(changed == 1)
        })
        .await
    }

    async fn take_due(&self, now: Timestamp, next: Timestamp, limit: u32) -> Result<Vec<Due>, PortFailure> {
        pg::transaction(&self.pool, "take calendars that are due", async |conn| {
            let due: Vec<DueId> = diesel::sql_query(
                "UPDATE calendars.external_calendar c SET next_read_at = $2
                  WHERE c.id IN (SELECT d.id FROM calendars.external_calendar d WHERE d.next_read_at <= $1
                                  ORDER BY d.next_read_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 RETURNING c.id",
            )
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<Timestamptz, _>(next.to_diesel())
            .bind::<BigInt, _>(i64::from(limit))
            .load(conn)
            .await?;
            let ids: Vec<Uuid> = due.into_iter().map(|due| due.id).collect();
            let rows: Vec<Row> = external_calendar::table
                .filter(external_calendar::id.eq_any(&ids))
                .order(external_calendar::id)
                .select(Row::as_select())
                .load(conn)
                .await?;
            let mut due = Vec::new();
            for row in rows {
                due.push(match row.removed_at {
                    Some(_) => Due::Free(ExternalId::from_uuid(row.id), DoctorId::from_uuid(row.doctor_id)),
                    None => Due::Read(Box::new(row.open(&self.keys)?)),
                });
            }
            Ok::<_, Abort<PortFailure>>(due)
        })
        .await
    }

    async fn ended(&self, id: ExternalId, outcome: &Outcome, now: Timestamp) -> Result<bool, PortFailure> {
        let now = now.to_diesel();
        pg::transaction(&self.pool, "take down a reading", async |conn| {
            let still_there = || {
                external_calendar::table
                    .filter(external_calendar::id.eq(id.as_uuid()).and(external_calendar::removed_at.is_null()))
            };
            let good = (
                external_calendar::read_at.eq(Some(now)),
                external_calendar::stale_since.eq(None::<DbTimestamp>),
                external_calendar::trouble.eq(None::<String>),
            );
            let changed = match outcome {
                Outcome::Unchanged => diesel::update(still_there()).set(good).execute(conn).await?,
                Outcome::Read { etag, busy, not_understood } => {
                    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
                    let read = (
                        external_calendar::whole_read_at.eq(Some(now)),
                        external_calendar::etag.eq(etag.as_ref()),
                        external_calendar::busy.eq(count(*busy)),
                        external_calendar::not_understood.eq(count(*not_understood)),
                    );
                    diesel::update(still_there()).set((good, read)).execute(conn).await?
                }
                Outcome::Failed(trouble) => {
                    let since: Option<Option<DbTimestamp>> = still_there()
                        .select(external_calendar::stale_since)
                        .for_update()
                        .first(conn)
                        .await
                        .optional()?;
                    let since = since.flatten().unwrap_or(now);
                    let told =
                        (external_calendar::stale_since.eq(Some(since)), external_calendar::trouble.eq(Some(trouble)));
                    diesel::update(still_there()).set(told).execute(conn).await?
                }
            };
            Ok::<_, Abort<PortFailure>>(changed == 1)
        })
        .await
    }

    async fn forget(&self, id: ExternalId) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "forget a calendar elsewhere", async |conn| {
            diesel::delete(external_calendar::table.find(id.as_uuid()))
                .filter(external_calendar::removed_at.is_not_null())
                .execute(conn)
                .await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = external_calendar)]
struct Row {
    id: Uuid,
    doctor_id: Uuid,
    address: Vec<u8>,
    time_zone: String,
    added_by: Uuid,
    created_at: DbTimestamp,
    removed_at: Option<DbTimestamp>,
    etag: Option<String>,
    whole_read_at: Option<DbTimestamp>,
    read_at: Option<DbTimestamp>,
    stale_since: Option<DbTimestamp>,
    trouble: Option<String>,
    busy: i32,
    not_understood: i32,
}

impl Row {
    fn open(self, keys: &Keyring) -> Result<ExternalCalendar, DieselError> {
        let sealed = |error: platform::crypto::CannotOpen| DieselError::DeserializationError(error.into());
        let jiff = |at: Option<DbTimestamp>| at.map(DbTimestamp::to_jiff);
        Ok(ExternalCalendar {
            id: ExternalId::from_uuid(self.id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            address: keys.open_text(ADDRESS, self.id, &self.address).map_err(sealed)?,
            time_zone: self.time_zone,
            added_by: UserId::from_uuid(self.added_by),
            created_at: self.created_at.to_jiff(),
            state: ReadState {
                etag: self.etag,
                whole_read_at: jiff(self.whole_read_at),
                read_at: jiff(self.read_at),
                stale_since: jiff(self.stale_since),
                trouble: self.trouble,
                busy: self.busy.unsigned_abs(),
                not_understood: self.not_understood.unsigned_abs(),
            },
        })
    }
}
