//! The calendar of a clinic as its front desk lives in it, who waits, and the same on paper.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use jiff::tz::TimeZone;
use kernel::{ClinicId, DoctorId};
use platform::http::admission::{As, Team};
use platform::http::{NoParams, Problem, ProblemBody, Query, id_in_path, in_zone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::bodies::RoomBody;
use super::relatives::Day;
use crate::application::{AppointmentDetails, ClinicDay, Column, DayWish, ShowClinicDay, Waiting};
use crate::domain::{arrived_at, waiting_minutes};
use crate::infrastructure::{day_pdf, day_table};

/// What the handlers of a clinic's calendar need.
pub struct DeskApi {
    /// Shows calendars.
    pub show: ShowClinicDay,
}

/// Which part of a clinic's calendar.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DayParams {
    /// The (first) date of the clinic's calendar; today when left out.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    date: Option<Day>,
    /// One doctor's column alone.
    #[param(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
}

impl DayParams {
    fn wish(self, more_days: u8) -> DayWish {
        DayWish { date: self.date.map(|day| day.0), doctor: self.doctor_id, more_days }
    }
}

/// A stretch of open hours.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenHours)]
pub struct OpenBody {
    #[schema(format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime, example = "2027-03-01T12:00:00-05:00")]
    ends_at: String,
}

/// A visit as the front desk sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskVisit)]
pub struct DeskVisitBody {
    id: Uuid,
    doctor_id: Uuid,
    patient_id: Uuid,
    #[schema(example = "Ada Example")]
    patient_name: String,
    #[schema(example = "+12125550100")]
    patient_phone: Option<String>,
    visit_type_id: Uuid,
    /// `in_person` or `video`.
    #[schema(example = "in_person")]
    visit_mode: &'static str,
    /// The room or device of the clinic it has, where it needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource: Option<RoomBody>,
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    /// `booked`, `arrived`, `completed`, `cancelled` or `no_show`.
    #[schema(example = "booked")]
    status: &'static str,
    notes: Option<String>,
    /// Why it lies outside the doctor's hours, where the team has put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outside_hours_reason: Option<String>,
    /// Since when the patient is there.
    #[schema(format = DateTime)]
    arrived_at: Option<String>,
    /// Whole minutes since then.
    #[schema(example = 12)]
    waiting_minutes: Option<i64>,
    /// For `If-Match`.
    #[schema(example = 1)]
    version: i32,
}

/// A doctor's date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskDate)]
pub struct DateBody {
    #[schema(format = Date, example = "2027-03-01")]
    date: String,
    /// When the doctor works here, in order; time off and holidays are taken out.
    open: Vec<OpenBody>,
    /// By start.
    visits: Vec<DeskVisitBody>,
}

/// A doctor's column.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskColumn)]
pub struct ColumnBody {
    doctor_id: Uuid,
    #[schema(example = "Amara Okafor")]
    doctor_name: String,
    days: Vec<DateBody>,
}

/// Part of a clinic's calendar, by doctors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClinicDay)]
pub struct ClinicDayBody {
    clinic_id: Uuid,
    #[schema(example = "Harbor Health Center")]
    clinic_name: String,
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// By surname.
    doctors: Vec<ColumnBody>,
}

/// Somebody who waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueEntry)]
pub struct WaitingBody {
    #[serde(flatten)]
    visit: DeskVisitBody,
    #[schema(example = "Amara Okafor")]
    doctor_name: String,
    /// When it is the patient's turn, if every visit lasts as long as it was booked for.
    #[schema(format = DateTime)]
    expected_start_at: String,
}

fn zone_of(day: &ClinicDay) -> TimeZone {
    TimeZone::get(&day.clock.time_zone).unwrap_or(TimeZone::UTC)
}

fn desk_visit(details: &AppointmentDetails, day: &ClinicDay, zone: &TimeZone) -> DeskVisitBody {
    let AppointmentDetails { appointment: visit, patient } = details;
    DeskVisitBody {
        id: visit.id.as_uuid(),
        doctor_id: visit.doctor.as_uuid(),
        patient_id: patient.id.as_uuid(),
        patient_name: patient.name.clone(),
        patient_phone: patient.phone.clone(),
        visit_type_id: visit.visit_type.as_uuid(),
        visit_mode: visit.mode.word(),
        resource: RoomBody::of(visit),
        starts_at: in_zone(visit.visit.start, zone),
        ends_at: in_zone(visit.visit.end, zone),
        status: visit.status.word(),
        notes: visit.notes.clone(),
        outside_hours_reason: visit.outside_reason.clone(),
        arrived_at: arrived_at(visit).map(|at| in_zone(at, zone)),
        waiting_minutes: waiting_minutes(visit, day.now),
        version: visit.version,
    }
}

