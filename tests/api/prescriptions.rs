//! Prescriptions: written, changed, read, listed and withdrawn.

use actix_web::test::TestRequest;
use prescriptions::domain::CheckCode;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, all, doctor, id, keys};
use crate::letters::all_to;

const LIST: &str = "/api/v1/prescriptions";
/// A completed visit of patient 1 with doctor 1 at which nothing was prescribed.
pub const VISIT: u32 = 11_311;
/// One at which something was.
pub const PRESCRIBED: u32 = 11_109;

pub fn medicine(name: &str) -> Value {
    json!({"name": name, "dosage": "1 tablet twice a day", "duration": "7 days", "refills": 1,
           "instructions": "With water"})
}

pub fn body(visit: u32) -> Value {
    json!({"appointment_id": id('a', visit), "medicines": [medicine("Exemplarin 500 mg")], "note": "Drink a lot"})
}

pub fn change(name: &str) -> Value {
    json!({"medicines": [medicine(name), medicine("Samplex syrup")]})
}

/// The code on the paper of a visit's prescription in the fixed set.
pub fn code_of(visit: u32) -> String {
    let drawn = keys().blind("seed.prescription.code", &id('a', visit));
    CheckCode::new(std::array::from_fn(|at| drawn[at])).to_string()
}

pub async fn written(app: &App) -> Answer {
    let written = app.post_as(Who::Doctor(1), LIST, &body(VISIT)).await;
    assert_eq!(written.status, 201, "{}", written.text());
    written
}

pub async fn put(app: &App, who: Who, uri: &str, version: &str, body: &Value) -> Answer {
    app.send_as(who, TestRequest::put().uri(uri).insert_header(("if-match", version)).set_json(body)).await
}

/// What was written down about a record, the oldest first.
async fn trail(app: &App, subject: &Value) -> Vec<String> {
    let subject = subject.as_str().unwrap();
    app.texts(&format!(
        "SELECT action || ' ' || actor_kind FROM journal.audit_event WHERE subject = '{subject}' ORDER BY seq"
    ))
    .await
}

#[actix_web::test]
async fn a_doctor_prescribes_for_a_visit_that_took_place_and_the_patient_is_told() {
    let app = App::start().await;
    let written = written(&app).await;
    let body = written.json();
    let uri = format!("{LIST}/{}", body["id"].as_str().unwrap());
    assert_eq!((written.header("location"), written.header("etag")), (Some(uri.as_str()), Some("\"v1\"")));
    assert_eq!((&body["appointment_id"], &body["doctor_id"]), (&json!(id('a', VISIT)), &json!(doctor(1))));
    assert_eq!((&body["patient_name"], &body["doctor_name"]), (&json!("Alice Baker"), &json!("Amara Okafor")));
    assert_eq!((&body["clinic_name"], &body["specialty"]), (&json!("Harbor Health Center"), &json!("Cardiology")));
    assert_eq!((&body["version"], &body["newest_version"], &body["state"]), (&json!(1), &json!(1), &json!("valid")));
    // Midnight of the eighth in New York.
    assert_eq!((&body["issued_on"], &body["valid_until"]), (&json!("2027-03-08"), &json!("2027-06-08")));
    assert_eq!((&body["medicines"], &body["note"]), (&json!([medicine("Exemplarin 500 mg")]), &json!("Drink a lot")));
    assert_eq!(body["hash"].as_str().unwrap().len(), 64);

    let shown = app.get_as(Who::Patient(1), &uri).await;
    assert_eq!((shown.status, shown.json(), shown.header("cache-control")), (200, body.clone(), Some("no-store")));
    let letters = all_to(&app, "alice.baker@example.com").await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].template, "prescription-ready");
    assert_eq!(letters[0].values["url"], format!("https://doktolib.example{uri}/pdf"));
    let told = format!("{:?}", letters[0].values);
    assert!(!told.contains("Exemplarin") && !told.contains("Drink"), "{told}");
    assert_eq!(trail(&app, &body["id"]).await, ["prescription.written doctor"]);
    let data = app.texts("SELECT data::text FROM journal.audit_event WHERE action = 'prescription.written'").await;
    assert!(!data[0].contains("Exemplarin") && !data[0].contains("Alice"), "{data:?}");
    app.audited().await;
}

