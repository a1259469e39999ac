use jiff::SignedDuration;
use kernel::{Interval, StoppedClock, UserId};

use super::*;
use crate::application::desk_agenda::MockDeskAgenda;
use crate::application::patient_ports::{MockAccounts, MockPatientStore, MockPatientTies};
use crate::application::ports::{MockAppointmentStore, MockDoctorAgenda};
use crate::application::test_data::{booked, now, offer_like, unwatched};
use crate::application::welcome_patient::WelcomePatient;
use crate::domain::{Particulars, Room, Status};

fn offer_at(minutes: i64) -> Offer {
    let start = now() + SignedDuration::from_mins(minutes);
    offer_like(&booked(), Interval::new(start, start + SignedDuration::from_mins(30)).unwrap())
}

/// The first gap in the hours, and the first one anywhere.
fn gaps(inside: Option<Offer>, anywhere: Option<Offer>) -> MockDeskAgenda {
    let mut desk = MockDeskAgenda::new();
    desk.expect_gap().returning(move |asked, _| {
        Ok(Ok(if asked.within == GapIn::Hours { inside.clone() } else { anywhere.clone() }))
    });
    desk
}

fn use_case(store: MockAppointmentStore, desk: MockDeskAgenda) -> ReceiveWalkIn {
    let store = Arc::new(store);
    let patients = Arc::new(MockPatientStore::new());
    let accounts = Arc::new(MockAccounts::new());
    let clock = Arc::new(StoppedClock::at(now()));
    let mut agenda = MockDoctorAgenda::new();
    agenda.expect_next_free().returning(|_, _, _, _, _| Ok(Vec::new()));
    ReceiveWalkIn {
        store: store.clone(),
        who: WhoComes {
            store,
            patients: patients.clone(),
            policy: Policy { ties: Arc::new(MockPatientTies::new()) },
            welcome: Arc::new(WelcomePatient { patients, accounts, clock: clock.clone() }),
        },
        watch: unwatched(),
        agenda: Arc::new(agenda),
        desk: Arc::new(desk),
        clock,
    }
}

fn walk_in(offer: &Offer) -> WalkIn {
    WalkIn {
        clinic: offer.clinic,
        doctor: offer.doctor,
        visit_type: None,
        whom: Whom::Person(Particulars { name: "Ada Example".into(), ..Particulars::default() }),
        notes: None,
        outside_hours: None,
    }
}

fn staff(offer: &Offer) -> Caller {
    Caller::staff(UserId::mint(), vec![offer.clinic])
}

#[tokio::test]
async fn who_comes_in_is_booked_and_has_arrived_in_one_step_and_needs_no_address() {
    let offer = offer_at(10);
    let mut store = MockAppointmentStore::new();
    store
        .expect_insert()
        .times(1)
        .withf(|new| {
            let names = [&new.booked.event, &new.arrived.as_ref().unwrap().event].map(kernel::DomainEvent::name);
            names == ["appointment.booked", "appointment.arrived"] && new.letter.is_none()
        })
        .returning(|_| Ok(Room::Nothing));
    let desk = gaps(Some(offer.clone()), None);
    let taken_in = use_case(store, desk).run(&staff(&offer), walk_in(&offer), None, None).await.unwrap();
    let visit = taken_in.appointment;
    assert_eq!((visit.status, visit.arrived_at, visit.version), (Status::Arrived, Some(now()), 2));
    assert_eq!((visit.visit, visit.outside_reason), (offer.visit, None));
}

#[tokio::test]
async fn beyond_the_hours_they_are_seen_only_with_leave_and_only_where_that_is_earlier() {
    let (inside, anywhere) = (offer_at(60), offer_at(0));
    let seen = async |inside: Option<Offer>, anywhere: Offer, reason: Option<&str>| {
        let mut store = MockAppointmentStore::new();
        store.expect_insert().returning(|_| Ok(Room::Nothing));
        let wish = WalkIn { outside_hours: reason.map(str::to_owned), ..walk_in(&anywhere) };
        let visit =
            use_case(store, gaps(inside, Some(anywhere.clone()))).run(&staff(&anywhere), wish, None, None).await;
        visit.map(|visit| (visit.appointment.visit.start, visit.appointment.outside_reason))
    };
    let with_leave = seen(Some(inside.clone()), anywhere.clone(), Some("Bleeding")).await.unwrap();
    assert_eq!(with_leave, (now(), Some("Bleeding".into())));
    let without = seen(Some(inside.clone()), anywhere.clone(), None).await.unwrap();
    assert_eq!(without, (inside.visit.start, None));
    let not_needed = seen(Some(anywhere.clone()), anywhere.clone(), Some("Bleeding")).await.unwrap();
    assert_eq!(not_needed, (now(), None));
    let full = seen(None, anywhere, None).await;
    assert!(matches!(full, Err(BookError::DayFull { .. })), "{full:?}");
}

#[tokio::test]
async fn a_time_that_is_taken_meanwhile_gives_way_to_the_next() {
    let (first, next) = (offer_at(0), offer_at(30));
    let mut found = vec![next.clone(), first.clone()];
    let mut desk = MockDeskAgenda::new();
    desk.expect_gap().times(2).returning(move |_, _| Ok(Ok(found.pop())));
    let mut store = MockAppointmentStore::new();
    let taken = first.visit.start;
    store.expect_insert().times(2).returning(move |new| {
        if new.details.appointment.visit.start == taken { Err(InsertError::SlotTaken) } else { Ok(Room::Nothing) }
    });
    // The two offers are of one doctor.
    let caller = Caller::admin(UserId::mint());
    let visit = use_case(store, desk).run(&caller, walk_in(&first), None, None).await.unwrap();
    assert_eq!(visit.appointment.visit.start, next.visit.start);
}

#[tokio::test]
async fn nobody_is_taken_in_by_another_clinic_s_desk_a_patient_or_a_guest() {
    let offer = offer_at(0);
    for caller in [
        Caller::staff(UserId::mint(), vec![ClinicId::mint()]),
        Caller::doctor(UserId::mint(), DoctorId::mint(), vec![offer.clinic]),
        Caller::patient(UserId::mint()),
        Caller::guest(),
    ] {
        let mut store = MockAppointmentStore::new();
        store.expect_insert().never();
        let refused = use_case(store, MockDeskAgenda::new()).run(&caller, walk_in(&offer), None, None).await;
        assert!(matches!(refused, Err(BookError::OthersCalendar)), "{refused:?}");
    }
}
