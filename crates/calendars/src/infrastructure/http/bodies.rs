use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::application::OpenedFeed;
use crate::domain::{Details, ExternalCalendar, Feed, host_of};

/// How much a doctor's calendar address tells of each visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DetailsBody {
    /// That there is one.
    #[default]
    Busy,
    /// The patient's initials as well.
    Initials,
}

/// What a new calendar address of a doctor tells.
#[derive(Debug, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalendarFeed)]
pub(super) struct NewFeedBody {
    /// Nothing of patients, unless their initials are asked for.
    #[serde(default)]
    #[schema(example = "busy")]
    pub(super) details: DetailsBody,
}

/// A calendar address, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarFeed)]
pub(super) struct FeedBody {
    /// Which one.
    id: Uuid,
    /// `full` (a patient's own), `busy` or `initials`.
    #[schema(example = "busy")]
    details: &'static str,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    created_at: String,
    /// When a program last asked for it, to the hour.
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    last_used_at: Option<String>,
}

impl FeedBody {
    pub(super) fn new(feed: &Feed) -> Self {
        Self {
            id: feed.id.as_uuid(),
            details: feed.details.word(),
            created_at: feed.created_at.to_string(),
            last_used_at: feed.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// A new calendar address. Whoever has it sees what it shows; it is told this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenedCalendarFeed)]
pub(super) struct OpenedFeedBody {
    /// Which one.
    id: Uuid,
    /// Give this to the calendar program, and to nobody else.
    #[schema(example = "https://doktolib.example/calendars/Nl1FmVcVzcRfwGz9QAYS1SwQtlUdA4vNjHRoqZ2vR4k.ics")]
    url: String,
    /// `full` (a patient's own), `busy` or `initials`.
    #[schema(example = "busy")]
    details: &'static str,
    /// What it shows, in words.
    #[schema(example = "The doctor's visits of the past 30 days and all to come, as busy times without names.")]
    shows: &'static str,
}

impl OpenedFeedBody {
    pub(super) fn new(opened: &OpenedFeed, public_url: &str) -> Self {
        let OpenedFeed { feed, secret } = opened;
        Self {
            id: feed.id.as_uuid(),
            url: format!("{public_url}/calendars/{secret}.ics"),
            details: feed.details.word(),
            shows: match feed.details {
                Details::Full => {
                    "Your visits and those of whom you look after, of the past 30 days and all to come, with doctor and place."
                }
                Details::Busy => {
                    "The doctor's visits of the past 30 days and all to come, as busy times without names."
                }
                Details::Initials => {
                    "The doctor's visits of the past 30 days and all to come, with the initials of patients."
                }
            },
        }
    }
}

/// A calendar elsewhere to be read.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewExternalCalendar)]
pub(super) struct NewExternalBody {
    /// Its iCalendar address: https, on the public internet. Whoever knows it may read the calendar, so it is kept sealed.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000, code = "required", message = "is required, at most 2000 characters"))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        required = true,
        example = "https://calendar.example/private/busy.ics"
    )]
    pub(super) url: String,
}

/// A calendar elsewhere, and how reading it goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalCalendar)]
pub(super) struct ExternalBody {
    /// Which one.
    id: Uuid,
    /// The host of its address.
    #[schema(example = "calendar.example")]
    host: String,
    /// When it was added (RFC 3339).
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    created_at: String,
    /// When it was last read well.
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    read_at: Option<String>,
    /// The first failure since then; until it is read again, what it said last holds.
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    stale_since: Option<String>,
    /// Why it could not be read the last time: unreachable, too slow, too large, …
    #[schema(example = "unreachable")]
    trouble: Option<String>,
    /// How many busy times block the doctor's time.
    #[schema(example = 12)]
    busy: u32,
    /// How many of its events are not understood, and block nothing.
    #[schema(example = 0)]
    not_understood: u32,
}

impl ExternalBody {
    pub(super) fn new(calendar: &ExternalCalendar) -> Self {
        let state = &calendar.state;
        Self {
            id: calendar.id.as_uuid(),
            host: host_of(&calendar.address).to_owned(),
            created_at: calendar.created_at.to_string(),
            read_at: state.read_at.map(|at| at.to_string()),
            stale_since: state.stale_since.map(|at| at.to_string()),
            trouble: state.trouble.clone(),
            busy: state.busy,
            not_understood: state.not_understood,
        }
    }
}
