//! What every answer has in common: form of errors, methods, ids, header fields, other origins, compression.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{App, Wishes, ada, doctor, guest, id, with};

const BOOK: &str = "/api/v1/appointments";
const FREE: &str = "2027-03-09T09:00:00-05:00";

fn raw(body: impl Into<actix_web::web::Bytes>) -> TestRequest {
    TestRequest::post().uri(BOOK).insert_header(("content-type", "application/json")).set_payload(body)
}

#[actix_web::test]
async fn what_is_nowhere_is_a_problem_too() {
    let app = App::reading().await;
    for uri in [
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/doctors",
        "/api/v1/doctors/",
        "/api/v1/nothing?x=1",
        "//health",
        "/../etc/passwd",
        "/%2e%2e/",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
            let answer = app.send(TestRequest::with_uri(uri).method(method)).await;
            assert_eq!(answer.problem(), (404, "not-found".to_owned()), "{uri}");
        }
    }
}

#[actix_web::test]
async fn a_method_that_is_not_offered_hears_of_all_that_are() {
    let app = App::reading().await;
    let one = id('a', 12109);
    for (uri, allow) in [
        ("/health".to_owned(), "GET, HEAD, OPTIONS"),
        ("/metrics".to_owned(), "GET, HEAD, OPTIONS"),
        ("/api/v1/health".to_owned(), "GET, HEAD, OPTIONS"),
        ("/api/v1/openapi.json".to_owned(), "GET, HEAD, OPTIONS"),
        ("/docs".to_owned(), "GET, HEAD, OPTIONS"),
        ("/docs/".to_owned(), "GET, HEAD, OPTIONS"),
        ("/docs/index.html".to_owned(), "GET, HEAD, OPTIONS"),
        ("/problems".to_owned(), "GET, HEAD, OPTIONS"),
        ("/problems/invalid".to_owned(), "GET, HEAD, OPTIONS"),
        ("/api/v1/doctors".to_owned(), "GET, HEAD, POST, OPTIONS"),
        (format!("/api/v1/doctors/{}/slots", doctor(1)), "GET, HEAD, OPTIONS"),
        (BOOK.to_owned(), "GET, HEAD, POST, OPTIONS"),
        (format!("{BOOK}/{one}"), "GET, HEAD, OPTIONS"),
        (format!("{BOOK}/{one}/cancel"), "POST, OPTIONS"),
        (format!("{BOOK}/{one}/reschedule"), "POST, OPTIONS"),
    ] {
        let offered = |method: &Method| allow.split(", ").any(|listed| listed == method.as_str());
        let brew = Method::from_bytes(b"BREW").unwrap();
        for method in
            [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE, brew]
        {
            if offered(&method) {
                continue;
            }
            let answer = app.send(TestRequest::with_uri(&uri).method(method.clone())).await;
            assert_eq!(answer.problem(), (405, "method-not-allowed".to_owned()), "{method} {uri}");
            assert_eq!(answer.header("allow"), Some(allow), "{method} {uri}");
        }
        let options = app.send(TestRequest::with_uri(&uri).method(Method::OPTIONS)).await;
        assert_eq!((options.status, options.header("allow"), options.body.len()), (204, Some(allow), 0), "{uri}");
    }
}

#[actix_web::test]
async fn a_body_is_json_says_so_and_is_at_most_64_kib() {
    let app = App::start().await;
    let before = app.tables().await;
    for bad in ["", "{", "{]", "nothing", "{\"a\":1}x", "{\"notes\":\"\\ud800\"}", "\u{feff}{}", &"[".repeat(60_000)] {
        assert_eq!(app.send(raw(bad.to_owned())).await.problem(), (400, "unreadable".to_owned()), "{:.20}", bad);
    }
    assert_eq!(app.send(raw(vec![b'"', 0xff, b'"'])).await.problem(), (400, "unreadable".to_owned()));
    for no_object in ["[]", "null", "5", "\"text\"", "true"] {
        assert_eq!(app.send(raw(no_object)).await.bad_fields(), ["body:type"], "{no_object}");
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"] {
        let request = TestRequest::post().uri(BOOK).insert_header(("content-type", media_type)).set_payload("{}");
        assert_eq!(app.send(request).await.problem(), (415, "unsupported-media-type".to_owned()), "{media_type}");
    }
    let large = with(&ada(1, FREE), "notes", "x".repeat(65 * 1024)).to_string();
    assert_eq!(app.send(raw(large.clone())).await.problem(), (413, "too-large".to_owned()));
    let announced = raw(large).insert_header(("content-length", "999999999999"));
    assert_eq!(app.send(announced).await.problem(), (413, "too-large".to_owned()));
    assert_eq!(app.tables().await, before);
    let padded = format!("{}{}", ada(1, FREE), " ".repeat(60 * 1024));
    assert_eq!(app.send(raw(padded)).await.status, 201);
}

