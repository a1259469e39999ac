//! The worker of the outbox.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, PortFailure};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::{Message, Outbox, TRIES};
use crate::telemetry;

/// Small, so that little waits for a lease when a worker dies.
const BATCH: i64 = 8;
/// The longest a try may take; three of them fit into a lease.
const PATIENCE: Duration = Duration::from_secs(30);
/// No try begins later than this after the claim, so that it ends within the lease.
const BEGIN_WITHIN: Duration = Duration::from_secs(45);
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// Between looks while there was something to do lately, and otherwise.
const BUSY: Duration = Duration::from_millis(200);
const IDLE: Duration = Duration::from_secs(1);
const LATELY: Duration = Duration::from_secs(5);

/// Why a message could not be dealt with: the sort of failure in a few fixed words, without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// It may work later; it is tried again after a growing pause, [`TRIES`] times in all.
    Later(String),
    /// It never will; it waits for a person at once.
    Never(String),
}

/// Somebody who waits for messages.
#[async_trait]
pub trait Subscriber: Send + Sync {
    /// The topics it wants.
    fn topics(&self) -> &'static [&'static str];

    /// Which of these messages, all of its topics, it has anything to do with; the rest is done without it, all at
    /// once. All of them, unless it knows better.
    ///
    /// # Errors
    /// When it cannot tell; then it gets them all.
    async fn concerned(&self, messages: &[&Message]) -> Result<HashSet<Uuid>, PortFailure> {
        Ok(messages.iter().map(|message| message.id).collect())
    }

    /// Deals with a message, which may come more than once; its id stays the same.
    ///
    /// # Errors
    /// See [`Undelivered`].
    async fn take(&self, message: &Message) -> Result<(), Undelivered>;
}

/// Hands messages to their subscribers, one after the other.
#[derive(Clone)]
pub struct Courier {
    outbox: Outbox,
    subscribers: Arc<[Arc<dyn Subscriber>]>,
    clock: Arc<dyn Clock>,
}

impl Courier {
    /// With these subscribers. A message that several want is done when all have taken it; when one fails, all
    /// get it again.
    #[must_use]
    pub fn new(outbox: Outbox, subscribers: Vec<Arc<dyn Subscriber>>, clock: Arc<dyn Clock>) -> Self {
        Self { outbox, subscribers: subscribers.into(), clock }
    }

