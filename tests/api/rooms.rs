//! Rooms and devices that visits take beside the doctor.

use actix_web::test::TestRequest;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, all, doctor, guest, id, visit_type};

const DESK: Who = Who::Staff(1);
const NINE: &str = "2027-03-09T09:00:00-05:00";
const TEN: &str = "2027-03-09T10:00:00-05:00";

fn resources() -> String {
    format!("/api/v1/clinics/{}/resources", id('c', 1))
}

fn slots(number: u32) -> String {
    format!("/api/v1/doctors/{}/slots?from=2027-03-09&to=2027-03-09", doctor(number))
}

async fn patch(app: &App, uri: &str, if_match: &str, body: &Value) -> Answer {
    app.send_as(DESK, TestRequest::patch().uri(uri).insert_header(("if-match", if_match)).set_json(body)).await
}

/// The default visit type of these doctors takes a room from now on.
async fn take_rooms(app: &App, doctors: &[u32]) {
    for number in doctors {
        let uri = format!("/api/v1/doctors/{}/visit-types/{}", doctor(*number), visit_type(*number, 1));
        let changed = patch(app, &uri, "*", &json!({"resource_kind": "room"})).await;
        assert_eq!((changed.status, &changed.json()["resource_kind"]), (200, &json!("room")), "{}", changed.text());
    }
}

async fn room(app: &App, name: &str) -> Value {
    let added = app.post_as(DESK, &resources(), &json!({"kind": "room", "name": name})).await;
    assert_eq!(added.status, 201, "{}", added.text());
    added.json()
}

/// Clinic 1 with this many rooms, which doctors 1 to 3 share.
async fn with_rooms(rooms: u32) -> App {
    let app = App::start().await;
    for number in 1..=rooms {
        room(&app, &format!("Room {number}")).await;
    }
    take_rooms(&app, &[1, 2, 3]).await;
    app
}

async fn starts(app: &App, number: u32) -> Vec<String> {
    all(&app.get(&slots(number)).await.list(), "starts_at").into_iter().map(str::to_owned).collect()
}

async fn soonest(app: &App, number: u32) -> String {
    let listed = app.get("/api/v1/doctors?sort=soonest&limit=100").await.list();
    let one = listed.iter().find(|one| one["id"] == json!(doctor(number))).unwrap();
    one["next_available_at"].as_str().unwrap_or("never").to_owned()
}

#[actix_web::test]
async fn rooms_are_added_renamed_and_retired_and_each_step_is_told() {
    let app = App::start().await;
    let key = ("idempotency-key", "room-one");
    let body = json!({"kind": "room", "name": "Room 1"});
    let add = || TestRequest::post().uri(&resources()).insert_header(key).set_json(&body);
    let first = app.send_as(DESK, add()).await;
    let again = app.send_as(DESK, add()).await;
    assert_eq!((first.status, first.text()), (201, again.text()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(app.number("SELECT count(*) FROM doctors.resource").await, 1);
    let uri = first.header("location").unwrap().to_owned();
    let refused = app.post_as(DESK, &resources(), &json!({"kind": "Room", "colour": 1})).await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    let refused = app.post_as(DESK, &resources(), &json!({"kind": "Room"})).await;
    assert_eq!(refused.bad_fields(), ["kind:slug", "name:required"]);
    assert_eq!(app.send_as(DESK, TestRequest::patch().uri(&uri).set_json(json!({}))).await.status, 428);
    let renamed = patch(&app, &uri, "\"v1\"", &json!({"name": "Blue room"})).await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("Blue room")), "{}", renamed.text());
    assert_eq!(patch(&app, &uri, "\"v1\"", &json!({"active": false})).await.status, 412);
    let retired = patch(&app, &uri, "\"v2\"", &json!({"active": false})).await.json();
    assert_eq!(
        (&retired["active"], &retired["version"], &retired["visits_to_come"]),
        (&json!(false), &json!(3), &json!(0))
    );
    let listed = app.get_as(Who::Doctor(2), &resources()).await.list();
    assert_eq!((listed.len(), &listed[0]["name"]), (1, &json!("Blue room")));
    let told = "SELECT action FROM journal.audit_event WHERE action LIKE 'resource.%' ORDER BY id";
    assert_eq!(app.texts(told).await, ["resource.added", "resource.changed", "resource.changed"]);
    app.audited().await;
}

