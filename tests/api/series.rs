//! Series of visits: a look at the dates, booking what was agreed, and ending early.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{App, PUBLIC_URL, Who, ada, doctor, id, visit_type, with};
use crate::letters::all_to;

const ALICE: &str = "alice.baker@example.com";
const DESK: Who = Who::Staff(1);

/// Four Tuesdays at nine, for patient 1; the clocks change before the second.
fn tuesdays() -> Value {
    json!({"doctor_id": doctor(1), "patient_id": id('b', 1), "starts_at": "2027-03-09T09:00:00-05:00",
           "rrule": "FREQ=WEEKLY;COUNT=4"})
}

const TUESDAYS: [&str; 4] = [
    "2027-03-09T09:00:00-05:00",
    "2027-03-16T09:00:00-04:00",
    "2027-03-23T09:00:00-04:00",
    "2027-03-30T09:00:00-04:00",
];

async fn booked(app: &App, who: Who, body: &Value) -> Value {
    let answer = app.post_as(who, "/api/v1/series", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let location = answer.header("location").unwrap().to_owned();
    let series = answer.json();
    assert_eq!(location, format!("/api/v1/series/{}", series["id"].as_str().unwrap()));
    series
}

fn field<'a>(visits: &'a Value, name: &str) -> Vec<&'a str> {
    visits.as_array().unwrap().iter().map(|visit| visit[name].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn the_dates_are_looked_at_and_what_was_agreed_is_booked() {
    let app = App::start().await;
    app.booked(&ada(1, "2027-03-16T09:00:00-04:00")).await;
    let before = app.tables().await;
    let shown = app.post_as(DESK, "/api/v1/series/preview", &tuesdays()).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    let plan = shown.json();
    assert_eq!(app.tables().await, before, "a look changes nothing");
    assert_eq!((&plan["time_zone"], &plan["all_free"]), (&json!("America/New_York"), &json!(false)));
    let occurrences = plan["occurrences"].as_array().unwrap();
    assert_eq!(field(&plan["occurrences"], "starts_at"), TUESDAYS, "nine stays nine");
    assert_eq!(
        occurrences[0],
        json!({"starts_at": TUESDAYS[0], "ends_at": "2027-03-09T09:30:00-05:00", "free": true,
                                      "reason": null, "alternatives": []})
    );
    assert_eq!((&occurrences[1]["free"], &occurrences[1]["reason"]), (&json!(false), &json!("busy")));
    let alternatives = field(&occurrences[1]["alternatives"], "starts_at");
    assert_eq!(alternatives, ["2027-03-16T09:30:00-04:00", "2027-03-16T10:00:00-04:00", "2027-03-16T10:30:00-04:00"]);

    // Whole it cannot be had, and nothing is booked.
    let refused = app.post_as(DESK, "/api/v1/series", &tuesdays()).await;
    assert_eq!(refused.problem(), (409, "slot-taken".to_owned()));
    assert_eq!(refused.json()["taken"], json!([TUESDAYS[1]]));
    assert_eq!(app.number("SELECT count(*) FROM appointments.series").await, 0);
    assert_eq!(app.tables().await, before);

    let agreed = json!([TUESDAYS[0], alternatives[0], TUESDAYS[3]]);
    let wish = with(&with(&tuesdays(), "occurrences", agreed.clone()), "notes", "Needs the lift");
    let series = booked(&app, DESK, &wish).await;
    assert_eq!(json!(field(&series["visits"], "starts_at")), agreed);
    assert_eq!(series["rrule"], "FREQ=WEEKLY;COUNT=4");
    for (visit, position) in series["visits"].as_array().unwrap().iter().zip(1..) {
        assert_eq!((&visit["series_id"], &visit["series_position"]), (&series["id"], &json!(position)));
        assert_eq!((&visit["status"], &visit["notes"]), (&json!("booked"), &json!("Needs the lift")));
        assert!(visit["manage_url"].is_null(), "a front desk signs in");
    }
    let uri = format!("/api/v1/series/{}", series["id"].as_str().unwrap());
    assert_eq!(app.get_as(DESK, &uri).await.json(), series);
    assert_eq!(app.get_as(Who::Patient(1), &uri).await.json()["visits"][0]["id"], series["visits"][0]["id"]);
    for stranger in [Who::Patient(2), Who::Doctor(2), Who::Staff(2)] {
        assert_eq!(app.get_as(stranger, &uri).await.status, 404, "{stranger:?}");
    }
    let listed = format!("/api/v1/appointments?series_id={}", series["id"].as_str().unwrap());
    assert_eq!(json!(field(&json!(app.get_as(Who::Doctor(1), &listed).await.list()), "starts_at")), agreed);
    assert!(app.get_as(Who::Doctor(2), &listed).await.list().is_empty());
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from=2027-03-30&to=2027-03-30", doctor(1))).await;
    assert!(!slots.text().contains(TUESDAYS[3]) && slots.text().contains("2027-03-30T09:30"), "{}", slots.text());

    for (action, count) in [("series.booked", 1), ("appointment.booked", 4)] {
        let query = format!("SELECT count(*) FROM journal.audit_event WHERE action = '{action}'");
        assert_eq!(app.number(&query).await, count, "{action}");
    }
    app.audited().await;
}

#[actix_web::test]
async fn one_letter_tells_of_all_visits_with_one_file_and_a_link_each() {
    let app = App::start().await;
    let series = booked(&app, Who::Patient(1), &with(&tuesdays(), "patient_id", Value::Null)).await;
    let letters = all_to(&app, ALICE).await;
    let [letter] = &letters[..] else { panic!("{} letters", letters.len()) };
    assert_eq!((letter.template.as_str(), letter.values["doctor"].as_str()), ("series-confirmed", "Amara Okafor"));
    let dates: Vec<&str> = letter.values["dates"].lines().collect();
    assert_eq!(dates.len(), 4);
    assert_eq!(dates[1], "2027-03-16 09:00 (America/New_York)");
    let urls: Vec<&str> = letter.values["urls"].lines().collect();
    let pages: Vec<String> =
        field(&series["visits"], "manage_url").iter().map(|url| url.replace("/api/v1", "")).collect();
    assert_eq!(pages, urls);
    assert_eq!(app.get(urls[2].strip_prefix(PUBLIC_URL).unwrap()).await.status, 200);
    let shown = app.get(&format!("/api/v1{}", urls[2].strip_prefix(PUBLIC_URL).unwrap())).await;
    assert_eq!((shown.status, &shown.json()["id"]), (200, &series["visits"][2]["id"]));
    let file = letter.calendar.as_ref().unwrap();
    assert_eq!(file.method, "PUBLISH");
    let text = file.text.replace("\r\n ", "");
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 4);
    assert!(text.contains("METHOD:PUBLISH") && !text.contains("ATTENDEE"), "{text}");
    for visit in field(&series["visits"], "id") {
        assert!(text.contains(&format!("UID:{visit}@doktolib.example")), "{text}");
    }
    assert!(text.contains("DTSTART;TZID=America/New_York:20270323T090000"), "{text}");
}