#[actix_web::test]
async fn all_bad_fields_are_told_at_once_and_unknown_ones_are_named() {
    let app = App::reading().await;
    let answer = app
        .post(
            BOOK,
            &json!({
                "doctor_id": "one", "visit_type_id": 5, "starts_at": "soon", "duration_minutes": 1, "patient_name": "",
                "patient_email": "nobody", "notes": "x".repeat(2001), "role": "admin", "patient_id": id('b', 1),
            }),
        )
        .await;
    assert_eq!(
        answer.bad_fields(),
        [
            "doctor_id:type",
            "duration_minutes:range",
            "notes:length",
            "patient_email:email",
            "patient_id:unknown",
            "patient_name:length",
            "role:unknown",
            "starts_at:type",
            "visit_type_id:type",
        ]
    );
    assert_eq!(
        app.post(BOOK, &json!({})).await.bad_fields(),
        ["doctor_id:required", "patient_email:required", "patient_name:required"]
    );
    let nulls = json!({"doctor_id": null, "starts_at": null, "patient_name": null, "patient_email": null});
    assert_eq!(
        app.post(BOOK, &nulls).await.bad_fields(),
        ["doctor_id:required", "patient_email:required", "patient_name:required"]
    );
    assert_eq!(app.send(raw("{\"notes\":\"a\",\"notes\":\"b\"}")).await.bad_fields()[0], "body:duplicate");
}

#[actix_web::test]
async fn what_a_client_sent_is_never_sent_back() {
    let app = App::reading().await;
    let secret = "Rumpelstiltskin";
    let mut body = ada(1, FREE);
    for field in ["doctor_id", "visit_type_id", "starts_at", "date_time", "patient_email", "duration_minutes"] {
        body[field] = Value::from(format!("{secret} in {field}"));
    }
    assert!(!app.post(BOOK, &body).await.text().contains(secret));
    let query = format!("/api/v1/doctors?sort={secret}&limit={secret}&available_from={secret}&cursor={secret}");
    assert!(!app.get(&query).await.text().contains(secret));
    assert!(!app.get(&format!("/api/v1/{secret}")).await.text().contains(secret));
}

#[actix_web::test]
async fn names_and_addresses_are_taken_as_people_write_them() {
    let app = App::start().await;
    let starts = ["09:00", "09:30", "10:00", "10:30", "11:00"].map(|at| format!("2027-03-09T{at}:00-05:00"));
    for (name, starts_at) in
        ["Zoë Núñez", "李小龍", "O’Neil-\"Bob\" <b>", "   Ada    Example  ", "x"].iter().zip(&starts)
    {
        let body = with(&guest("Somebody", 1, starts_at), "patient_name", *name);
        let shown = app.booked(&body).await.json()["patient_name"].clone();
        assert_eq!(shown, name.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for (field, value, told) in [
        ("patient_name", "   ".to_owned(), "patient_name:name"),
        ("patient_name", "Ada\nExample".to_owned(), ""),
        ("patient_name", "Ada\u{7}Example".to_owned(), "patient_name:name"),
        ("patient_name", "x".repeat(201), "patient_name:length"),
        ("patient_email", "ada@".to_owned(), "patient_email:email"),
        ("patient_email", "ada example@example.org".to_owned(), "patient_email:email"),
        ("patient_email", format!("{}@example.org", "x".repeat(320)), "patient_email:email"),
        ("patient_email", "ada@example.org\r\nBcc: x@example.org".to_owned(), "patient_email:email"),
    ] {
        let answer = app.post(BOOK, &with(&ada(1, "2027-03-09T13:00:00-05:00"), field, value.clone())).await;
        if told.is_empty() {
            assert_eq!(answer.json()["patient_name"], "Ada Example", "a line break is a space like others");
        } else {
            assert_eq!(answer.bad_fields()[0], told, "{value}");
        }
    }
}

#[actix_web::test]
async fn a_sane_request_id_is_taken_over_and_another_is_replaced() {
    let app = App::reading().await;
    for uri in ["/health", "/api/v1/doctors?limit=0", "/nowhere"] {
        let kept = app.get_with(uri, ("x-request-id", "abc-123_x.Y")).await;
        assert_eq!(kept.header("x-request-id"), Some("abc-123_x.Y"), "{uri}");
        let long = "x".repeat(129);
        for insane in ["", "a b", "a\tb", "{id}", "\u{e4}", &long] {
            let answer = app.get_with(uri, ("x-request-id", insane)).await;
            let minted = answer.header("x-request-id").unwrap();
            assert_eq!(minted.parse::<uuid::Uuid>().unwrap().get_version_num(), 7, "{insane}");
        }
        let (one, two) = (app.get(uri).await, app.get(uri).await);
        assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    }
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let app = App::start().await;
    let tag = app.get("/api/v1/cities").await.header("etag").unwrap().to_owned();
    let answers = [
        app.get("/health").await,
        app.get("/api/v1/doctors").await,
        app.get_with("/api/v1/cities", ("if-none-match", &tag)).await,
        app.get("/api/v1/doctors?x=1").await,
        app.get("/nowhere").await,
        app.post("/health", &json!({})).await,
        app.send(TestRequest::with_uri(BOOK).method(Method::OPTIONS)).await,
        app.post(BOOK, &ada(1, FREE)).await,
        app.post(BOOK, &ada(1, FREE)).await,
        app.get("/docs").await,
        app.get("/docs/").await,
        app.get("/problems/invalid").await,
        app.get("/metrics").await,
        app.get_with("/api/v1/doctors", ("accept-encoding", "identity;q=0")).await,
    ];
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses[..13], [200, 200, 304, 422, 404, 405, 204, 201, 409, 308, 200, 200, 200]);
    for answer in &answers {
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(answer.header(name), Some(expected), "{name}");
        }
        assert!(answer.header("permissions-policy").is_some());
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.starts_with("default-src "), "{policy}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe-inline'"), "{policy}");
        assert!(answer.header("cache-control").is_some());
        assert_eq!(answer.header("server"), None);
    }
}

