//! Records of patients: who reads them, and how a doctor without a care link does in an emergency.

use actix_web::test::TestRequest;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{App, Who, id, keys};

const WHY: &str = "Unconscious on arrival, no papers";

fn record(patient: u32) -> String {
    format!("/api/v1/patients/{}", id('b', patient))
}

fn emergency(patient: u32) -> String {
    format!("{}/emergency-access", record(patient))
}

async fn opened(app: &App, doctor: u32, patient: u32) -> crate::app::Answer {
    app.post_as(Who::Doctor(doctor), &emergency(patient), &json!({"reason": WHY})).await
}

#[actix_web::test]
async fn a_record_is_shown_as_far_as_the_callers_tie_reaches() {
    let app = App::start().await;
    for (who, relation, visits) in
        [(Who::Patient(1), "self", 8), (Who::Doctor(1), "care_link", 8), (Who::Staff(1), "clinic", 8)]
    {
        let shown = app.get_as(who, &record(1)).await;
        assert_eq!((shown.status, shown.header("etag")), (200, Some("\"v1\"")), "{who:?}: {}", shown.text());
        let body = shown.json();
        assert_eq!((&body["name"], &body["email"]), (&json!("Alice Baker"), &json!("alice.baker@example.com")));
        assert_eq!((&body["relation"], &body["visits"]), (&json!(relation), &json!(visits)), "{who:?}");
        assert!(body["first_visit_at"].as_str() < body["last_visit_at"].as_str(), "{body}");
        assert!(body["last_visit_at"].as_str() < body["next_visit_at"].as_str(), "{body}");
    }
    assert_eq!(app.get_as(Who::Patient(3), &record(4)).await.json()["relation"], "child");
    for (who, status) in
        [(Who::Patient(2), 404), (Who::Doctor(2), 404), (Who::Doctor(4), 404), (Who::Staff(2), 404), (Who::Admin, 403)]
    {
        assert_eq!(app.get_as(who, &record(1)).await.status, status, "{who:?}");
    }
    let log = app.get_as(Who::Patient(1), "/api/v1/me/access-log").await.list();
    let told: Vec<Value> = log.iter().map(|one| json!([one["role"], one["what"], one["emergency"]])).collect();
    assert_eq!(told.len(), 2, "the doctor's and the front desk's reading, not one's own");
    assert!(told.contains(&json!(["doctor", "record", false])) && told.contains(&json!(["staff", "record", false])));
}

#[actix_web::test]
async fn a_care_link_ends_when_all_visits_are_called_off() {
    let app = App::start().await;
    app.sql(&format!("UPDATE appointments.appointment SET status = 'cancelled' WHERE patient_id = '{}'", id('b', 1)))
        .await;
    assert_eq!(app.get_as(Who::Doctor(1), &record(1)).await.status, 404);
    assert_eq!(app.get_as(Who::Staff(1), &record(1)).await.json()["visits"], 0);
}

#[actix_web::test]
async fn emergency_access_opens_record_and_visits_for_an_hour_for_reading_alone() {
    let app = App::start().await;
    let (doctor, visit) = (Who::Doctor(4), format!("/api/v1/appointments/{}", id('a', 12109)));
    let list = format!("/api/v1/appointments?patient_id={}", id('b', 1));
    assert_eq!(app.get_as(doctor, &visit).await.status, 404);
    assert!(app.get_as(doctor, &list).await.list().is_empty());

    let open = opened(&app, 4, 1).await;
    assert_eq!((open.status, open.header("location")), (201, Some(record(1).as_str())), "{}", open.text());
    assert_eq!(open.json()["ends_at"], "2027-03-08T06:00:00+00:00");
    let shown = app.get_as(doctor, &record(1)).await.json();
    assert_eq!((&shown["relation"], &shown["visits"]), (&json!("emergency"), &json!(8)));
    assert_eq!(app.get_as(doctor, &visit).await.status, 200);
    assert_eq!(app.get_as(doctor, &format!("{visit}/history")).await.status, 200);
    assert_eq!(app.get_as(doctor, &list).await.list().len(), 12);
    // Nothing else, and nobody else.
    assert_eq!(app.get_as(doctor, &record(2)).await.status, 404);
    assert_eq!(app.get_as(Who::Doctor(5), &record(1)).await.status, 404);
    assert_eq!(app.post_as(doctor, &format!("{visit}/cancel"), &json!({"reason": "x"})).await.status, 404);
    assert_eq!(app.post_as(doctor, &format!("{visit}/arrive"), &json!({})).await.status, 404);
    let booking = json!({"doctor_id": id('d', 4), "starts_at": "2027-03-09T09:00:00-08:00", "patient_id": id('b', 1)});
    assert_eq!(app.post_as(doctor, "/api/v1/appointments", &booking).await.bad_fields(), ["patient_id:unknown"]);

    let log = app.get_as(Who::Patient(1), "/api/v1/me/access-log").await.list();
    assert!(log.len() >= 3 && log.iter().all(|one| one["emergency"] == true && one["who"] == "Wei Zhang"), "{log:?}");

    app.clock.advance(SignedDuration::from_secs(3599));
    assert_eq!(app.get_as(doctor, &record(1)).await.status, 200);
    app.clock.advance(SignedDuration::from_secs(1));
    for uri in [&record(1), &visit] {
        assert_eq!(app.get_as(doctor, uri).await.status, 404, "{uri}");
    }
    assert!(app.get_as(doctor, &list).await.list().is_empty());
    // It can be opened anew.
    assert_eq!(opened(&app, 4, 1).await.status, 201);
}