#[actix_web::test]
async fn a_series_ends_at_one_of_its_visits() {
    let app = App::start().await;
    let series = booked(&app, DESK, &tuesdays()).await;
    let visits = field(&series["visits"], "id").iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let uri = format!("/api/v1/series/{}/cancel", series["id"].as_str().unwrap());
    // One visit alone goes as any other; one that is moved stays in the series.
    let alone = format!("/api/v1/appointments/{}", visits[3]);
    let moved = json!({"starts_at": "2027-04-06T11:00:00-04:00"});
    let moved = app.post_as(DESK, &format!("{alone}/reschedule"), &moved).await.json();
    assert_eq!((&moved["series_id"], &moved["series_position"]), (&series["id"], &json!(4)));
    let cancel = format!("/api/v1/appointments/{}/cancel", visits[1]);
    assert_eq!(app.post_as(DESK, &cancel, &json!({"reason": "ill"})).await.status, 200);
    let letters = all_to(&app, ALICE).await.len();

    let from = json!({"from": visits[2], "reason": "Better already"});
    let nobody = json!({"from": visits[2]});
    assert_eq!(app.post_as(DESK, &uri, &nobody).await.problem(), (422, "invalid".to_owned()));
    let others = json!({"from": id('a', 12109), "reason": "x"});
    assert_eq!(app.post_as(DESK, &uri, &others).await.json()["errors"][0]["field"], "from");
    assert_eq!(app.post_as(Who::Patient(2), &uri, &from).await.status, 404);
    let once = || TestRequest::post().uri(&uri).set_json(&from).insert_header(("idempotency-key", "end"));
    let ended = app.send_as(DESK, once()).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    assert_eq!(field(&ended.json()["visits"], "status"), ["booked", "cancelled", "cancelled", "cancelled"]);
    let again = app.send_as(DESK, once()).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &ended.body));
    let before = app.tables().await;
    let without_key = app.post_as(Who::Patient(1), &uri, &json!({"from": visits[2]})).await;
    assert_eq!((without_key.status, app.tables().await), (200, before), "nothing is left to call off");

    let letters = all_to(&app, ALICE).await.split_off(letters);
    let [letter] = &letters[..] else { panic!("{} letters", letters.len()) };
    assert_eq!(letter.template, "series-cancelled");
    assert_eq!(letter.values["dates"], "2027-03-23 09:00 (America/New_York)\n2027-04-06 11:00 (America/New_York)");
    let text = &letter.calendar.as_ref().unwrap().text;
    assert_eq!((text.matches("STATUS:CANCELLED").count(), text.matches("BEGIN:VEVENT").count()), (2, 2));
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from=2027-03-23&to=2027-03-23", doctor(1))).await;
    assert!(slots.text().contains(TUESDAYS[2]), "free again");
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event WHERE action = 'series.cut'").await, 1);
    app.audited().await;
}

