//! A visit for a calendar program: signed in, or by its link.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use platform::http::{Problem, ProblemBody};

use super::AppointmentsApi;
use super::manage::{Asker, LinkParams};

/// An appointment as a calendar file
///
/// iCalendar (RFC 5545) with the definition of the clinic's time zone. Its UID stays through all moves, its SEQUENCE grows
/// with each change. It names doctor and clinic, and nothing medical.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getAppointmentFile",
    security(("appointmentLink" = []), ("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The appointment"), LinkParams),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/calendar"),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/appointments/{id}/calendar.ics")]
pub(super) async fn get_calendar_file(asker: Asker, api: Data<AppointmentsApi>) -> Result<HttpResponse, Problem> {
    let Asker { id, caller } = asker;
    let found = api.read.run(&caller, id).await?;
    let file = api.letters.file(&caller, &found).await.map_err(|failure| Problem::internal(&failure))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/calendar; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"appointment.ics\""))
        .body(file))
}
