//! What doctors and clinics are called, and where doctors work; other slices ask for it through their own ports.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::{city, clinic, doctor, specialty, weekly_hours};

/// The names of these doctors, given name first, also of those who are no longer listed. In any order.
///
/// # Errors
/// Of the database.
pub async fn names_of_doctors(
    mut conn: &AsyncPgConnection,
    doctors: &[Uuid],
) -> Result<Vec<(Uuid, String)>, DieselError> {
    let rows: Vec<(Uuid, String, String)> = doctor::table
        .filter(doctor::id.eq_any(doctors))
        .select((doctor::id, doctor::first_name, doctor::last_name))
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(|(id, first, last)| (id, format!("{first} {last}"))).collect())
}

/// The names of these clinics, also of those that are closed. In any order.
///
/// # Errors
/// Of the database.
pub async fn names_of_clinics(
    mut conn: &AsyncPgConnection,
    clinics: &[Uuid],
) -> Result<Vec<(Uuid, String)>, DieselError> {
    clinic::table.filter(clinic::id.eq_any(clinics)).select((clinic::id, clinic::name)).load(&mut conn).await
}

/// Id, name and address (street, city and state) of these clinics, also of those that are closed. In any order.
///
/// # Errors
/// Of the database.
pub async fn places_of_clinics(
    mut conn: &AsyncPgConnection,
    clinics: &[Uuid],
) -> Result<Vec<(Uuid, String, String)>, DieselError> {
    let rows: Vec<(Uuid, String, String, String, String)> = clinic::table
        .inner_join(city::table.on(city::slug.eq(clinic::city)))
        .filter(clinic::id.eq_any(clinics))
        .select((clinic::id, clinic::name, clinic::address, city::name, clinic::state))
        .load(&mut conn)
        .await?;
    let place = |(id, name, street, city, state)| (id, name, format!("{street}, {city}, {state}"));
    Ok(rows.into_iter().map(place).collect())
}

/// A doctor's name and what the doctor is a specialist in, also of one who is no longer listed.
///
/// # Errors
/// Of the database.
pub async fn specialist(mut conn: &AsyncPgConnection, id: Uuid) -> Result<Option<(String, String)>, DieselError> {
    let found: Option<(String, String, String)> = doctor::table
        .inner_join(specialty::table.on(specialty::slug.eq(doctor::specialty)))
        .filter(doctor::id.eq(id))
        .select((doctor::first_name, doctor::last_name, specialty::name))
        .first(&mut conn)
        .await
        .optional()?;
    Ok(found.map(|(first, last, specialty)| (format!("{first} {last}"), specialty)))
}

/// The clinics at which a doctor has hours or is listed; none when there is no such doctor.
///
/// # Errors
/// Of the database.
pub async fn clinics_of(mut conn: &AsyncPgConnection, id: Uuid) -> Result<Vec<Uuid>, DieselError> {
    let listed = doctor::table.filter(doctor::id.eq(id)).select(doctor::clinic_id);
    let open = weekly_hours::table.filter(weekly_hours::doctor_id.eq(id)).select(weekly_hours::clinic_id);
    listed.union(open).load(&mut conn).await
}

/// The clinics at which any of these doctors has hours or is listed, each once, by id.
///
/// # Errors
/// Of the database.
pub async fn clinics_of_any(mut conn: &AsyncPgConnection, doctors: &[Uuid]) -> Result<Vec<Uuid>, DieselError> {
    let listed = doctor::table.filter(doctor::id.eq_any(doctors)).select(doctor::clinic_id);
    let open = weekly_hours::table.filter(weekly_hours::doctor_id.eq_any(doctors)).select(weekly_hours::clinic_id);
    let mut clinics: Vec<Uuid> = listed.union(open).load(&mut conn).await?;
    clinics.sort_unstable();
    Ok(clinics)
}

/// Name and IANA zone of a clinic, also of one that is closed.
///
/// # Errors
/// Of the database.
pub async fn clock_of_clinic(mut conn: &AsyncPgConnection, id: Uuid) -> Result<Option<(String, String)>, DieselError> {
    clinic::table.find(id).select((clinic::name, clinic::time_zone)).first(&mut conn).await.optional()
}

/// The doctors who are listed at a clinic or have hours there, with their names, by surname; 200 at most.
///
/// # Errors
/// Of the database.
pub async fn doctors_of_clinic(mut conn: &AsyncPgConnection, id: Uuid) -> Result<Vec<(Uuid, String)>, DieselError> {
    let open = weekly_hours::table.filter(weekly_hours::clinic_id.eq(id)).select(weekly_hours::doctor_id);
    let rows: Vec<(Uuid, String, String)> = doctor::table
        .filter(doctor::clinic_id.eq(id).or(doctor::id.eq_any(open)))
        .filter(doctor::active)
        .order((doctor::last_name, doctor::first_name, doctor::id))
        .limit(200)
        .select((doctor::id, doctor::first_name, doctor::last_name))
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(|(id, first, last)| (id, format!("{first} {last}"))).collect())
}

/// How many hours before a visit of this doctor patients are bound; none when there is no such doctor.
///
/// # Errors
/// Of the database.
pub async fn change_cutoff_of(mut conn: &AsyncPgConnection, id: Uuid) -> Result<Option<i32>, DieselError> {
    doctor::table.find(id).select(doctor::change_cutoff_hours).first(&mut conn).await.optional()
}

/// Id and name of the clinics whose wall clock this is, also of those that are closed, by id.
///
/// # Errors
/// Of the database.
pub async fn clinics_on_clock(mut conn: &AsyncPgConnection, zone: &str) -> Result<Vec<(Uuid, String)>, DieselError> {
    let there = clinic::table.filter(clinic::time_zone.eq(zone)).order(clinic::id);
    there.select((clinic::id, clinic::name)).load(&mut conn).await
}
