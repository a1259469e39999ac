//! Figures of days: against what PostgreSQL counts by itself, over days on which clocks change.

use std::path::Path;

use actix_web::test::TestRequest;
use platform::jobs::{JobState, NewJob, Stop};
use platform::storage::{S3Settings, Storage, StorageSettings};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::ObjectServer;
use tokio::sync::watch;

use crate::app::{App, Who, Wishes, doctor, id, objects_in};

/// The jobs that are due, until there are none.
async fn work(app: &App) {
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    while app.application.worker.step(&stop).await.unwrap() {}
}

async fn count(app: &App) {
    let job = NewJob::new("reports", "analytics", &json!({})).unwrap();
    app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
    work(app).await;
    let failed = app.application.worker.jobs().list(JobState::Failed, 1).await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
}

async fn in_folder(folder: &Path, demo_doctors: Option<u32>) -> App {
    App::with(Wishes { storage: objects_in(folder), demo_doctors, ..Wishes::default() }).await
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The same counts by the database's own arithmetic of zones, ranks and percentiles; days without visits left out.
const SLOWLY: &str = "
    WITH visit AS (
        SELECT a.*, (a.starts_at AT TIME ZONE a.time_zone)::date AS day,
               greatest(0, floor(extract(epoch FROM a.starts_at - a.created_at) / 60))::int AS lead,
               (extract(epoch FROM a.ends_at - a.starts_at) / 60)::int AS minutes,
               a.status IN ('arrived', 'completed') AS was_held,
               rank() OVER (PARTITION BY a.patient_id, WHOSE, a.status IN ('arrived', 'completed') ORDER BY a.starts_at) AS nth
          FROM appointments.appointment a WHERE a.status <> 'held')
    SELECT concat_ws(' ', day, WHOSE, count(*), count(*) FILTER (WHERE was_held),
                     count(*) FILTER (WHERE status = 'no_show'), count(*) FILTER (WHERE status = 'booked'),
                     count(*) FILTER (WHERE status = 'cancelled'),
                     coalesce(sum(minutes) FILTER (WHERE status <> 'cancelled'), 0),
                     coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY lead) FILTER (WHERE status <> 'cancelled'), -1),
                     coalesce(percentile_disc(0.9) WITHIN GROUP (ORDER BY lead) FILTER (WHERE status <> 'cancelled'), -1),
                     count(*) FILTER (WHERE was_held AND nth = 1))
      FROM visit WHERE day BETWEEN '2027-02-22' AND '2027-03-24' GROUP BY day, WHOSE ORDER BY 1";

const KEPT: &str = "
    SELECT concat_ws(' ', day, WHOSE, booked, held, missed, open,
                     cancelled_by_patient + cancelled_by_practice + cancelled_otherwise, booked_minutes,
                     coalesce(lead_median_minutes, -1), coalesce(lead_p90_minutes, -1), new_patients)
      FROM reports.daily WHERE booked > 0 AND (doctor_id = '00000000-0000-0000-0000-000000000000') = WHOLE ORDER BY 1";

#[actix_web::test]
async fn figures_are_what_the_database_counts_by_itself_also_where_clocks_change() {
    let folder = tempfile::tempdir().unwrap();
    let app = in_folder(folder.path(), Some(40)).await;
    // Clocks went forward on the 14th; the last date that has ended is the 24th.
    app.set_clock("2027-03-25T12:00:00Z");
    count(&app).await;
    for (whose, whole) in [("doctor_id", "false"), ("clinic_id", "true")] {
        let slowly = app.texts(&SLOWLY.replace("WHOSE", whose)).await;
        let kept = app.texts(&KEPT.replace("WHOSE", whose).replace("WHOLE", whole)).await;
        let around = [
            slowly.iter().any(|line| line.as_str() < "2027-03-14"),
            slowly.iter().any(|line| line.as_str() > "2027-03-15"),
        ];
        assert!(slowly.len() > 50 && around == [true, true], "{slowly:?}");
        assert_eq!(kept, slowly, "by {whose}");
    }
    let days = app.number("SELECT count(DISTINCT day) FROM reports.daily").await;
    assert_eq!(days, 31, "a month is made up for, and no more");
}

#[actix_web::test]
async fn counting_twice_gives_the_same_rows_and_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let app = in_folder(folder.path(), None).await;
    app.set_clock("2027-03-06T09:00:00Z");
    count(&app).await;
    let (rows, written) = (app.tables().await["reports.daily"].clone(), files(folder.path()));
    assert!(written.iter().any(|(name, _)| name.ends_with("analytics/2027-03-05/clinics-America-New-York.csv")));
    app.set_clock("2027-03-06T15:00:00Z");
    count(&app).await;
    assert_eq!(app.tables().await["reports.daily"], rows);
    assert!(files(folder.path()) == written, "other files");

    // Corrections of the last days are counted the next night; what was offered then stays as it was.
    let sum = async |what: &str, day: &str| {
        app.number(&format!("SELECT coalesce(sum({what}), 0) FROM reports.daily WHERE day = '{day}'")).await
    };
    let (offered, settled, recent) =
        (sum("offered_minutes", "2027-03-05").await, sum("held", "2027-03-03").await, sum("held", "2027-03-05").await);
    assert!(offered > 0 && settled > 0 && recent > 0);
    app.sql("UPDATE appointments.appointment SET status = 'no_show' WHERE status = 'completed'").await;
    app.sql("DELETE FROM doctors.weekly_hours").await;
    app.set_clock("2027-03-07T09:00:00Z");
    count(&app).await;
    assert_eq!((sum("offered_minutes", "2027-03-05").await, sum("held", "2027-03-05").await), (offered, 0));
    assert_eq!(sum("held", "2027-03-03").await, settled, "it has settled");
}

