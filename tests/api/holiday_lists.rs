//! Lists of public holidays: looked at, taken over as one change, sent again, taken back.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, all, id};

const DESK: Who = Who::Staff(1);
/// What a clinic in the United States may start from.
const FEDERAL: &str = include_str!("../../docs/holidays/us-federal-2026-2030.ics");

fn uri(query: &str) -> String {
    format!("/api/v1/clinics/{}/holidays/import{query}", id('c', 1))
}

fn list(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn day(first: &str, end: &str, name: &str) -> String {
    format!(
        "BEGIN:VEVENT\r\nUID:{first}\r\nDTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{end}\r\nSUMMARY:{name}\r\nEND:VEVENT\r\n"
    )
}

fn sending(query: &str, file: &str) -> TestRequest {
    let media_type = ("content-type", "text/calendar; charset=utf-8");
    TestRequest::post().uri(&uri(query)).insert_header(media_type).set_payload(file.to_owned())
}

async fn import(app: &App, query: &str, file: &str) -> Answer {
    app.send_as(DESK, sending(query, file)).await
}

async fn holidays(app: &App) -> Vec<Value> {
    app.get(&format!("/api/v1/clinics/{}/holidays", id('c', 1))).await.list()
}

#[actix_web::test]
async fn the_list_of_the_united_states_is_one_change_adds_nothing_twice_and_goes_as_one() {
    let app = App::start().await;
    let before = holidays(&app).await;
    assert!(all(&before, "date").contains(&"2027-05-31"), "the clinic is closed on one of these days already");
    let tables = app.tables().await;
    let looked = import(&app, "?dry_run=true&to=2027-12-31", FEDERAL).await;
    assert_eq!((looked.status, app.tables().await == tables), (200, true), "{}", looked.text());
    let looked = looked.json();
    let added = looked["added"].as_array().unwrap();
    let dates: Vec<&str> = added.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(
        dates,
        [
            "2027-06-18",
            "2027-07-05",
            "2027-09-06",
            "2027-10-11",
            "2027-11-11",
            "2027-11-25",
            "2027-12-24",
            "2027-12-31"
        ]
    );
    assert_eq!(looked["skipped"][0]["reason"], "closed-already");
    assert_eq!(
        (&looked["change"], &looked["outside"], &looked["not_understood"]),
        (&Value::Null, &json!(46), &json!(0))
    );

    let plan = looked["plan"].as_str().unwrap();
    let query = format!("?to=2027-12-31&plan={plan}");
    let key = ("idempotency-key", "federal-1");
    let send = async || app.send_as(DESK, sending(&query, FEDERAL).insert_header(key)).await;
    let (made, again) = (send().await, send().await);
    assert_eq!((made.status, again.status), (201, 201), "{}", made.text());
    assert_eq!((made.text(), again.header("idempotent-replayed")), (again.text(), Some("true")));
    assert_eq!(made.json()["added"], looked["added"]);
    assert_eq!(holidays(&app).await.len(), before.len() + 8);
    let told = "SELECT count(*) FROM journal.audit_event WHERE action = 'holidays.added'";
    assert_eq!(app.number(told).await, 1);

    let tables = app.tables().await;
    let nothing = import(&app, "?to=2027-12-31", FEDERAL).await;
    assert_eq!((nothing.status, &nothing.json()["added"]), (200, &json!([])), "{}", nothing.text());
    assert_eq!(app.tables().await, tables);

    let change = made.json()["change"]["id"].as_str().unwrap().to_owned();
    let undo = format!("/api/v1/clinics/{}/changes/{change}/undo", id('c', 1));
    assert_eq!(app.send_as(DESK, TestRequest::post().uri(&undo)).await.status, 200);
    assert_eq!(holidays(&app).await, before);
    app.audited().await;
}

#[actix_web::test]
async fn visits_on_these_days_are_shown_and_nothing_happens_until_it_is_said_what_becomes_of_them() {
    let app = App::start().await;
    let days = list(&day("20270310", "20270312", "Days of rest"));
    let looked = import(&app, "?dry_run=true", &days).await.json();
    assert_eq!((looked["added"].as_array().unwrap().len(), looked["appointments"].as_array().unwrap().len()), (2, 30));
    let before = app.tables().await;
    let refused = import(&app, "", &days).await;
    assert_eq!(refused.problem(), (409, "appointments-affected".to_owned()));
    assert_eq!(import(&app, "?otherwise=keep&plan=other", &days).await.problem(), (409, "plan-changed".to_owned()));
    assert_eq!(app.tables().await, before);
    let made = import(&app, "?otherwise=move", &days).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let visits = made.json()["change"]["appointments"].as_array().unwrap().clone();
    assert!(visits.len() == 30 && visits.iter().all(|visit| visit["action"] == "moved"));
}

#[actix_web::test]
async fn a_file_that_is_none_a_wrong_type_too_much_and_strangers_change_nothing() {
    let app = App::start().await;
    let before = app.tables().await;
    let one = list(&day("20270705", "20270706", "Independence Day"));
    for (query, file, fields) in [
        ("", "<html>", vec!["body:calendar"]),
        ("", list(&day("20270401", "20270801", "Long")).as_str(), vec!["body:length"]),
        ("?from=2027-08-01&to=2027-07-01", one.as_str(), vec!["to:range"]),
        ("?otherwise=cancel", one.as_str(), vec!["otherwise:type"]),
        ("?dry_run=perhaps&x=1", one.as_str(), vec!["dry_run:type", "x:unknown"]),
    ] {
        let refused = import(&app, query, file).await;
        assert_eq!(refused.bad_fields(), fields, "{query} {}", refused.text());
    }
    assert_eq!(import(&app, "", &"x".repeat(256 * 1024 + 1)).await.problem().0, 413);
    let binary = TestRequest::post().uri(&uri("")).insert_header(("content-type", "text/calendar"));
    assert_eq!(app.send_as(DESK, binary.set_payload(vec![0xff, 0xfe])).await.problem().0, 400);
    assert_eq!(app.post_as(DESK, &uri(""), &json!({})).await.problem().0, 415);
    assert_eq!(app.send(sending("", &one)).await.problem().0, 401);
    assert_eq!(app.send_as(Who::Doctor(1), sending("", &one)).await.problem().0, 403);
    assert_eq!(app.send_as(Who::Staff(2), sending("", &one)).await.problem().0, 404);
    assert_eq!(app.tables().await, before);
}
