//! Rivals over times that are held and expire under their hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use appointments::application::{AppointmentStore as _, HoldStore as _, InsertError, OpenError};
use jiff::SignedDuration;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Barrier;

use super::holds::{booking_at, confirming, for_guest, holds};
use super::house::{House, cancelling, half_hour, now};

const RIVALS: u32 = 16;
const SEED: u64 = 20_270_303;

/// Time passes for all of them while they book, hold, confirm and cancel: what is over gives way under their hands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_rivals_over_six_slots_that_are_held_and_expire_never_share_one_and_never_deadlock() {
    let house = Arc::new(House::with_connections(RIVALS as usize).await);
    let store = Arc::new(holds(&house));
    let (met, ticks) = (Arc::new(Barrier::new(RIVALS as usize)), Arc::new(AtomicUsize::new(0)));
    let [opened, booked, confirmed] = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
    let rivals = (0..RIVALS).map(|number| {
        let (house, store, met, ticks) = (house.clone(), store.clone(), met.clone(), ticks.clone());
        let (opened, booked, confirmed) = (opened.clone(), booked.clone(), confirmed.clone());
        let mut dice = ChaCha8Rng::seed_from_u64(SEED + u64::from(number));
        tokio::spawn(async move {
            met.wait().await;
            for round in 0..40 {
                // Each step moves everybody's clock by 15 seconds: a hold lasts for 40 steps of all.
                let step = ticks.fetch_add(1, Ordering::SeqCst);
                let at = now() + SignedDuration::from_secs(15 * i64::try_from(step).unwrap());
                let slot = half_hour(1000 + 30 * dice.random_range(0..6));
                let name = format!("Guest {number} {round}");
                match dice.random_range(0..4) {
                    0 => {
                        let new = booking_at(&slot, &name, at);
                        match house.store.insert(&new).await {
                            Ok(_) => {
                                booked.fetch_add(1, Ordering::SeqCst);
                                house.store.update(&cancelling(&new.details)).await.unwrap();
                            }
                            Err(InsertError::SlotTaken) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                    _ => {
                        let new = for_guest(&slot, &name, at);
                        match store.open(&new).await {
                            Ok(()) => {
                                opened.fetch_add(1, Ordering::SeqCst);
                            }
                            Err(OpenError::SlotTaken) => continue,
                            Err(other) => panic!("{other:?}"),
                        }
                        if dice.random_range(0..2) == 0 {
                            let visit = confirming(&new.hold, &slot, &name, at);
                            match house.store.insert(&visit).await {
                                Ok(_) => {
                                    confirmed.fetch_add(1, Ordering::SeqCst);
                                    house.store.update(&cancelling(&visit.details)).await.unwrap();
                                }
                                // Others' clocks may have run past its end already.
                                Err(InsertError::SlotTaken) => {}
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                    }
                }
            }
        })
    });
    futures_util::future::try_join_all(rivals).await.unwrap();
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
    house.db.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let (expired, deadlocks) =
        (house.count("journal.audit_event WHERE action = 'hold.expired'").await, house.deadlocks().await);
    let [opened, booked, confirmed] = [opened, booked, confirmed].map(|count| count.load(Ordering::SeqCst));
    println!(
        "seed {SEED}: {opened} held, {confirmed} confirmed, {expired} expired, {booked} booked, {deadlocks} deadlocks"
    );
    assert!(expired > 10 && confirmed > 10 && booked > 5);
    assert_eq!(deadlocks, 0);
}
