//! The slice's refusals as clients hear them.

use actix_web::http::header::{self, HeaderValue};
use platform::http::{Kind, Problem, kinds};

use super::clinic_messages::bad;
use crate::application::{PreferencesError, SendMessageError, TellError};

static NOT_REACHABLE: Kind = Kind {
    code: "not-reachable",
    status: 409,
    title: "The patient cannot be reached that way",
    help: "Nothing was sent. No e-mail address, or no phone number in international form such as +12125550100, is known of the patient and of who looks after them; or no texts are sent by this installation. Take the other channel, or call.",
};

static TOO_MANY_NOTIFICATIONS: Kind = Kind {
    code: "too-many-notifications",
    status: 429,
    title: "So many messages were sent already",
    help: "Nothing was sent. One account writes to patients at most 60 times within an hour, and a patient is written to at most ten times within a day. Wait for the seconds in Retry-After.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] = &[&NOT_REACHABLE, &TOO_MANY_NOTIFICATIONS];

impl From<TellError> for Problem {
    fn from(error: TellError) -> Self {
        match error {
            TellError::NotFound => Self::of(&kinds::NOT_FOUND),
            TellError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<PreferencesError> for Problem {
    fn from(error: PreferencesError) -> Self {
        match error {
            PreferencesError::NotAPatient => Self::of(&kinds::FORBIDDEN),
            PreferencesError::Stale => Self::of(&kinds::PRECONDITION_FAILED),
            PreferencesError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<SendMessageError> for Problem {
    fn from(error: SendMessageError) -> Self {
        match error {
            SendMessageError::WhichClinic => bad("clinic_id", "required", "is required: in the name of which clinic?"),
            SendMessageError::OthersClinic => bad("clinic_id", "unknown", "is no clinic of yours"),
            SendMessageError::NotFound => bad("patient_id", "unknown", "is no patient whom you may write to"),
            SendMessageError::NoAddress | SendMessageError::NoTexts => Self::of(&NOT_REACHABLE),
            SendMessageError::BadLength => bad("message", "length", "is empty, or longer than goes by that channel"),
            SendMessageError::TooMany(within) => Self::of(&TOO_MANY_NOTIFICATIONS)
                // Until all of them are over; one may be free before.
                .header(header::RETRY_AFTER, HeaderValue::from(within.as_secs())),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            SendMessageError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            SendMessageError::Failed(failure) => Self::internal(&failure),
        }
    }
}
