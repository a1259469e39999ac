//! Which visits somebody who is signed in reaches: patients their own and their relatives', doctors their calendar,
//! front desks their clinics, administrators all.

use serde_json::json;

use crate::app::{App, Who, id};

/// A booked visit of patient 1 with doctor 1 at clinic 1.
const VISIT: u32 = 12109;

fn address(step: &str) -> String {
    format!("/api/v1/appointments/{}{step}", id('a', VISIT))
}

#[actix_web::test]
async fn a_visit_is_shown_to_its_own_sides_and_to_no_other() {
    let app = App::start().await;
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

fn starts(answer: &crate::app::Answer) -> Vec<String> {
    answer.list().iter().map(|visit| visit["starts_at"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn everybody_lists_what_they_reach_and_nothing_else() {
    let app = App::start().await;
    let ids = |answer: &crate::app::Answer, field: &str| {
        let all = answer.list();
        all.iter().map(|visit| visit[field].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let list = "/api/v1/appointments?limit=100";
    let patients = ids(&app.get_as(Who::Patient(3), list).await, "patient_id");
    assert_eq!(patients.into_iter().collect::<Vec<_>>(), [id('b', 3), id('b', 4)], "oneself and the child");
    let doctors = ids(&app.get_as(Who::Doctor(1), list).await, "doctor_id");
    assert_eq!(doctors.into_iter().collect::<Vec<_>>(), [id('d', 1)]);
    let clinics = ids(&app.get_as(Who::Staff(2), list).await, "clinic_id");
    assert_eq!(clinics.into_iter().collect::<Vec<_>>(), [id('c', 2)]);
    assert_eq!(ids(&app.get_as(Who::Admin, list).await, "clinic_id").len(), 2);
    assert!(app.get_as(Who::Doctor(1), &format!("{list}&doctor_id={}", id('d', 2))).await.list().is_empty());
    assert!(app.get_as(Who::Patient(1), &format!("{list}&patient_id={}", id('b', 2))).await.list().is_empty());
}

#[actix_web::test]
async fn a_list_comes_in_pages_that_hold_every_visit_once_in_order() {
    let app = App::start().await;
    let mut found = Vec::new();
    let mut next = Some("/api/v1/appointments?limit=7&status=booked".to_owned());
    while let Some(uri) = next {
        let page = app.get_as(Who::Staff(1), &uri).await;
        assert!(page.list().len() <= 7);
        found.extend(
            page.list()
                .iter()
                .map(|visit| (crate::app::instant(&visit["starts_at"]), visit["id"].as_str().unwrap().to_owned())),
        );
        next = page.next();
    }
    let query = format!(
        "SELECT count(*) FROM appointments.appointment WHERE clinic_id = '{}' AND status = 'booked'",
        id('c', 1)
    );
    assert_eq!(found.len(), usize::try_from(app.number(&query).await).unwrap());
    assert!(found.is_sorted() && found.windows(2).all(|pair| pair[0] != pair[1]));
}

#[actix_web::test]
async fn dates_are_those_of_the_clinics_wall_clock() {
    let app = App::start().await;
    let day = app.get_as(Who::Doctor(4), "/api/v1/appointments?start_date=2027-03-10&end_date=2027-03-10").await;
    assert_eq!(starts(&day).len(), 6);
    assert!(starts(&day).iter().all(|start| start.starts_with("2027-03-10T") && start.ends_with("-08:00")), "{day:?}");
    let soon = app.get_as(Who::Doctor(1), "/api/v1/appointments?next=24h&status=booked").await;
    assert_eq!(starts(&soon).len(), 5, "all of Monday but the cancelled one");
    for bad in
        ["next=25h", "next=24h&from=2027-03-09T00:00:00Z", "start_date=tomorrow", "status=gone", "limit=101", "x=1"]
    {
        assert_eq!(app.get_as(Who::Doctor(1), &format!("/api/v1/appointments?{bad}")).await.status, 422, "{bad}");
    }
}

#[actix_web::test]
async fn a_calendar_is_for_its_doctor_and_the_clinics_front_desk() {
    let app = App::start().await;
    let calendar = format!("/api/v1/doctors/{}/appointments", id('d', 1));
    for (who, status) in [
        (Who::Doctor(1), 200),
        (Who::Doctor(2), 404),
        (Who::Staff(1), 200),
        (Who::Staff(2), 404),
        (Who::Admin, 200),
        (Who::Patient(1), 403),
    ] {
        assert_eq!(app.get_as(who, &calendar).await.status, status, "{who:?}");
    }
    let of =
        async |filter: &str| app.get_as(Who::Doctor(1), &format!("{calendar}?limit=100&filter={filter}")).await.list();
    // It is midnight in New York, and the Monday of the second week begins.
    let (past, today, future) = (of("past").await, of("today").await, of("future").await);
    assert_eq!((past.len(), today.len(), future.len()), (24, 6, 24));
    assert!(today.iter().all(|visit| visit["prescription"].is_null() && visit.get("manage_url").is_none()));
    // Clients of the described system ask for a doctor's visits under another address.
    let old = app.get_as(Who::Doctor(1), &format!("/api/v1/appointments/{}", id('d', 1))).await;
    assert_eq!((old.status, old.header("location")), (307, Some(calendar.as_str())));
    assert_eq!(app.get_as(Who::Doctor(2), &format!("/api/v1/appointments/{}", id('d', 1))).await.status, 404);
}

#[actix_web::test]
async fn a_visit_is_marked_by_its_own_side_and_its_history_names_roles_alone() {
    let app = App::start().await;
    for (who, status) in [(Who::Patient(1), 403), (Who::Doctor(2), 404), (Who::Staff(2), 404)] {
        assert_eq!(app.post_as(who, &address("/arrive"), &json!({})).await.status, status, "{who:?}");
    }
    let arrived = app.post_as(Who::Staff(1), &address("/arrive"), &json!({})).await;
    assert_eq!((arrived.status, &arrived.json()["status"]), (200, &json!("arrived")), "{}", arrived.text());
    assert_eq!(app.post_as(Who::Staff(1), &address("/arrive"), &json!({})).await.body, arrived.body);
    assert_eq!(app.post_as(Who::Doctor(1), &address("/no-show"), &json!({})).await.problem().1, "visit-over");
    assert_eq!(app.post_as(Who::Doctor(1), &address("/complete"), &json!({})).await.json()["status"], "completed");
    let history = app.get_as(Who::Patient(1), &address("/history")).await;
    let told: Vec<(String, String)> = history
        .list()
        .iter()
        .map(|one| (one["what"].as_str().unwrap().into(), one["by"].as_str().unwrap().into()))
        .collect();
    assert_eq!(told, [("arrived".into(), "staff".into()), ("completed".into(), "doctor".into())]);
    assert!(!history.text().contains(&Who::Staff(1).user()));
    let later = format!("/api/v1/appointments/{}", id('a', 12209));
    assert_eq!(app.post_as(Who::Staff(1), &format!("{later}/arrive"), &json!({})).await.status, 404);
    let tomorrow = format!("/api/v1/appointments/{}", id('a', 12309));
    assert_eq!(app.post_as(Who::Staff(1), &format!("{tomorrow}/arrive"), &json!({})).await.problem().1, "not-today");
    assert_eq!(
        app.post_as(Who::Staff(1), &format!("{tomorrow}/complete"), &json!({})).await.problem().1,
        "visit-not-started"
    );
}

#[actix_web::test]
async fn a_front_desk_says_why_it_cancels() {
    let app = App::start().await;
    assert_eq!(app.post_as(Who::Staff(1), &address("/cancel"), &json!({})).await.bad_fields(), ["reason:required"]);
}
