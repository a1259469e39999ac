//! What the outbox tells of patients who were erased.

use async_trait::async_trait;
use kernel::PatientId;
use platform::outbox::{Message, Subscriber, Undelivered};
use platform::telemetry;
use serde::Deserialize;

use crate::application::ForgetPatient;

/// Has the names of erased patients taken out of their prescriptions.
pub struct ErasedPatients {
    /// The use case.
    pub forget: ForgetPatient,
}

#[derive(Deserialize)]
struct Told {
    patient_id: PatientId,
}

#[async_trait]
impl Subscriber for ErasedPatients {
    fn topics(&self) -> &'static [&'static str] {
        &["patient.erased"]
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        let told: Told = serde_json::from_str(&message.payload)
            .map_err(|_| Undelivered::Never("the payload cannot be read".to_owned()))?;
        self.forget.run(told.patient_id).await.map(|_| ()).map_err(|failure| {
            telemetry::log_failure(&failure);
            Undelivered::Later(failure.to_string())
        })
    }
}
