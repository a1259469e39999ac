//! One prescription: as data, in its versions, and on paper.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use kernel::DoctorId;
use platform::http::admission::{As, Readers};
use platform::http::{Closed, NoParams, Problem, Query, from_text, id_in_path, version_tag};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::PrescriptionsApi;
use super::bodies::PrescriptionBody;
use crate::application::PrescriptionError;
use crate::domain::PrescriptionId;
use crate::infrastructure::sheet::sheet;

/// Which version.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionParams {
    /// Its number; the newest when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1))]
    #[param(nullable = false, minimum = 1)]
    version: Option<i32>,
}

/// A prescription
///
/// For who wrote it, for the patient and who looks after them, and for doctors with a care link or emergency access; what
/// doctors read stands in the patient's access log. Where the id is a doctor's, the answer leads to the list of what that
/// doctor has prescribed.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "getPrescription",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The prescription"), VersionParams),
    responses(
        (status = 200, description = "The prescription", body = PrescriptionBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 307, description = "The id is a doctor's: the list", headers(("location" = String, description = "Address of the list"))),
        Closed,
    )
)]
#[get("/prescriptions/{id}")]
pub(super) async fn get_prescription(
    who: As<Readers>,
    request: HttpRequest,
    Query(asked): Query<VersionParams>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let id: PrescriptionId = id_in_path(&request, "id")?;
    match api.read.run(&who.caller, id, asked.version).await {
        Ok(found) => Ok(HttpResponse::Ok()
            .insert_header((header::ETAG, version_tag(found.revision)))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(PrescriptionBody::new(&api, &found, api.clock.now()))),
        Err(PrescriptionError::NotFound) => {
            let doctor = DoctorId::from_uuid(id.as_uuid());
            if !api.list.is_doctor(doctor).await? {
                return Err(PrescriptionError::NotFound.into());
            }
            let list = format!("/api/v1/prescriptions?doctor_id={doctor}");
            Ok(HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, list)).finish())
        }
        Err(error) => Err(error.into()),
    }
}

/// A prescription in all its versions
///
/// The oldest first. For whoever may read the prescription.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "listPrescriptionVersions",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The prescription")),
    responses((status = 200, description = "All of them", body = Vec<PrescriptionBody>), Closed)
)]
#[get("/prescriptions/{id}/versions")]
pub(super) async fn list_versions(
    who: As<Readers>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let found = api.read.versions(&who.caller, id_in_path(&request, "id")?).await?;
    let now = api.clock.now();
    let bodies: Vec<PrescriptionBody> = found.iter().map(|one| PrescriptionBody::new(&api, one, now)).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// A prescription on paper
///
/// A PDF for the pharmacy, with a QR code that leads to the public check. The same version makes the same file. For whoever
/// may read the prescription.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "getPrescriptionPaper",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The prescription"), VersionParams),
    responses(
        (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/pdf", headers(("content-disposition" = String))),
        Closed,
    )
)]
#[get("/prescriptions/{id}/pdf")]
pub(super) async fn get_paper(
    who: As<Readers>,
    request: HttpRequest,
    Query(asked): Query<VersionParams>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let found = api.read.run(&who.caller, id_in_path(&request, "id")?, asked.version).await?;
    let file = sheet(&found, &api.check_url(found.version.code)).map_err(|failure| Problem::internal(&failure))?;
    // No name of anybody: it would stand in lists of downloads.
    let name = format!("inline; filename=\"prescription-{}-v{}.pdf\"", found.version.issued_on, found.version.number);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .content_type("application/pdf")
        .body(file))
}
