//! The life of a visit beyond booking, moving and cancelling.

use serde_json::json;

use crate::app::{App, Who, id, with};

/// A booked visit of patient 1 with doctor 1 at clinic 1, on the day of the fixed set's now.
const VISIT: u32 = 12109;

fn address(step: &str) -> String {
    format!("/api/v1/appointments/{}{step}", id('a', VISIT))
}

async fn missed(app: &App) -> crate::app::Answer {
    let visit = app.get_as(Who::Staff(1), &address("")).await;
    app.clock.set(crate::app::instant(&visit.json()["ends_at"]));
    let missed = app.post_as(Who::Staff(1), &address("/no-show"), &json!({})).await;
    assert_eq!(missed.status, 200, "{}", missed.text());
    visit
}

#[actix_web::test]
async fn a_mistaken_no_show_is_taken_back_and_the_history_tells_both_statuses() {
    let app = App::start().await;
    missed(&app).await;
    let wish = json!({"to": "arrived", "reason": "Sat in the wrong room"});
    let corrected = app.post_as(Who::Doctor(1), &address("/correct"), &wish).await;
    assert_eq!((corrected.status, &corrected.json()["status"]), (200, &json!("arrived")), "{}", corrected.text());
    assert_eq!(app.post_as(Who::Doctor(1), &address("/correct"), &wish).await.body, corrected.body);
    let history = app.get_as(Who::Patient(1), &address("/history")).await.list();
    let last = history.last().unwrap();
    assert_eq!((&last["what"], &last["by"]), (&json!("corrected"), &json!("doctor")));
    assert_eq!((&last["from"]["status"], &last["to"]["status"]), (&json!("no_show"), &json!("arrived")));
    assert!(last.get("account_id").is_none(), "a patient does not read who it was");
    let told = app.get_as(Who::Staff(1), &address("/history")).await.list();
    assert_eq!(told.last().unwrap()["account_id"], json!(Who::Doctor(1).user()));
    assert!(!app.texts("SELECT data FROM journal.audit_event").await.join("").contains("wrong room"));
    app.audited().await;
}

#[actix_web::test]
async fn a_time_that_was_given_away_is_not_taken_back() {
    let app = App::start().await;
    let cancelled = app.post_as(Who::Staff(1), &address("/cancel"), &json!({"reason": "ill"})).await;
    let again = app.post_as(Who::Staff(1), &address("/correct"), &json!({"to": "booked", "reason": "x"})).await;
    assert_eq!((cancelled.status, again.problem()), (200, (409, "nothing-to-correct".to_owned())));

    let app = App::start().await;
    let visit = missed(&app).await.json();
    // Somebody else sits in the doctor's room at that time.
    app.sql(&format!(
        "INSERT INTO appointments.appointment (id, clinic_id, doctor_id, patient_id, visit_type_id, mode, starts_at, ends_at,
             blocked_from, blocked_until, time_zone, price_cents, status, created_at, updated_at)
         SELECT '{}', clinic_id, doctor_id, '{}', visit_type_id, mode, starts_at, ends_at, blocked_from, blocked_until,
                time_zone, price_cents, 'arrived', created_at, updated_at
           FROM appointments.appointment WHERE id = '{}'",
        id('a', 99_001),
        id('b', 2),
        visit["id"].as_str().unwrap()
    ))
    .await;
    let before = app.tables().await;
    let wish = json!({"to": "booked", "reason": "Wrong patient"});
    let refused = app.post_as(Who::Staff(1), &address("/correct"), &wish).await;
    assert_eq!(refused.problem(), (409, "slot-taken".to_owned()));
    let after = app.tables().await;
    let changed: Vec<_> = after.iter().filter(|(table, hash)| before.get(*table) != Some(hash)).collect();
    assert!(changed.iter().all(|(table, _)| *table == "appointments.access_log"), "{changed:?}");
    let done = app.post_as(Who::Staff(1), &address("/correct"), &with(&wish, "to", "completed")).await;
    assert_eq!(done.json()["status"], "completed", "what takes no time needs none");
}

