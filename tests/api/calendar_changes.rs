//! Changes of hours together with the visits in their way: looked at, made, taken back.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{App, Who, ada, all, doctor, id, visit_type};

const DESK: Who = Who::Staff(1);

fn changes(part: &str) -> String {
    format!("/api/v1/doctors/{}/changes{part}", doctor(1))
}

/// Both weeks from Wednesday on: the visits of that day, of Thursday and of Friday are in the way, five a day.
fn two_weeks() -> Value {
    json!({"time_off": {"starts_at": "2027-03-10T00:00:00-05:00", "ends_at": "2027-03-24T00:00:00-04:00"}})
}

const VISITS: &str = "SELECT a.id::text || a.starts_at || a.status FROM appointments.appointment a ORDER BY a.id";

#[actix_web::test]
async fn a_two_week_holiday_is_one_request_its_preview_proposes_times_and_undo_restores_everything() {
    let app = App::start().await;
    let (before, visits) = (app.tables().await, app.texts(VISITS).await);
    let preview = app.post_as(DESK, &changes("/preview"), &json!({"change": two_weeks()})).await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    let shown = preview.json();
    let listed = shown["appointments"].as_array().unwrap().clone();
    assert_eq!((listed.len(), &shown["total"]), (15, &json!(15)));
    assert_eq!(listed[0]["starts_at"], "2027-03-10T09:00:00-05:00");
    assert!(listed.iter().all(|visit| visit["patient_name"].is_string()));
    let proposals: Vec<&str> = listed
        .iter()
        .flat_map(|visit| visit["proposals"].as_array().unwrap())
        .map(|p| p["starts_at"].as_str().unwrap())
        .collect();
    assert_eq!(proposals.len(), 45);
    let different: std::collections::BTreeSet<&&str> = proposals.iter().collect();
    assert_eq!(different.len(), 45, "no time is proposed twice");
    assert_eq!(listed[0]["proposals"][0]["starts_at"], "2027-03-24T09:00:00-04:00");
    // Nothing is stored, but that names were shown.
    let after = app.tables().await;
    let differing: Vec<&String> =
        after.iter().filter(|(t, hash)| before.get(*t) != Some(hash)).map(|(t, _)| t).collect();
    assert_eq!(differing, ["appointments.access_log"]);

    // One visit goes where the desk wants it, one is cancelled, one stays, the others go to their first proposals.
    let visit = |at: usize| listed[at]["id"].clone();
    let order = json!({
        "change": two_weeks(),
        "plan": shown["plan"],
        "decisions": [
            {"appointment_id": visit(0), "action": "move", "to": "2027-03-09T09:30:00-05:00"},
            {"appointment_id": visit(1), "action": "cancel", "reason": "The doctor is away."},
            {"appointment_id": visit(2), "action": "keep"},
        ],
        "otherwise": {"action": "move"},
    });
    let send = async || {
        let request =
            TestRequest::post().uri(&changes("")).insert_header(("idempotency-key", "holiday")).set_json(&order);
        app.send_as(DESK, request).await
    };
    let made = send().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let change = made.json();
    let actions: Vec<Value> = change["appointments"].as_array().unwrap().iter().map(|v| v["action"].clone()).collect();
    assert_eq!(actions[..4], [json!("moved"), json!("cancelled"), json!("kept"), json!("moved")]);
    assert_eq!(change["appointments"][3]["moved_to"], listed[3]["proposals"][0]["starts_at"]);
    let again = send().await;
    assert_eq!((again.text(), again.header("idempotent-replayed")), (made.text(), Some("true")));
    let row = |nth: usize| {
        let id = visit(nth);
        format!(
            "SELECT status || ' ' || to_char(starts_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI') FROM appointments.appointment WHERE id = '{}'",
            id.as_str().unwrap()
        )
    };
    assert_eq!(app.texts(&row(0)).await, ["booked 03-09 14:30"]);
    assert_eq!(app.texts(&row(1)).await, ["cancelled 03-10 15:00"]);
    assert_eq!(app.texts(&row(2)).await, ["booked 03-10 16:00"]);
    let told = "SELECT action FROM journal.audit_event WHERE at = '2027-03-08T05:00:00Z' ORDER BY action";
    let told = app.texts(told).await;
    let count = |action: &str| told.iter().filter(|told| *told == action).count();
    assert_eq!((count("appointment.rescheduled"), count("appointment.cancelled"), count("time_off.added")), (13, 1, 1));
    let letters = "SELECT count(*) FROM journal.outbox WHERE topic = 'mail'";
    assert_eq!(app.number(letters).await, 14);
    let slots = app.get(&format!("/api/v1/doctors/{}/slots?from=2027-03-10&to=2027-03-23", doctor(1))).await.list();
    assert!(slots.is_empty(), "{slots:?}");

    // Taken back: rules and visits are as before, but for their versions.
    let id = change["id"].as_str().unwrap();
    let undo = changes(&format!("/{id}/undo"));
    let undone = app.send_as(Who::Doctor(1), TestRequest::post().uri(&undo)).await;
    assert_eq!(undone.status, 200, "{}", undone.text());
    assert_eq!((&undone.json()["not_restored"], undone.json()["undone_at"].is_string()), (&json!([]), true));
    assert_eq!(app.texts(VISITS).await, visits);
    assert_eq!(app.tables().await["doctors.time_off"], before["doctors.time_off"]);
    assert_eq!(app.number(letters).await, 28);
    let twice = app.send_as(DESK, TestRequest::post().uri(&undo)).await;
    assert_eq!(twice.json(), undone.json());
    assert_eq!(app.number(letters).await, 28, "nobody is told twice");
    assert_eq!(app.get_as(DESK, &changes("")).await.list(), [undone.json()]);
    app.audited().await;
}

