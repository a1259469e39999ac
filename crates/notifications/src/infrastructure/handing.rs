//! What is the same for letters and texts: each is handed over once as far as anybody can know, and the ledger tells.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;

use kernel::Clock;
use metrics::counter;
use platform::crypto::CannotOpen;
use platform::outbox::{Message, TRIES, Undelivered};
use platform::telemetry;

use crate::application::{Ended, Ledger, SendError, Trying};
use crate::domain::Channel;

/// Hands messages over and writes down what became of them.
pub(super) struct Handing {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Handing {
    /// Hands it over by `send`, unless the ledger knows that it was. Who dies between the other side's answer and the
    /// ledger leaves it in doubt: it is handed over again, under the same id, and counted.
    pub(super) async fn over(
        &self,
        message: &Message,
        channel: Channel,
        template: &'static str,
        send: impl Future<Output = Result<Option<String>, SendError>> + Send,
    ) -> Result<(), Undelivered> {
        let trying =
            Trying { id: message.id, channel, template, subject: message.subject, created_at: message.created_at };
        let before = self.ledger.begin(&trying, self.clock.now()).await.map_err(|failure| {
            telemetry::log_failure(&failure);
            Undelivered::Later("the ledger of messages cannot be written".to_owned())
        })?;
        if before.was_handed_over {
            return Ok(());
        }
        if before.in_doubt {
            counter!("messages_doubtful_total", "channel" => channel.word()).increment(1);
            tracing::warn!(id = %message.id, channel = channel.word(), "a message may have been handed over before");
        }
        let outcome = match send.await {
            Ok(name) => Ok(name),
            Err(error) => Err(undelivered(&error)),
        };
        let ended = match &outcome {
            Ok(name) => Ended::HandedOver(name.clone()),
            Err(Undelivered::Later(why)) if message.attempt < TRIES => Ended::PutOff(why.clone()),
            Err(Undelivered::Later(why) | Undelivered::Never(why)) => Ended::GivenUp(why.clone()),
        };
        if let Err(failure) = self.ledger.end(message.id, &ended, self.clock.now()).await {
            // It has been handed over, so it must not be tried again because of this.
            telemetry::log_failure(&failure);
        }
        outcome.map(drop)
    }
}

fn undelivered(error: &SendError) -> Undelivered {
    match error {
        SendError::Notice(_) | SendError::Refused(_) => Undelivered::Never(error.to_string()),
        // Its cause is of fixed words; see the ports.
        SendError::Failed(failure) => {
            Undelivered::Later(failure.source().map_or_else(|| failure.to_string(), ToString::to_string))
        }
    }
}

/// What cannot be opened may wait for a key, or never be opened.
pub(super) fn cannot_open(error: &CannotOpen) -> Undelivered {
    match error {
        // The key may come with the key file of another machine.
        CannotOpen::UnknownKey(_) => Undelivered::Later(error.to_string()),
        CannotOpen::Malformed | CannotOpen::Forged => Undelivered::Never(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kernel::{PortFailure, StoppedClock};
    use uuid::Uuid;

    use super::*;
    use crate::application::{Before, MockLedger};

    fn message(attempt: u32) -> Message {
        Message {
            id: Uuid::now_v7(),
            topic: "mail".into(),
            subject: Uuid::now_v7(),
            payload: "{}".into(),
            sealed: None,
            created_at: Timestamp::UNIX_EPOCH,
            attempt,
        }
    }

    fn handing(ledger: MockLedger) -> Handing {
        Handing { ledger: Arc::new(ledger), clock: Arc::new(StoppedClock::at(Timestamp::UNIX_EPOCH)) }
    }

    fn ledger(before: Before, expected: Option<Ended>) -> MockLedger {
        let mut ledger = MockLedger::new();
        ledger.expect_begin().once().returning(move |_, _| Ok(before));
        match expected {
            None => ledger.expect_end().never(),
            Some(expected) => ledger.expect_end().once().withf(move |_, ended, _| *ended == expected),
        }
        .returning(|_, _, _| Ok(()));
        ledger
    }

    #[tokio::test]
    async fn what_was_handed_over_is_not_handed_over_again_and_what_is_in_doubt_is() {
        let over = Before { was_handed_over: true, in_doubt: false };
        let send = async { panic!("handed over twice") };
        handing(ledger(over, None)).over(&message(2), Channel::Email, "reminder", send).await.unwrap();
        let doubt = Before { was_handed_over: false, in_doubt: true };
        let ended = Ended::HandedOver(Some("SM1".into()));
        let send = async { Ok(Some("SM1".to_owned())) };
        handing(ledger(doubt, Some(ended))).over(&message(2), Channel::Sms, "reminder", send).await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_and_the_last_try_are_the_end_and_other_failures_are_not() {
        for (attempt, refused, ended) in [
            (1, true, Ended::GivenUp("no".into())),
            (1, false, Ended::PutOff("away".into())),
            (TRIES, false, Ended::GivenUp("away".into())),
        ] {
            let send = async move {
                Err(if refused {
                    SendError::Refused("no".into())
                } else {
                    SendError::Failed(PortFailure::new("send", "away"))
                })
            };
            let outcome = handing(ledger(Before::default(), Some(ended)))
                .over(&message(attempt), Channel::Email, "reminder", send)
                .await;
            assert_eq!(matches!(outcome, Err(Undelivered::Never(_))), refused, "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn without_its_ledger_nothing_is_handed_over_and_after_it_the_ledger_matters_no_more() {
        let mut away = MockLedger::new();
        away.expect_begin().returning(|_, _| Err(PortFailure::new("write", "away")));
        let send = async { panic!("handed over unseen") };
        let outcome = handing(away).over(&message(1), Channel::Email, "reminder", send).await;
        assert!(matches!(outcome, Err(Undelivered::Later(_))), "{outcome:?}");
        let mut gone = MockLedger::new();
        gone.expect_begin().returning(|_, _| Ok(Before::default()));
        gone.expect_end().returning(|_, _, _| Err(PortFailure::new("write", "away")));
        let send = async { Ok(None) };
        handing(gone).over(&message(1), Channel::Email, "reminder", send).await.unwrap();
    }
}
