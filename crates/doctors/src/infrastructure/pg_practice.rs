//! Changes of doctors, clinics and hours.
//!
//! The order of locks: the client's key, that of rooms where they matter, the clinic, its doctors by id, their first free times by id, the audit
//! chain. Who changes one doctor begins there. A booking takes the first free time and then the chain.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Date as DbDate, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, Interval, PortFailure, VisitTypeId};
use platform::crypto::{CannotOpen, Keyring};
use platform::idempotency;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::pg_agendas::agendas;
use super::practice_records::{DoctorRow, VisitTypeRow};
use super::practice_rows;
use super::resource_rows;
use super::schema::{
    city, clinic, clinic_holiday, doctor, override_day, soonest, specialty, time_off, visit_type, weekly_hours,
};
use super::sharing::lock_rooms;
use super::soonest::Soonest;
use crate::application::{
    Affected, ChangeError, ClinicRecord, DoctorRecord, OnConflict, Practice, PracticeChange, ResourceRecord, Step,
    Subject, VisitTypeRecord,
};
use crate::domain::{AffectedVisit, BookedVisit, CityFacts, ClinicCard, ClinicHoliday, Rules, TimeOff, TimeOffId};

/// The most entries of a list of time off or holidays.
const LISTED: i64 = 1000;
/// Where the reason of an override is sealed for.
pub(super) const REASON: &str = "doctors.override_day.reason";
/// Zones differ from UTC by less than a day, and a visit lasts less than one.
const MARGIN: SignedDuration = SignedDuration::from_hours(48);

/// Reads which visits are booked, inside a running transaction. Another slice knows.
#[async_trait]
pub trait BookedVisits: Send + Sync {
    /// The visits of these doctors that are to take place and share an instant with `span`.
    async fn booked(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
    ) -> Result<Vec<BookedVisit>, DieselError>;
}

/// Doctors, clinics and hours in PostgreSQL.
#[derive(Clone)]
pub struct PgPractice {
    pub(super) pool: PgPool,
    pub(super) journal: Journal,
    pub(super) keys: Keyring,
    pub(super) soonest: Soonest,
    booked: Arc<dyn BookedVisits>,
}

/// A change that is written, and not committed yet.
pub(super) struct Staged {
    pub(super) version: i32,
    /// The rules before it, where it can matter for visits.
    pub(super) before: HashMap<Uuid, Rules>,
    /// The visits that it leaves outside of the hours, by start.
    pub(super) affected: Vec<AffectedVisit>,
}

impl PgPractice {
    /// Works through `pool`, writes to `journal`, seals kept answers by `keys`, keeps first free times by `soonest`,
    /// asks `booked` for visits.
    #[must_use]
    pub fn new(pool: PgPool, journal: Journal, keys: Keyring, soonest: Soonest, booked: Arc<dyn BookedVisits>) -> Self {
        Self { pool, journal, keys, soonest, booked }
    }

    /// Takes the locks, writes what changes, and looks which visits are left outside of the hours.
    pub(super) async fn stage(
        &self,
        conn: &mut AsyncPgConnection,
        change: &PracticeChange,
    ) -> Result<Staged, Abort<ChangeError>> {
        let before = self.before(conn, change).await?;
        let version = practice_rows::write(conn, &self.keys, change, &before).await?;
        let affected = self.affected(conn, &before, change).await?;
        Ok(Staged { version, before, affected })
    }

    /// Takes the locks of everybody concerned; gives their rules, where the change can matter for visits.
    pub(super) async fn before(
        &self,
        conn: &mut AsyncPgConnection,
        change: &PracticeChange,
    ) -> Result<HashMap<Uuid, Rules>, DieselError> {
        let doctors = lock(conn, change).await?;
        match concerned(&change.step, change.event.at) {
            Some(_) => rules_of(conn, &doctors).await,
            None => Ok(HashMap::new()),
        }
    }

