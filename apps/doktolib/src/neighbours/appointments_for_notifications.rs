use appointments::application::TraceMessages;
use async_trait::async_trait;
use kernel::{AppointmentId, Caller, PortFailure};
use notifications::application::{Traces, Visits};

/// Visits know who runs their calendars, and which reminders tell of them.
pub struct AppointmentsForNotifications {
    pub(crate) trace: TraceMessages,
}

#[async_trait]
impl Visits for AppointmentsForNotifications {
    async fn traces(&self, caller: &Caller, visit: AppointmentId) -> Result<Option<Traces>, PortFailure> {
        let found = self.trace.run(caller, visit).await?;
        Ok(found.map(|found| Traces { subjects: found.subjects, messages: found.reminders }))
    }
}
