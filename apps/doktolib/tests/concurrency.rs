//! Many clients at once, over real sockets, on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/client.rs"]
mod client;
#[path = "support/house.rs"]
mod house;
#[path = "support/promises.rs"]
mod promises;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use client::{Answer, booking};
use futures_util::future::{join_all, try_join_all};
use house::{House, doctor, tuesday};
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::sync::Barrier;

const NOBODY: [&str; 0] = [];

/// A refusal as it has to be: with the starts of the next three free times.
fn assert_slot_taken(answer: &Answer) -> Vec<String> {
    assert_eq!((answer.status, answer.code().as_str()), (409, "slot-taken"), "{answer:?}");
    let body = answer.json();
    let starts = body["alternatives"].as_array().unwrap().iter().map(|free| free["starts_at"].as_str().unwrap().into());
    let starts: Vec<String> = starts.collect();
    assert_eq!(starts.len(), 3, "{body}");
    starts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_who_book_one_time_one_gets_it_and_the_others_hear_what_is_free() {
    let house = House::new().await;
    let before = house.count("appointments.appointment").await;
    let time = tuesday(0);
    let begun = Instant::now();
    let answers = join_all((0..200).map(async |number| {
        let body = booking(&doctor(1), &time, &format!("Guest {number}"));
        house.client.book(&body, None).await.unwrap()
    }))
    .await;
    println!("200 bookings of one time: {:?}", begun.elapsed());
    let (winners, losers): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(winners.len(), 1);
    for loser in losers {
        assert_eq!(assert_slot_taken(loser), [tuesday(1), tuesday(2), tuesday(3)]);
    }
    assert_eq!(house.count("appointments.appointment").await, before + 1);
    assert_eq!(house.count("appointments.patient WHERE created_at >= '2027-03-08T05:00:00Z'").await, 1);
    assert_eq!(house.close().await, (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_fifty_times_at_once_books_once_moves_once_and_cancels_once() {
    let house = House::new().await;
    let before = house.count("appointments.appointment").await;
    let fifty = async |path: &str, body: &serde_json::Value, key: &str, status: u16| -> Answer {
        let answers = join_all((0..50).map(async |_| house.client.post(path, body, Some(key)).await.unwrap())).await;
        let (given, waiting): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == status);
        for answer in &waiting {
            assert_eq!((answer.status, answer.code().as_str()), (409, "idempotency-in-progress"), "{key}: {answer:?}");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        assert_eq!(given.iter().filter(|answer| !answer.is_replayed()).count(), 1, "{key}: one was first");
        for answer in &given {
            assert_eq!(answer.essence(), given[0].essence(), "{key}");
        }
        println!("{key}: {} answered, {} told to wait", given.len(), waiting.len());
        for _ in 0..3 {
            let again = house.client.post(path, body, Some(key)).await.unwrap();
            assert!(again.is_replayed(), "{key}");
            assert_eq!(again.essence(), given[0].essence(), "{key}");
        }
        given[0].clone()
    };
    let booked = fifty("/api/v1/appointments", &booking(&doctor(1), &tuesday(0), "Ada Example"), "book", 201).await;
    assert_eq!(house.count("appointments.appointment").await, before + 1);
    let moved = fifty(&booked.manage("/reschedule"), &json!({"starts_at": tuesday(5)}), "move", 200).await;
    assert_eq!((moved.id(), &moved.json()["starts_at"]), (booked.id(), &json!(tuesday(5))));
    let gone = fifty(&booked.manage("/cancel"), &json!({"reason": "well again"}), "cancel", 200).await;
    assert_eq!(gone.json()["status"], "cancelled");
    let events = format!("journal.audit_event WHERE subject = '{}'", booked.id());
    assert_eq!(house.count(&events).await, 3);
    // What was answered first stays the answer, whatever has become of the visit.
    let late = house.client.book(&booking(&doctor(1), &tuesday(0), "Ada Example"), Some("book")).await.unwrap();
    assert!(late.is_replayed());
    assert_eq!(late.essence(), booked.essence());
    assert_eq!(house.close().await, (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_lost_the_race_is_refused_the_same_way_again_fifty_times_at_once() {
    let house = House::new().await;
    house.client.book(&booking(&doctor(1), &tuesday(3), "Ada Example"), None).await.unwrap();
    let body = booking(&doctor(1), &tuesday(3), "Ben Example");
    let answers = join_all((0..50).map(async |_| house.client.book(&body, Some("late")).await.unwrap())).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.code() == "slot-taken").collect();
    assert!(answers.iter().all(|answer| ["slot-taken", "idempotency-in-progress"].contains(&answer.code().as_str())));
    assert_eq!(refused.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    for answer in &refused {
        assert_eq!(assert_slot_taken(answer), [tuesday(4), tuesday(5), tuesday(6)]);
        assert_eq!(answer.essence(), refused[0].essence());
    }
    assert_eq!(house.count("platform.idempotency_key").await, 1);
    assert_eq!(house.close().await, (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_that_changed_nothing_changes_nothing_when_it_is_repeated_later() {
    let house = House::new().await;
    let booked = house.client.book(&booking(&doctor(1), &tuesday(0), "Ada Example"), None).await.unwrap();
    let post = async |operation: &str, body: serde_json::Value, key: Option<&str>| {
        house.client.post(&booked.manage(operation), &body, key).await.unwrap()
    };
    let stay = json!({"starts_at": tuesday(0)});
    let first = post("/reschedule", stay.clone(), Some("stay")).await;
    assert_eq!((first.status, first.is_replayed()), (200, false));
    assert_eq!(post("/reschedule", json!({"starts_at": tuesday(5)}), Some("go")).await.status, 200);
    let again = post("/reschedule", stay, Some("stay")).await;
    assert!(again.is_replayed());
    assert_eq!(again.essence(), first.essence());
    let present = house.client.get(&booked.manage("")).await.unwrap();
    assert_eq!(present.json()["starts_at"], tuesday(5), "it was not moved back");

    assert_eq!(post("/cancel", json!({}), None).await.status, 200);
    let first = post("/cancel", json!({}), Some("gone")).await;
    let again = post("/cancel", json!({}), Some("gone")).await;
    assert_eq!((first.status, first.is_replayed(), again.is_replayed()), (200, false, true));
    assert_eq!(again.essence(), first.essence());
    assert_eq!(house.count(&format!("journal.audit_event WHERE subject = '{}'", booked.id())).await, 3);
    assert_eq!(house.close().await, (Vec::new(), 0));
}

const RIVALS: u32 = 16;
const SLOTS: usize = 40;
const ROUNDS: u32 = 2;
const CHURN: u32 = 12;
const SEED: u64 = 20_270_304;

/// Sixteen of doctor 1, sixteen of doctor 2, eight of doctor 3.
fn slot(number: usize) -> (u32, String) {
    (u32::try_from(number / 16).unwrap() + 1, tuesday(number % 16))
}

struct Shared {
    house: House,
    /// Who surely has a slot: from the answer to the booking until the cancellation is sent. 0 is nobody.
    holders: [AtomicU32; SLOTS],
    done: AtomicUsize,
    refused: AtomicUsize,
    met: Barrier,
}

struct Rival {
    number: u32,
    shared: Arc<Shared>,
    dice: ChaCha8Rng,
    own: BTreeMap<usize, Answer>,
    patients: u32,
}

impl Rival {
    fn gain(&mut self, slot: usize, answer: Answer) {
        let before = self.shared.holders[slot].swap(self.number, Ordering::SeqCst);
        assert_eq!(before, 0, "slot {slot} is given to {} while {before} has it", self.number);
        self.own.insert(slot, answer);
        self.shared.done.fetch_add(1, Ordering::Relaxed);
    }

    fn let_go(&mut self, slot: usize) -> Option<Answer> {
        let visit = self.own.remove(&slot)?;
        assert_eq!(self.shared.holders[slot].swap(0, Ordering::SeqCst), self.number);
        Some(visit)
    }

    async fn book(&mut self, goal: usize) {
        self.patients += 1;
        let (with, time) = slot(goal);
        let body = booking(&doctor(with), &time, &format!("Guest {} {}", self.number, self.patients));
        let key = format!("{}-{}", self.number, self.patients);
        let answer = self.shared.house.client.book(&body, Some(&key)).await.unwrap();
        if answer.status == 201 {
            self.gain(goal, answer);
        } else {
            assert_slot_taken(&answer);
            self.shared.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn cancel(&mut self, from: usize) {
        let Some(visit) = self.let_go(from) else { return };
        let answer = self.shared.house.client.post(&visit.manage("/cancel"), &json!({}), None).await.unwrap();
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("cancelled")), "{answer:?}");
        self.shared.done.fetch_add(1, Ordering::Relaxed);
    }

    async fn move_to(&mut self, from: usize, to: usize) {
        if from / 16 != to / 16 || self.own.contains_key(&to) {
            return;
        }
        let Some(visit) = self.let_go(from) else { return };
        let (_, time) = slot(to);
        let path = visit.manage("/reschedule");
        let answer = self.shared.house.client.post(&path, &json!({"starts_at": time}), None).await.unwrap();
        if answer.status == 200 {
            self.gain(to, answer);
        } else {
            assert_slot_taken(&answer);
            self.shared.refused.fetch_add(1, Ordering::Relaxed);
            self.gain(from, visit);
            self.shared.done.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn run(mut self) {
        for round in 0..ROUNDS {
            self.shared.met.wait().await;
            let mut order: Vec<usize> = (0..SLOTS).collect();
            order.shuffle(&mut self.dice);
            for goal in order {
                self.book(goal).await;
            }
            if self.shared.met.wait().await.is_leader() {
                let empty = self.shared.holders.iter().filter(|holder| holder.load(Ordering::SeqCst) == 0).count();
                assert_eq!(empty, 0, "round {round}: every slot has found somebody");
            }
            self.shared.met.wait().await;
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
            self.shared.met.wait().await;
            for from in 0..SLOTS {
                self.cancel(from).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_rivals_over_forty_times_never_share_one_and_each_refusal_is_a_409() {
    let house = House::new().await;
    let before = house.count("journal.audit_event").await;
    let shared = Arc::new(Shared {
        house,
        holders: std::array::from_fn(|_| AtomicU32::new(0)),
        done: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        met: Barrier::new(RIVALS as usize),
    });
    let begun = Instant::now();
    let rivals: Vec<_> = (1..=RIVALS)
        .map(|number| {
            let dice = ChaCha8Rng::seed_from_u64(SEED + u64::from(number));
            let rival = Rival { number, shared: Arc::clone(&shared), dice, own: BTreeMap::new(), patients: 0 };
            tokio::spawn(rival.run())
        })
        .collect();
    // The first that breaks ends the test; the others would wait for it.
    try_join_all(rivals).await.unwrap();
    let took = begun.elapsed();
    let Some(Shared { house, done, refused, .. }) = Arc::into_inner(shared) else { panic!("a rival is left") };
    let (done, refused) = (done.into_inner(), refused.into_inner());
    let active = "appointments.appointment WHERE status = 'booked' AND starts_at::date = '2027-03-09'";
    assert_eq!(house.count(active).await, 0);
    let opening = "journal.audit_event WHERE action = 'audit.stream_opened'";
    let events = house.count("journal.audit_event").await - before - house.count(opening).await;
    assert_eq!(events, i64::try_from(done).unwrap());
    let (broken, deadlocks) = house.close().await;
    println!(
        "seed {SEED}: {} attempts in {took:?}: {done} done, {refused} refused, {deadlocks} deadlocks",
        done + refused
    );
    assert_eq!((broken, deadlocks), (NOBODY.map(str::to_owned).to_vec(), 0));
}
