//! Lists of visits, calendars, what happened to a visit, and who has read of a patient.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, Caller, DoctorId, PatientId};
use platform::http::admission::{AnyRole, As, Patients, Team};
use platform::http::{
    DEFAULT_LIMIT, FieldError, Problem, ProblemBody, Query, cursor, from_text, id_in_path, page_of, read_cursor,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::AppointmentsApi;
use super::bodies::{AppointmentBody, Instant};
use super::calendar_body::{CalendarBody, PrescribedBody, prescribed};
use super::manage::Asker;
use super::relatives::{Day, utc};
use crate::application::{
    AccessPage, AccessPosition, AppointmentDetails, VisitFilter, VisitPage, VisitPosition, VisitState,
};
use crate::domain::{SeriesId, Status};

/// Which visits.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// With this doctor.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// Of this patient.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    patient_id: Option<PatientId>,
    /// Booked in this series.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    series_id: Option<SeriesId>,
    /// `booked`, `arrived`, `completed`, `cancelled` or `no_show`.
    #[param(nullable = false, value_type = Option<String>)]
    status: Option<StatusWord>,
    /// Beginning at this instant or later (RFC 3339, with an offset).
    #[param(nullable = false, value_type = Option<String>, format = DateTime)]
    from: Option<Instant>,
    /// Beginning before this instant.
    #[param(nullable = false, value_type = Option<String>, format = DateTime)]
    to: Option<Instant>,
    /// On this date of the clinic's wall clock or later.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    start_date: Option<Day>,
    /// On this date of the clinic's wall clock or earlier.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    end_date: Option<Day>,
    /// `24h`: beginning within the next 24 hours.
    #[param(nullable = false, value_type = Option<String>)]
    next: Option<Window>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Which part of a calendar.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CalendarParams {
    /// `past`, `today` (of the clinic's wall clock) or `future`.
    #[param(nullable = false, value_type = Option<String>)]
    filter: Option<Part>,
    /// `booked`, `arrived`, `completed`, `cancelled` or `no_show`.
    #[param(nullable = false, value_type = Option<String>)]
    status: Option<StatusWord>,
    /// Beginning at this instant or later (RFC 3339, with an offset).
    #[param(nullable = false, value_type = Option<String>, format = DateTime)]
    from: Option<Instant>,
    /// Beginning before this instant.
    #[param(nullable = false, value_type = Option<String>, format = DateTime)]
    to: Option<Instant>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct StatusWord(Status);

impl<'de> Deserialize<'de> for StatusWord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let expected = "not a status, expected booked, arrived, completed, cancelled or no_show";
        Status::from_word(&word).map(Self).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Window {
    #[serde(rename = "24h")]
    Day,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Past,
    Today,
    Future,
}

/// Something that happened to a visit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Happening)]
pub struct HappeningBody {
    #[schema(format = DateTime)]
    at: String,
    /// `booked`, `rescheduled`, `cancelled`, `arrived`, `completed`, `no_show` or `corrected`.
    #[schema(example = "booked")]
    what: String,
    /// On whose side: `guest`, `link_holder`, `patient`, `doctor`, `staff`, `admin` or `system`.
    #[schema(example = "staff")]
    by: String,
    /// Whose account did it. Only for those who run the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    account_id: Option<Uuid>,
    /// How the visit stood before.
    from: VisitStateBody,
    /// How it stood then.
    to: VisitStateBody,
}

/// How a visit stood, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisitState)]
pub struct VisitStateBody {
    /// `booked`, `arrived`, `completed`, `cancelled`, `no_show`, or null before the first event.
    #[schema(example = "booked")]
    status: Option<&'static str>,
    /// When it was to begin.
    #[schema(format = DateTime)]
    starts_at: Option<String>,
}

impl From<VisitState> for VisitStateBody {
    fn from(standing: VisitState) -> Self {
        Self { status: standing.status.map(Status::word), starts_at: standing.starts_at.map(utc) }
    }
}

/// That somebody has read of a patient.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Access)]
pub struct AccessBody {
    patient_id: Uuid,
    #[schema(format = DateTime)]
    at: String,
    /// `doctor`, `staff` or `admin`.
    #[schema(example = "doctor")]
    role: String,
    /// The doctor's or, for a front desk, the clinic's name.
    #[schema(example = "Amara Okafor")]
    who: Option<String>,
    /// What was shown, e.g. `appointment`, `calendar`, `list`, `prescription`, `prescriptions`, `record` or `series`.
    #[schema(example = "calendar")]
    what: String,
    /// Without a care link, for a stated reason?
    emergency: bool,
}

/// Visits within your reach
///
/// Patients: their own and their relatives'; doctors: their calendar; front desks: their clinics; administrators: all.
/// By start, the earliest first. Visits that began over a year ago are archived: they are told of when dates or a series
/// are asked for.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "listAppointments",
    security(("bearer" = []), ("session" = [])),
    params(ListParams),
    responses(
        (status = 200, description = "A page", body = [AppointmentBody], headers(("link" = Option<String>, description = "The next page, where there is one"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/appointments")]
pub(super) async fn list_appointments(
    who: As<AnyRole>,
    Query(asked): Query<ListParams>,
    request: HttpRequest,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let mut filter = VisitFilter {
        doctor: asked.doctor_id,
        patient: asked.patient_id,
        series: asked.series_id,
        status: asked.status.map(|word| word.0),
        from: asked.from.map(|at| at.0),
        to: asked.to.map(|at| at.0),
        from_date: asked.start_date.map(|day| day.0),
        to_date: asked.end_date.map(|day| day.0),
        on_date_of: None,
    }
    .without_archived(api.book.clock.now());
    if asked.next.is_some() {
        if asked.from.is_some() || asked.to.is_some() {
            let error = FieldError::new("next", "either-or", "must not come together with from or to");
            return Err(Problem::invalid(vec![error]));
        }
        let now = api.book.clock.now();
        (filter.from, filter.to) = (Some(now), now.checked_add(SignedDuration::from_hours(24)).ok());
    }
    let after = position(asked.cursor.as_deref())?;
    let page = api.list.run(&who.caller, &filter, after, asked.limit.unwrap_or(DEFAULT_LIMIT)).await?;
    Ok(paged(&request, &page, |details| body(&api, &who.caller, details)))
}

/// The calendar of a doctor
///
/// For the doctor, the front desks of the doctor's clinics (as far as the visits are there) and administrators. Visits that
/// began over a year ago are archived: they are told of when dates are asked for.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getCalendar",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), CalendarParams),
    responses(
        (status = 200, description = "A page, by start", body = [CalendarBody], headers(("link" = Option<String>, description = "The next page, where there is one"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor, or not your calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/appointments")]
pub(super) async fn get_calendar(
    who: As<Team>,
    Query(asked): Query<CalendarParams>,
    request: HttpRequest,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let now = api.book.clock.now();
    let mut filter = VisitFilter {
        status: asked.status.map(|word| word.0),
        from: asked.from.map(|at| at.0),
        to: asked.to.map(|at| at.0),
        ..VisitFilter::default()
    }
    .without_archived(now);
    match asked.filter {
        None => {}
        Some(Part::Past) => filter.to = Some(filter.to.map_or(now, |to| to.min(now))),
        Some(Part::Today) => filter.on_date_of = Some(now),
        Some(Part::Future) => filter.from = Some(filter.from.map_or(now, |from| from.max(now))),
    }
    let after = position(asked.cursor.as_deref())?;
    let page = api.list.calendar(&who.caller, doctor, filter, after, asked.limit.unwrap_or(DEFAULT_LIMIT)).await?;
    let prescribed = prescribed(&api, &who.caller, doctor, &page, now).await?;
    let entry = |details: &AppointmentDetails| CalendarBody {
        visit: body(&api, &who.caller, details),
        prescription: prescribed.get(&details.appointment.id).copied().map(PrescribedBody::from),
    };
    Ok(paged(&request, &page, entry))
}

/// What happened to an appointment
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getAppointmentHistory",
    security(("appointmentLink" = []), ("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The appointment"), super::manage::LinkParams),
    responses(
        (status = 200, description = "The oldest first, at most 200", body = [HappeningBody]),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/appointments/{id}/history")]
pub(super) async fn get_history(asker: Asker, api: Data<AppointmentsApi>) -> Result<HttpResponse, Problem> {
    let id: AppointmentId = asker.id;
    let happenings = api.read.history(&asker.caller, id).await?;
    let bodies: Vec<HappeningBody> = happenings
        .into_iter()
        .map(|found| HappeningBody {
            at: utc(found.at),
            what: found.action.strip_prefix("appointment.").unwrap_or(&found.action).to_owned(),
            by: found.by,
            account_id: found.account,
            from: found.from.into(),
            to: found.to.into(),
        })
        .collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Who has read of you
///
/// Of you and of those you look after, the newest first: doctors, front desks and administrators who were shown your
/// data, and what.
#[utoipa::path(
    tag = "Relatives",
    operation_id = "listAccesses",
    security(("bearer" = []), ("session" = [])),
    params(PageParams),
    responses(
        (status = 200, description = "A page", body = [AccessBody], headers(("link" = Option<String>, description = "The next page, where there is one"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/access-log")]
pub(super) async fn list_accesses(
    who: As<Patients>,
    Query(asked): Query<PageParams>,
    request: HttpRequest,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let before: Option<AccessPosition> = asked.cursor.as_deref().map(read_cursor).transpose()?;
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    let read = api.accesses.run(&who.caller, before, limit).await;
    let AccessPage { entries, called, next } = read.map_err(|failure| Problem::internal(&failure))?;
    let bodies: Vec<AccessBody> = entries
        .into_iter()
        .map(|entry| {
            let doctor = entry.doctor.and_then(|id| called.doctors.get(&id));
            let clinic = entry.clinic.and_then(|id| called.clinics.get(&id));
            AccessBody {
                patient_id: entry.patient.as_uuid(),
                at: utc(entry.at),
                role: entry.role,
                who: doctor.or(clinic).cloned(),
                what: entry.what,
                emergency: entry.emergency,
            }
        })
        .collect();
    Ok(page_of(&request, &bodies, next.map(|next| cursor(&next)).as_deref()))
}

fn body(api: &AppointmentsApi, caller: &Caller, details: &crate::application::AppointmentDetails) -> AppointmentBody {
    AppointmentBody::new(details, api.links.for_caller(caller, details.appointment.id))
}

fn position(cursor: Option<&str>) -> Result<Option<VisitPosition>, Problem> {
    cursor.map(read_cursor::<(Timestamp, AppointmentId)>).transpose()
}

fn paged<B: Serialize>(
    request: &HttpRequest,
    page: &VisitPage,
    body: impl Fn(&AppointmentDetails) -> B,
) -> HttpResponse {
    let bodies: Vec<B> = page.visits.iter().map(body).collect();
    page_of(request, &bodies, page.next.map(|next| cursor(&next)).as_deref())
}
