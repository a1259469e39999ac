//! Why a time can be booked or not.

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};
use jiff::tz::TimeZone;
use kernel::{Interval, VisitTypeId};
use platform::http::admission::Anybody;
use platform::http::{FieldError, Problem, ProblemBody, Query, id_in_path, in_zone, kinds};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::DoctorsApi;
use super::bodies::{SlotBody, WeeklyHoursBody};
use super::practice::Instant;
use super::practice::WeeklyBreakBody;
use crate::application::{Detail, ExplainError, Explained};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExplainParams {
    /// The time in question, with an offset.
    #[validate(required)]
    #[param(value_type = String, format = DateTime, required = true, example = "2027-03-01T09:00:00-05:00")]
    starts_at: Option<Instant>,
    /// What is to be booked; the doctor's default when left out.
    #[param(value_type = Option<Uuid>, nullable = false)]
    visit_type_id: Option<VisitTypeId>,
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::UnknownDoctor => Self::of(&kinds::NOT_FOUND),
            ExplainError::UnknownVisitType => {
                Self::invalid(vec![FieldError::new("visit_type_id", "unknown", "is not offered by this doctor")])
            }
            ExplainError::Failed(failure) => Self::internal(&failure),
        }
    }
}

/// A stretch of time that stands in the way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stretch)]
pub struct StretchBody {
    /// Of a time off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<Uuid>,
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
}

/// What exactly stands in the way; the member that goes with `reason`.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ObstacleDetail)]
pub struct DetailBody {
    /// With "minimum-notice".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    minimum_notice_minutes: Option<u32>,
    /// With "horizon".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    horizon_days: Option<u32>,
    /// With "weekly-hours" and "visit-type": the hours of that weekday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    weekly_hours: Option<Vec<WeeklyHoursBody>>,
    /// With "break": the breaks of that weekday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breaks: Option<Vec<WeeklyBreakBody>>,
    /// With "override", "clinic-holiday": the date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Date)]
    date: Option<String>,
    /// With "clinic-holiday": the clinics that are closed then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    clinic_ids: Option<Vec<Uuid>>,
    /// With "grid": visits begin every so many minutes from the opening on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    grid_minutes: Option<u16>,
    /// With "time-off", "busy" and "buffer": what is touched, buffers included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    stretches: Option<Vec<StretchBody>>,
    /// With "resource": the rooms or devices that would do, each with when it is taken around that time; empty where the
    /// clinic has none. Whose visits take them is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resources: Option<Vec<ResourceTakenBody>>,
}

/// When a room or device is taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResourceTaken)]
pub struct ResourceTakenBody {
    #[schema(example = "Room 2")]
    name: String,
    stretches: Vec<StretchBody>,
}

impl DetailBody {
    fn new(detail: Detail, zone: &TimeZone) -> Self {
        let nothing = Self::default();
        match detail {
            Detail::Notice(minutes) => Self { minimum_notice_minutes: Some(minutes), ..nothing },
            Detail::Horizon(days) => Self { horizon_days: Some(days), ..nothing },
            Detail::Hours(hours) => Self { weekly_hours: Some(hours.into_iter().map(Into::into).collect()), ..nothing },
            Detail::Breaks(breaks) => Self { breaks: Some(breaks.iter().map(Into::into).collect()), ..nothing },
            Detail::Override(day) => Self { date: Some(day.date.to_string()), ..nothing },
            Detail::Holidays(days) => Self {
                date: days.first().map(|day| day.date.to_string()),
                clinic_ids: Some(days.iter().map(|day| day.clinic.as_uuid()).collect()),
                ..nothing
            },
            Detail::Grid(minutes) => Self { grid_minutes: Some(minutes), ..nothing },
            Detail::TimeOff(away) => {
                let shown = away.iter().map(|away| StretchBody {
                    id: Some(away.id.as_uuid()),
                    starts_at: in_zone(away.span.start, zone),
                    ends_at: in_zone(away.span.end, zone),
                });
                Self { stretches: Some(shown.collect()), ..nothing }
            }
            Detail::Taken(taken) => Self { stretches: Some(stretches(&taken, zone)), ..nothing },
            Detail::Resources(resources) => {
                let shown = resources
                    .into_iter()
                    .map(|(name, taken)| ResourceTakenBody { name, stretches: stretches(&taken, zone) });
                Self { resources: Some(shown.collect()), ..nothing }
            }
        }
    }
}

fn stretches(taken: &[Interval], zone: &TimeZone) -> Vec<StretchBody> {
    let shown = taken.iter().map(|taken| StretchBody {
        id: None,
        starts_at: in_zone(taken.start, zone),
        ends_at: in_zone(taken.end, zone),
    });
    shown.collect()
}

/// Whether a time can be booked, and why not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlotExplanation)]
pub struct ExplanationBody {
    /// Can it be booked?
    free: bool,
    /// The first thing in the way: "present", "minimum-notice", "horizon", "weekly-hours", "break", "visit-type",
    /// "override", "clinic-holiday", "grid", "time-off", "busy", "buffer" or "resource"; null when it is free.
    #[schema(example = "time-off")]
    reason: Option<&'static str>,
    /// Only for those who run the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<DetailBody>,
    /// The next free times from then on, three at most.
    next: Vec<SlotBody>,
}

impl From<Explained> for ExplanationBody {
    fn from(explained: Explained) -> Self {
        let Explained { answer, detail, next, time_zone } = explained;
        Self {
            free: answer.is_ok(),
            reason: answer.err().map(|obstacle| obstacle.word()),
            detail: detail.map(|detail| DetailBody::new(detail, &time_zone)),
            next: next.iter().map(|(slot, zone)| SlotBody::new(slot, zone)).collect(),
        }
    }
}

/// Why a time can be booked or not
///
/// The same rules answer here, in the list of free times and when somebody books. Those who run the calendar hear what
/// exactly stands in the way, all others only of what kind it is.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "explainSlot",
    security((), ("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ExplainParams),
    responses(
        (status = 200, description = "The explanation", body = ExplanationBody),
        (status = 401, description = "A sign-in that is none any more", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A sign-in that is good for setting up the second factor only", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/slots/explain")]
pub(super) async fn explain_slot(
    who: Anybody,
    request: HttpRequest,
    params: Query<ExplainParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor = id_in_path(&request, "id")?;
    let Some(Instant(starts_at)) = params.0.starts_at else {
        return Err(Problem::invalid(vec![FieldError::new("starts_at", "required", "is required")]));
    };
    let explained = api.explain.run(&who.0, doctor, params.0.visit_type_id, starts_at).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(ExplanationBody::from(explained)))
}
