//! Reading, cancelling and moving an appointment by its link.

use serde_json::{Value, json};

use crate::app::{Answer, App, ada, doctor, guest, id, link};

const FREE: &str = "2027-03-09T09:00:00-05:00";
const LATER: &str = "2027-03-09T10:00:00-05:00";

fn to(starts_at: &str) -> Value {
    json!({"starts_at": starts_at})
}

/// The three operations of a link; `of` makes the address from what stands behind the id.
async fn all_three(app: &App, of: impl Fn(&str) -> String) -> [Answer; 3] {
    [app.get(&of("")).await, app.post(&of("/cancel"), &json!({})).await, app.post(&of("/reschedule"), &to(LATER)).await]
}

fn without_request_id(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    body
}

#[actix_web::test]
async fn without_a_token_the_answer_is_401_and_says_how_to_ask() {
    let app = App::reading().await;
    let (booked, unknown) = (id('a', 12109), id('a', 99999));
    for appointment in [booked, unknown] {
        for answer in all_three(&app, |step| format!("/api/v1/appointments/{appointment}{step}")).await {
            assert_eq!(answer.problem(), (401, "not-signed-in".to_owned()));
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[actix_web::test]
async fn a_wrong_token_and_an_unknown_appointment_are_told_apart_by_nobody() {
    let app = App::reading().await;
    let before = app.tables().await;
    let (mine, other) = (id('a', 12109), id('a', 12110));
    let foreign = link(&other, "").replace(&other, &mine);
    let unknown = link(&id('a', 99999), "");
    let cut = link(&mine, "").trim_end_matches(|c: char| c != '=').to_owned();
    let mut answers = Vec::new();
    for address in [
        foreign,
        unknown,
        cut,
        format!("/api/v1/appointments/{mine}?token=nonsense"),
        "/api/v1/appointments/12?token=x".into(),
    ] {
        let (path, query) = address.split_once('?').unwrap();
        answers.extend(all_three(&app, |step| format!("{path}{step}?{query}")).await);
    }
    for answer in &answers {
        assert_eq!(answer.problem(), (404, "not-found".to_owned()));
        assert_eq!(without_request_id(answer), without_request_id(&answers[0]));
        let names = |answer: &Answer| {
            answer.headers.keys().map(|name| name.to_string()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(answer), names(&answers[0]));
    }
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn a_bad_query_is_told_before_anything_is_looked_up() {
    let app = App::reading().await;
    let address = format!("/api/v1/appointments/{}", id('a', 12109));
    assert_eq!(app.get(&format!("{address}?token={}", "x".repeat(201))).await.bad_fields(), ["token:length"]);
    assert_eq!(app.get(&format!("{address}?token=x&lang=en")).await.bad_fields(), ["lang:unknown"]);
    assert_eq!(app.get(&format!("{address}?token=x&token=y")).await.bad_fields(), ["token:duplicate"]);
}

#[actix_web::test]
async fn the_link_shows_the_appointment_and_how_it_stands() {
    let app = App::reading().await;
    for (number, status, patient, version) in [
        (12109, "booked", 1, "\"v1\""),
        (12114, "cancelled", 1, "\"v2\""),
        (11109, "completed", 1, "\"v3\""),
        (11515, "no_show", 4, "\"v2\""),
    ] {
        let answer = app.get(&link(&id('a', number), "")).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["status"]), (200, &json!(status)), "{number}");
        assert_eq!(body["doctor_id"], doctor(1));
        assert_eq!(body["patient_id"], id('b', patient), "{number}");
        assert_eq!((answer.header("etag"), answer.header("cache-control")), (Some(version), Some("no-store")));
    }
}

#[actix_web::test]
async fn a_cancelled_visit_is_cancelled_again_with_the_same_bytes() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    app.clock.advance(jiff::SignedDuration::from_mins(5));
    let first = app.post(&booked.manage("/cancel"), &json!({"reason": "I have recovered"})).await;
    assert_eq!((first.status, first.header("etag")), (200, Some("\"v2\"")));
    let body = first.json();
    assert_eq!((&body["status"], &body["id"]), (&json!("cancelled"), &booked.json()["id"]));
    assert_eq!(body["updated_at"], "2027-03-08T00:05:00-05:00");
    let before = app.tables().await;
    for at in ["2027-03-08T06:00:00Z", "2027-03-10T06:00:00Z"] {
        app.set_clock(at);
        let again = app.post(&booked.manage("/cancel"), &json!({"reason": "another"})).await;
        assert_eq!((again.status, &again.body, again.header("etag")), (200, &first.body, Some("\"v2\"")), "{at}");
    }
    assert_eq!(app.tables().await, before);
    assert_eq!(app.get(&booked.manage("")).await.body, first.body);
    app.set_clock("2027-03-08T06:00:00Z");
    app.booked(&guest("Bob Example", 1, FREE)).await;
}

#[actix_web::test]
async fn a_reason_may_be_left_out_and_has_its_limits() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    let cancel = booked.manage("/cancel");
    assert_eq!(app.post(&cancel, &json!({"reason": "x".repeat(501)})).await.bad_fields(), ["reason:length"]);
    assert_eq!(app.post(&cancel, &json!({"reason": 5, "why": "x"})).await.bad_fields(), ["reason:type", "why:unknown"]);
    assert_eq!(app.post(&cancel, &json!({"reason": "a\0b"})).await.bad_fields(), ["body:characters"]);
    assert_eq!(app.post(&cancel, &json!([])).await.bad_fields(), ["body:type"]);
    // Nothing at all is fine.
    let bare = app.send(actix_web::test::TestRequest::post().uri(&cancel)).await;
    assert_eq!((bare.status, &bare.json()["status"]), (200, &json!("cancelled")));

    let other = app.booked(&ada(1, FREE)).await;
    let long = app.post(&other.manage("/cancel"), &json!({"reason": "é".repeat(500)})).await;
    assert_eq!(long.status, 200, "{}", long.text());
}

#[actix_web::test]
async fn if_match_lets_only_the_version_read_be_changed() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    let (cancel, reschedule) = (booked.manage("/cancel"), booked.manage("/reschedule"));
    for stale in ["\"v2\"", "\"v0\"", "W/\"v1\"", "\"abc\"", "v1", "", "\"v99999999999\""] {
        for (address, body) in [(&cancel, json!({})), (&reschedule, to(LATER))] {
            let answer = app.post_with(address, &body, ("if-match", stale)).await;
            assert_eq!(answer.problem(), (412, "precondition-failed".to_owned()), "{stale}");
        }
    }
    let moved = app.post_with(&reschedule, &to(LATER), ("if-match", "\"v1\"")).await;
    assert_eq!((moved.status, moved.header("etag")), (200, Some("\"v2\"")));
    assert_eq!(app.post_with(&cancel, &json!({}), ("if-match", "\"v1\"")).await.status, 412);
    let moved = app.post_with(&reschedule, &to(FREE), ("if-match", "*")).await;
    assert_eq!((moved.status, moved.header("etag")), (200, Some("\"v3\"")));
    let cancelled = app.post_with(&cancel, &json!({}), ("if-match", "\"v3\"")).await;
    assert_eq!((cancelled.status, cancelled.header("etag")), (200, Some("\"v4\"")));
}