    /// The visits that `change` would leave outside of the hours; `before` are the rules before it.
    async fn affected(
        &self,
        conn: &mut AsyncPgConnection,
        before: &HashMap<Uuid, Rules>,
        change: &PracticeChange,
    ) -> Result<Vec<AffectedVisit>, DieselError> {
        let ids: Vec<Uuid> = before.keys().copied().collect();
        let span = concerned(&change.step, change.event.at);
        let visits = match span {
            Some(span) if !ids.is_empty() => self.booked.booked(conn, &ids, span).await?,
            Some(_) | None => Vec::new(),
        };
        if visits.is_empty() {
            return Ok(Vec::new());
        }
        let after = rules_of(conn, &ids).await?;
        let outside = before
            .iter()
            .filter_map(|(id, before)| after.get(id).map(|after| before.affected_by(after, &visits)))
            .flatten();
        let mut outside: Vec<AffectedVisit> = outside.collect();
        outside.sort_by_key(|affected| (affected.visit.visit.start, affected.visit.id));
        Ok(outside)
    }
}

/// Where a change can matter for visits; `None` where it can for none.
fn concerned(step: &Step, now: Timestamp) -> Option<Interval> {
    let to_come = |start: Timestamp, end: Timestamp| Interval::new(start.max(now), end);
    match step {
        Step::NewDoctor(_)
        | Step::NewClinic(_)
        | Step::NewVisitType(_)
        | Step::NoTimeOff(_)
        | Step::NoHoliday(_)
        | Step::NoHolidays(_)
        | Step::NewResource(_)
        | Step::Resource(_) => None,
        Step::Doctor(_) | Step::Clinic(_) | Step::VisitType(_) | Step::WeeklyHours(..) | Step::Breaks(..) => {
            to_come(now, Timestamp::MAX)
        }
        Step::TimeOff(time_off) => to_come(time_off.span.start, time_off.span.end),
        Step::Override(date, ..) | Step::NoOverride(date) | Step::Holiday(ClinicHoliday { date, .. }) => {
            let (from, to) = around(*date)?;
            to_come(from, to)
        }
        Step::Holidays(holidays) => {
            let dates = || holidays.iter().map(|holiday| holiday.date);
            let ((from, _), (_, to)) = (around(dates().min()?)?, around(dates().max()?)?);
            to_come(from, to)
        }
    }
}

/// A stretch that covers this date in every zone.
fn around(date: Date) -> Option<(Timestamp, Timestamp)> {
    let noon = date.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some((noon.checked_sub(MARGIN).ok()?, noon.checked_add(MARGIN).ok()?))
}

pub(super) async fn rules_of(
    conn: &mut AsyncPgConnection,
    doctors: &[Uuid],
) -> Result<HashMap<Uuid, Rules>, DieselError> {
    let rows = agendas(conn, doctors).await?;
    rows.into_iter().map(|row| Ok((row.doctor_id, row.into_rules()?))).collect()
}

/// Takes the locks of everybody concerned; gives the doctors.
async fn lock(conn: &mut AsyncPgConnection, change: &PracticeChange) -> Result<Vec<Uuid>, DieselError> {
    lock_rooms(conn, change).await?;
    let concerned: Vec<Uuid> = match (&change.step, change.subject) {
        (Step::NewDoctor(_) | Step::NewClinic(_), _) => return Ok(Vec::new()),
        (_, Subject::Doctor(id)) => vec![id.as_uuid()],
        (_, Subject::Clinic(id)) => {
            let id = id.as_uuid();
            clinic::table.find(id).select(clinic::id).for_no_key_update().load::<Uuid>(conn).await?;
            practice_rows::doctors_at(conn, id).await?
        }
    };
    let of_these = doctor::table.filter(doctor::id.eq_any(&concerned)).order(doctor::id).select(doctor::id);
    let doctors: Vec<Uuid> = of_these.for_no_key_update().load(conn).await?;
    // From here on nobody books with them; see the trigger functions and `Soonest::calendar_changed`.
    soonest::table
        .filter(soonest::doctor_id.eq_any(&doctors))
        .order(soonest::doctor_id)
        .select(soonest::doctor_id)
        .for_update()
        .load::<Uuid>(conn)
        .await?;
    Ok(doctors)
}

