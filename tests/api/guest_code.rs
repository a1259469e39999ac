//! A guest's booking by a mailed code: held, then booked, by who reads that mail and nobody else.

use actix_web::test::TestRequest;
use appointments::application::GuestBooking;
use jiff::SignedDuration;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::app::{Answer, App, PUBLIC_URL, Who, Wishes, ada, doctor, guest, instant, visit_type, with};
use crate::letters::{all_to, code_to, last_to};
use crate::logs;

const BOOK: &str = "/api/v1/appointments";
const FREE: &str = "2027-03-09T09:00:00-05:00";
const ADA: &str = "ada.example@example.org";

async fn app() -> App {
    App::with(Wishes { guests: GuestBooking::Code, ..Wishes::default() }).await
}

async fn held(app: &App, body: &Value) -> Answer {
    let answer = app.post(BOOK, body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer
}

fn confirm_of(held: &Answer) -> String {
    format!("{BOOK}/{}/confirm", held.json()["id"].as_str().unwrap())
}

async fn confirmed(app: &App, held: &Answer, code: &str) -> Answer {
    app.post(&confirm_of(held), &json!({"code": code})).await
}

fn another_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// A request from somewhere else.
fn from(client: &str, body: &Value) -> TestRequest {
    logs::posting(BOOK, body).peer_addr(format!("{client}:4711").parse().unwrap())
}

async fn is_free(app: &App, starts_at: &str) -> bool {
    let day = &starts_at[..10];
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from={day}&to={day}", doctor(1))).await.list();
    slots.iter().any(|slot| slot["starts_at"] == starts_at)
}

#[actix_web::test]
async fn what_a_guest_wants_is_held_for_ten_minutes_and_booked_by_the_mailed_code() {
    let app = app().await;
    assert!(is_free(&app, FREE).await);
    let answer = held(&app, &with(&ada(1, FREE), "notes", "I come by wheelchair.")).await;
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["starts_at"], &body["duration_minutes"], &body["visit_type_id"]),
        (&json!("held"), &json!(FREE), &json!(30), &json!(visit_type(1, 1)))
    );
    assert_eq!(instant(&body["held_until"]), app.clock.now() + SignedDuration::from_mins(10));
    assert!(body.get("manage_url").is_none() && !answer.text().contains("Ada"), "{}", answer.text());
    assert_eq!(app.number("SELECT count(*) FROM appointments.patient WHERE created_at > '2027-03-08'").await, 0);
    assert!(!is_free(&app, FREE).await, "it is nobody else's");
    assert_eq!(app.post(BOOK, &guest("Rival", 1, FREE)).await.problem(), (409, "slot-taken".into()));

    let letter = last_to(&app, ADA).await;
    assert_eq!(letter.template, "guest-booking-code");
    assert_eq!(letter.values["minutes"], "10");
    let visit = confirmed(&app, &answer, &code_to(&app, ADA).await).await;
    assert_eq!(visit.status, 201, "{}", visit.text());
    let visit_body = visit.json();
    assert_eq!((&visit_body["id"], &visit_body["status"]), (&body["id"], &json!("booked")));
    assert_eq!((&visit_body["notes"], &visit_body["patient_email"]), (&json!("I come by wheelchair."), &json!(ADA)));
    let id = visit_body["id"].as_str().unwrap();
    assert_eq!(visit.header("location"), Some(format!("{BOOK}/{id}").as_str()));
    assert_eq!(visit.header("etag"), Some("\"v2\""));
    assert!(visit_body["manage_url"].as_str().unwrap().starts_with(&format!("{PUBLIC_URL}{BOOK}/{id}?token=")));
    assert_eq!(app.get(&visit.manage("")).await.json(), visit_body, "what was booked is what is read");
    assert_eq!(last_to(&app, ADA).await.template, "booking-confirmed");
    let history = app.get(&visit.manage("/history")).await.list();
    assert_eq!(
        history.iter().map(|event| event["what"].as_str().unwrap()).collect::<Vec<_>>(),
        ["hold.opened", "booked"]
    );
    assert_eq!(app.number("SELECT count(*) FROM appointments.hold").await, 0);
    app.audited().await;
}

