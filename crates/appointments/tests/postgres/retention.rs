//! Records whose time is over.

use std::collections::HashSet;
use std::sync::Arc;

use appointments::application::{AppointmentStore as _, Papers, PurgeRecords, PurgedRecords};
use appointments::domain::{Retention, Status};
use appointments::infrastructure::PgRetention;
use async_trait::async_trait;
use jiff::{Timestamp, ToSpan as _};
use kernel::{PatientId, PortFailure, StoppedClock};

use super::house::{House, guest, half_hour, into_state, now};

/// Keeps something of these.
struct Kept(HashSet<PatientId>);

#[async_trait]
impl Papers for Kept {
    async fn kept_of(&self, patients: &[PatientId]) -> Result<HashSet<PatientId>, PortFailure> {
        Ok(patients.iter().copied().filter(|patient| self.0.contains(patient)).collect())
    }
}

fn years_on(years: i64) -> Timestamp {
    let later = now().to_zoned(jiff::tz::TimeZone::UTC).checked_add(years.years()).unwrap();
    later.checked_add(1.day()).unwrap().timestamp()
}

fn purging(house: &House, at: Timestamp, kept: &[PatientId]) -> PurgeRecords {
    let clock = Arc::new(StoppedClock::at(at));
    let records = PgRetention::new(house.db.pool.clone(), house.journal.clone(), clock);
    PurgeRecords {
        records: Arc::new(records),
        papers: vec![Arc::new(Kept(kept.iter().copied().collect()))],
        retention: Retention::default(),
    }
}

#[tokio::test]
async fn what_ended_over_seven_years_ago_goes_with_an_event_each_and_nothing_goes_a_day_early() {
    let house = House::new().await;
    let (ada, ben, cleo) = (guest("Ada"), guest("Ben"), guest("Cleo"));
    let mut ids = Vec::new();
    for (minute, patient, status) in
        [(60, &ada, Status::Completed), (120, &ben, Status::NoShow), (180, &cleo, Status::Booked)]
    {
        let visit = house.booked(&half_hour(minute), patient).await;
        if status != Status::Booked {
            house.store.update(&into_state(&visit, |visit| visit.status = status)).await.unwrap();
        }
        ids.push(visit.appointment.id);
    }
    let early = purging(&house, years_on(7).checked_sub(26.hours()).unwrap(), &[]);
    let not_yet = years_on(7).checked_sub(48.hours()).unwrap();
    assert_eq!(early.preview(not_yet).await.unwrap(), []);
    assert_eq!(early.run(not_yet, &|| false).await.unwrap(), PurgedRecords::default());

    let then = years_on(7);
    let purge = purging(&house, then, &[ben.id]);
    let overdue = purge.preview(then).await.unwrap();
    assert_eq!(overdue.iter().map(|clinic| clinic.visits).sum::<u64>(), 2, "the open one is nobody's to purge");
    assert_eq!(house.count("appointments.appointment").await, 3, "a look changes nothing");
    assert_eq!(purge.run(then, &|| true).await.unwrap(), PurgedRecords::default(), "who is told to stop stops");

    let purged = purge.run(then, &|| false).await.unwrap();
    assert_eq!(purged, PurgedRecords { visits: 2, patients: 1 });
    let left = format!("appointments.appointment WHERE id = '{}'", ids[2]);
    assert_eq!((house.count("appointments.appointment").await, house.count(&left).await), (1, 1));
    assert_eq!(house.count("appointments.patient").await, 2, "Ben has papers elsewhere, Cleo a visit");
    let proof = |action: &str, subject: String| {
        format!("journal.audit_event WHERE action = '{action}' AND subject = '{subject}' AND actor_kind = 'system'")
    };
    for id in &ids[..2] {
        assert_eq!(house.count(&proof("appointment.purged", id.to_string())).await, 1);
    }
    assert_eq!(house.count(&proof("patient.purged", ada.id.to_string())).await, 1);
    assert_eq!(house.count("journal.audit_event WHERE action LIKE '%.purged'").await, 3);
    assert!(house.report().await.breaks.is_empty());

    // Again, and with nothing kept elsewhere any more.
    assert_eq!(purge.run(then, &|| false).await.unwrap(), PurgedRecords::default());
    let later = purging(&house, then, &[]).run(then, &|| false).await.unwrap();
    assert_eq!(later, PurgedRecords { visits: 0, patients: 1 });
    let longer = PurgeRecords { retention: Retention::new(10).unwrap(), ..purging(&house, then, &[]) };
    assert_eq!(longer.preview(then).await.unwrap(), []);
}

#[tokio::test]
async fn two_that_purge_at_once_purge_each_visit_once() {
    let house = House::with_connections(6).await;
    for minute in 0..40 {
        let visit = house.booked(&half_hour(60 * minute), &guest(&format!("Guest {minute}"))).await;
        house.store.update(&into_state(&visit, |visit| visit.status = Status::Completed)).await.unwrap();
    }
    let then = years_on(8);
    let (one, other) = (purging(&house, then, &[]), purging(&house, then, &[]));
    let go_on = || false;
    let (one, other) = futures_util::future::join(one.run(then, &go_on), other.run(then, &go_on)).await;
    assert_eq!(one.unwrap().visits + other.unwrap().visits, 40);
    assert_eq!(house.count("journal.audit_event WHERE action = 'appointment.purged'").await, 40);
    assert_eq!(house.count("appointments.patient").await, 0);
    assert_eq!(house.deadlocks().await, 0);
}
