use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, StoppedClock, UserId};

use super::super::patient_ports::MockPatientTies;
use super::super::series_ports::MockSeriesStore;
use super::super::test_data::{bound_from, letters, now, series_of_three, unwatched};
use super::super::view_ports::MockAccessLog;
use super::super::watch_reads::WatchReads;
use super::*;
use crate::domain::Status;

/// With a store that holds `found`, and a doctor whose patients are bound so many hours before a visit.
fn cancel(found: &SeriesDetails, mut store: MockSeriesStore, (cutoff, at): (i64, Timestamp)) -> CancelSeries {
    let known = found.clone();
    store.expect_find_series().returning(move |_| Ok(Some(known.clone())));
    let (mut ties, mut log) = (MockPatientTies::new(), MockAccessLog::new());
    ties.expect_looks_after().returning(|_, _| Ok(true));
    log.expect_record().returning(|_| Ok(()));
    let store: Arc<dyn SeriesStore> = Arc::new(store);
    let watch = WatchReads { log: Arc::new(log), ..unwatched() };
    CancelSeries {
        read: ReadSeries { store: store.clone(), policy: Policy { ties: Arc::new(ties) }, watch: watch.clone() },
        store,
        letters: SeriesLetters { letters: letters(), watch },
        practices: bound_from(cutoff),
        clock: Arc::new(StoppedClock::at(at)),
    }
}

fn wish(found: &SeriesDetails, from: usize, reason: Option<&str>) -> SeriesCancellation {
    let from = found.visits[from].appointment.id;
    SeriesCancellation { id: found.series.id, from, reason: reason.map(str::to_owned) }
}

fn standing(details: &SeriesDetails) -> Vec<Status> {
    details.visits.iter().map(|visit| visit.appointment.status).collect()
}

#[tokio::test]
async fn a_visit_and_those_after_it_are_called_off_with_one_letter() {
    let found = series_of_three();
    let mut store = MockSeriesStore::new();
    store
        .expect_cut_series()
        .withf(|cut| {
            let told = cut.letter.as_ref().is_some_and(|letter| letter.calendar == "2 visits");
            cut.changes.len() == 2 && told && cut.changes.iter().all(|change| change.letter.is_none())
        })
        .times(1)
        .returning(|_| Ok(()));
    let after = cancel(&found, store, (0, now()));
    let after = after.run(&Caller::admin(UserId::mint()), wish(&found, 1, Some("ill")), None, None).await.unwrap();
    assert_eq!(standing(&after), [Status::Booked, Status::Cancelled, Status::Cancelled]);
}

#[tokio::test]
async fn where_nothing_is_left_to_call_off_nothing_is_written() {
    let mut found = series_of_three();
    for visit in &mut found.visits {
        visit.appointment.status = Status::Cancelled;
    }
    let mut store = MockSeriesStore::new();
    store.expect_cut_series().never();
    let cancel = cancel(&found, store, (0, now()));
    let after = cancel.run(&Caller::admin(UserId::mint()), wish(&found, 0, None), None, None).await.unwrap();
    assert_eq!(after, found);
}

#[tokio::test]
async fn a_team_says_why_and_a_patient_inside_the_cutoff() {
    let found = series_of_three();
    for (caller, from, reason, may) in [
        (Caller::admin(UserId::mint()), 1, None, false),
        (Caller::admin(UserId::mint()), 1, Some("ill"), true),
        (Caller::patient(UserId::mint()), 0, None, false),
        (Caller::patient(UserId::mint()), 0, Some("ill"), true),
        (Caller::patient(UserId::mint()), 1, None, true),
    ] {
        let mut store = MockSeriesStore::new();
        store.expect_cut_series().times(usize::from(may)).returning(|_| Ok(()));
        let asked = wish(&found, from, reason);
        match cancel(&found, store, (24, now())).run(&caller, asked, None, None).await {
            Ok(_) => assert!(may),
            Err(CancelSeriesError::ReasonRequired) => assert!(!may && caller.is_admin()),
            Err(CancelSeriesError::LateReasonRequired { cutoff_hours: 24 }) => assert!(!may && !caller.is_admin()),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_stale_look_is_taken_again_and_others_visits_are_none() {
    let found = series_of_three();
    let admin = Caller::admin(UserId::mint());
    let mut store = MockSeriesStore::new();
    store.expect_cut_series().times(TRIES).returning(|_| Err(SeriesCutError::Stale));
    let late = now() + SignedDuration::from_hours(1);
    let refused = cancel(&found, store, (0, late)).run(&admin, wish(&found, 0, Some("ill")), None, None).await;
    assert!(matches!(refused, Err(CancelSeriesError::Restless)), "{refused:?}");
    let others = SeriesCancellation { from: AppointmentId::mint(), ..wish(&found, 0, Some("ill")) };
    let refused = cancel(&found, MockSeriesStore::new(), (0, now())).run(&admin, others, None, None).await;
    assert!(matches!(refused, Err(CancelSeriesError::NotInSeries)), "{refused:?}");
    let stranger = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
    let cancel = cancel(&found, MockSeriesStore::new(), (0, now()));
    let refused = cancel.run(&stranger, wish(&found, 0, None), None, None).await;
    assert!(matches!(refused, Err(CancelSeriesError::NotFound)), "{refused:?}");
}
