//! Search and first free times on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "postgres/house.rs"]
mod house;
#[path = "postgres/plans.rs"]
mod plans;
#[path = "postgres/practice.rs"]
mod practice;
#[path = "postgres/rivals.rs"]
mod rivals;
#[path = "postgres/soonest.rs"]
mod soonest;

use doctors::application::{Agendas as _, Criteria, DoctorDirectory as _, Sort};
use doctors::domain::VisitMode;
use doctors::infrastructure::Rivals;
use house::{House, by, doctor_id, id};
use jiff::Timestamp;
use uuid::Uuid;

/// A Monday, before the doors open in New York.
fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

const SORTS: [Sort; 4] = [Sort::Rating, Sort::Price, Sort::Experience, Sort::Soonest];

async fn ids(house: &House, sql: &str) -> Vec<Uuid> {
    house.owner.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

const fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Rating => "d.rating DESC, d.id",
        Sort::Price => "d.consultation_price, d.id",
        Sort::Experience => "d.years_experience DESC, d.id",
        Sort::Soonest => "s.soonest_at, d.id",
    }
}

#[tokio::test]
async fn every_order_and_filter_pages_through_all_that_fits_once_and_in_order() {
    let house = House::with_connections(5).await;
    house.clinics().await;
    house.doctors(1, 67).await;
    // Some have no hours at all, some begin on other days.
    house
        .sql(&format!("DELETE FROM doctors.weekly_hours WHERE doctor_id IN ('{}', '{}')", id('d', 7), id('d', 40)))
        .await;
    house.sql("DELETE FROM doctors.weekly_hours WHERE weekday = 1 AND doctor_id::text LIKE '%3'").await;
    house.soonest.refresh_stale(500, now(), Rivals::Await).await.unwrap();

    let text = |text: &str| Some(text.to_owned());
    let date = |text: &str| Some(text.parse().unwrap());
    let filters = [
        (Criteria::default(), "true"),
        (Criteria { specialty: text("cardiology"), ..Criteria::default() }, "d.specialty = 'cardiology'"),
        (Criteria { city: text("new-york"), ..Criteria::default() }, "d.city = 'new-york'"),
        (
            Criteria { specialty: text("pediatrics"), city: text("los-angeles"), ..Criteria::default() },
            "d.specialty = 'pediatrics' AND d.city = 'los-angeles'",
        ),
        (Criteria { language: text("es"), ..Criteria::default() }, "'es' = ANY(d.languages)"),
        (Criteria { mode: Some(VisitMode::Video), ..Criteria::default() }, "d.offers_video"),
        (Criteria { mode: Some(VisitMode::InPerson), ..Criteria::default() }, "d.offers_in_person"),
        (Criteria { max_price: Some(120), ..Criteria::default() }, "d.consultation_price <= 120"),
        (
            Criteria { words: vec!["heart".into(), "last1".into()], ..Criteria::default() },
            "d.bio = '' AND d.search_text LIKE '%last1%heart'",
        ),
        (Criteria { words: vec!["%".into()], ..Criteria::default() }, "false"),
        (Criteria { available_to: date("2027-03-01"), ..Criteria::default() }, "s.soonest_at < '2027-03-02T05:00Z'"),
        (
            Criteria { available_from: date("2027-03-02"), ..Criteria::default() },
            "s.soonest_at BETWEEN '2027-03-02T05:00Z' AND '8999-01-01'",
        ),
        (Criteria { specialty: text("nowhere"), ..Criteria::default() }, "false"),
    ];
    for sort in SORTS {
        for (filter, sql) in &filters {
            let expected = ids(
                &house,
                &format!(
                    "SELECT d.id FROM doctors.doctor d JOIN doctors.soonest s ON s.doctor_id = d.id \
                     WHERE d.active AND ({sql}) ORDER BY {}",
                    order(sort)
                ),
            )
            .await;
            assert_eq!(expected.is_empty(), *sql == "false", "{sql} tells something");
            for limit in [1, 7, 66, 67, 100] {
                if limit == 1 && expected.len() > 30 {
                    continue;
                }
                let criteria = Criteria { sort, ..filter.clone() };
                let found = house.pages(&criteria, limit, now()).await;
                let found: Vec<Uuid> = found.iter().map(|listing| listing.id.as_uuid()).collect();
                assert_eq!(found, expected, "{sort:?}, {sql}, {limit} a page");
            }
        }
    }
}

#[tokio::test]
async fn who_has_no_free_time_comes_last_and_has_none() {
    let house = House::with_connections(5).await;
    house.clinics().await;
    house.doctors(1, 4).await;
    house.sql(&format!("DELETE FROM doctors.weekly_hours WHERE doctor_id = '{}'", id('d', 2))).await;
    house.sql(&format!("UPDATE doctors.visit_type SET is_default = false WHERE doctor_id = '{}'", id('d', 1))).await;
    let found = house.pages(&by(Sort::Soonest), 1, now()).await;
    let order: Vec<_> = found.iter().map(|listing| (listing.id, listing.next_available_at.is_some())).collect();
    assert_eq!(order, [(doctor_id(3), true), (doctor_id(4), true), (doctor_id(1), false), (doctor_id(2), false)]);
    // Nine o'clock in New York.
    assert_eq!(found[0].next_available_at, Some("2027-03-01T14:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_deactivated_doctor_vanishes_at_once_and_comes_back_as_free_as_the_calendar_says() {
    let house = House::with_connections(5).await;
    house.clinics().await;
    house.doctors(1, 3).await;
    let listed = async || {
        let mut all: Vec<Vec<u32>> = Vec::new();
        for sort in SORTS {
            let found = house.pages(&by(sort), 2, now()).await;
            let number =
                |listing: &doctors::application::Listing| (1..=3).find(|n| doctor_id(*n) == listing.id).unwrap();
            let mut numbers: Vec<u32> = found.iter().map(number).collect();
            numbers.sort_unstable();
            all.push(numbers);
        }
        all.dedup();
        let [numbers] = &all[..] else { panic!("{all:?}") };
        numbers.clone()
    };
    assert_eq!(listed().await, [1, 2, 3]);
    for told in [true, false] {
        let switch = |active| format!("UPDATE doctors.doctor SET active = {active} WHERE id = '{}'", id('d', 2));
        if told {
            house.rules(&switch(false), 2, now()).await.unwrap();
            assert_eq!(house.count("doctors.soonest").await, 2);
        } else {
            house.sql(&switch(false)).await;
        }
        assert_eq!(listed().await, [1, 3]);
        assert_eq!(house.directory.find(doctor_id(2), now()).await.unwrap(), None);
        assert_eq!(house.directory.visit_types(doctor_id(2)).await.unwrap(), None);
        assert_eq!(house.directory.weekly_hours(doctor_id(2)).await.unwrap(), None);
        assert!(!house.agendas.rules(doctor_id(2)).await.unwrap().unwrap().active);

        house.sql(&switch(true)).await;
        assert_eq!(listed().await, [1, 2, 3]);
        let found = house.directory.find(doctor_id(2), now()).await.unwrap().unwrap();
        assert_eq!(found.next_available_at, house.worked_out(2, now()).await.map(|(at, _)| at));
    }
    // Who is not in the catalogue at all.
    assert_eq!(house.directory.find(doctor_id(99), now()).await.unwrap(), None);
    assert_eq!(house.agendas.rules(doctor_id(99)).await.unwrap(), None);
}
