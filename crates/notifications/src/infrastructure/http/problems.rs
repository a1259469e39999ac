//! The slice's refusals as clients hear them.

use platform::http::{Problem, kinds};

use crate::application::{PreferencesError, TellError};

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
