//! Rules of repetition, compared with what somebody else makes of them.

use calendars::domain::busy_times;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kernel::Interval;
use testkit::{Repetition, repeated};

#[test]
fn repetitions_fall_on_the_days_that_dateutil_finds() {
    let (from, to) = ("2026-12-01T00:00:00", "2030-02-01T00:00:00");
    let rules = [
        ("2027-01-04T09:00:00", "FREQ=DAILY"),
        ("2019-01-04T09:00:00", "FREQ=DAILY;INTERVAL=3"),
        ("2027-01-04T09:00:00", "FREQ=DAILY;BYMONTH=3,7;BYDAY=MO,WE"),
        ("2027-01-04T09:00:00", "FREQ=DAILY;BYMONTHDAY=-1,15"),
        ("2026-12-28T09:00:00", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("2027-01-05T09:00:00", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU"),
        ("2027-01-05T09:00:00", "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TU,SU"),
        ("2020-02-03T09:00:00", "FREQ=WEEKLY;INTERVAL=3"),
        ("2027-01-04T09:00:00", "FREQ=WEEKLY;COUNT=7"),
        ("2027-01-31T09:00:00", "FREQ=MONTHLY"),
        ("2027-01-31T09:00:00", "FREQ=MONTHLY;COUNT=5"),
        ("2027-01-12T09:00:00", "FREQ=MONTHLY;BYDAY=2TU"),
        ("2027-01-29T09:00:00", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("2027-01-29T09:00:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
        ("2027-01-01T09:00:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-2"),
        ("2026-11-13T09:00:00", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13"),
        ("2021-01-01T09:00:00", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=1,-1"),
        ("2024-02-29T09:00:00", "FREQ=YEARLY"),
        ("2026-11-26T09:00:00", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
        ("2027-01-04T09:00:00", "FREQ=YEARLY;BYDAY=1MO,-1FR"),
        ("2027-01-01T09:00:00", "FREQ=YEARLY;BYMONTHDAY=1"),
        ("2027-01-01T09:00:00", "FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=1,10"),
        ("2027-03-02T09:00:00", "FREQ=YEARLY;BYMONTH=3;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;INTERVAL=2"),
        ("2027-01-04T09:00:00", "FREQ=DAILY;UNTIL=20270110T085959"),
        ("2027-01-04T09:00:00", "FREQ=DAILY;UNTIL=20270110T090000"),
    ];
    let asked: Vec<Repetition> = rules
        .iter()
        .map(|(start, rule)| Repetition {
            start: (*start).to_owned(),
            rule: (*rule).to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        })
        .collect();
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let instant = |text: &str| zone.to_timestamp(text.parse::<DateTime>().unwrap()).unwrap();
    let window = Interval::new(instant(from), instant(to)).unwrap();
    for ((start, rule), expected) in rules.iter().zip(repeated(&asked)) {
        let start: DateTime = start.parse().unwrap();
        let text = format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Paris:{}\nDURATION:PT30M\nRRULE:{rule}\nEND:VEVENT\nEND:VCALENDAR\n",
            start.strftime("%Y%m%dT%H%M%S")
        );
        let busy = busy_times(&text, window, &zone).unwrap();
        let found: Vec<String> = busy
            .spans
            .iter()
            .map(|span| zone.to_datetime(span.start).strftime("%Y-%m-%dT%H:%M:%S").to_string())
            .collect();
        assert!(!expected.is_empty(), "{rule}");
        // The first instance counts even where the rule does not name it (RFC 5545, section 3.8.5.3); dateutil leaves it out.
        let first = start.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let mut expected = expected;
        if first.as_str() >= from && !expected.contains(&first) {
            expected.insert(0, first);
        }
        assert_eq!(found, expected, "{start} {rule}");
    }
}
