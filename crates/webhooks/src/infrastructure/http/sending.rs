//! Messages that somebody sends by hand.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::{Caller, ClinicId, KeptAnswer, Once};
use platform::http::admission::{As, FrontDesk};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{Closed, NoParams, Nothing, OptionalBody, Problem, ProblemBody, Query, id_in_path};

use super::bodies::DeliveryBody;
use super::{WebhooksApi, asked, which};
use crate::application::WebhookError;
use crate::domain::{Delivery, DeliveryId, EndpointId};

fn shown(clinic: ClinicId, sent: &Delivery) -> KeptAnswer {
    KeptAnswer {
        status: 202,
        location: Some(format!("/api/v1/clinics/{clinic}/webhooks/{}/deliveries/{}", sent.endpoint, sent.id)),
        etag: None,
        body: serde_json::to_vec(&DeliveryBody::new(sent)).unwrap_or_default(),
    }
}

/// The client's wish to have it done once.
fn once(
    request: &HttpRequest,
    caller: &Caller,
    what: &str,
    (clinic, endpoint): (ClinicId, EndpointId),
    fingerprint: [u8; 32],
) -> Result<Option<Once<Delivery>>, Problem> {
    let Some(key) = key_of(request)? else { return Ok(None) };
    let scope = scope(caller, &format!("{what}:{endpoint}"));
    Ok(Some(Once { scope, key, fingerprint, answer: Arc::new(move |sent: &Delivery| shown(clinic, sent)) }))
}

/// Answers what was sent, was sent before, or could not be.
async fn answered(
    api: &WebhooksApi,
    clinic: ClinicId,
    sent: Result<Delivery, WebhookError>,
    once: Option<&Once<Delivery>>,
) -> Result<HttpResponse, Problem> {
    match sent {
        Ok(sent) => Ok(send(&shown(clinic, &sent), Replayed::No)),
        Err(WebhookError::Once(before)) => again(&before),
        Err(error @ WebhookError::Disabled) => {
            send_refusal(&api.answers, once, error.into(), api.test.parts.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Try a webhook
///
/// Posts a `webhook.test` to it, the way all messages go; the delivery tells how that went. For the front desk and for
/// administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "testWebhook",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        ("webhook_id" = Uuid, Path, description = "The webhook"),
        IdempotencyHeader,
    ),
    responses(
        (status = 202, description = "It is on its way", body = DeliveryBody, headers(
            ("location" = String, description = "Where to see how it went"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        (status = 409, description = "`webhook-disabled`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/webhooks/{webhook_id}/test")]
pub(super) async fn test_webhook(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, endpoint) = which(&request)?;
    let once = once(&request, &who.caller, "test-webhook", (clinic, endpoint), body.0.fingerprint)?;
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let sent = api.test.run(&who.caller, clinic, endpoint, &asked(), once.clone()).await;
    answered(&api, clinic, sent, once.as_ref()).await
}

/// Send a message again
///
/// Under the same id, whatever became of it; one that waits for its next try is tried at once. It has all its
/// tries before it again. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "replayWebhookDelivery",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        ("webhook_id" = Uuid, Path, description = "The webhook"),
        ("delivery_id" = Uuid, Path, description = "The delivery"),
        IdempotencyHeader,
    ),
    responses(
        (status = 202, description = "It is on its way", body = DeliveryBody, headers(
            ("location" = String, description = "Where to see how it went"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        (status = 409, description = "`webhook-disabled`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/webhooks/{webhook_id}/deliveries/{delivery_id}/replay")]
pub(super) async fn replay_delivery(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, endpoint) = which(&request)?;
    let id: DeliveryId = id_in_path(&request, "delivery_id")?;
    let once = once(&request, &who.caller, "replay-webhook", (clinic, endpoint), body.0.fingerprint)?;
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let sent = api.replay.run(&who.caller, clinic, (endpoint, id), &asked(), once.clone()).await;
    answered(&api, clinic, sent, once.as_ref()).await
}
