//! First free times while many write and read at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use doctors::application::{Criteria, DoctorDirectory as _, Sort};
use doctors::infrastructure::Rivals;
use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use kernel::Interval;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::house::{House, booking, by, doctor_id, id};
use super::now;

/// A first free time that a visit of the same moment lies in. One statement, so one moment.
const SHOWN_BUT_TAKEN: &str = "doctors.soonest s JOIN appointments.appointment a USING (doctor_id) \
    WHERE a.status = 'booked' AND a.blocked_from < s.blocked_until AND s.blocked_from < a.blocked_until";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_no_moment_is_a_taken_time_shown_as_free_and_in_the_end_every_row_is_right() {
    const DOCTORS: u32 = 5;
    const SEED: u64 = 20_270_303;
    let house = Arc::new(House::with_connections(14).await);
    house.clinics().await;
    house.doctors(1, DOCTORS).await;
    house.soonest.refresh_stale(100, now(), Rivals::Await).await.unwrap();
    let (minutes, made, over) =
        (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let clock = {
        let minutes = Arc::clone(&minutes);
        move || now() + SignedDuration::from_mins(minutes.load(Ordering::SeqCst))
    };

    let writers = (0..8_u64).map(|writer| {
        let (house, clock, made, minutes) =
            (Arc::clone(&house), clock.clone(), Arc::clone(&made), Arc::clone(&minutes));
        tokio::spawn(async move {
            let mut dice = ChaCha8Rng::seed_from_u64(SEED + writer);
            let mut own: Vec<(u32, u32, Interval)> = Vec::new();
            let mut refused = 0;
            for _ in 0..30 {
                let doctor = 1 + dice.random_range(0..DOCTORS);
                match dice.random_range(0..10) {
                    0..=5 => {
                        // What a search shows, as a patient would take it.
                        let found = house.directory.find(doctor_id(doctor), clock()).await.unwrap().unwrap();
                        let Some(start) = found.next_available_at else { continue };
                        let slot = Interval { start, end: start + SignedDuration::from_mins(30) };
                        let number = made.fetch_add(1, Ordering::SeqCst) + 1;
                        match house.calendar(&booking(number, doctor, slot, slot), doctor, &[slot], clock()).await {
                            Ok(()) => own.push((number, doctor, slot)),
                            Err(_taken) => refused += 1,
                        }
                    }
                    6..=7 if !own.is_empty() => {
                        let (number, doctor, slot) = own.swap_remove(dice.random_range(0..own.len()));
                        let sql = format!(
                            "UPDATE appointments.appointment SET status = 'cancelled' WHERE id = '{}'",
                            id('a', number)
                        );
                        house.calendar(&sql, doctor, &[slot], clock()).await.unwrap();
                    }
                    8 => {
                        let sql = format!(
                            "UPDATE doctors.visit_type SET buffer_after = {} WHERE doctor_id = '{}'",
                            dice.random_range(0..3) * 10,
                            doctor_id(doctor)
                        );
                        house.rules(&sql, doctor, clock()).await.unwrap();
                    }
                    _ => {
                        minutes.fetch_add(dice.random_range(0..20), Ordering::SeqCst);
                    }
                }
            }
            refused
        })
    });
    let readers = (0..3).map(|reader| {
        let (house, clock, over) = (Arc::clone(&house), clock.clone(), Arc::clone(&over));
        tokio::spawn(async move {
            let mut looks = 0;
            while !over.load(Ordering::SeqCst) {
                let criteria = by([Sort::Soonest, Sort::Rating, Sort::Price][reader]);
                let found = house.directory.search(&criteria, clock()).await.unwrap();
                assert_eq!(found.entries.len(), DOCTORS as usize);
                looks += 1;
            }
            looks
        })
    });
    let observer = {
        let (house, over) = (Arc::clone(&house), Arc::clone(&over));
        tokio::spawn(async move {
            let mut looks = 0;
            while !over.load(Ordering::SeqCst) {
                assert_eq!(house.count(SHOWN_BUT_TAKEN).await, 0, "after {looks} looks");
                looks += 1;
            }
            looks
        })
    };
    let (writers, readers): (Vec<_>, Vec<_>) = (writers.collect(), readers.collect());
    let refused: u32 = join_all(writers).await.into_iter().map(Result::unwrap).sum();
    over.store(true, Ordering::SeqCst);
    let searches: u32 = join_all(readers).await.into_iter().map(Result::unwrap).sum();
    let looks: u32 = observer.await.unwrap();

    let (kept, now) = (house.kept().await, clock());
    for doctor in 1..=DOCTORS {
        let row = kept[&doctor_id(doctor).as_uuid()];
        if row.valid_until >= now {
            assert_eq!(row.soonest_at.zip(row.blocked), house.worked_out(doctor, now).await, "doctor {doctor}");
        }
        let found = house.directory.find(doctor_id(doctor), now).await.unwrap().unwrap();
        assert_eq!(found.next_available_at, house.worked_out(doctor, now).await.map(|(at, _)| at), "doctor {doctor}");
    }
    house.db.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let deadlocks = house.deadlocks().await;
    println!(
        "seed {SEED}: {} bookings tried, {refused} refused, {searches} searches, {looks} looks, {deadlocks} deadlocks",
        made.load(Ordering::SeqCst)
    );
    assert_eq!(deadlocks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_and_the_worker_mend_the_same_rows_at_once_without_a_deadlock() {
    let house = Arc::new(House::with_connections(16).await);
    house.clinics().await;
    house.doctors(1, 150).await;
    for round in 0..4_i64 {
        let now = now() + SignedDuration::from_mins(round);
        // Old in another order than that of the ids, and differently for different rows.
        house
            .sql("UPDATE doctors.soonest SET valid_until = '1970-01-01Z'::timestamptz + random() * interval '1 year'")
            .await;
        let searches = join_all((0..12_usize).map(async |number| {
            let criteria =
                Criteria { limit: 60, ..by([Sort::Soonest, Sort::Rating, Sort::Price, Sort::Experience][number % 4]) };
            house.directory.search(&criteria, now).await.unwrap().entries.len()
        }));
        let workers = join_all((0..2).map(async |_| house.soonest.refresh_stale(40, now, Rivals::Skip).await.unwrap()));
        let (found, _mended) = join(searches, workers).await;
        assert_eq!(found, [60; 12]);
        assert_eq!(house.count(&format!("doctors.soonest WHERE valid_until < '{now}'")).await, 0);
    }
    house.db.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(house.deadlocks().await, 0);
}

#[tokio::test]
async fn the_worker_leaves_rows_that_another_is_mending() {
    let house = House::with_connections(3).await;
    house.clinics().await;
    house.doctors(1, 3).await;
    let mut other = platform::pg::client(&house.db.settings).await.unwrap();
    let held = other.transaction().await.unwrap();
    let lock = format!("SELECT FROM doctors.soonest WHERE doctor_id = '{}' FOR UPDATE", id('d', 2));
    held.batch_execute(&lock).await.unwrap();
    let now: Timestamp = now();
    assert_eq!(house.soonest.refresh_stale(10, now, Rivals::Skip).await.unwrap(), 2);
    held.commit().await.unwrap();
    assert_eq!(house.soonest.refresh_stale(10, now, Rivals::Skip).await.unwrap(), 1);
    assert_eq!(house.soonest.refresh_stale(10, now, Rivals::Skip).await.unwrap(), 0);
}
