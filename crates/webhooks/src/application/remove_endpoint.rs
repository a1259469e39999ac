use kernel::{Caller, ClinicId};

use super::parts::{Asked, Parts, TRIES, WebhookError};
use super::ports::Stored;
use crate::domain::{EndpointFact, EndpointId};

/// Takes an endpoint away, with the log of its deliveries.
pub struct RemoveEndpoint(
    /// What it needs.
    pub Parts,
);

impl RemoveEndpoint {
    /// Takes it away; what is on its way is not tried again.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        id: EndpointId,
        asked: &Asked,
    ) -> Result<(), WebhookError> {
        let Self(parts) = self;
        for _ in 0..TRIES {
            let found = parts.endpoint(caller, clinic, id).await?;
            asked.admits(&found)?;
            let event = asked.recorded(caller, &found, EndpointFact::Removed {}, parts.clock.now());
            match parts.endpoints.remove(&found, &event).await? {
                Stored::Yes => return Ok(()),
                Stored::Stale if asked.only_versions.is_some() => return Err(WebhookError::VersionChanged),
                Stored::Stale => {}
            }
        }
        Err(WebhookError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, endpoint, parts};
    use super::super::ports::MockEndpoints;
    use super::*;

    #[tokio::test]
    async fn the_version_that_was_seen_is_taken_away_and_no_other() {
        let clinic = ClinicId::mint();
        let remove = |versions: Option<Vec<i32>>, times: usize| async move {
            let mut endpoints = MockEndpoints::new();
            endpoints.expect_find().returning(|clinic, _| Ok(Some(endpoint(clinic))));
            endpoints.expect_remove().times(times).returning(|_, _| Ok(Stored::Yes));
            let asked = Asked { only_versions: versions, ..Asked::default() };
            RemoveEndpoint(parts(endpoints)).run(&desk(clinic), clinic, EndpointId::mint(), &asked).await
        };
        assert!(remove(Some(vec![3]), 1).await.is_ok());
        assert!(remove(None, 1).await.is_ok());
        assert!(matches!(remove(Some(vec![2]), 0).await, Err(WebhookError::VersionChanged)));
    }
}
