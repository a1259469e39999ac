use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use kernel::SessionId;
use platform::http::admission::{AnyRole, As, SettingUp, unauthorized};
use platform::http::{Body, Problem, ProblemBody, client_address, id_in_path, kinds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::answers::{SignedInBody, UserBody, signed_in};
use super::cookie::SessionCookie;
use crate::application::{EndSession, EndSessionError, ListSessions, RefreshError, RefreshSession};
use crate::domain::{Client, Session};

/// What the handlers of sessions need.
pub struct SessionsApi {
    /// Renews.
    pub refresh: RefreshSession,
    /// Shows.
    pub list: ListSessions,
    /// Ends.
    pub end: EndSession,
    /// As pages hold a session.
    pub cookie: SessionCookie,
}

/// What is sent for new tokens.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh)]
pub struct RefreshBody {
    /// The one that came with the present access token.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 200)]
    refresh_token: Option<String>,
}

/// One sign-in of an account on one device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    /// Its id.
    id: Uuid,
    /// `bearer` for programs, `cookie` for pages.
    #[schema(example = "bearer")]
    kind: String,
    /// Is it the one that asks?
    current: bool,
    /// Since when, RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-21T09:00:00Z")]
    created_at: String,
    /// Last seen then, exact to a minute.
    #[schema(format = DateTime, example = "2026-11-21T09:00:00Z")]
    last_used_at: String,
    /// Over then, unless it is used before.
    #[schema(format = DateTime, example = "2026-12-21T09:00:00Z")]
    expires_at: String,
    /// What the client called itself when it signed in.
    #[schema(example = "curl/8.5.0")]
    user_agent: Option<String>,
    /// From which address it signed in.
    #[schema(example = "192.0.2.7")]
    address: Option<String>,
}

impl SessionBody {
    fn of(session: &Session, current: SessionId) -> Self {
        Self {
            id: session.id.as_uuid(),
            kind: session.life.kind.word().to_owned(),
            current: session.id == current,
            created_at: session.life.created_at.to_string(),
            last_used_at: session.life.last_used_at.to_string(),
            expires_at: session.life.expires_at.to_string(),
            user_agent: session.client.user_agent.clone(),
            address: session.client.address.clone(),
        }
    }
}

/// What a client tells of itself, for the list of its owner's sessions.
#[must_use]
pub fn client_seen(request: &HttpRequest) -> Client {
    let told = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let user_agent: String = told.trim().chars().filter(|c| !c.is_control()).take(300).collect();
    Client {
        user_agent: (!user_agent.is_empty()).then_some(user_agent),
        address: Some(client_address(request).to_string()),
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotGood => unauthorized(&kinds::NOT_SIGNED_IN)
                .detail("The refresh token is not good, or not any more. Sign in again."),
            RefreshError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<EndSessionError> for Problem {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => Self::of(&kinds::NOT_FOUND),
            EndSessionError::Failed(failure) => Self::internal(&failure),
        }
    }
}

/// Signed out here: nothing to show, and a browser is told to forget its cookie.
fn signed_out(request: &HttpRequest, cookie: SessionCookie) -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if request.cookie(cookie.name()).is_some() {
        answer.cookie(cookie.gone());
    }
    answer.finish()
}

/// Take a refresh token for new tokens
///
/// Each refresh token is good for once. One that comes back after its use ends its session for whoever holds it, and
/// the owner of the account is told by mail: a copy was made.
#[utoipa::path(
    tag = "Sign-in",
    operation_id = "refreshSession",
    security(()),
    request_body(content = RefreshBody, content_type = "application/json"),
    responses(
        (status = 200, description = "New tokens; the old refresh token is used up", body = SignedInBody),
        (status = 401, description = "Unknown, used, expired or revoked: sign in again", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/auth/refresh")]
pub(super) async fn refresh_session(body: Body<RefreshBody>, api: Data<SessionsApi>) -> Result<HttpResponse, Problem> {
    let shown = body.value.refresh_token.unwrap_or_default();
    let (account, opened) = api.refresh.run(&shown).await?;
    Ok(signed_in(&opened, UserBody::from(&account), api.cookie))
}

/// Sign out
///
/// Ends the session that the request comes with, at once and on every server.
#[utoipa::path(
    tag = "Sign-in",
    operation_id = "signOut",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, description = "Not signed in, or not any more", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/auth/logout")]
pub(super) async fn sign_out(
    who: SettingUp,
    request: HttpRequest,
    api: Data<SessionsApi>,
) -> Result<HttpResponse, Problem> {
    let SettingUp(who) = who;
    match api.end.run(&who.caller, who.session, who.session).await {
        // Ended by somebody else in between: that is what was asked for.
        Ok(()) | Err(EndSessionError::NotFound) => Ok(signed_out(&request, api.cookie)),
        Err(error) => Err(error.into()),
    }
}

/// Where am I signed in?
#[utoipa::path(
    tag = "Sign-in",
    operation_id = "listSessions",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "The caller's sessions, the newest first; at most 100", body = [SessionBody]),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/auth/sessions")]
pub(super) async fn list_sessions(who: As<AnyRole>, api: Data<SessionsApi>) -> Result<HttpResponse, Problem> {
    let sessions = api.list.run(&who.caller).await?;
    let bodies: Vec<SessionBody> = sessions.iter().map(|session| SessionBody::of(session, who.session)).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Sign out on another device
#[utoipa::path(
    tag = "Sign-in",
    operation_id = "endSession",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "It is over, at once and on every server"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such session, or not yours", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/auth/sessions/{id}")]
pub(super) async fn end_session(
    who: As<AnyRole>,
    request: HttpRequest,
    api: Data<SessionsApi>,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = id_in_path(&request, "id")?;
    api.end.run(&who.caller, who.session, id).await?;
    if id == who.session {
        return Ok(signed_out(&request, api.cookie));
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Sign out everywhere
///
/// Ends every session of the account, the one that asks as well.
#[utoipa::path(
    tag = "Sign-in",
    operation_id = "endAllSessions",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 204, description = "All are over, at once and on every server"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`csrf`, `second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/auth/sessions")]
pub(super) async fn end_all_sessions(
    who: As<AnyRole>,
    request: HttpRequest,
    api: Data<SessionsApi>,
) -> Result<HttpResponse, Problem> {
    api.end.everywhere(&who.caller).await?;
    Ok(signed_out(&request, api.cookie))
}