    /// The table behind it.
    #[must_use]
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn topics(&self) -> Vec<&'static str> {
        self.subscribers.iter().flat_map(|subscriber| subscriber.topics().iter().copied()).collect()
    }

    /// Runs until `stop` turns true; the message under way is finished, others are given back.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut busy_until = Instant::now();
        while !*stop.borrow() {
            let pause = match self.round(&stop).await {
                Ok(0) if Instant::now() >= busy_until => IDLE,
                Ok(0) => BUSY,
                Ok(_) => {
                    busy_until = Instant::now() + LATELY;
                    continue;
                }
                Err(failure) => {
                    telemetry::log_failure(&failure);
                    IDLE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // An error means that nobody is left who could stop it.
                _ = stop.changed() => {}
            }
        }
    }

    /// Deals with one batch, and with what nobody waits for; gives how many messages.
    ///
    /// # Errors
    /// When the database fails; messages under way then come again after their lease.
    pub async fn round(&self, stop: &watch::Receiver<bool>) -> Result<usize, PortFailure> {
        let topics = self.topics();
        let skipped = self.outbox.skip_unheard(&topics, self.clock.now()).await?;
        let claimed = self.outbox.claim(&topics, BATCH, self.clock.now()).await?;
        let count = claimed.len();
        let begun = Instant::now();
        let claimed = self.wanted(claimed).await?;
        for (at, message) in claimed.iter().enumerate() {
            if *stop.borrow() || begun.elapsed() > BEGIN_WITHIN {
                self.outbox.release(&claimed[at..], self.clock.now()).await?;
                break;
            }
            self.deal_with(message).await?;
        }
        Ok(skipped + count)
    }

    /// Those that a subscriber has anything to do with; the others are done in one step. In a rush of bookings, letters
    /// would otherwise wait behind events that few clinics have webhooks for.
    async fn wanted(&self, claimed: Vec<Message>) -> Result<Vec<Message>, PortFailure> {
        let mut wanted: HashSet<Uuid> = HashSet::new();
        for subscriber in self.subscribers.iter() {
            let topics = subscriber.topics();
            let theirs: Vec<&Message> =
                claimed.iter().filter(|message| topics.contains(&message.topic.as_str())).collect();
            if theirs.is_empty() {
                continue;
            }
            match subscriber.concerned(&theirs).await {
                Ok(concerned) => wanted.extend(concerned),
                Err(failure) => {
                    telemetry::log_failure(&failure);
                    wanted.extend(theirs.iter().map(|message| message.id));
                }
            }
        }
        let (wanted, rest): (Vec<Message>, Vec<Message>) =
            claimed.into_iter().partition(|message| wanted.contains(&message.id));
        if !rest.is_empty() {
            let ids: Vec<Uuid> = rest.iter().map(|message| message.id).collect();
            self.outbox.finish(&ids, self.clock.now()).await?;
        }
        Ok(wanted)
    }

    async fn deal_with(&self, message: &Message) -> Result<(), PortFailure> {
        let tried = AssertUnwindSafe(timeout(PATIENCE, self.hand_out(message))).catch_unwind().await;
        let outcome = match tried {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_elapsed)) => Err(Undelivered::Later("took too long".to_owned())),
            Err(_panic) => Err(Undelivered::Later("a defect".to_owned())),
        };
        let (id, topic, attempt) = (message.id, message.topic.as_str(), message.attempt);
        let now = self.clock.now();
        match outcome {
            Ok(()) => self.outbox.finish(&[message.id], now).await,
            Err(Undelivered::Later(error)) if attempt < TRIES => {
                let next = after(now, pause(attempt, rand::random_range(0.75..=1.25)));
                tracing::warn!(%id, topic, attempt, error, "a message is tried again later");
                self.outbox.put_off(message, &error, next).await
            }
            Err(Undelivered::Later(error) | Undelivered::Never(error)) => {
                tracing::error!(%id, topic, attempt, error, "a message was given up");
                self.outbox.give_up(message, &error, now).await
            }
        }
    }

    async fn hand_out(&self, message: &Message) -> Result<(), Undelivered> {
        for subscriber in self.subscribers.iter() {
            if subscriber.topics().contains(&message.topic.as_str()) {
                subscriber.take(message).await?;
            }
        }
        Ok(())
    }
}

fn after(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

/// Two seconds after the first try, twice as long after each further one, times the `dice`, 15 minutes at most.
fn pause(attempt: u32, dice: f64) -> SignedDuration {
    let doubled = FIRST_PAUSE.as_secs_f64() * 2_f64.powi(i32::try_from(attempt.clamp(1, 30) - 1).unwrap_or(0));
    let capped = doubled.min(LONGEST_PAUSE.as_secs_f64());
    SignedDuration::try_from_secs_f64(capped * dice).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_two_seconds_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = (1..=TRIES).map(|attempt| pause(attempt, 1.0).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(pause(1, 0.75), SignedDuration::from_millis(1500));
        assert_eq!(pause(3, 1.25), SignedDuration::from_secs(10));
        assert_eq!((pause(40, 1.25), pause(0, 1.0)), (LONGEST_PAUSE, FIRST_PAUSE));
    }

    #[test]
    fn a_try_that_begins_as_late_as_allowed_ends_within_the_lease() {
        let lease = super::super::LEASE.unsigned_abs();
        assert!(BEGIN_WITHIN + PATIENCE < lease, "{lease:?}");
    }
}
