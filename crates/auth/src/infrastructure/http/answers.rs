use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::header;
use kernel::DoctorId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::accounts::SignInBody;
use super::cookie::SessionCookie;
use crate::application::{OpenedSession, Tokens};
use crate::domain::Account;

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// Id of the account.
    pub id: Uuid,
    /// `patient`, `doctor`, `staff` or `admin`.
    #[schema(example = "patient")]
    pub role: String,
    /// As the person writes it.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// Where mail reaches the person.
    #[schema(example = "ada@example.org")]
    pub email: String,
    /// Language of letters, a BCP 47 tag.
    #[schema(example = "en")]
    pub language: String,
    /// The profile of a doctor.
    pub doctor_id: Option<Uuid>,
    /// The clinics of a doctor or a front desk.
    pub clinic_ids: Vec<Uuid>,
}

impl From<&Account> for UserBody {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.as_uuid(),
            role: account.role.word().to_owned(),
            name: account.name.clone(),
            email: account.email.as_str().to_owned(),
            language: account.language.clone(),
            doctor_id: account.doctor.map(DoctorId::as_uuid),
            clinic_ids: account.clinics.iter().map(|clinic| clinic.as_uuid()).collect(),
        }
    }
}

/// What a program holds after signing in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct SignedInBody {
    /// For `Authorization: Bearer …`; a JWT that only Doktolib reads.
    pub access_token: String,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds until the access token is worth nothing.
    #[schema(example = 900, minimum = 0)]
    pub expires_in: u32,
    /// Good for one `POST /api/v1/auth/refresh`; null where a second factor has to be set up first.
    pub refresh_token: Option<String>,
    /// Who is signed in.
    pub user: UserBody,
}

/// What a page holds after signing in, besides the cookie.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageSignedIn)]
pub struct PageSignedInBody {
    /// For `X-CSRF-Token` of every request that changes something.
    pub csrf_token: String,
    /// Seconds without any request after which the session is over.
    #[schema(example = 43200, minimum = 0)]
    pub expires_in: u32,
    /// Who is signed in.
    pub user: UserBody,
}

/// Answers a sign-in: tokens in the body, or a cookie and the token against forgery. Never kept by anybody.
#[must_use]
pub fn signed_in(opened: &OpenedSession, user: UserBody, cookie: SessionCookie) -> HttpResponse {
    let (body, cookie) = parts(opened, user, cookie);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        answer.cookie(cookie);
    }
    answer.json(body)
}

/// What a sign-in shows, and the cookie it sets.
pub(super) fn parts(
    opened: &OpenedSession,
    user: UserBody,
    cookie: SessionCookie,
) -> (SignInBody, Option<Cookie<'static>>) {
    match &opened.tokens {
        Tokens::Bearer { access, refresh } => {
            let body = SignedInBody {
                access_token: access.expose().to_owned(),
                token_type: "Bearer".to_owned(),
                expires_in: opened.expires_in,
                refresh_token: refresh.as_ref().map(|refresh| refresh.expose().to_owned()),
                user,
            };
            (SignInBody::Bearer(body), None)
        }
        Tokens::Cookie { value, csrf } => {
            let csrf_token = csrf.expose().to_owned();
            let body = PageSignedInBody { csrf_token, expires_in: opened.expires_in, user };
            (SignInBody::Cookie(body), Some(cookie.with(value)))
        }
    }
}
