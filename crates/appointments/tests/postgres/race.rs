//! Many rivals, few slots, for a long time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use appointments::application::{AppointmentDetails, AppointmentStore as _, InsertError, UpdateError};
use appointments::domain::Offer;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Barrier;

use super::house::{House, booking, cancelling, guest, moving, offer, span};

const RIVALS: u32 = 16;
const SLOTS: usize = 40;
const ROUNDS: u32 = 3;
/// Bookings, moves and cancellations of each rival in a round, after the first rush.
const CHURN: u32 = 25;
const SEED: u64 = 20_270_302;

/// Who surely has a slot: from the answer to the booking until the cancellation is sent. 0 is nobody.
struct Holders([AtomicU32; SLOTS]);

impl Holders {
    /// `rival` was told to have the slot; nobody else may have it at the same time.
    fn gain(&self, slot: usize, rival: u32) {
        let before = self.0[slot].compare_exchange(0, rival, Ordering::SeqCst, Ordering::SeqCst);
        assert_eq!(before, Ok(0), "slot {slot} is given to {rival} while another has it");
    }

    /// `rival` is about to give it back.
    fn let_go(&self, slot: usize, rival: u32) {
        assert_eq!(self.0[slot].swap(0, Ordering::SeqCst), rival);
    }

    fn all(&self) -> Vec<u32> {
        self.0.iter().map(|holder| holder.load(Ordering::SeqCst)).collect()
    }
}

#[derive(Default)]
struct Tally {
    booked: AtomicUsize,
    moved: AtomicUsize,
    cancelled: AtomicUsize,
    refused: AtomicUsize,
}

fn note(what: &AtomicUsize) {
    what.fetch_add(1, Ordering::Relaxed);
}

/// Slots of two doctors, one of them with buffers. No two of them touch.
fn slot(number: usize) -> Offer {
    let place = i64::try_from(number / 2).unwrap() * 60;
    if number.is_multiple_of(2) {
        offer(1, span(place, place + 30), 0, 0)
    } else {
        offer(2, span(place, place + 30), 5, 10)
    }
}

struct Rival {
    number: u32,
    house: Arc<House>,
    holders: Arc<Holders>,
    tally: Arc<Tally>,
    dice: ChaCha8Rng,
    own: BTreeMap<usize, AppointmentDetails>,
    patients: u32,
}

impl Rival {
    async fn book(&mut self, number: usize) {
        self.patients += 1;
        let new = booking(&slot(number), &guest(&format!("Guest {} {}", self.number, self.patients)));
        match self.house.store.insert(&new).await {
            Ok(_) => {
                self.holders.gain(number, self.number);
                self.own.insert(number, new.details);
                note(&self.tally.booked);
            }
            Err(InsertError::SlotTaken) => note(&self.tally.refused),
            Err(other) => panic!("booking slot {number}: {other:?}"),
        }
    }

    async fn cancel(&mut self, number: usize) {
        let Some(visit) = self.own.remove(&number) else { return };
        self.holders.let_go(number, self.number);
        self.house.store.update(&cancelling(&visit)).await.unwrap();
        note(&self.tally.cancelled);
    }

    async fn move_to(&mut self, from: usize, to: usize) {
        if self.own.contains_key(&to) || !(from + to).is_multiple_of(2) {
            return; // a visit stays with its doctor
        }
        let Some(visit) = self.own.remove(&from) else { return };
        self.holders.let_go(from, self.number);
        let change = moving(&visit, &slot(to));
        match self.house.store.update(&change).await {
            Ok(_) => {
                self.holders.gain(to, self.number);
                self.own.insert(to, change.after);
                note(&self.tally.moved);
            }
            Err(UpdateError::SlotTaken) => {
                self.holders.gain(from, self.number);
                self.own.insert(from, visit);
                note(&self.tally.refused);
            }
            Err(other) => panic!("moving from {from} to {to}: {other:?}"),
        }
    }

