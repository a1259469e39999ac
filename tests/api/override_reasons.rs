//! Why a date differs: for those who run the calendar, and for nobody else.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{App, Who, doctor};
use crate::at_rest::{in_the_clear, stored};

const DESK: Who = Who::Staff(1);
const WHY: &str = "Root canal at ten";

fn of_doctor(part: &str) -> String {
    format!("/api/v1/doctors/{}{part}", doctor(1))
}

#[actix_web::test]
async fn the_team_reads_why_a_date_differs_patients_and_the_database_do_not() {
    let app = App::start().await;
    let uri = of_doctor("/overrides/2027-03-09");
    let put = async |body: Value| {
        app.send_as(DESK, TestRequest::put().uri(&uri).insert_header(("if-match", "*")).set_json(&body)).await
    };
    let set = put(json!({"hours": [], "reason": format!("  {WHY} ")})).await;
    assert_eq!((set.status, &set.json()["reason"]), (200, &json!(WHY)), "{}", set.text());
    for who in [DESK, Who::Doctor(1), Who::Admin] {
        assert_eq!(app.get_as(who, &uri).await.json()["reason"], WHY, "{who:?}");
        assert_eq!(app.get_as(who, &of_doctor("/overrides")).await.list()[0]["reason"], WHY);
    }
    for part in ["", "/slots", "/weekly-hours", "/slots/explain?starts_at=2027-03-09T10:00:00-05:00"] {
        for who in [DESK, Who::Patient(1)] {
            assert!(!app.get_as(who, &of_doctor(part)).await.text().contains("canal"), "{part} {who:?}");
        }
    }
    assert_eq!(app.get_as(Who::Staff(2), &uri).await.status, 404);
    assert_eq!(in_the_clear(&stored(&app).await, &["canal"]), [""; 0]);

    let long = put(json!({"hours": [], "reason": "x".repeat(201)})).await;
    assert_eq!(long.bad_fields(), ["reason:length"]);
    assert_eq!(put(json!({"hours": []})).await.json()["reason"], Value::Null, "it goes when it is not said again");
    assert_eq!(app.number("SELECT count(*) FROM doctors.override_day WHERE reason IS NOT NULL").await, 0);
    app.audited().await;
}

#[actix_web::test]
async fn a_change_with_its_visits_keeps_the_reason_as_well() {
    let app = App::start().await;
    let change = json!({"override": {"date": "2027-03-10", "hours": [], "reason": WHY}});
    let changes = |part: &str| of_doctor(&format!("/changes{part}"));
    let plan = app.post_as(DESK, &changes("/preview"), &json!({"change": change})).await.json()["plan"].clone();
    let order = json!({"change": change, "plan": plan, "otherwise": {"action": "move"}});
    let made = app.post_as(DESK, &changes(""), &order).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(app.get_as(DESK, &of_doctor("/overrides/2027-03-10")).await.json()["reason"], WHY);
    assert_eq!(in_the_clear(&stored(&app).await, &["canal"]), [""; 0]);
    let undo = changes(&format!("/{}/undo", made.json()["id"].as_str().unwrap()));
    assert_eq!(app.send_as(DESK, TestRequest::post().uri(&undo)).await.status, 200);
    assert_eq!(app.get_as(DESK, &of_doctor("/overrides/2027-03-10")).await.status, 404);
}
