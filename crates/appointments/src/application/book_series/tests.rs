use jiff::SignedDuration;
use kernel::{ClinicId, PatientId, StoppedClock, UserId};

use super::super::patient_ports::{MockAccounts, MockPatientStore, MockPatientTies};
use super::super::policy::Policy;
use super::super::series_ports::{HeldTime, ManyTimes, MockSeriesAgenda, MockSeriesStore};
use super::super::test_data::{booked, letters, now, offer_like, unwatched};
use super::super::view_ports::MockAccessLog;
use super::super::watch_reads::WatchReads;
use super::*;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

fn first() -> Timestamp {
    now() + SignedDuration::from_hours(3)
}

/// An agenda that answers by the number of the time.
fn agenda(clinic: ClinicId, answer: impl Fn(usize) -> Option<Hindered> + Send + 'static) -> MockSeriesAgenda {
    let mut agenda = MockSeriesAgenda::new();
    agenda.expect_place().returning(move |_, _, _| Ok(Ok((clinic, TimeZone::UTC))));
    agenda.expect_weigh().returning(move |asked: &ManyTimes, _| {
        let weighed = asked.starts.iter().enumerate().map(|(number, at)| {
            let visit = Interval { start: *at, end: *at + SignedDuration::from_mins(30) };
            let offer = Offer { clinic, doctor: asked.doctor, ..offer_like(&booked(), visit) };
            let answer = answer(number).map_or(Ok(offer), Err);
            Weighed { starts_at: *at, ends_at: visit.end, answer, alternatives: Vec::new() }
        });
        Ok(Ok(weighed.collect()))
    });
    agenda
}

fn book(agenda: MockSeriesAgenda, store: MockSeriesStore) -> BookSeries {
    let (mut patients, mut ties, mut log) = (MockPatientStore::new(), MockPatientTies::new(), MockAccessLog::new());
    patients.expect_patient().returning(|_| Ok(Some(booked().patient)));
    ties.expect_seen_at().returning(|_, _| Ok(true));
    log.expect_record().returning(|_| Ok(()));
    let (patients, clock) = (Arc::new(patients), Arc::new(StoppedClock::at(now())));
    BookSeries {
        plan: PlanSeries {
            agenda: Arc::new(agenda),
            store: Arc::new(store),
            patients: patients.clone(),
            policy: Policy { ties: Arc::new(ties) },
            clock: clock.clone(),
        },
        welcome: Arc::new(WelcomePatient { patients, accounts: Arc::new(MockAccounts::new()), clock }),
        letters: SeriesLetters { letters: letters(), watch: WatchReads { log: Arc::new(log), ..unwatched() } },
    }
}

fn store(own: OwnTimes) -> MockSeriesStore {
    let mut store = MockSeriesStore::new();
    store.expect_own_times().returning(move |_, _, _, _, _| Ok(own.clone()));
    store
}

fn booking(agreed: Option<Vec<Timestamp>>) -> SeriesBooking {
    let rule = "FREQ=WEEKLY;COUNT=3".parse().unwrap();
    let doctor = booked().appointment.doctor;
    let wish = SeriesWish { doctor, visit_type: None, patient: Some(PatientId::mint()), first: first(), rule };
    SeriesBooking { wish, agreed, notes: Some("Stairs".into()) }
}

async fn run(
    book: &BookSeries,
    clinic: ClinicId,
    agreed: Option<Vec<Timestamp>>,
) -> Result<SeriesDetails, SeriesError> {
    let desk = Caller::staff(UserId::mint(), vec![clinic]);
    book.run(&desk, booking(agreed), Some("request-1".into()), None).await
}

