//! Addresses that a clinic's events are posted to.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use kernel::ClinicId;
use platform::http::admission::{As, FrontDesk};
use platform::http::{
    Body, Closed, FieldError, NoParams, Problem, ProblemBody, Query, WithBody, id_in_path, required_versions,
    version_tag, versions_in_if_match,
};

use super::bodies::{EventTypeBody, NewWebhookBody, WebhookBody, WebhookChangeBody};
use super::problems::bad_address;
use super::{WebhooksApi, asked, which};
use crate::application::Asked;
use crate::domain::{Endpoint, EndpointDraft, EventType, Switch, Wanted};
use crate::infrastructure::signature::secret_text;

/// What is wished, or every bad value of it.
fn checked(api: &WebhooksApi, url: Option<&str>, types: Option<&[String]>) -> Result<Option<Wanted>, Problem> {
    let mut errors = Vec::new();
    if url.is_some_and(|url| !api.receivers.allows(url)) {
        errors.push(bad_address());
    }
    let wanted = types.map(Wanted::new).transpose().map_err(|error| {
        errors.push(FieldError::new("event_types", "event-type", error.to_string()));
    });
    match wanted {
        Ok(wanted) if errors.is_empty() => Ok(wanted),
        Ok(_) | Err(()) => Err(Problem::invalid(errors)),
    }
}

/// With its version, for the caller alone.
fn shown(mut response: actix_web::HttpResponseBuilder, endpoint: &Endpoint, body: &WebhookBody) -> HttpResponse {
    response
        .insert_header((header::ETAG, version_tag(endpoint.version)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}

/// What webhooks can tell
///
/// Every type of event, with what it means. For front desks and administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhookEventTypes",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "All of them", body = Vec<EventTypeBody>),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not in this role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/webhook-event-types")]
pub(super) async fn list_event_types(_: As<FrontDesk>, _: Query<NoParams>) -> Result<HttpResponse, Problem> {
    let types: Vec<EventTypeBody> = EventType::ALL.into_iter().map(EventTypeBody::new).collect();
    Ok(HttpResponse::Ok().json(types))
}

/// A clinic's webhooks
///
/// Without their secrets. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhooks",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic")),
    responses((status = 200, description = "All of them, the oldest first", body = Vec<WebhookBody>), Closed)
)]
#[get("/clinics/{id}/webhooks")]
pub(super) async fn list_webhooks(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let found = api.read.run(&who.caller, clinic).await?;
    let bodies: Vec<WebhookBody> = found.iter().map(WebhookBody::new).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Add a webhook
///
/// What happens to the clinic's visits from now on is posted to its address, signed with the `secret` in this answer, which
/// is not told again. At most ten. Repeating this adds another one: there is no `Idempotency-Key`, because a kept answer
/// would hold the secret. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "addWebhook",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic")),
    request_body(content = NewWebhookBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Added; the secret is not shown again", body = WebhookBody, headers(
            ("location" = String, description = "Its address here"),
            ("etag" = String, description = "For `If-Match`"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`too-many-webhooks`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/webhooks")]
pub(super) async fn add_webhook(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<NewWebhookBody>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let url = body.value.url.unwrap_or_default().trim().to_owned();
    let wanted = checked(&api, Some(&url), body.value.event_types.as_deref())?.unwrap_or(Wanted::All);
    let added = api.add.run(&who.caller, clinic, url, wanted, &asked()).await?;
    let location = format!("/api/v1/clinics/{clinic}/webhooks/{}", added.id);
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, location));
    let body = WebhookBody::new(&added).with_secret(secret_text(&added.keys.current));
    Ok(shown(response, &added, &body))
}

/// A webhook
///
/// Without its secret. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "getWebhook",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ("webhook_id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook", body = WebhookBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
    )
)]
#[get("/clinics/{id}/webhooks/{webhook_id}")]
pub(super) async fn get_webhook(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, id) = which(&request)?;
    let found = api.read.one(&who.caller, clinic, id).await?;
    Ok(shown(HttpResponse::Ok(), &found, &WebhookBody::new(&found)))
}

/// Change a webhook
///
/// Its address, which events it wants, and whether anything is sent. What happens while it is disabled is not kept for it.
/// For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "changeWebhook",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        ("webhook_id" = Uuid, Path, description = "The webhook"),
        ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed."),
    ),
    request_body(content = WebhookChangeBody, content_type = "application/json"),
    responses(
        (status = 200, description = "As it is now", body = WebhookBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`If-Match` is missing", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/clinics/{id}/webhooks/{webhook_id}")]
pub(super) async fn change_webhook(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<WebhookChangeBody>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, id) = which(&request)?;
    let asked = Asked { only_versions: required_versions(&request)?, ..asked() };
    let WebhookChangeBody { url, event_types, enabled } = body.value;
    let url = url.map(|url| url.trim().to_owned());
    let wanted = checked(&api, url.as_deref(), event_types.as_deref())?;
    let switch = enabled.map(|on| if on { Switch::On } else { Switch::Off });
    let draft = EndpointDraft { url, wanted, switch };
    let changed = api.change.run(&who.caller, clinic, id, &draft, &asked).await?;
    Ok(shown(HttpResponse::Ok(), &changed, &WebhookBody::new(&changed)))
}

/// Take a webhook away
///
/// Nothing is sent any more, and the log of its deliveries is gone. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "removeWebhook",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        ("webhook_id" = Uuid, Path, description = "The webhook"),
        ("If-Match" = Option<String>, Header, nullable = false, description = "Take it away only if it is still at this version, from `ETag`"),
    ),
    responses(
        (status = 204, description = "Taken away"),
        Closed,
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/clinics/{id}/webhooks/{webhook_id}")]
pub(super) async fn remove_webhook(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, id) = which(&request)?;
    let asked = Asked { only_versions: versions_in_if_match(&request)?, ..asked() };
    api.remove.run(&who.caller, clinic, id, &asked).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a webhook a new secret
///
/// It signs from now on; the one before signs beside it for 24 hours, so that the receiver can be changed in between. The
/// secret is not told again. Repeating this makes another one: there is no `Idempotency-Key`, because a kept answer would
/// hold the secret. For the front desk and for administrators.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "rotateWebhookSecret",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ("webhook_id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "With the new secret", body = WebhookBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
    )
)]
#[post("/clinics/{id}/webhooks/{webhook_id}/secret")]
pub(super) async fn rotate_webhook_secret(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<WebhooksApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, id) = which(&request)?;
    let rotated = api.rotate.run(&who.caller, clinic, id, &asked()).await?;
    let body = WebhookBody::new(&rotated).with_secret(secret_text(&rotated.keys.current));
    Ok(shown(HttpResponse::Ok(), &rotated, &body))
}