#[actix_web::test]
async fn a_time_is_offered_while_a_room_is_left_and_the_answer_names_the_room() {
    let app = with_rooms(2).await;
    assert!(starts(&app, 3).await.contains(&NINE.to_owned()));
    let first = app.booked(&guest("Ada Example", 1, NINE)).await.json();
    assert_eq!(first["resource"]["name"], "Room 1");
    assert!(starts(&app, 3).await.contains(&NINE.to_owned()), "one room is left");
    let second = app.booked(&guest("Ben Example", 2, NINE)).await.json();
    assert_eq!(second["resource"]["name"], "Room 2");
    let listed = starts(&app, 3).await;
    assert!(!listed.contains(&NINE.to_owned()) && listed.contains(&"2027-03-09T09:30:00-05:00".to_owned()));
    // Doctor 3 is free; the rooms are not.
    let refused = app.post("/api/v1/appointments", &guest("Cleo Example", 3, NINE)).await;
    assert_eq!(refused.problem(), (409, "slot-taken".to_owned()));
    assert_eq!(refused.json()["alternatives"][0]["starts_at"], "2027-03-09T09:30:00-05:00");
    for told in ["Ada", "Ben", "Room", &doctor(1), &doctor(2)] {
        assert!(!refused.text().contains(told), "{told}: {}", refused.text());
    }
    // A visit type without a room is not concerned.
    let mut short = guest("Cleo Example", 3, NINE);
    short["visit_type_id"] = json!(visit_type(3, 2));
    let desk = app.post_as(DESK, "/api/v1/appointments", &short).await;
    assert!(desk.status == 201 && desk.json().get("resource").is_none(), "{}", desk.text());
    assert_eq!(app.get_as(DESK, &resources()).await.list()[0]["visits_to_come"], 1);
    app.audited().await;
}

#[actix_web::test]
async fn explain_says_resource_and_details_are_for_those_who_run_the_calendar() {
    let app = with_rooms(1).await;
    app.booked(&guest("Ada Example", 1, NINE)).await;
    let uri = format!("/api/v1/doctors/{}/slots/explain?starts_at={NINE}", doctor(2));
    for (who, sees) in [(DESK, true), (Who::Doctor(2), true), (Who::Staff(2), false), (Who::Patient(1), false)] {
        let told = app.get_as(who, &uri).await.json();
        assert_eq!((&told["free"], &told["reason"]), (&json!(false), &json!("resource")), "{told}");
        assert_eq!(told["next"][0]["starts_at"], "2027-03-09T09:30:00-05:00");
        let detail = json!({"resources": [{"name": "Room 1",
            "stretches": [{"starts_at": NINE, "ends_at": "2027-03-09T09:30:00-05:00"}]}]});
        assert_eq!(told.get("detail"), sees.then_some(&detail), "{who:?}: {told}");
    }
    // A clinic that has no such room offers nothing, and booking names the same rule.
    let uri = app.get_as(DESK, &resources()).await.list()[0]["id"].as_str().unwrap().to_owned();
    let retired = patch(&app, &format!("{}/{uri}", resources()), "*", &json!({"active": false})).await.json();
    assert_eq!(retired["visits_to_come"], 1, "the visit keeps its room");
    assert!(starts(&app, 2).await.is_empty());
    assert_eq!(soonest(&app, 2).await, "never");
    let told = app.get(&format!("/api/v1/doctors/{}/slots/explain?starts_at={TEN}", doctor(2))).await.json();
    assert_eq!(told["reason"], "resource");
    let refused = app.post("/api/v1/appointments", &guest("Ben Example", 2, TEN)).await;
    assert_eq!((refused.status, &refused.json()["rule"]), (422, &json!("resource")), "{}", refused.text());
}

