//! Emergency accesses: one at a time, whoever races for it.

use appointments::application::{
    AccessIs, Alert, AppointmentStore as _, EmergencyStore as _, KnownAt, NewEmergency, PatientTies as _, Person,
    RecordViews as _, Within,
};
use appointments::domain::EmergencyAccess;
use appointments::infrastructure::{PgEmergencies, PgPatients};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, PatientId, Recorded, UserId};

use crate::house::{House, at, cancelling, clinic, doctor, guest, half_hour, keys, now, offer, span};

fn store(house: &House) -> PgEmergencies {
    PgEmergencies::new(house.db.pool.clone(), house.journal.clone(), keys())
}

fn ties(house: &House) -> PgPatients {
    PgPatients::new(house.db.pool.clone(), house.journal.clone(), keys())
}

fn opening(patient: PatientId, at: Timestamp) -> NewEmergency {
    let user = UserId::mint();
    let (access, event) = EmergencyAccess::open(patient, (doctor(9), user), "unconscious on arrival", at).unwrap();
    let to = Person { name: "Nora".into(), email: "nora@example.com".into(), language: "en".into() };
    let alerts = vec![Alert { to, doctor: "Dr. Nine".into(), until: "soon".into() }];
    NewEmergency { access, event: Recorded::new(event, Actor::Doctor(user), at), alerts, once: None }
}

#[tokio::test]
async fn of_sixteen_that_open_one_record_at_once_one_is_stored_told_and_given_to_all() {
    let house = House::with_connections(8).await;
    let patient = house.booked(&half_hour(540), &guest("Ada")).await.patient.id;
    let store = store(&house);
    let openings: Vec<_> = (0..16).map(|_| opening(patient, now())).collect();
    let all = join_all(openings.iter().map(|one| store.open(one))).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    let new: Vec<_> = all.iter().filter(|one| one.is == AccessIs::New).collect();
    assert_eq!(new.len(), 1);
    assert!(all.iter().all(|one| one.access.id == new[0].access.id && one.access.reason == "unconscious on arrival"));
    assert_eq!(house.count("appointments.emergency_access").await, 1);
    assert_eq!(house.count("journal.audit_event WHERE action = 'patient.emergency_opened'").await, 1);
    assert_eq!(house.count("journal.outbox WHERE topic = 'mail'").await, 1);
}

#[tokio::test]
async fn an_access_holds_until_its_end_and_one_that_was_ended_is_in_nobodys_way() {
    let house = House::new().await;
    let patient = house.booked(&half_hour(540), &guest("Ada")).await.patient.id;
    let (store, ties) = (store(&house), ties(&house));
    let first = store.open(&opening(patient, now())).await.unwrap();
    let open = async |at| ties.in_emergency(doctor(9), patient, at).await.unwrap();
    let micro = SignedDuration::from_micros(1);
    assert!(open(now()).await && open(first.access.ends_at - micro).await);
    assert!(!open(first.access.ends_at).await && !open(now() - micro).await);
    assert!(!ties.in_emergency(doctor(8), patient, now()).await.unwrap());

    let early = now() + SignedDuration::from_mins(5);
    let event = Recorded::new(EmergencyAccess::ended(patient, doctor(9)), Actor::System, early);
    assert!(store.end(doctor(9), patient, &event).await.unwrap());
    assert!(store.end(doctor(9), patient, &event).await.unwrap(), "once more");
    assert!(!store.end(doctor(8), patient, &event).await.unwrap(), "who never opened it");
    assert_eq!(house.count("journal.audit_event WHERE action = 'patient.emergency_ended'").await, 1);
    assert!(!open(early).await);
    let second = store.open(&opening(patient, early)).await.unwrap();
    assert_eq!(second.is, AccessIs::New);
    assert!(open(early).await);
}

#[tokio::test]
async fn figures_and_clinics_are_those_of_the_visits_that_count() {
    let house = House::new().await;
    let ada = guest("Ada");
    let first = house.booked(&half_hour(540), &ada).await;
    house.booked(&offer(2, span(600, 630), 0, 0), &ada).await;
    let off = house.booked(&half_hour(660), &ada).await;
    house.store.update(&cancelling(&off)).await.unwrap();
    let (store, patient) = (store(&house), first.patient.id);
    let all = store.figures(patient, &Within::All, at(570)).await.unwrap();
    assert_eq!((all.visits, all.first_at, all.last_at, all.next_at), (2, Some(at(540)), Some(at(540)), Some(at(600))));
    let one = store.figures(patient, &Within::Calendar(doctor(2)), at(570)).await.unwrap();
    assert_eq!((one.visits, one.first_at, one.last_at), (1, Some(at(600)), None));
    assert_eq!(store.figures(patient, &Within::Clinics(vec![clinic(2)]), at(570)).await.unwrap().visits, 0);
    assert_eq!(
        store.known_at(patient).await.unwrap(),
        [KnownAt { clinic: clinic(1), time_zone: "America/New_York".into() }]
    );
}
