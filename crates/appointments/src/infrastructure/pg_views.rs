use std::collections::HashMap;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::{Span, Timestamp};
use jiff_diesel::ToDiesel as _;
use kernel::{AppointmentId, DoctorId, PatientId, PortFailure};
use platform::crypto::Keyring;
use platform::journal;
use platform::pg::{self, PgPool};
use serde_json::Value;
use uuid::Uuid;

use super::patient_row::PatientRow;
use super::rows::Row;
use super::schema::{appointment, patient};
use crate::application::{
    AppointmentDetails, Happening, VisitFilter, VisitPage, VisitPosition, VisitState, VisitViews, Within,
};
use crate::domain::Status;

const MOST_EVENTS: i64 = 200;

/// Visits as they are listed, from PostgreSQL.
#[derive(Clone)]
pub struct PgViews {
    pool: PgPool,
    keys: Keyring,
}

impl PgViews {
    /// Reads through `pool`, opens with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, keys: Keyring) -> Self {
        Self { pool, keys }
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// A page from each key's own index range, and of those the first: so it costs the same however many visits a
/// patient, doctor or clinic has. `{keys}` are the values, `{column}` is where they stand.
fn page_of(keys: &str, column: &str) -> String {
    format!(
        "SELECT v.id FROM ({keys}) AS k (key) CROSS JOIN LATERAL (
            SELECT a.id, a.starts_at FROM appointments.appointment a
             WHERE a.{column} = k.key AND a.patient_id IS NOT NULL
               AND ($2::uuid IS NULL OR a.doctor_id = $2) AND ($3::uuid IS NULL OR a.patient_id = $3)
               AND ($4::uuid[] IS NULL OR a.clinic_id = ANY ($4)) AND ($5::uuid[] IS NULL OR a.patient_id = ANY ($5))
               AND ($6::text IS NULL OR a.status = $6)
               AND a.starts_at >= $7 AND a.starts_at < $8 AND (a.starts_at, a.id) > ($9, $10)
               AND ($11::date IS NULL OR (a.starts_at AT TIME ZONE a.time_zone)::date >= $11)
               AND ($12::date IS NULL OR (a.starts_at AT TIME ZONE a.time_zone)::date <= $12)
               AND ($13::timestamptz IS NULL
                    OR (a.starts_at AT TIME ZONE a.time_zone)::date = ($13 AT TIME ZONE a.time_zone)::date)
             ORDER BY a.starts_at, a.id LIMIT $14) v
          ORDER BY v.starts_at, v.id LIMIT $14"
    )
}

/// Each clinic that has visits, found by jumping through the index.
pub(super) const EVERY_CLINIC: &str = "WITH RECURSIVE clinics (id) AS (
        (SELECT clinic_id FROM appointments.appointment WHERE $1::uuid[] IS NOT NULL ORDER BY clinic_id LIMIT 1)
        UNION ALL
        SELECT (SELECT clinic_id FROM appointments.appointment WHERE clinic_id > clinics.id ORDER BY clinic_id LIMIT 1)
          FROM clinics WHERE clinics.id IS NOT NULL
    ) SELECT id FROM clinics WHERE id IS NOT NULL";

/// The narrowest way in: which keys, in which column, and what else has to hold.
struct Way {
    keys: Vec<Uuid>,
    by: &'static str,
    every_clinic: bool,
    clinics: Option<Vec<Uuid>>,
    patients: Option<Vec<Uuid>>,
    doctor: Option<Uuid>,
}

impl Way {
    fn of(within: &Within, filter: &VisitFilter) -> Self {
        let (mut clinics, mut patients, mut doctor) = (None, None, filter.doctor);
        match within {
            Within::Patients(own) => patients = Some(own.iter().map(|id| id.as_uuid()).collect::<Vec<_>>()),
            Within::Calendar(own) => doctor = Some(*own),
            Within::Clinics(own) => clinics = Some(own.iter().map(|id| id.as_uuid()).collect::<Vec<_>>()),
            Within::All => {}
        }
        // A doctor who asks for somebody else's calendar asks for nothing.
        let contradiction = matches!((within, filter.doctor), (Within::Calendar(own), Some(asked)) if *own != asked);
        let doctor = doctor.map(DoctorId::as_uuid);
        let series = filter.series.map(|id| vec![id.as_uuid()]);
        let (keys, by, every_clinic) = match (filter.patient.map(PatientId::as_uuid), &patients, doctor, &clinics) {
            (Some(one), ..) => (vec![one], "patient_id", false),
            (None, Some(own), ..) => (own.clone(), "patient_id", false),
            (None, None, Some(one), _) => (vec![one], "doctor_id", false),
            (None, None, None, Some(own)) => (own.clone(), "clinic_id", false),
            (None, None, None, None) => (Vec::new(), "clinic_id", true),
        };
        // A series is the narrowest of all.
        let (keys, by, every_clinic) = series.map_or((keys, by, every_clinic), |one| (one, "series_id", false));
        let keys = if contradiction { Vec::new() } else { keys };
        Self { keys, by, every_clinic, clinics, patients, doctor }
    }

    fn sql(&self) -> String {
        let keys = if self.every_clinic { EVERY_CLINIC } else { "SELECT unnest($1::uuid[])" };
        page_of(keys, self.by)
    }
}