#[actix_web::test]
async fn a_mark_older_than_a_day_stays_and_bad_wishes_are_told_apart() {
    let app = App::start().await;
    missed(&app).await;
    for (wish, fields) in [
        (json!({}), vec!["reason:required", "to:required"]),
        (json!({"to": "booked", "reason": "  "}), vec!["reason:required"]),
        (json!({"to": "booked", "reason": "x".repeat(501)}), vec!["reason:length"]),
    ] {
        assert_eq!(app.post_as(Who::Staff(1), &address("/correct"), &wish).await.bad_fields(), fields, "{wish}");
    }
    let cancelled = json!({"to": "cancelled", "reason": "x"});
    assert_eq!(app.post_as(Who::Staff(1), &address("/correct"), &cancelled).await.status, 422);
    let stale = app
        .send_as(
            Who::Staff(1),
            actix_web::test::TestRequest::post()
                .uri(&address("/correct"))
                .insert_header(("if-match", "\"v77\""))
                .set_json(json!({"to": "booked", "reason": "x"})),
        )
        .await;
    assert_eq!(stale.status, 412);
    let now = kernel::Clock::now(&*app.clock);
    app.clock.set(now + jiff::SignedDuration::from_hours(24) + jiff::SignedDuration::from_secs(1));
    let late = app.post_as(Who::Staff(1), &address("/correct"), &json!({"to": "booked", "reason": "x"})).await;
    assert_eq!(late.problem(), (409, "too-late-to-correct".to_owned()));
}

#[actix_web::test]
async fn marks_honour_if_match_and_tell_when_they_were_made() {
    let app = App::start().await;
    let mark = |tag: &'static str| {
        actix_web::test::TestRequest::post().uri(&address("/arrive")).insert_header(("if-match", tag))
    };
    let before = app.tables().await;
    assert_eq!(app.send_as(Who::Staff(1), mark("\"v77\"")).await.status, 412);
    assert_eq!(before["appointments.appointment"], app.tables().await["appointments.appointment"]);
    let arrived = app.send_as(Who::Staff(1), mark("\"v1\"")).await;
    assert_eq!(arrived.status, 200, "{}", arrived.text());
    assert_eq!(crate::app::instant(&arrived.json()["arrived_at"]), kernel::Clock::now(&*app.clock));
}

/// What the poster of a clinic says: the code in its address.
fn clinic_code(clinic: u32) -> String {
    let id = id('c', clinic).parse::<uuid::Uuid>().unwrap();
    platform::signing::LinkSigner::new(&crate::app::secret(), "clinic").token(id)
}

#[actix_web::test]
async fn a_patient_checks_in_by_the_poster_of_the_clinic_once_and_in_time() {
    let app = App::start().await;
    let visit = app.get_as(Who::Staff(1), &address("")).await.json();
    let start = crate::app::instant(&visit["starts_at"]);
    let minutes = jiff::SignedDuration::from_mins;
    let there = json!({"clinic_code": clinic_code(1)});
    let link = crate::app::link(&id('a', VISIT), "/check-in");

    app.clock.set(start - minutes(31));
    let early = app.post(&link, &there).await;
    assert_eq!(early.problem(), (422, "too-early-to-check-in".to_owned()));
    assert_eq!(crate::app::instant(&early.json()["opens_at"]), start - minutes(30));
    app.clock.set(start - minutes(30));
    let elsewhere = app.post(&link, &json!({"clinic_code": clinic_code(2)})).await;
    assert_eq!(elsewhere.bad_fields(), ["clinic_code:wrong-code"]);
    assert_eq!(app.post_as(Who::Patient(2), &address("/check-in"), &there).await.status, 404);

    let arrived = app.post(&link, &there).await;
    assert_eq!((arrived.status, &arrived.json()["status"]), (200, &json!("arrived")), "{}", arrived.text());
    let tables = app.tables().await;
    app.clock.set(start + minutes(95));
    assert_eq!(app.post(&link, &there).await.body, arrived.body);
    assert_eq!(app.tables().await, tables, "the second time changes nothing");
    let history = app.get_as(Who::Patient(1), &address("/history")).await.list();
    let last = history.last().unwrap();
    assert_eq!((&last["what"], &last["by"]), (&json!("arrived"), &json!("link_holder")));
}