#[actix_web::test]
async fn there_is_one_for_each_visit_and_none_before_the_patient_has_come() {
    let app = App::start().await;
    let first = written(&app).await.json();
    let second = app.post_as(Who::Doctor(1), LIST, &body(VISIT)).await;
    assert_eq!(second.problem(), (409, "prescription-exists".to_owned()));
    assert_eq!(second.json()["prescription_id"], first["id"]);
    // Booked, cancelled, missed.
    for visit in [12_109, 11_114, 11_515] {
        let refused = app.post_as(Who::Doctor(1), LIST, &body(visit)).await;
        assert_eq!(refused.problem(), (409, "visit-not-held".to_owned()), "{visit}");
    }
    let arrive = format!("/api/v1/appointments/{}/arrive", id('a', 12_109));
    app.set_clock("2027-03-08T14:00:00Z");
    assert_eq!(app.post_as(Who::Doctor(1), &arrive, &json!({})).await.status, 200);
    assert_eq!(app.post_as(Who::Doctor(1), LIST, &body(12_109)).await.status, 201, "while the patient is there");
}

#[actix_web::test]
async fn nobody_writes_for_another_doctors_visit_and_every_bad_field_is_named() {
    let app = App::start().await;
    let before = app.tables().await;
    for (who, visit) in [(Who::Doctor(2), VISIT), (Who::Doctor(1), 99_999), (Who::Doctor(4), VISIT)] {
        let refused = app.post_as(who, LIST, &body(visit)).await;
        assert_eq!(refused.bad_fields(), ["appointment_id:unknown"], "{who:?}");
    }
    for who in [Who::Patient(1), Who::Staff(1), Who::Admin] {
        assert_eq!(app.post_as(who, LIST, &json!("nonsense")).await.problem(), (403, "forbidden".to_owned()));
    }
    let mut bad = body(VISIT);
    bad["valid_until"] = json!("2028-03-09");
    bad["medicines"] = json!([{"name": "", "dosage": "x".repeat(201), "refills": 13}]);
    let mut fields = app.post_as(Who::Doctor(1), LIST, &bad).await.bad_fields();
    fields.sort();
    assert_eq!(
        fields,
        [
            "medicines[0].dosage:length",
            "medicines[0].duration:required",
            "medicines[0].name:required",
            "medicines[0].refills:range",
            "valid_until:range"
        ]
    );
    assert_eq!(app.post_as(Who::Doctor(1), LIST, &json!({})).await.bad_fields().len(), 2);
    let mut strange = body(VISIT);
    strange["doctor_id"] = json!(doctor(1));
    assert_eq!(app.post_as(Who::Doctor(1), LIST, &strange).await.bad_fields(), ["doctor_id:unknown"]);
    let mut many = body(VISIT);
    many["medicines"] = json!(vec![medicine("x"); 21]);
    assert_eq!(app.post_as(Who::Doctor(1), LIST, &many).await.bad_fields(), ["medicines:length"]);
    assert_eq!(app.tables().await, before);
}

#[actix_web::test]
async fn a_repeated_wish_writes_one_prescription() {
    let app = App::start().await;
    let wish = |body: &Value| TestRequest::post().uri(LIST).set_json(body).insert_header(("idempotency-key", "one"));
    let first = app.send_as(Who::Doctor(1), wish(&body(VISIT))).await;
    let again = app.send_as(Who::Doctor(1), wish(&body(VISIT))).await;
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, Some("true")));
    assert_eq!((again.text(), again.header("etag")), (first.text(), first.header("etag")));
    let other = app.send_as(Who::Doctor(1), wish(&body(11_511))).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event WHERE action = 'prescription.written'").await, 1);
    assert_eq!(all_to(&app, "alice.baker@example.com").await.len(), 1);
}