#[actix_web::test]
async fn what_cannot_be_changed_so_is_told_and_nothing_is_changed() {
    let app = App::start().await;
    let wednesday =
        json!({"time_off": {"starts_at": "2027-03-10T00:00:00-05:00", "ends_at": "2027-03-11T00:00:00-05:00"}});
    let before = app.tables().await;
    let undecided = app.post_as(DESK, &changes(""), &json!({"change": wednesday})).await;
    assert_eq!((undecided.problem().1.as_str(), &undecided.json()["total"]), ("appointments-affected", &json!(5)));
    let listed = undecided.json()["appointments"].as_array().unwrap().clone();
    let ids = all(&listed, "id");
    let order = json!({
        "change": wednesday,
        "decisions": [
            // Taken by another visit, closed, and not in the way at all.
            {"appointment_id": ids[0], "action": "move", "to": "2027-03-11T09:00:00-05:00"},
            {"appointment_id": ids[1], "action": "move", "to": "2027-03-10T09:30:00-05:00"},
            {"appointment_id": id('a', 99_999), "action": "keep"},
        ],
        "otherwise": {"action": "keep"},
    });
    let refused = app.post_as(DESK, &changes(""), &order).await;
    assert_eq!(refused.problem(), (409, "visits-refused".to_owned()));
    let told = refused.json()["refused"].as_array().unwrap().clone();
    assert_eq!(all(&told, "reason"), ["not-affected", "not-offered"]);
    assert_eq!(told[1]["rule"], "time-off");
    let taken = json!({
        "change": wednesday,
        "decisions": [{"appointment_id": ids[0], "action": "move", "to": "2027-03-11T09:00:00-05:00"}],
        "otherwise": {"action": "keep"},
    });
    let refused = app.post_as(DESK, &changes(""), &taken).await;
    assert_eq!(all(refused.json()["refused"].as_array().unwrap(), "reason"), ["slot-taken"]);
    for (wrong, field) in [
        (json!({}), "change"),
        (json!({"change": {}}), "change"),
        (json!({"change": {"deactivate": true, "time_off": wednesday["time_off"]}}), "change"),
        (json!({"change": {"weekly_hours": {"hours": []}}, "otherwise": {"action": "keep"}}), "plan"),
        (json!({"change": wednesday, "otherwise": {"action": "cancel"}}), "otherwise.reason"),
    ] {
        let refused = app.post_as(DESK, &changes(""), &wrong).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!(field)), "{}", refused.text());
    }
    assert_eq!(app.tables().await, before);

    // Somebody books meanwhile: the plan that was looked at is not carried out.
    let week = json!({"weekly_hours": {"hours": [
        {"clinic_id": id('c', 1), "weekday": "tuesday", "from": "09:00", "to": "12:00"}
    ]}});
    let plan = app.post_as(DESK, &changes("/preview"), &json!({"change": week})).await.json()["plan"].clone();
    app.booked(&ada(1, "2027-03-09T16:00:00-05:00")).await;
    let order = json!({"change": week, "otherwise": {"action": "keep"}, "plan": plan});
    assert_eq!(app.post_as(DESK, &changes(""), &order).await.problem(), (409, "plan-changed".to_owned()));
}

