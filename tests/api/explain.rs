//! Why a time can be booked or not.

use serde_json::{Value, json};

use crate::app::{App, Who, all, doctor, guest, id, visit_type};

fn uri(starts_at: &str) -> String {
    format!("/api/v1/doctors/{}/slots/explain?starts_at={starts_at}", doctor(1))
}

#[actix_web::test]
async fn a_time_is_free_exactly_when_it_is_listed_and_exactly_then_it_is_booked() {
    let app = App::start().await;
    let mut booked = 0;
    for quarter in 0..44 {
        let starts_at = format!("2027-03-10T{:02}:{:02}:00-05:00", 8 + quarter / 4, quarter % 4 * 15);
        let slots = format!("/api/v1/doctors/{}/slots?from=2027-03-10&to=2027-03-10", doctor(1));
        let listed = all(&app.get(&slots).await.list(), "starts_at").contains(&starts_at.as_str());
        let told = app.get(&uri(&starts_at)).await.json();
        assert_eq!((&told["free"], told["reason"].is_null()), (&json!(listed), listed), "{starts_at}: {told}");
        let next = told["next"][0]["starts_at"].as_str().map(str::to_owned);
        assert!(!listed || next.as_deref() == Some(&starts_at), "{starts_at}: {told}");
        let answer = app.post("/api/v1/appointments", &guest(&format!("Guest {quarter}"), 1, &starts_at)).await;
        assert_eq!(answer.status == 201, listed, "{starts_at}: {}", answer.text());
        if let Some(rule) = answer.json().get("rule") {
            assert_eq!(told["reason"], *rule, "booking and explanation name the same rule");
        }
        booked += usize::from(listed);
    }
    // Sixteen half hours, less the five visits of that day.
    assert_eq!(booked, 11);
}

#[actix_web::test]
async fn details_are_for_those_who_run_the_calendar() {
    let app = App::start().await;
    app.sql(&format!(
        "INSERT INTO doctors.time_off VALUES ('{}', '{}', '2027-03-09 14:00Z', '2027-03-09 16:00Z')",
        id('f', 1),
        doctor(1)
    ))
    .await;
    let cases: [(&str, &str, Value); 6] = [
        ("2027-03-08T00:30:00-05:00", "minimum-notice", json!({"minimum_notice_minutes": 60})),
        ("2029-05-01T09:00:00-05:00", "horizon", json!({"horizon_days": 730})),
        ("2027-03-09T09:10:00-05:00", "grid", json!({"grid_minutes": 30})),
        ("2027-05-31T09:00:00-04:00", "clinic-holiday", json!({"date": "2027-05-31", "clinic_ids": [id('c', 1)]})),
        (
            "2027-03-09T10:00:00-05:00",
            "time-off",
            json!({"stretches": [{"id": id('f', 1), "starts_at": "2027-03-09T09:00:00-05:00", "ends_at": "2027-03-09T11:00:00-05:00"}]}),
        ),
        (
            "2027-03-10T09:00:00-05:00",
            "busy",
            json!({"stretches": [{"starts_at": "2027-03-10T09:00:00-05:00", "ends_at": "2027-03-10T09:30:00-05:00"}]}),
        ),
    ];
    for (starts_at, reason, detail) in cases {
        for (who, sees) in
            [(Who::Staff(1), true), (Who::Doctor(1), true), (Who::Staff(2), false), (Who::Patient(1), false)]
        {
            let told = app.get_as(who, &uri(starts_at)).await.json();
            assert_eq!(told["reason"], reason, "{told}");
            assert_eq!(told.get("detail"), sees.then_some(&detail), "{who:?}: {told}");
        }
    }
    let lunch = app.get_as(Who::Staff(1), &uri("2027-03-09T12:00:00-05:00")).await.json();
    assert_eq!(
        (&lunch["reason"], lunch["detail"]["weekly_hours"].as_array().unwrap().len()),
        (&json!("weekly-hours"), 2)
    );
    let past = app.get(&uri("2027-03-01T09:00:00-05:00")).await.json();
    assert_eq!((&past["reason"], past["next"].as_array().unwrap().len()), (&json!("present"), 3));
    for (query, field) in [
        ("", "starts_at"),
        ("?starts_at=2027-03-09T09:00:00", "starts_at"),
        (&format!("?starts_at=2027-03-09T09:00:00-05:00&visit_type_id={}", visit_type(2, 1)), "visit_type_id"),
    ] {
        let refused = app.get(&format!("/api/v1/doctors/{}/slots/explain{query}", doctor(1))).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!(field)), "{}", refused.text());
    }
    let nobody = format!("/api/v1/doctors/{}/slots/explain?starts_at=2027-03-09T09:00:00-05:00", doctor(99));
    assert_eq!(app.get(&nobody).await.status, 404);
}
