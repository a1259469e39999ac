//! What is written down about requests: enough to find one again, nothing about people.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::sync::{LazyLock, Mutex, Once};

use actix_web::test::TestRequest;
use platform::pg;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{Answer, App, Wishes, ada, guest, link, with};

thread_local! {
    // A test and its connections live on one thread.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Where `scripts/test.sh` wants the log of all tests; beside it, with `.private` behind its name, what must not be in it.
const SINK: &str = "DOKTOLIB_TEST_LOG";

struct OfThisThread;

impl io::Write for OfThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.as_mut().map(|lines| lines.extend_from_slice(bytes)));
        if let Some(sink) = &*SHARED {
            // One write for one line: lines of other threads do not get between.
            (&sink.0).write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for OfThisThread {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

/// The two files, when they are wanted.
static SHARED: LazyLock<Option<(File, File)>> = LazyLock::new(|| {
    let path = std::env::var(SINK).ok().filter(|path| !path.is_empty())?;
    let open = |path: &str| OpenOptions::new().create(true).append(true).open(path).unwrap();
    Some((open(&path), open(&format!("{path}.private"))))
});

/// Fields whose values are about somebody, or let somebody in.
const PERSONAL: [&str; 17] = [
    "patient_name",
    "patient_email",
    "notes",
    "reason",
    "cancel_reason",
    "email",
    "phone",
    "birth_date",
    "password",
    "access_token",
    "refresh_token",
    "csrf_token",
    "manage_url",
    "url",
    "code",
    "totp_code",
    "recovery_codes",
];

/// A request with this content, after [`harvest`] of it.
pub fn posting(uri: &str, content: &Value) -> TestRequest {
    harvest(content);
    TestRequest::post().uri(uri).set_json(content)
}

/// The same answer, after [`harvest`] of it, where it is JSON.
pub fn answered(answer: Answer) -> Answer {
    if let Ok(content) = serde_json::from_slice(&answer.body) {
        harvest(&content);
    }
    answer
}

/// Remembers what of a request's or an answer's content must never be in the log.
pub fn harvest(content: &Value) {
    match content {
        Value::Array(values) => values.iter().for_each(harvest),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if PERSONAL.contains(&name.as_str()) => private(text),
                    other => harvest(other),
                }
            }
        }
        _ => {}
    }
}

/// Remembers one text that must never be in the log. Short ones and plain words, such as a problem's code, are left
/// out: they are in every log by chance.
pub fn private(text: &str) {
    static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let Some(sink) = &*SHARED else { return };
    let text = text.split_once("token=").map_or(text, |(_, token)| token).trim();
    let word = text.len() >= 6 && !text.contains('\n') && !text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if word && KNOWN.lock().unwrap().insert(text.to_owned()) {
        (&sink.1).write_all(format!("{text}\n").as_bytes()).unwrap();
    }
}

/// Starts the log of the whole program, as `ENABLE_DEBUG` makes it.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let filter = doktolib::config::Config::from(&|name| (name == "ENABLE_DEBUG").then(|| "1".to_owned()))
            .unwrap()
            .log_filter;
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_env_filter(EnvFilter::try_new(filter).unwrap())
            .with_writer(OfThisThread)
            .init();
    });
}

/// Listens to what is logged from now on by this thread.
pub fn listen() {
    start();
    LINES.with_borrow_mut(|lines| *lines = Some(Vec::new()));
}

