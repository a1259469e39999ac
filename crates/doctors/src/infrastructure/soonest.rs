//! The first free time of each doctor, kept ready for searching.
//!
//! A row is right until its `valid_until`, whatever time passes, because every transaction that changes a
//! doctor's hours or calendar looks at the row under its lock and mends it where needed. What time alone has
//! made stale is mended by the worker, and by a search that meets it first.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Date as DbDate, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{DoctorId, Interval, PortFailure, ResourceId};
use platform::pg::{self, PgPool};
use uuid::Uuid;

use super::busy_in_transaction::{BusyInTransaction, ResourceTaken, Taken};
use super::pg_agendas::agendas;
use super::schema::soonest;
use crate::domain::{FirstFree, Occupied, Rules};

/// Most doctors are free within two weeks; only for the others the whole horizon is read.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What to do about rows that somebody else is mending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rivals {
    /// Leave them to the other.
    Skip,
    /// Wait until they are mended.
    Await,
}

/// Writes rows over those that are there.
macro_rules! upsert {
    ($rows:expr) => {
        diesel::insert_into(soonest::table).values($rows).on_conflict(soonest::doctor_id).do_update().set((
            soonest::specialty.eq(excluded(soonest::specialty)),
            soonest::city.eq(excluded(soonest::city)),
            soonest::soonest_at.eq(excluded(soonest::soonest_at)),
            soonest::local_date.eq(excluded(soonest::local_date)),
            soonest::blocked_from.eq(excluded(soonest::blocked_from)),
            soonest::blocked_until.eq(excluded(soonest::blocked_until)),
            soonest::valid_until.eq(excluded(soonest::valid_until)),
            soonest::weekdays.eq(excluded(soonest::weekdays)),
        ))
    };
}

/// Keeps the table `doctors.soonest`.
#[derive(Clone)]
pub struct Soonest {
    pool: PgPool,
    busy: Arc<dyn BusyInTransaction>,
}

impl Soonest {
    /// Works through `pool`, and asks `busy` what is taken.
    #[must_use]
    pub fn new(pool: PgPool, busy: Arc<dyn BusyInTransaction>) -> Self {
        Self { pool, busy }
    }

    /// To be called in each transaction that takes or frees a doctor's time, after the change and late: it marks,
    /// and so locks, the doctor's row until the commit. Whoever changes the doctor's rules takes the same lock, so until
    /// then they stay as they are; gives their edition ([`Rules::edition`]), 0 for a doctor without a row.
    ///
    /// # Errors
    /// Of the database.
    pub async fn calendar_changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<i64, DieselError> {
        let row: Option<(DbTimestamp, DbTimestamp, i64)> = diesel::update(soonest::table.find(doctor.as_uuid()))
            .set(soonest::revision.eq(sql::<BigInt>("doctors.this_edition()")))
            .returning((soonest::blocked_until, soonest::valid_until, soonest::edition))
            .get_result(conn)
            .await
            .optional()?;
        // Nothing behind the first free time can move it.
        let matters = row.is_none_or(|(blocked_until, valid_until, _)| {
            valid_until.to_jiff() < now || changed.iter().any(|interval| interval.start < blocked_until.to_jiff())
        });
        if matters {
            self.recompute(conn, &[doctor.as_uuid()], now).await?;
        }
        Ok(row.map_or(0, |(_, _, edition)| edition))
    }

