use jiff::civil::Weekday;
use serde_json::{Value, json};

use super::super::sample::{clinic, date, open, visit, weekly};
use super::super::{DayOverride, MinuteOfDay, OpenHours, RuleError, WeeklyHours};

#[test]
fn a_time_of_day_runs_from_midnight_to_midnight_and_no_further() {
    assert_eq!(MinuteOfDay::new(0), Ok(MinuteOfDay::MIDNIGHT));
    assert_eq!(MinuteOfDay::new(1440), Ok(MinuteOfDay::END_OF_DAY));
    assert_eq!(MinuteOfDay::new(1441), Err(RuleError::MinuteOutOfRange { minute: 1441 }));
    assert_eq!(MinuteOfDay::try_from(70_000), Err(RuleError::MinuteOutOfRange { minute: 70_000 }));
}

#[test]
fn a_time_of_day_is_written_as_it_is_read() {
    for (text, minute) in [("00:00", 0), ("09:05", 545), ("23:59", 1439), ("24:00", 1440)] {
        let read: MinuteOfDay = text.parse().expect("a time of day");
        assert_eq!((read.get(), read.to_string().as_str()), (minute, text));
    }
    for text in ["", "9:00", "09:60", "24:01", "99:00", "09-00", "+9:00", "09:00:00", " 09:00", "٠٩:٠٠"] {
        let refused = text.parse::<MinuteOfDay>();
        assert_eq!(refused, Err(RuleError::NotATimeOfDay { text: text.to_owned() }), "{text}");
    }
}

fn row(change: impl FnOnce(&mut Value)) -> Result<WeeklyHours, String> {
    let mut row = json!({
        "clinic_id": clinic(1), "weekday": 7, "from_minute": 540, "to_minute": 1440,
        "visit_type_ids": null, "valid_from": null, "valid_until": null,
    });
    change(&mut row);
    serde_json::from_value(row).map_err(|error| error.to_string())
}

#[test]
fn weekly_hours_are_read_from_the_agenda() {
    assert_eq!(row(|_| {}), Ok(weekly(1, Weekday::Sunday, "09:00-24:00")));
    let restricted = row(|row| {
        row["weekday"] = json!(1);
        row["visit_type_ids"] = json!([visit(2, 30).id]);
        row["valid_from"] = json!("2027-03-01");
        row["valid_until"] = json!("2027-03-31");
    })
    .expect("weekly hours");
    assert_eq!(restricted.weekday, Weekday::Monday);
    assert!(restricted.admit(visit(2, 30).id) && !restricted.admit(visit(1, 30).id));
    assert_eq!((restricted.valid_from, restricted.valid_until), (Some(date("2027-03-01")), Some(date("2027-03-31"))));
}

#[test]
fn weekly_hours_that_cannot_be_are_refused_by_what_is_wrong() {
    let cases: [(&str, Value, &str); 7] = [
        ("weekday", json!(0), "weekday 0 is not within"),
        ("weekday", json!(8), "weekday 8 is not within"),
        ("weekday", json!(257), "weekday 257 is not within"),
        ("from_minute", json!(1440), "hours from 24:00 to 24:00 have no length"),
        ("to_minute", json!(1441), "minute 1441 is not within"),
        ("to_minute", json!(500), "hours from 09:00 to 08:20 have no length"),
        ("valid_from", json!("2027-02-29"), "date"),
    ];
    for (field, value, expected) in cases {
        let refused = row(|row| row[field] = value.clone()).expect_err("hours that cannot be");
        assert!(refused.contains(expected), "{field} {value}: {refused}");
    }
    let refused = row(|row| {
        row["valid_from"] = json!("2027-03-02");
        row["valid_until"] = json!("2027-03-01");
    });
    assert_eq!(refused, Err("hours valid from 2027-03-02 until 2027-03-01 hold on no day".to_owned()));
}

#[test]
fn hours_valid_for_one_day_hold_on_that_day() {
    let monday = date("2027-03-01");
    let hours = weekly(1, Weekday::Monday, "09:00-10:00").valid(Some(monday), Some(monday)).expect("one day");
    assert!(hours.hold_on(monday, Weekday::Monday));
    assert!(!hours.hold_on(date("2027-03-08"), Weekday::Monday));
}

#[test]
fn an_override_is_read_and_its_hours_are_written_as_they_are_read() {
    let hours = json!([{"clinic_id": clinic(1), "from_minute": 540, "to_minute": 600}]);
    let read: DayOverride = serde_json::from_value(json!({"date": "2027-03-01", "hours": hours})).expect("an override");
    assert_eq!(read, DayOverride { date: date("2027-03-01"), hours: vec![open(1, "09:00-10:00")] });
    assert_eq!(serde_json::to_value(&read.hours).expect("JSON"), hours);
    let refused = json!({"clinic_id": clinic(1), "from_minute": 600, "to_minute": 600});
    assert!(serde_json::from_value::<OpenHours>(refused).is_err());
}
