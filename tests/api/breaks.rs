//! Breaks of the week: kept beside the hours, cut out of them everywhere, changed with the visits in their way.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, ada, all, doctor, id, visit_type};

const DESK: Who = Who::Staff(1);

fn of_doctor(part: &str) -> String {
    format!("/api/v1/doctors/{}{part}", doctor(1))
}

fn pause(weekday: &str, from: &str, to: &str) -> Value {
    json!({"clinic_id": id('c', 1), "weekday": weekday, "from": from, "to": to})
}

async fn put(app: &App, uri: &str, body: &Value, if_match: &str) -> Answer {
    app.send_as(DESK, TestRequest::put().uri(uri).insert_header(("if-match", if_match)).set_json(body)).await
}

async fn starts(app: &App, date: &str) -> Vec<String> {
    let slots = app.get(&of_doctor(&format!("/slots?from={date}&to={date}"))).await.list();
    slots.iter().map(|slot| slot["starts_at"].as_str().unwrap()[11..16].to_owned()).collect()
}

async fn reason(app: &App, at: &str) -> Value {
    app.get(&of_doctor(&format!("/slots/explain?starts_at={at}"))).await.json()["reason"].clone()
}

#[actix_web::test]
async fn a_break_is_gone_from_slots_search_explanation_and_booking_alike_and_stays_when_the_week_changes() {
    let app = App::start().await;
    // Tuesday the 9th is free: nine to twelve and one to six.
    assert_eq!(starts(&app, "2027-03-09").await[..2], ["09:00", "09:30"]);
    let breaks = json!({"breaks": [
        pause("tuesday", "15:00", "15:20"),
        {"clinic_id": id('c', 1), "weekday": "tuesday", "from": "09:00", "to": "10:15", "valid_until": "2027-03-09"},
    ]});
    let uri = of_doctor("/breaks");
    let tag = app.get(&uri).await.header("etag").unwrap().to_owned();
    let set = put(&app, &uri, &breaks, &tag).await;
    assert_eq!(set.status, 200, "{}", set.text());
    assert_eq!(all(&set.list(), "from"), ["09:00", "15:00"]);
    assert_eq!(app.get(&uri).await.list(), set.list());
    assert_eq!(put(&app, &uri, &breaks, &tag).await.problem(), (412, "precondition-failed".to_owned()));

    let tuesday = starts(&app, "2027-03-09").await;
    assert_eq!(
        tuesday,
        ["10:15", "10:45", "11:15", "13:00", "13:30", "14:00", "14:30", "15:20", "15:50", "16:20", "16:50", "17:20"]
    );
    let later = starts(&app, "2027-03-16").await;
    assert!(later.contains(&"09:00".to_owned()) && !later.contains(&"15:00".to_owned()), "{later:?}");
    assert_eq!(reason(&app, "2027-03-09T09:30:00-05:00").await, "break");
    assert_eq!(reason(&app, "2027-03-09T12:15:00-05:00").await, "weekly-hours");
    let told = app.get_as(DESK, &of_doctor("/slots/explain?starts_at=2027-03-09T15:00:00-05:00")).await.json();
    assert_eq!((&told["reason"], &told["detail"]["breaks"][1]["to"]), (&json!("break"), &json!("15:20")));
    let refused = app.post("/api/v1/appointments", &ada(1, "2027-03-09T09:00:00-05:00")).await;
    assert_eq!((refused.problem().1, &refused.json()["rule"]), ("outside-availability".into(), &json!("break")));

    // Longer hours on Tuesdays, and lunch is where it was.
    let week = json!({"hours": [pause("tuesday", "08:00", "17:00")]});
    let kept = put(&app, &of_doctor("/weekly-hours?on_conflict=keep"), &week, "*").await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    assert_eq!(starts(&app, "2027-03-09").await[..3], ["08:00", "08:30", "10:15"]);
    // A date with hours of its own is as it says.
    let own = json!({"hours": [{"clinic_id": id('c', 1), "from": "09:00", "to": "10:00"}]});
    assert_eq!(put(&app, &of_doctor("/overrides/2027-03-09"), &own, "*").await.status, 200);
    assert_eq!(starts(&app, "2027-03-09").await, ["09:00", "09:30"]);

    let first = async || app.get(&of_doctor("")).await.json()["next_available_at"].clone();
    let before = first().await;
    let all_day = json!({"breaks": [pause("tuesday", "00:00", "24:00")]});
    assert_eq!(put(&app, &uri, &all_day, "*").await.status, 200);
    assert_eq!((before, first().await), (json!("2027-03-09T09:00:00-05:00"), json!("2027-03-09T09:00:00-05:00")));
    assert_eq!(app.send_as(DESK, TestRequest::delete().uri(&of_doctor("/overrides/2027-03-09"))).await.status, 204);
    assert_eq!(first().await, Value::Null, "the row of the search knows of the break at once");
    app.audited().await;
}

