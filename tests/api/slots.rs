//! Free times of a doctor.

use serde_json::json;

use crate::app::{App, ada, all, doctor, id, visit_type};

fn slots(number: u32, query: &str) -> String {
    format!("/api/v1/doctors/{}/slots{query}", doctor(number))
}

#[actix_web::test]
async fn without_a_range_the_seven_days_from_today_are_listed() {
    let app = App::reading().await;
    let listed = app.get(&slots(1, "")).await.list();
    assert_eq!(listed.len(), 60);
    assert_eq!(listed[0]["starts_at"], "2027-03-08T09:30:00-05:00");
    assert_eq!(listed[59]["starts_at"], "2027-03-12T17:30:00-05:00");
    assert_eq!(
        listed[0],
        json!({
            "starts_at": "2027-03-08T09:30:00-05:00", "ends_at": "2027-03-08T10:00:00-05:00",
            "visit_type_id": visit_type(1, 1), "clinic_id": id('c', 1),
        })
    );
}

#[actix_web::test]
async fn today_is_the_clinics_own() {
    let app = App::start().await;
    // Sunday evening in Los Angeles: the seven days end on Saturday, five of them are open.
    let listed = app.get(&slots(4, "")).await.list();
    assert_eq!((listed.len(), &listed[0]["starts_at"]), (60, &json!("2027-03-08T09:30:00-08:00")));
    app.set_clock("2027-03-09T07:30:00Z");
    let listed = app.get(&slots(4, "?to=2027-03-08")).await.list();
    assert_eq!(listed.len(), 0, "23:30 of the 8th in Los Angeles");
    // It is the 9th in New York already.
    assert_eq!(app.get(&slots(1, "")).await.list()[0]["starts_at"], "2027-03-09T09:00:00-05:00");
}

#[actix_web::test]
async fn a_free_tuesday_has_sixteen_slots_in_order_without_overlap() {
    let app = App::reading().await;
    let listed = app.get(&slots(3, "?from=2027-03-09&to=2027-03-09")).await.list();
    assert_eq!(listed.len(), 16);
    assert!(listed.windows(2).all(|two| two[0]["ends_at"].as_str() <= two[1]["starts_at"].as_str()));
    assert!(all(&listed, "starts_at").contains(&"2027-03-09T13:00:00-05:00"));
    assert!(!all(&listed, "starts_at").contains(&"2027-03-09T12:00:00-05:00"), "lunch");
}

#[actix_web::test]
async fn a_visit_type_has_its_own_grid_and_length() {
    let app = App::reading().await;
    let of_type =
        |date: &str, place| slots(1, &format!("?from={date}&to={date}&visit_type_id={}", visit_type(1, place)));
    let listed = app.get(&of_type("2027-03-09", 2)).await.list();
    assert_eq!(listed.len(), 32);
    assert_eq!(listed[1]["starts_at"], "2027-03-09T09:15:00-05:00");
    assert!(listed.iter().all(|slot| slot["visit_type_id"] == visit_type(1, 2)));
    // A buffer after the visit takes the slots in front of booked ones: 9:30 would block until 10:05.
    let listed = app.get(&of_type("2027-03-08", 3)).await.list();
    assert_eq!(
        all(&listed, "starts_at"),
        ["11:30", "13:30", "14:00", "15:30", "16:00", "16:30", "17:00", "17:30"]
            .map(|at| format!("2027-03-08T{at}:00-05:00"))
    );
}

#[actix_web::test]
async fn someone_elses_visit_type_is_refused() {
    let app = App::reading().await;
    for foreign in [visit_type(2, 1), visit_type(3, 3), id('e', 99)] {
        let answer = app.get(&slots(1, &format!("?visit_type_id={foreign}"))).await;
        assert_eq!(answer.bad_fields(), ["visit_type_id:unknown"]);
    }
}

#[actix_web::test]
async fn a_range_has_at_most_31_days_and_runs_forward() {
    let app = App::reading().await;
    assert_eq!(app.get(&slots(1, "?from=2027-03-08&to=2027-04-07")).await.status, 200);
    assert_eq!(app.get(&slots(1, "?from=2027-03-08&to=2027-04-08")).await.bad_fields(), ["to:range"]);
    assert_eq!(app.get(&slots(1, "?from=2027-03-08&to=2027-03-07")).await.bad_fields(), ["to:range"]);
    assert_eq!(app.get(&slots(1, "?to=2027-03-07")).await.list().len(), 0);
    assert_eq!(app.get(&slots(1, "?to=2027-09-07")).await.bad_fields(), ["to:range"]);
}

#[actix_web::test]
async fn dates_at_the_ends_of_the_calendar_are_empty_and_no_defect() {
    let app = App::reading().await;
    for range in [
        "?from=1970-01-01&to=1970-01-31",
        "?from=0001-01-01&to=0001-01-02",
        "?from=0000-01-01",
        "?from=9999-12-28&to=9999-12-30",
        "?from=9999-12-31&to=9999-12-31",
        "?from=9999-12-31",
    ] {
        let answer = app.get(&slots(1, range)).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "[]"), "{range}");
    }
}

