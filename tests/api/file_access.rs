//! Who deals with whose files, and what is written down of it.

use serde_json::{Value, json};

use crate::app::{App, Who, id};
use crate::papers::{House, UPLOAD, file, form, says};

async fn hands_in(app: &App, who: Who, patient: u32) -> u16 {
    let parts = [says("patient_id", &id('b', patient)), file("a.txt", "text")];
    app.send_as(who, form(UPLOAD, &parts)).await.status
}

#[actix_web::test]
async fn files_are_handed_in_for_those_one_is_tied_to() {
    let house = House::new().await;
    for (who, patient, status) in [
        (Who::Patient(1), 1, 201),
        (Who::Patient(1), 2, 422),
        // A child whom the user looks after.
        (Who::Patient(3), 4, 201),
        (Who::Doctor(1), 1, 201),
        (Who::Doctor(4), 1, 422),
        (Who::Staff(1), 1, 201),
        (Who::Staff(2), 1, 422),
        (Who::Admin, 1, 403),
    ] {
        assert_eq!(hands_in(&house.app, who, patient).await, status, "{who:?} for {patient}");
    }
    let answers: Vec<String> = {
        let mut answers = Vec::new();
        for patient in [2, 99_999] {
            let parts = [says("patient_id", &id('b', patient)), file("a.txt", "text")];
            let mut body = house.app.send_as(Who::Patient(1), form(UPLOAD, &parts)).await.json();
            body.as_object_mut().unwrap().remove("request_id");
            answers.push(body.to_string());
        }
        answers
    };
    assert_eq!(answers[0], answers[1], "another's patient is told from none");
    let nobodys = house.upload(Who::Doctor(1), &[file("a.txt", "text")]).await;
    assert_eq!(nobodys.bad_fields(), ["patient_id:required"]);
    let clinics = "SELECT coalesce(clinic_id::text, '-') FROM files.file ORDER BY id";
    assert_eq!(house.app.texts(clinics).await, ["-", "-", &id('c', 1), &id('c', 1)]);
}

#[actix_web::test]
async fn a_front_desk_sees_names_and_nothing_of_what_stands_in_files() {
    let house = House::new().await;
    let files = house.uploaded(&[file("Letter.txt", "seen on 2027-02-03")]).await;
    house.work().await;
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    let of = format!("/api/v1/files/list?patient_id={}", id('b', 1));
    let listed = house.app.get_as(Who::Staff(1), &of).await.list();
    assert_eq!((&listed[0]["name"], &listed[0]["state"]), (&json!("Letter.txt"), &json!("available")));
    for hidden in ["dates", "sha256", "key", "pages"] {
        assert_eq!(listed[0][hidden], Value::Null, "{hidden}");
        assert_eq!(house.app.get_as(Who::Staff(1), &uri).await.json()[hidden], Value::Null, "{hidden}");
    }
    assert_eq!(house.app.get_as(Who::Staff(1), &format!("{uri}/content")).await.problem().0, 403);
    assert_eq!(house.app.get_as(Who::Doctor(1), &of).await.list()[0]["dates"], json!(["2027-02-03"]));
    for who in [Who::Staff(2), Who::Doctor(4), Who::Patient(2)] {
        assert_eq!(house.app.get_as(who, &of).await.status, 404, "{who:?}");
        assert_eq!(house.app.get_as(who, &uri).await.status, 404, "{who:?}");
    }
    assert_eq!(house.app.get_as(Who::Doctor(1), "/api/v1/files/list").await.bad_fields(), ["patient_id:required"]);
}

#[actix_web::test]
async fn every_look_of_a_practice_is_written_down_before_it_is_answered_emergencies_as_such() {
    let house = House::new().await;
    let files = house.uploaded(&[file("a.txt", "text")]).await;
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    let content = format!("{uri}/content");
    assert_eq!(house.app.get_as(Who::Doctor(4), &content).await.status, 404);
    let open = format!("/api/v1/patients/{}/emergency-access", id('b', 1));
    let why = json!({"reason": "Unconscious after a fall, allergies unknown"});
    assert_eq!(house.app.post_as(Who::Doctor(4), &open, &why).await.status, 201);
    assert_eq!(house.app.get_as(Who::Doctor(4), &content).await.status, 200);
    assert_eq!(hands_in(&house.app, Who::Doctor(4), 1).await, 201);
    assert_eq!(house.app.get_as(Who::Doctor(1), &uri).await.status, 200);
    assert_eq!(
        house.app.get_as(Who::Staff(1), &format!("/api/v1/files/list?patient_id={}", id('b', 1))).await.status,
        200
    );
    let log = "SELECT actor_kind || ' ' || what || ' ' || emergency FROM appointments.access_log WHERE what LIKE 'file%' ORDER BY id";
    assert_eq!(house.app.texts(log).await, ["doctor file content true", "doctor file false", "staff files false"]);

    house.app.sql("ALTER TABLE appointments.access_log RENAME TO away").await;
    for uri in [&uri, &content] {
        assert_eq!(house.app.get_as(Who::Doctor(1), uri).await.status, 500, "{uri}");
        assert_eq!(house.app.get_as(Who::Patient(1), uri).await.status, 200, "{uri}");
    }
}