#[actix_web::test]
async fn a_patient_says_why_inside_the_cutoff_and_what_has_begun_stays() {
    let app = App::start().await;
    app.sql(&format!("UPDATE doctors.doctor SET change_cutoff_hours = 48 WHERE id = '{}'", doctor(1))).await;
    let series = booked(&app, Who::Patient(1), &with(&tuesdays(), "patient_id", Value::Null)).await;
    let visits = field(&series["visits"], "id");
    let uri = format!("/api/v1/series/{}/cancel", series["id"].as_str().unwrap());
    let unexplained = app.post_as(Who::Patient(1), &uri, &json!({"from": visits[0]})).await;
    assert_eq!(unexplained.problem(), (422, "reason-required".to_owned()));
    app.set_clock("2027-03-09T14:05:00Z");
    let ended = app.post_as(Who::Patient(1), &uri, &json!({"from": visits[0]})).await;
    assert_eq!(field(&ended.json()["visits"], "status"), ["booked", "cancelled", "cancelled", "cancelled"]);
}

#[actix_web::test]
async fn each_reason_why_a_date_cannot_be_had_is_told_by_its_word() {
    let app = App::start().await;
    // 31 May is a holiday of the clinic; on Mondays nine o'clock is taken, by patient 1 in the second week.
    let mondays = json!({"doctor_id": doctor(1), "patient_id": id('b', 1), "starts_at": "2027-05-17T09:00:00-04:00",
                         "rrule": "FREQ=WEEKLY;BYDAY=MO,SU;UNTIL=20270531"});
    let shown = app.post_as(DESK, "/api/v1/series/preview", &mondays).await.json();
    let reasons: Vec<&Value> = shown["occurrences"].as_array().unwrap().iter().map(|date| &date["reason"]).collect();
    assert_eq!(json!(reasons), json!([null, "weekly-hours", null, "weekly-hours", "clinic-holiday"]));
    assert_eq!(
        shown["occurrences"][4]["alternatives"][0]["starts_at"], "2027-06-01T09:30:00-04:00",
        "nine was named for the Sunday before"
    );
    let refused = app.post_as(DESK, "/api/v1/series", &mondays).await;
    assert_eq!(refused.problem(), (422, "series-not-offered".to_owned()));
    assert_eq!(
        refused.json()["refused"][2],
        json!({"starts_at": "2027-05-31T09:00:00-04:00", "reason": "clinic-holiday"})
    );
    // Patient 1 is with another doctor.
    let elsewhere = json!({"doctor_id": doctor(2), "starts_at": "2027-03-16T09:00:00-04:00", "patient_id": id('b', 1)});
    let elsewhere = app.post_as(Who::Admin, "/api/v1/appointments", &elsewhere).await;
    assert_eq!(elsewhere.status, 201, "{}", elsewhere.text());
    let shown = app.post_as(DESK, "/api/v1/series/preview", &tuesdays()).await.json();
    assert_eq!(shown["occurrences"][1]["reason"], "patient-busy");
    let refused = app.post_as(DESK, "/api/v1/series", &tuesdays()).await;
    assert_eq!(
        (refused.problem(), &refused.json()["taken"]),
        ((409, "patient-busy".to_owned()), &json!([TUESDAYS[1]]))
    );
}