#[actix_web::test]
async fn first_free_times_of_all_who_share_a_room_follow_each_booking_move_and_cancellation() {
    let app = with_rooms(1).await;
    app.set_clock("2027-03-09T13:00:00Z");
    assert_eq!((soonest(&app, 1).await.as_str(), soonest(&app, 2).await.as_str()), (NINE, NINE));
    let booked = app.booked(&guest("Ada Example", 1, NINE)).await;
    let half = "2027-03-09T09:30:00-05:00";
    for number in [1, 2, 3] {
        assert_eq!(soonest(&app, number).await, half, "{number}");
        assert_eq!(starts(&app, number).await[0], half, "{number}");
    }
    let moved = app.post(&booked.manage("/reschedule"), &json!({"starts_at": half})).await;
    assert_eq!((moved.status, &moved.json()["resource"]["name"]), (200, &json!("Room 1")), "{}", moved.text());
    assert_eq!((soonest(&app, 2).await.as_str(), soonest(&app, 3).await.as_str()), (NINE, NINE));
    assert_eq!(starts(&app, 2).await[..2], [NINE.to_owned(), TEN.to_owned()]);
    let cancelled = app.post(&booked.manage("/cancel"), &json!({})).await;
    assert_eq!(cancelled.status, 200);
    assert_eq!(starts(&app, 2).await[..2], [NINE.to_owned(), half.to_owned()]);
    // Another doctor's booking of nine, and the room is gone for a move onto it.
    app.booked(&guest("Ben Example", 2, NINE)).await;
    let late = app.booked(&guest("Cleo Example", 3, TEN)).await;
    let refused = app.post(&late.manage("/reschedule"), &json!({"starts_at": NINE})).await;
    assert_eq!(refused.problem(), (409, "slot-taken".to_owned()), "{}", refused.text());
    app.audited().await;
}

#[actix_web::test]
async fn of_three_doctors_who_want_the_last_room_at_once_one_gets_it_and_nobody_deadlocks() {
    let app = with_rooms(1).await;
    let times: Vec<String> =
        (0..6).map(|half| format!("2027-03-09T{:02}:{:02}:00-05:00", 13 + half / 2, half % 2 * 30)).collect();
    let mut wishes = Vec::new();
    for (at, time) in times.iter().enumerate() {
        for number in 1..=3 {
            for rival in 0..2 {
                wishes.push(guest(&format!("Guest {number} {at} {rival}"), number, time));
            }
        }
    }
    let answers = join_all(wishes.iter().map(|wish| app.post("/api/v1/appointments", wish))).await;
    let booked = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((booked, booked + refused), (times.len(), wishes.len()));
    let twice = "SELECT count(*) FROM appointments.appointment a JOIN appointments.appointment b
        ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked_from < b.blocked_until AND b.blocked_from < a.blocked_until
        WHERE a.status = 'booked' AND b.status = 'booked'";
    assert_eq!(app.number(twice).await, 0);
    for number in 1..=3 {
        assert!(starts(&app, number).await.iter().all(|start| !times.contains(start)));
    }
    app.application.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(app.number(deadlocks).await, 0);
}

#[actix_web::test]
async fn a_day_off_moves_visits_into_rooms_that_are_free_and_tells_who_shares_them() {
    let app = with_rooms(1).await;
    app.booked(&guest("Ada Example", 1, NINE)).await;
    app.booked(&guest("Ben Example", 2, "2027-03-16T09:00:00-04:00")).await;
    let change =
        json!({"time_off": {"starts_at": "2027-03-09T00:00:00-05:00", "ends_at": "2027-03-16T00:00:00-04:00"}});
    let base = format!("/api/v1/doctors/{}/changes", doctor(1));
    let seen = app.post_as(DESK, &format!("{base}/preview"), &json!({ "change": change })).await;
    let visit = &seen.json()["appointments"];
    let mine = visit.as_array().unwrap().iter().find(|visit| visit["starts_at"] == NINE).unwrap().clone();
    let proposed: Vec<&str> = all(mine["proposals"].as_array().unwrap(), "starts_at");
    assert!(!proposed.is_empty() && !proposed.contains(&"2027-03-16T09:00:00-04:00"), "the room is Ben's then: {mine}");
}

