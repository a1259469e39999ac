//! New passwords and second factors.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post};
use kernel::{Role, UserId};
use platform::http::admission::{AnyRole, As, SettingUp, Team};
use platform::http::{Body, Problem, ProblemBody, context, kinds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::account_problems;
use super::accounts::{AccountsApi, CodeSentBody, SessionForm, SignInBody, visitor};
use super::answers::UserBody;
use super::sign_in::{EmailBody, accepted};
use crate::application::Asked;

/// Who may have a second factor, also with a sign-in that is good for setting it up alone.
pub(super) struct TeamSettingUp(UserId);

impl FromRequest for TeamSettingUp {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(SettingUp::from_request(request, payload).into_inner().and_then(|SettingUp(who)| {
            match (who.caller.role(), who.caller.user()) {
                (Some(Role::Doctor | Role::Staff | Role::Admin), Some(user)) => Ok(Self(user)),
                _ => Err(Problem::of(&kinds::FORBIDDEN)),
            }
        }))
    }
}

/// A new password, by a code that was mailed.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordReset)]
pub struct ResetBody {
    /// From the answer to `POST /auth/password/forgot`, or from the link in the mail.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    request_id: Option<Uuid>,
    /// From the mail.
    #[validate(required, length(min = 1, max = 40))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40)]
    code: Option<String>,
    /// 15 characters at least, 12 where a second factor is asked for, 72 bytes at most, nothing common.
    #[validate(required, length(min = 12, max = 72))]
    #[schema(required = true, nullable = false, min_length = 12, max_length = 72)]
    new_password: Option<String>,
}

/// A new password, by the present one.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub struct ChangeBody {
    /// The present one.
    #[validate(required, length(min = 1, max = 500))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 500)]
    current_password: Option<String>,
    /// 15 characters at least, 12 where a second factor is asked for, 72 bytes at most, nothing common.
    #[validate(required, length(min = 12, max = 72))]
    #[schema(required = true, nullable = false, min_length = 12, max_length = 72)]
    new_password: Option<String>,
}

/// What an authenticator app is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactorOffer)]
pub struct TotpBody {
    /// Base32 (RFC 4648), to be typed in.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// The same as an address, for a QR code.
    #[schema(example = "otpauth://totp/Doktolib:ada%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Doktolib")]
    otpauth_uri: String,
}

/// The first code of the app.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondFactorConfirmation)]
pub struct ConfirmBody {
    /// Six digits.
    #[validate(required, length(min = 1, max = 20))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 20, example = "123456")]
    code: Option<String>,
    /// `bearer` when left out.
    session: Option<SessionForm>,
}

/// The second factor is set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactorConfirmed)]
pub struct ConfirmedBody {
    /// For the day on which the app is lost, each good for once. They are shown this once.
    recovery_codes: Vec<String>,
    /// The full sign-in that replaces the one for setting up.
    sign_in: SignInBody,
}

/// A fresh code of the app.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FreshCode)]
pub struct FreshBody {
    /// Six digits that were not used before.
    #[validate(required, length(min = 1, max = 20))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 20, example = "123456")]
    totp: Option<String>,
}

/// New recovery codes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryBody {
    /// Each good for once. They are shown this once; those before are void.
    recovery_codes: Vec<String>,
}

/// Ask for a link to set a new password
///
/// The answer is the same whether the address has an account or not.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "forgotPassword",
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
#[post("/auth/password/forgot")]
pub(super) async fn forgot_password(
    body: Body<EmailBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let email = body.value.email.unwrap_or_default();
    Ok(accepted(api.request_code.run(&email, Asked::NewPassword, &visitor(&request)).await?))
}

/// Set a new password by a code from the mail
///
/// Also the first password of an account that one was invited to. All sessions of the account end.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "resetPassword",
    security(()),
    request_body(content = ResetBody, content_type = "application/json"),
    responses(
        (status = 204, description = "The password is set; sign in with it"),
        (status = 401, description = "`wrong-code`", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a password that is not good enough; the code stays good", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/password/reset")]