pub fn heard() -> (String, Vec<Value>) {
    let text = String::from_utf8(LINES.take().unwrap()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (text, lines)
}

const PRIVATE: [&str; 12] = [
    "Ada",
    "ada.example",
    "example.org",
    "Bob",
    "Alice",
    "remark",
    "ill again",
    "wildcard",
    "Rumpelstiltskin",
    "token=",
    "k-secret",
    "baker",
];

#[actix_web::test]
async fn no_line_tells_a_name_an_address_a_note_a_token_or_a_query() {
    let app = App::start().await;
    listen();
    let free = "2027-03-09T09:00:00-05:00";
    let body = with(&ada(1, free), "notes", "a private remark");
    let book = "/api/v1/appointments";
    let booked = app.post_with(book, &body, ("idempotency-key", "k-secret")).await;
    app.post_with(book, &body, ("idempotency-key", "k-secret")).await;
    app.post_with(book, &guest("Bob", 1, free), ("idempotency-key", "k-secret")).await;
    app.post(book, &guest("Bob", 1, free)).await;
    app.post(book, &ada(2, free)).await;
    app.post(book, &with(&body, "patient_email", "Rumpelstiltskin")).await;
    app.post(book, &json!({"Rumpelstiltskin": "Alice"})).await;
    app.get("/api/v1/doctors?q=wildcard&Rumpelstiltskin=1").await;
    app.get("/api/v1/Rumpelstiltskin?token=Rumpelstiltskin").await;
    app.get(&booked.manage("")).await;
    app.get(&link(&crate::app::id('a', 12109), "")).await;
    app.post(&booked.manage("/reschedule"), &json!({"starts_at": "2027-03-09T10:00:00-05:00"})).await;
    app.post(&booked.manage("/cancel"), &json!({"reason": "ill again"})).await;
    app.get(&booked.manage("").replace("token=", "token=x")).await;
    let kept = app.get_with("/health", ("x-request-id", "found-again")).await;
    assert_eq!(kept.status, 200);
    let (text, lines) = heard();
    let requests: Vec<&Value> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 15, "{text}");
    for line in &requests {
        for name in ["method", "route", "status", "ms", "request_id"] {
            assert!(!line[name].is_null(), "{name}: {line}");
        }
    }
    assert!(requests.iter().any(|line| line["request_id"] == "found-again" && line["route"] == "/health"));
    let token = booked.json()["manage_url"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    for private in PRIVATE.iter().copied().chain([token.as_str()]) {
        assert!(!text.contains(private), "{private} in\n{text}");
    }
}

#[actix_web::test]
async fn a_failure_is_written_down_once_with_its_causes_and_without_its_rows() {
    let app = App::start().await;
    // The database's own words about a broken constraint would tell the whole row.
    app.sql("ALTER TABLE appointments.patient ADD CONSTRAINT nobody_new CHECK (false) NOT VALID").await;
    listen();
    let free = "2027-03-09T09:00:00-05:00";
    let broken = app.post_with("/api/v1/appointments", &ada(1, free), ("x-request-id", "broken-1")).await;
    // A booking names the clinic's city as well.
    app.sql("ALTER TABLE doctors.city RENAME TO town").await;
    let gone = app.get_with("/api/v1/doctors?q=wildcard", ("x-request-id", "broken-2")).await;
    for answer in [&broken, &gone] {
        assert_eq!(answer.problem(), (500, "internal".to_owned()));
        let shown = answer.text();
        assert!(!["nobody_new", "patient", "city", "relation"].iter().any(|inner| shown.contains(inner)), "{shown}");
    }
    let (text, lines) = heard();
    for (request_id, cause) in [("broken-1", "nobody_new"), ("broken-2", "doctors.city")] {
        let told: Vec<&Value> =
            lines.iter().filter(|line| line["message"] == "failure" && line["request_id"] == request_id).collect();
        assert_eq!(told.len(), 1, "{request_id}\n{text}");
        assert_eq!(told[0]["level"], "ERROR");
        assert!(told[0]["causes"].as_str().unwrap().contains(cause), "{}", told[0]);
    }
    for private in PRIVATE {
        assert!(!text.contains(private), "{private} in\n{text}");
    }
}

#[actix_web::test]
async fn a_database_that_is_away_is_a_warning_without_its_password() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let settings = format!("postgres://clerk:Rumpelstiltskin@{closed}/nothing").parse().unwrap();
    let app = App::on(pg::pool(&settings).unwrap(), Wishes::default()).await;
    listen();
    assert_eq!(app.get("/api/v1/cities").await.status, 503);
    let (text, lines) = heard();
    let told: Vec<&Value> = lines.iter().filter(|line| line["message"] == "not available").collect();
    assert_eq!((told.len(), &told[0]["level"]), (1, &json!("WARN")), "{text}");
    assert!(!text.contains("Rumpelstiltskin"), "{text}");
}
