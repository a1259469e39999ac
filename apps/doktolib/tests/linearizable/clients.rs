//! Clients that fight for a few times of one calendar, each remembering what it asked and heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::calendar::{Deed, Record, TIMES, Visit};
use crate::client::{Answer, Client, booking};

/// Where the servers are at present: they get another port with each start.
pub type Servers = Arc<Mutex<Vec<Client>>>;

/// What the clients of one run fight for.
pub struct Prize {
    pub doctor: String,
    pub day: String,
    pub times: [String; TIMES],
}

/// A run: one seed, one prize.
pub struct Run {
    pub seed: u64,
    pub prize: Prize,
    pub servers: Servers,
    pub record: Mutex<Record>,
    /// Booked at some time, by anybody: its number and the answer that leads to it.
    booked: Mutex<Vec<(Visit, Answer)>>,
    cut: Mutex<usize>,
}

impl Run {
    pub fn new(seed: u64, prize: Prize, servers: Servers) -> Self {
        let (record, booked, cut) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { seed, prize, servers, record, booked, cut }
    }

    /// How many requests got no answer.
    pub fn cut(&self) -> usize {
        *self.cut.lock().unwrap()
    }

    /// One client's whole part.
    pub async fn client(&self, number: usize, deeds: usize) {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed * 1000 + u64::try_from(number).unwrap());
        for turn in 0..deeds {
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..15))).await;
            let known = self.booked.lock().unwrap().choose(&mut dice).cloned();
            let time = dice.random_range(0..TIMES);
            self.record.lock().unwrap().asked(number);
            let deed = match (dice.random_range(0..10), known) {
                (0..2, _) => self.look(&mut dice).await,
                (2..4, Some((visit, answer))) => self.cancel(&mut dice, visit, &answer, turn).await,
                (4..7, Some((visit, answer))) => self.move_to(&mut dice, visit, &answer, time, turn).await,
                _ => {
                    let visit = u32::try_from(number * 1000 + turn).unwrap();
                    Some(self.book(&mut dice, visit, time).await)
                }
            };
            self.record.lock().unwrap().answered(number, deed);
        }
    }

    async fn look(&self, dice: &mut ChaCha8Rng) -> Option<Deed> {
        let Prize { doctor, day, times } = &self.prize;
        let server = self.server(dice);
        let list = server.get(&format!("/api/v1/doctors/{doctor}/slots?from={day}&to={day}")).await.ok()?;
        let slots: Vec<Value> = (list.status == 200).then(|| list.json().as_array().unwrap().clone())?;
        Some(Deed::Saw(times.each_ref().map(|time| slots.iter().any(|slot| slot["starts_at"] == time.as_str()))))
    }

    async fn book(&self, dice: &mut ChaCha8Rng, visit: Visit, time: usize) -> Deed {
        let name = format!("Guest {} {visit}", self.seed);
        let body = booking(&self.prize.doctor, &self.prize.times[time], &name);
        let answer = self.insist(dice, "/api/v1/appointments", &body, &format!("book-{}-{visit}", self.seed)).await;
        match (answer.status, answer.status == 201 || answer.code() == "slot-taken") {
            (201, _) => {
                self.booked.lock().unwrap().push((visit, answer));
                Deed::Booked(visit, time)
            }
            (409, true) => Deed::Refused(time),
            _ => panic!("{answer:?}"),
        }
    }

    async fn cancel(&self, dice: &mut ChaCha8Rng, visit: Visit, booked: &Answer, turn: usize) -> Option<Deed> {
        let key = format!("cancel-{}-{visit}-{turn}-{}", self.seed, dice.random::<u32>());
        let answer = self.insist(dice, &booked.manage("/cancel"), &json!({}), &key).await;
        if is_outrun(&answer) {
            return None;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        Some(Deed::Cancelled(visit))
    }

    async fn move_to(
        &self,
        dice: &mut ChaCha8Rng,
        visit: Visit,
        booked: &Answer,
        to: usize,
        turn: usize,
    ) -> Option<Deed> {
        let key = format!("move-{}-{visit}-{turn}-{}", self.seed, dice.random::<u32>());
        let body = json!({"starts_at": self.prize.times[to]});
        let answer = self.insist(dice, &booked.manage("/reschedule"), &body, &key).await;
        match answer.status {
            200 => Some(Deed::Moved(visit, to)),
            409 if answer.code() == "slot-taken" => Some(Deed::Kept(visit, to)),
            409 if answer.code() == "visit-over" => Some(Deed::Gone(visit)),
            _ if is_outrun(&answer) => None,
            _ => panic!("{answer:?}"),
        }
    }

    /// Asks until there is an answer, always under the same key, now here and now there. Some answers are not waited
    /// for: the socket is cut, and nobody knows what has become of the request.
    async fn insist(&self, dice: &mut ChaCha8Rng, path: &str, body: &Value, key: &str) -> Answer {
        loop {
            let patience = if dice.random_bool(0.15) { dice.random_range(0..25) } else { 20_000 };
            let server = self.server(dice);
            let asked = tokio::time::timeout(Duration::from_millis(patience), server.post(path, body, Some(key)));
            match asked.await {
                // Both say that nothing was confirmed.
                Ok(Ok(answer))
                    if answer.status == 503 || answer.status == 409 && answer.code() == "idempotency-in-progress" => {}
                Ok(Ok(answer)) => return answer,
                Ok(Err(_)) | Err(_) => *self.cut.lock().unwrap() += 1,
            }
            tokio::time::sleep(Duration::from_millis(dice.random_range(5..40))).await;
        }
    }

    fn server(&self, dice: &mut ChaCha8Rng) -> Client {
        self.servers.lock().unwrap().choose(dice).unwrap().clone()
    }
}

/// Others changed the visit each time it was looked at: nothing was done, and nothing was said about the calendar.
fn is_outrun(answer: &Answer) -> bool {
    answer.status == 412
}
