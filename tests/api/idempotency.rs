//! The same key and the same request: done once, answered as the first time.

use serde_json::json;

use crate::app::{App, ada, guest, with};

const BOOK: &str = "/api/v1/appointments";
const FREE: &str = "2027-03-09T09:00:00-05:00";
const VISITS: &str = "SELECT count(*) FROM appointments.appointment";

#[actix_web::test]
async fn a_repeated_booking_is_answered_byte_for_byte_and_booked_once() {
    let app = App::start().await;
    let before = app.number(VISITS).await;
    let first = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k-1")).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    for key in ["k-1", "\"k-1\"", " k-1 "] {
        let again = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", key)).await;
        assert_eq!((again.status, &again.body), (201, &first.body), "{key}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        for name in ["location", "etag", "content-type", "cache-control"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(app.number(VISITS).await, before + 1);
    assert_eq!(app.audited().await, 2);
}

#[actix_web::test]
async fn spaces_and_the_order_of_fields_do_not_make_another_request() {
    let app = App::start().await;
    let first = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k")).await;
    let mut fields: Vec<String> =
        ada(1, FREE).as_object().unwrap().iter().map(|(k, v)| format!(" \"{k}\" :\n {v}")).collect();
    fields.reverse();
    let request = actix_web::test::TestRequest::post()
        .uri(BOOK)
        .insert_header(("content-type", "application/json; charset=utf-8"))
        .insert_header(("idempotency-key", "k"))
        .set_payload(format!("{{{}}}", fields.join(",")));
    let again = app.send(request).await;
    assert_eq!((again.status, &again.body, again.header("idempotent-replayed")), (201, &first.body, Some("true")));
}

#[actix_web::test]
async fn a_key_stands_for_one_request() {
    let app = App::start().await;
    app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k")).await;
    let before = app.tables().await;
    for other in
        [ada(1, "2027-03-09T09:30:00-05:00"), ada(2, FREE), with(&ada(1, FREE), "notes", "more"), guest("Bob", 1, FREE)]
    {
        let answer = app.post_with(BOOK, &other, ("idempotency-key", "k")).await;
        assert_eq!(answer.problem(), (422, "idempotency-key-reused".to_owned()));
    }
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn a_lost_race_is_answered_the_same_also_when_the_time_is_free_again() {
    let app = App::start().await;
    let winner = app.booked(&ada(1, FREE)).await;
    let bob = guest("Bob Example", 1, FREE);
    let first = app.post_with(BOOK, &bob, ("idempotency-key", "late")).await;
    assert_eq!(first.problem(), (409, "slot-taken".to_owned()));
    assert_eq!(app.post(&winner.manage("/cancel"), &json!({})).await.status, 200);
    let again = app.post_with(BOOK, &bob, ("idempotency-key", "late")).await;
    assert_eq!((again.status, &again.body, again.header("idempotent-replayed")), (409, &first.body, Some("true")));
    assert_eq!(again.header("content-type"), Some("application/problem+json"));
    assert_eq!(app.post_with(BOOK, &bob, ("idempotency-key", "new")).await.status, 201);
}

#[actix_web::test]
async fn what_was_never_decided_is_not_kept() {
    let app = App::start().await;
    // Bad input and refusals by a rule may be put right under the same key.
    for bad in
        [with(&ada(1, FREE), "doctor_id", "x"), ada(1, "2027-03-09T09:10:00-05:00"), ada(1, "2020-01-01T00:00:00Z")]
    {
        assert_eq!(app.post_with(BOOK, &bad, ("idempotency-key", "k")).await.status, 422);
    }
    assert_eq!(app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k")).await.status, 201);
}

#[actix_web::test]
async fn the_first_answer_comes_back_when_the_slot_has_long_passed() {
    let app = App::start().await;
    let first = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k")).await;
    app.set_clock("2027-03-09T20:00:00Z");
    let again = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let new = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", "k2")).await;
    assert_eq!(new.problem(), (422, "in-the-past".to_owned()));
}

#[actix_web::test]
async fn keys_have_1_to_255_visible_ascii_signs() {
    let app = App::start().await;
    let before = app.tables().await;
    let long = "x".repeat(256);
    for bad in ["", "\"\"", "a b", "\u{e4}", &long, "\"unclosed key"] {
        let answer = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", bad)).await;
        assert_eq!(answer.bad_fields(), ["Idempotency-Key:key"], "{bad:?}");
    }
    let twice = actix_web::test::TestRequest::post()
        .uri(BOOK)
        .set_json(ada(1, FREE))
        .append_header(("idempotency-key", "a"))
        .append_header(("idempotency-key", "b"));
    assert_eq!(app.send(twice).await.bad_fields(), ["Idempotency-Key:key"]);
    assert_eq!(app.tables().await, before);
    for good in [&long[1..], "!", "~\"'", "550e8400-e29b-41d4-a716-446655440000"] {
        let answer = app.post_with(BOOK, &ada(1, FREE), ("idempotency-key", good)).await;
        assert!(matches!(answer.status, 201 | 409), "{good}: {}", answer.text());
    }
}

#[actix_web::test]
async fn cancelling_and_moving_are_repeated_safely_too() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, FREE)).await;
    let to = json!({"starts_at": "2027-03-09T10:00:00-05:00"});
    let moved = app.post_with(&booked.manage("/reschedule"), &to, ("idempotency-key", "k")).await;
    let back = json!({"starts_at": FREE});
    assert_eq!(app.post(&booked.manage("/reschedule"), &back).await.status, 200);
    let again = app.post_with(&booked.manage("/reschedule"), &to, ("idempotency-key", "k")).await;
    assert_eq!((again.status, &again.body, again.header("idempotent-replayed")), (200, &moved.body, Some("true")));
    assert_eq!(app.get(&booked.manage("")).await.json()["starts_at"], FREE, "a replay moves nothing");

    // The same key under another operation is another key.
    let cancel = app.post_with(&booked.manage("/cancel"), &json!({"reason": "ill"}), ("idempotency-key", "k")).await;
    assert_eq!((cancel.status, cancel.header("idempotent-replayed")), (200, None));
    let again = app.post_with(&booked.manage("/cancel"), &json!({"reason": "ill"}), ("idempotency-key", "k")).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&cancel.body, Some("true")));
    let other = app.post_with(&booked.manage("/cancel"), &json!({"reason": "better"}), ("idempotency-key", "k")).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
}

#[actix_web::test]
async fn twenty_at_once_with_one_key_book_once() {
    let app = App::start().await;
    let before = app.number(VISITS).await;
    let body = ada(1, FREE);
    let rivals = (0..20).map(|_| app.post_with(BOOK, &body, ("idempotency-key", "k")));
    let answers = futures_util::future::join_all(rivals).await;
    let booked: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!booked.is_empty() && booked.iter().all(|answer| answer.body == booked[0].body));
    for other in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(other.problem(), (409, "idempotency-in-progress".to_owned()));
        assert_eq!(other.header("retry-after"), Some("1"));
    }
    assert_eq!(app.number(VISITS).await, before + 1);
}
