use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{AppointmentId, Caller, DoctorId, PortFailure};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::AppointmentsApi;
use super::bodies::AppointmentBody;
use crate::application::{Prescribed, VisitPage};

/// A visit in a calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarEntry)]
pub struct CalendarBody {
    #[serde(flatten)]
    pub(super) visit: AppointmentBody,
    /// What was prescribed at the visit, or null. Told to the doctor alone: for everybody else it is null.
    pub(super) prescription: Option<PrescribedBody>,
}

/// That something was prescribed at a visit. What it was, `GET /api/v1/prescriptions/{id}` tells.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisitPrescription)]
pub struct PrescribedBody {
    id: Uuid,
    /// The newest version.
    #[schema(example = 1)]
    version: i32,
    /// `valid`, `expired` or `withdrawn`.
    #[schema(example = "valid")]
    state: &'static str,
    /// Of the clinic's calendar.
    #[schema(format = Date, example = "2027-03-01")]
    issued_on: String,
    /// The last day on which it is good.
    #[schema(format = Date, example = "2027-06-01")]
    valid_until: String,
}

impl From<Prescribed> for PrescribedBody {
    fn from(prescribed: Prescribed) -> Self {
        Self {
            id: prescribed.id,
            version: prescribed.version,
            state: prescribed.state,
            issued_on: prescribed.issued_on.to_string(),
            valid_until: prescribed.valid_until.to_string(),
        }
    }
}

/// What was prescribed at the visits of a page, for who may know: front desks and administrators run calendars and read
/// no prescriptions, not even that there is one.
pub(super) async fn prescribed(
    api: &AppointmentsApi,
    caller: &Caller,
    doctor: DoctorId,
    page: &VisitPage,
    now: Timestamp,
) -> Result<HashMap<AppointmentId, Prescribed>, PortFailure> {
    if !caller.is_doctor(doctor) {
        return Ok(HashMap::new());
    }
    let visits: Vec<AppointmentId> = page.visits.iter().map(|details| details.appointment.id).collect();
    api.prescriptions.of_visits(doctor, &visits, now).await
}
