//! Signing up and in. Operations of this file answer nobody twice: what they hand out is kept by nobody
//! (docs/adr/0012).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use platform::http::{Body, FieldError, Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::accounts::{AccountsApi, CodeSentBody, SessionForm, SignInBody, visitor};
use super::answers::{UserBody, signed_in};
use super::consents::{ConsentDocument, GivenBody};
use crate::application::{Asked, CodeSent, Registration, SecondProof};

/// Who wants to have an account.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub struct RegisterBody {
    /// Where mail reaches you.
    #[validate(required, email, length(max = 320))]
    #[schema(required = true, nullable = false, format = Email, max_length = 320, example = "ada@example.org")]
    email: Option<String>,
    /// As you write it.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 200, example = "Ada Lovelace")]
    name: Option<String>,
    /// Language of letters, a BCP 47 tag; `en` when left out.
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35, example = "en")]
    language: Option<String>,
    /// Only if you want to sign in by password as well: 15 characters at least, 72 bytes at most, nothing common.
    #[validate(length(min = 15, max = 72))]
    #[schema(min_length = 15, max_length = 72)]
    password: Option<String>,
    /// Documents you agree to.
    #[validate(length(max = 10), nested)]
    #[schema(max_items = 10)]
    consents: Option<Vec<GivenBody>>,
}

/// An address.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailAddress)]
pub struct EmailBody {
    /// Of the account.
    #[validate(required, email, length(max = 320))]
    #[schema(required = true, nullable = false, format = Email, max_length = 320, example = "ada@example.org")]
    pub(super) email: Option<String>,
}

/// A code that was mailed.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeShown)]
pub struct VerifyBody {
    /// From the answer to the request for the code.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    request_id: Option<Uuid>,
    /// Six digits.
    #[validate(required, length(min = 1, max = 40))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40, example = "123456")]
    code: Option<String>,
    /// `bearer` when left out.
    session: Option<SessionForm>,
}

/// Who signs in by password.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Credentials)]
pub struct LoginBody {
    /// Of the account.
    #[validate(required, length(min = 1, max = 320))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 320, example = "ada@example.org")]
    email: Option<String>,
    /// Its password.
    #[validate(required, length(min = 1, max = 500))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 500)]
    password: Option<String>,
    /// Six digits of the authenticator app; for doctors, front desks and administrators.
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20, example = "123456")]
    totp: Option<String>,
    /// In place of `totp` when the app is lost; each is good for once.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    recovery_code: Option<String>,
    /// `bearer` when left out.
    session: Option<SessionForm>,
}

pub(super) fn accepted(sent: CodeSent) -> HttpResponse {
    HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).json(CodeSentBody::from(sent))
}

/// Sign up as a patient
///
/// Mails a code; the account is made when it is shown to `POST /auth/otp/verify`. The answer is the same for an address
/// that has an account: then the code signs in there, and the other fields are ignored.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "register",
    security(()),
    request_body(content = RegisterBody, content_type = "application/json"),
    responses(
        (status = 202, description = "A code is on its way", body = CodeSentBody),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/register")]
pub(super) async fn register(
    body: Body<RegisterBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let body = body.value;
    let consent =
        |given: GivenBody| Some((given.document.unwrap_or(ConsentDocument::Terms).word().to_owned(), given.version?));
    let wish = Registration {
        email: body.email.unwrap_or_default(),
        name: body.name.unwrap_or_default(),
        language: body.language,
        password: body.password,
        consents: body.consents.unwrap_or_default().into_iter().filter_map(consent).collect(),
    };
    Ok(accepted(api.register.run(wish, &visitor(&request)).await?))
}

/// Ask for a code to sign in
///
/// For patients. The answer is the same whether the address has an account or not.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "requestCode",
    security(()),
    request_body(content = EmailBody, content_type = "application/json"),
    responses(
        (status = 202, description = "A mail is on its way", body = CodeSentBody),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/otp/request")]
pub(super) async fn request_code(
    body: Body<EmailBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let email = body.value.email.unwrap_or_default();
    Ok(accepted(api.request_code.run(&email, Asked::SignIn, &visitor(&request)).await?))
}

/// Sign in by code
///
/// Makes the account where the code is of a sign-up. A code is good for ten minutes and for once, and dead after five
/// wrong tries.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "verifyCode",
    security(()),
    request_body(content = VerifyBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Signed in", body = SignInBody, headers(("set-cookie" = Option<String>, description = "The session, where a cookie was asked for"))),
        (status = 401, description = "`wrong-code`", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/otp/verify")]
pub(super) async fn verify_code(
    body: Body<VerifyBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let VerifyBody { request_id, code, session } = body.value;
    let (request_id, code) = (request_id.unwrap_or_default(), code.unwrap_or_default());
    let form = session.unwrap_or_default();
    let entered = api.by_code.run(request_id, &code, form.into(), &visitor(&request)).await?;
    Ok(signed_in(&entered.opened, UserBody::from(&entered.account), api.cookie))
}

/// Sign in by password
///
/// Doctors, front desks and administrators show a second factor as well; who has none yet gets a sign-in that is good
/// for setting it up (`POST /auth/totp/setup`) and has no refresh token.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "login",
    security(()),
    request_body(content = LoginBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Signed in", body = SignInBody, headers(("set-cookie" = Option<String>, description = "The session, where a cookie was asked for"))),
        (status = 401, description = "`wrong-credentials`, `second-factor-required`", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/login")]
pub(super) async fn login(
    body: Body<LoginBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let LoginBody { email, password, totp, recovery_code, session } = body.value;
    let second = match (totp, recovery_code) {
        (None, None) => SecondProof::None,
        (Some(code), None) => SecondProof::Totp(code),
        (None, Some(code)) => SecondProof::Recovery(code),
        (Some(_), Some(_)) => {
            let error = FieldError::new("recovery_code", "either-or", "must not come together with totp");
            return Err(Problem::invalid(vec![error]));
        }
    };
    let (email, password) = (email.unwrap_or_default(), password.unwrap_or_default());
    let form = session.unwrap_or_default();
    let entered = api.by_password.run(&email, &password, second, form.into(), &visitor(&request)).await?;
    Ok(signed_in(&entered.opened, UserBody::from(&entered.account), api.cookie))
}
