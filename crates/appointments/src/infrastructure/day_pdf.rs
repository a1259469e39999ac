//! A clinic's day as a PDF to be printed.
//!
//! See [`SheetFont`] for the letters it can print.

use jiff::tz::TimeZone;
use kernel::PortFailure;
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};
use unicode_normalization::UnicodeNormalization as _;

use super::sheet_font::SheetFont;
use crate::application::{ClinicDay, Column};

/// A4 in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const LEFT: f32 = 40.0;
const TOP: f32 = 790.0;
const LEADING: f32 = 15.0;
/// Visits on a page.
const LINES: usize = 46;

const FONT: Name<'static> = Name(b"F1");

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
    let mut font = SheetFont::new().map_err(|error| PortFailure::new("print a day sheet", error))?;
    let pages = pages(day);
    let mut next = 1;
    let mut fresh = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree, letters) = (Ref::new(1), fresh(), fresh());
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (fresh(), fresh())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
    let printed = day.now.to_zoned(zone_of(day)).strftime("%Y-%m-%d %H:%M").to_string();
    for (number, (page, (id, content))) in (1..).zip(pages.iter().zip(&ids)) {
        let mut leaf = pdf.page(*id);
        leaf.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*content);
        let mut resources = leaf.resources();
        resources.fonts().pair(FONT, letters);
        resources.finish();
        leaf.finish();
        let foot = format!("{number} / {count}   {printed}");
        pdf.stream(*content, &drawn(page, &foot, &mut font));
    }
    font.write(&mut pdf, letters, fresh);
    Ok(pdf.finish())
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

fn drawn(page: &Page, foot: &str, font: &mut SheetFont) -> Vec<u8> {
    let mut content = Content::new();
    let mut text = |size: f32, y: f32, what: &str| {
        content.begin_text().set_font(FONT, size).next_line(LEFT, y).show(Str(&font.encoded(what))).end_text();
    };
    text(15.0, TOP, &page.head);
    text(10.0, TOP - 20.0, &page.below);
    let mut y = TOP - 50.0;
    for line in &page.lines {
        text(9.0, y, line);
        y -= LEADING;
    }
    text(8.0, 30.0, foot);
    content.finish().to_vec()
}
