//! The slice's refusals as clients hear them.

use actix_web::http::header::{self, HeaderValue};
use jiff::tz::TimeZone;
use platform::http::admission::unauthorized;
use platform::http::{FieldError, Problem, in_zone, kinds};
use serde_json::Value;

use super::bad;
use super::bodies::FreeSlotBody;
use super::problem_kinds::{
    AMBIGUOUS_LOCAL_TIME, CARE_LINK, DAY_FULL, GUEST_BOOKING_OFF, IN_THE_PAST, NONEXISTENT_LOCAL_TIME,
    NOT_FOR_NEW_PATIENTS, NOT_TODAY, NOTHING_TO_CORRECT, ONESELF_STAYS, OUTSIDE_AVAILABILITY, PATIENT_BUSY,
    PERHAPS_KNOWN, REASON_REQUIRED, SLOT_TAKEN, TOO_EARLY_TO_CHECK_IN, TOO_FAR_AHEAD, TOO_LATE_TO_CHECK_IN,
    TOO_LATE_TO_CORRECT, TOO_LATE_TO_MOVE, TOO_MANY_HOLDS, TOO_MANY_RELATIVES, TOO_SOON, VISIT_NOT_STARTED, VISIT_OVER,
    VISIT_STARTED,
};
use crate::application::{
    AddRelativeError, BookError, CancelError, ChangeRelativeError, CheckInError, ConfirmError, CorrectError,
    CorrectPatientError, DayError, EmergencyError, FreeSlot, HoldError, ListError, MarkError, NoOffer, PosterError,
    ReadError, RecordError, RelativesError, ReleaseRelativeError, RescheduleError, SearchPatientsError, TakeDownError,
};
use crate::domain::{
    CancelRefusal, CheckInRefusal, CorrectRefusal, MarkRefusal, PatientError, RescheduleRefusal, SearchError,
};

impl From<NoOffer> for Problem {
    fn from(error: NoOffer) -> Self {
        let at = |code: &str, message: &str| FieldError::new("starts_at", code, message);
        match error {
            NoOffer::UnknownDoctor => bad("doctor_id", "unknown", "is not a doctor who takes bookings"),
            NoOffer::UnknownVisitType => bad("visit_type_id", "unknown", "is not offered by this doctor"),
            NoOffer::UnknownDuration => bad("duration_minutes", "unknown", "is not offered by this doctor"),
            NoOffer::InThePast => Self::of(&IN_THE_PAST).field(at("in-the-past", "has passed")),
            NoOffer::TooSoon { minimum_notice_minutes } => Self::of(&TOO_SOON)
                .detail(format!("This doctor is booked at least {minimum_notice_minutes} minutes ahead."))
                .member("minimum_notice_minutes", minimum_notice_minutes.into())
                .field(at("too-soon", "is inside the minimum notice")),
            NoOffer::TooFarAhead { horizon_days } => Self::of(&TOO_FAR_AHEAD)
                .detail(format!("This doctor is booked at most {horizon_days} days ahead."))
                .member("horizon_days", horizon_days.into())
                .field(at("too-far-ahead", "is past the horizon")),
            NoOffer::Outside { rule } => Self::of(&OUTSIDE_AVAILABILITY)
                .detail(format!("The rule \"{rule}\" refuses this time."))
                .member("rule", rule.into())
                .field(at("outside-availability", "is not offered")),
            NoOffer::NonexistentLocalTime => Self::of(&NONEXISTENT_LOCAL_TIME).field(FieldError::new(
                "date_time",
                "nonexistent",
                "does not exist in the clinic's zone",
            )),
            NoOffer::AmbiguousLocalTime => Self::of(&AMBIGUOUS_LOCAL_TIME).field(FieldError::new(
                "date_time",
                "ambiguous",
                "comes twice in the clinic's zone",
            )),
        }
    }
}

fn slot_taken(alternatives: &[FreeSlot]) -> Problem {
    with_alternatives(Problem::of(&SLOT_TAKEN), alternatives)
}

