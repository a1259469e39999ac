//! Free times of a page of doctors, and as they change.

use std::cell::Cell;
use std::time::Duration;

use actix_web::test::TestRequest;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use serde_json::{Value, json};

use crate::app::{App, Opened, Wishes, ada, all, doctor, guest, id, visit_type};

const DAY: &str = "from=2027-03-09&to=2027-03-09";

fn stream(number: u32) -> String {
    format!("/api/v1/doctors/{}/slots/stream?{DAY}", doctor(number))
}

fn page(path: &str, doctors: &[u32], rest: &str) -> String {
    let ids: Vec<String> = doctors.iter().map(|number| doctor(*number)).collect();
    format!("/api/v1/{path}?doctor_ids={}&{rest}", ids.join(","))
}

/// One event of a stream, as a browser understands it.
#[derive(Debug, Clone, PartialEq, Default)]
struct Event {
    id: Option<String>,
    event: String,
    data: Value,
}

/// A client that reads a stream to its end.
struct Listening {
    opened: Opened,
    rest: String,
}

impl Listening {
    async fn to(app: &App, uri: &str) -> Self {
        Self::with(app, TestRequest::get().uri(uri)).await
    }

    async fn with(app: &App, request: TestRequest) -> Self {
        let opened = app.open(request).await;
        assert_eq!(opened.status, 200);
        assert_eq!(opened.headers.get("content-type").unwrap(), "text/event-stream");
        Self { opened, rest: String::new() }
    }

    /// The next block, of whatever kind; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let block = block.to_owned();
                self.rest = rest.to_owned();
                return Some(block);
            }
            // Long enough for any machine; nothing is measured by it.
            let piece = tokio::time::timeout(Duration::from_secs(60), self.opened.piece()).await;
            self.rest.push_str(std::str::from_utf8(&piece.expect("nothing came")?).unwrap());
        }
    }

    async fn event(&mut self) -> Event {
        loop {
            let block = self.block().await.expect("the stream has ended");
            let mut event = Event::default();
            for line in block.lines() {
                match line.split_once(": ") {
                    Some(("id", id)) => event.id = Some(id.to_owned()),
                    Some(("event", name)) => name.clone_into(&mut event.event),
                    Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                    _ => {}
                }
            }
            if event != Event::default() {
                return event;
            }
        }
    }

    /// The list at the beginning, and the id that stands behind it.
    async fn beginning(&mut self) -> (Vec<Value>, String) {
        let first = self.event().await;
        assert_eq!(first.event, "slots");
        let id = self.event().await.id.unwrap();
        (first.data["slots"].as_array().unwrap().clone(), id)
    }
}

