use kernel::{Caller, ClinicId};

use super::parts::{Parts, WebhookError};
use crate::domain::{Endpoint, EndpointId};

/// Shows the endpoints of a clinic.
pub struct ReadEndpoints(
    /// What it needs.
    pub Parts,
);

impl ReadEndpoints {
    /// All of them, the oldest first.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(&self, caller: &Caller, clinic: ClinicId) -> Result<Vec<Endpoint>, WebhookError> {
        self.0.clinic(caller, clinic).await?;
        Ok(self.0.endpoints.of(clinic).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn one(&self, caller: &Caller, clinic: ClinicId, id: EndpointId) -> Result<Endpoint, WebhookError> {
        self.0.endpoint(caller, clinic, id).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, endpoint, parts};
    use super::super::ports::MockEndpoints;
    use super::*;

    #[tokio::test]
    async fn another_clinics_endpoints_are_not_there() {
        let (own, other) = (ClinicId::mint(), ClinicId::mint());
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_of().times(1).returning(|clinic| Ok(vec![endpoint(clinic)]));
        endpoints.expect_find().never();
        let read = ReadEndpoints(parts(endpoints));
        assert_eq!(read.run(&desk(own), own).await.unwrap().len(), 1);
        assert!(matches!(read.run(&desk(own), other).await, Err(WebhookError::NotFound)));
        let one = read.one(&desk(own), other, EndpointId::mint()).await;
        assert!(matches!(one, Err(WebhookError::NotFound)));
    }
}
