use std::sync::Arc;

use kernel::{Caller, ClinicId, EventId, Once};

use super::parts::{Asked, Parts, WebhookError};
use super::ports::Deliveries;
use crate::domain::{Data, Delivery, DeliveryId, EndpointFact, EndpointId, EventType, Happening};

/// Sends an endpoint a message by which its receiver can be tried.
pub struct TestEndpoint {
    /// What it needs of endpoints.
    pub parts: Parts,
    /// Where deliveries are kept.
    pub deliveries: Arc<dyn Deliveries>,
}

impl TestEndpoint {
    /// Sends it, the way all messages go.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        id: EndpointId,
        asked: &Asked,
        once: Option<Once<Delivery>>,
    ) -> Result<Delivery, WebhookError> {
        let found = self.parts.endpoint(caller, clinic, id).await?;
        let (now, new) = (self.parts.clock.now(), DeliveryId::mint());
        let happening = Happening {
            id: EventId::mint().as_uuid(),
            kind: EventType::Test,
            at: now,
            clinic,
            data: Data::Test { webhook_id: id, clinic_id: clinic },
        };
        let event = asked.recorded(caller, &found, EndpointFact::Tested { delivery_id: new }, now);
        Ok(self.deliveries.send(new, id, &happening, &event, once).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, endpoint, parts};
    use super::super::ports::{MockDeliveries, MockEndpoints, SendError};
    use super::*;

    #[tokio::test]
    async fn a_disabled_endpoint_and_another_clinics_are_not_tried() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().times(1).returning(|clinic, _| Ok(Some(endpoint(clinic))));
        let mut deliveries = MockDeliveries::new();
        deliveries
            .expect_send()
            .withf(|_, _, happening, _, _| happening.kind == EventType::Test)
            .times(1)
            .returning(|_, _, _, _, _| Err(SendError::Disabled));
        let test = TestEndpoint { parts: parts(endpoints), deliveries: Arc::new(deliveries) };
        let id = EndpointId::mint();
        let refused = test.run(&desk(clinic), clinic, id, &Asked::default(), None).await;
        assert!(matches!(refused, Err(WebhookError::Disabled)), "{refused:?}");
        let refused = test.run(&desk(ClinicId::mint()), clinic, id, &Asked::default(), None).await;
        assert!(matches!(refused, Err(WebhookError::NotFound)), "{refused:?}");
    }
}
