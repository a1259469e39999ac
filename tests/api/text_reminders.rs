//! Reminders by text, and how patients wish to be reminded.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use kernel::Role;
use platform::jobs::{NewJob, Stop};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::answer::Answer;
use crate::app::{App, Who, id, keys};
use crate::letters::all_to;
use crate::notifications::{hand_out, with_folder};
use crate::sign_ins::{account, app, sign_in, with_token};

const ALICE: &str = "alice.baker@example.com";
const NUMBER: &str = "+12125550100";
const PREFERENCES: &str = "/api/v1/me/notification-preferences";

async fn look(app: &App, name: &'static str) {
    let job = NewJob::new("reminders", name, &json!({})).unwrap();
    app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    while app.application.worker.step(&stop).await.unwrap() {}
}

/// How many texts have been posted so far, after one more look at that instant.
async fn texts_at(app: &App, now: &str) -> i64 {
    app.set_clock(now);
    look(app, "text-reminders").await;
    app.number("SELECT count(*) FROM journal.outbox WHERE topic = 'sms'").await
}

/// Monday noon in New York; nobody has a visit, and Alice has told her number.
async fn monday() -> (App, tempfile::TempDir) {
    let (app, folder) = with_folder().await;
    app.set_clock("2027-03-08T17:00:00Z");
    app.sql("UPDATE appointments.appointment SET status = 'cancelled' WHERE status = 'booked'").await;
    phone(&app, NUMBER).await;
    (app, folder)
}

async fn phone(app: &App, number: &str) {
    let alice = id('b', 1).parse().unwrap();
    let sealed = keys().seal_text("appointments.patient.phone", alice, number);
    let sql = "UPDATE appointments.patient SET phone = $2 WHERE id = $1";
    assert_eq!(app.client().await.execute(sql, &[&alice, &sealed]).await.unwrap(), 1);
}

