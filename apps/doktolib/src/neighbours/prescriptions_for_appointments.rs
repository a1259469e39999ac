use std::collections::HashMap;

use appointments::application::{Prescribed, Prescriptions};
use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, DoctorId, PortFailure};
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

fn in_our_words(summary: Summary) -> Prescribed {
    Prescribed {
        id: summary.id.as_uuid(),
        version: summary.version,
        state: summary.state.word(),
        issued_on: summary.issued_on,
        valid_until: summary.valid_until,
    }
}
