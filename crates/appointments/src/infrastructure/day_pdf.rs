//! A clinic's day as a PDF to be printed.

use jiff::tz::TimeZone;
use kernel::PortFailure;
use platform::print::Print;
use unicode_normalization::UnicodeNormalization as _;

use crate::application::{ClinicDay, Column};

/// Points of the page.
const LEFT: f32 = 40.0;
const TOP: f32 = 790.0;
const LEADING: f32 = 15.0;
/// Visits on a page.
const LINES: usize = 46;

/// A page before it is drawn.
struct Page {
    head: String,
    below: String,
    lines: Vec<String>,
}

/// The day, each doctor's list on a page of its own.
///
/// # Errors
/// When the typeface that is built in cannot be read.
pub(super) fn day_sheet(day: &ClinicDay) -> Result<Vec<u8>, PortFailure> {
    let mut print = Print::new().map_err(|error| PortFailure::new("print a day sheet", error))?;
    let pages = pages(day);
    let printed = day.now.to_zoned(zone_of(day)).strftime("%Y-%m-%d %H:%M").to_string();
    for (number, page) in (1..).zip(&pages) {
        let foot = format!("{number} / {}   {printed}", pages.len());
        print.page();
        print.text((LEFT, TOP), 15.0, &page.head);
        print.text((LEFT, TOP - 20.0), 10.0, &page.below);
        let mut y = TOP - 50.0;
        for line in &page.lines {
            print.text((LEFT, y), 9.0, line);
            y -= LEADING;
        }
        print.text((LEFT, 30.0), 8.0, &foot);
    }
    Ok(print.finish())
}

fn zone_of(day: &ClinicDay) -> TimeZone {
    TimeZone::get(&day.clock.time_zone).unwrap_or(TimeZone::UTC)
}

fn pages(day: &ClinicDay) -> Vec<Page> {
    let date = day.dates.first().map(ToString::to_string).unwrap_or_default();
    let below = format!("{}   {date}", day.clock.name);
    let mut pages = Vec::new();
    for column in &day.columns {
        let lines = lines(column, &zone_of(day));
        let mut rest = lines.as_slice();
        loop {
            let (here, later) = rest.split_at(rest.len().min(LINES));
            pages.push(Page { head: column.hours.name.clone(), below: below.clone(), lines: here.to_vec() });
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
    }
    if pages.is_empty() {
        pages.push(Page { head: day.clock.name.clone(), below, lines: Vec::new() });
    }
    pages
}

/// A line for each visit: a box to tick, times, name, phone number, status.
fn lines(column: &Column, zone: &TimeZone) -> Vec<String> {
    let line = |details: &crate::application::AppointmentDetails| {
        let (visit, patient) = (&details.appointment, &details.patient);
        let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
        format!(
            "[ ] {}-{}  {:<34.34}  {:<16.16}  {}",
            time(visit.visit.start),
            time(visit.visit.end),
            patient.name.nfc().collect::<String>(),
            patient.phone.as_deref().unwrap_or(""),
            visit.status.word().replace('_', " "),
        )
    };
    column.visits.iter().map(line).collect()
}
