//! Many visits in one transaction: all of them or none, whoever else wants the same times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use appointments::application::{
    AppointmentDetails, AppointmentStore as _, Change, Confirmation, Names, NewSeries, NewSeriesError, SeriesCut,
    SeriesCutError, SeriesDetails, SeriesStore as _, UpdateError,
};
use appointments::domain::{Appointment, Offer, Patient, Series, SeriesId, SeriesTerms, Side, Status};
use kernel::{Actor, KeptAnswer, Once, OnceError, Recorded};
use tokio::sync::Barrier;

use super::house::{
    House, booking, booking_of_known, cancelling, clinic, doctor, guest, half_hour, moving, now, offer, span,
};

/// A series of a patient who is known, without letter and key.
fn series_of(offers: Vec<Offer>, patient: &Patient) -> NewSeries {
    let rule = "FREQ=DAILY;COUNT=3".parse().unwrap();
    let first = offers[0].visit.start;
    let terms = SeriesTerms { rule, first, time_zone: "America/New_York".into() };
    let (series, visits, event) = Series::book(&terms, offers, patient.id, Some("Stairs"), now()).unwrap();
    let (visits, booked): (Vec<Appointment>, Vec<_>) = visits.into_iter().unzip();
    let record = |event| Recorded::new(event, Actor::System, now());
    NewSeries {
        details: SeriesDetails {
            series,
            visits: visits
                .into_iter()
                .map(|appointment| AppointmentDetails { appointment, patient: patient.clone() })
                .collect(),
        },
        booked: booked.into_iter().map(record).collect(),
        event: Recorded::new(event, Actor::System, now()),
        edition: 1,
        given_up: Vec::new(),
        letter: None,
        once: None,
    }
}

/// The half hours that begin with these minutes.
fn hours(minutes: &[i64]) -> Vec<Offer> {
    minutes.iter().map(|minute| half_hour(*minute)).collect()
}

/// From this visit on.
fn cut_of(details: &SeriesDetails, from: usize) -> SeriesCut {
    let visits = || details.visits.iter().map(|visit| &visit.appointment);
    let gone = Series::cut(visits(), &details.visits[from].appointment, Some("ill"), Side::Team, now()).unwrap();
    let ids = gone.iter().map(|(visit, _)| visit.id).collect();
    let mut after = details.clone();
    let changes = gone.into_iter().map(|(visit, event)| {
        let place = after.visits.iter_mut().find(|known| known.appointment.id == visit.id).unwrap();
        let before = std::mem::replace(&mut place.appointment, visit);
        let event = Recorded::new(event, Actor::System, now());
        Change { before, after: place.clone(), event, edition: None, letter: None, once: None }
    });
    let changes: Vec<Change> = changes.collect();
    let event = details.series.cut_at(details.visits[from].appointment.id, ids);
    SeriesCut { changes, event: Recorded::new(event, Actor::System, now()), after, letter: None, once: None }
}

fn once(key: &str) -> Once<SeriesDetails> {
    let answer = |details: &SeriesDetails| KeptAnswer {
        status: 201,
        location: None,
        etag: None,
        body: details.series.id.as_uuid().as_bytes().to_vec(),
    };
    Once { scope: "test".into(), key: key.into(), fingerprint: [7; 32], answer: Arc::new(answer) }
}

/// A patient who has a visit long before all others.
async fn known(house: &House, name: &str) -> Patient {
    let person = guest(name);
    let number = i64::from(name.as_bytes()[0]) * 40;
    house.booked(&offer(9, span(-number - 30, -number), 0, 0), &person).await;
    person
}

