use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::application::OpenedFeed;
use crate::domain::{Details, Feed};

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
