//! What operators and readers ask: health, figures, problems, the interactive page; and what is said when the
//! database is away.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use platform::http::{Kind, kinds};
use platform::pg;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{App, Wishes, ada, doctor};

/// Every kind of problem that any part of the program answers.
fn registry() -> Vec<&'static Kind> {
    let slices = [
        appointments::infrastructure::http::PROBLEMS,
        auth::infrastructure::http::PROBLEMS,
        auth::infrastructure::http::RECORDS_PROBLEMS,
        calendars::infrastructure::http::PROBLEMS,
        doctors::infrastructure::http::PROBLEMS,
        prescriptions::infrastructure::http::PROBLEMS,
        files::infrastructure::http::PROBLEMS,
        notifications::infrastructure::http::PROBLEMS,
        reports::infrastructure::http::PROBLEMS,
        webhooks::infrastructure::http::PROBLEMS,
    ];
    kinds::ALL.iter().chain(slices.into_iter().flatten()).copied().collect()
}

/// The recorder is one for the whole program.
fn figures() -> doktolib::application::Figures {
    static RECORDER: OnceLock<doktolib::application::Figures> = OnceLock::new();
    let install = || {
        let handle = platform::telemetry::start_metrics().unwrap();
        Arc::new(move || handle.render()) as doktolib::application::Figures
    };
    RECORDER.get_or_init(install).clone()
}

/// An application whose database is at `address`, where none is.
async fn without_database(address: &str) -> App {
    let settings = format!("postgres://nobody@{address}/nothing").parse().unwrap();
    App::on(pg::pool(&settings).unwrap(), Wishes::default()).await
}

/// The answer, if at least one of three is quick: a machine that runs tests may pause.
async fn within_two_seconds<T>(ask: impl AsyncFn() -> T) -> T {
    for _ in 0..3 {
        let asked = Instant::now();
        let answer = ask().await;
        if asked.elapsed() < Duration::from_secs(2) {
            return answer;
        }
    }
    panic!("three times no answer within two seconds");
}

#[actix_web::test]
async fn a_healthy_application_says_so() {
    let app = App::start().await;
    assert_eq!(app.get("/health").await.json(), json!({"status": "healthy"}));
    app.clock.advance(jiff::SignedDuration::from_secs(42));
    let ready = app.get("/api/v1/health").await;
    assert_eq!(
        (ready.status, ready.json()),
        (
            200,
            json!({"status": "healthy", "db": "connected", "version": env!("CARGO_PKG_VERSION"), "uptime_seconds": 42})
        )
    );
}

#[actix_web::test]
async fn without_its_database_it_lives_is_not_ready_and_asks_to_come_again() {
    // One address refuses at once, the other takes the connection and never says a word.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    for address in [closed, address] {
        let app = without_database(&address).await;
        let ready = within_two_seconds(async || app.get("/api/v1/health").await).await;
        assert_eq!((ready.status, ready.header("retry-after")), (503, Some("2")));
        assert_eq!((&ready.json()["status"], &ready.json()["db"]), (&json!("unhealthy"), &json!("disconnected")));
        assert_eq!(app.get("/health").await.status, 200);

        let body = ada(1, "2027-03-09T09:00:00-05:00");
        let (read, slots, booked, repeated) = within_two_seconds(async || {
            futures_util::join!(
                app.get("/api/v1/doctors"),
                app.get("/api/v1/cities"),
                app.post("/api/v1/appointments", &body),
                app.get("/api/v1/specialties"),
            )
        })
        .await;
        for answer in [read, slots, booked, repeated] {
            assert_eq!(answer.problem(), (503, "unavailable".to_owned()));
            assert_eq!(answer.header("retry-after"), Some("2"));
            assert!(!answer.text().contains("127.0.0.1") && !answer.text().contains("connect"), "{}", answer.text());
        }
        // Whoever sends nonsense hears of that all the same.
        assert_eq!(app.get("/api/v1/doctors?x=1").await.status, 422);
        assert_eq!(app.get("/problems/unavailable").await.status, 200);
    }
}

