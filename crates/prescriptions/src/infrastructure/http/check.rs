//! What a paper is worth, for whoever holds it.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use platform::http::{Body, NoParams, Problem, ProblemBody, Query, WithBody, kinds};

use super::PrescriptionsApi;
use super::bodies::{CheckBody, HashBody};
use crate::application::Checked;
use crate::domain::{CheckCode, Signature};

fn told(found: Option<Checked>) -> Result<HttpResponse, Problem> {
    let checked = found.ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex, nofollow"))
        .json(CheckBody::new(&checked)))
}

/// What a prescription's paper is worth
///
/// By the code in its QR code: whether it is still good, and the hash that has to stand on it. Nothing about patient,
/// doctor or medicines.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "checkPrescription",
    security(()),
    params(("code" = String, Path, description = "The code on the paper, with or without its spaces", max_length = 104)),
    responses(
        (status = 200, description = "What it is worth", body = CheckBody),
        (status = 404, description = "We have written no such paper", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/prescriptions/check/{code}")]
pub(super) async fn check_code(
    code: Path<String>,
    _: Query<NoParams>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let code: CheckCode = code.parse().map_err(|_| Problem::of(&kinds::NOT_FOUND))?;
    told(api.check.by_code(code).await.map_err(|failure| Problem::internal(&failure))?)
}

/// What the paper with this hash is worth
///
/// The same as by its code, where that cannot be read. Changes nothing.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "checkPrescriptionHash",
    security(()),
    request_body(content = HashBody, content_type = "application/json"),
    responses(
        (status = 200, description = "What it is worth", body = CheckBody),
        (status = 404, description = "We have written no such paper", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        WithBody,
    )
)]
#[post("/prescriptions/check")]
pub(super) async fn check_hash(
    _: Query<NoParams>,
    body: Body<HashBody>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let hash = body.value.hash.unwrap_or_default();
    let signature: Signature = hash.parse().map_err(|_| Problem::of(&kinds::NOT_FOUND))?;
    told(api.check.by_signature(signature).await.map_err(|failure| Problem::internal(&failure))?)
}
