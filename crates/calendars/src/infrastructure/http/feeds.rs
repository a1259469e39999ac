//! Addresses for calendar programs: of patients, and of doctors.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use kernel::{Caller, DoctorId, UserId};
use platform::http::admission::{As, Patients, Team, not_signed_in};
use platform::http::{NoParams, OptionalBody, Problem, ProblemBody, Query, context, id_in_path};

use super::CalendarsApi;
use super::bodies::{DetailsBody, FeedBody, NewFeedBody, OpenedFeedBody};
use crate::domain::{Details, FeedId, Owner};

fn own(caller: &Caller) -> Result<Owner, Problem> {
    let user: UserId = caller.user().ok_or_else(not_signed_in)?;
    Ok(Owner::User(user))
}

fn of_doctor(request: &HttpRequest) -> Result<Owner, Problem> {
    id_in_path::<DoctorId>(request, "id").map(Owner::Doctor)
}

async fn listed(api: &CalendarsApi, caller: &Caller, owner: Owner) -> Result<HttpResponse, Problem> {
    let feeds = api.feeds.list(caller, owner).await?;
    Ok(HttpResponse::Ok().json(feeds.iter().map(FeedBody::new).collect::<Vec<_>>()))
}

async fn opened(api: &CalendarsApi, caller: &Caller, owner: Owner, details: Details) -> Result<HttpResponse, Problem> {
    let opened = api.feeds.open(caller, owner, details, context::request_id()).await?;
    Ok(HttpResponse::Created().json(OpenedFeedBody::new(&opened, &api.public_url)))
}

async fn closed(
    api: &CalendarsApi,
    caller: &Caller,
    owner: Owner,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: FeedId = id_in_path(request, "feed_id")?;
    api.feeds.close(caller, owner, id, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// My calendar addresses
///
/// Without their secrets.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "listMyFeeds",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "The addresses, the oldest first", body = Vec<FeedBody>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/calendar-feeds")]
pub(super) async fn list_my_feeds(
    who: As<Patients>,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    listed(&api, &who.caller, own(&who.caller)?).await
}

/// A new calendar address of mine
///
/// A calendar program that subscribes to it shows my visits and those of whom I look after. The address is told once and kept
/// nowhere; whoever has it can read it, so a lost one is removed. Repeating this makes another one: there is no
/// `Idempotency-Key`, because a kept answer would hold the secret.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "openMyFeed",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 201, description = "Made; the address is not shown again", body = OpenedFeedBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too-many-feeds`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/me/calendar-feeds")]
pub(super) async fn open_my_feed(
    who: As<Patients>,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    opened(&api, &who.caller, own(&who.caller)?, Details::Full).await
}

/// Remove a calendar address of mine
///
/// It leads nowhere from now on.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "closeMyFeed",
    security(("bearer" = []), ("session" = [])),
    params(("feed_id" = Uuid, Path, description = "The address' id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such address, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/me/calendar-feeds/{feed_id}")]
pub(super) async fn close_my_feed(
    who: As<Patients>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    closed(&api, &who.caller, own(&who.caller)?, &request).await
}

/// A doctor's calendar addresses
///
/// Without their secrets. For those who run the calendar.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "listFeeds",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor")),
    responses(
        (status = 200, description = "The addresses, the oldest first", body = Vec<FeedBody>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor, or not your calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/calendar-feeds")]
pub(super) async fn list_feeds(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    listed(&api, &who.caller, of_doctor(&request)?).await
}

/// A new calendar address of a doctor
///
/// A calendar program that subscribes to it shows the doctor's visits: as busy times, or with the initials of patients, never
/// with names. The address is told once and kept nowhere. Repeating this makes another one: there is no `Idempotency-Key`,
/// because a kept answer would hold the secret.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "openFeed",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor")),
    request_body(content = Option<NewFeedBody>, content_type = "application/json"),
    responses(
        (status = 201, description = "Made; the address is not shown again", body = OpenedFeedBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such doctor, or not your calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too-many-feeds`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/doctors/{id}/calendar-feeds")]
pub(super) async fn open_feed(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<NewFeedBody>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    let details = match body.0.value.details {
        DetailsBody::Busy => Details::Busy,
        DetailsBody::Initials => Details::Initials,
    };
    opened(&api, &who.caller, of_doctor(&request)?, details).await
}

/// Remove a calendar address of a doctor
///
/// It leads nowhere from now on.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "closeFeed",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The doctor"),
        ("feed_id" = Uuid, Path, description = "The address' id"),
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such address, or not your calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/doctors/{id}/calendar-feeds/{feed_id}")]
pub(super) async fn close_feed(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<CalendarsApi>,
) -> Result<HttpResponse, Problem> {
    closed(&api, &who.caller, of_doctor(&request)?, &request).await
}
