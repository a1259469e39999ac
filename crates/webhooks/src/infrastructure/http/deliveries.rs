//! What was sent, and how that went.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use platform::http::admission::{As, FrontDesk};
use platform::http::{
    Closed, DEFAULT_LIMIT, NoParams, Problem, Query, cursor, cut, from_text, id_in_path, page_of, read_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::bodies::DeliveryBody;
use super::{WebhooksApi, which};
use crate::application::Page;
use crate::domain::{DeliveryId, DeliveryState};

/// Which deliveries.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryParams {
    /// `pending`, `delivered` or `failed`.
    #[param(nullable = false, value_type = Option<String>)]
    state: Option<StateWord>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct StateWord(DeliveryState);

impl<'de> Deserialize<'de> for StateWord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let expected = "not a state, expected pending, delivered or failed";
        DeliveryState::from_word(&word).map(Self).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

/// What was sent to a webhook
///
/// The newest first, of the last 30 days. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhookDeliveries",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        ("webhook_id" = Uuid, Path, description = "The webhook"),
        DeliveryParams,
    ),
    responses(
        (status = 200, description = "A page", body = Vec<DeliveryBody>, headers(("link" = Option<String>, description = "`rel=\"next\"` leads to the next page"))),
        Closed,
    )
)]
#[get("/clinics/{id}/webhooks/{webhook_id}/deliveries")]
pub(super) async fn list_deliveries(
    who: As<FrontDesk>,
    request: HttpRequest,
    Query(params): Query<DeliveryParams>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, endpoint) = which(&request)?;
    let before: Option<DeliveryId> = params.cursor.as_deref().map(read_cursor).transpose()?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    let page = Page { endpoint, state: params.state.map(|word| word.0), before, limit: limit + 1 };
    let mut found = api.deliveries.run(&who.caller, clinic, page).await?;
    let more = cut(&mut found, limit);
    let next = found.last().filter(|_| more).map(|last| cursor(&last.id));
    let bodies: Vec<DeliveryBody> = found.iter().map(DeliveryBody::new).collect();
    Ok(page_of(&request, &bodies, next.as_deref()))
}

/// One message to a webhook
///
/// With what is posted, and each try. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "getWebhookDelivery",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        ("webhook_id" = Uuid, Path, description = "The webhook"),
        ("delivery_id" = Uuid, Path, description = "The delivery"),
    ),
    responses((status = 200, description = "The delivery", body = DeliveryBody), Closed)
)]
#[get("/clinics/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}")]
pub(super) async fn get_delivery(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, endpoint) = which(&request)?;
    let id: DeliveryId = id_in_path(&request, "delivery_id")?;
    let (found, tries) = api.deliveries.one(&who.caller, clinic, endpoint, id).await?;
    let body = DeliveryBody::whole(&found, &tries);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}