#[actix_web::test]
async fn an_undo_leaves_what_others_have_changed_since_and_comes_too_late_after_a_day() {
    let app = App::start().await;
    let week = json!({"weekly_hours": {"hours": [
        {"clinic_id": id('c', 1), "weekday": "tuesday", "from": "09:00", "to": "18:00"}
    ]}});
    let make = async |change: &Value| {
        let plan = app.post_as(DESK, &changes("/preview"), &json!({"change": change})).await.json()["plan"].clone();
        let order = json!({"change": change, "otherwise": {"action": "move"}, "plan": plan});
        let made = app.post_as(DESK, &changes(""), &order).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()
    };
    let undo = async |change: &Value| {
        let uri = changes(&format!("/{}/undo", change["id"].as_str().unwrap()));
        app.send_as(DESK, TestRequest::post().uri(&uri)).await
    };
    let made = make(&week).await;
    assert_eq!(made["appointments"].as_array().unwrap().len(), 20);
    // One of the moved visits is called off, the place of another is taken by a walk-in outside of the hours.
    let visits = made["appointments"].as_array().unwrap();
    let (gone, lost) = (visits[0]["id"].as_str().unwrap(), visits[1]["id"].as_str().unwrap());
    let cancel = format!("/api/v1/appointments/{gone}/cancel");
    assert_eq!(app.post_as(DESK, &cancel, &json!({"reason": "ill"})).await.status, 200);
    app.sql(&format!(
        "INSERT INTO appointments.appointment
         SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'starts_at', '{at}', 'ends_at', '{to}',
                 'blocked_from', '{at}', 'blocked_until', '{to}', 'patient_id', '{other}', 'notes', null, 'cancel_reason', null))).*
           FROM appointments.appointment a WHERE a.id = '{lost}'",
        at = "2027-03-08 15:00Z",
        to = "2027-03-08 15:30Z",
        other = id('b', 20),
    ))
    .await;
    let undone = undo(&made).await;
    assert_eq!(undone.status, 200, "{}", undone.text());
    let left = undone.json()["not_restored"].as_array().unwrap().clone();
    let left: Vec<(&Value, &Value)> = left.iter().map(|left| (&left["id"], &left["reason"])).collect();
    assert_eq!(left, [(&json!(gone), &json!("changed-since")), (&json!(lost), &json!("slot-taken"))]);

    let first = make(&week).await;
    let longer = json!({"weekly_hours": {"hours": [
        {"clinic_id": id('c', 1), "weekday": "tuesday", "from": "08:00", "to": "18:00"}
    ]}});
    let second = make(&longer).await;
    assert_eq!(undo(&first).await.problem(), (409, "rules-changed-since".to_owned()));
    app.set_clock("2027-03-09T05:00:01Z");
    assert_eq!(undo(&second).await.problem(), (409, "undo-too-late".to_owned()));
}

