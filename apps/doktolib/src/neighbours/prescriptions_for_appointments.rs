use std::collections::{HashMap, HashSet};

use appointments::application::{Papers, Prescribed, Prescriptions};
use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, DoctorId, PatientId, PortFailure};
use prescriptions::infrastructure::{PgSummaries, Summary};

/// Prescriptions, as far as calendars show them.
pub struct PrescriptionsForAppointments {
    pub(crate) summaries: PgSummaries,
}

#[async_trait]
impl Prescriptions for PrescriptionsForAppointments {
    async fn of_visits(
        &self,
        doctor: DoctorId,
        visits: &[AppointmentId],
        now: Timestamp,
    ) -> Result<HashMap<AppointmentId, Prescribed>, PortFailure> {
        let found = self.summaries.of_visits(doctor, visits, now).await?;
        Ok(found.into_iter().map(|(visit, summary)| (visit, in_our_words(summary))).collect())
    }
}

#[async_trait]
impl Papers for PrescriptionsForAppointments {
    async fn kept_of(&self, patients: &[PatientId]) -> Result<HashSet<PatientId>, PortFailure> {
        Ok(self.summaries.kept_of(patients).await?.into_iter().collect())
    }
}

fn in_our_words(summary: Summary) -> Prescribed {
    Prescribed {
        id: summary.id.as_uuid(),
        version: summary.version,
        state: summary.state.word(),
        issued_on: summary.issued_on,
        valid_until: summary.valid_until,
    }
}
