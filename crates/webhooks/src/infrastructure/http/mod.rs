//! The slice's part of the REST API.

mod bodies;
mod deliveries;
mod endpoints;
mod problems;
mod sending;

use std::sync::Arc;

use actix_web::HttpRequest;
use kernel::ClinicId;
use platform::http::{Problem, context, id_in_path};
use platform::idempotency::Answers;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::{
    AddEndpoint, Asked, ChangeEndpoint, ReadDeliveries, ReadEndpoints, Receivers, RemoveEndpoint, ReplayDelivery,
    RotateSecret, TestEndpoint,
};
use crate::domain::EndpointId;

pub use problems::PROBLEMS;

/// What the handlers need.
pub struct WebhooksApi {
    /// Adds endpoints.
    pub add: AddEndpoint,
    /// Changes endpoints.
    pub change: ChangeEndpoint,
    /// Takes endpoints away.
    pub remove: RemoveEndpoint,
    /// Gives them new secrets.
    pub rotate: RotateSecret,
    /// Shows endpoints.
    pub read: ReadEndpoints,
    /// Tries endpoints.
    pub test: TestEndpoint,
    /// Shows deliveries.
    pub deliveries: ReadDeliveries,
    /// Sends messages again.
    pub replay: ReplayDelivery,
    /// Knows which addresses may be asked.
    pub receivers: Arc<dyn Receivers>,
    /// First answers, kept.
    pub answers: Answers,
}

/// Mounts the operations under `/api/v1`; the state is [`WebhooksApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(endpoints::list_event_types)
        .service(endpoints::list_webhooks)
        .service(endpoints::add_webhook)
        .service(endpoints::get_webhook)
        .service(endpoints::change_webhook)
        .service(endpoints::remove_webhook)
        .service(endpoints::rotate_webhook_secret)
        .service(deliveries::list_deliveries)
        .service(deliveries::get_delivery)
        .service(sending::test_webhook)
        .service(sending::replay_delivery);
}

/// The clinic and the endpoint in the path.
fn which(request: &HttpRequest) -> Result<(ClinicId, EndpointId), Problem> {
    Ok((id_in_path(request, "id")?, id_in_path(request, "webhook_id")?))
}

fn asked() -> Asked {
    Asked { request_id: context::request_id(), only_versions: None }
}
