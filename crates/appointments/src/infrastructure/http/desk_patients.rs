//! Patients as those who treat them, and their front desks, find, take down and correct them.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, patch, post};
use kernel::{ClinicId, KeptAnswer, Once, PatientId};
use platform::http::admission::{As, Desk, Practice};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{Body, FieldError, Problem, ProblemBody, context, id_in_path, required_versions, version_tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::patients::PatientsApi;
use super::relatives::{Day, given, utc};
use crate::application::{Correction, Namesakes, TakeDownError};
use crate::domain::{Particulars, Patient, PatientSearch};

/// A patient as a front desk sees one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeskPatient)]
pub struct DeskPatientBody {
    /// What a booking names.
    id: Uuid,
    #[schema(example = "Mila Example")]
    name: String,
    email: Option<String>,
    #[schema(example = "+12125550100")]
    phone: Option<String>,
    #[schema(format = Date, example = "2019-05-04")]
    birth_date: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Grows with every change; `"v1"` is the `ETag` of version 1.
    #[schema(example = 1)]
    version: i32,
}

impl DeskPatientBody {
    fn new(patient: &Patient) -> Self {
        Self {
            id: patient.id.as_uuid(),
            name: patient.name.clone(),
            email: patient.email.clone(),
            phone: patient.phone.clone(),
            birth_date: patient.birth_date.map(|date| date.to_string()),
            created_at: utc(patient.created_at),
            version: patient.version,
        }
    }
}

/// Whom to look for; all that is told has to fit.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PatientSearch)]
pub struct SearchBody {
    /// Words of the name, or beginnings of three letters at least, in any order; accents and case do not matter.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "mil exa")]
    name: Option<String>,
    /// The number, or at least its last six digits.
    #[validate(length(max = 40))]
    #[schema(nullable = false, max_length = 40, example = "555 0100")]
    phone: Option<String>,
    #[validate(length(max = 320))]
    #[schema(nullable = false, format = Email, max_length = 320)]
    email: Option<String>,
    #[schema(nullable = false, value_type = Option<String>, format = Date)]
    birth_date: Option<Day>,
}

/// Somebody without an account.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPatient)]
pub struct NewPatientBody {
    /// At which of your clinics.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    clinic_id: Option<Uuid>,
    #[validate(required, length(min = 1, max = 200))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 200, example = "Mila Example")]
    name: Option<String>,
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    email: Option<String>,
    /// 5 to 15 digits.
    #[validate(length(max = 40))]
    #[schema(max_length = 40, example = "+1 212 555 0100")]
    phone: Option<String>,
    #[schema(value_type = Option<String>, format = Date, example = "2019-05-04")]
    birth_date: Option<Day>,
    /// True once the namesakes of a `perhaps-known` were looked at: it is somebody else.
    #[serde(default)]
    #[schema(nullable = false)]
    somebody_else: Option<bool>,
}

/// What shall be other; what is left out stays, null takes away.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PatientCorrection)]
pub struct PatientCorrectionBody {
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = Email, max_length = 320)]
    email: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 40)]
    phone: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Option<Day>>,
}

/// A problem (RFC 9457) when somebody of that name and birth date is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PerhapsKnown)]
pub struct PerhapsKnownBody {
    #[schema(example = "/problems/perhaps-known")]
    r#type: String,
    #[schema(example = "Somebody of this name and birth date is known")]
    title: String,
    #[schema(example = 409)]
    status: u16,
    detail: String,
    /// `perhaps-known` or `idempotency-in-progress`.
    #[schema(example = "perhaps-known")]
    code: String,
    request_id: String,
    /// With `perhaps-known`: who, five at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    patient_ids: Option<Vec<Uuid>>,
}

fn answer(patient: &Patient, status: u16) -> KeptAnswer {
    KeptAnswer {
        status,
        location: (status == 201).then(|| format!("/api/v1/patients/{}", patient.id)),
        etag: Some(version_tag(patient.version)),
        body: serde_json::to_vec(&DeskPatientBody::new(patient)).unwrap_or_default(),
    }
}

