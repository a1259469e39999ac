//! The slice's part of the REST API.

mod bodies;
mod deliveries;
mod endpoints;
mod problems;
mod sending;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use kernel::ClinicId;
use platform::http::{Problem, context, id_in_path};
use platform::idempotency::Answers;
use serde::Deserialize;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

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

/// An operation without parameters: whatever is given is unknown.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// The clinic and the endpoint in the path.
fn which(request: &HttpRequest) -> Result<(ClinicId, EndpointId), Problem> {
    Ok((id_in_path(request, "id")?, id_in_path(request, "webhook_id")?))
}

fn asked() -> Asked {
    Asked { request_id: context::request_id(), only_versions: None }
}

fn refusals(told: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let one = |(status, description): &(&str, &str)| {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(*description).content("application/problem+json", problem);
        ((*status).to_owned(), response.build().into())
    };
    told.iter().map(one).collect()
}

/// What every operation here may refuse with.
enum Closed {}

impl IntoResponses for Closed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("401", "Nobody is signed in"),
            ("403", "Not in this role"),
            ("404", "There is none, or it is not yours"),
            ("422", "Bad values, all of them at once"),
        ])
    }
}

/// What operations with a body may refuse with.
enum WithBody {}

impl IntoResponses for WithBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[("400", "Not JSON"), ("413", "More than 64 KiB"), ("415", "Not `application/json`")])
    }
}
