use std::sync::Arc;

use appointments::application::{Addressees, Policy, Practices, Tie, TraceMessages};
use async_trait::async_trait;
use kernel::{AppointmentId, Caller, ClinicId, Clock, PatientId, PortFailure, Role};
use notifications::application::{Recipient, Recipients, Traces, Visits};
use platform::texts::is_international;

/// Visits know who runs their calendars, which reminders tell of them, and where patients are reached.
pub struct AppointmentsForNotifications {
    pub(crate) trace: TraceMessages,
    pub(crate) policy: Policy,
    pub(crate) addressees: Addressees,
    pub(crate) practices: Arc<dyn Practices>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Visits for AppointmentsForNotifications {
    async fn traces(&self, caller: &Caller, visit: AppointmentId) -> Result<Option<Traces>, PortFailure> {
        let found = self.trace.run(caller, visit).await?;
        Ok(found.map(|found| Traces { subjects: found.subjects, messages: found.reminders }))
    }
}

#[async_trait]
impl Recipients for AppointmentsForNotifications {
    async fn of(
        &self,
        caller: &Caller,
        patient: PatientId,
        clinic: ClinicId,
    ) -> Result<Option<Recipient>, PortFailure> {
        let may = match caller.role() {
            Some(Role::Staff) => self.policy.ties.seen_at(&[clinic], patient).await?,
            Some(Role::Doctor) => self.policy.tie(caller, patient, self.clock.now()).await? == Some(Tie::CareLink),
            Some(Role::Patient | Role::Admin) | None => false,
        };
        if !may {
            return Ok(None);
        }
        let Some(patient) = self.addressees.patients.patient(patient).await? else { return Ok(None) };
        let Some(clinic) = self.practices.called(&[], &[clinic]).await?.clinics.remove(&clinic) else {
            return Ok(None);
        };
        let to = self.addressees.in_their_language(&patient).await?;
        let phone = patient.phone.filter(|phone| is_international(phone));
        let (email, language) = to.map_or((None, None), |to| (Some(to.email), Some(to.language)));
        let language = language.unwrap_or_else(|| "en".to_owned());
        Ok(Some(Recipient { name: patient.name, email, phone, language, clinic }))
    }
}
