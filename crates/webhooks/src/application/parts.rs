use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Caller, ClinicId, Clock, OnceError, PortFailure, Recorded};

use super::policy;
use super::ports::{AddError, Clinics, Endpoints, Receivers, Secrets, SendError, Stored};
use crate::domain::{Endpoint, EndpointEvent, EndpointFact, EndpointId};

/// Why nothing was done with webhooks.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is none, or the clinic is not this caller's to run.
    #[error("no such webhook")]
    NotFound,
    /// The address is none that may be asked.
    #[error("the address is refused")]
    BadAddress,
    /// The clinic has as many as one may.
    #[error("too many webhooks")]
    TooMany,
    /// Nothing is sent to it.
    #[error("the webhook is disabled")]
    Disabled,
    /// It is another version than the caller has seen.
    #[error("the webhook has changed")]
    VersionChanged,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<AddError> for WebhookError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::TooMany => Self::TooMany,
            AddError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<SendError> for WebhookError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotFound => Self::NotFound,
            SendError::Disabled => Self::Disabled,
            SendError::Once(error) => Self::Once(error),
            SendError::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// What comes with a request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The request, for the audit trail.
    pub request_id: Option<String>,
    /// The versions that the caller insists on; `None` is any.
    pub only_versions: Option<Vec<i32>>,
}

/// What the use cases on endpoints work with.
#[derive(Clone)]
pub struct Parts {
    /// Where endpoints are kept.
    pub endpoints: Arc<dyn Endpoints>,
    /// Knows which clinics there are.
    pub clinics: Arc<dyn Clinics>,
    /// Knows which addresses may be asked.
    pub receivers: Arc<dyn Receivers>,
    /// Makes secrets.
    pub secrets: Arc<dyn Secrets>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Parts {
    /// Is there such a clinic, and may the caller run it?
    pub(super) async fn clinic(&self, caller: &Caller, clinic: ClinicId) -> Result<(), WebhookError> {
        if policy::runs(caller, clinic) && self.clinics.exists(clinic).await? {
            Ok(())
        } else {
            Err(WebhookError::NotFound)
        }
    }

    /// The endpoint, if the caller may run it.
    pub(super) async fn endpoint(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        id: EndpointId,
    ) -> Result<Endpoint, WebhookError> {
        if !policy::runs(caller, clinic) {
            return Err(WebhookError::NotFound);
        }
        self.endpoints.find(clinic, id).await?.ok_or(WebhookError::NotFound)
    }

    /// Stores a changed endpoint; `None` when somebody else was faster and the caller insists on no version.
    pub(super) async fn store(
        &self,
        changed: Endpoint,
        event: &Recorded<EndpointEvent>,
        asked: &Asked,
    ) -> Result<Option<Endpoint>, WebhookError> {
        match self.endpoints.change(&changed, event).await? {
            Stored::Yes => Ok(Some(changed)),
            Stored::Stale if asked.only_versions.is_some() => Err(WebhookError::VersionChanged),
            Stored::Stale => Ok(None),
        }
    }
}

impl Asked {
    /// Is this a version that the caller has seen?
    pub(super) fn admits(&self, endpoint: &Endpoint) -> Result<(), WebhookError> {
        match &self.only_versions {
            Some(versions) if !versions.contains(&endpoint.version) => Err(WebhookError::VersionChanged),
            Some(_) | None => Ok(()),
        }
    }

    /// The event, as it is written down.
    pub(super) fn recorded(
        &self,
        caller: &Caller,
        endpoint: &Endpoint,
        fact: EndpointFact,
        now: Timestamp,
    ) -> Recorded<EndpointEvent> {
        let event = EndpointEvent { webhook_id: endpoint.id, clinic_id: endpoint.clinic, fact };
        Recorded::new(event, caller.actor(), now).caused_by(self.request_id.clone())
    }
}

/// How often a change is decided anew when somebody else was faster.
pub(super) const TRIES: u32 = 3;

#[cfg(test)]
pub(super) mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::ports::{MockClinics, MockEndpoints, MockReceivers, MockSecrets};
    use super::*;
    use crate::domain::{Secret, SigningKeys, Standing, Wanted};

    pub(in super::super) fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    pub(in super::super) fn desk(clinic: ClinicId) -> Caller {
        Caller::staff(UserId::mint(), vec![clinic])
    }

    pub(in super::super) fn parts(endpoints: MockEndpoints) -> Parts {
        let mut clinics = MockClinics::new();
        clinics.expect_exists().returning(|_| Ok(true));
        let mut receivers = MockReceivers::new();
        receivers.expect_allows().returning(|url| url.starts_with("https://"));
        let mut secrets = MockSecrets::new();
        secrets.expect_mint().returning(|| Secret::new(vec![7; 32]));
        Parts {
            endpoints: Arc::new(endpoints),
            clinics: Arc::new(clinics),
            receivers: Arc::new(receivers),
            secrets: Arc::new(secrets),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    pub(in super::super) fn endpoint(clinic: ClinicId) -> Endpoint {
        Endpoint {
            id: EndpointId::mint(),
            clinic,
            url: "https://clinic.example/hooks".into(),
            wanted: Wanted::All,
            standing: Standing::Enabled,
            keys: SigningKeys { current: Secret::new(vec![1; 32]), previous: None },
            failing_since: None,
            version: 3,
            created_at: now(),
            updated_at: now(),
        }
    }
}