    async fn churn(&mut self) {
        for _ in 0..CHURN {
            let goal = self.dice.random_range(0..SLOTS);
            let mine: Vec<usize> = self.own.keys().copied().collect();
            let one = (!mine.is_empty()).then(|| mine[self.dice.random_range(0..mine.len())]);
            match (self.dice.random_range(0..3), one) {
                (0, Some(one)) => self.cancel(one).await,
                (1, Some(one)) => self.move_to(one, goal).await,
                _ => self.book(goal).await,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_rivals_over_forty_slots_never_share_one_and_never_deadlock() {
    let house = Arc::new(House::with_connections(RIVALS as usize).await);
    let holders = Arc::new(Holders(std::array::from_fn(|_| AtomicU32::new(0))));
    let (tally, met) = (Arc::new(Tally::default()), Arc::new(Barrier::new(RIVALS as usize)));
    let begun = Instant::now();
    let rivals = (1..=RIVALS).map(|number| {
        let (met, dice) = (Arc::clone(&met), ChaCha8Rng::seed_from_u64(SEED + u64::from(number)));
        let (house, holders, tally) = (Arc::clone(&house), Arc::clone(&holders), Arc::clone(&tally));
        let mut rival = Rival { number, house, holders, tally, dice, own: BTreeMap::new(), patients: 0 };
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                met.wait().await;
                let mut order: Vec<usize> = (0..SLOTS).collect();
                order.shuffle(&mut rival.dice);
                for number in order {
                    rival.book(number).await;
                }
                if met.wait().await.is_leader() {
                    assert!(!rival.holders.all().contains(&0), "round {round}: every slot has found somebody");
                    let active = "appointments.appointment WHERE status = 'booked'";
                    assert_eq!(rival.house.count(active).await, 40, "round {round}");
                }
                met.wait().await;
                rival.churn().await;
                met.wait().await;
                for number in 0..SLOTS {
                    rival.cancel(number).await;
                }
            }
        })
    });
    // The first that breaks ends the test; the others would wait for it.
    futures_util::future::try_join_all(rivals).await.unwrap();
    let [booked, moved, cancelled, refused] =
        [&tally.booked, &tally.moved, &tally.cancelled, &tally.refused].map(|count| count.load(Ordering::Relaxed));
    let took = begun.elapsed();

    assert_eq!(booked, cancelled);
    assert_eq!(house.count("appointments.appointment WHERE status <> 'cancelled'").await, 0);
    assert_eq!(house.count("appointments.appointment").await, i64::try_from(booked).unwrap());
    let events = i64::try_from(booked + moved + cancelled).unwrap();
    assert_eq!(house.count("journal.audit_event WHERE action LIKE 'appointment.%'").await, events);
    assert_eq!(house.broken_promises().await, [""; 0]);
    // A connection hands in its figures when it ends.
    house.db.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let deadlocks = house.deadlocks().await;
    println!(
        "seed {SEED}: {} attempts in {took:?}: {booked} booked, {moved} moved, {cancelled} cancelled, {refused} refused, \
         {deadlocks} deadlocks",
        booked + moved + cancelled + refused
    );
    assert_eq!(deadlocks, 0);
}

/// The same checks on a database without the promise must find it broken, or they prove nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_constraints_the_same_rush_double_books_and_the_checks_see_it() {
    let house = House::with_connections(RIVALS as usize).await;
    house
        .owner
        .batch_execute(
            "ALTER TABLE appointments.appointment DROP CONSTRAINT appointment_one_per_doctor, \
             DROP CONSTRAINT appointment_one_per_patient",
        )
        .await
        .unwrap();
    let bookings: Vec<_> = (0..RIVALS).map(|number| booking(&slot(0), &guest(&format!("Guest {number}")))).collect();
    let outcomes = futures_util::future::join_all(bookings.iter().map(|new| house.store.insert(new))).await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() > 1);
    let broken = house.broken_promises().await;
    assert!(broken.iter().any(|promise| promise.starts_with("no doctor has two visits at once")), "{broken:?}");
}