#[async_trait]
impl VisitViews for PgViews {
    async fn list(
        &self,
        within: &Within,
        filter: &VisitFilter,
        after: Option<VisitPosition>,
        limit: u32,
    ) -> Result<VisitPage, PortFailure> {
        let way = Way::of(within, filter);
        let statement = way.sql();
        let (earliest, latest) = bounds(filter);
        let (after_at, after_id) = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.as_uuid()));
        let (ids, mut found) = pg::read(&self.pool, "list visits", async |mut conn| {
            let ids: Vec<Id> = diesel::sql_query(&statement)
                .bind::<Array<SqlUuid>, _>(&way.keys)
                .bind::<Nullable<SqlUuid>, _>(way.doctor)
                .bind::<Nullable<SqlUuid>, _>(filter.patient.map(PatientId::as_uuid))
                .bind::<Nullable<Array<SqlUuid>>, _>(way.clinics.as_ref())
                .bind::<Nullable<Array<SqlUuid>>, _>(way.patients.as_ref())
                .bind::<Nullable<Text>, _>(filter.status.map(|status| status.word()))
                .bind::<Timestamptz, _>(earliest.to_diesel())
                .bind::<Timestamptz, _>(latest.to_diesel())
                .bind::<Timestamptz, _>(after_at.to_diesel())
                .bind::<SqlUuid, _>(after_id)
                .bind::<Nullable<SqlDate>, _>(filter.from_date.map(|date| date.to_diesel()))
                .bind::<Nullable<SqlDate>, _>(filter.to_date.map(|date| date.to_diesel()))
                .bind::<Nullable<Timestamptz>, _>(filter.on_date_of.map(|at| at.to_diesel()))
                .bind::<BigInt, _>(i64::from(limit) + 1)
                .load(&mut conn)
                .await?;
            let ids: Vec<Uuid> = ids.into_iter().map(|row| row.id).collect();
            let rows: Vec<(Row, PatientRow)> = appointment::table
                .inner_join(patient::table)
                .filter(appointment::id.eq_any(&ids))
                .select((Row::as_select(), PatientRow::as_select()))
                .load(&mut conn)
                .await?;
            let mut found = HashMap::with_capacity(rows.len());
            for (row, patient) in rows {
                let id = row.id;
                let details = AppointmentDetails {
                    appointment: row.into_appointment(&self.keys)?,
                    patient: patient.into_patient(&self.keys)?,
                };
                found.insert(id, details);
            }
            Ok((ids, found))
        })
        .await?;
        let mut visits: Vec<AppointmentDetails> = ids.iter().filter_map(|id| found.remove(id)).collect();
        let more = visits.len() > limit as usize;
        visits.truncate(limit as usize);
        let last = visits.last().filter(|_| more);
        let next = last.map(|last| (last.appointment.visit.start, last.appointment.id));
        Ok(VisitPage { visits, next })
    }

    async fn history(&self, id: AppointmentId) -> Result<Vec<Happening>, PortFailure> {
        pg::read(&self.pool, "read what happened to a visit", async |conn| {
            let told = journal::about(conn, id.as_uuid(), MOST_EVENTS).await?;
            Ok(happenings(told))
        })
        .await
    }
}

/// Each event with how the visit stood before and after it.
fn happenings(told: Vec<journal::Told>) -> Vec<Happening> {
    let mut stood = VisitState::default();
    let happening = |told: journal::Told| {
        let from = stood;
        stood = after(from, &told);
        let at = told.at();
        Happening { at, action: told.action, by: told.actor_kind, account: told.actor_id, from, to: stood }
    };
    told.into_iter().map(happening).collect()
}

/// How a visit stands after an event. What is unknown here, an event of a later version, changes nothing.
fn after(before: VisitState, told: &journal::Told) -> VisitState {
    let data: Value = serde_json::from_str(&told.data).unwrap_or_default();
    let instant = |field: &str| data[field].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let word = told.action.strip_prefix("appointment.").unwrap_or_default();
    let (status, starts_at) = match word {
        "rescheduled" => (Some(Status::Booked), instant("to")),
        "corrected" => (data["is"].as_str().and_then(Status::from_word), None),
        word => (Status::from_word(word), instant("starts_at")),
    };
    VisitState { status: status.or(before.status), starts_at: starts_at.or(before.starts_at) }
}

/// The instants between which a visit that fits must begin: dates of a wall clock are at most 26 hours from those of
/// another.
fn bounds(filter: &VisitFilter) -> (Timestamp, Timestamp) {
    const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
    const LAST: Timestamp = Timestamp::constant(221_845_392_000, 0);
    let day = Span::new().hours(26);
    let utc = |date: jiff::civil::Date| date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map(|at| at.timestamp());
    let after = |at: Timestamp, days: Span| at.checked_add(days).unwrap_or(LAST);
    let before = |at: Timestamp| at.checked_sub(day).unwrap_or(FIRST);
    let mut from = filter.from.unwrap_or(FIRST);
    let mut to = filter.to.unwrap_or(LAST);
    if let Some(Ok(at)) = filter.from_date.map(utc) {
        from = from.max(before(at));
    }
    if let Some(Ok(at)) = filter.to_date.map(utc) {
        to = to.min(after(at, Span::new().hours(50)));
    }
    if let Some(at) = filter.on_date_of {
        from = from.max(before(at));
        to = to.min(after(at, day));
    }
    (from.max(FIRST), to.min(LAST))
}
