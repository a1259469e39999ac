//! For whom somebody books: oneself, a child, a parent; and that nobody comes by a stranger's record.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, doctor, guest, id, with};

const RELATIVES: &str = "/api/v1/me/relatives";
const FREE: &str = "2027-03-09T09:00:00-05:00";

fn visit(starts_at: &str) -> Value {
    json!({"doctor_id": doctor(1), "starts_at": starts_at})
}

fn mila() -> Value {
    json!({"name": "Mila Petrov-Baker", "relation": "child", "birth_date": "2019-05-04", "phone": "+1 212 555 0100"})
}

async fn changed(app: &App, who: Who, patient: &str, body: &Value, version: &str) -> Answer {
    let request = TestRequest::with_uri(&format!("{RELATIVES}/{patient}")).method(Method::PATCH);
    app.send_as(who, request.set_json(body).insert_header(("if-match", version))).await
}

async fn released(app: &App, who: Who, patient: &str) -> Answer {
    app.send_as(who, TestRequest::delete().uri(&format!("{RELATIVES}/{patient}"))).await
}

#[actix_web::test]
async fn the_list_holds_oneself_first_and_then_whom_one_looks_after() {
    let app = App::start().await;
    let list = app.get_as(Who::Patient(3), RELATIVES).await.list();
    let shown: Vec<(&str, &str)> =
        list.iter().map(|one| (one["patient_id"].as_str().unwrap(), one["relation"].as_str().unwrap())).collect();
    assert_eq!(shown, [(id('b', 3).as_str(), "self"), (id('b', 4).as_str(), "child")]);
    for (who, status) in [(Who::Doctor(1), 403), (Who::Staff(1), 403), (Who::Admin, 403)] {
        assert_eq!(app.get_as(who, RELATIVES).await.status, status, "{who:?}");
    }
    assert_eq!(app.get(RELATIVES).await.status, 401);
}

#[actix_web::test]
async fn a_child_is_added_once_booked_for_corrected_and_let_go() {
    let app = App::start().await;
    let who = Who::Patient(1);
    let add = || TestRequest::post().uri(RELATIVES).set_json(mila()).insert_header(("idempotency-key", "one-child"));
    let added = app.send_as(who, add()).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let again = app.send_as(who, add()).await;
    assert_eq!((again.body.clone(), again.header("idempotent-replayed")), (added.body.clone(), Some("true")));
    let child = added.json()["patient_id"].as_str().unwrap().to_owned();
    assert_eq!(added.header("location"), Some(format!("{RELATIVES}/{child}").as_str()));
    assert_eq!((&added.json()["phone"], &added.json()["email"]), (&json!("+12125550100"), &Value::Null));

    let booked = app.post_as(who, "/api/v1/appointments", &with(&visit(FREE), "patient_id", child.as_str())).await;
    assert_eq!(
        (booked.status, &booked.json()["patient_name"]),
        (201, &json!("Mila Petrov-Baker")),
        "{}",
        booked.text()
    );
    assert_eq!(booked.json()["patient_email"], Value::Null);

    assert_eq!(changed(&app, who, &child, &json!({"name": "Mila Baker"}), "\"v7\"").await.status, 412);
    let new = changed(&app, who, &child, &json!({"name": "Mila Baker", "phone": null}), "\"v1\"").await;
    assert_eq!((new.status, new.header("etag")), (200, Some("\"v2\"")), "{}", new.text());
    assert_eq!((&new.json()["name"], &new.json()["phone"]), (&json!("Mila Baker"), &Value::Null));
    assert_eq!(new.json()["birth_date"], "2019-05-04");

    assert_eq!(released(&app, who, &child).await.problem(), (409, "visits-ahead".to_owned()));
    assert_eq!(app.post(&booked.manage("/cancel"), &json!({})).await.status, 200);
    assert_eq!(released(&app, who, &child).await.status, 204);
    assert_eq!(released(&app, who, &child).await.status, 404);
    assert_eq!(app.get_as(who, RELATIVES).await.list().len(), 1);
    let kept = format!("SELECT count(*) FROM appointments.patient WHERE id = '{child}'");
    assert_eq!(app.number(&kept).await, 1, "the record stays");
    let trail = format!("SELECT action FROM journal.audit_event WHERE subject = '{child}' ORDER BY seq");
    assert_eq!(app.texts(&trail).await, ["patient.relative_added", "patient.corrected", "patient.relative_released"]);
}

