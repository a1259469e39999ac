use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, DomainEvent, EventId, PatientId, UserId};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::Channel;

/// The most characters of a message by mail.
pub const MOST_MAIL_CHARS: usize = 1_000;
/// The most characters of a message by text; fewer fit where signs need more room.
pub const MOST_TEXT_CHARS: usize = 400;
/// Messages that one account may send within [`SENDER_SPAN`].
pub const MOST_OF_SENDER: i64 = 60;
/// See [`MOST_OF_SENDER`].
pub const SENDER_SPAN: SignedDuration = SignedDuration::from_hours(1);
/// Messages that one patient may get within [`PATIENT_SPAN`], whoever writes.
pub const MOST_TO_PATIENT: i64 = 10;
/// See [`MOST_TO_PATIENT`].
pub const PATIENT_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// What somebody at a clinic has written to a patient; its words are with the message on its way and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicMessage {
    /// Of the message in the outbox.
    pub id: EventId,
    /// In whose name.
    pub clinic: ClinicId,
    /// To whom.
    pub patient: PatientId,
    /// Who wrote it.
    pub sender: UserId,
    /// By what way.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
}

/// Somebody at a clinic has written to a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClinicMessageSent {
    /// Of the message in the outbox.
    pub message_id: EventId,
    /// In whose name.
    pub clinic_id: ClinicId,
    /// To whom.
    pub patient_id: PatientId,
    /// By what way.
    #[serde(serialize_with = "word")]
    pub channel: Channel,
}

fn word<S: Serializer>(channel: &Channel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(channel.word())
}

impl ClinicMessage {
    /// What happened with it.
    #[must_use]
    pub const fn sent(&self) -> ClinicMessageSent {
        ClinicMessageSent {
            message_id: self.id,
            clinic_id: self.clinic,
            patient_id: self.patient,
            channel: self.channel,
        }
    }
}

impl DomainEvent for ClinicMessageSent {
    fn name(&self) -> &'static str {
        "clinic_message.sent"
    }

    fn subject(&self) -> Uuid {
        self.patient_id.as_uuid()
    }

    fn clinic(&self) -> Option<Uuid> {
        Some(self.clinic_id.as_uuid())
    }
}
