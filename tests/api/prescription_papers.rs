//! Prescriptions on paper: what stands on it, where its code leads, and what becomes of them in the end.

use lopdf::{Document, Object};
use platform::jobs::{NewJob, Stop};
use rqrr::PreparedImage;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::app::{App, PUBLIC_URL, Who, Wishes, id, mail_into};
use crate::prescriptions::{change, put, written};

/// Dots for each point of the paper.
const DOTS: usize = 4;

async fn paper(app: &App, uri: &str) -> Vec<u8> {
    let answer = app.get_as(Who::Patient(1), uri).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/pdf")), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    answer.body.to_vec()
}

fn number(object: &Object) -> f32 {
    object.as_float().unwrap()
}

/// What the code on the first page says: its black rectangles are painted, and read as a scanner does.
fn scanned(file: &[u8]) -> String {
    let document = Document::load_mem(file).unwrap();
    let page = *document.get_pages().get(&1).unwrap();
    let content = document.get_and_decode_page_content(page).unwrap();
    let (wide, tall) = (595 * DOTS, 842 * DOTS);
    let mut dots = vec![255_u8; wide * tall];
    let mut shade = 0.0;
    for operation in &content.operations {
        match (operation.operator.as_str(), operation.operands.as_slice()) {
            ("g", [gray]) => shade = number(gray),
            ("re", [x, y, width, height]) if shade == 0.0 => {
                let dot = |points: f32| (points * DOTS as f32).round() as usize;
                let (x, y, width, height) = (number(x), number(y), number(width), number(height));
                for row in tall - dot(y + height)..tall - dot(y) {
                    dots[row * wide + dot(x)..row * wide + dot(x + width)].fill(0);
                }
            }
            _ => {}
        }
    }
    let mut image = PreparedImage::prepare_from_greyscale(wide, tall, |x, y| dots[y * wide + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    grids[0].decode().unwrap().1
}

fn path(url: &str) -> String {
    url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

#[actix_web::test]
async fn the_code_on_the_paper_leads_to_its_check_and_the_hash_there_is_the_one_on_it() {
    let app = App::start().await;
    let first = written(&app).await.json();
    let uri = format!("/api/v1/prescriptions/{}", first["id"].as_str().unwrap());
    let file = paper(&app, &format!("{uri}/pdf")).await;
    assert!(file == paper(&app, &format!("{uri}/pdf?version=1")).await, "the same version makes the same file");
    let url = scanned(&file);
    assert_eq!(url, first["check_url"].as_str().unwrap());
    let text: String = Document::load_mem(&file).unwrap().extract_text(&[1]).unwrap().split_whitespace().collect();
    for expected in ["AliceBaker", "AmaraOkafor", "Exemplarin500mg", "8June2027", first["hash"].as_str().unwrap()] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }

    let page = app.get(&path(&url)).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for (header, value) in
        [("cache-control", "no-store"), ("x-robots-tag", "noindex, nofollow"), ("content-language", "en")]
    {
        assert_eq!(page.header(header), Some(value));
    }
    let html = page.text();
    let shown: String = html.split_whitespace().collect();
    assert!(html.contains(">Valid<") && html.contains("2027-06-08") && html.contains("Harbor Health Center"), "{html}");
    assert!(shown.contains(first["hash"].as_str().unwrap()), "{html}");
    for secret in ["Alice", "Okafor", "Exemplarin", "Drink"] {
        assert!(!html.contains(secret), "{secret} is nobody's business");
    }
    let french = app.get_with(&path(&url), ("accept-language", "fr-FR, en;q=0.5")).await;
    assert!(french.text().contains("lang=\"fr\"") && french.text().contains(">Valable<"), "{}", french.text());

    let told = app.get(&format!("/api/v1{}", path(&url))).await;
    assert_eq!(
        (told.header("cache-control"), told.header("x-robots-tag")),
        (Some("no-store"), Some("noindex, nofollow"))
    );
    assert_eq!(
        told.json(),
        json!({"state": "valid", "issued_on": "2027-03-08", "valid_until": "2027-06-08", "version": 1,
               "clinic_name": "Harbor Health Center", "hash": first["hash"]})
    );
    let typed = path(&url).to_uppercase().replace("/PRESCRIPTIONS/CHECK/", "/prescriptions/check/");
    assert_eq!(app.get(&format!("/api/v1{typed}")).await.json(), told.json(), "capitals do not matter");
    let by_hash = app.post("/api/v1/prescriptions/check", &json!({"hash": first["hash"]})).await;
    assert_eq!((by_hash.status, by_hash.json()), (200, told.json()));
}

#[actix_web::test]
async fn the_letter_lies_in_the_mailbox_of_development_and_leads_to_the_paper() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::with(Wishes { mailing: mail_into(folder.path().join("mail")), ..Wishes::default() }).await;
    let first = written(&app).await.json();
    let (_stop, going) = watch::channel(false);
    while app.application.courier.round(&going).await.unwrap() > 0 {}
    let mail = app.get("/dev/mail/latest.txt?to=alice.baker@example.com").await.text();
    assert!(mail.contains("Subject: A prescription is ready") && mail.contains("Amara Okafor"), "{mail}");
    let uri = format!("/api/v1/prescriptions/{}/pdf", first["id"].as_str().unwrap());
    assert!(mail.contains(&format!("{PUBLIC_URL}{uri}")), "{mail}");
    assert!(!mail.contains("Exemplarin") && !mail.contains("Drink"), "{mail}");
    paper(&app, &uri).await;
}

/// What the check says of a version.
async fn checked(app: &App, version: &Value) -> String {
    let told = app.get(&format!("/api/v1{}", path(version["check_url"].as_str().unwrap()))).await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()["state"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_pharmacy_sees_that_a_paper_was_replaced_has_expired_was_withdrawn_or_tampered_with() {
    let app = App::start().await;
    let first = written(&app).await.json();
    let uri = format!("/api/v1/prescriptions/{}", first["id"].as_str().unwrap());
    let second = put(&app, Who::Doctor(1), &uri, "\"v1\"", &change("Demotab")).await.json();
    assert_eq!((checked(&app, &first).await, checked(&app, &second).await), ("replaced".into(), "valid".into()));
    app.set_clock("2027-06-09T03:59:59Z");
    assert_eq!(checked(&app, &second).await, "valid");
    app.set_clock("2027-06-09T04:00:00Z");
    assert_eq!(checked(&app, &second).await, "expired");
    app.sql("UPDATE prescriptions.version SET valid_until = '2028-01-01'").await;
    assert_eq!(checked(&app, &second).await, "altered", "who writes to the database alone cannot sign");
    let page = app.get(&path(second["check_url"].as_str().unwrap())).await.text();
    assert!(page.contains(">Not confirmed<"), "{page}");
    app.sql("UPDATE prescriptions.version SET valid_until = '2027-06-08'").await;
    let withdraw = format!("{uri}/withdraw");
    assert_eq!(app.post_as(Who::Doctor(1), &withdraw, &json!({"reason": "Wrong dose"})).await.status, 200);
    assert_eq!((checked(&app, &first).await, checked(&app, &second).await), ("withdrawn".into(), "withdrawn".into()));
    let page = app.get(&path(first["check_url"].as_str().unwrap())).await.text();
    assert!(page.contains(">Withdrawn<") && !page.contains("Wrong dose"), "{page}");
}

#[actix_web::test]
async fn a_code_that_nobody_was_given_opens_nothing() {
    let app = App::reading().await;
    for code in ["0000000000000000000000000z", "x", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "%00"] {
        let page = app.get(&format!("/prescriptions/check/{code}")).await;
        assert_eq!(page.status, 404, "{code}");
        assert_eq!(
            app.get(&format!("/api/v1/prescriptions/check/{code}")).await.problem(),
            (404, "not-found".to_owned())
        );
    }
    for hash in ["0".repeat(64), "x".to_owned()] {
        let told = app.post("/api/v1/prescriptions/check", &json!({"hash": hash})).await;
        assert_eq!(told.problem(), (404, "not-found".to_owned()));
    }
    assert_eq!(app.post("/api/v1/prescriptions/check", &json!({})).await.bad_fields(), ["hash:required"]);
}

#[actix_web::test]
async fn who_looks_too_often_is_turned_away() {
    let rates = doktolib::limits::Rates { default: Some("2/1m".parse().unwrap()), ..Default::default() };
    let app = App::reading_with(Wishes { rates, ..Wishes::default() }).await;
    let uri = "/prescriptions/check/0000000000000000000000000z";
    for status in [404, 404, 429] {
        assert_eq!(app.get(uri).await.status, status);
    }
}

async fn work(app: &App) {
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    while app.application.worker.step(&stop).await.unwrap() {}
}

async fn purge(app: &App, payload: &Value) -> String {
    let job = NewJob::new("upkeep", "purge-prescriptions", payload).unwrap();
    app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    work(app).await;
    let query = "SELECT said FROM jobs.run WHERE name = 'purge-prescriptions' ORDER BY id DESC LIMIT 1";
    app.texts(query).await.remove(0)
}

#[actix_web::test]
async fn seven_years_after_their_last_valid_day_they_go_and_the_trail_tells_which() {
    let app = App::start().await;
    let count = "SELECT count(*) FROM prescriptions.prescription";
    let all = app.number(count).await;
    app.set_clock("2034-06-01T12:00:00Z");
    assert_eq!(purge(&app, &json!({})).await, "prescriptions 0, versions 0");
    // Those of the first of March were good until the first of June, that day included.
    app.set_clock("2034-06-02T13:00:00Z");
    assert_eq!(purge(&app, &json!({"dry_run": true})).await, "would purge: prescriptions 20, versions 20");
    assert_eq!(app.number(count).await, all, "a dry run takes nothing");
    assert_eq!(purge(&app, &json!({})).await, "prescriptions 20, versions 20");
    assert_eq!(app.number(count).await, all - 20);
    let trail = format!(
        "SELECT actor_kind || ' ' || (data::jsonb->>'versions') FROM journal.audit_event
          WHERE action = 'prescription.purged' AND subject = '{}'",
        id('6', 11_109)
    );
    assert_eq!(app.texts(&trail).await, ["system 1"]);
    app.audited().await;
}

#[actix_web::test]
async fn who_is_erased_is_named_in_no_prescription_any_more_and_papers_stay_checkable() {
    let app = App::start().await;
    let first = written(&app).await.json();
    let uri = format!("/api/v1/prescriptions/{}", first["id"].as_str().unwrap());
    put(&app, Who::Doctor(1), &uri, "\"v1\"", &change("Demotab")).await;
    let mut conn = platform::pg::conn(&app.application.pool).await.unwrap();
    let told = format!(
        "INSERT INTO journal.outbox (id, topic, subject, payload, created_at, available_at)
         VALUES (gen_random_uuid(), 'patient.erased', '{patient}', '{{\"patient_id\": \"{patient}\"}}', '2027-03-08Z', '2027-03-08Z')",
        patient = id('b', 1)
    );
    diesel_async::RunQueryDsl::execute(diesel::sql_query(told), &mut conn).await.unwrap();
    drop(conn);
    let (_stop, going) = watch::channel(false);
    while app.application.courier.round(&going).await.unwrap() > 0 {}
    let versions = app.get_as(Who::Doctor(1), &format!("{uri}/versions")).await.list();
    assert_eq!(versions.len(), 2);
    for version in &versions {
        assert_eq!(version["patient_name"], "Erased person");
        assert!(["valid", "replaced"].contains(&checked(&app, version).await.as_str()));
    }
    let by_name = app.get_as(Who::Doctor(1), "/api/v1/prescriptions?patient=alice").await.list();
    assert!(by_name.is_empty(), "{by_name:?}");
    let query = format!(
        "SELECT count(*) FROM journal.audit_event WHERE action = 'prescription.pseudonymised' AND subject = '{}'",
        first["id"].as_str().unwrap()
    );
    assert_eq!(app.number(&query).await, 1);
}