/// An answer to a page of `origin`, and one to the question a browser asks before it sends such a request.
async fn across(app: &App, origin: &str) -> (Option<String>, Option<String>) {
    let plain = app.get_with("/api/v1/cities", ("origin", origin)).await;
    assert_eq!(plain.status, 200, "the browser withholds it, not we");
    let preflight = TestRequest::with_uri(BOOK)
        .method(Method::OPTIONS)
        .insert_header(("origin", origin))
        .insert_header(("access-control-request-method", "POST"))
        .insert_header(("access-control-request-headers", "content-type,idempotency-key,if-match"));
    let preflight = app.send(preflight).await;
    let allowed = |answer: &crate::app::Answer| answer.header("access-control-allow-origin").map(str::to_owned);
    if allowed(&preflight).is_some() {
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
        let headers = preflight.header("access-control-allow-headers").unwrap().to_lowercase();
        assert!(["content-type", "idempotency-key", "if-match"].iter().all(|name| headers.contains(name)), "{headers}");
        assert_eq!(preflight.header("access-control-max-age"), Some("3600"));
        assert_eq!(preflight.header("access-control-allow-credentials"), None);
        let exposed = plain.header("access-control-expose-headers").unwrap().to_lowercase();
        assert!(
            ["etag", "link", "location", "idempotent-replayed"].iter().all(|name| exposed.contains(name)),
            "{exposed}"
        );
    }
    (allowed(&plain), allowed(&preflight))
}

#[actix_web::test]
async fn pages_of_other_origins_read_what_the_configuration_lets_them() {
    let ours = "https://clinic.example";
    let some = App::reading_with(Wishes {
        cors_origins: vec![ours.to_owned(), "http://localhost:3000".into()],
        ..Wishes::default()
    })
    .await;
    let yes = Some(ours.to_owned());
    assert_eq!(across(&some, ours).await, (yes.clone(), yes));
    for foreign in ["https://evil.example", "https://clinic.example.evil.example", "http://clinic.example", "null"] {
        assert_eq!(across(&some, foreign).await, (None, None), "{foreign}");
    }
    let vary = some.get_with("/api/v1/cities", ("origin", ours)).await;
    assert!(vary.headers.get_all("vary").any(|value| value.to_str().unwrap().to_lowercase().contains("origin")));
    let all = App::reading_with(Wishes { cors_origins: vec!["*".into()], ..Wishes::default() }).await;
    let star = Some("*".to_owned());
    assert_eq!(across(&all, "https://anybody.example").await, (star.clone(), star));
    let none = App::reading().await;
    assert_eq!(across(&none, ours).await, (None, None));
    assert_eq!(none.get("/api/v1/cities").await.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn answers_are_compressed_for_those_who_ask() {
    let app = App::reading().await;
    let plain = app.get("/api/v1/cities").await;
    assert_eq!(plain.header("content-encoding"), None);
    let small = app.get_with("/api/v1/cities", ("accept-encoding", "gzip")).await;
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert!(small.body.len() * 2 < plain.body.len() && small.body.starts_with(&[0x1f, 0x8b]));
    assert!(
        small.headers.get_all("vary").any(|value| value.to_str().unwrap().to_lowercase().contains("accept-encoding"))
    );
    for no in ["identity", "gzip;q=0, identity", "compress"] {
        assert_eq!(app.get_with("/api/v1/cities", ("accept-encoding", no)).await.body, plain.body, "{no}");
    }
}

#[actix_web::test]
async fn who_accepts_no_coding_at_all_is_told_so_in_a_problem() {
    let app = App::reading().await;
    let answer = app.get_with("/api/v1/cities", ("accept-encoding", "identity;q=0")).await;
    assert_eq!(answer.problem(), (406, "not-acceptable".to_owned()));
}