#[actix_web::test]
async fn who_comes_more_than_90_minutes_late_asks_the_front_desk() {
    let app = App::start().await;
    let visit = app.get_as(Who::Staff(1), &address("")).await.json();
    app.clock.set(crate::app::instant(&visit["starts_at"]) + jiff::SignedDuration::from_mins(91));
    let late = app.post_as(Who::Patient(1), &address("/check-in"), &json!({"clinic_code": clinic_code(1)})).await;
    assert_eq!(late.problem(), (422, "too-late-to-check-in".to_owned()));
}

#[actix_web::test]
async fn the_poster_is_a_drawing_for_the_front_desk_of_its_clinic() {
    let app = App::start().await;
    let uri = format!("/api/v1/clinics/{}/check-in-poster.svg", id('c', 1));
    let poster = app.get_as(Who::Staff(1), &uri).await;
    assert_eq!((poster.status, poster.header("content-type")), (200, Some("image/svg+xml")));
    assert!(poster.text().contains("<svg"), "{}", poster.text());
    assert_eq!(app.get_as(Who::Admin, &uri).await.body, poster.body);
    assert_eq!(app.get_as(Who::Staff(2), &uri).await.status, 404);
    assert_eq!(app.get_as(Who::Doctor(1), &uri).await.status, 403);
}

#[actix_web::test]
async fn inside_the_cutoff_patients_say_why_and_do_not_move_and_the_team_is_free() {
    let app = App::start().await;
    let doctor = format!("/api/v1/doctors/{}", id('d', 1));
    let set = actix_web::test::TestRequest::patch()
        .uri(&doctor)
        .insert_header(("if-match", "\"v1\""))
        .set_json(json!({"change_cutoff_hours": 24}));
    let set = app.send_as(Who::Doctor(1), set).await;
    assert_eq!((set.status, &set.json()["change_cutoff_hours"]), (200, &json!(24)), "{}", set.text());

    let to = json!({"starts_at": "2027-03-09T10:00:00-05:00"});
    let before = app.tables().await["appointments.appointment"].clone();
    for refused in [
        app.post(&crate::app::link(&id('a', VISIT), "/reschedule"), &to).await,
        app.post_as(Who::Patient(1), &address("/reschedule"), &to).await,
    ] {
        assert_eq!(refused.problem(), (409, "too-late-to-move".to_owned()));
        assert_eq!(refused.json()["cutoff_hours"], 24);
    }
    let silent = app.post_as(Who::Patient(1), &address("/cancel"), &json!({})).await;
    assert_eq!(
        (silent.problem(), silent.fields()),
        ((422, "reason-required".to_owned()), vec!["reason:required".into()])
    );
    assert_eq!(app.tables().await["appointments.appointment"], before);
    assert_eq!(app.post_as(Who::Staff(1), &address("/reschedule"), &to).await.status, 200);
    // Moved to the day after, it is outside again.
    assert_eq!(app.post_as(Who::Patient(1), &address("/cancel"), &json!({})).await.json()["status"], "cancelled");
}

#[actix_web::test]
async fn a_link_shows_its_visit_until_seven_days_after_the_end_and_moves_nothing_that_is_over() {
    let app = App::start().await;
    let visit = app.get_as(Who::Staff(1), &address("")).await.json();
    let end = crate::app::instant(&visit["ends_at"]);
    let link = |step: &str| crate::app::link(&id('a', VISIT), step);
    app.post_as(Who::Staff(1), &address("/cancel"), &json!({"reason": "ill"})).await;
    let to = json!({"starts_at": "2027-03-09T10:00:00-05:00"});
    assert_eq!(app.post(&link("/reschedule"), &to).await.problem().1, "visit-over");
    app.clock.set(end + jiff::SignedDuration::from_hours(7 * 24));
    assert_eq!(app.get(&link("")).await.json()["status"], "cancelled");
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    for answer in
        [app.get(&link("")).await, app.get(&link("/history")).await, app.post(&link("/cancel"), &json!({})).await]
    {
        assert_eq!(answer.problem(), (404, "not-found".to_owned()));
    }
    assert_eq!(app.get_as(Who::Patient(1), &address("")).await.status, 200, "a sign-in does not die");
}
