use jiff::civil::Weekday;
use proptest::prelude::*;

use super::super::sample::{date, instant, rules_in, zone};
use super::*;

fn starts(readings: &Readings, day: Day, opening: Opening, grid: i64, duration: i64) -> Vec<i64> {
    let mut starts = Vec::new();
    readings.each_start(day, opening, grid, duration, |start| {
        starts.push(start);
        true
    });
    starts
}

#[test]
fn a_day_knows_its_date_and_weekday_across_months_and_years() {
    let mut day = Day::starting(midnight_of(date("2027-12-30")));
    for (expected, weekday) in [
        ("2027-12-30", Weekday::Thursday),
        ("2027-12-31", Weekday::Friday),
        ("2028-01-01", Weekday::Saturday),
        ("2028-01-02", Weekday::Sunday),
        ("2028-01-03", Weekday::Monday),
    ] {
        assert_eq!((day.date, day.weekday, day.midnight), (date(expected), weekday, midnight_of(date(expected))));
        day = day.next();
    }
}

#[test]
fn the_day_of_a_change_and_its_neighbours_are_not_steady() {
    let new_york = zone("America/New_York");
    let mut clock = ZoneClock::new(&new_york, instant("2027-03-10T12:00:00Z").as_second());
    let mut steady = |day: i8| clock.steady_offset(midnight_of(jiff::civil::date(2027, 3, day)));
    assert_eq!([11, 12].map(&mut steady), [Some(-5 * 3600); 2]);
    assert_eq!([13, 14, 15].map(&mut steady), [None; 3]);
    assert_eq!([17, 18].map(&mut steady), [Some(-4 * 3600); 2]);
}

#[test]
fn days_start_at_the_first_instant_that_shows_them() {
    let cases = [
        ("America/New_York", "2027-03-14", "2027-03-14T05:00:00Z"),
        ("America/Santiago", "2027-09-05", "2027-09-05T04:00:00Z"), // 00:00 does not exist
        ("America/Santiago", "2027-04-04", "2027-04-04T04:00:00Z"), // 23:00 of the day before happens twice
        ("America/Havana", "2027-11-07", "2027-11-07T04:00:00Z"),   // 00:00 happens twice
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
    ];
    for (name, day, expected) in cases {
        let zone = zone(name);
        let mut clock = ZoneClock::new(&zone, instant(expected).as_second() - 40 * DAY);
        assert_eq!(instant_at(clock.day_starts(midnight_of(date(day)))), instant(expected), "{name} {day}");
    }
}

#[test]
fn a_date_that_a_zone_leaves_out_has_no_starts() {
    let apia = zone("Pacific/Apia");
    let day = Day::starting(midnight_of(date("2011-12-30")));
    let readings = Readings::of(&mut ZoneClock::new(&apia, day.midnight), day);
    assert!(starts(&readings, day, Opening { from: 0, to: DAY }, 1800, 1800).is_empty());
}

#[test]
fn openings_that_overlap_or_touch_are_one() {
    let rules = rules_in("America/New_York").daily("13:00-14:00 09:00-11:00 10:00-12:00 10:30-10:45 14:00-15:00");
    let (clinic, day) = (rules.home_clinic, Day::starting(midnight_of(date("2027-03-01"))));
    let mut openings = vec![Opening { from: 0, to: 1 }];
    rules.openings(clinic, day, For::Anything, &mut openings);
    assert_eq!(openings, [Opening { from: 9 * 3600, to: 12 * 3600 }, Opening { from: 13 * 3600, to: 15 * 3600 }]);
}

proptest! {
    #[test]
    fn the_quick_way_and_the_careful_way_find_the_same_starts(
        day in 0..1800_i64, from in 0..1440_i64, length in 1..1440_i64, grid in 5..241_i64, duration in 5..241_i64,
        name in prop::sample::select(vec!["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    ) {
        let zone = zone(name);
        let day = Day::starting(midnight_of(date("2026-01-01")) + day * DAY);
        let mut clock = ZoneClock::new(&zone, day.midnight);
        let opening = Opening { from: from * 60, to: (from + length).min(1440) * 60 };
        if let Some(offset) = clock.steady_offset(day.midnight) {
            let careful = Readings::Changing(clock.stretches(day.midnight));
            let (grid, duration) = (grid * 60, duration * 60);
            prop_assert_eq!(
                starts(&Readings::Steady(offset), day, opening, grid, duration),
                starts(&careful, day, opening, grid, duration)
            );
        }
    }
}
