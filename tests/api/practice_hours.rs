//! Changes of hours, and the visits that are booked in them.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, ada, all, doctor, id, visit_type};

const DESK: Who = Who::Staff(1);

fn of_doctor(part: &str) -> String {
    format!("/api/v1/doctors/{}{part}", doctor(1))
}

/// A week of the same hours at clinic 1 on each weekday.
fn week(from: &str, to: &str) -> Value {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let hours: Vec<Value> =
        days.iter().map(|day| json!({"clinic_id": id('c', 1), "weekday": day, "from": from, "to": to})).collect();
    json!({ "hours": hours })
}

async fn put(app: &App, uri: &str, body: &Value, if_match: &str) -> Answer {
    app.send_as(DESK, TestRequest::put().uri(uri).insert_header(("if-match", if_match)).set_json(body)).await
}

async fn slots(app: &App, date: &str) -> Vec<Value> {
    app.get(&of_doctor(&format!("/slots?from={date}&to={date}"))).await.list()
}

#[actix_web::test]
async fn a_week_that_leaves_visits_outside_is_refused_with_the_list_and_kept_on_demand() {
    let app = App::start().await;
    let before = app.tables().await;
    let uri = of_doctor("/weekly-hours");
    // Doctor 1 has visits from nine to half past three on four days of this week; those at 9, 10 and 11 would go.
    let refused = put(&app, &uri, &week("13:00", "18:00"), "*").await;
    assert_eq!(refused.problem(), (409, "appointments-affected".to_owned()));
    let body = refused.json();
    let listed = body["appointments"].as_array().unwrap();
    assert_eq!((listed.len(), &body["total"]), (12, &json!(12)));
    let keys: Vec<&String> = listed[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["ends_at", "id", "starts_at", "visit_type_id"]);
    assert_eq!(listed[0]["starts_at"], "2027-03-08T09:00:00-05:00");
    assert!(!refused.text().contains("example.") && !refused.text().contains("patient"));
    assert_eq!(app.tables().await, before);

    let kept = put(&app, &of_doctor("/weekly-hours?on_conflict=keep"), &week("13:00", "18:00"), "*").await;
    assert_eq!(kept.list().len(), 5);
    let told = "SELECT data::json ->> 'visits_kept' FROM journal.audit_event WHERE action = 'weekly_hours.replaced'";
    assert_eq!(app.texts(told).await, ["12"]);
    let booked = "SELECT count(*) FROM appointments.appointment WHERE status = 'booked' AND doctor_id = ";
    assert_eq!(app.number(&format!("{booked}'{}'", doctor(1))).await, 20);
    // What is outside already is not hit again.
    assert_eq!(put(&app, &uri, &week("12:30", "18:00"), "*").await.status, 200);
}

#[actix_web::test]
async fn a_change_shows_at_once_in_slots_search_and_days_and_nine_stays_nine_all_year() {
    let app = App::start().await;
    let saturday = json!({"hours": [{"clinic_id": id('c', 1), "weekday": "saturday", "from": "09:00", "to": "10:00"}]});
    let answer = put(&app, &of_doctor("/weekly-hours?on_conflict=keep"), &saturday, "*").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Before and after the clocks change on 14 March 2027.
    for (date, nine) in [("2027-03-13", "2027-03-13T09:00:00-05:00"), ("2027-03-20", "2027-03-20T09:00:00-04:00")] {
        assert_eq!(slots(&app, date).await[0]["starts_at"], nine);
    }
    assert!(slots(&app, "2027-03-09").await.is_empty());
    let shown = app.get(&of_doctor("")).await.json();
    assert_eq!(shown["available_days"], json!(["saturday"]));
    assert_eq!(shown["next_available_at"], "2027-03-13T09:00:00-05:00");
    let soonest = app.get("/api/v1/doctors?sort=soonest&city=new-york").await.list();
    assert_eq!(soonest.last().unwrap()["id"], json!(doctor(1)));

    // Saturday is closed, open longer, and as the week says again.
    let uri = of_doctor("/overrides/2027-03-13");
    assert_eq!(app.get_as(DESK, &uri).await.status, 404);
    assert_eq!(put(&app, &uri, &json!({"hours": []}), "*").await.status, 200);
    assert!(slots(&app, "2027-03-13").await.is_empty());
    let longer = json!({"hours": [{"clinic_id": id('c', 1), "from": "08:00", "to": "24:00"}]});
    assert_eq!(put(&app, &uri, &longer, "*").await.status, 200);
    assert_eq!(slots(&app, "2027-03-13").await.len(), 32);
    assert_eq!(app.get_as(DESK, &uri).await.json()["hours"], longer["hours"]);
    assert_eq!(app.get_as(DESK, &of_doctor("/overrides?to=2027-03-12")).await.list(), Vec::<Value>::new());
    for _ in 0..2 {
        assert_eq!(app.send_as(DESK, TestRequest::delete().uri(&uri)).await.status, 204);
    }
    assert_eq!(slots(&app, "2027-03-13").await.len(), 2);
    let told = "SELECT count(*) FROM journal.audit_event WHERE action = 'override.removed'";
    assert_eq!(app.number(told).await, 1);
}

