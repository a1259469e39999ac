//! Jobs and messages in the hands of administrators: seen, retried, paused, begun; and the page about them.

use actix_web::http::Method;
use actix_web::http::header;
use actix_web::test::TestRequest;
use kernel::Role;
use serde_json::json;

use crate::app::{Answer, App, Who, id};
use crate::sign_ins;

const JOBS: &str = "/api/v1/jobs";
const PAGE: &str = "/queue-dashboard";

/// A job that was given up.
fn given_up(number: u32) -> String {
    format!(
        "INSERT INTO jobs.job (id, queue, name, payload, created_at, available_at, attempts, last_error, failed_at)
         VALUES ('{}', 'reminders', 'reminders.send', '{{\"visits\": \"secret\"}}', '2027-03-01Z', '2027-03-01Z', 3, 'server away', '2027-03-02Z');",
        id('7', number)
    )
}

async fn press(app: &App, path: &str) -> Answer {
    app.send_as(Who::Admin, TestRequest::post().uri(path)).await
}

async fn audited(app: &App, action: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM journal.audit_event WHERE action = '{action}'")).await
}

#[actix_web::test]
async fn a_job_that_was_given_up_is_seen_and_tried_again_once_with_a_trace() {
    let app = App::start().await;
    app.sql(&given_up(1)).await;
    let seen = app.get_as(Who::Admin, "/api/v1/jobs?state=failed").await;
    assert_eq!(
        seen.list(),
        [json!({"id": id('7', 1), "queue": "reminders", "name": "reminders.send", "state": "failed", "priority": 0,
            "created_at": "2027-03-01T00:00:00Z", "available_at": "2027-03-01T00:00:00Z", "failed_at": "2027-03-02T00:00:00Z",
            "attempts": 3, "last_error": "server away"})]
    );
    assert!(!seen.text().contains("secret"), "what a job was given is nobody's business");

    let path = format!("{JOBS}/{}/retry", id('7', 1));
    let key = ("idempotency-key", "k1");
    let again = || TestRequest::post().uri(&path).insert_header(key);
    let first = app.send_as(Who::Admin, again()).await;
    assert_eq!((first.status, first.json()), (200, json!({"changed": 1})));
    let second = app.send_as(Who::Admin, again()).await;
    assert_eq!((second.json(), second.header("idempotent-replayed")), (json!({"changed": 1}), Some("true")));
    assert_eq!(press(&app, &path).await.json(), json!({"changed": 0}), "it waits already");
    assert_eq!(audited(&app, "job.retried").await, 1);
    let waiting = app.get_as(Who::Admin, "/api/v1/jobs?state=waiting&queue=reminders").await.list();
    assert_eq!((waiting.len(), &waiting[0]["attempts"]), (1, &json!(0)));
    assert!(app.get_as(Who::Admin, "/api/v1/jobs?queue=upkeep").await.list().is_empty());

    app.sql(&(given_up(2) + &given_up(3))).await;
    assert_eq!(press(&app, "/api/v1/jobs/retry").await.json(), json!({"changed": 2}));
    assert_eq!(audited(&app, "job.all_retried").await, 1);
    let unknown = press(&app, &format!("{JOBS}/{}/retry", id('7', 9))).await;
    assert_eq!(unknown.problem(), (404, "not-found".into()));
}

#[actix_web::test]
async fn a_key_belongs_to_one_job() {
    let app = App::start().await;
    app.sql(&(given_up(1) + &given_up(2))).await;
    let retry = |number| {
        let path = format!("{JOBS}/{}/retry", id('7', number));
        app.send_as(Who::Admin, TestRequest::post().uri(&path).insert_header(("idempotency-key", "k")))
    };
    assert_eq!(retry(1).await.json(), json!({"changed": 1}));
    assert_eq!(retry(2).await.json(), json!({"changed": 1}), "another job is another wish");
}

