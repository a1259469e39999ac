//! Visits as calendar files: what they say, and what programs of others understand of them.

use std::collections::BTreeSet;

use calendars::domain::{Entry, Method, Organizer, Sheet, Standing};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::{AppointmentId, Interval};
use serde_json::json;

use crate::app::{App, Who, ada, id, link};
use crate::letters::all_to;

/// The lines of a file, unfolded.
fn lines(file: &str) -> Vec<String> {
    file.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

fn value<'a>(lines: &'a [String], name: &str) -> &'a str {
    let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {name} in {lines:?}"))
}

#[actix_web::test]
async fn the_file_of_a_visit_keeps_its_uid_and_counts_its_changes() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, "2027-03-09T09:00:00-05:00")).await;
    let visit = booked.json()["id"].as_str().unwrap().to_owned();
    let file = booked.manage("/calendar.ics");
    let first = app.get(&file).await;
    assert_eq!((first.status, first.header("content-type")), (200, Some("text/calendar; charset=utf-8")));
    assert_eq!(first.header("content-disposition"), Some("attachment; filename=\"appointment.ics\""));
    let first = lines(&first.text());
    assert_eq!(value(&first, "UID"), format!("{visit}@doktolib.example"));
    assert_eq!((value(&first, "SEQUENCE"), value(&first, "METHOD")), ("0", "PUBLISH"));
    assert_eq!(value(&first, "DTSTART;TZID=America/New_York"), "20270309T090000");
    assert!(value(&first, "SUMMARY").starts_with("Appointment with "), "{first:?}");
    assert!(!value(&first, "LOCATION").is_empty());

    // Into the next week, where the clocks are another hour.
    let moved = app.post(&booked.manage("/reschedule"), &json!({"starts_at": "2027-03-16T09:00:00-04:00"})).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    let second = lines(&app.get(&file).await.text());
    assert_eq!((value(&second, "UID"), value(&second, "SEQUENCE")), (value(&first, "UID"), "1"));
    assert_eq!(value(&second, "DTSTART;TZID=America/New_York"), "20270316T090000");

    app.post(&booked.manage("/cancel"), &json!({})).await;
    let last = lines(&app.get(&file).await.text());
    assert_eq!((value(&last, "SEQUENCE"), value(&last, "STATUS")), ("2", "CANCELLED"));
}

#[actix_web::test]
async fn the_file_is_for_those_who_see_the_visit() {
    let app = App::start().await;
    let uri = format!("/api/v1/appointments/{}/calendar.ics", id('a', 12109));
    for (who, status) in [
        (Who::Patient(1), 200),
        (Who::Patient(2), 404),
        (Who::Doctor(1), 200),
        (Who::Doctor(4), 404),
        (Who::Admin, 200),
    ] {
        assert_eq!(app.get_as(who, &uri).await.status, status, "{who:?}");
    }
    assert_eq!(app.get(&link(&id('a', 12109), "/calendar.ics")).await.status, 200);
    assert_eq!(app.get(&uri).await.problem(), (401, "not-signed-in".to_owned()));
    // What the team is shown is written down for the patient, like everything else.
    let seen = app.number("SELECT count(*) FROM appointments.access_log").await;
    assert_eq!(seen, 2);
}

#[actix_web::test]
async fn booking_moving_and_cancelling_are_told_by_mail_with_a_file_for_the_calendar() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, "2027-03-09T09:00:00-05:00")).await;
    let visit = booked.json()["id"].as_str().unwrap().to_owned();
    app.post(&booked.manage("/reschedule"), &json!({"starts_at": "2027-03-16T09:00:00-04:00"})).await;
    let cancel = format!("/api/v1/appointments/{visit}/cancel");
    let cancelled = app.post_as(Who::Doctor(1), &cancel, &json!({"reason": "the doctor has a fever"})).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    // A second time changes nothing, and tells nobody.
    app.post_as(Who::Doctor(1), &cancel, &json!({"reason": "again"})).await;

    let told = all_to(&app, "ada.example@example.org").await;
    let templates: Vec<&str> = told.iter().map(|letter| letter.template.as_str()).collect();
    assert_eq!(templates, ["booking-confirmed", "booking-changed", "booking-cancelled"]);
    assert_eq!(told[1].values["was"], "2027-03-09 09:00 (America/New_York)");
    assert_eq!(told[1].values["when"], "2027-03-16 09:00 (America/New_York)");
    let mut uids = BTreeSet::new();
    for (number, (letter, method)) in told.iter().zip(["REQUEST", "REQUEST", "CANCEL"]).enumerate() {
        let part = letter.calendar.as_ref().unwrap();
        let file = lines(&part.text);
        assert_eq!((part.method.as_str(), value(&file, "METHOD")), (method, method));
        assert_eq!(value(&file, "SEQUENCE"), number.to_string());
        assert!(
            file.iter().any(|line| line.starts_with("ORGANIZER;CN=") && line.ends_with(":mailto:doktolib@localhost"))
        );
        assert!(file.iter().any(|line| line.starts_with("ATTENDEE;CN=\"Ada Example\"")), "{file:?}");
        uids.insert(value(&file, "UID").to_owned());
        for secret in ["fever", "token="] {
            assert!(!part.text.contains(secret) && !letter.values.values().any(|text| text.contains("fever")));
        }
        for (parser, understood) in testkit::understood(&part.text) {
            assert_eq!((understood.errors, understood.method.as_str()), (Vec::<String>::new(), method), "{parser}");
        }
    }
    assert_eq!(uids.len(), 1);
    // Who has no address is told nothing, and the change is made all the same.
    assert_eq!(app.number("SELECT count(*) FROM journal.outbox WHERE topic = 'mail'").await, 3);
}

