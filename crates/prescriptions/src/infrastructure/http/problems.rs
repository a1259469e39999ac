//! The slice's refusals as clients hear them.

use platform::http::{FieldError, Kind, Problem, kinds};
use serde_json::json;

use crate::application::PrescriptionError;
use crate::domain::Fault;

static PRESCRIPTION_EXISTS: Kind = Kind {
    code: "prescription-exists",
    status: 409,
    title: "The visit has a prescription",
    help: "There is one prescription for each visit; prescription_id tells which. Change it with PUT: that writes a new version, and whoever checks an older paper sees that it was replaced.",
};

static VISIT_NOT_HELD: Kind = Kind {
    code: "visit-not-held",
    status: 409,
    title: "Nothing can be prescribed for this visit yet",
    help: "A prescription is written while the patient is there (arrived) or after the visit took place (completed). Mark the visit first.",
};

static PRESCRIPTION_WITHDRAWN: Kind = Kind {
    code: "prescription-withdrawn",
    status: 409,
    title: "This prescription was withdrawn",
    help: "What was withdrawn is not changed any more, so that no paper of it becomes good again. Prescribe anew at another visit.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] = &[&PRESCRIPTION_EXISTS, &VISIT_NOT_HELD, &PRESCRIPTION_WITHDRAWN];

fn told(fault: Fault) -> FieldError {
    FieldError::new(fault.field, fault.code, fault.message)
}

impl From<PrescriptionError> for Problem {
    fn from(error: PrescriptionError) -> Self {
        match error {
            PrescriptionError::NotFound => Self::of(&kinds::NOT_FOUND),
            PrescriptionError::UnknownVisit => {
                let unknown = FieldError::new("appointment_id", "unknown", "is not a visit of yours");
                Self::invalid(vec![unknown])
            }
            PrescriptionError::NotHeld => Self::of(&VISIT_NOT_HELD),
            PrescriptionError::Exists(id) => {
                Self::of(&PRESCRIPTION_EXISTS).member("prescription_id", json!(id.to_string()))
            }
            PrescriptionError::Faulty(faults) => Self::invalid(faults.into_iter().map(told).collect()),
            PrescriptionError::Withdrawn => Self::of(&PRESCRIPTION_WITHDRAWN),
            PrescriptionError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            PrescriptionError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            PrescriptionError::Failed(failure) => Self::internal(&failure),
        }
    }
}
