//! What doctors hear of their day in the morning.

use jiff::SignedDuration;
use platform::jobs::{NewJob, Stop};
use platform::letters::Letter;
use serde_json::json;
use tokio::sync::watch;

use crate::app::{App, Who, doctor};
use crate::letters::all_to;

/// Seven in the morning in New York on Tuesday, when nobody has a visit but those that are booked here.
async fn tuesday(starts: &[&str]) -> App {
    let app = App::start().await;
    app.sql("UPDATE appointments.appointment SET status = 'cancelled' WHERE status = 'booked'").await;
    for start in starts {
        let body = json!({"doctor_id": doctor(1), "starts_at": format!("{start}-05:00")});
        let answer = app.post_as(Who::Patient(1), "/api/v1/appointments", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    app.set_clock("2027-03-09T12:00:00Z");
    app
}

/// The job as the timetable puts it in; gives the first doctor's letters.
async fn morning(app: &App, zone: &str) -> Vec<Letter> {
    let job = NewJob::new("reminders", "day-summaries", &json!({ "zone": zone })).unwrap();
    app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    while app.application.worker.step(&stop).await.unwrap() {}
    let mut letters = Vec::new();
    for address in addresses(app).await {
        letters.extend(all_to(app, &address).await);
    }
    letters.retain(|letter| letter.template == "day-summary");
    letters
}

/// Where the first doctor's mail goes.
async fn addresses(app: &App) -> Vec<String> {
    let user = Who::Doctor(1).user().parse().unwrap();
    let person = app.application.users.person(kernel::UserId::from_uuid(user)).await.unwrap().unwrap();
    vec![person.email]
}

#[actix_web::test]
async fn a_doctor_hears_once_when_the_visits_of_the_day_are_and_not_whose() {
    let app = tuesday(&["2027-03-09T10:00:00", "2027-03-09T09:00:00", "2027-03-10T09:00:00"]).await;
    let letters = morning(&app, "America/New_York").await;
    assert_eq!(letters.len(), 1);
    let value = |name: &str| letters[0].values[name].as_str();
    assert_eq!(value("day"), "2027-03-09 (America/New_York)");
    assert_eq!(value("times"), "09:00–09:30\n10:00–10:30", "today's, in their order");
    assert_eq!(value("modes"), "in_person\nin_person");
    let all = format!("{:?}", letters[0].values);
    assert!(!all.contains("Alice") && !all.contains("Baker"), "{all}");
    app.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(morning(&app, "America/New_York").await.len(), 1, "once for the day");
    app.clock.advance(SignedDuration::from_hours(23));
    let letters = morning(&app, "America/New_York").await;
    assert_eq!(
        letters.iter().map(|letter| letter.values["times"].as_str()).next_back(),
        Some("09:00–09:30"),
        "the next day"
    );
}

#[actix_web::test]
async fn what_was_called_off_and_what_is_on_other_clocks_is_left_out() {
    let app = tuesday(&["2027-03-09T10:00:00"]).await;
    assert!(morning(&app, "America/Chicago").await.is_empty());
    app.sql("UPDATE appointments.appointment SET status = 'cancelled' WHERE status = 'booked'").await;
    assert!(morning(&app, "America/New_York").await.is_empty(), "a day without visits is not worth a letter");
    let runs = app.texts("SELECT said FROM jobs.run WHERE name = 'day-summaries'").await;
    assert_eq!(runs, ["letters 0", "letters 0"]);
}

#[actix_web::test]
async fn of_workers_that_race_one_writes() {
    let app = tuesday(&["2027-03-09T10:00:00"]).await;
    let others = [app.beside(Default::default()).await, app.beside(Default::default()).await];
    for _ in 0..6 {
        let job = NewJob::new("reminders", "day-summaries", &json!({"zone": "America/New_York"})).unwrap();
        app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    }
    others.iter().for_each(|other| other.set_clock("2027-03-09T12:00:00Z"));
    let (_going, stop) = watch::channel(false);
    let work = async |app: &App| while app.application.worker.step(&Stop::by(stop.clone())).await.unwrap() {};
    tokio::join!(work(&app), work(&others[0]), work(&others[1]));
    assert_eq!(morning(&app, "America/New_York").await.len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM appointments.day_summary").await, 1);
}