#[actix_web::test]
async fn a_change_is_a_new_version_and_both_can_be_read() {
    let app = App::start().await;
    let first = written(&app).await.json();
    let uri = format!("{LIST}/{}", first["id"].as_str().unwrap());
    app.set_clock("2027-03-10T15:00:00Z");
    let without = app.send_as(Who::Doctor(1), TestRequest::put().uri(&uri).set_json(change("Demotab"))).await;
    assert_eq!(without.status, 428);
    let changed = put(&app, Who::Doctor(1), &uri, "\"v1\"", &change("Demotab 20 mg")).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"v2\"")), "{}", changed.text());
    let second = changed.json();
    assert_eq!(
        (&second["id"], &second["version"], &second["issued_on"]),
        (&first["id"], &json!(2), &json!("2027-03-10"))
    );
    assert!(second["hash"] != first["hash"] && second["check_url"] != first["check_url"]);
    let stale = put(&app, Who::Doctor(1), &uri, "\"v1\"", &change("Mockopril")).await;
    assert_eq!(stale.status, 412);
    let same = put(&app, Who::Doctor(1), &uri, "\"v2\"", &change("Demotab 20 mg")).await;
    assert_eq!((same.status, same.json()["version"].as_i64()), (200, Some(2)), "one that says the same is none");
    let foreign = put(&app, Who::Doctor(2), &uri, "\"v2\"", &change("Mockopril")).await;
    assert_eq!(foreign.problem(), (404, "not-found".to_owned()));

    assert_eq!(app.get_as(Who::Doctor(1), &uri).await.json(), second);
    let old = app.get_as(Who::Patient(1), &format!("{uri}?version=1")).await.json();
    assert_eq!(
        (&old["medicines"], &old["hash"], &old["state"]),
        (&first["medicines"], &first["hash"], &json!("replaced"))
    );
    assert_eq!((&old["version"], &old["newest_version"]), (&json!(1), &json!(2)));
    assert_eq!(app.get_as(Who::Doctor(1), &format!("{uri}?version=3")).await.status, 404);
    assert_eq!(app.get_as(Who::Doctor(1), &format!("{uri}?version=0")).await.bad_fields(), ["version:range"]);
    let versions = app.get_as(Who::Patient(1), &format!("{uri}/versions")).await.list();
    assert_eq!(versions, [old, second.clone()]);
    let rows = format!("SELECT count(*) FROM prescriptions.prescription WHERE appointment_id = '{}'", id('a', VISIT));
    assert_eq!(app.number(&rows).await, 1);
    assert_eq!(trail(&app, &first["id"]).await, ["prescription.written doctor", "prescription.changed doctor"]);
    assert_eq!(all_to(&app, "alice.baker@example.com").await.len(), 2, "told of each paper");
}

#[actix_web::test]
async fn what_was_withdrawn_is_not_good_any_more_and_not_changed() {
    let app = App::start().await;
    let first = written(&app).await.json();
    let uri = format!("{LIST}/{}", first["id"].as_str().unwrap());
    let withdraw = format!("{uri}/withdraw");
    let why = json!({"reason": "Wrong dose"});
    assert_eq!(app.post_as(Who::Doctor(1), &withdraw, &json!({"reason": "  "})).await.bad_fields(), ["reason:length"]);
    assert_eq!(app.post_as(Who::Doctor(1), &withdraw, &json!({})).await.bad_fields(), ["reason:required"]);
    assert_eq!(app.post_as(Who::Doctor(2), &withdraw, &why).await.status, 404);
    assert_eq!(app.post_as(Who::Patient(1), &withdraw, &why).await.status, 403);
    let late = TestRequest::post().uri(&withdraw).insert_header(("if-match", "\"v7\"")).set_json(&why);
    assert_eq!(app.send_as(Who::Doctor(1), late).await.status, 412);

    let gone = app.post_as(Who::Doctor(1), &withdraw, &why).await;
    assert_eq!((gone.status, gone.header("etag")), (200, Some("\"v2\"")), "{}", gone.text());
    let body = gone.json();
    assert_eq!((&body["state"], &body["withdraw_reason"]), (&json!("withdrawn"), &json!("Wrong dose")));
    assert_eq!((&body["version"], &body["withdrawn_at"]), (&json!(1), &json!("2027-03-08T00:00:00-05:00")));
    let again = app.post_as(Who::Doctor(1), &withdraw, &json!({"reason": "Another"})).await;
    assert_eq!((again.status, again.json()), (200, body.clone()));
    let refused = put(&app, Who::Doctor(1), &uri, "\"v2\"", &change("Demotab")).await;
    assert_eq!(refused.problem(), (409, "prescription-withdrawn".to_owned()));
    assert_eq!(app.get_as(Who::Patient(1), &uri).await.json(), body);
    assert_eq!(trail(&app, &first["id"]).await, ["prescription.written doctor", "prescription.withdrawn doctor"]);
}

