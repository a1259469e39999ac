use jiff::SignedDuration;
use jiff::civil::date;
use kernel::{ClinicId, DoctorId, StoppedClock, UserId};

use super::super::patient_ports::{MockPatientStore, MockPatientTies};
use super::super::ports::{MockAppointmentStore, MockDoctorAgenda, NoOffer};
use super::super::test_data::{booked, letters, now, offer_like, unwatched};
use super::super::waitlist_ports::MockWaitlistStore;
use super::*;
use crate::domain::Room;
use crate::domain::{DAY, Hold, HoldKind, Offer, Patient, WaitlistEntry, Wanted, Weekdays, Window};

struct Scene {
    offered: Offer,
    hold: Hold,
    offer: WaitlistOffer,
    patient: Patient,
}

/// Offered an hour ago, for two hours.
fn scene() -> Scene {
    let visit = booked();
    let offered = offer_like(&visit, visit.appointment.visit);
    let window = Window {
        first_day: date(2027, 3, 1),
        last_day: date(2027, 3, 2),
        weekdays: Weekdays::ALL,
        from_minute: 0,
        until_minute: DAY,
    };
    let wanted = Wanted::Doctor { doctor: offered.doctor, visit_type: None };
    let opened = now() - SignedDuration::from_mins(60);
    let (entry, _) = WaitlistEntry::join(visit.patient.id, wanted, window, vec![offered.clinic], opened);
    let (hold, _) = Hold::open(offered.clone(), HoldKind::Waitlist, SignedDuration::from_mins(120), opened);
    let (offer, _) = WaitlistOffer::make(&entry, &hold);
    Scene { offered, hold, offer, patient: visit.patient }
}

struct Mocks {
    waitlist: MockWaitlistStore,
    store: MockAppointmentStore,
    agenda: MockDoctorAgenda,
}

fn mocks(scene: &Scene) -> Mocks {
    let mut waitlist = MockWaitlistStore::new();
    let (offer, hold) = (scene.offer.clone(), scene.hold.clone());
    waitlist.expect_offer().returning(move |_| Ok(Some(offer.clone())));
    waitlist.expect_hold().returning(move |_| Ok(Some(hold.clone())));
    Mocks { waitlist, store: MockAppointmentStore::new(), agenda: MockDoctorAgenda::new() }
}

fn answers(mocks: Mocks, scene: &Scene, minutes: i64) -> AnswerOffer {
    let mut patients = MockPatientStore::new();
    let patient = scene.patient.clone();
    patients.expect_patient().returning(move |_| Ok(Some(patient.clone())));
    let mut ties = MockPatientTies::new();
    ties.expect_looks_after().returning(|_, _| Ok(false));
    AnswerOffer {
        waitlist: Arc::new(mocks.waitlist),
        store: Arc::new(mocks.store),
        patients: Arc::new(patients),
        policy: Policy { ties: Arc::new(ties) },
        watch: unwatched(),
        letters: letters(),
        agenda: Arc::new(mocks.agenda),
        clock: Arc::new(StoppedClock::at(now() + SignedDuration::from_mins(minutes))),
    }
}

#[tokio::test]
async fn an_accepted_offer_becomes_a_visit_with_its_id_and_a_letter() {
    let scene = scene();
    let mut mocks = mocks(&scene);
    let (opened_at, offered, id) = (scene.hold.opened_at, scene.offered.clone(), scene.offer.id);
    mocks.agenda.expect_offer().withf(move |_, at| *at == opened_at).returning(move |_, _| Ok(Ok(offered.clone())));
    mocks
        .store
        .expect_insert()
        .withf(move |new| new.hold == Some(Claim::Becomes(id)) && new.edition == Some(1) && new.letter.is_some())
        .times(1)
        .returning(|_| Ok(Room::Nothing));
    let booked = answers(mocks, &scene, 59).accept(&Caller::link_holder(id), id, None, None).await.unwrap();
    assert_eq!((booked.appointment.id, booked.patient.id), (id, scene.patient.id));
}

#[tokio::test]
async fn the_answer_that_comes_too_late_changes_nothing() {
    let scene = scene();
    let (id, caller) = (scene.offer.id, Caller::link_holder(scene.offer.id));
    for _ in 0..2 {
        let mut mocks = mocks(&scene);
        mocks.store.expect_insert().never();
        mocks.waitlist.expect_end().never();
        let answers = answers(mocks, &scene, 60);
        assert!(matches!(answers.accept(&caller, id, None, None).await, Err(AnswerError::Over)));
        assert!(matches!(answers.refuse(&caller, id, None, None).await, Err(AnswerError::Over)));
    }
}

#[tokio::test]
async fn a_time_that_the_rules_offer_no_more_is_withdrawn() {
    let scene = scene();
    let mut mocks = mocks(&scene);
    mocks.agenda.expect_offer().returning(|_, _| Ok(Err(NoOffer::Outside { rule: "time-off" })));
    mocks.store.expect_insert().never();
    mocks.waitlist.expect_end().withf(|end| end.outcome == Outcome::Withdrawn).times(1).returning(|_| Ok(()));
    let id = scene.offer.id;
    let late = answers(mocks, &scene, 1).accept(&Caller::link_holder(id), id, None, None).await;
    assert!(matches!(late, Err(AnswerError::Over)), "{late:?}");
}

#[tokio::test]
async fn somebody_elses_offer_and_none_are_the_same() {
    let scene = scene();
    let (id, user) = (scene.offer.id, UserId::mint());
    for caller in [
        Caller::guest(),
        Caller::patient(user),
        Caller::doctor(user, DoctorId::mint(), vec![scene.offer.clinic]),
        Caller::staff(user, vec![ClinicId::mint()]),
        Caller::link_holder(AppointmentId::mint()),
    ] {
        let mut mocks = mocks(&scene);
        mocks.store.expect_insert().never();
        mocks.waitlist.expect_end().never();
        let answers = answers(mocks, &scene, 1);
        assert!(matches!(answers.accept(&caller, id, None, None).await, Err(AnswerError::NotFound)), "{caller:?}");
        assert!(matches!(answers.refuse(&caller, id, None, None).await, Err(AnswerError::NotFound)), "{caller:?}");
    }
}

#[tokio::test]
async fn refusing_once_more_changes_nothing() {
    let scene = scene();
    let mut mocks = mocks(&scene);
    mocks.waitlist.expect_end().withf(|end| end.outcome == Outcome::Refused).times(1).returning(|_| Ok(()));
    let (id, caller) = (scene.offer.id, Caller::link_holder(scene.offer.id));
    answers(mocks, &scene, 1).refuse(&caller, id, None, None).await.unwrap();

    let mut waitlist = MockWaitlistStore::new();
    let refused = WaitlistOffer { outcome: Outcome::Refused, ..scene.offer.clone() };
    waitlist.expect_offer().returning(move |_| Ok(Some(refused.clone())));
    waitlist.expect_end().never();
    let mocks = Mocks { waitlist, store: MockAppointmentStore::new(), agenda: MockDoctorAgenda::new() };
    answers(mocks, &scene, 500).refuse(&caller, id, None, None).await.unwrap();
}
