//! Which visits somebody who is signed in reaches: patients their own and their relatives', doctors their calendar,
//! front desks their clinics, administrators all.

use serde_json::json;

use crate::app::{App, Who, id};

/// A booked visit of patient 1 with doctor 1 at clinic 1.
const VISIT: u32 = 12109;

fn address(step: &str) -> String {
    format!("/api/v1/appointments/{}{step}", id('a', VISIT))
}

async fn with_caretaker(app: &App, who: Who, patient: u32, relation: &str) {
    app.sql(&format!(
        "INSERT INTO appointments.caretaker VALUES ('{}', '{}', '{relation}', '2027-01-01Z')
         ON CONFLICT DO NOTHING",
        who.user(),
        id('b', patient)
    ))
    .await;
}

#[actix_web::test]
async fn a_visit_is_shown_to_its_own_sides_and_to_no_other() {
    let app = App::start().await;
    with_caretaker(&app, Who::Patient(1), 1, "self").await;
    with_caretaker(&app, Who::Patient(2), 2, "self").await;
    for (who, status) in [
        (Who::Patient(1), 200),
        (Who::Patient(2), 404),
        (Who::Doctor(1), 200),
        (Who::Doctor(2), 404),
        (Who::Staff(1), 200),
        (Who::Staff(2), 404),
        (Who::Admin, 200),
    ] {
        assert_eq!(app.get_as(who, &address("")).await.status, status, "{who:?}");
    }
}

#[actix_web::test]
async fn who_does_not_reach_a_visit_moves_and_cancels_nothing() {
    let app = App::start().await;
    with_caretaker(&app, Who::Patient(2), 2, "self").await;
    let before = app.tables().await;
    for who in [Who::Patient(2), Who::Doctor(2), Who::Staff(2)] {
        let moved = json!({"starts_at": "2027-03-09T10:00:00-05:00"});
        assert_eq!(app.post_as(who, &address("/reschedule"), &moved).await.problem(), (404, "not-found".to_owned()));
        let cancelled = app.post_as(who, &address("/cancel"), &json!({"reason": "x"})).await;
        assert_eq!(cancelled.problem(), (404, "not-found".to_owned()), "{who:?}");
    }
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn the_audit_trail_names_the_account_that_cancels() {
    let app = App::start().await;
    let cancelled = app.post_as(Who::Staff(1), &address("/cancel"), &json!({"reason": "The doctor is ill"})).await;
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (200, &json!("cancelled")), "{}", cancelled.text());
    let query =
        format!("SELECT actor_kind || ' ' || actor_id FROM journal.audit_event WHERE subject = '{}'", id('a', VISIT));
    assert_eq!(app.texts(&query).await, [format!("staff {}", Who::Staff(1).user())]);
}
