//! The description of the API: whole, committed, and true.

use std::collections::BTreeSet;
use std::path::Path;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, ada, doctor, guest, id, link, with};
use crate::schema::{Operation, document, faults, operations};

/// Answers with the form of a success although their status is none: monitors read them.
const NO_PROBLEMS: [(&str, &str); 1] = [("ready", "503")];

fn every<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    visit(value);
    match value {
        Value::Array(list) => list.iter().for_each(|inner| every(inner, visit)),
        Value::Object(map) => map.values().for_each(|inner| every(inner, visit)),
        _ => {}
    }
}

#[test]
fn the_committed_copy_is_the_description_of_this_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let written = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(written.lines()).position(|(old, new)| old != new);
    assert!(
        committed == written,
        "docs/openapi.json differs from line {differs:?} on; write it anew with UPDATE_OPENAPI=1"
    );
}

#[test]
fn it_is_openapi_3_1_with_everything_it_refers_to() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let (mut references, mut used) = (0, BTreeSet::new());
    every(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            references += 1;
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
            used.insert(reference.rsplit('/').next().unwrap());
        }
        // 3.1 has no word `nullable`; a type may be null.
        assert!(value.get("nullable").is_none_or(|found| !found.is_boolean()), "{value}");
    });
    assert!(references > 30, "{references}");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(used.contains(name.as_str()), "nothing refers to {name}");
        assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} is not described");
        let properties = schema.get("properties").and_then(Value::as_object);
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            assert!(
                properties.is_some_and(|known| known.contains_key(required.as_str().unwrap())),
                "{name}: {required}"
            );
        }
    }
}