async fn book(app: &App, start: &str) -> String {
    let body = json!({"doctor_id": id('d', 1), "starts_at": format!("{start}-05:00")});
    let answer = app.post_as(Who::Patient(1), "/api/v1/appointments", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn wish(app: &App, version: &str, body: &Value) -> Answer {
    let request = TestRequest::put().uri(PREFERENCES).insert_header(("if-match", version)).set_json(body);
    app.send_as(Who::Patient(1), request).await
}

fn usual() -> Value {
    json!({"email_reminders": true, "sms_reminders": true, "quiet_from": "21:00", "quiet_until": "08:00"})
}

#[actix_web::test]
async fn a_text_comes_two_hours_before_a_visit_and_once() {
    let (app, _folder) = monday().await;
    let visit = book(&app, "2027-03-09T14:00:00").await;
    for (now, texts) in [
        ("2027-03-09T11:59:00-05:00", 0),
        ("2027-03-09T12:00:00-05:00", 1),
        ("2027-03-09T12:10:00-05:00", 1),
        ("2027-03-09T13:50:00-05:00", 1),
    ] {
        assert_eq!(texts_at(&app, now).await, texts, "{now}");
    }
    hand_out(&app).await;
    let text = app.get(&format!("/dev/texts/latest.txt?to={NUMBER}")).await.text();
    assert!(text.contains("Reminder: Tue 9 Mar 2027 14:00, Amara Okafor, "), "{text}");
    let told = app.get_as(Who::Staff(1), &format!("/api/v1/appointments/{visit}/notifications")).await.list();
    let channels: Vec<_> = told.iter().map(|message| message["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["email", "sms"]);
    // Moved, it is reminded of anew: the patient was told of the new time long before it.
    let moved = json!({"starts_at": "2027-03-10T14:00:00-05:00"});
    let address = format!("/api/v1/appointments/{visit}/reschedule");
    assert_eq!(app.post_as(Who::Staff(1), &address, &moved).await.status, 200);
    assert_eq!(texts_at(&app, "2027-03-10T12:00:00-05:00").await, 2);
    app.audited().await;
}

#[actix_web::test]
async fn what_would_come_at_night_comes_on_the_evening_before_and_tells_of_the_whole_day() {
    let (app, _folder) = monday().await;
    book(&app, "2027-03-09T09:00:00").await;
    book(&app, "2027-03-09T15:00:00").await;
    let now = "2027-03-09T01:00:00Z".parse().unwrap();
    assert_eq!(
        app.application.text_reminders.list(now).await.unwrap().len(),
        1,
        "the first one, as a dry run lists it"
    );
    assert_eq!(texts_at(&app, "2027-03-08T19:50:00-05:00").await, 0);
    assert_eq!(texts_at(&app, "2027-03-08T20:00:00-05:00").await, 1);
    for later in ["2027-03-08T20:10:00-05:00", "2027-03-09T08:00:00-05:00", "2027-03-09T13:00:00-05:00"] {
        assert_eq!(texts_at(&app, later).await, 1, "{later}");
    }
    hand_out(&app).await;
    let text = app.get("/dev/texts/latest.txt").await.text();
    assert!(text.contains("2 appointments: Tue 9 Mar 2027, 09:00 Amara Okafor; 15:00 Amara Okafor."), "{text}");
}

#[actix_web::test]
async fn who_has_no_number_with_its_country_or_has_just_booked_gets_no_text() {
    let (app, _folder) = monday().await;
    phone(&app, "2125550100").await;
    book(&app, "2027-03-09T14:00:00").await;
    assert_eq!(texts_at(&app, "2027-03-09T12:00:00-05:00").await, 0);
    phone(&app, NUMBER).await;
    assert_eq!(texts_at(&app, "2027-03-09T12:10:00-05:00").await, 1, "told meanwhile");
    app.set_clock("2027-03-09T12:30:00-05:00");
    book(&app, "2027-03-09T15:00:00").await;
    assert_eq!(texts_at(&app, "2027-03-09T13:10:00-05:00").await, 1, "the confirmation has done its work");
}

#[actix_web::test]
async fn who_books_within_the_lead_of_mails_is_not_reminded_within_the_hour() {
    let (app, _folder) = monday().await;
    book(&app, "2027-03-09T10:00:00").await;
    let reminders = async || {
        look(&app, "reminders").await;
        let all = all_to(&app, ALICE).await;
        all.iter().filter(|letter| letter.template.starts_with("reminder")).count()
    };
    assert_eq!(reminders().await, 0, "22 hours before");
    book(&app, "2027-03-10T10:00:00").await;
    app.set_clock("2027-03-09T16:00:00Z");
    assert_eq!(reminders().await, 1, "told of it 46 hours before");
}

#[actix_web::test]
async fn patients_say_how_they_are_reminded() {
    let (app, _folder) = monday().await;
    let before = app.get_as(Who::Patient(1), PREFERENCES).await;
    assert_eq!((before.status, before.header("etag")), (200, Some("\"v0\"")));
    let mut told = before.json();
    let always = told.as_object_mut().unwrap().remove("always_by_email").unwrap();
    assert_eq!(told, usual());
    assert!(always.as_array().unwrap().contains(&json!("booking-cancelled")), "{always}");

    let mut no = usual();
    no["sms_reminders"] = json!(false);
    no["email_reminders"] = json!(false);
    let missing = app.send_as(Who::Patient(1), TestRequest::put().uri(PREFERENCES).set_json(&no)).await;
    assert_eq!(missing.status, 428);
    assert_eq!(wish(&app, "\"v1\"", &no).await.status, 412);
    let stored = wish(&app, "\"v0\"", &no).await;
    assert_eq!((stored.status, stored.header("etag")), (200, Some("\"v1\"")));
    assert_eq!(wish(&app, "\"v0\"", &usual()).await.status, 412);
    let event = "SELECT count(*) FROM journal.audit_event WHERE action = 'notification_preferences.changed'";
    assert_eq!(app.number(event).await, 1);

    book(&app, "2027-03-10T14:00:00").await;
    look(&app, "reminders").await;
    app.set_clock("2027-03-09T19:00:00Z");
    look(&app, "reminders").await;
    assert!(all_to(&app, ALICE).await.iter().all(|letter| letter.template == "booking-confirmed"));
    assert_eq!(texts_at(&app, "2027-03-10T12:00:00-05:00").await, 0);
    assert_eq!(wish(&app, "*", &usual()).await.status, 200);
    assert_eq!(texts_at(&app, "2027-03-10T12:10:00-05:00").await, 1, "and changes one's mind");

    for (field, value, errors) in [
        ("quiet_from", json!("24:00"), 1),
        ("quiet_until", json!("8:00"), 1),
        ("quiet_until", json!("08:01"), 1),
        ("sms_reminders", json!("yes"), 1),
        ("everything", json!(false), 1),
        ("quiet_from", Value::Null, 1),
    ] {
        let mut body = usual();
        body[field] = value;
        let refused = wish(&app, "*", &body).await;
        assert_eq!((refused.status, refused.json()["errors"].as_array().unwrap().len()), (422, errors), "{body}");
    }
    for who in [Who::Doctor(1), Who::Staff(1), Who::Admin] {
        assert_eq!(app.get_as(who, PREFERENCES).await.status, 403);
    }
}

#[actix_web::test]
async fn ones_own_quiet_hours_count_for_texts() {
    let (app, _folder) = monday().await;
    let mut lunch = usual();
    lunch["quiet_from"] = json!("12:00");
    lunch["quiet_until"] = json!("14:00");
    assert_eq!(wish(&app, "*", &lunch).await.status, 200);
    book(&app, "2027-03-09T15:00:00").await;
    // Due at one; an hour before lunch in its place.
    assert_eq!(texts_at(&app, "2027-03-09T10:50:00-05:00").await, 0);
    assert_eq!(texts_at(&app, "2027-03-09T11:00:00-05:00").await, 1);
}

#[actix_web::test]
async fn of_two_who_change_the_same_version_one_is_told_to_look_again() {
    let (app, _folder) = monday().await;
    let mut no = usual();
    no["sms_reminders"] = json!(false);
    let yes = usual();
    let both = futures_util::join!(wish(&app, "\"v0\"", &no), wish(&app, "\"v0\"", &yes));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[actix_web::test]
async fn preferences_are_in_the_copy_of_ones_data_and_end_with_the_account() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let held = sign_in(&app, user).await;
    let body = TestRequest::put().uri(PREFERENCES).insert_header(("if-match", "*")).set_json(usual());
    let stored = app.send(body.insert_header(("authorization", format!("Bearer {}", held.access)))).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let copy = with_token(&app, Method::GET, "/api/v1/me/export", &held.access).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(copy.body.to_vec())).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("notification-preferences.json").unwrap(), &mut text).unwrap();
    assert!(text.contains("\"quiet_from\": 1260"), "{text}");
    let erased = with_token(&app, Method::DELETE, "/api/v1/me", &held.access).await;
    assert_eq!(erased.status, 204, "{}", erased.text());
    assert_eq!(app.number("SELECT count(*) FROM notifications.preference").await, 0);
}
