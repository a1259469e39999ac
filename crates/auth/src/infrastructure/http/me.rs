//! One's own account.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use platform::http::admission::{AnyRole, As};
use platform::http::{Body, FieldError, Problem, ProblemBody, context, required_versions, version_tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::account_problems;
use super::accounts::{AccountsApi, CodeSentBody, visitor};
use super::sign_in::accepted;
use crate::application::{Edit, OwnersProof};
use crate::domain::{Account, SecondFactor};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountBody {
    /// Its id.
    pub id: Uuid,
    /// `patient`, `doctor`, `staff` or `admin`.
    #[schema(example = "patient")]
    pub role: String,
    /// `active` or `disabled`.
    #[schema(example = "active")]
    pub state: String,
    /// As the person writes it.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// Where mail reaches the person.
    #[schema(example = "ada@example.org")]
    pub email: String,
    /// Has the person proved to read that mail?
    pub email_verified: bool,
    /// Language of letters, a BCP 47 tag.
    #[schema(example = "en")]
    pub language: String,
    /// The profile of a doctor.
    pub doctor_id: Option<Uuid>,
    /// The clinics of a doctor or a front desk.
    pub clinic_ids: Vec<Uuid>,
    /// Is there a password?
    pub has_password: bool,
    /// Is a second factor set up?
    pub has_second_factor: bool,
    /// Since when, RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-21T09:00:00Z")]
    pub created_at: String,
    /// Last change, RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-21T09:00:00Z")]
    pub updated_at: String,
}

impl From<&Account> for AccountBody {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.as_uuid(),
            role: account.role.word().to_owned(),
            state: account.state.word().to_owned(),
            name: account.name.clone(),
            email: account.email.as_str().to_owned(),
            email_verified: account.email_verified_at.is_some(),
            language: account.language.clone(),
            doctor_id: account.doctor.map(kernel::DoctorId::as_uuid),
            clinic_ids: account.clinics.iter().map(|clinic| clinic.as_uuid()).collect(),
            has_password: account.password_hash.is_some(),
            has_second_factor: account.second_factor() == SecondFactor::SetUp,
            created_at: account.created_at.to_string(),
            updated_at: account.updated_at.to_string(),
        }
    }
}

/// The account with its version.
pub(super) fn shown(account: &Account) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::ETAG, version_tag(account.version)));
    answer.insert_header((header::CACHE_CONTROL, "no-store")).json(AccountBody::from(account))
}

/// What is to be another; what is left out stays.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountEdit)]
pub struct EditBody {
    /// As you write it.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Ada Lovelace")]
    name: Option<String>,
    /// Language of letters, a BCP 47 tag.
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35, example = "fr")]
    language: Option<String>,
}

/// Another address, and what shows that it is the owner who asks: the password, or, for a patient, a code to sign in
/// that was mailed to the present address.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailChange)]
pub struct EmailChangeBody {
    /// The new one.
    #[validate(required, email, length(max = 320))]
    #[schema(required = true, nullable = false, format = Email, max_length = 320, example = "ada@example.net")]
    email: Option<String>,
    /// Of the account.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    password: Option<String>,
    /// From the answer of `POST /auth/otp/request`.
    request_id: Option<Uuid>,
    /// That was mailed then.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "123456")]
    code: Option<String>,
}

/// A code that was mailed to the new address.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailConfirmation)]
pub struct EmailConfirmBody {
    /// From the answer of `POST /me/email`.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    request_id: Option<Uuid>,
    /// Six digits.
    #[validate(required, length(min = 1, max = 40))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40, example = "123456")]
    code: Option<String>,
}

/// My account
#[utoipa::path(
    tag = "Accounts",
    operation_id = "getMe",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "The caller's account", body = AccountBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The account is gone", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me")]
pub(super) async fn get_me(who: As<AnyRole>, api: Data<AccountsApi>) -> Result<HttpResponse, Problem> {
    Ok(shown(&api.mine.show(&who.caller).await?))
}

/// Edit my account
#[utoipa::path(
    tag = "Accounts",
    operation_id = "editMe",
    security(("bearer" = []), ("session" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` of the account that was read, or `*`")),
    request_body(content = EditBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The account as it is now", body = AccountBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The account is gone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "The account has changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/me")]
pub(super) async fn edit_me(
    who: As<AnyRole>,
    request: HttpRequest,
    body: Body<EditBody>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let versions = required_versions(&request)?;
    let edit = Edit { name: body.value.name, language: body.value.language };
    Ok(shown(&api.mine.edit(&who.caller, edit, versions, context::request_id()).await?))
}

/// Ask for another e-mail address
///
/// Mails a code to the new address; the old one stays until the code is shown to `POST /me/email/confirm`. The answer
/// does not tell whether the new address has an account.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "changeMyEmail",
    security(("bearer" = []), ("session" = [])),
    request_body(content = EmailChangeBody, content_type = "application/json"),
    responses(
        (status = 202, description = "A code is on its way to the new address", body = CodeSentBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a password or code that is not right", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/me/email")]
pub(super) async fn change_my_email(
    who: As<AnyRole>,
    body: Body<EmailChangeBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let EmailChangeBody { email, password, request_id, code } = body.value;
    let (proof, field) = match (password, request_id, code) {
        (Some(password), None, None) => (OwnersProof::Password(password), "password"),
        (None, Some(request), Some(code)) => (OwnersProof::Code { request, code }, "code"),
        _ => {
            let message = "is required, or else both request_id and code";
            return Err(Problem::invalid(vec![FieldError::new("password", "either-or", message)]));
        }
    };
    let sent = api.change_email.ask(&who.caller, &email.unwrap_or_default(), proof, &visitor(&request)).await;
    Ok(accepted(sent.map_err(|error| account_problems::change_email(error, field))?))
}

/// Prove the new e-mail address
///
/// The account has it from now on, and the old address is told.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "confirmMyEmail",
    security(("bearer" = []), ("session" = [])),
    request_body(content = EmailConfirmBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The account as it is now", body = AccountBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`email-taken`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or not the code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/me/email/confirm")]
pub(super) async fn confirm_my_email(
    who: As<AnyRole>,
    body: Body<EmailConfirmBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let (id, code) = (body.value.request_id.unwrap_or_default(), body.value.code.unwrap_or_default());
    let account = api.change_email.confirm(&who.caller, id, &code, &visitor(&request)).await;
    Ok(shown(&account.map_err(|error| account_problems::change_email(error, "code"))?))
}
