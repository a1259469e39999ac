//! A clinic's day as a table for spreadsheets.

use jiff::tz::TimeZone;
use kernel::PortFailure;
use platform::spreadsheet::table;

use crate::application::ClinicDay;

const HEAD: [&str; 10] =
    ["date", "from", "to", "doctor", "patient", "phone", "birth_date", "status", "visit_mode", "notes"];

/// The day as CSV, one line for each visit.
pub(super) fn day_table(day: &ClinicDay) -> Result<Vec<u8>, PortFailure> {
    let zone = TimeZone::get(&day.clock.time_zone).unwrap_or(TimeZone::UTC);
    let lines = day.columns.iter().flat_map(|column| {
        let zone = &zone;
        column.visits.iter().map(move |details| {
            let (visit, patient) = (&details.appointment, &details.patient);
            let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
            [
                zone.to_datetime(visit.visit.start).date().to_string(),
                time(visit.visit.start),
                time(visit.visit.end),
                column.hours.name.clone(),
                patient.name.clone(),
                patient.phone.clone().unwrap_or_default(),
                patient.birth_date.map(|date| date.to_string()).unwrap_or_default(),
                visit.status.word().to_owned(),
                visit.mode.word().to_owned(),
                visit.notes.clone().unwrap_or_default(),
            ]
        })
    });
    table(HEAD, lines)
}
