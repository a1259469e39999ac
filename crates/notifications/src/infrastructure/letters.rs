//! Letters from the outbox.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::Clock;
use metrics::counter;
use platform::crypto::Keyring;
use platform::letters::{Letter, TOPIC};
use platform::outbox::{Message, Subscriber, Undelivered};

use super::handing::{Handing, cannot_open};
use crate::application::{CalendarFile, Ledger, Posted, SendLetter};
use crate::domain::{Channel, TEMPLATES};

/// Opens letters of the outbox and has them sent.
pub struct Letters {
    send: SendLetter,
    keys: Keyring,
    handing: Handing,
}

impl Letters {
    /// Letters are sealed with `keys`; what becomes of them is written into `ledger`.
    #[must_use]
    pub fn new(send: SendLetter, keys: Keyring, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self { send, keys, handing: Handing { ledger, clock } }
    }
}

#[async_trait]
impl Subscriber for Letters {
    fn topics(&self) -> &'static [&'static str] {
        &[TOPIC]
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        let sealed = message.sealed.as_deref().unwrap_or_default();
        let letter = Letter::open(&self.keys, message.id, sealed).map_err(|error| cannot_open(&error))?;
        let template = TEMPLATES.iter().find(|(name, _)| *name == letter.template).map_or("unknown", |(name, _)| *name);
        let posted = Posted {
            id: message.id,
            at: message.created_at,
            template: letter.template,
            to: letter.to,
            language: letter.language,
            values: letter.values,
            calendar: letter.calendar.map(|part| CalendarFile { method: part.method, text: part.text }),
        };
        let send = async { self.send.run(posted).await.map(|_template| None) };
        let outcome = self.handing.over(message, Channel::Email, template, send).await;
        let counted = if outcome.is_ok() { "mails_sent_total" } else { "mails_failed_total" };
        counter!(counted, "template" => template).increment(1);
        outcome
    }
}