    /// To be called in each transaction that changes hours or visit types of a doctor.
    ///
    /// # Errors
    /// Of the database.
    pub async fn rules_changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        now: Timestamp,
    ) -> Result<(), DieselError> {
        let _locked: Option<Uuid> = soonest::table
            .find(doctor.as_uuid())
            .select(soonest::doctor_id)
            .for_update()
            .first(conn)
            .await
            .optional()?;
        self.recompute(conn, &[doctor.as_uuid()], now).await
    }

    /// Mends up to `limit` rows that the passing of time has made stale, the longest stale first; gives how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh_stale(&self, limit: i64, now: Timestamp, rivals: Rivals) -> Result<usize, PortFailure> {
        pg::transaction(&self.pool, "refresh first free times", async |conn| {
            let oldest = soonest::table
                .filter(soonest::valid_until.lt(now.to_diesel()))
                .order(soonest::valid_until)
                .limit(limit)
                .select(soonest::doctor_id);
            let stale: Vec<Uuid> = match rivals {
                // Who never waits may lock in any order.
                Rivals::Skip => oldest.for_update().skip_locked().load(conn).await?,
                Rivals::Await => {
                    let oldest: Vec<Uuid> = oldest.load(conn).await?;
                    self.lock_stale(conn, &oldest, now).await?
                }
            };
            if !stale.is_empty() {
                self.recompute(conn, &stale, now).await?;
            }
            Ok::<_, pg::Abort<PortFailure>>(stale.len())
        })
        .await
    }

    /// Mends the rows of these doctors where time has made them stale.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, doctors: &[Uuid], now: Timestamp) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "refresh first free times", async |conn| {
            let stale = self.lock_stale(conn, doctors, now).await?;
            if !stale.is_empty() {
                self.recompute(conn, &stale, now).await?;
            }
            Ok::<_, pg::Abort<PortFailure>>(())
        })
        .await
    }

    /// Locks those rows that are still stale once they are ours: of many who come at once the first mends them
    /// all, and the others need not. In the order of the ids, so that two who lock many never wait for each other
    /// in a circle.
    async fn lock_stale(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, DieselError> {
        soonest::table
            .filter(soonest::doctor_id.eq_any(doctors).and(soonest::valid_until.lt(now.to_diesel())))
            .order(soonest::doctor_id)
            .select(soonest::doctor_id)
            .for_update()
            .load(conn)
            .await
    }

    async fn recompute(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        now: Timestamp,
    ) -> Result<(), DieselError> {
        let mut known = Vec::with_capacity(doctors.len());
        for row in agendas(conn, doctors).await? {
            let (specialty, city) = (row.specialty.clone(), row.city.clone());
            known.push((specialty, city, row.into_rules()?));
        }
        let firsts = self.firsts(conn, &known, now).await?;
        let rows: Vec<Row> = known
            .iter()
            .zip(firsts)
            .filter(|((_, _, rules), _)| rules.active)
            .map(|((specialty, city, rules), first)| Row::new(specialty, city, rules, first))
            .collect();
        let gone: Vec<Uuid> =
            known.iter().filter(|(_, _, rules)| !rules.active).map(|(_, _, rules)| rules.doctor.as_uuid()).collect();
        if !gone.is_empty() {
            diesel::delete(soonest::table.filter(soonest::doctor_id.eq_any(&gone))).execute(conn).await?;
        }
        match rows.as_slice() {
            [] => {}
            // An insert of many is another statement for each number of rows, so it is never kept prepared.
            [row] => _ = upsert!(row).execute(conn).await?,
            rows => _ = upsert!(rows).execute(conn).await?,
        }
        Ok(())
    }

    async fn firsts(
        &self,
        conn: &mut AsyncPgConnection,
        known: &[(String, String, Rules)],
        now: Timestamp,
    ) -> Result<Vec<FirstFree>, DieselError> {
        let mut found = Vec::with_capacity(known.len());
        let soon = Interval { start: now, end: now.checked_add(FIRST_LOOK).unwrap_or(Timestamp::MAX) };
        let ids: Vec<Uuid> = known.iter().map(|(_, _, rules)| rules.doctor.as_uuid()).collect();
        let mut busy: HashMap<DoctorId, Vec<Taken>> = HashMap::new();
        for taken in self.busy.busy(conn, &ids, soon.widened(720, 0), now).await? {
            busy.entry(taken.doctor).or_default().push(taken);
        }
        let rooms: Vec<Uuid> = known.iter().flat_map(|(_, _, rules)| rooms_of(rules)).collect();
        let rooms = match rooms.as_slice() {
            [] => Vec::new(),
            rooms => self.busy.resources(conn, rooms, soon.widened(720, 0), now).await?,
        };
        for (_, _, rules) in known {
            let own = busy.get(&rules.doctor).map_or(&[][..], Vec::as_slice);
            let first = first_free(rules, own, &rooms, now);
            let seen_enough = first.slot.is_some_and(|slot| rules.blocked_by(&slot).end <= soon.end);
            found.push(if seen_enough {
                first
            } else {
                let whole = rules.bookable_span(now).widened(720, 720);
                let own = self.busy.busy(conn, &[rules.doctor.as_uuid()], whole, now).await?;
                let rooms = match rooms_of(rules).as_slice() {
                    [] => Vec::new(),
                    rooms => self.busy.resources(conn, rooms, whole, now).await?,
                };
                first_free(rules, &own, &rooms, now)
            });
        }
        Ok(found)
    }
}

pub(super) async fn lock_soonest(conn: &mut AsyncPgConnection, doctors: &[DoctorId]) -> Result<(), DieselError> {
    let ids: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
    soonest::table
        .filter(soonest::doctor_id.eq_any(&ids))
        .order(soonest::doctor_id)
        .select(soonest::doctor_id)
        .for_update()
        .load::<Uuid>(conn)
        .await?;
    Ok(())
}