#[actix_web::test]
async fn files_tell_of_doctors_and_nothing_of_patients_and_hold_no_formula() {
    let folder = tempfile::tempdir().unwrap();
    let app = in_folder(folder.path(), None).await;
    app.sql("UPDATE doctors.doctor SET first_name = '=HYPERLINK(1)' WHERE last_name = 'Okafor'").await;
    app.set_clock("2027-03-03T09:00:00Z");
    count(&app).await;
    let people = app
        .texts("SELECT id::text FROM appointments.patient UNION SELECT id::text FROM appointments.appointment")
        .await;
    let written = files(folder.path());
    assert_eq!(written.len() % 2, 0);
    for (name, content) in written {
        let text = String::from_utf8(content).unwrap();
        assert!(people.iter().all(|id| !text.contains(id.as_str())), "{name} tells of patients");
        if name.ends_with(".csv") {
            assert!(text.starts_with('\u{feff}') && !text.contains(",=HYPERLINK"), "{name}");
            assert_eq!(text.contains("'=HYPERLINK(1) Okafor"), name.contains("New-York"), "{name}");
        }
    }
}

#[actix_web::test]
async fn a_storage_that_is_away_leaves_a_job_that_is_tried_again_and_then_done() {
    let mut server = ObjectServer::start();
    let storage = Storage::open(&StorageSettings::S3(S3Settings {
        bucket: ObjectServer::BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(server.url()),
        credentials: Some((
            ObjectServer::ACCESS_KEY.to_owned(),
            SecretString::from(ObjectServer::SECRET_KEY.to_owned()),
        )),
    }));
    let app = App::with(Wishes { storage: storage.unwrap(), ..Wishes::default() }).await;
    app.set_clock("2027-03-03T09:00:00Z");
    server.stop();
    count(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM reports.counted").await, 0);
    let waiting = app.application.worker.jobs().list(JobState::Waiting, 10).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].name.as_str(), waiting[0].attempts), (1, "analytics", 1));
    assert_eq!(app.get("/api/v1/health").await.status, 200, "the server is as ready as before");
    server.start_again();
    app.set_clock("2027-03-03T09:01:00Z");
    work(&app).await;
    assert!(app.number("SELECT count(*) FROM reports.counted").await > 0);
    let there = server.bucket().join("analytics/2027-03-02/clinics-America-New-York.json");
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(there).unwrap()).unwrap();
    assert_eq!(rows[0]["doctor_id"], Value::Null);
}

async fn rows(app: &App, who: Who, query: &str) -> Vec<Value> {
    let answer =
        app.get_as(who, &format!("/api/v1/reports/analytics?from=2027-03-01&to=2027-03-02&limit=1000{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.list()
}

#[actix_web::test]
async fn everybody_sees_the_figures_that_are_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let app = in_folder(folder.path(), None).await;
    app.set_clock("2027-03-03T12:00:00Z");
    count(&app).await;
    let all = rows(&app, Who::Admin, "").await;
    let of = |rows: &[Value], field: &str, wanted: &str| rows.iter().all(|row| row[field] == json!(wanted));
    let desk = rows(&app, Who::Staff(1), "").await;
    assert!(
        desk.len() < all.len()
            && of(&desk, "clinic_id", &id('c', 1))
            && desk.iter().any(|row| row["doctor_id"].is_null())
    );
    let own = rows(&app, Who::Doctor(1), "").await;
    assert!(!own.is_empty() && of(&own, "doctor_id", &doctor(1)));
    assert!(rows(&app, Who::Doctor(1), &format!("&doctor_id={}", doctor(2))).await.is_empty());
    assert!(rows(&app, Who::Staff(1), &format!("&clinic_id={}", id('c', 2))).await.is_empty());
    let named = rows(&app, Who::Admin, &format!("&clinic_id={}&doctor_id={}", id('c', 1), doctor(1))).await;
    assert_eq!(named.len(), 2);
    for row in &all {
        let number = |name: &str| row[name].as_u64().unwrap();
        assert_eq!(number("booked"), number("held") + number("missed") + number("open") + number("cancelled"));
        assert!(row["third_next_available_days"].is_null() || row["date"] == "2027-03-02", "{row}");
    }
    let first = &named[1];
    assert_eq!((first["date"].as_str(), first["offered_minutes"].as_u64()), (Some("2027-03-02"), Some(480)), "{first}");
    assert!(first["third_next_available_days"].is_u64(), "{first}");

    // Pages of two, and the same as a table.
    let (mut paged, mut next) =
        (Vec::new(), Some("/api/v1/reports/analytics?from=2027-03-01&to=2027-03-02&limit=2".to_owned()));
    while let Some(uri) = next {
        let answer = app.get_as(Who::Admin, &uri).await;
        next = answer.header("link").map(|link| link[1..link.find('>').unwrap()].to_owned());
        paged.extend(answer.list());
    }
    assert_eq!(paged, all);
    let request = TestRequest::get().uri("/api/v1/reports/analytics?from=2027-03-01&to=2027-03-02");
    let table = app.send_as(Who::Staff(1), request.insert_header(("accept", "text/csv"))).await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(table.text().lines().count(), 1 + desk.len());
}

#[actix_web::test]
async fn a_span_that_ends_before_it_begins_or_is_too_long_is_refused() {
    let app = App::reading().await;
    for query in
        ["from=2027-03-02&to=2027-03-01", "from=2026-01-01&to=2027-03-01", "from=2027-03-01T00:00:00", "days=3"]
    {
        let answer = app.get_as(Who::Admin, &format!("/api/v1/reports/analytics?{query}")).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
    }
}
