use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, DoctorId, Interval, Money, StoppedClock, UserId, VisitTypeId};
use mockall::Sequence;

use super::*;
use crate::application::Addressees;
use crate::application::desk_agenda::MockDeskAgenda;
use crate::application::patient_ports::{MockAccounts, MockPatientStore, MockPatientTies};
use crate::application::ports::{
    KnownGuest, MockAppointmentStore, MockDoctorAgenda, MockPractices, Names, RequestedStart,
};
use crate::application::visit_letters::MockCalendarFiles;
use crate::application::welcome_patient::WelcomePatient;
use crate::domain::Room;
use crate::domain::{Offer, Patient, VisitMode};

fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

fn offer() -> Offer {
    let visit = Interval::new(now() + SignedDuration::from_hours(2), now() + SignedDuration::from_mins(150)).unwrap();
    Offer {
        doctor: DoctorId::mint(),
        clinic: ClinicId::mint(),
        visit_type: VisitTypeId::mint(),
        mode: VisitMode::InPerson,
        price: Money::dollars(150),
        visit,
        blocked: visit,
        time_zone: "America/New_York".into(),
        open_to_new_patients: true,
        edition: 1,
        resources: Vec::new(),
        outside_hours: None,
    }
}

fn ada() -> Particulars {
    Particulars { name: "Ada Example".into(), email: Some("ada@example.org".into()), ..Particulars::default() }
}

fn booking() -> Booking {
    Booking {
        ask: Ask {
            doctor: DoctorId::mint(),
            visit_type: None,
            start: RequestedStart::Instant(now() + SignedDuration::from_hours(2)),
            duration_minutes: None,
        },
        whom: Whom::Person(ada()),
        notes: None,
        hold: None,
        outside: None,
    }
}

fn offering(offer: Offer) -> MockDoctorAgenda {
    let mut agenda = MockDoctorAgenda::new();
    agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
    agenda
}

fn use_case(store: MockAppointmentStore, agenda: MockDoctorAgenda) -> BookAppointment {
    with(store, MockPatientStore::new(), MockPatientTies::new(), agenda)
}

fn with(
    store: MockAppointmentStore,
    patients: MockPatientStore,
    ties: MockPatientTies,
    agenda: MockDoctorAgenda,
) -> BookAppointment {
    let patients = Arc::new(patients);
    let accounts = Arc::new(MockAccounts::new());
    let clock = Arc::new(StoppedClock::at(now()));
    let mut practices = MockPractices::new();
    let names = Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "5 Main Street".into() };
    let mut files = MockCalendarFiles::new();
    files.expect_write().returning(|_, _, _, _, _| String::new());
    practices.expect_names().returning(move |_, _| Ok(Some(names.clone())));
    let store = Arc::new(store);
    BookAppointment {
        store: store.clone(),
        who: WhoComes {
            store,
            patients: patients.clone(),
            policy: Policy { ties: Arc::new(ties) },
            welcome: Arc::new(WelcomePatient { patients: patients.clone(), accounts: accounts.clone(), clock }),
        },
        watch: crate::application::test_data::unwatched(),
        letters: VisitLetters {
            addressees: Addressees { patients, accounts },
            practices: Arc::new(practices),
            files: Arc::new(files),
        },
        agenda: Arc::new(agenda),
        desk: Arc::new(MockDeskAgenda::new()),
        clock: Arc::new(StoppedClock::at(now())),
        guests: GuestBooking::Immediate,
    }
}

#[tokio::test]
async fn a_new_guest_is_taken_down_with_the_visit() {
    let mut store = MockAppointmentStore::new();
    store.expect_guest().times(1).returning(|_, _| Ok(None));
    store
        .expect_insert()
        .withf(|new| new.patient_is_new == PatientIs::New && new.booked.actor == Actor::Guest && new.booked.at == now())
        .times(1)
        .returning(|_| Ok(Room::Nothing));
    let booked = use_case(store, offering(offer())).run(&Caller::guest(), booking(), None, None).await.unwrap();
    assert_eq!(booked.patient.id, booked.appointment.patient);
}

