//! Who comes without an appointment, and visits that the team puts outside the doctor's hours.

use serde_json::{Value, json};

use crate::app::{Answer, App, Who, ada, doctor, guest, id, visit_type, with};
use crate::letters::all_to;

const BOOK: &str = "/api/v1/appointments";
/// A Tuesday; doctor 1 works from nine to five with an hour at noon.
const TEN_PAST_TEN: &str = "2027-03-09T10:10:20-05:00";

fn walk_ins(clinic: u32) -> String {
    format!("/api/v1/clinics/{}/walk-ins", id('c', clinic))
}

fn somebody() -> Value {
    json!({"doctor_id": doctor(1), "patient_name": "Wanda Walkin"})
}

async fn taken_in(app: &App, who: Who, body: &Value) -> Answer {
    let answer = app.post_as(who, &walk_ins(1), body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer
}

fn starts(answer: &Answer) -> String {
    answer.json()["starts_at"].as_str().unwrap().to_owned()
}

async fn at(now: &str) -> App {
    let app = App::start().await;
    app.set_clock(now);
    app
}

#[actix_web::test]
async fn who_is_there_is_seen_at_once_waits_in_the_queue_and_needs_to_tell_no_address() {
    let app = at(TEN_PAST_TEN).await;
    let visit = taken_in(&app, Who::Staff(1), &with(&somebody(), "notes", "Cut her hand")).await;
    let body = visit.json();
    assert_eq!(starts(&visit), "2027-03-09T10:10:00-05:00", "on the minute, whatever the grid and the notice say");
    assert_eq!((&body["status"], &body["visit_type_id"]), (&json!("arrived"), &json!(visit_type(1, 1))));
    assert_eq!((&body["patient_email"], &body["notes"]), (&Value::Null, &json!("Cut her hand")));
    assert_eq!((visit.header("etag"), body.get("outside_hours")), (Some("\"v2\""), None));
    let queue = app.get_as(Who::Staff(1), &format!("/api/v1/clinics/{}/queue", id('c', 1))).await.text();
    assert!(queue.contains("Wanda Walkin"), "{queue}");
    // The next one comes after her.
    let next = taken_in(&app, Who::Staff(1), &json!({"doctor_id": doctor(1), "patient_name": "Next One"})).await;
    assert_eq!(starts(&next), "2027-03-09T10:40:00-05:00");
    let steps = app.texts("SELECT action FROM journal.audit_event WHERE at = '2027-03-09T15:10:20Z' AND subject = (SELECT min(id::text)::uuid FROM appointments.appointment WHERE status = 'arrived' AND starts_at = '2027-03-09T15:10:00Z') ORDER BY seq").await;
    assert_eq!(steps, ["appointment.booked", "appointment.arrived"]);
    app.audited().await;
}

#[actix_web::test]
async fn a_known_patient_is_taken_in_by_id_once_under_a_key_and_gets_no_letter() {
    let app = at(TEN_PAST_TEN).await;
    let body = json!({"doctor_id": doctor(1), "patient_id": id('b', 1)});
    let letters = app.number("SELECT count(*) FROM journal.outbox WHERE topic = 'letter'").await;
    let ask = || {
        let request = actix_web::test::TestRequest::post().uri(&walk_ins(1)).set_json(&body);
        app.send_as(Who::Staff(1), request.insert_header(("idempotency-key", "w1")))
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, Some("true")));
    assert_eq!(first.body, again.body);
    assert_eq!(app.number("SELECT count(*) FROM journal.outbox WHERE topic = 'letter'").await, letters);
    let busy = app.post_as(Who::Staff(1), &walk_ins(1), &with(&body, "doctor_id", doctor(2))).await;
    assert_eq!(busy.problem(), (409, "patient-busy".into()), "she is with doctor 1");
}

#[actix_web::test]
async fn a_full_day_says_so_and_with_leave_the_patient_is_seen_after_hours() {
    let app = at("2027-03-09T19:45:00-05:00").await;
    let body = with(&somebody(), "visit_type_id", visit_type(1, 1));
    let full = app.post_as(Who::Staff(1), &walk_ins(1), &body).await;
    assert_eq!(full.problem(), (409, "day-full".into()));
    assert_eq!(full.json()["alternatives"].as_array().unwrap().len(), 3);
    let seen = taken_in(&app, Who::Staff(1), &with(&body, "outside_hours_reason", "Bleeding")).await;
    assert_eq!((starts(&seen).as_str(), &seen.json()["outside_hours"]), ("2027-03-09T19:45:00-05:00", &json!(true)));
    let day = app.get_as(Who::Staff(1), &format!("/api/v1/clinics/{}/day", id('c', 1))).await.text();
    assert!(day.contains("\"outside_hours_reason\":\"Bleeding\""), "{day}");
}

