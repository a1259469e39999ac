//! The waitlist: getting in line, being offered a freed time by mail, and answering.

use actix_web::test::TestRequest;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{App, PUBLIC_URL, Who, doctor, id, visit_type, with};
use crate::letters::{all_to, last_to};

const ALICE: &str = "alice.baker@example.com";

/// Friday from nine to half past nine, which somebody has.
fn friday() -> Value {
    json!({"doctor_id": doctor(1), "from_date": "2027-03-12", "to_date": "2027-03-12", "from_time": "09:00", "to_time": "09:30"})
}

async fn joined(app: &App, who: Who, body: &Value) -> Value {
    let answer = app.post_as(who, "/api/v1/waitlist", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// Nine in the morning in New York; nobody but who has the wanted time is busy.
async fn morning() -> App {
    let app = App::start().await;
    app.set_clock("2027-03-08T14:00:00Z");
    let but = id('a', 12509);
    app.sql(&format!(
        "UPDATE appointments.appointment SET status = 'cancelled' WHERE id <> '{but}' AND status = 'booked'"
    ))
    .await;
    app
}

async fn free_up(app: &App) {
    let cancel = format!("/api/v1/appointments/{}/cancel", id('a', 12509));
    assert_eq!(app.post_as(Who::Doctor(1), &cancel, &json!({"reason": "ill"})).await.status, 200);
}

async fn offer_of(app: &App, who: Who) -> Value {
    app.get_as(who, "/api/v1/waitlist").await.list()[0]["offer"].clone()
}

#[actix_web::test]
async fn a_freed_time_is_offered_to_who_came_first_and_after_a_refusal_to_the_next() {
    let app = morning().await;
    let entry = joined(&app, Who::Patient(1), &friday()).await;
    assert_eq!((&entry["state"], &entry["weekdays"][6]), (&json!("waiting"), &json!("sunday")));
    app.clock.advance(SignedDuration::from_secs(1));
    joined(&app, Who::Patient(2), &friday()).await;
    app.application.line.run().await.unwrap();
    assert!(all_to(&app, ALICE).await.is_empty(), "nothing is free yet");

    free_up(&app).await;
    app.application.line.run().await.unwrap();
    let letter = last_to(&app, ALICE).await;
    assert_eq!((letter.template.as_str(), letter.values["doctor"].as_str()), ("waitlist-offer", "Amara Okafor"));
    assert_eq!(letter.values["when"], "2027-03-12 09:00 (America/New_York)");
    assert_eq!(letter.values["until"], "2027-03-08 11:00 (America/New_York)");
    let url = letter.values["url"].strip_prefix(PUBLIC_URL).unwrap().to_owned();
    let step = |step: &str| url.replacen('?', &format!("/{step}?"), 1);
    let shown = app.get(&url).await;
    assert_eq!(
        (shown.status, &shown.json()["outcome"], &shown.json()["starts_at"]),
        (200, &json!("open"), &json!("2027-03-12T09:00:00-05:00"))
    );
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from=2027-03-12&to=2027-03-12", doctor(1))).await;
    assert!(!slots.text().contains("2027-03-12T09:00:00"), "it is kept, and not shown to others: {}", slots.text());
    // It is Alice's alone.
    let plain = url.split('?').next().unwrap();
    assert_eq!(app.get_as(Who::Patient(2), plain).await.status, 404);
    assert_eq!(app.get(&format!("{plain}?token=wrong")).await.status, 404);
    assert!(offer_of(&app, Who::Patient(2)).await.is_null());

    assert_eq!(app.post(&step("refuse"), &json!({})).await.status, 204);
    assert_eq!(app.post(&step("refuse"), &json!({})).await.status, 204, "once more changes nothing");
    assert_eq!(app.post(&step("accept"), &json!({})).await.problem(), (409, "offer-over".to_owned()));
    app.application.line.run().await.unwrap();
    assert_eq!(all_to(&app, ALICE).await.len(), 1, "the same time is not offered twice");
    let offer = offer_of(&app, Who::Patient(2)).await;
    let accept = format!("/api/v1/waitlist/offers/{}/accept", offer["id"].as_str().unwrap());
    let once = || TestRequest::post().uri(&accept).set_json(json!({})).insert_header(("idempotency-key", "yes"));
    let booked = app.send_as(Who::Patient(2), once()).await;
    assert_eq!((booked.status, &booked.json()["id"], &booked.json()["status"]), (201, &offer["id"], &json!("booked")));
    let again = app.send_as(Who::Patient(2), once()).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &booked.body));
    assert_eq!(app.post_as(Who::Patient(2), &accept, &json!({})).await.problem(), (409, "offer-over".to_owned()));

    for (who, states) in [
        (Who::Doctor(1), json!(["waiting", "served"])),
        (Who::Staff(1), json!(["waiting", "served"])),
        (Who::Staff(2), json!([])),
        (Who::Patient(1), json!(["waiting"])),
        (Who::Patient(2), json!(["served"])),
        (Who::Patient(3), json!([])),
    ] {
        let list = app.get_as(who, "/api/v1/waitlist").await.list();
        let found: Vec<&Value> = list.iter().map(|entry| &entry["state"]).collect();
        assert_eq!(json!(found), states, "{who:?}");
    }
    let events = "SELECT action FROM journal.audit_event WHERE action LIKE 'waitlist.%' ORDER BY at, action";
    let mut told = app.texts(events).await;
    told.sort();
    let expected =
        ["accepted", "joined", "joined", "offered", "offered", "refused"].map(|what| format!("waitlist.{what}"));
    assert_eq!(told, expected);
    app.audited().await;
}

