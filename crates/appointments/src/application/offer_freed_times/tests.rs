use jiff::civil::date;
use kernel::{AppointmentId, ClinicId, StoppedClock};

use super::super::patient_ports::{MockAccounts, MockPatientStore, MockPatientTies};
use super::super::ports::{MockDoctorAgenda, MockPractices, Names};
use super::super::test_data::{booked, offer_like};
use super::super::waitlist_ports::{MockOpenTimes, MockWaitlistLine, MockWaitlistStore};
use super::*;
use crate::domain::{DAY, Weekdays, Window};

/// Nine in the morning in Chicago.
fn morning() -> Timestamp {
    "2027-03-01T15:00:00Z".parse().unwrap()
}

fn window() -> Window {
    Window {
        first_day: date(2027, 3, 1),
        last_day: date(2027, 3, 20),
        weekdays: Weekdays::ALL,
        from_minute: 0,
        until_minute: DAY,
    }
}

fn with(doctor: DoctorId) -> InLine {
    let wanted = Wanted::Doctor { doctor, visit_type: None };
    let patient = booked().patient.id;
    let (entry, _) = WaitlistEntry::join(patient, wanted, window(), vec![], morning());
    InLine { entry, offered: Vec::new() }
}

fn time(doctor: DoctorId, hours: i64) -> OpenTime {
    let starts_at = morning() + SignedDuration::from_hours(hours);
    OpenTime {
        doctor,
        visit_type: VisitTypeId::mint(),
        clinic: ClinicId::mint(),
        starts_at,
        ends_at: starts_at + SignedDuration::from_mins(30),
        time_zone: "America/Chicago".into(),
        book_by: starts_at - SignedDuration::from_mins(60),
    }
}

struct Mocks {
    store: MockWaitlistStore,
    line: MockWaitlistLine,
    times: MockOpenTimes,
    agenda: MockDoctorAgenda,
    ties: MockPatientTies,
}

fn mocks(waiting: Vec<InLine>, free: Vec<OpenTime>) -> Mocks {
    let mut line = MockWaitlistLine::new();
    line.expect_waiting().returning(move |_, _| Ok(waiting.clone()));
    line.expect_due().returning(|_, _| Ok(Vec::new()));
    let mut times = MockOpenTimes::new();
    times.expect_marks().returning(|doctors| Ok(doctors.iter().map(|doctor| (*doctor, (1, 1))).collect()));
    times.expect_free().returning(move |asked| {
        let of = |asked: &TimesAsked| free.iter().filter(|time| time.doctor == asked.doctor).cloned().collect();
        Ok(asked.iter().map(of).collect())
    });
    let mut agenda = MockDoctorAgenda::new();
    agenda.expect_offer().returning(|ask, _| {
        let RequestedStart::Instant(start) = ask.start else { panic!("{ask:?}") };
        let visit = kernel::Interval::new(start, start + SignedDuration::from_mins(30)).unwrap();
        Ok(Ok(Offer { doctor: ask.doctor, ..offer_like(&booked(), visit) }))
    });
    Mocks { store: MockWaitlistStore::new(), line, times, agenda, ties: MockPatientTies::new() }
}

fn server(mocks: Mocks, at: Timestamp) -> OfferFreedTimes {
    let mut patients = MockPatientStore::new();
    patients.expect_patient().returning(|_| Ok(Some(booked().patient)));
    let mut practices = MockPractices::new();
    let names = Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "5 Main Street".into() };
    practices.expect_names().returning(move |_, _| Ok(Some(names.clone())));
    OfferFreedTimes {
        store: Arc::new(mocks.store),
        line: Arc::new(mocks.line),
        times: Arc::new(mocks.times),
        agenda: Arc::new(mocks.agenda),
        practices: Arc::new(practices),
        policy: Policy { ties: Arc::new(mocks.ties) },
        addressees: Addressees { patients: Arc::new(patients), accounts: Arc::new(MockAccounts::new()) },
        clock: Arc::new(StoppedClock::at(at)),
        to_answer: SignedDuration::from_mins(120),
        seen: Mutex::default(),
    }
}

#[tokio::test]
async fn who_came_first_is_offered_the_earliest_time_and_the_next_in_line_the_next() {
    let doctor = DoctorId::mint();
    let (one, two, three) = (with(doctor), with(doctor), with(doctor));
    let expected = [(one.entry.id, time(doctor, 5).starts_at), (two.entry.id, time(doctor, 7).starts_at)];
    let mut mocks = mocks(vec![one, two, three], vec![time(doctor, 7), time(doctor, 5)]);
    let mut order = mockall::Sequence::new();
    for (entry, starts_at) in expected {
        mocks
            .line
            .expect_make()
            .withf(move |new| (new.offer.entry, new.offer.starts_at) == (entry, starts_at) && new.letter.is_some())
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
    }
    assert_eq!(server(mocks, morning()).run().await.unwrap(), Served { offered: 2, ended: 0 });
}

