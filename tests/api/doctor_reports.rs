//! Reports about doctors: asked for, printed, told of, fetched, and cleared away.

use std::path::Path;

use actix_web::test::TestRequest;
use jiff::SignedDuration;
use lopdf::Document;
use platform::jobs::{JobState, NewJob, Stop, retry};
use platform::pg;
use platform::storage::ObjectKey;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::app::{Answer, App, Who, Wishes, doctor, id, objects_in};
use crate::letters::all_to;

/// The jobs that are due, until there are none.
async fn work(app: &App) {
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    while app.application.worker.step(&stop).await.unwrap() {}
}

async fn run(app: &App, queue: &'static str, name: &'static str) {
    let job = NewJob::new(queue, name, &json!({})).unwrap();
    app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    work(app).await;
}

/// Saturday after the first week, whose days were counted.
async fn saturday(folder: &Path) -> App {
    let app = App::with(Wishes { storage: objects_in(folder), ..Wishes::default() }).await;
    app.set_clock("2027-03-06T12:00:00Z");
    run(&app, "reports", "analytics").await;
    app
}

fn week() -> Value {
    json!({"from": "2027-03-01", "to": "2027-03-05"})
}

async fn ask(app: &App, who: Who, number: u32) -> Answer {
    app.post_as(who, &format!("/api/v1/doctors/{}/reports", doctor(number)), &week()).await
}

#[actix_web::test]
async fn a_report_is_printed_stored_and_told_of_to_whoever_has_asked() {
    let folder = tempfile::tempdir().unwrap();
    let app = saturday(folder.path()).await;
    let asked = ask(&app, Who::Doctor(1), 1).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let uri = asked.header("location").unwrap().to_owned();
    assert_eq!((asked.json()["state"].as_str(), &asked.json()["size"]), (Some("waiting"), &Value::Null));
    let early = app.get_as(Who::Doctor(1), &format!("{uri}/file")).await;
    assert_eq!(early.problem(), (409, "report-not-ready".to_owned()));

    work(&app).await;
    let report = app.get_as(Who::Doctor(1), &uri).await.json();
    assert_eq!(report["state"], "ready", "{report}");
    let file = app.get_as(Who::Doctor(1), &format!("{uri}/file")).await;
    assert_eq!((file.status, file.header("content-type")), (200, Some("application/pdf")));
    assert_eq!(file.header("cache-control"), Some("private, no-store"));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"doctor-report-2027-03-01-2027-03-05.pdf\"")
    );
    assert_eq!(file.body.len(), usize::try_from(report["size"].as_u64().unwrap()).unwrap());
    let stored = folder.path().join(format!("reports/doctor-{}-2027-03-06.pdf", doctor(1)));
    assert!(std::fs::read(stored).unwrap() == file.body, "another file lies in the storage");
    let text = Document::load_mem(&file.body).unwrap().extract_text(&[1]).unwrap();
    // 19 of its visits were held, one was missed, four were called off; five days of eight hours were offered.
    for expected in ["Amara Okafor", "24", "19", "5.0 %", "40:00 h", "Days with figures"] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }

    let letters = all_to(&app, "amara.okafor@example.com").await;
    let told: Vec<_> = letters.iter().filter(|letter| letter.template == "report-ready").collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].values["url"].ends_with(&format!("{uri}/file")), "{:?}", told[0].values);
    let actions = app
        .texts(&format!(
            "SELECT action || ' ' || actor_kind FROM journal.audit_event WHERE subject = '{}' ORDER BY seq",
            report["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(actions, ["report.requested doctor", "report.printed system"]);
    app.audited().await;
}

#[actix_web::test]
async fn a_wish_that_is_repeated_makes_one_report_and_another_one_of_the_day_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let app = saturday(folder.path()).await;
    let uri = format!("/api/v1/doctors/{}/reports", doctor(1));
    let wish = || TestRequest::post().uri(&uri).set_json(week()).insert_header(("idempotency-key", "one"));
    let first = app.send_as(Who::Admin, wish()).await;
    let again = app.send_as(Who::Admin, wish()).await;
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (202, 202, Some("true")));
    assert_eq!(first.text(), again.text());
    let second = ask(&app, Who::Admin, 1).await.json();
    work(&app).await;
    let keys = app.texts("SELECT object_key FROM reports.report ORDER BY id").await;
    let usual = format!("reports/doctor-{}-2027-03-06", doctor(1));
    assert_eq!(keys, [format!("{usual}.pdf"), format!("{usual}-{}.pdf", second["id"].as_str().unwrap())]);
    assert!(keys.iter().all(|key| folder.path().join(key).is_file()));
}

