//! The rows that a change of a practice writes; always inside of its transaction, under its locks.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use platform::crypto::Keyring;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::pg_practice::REASON;
use super::practice_records::VisitTypeRow;
use super::resource_rows;
use super::schema::{clinic, clinic_holiday, doctor, override_day, time_off, visit_type};
use super::week_rows;
use crate::application::{ChangeError, ClinicRecord, DoctorRecord, PracticeChange, Step, Subject, VisitTypeRecord};
use crate::domain::Rules;

type Written = Result<i32, Abort<ChangeError>>;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The doctors whose rules a clinic is part of.
pub(super) async fn doctors_at(conn: &mut AsyncPgConnection, clinic: Uuid) -> Result<Vec<Uuid>, DieselError> {
    let sql = "SELECT id FROM doctors.doctor WHERE clinic_id = $1
               UNION SELECT doctor_id FROM doctors.weekly_hours WHERE clinic_id = $1
               UNION SELECT o.doctor_id FROM doctors.override_day o, json_array_elements(o.hours::json) opening
                      WHERE (opening.value ->> 'clinic_id')::uuid = $1";
    let found: Vec<Found> = diesel::sql_query(sql).bind::<SqlUuid, _>(clinic).load(conn).await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// Writes what changes; gives the version there is then.
pub(super) async fn write(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    change: &PracticeChange,
    before: &HashMap<Uuid, Rules>,
) -> Written {
    let at = change.event.at.to_diesel();
    let id = match change.subject {
        Subject::Doctor(id) => id.as_uuid(),
        Subject::Clinic(id) => id.as_uuid(),
    };
    match &change.step {
        Step::NewDoctor(record) => new_doctor(conn, record, at).await,
        Step::Doctor(record) => changed_doctor(conn, record, at).await,
        Step::NewClinic(record) => new_clinic(conn, record).await,
        Step::Clinic(record) => changed_clinic(conn, record).await,
        Step::NewVisitType(record) | Step::VisitType(record) => store_visit_type(conn, record, at).await,
        Step::WeeklyHours(plan, own) => {
            let version = next_calendar(conn, id, change).await?;
            let before = before.get(&id).map(|rules| rules.weekly_hours.as_slice()).unwrap_or_default();
            if own.as_ref().is_some_and(|own| !plan.leaves_others_alone(before, own)) {
                return pg::refuse(ChangeError::HoursOfOthers { list: "hours" });
            }
            week_rows::replace_hours(conn, id, plan).await?;
            Ok(version)
        }
        Step::Breaks(plan, own) => {
            let version = next_calendar(conn, id, change).await?;
            let before = before.get(&id).map(|rules| rules.breaks.as_slice()).unwrap_or_default();
            if own.as_ref().is_some_and(|own| !plan.leaves_others_alone(before, own)) {
                return pg::refuse(ChangeError::HoursOfOthers { list: "breaks" });
            }
            week_rows::replace_breaks(conn, id, plan).await?;
            Ok(version)
        }
        Step::Override(date, hours, reason) => {
            let version = next_calendar(conn, id, change).await?;
            let hours = serde_json::to_string(hours).map_err(|error| DieselError::SerializationError(error.into()))?;
            let row = reason.as_ref().map(|_| Uuid::now_v7());
            let sealed = row.zip(reason.as_deref()).map(|(row, reason)| keys.seal_text(REASON, row, reason));
            let values =
                (override_day::hours.eq(&hours), override_day::id.eq(row), override_day::reason.eq(sealed.as_ref()));
            diesel::insert_into(override_day::table)
                .values((override_day::doctor_id.eq(id), override_day::on_date.eq(date.to_diesel()), values))
                .on_conflict((override_day::doctor_id, override_day::on_date))
                .do_update()
                .set(values)
                .execute(conn)
                .await?;
            Ok(version)
        }
        Step::NoOverride(date) => {
            let gone = diesel::delete(override_day::table.find((id, date.to_diesel()))).execute(conn).await?;
            or_nothing(gone)?;
            next_calendar(conn, id, change).await
        }
        Step::TimeOff(taken) => {
            diesel::insert_into(time_off::table)
                .values((
                    time_off::id.eq(taken.id.as_uuid()),
                    time_off::doctor_id.eq(id),
                    time_off::starts_at.eq(taken.span.start.to_diesel()),
                    time_off::ends_at.eq(taken.span.end.to_diesel()),
                ))
                .execute(conn)
                .await?;
            next_calendar(conn, id, change).await
        }
        Step::NoTimeOff(which) => {
            let mine = time_off::table
                .filter(time_off::id.eq(which.as_uuid()).and(time_off::doctor_id.eq(id)))
                .filter(time_off::calendar_id.is_null());
            or_nothing(diesel::delete(mine).execute(conn).await?)?;
            next_calendar(conn, id, change).await
        }
        Step::Holiday(holiday) => {
            let added = diesel::insert_into(clinic_holiday::table)
                .values((
                    clinic_holiday::clinic_id.eq(id),
                    clinic_holiday::on_date.eq(holiday.date.to_diesel()),
                    clinic_holiday::name.eq(&holiday.name),
                ))
                .on_conflict_do_nothing()
                .execute(conn)
                .await?;
            if added == 0 { pg::refuse(ChangeError::HolidayExists) } else { Ok(1) }
        }
        Step::Holidays(holidays) => {
            let rows: Vec<_> = holidays
                .iter()
                .map(|holiday| {
                    (
                        clinic_holiday::clinic_id.eq(id),
                        clinic_holiday::on_date.eq(holiday.date.to_diesel()),
                        clinic_holiday::name.eq(&holiday.name),
                    )
                })
                .collect();
            let added = diesel::insert_into(clinic_holiday::table).values(&rows).on_conflict_do_nothing();
            // A rival has closed one of the dates meanwhile.
            or_stale(usize::from(added.execute(conn).await? == rows.len()), 1)
        }
        Step::NoHolidays(dates) => {
            let dates: Vec<_> = dates.iter().map(|date| date.to_diesel()).collect();
            let theirs = clinic_holiday::table.filter(clinic_holiday::clinic_id.eq(id));
            diesel::delete(theirs.filter(clinic_holiday::on_date.eq_any(dates))).execute(conn).await?;
            Ok(1)
        }
        Step::NewResource(record) => {
            resource_rows::add(conn, record, at).await?;
            Ok(record.version)
        }
        Step::Resource(record) => or_stale(resource_rows::change(conn, record, at).await?, record.version),
        Step::NoHoliday(date) => {
            or_nothing(diesel::delete(clinic_holiday::table.find((id, date.to_diesel()))).execute(conn).await?)?;
            Ok(1)
        }
    }
}

fn or_nothing(rows: usize) -> Result<(), Abort<ChangeError>> {
    if rows == 0 { pg::refuse(ChangeError::Nothing) } else { Ok(()) }
}

fn or_stale(rows: usize, version: i32) -> Written {
    if rows == 0 { pg::refuse(ChangeError::Stale) } else { Ok(version) }
}

/// The calendar's next version, if the present one is wanted.
async fn next_calendar(conn: &mut AsyncPgConnection, doctor: Uuid, change: &PracticeChange) -> Written {
    let present: Option<i32> =
        doctor::table.find(doctor).select(doctor::calendar_version).first(conn).await.optional()?;
    let Some(present) = present else { return pg::refuse(ChangeError::Stale) };
    if change.only_versions.as_ref().is_some_and(|versions| !versions.contains(&present)) {
        return pg::refuse(ChangeError::Stale);
    }
    diesel::update(doctor::table.find(doctor)).set(doctor::calendar_version.eq(present + 1)).execute(conn).await?;
    Ok(present + 1)
}

/// What of a profile stands in the doctor's row.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = doctor, treat_none_as_null = true)]
struct ProfileRow<'a> {
    clinic_id: Uuid,
    specialty: &'a str,
    city: String,
    first_name: &'a str,
    last_name: &'a str,
    address: &'a str,
    consultation_price: i32,
    profile_image_url: Option<&'a str>,
    years_experience: i16,
    bio: &'a str,
    languages: &'a [String],
    search_text: String,
    minimum_notice_minutes: i32,
    horizon_days: i32,
    change_cutoff_hours: i32,
    active: bool,
    version: i32,
    updated_at: DbTimestamp,
}

