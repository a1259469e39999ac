use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use kernel::{Caller, ClinicId, Clock, EventId, Once, OnceError, PatientId, PortFailure, Recorded};

use super::clinic_message_ports::{
    ClinicMessages, NewClinicMessage, Recipient, Recipients, StoreMessageError, Written,
};
use crate::domain::{Channel, ClinicMessage, Language, MOST_MAIL_CHARS, TextNotice};

/// What somebody wants to tell a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whom.
    pub patient: PatientId,
    /// In whose name; whoever works at one clinic only need not say.
    pub clinic: Option<ClinicId>,
    /// By what way.
    pub channel: Channel,
    /// The words.
    pub words: String,
}

/// Does this installation send texts?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texting {
    /// It does.
    On,
    /// No provider is configured.
    Off,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendMessageError {
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The caller works at several clinics, or at none, and did not say in whose name.
    #[error("in the name of which clinic?")]
    WhichClinic,
    /// It is not the caller's clinic.
    #[error("not the caller's clinic")]
    OthersClinic,
    /// There is no such patient, or the caller may not write to them in the name of that clinic.
    #[error("no such patient")]
    NotFound,
    /// The patient cannot be reached that way.
    #[error("not reachable that way")]
    NoAddress,
    /// No texts are sent here.
    #[error("no texts are sent here")]
    NoTexts,
    /// It has no words, or more than can be sent that way.
    #[error("too short or too long")]
    BadLength,
    /// So many were sent within this time.
    #[error("so many messages were sent within {0:?}")]
    TooMany(SignedDuration),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<StoreMessageError> for SendMessageError {
    fn from(error: StoreMessageError) -> Self {
        match error {
            StoreMessageError::Once(before) => before.into(),
            StoreMessageError::TooMany(within) => Self::TooMany(within),
            StoreMessageError::Failed(failure) => failure.into(),
        }
    }
}

/// Lets those who treat patients, and their front desks, write to a patient.
pub struct SendClinicMessage {
    /// Where patients are reached.
    pub recipients: Arc<dyn Recipients>,
    /// Where it is kept who wrote to whom.
    pub messages: Arc<dyn ClinicMessages>,
    /// Are texts sent?
    pub texting: Texting,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl SendClinicMessage {
    /// Puts the message on its way.
    ///
    /// # Errors
    /// See [`SendMessageError`]; nothing was sent then.
    pub async fn run(
        &self,
        caller: &Caller,
        wanted: Message,
        request_id: Option<String>,
        once: Option<Once<ClinicMessage>>,
    ) -> Result<ClinicMessage, SendMessageError> {
        let Message { patient, clinic, channel, words } = wanted;
        let clinic = match (clinic, caller.clinics()) {
            (Some(named), own) if own.contains(&named) => named,
            (Some(_), _) => return Err(SendMessageError::OthersClinic),
            (None, [only]) => *only,
            (None, _) => return Err(SendMessageError::WhichClinic),
        };
        let sender = caller.user().ok_or(SendMessageError::NotFound)?;
        let found = self.recipients.of(caller, patient, clinic).await?.ok_or(SendMessageError::NotFound)?;
        let written = self.written(found, channel, words)?;
        let message = ClinicMessage { id: EventId::mint(), clinic, patient, sender, channel, at: self.clock.now() };
        let event = Recorded::new(message.sent(), caller.actor(), message.at).caused_by(request_id);
        let new = NewClinicMessage { message, written, event, once };
        self.messages.send(&new).await?;
        Ok(new.message)
    }

    fn written(&self, to: Recipient, channel: Channel, message: String) -> Result<Written, SendMessageError> {
        let Recipient { name, email, phone, language, clinic } = to;
        match channel {
            Channel::Email => {
                if message.trim().is_empty() || message.chars().count() > MOST_MAIL_CHARS {
                    return Err(SendMessageError::BadLength);
                }
                let to = email.ok_or(SendMessageError::NoAddress)?;
                Ok(Written::Mail { to, language, name, clinic, message })
            }
            Channel::Sms => {
                if self.texting == Texting::Off {
                    return Err(SendMessageError::NoTexts);
                }
                let to = phone.ok_or(SendMessageError::NoAddress)?;
                let values = [("clinic", clinic), ("message", message)];
                let values: BTreeMap<String, String> =
                    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                let notice = TextNotice::parse("clinic-message", &values).map_err(|_| SendMessageError::BadLength)?;
                // Whether it fits is known only in the words of the reader's language.
                notice.words(Language::of_tag(&language)).ok_or(SendMessageError::BadLength)?;
                Ok(Written::Text { to, language, values })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, StoppedClock, UserId};

    use super::super::clinic_message_ports::{MockClinicMessages, MockRecipients};
    use super::*;

    fn somebody() -> Recipient {
        Recipient {
            name: "Ada Example".into(),
            email: Some("ada@example.org".into()),
            phone: Some("+12125550100".into()),
            language: "en".into(),
            clinic: "Riverside".into(),
        }
    }

    fn desk(found: Option<Recipient>, messages: MockClinicMessages) -> SendClinicMessage {
        let mut recipients = MockRecipients::new();
        recipients.expect_of().returning(move |_, _, _| Ok(found.clone()));
        SendClinicMessage {
            recipients: Arc::new(recipients),
            messages: Arc::new(messages),
            texting: Texting::On,
            clock: Arc::new(StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap())),
        }
    }

    fn nothing_is_sent() -> MockClinicMessages {
        let mut messages = MockClinicMessages::new();
        messages.expect_send().never();
        messages
    }

    fn message(channel: Channel, words: &str) -> Message {
        Message { patient: PatientId::mint(), clinic: None, channel, words: words.into() }
    }

    #[tokio::test]
    async fn a_message_goes_out_in_the_name_of_the_callers_clinic_and_its_event_has_no_words() {
        let clinic = ClinicId::mint();
        for caller in [
            Caller::staff(UserId::mint(), vec![clinic]),
            Caller::doctor(UserId::mint(), DoctorId::mint(), vec![clinic]),
        ] {
            for channel in [Channel::Email, Channel::Sms] {
                let mut messages = MockClinicMessages::new();
                messages
                    .expect_send()
                    .withf(move |new| {
                        let told = serde_json::to_string(&new.event.event).unwrap();
                        let to = match &new.written {
                            Written::Mail { to, .. } | Written::Text { to, .. } => to,
                        };
                        new.message.clinic == clinic
                            && !told.contains("early")
                            && to.starts_with(if channel == Channel::Email { "ada@" } else { "+1212" })
                    })
                    .times(1)
                    .returning(|_| Ok(()));
                let sent = desk(Some(somebody()), messages)
                    .run(&caller, message(channel, "Please come early."), None, None)
                    .await
                    .unwrap();
                assert_eq!((sent.clinic, sent.channel), (clinic, channel));
            }
        }
    }

    #[tokio::test]
    async fn who_works_at_several_clinics_says_in_whose_name_and_nobody_writes_in_that_of_others() {
        let (one, other) = (ClinicId::mint(), ClinicId::mint());
        let caller = Caller::staff(UserId::mint(), vec![one, other]);
        let wanted = message(Channel::Email, "x");
        let refused = desk(Some(somebody()), nothing_is_sent()).run(&caller, wanted.clone(), None, None).await;
        assert!(matches!(refused, Err(SendMessageError::WhichClinic)), "{refused:?}");
        let wanted = Message { clinic: Some(ClinicId::mint()), ..wanted };
        let refused = desk(Some(somebody()), nothing_is_sent()).run(&caller, wanted, None, None).await;
        assert!(matches!(refused, Err(SendMessageError::OthersClinic)), "{refused:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_brought_is_refused_before_anything_is_stored() {
        let caller = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        let deaf = Recipient { phone: None, email: None, ..somebody() };
        for (found, channel, words, expected) in [
            (None, Channel::Email, "x", "NotFound"),
            (Some(deaf.clone()), Channel::Email, "x", "NoAddress"),
            (Some(deaf), Channel::Sms, "x", "NoAddress"),
            (Some(somebody()), Channel::Email, " \n", "BadLength"),
            (Some(somebody()), Channel::Email, &"x".repeat(1_001), "BadLength"),
            (Some(somebody()), Channel::Sms, "", "BadLength"),
            (Some(somebody()), Channel::Sms, &"x".repeat(401), "BadLength"),
            (Some(somebody()), Channel::Sms, &"漢".repeat(140), "BadLength"),
        ] {
            let refused = desk(found, nothing_is_sent()).run(&caller, message(channel, words), None, None).await;
            assert_eq!(format!("{:?}", refused.unwrap_err()), expected, "{channel:?} {words}");
        }
        let mute = SendClinicMessage { texting: Texting::Off, ..desk(Some(somebody()), nothing_is_sent()) };
        let refused = mute.run(&caller, message(Channel::Sms, "x"), None, None).await;
        assert!(matches!(refused, Err(SendMessageError::NoTexts)), "{refused:?}");
    }
}