#[actix_web::test]
async fn time_off_blocks_refuses_over_visits_and_goes_again() {
    let app = App::start().await;
    let uri = of_doctor("/time-off");
    let wednesday = json!({"starts_at": "2027-03-10T10:15:00-05:00", "ends_at": "2027-03-10T13:00:00-05:00"});
    let refused = app.post_as(DESK, &uri, &wednesday).await;
    assert_eq!(refused.problem(), (409, "appointments-affected".to_owned()));
    assert_eq!(refused.json()["total"], 2, "the visits at ten and eleven, and not the one at one");

    let tuesday = json!({"starts_at": "2027-03-09T00:00:00-05:00", "ends_at": "2027-03-10T00:00:00-05:00"});
    let before = slots(&app, "2027-03-09").await.len();
    let key = ("idempotency-key", "time-off-1");
    let send = async || app.send_as(DESK, TestRequest::post().uri(&uri).insert_header(key).set_json(&tuesday)).await;
    let (taken, again) = (send().await, send().await);
    assert_eq!((taken.status, again.status), (201, 201));
    assert_eq!((taken.text(), again.header("idempotent-replayed")), (again.text(), Some("true")));
    assert!(slots(&app, "2027-03-09").await.is_empty());
    let listed = app.get_as(Who::Doctor(1), &uri).await.list();
    assert_eq!((listed.len(), &listed[0]), (1, &taken.json()));
    assert_eq!(
        app.post("/api/v1/appointments", &ada(1, "2027-03-09T09:00:00-05:00")).await.problem().1,
        "outside-availability"
    );

    let location = taken.header("location").unwrap();
    for _ in 0..2 {
        assert_eq!(app.send_as(DESK, TestRequest::delete().uri(location)).await.status, 204);
    }
    assert_eq!(slots(&app, "2027-03-09").await.len(), before);
    let told = "SELECT action FROM journal.audit_event WHERE action LIKE 'time_off.%' ORDER BY seq";
    assert_eq!(app.texts(told).await, ["time_off.added", "time_off.removed"]);
}

#[actix_web::test]
async fn a_holiday_closes_the_whole_clinic_and_hits_the_visits_of_all_its_doctors() {
    let app = App::start().await;
    let uri = format!("/api/v1/clinics/{}/holidays", id('c', 1));
    let wednesday = json!({"date": "2027-03-10", "name": "Day of rest"});
    let refused = app.post_as(DESK, &uri, &wednesday).await;
    assert_eq!((refused.problem().1.as_str(), &refused.json()["total"]), ("appointments-affected", &json!(15)));
    let tuesday = json!({"date": "2027-03-09", "name": "Day of rest"});
    let closed = app.post_as(DESK, &uri, &tuesday).await;
    assert_eq!(closed.status, 201, "{}", closed.text());
    assert_eq!(app.post_as(DESK, &uri, &tuesday).await.problem(), (409, "holiday-exists".to_owned()));
    for number in 1..=3 {
        let of = format!("/api/v1/doctors/{}/slots?from=2027-03-09&to=2027-03-09", doctor(number));
        assert!(app.get(&of).await.list().is_empty(), "{number}");
    }
    assert_eq!(all(&app.get(&uri).await.list(), "date"), ["2027-03-09", "2027-05-31"]);
    let gone = app.send_as(DESK, TestRequest::delete().uri(closed.header("location").unwrap())).await;
    assert_eq!(gone.status, 204);
    assert!(!slots(&app, "2027-03-09").await.is_empty());
}

#[actix_web::test]
async fn a_doctor_with_visits_is_not_taken_off_the_list_unawares_and_comes_back() {
    let app = App::start().await;
    let delete = |part: &str| TestRequest::delete().uri(&of_doctor(part));
    let refused = app.send_as(DESK, delete("")).await;
    assert_eq!((refused.problem().1.as_str(), &refused.json()["total"]), ("appointments-affected", &json!(20)));
    let gone = app.send_as(DESK, delete("?on_conflict=keep")).await;
    assert_eq!((gone.status, gone.header("etag")), (204, Some("\"v2\"")));
    assert_eq!(app.send_as(DESK, delete("")).await.status, 204, "a second time changes nothing");
    assert_eq!(app.get(&of_doctor("")).await.status, 404);
    assert!(!all(&app.get("/api/v1/doctors?sort=soonest").await.list(), "id").contains(&doctor(1).as_str()));
    let listed = TestRequest::patch().uri(&of_doctor("")).insert_header(("if-match", "\"v2\""));
    assert_eq!(app.send_as(DESK, listed.set_json(json!({"active": true}))).await.status, 200);
    assert!(app.get(&of_doctor("")).await.json()["next_available_at"].is_string());
}

