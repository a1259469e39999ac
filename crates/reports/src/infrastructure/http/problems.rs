//! The slice's refusals as clients hear them.

use platform::http::{FieldError, Kind, Problem, kinds};

use crate::application::{ReadReportError, RequestError};
use crate::domain::BadPeriod;

static REPORT_NOT_READY: Kind = Kind {
    code: "report-not-ready",
    status: 409,
    title: "The report has not been printed yet",
    help: "A report is printed by the worker, as a rule within seconds, and whoever has asked for it is told by mail. Ask for the report itself: its `state` says how far it has come. One that has `failed` waits for the operator.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] = &[&REPORT_NOT_READY];

/// There is no file yet.
pub(super) fn not_ready() -> Problem {
    Problem::of(&REPORT_NOT_READY)
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let period = |message| Self::invalid(vec![FieldError::new("to", "period", message)]);
        match error {
            RequestError::NotFound => Self::of(&kinds::NOT_FOUND),
            RequestError::Period(BadPeriod::Backwards) => period("must not be before `from`"),
            RequestError::Period(BadPeriod::TooLong) => period("must be within 366 days from `from`"),
            RequestError::Period(BadPeriod::NotOver) => period("must be a day that has ended (UTC)"),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            RequestError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            RequestError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ReadReportError> for Problem {
    fn from(error: ReadReportError) -> Self {
        match error {
            ReadReportError::NotFound => Self::of(&kinds::NOT_FOUND),
            ReadReportError::Failed(failure) => Self::internal(&failure),
        }
    }
}
