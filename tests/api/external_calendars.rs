//! Busy times of calendars elsewhere block a doctor's slots and bookings.

use std::sync::{Arc, Mutex};

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::app::{App, Who, ada, doctor};
use crate::at_rest::{in_the_clear, stored};

fn uri() -> String {
    format!("/api/v1/doctors/{}/external-calendars", doctor(1))
}

/// A calendar on this machine that says what it is told to; nothing is an error of the server's.
async fn calendar(says: Arc<Mutex<Option<String>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/private-8c1f/busy.ics", listener.local_addr().unwrap());
    actix_web::rt::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let _read = stream.read(&mut request).await;
            let answer = match says.lock().unwrap().clone() {
                Some(text) => {
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
                }
                None => "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
            };
            let _sent = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// Tuesdays at nine for a quarter of an hour, from 9 March on, by the clocks of New York.
const TUESDAYS: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Choir of St Rumpelstiltskin\r\n\
    DTSTART;TZID=America/New_York:20270309T090000\r\nDURATION:PT15M\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

async fn free(app: &App, start: &str) -> bool {
    let day = &start[..10];
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from={day}&to={day}", doctor(1))).await.list();
    slots.iter().any(|slot| slot["starts_at"] == start)
}

async fn read(app: &App) {
    while app.application.externals.run(5).await.unwrap() > 0 {}
}

async fn only(app: &App) -> Value {
    let listed = app.get_as(Who::Staff(1), &uri()).await.list();
    assert_eq!(listed.len(), 1);
    listed[0].clone()
}

#[actix_web::test]
async fn what_a_calendar_elsewhere_says_cannot_be_booked_until_it_is_taken_away() {
    let app = App::start().await;
    let says = Arc::new(Mutex::new(Some(TUESDAYS.to_owned())));
    let address = calendar(Arc::clone(&says)).await;
    // On both sides of the change of the clocks on 14 March.
    let taken = ["2027-03-09T09:00:00-05:00", "2027-03-16T09:00:00-04:00"];
    for start in taken {
        assert!(free(&app, start).await, "{start}");
    }
    let key = ("idempotency-key", "a-calendar");
    let add = || TestRequest::post().uri(&uri()).insert_header(key).set_json(json!({"url": address}));
    let added = app.send_as(Who::Doctor(1), add()).await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(app.send_as(Who::Doctor(1), add()).await.header("idempotent-replayed"), Some("true"));
    assert!(!added.text().contains("private-8c1f"), "{}", added.text());
    assert_eq!(only(&app).await["read_at"], Value::Null);

    read(&app).await;
    let shown = only(&app).await;
    assert!(shown["busy"].as_u64().unwrap() > 50 && shown["stale_since"].is_null(), "{shown}");
    for start in taken {
        assert!(!free(&app, start).await, "{start}");
        let refused = app.post("/api/v1/appointments", &ada(1, start)).await;
        assert_eq!(
            (refused.problem().1.as_str(), &refused.json()["rule"]),
            ("outside-availability", &json!("time-off"))
        );
    }
    // It is nobody's time off, so nobody takes it away as such.
    let time_off = app.get_as(Who::Doctor(1), &format!("/api/v1/doctors/{}/time-off", doctor(1))).await;
    assert_eq!(time_off.list().len(), 0, "{}", time_off.text());
    // Neither its address nor what it is about lies about.
    assert_eq!(in_the_clear(&stored(&app).await, &["private-8c1f", "Rumpelstiltskin"]), [""; 0]);

    let remove = format!("{}/{}", uri(), shown["id"].as_str().unwrap());
    let other = app.send_as(Who::Doctor(4), TestRequest::delete().uri(&remove)).await;
    assert_eq!(other.problem(), (404, "not-found".to_owned()));
    assert_eq!(app.send_as(Who::Staff(1), TestRequest::delete().uri(&remove)).await.status, 204);
    for start in taken {
        assert!(free(&app, start).await, "{start}");
    }
    assert_eq!(app.number("SELECT count(*) FROM calendars.external_calendar").await, 0);
    for action in ["external_calendar.added", "external_calendar.removed"] {
        for table in ["audit_event WHERE action", "outbox WHERE topic"] {
            assert_eq!(app.number(&format!("SELECT count(*) FROM journal.{table} = '{action}'")).await, 1);
        }
    }
    app.audited().await;
}

#[actix_web::test]
async fn when_it_cannot_be_read_what_it_said_last_holds_and_it_is_told_since_when() {
    let app = App::start().await;
    let says = Arc::new(Mutex::new(Some(TUESDAYS.to_owned())));
    let address = calendar(Arc::clone(&says)).await;
    app.post_as(Who::Doctor(1), &uri(), &json!({"url": address})).await;
    read(&app).await;
    let edition = "SELECT edition FROM doctors.soonest WHERE doctor_id = '01900000-0000-7000-8000-d00000000001'";
    let before = app.number(edition).await;
    // Read again, and nothing is new: whoever is booking just now is not disturbed.
    app.clock.advance(jiff::SignedDuration::from_mins(15));
    read(&app).await;
    assert_eq!(app.number(edition).await, before);

    *says.lock().unwrap() = None;
    app.clock.advance(jiff::SignedDuration::from_mins(15));
    read(&app).await;
    let first = kernel::Clock::now(&*app.clock).to_string();
    app.clock.advance(jiff::SignedDuration::from_mins(15));
    read(&app).await;
    let shown = only(&app).await;
    assert_eq!((shown["trouble"].as_str(), shown["stale_since"].as_str()), (Some("refused-by-server"), Some(&*first)));
    assert!(!free(&app, "2027-03-09T09:00:00-05:00").await);

    *says.lock().unwrap() = Some("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned());
    app.clock.advance(jiff::SignedDuration::from_mins(15));
    read(&app).await;
    let shown = only(&app).await;
    assert_eq!((&shown["trouble"], &shown["stale_since"], &shown["busy"]), (&Value::Null, &Value::Null, &json!(0)));
    assert!(free(&app, "2027-03-09T09:00:00-05:00").await);
}

#[actix_web::test]
async fn addresses_inside_of_networks_are_refused_before_anything_is_kept() {
    let app = App::start().await;
    for url in ["http://10.0.0.1/a.ics", "https://169.254.169.254/latest", "https://a:b@calendar.example/", "nonsense"]
    {
        let refused = app.post_as(Who::Doctor(1), &uri(), &json!({"url": url})).await;
        assert_eq!(refused.bad_fields(), ["url:address"], "{url}");
    }
    assert_eq!(app.post_as(Who::Doctor(1), &uri(), &json!({})).await.bad_fields(), ["url:required"]);
    assert_eq!(app.number("SELECT count(*) FROM calendars.external_calendar").await, 0);
    for number in 0..10 {
        let added =
            app.post_as(Who::Doctor(1), &uri(), &json!({"url": format!("https://calendar.example/{number}")})).await;
        assert_eq!(added.status, 201, "{}", added.text());
    }
    let refused = app.post_as(Who::Doctor(1), &uri(), &json!({"url": "https://calendar.example/10"})).await;
    assert_eq!(refused.problem(), (409, "too-many-external-calendars".to_owned()));
}
