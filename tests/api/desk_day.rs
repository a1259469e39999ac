//! The calendar of a clinic, who waits there, and the day on paper and as a table.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{App, Who, id, keys};

fn clinic(number: u32, part: &str) -> String {
    format!("/api/v1/clinics/{}/{part}", id('c', number))
}

fn visit(doctor: u32, hour: u32) -> String {
    id('a', doctor * 10_000 + 2_100 + hour)
}

async fn arrives(app: &App, visit: &str) {
    let answer = app.post_as(Who::Staff(1), &format!("/api/v1/appointments/{visit}/arrive"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn renamed(app: &App, patient: u32, name: &str) {
    let row = id('b', patient).parse().unwrap();
    let sealed = keys().seal_text("appointments.patient.name", row, name);
    let sql = "UPDATE appointments.patient SET name = $2 WHERE id = $1";
    assert_eq!(app.client().await.execute(sql, &[&row, &sealed]).await.unwrap(), 1);
}

#[actix_web::test]
async fn a_day_has_a_column_for_each_doctor_with_hours_and_visits() {
    let app = App::start().await;
    let day = app.get_as(Who::Staff(1), &clinic(1, "day")).await;
    assert_eq!(day.status, 200, "{}", day.text());
    let body = day.json();
    assert_eq!(
        (&body["clinic_name"], &body["time_zone"]),
        (&json!("Harbor Health Center"), &json!("America/New_York"))
    );
    let columns = body["doctors"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|one| one["doctor_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Hannah Lindqvist", "Amara Okafor", "Daniel Reyes"], "by surname");
    for column in columns {
        let days = column["days"].as_array().unwrap();
        assert_eq!((days.len(), &days[0]["date"]), (1, &json!("2027-03-08")), "midnight of Monday in New York");
        let open = json!([
            {"starts_at": "2027-03-08T09:00:00-05:00", "ends_at": "2027-03-08T12:00:00-05:00"},
            {"starts_at": "2027-03-08T13:00:00-05:00", "ends_at": "2027-03-08T18:00:00-05:00"},
        ]);
        assert_eq!(days[0]["open"], open);
        let visits = days[0]["visits"].as_array().unwrap();
        assert_eq!(visits.len(), 6);
        assert!(visits.windows(2).all(|pair| pair[0]["starts_at"].as_str() < pair[1]["starts_at"].as_str()));
        assert_eq!(visits.iter().filter(|visit| visit["status"] == "cancelled").count(), 1);
    }
    // A day off and a holiday show no hours; the visits stay.
    app.sql(&format!(
        "INSERT INTO doctors.override_day VALUES ('{}', '2027-03-10', '[]');
         INSERT INTO doctors.clinic_holiday (clinic_id, on_date, name) VALUES ('{}', '2027-03-11', 'Test')",
        id('d', 1),
        id('c', 1)
    ))
    .await;
    let week = app.get_as(Who::Staff(1), &format!("{}?doctor_id={}", clinic(1, "week"), id('d', 1))).await.json();
    let days = week["doctors"][0]["days"].as_array().unwrap().clone();
    let seen: Vec<(usize, usize)> = days
        .iter()
        .map(|day| (day["open"].as_array().unwrap().len(), day["visits"].as_array().unwrap().len()))
        .collect();
    assert_eq!(seen, [(2, 6), (2, 0), (0, 6), (0, 6), (2, 6), (0, 0), (0, 0)]);
    assert_eq!(week["doctors"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_front_desk_sees_its_clinics_a_doctor_the_own_column_and_reading_is_written_down() {
    let app = App::start().await;
    for part in ["day", "week", "queue", "day-sheet.pdf", "day.csv"] {
        for (who, status) in [
            (Who::Staff(1), 200),
            (Who::Staff(2), 404),
            (Who::Doctor(1), 200),
            (Who::Doctor(4), 404),
            (Who::Admin, 200),
            (Who::Patient(1), 403),
        ] {
            assert_eq!(app.get_as(who, &clinic(1, part)).await.status, status, "{part} {who:?}");
        }
        assert_eq!(app.get_as(Who::Admin, &clinic(9, part)).await.status, 404);
        assert_eq!(app.get_as(Who::Admin, &format!("{}?role=x", clinic(1, part))).await.status, 422, "{part}");
    }
    let own = app.get_as(Who::Doctor(1), &clinic(1, "day")).await.json();
    assert_eq!(own["doctors"].as_array().unwrap().len(), 1);
    let other = format!("{}?doctor_id={}", clinic(1, "day"), id('d', 2));
    assert_eq!(app.get_as(Who::Doctor(1), &other).await.status, 404);
    assert_eq!(app.get_as(Who::Doctor(1), &format!("{}?date=tomorrow", clinic(1, "day"))).await.status, 422);
    let log = app.get_as(Who::Patient(1), "/api/v1/me/access-log?limit=100").await.list();
    assert!(!log.is_empty() && log.iter().all(|one| one["what"] == "calendar"), "{log:?}");
}

#[actix_web::test]
async fn who_waits_stands_in_the_queue_in_the_order_they_are_expected_to_be_seen() {
    let app = App::start().await;
    assert!(app.get_as(Who::Staff(1), &clinic(1, "queue")).await.list().is_empty());
    app.set_clock("2027-03-08T14:50:00Z");
    arrives(&app, &visit(1, 10)).await;
    app.set_clock("2027-03-08T14:55:00Z");
    arrives(&app, &visit(1, 9)).await;
    arrives(&app, &visit(2, 10)).await;
    app.clock.advance(SignedDuration::from_mins(15));
    let queue = app.get_as(Who::Staff(1), &clinic(1, "queue")).await.list();
    let seen: Vec<Value> = queue
        .iter()
        .map(|one| json!([one["id"], one["waiting_minutes"], one["expected_start_at"], one["doctor_name"]]))
        .collect();
    assert_eq!(
        seen,
        [
            json!([visit(1, 9), 15, "2027-03-08T10:10:00-05:00", "Amara Okafor"]),
            json!([visit(2, 10), 15, "2027-03-08T10:10:00-05:00", "Daniel Reyes"]),
            json!([visit(1, 10), 20, "2027-03-08T10:40:00-05:00", "Amara Okafor"]),
        ]
    );
    let complete = format!("/api/v1/appointments/{}/complete", visit(1, 9));
    assert_eq!(app.post_as(Who::Doctor(1), &complete, &json!({})).await.status, 200);
    assert_eq!(app.get_as(Who::Doctor(1), &clinic(1, "queue")).await.list().len(), 1, "the own patients alone");
}

#[actix_web::test]
async fn the_day_sheet_can_be_read_by_machines_and_shows_the_letters_of_names() {
    let app = App::start().await;
    renamed(&app, 1, "Łukasz Şahin Dvořák Nguyễn Иванов").await;
    let sheet = app.get_as(Who::Staff(1), &clinic(1, "day-sheet.pdf")).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("application/pdf")));
    assert_eq!(sheet.header("content-disposition"), Some("attachment; filename=\"day-2027-03-08.pdf\""));
    assert_eq!(sheet.header("cache-control"), Some("no-store"));
    let pdf = lopdf::Document::load_mem(&sheet.body).unwrap();
    assert_eq!(pdf.get_pages().len(), 3, "a page for each doctor");
    let text = pdf.extract_text(&[2]).unwrap();
    for word in [
        "Amara Okafor",
        "Harbor Health Center",
        "2027-03-08",
        "09:00-09:30",
        "Łukasz Şahin Dvořák Nguyễn Иванов",
        "cancelled",
        "2 / 3",
    ] {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
    let empty = app.get_as(Who::Staff(1), &format!("{}?date=2027-03-14", clinic(1, "day-sheet.pdf"))).await;
    assert_eq!(lopdf::Document::load_mem(&empty.body).unwrap().get_pages().len(), 3);
}

#[actix_web::test]
async fn the_table_is_text_to_every_spreadsheet() {
    let app = App::start().await;
    renamed(&app, 1, "=HYPERLINK(\"https://evil.example\")").await;
    let row = visit(1, 9).parse().unwrap();
    let notes = keys().seal_text("appointments.appointment.notes", row, "two\nlines, \"quoted\"");
    let sql = "UPDATE appointments.appointment SET notes = $2 WHERE id = $1";
    app.client().await.execute(sql, &[&row, &notes]).await.unwrap();
    let table = app.get_as(Who::Staff(1), &format!("{}?doctor_id={}", clinic(1, "day.csv"), id('d', 1))).await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(table.header("content-disposition"), Some("attachment; filename=\"day-2027-03-08.csv\""));
    let text = table.text();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    assert!(text.starts_with("date,from,to,doctor,patient,phone,birth_date,status,visit_mode,notes\r\n"), "{text}");
    assert!(
        text.contains("2027-03-08,09:00,09:30,Amara Okafor,\"'=HYPERLINK(\"\"https://evil.example\"\")\","),
        "{text}"
    );
    assert!(text.contains("\"two\nlines, \"\"quoted\"\"\""), "{text}");
    assert_eq!(text.matches("\r\n").count(), 7, "a head and six visits");
}