#[actix_web::test]
async fn a_strangers_record_is_as_if_it_were_not_there() {
    let app = App::start().await;
    let (who, stranger, nobody) = (Who::Patient(1), id('b', 4), id('b', 99));
    let before = app.tables().await;
    for patient in [&stranger, &nobody] {
        assert_eq!(app.get_as(who, &format!("{RELATIVES}/{patient}")).await.problem().0, 404);
        assert_eq!(changed(&app, who, patient, &json!({"name": "X"}), "\"v1\"").await.problem().0, 404);
        assert_eq!(released(&app, who, patient).await.problem().0, 404);
        let wish = with(&visit(FREE), "patient_id", patient.as_str());
        let refused = app.post_as(who, "/api/v1/appointments", &wish).await;
        assert_eq!(refused.bad_fields(), ["patient_id:unknown"]);
    }
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn naming_a_strangers_address_leads_to_no_record_of_theirs() {
    let app = App::start().await;
    // Patient 6 to the letter; the record that comes of it is a new one.
    let grace = json!({"name": "Grace Murphy", "relation": "partner", "email": "grace.murphy@example.com"});
    let added = app.post_as(Who::Patient(1), RELATIVES, &grace).await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_ne!(added.json()["patient_id"], id('b', 6));
    // And Grace, who books as a guest, is still herself.
    let booked = app.booked(&with(&guest("Grace Murphy", 2, FREE), "patient_email", "grace.murphy@example.com")).await;
    assert_eq!(booked.json()["patient_id"], id('b', 6));
}

#[actix_web::test]
async fn oneself_is_neither_released_nor_turned_into_somebody_else() {
    let app = App::start().await;
    let (who, own) = (Who::Patient(1), id('b', 1));
    assert_eq!(released(&app, who, &own).await.problem(), (409, "oneself-stays".to_owned()));
    assert_eq!(changed(&app, who, &own, &json!({"relation": "other"}), "\"v1\"").await.bad_fields(), ["relation:self"]);
    let second = app.post_as(who, RELATIVES, &with(&mila(), "relation", "self")).await;
    assert_eq!(second.bad_fields(), ["relation:self"]);
    let bare = TestRequest::with_uri(&format!("{RELATIVES}/{own}")).method(Method::PATCH).set_json(json!({}));
    assert_eq!(app.send_as(who, bare).await.problem(), (428, "precondition-required".to_owned()));
}

#[actix_web::test]
async fn every_bad_field_of_a_relative_is_told() {
    let app = App::start().await;
    let bad = json!({"name": "", "relation": "cousin", "email": "x", "birth_date": "2019-05-04T00:00", "age": 7});
    let refused = app.post_as(Who::Patient(1), RELATIVES, &bad).await;
    assert_eq!(refused.bad_fields(), ["age:unknown", "birth_date:type", "email:email", "name:length", "relation:type"]);
    for (field, value) in [("birth_date", "1899-12-31"), ("phone", "12")] {
        assert_eq!(app.post_as(Who::Patient(1), RELATIVES, &with(&mila(), field, value)).await.status, 422, "{field}");
    }
}

#[actix_web::test]
async fn one_looks_after_twenty_others_and_no_more() {
    let app = App::start().await;
    let who = Who::Patient(1);
    for number in 0..20 {
        let one = with(&mila(), "name", format!("Child {number}"));
        assert_eq!(app.post_as(who, RELATIVES, &one).await.status, 201);
    }
    assert_eq!(app.post_as(who, RELATIVES, &mila()).await.problem(), (409, "too-many-relatives".to_owned()));
    assert_eq!(app.get_as(who, RELATIVES).await.list().len(), 21);
}

#[actix_web::test]
async fn a_patient_who_is_signed_in_books_for_oneself_and_names_nobody() {
    let app = App::start().await;
    let booked = app.post_as(Who::Patient(1), "/api/v1/appointments", &visit(FREE)).await;
    assert_eq!((booked.status, &booked.json()["patient_id"]), (201, &json!(id('b', 1))), "{}", booked.text());
    let letter = format!(
        "SELECT count(*) FROM journal.outbox WHERE topic = 'mail' AND subject = '{}'",
        booked.json()["id"].as_str().unwrap()
    );
    assert_eq!(app.number(&letter).await, 1);
    let named =
        app.post_as(Who::Patient(1), "/api/v1/appointments", &guest("Ada", 1, "2027-03-09T10:00:00-05:00")).await;
    assert_eq!(named.bad_fields(), ["patient_email:unknown", "patient_name:unknown"]);
}

#[actix_web::test]
async fn a_doctor_books_for_known_patients_and_a_front_desk_takes_down_new_ones() {
    let app = App::start().await;
    let book = "/api/v1/appointments";
    let wish = |patient: u32, time: &str| with(&visit(time), "patient_id", id('b', patient));
    let own = app.post_as(Who::Doctor(1), book, &wish(1, FREE)).await;
    assert_eq!((own.status, own.json().get("manage_url")), (201, None), "{}", own.text());
    // Patient 9 is doctor 3's; doctor 1 has never seen them, the clinic has.
    let ten = "2027-03-09T10:00:00-05:00";
    assert_eq!(app.post_as(Who::Doctor(1), book, &wish(9, ten)).await.bad_fields(), ["patient_id:unknown"]);
    assert_eq!(app.post_as(Who::Staff(1), book, &wish(9, ten)).await.status, 201);
    assert_eq!(app.post_as(Who::Staff(2), book, &wish(9, ten)).await.bad_fields(), ["patient_id:unknown"]);
    // Somebody else's calendar is as if the doctor did not exist.
    assert_eq!(app.post_as(Who::Doctor(2), book, &wish(5, ten)).await.bad_fields(), ["doctor_id:unknown"]);
    let eleven = "2027-03-09T11:00:00-05:00";
    let by_phone = with(&with(&visit(eleven), "patient_name", "Walk In"), "patient_phone", "212 555 0101");
    assert_eq!(app.post_as(Who::Staff(1), book, &by_phone).await.status, 201);
    let unreachable = with(&by_phone, "patient_phone", Value::Null);
    assert_eq!(app.post_as(Who::Staff(1), book, &unreachable).await.bad_fields(), ["patient_email:required"]);
    let both = with(&by_phone, "patient_id", id('b', 1));
    assert_eq!(
        app.post_as(Who::Staff(1), book, &both).await.bad_fields(),
        ["patient_name:either-or", "patient_phone:either-or"]
    );
    assert_eq!(app.post_as(Who::Admin, book, &visit(FREE)).await.bad_fields(), ["patient_id:required"]);
}

#[actix_web::test]
async fn one_callers_key_never_gives_another_callers_answer() {
    let app = App::start().await;
    let send = |who: Who, time: &str| {
        let request = TestRequest::post().uri("/api/v1/appointments").set_json(visit(time));
        app.send_as(who, request.insert_header(("idempotency-key", "the-same-key")))
    };
    let first = send(Who::Patient(1), FREE).await;
    let other = send(Who::Patient(2), "2027-03-09T10:00:00-05:00").await;
    assert_eq!((first.status, other.status), (201, 201));
    assert_eq!(other.json()["patient_id"], id('b', 2));
    assert_eq!(send(Who::Patient(1), FREE).await.body, first.body);
}