#[actix_web::test]
async fn a_wrong_code_a_used_one_a_late_one_and_that_of_no_hold_are_answered_alike() {
    let app = app().await;
    let first = held(&app, &ada(1, FREE)).await;
    let code = code_to(&app, ADA).await;
    let mut told = Vec::new();
    let mut tell = |answer: Answer| {
        assert_eq!(answer.problem(), (401, "wrong-code".into()));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        told.push(body);
    };
    tell(confirmed(&app, &first, &another_than(&code)).await);
    tell(app.post(&format!("{BOOK}/{}/confirm", crate::app::id('a', 99_999)), &json!({"code": code})).await);
    tell(app.post(&format!("{BOOK}/none/confirm"), &json!({"code": code})).await);
    tell(app.post(&format!("{BOOK}/{}/confirm", crate::app::id('a', 12_109)), &json!({"code": code})).await);
    assert_eq!(confirmed(&app, &first, &format!("{} {}", &code[..3], &code[3..])).await.status, 201);
    tell(confirmed(&app, &first, &code).await);

    let second = held(&app, &ada(1, "2027-03-09T10:00:00-05:00")).await;
    let code = code_to(&app, ADA).await;
    app.clock.advance(SignedDuration::from_mins(10));
    tell(confirmed(&app, &second, &code).await);
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
    assert!(is_free(&app, "2027-03-09T10:00:00-05:00").await, "without anybody clearing it away");
    held(&app, &guest("Next", 1, "2027-03-09T10:00:00-05:00")).await;
}

#[actix_web::test]
async fn after_five_wrong_tries_the_right_code_is_wrong_as_well() {
    let app = app().await;
    let hold = held(&app, &ada(1, FREE)).await;
    let code = code_to(&app, ADA).await;
    for _ in 0..5 {
        assert_eq!(confirmed(&app, &hold, &another_than(&code)).await.status, 401);
    }
    assert_eq!(confirmed(&app, &hold, &code).await.problem(), (401, "wrong-code".into()));
    assert_eq!(app.number("SELECT count(*) FROM appointments.appointment WHERE status = 'held'").await, 1);
}

#[actix_web::test]
async fn both_requests_are_done_once_under_a_key_and_answered_the_same() {
    let app = app().await;
    let body = ada(1, FREE);
    let first = app.post_with(BOOK, &body, ("idempotency-key", "k1")).await;
    let again = app.post_with(BOOK, &body, ("idempotency-key", "k1")).await;
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (202, 202, Some("true")));
    assert_eq!(first.body, again.body);
    assert_eq!(all_to(&app, ADA).await.len(), 1);
    let other = app.post_with(BOOK, &ada(2, FREE), ("idempotency-key", "k1")).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".into()));

    let (uri, code) = (confirm_of(&first), json!({"code": code_to(&app, ADA).await}));
    let booked = app.post_with(&uri, &code, ("idempotency-key", "k2")).await;
    let again = app.post_with(&uri, &code, ("idempotency-key", "k2")).await;
    assert_eq!((booked.status, again.status, again.header("idempotent-replayed")), (201, 201, Some("true")));
    assert_eq!(booked.body, again.body);
    assert_eq!(
        app.number(&format!("SELECT count(*) FROM appointments.appointment WHERE starts_at = '{FREE}'")).await,
        1
    );
}

#[actix_web::test]
async fn an_address_and_a_client_hold_three_times_and_no_more() {
    let app = app().await;
    let at = |hour: u32| format!("2027-03-09T{hour:02}:00:00-05:00");
    for hour in 9..12 {
        held(&app, &ada(1, &at(hour))).await;
    }
    let refused = app.send(from("192.0.2.1", &ada(1, "2027-03-09T09:30:00-05:00"))).await;
    assert_eq!(refused.problem(), (429, "too-many-holds".into()));
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=601).contains(&wait), "{wait}");
    let other = guest("Somebody", 1, "2027-03-09T09:30:00-05:00");
    assert_eq!(app.post(BOOK, &other).await.problem(), (429, "too-many-holds".into()), "the same client");
    assert_eq!(app.send(from("192.0.2.1", &other)).await.status, 202);
    assert!(all_to(&app, ADA).await.len() == 3, "no letter without a hold");
    app.clock.advance(SignedDuration::from_mins(10));
    held(&app, &ada(1, &at(9))).await;
}

