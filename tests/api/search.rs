//! Finding doctors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{Answer, App, Wishes, ada, all, doctor, instant};

const DOCTORS: &str = "/api/v1/doctors";

/// Numbers of the fixed set's doctors in the order of a list.
async fn found(app: &App, query: &str) -> Vec<u32> {
    let listed = app.get(&format!("{DOCTORS}?{query}")).await.list();
    all(&listed, "id").iter().map(|id| (1..=5).find(|n| doctor(*n) == *id).unwrap()).collect()
}

async fn many() -> App {
    App::with(Wishes { demo_doctors: Some(47), ..Wishes::default() }).await
}

/// All entries from page to page.
async fn every_page(app: &App, query: &str) -> Vec<Value> {
    let mut next = Some(format!("{DOCTORS}?{query}"));
    let mut entries = Vec::new();
    while let Some(uri) = next {
        let page: Answer = app.get(&uri).await;
        let listed = page.list();
        assert!(!listed.is_empty(), "an empty page behind a link: {uri}");
        entries.extend(listed);
        next = page.next();
        assert!(entries.len() <= 1000, "the pages never end");
    }
    entries
}

#[actix_web::test]
async fn a_specialty_or_a_city_is_found_by_slug_and_by_name() {
    let app = App::reading().await;
    for (query, expected) in [
        ("specialty=cardiology", vec![1]),
        ("specialty=Family%20Medicine", vec![4]),
        ("specialty=family-medicine", vec![4]),
        ("specialty=PSYCHIATRY", vec![5]),
        ("specialty=alchemy", vec![]),
        ("city=new-york", vec![1, 3, 2]),
        ("city=Los+Angeles", vec![5, 4]),
        ("city=los_angeles&specialty=psychiatry", vec![5]),
        ("city=new-york&specialty=psychiatry", vec![]),
        ("city=Atlantis", vec![]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn words_are_found_in_name_and_bio_whatever_their_case_and_accents() {
    let app = App::reading().await;
    for (query, expected) in [
        ("q=okafor", vec![1]),
        ("q=OKAFOR%20amara", vec![1]),
        ("q=nunez", vec![5]),
        ("q=N%C3%9A%C3%91EZ", vec![5]),
        ("q=Nu%CC%81n%CC%83ez", vec![5]),
        ("q=cafe", vec![5]),
        ("q=caf%C3%A9", vec![5]),
        ("q=stickers+hannah", vec![3]),
        ("q=stickers+zhang", vec![]),
        ("q=dr.", vec![1, 3, 2, 5, 4]),
        ("q=zhan", vec![4]),
        // Only five words count.
        ("q=dr.+zhang+has+known+some+nonsense", vec![4]),
        ("q=%20%20", vec![1, 3, 2, 5, 4]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn signs_that_mean_something_to_a_database_are_plain_text() {
    let app = App::start().await;
    for sign in ["%25", "_", "%5C", "%27", "%22", "%3B--", "%27%20OR%201%3D1", "%C2%A0%25", "%F0%9F%A6%80"] {
        assert_eq!(found(&app, &format!("q={sign}")).await, [0; 0], "{sign}");
    }
    app.sql("UPDATE doctors.doctor SET search_text = search_text || ' 100%_\\' WHERE last_name = 'Zhang'").await;
    for sign in ["%25", "_", "%5C", "100%25_%5C"] {
        assert_eq!(found(&app, &format!("q={sign}")).await, [4], "{sign}");
    }
}

#[actix_web::test]
async fn text_that_cannot_be_stored_is_refused() {
    let app = App::reading().await;
    assert_eq!(app.get(&format!("{DOCTORS}?q=a%00b")).await.bad_fields(), ["q:characters"]);
    assert_eq!(app.get(&format!("{DOCTORS}?city=%00")).await.bad_fields(), ["city:characters"]);
    // Bytes that are no UTF-8 become the sign for what cannot be read, which no name holds.
    assert_eq!(found(&app, "q=%FF%FE").await, [0; 0]);
}

#[actix_web::test]
async fn languages_modes_and_prices_narrow_the_list() {
    let app = App::reading().await;
    for (query, expected) in [
        ("language=es", vec![2, 5]),
        ("language=ES", vec![2, 5]),
        ("language=e%25", vec![]),
        ("visit_mode=video", vec![1, 2, 5, 4]),
        ("visit_mode=in_person", vec![1, 3, 2, 5, 4]),
        ("max_price=150", vec![3, 4]),
        ("max_price=149", vec![4]),
        ("max_price=0", vec![]),
        ("language=en&visit_mode=video&max_price=200&city=new-york", vec![2]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn availability_is_that_of_the_first_free_time_on_the_clinics_calendar() {
    let app = App::start().await;
    app.sql(&format!(
        "INSERT INTO doctors.time_off VALUES (gen_random_uuid(), '{}', '2027-03-08T05:00:00Z', '2027-03-10T05:00:00Z');
         INSERT INTO doctors.override_day SELECT '{}', date '2027-03-01' + n, '[]' FROM generate_series(0, 800) n",
        doctor(2),
        doctor(4)
    ))
    .await;
    for (query, expected) in [
        ("available_from=2027-03-08", vec![1, 3, 2, 5]),
        ("available_from=2027-03-09", vec![2]),
        ("available_from=2027-03-10&available_to=2027-03-10", vec![2]),
        ("available_to=2027-03-08", vec![1, 3, 5]),
        ("available_to=2027-03-07", vec![]),
        ("available_to=9999-12-31", vec![1, 3, 2, 5]),
        ("available_from=9999-12-31", vec![]),
        ("available_from=0000-01-01", vec![1, 3, 2, 5]),
        ("available_from=2027-03-10&available_to=2027-03-09", vec![]),
        // Who has no free time at all stands last.
        ("sort=soonest", vec![1, 3, 5, 2, 4]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
    assert_eq!(app.get(&format!("{DOCTORS}/{}", doctor(4))).await.json()["next_available_at"], Value::Null);
}

#[actix_web::test]
async fn every_order_is_that_of_its_name_and_rating_is_the_usual_one() {
    let app = App::start().await;
    for (query, expected) in [
        ("", [1, 3, 2, 5, 4]),
        ("sort=rating", [1, 3, 2, 5, 4]),
        ("sort=price", [4, 3, 2, 1, 5]),
        ("sort=experience", [5, 4, 1, 2, 3]),
        ("sort=soonest", [1, 2, 3, 4, 5]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
    app.booked(&ada(1, "2027-03-08T09:30:00-05:00")).await;
    assert_eq!(found(&app, "sort=soonest").await, [2, 3, 1, 4, 5]);
}

#[actix_web::test]
async fn pages_lead_through_the_whole_list_without_doubles_or_gaps_in_every_order() {
    let app = many().await;
    // Equal values are where pages go wrong.
    app.sql("UPDATE doctors.doctor SET rating = rating / 50 * 50, consultation_price = consultation_price / 50 * 50, years_experience = years_experience / 10")
        .await;
    for sort in ["rating", "price", "experience", "soonest"] {
        let whole = app.get(&format!("{DOCTORS}?sort={sort}&limit=100")).await;
        assert_eq!((whole.list().len(), whole.next()), (47, None));
        for limit in [1, 7, 46, 47] {
            assert_eq!(
                every_page(&app, &format!("sort={sort}&limit={limit}")).await,
                whole.list(),
                "{sort} by {limit}"
            );
        }
        let value = |entry: &Value| match sort {
            "rating" => -entry["rating"].as_f64().unwrap(),
            "price" => entry["consultation_price"].as_f64().unwrap(),
            "experience" => -entry["years_experience"].as_f64().unwrap(),
            _ => entry["next_available_at"]
                .as_str()
                .map_or(f64::MAX, |_| instant(&entry["next_available_at"]).as_second() as f64),
        };
        let listed = whole.list();
        let keys: Vec<(f64, &str)> = listed.iter().map(|entry| (value(entry), entry["id"].as_str().unwrap())).collect();
        assert!(keys.windows(2).all(|two| two[0] < two[1]), "{sort}: {keys:?}");
    }
}

#[actix_web::test]
async fn a_page_has_twenty_entries_and_its_link_keeps_the_question() {
    let app = many().await;
    let page = app.get(&format!("{DOCTORS}?language=en&q=dr.&sort=price")).await;
    assert_eq!(page.list().len(), 20);
    let next = page.next().unwrap();
    assert!(next.starts_with("/api/v1/doctors?language=en&q=dr.&sort=price&cursor="), "{next}");
    let speakers = every_page(&app, "language=en&limit=3").await;
    let ids: BTreeSet<&str> = all(&speakers, "id").into_iter().collect();
    assert_eq!(ids.len(), speakers.len());
    assert_eq!(app.number("SELECT count(*) FROM doctors.doctor WHERE 'en' = ANY (languages)").await, ids.len() as i64);
}

#[actix_web::test]
async fn what_is_unknown_or_bad_is_told_at_once_and_nothing_is_ignored() {
    let app = App::reading().await;
    let answer = app
        .get(&format!(
            "{DOCTORS}?page=2&Sort=price&sort=best&limit=0&max_price=-1&visit_mode=phone&available_from=today&language=e&q="
        ))
        .await;
    assert_eq!(
        answer.bad_fields(),
        [
            "Sort:unknown",
            "available_from:type",
            "language:length",
            "limit:range",
            "max_price:range",
            "page:unknown",
            "q:length",
            "sort:type",
            "visit_mode:type",
        ]
    );
    for (bad, fault) in [
        ("limit=101", "limit:range"),
        ("limit=-1", "limit:type"),
        ("limit=1.5", "limit:type"),
        ("limit=", "limit:type"),
        ("limit=99999999999", "limit:type"),
        ("limit=5&limit=6", "limit:duplicate"),
        ("max_price=100001", "max_price:range"),
        ("max_price=%20", "max_price:type"),
        ("available_to=2027-02-29", "available_to:type"),
        ("available_from=2027-03-08T23:00:00-05:00", "available_from:type"),
        ("specialty=", "specialty:length"),
        ("sort=", "sort:type"),
        ("%F0%9F%A6%80=1", ":unknown"),
    ] {
        assert_eq!(app.get(&format!("{DOCTORS}?{bad}")).await.bad_fields(), [fault], "{bad}");
    }
    let long = "x".repeat(101);
    assert_eq!(app.get(&format!("{DOCTORS}?q={long}")).await.bad_fields(), ["q:length"]);
    assert!(!app.get(&format!("{DOCTORS}?{long}=1")).await.text().contains(&long), "shown back without end");
}

#[actix_web::test]
async fn a_cursor_belongs_to_the_order_it_was_made_for() {
    let app = App::reading().await;
    let next = app.get(&format!("{DOCTORS}?sort=price&limit=2")).await.next().unwrap();
    let cursor = next.split_once("cursor=").unwrap().1;
    for sort in ["rating", "experience", "soonest"] {
        let answer = app.get(&format!("{DOCTORS}?sort={sort}&cursor={cursor}")).await;
        assert_eq!(answer.bad_fields(), ["cursor:cursor"], "{sort}");
    }
    let cut = &cursor[..cursor.len() - 3];
    for junk in ["", "x", "%00", "%F0%9F%A6%80", "bnVsbA", "e30", "W10", cut, &"A".repeat(5000)] {
        let answer = app.get(&format!("{DOCTORS}?cursor={junk}")).await;
        let told = answer.bad_fields();
        assert!(told == ["cursor:cursor"] || told == ["cursor:characters"], "{junk}: {told:?}");
    }
    // Clinics are listed by name, so a cursor of theirs is none of these lists.
    let clinics = app.get("/api/v1/clinics?limit=1").await.next().unwrap();
    let foreign = clinics.split_once("cursor=").unwrap().1;
    assert_eq!(app.get(&format!("{DOCTORS}?cursor={foreign}")).await.bad_fields(), ["cursor:cursor"]);
    assert_eq!(app.get(&format!("/api/v1/clinics?cursor={cursor}")).await.bad_fields(), ["cursor:cursor"]);
}

#[actix_web::test]
async fn the_first_free_time_shown_is_the_first_slot_listed() {
    let app = many().await;
    for entry in app.get(&format!("{DOCTORS}?limit=100")).await.list() {
        let id = entry["id"].as_str().unwrap();
        let mut first = None;
        for (from, to) in [("2027-03-07", "2027-04-06"), ("2027-04-07", "2027-05-07"), ("2027-05-08", "2027-06-07")] {
            let slots = app.get(&format!("{DOCTORS}/{id}/slots?from={from}&to={to}")).await.list();
            first = slots.first().map(|slot| slot["starts_at"].clone());
            if first.is_some() {
                break;
            }
        }
        assert_eq!(entry["next_available_at"], first.unwrap_or(Value::Null), "{id}");
        assert_eq!(app.get(&format!("{DOCTORS}/{id}")).await.json(), entry);
    }
}

#[actix_web::test]
async fn the_first_free_time_is_never_older_than_the_clock() {
    let app = App::start().await;
    for (now, first) in [
        ("2027-03-08T13:30:00Z", "2027-03-08T09:30:00-05:00"),
        ("2027-03-08T13:30:01Z", "2027-03-08T10:30:00-05:00"),
        ("2027-03-12T21:30:00Z", "2027-03-12T17:30:00-05:00"),
        ("2027-03-12T21:30:01Z", "2027-03-15T09:00:00-04:00"),
    ] {
        app.set_clock(now);
        for query in ["?sort=price", "?sort=soonest", "?available_from=2027-03-01"] {
            let listed = app.get(&format!("{DOCTORS}{query}")).await.list();
            let mine = listed.iter().find(|entry| entry["id"] == doctor(1)).unwrap();
            assert_eq!(mine["next_available_at"], first, "{now} {query}");
        }
        assert_eq!(app.get(&format!("{DOCTORS}/{}", doctor(1))).await.json()["next_available_at"], first);
    }
}

#[actix_web::test]
async fn a_client_that_has_the_page_already_hears_304() {
    let app = App::start().await;
    for uri in [DOCTORS.to_owned(), format!("{DOCTORS}?limit=2&sort=soonest"), format!("{DOCTORS}/{}", doctor(1))] {
        let first = app.get(&uri).await;
        let tag = first.header("etag").unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = app.get_with(&uri, ("if-none-match", &known)).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{uri} {known}");
            assert_eq!((again.header("etag"), again.header("link")), (Some(tag.as_str()), first.header("link")));
        }
        assert_eq!(app.get_with(&uri, ("if-none-match", "\"other\"")).await.status, 200);
    }
    let tag = app.get(DOCTORS).await.header("etag").unwrap().to_owned();
    app.booked(&ada(1, "2027-03-08T09:30:00-05:00")).await;
    assert_eq!(app.get_with(DOCTORS, ("if-none-match", &tag)).await.status, 200, "the first free time has moved");
}

#[actix_web::test]
async fn a_doctor_who_left_is_neither_listed_nor_shown() {
    let app = App::start().await;
    app.sql(&format!("UPDATE doctors.doctor SET active = false WHERE id = '{}'", doctor(3))).await;
    for sort in ["rating", "price", "experience", "soonest"] {
        assert!(!found(&app, &format!("sort={sort}")).await.contains(&3), "{sort}");
    }
    for gone in [doctor(3), doctor(6), "42".to_owned(), json!(null).to_string(), "%F0%9F%A6%80".to_owned()] {
        for part in ["", "/slots", "/visit-types", "/weekly-hours", "/breaks"] {
            let answer = app.get(&format!("{DOCTORS}/{gone}{part}")).await;
            assert_eq!(answer.problem(), (404, "not-found".to_owned()), "{gone}{part}");
        }
    }
    let specialties = app.get("/api/v1/specialties").await.list();
    let pediatrics = specialties.iter().find(|entry| entry["slug"] == "pediatrics").unwrap();
    assert_eq!(pediatrics["doctors"], 0);
}
