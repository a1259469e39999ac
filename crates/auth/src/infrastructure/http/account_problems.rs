//! Refusals of accounts as clients hear them.

use platform::http::admission::unauthorized;
use platform::http::once::again;
use platform::http::{FieldError, Problem, kinds};

use super::accounts::{
    EMAIL_TAKEN, LAST_ADMIN, PROFILE_TAKEN, SECOND_FACTOR_EXISTS, SECOND_FACTOR_REQUIRED, WRONG_CREDENTIALS, failed,
    too_many,
};
use crate::application::{
    BadReach, ChangeEmailError, ManageUsersError, MyAccountError, RegisterError, RequestCodeError, SecondFactorError,
    SetPasswordError, SignInByCodeError, SignInError,
};
use crate::domain::PersonError;
use crate::domain::password::WeakPassword;

fn bad(field: &str, code: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, code, message)])
}

fn person(error: PersonError) -> Problem {
    match error {
        PersonError::BadName => bad("name", "name", "must have 1 to 200 printable characters"),
        PersonError::BadEmail => bad("email", "email", "is not an e-mail address"),
        PersonError::BadLanguage => bad("language", "language", "is not a language tag such as en or fr-CA"),
    }
}

fn weak(field: &str, error: WeakPassword) -> Problem {
    let code = match error {
        WeakPassword::TooShort(_) | WeakPassword::TooLong => "length",
        WeakPassword::Common => "common",
    };
    bad(field, code, &error.to_string())
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::BadPerson(error) => person(error),
            RegisterError::Weak(error) => weak("password", error),
            RegisterError::TooMany { retry_after } => too_many(retry_after),
            RegisterError::Failed(failure) => failed(&failure),
        }
    }
}

impl From<RequestCodeError> for Problem {
    fn from(error: RequestCodeError) -> Self {
        match error {
            RequestCodeError::BadPerson(error) => person(error),
            RequestCodeError::TooMany { retry_after } => too_many(retry_after),
            RequestCodeError::Failed(failure) => failed(&failure),
        }
    }
}

impl From<SignInByCodeError> for Problem {
    fn from(error: SignInByCodeError) -> Self {
        match error {
            SignInByCodeError::WrongCode => unauthorized(&kinds::WRONG_CODE),
            SignInByCodeError::TooMany { retry_after } => too_many(retry_after),
            SignInByCodeError::Failed(failure) => failed(&failure),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::WrongCredentials => unauthorized(&WRONG_CREDENTIALS),
            SignInError::SecondFactorRequired => unauthorized(&SECOND_FACTOR_REQUIRED),
            SignInError::TooMany { retry_after } => too_many(retry_after),
            SignInError::Failed(failure) => failed(&failure),
        }
    }
}

/// What proves nothing is a code where it is a reset, the present password where it is a change.
pub(super) fn set_password(error: SetPasswordError, proof: &'static str) -> Problem {
    match error {
        SetPasswordError::WrongProof if proof == "code" => unauthorized(&kinds::WRONG_CODE),
        SetPasswordError::WrongProof => bad(proof, "wrong", "is not right"),
        SetPasswordError::Weak(error) => weak("new_password", error),
        SetPasswordError::TooMany { retry_after } => too_many(retry_after),
        SetPasswordError::Failed(failure) => failed(&failure),
    }
}

/// `field` is the one that holds the code.
pub(super) fn second_factor(error: SecondFactorError, field: &'static str) -> Problem {
    match error {
        SecondFactorError::NotAsked => Problem::of(&kinds::FORBIDDEN),
        SecondFactorError::Exists => Problem::of(&SECOND_FACTOR_EXISTS),
        SecondFactorError::WrongCode => bad(field, "wrong", "is not the code, or was taken before"),
        SecondFactorError::TooMany { retry_after } => too_many(retry_after),
        SecondFactorError::Failed(failure) => failed(&failure),
    }
}

/// `field` is the one that proves the owner.
pub(super) fn change_email(error: ChangeEmailError, field: &'static str) -> Problem {
    match error {
        ChangeEmailError::BadPerson(error) => person(error),
        ChangeEmailError::WrongProof => bad(field, "wrong", "is not right"),
        ChangeEmailError::EmailTaken => Problem::of(&EMAIL_TAKEN),
        ChangeEmailError::TooMany { retry_after } => too_many(retry_after),
        ChangeEmailError::Failed(failure) => failed(&failure),
    }
}

impl From<MyAccountError> for Problem {
    fn from(error: MyAccountError) -> Self {
        match error {
            MyAccountError::NotFound => Self::of(&kinds::NOT_FOUND),
            MyAccountError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            MyAccountError::BadPerson(error) => person(error),
            MyAccountError::Failed(failure) => failed(&failure),
        }
    }
}

impl From<ManageUsersError> for Problem {
    fn from(error: ManageUsersError) -> Self {
        match error {
            ManageUsersError::Forbidden => Self::of(&kinds::FORBIDDEN),
            ManageUsersError::NotFound => Self::of(&kinds::NOT_FOUND),
            ManageUsersError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            ManageUsersError::BadPerson(error) => person(error),
            ManageUsersError::BadReach(bad_reach) => reach(bad_reach),
            ManageUsersError::UnknownClinic => bad("clinic_ids", "unknown", "names a clinic that is not there"),
            ManageUsersError::UnknownDoctor => bad("doctor_id", "unknown", "is not a doctor"),
            ManageUsersError::EmailTaken => Self::of(&EMAIL_TAKEN),
            ManageUsersError::ProfileTaken => Self::of(&PROFILE_TAKEN),
            ManageUsersError::LastAdmin => Self::of(&LAST_ADMIN),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            ManageUsersError::Once(error) => again(&error).err().unwrap_or_else(|| Self::of(&kinds::KEY_IN_PROGRESS)),
            ManageUsersError::Failed(failure) => failed(&failure),
        }
    }
}

fn reach(error: BadReach) -> Problem {
    match error {
        BadReach::ProfileMissing => bad("doctor_id", "required", "is required for a doctor"),
        BadReach::ProfileForeign => bad("doctor_id", "role", "is for doctors alone"),
        BadReach::ClinicMissing => bad("clinic_ids", "required", "must name a clinic for a front desk"),
        BadReach::ClinicForeign => bad("clinic_ids", "role", "is for doctors and front desks alone"),
        BadReach::Patient => bad("role", "role", "patients sign up themselves and stay patients"),
    }
}
