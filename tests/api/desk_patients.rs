//! Patients as doctors and front desks find, take down and correct them.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, id};

const PATIENTS: &str = "/api/v1/patients";

async fn found(app: &App, who: Who, search: &Value) -> Vec<String> {
    let answer = app.post_as(who, "/api/v1/patients/search", search).await;
    let mut ids: Vec<String> = answer.list().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn ruth() -> Value {
    json!({"clinic_id": id('c', 1), "name": "Ruth O'Neill-Çelik", "phone": "+1 212 555 0199", "birth_date": "1980-02-29"})
}

async fn corrected(app: &App, who: Who, patient: &str, body: &Value, version: &str) -> Answer {
    let request = TestRequest::with_uri(&format!("{PATIENTS}/{patient}")).method(Method::PATCH);
    app.send_as(who, request.set_json(body).insert_header(("if-match", version))).await
}

#[actix_web::test]
async fn patients_are_found_within_the_own_reach_alone() {
    let app = App::start().await;
    let petrov = json!({"name": "PETR"});
    assert_eq!(found(&app, Who::Staff(1), &petrov).await, [id('b', 3), id('b', 4)]);
    assert_eq!(found(&app, Who::Doctor(1), &petrov).await, [id('b', 3), id('b', 4)]);
    assert_eq!(found(&app, Who::Staff(1), &json!({"name": "pet mila"})).await, [id('b', 4)]);
    assert_eq!(
        found(&app, Who::Staff(1), &json!({"email": "Elena.Petrov@example.com"})).await,
        [id('b', 3), id('b', 4)]
    );
    for who in [Who::Doctor(2), Who::Staff(2)] {
        assert!(found(&app, who, &petrov).await.is_empty(), "{who:?}");
    }
    // Accents make no difference; patient 17 is seen at clinic 2.
    assert_eq!(found(&app, Who::Staff(2), &json!({"name": "bjorn karl"})).await, [id('b', 17)]);
    for (who, status) in [(Who::Patient(1), 403), (Who::Admin, 403)] {
        assert_eq!(app.post_as(who, "/api/v1/patients/search", &petrov).await.status, status, "{who:?}");
    }
    let log = app.get_as(Who::Patient(3), "/api/v1/me/access-log").await.list();
    assert!(log.len() >= 4 && log.iter().all(|one| one["what"] == "search"), "{log:?}");
}

#[actix_web::test]
async fn too_little_and_what_cannot_be_is_refused() {
    let app = App::start().await;
    for (search, field) in [
        (json!({}), "name:required"),
        (json!({"name": "--"}), "name:name"),
        (json!({"phone": "12345"}), "phone:phone"),
        (json!({"role": "x"}), "role:unknown"),
    ] {
        let refused = app.post_as(Who::Staff(1), "/api/v1/patients/search", &search).await;
        assert_eq!(refused.bad_fields(), [field], "{search}");
    }
}

#[actix_web::test]
async fn a_front_desk_takes_somebody_down_finds_them_and_books_for_them() {
    let app = App::start().await;
    let request = || TestRequest::post().uri(PATIENTS).set_json(ruth()).insert_header(("idempotency-key", "ruth"));
    let added = app.send_as(Who::Staff(1), request()).await;
    assert_eq!((added.status, added.header("etag")), (201, Some("\"v1\"")), "{}", added.text());
    let again = app.send_as(Who::Staff(1), request()).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &added.body));
    let patient = added.json()["id"].as_str().unwrap().to_owned();
    for search in [
        json!({"name": "celik ruth"}),
        json!({"phone": "555-0199"}),
        json!({"birth_date": "1980-02-29"}),
        json!({"name": "nei", "birth_date": "1980-02-29"}),
    ] {
        assert_eq!(found(&app, Who::Staff(1), &search).await, [patient.as_str()], "{search}");
        assert!(found(&app, Who::Staff(2), &search).await.is_empty(), "another clinic's desk: {search}");
    }
    assert_eq!(app.get_as(Who::Staff(1), &format!("{PATIENTS}/{patient}")).await.status, 200);
    assert_eq!(app.get_as(Who::Staff(2), &format!("{PATIENTS}/{patient}")).await.status, 404);
    let visit = json!({"doctor_id": id('d', 1), "starts_at": "2027-03-09T09:00:00-05:00", "patient_id": patient});
    assert_eq!(app.post_as(Who::Staff(1), "/api/v1/appointments", &visit).await.status, 201);
    assert_eq!(
        found(&app, Who::Doctor(1), &json!({"name": "ruth"})).await,
        [patient.as_str()],
        "now there is a care link"
    );
    let events = "SELECT data::text FROM journal.audit_event WHERE action = 'patient.taken_down'";
    let events = app.texts(events).await;
    assert!(events.len() == 1 && !events[0].contains("Ruth"), "{events:?}");
    let stored = crate::at_rest::stored(&app).await;
    assert_eq!(crate::at_rest::in_the_clear(&stored, &["Çelik", "Celik", "5550199", "1980-02-29"]), [""; 0]);
    let elsewhere = crate::app::with(&ruth(), "clinic_id", id('c', 2));
    assert_eq!(app.post_as(Who::Staff(1), PATIENTS, &elsewhere).await.bad_fields(), ["clinic_id:unknown"]);
}