#[actix_web::test]
async fn a_new_doctor_is_found_and_booked_as_soon_as_there_is_an_offer_and_a_week() {
    let app = App::start().await;
    let body = json!({"clinic_id": id('c', 1), "specialty": "Sleep Medicine", "first_name": "Zoë", "last_name": "Dreamer",
                      "consultation_price": 90, "years_experience": 3, "languages": ["en", "fr"], "bio": "Sleeps well"});
    let made = app.post_as(DESK, "/api/v1/doctors", &body).await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"v1\"")), "{}", made.text());
    let uri = made.header("location").unwrap().to_owned();
    assert_eq!(made.json()["address"], "12 Ferry Street");
    let found = app.get("/api/v1/doctors?q=zoe%20sleeps").await.list();
    assert_eq!((found.len(), &found[0]["next_available_at"]), (1, &Value::Null));

    let offer =
        json!({"name": "Talk", "mode": "video", "duration_minutes": 60, "price": {"amount": 9000, "currency": "USD"}});
    let added = app.post_as(DESK, &format!("{uri}/visit-types"), &offer).await;
    assert_eq!((added.status, &added.json()["is_default"]), (201, &json!(true)), "{}", added.text());
    assert_eq!(app.get(added.header("location").unwrap()).await.json(), added.json());
    assert_eq!(put(&app, &format!("{uri}/weekly-hours"), &week("09:00", "11:00"), "\"v1\"").await.status, 200);
    let shown = app.get(&uri).await.json();
    assert_eq!((&shown["visit_modes"], &shown["specialty"]), (&json!(["video"]), &json!("Sleep Medicine")));
    assert_eq!(shown["next_available_at"], "2027-03-08T09:00:00-05:00");
    let renamed = TestRequest::patch().uri(&uri).insert_header(("if-match", "\"v1\""));
    assert_eq!(app.send_as(DESK, renamed.set_json(json!({"last_name": "Waker"}))).await.status, 200);
    assert_eq!(app.get("/api/v1/doctors?q=waker").await.list().len(), 1);
    assert_eq!(app.get("/api/v1/doctors?q=dreamer").await.list().len(), 0);
}

#[actix_web::test]
async fn one_visit_type_is_the_default_whatever_is_done() {
    let app = App::start().await;
    let of = |place| of_doctor(&format!("/visit-types/{}", visit_type(1, place)));
    let refused = app.send_as(DESK, TestRequest::delete().uri(&of(1))).await;
    assert_eq!(refused.problem(), (409, "default-visit-type".to_owned()));
    let tag = app.get(&of(2)).await.header("etag").unwrap().to_owned();
    let patch = |place, tag: &str, body: Value| {
        TestRequest::patch().uri(&of(place)).insert_header(("if-match", tag.to_owned())).set_json(body)
    };
    assert_eq!(app.send_as(DESK, patch(2, &tag, json!({"is_default": true}))).await.status, 200);
    let listed = app.get(&of_doctor("/visit-types")).await.list();
    let defaults: Vec<&Value> = listed.iter().filter(|entry| entry["is_default"] == true).collect();
    assert_eq!(defaults.len(), 1);
    assert_eq!(defaults[0]["id"], json!(visit_type(1, 2)));
    assert_eq!(app.send_as(DESK, patch(2, &tag, json!({"name": "x"}))).await.problem().0, 412);
    let no = app.send_as(DESK, patch(2, "*", json!({"is_default": false}))).await;
    assert_eq!(no.bad_fields(), ["is_default:one-default"]);
    // The first one has visits booked.
    assert_eq!(app.send_as(DESK, TestRequest::delete().uri(&of(1))).await.problem().1, "appointments-affected");
    let kept = format!("{}?on_conflict=keep", of(1));
    for _ in 0..2 {
        assert_eq!(app.send_as(DESK, TestRequest::delete().uri(&kept)).await.status, 204);
    }
    assert_eq!(app.get(&of(1)).await.status, 404);
}

