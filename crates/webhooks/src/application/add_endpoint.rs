use kernel::{Caller, ClinicId};

use super::parts::{Asked, Parts, WebhookError};
use crate::domain::{Endpoint, EndpointFact, EndpointId, SigningKeys, Standing, Wanted};

/// Adds an endpoint to a clinic.
pub struct AddEndpoint(
    /// What it needs.
    pub Parts,
);

impl AddEndpoint {
    /// Adds it; what happens from now on is posted there.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        url: String,
        wanted: Wanted,
        asked: &Asked,
    ) -> Result<Endpoint, WebhookError> {
        let Self(parts) = self;
        parts.clinic(caller, clinic).await?;
        if !parts.receivers.allows(&url) {
            return Err(WebhookError::BadAddress);
        }
        let now = parts.clock.now();
        let new = Endpoint {
            id: EndpointId::mint(),
            clinic,
            url,
            wanted,
            standing: Standing::Enabled,
            keys: SigningKeys { current: parts.secrets.mint(), previous: None },
            failing_since: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        parts.endpoints.add(&new, &asked.recorded(caller, &new, EndpointFact::Added {}, now)).await?;
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, parts};
    use super::super::ports::{AddError, MockEndpoints};
    use super::*;

    async fn added(
        endpoints: MockEndpoints,
        url: &str,
        caller: Caller,
        clinic: ClinicId,
    ) -> Result<Endpoint, WebhookError> {
        AddEndpoint(parts(endpoints)).run(&caller, clinic, url.into(), Wanted::All, &Asked::default()).await
    }

    #[tokio::test]
    async fn the_front_desk_adds_an_endpoint_with_a_secret_of_its_own() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_add().withf(|new, event| event.event.webhook_id == new.id).times(1).returning(|_, _| Ok(()));
        let new = added(endpoints, "https://clinic.example/", desk(clinic), clinic).await.unwrap();
        assert_eq!((new.keys.current.octets(), new.version, new.standing), (&[7; 32][..], 1, Standing::Enabled));
    }

    #[tokio::test]
    async fn neither_a_bad_address_nor_another_clinics_endpoint_nor_an_eleventh_is_added() {
        let clinic = ClinicId::mint();
        let refused = added(MockEndpoints::new(), "http://10.0.0.1/", desk(clinic), clinic).await;
        assert!(matches!(refused, Err(WebhookError::BadAddress)), "{refused:?}");
        let refused = added(MockEndpoints::new(), "https://clinic.example/", desk(ClinicId::mint()), clinic).await;
        assert!(matches!(refused, Err(WebhookError::NotFound)), "{refused:?}");
        let mut full = MockEndpoints::new();
        full.expect_add().returning(|_, _| Err(AddError::TooMany));
        let refused = added(full, "https://clinic.example/", desk(clinic), clinic).await;
        assert!(matches!(refused, Err(WebhookError::TooMany)), "{refused:?}");
    }
}