#[async_trait]
impl Practice for PgPractice {
    async fn doctor(&self, id: DoctorId) -> Result<Option<DoctorRecord>, PortFailure> {
        pg::read(&self.pool, "read a doctor's record", async |mut conn| {
            let row: Option<DoctorRow> =
                doctor::table.find(id.as_uuid()).select(DoctorRow::as_select()).first(&mut conn).await.optional()?;
            let Some(row) = row else { return Ok(None) };
            let workplaces: Vec<Uuid> = weekly_hours::table
                .filter(weekly_hours::doctor_id.eq(id.as_uuid()).and(weekly_hours::clinic_id.ne(row.clinic_id)))
                .select(weekly_hours::clinic_id)
                .distinct()
                .order(weekly_hours::clinic_id)
                .load(&mut conn)
                .await?;
            Ok(Some(row.into_record(workplaces)))
        })
        .await
    }

    async fn clinic(&self, id: ClinicId) -> Result<Option<ClinicRecord>, PortFailure> {
        type Row = (String, String, String, String, String, bool, i32, DbTimestamp);
        let row: Option<Row> = pg::read(&self.pool, "read a clinic's record", async |mut conn| {
            clinic::table
                .find(id.as_uuid())
                .select((
                    clinic::name,
                    clinic::address,
                    clinic::city,
                    clinic::state,
                    clinic::time_zone,
                    clinic::active,
                    clinic::version,
                    clinic::updated_at,
                ))
                .first(&mut conn)
                .await
                .optional()
        })
        .await?;
        Ok(row.map(|(name, address, city, state, time_zone, active, version, updated_at)| ClinicRecord {
            id,
            card: ClinicCard { name, address, city, state, time_zone, active },
            version,
            updated_at: updated_at.to_jiff(),
        }))
    }

    async fn visit_type(&self, doctor: DoctorId, id: VisitTypeId) -> Result<Option<VisitTypeRecord>, PortFailure> {
        pg::read(&self.pool, "read a visit type", async |mut conn| {
            let row: Option<VisitTypeRow> = visit_type::table
                .filter(visit_type::id.eq(id.as_uuid()).and(visit_type::doctor_id.eq(doctor.as_uuid())))
                .select(VisitTypeRow::as_select())
                .first(&mut conn)
                .await
                .optional()?;
            row.map(VisitTypeRow::into_record).transpose()
        })
        .await
    }

