use std::path::PathBuf;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    first: Date,
    rule: String,
    dates: Vec<Date>,
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn rule(text: &str) -> Recurrence {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The readings of the clock at the times of a rule.
fn readings(text: &str, first: &str, name: &str) -> Vec<String> {
    let zone = zone(name);
    let first: DateTime = first.parse().unwrap();
    let times = rule(text).times(zone.to_timestamp(first).unwrap(), &zone).unwrap();
    times.into_iter().map(|at| zone.to_datetime(at).to_string()).collect()
}

#[test]
fn the_dates_are_those_of_another_reader_of_rfc_5545() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rrule-vectors.json");
    let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(cases.len() >= 400);
    let zone = zone("America/New_York");
    for Case { first, rule: text, dates } in cases {
        let nine = |date: Date| zone.to_timestamp(date.at(9, 0, 0, 0)).unwrap();
        let found = rule(&text).times(nine(first), &zone);
        if dates.is_empty() {
            assert_eq!(found, Err(RecurrenceError::StartsElsewhere), "{first} {text}");
        } else {
            assert_eq!(found.unwrap(), dates.into_iter().map(nine).collect::<Vec<_>>(), "{first} {text}");
        }
    }
}

#[test]
fn nine_stays_nine_over_a_change_of_clocks() {
    let weekly = readings("FREQ=WEEKLY;COUNT=4", "2027-03-01T09:00:00", "America/New_York");
    assert_eq!(weekly, ["2027-03-01T09:00:00", "2027-03-08T09:00:00", "2027-03-15T09:00:00", "2027-03-22T09:00:00"]);
}

#[test]
fn a_time_that_the_clock_skips_does_not_count_and_of_two_the_earlier_is_meant() {
    // The clocks skip 2:30 on 14 March 2027.
    let daily = readings("FREQ=DAILY;COUNT=3", "2027-03-13T02:30:00", "America/New_York");
    assert_eq!(daily, ["2027-03-13T02:30:00", "2027-03-15T02:30:00", "2027-03-16T02:30:00"]);
    // They show 1:30 twice on 7 November 2027.
    let zone = zone("America/New_York");
    let first: Timestamp = "2027-11-06T01:30:00-04:00".parse().unwrap();
    let times = rule("FREQ=DAILY;COUNT=2").times(first, &zone).unwrap();
    assert_eq!(times[1], "2027-11-07T01:30:00-04:00".parse().unwrap());
    // Whoever begins with the later of the two gets that one.
    let later: Timestamp = "2027-11-07T01:30:00-05:00".parse().unwrap();
    assert_eq!(rule("FREQ=DAILY;COUNT=2").times(later, &zone).unwrap()[0], later);
}

#[test]
fn months_without_that_day_are_left_out() {
    let ends = readings("FREQ=MONTHLY;COUNT=4", "2027-01-31T10:00:00", "UTC");
    assert_eq!(ends, ["2027-01-31T10:00:00", "2027-03-31T10:00:00", "2027-05-31T10:00:00", "2027-07-31T10:00:00"]);
    let last = readings("FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270331", "2027-01-31T10:00:00", "UTC");
    assert_eq!(last, ["2027-01-31T10:00:00", "2027-02-28T10:00:00", "2027-03-31T10:00:00"]);
}

#[test]
fn an_end_by_instant_includes_it_and_an_end_by_date_the_whole_day() {
    let of = |end: &str| readings(&format!("FREQ=DAILY;UNTIL={end}"), "2027-03-01T09:00:00", "America/New_York").len();
    assert_eq!(of("20270303T140000Z"), 3);
    assert_eq!(of("20270303T135959Z"), 2);
    assert_eq!(of("20270303"), 3);
}