pub(super) async fn reset_password(
    body: Body<ResetBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let ResetBody { request_id, code, new_password } = body.value;
    let (id, code, new) = (request_id.unwrap_or_default(), code.unwrap_or_default(), new_password.unwrap_or_default());
    let done = api.set_password.by_code(id, &code, &new, &visitor(&request)).await;
    done.map_err(|error| account_problems::set_password(error, "code"))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change the password
///
/// All other sessions of the account end, and its owner is told by mail.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "changePassword",
    security(("bearer" = []), ("session" = [])),
    request_body(content = ChangeBody, content_type = "application/json"),
    responses(
        (status = 204, description = "The password is changed"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, a present password that is not right, or a new one that is not good enough", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/password/change")]
pub(super) async fn change_password(
    who: As<AnyRole>,
    body: Body<ChangeBody>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = (body.value.current_password.unwrap_or_default(), body.value.new_password.unwrap_or_default());
    let done = api.set_password.by_password(&who.caller, who.session, &current, &new, context::request_id()).await;
    done.map_err(|error| account_problems::set_password(error, "current_password"))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begin to set up a second factor
///
/// For doctors, front desks and administrators. It counts once a first code of the app was shown to
/// `POST /auth/totp/confirm`.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "setUpSecondFactor",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "What the app is told", body = TotpBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Patients are not asked for one; `csrf`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`second-factor-exists`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/auth/totp/setup")]
pub(super) async fn set_up_second_factor(who: TeamSettingUp, api: Data<AccountsApi>) -> Result<HttpResponse, Problem> {
    let offer = api.second_factor.begin(who.0, context::request_id()).await;
    let offer = offer.map_err(|error| account_problems::second_factor(error, "code"))?;
    let body = TotpBody { secret: offer.secret.expose().to_owned(), otpauth_uri: offer.otpauth.expose().to_owned() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

/// Show the first code of the app
///
/// The second factor counts from now on. Sign-ins for setting it up end; the answer holds a full one.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "confirmSecondFactor",
    security(("bearer" = []), ("session" = [])),
    request_body(content = ConfirmBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Set up", body = ConfirmedBody, headers(("set-cookie" = Option<String>, description = "The session, where a cookie was asked for"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Patients are not asked for one; `csrf`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`second-factor-exists`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or not the code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/totp/confirm")]
pub(super) async fn confirm_second_factor(
    who: TeamSettingUp,
    body: Body<ConfirmBody>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let (code, form) = (body.value.code.unwrap_or_default(), body.value.session.unwrap_or_default());
    let confirmed = api.second_factor.confirm(who.0, &code, form.into(), &visitor(&request)).await;
    let (codes, entered) = confirmed.map_err(|error| account_problems::second_factor(error, "code"))?;
    let recovery_codes = codes.iter().map(|code| code.expose().to_owned()).collect();
    let (sign_in, cookie) = super::answers::parts(&entered.opened, UserBody::from(&entered.account), api.cookie);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    Ok(answer.json(ConfirmedBody { recovery_codes, sign_in }))
}

/// Make new recovery codes
///
/// Those before are void. Wants a fresh code of the app.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "makeRecoveryCodes",
    security(("bearer" = []), ("session" = [])),
    request_body(content = FreshBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The new codes", body = RecoveryBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Patients have none; `csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or not a fresh code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-tries`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/auth/recovery-codes")]
pub(super) async fn make_recovery_codes(
    who: As<Team>,
    body: Body<FreshBody>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let user = who.caller.user().ok_or_else(|| Problem::of(&kinds::FORBIDDEN))?;
    let code = body.value.totp.unwrap_or_default();
    let codes = api.second_factor.new_codes(user, &code, context::request_id()).await;
    let codes = codes.map_err(|error| account_problems::second_factor(error, "totp"))?;
    let body = RecoveryBody { recovery_codes: codes.iter().map(|code| code.expose().to_owned()).collect() };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}
