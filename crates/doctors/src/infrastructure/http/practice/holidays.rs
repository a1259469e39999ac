//! Holidays of clinics.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web::Data};
use kernel::{ClinicId, KeptAnswer};
use platform::http::admission::{As, FrontDesk};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Problem, ProblemBody, Query, id_in_path, ok_or_not_modified};

use super::calendar_bodies::{HolidayBody, HolidayDraftBody};
use super::{AffectedBody, Closed, ConflictParams, WithBody, date_in_path, no_answer, once_only};
use crate::application::{Asked, PracticeError, Step};
use crate::domain::ClinicHoliday;
use crate::infrastructure::http::DoctorsApi;

/// When a clinic is closed
///
/// From today on, by date.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listHolidays",
    security(()),
    params(("id" = Uuid, Path, description = "The clinic")),
    responses(
        (status = 200, description = "The dates in order", body = Vec<HolidayBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 404, description = "No such clinic", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/holidays")]
pub(super) async fn list_holidays(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let holidays = api.practice.read.holidays(clinic).await?;
    let bodies: Vec<HolidayBody> = holidays.iter().map(Into::into).collect();
    Ok(ok_or_not_modified(&request, &bodies, None))
}

/// Close a clinic on a date
///
/// For everybody who works there. For the front desk and for administrators.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "addHoliday",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ConflictParams, IdempotencyHeader),
    request_body(content = HolidayDraftBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Closed", body = HolidayBody, headers(
            ("location" = String, description = "Its address"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`appointments-affected` with the visits, `holiday-exists`, `idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/holidays")]
pub(super) async fn add_holiday(
    who: As<FrontDesk>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<HolidayDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let answer = |step: &Step| match step {
        Step::Holiday(holiday) => shown(holiday),
        _ => no_answer(),
    };
    let once = match once_only(&api, &request, &who.caller, "add-holiday", body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let asked = Asked { once, ..params.0.asked() };
    let name = body.value.name.unwrap_or_default();
    match api.practice.add_holiday.run(&who.caller, clinic, body.value.date, &name, asked).await {
        Ok(holiday) => Ok(send(&shown(&holiday), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn shown(holiday: &ClinicHoliday) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/clinics/{}/holidays/{}", holiday.clinic, holiday.date)),
        etag: None,
        body: serde_json::to_vec(&HolidayBody::from(holiday)).unwrap_or_default(),
    }
}

/// Open a clinic on a date after all
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "removeHoliday",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ("date" = String, Path, format = Date, description = "A date of the calendar, e.g. `2027-03-09`")),
    responses(
        (status = 204, description = "None, now or before"),
        Closed,
    )
)]
#[delete("/clinics/{id}/holidays/{date}")]
pub(super) async fn remove_holiday(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (clinic, date) = (id_in_path(&request, "id")?, date_in_path(&request)?);
    api.practice.remove_holiday.run(&who.caller, clinic, date, super::asked_once(None)).await?;
    Ok(HttpResponse::NoContent().finish())
}
