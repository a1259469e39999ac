use std::collections::HashMap;

use async_trait::async_trait;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableDate, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PortFailure};
use platform::pg::{self, PgPool};
use uuid::Uuid;

use super::pg_search::{self, Found};
use super::schema::{agenda, city, clinic, doctor, soonest, specialty, weekly_hours};
use super::soonest::{Rivals, Soonest};
use crate::application::{
    City, Clinic, Criteria, DoctorDirectory, Listing, Page, Position, Sort, SortKey, Specialty, WeeklyHoursView,
};
use crate::domain::{MinuteOfDay, VisitType};

/// Active clinics with the name of their city.
macro_rules! clinics {
    () => {
        clinic::table.inner_join(city::table.on(city::slug.eq(clinic::city))).filter(clinic::active).select((
            clinic::id,
            clinic::name,
            clinic::address,
            city::name,
            clinic::state,
            clinic::time_zone,
            clinic::version,
            clinic::updated_at,
        ))
    };
}

/// How many stale rows a search mends at a time, and how often at most.
const BATCH: i64 = 500;
const ROUNDS: usize = 40;

/// The catalogue, read from PostgreSQL.
pub struct PgDirectory {
    pool: PgPool,
    soonest: Soonest,
}

impl PgDirectory {
    /// Reads through `pool`; mends stale first free times by `soonest`.
    #[must_use]
    pub const fn new(pool: PgPool, soonest: Soonest) -> Self {
        Self { pool, soonest }
    }

    /// Before a list that depends on the order of first free times: no row may be stale, also none outside the page.
    async fn mend_all(&self, now: Timestamp) -> Result<(), PortFailure> {
        for _ in 0..ROUNDS {
            let stale: Option<Uuid> = pg::read(&self.pool, "look for stale first free times", async |mut conn| {
                soonest::table
                    .filter(soonest::valid_until.lt(now.to_diesel()))
                    // Else all rows are gone through to find that none is stale.
                    .order(soonest::valid_until)
                    .select(soonest::doctor_id)
                    .first(&mut conn)
                    .await
                    .optional()
            })
            .await?;
            if stale.is_none() {
                break;
            }
            self.soonest.refresh_stale(BATCH, now, Rivals::Await).await?;
        }
        Ok(())
    }

    async fn page(&self, criteria: &Criteria) -> Result<Vec<Found>, PortFailure> {
        let doing = "search doctors";
        if pg_search::planned_once(criteria) {
            return pg::read(&self.pool, doing, async |conn| pg_search::page(conn, criteria).await).await;
        }
        pg::transaction(&self.pool, doing, async |conn| Ok(pg_search::page_by_value(conn, criteria).await?)).await
    }

    async fn one(&self, id: DoctorId) -> Result<Option<Found>, PortFailure> {
        pg::read(&self.pool, "read a doctor", async |conn| pg_search::one(conn, id).await).await
    }
}

fn stale(found: &[Found], now: Timestamp) -> Vec<Uuid> {
    found.iter().filter(|entry| entry.valid_until < now).map(|entry| entry.listing.id.as_uuid()).collect()
}

fn cut<T, K>(mut entries: Vec<T>, limit: u32, position: impl Fn(&T) -> Position<K>) -> (Vec<T>, Option<Position<K>>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(position);
    (entries, next)
}

#[async_trait]
impl DoctorDirectory for PgDirectory {
    async fn search(&self, criteria: &Criteria, now: Timestamp) -> Result<Page<Listing, SortKey>, PortFailure> {
        if criteria.sort == Sort::Soonest || criteria.available_from.is_some() || criteria.available_to.is_some() {
            self.mend_all(now).await?;
        }
        let mut found = self.page(criteria).await?;
        let stale = stale(&found, now);
        if !stale.is_empty() {
            self.soonest.refresh(&stale, now).await?;
            found = self.page(criteria).await?;
        }
        let (found, next) = cut(found, criteria.limit, |entry| entry.position(criteria.sort));
        Ok(Page { entries: found.into_iter().map(|entry| entry.listing).collect(), next })
    }

    async fn find(&self, id: DoctorId, now: Timestamp) -> Result<Option<Listing>, PortFailure> {
        let mut found = self.one(id).await?;
        if found.as_ref().is_some_and(|entry| entry.valid_until < now) {
            self.soonest.refresh(&[id.as_uuid()], now).await?;
            found = self.one(id).await?;
        }
        Ok(found.map(|entry| entry.listing))
    }

    async fn specialties(&self) -> Result<Vec<Specialty>, PortFailure> {
        let failed = |error| pg::failure("list specialties", error);
        let mut conn = pg::conn(&self.pool).await?;
        let names: Vec<(String, String)> =
            specialty::table.order(specialty::name).load(&mut conn).await.map_err(failed)?;
        let counts: HashMap<String, i64> = doctor::table
            .filter(doctor::active)
            .group_by(doctor::specialty)
            .select((doctor::specialty, count_star()))
            .load::<(String, i64)>(&mut conn)
            .await
            .map_err(failed)?
            .into_iter()
            .collect();
        let counted =
            |(slug, name): (String, String)| Specialty { doctors: counts.get(&slug).copied().unwrap_or(0), slug, name };
        Ok(names.into_iter().map(counted).collect())
    }

