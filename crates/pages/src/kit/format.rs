//! Times and money as the reader's language writes them.

use jiff::Zoned;
use jiff::civil::{Date, Weekday};

use super::words::Language;

const fn of_weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

/// `Tue`, `mar.`
#[must_use]
pub fn weekday(language: Language, date: Date) -> String {
    language.say(&format!("short-{}", of_weekday(date.weekday())))
}

fn named(language: Language, name: &'static str, date: Date) -> String {
    let month = |length: &str| language.say(&format!("{length}-month-{}", date.month()));
    language.say_with(
        name,
        &[
            ("weekday", language.say(of_weekday(date.weekday())).into()),
            ("day", date.day().into()),
            ("month", month("long").into()),
            ("shortmonth", month("short").into()),
            ("year", date.year().to_string().into()),
        ],
    )
}

/// `Dec 8`, `8 déc.`
#[must_use]
pub fn day_and_month(language: Language, date: Date) -> String {
    named(language, "date-short", date)
}

/// `Tuesday, December 8`, `mardi 8 décembre`
#[must_use]
pub fn weekday_and_date(language: Language, date: Date) -> String {
    named(language, "date-weekday", date)
}

/// `Tuesday, December 8, 2026`, `mardi 8 décembre 2026`
#[must_use]
pub fn date_in_words(language: Language, date: Date) -> String {
    named(language, "date-full", date)
}

/// `9:30 AM`, `09:30`; the space does not break.
#[must_use]
pub fn time_of_day(language: Language, at: &Zoned) -> String {
    match language {
        Language::English => {
            let hour = match at.hour() % 12 {
                0 => 12,
                hour => hour,
            };
            let half = if at.hour() < 12 { "AM" } else { "PM" };
            format!("{hour}:{:02}\u{a0}{half}", at.minute())
        }
        Language::French => format!("{:02}:{:02}", at.hour(), at.minute()),
    }
}

/// Whole US dollars: `$120`, `120 $US`.
#[must_use]
pub fn money(language: Language, dollars: i64) -> String {
    match language {
        Language::English => format!("${dollars}"),
        Language::French => format!("{dollars}\u{a0}$US"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn times_are_written_as_the_language_writes_them() {
        let noon = date(2026, 12, 8).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        let night = date(2026, 12, 8).at(0, 5, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        assert_eq!(time_of_day(Language::English, &noon), "12:00\u{a0}PM");
        assert_eq!(time_of_day(Language::English, &night), "12:05\u{a0}AM");
        assert_eq!(time_of_day(Language::French, &night), "00:05");
        assert_eq!(date_in_words(Language::English, noon.date()), "Tuesday, December 8, 2026");
        assert_eq!(date_in_words(Language::French, noon.date()), "mardi 8 décembre 2026");
        assert_eq!(weekday_and_date(Language::French, date(2027, 3, 1)), "lundi 1er mars");
        assert_eq!(day_and_month(Language::English, date(2027, 3, 1)), "Mar 1");
    }
}
