//! Doctors' calendars elsewhere, whose busy times block slots here.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use kernel::{DoctorId, KeptAnswer, Once};
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{Body, NoParams, Problem, ProblemBody, Query, context, id_in_path};

use super::CalendarsApi;
use super::bodies::{ExternalBody, NewExternalBody};
use crate::application::ExternalError;
use crate::domain::{ExternalCalendar, ExternalId};

fn shown(added: &ExternalCalendar) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: None,
        etag: None,
        body: serde_json::to_vec(&ExternalBody::new(added)).unwrap_or_default(),
    }
}

/// A doctor's calendars elsewhere
///
/// With how reading them goes, without their addresses. For those who run the calendar.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "listExternalCalendars",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The calendars, the oldest first", body = Vec<ExternalBody>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor, or not your calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/external-calendars")]
pub(super) async fn list_externals(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let found = api.externals.list(&who.caller, doctor).await?;
    Ok(HttpResponse::Ok().json(found.iter().map(ExternalBody::new).collect::<Vec<_>>()))
}

/// Let a calendar elsewhere block the doctor's time
///
/// Its busy times count like time off: nothing can be booked over them, and what is booked already stays. It is read when
/// it is added and every 15 minutes from then on; when it cannot be read, what it said last holds, and `stale_since` tells
/// since when. The address is kept sealed and not shown again.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "addExternalCalendar",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), IdempotencyHeader),
    request_body(content = NewExternalBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Added", body = ExternalBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor, or not your calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too-many-external-calendars`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or an address that may not be asked; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/doctors/{id}/external-calendars")]
pub(super) async fn add_external(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<NewExternalBody>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, &format!("external-calendar:{doctor}")),
        key,
        fingerprint: body.fingerprint,
        answer: Arc::new(shown),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let address = body.value.url.trim().to_owned();
    match api.externals.add(&who.caller, doctor, address, context::request_id(), once).await {
        Ok(added) => Ok(send(&shown(&added), Replayed::No)),
        Err(ExternalError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

/// Take a calendar elsewhere away
///
/// What it blocked is free at once.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "removeExternalCalendar",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The doctor"),
        ("calendar_id" = Uuid, Path, description = "The calendar"),
    ),
    responses(
        (status = 204, description = "Taken away"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such calendar, or not yours to run", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/doctors/{id}/external-calendars/{calendar_id}")]
pub(super) async fn remove_external(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, id): (DoctorId, ExternalId) = (id_in_path(&request, "id")?, id_in_path(&request, "calendar_id")?);
    api.externals.remove(&who.caller, doctor, id, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}
