//! Reports about doctors: asked for, listed, fetched.

use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use jiff::tz::TimeZone;
use kernel::{DoctorId, FailureKind, KeptAnswer, Once, PortFailure};
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{
    Body, NoParams, PlainDate, Problem, ProblemBody, Query, context, cursor, from_text, id_in_path, in_zone, page_of,
    read_cursor,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::ReportsApi;
use super::problems::not_ready;
use crate::application::RequestError;
use crate::domain::{Report, ReportId, ReportState};
use crate::infrastructure::report_files::object_of;

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

/// The period of a report.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReport)]
pub struct NewReportBody {
    /// First date.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = Date, example = "2027-02-01")]
    from: Option<PlainDate>,
    /// Last date, which has ended; the period has 366 days at most.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = Date, example = "2027-02-28")]
    to: Option<PlainDate>,
}

/// A report about a doctor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct ReportBody {
    id: Uuid,
    doctor_id: Uuid,
    /// The clinics it tells of.
    clinic_ids: Vec<Uuid>,
    #[schema(format = Date, example = "2027-02-01")]
    from: String,
    #[schema(format = Date, example = "2027-02-28")]
    to: String,
    /// `waiting`, `ready` or `failed`.
    #[schema(example = "ready")]
    state: &'static str,
    #[schema(format = DateTime)]
    asked_at: String,
    #[schema(format = DateTime)]
    ready_at: Option<String>,
    /// Bytes of the file.
    #[schema(example = 24_731)]
    size: Option<u64>,
    /// SHA-256 of the file, in hexadecimal digits.
    sha256: Option<String>,
}

impl ReportBody {
    fn new(report: &Report) -> Self {
        let printed = match report.state {
            ReportState::Ready(printed) => Some(printed),
            ReportState::Waiting | ReportState::Failed => None,
        };
        Self {
            id: report.id.as_uuid(),
            doctor_id: report.doctor.as_uuid(),
            clinic_ids: report.clinics.iter().map(|clinic| clinic.as_uuid()).collect(),
            from: report.from.to_string(),
            to: report.to.to_string(),
            state: report.state.word(),
            asked_at: in_zone(report.asked_at, &TimeZone::UTC),
            ready_at: printed.map(|printed| in_zone(printed.at, &TimeZone::UTC)),
            size: printed.map(|printed| printed.size),
            sha256: printed.map(|printed| printed.sha256.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}

fn accepted(report: &Report) -> KeptAnswer {
    KeptAnswer {
        status: 202,
        location: Some(format!("/api/v1/reports/{}", report.id)),
        etag: None,
        body: serde_json::to_vec(&ReportBody::new(report)).unwrap_or_default(),
    }
}

/// Have a report about a doctor made
///
/// A PDF about the doctor's visits in a period: figures, and the visits week by week. It is made of the [figures of
/// days](#tag/Reports/operation/listFigures) and tells nothing of single patients. The worker prints it; whoever has asked
/// is told by mail. The doctor and administrators get all clinics where the doctor works, a front desk its own of these.
/// It is kept for 90 days.
#[utoipa::path(
    tag = "Reports",
    operation_id = "requestReport",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), IdempotencyHeader),
    request_body(content = NewReportBody, content_type = "application/json"),
    responses(
        (status = 202, description = "It will be made", body = ReportBody, headers(("location" = String, description = "Where to ask how far it has come"), ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a period that is not over or too long; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/doctors/{id}/reports")]
pub(super) async fn request_report(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<NewReportBody>,
    api: Data<ReportsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, &format!("report:{doctor}")),
        key,
        fingerprint: body.fingerprint,
        answer: Arc::new(accepted),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let NewReportBody { from: Some(from), to: Some(to) } = body.value else { return Err(Problem::invalid(Vec::new())) };
    match api.request.run(&who.caller, doctor, (from.0, to.0), context::request_id(), once).await {
        Ok(report) => Ok(send(&accepted(&report), Replayed::No)),
        Err(RequestError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

/// Reports
///
/// The newest first. Doctors see those about themselves, front desks those that tell of their clinics alone,
/// administrators all.
#[utoipa::path(
    tag = "Reports",
    operation_id = "listReports",
    security(("bearer" = []), ("session" = [])),
    params(PageParams),
    responses(
        (status = 200, description = "A page", body = Vec<ReportBody>, headers(("link" = Option<String>, description = "`rel=\"next\"`: the next page, where there is one (RFC 8288)"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/reports")]
pub(super) async fn list_reports(
    who: As<Team>,
    Query(asked): Query<PageParams>,
    request: HttpRequest,
    api: Data<ReportsApi>,
) -> Result<HttpResponse, Problem> {
    let after: Option<ReportId> = asked.cursor.as_deref().map(read_cursor).transpose()?;
    let (found, more) = api.read.run(&who.caller, after, asked.limit.unwrap_or(20)).await?;
    let next = found.last().filter(|_| more).map(|last| cursor(&last.id));
    let bodies: Vec<ReportBody> = found.iter().map(ReportBody::new).collect();
    Ok(page_of(&request, &bodies, next.as_deref()))
}

/// A report
///
/// How far it has come.
#[utoipa::path(
    tag = "Reports",
    operation_id = "getReport",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The report")),
    responses(
        (status = 200, description = "The report", body = ReportBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such report, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/reports/{id}")]
pub(super) async fn get_report(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<ReportsApi>,
) -> Result<HttpResponse, Problem> {
    let report = api.read.one(&who.caller, id_in_path(&request, "id")?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(ReportBody::new(&report)))
}

/// A report's file
///
/// The PDF.
#[utoipa::path(
    tag = "Reports",
    operation_id = "getReportFile",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The report")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf", headers(("content-disposition" = String))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such report, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`report-not-ready`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/reports/{id}/file")]
pub(super) async fn get_report_file(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<ReportsApi>,
) -> Result<HttpResponse, Problem> {
    let report = api.read.one(&who.caller, id_in_path(&request, "id")?).await?;
    let ReportState::Ready(_) = report.state else { return Err(not_ready()) };
    let Some(found) = api.storage.get(&object_of(&report)?, None).await? else {
        let gone = PortFailure::new("find a report's file", "there is a row, and no object");
        return Err(Problem::internal(&gone.of_kind(FailureKind::Unavailable)));
    };
    let name = format!("attachment; filename=\"doctor-report-{}-{}.pdf\"", report.from, report.to);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("application/pdf")
        .body(SizedStream::new(found.size, found.body)))
}