#[tokio::test]
async fn a_guest_we_know_keeps_the_id() {
    let known = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
    let id = known.id;
    let mut store = MockAppointmentStore::new();
    store.expect_guest().returning(move |_, _| Ok(Some(KnownGuest { patient: known.clone(), known_to_doctor: false })));
    store.expect_insert().withf(|new| new.patient_is_new == PatientIs::Known).times(1).returning(|_| Ok(Room::Nothing));
    let booked = use_case(store, offering(offer())).run(&Caller::guest(), booking(), None, None).await.unwrap();
    assert_eq!(booked.patient.id, id);
}

#[tokio::test]
async fn what_the_doctor_does_not_offer_is_refused_and_nothing_is_stored() {
    let mut agenda = MockDoctorAgenda::new();
    agenda.expect_offer().returning(|_, _| Ok(Err(NoOffer::Outside { rule: "weekly-hours" })));
    let mut store = MockAppointmentStore::new();
    store.expect_insert().never();
    let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
    assert!(matches!(refused, Err(BookError::NotOffered(NoOffer::Outside { rule: "weekly-hours" }))), "{refused:?}");
}

#[tokio::test]
async fn when_the_rules_change_under_a_booking_they_are_asked_again() {
    let mut agenda = MockDoctorAgenda::new();
    let mut order = Sequence::new();
    let first = offer();
    agenda.expect_offer().times(1).in_sequence(&mut order).returning(move |_, _| Ok(Ok(first.clone())));
    let mut store = MockAppointmentStore::new();
    store.expect_guest().returning(|_, _| Ok(None));
    store
        .expect_insert()
        .withf(|new| new.edition == Some(1))
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(InsertError::RulesChanged));
    agenda
        .expect_offer()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(Err(NoOffer::Outside { rule: "time-off" })));
    let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
    assert!(matches!(refused, Err(BookError::NotOffered(NoOffer::Outside { rule: "time-off" }))), "{refused:?}");
}

#[tokio::test]
async fn whoever_comes_second_hears_of_three_other_times() {
    let slot = FreeSlot {
        starts_at: now(),
        ends_at: now(),
        visit_type: VisitTypeId::mint(),
        clinic: ClinicId::mint(),
        time_zone: "UTC".into(),
    };
    let mut agenda = offering(offer());
    agenda
        .expect_next_free()
        .withf(|_, _, _, count, _| *count == 3)
        .times(1)
        .returning(move |_, _, _, _, _| Ok(vec![slot.clone(); 3]));
    let mut store = MockAppointmentStore::new();
    store.expect_guest().returning(|_, _| Ok(None));
    store.expect_insert().times(1).returning(|_| Err(InsertError::SlotTaken));
    let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
    assert!(matches!(&refused, Err(BookError::SlotTaken { alternatives }) if alternatives.len() == 3), "{refused:?}");
}

#[tokio::test]
async fn a_guest_taken_down_meanwhile_is_looked_up_again() {
    let known = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
    let id = known.id;
    let mut order = Sequence::new();
    let mut store = MockAppointmentStore::new();
    store.expect_guest().times(1).in_sequence(&mut order).returning(|_, _| Ok(None));
    store.expect_insert().times(1).in_sequence(&mut order).returning(|_| Err(InsertError::GuestAppeared));
    store
        .expect_guest()
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_, _| Ok(Some(KnownGuest { patient: known.clone(), known_to_doctor: true })));
    store.expect_insert().times(1).in_sequence(&mut order).returning(|_| Ok(Room::Nothing));
    let booked = use_case(store, offering(offer())).run(&Caller::guest(), booking(), None, None).await.unwrap();
    assert_eq!(booked.patient.id, id);
}

#[tokio::test]
async fn a_visit_type_for_known_patients_is_closed_to_strangers() {
    let mut store = MockAppointmentStore::new();
    store.expect_guest().returning(|_, _| Ok(None));
    store.expect_insert().never();
    let agenda = offering(Offer { open_to_new_patients: false, ..offer() });
    let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
    assert!(matches!(refused, Err(BookError::NotForNewPatients)), "{refused:?}");
}

