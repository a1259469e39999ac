//! Letters from the outbox.

use std::error::Error as _;

use async_trait::async_trait;
use metrics::counter;
use platform::crypto::{CannotOpen, Keyring};
use platform::letters::{Letter, TOPIC};
use platform::outbox::{Message, Subscriber, Undelivered};

use crate::application::{CalendarFile, Posted, SendError, SendLetter};
use crate::domain::TEMPLATES;

/// Opens letters of the outbox and has them sent.
pub struct Letters {
    send: SendLetter,
    keys: Keyring,
}

impl Letters {
    /// Letters are sealed with `keys`.
    #[must_use]
    pub const fn new(send: SendLetter, keys: Keyring) -> Self {
        Self { send, keys }
    }
}

#[async_trait]
impl Subscriber for Letters {
    fn topics(&self) -> &'static [&'static str] {
        &[TOPIC]
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        let sealed = message.sealed.as_deref().unwrap_or_default();
        let letter = Letter::open(&self.keys, message.id, sealed).map_err(|error| match error {
            // The key may come with the key file of another machine.
            CannotOpen::UnknownKey(_) => Undelivered::Later(error.to_string()),
            CannotOpen::Malformed | CannotOpen::Forged => Undelivered::Never(error.to_string()),
        })?;
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
        let Err(error) = self.send.run(posted).await else {
            counter!("mails_sent_total", "template" => template).increment(1);
            return Ok(());
        };
        counter!("mails_failed_total", "template" => template).increment(1);
        Err(match error {
            SendError::Notice(_) | SendError::Refused(_) => Undelivered::Never(error.to_string()),
            // Its cause is of fixed words; see the port.
            SendError::Failed(failure) => {
                Undelivered::Later(failure.source().map_or_else(|| failure.to_string(), ToString::to_string))
            }
        })
    }
}
