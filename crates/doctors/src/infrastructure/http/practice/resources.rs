//! Rooms and devices of a clinic.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, patch, post, web::Data};
use kernel::{ClinicId, KeptAnswer, ResourceId};
use platform::http::admission::{As, FrontDesk, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Problem, ProblemBody, Query, context, id_in_path, required_versions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{Closed, Versioned, WithBody, asked_once, changed, created, no_answer, once_only};
use crate::application::{Asked, PracticeError, ResourceRecord, Step};
use crate::domain::ResourceDraft;
use crate::infrastructure::http::DoctorsApi;

/// A room or device of a clinic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resource)]
pub struct ResourceBody {
    id: Uuid,
    clinic_id: Uuid,
    /// What visit types ask for as `resource_kind`.
    #[schema(example = "ultrasound")]
    kind: String,
    #[schema(example = "Room 2")]
    name: String,
    /// False: retired. No new visit takes it; those that have it keep it.
    active: bool,
    /// Visits and holds to come that have it.
    #[schema(example = 0)]
    visits_to_come: usize,
    /// For `If-Match`, as `"v1"`.
    #[schema(example = 1)]
    version: i32,
}

impl ResourceBody {
    fn new(record: &ResourceRecord, visits_to_come: usize) -> Self {
        Self {
            id: record.id.as_uuid(),
            clinic_id: record.card.clinic.as_uuid(),
            kind: record.card.kind.clone(),
            name: record.card.name.clone(),
            active: record.card.active,
            visits_to_come,
            version: record.version,
        }
    }
}

/// A new room or device.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceDraft)]
pub struct ResourceDraftBody {
    /// The clinic's own word, 1 to 40 small letters, digits and dashes, a letter first; never changes.
    #[schema(
        required = true,
        nullable = false,
        example = "ultrasound",
        max_length = 40,
        pattern = "^[a-z][a-z0-9-]{0,39}$"
    )]
    kind: Option<String>,
    #[schema(required = true, nullable = false, example = "Room 2", min_length = 1, max_length = 80)]
    name: Option<String>,
}

/// What changes of a room or device; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceChange)]
pub struct ResourceChangeBody {
    #[schema(example = "Room 2", min_length = 1, max_length = 80)]
    name: Option<String>,
    /// False retires it, true takes it into use again.
    #[schema(example = false)]
    active: Option<bool>,
}

/// The rooms and devices of a clinic
///
/// By kind and name, retired ones too. For those who work there and for administrators.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listResources",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic")),
    responses(
        (status = 200, description = "All of them", body = Vec<ResourceBody>),
        Closed,
    )
)]
#[get("/clinics/{id}/resources")]
pub(super) async fn list_resources(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let found = api.practice.list_resources.run(&who.caller, clinic).await?;
    let bodies: Vec<ResourceBody> = found.iter().map(|(one, visits)| ResourceBody::new(one, *visits)).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Add a room or device
///
/// Visit types that name its kind take it, or another one of the kind, together with the doctor's time. For the front
/// desk and for administrators.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "addResource",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), IdempotencyHeader),
    request_body(content = ResourceDraftBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Added", body = ResourceBody, headers(
            ("location" = String, description = "Its address"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/resources")]
pub(super) async fn add_resource(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<ResourceDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let answer = |step: &Step| match step {
        Step::NewResource(added) => shown(added),
        _ => no_answer(),
    };
    let once = match once_only(&api, &request, &who.caller, "add-resource", body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let draft = ResourceDraft { kind: body.value.kind, name: body.value.name, active: None };
    match api.practice.add_resource.run(&who.caller, clinic, draft, asked_once(once)).await {
        Ok(added) => Ok(send(&shown(&added), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn shown(added: &ResourceRecord) -> KeptAnswer {
    let location = format!("/api/v1/clinics/{}/resources/{}", added.card.clinic, added.id);
    created(location, added.version, &ResourceBody::new(added, 0))
}

/// Rename or retire a room or device
///
/// A retired one is taken by no new visit; visits that have it keep it, and `visits_to_come` tells how many these are.
/// Visits keep the name under which they took it. For the front desk and for administrators.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "changeResource",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ("resource_id" = Uuid, Path, description = "The room or device"), ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = ResourceChangeBody, content_type = "application/json"),
    responses(
        (status = 200, description = "As it is now", body = ResourceBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
    )
)]
#[patch("/clinics/{id}/resources/{resource_id}")]
pub(super) async fn change_resource(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<ResourceChangeBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, id): (ClinicId, ResourceId) = (id_in_path(&request, "id")?, id_in_path(&request, "resource_id")?);
    let only_versions = required_versions(&request)?;
    let asked = Asked { request_id: context::request_id(), only_versions, ..Asked::default() };
    let draft = ResourceDraft { kind: None, name: body.value.name, active: body.value.active };
    let (found, visits) = api.practice.change_resource.run(&who.caller, clinic, id, draft, asked).await?;
    Ok(changed(found.version, &ResourceBody::new(&found, visits)))
}