#[actix_web::test]
async fn a_visit_type_a_doctor_and_the_days_of_a_clinic_go_and_come_back() {
    let app = App::start().await;
    for change in [json!({"retire_visit_type": visit_type(1, 2)}), json!({"deactivate": true})] {
        let made = app.post_as(DESK, &changes(""), &json!({"change": change, "otherwise": {"action": "keep"}})).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let again = app.post_as(DESK, &changes(""), &json!({"change": change, "otherwise": {"action": "keep"}})).await;
        assert_eq!(again.problem(), (409, "nothing-to-change".to_owned()));
        let undo = changes(&format!("/{}/undo", made.json()["id"].as_str().unwrap()));
        assert_eq!(app.send_as(DESK, TestRequest::post().uri(&undo)).await.status, 200);
    }
    let offered = app.get(&format!("/api/v1/doctors/{}/visit-types", doctor(1))).await.list();
    assert_eq!(offered.len(), 3);

    let of_clinic = |part: &str| format!("/api/v1/clinics/{}/changes{part}", id('c', 1));
    let days = json!({"change": {"holidays": [
        {"date": "2027-03-10", "name": "Day of rest"}, {"date": "2027-03-11", "name": "Another"}
    ]}});
    let preview = app.post_as(DESK, &of_clinic("/preview"), &days).await.json();
    assert_eq!(preview["total"], 30, "five visits a day with three doctors");
    let order = json!({"change": days["change"], "plan": preview["plan"], "otherwise": {"action": "move"}});
    let made = app.post_as(DESK, &of_clinic(""), &order).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(
        app.number("SELECT count(*) FROM doctors.clinic_holiday WHERE name IN ('Day of rest', 'Another')").await,
        2
    );
    let again = app.post_as(DESK, &of_clinic(""), &order).await;
    assert_eq!(again.problem(), (409, "nothing-to-change".to_owned()));
    let undo = of_clinic(&format!("/{}/undo", made.json()["id"].as_str().unwrap()));
    let undone = app.send_as(DESK, TestRequest::post().uri(&undo)).await;
    assert_eq!((undone.status, &undone.json()["not_restored"]), (200, &json!([])), "{}", undone.text());
    assert_eq!(
        app.number("SELECT count(*) FROM doctors.clinic_holiday WHERE name IN ('Day of rest', 'Another')").await,
        0
    );
    app.audited().await;
}

#[actix_web::test]
async fn a_change_and_bookings_of_the_same_times_leave_each_time_to_one() {
    let app = App::start().await;
    let monday =
        json!({"time_off": {"starts_at": "2027-03-08T00:00:00-05:00", "ends_at": "2027-03-09T00:00:00-05:00"}});
    let order = json!({"change": monday, "otherwise": {"action": "move"}});
    // The first proposals are those of Tuesday morning.
    let rivals =
        (0..6).map(|n| {
            let app = &app;
            let start = format!("2027-03-09T{:02}:{:02}:00-05:00", 9 + n / 2, 30 * (n % 2));
            async move {
                app.post("/api/v1/appointments", &crate::app::guest(&format!("Rival {n}"), 1, &start)).await.status
            }
        });
    let uri = changes("");
    let change = app.post_as(DESK, &uri, &order);
    let (made, booked) = futures_util::join!(change, futures_util::future::join_all(rivals));
    assert!([201, 409].contains(&made.status), "{}", made.text());
    assert!(booked.iter().all(|status| [201, 409].contains(status)), "{booked:?}");
    let overlaps = "SELECT count(*) FROM appointments.appointment a JOIN appointments.appointment b
         ON a.doctor_id = b.doctor_id AND a.id < b.id AND a.status = 'booked' AND b.status = 'booked'
        AND a.blocked_from < b.blocked_until AND b.blocked_from < a.blocked_until";
    assert_eq!(app.number(overlaps).await, 0);
    let lost = "SELECT count(*) FROM appointments.appointment WHERE status = 'booked' AND doctor_id = ";
    let successes = booked.iter().filter(|status| **status == 201).count();
    assert_eq!(app.number(&format!("{lost}'{}'", doctor(1))).await, 20 + i64::try_from(successes).unwrap());
}
