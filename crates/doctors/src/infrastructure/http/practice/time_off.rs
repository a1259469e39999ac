//! Time off.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web::Data};
use jiff::tz::TimeZone;
use kernel::{DoctorId, KeptAnswer};
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Problem, Query, id_in_path, ok_or_not_modified_at};

use super::calendar_bodies::{TimeOffBody, TimeOffDraftBody};
use super::{AffectedBody, Closed, ConflictParams, WithBody, no_answer, once_only};
use crate::application::{Asked, PracticeError, Step};
use crate::domain::{TimeOff, TimeOffId};
use crate::infrastructure::http::DoctorsApi;

/// A doctor's time off
///
/// What has not ended yet, by start. For those who run the calendar.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listTimeOff",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The time off in order", body = Vec<TimeOffBody>, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 304, description = "The client has this list already"),
        Closed,
    )
)]
#[get("/doctors/{id}/time-off")]
pub(super) async fn list_time_off(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let (time_off, zone, version) = api.practice.read.time_off(&who.caller, doctor).await?;
    let bodies: Vec<TimeOffBody> = time_off.iter().map(|time_off| TimeOffBody::new(time_off, &zone)).collect();
    Ok(ok_or_not_modified_at(&request, &bodies, version))
}

/// Take time off
///
/// Counts at every clinic; may overlap other time off. Remove it and take another one to change it.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "addTimeOff",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ConflictParams, IdempotencyHeader),
    request_body(content = TimeOffDraftBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Taken", body = TimeOffBody, headers(
            ("location" = String, description = "Its address"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`appointments-affected` with the visits, `idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[post("/doctors/{id}/time-off")]
pub(super) async fn add_time_off(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<TimeOffDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let zone = api.practice.read.zone(doctor).await?;
    let written_in = zone.clone();
    let answer = move |step: &Step| match step {
        Step::TimeOff(taken) => shown(doctor, taken, &written_in),
        _ => no_answer(),
    };
    let once = match once_only(&api, &request, &who.caller, "add-time-off", body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let asked = Asked { once, ..params.0.asked() };
    let (from, to) = (body.value.starts_at.map(|at| at.0), body.value.ends_at.map(|at| at.0));
    match api.practice.add_time_off.run(&who.caller, doctor, from, to, asked).await {
        Ok(taken) => Ok(send(&shown(doctor, &taken, &zone), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn shown(doctor: DoctorId, taken: &TimeOff, zone: &TimeZone) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/doctors/{doctor}/time-off/{}", taken.id)),
        etag: None,
        body: serde_json::to_vec(&TimeOffBody::new(taken, zone)).unwrap_or_default(),
    }
}

/// Work after all
#[utoipa::path(
    tag = "Doctors",
    operation_id = "removeTimeOff",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ("time_off_id" = Uuid, Path, description = "The time off")),
    responses(
        (status = 204, description = "None, now or before"),
        Closed,
    )
)]
#[delete("/doctors/{id}/time-off/{time_off_id}")]
pub(super) async fn remove_time_off(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, id): (DoctorId, TimeOffId) = (id_in_path(&request, "id")?, id_in_path(&request, "time_off_id")?);
    api.practice.remove_time_off.run(&who.caller, doctor, id, super::asked_once(None)).await?;
    Ok(HttpResponse::NoContent().finish())
}