/// A visit every few hours around each change of the clocks in two years.
fn around_changes(zone_name: &str) -> Vec<Entry> {
    let zone = TimeZone::get(zone_name).unwrap();
    let (from, to): (Timestamp, Timestamp) =
        ("2026-06-01T00:00:00Z".parse().unwrap(), "2028-06-01T00:00:00Z".parse().unwrap());
    let mut changes: Vec<Timestamp> =
        zone.following(from).map(|change| change.timestamp()).take_while(|at| *at < to).collect();
    // Where the clocks never change, two usual days do.
    let usual = [date(2027, 1, 15), date(2027, 7, 15)].map(|day| day.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap());
    changes.extend(usual.map(|at| at.timestamp()));
    let mut entries = Vec::new();
    for change in changes {
        for minutes in [-1500, -90, -45, -30, 0, 15, 30, 45, 60, 90, 1500] {
            let start = change + minutes.minutes();
            let span = Interval::new(start, start + SignedDuration::from_mins(30)).unwrap();
            entries.push(Entry {
                id: AppointmentId::mint(),
                span,
                time_zone: zone_name.to_owned(),
                standing: if minutes == 0 { Standing::Cancelled } else { Standing::Confirmed },
                sequence: 7,
                created_at: from,
                changed_at: from,
                summary: "Rendez-vous avec Zoë, François; \\ \"Ünal\" — über 75 Oktette lang, also gefaltet".to_owned(),
                place: Some("Клиника, 5 улица".to_owned()),
                organizer: Some(Organizer {
                    name: "Harbor: \"the\" clinic".into(),
                    email: "no-reply@x.example".into(),
                }),
                attendee: None,
            });
        }
    }
    entries
}

#[test]
fn programs_of_others_read_the_same_times_on_both_sides_of_every_change_of_the_clocks() {
    let mut compared = 0;
    for zone in [
        "America/New_York",
        "America/Los_Angeles",
        "Europe/Paris",
        "Europe/Dublin",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Africa/Casablanca",
        "Asia/Kolkata",
        "America/Phoenix",
        "Pacific/Chatham",
        "Etc/UTC",
    ] {
        let entries = around_changes(zone);
        let sheet = Sheet {
            method: Method::Publish,
            host: "doktolib.example",
            name: Some("Doktolib"),
            refresh: Some(SignedDuration::from_hours(1)),
            entries: &entries,
        };
        let file = sheet.text();
        // Once as it is, once under a name that nobody knows: then nothing but our definition tells the times.
        let own = file
            .replace(&format!("TZID:{zone}"), "TZID:Doktolib/Own")
            .replace(&format!("TZID={zone}"), "TZID=Doktolib/Own");
        for file in [file.as_str(), own.as_str()] {
            for (parser, understood) in testkit::understood(file) {
                assert_eq!(understood.errors, Vec::<String>::new(), "{parser} on {zone}");
                assert_eq!(understood.events.len(), entries.len(), "{parser} on {zone}");
                for (entry, event) in entries.iter().zip(&understood.events) {
                    let expected = (entry.span.start.to_string(), entry.span.end.to_string());
                    assert_eq!((event.start.clone(), event.end.clone()), expected, "{parser} on {zone}: {file}");
                    assert_eq!((&event.uid, event.sequence), (&format!("{}@doktolib.example", entry.id), 7));
                    assert_eq!(event.summary, entry.summary, "{parser}");
                    let status = if entry.standing == Standing::Cancelled { "CANCELLED" } else { "CONFIRMED" };
                    assert_eq!(event.status, status);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 1500, "{compared}");
}
