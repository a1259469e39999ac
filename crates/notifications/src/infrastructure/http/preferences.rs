//! How patients wish to be reminded.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, put};
use jiff::civil::Time;
use platform::http::admission::{As, Patients};
use platform::http::{
    Body, FieldError, NoParams, Problem, ProblemBody, Query, context, required_versions, version_tag,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::MessagesApi;
use crate::application::Wished;
use crate::domain::{Preferences, QuietHours};

/// How somebody wishes to be reminded of visits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPreferences)]
pub(super) struct PreferencesBody {
    /// Reminders by mail.
    email_reminders: bool,
    /// Reminders by text, where a phone number in international form is known.
    sms_reminders: bool,
    /// Not from then on, on the clinic's clock.
    #[schema(example = "21:00")]
    quiet_from: String,
    /// Until then, perhaps of the next day; as `quiet_from`: at any time.
    #[schema(example = "08:00")]
    quiet_until: String,
    /// What comes by mail whatever is wished here: that a visit was booked, moved or called off, offers that were waited
    /// for, and all about the account.
    always_by_email: [&'static str; 5],
}

const ALWAYS: [&str; 5] = ["booking-confirmed", "booking-changed", "booking-cancelled", "waitlist-offer", "account"];

impl PreferencesBody {
    fn new(preferences: &Preferences) -> Self {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            email_reminders: preferences.email_reminders,
            sms_reminders: preferences.sms_reminders,
            quiet_from: clock(preferences.quiet.from()),
            quiet_until: clock(preferences.quiet.until()),
            always_by_email: ALWAYS,
        }
    }
}

/// How somebody wishes to be reminded from now on.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNotificationPreferences)]
pub(super) struct WishedBody {
    /// Reminders by mail.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    email_reminders: Option<bool>,
    /// Reminders by text.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    sms_reminders: Option<bool>,
    /// Not from then on, on the clinic's clock.
    #[validate(required)]
    #[schema(required = true, nullable = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "21:00")]
    quiet_from: Option<String>,
    /// Until then, perhaps of the next day, 11 hours later at most; as `quiet_from`: at any time.
    #[validate(required)]
    #[schema(required = true, nullable = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "08:00")]
    quiet_until: Option<String>,
}

fn shown(preferences: &Preferences) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(preferences.version)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(PreferencesBody::new(preferences))
}

fn minute(text: Option<&str>) -> Option<u16> {
    let text = text.filter(|text| text.len() == 5)?;
    let time = Time::strptime("%H:%M", text).ok()?;
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok()
}

impl WishedBody {
    fn wished(&self) -> Result<Wished, Problem> {
        let bad = |field: &str| FieldError::new(field, "type", "must be a time such as 21:00");
        let (from, until) = (minute(self.quiet_from.as_deref()), minute(self.quiet_until.as_deref()));
        let (Some(from), Some(until)) = (from, until) else {
            let faults = [("quiet_from", from), ("quiet_until", until)];
            return Err(Problem::invalid(
                faults.into_iter().filter(|(_, read)| read.is_none()).map(|(field, _)| bad(field)).collect(),
            ));
        };
        let too_long =
            |_| Problem::invalid(vec![FieldError::new("quiet_until", "range", "must be 11 hours later at most")]);
        Ok(Wished {
            email_reminders: self.email_reminders.unwrap_or(true),
            sms_reminders: self.sms_reminders.unwrap_or(true),
            quiet: QuietHours::new(from, until).map_err(too_long)?,
        })
    }
}

/// How am I reminded?
///
/// Of one's own visits and of those of whom one looks after. The language of messages is that of the account.
#[utoipa::path(
    tag = "Notifications",
    operation_id = "getMyNotificationPreferences",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "What is wished; before anything was, the usual", body = PreferencesBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/notification-preferences")]
pub(super) async fn get_preferences(
    who: As<Patients>,
    _: Query<NoParams>,
    api: Data<MessagesApi>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(&api.preferences.read(&who.caller).await?))
}

/// Be reminded in another way
///
/// What is mandatory cannot be switched off: see `always_by_email` of the answer.
#[utoipa::path(
    tag = "Notifications",
    operation_id = "putMyNotificationPreferences",
    security(("bearer" = []), ("session" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` of what was read, or `*`")),
    request_body(content = WishedBody, content_type = "application/json"),
    responses(
        (status = 200, description = "So it is from now on", body = PreferencesBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[put("/me/notification-preferences")]
pub(super) async fn put_preferences(
    who: As<Patients>,
    request: HttpRequest,
    body: Body<WishedBody>,
    api: Data<MessagesApi>,
) -> Result<HttpResponse, Problem> {
    let versions = required_versions(&request)?;
    let wished = body.value.wished()?;
    Ok(shown(&api.preferences.replace(&who.caller, wished, versions, context::request_id()).await?))
}