#[actix_web::test]
async fn only_the_desk_of_that_clinic_and_the_doctor_take_somebody_in_and_only_there() {
    let app = at(TEN_PAST_TEN).await;
    for who in [Who::Patient(1), Who::Patient(2)] {
        assert_eq!(app.post_as(who, &walk_ins(1), &somebody()).await.status, 403);
    }
    for who in [Who::Staff(2), Who::Doctor(2)] {
        assert_eq!(app.post_as(who, &walk_ins(1), &somebody()).await.problem().0, 422, "{who:?}");
    }
    let elsewhere = app.post_as(Who::Admin, &walk_ins(2), &somebody()).await;
    assert_eq!(elsewhere.problem().0, 422, "the doctor does not work there");
    taken_in(&app, Who::Doctor(1), &somebody()).await;
    for bad in [json!({"doctor_id": doctor(1)}), with(&somebody(), "patient_id", id('b', 1)), json!({})] {
        assert_eq!(app.post_as(Who::Staff(1), &walk_ins(1), &bad).await.problem().0, 422, "{bad}");
    }
}

#[actix_web::test]
async fn a_front_desk_books_and_moves_outside_the_hours_with_a_reason_that_the_team_alone_reads() {
    let app = App::start().await;
    let evening = "2027-03-09T19:05:00-05:00";
    let body = json!({"doctor_id": doctor(1), "starts_at": evening, "patient_id": id('b', 1)});
    let refused = app.post_as(Who::Staff(1), BOOK, &body).await;
    assert_eq!(refused.problem(), (422, "outside-availability".into()));
    let body = with(&body, "outside_hours_reason", "After her shift, agreed with the doctor");
    let booked = app.post_as(Who::Staff(1), BOOK, &body).await;
    assert_eq!(booked.status, 201, "{}", booked.text());
    assert_eq!((starts(&booked).as_str(), &booked.json()["outside_hours"]), (evening, &json!(true)));
    assert!(!booked.text().contains("shift"));
    assert_eq!(all_to(&app, "alice.baker@example.com").await.len(), 1, "she is told");
    let told = app
        .texts(
            "SELECT data::text FROM journal.audit_event WHERE action = 'appointment.booked' ORDER BY seq DESC LIMIT 1",
        )
        .await;
    assert!(told[0].contains("\"outside_hours\": true") || told[0].contains("\"outside_hours\":true"), "{told:?}");
    assert!(!told[0].contains("shift"));

    // Nobody sits on anybody's lap.
    let other = json!({"doctor_id": doctor(1), "starts_at": "2027-03-09T19:20:00-05:00", "patient_id": id('b', 2),
                       "outside_hours_reason": "Urgent"});
    assert_eq!(app.post_as(Who::Staff(1), BOOK, &other).await.problem(), (409, "slot-taken".into()));

    let visit = format!("{BOOK}/{}", booked.json()["id"].as_str().unwrap());
    let later = json!({"starts_at": "2027-03-09T20:00:00-05:00"});
    let moved = app.post_as(Who::Staff(1), &format!("{visit}/reschedule"), &later).await;
    assert_eq!(moved.problem(), (422, "outside-availability".into()));
    let later = with(&later, "outside_hours_reason", "She is late");
    let moved = app.post_as(Who::Staff(1), &format!("{visit}/reschedule"), &later).await;
    assert_eq!((moved.status, &moved.json()["outside_hours"]), (200, &json!(true)));
    let inside = app
        .post_as(Who::Staff(1), &format!("{visit}/reschedule"), &json!({"starts_at": "2027-03-10T10:30:00-05:00"}))
        .await;
    assert_eq!((inside.status, inside.json().get("outside_hours")), (200, None), "{}", inside.text());
    app.audited().await;
}

#[actix_web::test]
async fn a_reason_is_for_the_team_alone_and_does_not_make_a_time_of_what_is_none() {
    let app = App::start().await;
    let evening = "2027-03-09T19:05:00-05:00";
    let reason = |body: &Value| with(body, "outside_hours_reason", "I cannot come earlier");
    assert_eq!(app.post(BOOK, &reason(&ada(1, evening))).await.problem(), (422, "invalid".into()));
    let own = json!({"doctor_id": doctor(1), "starts_at": evening});
    assert_eq!(app.post_as(Who::Patient(1), BOOK, &reason(&own)).await.problem(), (422, "invalid".into()));
    let booked = app.booked(&guest("Nora Moved", 1, "2027-03-09T09:00:00-05:00")).await;
    let by_link = app.post(&booked.manage("/reschedule"), &reason(&json!({"starts_at": evening}))).await;
    assert_eq!(by_link.problem().0, 422);
    let desk = |body: Value| reason(&with(&body, "patient_id", id('b', 1)));
    for starts_at in ["2027-03-01T10:00:00-05:00", "2029-03-09T10:00:00-05:00", "2027-03-09T19:05:30-05:00"] {
        let refused = app.post_as(Who::Staff(1), BOOK, &desk(with(&own, "starts_at", starts_at))).await;
        assert_eq!(refused.problem().0, 422, "{starts_at}");
    }
    let elsewhere = app.post_as(Who::Staff(1), BOOK, &with(&desk(own.clone()), "clinic_id", id('c', 2))).await;
    assert_eq!(elsewhere.problem().0, 422, "the doctor does not work there");
    let without = with(&with(&own, "patient_id", id('b', 1)), "clinic_id", id('c', 1));
    assert_eq!(app.post_as(Who::Staff(1), BOOK, &without).await.problem().0, 422, "a clinic goes with a reason");
}
