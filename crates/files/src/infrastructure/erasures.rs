//! What the outbox tells of patients who were erased.

use async_trait::async_trait;
use kernel::PatientId;
use platform::outbox::{Message, Subscriber, Undelivered};
use platform::telemetry;

use crate::application::ForgetPatient;

/// Has the files of erased patients forgotten.
pub struct Erasures {
    /// The use case.
    pub forget: ForgetPatient,
}

#[async_trait]
impl Subscriber for Erasures {
    fn topics(&self) -> &'static [&'static str] {
        &["patient.erased"]
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        self.forget.run(PatientId::from_uuid(message.subject)).await.map_err(|failure| {
            telemetry::log_failure(&failure);
            Undelivered::Later(failure.to_string())
        })
    }
}
