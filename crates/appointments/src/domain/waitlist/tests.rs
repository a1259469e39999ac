use jiff::civil::date;

use super::*;

fn window() -> Window {
    Window {
        first_day: date(2027, 3, 8),
        last_day: date(2027, 3, 19),
        weekdays: Weekdays::of([Weekday::Monday, Weekday::Wednesday]),
        from_minute: 9 * 60,
        until_minute: 12 * 60,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

#[test]
fn a_visit_fits_from_its_first_to_its_last_minute_on_the_wanted_days() {
    let fits = |window: Window, start: &str, minutes: i64| {
        let start = at(start);
        window.fits(start, start + SignedDuration::from_mins(minutes), &new_york())
    };
    for (start, minutes, expected) in [
        ("2027-03-08T09:00:00-05:00", 30, true),
        ("2027-03-08T08:59:00-05:00", 30, false),
        ("2027-03-08T11:30:00-05:00", 30, true),
        ("2027-03-08T11:31:00-05:00", 30, false),
        ("2027-03-09T09:00:00-05:00", 30, false),
        ("2027-03-10T09:00:00-05:00", 30, true),
        ("2027-03-03T09:00:00-05:00", 30, false),
        ("2027-03-22T09:00:00-04:00", 30, false),
        // The clocks were changed on the 14th: nine o'clock is nine o'clock.
        ("2027-03-15T09:00:00-04:00", 30, true),
        ("2027-03-15T09:00:00-05:00", 30, true),
        ("2027-03-15T08:30:00-04:00", 30, false),
    ] {
        assert_eq!(fits(window(), start, minutes), expected, "{start}");
    }
    let late = Window { from_minute: 23 * 60, until_minute: DAY, ..window() };
    assert!(fits(late, "2027-03-08T23:30:00-05:00", 30), "ends at midnight");
    assert!(!fits(late, "2027-03-08T23:45:00-05:00", 30), "ends past midnight");
}

#[test]
fn a_window_in_which_nobody_could_come_is_refused_by_what_is_wrong() {
    let now = at("2027-03-08T12:00:00Z");
    assert_eq!(window().checked(now), Ok(window()));
    let day = date(2027, 3, 8);
    for (bad, why) in [
        (Window { last_day: date(2027, 3, 7), ..window() }, BadWindow::EndsBeforeItBegins),
        (Window { last_day: date(2027, 9, 4), ..window() }, BadWindow::TooLong),
        (Window { weekdays: Weekdays::of([]), ..window() }, BadWindow::NoDay),
        (
            Window { first_day: day, last_day: day, weekdays: Weekdays::of([Weekday::Friday]), ..window() },
            BadWindow::NoDay,
        ),
        (Window { until_minute: 9 * 60, ..window() }, BadWindow::NoTime),
        (Window { until_minute: DAY + 1, ..window() }, BadWindow::NoTime),
    ] {
        assert_eq!(bad.checked(now), Err(why));
    }
    assert_eq!(Window { last_day: date(2027, 9, 3), ..window() }.checked(now).map(|_| ()), Ok(()));
    assert_eq!(window().checked(at("2027-03-20T11:59:59Z")), Ok(window()), "it is the 19th somewhere");
    assert_eq!(window().checked(at("2027-03-20T12:00:00Z")), Err(BadWindow::Passed));
}

#[test]
fn an_offer_ends_in_time_to_be_booked_and_is_not_made_for_less_than_a_quarter_of_an_hour() {
    let now = at("2027-03-08T12:00:00Z");
    let two_hours = SignedDuration::from_mins(120);
    let minutes = |count| now + SignedDuration::from_mins(count);
    assert_eq!(deadline(now, two_hours, minutes(500)), Some(minutes(120)));
    assert_eq!(deadline(now, two_hours, minutes(119)), Some(minutes(119)));
    assert_eq!(deadline(now, two_hours, minutes(15)), Some(minutes(15)));
    assert_eq!(deadline(now, two_hours, minutes(15) - SignedDuration::from_micros(1)), None);
    assert_eq!(deadline(now, two_hours, minutes(-60)), None);
}

#[test]
fn nobody_is_written_to_from_nine_in_the_evening_until_eight_in_the_morning_of_the_clinic() {
    for (time, quiet) in
        [("20:59:59", false), ("21:00:00", true), ("00:00:00", true), ("07:59:59", true), ("08:00:00", false)]
    {
        assert_eq!(is_quiet(at(&format!("2027-03-08T{time}-05:00")), &new_york()), quiet, "{time}");
    }
}

#[test]
fn weekdays_come_back_from_their_bits_and_every_word_is_found() {
    let days = Weekdays::of([Weekday::Sunday, Weekday::Monday]);
    assert_eq!(days.bits(), 0b100_0001);
    assert_eq!(Weekdays::from_bits(days.bits()), days);
    assert_eq!(days.days().collect::<Vec<_>>(), [Weekday::Monday, Weekday::Sunday]);
    assert_eq!(Weekdays::ALL.days().count(), 7);
    for state in EntryState::ALL {
        assert_eq!(EntryState::from_word(state.word()), Some(state));
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::from_word(outcome.word()), Some(outcome));
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
    }
}