fn column(column: &Column, day: &ClinicDay, zone: &TimeZone) -> ColumnBody {
    let on = |details: &&AppointmentDetails, date| zone.to_datetime(details.appointment.visit.start).date() == date;
    let days = column.hours.days.iter().map(|open| DateBody {
        date: open.date.to_string(),
        open: open
            .open
            .iter()
            .map(|hours| OpenBody { starts_at: in_zone(hours.start, zone), ends_at: in_zone(hours.end, zone) })
            .collect(),
        visits: column
            .visits
            .iter()
            .filter(|details| on(details, open.date))
            .map(|details| desk_visit(details, day, zone))
            .collect(),
    });
    ColumnBody {
        doctor_id: column.hours.doctor.as_uuid(),
        doctor_name: column.hours.name.clone(),
        days: days.collect(),
    }
}

fn shown(day: &ClinicDay) -> HttpResponse {
    let zone = zone_of(day);
    let body = ClinicDayBody {
        clinic_id: day.clinic.as_uuid(),
        clinic_name: day.clock.name.clone(),
        time_zone: day.clock.time_zone.clone(),
        doctors: day.columns.iter().map(|one| column(one, day, &zone)).collect(),
    };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// A file that is kept by nobody on the way; its name tells the date alone.
fn file(day: &ClinicDay, kind: &'static str, ending: &str, bytes: Vec<u8>) -> HttpResponse {
    let date = day.dates.first().map(ToString::to_string).unwrap_or_default();
    let name = format!("attachment; filename=\"day-{date}.{ending}\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type(kind)
        .body(bytes)
}

/// A clinic's day
///
/// A column for each doctor, with open hours and visits. Front desks see all of their clinics, administrators all, a
/// doctor the own column at the clinics where the doctor is a member.
#[utoipa::path(
    tag = "Front desk",
    operation_id = "getClinicDay",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), DayParams),
    responses(
        (status = 200, description = "The day", body = ClinicDayBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such clinic, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/day")]
pub(super) async fn get_day(
    who: As<Team>,
    Query(asked): Query<DayParams>,
    request: HttpRequest,
    api: Data<DeskApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    Ok(shown(&api.show.run(&who.caller, clinic, asked.wish(0)).await?))
}

/// Seven days of a clinic
///
/// Like the day, from `date` on.
#[utoipa::path(
    tag = "Front desk",
    operation_id = "getClinicWeek",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), DayParams),
    responses(
        (status = 200, description = "Seven days", body = ClinicDayBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such clinic, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/week")]
pub(super) async fn get_week(
    who: As<Team>,
    Query(asked): Query<DayParams>,
    request: HttpRequest,
    api: Data<DeskApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    Ok(shown(&api.show.run(&who.caller, clinic, asked.wish(6)).await?))
}

/// Who waits at a clinic
///
/// Today's patients who have arrived; who is expected to be seen first stands first.
#[utoipa::path(
    tag = "Front desk",
    operation_id = "getQueue",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic")),
    responses(
        (status = 200, description = "The queue", body = [WaitingBody]),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such clinic, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Unknown parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/queue")]
pub(super) async fn get_queue(
    who: As<Team>,
    Query(NoParams {}): Query<NoParams>,
    request: HttpRequest,
    api: Data<DeskApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let (day, queue) = api.show.queue(&who.caller, clinic).await?;
    let zone = zone_of(&day);
    let body = |waiting: &Waiting| WaitingBody {
        visit: desk_visit(&waiting.visit, &day, &zone),
        doctor_name: waiting.doctor_name.clone(),
        expected_start_at: in_zone(waiting.expected_at, &zone),
    };
    let bodies: Vec<WaitingBody> = queue.iter().map(body).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// A clinic's day on paper
///
/// A PDF, each doctor's list on a page of its own; without notes, because paper lies about.
#[utoipa::path(
    tag = "Front desk",
    operation_id = "getDaySheet",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), DayParams),
    responses(
        (status = 200, description = "The sheet", body = Vec<u8>, content_type = "application/pdf"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such clinic, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/day-sheet.pdf")]
pub(super) async fn get_day_sheet(
    who: As<Team>,
    Query(asked): Query<DayParams>,
    request: HttpRequest,
    api: Data<DeskApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let day = api.show.run(&who.caller, clinic, asked.wish(0)).await?;
    let sheet = day_pdf::day_sheet(&day).map_err(|failure| Problem::internal(&failure))?;
    Ok(file(&day, "application/pdf", "pdf", sheet))
}

/// A clinic's day as a table
///
/// CSV (RFC 4180) in UTF-8 with a byte order mark, by which spreadsheets know accents; a cell that a spreadsheet would
/// take for a formula begins with an apostrophe.
#[utoipa::path(
    tag = "Front desk",
    operation_id = "getDayTable",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), DayParams),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such clinic, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/day.csv")]
pub(super) async fn get_day_table(
    who: As<Team>,
    Query(asked): Query<DayParams>,
    request: HttpRequest,
    api: Data<DeskApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let day = api.show.run(&who.caller, clinic, asked.wish(0)).await?;
    let table = day_table::day_table(&day).map_err(|failure| Problem::internal(&failure))?;
    Ok(file(&day, "text/csv; charset=utf-8; header=present", "csv", table))
}
