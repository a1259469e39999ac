//! The refusals of running a practice as clients hear them.

use platform::http::{FieldError, Kind, Problem, in_zone, kinds};
use serde_json::Value;

use super::calendar_bodies::AffectedVisitBody;
use super::change_answers::RefusedVisitBody;
use crate::application::{Affected, PracticeError};
use crate::domain::{Fault, VisitTrouble};

macro_rules! kinds {
    ($($name:ident $status:literal $code:literal $title:literal $help:literal;)+) => {
        $(pub(super) static $name: Kind = Kind { code: $code, status: $status, title: $title, help: $help };)+
        /// Problems that only this slice answers.
        pub static PROBLEMS: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    APPOINTMENTS_AFFECTED 409 "appointments-affected" "Visits are booked in these hours"
        "The change would leave booked visits outside of the open hours. The member appointments lists the first hundred of them, total counts them all. Move or cancel them first, or repeat the request with ?on_conflict=keep: then they stay as they are booked, and somebody should talk to the patients.";
    DEFAULT_VISIT_TYPE 409 "default-visit-type" "This is the default visit type"
        "A doctor who offers visits has one default. Make another visit type the default first; the last one can go.";
    HOLIDAY_EXISTS 409 "holiday-exists" "The clinic has a holiday on that date"
        "A date is closed once. Remove the holiday first to give it another name.";
    NOTHING_TO_CHANGE 409 "nothing-to-change" "It is so already"
        "The visit type is retired, the doctor is not listed, or the clinic is closed on all of these dates already. Nothing was changed.";
    PLAN_CHANGED 409 "plan-changed" "Hours or visits are not those of the preview any more"
        "Since the preview somebody has changed the hours, or booked, moved or cancelled one of the visits. Nothing was changed. Ask for a new preview, look at it and send its plan.";
    VISITS_REFUSED 409 "visits-refused" "Some visits cannot be changed so"
        "The member refused lists the visits that cannot become what they are to, each with a reason: not-affected, not-yours, not-offered (then rule names the rule), nothing-free, slot-taken, patient-busy, begun, changed-since. Nothing was changed. Decide anew on these visits and send all of it again.";
    TOO_MANY_VISITS 409 "too-many-visits" "More visits are in the way than one change may hold"
        "One change moves, cancels or keeps at most 500 visits. Make it in several parts, such as a week each.";
    RULES_CHANGED_SINCE 409 "rules-changed-since" "The hours have been changed since"
        "These hours were changed again after the change that you want to undo, so undoing it would undo that as well. Set the hours as you want them.";
    UNDO_TOO_LATE 409 "undo-too-late" "It can be undone no more"
        "A change of hours can be undone for 24 hours. Change the hours and the visits one by one.";
}

fn field(fault: Fault) -> FieldError {
    FieldError::new(fault.field, fault.code, fault.message)
}

fn affected(affected: &Affected) -> Problem {
    let visits: Vec<AffectedVisitBody> = affected
        .visits
        .iter()
        .map(|affected| AffectedVisitBody {
            id: affected.visit.id.as_uuid(),
            starts_at: in_zone(affected.visit.visit.start, &affected.time_zone),
            ends_at: in_zone(affected.visit.visit.end, &affected.time_zone),
            visit_type_id: affected.visit.visit_type.as_uuid(),
        })
        .collect();
    Problem::of(&APPOINTMENTS_AFFECTED)
        .detail(format!("{} booked visits would lie outside of the open hours.", affected.total))
        .member("appointments", serde_json::to_value(visits).unwrap_or(Value::Array(Vec::new())))
        .member("total", affected.total.into())
}

fn refused(troubles: &[VisitTrouble]) -> Problem {
    let told: Vec<RefusedVisitBody> = troubles.iter().map(Into::into).collect();
    Problem::of(&VISITS_REFUSED)
        .detail(format!("{} visits cannot become what they are to.", troubles.len()))
        .member("refused", serde_json::to_value(told).unwrap_or(Value::Array(Vec::new())))
}

impl From<PracticeError> for Problem {
    fn from(error: PracticeError) -> Self {
        match error {
            PracticeError::NotFound => Self::of(&kinds::NOT_FOUND),
            PracticeError::NotYours(fields) => {
                fields.into_iter().fold(Self::of(&kinds::FORBIDDEN), |problem, closed| {
                    problem.field(FieldError::new(closed, "forbidden", "is not yours to change"))
                })
            }
            PracticeError::Invalid(faults) => Self::invalid(faults.into_iter().map(field).collect()),
            PracticeError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            PracticeError::Affected(visits) => affected(&visits),
            PracticeError::DefaultVisitType => Self::of(&DEFAULT_VISIT_TYPE),
            PracticeError::HolidayExists => Self::of(&HOLIDAY_EXISTS),
            PracticeError::Unchanged => Self::of(&NOTHING_TO_CHANGE),
            PracticeError::PlanChanged => Self::of(&PLAN_CHANGED),
            PracticeError::Visits(troubles) => refused(&troubles),
            PracticeError::TooManyVisits { visits } => {
                Self::of(&TOO_MANY_VISITS).detail(format!("{visits} visits are in the way."))
            }
            PracticeError::ChangedSince => Self::of(&RULES_CHANGED_SINCE),
            PracticeError::TooLate => Self::of(&UNDO_TOO_LATE),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            PracticeError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            PracticeError::Failed(failure) => Self::internal(&failure),
        }
    }
}