#[actix_web::test]
async fn reports_are_for_those_whose_figures_they_tell() {
    let folder = tempfile::tempdir().unwrap();
    let app = saturday(folder.path()).await;
    let mut reports = Vec::new();
    for (who, status) in [
        (Who::Staff(1), 202),
        (Who::Staff(2), 404),
        (Who::Doctor(2), 404),
        (Who::Doctor(1), 202),
        (Who::Patient(1), 403),
        (Who::Admin, 202),
    ] {
        let answer = ask(&app, who, 1).await;
        assert_eq!(answer.status, status, "{who:?}: {}", answer.text());
        if status == 202 {
            reports.push(answer.json()["id"].as_str().unwrap().to_owned());
        }
    }
    let unknown = app.post_as(Who::Admin, &format!("/api/v1/doctors/{}/reports", id('d', 99)), &week()).await;
    assert_eq!(unknown.status, 404);
    for (who, seen) in
        [(Who::Admin, 3), (Who::Staff(1), 3), (Who::Doctor(1), 3), (Who::Staff(2), 0), (Who::Doctor(2), 0)]
    {
        assert_eq!(app.get_as(who, "/api/v1/reports").await.list().len(), seen, "{who:?}");
        let status = app.get_as(who, &format!("/api/v1/reports/{}", reports[0])).await.status;
        assert_eq!(status, if seen > 0 { 200 } else { 404 }, "{who:?}");
    }
    let page = app.get_as(Who::Admin, "/api/v1/reports?limit=2").await;
    assert_eq!((page.list().len(), page.list()[0]["id"].as_str()), (2, Some(reports[2].as_str())));
    let next = app.get_as(Who::Admin, &page.next().unwrap()).await;
    assert_eq!((next.list().len(), next.next()), (1, None));
    for bad in [
        json!({"from": "2027-03-05", "to": "2027-03-01"}),
        json!({"from": "2027-03-01", "to": "2027-03-06"}),
        json!({"from": "2027-03-01"}),
    ] {
        let answer = app.post_as(Who::Admin, &format!("/api/v1/doctors/{}/reports", doctor(1)), &bad).await;
        assert!(answer.status == 422 && answer.bad_fields()[0].starts_with("to:"), "{bad}: {}", answer.text());
    }
}

#[actix_web::test]
async fn a_storage_that_stays_away_makes_a_report_that_failed_and_can_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let app = saturday(folder.path()).await;
    // A file stands where the folder of reports has to be.
    std::fs::write(folder.path().join("reports"), "in the way").unwrap();
    let asked = ask(&app, Who::Admin, 1).await;
    let uri = asked.header("location").unwrap().to_owned();
    for state in ["waiting", "waiting", "failed"] {
        work(&app).await;
        assert_eq!(app.get_as(Who::Admin, &uri).await.json()["state"], state);
        app.clock.advance(SignedDuration::from_hours(1));
    }
    let jobs = app.application.worker.jobs();
    assert_eq!(jobs.list(JobState::Failed, 10).await.unwrap().len(), 1);
    std::fs::remove_file(folder.path().join("reports")).unwrap();
    let mut conn = pg::conn(&app.application.pool).await.unwrap();
    assert_eq!(retry(&mut conn, None, app.application.clock.now()).await.unwrap(), 1);
    drop(conn);
    work(&app).await;
    assert_eq!(app.get_as(Who::Admin, &uri).await.json()["state"], "ready");
    let letters = all_to(&app, "ines.duarte@example.com").await;
    assert_eq!(letters.iter().filter(|letter| letter.template == "report-ready").count(), 1);

    // Its file is lost: that is not the report's fault, and may be over when a backup is back.
    std::fs::remove_dir_all(folder.path().join("reports")).unwrap();
    assert_eq!(app.get_as(Who::Admin, &format!("{uri}/file")).await.status, 503);
}

#[actix_web::test]
async fn after_ninety_days_a_report_goes_with_its_file_and_so_does_what_was_put_down_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let app = saturday(folder.path()).await;
    let old = ask(&app, Who::Admin, 1).await.json();
    work(&app).await;
    let temporary: ObjectKey = "temporary/check-1".parse().unwrap();
    app.application.storage.put_bytes(&temporary, "left behind").await.unwrap();
    app.set_clock("2027-06-04T11:59:59Z");
    let young = ask(&app, Who::Admin, 2).await.json();
    work(&app).await;
    run(&app, "upkeep", "cleanup").await;
    assert_eq!(app.number("SELECT count(*) FROM reports.report").await, 2, "ninety days are not over");
    assert!(app.application.storage.head(&temporary).await.unwrap().is_none());
    app.set_clock("2027-06-04T12:00:01Z");
    run(&app, "upkeep", "cleanup").await;
    let left = app.texts("SELECT id::text FROM reports.report").await;
    assert_eq!(left, [young["id"].as_str().unwrap()]);
    let files: Vec<_> = std::fs::read_dir(folder.path().join("reports")).unwrap().collect();
    assert_eq!(files.len(), 1);
    let removed = format!(
        "SELECT count(*) FROM journal.audit_event WHERE action = 'report.removed' AND subject = '{}'",
        old["id"].as_str().unwrap()
    );
    assert_eq!(app.number(&removed).await, 1);
    app.audited().await;
}
