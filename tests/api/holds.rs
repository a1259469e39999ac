//! A time that is kept while somebody fills in the form: nobody else's, and never in its own owner's way.

use actix_web::test::TestRequest;
use appointments::application::GuestBooking;
use jiff::SignedDuration;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, Wishes, ada, doctor, guest, id, instant, visit_type, with};
use crate::letters::code_to;

const HOLDS: &str = "/api/v1/holds";
const BOOK: &str = "/api/v1/appointments";
const FREE: &str = "2027-03-09T09:00:00-05:00";
const LATER: &str = "2027-03-09T10:00:00-05:00";

fn time(starts_at: &str) -> Value {
    json!({"doctor_id": doctor(1), "starts_at": starts_at})
}

/// What a patient who is signed in books.
fn own(starts_at: &str) -> Value {
    time(starts_at)
}

async fn held(app: &App, body: &Value) -> Answer {
    let answer = app.post(HOLDS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer
}

fn token(held: &Answer) -> String {
    held.json()["token"].as_str().unwrap().to_owned()
}

async fn end(app: &App, held: &Answer, who: Option<Who>, token: Option<&str>) -> u16 {
    let id = held.json()["id"].as_str().unwrap().to_owned();
    let query = token.map(|token| format!("?token={token}")).unwrap_or_default();
    let request = TestRequest::delete().uri(&format!("{HOLDS}/{id}{query}"));
    match who {
        Some(who) => app.send_as(who, request).await.status,
        None => app.send(request).await.status,
    }
}

async fn is_free(app: &App, starts_at: &str) -> bool {
    let day = &starts_at[..10];
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from={day}&to={day}", doctor(1))).await.list();
    slots.iter().any(|slot| slot["starts_at"] == starts_at)
}

#[actix_web::test]
async fn a_guest_s_time_is_kept_for_ten_minutes_and_booked_with_its_token() {
    let app = App::start().await;
    let hold = held(&app, &time(FREE)).await;
    let body = hold.json();
    assert_eq!(
        (&body["status"], &body["starts_at"], &body["visit_type_id"]),
        (&json!("held"), &json!(FREE), &json!(visit_type(1, 1)))
    );
    assert_eq!(instant(&body["held_until"]), app.clock.now() + SignedDuration::from_mins(10));
    assert_eq!(hold.header("location"), Some(format!("{HOLDS}/{}", body["id"].as_str().unwrap()).as_str()));
    assert!(!is_free(&app, FREE).await);
    assert_eq!(app.post(BOOK, &guest("Rival", 1, FREE)).await.problem(), (409, "slot-taken".into()));
    let rival = app.post(HOLDS, &time(FREE)).await;
    assert_eq!(rival.problem(), (409, "slot-taken".into()));
    assert_eq!(rival.json()["alternatives"].as_array().unwrap().len(), 3);

    let visit = app.post(BOOK, &with(&ada(1, FREE), "hold", token(&hold))).await;
    assert_eq!(visit.status, 201, "{}", visit.text());
    assert_ne!(visit.json()["id"], body["id"]);
    assert_eq!(app.number("SELECT count(*) FROM appointments.hold").await, 0);
    let trail = app.texts("SELECT action FROM journal.audit_event WHERE action LIKE 'hold.%' ORDER BY seq").await;
    assert_eq!(trail, ["hold.opened", "hold.released"]);
    assert_eq!(end(&app, &hold, None, Some(&token(&hold))).await, 404, "it has become a visit");
    app.audited().await;
}

#[actix_web::test]
async fn when_it_is_over_it_is_anybody_s_without_a_job_and_its_owner_may_still_book() {
    let app = App::start().await;
    let (first, second) = (held(&app, &time(FREE)).await, held(&app, &time(LATER)).await);
    app.clock.advance(SignedDuration::from_mins(10));
    assert!(is_free(&app, FREE).await);
    assert_eq!(app.post(BOOK, &guest("Rival", 1, FREE)).await.status, 201);
    let late = app.post(BOOK, &with(&ada(1, FREE), "hold", token(&first))).await;
    assert_eq!(late.problem(), (409, "slot-taken".into()));
    assert_eq!(app.post(BOOK, &with(&ada(1, LATER), "hold", token(&second))).await.status, 201);
}

#[actix_web::test]
async fn an_account_has_one_hold_which_gives_way_to_its_booking_and_to_its_next_hold_unasked() {
    let app = App::start().await;
    let first = app.post_as(Who::Patient(1), HOLDS, &time(FREE)).await;
    assert_eq!(first.status, 201, "{}", first.text());
    assert!(first.json().get("token").is_none(), "the sign-in is enough");
    assert_eq!(app.post_as(Who::Patient(2), BOOK, &own(FREE)).await.problem(), (409, "slot-taken".into()));
    let next = app.post_as(Who::Patient(1), HOLDS, &time(LATER)).await;
    assert_eq!(next.status, 201, "{}", next.text());
    assert!(is_free(&app, FREE).await && !is_free(&app, LATER).await);
    let visit = app.post_as(Who::Patient(1), BOOK, &own(LATER)).await;
    assert_eq!(visit.status, 201, "{}", visit.text());
    assert_eq!(app.number("SELECT count(*) FROM appointments.hold").await, 0);
}

#[actix_web::test]
async fn it_is_ended_by_its_account_or_its_token_and_for_others_it_is_not_there() {
    let app = App::start().await;
    let (guest_s, patient_s) = (held(&app, &time(FREE)).await, app.post_as(Who::Patient(1), HOLDS, &time(LATER)).await);
    let other = held(&app, &time("2027-03-09T11:00:00-05:00")).await;
    assert_eq!(end(&app, &guest_s, None, None).await, 401);
    for (who, token) in [(Some(Who::Patient(1)), None), (None, Some(token(&other)))] {
        assert_eq!(end(&app, &guest_s, who, token.as_deref()).await, 404, "{who:?}");
    }
    for who in [Some(Who::Patient(2)), Some(Who::Admin)] {
        assert_eq!(end(&app, &patient_s, who, None).await, 404, "{who:?}");
    }
    assert_eq!(end(&app, &guest_s, None, Some(&token(&guest_s))).await, 204);
    assert_eq!(end(&app, &patient_s, Some(Who::Patient(1)), None).await, 204);
    assert!(is_free(&app, FREE).await && is_free(&app, LATER).await);
    assert_eq!(end(&app, &patient_s, Some(Who::Patient(1)), None).await, 404);
    let made_up = format!("{}.{}", id('a', 1), "A".repeat(32));
    for hold in ["", "none", &made_up] {
        let refused = app.post(BOOK, &with(&ada(1, FREE), "hold", hold)).await;
        assert_eq!(refused.problem().0, 422, "{hold}");
    }
}

#[actix_web::test]
async fn a_client_that_is_not_signed_in_holds_three_times_and_moves_one_by_its_token() {
    let app = App::start().await;
    let at = |hour: u32| format!("2027-03-09T{hour:02}:00:00-05:00");
    let mut last = None;
    for hour in 9..12 {
        last = Some(held(&app, &time(&at(hour))).await);
    }
    let refused = app.post(HOLDS, &time(&at(13))).await;
    assert_eq!(refused.problem(), (429, "too-many-holds".into()));
    assert!(refused.header("retry-after").is_some());
    held(&app, &with(&time(&at(13)), "hold", token(&last.unwrap()))).await;
    assert!(is_free(&app, &at(11)).await);
}

#[actix_web::test]
async fn under_a_key_it_is_held_once_and_answered_the_same() {
    let app = App::start().await;
    let first = app.post_with(HOLDS, &time(FREE), ("idempotency-key", "h1")).await;
    let again = app.post_with(HOLDS, &time(FREE), ("idempotency-key", "h1")).await;
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, Some("true")));
    assert_eq!(first.body, again.body);
    let other = app.post_with(HOLDS, &time(LATER), ("idempotency-key", "h1")).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".into()));
    assert_eq!(app.number("SELECT count(*) FROM appointments.hold").await, 1);
}

