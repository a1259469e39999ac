//! A clinic's day as a PDF to be printed.
//!
//! With the typefaces that every reader has (PDF 1.7, 9.6.2.2) nothing has to be embedded; they know the letters of
//! Western Europe (Windows-1252). Other letters are shown by their plain form where they have one, else as `?`.

use jiff::tz::TimeZone;
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::application::{ClinicDay, Column};

/// A4 in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const LEFT: f32 = 40.0;
const TOP: f32 = 790.0;
const LEADING: f32 = 15.0;
/// Visits on a page.
const LINES: usize = 46;

const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");
const EVEN: Name<'static> = Name(b"F3");

/// A page before it is drawn.
struct Page {
    head: String,
    below: String,
    lines: Vec<String>,
}

/// The day, each doctor's list on a page of its own.
pub(super) fn day_sheet(day: &ClinicDay) -> Vec<u8> {
    let pages = pages(day);
    let mut next = 1;
    let mut fresh = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree) = (Ref::new(1), fresh());
    let fonts = [(PLAIN, "Helvetica", fresh()), (BOLD, "Helvetica-Bold", fresh()), (EVEN, "Courier", fresh())];
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (fresh(), fresh())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
    for (_, face, id) in fonts {
        pdf.type1_font(id).base_font(Name(face.as_bytes())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let printed = day.now.to_zoned(zone_of(day)).strftime("%Y-%m-%d %H:%M").to_string();
    for (number, (page, (id, content))) in (1..).zip(pages.iter().zip(&ids)) {
        let mut leaf = pdf.page(*id);
        leaf.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*content);
        let mut resources = leaf.resources();
        let mut dictionary = resources.fonts();
        for (name, _, font) in fonts {
            dictionary.pair(name, font);
        }
        dictionary.finish();
        resources.finish();
        leaf.finish();
        let foot = format!("{number} / {count}   {printed}");
        pdf.stream(*content, &drawn(page, &foot));
    }
    pdf.finish()
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

fn drawn(page: &Page, foot: &str) -> Vec<u8> {
    let mut content = Content::new();
    let mut text = |font: Name<'_>, size: f32, y: f32, what: &str| {
        content.begin_text().set_font(font, size).next_line(LEFT, y).show(Str(&western(what))).end_text();
    };
    text(BOLD, 16.0, TOP, &page.head);
    text(PLAIN, 11.0, TOP - 20.0, &page.below);
    let mut y = TOP - 50.0;
    for line in &page.lines {
        text(EVEN, 9.0, y, line);
        y -= LEADING;
    }
    text(PLAIN, 8.0, 30.0, foot);
    content.finish().to_vec()
}

/// A text in Windows-1252.
fn western(text: &str) -> Vec<u8> {
    let byte = |letter: char| byte_of(letter).or_else(|| letter.nfd().next().and_then(byte_of)).unwrap_or(b'?');
    // An accent that joins no letter of ours is left out.
    text.nfc().filter(|letter| !is_combining_mark(*letter)).map(byte).collect()
}

fn byte_of(letter: char) -> Option<u8> {
    Some(match letter {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(letter)).ok()?,
        '€' => 0x80,
        'Š' => 0x8a,
        'Œ' => 0x8c,
        'Ž' => 0x8e,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '–' => 0x96,
        '—' => 0x97,
        'š' => 0x9a,
        'œ' => 0x9c,
        'ž' => 0x9e,
        'Ÿ' => 0x9f,
        'Ł' => b'L',
        'ł' => b'l',
        'Đ' => b'D',
        'đ' => b'd',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn western_letters_are_kept_others_lose_their_accents_and_none_is_lost_silently() {
        assert_eq!(western("Zoë Çelik"), b"Zo\xeb \xc7elik");
        assert_eq!(western("Lucı\u{301}a"), b"Luc?a".to_vec(), "a dotless i with an accent is no letter of ours");
        assert_eq!(western("Luci\u{301}a Š–’"), b"Luc\xeda \x8a\x96\x92");
        assert_eq!(western("Dvořák Łukasz"), b"Dvor\xe1k Lukasz");
        assert_eq!(western("李"), b"?");
    }
}
