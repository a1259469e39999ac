//! Arrived, completed, did not come: for those who run calendars.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::AppointmentId;
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, send};
use platform::http::{Nothing, OptionalBody, Problem, ProblemBody, context, id_in_path, versions_in_if_match};

use super::AppointmentsApi;
use super::bodies::{AppointmentBody, SlotTakenBody};
use super::manage::{once, shown};
use crate::application::MarkError;
use crate::domain::Mark;

async fn mark(
    who: As<Team>,
    request: HttpRequest,
    body: OptionalBody<Nothing>,
    api: Data<AppointmentsApi>,
    mark: Mark,
) -> Result<HttpResponse, Problem> {
    let id: AppointmentId = id_in_path(&request, "id")?;
    let what = format!("{}:{id}", mark.leads_to().word());
    let once = once(&api, key_of(&request)?, &who.caller, &what, body.0.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let versions = versions_in_if_match(&request)?;
    match api.mark.run(&who.caller, id, mark, versions, context::request_id(), once).await {
        Ok(details) => Ok(send(&shown(&api, &who.caller, &details), Replayed::No)),
        Err(MarkError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

macro_rules! marks {
    ($($name:ident $path:literal $id:literal $summary:literal $rule:literal $mark:ident $problems:literal;)+) => {$(
        #[doc = $summary]
        #[doc = ""]
        #[doc = $rule]
        #[utoipa::path(
            tag = "Appointments",
            operation_id = $id,
            security(("bearer" = []), ("session" = [])),
            params(
                ("id" = Uuid, Path, description = "The appointment"),
                IdempotencyHeader,
                ("If-Match" = Option<String>, Header, nullable = false, description = "Mark only this version"),
            ),
            responses(
                (status = 200, description = "Marked, or marked so already", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
                (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
                (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
                (status = 404, description = "No such appointment, or not within your reach", body = ProblemBody, content_type = "application/problem+json"),
                (status = 409, description = $problems, body = SlotTakenBody, content_type = "application/problem+json"),
                (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
                (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
                (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
                (status = 422, description = "A body that says something; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
            )
        )]
        #[post($path)]
        pub(super) async fn $name(
            who: As<Team>,
            request: HttpRequest,
            body: OptionalBody<Nothing>,
            api: Data<AppointmentsApi>,
        ) -> Result<HttpResponse, Problem> {
            mark(who, request, body, api, Mark::$mark).await
        }
    )+};
}

marks! {
    mark_arrived "/appointments/{id}/arrive" "markArrived" "The patient is there" "On the day of the visit." Arrived
        "`not-today`, `visit-over`, `idempotency-in-progress`";
    mark_completed "/appointments/{id}/complete" "markCompleted" "The visit took place"
        "Once the patient has arrived or the visit has begun." Completed
        "`visit-not-started`, `visit-over`, `idempotency-in-progress`";
    mark_no_show "/appointments/{id}/no-show" "markNoShow" "The patient did not come" "Once the visit has begun." NoShow
        "`visit-not-started`, `visit-over`, `idempotency-in-progress`";
}
