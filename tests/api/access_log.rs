//! Who has read of a patient: written down before it is shown, and shown to the patient.

use serde_json::{Value, json};

use crate::app::{App, Who, id};

const LOG: &str = "/api/v1/me/access-log";
/// A booked visit of patient 1 with doctor 1 at clinic 1.
const VISIT: u32 = 12109;

fn visit() -> String {
    format!("/api/v1/appointments/{}", id('a', VISIT))
}

#[actix_web::test]
async fn a_patient_sees_who_was_shown_what() {
    let app = App::start().await;
    let reads = async |who: Who, uri: &str| assert_eq!(app.get_as(who, uri).await.status, 200, "{who:?} {uri}");
    reads(Who::Doctor(1), &visit()).await;
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    reads(Who::Staff(1), "/api/v1/appointments?limit=100").await;
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    reads(Who::Admin, &format!("/api/v1/doctors/{}/appointments?limit=100", id('d', 1))).await;
    let shown = app.get_as(Who::Patient(1), LOG).await.list();
    let told: Vec<Value> = shown.iter().map(|entry| json!([entry["role"], entry["who"], entry["what"]])).collect();
    assert_eq!(
        told,
        [
            json!(["admin", "Harbor Health Center", "calendar"]),
            json!(["staff", "Harbor Health Center", "list"]),
            json!(["doctor", "Amara Okafor", "appointment"]),
        ]
    );
    assert!(shown.iter().all(|entry| entry["patient_id"] == id('b', 1) && entry["emergency"] == false));
    let page = app.get_as(Who::Patient(1), &format!("{LOG}?limit=2")).await;
    let rest = app.get_as(Who::Patient(1), &page.next().unwrap()).await;
    assert_eq!((page.list().len(), rest.list().len(), rest.next()), (2, 1, None));
    for who in [Who::Doctor(1), Who::Staff(1), Who::Admin] {
        assert_eq!(app.get_as(who, LOG).await.status, 403, "{who:?}");
    }
}

#[actix_web::test]
async fn what_a_patient_or_a_link_shows_is_nobody_elses_reading() {
    let app = App::start().await;
    assert_eq!(app.get_as(Who::Patient(1), &visit()).await.status, 200);
    assert_eq!(app.get(&crate::app::link(&id('a', VISIT), "")).await.status, 200);
    assert_eq!(app.get_as(Who::Doctor(2), &visit()).await.status, 404);
    assert_eq!(app.number("SELECT count(*) FROM appointments.access_log").await, 0);
}

#[actix_web::test]
async fn nothing_is_shown_that_cannot_be_written_down_and_nothing_written_is_taken_back() {
    let app = App::start().await;
    assert_eq!(app.get_as(Who::Doctor(1), &visit()).await.status, 200);
    let client = app.client().await;
    for change in ["UPDATE appointments.access_log SET what = 'x'", "DELETE FROM appointments.access_log"] {
        assert!(client.batch_execute(change).await.is_err(), "{change}");
    }
    app.sql("ALTER TABLE appointments.access_log RENAME TO away").await;
    for uri in [visit(), "/api/v1/appointments".to_owned()] {
        assert_eq!(app.get_as(Who::Doctor(1), &uri).await.status, 500, "{uri}");
    }
    let cancelled = app.post_as(Who::Staff(1), &format!("{}/cancel", visit()), &json!({"reason": "ill"})).await;
    assert_eq!(cancelled.status, 500);
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event").await, 0, "and nothing was changed");
    assert_eq!(app.get_as(Who::Patient(1), &visit()).await.status, 200);
}
