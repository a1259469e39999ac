//! What the handlers of accounts share.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderValue};
use kernel::PortFailure;
use platform::http::{Kind, Problem, address_group, client_address, context};
use platform::idempotency::Answers;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{PageSignedInBody, SignedInBody};
use super::{SessionCookie, client_seen};
use crate::application::{
    AccountPorts, ChangeEmail, CodeSent, ManageUsers, MyAccount, Register, RequestCode, SetPassword, SetUpSecondFactor,
    SignInByCode, SignInByPassword, Visitor,
};
use crate::domain::SessionKind;

/// What the handlers of accounts need.
pub struct AccountsApi {
    pub(super) register: Register,
    pub(super) request_code: RequestCode,
    pub(super) by_code: SignInByCode,
    pub(super) by_password: SignInByPassword,
    pub(super) set_password: SetPassword,
    pub(super) second_factor: SetUpSecondFactor,
    pub(super) change_email: ChangeEmail,
    pub(super) mine: MyAccount,
    pub(super) users: ManageUsers,
    pub(super) answers: Answers,
    pub(super) cookie: SessionCookie,
}

impl AccountsApi {
    /// Over these ports; first answers are kept in `answers`, pages hold a session in `cookie`.
    #[must_use]
    pub fn new(ports: &AccountPorts, answers: Answers, cookie: SessionCookie) -> Self {
        Self {
            register: Register { ports: ports.clone() },
            request_code: RequestCode { ports: ports.clone() },
            by_code: SignInByCode { ports: ports.clone() },
            by_password: SignInByPassword { ports: ports.clone() },
            set_password: SetPassword { ports: ports.clone() },
            second_factor: SetUpSecondFactor { ports: ports.clone() },
            change_email: ChangeEmail { ports: ports.clone() },
            mine: MyAccount { ports: ports.clone() },
            users: ManageUsers { ports: ports.clone() },
            answers,
            cookie,
        }
    }
}

/// Where a request comes from, for lists of sessions and for limits.
pub(super) fn visitor(request: &HttpRequest) -> Visitor {
    Visitor {
        client: client_seen(request),
        counted_as: address_group(client_address(request)).to_string(),
        request_id: context::request_id(),
    }
}

/// How the client wants to hold its session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionForm)]
pub enum SessionForm {
    /// Tokens in the answer, for programs.
    #[default]
    Bearer,
    /// A cookie, for pages.
    Cookie,
}

impl From<SessionForm> for SessionKind {
    fn from(form: SessionForm) -> Self {
        match form {
            SessionForm::Bearer => Self::Bearer,
            SessionForm::Cookie => Self::Cookie,
        }
    }
}

/// A sign-in: tokens, or for pages (`"session": "cookie"`) a cookie and the token against forgery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SignIn)]
pub enum SignInBody {
    /// For programs.
    Bearer(SignedInBody),
    /// For pages.
    Cookie(PageSignedInBody),
}

/// A code is on its way, if the address is one to which codes are sent; the mail tells.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeSent)]
pub struct CodeSentBody {
    /// To be shown together with the code.
    pub(super) request_id: Uuid,
    /// Seconds for which the code is good.
    #[schema(example = 600, minimum = 0)]
    pub(super) expires_in: u32,
}

impl From<CodeSent> for CodeSentBody {
    fn from(sent: CodeSent) -> Self {
        Self { request_id: sent.request, expires_in: sent.expires_in }
    }
}

macro_rules! kinds {
    ($($name:ident $status:literal $code:literal $title:literal $help:literal;)+) => {
        $(pub(super) static $name: Kind = Kind { code: $code, status: $status, title: $title, help: $help };)+
        /// Problems that only this slice answers.
        pub static PROBLEMS: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    WRONG_CREDENTIALS 401 "wrong-credentials" "Address, password or second factor are not right"
        "Nobody is told which. If the password is forgotten, ask for a link to set a new one.";
    SECOND_FACTOR_REQUIRED 401 "second-factor-required" "A second factor is needed"
        "The password is right. Send it again together with totp, a code of the authenticator app, or with recovery_code.";
    TOO_MANY_TRIES 429 "too-many-tries" "There were too many tries"
        "Wait for the seconds in Retry-After. Failed sign-ins are counted for each address and place together, so nobody elsewhere can lock you out.";
    SECOND_FACTOR_EXISTS 409 "second-factor-exists" "A second factor is set up already"
        "One authenticator app at a time. If it is lost, sign in with a recovery code, or ask an administrator to take it off.";
    EMAIL_TAKEN 409 "email-taken" "This address has an account"
        "An address has at most one account. Use another address, or that account.";
    PROFILE_TAKEN 409 "profile-taken" "This doctor has an account"
        "A doctor's profile belongs to at most one account.";
    LAST_ADMIN 409 "last-admin" "This is the last administrator"
        "Nobody would be left who could undo it. Make another administrator first.";
}

/// 429 with the seconds to wait.
pub(super) fn too_many(retry_after: u32) -> Problem {
    Problem::of(&TOO_MANY_TRIES).header(header::RETRY_AFTER, HeaderValue::from(retry_after))
}

/// Technical failures are told like everywhere.
pub(super) fn failed(failure: &PortFailure) -> Problem {
    Problem::internal(failure)
}
