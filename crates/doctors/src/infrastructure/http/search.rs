//! Finding doctors.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::DoctorId;
use platform::http::{
    DEFAULT_LIMIT, FieldError, NoParams, Problem, ProblemBody, Query, cursor, from_text, id_in_path, kinds, next_link,
    ok_or_not_modified, ok_or_not_modified_at, read_cursor,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::DoctorsApi;
use super::bodies::DoctorBody;
use crate::application::{Criteria, Position, Sort, SortKey};
use crate::domain::{VisitMode, search_text, slug};

const MAX_WORDS: usize = 5;

/// In what order doctors are listed.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortParam {
    Rating,
    Price,
    Experience,
    Soonest,
}

/// How doctor and patient meet.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ModeParam {
    InPerson,
    Video,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DoctorParams {
    /// Name or slug of a specialty of the catalogue.
    #[validate(length(min = 1, max = 100))]
    #[param(min_length = 1, max_length = 100, nullable = false, example = "cardiology")]
    specialty: Option<String>,
    /// Name or slug of a city of the catalogue.
    #[validate(length(min = 1, max = 100))]
    #[param(min_length = 1, max_length = 100, nullable = false, example = "boston")]
    city: Option<String>,
    /// Words that the name or the bio must hold; case and accents do not matter. The first five count.
    #[validate(length(min = 1, max = 100))]
    #[param(min_length = 1, max_length = 100, nullable = false, example = "heart")]
    q: Option<String>,
    /// Language tag (BCP 47) the doctor speaks.
    #[validate(length(min = 2, max = 35))]
    #[param(min_length = 2, max_length = 35, nullable = false, example = "es")]
    language: Option<String>,
    /// Doctors who offer such visits.
    #[param(inline, nullable = false)]
    visit_mode: Option<ModeParam>,
    /// Highest consultation price in whole US dollars.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 0, max = 100_000))]
    #[param(minimum = 0, maximum = 100_000, nullable = false, example = 200)]
    max_price: Option<i32>,
    /// Doctors whose first free time lies on or after this date of their clinic.
    #[serde(default, deserialize_with = "super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-01")]
    available_from: Option<Date>,
    /// Doctors whose first free time lies on or before this date of their clinic.
    #[serde(default, deserialize_with = "super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-31")]
    available_to: Option<Date>,
    /// Order: best rated (default), cheapest, longest in practice, or soonest free.
    #[param(inline, nullable = false)]
    sort: Option<SortParam>,
    /// Entries of a page.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<u32>,
    /// Where the last page ended, from its `Link`.
    #[param(nullable = false)]
    cursor: Option<String>,
}

impl DoctorParams {
    fn criteria(self) -> Result<Criteria, Problem> {
        let sort = match self.sort {
            None | Some(SortParam::Rating) => Sort::Rating,
            Some(SortParam::Price) => Sort::Price,
            Some(SortParam::Experience) => Sort::Experience,
            Some(SortParam::Soonest) => Sort::Soonest,
        };
        let after: Option<Position<SortKey>> = self.cursor.as_deref().map(read_cursor).transpose()?;
        let in_order = |position: Position<SortKey>| {
            let storable = !matches!(position.key, SortKey::Soonest(at) if at < Timestamp::UNIX_EPOCH);
            storable && position.key.sort() == sort
        };
        if !after.is_none_or(in_order) {
            return Err(Problem::invalid(vec![FieldError::new(
                "cursor",
                "cursor",
                "belongs to a list in another order",
            )]));
        }
        let words = self.q.as_deref().map(search_text).unwrap_or_default();
        Ok(Criteria {
            specialty: self.specialty.as_deref().map(slug),
            city: self.city.as_deref().map(slug),
            words: words.split(' ').filter(|word| !word.is_empty()).take(MAX_WORDS).map(str::to_owned).collect(),
            language: self.language.map(|tag| tag.to_lowercase()),
            mode: self.visit_mode.map(|mode| match mode {
                ModeParam::InPerson => VisitMode::InPerson,
                ModeParam::Video => VisitMode::Video,
            }),
            max_price: self.max_price,
            available_from: self.available_from.map(storable),
            available_to: self.available_to.map(storable),
            sort,
            after,
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
        })
    }
}

/// The store keeps fewer dates than a client can write.
fn storable(date: Date) -> Date {
    date.clamp(Date::constant(1900, 1, 1), Date::constant(8999, 12, 31))
}

/// Find doctors
///
/// Pages are chained by `Link`. A specialty or city that the catalogue does not know has no doctors.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listDoctors",
    security(()),
    params(DoctorParams),
    responses(
        (status = 200, description = "A page of active doctors, each with the first free time", body = Vec<DoctorBody>, headers(
            ("etag" = String, description = "Strong entity tag"),
            ("link" = Option<String>, description = "`rel=\"next\"` leads to the next page (RFC 8288)"),
        )),
        (status = 304, description = "The client has this page already"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors")]
pub(super) async fn list_doctors(
    request: HttpRequest,
    params: Query<DoctorParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let page = api.directory.search(&params.0.criteria()?, api.clock.now()).await?;
    let link = page.next.map(|position| next_link(&request, &cursor(&position)));
    let doctors: Vec<DoctorBody> = page.entries.into_iter().map(Into::into).collect();
    Ok(ok_or_not_modified(&request, &doctors, link))
}

/// One doctor
#[utoipa::path(
    tag = "Doctors",
    operation_id = "getDoctor",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The doctor", body = DoctorBody, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this doctor already"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}")]
pub(super) async fn get_doctor(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: DoctorId = id_in_path(&request, "id")?;
    let doctor = api.directory.find(id, api.clock.now()).await?.ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let version = doctor.version;
    Ok(ok_or_not_modified_at(&request, &DoctorBody::from(doctor), version))
}