#[actix_web::test]
async fn a_break_over_visits_is_refused_with_the_list_previewed_applied_and_taken_back() {
    let app = App::start().await;
    let lunch = json!({"breaks": [pause("wednesday", "09:15", "10:15")]});
    let refused = put(&app, &of_doctor("/breaks"), &lunch, "*").await;
    assert_eq!(refused.problem(), (409, "appointments-affected".to_owned()));
    assert_eq!(refused.json()["total"], 2, "the visits at nine and at ten of this Wednesday");

    let changes = |part: &str| of_doctor(&format!("/changes{part}"));
    let change = json!({ "breaks": lunch });
    let without = app.post_as(DESK, &changes(""), &json!({"change": change, "otherwise": {"action": "move"}})).await;
    assert_eq!(without.bad_fields(), ["plan:required"]);
    let preview = app.post_as(DESK, &changes("/preview"), &json!({ "change": change })).await.json();
    assert_eq!(preview["total"], 2, "{preview}");
    assert_eq!(app.get(&of_doctor("/breaks")).await.list(), Vec::<Value>::new());
    let proposed = preview["appointments"][0]["proposals"][0]["starts_at"].clone();
    let order = json!({"change": change, "plan": preview["plan"], "otherwise": {"action": "move"}});
    let made = app.post_as(DESK, &changes(""), &order).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!((&made["kind"], &made["appointments"][0]["moved_to"]), (&json!("breaks"), &proposed));
    assert_eq!(app.get(&of_doctor("/breaks")).await.list().len(), 1);

    let undo = changes(&format!("/{}/undo", made["id"].as_str().unwrap()));
    let undone = app.send_as(DESK, TestRequest::post().uri(&undo)).await;
    assert_eq!((undone.status, &undone.json()["not_restored"]), (200, &json!([])), "{}", undone.text());
    assert_eq!(app.get(&of_doctor("/breaks")).await.list(), Vec::<Value>::new());
    app.audited().await;
}

