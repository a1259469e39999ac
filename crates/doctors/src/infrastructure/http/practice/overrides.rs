//! Dates with hours of their own.

use actix_web::{HttpRequest, HttpResponse, delete, get, put, web::Data};
use jiff::civil::Date;
use kernel::DoctorId;
use platform::http::admission::{As, Team};
use platform::http::{Body, NoParams, Problem, Query, id_in_path, kinds, ok_or_not_modified_at};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::calendar_bodies::{OverrideBody, OverrideDraftBody};
use super::{AffectedBody, Closed, ConflictParams, Versioned, WithBody, changed, date_in_path};
use crate::application::OverrideDraft;
use crate::domain::{DayOverride, HoursDraft};
use crate::infrastructure::http::DoctorsApi;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DatesParams {
    /// First date; today when left out.
    #[serde(default, deserialize_with = "super::super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-01")]
    from: Option<Date>,
    /// Last date.
    #[serde(default, deserialize_with = "super::super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-31")]
    to: Option<Date>,
}

/// The dates with hours of their own
///
/// For those who run the calendar. The `ETag` is that of the whole calendar: it serves for every change of hours.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listOverrides",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), DatesParams),
    responses(
        (status = 200, description = "The dates in order", body = Vec<OverrideBody>, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 304, description = "The client has this list already"),
        Closed,
    )
)]
#[get("/doctors/{id}/overrides")]
pub(super) async fn list_overrides(
    who: As<Team>,
    request: HttpRequest,
    params: Query<DatesParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let (days, version) = api.practice.read.overrides(&who.caller, doctor, params.0.from, params.0.to).await?;
    let shown = |(day, reason): &(DayOverride, Option<String>)| OverrideBody::new(day, reason.clone());
    let bodies: Vec<OverrideBody> = days.iter().map(shown).collect();
    Ok(ok_or_not_modified_at(&request, &bodies, version))
}

/// The hours of one date
#[utoipa::path(
    tag = "Doctors",
    operation_id = "getOverride",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ("date" = String, Path, format = Date, description = "A date of the calendar, e.g. `2027-03-09`")),
    responses(
        (status = 200, description = "The hours of that date", body = OverrideBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 304, description = "The client has it already"),
        Closed,
    )
)]
#[get("/doctors/{id}/overrides/{date}")]
pub(super) async fn get_override(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, date): (DoctorId, Date) = (id_in_path(&request, "id")?, date_in_path(&request)?);
    let (days, version) = api.practice.read.overrides(&who.caller, doctor, Some(date), Some(date)).await?;
    let (day, reason) = days.into_iter().next().ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    Ok(ok_or_not_modified_at(&request, &OverrideBody::new(&day, reason), version))
}

/// Give one date hours of its own
///
/// They take the place of the week's at every clinic; no hours at all is closed. `If-Match` takes the calendar's
/// version, from the week or any list of its exceptions.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "setOverride",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ("date" = String, Path, format = Date, description = "A date of the calendar, e.g. `2027-03-09`"), ConflictParams, ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = OverrideDraftBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The hours of that date as they are now", body = OverrideBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[put("/doctors/{id}/overrides/{date}")]
pub(super) async fn set_override(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<OverrideDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, date): (DoctorId, Date) = (id_in_path(&request, "id")?, date_in_path(&request)?);
    let asked = params.0.asked_of_version(&request)?;
    let hours: Vec<HoursDraft> = body.value.hours.unwrap_or_default().into_iter().map(Into::into).collect();
    let draft = OverrideDraft { hours: &hours, reason: body.value.reason.as_deref() };
    let (day, reason, version) = api.practice.set_override.run(&who.caller, doctor, date, draft, asked).await?;
    Ok(changed(version, &OverrideBody::new(&day, reason)))
}

/// Give one date the hours of the week again
#[utoipa::path(
    tag = "Doctors",
    operation_id = "removeOverride",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ("date" = String, Path, format = Date, description = "A date of the calendar, e.g. `2027-03-09`"), ConflictParams),
    responses(
        (status = 204, description = "None, now or before"),
        Closed,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[delete("/doctors/{id}/overrides/{date}")]
pub(super) async fn remove_override(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, date): (DoctorId, Date) = (id_in_path(&request, "id")?, date_in_path(&request)?);
    api.practice.remove_override.run(&who.caller, doctor, date, params.0.asked()).await?;
    Ok(HttpResponse::NoContent().finish())
}