#[actix_web::test]
async fn opening_is_told_once_to_the_clinics_front_desk_and_to_the_audit_trail_without_the_reason() {
    let app = App::start().await;
    let first = opened(&app, 4, 1).await;
    let again = opened(&app, 4, 1).await;
    assert_eq!((again.status, &again.json()), (200, &first.json()), "it is neither opened twice nor made longer");
    assert_eq!(app.number("SELECT count(*) FROM appointments.emergency_access").await, 1);
    let query = "SELECT data::text FROM journal.audit_event WHERE action = 'patient.emergency_opened'";
    let events = app.texts(query).await;
    assert!(events.len() == 1 && !events[0].contains("Unconscious"), "{events:?}");
    let client = app.client().await;
    let sealed = client.query("SELECT id, sealed FROM journal.outbox WHERE topic = 'mail'", &[]).await.unwrap();
    let letters: Vec<platform::letters::Letter> = sealed
        .iter()
        .map(|row| platform::letters::Letter::open(&keys(), row.get(0), &row.get::<_, Vec<u8>>(1)).unwrap())
        .collect();
    assert_eq!(letters.len(), 1, "the front desk of the patient's clinic, and nobody of the doctor's");
    assert_eq!((letters[0].template.as_str(), letters[0].to.as_str()), ("emergency-access", "nora.blake@example.com"));
    assert_eq!(letters[0].values["until"], "2027-03-08 01:00 (America/New_York)");
    let told = format!("{:?}", letters[0].values);
    assert!(told.contains("Wei Zhang") && !told.contains("Alice") && !told.contains("Unconscious"), "{told}");
    app.audited().await;
}

#[actix_web::test]
async fn a_doctor_ends_it_early_and_a_repeated_request_opens_it_once() {
    let app = App::start().await;
    let request = || {
        let request = TestRequest::post().uri(&emergency(1)).set_json(json!({"reason": WHY}));
        request.insert_header(("idempotency-key", "in-a-hurry"))
    };
    let first = app.send_as(Who::Doctor(4), request()).await;
    let end = || app.send_as(Who::Doctor(4), TestRequest::delete().uri(&emergency(1)));
    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(end().await.status, 204);
    assert_eq!(end().await.status, 204, "once more changes nothing");
    assert_eq!(app.get_as(Who::Doctor(4), &record(1)).await.status, 404);
    let again = app.send_as(Who::Doctor(4), request()).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &first.body));
    assert_eq!(app.get_as(Who::Doctor(4), &record(1)).await.status, 404, "an old answer opens nothing");
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event WHERE action LIKE 'patient.emergency%'").await, 2);
    let other = app.send_as(Who::Doctor(5), TestRequest::delete().uri(&emergency(1))).await;
    assert_eq!(other.status, 404, "who never opened it");
}

#[actix_web::test]
async fn a_doctor_with_a_care_link_needs_none_and_a_reason_says_something() {
    let app = App::start().await;
    let before = app.tables().await;
    assert_eq!(opened(&app, 1, 1).await.problem(), (409, "care-link".to_owned()));
    assert_eq!(opened(&app, 1, 99).await.problem(), (404, "not-found".to_owned()));
    let doctor = Who::Doctor(4);
    for (body, fields) in [
        (json!({}), ["reason:required"]),
        (json!({"reason": "urgent"}), ["reason:length"]),
        (json!({"reason": "          "}), ["reason:length"]),
        (json!({"reason": "x".repeat(501)}), ["reason:length"]),
    ] {
        assert_eq!(app.post_as(doctor, &emergency(1), &body).await.bad_fields(), fields, "{body}");
    }
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn the_copy_of_all_that_is_stored_holds_the_reason_and_an_erasure_takes_it_away() {
    let app = App::start().await;
    assert_eq!(opened(&app, 4, 1).await.status, 201);
    let sealed = crate::at_rest::stored(&app).await;
    assert_eq!(crate::at_rest::in_the_clear(&sealed, &["Unconscious"]), [""; 0]);
    let user = kernel::UserId::from_uuid(Who::Patient(1).user().parse().unwrap());
    let copy = app.application.visit_records.of(user).await.unwrap();
    assert_eq!(copy.emergencies.len(), 1);
    assert_eq!(copy.emergencies[0]["reason"], WHY);
    app.sql("UPDATE appointments.appointment SET status = 'cancelled' WHERE status = 'booked'").await;
    app.application.visit_records.erase(user, kernel::Clock::now(&*app.clock)).await.unwrap().unwrap();
    assert_eq!(app.number("SELECT count(*) FROM appointments.emergency_access").await, 0);
    assert_eq!(app.get_as(Who::Doctor(4), &record(1)).await.status, 404);
}