#[actix_web::test]
async fn a_move_to_the_same_time_changes_nothing() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    app.clock.advance(jiff::SignedDuration::from_mins(5));
    let before = app.tables().await;
    let moved = app.post(&booked.manage("/reschedule"), &to("2027-03-09T14:00:00Z")).await;
    assert_eq!((moved.status, &moved.body, moved.header("etag")), (200, &booked.body, Some("\"v1\"")));
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn a_move_keeps_the_id_and_frees_the_old_time() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    app.clock.advance(jiff::SignedDuration::from_mins(5));
    let moved = app.post(&booked.manage("/reschedule"), &to(LATER)).await;
    let (old, new) = (booked.json(), moved.json());
    assert_eq!(
        (moved.status, &new["starts_at"], &new["ends_at"]),
        (200, &json!(LATER), &json!("2027-03-09T10:30:00-05:00"))
    );
    for kept in ["id", "patient_id", "visit_type_id", "status", "created_at", "manage_url"] {
        assert_eq!(new[kept], old[kept], "{kept}");
    }
    app.booked(&guest("Bob Example", 1, FREE)).await;
    // By half of its own length: a visit is not in its own way.
    let visit = app.booked(&guest("Carol Example", 2, FREE)).await;
    app.sql("UPDATE doctors.visit_type SET grid_minutes = 15").await;
    let moved = app.post(&visit.manage("/reschedule"), &to("2027-03-09T09:15:00-05:00")).await;
    assert_eq!((moved.status, &moved.json()["starts_at"]), (200, &json!("2027-03-09T09:15:00-05:00")));
}