#[actix_web::test]
async fn silence_passes_a_time_on_and_who_leaves_is_asked_no_more() {
    let app = morning().await;
    let first = joined(&app, Who::Patient(1), &friday()).await;
    let place = json!({"specialty": "cardiology", "city": "new-york", "from_date": "2027-03-12", "to_date": "2027-03-12", "from_time": "09:00", "to_time": "09:30"});
    joined(&app, Who::Patient(2), &place).await;
    free_up(&app).await;
    app.application.line.run().await.unwrap();
    let offer = offer_of(&app, Who::Patient(1)).await;
    app.clock.advance(SignedDuration::from_mins(120));
    let accept = format!("/api/v1/waitlist/offers/{}/accept", offer["id"].as_str().unwrap());
    assert_eq!(app.post_as(Who::Patient(1), &accept, &json!({})).await.problem(), (409, "offer-over".to_owned()));
    app.application.line.run().await.unwrap();
    assert_eq!(offer_of(&app, Who::Patient(2)).await["starts_at"], "2027-03-12T09:00:00-05:00");
    assert!(offer_of(&app, Who::Patient(1)).await.is_null());

    let leave = |who: Who, entry: &Value| {
        let uri = format!("/api/v1/waitlist/{}", entry["id"].as_str().unwrap());
        (who, uri)
    };
    let (who, uri) = leave(Who::Patient(2), &first);
    assert_eq!(app.send_as(who, TestRequest::delete().uri(&uri)).await.status, 404, "somebody else's");
    for _ in 0..2 {
        assert_eq!(app.send_as(Who::Patient(1), TestRequest::delete().uri(&uri)).await.status, 204);
    }
    assert_eq!(app.get_as(Who::Patient(1), "/api/v1/waitlist").await.list()[0]["state"], "left");
}

