//! Booking a time.

use serde_json::{Value, json};

use crate::app::{App, PUBLIC_URL, Wishes, ada, all, doctor, guest, id, visit_type, with};

const BOOK: &str = "/api/v1/appointments";
const FREE: &str = "2027-03-09T09:00:00-05:00";

/// Books and expects a refusal that leaves every table as it was.
async fn refused(app: &App, body: &Value) -> (u16, String, Value) {
    let before = app.tables().await;
    let answer = app.post(BOOK, body).await;
    let (status, code) = answer.problem();
    assert_eq!(app.tables().await, before, "{code} has left something behind");
    (status, code, answer.json())
}

#[actix_web::test]
async fn a_guest_books_and_gets_address_version_and_link() {
    let app = App::start().await;
    let before = app.tables().await;
    let answer = app.booked(&with(&ada(1, FREE), "notes", "I come by wheelchair.")).await;
    let after = app.tables().await;
    let changed: Vec<&str> = after.iter().filter(|(t, hash)| before[*t] != **hash).map(|(t, _)| t.as_str()).collect();
    assert_eq!(
        changed,
        [
            "appointments.appointment",
            "appointments.patient",
            "journal.audit_event",
            "journal.audit_head",
            "journal.outbox"
        ]
    );
    let body = answer.json();
    let id = body["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("{BOOK}/{id}").as_str()));
    assert_eq!(answer.header("etag"), Some("\"v1\""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("idempotent-replayed"), None);
    assert!(body["manage_url"].as_str().unwrap().starts_with(&format!("{PUBLIC_URL}{BOOK}/{id}?token=")));
    assert_eq!(
        (&body["starts_at"], &body["ends_at"], &body["duration_minutes"], &body["status"]),
        (&json!(FREE), &json!("2027-03-09T09:30:00-05:00"), &json!(30), &json!("booked"))
    );
    assert_eq!(
        (&body["visit_type_id"], &body["clinic_id"]),
        (&json!(visit_type(1, 1)), &json!(crate::app::id('c', 1)))
    );
    assert_eq!(app.get(&answer.manage("")).await.json(), body, "what was booked is what is read");
}

#[actix_web::test]
async fn any_offset_names_the_same_instant_and_answers_carry_the_clinics() {
    let app = App::start().await;
    for (number, starts_at) in
        [(1, "2027-03-09T14:00:00Z"), (2, "2027-03-09T15:00:00+01:00"), (3, "2027-03-09T19:45:00+05:45")]
    {
        let body = app.booked(&guest(&format!("Guest {number}"), number, starts_at)).await.json();
        assert_eq!((&body["starts_at"], &body["created_at"]), (&json!(FREE), &json!("2027-03-08T00:00:00-05:00")));
    }
}

#[actix_web::test]
async fn date_time_and_duration_pick_time_and_visit_type() {
    let app = App::start().await;
    let plain = with(&ada(1, FREE), "starts_at", Value::Null);
    let local = with(&with(&plain, "date_time", "2027-03-09T10:00:00"), "duration_minutes", 30);
    let body = app.booked(&local).await.json();
    assert_eq!(
        (&body["starts_at"], &body["visit_type_id"]),
        (&json!("2027-03-09T10:00:00-05:00"), &json!(visit_type(1, 1)))
    );
    let instant = with(&plain, "date_time", "2027-03-09T16:00:00Z");
    assert_eq!(app.booked(&instant).await.json()["starts_at"], "2027-03-09T11:00:00-05:00");
    // Fifteen minutes is the follow-up, for patients the doctor knows: Ada has booked by now.
    let short = with(&with(&plain, "date_time", "2027-03-09T13:15:00"), "duration_minutes", 15);
    assert_eq!(app.booked(&short).await.json()["visit_type_id"], visit_type(1, 2));

    let odd = refused(&app, &with(&local, "duration_minutes", 45)).await;
    assert_eq!((odd.0, &odd.2["errors"][0]["field"]), (422, &json!("duration_minutes")));
    let clash = refused(&app, &with(&with(&local, "visit_type_id", visit_type(1, 1)), "duration_minutes", 15)).await;
    assert_eq!((clash.0, &clash.2["errors"][0]["field"]), (422, &json!("duration_minutes")));
    let both = app.post(BOOK, &with(&ada(1, FREE), "date_time", FREE)).await;
    assert_eq!(both.bad_fields(), ["date_time:either-or"]);
    assert_eq!(app.post(BOOK, &plain).await.bad_fields(), ["starts_at:required"]);
}

#[actix_web::test]
async fn whoever_comes_second_hears_of_three_free_times() {
    let app = App::start().await;
    let body = ada(1, "2027-03-08T09:30:00-05:00");
    app.booked(&body).await;
    let (status, code, problem) = refused(&app, &guest("Bob Example", 1, "2027-03-08T09:30:00-05:00")).await;
    assert_eq!((status, code.as_str()), (409, "slot-taken"));
    let alternatives = problem["alternatives"].as_array().unwrap();
    assert_eq!(
        all(alternatives, "starts_at"),
        ["2027-03-08T10:30:00-05:00", "2027-03-08T11:30:00-05:00", "2027-03-08T13:30:00-05:00"]
    );
    assert_eq!(alternatives[0]["visit_type_id"], visit_type(1, 1));
    for (name, free) in ["Bob", "Carol", "Dan"].iter().zip(alternatives) {
        app.booked(&guest(&format!("{name} Example"), 1, free["starts_at"].as_str().unwrap())).await;
    }
    assert_eq!(refused(&app, &body).await.1, "slot-taken", "also for the one who has it");
}

#[actix_web::test]
async fn a_buffer_takes_time_as_well() {
    let app = App::start().await;
    let video = |name, starts_at| with(&guest(name, 1, starts_at), "visit_type_id", visit_type(1, 3));
    app.booked(&video("Ada Example", "2027-03-09T09:00:00-05:00")).await;
    let next = refused(&app, &guest("Bob Example", 1, "2027-03-09T09:30:00-05:00")).await;
    assert_eq!(next.1, "slot-taken", "blocked until 9:35");
    app.booked(&guest("Bob Example", 1, "2027-03-09T10:00:00-05:00")).await;
    assert_eq!(refused(&app, &video("Carol Example", "2027-03-09T09:30:00-05:00")).await.1, "slot-taken");
}

#[actix_web::test]
async fn times_that_no_rule_offers_are_refused_with_the_rule() {
    let app = App::start().await;
    app.sql(&format!(
        "INSERT INTO doctors.override_day VALUES ('{0}', '2027-03-16', '[]'),
            ('{0}', '2027-03-17', '[{{\"clinic_id\": \"{2}\", \"from_minute\": 600, \"to_minute\": 660}}]');
         INSERT INTO doctors.time_off VALUES (gen_random_uuid(), '{0}', '2027-03-18T14:10:00Z', '2027-03-18T14:20:00Z');
         UPDATE doctors.weekly_hours SET visit_type_ids = ARRAY['{1}']::uuid[] WHERE doctor_id = '{0}' AND weekday = 5;",
        doctor(1),
        visit_type(1, 3),
        id('c', 1),
    ))
    .await;
    for (starts_at, rule) in [
        ("2027-03-09T08:30:00-05:00", "weekly-hours"),
        ("2027-03-09T12:00:00-05:00", "weekly-hours"),
        ("2027-03-09T11:45:00-05:00", "weekly-hours"),
        ("2027-03-14T09:00:00-04:00", "weekly-hours"),
        ("2027-03-09T09:10:00-05:00", "grid"),
        ("2027-03-09T09:00:00.000001-05:00", "grid"),
        ("2027-05-31T09:00:00-04:00", "clinic-holiday"),
        ("2027-03-16T09:00:00-04:00", "override"),
        ("2027-03-17T09:00:00-04:00", "override"),
        ("2027-03-18T10:00:00-04:00", "time-off"),
        ("2027-03-19T10:00:00-04:00", "visit-type"),
    ] {
        let (status, code, problem) = refused(&app, &ada(1, starts_at)).await;
        assert_eq!(
            (status, code.as_str(), &problem["rule"]),
            (422, "outside-availability", &json!(rule)),
            "{starts_at}"
        );
        assert_eq!(problem["errors"][0]["field"], "starts_at");
    }
}

#[actix_web::test]
async fn the_past_the_notice_and_the_horizon_are_refused_by_name() {
    let app = App::start().await;
    app.set_clock("2027-03-09T14:10:00Z");
    app.sql("UPDATE doctors.doctor SET horizon_days = 30").await;
    for (starts_at, expected, member) in [
        ("2027-03-09T09:00:00-05:00", "in-the-past", None),
        ("1970-01-01T00:00:00Z", "in-the-past", None),
        ("2027-03-09T09:30:00-05:00", "too-soon", Some(("minimum_notice_minutes", 60))),
        ("2027-04-09T09:00:00-04:00", "too-far-ahead", Some(("horizon_days", 30))),
        ("9999-12-30T21:00:00Z", "too-far-ahead", Some(("horizon_days", 30))),
    ] {
        let (status, code, problem) = refused(&app, &ada(1, starts_at)).await;
        assert_eq!((status, code.as_str()), (422, expected), "{starts_at}");
        assert_eq!(problem["errors"][0]["field"], "starts_at");
        if let Some((name, value)) = member {
            assert_eq!(problem[name], value);
        }
    }
    app.booked(&ada(1, "2027-03-09T10:30:00-05:00")).await;
    app.booked(&ada(1, "2027-04-08T09:00:00-04:00")).await;
}

#[actix_web::test]
async fn wall_clock_times_that_never_come_or_come_twice_are_refused() {
    let app = App::start().await;
    let plain = with(&ada(1, FREE), "starts_at", Value::Null);
    for (reading, expected, why) in [
        ("2027-03-14T02:30:00", "nonexistent-local-time", "nonexistent"),
        ("2027-03-14T02:00:00", "nonexistent-local-time", "nonexistent"),
        ("2027-11-07T01:30:00", "ambiguous-local-time", "ambiguous"),
    ] {
        let (status, code, problem) = refused(&app, &with(&plain, "date_time", reading)).await;
        assert_eq!((status, code.as_str()), (422, expected), "{reading}");
        assert_eq!(
            problem["errors"],
            json!([{"field": "date_time", "code": why, "message": problem["errors"][0]["message"]}])
        );
    }
    // With an offset there is nothing to doubt; the doctor is at home then.
    let (_, code, _) = refused(&app, &with(&plain, "date_time", "2027-11-07T01:30:00-04:00")).await;
    assert_eq!(code, "outside-availability");
    // `starts_at` always has an offset, and no zone's name stands where it might contradict the rest.
    for bad in ["2027-03-09T09:00:00", "2027-03-09", "2027-03-09T09:00:00-05:00[Europe/Paris]", "1804600800", ""] {
        assert_eq!(app.post(BOOK, &ada(1, bad)).await.bad_fields(), ["starts_at:type"], "{bad}");
    }
    for bad in ["2027-03-09", "2027-03-09T09:00:00[Europe/Paris]", "2027-03-09T09:00:00-05:00[Europe/Paris]", "09:00"] {
        assert_eq!(app.post(BOOK, &with(&plain, "date_time", bad)).await.bad_fields(), ["date_time:type"], "{bad}");
    }
}

#[actix_web::test]
async fn who_is_unknown_is_told_on_its_field() {
    let app = App::start().await;
    app.sql(&format!(
        "UPDATE doctors.doctor SET active = false WHERE id = '{}';
         UPDATE doctors.visit_type SET active = false WHERE id = '{}'",
        doctor(2),
        visit_type(1, 3)
    ))
    .await;
    for (field, value, told) in [
        ("doctor_id", doctor(9), "doctor_id:unknown"),
        ("doctor_id", doctor(2), "doctor_id:unknown"),
        ("visit_type_id", visit_type(3, 1), "visit_type_id:unknown"),
        ("visit_type_id", visit_type(1, 3), "visit_type_id:unknown"),
        ("visit_type_id", id('e', 99), "visit_type_id:unknown"),
    ] {
        let answer = app.post(BOOK, &with(&ada(1, FREE), field, value)).await;
        assert_eq!(answer.bad_fields(), [told]);
    }
}

#[actix_web::test]
async fn a_patient_is_at_one_place_at_a_time() {
    let app = App::start().await;
    app.booked(&ada(1, FREE)).await;
    let (status, code, _) = refused(&app, &ada(2, FREE)).await;
    assert_eq!((status, code.as_str()), (409, "patient-busy"));
    // The same person however the name is spaced or cased; another one under the same address is free.
    let shouted =
        with(&with(&ada(2, FREE), "patient_name", " ADA   example "), "patient_email", "Ada.Example@EXAMPLE.org");
    assert_eq!(refused(&app, &shouted).await.1, "patient-busy");
    app.booked(&with(&ada(2, FREE), "patient_name", "Child Example")).await;
    app.booked(&ada(2, "2027-03-09T09:30:00-05:00")).await;
}

#[actix_web::test]
async fn visit_types_for_known_patients_are_closed_to_strangers() {
    let app = App::start().await;
    let follow_up = |body: Value| with(&body, "visit_type_id", visit_type(1, 2));
    let (status, code, problem) = refused(&app, &follow_up(ada(1, FREE))).await;
    assert_eq!((status, code.as_str()), (422, "not-for-new-patients"));
    assert_eq!(problem["errors"][0]["field"], "visit_type_id");
    let alice = json!({"patient_name": "Alice Baker", "patient_email": "alice.baker@example.com"});
    let mut known = follow_up(ada(1, FREE));
    known.as_object_mut().unwrap().extend(alice.as_object().unwrap().clone());
    let booked = app.booked(&known).await.json();
    assert_eq!((&booked["patient_id"], &booked["duration_minutes"]), (&json!(id('b', 1)), &json!(15)));
    // Known to one doctor is not known to all.
    let elsewhere = with(&with(&known, "doctor_id", doctor(2)), "visit_type_id", visit_type(2, 2));
    assert_eq!(
        refused(&app, &with(&elsewhere, "starts_at", "2027-03-09T11:00:00-05:00")).await.1,
        "not-for-new-patients"
    );
}

#[actix_web::test]
async fn guests_do_not_book_where_that_is_switched_off() {
    let app = App::with(Wishes { guests: appointments::application::GuestBooking::Off, ..Wishes::default() }).await;
    let (status, code, _) = refused(&app, &ada(1, FREE)).await;
    assert_eq!((status, code.as_str()), (403, "guest-booking-off"));
}

#[actix_web::test]
async fn a_booking_moves_the_first_free_time_at_once_and_a_cancellation_gives_it_back() {
    let app = App::start().await;
    let first = async || app.get(&format!("/api/v1/doctors/{}", doctor(1))).await.json()["next_available_at"].clone();
    assert_eq!(first().await, "2027-03-08T09:30:00-05:00");
    let booked = app.booked(&ada(1, "2027-03-08T09:30:00-05:00")).await;
    assert_eq!(first().await, "2027-03-08T10:30:00-05:00");
    app.booked(&guest("Bob Example", 1, FREE)).await;
    assert_eq!(first().await, "2027-03-08T10:30:00-05:00", "a later visit moves nothing");
    let moved = json!({"starts_at": "2027-03-08T10:30:00-05:00"});
    assert_eq!(app.post(&booked.manage("/reschedule"), &moved).await.status, 200);
    assert_eq!(first().await, "2027-03-08T09:30:00-05:00");
    let other = app.booked(&guest("Carol Example", 1, "2027-03-08T09:30:00-05:00")).await;
    assert_eq!(first().await, "2027-03-08T11:30:00-05:00");
    assert_eq!(app.post(&other.manage("/cancel"), &json!({})).await.status, 200);
    assert_eq!(first().await, "2027-03-08T09:30:00-05:00");
}

#[actix_web::test]
async fn every_change_leaves_one_audit_event_and_one_message_without_personal_data() {
    let app = App::start().await;
    let body = with(&ada(1, FREE), "notes", "private remark");
    let booked = app.post_with(BOOK, &body, ("x-request-id", "req-1")).await;
    app.post(&booked.manage("/reschedule"), &json!({"starts_at": "2027-03-09T10:00:00-05:00"})).await;
    app.post(&booked.manage("/cancel"), &json!({"reason": "private reason"})).await;
    let id = booked.json()["id"].as_str().unwrap().to_owned();
    let ours = format!("FROM journal.audit_event WHERE subject = '{id}'");
    assert_eq!(
        app.texts(&format!("SELECT action || ' ' || actor_kind {ours} ORDER BY seq")).await,
        ["appointment.booked guest", "appointment.rescheduled link_holder", "appointment.cancelled link_holder"]
    );
    assert_eq!(app.texts(&format!("SELECT request_id {ours} AND seq = 1")).await, ["req-1"]);
    let topics = format!("SELECT topic FROM journal.outbox WHERE subject = '{id}' AND topic <> 'mail' ORDER BY id");
    assert_eq!(app.texts(&topics).await, ["appointment.booked", "appointment.rescheduled", "appointment.cancelled"]);
    assert_eq!(app.audited().await, 4, "three, and the opening of the clinic's chain");
    let everything =
        app.texts("SELECT e::text FROM journal.audit_event e UNION ALL SELECT o::text FROM journal.outbox o").await;
    for private in ["Ada", "example", "private", "remark", "reason", "token"] {
        let found = everything.iter().find(|row| row.contains(private));
        assert_eq!(found, None, "{private}");
    }
}