/// Find patients
///
/// Doctors among those with a care link, front desks among those with a visit at their clinics or taken down there.
/// What is known of people does not belong into addresses, so it is asked in a body. Everybody shown is written down in
/// the list of accesses.
#[utoipa::path(
    tag = "Patients",
    operation_id = "searchPatients",
    security(("bearer" = []), ("session" = [])),
    request_body(content = SearchBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Those who fit, 20 at most", body = [DeskPatientBody]),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Neither a doctor nor a front desk", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or too little to look for", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/patients/search")]
pub(super) async fn search_patients(
    who: As<Practice>,
    body: Body<SearchBody>,
    api: Data<PatientsApi>,
) -> Result<HttpResponse, Problem> {
    let SearchBody { name, phone, email, birth_date } = body.value;
    let search = PatientSearch { name, phone, email, birth_date: birth_date.map(|day| day.0) };
    let found = api.search.run(&who.caller, &search).await?;
    let bodies: Vec<DeskPatientBody> = found.iter().map(DeskPatientBody::new).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Take down a patient
///
/// A person without an account, known to the front desk's clinic from now on. Where somebody of the same name and birth
/// date is known there, they are told first; `"somebody_else": true` says that it is not one of them.
#[utoipa::path(
    tag = "Patients",
    operation_id = "takeDownPatient",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewPatientBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Taken down", body = DeskPatientBody, headers(
            ("location" = String, description = "Address of the record"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a front desk", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`perhaps-known` with `patient_ids`, `idempotency-in-progress`", body = PerhapsKnownBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/patients")]
pub(super) async fn take_down_patient(
    who: As<Desk>,
    request: HttpRequest,
    body: Body<NewPatientBody>,
    api: Data<PatientsApi>,
) -> Result<HttpResponse, Problem> {
    let fingerprint = body.fingerprint;
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, "patient"),
        key,
        fingerprint,
        answer: Arc::new(|patient: &Patient| answer(patient, 201)),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let NewPatientBody { clinic_id, name, email, phone, birth_date, somebody_else } = body.value;
    // Both were required where the body was read.
    let clinic = ClinicId::from_uuid(clinic_id.unwrap_or_default());
    let birth_date = birth_date.map(|day| day.0);
    let particulars = Particulars { name: name.unwrap_or_default(), email, phone, birth_date };
    let namesakes = if somebody_else == Some(true) { Namesakes::Others } else { Namesakes::Unseen };
    match api.take_down.run(&who.caller, (particulars, clinic), namesakes, context::request_id(), once).await {
        Ok(patient) => Ok(send(&answer(&patient, 201), Replayed::No)),
        Err(TakeDownError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// Correct the record of a patient
///
/// For the front desk of a clinic that knows the patient. The address of who has an account, or is looked after by
/// somebody with one, is theirs to change.
#[utoipa::path(
    tag = "Patients",
    operation_id = "correctPatient",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The patient"),
        ("If-Match" = String, Header, description = "The version you have read"),
    ),
    request_body(content = PatientCorrectionBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Corrected", body = DeskPatientBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a front desk", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such patient, or not of your clinics", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/patients/{id}")]
pub(super) async fn correct_patient(
    who: As<Desk>,
    request: HttpRequest,
    body: Body<PatientCorrectionBody>,
    api: Data<PatientsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "id")?;
    let only_versions = required_versions(&request)?;
    let PatientCorrectionBody { name, email, phone, birth_date } = body.value;
    let bad_email =
        email.as_ref().and_then(Option::as_ref).is_some_and(|email| !validator::ValidateEmail::validate_email(email));
    if bad_email {
        return Err(Problem::invalid(vec![FieldError::new("email", "email", "is not an e-mail address")]));
    }
    let birth_date = birth_date.map(|date| date.map(|day| day.0));
    let correction = Correction { name, email, phone, birth_date, relation: None };
    let changed = api.correct.run(&who.caller, patient, correction, only_versions, context::request_id()).await?;
    Ok(send(&answer(&changed, 200), Replayed::No))
}