#[actix_web::test]
async fn a_namesake_is_told_of_until_the_desk_says_it_is_somebody_else() {
    let app = App::start().await;
    let first = app.post_as(Who::Staff(1), PATIENTS, &ruth()).await;
    let same = crate::app::with(&ruth(), "name", "RUTH o'neill celik");
    let told = app.post_as(Who::Staff(1), PATIENTS, &same).await;
    assert_eq!(told.problem(), (409, "perhaps-known".to_owned()));
    assert_eq!(told.json()["patient_ids"], json!([first.json()["id"]]));
    let other_day = crate::app::with(&same, "birth_date", "1980-02-28");
    assert_eq!(app.post_as(Who::Staff(1), PATIENTS, &other_day).await.status, 201);
    let sure = crate::app::with(&same, "somebody_else", true);
    assert_eq!(app.post_as(Who::Staff(1), PATIENTS, &sure).await.status, 201);
    // Another clinic's namesakes are nobody's business.
    assert_eq!(
        app.post_as(Who::Staff(2), PATIENTS, &crate::app::with(&ruth(), "clinic_id", id('c', 2))).await.status,
        201
    );
}

#[actix_web::test]
async fn a_front_desk_corrects_the_version_it_has_read_and_they_are_found_by_what_is_new() {
    let app = App::start().await;
    let added = app.post_as(Who::Staff(1), PATIENTS, &ruth()).await;
    let patient = added.json()["id"].as_str().unwrap().to_owned();
    let request = TestRequest::with_uri(&format!("{PATIENTS}/{patient}")).method(Method::PATCH);
    assert_eq!(app.send_as(Who::Staff(1), request.set_json(json!({}))).await.status, 428);
    let body = json!({"name": "Ruth Baker", "phone": null, "email": "ruth@example.org"});
    let changed = corrected(&app, Who::Staff(1), &patient, &body, "\"v1\"").await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"v2\"")), "{}", changed.text());
    assert_eq!(corrected(&app, Who::Staff(1), &patient, &body, "\"v1\"").await.status, 412);
    assert_eq!(corrected(&app, Who::Staff(2), &patient, &body, "\"v2\"").await.status, 404);
    assert!(found(&app, Who::Staff(1), &json!({"phone": "5550199"})).await.is_empty());
    assert_eq!(found(&app, Who::Staff(1), &json!({"email": "ruth@example.org"})).await, [patient.as_str()]);
    assert_eq!(found(&app, Who::Staff(1), &json!({"name": "bak"})).await, [id('b', 1), patient], "and Alice Baker");
    // Whose account it is changes the address there.
    let eve = corrected(&app, Who::Staff(1), &id('b', 1), &json!({"email": "eve@example.org"}), "\"v1\"").await;
    assert_eq!(eve.bad_fields(), ["email:theirs"]);
}