#[actix_web::test]
async fn what_nobody_can_wait_for_is_refused_by_field() {
    let app = morning().await;
    let before = app.number("SELECT count(*) FROM appointments.waitlist_entry").await;
    let place =
        json!({"specialty": "cardiology", "city": "new-york", "from_date": "2027-03-12", "to_date": "2027-03-12"});
    for (body, field) in [
        (json!({}), "doctor_id:required"),
        (with(&friday(), "specialty", "cardiology"), "specialty:either-or"),
        (with(&place, "city", Value::Null), "city:required"),
        (with(&place, "city", "nowhere"), "specialty:unknown"),
        (with(&place, "visit_type_id", visit_type(1, 1)), "visit_type_id:either-or"),
        (with(&friday(), "doctor_id", id('d', 99)), "doctor_id:unknown"),
        (with(&friday(), "visit_type_id", visit_type(2, 1)), "visit_type_id:unknown"),
        (with(&friday(), "patient_id", id('b', 2)), "patient_id:unknown"),
        (with(&friday(), "to_date", "2027-03-11"), "to_date:before-start"),
        (with(&friday(), "to_date", "2027-10-01"), "to_date:too-long"),
        (with(&with(&friday(), "from_date", "2027-03-01"), "to_date", "2027-03-06"), "to_date:passed"),
        (with(&friday(), "weekdays", json!(["monday"])), "weekdays:no-day"),
        (with(&friday(), "to_time", "09:00"), "to_time:no-time"),
    ] {
        let answer = app.post_as(Who::Patient(1), "/api/v1/waitlist", &body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text());
        if field != "doctor_id:required" {
            assert_eq!(answer.bad_fields(), [field], "{body}");
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM appointments.waitlist_entry").await, before);
    joined(&app, Who::Patient(1), &friday()).await;
    let again = app.post_as(Who::Patient(1), "/api/v1/waitlist", &friday()).await;
    assert_eq!(again.problem(), (409, "already-waiting".to_owned()));
}

#[actix_web::test]
async fn the_copy_of_all_that_is_stored_holds_it_and_an_erasure_frees_the_kept_time() {
    let app = morning().await;
    joined(&app, Who::Patient(1), &friday()).await;
    free_up(&app).await;
    app.application.line.run().await.unwrap();
    let user = kernel::UserId::from_uuid(Who::Patient(1).user().parse().unwrap());
    let copy = app.application.visit_records.of(user).await.unwrap();
    assert_eq!((copy.waitlist.len(), copy.offers.len()), (1, 1));
    app.application.visit_records.erase(user, kernel::Clock::now(&*app.clock)).await.unwrap().unwrap();
    assert_eq!(app.number("SELECT count(*) FROM appointments.waitlist_entry").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM appointments.waitlist_offer").await, 0);
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from=2027-03-12&to=2027-03-12", doctor(1))).await;
    assert!(slots.text().contains("2027-03-12T09:00:00"), "{}", slots.text());
}

#[actix_web::test]
async fn who_waits_for_a_specialty_stands_in_the_lists_of_the_front_desks_of_its_clinics() {
    let app = App::start().await;
    let wish =
        json!({"specialty": "cardiology", "city": "new-york", "from_date": "2027-03-09", "to_date": "2027-03-31"});
    let entry = joined(&app, Who::Patient(1), &wish).await;
    let seen = async |who: Who| {
        let list = app.get_as(who, "/api/v1/waitlist").await.list();
        list.iter().any(|one| one["id"] == entry["id"])
    };
    assert_eq!((seen(Who::Staff(1)).await, seen(Who::Staff(2)).await), (true, false));
    let off = format!("/api/v1/waitlist/{}", entry["id"].as_str().unwrap());
    assert_eq!(app.send_as(Who::Staff(2), TestRequest::delete().uri(&off)).await.status, 404);
    assert_eq!(app.send_as(Who::Staff(1), TestRequest::delete().uri(&off)).await.status, 204);
}

#[actix_web::test]
async fn an_entry_that_is_over_is_kept_for_ninety_days_and_one_that_waits_is_not_deleted() {
    let app = App::start().await;
    let gone = joined(&app, Who::Patient(1), &friday()).await;
    joined(&app, Who::Patient(2), &friday()).await;
    let off = format!("/api/v1/waitlist/{}", gone["id"].as_str().unwrap());
    assert_eq!(app.send_as(Who::Patient(1), TestRequest::delete().uri(&off)).await.status, 204);
    let left = async |at: &str| {
        app.application.visit_records.forget_waits(at.parse().unwrap()).await.unwrap();
        app.number("SELECT count(*) FROM appointments.waitlist_entry").await
    };
    // They waited for 12 March.
    assert_eq!((left("2027-06-10T23:00:00Z").await, left("2027-06-11T01:00:00Z").await), (2, 1));
    assert_eq!(app.texts("SELECT state FROM appointments.waitlist_entry").await, ["waiting"]);
}
