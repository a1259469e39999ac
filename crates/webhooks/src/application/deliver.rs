use std::sync::Arc;

use kernel::{Clock, PortFailure};

use super::ports::{Begun, Ended, Posting, Receivers, Tries};
use crate::domain::{DeliveryId, Verdict, verdict};

/// Tries to get one message through.
pub struct Deliver {
    /// Keeps account of tries.
    pub tries: Arc<dyn Tries>,
    /// Who it is posted to.
    pub receivers: Arc<dyn Receivers>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Strews the pauses between tries: numbers around 1.
    pub dice: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was tried.
    Tried(Verdict),
    /// Others are on their way to the same endpoint; it goes when one of them is back.
    Parked,
    /// There is nothing to do any more.
    Over,
}

impl Done {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tried(Verdict::Delivered) => "delivered",
            Self::Tried(Verdict::Again { .. }) => "retried",
            Self::Tried(Verdict::GivenUp(_)) => "failed",
            Self::Parked => "parked",
            Self::Over => "over",
        }
    }
}

impl Deliver {
    /// Does try number `attempt` of a delivery, counted from 1 since it was made. Another one of that number does
    /// nothing, unless the first was lost in between.
    ///
    /// # Errors
    /// When the store fails; the receiver may have heard it by then, and hears it again under the same id.
    pub async fn run(&self, id: DeliveryId, attempt: u32) -> Result<Done, PortFailure> {
        let begun_at = self.clock.now();
        let due = match self.tries.begin(id, attempt, begun_at).await? {
            Begun::Due(due) => due,
            Begun::Parked => return Ok(Done::Parked),
            Begun::Over => return Ok(Done::Over),
        };
        let posting = Posting {
            url: due.url,
            secrets: due.keys.at(begun_at),
            event_id: due.event_id,
            at: begun_at,
            payload: due.payload,
        };
        let tried = self.receivers.post(&posting).await;
        let at = self.clock.now();
        let verdict = verdict(tried.outcome, due.count, at, (self.dice)());
        self.tries.ended(&Ended { id, attempt, begun_at, at, tried, verdict }).await?;
        Ok(Done::Tried(verdict))
    }
}

#[cfg(test)]
mod tests {
    use kernel::StoppedClock;
    use uuid::Uuid;

    use super::super::parts::tests::now;
    use super::super::ports::{Due, MockReceivers, MockTries};
    use super::*;
    use crate::domain::{Outcome, Secret, SigningKeys, Tried, Trouble};

    fn deliver(tries: MockTries, receivers: MockReceivers) -> Deliver {
        Deliver {
            tries: Arc::new(tries),
            receivers: Arc::new(receivers),
            clock: Arc::new(StoppedClock::at(now())),
            dice: Arc::new(|| 1.0),
        }
    }

    fn due(count: u32) -> Begun {
        let later = now().checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
        Begun::Due(Due {
            url: "https://clinic.example/".into(),
            keys: SigningKeys { current: Secret::new(vec![2]), previous: Some((Secret::new(vec![1]), later)) },
            event_id: Uuid::nil(),
            payload: "{}".into(),
            count,
        })
    }

    #[tokio::test]
    async fn a_message_is_posted_with_all_secrets_that_sign_and_its_end_is_taken_down() {
        for (status, count, expected) in
            [(204, 1, "delivered"), (500, 1, "retried"), (500, 10, "failed"), (410, 1, "failed")]
        {
            let mut tries = MockTries::new();
            tries.expect_begin().times(1).returning(move |_, _, _| Ok(due(count)));
            tries.expect_ended().withf(|ended| ended.attempt == 4).times(1).returning(|_| Ok(()));
            let mut receivers = MockReceivers::new();
            let outcome = Outcome::Answered { status, retry_after: None };
            receivers
                .expect_post()
                .withf(|posting| posting.secrets.len() == 2 && posting.at == now() && posting.payload == "{}")
                .times(1)
                .returning(move |_| Tried { outcome, took_ms: 12 });
            let done = deliver(tries, receivers).run(DeliveryId::mint(), 4).await.unwrap();
            assert_eq!(done.word(), expected, "{status}");
        }
    }

    #[tokio::test]
    async fn what_may_not_begin_is_not_posted() {
        for (begun, done) in [(Begun::Parked, Done::Parked), (Begun::Over, Done::Over)] {
            let mut tries = MockTries::new();
            tries.expect_begin().times(1).return_once(|_, _, _| Ok(begun));
            assert_eq!(deliver(tries, MockReceivers::new()).run(DeliveryId::mint(), 1).await.unwrap(), done);
        }
    }

    #[tokio::test]
    async fn an_end_that_cannot_be_taken_down_is_told() {
        let mut tries = MockTries::new();
        tries.expect_begin().returning(|_, _, _| Ok(due(1)));
        tries.expect_ended().returning(|_| Err(PortFailure::new("take down a try", "away")));
        let mut receivers = MockReceivers::new();
        receivers.expect_post().returning(|_| Tried { outcome: Outcome::NotReached(Trouble::Unreachable), took_ms: 1 });
        assert!(deliver(tries, receivers).run(DeliveryId::mint(), 1).await.is_err());
    }
}