#[actix_web::test]
async fn hostile_breaks_are_told_by_their_paths_and_change_nothing() {
    let app = App::start().await;
    let before = app.tables().await;
    let uri = of_doctor("/breaks");
    let strange = json!({"clinic_id": id('c', 2), "weekday": "tuesday", "from": "12:00", "to": "11:00"});
    for (breaks, fields) in [
        (json!([pause("monday", "12:00", "13:00"), pause("monday", "12:59", "14:00")]), vec!["breaks[1]:overlap"]),
        (json!([strange]), vec!["breaks[0].clinic_id:unknown", "breaks[0].to:range"]),
        (json!(vec![pause("monday", "12:00", "13:00"); 51]), vec!["breaks:length"]),
        (json!({}), vec!["breaks:type"]),
    ] {
        let refused = put(&app, &uri, &json!({ "breaks": breaks }), "*").await;
        let told = refused.bad_fields();
        assert!(fields.iter().all(|field| told.contains(&(*field).to_owned())), "{told:?}");
    }
    let reason = json!({"breaks": [{"clinic_id": id('c', 1), "weekday": "monday", "from": "12:00", "to": "13:00", "visit_type_ids": null}]});
    assert_eq!(put(&app, &uri, &reason, "*").await.status, 422, "a break is for everything");
    assert_eq!(put(&app, &uri, &json!({}), "*").await.bad_fields(), ["breaks:required"]);
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn hours_of_one_visit_type_and_one_season_hold_in_slots_explanation_search_and_booking() {
    let app = App::start().await;
    let (usual, other) = (visit_type(1, 1), visit_type(1, 2));
    // Sundays nobody works: two of them are for the second visit type alone, one more for all.
    let mut hours = app.get(&of_doctor("/weekly-hours")).await.list();
    hours.push(json!({"clinic_id": id('c', 1), "weekday": "sunday", "from": "09:00", "to": "10:00",
        "visit_type_ids": [other], "valid_from": "2027-03-14", "valid_until": "2027-03-21"}));
    hours.push(json!({"clinic_id": id('c', 1), "weekday": "sunday", "from": "09:00", "to": "10:00",
        "valid_from": "2027-03-28", "valid_until": "2027-03-28"}));
    let set = put(&app, &of_doctor("/weekly-hours"), &json!({ "hours": hours }), "*").await;
    assert_eq!(set.status, 200, "{}", set.text());
    let offered = async |date: &str, visit_type: &str| {
        let uri = of_doctor(&format!("/slots?from={date}&to={date}&visit_type_id={visit_type}"));
        !app.get(&uri).await.list().is_empty()
    };
    let why = async |date: &str, visit_type: &str| {
        let uri = of_doctor(&format!("/slots/explain?starts_at={date}T09:00:00-04:00&visit_type_id={visit_type}"));
        let told = app.get(&uri).await.json();
        assert_eq!(told["free"] == json!(true), told["reason"].is_null());
        told["reason"].clone()
    };
    for (date, for_usual, for_other) in [
        ("2027-03-14", json!("visit-type"), Value::Null),
        ("2027-03-21", json!("visit-type"), Value::Null),
        ("2027-03-28", Value::Null, Value::Null),
        ("2027-04-04", json!("weekly-hours"), json!("weekly-hours")),
    ] {
        for (visit_type, expected) in [(&usual, &for_usual), (&other, &for_other)] {
            assert_eq!(offered(date, visit_type).await, expected.is_null(), "{date} {visit_type}");
            assert_eq!(&why(date, visit_type).await, expected, "{date} {visit_type}");
            let mut booking = ada(1, &format!("{date}T09:00:00-04:00"));
            booking["visit_type_id"] = json!(visit_type);
            if !expected.is_null() {
                let refused = app.post("/api/v1/appointments", &booking).await;
                assert_eq!(&refused.json()["rule"], expected, "{date}: {}", refused.text());
            }
        }
    }
    let known = json!({"doctor_id": doctor(1), "patient_id": id('b', 1), "visit_type_id": other,
        "starts_at": "2027-03-14T09:00:00-04:00"});
    let booked = app.post_as(DESK, "/api/v1/appointments", &known).await;
    assert_eq!(booked.status, 201, "{}", booked.text());

    // The search goes by the default visit type: with nothing but those Sundays, the first of all types counts.
    let sundays: Vec<Value> = set.list().into_iter().filter(|hours| hours["weekday"] == "sunday").collect();
    let only = put(&app, &of_doctor("/weekly-hours?on_conflict=keep"), &json!({ "hours": sundays }), "*").await;
    assert_eq!(only.status, 200, "{}", only.text());
    assert_eq!(app.get(&of_doctor("")).await.json()["next_available_at"], "2027-03-28T09:00:00-04:00");
}