#[actix_web::test]
async fn who_has_not_proven_an_address_learns_nothing_about_who_has_it() {
    let app = app().await;
    // Ada is with doctor 2 at that time; the visit type of doctor 1 is for known patients alone.
    let elsewhere = held(&app, &ada(2, FREE)).await;
    assert_eq!(confirmed(&app, &elsewhere, &code_to(&app, ADA).await).await.status, 201);
    let busy = held(&app, &ada(1, FREE)).await;
    let code = code_to(&app, ADA).await;
    assert_eq!(confirmed(&app, &busy, &code).await.problem(), (409, "patient-busy".into()));
    assert_eq!(confirmed(&app, &busy, &code).await.problem(), (409, "patient-busy".into()), "and stays held");

    app.sql("UPDATE doctors.visit_type SET open_to_new_patients = false").await;
    let closed = held(&app, &ada(1, "2027-03-09T11:00:00-05:00")).await;
    let code = code_to(&app, ADA).await;
    assert_eq!(confirmed(&app, &closed, &code).await.problem(), (422, "not-for-new-patients".into()));
}

#[actix_web::test]
async fn hours_that_changed_meanwhile_refuse_and_the_notice_counts_from_the_hold() {
    let app = app().await;
    let soon = app.clock.now() + SignedDuration::from_mins(60);
    let slots = app.get(&format!("/api/v1/doctors/{}/slots", doctor(1))).await.list();
    let first = slots.iter().find(|slot| instant(&slot["starts_at"]) >= soon).unwrap()["starts_at"]
        .as_str()
        .unwrap()
        .to_owned();
    app.clock.set(instant(&json!(first)) - SignedDuration::from_mins(60));
    let near = held(&app, &ada(1, &first)).await;
    app.clock.advance(SignedDuration::from_mins(9));
    assert_eq!(confirmed(&app, &near, &code_to(&app, ADA).await).await.status, 201, "inside the notice by now");

    let hold = held(&app, &ada(1, "2027-03-16T09:00:00-04:00")).await;
    app.sql(&format!(
        "INSERT INTO doctors.time_off VALUES (gen_random_uuid(), '{}', '2027-03-16T00:00Z', '2027-03-17T00:00Z')",
        doctor(1)
    ))
    .await;
    let refused = confirmed(&app, &hold, &code_to(&app, ADA).await).await;
    assert_eq!(refused.problem(), (422, "outside-availability".into()));
    assert_eq!(refused.json()["rule"], "time-off");
}

#[actix_web::test]
async fn bodies_are_refused_by_field_and_what_is_not_offered_is_not_held() {
    let app = app().await;
    let before = app.tables().await;
    assert_eq!(
        app.post(BOOK, &with(&ada(1, FREE), "patient_email", Value::Null)).await.bad_fields(),
        ["patient_email:required"]
    );
    assert_eq!(
        app.post(BOOK, &ada(1, "2027-03-09T09:10:00-05:00")).await.problem(),
        (422, "outside-availability".into())
    );
    assert_eq!(app.post(BOOK, &ada(1, "2027-03-01T09:00:00-05:00")).await.problem(), (422, "in-the-past".into()));
    let uri = format!("{BOOK}/{}/confirm", crate::app::id('a', 1));
    assert_eq!(app.post(&uri, &json!({})).await.bad_fields(), ["code:required"]);
    assert_eq!(app.post(&uri, &json!({"code": "1", "role": "x"})).await.bad_fields(), ["role:unknown"]);
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn people_who_are_signed_in_book_at_once_and_guests_not_at_all_where_they_may_not() {
    let app = app().await;
    let own = json!({"doctor_id": doctor(1), "starts_at": FREE});
    assert_eq!(app.post_as(Who::Patient(1), BOOK, &own).await.status, 201);
    let closed = App::with(Wishes { guests: GuestBooking::Off, ..Wishes::default() }).await;
    assert_eq!(closed.post(BOOK, &ada(1, FREE)).await.problem(), (403, "guest-booking-off".into()));
}

#[actix_web::test]
async fn search_by_first_free_time_finds_a_time_again_when_its_hold_is_over() {
    let app = app().await;
    let uri = format!("/api/v1/doctors/{}", doctor(1));
    let next = async || app.get(&uri).await.json()["next_available_at"].as_str().unwrap().to_owned();
    let first = next().await;
    held(&app, &ada(1, &first)).await;
    assert_ne!(next().await, first);
    app.clock.advance(SignedDuration::from_mins(10) - SignedDuration::from_micros(1));
    assert_ne!(next().await, first);
    app.clock.advance(SignedDuration::from_micros(1));
    assert_eq!(next().await, first);
    // Whoever clears away comes later, and changes nothing about it.
    doktolib::worker::refresh(&app.application).await.unwrap();
    assert_eq!(app.application.holds.clear(10, app.clock.now()).await.unwrap(), 1);
    assert_eq!(next().await, first);
}