#[tokio::test]
async fn a_series_comes_back_as_it_was_stored_with_one_letter_and_an_event_for_each_visit() {
    let house = House::new().await;
    let patient = known(&house, "Ann").await;
    let mut new = series_of(hours(&[540, 600, 660]), &patient);
    let names = Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "5 Main Street".into() };
    let calendar = "BEGIN:VCALENDAR".into();
    new.letter = Some(Confirmation { email: "ann@example.org".into(), language: "en".into(), names, calendar });
    house.store.insert_series(&new).await.unwrap();
    let id = new.details.series.id;
    assert_eq!(house.store.find_series(id).await.unwrap().as_ref(), Some(&new.details));
    assert_eq!(house.store.find_series(SeriesId::mint()).await.unwrap(), None);
    let second = &new.details.visits[1];
    assert_eq!(house.store.find(second.appointment.id).await.unwrap().as_ref(), Some(second));
    assert_eq!(house.count("journal.outbox WHERE topic = 'mail'").await, 1);
    assert_eq!(
        house.count(&format!("journal.audit_event WHERE subject = '{id}' AND action = 'series.booked'")).await,
        1
    );
    assert_eq!(house.broken_promises_of_holds().await, Vec::<String>::new());
    assert_eq!(house.count("watched WHERE changes = 1").await, 2, "the neighbour hears of all of it at once");

    // A visit that is moved stays in its series.
    house.store.update(&moving(second, &half_hour(900))).await.unwrap();
    let found = house.store.find_series(id).await.unwrap().unwrap();
    let places: Vec<_> = found.visits.iter().map(|visit| visit.appointment.series.unwrap().position).collect();
    assert_eq!(places, [1, 3, 2], "by start, under the old numbers");
}

