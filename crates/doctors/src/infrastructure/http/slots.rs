//! Free times.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{DoctorId, VisitTypeId};
use platform::http::{FieldError, Problem, ProblemBody, Query, id_in_path, kinds, ok_or_not_modified};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::DoctorsApi;
use super::bodies::SlotBody;
use crate::application::{SlotsError, SlotsQuery};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SlotParams {
    /// First date of the clinic's calendar; today when left out.
    #[serde(default, deserialize_with = "super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-01")]
    from: Option<Date>,
    /// Last date, at most 30 days later; six days later when left out.
    #[serde(default, deserialize_with = "super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-07")]
    to: Option<Date>,
    /// What is to be booked; the doctor's default when left out.
    #[param(value_type = Option<Uuid>, nullable = false)]
    visit_type_id: Option<VisitTypeId>,
}

impl SlotParams {
    pub(super) const fn query(&self, doctor: DoctorId) -> SlotsQuery {
        SlotsQuery { doctor, visit_type: self.visit_type_id, from: self.from, to: self.to }
    }
}

impl From<SlotsError> for Problem {
    fn from(error: SlotsError) -> Self {
        let invalid =
            |field: &str, code: &str, message: &str| Self::invalid(vec![FieldError::new(field, code, message)]);
        match error {
            SlotsError::UnknownDoctor => Self::of(&kinds::NOT_FOUND),
            SlotsError::UnknownVisitType => invalid("visit_type_id", "unknown", "is not offered by this doctor"),
            SlotsError::EndsBeforeItBegins => invalid("to", "range", "must not lie before from"),
            SlotsError::TooLong => invalid("to", "range", "must lie at most 30 days after from"),
            SlotsError::Failed(failure) => Self::internal(&failure),
        }
    }
}

/// The free times of a doctor
///
/// Computed from hours, overrides, time off, holidays, notice and horizon, less all that is booked.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listSlots",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor"), SlotParams),
    responses(
        (status = 200, description = "Free times in order", body = Vec<SlotBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/slots")]
pub(super) async fn list_slots(
    request: HttpRequest,
    params: Query<SlotParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let free = api.slots.run(params.0.query(id_in_path(&request, "id")?)).await?;
    let slots: Vec<SlotBody> = free
        .slots
        .iter()
        .map(|slot| SlotBody::new(slot, free.zones.get(&slot.clinic).unwrap_or(&TimeZone::UTC)))
        .collect();
    Ok(ok_or_not_modified(&request, &slots, None))
}
