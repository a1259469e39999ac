use jiff::SignedDuration;
use kernel::{Caller, ClinicId, StoppedClock, UserId};

use super::super::patient_ports::{MockPatientStore, MockPatientTies};
use super::super::ports::FreeSlot;
use super::super::series_ports::{Hindered, MockSeriesAgenda, MockSeriesStore};
use super::super::test_data::{booked, now, offer_like};
use super::*;

fn wish(patient: Option<PatientId>, rule: &str) -> SeriesWish {
    let visit = booked().appointment;
    let rule = rule.parse().unwrap();
    SeriesWish { doctor: visit.doctor, visit_type: None, patient, first: visit.visit.start, rule }
}

/// An agenda of one clinic where all is free but the second time; it asks for the question that is put to it.
fn agenda(
    open_to_new: bool,
    clinic: ClinicId,
    expected: impl Fn(&ManyTimes) -> bool + Send + 'static,
) -> MockSeriesAgenda {
    let mut agenda = MockSeriesAgenda::new();
    agenda.expect_place().returning(move |_, _, _| Ok(Ok((clinic, TimeZone::get("America/Chicago").unwrap()))));
    agenda.expect_weigh().withf(move |asked, _| expected(asked)).returning(move |asked, _| {
        let half = SignedDuration::from_mins(30);
        let weighed = asked.starts.iter().enumerate().map(|(number, at)| {
            let visit = Interval { start: *at, end: *at + half };
            let offer = Offer {
                clinic,
                doctor: asked.doctor,
                open_to_new_patients: open_to_new,
                ..offer_like(&booked(), visit)
            };
            let near = |clinic| FreeSlot {
                starts_at: *at + half,
                ends_at: *at + half + half,
                visit_type: offer.visit_type,
                clinic,
                time_zone: "America/Chicago".into(),
            };
            let taken = number == 1;
            Weighed {
                starts_at: *at,
                ends_at: visit.end,
                alternatives: if taken { vec![near(clinic), near(ClinicId::mint())] } else { Vec::new() },
                answer: if taken { Err(Hindered::Taken("busy")) } else { Ok(offer) },
            }
        });
        Ok(Ok(weighed.collect()))
    });
    agenda
}

fn plan(agenda: MockSeriesAgenda, own: OwnTimes, tied: bool) -> PlanSeries {
    let (mut store, mut patients, mut ties) = (MockSeriesStore::new(), MockPatientStore::new(), MockPatientTies::new());
    store.expect_own_times().returning(move |_, _, _, _, _| Ok(own.clone()));
    patients.expect_patient().returning(|_| Ok(Some(booked().patient)));
    patients.expect_own().returning(|_| Ok(None));
    ties.expect_looks_after().returning(move |_, _| Ok(tied));
    ties.expect_care_link().returning(move |_, _| Ok(tied));
    ties.expect_seen_at().returning(move |_, _| Ok(tied));
    PlanSeries {
        agenda: Arc::new(agenda),
        store: Arc::new(store),
        patients: Arc::new(patients),
        policy: Policy { ties: Arc::new(ties) },
        clock: Arc::new(StoppedClock::at(now())),
    }
}

#[tokio::test]
async fn each_date_is_weighed_and_other_times_are_named_where_the_caller_may_book_them() {
    let clinic = ClinicId::mint();
    let held = Interval { start: now(), end: now() + SignedDuration::from_mins(30) };
    let own = OwnTimes {
        elsewhere: vec![held],
        held: vec![super::super::series_ports::HeldTime { id: kernel::AppointmentId::mint(), blocked: held }],
    };
    let asked = move |asked: &ManyTimes| {
        asked.elsewhere == [held]
            && asked.kept == [held]
            && asked.alternatives == ALTERNATIVES
            && asked.horizon_days > 1827
    };
    let plan = plan(agenda(true, clinic, asked), own, true);
    let desk = Caller::staff(UserId::mint(), vec![clinic]);
    let shown = plan.run(&desk, &wish(Some(PatientId::mint()), "FREQ=WEEKLY;COUNT=3")).await.unwrap();
    let free: Vec<bool> = shown.dates.iter().map(|date| date.answer.is_ok()).collect();
    assert_eq!((free, shown.time_zone.iana_name()), (vec![true, false, true], Some("America/Chicago")));
    // 9:00 in Chicago after the clocks have changed is an hour earlier in UTC.
    assert_eq!(shown.dates[2].starts_at.duration_since(shown.dates[0].starts_at).as_hours(), 14 * 24 - 1);
    assert_eq!(shown.dates[1].alternatives.len(), 1, "not those at other clinics");
}

#[tokio::test]
async fn a_patient_who_is_new_here_sees_the_dates_and_leaves_nothing_behind() {
    let asked = |asked: &ManyTimes| asked.horizon_days == 0 && asked.elsewhere.is_empty();
    let patient = Caller::patient(UserId::mint());
    let open = plan(agenda(true, ClinicId::mint(), asked), OwnTimes::default(), false);
    assert_eq!(open.run(&patient, &wish(None, "FREQ=WEEKLY;COUNT=3")).await.unwrap().dates.len(), 3);
    let closed = plan(agenda(false, ClinicId::mint(), |_| true), OwnTimes::default(), false);
    let refused = closed.run(&patient, &wish(None, "FREQ=WEEKLY;COUNT=3")).await;
    assert!(matches!(refused, Err(SeriesError::NotForNewPatients)), "{refused:?}");
}

#[tokio::test]
async fn who_may_not_book_is_told_as_little_as_at_a_single_booking() {
    let clinic = ClinicId::mint();
    let untied = || plan(agenda(true, clinic, |_| true), OwnTimes::default(), false);
    let tied = || plan(agenda(true, clinic, |_| true), OwnTimes::default(), true);
    let rule = "FREQ=WEEKLY;COUNT=3";
    let whom = Some(PatientId::mint());
    let elsewhere = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
    assert!(matches!(untied().run(&elsewhere, &wish(whom, rule)).await, Err(SeriesError::UnknownPatient)));
    assert!(matches!(tied().run(&elsewhere, &wish(whom, rule)).await, Err(SeriesError::OthersCalendar)));
    assert!(matches!(tied().run(&elsewhere, &wish(None, rule)).await, Err(SeriesError::Nobody)));
    assert!(matches!(tied().run(&Caller::guest(), &wish(None, rule)).await, Err(SeriesError::Nobody)));
    let patient = Caller::patient(UserId::mint());
    assert!(matches!(untied().run(&patient, &wish(whom, rule)).await, Err(SeriesError::UnknownPatient)));
}

#[tokio::test]
async fn a_patient_books_twelve_visits_at_once_and_a_team_more() {
    let clinic = ClinicId::mint();
    for (caller, count, may) in [
        (Caller::patient(UserId::mint()), 12, true),
        (Caller::patient(UserId::mint()), 13, false),
        (Caller::staff(UserId::mint(), vec![clinic]), 52, true),
    ] {
        let plan = plan(agenda(true, clinic, |_| true), OwnTimes::default(), true);
        let rule = format!("FREQ=WEEKLY;COUNT={count}");
        match plan.run(&caller, &wish(Some(PatientId::mint()), &rule)).await {
            Ok(shown) => assert!(may && shown.dates.len() == count),
            Err(SeriesError::TooManyForPatients) => assert!(!may),
            Err(other) => panic!("{other:?}"),
        }
    }
}