#[tokio::test]
async fn nothing_is_offered_at_night_twice_or_with_no_time_left_to_answer() {
    let doctor = DoctorId::mint();
    let soon = OpenTime { book_by: morning() + SignedDuration::from_mins(14), ..time(doctor, 1) };
    let before = InLine { offered: vec![(doctor, time(doctor, 5).starts_at)], ..with(doctor) };
    let night = "2027-03-02T04:00:00Z".parse().unwrap();
    for (at, waits, free) in [
        (night, with(doctor), time(doctor, 30)),
        (morning(), before, time(doctor, 5)),
        (morning(), with(doctor), soon),
        (morning(), with(doctor), time(DoctorId::mint(), 5)),
    ] {
        let mut mocks = mocks(vec![waits], vec![free]);
        mocks.line.expect_make().never();
        assert_eq!(server(mocks, at).run().await.unwrap(), Served::default());
    }
}

#[tokio::test]
async fn a_time_that_a_rival_has_taken_is_left_and_the_next_that_fits_is_tried() {
    let doctor = DoctorId::mint();
    for (error, offered) in [(OfferError::SlotTaken, 1), (OfferError::PatientBusy, 1), (OfferError::NotWaiting, 0)] {
        let mut mocks = mocks(vec![with(doctor)], vec![time(doctor, 5), time(doctor, 6)]);
        let error = Mutex::new(Some(error));
        mocks
            .line
            .expect_make()
            .times(1 + offered)
            .returning(move |_| error.lock().unwrap().take().map_or(Ok(()), Err));
        assert_eq!(server(mocks, morning()).run().await.unwrap().offered, offered);
    }
}

#[tokio::test]
async fn what_is_for_known_patients_is_offered_to_them_alone() {
    for known in [true, false] {
        let doctor = DoctorId::mint();
        let mut mocks = mocks(vec![with(doctor)], vec![time(doctor, 5)]);
        mocks.agenda.checkpoint();
        mocks.agenda.expect_offer().returning(|_, _| {
            let visit = booked().appointment.visit;
            Ok(Ok(Offer { open_to_new_patients: false, ..offer_like(&booked(), visit) }))
        });
        mocks.ties.expect_care_link().returning(move |_, _| Ok(known));
        mocks.line.expect_make().times(usize::from(known)).returning(|_| Ok(()));
        assert_eq!(server(mocks, morning()).run().await.unwrap().offered, usize::from(known));
    }
}

#[tokio::test]
async fn while_nothing_changes_nobody_looks_for_times() {
    let doctor = DoctorId::mint();
    let mut mocks = mocks(vec![with(doctor)], vec![]);
    mocks.times.checkpoint();
    mocks.times.expect_free().times(2).returning(|asked| Ok(vec![Vec::new(); asked.len()]));
    let mark = Arc::new(std::sync::atomic::AtomicI64::new(1));
    let shown = mark.clone();
    mocks.times.expect_marks().returning(move |doctors| {
        let mark = shown.load(std::sync::atomic::Ordering::SeqCst);
        Ok(doctors.iter().map(|doctor| (*doctor, (mark, 1))).collect())
    });
    let server = server(mocks, morning());
    for _ in 0..3 {
        server.run().await.unwrap();
    }
    mark.store(2, std::sync::atomic::Ordering::SeqCst);
    server.run().await.unwrap();
}

#[tokio::test]
async fn what_is_over_ends_before_the_line_is_served_and_who_waits_for_past_days_lapses() {
    let mut mocks = mocks(vec![], vec![]);
    mocks.line.checkpoint();
    let id = AppointmentId::mint();
    let waiting = with(DoctorId::mint());
    let over = WaitlistEntry {
        window: Window { first_day: date(2027, 2, 1), last_day: date(2027, 2, 27), ..window() },
        ..waiting.entry
    };
    mocks.line.expect_due().returning(move |_, _| Ok(vec![id]));
    mocks.line.expect_waiting().returning(move |_, _| Ok(vec![InLine { entry: over.clone(), offered: vec![] }]));
    mocks.line.expect_lapse().times(1).returning(|_| Ok(()));
    mocks
        .store
        .expect_end()
        .withf(move |end| (end.id, end.outcome, end.actor) == (id, Outcome::Expired, Actor::System))
        .times(1)
        .returning(|_| Ok(()));
    assert_eq!(server(mocks, morning()).run().await.unwrap(), Served { offered: 0, ended: 1 });
}