#[actix_web::test]
async fn who_does_not_say_which_version_or_an_old_one_changes_nothing() {
    let app = App::start().await;
    let tag = app.get(&of_doctor("/weekly-hours")).await.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"v1-"), "{tag}");
    let before = app.tables().await;
    for (uri, body) in [
        (of_doctor("/weekly-hours"), week("09:00", "18:00")),
        (of_doctor("/breaks"), json!({"breaks": []})),
        (of_doctor("/overrides/2027-03-09"), json!({"hours": []})),
    ] {
        let bare = app.send_as(DESK, TestRequest::put().uri(&uri).set_json(&body)).await;
        assert_eq!(bare.problem(), (428, "precondition-required".to_owned()));
        assert_eq!(put(&app, &uri, &body, "\"v7\"").await.problem(), (412, "precondition-failed".to_owned()));
    }
    for uri in [of_doctor(""), format!("/api/v1/clinics/{}", id('c', 1))] {
        let body = if uri.contains("clinics") { json!({"name": "x"}) } else { json!({"bio": "x"}) };
        let patch = |tag: Option<&str>| {
            let request = TestRequest::patch().uri(&uri).set_json(&body);
            match tag {
                Some(tag) => request.insert_header(("if-match", tag.to_owned())),
                None => request,
            }
        };
        assert_eq!(app.send_as(DESK, patch(None)).await.status, 428);
        assert_eq!(app.send_as(DESK, patch(Some("\"v7\""))).await.status, 412);
    }
    assert_eq!(app.tables().await, before);
    assert_eq!(put(&app, &of_doctor("/weekly-hours"), &week("09:00", "18:00"), &tag).await.status, 200);
    let late = put(&app, &of_doctor("/weekly-hours"), &week("09:00", "18:00"), &tag).await;
    assert_eq!(late.problem().0, 412);
}

#[actix_web::test]
async fn hostile_hours_are_told_by_their_paths_and_change_nothing() {
    let app = App::start().await;
    let before = app.tables().await;
    let at = |from: &str, to: &str| json!({"clinic_id": id('c', 1), "weekday": "monday", "from": from, "to": to});
    let strange = json!({"clinic_id": id('c', 9), "weekday": "Monday", "from": "9:00", "to": "24:01"});
    for (hours, fields) in [
        (json!([at("09:00", "12:00"), at("11:00", "13:00")]), vec!["hours[1]:overlap"]),
        (json!([at("24:00", "24:00")]), vec!["hours[0].to:range"]),
        (json!([at("12:00", "09:00")]), vec!["hours[0].to:range"]),
        (
            json!([strange]),
            vec!["hours[0].clinic_id:unknown", "hours[0].from:time", "hours[0].to:time", "hours[0].weekday:weekday"],
        ),
        (json!("none"), vec!["hours:type"]),
    ] {
        let refused = put(&app, &of_doctor("/weekly-hours"), &json!({ "hours": hours }), "*").await;
        assert_eq!(refused.bad_fields(), fields, "{hours}");
    }
    // The clinic is there, but not this desk's.
    let other = json!({"hours": [{"clinic_id": id('c', 2), "weekday": "monday", "from": "09:00", "to": "10:00"}]});
    let refused = put(&app, &of_doctor("/weekly-hours"), &other, "*").await;
    assert_eq!(refused.bad_fields(), ["hours[0].clinic_id:unknown"]);
    let refused = put(&app, &of_doctor("/weekly-hours"), &json!({"hours": [], "role": "admin"}), "*").await;
    assert_eq!(refused.bad_fields(), ["role:unknown"]);
    let refused = put(&app, &of_doctor("/weekly-hours?on_conflict=drop"), &week("09:00", "10:00"), "*").await;
    assert_eq!(refused.bad_fields(), ["on_conflict:type"]);
    let refused = put(&app, &of_doctor("/overrides/2027-03-07"), &json!({"hours": []}), "*").await;
    assert_eq!(refused.bad_fields(), ["date:in-the-past"]);
    assert_eq!(put(&app, &of_doctor("/overrides/2027-02-30"), &json!({"hours": []}), "*").await.status, 404);
    for (from, to, fields) in [
        ("2027-03-09T00:00:00Z", "2027-03-09T00:00:00Z", vec!["ends_at:range"]),
        ("2027-03-09T00:00:00Z", "2028-03-20T00:00:00Z", vec!["ends_at:range"]),
        ("2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z", vec!["ends_at:in-the-past"]),
        ("2027-03-09T00:00:00", "2027-03-10T00:00:00Z", vec!["starts_at:type"]),
    ] {
        let refused = app.post_as(DESK, &of_doctor("/time-off"), &json!({"starts_at": from, "ends_at": to})).await;
        assert_eq!(refused.bad_fields(), fields, "{from} {to}");
    }
    assert_eq!(app.tables().await, before);
}