#[actix_web::test]
async fn a_job_that_is_begun_twice_with_one_key_runs_once_and_both_answers_lead_to_its_runs() {
    let app = App::start().await;
    let begin = async || {
        let request = TestRequest::post().uri("/api/v1/jobs/schedules/expire/run");
        app.send_as(Who::Admin, request.insert_header(("idempotency-key", "begin-1"))).await
    };
    let (first, again) = (begin().await, begin().await);
    assert_eq!((first.status, again.status), (202, 202), "{} {}", first.text(), again.text());
    assert_eq!((first.json(), first.header("location")), (again.json(), again.header("location")));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(app.number("SELECT count(*) FROM jobs.job WHERE name = 'expire'").await, 1);
    assert_eq!(app.get_as(Who::Admin, first.header("location").unwrap()).await.status, 200);
}

#[actix_web::test]
async fn a_paused_queue_keeps_its_jobs_until_it_goes_on() {
    let app = App::start().await;
    let application = &app.application;
    let paused = "/api/v1/jobs/queues/reminders/pause";
    assert_eq!(press(&app, paused).await.json(), json!({"changed": 1}));
    assert_eq!(press(&app, paused).await.json(), json!({"changed": 0}), "it is paused already");
    let started = press(&app, "/api/v1/jobs/schedules/reminders/run").await;
    assert_eq!(started.status, 202, "{}", started.text());
    let stop = tokio::sync::watch::channel(false);
    let going = platform::jobs::Stop::by(stop.1);
    while application.worker.step(&going).await.unwrap() {}
    let runs = started.header("location").unwrap().to_owned();
    assert!(app.get_as(Who::Admin, &runs).await.list().is_empty(), "nobody takes it");
    let queues = app.get_as(Who::Admin, "/api/v1/jobs/queues").await.list();
    let queue = queues.iter().find(|queue| queue["name"] == "reminders").unwrap();
    assert_eq!((&queue["waiting"], queue["paused_at"].is_string()), (&json!(1), true));
    assert!(queues.iter().any(|queue| queue["name"] == "upkeep"), "an empty queue is one as well");

    assert_eq!(press(&app, "/api/v1/jobs/queues/reminders/resume").await.json(), json!({"changed": 1}));
    while application.worker.step(&going).await.unwrap() {}
    let done = app.get_as(Who::Admin, &runs).await.list();
    assert_eq!((done.len(), &done[0]["outcome"], &done[0]["name"]), (1, &json!("done"), &json!("reminders")));
    assert_eq!(
        [audited(&app, "queue.paused").await, audited(&app, "queue.resumed").await, audited(&app, "job.started").await],
        [1, 1, 1]
    );
    assert_eq!(press(&app, "/api/v1/jobs/queues/nonsense/pause").await.problem(), (404, "not-found".into()));
    assert_eq!(press(&app, "/api/v1/jobs/schedules/nonsense/run").await.problem(), (404, "not-found".into()));
}

