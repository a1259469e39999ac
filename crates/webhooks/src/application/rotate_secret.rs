use kernel::{Caller, ClinicId};

use super::parts::{Asked, Parts, TRIES, WebhookError};
use crate::domain::{Endpoint, EndpointFact, EndpointId};

/// Gives an endpoint a new secret; the old one signs for another day.
pub struct RotateSecret(
    /// What it needs.
    pub Parts,
);

impl RotateSecret {
    /// Gives it one.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        id: EndpointId,
        asked: &Asked,
    ) -> Result<Endpoint, WebhookError> {
        let Self(parts) = self;
        for _ in 0..TRIES {
            let found = parts.endpoint(caller, clinic, id).await?;
            let now = parts.clock.now();
            let rotated = found.with_secret(parts.secrets.mint(), now);
            let event = asked.recorded(caller, &rotated, EndpointFact::SecretRotated {}, now);
            if let Some(stored) = parts.store(rotated, &event, asked).await? {
                return Ok(stored);
            }
        }
        Err(WebhookError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, endpoint, now, parts};
    use super::super::ports::{MockEndpoints, Stored};
    use super::*;

    #[tokio::test]
    async fn the_old_secret_signs_beside_the_new_one() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().returning(|clinic, _| Ok(Some(endpoint(clinic))));
        endpoints.expect_change().times(1).returning(|_, _| Ok(Stored::Yes));
        let rotate = RotateSecret(parts(endpoints));
        let rotated = rotate.run(&desk(clinic), clinic, EndpointId::mint(), &Asked::default()).await.unwrap();
        let signing: Vec<u8> = rotated.keys.at(now()).iter().map(|secret| secret.octets()[0]).collect();
        assert_eq!(signing, [7, 1]);
    }
}