#[tokio::test]
async fn where_one_time_is_taken_nothing_is_booked_and_all_that_are_taken_are_told() {
    let house = House::new().await;
    let patient = known(&house, "Ann").await;
    house.booked(&half_hour(600), &guest("Ben")).await;
    house.booked(&half_hour(720), &guest("Cem")).await;
    let before = house.everything().await;
    let mut new = series_of(hours(&[540, 600, 660, 720]), &patient);
    new.once = Some(once("k"));
    match house.store.insert_series(&new).await {
        Err(NewSeriesError::SlotTaken(taken)) => {
            assert_eq!(taken, [half_hour(600).visit.start, half_hour(720).visit.start]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(house.everything().await, before);
    house.store.insert(&booking_of_known(&offer(2, span(650, 680), 0, 0), &patient)).await.unwrap();
    let before = house.everything().await;
    match house.store.insert_series(&series_of(hours(&[540, 660]), &patient)).await {
        Err(NewSeriesError::PatientBusy(busy)) => assert_eq!(busy, [half_hour(660).visit.start]),
        other => panic!("{other:?}"),
    }
    assert_eq!(house.everything().await, before);
    let own = house.store.own_times(patient.id, None, doctor(1), span(0, 1440), now()).await.unwrap();
    assert_eq!(own.elsewhere, [span(650, 680)]);
}

#[tokio::test]
async fn the_same_wish_is_granted_once() {
    let house = House::new().await;
    let patient = known(&house, "Ann").await;
    let new = NewSeries { once: Some(once("k")), ..series_of(hours(&[540, 600]), &patient) };
    house.store.insert_series(&new).await.unwrap();
    let before = house.everything().await;
    let again = NewSeries { once: Some(once("k")), ..series_of(hours(&[540, 600]), &patient) };
    match house.store.insert_series(&again).await {
        Err(NewSeriesError::Once(OnceError::Replay(answer))) => {
            assert_eq!(answer.body, new.details.series.id.as_uuid().as_bytes());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(house.everything().await, before);
}

#[tokio::test]
async fn a_cut_calls_off_all_or_where_somebody_came_between_none() {
    let house = House::new().await;
    let patient = known(&house, "Ann").await;
    let new = series_of(hours(&[540, 600, 660, 720]), &patient);
    house.store.insert_series(&new).await.unwrap();
    let stale = cut_of(&new.details, 1);
    house.store.update(&cancelling(&new.details.visits[3])).await.unwrap();
    let before = house.everything().await;
    assert!(matches!(house.store.cut_series(&stale).await, Err(SeriesCutError::Stale)));
    assert_eq!(house.everything().await, before);

    let found = house.store.find_series(new.details.series.id).await.unwrap().unwrap();
    let cut = cut_of(&found, 1);
    assert_eq!(cut.changes.len(), 2);
    house.store.cut_series(&cut).await.unwrap();
    let found = house.store.find_series(new.details.series.id).await.unwrap().unwrap();
    assert_eq!(found, cut.after);
    let standing: Vec<Status> = found.visits.iter().map(|visit| visit.appointment.status).collect();
    assert_eq!(standing, [Status::Booked, Status::Cancelled, Status::Cancelled, Status::Cancelled]);
    assert_eq!(house.broken_promises_of_holds().await, Vec::<String>::new());
    house.store.insert(&booking(&half_hour(660), &guest("Ben"))).await.unwrap();
}

const RIVALS: usize = 12;
const ROUNDS: usize = 6;
/// The times that all of them want.
const WANTED: [i64; 8] = [540, 570, 600, 660, 720, 780, 840, 900];

/// A third of the rivals book the same series, a third single times of it, a third moves visits into and out of it, for
/// the same few patients; whoever has a series cuts it again.
#[tokio::test]
async fn of_rival_series_one_is_whole_and_nobody_waits_in_a_circle() {
    let house = Arc::new(House::with_connections(RIVALS + 2).await);
    let deadlocks = house.deadlocks().await;
    let mut patients = Vec::new();
    for name in ["Ann", "Ben", "Cem", "Dot"] {
        patients.push(known(&house, name).await);
    }
    let patients = Arc::new(patients);
    let (whole, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for round in 0..ROUNDS {
        let barrier = Arc::new(Barrier::new(RIVALS));
        let rivals = (0..RIVALS).map(|rival| {
            let (house, patients, barrier) = (house.clone(), patients.clone(), barrier.clone());
            let (whole, refused) = (whole.clone(), refused.clone());
            tokio::spawn(async move {
                let patient = &patients[(rival + round) % patients.len()];
                let minute = |step: usize| WANTED[(rival * 3 + step) % WANTED.len()];
                barrier.wait().await;
                match rival % 3 {
                    0 => {
                        for _ in 0..4 {
                            let new = series_of(hours(&WANTED), patient);
                            match house.store.insert_series(&new).await {
                                Ok(_) => {
                                    whole.fetch_add(1, Ordering::Relaxed);
                                    let found = house.store.find_series(new.details.series.id).await.unwrap().unwrap();
                                    assert_eq!(found.visits.len(), WANTED.len());
                                    house.store.cut_series(&cut_of(&new.details, 0)).await.unwrap();
                                }
                                Err(NewSeriesError::SlotTaken(taken) | NewSeriesError::PatientBusy(taken)) => {
                                    assert!(!taken.is_empty());
                                    refused.fetch_add(1, Ordering::Relaxed);
                                }
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                    }
                    1 => {
                        for step in 0..8 {
                            let new = booking_of_known(&half_hour(minute(step)), patient);
                            if house.store.insert(&new).await.is_ok() {
                                house.store.update(&cancelling(&new.details)).await.unwrap();
                            }
                        }
                    }
                    _ => {
                        let aside = 1000 + i64::try_from(rival).unwrap() * 30;
                        let mut new = booking_of_known(&half_hour(aside), patient);
                        house.store.insert(&new).await.unwrap();
                        for step in 0..8 {
                            let to = if step % 2 == 0 { minute(step) } else { aside };
                            let change = moving(&new.details, &half_hour(to));
                            match house.store.update(&change).await {
                                Ok(_) => new.details = change.after,
                                Err(UpdateError::SlotTaken | UpdateError::PatientBusy) => {}
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                        house.store.update(&cancelling(&new.details)).await.unwrap();
                    }
                }
            })
        });
        let rivals: Vec<_> = rivals.collect();
        for rival in rivals {
            rival.await.unwrap();
        }
    }
    assert_eq!(house.deadlocks().await, deadlocks, "deadlocks");
    assert_eq!(house.broken_promises_of_holds().await, Vec::<String>::new());
    let in_part = format!(
        "(SELECT series_id FROM appointments.appointment WHERE series_id IS NOT NULL GROUP BY series_id HAVING count(*) <> {}) q",
        WANTED.len()
    );
    assert_eq!(house.count(&in_part).await, 0, "no series in part");
    let series = i64::try_from(whole.load(Ordering::Relaxed)).unwrap();
    assert_eq!(house.count("appointments.series").await, series);
    assert!(refused.load(Ordering::Relaxed) > 0);
    // With nobody else about, it can be had.
    house.store.insert_series(&series_of(hours(&WANTED), &patients[0])).await.unwrap();
    assert_eq!(house.count(&format!("appointments.series WHERE clinic_id = '{}'", clinic(1))).await, series + 1);
}
