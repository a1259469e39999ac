use std::sync::Arc;

use kernel::{Caller, EventId};

use super::clinic_message_ports::{ClinicMessages, Recipients};
use super::ledger::{Ledger, LedgerEntry};
use super::tell_messages::TellError;
use crate::domain::ClinicMessage;

/// Tells what became of a message that somebody at a clinic wrote.
pub struct ReadClinicMessage {
    /// Who wrote to whom.
    pub messages: Arc<dyn ClinicMessages>,
    /// Who may know.
    pub recipients: Arc<dyn Recipients>,
    /// What became of messages.
    pub ledger: Arc<dyn Ledger>,
}

impl ReadClinicMessage {
    /// The message, and what became of it: nothing where that is no longer kept. For those who could write to the patient
    /// in the name of the same clinic.
    ///
    /// # Errors
    /// See [`TellError`].
    pub async fn run(&self, caller: &Caller, id: EventId) -> Result<(ClinicMessage, Option<LedgerEntry>), TellError> {
        let message = self.messages.find(id).await?.ok_or(TellError::NotFound)?;
        if !caller.clinics().contains(&message.clinic) {
            return Err(TellError::NotFound);
        }
        self.recipients.of(caller, message.patient, message.clinic).await?.ok_or(TellError::NotFound)?;
        let entries = self.ledger.about(&[], &[id.as_uuid()]).await?;
        Ok((message, entries.into_iter().next()))
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, PatientId, UserId};

    use super::super::clinic_message_ports::{MockClinicMessages, MockRecipients};
    use super::super::ledger::MockLedger;
    use super::*;
    use crate::domain::Channel;

    #[tokio::test]
    async fn a_message_of_another_clinic_or_to_somebody_out_of_reach_is_not_there() {
        let message = ClinicMessage {
            id: EventId::mint(),
            clinic: ClinicId::mint(),
            patient: PatientId::mint(),
            sender: UserId::mint(),
            channel: Channel::Email,
            at: "2027-03-01T12:00:00Z".parse().unwrap(),
        };
        for clinics in [vec![ClinicId::mint()], vec![message.clinic]] {
            let mut messages = MockClinicMessages::new();
            let found = message.clone();
            messages.expect_find().returning(move |_| Ok(Some(found.clone())));
            let mut recipients = MockRecipients::new();
            recipients.expect_of().returning(|_, _, _| Ok(None));
            let mut ledger = MockLedger::new();
            ledger.expect_about().never();
            let read = ReadClinicMessage {
                messages: Arc::new(messages),
                recipients: Arc::new(recipients),
                ledger: Arc::new(ledger),
            };
            let refused = read.run(&Caller::staff(UserId::mint(), clinics), message.id).await;
            assert!(matches!(refused, Err(TellError::NotFound)), "{refused:?}");
        }
    }
}