#[actix_web::test]
async fn a_job_of_the_timetable_is_done_for_another_instant() {
    let app = App::start().await;
    let body = json!({"at": "2027-03-08T09:00:00-05:00"});
    let started = app.post_as(Who::Admin, "/api/v1/jobs/schedules/reminders/run", &body).await;
    assert_eq!(started.status, 202);
    let payload = app.texts("SELECT payload FROM jobs.job").await;
    assert_eq!(payload, [r#"{"at":"2027-03-08T14:00:00Z"}"#]);
    let bad = app.post_as(Who::Admin, "/api/v1/jobs/schedules/reminders/run", &json!({"at": "soon"})).await;
    assert_eq!(bad.status, 422, "{}", bad.text());
}

#[actix_web::test]
async fn lists_of_jobs_and_runs_come_in_pages() {
    let app = App::start().await;
    for number in 1..=5 {
        app.sql(&given_up(number)).await;
        app.sql(&format!(
            "INSERT INTO jobs.run (job_id, queue, name, attempt, worker, started_at) VALUES ('{}', 'q', 'n', 1, '{}', '2027-03-01Z')",
            id('7', number),
            id('7', 99)
        ))
        .await;
    }
    for (list, key) in [("/api/v1/jobs", "id"), ("/api/v1/jobs/runs", "job_id")] {
        let (mut uri, mut seen) = (format!("{list}?limit=2"), Vec::new());
        loop {
            let page = app.get_as(Who::Admin, &uri).await;
            seen.extend(page.list().iter().map(|entry| entry[key].as_str().unwrap().to_owned()));
            let Some(link) = page.header("link") else { break };
            uri = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
        }
        assert_eq!(seen, [5, 4, 3, 2, 1].map(|number| id('7', number)), "{list}");
    }
    let bad = app.get_as(Who::Admin, "/api/v1/jobs?limit=0&state=lost&cursor=x").await;
    assert_eq!(bad.status, 422);
}

#[actix_web::test]
async fn a_message_that_was_given_up_is_seen_without_its_content_and_tried_again() {
    let app = App::start().await;
    app.sql(&format!(
        "INSERT INTO journal.outbox (id, topic, subject, payload, sealed, created_at, available_at, attempts, failed_at, last_error)
         VALUES ('{}', 'mail', '{}', '{{}}', 'sealed'::bytea, '2027-03-01Z', '2027-03-01Z', 12, '2027-03-02Z', 'refused with 550')",
        id('7', 1),
        id('a', 1)
    ))
    .await;
    let outbox = app.get_as(Who::Admin, "/api/v1/outbox").await.json();
    assert_eq!((&outbox["failed"], &outbox["given_up"][0]["last_error"]), (&json!(1), &json!("refused with 550")));
    let again = press(&app, &format!("/api/v1/outbox/{}/retry", id('7', 1))).await;
    assert_eq!(again.json(), json!({"changed": 1}));
    assert_eq!(press(&app, "/api/v1/outbox/retry").await.json(), json!({"changed": 0}));
    assert_eq!(audited(&app, "message.retried").await, 1);
    assert_eq!(audited(&app, "message.all_retried").await, 0, "what changes nothing leaves no trace");
    assert_eq!(press(&app, &format!("/api/v1/outbox/{}/retry", id('7', 2))).await.status, 404);
}

/// A request of a page's session.
fn from_page(page: &sign_ins::Page, method: Method, uri: &str) -> TestRequest {
    TestRequest::with_uri(uri)
        .method(method)
        .insert_header((header::COOKIE, format!("__Host-doktolib={}", page.cookie)))
}

#[actix_web::test]
async fn the_page_is_for_administrators_and_its_buttons_work_with_its_token() {
    let app = sign_ins::app().await;
    app.sql(&given_up(1)).await;
    let closed = app.get(PAGE).await;
    assert_eq!((closed.status, closed.header("cache-control")), (401, Some("no-store")));
    assert!(closed.text().contains("operations-sign-in-form") && !closed.text().contains("reminders"));

    let staff = sign_ins::sign_in_on_a_page(&app, sign_ins::account(&app, Role::Staff).await).await;
    let turned = app.send(from_page(&staff, Method::GET, PAGE)).await;
    assert_eq!(turned.status, 403);
    assert!(!turned.text().contains("reminders"));

    let admin = sign_ins::sign_in_on_a_page(&app, sign_ins::account(&app, Role::Admin).await).await;
    let shown = app.send(from_page(&admin, Method::GET, PAGE)).await;
    assert_eq!(shown.status, 200);
    let text = shown.text();
    assert!(text.contains("reminders.send") && text.contains("server away") && !text.contains("secret"), "{text}");
    assert!(text.contains(&format!("content=\"{}\"", admin.csrf)), "the page knows its token");
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    let button = format!("{JOBS}/{}/retry", id('7', 1));
    assert!(text.contains(&format!("data-post=\"{button}\"")));
    let forged = app.send(from_page(&admin, Method::POST, &button)).await;
    assert_eq!(forged.problem(), (403, "csrf".into()));
    let pressed = from_page(&admin, Method::POST, &button).insert_header(("x-csrf-token", admin.csrf.clone()));
    assert_eq!(app.send(pressed).await.json(), json!({"changed": 1}));
    for (file, kind) in [("/queue-dashboard.css", "text/css"), ("/queue-dashboard.js", "text/javascript")] {
        let answer = app.get(file).await;
        assert!(answer.status == 200 && answer.header("content-type").unwrap().starts_with(kind), "{file}");
    }
}
