//! Whom somebody books for: oneself and those one looks after.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{KeptAnswer, Once, PatientId};
pub(super) use platform::http::PlainDate as Day;
use platform::http::admission::{As, Patients};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{
    Body, FieldError, Problem, ProblemBody, context, id_in_path, in_zone, required_versions, version_tag,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::AppointmentsApi;
use crate::application::{AddRelativeError, Correction, Relative};
use crate::domain::{Particulars, Relation};

/// A patient whom the caller books for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Relative)]
pub struct RelativeBody {
    /// What a booking names.
    patient_id: Uuid,
    #[schema(example = "Mila Example")]
    name: String,
    /// The patient's own address. Who has none is written to through who looks after them.
    #[schema(example = "mila@example.org")]
    email: Option<String>,
    #[schema(example = "+12125550100")]
    phone: Option<String>,
    #[schema(format = Date, example = "2019-05-04")]
    birth_date: Option<String>,
    /// `self`, `child`, `parent`, `partner` or `other`.
    #[schema(example = "child")]
    relation: &'static str,
    /// Since when the caller books for them.
    #[schema(format = DateTime)]
    since: String,
    /// Grows with every change; `"v1"` is the `ETag` of version 1.
    #[schema(example = 1)]
    version: i32,
}

impl RelativeBody {
    fn new(relative: &Relative) -> Self {
        let Relative { patient, relation, since } = relative;
        Self {
            patient_id: patient.id.as_uuid(),
            name: patient.name.clone(),
            email: patient.email.clone(),
            phone: patient.phone.clone(),
            birth_date: patient.birth_date.map(|date| date.to_string()),
            relation: relation.word(),
            since: utc(*since),
            version: patient.version,
        }
    }
}

/// No clinic, no zone.
pub(super) fn utc(at: Timestamp) -> String {
    in_zone(at, &TimeZone::UTC)
}

/// Somebody whom the caller looks after from now on.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRelative)]
pub struct NewRelativeBody {
    /// As the person writes it.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 200, example = "Mila Example")]
    name: Option<String>,
    /// `child`, `parent`, `partner` or `other`.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, example = "child")]
    relation: Option<RelationWord>,
    /// The person's own address, where there is one.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    email: Option<String>,
    /// 5 to 15 digits.
    #[validate(length(max = 40))]
    #[schema(max_length = 40, example = "+1 212 555 0100")]
    phone: Option<String>,
    #[schema(value_type = Option<String>, format = Date, example = "2019-05-04")]
    birth_date: Option<Day>,
}

/// What shall be other; what is left out stays, null takes away.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = RelativeCorrection)]
pub struct CorrectionBody {
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// `child`, `parent`, `partner` or `other`.
    #[schema(nullable = false, value_type = Option<String>)]
    relation: Option<RelationWord>,
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

/// Tells null, which takes away, from what is left out.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Debug, Clone, Copy, Serialize)]
struct RelationWord(Relation);

impl<'de> Deserialize<'de> for RelationWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let expected = "not a relation, expected child, parent, partner or other";
        Relation::from_word(&word).map(Self).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

fn answer(relative: &Relative, status: u16) -> KeptAnswer {
    let body = RelativeBody::new(relative);
    KeptAnswer {
        status,
        location: (status == 201).then(|| format!("/api/v1/me/relatives/{}", body.patient_id)),
        etag: Some(version_tag(relative.patient.version)),
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

/// For whom you book
///
/// Yourself first, then those you look after. Visits that you booked as a guest with your address belong to records
/// in this list.
#[utoipa::path(
    tag = "Relatives",
    operation_id = "listRelatives",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "At most 100", body = [RelativeBody]),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/relatives")]
pub(super) async fn list_relatives(who: As<Patients>, api: Data<AppointmentsApi>) -> Result<HttpResponse, Problem> {
    let relatives = api.relatives.run(&who.caller, context::request_id()).await?;
    let bodies: Vec<RelativeBody> = relatives.iter().map(RelativeBody::new).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Look after somebody
#[utoipa::path(
    tag = "Relatives",
    operation_id = "addRelative",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewRelativeBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Taken down", body = RelativeBody, headers(
            ("location" = String, description = "Address of the record"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too-many-relatives`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/me/relatives")]
pub(super) async fn add_relative(
    who: As<Patients>,
    request: HttpRequest,
    body: Body<NewRelativeBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let fingerprint = body.fingerprint;
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, "relative"),
        key,
        fingerprint,
        answer: Arc::new(|relative: &Relative| answer(relative, 201)),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let NewRelativeBody { name, relation, email, phone, birth_date } = body.value;
    // Both were required where the body was read.
    let relation = relation.map_or(Relation::Other, |word| word.0);
    let birth_date = birth_date.map(|day| day.0);
    let particulars = Particulars { name: name.unwrap_or_default(), email, phone, birth_date };
    match api.add_relative.run(&who.caller, particulars, relation, context::request_id(), once).await {
        Ok(relative) => Ok(send(&answer(&relative, 201), Replayed::No)),
        Err(AddRelativeError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// Somebody you book for
#[utoipa::path(
    tag = "Relatives",
    operation_id = "getRelative",
    security(("bearer" = []), ("session" = [])),
    params(("patient_id" = Uuid, Path, description = "The patient")),
    responses(
        (status = 200, description = "The record", body = RelativeBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody you look after", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Unknown query parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/relatives/{patient_id}")]
pub(super) async fn get_relative(
    who: As<Patients>,
    request: HttpRequest,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "patient_id")?;
    let relative = api.relatives.one(&who.caller, patient).await?;
    Ok(send(&answer(&relative, 200), Replayed::No))
}

/// Correct the record of somebody you book for
///
/// Also your own, but for the relation.
#[utoipa::path(
    tag = "Relatives",
    operation_id = "changeRelative",
    security(("bearer" = []), ("session" = [])),
    params(
        ("patient_id" = Uuid, Path, description = "The patient"),
        ("If-Match" = String, Header, description = "The version you have read"),
    ),
    request_body(content = CorrectionBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Corrected", body = RelativeBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody you look after", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/me/relatives/{patient_id}")]
pub(super) async fn change_relative(
    who: As<Patients>,
    request: HttpRequest,
    body: Body<CorrectionBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "patient_id")?;
    let only_versions = required_versions(&request)?;
    let CorrectionBody { name, relation, email, phone, birth_date } = body.value;
    let bad_email =
        email.as_ref().and_then(Option::as_ref).is_some_and(|email| !validator::ValidateEmail::validate_email(email));
    if bad_email {
        return Err(Problem::invalid(vec![FieldError::new("email", "email", "is not an e-mail address")]));
    }
    let correction = Correction {
        name,
        email,
        phone,
        birth_date: birth_date.map(|date| date.map(|day| day.0)),
        relation: relation.map(|word| word.0),
    };
    let changed =
        api.change_relative.run(&who.caller, patient, correction, only_versions, context::request_id()).await?;
    Ok(send(&answer(&changed, 200), Replayed::No))
}

/// No longer look after somebody
///
/// The record and its visits stay; you do not see them any more. Not while visits are ahead, and never yourself.
#[utoipa::path(
    tag = "Relatives",
    operation_id = "releaseRelative",
    security(("bearer" = []), ("session" = [])),
    params(("patient_id" = Uuid, Path, description = "The patient")),
    responses(
        (status = 204, description = "Released"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody you look after", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`visits-ahead`, `oneself-stays`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Unknown query parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/me/relatives/{patient_id}")]
pub(super) async fn release_relative(
    who: As<Patients>,
    request: HttpRequest,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let patient: PatientId = id_in_path(&request, "patient_id")?;
    api.release_relative.run(&who.caller, patient, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}
