//! Reminders: whom they reach, what they say, and that each goes out once.

use jiff::SignedDuration;
use platform::jobs::{NewJob, Stop};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::app::{App, PUBLIC_URL, Who, doctor};
use crate::letters::all_to;

const ALICE: &str = "alice.baker@example.com";

/// The jobs that are due, until there are none.
async fn work(app: &App) {
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    while app.application.worker.step(&stop).await.unwrap() {}
}

/// A look for due reminders, and what follows from it; gives Alice's letters. Everybody was told of the visits long ago.
async fn look(app: &App) -> Vec<platform::letters::Letter> {
    app.sql("UPDATE appointments.appointment SET told_at = told_at - interval '3 days'").await;
    let job = NewJob::new("reminders", "reminders", &json!({})).unwrap();
    app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    work(app).await;
    let letters = all_to(app, ALICE).await;
    letters.into_iter().filter(|letter| letter.template.starts_with("reminder")).collect()
}

/// Eleven in the morning in New York on Monday; nobody has a visit.
async fn monday() -> App {
    let app = App::start().await;
    app.set_clock("2027-03-08T16:00:00Z");
    app.sql("UPDATE appointments.appointment SET status = 'cancelled' WHERE status = 'booked'").await;
    app
}

async fn book(app: &App, who: Who, number: u32, start: &str) -> Value {
    let body = json!({"doctor_id": doctor(number), "starts_at": format!("{start}-05:00")});
    let answer = app.post_as(who, "/api/v1/appointments", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[actix_web::test]
async fn a_visit_of_the_next_day_is_reminded_of_once_with_its_link_and_leaves_its_trace() {
    let app = monday().await;
    let visit = book(&app, Who::Patient(1), 1, "2027-03-09T10:00:00").await;
    let letters = look(&app).await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.template.as_str(), letter.values["doctor"].as_str()), ("reminder", "Amara Okafor"));
    assert_eq!(letter.values["when"], "2027-03-09 10:00 (America/New_York)");
    let url = letter.values["manage_url"].strip_prefix(PUBLIC_URL).unwrap();
    let page = app.get(url).await;
    assert!(page.status == 200 && page.text().contains(visit["id"].as_str().unwrap()), "{url}");
    // The same token opens it for programs.
    let shown = app.get(&format!("/api/v1{url}")).await;
    assert_eq!((shown.status, &shown.json()["reminder_sent"]), (200, &json!(true)));
    assert!(letter.calendar.is_none(), "the calendar has it already");
    let history = format!("/api/v1/appointments/{}/history", visit["id"].as_str().unwrap());
    let history = app.get_as(Who::Patient(1), &history).await.list();
    let last = history.last().unwrap();
    assert_eq!(
        (&last["what"], &last["by"], &last["to"]["status"]),
        (&json!("reminded"), &json!("system"), &json!("booked"))
    );

    for _ in 0..2 {
        app.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(look(&app).await.len(), 1, "an hour later it has been done");
    }
    app.audited().await;
}

#[actix_web::test]
async fn what_was_moved_is_reminded_of_anew_and_what_was_called_off_is_not() {
    let app = monday().await;
    let visit = book(&app, Who::Patient(1), 1, "2027-03-09T10:00:00").await;
    assert_eq!(look(&app).await.len(), 1);
    let address = format!("/api/v1/appointments/{}", visit["id"].as_str().unwrap());
    let moved = app
        .post_as(Who::Patient(1), &format!("{address}/reschedule"), &json!({"starts_at": "2027-03-09T11:00:00-05:00"}))
        .await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    assert_eq!(moved.json()["reminder_sent"], json!(false));
    let letters = look(&app).await;
    assert_eq!((letters.len(), letters[1].values["when"].as_str()), (2, "2027-03-09 11:00 (America/New_York)"));
    assert_eq!(look(&app).await.len(), 2);

    let other = book(&app, Who::Patient(1), 1, "2027-03-09T10:00:00").await;
    let cancel = format!("/api/v1/appointments/{}/cancel", other["id"].as_str().unwrap());
    assert_eq!(app.post_as(Who::Patient(1), &cancel, &json!({"reason": "ill"})).await.status, 200);
    assert_eq!(look(&app).await.len(), 2, "what does not take place");
}

#[actix_web::test]
async fn the_visits_of_a_patient_on_one_day_make_one_message_in_the_readers_language() {
    let app = monday().await;
    app.sql(&format!("UPDATE auth.account SET language = 'fr' WHERE id = '{}'", Who::Patient(1).user())).await;
    book(&app, Who::Patient(1), 1, "2027-03-09T16:00:00").await;
    book(&app, Who::Patient(1), 1, "2027-03-09T10:00:00").await;
    book(&app, Who::Patient(1), 1, "2027-03-10T10:00:00").await;
    // At eleven on Monday, four in the afternoon of Tuesday is more than a day away, but on the same day.
    let letters = look(&app).await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].template.as_str(), letters[0].language.as_str()), ("reminder-several", "fr"));
    assert_eq!(letters[0].values["visits"], "2");
    assert_eq!(letters[0].values["when_1"], "2027-03-09 10:00 (America/New_York)");
    assert_eq!(letters[0].values["when_2"], "2027-03-09 16:00 (America/New_York)");
    app.clock.advance(SignedDuration::from_hours(8));
    assert_eq!(look(&app).await.len(), 1, "nor is the later one told once more");
}

#[actix_web::test]
async fn at_night_nobody_is_written_to() {
    let app = monday().await;
    book(&app, Who::Patient(1), 1, "2027-03-09T10:00:00").await;
    // Half past nine in the evening, then eight in the morning.
    app.set_clock("2027-03-09T02:30:00Z");
    assert!(look(&app).await.is_empty());
    app.set_clock("2027-03-09T12:59:00Z");
    assert!(look(&app).await.is_empty());
    app.set_clock("2027-03-09T13:00:00Z");
    assert_eq!(look(&app).await.len(), 1);
}

#[actix_web::test]
async fn an_operator_sees_what_would_go_out_and_a_run_at_another_instant_is_for_that_one() {
    let app = monday().await;
    let visit = book(&app, Who::Patient(1), 1, "2027-03-12T10:00:00").await;
    let now = app.application.clock.now();
    assert!(app.application.reminders.list(now).await.unwrap().is_empty());
    let thursday = "2027-03-11T16:00:00Z".parse().unwrap();
    let due = app.application.reminders.list(thursday).await.unwrap();
    assert_eq!((due.len(), due[0].0, json!(due[0].1.visit)), (1, 24, visit["id"].clone()));
    let job = NewJob::new("reminders", "reminders", &json!({ "at": thursday })).unwrap();
    app.application.worker.jobs().add(&job, now).await.unwrap();
    work(&app).await;
    assert_eq!(look(&app).await.len(), 1);
    let at =
        app.texts("SELECT available_at::text FROM journal.outbox WHERE topic = 'mail' ORDER BY id DESC LIMIT 1").await;
    assert!(at[0].starts_with("2027-03-08"), "it goes out now: {at:?}");
}