#[actix_web::test]
async fn a_rule_that_is_not_understood_is_refused_with_the_reason() {
    let app = App::start().await;
    let preview = async |rrule: &str| {
        let answer = app.post_as(DESK, "/api/v1/series/preview", &with(&tuesdays(), "rrule", rrule)).await;
        assert_eq!(answer.problem(), (422, "invalid".to_owned()), "{rrule}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["field"], "rrule");
        error["code"].as_str().unwrap().to_owned()
    };
    for (rrule, code) in [
        ("every Tuesday", "rrule"),
        ("FREQ=YEARLY;COUNT=2", "frequency"),
        ("FREQ=WEEKLY;BYSETPOS=1;COUNT=2", "unsupported"),
        ("FREQ=WEEKLY", "end"),
        ("FREQ=WEEKLY;COUNT=53", "too-many"),
        ("FREQ=MONTHLY;INTERVAL=12;COUNT=8", "too-long"),
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=2", "starts-elsewhere"),
    ] {
        assert_eq!(preview(rrule).await, code, "{rrule}");
    }
    let thirteen = with(&with(&tuesdays(), "rrule", "FREQ=WEEKLY;COUNT=13"), "patient_id", Value::Null);
    let patient = app.post_as(Who::Patient(1), "/api/v1/series", &thirteen).await;
    assert_eq!((patient.status, &patient.json()["errors"][0]["code"]), (422, &json!("too-many")));
    let follow_up = json!(visit_type(1, 2));
    let new_here = with(&with(&tuesdays(), "visit_type_id", follow_up), "patient_id", Value::Null);
    let refused = app.post_as(Who::Patient(5), "/api/v1/series/preview", &new_here).await;
    assert_eq!(refused.problem(), (422, "not-for-new-patients".to_owned()));
}

#[actix_web::test]
async fn a_front_desk_books_beyond_the_horizon_of_patients_and_fifty_two_months() {
    let app = App::start().await;
    app.sql(&format!("UPDATE doctors.doctor SET horizon_days = 14 WHERE id = '{}'", doctor(1))).await;
    let own = with(&tuesdays(), "patient_id", Value::Null);
    let shown = app.post_as(Who::Patient(1), "/api/v1/series/preview", &own).await.json();
    let reasons: Vec<&Value> = shown["occurrences"].as_array().unwrap().iter().map(|date| &date["reason"]).collect();
    assert_eq!(json!(reasons), json!([null, null, "horizon", "horizon"]));
    let monthly = with(&tuesdays(), "rrule", "FREQ=MONTHLY;BYDAY=2TU;COUNT=52");
    let series = booked(&app, DESK, &monthly).await;
    let visits = series["visits"].as_array().unwrap();
    assert_eq!((visits.len(), visits[51]["starts_at"].as_str()), (52, Some("2031-06-10T09:00:00-04:00")));
    assert_eq!(all_to(&app, ALICE).await.len(), 1);
}

#[actix_web::test]
async fn the_same_key_books_one_series_and_a_held_time_becomes_one_of_its_visits() {
    let app = App::start().await;
    let hold = json!({"doctor_id": doctor(1), "starts_at": TUESDAYS[1]});
    assert_eq!(app.post_as(DESK, "/api/v1/holds", &hold).await.status, 201);
    let mine = app.post_as(DESK, "/api/v1/series/preview", &tuesdays()).await.json();
    assert_eq!(mine["all_free"], true, "one's own hold is in nobody's way");
    let theirs = app.post_as(Who::Admin, "/api/v1/series/preview", &tuesdays()).await.json();
    assert_eq!(theirs["occurrences"][1]["reason"], "busy");
    let once =
        || TestRequest::post().uri("/api/v1/series").set_json(tuesdays()).insert_header(("idempotency-key", "k"));
    let first = app.send_as(DESK, once()).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = app.send_as(DESK, once()).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &first.body));
    assert_eq!(app.number("SELECT count(*) FROM appointments.series").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM appointments.hold").await, 0);
    let other = TestRequest::post().uri("/api/v1/series").insert_header(("idempotency-key", "k"));
    let other = app.send_as(DESK, other.set_json(with(&tuesdays(), "notes", "x"))).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
    app.audited().await;
}