#[tokio::test]
async fn nobody_books_as_a_guest_where_that_is_switched_off() {
    let closed =
        BookAppointment { guests: GuestBooking::Off, ..use_case(MockAppointmentStore::new(), MockDoctorAgenda::new()) };
    let refused = closed.run(&Caller::guest(), booking(), None, None).await;
    assert!(matches!(refused, Err(BookError::GuestsNotAllowed)), "{refused:?}");
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_before_anything_is_asked() {
    let nameless = Booking { whom: Whom::Person(Particulars { name: "  ".into(), ..ada() }), ..booking() };
    let refused = use_case(MockAppointmentStore::new(), MockDoctorAgenda::new())
        .run(&Caller::guest(), nameless, None, None)
        .await;
    assert!(matches!(refused, Err(BookError::BadPatient(PatientError::BadName))), "{refused:?}");
}

fn knowing(patient: &Patient) -> MockPatientStore {
    let mut patients = MockPatientStore::new();
    let (own, any) = (patient.clone(), patient.clone());
    patients.expect_own().returning(move |_| Ok(Some(own.clone())));
    patients.expect_patient().returning(move |_| Ok(Some(any.clone())));
    patients
}

fn tied(looks_after: bool, care_link: bool) -> MockPatientTies {
    let mut ties = MockPatientTies::new();
    ties.expect_looks_after().returning(move |_, _| Ok(looks_after));
    ties.expect_care_link().returning(move |_, _| Ok(care_link));
    ties
}

#[tokio::test]
async fn who_is_signed_in_books_for_oneself_without_saying_so() {
    let own = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
    let id = own.id;
    let caller = Caller::patient(UserId::mint());
    let actor = caller.actor();
    let mut store = MockAppointmentStore::new();
    store
        .expect_insert()
        .withf(move |new| {
            let letter = new.letter.as_ref().map(|letter| letter.email.as_str());
            new.patient_is_new == PatientIs::Known && new.booked.actor == actor && letter == Some("ada@example.org")
        })
        .times(1)
        .returning(|_| Ok(Room::Nothing));
    let book = with(store, knowing(&own), tied(true, false), offering(offer()));
    let booked = book.run(&caller, Booking { whom: Whom::Oneself, ..booking() }, None, None).await.unwrap();
    assert_eq!(booked.patient.id, id);
}

#[tokio::test]
async fn nobody_books_for_a_patient_they_are_not_tied_to() {
    let stranger = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
    let whom = Whom::Patient(stranger.id);
    let mut store = MockAppointmentStore::new();
    store.expect_insert().never();
    let book = with(store, knowing(&stranger), tied(false, false), offering(offer()));
    for caller in [Caller::patient(UserId::mint()), Caller::doctor(UserId::mint(), DoctorId::mint(), vec![])] {
        let refused = book.run(&caller, Booking { whom: whom.clone(), ..booking() }, None, None).await;
        assert!(matches!(refused, Err(BookError::UnknownPatient)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_front_desk_takes_down_whom_it_can_reach_at_its_own_clinic_only() {
    let offer = offer();
    let own = Caller::staff(UserId::mint(), vec![offer.clinic]);
    let other = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
    let by_phone = Particulars { email: None, phone: Some("5550100".into()), ..ada() };
    let wish = |person: &Particulars| Booking { whom: Whom::Person(person.clone()), ..booking() };
    let mut store = MockAppointmentStore::new();
    store
        .expect_insert()
        .withf(|new| new.patient_is_new == PatientIs::New && new.letter.is_none())
        .times(1)
        .returning(|_| Ok(Room::Nothing));
    let mut patients = MockPatientStore::new();
    patients.expect_caretakers().returning(|_| Ok(Vec::new()));
    let book = with(store, patients, MockPatientTies::new(), offering(offer));
    assert!(book.run(&own, wish(&by_phone), None, None).await.is_ok());
    let refused = book.run(&other, wish(&by_phone), None, None).await;
    assert!(matches!(refused, Err(BookError::OthersCalendar)), "{refused:?}");
    let refused = book.run(&own, wish(&Particulars { phone: None, ..by_phone }), None, None).await;
    assert!(matches!(refused, Err(BookError::Unreachable)), "{refused:?}");
}

#[tokio::test]
async fn a_guest_whose_address_is_to_be_proven_does_not_book_at_once() {
    let book = use_case(MockAppointmentStore::new(), MockDoctorAgenda::new());
    let book = BookAppointment { guests: GuestBooking::Code, ..book };
    let refused = book.run(&Caller::guest(), booking(), None, None).await;
    assert!(matches!(refused, Err(BookError::GuestsNotAllowed)), "{refused:?}");
}
