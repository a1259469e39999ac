//! Addresses that calendar programs subscribe to: secret, revocable, and telling no more than they were made for.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, PUBLIC_URL, Who, doctor, id};
use crate::at_rest::{in_the_clear, stored};
use crate::logs::harvest;

const MINE: &str = "/api/v1/me/calendar-feeds";

fn of(number: u32) -> String {
    format!("/api/v1/doctors/{}/calendar-feeds", doctor(number))
}

async fn opened(app: &App, who: Who, uri: &str, body: Value) -> Value {
    let answer = app.post_as(who, uri, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    harvest(&answer.json());
    answer.json()
}

async fn file(app: &App, opened: &Value) -> Answer {
    app.get(opened["url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap()).await
}

fn summaries(file: &Answer) -> Vec<String> {
    let text = file.text().replace("\r\n ", "");
    text.lines().filter_map(|line| line.strip_prefix("SUMMARY:")).map(str::to_owned).collect()
}

#[actix_web::test]
async fn a_patients_address_shows_the_own_visits_and_those_of_relatives_until_it_is_removed() {
    let app = App::start().await;
    let made = opened(&app, Who::Patient(1), MINE, json!({})).await;
    let first = file(&app, &made).await;
    assert_eq!((first.status, first.header("content-type")), (200, Some("text/calendar; charset=utf-8")));
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let text = first.text();
    assert!(text.contains("METHOD:PUBLISH\r\n") && text.contains("X-PUBLISHED-TTL:PT30M\r\n"), "{text}");
    let visits = app.get_as(Who::Patient(1), "/api/v1/appointments?from=2027-01-30T00:00:00Z&limit=100").await.list();
    let ids: Vec<String> = visits.iter().map(|visit| visit["id"].as_str().unwrap().to_owned()).collect();
    let recent = app
        .number(
            "SELECT count(*) FROM appointments.appointment a JOIN appointments.caretaker c USING (patient_id)
        WHERE c.user_id = '01900000-0000-7000-8000-900000000101' AND starts_at >= '2027-03-01T12:00:00Z'",
        )
        .await;
    assert!(recent > 0 && !ids.is_empty());
    assert_eq!(
        text.matches("BEGIN:VEVENT").count() as i64,
        app.number(&format!(
            "SELECT count(*) FROM appointments.appointment a JOIN appointments.caretaker c USING (patient_id)
          WHERE c.user_id = '{}' AND starts_at >= '{}'::timestamptz - interval '30 days'",
            Who::Patient(1).user(),
            kernel::Clock::now(&*app.clock),
        ))
        .await
    );
    assert!(summaries(&first).iter().all(|summary| summary.starts_with("Appointment with ")), "{text}");
    for (parser, understood) in testkit::understood(&text) {
        assert_eq!(understood.errors, Vec::<String>::new(), "{parser}");
    }

    let tag = first.header("etag").unwrap().to_owned();
    let path = made["url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap().to_owned();
    let again = app.get_with(&path, ("if-none-match", &tag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));

    let listed = app.get_as(Who::Patient(1), MINE).await;
    assert!(!listed.text().contains("url") && !listed.text().contains(&path[11..54]), "{}", listed.text());
    assert_eq!(listed.list()[0]["last_used_at"], kernel::Clock::now(&*app.clock).to_string());

    let remove = format!("{MINE}/{}", made["id"].as_str().unwrap());
    // Nobody else removes it.
    let other = app.send_as(Who::Patient(2), TestRequest::delete().uri(&remove)).await;
    assert_eq!(other.problem(), (404, "not-found".to_owned()));
    assert_eq!(app.send_as(Who::Patient(1), TestRequest::delete().uri(&remove)).await.status, 204);
    let gone = file(&app, &made).await;
    let never = app.get(&format!("/calendars/{}.ics", "B".repeat(42) + "A")).await;
    assert_eq!((gone.problem(), never.problem()), ((404, "not-found".to_owned()), (404, "not-found".to_owned())));
    let told = |answer: &Answer| (answer.json()["title"].clone(), answer.json()["detail"].clone());
    assert_eq!(told(&gone), told(&never));

    for (action, count) in [("calendar_feed.opened", 1), ("calendar_feed.closed", 1)] {
        for table in ["audit_event WHERE action", "outbox WHERE topic"] {
            assert_eq!(app.number(&format!("SELECT count(*) FROM journal.{table} = '{action}'")).await, count);
        }
    }
    app.audited().await;
}

#[actix_web::test]
async fn a_doctors_address_names_no_patient() {
    let app = App::start().await;
    for (who, body, told) in [
        (Who::Doctor(1), json!({}), "Appointment"),
        (Who::Staff(1), json!({"details": "busy"}), "Appointment"),
        (Who::Admin, json!({"details": "initials"}), "Appointment ("),
    ] {
        let made = opened(&app, who, &of(1), body).await;
        let shown = file(&app, &made).await;
        let summaries = summaries(&shown);
        assert!(summaries.len() > 10 && summaries.iter().all(|summary| summary.starts_with(told)), "{summaries:?}");
        assert!(summaries.iter().all(|summary| summary.len() < 25), "{summaries:?}");
        for name in
            app.get_as(Who::Doctor(1), &format!("/api/v1/doctors/{}/appointments?limit=100", doctor(1))).await.list()
        {
            assert!(!shown.text().contains(name["patient_name"].as_str().unwrap()));
        }
        assert!(!shown.text().contains("ATTENDEE"));
    }
    let unknown = app.post_as(Who::Doctor(1), &of(1), &json!({"details": "names"})).await;
    assert_eq!(unknown.problem().0, 422);
}

#[actix_web::test]
async fn an_address_is_kept_nowhere_and_there_are_at_most_twenty() {
    let app = App::start().await;
    let made = opened(&app, Who::Doctor(1), &of(1), json!({})).await;
    let secret = made["url"].as_str().unwrap().rsplit('/').next().unwrap().strip_suffix(".ics").unwrap().to_owned();
    assert_eq!(secret.len(), 43, "256 bits");
    assert_eq!(in_the_clear(&stored(&app).await, &[&secret]), [""; 0]);
    for _ in 1..20 {
        opened(&app, Who::Doctor(1), &of(1), json!({})).await;
    }
    let refused = app.post_as(Who::Staff(1), &of(1), &json!({})).await;
    assert_eq!(refused.problem(), (409, "too-many-feeds".to_owned()));
    assert_eq!(app.get_as(Who::Doctor(1), &of(1)).await.list().len(), 20);
}

#[actix_web::test]
async fn an_address_dies_with_the_account_that_made_it() {
    let app = App::start().await;
    let made = opened(&app, Who::Doctor(1), &of(1), json!({})).await;
    assert_eq!(file(&app, &made).await.status, 200);
    app.sql(&format!(
        "DELETE FROM auth.membership WHERE account_id = '{0}'; DELETE FROM auth.account WHERE id = '{0}'",
        id('9', 1)
    ))
    .await;
    assert_eq!(file(&app, &made).await.problem(), (404, "not-found".to_owned()));
}
