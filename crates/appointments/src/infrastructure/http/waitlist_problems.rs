//! The waitlist's refusals as clients hear them.

use platform::http::{Problem, kinds};

use super::bad;
use super::problem_kinds::{ALREADY_WAITING, OFFER_OVER, PATIENT_BUSY, TOO_MANY_ENTRIES};
use crate::application::{AnswerError, JoinError, WaitlistError};
use crate::domain::BadWindow;

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::UnknownPatient => bad("patient_id", "unknown", "is no patient whom you may book for"),
            JoinError::Nobody => bad("patient_id", "required", "is required"),
            JoinError::UnknownDoctor => bad("doctor_id", "unknown", "is not a doctor who takes bookings"),
            JoinError::UnknownVisitType => bad("visit_type_id", "unknown", "is not offered by this doctor"),
            JoinError::NobodyThere => bad("specialty", "unknown", "is offered by nobody in this city"),
            JoinError::BadWindow(error) => bad_window(error),
            JoinError::TooMany => Self::of(&TOO_MANY_ENTRIES),
            JoinError::Already => Self::of(&ALREADY_WAITING),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            JoinError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            JoinError::Failed(failure) => Self::internal(&failure),
        }
    }
}

fn bad_window(error: BadWindow) -> Problem {
    match error {
        BadWindow::EndsBeforeItBegins => bad("to_date", "before-start", "lies before from_date"),
        BadWindow::TooLong => bad("to_date", "too-long", "must lie within 180 days from from_date"),
        BadWindow::Passed => bad("to_date", "passed", "has passed"),
        BadWindow::NoDay => bad("weekdays", "no-day", "names no day from from_date to to_date"),
        BadWindow::NoTime => bad("to_time", "no-time", "must lie after from_time"),
    }
}

impl From<WaitlistError> for Problem {
    fn from(error: WaitlistError) -> Self {
        match error {
            WaitlistError::NotFound => Self::of(&kinds::NOT_FOUND),
            WaitlistError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NotFound => Self::of(&kinds::NOT_FOUND),
            AnswerError::Over => Self::of(&OFFER_OVER),
            AnswerError::PatientBusy => Self::of(&PATIENT_BUSY),
            AnswerError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            AnswerError::Failed(failure) => Self::internal(&failure),
        }
    }
}