#[test]
fn every_operation_has_a_name_a_tag_a_summary_and_answers() {
    let document = document();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for Operation { id, value, path, .. } in operations() {
        assert!(id.starts_with(|c: char| c.is_ascii_lowercase()) && ids.insert(id.clone()), "{path}: {id}");
        assert!(value["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
        let own = value["tags"].as_array().unwrap();
        assert!(own.len() == 1 && tags.contains(own[0].as_str().unwrap()), "{id}: {own:?}");
        let answers = value["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{id} never works");
        for (status, answer) in answers {
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{id} {status}");
            if status.starts_with(['4', '5']) && !NO_PROBLEMS.contains(&(id.as_str(), status)) {
                let types: Vec<&String> = answer["content"].as_object().unwrap().keys().collect();
                assert_eq!(types, ["application/problem+json"], "{id} {status}");
            }
        }
    }
    assert!(ids.len() >= 16, "{ids:?}");
}

#[test]
fn every_parameter_is_described_and_those_of_the_path_are_the_ones_in_it() {
    for Operation { id, path, value, .. } in operations() {
        let parameters = value.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        for parameter in &parameters {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{id}: {parameter}");
            assert!(parameter["schema"].is_object(), "{id}: {parameter}");
        }
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let mut described: Vec<&str> = in_path
            .map(|parameter| {
                assert_eq!(parameter["required"], true, "{id}");
                parameter["name"].as_str().unwrap()
            })
            .collect();
        described.sort();
        let mut named: Vec<&str> = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        named.sort();
        assert_eq!(described, named, "{id}");
        let body = value.get("requestBody");
        let media_type = match id.as_str() {
            "importHolidays" => "text/calendar",
            "addFileVersion" | "uploadFiles" => "multipart/form-data",
            "takeTextStatus" => "application/x-www-form-urlencoded",
            _ => "application/json",
        };
        assert!(body.is_none_or(|body| body["content"][media_type]["schema"].is_object()), "{id}");
        if value["responses"].get("422").is_none() {
            // An id that cannot be one is one that does not exist.
            let by_404 = described.len() == parameters.len() && value["responses"].get("404").is_some();
            assert!((parameters.is_empty() || by_404) && body.is_none(), "{id} takes input and never refuses it");
        }
    }
}

#[test]
fn examples_have_the_shape_they_are_examples_of() {
    let document = document();
    let mut seen = 0;
    every(&document, &mut |value| {
        if let (Some(example), true) = (value.get("example"), value.get("type").is_some()) {
            seen += 1;
            assert_eq!(faults(&document, value, example, "example"), Vec::<String>::new());
        }
    });
    assert!(seen > 40, "{seen}");
}

fn documented(operation: &Operation, answer: &Answer) {
    let described = operation.value["responses"].get(answer.status.to_string());
    assert!(described.is_some(), "{} answers {} unannounced", operation.id, answer.status);
    if answer.body.is_empty() {
        return;
    }
    let media_type = answer.header("content-type").unwrap_or_default();
    let schema = operation.schema(answer.status, media_type);
    let schema = schema.unwrap_or_else(|| panic!("{} {}: {media_type} is not announced", operation.id, answer.status));
    if media_type.starts_with("text/") {
        return;
    }
    let mut body = answer.json();
    if answer.status >= 400 && answer.status != 503 {
        // A problem may have further members (RFC 9457, section 3.2); those of a rule are on its page.
        for further in ["rule", "minimum_notice_minutes", "horizon_days"] {
            body.as_object_mut().unwrap().remove(further);
        }
    }
    let document = document();
    assert_eq!(faults(&document, schema, &body, "$"), Vec::<String>::new(), "{} {}", operation.id, answer.status);
}

#[actix_web::test]
async fn an_empty_call_of_any_operation_is_answered_as_announced() {
    let app = App::reading().await;
    for operation in operations() {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        for nothing in ["00000000-0000-0000-0000-000000000000", "x"] {
            let uri = operation.path.replace("{id}", nothing);
            documented(&operation, &app.send(TestRequest::with_uri(&uri).method(method.clone())).await);
            let unknown =
                TestRequest::with_uri(&format!("{uri}?nonsense=1")).method(method.clone()).set_json(json!({"x": 1}));
            documented(&operation, &app.send(unknown).await);
        }
    }
}

#[actix_web::test]
async fn answers_have_the_shape_that_is_announced() {
    let app = App::start().await;
    let operation = |id: &str| operations().into_iter().find(|operation| operation.id == id).unwrap();
    let of_doctor = |part: &str| format!("/api/v1/doctors/{}{part}", doctor(5));
    for (name, uri) in [
        ("live", "/health".to_owned()),
        ("ready", "/api/v1/health".to_owned()),
        ("listSpecialties", "/api/v1/specialties".to_owned()),
        ("listCities", "/api/v1/cities".to_owned()),
        ("listClinics", "/api/v1/clinics".to_owned()),
        ("getClinic", format!("/api/v1/clinics/{}", id('c', 1))),
        ("listDoctors", "/api/v1/doctors".to_owned()),
        ("getDoctor", of_doctor("")),
        ("listVisitTypes", of_doctor("/visit-types")),
        ("listWeeklyHours", of_doctor("/weekly-hours")),
        ("listBreaks", of_doctor("/breaks")),
        ("listSlots", of_doctor("/slots")),
        ("listSlotsOfDoctors", format!("/api/v1/slots?doctor_ids={}", doctor(5))),
        ("getAppointment", link(&id('a', 12114), "")),
    ] {
        let answer = app.get(&uri).await;
        assert_eq!(answer.status, 200, "{name}");
        documented(&operation(name), &answer);
    }
    let book = operation("bookAppointment");
    let free = "2027-03-09T09:00:00-05:00";
    let booked = app.booked(&with(&ada(1, free), "notes", "x")).await;
    documented(&book, &booked);
    for refused in [
        guest("Bob Example", 1, free),
        ada(2, free),
        ada(1, "2027-03-09T09:10:00-05:00"),
        ada(1, "2027-03-08T05:30:00Z"),
        ada(1, "2030-03-08T05:30:00Z"),
        json!({}),
    ] {
        documented(&book, &app.post("/api/v1/appointments", &refused).await);
    }
    let moved = json!({"starts_at": "2027-03-09T10:00:00-05:00"});
    documented(&operation("rescheduleAppointment"), &app.post(&booked.manage("/reschedule"), &moved).await);
    documented(&operation("cancelAppointment"), &app.post(&booked.manage("/cancel"), &json!({})).await);
    documented(&operation("rescheduleAppointment"), &app.post(&booked.manage("/reschedule"), &moved).await);
}