fn with_alternatives(problem: Problem, alternatives: &[FreeSlot]) -> Problem {
    let bodies: Vec<FreeSlotBody> = alternatives.iter().map(free_slot).collect();
    let value = serde_json::to_value(bodies).unwrap_or(Value::Array(Vec::new()));
    problem.member("alternatives", value)
}

pub(super) fn free_slot(slot: &FreeSlot) -> FreeSlotBody {
    let zone = TimeZone::get(&slot.time_zone).unwrap_or(TimeZone::UTC);
    FreeSlotBody {
        starts_at: in_zone(slot.starts_at, &zone),
        ends_at: in_zone(slot.ends_at, &zone),
        visit_type_id: slot.visit_type.as_uuid(),
        clinic_id: slot.clinic.as_uuid(),
    }
}

impl From<BookError> for Problem {
    fn from(error: BookError) -> Self {
        match error {
            BookError::GuestsNotAllowed => Self::of(&GUEST_BOOKING_OFF),
            BookError::OthersCalendar => NoOffer::UnknownDoctor.into(),
            BookError::UnknownPatient => bad("patient_id", "unknown", "is no patient whom you may book for"),
            BookError::Nobody => bad("patient_id", "required", "is required"),
            BookError::Unreachable => bad("patient_email", "required", "is required where there is no patient_phone"),
            BookError::BadPatient(error) => bad_patient(error, "patient_"),
            BookError::NotOffered(no) => no.into(),
            BookError::NotForNewPatients => not_for_new_patients(),
            BookError::SlotTaken { alternatives } => slot_taken(&alternatives),
            BookError::DayFull { alternatives } => with_alternatives(Self::of(&DAY_FULL), &alternatives),
            BookError::PatientBusy => Self::of(&PATIENT_BUSY),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            BookError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            BookError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::NotAllowed => Self::of(&GUEST_BOOKING_OFF),
            HoldError::OthersCalendar => NoOffer::UnknownDoctor.into(),
            HoldError::BadPatient(error) => bad_patient(error, "patient_"),
            HoldError::NotOffered(no) => no.into(),
            HoldError::SlotTaken { alternatives } => slot_taken(&alternatives),
            HoldError::TooMany { retry_after } => too_many_holds(retry_after),
            HoldError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            HoldError::Failed(failure) => Self::internal(&failure),
        }
    }
}

fn too_many_holds(retry_after: i64) -> Problem {
    Problem::of(&TOO_MANY_HOLDS).header(header::RETRY_AFTER, HeaderValue::from(retry_after))
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::WrongCode => unauthorized(&kinds::WRONG_CODE),
            ConfirmError::NotOffered(no) => no.into(),
            ConfirmError::NotForNewPatients => not_for_new_patients(),
            ConfirmError::PatientBusy => Self::of(&PATIENT_BUSY),
            ConfirmError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            ConfirmError::Failed(failure) => Self::internal(&failure),
        }
    }
}

pub(super) fn not_for_new_patients() -> Problem {
    let error = FieldError::new("visit_type_id", "not-for-new-patients", "is not open to new patients");
    Problem::of(&NOT_FOR_NEW_PATIENTS).field(error)
}

/// 422 on the field that cannot be; `prefix` stands before its name.
pub(super) fn bad_patient(error: PatientError, prefix: &str) -> Problem {
    let (field, code, message) = match error {
        PatientError::BadName => ("name", "name", "must have 1 to 200 printable characters"),
        PatientError::BadEmail => ("email", "email", "is not an e-mail address"),
        PatientError::BadPhone => ("phone", "phone", "is not a phone number of 5 to 15 digits"),
        PatientError::BadBirthDate => ("birth_date", "birth-date", "must lie between 1900 and today"),
    };
    bad(&format!("{prefix}{field}"), code, message)
}

