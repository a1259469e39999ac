//! Why there is no series, as clients hear it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::http::{FieldError, Problem, in_zone, kinds};
use serde_json::{Value, json};

use super::bad;
use super::problem_kinds::{PATIENT_BUSY, REASON_REQUIRED, SERIES_NOT_OFFERED, SLOT_TAKEN, VISIT_OVER, VISIT_STARTED};
use super::problems::{bad_patient, not_for_new_patients};
use crate::application::{CancelSeriesError, NoOffer, ReadSeriesError, SeriesError};
use crate::domain::{CancelRefusal, RecurrenceError};

impl From<SeriesError> for Problem {
    fn from(error: SeriesError) -> Self {
        match error {
            SeriesError::OthersCalendar => NoOffer::UnknownDoctor.into(),
            SeriesError::UnknownPatient => bad("patient_id", "unknown", "is no patient whom you may book for"),
            SeriesError::Nobody => bad("patient_id", "required", "is required"),
            SeriesError::BadPatient(error) => bad_patient(error, "patient_"),
            SeriesError::NotOffered(no) => no.into(),
            SeriesError::Rule(error) => bad_rule(error),
            SeriesError::TooManyForPatients => {
                bad("rrule", "too-many", "has more than the 12 dates that patients book at once; ask the front desk")
            }
            SeriesError::NotForNewPatients => not_for_new_patients(),
            SeriesError::BadlyAgreed => {
                bad("occurrences", "agreed", "must be different times, and not more than the rule has dates")
            }
            SeriesError::Refused(refused, zone) => {
                let refused = refused.into_iter();
                let told = refused.map(|(at, reason)| json!({"starts_at": in_zone(at, &zone), "reason": reason}));
                Self::of(&SERIES_NOT_OFFERED).member("refused", Value::Array(told.collect())).field(FieldError::new(
                    "occurrences",
                    "outside-availability",
                    "holds times that are not offered",
                ))
            }
            SeriesError::SlotTaken(taken, zone) => Self::of(&SLOT_TAKEN).member("taken", times(&taken, &zone)),
            SeriesError::PatientBusy(taken, zone) => Self::of(&PATIENT_BUSY).member("taken", times(&taken, &zone)),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            SeriesError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            SeriesError::Failed(failure) => Self::internal(&failure),
        }
    }
}

fn times(taken: &[Timestamp], zone: &TimeZone) -> Value {
    Value::Array(taken.iter().map(|at| in_zone(*at, zone).into()).collect())
}

/// 422 on the rule.
pub(super) fn bad_rule(error: RecurrenceError) -> Problem {
    let code = match error {
        RecurrenceError::Unreadable | RecurrenceError::Twice | RecurrenceError::Value(_) => "rrule",
        RecurrenceError::Frequency => "frequency",
        RecurrenceError::Part => "unsupported",
        RecurrenceError::End => "end",
        RecurrenceError::TooMany => "too-many",
        RecurrenceError::TooLong => "too-long",
        RecurrenceError::StartsElsewhere => "starts-elsewhere",
    };
    bad("rrule", code, &error.to_string())
}

impl From<ReadSeriesError> for Problem {
    fn from(error: ReadSeriesError) -> Self {
        match error {
            ReadSeriesError::NotFound => Self::of(&kinds::NOT_FOUND),
            ReadSeriesError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<CancelSeriesError> for Problem {
    fn from(error: CancelSeriesError) -> Self {
        match error {
            CancelSeriesError::NotFound => Self::of(&kinds::NOT_FOUND),
            CancelSeriesError::NotInSeries => bad("from", "unknown", "is no visit of this series"),
            CancelSeriesError::ReasonRequired => bad("reason", "required", "is required of those who run the calendar"),
            CancelSeriesError::LateReasonRequired { cutoff_hours } => Self::of(&REASON_REQUIRED)
                .member("cutoff_hours", cutoff_hours.into())
                .field(FieldError::new("reason", "required", "is required so close to the visit")),
            CancelSeriesError::Refused(CancelRefusal::Started) => Self::of(&VISIT_STARTED),
            CancelSeriesError::Refused(CancelRefusal::Over(_)) => Self::of(&VISIT_OVER),
            CancelSeriesError::Restless => Self::of(&kinds::PRECONDITION_FAILED),
            CancelSeriesError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            CancelSeriesError::Failed(failure) => Self::internal(&failure),
        }
    }
}
