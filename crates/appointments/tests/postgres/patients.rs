//! Who looks after whom: adopted once, whoever races for it.

use std::sync::Arc;

use appointments::application::{Accounts, PatientStore as _, PatientTies as _, Person, WelcomePatient};
use appointments::domain::Relation;
use appointments::infrastructure::PgPatients;
use async_trait::async_trait;
use futures_util::future::join_all;
use kernel::{PortFailure, StoppedClock, UserId};

use crate::house::{House, guest, half_hour, keys, now};

/// Accounts of one address, all of whose owners have proven it.
struct Everybody;

#[async_trait]
impl Accounts for Everybody {
    async fn person(&self, _: UserId) -> Result<Option<Person>, PortFailure> {
        Ok(Some(Person { name: "Ada".into(), email: "ada@example.org".into(), language: "en".into() }))
    }
}

fn patients(house: &House) -> PgPatients {
    PgPatients::new(house.db.pool.clone(), house.journal.clone(), keys())
}

fn welcome(house: &House) -> WelcomePatient {
    WelcomePatient {
        patients: Arc::new(patients(house)),
        accounts: Arc::new(Everybody),
        clock: Arc::new(StoppedClock::at(now())),
    }
}

#[tokio::test]
async fn sixteen_welcomes_of_one_user_make_one_record_and_one_event() {
    let house = House::with_connections(8).await;
    let booked = house.booked(&half_hour(540), &guest("Ada")).await;
    let (welcome, user) = (welcome(&house), UserId::mint());
    let all = join_all((0..16).map(|_| welcome.run(user, None))).await;
    for own in all {
        assert_eq!(own.unwrap().id, booked.patient.id);
    }
    assert_eq!(house.count("appointments.caretaker").await, 1);
    assert_eq!(house.count("journal.audit_event WHERE action = 'patient.welcomed'").await, 1);
    assert!(patients(&house).looks_after(user, booked.patient.id).await.unwrap());
}

#[tokio::test]
async fn a_guest_whom_two_users_race_for_is_looked_after_by_one() {
    let house = House::with_connections(8).await;
    let booked = house.booked(&half_hour(540), &guest("Ada")).await;
    let welcome = welcome(&house);
    let users: Vec<UserId> = (0..8).map(|_| UserId::mint()).collect();
    for own in join_all(users.iter().map(|user| welcome.run(*user, None))).await {
        own.unwrap();
    }
    assert_eq!(patients(&house).caretakers(booked.patient.id).await.unwrap().len(), 1);
    assert_eq!(house.count("appointments.caretaker WHERE relation = 'self'").await, 8, "each has a record of the own");
    assert!(house.broken_promises().await.is_empty());
}

#[tokio::test]
async fn others_of_the_address_are_looked_after_and_a_care_link_ends_with_the_last_visit() {
    let house = House::with_connections(3).await;
    let child = appointments::domain::Patient::enrol("Byron", "ada@example.org", now()).unwrap();
    let booked = house.booked(&half_hour(540), &child).await;
    let (store, user) = (patients(&house), UserId::mint());
    let own = welcome(&house).run(user, None).await.unwrap();
    let relations: Vec<_> =
        store.relatives(user).await.unwrap().into_iter().map(|one| (one.patient.id, one.relation)).collect();
    assert_eq!(relations, [(own.id, Relation::Oneself), (booked.patient.id, Relation::Other)]);
    let doctor = booked.appointment.doctor;
    assert!(store.care_link(doctor, booked.patient.id).await.unwrap());
    assert!(!store.care_link(doctor, own.id).await.unwrap());
    assert!(store.seen_at(&[booked.appointment.clinic], booked.patient.id).await.unwrap());
    let found = store.patient(own.id).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.email.as_deref()), ("Ada", Some("ada@example.org")));
}
