use std::sync::Arc;

use kernel::{AppointmentId, Caller, PortFailure};
use uuid::Uuid;

use super::policy::Policy;
use super::ports::AppointmentStore;
use super::reminder_ports::ReminderStore;
use super::watch_reads::WatchReads;

/// By what messages about a visit are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTraces {
    /// The records they are about: the visit, and its series.
    pub subjects: Vec<Uuid>,
    /// Reminders that tell of it among other visits.
    pub reminders: Vec<Uuid>,
}

/// Finds out by what messages about a visit are found, for those who run its calendar.
pub struct TraceMessages {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who was reminded of what.
    pub reminders: Arc<dyn ReminderStore>,
    /// Who may.
    pub policy: Policy,
    /// What time it is.
    pub watch: WatchReads,
}

impl TraceMessages {
    /// The traces; nothing where there is no such visit, or it is not the caller's to run. Nobody is written down as a
    /// reader: nothing of the patient is shown.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn run(&self, caller: &Caller, id: AppointmentId) -> Result<Option<MessageTraces>, PortFailure> {
        if !Policy::is_team(caller) {
            return Ok(None);
        }
        let Some(found) = self.store.find(id).await? else { return Ok(None) };
        let visit = found.appointment;
        if !self.policy.reaches(caller, &visit, self.watch.clock.now()).await? {
            return Ok(None);
        }
        let series = visit.series.map(|place| place.series.as_uuid());
        let reminders = self.reminders.letters_about(id).await?;
        Ok(Some(MessageTraces { subjects: std::iter::once(id.as_uuid()).chain(series).collect(), reminders }))
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::patient_ports::MockPatientTies;
    use super::super::ports::MockAppointmentStore;
    use super::super::reminder_ports::MockReminderStore;
    use super::super::test_data::{booked, unwatched};
    use super::*;

    #[tokio::test]
    async fn only_those_who_run_the_calendar_find_messages_of_a_visit() {
        let details = booked();
        let (id, clinic) = (details.appointment.id, details.appointment.clinic);
        let letter = Uuid::now_v7();
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(details.clone())));
        let mut reminders = MockReminderStore::new();
        reminders.expect_letters_about().returning(move |_| Ok(vec![letter]));
        let trace = TraceMessages {
            store: Arc::new(store),
            reminders: Arc::new(reminders),
            policy: Policy { ties: Arc::new(MockPatientTies::new()) },
            watch: unwatched(),
        };
        let user = UserId::mint();
        let found = trace.run(&Caller::staff(user, vec![clinic]), id).await.unwrap();
        assert_eq!(found, Some(MessageTraces { subjects: vec![id.as_uuid()], reminders: vec![letter] }));
        for caller in [
            Caller::staff(user, vec![kernel::ClinicId::mint()]),
            Caller::doctor(user, kernel::DoctorId::mint(), vec![clinic]),
            Caller::patient(user),
            Caller::link_holder(id),
            Caller::guest(),
        ] {
            assert_eq!(trace.run(&caller, id).await.unwrap(), None, "{caller:?}");
        }
    }
}
