//! Texts from the outbox.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::Clock;
use metrics::counter;
use platform::crypto::Keyring;
use platform::outbox::{Message, Subscriber, Undelivered};
use platform::texts::{TOPIC, Text};

use super::handing::{Handing, cannot_open};
use crate::application::{Ledger, PostedText, SendText};
use crate::domain::{Channel, TEXT_TEMPLATES};

/// Opens texts of the outbox and has them sent.
pub struct PostedTexts {
    send: SendText,
    keys: Keyring,
    handing: Handing,
}

impl PostedTexts {
    /// Texts are sealed with `keys`; what becomes of them is written into `ledger`.
    #[must_use]
    pub fn new(send: SendText, keys: Keyring, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self { send, keys, handing: Handing { ledger, clock } }
    }
}

#[async_trait]
impl Subscriber for PostedTexts {
    fn topics(&self) -> &'static [&'static str] {
        &[TOPIC]
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        let sealed = message.sealed.as_deref().unwrap_or_default();
        let text = Text::open(&self.keys, message.id, sealed).map_err(|error| cannot_open(&error))?;
        let known = TEXT_TEMPLATES.iter().find(|(name, _)| *name == text.template);
        let template = known.map_or("unknown", |(name, _)| *name);
        let Text { template: named, to, language, values } = text;
        let posted = PostedText { id: message.id, at: message.created_at, template: named, to, language, values };
        let outcome = self.handing.over(message, Channel::Sms, template, self.send.run(posted)).await;
        let counted = if outcome.is_ok() { "texts_sent_total" } else { "texts_failed_total" };
        counter!(counted, "template" => template).increment(1);
        outcome
    }
}
