use kernel::{Caller, ClinicId};

use super::parts::{Asked, Parts, TRIES, WebhookError};
use crate::domain::{Endpoint, EndpointDraft, EndpointFact, EndpointId};

/// Changes address, events or switch of an endpoint.
pub struct ChangeEndpoint(
    /// What it needs.
    pub Parts,
);

impl ChangeEndpoint {
    /// Changes what the draft names; one that changes nothing writes nothing.
    ///
    /// # Errors
    /// See [`WebhookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        id: EndpointId,
        draft: &EndpointDraft,
        asked: &Asked,
    ) -> Result<Endpoint, WebhookError> {
        let Self(parts) = self;
        for _ in 0..TRIES {
            let found = parts.endpoint(caller, clinic, id).await?;
            asked.admits(&found)?;
            if draft.url.as_ref().is_some_and(|url| !parts.receivers.allows(url)) {
                return Err(WebhookError::BadAddress);
            }
            let now = parts.clock.now();
            let Some((changed, fields)) = found.changed_by(draft, now) else { return Ok(found) };
            let event = asked.recorded(caller, &changed, EndpointFact::Changed { fields }, now);
            if let Some(stored) = parts.store(changed, &event, asked).await? {
                return Ok(stored);
            }
        }
        Err(WebhookError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{desk, endpoint, parts};
    use super::super::ports::{MockEndpoints, Stored};
    use super::*;
    use crate::domain::{Disabled, Standing, Switch};

    fn off() -> EndpointDraft {
        EndpointDraft { switch: Some(Switch::Off), ..EndpointDraft::default() }
    }

    #[tokio::test]
    async fn a_version_that_was_not_seen_is_not_changed() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().returning(|clinic, _| Ok(Some(endpoint(clinic))));
        endpoints.expect_change().never();
        let asked = Asked { only_versions: Some(vec![2]), ..Asked::default() };
        let refused =
            ChangeEndpoint(parts(endpoints)).run(&desk(clinic), clinic, EndpointId::mint(), &off(), &asked).await;
        assert!(matches!(refused, Err(WebhookError::VersionChanged)), "{refused:?}");
    }

    #[tokio::test]
    async fn who_insists_on_no_version_is_not_hindered_by_somebody_faster() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().times(2).returning(|clinic, _| Ok(Some(endpoint(clinic))));
        let mut answers = vec![Stored::Yes, Stored::Stale];
        endpoints.expect_change().times(2).returning(move |_, _| Ok(answers.pop().unwrap()));
        let change = ChangeEndpoint(parts(endpoints));
        let changed = change.run(&desk(clinic), clinic, EndpointId::mint(), &off(), &Asked::default()).await.unwrap();
        assert_eq!((changed.standing, changed.version), (Standing::Disabled(Disabled::ByHand), 4));
    }

    #[tokio::test]
    async fn an_address_inside_of_a_network_and_another_clinics_endpoint_stay_as_they_are() {
        let clinic = ClinicId::mint();
        let mut endpoints = MockEndpoints::new();
        endpoints.expect_find().returning(|clinic, _| Ok(Some(endpoint(clinic))));
        let change = ChangeEndpoint(parts(endpoints));
        let inside = EndpointDraft { url: Some("http://10.0.0.1/".into()), ..EndpointDraft::default() };
        let id = EndpointId::mint();
        let refused = change.run(&desk(clinic), clinic, id, &inside, &Asked::default()).await;
        assert!(matches!(refused, Err(WebhookError::BadAddress)), "{refused:?}");
        let refused = change.run(&desk(ClinicId::mint()), clinic, id, &off(), &Asked::default()).await;
        assert!(matches!(refused, Err(WebhookError::NotFound)), "{refused:?}");
    }
}
