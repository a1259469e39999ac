use kernel::{ClinicId, DomainEvent};
use serde::Serialize;
use uuid::Uuid;

use super::{DeliveryId, Disabled, EndpointId};

/// What happened to an endpoint. Ids and words only: it goes into the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointEvent {
    /// Which one.
    pub webhook_id: EndpointId,
    /// Whose.
    pub clinic_id: ClinicId,
    /// What.
    #[serde(flatten)]
    pub fact: EndpointFact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EndpointFact {
    /// It was added.
    Added {},
    /// These fields are others.
    Changed {
        /// Their names.
        fields: Vec<&'static str>,
    },
    /// It has a new secret.
    SecretRotated {},
    /// It was taken away, with the log of its deliveries.
    Removed {},
    /// Nothing is sent to it any more, and nobody has switched it off.
    Disabled {
        /// Why, in a word.
        reason: &'static str,
    },
    /// Somebody has tried it.
    Tested {
        /// The message.
        delivery_id: DeliveryId,
    },
    /// Somebody has a message sent again.
    Replayed {
        /// The message.
        delivery_id: DeliveryId,
    },
}

impl EndpointFact {
    /// It was disabled for this reason.
    #[must_use]
    pub const fn disabled(reason: Disabled) -> Self {
        Self::Disabled { reason: reason.word() }
    }
}

impl DomainEvent for EndpointEvent {
    fn name(&self) -> &'static str {
        match self.fact {
            EndpointFact::Added {} => "webhook.added",
            EndpointFact::Changed { .. } => "webhook.changed",
            EndpointFact::SecretRotated {} => "webhook.secret_rotated",
            EndpointFact::Removed {} => "webhook.removed",
            EndpointFact::Disabled { .. } => "webhook.disabled",
            EndpointFact::Tested { .. } => "webhook.tested",
            EndpointFact::Replayed { .. } => "webhook.replayed",
        }
    }

    fn subject(&self) -> Uuid {
        self.webhook_id.as_uuid()
    }

    fn clinic(&self) -> Option<Uuid> {
        Some(self.clinic_id.as_uuid())
    }
}
