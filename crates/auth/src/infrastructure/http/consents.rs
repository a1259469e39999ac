//! Documents that people agree to.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, put};
use platform::http::admission::{AnyRole, As};
use platform::http::{Body, Problem, ProblemBody, context, required_versions, version_tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::accounts::AccountsApi;
use crate::application::{Consent, ConsentGiven};
use crate::domain::Account;

/// What one may agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentDocument)]
pub enum ConsentDocument {
    /// Terms of use.
    Terms,
    /// How personal data is used.
    Privacy,
    /// Being reminded of visits by mail.
    Reminders,
}

impl ConsentDocument {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy => "privacy",
            Self::Reminders => "reminders",
        }
    }
}

/// A document agreed to with the sign-up.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentAtSignUp)]
pub struct GivenBody {
    /// Which.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    pub(super) document: Option<ConsentDocument>,
    /// Which of its versions.
    #[validate(required, length(min = 1, max = 40))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40, example = "2026-11")]
    pub(super) version: Option<String>,
}

/// An answer to a document.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentAnswer)]
pub struct AnswerBody {
    /// Which.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    document: Option<ConsentDocument>,
    /// Which of its versions.
    #[validate(required, length(min = 1, max = 40))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40, example = "2026-11")]
    version: Option<String>,
    /// Agreed to, or no longer?
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    given: Option<bool>,
}

/// Answers to documents; those to other documents stay as they are.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentAnswers)]
pub struct AnswersBody {
    /// One for each document.
    #[validate(required, length(min = 1, max = 10), nested)]
    #[schema(required = true, nullable = false, min_items = 1, max_items = 10)]
    consents: Option<Vec<AnswerBody>>,
}

/// What was agreed to, and until when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub struct ConsentBody {
    /// Which document.
    #[schema(example = "terms")]
    document: String,
    /// Which of its versions.
    #[schema(example = "2026-11")]
    version: String,
    /// Since when, RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-21T09:00:00Z")]
    given_at: String,
    /// When it was withdrawn, or replaced by another version; null while it holds.
    #[schema(format = DateTime, example = "2026-12-21T09:00:00Z")]
    withdrawn_at: Option<String>,
}

impl From<&Consent> for ConsentBody {
    fn from(consent: &Consent) -> Self {
        Self {
            document: consent.document.clone(),
            version: consent.version.clone(),
            given_at: consent.given_at.to_string(),
            withdrawn_at: consent.withdrawn_at.map(|at| at.to_string()),
        }
    }
}

fn shown(account: &Account, consents: &[Consent]) -> HttpResponse {
    let bodies: Vec<ConsentBody> = consents.iter().map(ConsentBody::from).collect();
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::ETAG, version_tag(account.version)));
    answer.insert_header((header::CACHE_CONTROL, "no-store")).json(bodies)
}

/// What have I agreed to?
///
/// With its history: what was withdrawn stays on record.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "getMyConsents",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "The newest first; at most 200", body = [ConsentBody], headers(("etag" = String, description = "For `If-Match`: the version of the account"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The account is gone", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/consents")]
pub(super) async fn get_my_consents(who: As<AnyRole>, api: Data<AccountsApi>) -> Result<HttpResponse, Problem> {
    let (account, consents) = api.mine.consents(&who.caller).await?;
    Ok(shown(&account, &consents))
}

/// Agree to documents, or no longer
#[utoipa::path(
    tag = "Accounts",
    operation_id = "putMyConsents",
    security(("bearer" = []), ("session" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` of the account that was read, or `*`")),
    request_body(content = AnswersBody, content_type = "application/json"),
    responses(
        (status = 200, description = "All answers, the newest first", body = [ConsentBody], headers(("etag" = String, description = "For `If-Match`: the version of the account"))),
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
#[put("/me/consents")]
pub(super) async fn put_my_consents(
    who: As<AnyRole>,
    request: HttpRequest,
    body: Body<AnswersBody>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let versions = required_versions(&request)?;
    let answer = |body: AnswerBody| {
        Some(ConsentGiven { document: body.document?.word().to_owned(), version: body.version?, given: body.given? })
    };
    let given = body.value.consents.unwrap_or_default().into_iter().filter_map(answer).collect();
    let (account, consents) = api.mine.answer(&who.caller, given, versions, context::request_id()).await?;
    Ok(shown(&account, &consents))
}