#[actix_web::test]
async fn bad_parameters_are_told_all_at_once() {
    let app = App::reading().await;
    let answer = app.get(&slots(1, "?from=tomorrow&to=2027-02-30&visit_type_id=1&page=2&limit=5")).await;
    assert_eq!(answer.bad_fields(), ["from:type", "limit:unknown", "page:unknown", "to:type", "visit_type_id:type"]);
    assert_eq!(app.get(&slots(1, "?from=2027-03-08&from=2027-03-09")).await.bad_fields(), ["from:duplicate"]);
    for no_date in ["", "20270308", "2027-03-08T23:00:00", "2027-03-08%20", "20270308T1", "-009999-01-01", "2027-W10-1"]
    {
        assert_eq!(app.get(&slots(1, &format!("?from={no_date}"))).await.bad_fields(), ["from:type"], "{no_date}");
    }
}

#[actix_web::test]
async fn a_doctor_who_is_not_there_has_no_slots_but_404() {
    let app = App::start().await;
    app.sql(&format!("UPDATE doctors.doctor SET active = false WHERE id = '{}'", doctor(2))).await;
    for unknown in [doctor(2), doctor(6), "not-an-id".to_owned(), "%00".to_owned()] {
        let answer = app.get(&format!("/api/v1/doctors/{unknown}/slots")).await;
        assert_eq!(answer.problem(), (404, "not-found".to_owned()), "{unknown}");
    }
}

#[actix_web::test]
async fn across_the_change_of_the_clocks_nine_stays_nine_and_the_offset_is_the_clinics() {
    let app = App::start().await;
    for (number, before, after) in [(1, "-05:00", "-04:00"), (5, "-08:00", "-07:00")] {
        app.sql(
            "INSERT INTO doctors.weekly_hours (id, doctor_id, clinic_id, weekday, from_minute, to_minute)
             SELECT gen_random_uuid(), id, clinic_id, weekday, 60, 240 FROM doctors.doctor, (VALUES (6), (7)) days (weekday)
              WHERE NOT EXISTS (SELECT FROM doctors.weekly_hours w WHERE w.doctor_id = doctor.id AND weekday = 7)",
        )
        .await;
        let listed = app.get(&slots(number, "?from=2027-03-13&to=2027-03-15")).await.list();
        let starts = all(&listed, "starts_at");
        // On Sunday the clocks show no time from two to three, so four hours are three.
        let expected: Vec<String> = ["13T01:00", "13T01:30", "13T02:00", "13T02:30", "13T03:00", "13T03:30"]
            .iter()
            .chain(&["14T01:00", "14T01:30"])
            .map(|at| format!("2027-03-{at}:00{before}"))
            .chain(["14T03:00", "14T03:30", "15T09:00", "15T09:30"].map(|at| format!("2027-03-{at}:00{after}")))
            .collect();
        assert_eq!(starts[..expected.len()], expected, "doctor {number}");
        assert_eq!(starts.len(), 6 + 4 + 16);
        assert_eq!(
            listed[7]["ends_at"],
            format!("2027-03-14T03:00:00{after}"),
            "half an hour on, the clocks have moved"
        );
    }
}

#[actix_web::test]
async fn what_is_listed_can_be_booked_and_is_then_gone() {
    let app = App::start().await;
    let before = app.get(&slots(2, "?from=2027-03-15&to=2027-03-15")).await.list();
    let chosen = before[3]["starts_at"].as_str().unwrap();
    app.booked(&ada(2, chosen)).await;
    let after = app.get(&slots(2, "?from=2027-03-15&to=2027-03-15")).await.list();
    let left: Vec<_> = before.iter().filter(|slot| slot["starts_at"] != chosen).cloned().collect();
    assert_eq!(after, left);
}

#[actix_web::test]
async fn the_notice_moves_the_first_slot_as_time_passes() {
    let app = App::start().await;
    for (now, first) in [
        ("2027-03-09T13:00:00Z", "09:00"),
        ("2027-03-09T13:00:01Z", "09:30"),
        ("2027-03-09T14:10:00Z", "10:30"),
        ("2027-03-09T21:30:00Z", "17:30"),
    ] {
        app.set_clock(now);
        let listed = app.get(&slots(1, "?from=2027-03-09&to=2027-03-09")).await.list();
        assert_eq!(listed[0]["starts_at"], format!("2027-03-09T{first}:00-05:00"), "{now}");
    }
}

#[actix_web::test]
async fn a_client_that_has_the_list_already_hears_304_until_somebody_books() {
    let app = App::start().await;
    let uri = slots(1, "?from=2027-03-09&to=2027-03-09");
    let first = app.get(&uri).await;
    let tag = first.header("etag").unwrap();
    let again = app.get_with(&uri, ("if-none-match", tag)).await;
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)));
    app.booked(&ada(1, "2027-03-09T09:00:00-05:00")).await;
    let changed = app.get_with(&uri, ("if-none-match", tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag));
}
