//! Dates that stand in a text, in the ways that people write them in English and in French.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::{Captures, Regex};

const MOST: usize = 50;
/// Other years are numbers of something else.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

/// The beginnings that tell a month, in English and in French, without accents; longer ones before shorter ones.
const MONTHS: [(&str, i8); 38] = [
    ("january", 1),
    ("janvier", 1),
    ("janv", 1),
    ("jan", 1),
    ("february", 2),
    ("fevrier", 2),
    ("fevr", 2),
    ("feb", 2),
    ("fev", 2),
    ("march", 3),
    ("mars", 3),
    ("mar", 3),
    ("april", 4),
    ("avril", 4),
    ("apr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("june", 6),
    ("juin", 6),
    ("jun", 6),
    ("july", 7),
    ("juillet", 7),
    ("juil", 7),
    ("jul", 7),
    ("august", 8),
    ("aout", 8),
    ("aug", 8),
    ("september", 9),
    ("septembre", 9),
    ("sept", 9),
    ("sep", 9),
    ("october", 10),
    ("octobre", 10),
    ("oct", 10),
    ("november", 11),
    ("novembre", 11),
    ("nov", 11),
];
const DECEMBER: [&str; 3] = ["december", "decembre", "dec"];

/// The ways, and how each is read.
static WAYS: LazyLock<Vec<(Regex, Way)>> = LazyLock::new(|| {
    let month = r"(\p{L}{3,9})\.?";
    [
        (r"\b(\d{4})-(\d{2})-(\d{2})(?:\b|T)".to_owned(), iso as Way),
        (r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b".to_owned(), with_slashes),
        (r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b".to_owned(), with_dots),
        (format!(r"\b(\d{{1,2}})(?:er|st|nd|rd|th)?\s{{1,3}}(?:of\s)?{month},?\s{{1,3}}(\d{{4}})\b"), day_first),
        (format!(r"\b{month}\s{{1,3}}(\d{{1,2}})(?:st|nd|rd|th)?,?\s{{1,3}}(\d{{4}})\b"), month_first),
    ]
    .into_iter()
    .filter_map(|(pattern, way)| Some((Regex::new(&format!("(?i){pattern}")).ok()?, way)))
    .collect()
});

type Way = fn(&Captures<'_>) -> Option<Date>;

/// Dates of the years 1900 to 2100 that stand in `text`, each once, the latest first, 50 at most: ISO 8601, with the
/// name of a month in English or French, and in figures where only one reading is possible (`14/03/2026` and
/// `03/14/2026` are, `03/04/2026` is not; between dots the day always comes first).
#[must_use]
pub fn dates_in(text: &str) -> Vec<Date> {
    let found: BTreeSet<Date> = WAYS
        .iter()
        .flat_map(|(pattern, way)| pattern.captures_iter(text).filter_map(|found| way(&found)))
        .filter(|date| YEARS.contains(&date.year()))
        .collect();
    found.into_iter().rev().take(MOST).collect()
}

fn number<T: std::str::FromStr>(found: &Captures<'_>, group: usize) -> Option<T> {
    found.get(group)?.as_str().parse().ok()
}

fn iso(found: &Captures<'_>) -> Option<Date> {
    Date::new(number(found, 1)?, number(found, 2)?, number(found, 3)?).ok()
}

fn with_slashes(found: &Captures<'_>) -> Option<Date> {
    let (first, second, year) = (number(found, 1)?, number(found, 2)?, number(found, 3)?);
    match (Date::new(year, second, first), Date::new(year, first, second)) {
        (Ok(date), Err(_)) | (Err(_), Ok(date)) => Some(date),
        (Ok(one), Ok(other)) => (one == other).then_some(one),
        (Err(_), Err(_)) => None,
    }
}

fn with_dots(found: &Captures<'_>) -> Option<Date> {
    Date::new(number(found, 3)?, number(found, 2)?, number(found, 1)?).ok()
}

fn day_first(found: &Captures<'_>) -> Option<Date> {
    Date::new(number(found, 3)?, month(found.get(2)?.as_str())?, number(found, 1)?).ok()
}

fn month_first(found: &Captures<'_>) -> Option<Date> {
    Date::new(number(found, 3)?, month(found.get(1)?.as_str())?, number(found, 2)?).ok()
}

fn month(word: &str) -> Option<i8> {
    let plain = word.to_lowercase().replace(['é', 'è'], "e").replace('û', "u");
    if DECEMBER.contains(&plain.as_str()) {
        return Some(12);
    }
    MONTHS.into_iter().find(|(name, _)| *name == plain).map(|(_, month)| month)
}