#[actix_web::test]
async fn where_guests_prove_their_address_the_form_s_hold_gives_way_to_the_one_with_the_code() {
    let app = App::with(Wishes { guests: GuestBooking::Code, ..Wishes::default() }).await;
    let hold = held(&app, &time(FREE)).await;
    let guest_s = app.post(BOOK, &with(&ada(1, FREE), "hold", token(&hold))).await;
    assert_eq!(guest_s.status, 202, "{}", guest_s.text());
    assert_eq!(app.number("SELECT count(*) FROM appointments.hold").await, 1);
    let confirm = format!("{BOOK}/{}/confirm", guest_s.json()["id"].as_str().unwrap());
    let code = code_to(&app, "ada.example@example.org").await;
    assert_eq!(app.post(&confirm, &json!({"code": code})).await.status, 201);
}

#[actix_web::test]
async fn who_could_not_book_holds_nothing() {
    let app = App::with(Wishes { guests: GuestBooking::Off, ..Wishes::default() }).await;
    assert_eq!(app.post(HOLDS, &time(FREE)).await.problem(), (403, "guest-booking-off".into()));
    assert_eq!(app.post_as(Who::Patient(1), HOLDS, &time(FREE)).await.status, 201);
    let closed = app.post_as(Who::Patient(2), HOLDS, &time("2027-03-09T20:00:00-05:00")).await;
    assert_eq!(closed.problem(), (422, "outside-availability".into()));
    let other_s_calendar = app.post_as(Who::Doctor(2), HOLDS, &time(LATER)).await;
    assert_eq!(other_s_calendar.problem().0, 422);
    assert_eq!(app.post_as(Who::Doctor(1), HOLDS, &time(LATER)).await.status, 201);
}