#[actix_web::test]
async fn a_move_to_a_taken_time_is_refused_with_alternatives_and_changes_nothing() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    let before = app.tables().await;
    let refused = app.post(&booked.manage("/reschedule"), &to("2027-03-08T09:00:00-05:00")).await;
    assert_eq!(refused.problem(), (409, "slot-taken".to_owned()));
    let starts: Vec<Value> =
        refused.json()["alternatives"].as_array().unwrap().iter().map(|slot| slot["starts_at"].clone()).collect();
    assert_eq!(starts, ["2027-03-08T09:30:00-05:00", "2027-03-08T10:30:00-05:00", "2027-03-08T11:30:00-05:00"]);
    assert_eq!(app.tables().await, before);
    app.booked(&ada(2, LATER)).await;
    let busy = app.post(&booked.manage("/reschedule"), &to(LATER)).await;
    assert_eq!(busy.problem(), (409, "patient-busy".to_owned()));
}

#[actix_web::test]
async fn a_move_obeys_the_rules_of_a_booking() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    let reschedule = booked.manage("/reschedule");
    for (starts_at, code) in [
        ("2027-03-09T09:10:00-05:00", "outside-availability"),
        ("2027-03-08T04:00:00Z", "in-the-past"),
        ("2027-03-08T05:30:00Z", "too-soon"),
        ("2030-03-08T05:30:00Z", "too-far-ahead"),
    ] {
        assert_eq!(app.post(&reschedule, &to(starts_at)).await.problem(), (422, code.to_owned()), "{starts_at}");
    }
    assert_eq!(app.post(&reschedule, &json!({})).await.bad_fields(), ["starts_at:required"]);
    assert_eq!(app.post(&reschedule, &to("2027-03-09T10:00:00")).await.bad_fields(), ["starts_at:type"]);
    assert_eq!(
        app.post(&reschedule, &json!({"starts_at": LATER, "doctor_id": doctor(2)})).await.bad_fields(),
        ["doctor_id:unknown"]
    );
}

#[actix_web::test]
async fn nothing_is_changed_once_a_visit_has_started_or_is_over() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    for over in [11109, 11515] {
        for (step, body) in [("/cancel", json!({})), ("/reschedule", to("2027-03-09T16:00:00-05:00"))] {
            let answer = app.post(&link(&id('a', over), step), &body).await;
            assert_eq!(answer.problem(), (409, "visit-over".to_owned()), "{over}{step}");
        }
    }
    app.set_clock("2027-03-09T13:59:59.999999Z");
    // A second before it starts it may still be called off, and moved as far as the notice lets.
    let soon = app.post(&booked.manage("/reschedule"), &to("2027-03-09T09:30:00-05:00")).await;
    assert_eq!(soon.problem(), (422, "too-soon".to_owned()));
    app.set_clock("2027-03-09T14:00:00Z");
    for (step, body) in [("/cancel", json!({})), ("/reschedule", to("2027-03-09T16:00:00-05:00"))] {
        assert_eq!(app.post(&booked.manage(step), &body).await.problem(), (409, "visit-started".to_owned()), "{step}");
    }
    let cancelled = app.post(&link(&id('a', 12514), "/reschedule"), &to("2027-03-12T16:00:00-05:00")).await;
    assert_eq!(cancelled.problem(), (409, "visit-over".to_owned()));
}