    async fn has_specialty(&self, slug: &str) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "look for a specialty", async |mut conn| {
            let found: Option<String> =
                specialty::table.find(slug).select(specialty::slug).first(&mut conn).await.optional()?;
            Ok(found.is_some())
        })
        .await
    }

    async fn city(&self, slug: &str) -> Result<Option<CityFacts>, PortFailure> {
        pg::read(&self.pool, "look for a city", async |mut conn| {
            let found: Option<(String, String, String)> = city::table
                .find(slug)
                .select((city::slug, city::state, city::time_zone))
                .first(&mut conn)
                .await
                .optional()?;
            Ok(found.map(|(slug, state, time_zone)| CityFacts { slug, state, time_zone }))
        })
        .await
    }

    async fn open_clinics(&self, named: &[ClinicId]) -> Result<Vec<ClinicId>, PortFailure> {
        let ids: Vec<Uuid> = named.iter().map(|id| id.as_uuid()).collect();
        pg::read(&self.pool, "look for clinics", async |mut conn| {
            let found: Vec<Uuid> = clinic::table
                .filter(clinic::id.eq_any(&ids).and(clinic::active))
                .select(clinic::id)
                .load(&mut conn)
                .await?;
            Ok(found.into_iter().map(ClinicId::from_uuid).collect())
        })
        .await
    }

    async fn override_reasons(&self, doctor: DoctorId) -> Result<HashMap<Date, String>, PortFailure> {
        let doing = "read why dates differ";
        let rows: Vec<(DbDate, Option<Uuid>, Option<Vec<u8>>)> = pg::read(&self.pool, doing, async |mut conn| {
            override_day::table
                .filter(override_day::doctor_id.eq(doctor.as_uuid()).and(override_day::reason.is_not_null()))
                .select((override_day::on_date, override_day::id, override_day::reason))
                .load(&mut conn)
                .await
        })
        .await?;
        let sealed = rows.into_iter().filter_map(|(date, id, sealed)| Some((date.to_jiff(), id?, sealed?)));
        let opened = sealed.map(|(date, id, sealed)| Ok((date, self.keys.open_text(REASON, id, &sealed)?)));
        opened.collect::<Result<_, CannotOpen>>().map_err(|error| PortFailure::new(doing, error))
    }

    async fn time_off(&self, doctor: DoctorId, ending_after: Timestamp) -> Result<Vec<TimeOff>, PortFailure> {
        pg::read(&self.pool, "list time off", async |mut conn| {
            let rows: Vec<(Uuid, DbTimestamp, DbTimestamp)> = time_off::table
                .filter(time_off::doctor_id.eq(doctor.as_uuid()).and(time_off::ends_at.gt(ending_after.to_diesel())))
                .filter(time_off::calendar_id.is_null())
                .order((time_off::starts_at, time_off::id))
                .limit(LISTED)
                .select((time_off::id, time_off::starts_at, time_off::ends_at))
                .load(&mut conn)
                .await?;
            let read = |(id, start, end): (Uuid, DbTimestamp, DbTimestamp)| TimeOff {
                id: TimeOffId::from_uuid(id),
                span: Interval { start: start.to_jiff(), end: end.to_jiff() },
            };
            Ok(rows.into_iter().map(read).collect())
        })
        .await
    }

    async fn holidays(&self, clinic: ClinicId, from: Date) -> Result<Vec<ClinicHoliday>, PortFailure> {
        pg::read(&self.pool, "list holidays", async |mut conn| {
            let rows: Vec<(DbDate, String)> = clinic_holiday::table
                .filter(clinic_holiday::clinic_id.eq(clinic.as_uuid()))
                .filter(clinic_holiday::on_date.ge(from.to_diesel()))
                .order(clinic_holiday::on_date)
                .limit(LISTED)
                .select((clinic_holiday::on_date, clinic_holiday::name))
                .load(&mut conn)
                .await?;
            Ok(rows.into_iter().map(|(date, name)| ClinicHoliday { clinic, date: date.to_jiff(), name }).collect())
        })
        .await
    }

    async fn resources(&self, clinic: ClinicId) -> Result<Vec<ResourceRecord>, PortFailure> {
        pg::read(&self.pool, "list rooms and devices", async |conn| resource_rows::of_clinic(conn, clinic).await).await
    }

    async fn change(&self, change: &PracticeChange) -> Result<i32, ChangeError> {
        let now = change.event.at;
        pg::transaction(&self.pool, "change a practice", async |conn| {
            if let Some(once) = &change.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let Staged { version, affected, .. } = self.stage(conn, change).await?;
            let kept = affected.len();
            if kept > 0 && change.on_conflict == OnConflict::Refuse {
                return pg::refuse(ChangeError::Affected(Affected::of(affected)));
            }
            // Of a whole clinic the triggers have marked all; the next reader or the worker mends them.
            if let Subject::Doctor(id) = change.subject {
                self.soonest.rules_changed(conn, id, now).await?;
            }
            let mut event = change.event.clone();
            event.event = event.event.keeping(kept);
            self.journal.append(conn, &event).await?;
            if let Some(once) = &change.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&change.step), now).await?;
            }
            Ok::<_, Abort<ChangeError>>(version)
        })
        .await
    }
}

impl From<DieselError> for ChangeError {
    fn from(error: DieselError) -> Self {
        Self::Failed(pg::failure("change a practice", error))
    }
}