#[tokio::test]
async fn all_dates_are_stored_at_once_with_one_letter_and_the_holds_in_their_place_are_given_up() {
    let clinic = ClinicId::mint();
    let held = |at: Timestamp| HeldTime {
        id: kernel::AppointmentId::mint(),
        blocked: Interval { start: at, end: at + SignedDuration::from_mins(30) },
    };
    let (there, elsewhere) = (held(first() + WEEK), held(first() - WEEK));
    let mut store = store(OwnTimes { held: vec![there, elsewhere], ..OwnTimes::default() });
    store
        .expect_insert_series()
        .withf(move |new| {
            let caused = new.booked.iter().all(|event| event.request_id.as_deref() == Some("request-1"));
            let told = new.letter.as_ref().is_some_and(|letter| letter.calendar == "3 visits");
            new.given_up == [there.id] && new.booked.len() == 3 && new.edition == 1 && caused && told
        })
        .times(1)
        .returning(|new| Ok(new.details.clone()));
    let details = run(&book(agenda(clinic, |_| None), store), clinic, None).await.unwrap();
    let starts: Vec<Timestamp> = details.visits.iter().map(|visit| visit.appointment.visit.start).collect();
    assert_eq!(starts, [first(), first() + WEEK, first() + WEEK * 2]);
    assert_eq!(details.series.rule, "FREQ=WEEKLY;COUNT=3");
}

#[tokio::test]
async fn agreed_times_are_booked_in_place_of_the_rules_own() {
    let clinic = ClinicId::mint();
    let mut store = store(OwnTimes::default());
    store.expect_insert_series().times(1).returning(|new| Ok(new.details.clone()));
    let hour = SignedDuration::from_hours(1);
    let agreed = vec![first() + WEEK + hour, first()];
    let details = run(&book(agenda(clinic, |_| None), store), clinic, Some(agreed)).await.unwrap();
    let starts: Vec<Timestamp> = details.visits.iter().map(|visit| visit.appointment.visit.start).collect();
    assert_eq!(starts, [first(), first() + WEEK + hour]);
}

#[tokio::test]
async fn nothing_is_stored_where_one_of_the_times_cannot_be_had() {
    let clinic = ClinicId::mint();
    let taken = |number| (number == 1).then_some(Hindered::Taken("buffer"));
    match run(&book(agenda(clinic, taken), store(OwnTimes::default())), clinic, None).await {
        Err(SeriesError::SlotTaken(times, _)) => assert_eq!(times, [first() + WEEK]),
        other => panic!("{other:?}"),
    }
    let mixed = |number| match number {
        0 => Some(Hindered::PatientBusy),
        1 => Some(Hindered::Taken("busy")),
        _ => Some(Hindered::Rule("clinic-holiday")),
    };
    match run(&book(agenda(clinic, mixed), store(OwnTimes::default())), clinic, None).await {
        Err(SeriesError::Refused(times, _)) => assert_eq!(times, [(first() + WEEK * 2, "clinic-holiday")]),
        other => panic!("{other:?}"),
    }
    let busy = |number| (number == 0).then_some(Hindered::PatientBusy);
    let refused = run(&book(agenda(clinic, busy), store(OwnTimes::default())), clinic, None).await;
    assert!(matches!(refused, Err(SeriesError::PatientBusy(..))), "{refused:?}");
}

#[tokio::test]
async fn what_cannot_have_been_agreed_is_refused_before_anything_is_weighed() {
    let clinic = ClinicId::mint();
    let at = |weeks: i32| first() + WEEK * weeks;
    for agreed in [vec![], vec![at(0), at(0)], vec![at(0), at(1), at(2), at(3)]] {
        let mut agenda = MockSeriesAgenda::new();
        agenda.expect_place().returning(move |_, _, _| Ok(Ok((clinic, TimeZone::UTC))));
        agenda.expect_weigh().never();
        let refused = run(&book(agenda, MockSeriesStore::new()), clinic, Some(agreed)).await;
        assert!(matches!(refused, Err(SeriesError::BadlyAgreed)), "{refused:?}");
    }
}

#[tokio::test]
async fn changed_rules_are_asked_again_and_a_rival_is_told() {
    let clinic = ClinicId::mint();
    let mut restless = store(OwnTimes::default());
    restless.expect_insert_series().times(TRIES).returning(|_| Err(NewSeriesError::RulesChanged));
    match run(&book(agenda(clinic, |_| None), restless), clinic, None).await {
        Err(SeriesError::Failed(failure)) => assert_eq!(failure.kind(), FailureKind::Contention),
        other => panic!("{other:?}"),
    }
    let mut slow = store(OwnTimes::default());
    slow.expect_insert_series().times(1).returning(|_| Err(NewSeriesError::SlotTaken(vec![first()])));
    match run(&book(agenda(clinic, |_| None), slow), clinic, None).await {
        Err(SeriesError::SlotTaken(times, _)) => assert_eq!(times, [first()]),
        other => panic!("{other:?}"),
    }
}
