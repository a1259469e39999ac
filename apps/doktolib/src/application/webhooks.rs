//! What clinics' own systems are told.

use std::sync::Arc;

use ::webhooks::application::{
    AddEndpoint, ChangeEndpoint, Deliver, Parts, ReadDeliveries, ReadEndpoints, Receivers, RemoveEndpoint,
    ReplayDelivery, RotateSecret, TellEndpoints, TestEndpoint,
};
use ::webhooks::infrastructure::http::WebhooksApi;
use ::webhooks::infrastructure::jobs::{DeliverTask, TidyTask};
use ::webhooks::infrastructure::{Happenings, PgDeliveries, PgEndpoints, PgTries, RandomSecrets};
use platform::idempotency::Answers;
use platform::jobs::Task;
use platform::outbox::Subscriber;

use super::Base;
use crate::neighbours::DoctorsForWebhooks;

/// The API of webhooks, who listens for them, and what is done in the background.
pub(super) struct Webhooks {
    pub(super) api: WebhooksApi,
    pub(super) listener: Arc<dyn Subscriber>,
    /// Others answer as slowly as they like: whoever does this does nothing else.
    pub(super) deliver: Arc<dyn Task>,
    pub(super) tidy: Arc<dyn Task>,
}

impl Webhooks {
    pub(super) fn new(base: &Base, receivers: Arc<dyn Receivers>) -> Self {
        let Base { pool, journal, keys, clock, .. } = base;
        let deliveries = Arc::new(PgDeliveries::new(pool.clone(), journal.clone(), keys.clone()));
        let tries = PgTries::new(pool.clone(), journal.clone(), keys.clone());
        let parts = Parts {
            endpoints: Arc::new(PgEndpoints::new(pool.clone(), journal.clone(), keys.clone())),
            clinics: Arc::new(DoctorsForWebhooks { pool: pool.clone() }),
            receivers: receivers.clone(),
            secrets: Arc::new(RandomSecrets),
            clock: clock.clone(),
        };
        let api = WebhooksApi {
            add: AddEndpoint(parts.clone()),
            change: ChangeEndpoint(parts.clone()),
            remove: RemoveEndpoint(parts.clone()),
            rotate: RotateSecret(parts.clone()),
            read: ReadEndpoints(parts.clone()),
            test: TestEndpoint { parts: parts.clone(), deliveries: deliveries.clone() },
            deliveries: ReadDeliveries { parts: parts.clone(), deliveries: deliveries.clone() },
            replay: ReplayDelivery { parts, deliveries: deliveries.clone() },
            receivers: receivers.clone(),
            answers: Answers::new(pool.clone(), keys.clone()),
        };
        let tell = TellEndpoints { deliveries, clock: clock.clone() };
        let deliver = Deliver {
            tries: Arc::new(tries.clone()),
            receivers,
            clock: clock.clone(),
            dice: Arc::new(|| rand::random_range(0.9..=1.1)),
        };
        Self {
            api,
            listener: Arc::new(Happenings { tell }),
            deliver: Arc::new(DeliverTask { deliver }),
            tidy: Arc::new(TidyTask { tries, clock: clock.clone() }),
        }
    }
}
