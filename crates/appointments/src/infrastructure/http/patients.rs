//! Records of patients, for those who look after them and those who treat them.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use kernel::{KeptAnswer, Once, PatientId};
use platform::http::admission::{As, Carers, Doctors};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{Body, Problem, ProblemBody, context, id_in_path, version_tag};
use platform::idempotency::Answers;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::relatives::utc;
use crate::application::{
    AccessIs, CorrectPatient, EmergencyError, EndEmergencyAccess, OpenAccess, OpenEmergencyAccess, PatientRecord,
    ReadPatient, SearchPatients, Standing, TakeDownPatient,
};

/// What the handlers of patients' records need.
pub struct PatientsApi {
    /// Shows records.
    pub read: ReadPatient,
    /// Opens records in an emergency.
    pub open_emergency: OpenEmergencyAccess,
    /// Closes them.
    pub end_emergency: EndEmergencyAccess,
    /// Finds patients.
    pub search: SearchPatients,
    /// Takes patients down.
    pub take_down: TakeDownPatient,
    /// Corrects patients.
    pub correct: CorrectPatient,
    /// First answers, kept.
    pub answers: Answers,
}

/// The record of a patient, as far as the caller reaches.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientRecord)]
pub struct PatientBody {
    id: Uuid,
    #[schema(example = "Mila Example")]
    name: String,
    #[schema(example = "mila@example.org")]
    email: Option<String>,
    #[schema(example = "+12125550100")]
    phone: Option<String>,
    #[schema(format = Date, example = "2019-05-04")]
    birth_date: Option<String>,
    /// What the patient is to you: `self`, `child`, `parent`, `partner` or `other`; `care_link` to a doctor, `clinic`
    /// to a front desk, `emergency` where a doctor has opened the record without a care link.
    #[schema(example = "care_link")]
    relation: &'static str,
    /// Visits that were not called off: a doctor's own, a front desk's clinics', else all.
    #[schema(example = 3)]
    visits: u32,
    #[schema(format = DateTime)]
    first_visit_at: Option<String>,
    /// The last one that has begun.
    #[schema(format = DateTime)]
    last_visit_at: Option<String>,
    #[schema(format = DateTime)]
    next_visit_at: Option<String>,
    /// Since when the person is known here.
    #[schema(format = DateTime)]
    created_at: String,
    /// Grows with every change; `"v1"` is the `ETag` of version 1.
    #[schema(example = 1)]
    version: i32,
}

impl PatientBody {
    fn new(record: PatientRecord) -> Self {
        let PatientRecord { patient, standing, figures } = record;
        Self {
            id: patient.id.as_uuid(),
            name: patient.name,
            email: patient.email,
            phone: patient.phone,
            birth_date: patient.birth_date.map(|date| date.to_string()),
            relation: match standing {
                Standing::Relative(relation) => relation.word(),
                Standing::CareLink => "care_link",
                Standing::Clinic => "clinic",
                Standing::Emergency => "emergency",
            },
            visits: figures.visits,
            first_visit_at: figures.first_at.map(utc),
            last_visit_at: figures.last_at.map(utc),
            next_visit_at: figures.next_at.map(utc),
            created_at: utc(patient.created_at),
            version: patient.version,
        }
    }
}

/// Why a record is opened without a care link.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Emergency)]
pub struct EmergencyBody {
    /// Kept sealed; the patient can read it in the copy of all that is stored.
    #[validate(required, length(min = 10, max = 500))]
    #[schema(
        required = true,
        nullable = false,
        min_length = 10,
        max_length = 500,
        example = "Unconscious on arrival, no papers"
    )]
    reason: Option<String>,
}

/// A record that stands open.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmergencyAccess)]
pub struct EmergencyAccessBody {
    id: Uuid,
    patient_id: Uuid,
    #[schema(format = DateTime)]
    granted_at: String,
    /// By itself, an hour later.
    #[schema(format = DateTime)]
    ends_at: String,
}

fn answer(open: &OpenAccess) -> KeptAnswer {
    let OpenAccess { access, is } = open;
    let body = EmergencyAccessBody {
        id: access.id.as_uuid(),
        patient_id: access.patient.as_uuid(),
        granted_at: utc(access.granted_at),
        ends_at: utc(access.ends_at),
    };
    let new = *is == AccessIs::New;
    KeptAnswer {
        status: if new { 201 } else { 200 },
        location: new.then(|| format!("/api/v1/patients/{}", access.patient)),
        etag: None,
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

/// The record of a patient
///
/// For who looks after the patient, a doctor with a care link (a visit with that doctor, not called off) or with
/// emergency access, and the front desk of a clinic with a visit of the patient. Whoever reads of others is written
/// down for the patient to see.
#[utoipa::path(
    tag = "Patients",
    operation_id = "getPatient",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The patient")),
    responses(
        (status = 200, description = "The record", body = PatientBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such patient, or not yours", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/patients/{id}")]
pub(super) async fn get_patient(
    who: As<Carers>,
    request: HttpRequest,
    api: Data<PatientsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "id")?;
    let record = api.read.run(&who.caller, patient).await?;
    let etag = Some(version_tag(record.patient.version));
    let body = serde_json::to_vec(&PatientBody::new(record)).unwrap_or_default();
    Ok(send(&KeptAnswer { status: 200, location: None, etag, body }, Replayed::No))
}

/// Open a record in an emergency
///
/// For a doctor without a care link, for one hour: the record and all visits of the patient can be read (visits by
/// `GET /appointments?patient_id=`), nothing can be changed. The front desks of the patient's clinics are told by mail,
/// and everything read is marked in the patient's list of accesses. Once more within the hour changes nothing.
#[utoipa::path(
    tag = "Patients",
    operation_id = "openEmergencyAccess",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The patient"),
        IdempotencyHeader,
    ),
    request_body(content = EmergencyBody, content_type = "application/json"),
    responses(
        (status = 200, description = "It stands open already", body = EmergencyAccessBody),
        (status = 201, description = "Opened", body = EmergencyAccessBody, headers(
            ("location" = String, description = "Address of the record"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`care-link`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/patients/{id}/emergency-access")]
pub(super) async fn open_emergency_access(
    who: As<Doctors>,
    request: HttpRequest,
    body: Body<EmergencyBody>,
    api: Data<PatientsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "id")?;
    let fingerprint = body.fingerprint;
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, "emergency-access"),
        key,
        fingerprint,
        answer: Arc::new(answer),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    // Required where the body was read.
    let reason = body.value.reason.unwrap_or_default();
    match api.open_emergency.run(&who.caller, patient, &reason, context::request_id(), once).await {
        Ok(open) => Ok(send(&answer(&open), Replayed::No)),
        Err(EmergencyError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// Close a record that you have opened in an emergency
#[utoipa::path(
    tag = "Patients",
    operation_id = "endEmergencyAccess",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The patient")),
    responses(
        (status = 204, description = "Closed"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "You have never opened that record", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/patients/{id}/emergency-access")]
pub(super) async fn end_emergency_access(
    who: As<Doctors>,
    request: HttpRequest,
    api: Data<PatientsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "id")?;
    api.end_emergency.run(&who.caller, patient, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}