#[actix_web::test]
async fn it_is_read_by_its_author_the_patients_side_and_doctors_who_treat_them() {
    let app = App::start().await;
    // Of patient 4, a child whom patient 3 looks after.
    let uri = format!("{LIST}/{}", id('6', 11_113));
    for (who, status) in [
        (Who::Doctor(1), 200),
        (Who::Patient(3), 200),
        (Who::Patient(1), 404),
        (Who::Doctor(2), 404),
        (Who::Doctor(4), 404),
        (Who::Staff(1), 403),
        (Who::Admin, 403),
    ] {
        for uri in [uri.clone(), format!("{uri}/versions"), format!("{uri}/pdf")] {
            assert_eq!(app.get_as(who, &uri).await.status, status, "{who:?} {uri}");
        }
    }
    assert_eq!(app.get(&uri).await.status, 401);
    // A visit with doctor 2 is a care link.
    let theirs =
        format!("UPDATE appointments.appointment SET patient_id = '{}' WHERE id = '{}'", id('b', 4), id('a', 22_109));
    app.sql(&theirs).await;
    assert_eq!(app.get_as(Who::Doctor(2), &uri).await.status, 200);
    let foreign = put(&app, Who::Doctor(2), &uri, "\"v1\"", &change("Demotab")).await;
    assert_eq!(foreign.status, 404, "reading is not writing");
    let open = format!("/api/v1/patients/{}/emergency-access", id('b', 4));
    assert_eq!(app.post_as(Who::Doctor(4), &open, &json!({"reason": "Unconscious on arrival"})).await.status, 201);
    assert_eq!(app.get_as(Who::Doctor(4), &uri).await.status, 200);
    let of = format!("{LIST}?patient_id={}", id('b', 4));
    assert!(!app.get_as(Who::Doctor(4), &of).await.list().is_empty());

    let log = app.get_as(Who::Patient(3), "/api/v1/me/access-log?limit=100").await.list();
    let told: Vec<Value> = log
        .iter()
        .filter(|one| one["what"].as_str().unwrap().starts_with("prescription"))
        .map(|one| json!([one["who"], one["what"], one["emergency"]]))
        .collect();
    assert_eq!(told.iter().filter(|one| one[0] == "Amara Okafor").count(), 3, "{told:?}");
    assert!(told.contains(&json!(["Daniel Reyes", "prescription", false])), "{told:?}");
    assert!(told.contains(&json!(["Wei Zhang", "prescription", true])), "{told:?}");
    assert!(told.contains(&json!(["Wei Zhang", "prescriptions", true])), "{told:?}");
    app.sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER no BEFORE INSERT ON appointments.access_log FOR EACH ROW EXECUTE FUNCTION no()",
    )
    .await;
    assert_eq!(app.get_as(Who::Doctor(1), &uri).await.status, 500, "what cannot be written down is not shown");
}

#[actix_web::test]
async fn a_list_holds_what_is_within_reach_and_fits() {
    let app = App::start().await;
    let written = written(&app).await.json();
    let list = async |who: Who, query: &str| app.get_as(who, &format!("{LIST}?limit=100&{query}")).await.list();
    let own = list(Who::Doctor(1), "").await;
    assert_eq!((own.len(), &own[0]), (14, &written), "the newest first");
    assert!(own.iter().all(|one| one["doctor_id"] == json!(doctor(1))));
    assert_eq!(list(Who::Patient(1), "").await.len(), 3);
    let both = list(Who::Patient(3), "").await;
    assert!(both.iter().any(|one| one["patient_name"] == "Mila Petrov"), "and those of whom one looks after");
    assert_eq!(list(Who::Patient(5), "").await.iter().filter(|one| one["patient_id"] == json!(id('b', 1))).count(), 0);
    for (query, count) in [
        (format!("patient_id={}", id('b', 1)), 3),
        (format!("doctor_id={}", doctor(1)), 14),
        (format!("doctor_id={}", doctor(2)), 0),
        ("patient=alice".to_owned(), 3),
        ("patient=BAK".to_owned(), 3),
        ("patient=ba".to_owned(), 0),
        ("medication=water".to_owned(), 0),
        ("medication=exemplarin+500&from=2027-03-08".to_owned(), 1),
        ("patient=omar&medication=exemplarin+500&from=2027-03-08".to_owned(), 0),
        ("from=2027-03-08&to=2027-03-08".to_owned(), 1),
        ("to=2027-03-01".to_owned(), 4),
        ("state=valid".to_owned(), 14),
        ("state=expired".to_owned(), 0),
    ] {
        assert_eq!(list(Who::Doctor(1), &query).await.len(), count, "{query}");
    }
    app.set_clock("2027-06-02T04:00:00Z");
    assert_eq!(list(Who::Doctor(1), "state=expired").await.len(), 4, "the clock alone makes them expire");
    for (query, fields) in [
        ("state=replaced", ["state:type"]),
        ("patient=-", ["patient:words"]),
        ("medication=", ["medication:length"]),
        ("from=2027-3-1", ["from:type"]),
        ("limit=0", ["limit:range"]),
        ("nonsense=1", ["nonsense:unknown"]),
        ("cursor=x", ["cursor:cursor"]),
    ] {
        assert_eq!(app.get_as(Who::Doctor(1), &format!("{LIST}?{query}")).await.bad_fields(), fields, "{query}");
    }
    for who in [Who::Staff(1), Who::Admin] {
        assert_eq!(app.get_as(who, LIST).await.problem(), (403, "forbidden".to_owned()));
    }
    assert_eq!(app.get(LIST).await.status, 401);
}