#[test]
fn what_is_no_rule_for_visits_is_refused_by_name() {
    use RecurrenceError::{End, Frequency, Part, TooMany, Twice, Unreadable, Value};
    for (text, error) in [
        ("", Unreadable),
        ("weekly", Unreadable),
        ("FREQ=WEEKLY;;COUNT=2", Unreadable),
        ("COUNT=2", Frequency),
        ("FREQ=YEARLY;COUNT=2", Frequency),
        ("FREQ=HOURLY;COUNT=2", Frequency),
        ("FREQ=WEEKLY", End),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20270601", End),
        ("FREQ=WEEKLY;COUNT=53", TooMany),
        ("FREQ=WEEKLY;COUNT=0", Value("COUNT")),
        ("FREQ=WEEKLY;COUNT=+2", Value("COUNT")),
        ("FREQ=WEEKLY;COUNT=2;COUNT=3", Twice),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=2", Value("INTERVAL")),
        ("FREQ=WEEKLY;INTERVAL=367;COUNT=2", Value("INTERVAL")),
        ("FREQ=WEEKLY;BYDAY=1MO;COUNT=2", Value("BYDAY")),
        ("FREQ=WEEKLY;BYDAY=MO,XX;COUNT=2", Value("BYDAY")),
        ("FREQ=WEEKLY;BYDAY=é;COUNT=2", Value("BYDAY")),
        ("FREQ=MONTHLY;BYDAY=6MO;COUNT=2", Value("BYDAY")),
        ("FREQ=MONTHLY;BYDAY=0MO;COUNT=2", Value("BYDAY")),
        ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=2", Value("BYMONTHDAY")),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=MO;COUNT=2", Part),
        ("FREQ=WEEKLY;BYMONTHDAY=1;COUNT=2", Part),
        ("FREQ=WEEKLY;BYSETPOS=1;COUNT=2", Part),
        ("FREQ=WEEKLY;BYHOUR=9,10;COUNT=2", Part),
        ("FREQ=WEEKLY;WKST=XX;COUNT=2", Value("WKST")),
        ("FREQ=WEEKLY;UNTIL=20270631", Value("UNTIL")),
        ("FREQ=WEEKLY;UNTIL=2027", Value("UNTIL")),
        ("FREQ=WEEKLY;UNTIL=20270601T090000", Value("UNTIL")),
    ] {
        assert_eq!(text.parse::<Recurrence>(), Err(error), "{text}");
    }
    assert_eq!(rule(" rrule:freq=weekly;count=2 ").text(), "FREQ=WEEKLY;COUNT=2");
}

#[test]
fn a_rule_with_too_many_dates_or_none_at_the_start_is_refused() {
    let zone = TimeZone::UTC;
    let first: Timestamp = "2027-03-01T09:00:00Z".parse().unwrap(); // a Monday
    for (text, error) in [
        ("FREQ=DAILY;UNTIL=20270501", RecurrenceError::TooMany),
        ("FREQ=MONTHLY;INTERVAL=3;COUNT=52", RecurrenceError::TooLong),
        ("FREQ=MONTHLY;INTERVAL=366;COUNT=2", RecurrenceError::TooLong),
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=2", RecurrenceError::StartsElsewhere),
        ("FREQ=MONTHLY;BYDAY=2MO;COUNT=2", RecurrenceError::StartsElsewhere),
        ("FREQ=DAILY;UNTIL=20270228", RecurrenceError::StartsElsewhere),
    ] {
        assert_eq!(rule(text).times(first, &zone), Err(error), "{text}");
    }
    assert_eq!(rule("FREQ=DAILY;COUNT=52").times(first, &zone).unwrap().len(), 52);
    assert_eq!(rule("FREQ=MONTHLY;COUNT=52").times(first, &zone).unwrap().len(), 52);
}

proptest! {
    #[test]
    fn times_are_in_order_begin_with_the_first_and_read_alike(
        (frequency, interval, count) in (0..3_usize, 1..6_u16, 1..53_usize),
        (day, minute, place) in (0..2_000_i64, 0..1440_i64, 0..4_usize),
    ) {
        let zone = zone(["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu"][place]);
        let frequency = ["DAILY", "WEEKLY", "MONTHLY"][frequency];
        let first = Timestamp::from_second(1_800_000_000 + (day * 1440 + minute) * 60).unwrap();
        let text = format!("FREQ={frequency};INTERVAL={interval};COUNT={count}");
        match rule(&text).times(first, &zone) {
            Ok(times) => {
                prop_assert_eq!(times.len(), count);
                prop_assert_eq!(times[0], first);
                prop_assert!(times.is_sorted_by(|one, next| one < next));
                let time = zone.to_datetime(first).time();
                prop_assert!(times.iter().all(|at| zone.to_datetime(*at).time() == time));
            }
            Err(error) => prop_assert!(error == RecurrenceError::TooLong && frequency == "MONTHLY"),
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,60}", parts in "(FREQ|COUNT|BYDAY|UNTIL)=[A-Z0-9,é-]{0,8};FREQ=MONTHLY") {
        let _ = text.parse::<Recurrence>();
        let _ = parts.parse::<Recurrence>();
    }
}
