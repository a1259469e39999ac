//! Lists of prescriptions, and figures.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use kernel::{DoctorId, PatientId};
use platform::http::admission::{As, Doctors, Readers};
use platform::http::{
    Closed, DEFAULT_LIMIT, FieldError, PlainDate, Problem, ProblemBody, Query, cursor, from_text, page_of, read_cursor,
};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::PrescriptionsApi;
use super::bodies::{FiguresBody, PrescriptionBody};
use crate::application::Filter;
use crate::domain::{PrescriptionId, Search, SearchError, State};

/// Which prescriptions.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// By this doctor.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// For this patient. Doctors with a care link or emergency access see what colleagues have prescribed as well.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    patient_id: Option<PatientId>,
    /// Words of the patient's name, or their beginnings from three letters on, in any order.
    #[validate(length(min = 1, max = 100))]
    #[param(nullable = false, min_length = 1, max_length = 100)]
    patient: Option<String>,
    /// Words of a medicine's name, or their beginnings from three letters on, in any order.
    #[validate(length(min = 1, max = 100))]
    #[param(nullable = false, min_length = 1, max_length = 100)]
    medication: Option<String>,
    /// `valid`, `expired` or `withdrawn`.
    #[param(nullable = false, value_type = Option<String>)]
    state: Option<StateWord>,
    /// The newest version issued on this date of the clinic's calendar or later.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    from: Option<PlainDate>,
    /// The newest version issued on this date or earlier.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    to: Option<PlainDate>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct StateWord(State);

impl<'de> Deserialize<'de> for StateWord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        // Of each prescription the newest version is listed, so none here was replaced.
        let state = State::from_word(&word).filter(|state| *state != State::Replaced);
        state.map(Self).ok_or_else(|| serde::de::Error::custom("not a state, expected valid, expired or withdrawn"))
    }
}

/// Whose figures.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FiguresParams {
    /// The doctor; oneself when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
}

/// Prescriptions within your reach
///
/// Doctors: what they have written, and all that was written for a patient with whom they have a care link or whose record
/// stands open to them; patients: their own and those of whom they look after. The newest first, each in its newest
/// version. What doctors read stands in the patients' access logs.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "listPrescriptions",
    security(("bearer" = []), ("session" = [])),
    params(ListParams),
    responses(
        (status = 200, description = "A page", body = Vec<PrescriptionBody>, headers(("link" = Option<String>, description = "`rel=\"next\"`: the next page, where there is one (RFC 8288)"))),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not in this role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/prescriptions")]
pub(super) async fn list_prescriptions(
    who: As<Readers>,
    Query(asked): Query<ListParams>,
    request: HttpRequest,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let after: Option<PrescriptionId> = asked.cursor.as_deref().map(read_cursor).transpose()?;
    let search = Search { patient: asked.patient, medication: asked.medication };
    search.terms().map_err(|error| {
        let field = match error {
            SearchError::Patient => "patient",
            SearchError::Medication => "medication",
        };
        Problem::invalid(vec![FieldError::new(field, "words", "must hold a letter or a digit")])
    })?;
    let filter = Filter {
        doctor: asked.doctor_id,
        patient: asked.patient_id,
        search,
        state: asked.state.map(|word| word.0),
        from: asked.from.map(|date| date.0),
        to: asked.to.map(|date| date.0),
    };
    let page = api.list.run(&who.caller, &filter, after, asked.limit.unwrap_or(DEFAULT_LIMIT)).await?;
    let now = api.clock.now();
    let bodies: Vec<PrescriptionBody> =
        page.prescriptions.iter().map(|one| PrescriptionBody::new(&api, one, now)).collect();
    Ok(page_of(&request, &bodies, page.next.as_ref().map(cursor).as_deref()))
}

/// What I have prescribed, counted
///
/// For doctors, about themselves.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "getPrescriptionFigures",
    security(("bearer" = []), ("session" = [])),
    params(FiguresParams),
    responses((status = 200, description = "The figures", body = FiguresBody), Closed)
)]
#[get("/prescriptions/figures")]
pub(super) async fn get_figures(
    who: As<Doctors>,
    Query(asked): Query<FiguresParams>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, figures) = api.count.run(&who.caller, asked.doctor_id).await?;
    let body = FiguresBody::new(doctor.as_uuid(), figures);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}