    async fn cities(&self) -> Result<Vec<City>, PortFailure> {
        let failed = |error| pg::failure("list cities", error);
        let mut conn = pg::conn(&self.pool).await?;
        let names: Vec<(String, String, String, String)> =
            city::table.order((city::name, city::state)).load(&mut conn).await.map_err(failed)?;
        let counts: HashMap<String, i64> = doctor::table
            .filter(doctor::active)
            .group_by(doctor::city)
            .select((doctor::city, count_star()))
            .load::<(String, i64)>(&mut conn)
            .await
            .map_err(failed)?
            .into_iter()
            .collect();
        let counted = |(slug, name, state, time_zone): (String, String, String, String)| City {
            doctors: counts.get(&slug).copied().unwrap_or(0),
            slug,
            name,
            state,
            time_zone,
        };
        Ok(names.into_iter().map(counted).collect())
    }

    async fn clinics(
        &self,
        in_city: Option<&str>,
        after: Option<&Position<String>>,
        limit: u32,
    ) -> Result<Page<Clinic, String>, PortFailure> {
        let mut query = clinics!().into_boxed();
        if let Some(slug) = in_city {
            query = query.filter(clinic::city.eq(slug.to_owned()));
        }
        if let Some(Position { key, id }) = after {
            let (key, id) = (key.clone(), *id);
            query = query.filter(clinic::name.ge(key.clone()).and(clinic::name.gt(key).or(clinic::id.gt(id))));
        }
        let mut conn = pg::conn(&self.pool).await?;
        let rows: Vec<ClinicRow> = query
            .order((clinic::name, clinic::id))
            .limit(i64::from(limit) + 1)
            .load(&mut conn)
            .await
            .map_err(|error| pg::failure("list clinics", error))?;
        let clinics: Vec<Clinic> = rows.into_iter().map(a_clinic).collect();
        let (entries, next) =
            cut(clinics, limit, |clinic| Position { key: clinic.name.clone(), id: clinic.id.as_uuid() });
        Ok(Page { entries, next })
    }

    async fn clinic(&self, id: ClinicId) -> Result<Option<Clinic>, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let row: Option<ClinicRow> = clinics!()
            .filter(clinic::id.eq(id.as_uuid()))
            .first(&mut conn)
            .await
            .optional()
            .map_err(|error| pg::failure("read a clinic", error))?;
        Ok(row.map(a_clinic))
    }

    async fn visit_types(&self, doctor: DoctorId) -> Result<Option<Vec<VisitType>>, PortFailure> {
        let failed = |error| pg::failure("list visit types", error);
        let mut conn = pg::conn(&self.pool).await?;
        let json: Option<String> = agenda::table
            .filter(agenda::doctor_id.eq(doctor.as_uuid()).and(agenda::active))
            .select(agenda::visit_types)
            .first(&mut conn)
            .await
            .optional()
            .map_err(failed)?;
        json.map(|json| {
            serde_json::from_str(&json).map_err(|error| failed(DieselError::DeserializationError(error.into())))
        })
        .transpose()
    }

    async fn weekly_hours(&self, doctor: DoctorId) -> Result<Option<Vec<WeeklyHoursView>>, PortFailure> {
        type Row = (Uuid, i16, i16, i16, Option<Vec<Uuid>>, NullableDate, NullableDate);
        let failed = |error| pg::failure("list weekly hours", error);
        let mut conn = pg::conn(&self.pool).await?;
        let active: Option<Uuid> = doctor::table
            .filter(doctor::id.eq(doctor.as_uuid()).and(doctor::active))
            .select(doctor::id)
            .first(&mut conn)
            .await
            .optional()
            .map_err(failed)?;
        if active.is_none() {
            return Ok(None);
        }
        let rows: Vec<Row> = weekly_hours::table
            .filter(weekly_hours::doctor_id.eq(doctor.as_uuid()))
            .order((weekly_hours::weekday, weekly_hours::from_minute, weekly_hours::id))
            .select((
                weekly_hours::clinic_id,
                weekly_hours::weekday,
                weekly_hours::from_minute,
                weekly_hours::to_minute,
                weekly_hours::visit_type_ids,
                weekly_hours::valid_from,
                weekly_hours::valid_until,
            ))
            .load(&mut conn)
            .await
            .map_err(failed)?;
        let minute = |minute: i16| {
            MinuteOfDay::new(minute.unsigned_abs())
                .map_err(|error| failed(DieselError::DeserializationError(error.into())))
        };
        rows.into_iter()
            .map(|(clinic, weekday, from, to, visit_types, valid_from, valid_until)| {
                Ok(WeeklyHoursView {
                    clinic: ClinicId::from_uuid(clinic),
                    weekday,
                    from: minute(from)?,
                    to: minute(to)?,
                    visit_types,
                    valid_from: valid_from.to_jiff(),
                    valid_until: valid_until.to_jiff(),
                })
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

type ClinicRow = (Uuid, String, String, String, String, String, i32, DbTimestamp);

fn a_clinic((id, name, address, city, state, time_zone, version, updated_at): ClinicRow) -> Clinic {
    Clinic {
        id: ClinicId::from_uuid(id),
        name,
        address,
        city,
        state,
        time_zone,
        version,
        updated_at: updated_at.to_jiff(),
    }
}
