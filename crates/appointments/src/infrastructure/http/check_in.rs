//! Arriving by the poster at the entrance.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use kernel::{ClinicId, PortFailure};
use platform::http::admission::{As, FrontDesk};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, send};
use platform::http::{Body, Problem, ProblemBody, context, id_in_path, versions_in_if_match};
use platform::signing::LinkSigner;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::{AppointmentBody, SlotTakenBody};
use super::manage::{Asker, LinkParams, once, shown};
use super::{AppointmentsApi, bad};
use crate::application::{CheckInError, ClinicCodes, Presence};

/// Pixels of the poster's side, at least; it grows with the paper.
const POSTER: u32 = 480;

/// Makes and checks the codes of clinics: signed with the installation's secret, the same until that changes.
#[derive(Debug, Clone)]
pub struct ClinicPosters {
    /// Signs.
    pub signer: LinkSigner,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
}

impl ClinicCodes for ClinicPosters {
    fn opens(&self, code: &str, clinic: ClinicId) -> bool {
        self.signer.opens(code, clinic.as_uuid())
    }
}

impl ClinicPosters {
    /// The QR code of the clinic's check-in address, as SVG.
    fn svg(&self, clinic: ClinicId) -> Result<String, PortFailure> {
        let code = self.signer.token(clinic.as_uuid());
        let address = format!("{}/check-in?clinic_code={code}", self.public_url);
        let drawn = QrCode::new(address).map_err(|error| PortFailure::new("draw a poster", error))?;
        Ok(drawn.render::<svg::Color<'_>>().min_dimensions(POSTER, POSTER).build())
    }
}

/// Who is at which clinic.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Presence)]
pub struct CheckInBody {
    /// From the address in the QR code on the clinic's poster.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 200)]
    clinic_code: Option<String>,
}

/// I am there
///
/// The patient has scanned the poster at the entrance of the clinic: from 30 minutes before the visit to 90 minutes after
/// its start.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "checkIn",
    security(("appointmentLink" = []), ("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The appointment"), LinkParams,
        IdempotencyHeader,
        ("If-Match" = Option<String>, Header, nullable = false, description = "Check in to this version only"),
    ),
    request_body(content = CheckInBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Marked as there, now or before", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`visit-over`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, another clinic's code; `too-early-to-check-in`, `too-late-to-check-in`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/check-in")]
pub(super) async fn check_in(
    asker: Asker,
    request: HttpRequest,
    body: Body<CheckInBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Asker { id, caller } = asker;
    let once = once(&api, key_of(&request)?, &caller, &format!("check-in:{id}"), body.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let clinic_code = body.value.clinic_code.ok_or_else(|| bad("clinic_code", "required", "is required"))?;
    let wish = Presence { id, clinic_code, only_versions: versions_in_if_match(&request)? };
    match api.check_in.run(&caller, wish, context::request_id(), once).await {
        Ok(details) => Ok(send(&shown(&api, &caller, &details), Replayed::No)),
        Err(CheckInError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// The poster for a clinic's entrance
///
/// A QR code to print. It is the same until the secret of the installation changes.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getCheckInPoster",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic")),
    responses(
        (status = 200, description = "A QR code", body = String, content_type = "image/svg+xml"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Neither front desk nor administrator", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such clinic, or not yours", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}/check-in-poster.svg")]
pub(super) async fn get_poster(
    who: As<FrontDesk>,
    request: HttpRequest,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    api.poster.run(&who.caller, clinic).await?;
    let drawn = api.posters.svg(clinic).map_err(|failure| Problem::internal(&failure))?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type("image/svg+xml").body(drawn))
}