/// Who has changed these doctors' time last: the transaction that took or freed some, and the one that changed a rule.
/// Who takes no bookings is left out.
///
/// # Errors
/// When the database fails.
pub async fn marks(pool: &PgPool, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, (i64, i64)>, PortFailure> {
    let ids: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(Uuid, i64, i64)> = pg::read(pool, "read which calendars have changed", async |mut conn| {
        soonest::table
            .filter(soonest::doctor_id.eq_any(&ids))
            .select((soonest::doctor_id, soonest::revision, soonest::edition))
            .load(&mut conn)
            .await
    })
    .await?;
    Ok(rows.into_iter().map(|(id, revision, edition)| (DoctorId::from_uuid(id), (revision, edition))).collect())
}

/// The rooms and devices that visits of the default type may take.
fn rooms_of(rules: &Rules) -> Vec<Uuid> {
    let rooms = rules.default_visit_type().map(|offered| rules.resources_for(offered)).unwrap_or_default();
    rooms.into_iter().map(ResourceId::as_uuid).collect()
}

fn first_free(rules: &Rules, busy: &[Taken], rooms: &[ResourceTaken], now: Timestamp) -> FirstFree {
    let Some(visit_type) = rules.default_visit_type() else {
        return FirstFree { slot: None, valid_until: never(), local_date: None };
    };
    let own = rules.resources_for(visit_type);
    let rooms: Vec<&ResourceTaken> = rooms.iter().filter(|taken| own.contains(&taken.resource)).collect();
    let occupied = Occupied {
        doctor: busy.iter().map(|taken| taken.blocked).collect(),
        resources: rooms.iter().map(|taken| (taken.resource, taken.blocked)).collect(),
    };
    let first = rules.first_free(visit_type, &occupied, now);
    // A hold in front of it gives back an earlier time when it ends. The row is right up to the instant before.
    let end = first.slot.map_or(Timestamp::MAX, |slot| rules.blocked_by(&slot).end);
    let held = busy.iter().map(|taken| (taken.blocked, taken.held_until));
    let held = held.chain(rooms.iter().map(|taken| (taken.blocked, taken.held_until)));
    let in_front = held.filter(|(blocked, _)| blocked.start < end);
    let last_instant = |ends: Timestamp| ends.checked_sub(SignedDuration::from_micros(1)).unwrap_or(ends);
    let freed = in_front.filter_map(|(_, held_until)| held_until).map(last_instant).min();
    FirstFree { valid_until: freed.map_or(first.valid_until, |freed| first.valid_until.min(freed)), ..first }
}

/// The doctors of a specialty in a city (slugs) who take bookings, the soonest free first, `limit` at most.
///
/// # Errors
/// Of the database.
pub async fn doctors_of(
    mut conn: &AsyncPgConnection,
    specialty: &str,
    city: &str,
    limit: i64,
) -> Result<Vec<Uuid>, DieselError> {
    soonest::table
        .filter(soonest::specialty.eq(specialty).and(soonest::city.eq(city)))
        .order((soonest::soonest_at, soonest::doctor_id))
        .limit(limit)
        .select(soonest::doctor_id)
        .load(&mut conn)
        .await
}

/// Stands in the table for "no free time": the year 9000, so that such doctors come last by themselves.
pub(super) fn never() -> Timestamp {
    Timestamp::from_second(221_845_392_000).unwrap_or(Timestamp::MAX)
}

#[derive(Insertable)]
#[diesel(table_name = soonest)]
struct Row {
    doctor_id: Uuid,
    specialty: String,
    city: String,
    soonest_at: DbTimestamp,
    local_date: DbDate,
    blocked_from: DbTimestamp,
    blocked_until: DbTimestamp,
    valid_until: DbTimestamp,
    weekdays: i16,
}

impl Row {
    fn new(specialty: &str, city: &str, rules: &Rules, first: FirstFree) -> Self {
        let blocked = first.slot.map_or(Interval { start: never(), end: never() }, |slot| rules.blocked_by(&slot));
        let weekdays =
            rules.weekly_hours.iter().fold(0, |days, hours| days | 1 << (hours.weekday.to_monday_zero_offset()));
        Self {
            doctor_id: rules.doctor.as_uuid(),
            specialty: specialty.to_owned(),
            city: city.to_owned(),
            soonest_at: first.slot.map_or_else(never, |slot| slot.starts_at).to_diesel(),
            local_date: first.local_date.unwrap_or_else(|| Date::constant(9000, 1, 1)).to_diesel(),
            blocked_from: blocked.start.to_diesel(),
            blocked_until: blocked.end.to_diesel(),
            valid_until: first.valid_until.to_diesel(),
            weekdays,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_the_first_instant_of_the_year_9000() {
        assert_eq!(never(), "9000-01-01T00:00:00Z".parse().unwrap());
    }
}