#[actix_web::test]
async fn a_change_of_hours_moves_the_visit_with_its_room_and_its_undo_brings_both_back_where_they_are_free() {
    let app = with_rooms(1).await;
    let base = format!("/api/v1/doctors/{}/changes", doctor(1));
    let change =
        json!({"time_off": {"starts_at": "2027-03-09T00:00:00-05:00", "ends_at": "2027-03-10T00:00:00-05:00"}});
    let place =
        "SELECT to_char(starts_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI') || ' ' || coalesce(resource_name, 'nowhere')
                   FROM appointments.appointment a JOIN appointments.patient p ON p.id = a.patient_id
                  WHERE a.resource_id IS NOT NULL AND a.doctor_id = ";
    let place = format!("{place}'{}'", doctor(1));
    app.booked(&guest("Ada Example", 1, NINE)).await;
    assert_eq!(app.texts(&place).await, ["03-09 14:00 Room 1"]);
    let move_all = async || {
        let seen = app.post_as(DESK, &format!("{base}/preview"), &json!({ "change": change })).await.json();
        let order = json!({"change": change, "plan": seen["plan"], "otherwise": {"action": "move"}});
        app.post_as(DESK, &base, &order).await
    };
    let made = move_all().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let moved = app.texts(&place).await;
    assert!(moved[0].ends_with("Room 1") && !moved[0].starts_with("03-09"), "{moved:?}");
    assert!(starts(&app, 2).await.contains(&NINE.to_owned()), "the room is free again");
    let undo = |change: &Answer| format!("{base}/{}/undo", change.json()["id"].as_str().unwrap());
    let undone = app.send_as(DESK, TestRequest::post().uri(&undo(&made))).await;
    assert_eq!((undone.status, &undone.json()["not_restored"]), (200, &json!([])), "{}", undone.text());
    assert_eq!(app.texts(&place).await, ["03-09 14:00 Room 1"]);
    assert!(!starts(&app, 2).await.contains(&NINE.to_owned()));

    // Somebody else takes the room meanwhile.
    let again = move_all().await;
    assert_eq!(again.status, 201, "{}", again.text());
    app.booked(&guest("Ben Example", 2, NINE)).await;
    let undone = app.send_as(DESK, TestRequest::post().uri(&undo(&again))).await.json();
    assert_eq!(undone["not_restored"].as_array().unwrap().len(), 1, "{undone}");
    assert_eq!(app.texts(&place).await, moved, "the visit stays where it was moved to");
    app.audited().await;
}

#[actix_web::test]
async fn a_series_takes_a_room_at_each_of_its_visits_or_none_at_all() {
    let app = with_rooms(1).await;
    app.booked(&guest("Ben Example", 2, "2027-03-16T09:00:00-04:00")).await;
    let wish = json!({"doctor_id": doctor(1), "patient_id": id('b', 1), "starts_at": NINE,
                      "rrule": "FREQ=WEEKLY;COUNT=3"});
    let plan = app.post_as(DESK, "/api/v1/series/preview", &wish).await.json();
    let dates = plan["occurrences"].as_array().unwrap();
    assert_eq!(
        dates.iter().map(|date| (date["free"].as_bool().unwrap(), date["reason"].clone())).collect::<Vec<_>>(),
        [(true, Value::Null), (false, json!("resource")), (true, Value::Null)]
    );
    let refused = app.post_as(DESK, "/api/v1/series", &wish).await;
    assert_eq!(refused.problem(), (409, "slot-taken".to_owned()));
    assert_eq!(app.number("SELECT count(*) FROM appointments.appointment WHERE series_id IS NOT NULL").await, 0);

    let agreed = json!([NINE, dates[1]["alternatives"][0]["starts_at"], dates[2]["starts_at"]]);
    let mut wish = wish;
    wish["occurrences"] = agreed.clone();
    let series = app.post_as(DESK, "/api/v1/series", &wish).await;
    assert_eq!(series.status, 201, "{}", series.text());
    let series = series.json();
    for visit in series["visits"].as_array().unwrap() {
        assert_eq!(visit["resource"]["name"], "Room 1", "{visit}");
    }
    assert!(!starts(&app, 2).await.contains(&NINE.to_owned()), "the room is taken for the others");
    let cut = format!("/api/v1/series/{}/cancel", series["id"].as_str().unwrap());
    let cut = app.post_as(DESK, &cut, &json!({"from": series["visits"][0]["id"], "reason": "Better already"})).await;
    assert_eq!(cut.status, 200, "{}", cut.text());
    assert!(starts(&app, 2).await.contains(&NINE.to_owned()));
    app.audited().await;
}
