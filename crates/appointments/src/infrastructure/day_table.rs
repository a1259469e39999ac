//! A clinic's day as a table for spreadsheets.

use csv::{Terminator, WriterBuilder};
use jiff::tz::TimeZone;
use kernel::PortFailure;

use crate::application::ClinicDay;

/// Spreadsheets take a file without it for one of their own country's character set.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const HEAD: [&str; 10] =
    ["date", "from", "to", "doctor", "patient", "phone", "birth_date", "status", "visit_mode", "notes"];

/// The day as CSV (RFC 4180), one line for each visit.
pub(super) fn day_table(day: &ClinicDay) -> Result<Vec<u8>, PortFailure> {
    let failed = |error: csv::Error| PortFailure::new("write a table", error);
    let zone = TimeZone::get(&day.clock.time_zone).unwrap_or(TimeZone::UTC);
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BYTE_ORDER_MARK.to_vec());
    table.write_record(HEAD).map_err(failed)?;
    for column in &day.columns {
        for details in &column.visits {
            let (visit, patient) = (&details.appointment, &details.patient);
            let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
            let line = [
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
            ];
            table.write_record(line.map(harmless)).map_err(failed)?;
        }
    }
    table.into_inner().map_err(|error| PortFailure::new("write a table", error.to_string()))
}

/// A cell that a spreadsheet would take for a formula is made a text by an apostrophe in front (OWASP, CSV injection).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_what_is_harmless_stays_as_it_is() {
        for bad in ["=1+1", "+12125550100", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(bad.to_owned()), format!("'{bad}"));
        }
        for good in ["", "Ada", "1-2", "a=b", " =1"] {
            assert_eq!(harmless(good.to_owned()), good);
        }
    }
}
