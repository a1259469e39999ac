//! Patients as front desks find them: by hashes alone, also those of before there was a search.

use appointments::application::{Known, NewPatient, PatientDesk as _};
use appointments::domain::{Particulars, Patient, PatientEvent, PatientSearch};
use appointments::infrastructure::{PgDesk, index_patients};
use kernel::{Actor, Recorded};

use crate::house::{House, clinic, doctor, guest, half_hour, keys, now};

fn desk(house: &House) -> PgDesk {
    PgDesk::new(house.db.pool.clone(), house.journal.clone(), keys())
}

async fn found(desk: &PgDesk, known: Known, name: &str) -> Vec<String> {
    let search = PatientSearch { name: Some(name.into()), ..PatientSearch::default() };
    let terms = search.terms().unwrap();
    let found = desk.search(&known, &search, &terms, 20).await.unwrap();
    found.into_iter().map(|patient| patient.name).collect()
}

#[tokio::test]
async fn who_was_there_before_the_search_is_found_once_the_keys_are_made_and_who_is_erased_is_not() {
    let house = House::new().await;
    let ada = house.booked(&half_hour(540), &guest("Ada Lovelace")).await;
    let desk = desk(&house);
    let at = || Known::AtClinics(vec![clinic(1)]);
    house.owner.batch_execute("UPDATE appointments.patient SET search_keys = NULL").await.unwrap();
    assert!(found(&desk, at(), "lov").await.is_empty());
    assert_eq!(index_patients(&house.db.pool, &keys()).await.unwrap(), 1);
    assert_eq!(index_patients(&house.db.pool, &keys()).await.unwrap(), 0);
    assert_eq!(found(&desk, at(), "lov ada").await, ["Ada Lovelace"]);
    assert_eq!(found(&desk, Known::ToDoctor(doctor(1)), "lov").await, ["Ada Lovelace"]);
    assert!(found(&desk, Known::ToDoctor(doctor(2)), "lov").await.is_empty());
    assert!(found(&desk, Known::AtClinics(vec![clinic(2)]), "lov").await.is_empty());
    let erased = format!("UPDATE appointments.patient SET purge_after = now() WHERE id = '{}'", ada.patient.id);
    house.owner.batch_execute(&erased).await.unwrap();
    assert!(found(&desk, at(), "lov").await.is_empty());
}

#[tokio::test]
async fn a_version_that_somebody_else_has_corrected_is_not_corrected_again() {
    let house = House::new().await;
    let (desk, user) = (desk(&house), kernel::UserId::mint());
    let particulars = |name: &str| Particulars { name: name.into(), ..Particulars::default() };
    let patient = Patient::take_down(particulars("Ada"), now()).unwrap();
    let event = PatientEvent::TakenDown { patient_id: patient.id, clinic_id: clinic(1) };
    let event = Recorded::new(event, Actor::Staff(user), now());
    desk.take_down(&NewPatient { patient: patient.clone(), clinic: clinic(1), event, once: None }).await.unwrap();
    let event = PatientEvent::PatientCorrected { user_id: user, patient_id: patient.id };
    let rivals = ["Ada King", "Ada Byron"].map(|name| patient.corrected(particulars(name), now()).unwrap());
    let recorded = rivals.each_ref().map(|_| Recorded::new(event.clone(), Actor::Staff(user), now()));
    let both =
        futures_util::future::join(desk.correct(&rivals[0], &recorded[0]), desk.correct(&rivals[1], &recorded[1]))
            .await;
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert_eq!(house.count("journal.audit_event WHERE action = 'patient.corrected'").await, 1);
    // Where somebody was taken down is kept through corrections.
    assert_eq!(found(&desk, Known::AtClinics(vec![clinic(1)]), "ada").await.len(), 1);
}
