//! Specialties, cities, clinics, and what a doctor offers when.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use kernel::{ClinicId, DoctorId};
use platform::http::{
    DEFAULT_LIMIT, NoParams, Problem, ProblemBody, Query, cursor, from_text, id_in_path, kinds, next_link,
    ok_or_not_modified, ok_or_not_modified_at, read_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::DoctorsApi;
use super::bodies::{CityBody, ClinicBody, SpecialtyBody, VisitTypeBody, WeeklyHoursBody};
use crate::application::Position;
use crate::domain::slug;

/// The specialties of the catalogue, by name
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listSpecialties",
    security(()),
    responses(
        (status = 200, description = "All specialties with the number of active doctors", body = Vec<SpecialtyBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/specialties")]
pub(super) async fn list_specialties(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let specialties: Vec<SpecialtyBody> = api.directory.specialties().await?.into_iter().map(Into::into).collect();
    Ok(ok_or_not_modified(&request, &specialties, None))
}

/// The cities of the catalogue, by name
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listCities",
    security(()),
    responses(
        (status = 200, description = "All cities with the number of active doctors", body = Vec<CityBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/cities")]
pub(super) async fn list_cities(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let cities: Vec<CityBody> = api.directory.cities().await?.into_iter().map(Into::into).collect();
    Ok(ok_or_not_modified(&request, &cities, None))
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClinicParams {
    /// Name or slug of a city of the catalogue.
    #[validate(length(min = 1, max = 100))]
    #[param(min_length = 1, max_length = 100, nullable = false, example = "boston")]
    city: Option<String>,
    /// Entries of a page.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<u32>,
    /// Where the last page ended, from its `Link`.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// The clinics, by name
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listClinics",
    security(()),
    params(ClinicParams),
    responses(
        (status = 200, description = "A page of active clinics", body = Vec<ClinicBody>, headers(
            ("etag" = String, description = "Strong entity tag"),
            ("link" = Option<String>, description = "`rel=\"next\"` leads to the next page (RFC 8288)"),
        )),
        (status = 304, description = "The client has this page already"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics")]
pub(super) async fn list_clinics(
    request: HttpRequest,
    params: Query<ClinicParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let Query(params) = params;
    let after: Option<Position<String>> = params.cursor.as_deref().map(read_cursor).transpose()?;
    let city = params.city.as_deref().map(slug);
    let page = api.directory.clinics(city.as_deref(), after.as_ref(), params.limit.unwrap_or(DEFAULT_LIMIT)).await?;
    let link = page.next.as_ref().map(|position| next_link(&request, &cursor(position)));
    let clinics: Vec<ClinicBody> = page.entries.into_iter().map(Into::into).collect();
    Ok(ok_or_not_modified(&request, &clinics, link))
}

/// One clinic
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "getClinic",
    security(()),
    params(("id" = Uuid, Path, description = "The clinic")),
    responses(
        (status = 200, description = "The clinic", body = ClinicBody, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has it already"),
        (status = 404, description = "No such clinic", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/clinics/{id}")]
pub(super) async fn get_clinic(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: ClinicId = id_in_path(&request, "id")?;
    let clinic = api.directory.clinic(id).await?.ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let version = clinic.version;
    Ok(ok_or_not_modified_at(&request, &ClinicBody::from(clinic), version))
}

/// What one can book with a doctor
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listVisitTypes",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The visit types, the default one first", body = Vec<VisitTypeBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/visit-types")]
pub(super) async fn list_visit_types(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: DoctorId = id_in_path(&request, "id")?;
    let visit_types = api.directory.visit_types(id).await?.ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let bodies: Vec<VisitTypeBody> = visit_types.into_iter().map(Into::into).collect();
    Ok(ok_or_not_modified(&request, &bodies, None))
}

/// A doctor's weekly hours
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listWeeklyHours",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The hours in order of the week", body = Vec<WeeklyHoursBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/weekly-hours")]
pub(super) async fn list_weekly_hours(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: DoctorId = id_in_path(&request, "id")?;
    // Before the hours: a tag may be older than what it stands by, never newer.
    let version = api.practice.read.calendar_version(id).await?;
    let hours = api.directory.weekly_hours(id).await?.ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let bodies: Vec<WeeklyHoursBody> = hours.into_iter().map(Into::into).collect();
    Ok(ok_or_not_modified_at(&request, &bodies, version))
}