#[actix_web::test]
async fn figures_count_requests_by_route_and_never_by_address() {
    let app = App::with(Wishes { figures: Some(figures()), ..Wishes::default() }).await;
    let body = ada(1, "2027-03-09T09:00:00-05:00");
    app.get(&format!("/api/v1/doctors/{}", doctor(1))).await;
    app.get("/nowhere/at-all").await;
    app.booked(&body).await;
    app.post("/api/v1/appointments", &body).await;
    let brew = actix_web::http::Method::from_bytes(b"BREW").unwrap();
    app.send(actix_web::test::TestRequest::with_uri("/health").method(brew)).await;
    let answer = app.get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    for line in [
        "# TYPE http_requests_total counter",
        "http_requests_total{method=\"GET\",route=\"/api/v1/doctors/{id}\",status=\"200\"}",
        "http_requests_total{method=\"POST\",route=\"/api/v1/appointments\",status=\"409\"}",
        "http_requests_total{method=\"OTHER\",route=\"/health\",status=\"405\"}",
        "http_request_duration_seconds_bucket{method=\"POST\",route=\"/api/v1/appointments\",le=\"0.05\"}",
        "bookings_total ",
        "booking_conflicts_total{reason=\"slot_taken\"}",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    for private in [doctor(1).as_str(), "at-all", "BREW", "example.org"] {
        assert!(!text.contains(private), "{private}");
    }
    assert_eq!(App::start().await.get("/metrics").await.text(), "", "where nobody counts");
}

#[actix_web::test]
async fn every_problem_has_its_page() {
    let app = App::reading().await;
    let index = app.get("/problems").await;
    assert_eq!((index.status, index.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let mut codes = BTreeSet::new();
    for kind in registry() {
        assert!(codes.insert(kind.code), "{} is there twice", kind.code);
        assert!((400..600).contains(&kind.status) && kind.help.len() > 20, "{}", kind.code);
        assert!(index.text().contains(&format!("href=\"/problems/{}\"", kind.code)), "{}", kind.code);
        let page = app.get(&format!("/problems/{}", kind.code)).await;
        assert_eq!(page.status, 200, "{}", kind.code);
        assert!(page.text().contains(kind.title) && page.text().contains(&kind.status.to_string()), "{}", kind.code);
        assert!(!page.text().contains("<script"));
    }
    assert_eq!(app.get("/problems/no-such-problem").await.problem(), (404, "not-found".to_owned()));
}

/// Words in backticks that look like codes: small letters with a dash between.
fn codes_in(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.contains('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')).collect()
}

#[test]
fn every_code_that_the_description_names_is_explained() {
    let document = serde_json::to_value(doktolib::openapi::document()).unwrap();
    let known: BTreeSet<&str> = registry().iter().map(|kind| kind.code).collect();
    let mut named = BTreeSet::new();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(map) => open.extend(map.values()),
            Value::String(text) => named.extend(codes_in(text)),
            _ => {}
        }
    }
    assert!(named.len() >= 12, "{named:?}");
    assert_eq!(named.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new());
    // And each of a slice's own refusals is announced where it can happen.
    let own: BTreeSet<&str> = appointments::infrastructure::http::PROBLEMS.iter().map(|kind| kind.code).collect();
    assert_eq!(own.difference(&named).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[actix_web::test]
async fn the_interactive_page_works_without_the_internet() {
    let app = App::reading().await;
    assert_eq!(app.get("/docs").await.header("location"), Some("/docs/"));
    let page = app.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let mut files = BTreeSet::new();
    for attribute in ["src=\"", "href=\""] {
        let text = page.text();
        files.extend(text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(files.len() >= 4, "{files:?}");
    let mut texts = vec![page.text()];
    for file in &files {
        let found = app.get(&format!("/docs/{}", file.trim_start_matches("./"))).await;
        assert_eq!(found.status, 200, "{file}");
        if file.ends_with("initializer.js") || file.ends_with("index.css") {
            texts.push(found.text());
        }
    }
    assert_eq!(texts.len(), 3, "{files:?}");
    assert!(texts.iter().any(|text| text.contains("/api/v1/openapi.json")));
    for text in &texts {
        for outside in ["http://", "https://", "src=\"//", "href=\"//", "@import"] {
            assert!(!text.contains(outside), "{outside} in\n{text}");
        }
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("http"), "{policy}");
    let description = app.get("/api/v1/openapi.json").await;
    assert_eq!((description.status, &description.json()["openapi"]), (200, &json!("3.1.0")));
    let tag = description.header("etag").unwrap();
    assert_eq!(app.get_with("/api/v1/openapi.json", ("if-none-match", tag)).await.status, 304);
    assert_eq!(app.get("/docs/../Cargo.toml").await.status, 404);
    assert_eq!(app.get("/docs/no-such-file.js").await.problem(), (404, "not-found".to_owned()));
}

/// Sends the bytes of a request to a real server; gives all that it answers: head and body.
async fn over_the_wire(address: std::net::SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase(), answer[end + 4..].to_vec())
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let app = App::reading().await;
    let shared = app.application.clone();
    let server = actix_web::HttpServer::new(move || doktolib::app(&shared)).workers(1).disable_signals();
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    let line =
        |method: &str, uri: &str| format!("{method} {uri} HTTP/1.1\r\nHost: doktolib\r\nConnection: close\r\n\r\n");
    let fields = |head: &str| {
        let varies = |line: &&str| !line.starts_with("x-request-id:") && !line.starts_with("date:");
        head.lines().filter(varies).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    for uri in [
        "/health",
        "/api/v1/doctors?limit=2",
        "/api/v1/openapi.json",
        "/docs/",
        "/problems",
        "/nowhere",
        "/api/v1/doctors?x=1",
    ] {
        let (get, body) = over_the_wire(address, &line("GET", uri)).await;
        let (head, nothing) = over_the_wire(address, &line("HEAD", uri)).await;
        assert!(!body.is_empty() && nothing.is_empty(), "{uri}");
        assert_eq!(fields(&head), fields(&get), "{uri}");
        assert!(get.contains(&format!("content-length: {}", body.len())), "{uri}");
    }
    let only_post = format!("/api/v1/appointments/{}/cancel", crate::app::id('a', 1));
    let (head, _) = over_the_wire(address, &line("HEAD", &only_post)).await;
    assert!(head.starts_with("http/1.1 405"), "{head}");
    handle.stop(false).await;
}
