//! Specialties, cities, clinics, and what a doctor offers.

use serde_json::{Value, json};

use crate::app::{App, all, doctor, id, visit_type};

fn counted(list: &[Value]) -> Vec<(&str, i64)> {
    let some = list.iter().filter(|entry| entry["doctors"] != 0);
    some.map(|entry| (entry["slug"].as_str().unwrap(), entry["doctors"].as_i64().unwrap())).collect()
}

#[actix_web::test]
async fn specialties_and_cities_come_by_name_with_the_number_of_their_doctors() {
    let app = App::reading().await;
    let specialties = app.get("/api/v1/specialties").await.list();
    assert_eq!(specialties.len(), 49);
    assert!(all(&specialties, "name").is_sorted());
    let ones = [("cardiology", 1), ("dermatology", 1), ("family-medicine", 1), ("pediatrics", 1), ("psychiatry", 1)];
    assert_eq!(counted(&specialties), ones);
    let cities = app.get("/api/v1/cities").await.list();
    assert_eq!(cities.len(), 48);
    assert!(all(&cities, "name").is_sorted());
    assert_eq!(counted(&cities), [("los-angeles", 2), ("new-york", 3)]);
}

#[actix_web::test]
async fn clinics_come_by_name_in_pages_and_by_city() {
    let app = App::reading().await;
    let whole = app.get("/api/v1/clinics").await;
    assert_eq!(all(&whole.list(), "name"), ["Harbor Health Center", "Sunrise Medical Group"]);
    assert_eq!(whole.next(), None);
    let first = app.get("/api/v1/clinics?limit=1").await;
    let second = app.get(&first.next().unwrap()).await;
    assert_eq!([first.list(), second.list()].concat(), whole.list());
    assert_eq!(second.next(), None);
    for (city, expected) in [("new-york", vec![id('c', 1)]), ("Los%20Angeles", vec![id('c', 2)]), ("nowhere", vec![])] {
        assert_eq!(all(&app.get(&format!("/api/v1/clinics?city={city}")).await.list(), "id"), expected, "{city}");
    }
    assert_eq!(
        app.get("/api/v1/clinics?limit=0&city=&state=NY").await.bad_fields(),
        ["city:length", "limit:range", "state:unknown"]
    );
}

#[actix_web::test]
async fn clinics_with_the_same_name_share_pages_without_loss() {
    let app = App::start().await;
    app.sql(
        "INSERT INTO doctors.clinic (id, name, address, city, state, time_zone, created_at, updated_at)
         SELECT gen_random_uuid(), 'Harbor Health Center', 'x', city, state, time_zone, created_at, updated_at
           FROM doctors.clinic, generate_series(1, 5)",
    )
    .await;
    let (mut next, mut ids) = (Some("/api/v1/clinics?limit=2".to_owned()), Vec::new());
    while let Some(uri) = next {
        let page = app.get(&uri).await;
        ids.extend(all(&page.list(), "id").into_iter().map(str::to_owned));
        next = page.next();
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 12);
}

#[actix_web::test]
async fn a_clinic_that_is_not_there_or_closed_is_404() {
    let app = App::start().await;
    app.sql(&format!("UPDATE doctors.clinic SET active = false WHERE id = '{}'", id('c', 2))).await;
    for unknown in [id('c', 2), id('c', 9), "1".to_owned()] {
        assert_eq!(app.get(&format!("/api/v1/clinics/{unknown}")).await.problem(), (404, "not-found".to_owned()));
    }
    assert_eq!(app.get("/api/v1/clinics").await.list().len(), 1);
}

#[actix_web::test]
async fn visit_types_come_with_the_default_first() {
    let app = App::reading().await;
    let types = app.get(&format!("/api/v1/doctors/{}/visit-types", doctor(1))).await.list();
    assert_eq!(all(&types, "id"), [visit_type(1, 1), visit_type(1, 2), visit_type(1, 3)]);
    assert_eq!(
        types.iter().map(|kind| kind["is_default"].clone()).collect::<Vec<_>>(),
        [json!(true), json!(false), json!(false)]
    );
    assert_eq!(types[1]["price"], json!({"amount": 11000, "currency": "USD"}));
    assert_eq!(types[1]["open_to_new_patients"], false);
    assert_eq!(types[2]["mode"], "video");
}

#[actix_web::test]
async fn weekly_hours_come_in_the_order_of_the_week() {
    let app = App::reading().await;
    let hours = app.get(&format!("/api/v1/doctors/{}/weekly-hours", doctor(5))).await.list();
    let days: Vec<_> =
        hours.iter().map(|entry| (entry["weekday"].as_str().unwrap(), entry["from"].as_str().unwrap())).collect();
    assert_eq!(days[..3], [("monday", "09:00"), ("monday", "13:00"), ("tuesday", "09:00")]);
    assert_eq!(days.len(), 10);
}

#[actix_web::test]
async fn lists_without_parameters_refuse_any() {
    let app = App::reading().await;
    let of_doctor = |part: &str| format!("/api/v1/doctors/{}{part}", doctor(1));
    for uri in [
        "/api/v1/specialties".to_owned(),
        "/api/v1/cities".to_owned(),
        format!("/api/v1/clinics/{}", id('c', 1)),
        of_doctor(""),
        of_doctor("/visit-types"),
        of_doctor("/weekly-hours"),
        of_doctor("/breaks"),
    ] {
        assert_eq!(app.get(&format!("{uri}?limit=5")).await.bad_fields(), ["limit:unknown"], "{uri}");
        let first = app.get(&uri).await;
        let tag = first.header("etag").unwrap();
        assert_eq!(app.get_with(&uri, ("if-none-match", tag)).await.status, 304, "{uri}");
    }
}
