use std::sync::Arc;

use kernel::{Caller, ClinicId};

use super::parts::{Parts, WebhookError};
use super::ports::{Deliveries, Page};
use crate::domain::{Delivery, DeliveryId, EndpointId, Try};

/// Shows what was sent to an endpoint, and how that went.
pub struct ReadDeliveries {
    /// What it needs of endpoints.
    pub parts: Parts,
    /// Where deliveries are kept.
    pub deliveries: Arc<dyn Deliveries>,
}

impl ReadDeliveries {
    /// A page, the newest first.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(&self, caller: &Caller, clinic: ClinicId, page: Page) -> Result<Vec<Delivery>, WebhookError> {
        self.parts.endpoint(caller, clinic, page.endpoint).await?;
        Ok(self.deliveries.page(page).await?)
    }

    /// One of them, with its tries.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn one(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        endpoint: EndpointId,
        id: DeliveryId,
    ) -> Result<(Delivery, Vec<Try>), WebhookError> {
        self.parts.endpoint(caller, clinic, endpoint).await?;
        self.deliveries.find(endpoint, id).await?.ok_or(WebhookError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, endpoint, parts};
    use super::super::ports::{MockDeliveries, MockEndpoints};
    use super::*;

    #[tokio::test]
    async fn deliveries_are_shown_to_who_runs_the_endpoint_alone() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().times(1).returning(|clinic, _| Ok(Some(endpoint(clinic))));
        let mut deliveries = MockDeliveries::new();
        deliveries.expect_page().times(1).returning(|_| Ok(Vec::new()));
        let read = ReadDeliveries { parts: parts(endpoints), deliveries: Arc::new(deliveries) };
        let page = Page { endpoint: EndpointId::mint(), state: None, before: None, limit: 20 };
        assert!(read.run(&desk(clinic), clinic, page).await.unwrap().is_empty());
        let refused = read.run(&desk(ClinicId::mint()), clinic, page).await;
        assert!(matches!(refused, Err(WebhookError::NotFound)), "{refused:?}");
    }
}