#[actix_web::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = App::start().await;
    let whole = app.get_as(Who::Doctor(1), &format!("{LIST}?limit=100")).await.list();
    let (mut uri, mut seen) = (format!("{LIST}?limit=5"), Vec::new());
    loop {
        let page = app.get_as(Who::Doctor(1), &uri).await;
        seen.extend(page.list());
        match page.next() {
            Some(next) => uri = next,
            None => break,
        }
    }
    assert_eq!((all(&seen, "id"), seen.len()), (all(&whole, "id"), 13));
}

#[actix_web::test]
async fn a_doctors_figures_count_what_the_doctor_has_prescribed() {
    let app = App::start().await;
    let uri = format!("{LIST}/figures");
    let before = app.get_as(Who::Doctor(1), &uri).await.json();
    assert_eq!((&before["doctor_id"], &before["total"]), (&json!(doctor(1)), &json!(13)));
    assert_eq!((&before["patients"], &before["last_30_days"]), (&json!(4), &json!(13)));
    let uri = format!("{uri}?doctor_id={}", doctor(1));
    app.set_clock("2027-05-08T05:00:00Z");
    let mut new = body(VISIT);
    new["medicines"] = json!([medicine("Nowhere else"), medicine("NOWHERE  else")]);
    assert_eq!(app.post_as(Who::Doctor(1), LIST, &new).await.status, 201);
    let after = app.get_as(Who::Doctor(1), &uri).await.json();
    assert_eq!((&after["total"], &after["last_30_days"]), (&json!(14), &json!(1)));
    assert_eq!(after["medications"].as_i64(), before["medications"].as_i64().map(|count| count + 1));
    assert_eq!(app.get_as(Who::Doctor(2), &uri).await.problem(), (404, "not-found".to_owned()));
    assert_eq!(app.get_as(Who::Patient(1), &uri).await.status, 403);
}

#[actix_web::test]
async fn old_clients_that_ask_for_a_doctors_prescriptions_are_sent_to_the_list() {
    let app = App::reading().await;
    for who in [Who::Doctor(1), Who::Patient(1)] {
        let sent = app.get_as(who, &format!("{LIST}/{}", doctor(1))).await;
        let list = format!("{LIST}?doctor_id={}", doctor(1));
        assert_eq!((sent.status, sent.header("location")), (307, Some(list.as_str())), "{who:?}");
    }
    assert_eq!(app.get_as(Who::Doctor(1), &format!("{LIST}/{}", doctor(99))).await.status, 404);
    assert_eq!(app.get_as(Who::Staff(1), &format!("{LIST}/{}", doctor(1))).await.status, 403);
}

#[actix_web::test]
async fn the_calendar_tells_the_doctor_alone_which_visits_have_one() {
    let app = App::start().await;
    let uri = format!("/api/v1/doctors/{}/appointments?filter=past&limit=100", doctor(1));
    let seen = app.get_as(Who::Doctor(1), &uri).await.list();
    let of =
        |number: u32| seen.iter().find(|visit| visit["id"] == json!(id('a', number))).unwrap()["prescription"].clone();
    assert_eq!(of(VISIT), Value::Null);
    let summary = json!({"id": id('6', PRESCRIBED), "version": 1, "state": "valid", "issued_on": "2027-03-01",
                         "valid_until": "2027-06-01"});
    assert_eq!(of(PRESCRIBED), summary);
    assert_eq!(seen.iter().filter(|visit| !visit["prescription"].is_null()).count(), 13);
    for who in [Who::Staff(1), Who::Admin] {
        let seen = app.get_as(who, &uri).await.list();
        assert!(seen.len() == 24 && seen.iter().all(|visit| visit["prescription"].is_null()), "{who:?}");
    }
}
