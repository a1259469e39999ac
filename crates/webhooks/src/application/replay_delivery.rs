use std::sync::Arc;

use kernel::{Caller, ClinicId, Once};

use super::parts::{Asked, Parts, WebhookError};
use super::ports::Deliveries;
use crate::domain::{Delivery, DeliveryId, EndpointFact, EndpointId};

/// Sends a message again, whatever became of it.
pub struct ReplayDelivery {
    /// What it needs of endpoints.
    pub parts: Parts,
    /// Where deliveries are kept.
    pub deliveries: Arc<dyn Deliveries>,
}

impl ReplayDelivery {
    /// Sends it again under the same `webhook-id`; one that waits for its next try is tried at once.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        (endpoint, id): (EndpointId, DeliveryId),
        asked: &Asked,
        once: Option<Once<Delivery>>,
    ) -> Result<Delivery, WebhookError> {
        let found = self.parts.endpoint(caller, clinic, endpoint).await?;
        let fact = EndpointFact::Replayed { delivery_id: id };
        let event = asked.recorded(caller, &found, fact, self.parts.clock.now());
        Ok(self.deliveries.replay(endpoint, id, &event, once).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, parts};
    use super::super::ports::{MockDeliveries, MockEndpoints};
    use super::*;

    #[tokio::test]
    async fn another_clinics_message_is_not_sent_again() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().times(1).returning(|_, _| Ok(None));
        let replay = ReplayDelivery { parts: parts(endpoints), deliveries: Arc::new(MockDeliveries::new()) };
        let ids = (EndpointId::mint(), DeliveryId::mint());
        for caller in [desk(clinic), desk(ClinicId::mint())] {
            let refused = replay.run(&caller, clinic, ids, &Asked::default(), None).await;
            assert!(matches!(refused, Err(WebhookError::NotFound)), "{refused:?}");
        }
    }
}
