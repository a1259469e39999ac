//! Accounts of others, for administrators.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, KeptAnswer, Once, Role, UserId};
use platform::http::admission::{Admins, As};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, send};
use platform::http::{
    Body, DEFAULT_LIMIT, Problem, ProblemBody, Query, context, cursor, cut, from_text, id_in_path, page_of,
    read_cursor, required_versions, version_tag,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::accounts::AccountsApi;
use super::me::{AccountBody, shown};
use crate::application::{Invitation, ManageUsersError, ReachEdit, UserFilter};
use crate::domain::{Account, AccountState};

/// What accounts are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserRole)]
pub enum RoleWord {
    /// Books for oneself and for those one looks after.
    Patient,
    /// A practitioner with a profile and a calendar.
    Doctor,
    /// The front desk of one or more clinics.
    Staff,
    /// Runs the installation.
    Admin,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Patient => Self::Patient,
            RoleWord::Doctor => Self::Doctor,
            RoleWord::Staff => Self::Staff,
            RoleWord::Admin => Self::Admin,
        }
    }
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserState)]
pub enum StateWord {
    /// It may.
    Active,
    /// It may not.
    Disabled,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsersParams {
    /// Only accounts for this.
    #[param(nullable = false, inline)]
    role: Option<RoleWord>,
    /// Only these.
    #[param(nullable = false, inline)]
    state: Option<StateWord>,
    /// Only members of this clinic.
    #[param(nullable = false)]
    clinic_id: Option<Uuid>,
    /// Entries of a page.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// From `Link` of the page before.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
}

/// An account to be made.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub struct NewUserBody {
    /// Where the invitation goes.
    #[validate(required, email, length(max = 320))]
    #[schema(required = true, nullable = false, format = Email, max_length = 320, example = "grace@example.org")]
    email: Option<String>,
    /// As the person writes it.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 200, example = "Grace Hopper")]
    name: Option<String>,
    /// `doctor`, `staff` or `admin`; patients sign up themselves.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    role: Option<RoleWord>,
    /// Language of letters, a BCP 47 tag; `en` when left out.
    #[validate(length(min = 2, max = 35))]
    #[schema(min_length = 2, max_length = 35, example = "en")]
    language: Option<String>,
    /// Of a doctor or a front desk.
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    clinic_ids: Option<Vec<Uuid>>,
    /// The profile of a doctor.
    doctor_id: Option<Uuid>,
}

/// What is to be another; what is left out stays.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserEdit)]
pub struct UserEditBody {
    /// Patients stay patients, and nobody else becomes one.
    role: Option<RoleWord>,
    /// `disabled` ends all sessions.
    state: Option<StateWord>,
    /// All of them.
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    clinic_ids: Option<Vec<Uuid>>,
    /// The profile of a doctor; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    doctor_id: Option<Option<Uuid>>,
    /// Takes the second factor off: it has to be set up anew at the next sign-in.
    reset_second_factor: Option<bool>,
}

/// Tells null from nothing.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Uuid>>, D::Error> {
    Option::<Uuid>::deserialize(deserializer).map(Some)
}

/// Accounts, in the order they were made
#[utoipa::path(
    tag = "Accounts",
    operation_id = "listUsers",
    security(("bearer" = []), ("session" = [])),
    params(UsersParams),
    responses(
        (status = 200, description = "A page", body = [AccountBody], headers(("link" = Option<String>, description = "The next page (RFC 8288), where there is one"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Administrators alone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/users")]
pub(super) async fn list_users(
    who: As<Admins>,
    request: HttpRequest,
    query: Query<UsersParams>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let wanted = UserFilter {
        role: query.0.role.map(Role::from),
        state: query.0.state.map(state),
        clinic: query.0.clinic_id.map(ClinicId::from_uuid),
    };
    let after: Option<(Timestamp, UserId)> = query.0.cursor.as_deref().map(read_cursor).transpose()?;
    let limit = query.0.limit.unwrap_or(DEFAULT_LIMIT);
    let mut found = api.users.list(&who.caller, &wanted, after, limit + 1).await?;
    let more = cut(&mut found, limit);
    let next = found.last().filter(|_| more).map(|last| cursor(&(last.created_at, last.id)));
    let bodies: Vec<AccountBody> = found.iter().map(AccountBody::from).collect();
    Ok(page_of(&request, &bodies, next.as_deref()))
}

const fn state(word: StateWord) -> AccountState {
    match word {
        StateWord::Active => AccountState::Active,
        StateWord::Disabled => AccountState::Disabled,
    }
}

fn created(account: &Account) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/users/{}", account.id)),
        etag: Some(version_tag(account.version)),
        body: serde_json::to_vec(&AccountBody::from(account)).unwrap_or_default(),
    }
}

/// Invite a doctor, a front desk or an administrator
///
/// The account has no password; the person sets one by the code of the invitation mail, within 72 hours.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "createUser",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewUserBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Made, and invited", body = AccountBody, headers(
            ("location" = String, description = "Address of the account"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Administrators alone; `csrf`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`email-taken`, `profile-taken`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/users")]
pub(super) async fn create_user(
    who: As<Admins>,
    request: HttpRequest,
    body: Body<NewUserBody>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let user = who.caller.user().map(|user| user.to_string()).unwrap_or_default();
    let once = key_of(&request)?.map(|key| Once {
        scope: format!("user:{user}:create-user"),
        key,
        fingerprint: body.fingerprint,
        answer: Arc::new(created),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let body = body.value;
    let wish = Invitation {
        email: body.email.unwrap_or_default(),
        name: body.name.unwrap_or_default(),
        language: body.language,
        role: body.role.unwrap_or(RoleWord::Patient).into(),
        clinics: body.clinic_ids.unwrap_or_default().into_iter().map(ClinicId::from_uuid).collect(),
        doctor: body.doctor_id.map(DoctorId::from_uuid),
    };
    match api.users.invite(&who.caller, wish, context::request_id(), once).await {
        Ok(invited) => Ok(send(&created(&invited.account), Replayed::No)),
        Err(ManageUsersError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// An account
#[utoipa::path(
    tag = "Accounts",
    operation_id = "getUser",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = AccountBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Administrators alone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/users/{id}")]
pub(super) async fn get_user(
    who: As<Admins>,
    request: HttpRequest,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(&api.users.show(&who.caller, id_in_path(&request, "id")?).await?))
}

/// Change what an account may do
///
/// Another role, a closed account and a second factor taken off end its sessions. The last active administrator stays
/// one.
#[utoipa::path(
    tag = "Accounts",
    operation_id = "editUser",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The account"),
        ("If-Match" = String, Header, description = "The `ETag` of the account that was read, or `*`"),
    ),
    request_body(content = UserEditBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The account as it is now", body = AccountBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Administrators alone; `csrf`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`last-admin`, `profile-taken`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "The account has changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/users/{id}")]
pub(super) async fn edit_user(
    who: As<Admins>,
    request: HttpRequest,
    body: Body<UserEditBody>,
    api: Data<AccountsApi>,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id_in_path(&request, "id")?;
    let versions = required_versions(&request)?;
    let body = body.value;
    let edit = ReachEdit {
        role: body.role.map(Role::from),
        clinics: body.clinic_ids.map(|ids| ids.into_iter().map(ClinicId::from_uuid).collect()),
        doctor: body.doctor_id.map(|id| id.map(DoctorId::from_uuid)),
        closed: body.state.map(|word| word == StateWord::Disabled),
        without_second_factor: body.reset_second_factor.unwrap_or(false),
    };
    Ok(shown(&api.users.edit(&who.caller, id, edit, versions, context::request_id()).await?))
}
