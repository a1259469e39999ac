//! One committed answer for each shape; what is minted or varies is blotted out.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::app::{Answer, App, ada, doctor, guest, id, link, with};

/// Status and body, and the header fields that belong to the answer's meaning.
fn seen(answer: &Answer) -> Value {
    let names =
        ["content-type", "etag", "location", "link", "allow", "retry-after", "www-authenticate", "idempotent-replayed"];
    let headers: serde_json::Map<String, Value> =
        names.into_iter().filter_map(|name| Some((name.to_owned(), answer.header(name)?.into()))).collect();
    let mut body = answer.json();
    if let Some(list) = body.as_array_mut() {
        list.truncate(2);
    }
    json!({"status": answer.status, "headers": headers, "body": body})
}

/// [`seen`] without what no other request would get.
fn problem(answer: &Answer) -> Value {
    let mut seen = seen(answer);
    seen["body"]["request_id"] = "[minted]".into();
    seen
}

fn of_doctor(part: &str) -> String {
    format!("/api/v1/doctors/{}{part}", doctor(5))
}

#[actix_web::test]
async fn the_catalogue() {
    let app = App::reading().await;
    assert_json_snapshot!("doctor", seen(&app.get(&of_doctor("")).await));
    assert_json_snapshot!("doctors", seen(&app.get("/api/v1/doctors?sort=price&limit=2").await));
    assert_json_snapshot!("clinic", seen(&app.get(&format!("/api/v1/clinics/{}", id('c', 2))).await));
    assert_json_snapshot!("clinics", seen(&app.get("/api/v1/clinics").await));
    assert_json_snapshot!("specialties", seen(&app.get("/api/v1/specialties").await));
    assert_json_snapshot!("cities", seen(&app.get("/api/v1/cities").await));
    assert_json_snapshot!("visit-types", seen(&app.get(&of_doctor("/visit-types")).await));
    assert_json_snapshot!("weekly-hours", seen(&app.get(&of_doctor("/weekly-hours")).await));
    assert_json_snapshot!("slots", seen(&app.get(&of_doctor("/slots")).await));
}

#[actix_web::test]
async fn an_appointment() {
    let app = App::start().await;
    let minted = |answer: &Answer| {
        let mut seen = seen(answer);
        let id = seen["body"]["id"].as_str().unwrap().to_owned();
        let token = seen["body"]["manage_url"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
        let patient = seen["body"]["patient_id"].as_str().unwrap().to_owned();
        for (minted, word) in [(id, "[id]"), (token, "[token]"), (patient, "[patient]")] {
            seen = serde_json::from_str(&seen.to_string().replace(&minted, word)).unwrap();
        }
        seen
    };
    let body = with(&ada(4, "2027-03-09T17:00:00Z"), "notes", "I come by wheelchair.");
    let booked = app.post_with("/api/v1/appointments", &body, ("idempotency-key", "k")).await;
    assert_json_snapshot!("appointment-booked", minted(&booked));
    let again = app.post_with("/api/v1/appointments", &body, ("idempotency-key", "k")).await;
    assert_json_snapshot!("appointment-replayed", minted(&again));
    app.clock.advance(jiff::SignedDuration::from_hours(1));
    let moved = app.post(&booked.manage("/reschedule"), &json!({"starts_at": "2027-03-15T09:00:00-07:00"})).await;
    assert_json_snapshot!("appointment-moved", minted(&moved));
    app.clock.advance(jiff::SignedDuration::from_hours(1));
    let cancelled = app.post(&booked.manage("/cancel"), &json!({"reason": "I have recovered"})).await;
    assert_json_snapshot!("appointment-cancelled", minted(&cancelled));
    // Ids of the fixed set are known, and so is the token that the tests' own secret makes.
    assert_json_snapshot!("appointment-no-show", seen(&app.get(&link(&id('a', 11515), "")).await));
}

#[actix_web::test]
async fn problems() {
    let app = App::start().await;
    let book = "/api/v1/appointments";
    let free = "2027-03-09T09:00:00-05:00";
    assert_json_snapshot!("problem-not-found", problem(&app.get("/api/v1/nothing").await));
    assert_json_snapshot!("problem-method-not-allowed", problem(&app.post("/api/v1/specialties", &json!({})).await));
    assert_json_snapshot!("problem-invalid", problem(&app.get("/api/v1/doctors?limit=0&page=2&sort=best").await));
    assert_json_snapshot!("problem-not-signed-in", problem(&app.get(&format!("{book}/{}", id('a', 12109))).await));
    let taken = app.post(book, &ada(1, "2027-03-08T09:00:00-05:00")).await;
    assert_json_snapshot!("problem-slot-taken", problem(&taken));
    let off_the_grid = app.post(book, &ada(1, "2027-03-09T09:10:00-05:00")).await;
    assert_json_snapshot!("problem-outside-availability", problem(&off_the_grid));
    assert_json_snapshot!("problem-too-soon", problem(&app.post(book, &ada(1, "2027-03-08T05:30:00Z")).await));
    app.post_with(book, &ada(1, free), ("idempotency-key", "k")).await;
    let reused = app.post_with(book, &guest("Bob Example", 1, free), ("idempotency-key", "k")).await;
    assert_json_snapshot!("problem-idempotency-key-reused", problem(&reused));
}
