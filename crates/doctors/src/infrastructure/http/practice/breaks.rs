//! Breaks of the week.

use actix_web::{HttpRequest, HttpResponse, get, put, web::Data};
use jiff::civil::Weekday;
use kernel::{ClinicId, DoctorId};
use platform::http::admission::{As, Team};
use platform::http::{Body, NoParams, Problem, ProblemBody, Query, id_in_path, ok_or_not_modified_at};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{AffectedBody, Closed, ConflictParams, Versioned, WithBody, changed};
use crate::domain::{HoursDraft, WeeklyBreak};
use crate::infrastructure::http::DoctorsApi;

/// A pause that repeats each week, as it is sent and shown.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeeklyBreak)]
pub struct WeeklyBreakBody {
    #[schema(value_type = Uuid)]
    clinic_id: Option<ClinicId>,
    /// `monday` … `sunday`.
    #[schema(required = true, nullable = false, example = "monday")]
    weekday: Option<String>,
    #[schema(required = true, nullable = false, example = "12:30", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    from: Option<String>,
    /// Later than `from`; `24:00` is the end of the day.
    #[schema(required = true, nullable = false, example = "13:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    to: Option<String>,
    /// First day it holds; null is since ever.
    #[schema(format = Date)]
    valid_from: Option<String>,
    /// Last day it holds; null is for ever.
    #[schema(format = Date)]
    valid_until: Option<String>,
}

impl From<WeeklyBreakBody> for HoursDraft {
    fn from(body: WeeklyBreakBody) -> Self {
        Self {
            clinic: body.clinic_id,
            weekday: body.weekday,
            from: body.from,
            to: body.to,
            visit_types: None,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
        }
    }
}

impl From<&WeeklyBreak> for WeeklyBreakBody {
    fn from(pause: &WeeklyBreak) -> Self {
        let weekday = match pause.weekday {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        };
        Self {
            clinic_id: Some(pause.clinic),
            weekday: Some(weekday.to_owned()),
            from: Some(pause.from.to_string()),
            to: Some(pause.to.to_string()),
            valid_from: pause.valid_from.map(|date| date.to_string()),
            valid_until: pause.valid_until.map(|date| date.to_string()),
        }
    }
}

/// All breaks of a week.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeekBreaks)]
pub struct BreaksBody {
    /// All of them, at every clinic; no two of a weekday overlap.
    #[validate(required)]
    #[schema(required = true, nullable = false, max_items = 50)]
    pub(super) breaks: Option<Vec<WeeklyBreakBody>>,
}

/// A doctor's breaks
///
/// Pauses that repeat each week. They are cut out of the weekly hours; a date with hours of its own has none.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listBreaks",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The breaks in order of the week", body = Vec<WeeklyBreakBody>, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 304, description = "The client has this list already"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/breaks")]
pub(super) async fn list_breaks(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let (breaks, version) = api.practice.read.breaks(doctor).await?;
    let bodies: Vec<WeeklyBreakBody> = breaks.iter().map(Into::into).collect();
    Ok(ok_or_not_modified_at(&request, &bodies, version))
}

/// Replace a doctor's breaks
///
/// The whole set, at every clinic. Breaks at clinics that are not yours have to be in it as they are.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "replaceBreaks",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ConflictParams, ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = BreaksBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The breaks as they are now", body = Vec<WeeklyBreakBody>, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[put("/doctors/{id}/breaks")]
pub(super) async fn replace_breaks(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<BreaksBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let asked = params.0.asked_of_version(&request)?;
    let drafts: Vec<HoursDraft> = body.value.breaks.unwrap_or_default().into_iter().map(Into::into).collect();
    let (plan, version) = api.practice.replace_breaks.run(&who.caller, doctor, &drafts, asked).await?;
    let mut breaks = plan.breaks().to_vec();
    breaks.sort_by_key(|pause| (pause.weekday.to_monday_one_offset(), pause.from, pause.valid_from));
    let bodies: Vec<WeeklyBreakBody> = breaks.iter().map(Into::into).collect();
    Ok(changed(version, &bodies))
}