impl<'a> ProfileRow<'a> {
    async fn of(conn: &mut AsyncPgConnection, record: &'a DoctorRecord, at: DbTimestamp) -> Result<Self, DieselError> {
        let profile = &record.profile;
        // Doctors are found in the city of the clinic they are listed under.
        let city = clinic::table.find(profile.clinic.as_uuid()).select(clinic::city).first(conn).await?;
        Ok(Self {
            clinic_id: profile.clinic.as_uuid(),
            specialty: &profile.specialty,
            city,
            first_name: &profile.first_name,
            last_name: &profile.last_name,
            address: &profile.address,
            consultation_price: profile.consultation_price,
            profile_image_url: profile.profile_image_url.as_deref(),
            years_experience: profile.years_experience,
            bio: &profile.bio,
            languages: &profile.languages,
            search_text: profile.search_text(),
            minimum_notice_minutes: profile.minimum_notice_minutes,
            horizon_days: profile.horizon_days,
            change_cutoff_hours: profile.change_cutoff_hours,
            active: profile.active,
            version: record.version,
            updated_at: at,
        })
    }
}

async fn new_doctor(conn: &mut AsyncPgConnection, record: &DoctorRecord, at: DbTimestamp) -> Written {
    let row = ProfileRow::of(conn, record, at).await?;
    diesel::insert_into(doctor::table)
        .values((
            doctor::id.eq(record.id.as_uuid()),
            row,
            doctor::rating.eq(record.rating),
            doctor::offers_in_person.eq(false),
            doctor::offers_video.eq(false),
            doctor::calendar_version.eq(record.calendar_version),
            doctor::created_at.eq(record.created_at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(record.version)
}

async fn changed_doctor(conn: &mut AsyncPgConnection, record: &DoctorRecord, at: DbTimestamp) -> Written {
    let row = ProfileRow::of(conn, record, at).await?;
    let present = doctor::table.filter(doctor::id.eq(record.id.as_uuid()).and(doctor::version.eq(record.version - 1)));
    or_stale(diesel::update(present).set(row).execute(conn).await?, record.version)
}

async fn new_clinic(conn: &mut AsyncPgConnection, record: &ClinicRecord) -> Written {
    let card = &record.card;
    diesel::insert_into(clinic::table)
        .values((
            clinic::id.eq(record.id.as_uuid()),
            clinic::name.eq(&card.name),
            clinic::address.eq(&card.address),
            clinic::city.eq(&card.city),
            clinic::state.eq(&card.state),
            clinic::time_zone.eq(&card.time_zone),
            clinic::active.eq(card.active),
            clinic::version.eq(record.version),
            clinic::created_at.eq(record.updated_at.to_diesel()),
            clinic::updated_at.eq(record.updated_at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(record.version)
}

async fn changed_clinic(conn: &mut AsyncPgConnection, record: &ClinicRecord) -> Written {
    let (id, card) = (record.id.as_uuid(), &record.card);
    let present = clinic::table.filter(clinic::id.eq(id).and(clinic::version.eq(record.version - 1)));
    let changed = diesel::update(present)
        .set((
            clinic::name.eq(&card.name),
            clinic::address.eq(&card.address),
            clinic::city.eq(&card.city),
            clinic::state.eq(&card.state),
            clinic::time_zone.eq(&card.time_zone),
            clinic::active.eq(card.active),
            clinic::version.eq(record.version),
            clinic::updated_at.eq(record.updated_at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    let version = or_stale(changed, record.version)?;
    let elsewhere = doctor::table.filter(doctor::clinic_id.eq(id).and(doctor::city.ne(&card.city)));
    diesel::update(elsewhere).set(doctor::city.eq(&card.city)).execute(conn).await?;
    Ok(version)
}

async fn store_visit_type(conn: &mut AsyncPgConnection, record: &VisitTypeRecord, at: DbTimestamp) -> Written {
    let (id, whose) = (record.visit_type.id.as_uuid(), record.doctor.as_uuid());
    if record.visit_type.is_default {
        // Before the other one becomes it: at no instant there are two.
        let other = visit_type::table
            .filter(visit_type::doctor_id.eq(whose).and(visit_type::is_default).and(visit_type::id.ne(id)));
        diesel::update(other)
            .set((visit_type::is_default.eq(false), visit_type::version.eq(visit_type::version + 1)))
            .execute(conn)
            .await?;
    }
    let row = VisitTypeRow::of(record);
    let version = if record.version == 1 {
        let times = (visit_type::created_at.eq(at), visit_type::updated_at.eq(at));
        diesel::insert_into(visit_type::table).values((row, times)).execute(conn).await?;
        1
    } else {
        let present = visit_type::table.filter(visit_type::id.eq(id).and(visit_type::version.eq(record.version - 1)));
        let changed = diesel::update(present).set((row, visit_type::updated_at.eq(at))).execute(conn).await?;
        or_stale(changed, record.version)?
    };
    let modes: Vec<String> = visit_type::table
        .filter(visit_type::doctor_id.eq(whose).and(visit_type::active))
        .select(visit_type::mode)
        .distinct()
        .load(conn)
        .await?;
    let offers = |mode: &str| modes.iter().any(|offered| offered == mode);
    diesel::update(doctor::table.find(whose))
        .set((doctor::offers_in_person.eq(offers("in_person")), doctor::offers_video.eq(offers("video"))))
        .execute(conn)
        .await?;
    Ok(version)
}