fn starts(slots: &Value) -> Vec<&str> {
    slots.as_array().unwrap().iter().map(|slot| slot["starts_at"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_page_lists_each_doctor_s_own_times_in_the_order_asked_for() {
    let app = App::reading().await;
    let listed = app.get(&page("slots", &[4, 1], DAY)).await.list();
    assert_eq!(all(&listed, "doctor_id"), [doctor(4), doctor(1)]);
    for (entry, number) in listed.iter().zip([4, 1]) {
        let alone = app.get(&format!("/api/v1/doctors/{}/slots?{DAY}", doctor(number))).await.list();
        assert!(!alone.is_empty());
        assert_eq!(entry["slots"], json!(alone));
    }
}

#[actix_web::test]
async fn a_page_leaves_out_who_takes_no_bookings_and_names_each_bad_parameter() {
    let app = App::reading().await;
    let stranger = format!("/api/v1/slots?doctor_ids={},{}&{DAY}", doctor(1), id('d', 99));
    assert_eq!(all(&app.get(&stranger).await.list(), "doctor_id"), [doctor(1)]);
    let many: Vec<u32> = (1..=51).collect();
    for (uri, bad) in [
        (page("slots", &many, DAY), vec!["doctor_ids:length"]),
        (page("slots", &[1, 1], DAY), vec!["doctor_ids:repeated"]),
        ("/api/v1/slots?doctor_ids=one&from=2027-03-09&to=2027-03-23".into(), vec!["doctor_ids:format", "to:range"]),
        (page("slots", &[1], "to=2027-03-09"), vec!["from:required"]),
        (page("slots", &[1], "from=2027-03-09&to=2027-03-08"), vec!["to:range"]),
        ("/api/v1/slots".into(), vec!["doctor_ids:required"]),
    ] {
        assert_eq!(app.get(&uri).await.bad_fields(), bad, "{uri}");
        let streamed = uri.replacen("/slots", "/slots/stream", 1);
        assert_eq!(app.get(&streamed).await.bad_fields(), bad, "{streamed}");
    }
    assert_eq!(app.get(&page("slots", &many[..50], "from=2027-03-09&to=2027-03-22")).await.status, 200);
}

#[actix_web::test]
async fn a_time_that_another_server_books_or_frees_is_told_to_who_listens() {
    let app = App::start().await;
    let other = app.beside(Wishes::default()).await;
    let mut listening = Listening::to(&app, &stream(3)).await;
    let (slots, _) = listening.beginning().await;
    assert_eq!(slots.len(), 16);

    let booked = other.booked(&ada(3, "2027-03-09T09:00:00-05:00")).await;
    let told = listening.event().await;
    assert_eq!(told.event, "changed");
    assert_eq!((&told.data["freed"], starts(&told.data["taken"])), (&json!([]), vec!["2027-03-09T09:00:00-05:00"]));
    assert_eq!(told.data["doctor_id"], doctor(3));

    assert_eq!(other.post(&booked.manage("/cancel"), &json!({})).await.status, 200);
    let told = listening.event().await;
    assert_eq!((starts(&told.data["freed"]), &told.data["taken"]), (vec!["2027-03-09T09:00:00-05:00"], &json!([])));
    assert_eq!(told.data["freed"][0]["visit_type_id"], visit_type(3, 1));
}

#[actix_web::test]
async fn what_lies_outside_the_days_asked_for_is_not_told() {
    let app = App::start().await;
    let mut listening = Listening::to(&app, &stream(3)).await;
    listening.beginning().await;
    app.booked(&ada(3, "2027-03-10T09:30:00-05:00")).await;
    app.booked(&guest("Boris Example", 2, "2027-03-09T09:00:00-05:00")).await;
    app.booked(&ada(3, "2027-03-09T10:00:00-05:00")).await;
    assert_eq!(starts(&listening.event().await.data["taken"]), ["2027-03-09T10:00:00-05:00"]);
}

#[actix_web::test]
async fn a_change_of_hours_is_told_and_a_doctor_who_leaves_has_no_times() {
    let app = App::start().await;
    let mut listening = Listening::to(&app, &stream(3)).await;
    listening.beginning().await;
    app.sql(&format!(
        "INSERT INTO doctors.clinic_holiday (clinic_id, on_date, name)
         SELECT clinic_id, '2027-03-09', 'Holiday' FROM doctors.doctor WHERE id = '{}'",
        doctor(3)
    ))
    .await;
    assert_eq!(listening.event().await.data["taken"].as_array().unwrap().len(), 16);
    app.sql("DELETE FROM doctors.clinic_holiday WHERE on_date = '2027-03-09'").await;
    assert_eq!(listening.event().await.data["freed"].as_array().unwrap().len(), 16);
    app.sql(&format!("UPDATE doctors.doctor SET active = false WHERE id = '{}'", doctor(3))).await;
    assert_eq!(listening.event().await.data["taken"].as_array().unwrap().len(), 16);
}

#[actix_web::test]
async fn one_stream_tells_of_a_page_of_doctors() {
    let app = App::start().await;
    let mut listening = Listening::to(&app, &page("slots/stream", &[2, 3], DAY)).await;
    let (first, second) = (listening.event().await, listening.event().await);
    assert_eq!((&first.data["doctor_id"], &second.data["doctor_id"]), (&json!(doctor(2)), &json!(doctor(3))));
    assert!(first.id.is_none() && second.id.is_none(), "who is cut off here has not seen all");
    assert!(listening.event().await.id.is_some());
    app.booked(&ada(3, "2027-03-09T09:00:00-05:00")).await;
    assert_eq!(listening.event().await.data["doctor_id"], doctor(3));
}

#[actix_web::test]
async fn who_comes_back_is_told_only_what_was_missed() {
    let app = App::start().await;
    let mut listening = Listening::to(&app, &stream(3)).await;
    listening.beginning().await;
    app.booked(&ada(3, "2027-03-09T09:00:00-05:00")).await;
    let last = listening.event().await.id.unwrap();
    drop(listening);

    let again = || TestRequest::get().uri(&stream(3)).insert_header(("last-event-id", last.as_str()));
    let other = app.beside(Wishes::default()).await;
    let mut back = Listening::with(&other, again()).await;
    assert_eq!(back.block().await.unwrap(), ": nothing has changed");
    app.booked(&ada(3, "2027-03-09T10:00:00-05:00")).await;
    let told = back.event().await;
    assert_eq!((told.event.as_str(), starts(&told.data["taken"])), ("changed", vec!["2027-03-09T10:00:00-05:00"]));

    let mut late = Listening::with(&app, again()).await;
    assert_eq!(late.beginning().await.0.len(), 14, "the whole list, since something has changed");
}

#[actix_web::test]
async fn while_the_store_is_away_it_is_told_and_the_list_follows_when_it_is_back() {
    let app = App::start().await;
    let mut listening = Listening::to(&app, &stream(3)).await;
    listening.beginning().await;
    app.sql("ALTER TABLE doctors.soonest RENAME TO soonest_away").await;
    assert_eq!(listening.event().await.event, "stale");
    app.sql("ALTER TABLE doctors.soonest_away RENAME TO soonest").await;
    let back = listening.event().await;
    assert_eq!((back.event.as_str(), back.data["slots"].as_array().unwrap().len()), ("slots", 16));
}

#[actix_web::test]
async fn a_client_has_a_hundred_streams_at_most_and_gets_places_back() {
    let app = App::start().await;
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(Listening::to(&app, &stream(3)).await);
    }
    let refused = app.get(&stream(3)).await;
    assert_eq!(refused.problem(), (429, "too-many-requests".to_owned()));
    assert!(refused.header("retry-after").is_some());
    open.pop();
    assert_eq!(app.get(&stream(3)).await.status, 200);
}

#[actix_web::test]
async fn a_server_that_stops_ends_its_streams_and_opens_no_more() {
    let app = App::start().await;
    let mut listening = Listening::to(&app, &stream(3)).await;
    listening.beginning().await;
    app.application.live.close();
    assert_eq!(listening.block().await, None);
    assert_eq!(app.get(&stream(3)).await.problem(), (503, "unavailable".to_owned()));
}

#[actix_web::test]
async fn an_unknown_doctor_or_visit_type_cannot_be_listened_to() {
    let app = App::reading().await;
    assert_eq!(app.get(&stream(99)).await.problem(), (404, "not-found".to_owned()));
    let foreign = format!("{}&visit_type_id={}", stream(1), visit_type(2, 1));
    assert_eq!(app.get(&foreign).await.bad_fields(), ["visit_type_id:unknown"]);
}

thread_local! {
    static STATEMENTS: Cell<usize> = const { Cell::new(0) };
}

/// Counts what this thread, and so this test, sends to the database.
fn counting() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            STATEMENTS.set(STATEMENTS.get() + 1);
        }
    }))
}

#[actix_web::test]
async fn twenty_doctors_with_fourteen_days_each_cost_three_statements() {
    set_default_instrumentation(counting).unwrap();
    let app = App::with(Wishes { demo_doctors: Some(40), ..Wishes::default() }).await;
    doktolib::worker::refresh(&app.application).await.unwrap();
    let days = "from=2027-03-08&to=2027-03-21";
    let mut counts = Vec::new();
    for doctors in [1, 20] {
        // Once before, so that what is prepared once is not counted.
        for _ in 0..2 {
            STATEMENTS.set(0);
            let listed = app.get(&format!("/api/v1/doctors?limit={doctors}")).await.list();
            let ids = all(&listed, "id").join(",");
            let slots = app.get(&format!("/api/v1/slots?doctor_ids={ids}&{days}")).await.list();
            assert_eq!(slots.len(), doctors);
            assert!(slots.iter().filter(|of| !of["slots"].as_array().unwrap().is_empty()).count() * 2 > doctors);
        }
        counts.push(STATEMENTS.get());
    }
    assert_eq!(counts, [3, 3]);
}