impl From<RelativesError> for Problem {
    fn from(error: RelativesError) -> Self {
        match error {
            RelativesError::NotFound => Self::of(&kinds::NOT_FOUND),
            RelativesError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<AddRelativeError> for Problem {
    fn from(error: AddRelativeError) -> Self {
        match error {
            AddRelativeError::NotSignedIn => Self::of(&kinds::NOT_SIGNED_IN),
            AddRelativeError::Oneself => bad("relation", "self", "is what you are to yourself alone"),
            AddRelativeError::BadPatient(error) => bad_patient(error, ""),
            AddRelativeError::TooMany => Self::of(&TOO_MANY_RELATIVES),
            AddRelativeError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            AddRelativeError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ChangeRelativeError> for Problem {
    fn from(error: ChangeRelativeError) -> Self {
        match error {
            ChangeRelativeError::NotFound => Self::of(&kinds::NOT_FOUND),
            ChangeRelativeError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            ChangeRelativeError::Oneself => bad("relation", "self", "nobody becomes oneself, and oneself nobody else"),
            ChangeRelativeError::BadPatient(error) => bad_patient(error, ""),
            ChangeRelativeError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ReleaseRelativeError> for Problem {
    fn from(error: ReleaseRelativeError) -> Self {
        match error {
            ReleaseRelativeError::NotFound => Self::of(&kinds::NOT_FOUND),
            ReleaseRelativeError::Oneself => Self::of(&ONESELF_STAYS),
            ReleaseRelativeError::VisitsAhead => Self::of(&kinds::VISITS_AHEAD),
            ReleaseRelativeError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<DayError> for Problem {
    fn from(error: DayError) -> Self {
        match error {
            DayError::NotFound => Self::of(&kinds::NOT_FOUND),
            DayError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotFound => Self::of(&kinds::NOT_FOUND),
            RecordError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<SearchPatientsError> for Problem {
    fn from(error: SearchPatientsError) -> Self {
        match error {
            SearchPatientsError::NotFound => Self::of(&kinds::FORBIDDEN),
            SearchPatientsError::Unsearchable(SearchError::Nothing) => {
                bad("name", "required", "or phone, email or birth_date is required")
            }
            SearchPatientsError::Unsearchable(SearchError::BadName) => bad("name", "name", "must have letters"),
            SearchPatientsError::Unsearchable(SearchError::BadPhone) => {
                bad("phone", "phone", "must have six digits at least")
            }
            SearchPatientsError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<TakeDownError> for Problem {
    fn from(error: TakeDownError) -> Self {
        match error {
            TakeDownError::OthersClinic => bad("clinic_id", "unknown", "is no clinic of yours"),
            TakeDownError::BadPatient(error) => bad_patient(error, ""),
            TakeDownError::PerhapsKnown(patients) => {
                let ids = patients.iter().map(|id| Value::String(id.to_string())).collect();
                Self::of(&PERHAPS_KNOWN).member("patient_ids", Value::Array(ids))
            }
            TakeDownError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            TakeDownError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<CorrectPatientError> for Problem {
    fn from(error: CorrectPatientError) -> Self {
        match error {
            CorrectPatientError::NotFound => Self::of(&kinds::NOT_FOUND),
            CorrectPatientError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            CorrectPatientError::AccountsAddress => {
                bad("email", "theirs", "is for the person with the account to change")
            }
            CorrectPatientError::BadPatient(error) => bad_patient(error, ""),
            CorrectPatientError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<EmergencyError> for Problem {
    fn from(error: EmergencyError) -> Self {
        match error {
            EmergencyError::NotFound => Self::of(&kinds::NOT_FOUND),
            EmergencyError::CareLink => Self::of(&CARE_LINK),
            EmergencyError::BadReason(_) => bad("reason", "length", "must have 10 to 500 printable characters"),
            EmergencyError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            EmergencyError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Self::of(&kinds::NOT_FOUND),
            ReadError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::of(&kinds::NOT_FOUND),
            CancelError::ReasonRequired => bad("reason", "required", "is required of those who run the calendar"),
            CancelError::LateReasonRequired { cutoff_hours } => Self::of(&REASON_REQUIRED)
                .member("cutoff_hours", cutoff_hours.into())
                .field(FieldError::new("reason", "required", "is required so close to the visit")),
            CancelError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            CancelError::Contended => Self::of(&kinds::CHANGED_MEANWHILE),
            CancelError::Refused(CancelRefusal::Started) => Self::of(&VISIT_STARTED),
            CancelError::Refused(CancelRefusal::Over(_)) => Self::of(&VISIT_OVER),
            CancelError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            CancelError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<MarkError> for Problem {
    fn from(error: MarkError) -> Self {
        match error {
            MarkError::NotFound => Self::of(&kinds::NOT_FOUND),
            MarkError::Refused(MarkRefusal::NotToday) => Self::of(&NOT_TODAY),
            MarkError::Refused(MarkRefusal::NotStarted) => Self::of(&VISIT_NOT_STARTED),
            MarkError::Refused(MarkRefusal::Not(_)) => Self::of(&VISIT_OVER),
            MarkError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            MarkError::Contended => Self::of(&kinds::CHANGED_MEANWHILE),
            MarkError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            MarkError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<CheckInError> for Problem {
    fn from(error: CheckInError) -> Self {
        match error {
            CheckInError::NotFound => Self::of(&kinds::NOT_FOUND),
            CheckInError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            CheckInError::Contended => Self::of(&kinds::CHANGED_MEANWHILE),
            CheckInError::WrongCode => bad("clinic_code", "wrong-code", "is not the code of the clinic of this visit"),
            CheckInError::Refused(CheckInRefusal::TooEarly { opens_at }) => {
                Self::of(&TOO_EARLY_TO_CHECK_IN).member("opens_at", opens_at.to_string().into())
            }
            CheckInError::Refused(CheckInRefusal::TooLate) => Self::of(&TOO_LATE_TO_CHECK_IN),
            CheckInError::Refused(CheckInRefusal::NotBooked(_)) => Self::of(&VISIT_OVER),
            CheckInError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            CheckInError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<PosterError> for Problem {
    fn from(error: PosterError) -> Self {
        match error {
            PosterError::NotFound => Self::of(&kinds::NOT_FOUND),
            PosterError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<CorrectError> for Problem {
    fn from(error: CorrectError) -> Self {
        match error {
            CorrectError::NotFound => Self::of(&kinds::NOT_FOUND),
            CorrectError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            CorrectError::Contended => Self::of(&kinds::CHANGED_MEANWHILE),
            CorrectError::Refused(CorrectRefusal::NothingToCorrect(_)) => Self::of(&NOTHING_TO_CORRECT),
            CorrectError::Refused(CorrectRefusal::TooLate) => Self::of(&TOO_LATE_TO_CORRECT),
            // No other times: this visit took place, or did not, at this one.
            CorrectError::SlotTaken => slot_taken(&[]),
            CorrectError::PatientBusy => Self::of(&PATIENT_BUSY),
            CorrectError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            CorrectError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotFound => Self::of(&kinds::NOT_FOUND),
            ListError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<RescheduleError> for Problem {
    fn from(error: RescheduleError) -> Self {
        match error {
            RescheduleError::NotFound => Self::of(&kinds::NOT_FOUND),
            RescheduleError::TooLateToMove { cutoff_hours } => {
                Self::of(&TOO_LATE_TO_MOVE).member("cutoff_hours", cutoff_hours.into())
            }
            RescheduleError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            RescheduleError::Contended => Self::of(&kinds::CHANGED_MEANWHILE),
            RescheduleError::Refused(RescheduleRefusal::Started) => Self::of(&VISIT_STARTED),
            RescheduleError::Refused(RescheduleRefusal::NotBooked(_)) => Self::of(&VISIT_OVER),
            RescheduleError::NotOffered(no) => no.into(),
            RescheduleError::SlotTaken { alternatives } => slot_taken(&alternatives),
            RescheduleError::PatientBusy => Self::of(&PATIENT_BUSY),
            RescheduleError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            RescheduleError::Failed(failure) => Self::internal(&failure),
        }
    }
}

#[cfg(test)]
mod tests;
