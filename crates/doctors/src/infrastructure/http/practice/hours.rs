//! The week.

use actix_web::{HttpRequest, HttpResponse, put, web::Data};
use kernel::DoctorId;
use platform::http::admission::{As, Team};
use platform::http::{Body, Problem, Query, id_in_path};

use super::calendar_bodies::WeekBody;
use super::{AffectedBody, Closed, ConflictParams, Versioned, WithBody, changed};
use crate::domain::HoursDraft;
use crate::infrastructure::http::{DoctorsApi, WeeklyHoursBody};

/// Replace a doctor's week
///
/// The whole set, at every clinic. Hours at clinics that are not yours have to be in it as they are.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "replaceWeeklyHours",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ConflictParams, ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = WeekBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The week as it is now", body = Vec<WeeklyHoursBody>, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[put("/doctors/{id}/weekly-hours")]
pub(super) async fn replace_weekly_hours(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<WeekBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let asked = params.0.asked_of_version(&request)?;
    let drafts: Vec<HoursDraft> = body.value.hours.unwrap_or_default().into_iter().map(Into::into).collect();
    let (plan, version) = api.practice.replace_weekly_hours.run(&who.caller, doctor, &drafts, asked).await?;
    let mut hours = plan.hours().to_vec();
    hours.sort_by_key(|hours| (hours.weekday.to_monday_one_offset(), hours.from, hours.valid_from));
    let week: Vec<WeeklyHoursBody> = hours.into_iter().map(Into::into).collect();
    Ok(changed(version, &week))
}
